"""What is pressed in the grid: save, as planned, nothing delivered, generate, confirm. Mixed into actuals.screens."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from flask import abort, flash, g, request
from peewee import fn

import database
from blueprints import history
from blueprints.actuals import cells, entering, generating, posting, several, unplanned
from blueprints.actuals.entering import Clash, Closed, Seen
from blueprints.actuals.grid import UNPLANNED, Row, Week
from blueprints.facts import Faulty
from blueprints.jobs import rules as jobs
from blueprints.pages import asked_for, go, page, part
from blueprints.values import show_date_long
from forms.actuals import ConfirmForm, NothingForm, PressForm
from models import Job, Package, Service, ServiceLevel, db

if TYPE_CHECKING:
    from blueprints.actuals.screens import Here

AT_ONCE = 300  # packages and weeks that Generate Actuals writes while one waits; more are a job


def actor() -> history.Actor:
    """The person of the request."""
    return history.Actor(g.user.id, g.user.name)


def whole(text: str | None) -> int:
    """A number of the form, 0 where it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


class Presses:
    """The POSTs of one door."""

    # rows ------------------------------------------------------------------------------------------------------------

    def save(self, client_id: int, organisation_id: int | None = None):
        """Save the rows that were sent; those that cannot be stay open with what was typed (M-23 to M-25).

        What the rows are judged by is read behind the lock and once, so that nobody changes it before they are saved.
        """
        here = self.here(organisation_id)
        keys = list(dict.fromkeys(request.form.getlist("rows")))[:200]
        with db.atomic():
            database.serialise(db, "settle")
            week, results, gone = self.save_rows(here, client_id, keys)
        return self.saved(here, week, client_id, keys, results, gone)

    def save_rows(
        self, here: Here, client_id: int, keys: list[str]
    ) -> tuple[Week, dict[str, cells.Outcome], list[str]]:
        """The week before, what became of each row, and the keys of rows that are not in the week any more."""
        week = Week(here.reach, here.monday, here.service, client_id)
        self.add_unplanned(here, week, client_id, keys)
        if not any(item.client == client_id for item in week.items) and not self.is_own_client(here, client_id):
            abort(404)
        form = PressForm()
        if not form.validate():
            for _, message in form.problems():
                flash(message, "warning")
        gone = [key for key in keys if key not in {item.key for item in week.items}]
        results = {}
        for edited in week.edited([client_id], here.terms, keys, keys):
            for row in edited.rows:
                if row.key in keys:
                    found = cells.read(row, request.form)
                    results[row.key] = (
                        cells.of_read(found, "Not saved") if form.errors else self.save_row(here, row, found)
                    )
        return week, results, gone

    def save_row(self, here: Here, row: Row, found: cells.Read) -> cells.Outcome:
        """Save one row; what became of it."""
        if f"{row.key}-add-day" in request.form:
            more = [*found.days, cells.DayBoxes("", (False,) * 7)][: cells.MOST_DAY_ROWS]
            return cells.Outcome("", found.values, {}, more)
        if found.is_blank and request.form.get("explicit") != row.key:
            return cells.Outcome("Not changed")
        if found.figures is None:
            return cells.of_read(found, "Not saved")
        sent = request.form
        seen = Seen(whole(sent.get(f"{row.key}-version")), whole(sent.get(f"{row.key}-planned")))
        try:
            if row.item.kind == UNPLANNED:
                changed = unplanned.save(
                    self.organisation_of(here), row.item.service, row.item.client, row.item.level, here.monday,
                    found.figures, seen, actor(), here.terms,
                )  # fmt: skip
                return cells.Outcome("Saved" if changed else "Not changed")
            saved = entering.save_found(row.item.found, here.monday, found.figures, seen, actor(), here.terms)
        except Faulty as fault:
            errors = {f.field if f.field != "days" else "day0-quantity": f.message for f in fault.faults}
            return cells.of_read(found, "Not saved", errors=errors)
        except Closed as refusal:
            typed = f"{refusal}. You typed: {cells.in_words(found.figures)}."  # its boxes are gone with the row's
            return cells.of_read(found, "Not saved", errors={}, message=typed)
        except Clash as refusal:
            return cells.clash(found, refusal)
        return cells.Outcome("Saved" if saved.changed else "Not changed", notes=saved.notes)

    def saved(self, here: Here, before: Week, client_id: int, keys: list[str], results: dict, gone: list[str]):
        """The row for htmx; the page again where something was not saved; else the way back to the page."""
        states = {outcome.state for outcome in results.values()}
        status = 200 if states <= {"Saved", "Not changed", ""} and not gone else 422
        if any(outcome.theirs for outcome in results.values()):
            status = 409
        if asked_for() and gone:
            return part("actuals/_gone.html", status, key=gone[0], typed=cells.raw(request.form, gone[0]))
        week = before.after(results)
        self.add_unplanned(here, week, client_id, keys)
        if asked_for() or status != 200 or "" in states:
            for _ in gone:
                flash(
                    "A row of this client is not in the week any more: its package was changed. It was not saved.",
                    "warning",
                )
            return self.edit_page(here, week, client_id, results, status, added=keys)
        count = sum(outcome.state == "Saved" for outcome in results.values())
        flash(
            f"{count} {'row' if count == 1 else 'rows'} saved." if count else "Nothing was changed.",
            "success" if count else "notice",
        )
        for outcome in results.values():
            for note in outcome.notes:
                flash(note, "notice")
        return go(self.url(here, "edit", client_id=client_id))

    def organisation_of(self, here: Here) -> int:
        """The organisation whose week it is."""
        return here.organisation if here.organisation is not None else g.user.organisation_id

    def is_own_client(self, here: Here, client_id: int) -> bool:
        """The client is within reach."""
        return Package.visible_to(here.reach).where(Package.client == client_id).exists()

    def add_unplanned(self, here: Here, week: Week, client_id: int, keys) -> None:
        """Put the unplanned levels among the keys into the week, where they may be added (M-26)."""
        there = {item.key for item in week.items}
        wanted = [key for key in keys if key.startswith("u") and key not in there]
        allowed = {value for value, _ in self.unplanned_levels(here, client_id)} if wanted else set()
        for key in wanted:
            if key in allowed:
                service, _, level = key[1:].partition("x")
                week.add_unplanned(
                    client_id,
                    next(s for s in here.services if s.id == int(service)),
                    ServiceLevel.get_by_id(int(level)),
                )

    # several rows ----------------------------------------------------------------------------------------------------

    def client_as_planned(self, client_id: int, organisation_id: int | None = None):
        """All rows of a client as planned, in one press."""
        here = self.here(organisation_id)
        idents = self.packages_of_client(here, client_id)
        return self.say_several(
            here, several.as_planned(idents, here.monday, actor(), here.terms), "as planned", client_id
        )

    def client_nothing(self, client_id: int, organisation_id: int | None = None):
        """Nothing delivered to a client, with one comment."""
        here = self.here(organisation_id)
        idents = self.packages_of_client(here, client_id)
        return self.nothing(here, idents, False, client_id)

    def page_as_planned(self, organisation_id: int | None = None):
        """What nobody has changed on the page as planned, in one press."""
        here = self.here(organisation_id)
        idents = self.packages_of_page(here)
        done = several.as_planned(idents, here.monday, actor(), here.terms, untouched_only=True)
        return self.say_several(here, done, "as planned")

    def page_nothing(self, organisation_id: int | None = None):
        """Nothing delivered to the clients of the page, with one comment; what somebody has changed stays."""
        here = self.here(organisation_id)
        return self.nothing(here, self.packages_of_page(here), True)

    def nothing(self, here: Here, idents: list[int], untouched_only: bool, client_id: int | None = None):
        """Nothing delivered, for these packages."""
        form = NothingForm()
        if not form.validate():
            for _, message in form.problems():
                flash(message, "warning")
            return self.back(here, client_id)
        done = several.nothing_delivered(
            idents, here.monday, form.comment.data, actor(), here.terms, untouched_only=untouched_only
        )
        return self.say_several(here, done, "set to nothing delivered", client_id)

    def say_several(self, here: Here, done: several.Several, what: str, client_id: int | None = None):
        """Say what became of the rows, and go back."""
        rows = "row is" if done.changed == 1 else "rows are"
        words = [f"{done.changed} {rows} {what}."] if done.changed else ["Nothing was changed."]
        if done.same:
            words.append(f"{done.same} {'was' if done.same == 1 else 'were'} so already.")
        for why in dict.fromkeys(done.left):
            words.append(f"{why} ({done.left.count(why)}).")
        flash(" ".join(words), "success" if done.changed else "notice")
        return self.back(here, client_id)

    def back(self, here: Here, client_id: int | None = None):
        """To the client's page where one came from there, else to the grid as it was."""
        kept = {
            name: request.args[name]
            for name in ("level", "client", "actuals", "page", "edit")
            if request.args.get(name)
        }
        if client_id is not None and request.form.get("from") == "client":
            return go(self.url(here, "edit", client_id=client_id))
        return go(self.url(here, "index", **kept))

    def packages_of_client(self, here: Here, client_id: int) -> list[int]:
        """The packages of a client's lines in the week; 404 for somebody else's client."""
        if not PressForm().validate():
            abort(400)
        week = Week(here.reach, here.monday, here.service, client_id)
        return [i.line.id for i in week.items if i.line] or (
            abort(404) if not self.is_own_client(here, client_id) else []
        )

    def packages_of_page(self, here: Here) -> list[int]:
        """The packages that the page showed, those within reach in this week."""
        if not PressForm().validate():
            abort(400)
        wanted = set(request.form.get("keys", "").split())
        week = Week(here.reach, here.monday, here.service)
        return [i.line.id for i in week.items if i.line and i.key in wanted]

    # the week --------------------------------------------------------------------------------------------------------

    def generate(self, organisation_id: int | None = None):
        """Generate Actuals for the week, or for all weeks up to it that are not done (4.4, M-10)."""
        here = self.here(organisation_id)
        if not PressForm().validate():
            abort(400)
        if closed := entering.too_far(here.monday, here.terms):
            flash(f"{closed}.", "warning")
            return go(self.url(here, "index"))
        every = request.form.get("range") == "all"
        services = [s.id for s in here.services if here.service in (None, s.id)]
        count = Package.select(fn.COUNT(Package.id)).where(
            here.reach.services(Package.service, Package.organisation) & Package.service.in_(services)
        ).scalar()  # fmt: skip
        if every or count > AT_ONCE:
            wanted = {"week": here.monday.isoformat(), "services": services, "all": every}
            with db.atomic():
                job = jobs.queue(
                    "generate", services[0] if services else None, g.user, self.organisation_of(here),
                    key=self.same_work(here, wanted), wanted=wanted,
                )  # fmt: skip
            return go(self.url(here, "generating", job_id=job.id))
        made = generating.generate(services, [here.monday], actor())
        self.say_generated(here, len(made))
        return go(self.url(here, "index"))

    def same_work(self, here: Here, wanted: dict) -> str:
        """The key of a job: what is asked for again while it runs is not done twice; with limited reach, one's own."""
        whose = f" by {g.user.id}" if here.reach.limited else ""
        digest = hashlib.sha256(json.dumps(wanted).encode()).hexdigest()[:32]
        return f"generate {self.organisation_of(here)} {digest}{whose}"

    def say_generated(self, here: Here, made: int) -> None:
        """What Generate Actuals did (M-10)."""
        if made:
            rows = "row was" if made == 1 else "rows were"
            flash(f"{made} {rows} generated as planned. Now change what differed, then confirm the week.", "success")
            return
        week = Week(here.reach, here.monday, here.service)
        if any(i.stored for i in week.items):
            flash("Every line has its actual already. Nothing was changed.", "notice")
        else:
            flash("There is no line of care to generate an actual for in this week.", "notice")

    def generating(self, job_id: int, organisation_id: int | None = None):
        """How far Generate Actuals is."""
        here = self.here(organisation_id)
        asked = Job.visible_to(here.reach).where((Job.id == job_id) & (Job.kind == "generate"))
        job = asked.get_or_none() or abort(404)
        return page(
            "actuals/generating.html", job=job, href=self.url(here, "generating", job_id=job.id),
            breadcrumbs=self.crumbs(here, ("Generate Actuals", None)), **self.chrome(here),
        )  # fmt: skip

    def confirm(self, organisation_id: int | None = None):
        """Confirm the week of a service, also when nothing differed from plan (4.10)."""
        here = self.here(organisation_id)
        service = Service.visible_to(here.reach).where(Service.id == whole(request.form.get("confirms"))).get_or_none()
        if service is None:
            abort(404)
        form = ConfirmForm()
        if not form.validate():
            for _, message in form.problems():
                flash(message, "warning")
            return go(self.url(here, "index"))
        if here.monday > here.terms.today:
            flash("A week that has not begun cannot be confirmed.", "warning")
            return go(self.url(here, "index"))
        without = posting.without_actuals(here.reach, here.monday, service.id)
        if without and not form.without.data:
            return page(
                "actuals/confirm.html", 422, form=form, without=without, confirms=service, status_of=here,
                breadcrumbs=self.crumbs(here, ("Confirm the week", None)), **{**self.chrome(here), "service": service},
            )  # fmt: skip
        done = posting.confirm(service, here.monday, actor(), here.terms.officer)
        said = f"The week beginning {show_date_long(here.monday)} of {service.name} is confirmed."
        flash(said if done else "The week was confirmed already.", "success" if done else "notice")
        return go(self.url(here, "index"))
