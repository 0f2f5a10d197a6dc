"""Requests sent to the authority: asking, the list, one request, withdrawing (F-01 to F-17)."""

from __future__ import annotations

import datetime as dt
from functools import partial

from flask import Blueprint, abort, flash, g, request, url_for
from peewee import fn

from blueprints import records, weeks
from blueprints.attachments import rules as attachments
from blueprints.attachments.screens import handed_out
from blueprints.pages import go, page
from blueprints.permissions import Can, requires
from blueprints.requests import kinds, rules, screens
from forms.fields import lower
from forms.requests import PressForm, RequestsFilter
from models import ChangeRequest, RequestState, utc_now

routes = Blueprint("requests", __name__)
MOST_FILES = 5


def found(request_id: int) -> ChangeRequest:
    """The request within reach, or 404."""
    return ChangeRequest.visible_to(g.reach).where(ChangeRequest.id == request_id).get_or_none() or abort(404)


def home() -> tuple[str, str]:
    """The first breadcrumb."""
    return ("Home", url_for("provider.home.index"))


# asking ----------------------------------------------------------------------------------------------------------------


@routes.route("/requests/new/<kind>/<int:ident>", methods=["GET", "POST"])
@requires(Can.ASK_CHANGES)
def ask(kind: str, ident: int):
    """Ask for a change of a record: the form that its kind declares (rule 9.1)."""
    kind = screens.wanted_kind(kind)
    row = kind.find(g.reach, ident)
    if row is None:
        abort(404)
    if kind.act not in g.acts:
        g.missing_act = kind.act
        abort(403)
    form = screens.form_class(kind).opened({} if kind.is_new else kind.facts(row))
    form.fit(row, g.reach, g.settings)
    back = back_to(kind, row)
    if form.is_submitted() and (sent := try_sending(kind, row, form)):
        flash(words_sent(kind, sent), "success")
        return go(back)
    about = kind.about(row, {}) if not kind.is_new else None
    asked = kind.clean(row, dict(form.wanted())) if kind.is_removal else {}
    return page(
        "requests/form.html",
        422 if form.is_submitted() else 200,
        heading=heading(kind, about),
        breadcrumbs=[home(), *trail(kind, row, back), (kind.title, None)],
        kind=kind,
        form=form,
        back=back,
        at_once=kind.name in g.settings.requests_with("at once"),
        warnings=kind.warnings(row, asked if kind.is_removal else form.wanted() if form.is_submitted() else {}),
        details=screens.record_lines(kinds.every()[kind.details], row, []) if kind.details else [],
    )


def try_sending(kind, row, form) -> ChangeRequest | None:
    """Send what the form asks for; None where it is to be shown again, with what is wrong."""
    good = form.validate()
    uploads = form.uploads()
    if len(uploads) > MOST_FILES:
        form.documents.errors = [f"Choose at most {MOST_FILES} files"]
        good = False
    for upload in uploads[:MOST_FILES]:
        try:
            attachments.check_document(upload, g.settings)
        except attachments.Unfit as refusal:
            form.documents.errors = [f"{attachments.plain_name(upload.filename)}: {lower(str(refusal))}"]
            good = False
    if not good or (not kind.is_new and form.overtaken(kind.model, kind.facts(row))):
        return None
    keep = [
        partial(attachments.keep_document, one, "request", g.user.organisation_id, g.user.id, g.settings)
        for one in uploads
    ]
    try:
        return rules.send(
            kind, row, form.wanted(), records.actor(), g.user.organisation_id, form.comment.data or "", keep
        )
    except attachments.Unfit as refusal:  # by the virus scanner
        form.documents.errors = [str(refusal)]
    except rules.Refused as refusal:
        form.form_errors.append(str(refusal))
    return None


def words_sent(kind, sent: ChangeRequest) -> str:
    """What is said once a request is sent, or let through."""
    if sent.state == RequestState.APPROVED:
        return "Your change has been made: the authority lets changes of this kind through at once."
    return f"{kind.sent} It waits for {g.settings.authority_name}."


def heading(kind, about) -> str:
    """`Update Contact: Greta Finch`."""
    return f"{kind.title}: {about.name}" if about and about.name else kind.title


def back_to(kind, row) -> str:
    """The record's own page, or the list of requests."""
    endpoint, values = kind.page(row)
    return records.where(f"provider.{endpoint}", **values) or url_for("provider.requests.index")


def trail(kind, row, back: str) -> list:
    """The area and the record."""
    steps = [(text, records.where(f"provider.{endpoint}")) for text, endpoint in kind.trail]
    name = "" if kind.is_new else kind.about(row, {}).name
    return [*steps, *([(name, back)] if name else [])]


# the list --------------------------------------------------------------------------------------------------------------


@routes.get("/requests")
@requires(Can.SIGNED_IN)
def index():
    """Requests sent: by default those of the last month and all that wait (F-03, F-04, F-08, F-11)."""
    form = RequestsFilter()
    known = [kind for kind in kinds.every().values()]
    form.kind.choices = [("", "All types"), *((kind.name, kind.title) for kind in known)]
    form.state.choices = [("", "All statuses"), *((str(state), str(state)) for state in RequestState)]
    form.validate()
    months, wrong = wanted_months(form)
    query = ChangeRequest.visible_to(g.reach)
    if not form.archived.data:
        since = dt.datetime.combine(rules.months_ago(weeks.today(), months), dt.time())
        query = query.where((ChangeRequest.sent_at >= since) | (ChangeRequest.state == RequestState.PENDING))
    if form.whose.data == "mine":
        query = query.where(ChangeRequest.user == g.user.id)
    if form.kind.data in kinds.every():
        query = query.where(ChangeRequest.kind == form.kind.data)
    if form.state.data in set(RequestState):
        query = query.where(ChangeRequest.state == form.state.data)
    if about := request.args.get("contact", ""):
        query = query.where(
            ChangeRequest.contact == (int(about) if about.isascii() and about.isdigit() and len(about) < 10 else 0)
        )
    orders = {
        "sent": (ChangeRequest.sent_at,),
        "updated": (fn.COALESCE(ChangeRequest.decided_at, ChangeRequest.sent_at),),
        "kind": (ChangeRequest.kind,),
        "name": (ChangeRequest.thing_name,),
        "state": (ChangeRequest.state,),
    }
    if records.wants_csv():
        rows, _ = records.ordered(query, orders, "-sent", ChangeRequest.id.desc())
        return csv_of(list(rows))
    listed = records.listed(query, orders, "-sent", ChangeRequest.id.desc())
    asked = rules.asked_of_many(listed.rows)
    return page(
        "requests/list.html",
        422 if wrong else 200,
        breadcrumbs=[home(), ("Requests Sent to Local Authority", None)],
        filter=form,
        found=listed,
        months=months,
        titles={name: kind.title for name, kind in kinds.every().items()},
        changes={one.id: screens.in_short(one, asked[one.id]) for one in listed.rows},
    )


def wanted_months(form) -> tuple[int, bool]:
    """The months of the address; a number that will not do is said, and the default used (C-03)."""
    text = (form.months.data or "").strip()
    default = g.settings.request_months
    if not text:
        form.months.data = str(default)
        return default, False
    if text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 1200:
        return int(text[:6]), False
    form.months.errors = ["Enter the months as a whole number of 1 or more"]
    return default, True


def csv_of(rows: list[ChangeRequest]):
    """The list as a file, a line for each field that is asked for."""
    asked = rules.asked_of_many(rows)
    headings = [
        "Status",
        "Submitted",
        "LastUpdated",
        "Type",
        "EntityName",
        "RequestedBy",
        "Field",
        "Before",
        "After",
        "RejectionReason",
        "Remarks",
    ]
    lines = [
        [
            one.state, f"{one.sent_at:%Y-%m-%d %H:%M}", f"{one.decided_at:%Y-%m-%d %H:%M}" if one.decided_at else "",
            kinds.of(one.kind).title, one.thing_name, one.by, *change, one.reason, one.remarks,
        ]
        for one in rows
        for change in screens.in_text(one, asked[one.id])
    ]  # fmt: skip
    return records.csv_file("requests", headings, lines)


# one request -----------------------------------------------------------------------------------------------------------


@routes.get("/requests/<int:request_id>")
@requires(Can.SIGNED_IN)
def show(request_id: int):
    """A request: who, what, when, what became of it and why (E-10, F-05)."""
    row = found(request_id)
    if row.user_id == g.user.id:
        rules.told(row)
    return page(
        "requests/show.html",
        request_row=row,
        kind=kinds.of(row.kind),
        lines=screens.request_lines(row),
        files=rules.files_of(row),
        form=PressForm(),
        mine=row.user_id == g.user.id,
        now=utc_now(),
        breadcrumbs=[
            home(),
            ("Requests Sent to Local Authority", url_for("provider.requests.index")),
            (f"{kinds.of(row.kind).title}{': ' + row.thing_name if row.thing_name else ''}", None),
        ],
    )


@routes.post("/requests/<int:request_id>/withdrawal")
@requires(Can.ASK_CHANGES)
def withdraw(request_id: int):
    """Take one's own request back while it waits (rule 9.2)."""
    row = found(request_id)
    if row.user_id != g.user.id:
        abort(403)
    try:
        if PressForm().validate():
            rules.withdraw(row.id, records.actor())
            flash("Your request is withdrawn. Nothing was changed.", "success")
    except rules.Refused as refusal:
        flash(str(refusal), "warning")
    return go(url_for("provider.requests.show", request_id=row.id))


@routes.get("/requests/<int:request_id>/files/<int:file_id>")
@requires(Can.SIGNED_IN)
def file(request_id: int, file_id: int):
    """A file that was sent with a request, always as an attachment."""
    one = next((f for f in rules.files_of(found(request_id)) if f.id == file_id), None) or abort(404)
    return handed_out(one)
