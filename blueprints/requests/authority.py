"""The officers' queue of change requests, and deciding them (F-13 to F-17)."""

from __future__ import annotations

import datetime as dt
import json
from typing import NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, abort, flash, g, request, url_for

from blueprints import records, weeks
from blueprints.attachments.screens import handed_out
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.requests import kinds, rules, screens, taken
from forms.requests import AcceptForm, PressForm, QueueFilter, RejectForm
from models import ChangeRequest, Organisation, RequestState

routes = Blueprint("requests", __name__)
taken.add(routes)
KEPT = ("kind", "organisation", "days")  # the part of the filter that goes along from one decision to the next
MOST_AT_ONCE = 100


def found(request_id: int) -> ChangeRequest:
    """The request with its organisation, or 404."""
    query = ChangeRequest.visible_to(g.reach).select_extend(Organisation).join(Organisation)
    return query.where(ChangeRequest.id == request_id).get_or_none() or abort(404)


def filtered(query, values):
    """The query with the filter's type, organisation and age."""
    if values.get("kind"):
        query = query.where(ChangeRequest.kind == values["kind"])
    if (values.get("organisation") or "").isdigit() and len(values["organisation"]) < 10:
        query = query.where(ChangeRequest.organisation == int(values["organisation"]))
    if values.get("days") in ("7", "28"):
        day = weeks.today() - dt.timedelta(int(values["days"]) - 1)
        query = query.where(ChangeRequest.sent_at < dt.datetime.combine(day, dt.time()))
    return query


def kept() -> str:
    """The filter of the address, to go along: `?kind=contact`."""
    chosen = {name: request.args[name] for name in KEPT if request.args.get(name)}
    return "?" + urlencode(chosen) if chosen else ""


# the queue -------------------------------------------------------------------------------------------------------------


@routes.get("/requests")
@requires(Can.SEE_RECORDS)
def index():
    """All that waits, oldest first; other states by the filter (F-13, F-17)."""
    form = QueueFilter()
    form.kind.choices = [("", "All types"), *((kind.name, kind.title) for kind in kinds.every().values())]
    form.state.choices = [
        ("", "Pending"),
        *((str(s), str(s)) for s in RequestState if s != RequestState.PENDING),
        ("all", "All"),
    ]
    form.organisation.choices = records.choices(Organisation, "All organisations", g.reach)
    form.validate()
    query = filtered(ChangeRequest.visible_to(g.reach).select_extend(Organisation).join(Organisation), request.args)
    state = form.state.data if form.state.data in set(RequestState) else ""
    if form.state.data != "all":
        query = query.where(ChangeRequest.state == (state or RequestState.PENDING))
    orders = {
        "sent": (ChangeRequest.sent_at,),
        "kind": (ChangeRequest.kind, ChangeRequest.sent_at),
        "organisation": (Organisation.name, ChangeRequest.sent_at),
        "name": (ChangeRequest.thing_name,),
        "decided": (ChangeRequest.decided_at,),
    }
    usual = "sent" if form.state.data in ("", None) else "-sent"
    if records.wants_csv():
        rows, _ = records.ordered(query, orders, usual, ChangeRequest.id)
        return csv_of(list(rows))
    listed = records.listed(query, orders, usual, ChangeRequest.id)
    asked = rules.asked_of_many(listed.rows)
    return page(
        "requests/queue.html",
        heading="Change requests",
        breadcrumbs=[records.home(), ("Change requests", None)],
        actions=[("Kinds of request", url_for("authority.requests.kinds_list"))],
        filter=form,
        found=listed,
        kept=kept(),
        waits=form.state.data in ("", None),
        ages={one.id: (weeks.today() - weeks.london(one.sent_at).date()).days for one in listed.rows},
        titles={name: kind.title for name, kind in kinds.every().items()},
        changes={one.id: screens.in_short(one, asked[one.id]) for one in listed.rows},
        may=can(Can.DECIDE_REQUESTS),
        press=PressForm(),
    )


def csv_of(rows: list[ChangeRequest]):
    """The list as a file, a line for each field that is asked for."""
    asked = rules.asked_of_many(rows)
    headings = [
        "Status",
        "Submitted",
        "OrganisationRef",
        "Type",
        "EntityName",
        "RequestedBy",
        "Field",
        "Before",
        "After",
        "DecidedBy",
        "Decided",
        "RejectionReason",
        "Remarks",
    ]
    lines = [
        [
            one.state, f"{one.sent_at:%Y-%m-%d %H:%M}", one.organisation.ref, kinds.of(one.kind).title, one.thing_name, one.by,
            *change, one.decided_by, f"{one.decided_at:%Y-%m-%d %H:%M}" if one.decided_at else "", one.reason, one.remarks,
        ]
        for one in rows
        for change in screens.in_text(one, asked[one.id])
    ]  # fmt: skip
    return records.csv_file("change-requests", headings, lines)


# one request -----------------------------------------------------------------------------------------------------------


class Choice(NamedTuple):
    """A field that has changed since: the three values, and what was chosen."""

    name: str
    label: str
    before: object
    now: object
    asked: object
    chosen: str


@routes.get("/requests/<int:request_id>")
@requires(Can.SEE_RECORDS)
def show(request_id: int):
    """A request: what it changes side by side, and the decision."""
    return request_page(found(request_id))


def request_page(row: ChangeRequest, accepting=None, rejecting=None, status: int = 200, problem: str = ""):
    """The page, with the forms as they were sent."""
    kind = kinds.of(row.kind)
    record = kind.get(row) if row.is_pending else None
    clashes = rules.clashes(row, kind, record) if record is not None else []
    asked = {one.name: one.after for one in rules.asked_of(row)}
    accepting = accepting or AcceptForm()
    accepting.shown.data = json.dumps({clash.name: clash.now for clash in clashes}, ensure_ascii=False)
    if rejecting is None:
        rejecting = RejectForm(formdata=None)
    rejecting.reason.choices = [("", "Choose a reason"), *((r, r) for r in g.settings.rejection_reasons)]
    endpoint, values = kind.page(record) if record is not None and not kind.is_new else ("", {})
    if endpoint == "organisations.show":
        values = {"organisation_id": row.organisation_id}
    return page(
        "requests/decide.html",
        status,
        heading=f"{kind.title}{': ' + row.thing_name if row.thing_name else ''}",
        breadcrumbs=[records.home(), ("Change requests", url_for("authority.requests.index") + kept()), (kind.title, None)],
        request_row=row,
        kind=kind,
        lines=screens.request_lines(row, whole=not row.is_pending),
        others=[line for line in screens.request_lines(row) if not line.is_asked] if row.is_pending else [],
        files=rules.files_of(row),
        file_endpoint="authority.requests.file",
        record_href=records.where(f"authority.{endpoint}", **values) if endpoint else None,
        gone=row.is_pending and record is None,
        clashes=[
            Choice(
                clash.name, clash.label, *(kind.words(kind.field(clash.name), v) for v in clash[2:]),
                request.form.get(f"choose-{clash.name}", ""),
            )
            for clash in clashes
        ],
        alternatives=kind.alternatives() if row.is_pending else {},
        warnings=kind.warnings(record, asked) if record is not None else [],
        problems=kind.problems(record, asked) if record is not None else [],
        problem=problem,
        accepting=accepting,
        rejecting=rejecting,
        form=rejecting if rejecting.errors else accepting if accepting.errors else None,
        may=can(Can.DECIDE_REQUESTS),
        kept=kept(),
        next_href=next_href(row),
        entries=records.story(row),
    )  # fmt: skip


def next_href(row: ChangeRequest) -> str | None:
    """The next one that waits under the filter: the next younger, else the oldest; None where there is no other."""
    query = filtered(ChangeRequest.visible_to(g.reach), request.args).where(
        (ChangeRequest.state == RequestState.PENDING) & (ChangeRequest.id != row.id)
    )
    query = query.order_by(ChangeRequest.sent_at, ChangeRequest.id)
    later = query.where(
        (ChangeRequest.sent_at > row.sent_at) | ((ChangeRequest.sent_at == row.sent_at) & (ChangeRequest.id > row.id))
    ).first()
    one = later or query.first()
    return url_for("authority.requests.show", request_id=one.id) + kept() if one else None


def onwards(row: ChangeRequest, said: str):
    """After a decision: what was done, and the next one."""
    flash(said, "success")
    following = next_href(row)
    if following is None:
        flash("No more requests wait here.", "notice")
    return go(following or url_for("authority.requests.index") + kept())


def named(row: ChangeRequest) -> str:
    """`Update Contact of Greta Finch, Oakfield Home Care`."""
    return f"{kinds.of(row.kind).title}{' of ' + row.thing_name if row.thing_name else ''}, {row.organisation.name}"


@routes.post("/requests/<int:request_id>/acceptance")
@requires(Can.DECIDE_REQUESTS)
def accept(request_id: int):
    """Accept: apply what is asked for, in one transaction (rule 9.2)."""
    row = found(request_id)
    form = AcceptForm()
    if not form.validate():
        return request_page(row, accepting=form, status=422)
    chosen = {name.removeprefix("choose-"): value for name, value in request.form.items() if name.startswith("choose-")}
    instead = {
        name.removeprefix("instead-"): value for name, value in request.form.items() if name.startswith("instead-")
    }
    try:
        rules.accept(row.id, records.actor(), chosen, shown(form), instead)
    except rules.Decided as faster:
        flash(str(faster), "warning")
        return go(url_for("authority.requests.show", request_id=row.id) + kept())
    except rules.Conflict as conflict:
        sent = bool(shown(form))
        words = "Choose a value for each field that has changed" if sent else str(conflict)
        return request_page(row, accepting=form, status=409, problem=words)
    except rules.Refused as refusal:
        return request_page(row, accepting=form, status=409, problem=str(refusal))
    return onwards(row, f"Accepted: {named(row)}.")


def shown(form: AcceptForm) -> dict:
    """What the reviewer was shown of the fields that have changed."""
    try:
        found_values = json.loads(form.shown.data or "{}")
    except ValueError:
        return {}
    return found_values if isinstance(found_values, dict) else {}


@routes.post("/requests/<int:request_id>/rejection")
@requires(Can.DECIDE_REQUESTS)
def reject(request_id: int):
    """Reject, with a reason of the authority's list and remarks."""
    row = found(request_id)
    form = RejectForm()
    form.reason.choices = [("", "Choose a reason"), *((r, r) for r in g.settings.rejection_reasons)]
    if not form.validate():
        return request_page(row, rejecting=form, status=422)
    try:
        rules.reject(row.id, records.actor(), form.reason.data, form.remarks.data or "")
    except rules.Decided as faster:
        flash(str(faster), "warning")
        return go(url_for("authority.requests.show", request_id=row.id) + kept())
    except rules.Refused as refusal:
        form.reason.errors = [str(refusal)]
        return request_page(row, rejecting=form, status=422)
    return onwards(row, f"Rejected: {named(row)}.")


@routes.get("/requests/<int:request_id>/files/<int:file_id>")
@requires(Can.SEE_RECORDS)
def file(request_id: int, file_id: int):
    """A file that was sent with a request, always as an attachment."""
    one = next((f for f in rules.files_of(found(request_id)) if f.id == file_id), None) or abort(404)
    return handed_out(one)


# several at once -------------------------------------------------------------------------------------------------------


@routes.post("/requests/acceptances")
@requires(Can.DECIDE_REQUESTS)
def accept_several():
    """Accept those that were ticked: first what will happen, then, confirmed, each in a transaction of its own."""
    idents = {int(i) for i in request.form.getlist("picked") if i.isascii() and i.isdigit() and len(i) < 10}
    rows = list(
        ChangeRequest.visible_to(g.reach).select_extend(Organisation).join(Organisation)
        .where(ChangeRequest.id.in_(sorted(idents)[:MOST_AT_ONCE]))
        .order_by(ChangeRequest.sent_at, ChangeRequest.id)
    )  # fmt: skip
    back = url_for("authority.requests.index") + kept()
    form = PressForm()
    if not rows or not form.validate():
        flash("Tick the requests to accept.", "warning")
        return go(back)
    ready, left = sorted_out(rows)
    if request.form.get("confirmed") and ready:
        return accept_each(ready, left, back)
    asked = rules.asked_of_many(rows)
    return page(
        "requests/several.html",
        heading=f"Accept {len(ready)} request{'' if len(ready) == 1 else 's'}",
        breadcrumbs=[records.home(), ("Change requests", back), ("Accept several", None)],
        ready=ready,
        left=left,
        titles={name: kind.title for name, kind in kinds.every().items()},
        changes={one.id: screens.in_short(one, asked[one.id]) for one in rows},
        back=back,
        press=form,
        kept=kept(),
    )


def sorted_out(rows: list[ChangeRequest]) -> tuple[list[ChangeRequest], list[tuple[ChangeRequest, str]]]:
    """Those that can be accepted as they are, and the others with why not."""
    ready, left = [], []
    for row in rows:
        kind = kinds.of(row.kind)
        record = kind.get(row) if row.is_pending else None
        asked = {one.name: one.after for one in rules.asked_of(row)}
        if not row.is_pending:
            left.append((row, f"{row.decided_by} has decided it already"))
        elif record is None:
            left.append((row, "The record is not there any more"))
        elif rules.clashes(row, kind, record):
            left.append((row, "The record has changed since: decide it on its own page"))
        elif problems := kind.problems(record, asked):
            left.append((row, ". ".join(problems)))
        elif kind.alternatives():
            left.append((row, "There is something to choose: decide it on its own page"))
        else:
            ready.append(row)
    return ready, left


def accept_each(ready: list[ChangeRequest], left: list, back: str):
    """Accept one after the other; what cannot be is said."""
    done = 0
    for row in ready:
        try:
            rules.accept(row.id, records.actor())
            done += 1
        except rules.Refused as refusal:
            left.append((row, str(refusal)))
    flash(f"{done} request{' is' if done == 1 else 's are'} accepted.", "success")
    for row, why in left:
        flash(f"Not accepted: {named(row)}. {why}.", "warning")
    return go(back)
