"""Properties as officers see and keep them (D-12)."""

from __future__ import annotations

from flask import Blueprint, abort, g, request, url_for

from blueprints import records
from blueprints.facts import Faulty
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.properties import rules
from blueprints.requests import kinds, screens
from blueprints.requests import rules as requests
from forms.properties import PropertyForm
from models import Organisation, Property

routes = Blueprint("properties", __name__)
COLUMNS = (
    "name",
    "address1",
    "address2",
    "address3",
    "town",
    "county",
    "postcode",
    "is_current",
    *rules.FACILITIES,
    *rules.DISTANCES,
)


def found(property_id: int) -> Property:
    """The property with its organisation, or 404."""
    query = Property.visible_to(g.reach).select(Property, Organisation).join(Organisation)
    return query.where(Property.id == property_id).get_or_none() or abort(404)


@routes.get("/organisations/<int:organisation_id>/properties")
@requires(Can.SEE_RECORDS)
def of_organisation(organisation_id: int):
    """An organisation's properties, those no longer in use too."""
    row = Organisation.visible_to(g.reach).where(Organisation.id == organisation_id).get_or_none() or abort(404)
    owner = records.of_organisation(row, "Properties")
    query = Property.visible_to(g.reach).where(Property.organisation == row)
    listed = records.listed(query, {"name": (Property.name,), "town": (Property.town,)}, "name", Property.id)
    return page(
        "properties/list.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        actions=[("Add a property", url_for("authority.properties.add", organisation=row.id), "button")]
        if can(Can.EDIT_RECORDS)
        else [],
        found=listed,
        services=rules.services_of([one.id for one in listed.rows]),
    )


@routes.get("/properties/<int:property_id>")
@requires(Can.SEE_RECORDS)
def show(property_id: int):
    """A property, with what is asked for and its history."""
    row = found(property_id)
    pending = requests.pending_for(g.reach, ["property"], [row.id])[row.id]
    return page(
        "properties/show.html",
        heading=row.name,
        breadcrumbs=trail(row.organisation, (row.name, None)),
        actions=[("Change", url_for("authority.properties.edit", property_id=row.id))] if can(Can.EDIT_RECORDS) else [],
        row=row,
        services=rules.services_of([row.id]).get(row.id, []),
        pending=pending,
        lines=screens.record_lines(kinds.every()["property"], row, pending),
        entries=records.story(row, PropertyForm),
    )


def trail(organisation: Organisation, *more) -> list:
    """The way to an organisation's properties."""
    return [
        records.home(),
        ("Organisations", url_for("authority.organisations.index")),
        (organisation.name, url_for("authority.organisations.show", organisation_id=organisation.id)),
        ("Properties", url_for("authority.properties.of_organisation", organisation_id=organisation.id)),
        *more,
    ]


@routes.route("/properties/new", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def add():
    """A new property of an organisation."""
    text = request.args.get("organisation", "")
    ident = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    row = Organisation.visible_to(g.reach).where(Organisation.id == ident).get_or_none() or abort(404)
    return edit_page(None, row)


@routes.route("/properties/<int:property_id>/edit", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def edit(property_id: int):
    """Change a property, and the services that are given there."""
    row = found(property_id)
    return edit_page(row, row.organisation)


def edit_page(row: Property | None, organisation: Organisation):
    """The form of a property, saved where it will do."""

    def now() -> dict:
        if row is None:
            return {"is_current": True}
        stored = Property.get_by_id(row.id)
        there = rules.services_of([row.id]).get(row.id, [])
        return {**{n: getattr(stored, n) for n in COLUMNS}, "in_services": [str(s.id) for s in there]}

    form = PropertyForm.opened(now())
    form.fit(organisation.id)
    if form.is_submitted() and form.validate() and not (row and form.overtaken(Property, now())):
        values = form.facts()
        services = [int(ident) for ident in values.pop("in_services") or []]
        if row is None:
            values["organisation"] = organisation.id
        try:
            saved = rules.save(values, records.actor(), row, services)
        except Faulty as faulty:
            form.blame(faulty.faults)
        else:
            records.saved(saved.name)
            return go(url_for("authority.properties.show", property_id=saved.id))
    back = url_for("authority.properties.of_organisation", organisation_id=organisation.id)
    if row:
        back = url_for("authority.properties.show", property_id=row.id)
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Change {row.name}" if row else f"Add a property of {organisation.name}",
        breadcrumbs=trail(organisation, *([(row.name, back), ("Change", None)] if row else [("Add", None)])),
        form=form,
        button="Save property",
        cancel=back,
    )
