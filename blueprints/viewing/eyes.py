"""What an officer who views as a provider sees and may do in a request: a provider's pages, and no press but the last."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from flask import g, render_template, request

from blueprints import history, permissions, sides
from blueprints.accounts import sessions
from blueprints.reach import Reach
from models import Organisation, User

# What may be pressed meanwhile: ending it, and leaving.
ALLOWED = {"authority.viewing.end", "public.accounts.sign_out"}
LOOKING = {"GET", "HEAD", "OPTIONS"}


class Viewing(NamedTuple):
    """As whom an officer views: the organisation, the person whose eyes they are if it is one, since when."""

    organisation: Organisation
    person: User | None
    since: dt.datetime

    @property
    def name(self) -> str:
        """As whom, in words."""
        return f"{self.person.name} of {self.organisation.name}" if self.person else self.organisation.name


def open_eyes() -> None:
    """At the provider's door, give the request the provider's person, reach and acts; looks stay the officer's."""
    g.viewing = None
    row = g.session_row
    if row is None or row.viewing_id is None or not row.user.is_officer:
        return
    organisation = Organisation.get_by_id(row.viewing_id)
    person = User.get_or_none(User.id == row.viewing_as_id) if row.viewing_as_id else None
    if person is not None and (person.organisation_id != organisation.id or not person.may_sign_in):
        person = None
    g.viewing = Viewing(organisation, person, row.viewing_since)
    if sides.door() != "provider":
        return
    history.LOOKER.set(row.user.id)
    if person is not None:
        person.organisation = organisation
        g.user, g.reach = person, Reach.of(person)
    else:
        g.user = User(id=row.user.id, name=row.user.name, person=row.person_id, organisation=organisation)
        g.reach = Reach.of_organisation(organisation.id)
    g.acts = permissions.acts_of(g.user, [])
    if person is None:
        g.acts |= frozenset(permissions.GRANTS)
    g.settings = g.settings.for_kinds(organisation.kinds.splitlines())
    row.has_actuals, row.has_visits = sessions.has_actuals(organisation.id)


def refuse_presses():
    """Whoever views as a provider changes nothing, at either door."""
    if g.get("viewing") is None or request.method in LOOKING or request.endpoint in ALLOWED | {None}:
        return None
    return render_template("viewing/refused.html"), 403
