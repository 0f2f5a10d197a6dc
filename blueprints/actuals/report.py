"""Commissioned v Actuals: what packages commission in each week beside what was delivered (rule 7.7, U-09 to U-11)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from peewee import SQL, fn

import database
from blueprints import weeks
from blueprints.actuals import pane
from blueprints.actuals.commissioned import Weeks
from blueprints.actuals.sums import VISITS
from blueprints.money import hours
from blueprints.packages import rules as packages
from blueprints.packages.plan import unit_for
from blueprints.packages.rules import Line, day
from blueprints.reach import Reach
from blueprints.reporting import Chart, Column, Group, Kind, Report
from blueprints.values import show_date
from models import Actual, Client, Organisation, Package, Service, ServiceLevel, Source, Visit

PIECE = 300  # packages whose weeks are in memory at once


class Wanted(NamedTuple):
    """The parameters (U-09): weeks that begin within the dates; nothing chosen is everything within reach."""

    first: dt.date
    last: dt.date
    organisations: tuple[int, ...] = ()
    group_class: str = ""
    client: int | None = None
    differences: bool = False
    without_actuals: bool = False


class Row(NamedTuple):
    """A package's week: quantities in hundredths, costs in pence before discount and VAT."""

    organisation: str
    organisation_ref: str
    group_class: str
    level: str
    unit: str
    client: str
    ssref: str
    cpli_id: int
    service: str
    start: dt.date
    week: dt.date
    generated: bool
    visits: int
    cost_centre: str
    subjective: str
    commissioned: int
    actual: int
    frustrated: int
    difference: int
    commissioned_cost: int
    actual_cost: int
    frustrated_cost: int
    cost_difference: int


DIFFERENCE = "Diff. (Actual + Frust. - Comm.)"
COLUMNS = [
    Column("OrganisationName", "Organisation", in_heading=True),
    Column("OrganisationRef", "Organisation reference", in_heading=True),
    Column("ServiceGroupClass", "Service Group Class", in_heading=True),
    Column("ServiceLevel", "Service Level", in_heading=True),
    Column("Unit", "Unit", in_heading=True),
    Column("Client", "Client", in_heading=True),
    Column("SSRef", "SSRef", in_heading=True),
    Column("CPLIId", "CPLI ID", in_heading=True),
    Column("ServiceName", "Service", in_heading=True),
    Column("ServiceStart", "Service Start", Kind.DATE, in_heading=True),
    Column("WeekBeginning", "Actual Week", Kind.DATE),
    Column("Generated", "Gen.", Kind.YES_NO),
    Column("Visits", "Visits", Kind.WHOLE),
    Column("CostCentre", "Cost Centre"),
    Column("Subjective", "Subjective"),
    Column("CommissionedQuantity", "Comm.", Kind.QUANTITY, "Quantity", summed=True),
    Column("ActualQuantity", "Actual", Kind.QUANTITY, "Quantity", summed=True),
    Column("FrustratedQuantity", "Frust.", Kind.QUANTITY, "Quantity", summed=True),
    Column("QuantityDifference", DIFFERENCE, Kind.QUANTITY, "Quantity", summed=True),
    Column("CommissionedCost", "Comm.", Kind.MONEY, "Cost", summed=True),
    Column("ActualCost", "Actual", Kind.MONEY, "Cost", summed=True),
    Column("FrustratedCost", "Frust.", Kind.MONEY, "Cost", summed=True),
    Column("CostDifference", DIFFERENCE, Kind.MONEY, "Cost", summed=True),
]
NOTES = [
    "Diff. is actual + frustrated less commissioned, in quantity and in cost: below nothing where less was given than "
    "was commissioned.",
    "Costs are before discount and VAT, each week of a package rounded once. A level that is not paid on actuals costs "
    "nothing here.",
]
NOTHING = Report([], ()).nothing
NOT_BEGUN = "Weeks that have not begun are left out."


def commissioned_v_actuals(reach: Reach, wanted: Wanted) -> Report:
    """The report, by provider, service level and package."""
    notes = [*NOTES, NOT_BEGUN] if wanted.without_actuals and wanted.last > weeks.today() else NOTES
    return Report(
        COLUMNS,
        _rows(reach, wanted),
        (
            Group(("OrganisationRef",), lambda row: row.organisation),
            Group(
                ("ServiceGroupClass", "ServiceLevel", "Unit"),
                lambda row: (
                    f"{row.level}, {unit_for(row.unit, 0).lower()}"
                    + (f" ({row.group_class})" if row.group_class else "")
                ),
                lambda row: row.level,
            ),
            Group(
                ("CPLIId",),
                lambda row: (
                    f"{row.client} ({row.ssref}), {row.service}, CPLI {row.cpli_id}, "
                    f"Service Start {show_date(row.start)}"
                ),
                lambda row: f"{row.client}, CPLI {row.cpli_id}",
            ),
        ),
        unit="Unit",
        chart=Chart(
            "Commissioned and actual cost by week",
            "WeekBeginning",
            (("Commissioned", ("CommissionedCost",)), ("Actual + frustrated", ("ActualCost", "FrustratedCost"))),
            lines=True,
        ),
        notes=notes,
    )


def estimate(reach: Reach, wanted: Wanted) -> int:
    """About how many rows it has, by one or two counts."""
    within = reach.services(Actual.service, Actual.organisation) & Actual.week.between(wanted.first, wanted.last)
    if wanted.organisations:
        within &= Actual.organisation.in_(wanted.organisations)
    if wanted.client:
        within &= Actual.package.in_(Package.select(Package.id).where(Package.client == wanted.client))
    found = Actual.select().where(within).count()
    if wanted.without_actuals:
        going = (Package.start_date <= wanted.last) & (Package.end_date.is_null() | (Package.end_date >= wanted.first))
        spans = Package.select().where(_within(reach, wanted) & going).count()
        found = max(found, spans * ((wanted.last - wanted.first).days // 7 + 1))
    return found


def _within(reach: Reach, wanted: Wanted | PlannedWanted):
    condition = reach.services(Package.service, Package.organisation)
    if wanted.organisations:
        condition &= Package.organisation.in_(wanted.organisations)
    if wanted.client:
        condition &= Package.client == wanted.client
    return condition


def _rows(reach: Reach, wanted: Wanted) -> Iterator[Row]:
    condition = _within(reach, wanted)
    if wanted.group_class:
        condition &= ServiceLevel.service_group_class == wanted.group_class
    for piece in _packages(condition):
        yield from _rows_of(piece, wanted)


def _packages(condition) -> Iterator[list[tuple]]:
    """The packages of a condition with their names, in the order of the reports, some at a time."""
    query = (
        Package.select(
            Package.id, Organisation.name, Organisation.ref, ServiceLevel.service_group_class, ServiceLevel.name, ServiceLevel.unit,
            Client.surname, Client.forename, Client.ssref, Package.cpli_id, Service.name, Package.start_date,
            Package.cost_centre, Package.subjective,
        )
        .join(Organisation).switch(Package).join(ServiceLevel).switch(Package).join(Client).switch(Package).join(Service)
        .where(condition)
        .order_by(
            Organisation.name, Organisation.id, ServiceLevel.service_group_class, ServiceLevel.name, ServiceLevel.id,
            Client.surname, Client.forename, Client.id, Package.start_date, Package.cpli_id,
        )
    )  # fmt: skip
    known = iter(database.rows(query))
    while piece := list(islice(known, PIECE)):
        yield piece


def _rows_of(piece: list[tuple], wanted: Wanted) -> Iterator[Row]:
    """The rows of some packages, by four queries."""
    idents = [row[0] for row in piece]
    found: dict[int, list[tuple]] = defaultdict(list)
    query = (
        Actual.select(
            Actual.package, Actual.week, Actual.actual, Actual.frustrated, Actual.visits, Actual.source, Actual.paid_minutes
        )
        .where(Actual.package.in_(idents) & Actual.week.between(wanted.first, wanted.last))
        .order_by(Actual.package, Actual.week)
    )  # fmt: skip
    for row in database.rows(query):
        found[row[0]].append(row)
    if not found and not wanted.without_actuals:
        return
    lines = packages.lines(Package.id.in_(idents if wanted.without_actuals else list(found)))
    priced = {ident: Weeks(line.plan) for ident, line in lines.items()}
    fed = _fed_at_two_rates(found, priced)
    for ident, *who, surname, forename, ssref, cpli, service, start, cost_centre, subjective in piece:
        if ident not in lines:
            continue
        about = (*who, f"{surname}, {forename}", ssref, cpli, service, day(start))
        for week in _weeks_of(lines[ident], priced[ident], found[ident], fed, wanted):
            if not wanted.differences or week[6] or week[10]:
                yield Row._make((*about, *week[:3], cost_centre, subjective, *week[3:]))


def _weeks_of(line: Line, priced: Weeks, rows: list[tuple], fed: Mapping, wanted: Wanted) -> Iterator[tuple]:
    """A package's weeks from Actual Week on, without the accounting groups."""
    until = min(wanted.last, weeks.today())
    missing = iter(priced.commissioned_weeks(wanted.first, until) if wanted.without_actuals else ())
    without = next(missing, None)
    for ident, week, actual, frustrated, visits, source, minutes in rows:
        week = day(week)
        while without is not None and without <= week:
            if without < week:
                yield priced.nothing(without)
            without = next(missing, None)
        commissioned, cost = priced.commissioned(week)
        paid, own = priced.paid(week, actual, frustrated, source, minutes, fed.get((ident, week)))
        yield (
            week, source == Source.GENERATED, visits, commissioned, actual, frustrated, actual + frustrated - commissioned,
            cost, own, paid - own, paid - cost,
        )  # fmt: skip
    while without is not None:
        yield priced.nothing(without)
        without = next(missing, None)


def _fed_at_two_rates(found: Mapping[int, list[tuple]], priced: Mapping[int, Weeks]) -> dict:
    """The visits of rows whose rate changes within the week, by one query where there are any (4.2)."""
    wanted = {
        (row[0], week)
        for ident, rows in found.items()
        if priced[ident].changing
        for row in rows
        if row[5] == VISITS and (week := day(row[1])) in priced[ident].changing
    }
    return pane.fed_visits_of(wanted) if wanted else {}


def group_classes(reach: Reach) -> list[str]:
    """The service group classes of the levels within reach."""
    query = ServiceLevel.select(ServiceLevel.service_group_class).where(ServiceLevel.service_group_class != "")
    if not reach.everything:
        query = query.where(ServiceLevel.id.in_(Package.select(Package.level).where(_within(reach, NOBODY))))
    return [name for (name,) in query.distinct().order_by(SQL("1")).tuples()]


NOBODY = Wanted(dt.date.min, dt.date.max)


# what visits plan, for officers (K-18) -----------------------------------------------------------------------------------


class PlannedWanted(NamedTuple):
    """The parameters: weeks that begin within the dates, all of them or those that differ."""

    first: dt.date
    last: dt.date
    organisations: tuple[int, ...] = ()
    client: int | None = None
    differences: bool = False


class PlannedRow(NamedTuple):
    """A package's week with visits: hundredths of hours that the package commissions and that its visits plan."""

    organisation: str
    organisation_ref: str
    client: str
    ssref: str
    cpli_id: int
    service: str
    level: str
    unit: str
    week: dt.date
    visits: int
    commissioned: int
    planned: int
    difference: int


PLANNED = [
    Column("OrganisationName", "Organisation", in_heading=True),
    Column("OrganisationRef", "Organisation reference", in_heading=True),
    Column("Client", "Client"),
    Column("SSRef", "SSRef"),
    Column("CPLIId", "CPLI ID"),
    Column("ServiceName", "Service"),
    Column("ServiceLevel", "Service Level"),
    Column("Unit", "Unit", in_heading=True),
    Column("WeekBeginning", "Week", Kind.DATE),
    Column("Visits", "Visits", Kind.WHOLE, summed=True),
    Column("Commissioned", "Commissioned", Kind.QUANTITY, summed=True),
    Column("PlannedInVisits", "Planned in visits", Kind.QUANTITY, summed=True),
    Column("Difference", "Diff. (Planned - Comm.)", Kind.QUANTITY, summed=True),
]


def planned_v_commissioned(reach: Reach, wanted: PlannedWanted) -> Report:
    """The hours that matched visits plan beside those that their packages commission (K-18)."""
    return Report(
        PLANNED,
        _planned_rows(reach, wanted),
        (Group(("OrganisationRef",), lambda row: row.organisation),),
        unit="Unit",
        chart=Chart(
            "Hours commissioned and planned in visits by week",
            "WeekBeginning",
            (("Commissioned", ("Commissioned",)), ("Planned in visits", ("PlannedInVisits",))),
            lines=True,
        ),
        notes=[
            "Weeks of packages with matched visits. Diff. is what the visits plan less what the package commissions."
        ],
        nothing="No package with visits differs in these weeks." if wanted.differences else NOTHING,
    )


def _planned_rows(reach: Reach, wanted: PlannedWanted) -> Iterator[PlannedRow]:
    for piece in _packages(_within(reach, wanted)):
        sent: dict[int, list[tuple]] = defaultdict(list)
        query = (
            Visit.select(Visit.package, Visit.week, fn.SUM(Visit.planned_minutes), fn.COUNT(Visit.id))
            .where(
                Visit.package.in_([row[0] for row in piece]) & Visit.week.between(wanted.first, wanted.last) & ~Visit.is_deleted
            )
            .group_by(Visit.package, Visit.week)
            .order_by(Visit.package, Visit.week)
        )  # fmt: skip
        for package, week, minutes, count in database.rows(query):
            sent[package].append((day(week), hours(int(minutes)), count))
        lines = packages.lines(Package.id.in_(list(sent))) if sent else {}
        for ident, name, ref, _, level, unit, surname, forename, ssref, cpli, service, *_ in piece:
            priced = Weeks(lines[ident].plan) if ident in lines else None
            for week, planned, count in sent.get(ident, ()):
                commissioned = priced.commissioned(week)[0]
                if not wanted.differences or planned != commissioned:
                    yield PlannedRow(
                        name, ref, f"{surname}, {forename}", ssref, cpli, service, level, unit, week, count, commissioned,
                        planned, planned - commissioned,
                    )  # fmt: skip


def estimate_planned(reach: Reach, wanted: PlannedWanted) -> int:
    """About how many rows it has: the actuals that visits make."""
    return estimate(reach, Wanted(wanted.first, wanted.last, wanted.organisations, client=wanted.client))
