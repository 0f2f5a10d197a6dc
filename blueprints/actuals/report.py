"""Commissioned v Actuals: what packages commission in each week beside what was delivered (rule 7.7, U-09 to U-11)."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from peewee import SQL

from blueprints import weeks
from blueprints.actuals import pane, sums
from blueprints.actuals.sums import VISITS, ActualFigures, FedVisit
from blueprints.money import half_up
from blueprints.packages import rules as packages
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
    unit_for,
)
from blueprints.packages.rules import Line, day
from blueprints.reach import Reach
from blueprints.reporting import Chart, Column, Group, Kind, Report
from blueprints.values import show_date
from models import Actual, Client, Entry, Organisation, Package, PaidOn, Service, ServiceLevel, Source, db

WEEK = dt.timedelta(7)
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
                lambda row: f"{row.level}, {unit_for(row.unit, 0).lower()}"
                + (f" ({row.group_class})" if row.group_class else ""),
                lambda row: row.level,
            ),
            Group(
                ("CPLIId",),
                lambda row: f"{row.client} ({row.ssref}), {row.service}, CPLI {row.cpli_id}, "
                f"Service Start {show_date(row.start)}",
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


def _within(reach: Reach, wanted: Wanted):
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
    known = iter(list(db.execute(query)))
    while piece := list(islice(known, PIECE)):
        yield from _rows_of(piece, wanted)


def _rows_of(piece: list[tuple], wanted: Wanted) -> Iterator[Row]:
    """The rows of some packages, by four queries."""
    idents = [row[0] for row in piece]
    found: dict[int, list[tuple]] = defaultdict(list)
    for row in db.execute(
        Actual.select(
            Actual.package, Actual.week, Actual.actual, Actual.frustrated, Actual.visits, Actual.source, Actual.paid_minutes
        )
        .where(Actual.package.in_(idents) & Actual.week.between(wanted.first, wanted.last))
        .order_by(Actual.package, Actual.week)
    ):  # fmt: skip
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


def group_classes(reach: Reach) -> list[str]:
    """The service group classes of the levels within reach."""
    query = ServiceLevel.select(ServiceLevel.service_group_class).where(ServiceLevel.service_group_class != "")
    if not reach.everything:
        query = query.where(ServiceLevel.id.in_(Package.select(Package.level).where(_within(reach, NOBODY))))
    return [name for (name,) in query.distinct().order_by(SQL("1")).tuples()]


NOBODY = Wanted(dt.date.min, dt.date.max)
