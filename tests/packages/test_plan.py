from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.money import half_up, hours
from blueprints.packages.plan import (
    EXACT,
    WHOLE,
    Slot,
    active_days,
    allowance,
    cost_over,
    cost_text,
    counted_days,
    exact_cost_over,
    in_week,
    is_active,
    mean_rate,
    planned_quantity,
    planned_visits,
    pricing_text,
    rate_on,
    rate_segments,
    rates_in,
    shown_day,
    slot_minutes,
    unit_cost_shown,
    unit_for,
    weekly_cost,
    weekly_minutes,
    weekly_quantity,
)
from tests.plans import MONDAY, days, every_day, mondays, plan, plans, slot, weeks

WED = MONDAY + timedelta(2)


def week_days(monday):
    return [monday + timedelta(n) for n in range(7)]


def exactly(made, day):
    """The exact pence of one day of a recurring package, before discount, from the words of 3.6."""
    minutes = weekly_minutes(made)
    weekly = Fraction(made.quantity, 100) if minutes is None else Fraction(minutes, 60)
    return weekly * Fraction(rate_on(made, day), 100) / 7


# Rates


def test_the_rate_is_the_latest_from_on_or_before_else_the_packages_own():
    made = plan(unit_cost=1, rates=((WED, 2), (WED + weeks(1), 3)))
    assert [rate_on(made, WED + timedelta(n)) for n in (-400, -1, 0, 6, 7, 400)] == [1, 1, 2, 2, 3, 3]


def test_a_rate_from_before_the_start_holds_from_the_start():
    assert rate_on(plan(rates=((MONDAY - weeks(9), 5),)), MONDAY) == 5


def test_mean_and_shown_rate_are_of_the_active_days():
    made = plan(start=MONDAY + timedelta(1), unit_cost=100_000, rates=((WED, 160_000),))
    assert rates_in(made, MONDAY) == (100_000,) + (160_000,) * 5
    assert mean_rate(made, MONDAY) == (900_000, 6)
    assert unit_cost_shown(made, MONDAY) == 100_000
    assert mean_rate(made, MONDAY - weeks(1)) == (0, 1)
    assert unit_cost_shown(made, MONDAY - weeks(1)) is None


def test_a_rate_from_earlier_in_the_start_week_holds_from_the_start():
    made = plan(start=WED, unit_cost=100_000, rates=((MONDAY + timedelta(1), 160_000),))
    assert rates_in(made, MONDAY) == (160_000,) * 5
    assert unit_cost_shown(made, MONDAY) == 160_000


# Days and weeks


@pytest.mark.parametrize(
    "start, end, found",
    [
        (0, None, (0, 6, 7)),
        (2, None, (2, 6, 5)),
        (0, 0, (0, 0, 1)),
        (6, 6, (6, 6, 1)),
        (-9, 3, (0, 3, 4)),
        (-9, 6, (0, 6, 7)),
        (-9, 7, (0, 6, 7)),
        (-9, -1, (0, -1, 0)),
        (7, None, (0, -1, 0)),
        (7, 9, (0, -1, 0)),
        (6, None, (6, 6, 1)),
    ],
)
def test_active_days(start, end, found):
    made = plan(start=MONDAY + timedelta(start), end=None if end is None else MONDAY + timedelta(end))
    assert active_days(made, MONDAY) == found


@given(plans(), mondays)
def test_active_days_are_those_within_the_dates(made, monday):
    first, last, found = active_days(made, monday)
    assert [d.weekday() for d in week_days(monday) if is_active(made, d)] == list(range(first, last + 1))
    assert found == last - first + 1


def test_every_two_weeks_is_counted_from_the_start_week():
    made = plan(start=WED, frequency="2-Weekly", every=2)
    assert [in_week(made, MONDAY + weeks(n)) for n in range(5)] == [True, False, True, False, True]


@given(plans(), days, st.integers(0, 100))
def test_counted_days_are_the_days_in_its_weeks(made, first, length):
    if made.every:
        first = max(first, made.start)
        span = [first + timedelta(n) for n in range(length)]
        expected = sum(in_week(made, d - timedelta(d.weekday())) for d in span)
        assert counted_days(made, first, first + timedelta(length - 1)) == expected


# Quantities


def test_slots_have_wall_clock_minutes_times_carers():
    assert slot_minutes(slot(0, 8, 9.5)) == 90
    assert slot_minutes(slot(0, 22, 7)) == 540
    assert slot_minutes(slot(0, 8, 9, 2)) == 120
    assert slot_minutes(Slot(0, 0, 29, 1)) == 0
    assert slot_minutes(Slot(0, 0, 30, 1)) == 1
    assert slot_minutes(Slot(0, 82_800, 29, 1)) == 60
    assert slot_minutes(Slot(0, 82_800, 30, 1)) == 61
    with pytest.raises(ValueError, match="differ"):
        slot_minutes(slot(0, 8, 8))


@pytest.mark.parametrize("carers, quantity", [(1, 700), (2, 1400)])
def test_two_half_hours_a_day_are_seven_hours_a_week(carers, quantity):
    """WE-13, and WE-17 with two carers; a differing quantity is ignored (3.4)."""
    made = plan(quantity=1, slots=every_day(8, 8.5, carers) + every_day(20, 20.5, carers))
    assert weekly_quantity(made) == planned_quantity(made, MONDAY) == quantity


def test_we_16_and_18_timetables():
    assert weekly_quantity(plan(slots=every_day(8 + 1 / 6, 8 + 4 / 6))) == 350
    assert weekly_quantity(plan(slots=every_day(8, 9))) == 700
    assert weekly_quantity(plan(slots=every_day(12, 12.5))) == 350


def test_part_weeks():
    assert planned_quantity(plan(start=WED), MONDAY) == 1000
    assert planned_quantity(plan(start=WED, quantity=1000), MONDAY) == 714
    timetable = (slot(0, 8, 9), slot(2, 8, 9), slot(6, 8, 10))
    assert planned_quantity(plan(start=WED, slots=timetable), MONDAY) == 300
    assert planned_quantity(plan(end=WED, slots=timetable), MONDAY) == 200


def test_minutes_are_added_before_they_are_rounded():
    made = plan(slots=every_day(8, 8 + 20 / 60))
    assert (weekly_minutes(made), weekly_quantity(made)) == (140, 233)
    assert weekly_minutes(plan()) is None


def test_off_weeks_one_offs_and_yearly_allocations():
    assert planned_quantity(plan(frequency="2-Weekly", every=2), MONDAY + weeks(1)) == 0
    one_off = plan(start=WED, end=WED, frequency="One-off", every=0, quantity=100)
    assert planned_quantity(one_off, MONDAY) == 100
    assert planned_quantity(one_off._replace(end=None), MONDAY + weeks(1)) == 0
    yearly = plan(frequency="Yearly", every=0, quantity=2800, intermittent=True)
    assert planned_quantity(yearly, MONDAY) == 0
    assert (allowance(yearly), allowance(plan())) == (2800, 0)


def test_planned_visits():
    """WE-02 has 14 and 3 visits of plan; slots count on active days, times carers (4.4)."""
    made = plan(slots=(slot(0, 8, 9), *every_day(12, 13, 2)))
    assert planned_visits(made, MONDAY) == 15
    assert planned_visits(made._replace(start=WED), MONDAY) == 10
    assert planned_visits(made._replace(every=2, frequency="2-Weekly"), MONDAY + weeks(1)) == 0
    assert planned_visits(made, MONDAY - weeks(1)) == 0
    assert planned_visits(plan(), MONDAY) == 0
    assert planned_visits(made._replace(every=0, frequency="Yearly"), MONDAY) == 0


@given(plans(), mondays)
def test_planned_quantity_is_that_of_the_active_days(made, monday):
    active = [d for d in week_days(monday) if is_active(made, d)]
    if not active or not in_week(made, monday):
        expected = 0
    elif made.frequency == "One-off":
        expected = weekly_quantity(made)
    elif made.slots:
        expected = hours(sum(slot_minutes(s) for s in made.slots for d in active if d.weekday() == s.weekday))
    else:
        expected = half_up(made.quantity * len(active), 7)
    assert planned_quantity(made, monday) == expected


# Cost


@pytest.mark.parametrize(
    "quantity, rate, cost",
    [
        (1400, 161_600, 22_624), (350, 161_600, 5_656),  # WE-01
        (1300, 161_600, 21_008), (1200, 161_600, 19_392),  # WE-03, WE-05
        (500, 237_700, 11_885), (200, 237_700, 4_754), (1400, 237_700, 33_278),  # WE-08
        (700, 237_700, 16_639), (350, 237_700, 8_320),
        (350, 237_900, 8_327), (200, 237_900, 4_758), (1575, 237_900, 37_469),  # WE-10
        (100, 1_228_400, 12_284), (100, 6_460_600, 64_606), (100, 1_655_600, 16_556),  # WE-11
    ],
)  # fmt: skip
def test_weekly_costs_of_the_guides(quantity, rate, cost):
    assert weekly_cost(plan(quantity=quantity, unit_cost=rate), MONDAY) == cost


@pytest.mark.parametrize(
    "minutes, cost", [(420, 16258), (210, 8129), (300, 11613), (1680, 65033), (120, 4645), (183, 7084)]
)
def test_timetabled_costs_come_from_exact_minutes(minutes, cost):
    """WE-09 and the example of 2.3."""
    made = plan(quantity=1, unit_cost=232_260, slots=(Slot(0, 0, minutes * 60 % 86_400, 1),) if minutes < 1440 else ())
    if minutes >= 1440:
        made = made._replace(slots=every_day(8, 12))
    assert weekly_cost(made, MONDAY) == cost


def test_we_06_order_of_282_days():
    made = plan(start=date(2019, 6, 24))
    assert cost_over(made, date(2019, 6, 24), date(2020, 3, 31)) == 911_424
    assert cost_over(made, date(2019, 4, 1), date(2020, 3, 31)) == 911_424


def test_a_range_is_priced_by_segment_and_rounded_once():
    made = plan(start=WED, end=WED + weeks(3), unit_cost=100_000, rates=((WED + timedelta(3), 200_000),))
    segments = [(WED, WED + timedelta(2), 100_000), (WED + timedelta(3), WED + weeks(3), 200_000)]
    assert list(rate_segments(made, MONDAY, MONDAY + weeks(9))) == segments
    assert cost_over(made, MONDAY, MONDAY + weeks(9)) == half_up(14_000 * 3 + 28_000 * 19, 7)
    assert list(rate_segments(made, MONDAY, MONDAY)) == []
    assert cost_over(made._replace(discount=1250), WED, WED, discounted=True) == 1750


def test_one_offs_and_yearly_allocations_over_a_range():
    one_off = plan(start=WED, frequency="One-off", every=0, quantity=100, unit_cost=150_000)
    assert cost_over(one_off, MONDAY, MONDAY + weeks(9)) == cost_over(one_off, WED, WED) == 1500
    assert cost_over(one_off, WED + timedelta(1), WED + weeks(9)) == 0
    assert cost_over(one_off._replace(frequency="Yearly"), MONDAY, WED) == 0


@given(plans(), days, st.integers(0, 80), st.booleans())
def test_a_range_is_the_sum_of_its_days(made, first, length, discounted):
    last = first + timedelta(length)
    if not made.every:
        return
    span = [first + timedelta(n) for n in range(length + 1)]
    counted = [d for d in span if is_active(made, d) and in_week(made, d - timedelta(d.weekday()))]
    expected = sum((exactly(made, d) for d in counted), Fraction(0))
    if discounted:
        expected *= 1 - Fraction(made.discount, WHOLE)
    assert Fraction(exact_cost_over(made, first, last, discounted), EXACT) == expected
    assert cost_over(made, first, last, discounted) == half_up(expected.numerator, expected.denominator)


@given(plans(), days, st.integers(0, 60), st.integers(0, 60))
def test_a_range_may_be_cut_anywhere(made, first, a, b):
    cut, last = first + timedelta(a), first + timedelta(a + b)
    parts = exact_cost_over(made, first, cut) + exact_cost_over(made, cut + timedelta(1), last)
    assert exact_cost_over(made, first, max(cut, last)) == parts


@given(plans(), days)
def test_a_rate_that_changes_nothing_moves_nothing(made, day):
    same = made._replace(rates=tuple(sorted({**dict(made.rates), day: rate_on(made, day)}.items())))
    span = (MONDAY - weeks(9), MONDAY + weeks(9))
    assert exact_cost_over(same, *span) == exact_cost_over(made, *span)


@given(plans(), st.integers(0, 50), days, st.integers(0, 60))
def test_more_quantity_or_rate_never_costs_less(made, more, first, length):
    span = (first, first + timedelta(length))
    cost = cost_over(made, *span)
    assert cost_over(made._replace(quantity=made.quantity + more, unit_cost=made.unit_cost + more), *span) >= cost
    assert cost_over(made, first, span[1] + timedelta(more)) >= cost >= cost_over(made, *span, discounted=True)


# Words


def test_words_of_the_guides():
    """WE-08 to WE-11, K-07, K-08 (3.7)."""
    hours_35 = plan(quantity=350)
    assert cost_text(hours_35, MONDAY) == "£56.56 Weekly"
    assert pricing_text(hours_35, MONDAY, "Hours", "Spot") == "3.5 x Hours at £16.16 (Spot)"
    timetabled = plan(unit_cost=232_260, slots=every_day(8, 9))
    assert cost_text(timetabled, MONDAY) == "£162.58 Weekly (Timetabled)"
    assert pricing_text(timetabled, MONDAY, "Hours", "Spot") == "7 x Hours (Timetabled Pricing) (Spot)"
    one_off = plan(quantity=100, unit_cost=150_000, frequency="One-off", every=0, rates=((WED, 1),))
    assert cost_text(one_off, WED) == "£15.00 One-off"
    assert pricing_text(one_off, WED, "Payment", "Spot") == "1 x Payment at £15.00 (Spot)"
    placement = plan(quantity=100, unit_cost=1_228_400)
    assert pricing_text(placement, MONDAY, "Placement", "Spot") == "1 x Placement at £122.84 (Spot)"
    assert pricing_text(plan(quantity=500, unit_cost=237_700), MONDAY, "Hrs", "Spot") == "5 x Hrs at £23.77 (Spot)"


def test_words_of_other_frequencies():
    assert cost_text(plan(quantity=350, frequency="2-Weekly", every=2), MONDAY) == "£56.56 2-Weekly"
    yearly = plan(quantity=2800, unit_cost=800_000, frequency="Yearly", every=0)
    assert cost_text(yearly, MONDAY) == "£2,240.00 Yearly"
    assert pricing_text(yearly, MONDAY, "Night", "Block") == "28 x Nights at £80.00 (Block)"


def test_a_list_shows_the_rate_of_today_within_the_package():
    made = plan(end=MONDAY + weeks(1), rates=((WED, 170_000),))
    shown = [shown_day(made, MONDAY + timedelta(n)) for n in (-9, 3, 99)]
    assert shown == [MONDAY, MONDAY + timedelta(3), made.end]
    assert shown_day(plan(), MONDAY + weeks(99)) == MONDAY + weeks(99)


@pytest.mark.parametrize(
    "unit, one, many",
    [
        ("Hours", "Hour", "Hours"), ("Hour", "Hour", "Hours"), ("Hrs", "Hr", "Hrs"), ("Day", "Day", "Days"),
        ("Placement", "Placement", "Placements"), ("Journeys", "Journey", "Journeys"), ("NIGHT", "NIGHT", "NIGHTS"),
        ("Delivery", "Delivery", "Deliveries"), ("Deliveries", "Delivery", "Deliveries"), ("Class", "Class", "Classes"),
        ("Lunches", "Lunch", "Lunches"), ("BOX", "BOX", "BOXES"), ("CITY", "CITY", "CITIES"),
        ("Visit (1)",) * 3, ("",) * 3,
    ],
)  # fmt: skip
def test_units_are_singular_for_exactly_one(unit, one, many):
    assert [unit_for(unit, n) for n in (100, 50, 150)] == [one, many, many]
