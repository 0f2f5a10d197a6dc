"""What a package plans and costs: quantity, visits, rates and words. Arithmetic only; no tables.

Units: money in pence, quantities in hundredths, rates in ten-thousandths of a pound, discount and VAT in hundredths
of a percent, times in seconds since midnight, durations in whole minutes. A cost that is still exact is a whole
number of parts of a penny, EXACT parts to the penny, so that it adds up without loss; `pence` rounds it once (2.2).
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from blueprints.money import half_up, hours, number, part_week, pounds, unit_price

# Divides by 100 x 100 for quantity x rate, 60 x 100 for minutes x rate, 10,000 for discount, and 1 to 7 for days.
EXACT = 42_000_000_000
PER_QUANTITY = 420  # parts for one hundredth x one ten-thousandth of a pound x one hundredth of a percent
PER_MINUTE = 700  # parts for one minute x the same
WHOLE = 10_000  # 100 percent

ONE_OFF = "One-off"
YEARLY = "Yearly"
DAY = 86_400
NO_DAYS = (0, -1, 0)


class Slot(NamedTuple):
    """A planned visit of a timetable. An exit before the entry is on the next day (1.3)."""

    weekday: int
    entry: int
    exit: int
    carers: int


class Plan(NamedTuple):
    """The facts of a CPLI that arithmetic needs (3.1, 3.3). Rates are sorted by the date from which they hold."""

    id: int
    start: date
    end: date | None
    quantity: int
    frequency: str
    every: int
    unit_cost: int
    rates: tuple[tuple[date, int], ...]
    discount: int
    contribution: int
    authorised: bool
    slots: tuple[Slot, ...]
    paid_on: str
    entry: str
    intermittent: bool
    vat: int
    invoiced: bool


def pence(exact: int) -> int:
    """Pence from an exact cost, half up (2.2)."""
    return half_up(exact, EXACT)


def rate_on(plan: Plan, day: date) -> int:
    """The latest rate whose From is on or before the day, else the package's own unit cost (3.2)."""
    rate = plan.unit_cost
    for since, following in plan.rates:
        if since > day:
            break
        rate = following
    return rate


def active_days(plan: Plan, monday: date) -> tuple[int, int, int]:
    """First and last active weekday (0 is Monday) of the week, and their number; (0, -1, 0) where none is (3.1)."""
    first = 0 if plan.start <= monday else (plan.start - monday).days
    last = 6 if plan.end is None else min(6, (plan.end - monday).days)
    return (first, last, last - first + 1) if first <= last else NO_DAYS


def is_active(plan: Plan, day: date) -> bool:
    """Whether the day lies within the package's dates, both inclusive (3.1)."""
    return plan.start <= day and (plan.end is None or day <= plan.end)


def start_week(plan: Plan) -> date:
    """The Monday of the week in which the package starts."""
    return plan.start - timedelta(plan.start.weekday())


def in_week(plan: Plan, monday: date) -> bool:
    """Whether the package plans anything in this week by its frequency, dates apart (3.5).

    Every N weeks is counted from the start week, a one-off has its start week only, a yearly allocation none.
    """
    if plan.every == 1:
        return True
    if plan.every:
        return (monday - start_week(plan)).days // 7 % plan.every == 0
    return plan.frequency == ONE_OFF and monday == start_week(plan)


def counted_days(plan: Plan, first: date, last: date) -> int:
    """How many of these days, both inclusive and none before the start week, lie in the package's weeks (3.5, 6.1)."""
    cycle, since = 7 * plan.every, start_week(plan)

    def until(days: int) -> int:
        return days // cycle * 7 + min(days % cycle, 7)

    return until((last - since).days + 1) - until((first - since).days)


def slot_minutes(slot: Slot) -> int:
    """Wall-clock minutes of a slot times its carers, seconds half up (2.1, 3.4).

    Raises ValueError where entry is exit (1.3).
    """
    if slot.entry == slot.exit:
        raise ValueError("a visit's entry and exit time must differ")
    return ((slot.exit - slot.entry) % DAY + 30) // 60 * slot.carers


def weekly_minutes(plan: Plan) -> int | None:
    """The exact minutes of a whole week's timetable; None without one (3.4)."""
    return sum(map(slot_minutes, plan.slots)) if plan.slots else None


def weekly_quantity(plan: Plan) -> int:
    """The quantity in hundredths: the timetable's weekly hours where there is one (3.4)."""
    return hours(sum(map(slot_minutes, plan.slots))) if plan.slots else plan.quantity


def planned_quantity(plan: Plan, monday: date) -> int:
    """Planned quantity of the week in hundredths (3.5)."""
    first, last, days = active_days(plan, monday)
    if not days or not in_week(plan, monday):
        return 0
    if days == 7 or plan.frequency == ONE_OFF:
        return weekly_quantity(plan)
    if plan.slots:
        return hours(sum(slot_minutes(slot) for slot in plan.slots if first <= slot.weekday <= last))
    return part_week(plan.quantity, days)


def planned_visits(plan: Plan, monday: date) -> int:
    """Slots on the active days times their carers; 0 in an off week or without a timetable (4.4)."""
    if not plan.slots or not in_week(plan, monday):
        return 0
    first, last, _ = active_days(plan, monday)
    return sum(slot.carers for slot in plan.slots if first <= slot.weekday <= last)


def allowance(plan: Plan) -> int:
    """Hundredths that a yearly allocation holds in each financial year, whole in part years; else 0 (3.5)."""
    return weekly_quantity(plan) if plan.frequency == YEARLY else 0


def rates_in(plan: Plan, monday: date) -> tuple[int, ...]:
    """The rate on each active day of the week, in order (3.2)."""
    first, last, days = active_days(plan, monday)
    if not days:
        return ()
    start, end = monday + timedelta(first), monday + timedelta(last)
    for since, _ in plan.rates:
        if start < since <= end:
            return tuple(rate_on(plan, monday + timedelta(day)) for day in range(first, last + 1))
    return (rate_on(plan, start),) * days


def mean_rate(plan: Plan, monday: date) -> tuple[int, int]:
    """Numerator and denominator of the mean of the rates on the week's active days (4.2); (0, 1) where none is."""
    rates = rates_in(plan, monday)
    return sum(rates), len(rates) or 1


def unit_cost_shown(plan: Plan, monday: date) -> int | None:
    """The rate on the week's first active day (4.2); None where no day is active (4.11)."""
    first, _, days = active_days(plan, monday)
    return rate_on(plan, monday + timedelta(first)) if days else None


def per_day(plan: Plan) -> int:
    """What a seventh of the quantity weighs: times a rate and WHOLE less the discount it is a day's exact cost (3.6).

    A timetable weighs its exact minutes, not its rounded hours (2.3, 3.4).
    """
    minutes = weekly_minutes(plan)
    return plan.quantity * (PER_QUANTITY // 7) if minutes is None else minutes * (PER_MINUTE // 7)


def kept(plan: Plan, discounted: bool = True) -> int:
    """What a discount leaves, in hundredths of a percent."""
    return WHOLE - plan.discount if discounted else WHOLE


def exact_quantity_cost(plan: Plan, day: date, discounted: bool = False) -> int:
    """Exact cost of the whole quantity at the day's rate: a week, a one-off or a year's allocation."""
    return per_day(plan) * 7 * rate_on(plan, day) * kept(plan, discounted)


def weekly_cost(plan: Plan, day: date, discounted: bool = False) -> int:
    """Pence for the whole quantity at the day's rate, rounded once (3.6)."""
    return pence(exact_quantity_cost(plan, day, discounted))


def rate_segments(plan: Plan, first: date, last: date) -> Iterator[tuple[date, date, int]]:
    """First day, last day and rate of each stretch of active days within the range, both inclusive (3.2, 3.6)."""
    first = max(first, plan.start)
    last = last if plan.end is None else min(last, plan.end)
    if first > last:
        return
    since, rate = first, rate_on(plan, first)
    for change, following in plan.rates:
        if since < change <= last:
            yield since, change - timedelta(1), rate
            since, rate = change, following
    yield since, last, rate


def exact_cost_over(plan: Plan, first: date, last: date, discounted: bool = False) -> int:
    """Exact cost over a range of dates, both inclusive, by rate segment (3.6).

    Every N weeks counts the days in its weeks; a one-off stands whole on its start date; a yearly allocation, which
    belongs to a year and to no day, is nothing.
    """
    if plan.every:
        spent = sum(counted_days(plan, a, b) * rate for a, b, rate in rate_segments(plan, first, last))
        return per_day(plan) * spent * kept(plan, discounted)
    if plan.frequency == ONE_OFF and first <= plan.start <= last:
        return exact_quantity_cost(plan, plan.start, discounted)
    return 0


def cost_over(plan: Plan, first: date, last: date, discounted: bool = False) -> int:
    """Pence over a range of dates, rounded once (3.6)."""
    return pence(exact_cost_over(plan, first, last, discounted))


def shown_day(plan: Plan, today: date) -> date:
    """The day whose rate a list shows: today, the start of a package to come, the end of one that has ended."""
    if plan.end is not None and today > plan.end:
        return plan.end
    return max(today, plan.start)


def cost_text(plan: Plan, day: date) -> str:
    """`£56.56 Weekly`, `£162.58 Weekly (Timetabled)`, `£15.00 One-off`, before discount at the day's rate (3.7).

    A one-off is priced at its start date whatever the day (7.2).
    """
    day = plan.start if plan.frequency == ONE_OFF else day
    text = f"{pounds(weekly_cost(plan, day))} {plan.frequency}"
    return f"{text} (Timetabled)" if plan.slots else text


def pricing_text(plan: Plan, day: date, unit: str, basis: str) -> str:
    """`3.5 x Hours at £16.16 (Spot)`, or `7 x Hours (Timetabled Pricing) (Spot)` (3.7). The basis is the package's."""
    quantity = weekly_quantity(plan)
    what = f"{number(quantity)} x {unit_for(unit, quantity)}"
    if plan.slots:
        return f"{what} (Timetabled Pricing) ({basis})"
    day = plan.start if plan.frequency == ONE_OFF else day
    return f"{what} at {unit_price(rate_on(plan, day))} ({basis})"


def unit_for(unit: str, quantity: int) -> str:
    """The unit in the singular for exactly one (100 hundredths), else in the plural, however the level spells it."""
    return _unit(unit, quantity == 100)


@lru_cache(maxsize=500)
def _unit(unit: str, is_one: bool) -> str:
    one = _singular(unit)
    return one if is_one else _plural(one)


def _singular(unit: str) -> str:
    low = unit.lower()
    if low.endswith("ies") and len(low) > 4:
        return unit[:-3] + ("Y" if unit.isupper() else "y")
    if low.endswith(("ches", "shes", "sses", "xes")):
        return unit[:-2]
    return unit[:-1] if low.endswith("s") and not low.endswith("ss") else unit


def _plural(unit: str) -> str:
    low = unit.lower()
    if not low[-1:].isalpha():
        return unit
    if low.endswith("y") and low[-2:-1] not in "aeiou":
        unit, ending = unit[:-1], "ies"
    else:
        ending = "es" if low.endswith(("ch", "sh", "ss", "x")) else "s"
    return unit + (ending.upper() if len(unit) > 1 and unit.isupper() else ending)
