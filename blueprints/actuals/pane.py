"""The actuals of one week as the Actuals pane shows them (rules 4.1 to 4.3, 4.9, 4.11), by one query."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from markupsafe import Markup
from peewee import JOIN

import database
from blueprints.actuals import sums
from blueprints.actuals.rules import unpaid_of
from blueprints.actuals.sums import ActualFigures, FedVisit
from blueprints.money import number
from blueprints.packages import rules as packages
from blueprints.packages.plan import Plan, active_days, planned_quantity, rates_in, unit_cost_shown, unit_for
from blueprints.packages.rules import Line, day
from blueprints.prepared import blank, kept
from blueprints.reach import Reach
from blueprints.values import show_money, show_quantity
from models import (
    Actual,
    Client,
    Contract,
    Entry,
    Increase,
    IncreaseState,
    LockedWeek,
    Package,
    Service,
    ServiceLevel,
    Source,
    Visit,
    VisitStatus,
    VisitType,
)


class Row(NamedTuple):
    """An actual as it is drawn: quantities in hundredths, cost in pence before discount (4.2)."""

    package: int
    cpli_id: int
    week: dt.date
    client: int
    ssref: str
    client_name: str
    service: int
    service_name: str
    level: int
    level_name: str
    unit: str
    planned: int
    actual: int
    frustrated: int
    missed: int
    extra: int
    visits: int
    cost: int
    working: str
    colour: str
    remark: sums.Remark
    comments: str
    source: str
    is_locked: bool

    @property
    def amount(self) -> str:
        """`14 x Hours` (M-12)."""
        return f"{number(self.actual)} x {unit_for(self.unit, self.actual)}"


def rows(condition) -> list[Row]:
    """The actuals of a condition over Actual, by client, level and CPLI."""
    return _rows(database.rows(_query(condition)))


def week_rows(reach, monday: dt.date, service: int | None = None) -> list[Row]:
    """The actuals of a week within reach, of one service where given: kept statements, for the page of every day."""
    shape = (reach.shape, service is not None)
    values = {**reach.values, "week": monday.isoformat(), "service": service}
    return _rows(_week_statement(*shape).run(**values))


def _in_week(shape: tuple, of_service: bool):
    reach = Reach.of_shape(shape)
    condition = reach.services(Actual.service, Actual.organisation) & (Actual.week == blank("week"))
    return condition & (Actual.service == blank("service")) if of_service else condition


@kept
def _week_statement(shape: tuple, of_service: bool):
    return _query(_in_week(shape, of_service))


def _query(condition):
    return (
        Actual.select(
            *packages.line_columns(), Actual.week, Actual.source, Client.ssref, Client.title, Client.forename,
            Client.surname, Actual.service, Service.name, ServiceLevel.name, ServiceLevel.unit, Actual.actual,
            Actual.frustrated, Actual.missed, Actual.extra, Actual.visits, Actual.paid_minutes, Actual.comments,
            LockedWeek.id, Increase.state, Increase.agreed, Increase.reason,
        )
        .join(Package).join(Client).switch(Package).join(ServiceLevel).switch(Package).join(Contract)
        .switch(Actual).join(Service)
        .join(LockedWeek, JOIN.LEFT_OUTER, on=((LockedWeek.service == Actual.service) & (LockedWeek.week == Actual.week)))
        .join(Increase, JOIN.LEFT_OUTER, on=((Increase.package == Actual.package) & (Increase.week == Actual.week)))
        .where(condition)
        .order_by(Client.surname, Client.forename, Package.client, ServiceLevel.name, Package.cpli_id, Actual.week)
    )  # fmt: skip


def _rows(found: list[tuple]) -> list[Row]:
    lines = packages.put_together(found)
    weeks = [(lines[row[0]], day(row[WEEK])) for row in found]
    several = {
        (line.id, week)
        for (line, week), row in zip(weeks, found, strict=True)
        if row[SOURCE] == Source.VISITS and len(set(rates_in(line.plan, week))) > 1
    }
    fed = fed_visits_of(several) if several else {}
    return [
        _row(tuple(row[WEEK:]), line, tuple(fed.get((line.id, week), ())))
        for (line, week), row in zip(weeks, found, strict=True)
    ]


WEEK, SOURCE = packages.LINE, packages.LINE + 1  # places in a row of `_query`


def fed_visits_of(wanted: set[tuple[int, dt.date]]) -> dict[tuple[int, dt.date], list[FedVisit]]:
    """The matched visits of packages and weeks in which the rate changes, by one query (4.2)."""
    found: dict = defaultdict(list)
    weeks = [week for _, week in wanted]
    for package, week, planned, pays, minutes, delivered in (
        Visit.select(
            Visit.package,
            Visit.week,
            Visit.planned_date,
            VisitType.pays,
            Visit.planned_minutes,
            Visit.delivered_minutes,
        )
        .join(VisitType)
        .where(
            Visit.package.in_({package for package, _ in wanted})
            & Visit.week.between(min(weeks), max(weeks))
            & (Visit.status == VisitStatus.MATCHED)
            & ~Visit.is_deleted
        )
        .tuples()
    ):
        found[package, day(week)].append(FedVisit(day(planned), pays, minutes, delivered))
    return found


@lru_cache(maxsize=5000)  # of facts alone: a week's page asks for the same rows all day
def _row(row: tuple, line: Line, fed: tuple[FedVisit, ...]) -> Row:
    (week, source, ssref, title, forename, surname, service, service_name, level_name, unit, actual, frustrated, missed,
     extra, visits, paid_minutes, comments, locked, state, agreed, reason) = row  # fmt: skip
    week, plan = day(week), line.plan
    planned = planned_quantity(plan, week)
    if plan.entry == Entry.DAILY:
        missed, extra = sums.missed_and_extra(planned, actual, frustrated)
    priced = None
    if source == Source.VISITS:
        priced = sums.priced(plan, week, fed) if fed else paid_minutes
    figures = ActualFigures(actual, frustrated, source, priced)
    if state:
        figures = figures._replace(unpaid=unpaid_of(line, week, figures, agreed))
    return Row(
        line.id, plan.id, week, line.client, ssref, " ".join(x for x in (title, forename, surname) if x), service,
        service_name, line.level, level_name, unit, planned, actual, frustrated, missed, extra, visits, sums.cost(plan, week, figures),
        working(plan, week, unit, figures), sums.colour(actual, planned, plan.intermittent),
        remark(plan, week, planned, figures, missed, extra, increase_words(state, figures.unpaid, reason)),
        comments, source, locked is not None,
    )  # fmt: skip


class Cells(NamedTuple):
    """A row of the pane as texts and numbers, in the fields of its pattern. Figures need no escaping."""

    package: int
    client: int
    client_name: str
    level: int
    level_name: str
    about: str
    planned: Markup
    actual: Markup
    frustrated: Markup
    missed: Markup
    extra: Markup
    visits: int
    cost: Markup
    working: str
    comments: str
    tint: str
    beside: str
    remark: sums.Remark


class FedCells(Cells):
    """A row that visits feed: its number of visits leads to them."""


_money = lru_cache(maxsize=4000)(lambda pence: Markup(show_money(pence)))
_quantity = lru_cache(maxsize=4000)(lambda hundredths: Markup(show_quantity(hundredths)))


def cells(listed: Iterable[Row], with_service: bool) -> list[Cells]:
    """Rows as the pane's pattern takes them; the service is named where the page shows several."""
    return [_cells(row, with_service) for row in listed]


@lru_cache(maxsize=5000)
def _cells(row: Row, with_service: bool) -> Cells:
    return (FedCells if row.source == Source.VISITS else Cells)(
        row.package, row.client, row.client_name, row.level, row.level_name,
        f"CPLI {row.cpli_id}{f', {row.service_name}' if with_service else ''}{', locked' if row.is_locked else ''}",
        _quantity(row.planned), _quantity(row.actual), _quantity(row.frustrated), _quantity(row.missed),
        _quantity(row.extra), row.visits, _money(row.cost), row.working, row.comments, row.colour,
        row.colour, row.remark,
    )  # fmt: skip


def working(plan: Plan, week: dt.date, unit: str, figures: ActualFigures) -> str:
    """How a row's cost comes about: `14 (Actual + Frstd) Hours x £16.16` (4.2)."""
    if plan.paid_on != "actuals":
        return "For information, not paid"
    text = sums.cost_working(figures.actual + figures.frustrated, unit, unit_cost_shown(plan, week))
    return f"{text}, less {number(figures.unpaid)} not authorised" if figures.unpaid else text


def remark(
    plan: Plan, week: dt.date, planned: int, figures: ActualFigures, missed: int, extra: int, more: str = ""
) -> sums.Remark:
    """What a row says about its balance, its package (4.1, 4.11), and `more`."""
    found = sums.balance_warning(
        planned, figures.actual, figures.frustrated, missed, extra, source=figures.source,
        active=active_days(plan, week)[2] > 0, authorised=plan.authorised, intermittent=plan.intermittent,
    )  # fmt: skip
    return found._replace(words=f"{found.words} {more}".strip()) if more else found


def increase_words(state: str | None, waits: int, reason: str | None) -> str:
    """What a row says about an increase that needs an officer (4.6)."""
    if state == IncreaseState.PENDING and waits:
        return f"{number(waits)} above plan waits for the authority, and is paid once it agrees."
    if state == IncreaseState.REFUSED and waits:
        return f"The authority refused {number(waits)} above plan: {reason}"
    return ""


class Heading(NamedTuple):
    """The client whose actuals follow: what those shown cost, of all; `above` ends the table's part before it."""

    above: Markup
    client_name: str
    ssref: str
    shown: Markup
    all: Markup


def by_client(listed: list[Row], everything: list[Row], with_service: bool) -> list[Heading | Cells]:
    """Rows as the pane's patterns take them, each client's under a heading with `£shown of £all` (4.9)."""
    whole: dict[int, int] = defaultdict(int)
    for row in everything:
        whole[row.client] += row.cost
    clients: dict[int, list[Row]] = defaultdict(list)
    for row in listed:
        clients[row.client].append(row)
    made: list[Heading | Cells] = []
    for client, rows in clients.items():
        made.append(
            Heading(
                Markup("</tbody>") if made else Markup(),
                rows[0].client_name,
                rows[0].ssref,
                _money(sum(row.cost for row in rows)),
                _money(whole[client]),
            )
        )
        made += cells(rows, with_service)
    return made
