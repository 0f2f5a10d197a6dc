"""One-time links to set a password: signed, for a while, once (rule 11.4)."""

from __future__ import annotations

import datetime as dt
import secrets

from blueprints import history, keys, mail
from blueprints.accounts import policy
from blueprints.accounts.sessions import end_all
from models import OneTimeLink, Person, User, db, utc_now

PURPOSE = "set-password"
OVER = "This link has been used or is too old. Ask for a new one"


class Over(ValueError):
    """The link has been used, is too old, or was never one."""


def make(person: Person, minutes: int) -> OneTimeLink:
    """A link for a person; earlier ones stop working. In the caller's transaction."""
    now = utc_now()
    OneTimeLink.update(used_at=now).where((OneTimeLink.person == person) & OneTimeLink.used_at.is_null()).execute()
    return OneTimeLink.create(person=person, nonce=secrets.token_hex(8), expires_at=now + dt.timedelta(minutes=minutes))


def word_of(link: OneTimeLink) -> str:
    """The signed word of a link's address; it is worked out from the row and the key, and kept nowhere."""
    return keys.sign(PURPOSE, link.id, link.nonce)


def path_of(link: OneTimeLink) -> str:
    """The address of a link, after the portal's own."""
    return f"/set-password/{word_of(link)}"


def open_link(person_id: int) -> OneTimeLink | None:
    """The link of a person that still works."""
    return (
        OneTimeLink.select()
        .where((OneTimeLink.person == person_id) & OneTimeLink.used_at.is_null() & (OneTimeLink.expires_at > utc_now()))
        .order_by(OneTimeLink.id.desc())
        .first()
    )


def person_of(word: str) -> Person | None:
    """Whose unused link this is; nobody where no login of the person is active, or an officer has locked it."""
    parts = keys.signed(PURPOSE, word)
    if not parts or len(parts) != 2:
        return None
    found = (
        OneTimeLink.select(OneTimeLink, Person)
        .join(Person)
        .where(
            (OneTimeLink.id == parts[0])
            & (OneTimeLink.nonce == parts[1])
            & OneTimeLink.used_at.is_null()
            & (OneTimeLink.expires_at > utc_now())
            & ~Person.is_locked
        )
        .get_or_none()
    )
    return found.person if found and any(user.may_sign_in for user in found.person.users) else None


def set_password(word: str, password: str, now) -> Person:
    """Set a password by a link, which is then used up; every session of the person ends. Raises Over or policy.Weak."""
    with db.atomic():
        person = person_of(word)
        if person is None:
            raise Over(OVER)
        policy.check(password, person, now)
        ident = keys.signed(PURPOSE, word)[0]
        mine = (OneTimeLink.id == ident) & OneTimeLink.used_at.is_null()
        if not OneTimeLink.update(used_at=utc_now()).where(mine).execute():
            raise Over(OVER)  # pressed twice at once
        policy.keep(person, password)
        end_all(person, "Password changed")
        tell_changed(person)
        user = first_user(person)
        history.record(history.Actor(user.id, user.name), "Set a password", user)
    return person


def first_user(person: Person) -> User:
    """The login of a person in whose name something is recorded that is about all of them."""
    return User.select().where(User.person == person).order_by(User.is_active.desc(), User.id).get()


def tell_changed(person: Person) -> None:
    """Tell the person that the password is another one now, whoever changed it (B-29)."""
    mail.send("password-changed", first_user(person))
