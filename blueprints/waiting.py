"""What waits for somebody: each area says what of its own does, the home pages show all of it. Knows no area.

An area declares it in its `waiting.py`, for the door where it waits:

    @waiting.for_officers(Can.DECIDE_REQUESTS)
    def pending(today):
        yield waiting.Waits(12, "change request|change requests", oldest, url_for("authority.requests.index"))

The words are for one and for many. With a `due` date what waits is overdue after that day. Nothing waiting (count 0) is
not shown. A declaration is asked only where the person may do the act and the area is there (its module is on).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import NamedTuple

from blueprints import permissions, sides
from blueprints.permissions import Can
from blueprints.values import show_date_long


class Waits(NamedTuple):
    """Something that waits: how many, of what (`one|many`), since when its oldest waits, where it is listed, due when.

    `named`: it is one thing that its words name, so no number stands before it.
    """

    count: int
    what: str
    since: dt.date | None
    href: str | None
    due: dt.date | None = None
    named: bool = False

    @property
    def words(self) -> str:
        """What waits, for one or for many."""
        one, _, many = self.what.partition("|")
        return one if self.count == 1 or not many else many


class Declared(NamedTuple):
    """A declaration: the area that made it, the act that a person needs, and the function to ask."""

    area: str
    act: Can
    ask: Callable[[dt.date], Iterable[Waits]]


OFFICERS: list[Declared] = []
PROVIDERS: list[Declared] = []


def for_officers(act: Can):
    """Declare a function of today that yields what waits for officers who may do this act."""
    return _into(OFFICERS, act)


def for_providers(act: Can):
    """Declare a function of today that yields what waits for a provider's people who may do this act."""
    return _into(PROVIDERS, act)


def _into(where: list[Declared], act: Can):
    def declare(function):
        where.append(Declared(function.__module__.split(".")[1], act, function))
        return function

    return declare


def found(declared: list[Declared], today: dt.date, is_there: Callable[[str], bool]) -> list[Waits]:
    """Everything that waits for the present person: overdue first, then by what waits longest."""
    made = [one for d in declared if permissions.can(d.act) and is_there(d.area) for one in d.ask(today) if one.count]

    def place(one: Waits):
        late = is_overdue(one, today)
        return not late, (one.due if late else one.since) or one.due or today, one.what

    return sorted(made, key=place)


def is_overdue(one: Waits, today: dt.date) -> bool:
    """Its day has passed; due today is not overdue."""
    return one.due is not None and one.due < today


def for_officer(today: dt.date) -> list[dict]:
    """What waits for the officer of the request, as ui.to_do shows it: with the age of the oldest."""
    made = []
    for one in found(OFFICERS, today, sides.is_open_to_officers):
        age = (today - one.since).days if one.since else 0
        days = f", {age:,} day{'' if age == 1 else 's'} ago" if age > 0 else ", today" if not age else ""
        oldest = f" (oldest {show_date_long(one.since)}{days})" if one.since and not one.named else ""
        made.append(_item(one, one.words + oldest, today, show_date_long))
    return made


def for_provider(today: dt.date) -> list[dict]:
    """What waits for the provider's person of the request, as ui.to_do shows it: with the weekday that it is due."""
    return [_item(one, one.words, today, show_day) for one in found(PROVIDERS, today, sides.is_there)]


def _item(one: Waits, words: str, today: dt.date, show: Callable[[dt.date], str]) -> dict:
    item: dict = {"what": words, "href": one.href}
    if not one.named:
        item["count"] = f"{one.count:,}"
    if one.due:
        item |= {"due": show(one.due), "overdue": is_overdue(one, today)}
    return item


def show_day(day: dt.date) -> str:
    """`Tuesday 3 November 2026`"""
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    return f"{names[day.weekday()]} {show_date_long(day)}"
