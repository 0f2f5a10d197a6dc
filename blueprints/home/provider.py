"""A provider's home page and help."""

from __future__ import annotations

from flask import Blueprint

from blueprints.pages import page
from blueprints.permissions import Can, requires

routes = Blueprint("home", __name__)


@routes.get("/")
@requires(Can.SIGNED_IN)
def index():
    """What needs doing, and the ways in."""
    return page("home/provider.html")


@routes.get("/help")
@requires(Can.SIGNED_IN)
def help_index():
    """Help, by page."""
    return page("home/help_provider.html")
