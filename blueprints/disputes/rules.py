"""What may happen to a dispute: raised, answered, resolved, reopened; and its rows held from payment (Q, rule 7.5).

Raising and resolving wait for their turn beside changes and finalisations, because they may hold payments and release
them. Whoever is second is told.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple

import database
from blueprints import history, weeks
from blueprints.disputes import subjects
from blueprints.disputes.subjects import Subject
from blueprints.facts import Fault, Faulty
from blueprints.holds import rules as holds
from blueprints.packages.rules import day
from blueprints.payments import rules as payments
from blueprints.payments.rules import Key
from models import (
    Contract,
    Dispute,
    DisputeRow,
    DisputeState,
    Hold,
    ItemKind,
    ItemState,
    Package,
    PaymentBasis,
    db,
    utc_now,
)

LONGEST = 8000


class Refused(ValueError):
    """Something that cannot be done to a dispute; the message says why, and nothing was changed."""


class Overtaken(Refused):
    """Somebody else was faster; the message says who and what."""


def moment(at: dt.datetime) -> str:
    """`14:30 on 14/10/2026`, in London."""
    return f"{weeks.london(at):%H:%M on %d/%m/%Y}"


def record(
    by: history.Actor, what: str, dispute: Dispute, before: dict | None = None, after: dict | None = None
) -> None:
    """Write what was done to a dispute into its history."""
    history.record(by, what, ("dispute", dispute.id), before or {}, after or {}, organisation=dispute.organisation_id)


# raising ---------------------------------------------------------------------------------------------------------------


class Raised(NamedTuple):
    """The disputes that were raised, and how many rows were left out since they are in an open dispute already."""

    disputes: list[Dispute]
    left_out: int


def reasons(settings) -> dict[str, str]:
    """The authority's reasons in its order, each with its explanation (Q-10, Q-11)."""
    lines = (line.partition(":") for line in settings.dispute_reasons)
    return {name.strip(): explanation.strip() for name, _, explanation in lines}


def check(reason: str, details: str, due: dt.date | None, known: Container[str], today: dt.date) -> list[Fault]:
    """What is wrong with a dispute's facts."""
    faults = []
    if not reason:
        faults.append(Fault("reason", "Choose the reason"))
    elif reason not in known:
        faults.append(Fault("reason", "Choose the reason from the list"))
    if len(details) > LONGEST:
        faults.append(Fault("details", f"The details must be {LONGEST:,} characters or fewer"))
    if due is None:
        faults.append(Fault("due", "Enter the date by which the provider is to answer"))
    elif due < today:
        faults.append(Fault("due", f"Enter a date from {today:%d/%m/%Y} on"))
    return faults


def raise_disputes(
    wanted: Sequence[Subject], reason: str, details: str, due: dt.date, by: history.Actor, hold: bool
) -> Raised:  # fmt: skip
    """Raise disputes about rows: one for each client and service; one transaction. `hold` holds their payment.

    Rows that are in an open dispute already are left out. Raises Refused where none is left.
    """
    with db.atomic():
        database.serialise(db, "settle")
        open_ones = subjects.disputed(
            (s.visit for s in wanted if s.visit), ((s.package, s.week) for s in wanted if not s.visit)
        )
        fresh = [subject for subject in wanted if subject.key not in open_ones]
        if not fresh:
            raise Refused("All of these are in a dispute already. Nothing was raised twice.")
        groups: dict[tuple, list[Subject]] = {}
        for subject in fresh:
            groups.setdefault(subject.owner, []).append(subject)
        made = [_raise(group, reason, details, due, by, hold) for group in groups.values()]
    return Raised(made, len(wanted) - len(fresh))


def _raise(group: Sequence[Subject], reason: str, details: str, due: dt.date, by: history.Actor, hold: bool) -> Dispute:
    one = group[0]
    dispute = Dispute.create(
        organisation=one.organisation, service=one.service, client=one.client, client_words=one.client_words,
        reason=reason, details=details, first=min(s.first for s in group), last=max(s.last for s in group), due=due,
        raised_by=by.name,
    )  # fmt: skip
    for subject in group:
        DisputeRow.create(
            dispute=dispute, organisation=one.organisation, visit=subject.visit, package=subject.package,
            week=subject.week, was=json.dumps(subject.figures, ensure_ascii=False),
        )  # fmt: skip
    record(
        by, "Raised the dispute", dispute, {},
        {"reason": reason, "details": details, "due": due, "rows": ", ".join(s.title for s in group)},
    )  # fmt: skip
    if hold:
        hold_rows(dispute, by)
    return dispute


# holding (rule 7.5) ----------------------------------------------------------------------------------------------------


def hold_rows(dispute: Dispute, by: history.Actor) -> int:
    """Hold the payment of a dispute's rows, each package's week; returns how many are held.

    What an officer holds by hand stays as it is. Inside the caller's transaction, which has its turn.
    """
    rows = list(DisputeRow.select().where((DisputeRow.dispute == dispute) & DisputeRow.package.is_null(False)))
    contracts: dict[int, list[DisputeRow]] = {}
    for row in rows:
        contracts.setdefault(Package.select(Package.contract).where(Package.id == row.package_id).scalar(), []).append(
            row
        )
    held = 0
    for ident, own in contracts.items():
        contract = Contract.get_by_id(ident)
        if contract.payment_basis == PaymentBasis.INVOICE:
            continue
        known = payments.holds_of(contract)
        keys = {Key(row.package_id, day(row.week), str(ItemKind.COST), None) for row in own}
        new = [holds.Line(key, None, known.get(key)) for key in keys if key not in known or known[key].is_released]
        if new:
            holds.write(new, ItemState.SUSPENDED, f"In dispute: {dispute.reason}", contract, by)
            known = payments.holds_of(contract)
        others = _held_by_disputes(k.id for k in known.values())
        written = {line.key for line in new}
        for row in own:
            key = Key(row.package_id, day(row.week), str(ItemKind.COST), None)
            if key in written or known[key].id in others:
                row.hold, row.hold_version = known[key].id, known[key].version
                row.save()
                held += 1
    return held


def _held_by_disputes(idents: Iterable[int]) -> set[int]:
    """Which holds stand for an open dispute, unchanged since."""
    query = (
        DisputeRow.select(DisputeRow.hold).join(Dispute).switch(DisputeRow).join(Hold)
        .where(
            (Dispute.state != DisputeState.RESOLVED) & DisputeRow.hold.in_(list(idents))
            & (Hold.version == DisputeRow.hold_version)
        )
    )  # fmt: skip
    return {ident for (ident,) in query.tuples()}


def release_rows(dispute: Dispute, by: history.Actor) -> int:
    """Release what a dispute held, unless another open dispute or an officer holds it; returns how many."""
    rows = list(DisputeRow.select().where((DisputeRow.dispute == dispute) & DisputeRow.hold.is_null(False)))
    DisputeRow.update(hold=None, hold_version=0).where(DisputeRow.dispute == dispute).execute()
    still = _held_by_disputes(row.hold_id for row in rows)
    shown = {}
    for row in rows:
        now = Hold.get_or_none(Hold.id == row.hold_id)
        if now and now.released_at is None and now.version == row.hold_version and now.id not in still:
            shown[now.id] = now.version
    return holds.release(shown, "The dispute is resolved", by) if shown else 0


# turns -----------------------------------------------------------------------------------------------------------------


def turn(dispute: Dispute | int, version: int | None = None) -> Dispute:
    """Wait for what is being done to the dispute, then the dispute as it is. Raises Overtaken where it was changed."""
    ident = getattr(dispute, "id", dispute)
    database.serialise(db, f"dispute {ident}")
    now = Dispute.get_by_id(ident)
    if version is not None and now.version != version:
        raise Overtaken(f"{told(now)} Nothing was changed: look at the dispute as it is now.")
    return now


def told(now: Dispute) -> str:
    """Who changed a dispute last, in a sentence."""
    last = history.of_many("dispute", [now.id], 1)
    if not last:
        return "Somebody else has changed this dispute while you had it open."
    return f"{last[0]['by']} changed this dispute at {moment(last[0]['at'])} ({last[0]['what'].lower()})."


def touch(dispute: Dispute, **facts) -> None:
    """Write a dispute's facts and count its version on."""
    for name, value in facts.items():
        setattr(dispute, name, value)
    dispute.version += 1
    dispute.save()


# the provider's half ---------------------------------------------------------------------------------------------------


def answer(dispute: Dispute, response: str, version: int | None, by: history.Actor) -> None:
    """Keep a response that is not sent yet. Raises Refused."""
    with db.atomic():
        now = turn(dispute)
        in_dispute(now)
        turn(now, version)
        if now.response != response:
            record(by, "Changed the response", now, {"response": now.response}, {"response": response})
            touch(now, response=response)


def in_dispute(now: Dispute) -> None:
    """Raise Overtaken unless the provider is to answer."""
    if now.state == DisputeState.REQUESTED:
        raise Overtaken(
            f"{now.requested_by} requested the resolution at {moment(now.requested_at)}. Nothing was sent twice."
        )
    if now.state == DisputeState.RESOLVED:
        raise Overtaken(f"{now.resolved_by} resolved this dispute at {moment(now.resolved_at)}. Nothing was changed.")


def request_resolution(
    dispute: Dispute, response: str, version: int | None, by: history.Actor, response_needed: bool
) -> None:  # fmt: skip
    """Ask for the resolution (Q-07). Without a response it is refused, unless the authority lets changed rows speak.

    Raises Overtaken, Faulty.
    """
    with db.atomic():
        now = turn(dispute)
        in_dispute(now)
        turn(now, version)
        if not response and (response_needed or not changed(now)):
            words = "Enter the response: what you found, and what you changed"
            raise Faulty([Fault("response", words)])
        before = {"state": now.state, "response": now.response}
        touch(now, state=DisputeState.REQUESTED, response=response, requested_at=utc_now(), requested_by=by.name)
        record(
            by, "Requested the resolution", now, before,
            {"state": now.state, "response": response, **changes_in_words(now)},
        )  # fmt: skip


def changed(dispute: Dispute) -> bool:
    """Whether a row of the dispute has other figures than when it was raised."""
    return bool(changes_in_words(dispute))


def changes_in_words(dispute: Dispute) -> dict[str, str]:
    """What has changed in the rows since the dispute was raised, by row, for the history."""
    rows = list(dispute.rows)
    now = subjects.of_rows(rows)
    found = {}
    for row in rows:
        subject = now.get(row.id)
        words = [
            f"{d.name}: {d.was or 'empty'} → {d.now or 'empty'}" for d in subjects.compare(row, subject) if d.differs
        ]
        if words and subject:
            found[subject.title] = "; ".join(words)
    return found


# the authority's half --------------------------------------------------------------------------------------------------


def change(
    dispute: Dispute, reason: str, details: str, due: dt.date, version: int | None, by: history.Actor
) -> None:  # fmt: skip
    """Change an open dispute's reason, details or due date. Raises Refused."""
    with db.atomic():
        now = turn(dispute, version)
        if not now.is_open:
            raise Overtaken("This dispute is resolved. Reopen it to change it.")
        before = {"reason": now.reason, "details": now.details, "due": day(now.due)}
        after = {"reason": reason, "details": details, "due": due}
        if before != after:
            touch(now, **after)
            record(by, "Changed the dispute", now, before, after)


def resolve(dispute: Dispute, remark: str, version: int | None, by: history.Actor) -> None:
    """Resolve a dispute, from either state; what it held is released (Q-08, rule 7.5). Raises Overtaken."""
    with db.atomic():
        database.serialise(db, "settle")
        now = turn(dispute)
        if not now.is_open:
            raise Overtaken(
                f"{now.resolved_by} resolved this dispute at {moment(now.resolved_at)}. Nothing was done twice."
            )
        turn(now, version)
        before = {"state": now.state}
        after = {"state": DisputeState.RESOLVED, "remark": remark, **changes_in_words(now)}
        touch(now, state=DisputeState.RESOLVED, resolved_at=utc_now(), resolved_by=by.name)
        record(by, "Resolved the dispute", now, before, after)
        release_rows(now, by)


def resolve_several(shown: Mapping[int, int], remark: str, by: history.Actor) -> tuple[int, int]:
    """Resolve disputes by id with the version that was shown; (resolved, passed over since they were changed) (Q-16)."""
    done = 0
    with db.atomic():
        database.serialise(db, "settle")
        for ident, version in sorted(shown.items()):
            now = Dispute.get_or_none(Dispute.id == ident)
            if now is None or now.version != version or not now.is_open:
                continue
            resolve(now, remark, version, by)
            done += 1
    return done, len(shown) - done


def reopen(
    dispute: Dispute, remark: str, due: dt.date, version: int | None, by: history.Actor, hold: bool
) -> None:  # fmt: skip
    """Back to In Dispute, with the remark added to the details (Q-08). Raises Overtaken."""
    with db.atomic():
        database.serialise(db, "settle")
        now = turn(dispute)
        if now.state == DisputeState.IN_DISPUTE:
            raise Overtaken(f"{told(now)} It is in dispute already. Nothing was done twice.")
        turn(now, version)
        before = {"state": now.state, "details": now.details, "due": day(now.due)}
        details = "\n".join(text for text in (now.details, remark) if text)
        after = {"state": DisputeState.IN_DISPUTE, "details": details, "due": due}
        touch(
            now, state=DisputeState.IN_DISPUTE, details=details, due=due, requested_at=None, requested_by="",
            resolved_at=None, resolved_by="",
        )  # fmt: skip
        record(by, "Reopened the dispute", now, before, after)
        if hold:
            hold_rows(now, by)
