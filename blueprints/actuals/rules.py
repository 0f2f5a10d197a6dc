"""Actuals: fed by visits, generated from plan (rules 4 and 5.10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence

import database
from blueprints import history
from blueprints.actuals.sums import (
    ActualFigures,
    DailyRow,
    FedVisit,
    from_visits,
    generated_rows,
    paid_minutes,
    priced,
    ticks_of,
    unpaid,
)
from blueprints.packages import rules as packages
from blueprints.packages.plan import ONE_OFF, active_days, planned_quantity, planned_visits
from blueprints.packages.rules import Line, day
from models import (
    Actual,
    ActualDay,
    Contract,
    Entry,
    Increase,
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
    utc_now,
)

FIGURES = ["actual", "frustrated", "missed", "extra", "visits", "paid_minutes"]
COLUMNS = [
    "package", "week", "organisation", "service", "source", "comments", "by_officer", "version", "changed_at",
    "changed_by", *FIGURES,
]  # fmt: skip
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
    rows, gone, now = [], [], str(utc_now())
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
            what = (str(Source.VISITS), "", False, 1, now, "")
            rows.append((package, week, line.organisation, line.service, *what, *new))
    update = ["service", "source", "changed_at", "changed_by", *FIGURES]
    database.bulk_upsert(Actual, COLUMNS, rows, key=["package", "week"], update=update)
    database.execute_many(Actual, "DELETE FROM actual WHERE id = ?", gone)
    return result


def move(idents: Iterable[int]) -> None:
    """Give the actuals of packages that have moved to another service the service and organisation of their package."""
    for ident in idents:
        where = Package.select(Package.service, Package.organisation).where(Package.id == ident).tuples().get()
        Actual.update(service=where[0], organisation=where[1]).where(Actual.package == ident).execute()


def figures_of(
    lines: Mapping[int, Line], weeks: Collection[dt.date] | None = None
) -> dict[int, dict[dt.date, ActualFigures]]:
    """The stored figures of these packages by week, of all weeks unless some are named; ready for pricing.

    A visits-fed row is priced from its minutes; in a week in which the rate changes, from its visits (rule 4.2). What
    of an increase an officer has not authorised is told apart (rule 4.6).
    """
    found: dict[int, dict[dt.date, ActualFigures]] = {ident: {} for ident in lines}
    several = []
    wanted = Actual.package.in_(list(lines))
    if weeks is not None:
        wanted &= Actual.week.in_(list(weeks))
    columns = (Actual.package, Actual.week, Actual.actual, Actual.frustrated, Actual.source, Actual.paid_minutes)
    query = Actual.select(*columns).where(wanted)
    for package, week, actual, frustrated, source, paid in database.rows(query):  # hundreds of thousands of rows
        week = day(week)
        if source == Source.VISITS and lines[package].plan.rates and _rate_changes(lines[package], week):
            several.append((package, week))
        found[package][week] = ActualFigures(actual, frustrated, source, paid if source == Source.VISITS else None)
    for package, week in several:
        visits = fed_visits(package, week)
        found[package][week] = found[package][week]._replace(priced=priced(lines[package].plan, week, visits))
    for (package, week), agreed in agreed_of(Increase.package.in_(list(lines))).items():
        if row := found[package].get(week):
            found[package][week] = row._replace(unpaid=unpaid_of(lines[package], week, row, agreed))
    return found


def agreed_of(condition) -> dict[tuple[int, dt.date], int]:
    """Hundredths up to which actuals above plan are paid, by package and week, where an officer is asked (rule 4.6)."""
    rows = Increase.select(Increase.package, Increase.week, Increase.agreed).where(condition).tuples()
    return {(package, day(week)): agreed for package, week, agreed in rows}


def unpaid_of(line: Line, week: dt.date, row: ActualFigures, agreed: int) -> int:
    """What of a row waits for an officer, or was refused by one (rule 4.6); visits are paid by their types."""
    return 0 if row.source == Source.VISITS else unpaid(planned_quantity(line.plan, week), row.actual, agreed)


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
    return {package for package, _ in generate_for([service], weeks, by)}


def generate_for(
    services: Sequence[Service], weeks: Sequence[dt.date], by: history.Actor
) -> dict[tuple[int, dt.date], tuple[Line, ActualFigures]]:
    """Generate Actuals for the packages of services, by set-based statements; it stands in each service's history.

    Returns the packages and weeks that got rows, with what they are priced from.
    """
    if not weeks or not services:
        return {}
    wanted = (
        Package.service.in_([service.id for service in services])
        & Package.authorised
        & (ServiceLevel.paid_on == PaidOn.ACTUALS)
        & (Package.frequency != ONE_OFF)  # paid once, whatever its level says (rule 7.2)
        & ~ServiceLevel.intermittent
        & ServiceLevel.entry.in_([Entry.WEEKLY, Entry.DAILY])
    )
    with db.atomic():
        database.serialise(db, "settle")
        lines = packages.lines(wanted)
        there = _there(lines, weeks)
        first_week = first_weeks({line.cycle for line in lines.values()})
        made = [
            (line, week)
            for line in lines.values()
            for week in weeks
            if (line.id, week) not in there and active_days(line.plan, week)[2] and week >= first_week[line.cycle]
        ]
        if made:
            _write_planned(made)
        for service in services:
            if own := {line.id for line, _ in made if line.service == service.id}:
                told = {"weeks": f"{min(weeks)} to {max(weeks)}", "packages": len(own)}
                history.record(by, "Generated actuals", service, {}, told, organisation=service.organisation_id)
    source = str(Source.GENERATED)
    return {(line.id, week): (line, ActualFigures(planned_quantity(line.plan, week), 0, source)) for line, week in made}


def _there(lines: Mapping[int, Line], weeks: Sequence[dt.date]) -> set[tuple[int, dt.date]]:
    """The packages and weeks that have a row."""
    idents, found = list(lines), set()
    for at in range(0, len(idents), 1000):
        rows = Actual.select(Actual.package, Actual.week).where(
            Actual.package.in_(idents[at : at + 1000]) & Actual.week.between(min(weeks), max(weeks))
        )
        found |= {(package, day(week)) for package, week in rows.tuples()}
    return found


def _write_planned(made: Sequence[tuple[Line, dt.date]]) -> None:
    """Rows as planned of packages and weeks that have none; inside the caller's transaction."""
    now = str(utc_now())
    rows = []
    for line, week in made:
        planned, visits = planned_quantity(line.plan, week), planned_visits(line.plan, week)
        what = (str(Source.GENERATED), "", False, 1, now, "")
        rows.append((line.id, week.isoformat(), line.organisation, line.service, *what, planned, 0, 0, 0, visits, 0))
    database.bulk_upsert(Actual, COLUMNS, rows, key=["package", "week"], update=[])
    daily = {(line.id, week): line.plan for line, week in made if line.plan.entry == Entry.DAILY}
    write_days({key: generated_rows(plan, key[1]) for key, plan in daily.items()})


def write_days(rows: Mapping[tuple[int, dt.date], Sequence[DailyRow]]) -> None:
    """Make these the daily rows of the actuals of packages and weeks (rule 4.5); inside the caller's transaction."""
    keys = list(rows)
    for at in range(0, len(keys), 500):
        piece = keys[at : at + 500]
        weeks = [week for _, week in piece]
        found = Actual.select(Actual.id, Actual.package, Actual.week).where(
            Actual.package.in_([package for package, _ in piece]) & Actual.week.between(min(weeks), max(weeks))
        )
        idents = {(package, day(week)): ident for ident, package, week in found.tuples()}
        own = [idents[key] for key in piece if key in idents]
        ActualDay.delete().where(ActualDay.actual.in_(own)).execute()
        database.bulk_upsert(
            ActualDay,
            ["actual", "number", "quantity", "ticks"],
            [
                (idents[key], number, row.quantity, ticks_of(row))
                for key in piece
                for number, row in enumerate(rows[key], 1)
            ],
        )


def first_weeks(cycles: set[int]) -> dict[int, dt.date]:
    """The first Monday of each payment cycle's first period (rules 4.4, 7.1)."""
    found = dict.fromkeys(cycles, dt.date.max)
    for cycle, start in PaymentPeriod.select(PaymentPeriod.cycle, PaymentPeriod.start_date).tuples():
        if cycle in found:
            start = day(start)
            found[cycle] = min(found[cycle], start + dt.timedelta(-start.weekday() % 7))
    return found


def generate_until(service: Service, until: dt.date, by: history.Actor) -> set[int]:
    """Generate Actuals for every week whose Monday is on or before a date, from the first period on (rule 4.4)."""
    return generate(service, weeks_until(service.id, until), by)


def weeks_until(service: int, until: dt.date) -> list[dt.date]:
    """The weeks whose Monday is on or before a date, from the first period of the service's contracts on (rule 4.4)."""
    contracts = Contract.select(Contract.cycle).join(Package).where(Package.service == service).distinct()
    firsts = first_weeks({cycle for (cycle,) in contracts.tuples()}).values()
    first = min((week for week in firsts if week < dt.date.max), default=dt.date.max)
    return [first + dt.timedelta(7 * n) for n in range((until - first).days // 7 + 1)] if first <= until else []
