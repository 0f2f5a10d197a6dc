"""Change requests: sent, let through, accepted, rejected, withdrawn (rule 9). One mechanism for all kinds."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import database
from blueprints import history, mail
from blueprints.accounts import rules as accounts
from blueprints.requests import kinds
from blueprints.requests.kinds import Kind
from blueprints.settings import rules as settings
from models import ChangeRequest, File, RequestField, RequestFile, RequestState, Table, User, db, utc_now

MOST_COMMENT = 2000
NOTHING_CHANGED = "You have not changed anything, so nothing was sent"


class Refused(ValueError):
    """Something that cannot be done with a request; the message says why, and what to do."""


class Decided(Refused):
    """Somebody else was faster; the request is not pending any more."""


class Clash(NamedTuple):
    """A field that has changed since the request was made: the three values (rule 9.2)."""

    name: str
    label: str
    before: Any
    now: Any
    asked: Any


class Conflict(Refused):
    """The record has changed since; each of `clashes` must be chosen of."""

    def __init__(self, clashes: list[Clash]):
        self.clashes = clashes
        super().__init__("The record has changed since this was asked for. Choose which value to keep")


class Asked(NamedTuple):
    """One field of a request: as it was and as asked for; once decided, as it was applied."""

    name: str
    before: Any
    after: Any
    applied: Any = None
    is_applied: bool = False


def text(value: Any) -> str:
    """A value as a request keeps it."""
    return json.dumps(history.as_text(value), ensure_ascii=False, sort_keys=True)


def asked_of(request: ChangeRequest) -> list[Asked]:
    """The fields of a request, in the order of its kind."""
    return asked_of_many([request])[request.id]


def asked_of_many(requests: Iterable[ChangeRequest]) -> dict[int, list[Asked]]:
    """The fields of several requests by request, each in the order of its kind: one query."""
    requests = list(requests)
    found: dict[int, list[Asked]] = {request.id: [] for request in requests}
    for row in RequestField.select().where(RequestField.request.in_(list(found))) if found else ():
        found[row.request_id].append(
            Asked(
                row.name,
                json.loads(row.before),
                json.loads(row.after),
                json.loads(row.applied) if row.applied is not None else None,
                row.applied is not None,
            )
        )
    for request in requests:
        order = [field.name for field in kinds.of(request.kind).fields]
        found[request.id].sort(key=lambda one: order.index(one.name) if one.name in order else len(order))
    return found


# asking ----------------------------------------------------------------------------------------------------------------


def is_on(kind: Kind, now: settings.Settings) -> bool:
    """The authority takes requests of this kind (F-12)."""
    return kind.name not in now.requests_with("off")


def send(
    kind: Kind,
    row,
    wanted: Mapping[str, Any],
    by: history.Actor,
    organisation: int,
    comment: str = "",
    documents: Iterable = (),
) -> ChangeRequest:
    """Ask for a change: the fields of `wanted` that differ from the record (rule 9.1). Raises Refused.

    The same request pressed twice is one. Where the authority lets this kind through, it is applied at once.
    `documents` are functions that keep a file in this transaction.
    """
    now = settings.read()
    if not is_on(kind, now):
        raise Refused(f"{now.authority_name} does not take this kind of request in the portal")
    with db.atomic():
        database.serialise(db, f"requests {organisation}")
        before = {} if kind.is_new else {n: history.as_text(v) for n, v in kind.facts(row).items()}
        cleaned = {n: history.as_text(v) for n, v in kind.clean(row, dict(wanted)).items()}
        empty = ("", None, [], False)
        changed = {
            n: v for n, v in cleaned.items() if (v not in empty if kind.is_new and n not in before else v != before[n])
        }
        if not changed:
            raise Refused(NOTHING_CHANGED)
        if problems := kind.problems(row, cleaned if kind.is_new else changed):
            raise Refused(". ".join(problems))
        about = kind.about(row, changed)
        digest = hashlib.sha256(text([kind.name, about.thing, by.user_id, changed, comment]).encode()).hexdigest()
        same = ChangeRequest.get_or_none(
            (ChangeRequest.organisation == about.organisation)
            & (ChangeRequest.digest == digest)
            & (ChangeRequest.state == RequestState.PENDING)
        )
        if same:
            return same
        request = ChangeRequest.create(
            kind=kind.name, organisation=about.organisation, service=about.service, contract=about.contract,
            contact=about.contact, thing=about.thing, thing_name=about.name, comment=comment, user=by.user_id,
            by=by.name, digest=digest,
        )  # fmt: skip
        for name, value in changed.items():
            RequestField.create(request=request, name=name, before=text(before.get(name)), after=text(value))
        for keep in documents:
            RequestFile.create(request=request, file=keep())
        old, new = (
            {kind.field(n).label: shown(kind, n, values.get(n)) for n in changed} for values in (before, changed)
        )
        history.record(by, f"Asked for: {kind.title}", request, old, new)
        if kind.name in now.requests_with("at once"):
            _apply(request, kind, row, {}, {}, history.Actor(None, "Let through at once"), at_once=True)
    return request


def shown(kind: Kind, name: str, value: Any) -> str:
    """A value in words, on one line."""
    words = kind.words(kind.field(name), value)
    return words if isinstance(words, str) else "; ".join(words)


def locked(request_id: int) -> ChangeRequest:
    """A request as it stands, which nobody else decides until the caller's transaction ends. Raises Refused if gone."""
    database.serialise(db, f"request {request_id}")
    request = ChangeRequest.get_or_none(ChangeRequest.id == request_id)
    if request is None:
        raise Refused("This request is not there any more")
    return request


def pending_only(request: ChangeRequest) -> None:
    """Say who was faster, unless the request waits. Raises Decided."""
    if request.is_pending:
        return
    what = {
        RequestState.APPROVED: "accepted", RequestState.REJECTED: "rejected", RequestState.WITHDRAWN: "withdrawn",
    }[RequestState(request.state)]  # fmt: skip
    raise Decided(f"{request.decided_by} has {what} this request already. Nothing was changed now")


def withdraw(request_id: int, by: history.Actor) -> ChangeRequest:
    """Take a request back while it waits (rule 9.2). Raises Decided; Refused for anybody but who asked."""
    with db.atomic():
        request = locked(request_id)
        if request.user_id != by.user_id or by.user_id is None:
            raise Refused("Only the person who asked can withdraw a request")
        if request.state == RequestState.WITHDRAWN:
            return request
        pending_only(request)
        _decide(request, RequestState.WITHDRAWN, by, told=True)
    return request


# deciding --------------------------------------------------------------------------------------------------------------


def clashes(request: ChangeRequest, kind: Kind, row) -> list[Clash]:
    """The fields of a request that have changed since it was made, to another value than the one asked for (rule 9.2)."""
    if kind.is_new or row is None:
        return []
    now = {name: history.as_text(value) for name, value in kind.facts(row).items()}
    return [
        Clash(one.name, kind.field(one.name).label, one.before, now[one.name], one.after)
        for one in asked_of(request)
        if one.name in now and now[one.name] != one.before and now[one.name] != one.after
    ]


def accept(
    request_id: int,
    by: history.Actor,
    chosen: Mapping[str, str] | None = None,
    seen: Mapping[str, Any] | None = None,
    instead: Mapping[str, Any] | None = None,
) -> ChangeRequest:
    """Accept a request and apply it, in one transaction (rule 9.2).

    `chosen` says `now` or `asked` for each field that has changed since, `seen` what it was when that was chosen, and
    `instead` holds other values that the kind lets the authority choose. Raises Decided, Conflict, Refused.
    """
    with db.atomic():
        request = locked(request_id)
        pending_only(request)
        kind = kinds.of(request.kind)
        if not kind.is_known:
            raise Refused(kinds.NO_LONGER_KNOWN)
        row = kind.get(request)
        if row is None:
            raise Refused(
                f"{request.thing_name or 'The record'} is not there any more, so nothing can be applied. Reject the request"
            )
        open_clashes = [
            clash
            for clash in clashes(request, kind, row)
            if (chosen or {}).get(clash.name) not in ("now", "asked") or (seen or {}).get(clash.name) != clash.now
        ]
        if open_clashes:
            raise Conflict(clashes(request, kind, row))
        _apply(request, kind, row, chosen or {}, instead or {}, by)
    return request


def _apply(request: ChangeRequest, kind: Kind, row, chosen, instead, by: history.Actor, at_once: bool = False) -> None:
    """Apply what is asked for, but what was chosen to stay; note what was found and what was applied."""
    now = {} if kind.is_new else {name: history.as_text(value) for name, value in kind.facts(row).items()}
    allowed = kind.alternatives()
    applied = {}
    for one in asked_of(request):
        value = one.after
        if one.name in instead and instead[one.name] in [option for option, _ in allowed.get(one.name, ())]:
            value = instead[one.name]
        if chosen.get(one.name) != "now":
            applied[one.name] = value
    if problems := kind.problems(row, applied):
        raise Refused(". ".join(problems))
    try:
        thing = kind.apply(request, row, applied, by)
    except ValueError as refusal:  # of the rules of the record's area
        raise Refused(str(refusal)) from refusal
    for one in asked_of(request):
        RequestField.update(
            found=text(now.get(one.name)), applied=text(applied[one.name]) if one.name in applied else None
        ).where((RequestField.request == request) & (RequestField.name == one.name)).execute()
    if kind.is_new:
        request.thing = thing
    request.at_once = at_once
    _decide(request, RequestState.APPROVED, by)


def reject(request_id: int, by: history.Actor, reason: str, remarks: str = "") -> ChangeRequest:
    """Reject a request with a reason of the authority's list (rule 9.2, F-14). Raises Decided, Refused."""
    if reason not in settings.read().rejection_reasons:
        raise Refused("Choose a reason from the list")
    with db.atomic():
        request = locked(request_id)
        pending_only(request)
        request.reason, request.remarks = reason, remarks
        _decide(request, RequestState.REJECTED, by)
    return request


def _decide(request: ChangeRequest, state: RequestState, by: history.Actor, told: bool = False) -> None:
    """Note who decided what and when; the requester is told of it."""
    request.state, request.decided_at, request.decided_by = state, utc_now(), by.name
    if told or request.at_once:
        request.told_at = request.decided_at
    request.save()
    words = {"Approved": "Accepted", "Rejected": "Rejected", "Withdrawn": "Withdrew"}[state]
    title = kinds.of(request.kind).title
    more = {"reason": request.reason, "remarks": request.remarks} if request.reason else {}
    history.record(by, f"{words}: {title}", request, {"state": RequestState.PENDING}, {"state": state, **more})
    if request.told_at is None and state != RequestState.WITHDRAWN and request.user_id not in (None, by.user_id):
        mail.send("request-decided", request.user_id, request.id)


@mail.kind("request-decided", "Change request decided", "Your request has been decided", can_wait=True)
def decision_letter(letter: mail.Letter) -> dict | None:
    """The mail about a decision (rule 9.2): of which kind the request was, accepted or rejected; no name and no value."""
    request = ChangeRequest.get_or_none(ChangeRequest.id == letter.about)
    if request is None or request.state not in (RequestState.APPROVED, RequestState.REJECTED):
        return None
    words = {RequestState.APPROVED: "accepted", RequestState.REJECTED: "rejected"}[request.state]
    return {"words": words, "kind": kinds.of(request.kind).title, "reason": request.reason,
            "link": letter.link(f"/provider/requests/{request.id}")}  # fmt: skip


def _pending_of(user: User):
    return (ChangeRequest.user == user) & (ChangeRequest.state == RequestState.PENDING)


accounts.WORK.append(  # a colleague is told of the decision, and may withdraw; who asked stays in `by`
    accounts.Work(
        "change request that waits",
        "change requests that wait",
        lambda user: ChangeRequest.select().where(_pending_of(user)).count(),
        lambda user, to: ChangeRequest.update(user=to).where(_pending_of(user)).execute(),
    )
)


def told(request: ChangeRequest) -> None:
    """Note that the person who asked has opened what was decided: the home page says it no more."""
    if request.told_at is None and not request.is_pending:
        with history.seen():
            ChangeRequest.update(told_at=utc_now()).where(ChangeRequest.id == request.id).execute()


# what is pending, and what was approved --------------------------------------------------------------------------------


def pending_for(reach, names: Iterable[str], things: Iterable[int]) -> dict[int, list[ChangeRequest]]:
    """The pending requests within reach for these records, by record, oldest first."""
    found: dict[int, list[ChangeRequest]] = defaultdict(list)
    query = ChangeRequest.visible_to(reach).where(
        (ChangeRequest.state == RequestState.PENDING)
        & ChangeRequest.kind.in_(list(names))
        & ChangeRequest.thing.in_(list(things))
    )
    for request in query.order_by(ChangeRequest.sent_at, ChangeRequest.id):
        found[request.thing].append(request)
    return found


def pending_values(requests: Iterable[ChangeRequest]) -> dict[str, list[Any]]:
    """The values that pending requests ask for, by field, oldest first (rule 9.3)."""
    requests = list(requests)
    asked = asked_of_many(requests)
    found: dict[str, list[Any]] = defaultdict(list)
    for request in requests:
        for one in asked[request.id]:
            found[one.name].append(one.after)
    return found


def told_counts(user_id: int) -> dict[str, int]:
    """How many of one's own requests were rejected, and approved, and not looked at since (C-04)."""
    rows = (
        ChangeRequest.select(ChangeRequest.state)
        .where((ChangeRequest.user == user_id) & ChangeRequest.told_at.is_null() & ~ChangeRequest.at_once)
        .tuples()
    )
    found: dict[str, int] = defaultdict(int)
    for (state,) in rows:
        found[state] += 1
    return found


def months_ago(day: dt.date, months: int) -> dt.date:
    """The same day so many months before, or the month's last."""
    number = day.year * 12 + day.month - 1 - months
    year, month = divmod(number, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return dt.date(year, month + 1, last)
        except ValueError:
            continue
    raise ValueError(f"{months} months before {day}")


class Kept(NamedTuple):
    """An approved change that a file may not undo by itself: the value, the request, and whose they are (rule 9.2)."""

    value: Any
    request: int
    asked_by: str
    decided_by: str
    decided_at: dt.datetime


def approved(model: type[Table]) -> dict[tuple[int, str], Kept]:
    """The approved changes of a table's records, by record and field, that no file has agreed with yet (rule 9.2)."""
    names = [kind.name for kind in kinds.every().values() if kind.model is model and not kind.is_new]
    if not names:
        return {}
    rows = (
        RequestField.select(
            ChangeRequest.thing, RequestField.name, RequestField.applied, RequestField.agreed_at, ChangeRequest.id,
            ChangeRequest.by, ChangeRequest.decided_by, ChangeRequest.decided_at,
        )
        .join(ChangeRequest)
        .where(
            ChangeRequest.kind.in_(names)
            & (ChangeRequest.state == RequestState.APPROVED)
            & RequestField.applied.is_null(False)
        )
        .order_by(ChangeRequest.decided_at, ChangeRequest.id)
        .tuples()
    )  # fmt: skip
    found: dict[tuple[int, str], Kept] = {}
    for thing, name, applied, agreed, ident, asked_by, decided_by, at in rows:
        found.pop((thing, name), None)
        if agreed is None:
            found[thing, name] = Kept(json.loads(applied), ident, asked_by, decided_by, at)
    return found


def agree(pairs: Iterable[tuple[int, str]]) -> None:
    """A file has these approved values, by request and field: from now on a file may change them (rule 9.2)."""
    now = utc_now()
    for request, name in pairs:
        RequestField.update(agreed_at=now).where(
            (RequestField.request == request) & (RequestField.name == name)
        ).execute()


def files_of(request: ChangeRequest) -> list[File]:
    """The files that were sent with a request."""
    return list(File.select().join(RequestFile).where(RequestFile.request == request).order_by(File.id))
