"""Remittances for officers: on screen, as PDF, CSV and XLSX; provisional while the period is current (R-15)."""

from __future__ import annotations

from flask import Blueprint, abort, g, url_for

from blueprints import desk
from blueprints.pages import page
from blueprints.payments import rules as payments
from blueprints.permissions import Can, requires
from blueprints.remittances import documents
from blueprints.values import show_date
from models import Contract, Organisation, PaymentPeriod

routes = Blueprint("remittances", __name__)


@routes.get("/remittances/contracts/<int:contract_id>/periods/<int:period_id>")
@requires(Can.SEE_RECORDS)
def show(contract_id: int, period_id: int):
    """The remittance of one contract's period."""
    query = Contract.visible_to(g.reach).select(Contract, Organisation).join(Organisation)
    contract = query.where(Contract.id == contract_id).get_or_none() or abort(404)
    wanted = (PaymentPeriod.id == period_id) & (PaymentPeriod.cycle == contract.cycle_id)
    period = PaymentPeriod.get_or_none(wanted) or abort(404)
    state = payments.states([contract])[contract.id]
    done = state.finalised.get(period.id)
    items = payments.items(contract, period, state)
    found = documents.answer(contract, period, done, items, g.settings.authority_name)
    if not isinstance(found, dict):
        return found
    days = f"{show_date(period.start_date)} to {show_date(period.end_date)}"
    lines = url_for("authority.periods.lines", period_id=period.id, contract_id=contract.id)
    return page(
        "remittances/authority.html",
        **found,
        contract=contract,
        period=period,
        done=done,
        lines_href=lines,
        breadcrumbs=[
            desk.home(),
            ("Payments", url_for("authority.periods.index")),
            (days, url_for("authority.periods.show", period_id=period.id)),
            (contract.name, lines),
            ("Remittance", None),
        ],
    )
