"""Logins as other areas know them: made, changed, opened and ended; who holds which role (rules 11.1, 11.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

import database
from blueprints import history, mail, permissions
from blueprints.accounts import links, sessions
from blueprints.permissions import ADMINISTRATOR
from blueprints.settings import rules as settings
from models import Contact, OfficerRole, Organisation, Person, User, db


class Refused(ValueError):
    """Something about a login that cannot be; the message says what to do."""


def clean_email(text: str) -> str:
    """An e-mail address in lower case. Raises Refused."""
    email = text.strip().lower()
    if not re.fullmatch(r"[^\s@<>\"',;]+@[^\s@<>\"',;]+\.[^\s@<>\"',;]+", email) or len(email) > 254:
        raise Refused("Enter an e-mail address in the correct format, like name@example.com")
    return email


def clean_username(text: str | None) -> str | None:
    """A user name in lower case, or None. Raises Refused."""
    name = (text or "").strip().lower()
    if not name:
        return None
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{2,59}", name):
        raise Refused("Enter a user name of 3 to 60 letters, digits, full stops, hyphens or underscores")
    return name


def refuse_taken(email: str | None, username: str | None, but: int | None = None) -> None:
    """Refuse an address or a user name that another person signs in by (B-02, E-04). Raises Refused."""
    others = Person.select().where(Person.id != (but or 0))
    if email and others.where(Person.email == email).exists():
        raise Refused(f"{email} has a login already")
    if username and others.where(Person.username == username).exists():
        raise Refused(f"The user name {username} is taken")


def add_user(
    email: str,
    name: str,
    organisation: Organisation | None,
    roles: Iterable[str],
    by: history.Actor,
    contact: Contact | None = None,
    username: str | None = None,
    person: Person | None = None,
) -> User:
    """Make a login without a password, for a new person or a further one of `person`.

    Raises Refused where the address or user name is taken, or a role is not known.
    """
    roles = list(roles)
    email, username = (person.email, person.username) if person else (clean_email(email), clean_username(username))
    unknown = [role for role in roles if role not in permissions.OFFICER_ROLES]
    if unknown:
        raise Refused(f"There is no role {unknown[0]}. Choose from {', '.join(permissions.OFFICER_ROLES)}")
    with db.atomic():
        database.serialise(db, f"login {email}")
        if person is None:
            refuse_taken(email, username)
            person = Person.create(email=email, username=username)
        else:
            refuse_further(person, organisation)
        user = User.create(person=person, name=name, organisation=organisation, contact=contact)
        for role in roles:
            OfficerRole.create(user=user, role=role)
        history.record(by, "Made a login", user, {}, {"email": email, "name": name, "roles": ", ".join(roles)})
    return user


def refuse_further(person: Person, organisation: Organisation | None) -> None:
    """A person has one login of an organisation, and an officer no other. Raises Refused."""
    held = {ident for (ident,) in User.select(User.organisation).where(User.person == person).tuples()}
    if held and (organisation is None or None in held):
        raise Refused("An officer’s login cannot be one person’s with another login")
    if organisation is not None and organisation.id in held:
        raise Refused(f"{person.email} has a login of {organisation.name} already")


def change_email(user: User, email: str, by: history.Actor) -> None:
    """Give a login's person another address; the old one is told. Raises Refused where another person has it."""
    email = clean_email(email)
    person = user.person
    if email == person.email:
        return
    with db.atomic():
        database.serialise(db, f"login {email}")
        refuse_taken(email, None, person.id)
        before = person.email
        Person.update(email=email).where(Person.id == person.id).execute()
        history.record(by, "Changed the address of the login", user, {"email": before}, {"email": email})
        mail.send("address-changed", None, user.id, before)
        user.person = Person.get_by_id(person.id)


def make_link(user: User, by: history.Actor, minutes: int | None = None) -> str:
    """The word of a link that lets its holder set the password, once, for a while; earlier ones stop working."""
    hours = settings.read().invitation_hours
    with db.atomic():
        link = links.make(user.person, minutes or hours * 60)
        history.record(by, "Made a one-time link", user, {}, {"until": link.expires_at})
    return links.word_of(link)


def end_all(user: User, why: str = "Ended by an officer") -> None:
    """End every session of a login."""
    with db.atomic():
        sessions.end_all(user, why)


def roles_of(user: User) -> list[str]:
    """The roles that an officer holds."""
    return [role for (role,) in OfficerRole.select(OfficerRole.role).where(OfficerRole.user == user).tuples()]


# opening and ending ----------------------------------------------------------------------------------------------------


def reactivate(user: User, by: history.Actor) -> None:
    """Open an ended login again; only the authority does (B-32). Raises Refused while its contact is out of use."""
    with db.atomic():
        user = User.get_by_id(user.id)
        if user.contact_id and not user.contact.is_current:
            raise Refused(f"The contact {user.contact.name} is deactivated. Reactivate it first")
        if User.update(is_active=True).where((User.id == user.id) & ~User.is_active).execute():
            history.record(by, "Opened the login again", user, {"is_active": False}, {"is_active": True})


def deactivate(user: User, by: history.Actor, hand_to: User | None = None) -> int:
    """End a login at once: its sessions too; its open work goes to a colleague (B-25, B-32).

    Returns how many pieces of work were handed on. Raises Refused for the last administrator, oneself, or a colleague
    of another organisation.
    """
    if user.id == by.user_id:
        raise Refused("You cannot deactivate your own login. Ask a colleague")
    with db.atomic():
        refuse_last_administrator(user)
        handed = hand_on(user, hand_to, by) if hand_to else 0
        if User.update(is_active=False).where((User.id == user.id) & User.is_active).execute():
            sessions.end_all(user, "Login deactivated")
            history.record(by, "Ended the login", user, {"is_active": True}, {"is_active": False})
    return handed


def refuse_last_administrator(user: User) -> None:
    """Nobody takes the last active administrator away (rule 11.5); in the caller's transaction. Raises Refused."""
    if not user.is_officer or ADMINISTRATOR not in roles_of(user) or not user.is_active:
        return
    database.serialise(db, "administrators")
    others = (
        User.select()
        .join(OfficerRole)
        .switch(User)
        .join(Person)
        .where((OfficerRole.role == ADMINISTRATOR) & User.is_active & ~Person.is_locked & (User.id != user.id))
    )
    if not others.exists():
        raise Refused("This is the last administrator. Make somebody else one first")


# a leaver's open work --------------------------------------------------------------------------------------------------


class Work(NamedTuple):
    """A kind of work that a person may leave open: what it is called, how much there is, and handing it on."""

    one: str
    many: str
    count: Callable[[User], int]
    hand_on: Callable[[User, User], int]


WORK: list[Work] = []


def open_work(user: User) -> list[tuple[int, str]]:
    """What a person would leave open: (how many, of what)."""
    found = [(work.count(user), work) for work in WORK]
    return [(count, work.one if count == 1 else work.many) for count, work in found if count]


def hand_on(user: User, to: User, by: history.Actor) -> int:
    """Give a leaver's open work to a colleague; returns how many pieces. Raises Refused for somebody elsewhere."""
    if to.organisation_id != user.organisation_id or not to.may_sign_in or to.id == user.id:
        raise Refused("Choose a colleague of the same organisation with an active login")
    with db.atomic():
        moved = sum(work.hand_on(user, to) for work in WORK)
        if moved:
            history.record(by, "Handed open work on", user, {}, {"to": to.name, "count": moved})
    return moved
