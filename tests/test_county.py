"""The county-sized demonstration, made small; and what `demo` refuses."""

from __future__ import annotations

import datetime as dt

from blueprints.settings import rules as settings
from blueprints.weeks import monday, today
from demonstration import county
from models import Client, Organisation, Package, Person, User, Visit, VisitStatus
from tests.test_demonstration import rework, snapshot


def test_county_is_what_the_rules_make(app):
    """What is written in bulk is what matching, feeding and working out would have written."""
    size = county.Size(4, 10, 40, 60, 9, 9, 5, 12)
    settings.put("demonstration", True)
    list(county.build(monday(today()) - dt.timedelta(7), size))
    assert (Organisation.select().count(), Client.select().count(), Package.select().count()) == (4, 40, 60)
    assert Visit.select().count() == size.visits
    assert {v.status for v in Visit.select(Visit.status).distinct()} == set(VisitStatus) - {"New"}
    before = snapshot()
    rework()
    after = snapshot()
    for one, other in zip(before, after, strict=True):
        assert one == other


def test_the_county_is_a_county():
    assert county.COUNTY[:5] == (100, 300, 5_000, 8_000, 104)
    assert county.COUNTY.visits == 1_000_000


def test_demo_refuses_a_database_in_use(cast, app):
    result = app.test_cli_runner().invoke(args=["demo"])
    assert result.exit_code == 1
    assert "not empty" in result.stderr
    assert not settings.read().is_demonstration, "and marks nothing"
    result = app.test_cli_runner().invoke(args=["demo", "--if-empty"])
    assert (result.exit_code, result.output) == (0, "")


def test_demo_refuses_a_database_with_logins_only(app):
    User.create(person=Person.create(email="somebody@authority.example"), name="Somebody")
    result = app.test_cli_runner().invoke(args=["demo"])
    assert result.exit_code == 1
