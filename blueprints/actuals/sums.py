"""Arithmetic of actuals: figures from visits, balance, cost, daily rows. No tables.

Units as in packages.plan: hundredths, pence, ten-thousandths of a pound, whole minutes.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from blueprints.matching.assign import FedVisit
from blueprints.money import hours, number, unit_price
from blueprints.packages.plan import (
    PER_MINUTE,
    PER_QUANTITY,
    WHOLE,
    Plan,
    active_days,
    in_week,
    pence,
    planned_quantity,
    rate_on,
    rates_in,
    slot_minutes,
    unit_for,
)

VISITS = "visits"


class ActualFigures(NamedTuple):
    """What a row of actuals says for pricing.

    `source` is generated, entered, imported or visits. A visits-fed row carries what its visits are priced from:
    (minutes, rate at the planned date) pairs, or the total minutes where one rate holds the whole week.
    `unpaid` is what of the actual waits for an officer, or was refused by one (4.6).
    """

    actual: int
    frustrated: int
    source: str = "entered"
    priced: int | tuple[tuple[int, int], ...] | None = None
    unpaid: int = 0

    @property
    def quantity(self) -> int:
        """Hundredths that are paid: actual + frustrated, less what waits (4.2, 4.6)."""
        return self.actual + self.frustrated - self.unpaid


class Fed(NamedTuple):
    """Quantities of a visits-fed row in hundredths, and the number of visits delivered (5.10)."""

    actual: int
    frustrated: int
    missed: int
    extra: int
    visits: int


class Remark(NamedTuple):
    """What a row says about itself: words, and whether the warning triangle stands by them (4.1)."""

    triangle: bool
    words: str


class DailyRow(NamedTuple):
    """A row of the daily grid: hundredths on each ticked day, seven ticks from Monday (4.5)."""

    quantity: int
    ticks: tuple[bool, ...]


def paid_minutes(visit: FedVisit) -> int:
    """The minutes that a visit is paid for (5.5)."""
    _, pays, planned, delivered = visit
    if pays == "delivered":
        return delivered or 0
    return planned if pays == "planned" else 0


def from_visits(planned: int, visits: Iterable[FedVisit]) -> Fed:
    """The figures of one CPLI and week from its matched visits (5.10); `planned` is that of 3.5, in hundredths.

    Minutes are added up first and rounded once each; extra is worked out from the rounded quantities.
    """
    paid = frustrated = missed = delivered = 0
    for _, pays, plan, done in visits:
        if done is not None:
            delivered += 1
        if pays == "delivered":
            paid += done or 0
        elif pays == "planned":
            frustrated += plan
        else:
            missed += plan
    actual, stood, not_done = hours(paid), hours(frustrated), hours(missed)
    return Fed(actual, stood, not_done, max(0, actual - (planned - stood - not_done)), delivered)


def priced(plan: Plan, monday: date, visits: Iterable[FedVisit]) -> int | tuple[tuple[int, int], ...]:
    """What a visits-fed row is priced from: total minutes where one rate holds on all active days, else
    (minutes, rate) pairs, a visit at the rate on its planned date (4.2)."""
    rates = rates_in(plan, monday)
    if rates and min(rates) == max(rates):
        return sum(map(paid_minutes, visits))
    pairs: dict[int, int] = {}
    for visit in visits:
        rate = rate_on(plan, visit.day)
        pairs[rate] = pairs.get(rate, 0) + paid_minutes(visit)
    return tuple((minutes, rate) for rate, minutes in sorted(pairs.items()))


def exact_cost(plan: Plan, monday: date, row: ActualFigures, kept: int = WHOLE) -> int:
    """Exact cost of a row (4.2): quantity at the mean of the rates on the active days, or visits minute by minute.

    `kept` is what a discount leaves, in hundredths of a percent. Nothing where the package is not authorised or no
    day is active (4.11). Raises ValueError for total minutes in a week with two rates, which cannot price them.
    """
    rates = rates_in(plan, monday)
    if not rates or not plan.authorised:
        return 0
    if row.source != VISITS:
        return row.quantity * sum(rates) * (PER_QUANTITY // len(rates)) * kept
    if row.priced is None:
        raise ValueError("a visits-fed row needs the minutes that it is priced from")
    if not isinstance(row.priced, int):
        return sum(minutes * rate for minutes, rate in row.priced) * PER_MINUTE * kept
    if len(set(rates)) > 1:
        raise ValueError("a week with two rates needs minutes for each rate")
    return row.priced * rates[0] * PER_MINUTE * kept


def cost(plan: Plan, monday: date, row: ActualFigures) -> int:
    """Pence of a row before discount, as shown (4.2); nothing for a level not paid on actuals (4.10)."""
    return pence(exact_cost(plan, monday, row)) if plan.paid_on == "actuals" else 0


def cost_working(paid: int, unit: str, rate: int | None) -> str:
    """`14 (Actual + Frstd) Hours x £16.16` (4.2); without a price where no day is active (4.11)."""
    text = f"{number(paid)} (Actual + Frstd) {unit_for(unit, paid)}"
    return text if rate is None else f"{text} x {unit_price(rate)}"


def unpaid(planned: int, actual: int, agreed: int) -> int:
    """Hundredths of an actual that are not paid while it needs an officer: above plan and above what is agreed (4.6)."""
    return max(0, actual - max(planned, agreed))


def difference(planned: int, actual: int, frustrated: int, missed: int, extra: int) -> int:
    """Hundredths by which actual is above planned - frustrated - missed + extra; 0 where the row balances (4.1)."""
    return actual - (planned - frustrated - missed + extra)


def balance_warning(
    planned: int,
    actual: int,
    frustrated: int,
    missed: int,
    extra: int,
    *,
    source: str = "entered",
    active: bool = True,
    authorised: bool = True,
    intermittent: bool = False,
) -> Remark:
    """What a row says about its balance (4.1) or about having lost its package (4.11); no words where all is well.

    What is taken out of a yearly allocation is planned by nobody in a week, so it has nothing to balance with (3.3).
    """
    if not active:
        return Remark(True, "The package is not active on any day of this week. The row is kept and costs nothing.")
    if not authorised:
        return Remark(True, "The package is not authorised any more. The row is kept and costs nothing.")
    if intermittent:
        return Remark(False, "")
    off = difference(planned, actual, frustrated, missed, extra)
    if missed > planned and source != VISITS:
        return Remark(True, f"Missed {number(missed)} is more than the planned {number(planned)}.")
    if source == VISITS:
        return Remark(False, f"The visits fall short of plan by {number(-off)}." if off < 0 else "")
    if not off:
        return Remark(False, "")
    expected = f"Planned {number(planned)}, less frustrated {number(frustrated)}, less missed {number(missed)}, "
    expected += f"plus extra {number(extra)}, makes {number(actual - off)}."
    return Remark(
        True, f"{expected} Actual is {number(actual)}: {number(abs(off))} too {'much' if off > 0 else 'little'}."
    )


def away_from_plan(planned: int, actual: int, frustrated: int, missed: int, extra: int) -> bool:
    """Whether a row differs from plan, so that it may need a comment (4.6)."""
    return actual != planned or bool(frustrated or missed or extra)


def missed_and_extra(planned: int, actual: int, frustrated: int) -> tuple[int, int]:
    """Missed and extra of a row by the day, worked out and never typed (4.5)."""
    over = actual - (planned - frustrated)
    return (0, over) if over > 0 else (-over, 0)


def ticks_of(row: DailyRow) -> int:
    """The ticks as the table keeps them: bit 0 is Monday."""
    return sum(1 << day for day, ticked in enumerate(row.ticks) if ticked)


def row_of(quantity: int, bits: int) -> DailyRow:
    """A daily row from what the table keeps."""
    return DailyRow(quantity, tuple(bool(bits >> day & 1) for day in range(7)))


def daily_actual(rows: Iterable[DailyRow]) -> int:
    """The week's actual: for each row its quantity times its ticked days, all added up (4.5)."""
    return sum(row.quantity * sum(row.ticks) for row in rows)


def generated_rows(plan: Plan, monday: date) -> tuple[DailyRow, ...]:
    """The daily rows that Generate Actuals makes; they add up to the planned quantity (4.4, 4.5).

    With a timetable one row for each different daily quantity; without, an equal quantity on each active day. Both
    are rounded down, and a last row holds what is left over on the first of the days. A week with nothing planned has
    one row of 0 on its active days, to be filled in.
    """
    first, last, days = active_days(plan, monday)
    if not days:
        return ()
    planned = planned_quantity(plan, monday)
    if plan.slots:
        daily = _timetabled_days(plan, monday)
        start = next((day for day in range(7) if daily[day]), first)
    else:
        daily = [planned // days if first <= day <= last else 0 for day in range(7)]
        start = first
    rows = [DailyRow(size, tuple(at == size for at in daily)) for size in dict.fromkeys(daily) if size]
    left = planned - sum(daily)
    if left:
        rows.append(DailyRow(left, tuple(day == start for day in range(7))))
    return tuple(rows) or (DailyRow(0, tuple(first <= day <= last for day in range(7))),)


def _timetabled_days(plan: Plan, monday: date) -> list[int]:
    """Hundredths of an hour planned on each weekday, rounded down; nothing on days and in weeks without plan."""
    minutes = [0] * 7
    first, last, _ = active_days(plan, monday)
    for slot in plan.slots if in_week(plan, monday) else ():
        if first <= slot.weekday <= last:
            minutes[slot.weekday] += slot_minutes(slot)
    return [day * 100 // 60 for day in minutes]


def colour(actual: int, planned: int, intermittent: bool = False) -> str:
    """green above plan, red below, else plain (4.3); plain out of a yearly allocation, which no week plans."""
    if actual == planned or intermittent:
        return "plain"
    return "green" if actual > planned else "red"


COLOUR_WORDS = {"green": "above plan", "red": "below plan", "plain": "as planned"}


def in_whole_units(unit: str) -> bool:
    """Whether the unit is one that the setting of M-12 holds to whole numbers: sessions, days, nights."""
    return unit_for(unit, 100).casefold() in ("session", "day", "night")


def by_the_box(unit: str) -> bool:
    """Whether a level entered by the day shows the actual box alone: by session or by day (4.5)."""
    return unit_for(unit, 100).casefold() in ("session", "half session", "day", "half day")


def lone_halves(rows: Iterable[DailyRow], generated: Iterable[DailyRow]) -> bool:
    """Whether rows that a double-handed round adds to its plan do not come in pairs, one for each carer (M-34)."""
    count: dict[DailyRow, int] = {}
    for row in rows:
        count[row] = count.get(row, 0) + 1
    for row in generated:
        if count.get(row):
            count[row] -= 1
    return any(number % 2 for row, number in count.items() if row.quantity and any(row.ticks))


def is_double_handed(plan: Plan) -> bool:
    """Whether every planned visit of the timetable wants an even number of carers (3.4)."""
    return bool(plan.slots) and all(slot.carers % 2 == 0 for slot in plan.slots)
