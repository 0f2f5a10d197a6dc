"""Requests of people who are not signed in: a login, or a new password (B-11 to B-15).

What is asked for is written down, and the answer is the same, whether or not the address has a login; who has one is
looked up by a job.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from peewee import fn

import database
from blueprints import history, mail
from blueprints.accounts import links, managing, policy, signing
from blueprints.accounts.rules import Refused, clean_email
from blueprints.permissions import ROLES, Can
from blueprints.settings import rules as settings
from models import (
    LoginRequest,
    LoginRequestKind,
    LoginRequestState,
    OfficerRole,
    Organisation,
    SignIn,
    User,
    db,
    utc_now,
)

MOST_FROM_ONE_ADDRESS = 20  # in a quarter of an hour
MOST_FOR_ONE = 3


class Asked(NamedTuple):
    """What somebody typed."""

    email: str
    name: str = ""
    organisation_name: str = ""
    telephone: str = ""


def ask(kind: LoginRequestKind, asked: Asked, address: str, now) -> None:
    """Take a request down, unless too many came from there or for this address: the answer is the same.

    A second open request of the same kind and address is merged with the first (B-14).
    """
    where, whom = f"asking {address}", f"asking for {asked.email}"
    stopped = signing.too_many(where, MOST_FROM_ONE_ADDRESS) or signing.too_many(whom, MOST_FOR_ONE)
    by_link = kind == LoginRequestKind.PASSWORD and now.forgotten_password == "link by e-mail"
    with db.atomic():
        signing.count_failure(where, whom)
        if stopped:
            return
        database.serialise(db, f"asking {asked.email}")
        row = LoginRequest.get_or_none(
            (LoginRequest.kind == kind)
            & (LoginRequest.email == asked.email)
            & (LoginRequest.state == LoginRequestState.OPEN)
        )
        if row is None:
            state = LoginRequestState.CHECKING if by_link else LoginRequestState.OPEN
            row = LoginRequest.create(kind=kind, state=state, **asked._asdict())
        else:
            given = {name: value for name, value in asked._asdict().items() if value}
            LoginRequest.update(times=LoginRequest.times + 1, **given).where(LoginRequest.id == row.id).execute()
        mail.look_up("login-request", row.id)


@mail.looks_up("login-request")
def look(ident: int) -> None:
    """Answer a forgotten password by a link, where the address has a login; tell officers what waits for them."""
    now = settings.read()
    with db.atomic():
        database.serialise(db, f"login request {ident}")
        row = LoginRequest.get_or_none(LoginRequest.id == ident)
        if row is None:
            return
        if row.state == LoginRequestState.OPEN:
            if row.times == 1:
                tell_officers(row)
            return
        if row.state != LoginRequestState.CHECKING:
            return
        user, outcome = by_link(row, now)
        close(row, LoginRequestState.DONE, "portal", outcome, user)


def by_link(row: LoginRequest, now) -> tuple[User | None, str]:
    """Send a link to whoever signs in by this name, if somebody does: the login, and what was done in words."""
    person = signing.person_named(row.email, now) or signing.person_with_address(row.email)
    logins = signing.logins_of(person.id) if person else []
    if not logins:
        return None, "No active login has this address"
    user = logins[0]
    if person.is_locked:
        return user, "Nothing was sent: an officer has locked the login"
    if policy.age(person, now).is_over and not now.expired_reset:
        mail.send("reset-refused", user)
        return user, "Told that only the authority can give a new password"
    links.make(person, now.reset_minutes)
    mail.send("password-reset", user)
    history.record(history.Actor(None, "portal"), "Sent a link for a forgotten password", user)
    return user, "A link was sent"


def tell_officers(row: LoginRequest) -> None:
    """Tell the officers who answer such requests (Y-16)."""
    roles = [role for role, acts in ROLES.items() if Can.MANAGE_LOGINS in acts]
    officers = User.select(User.id).join(OfficerRole).where(User.is_active & OfficerRole.role.in_(roles)).distinct()
    mail.send_many(
        "login-request", [(ident, row.id, "", f"login request {row.id} {ident}") for (ident,) in officers.tuples()]
    )


# what officers do ------------------------------------------------------------------------------------------------------


def waiting() -> tuple[int, dt.datetime | None]:
    """How many requests wait for an officer, and since when the oldest."""
    query = LoginRequest.select(fn.COUNT(LoginRequest.id), fn.MIN(LoginRequest.at))
    count, oldest = query.where(LoginRequest.state == LoginRequestState.OPEN).tuples().get()
    return count, dt.datetime.fromisoformat(str(oldest)) if oldest else None


def accept_login(
    row: LoginRequest, name: str, email: str, organisation: Organisation, by: history.Actor, username: str | None = None
) -> User:
    """Make the login that was asked for, with its contact, and send the invitation (B-12). Raises Refused."""
    with db.atomic():
        row = open_request(row)
        user = managing.invite(by, clean_email(email), name, organisation, username=username)
        close(row, LoginRequestState.DONE, by.name, f"Made a login of {organisation.name}", user)
        history.record(by, "Accepted a request for a login", ("login_request", row.id), {}, {"login": user.id})
    return user


def reset(row: LoginRequest, user: User, by: history.Actor) -> None:
    """Send who asked a link to set a password; unlocks, and ends what is signed in (B-15). Raises Refused."""
    with db.atomic():
        row = open_request(row)
        managing.send_link(user, by)
        close(row, LoginRequestState.DONE, by.name, "A link was sent", user)


def issue(row: LoginRequest, user: User, by: history.Actor) -> str:
    """Give who asked a password to be read out; it must be changed when first used. Raises Refused."""
    with db.atomic():
        row = open_request(row)
        password = managing.issue_password(user, by)
        close(row, LoginRequestState.DONE, by.name, "A password was issued", user)
    return password


def decline(row: LoginRequest, reason: str, by: history.Actor) -> None:
    """Decline a request, with a reason; who asked for a login is told (B-12). Raises Refused."""
    with db.atomic():
        row = open_request(row)
        close(row, LoginRequestState.DECLINED, by.name, reason)
        history.record(by, "Declined a request", ("login_request", row.id), {}, {"reason": reason})
        if row.kind == LoginRequestKind.LOGIN:
            mail.send("login-declined", None, row.id, row.email)


def open_request(row: LoginRequest) -> LoginRequest:
    """The request as it stands, in the caller's transaction. Raises Refused where a colleague was quicker."""
    database.serialise(db, f"login request {row.id}")
    row = LoginRequest.get_by_id(row.id)
    if row.state != LoginRequestState.OPEN:
        raise Refused(f"This request is {row.state.lower()} already: {row.handled_by}, {row.outcome}")
    return row


def close(row: LoginRequest, state: LoginRequestState, by: str, outcome: str, user: User | None = None) -> None:
    """Note how a request ended."""
    LoginRequest.update(state=state, handled_at=utc_now(), handled_by=by, outcome=outcome[:200], user=user).where(
        LoginRequest.id == row.id
    ).execute()


def tidy() -> int:
    """Delete sign-ins and answered requests that are older than the setting says; returns how many."""
    before = utc_now() - dt.timedelta(days=settings.read().sessions_days)
    over = LoginRequest.state.in_([LoginRequestState.DONE, LoginRequestState.DECLINED])
    with db.atomic():
        return (
            LoginRequest.delete().where(over & (LoginRequest.at < before)).execute()
            + SignIn.delete().where(SignIn.seen_at < before).execute()
        )
