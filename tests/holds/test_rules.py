"""Holding, releasing and manual adjustments by their rules: exact figures through recalculation and finalising (7.4, 7.5)."""

from __future__ import annotations

import datetime as dt

import pytest

from blueprints import consequences
from blueprints.adjustments import rules as manual
from blueprints.history import Actor
from blueprints.holds import rules as holds
from blueprints.holds.rules import Wanted
from blueprints.payments import rules as payments
from blueprints.periods import overview
from blueprints.periods import rules as periods
from blueprints.remittances import rules as remittances
from blueprints.settings.rules import ADJUSTMENT_REASONS
from models import (
    Change,
    Contract,
    Due,
    Hold,
    ItemState,
    ManualAdjustment,
    Package,
    PackageRate,
    PaymentItem,
)
from tests.conftest import TODAY
from tests.faults.anew import differences, unpaid_or_paid_twice
from tests.test_engine import send

AMIR, PETRA = Actor(None, "Amir Khan"), Actor(None, "Petra Ames")
SEPTEMBER = dt.date(2026, 9, 7)
SUSPENDED, CARRIED, CANCELLED = ItemState.SUSPENDED, ItemState.CARRIED, ItemState.CANCELLED


@pytest.fixture
def world(cast):
    """An hour of Ann's and half an hour of Bob's in each week of the first period: £23.23 and £11.61."""
    for n in range(4):
        send(cast, f"A{n}", SEPTEMBER + dt.timedelta(7 * n))
        send(cast, f"B{n}", SEPTEMBER + dt.timedelta(7 * n), client=cast.bob, minutes=30, delivered=30)
    consequences.follow(consequences.Change(packages=[cast.placed.id]), now=True)
    return cast


def states_of(world, number=0, contract=None):
    """(state, reason, amount) of each line of a period."""
    return [(i.state, i.reason, i.amount) for i in payments.items(contract or world.dapl, world.periods[number])]


def hold(world, wanted, state=SUSPENDED, reason="Under query", by=AMIR, number=0, shown=None, contract=None):
    """Hold as the page does: look, then press."""
    contract = contract or world.dapl
    shown = shown or holds.find(contract, world.periods[number], wanted).shown
    return holds.hold(contract, world.periods[number], wanted, state, reason, shown, by)


def line(world, client, number=0, nth=0) -> Wanted:
    """One line of a client."""
    items = [i for i in payments.items(world.dapl, world.periods[number]) if i.client == client.id]
    return Wanted(keys=frozenset({items[nth].key.text}))


def finalise(world, number=0, contract=None):
    """Finalise a period; the grouped figures are those of the lines, and nothing is lost."""
    contract, period = contract or world.dapl, world.periods[number]
    listed = overview.Sums(**payments.kept_sums(payments.items(contract, period)))
    assert overview.current_sums(overview.Book(), [(contract.id, period)])[contract.id, period.id] == listed
    done = periods.finalise(contract, period, Actor(None, "Rose Hill"), TODAY + dt.timedelta(200))
    assert unpaid_or_paid_twice() == []
    return done


def open_holds() -> dict[int, int]:
    """Id to version of all that is held."""
    return {h.id: h.version for h in Hold.select().where(Hold.released_at.is_null())}


def change_rate(world, rate=250000):
    """Ann's rate from before the first period."""
    PackageRate.create(package=world.package, from_date=dt.date(2026, 9, 1), unit_cost=rate)
    consequences.follow(consequences.Change(packages=[world.package.id]), now=True)


# suspended ---------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("R-09")
def test_a_suspended_line_is_listed_once_and_paid_once_when_released(world):
    assert hold(world, line(world, world.ann)) == 1
    assert states_of(world).count(("Suspended", "", 2323)) == 1
    finalise(world)
    assert PaymentItem.select().where(PaymentItem.state == "Suspended").count() == 1
    assert states_of(world, 1) == []  # not raised again while it is held
    assert finalise(world, 1).lines == 0
    assert holds.release(open_holds(), "the dates came", PETRA) == 1
    (item,) = payments.items(world.dapl, world.periods[2])
    assert (item.kind, item.reason, item.amount, item.state) == ("adjustment", "released", 2323, "Payable")
    assert item.note == "Was suspended: Under query. Released: the dates came"
    finalise(world, 2)
    assert states_of(world, 3) == [] and not Hold.select().exists()
    paid = PaymentItem.select().where((PaymentItem.package == world.package) & (PaymentItem.state == "Payable"))
    assert sum(i.amount for i in paid) == 4 * 2323


@pytest.mark.feature("R-09")
def test_what_is_held_follows_what_is_due(world):
    hold(world, line(world, world.ann))
    finalise(world)
    change_rate(world)  # £25.00 a week now
    assert states_of(world, 1) == [("Payable", "rate changed", 177)] * 3  # the held week is not among them
    holds.release(open_holds(), "", PETRA)
    found = states_of(world, 1)
    assert ("Payable", "rate changed", 2500) in found and len(found) == 4
    finalise(world, 1)
    assert states_of(world, 2) == []
    assert differences() == []


def test_an_adjustment_that_is_suspended_is_listed_in_its_period_first(world):
    finalise(world)
    change_rate(world)
    hold(world, line(world, world.ann, 1), number=1)
    assert states_of(world, 1).count(("Suspended", "rate changed", 177)) == 1
    done = finalise(world, 1)
    assert (done.non_payable, done.lines) == (177, 4)
    assert states_of(world, 2) == []
    holds.release(open_holds(), "", PETRA)
    assert states_of(world, 2) == [("Payable", "released", 177)]


def test_a_release_before_the_period_is_finalised_leaves_nothing(world):
    hold(world, line(world, world.ann))
    holds.release(open_holds(), "a slip", PETRA)
    assert {state for state, _, _ in states_of(world)} == {"Payable"}
    assert not Hold.select().exists()
    assert [c.what for c in Change.select().where(Change.thing == "hold").order_by(Change.id)] == [
        "Suspended",
        "Released",
    ]


# carried forward ---------------------------------------------------------------------------------------------------------


@pytest.mark.feature("R-09")
def test_a_carried_line_appears_in_the_next_period(world):
    hold(world, line(world, world.ann), CARRIED, "Invoice missing")
    assert finalise(world).non_payable == 2323
    (item,) = payments.items(world.dapl, world.periods[1])
    assert (item.reason, item.amount, item.state) == ("carried forward", 2323, "Payable")
    assert item.note == "Carried forward: Invoice missing"
    # it may be carried on
    hold(world, line(world, world.ann, 1), CARRIED, "Still missing", number=1)
    finalise(world, 1)
    (item,) = payments.items(world.dapl, world.periods[2])
    assert (item.reason, item.amount, item.note) == ("carried forward", 2323, "Carried forward: Still missing")
    finalise(world, 2)
    assert not Hold.select().exists() and states_of(world, 3) == []


def test_a_carried_line_that_changes_meanwhile_says_what_changed(world):
    hold(world, line(world, world.ann), CARRIED, "Invoice missing")
    finalise(world)
    change_rate(world)
    item = next(i for i in payments.items(world.dapl, world.periods[1]) if i.amount == 2500)
    assert (item.reason, item.note) == ("rate changed", "Carried forward: Invoice missing")


# cancelled ---------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("R-09")
def test_a_cancelled_line_is_never_paid_whatever_changes(world):
    hold(world, line(world, world.ann), CANCELLED, "Paid by the health service")
    finalise(world)
    assert states_of(world, 1) == []
    change_rate(world)
    assert sorted(states_of(world, 1))[0] == ("Cancelled", "rate changed", 177)
    finalise(world, 1)
    (held,) = Hold.select()
    assert (held.amount, held.finalisation.period_id) == (2500, world.periods[1].id)
    assert holds.release(open_holds(), "", PETRA) == 1
    assert states_of(world, 2) == []  # what was cancelled stays so; a later change would be paid
    change_rate_again = PackageRate.get()
    change_rate_again.unit_cost = 260000
    change_rate_again.save()
    consequences.follow(consequences.Change(packages=[world.package.id]), now=True)
    assert states_of(world, 2) == [("Payable", "rate changed", 100)] * 4


# a client, a contract ----------------------------------------------------------------------------------------------------


@pytest.mark.feature("R-09")
def test_a_client_is_held_with_the_visits_that_come_late(world):
    Package.update(contribution=1000).where(Package.id == world.bobs.id).execute()
    consequences.follow(consequences.Change(packages=[world.bobs.id]), now=True)
    assert hold(world, Wanted(client=world.bob.id)) == 8  # care and contribution of four weeks
    send(world, "late", SEPTEMBER + dt.timedelta(1), client=world.bob, minutes=30, delivered=30)
    items = payments.items(world.dapl, world.periods[0])
    assert {i.state for i in items if i.client == world.bob.id} == {"Suspended"}
    assert {i.state for i in items if i.client == world.ann.id} == {"Payable"}
    finalise(world)
    # a visit that comes after the finalisation is held too, and released and paid once with the rest
    send(world, "later", SEPTEMBER + dt.timedelta(2), client=world.bob, minutes=30, delivered=30)
    assert states_of(world, 1) == [("Payable", "", -1000)] * 4  # the next period's own contributions
    holds.release(open_holds(), "", PETRA)
    assert sum(a for _, _, a in states_of(world, 1)) == 3 * 1161 + 3484 - 8 * 1000
    finalise(world, 1)
    assert differences() == []


def test_weeks_without_anything_due_are_held_for_what_may_come(cast):
    send(cast, "A0", SEPTEMBER)
    assert hold(cast, Wanted(client=cast.ann.id)) == 4
    send(cast, "late", SEPTEMBER + dt.timedelta(14))
    assert states_of(cast) == [("Suspended", "", 2323)] * 2


@pytest.mark.feature("R-09")
def test_a_contract_is_held_whole_with_its_manual_adjustments(world):
    add(world, amount=5000)
    hold(world, Wanted(everything=True), CARRIED, "Contract in dispute")
    assert {state for state, _, _ in states_of(world)} == {"Carried forward"}
    done = finalise(world)
    assert (done.amount, done.non_payable) == (0, 4 * 2323 + 4 * 1161 + 5000)
    again = payments.items(world.dapl, world.periods[1])
    assert sum(i.amount for i in again if i.is_payable) == 4 * 2323 + 4 * 1161 + 5000
    manual_one = next(i for i in again if i.adjustment)
    assert (manual_one.reason, manual_one.note) == ("Other", "Gloves (Carried forward: Contract in dispute)")
    finalise(world, 1)
    assert states_of(world, 2) == []


# bad input, two at once --------------------------------------------------------------------------------------------------


def test_pressed_twice_it_is_held_once(world):
    wanted = line(world, world.ann)
    shown = holds.find(world.dapl, world.periods[0], wanted).shown
    assert hold(world, wanted, shown=shown) == 1
    assert hold(world, wanted, shown=shown) == 0
    assert Hold.select().count() == 1 and Change.select().where(Change.thing == "hold").count() == 1


def test_two_officers_hold_one_line_and_the_second_is_told(world):
    wanted = line(world, world.ann)
    shown = holds.find(world.dapl, world.periods[0], wanted).shown
    hold(world, wanted, shown=shown)
    with pytest.raises(holds.Refused, match=r"^Amir Khan suspended this at .*: Under query\. Nothing was changed\.$"):
        hold(world, wanted, CANCELLED, "Never", PETRA, shown=shown)
    assert hold(world, wanted, CANCELLED, "Never", PETRA) == 1  # having looked again


def test_releasing_what_a_colleague_just_cancelled(world):
    hold(world, line(world, world.ann))
    shown = open_holds()
    hold(world, line(world, world.ann), CANCELLED, "The client never moved in")
    with pytest.raises(
        holds.Refused, match=r"Amir Khan cancelled this at .*: The client never moved in\. Nothing was rel"
    ):
        holds.release(shown, "", PETRA)
    assert open_holds() and states_of(world).count(("Cancelled", "", 2323)) == 1


def test_releasing_what_a_colleague_has_released(world):
    hold(world, line(world, world.ann))
    shown = open_holds()
    holds.release(shown, "", AMIR)
    with pytest.raises(holds.Refused, match=r"Amir Khan released this already, at "):
        holds.release(shown, "", PETRA)
    hold(world, line(world, world.ann))
    finalise(world)
    shown = open_holds()
    holds.release(shown, "", AMIR)
    with pytest.raises(holds.Refused, match=r"Amir Khan released this already, at "):
        holds.release(shown, "", PETRA)


def test_releasing_what_has_been_carried_meanwhile(world):
    hold(world, line(world, world.ann), CARRIED)
    shown = open_holds()
    finalise(world)
    with pytest.raises(holds.Refused, match=r"The period that Rose Hill finalised at .* carried this forward"):
        holds.release(shown, "", PETRA)


def test_a_line_that_vanishes(world):
    wanted = line(world, world.ann)
    shown = holds.find(world.dapl, world.periods[0], wanted).shown
    Package.update(authorised=False).where(Package.id == world.package.id).execute()
    consequences.follow(consequences.Change(packages=[world.package.id]), now=True)
    with pytest.raises(holds.Refused, match=r"Nothing is there to hold any more"):
        hold(world, wanted, shown=shown)
    both = Wanted(keys=wanted.keys | line(world, world.bob).keys)
    with pytest.raises(holds.Refused, match=r"One line that you chose is no longer there"):
        hold(world, both)
    assert not Hold.select().exists()


def test_a_held_line_that_vanishes_is_released_without_harm(world):
    hold(world, line(world, world.ann))
    Package.update(authorised=False).where(Package.id == world.package.id).execute()
    consequences.follow(consequences.Change(packages=[world.package.id]), now=True)
    assert not Due.select().where(Due.package == world.package).exists()
    assert holds.release(open_holds(), "", PETRA) == 1


def test_a_period_that_a_colleague_has_finalised(world):
    wanted = line(world, world.ann)
    shown = holds.find(world.dapl, world.periods[0], wanted).shown
    finalise(world)
    with pytest.raises(holds.Refused, match=r"^Rose Hill finalised this period at .* can no longer be held"):
        hold(world, wanted, shown=shown)


def test_a_line_of_another_contract_is_none_of_this_one(world):
    consequences.follow(consequences.Change(packages=[world.placed.id]), now=True)
    theirs = payments.items(world.spot, world.periods[0])[0].key.text
    with pytest.raises(holds.Refused, match=r"Nothing is there to hold"):
        hold(world, Wanted(keys=frozenset({theirs})))


# manual adjustments ------------------------------------------------------------------------------------------------------


def add(world, amount=5000, by=AMIR, key="k", contract=None, period=0, **facts):
    """A manual adjustment."""
    contract = contract or world.dapl
    facts = {"client": None, "with_vat": False, "reason": "Other", "note": "Gloves", **facts, "amount": amount}
    return manual.add(contract, facts, list(ADJUSTMENT_REASONS), world.periods[period].id, key, by)[0]


@pytest.mark.feature("R-14")
def test_a_manual_adjustment_stands_alone_with_its_vat(world):
    Contract.update(vat_rate=1750).where(Contract.id == world.dapl.id).execute()
    world.dapl = Contract.get_by_id(world.dapl.id)
    add(world, 1003, with_vat=True, client=world.ann.id, note="Mileage in August")  # 17.5% is 175.525
    add(world, -1003, with_vat=True, key="2", note="Taken back")
    add(world, -250, key="3")
    items = [i for i in payments.items(world.dapl, world.periods[0]) if i.kind == "manual"]
    assert [(i.amount, i.vat, i.client, i.note) for i in items] == [
        (1003, 176, world.ann.id, "Mileage in August"), (-1003, -176, None, "Taken back"), (-250, 0, None, "Gloves"),
    ]  # fmt: skip
    rows = [r for r in remittances.remittance(items).rows]
    assert len(rows) == 3 and {r.line.items for r in rows} == {1}  # what adds up to nothing is listed too
    finalise(world)
    assert {m.finalisation.period_id for m in ManualAdjustment.select()} == {world.periods[0].id}
    assert states_of(world, 1) == []
    kept = payments.finalised_items(PaymentItem.kind == "manual")
    assert [(i.amount, i.vat, i.client, i.note, i.reason) for i in kept][0] == (
        1003, 176, world.ann.id, "Mileage in August", "Other")  # fmt: skip


@pytest.mark.feature("R-14")
def test_it_moves_to_the_next_period_where_the_shown_one_is_finalised(world):
    finalise(world)
    with pytest.raises(manual.Elsewhere, match=r"Rose Hill finalised the period that was shown at .* from 05/10/2026"):
        add(world)
    add(world, period=1)
    assert states_of(world, 1) == [("Payable", "Other", 5000)]


def test_a_form_sent_twice_adds_one(world):
    assert add(world).id == add(world).id
    assert ManualAdjustment.select().count() == 1 and Change.select().where(Change.what == "Added").count() == 1


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"amount": 0}, "Enter an amount of £0.01 or more"),
        ({"amount": 10**12}, "at most £10,000,000.00"),
        ({"reason": ""}, "Choose the reason"),
        ({"reason": "Because"}, "Choose the reason from the list"),
        ({"note": ""}, "Enter the note"),
        ({"note": "x" * 1001}, "1,000 characters or fewer"),
    ],
)
def test_what_cannot_be_added(world, facts, words):
    with pytest.raises(manual.Faulty, match=words):
        add(world, **facts)
    with pytest.raises(manual.Faulty, match=r"A200001” has no package under Oakfield DAPL"):
        add(world, client=world.cat.id)
    assert not ManualAdjustment.select().exists()


def test_a_contract_that_is_paid_by_invoice_takes_none(world):
    Contract.update(payment_basis="invoice").where(Contract.id == world.dapl.id).execute()
    with pytest.raises(manual.Refused, match=r"paid by invoice"):
        add(world, contract=Contract.get_by_id(world.dapl.id))


def test_changed_by_two_the_second_is_told(world):
    row = add(world)
    facts = {"client": None, "amount": -700, "with_vat": False, "reason": "Other", "note": "Gloves"}
    manual.change(row, facts, list(ADJUSTMENT_REASONS), 1, PETRA)
    with pytest.raises(manual.Refused, match=r"^Petra Ames changed this adjustment at "):
        manual.change(row, facts, list(ADJUSTMENT_REASONS), 1, AMIR)
    with pytest.raises(manual.Refused, match=r"^Petra Ames changed this adjustment at "):
        manual.take_away(row, 1, AMIR)
    manual.take_away(row, 2, AMIR)
    with pytest.raises(manual.Refused, match=r"taken this adjustment away"):
        manual.take_away(row, 2, AMIR)
    assert states_of(world)[-1] == ("Payable", "", 1161)


def test_a_finalised_one_cannot_change_and_a_listed_one_neither(world):
    row, held = add(world), add(world, key="2")
    hold(world, Wanted(keys=frozenset({f"manual-{held.id}"})))
    finalise(world)
    facts = {"client": None, "amount": 1, "with_vat": False, "reason": "Other", "note": "x"}
    with pytest.raises(manual.Refused, match=r"^Rose Hill finalised the period of this adjustment at "):
        manual.change(row, facts, list(ADJUSTMENT_REASONS), 1, AMIR)
    with pytest.raises(manual.Refused, match=r"lists this adjustment as suspended"):
        manual.take_away(held, 1, AMIR)
    assert states_of(world, 1) == []
    holds.release(open_holds(), "agreed", PETRA)
    (item,) = payments.items(world.dapl, world.periods[1])
    assert item.note == "Gloves (Was suspended: Under query. Released: agreed)" and item.is_payable
    finalise(world, 1)
    assert states_of(world, 2) == []


def test_a_cancelled_manual_adjustment_is_settled_for_good(world):
    row = add(world)
    hold(world, Wanted(keys=frozenset({f"manual-{row.id}"})), CANCELLED, "Entered twice")
    finalise(world)
    assert ManualAdjustment.get().finalisation_id and states_of(world, 1) == []
    with pytest.raises(holds.Refused, match=r"it is never paid. Nothing was released"):
        holds.release(open_holds(), "", PETRA)
