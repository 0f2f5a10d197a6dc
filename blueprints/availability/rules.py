"""What a service says of itself beyond its address, and its available places (D-13 to D-21, D-23)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from peewee import fn

import database
from blueprints import history
from blueprints.weeks import today
from models import LevelAtService, Package, Service, ServiceDetails, ServiceLevel, db, utc_now


def of(service: Service) -> ServiceDetails:
    """The service's details; where nothing was said yet, the defaults, not stored."""
    return ServiceDetails.get_or_none(ServiceDetails.service == service.id) or ServiceDetails(service=service.id)


def save(
    service: Service, values: Mapping[str, Any], by: history.Actor, what: str = "Changed details"
) -> ServiceDetails:
    """Change details of a service, with history at the service. Units: leasehold units and places are whole numbers."""
    with db.atomic():
        database.serialise(db, f"service details {service.id}")
        found = ServiceDetails.get_or_none(ServiceDetails.service == service.id)
        row = found or ServiceDetails(service=service.id)
        before = {name: getattr(row, name) for name in values}
        for name, value in values.items():
            setattr(row, name, value)
        row.save(force_insert=found is None)
        history.record(by, what, service, before, dict(values))
    return row


def set_places(service: Service, places: int | None, by: history.Actor) -> ServiceDetails:
    """Enter available places: at once, without approval (D-14). None: the listed figure is calculated."""
    with db.atomic():
        row = save(service, {"available_places": places}, by, "Entered available places")
        row.places_at, row.places_by = utc_now(), by.name
        row.save()
    return row


class Level(NamedTuple):
    """A level of a service as the availability page shows it (D-18); units are hundredths."""

    level: int
    number: str
    description: str
    unit: str
    contract: str
    in_use: int | None  # clients with an active package; None where not contracted
    contracted: int | None
    available: int | None
    changed_at: Any
    changed_by: str

    @property
    def label(self) -> str:
        """`Total Days available` (D-19)."""
        return f"Total {unit_words(self.unit)} available"

    @property
    def is_contracted(self) -> bool:
        """There is a contract, or a package."""
        return self.in_use is not None

    @property
    def calculated(self) -> int | None:
        """What the contract leaves: contracted less in use, never below nothing (D-24)."""
        if self.contracted is None:
            return None
        return max(0, self.contracted - 100 * (self.in_use or 0))


PLURALS = {
    "hour": "Hours", "hr": "Hours", "day": "Days", "week": "Weeks", "night": "Nights", "session": "Sessions",
    "meal": "Meals", "placement": "Placements", "household unit": "Household units", "payment": "Payments",
}  # fmt: skip


def unit_words(unit: str) -> str:
    """A unit as the label of the total names it; one that is not known falls back to Units (D-19)."""
    plain = unit.strip().lower()
    return PLURALS.get(plain) or PLURALS.get(plain.removesuffix("s")) or "Units"


def levels(service: Service) -> list[Level]:
    """The levels that a service offers or has active packages of, by name; three queries."""
    day = today()
    active = (
        Package.select(Package.level, fn.COUNT(fn.DISTINCT(Package.client)))
        .where(
            (Package.service == service.id)
            & Package.authorised
            & (Package.start_date <= day)
            & (Package.end_date.is_null() | (Package.end_date >= day))
        )
        .group_by(Package.level)
    )
    in_use = dict(active.tuples())
    offered = {row.level_id: row for row in LevelAtService.select().where(LevelAtService.service == service.id)}
    wanted = in_use.keys() | offered.keys()
    made = []
    for level in ServiceLevel.select().where(ServiceLevel.id.in_(list(wanted))).order_by(ServiceLevel.name):
        row = offered.get(level.id)
        text = row.contract_text if row else ""
        count = in_use.get(level.id)
        contracted = bool(text) or count is not None
        made.append(
            Level(
                level.id, level.ref, level.name, level.unit,
                text or ("Spot packages" if count else "Not contracted"), (count or 0) if contracted else None,
                row.contracted_units if row else None, row.available if row else None,
                row.changed_at if row else None, row.changed_by if row else "",
            )
        )  # fmt: skip
    return made


def set_levels(service: Service, totals: Mapping[int, int | None], by: history.Actor) -> int:
    """Enter what is available of several levels at once (D-21), in hundredths of the unit; returns how many changed."""
    changed = 0
    with db.atomic():
        database.serialise(db, f"service details {service.id}")
        known = {one.level: one for one in levels(service)}
        for level, total in totals.items():
            if level not in known or known[level].available == total:
                continue
            row = LevelAtService.get_or_none(
                (LevelAtService.service == service.id) & (LevelAtService.level == level)
            ) or LevelAtService(service=service.id, level=level)
            row.available, row.changed_at, row.changed_by = total, utc_now(), by.name
            row.save()
            name = known[level].description
            history.record(
                by,
                f"Entered availability: {name}",
                service,
                {"available": known[level].available},
                {"available": total},
            )
            changed += 1
    return changed


def offer(
    service: Service, level: int, contract_text: str, contracted: int | None, by: history.Actor
) -> LevelAtService:
    """Say that a service offers a level, under which contract and how much of it (D-22); hundredths of the unit."""
    with db.atomic():
        database.serialise(db, f"service details {service.id}")
        found = LevelAtService.get_or_none((LevelAtService.service == service.id) & (LevelAtService.level == level))
        row = found or LevelAtService(service=service.id, level=level)
        before = {"contract_text": row.contract_text, "contracted_units": row.contracted_units} if found else {}
        row.contract_text, row.contracted_units = contract_text, contracted
        row.save()
        name = ServiceLevel.get_by_id(level).name
        history.record(
            by, f"{'Changed' if found else 'Added'} the level {name}", service, before,
            {"contract_text": contract_text, "contracted_units": contracted},
        )  # fmt: skip
    return row


def stop_offering(service: Service, level: int, by: history.Actor) -> None:
    """Take a level off what a service offers; packages keep theirs."""
    with db.atomic():
        row = LevelAtService.get_or_none((LevelAtService.service == service.id) & (LevelAtService.level == level))
        if row:
            name = ServiceLevel.get_by_id(level).name
            history.record(by, f"Took the level {name} off", service, history.facts(row), {})
            row.delete_instance()
