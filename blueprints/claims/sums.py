"""Arithmetic of claims: the stays that visits tell of, and what the care missed in one comes to (rule 8.2). No tables.

Money in pence, rates in ten-thousandths of a pound, percentages in hundredths of a percent, whole minutes, times in
seconds since midnight.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from blueprints.money import half_up, hours, number, pounds, unit_price

PENCE = 60 * 100 * 10_000  # minutes x ten-thousandths of a pound x hundredths of a percent, to a penny
PARTS = 60 * 10_000  # the same, to a ten-thousandth of a pound


class Scheme(NamedTuple):
    """What a contract type pays of the care missed in hospital (rule 8.2)."""

    percent: int
    most_days: int
    working_days: bool = False
    first_days: bool = False  # of a longer stay the first days count; else it gives nothing


# Rule 8.2; an authority's own rules stand in ClaimRule. A contract type that is not here pays nothing.
SCHEMES = {"DAPL": Scheme(5000, 7), "LWAH": Scheme(5000, 14, first_days=True)}


class Call(NamedTuple):
    """A visit of a client as stays are told by: in hospital, delivered, or neither."""

    id: int
    ref: str
    day: date
    entry: int
    exit: int
    minutes: int
    in_hospital: bool
    delivered: bool
    contract: int | None  # None where it is not matched
    cpli: int | None
    rate: int  # on its planned date


class Stay(NamedTuple):
    """A run of visits in hospital without a delivered one between: first and last day, and the visits."""

    first: date
    last: date
    calls: tuple[Call, ...]


def stays(calls: Iterable[Call]) -> list[Stay]:
    """The stays that the visits of one client tell of, oldest first (rule 8.2)."""
    runs: list[list[Call]] = []
    going_on = False
    for call in sorted(calls, key=lambda c: (c.day, c.entry, c.ref)):
        if call.delivered:
            going_on = False
        elif call.in_hospital:
            if not going_on:
                runs.append([])
            runs[-1].append(call)
            going_on = True
    return [Stay(run[0].day, run[-1].day, tuple(run)) for run in runs]


def days_of(first: date, last: date, working_days: bool = False) -> int:
    """How many days a stay has, its first and last included; of working days Monday to Friday."""
    days = (last - first).days + 1
    if not working_days:
        return days
    return sum((first + timedelta(n)).weekday() < 5 for n in range(days))


class Line(NamedTuple):
    """A visit in the working: the day of the stay that it falls on, whether it counts, else why not, and its share in
    ten-thousandths of a pound, for reading only."""

    call: Call
    day: int
    counts: bool
    why: str
    share: int


class Working(NamedTuple):
    """How the amount of a stay comes about: its days, the visits, the minutes that count, and pence rounded once."""

    first: date
    last: date
    days: int
    lines: tuple[Line, ...]
    minutes: int
    amount: int
    percent: int
    why: str  # why it is nothing; empty where it is something

    @property
    def formula(self) -> str:
        """`4 x £23.77 x 50% = £47.54`; with several rates the hours alone."""
        rates = {line.call.rate for line in self.lines if line.counts}
        if not rates:
            return ""
        at = f" x {unit_price(rates.pop())}" if len(rates) == 1 else " at the rates below"
        return f"{number(hours(self.minutes))}{at} x {number(self.percent)}% = {pounds(self.amount)}"


def work_out(scheme: Scheme, calls: Sequence[Call], first: date, last: date, contract: int) -> Working:
    """The working of a stay under a contract, from the client's visits in hospital (rule 8.2).

    A visit counts with its planned minutes at the package's rate on its planned date; the sum is rounded once.
    """
    days = days_of(first, last, scheme.working_days)
    too_long = days > scheme.most_days and not scheme.first_days
    lines = []
    for call in sorted(calls, key=lambda c: (c.day, c.entry, c.ref)):
        if not call.in_hospital or not first <= call.day <= last or call.contract not in (None, contract):
            continue
        at = days_of(first, call.day, scheme.working_days)
        why = ""
        if call.contract is None:
            why = "not matched"
        elif too_long:
            why = f"stay of {days} days"
        elif at > scheme.most_days:
            why = f"after day {scheme.most_days}"
        share = 0 if why else half_up(call.minutes * call.rate * scheme.percent, PARTS)
        lines.append(Line(call, at, not why, why, share))
    counted = [line.call for line in lines if line.counts]
    exact = sum(call.minutes * call.rate for call in counted) * scheme.percent
    amount = half_up(exact, PENCE)
    return Working(
        first, last, days, tuple(lines), sum(call.minutes for call in counted), amount, scheme.percent,
        "" if amount else _why_nothing(scheme, lines, days, too_long),
    )  # fmt: skip


def _why_nothing(scheme: Scheme, lines: Sequence[Line], days: int, too_long: bool) -> str:
    """Why a stay comes to nothing."""
    if not lines:
        return "No visits of the stay are marked as in hospital, so nothing can be worked out."
    if too_long:
        kind = "working days" if scheme.working_days else "days"
        return f"The stay has {days} {kind}. This contract pays for stays of up to {scheme.most_days} {kind} only."
    if all(line.why == "not matched" for line in lines):
        return "None of the visits in hospital is matched with a package yet, so nothing can be worked out."
    return "No planned care was missed on the days that count."


def described(working: Working) -> str:
    """The description that a claim begins with (P-06): dates, hours missed, the calculation."""
    stay = f"In hospital from {working.first:%d/%m/%Y} to {working.last:%d/%m/%Y} ({_plural(working.days, 'day')})"
    if not working.amount:
        return f"{stay}."
    missed = hours(working.minutes)
    return f"{stay}, {number(missed)} {'hour' if missed == 100 else 'hours'} missed: {working.formula}."


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def amount_of(quantity: int, unit_cost: int) -> int:
    """Pence of a quantity in hundredths at a unit cost in ten-thousandths of a pound, rounded once (P-09)."""
    return half_up(quantity * unit_cost, 10_000)
