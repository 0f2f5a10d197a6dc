"""A provider's services and their properties, with what is asked for (D-04 to D-09)."""

from __future__ import annotations

from flask import Blueprint, abort, g, request, url_for

from blueprints import records
from blueprints.pages import go, page
from blueprints.permissions import Can, requires
from blueprints.properties import rules as properties
from blueprints.requests import kinds, rules, screens
from blueprints.weeks import today
from forms.services import ServicesFilter
from models import Organisation, Service

routes = Blueprint("services", __name__)


def found(service_id: int) -> Service:
    """The service within reach, or 404."""
    query = Service.visible_to(g.reach).select(Service, Organisation).join(Organisation).where(Service.id == service_id)
    return query.get_or_none() or abort(404)


def current():
    """The condition of services that are not decommissioned; an end date of today is not ended."""
    return Service.end_date.is_null() | (Service.end_date >= today())


@routes.get("/services")
@requires(Can.SEE_OWN)
def index():
    """The services within reach (D-04); `Manage` goes to the one that is chosen (D-07)."""
    form = ServicesFilter()
    form.validate()
    chosen = request.args.get("service", "")
    if chosen:
        known = chosen.isascii() and chosen.isdigit() and len(chosen) < 10
        return go(url_for("provider.services.show", service_id=found(int(chosen) if known else 0).id))
    query = Service.visible_to(g.reach)
    if not form.historical.data:
        query = query.where(current())
    if form.q.data:
        query = query.where(Service.name.contains(form.q.data))
    orders = {"name": (Service.name,), "ref": (Service.ref,), "town": (Service.town,), "type": (Service.service_type,)}
    if records.wants_csv():
        rows, _ = records.ordered(query, orders, "name", Service.id)
        headings = ["ServiceRef", "ServiceName", "ServiceType", "Town", "Telephone", "Email"]
        return records.csv_file(
            "services", headings, ([s.ref, s.name, s.service_type, s.town, s.telephone, s.email] for s in rows)
        )
    listed = records.listed(query, orders, "name", Service.id)
    pending = rules.pending_for(g.reach, ["service", "service-details"], [row.id for row in listed.rows])
    return page(
        "services/provider_list.html",
        breadcrumbs=[("Home", url_for("provider.home.index")), ("Services", None)],
        filter=form,
        found=listed,
        pending={ident: len(requests) for ident, requests in pending.items()},
        organisation_href=records.where("provider.organisations.show")
        if not g.reach.limited and g.settings.module_organisations
        else None,
        today=today(),
    )


def frame(row: Service, current_tab: str) -> dict:
    """What stands around a service's tabs (D-08)."""
    at = {"service_id": row.id}
    items = [
        ("Details", "provider.services.show"),
        ("Properties", "provider.services.in_properties"),
        ("Service Details", "provider.availability.show"),
    ]
    tabs = [{"text": text, "href": url_for(endpoint, **at), "current": text == current_tab} for text, endpoint in items]
    several = Service.visible_to(g.reach).where(Service.id != row.id).exists()
    return {
        "service": row,
        "tabs_here": tabs,
        "ended": not row.is_current(today()),
        "another_href": url_for("provider.services.index") if several else None,
        "breadcrumbs": [
            ("Home", url_for("provider.home.index")),
            ("Services", url_for("provider.services.index")),
            *([(row.name, None)] if current_tab == "Details" else [(row.name, url_for("provider.services.show", **at)), (current_tab, None)]),
        ],
    }  # fmt: skip


@routes.get("/services/<int:service_id>")
@requires(Can.SEE_OWN)
def show(service_id: int):
    """`{service} - Service Details` with what is asked for (D-05)."""
    row = found(service_id)
    pending = rules.pending_for(g.reach, ["service"], [row.id])[row.id]
    return page(
        "services/provider_show.html",
        lines=screens.record_lines(kinds.every()["service"], row, pending),
        pending=pending,
        edit_href=screens.ask_href("service", row.id),
        **frame(row, "Details"),
    )


@routes.get("/services/<int:service_id>/properties")
@requires(Can.SEE_OWN)
def in_properties(service_id: int):
    """The properties of the service (D-09)."""
    row = found(service_id)
    listed = list(properties.of_service(row, g.reach))
    pending = rules.pending_for(g.reach, ["property"], [one.id for one in listed])
    return page(
        "services/provider_properties.html",
        properties=listed,
        pending={ident: len(requests) for ident, requests in pending.items()},
        **frame(row, "Properties"),
    )
