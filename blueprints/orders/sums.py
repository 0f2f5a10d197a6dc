"""The lines of a purchase order for one package and financial year (6.1). Arithmetic only; no tables.

Units as in packages.plan.
"""

from datetime import date
from typing import NamedTuple

from blueprints.packages.plan import (
    ONE_OFF,
    YEARLY,
    Plan,
    cost_over,
    exact_quantity_cost,
    pence,
    rate_on,
    rate_segments,
    weekly_quantity,
)


class OrderLine(NamedTuple):
    """A line: first and last day, weekly quantity in hundredths, rate, discount, and pence less discount, VAT apart."""

    cpli: int
    first: date
    last: date
    quantity: int
    unit_cost: int
    discount: int
    amount: int


def year_days(year: int) -> tuple[date, date]:
    """First and last day of the financial year that begins in this year (1.1): 2026 is 2026/2027."""
    return date(year, 4, 1), date(year + 1, 3, 31)


def order_lines(plan: Plan, year: int) -> tuple[OrderLine, ...]:
    """The package's lines in the financial year, one for each rate row within it, each rounded once (6.1).

    A one-off stands in the year of its start, a yearly allocation in full at the rate of its first active day in the
    year. None for a package that is not authorised or not active in the year.
    """
    first, last = year_days(year)
    segments = tuple(rate_segments(plan, first, last)) if plan.authorised else ()
    if not segments:
        return ()
    if plan.frequency in (ONE_OFF, YEARLY):
        return _whole(plan, first, segments[0][0], segments[-1][1])
    quantity = weekly_quantity(plan)
    return tuple(
        OrderLine(plan.id, a, b, quantity, rate, plan.discount, cost_over(plan, a, b, discounted=True))
        for a, b, rate in segments
    )


def _whole(plan: Plan, year_start: date, first: date, last: date) -> tuple[OrderLine, ...]:
    """The one line of a one-off or a yearly allocation; none for a one-off that began in an earlier year."""
    if plan.frequency == ONE_OFF:
        if plan.start < year_start:
            return ()
        last = last if plan.end is not None else first
    amount = pence(exact_quantity_cost(plan, first, discounted=True))
    rate = rate_on(plan, first)
    return (OrderLine(plan.id, first, last, weekly_quantity(plan), rate, plan.discount, amount),)


def order_value(lines: tuple[OrderLine, ...]) -> int:
    """Pence of an order: the sum of its rounded lines, VAT apart (6.1)."""
    return sum(line.amount for line in lines)
