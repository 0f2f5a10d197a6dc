"""A provider's disputes: the list, one with its rows, correcting actuals inside it, the response (Q)."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, abort, flash, g, request, url_for
from peewee import JOIN

from blueprints import history, weeks
from blueprints.actuals import cells
from blueprints.actuals.entering import Terms
from blueprints.actuals.grid import Week
from blueprints.actuals.screens import COLUMNS, Here, Screens
from blueprints.disputes import rules, shown
from blueprints.facts import Faulty
from blueprints.history import Actor
from blueprints.imports.screens import attachment
from blueprints.money import number
from blueprints.packages.rules import day
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.sheets import write_csv
from blueprints.values import file_date, show_date, show_date_long
from blueprints.visits.provider import prefix
from forms.disputes import STATES, DisputesFilter, PressForm, ResponseForm
from models import Client, Dispute, DisputeRow, DisputeState, Organisation, Service

routes = Blueprint("disputes", __name__)

SIZE = 100
SENT = "The resolution request has been sent to the LA."


def actor() -> Actor:
    """Who acts."""
    return Actor(g.user.id, g.user.name)


def own(dispute_id: int) -> Dispute:
    """The dispute with its service and client, if it is within reach."""
    query = Dispute.visible_to(g.reach).select(Dispute, Service, Client)
    query = query.join(Service, JOIN.LEFT_OUTER).switch(Dispute).join(Client, JOIN.LEFT_OUTER)
    return query.where(Dispute.id == dispute_id).get_or_none() or abort(404)


def crumbs(*more) -> list:
    """The way back."""
    made = [("Home", url_for("provider.home.index")), ("Disputes", url_for("provider.disputes.index")), *more]
    return [*made[:-1], (made[-1][0], None)]


@routes.get("/disputes")
@requires(Can.SEE_OWN)
def index():
    """Disputes: open ones unless resolved ones are asked for (Q-02, Q-03, Q-09)."""
    today = weeks.today()
    within = Dispute.id.in_(Dispute.visible_to(g.reach).select(Dispute.id))
    names = Dispute.select(Dispute.client, Dispute.client_words).where(within).distinct().tuples()
    clients = sorted({(str(i) if i else f"x{words}", words) for i, words in names}, key=lambda p: p[1].casefold())
    form = DisputesFilter(clients)
    fine = form.validate()
    statuses = [one for one in form.status.data or () if one in STATES]
    condition = within & Dispute.state.in_(statuses)
    if form.client.data:
        wanted = form.client.data
        condition &= Dispute.client == int(wanted) if wanted.isdigit() else Dispute.client_words == wanted[1:]
    if form.first.data:
        condition &= Dispute.last >= form.first.data
    if form.last.data:
        condition &= Dispute.first <= form.last.data
    count = Dispute.select().where(condition).count() if fine else 0
    pages = max(1, -(-count // SIZE))
    text = request.args.get("page", "1")
    page_number = min(max(int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1, 1), pages)
    sort = request.args.get("sort", "due")
    order = shown.SORTS.get(sort.removeprefix("-"), shown.SORTS["due"])
    query = (
        Dispute.select(Dispute, Service)
        .join(Service, JOIN.LEFT_OUTER).switch(Dispute).join(Client, JOIN.LEFT_OUTER).where(condition)
        .order_by(*((c.desc() if sort.startswith("-") else c.asc()) for c in order), Dispute.id)
    )  # fmt: skip
    if fine and request.args.get("format") == "csv":
        name = g.user.organisation.name
        return attachment(list(write_csv(file_rows(query, today, name), shown.HEADINGS)), "disputes.csv")
    return page(
        "disputes/provider_list.html",
        200 if fine else 422,
        form=form,
        rows=shown.listed(query.limit(SIZE).offset((page_number - 1) * SIZE), today) if count else [],
        count=count,
        whole=shown.count_open(g.reach),
        sort=sort,
        page_number=page_number,
        pages=pages,
        show_prefix=url_for("provider.disputes.index") + "/",
        breadcrumbs=[("Home", url_for("provider.home.index")), ("Disputes", None)],
    )


def file_rows(query, today: dt.date, organisation: str):
    """The listed disputes as rows of a file."""
    for one in shown.listed(query, today):
        d = one.dispute
        yield (
            d.id, file_date(one.raised_on), organisation, d.service.name if d.service_id else "",
            d.client_words, d.state, int(one.is_overdue), d.reason, d.details, d.response, file_date(day(d.first)),
            file_date(day(d.last)), file_date(day(d.due)),
            file_date(weeks.london(d.resolved_at).date()) if d.resolved_at else "", one.rows,
        )  # fmt: skip


@routes.get("/disputes/<int:dispute_id>")
@requires(Can.SEE_OWN)
def show(dispute_id: int):
    """A dispute: what is asked, the rows as they were and are, and the response (Q-04)."""
    dispute = own(dispute_id)
    history.looked(g.user.id, dispute)
    form = ResponseForm(
        None, data={"response": dispute.response, "version": dispute.version}, needed=g.settings.dispute_response_needed
    )
    return dispute_page(dispute, form)


def dispute_page(dispute: Dispute, form: ResponseForm, refusal: str = "", status: int = 200):
    """The dispute's page, with what could not be done."""
    rows = shown.rows(dispute)
    return page(
        "disputes/provider_dispute.html",
        status,
        dispute=dispute,
        rows=rows,
        weeks_of=weeks_to_edit(rows),
        form=form,
        refusal=refusal,
        explanation=rules.reasons(g.settings).get(dispute.reason, ""),
        story=shown.story(dispute),
        is_overdue=dispute.is_overdue(weeks.today()),
        may=can(Can.ANSWER_DISPUTES) and dispute.state == DisputeState.IN_DISPUTE,
        may_enter=can(Can.ENTER_ACTUALS) and dispute.is_open,
        visit_prefix=prefix("provider.visits.show", visit_id=0),
        week_prefix=prefix("provider.payments.week", package_id=0, monday="0"),
        breadcrumbs=crumbs((title(dispute), None)),
    )


def title(dispute: Dispute) -> str:
    """`Dispute of 14/10/2026`."""
    return f"Dispute of {show_date(weeks.london(dispute.raised_at).date())}"


def weeks_to_edit(rows: list[shown.Row]) -> list[dt.date]:
    """The Mondays whose actuals the dispute is about."""
    return sorted({day(one.row.week) for one in rows if not one.row.visit_id and one.row.week})


def version_of(form) -> int | None:
    """The version that the page showed."""
    text = str(form.version.data or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


@routes.post("/disputes/<int:dispute_id>/response")
@requires(Can.ANSWER_DISPUTES)
def respond(dispute_id: int):
    """Request Resolution, or keep the response for later (Q-05 to Q-07)."""
    dispute = own(dispute_id)
    form = ResponseForm(needed=g.settings.dispute_response_needed)
    if not form.validate():
        return dispute_page(dispute, form, status=422)
    text, version = (form.response.data or "").strip(), version_of(form)
    try:
        if request.form.get("press") == "keep":
            rules.answer(dispute, text, version, actor())
            flash("The response is kept. Nothing is sent yet.", "success")
        else:
            rules.request_resolution(dispute, text, version, actor(), g.settings.dispute_response_needed)
            flash(SENT, "success")
    except Faulty as refused:
        form.response.errors = [fault.message for fault in refused.faults]
        return dispute_page(dispute, form, status=422)
    except rules.Refused as refusal:
        now = own(dispute_id)
        form.version.data = now.version
        return dispute_page(now, form, str(refusal), 409)
    return go(url_for("provider.disputes.show", dispute_id=dispute.id))


# actuals inside the dispute (Q-04, M-23) ----------------------------------------------------------------------------------


@routes.route("/disputes/<int:dispute_id>/weeks/<monday>", methods=["GET", "POST"])
@requires(Can.ENTER_ACTUALS)
def actuals(dispute_id: int, monday: str):
    """Add/Edit: the disputed actuals of one week, as in the grid; Back leads to the dispute."""
    dispute = own(dispute_id)
    try:
        first = dt.date.fromisoformat(monday)
    except ValueError:
        abort(404)
    rows = DisputeRow.select().where(
        (DisputeRow.dispute == dispute) & DisputeRow.visit.is_null() & (DisputeRow.week == first)
    )
    packages = {row.package_id for row in rows} or abort(404)
    if not dispute.is_open:
        flash("This dispute is resolved: its rows are read-only here.", "notice")
        return go(url_for("provider.disputes.show", dispute_id=dispute.id))
    return actuals_page(dispute, first, packages)


def actuals_page(dispute: Dispute, monday: dt.date, packages: set[int]):
    """The disputed rows of a week in boxes, with what became of those that were sent."""
    screens = Screens("provider", Can.ENTER_ACTUALS)
    organisation = Organisation.get_by_id(dispute.organisation_id)
    here = Here(
        g.reach, None, organisation.name, monday, "", dispute.service_id, [], [], Terms(g.settings, weeks.today()), True
    )
    results = {}
    if request.method == "POST":
        form = PressForm()
        fine = form.validate()
        for row in disputed_rows(here, dispute, packages):
            if row.key in request.form.getlist("rows"):
                found = cells.read(row, request.form)
                results[row.key] = screens.save_row(here, row, found) if fine else cells.of_read(found, "Not saved")
        states = {outcome.state for outcome in results.values()}
        if fine and states <= {"Saved", "Not changed"}:
            count = sum(outcome.state == "Saved" for outcome in results.values())
            words = f"{count} {'row' if count == 1 else 'rows'} saved." if count else "Nothing was changed."
            flash(words, "success" if count else "notice")
            return go(url_for("provider.disputes.show", dispute_id=dispute.id))
    rows = disputed_rows(here, dispute, packages)
    made = [cells.of_row(row, results.get(row.key)) for row in rows]
    refused = {outcome.state for outcome in results.values()} - {"Saved", "Not changed", ""}
    address = url_for("provider.disputes.actuals", dispute_id=dispute.id, monday=monday)
    return page(
        "disputes/actuals.html",
        (409 if any(o.theirs for o in results.values()) else 422) if refused else 200,
        dispute=dispute,
        monday=monday,
        rows=made,
        total=sum(row.cost for row in rows),
        in_place=False,
        service=dispute.service,
        columns=COLUMNS,
        number=number,
        edit_prefix=lambda *_: address,
        package_prefix=prefix("provider.packages.show", package_id=0),
        address=address,
        press=PressForm(None),
        problems=[(f"{c.row.key}-{name}", text) for c in made for name, text in c.errors.items()],
        show_href=url_for("provider.disputes.show", dispute_id=dispute.id),
        breadcrumbs=crumbs(
            (title(dispute), url_for("provider.disputes.show", dispute_id=dispute.id)),
            (f"Week of {show_date_long(monday)}", None),
        ),
    )


def disputed_rows(here: Here, dispute: Dispute, packages: set[int]) -> list:
    """The rows of the grid that the dispute is about."""
    week = Week(g.reach, here.monday, None, dispute.client_id)
    keys = [item.key for item in week.items if item.line and item.line.id in packages]
    return [
        row
        for client in week.edited([dispute.client_id], here.terms, keys)
        for row in client.rows
        if row.item.line and row.item.line.id in packages
    ]
