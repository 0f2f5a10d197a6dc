"""A provider's week: its visits and the actuals that they make; one visit; deleting one."""

from __future__ import annotations

import contextlib
import datetime as dt
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, current_app, flash, g, request, url_for
from markupsafe import Markup

from blueprints import frame, history, sides, weeks
from blueprints.actuals import pane as actuals
from blueprints.pages import go, page
from blueprints.permissions import Can, requires
from blueprints.reach import contract_reached
from blueprints.sheets import write_csv
from blueprints.values import show_date_long
from blueprints.visits import pane, record, report, rules
from forms.visits import STATUSES, DeletionForm, VisitsFilter
from models import Visit

routes = Blueprint("visits", __name__)

SIZE = 100
BESIDE = {"plain": "", "green": "above plan", "red": "below plan"}  # a row's colour in words (rule 4.3)


def asked_week() -> tuple[dt.date, str]:
    """The Monday of the address's week, else of this week; and what to say where the address names none."""
    text = request.args.get("week", "")
    if text:
        try:
            return weeks.monday(dt.date.fromisoformat(text)), ""
        except (ValueError, OverflowError):
            return weeks.monday(weeks.today()), "There is no such week, so this week is shown."
    return weeks.monday(weeks.today()), ""


def asked_page(name: str, total: int) -> tuple[int, int]:
    """(page, pages): a page beyond the last is the last (C-15)."""
    pages = max(1, -(-total // SIZE))
    text = request.args.get(name, "1")
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1
    return min(max(wanted, 1), pages), pages


@routes.get("/visits")
@requires(Can.SEE_OWN)
def index():
    """Actuals/Visits: the calendar, the services, the visits of a week and its actuals (M-01, O-33, O-34)."""
    monday, note = asked_week()
    today = weeks.today()
    services, deadlines = pane.services_and_deadlines(g.reach, monday, today)
    service = asked_service(services)
    found = pane.groups(g.reach, monday, service)
    form = VisitsFilter(*options(found))
    wanted = asked_filter(form)
    if request.args.get("format") == "csv":
        return download(monday, service, wanted)
    count = pane.counted(found, wanted)
    total = sum(count.values())
    number, pages = asked_page("page", total)
    rows = pane.rows(g.reach, monday, service, wanted, number, SIZE) if total else []
    whole = actuals.week_rows(g.reach, monday, service)
    shown = [row for row in whole if wanted.level in (None, row.level) and wanted.client in (None, f"c{row.client}")]
    actuals_page, actuals_pages = asked_page("actuals_page", len(shown))
    ui = current_app.jinja_env.globals["ui"]
    kept = {"service": service, "historical": request.args.get("historical")}
    return page(
        "visits/index.html",
        form=form,
        note=note,
        monday=monday,
        today=today,
        services=services,
        service=next((one for one in services if one.id == service), None),
        historical=bool(request.args.get("historical")),
        deadlines=deadlines,
        count=count,
        total=total,
        rows=pane.by_client(rows),
        tags={status: Markup(ui.tag(status)) for status in STATUSES},
        reasons={reason: Markup(ui.reason(reason)) for reason in {row.reason for row in rows}},
        why=pane.reasons(found),
        page_number=number,
        pages=pages,
        visit_prefix=frame.address("provider.visits.show", visit_id=0)[:-1],
        clients=actuals.by_client(shown[(actuals_page - 1) * SIZE : actuals_page * SIZE], whole, not service),
        tints={"plain": "", "green": Markup(' class="green"'), "red": Markup(' class="red"')},
        beside={colour: Markup(ui.reason(words)) for colour, words in BESIDE.items()},
        remarks={remark: Markup(ui.remark(remark)) for remark in {row.remark for row in shown}},
        actuals_shown=sum(row.cost for row in shown),
        actuals_all=sum(row.cost for row in whole),
        actuals_count=len(shown),
        actuals_page=actuals_page,
        actuals_pages=actuals_pages,
        package_prefix=prefix("provider.packages.show", package_id=0),
        actuals_href=href("provider.actuals.index", week=monday, **({"service": service} if service else {})),
        calendar=calendar(monday, kept),
        links=week_links(monday, today, kept),
        service_links=service_links(services, monday),
        bulk=bulk_links(),
        breadcrumbs=[("Home", frame.address("provider.home.index")), ("Actuals/Visits", None)],
    )


def prefix(endpoint: str, **values) -> str | None:
    """The address of an endpoint up to its last number, None where it is not there or its module is off."""
    area = endpoint.split(".")[1]
    if endpoint not in current_app.view_functions or not sides.is_there(area):
        return None
    return frame.address(endpoint, **values).removesuffix("0")


def asked_service(services: list[pane.ServiceOption]) -> int | None:
    """The service of the address; with one service that one (M-02); another organisation's does not exist."""
    text = request.args.get("service", "")
    if text:
        return next((one.id for one in services if str(one.id) == text), None) or abort(404)
    current = [one.id for one in services if one.is_current]
    return current[0] if len(services) == 1 and current else None


def options(found: list[pane.Group]) -> tuple[list, list, list]:
    """What the week's visits have to choose from: levels, clients, types."""
    levels = {str(x.level): x.level_name for x in found if x.level}
    clients = {x.client_key: x.name for x in found}
    types = {str(x.type): x.type_name for x in found}
    for name, known in (("level", levels), ("client", clients), ("type", types)):
        value = request.args.get(name, "")
        if value and value not in known:  # kept from another week: still shown as what is asked for
            known[value] = record.option(g.reach, name, value) or abort(404)
    return tuple(sorted(known.items(), key=lambda pair: pair[1].casefold()) for known in (levels, clients, types))


def asked_filter(form: VisitsFilter) -> pane.Wanted:
    """The filter as the queries take it."""
    statuses = [one for one in form.status.data or () if one in STATUSES]
    return pane.Wanted(
        level=int(form.level.data) if form.level.data else None,
        client=form.client.data or None,
        type=int(form.type.data) if form.type.data else None,
        statuses=None if len(statuses) == len(STATUSES) else statuses,
    )


def download(monday: dt.date, service: int | None, wanted: pane.Wanted) -> Response:
    """The filtered visits as a file that can be corrected and sent again."""
    condition = pane.in_week(g.reach, monday, service) & pane.fitting(wanted)
    chunks = list(write_csv(report.rows_of(condition), report.HEADINGS))
    return Response(
        chunks,
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="visits-{monday.isoformat()}.csv"'},
    )


def address(**values) -> str:
    """This page for another week, month or service."""
    kept = {name: value for name, value in values.items() if value}
    return "?" + urlencode(kept) if kept else "?"


def week_links(monday: dt.date, today: dt.date, kept: dict) -> dict:
    """‹ Prev, This Week, Next › with the service kept."""
    week = dt.timedelta(7)
    this = weeks.monday(today)
    return {
        "previous": address(week=monday - week, **kept),
        "this": address(week=this, **kept),
        "next": address(week=monday + week, **kept),
        "here": monday == this,
    }


class Week(NamedTuple):
    """A week of the calendar: its seven days, its address, its name; and whether it is the one that is shown."""

    days: tuple[dt.date, ...]
    href: str
    label: str
    current: bool


class Month(NamedTuple):
    """A month of the calendar, with (text, address) of the months beside it."""

    title: str
    month: int
    weeks: tuple[Week, ...]
    previous: tuple[str, str]
    next: tuple[str, str]


def calendar(monday: dt.date, kept: dict) -> Month:
    """The month of the week, or the month of the address: its weeks as links (M-03)."""
    first = (monday + dt.timedelta(3)).replace(day=1)
    text = request.args.get("month", "")
    if text:
        with contextlib.suppress(ValueError):
            first = dt.date.fromisoformat(f"{text}-01")
    return _month(first, monday, tuple(kept.items()))


@lru_cache(maxsize=1000)
def _month(first: dt.date, monday: dt.date, kept: tuple[tuple[str, object], ...]) -> Month:
    following = (first + dt.timedelta(31)).replace(day=1)
    before = (first - dt.timedelta(1)).replace(day=1)
    beside = [(f"{one:%B %Y}", address(week=monday, month=f"{one:%Y-%m}", **dict(kept))) for one in (before, following)]
    found = tuple(
        Week(
            days=tuple(start + dt.timedelta(n) for n in range(7)),
            href=address(week=start, **dict(kept)),
            label=f"{start.day} {start:%b}",
            current=start == monday,
        )
        for start in weeks.weeks(first, following - dt.timedelta(1))
    )
    return Month(f"{first:%B %Y}", first.month, found, beside[0], beside[1])


def service_links(services: list[pane.ServiceOption], monday: dt.date) -> list[dict]:
    """All Services, then each: current ones, the others where Include Historical is on (M-04)."""
    historical = request.args.get("historical")
    chosen = request.args.get("service", "")
    made = [{"text": "All Services", "href": address(week=monday, historical=historical), "current": not chosen}]
    for one in services:
        if one.is_current or historical or str(one.id) == chosen:
            made.append(
                {
                    "text": one.name if one.is_current else f"{one.name} (ended)",
                    "href": address(week=monday, service=one.id, historical=historical),
                    "current": chosen == str(one.id) or len(services) == 1,
                }
            )
    return made[1:] if len(services) == 1 else made


def bulk_links() -> list[tuple[str, str]]:
    """Bulk Import/Export: what is built and turned on (O-01)."""
    wanted = [
        ("Visits Bulk Import", "provider.imports.choose", {"kind": "visits"}, True),
        (
            "Actuals Bulk Import",
            "provider.imports.choose",
            {"kind": "actuals"},
            g.settings.module_actuals_import,
        ),
        (
            "Actuals Bulk Export",
            "provider.actuals.export",
            {},
            g.settings.module_actuals_export,
        ),
        (
            "Carers Bulk Import",
            "provider.imports.choose",
            {"kind": "carers"},
            g.settings.module_carers and not g.reach.limited,
        ),
        ("Imports so far", "provider.imports.index", {}, True),
        ("Commissioned Care Export", "provider.reports.commissioned_care", {}, g.settings.module_commissioned_care),
    ]
    return [
        (text, frame.address(endpoint, **values))
        for text, endpoint, values, on in wanted
        if on and endpoint in current_app.view_functions and sides.is_there(values.get("kind", endpoint.split(".")[1]))
    ]


# one visit -------------------------------------------------------------------------------------------------------------


def own(visit_id: int) -> Visit:
    """The visit, if it is within reach; a deleted one too: its reference stays reserved (O-39)."""
    return record.one(Visit.visible_to(g.reach).where(Visit.id == visit_id)) or abort(404)


@routes.get("/visits/<int:visit_id>")
@requires(Can.SEE_OWN)
def show(visit_id: int):
    """A visit: all its fields, what became of it, what it feeds, its versions (O-35, O-39)."""
    visit = own(visit_id)
    history.looked(g.user.id, visit)
    return page(
        "visits/show.html",
        visit=visit,
        title=record.title(visit),
        carer=record.carer_of(visit),
        remedy=record.remedy(visit),
        versions=record.versions(visit),
        package_href=href("provider.packages.show", package_id=visit.package_id),
        week_href=href("provider.payments.week", package_id=visit.package_id, monday=visit.week)
        if visit.package_id and contract_reached(g.reach, visit.package.contract_id)
        else None,
        pane_href=url_for("provider.visits.index", week=visit.week),
        dispute_href=href("provider.disputes.show", dispute_id=record.dispute_of(visit, g.reach)),
        breadcrumbs=trail(visit, None),
    )


def href(endpoint: str, **values) -> str | None:
    """An address, or None where it is not built, its module is off or there is nothing to show."""
    if None in values.values() or prefix(endpoint, **values) is None:
        return None
    return frame.address(endpoint, **values)


def trail(visit: Visit, last: str | None) -> list:
    """Home > Actuals/Visits > week > Visit (> last)."""
    made = [("Home", url_for("provider.home.index")), ("Actuals/Visits", url_for("provider.visits.index"))]
    if visit.week:
        made.append((f"Week of {show_date_long(visit.week)}", url_for("provider.visits.index", week=visit.week)))
    made.append((f"Visit {visit.ref}", url_for("provider.visits.show", visit_id=visit.id) if last else None))
    return [*made, (last, None)] if last else made


@routes.get("/visits/<int:visit_id>/deletion")
@requires(Can.SEND_VISITS)
def deletion(visit_id: int):
    """Ask before a visit is deleted."""
    visit = own(visit_id)
    return _deletion(visit, DeletionForm())


def _deletion(visit: Visit, form: DeletionForm, refusal: str = "", status: int = 200):
    return page(
        "visits/deletion.html",
        status,
        visit=visit,
        form=form,
        refusal=refusal,
        is_locked=record.is_locked(visit),
        paid=record.finalised_period(visit),
        show_href=url_for("provider.visits.show", visit_id=visit.id),
        breadcrumbs=trail(visit, "Delete"),
    )


@routes.post("/visits/<int:visit_id>/deletion")
@requires(Can.SEND_VISITS)
def delete(visit_id: int):
    """Delete a visit: it stays in its history and its reference stays reserved (O-36)."""
    visit = own(visit_id)
    form = DeletionForm()
    here = url_for("provider.visits.show", visit_id=visit.id)
    if visit.is_deleted:
        flash(f"Visit {visit.ref} was deleted already, by {visit.changed_by}. Nothing was changed.", "notice")
        return go(here)
    if not form.validate():
        return _deletion(visit, form, status=422)
    if request.form.get("version") not in (None, str(visit.version)):
        said = "The visit was sent again while you looked at this page. Look at it as it is now, then delete it if it should go."
        return _deletion(visit, form, said, 409)
    if record.is_locked(visit):
        return _deletion(visit, form, status=409)
    try:
        deleted = rules.delete_visit(visit, history.Actor(g.user.id, g.user.name), form.reason.data or "")
    except ValueError as refused:
        return _deletion(visit, form, str(refused), 409)
    if deleted:
        flash(f"Visit {visit.ref} is deleted.", "success")
    else:
        flash(f"Visit {visit.ref} was deleted already. Nothing was changed.", "notice")
    return go(here)
