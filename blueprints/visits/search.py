"""Visits of all providers as officers look for them (O-48): conditions, counts and pages of rows that use the indexes.

Nothing here reads the whole table: a search is bounded by weeks, or by a provider, client or reference.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from peewee import JOIN, SQL, Tuple, fn

from blueprints import weeks
from blueprints.packages.rules import day
from blueprints.values import file_date, show_time
from models import Client, Contract, Organisation, Package, Service, ServiceLevel, Visit, VisitStatus, VisitType, db

MOST_WEEKS = 13  # of all providers together
WAITING = (str(VisitStatus.UNMATCHED), str(VisitStatus.MISSING_DATA))
# The reasons of rule 5.9, in its order, and that of 5.4.
REASONS = [
    "client not known",
    "service level not in the client's packages",
    "service not in the client's packages",
    "package is invoiced",
    "package not authorised",
    "before the package starts",
    "after it ends",
    "delivered times missing",
]


class Wanted(NamedTuple):
    """What officers look for. Dates are planned dates, both inclusive; None is no bound."""

    first: dt.date | None = None
    last: dt.date | None = None
    organisation: int | None = None
    service: int | None = None
    level: int | None = None
    type: int | None = None
    status: str = ""
    reason: str = ""
    client: str = ""
    ref: str = ""

    @property
    def is_narrow(self) -> bool:
        """Bounded by something other than its dates."""
        return bool(self.organisation or self.client or self.ref)


def last_full_week(today: dt.date) -> dt.date:
    """The Monday of the last week that has ended."""
    return weeks.monday(today) - dt.timedelta(7)


def weeks_with_visits() -> list[dt.date]:
    """Every week that has visits: one step along the index for each, not one for each visit."""
    rows = db.execute_sql(
        "WITH RECURSIVE found(week) AS (SELECT MIN(week) FROM visit UNION ALL"
        " SELECT (SELECT MIN(week) FROM visit WHERE week > found.week) FROM found WHERE found.week IS NOT NULL)"
        " SELECT week FROM found WHERE week IS NOT NULL"
    ).fetchall()
    return [day(week) for (week,) in rows]


def waiting(known_weeks: Sequence[dt.date], statuses: Iterable[str] = WAITING):
    """The condition of live visits of these statuses in every week, along the index of week and status."""
    return Visit.week.in_(list(known_weeks)) & Visit.status.in_(list(statuses)) & ~Visit.is_deleted


def clients_like(text: str, most: int = 200) -> list[int]:
    """Clients whose SSRef, reference or NHS number is this, or whose name has every word of it."""
    exact = (Client.ssref == text) | (Client.client_ref == text) | (Client.nhs_number == text)
    named = None
    for word in text.replace(",", " ").split():
        one = Client.surname.contains(word) | Client.forename.contains(word)
        named = one if named is None else named & one
    query = Client.select(Client.id).where(exact | named if named is not None else exact).limit(most)
    return [ident for (ident,) in query.tuples()]


def condition(reach, wanted: Wanted):
    """The condition of a search over Visit alone, live visits only."""
    found = reach.visits(Visit) & ~Visit.is_deleted
    everyone = Organisation.select(Organisation.id)
    if wanted.first:
        found &= Visit.week >= weeks.monday(wanted.first)
        if wanted.first.weekday():
            found &= Visit.planned_date >= wanted.first
    if wanted.last:
        found &= Visit.week <= wanted.last
        if wanted.last.weekday() != 6:
            found &= Visit.planned_date <= wanted.last
    if wanted.organisation:
        found &= Visit.organisation == wanted.organisation
    if wanted.ref:
        if not wanted.organisation:
            found &= Visit.organisation.in_(everyone)  # the index begins with the organisation
        found &= Visit.ref == wanted.ref
    if wanted.client:
        mine = Visit.organisation == wanted.organisation if wanted.organisation else Visit.organisation.in_(everyone)
        known = Visit.client.in_(clients_like(wanted.client))
        stranger = Visit.client.is_null() & (Visit.ssref == wanted.client)
        found &= (mine & known) | (mine & stranger)
    if wanted.service:
        matched = Package.select(Package.id).where(Package.service == wanted.service)
        found &= (Visit.service == wanted.service) | (Visit.service.is_null() & Visit.package.in_(matched))
    if wanted.level:
        found &= Visit.level == wanted.level
    if wanted.type:
        found &= Visit.type == wanted.type
    if wanted.status:
        found &= Visit.status == wanted.status
    if wanted.reason:
        found &= Visit.reason == wanted.reason
    return found


def counts(found) -> dict[str, int]:
    """How many visits of a condition there are of each status."""
    rows = Visit.select(Visit.status, fn.COUNT(SQL("1"))).where(found).group_by(Visit.status).tuples()
    return dict(rows)


class Row(NamedTuple):
    """A visit in a list, with the names of what it is about."""

    id: int
    ref: str
    ssref: str
    client_id: int | None
    surname: str | None
    forename: str | None
    client_ssref: str | None
    organisation: str
    organisation_id: int
    service_name: str
    service: str | None
    level: str | None
    unit: str | None
    level_id: int | None
    level_name: str
    type: str | None
    type_name: str | None
    planned_date: dt.date | None
    planned_entry: int | None
    planned_exit: int | None
    planned_minutes: int
    delivered_date: dt.date | None
    delivered_entry: int | None
    delivered_exit: int | None
    delivered_minutes: int | None
    status: str
    reason: str
    package: int | None
    cpli_id: int | None
    week: dt.date | None
    service_id: int | None

    @property
    def client(self) -> str:
        """`Archer, Ann (A100001)`, or the reference as it was sent."""
        if self.client_id:
            return f"{self.surname}, {self.forename} ({self.client_ssref})"
        return f"Not known ({self.ssref})" if self.ssref else "Not known"

    @property
    def level_words(self) -> str:
        """`Personal Care (Hours)`, or the name as it was sent."""
        return f"{self.level} ({self.unit})" if self.level else self.level_name

    @property
    def service_words(self) -> str:
        """The service that the visit names, or of the package that it matched."""
        return self.service or self.service_name


ORDERS = {
    "planned": (Visit.planned_date, Visit.planned_entry),
    "ref": (Visit.ref,),
    "client": (Client.surname, Client.forename),
    "provider": (Organisation.name,),
    "level": (ServiceLevel.name,),
    "type": (VisitType.code,),
    "delivered": (Visit.delivered_date, Visit.delivered_entry),
    "status": (Visit.status, Visit.reason),
}


def rows(found, sort: str = "planned", limit: int | None = None, start: int = 0) -> Iterator[Row]:
    """Visits of a condition with their names, by one query; the ids of the page are chosen before names are joined."""
    columns = ORDERS.get(sort.removeprefix("-"), ORDERS["planned"])
    order = [c.desc() if sort.startswith("-") else c.asc() for c in columns] + [Visit.id]
    if limit is not None:
        chosen = Visit.select(Visit.id)
        for model in {c.model for c in columns} - {Visit}:
            chosen = chosen.join(model, JOIN.LEFT_OUTER).switch(Visit)
        page = [ident for (ident,) in chosen.where(found).order_by(*order).limit(limit).offset(start).tuples()]
        found = Visit.id.in_(page)
    own, of_package = Service.alias("own"), Service.alias("matched")
    sent = fn.COALESCE(fn.NULLIF(Visit.ssref, ""), fn.NULLIF(Visit.client_ref, ""), Visit.nhs_number)
    query = (
        Visit.select(
            Visit.id, Visit.ref, sent, Visit.client, Client.surname, Client.forename, Client.ssref, Organisation.name,
            Visit.organisation, Visit.service_name, fn.COALESCE(own.name, of_package.name), ServiceLevel.name,
            ServiceLevel.unit, Visit.level, Visit.level_name, VisitType.code, VisitType.name, Visit.planned_date,
            Visit.planned_entry, Visit.planned_exit, Visit.planned_minutes, Visit.delivered_date,
            Visit.delivered_entry, Visit.delivered_exit, Visit.delivered_minutes, Visit.status, Visit.reason,
            Visit.package, Package.cpli_id, Visit.week, Visit.service,
        )
        .join(Organisation).switch(Visit).join(Client, JOIN.LEFT_OUTER).switch(Visit)
        .join(ServiceLevel, JOIN.LEFT_OUTER).switch(Visit).join(VisitType, JOIN.LEFT_OUTER).switch(Visit)
        .join(own, JOIN.LEFT_OUTER, on=(Visit.service == own.id)).switch(Visit)
        .join(Package, JOIN.LEFT_OUTER, on=(Visit.package == Package.id))
        .join(of_package, JOIN.LEFT_OUTER, on=(Package.service == of_package.id))
        .where(found).order_by(*order).tuples()
    )  # fmt: skip
    for row in query.iterator():
        one = Row(*row)
        yield one._replace(
            planned_date=day(one.planned_date), delivered_date=day(one.delivered_date), week=day(one.week)
        )


HEADINGS = [
    "External Reference", "ID", "Client", "Client (ref)", "Provider", "Service", "Service Level", "Unit", "Visit Type",
    "Planned Date", "Planned Entry", "Planned Exit", "Planned Duration", "Delivered Date", "Delivered Entry",
    "Delivered Exit", "Delivered Duration", "Status", "Reason", "CPLI ID",
]  # fmt: skip


def file_rows(found, sort: str = "planned") -> Iterator[tuple]:
    """The same visits as rows of a file."""
    for row in rows(found, sort):
        name = f"{row.surname}, {row.forename}" if row.client_id else ""
        yield (
            row.ref, row.id, name, row.client_ssref or row.ssref, row.organisation, row.service_words,
            row.level or row.level_name, row.unit or "", row.type or "", file_date(row.planned_date),
            show_time(row.planned_entry), show_time(row.planned_exit), duration(row.planned_minutes),
            file_date(row.delivered_date), show_time(row.delivered_entry), show_time(row.delivered_exit),
            duration(row.delivered_minutes), row.status, row.reason, "" if row.cpli_id is None else row.cpli_id,
        )  # fmt: skip


def duration(minutes: int | None) -> str:
    """Minutes as O-48 has them: 1h, 2h, 30m, 1h 30m; a dash where there are none."""
    if minutes is None:
        return "-"
    whole, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{whole}h" if whole else "", f"{rest}m" if rest else "") if part) or "0m"


# unmatched visits ------------------------------------------------------------------------------------------------------


class Group(NamedTuple):
    """Unmatched visits of one reason: how many, since when, of whom."""

    status: str
    reason: str
    count: int
    oldest: dt.date | None
    providers: list[tuple[int, str, int]]


def groups(known_weeks: Sequence[dt.date], statuses: Iterable[str] = WAITING) -> list[Group]:
    """Unmatched visits by reason, in the order of rule 5.9, each with its providers, most visits first."""
    found: dict[tuple[str, str], list] = {}
    query = (
        Visit.select(
            Visit.status,
            Visit.reason,
            Organisation.id,
            Organisation.name,
            fn.COUNT(SQL("1")),
            fn.MIN(Visit.planned_date),
        )
        .join(Organisation)
        .where(waiting(known_weeks, statuses))
        .group_by(Visit.status, Visit.reason, Organisation.id, Organisation.name)
        .tuples()
    )
    for status, reason, ident, name, count, oldest in query:
        found.setdefault((status, reason), []).append((ident, name, count, day(oldest)))
    order = {reason: n for n, reason in enumerate(REASONS)}
    made = []
    for status, reason in sorted(found, key=lambda r: (order.get(r[1], len(order)), r)):
        parts = sorted(found[status, reason], key=lambda p: (-p[2], p[1]))
        made.append(
            Group(
                status,
                reason,
                sum(p[2] for p in parts),
                min((p[3] for p in parts if p[3]), default=None),
                [p[:3] for p in parts],
            )
        )
    return made


class Candidate(NamedTuple):
    """A package that a visit might have meant."""

    id: int
    cpli_id: int
    level_id: int
    level: str
    service_id: int
    service: str
    start: dt.date
    end: dt.date | None
    authorised: bool
    contract_id: int
    contract: str
    is_invoiced: bool


def candidates(listed: Iterable[Row]) -> dict[tuple[int, int], list[Candidate]]:
    """The packages of the clients of these visits with their organisations, by (organisation, client): one query."""
    pairs = sorted({(row.organisation_id, row.client_id) for row in listed if row.client_id})
    found: dict[tuple[int, int], list[Candidate]] = {}
    if not pairs:
        return found
    query = (
        Package.select(
            Package.organisation, Package.client, Package.id, Package.cpli_id, Package.level, ServiceLevel.name,
            Package.service, Service.name, Package.start_date, Package.end_date, Package.authorised, Package.contract,
            Contract.name, Contract.payment_basis == "invoice",
        )
        .join(ServiceLevel).switch(Package).join(Service).switch(Package).join(Contract)
        .where(Tuple(Package.organisation, Package.client).in_(pairs))
        .order_by(Package.start_date, Package.cpli_id).tuples()
    )  # fmt: skip
    for organisation, client, *rest in query:
        one = Candidate(*rest)
        one = one._replace(
            start=day(one.start), end=day(one.end), authorised=bool(one.authorised), is_invoiced=bool(one.is_invoiced)
        )
        found.setdefault((organisation, client), []).append(one)
    return found


def meant(row, packages: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that the visit's reason is about, the most likely first (rule 5.9).

    `row` has reason, level_id, service_id and planned_date.
    """
    same = [p for p in packages if p.level_id == row.level_id]
    near = [p for p in same if not row.service_id or p.service_id == row.service_id] or same
    when = row.planned_date

    def distance(p: Candidate) -> int:
        if when is None or (p.start <= when and (p.end is None or when <= p.end)):
            return 0
        return (p.start - when).days if p.start > when else (when - p.end).days

    if row.reason == "service level not in the client's packages":
        return sorted(packages, key=distance)
    if row.reason == "service not in the client's packages":
        return sorted(same, key=distance)
    if row.reason == "package is invoiced":
        return sorted(near, key=lambda p: (not p.is_invoiced, distance(p)))
    if row.reason == "package not authorised":
        return sorted((p for p in near if not p.is_invoiced), key=lambda p: (p.authorised, distance(p)))
    return sorted((p for p in near if not p.is_invoiced), key=lambda p: (not p.authorised, distance(p)))
