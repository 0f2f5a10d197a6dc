"""Signing in: name and password, then the steps that are left, until the session is ready (rule 11.4).

The answer to a name and password is the same, in words and time, whether or not anybody has that name: the same
statements run, and a password is verified, in every case. Failures of passwords and codes count alike.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from peewee import JOIN, Case

import database
from blueprints import history
from blueprints.accounts import hashing, policy, second, sessions
from blueprints.accounts.hashing import digest_of
from models import Contact, ContactState, Organisation, Person, SignIn, Throttle, User, db, utc_now

WINDOW_SECONDS = 15 * 60
NOBODY = -1


class Step(StrEnum):
    """What is left before a session is ready, in this order; the words are the ends of addresses."""

    CODE = "security-code"
    SECOND = "second-step"
    EXPIRED = "expired"
    CHANGE = "new-password"
    NEW_CODE = "new-security-code"
    NEW_APP = "authenticator"
    CHOOSE = "organisation"
    READY = ""


# too many tries --------------------------------------------------------------------------------------------------------


def too_many(name: str, most: int, now: dt.datetime | None = None) -> bool:
    """There were `most` failures or more under this name in the present quarter of an hour."""
    row = Throttle.get_or_none(Throttle.name == digest_of(name)[:40])
    return bool(row and row.window == window_of(now) and row.tries >= most)


def count_failure(*names: str, now: dt.datetime | None = None) -> None:
    """Count a try under these names, for all processes."""
    window = window_of(now)
    again = Case(None, [(Throttle.window == window, Throttle.tries + 1)], 1)
    with db.atomic():
        for name in sorted(names):
            Throttle.insert(name=digest_of(name)[:40], window=window, tries=1).on_conflict(
                conflict_target=[Throttle.name], update={Throttle.tries: again, Throttle.window: window}
            ).execute()


def window_of(now: dt.datetime | None) -> int:
    """The number of the quarter of an hour."""
    return int((now or utc_now()).timestamp()) // WINDOW_SECONDS


# name and password -----------------------------------------------------------------------------------------------------


def person_named(name: str, now) -> Person | None:
    """Whose e-mail address or user name this is, as the setting has it; case and outer spaces do not matter (B-02)."""
    name = name.strip().lower()[:254]
    condition = {
        "e-mail address": Person.email == name,
        "user name": Person.username == name,
    }.get(now.sign_in_by, (Person.email == name) | (Person.username == name))
    return Person.select().where(condition).order_by(Person.id).first() if name else None


def logins_of(person_id: int) -> list[User]:
    """The logins that a person can use now, by the organisation's name, each with its organisation and contact."""
    return list(
        User.select(User, Organisation, Contact)
        .join(Organisation, JOIN.LEFT_OUTER)
        .switch(User)
        .join(Contact, JOIN.LEFT_OUTER)
        .where(
            (User.person == person_id)
            & User.is_active
            & (User.contact.is_null() | (Contact.state == ContactState.CURRENT))
        )
        .order_by(Organisation.name, User.id)
    )


def is_locked(person: Person, now: dt.datetime) -> bool:
    """Locked by an officer, or for a while after failures."""
    return person.is_locked or bool(person.locked_until and person.locked_until > now)


def sign_in(
    name: str, password: str, address: str, agent: str, settings, throttled: bool = False
) -> tuple[str, SignIn] | None:
    """Check a name and password; gives a token and its session with the steps that are left, or None.

    None where they do not go together, the login is locked or inactive, or too many have been tried (`throttled`): the
    caller cannot tell which.
    """
    person = person_named(name, settings)
    moment = utc_now()
    logins = logins_of(person.id if person else NOBODY)
    may = bool(person and logins and not throttled and not is_locked(person, moment))
    right = hashing.fits(person.password_hash if may and person else None, password)
    if not right:
        failed(person.id if person and may else NOBODY, settings, f"address {address}", f"login {name.strip().lower()}")
        return None
    assert person is not None
    with db.atomic():
        if hashing.is_weak(person.password_hash):  # the parameters have grown since it was set
            Person.update(password_hash=hashing.make(password)).where(
                (Person.id == person.id) & (Person.password_hash == person.password_hash)
            ).execute()
        token, row = sessions.begin(person, address, agent)
        go_on(row, settings)
    return token, row


def failed(person_id: int, settings, *names: str) -> bool:
    """Count a wrong password or code, under a person and these names; lock the login after too many. True if it locks.

    The same statements for nobody, whose row is not there.
    """
    count_failure(*names) if names else None
    with db.atomic():
        Person.update(failures=Person.failures + 1).where(Person.id == person_id).execute()
        full = (Person.id == person_id) & (Person.failures >= settings.lock_after)
        until = utc_now() + dt.timedelta(minutes=settings.lock_minutes)
        if settings.lock_minutes == 0:
            until = utc_now() + dt.timedelta(days=36500)
        if not Person.update(failures=0, locked_until=until).where(full).execute():
            return False
        user = User.select().where(User.person == person_id).order_by(User.id).get()
        sessions.end_all(person_id, "Locked after failures")
        history.record(history.Actor(None, "portal"), "Locked after failures", user, {}, {"until": until})
    return True


def confirms(person_id: int, password: str, settings) -> bool:
    """Is this the password of a person who is signed in already? Asked for before what binds (rule 11.3); a wrong one
    counts towards the lock."""
    kept = Person.select(Person.password_hash).where(Person.id == person_id).scalar()
    if hashing.fits(kept, password):
        return True
    failed(person_id, settings)
    return False


# the steps -------------------------------------------------------------------------------------------------------------


def step_of(row: SignIn, settings) -> Step:
    """The next thing that the person has to do before the session is ready."""
    if row.is_ready:
        return Step.READY
    person = row.person
    if settings.security_code and person.code and not row.code_passed:
        return Step.CODE
    way = second.way_of(person, settings)
    if way in (second.Way.APP, second.Way.MAIL) and not row.second_passed:
        return Step.SECOND
    held = policy.age(person, settings)
    if held.is_over:
        return Step.EXPIRED
    if held.is_due:
        return Step.CHANGE
    if settings.security_code and not person.code:
        return Step.NEW_CODE
    if way == second.Way.SET_UP:
        return Step.NEW_APP
    return Step.CHOOSE


def go_on(row: SignIn, settings, user: User | None = None) -> Step:
    """After a step is done: what is left. With one login, or one chosen, and nothing left the session is ready.

    In the caller's transaction, or one of its own.
    """
    with db.atomic():
        row = SignIn.get_by_id(row.id)
        step = step_of(row, settings)
        if step != Step.CHOOSE:
            return step
        logins = logins_of(row.person_id)
        if user is None and len(logins) == 1:
            user = logins[0]
        if user is None or user.id not in {one.id for one in logins}:
            return Step.CHOOSE
        Person.update(failures=0, locked_until=None).where(Person.id == row.person_id).execute()
        SignIn.update(user=user, is_ready=True, seen_at=utc_now()).where(SignIn.id == row.id).execute()
    return Step.READY


def switch(row: SignIn, user_id: int) -> User | None:
    """Work for another organisation from now on, in the same session; None where that login is not the person's."""
    with db.atomic():
        database.serialise(db, f"session {row.id}")
        user = next((one for one in logins_of(row.person_id) if one.id == user_id), None)
        if user is not None and row.is_ready:
            SignIn.update(user=user).where(SignIn.id == row.id).execute()
    return user


def mark(row: SignIn, **facts) -> None:
    """Note on a session that a step is done."""
    with db.atomic():
        SignIn.update(**facts).where(SignIn.id == row.id).execute()


def person_with_address(email: str) -> Person | None:
    """Whose e-mail address this is, whatever people sign in by: a forgotten password is asked for by either."""
    return Person.get_or_none(Person.email == email.strip().lower())
