"""What the pages of signing in share: where one may go on to, and the step that is next."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, flash, g, url_for

from blueprints import events
from blueprints.accounts import (
    policy,
    second,
    signing,
)
from blueprints.accounts.signing import Step
from blueprints.pages import go
from models import User

routes = Blueprint("accounts", __name__)


def within(address: str | None) -> str | None:
    """The address to go on to, if it is one of this portal's own pages."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return None
    parts = urlsplit(address)
    return address if not parts.scheme and not parts.netloc and "\\" not in address else None


def front(user) -> str:
    """The person's own home page."""
    return url_for("authority.home.index" if user.is_officer else "provider.home.index")


def onward(row, wanted: str | None = None, user: User | None = None):
    """After a step: to the next one, or, where none is left, to where the person wanted to go."""
    step = signing.go_on(row, g.settings, user)
    g.noted_person = row.person_id
    if step == Step.READY:
        events.note("signed in", person=row.person_id)
        row = type(row).get_by_id(row.id)
        remind(row)
        return go(wanted or front(row.user))
    if step == Step.SECOND and second.way_of(row.person, g.settings) == second.Way.MAIL:
        second.send_code(type(row).get_by_id(row.id))
    return go(url_for("public.accounts.step_page", step=str(step), next=wanted or None))


def remind(row) -> None:
    """Say at sign-in that a password expires soon (rule 11.4)."""
    held = policy.age(row.person, g.settings)
    if held.is_near:
        flash(f"Your password expires on {held.due_on.day} {held.due_on:%B %Y}. Change it before then", "notice")
