from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.actuals.sums import ActualFigures
from blueprints.money import half_up
from blueprints.packages.plan import cost_over, in_week, is_active, rate_on, weekly_minutes
from blueprints.payments.sums import Basis, basis, due, reason, reason_of_rates, weeks_due
from tests.plans import MONDAY, every_day, mondays, plan, plans, slot, weeks

WED = MONDAY + timedelta(2)

rows = st.one_of(
    st.none(),
    st.builds(
        ActualFigures,
        st.integers(0, 9000),
        st.integers(0, 900),
        st.sampled_from(["generated", "entered", "imported"]),
        unpaid=st.integers(0, 50),
    ),
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 2_000_000)), max_size=3).map(
        lambda pairs: ActualFigures(100, 50, "visits", tuple(pairs))
    ),
)


def figures(found):
    return found[:3]


def rounded(exact):
    return half_up(exact.numerator, exact.denominator)


def by_the_words(made, monday, row):
    """Cost, VAT and contribution from the words of 7.2 and 7.4, in fractions, day by day."""
    days = [d for d in (monday + timedelta(n) for n in range(7)) if is_active(made, d)]
    if not days or not made.authorised or made.invoiced:
        return 0, 0, 0
    minutes = weekly_minutes(made)
    weekly = Fraction(made.quantity, 100) if minutes is None else Fraction(minutes, 60)
    rates = [Fraction(rate_on(made, d), 100) for d in days]
    exact = Fraction(0)
    if made.frequency == "One-off":
        if made.start in days:
            exact = weekly * rates[0]
    elif made.paid_on == "planned":
        if in_week(made, monday):
            exact = sum((weekly * rate / 7 for rate in rates), Fraction(0))
    elif made.paid_on == "actuals" and row is not None:
        if row.source == "visits":
            exact = sum((Fraction(minutes, 60) * Fraction(rate, 100) for minutes, rate in row.priced), Fraction(0))
        else:
            exact = Fraction(row.actual + row.frustrated - row.unpaid, 100) * sum(rates) / len(rates)
    cost = rounded(exact * (1 - Fraction(made.discount, 10_000)))
    contribution = -rounded(Fraction(made.contribution * len(days), 7)) if made.every else 0
    return cost, rounded(Fraction(cost * made.vat, 10_000)), contribution


# What is due (7.2)


def test_we_07_two_weeks_of_diamond_home_care():
    span = (MONDAY, MONDAY + weeks(1))

    def paid(quantity, lines=1):
        actuals = {monday: ActualFigures(quantity, 0, "generated") for monday in span}
        return lines * sum(found.cost for _, found in weeks_due(plan(quantity=quantity), *span, actuals))

    sums = [paid(350, lines=2), paid(1400), paid(350)]
    assert (sums, sum(sums)) == ([22_624, 45_248, 11_312], 79_184)


def test_paid_on_actuals_needs_a_row():
    assert due(plan(), MONDAY)[:5] == (0, 0, 0, 0, 161_600)
    assert due(plan(), MONDAY, ActualFigures(1300, 50))[:5] == (21_816, 0, 0, 1350, 161_600)


def test_discount_is_taken_before_the_one_rounding_and_vat_after_it():
    made = plan(quantity=350, unit_cost=237_700, discount=1_000, vat=2_000)
    assert figures(due(made, MONDAY, ActualFigures(350, 0))) == (7_488, 1_498, 0)  # 74.8755, 14.976


def test_paid_on_plan_by_active_days_whatever_was_delivered():
    made = plan(quantity=100, unit_cost=1_228_400, paid_on="planned", start=WED)
    assert due(made, MONDAY, ActualFigures(999, 0))[:5] == (8_774, 0, 0, 71, 1_228_400)
    assert due(made, MONDAY + weeks(1))[:4] == (12_284, 0, 0, 100)
    assert due(made, MONDAY - weeks(1))[:5] == (0, 0, 0, 0, None)


def test_paid_on_plan_a_timetable_is_pro_rata_by_days_though_its_quantity_is_by_slots():
    made = plan(unit_cost=100_000, paid_on="planned", start=WED, slots=(slot(0, 8, 15),))
    assert due(made, MONDAY)[:4] == (5_000, 0, 0, 0)


def test_paid_on_plan_in_its_weeks_only():
    made = plan(paid_on="planned", frequency="2-Weekly", every=2, contribution=700)
    assert [figures(found) for _, found in weeks_due(made, MONDAY, MONDAY + weeks(2), {})] == [
        (22_624, 0, -700),
        (0, 0, -700),
        (22_624, 0, -700),
    ]


def test_a_rate_change_within_the_week():
    made = plan(quantity=700, unit_cost=100_000, rates=((WED, 200_000),), paid_on="planned")
    assert due(made, MONDAY).cost == 12_000
    assert due(made._replace(paid_on="actuals"), MONDAY, ActualFigures(700, 0)).cost == 12_000
    assert (
        due(made._replace(paid_on="actuals"), MONDAY, ActualFigures(100, 0, "visits", ((60, 200_000),))).cost == 2_000
    )


@pytest.mark.parametrize("paid_on", ["actuals", "planned", "one-off"])
def test_a_one_off_is_due_once_whatever_the_level_says(paid_on):
    made = plan(
        start=WED, frequency="One-off", every=0, quantity=100, unit_cost=150_000, paid_on=paid_on, contribution=5
    )
    assert due(made, MONDAY, ActualFigures(900, 0))[:5] == (1_500, 0, 0, 100, 150_000)
    assert figures(due(made, MONDAY + weeks(1), ActualFigures(900, 0))) == (0, 0, 0)


def test_a_yearly_allocation_is_paid_as_taken():
    made = plan(frequency="Yearly", every=0, quantity=2800, unit_cost=800_000, intermittent=True, contribution=5)
    assert due(made, MONDAY)[:4] == (0, 0, 0, 0)
    assert due(made, MONDAY, ActualFigures(200, 0))[:4] == (16_000, 0, 0, 200)


@pytest.mark.parametrize("fact", [{"authorised": False}, {"invoiced": True}])
def test_nothing_is_due_and_no_contribution_taken(fact):
    made = plan(contribution=700, **fact)
    assert due(made, MONDAY, ActualFigures(1400, 0))[:4] == (0, 0, 0, 0)
    assert due(made._replace(paid_on="planned"), MONDAY)[:4] == (0, 0, 0, 0)


def test_an_ended_package_leaves_a_row_that_costs_nothing():
    found = due(plan(end=MONDAY - timedelta(1), contribution=700), MONDAY, ActualFigures(1400, 0))
    assert found[:5] == (0, 0, 0, 0, None)


@pytest.mark.parametrize("days, taken", [(1, 143), (2, 286), (3, 429), (4, 571), (5, 714), (6, 857), (7, 1000)])
def test_a_contribution_is_by_active_days(days, taken):
    made = plan(contribution=1000, end=MONDAY + timedelta(days - 1), vat=2_000, discount=5_000)
    assert due(made, MONDAY)[:3] == (0, 0, -taken)


@given(plans(), mondays, rows)
def test_due_is_what_the_words_say(made, monday, row):
    assert figures(due(made, monday, row)) == by_the_words(made, monday, row)


@given(plans(paid_on="planned"))
def test_weeks_add_up_to_the_range_but_for_their_roundings(made):
    if made.every and made.authorised and not made.invoiced:
        first, last = MONDAY - weeks(8), MONDAY + weeks(8)
        total = sum(found.cost for _, found in weeks_due(made, first, last, {}))
        assert abs(total - cost_over(made, first, last + timedelta(6), discounted=True)) <= 17


@given(plans(), mondays, st.integers(0, 5000), st.integers(0, 5000))
def test_more_delivered_is_never_paid_less(made, monday, a, b):
    low, high = (due(made, monday, ActualFigures(n, 0)) for n in sorted((a, b)))
    assert low.cost <= high.cost and low.vat <= high.vat and low.contribution == high.contribution


# The fast form


@given(plans(), mondays, st.integers(0, 14), st.dictionaries(mondays, rows.filter(bool), max_size=15))
def test_the_fast_form_equals_due(made, first, length, actuals):
    last = first + weeks(length)
    expected = [
        (first + weeks(n), due(made, first + weeks(n), actuals.get(first + weeks(n)))) for n in range(length + 1)
    ]
    assert list(weeks_due(made, first, last, actuals)) == expected


@given(plans(rates=()), mondays, st.integers(0, 14), st.dictionaries(mondays, st.integers(0, 5000), max_size=15))
def test_the_fast_form_equals_due_for_visits_at_one_rate(made, first, length, minutes):
    actuals = {monday: ActualFigures(n, n // 2, "visits", n) for monday, n in minutes.items()}
    expected = [
        (first + weeks(n), due(made, first + weeks(n), actuals.get(first + weeks(n)))) for n in range(length + 1)
    ]
    assert list(weeks_due(made, first, first + weeks(length), actuals)) == expected


def test_no_weeks_and_unpriced_visits():
    assert list(weeks_due(plan(), MONDAY, MONDAY - weeks(1), {})) == []
    with pytest.raises(ValueError, match="priced from"):
        list(weeks_due(plan(), MONDAY, MONDAY, {MONDAY: ActualFigures(1, 0, "visits")}))


# Reasons (7.3)


def test_the_basis_is_short_text():
    assert basis(plan(contribution=700, discount=250), MONDAY) == Basis("1 127 1400 250 700", "161600")
    made = plan(start=MONDAY + timedelta(1), end=MONDAY + timedelta(3), rates=((WED, 1),))
    assert basis(made, MONDAY) == Basis("1 14 600 0 0", "161600 1 1")
    assert basis(made, MONDAY - weeks(1)) == Basis("1 0 0 0 0", "")


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"authorised": False}, "package changed"),
        ({"end": MONDAY + timedelta(5)}, "package changed"),
        ({"quantity": 1401}, "package changed"),
        ({"discount": 1}, "package changed"),
        ({"contribution": 1}, "package changed"),
        ({"slots": every_day(8, 9)}, "package changed"),
        ({"quantity": 1401, "unit_cost": 1}, "package changed"),
        ({"unit_cost": 1}, "rate changed"),
        ({"rates": ((MONDAY + timedelta(6), 1),)}, "rate changed"),
        ({"rates": ((MONDAY + timedelta(7), 1),)}, "actuals changed"),
        ({"slots": every_day(8, 10)}, "actuals changed"),
        ({"end": MONDAY + timedelta(6)}, "actuals changed"),
        ({}, "actuals changed"),
    ],
)
def test_reasons(change, expected):
    before, now = basis(plan(), MONDAY), basis(plan(**change), MONDAY)
    assert reason(before, now, "weekly") == reason(before, now, "daily") == expected
    assert reason(before, now, "visits") == expected.replace("actuals", "visits")
    assert reason(now, before, "weekly") == expected


def test_a_new_or_vanished_package_has_changed():
    assert reason(None, basis(plan(), MONDAY), "visits") == "package changed"
    assert reason(basis(plan(), MONDAY), None, "visits") == "package changed"


def test_days_that_move_within_the_week_change_the_package():
    tuesday = MONDAY + timedelta(1)
    before, now = plan(start=MONDAY, end=tuesday), plan(start=tuesday, end=WED)
    assert reason(basis(before, MONDAY), basis(now, MONDAY), "weekly") == "package changed"


@given(plans(), mondays)
def test_the_same_facts_give_the_same_basis(made, monday):
    assert basis(made, monday) == basis(made._replace(id=made.id + 1, vat=1, paid_on="planned"), monday)


@given(plans(), plans(), mondays)
def test_where_nothing_but_rates_differs_the_reason_is_the_same_the_short_way(before, other, week):
    now = before._replace(unit_cost=other.unit_cost, rates=other.rates)
    assert reason_of_rates(before, now, week) == reason(basis(before, week), basis(now, week), now.entry)
    assert reason_of_rates(before, before, week) == reason(basis(before, week), basis(before, week), now.entry)
