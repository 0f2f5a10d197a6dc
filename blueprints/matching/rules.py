"""Matching visits afresh, group by group (rules 5.8, 5.9). A group is an organisation, client, level and week."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from peewee import Tuple

import database
from blueprints.matching import assign
from blueprints.matching.assign import FedVisit
from blueprints.packages import rules as packages
from blueprints.packages.rules import day
from models import Client, Package, Pays, StaleGroup, Visit, VisitStatus, VisitType, db

MOST_VISITS = 4000  # matched in one transaction, so that others can write in between


class Group(NamedTuple):
    """Visits that are matched afresh together (rule 5.8)."""

    organisation: int
    client: int
    level: int
    week: dt.date


class Matched(NamedTuple):
    """What matching found: the lines of the groups' clients, and each package and week with the visits it now has."""

    lines: dict[int, packages.Line]
    fed: dict[tuple[int, dt.date], list[FedVisit]]


def stale_people(people: Iterable[tuple[int, int]]) -> None:
    """Note that every visit of these organisations' clients is to be matched afresh (rule 5.8).

    Visits sent before the client was known to the organisation find their client first (rule 5.3).
    """
    people = sorted(set(people))
    for organisation, client in named_by_strangers(people):
        adopt_strangers(organisation, client)
    database.execute_many(
        StaleGroup,
        "INSERT INTO stale_group (organisation_id, client_id, level_id, week) "
        "SELECT DISTINCT organisation_id, client_id, level_id, week FROM visit "
        "WHERE organisation_id = ? AND client_id = ? AND is_deleted = ? AND status <> ? ON CONFLICT DO NOTHING",
        [(organisation, client, False, str(VisitStatus.MISSING_DATA)) for organisation, client in people],
    )


def named_by_strangers(people: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those of these organisations' clients whom a visit names that has found no client yet (rule 5.3); few, as a rule."""
    strangers = (
        Visit.select(Visit.organisation, Visit.client_ref, Visit.ssref, Visit.nhs_number)
        .where(
            Visit.organisation.in_({organisation for organisation, _ in people})
            & Visit.client.is_null()
            & ~Visit.is_deleted
            & (Visit.status == VisitStatus.UNMATCHED)
        )
        .distinct()
        .tuples()
    )
    named = {(organisation, ref or ssref or nhs) for organisation, ref, ssref, nhs in strangers}
    wanted = {organisation for organisation, _ in named}
    waiting = [pair for pair in people if pair[0] in wanted]
    found: dict[int, tuple] = {}
    idents = sorted({client for _, client in waiting})
    for start in range(0, len(idents), 1000):
        rows = Client.select(Client.id, Client.client_ref, Client.ssref, Client.nhs_number)
        found.update({row[0]: row[1:] for row in rows.where(Client.id.in_(idents[start : start + 1000])).tuples()})
    return [(o, c) for o, c in waiting if any(text and (o, text) in named for text in found[c])]


def adopt_strangers(organisation: int, client_id: int) -> None:
    """Give visits that named this client before the organisation had a package for it their client (rule 5.3)."""
    client = Client.get_by_id(client_id)
    nothing = ""
    deciding = (Visit.client_ref == client.client_ref) | (
        (Visit.client_ref == nothing)
        & (
            (Visit.ssref == client.ssref)
            | ((Visit.ssref == nothing) & (Visit.nhs_number == client.nhs_number) & (Visit.nhs_number != nothing))
        )
    )
    Visit.update(client=client_id, status=VisitStatus.NEW, reason="").where(
        (Visit.organisation == organisation)
        & Visit.client.is_null()
        & ~Visit.is_deleted
        & (Visit.status == VisitStatus.UNMATCHED)
        & deciding
    ).execute()


def stale_groups(groups: Iterable[Group]) -> None:
    """Note that these groups are to be matched afresh."""
    columns = ["organisation", "client", "level", "week"]
    database.bulk_upsert(StaleGroup, columns, list(groups), key=columns, update=[])


def next_groups(organisation: int | None = None) -> list[Group]:
    """Some groups that wait, whole clients together, of about MOST_VISITS visits."""
    query = StaleGroup.select(StaleGroup.organisation, StaleGroup.client, StaleGroup.level, StaleGroup.week)
    if organisation:
        query = query.where(StaleGroup.organisation == organisation)
    query = query.order_by(StaleGroup.organisation, StaleGroup.client, StaleGroup.level, StaleGroup.week)
    waiting = [Group(o, c, level, day(w)) for o, c, level, w in query.limit(MOST_VISITS // 10).tuples()]
    if not waiting:
        return []
    return [g for g in waiting if g.organisation == waiting[0].organisation]


def waiting(people: Iterable[tuple[int, int]]) -> set[Group]:
    """The groups of these organisations' clients that wait to be matched."""
    found = set()
    for organisation, client in people:
        query = StaleGroup.select(StaleGroup.level, StaleGroup.week).where(
            (StaleGroup.organisation == organisation) & (StaleGroup.client == client)
        )
        found |= {Group(organisation, client, level, day(week)) for level, week in query.tuples()}
    return found


def match(groups: list[Group]) -> Matched:
    """Match the visits of these groups (of one organisation) afresh and write what differs."""
    organisation = groups[0].organisation
    clients = {g.client for g in groups}
    known = packages.lines((Package.organisation == organisation) & Package.client.in_(clients))
    by_client: dict[int, list[assign.Line]] = defaultdict(list)
    row_of: dict[int, int] = {}
    for line in known.values():
        by_client[line.client].append(assign.Line(line.plan, line.level, line.service))
        row_of[line.plan.id] = line.id
    types = {t.id: t for t in VisitType.select()}
    wanted = set(groups)
    visits: dict[int, list[tuple]] = defaultdict(list)
    for row in _visits(organisation, groups):
        row = (*row[:4], day(row[4]), day(row[5]), *row[6:])
        if Group(organisation, row[2], row[3], row[4]) in wanted:
            visits[row[2]].append(row)
    changed: list[tuple] = []
    left: set[tuple[int, dt.date]] = set()
    fed: dict[tuple[int, dt.date], list[FedVisit]] = {
        (line.id, g.week): []
        for line in known.values()
        for g in groups
        if g.client == line.client and g.level == line.level
    }
    for client, rows in visits.items():
        answers = assign.assign(
            (assign.Visit(r[0], r[1], r[5], r[6], r[7], r[8], r[3], r[10]) for r in rows), by_client.get(client, [])
        )
        for r in rows:
            cpli, reason = answers[r[0]]
            kind = types[r[11]]
            package = row_of[cpli] if cpli is not None else None
            status = str(VisitStatus.MATCHED if package else VisitStatus.UNMATCHED)
            paid = charged = 0
            if package:
                paid, charged = minutes(kind.pays, r[8], r[9]), minutes(kind.charges, r[8], r[9])
                fed[package, r[4]].append(FedVisit(r[5], kind.pays, r[8], r[9]))
            if r[14] is not None and (r[14], r[4]) not in fed:
                left.add((r[14], r[4]))  # a package that has moved to another client, level or organisation
            new = (status, reason, package, paid, charged)
            if new != r[12:17]:
                changed.append((r[0], *new))
    database.bulk_update(Visit, "id", ["status", "reason", "package", "paid_minutes", "charged_minutes"], changed)
    if left:
        known |= packages.lines(Package.id.in_({package for package, _ in left}))
        fed |= {key: matched_visits(*key) for key in left}
    return Matched(known, fed)


def matched_visits(package: int, week: dt.date) -> list[FedVisit]:
    """The visits that stand matched to a package in a week."""
    rows = (
        Visit.select(Visit.planned_date, VisitType.pays, Visit.planned_minutes, Visit.delivered_minutes)
        .join(VisitType)
        .where(
            (Visit.package == package)
            & (Visit.week == week)
            & (Visit.status == VisitStatus.MATCHED)
            & ~Visit.is_deleted
        )
        .tuples()
    )
    return [FedVisit(day(planned), *rest) for planned, *rest in rows]


def _visits(organisation: int, groups: list[Group]):
    """The live visits of the groups that can be matched, as the database gives them: reading through the fields of
    the model takes longer than matching."""
    pairs = sorted({(g.client, g.level) for g in groups})
    weeks = [g.week for g in groups]
    return db.execute(
        Visit.select(
            Visit.id, Visit.ref, Visit.client, Visit.level, Visit.week, Visit.planned_date, Visit.planned_entry,
            Visit.planned_exit, Visit.planned_minutes, Visit.delivered_minutes, Visit.service, Visit.type,
            Visit.status, Visit.reason, Visit.package, Visit.paid_minutes, Visit.charged_minutes,
        )
        .where(
            (Visit.organisation == organisation)
            & Tuple(Visit.client, Visit.level).in_(pairs)
            & Visit.week.between(min(weeks), max(weeks))
            & ~Visit.is_deleted
            & (Visit.status != VisitStatus.MISSING_DATA)
        )
        .tuples()
    )  # fmt: skip


def minutes(basis: str, planned: int, delivered: int | None) -> int:
    """The minutes that a type pays or charges on this basis (rule 5.5)."""
    if basis == Pays.DELIVERED:
        return delivered or 0
    return planned if basis == Pays.PLANNED else 0


def settled(groups: list[Group]) -> None:
    """These groups no longer wait."""
    database.execute_many(
        StaleGroup,
        "DELETE FROM stale_group WHERE organisation_id = ? AND client_id = ? AND level_id = ? AND week = ?",
        [(g.organisation, g.client, g.level, g.week.isoformat()) for g in groups],
    )
