"""The grouped sums of periods are those of the lines, to the penny."""

from __future__ import annotations

import datetime as dt

import pytest

from blueprints import consequences
from blueprints.history import Actor
from blueprints.payments import rules as payments
from blueprints.periods import finalising, overview
from blueprints.periods import rules as periods
from models import Contract, Due, Hold, Package, PackageRate, PaymentPeriod
from tests.cast import MONDAY
from tests.conftest import TODAY
from tests.test_engine import send

BY = Actor(None, "test")


def both(contract, period):
    """The sums by lines, and by the grouped query."""
    listed = payments.items(contract, period)
    book = overview.Book()
    found = overview.current_sums(book, [(contract.id, period)])[contract.id, period.id]
    return overview.Sums(**payments.kept_sums(listed)), found


@pytest.fixture
def busy(cast):
    """Visits, contributions, VAT, holds, a finalised period and changes after it."""
    Contract.update(vat_rate=2000).where(Contract.id == cast.dapl.id).execute()
    Package.update(contribution=2555).where(Package.id == cast.bobs.id).execute()
    for n in range(0, 40, 3):
        send(cast, f"V{n}", dt.date(2026, 9, 7) + dt.timedelta(n), delivered=50 + n)
        send(cast, f"B{n}", dt.date(2026, 9, 7) + dt.timedelta(n), client=cast.bob, minutes=30, delivered=31)
    everything = [cast.package.id, cast.bobs.id, cast.placed.id]
    consequences.follow(consequences.Change(packages=everything), now=True)
    periods.finalise(cast.dapl, cast.periods[0], BY, TODAY)
    PackageRate.create(package=cast.package, from_date=dt.date(2026, 9, 1), unit_cost=240003)
    Package.update(contribution=2600).where(Package.id == cast.bobs.id).execute()
    Hold.create(package=cast.package, week=MONDAY, kind="cost", state="Suspended", reason="query", by="x")
    Hold.create(package=cast.bobs, week=dt.date(2026, 9, 14), kind="contribution", state="Cancelled", by="x")
    consequences.follow(consequences.Change(packages=everything), now=True)
    return cast


@pytest.mark.feature("R-13", "R-19")
def test_grouped_sums_are_the_sums_of_the_lines(busy):
    for contract in (busy.dapl, busy.spot):
        for period in busy.periods:
            if contract == busy.dapl and period == busy.periods[0]:
                continue
            lines, found = both(contract, period)
            assert found == lines, (contract.ref, period.start_date)
    lines, found = both(busy.dapl, busy.periods[1])
    assert found.adjustments > 3 and found.non_payable and found.vat


def test_a_finalisation_keeps_its_sums(busy):
    book = overview.Book()
    kept = book.done[busy.dapl.id, busy.periods[0].id].sums
    listed = payments.items(busy.dapl, busy.periods[0])
    assert kept == overview.Sums(**payments.kept_sums(listed))
    assert kept.total == sum(i.amount + i.vat for i in listed if i.is_payable)


def test_what_finalising_would_do_is_what_it_does(busy):
    ahead = finalising.ahead(busy.periods[1])
    done = finalising.finalise_as_shown(busy.periods[1], (), ahead.sums.lines, ahead.sums.total, BY, TODAY)
    # Brookhouse's earlier period was still current, and is finalised with it, in order
    assert [(d.contract.ref, d.period_id) for d in done] == [
        ("C2", busy.periods[0].id), ("C1", busy.periods[1].id), ("C2", busy.periods[1].id)
    ]  # fmt: skip
    assert sum(d.amount + d.vat for d in done) == ahead.sums.total
    assert sum(d.lines for d in done) == ahead.sums.lines
    assert finalising.finalise_as_shown(busy.periods[1], (), 0, 0, BY, TODAY) == []


def test_figures_that_are_not_those_shown_finalise_nothing(busy):
    ahead = finalising.ahead(busy.periods[1])
    with pytest.raises(periods.Refused, match="The figures have changed since you looked"):
        finalising.finalise_as_shown(busy.periods[1], (), ahead.sums.lines, ahead.sums.total + 1, BY, TODAY)
    assert not overview.Book().is_done(busy.dapl.id, busy.periods[1])


def test_adjusted_contracts(busy):
    assert set(overview.adjusted_contracts(overview.Book())) == {busy.dapl.id}
    Due.update(paid_cost=Due.cost, paid_vat=Due.vat, paid_contribution=Due.contribution).execute()
    assert overview.adjusted_contracts(overview.Book()) == {}


def test_a_cycle_without_a_current_period_is_said(cast):
    today = dt.date(2026, 10, 14)
    assert overview.without_current(overview.Book(), today) == []
    late = cast.periods[-1].end_date + dt.timedelta(1)
    (one,) = overview.without_current(overview.Book(), late)
    assert "Its last period ended on 27/12/2026" in one.why
    PaymentPeriod.delete().execute()
    (one,) = overview.without_current(overview.Book(), today)
    assert one.why == "It has no payment periods yet."


def test_weeks_to_come(cast):
    found = overview.weeks_to_come(cast.periods[1], dt.date(2026, 10, 14))
    assert found == [dt.date(2026, 10, 12), dt.date(2026, 10, 19), dt.date(2026, 10, 26)]
    assert overview.weeks_to_come(cast.periods[0], dt.date(2026, 10, 14)) == []
