"""The first page for everybody, help, and what the authority must say about privacy and accessibility."""

from __future__ import annotations

from flask import Blueprint, current_app, g, jsonify, url_for

from blueprints.pages import go, page
from blueprints.permissions import public
from models import db

routes = Blueprint("home", __name__)


@routes.get("/")
@public
def index():
    """The landing page; somebody signed in goes to their own home page."""
    if g.user is not None:
        return go(url_for("authority.home.index" if g.user.is_officer else "provider.home.index"))
    return page("home/public.html", own_text=g.settings.landing_text)


@routes.get("/help")
@public
def help_index():
    """Help for people who are not signed in."""
    return page("home/help_public.html", own_help=g.settings.help_public)


@routes.get("/privacy")
@public
def privacy():
    """What is kept about people, and why."""
    return page("home/privacy.html", own_text=g.settings.privacy_text)


@routes.get("/accessibility")
@public
def accessibility():
    """How accessible the portal is, and whom to tell."""
    return page("home/accessibility.html", own_text=g.settings.accessibility_text)


@routes.get("/whats-new")
@public
def whats_new():
    """What changed in this version."""
    return page("home/whats_new.html", entries=changelog())


def changelog() -> list[tuple[str, list[str]]]:
    """(version, lines) of CHANGELOG.md."""
    import database

    path = database.ROOT / "CHANGELOG.md"
    found: list[tuple[str, list[str]]] = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        if line.startswith("## "):
            found.append((line[3:], []))
        elif line.startswith("- ") and found:
            found[-1][1].append(line[2:])
    return found


@routes.get("/favicon.ico")
@public
def favicon():
    """Where browsers look for the icon of what is no page, such as a PDF."""
    return current_app.send_static_file("favicon.svg")


@routes.get("/healthz")
@public
def health():
    """200 with the version when the database answers."""
    db.execute_sql("SELECT 1")
    return jsonify(status="ok", version=current_app.config["VERSION"])
