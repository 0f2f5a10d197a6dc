"""Yearly allocations: what of them is used and left in a financial year (rules 3.5, 4.6, K-19). It turns on 1 April."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from peewee import fn

from blueprints import weeks
from blueprints.money import number
from blueprints.packages.plan import Plan, allowance, unit_for
from blueprints.packages.rules import Line
from models import Actual


class Allocation(NamedTuple):
    """Hundredths of a package's allocation in a financial year: the whole, what is used, and what is left."""

    year: str
    whole: int
    used: int

    @property
    def left(self) -> int:
        """What is left, 0 where more was used."""
        return max(0, self.whole - self.used)

    @property
    def over(self) -> int:
        """What was used beyond the allocation."""
        return max(0, self.used - self.whole)

    def words(self, unit: str) -> str:
        """`18 of 28 Nights left in 2026/2027`, or by how much more was used."""
        whole = f"{number(self.whole)} {unit_for(unit, self.whole)}"
        if self.over:
            return f"{number(self.over)} more than the {whole} of {self.year}"
        return f"{number(self.left)} of {whole} left in {self.year}"


def used(line: Line, week: dt.date) -> int:
    """Hundredths that other weeks of the week's financial year took of a package's allocation."""
    first, last = weeks.financial_year_dates(weeks.financial_year(week))
    query = Actual.select(fn.COALESCE(fn.SUM(Actual.actual), 0)).where(
        (Actual.package == line.id) & Actual.week.between(first, last) & (Actual.week != week)
    )
    return int(query.scalar())


def left(plan: Plan, used: int) -> int:
    """Hundredths that an allocation has left, 0 where more was used."""
    return max(0, allowance(plan) - used)


def words(plan: Plan, unit: str, week: dt.date, left: int) -> str:
    """`4 of 28 Nights are left in 2026/2027`, for a refusal."""
    whole = allowance(plan)
    said = f"{number(whole)} {unit_for(unit, whole)}"
    is_are = "is" if left == 100 else "are"
    return f"{number(left) if left else 'None'} of {said} {is_are} left in {weeks.financial_year(week)}"


def of_year(lines: Mapping[int, Line], week: dt.date, idents: Iterable[int] | None = None) -> dict[int, Allocation]:
    """The allocations of the intermittent ones of these packages in the week's financial year, by one query."""
    wanted = [i for i in (lines if idents is None else idents) if lines[i].plan.intermittent]
    if not wanted:
        return {}
    year = weeks.financial_year(week)
    first, last = weeks.financial_year_dates(year)
    taken = dict(
        Actual.select(Actual.package, fn.SUM(Actual.actual))
        .where(Actual.package.in_(wanted) & Actual.week.between(first, last))
        .group_by(Actual.package)
        .tuples()
    )
    return {i: Allocation(year, allowance(lines[i].plan), int(taken.get(i) or 0)) for i in wanted}
