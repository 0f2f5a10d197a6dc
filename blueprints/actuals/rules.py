"""Actuals: fed by visits, generated from plan (rules 4 and 5.10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import database
from blueprints import history
from blueprints.actuals.sums import ActualFigures, FedVisit, from_visits, generated_rows, paid_minutes, priced
from blueprints.packages import rules as packages
from blueprints.packages.plan import active_days, planned_quantity, planned_visits
from blueprints.packages.rules import Line, day
from models import (
    Actual,
    ActualDay,
    Contract,
    Entry,
    Package,
    PaidOn,
    PaymentPeriod,
    Service,
    ServiceLevel,
    Source,
    Visit,
    VisitStatus,
    VisitType,
    db,
)

FIGURES = ["actual", "frustrated", "missed", "extra", "visits", "paid_minutes"]
MANUAL = (Source.ENTERED, Source.IMPORTED)


def feed(
    lines: Mapping[int, Line], fed: Mapping[tuple[int, dt.date], Sequence[FedVisit]]
) -> dict[tuple[int, dt.date], ActualFigures | None]:
    """Make the visits-fed actuals of these packages and weeks what their matched visits say (rule 5.10).

    Returns the figures of each package and week; None where there is no row. A manual edit is never replaced.
    """
    if not fed:
        return {}
    ids = {package for package, _ in fed}
    weeks = [week for _, week in fed]
    stored = {
        (package, day(week)): (ident, source, *rest)
        for ident, package, week, source, *rest in Actual.select(
            Actual.id, Actual.package, Actual.week, Actual.source, *(getattr(Actual, name) for name in FIGURES)
        )
        .where(Actual.package.in_(ids) & Actual.week.between(min(weeks), max(weeks)))
        .tuples()
    }
    result: dict[tuple[int, dt.date], ActualFigures | None] = {}
    rows, gone = [], []
    for key, visits in fed.items():
        package, week = key
        line, before = lines[package], stored.get(key)
        if before and before[1] in MANUAL:
            result[key] = ActualFigures(before[2], before[3], before[1])
            continue
        if not visits:
            result[key] = None
            if before and before[1] == Source.VISITS:
                gone.append((before[0],))
            elif before:
                result[key] = ActualFigures(before[2], before[3], before[1])
            continue
        figures = from_visits(planned_quantity(line.plan, week), visits)
        paid = sum(map(paid_minutes, visits))
        result[key] = ActualFigures(
            figures.actual, figures.frustrated, str(Source.VISITS), priced(line.plan, week, visits)
        )
        new = (*figures, paid)
        if before is None or before[1] != Source.VISITS or tuple(before[2:]) != new:
            rows.append((package, week, line.organisation, line.service, str(Source.VISITS), "", False, 1, *new))
    columns = ["package", "week", "organisation", "service", "source", "comments", "by_officer", "version", *FIGURES]
    database.bulk_upsert(Actual, columns, rows, key=["package", "week"], update=["service", "source", *FIGURES])
    database.execute_many(Actual, "DELETE FROM actual WHERE id = ?", gone)
    return result


def move(idents: Iterable[int]) -> None:
    """Give the actuals of packages that have moved to another service the service and organisation of their package."""
    for ident in idents:
        where = Package.select(Package.service, Package.organisation).where(Package.id == ident).tuples().get()
        Actual.update(service=where[0], organisation=where[1]).where(Actual.package == ident).execute()


def figures_of(lines: Mapping[int, Line]) -> dict[int, dict[dt.date, ActualFigures]]:
    """The stored figures of these packages by week, ready for pricing.

    A visits-fed row is priced from its minutes; in a week in which the rate changes, from its visits (rule 4.2).
    """
    found: dict[int, dict[dt.date, ActualFigures]] = {ident: {} for ident in lines}
    several = []
    columns = (Actual.package, Actual.week, Actual.actual, Actual.frustrated, Actual.source, Actual.paid_minutes)
    query = Actual.select(*columns).where(Actual.package.in_(list(lines)))
    for package, week, actual, frustrated, source, paid in database.rows(query):  # hundreds of thousands of rows
        week = day(week)
        if source == Source.VISITS and lines[package].plan.rates and _rate_changes(lines[package], week):
            several.append((package, week))
        found[package][week] = ActualFigures(actual, frustrated, source, paid if source == Source.VISITS else None)
    for package, week in several:
        visits = fed_visits(package, week)
        found[package][week] = found[package][week]._replace(priced=priced(lines[package].plan, week, visits))
    return found


def _rate_changes(line: Line, week: dt.date) -> bool:
    """A rate begins within the week, after its Monday."""
    return any(week < since <= week + dt.timedelta(6) for since, _ in line.plan.rates)


def fed_visits(package: int, week: dt.date) -> list[FedVisit]:
    """The matched visits of a package and week."""
    return [
        FedVisit(day(planned), pays, minutes, delivered)
        for planned, pays, minutes, delivered in Visit.select(
            Visit.planned_date, VisitType.pays, Visit.planned_minutes, Visit.delivered_minutes
        )
        .join(VisitType)
        .where(
            (Visit.package == package)
            & (Visit.week == week)
            & (Visit.status == VisitStatus.MATCHED)
            & ~Visit.is_deleted
        )
        .tuples()
    ]


def generate(service: Service, weeks: Sequence[dt.date], by: history.Actor) -> set[int]:
    """Generate Actuals (rule 4.4): a row as planned for every package of the service that has none, in each week.

    Returns the packages that got rows. Never changes a row that exists; running it twice changes nothing.
    """
    if not weeks:
        return set()
    wanted = (
        (Package.service == service)
        & Package.authorised
        & (ServiceLevel.paid_on == PaidOn.ACTUALS)
        & ~ServiceLevel.intermittent
        & ServiceLevel.entry.in_([Entry.WEEKLY, Entry.DAILY])
    )
    made: set[int] = set()
    with db.atomic():
        lines = packages.lines(wanted)
        there = {
            (package, day(week))
            for package, week in Actual.select(Actual.package, Actual.week)
            .where((Actual.service == service) & Actual.week.in_(list(weeks)))
            .tuples()
        }
        first_week = first_weeks({line.cycle for line in lines.values()})
        for line in lines.values():
            for week in weeks:
                if (line.id, week) in there or not active_days(line.plan, week)[2] or week < first_week[line.cycle]:
                    continue
                _generate_one(line, week)
                made.add(line.id)
        if made:
            history.record(
                by, "Generated actuals", service, {}, {"weeks": f"{min(weeks)} to {max(weeks)}", "packages": len(made)}
            )
    return made


def first_weeks(cycles: set[int]) -> dict[int, dt.date]:
    """The first Monday of each payment cycle's first period (rules 4.4, 7.1)."""
    found = dict.fromkeys(cycles, dt.date.max)
    for cycle, start in PaymentPeriod.select(PaymentPeriod.cycle, PaymentPeriod.start_date).tuples():
        if cycle in found:
            start = day(start)
            found[cycle] = min(found[cycle], start + dt.timedelta(-start.weekday() % 7))
    return found


def _generate_one(line: Line, week: dt.date) -> None:
    planned = planned_quantity(line.plan, week)
    actual = Actual.create(
        package=line.id,
        week=week,
        organisation=line.organisation,
        service=line.service,
        actual=planned,
        visits=planned_visits(line.plan, week),
        source=Source.GENERATED,
    )
    if line.plan.entry == Entry.DAILY:
        for number, row in enumerate(generated_rows(line.plan, week), 1):
            ticks = sum(1 << at for at, ticked in enumerate(row.ticks) if ticked)
            ActualDay.create(actual=actual, number=number, quantity=row.quantity, ticks=ticks)


def generate_until(service: Service, until: dt.date, by: history.Actor) -> set[int]:
    """Generate Actuals for every week whose Monday is on or before a date, from the first period on (rule 4.4)."""
    cycles = {
        cycle
        for (cycle,) in Contract.select(Contract.cycle)
        .join(Package)
        .where(Package.service == service)
        .distinct()
        .tuples()
    }
    firsts = [week for week in first_weeks(cycles).values() if week < dt.date.max]
    weeks, week = [], min(firsts, default=dt.date.max)
    while week <= until:
        weeks.append(week)
        week += dt.timedelta(7)
    return generate(service, weeks, by)
