"""Rows of many packages with one press: as planned, or nothing delivered (rule 4.7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

import database
from blueprints import consequences, history
from blueprints.actuals import sums
from blueprints.actuals.entering import Figures, Terms, days_of, figures_of, put, same, tidy, why_closed
from blueprints.actuals.sums import DailyRow
from blueprints.facts import Fault, Faulty
from blueprints.packages import rules as packages
from blueprints.packages.plan import active_days, planned_quantity, planned_visits
from blueprints.packages.rules import Line
from models import Actual, Entry, LockedWeek, Package, db


class Several(NamedTuple):
    """What became of rows that were changed with one press: how many changed, how many were so already, and why
    others were left as they are."""

    changed: int
    same: int
    left: tuple[str, ...]


def as_planned(
    idents: Iterable[int], week: dt.date, by: history.Actor, terms: Terms, untouched_only: bool = False
) -> Several:
    """Make these packages' rows as planned; with `untouched_only` rows that somebody has changed stay as they are.

    What is taken out of a yearly allocation is planned in no week, and stays as it is.
    """

    def wanted(line: Line, planned: int) -> Figures | None:
        if line.plan.intermittent:
            return None
        days = sums.generated_rows(line.plan, week) if line.plan.entry == Entry.DAILY else None
        return Figures(planned, visits=planned_visits(line.plan, week), days=days)

    return _several(idents, week, wanted, by, terms, untouched_only)


def nothing_delivered(
    idents: Iterable[int], week: dt.date, comment: str, by: history.Actor, terms: Terms, untouched_only: bool = False
) -> Several:
    """Make these packages' rows 0 with one comment: all that was planned was missed (4.7). Raises Faulty without one."""
    if not comment.strip():
        raise Faulty([Fault("comment", "Enter a comment that says why nothing was delivered")])

    def wanted(line: Line, planned: int) -> Figures:
        if line.plan.entry != Entry.DAILY:
            return Figures(0, missed=planned, comments=comment)
        first, last, _ = active_days(line.plan, week)
        return Figures(0, comments=comment, days=(DailyRow(0, tuple(first <= day <= last for day in range(7))),))

    return _several(idents, week, wanted, by, terms, untouched_only)


def _several(idents: Iterable[int], week: dt.date, wanted_of, by: history.Actor, terms: Terms, untouched_only: bool):
    changed: dict = {}
    alike, left = 0, []
    with db.atomic():
        database.serialise(db, "settle")
        lines = packages.lines(Package.id.in_(list(idents)))
        stored = {
            a.package_id: a for a in Actual.select().where(Actual.package.in_(list(lines)) & (Actual.week == week))
        }
        days = days_of([a.id for a in stored.values()])
        locked = {
            service
            for (service,) in LockedWeek.select(LockedWeek.service)
            .where((LockedWeek.week == week) & LockedWeek.service.in_({line.service for line in lines.values()}))
            .tuples()
        }
        for line in sorted(lines.values(), key=lambda line: line.plan.id):
            row = stored.get(line.id)
            if closed := why_closed(line, week, row.source if row else None, line.service in locked, terms):
                left.append(closed)
                continue
            planned = planned_quantity(line.plan, week)
            before = figures_of(row, days[row.id], line) if row else None
            asked = wanted_of(line, planned)
            if asked is None or (line.plan.intermittent and before is None):
                continue
            wanted = tidy(line, asked)
            if before is not None and same(before, wanted):
                alike += 1
            elif before is not None and untouched_only and is_touched(line, week, planned, before):
                left.append("Rows that somebody has changed were left as they are")
            else:
                changed[line.id, week] = line, put(line, week, planned, row, before, wanted, by, terms)
        if changed:
            consequences.follow_actuals(changed)
    return Several(len(changed), alike, tuple(left))


def is_touched(line: Line, week: dt.date, planned: int, row: Figures) -> bool:
    """A row that says something other than the plan."""
    away = sums.away_from_plan(planned, row.actual, row.frustrated, row.missed, row.extra)
    return away or bool(row.comments)
