"""Orders in step with packages and payments, and issuing them (rule 6.1, S-03, S-06, S-08)."""

import datetime as dt

import pytest

from blueprints import consequences
from blueprints.history import Actor
from blueprints.jobs import rules as jobs
from blueprints.orders import issuing, listing, rules
from blueprints.packages import rules as packages
from blueprints.settings import rules as settings
from models import Change, OrderLine, OrderVersion, Package, PackageRate, PaymentItem, PaymentPeriod, PurchaseOrder
from tests.provider_world import add_visit, finalise, settle

BY = Actor(None, "Rose Hill")
YEAR = 2026


@pytest.fixture
def world(cast):
    """The cast's packages, worked out."""
    settle(cast, cast.package, cast.bobs, cast.placed)
    return cast


def order_of(client, year: int = YEAR) -> PurchaseOrder:
    return PurchaseOrder.get((PurchaseOrder.client == client) & (PurchaseOrder.year == year))


def changed(package, **facts) -> None:
    """Change a package as a screen does."""
    packages.save_package(facts, BY, Package.get_by_id(package.id))
    consequences.follow(consequences.Change(packages=[package.id], moved=[package.id]), now=True)


@pytest.mark.feature("S-06")
def test_a_value_is_the_weekly_cost_by_days_within_the_year(world):
    ann = order_of(world.ann)
    # 7 hours a week at £23.2260 from 7 September 2026 to 31 March 2027 are 206 days
    assert ann.value == 478456 and (ann.spend, ann.version) == (0, 0)
    assert [(line.first, line.last, line.amount) for line in listing.lines(ann.id)] == [
        (dt.date(2026, 9, 7), dt.date(2027, 3, 31), 478456)
    ]
    assert PurchaseOrder.select().count() == 3


def test_a_price_row_makes_a_line_each(world):
    PackageRate.create(package=world.package, from_date=dt.date(2026, 12, 1), unit_cost=250000)
    settle(world)
    lines = listing.lines(order_of(world.ann).id)
    assert [(line.last, line.unit_cost) for line in lines] == [
        (dt.date(2026, 11, 30), 232260), (dt.date(2027, 3, 31), 250000)
    ]  # fmt: skip
    assert order_of(world.ann).value == sum(line.amount for line in lines)


def test_an_order_follows_its_package_to_another_client_and_leaves_the_old_one(world):
    before = order_of(world.ann).id
    changed(world.package, client=world.bob.id)
    assert not PurchaseOrder.select().where(PurchaseOrder.id == before)
    assert order_of(world.bob).value == 478456 + 239228
    rules.issue_several([order_of(world.bob).id], "", BY)
    changed(world.package, client=world.ann.id)
    assert order_of(world.bob).has_changed and order_of(world.ann).version == 0


def test_an_issued_order_without_packages_is_kept_and_can_be_issued_at_nothing(world):
    rules.issue_several([order_of(world.ann).id], "", BY)
    changed(world.package, authorised=False)
    ann = order_of(world.ann)
    assert (ann.value, ann.digest, ann.has_changed) == (0, "", True)
    made = rules.issue(ann, "", "No longer needed", BY)
    assert (made.number, made.value, listing.lines(ann.id, 2)) == (2, 0, [])
    assert len(listing.lines(ann.id, 1)) == 1


def test_years_come_and_go_with_the_periods_of_the_cycle(world):
    last = world.periods[-1]
    PaymentPeriod.create(cycle=world.cycle, start_date=last.end_date + dt.timedelta(1), end_date=dt.date(2027, 4, 4))
    settle(world, world.package)
    assert order_of(world.ann, 2027).value > 0
    PaymentPeriod.delete().where(PaymentPeriod.end_date == dt.date(2027, 4, 4)).execute()
    settle(world, world.package)
    assert not PurchaseOrder.select().where((PurchaseOrder.client == world.ann) & (PurchaseOrder.year == 2027))


@pytest.mark.feature("S-03")
def test_spend_is_what_finalised_items_of_the_year_say(world):
    for day in (7, 8, 14):
        add_visit(world, f"V{day}", day=dt.date(2026, 9, day))
    settle(world)
    assert order_of(world.ann).spend == 0
    finalise(world)
    ann = order_of(world.ann)
    paid = [i.amount for i in PaymentItem.select() if i.package_id == world.package.id]
    assert ann.spend == sum(paid) == 4645 + 2323
    assert rules.spend(world.dapl) == {(world.ann.id, YEAR): 6968}
    spent = listing.spent(listing.Row._make(listing.query(PurchaseOrder.id == ann.id).get()))
    assert [(s.start, s.amount) for s in spent] == [(dt.date(2026, 9, 7), 6968)]


def test_what_a_later_period_corrects_counts_in_the_year_in_which_it_begins(world):
    """A correction of last year's week, paid this year, is spent this year, also without a package in it."""
    world.periods[0].start_date = dt.date(2026, 3, 9)
    world.periods[0].end_date = dt.date(2026, 4, 5)
    world.periods[0].save()
    world.periods[1].start_date = dt.date(2026, 4, 6)
    world.periods[1].save()
    changed(world.package, start_date=dt.date(2026, 3, 9), end_date=dt.date(2026, 3, 29))
    add_visit(world, "V1", day=dt.date(2026, 3, 9))
    settle(world)
    finalise(world)
    assert order_of(world.ann, 2025).spend == 2323
    add_visit(world, "V2", day=dt.date(2026, 3, 10))
    settle(world)
    finalise(world, 1)
    now = order_of(world.ann, 2026)
    assert (now.value, now.digest, now.spend) == (0, "", 2322)
    assert order_of(world.ann, 2025).spend == 2323
    settle(world)
    assert order_of(world.ann, 2026).spend == 2322


@pytest.mark.feature("S-08")
def test_issuing_keeps_the_version_before_and_says_what_has_changed(world):
    ann = order_of(world.ann)
    first = rules.issue(ann, ann.digest, "", BY)
    assert (first.number, first.value, first.by) == (1, 478456, "Rose Hill")
    assert not order_of(world.ann).has_changed
    changed(world.package, end_date=dt.date(2026, 12, 6))
    ann = order_of(world.ann)
    assert ann.has_changed and (ann.issued_value, ann.value) == (478456, 211357)
    assert [line.last for line in listing.lines(ann.id, 1)] == [dt.date(2027, 3, 31)]
    (one,) = listing.changes(listing.lines(ann.id, 1), listing.lines(ann.id))
    assert (one.what, one.before.amount, one.after.amount) == ("Changed", 478456, 211357)
    second = rules.issue(ann, ann.digest, "Ended early", BY)
    assert (second.number, second.reason) == (2, "Ended early")
    assert not order_of(world.ann).has_changed
    assert [v.number for v in listing.versions(ann.id)] == [2, 1]
    entries = (
        Change.select().where((Change.thing == "purchase_order") & (Change.thing_id == ann.id)).order_by(Change.id)
    )
    assert [e.what for e in entries] == ["Issued", "Issued again"]
    assert entries[1].organisation_id == world.oakfield.id


@pytest.mark.feature("S-08")
def test_what_is_not_as_shown_or_as_it_was_is_not_issued(world):
    ann = order_of(world.ann)
    shown = ann.digest
    changed(world.package, discount=1000)
    with pytest.raises(rules.Refused, match="have changed since you looked"):
        rules.issue(ann, shown, "", BY)
    rules.issue(ann, order_of(world.ann).digest, "", BY)
    with pytest.raises(rules.Refused, match="Nothing has changed since Rose Hill issued version 1"):
        rules.issue(ann, order_of(world.ann).digest, "again", BY)
    changed(world.package, discount=0)
    with pytest.raises(rules.Refused, match="Enter why"):
        rules.issue(ann, order_of(world.ann).digest, "", BY)
    assert OrderVersion.select().count() == 1
    consequences.follow(consequences.Change(packages=[world.package.id]))
    with pytest.raises(rules.Refused, match="still being worked out"):
        rules.issue(ann, order_of(world.ann).digest, "again", BY)


def test_many_are_issued_by_a_job_and_a_second_run_issues_nothing(world):
    wanted = listing.Wanted(YEAR)
    assert issuing.ahead(wanted) == (3, 0, 0, sum(o.value for o in PurchaseOrder.select()))
    _job, mine = issuing.queue(wanted, "", BY)
    assert mine
    jobs.run_waiting()
    assert [o.version for o in PurchaseOrder.select()] == [1, 1, 1]
    assert issuing.ahead(wanted).orders == 0
    issuing.queue(wanted, "", BY)
    jobs.run_waiting()
    assert OrderVersion.select().count() == 3
    changed(world.bobs, quantity=700)
    assert issuing.ahead(wanted)[:2] == (0, 1)


def test_killed_between_two_pieces_it_goes_on_with_what_is_left(world, monkeypatch):
    monkeypatch.setattr(issuing, "PIECE", 1)
    whole = rules.issue_several
    calls = []

    def dies(*args):
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return whole(*args)

    monkeypatch.setattr(rules, "issue_several", dies)
    job, _ = issuing.queue(listing.Wanted(YEAR), "", BY)
    with pytest.raises(KeyboardInterrupt):
        jobs.run(job.id)
    monkeypatch.setattr(rules, "issue_several", whole)
    jobs.release(type(job).get_by_id(job.id))
    jobs.run_waiting()
    assert [o.version for o in PurchaseOrder.select()] == [1, 1, 1]
    for order in PurchaseOrder.select():
        rows = [line[2:] for line in OrderLine.select(*(getattr(OrderLine, n) for n in ("order", "version", *rules.SAYS)))
                .where(OrderLine.order == order).order_by(OrderLine.version).tuples()]  # fmt: skip
        assert len(rows) == 2 and rows[0] == rows[1]


def test_each_night_where_the_authority_wants_it(world):
    issuing.by_itself()
    assert jobs.run_waiting() == 0
    settings.put("orders_issued_nightly", True)
    issuing.by_itself()
    jobs.run_waiting()
    assert {v.by for v in OrderVersion.select()} == {"the portal"}
    issuing.by_itself()
    assert jobs.run_waiting() == 0


def test_refreshing_twice_changes_nothing(world):
    lines = packages.lines(Package.id.is_null(False))
    assert rules.refresh(lines) == 0
    assert rules.refresh({}) == 0


def test_one_client_under_two_contracts_has_two_orders(world):
    other = world.dapl.clone()
    other.ref, other.name, other.id = "C9", "Oakfield Spot", None
    other.save(force_insert=True)
    second = world.make_package(
        156099, world.ann, world.south, world.personal_care, other, quantity=100, unit_cost=100000
    )
    settle(world, second)
    found = PurchaseOrder.select().where((PurchaseOrder.client == world.ann) & (PurchaseOrder.year == YEAR))
    assert sorted(o.contract.ref for o in found) == ["C1", "C9"]


def test_check_finds_orders_that_differ_from_their_lines_or_from_what_was_spent(world):
    from upkeep.examine import order_sums

    add_visit(world, "V7", day=dt.date(2026, 9, 7))
    settle(world)
    finalise(world)
    assert list(order_sums()) == []
    PurchaseOrder.update(spend=1).where(PurchaseOrder.client == world.ann).execute()
    PurchaseOrder.update(value=1).where(PurchaseOrder.client == world.bob).execute()
    (found,) = order_sums()
    assert found.what.startswith("2 purchase orders differ")
