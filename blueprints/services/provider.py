"""A provider's services: details, properties, and availability, which is saved at once (D-04 to D-21)."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, request, url_for

from blueprints import records
from blueprints.pages import go, page
from blueprints.permissions import Can, requires
from blueprints.properties import rules as properties
from blueprints.requests import kinds, rules, screens
from blueprints.services import details as about
from blueprints.weeks import today
from forms import fields as f
from forms.base import PortalForm
from forms.services import PlacesForm, ServicesFilter
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
        return records.csv_file("services", headings, ([s.ref, s.name, s.service_type, s.town, s.telephone, s.email] for s in rows))
    listed = records.listed(query, orders, "name", Service.id)
    pending = rules.pending_for(g.reach, ["service", "service-details"], [row.id for row in listed.rows])
    return page(
        "services/provider_list.html",
        breadcrumbs=[("Home", url_for("provider.home.index")), ("Services", None)],
        filter=form,
        found=listed,
        pending={ident: len(requests) for ident, requests in pending.items()},
        organisation_href=records.where("provider.organisations.show") if not g.reach.limited and g.settings.module_organisations else None,
        today=today(),
    )


def frame(row: Service, current_tab: str, waits: dict[str, int]) -> dict:
    """What stands around a service's tabs (D-08)."""
    at = {"service_id": row.id}
    items = [
        ("Details", "provider.services.show", waits.get("service", 0)),
        ("Properties", "provider.services.in_properties", 0),
        ("Service Details", "provider.services.details", waits.get("service-details", 0)),
    ]
    tabs = [{"text": text, "href": url_for(endpoint, **at), "current": text == current_tab} for text, endpoint, _ in items]
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
        **frame(row, "Details", {}),
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
        **frame(row, "Properties", {}),
    )


# details and availability ----------------------------------------------------------------------------------------------


@routes.get("/services/<int:service_id>/details")
@requires(Can.SEE_OWN)
def details(service_id: int):
    """Service Details: what was said, what is asked for, and availability (D-13)."""
    return details_page(found(service_id))


def details_page(row: Service, form=None, status: int = 200):
    """The tab, with the form as it was sent."""
    pending = rules.pending_for(g.reach, ["service-details"], [row.id])[row.id]
    said = about.of(row)
    by_level = g.settings.module_level_availability
    levels = about.levels(row) if by_level else []
    form = form or (levels_form(levels) if levels else PlacesForm(places=said.available_places))
    lines = screens.record_lines(kinds.every()["service-details"], row, pending)
    return page(
        "services/provider_details.html",
        status,
        lines=[line for line in lines if not (said.accommodation_based and line.label == "Tenure Type")],
        pending=pending,
        edit_href=screens.ask_href("service-details", row.id),
        said=said,
        levels=levels,
        form=form,
        public_href=records.where("public.directory.show", service_id=row.id) if said.confidentiality != "Hidden" else None,
        may=Can.ASK_CHANGES in g.acts,
        **frame(row, "Service Details", {}),
    )


def levels_form(levels: list[about.Level]) -> PortalForm:
    """A box for each level, with what it holds (D-18)."""
    boxes = {f"level{one.level}": f.UnitsField(one.label) for one in levels}
    made = type("LevelsForm", (PortalForm,), boxes)
    return made(data={f"level{one.level}": one.available for one in levels})


@routes.post("/services/<int:service_id>/places")
@requires(Can.ASK_CHANGES)
def places(service_id: int):
    """Available places: at once, without approval (D-14)."""
    row = found(service_id)
    form = PlacesForm()
    if not form.validate():
        return details_page(row, form, 422)
    about.set_places(row, form.places.data, records.actor())
    flash("The available places are saved. The public and the authority see them now.", "success")
    return go(url_for("provider.services.details", service_id=row.id))


@routes.post("/services/<int:service_id>/levels")
@requires(Can.ASK_CHANGES)
def levels(service_id: int):
    """`Save All`: what is available of every level, at once; one bad number saves nothing (D-21)."""
    row = found(service_id)
    if not g.settings.module_level_availability:
        abort(404)
    there = about.levels(row)
    form = levels_form(there)
    if not form.validate():
        return details_page(row, form, 422)
    sent = {one.level: form[f"level{one.level}"].data for one in there if f"level{one.level}" in request.form}
    count = about.set_levels(row, sent, records.actor())
    flash(
        f"The availability of {count} level{'' if count == 1 else 's'} is saved. The public and the authority see it now."
        if count
        else "Nothing was changed.",
        "success",
    )
    return go(url_for("provider.services.details", service_id=row.id))
