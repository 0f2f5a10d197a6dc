"""Beginning and ending to view as a provider: noted in the session, and in the audit trail (Z-02)."""

from __future__ import annotations

from blueprints import history
from models import Organisation, SignIn, User, db, utc_now


class Refused(ValueError):
    """A person who cannot be viewed as; says why."""


def begin(session: SignIn, organisation: Organisation, person: User | None, by: history.Actor) -> None:
    """View as an organisation from now on, with the eyes of one of its people where one is named. Raises Refused."""
    if person is not None and (person.organisation_id != organisation.id or not person.may_sign_in):
        raise Refused("Choose somebody who can sign in for this organisation")
    with db.atomic():
        SignIn.update(
            viewing_id=organisation.id, viewing_as_id=person.id if person else None, viewing_since=utc_now()
        ).where(SignIn.id == session.id).execute()
        said = {"as": person.name if person else "the whole organisation"}
        history.record(by, "Began to view as a provider", organisation, {}, said, organisation.id)


def end(session: SignIn, by: history.Actor) -> None:
    """View as oneself again; where nothing was viewed nothing happens."""
    if session.viewing_id is None:
        return
    with db.atomic():
        SignIn.update(viewing_id=None, viewing_as_id=None, viewing_since=None).where(SignIn.id == session.id).execute()
        about = ("organisation", session.viewing_id)
        history.record(by, "Stopped viewing as a provider", about, {}, {}, session.viewing_id)
