"""What disputes are about: visits, and packages' weeks of actuals, with their figures in words (Q-01, Q-04)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from peewee import JOIN

from blueprints.actuals import pane
from blueprints.packages import rules as packages
from blueprints.packages.plan import planned_quantity
from blueprints.packages.rules import day
from blueprints.values import show_date, show_money, show_quantity, show_time
from models import (
    Actual,
    Client,
    Dispute,
    DisputeRow,
    DisputeState,
    Organisation,
    Package,
    Service,
    ServiceLevel,
    Visit,
    VisitType,
)

Week = tuple[int, dt.date]  # a package's row id and a Monday


class Subject(NamedTuple):
    """A visit, or a package's week, as a dispute takes it up."""

    visit: int | None
    package: int | None
    week: dt.date | None
    organisation: int
    organisation_name: str
    service: int | None
    service_name: str
    client: int | None
    client_words: str
    first: dt.date
    last: dt.date
    title: str
    figures: dict[str, str]

    @property
    def key(self) -> str:
        """As a form carries it: `v12`, `a7-2026-10-05`."""
        return f"v{self.visit}" if self.visit else f"a{self.package}-{self.week}"

    @property
    def owner(self) -> tuple:
        """Subjects of one owner make one dispute: provider, service and client."""
        return (self.organisation, self.service, self.client or self.client_words)


def of_visits(idents: Iterable[int]) -> list[Subject]:
    """Visits as subjects, by planned date; one query."""
    own, matched = Service.alias("own"), Service.alias("matched")
    rows = (
        Visit.select(
            Visit.id, Visit.ref, Visit.organisation, Organisation.name, own.id, own.name, matched.id, matched.name,
            Visit.client, Client.title, Client.forename, Client.surname, Client.ssref, Visit.client_ref, Visit.ssref,
            Visit.nhs_number, Visit.planned_date, Visit.planned_entry, Visit.planned_exit, Visit.delivered_date,
            Visit.delivered_entry, Visit.delivered_exit, VisitType.code, VisitType.name, ServiceLevel.name,
            Visit.level_name, Visit.comments, Visit.variance_reason, Visit.status, Visit.reason, Visit.paid_minutes,
            Visit.is_deleted, Visit.package, Visit.week,
        )
        .join(Organisation).switch(Visit).join(Client, JOIN.LEFT_OUTER)
        .switch(Visit).join(VisitType, JOIN.LEFT_OUTER).switch(Visit).join(ServiceLevel, JOIN.LEFT_OUTER)
        .switch(Visit).join(own, JOIN.LEFT_OUTER, on=(Visit.service == own.id))
        .switch(Visit).join(Package, JOIN.LEFT_OUTER, on=(Visit.package == Package.id))
        .join(matched, JOIN.LEFT_OUTER, on=(Package.service == matched.id))
        .where(Visit.id.in_(list(idents)))
        .order_by(Visit.planned_date, Visit.planned_entry, Visit.ref).tuples()
    )  # fmt: skip
    return [_visit(row) for row in rows]


def _visit(row: tuple) -> Subject:
    (ident, ref, organisation, organisation_name, own, own_name, matched, matched_name, client, title, forename, surname,
     ssref, sent_ref, sent_ssref, nhs, planned, entry, exit, delivered, came, left, code, kind, level, level_name, comments,
     variance, status, reason, paid, is_deleted, package, week) = row  # fmt: skip
    planned, delivered = day(planned), day(delivered)
    words = f"client not known ({sent_ref or sent_ssref or nhs or 'no reference'})"
    if client:
        words = f"{' '.join(x for x in (title, forename, surname) if x)} ({ssref})"
    done = f"{show_date(delivered)} {show_time(came)} to {show_time(left)}" if delivered else ""
    return Subject(
        ident, package, day(week) if package else None, organisation, organisation_name, matched or own,
        matched_name or own_name or "", client, words, planned, planned, f"Visit {ref}",
        {
            "Planned": f"{show_date(planned)} {show_time(entry)} to {show_time(exit)}",
            "Delivered": done,
            "Visit Type": f"{code} {kind}" if code else "",
            "Service Level": level or level_name,
            "Comments": comments,
            "Variance Reason": variance,
            "Match Status": "Deleted" if is_deleted else f"{status}: {reason}" if reason else status,
            "Minutes paid": str(paid),
        },
    )  # fmt: skip


def of_weeks(wanted: Iterable[Week]) -> list[Subject]:
    """Packages' weeks as subjects, by client and week; the same few queries for any number."""
    wanted = {(package, monday) for package, monday in wanted}
    if not wanted:
        return []
    idents, mondays = {p for p, _ in wanted}, {m for _, m in wanted}
    stored = {(row.package, row.week): row for row in pane.rows(Actual.package.in_(idents) & Actual.week.in_(mondays))}
    lines = packages.lines(Package.id.in_(idents))
    found = (
        Package.select(
            Package.id, Package.cpli_id, Package.organisation, Organisation.name, Package.service, Service.name,
            Package.client, Client.title, Client.forename, Client.surname, Client.ssref, ServiceLevel.name,
        )
        .join(Organisation, on=(Package.organisation == Organisation.id)).switch(Package).join(Service)
        .switch(Package).join(Client).switch(Package).join(ServiceLevel)
        .where(Package.id.in_(idents)).order_by(Client.surname, Client.forename, Package.cpli_id).tuples()
    )  # fmt: skip
    made = []
    for (package, cpli, organisation, organisation_name, service, service_name, client, title, forename, surname, ssref,
         level) in found:  # fmt: skip
        for monday in sorted(m for p, m in wanted if p == package):
            row = stored.get((package, monday))
            figures = {
                "Service Level": level,
                "Planned": show_quantity(planned_quantity(lines[package].plan, monday)),
                "Actual": show_quantity(row.actual) if row else "",
                "Frustrated": show_quantity(row.frustrated) if row else "",
                "Missed": show_quantity(row.missed) if row else "",
                "Extra": show_quantity(row.extra) if row else "",
                "Visits": str(row.visits) if row else "",
                "Cost": show_money(row.cost) if row else "",
                "Comments": row.comments if row else "",
            }
            words = f"{' '.join(x for x in (title, forename, surname) if x)} ({ssref})"
            made.append(
                Subject(
                    None, package, monday, organisation, organisation_name, service, service_name, client, words, monday,
                    monday + dt.timedelta(6), f"CPLI {cpli}, week of {show_date(monday)}", figures,
                )
            )  # fmt: skip
    return made


def keys_of(texts: Iterable[str]) -> tuple[set[int], set[Week]]:
    """The visits and weeks that keys name; what is no key is passed over."""
    visits, mondays = set(), set()
    for text in texts:
        kind, rest = text[:1], text[1:]
        if kind == "v" and _is_number(rest):
            visits.add(int(rest))
        elif kind == "a":
            number, _, date = rest.partition("-")
            try:
                monday = dt.date.fromisoformat(date)
            except ValueError:
                continue
            if _is_number(number) and not monday.weekday():
                mondays.add((int(number), monday))
    return visits, mondays


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def find(texts: Sequence[str]) -> list[Subject]:
    """The subjects that keys name, visits first."""
    visits, mondays = keys_of(texts)
    return [*of_visits(visits), *of_weeks(mondays)]


def of_rows(rows: Iterable[DisputeRow]) -> dict[int, Subject]:
    """The subjects of dispute rows as they are now, by the row's id."""
    rows = list(rows)
    visits = {s.visit: s for s in of_visits({r.visit_id for r in rows if r.visit_id})}
    weeks = {(s.package, s.week): s for s in of_weeks((r.package_id, day(r.week)) for r in rows if not r.visit_id)}
    found = {r.id: visits.get(r.visit_id) if r.visit_id else weeks.get((r.package_id, day(r.week))) for r in rows}
    return {ident: subject for ident, subject in found.items() if subject}


def disputed(visits: Iterable[int] = (), mondays: Iterable[Week] = ()) -> dict[str, int]:
    """The open dispute of each of these visits and weeks that is in one, by key."""
    found = {}
    visits, mondays = list(visits), set(mondays)
    query = DisputeRow.select(DisputeRow.visit, DisputeRow.package, DisputeRow.week, DisputeRow.dispute).join(Dispute)
    query = query.where(Dispute.state != DisputeState.RESOLVED)
    if visits:
        for visit, _, _, dispute in query.where(DisputeRow.visit.in_(visits)).tuples():
            found[f"v{visit}"] = dispute
    if mondays:
        own = DisputeRow.visit.is_null() & DisputeRow.package.in_({p for p, _ in mondays})
        for _, package, week, dispute in query.where(own & DisputeRow.week.in_({m for _, m in mondays})).tuples():
            if (package, day(week)) in mondays:
                found[f"a{package}-{day(week)}"] = dispute
    return found


class Difference(NamedTuple):
    """A figure of a row as it was when the dispute was raised, and as it is now."""

    name: str
    was: str
    now: str

    @property
    def differs(self) -> bool:
        """It has been changed since."""
        return self.was != self.now


def compare(row: DisputeRow, now: Subject | None) -> list[Difference]:
    """A row's figures then and now."""
    was = json.loads(row.was)
    figures = now.figures if now else {}
    return [Difference(name, was.get(name, ""), figures.get(name, "")) for name in (figures or was)]
