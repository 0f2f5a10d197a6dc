"""Logins: passwords, one-time links, sign-in and its limits (rule 11.4, preset `current`)."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from peewee import JOIN, SQL, Case, fn

from blueprints import history, permissions
from blueprints.prepared import blank, kept
from models import (
    Entry,
    OfficerRole,
    OneTimeLink,
    Organisation,
    Package,
    PaidOn,
    ServiceLevel,
    SignIn,
    Throttle,
    User,
    db,
    utc_now,
)

LINK_HOURS = 72
# 19 MiB and two passes: the least that OWASP's password storage guidance accepts for Argon2id; 20 ms on the reference box.
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Verified when the address is not known, so that both answers take the same time.
NOBODYS_HASH = HASHER.hash(secrets.token_hex(16))
WINDOW_SECONDS = 15 * 60


class Refused(ValueError):
    """Something about a login that cannot be; the message says what to do."""


def digest_of(token: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def clean_email(text: str) -> str:
    """An e-mail address in lower case. Raises Refused."""
    email = text.strip().lower()
    if not re.fullmatch(r"[^\s@<>\"']+@[^\s@<>\"']+\.[^\s@<>\"']+", email) or len(email) > 254:
        raise Refused("Enter an e-mail address in the correct format, like name@example.com")
    return email


def add_user(email: str, name: str, organisation: Organisation | None, roles: list[str], by: history.Actor) -> User:
    """Make a login without a password. Raises Refused where the address has one already or a role is not known."""
    email = clean_email(email)
    unknown = [role for role in roles if role not in permissions.OFFICER_ROLES]
    if unknown:
        raise Refused(f"There is no role {unknown[0]}. Choose from {', '.join(permissions.OFFICER_ROLES)}")
    with db.atomic():
        if User.select().where(User.email == email).exists():
            raise Refused(f"{email} has a login already")
        user = User.create(email=email, name=name, organisation=organisation)
        for role in roles:
            OfficerRole.create(user=user, role=role)
        history.record(by, "Made a login", user, {}, {"email": email, "name": name, "roles": roles})
    return user


def make_link(user: User, by: history.Actor) -> str:
    """A token that lets its holder set the password, once, within LINK_HOURS; earlier ones stop working."""
    token = secrets.token_urlsafe(32)
    now = utc_now()
    with db.atomic():
        OneTimeLink.update(used_at=now).where((OneTimeLink.user == user) & OneTimeLink.used_at.is_null()).execute()
        OneTimeLink.create(digest=digest_of(token), user=user, expires_at=now + dt.timedelta(hours=LINK_HOURS))
        history.record(by, "Made a one-time link", user, {}, {"hours": LINK_HOURS})
    return token


def user_of_link(token: str) -> User | None:
    """The person whose unused link this is."""
    return (
        User.select()
        .join(OneTimeLink)
        .where(
            (OneTimeLink.digest == digest_of(token))
            & OneTimeLink.used_at.is_null()
            & (OneTimeLink.expires_at > utc_now())
            & User.is_active
        )
        .get_or_none()
    )


def check_password(password: str, user: User, shortest: int) -> None:
    """Refuse a password that is too short, too long, common, or like the name (rule 11.4). Raises Refused."""
    if len(password) < shortest:
        raise Refused(f"Enter a password of at least {shortest} characters. Three or four words make a good one")
    if len(password) > 256:
        raise Refused("Enter a password of at most 256 characters")
    lowered = password.lower()
    words = [w for w in re.split(r"[^\w]+", f"{user.name} {user.email.split('@')[0]}".lower()) if len(w) > 3]
    rest = lowered
    for word in words:
        rest = rest.replace(word, "")
    if words and len(rest) < shortest // 2:
        raise Refused("Enter a password that is not like your name or e-mail address")
    if len(set(lowered)) < 5 or lowered in common_passwords():
        raise Refused("Enter another password: this one is too easy to guess")


def common_passwords() -> frozenset[str]:
    """The passwords that attackers try first, most of them from breaches, as the strength checker ships them."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # half a second to load, and seldom needed

    return frozenset(FREQUENCY_LISTS["passwords"])


def set_password_by_link(token: str, password: str, shortest: int) -> User:
    """Set a password by a one-time link, which is then used up; every session of the person ends. Raises Refused."""
    with db.atomic():
        user = user_of_link(token)
        if user is None:
            raise Refused("This link has been used or is too old. Ask for a new one")
        check_password(password, user, shortest)
        user.password_hash = HASHER.hash(password)
        user.password_changed_at = utc_now()
        user.failures = 0
        user.locked_until = None
        user.save()
        OneTimeLink.update(used_at=utc_now()).where(OneTimeLink.digest == digest_of(token)).execute()
        end_all(user)
        history.record(history.Actor(user.id, user.name), "Set a password", user)
    return user


def too_many(name: str, most: int, now: dt.datetime | None = None) -> bool:
    """There were `most` failures or more under this name in the present quarter of an hour."""
    row = Throttle.get_or_none(Throttle.name == digest_of(name)[:40])
    return bool(row and row.window == window_of(now) and row.tries >= most)


def count_failure(*names: str, now: dt.datetime | None = None) -> None:
    """Count a failure under these names, for all processes."""
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


def sign_in(email: str, password: str, address: str, agent: str, settings) -> str | None:
    """Start a session; returns its token, or None where the two do not go together or the login is locked.

    The answer and its time are the same whether or not the address is known (rule 11.4).
    """
    user = User.get_or_none(User.email == email.strip().lower())
    now = utc_now()
    open_to_try = bool(
        user and user.is_active and user.password_hash and not (user.locked_until and user.locked_until > now)
    )
    try:
        HASHER.verify(user.password_hash if open_to_try else NOBODYS_HASH, password[:256])
        right = open_to_try
    except (VerifyMismatchError, InvalidHashError):
        right = False
    with db.atomic():
        if not right:
            if open_to_try:
                note_failure(user, now, settings)
            return None
        user.failures = 0
        user.locked_until = None
        user.save()
        token = secrets.token_urlsafe(32)
        SignIn.create(digest=digest_of(token), user=user, address=address[:64], agent=agent[:200])
    return token


def note_failure(user: User, now: dt.datetime, settings) -> None:
    """Count a wrong password; lock the login for a while after too many."""
    user.failures += 1
    if user.failures >= settings.lock_after:
        user.failures = 0
        user.locked_until = now + dt.timedelta(minutes=settings.lock_minutes)
        history.record(history.Actor(None, "portal"), "Locked after failures", user, {}, {"until": user.locked_until})
    user.save()


def session_of(token: str, minutes: int) -> SignIn | None:
    """The live session of a cookie's token, with its person and organisation, by one query.

    `has_actuals` says whether anything of the organisation is paid on actuals, `has_visits` whether any of it comes from
    visits: tabs and doors follow them (C-08).
    """
    return _session_statement().first(digest=digest_of(token), since=utc_now() - dt.timedelta(minutes=minutes))


@kept
def _session_statement():
    paid_on_actuals = (
        Package.select(SQL("1"))
        .join(ServiceLevel)
        .where((Package.organisation == User.organisation) & (ServiceLevel.paid_on == PaidOn.ACTUALS))
    )
    by_visits = paid_on_actuals.where(ServiceLevel.entry == Entry.VISITS)
    return (
        SignIn.select(
            SignIn,
            User,
            Organisation,
            fn.EXISTS(paid_on_actuals).alias("has_actuals"),
            fn.EXISTS(by_visits).alias("has_visits"),
        )
        .join(User)
        .join(Organisation, JOIN.LEFT_OUTER)
        .where(
            (SignIn.digest == blank("digest"))
            & SignIn.ended_at.is_null()
            & (SignIn.seen_at > blank("since"))
            & User.is_active
        )
        .limit(1)
    )


def keep_alive(session: SignIn) -> None:
    """Note that a session is in use, at most once a minute."""
    now = utc_now()
    if (now - session.seen_at).total_seconds() > 60:
        with history.seen():
            SignIn.update(seen_at=now).where(SignIn.id == session.id).execute()


def end(session: SignIn) -> None:
    """End one session."""
    with db.atomic():
        SignIn.update(ended_at=utc_now()).where(SignIn.id == session.id).execute()


def end_all(user: User) -> None:
    """End every session of a person."""
    SignIn.update(ended_at=utc_now()).where((SignIn.user == user) & SignIn.ended_at.is_null()).execute()


def roles_of(user: User) -> list[str]:
    """The roles that an officer holds."""
    return [role for (role,) in OfficerRole.select(OfficerRole.role).where(OfficerRole.user == user).tuples()]
