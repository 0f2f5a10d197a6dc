"""The lines of a purchase order for one package and financial year (6.1), their words and differences. No tables.

Units as in packages.plan.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple

from blueprints.money import number, unit_price
from blueprints.packages.plan import (
    ONE_OFF,
    YEARLY,
    Plan,
    cost_over,
    exact_quantity_cost,
    pence,
    rate_on,
    rate_segments,
    unit_for,
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
        last = first  # it costs once, on its day, whenever the package ends (7.2)
    amount = pence(exact_quantity_cost(plan, first, discounted=True))
    rate = rate_on(plan, first)
    return (OrderLine(plan.id, first, last, weekly_quantity(plan), rate, plan.discount, amount),)


def order_value(lines: tuple[OrderLine, ...]) -> int:
    """Pence of an order: the sum of its rounded lines, VAT apart (6.1)."""
    return sum(line.amount for line in lines)


# words and differences -------------------------------------------------------------------------------------------------


def year_words(year: int) -> str:
    """`2026/2027`, as a financial year is written (1.1)."""
    return f"{year:04}/{year + 1:04}"


def often(frequency: str) -> str:
    """How often the quantity comes: `every week`, `every 4 weeks`, `once`, `a year` (S-05)."""
    if frequency == ONE_OFF:
        return "once"
    if frequency == YEARLY:
        return "a year"
    every = frequency.removesuffix("Weekly").rstrip("-")
    return f"every {every} weeks" if every else "every week"


def price_words(quantity: int, unit: str, frequency: str, unit_cost: int, timetabled: bool = False) -> str:
    """`14 Hours every week @£16.16` (S-05); a timetable is said, since its exact minutes are what is priced (3.4)."""
    text = f"{number(quantity)} {unit_for(unit, quantity)} {often(frequency)} @{unit_price(unit_cost)}"
    return f"{text} (Timetabled)" if timetabled else text


def details(service: str, level: str, unit: str, price: str) -> str:
    """The details of a line: service, level with its unit, quantity, frequency and price (S-05)."""
    return f"Service '{service}', Level '{level} ({unit_for(unit, 100)})', {price}"


class Difference(NamedTuple):
    """A line before and after, of whatever rows were compared; None where it was not there, or is no more."""

    before: Any
    after: Any

    @property
    def what(self) -> str:
        """Added, Removed or Changed."""
        if self.before is None:
            return "Added"
        return "Removed" if self.after is None else "Changed"


def differences(before: Sequence, after: Sequence, key: Callable, says: Callable) -> list[Difference]:
    """What differs between two lists of lines, in their order; equal ones are left out.

    `says` is what a line says. Lines of one `key` (their package) belong together: those that say the same first, then
    in order of what is left, so that a rate that came in between is one line more and not two changed ones.
    """
    left: dict[Any, list] = {}
    for line in before:
        left.setdefault(key(line), []).append(line)
    come: dict[Any, list] = {}
    for line in after:
        come.setdefault(key(line), []).append(line)
    found = []
    for one in dict.fromkeys([*left, *come]):
        old, new = left.get(one, []), come.get(one, [])
        same = {says(line) for line in old} & {says(line) for line in new}
        old = [line for line in old if says(line) not in same]
        new = [line for line in new if says(line) not in same]
        for at in range(max(len(old), len(new))):
            found.append(Difference(old[at] if at < len(old) else None, new[at] if at < len(new) else None))
    return found
