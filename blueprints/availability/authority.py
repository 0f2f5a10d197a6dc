"""What a service says of itself, its levels and availability, as officers see and keep them (D-20, D-22 to D-24)."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, url_for

from blueprints import records
from blueprints.availability import rules
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.requests import kinds, screens
from blueprints.requests import rules as requests
from blueprints.services.authority import found_service
from blueprints.weeks import today
from forms.requests import PressForm
from forms.services import OfferForm, PublicForm
from models import ServiceLevel

routes = Blueprint("availability", __name__)
PUBLIC = ("accommodation_based", "confidentiality", "availability_mode")


@routes.get("/services/<int:service_id>/details")
@requires(Can.SEE_RECORDS)
def show(service_id: int):
    """What is said, what is asked for, availability and the levels, with the history of what was entered (D-23)."""
    row = found_service(service_id)
    said = rules.of(row)
    pending = requests.pending_for(g.reach, ["service-details"], [row.id])[row.id]
    owner = records.of_service(row, "Public details", today())
    may = can(Can.EDIT_RECORDS)
    return page(
        "availability/authority.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        actions=[("Change public details", url_for("authority.availability.edit", service_id=row.id))] if may else [],
        service=row,
        said=said,
        lines=screens.record_lines(kinds.every()["service-details"], row, pending),
        pending=pending,
        levels=rules.levels(row),
        by_level=g.settings.module_level_availability,
        entries=[e for e in records.story(row) if "vailab" in e["what"] or "level" in e["what"]],
        press=PressForm(),
        may=may,
    )


@routes.route("/services/<int:service_id>/details/edit", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def edit(service_id: int):
    """Change what is said, and what the public sees of it (D-24)."""
    row = found_service(service_id)
    kind = kinds.every()["service-details"]

    def now() -> dict:
        said = rules.of(row)
        return {**kind.facts(row), **{name: getattr(said, name) for name in PUBLIC}}

    form = PublicForm.opened(now())
    form.fit_lists(g.settings)
    if form.is_submitted() and form.validate() and not form.overtaken(None, now()):
        values = form.facts()
        rules.save(row, {n: v for n, v in values.items() if v != now()[n]}, records.actor())
        records.saved(row.name)
        return go(url_for("authority.availability.show", service_id=row.id))
    owner = records.of_service(row, "Public details", today())
    back = url_for("authority.availability.show", service_id=row.id)
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Change public details of {row.name}",
        breadcrumbs=[*owner.crumbs[:-1], ("Public details", back), ("Change", None)],
        form=form,
        button="Save public details",
        cancel=back,
    )


@routes.route("/services/<int:service_id>/levels/new", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def offer(service_id: int):
    """A level that the service offers, under which contract, and how much of it (D-20)."""
    return offer_page(service_id, None)


@routes.route("/services/<int:service_id>/levels/<int:level_id>/edit", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def edit_offer(service_id: int, level_id: int):
    """Change what a level is contracted for."""
    return offer_page(service_id, level_id)


def offer_page(service_id: int, level_id: int | None):
    """The form of a level at a service."""
    row = found_service(service_id)
    known = {one.level: one for one in rules.levels(row)}
    if level_id is not None and level_id not in known:
        abort(404)
    form = OfferForm(data=now_of(known.get(level_id)))
    if level_id is None:
        levels = ServiceLevel.select().where(ServiceLevel.id.not_in(list(known))).order_by(ServiceLevel.name)
        form.level.choices = [("", "Choose a service level"), *((str(one.id), one.name) for one in levels)]
    else:
        form.level.choices = [(str(level_id), known[level_id].description)]
    back = url_for("authority.availability.show", service_id=row.id)
    if form.validate_on_submit():
        rules.offer(row, int(form.level.data), form.contract_text.data or "", form.contracted.data, records.actor())
        flash("The level is saved.", "success")
        return go(back)
    owner = records.of_service(row, "Public details", today())
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Service level at {row.name}",
        breadcrumbs=[*owner.crumbs[:-1], ("Public details", back), ("Service level", None)],
        form=form,
        button="Save level",
        cancel=back,
    )


def now_of(level: rules.Level | None) -> dict:
    """A level's values for the form."""
    if level is None:
        return {}
    text = "" if level.contract in ("Not contracted", "Spot packages") else level.contract
    return {"level": str(level.level), "contract_text": text, "contracted": level.contracted}


@routes.post("/services/<int:service_id>/levels/<int:level_id>/removal")
@requires(Can.EDIT_RECORDS)
def stop_offering(service_id: int, level_id: int):
    """Take a level off; one with active packages stays listed."""
    row = found_service(service_id)
    if PressForm().validate():
        rules.stop_offering(row, level_id, records.actor())
        flash("The level is taken off.", "success")
    return go(url_for("authority.availability.show", service_id=row.id))
