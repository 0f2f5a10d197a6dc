"""What is due for a package and week, and why it differs from before (7.2 to 7.4). Arithmetic only; no tables.

Units as in packages.plan. `due` says it in the order of the rules; `weeks_due` gives the same for a whole package,
fast, by working out once what every full week at one rate has in common.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from blueprints.actuals.sums import VISITS, ActualFigures, exact_cost
from blueprints.money import half_up, part_week
from blueprints.packages.plan import (
    ONE_OFF,
    PER_MINUTE,
    PER_QUANTITY,
    WHOLE,
    Plan,
    active_days,
    exact_quantity_cost,
    in_week,
    kept,
    pence,
    per_day,
    planned_quantity,
    rate_on,
    rates_in,
    unit_cost_shown,
)

WEEK = timedelta(7)

PACKAGE_CHANGED = "package changed"
RATE_CHANGED = "rate changed"
VISITS_CHANGED = "visits changed"
ACTUALS_CHANGED = "actuals changed"
# what comes back just as a finalised period held it back (7.5)
RELEASED = "released"
CARRIED_FORWARD = "carried forward"


class Basis(NamedTuple):
    """The facts of a week that an adjustment's reason is judged by (7.3), as text to keep and compare.

    `package`: authorised, active days as bits from Monday, planned quantity, discount, contribution.
    `rates`: the rate on each active day, one where all are the same.
    """

    package: str
    rates: str


class Due(NamedTuple):
    """What is due for a CPLI and week. `cost` excludes VAT; `contribution` is 0 or below, without VAT (7.4).

    Quantity in hundredths and unit cost in ten-thousandths of a pound are what the cost line shows.
    """

    cost: int
    vat: int
    contribution: int
    quantity: int
    unit_cost: int | None
    basis: Basis


def basis(plan: Plan, monday: date) -> Basis:
    """The comparable facts of the week (7.3)."""
    first, _, days = active_days(plan, monday)
    bits = ((1 << days) - 1) << first
    facts = (int(plan.authorised), bits, planned_quantity(plan, monday), plan.discount, plan.contribution)
    rates = rates_in(plan, monday)
    return Basis(" ".join(map(str, facts)), " ".join(map(str, rates if len(set(rates)) > 1 else rates[:1])))


def reason(before: Basis | None, now: Basis | None, entry: str) -> str:
    """Why a finalised week is adjusted (7.3): `before` is what held when the contract was last finalised.

    None stands for a CPLI that was not there. `entry` is how the level's actuals are entered.
    """
    if before is None or now is None or before.package != now.package:
        return PACKAGE_CHANGED
    if before.rates != now.rates:
        return RATE_CHANGED
    return VISITS_CHANGED if entry == "visits" else ACTUALS_CHANGED


def reason_of_rates(before: Plan, now: Plan, monday: date) -> str:
    """`reason` of a package of which nothing but the rates may differ."""
    if before is not now and rates_in(before, monday) != rates_in(now, monday):
        return RATE_CHANGED
    return VISITS_CHANGED if now.entry == "visits" else ACTUALS_CHANGED


def is_payable(plan: Plan, monday: date) -> bool:
    """Whether anything can be due: authorised, active, and not under a contract paid by invoice (7.2)."""
    return plan.authorised and not plan.invoiced and active_days(plan, monday)[2] > 0


def exact_due(plan: Plan, monday: date, actual: ActualFigures | None) -> int:
    """Exact cost due for a payable week, less discount (7.2).

    A one-off is due whole in its start week whatever its level says. Paid on plan is weekly cost x active days / 7 in
    the package's weeks, each day at its rate. Paid on actuals is the cost of the row, nothing without one.
    """
    if plan.frequency == ONE_OFF:
        return exact_quantity_cost(plan, plan.start, discounted=True) if in_week(plan, monday) else 0
    if plan.paid_on == "planned":
        return per_day(plan) * sum(rates_in(plan, monday)) * kept(plan) if in_week(plan, monday) else 0
    if plan.paid_on == "actuals" and actual is not None:
        return exact_cost(plan, monday, actual, kept(plan))
    return 0


def quantity_due(plan: Plan, monday: date, actual: ActualFigures | None) -> int:
    """The quantity of a cost line in hundredths: actual + frustrated where those are paid, else the planned one."""
    if plan.frequency != ONE_OFF and plan.paid_on == "actuals":
        return actual.quantity if actual else 0
    return planned_quantity(plan, monday)


def contribution_due(plan: Plan, monday: date) -> int:
    """The client's contribution of a payable week, 0 or below (7.4): every active week of a weekly or every-N-weeks
    package, those in between included."""
    return -part_week(plan.contribution, active_days(plan, monday)[2]) if plan.every else 0


def vat_on(cost: int, vat: int) -> int:
    """VAT in pence on a rounded amount (7.2)."""
    return half_up(cost * vat, WHOLE)


def due(plan: Plan, monday: date, actual: ActualFigures | None = None) -> Due:
    """What is due for the CPLI and week (7.2, 7.4, 4.11). Raises ValueError where exact_cost does."""
    shown, held = unit_cost_shown(plan, monday), basis(plan, monday)
    if not is_payable(plan, monday):
        return Due(0, 0, 0, 0, shown, held)
    cost = pence(exact_due(plan, monday, actual))
    quantity = quantity_due(plan, monday, actual)
    return Due(cost, vat_on(cost, plan.vat), contribution_due(plan, monday), quantity, shown, held)


def weeks_due(
    plan: Plan, first_monday: date, last_monday: date, actuals: Mapping[date, ActualFigures]
) -> Iterator[tuple[date, Due]]:
    """Each week of the range in order with what is due for it, equal to `due` week by week.

    Weeks that are whole and at one rate share what they have in common; the others go through `due`. Weeks without
    an active day are given too, with nothing due, since something may have been paid for them.
    """
    by_row = plan.paid_on == "actuals" and plan.frequency != ONE_OFF
    for start, weeks, uniform in _stretches(plan, first_monday, last_monday):
        if not uniform:
            yield start, due(plan, start, actuals.get(start))
            continue
        cycle = [due(plan, start + WEEK * k) for k in range(min(weeks, max(plan.every, 1)))]
        if not (by_row and is_payable(plan, start)):
            for k in range(weeks):
                yield start + WEEK * k, cycle[k % len(cycle)]
            continue
        price = _full_week_price(plan, start)
        for k in range(weeks):
            monday = start + WEEK * k
            row, without = actuals.get(monday), cycle[k % len(cycle)]
            yield monday, without if row is None else _row_due(plan, monday, row, without, price)


def _stretches(plan: Plan, first: date, last: date) -> Iterator[tuple[date, int, bool]]:
    """First Monday, number of weeks, and whether they are all wholly active or inactive, and at one rate.

    A one-off's start week stands alone: it plans what the others do not.
    """
    changes = [plan.start, *(since for since, _ in plan.rates)]
    if plan.end is not None:
        changes.append(plan.end + timedelta(1))
    starts, mixed = {first}, set()
    for day in changes:
        monday = day - timedelta(day.weekday())
        starts.add(monday)
        if day != monday or (plan.frequency == ONE_OFF and day == plan.start):
            mixed.add(monday)
            starts.add(monday + WEEK)
    ordered = sorted(monday for monday in starts if first <= monday <= last)
    for start, following in zip(ordered, [*ordered[1:], last + WEEK], strict=False):
        yield start, (following - start).days // 7, start not in mixed


def _full_week_price(plan: Plan, monday: date) -> tuple[int, int]:
    """Exact cost of a hundredth and of a minute, less discount, in a whole week at one rate."""
    kept_rate = rate_on(plan, monday) * kept(plan)
    return kept_rate * PER_QUANTITY, kept_rate * PER_MINUTE


def _row_due(plan: Plan, monday: date, row: ActualFigures, without: Due, price: tuple[int, int]) -> Due:
    """What is due for a row of actuals in a whole week at one rate; `without` is what the week has without it."""
    if row.source != VISITS:
        cost = pence(row.quantity * price[0])
    elif isinstance(row.priced, int):
        cost = pence(row.priced * price[1])
    else:
        return due(plan, monday, row)
    vat = vat_on(cost, plan.vat) if plan.vat else 0
    return Due(cost, vat, without.contribution, row.quantity, without.unit_cost, without.basis)
