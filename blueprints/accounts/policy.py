"""What a password must be, how long it holds, and the two presets (rule 11.4). Settings say which rules are on.

The list of common passwords is shipped in common-passwords.txt.gz: the commonest of published breaches.
"""

from __future__ import annotations

import datetime as dt
import gzip
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from peewee import JOIN

from blueprints import history, weeks
from blueprints.accounts import hashing
from blueprints.settings import rules as settings
from models import OldPassword, Organisation, Person, User, db, utc_now

LONGEST = hashing.LONGEST
LIST = Path(__file__).resolve().parent / "common-passwords.txt.gz"
LEET = str.maketrans("013457@$!", "oleastasi")

# What each preset sets; anything else stays as it is.
PRESETS: dict[str, dict[str, Any]] = {
    "current": {
        "password_length": 12, "password_cases": False, "password_digit": False, "password_spaces": True,
        "password_like_name": True, "password_common": True, "password_history": 0, "password_days": 0,
        "password_grace_days": 0, "security_code": False, "second_officers": "required", "second_providers": "offered",
    },
    "guide 004": {
        "password_length": 9, "password_cases": True, "password_digit": True, "password_spaces": True,
        "password_like_name": True, "password_common": True, "password_history": 5, "password_days": 90,
        "password_warning_days": 14, "security_code": True, "second_providers": "off",
    },
}  # fmt: skip


class Weak(ValueError):
    """A password that will not do; says every rule that it breaks, one a sentence (B-09)."""

    def __init__(self, reasons: list[str]):
        super().__init__(". ".join(reasons))
        self.reasons = reasons


def preset_in_force(now) -> str:
    """The preset that the settings are as; empty where the authority has its own mixture."""
    return next((n for n, wanted in PRESETS.items() if all(getattr(now, k) == v for k, v in wanted.items())), "")


def use_preset(name: str, by: history.Actor) -> int:
    """Set what a preset sets; returns how many settings changed. KeyError for another name."""
    return settings.change(by, PRESETS[name])


def rules_in_words(now) -> list[str]:
    """What a password must be, as a page tells before one is chosen."""
    words = [f"at least {now.password_length} characters"]
    words += ["upper and lower case letters"] if now.password_cases else []
    words += ["at least one digit"] if now.password_digit else []
    words += [] if now.password_spaces else ["no spaces"]
    words += ["not like your name or address"] if now.password_like_name else []
    words += ["not a common password"] if now.password_common else []
    words += [f"none of your last {now.password_history}"] if now.password_history else []
    return words


def check(password: str, person: Person, now) -> None:
    """Refuse a password that breaks a rule, naming all that it breaks. Raises Weak."""
    wrong = []
    if len(password) < now.password_length:
        wrong.append(f"Enter a password of at least {now.password_length} characters")
    if len(password) > LONGEST:
        raise Weak([f"Enter a password of at most {LONGEST} characters"])
    if now.password_cases and (password.lower() == password or password.upper() == password):
        wrong.append("Enter a password with upper and lower case letters")
    if now.password_digit and not re.search(r"\d", password):
        wrong.append("Enter a password with at least one digit")
    if not now.password_spaces and re.search(r"\s", password):
        wrong.append("Enter a password without spaces")
    if now.password_like_name and is_like_name(password, person, now):
        wrong.append("Enter a password that is not like your name or e-mail address")
    if now.password_common and is_common(password):
        wrong.append("Enter another password: this one is too easy to guess")
    if wrong:
        raise Weak(wrong)
    if was_used(password, person, now):
        raise Weak([
            f"Enter a password that is none of your last {now.password_history}"
            if now.password_history > 1 else "Enter another password than the present one"
        ])  # fmt: skip


# Words that this portal brings to mind (ASVS 6.1.2); with them go the names of the person, organisation, authority and
# portal. A password of little else is refused.
CONTEXT = (
    "portico", "portal", "provider", "council", "county", "borough", "authority", "adult", "social", "care", "carer", "home",
    "visit", "visits", "actuals", "package", "payment", "payments", "remittance", "invoice", "finance", "admin",
    "administrator", "officer", "manager", "login", "password", "welcome", "spring", "summer", "autumn", "winter",
    "january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip


def is_like_name(password: str, person: Person, now) -> bool:
    """The user name or address is inside it, or without the names and CONTEXT little of it is left."""
    lowered = password.casefold()
    whole = [person.email.partition("@")[0], person.username or ""]
    if any(len(name) > 2 and name.casefold() in lowered for name in whole):
        return True
    logins = User.select(User.name, Organisation.name).join(Organisation, JOIN.LEFT_OUTER).where(User.person == person)
    names = [name or "" for both in logins.tuples() for name in both]
    words = [*names, person.email, now.authority_name, now.portal_name, *CONTEXT]
    text = " ".join(words).casefold()
    rest = lowered
    for word in sorted(set(re.findall(r"[^\W_]{4,}", text)), key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != lowered and len(re.sub(r"[\W_]+", "", rest)) < now.password_length // 2


def is_common(password: str) -> bool:
    """On the shipped list; or a word of it with digits or signs about it; or of few different characters; or counting."""
    lowered = password.casefold()
    if len(set(lowered)) < 5 or _counts(lowered):
        return True
    known = common_passwords()
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", lowered)
    for word in (lowered, lowered.translate(LEET), bare, bare.translate(LEET), re.sub(r"[\W_]+", "", lowered)):
        if len(word) >= 5 and word in known and len(word) * 5 >= len(lowered) * 2:
            return True
    half = lowered[: len(lowered) // 2]
    return len(half) >= 4 and lowered == half * 2


def _counts(text: str) -> bool:
    """One run up or down, such as 123456789012 or abcdefghijkl."""
    steps = {
        (ord(b) - ord(a)) % 10 if a.isdigit() and b.isdigit() else ord(b) - ord(a)
        for a, b in zip(text, text[1:], strict=False)
    }
    return len(text) > 5 and steps in ({1}, {9}, {-1})


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """The shipped list, in lower case."""
    with gzip.open(LIST, "rt", encoding="utf-8") as lines:
        return frozenset(line.strip() for line in lines if not line.startswith("#"))


def was_used(password: str, person: Person, now) -> bool:
    """One of the last passwords that the settings forbid; the present one where it was issued."""
    hashes = [person.password_hash] if person.password_hash and (now.password_history or person.must_change) else []
    if now.password_history > 1:
        old = OldPassword.select(OldPassword.password_hash).where(OldPassword.person == person)
        hashes += [h for (h,) in old.order_by(OldPassword.id.desc()).limit(now.password_history - 1).tuples()]
    return any(hashing.fits(kept, password) for kept in hashes)


def keep(person: Person, password: str, must_change: bool = False) -> None:
    """Write a password; what it replaces is remembered, and failures and the lock after them are over.

    In the caller's transaction.
    """
    if person.password_hash:
        OldPassword.create(person=person, password_hash=person.password_hash)
        most = settings.SPECS["password_history"].high
        kept = OldPassword.select(OldPassword.id).where(OldPassword.person == person)
        old = [i for (i,) in kept.order_by(OldPassword.id.desc()).offset(most).limit(1000).tuples()]
        if old:
            OldPassword.delete().where(OldPassword.id.in_(old)).execute()
    with db.atomic():
        person.password_hash = hashing.make(password)
        person.password_set_at = utc_now()
        person.must_change = must_change
        person.failures, person.locked_until = 0, None
        person.save()


# how long it holds (B-17, B-18) ----------------------------------------------------------------------------------------


class Age(NamedTuple):
    """Where a password is: when it must be changed, whether that is soon, due, or over for good."""

    due_on: dt.date | None
    is_near: bool
    is_due: bool
    is_over: bool


def near_end(person_id: int, now) -> dt.date | None:
    """The day on which a person's password expires, where that is soon; no query where passwords do not expire."""
    if not now.password_days:
        return None
    held = age(Person.get_by_id(person_id), now)
    return held.due_on if held.is_near else None


FRESH = Age(None, False, False, False)


def age(person: Person, now, today: dt.date | None = None) -> Age:
    """How long the password still holds: on the day that it is due it must be changed."""
    if person.password_set_at is None:
        return FRESH
    today = today or weeks.today()
    set_on = weeks.london(person.password_set_at).date()
    if person.must_change:  # issued: good for some days, then for nothing
        until = set_on + dt.timedelta(now.issued_days)
        return Age(until, False, True, today >= until)
    if not now.password_days:
        return FRESH
    due = set_on + dt.timedelta(now.password_days)
    over = bool(now.password_grace_days) and today >= due + dt.timedelta(now.password_grace_days)
    near = due - dt.timedelta(now.password_warning_days) <= today < due
    return Age(due, near, today >= due, over)
