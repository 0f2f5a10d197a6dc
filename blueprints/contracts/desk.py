"""What the officers' pages of contracts, payment cycles and periods share: their routes, and rows found within reach."""

from __future__ import annotations

from flask import Blueprint, abort, g

from models import Contract, Organisation, PaymentCycle, PaymentPeriod

routes = Blueprint("contracts", __name__)


def found_contract(contract_id: int) -> Contract:
    """The contract within reach, with its organisation and cycle, or 404."""
    query = (
        Contract.visible_to(g.reach)
        .select(Contract, Organisation, PaymentCycle)
        .join(Organisation)
        .switch(Contract)
        .join(PaymentCycle)
        .where(Contract.id == contract_id)
    )
    return query.get_or_none() or abort(404)


def found_cycle(cycle_id: int) -> PaymentCycle:
    """The payment cycle, or 404."""
    return PaymentCycle.get_or_none(PaymentCycle.id == cycle_id) or abort(404)


def stored_periods(cycle: PaymentCycle) -> list[dict]:
    """The facts of a cycle's periods, in order."""
    return list(PaymentPeriod.select().where(PaymentPeriod.cycle == cycle).order_by(PaymentPeriod.start_date).dicts())
