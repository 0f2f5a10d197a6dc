"""What may happen to a property: an officer keeps it, a provider asks for changes (D-09 to D-12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import database
from blueprints import history
from blueprints.facts import Fault, Faulty
from models import Property, PropertyService, Service, db

# D-10, in the order of the page; distances are hundredths of a kilometre.
FACILITIES = {"meals_supplied": "Meals supplied?", "canteen": "Canteen on site?", "self_catering": "Self catering?"}
DISTANCES = {
    "shops": "Shops",
    "post_office": "Post Office",
    "train_station": "Train Station",
    "bus_stop": "Bus Stop",
    "town_centre": "Town centre",
    "social_centre": "Social centre",
    "gp": "GP",
    "primary_school": "Primary School",
    "secondary_school": "Secondary School",
}


def services_of(properties: Iterable[int]) -> dict[int, list[Service]]:
    """The services that are given in these properties, by property."""
    found: dict[int, list[Service]] = {}
    rows = (
        PropertyService.select(PropertyService, Service)
        .join(Service)
        .where(PropertyService.property.in_(list(properties)))
        .order_by(Service.name)
    )
    for row in rows:
        found.setdefault(row.property_id, []).append(row.service)
    return found


def of_service(service: Service, reach):
    """The current properties of a service, by name."""
    return (
        Property.visible_to(reach)
        .join(PropertyService)
        .where((PropertyService.service == service.id) & Property.is_current)
        .order_by(Property.name, Property.id)
    )


def save(
    values: Mapping[str, Any],
    by: history.Actor,
    existing: Property | None = None,
    services: Iterable[int] | None = None,
) -> Property:
    """Add or change a property and, where given, the services that are in it. Raises Faulty."""
    with db.atomic():
        if existing:
            database.serialise(db, f"property {existing.id}")
        row = Property.get_by_id(existing.id) if existing else Property()
        before = history.facts(row) if existing else {}
        for name, value in values.items():
            setattr(row, name, value)
        if not row.name:
            raise Faulty([Fault("name", "Enter the property's name")])
        wanted = None if services is None else set(services)
        if wanted is not None:
            own = Service.select().where(Service.id.in_(list(wanted)) & (Service.organisation == row.organisation_id))
            if own.count() != len(wanted):
                raise Faulty([Fault("services", "Choose services of the property's organisation")])
        row.save()
        after = history.facts(row)
        if wanted is not None:
            old = {s.id for s in services_of([row.id]).get(row.id, [])}
            before, after = {**before, "services": sorted(old)}, {**after, "services": sorted(wanted)}
            PropertyService.delete().where(
                (PropertyService.property == row) & PropertyService.service.in_(list(old - wanted))
            ).execute()
            for service in wanted - old:
                PropertyService.create(property=row, service=service)
        history.record(by, "Changed" if existing else "Added", row, before if existing else {}, after)
    return row
