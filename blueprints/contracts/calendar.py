"""The payment calendar as officers have it: every cycle's, with the ways to change and extend it (R-10, Z-08)."""

from __future__ import annotations

from flask import url_for

from blueprints import records
from blueprints.contracts.desk import routes
from blueprints.periods.calendar_pages import calendar_page
from blueprints.permissions import Can, can, requires
from models import PaymentCycle


@routes.get("/payment-calendar")
@requires(Can.SEE_RECORDS)
def calendar():
    """Payment calendar: all cycles' periods with their dates, a year ahead."""
    cycles = list(PaymentCycle.select().order_by(PaymentCycle.name))
    return calendar_page(
        None,
        [(str(c.id), c.name) for c in cycles],
        "authority.html",
        editable=cycles,
        may=can(Can.EDIT_PERIODS),
        breadcrumbs=[
            records.home(),
            ("Payments", url_for("authority.periods.index")),
            ("Payment calendar", None),
        ],
    )
