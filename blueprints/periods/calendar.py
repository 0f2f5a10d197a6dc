"""The payment calendar: when periods are cut off, finalised and paid, as both doors show it (R-10, Z-08)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from blueprints.packages.rules import WEEKDAYS, day
from blueprints.periods.rhythm import year_ahead
from blueprints.values import show_date
from blueprints.weeks import financial_year, financial_year_dates
from models import Contract, Finalisation, PaymentCycle, PaymentPeriod

AHEAD = "ahead"


class Entry(NamedTuple):
    """A period in the calendar; the state is that of the contracts that are asked about."""

    cycle: int
    cycle_name: str
    period: int
    start: dt.date
    end: dt.date
    cut_off: dt.date | None
    finalise_on: dt.date | None
    pay_on: dt.date | None
    state: str
    contracts: tuple[str, ...]

    @property
    def last(self) -> dt.date:
        """The last day on which anything of the period happens."""
        return max(d for d in (self.end, self.cut_off, self.finalise_on, self.pay_on) if d)


def calendar(contracts: Iterable[Contract] | None, wanted: str, today: dt.date) -> list[Entry]:
    """The periods of these contracts' cycles, or of all cycles, in order of their first day; four queries.

    `wanted` is a financial year by the first day of the period, or AHEAD: what is not over yet, a year ahead.
    """
    known = list(Contract.select() if contracts is None else contracts)
    of_cycle: dict[int, list[Contract]] = {}
    for contract in known:
        of_cycle.setdefault(contract.cycle_id, []).append(contract)
    query = PaymentPeriod.select(PaymentPeriod, PaymentCycle).join(PaymentCycle)
    if contracts is not None:
        query = query.where(PaymentPeriod.cycle.in_(list(of_cycle)))
    first, last = (dt.date.min, year_ahead(today)) if wanted == AHEAD else financial_year_dates(wanted)
    query = query.where(PaymentPeriod.start_date.between(first, last))
    done = Counter(
        period
        for (period,) in Finalisation.select(Finalisation.period)
        .where(Finalisation.contract.in_([c.id for c in known]))
        .tuples()
    )
    made = []
    for period in query.order_by(PaymentPeriod.start_date, PaymentCycle.name):
        mine = of_cycle.get(period.cycle_id, [])
        entry = Entry(
            period.cycle_id,
            period.cycle.name,
            period.id,
            *(day(getattr(period, n)) for n in ("start_date", "end_date", "cut_off", "finalise_on", "pay_on")),
            state_of(period, len(mine), done[period.id], today),
            tuple(sorted(c.name for c in mine)),
        )
        if wanted != AHEAD or entry.last >= today or (mine and entry.state != "Finalised"):
            made.append(entry)
    return made


def state_of(period: PaymentPeriod, contracts: int, done: int, today: dt.date) -> str:
    """Finalised, partly finalised, current, or to come, for so many contracts."""
    if contracts and done >= contracts:
        return "Finalised"
    if done:
        return "Partly finalised"
    return "Current" if period.start_date <= today else "Future"


def years(contracts: Iterable[Contract] | None, today: dt.date) -> list[str]:
    """The financial years in which periods begin, newest first."""
    query = PaymentPeriod.select(PaymentPeriod.start_date).distinct()
    if contracts is not None:
        query = query.where(PaymentPeriod.cycle.in_({c.cycle_id for c in contracts}))
    return sorted({financial_year(day(d)) for (d,) in query.tuples()}, reverse=True)


def short(when: dt.date | None) -> str:
    """`Tue 03/11/2026`: the weekday, by which one sees what falls on a Saturday."""
    return f"{WEEKDAYS[when.weekday()]} {show_date(when)}" if when else "-"
