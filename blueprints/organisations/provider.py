"""A provider's own organisation: its details with what is asked for, and the way to ask (D-01, D-02)."""

from __future__ import annotations

from flask import Blueprint, abort, g, url_for

from blueprints.pages import page
from blueprints.permissions import Can, requires
from blueprints.requests import kinds, rules, screens
from models import Organisation

routes = Blueprint("organisations", __name__)


@routes.get("/organisation")
@requires(Can.SEE_OWN)
def show():
    """The organisation's details (D-01); there is one page, of the organisation that one works for."""
    row = Organisation.visible_to(g.reach).where(Organisation.id == g.user.organisation_id).get_or_none() or abort(404)
    kind = kinds.every()["organisation"]
    pending = rules.pending_for(g.reach, ["organisation"], [row.id])[row.id]
    return page(
        "organisations/provider.html",
        organisation=row,
        lines=screens.record_lines(kind, row, pending),
        pending=pending,
        edit_href=screens.ask_href("organisation", row.id),
        breadcrumbs=[("Home", url_for("provider.home.index")), ("Organisation", None)],
    )
