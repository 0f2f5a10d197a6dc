"""Sessions: the rows behind the cookies, how long they last, and ending them (rule 11.4)."""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets

from peewee import JOIN, SQL, fn

from blueprints import history
from blueprints.accounts.hashing import digest_of
from blueprints.prepared import blank, kept
from models import (
    Contact,
    ContactState,
    Entry,
    KeptForm,
    Organisation,
    Package,
    PaidOn,
    Person,
    ServiceLevel,
    SignIn,
    User,
    db,
    utc_now,
)

STEPS_MINUTES = 15  # to get through the steps of signing in


def begin(person: Person, address: str, agent: str) -> tuple[str, SignIn]:
    """A new session, not ready yet, and its token; in the caller's transaction."""
    token = secrets.token_urlsafe(32)
    row = SignIn.create(digest=digest_of(token), person=person, address=address[:64], agent=agent[:200])
    return token, row


def session_of(token: str, settings) -> SignIn | None:
    """The live session of a cookie's token, with its login, contact and organisation, by one query.

    `has_actuals` says whether anything of the organisation is paid on actuals, `has_visits` whether any of it comes from
    visits: tabs and doors follow them (C-08); `has_others` whether the person has other logins to switch to. A session that is not ready yet has no user.
    """
    now = utc_now()
    row = _session_statement().first(
        digest=digest_of(token),
        since=now - dt.timedelta(minutes=settings.sign_in_minutes),
        first=now - dt.timedelta(hours=settings.sign_in_hours),
    )
    if row is not None and not row.is_ready and row.started_at < now - dt.timedelta(minutes=STEPS_MINUTES):
        return None
    return row


@kept
def _session_statement():
    paid_on_actuals = (
        Package.select(SQL("1"))
        .join(ServiceLevel)
        .where((Package.organisation == User.organisation) & (ServiceLevel.paid_on == PaidOn.ACTUALS))
    )
    by_visits = paid_on_actuals.where(ServiceLevel.entry == Entry.VISITS)
    other = User.alias("other")
    others = other.select(SQL("1")).where((other.person == SignIn.person) & (other.id != SignIn.user) & other.is_active)
    return (
        SignIn.select(
            SignIn, User, Organisation, Contact,
            fn.EXISTS(paid_on_actuals).alias("has_actuals"),
            fn.EXISTS(by_visits).alias("has_visits"),
            fn.EXISTS(others).alias("has_others"),
        )
        .join(User, JOIN.LEFT_OUTER)
        .join(Organisation, JOIN.LEFT_OUTER)
        .switch(User)
        .join(Contact, JOIN.LEFT_OUTER)
        .where(
            (SignIn.digest == blank("digest"))
            & SignIn.ended_at.is_null()
            & (SignIn.seen_at > blank("since"))
            & (SignIn.started_at > blank("first"))
            & (
                SignIn.user.is_null()
                | (User.is_active & (User.contact.is_null() | (Contact.state == ContactState.CURRENT)))
            )
        )
        .limit(1)
    )  # fmt: skip


def ended_of(token: str) -> SignIn | None:
    """The session that a token was for, though it has run out: whose form it is that comes too late."""
    return SignIn.get_or_none((SignIn.digest == digest_of(token)) & SignIn.is_ready)


def keep_alive(session: SignIn) -> None:
    """Note that a session is in use, at most once a minute."""
    now = utc_now()
    if (now - session.seen_at).total_seconds() > 60:
        with history.seen():
            SignIn.update(seen_at=now).where(SignIn.id == session.id).execute()
        session.seen_at = now


def seconds_left(session: SignIn, settings) -> int:
    """Until the session ends, if nothing is done: without use, or in any case."""
    without_use = session.seen_at + dt.timedelta(minutes=settings.sign_in_minutes)
    in_any_case = session.started_at + dt.timedelta(hours=settings.sign_in_hours)
    return max(0, int((min(without_use, in_any_case) - utc_now()).total_seconds()))


def end(session: SignIn, why: str = "Signed out") -> None:
    """End one session."""
    with db.atomic():
        SignIn.update(ended_at=utc_now(), ended_why=why).where(
            (SignIn.id == session.id) & SignIn.ended_at.is_null()
        ).execute()


def end_all(whose: Person | User | int, why: str = "Ended by an officer", but: SignIn | None = None) -> int:
    """End every session of a person, or of one login; `but` this one. Returns how many. In the caller's transaction."""
    column = SignIn.user if isinstance(whose, User) else SignIn.person
    condition = (column == whose) & SignIn.ended_at.is_null()
    if but is not None:
        condition &= SignIn.id != but.id
    return SignIn.update(ended_at=utc_now(), ended_why=why).where(condition).execute()


def live(person: Person | int, settings) -> list[SignIn]:
    """Where a person is signed in now, the latest first."""
    now = utc_now()
    return list(
        SignIn.select(SignIn, User, Organisation)
        .join(User, JOIN.LEFT_OUTER)
        .join(Organisation, JOIN.LEFT_OUTER)
        .where(
            (SignIn.person == person)
            & SignIn.is_ready
            & SignIn.ended_at.is_null()
            & (SignIn.seen_at > now - dt.timedelta(minutes=settings.sign_in_minutes))
            & (SignIn.started_at > now - dt.timedelta(hours=settings.sign_in_hours))
        )
        .order_by(SignIn.seen_at.desc())
    )


def recent(person: Person | int, most: int = 20) -> list[SignIn]:
    """A person's last sign-ins, over or not."""
    return list(
        SignIn.select(SignIn, User, Organisation)
        .join(User, JOIN.LEFT_OUTER)
        .join(Organisation, JOIN.LEFT_OUTER)
        .where((SignIn.person == person) & SignIn.is_ready)
        .order_by(SignIn.id.desc())
        .limit(most)
    )


def device(agent: str) -> str:
    """A browser and system in words, from what the browser says of itself."""
    browser = next(
        (
            name
            for mark, name in (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
            if mark in agent
        ),
        "",
    )  # fmt: skip
    system = next(
        (
            name
            for mark, name in (
                ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
                ("Mac OS", "Mac"), ("CrOS", "Chromebook"), ("Linux", "Linux"),
            )
            if mark in agent
        ),
        "",
    )  # fmt: skip
    return " on ".join(part for part in (browser, system) if part) or "Unknown browser"


# what was sent too late ------------------------------------------------------------------------------------------------

MOST_KEPT = 200_000  # characters
NEVER_KEPT = ("csrf_token", "password", "again")
NEVER_FROM = re.compile(r"/(provider|authority)/accounts/me\b")  # passwords and codes
NEVER_SHOWN = ("organisation_id", "as_shown", "version", "confirmed")


def keep_form(user_id: int, address: str, pairs: list[tuple[str, str]], had_files: bool) -> KeptForm | None:
    """Keep what somebody sent when the session had run out, without passwords and files; None where it is too long."""
    kept_pairs = [(name, value) for name, value in pairs if name not in NEVER_KEPT]
    text = json.dumps(kept_pairs, ensure_ascii=False)
    if not kept_pairs or len(text) > MOST_KEPT or NEVER_FROM.match(address):
        return None
    with db.atomic():
        return KeptForm.create(user=user_id, address=address[:2000], fields=text, had_files=had_files)


def kept_form(form_id: int) -> KeptForm | None:
    """A form that was kept, within a day."""
    since = utc_now() - dt.timedelta(days=1)
    return (
        KeptForm.select(KeptForm, User).join(User).where((KeptForm.id == form_id) & (KeptForm.at > since)).get_or_none()
    )


def fields_of(row: KeptForm) -> list[tuple[str, str]]:
    """The names and values of a kept form, as they were sent."""
    return [(name, value) for name, value in json.loads(row.fields)]


def shown_of(row: KeptForm) -> list[tuple[str, str]]:
    """What was typed, as a person reads it."""
    return readable(fields_of(row))


def readable(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Fields as they were sent, named for a person; none that people do not fill in, and no passwords."""
    return [
        (name.replace("_", " ").replace("-", " ").capitalize(), value)
        for name, value in pairs
        if value and name not in NEVER_SHOWN and name not in NEVER_KEPT
    ]


def forget(row: KeptForm) -> None:
    """Delete a kept form."""
    with db.atomic():
        row.delete_instance()


def tidy() -> int:
    """Delete kept forms that are older than a day; returns how many."""
    with db.atomic():
        return KeptForm.delete().where(KeptForm.at < utc_now() - dt.timedelta(days=1)).execute()
