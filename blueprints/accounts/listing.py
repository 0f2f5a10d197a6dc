"""The state of a login, worked out by the database: for lists, filters and records alike (section 4 of the catalogue)."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from peewee import JOIN, Case, fn

from blueprints import weeks
from models import Contact, ContactState, OneTimeLink, Organisation, Person, SignIn, User, utc_now


class LoginState(StrEnum):
    """What a login is, the first that holds."""

    DEACTIVATED = "Deactivated"
    LOCKED = "Locked"
    INVITED = "Invited"  # a link to set the first password is on its way
    NO_PASSWORD = "No password"
    EXPIRED = "Expired"  # for good: only the authority can give a new password
    ISSUED = "Issued"  # the password must be changed when it is first used
    DUE = "Password due"
    CODE = "Code needed"
    ACTIVE = "Active"


def conditions(now) -> list[tuple[LoginState, object]]:
    """Each state with what makes it, in order; of the query that `logins` gives."""
    moment = utc_now()
    link = OneTimeLink.select().where(
        (OneTimeLink.person == Person.id) & OneTimeLink.used_at.is_null() & (OneTimeLink.expires_at > moment)
    )
    found = [
        (LoginState.DEACTIVATED, ~User.is_active | (User.contact.is_null(False) & (Contact.state != ContactState.CURRENT))),
        (LoginState.LOCKED, Person.is_locked | (Person.locked_until.is_null(False) & (Person.locked_until > moment))),
        (LoginState.INVITED, Person.password_hash.is_null() & fn.EXISTS(link)),
        (LoginState.NO_PASSWORD, Person.password_hash.is_null()),
        (LoginState.EXPIRED, Person.must_change & (Person.password_set_at < before(now.issued_days))),
    ]  # fmt: skip
    if now.password_days and now.password_grace_days:
        until = now.password_days + now.password_grace_days
        found.append((LoginState.EXPIRED, ~Person.must_change & (Person.password_set_at < before(until))))
    found.append((LoginState.ISSUED, Person.must_change))
    if now.password_days:
        found.append((LoginState.DUE, Person.password_set_at < before(now.password_days)))
    if now.security_code:
        found.append((LoginState.CODE, Person.code.is_null()))
    return found


def before(days: int) -> dt.datetime:
    """The moment before which a password was set that is due after so many days, today."""
    day = weeks.today() - dt.timedelta(days - 1)
    return weeks.instant(day, 0).replace(tzinfo=None)


def state_column(now):
    """The state of a login, as a column."""
    return Case(None, [(condition, str(state)) for state, condition in conditions(now)], str(LoginState.ACTIVE))


def logins(now):
    """Logins with person, contact, organisation, `state` and `last_sign_in`."""
    last = SignIn.alias("last")
    last_sign_in = last.select(fn.MAX(last.started_at)).where((last.user == User.id) & last.is_ready)
    return (
        User.select(
            User, Person, Contact, Organisation, state_column(now).alias("state"), last_sign_in.alias("last_sign_in")
        )
        .join(Person)
        .switch(User)
        .join(Contact, JOIN.LEFT_OUTER)
        .switch(User)
        .join(Organisation, JOIN.LEFT_OUTER, on=(User.organisation == Organisation.id))
    )


def as_moments(rows: list) -> list:
    """The rows with `last_sign_in` as a moment, whichever database it came from."""
    for row in rows:
        if isinstance(row.last_sign_in, str):  # an aggregate, on SQLite
            row.last_sign_in = dt.datetime.fromisoformat(row.last_sign_in)
    return rows
