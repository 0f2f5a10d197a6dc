"""What finalising a period writes: its items, what they count as paid, what they held back (rules 7.3 to 7.5)."""

from __future__ import annotations

from collections.abc import Iterable

import database
from blueprints.payments import as_paid
from blueprints.payments.rules import Item
from models import (
    Contract,
    Due,
    Finalisation,
    Hold,
    ItemKind,
    ItemState,
    ManualAdjustment,
    Package,
    PaymentItem,
    db,
    utc_now,
)

COLUMNS = [
    "finalisation", "contract", "organisation", "package", "week", "kind", "reason", "quantity", "unit_cost", "amount",
    "vat", "state", "note", "adjustment", "claim",
]  # fmt: skip
SETTLED = (ItemState.PAYABLE, ItemState.CANCELLED)


def pay(finalisation: Finalisation, listed: list[Item]) -> None:
    """Write a finalised period's items and count what is payable or cancelled as paid; inside its transaction."""
    contract = finalisation.contract
    database.bulk_upsert(
        PaymentItem,
        COLUMNS,
        [
            (finalisation.id, contract.id, contract.organisation_id, i.package, i.week, str(i.kind), i.reason, i.quantity,
             i.unit_cost, i.amount, i.vat, str(i.state), i.note, i.adjustment,
             i.claim)
            for i in listed
        ],
    )  # fmt: skip
    counted = [i for i in listed if i.package and i.state in SETTLED]
    cost = [(i.amount, i.vat, i.package, i.week.isoformat()) for i in counted if i.kind != ItemKind.CONTRIBUTION]
    own = [(i.amount, i.package, i.week.isoformat()) for i in counted if i.kind == ItemKind.CONTRIBUTION]
    database.execute_many(
        Due, "UPDATE due SET paid_cost = paid_cost + ?, paid_vat = paid_vat + ? WHERE package_id = ? AND week = ?", cost
    )
    database.execute_many(
        Due, "UPDATE due SET paid_contribution = paid_contribution + ? WHERE package_id = ? AND week = ?", own
    )
    manual = [i.adjustment for i in listed if i.adjustment and i.state in SETTLED]
    if manual:
        ManualAdjustment.update(finalisation=finalisation).where(ManualAdjustment.id.in_(manual)).execute()
    hold_back(finalisation, listed)
    database.sql(
        db,
        "DELETE FROM due WHERE contract_id = ? AND cost = 0 AND vat = 0 AND contribution = 0 "
        "AND paid_cost = 0 AND paid_vat = 0 AND paid_contribution = 0",
        (contract.id,),
    )
    as_paid.keep(contract)


def of_contract(contract: Contract):
    """The condition for the holds on a contract's packages and manual adjustments."""
    own = Package.select(Package.id).where(Package.contract == contract)
    manual = ManualAdjustment.select(ManualAdjustment.id).where(ManualAdjustment.contract == contract)
    return Hold.package.in_(own) | Hold.adjustment.in_(manual)


def hold_back(finalisation: Finalisation, listed: Iterable[Item]) -> None:
    """Note on the holds what the period held back; what it carries forward is released into the next (rule 7.5).

    What had been released before has been paid with it, or came to nothing: those holds go.
    """
    Hold.delete().where(of_contract(finalisation.contract) & Hold.released_at.is_null(False)).execute()
    held = [i for i in listed if i.key and not i.is_payable]
    cancelled = [i for i in held if i.state == ItemState.CANCELLED]  # whatever is cancelled for a week adds up
    others = [i for i in held if i.state != ItemState.CANCELLED]
    for some, sums in ((cancelled, "amount = amount + ?, vat = vat + ?"), (others, "amount = ?, vat = ?")):
        facts = [(finalisation.id, i.amount, i.vat, i.key) for i in some]
        statement = f"UPDATE hold SET finalisation_id = ?, {sums} WHERE "
        database.execute_many(
            Hold,
            statement + "package_id = ? AND week = ? AND kind = ?",
            [(*rest, key.package, key.week.isoformat(), key.kind) for *rest, key in facts if key.package],
        )
        database.execute_many(
            Hold, statement + "adjustment_id = ?", [(*rest, key.adjustment) for *rest, key in facts if key.adjustment]
        )
    carried = (Hold.finalisation == finalisation) & (Hold.state == ItemState.CARRIED)
    Hold.update(released_at=utc_now(), released_by=finalisation.by, version=Hold.version + 1).where(carried).execute()
