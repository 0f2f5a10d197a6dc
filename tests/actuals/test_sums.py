from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.actuals.sums import (
    COLOUR_WORDS,
    ActualFigures,
    DailyRow,
    FedVisit,
    Remark,
    balance_warning,
    colour,
    cost,
    cost_working,
    daily_actual,
    difference,
    exact_cost,
    from_visits,
    generated_rows,
    missed_and_extra,
    paid_minutes,
    priced,
)
from blueprints.money import hours
from blueprints.packages.plan import EXACT, active_days, is_active, planned_quantity, rate_on
from tests.plans import MONDAY, every_day, mondays, plan, plans, slot, weeks

WED = MONDAY + timedelta(2)


def ticks(*days):
    return tuple(day in days for day in range(7))


def visit(pays, planned, delivered=None, day=MONDAY):
    return FedVisit(day, pays, planned, delivered)


visits = st.lists(
    st.builds(
        FedVisit,
        st.integers(0, 6).map(lambda n: MONDAY + timedelta(n)),
        st.sampled_from(["none", "planned", "delivered"]),
        st.integers(1, 600),
        st.none() | st.integers(1, 600),
    ),
    max_size=12,
)


# From visits (5.10)


def test_we_12_commissioned_against_actual():
    fed = from_visits(500, [visit("delivered", 60, 63), visit("delivered", 120, 120), visit("planned", 60)])
    assert fed == (305, 100, 0, 0, 2)
    assert fed.actual + fed.frustrated - 500 == -95
    made = plan(quantity=500, unit_cost=232_260)
    assert cost(made, MONDAY, ActualFigures(500, 0)) == 11_613
    assert cost(made, MONDAY, ActualFigures(305, 0, "visits", 183)) == 7_084
    assert cost(made, MONDAY, ActualFigures(0, 100, "visits", 60)) == 2_323
    assert 11_613 - 7_084 - 2_323 == 2_206


def test_we_15_cancelled_in_time_pays_nothing_and_an_exceptional_stay_is_paid():
    week = [visit("delivered", 30, 30)] * 11 + [visit("none", 30)] * 2 + [visit("delivered", 30, 150)]
    assert from_visits(700, week) == (800, 0, 100, 200, 12)


def test_we_16_frustrated_cancelled_late_and_hospital():
    week = [visit("delivered", 30, 30)] * 4 + [visit("planned", 30)] * 2 + [visit("none", 30)]
    assert from_visits(350, week) == (200, 100, 50, 0, 4)


def test_we_17_18_19_scenarios():
    assert from_visits(1400, [visit("delivered", 60, 60)] * 14) == (1400, 0, 0, 0, 14)
    assert from_visits(700, [visit("delivered", 60, 65)] + [visit("delivered", 60, 60)] * 6) == (708, 0, 0, 8, 7)
    assert from_visits(350, [visit("delivered", 30, 30)] * 7) == (350, 0, 0, 0, 7)
    assert from_visits(100, [visit("delivered", 60, 62)]) == (103, 0, 0, 3, 1)
    assert from_visits(100, [visit("delivered", 60, 60), visit("delivered", 45, 47)]) == (178, 0, 0, 78, 2)


def test_no_visit_is_no_figures():
    assert from_visits(700, []) == (0, 0, 0, 0, 0)


def test_a_delivered_visit_that_pays_nothing_counts_as_a_visit():
    assert from_visits(0, [visit("none", 30, 30)]) == (0, 0, 50, 50, 1)


@given(st.integers(0, 3000), visits)
def test_a_visits_fed_row_balances_or_falls_short(planned, week):
    fed = from_visits(planned, week)
    assert difference(planned, *fed[:4]) <= 0
    assert fed.extra == 0 or difference(planned, *fed[:4]) == 0
    assert fed.actual == hours(sum(v.delivered or 0 for v in week if v.pays == "delivered"))
    assert not balance_warning(planned, *fed[:4], source="visits").triangle


# Balance (4.1, 4.11)


def test_we_03_and_04_balance():
    assert balance_warning(1400, 1300, 0, 100, 0) == Remark(False, "")
    assert balance_warning(1400, 1400, 0, 100, 0) == Remark(
        True,
        "Planned 14, less frustrated 0, less missed 1, plus extra 0, makes 13. Actual is 14: 1 too much.",
    )
    assert balance_warning(350, 300, 0, 25, 0).words.endswith("makes 3.25. Actual is 3: 0.25 too little.")


def test_the_smallest_difference_has_its_direction():
    assert balance_warning(100, 101, 0, 0, 0).words.endswith("Actual is 1.01: 0.01 too much.")
    assert balance_warning(100, 99, 0, 0, 0).words.endswith("Actual is 0.99: 0.01 too little.")
    assert balance_warning(100, 99, 0, 0, 0, source="visits").words == "The visits fall short of plan by 0.01."


def test_a_visits_fed_row_says_its_shortfall_without_a_triangle():
    assert balance_warning(700, 650, 0, 0, 0, source="visits") == Remark(False, "The visits fall short of plan by 0.5.")
    assert balance_warning(700, 600, 50, 50, 0, source="visits") == Remark(False, "")


def test_a_row_that_lost_its_package_carries_the_triangle():
    assert balance_warning(0, 0, 0, 0, 0, active=False) == (
        True,
        "The package is not active on any day of this week. The row is kept and costs nothing.",
    )
    assert balance_warning(700, 700, 0, 0, 0, source="visits", authorised=False) == (
        True,
        "The package is not authorised any more. The row is kept and costs nothing.",
    )


# Cost (4.2)


@pytest.mark.parametrize(
    "actual, frustrated, pence", [(1400, 0, 22_624), (1300, 0, 21_008), (1300, 100, 22_624), (0, 0, 0)]
)
def test_we_02_to_05_cost_is_actual_and_frustrated(actual, frustrated, pence):
    assert cost(plan(), MONDAY, ActualFigures(actual, frustrated)) == pence


def test_we_02_footer():
    rows = [cost(plan(), MONDAY, ActualFigures(n, 0)) for n in (1400, 350, 350)]
    assert (rows[0], sum(rows[1:]), sum(rows)) == (22_624, 11_312, 33_936)


def test_an_entered_row_has_the_mean_of_its_active_days():
    made = plan(start=MONDAY + timedelta(1), unit_cost=100_000, rates=((WED, 160_000),))
    assert cost(made, MONDAY, ActualFigures(100, 100)) == 3000
    assert cost(made, MONDAY - weeks(1), ActualFigures(100, 100)) == 0
    assert cost(made._replace(authorised=False), MONDAY, ActualFigures(100, 100)) == 0
    assert cost(made._replace(paid_on="planned"), MONDAY, ActualFigures(100, 100)) == 0


def test_a_visit_has_the_rate_of_its_planned_date():
    made = plan(unit_cost=100_000, rates=((WED, 200_000),))
    week = [visit("delivered", 30, 60), visit("planned", 60, day=WED), visit("none", 60, day=WED)]
    assert priced(made, MONDAY, week) == ((60, 100_000), (60, 200_000))
    assert cost(made, MONDAY, ActualFigures(100, 100, "visits", priced(made, MONDAY, week))) == 3000
    assert priced(made, MONDAY + weeks(1), []) == 0
    assert priced(plan(), MONDAY, week) == 120


def test_paid_minutes_follow_the_type():
    """None without delivered times on a type that pays what was delivered (5.4)."""
    assert [paid_minutes(visit(pays, 30, 45)) for pays in ("none", "planned", "delivered")] == [0, 30, 45]
    assert [paid_minutes(visit(pays, 30)) for pays in ("none", "planned", "delivered")] == [0, 30, 0]


def test_what_cannot_be_priced_is_an_error():
    made = plan(rates=((WED, 1),))
    with pytest.raises(ValueError, match="each rate"):
        cost(made, MONDAY, ActualFigures(100, 0, "visits", 60))
    with pytest.raises(ValueError, match="priced from"):
        cost(made, MONDAY, ActualFigures(100, 0, "visits"))


@given(plans(authorised=True), mondays, st.integers(0, 9000), st.integers(0, 900))
def test_entered_cost_is_exact(made, monday, actual, frustrated):
    rates = [rate_on(made, d) for d in (monday + timedelta(n) for n in range(7)) if is_active(made, d)]
    expected = Fraction((actual + frustrated) * sum(rates), 10_000 * len(rates)) if rates else 0
    assert Fraction(exact_cost(made, monday, ActualFigures(actual, frustrated)), EXACT) == expected


@given(plans(authorised=True), visits)
def test_visits_cost_is_exact_at_one_rate_or_two(made, week):
    week = [v for v in week if is_active(made, v.day)]
    if active_days(made, MONDAY)[2]:
        row = ActualFigures(0, 0, "visits", priced(made, MONDAY, week))
        expected = sum((Fraction(paid_minutes(v) * rate_on(made, v.day), 6_000) for v in week), Fraction(0))
        assert Fraction(exact_cost(made, MONDAY, row), EXACT) == expected


def test_working():
    assert cost_working(1400, "Hours", 161_600) == "14 (Actual + Frstd) Hours x £16.16"
    assert cost_working(100, "Nights", None) == "1 (Actual + Frstd) Night"


# By the day (4.5)


def test_we_38_a_day_unticked():
    row = DailyRow(75, ticks(0, 1, 2, 3, 4, 5, 6))
    assert daily_actual([row]) == 525
    assert daily_actual([DailyRow(75, ticks(0, 1, 2, 3, 4, 5))]) == 450
    assert missed_and_extra(525, 450, 0) == (75, 0)
    assert colour(450, 525) == "red"


def test_we_39_rows_added():
    row = DailyRow(75, ticks(*range(7)))
    assert daily_actual([row, DailyRow(50, ticks(0, 2))]) == 625
    assert daily_actual([row, DailyRow(50, ticks(0)), DailyRow(100, ticks(1))]) == 675
    assert missed_and_extra(525, 675, 0) == (0, 150)
    assert colour(675, 525) == "green"


def test_colours_have_words():
    assert colour(1, 1) == "plain"
    assert set(COLOUR_WORDS) == {"green", "red", "plain"}


@given(st.integers(0, 9000), st.integers(0, 9000), st.integers(0, 9000))
def test_worked_out_missed_and_extra_balance(planned, actual, frustrated):
    missed, extra = missed_and_extra(planned, actual, frustrated)
    assert difference(planned, actual, frustrated, missed, extra) == 0
    assert min(missed, extra) == 0 and max(missed, extra) >= 0


def test_generated_with_a_timetable():
    made = plan(slots=(*every_day(8, 8.75), slot(0, 12, 13), slot(2, 12, 13)))
    assert generated_rows(made, MONDAY) == (DailyRow(175, ticks(0, 2)), DailyRow(75, ticks(1, 3, 4, 5, 6)))
    assert generated_rows(made._replace(start=WED), MONDAY) == (
        DailyRow(175, ticks(2)),
        DailyRow(75, ticks(3, 4, 5, 6)),
    )


def test_generated_without_a_timetable():
    assert generated_rows(plan(), MONDAY) == (DailyRow(200, ticks(*range(7))),)
    assert generated_rows(plan(quantity=1000), MONDAY) == (DailyRow(142, ticks(*range(7))), DailyRow(6, ticks(0)))
    made = plan(quantity=1000, start=WED)
    assert generated_rows(made, MONDAY) == (DailyRow(142, ticks(2, 3, 4, 5, 6)), DailyRow(4, ticks(2)))


def test_generated_odd_minutes_still_add_up():
    made = plan(slots=(slot(1, 8, 8 + 20 / 60), slot(3, 8, 8 + 20 / 60)))
    assert generated_rows(made, MONDAY) == (DailyRow(33, ticks(1, 3)), DailyRow(1, ticks(1)))


def test_generated_where_nothing_is_planned():
    off = plan(frequency="2-Weekly", every=2, start=WED)
    assert generated_rows(off, MONDAY + weeks(1)) == (DailyRow(0, ticks(*range(7))),)
    assert generated_rows(off, MONDAY - weeks(1)) == ()


@given(plans(), mondays)
def test_generated_rows_add_up_to_the_plan_on_active_days(made, monday):
    rows = generated_rows(made, monday)
    assert daily_actual(rows) == planned_quantity(made, monday)
    first, last, _ = active_days(made, monday)
    assert all(first <= day <= last for row in rows for day in range(7) if row.ticks[day])
    assert all(row.quantity >= 0 for row in rows)
