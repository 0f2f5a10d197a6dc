"""A property, as the provider of its services sees it (D-10)."""

from __future__ import annotations

from flask import Blueprint, abort, g, url_for

from blueprints.pages import page
from blueprints.permissions import Can, requires
from blueprints.requests import kinds, rules, screens
from models import Property, PropertyService, Service

routes = Blueprint("properties", __name__)


@routes.get("/properties/<int:property_id>")
@requires(Can.SEE_OWN)
def show(property_id: int):
    """A property: where it is, what it has, what is near it, and what is asked for."""
    row = Property.visible_to(g.reach).where((Property.id == property_id) & Property.is_current).get_or_none() or abort(
        404
    )
    pending = rules.pending_for(g.reach, ["property"], [row.id])[row.id]
    services = list(
        Service.visible_to(g.reach).join(PropertyService).where(PropertyService.property == row).order_by(Service.name)
    )
    lines = screens.record_lines(kinds.every()["property"], row, pending)
    return page(
        "properties/provider.html",
        row=row,
        services=services,
        lines=lines,
        pending=pending,
        edit_href=screens.ask_href("property", row.id),
        breadcrumbs=[
            ("Home", url_for("provider.home.index")),
            ("Services", url_for("provider.services.index")),
            *(
                [(services[0].name, url_for("provider.services.in_properties", service_id=services[0].id))]
                if len(services) == 1
                else []
            ),
            (row.name, None),
        ],
    )
