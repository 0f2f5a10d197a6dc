from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.money import apportion, half_up, hours, number, part_week, pounds, unit_price

whole = st.integers(-(10**14), 10**14)


@pytest.mark.parametrize(
    "n, d, rounded",
    [
        (11885, 10, 1189),
        (-11885, 10, -1189),
        (11884, 10, 1188),
        (0, 7, 0),
        (1, 2, 1),
        (-1, 2, -1),
        (1, 3, 0),
        (-1, 3, 0),
    ],
)
def test_half_up_is_of_the_absolute_value(n, d, rounded):
    assert half_up(n, d) == rounded


@pytest.mark.parametrize("d", [0, -1])
def test_half_up_refuses_a_denominator_that_is_not_positive(d):
    with pytest.raises(ValueError, match="positive"):
        half_up(1, d)


@given(whole, st.sampled_from([1, 2, 4, 5, 8, 10, 100, 10_000, 1_000_000]))
def test_half_up_equals_decimal(n, d):
    assert half_up(n, d) == int((Decimal(n) / d).quantize(Decimal(1), ROUND_HALF_UP))


@given(whole, st.integers(1, 10**9))
def test_half_up_is_symmetrical_and_within_a_half(n, d):
    assert half_up(-n, d) == -half_up(n, d)
    assert abs(2 * (half_up(n, d) * d - n)) <= d


@given(whole, whole, st.integers(1, 10**6))
def test_half_up_never_falls_as_the_amount_grows(a, b, d):
    low, high = sorted((a, b))
    assert half_up(low, d) <= half_up(high, d)


@pytest.mark.parametrize("minutes, quantity", [(183, 305), (0, 0), (1, 2), (20, 33), (40, 67), (60, 100), (425, 708)])
def test_hours_have_two_decimals(minutes, quantity):
    assert hours(minutes) == quantity


def test_part_of_a_week():
    assert [part_week(1000, days) for days in range(8)] == [0, 143, 286, 429, 571, 714, 857, 1000]


@given(whole, st.lists(st.integers(0, 1000), min_size=1, max_size=9).filter(any))
def test_shares_add_up_and_are_within_one_of_fair(amount, weights):
    shares = apportion(amount, weights)
    assert sum(shares) == amount
    assert all(abs(share * sum(weights) - amount * w) < sum(weights) for share, w in zip(shares, weights, strict=True))


def test_what_is_left_over_goes_to_the_largest_remainders_then_the_earlier():
    assert apportion(100, [1, 1, 1]) == [34, 33, 33]
    assert apportion(10, [1, 5, 3]) == [1, 6, 3]
    assert apportion(-100, [1, 1, 1]) == [-34, -33, -33]


@pytest.mark.parametrize("weights", [[], [0], [2, -1]])
def test_shares_need_weights(weights):
    with pytest.raises(ValueError, match="weights"):
        apportion(1, weights)


def test_words():
    assert [pounds(n) for n in (0, 5, 5656, 120450, 911424, -2206)] == [
        "£0.00", "£0.05", "£56.56", "£1,204.50", "£9,114.24", "-£22.06",
    ]  # fmt: skip
    assert [unit_price(n) for n in (161_600, 232_260, 150_000, 12_345, -161_600)] == [
        "£16.16", "£23.226", "£15.00", "£1.2345", "-£16.16",
    ]  # fmt: skip
    assert [number(n) for n in (1400, 350, 25, 100, 0, 1010, -95, 10_000)] == [
        "14", "3.5", "0.25", "1", "0", "10.1", "-0.95", "100",
    ]  # fmt: skip
