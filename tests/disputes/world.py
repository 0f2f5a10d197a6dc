"""What disputes are tested with: Ann's visits as in guide 004's examples, and a weekly package of Bob's."""

from __future__ import annotations

import datetime as dt

from blueprints import consequences, weeks
from blueprints.disputes import rules, subjects
from blueprints.history import Actor
from models import Actual, Dispute, ServiceLevel, Visit
from tests.cast import MONDAY, at
from tests.provider_world import add_visit, settle

OFFICER = Actor(None, "Amir Khan")
FINANCE = Actor(None, "Greta Finch")
DUE = dt.date(2026, 10, 21)


def examples(cast) -> dict[str, Visit]:
    """Examples 1 to 3 of guide 004: an exceptional visit and an undeliverable one without a comment, and wrong times."""
    week = weeks.monday(MONDAY)
    made = {
        "PS2": add_visit(cast, "PS2", day=week + dt.timedelta(1), kind="E", delivered_exit=at(10), delivered_minutes=120),
        "PS3": add_visit(cast, "PS3", day=week + dt.timedelta(2), kind="U"),
        "PS5": add_visit(
            cast, "PS5", day=week + dt.timedelta(4), delivered_entry=at(10), delivered_exit=at(10, 30),
            delivered_minutes=30,
        ),
    }  # fmt: skip
    settle(cast)
    return {ref: Visit.get_by_id(visit.id) for ref, visit in made.items()}


def weekly(cast):
    """A package of Bob's whose actuals are entered by the week: 3 sessions at £40."""
    level = ServiceLevel.create(ref="DC", name="Day Care", unit="Sessions", paid_on="actuals", entry="weekly")
    return cast.make_package(156040, cast.bob, cast.north, level, cast.dapl, quantity=300, unit_cost=400000)


def entered(package, week=MONDAY, actual: int = 200, **facts) -> Actual:
    """An actual of a week, with what follows from it."""
    made = Actual.create(
        package=package, week=week, organisation=package.organisation_id, service=package.service_id, actual=actual,
        **{"comments": "", "source": "entered", "changed_by": "Greta Finch", **facts},
    )  # fmt: skip
    consequences.follow(consequences.Change(packages=[package.id]), now=True)
    return made


def raised(*keys: str, reason: str = "Missing Comment", details: str = "Why?", hold: bool = False, due=DUE) -> Dispute:
    """A dispute about visits (`v12`) and weeks (`a7-2026-10-05`)."""
    return rules.raise_disputes(subjects.find(keys), reason, details, due, OFFICER, hold).disputes[0]


def key(visit: Visit) -> str:
    """A visit as forms name it."""
    return f"v{visit.id}"


def week_key(package, week=MONDAY) -> str:
    """A package's week as forms name it."""
    return f"a{package.id}-{week}"
