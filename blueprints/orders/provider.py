"""Purchase orders as a provider has them: the list, one order with its versions, and paper."""

from __future__ import annotations

from flask import Blueprint, g, url_for

from blueprints.orders import listing
from blueprints.orders.screens import PROVIDER, order_list, order_page, version_page, years
from blueprints.permissions import Can, requires
from forms.orders import OrdersFilter

routes = Blueprint("orders", __name__)


@routes.get("/orders")
@requires(Can.SEE_PAYMENTS)
def index():
    """Purchase Orders: those of a financial year, by service and client (S-01, S-02)."""
    form = OrdersFilter(*years(), *listing.options(g.reach))
    wanted = listing.Wanted(
        int(form.year.data[:4]),
        service=int(form.service.data) if form.service.data else None,
        client=int(form.client.data) if form.client.data else None,
    )
    crumbs = [("Home", url_for("provider.home.index")), ("Purchase Orders", None)]
    return order_list(PROVIDER, form, wanted, breadcrumbs=crumbs)


@routes.get("/orders/<int:order_id>")
@requires(Can.SEE_PAYMENTS)
def show(order_id: int):
    """One purchase order (S-04, S-05, S-07)."""
    return order_page(PROVIDER, order_id)


@routes.get("/orders/<int:order_id>/versions/<int:number>")
@requires(Can.SEE_PAYMENTS)
def version(order_id: int, number: int):
    """A purchase order as it was issued (S-08)."""
    return version_page(PROVIDER, order_id, number)
