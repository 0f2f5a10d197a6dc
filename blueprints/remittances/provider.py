"""A provider's remittances: on screen, as PDF, CSV and XLSX."""

from __future__ import annotations

from flask import Blueprint, abort, g, url_for

from blueprints import weeks
from blueprints.pages import page
from blueprints.payments import listing
from blueprints.payments import rules as payments
from blueprints.permissions import Can, requires
from blueprints.reach import contract_within
from blueprints.remittances import documents
from blueprints.values import show_date

routes = Blueprint("remittances", __name__)


@routes.get("/remittances/contracts/<int:contract_id>/periods/<int:period_id>")
@requires(Can.SEE_PAYMENTS)
def show(contract_id: int, period_id: int):
    """The remittance of a period, marked Provisional while the period is current (R-15, R-17)."""
    contract = contract_within(g.reach, contract_id) or abort(404)
    states = payments.states([contract])
    listed = listing.listed_periods([contract], states, weeks.today())
    chosen = next((one for one in listed if one.period.id == period_id), None) or abort(404)
    done, items = (
        states[contract.id].finalised.get(period_id),
        payments.items(contract, chosen.period, states[contract.id]),
    )
    found = documents.answer(contract, chosen.period, done, items, g.settings.authority_name)
    if not isinstance(found, dict):
        return found
    period = f"{show_date(chosen.period.start_date)} to {show_date(chosen.period.end_date)}"
    back = url_for("provider.payments.show", contract_id=contract_id, period_id=period_id)
    return page(
        "remittances/provider.html",
        **found,
        contract=contract,
        chosen=chosen,
        finalised_on=done,
        payments_href=back,
        breadcrumbs=[
            ("Home", url_for("provider.home.index")),
            ("Scheduled Payments", url_for("provider.payments.index")),
            (period, back),
            ("Remittance", None),
        ],
    )
