"""The `purchase-orders` file (interfaces.md): the lines of orders, one row each (rule 6.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from blueprints.orders.sums import year_words
from blueprints.packages.rules import day
from blueprints.reach import Reach
from blueprints.values import file_date, file_money, file_quantity, file_rate
from models import Client, Contract, OrderLine, Package, PurchaseOrder

HEADINGS = [
    "ContractRef", "SSRef", "FinancialYear", "CPLIId", "From", "To", "Quantity", "UnitCost", "Discount", "Amount",
    "SpendToDate",
]  # fmt: skip


def order_rows(reach: Reach, start: dt.date, end: dt.date) -> tuple[list[str], Iterator[tuple]]:
    """Headings and rows of the lines that overlap these days, by contract, year, client and package."""
    within = reach.contracts(PurchaseOrder.contract, PurchaseOrder.organisation)
    return HEADINGS, rows(within & (OrderLine.first <= end) & (OrderLine.last >= start))


def rows(condition) -> Iterator[tuple]:
    """The lines as packages stand, of a condition over orders with their client and contract."""
    found = (
        OrderLine.select(
            Contract.ref, Client.ssref, PurchaseOrder.year, Package.cpli_id, OrderLine.first, OrderLine.last,
            OrderLine.quantity, OrderLine.unit_cost, OrderLine.discount, OrderLine.amount, PurchaseOrder.spend,
        )
        .join(PurchaseOrder).join(Contract).switch(PurchaseOrder).join(Client).switch(OrderLine).join(Package)
        .where((OrderLine.version == 0) & condition)
        .order_by(Contract.ref, PurchaseOrder.year, Client.ssref, Package.cpli_id, OrderLine.first).tuples()
    )  # fmt: skip
    for contract, ssref, year, cpli, first, last, quantity, unit_cost, discount, amount, spend in found.iterator():
        yield (
            contract, ssref, year_words(year), cpli, file_date(day(first)), file_date(day(last)), file_quantity(quantity),
            file_rate(unit_cost), file_quantity(discount), file_money(amount), file_money(spend),
        )  # fmt: skip
