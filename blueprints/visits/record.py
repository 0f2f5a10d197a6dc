"""One visit as its page shows it (O-35): names, what became of it, what changed when."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from peewee import JOIN

from blueprints.packages.rules import day
from blueprints.reach import Reach
from blueprints.values import show_date, show_time
from blueprints.visits.pane import NEW_REMEDY, REMEDIES, service_of
from models import (
    Carer,
    Client,
    Contract,
    Dispute,
    DisputeRow,
    DisputeState,
    Finalisation,
    LockedWeek,
    Package,
    PaymentPeriod,
    Service,
    ServiceLevel,
    Visit,
    VisitStatus,
    VisitType,
    VisitVersion,
)


def one(query) -> Visit | None:
    """The visit of a query over Visit with all that its page names, by one query."""
    packages_service = Service.alias("packages_service")
    return (
        query.select(Visit, Client, ServiceLevel, VisitType, Service, Package, packages_service)
        .join(Client, JOIN.LEFT_OUTER).switch(Visit).join(ServiceLevel, JOIN.LEFT_OUTER)
        .switch(Visit).join(VisitType, JOIN.LEFT_OUTER).switch(Visit).join(Service, JOIN.LEFT_OUTER)
        .switch(Visit).join(Package, JOIN.LEFT_OUTER, on=(Visit.package == Package.id))
        .join(packages_service, JOIN.LEFT_OUTER, on=(Package.service == packages_service.id), attr="service")
        .get_or_none()
    )  # fmt: skip


def client_words(visit: Visit) -> str:
    """`Ann Archer (A100001)`, or the identifier that was sent for a client who is not known."""
    if visit.client_id:
        return f"{visit.client.name} ({visit.client.ssref})"
    return f"client not known ({visit.client_ref or visit.ssref or visit.nhs_number or 'no reference'})"


def title(visit: Visit) -> str:
    """`Visit {ref} for {service}, {client} ({SSRef})` (O-35)."""
    service = service_of(visit)
    named = service.name if service else visit.service_name
    return f"Visit {visit.ref} for {named + ', ' if named else ''}{client_words(visit)}"


def carer_of(visit: Visit) -> str:
    """The carer's name and reference, or that the reference is not in the list."""
    if not visit.carer_ref:
        return ""
    found = Carer.get_or_none((Carer.organisation == visit.organisation_id) & (Carer.ref == visit.carer_ref))
    return (
        f"{found.forename} {found.surname} ({visit.carer_ref})"
        if found
        else f"{visit.carer_ref}, not in your list of carers"
    )


def remedy(visit: Visit) -> str:
    """What to do about a visit that is not matched."""
    if visit.is_deleted or visit.status == VisitStatus.MATCHED:
        return ""
    return NEW_REMEDY if visit.status == VisitStatus.NEW else REMEDIES.get(visit.reason, "")


def is_locked(visit: Visit) -> bool:
    """The authority has locked the visit's week for its service (rule 4.7)."""
    service = service_of(visit)
    if service is None or visit.week is None:
        return False
    return LockedWeek.select().where((LockedWeek.service == service) & (LockedWeek.week == visit.week)).exists()


def dispute_of(visit: Visit, reach: Reach) -> int | None:
    """The open dispute within reach that the visit is in, if it is in one (Q-14): it stays with the service of then."""
    query = Dispute.visible_to(reach).where(Dispute.state != DisputeState.RESOLVED)
    return query.select(Dispute.id).join(DisputeRow).where(DisputeRow.visit == visit).scalar()


def finalised_period(visit: Visit) -> PaymentPeriod | None:
    """The finalised period that paid the visit's week, where there is one: a deletion causes an adjustment (O-36)."""
    if not visit.package_id or not visit.paid_minutes:
        return None
    return (
        PaymentPeriod.select()
        .join(Finalisation)
        .join(Contract)
        .where(
            (Contract.id == visit.package.contract_id)
            & (PaymentPeriod.start_date <= visit.week)
            & (PaymentPeriod.end_date >= visit.week)
        )
        .get_or_none()
    )


def option(reach, name: str, value: str) -> str | None:
    """The words of a filter's value that the week itself does not have; None where there is no such thing in reach."""
    if name == "client" and value[:1] == "x":
        return f"Client not known ({value[1:]})"
    number = value[1:] if name == "client" and value[:1] == "c" else value if name != "client" else ""
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    if name == "client":
        client = Client.visible_to(reach).where(Client.id == int(number)).get_or_none()
        return client and f"{client.file_name} ({client.ssref})"
    if name == "level":
        level = ServiceLevel.get_or_none(ServiceLevel.id == int(number))
        return level and level.name
    kind = VisitType.get_or_none(VisitType.id == int(number))
    return kind and f"{kind.code} {kind.name}"


# versions --------------------------------------------------------------------------------------------------------------


class Version(NamedTuple):
    """One sending of the visit: when, by whom, and what it changed as (label, before, after)."""

    number: int
    at: dt.datetime
    by: str
    what: str
    changes: list[tuple[str, str, str]]


_LABELS = {
    "planned_date": ("Planned Visit Date", "date"), "planned_entry": ("Planned Entry Time", "time"),
    "planned_exit": ("Planned Exit Time", "time"), "type": ("Visit Type", "type"),
    "delivered_date": ("Delivered Visit Date", "date"), "delivered_entry": ("Delivered Entry Time", "time"),
    "delivered_exit": ("Delivered Exit Time", "time"), "entry_overridden": ("Entry time overridden", "yes"),
    "entry_override_reason": ("Entry override reason", ""), "exit_overridden": ("Exit time overridden", "yes"),
    "exit_override_reason": ("Exit override reason", ""), "variance_reason": ("Variance Reason", ""),
    "comments": ("Comments", ""), "client_ref": ("ClientRef", ""), "ssref": ("SSRef", ""), "nhs_number": ("NHSNumber", ""),
    "level_ref": ("ServiceLevelRef", ""), "level_name": ("Service Level", ""), "carer_ref": ("CarerRef", ""),
    "service_ref": ("ServiceRef", ""), "service_name": ("Service", ""),
}  # fmt: skip


def versions(visit: Visit) -> list[Version]:
    """Every sending, newest first, each with what it changed (rule 5.7: every version is kept)."""
    stored = list(VisitVersion.select().where(VisitVersion.visit == visit).order_by(VisitVersion.version))
    if not stored:
        return [Version(visit.version, visit.changed_at, visit.changed_by, _what(visit, None), [])]
    types = dict(VisitType.select(VisitType.id, VisitType.code).tuples())
    made, before = [], None
    for row in [*stored, visit]:
        made.append(
            Version(row.version, row.changed_at, row.changed_by, _what(row, before), _changes(before, row, types))
        )
        before = row
    return made[::-1]


def _what(row, before) -> str:
    if row.is_deleted:
        return f"Deleted: {row.deletion_reason}" if row.deletion_reason else "Deleted"
    if before is None:
        return "Sent" if row.version == 1 else "Sent again"
    return "Sent again after it was deleted" if before.is_deleted else "Sent again"


def _changes(before, row, types: dict[int, str]) -> list[tuple[str, str, str]]:
    if before is None or row.is_deleted:
        return []
    return [
        (label, _shown(before.__data__[name], kind, types), _shown(row.__data__[name], kind, types))
        for name, (label, kind) in _LABELS.items()
        if before.__data__[name] != row.__data__[name]
    ]


def _shown(value, kind: str, types: dict[int, str]) -> str:
    if kind == "date":
        return show_date(day(value))
    if kind == "time":
        return show_time(value, True)
    if kind == "yes":
        return "Yes" if value else "No"
    return types.get(value, "") if kind == "type" else value
