"""The main job's engine: visits match, become actuals, become what is due, are finalised, and come out as adjustments."""

from __future__ import annotations

import datetime as dt

from blueprints import consequences
from blueprints.history import Actor
from blueprints.matching.rules import Group
from blueprints.payments import rules as payments
from blueprints.periods import rules as periods
from models import Actual, Due, Hold, PackageRate, PaymentItem, Visit
from tests.cast import MONDAY

BY = Actor(None, "test")


def send(cast, ref, day, *, kind="DHS", client=None, minutes=60, delivered=60, entry=8 * 3600, level=None):
    """A visit as an import would leave it: stored, its group noted."""
    client = client or cast.ann
    level = level or cast.personal_care
    visit = Visit.create(
        organisation=cast.oakfield, ref=ref, type=cast.types[kind], planned_date=day, planned_entry=entry,
        planned_exit=entry + 60 * minutes, client=client, level=level, week=day - dt.timedelta(day.weekday()),
        planned_minutes=minutes, delivered_minutes=delivered if cast.types[kind].needs_delivered else None,
        ssref=client.ssref, level_name=level.name,
    )  # fmt: skip
    group = Group(cast.oakfield.id, client.id, level.id, visit.week)
    consequences.follow(consequences.Change(groups=[group]), now=True)
    return visit


def test_a_visit_becomes_an_actual_and_is_due(cast):
    visit = send(cast, "V1", MONDAY, delivered=62)
    visit = Visit.get_by_id(visit.id)
    assert (visit.status, visit.package_id, visit.paid_minutes) == ("Matched", cast.package.id, 62)
    actual = Actual.get(Actual.package == cast.package)
    assert (actual.actual, actual.frustrated, actual.visits, actual.source) == (103, 0, 1, "visits")
    due = Due.get(Due.package == cast.package)
    assert (due.week, due.cost) == (MONDAY, 2400)  # 62 / 60 x 23.2260 = 24.0002


def test_a_late_visit_is_an_adjustment_and_a_finalised_period_never_changes(cast):
    send(cast, "V1", MONDAY - dt.timedelta(21))
    first = cast.periods[0]
    periods.finalise(cast.dapl, first, BY, dt.date(2026, 10, 14))
    paid = payments.items(cast.dapl, first)
    assert [(i.kind, i.amount) for i in paid] == [("cost", 2323)]
    send(cast, "V2", MONDAY - dt.timedelta(20), kind="U")
    assert payments.items(cast.dapl, first) == paid
    late = payments.items(cast.dapl, cast.periods[1])
    assert [(i.kind, i.reason, i.amount, i.week) for i in late] == [
        ("adjustment", "visits changed", 2322, MONDAY - dt.timedelta(21))
    ]  # 120 min are 46.452, of which 23.23 is paid
    periods.finalise(cast.dapl, cast.periods[1], BY, dt.date(2026, 10, 14))
    assert payments.items(cast.dapl, cast.periods[2]) == []
    assert sum(i.amount for i in PaymentItem.select()) == 4645


def test_a_backdated_rate_is_an_adjustment_with_its_reason(cast):
    send(cast, "V1", MONDAY - dt.timedelta(21))
    periods.finalise(cast.dapl, cast.periods[0], BY, dt.date(2026, 10, 14))
    PackageRate.create(package=cast.package, from_date=dt.date(2026, 9, 1), unit_cost=240000)
    consequences.follow(consequences.Change(packages=[cast.package.id]), now=True)
    (item,) = payments.items(cast.dapl, cast.periods[1])
    assert (item.kind, item.reason, item.amount) == ("adjustment", "rate changed", 77)


def test_what_is_paid_on_plan(cast):
    consequences.follow(consequences.Change(packages=[cast.placed.id]), now=True)
    items = payments.items(cast.spot, cast.periods[0])
    assert [i.amount for i in items] == [64606] * 4


def test_a_suspended_item_is_not_raised_again_and_is_payable_once_released(cast):
    send(cast, "V1", MONDAY - dt.timedelta(21))
    held = Hold.create(
        package=cast.package, week=MONDAY - dt.timedelta(21), kind="cost", state="Suspended", reason="asked"
    )
    periods.finalise(cast.dapl, cast.periods[0], BY, dt.date(2026, 10, 14))
    assert [(i.state, i.amount) for i in payments.items(cast.dapl, cast.periods[0])] == [("Suspended", 2323)]
    assert payments.items(cast.dapl, cast.periods[1]) == []
    held.delete_instance()
    assert [(i.state, i.amount) for i in payments.items(cast.dapl, cast.periods[1])] == [("Payable", 2323)]


def test_one_change_and_everything_anew_agree(cast):
    for n in range(6):
        send(cast, f"V{n}", MONDAY + dt.timedelta(n), kind=("DHS", "U", "C24")[n % 3])
    cast.package.end_date = MONDAY + dt.timedelta(3)
    cast.package.save()
    consequences.follow(consequences.Change(packages=[cast.package.id]), now=True)
    step_by_step = sorted(Due.select().tuples())
    Due.delete().execute()
    consequences.follow(consequences.Change(packages=[cast.package.id, cast.bobs.id, cast.placed.id]), now=True)
    anew = [row for row in sorted(Due.select().tuples()) if row[0] != cast.placed.id]
    assert step_by_step == anew


def test_a_preview_changes_nothing(cast):
    send(cast, "V1", MONDAY)
    before = sorted(Due.select().tuples())

    def end():
        cast.package.end_date = MONDAY - dt.timedelta(1)
        cast.package.save()

    moves = consequences.preview(end, [cast.package.id], MONDAY)
    assert (moves.weeks, moves.amount) == (1, -2323)
    assert sorted(Due.select().tuples()) == before
