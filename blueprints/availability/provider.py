"""What a service says of itself, and its availability, which is saved at once (D-13 to D-21)."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, request, url_for

from blueprints import records
from blueprints.availability import rules
from blueprints.pages import go, page
from blueprints.permissions import Can, requires
from blueprints.requests import kinds, screens
from blueprints.requests import rules as requests
from blueprints.services.provider import found, frame
from forms import fields as f
from forms.base import PortalForm
from forms.services import PlacesForm
from models import Service

routes = Blueprint("availability", __name__)


@routes.get("/services/<int:service_id>/details")
@requires(Can.SEE_OWN)
def show(service_id: int):
    """Service Details: what was said, what is asked for, and availability (D-13)."""
    return details_page(found(service_id))


def details_page(row: Service, form=None, status: int = 200):
    """The tab, with the form as it was sent."""
    pending = requests.pending_for(g.reach, ["service-details"], [row.id])[row.id]
    said = rules.of(row)
    by_level = g.settings.module_level_availability
    levels = rules.levels(row) if by_level else []
    form = form or (levels_form(levels) if levels else PlacesForm(places=said.available_places))
    lines = screens.record_lines(kinds.every()["service-details"], row, pending)
    return page(
        "availability/provider.html",
        status,
        lines=[line for line in lines if not (said.accommodation_based and line.label == "Tenure Type")],
        pending=pending,
        edit_href=screens.ask_href("service-details", row.id),
        said=said,
        levels=levels,
        form=form,
        public_href=records.where("public.directory.show", service_id=row.id)
        if said.confidentiality != "Hidden"
        else None,
        may=Can.ASK_CHANGES in g.acts,
        **frame(row, "Service Details"),
    )


def levels_form(levels: list[rules.Level]) -> PortalForm:
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
    rules.set_places(row, form.places.data, records.actor())
    flash("The available places are saved. The public and the authority see them now.", "success")
    return go(url_for("provider.availability.show", service_id=row.id))


@routes.post("/services/<int:service_id>/levels")
@requires(Can.ASK_CHANGES)
def levels(service_id: int):
    """`Save All`: what is available of every level, at once; one bad number saves nothing (D-21)."""
    row = found(service_id)
    if not g.settings.module_level_availability:
        abort(404)
    there = rules.levels(row)
    form = levels_form(there)
    if not form.validate():
        return details_page(row, form, 422)
    sent = {one.level: form[f"level{one.level}"].data for one in there if f"level{one.level}" in request.form}
    count = rules.set_levels(row, sent, records.actor())
    flash(
        f"The availability of {count} level{'' if count == 1 else 's'} is saved. The public and the authority see it now."
        if count
        else "Nothing was changed.",
        "success",
    )
    return go(url_for("provider.availability.show", service_id=row.id))
