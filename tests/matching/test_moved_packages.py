"""A package that moves to another client or level leaves its visits, and its actuals follow (rules 3.9, 5.8, 5.10)."""

from __future__ import annotations

import pytest

from blueprints import consequences
from blueprints.history import Actor
from blueprints.packages import rules as packages
from models import Actual, Due, ServiceLevel, Visit
from tests.cast import MONDAY
from tests.test_engine import send

BY = Actor(None, "test")


@pytest.mark.parametrize("what", ["client", "level"])
def test_what_was_fed_by_visits_goes_with_the_visits(cast, what):
    visit = send(cast, "V1", MONDAY, delivered=62)
    assert Actual.get(Actual.package == cast.package).visits == 1
    other = ServiceLevel.create(
        ref="NC", name="Night Care", unit="Hours", paid_on="actuals", entry="visits", visits_wanted=True
    )
    saved = packages.save_package({what: cast.cat if what == "client" else other}, BY, cast.package)
    assert saved.touched.moved == {cast.package.id}
    consequences.follow_touched(saved.touched, now=True)
    assert Visit.get_by_id(visit.id).package_id is None
    assert Actual.select().where(Actual.package == cast.package).count() == 0
    assert Due.select().where(Due.package == cast.package).count() == 0


def test_actuals_go_to_the_service_that_the_package_moves_to(cast):
    send(cast, "V1", MONDAY, delivered=62)
    saved = packages.save_package({"service": cast.south}, BY, cast.package)
    consequences.follow_touched(saved.touched, now=True)
    assert Actual.get(Actual.package == cast.package).service_id == cast.south.id
