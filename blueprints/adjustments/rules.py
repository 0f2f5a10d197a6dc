"""Manual adjustments: what an officer pays or takes back by hand (rule 7.4, R-14).

Each is an item of its own in its contract's oldest current period, until a finalisation settles it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import database
from blueprints import history
from blueprints.facts import Fault, Faulty, short
from blueprints.holds.rules import moment
from blueprints.payments import rules as payments
from models import (
    Client,
    Contract,
    Hold,
    ManualAdjustment,
    Package,
    PaymentBasis,
    PaymentItem,
    PaymentPeriod,
    db,
    utc_now,
)

MOST = 10_000_000_00  # pence: a larger one is a slip of the keyboard
LONGEST = 1000
FIELDS = ("contract", "client", "amount", "with_vat", "reason", "note")


class Refused(ValueError):
    """A manual adjustment that cannot be added, changed or taken away; the message says why."""


class Elsewhere(Refused):
    """The period that was shown is finalised: it would stand in another one now."""


def period_of(contract: Contract) -> PaymentPeriod:
    """Where a manual adjustment stands: the contract's oldest current period. Raises Refused where there is none."""
    if contract.payment_basis == PaymentBasis.INVOICE:
        raise Refused(f"{contract.name} is paid by invoice: the portal pays nothing under it.")
    oldest = payments.states([contract])[contract.id].oldest_current
    if oldest is None:
        raise Refused("Every payment period of this contract’s cycle is finalised. Add the periods that follow first.")
    return oldest


def check(contract: Contract, facts: Mapping[str, Any], reasons: list[str]) -> list[Fault]:
    """What is wrong with an adjustment: amount in pence, not nothing; a reason of the list; a note; a client of the
    contract or none."""
    faults = []
    if not facts["amount"]:
        faults.append(
            Fault("amount", "Enter an amount of £0.01 or more: an adjustment of nothing is not an adjustment")
        )
    elif abs(facts["amount"]) > MOST:
        faults.append(Fault("amount", "Enter an amount of at most £10,000,000.00"))
    if not facts["reason"]:
        faults.append(Fault("reason", "Choose the reason"))
    elif facts["reason"] not in reasons:
        faults.append(Fault("reason", "Choose the reason from the list"))
    if not facts["note"]:
        faults.append(Fault("note", "Enter the note: the provider reads it on the remittance"))
    elif len(facts["note"]) > LONGEST:
        faults.append(Fault("note", f"The note must be {LONGEST:,} characters or fewer"))
    if facts["client"] and not Package.select().where(
        (Package.contract == contract) & (Package.client == facts["client"])
    ):
        ssref = Client.get_by_id(facts["client"]).ssref
        faults.append(Fault("client", f"{short(ssref)} has no package under {contract.name}"))
    return faults


def client_of(contract: Contract, ssref: str) -> int | None:
    """The client of an SSRef. Raises Faulty where nobody of the contract has it."""
    if not ssref:
        return None
    found = (
        Client.select(Client.id).join(Package).where((Package.contract == contract) & (Client.ssref == ssref)).first()
    )
    if found is None:
        raise Faulty([Fault("client", f"Nobody with the SSRef {short(ssref)} has a package under {contract.name}")])
    return found.id


def add(
    contract: Contract, facts: Mapping[str, Any], reasons: list[str], period: int, key: str, by: history.Actor
) -> tuple[ManualAdjustment, bool]:
    """Add a manual adjustment; one transaction. It, and whether it is new: a form sent twice adds one.

    `facts`: client (id or None), amount in pence, with_vat, reason, note; `period` the id of the period that was shown,
    `key` the form's own. Raises Faulty, Elsewhere (the period is finalised now), Refused.
    """
    with db.atomic():
        database.serialise(db, "settle")
        if known := ManualAdjustment.get_or_none(ManualAdjustment.key == key):
            return known, False
        if faults := check(contract, facts, reasons):
            raise Faulty(faults)
        is_there(contract, period)
        row = ManualAdjustment.create(
            contract=contract, organisation=contract.organisation_id, by=by.name, key=key, **facts
        )
        history.record(by, "Added", row, {}, described(row))
    return row, True


def is_there(contract: Contract, period: int) -> None:
    """Raise Elsewhere where adjustments of the contract no longer stand in the period that was shown."""
    oldest = period_of(contract)
    if oldest.id == period:
        return
    done = payments.states([contract])[contract.id].finalised.get(period)
    why = f"{done.by} finalised the period that was shown at {moment(done.at)}" if done else "The periods have changed"
    raise Elsewhere(
        f"{why}. The adjustment would now stand in the period from {payments.packages.day(oldest.start_date):%d/%m/%Y}. "
        "Nothing is saved yet; press again to add it there."
    )


def change(
    row: ManualAdjustment, facts: Mapping[str, Any], reasons: list[str], version: int, by: history.Actor
) -> ManualAdjustment:
    """Change a manual adjustment that no finalised period lists; one transaction.

    `version` is the one that the person saw. Raises Faulty, Refused: settled, listed, or changed by a colleague.
    """
    with db.atomic():
        database.serialise(db, "settle")
        now = still_open(row, version)
        if faults := check(now.contract, facts, [*reasons, now.reason]):
            raise Faulty(faults)
        before = described(now)
        for name, value in facts.items():
            setattr(now, name, value)
        if now.is_dirty():
            now.version += 1
            now.by, now.at = by.name, utc_now()
            now.save()
            history.record(by, "Changed", now, before, described(now))
    return now


def take_away(row: ManualAdjustment, version: int, by: history.Actor) -> None:
    """Take away a manual adjustment that no finalised period lists, with a hold on it; one transaction. Raises Refused."""
    with db.atomic():
        database.serialise(db, "settle")
        now = still_open(row, version)
        history.record(by, "Took away", now, described(now), {})
        Hold.delete().where(Hold.adjustment == now).execute()
        now.delete_instance()


def still_open(row: ManualAdjustment, version: int) -> ManualAdjustment:
    """The adjustment as it is now. Raises Refused where it can no longer be changed by who saw this version."""
    now = ManualAdjustment.get_or_none(ManualAdjustment.id == row.id)
    if now is None:
        raise Refused("A colleague has taken this adjustment away meanwhile. Nothing was changed.")
    if now.finalisation_id:
        done = now.finalisation
        raise Refused(
            f"{done.by} finalised the period of this adjustment at {moment(done.at)}: it cannot change any more. "
            "Add another one that corrects it."
        )
    if now.version != version:
        raise Refused(
            f"{now.by} changed this adjustment at {moment(now.at)}, while you had it open. Nothing was changed."
        )
    if listed := was_listed(now):
        raise Refused(
            f"The period that {listed.finalisation.by} finalised lists this adjustment as {listed.state.lower()}, so it "
            "cannot change any more. Release it, or cancel it and add another one."
        )
    return now


def was_listed(row: ManualAdjustment) -> PaymentItem | None:
    """The item of a finalised period that held the adjustment back, if there is one."""
    return PaymentItem.select().where(PaymentItem.adjustment == row).order_by(PaymentItem.id.desc()).first()


def described(row: ManualAdjustment) -> dict:
    """An adjustment for the trail."""
    return {name: history.as_text(row.__data__.get(name)) for name in FIELDS}
