"""What the tests of actuals by hand add to the cast: Oakfield North with lines by the week, by the day and by the year."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

from blueprints.actuals import entering
from blueprints.actuals.entering import Figures, Seen, Terms
from blueprints.history import Actor
from blueprints.settings import rules as settings
from models import Actual, ServiceLevel, TimetableSlot
from tests.cast import MONDAY, at

BY = Actor(None, "Greta Finch")
OFFICER = Actor(None, "Amir Khan")
WEEK = "/provider/actuals?week=2026-10-05"
EVERY_DAY = (True,) * 7


def level(
    ref: str, name: str, unit: str = "Hours", entry: str = "weekly", paid_on: str = "actuals", **facts
) -> ServiceLevel:
    """A service level."""
    return ServiceLevel.create(ref=ref, name=name, unit=unit, paid_on=paid_on, entry=entry, **facts)


def make(cast) -> SimpleNamespace:
    """WE-02: Ann has 14 hours, Bob two lines of 3.5 hours, all at £16.16; rounds, sessions and short breaks beside them."""
    made = SimpleNamespace()
    made.domestic = level("DOM", "Domestic Support")
    made.rounds = level("RND", "Rounds", entry="daily")
    made.sessions = level("DAY", "Day Activities", "Sessions", "daily")
    made.breaks = level("SB", "Short Breaks", "Nights", intermittent=True)
    made.ann = line(cast, 1001, cast.ann, made.domestic, 1400)
    made.bob = line(cast, 1002, cast.bob, made.domestic, 350)
    made.bob_two = line(cast, 1003, cast.bob, made.domestic, 350)
    return made


def line(cast, cpli: int, client, level: ServiceLevel, quantity: int, unit_cost: int = 161_600, **facts):
    """A line of care from Oakfield North."""
    facts.setdefault("frequency", "Yearly" if level.intermittent else "Weekly")
    return cast.make_package(
        cpli, client, facts.pop("service", cast.north), level, facts.pop("contract", cast.dapl), quantity=quantity,
        unit_cost=unit_cost, **facts,
    )  # fmt: skip


def timetable(package, minutes: int = 45, carers: int = 1, days=range(7)) -> None:
    """A call a day at eight."""
    for weekday in days:
        TimetableSlot.create(package=package, weekday=weekday, entry=at(8), exit=at(8, minutes), carers=carers)


def terms(officer: bool = False, today: dt.date = dt.date(2026, 10, 14)) -> Terms:
    """The authority's settings as they are, on a day of the tests."""
    return Terms(settings.read(), today, officer)


def save(package, *figures, week: dt.date = MONDAY, version: int | None = None, planned=None, days=None, by=BY, **more):
    """Save a row as a person does who has just opened it; quantities in hundredths, then visits and comments."""
    stored = actual(package, week)
    seen = Seen((stored.version if stored else 0) if version is None else version, planned)
    return entering.save(
        package.id, week, Figures(*figures, days=days), seen, by, more.pop("terms", None) or terms(**more)
    )


def actual(package, week: dt.date = MONDAY) -> Actual | None:
    """The stored row."""
    return Actual.get_or_none((Actual.package == package) & (Actual.week == week))


def facts(row: Actual) -> tuple:
    """A row's figures."""
    return row.actual, row.frustrated, row.missed, row.extra, row.visits, row.comments, row.source
