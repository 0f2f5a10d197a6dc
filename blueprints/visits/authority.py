"""Visits of all providers as officers see them: the search, unmatched ones with what mends them, one visit, deleting."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from flask import Blueprint, abort, flash, g, request, url_for

from blueprints import desk, history, weeks
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.settings import rules as settings
from blueprints.values import show_date, show_date_long
from blueprints.visits import record, search
from forms.visit_search import DeleteVisitForm, UnmatchedFilter, VisitSearch
from models import Organisation, Service, ServiceLevel, Visit, VisitStatus, VisitType

routes = Blueprint("visits", __name__)


# the search ------------------------------------------------------------------------------------------------------------


@routes.get("/visits")
@requires(Can.SEE_RECORDS)
def index():
    """Visits of all providers: the last full week unless asked otherwise (O-48)."""
    form = VisitSearch()
    fill(form)
    fine = form.validate()
    wanted, note = asked(form)
    if fine and note:
        form.last.errors = [note]
        fine = False
    sort = request.args.get("sort", "planned")
    context = {"counts": {}, "count": 0, "rows": [], "pager": desk.pages_of(0)}
    if fine:
        found = search.condition(g.reach, wanted)
        if desk.wants_csv():
            return desk.csv_file("visits", search.HEADINGS, search.file_rows(found, sort))
        counts = search.counts(found)
        count = sum(counts.values())
        pager = desk.pages_of(count)
        listed = list(search.rows(found, sort, desk.PER_PAGE, pager.start)) if count else []
        context = {"counts": counts, "count": count, "rows": listed, "pager": pager}
    return page(
        "visits/all.html",
        status=200 if fine else 422,
        filter=form,
        form=form,
        wanted=wanted,
        week_links=week_links(wanted),
        sort=sort,
        duration=search.duration,
        order=[str(s) for s in VisitStatus],
        show_href=url_for("authority.visits.show", visit_id=0)[:-1],
        dispute_action=desk.where("authority.disputes.new") if can(Can.RAISE_DISPUTES) else None,
        may_download=fine and context["count"] > 0,
        breadcrumbs=[desk.home(), ("Visits", None)],
        **context,
    )


def fill(form: VisitSearch) -> None:
    """The filter's choices: four short queries."""
    providers = Organisation.visible_to(g.reach).select(Organisation.id, Organisation.name).order_by(Organisation.name)
    services = Service.visible_to(g.reach).select(Service.id, Service.name).order_by(Service.name)
    if form.organisation.data and form.organisation.data.isdigit():
        services = services.where(Service.organisation == int(form.organisation.data))
    levels = ServiceLevel.select(ServiceLevel.id, ServiceLevel.name).order_by(ServiceLevel.name)
    types = VisitType.select(VisitType.id, VisitType.code, VisitType.name).order_by(VisitType.code)
    form.organisation.choices = [("", "All"), *((str(i), n) for i, n in providers.tuples())]
    form.service.choices = [("", "All"), *((str(i), n) for i, n in services.tuples())]
    if form.service.data and form.service.data not in {value for value, _ in form.service.choices}:
        form.service.data = ""  # a service of the provider that was chosen before
        form.service.raw_data = None
    form.level.choices = [("", "All"), *((str(i), n) for i, n in levels.tuples())]
    form.type.choices = [("", "All"), *((str(i), f"{code} {name}") for i, code, name in types.tuples())]
    form.reason.choices = [("", "All"), *((r, r.capitalize()) for r in search.REASONS)]


def asked(form: VisitSearch) -> tuple[search.Wanted, str]:
    """What the filter asks for, and why it cannot be had. Without dates it is the last full week, or, for a client or a
    reference, every week."""
    first, last = form.first.data, form.last.data
    if not first and not last and not form.client.data and not form.ref.data:
        first = search.last_full_week(weeks.today())
        last = first + dt.timedelta(6)
        form.first.data, form.last.data = first, last
        form.first.raw_data = form.last.raw_data = None
    wanted = search.Wanted(
        first, last, number(form.organisation.data), number(form.service.data), number(form.level.data),
        number(form.type.data), form.status.data or "", form.reason.data or "", form.client.data or "",
        form.ref.data or "",
    )  # fmt: skip
    most = dt.timedelta(7 * search.MOST_WEEKS)
    if not wanted.is_narrow and (not first or not last or last - first >= most):
        return wanted, f"Choose a provider, a client or a reference, or dates at most {search.MOST_WEEKS} weeks apart"
    return wanted, ""


def number(text: str | None) -> int | None:
    """A chosen id."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def week_links(wanted: search.Wanted) -> dict:
    """The weeks beside the one that is shown, with the filter kept."""
    start = weeks.monday(wanted.first or search.last_full_week(weeks.today()))
    kept = {k: v for k, v in request.args.items() if k not in ("first", "last", "page", "format") and v}

    def link(monday: dt.date) -> str:
        days = {"first": show_date(monday), "last": show_date(monday + dt.timedelta(6))}
        return "?" + urlencode({**kept, **days})

    week = dt.timedelta(7)
    return {"previous": link(start - week), "this": link(weeks.monday(weeks.today())), "next": link(start + week)}


# unmatched -------------------------------------------------------------------------------------------------------------


@routes.get("/visits/unmatched")
@requires(Can.SEE_RECORDS)
def unmatched():
    """What is not matched, by reason, oldest first, each visit with the way to what would mend it (O-31)."""
    known = search.weeks_with_visits()
    groups = search.groups(known)
    form = UnmatchedFilter()
    form.reason.choices = [("", "All"), *((r, f"{r.capitalize()}") for r in search.REASONS)]
    names = Organisation.visible_to(g.reach).select(Organisation.id, Organisation.name).order_by(Organisation.name)
    form.organisation.choices = [("", "All"), *((str(i), n) for i, n in names.tuples())]
    form.validate()
    statuses = [s for s in search.WAITING if form.status.data in ("", None, s)] or list(search.WAITING)
    found = search.waiting(known, statuses)
    reason = form.reason.data if form.reason.data in search.REASONS else ""
    organisation = number(form.organisation.data)
    if reason:
        found &= Visit.reason == reason
    if organisation:
        found &= Visit.organisation == organisation
    if desk.wants_csv():
        return desk.csv_file("unmatched-visits", search.HEADINGS, search.file_rows(found))
    count = sum(
        n for group in groups if reason in ("", group.reason) and group.status in statuses
        for ident, _, n in group.providers if organisation in (None, ident)
    )  # fmt: skip
    pager = desk.pages_of(count)
    sort = request.args.get("sort", "planned")
    listed = list(search.rows(found, sort, desk.PER_PAGE, pager.start)) if count else []
    packages = search.candidates(listed)
    return page(
        "visits/unmatched.html",
        filter=form,
        groups=groups,
        count=count,
        rows=[(row, *mending(row, packages.get((row.organisation_id, row.client_id), []))) for row in listed],
        pager=pager,
        sort=sort,
        today=weeks.today(),
        show_href=url_for("authority.visits.show", visit_id=0)[:-1],
        breadcrumbs=[desk.home(), ("Visits", url_for("authority.visits.index")), ("Unmatched visits", None)],
    )


def mending(row, packages: list) -> tuple[list, list]:
    """The candidates of an unmatched visit and the ways to what would mend it: (words, address), the likeliest first."""
    near = search.meant(row, packages)
    if row.status == VisitStatus.MISSING_DATA:
        return near, []  # the provider sends it again
    ways: list[tuple[str, str | None]] = []
    client = desk.where("authority.clients.show", client_id=row.client_id)
    new = desk.where("authority.packages.new") or desk.where("authority.packages.add")
    if new and row.client_id and can(Can.EDIT_PACKAGES):
        asked = {"client": row.client_id, "level": row.level_id, "service": row.service_id, "start": row.planned_date}
        new += "?" + urlencode({k: v for k, v in asked.items() if v is not None})
    else:
        new = None
    reason = row.reason
    if reason == "client not known":
        ways = [("Add a package", new), ("Client", client)]
        if not row.client_id:
            text = row.ssref
            ways = [("Look for the client", with_query(desk.where("authority.clients.index"), q=text))]
    elif reason in ("service level not in the client's packages", "service not in the client's packages"):
        ways = [
            ("Client’s packages", desk.where("authority.packages.of_client", client_id=row.client_id) or client),
            ("Add a package", new),
        ]
    elif reason == "package is invoiced" and near:
        ways = [
            (f"Contract {near[0].contract}", desk.where("authority.contracts.show", contract_id=near[0].contract_id))
        ]
    elif near and reason == "package not authorised":
        ways = [(f"Authorise {near[0].cpli_id}", package_href(near[0].id))]
    elif near:
        ways = [(f"Change the dates of {near[0].cpli_id}", package_href(near[0].id)), ("Add a package", new)]
    return near, [(words, address) for words, address in ways if address]


def package_href(ident: int | None) -> str | None:
    """A package's page."""
    return desk.where("authority.packages.show", package_id=ident)


def with_query(address: str | None, **values) -> str | None:
    """An address with what to look for."""
    return address and f"{address}?{urlencode(values)}"


# one visit -------------------------------------------------------------------------------------------------------------

TABS = [("Visit Date/Time", ""), ("Variance Reason", "variance"), ("Comments", "comments"), ("Versions", "versions")]


def found_visit(visit_id: int) -> Visit:
    """The visit with its names; a deleted one too. 404 where there is none."""
    visit = record.one(Visit.visible_to(g.reach).where(Visit.id == visit_id)) or abort(404)
    visit.organisation = Organisation.get_by_id(visit.organisation_id)
    return visit


@routes.get("/visits/<int:visit_id>")
@requires(Can.SEE_RECORDS)
def show(visit_id: int):
    """Everything about one visit (O-48)."""
    visit = found_visit(visit_id)
    history.looked(g.user.id, visit)
    tab = request.args.get("tab", "")
    near, ways = [], []
    if visit.status == VisitStatus.UNMATCHED and not visit.is_deleted:
        near, ways = mending(visit, search.candidates([visit]).get((visit.organisation_id, visit.client_id), []))
    here = url_for("authority.visits.show", visit_id=visit.id)
    return page(
        "visits/one.html",
        visit=visit,
        tab=tab if tab in {name for _, name in TABS} else "",
        tabs_of_visit=[
            {"text": text, "href": f"{here}?tab={name}" if name else here, "current": name == tab}
            for text, name in TABS
        ],
        versions=record.versions(visit),
        carer=record.carer_of(visit).replace("in your list", "in the provider’s list"),
        client_words=record.client_words(visit),
        service=record.service_of(visit),
        near=near,
        ways=ways,
        duration=search.duration,
        package_href=package_href(visit.package_id),
        client_href=desk.where("authority.clients.show", client_id=visit.client_id),
        organisation_href=desk.where("authority.organisations.show", organisation_id=visit.organisation_id),
        week_href=desk.where("authority.payments.week", package_id=visit.package_id, monday=visit.week),
        import_href=desk.where("authority.imports.show", import_id=visit.batch_id),
        delete_href=url_for("authority.visits.deletion", visit_id=visit.id) if may_delete(visit) else None,
        dispute_href=desk.where("authority.disputes.show", dispute_id=record.dispute_of(visit, g.reach)),
        raise_href=raise_href(visit),
        breadcrumbs=trail(visit, None),
    )


def may_delete(visit: Visit) -> bool:
    """A live visit, and an officer who keeps packages."""
    return not visit.is_deleted and can(Can.EDIT_PACKAGES)


def raise_href(visit: Visit) -> str | None:
    """Where a dispute about the visit is raised (Q-01); nowhere for a deleted one."""
    if visit.is_deleted or not can(Can.RAISE_DISPUTES):
        return None
    return with_query(desk.where("authority.disputes.new"), row=f"v{visit.id}")


def trail(visit: Visit, last: str | None) -> list:
    """Home > Visits > the visit (> last)."""
    made = [desk.home(), ("Visits", url_for("authority.visits.index"))]
    made.append((f"Visit {visit.ref}", url_for("authority.visits.show", visit_id=visit.id) if last else None))
    return [*made, (last, None)] if last else made


@routes.get("/visits/<int:visit_id>/deletion")
@requires(Can.EDIT_PACKAGES)
def deletion(visit_id: int):
    """Choose the reason before a visit is deleted."""
    visit = found_visit(visit_id)
    return deletion_page(visit, DeleteVisitForm(settings.deletion_reasons(g.settings)))


def deletion_page(visit: Visit, form: DeleteVisitForm, refusal: str = "", status: int = 200):
    """The form, with what deleting does."""
    return page(
        "visits/delete_for_reason.html",
        status,
        visit=visit,
        form=form,
        refusal=refusal,
        client_words=record.client_words(visit),
        paid=record.finalised_period(visit),
        show_href=url_for("authority.visits.show", visit_id=visit.id),
        breadcrumbs=trail(visit, "Delete"),
    )


@routes.post("/visits/<int:visit_id>/deletion")
@requires(Can.EDIT_PACKAGES)
def delete(visit_id: int):
    """Delete a visit with a reason of the authority's list; it stays in its history (O-44)."""
    from blueprints.visits import rules

    visit = found_visit(visit_id)
    here = url_for("authority.visits.show", visit_id=visit.id)
    if visit.is_deleted:
        when = show_date_long(weeks.london(visit.changed_at).date())
        flash(f"Visit {visit.ref} was deleted already, by {visit.changed_by} on {when}. Nothing was changed.", "notice")
        return go(here)
    form = DeleteVisitForm(settings.deletion_reasons(g.settings))
    if not form.validate():
        return deletion_page(visit, form, status=422)
    if form.version.data not in (None, "", str(visit.version)):
        said = "The visit was sent again while you looked at this page. Look at it as it is now, then delete it if it should go."
        return deletion_page(visit, form, said, 409)
    try:
        done = rules.delete_visit(visit, desk.actor(), form.reason.data, officer=True)
    except ValueError as refused:
        return deletion_page(visit, form, str(refused), 409)
    if done:
        flash(f"Visit {visit.ref} is deleted.", "success")
    else:
        flash(f"Somebody else has just deleted visit {visit.ref}. Nothing was changed.", "notice")
    return go(here)
