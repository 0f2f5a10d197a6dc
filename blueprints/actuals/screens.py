"""The grid of a week's actuals, the same at both doors: a provider's own, or a provider's in an officer's hands.

Looking is GET; a row, a client or a week is changed by what actuals.presses adds.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from flask import Blueprint, abort, g, request, url_for

from blueprints import records, weeks
from blueprints.actuals import cells, posting, unplanned
from blueprints.actuals.entering import Terms
from blueprints.actuals.grid import PLANNED, Wanted, Week
from blueprints.actuals.presses import Presses
from blueprints.money import number
from blueprints.pages import asked_for, page, part
from blueprints.permissions import Can, requires
from blueprints.reach import Reach
from blueprints.values import show_date_long
from blueprints.visits import pane as chrome
from blueprints.visits import provider as week_page
from forms.actuals import ActualsFilter, ConfirmForm, NothingForm, PressForm
from models import Actual, Client, ConfirmedWeek, LockedWeek, Organisation, Package, ServiceLevel

PER_PAGE = 25
COLUMNS = [
    ("Pl", "Planned"), ("Frstd", "Frustrated: the client was not there and had not cancelled; paid all the same"),
    ("Msd", "Missed: not delivered"), ("Xtr", "Extra, agreed beforehand"), ("Vst", "Number of visits, for information"),
]  # fmt: skip


class Here(NamedTuple):
    """What a request is about: whose week, and who looks at it."""

    reach: Reach
    organisation: int | None
    name: str
    monday: dt.date
    note: str
    service: int | None
    services: list[chrome.ServiceOption]
    deadlines: list[chrome.Deadline]
    terms: Terms
    may_enter: bool


class State(NamedTuple):
    """A service's week: confirmed or not, locked or not, what is missing, and by when (4.10)."""

    service: int
    name: str
    confirmed: ConfirmedWeek | None
    changed: list
    missing: int
    is_locked: bool
    due: dt.date
    by_hand: bool


def build(side: str, see: Can, enter: Can) -> Blueprint:
    """The routes of one door: who may look, who may enter."""
    routes = Blueprint("actuals", __name__)
    screens = Screens(side, enter)
    base = "/actuals" if side == "provider" else "/actuals/organisations/<int:organisation_id>"
    for rule, name, act, methods in (
        ("", "index", see, ["GET"]),
        ("/clients/<int:client_id>", "edit", see, ["GET"]),
        ("/clients/<int:client_id>", "save", enter, ["POST"]),
        ("/clients/<int:client_id>/plan", "client_as_planned", enter, ["POST"]),
        ("/clients/<int:client_id>/nothing-delivered", "client_nothing", enter, ["POST"]),
        ("/plan", "page_as_planned", enter, ["POST"]),
        ("/nothing-delivered", "page_nothing", enter, ["POST"]),
        ("/generation", "generate", enter, ["POST"]),
        ("/generation/<int:job_id>", "generating", see, ["GET"]),
        ("/confirmation", "confirm", enter, ["POST"]),
    ):
        shown = "week" if side == "authority" and name == "index" else name
        routes.add_url_rule(base + rule, shown, requires(act)(getattr(screens, name)), methods=methods)
    return routes


class Screens(Presses):
    """The pages of one door."""

    def __init__(self, side: str, enter: Can):
        self.side = side
        self.enter = enter

    # finding ---------------------------------------------------------------------------------------------------------

    def here(self, organisation_id: int | None) -> Here:
        """The week, service and person of the request; 404 for what is not within reach."""
        reach, name = g.reach, g.user.organisation.name if organisation_id is None else ""
        if organisation_id is not None:
            found = Organisation.visible_to(g.reach).where(Organisation.id == organisation_id).get_or_none()
            reach, name = Reach.of_organisation((found or abort(404)).id), found.name
        monday, note = week_page.asked_week()
        services, deadlines = chrome.services_and_deadlines(reach, monday, weeks.today())
        service = week_page.asked_service(services)
        terms = Terms(g.settings, weeks.today(), officer=self.side == "authority")
        return Here(
            reach, organisation_id, name, monday, note, service, services, deadlines, terms, self.enter in g.acts
        )

    def url(self, here: Here, name: str, **values) -> str:
        """The address of a page of this week and service."""
        if self.side == "authority":
            values["organisation_id"] = here.organisation
            name = "week" if name == "index" else name
        values.setdefault("week", here.monday.isoformat())
        values.setdefault("service", here.service)
        return url_for(f"{self.side}.actuals.{name}", **values)

    def crumbs(self, here: Here, *more) -> list:
        """The way back."""
        if self.side == "provider":
            own = ("Actuals", self.url(here, "index") if more else None)
            return [("Home", url_for("provider.home.index")), own, *more]
        first = [
            ("Home", url_for("authority.home.index")),
            ("Actuals", url_for("authority.actuals.index", week=here.monday)),
        ]
        return [*first, (here.name, self.url(here, "index") if more else None), *more]

    def chrome(self, here: Here) -> dict:
        """What stands around the grid: calendar, services, links, and who looks."""
        kept = {"service": here.service, "historical": request.args.get("historical")}
        today = here.terms.today
        by_service = {"service": here.service} if here.service else {}
        return {
            "layout": f"{self.side}.html",
            "here": here,
            "monday": here.monday,
            "today": today,
            "note": here.note,
            "deadlines": here.deadlines,
            "service": next((one for one in here.services if one.id == here.service), None),
            "historical": bool(request.args.get("historical")),
            "calendar": week_page.calendar(here.monday, kept),
            "links": week_page.week_links(here.monday, today, kept),
            "service_links": week_page.service_links(here.services, here.monday),
            "bulk": week_page.bulk_links() if self.side == "provider" else [],
            "url": lambda name, **values: self.url(here, name, **values),
            "columns": COLUMNS,
            "may_enter": here.may_enter,
            "number": number,
            "person_key": f"{self.side[0]}{g.user.id}",
            "visits_href": week_page.href("provider.visits.index", week=here.monday, **by_service)
            if self.side == "provider"
            else None,
        }

    # pages -----------------------------------------------------------------------------------------------------------

    def index(self, organisation_id: int | None = None):
        """The week's actuals by client (M-01 to M-09): filters, totals, what is missing, and what may be pressed."""
        here = self.here(organisation_id)
        week = Week(here.reach, here.monday, here.service)
        form = self.filter(here, week)
        wanted = Wanted(
            level=int(form.level.data) if form.level.data else None,
            client=int(form.client.data) if form.client.data else None,
            actuals=form.actuals.data or "",
            boxes=form.boxes,
        )
        fitting = week.fitting(wanted)
        number_, pages = week_page.asked_page("page", -(-len(fitting) * week_page.SIZE // PER_PAGE))
        chosen = list(fitting)[(number_ - 1) * PER_PAGE : number_ * PER_PAGE]
        editing = here.may_enter and request.args.get("edit") == "all"
        clients = week.edited(chosen, here.terms) if editing else week.shown(fitting, chosen, here.terms)
        shown = [item for items in fitting.values() for item in items if item.has_actual]
        return page(
            "actuals/index.html",
            form=form,
            week=week,
            clients=cells.of_clients(clients, self.url_of_client(here)) if editing else clients,
            editing=editing,
            total=len(fitting),
            shown=sum(item.cost for item in shown),
            all=week.total,
            page_number=number_,
            pages=pages,
            states=self.states(here, week),
            missing=week.missing(),
            page_keys=[i.key for c in chosen for i in fitting[c] if i.line and i.kind == PLANNED],
            confirm_form=ConfirmForm(formdata=None),
            nothing_form=NothingForm(formdata=None),
            press=PressForm(formdata=None),
            allocations=self.allocations(week, here),
            edit_prefix=self.url_of_client(here),
            package_prefix=self.package_prefix(),
            breadcrumbs=self.crumbs(here),
            **self.chrome(here),
        )

    def filter(self, here: Here, week: Week) -> ActualsFilter:
        """The filter with what the week has to choose from, and what was chosen in another week."""
        levels, clients = dict(week.levels), dict(week.clients)
        wanted = request.args.get("level", "")
        if wanted and wanted not in levels:
            levels[wanted] = self.name_of(ServiceLevel.select(ServiceLevel.name), ServiceLevel.id, wanted)
        wanted = request.args.get("client", "")
        if wanted and wanted not in clients:
            clients[wanted] = self.name_of(Client.visible_to(here.reach).select(Client.surname), Client.id, wanted)
        return ActualsFilter(list(levels.items()), list(clients.items()), here.terms.settings.actuals_boxes)

    def name_of(self, query, column, wanted: str) -> str:
        """The name of an id of the address; 404 where there is none within reach."""
        if not wanted.isascii() or not wanted.isdigit() or len(wanted) > 9:
            abort(404)
        found = query.where(column == int(wanted)).tuples().first()
        return found[0] if found else abort(404)

    def url_of_client(self, here: Here):
        """Makes the address of a client's edit page: with the week and the service."""
        pattern = self.url(here, "edit", client_id=0)
        head, _, tail = pattern.partition("/clients/0")
        return lambda client, more="": f"{head}/clients/{client}{more}{tail}"

    def package_prefix(self) -> str | None:
        """The address of a package up to its number."""
        if self.side == "authority":
            return url_for("authority.packages.show", package_id=0).removesuffix("0")
        return week_page.prefix("provider.packages.show", package_id=0)

    def states(self, here: Here, week: Week) -> list[State]:
        """Each service shown: confirmed, locked, what is missing and by when; two queries."""
        with_lines = {item.service for item in week.items}
        services = [s for s in here.services if s.id == here.service or (here.service is None and s.id in with_lines)]
        idents = [s.id for s in services]
        confirmed = {
            row.service_id: row
            for row in ConfirmedWeek.select().where(
                (ConfirmedWeek.week == here.monday) & ConfirmedWeek.service.in_(idents)
            )
        }
        locked = {
            s for (s,) in LockedWeek.select(LockedWeek.service)
            .where((LockedWeek.week == here.monday) & LockedWeek.service.in_(idents)).tuples()
        }  # fmt: skip
        due = posting.due_on(here.monday, (d.cut_off for d in here.deadlines), here.terms.settings.posted_within_days)
        by_hand = {i.service for i in week.items if i.line and i.line.plan.entry in ("weekly", "daily")}
        return [
            State(
                s.id, s.name, confirmed.get(s.id),
                week.changed_since(s.id, confirmed[s.id].at) if s.id in confirmed else [],
                week.missing(s.id), s.id in locked, due, s.id in by_hand,
            )
            for s in services
        ]  # fmt: skip

    def allocations(self, week: Week, here: Here) -> list:
        """The yearly allocations of the week's lines, with what is left (K-19): (item, Allocation)."""
        from blueprints.actuals import allocations

        items = [i for i in week.items if i.line and i.line.plan.intermittent]
        found = allocations.of_year({i.line.id: i.line for i in items}, here.monday)
        return [(i, found[i.line.id]) for i in items]

    def edit(self, client_id: int, organisation_id: int | None = None):
        """A client's week to be changed (M-23): every line in one form, the same rows as in the grid."""
        here = self.here(organisation_id)
        week = Week(here.reach, here.monday, here.service, client_id)
        return self.edit_page(here, week, client_id, {})

    def edit_page(self, here: Here, week: Week, client_id: int, results: dict, status: int = 200, added=()):
        """The page or the part of it that is asked for, with what became of rows that were sent."""
        asked = asked_for()
        if not asked or not week.items:  # what a part shows is within reach already
            client = Client.visible_to(here.reach).where(Client.id == client_id).get_or_none() or abort(404)
        else:
            client = None
        added = [*added, *request.args.getlist("add")] if here.may_enter else []
        self.add_unplanned(here, week, client_id, added)
        only = [asked.removeprefix("line-")] if asked and asked.startswith("line-") else []
        weeks_of = week.edited([client_id], here.terms, added, only) if here.may_enter else week.shown(
            week.fitting(Wanted()), [client_id] if week.items else [], here.terms
        )  # fmt: skip
        own = weeks_of[0] if weeks_of else None
        made = cells.of_clients(weeks_of, self.url_of_client(here), results, added)
        rows = made[0].cells if made else []
        plain = request.args.get("view") == "rows"  # Back: the client's rows as they are read
        parts = {f"line-{cell.row.key}": "actuals/_line.html" for cell in rows}
        parts[f"client-{client_id}"] = (
            "actuals/_client.html" if plain or not here.may_enter else "actuals/_editing.html"
        )
        if asked in parts:
            return part(
                parts[asked], status, client=own if plain or not made else made[0], in_place=True,
                cell=next((cell for cell in rows if asked == f"line-{cell.row.key}"), None), here=here,
                service=here.service, press=PressForm(formdata=None), edit_prefix=self.url_of_client(here),
                package_prefix=self.package_prefix(), may_enter=here.may_enter,
            )  # fmt: skip
        return page(
            "actuals/edit.html",
            status,
            client=own if plain or not made else made[0],
            person_of=client,
            own=own,
            additions=own.additions if own and here.may_enter else [],
            unplanned_levels=self.unplanned_levels(here, client_id),
            edit_prefix=self.url_of_client(here),
            package_prefix=self.package_prefix(),
            press=PressForm(formdata=None),
            nothing_form=NothingForm(formdata=None),
            problems=[(f"{c.row.key}-{name}", text) for c in rows for name, text in c.errors.items()],
            changes=self.changes(week, client_id),
            breadcrumbs=self.crumbs(here, (f"{client.name}, week of {show_date_long(here.monday)}", None)),
            **self.chrome(here),
        )

    def unplanned_levels(self, here: Here, client_id: int) -> list:
        """(value, words) of levels without a package that may be added, where the setting allows it (M-26)."""
        if not here.may_enter or not here.terms.settings.unplanned_actuals:
            return []
        chosen = [s for s in here.services if here.service in (None, s.id)]
        own = {s for (s,) in Package.visible_to(here.reach).select(Package.service)
               .where(Package.client == client_id).distinct().tuples()}  # fmt: skip
        found = []
        for service in chosen:
            if service.id not in own:
                continue
            for level, name in unplanned.levels(here.reach, client_id, service.id, here.monday):
                words = name if len(own) == 1 or here.service else f"{name}, {service.name}"
                found.append((f"u{service.id}x{level}", words))
        return found

    def changes(self, week: Week, client_id: int) -> list:
        """The history of a client's rows in this week, newest first."""
        stored = [i.stored.id for i in week.items if i.client == client_id and i.stored]
        return records.stories(Actual, stored)[:30] if stored else []
