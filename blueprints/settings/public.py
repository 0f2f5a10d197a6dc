"""The look of the portal: its style sheet in the authority's colours."""

from __future__ import annotations

from flask import Blueprint, Response, abort, g

from blueprints import components, frame
from blueprints.attachments import rules as attachments
from blueprints.permissions import public
from models import File

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


@routes.get("/logo-<digest>.png")
@public
def logo(digest: str):
    """The authority's picture; its address changes with it."""
    ident, _, made = g.settings.logo.partition("-")
    file = File.get_or_none(File.id == ident) if ident and digest == made else None
    if file is None:
        abort(404)
    response = Response(attachments.pieces(file), content_type="image/png")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
