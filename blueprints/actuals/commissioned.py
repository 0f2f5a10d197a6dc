"""What a package's weeks commission, and what their actuals cost: for reports, which ask it of very many weeks.

Arithmetic only; the same figures as packages.plan and actuals.sums, with weeks that are alike worked out once.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from blueprints.actuals import sums
from blueprints.actuals.sums import VISITS, ActualFigures, FedVisit
from blueprints.money import half_up
from blueprints.packages.plan import (
    EXACT,
    ONE_OFF,
    PER_MINUTE,
    PER_QUANTITY,
    WHOLE,
    Plan,
    active_days,
    exact_quantity_cost,
    in_week,
    mean_rate,
    pence,
    planned_quantity,
    rate_on,
    slot_minutes,
)
from models import Entry, PaidOn

WEEK = dt.timedelta(7)


class Weeks:
    """A package's weeks: what they commission, and what their actuals cost. Weeks that are alike are worked out once."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self._since = [since for since, _ in plan.rates]
        self._known: dict[tuple[int, bool], tuple[int, int]] = {}
        self._first = plan.start + dt.timedelta(-plan.start.weekday() % 7)
        self._last = plan.end - dt.timedelta(6) if plan.end else dt.date.max
        self._costs = plan.paid_on == PaidOn.ACTUALS and plan.authorised
        self.changing = {
            week
            for since in self._since
            if since.weekday()
            and (week := since - dt.timedelta(since.weekday())) >= plan.start - dt.timedelta(6)
            and (plan.end is None or week <= plan.end)
        }

    def _is_plain(self, week: dt.date) -> bool:
        """Active on all seven days, at one rate."""
        return self._first <= week <= self._last and week not in self.changing and self.plan.frequency != ONE_OFF

    def commissioned(self, week: dt.date) -> tuple[int, int]:
        """Quantity and once-rounded cost that the week commissions; nothing of a package that is not authorised."""
        if not self.plan.authorised:
            return 0, 0
        if not self._is_plain(week):
            return planned_quantity(self.plan, week), commissioned_cost(self.plan, week)
        key = bisect_right(self._since, week), self.plan.every == 1 or in_week(self.plan, week)
        if key not in self._known:
            self._known[key] = planned_quantity(self.plan, week), commissioned_cost(self.plan, week)
        return self._known[key]

    def paid(
        self, week: dt.date, actual: int, frustrated: int, source: str, minutes: int, fed: Iterable[FedVisit] | None
    ) -> tuple[int, int]:
        """The cost of a row as its page shows it (4.2), and how much of that is of the actual alone."""
        if not self._costs:
            return 0, 0
        if not self._is_plain(week):
            return self._paid_exactly(week, actual, frustrated, source, minutes, fed)
        rate = rate_on(self.plan, week) if self._since else self.plan.unit_cost
        if source != VISITS:
            price = rate * PER_QUANTITY * WHOLE
            whole = half_up((actual + frustrated) * price, EXACT)
            return whole, half_up(actual * price, EXACT) if frustrated else whole
        price = rate * PER_MINUTE * WHOLE
        whole = half_up(minutes * price, EXACT)
        return whole, half_up((minutes - minutes_of(frustrated)) * price, EXACT) if frustrated else whole

    def _paid_exactly(self, week, actual, frustrated, source, minutes, fed) -> tuple[int, int]:
        """A row of a part week, or of one in which the rate changes."""
        plan, priced, own = self.plan, None, None
        if source == VISITS and week in self.changing:
            fed = list(fed or ())
            priced = sums.priced(plan, week, fed)
            own = sums.priced(plan, week, [visit for visit in fed if visit.pays == "delivered"])
        elif source == VISITS:
            priced, own = minutes, minutes - minutes_of(frustrated)
        return (
            sums.cost(plan, week, ActualFigures(actual, frustrated, source, priced)),
            sums.cost(plan, week, ActualFigures(actual, 0, source, own)),
        )

    def commissioned_weeks(self, first: dt.date, last: dt.date) -> Iterator[dt.date]:
        """The weeks that begin within the dates and plan something that actuals are to be posted for."""
        plan = self.plan
        if not plan.authorised or plan.paid_on != PaidOn.ACTUALS or plan.entry == Entry.NONE:
            return
        week = max(first + dt.timedelta(-first.weekday() % 7), plan.start - dt.timedelta(plan.start.weekday()))
        while week <= last and active_days(plan, week)[2]:
            if self.commissioned(week)[0]:
                yield week
            week += WEEK

    def nothing(self, week: dt.date) -> tuple:
        """A week without an actual."""
        commissioned, cost = self.commissioned(week)
        return week, False, 0, commissioned, 0, 0, -commissioned, cost, 0, 0, -cost


def minutes_of(hundredths: int) -> int:
    """The whole minutes that a quantity of hours was rounded from (rule 2.3): no two round to the same hundredths."""
    return half_up(hundredths * 60, 100)


def commissioned_cost(plan: Plan, monday: dt.date) -> int:
    """Pence of the week's planned quantity before discount, rounded once: a timetable's exact minutes at the rate of each
    day, else the planned quantity at the mean of the rates, as an actual that equals it would be priced (3.4, 3.6, 4.2).
    """
    if plan.paid_on != PaidOn.ACTUALS:
        return 0
    first, last, days = active_days(plan, monday)
    if not days or not in_week(plan, monday):
        return 0
    if plan.frequency == ONE_OFF:
        return pence(exact_quantity_cost(plan, plan.start))
    if plan.slots:
        minutes = sum(
            slot_minutes(slot) * rate_on(plan, monday + dt.timedelta(slot.weekday))
            for slot in plan.slots
            if first <= slot.weekday <= last
        )
        return pence(minutes * PER_MINUTE * WHOLE)
    total, count = mean_rate(plan, monday)
    return pence(planned_quantity(plan, monday) * total * (PER_QUANTITY // count) * WHOLE)
