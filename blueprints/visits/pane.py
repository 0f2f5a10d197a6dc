"""The visits of one week as the Visits pane shows them (O-33, O-34): what there is to choose from, and a page of rows.

Two queries, whatever the number of rows; tuples, because the page is measured against plain SQL.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from markupsafe import Markup, escape
from peewee import JOIN, SQL, Case, fn

from blueprints.packages.rules import day
from blueprints.prepared import blank, kept
from blueprints.reach import Reach
from blueprints.values import show_date, show_time
from models import (
    Client,
    Contract,
    Dispute,
    DisputeRow,
    DisputeState,
    Package,
    PaymentPeriod,
    Service,
    ServiceLevel,
    Visit,
    VisitStatus,
    VisitType,
)

# What a provider can do about each reason of rule 5.9.
REMEDIES = {
    "client not known": "The authority has given you no package for this client. Check the client's reference; if it is right, the visit matches by itself once the package arrives.",
    "service level not in the client's packages": "The client has packages with you, but none of this service level. Send the visit again with the service level that your list of care package line items shows, or ask the authority to add it.",
    "service not in the client's packages": "The client has this service level with you, but from another of your services. Send the visit again with the service name that your list of care package line items shows.",
    "package is invoiced": "This package is paid by invoice. Delete the visit, leave such visits out of the file, and send an invoice.",
    "package not authorised": "The package waits for the authority. The visit matches by itself once it is authorised.",
    "before the package starts": "The visit was planned before the package starts. Correct its planned date and send it again; if the care had begun, ask the authority to change the start date.",
    "after it ends": "The visit was planned after the package ended. Correct its planned date and send it again; if the care went on, ask the authority to change the end date.",
    "delivered times missing": "Send the visit again with delivered date, entry time and exit time. It is not paid until then.",
}
NEW_REMEDY = "The visit is being matched. Look again in a minute."

# Who a visit is about where the client is not known: the identifier as it was sent, the deciding one first (rule 5.3).
sent_identifier = fn.COALESCE(fn.NULLIF(Visit.client_ref, ""), fn.NULLIF(Visit.ssref, ""), Visit.nhs_number)
service_column = fn.COALESCE(Visit.service, Package.service)


class Deadline(NamedTuple):
    """The payment period of a week and the day by which visits must be sent to be paid in it (O-50)."""

    start: dt.date
    end: dt.date
    cut_off: dt.date | None


class ServiceOption(NamedTuple):
    """A service of the organisation; an end date of today is not ended."""

    id: int
    name: str
    is_current: bool


def services_and_deadlines(reach, monday: dt.date, today: dt.date) -> tuple[list[ServiceOption], list[Deadline]]:
    """The services within reach, by name, and the week's deadlines, one for each period of its contracts: one query."""
    found = _services_statement(reach.shape).run(**reach.values, week=monday.isoformat())
    services, deadlines = {}, set()
    for ident, name, ended, start, end, cut_off in found:
        ended = day(ended)
        services[ident] = ServiceOption(ident, name, ended is None or ended >= today)
        if start:
            deadlines.add(Deadline(day(start), day(end), day(cut_off)))
    return list(services.values()), sorted(deadlines)


@kept
def _services_statement(shape: tuple):
    reach, monday = Reach.of_shape(shape), blank("week")
    periods = (
        PaymentPeriod.select(
            PaymentPeriod.start_date, PaymentPeriod.end_date, PaymentPeriod.cut_off, Contract.organisation
        )
        .join(Contract, on=(Contract.cycle == PaymentPeriod.cycle))
        .where(
            reach.terms(Contract.id, Contract.organisation)
            & (PaymentPeriod.start_date <= monday)
            & (PaymentPeriod.end_date >= monday)
        )
        .distinct()
        .alias("week_period")
    )
    return (
        Service.select(Service.id, Service.name, Service.end_date, periods.c.start_date, periods.c.end_date, periods.c.cut_off)
        .join(periods, JOIN.LEFT_OUTER, on=(periods.c.organisation_id == Service.organisation))
        .where(reach.services(Service.id, Service.organisation))
        .order_by(Service.name, Service.id)
    )  # fmt: skip


class Wanted(NamedTuple):
    """The filter of the pane. None is all; a client is `c12` for a known one, `x` and the identifier for a stranger."""

    level: int | None = None
    client: str | None = None
    type: int | None = None
    statuses: Collection[str] | None = None


class Group(NamedTuple):
    """How many visits of one kind the week has."""

    client: int | None
    sent_as: str
    name: str  # `Archer, Ann (A100001)`
    level: int | None
    level_name: str
    type: int
    type_name: str
    status: str
    reason: str
    count: int

    @property
    def client_key(self) -> str:
        """The client as the filter's value."""
        return f"c{self.client}" if self.client else f"x{self.sent_as}"


class Row(NamedTuple):
    """One visit as it is drawn: all texts, times with seconds (O-34). Dates and times need no escaping."""

    id: int
    ref: str
    client_key: str
    client_name: str
    level: str
    type: str
    planned_date: str
    planned_entry: str
    planned_exit: str
    delivered_date: str
    delivered_entry: str
    delivered_exit: str
    status: str
    reason: str


def in_week(reach, monday: dt.date, service: int | None = None):
    """The condition of live visits of a week, of one service where given: the one sent, else the package's."""
    condition = reach.visits(Visit) & (Visit.week == monday) & ~Visit.is_deleted
    return condition & (service_column == service) if service is not None else condition


def fitting(wanted: Wanted, blanks: bool = False):
    """The condition of the pane's filter, or, for a kept statement, of one with blanks where its values go."""
    condition = SQL("1 = 1")
    if wanted.level:
        condition &= Visit.level == (blank("level") if blanks else wanted.level)
    if wanted.client and wanted.client[0] == "c":
        condition &= Visit.client == (blank("client") if blanks else int(wanted.client[1:]))
    elif wanted.client:
        condition &= Visit.client.is_null() & (sent_identifier == (blank("client") if blanks else wanted.client[1:]))
    if wanted.type:
        condition &= Visit.type == (blank("type") if blanks else wanted.type)
    if wanted.statuses is not None:
        condition &= Visit.status.in_(list(wanted.statuses))
    return condition


def groups(reach, monday: dt.date, service: int | None = None) -> list[Group]:
    """The week's visits counted by all that the filter asks, by one query: options, counts and reasons come from it."""
    found = _groups_statement(reach.shape, service is not None).run(
        **reach.values, week=monday.isoformat(), service=service
    )
    return [
        Group(
            client,
            sent_as or "",
            _client(surname, forename, ssref, sent_as),
            level,
            level_name or "",
            kind,
            f"{code} {name}",
            *rest,
        )
        for client, sent_as, surname, forename, ssref, level, level_name, kind, code, name, *rest in found
    ]


@kept
def _groups_statement(shape: tuple, of_service: bool):
    reach, monday, service = _blanks(shape, of_service)
    query = (
        Visit.select(
            Visit.client, Case(None, [(Visit.client.is_null(), sent_identifier)], ""), Client.surname, Client.forename,
            Client.ssref, Visit.level, ServiceLevel.name, Visit.type, VisitType.code, VisitType.name, Visit.status,
            Visit.reason, fn.COUNT(Visit.id),
        )
        .join(Client, JOIN.LEFT_OUTER).switch(Visit).join(ServiceLevel, JOIN.LEFT_OUTER)
        .switch(Visit).join(VisitType, JOIN.LEFT_OUTER)
    )  # fmt: skip
    if service is not None:
        query = query.switch(Visit).join(Package, JOIN.LEFT_OUTER, on=(Visit.package == Package.id))
    return query.where(in_week(reach, monday, service)).group_by(*(SQL(str(n)) for n in range(1, 13)))


def _blanks(shape: tuple, of_service: bool):
    return Reach.of_shape(shape), blank("week"), blank("service") if of_service else None


def _client(surname: str | None, forename: str | None, ssref: str | None, sent_as: str | None) -> str:
    return (
        f"{surname}, {forename} ({ssref})" if surname is not None else f"Client not known ({sent_as or 'no reference'})"
    )


def counted(found: list[Group], wanted: Wanted) -> Counter:
    """How many visits of each status fit the filter."""
    count: Counter = Counter()
    for group in found:
        if (
            wanted.level in (None, group.level)
            and wanted.client in (None, group.client_key)
            and wanted.type in (None, group.type)
            and (wanted.statuses is None or group.status in wanted.statuses)
        ):
            count[group.status] += group.count
    return count


def reasons(found: list[Group]) -> list[tuple[str, int, str]]:
    """(reason, how many visits, what to do) of the visits that pay nothing yet, most first."""
    count: Counter = Counter()
    for group in found:
        if group.status in (VisitStatus.UNMATCHED, VisitStatus.MISSING_DATA):
            count[group.reason] += group.count
    return [(reason, number, REMEDIES.get(reason, "")) for reason, number in count.most_common()]


def rows(reach, monday: dt.date, service: int | None, wanted: Wanted, page: int = 1, size: int = 100) -> list[Row]:
    """A page of the week's visits, clients who are not known first, by client, planned date and time, by one query."""
    asked = Wanted(
        wanted.level and 1,
        wanted.client and wanted.client[0],
        wanted.type and 1,
        None if wanted.statuses is None else tuple(sorted(wanted.statuses)),
    )
    client = wanted.client[1:] if wanted.client else None
    found = _rows_statement(reach.shape, service is not None, asked).run(
        **reach.values,
        week=monday.isoformat(),
        service=service,
        level=wanted.level,
        client=int(client) if asked.client == "c" else client,
        type=wanted.type,
        size=size,
        start=(page - 1) * size,
    )
    made = []
    for (ident, ref, client, sent_as, surname, forename, ssref, level, code, name, planned, entry, leave, delivered,
         came, went, status, reason) in found:  # fmt: skip
        made.append(
            Row(
                ident, ref, f"c{client}" if client else f"x{sent_as}", _client(surname, forename, ssref, sent_as),
                _word(level), _word(f"{code} {name}"), _short(planned), _clock(entry), _clock(leave), _short(delivered), _clock(came),
                _clock(went), status, reason,
            )
        )  # fmt: skip
    return made


@kept
def _rows_statement(shape: tuple, of_service: bool, asked: Wanted):
    reach, monday, service = _blanks(shape, of_service)
    disputed = _in_open_disputes(reach)
    query = (
        Visit.select(
            Visit.id, Visit.ref, Visit.client, sent_identifier, Client.surname, Client.forename, Client.ssref,
            fn.COALESCE(ServiceLevel.name, Visit.level_name), VisitType.code, VisitType.name, Visit.planned_date,
            Visit.planned_entry, Visit.planned_exit, Visit.delivered_date, Visit.delivered_entry, Visit.delivered_exit,
            Visit.status,
            Case(
                None, [(disputed.c.visit_id.is_null(), Visit.reason), (Visit.reason == "", "in dispute")],
                Visit.reason.concat("; in dispute"),
            ),
        )
        .join(Client, JOIN.LEFT_OUTER).switch(Visit).join(ServiceLevel, JOIN.LEFT_OUTER)
        .switch(Visit).join(VisitType, JOIN.LEFT_OUTER)
        .switch(Visit).join(disputed, JOIN.LEFT_OUTER, on=(disputed.c.visit_id == Visit.id))
    )  # fmt: skip
    if service is not None:
        query = query.switch(Visit).join(Package, JOIN.LEFT_OUTER, on=(Visit.package == Package.id))
    return (
        query.where(in_week(reach, monday, service) & fitting(asked, blanks=True))
        .order_by(
            Case(None, [(Visit.client.is_null(), 0)], 1), Client.surname, Client.forename, Visit.client, sent_identifier,
            Visit.planned_date, Visit.planned_entry, Visit.ref,
        )
        .limit(blank("size")).offset(blank("start"))
    )  # fmt: skip


def _in_open_disputes(reach):
    """The visits within reach that are in an open dispute, few of them, to be joined (Q-14)."""
    open_ones = reach.services(Dispute.service, Dispute.organisation) & (Dispute.state != DisputeState.RESOLVED)
    query = DisputeRow.select(DisputeRow.visit).join(Dispute).where(open_ones & DisputeRow.visit.is_null(False))
    return query.distinct().alias("disputed")


_word = lru_cache(maxsize=1000)(escape)  # of the authority's lists


@lru_cache(maxsize=4000)
def _short(value) -> Markup:
    return Markup(show_date(day(value)))


@lru_cache(maxsize=4000)
def _clock(second: int | None) -> Markup:
    return Markup(show_time(second, True))


class Heading(NamedTuple):
    """The client whose visits follow."""

    client: str


def by_client(listed: list[Row]) -> list[Heading | Row]:
    """Rows in their order, each client's under a heading."""
    made: list[Heading | Row] = []
    last = None
    for row in listed:
        if row.client_key != last:
            last = row.client_key
            made.append(Heading(row.client_name))
        made.append(row)
    return made


def service_of(visit: Visit) -> Service | None:
    """The service that the visit names, else that of its package."""
    if visit.service_id:
        return visit.service
    return visit.package.service if visit.package_id else None
