"""What stands out before a period is finalised: exact rows for each kind, as many queries for many as for one."""

from __future__ import annotations

import datetime as dt

import pytest

from blueprints import consequences
from blueprints.history import Actor
from blueprints.periods import overview, review
from blueprints.periods import rules as periods
from models import Actual, Client, Contract, Hold, Package, PackageRate, Service
from tests.conftest import TODAY
from tests.counting import Queries
from tests.test_engine import send

BY = Actor(None, "Rose Hill")
SEPTEMBER, OCTOBER = dt.date(2026, 9, 7), dt.date(2026, 10, 5)
WEEK = dt.timedelta(7)


def settle(*packages):
    consequences.follow(consequences.Change(packages=[p.id for p in packages]), now=True)


@pytest.fixture
def world(cast):
    """The first period is finalised for Oakfield with an hour of Ann's a week; Cat's placement is paid on plan."""
    for n in range(4):
        send(cast, f"A{n}", SEPTEMBER + n * WEEK)
    Package.update(end_date=SEPTEMBER - dt.timedelta(1)).where(Package.id == cast.bobs.id).execute()
    settle(cast.placed, cast.bobs)
    periods.finalise(cast.dapl, cast.periods[0], BY, TODAY)
    return cast


def found(world, kind, number=1, contracts=None, percent=10, today=TODAY):
    """(client, why, pence) of each row of a kind."""
    book = overview.Book()
    wanted = [c.id for c in contracts or (world.dapl, world.spot)]
    scope = review.Scope(book, world.periods[number], wanted, percent, today)
    (one,) = review.findings(scope, kind)
    return [(row.name.split(",")[0], row.why, row.amount) for row in one.rows]


def test_paid_after_a_death(world):
    Client.update(date_of_death=dt.date(2026, 10, 7)).where(Client.id == world.cat.id).execute()
    rows = found(world, "after-death-or-end", contracts=[world.spot])
    # the week of the death too: the placement is paid on plan and goes on; £646.06 a week
    assert rows == [("Castle", "Died on 07/10/2026", 64606)] * 4
    send(world, "V1", OCTOBER)
    send(world, "V2", OCTOBER + WEEK)
    Client.update(date_of_death=dt.date(2026, 10, 7)).where(Client.id == world.ann.id).execute()
    rows = found(world, "after-death-or-end", contracts=[world.dapl])
    assert rows == [("Archer", "Died on 07/10/2026", 2323)]  # what was delivered in the week of the death is owed
    Client.update(date_of_death=dt.date(2026, 10, 11)).where(Client.id == world.cat.id).execute()
    assert len(found(world, "after-death-or-end", contracts=[world.spot])) == 3  # a Sunday: that week was whole


def test_paid_after_an_end(world):
    Package.update(end_date=dt.date(2026, 9, 20)).where(Package.id == world.package.id).execute()
    settle(world.package)
    assert found(world, "after-death-or-end") == [
        ("Archer", "The package ended on 20/09/2026; taken back", -2323),
        ("Archer", "The package ended on 20/09/2026; taken back", -2323),
    ]
    Service.update(end_date=dt.date(2026, 10, 12)).where(Service.id == world.house.id).execute()
    rows = found(world, "after-death-or-end", contracts=[world.spot])
    assert rows == [("Castle", "The service ended on 12/10/2026", 64606)] * 2


def test_a_held_line_says_so(world):
    Client.update(date_of_death=dt.date(2026, 10, 4)).where(Client.id == world.cat.id).execute()
    Hold.create(package=world.placed, week=OCTOBER, kind="cost", state="Suspended", reason="died", by="x")
    scope = review.Scope(overview.Book(), world.periods[1], [world.spot.id], 10, TODAY)
    (one,) = review.findings(scope, "after-death-or-end")
    assert [row.state for row in one.rows] == ["Suspended", "", "", ""]


def test_rates_against_what_was_paid_and_what_is_due(world):
    for n in range(2):
        send(world, f"V{n}", OCTOBER + n * WEEK)
    assert found(world, "rates") == []
    # from before the finalised period: judged against what was paid then
    PackageRate.create(package=world.package, from_date=dt.date(2026, 9, 1), unit_cost=255487)  # 10.0004%
    PackageRate.create(package=world.placed, from_date=OCTOBER + WEEK, unit_cost=5_000_000)
    settle(world.package, world.placed)
    assert found(world, "rates") == [
        ("Archer", "£23.2260 to £25.5487 (+10%)", 5110),
        ("Castle", "£646.06 to £500.00 (-22.6%)", 64606 + 3 * 50000),
    ]
    PackageRate.update(unit_cost=255486).where(PackageRate.package == world.package).execute()  # exactly 10%
    settle(world.package)
    assert [row[0] for row in found(world, "rates")] == ["Castle"]
    assert found(world, "rates", percent=25) == []
    assert found(world, "rates", number=0) == []  # no period before


def test_no_actuals_posted(world):
    Package.update(end_date=None, frequency="2-Weekly").where(Package.id == world.bobs.id).execute()
    settle(world.bobs)
    # only the week of 5 October is over; Bob's weeks are every other one from 7 September
    words = "No actuals in the week of 05/10/2026"
    assert found(world, "no-actuals") == [("Archer", words, None), ("O'Neill", words, None)]
    late = dt.date(2026, 11, 2)
    assert found(world, "no-actuals", today=late) == [
        ("Archer", "No actuals in 4 of 4 weeks: 05/10/2026, 12/10/2026, 19/10/2026, 26/10/2026", None),
        ("O'Neill", "No actuals in 2 of 4 weeks: 05/10/2026, 19/10/2026", None),
    ]
    send(world, "V1", OCTOBER, kind="C24")  # nothing is paid, but it was posted
    assert found(world, "no-actuals") == [("O'Neill", words, None)]


def test_over_plan(world):
    for n in range(8):
        send(world, f"V{n}", OCTOBER + dt.timedelta(n % 7), entry=(8 + n // 7) * 3600)
    assert found(world, "over-plan") == [("Archer", "8.00 Hours against 7.00 planned in 1 week", 18581)]
    # less in another week makes up for it
    send(world, "less", OCTOBER + WEEK)
    assert found(world, "over-plan") == []
    # a package that begins in the week is held against the days that it is active
    Package.update(start_date=OCTOBER + dt.timedelta(6), end_date=OCTOBER + dt.timedelta(7)).where(
        Package.id == world.package.id
    ).execute()
    for n in (6, 7):
        send(world, f"part{n}", OCTOBER + dt.timedelta(n), entry=10 * 3600)
    rows = found(world, "over-plan")
    assert rows[0][1] == "4.00 Hours against 2.00 planned in 2 weeks"


def test_unauthorised_with_actuals(world):
    day_care = world.make_package(
        300, world.bob, world.north, world.personal_care, world.dapl, quantity=100, unit_cost=100, authorised=False
    )
    Actual.create(
        package=day_care, week=OCTOBER, organisation=world.oakfield, service=world.north, actual=250, frustrated=50
    )
    assert found(world, "unauthorised") == [("O'Neill", "3.00 Hours in 1 week, not paid", None)]


def test_negative_totals_without_what_is_held(world):
    Package.update(contribution=1000).where(Package.id == world.package.id).execute()
    settle(world.package)
    # £10 a week of the client's own for four paid weeks and four of this period, and nothing delivered
    assert found(world, "negative") == [("Archer", "More is taken back than paid", -8000)]
    Hold.create(package=world.package, week=OCTOBER, kind="contribution", state="Suspended", reason="x", by="x")
    assert found(world, "negative") == [("Archer", "More is taken back than paid", -7000)]


def test_first_and_last_payments(world):
    new = world.make_package(
        301, world.bob, world.house, world.placement, world.spot, start=OCTOBER, quantity=100, unit_cost=1000000,
        end_date=dt.date(2026, 10, 15),
    )  # fmt: skip
    settle(new)
    # Cat's earlier period is still current: it, not this one, is her first payment
    assert found(world, "first") == [("O'Neill", "Started on 05/10/2026", 10000 + 5714)]
    assert [row[0] for row in found(world, "first", number=0)] == ["Castle"]
    assert found(world, "last") == [("O'Neill", "Ends on 15/10/2026", 15714)]
    periods.finalise(world.spot, world.periods[0], BY, TODAY)
    assert [row[0] for row in found(world, "first")] == ["O'Neill"]


def test_nothing_of_a_contract_that_is_finalised_for_the_period(world):
    send(world, "V1", OCTOBER)
    periods.finalise(world.dapl, world.periods[1], BY, TODAY)
    scope = review.Scope(overview.Book(), world.periods[1], [world.dapl.id], 10, TODAY)
    assert all(one.rows == [] for one in review.findings(scope))


def test_as_many_queries_for_many_contracts_as_for_one(world):
    def ask():
        book = overview.Book()
        with Queries() as asked:
            everyone = [c for (c,) in Contract.select(Contract.id).tuples()]
            review.findings(review.Scope(book, world.periods[1], everyone, 10, dt.date(2026, 11, 2)))
        return asked.count

    few = ask()
    made = []
    for n in range(10):
        contract = Contract.create(
            ref=f"M{n}", name=f"More {n}", organisation=world.oakfield, contract_type="Spot", cycle=world.cycle
        )
        made.append(world.make_package(400 + n, world.bob, world.north, world.personal_care, contract, quantity=100,
                                       unit_cost=100))  # fmt: skip
        made.append(world.make_package(500 + n, world.bob, world.north, world.placement, contract, quantity=100,
                                       unit_cost=100, end_date=OCTOBER))  # fmt: skip
    settle(*made)
    assert ask() == few < 20
