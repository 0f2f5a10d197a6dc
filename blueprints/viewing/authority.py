"""Beginning to view as a provider, and the one press that ends it."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, url_for

from blueprints import records
from blueprints.pages import go, page
from blueprints.permissions import Can, requires
from blueprints.viewing import rules
from forms.viewing import ViewingForm
from models import Organisation, User

routes = Blueprint("viewing", __name__)


@routes.route("/organisations/<int:organisation_id>/viewing", methods=["GET", "POST"])
@requires(Can.SEE_RECORDS)
def begin(organisation_id: int):
    """Choose with whose eyes, and begin."""
    row = Organisation.visible_to(g.reach).where(Organisation.id == organisation_id).get_or_none() or abort(404)
    people = User.select().where((User.organisation == row) & User.is_active).order_by(User.name)
    form = ViewingForm()
    form.person.choices = [("", "The whole organisation"), *((str(u.id), u.name) for u in people)]
    if form.validate_on_submit():
        person = next((u for u in people if str(u.id) == form.person.data), None)
        rules.begin(g.session_row, row, person, records.actor())
        return go(url_for("provider.home.index"))
    owner = records.of_organisation(row, "View as this provider")
    return page(
        "viewing/begin.html",
        status=422 if form.errors else 200,
        heading=f"View as {row.name}",
        form=form,
        cancel=url_for("authority.organisations.show", organisation_id=row.id),
        breadcrumbs=owner.crumbs,
    )


@routes.post("/viewing/end")
@requires(Can.SEE_RECORDS)
def end():
    """Stop viewing; back to the organisation's page."""
    viewed = g.session_row.viewing_id
    rules.end(g.session_row, records.actor())
    flash("You see the portal as yourself again.", "success")
    if viewed is None:
        return go(url_for("authority.home.index"))
    return go(url_for("authority.organisations.show", organisation_id=viewed))
