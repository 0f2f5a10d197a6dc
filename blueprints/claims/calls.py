"""The visits that tell of hospital stays, read from the tables, and the stays that nobody has claimed yet."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from peewee import JOIN, fn

from blueprints.claims import schemes, sums
from blueprints.claims.sums import Call, Stay, Working
from blueprints.packages import rules as packages
from blueprints.packages.plan import rate_on
from blueprints.packages.rules import day
from models import Claim, ClaimItem, ClaimState, Client, Contract, Package, Service, Visit, VisitStatus, VisitType

LOOK_BACK = dt.timedelta(180)  # how far back stays are looked for that were not claimed


def of_client(service: int, client: int, hospital: str, since: dt.date | None = None) -> list[Call]:
    """The visits of a client at a service, and those in hospital that are not matched; `hospital` is the type's code."""
    own = (Visit.client == client) & (
        (Package.service == service)
        | (Visit.package.is_null() & (Visit.service.is_null() | (Visit.service == service)))
    )
    organisation = Service.select(Service.organisation).where(Service.id == service)
    if since:
        own &= Visit.planned_date >= since
    return [call for _, _, call in _calls(own & (Visit.organisation == organisation), hospital)]


def _calls(condition, hospital: str) -> list[tuple[int | None, int, Call]]:
    """Live visits of a condition: (service, client, call), by three queries."""
    rows = list(
        Visit.select(
            Visit.id, Visit.ref, Visit.planned_date, Visit.planned_entry, Visit.planned_exit, Visit.planned_minutes,
            Visit.delivered_minutes, Visit.status, VisitType.code, VisitType.needs_delivered, Visit.package,
            Package.contract, Package.service, Visit.client,
        )
        .join(VisitType).switch(Visit).join(Package, JOIN.LEFT_OUTER, on=(Visit.package == Package.id))
        .where(condition & ~Visit.is_deleted & Visit.planned_date.is_null(False)).tuples()
    )  # fmt: skip
    idents = {row[10] for row in rows if row[10] and row[8].upper() == hospital.upper()}
    lines = packages.lines(Package.id.in_(idents)) if idents else {}
    made = []
    for (
        ident,
        ref,
        planned,
        entry,
        exit,
        minutes,
        done,
        status,
        code,
        needed,
        package,
        contract,
        service,
        client,
    ) in rows:
        in_hospital = code.upper() == hospital.upper()
        matched = status == VisitStatus.MATCHED and package is not None
        plan = lines[package].plan if in_hospital and matched else None
        when = day(planned)
        made.append(
            (
                service,
                client,
                Call(
                    ident, ref, when, entry, exit, minutes, in_hospital, bool(needed) and done is not None,
                    contract if matched else None, plan.id if plan else None, rate_on(plan, when) if plan else 0,
                ),
            )
        )  # fmt: skip
    return made


def stay_near(calls: Iterable[Call], first: dt.date | None, last: dt.date | None) -> Stay | None:
    """The stay that overlaps these days; the latest one where no days are given, or none."""
    found = sums.stays(calls)
    if first and last:
        return next((s for s in found if s.first <= last and s.last >= first), None)
    return found[-1] if found else None


class Unclaimed(NamedTuple):
    """A stay that nobody has claimed: where, who, under which contract, its working; whether a delivered visit followed."""

    service: int
    service_name: str
    client: int
    client_name: str
    ssref: str
    contract: int
    working: Working
    is_back: bool


def unclaimed(reach, today: dt.date, hospital: str) -> list[Unclaimed]:
    """Stays of the last half year that pay something and stand in no claim, drafts included; oldest first."""
    since = today - LOOK_BACK
    kind = VisitType.select(VisitType.id).where(fn.UPPER(VisitType.code) == hospital.upper())
    there = (Visit.planned_date >= since) & ~Visit.is_deleted & reach.visits(Visit)
    clients = {c for (c,) in Visit.select(Visit.client).where(there & Visit.type.in_(kind)).distinct().tuples() if c}
    if not clients:
        return []
    of_whom: dict[tuple[int, int], list[Call]] = defaultdict(list)
    for service, client, call in _calls(there & Visit.client.in_(clients) & Visit.package.is_null(False), hospital):
        of_whom[service, client].append(call)
    claimed = _claimed(reach, clients)
    names = {s.id: s.name for s in Service.visible_to(reach)}
    people = {c.id: c for c in Client.select().where(Client.id.in_(clients))}
    kinds = dict(
        Package.select(Package.contract, Contract.contract_type)
        .join(Contract)
        .where(Package.client.in_(clients) & (Contract.payment_basis == "portal"))
        .distinct()
        .tuples()
    )
    now = schemes.schemes()
    made = []
    for (service, client), calls in of_whom.items():
        for stay in sums.stays(calls):
            for contract in sorted(
                {c.contract for c in stay.calls if c.contract in kinds and kinds[c.contract] in now}
            ):
                if any(first <= stay.last and last >= stay.first for first, last in claimed[service, client, contract]):
                    continue
                working = sums.work_out(now[kinds[contract]], stay.calls, stay.first, stay.last, contract)
                if working.amount and service in names:
                    one = people[client]
                    back = any(c.delivered and c.day >= stay.last for c in calls)
                    made.append(
                        Unclaimed(service, names[service], client, one.file_name, one.ssref, contract, working, back)
                    )
    return sorted(made, key=lambda u: (u.working.first, u.client_name))


def _claimed(reach, clients) -> dict[tuple[int, int, int], list[tuple[dt.date, dt.date]]]:
    """The days that claims have, rejected ones apart, by service, client and contract."""
    found = defaultdict(list)
    rows = (
        ClaimItem.select(Claim.service, ClaimItem.client, ClaimItem.contract, ClaimItem.stay_first, ClaimItem.stay_last)
        .join(Claim)
        .where(
            reach.services(Claim.service, Claim.organisation) & ClaimItem.client.in_(clients)
            & (Claim.state != ClaimState.REJECTED) & ClaimItem.included & ClaimItem.stay_first.is_null(False)
        ).tuples()
    )  # fmt: skip
    for service, client, contract, first, last in rows:
        found[service, client, contract].append((day(first), day(last)))
    return found
