"""What officers do with logins: invite, send links, issue passwords, lock, release, reset steps, roles, join (B-32).

A password, a lock, a code and an app are a person's and so of all the person's logins; a role and whether a login is
active are one login's.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from peewee import JOIN

import database
from blueprints import history, mail, permissions
from blueprints.accounts import links, policy, rules, sessions
from blueprints.accounts.rules import Refused
from blueprints.permissions import ADMINISTRATOR
from blueprints.settings import rules as settings
from models import Contact, OfficerRole, OneTimeLink, Organisation, Person, RecoveryCode, SignIn, User, db, utc_now

SYLLABLES = "bafadagahakalamanaparasatavawaxayazabedefegehejekelemeneperesetevewexeyezebidifigihijikiliminipirisitivi"


def invite(
    by: history.Actor,
    email: str,
    name: str,
    organisation: Organisation | None,
    roles: Iterable[str] = (),
    contact: Contact | None = None,
    username: str | None = None,
    person: Person | None = None,
) -> User:
    """Make a login and tell its person, with a link to set a password where there is none yet. Raises Refused.

    Without a `contact` one is made of the name; a further login of a `person` needs no new link.
    """
    now = settings.read()
    with db.atomic():
        if contact is not None:
            refuse_contact(contact, organisation)
        else:
            forename, _, surname = " ".join(name.split()).rpartition(" ")
            contact = Contact.create(organisation=organisation, forename=forename, surname=surname, email=email)
        user = rules.add_user(email, name, organisation, roles, by, contact, username, person)
        if not user.person.password_hash:
            links.make(user.person, now.invitation_hours * 60)
        mail.send("invitation", user)
    return user


def refuse_contact(contact: Contact, organisation: Organisation | None) -> None:
    """A login is of a current contact of its organisation that has none yet. Raises Refused."""
    if contact.organisation_id != (organisation.id if organisation else None) or not contact.is_current:
        raise Refused("Choose a current contact of the organisation")
    if User.select().where(User.contact == contact).exists():
        raise Refused(f"{contact.name} has a login already")


def send_link(user: User, by: history.Actor) -> OneTimeLink:
    """Send a link to set a password: unlocks, ends every session, and nothing else lets the person in (B-15)."""
    now = settings.read()
    refuse_inactive(user)
    with db.atomic():
        person = Person.get_by_id(user.person_id)
        link = links.make(person, now.invitation_hours * 60)
        Person.update(failures=0, locked_until=None, is_locked=False).where(Person.id == person.id).execute()
        sessions.end_all(person, "A new password was sent for")
        mail.send("password-reset" if person.password_hash else "invitation", user)
        history.record(by, "Sent a link to set a password", user, {}, {"until": link.expires_at})
    return link


def issue_password(user: User, by: history.Actor) -> str:
    """A password to be read out, shown once: unlocks, ends every session; must be changed when first used (B-04)."""
    refuse_inactive(user)
    now = settings.read()
    password = pronounceable(max(now.password_length, 12))
    with db.atomic():
        person = Person.get_by_id(user.person_id)
        person.is_locked = False
        policy.keep(person, password, must_change=True)
        OneTimeLink.update(used_at=utc_now()).where(
            (OneTimeLink.person == person) & OneTimeLink.used_at.is_null()
        ).execute()
        sessions.end_all(person, "A password was issued")
        links.tell_changed(person)
        history.record(by, "Issued a password", user, {}, {"days": now.issued_days})
    return password


def pronounceable(length: int) -> str:
    """A password by chance that can be read out: syllables with hyphens, two digits and a capital."""
    pairs = [SYLLABLES[i : i + 2] for i in range(0, len(SYLLABLES), 2)]
    parts: list[str] = []
    while sum(len(part) + 1 for part in parts) + 2 < max(length, 18):
        parts.append("".join(secrets.choice(pairs) for _ in range(3)))
    return f"{'-'.join(parts).capitalize()}-{secrets.randbelow(90) + 10}"


def refuse_inactive(user: User) -> None:
    """What lets somebody in is for active logins only. Raises Refused."""
    if not user.may_sign_in:
        raise Refused(f"The login of {user.name} is deactivated. Reactivate it first")


def lock(user: User, by: history.Actor) -> None:
    """Lock a person out at once, until an officer releases it. Raises Refused for oneself or the last administrator."""
    if user.id == by.user_id:
        raise Refused("You cannot lock your own login. Ask a colleague")
    with db.atomic():
        rules.refuse_last_administrator(user)
        if Person.update(is_locked=True).where((Person.id == user.person_id) & ~Person.is_locked).execute():
            sessions.end_all(user.person_id, "Locked by an officer")
            history.record(by, "Locked the login", user, {"locked": False}, {"locked": True})


def release(user: User, by: history.Actor) -> None:
    """Let a locked person in again: an officer's lock, and one after failures (B-16)."""
    held = (Person.id == user.person_id) & (Person.is_locked | Person.locked_until.is_null(False))
    with db.atomic():
        if Person.update(is_locked=False, failures=0, locked_until=None).where(held).execute():
            history.record(by, "Released the login", user, {"locked": True}, {"locked": False})


def reset_code(user: User, by: history.Actor) -> None:
    """Forget the security code: the person makes a new one at the next sign-in (B-32)."""
    with db.atomic():
        Person.update(code=None, code_round=Person.code_round + 1).where(Person.id == user.person_id).execute()
        sessions.end_all(user.person_id, "Security code reset")
        history.record(by, "Reset the security code", user)


def reset_second(user: User, by: history.Actor) -> None:
    """Forget the authenticator app: for a lost telephone. Where one is required it is set up at the next sign-in."""
    with db.atomic():
        Person.update(authenticator=None, authenticator_step=None).where(Person.id == user.person_id).execute()
        RecoveryCode.delete().where(RecoveryCode.person == user.person_id).execute()
        sessions.end_all(user.person_id, "Authenticator app reset")
        history.record(by, "Reset the authenticator app", user)


def end_session(row: SignIn, by: history.Actor) -> None:
    """End one of a person's sessions."""
    with db.atomic():
        sessions.end(row, f"Ended by {by.name}")
        history.record(by, "Ended a session", User.get_by_id(row.user_id))


def end_sessions(user: User, by: history.Actor) -> int:
    """End every session of a person; returns how many."""
    with db.atomic():
        count = sessions.end_all(user.person_id, f"Ended by {by.name}")
        if count:
            history.record(by, "Ended all sessions", user, {}, {"count": count})
    return count


def set_roles(user: User, roles: Iterable[str], by: history.Actor) -> None:
    """Give an officer exactly these roles (rule 11.5). Raises Refused for the last administrator, or unknown roles."""
    wanted = set(roles)
    unknown = wanted - set(permissions.OFFICER_ROLES)
    if unknown or not user.is_officer:
        raise Refused("Choose from the officers’ roles")
    with db.atomic():
        database.serialise(db, f"roles {user.id}")
        before = set(rules.roles_of(user))
        if wanted == before:
            return
        if ADMINISTRATOR in before - wanted:
            rules.refuse_last_administrator(user)
        OfficerRole.delete().where((OfficerRole.user == user) & OfficerRole.role.in_(list(before - wanted))).execute()
        for role in sorted(wanted - before):
            OfficerRole.create(user=user, role=role)
        history.record(
            by, "Changed the roles", user, {"roles": ", ".join(sorted(before))}, {"roles": ", ".join(sorted(wanted))}
        )


def rename(user: User, username: str | None, by: history.Actor) -> None:
    """Give a person another user name, or none. Raises Refused where it is taken."""
    username = rules.clean_username(username)
    with db.atomic():
        person = Person.get_by_id(user.person_id)
        if person.username == username:
            return
        database.serialise(db, f"login {username}")
        rules.refuse_taken(None, username, person.id)
        Person.update(username=username).where(Person.id == person.id).execute()
        history.record(by, "Changed the user name", user, {"username": person.username}, {"username": username})


def permit(user: User, names: Iterable[str], by: history.Actor) -> None:
    """Give a login's contact exactly these permissions, by their names (rule 11.1)."""
    wanted = permissions.as_names([act for act in permissions.GRANTS if act.name.lower() in set(names)])
    with db.atomic():
        contact = Contact.get_by_id(user.contact_id)
        if wanted != contact.permissions:
            before = history.facts(contact)
            contact.permissions = wanted
            contact.save()
            history.record(by, "Changed", contact, before, history.facts(contact))


# one person, several logins (rule 11.1) --------------------------------------------------------------------------------


def join(kept: User, other: User, by: history.Actor) -> Person:
    """Put two people's logins behind one sign-in: that of `kept`. The other password, code and app are forgotten.

    Raises Refused: one person already, an officer's login, or both work for the same organisation.
    """
    with db.atomic():
        for ident in sorted({kept.person_id, other.person_id}):
            database.serialise(db, f"person {ident}")
        kept, other = User.get_by_id(kept.id), User.get_by_id(other.id)
        if kept.person_id == other.person_id:
            raise Refused("These are one person’s logins already")
        gone = other.person
        moved = list(User.select(User, Organisation).join(Organisation, JOIN.LEFT_OUTER).where(User.person == gone))
        for user in moved:
            rules.refuse_further(kept.person, user.organisation if user.organisation_id else None)
        mail.send("logins-joined", None, kept.id, gone.email)
        mail.send("logins-joined", kept, kept.id)
        sessions.end_all(gone, "Logins joined")
        User.update(person=kept.person_id).where(User.person == gone).execute()
        SignIn.update(person=kept.person_id).where(SignIn.person == gone).execute()
        for user in moved:
            history.record(by, "Joined with another login", user, {"email": gone.email}, {"email": kept.person.email})
        gone.delete_instance()
    return Person.get_by_id(kept.person_id)


def part(user: User, email: str, by: history.Actor) -> User:
    """Give a joined login a sign-in of its own again, at its own address, and send the invitation. Raises Refused."""
    email = rules.clean_email(email)
    now = settings.read()
    with db.atomic():
        database.serialise(db, f"login {email}")
        database.serialise(db, f"person {user.person_id}")
        if not User.select().where((User.person == user.person_id) & (User.id != user.id)).exists():
            raise Refused("This login has a sign-in of its own already")
        rules.refuse_taken(email, None)
        before = user.person.email
        person = Person.create(email=email)
        sessions.end_all(user, "Logins parted")
        User.update(person=person).where(User.id == user.id).execute()
        SignIn.update(person=person).where(SignIn.user == user).execute()
        links.make(person, now.invitation_hours * 60)
        mail.send("invitation", user)
        history.record(by, "Parted from another login", user, {"email": before}, {"email": email})
    return User.get_by_id(user.id)
