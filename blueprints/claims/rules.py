"""What may happen to a claim: drafted, submitted, taken back, questioned, decided, opened again (rule 8).

What an officer decides moves payments: deciding and opening again wait for their turn beside changes and
finalisations; everything that is done to one claim waits for what is being done to it. Whoever is second is told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from peewee import fn

import database
from blueprints import history, weeks
from blueprints.attachments import rules as attachments
from blueprints.attachments.rules import Upload
from blueprints.claims.sums import amount_of
from blueprints.facts import Fault, Faulty
from blueprints.settings import rules as settings
from blueprints.values import show_money
from models import (
    Claim,
    ClaimFile,
    ClaimItem,
    ClaimPost,
    ClaimState,
    Client,
    File,
    PaymentItem,
    db,
    utc_now,
)

LONGEST = 8000
MOST_FILES = 20  # of an item


class Refused(ValueError):
    """Something that cannot be done to a claim; the message says why, and nothing was changed."""


class Overtaken(Refused):
    """Somebody else was faster; the message says who and what."""


def moment(at: dt.datetime) -> str:
    """`14:30 on 14/10/2026`, in London."""
    return f"{weeks.london(at):%H:%M on %d/%m/%Y}"


def about(claim: Claim) -> tuple[str, int]:
    """The claim as the trail names it."""
    return ("claim", claim.id)


def record(by: history.Actor, what: str, claim: Claim, before: dict | None = None, after: dict | None = None) -> None:
    """Write what was done to a claim into its history."""
    history.record(by, what, about(claim), before or {}, after or {}, organisation=claim.organisation_id)


def turn(claim: Claim | int) -> Claim:
    """Wait for what is being done to the claim, then the claim as it is. Raises Refused where it is gone."""
    ident = getattr(claim, "id", claim)
    database.serialise(db, f"claim {ident}")
    now = Claim.get_or_none(Claim.id == ident)
    if now is None:
        raise Overtaken("This claim has been cancelled meanwhile. Nothing was changed.")
    return now


def is_as_shown(now: Claim, version: int | None) -> None:
    """Raise Overtaken where somebody else has changed the claim since the person looked."""
    if version is None or now.version == version:
        return
    raise Overtaken(f"{told(now)} Nothing was changed: look at the claim as it is now.")


def told(now: Claim) -> str:
    """Who changed a claim last, in a sentence."""
    last = history.of_many("claim", [now.id], 1)
    if not last:
        return "Somebody else has changed this claim while you had it open."
    return f"{last[0]['by']} changed this claim at {moment(last[0]['at'])} ({last[0]['what'].lower()})."


def draft(claim: Claim | int, version: int | None = None) -> Claim:
    """The claim, which must be a draft. Raises Refused."""
    now = turn(claim)
    if not now.is_draft:
        raise Overtaken(f"{told(now)} It is {now.state.lower()}, so it cannot be changed any more.")
    is_as_shown(now, version)
    return now


def pending(claim: Claim | int, version: int | None = None) -> Claim:
    """The claim, which must wait for a decision. Raises Refused."""
    now = turn(claim)
    if now.is_draft:
        raise Overtaken("The provider has taken this claim back. Nothing was changed.")
    if not now.is_pending:
        when = f" at {moment(now.decided_at)}" if now.decided_at else ""
        raise Overtaken(f"{now.decided_by} {now.state.lower()} this claim{when}. Nothing was done twice.")
    is_as_shown(now, version)
    return now


def touch(claim: Claim, **facts) -> None:
    """Write a claim's facts and count its version on."""
    for name, value in facts.items():
        setattr(claim, name, value)
    claim.version += 1
    claim.save()


# the provider's half ---------------------------------------------------------------------------------------------------


def begin(service, notes: str, by: history.Actor, today: dt.date, reuse: bool = False) -> Claim:
    """Begin a claim for a service; a draft, which the authority does not see (P-03, P-13).

    With `reuse` an empty draft of the same person is taken up again: a press twice makes one.
    """
    with db.atomic():
        if reuse and (known := empty_draft(service, by)):
            return known
        made = Claim.create(
            organisation=service.organisation_id, service=service, claimed_on=today, claimant=by.name, notes=notes
        )
        record(by, "Began a claim", made, {}, {"service": service.name, "notes": notes})
    return made


def empty_draft(service, by: history.Actor) -> Claim | None:
    """A draft of the person for the service that has no items and no notes, the latest."""
    items = ClaimItem.select(ClaimItem.id).where(ClaimItem.claim == Claim.id)
    mine = (Claim.service == service) & (Claim.state == ClaimState.UNSUBMITTED) & (Claim.claimant == by.name)
    query = Claim.select().where(mine & (Claim.notes == "") & ~fn.EXISTS(items))
    return query.order_by(Claim.id.desc()).first()


def change_notes(claim: Claim, notes: str, version: int, by: history.Actor) -> None:
    """Change the notes of a draft. Raises Refused."""
    with db.atomic():
        now = draft(claim, version)
        if now.notes != notes:
            record(by, "Changed the notes", now, {"notes": now.notes}, {"notes": notes})
            touch(now, notes=notes)


ITEM_FIELDS = (
    "contract", "client", "level", "description", "quantity", "unit_cost", "stay_first", "stay_last", "found_first",
    "found_last", "dates_reason", "worked_out", "working", "amount_reason",
)  # fmt: skip


def save_item(
    claim: Claim, item: ClaimItem | None, facts: Mapping[str, Any], files: Sequence[Upload], version: int | None,
    by: history.Actor,
) -> ClaimItem:  # fmt: skip
    """Add an item to a draft, or change one; `facts` have been checked (items.check). Raises Refused, Faulty."""
    with db.atomic():
        now = draft(claim, version)
        before = {}
        if item is None:
            item = ClaimItem(claim=now, organisation=now.organisation_id)
        else:
            item = ClaimItem.get_or_none((ClaimItem.id == item.id) & (ClaimItem.claim == now))
            if item is None:
                raise Overtaken("This item has been taken off the claim meanwhile. Nothing was changed.")
            before = described(item)
        new = not item.id
        for name in ITEM_FIELDS:
            if name in facts:
                setattr(item, name, facts[name])
        item.claimed = item.amount = amount_of(item.quantity, item.unit_cost)
        item.save()
        touch(now)
        record(by, "Added an item" if new else "Changed an item", now, before, described(item))
        attach(now, item, files, by)
    return item


def take_item(claim: Claim, item: ClaimItem, by: history.Actor) -> bool:
    """Take an item off a draft, with its evidence. False where it was gone already. Raises Refused."""
    with db.atomic():
        now = draft(claim)
        found = ClaimItem.get_or_none((ClaimItem.id == item.id) & (ClaimItem.claim == now))
        if found is None:
            return False
        record(by, "Took an item off", now, described(found), {})
        drop_files([found.id])
        found.delete_instance()
        touch(now)
    return True


def cancel(claim: Claim, version: int | None, by: history.Actor) -> None:
    """Cancel a draft: it is gone, its history stays in the audit trail. Raises Refused."""
    with db.atomic():
        now = draft(claim, version)
        items = list(now.items)
        record(
            by, "Cancelled the claim", now,
            {"service": now.service.name, "notes": now.notes, "amount": sum(i.claimed for i in items)}, {},
        )  # fmt: skip
        for item in items:
            record(by, "Took an item off", now, described(item), {})
        drop_files([item.id for item in items])
        now.delete_instance(recursive=True)


def drop_files(items: Sequence[int]) -> None:
    """Drop the evidence of items that go."""
    files = [ident for (ident,) in ClaimFile.select(ClaimFile.file).where(ClaimFile.item.in_(items)).tuples()]
    ClaimFile.delete().where(ClaimFile.item.in_(items)).execute()
    File.delete().where(File.id.in_(files)).execute()


def described(item: ClaimItem) -> dict:
    """An item for the trail."""
    return {
        "client": Client.select(Client.ssref).where(Client.id == item.client_id).scalar(),
        "description": item.description,
        "quantity": item.quantity,
        "unit_cost": item.unit_cost,
        "claimed": item.claimed,
        "stay_first": item.stay_first,
        "stay_last": item.stay_last,
        "dates_reason": item.dates_reason,
        "worked_out": item.worked_out,
        "amount_reason": item.amount_reason,
    }


def submit(
    claim: Claim, faults: Callable[[Claim], Sequence[str]], version: int | None, by: history.Actor, today: dt.date
) -> bool:  # fmt: skip
    """Submit a draft: from then on the provider cannot change it (P-11). False where it was submitted already.

    `faults` says what is wrong with the claim as it is now. Raises Refused.
    """
    with db.atomic():
        now = turn(claim)
        if not now.is_draft:
            return False
        is_as_shown(now, version)
        if wrong := faults(now):
            raise Refused(" ".join(wrong))
        touch(
            now, state=ClaimState.PENDING, claimed_on=today, claimant=by.name, submitted_at=utc_now(), asked_at=None,
            decided_at=None, decided_by="",
        )  # fmt: skip
        total = sum(item.claimed for item in now.items)
        record(
            by, "Submitted the claim", now, {"state": ClaimState.UNSUBMITTED}, {"state": now.state, "claimed": total}
        )
    return True


def take_back(claim: Claim, version: int | None, by: history.Actor) -> None:
    """Take a submitted claim back while nobody has decided it: it is a draft again. Raises Refused."""
    with db.atomic():
        now = pending(claim, version)
        touch(now, state=ClaimState.UNSUBMITTED, submitted_at=None, asked_at=None)
        undecide(now)
        record(by, "Took the claim back", now, {"state": ClaimState.PENDING}, {"state": now.state})


def add_evidence(
    claim: Claim, item: ClaimItem | None, text: str, files: Sequence[Upload], by: history.Actor
) -> bool:  # fmt: skip
    """Add words and files to a claim that waits (P-26); what the authority asked for is then given.

    False where neither came. Raises Refused: decided meanwhile; Faulty: a file of a kind that is not taken.
    """
    if not text and not files:
        return False
    with db.atomic():
        now = pending(claim)
        if text:
            ClaimPost.create(claim=now, organisation=now.organisation_id, by_officer=False, text=text, by=by.name)
            record(by, "Added to the claim", now, {}, {"said": text})
        if files:
            attach(now, item or now.items.get(), files, by)
        touch(now, asked_at=None)
    return True


def attach(claim: Claim, item: ClaimItem, files: Sequence[Upload], by: history.Actor) -> None:
    """Keep files with an item. Raises Faulty."""
    if not files:
        return
    if len(files) + ClaimFile.select().where(ClaimFile.item == item).count() > MOST_FILES:
        raise Faulty([Fault("files", f"Choose fewer files: an item has at most {MOST_FILES}")])
    for upload in files:
        try:
            kept = attachments.keep_document(upload, "claim", claim.organisation_id, by.user_id, settings.read())
        except attachments.Unfit as refusal:
            words = str(refusal)
            name = attachments.plain_name(upload.filename)
            raise Faulty([Fault("files", f"{name}: {words[0].lower()}{words[1:]}")]) from None
        ClaimFile.create(item=item, organisation=claim.organisation_id, file=kept, by=by.name)
        record(by, "Added evidence", claim, {}, {"file": kept.name})


def take_file(claim: Claim, file: ClaimFile, by: history.Actor) -> bool:
    """Take a file off a draft. False where it was gone already. Raises Refused."""
    with db.atomic():
        now = draft(claim)
        found = ClaimFile.get_or_none(ClaimFile.id == file.id)
        if found is None:
            return False
        name, kept = found.file.name, found.file_id
        found.delete_instance()
        File.delete().where(File.id == kept).execute()
        touch(now)
        record(by, "Took evidence off", now, {"file": name}, {})
    return True


# the authority's half --------------------------------------------------------------------------------------------------


class Decided(NamedTuple):
    """What an officer makes of an item: in or left out, quantity, unit cost, a note for the provider."""

    included: bool
    quantity: int
    unit_cost: int
    notes: str


def ask(claim: Claim, text: str, version: int | None, by: history.Actor) -> None:
    """Ask for more evidence: the claim stays pending and waits for the provider (P-26). Raises Refused."""
    with db.atomic():
        now = pending(claim, version)
        ClaimPost.create(claim=now, organisation=now.organisation_id, by_officer=True, text=text, by=by.name)
        touch(now, asked_at=utc_now())
        record(by, "Asked for more evidence", now, {}, {"said": text})


def save_decided(
    claim: Claim, items: Mapping[int, Decided], notes: str, version: int | None, by: history.Actor
) -> None:  # fmt: skip
    """Keep what an officer makes of a pending claim, not decided yet (P-16). Raises Refused, Faulty."""
    with db.atomic():
        now = pending(claim, version)
        if write_decided(now, items, notes, by):
            touch(now)


def write_decided(now: Claim, items: Mapping[int, Decided], notes: str, by: history.Actor) -> bool:
    """Write the authority's figures beside the claimed ones, with their history. Whether anything differs."""
    found = {item.id: item for item in now.items}
    if set(items) != set(found):
        raise Overtaken("The items of this claim have changed while you had it open. Nothing was changed.")
    changed = False
    for ident, decided in items.items():
        item = found[ident]
        same = (decided.quantity, decided.unit_cost) == (item.quantity, item.unit_cost)
        after = {
            "decided_quantity": None if same else decided.quantity,
            "decided_unit_cost": None if same else decided.unit_cost,
            "included": decided.included,
            "amount": amount_of(decided.quantity, decided.unit_cost) if decided.included else 0,
            "authority_notes": decided.notes,
        }
        before = {name: getattr(item, name) for name in after}
        if before == after:
            continue
        for name, value in after.items():
            setattr(item, name, value)
        item.save()
        changed = True
        who = {"client": Client.select(Client.ssref).where(Client.id == item.client_id).scalar()}
        record(by, "Changed what is paid", now, {**who, **before}, {**who, **after})
    if now.authority_notes != notes:
        record(by, "Changed the local authority notes", now, {"authority_notes": now.authority_notes},
               {"authority_notes": notes})  # fmt: skip
        now.authority_notes = notes
        changed = True
    return changed


def decide(
    claim: Claim, accept: bool, items: Mapping[int, Decided], notes: str, version: int | None, by: history.Actor
) -> Claim:  # fmt: skip
    """Accept a pending claim, which is then paid in its contracts' oldest current periods, or reject it (rules 7.4, 8.1).

    Raises Overtaken: decided, taken back or changed meanwhile; Faulty: nothing to pay, or rejected without a note.
    """
    with db.atomic():
        database.serialise(db, "settle")  # a period that is being finalised lists it wholly or not at all
        now = pending(claim, version)
        if not accept and not notes:
            raise Faulty([Fault("notes", "Enter the reason in the local authority notes: the provider reads it")])
        write_decided(now, items, notes, by)
        total = sum(item.amount for item in now.items)
        if accept and not total:
            raise Faulty(
                [Fault("", "Nothing of this claim would be paid. Include an item with an amount, or reject it")]
            )
        state = ClaimState.ACCEPTED if accept else ClaimState.REJECTED
        touch(now, state=state, decided_at=utc_now(), decided_by=by.name, asked_at=None)
        after = {"state": state, "amount": total} if accept else {"state": state}
        record(by, f"{state} the claim", now, {"state": ClaimState.PENDING}, after)
    return now


def paid_items(claim: Claim) -> set[int]:
    """The items that a finalised period has paid."""
    idents = [i for (i,) in ClaimItem.select(ClaimItem.id).where(ClaimItem.claim == claim).tuples()]
    return {i for (i,) in PaymentItem.select(PaymentItem.claim).where(PaymentItem.claim.in_(idents)).tuples()}


def reopen(claim: Claim, reason: str, version: int | None, by: history.Actor) -> Claim:
    """Open a decided claim again, which no finalised period has paid: it is pending, as it was. Raises Refused."""
    with db.atomic():
        database.serialise(db, "settle")
        now = turn(claim)
        if now.is_draft or now.is_pending:
            raise Overtaken("This claim is open already. Nothing was changed.")
        is_as_shown(now, version)
        if paid_items(now):
            raise Refused(
                "A finalised period has paid this claim, so it cannot be decided again. "
                "What was paid wrongly is put right by a manual adjustment."
            )
        before = now.state
        touch(now, state=ClaimState.PENDING, decided_at=None, decided_by="")
        record(by, "Opened the claim again", now, {"state": before}, {"state": now.state, "reason": reason})
    return now


def undecide(claim: Claim) -> None:
    """Put the authority's figures back to what was claimed: a claim that is taken back is judged afresh."""
    for item in claim.items:
        item.decided_quantity = item.decided_unit_cost = None
        item.included, item.amount = True, item.claimed
        item.save()


def amounts(items: Iterable[ClaimItem]) -> tuple[int, int]:
    """Pence claimed and pence as decided, of items."""
    items = list(items)
    return sum(item.claimed for item in items), sum(item.amount for item in items)


def in_words(claim: Claim, items: Sequence[ClaimItem]) -> str:
    """`Accepted: £15.00 of £23.77` for messages."""
    claimed, amount = amounts(items)
    if claim.state == ClaimState.ACCEPTED and claimed != amount:
        return f"Accepted: {show_money(amount)} of {show_money(claimed)}"
    return f"{claim.state}: {show_money(amount if claim.state == ClaimState.ACCEPTED else claimed)}"
