"""The same for several logins at once: what would happen to each is said first, and one refusal stops no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from blueprints import history
from blueprints.accounts import managing, rules
from blueprints.accounts.rules import Refused
from models import User


class Act(NamedTuple):
    """Something that is done with several logins: its words, what it does, whether it changes nothing for one."""

    words: str
    does: Callable[[User, history.Actor], object]
    idle: Callable[[User], str]  # why it would do nothing; empty where it does something


def _inactive(user: User) -> str:
    return "" if user.may_sign_in else "is deactivated"


ACTS: dict[str, Act] = {
    "link": Act("Send links to set a password", managing.send_link, _inactive),
    "sessions": Act("Sign out everywhere", managing.end_sessions, _inactive),
    "lock": Act("Lock", managing.lock, lambda u: "is locked already" if u.person.is_locked else _inactive(u)),
    "release": Act(
        "Release",
        managing.release,
        lambda u: "" if u.person.is_locked or u.person.locked_until else "is not locked",
    ),
    "deactivate": Act("Deactivate", rules.deactivate, lambda u: "" if u.is_active else "is deactivated already"),
    "reactivate": Act("Reactivate", rules.reactivate, lambda u: "is active already" if u.is_active else ""),
}


class Ahead(NamedTuple):
    """A login, and why nothing would happen to it; empty where something would."""

    user: User
    idle: str


def ahead(name: str, users: list[User], own_id: int) -> list[Ahead]:
    """What would happen to each; one's own login is left out."""
    idle = ACTS[name].idle
    return [Ahead(user, "is your own login" if user.id == own_id else idle(user)) for user in users]


class Outcome(NamedTuple):
    """A login, and what became of it."""

    user: User
    refused: str  # why not; empty where it was done


def do(name: str, users: list[User], by: history.Actor) -> list[Outcome]:
    """Do it for each, every one in a transaction of its own; a refusal is noted and the others go on."""
    act = ACTS[name]
    made = []
    for one in ahead(name, users, by.user_id or 0):
        refused = f"{one.user.name} {one.idle}" if one.idle else ""
        if not refused:
            try:
                act.does(one.user, by)
            except Refused as refusal:
                refused = str(refusal)
        made.append(Outcome(one.user, refused))
    return made
