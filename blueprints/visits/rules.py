"""What may happen to a visit, and the authority's visit types (rules 5.5, 5.7)."""

from __future__ import annotations

from peewee import JOIN

import database
from blueprints import consequences, history
from blueprints.settings import rules as settings
from blueprints.values import show_date
from models import VISIT_VALUES, LockedWeek, Package, Visit, VisitStatus, VisitType, VisitVersion, db, utc_now


class Refused(ValueError):
    """Something that may not happen to a visit; the message says why."""


# The set of guide 004: code, name, contract types, pays, charges, needs delivered times, needs a comment.
DEFAULT_TYPES = [
    ("C24", "Cancelled > 24", "", "none", "none", False, False),
    ("C", "Cancelled < 24", "", "planned", "planned", False, False),
    ("E", "Exceptional Visit", "", "delivered", "delivered", True, True),
    ("U", "Undeliverable", "", "planned", "planned", False, True),
    ("DHS", "Delivered", "not LWAH", "delivered", "delivered", True, False),
    ("DHF", "Delivered (Live Well at Home)", "LWAH", "delivered", "delivered", True, False),
    ("H", "Hospital", "", "none", "none", False, False),
]


def default_types() -> None:
    """Make the default visit types in a new database (rule 5.5)."""
    names = ("code", "name", "contract_types", "pays", "charges", "needs_delivered", "needs_comment")
    for row in DEFAULT_TYPES:
        VisitType.create(**dict(zip(names, row, strict=True)))


def delete_visit(visit: Visit | int, by: history.Actor, reason: str, officer: bool = False) -> bool:
    """Delete a visit; it is kept with its versions, and what it was matched with is matched afresh (rule 5.7).

    False where it was deleted before, which changes nothing. In a paid week the difference becomes an adjustment.
    Raises Refused for a provider where its week is locked (rule 4.7).
    """
    ident = getattr(visit, "id", visit)
    with db.atomic():
        database.serialise(db, "settle")  # before the visit: settling holds visits and waits for nobody
        database.serialise(db, f"visit {ident}")
        visit = Visit.get_by_id(ident)
        if visit.is_deleted:
            return False
        if not officer:
            refuse_locked(visit)
        before = history.facts(visit)
        keep_version(visit)
        group = (visit.organisation_id, visit.client_id, visit.level_id, visit.week)
        visit.is_deleted, visit.deletion_reason = True, reason
        visit.status, visit.reason, visit.package = VisitStatus.UNMATCHED, "", None
        visit.paid_minutes = visit.charged_minutes = 0
        visit.version += 1
        visit.batch, visit.changed_at, visit.changed_by = None, utc_now(), by.name
        visit.save()
        settings.bump(f"visits:{visit.organisation_id}")
        history.record(by, "Deleted a visit", visit, before, history.facts(visit))
        if visit.client_id:
            consequences.follow(consequences.Change(groups=[group]), now=True)
    return True


def keep_version(visit: Visit) -> VisitVersion:
    """Keep a visit as it is before it changes: every version is kept (rule 5.7)."""
    more = ("version", "is_deleted", "deletion_reason", "batch", "changed_at", "changed_by")
    return VisitVersion.create(visit=visit, **{name: visit.__data__.get(name) for name in (*VISIT_VALUES, *more)})


def versions(visit: Visit) -> list[VisitVersion]:
    """The visit as it was before, newest first."""
    return list(
        VisitVersion.select(VisitVersion, VisitType)
        .join(VisitType, JOIN.LEFT_OUTER)
        .where(VisitVersion.visit == visit)
        .order_by(VisitVersion.version.desc())
    )


def refuse_locked(visit: Visit) -> None:
    """Raise Refused where the authority has locked the visit's week for its service (rule 4.7)."""
    service = visit.service_id
    if visit.package_id:
        service = Package.select(Package.service).where(Package.id == visit.package_id).scalar()
    if (
        service
        and LockedWeek.select().where((LockedWeek.service == service) & (LockedWeek.week == visit.week)).exists()
    ):
        raise Refused(f"The week of {show_date(visit.week)} is locked. Ask the authority to open it.")
