"""The look of the portal: its style sheet in the authority's colours."""

from __future__ import annotations

from flask import Blueprint, Response, abort, g

from blueprints import components, frame
from blueprints.permissions import public

routes = Blueprint("settings", __name__)


@routes.get("/theme-<digest>.css")
@public
def theme(digest: str):
    """The style sheet; its address changes with its content, so it may be kept for ever."""
    made, sheet = components.theme(g.settings.colour, frame.text_colour(g.settings.colour))
    if digest != made:
        abort(404)
    response = Response(sheet, content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
