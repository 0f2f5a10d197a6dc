"""What is read of a week's lines of care: statements that are kept, since a row is saved all day (rule 4)."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from peewee import JOIN

from blueprints.packages import rules as packages
from blueprints.packages.plan import ONE_OFF
from blueprints.packages.rules import Line
from blueprints.prepared import blank, kept
from blueprints.reach import Reach
from models import Actual, Client, Entry, Increase, LockedWeek, Package, Service, ServiceLevel

NO_INCREASE: tuple = (None, None, None)


class Stored(NamedTuple):
    """A stored actual, in the order of the statement."""

    id: int
    actual: int
    frustrated: int
    missed: int
    extra: int
    visits: int
    paid_minutes: int
    comments: str
    source: str
    by_officer: bool
    version: int
    changed_at: str
    changed_by: str


class Level(NamedTuple):
    """What a check asks of a service level."""

    name: str
    unit: str
    frustrated_allowed: bool


class Found(NamedTuple):
    """One package's week as it stands: the increase is (state, agreed, reason)."""

    line: Line
    level: Level
    stored: Stored | None
    is_locked: bool
    increase: tuple


def moment_of(value) -> dt.datetime:
    """A moment of a kept statement, whichever database it came from."""
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else value


def of_package(package: int, week: dt.date) -> Found:
    """A package's week, by one statement. IndexError where there is no such package."""
    rows = _one_statement().run(package=package, week=week.isoformat())
    row = rows[0]
    line = packages.put_together([row])[package]
    return found(line, row[packages.LINE :])


def found(line: Line, rest) -> Found:
    """What stands beside a line in a row of the statements."""
    _, _, _, _, _, name, unit, frustrated, locked, state, agreed, reason, *stored = rest
    kept = Stored._make(stored) if stored[0] is not None else None
    return Found(line, Level(name, unit, bool(frustrated)), kept, locked is not None, (state, agreed, reason))


def line_of(package: int) -> Line:
    """A package with its plan, by one kept statement."""
    rows = _line_statement().run(package=package)
    return packages.put_together(rows)[package]


@kept
def _line_statement():
    return packages.line_query(Package.id == blank("package"))


@kept
def _one_statement():
    return _beside(packages.line_query(Package.id == blank("package")))


def within(shape: tuple, of_service: bool, of_client: bool, model):
    """The condition of what is within reach, of a service and of a client where wanted."""
    reach = Reach.of_shape(shape)
    condition = reach.services(model.service, model.organisation)
    if of_service:
        condition &= model.service == blank("service")
    if of_client:
        condition &= model.client == blank("client")
    return condition


def _in_week(*shape):
    """Packages with a line in the week: entered somehow and active, or with an actual all the same (4.11).

    For `_beside`, which joins the week's actual: to look for it again makes a list of the whole week's packages.
    """
    active = (
        Package.authorised
        & (Package.frequency != ONE_OFF)
        & (ServiceLevel.entry != Entry.NONE)
        & (Package.start_date <= blank("sunday"))
        & (Package.end_date.is_null() | (Package.end_date >= blank("week")))
    )
    return within(*shape, Package) & (active | Actual.id.is_null(False))


@kept
def lines_statement(*shape):
    """The lines of a week within reach, of a service and of a client where wanted."""
    return _beside(packages.line_query(_in_week(*shape)))


def _beside(query):
    """What a row needs beside its line: names, the actual, whether it is locked, its increase."""
    return (
        query.select_extend(
            Client.ssref, Client.title, Client.forename, Client.surname, Service.name, ServiceLevel.name,
            ServiceLevel.unit, ServiceLevel.frustrated_allowed, LockedWeek.id, Increase.state, Increase.agreed,
            Increase.reason, *(getattr(Actual, name) for name in Stored._fields),
        )
        .switch(Package).join(Client).switch(Package).join(Service, on=(Package.service == Service.id))
        .switch(Package)
        .join(Actual, JOIN.LEFT_OUTER, on=((Actual.package == Package.id) & (Actual.week == blank("week"))))
        .switch(Package)
        .join(LockedWeek, JOIN.LEFT_OUTER, on=(
            (LockedWeek.service == Package.service) & (LockedWeek.week == blank("week"))))
        .switch(Package)
        .join(Increase, JOIN.LEFT_OUTER, on=((Increase.package == Package.id) & (Increase.week == blank("week"))))
    )  # fmt: skip
