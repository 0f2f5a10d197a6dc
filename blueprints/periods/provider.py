"""The payment calendar as a provider has it: by when to send, and when money comes (R-10)."""

from __future__ import annotations

from flask import Blueprint, g, url_for

from blueprints.periods.calendar_pages import calendar_page
from blueprints.permissions import Can, requires
from models import Contract, PaymentBasis, PaymentCycle

routes = Blueprint("periods", __name__)


@routes.get("/periods")
@requires(Can.SEE_PAYMENTS)
def index():
    """Payment calendar: the periods of the organisation's contracts with their dates, a year ahead."""
    query = Contract.visible_to(g.reach).where(Contract.payment_basis != PaymentBasis.INVOICE)
    contracts = list(query.order_by(Contract.name))
    cycles = PaymentCycle.select().where(PaymentCycle.id.in_({c.cycle_id for c in contracts}))
    return calendar_page(
        contracts,
        [(str(c.id), c.name) for c in cycles.order_by(PaymentCycle.name)],
        "provider.html",
        breadcrumbs=[
            ("Home", url_for("provider.home.index")),
            ("Scheduled Payments", url_for("provider.payments.index")),
            ("Payment calendar", None),
        ],
    )
