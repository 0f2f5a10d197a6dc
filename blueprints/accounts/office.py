"""What the officers' pages of logins share: which logins an officer manages, the way to them, their tabs."""

from __future__ import annotations

from flask import abort, g, url_for

from blueprints import records
from blueprints.accounts import asking, listing
from blueprints.permissions import Can, can
from models import Organisation, User

OFFICERS = "officers"


def reachable():
    """The logins that this officer manages, each with its state: officers' only with the act for it."""
    query = listing.logins(g.settings)
    return query if can(Can.MANAGE_OFFICERS) else query.where(User.organisation.is_null(False))


def found(user_id: int) -> User:
    """A login that this officer manages, or 404."""
    row = reachable().where(User.id == user_id).get_or_none() or abort(404)
    return listing.as_moments([row])[0]


def organisation_choices(first: str) -> list[tuple[str, str]]:
    """Organisations to choose from, officers among them where they are managed."""
    rows = Organisation.visible_to(g.reach).select(Organisation.id, Organisation.name).order_by(Organisation.name)
    officers = [(OFFICERS, "Officers of the authority")] if can(Can.MANAGE_OFFICERS) else []
    return [("", first), *officers, *((str(ident), name) for ident, name in rows.tuples())]


def permission_words(act: Can) -> str:
    """A permission as a box says it."""
    return act.value[0].upper() + act.value[1:]


def crumbs(*last) -> list:
    """The way to a login."""
    return [records.home(), ("Logins", url_for("authority.accounts.index") if last else None), *last]


def tabs(current: str) -> list[dict]:
    """The tabs of the list and of the requests."""
    count, _ = asking.waiting()
    made = records.tabs(
        current, ("Logins", "authority.accounts.index", {}), ("Requests", "authority.accounts.requests_list", {})
    )
    made[1]["count"] = count or None
    return made
