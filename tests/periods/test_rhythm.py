"""What repeats in a cycle's periods, and what follows from it (R-10)."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.periods.rhythm import MOST_PATTERN, following, rhythm_of, year_ahead

DAY = dt.timedelta(1)


def periods(start: dt.date, *lengths: int, **offsets) -> list[dict]:
    made = []
    for length in lengths:
        end = start + DAY * (length - 1)
        made.append({"start_date": start, "end_date": end, "cut_off": None, "finalise_on": None, "pay_on": None,
                     **{name: end + DAY * days for name, days in offsets.items()}})  # fmt: skip
        start = end + DAY
    return made


def months(start: dt.date, count: int, step: int = 1) -> list[dict]:
    firsts = [dt.date(start.year + (start.month - 1 + step * n) // 12, (start.month - 1 + step * n) % 12 + 1, start.day)
              for n in range(count + 1)]  # fmt: skip
    return [{"start_date": a, "end_date": b - DAY, "cut_off": None, "finalise_on": None, "pay_on": None}
            for a, b in pairwise(firsts)]  # fmt: skip


MONDAY = dt.date(2026, 9, 7)


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        (periods(MONDAY, 28, 28), "every 4 weeks"),
        (periods(MONDAY, 14), "every 2 weeks"),
        (periods(MONDAY, 7, 7, 7), "every week"),
        (periods(MONDAY, 10, 10), "every 10 days"),
        (periods(MONDAY, 28, 28, 35, 28, 28, 35, 28), "28, 28 and 35 days in turn"),
        (periods(MONDAY, 12, 28, 28, 28), "every 4 weeks"),
        (periods(MONDAY, 12, 30, 9, 14, 14, 14), "every 2 weeks"),
        (months(dt.date(2026, 4, 1), 6), "every month"),
        (months(dt.date(2027, 2, 1), 1), "every month"),
        (months(dt.date(2026, 4, 6), 13), "every month"),
        (months(dt.date(2026, 4, 1), 4, 3), "every three months"),
        (months(dt.date(2024, 4, 1), 2, 12), "every year"),
        (periods(dt.date(2027, 2, 8), 28), "every 4 weeks"),
        (periods(dt.date(2026, 9, 20), 11) + months(dt.date(2026, 10, 1), 3), "every month"),
    ],
)
def test_what_repeats(listed, words):
    assert rhythm_of(listed).words == words


@pytest.mark.parametrize("lengths", [(9, 31, 4, 17), (28, 14), (28, 28, 35, 28)])
def test_where_nothing_repeats_nothing_follows(lengths):
    assert rhythm_of(periods(MONDAY, *lengths)) is None
    with pytest.raises(ValueError, match="no rhythm"):
        following(periods(MONDAY, *lengths), MONDAY + DAY * 400)
    assert rhythm_of([]) is None


def test_months_are_as_long_as_they_are():
    made = following(months(dt.date(2027, 12, 1), 1), dt.date(2028, 3, 31))
    assert [(p["start_date"], p["end_date"]) for p in made] == [
        (dt.date(2028, 1, 1), dt.date(2028, 1, 31)), (dt.date(2028, 2, 1), dt.date(2028, 2, 29)),
        (dt.date(2028, 3, 1), dt.date(2028, 3, 31)),
    ]  # fmt: skip


def test_lengths_in_turn_go_on_where_they_stopped():
    made = following(periods(MONDAY, 28, 28, 35, 28, 28, 35, 28), MONDAY + DAY * 320)
    assert [(p["end_date"] - p["start_date"]).days + 1 for p in made][:4] == [28, 35, 28, 28]


def test_dates_lie_as_far_from_the_last_day_as_in_the_last_period_that_has_them():
    listed = periods(MONDAY, 28, cut_off=2, pay_on=9) + periods(MONDAY + DAY * 28, 28, cut_off=3)
    (one,) = following(listed, listed[-1]["end_date"] + DAY)
    assert [one[n] and (one[n] - one["end_date"]).days for n in ("cut_off", "finalise_on", "pay_on")] == [3, None, 9]


def test_a_year_ahead():
    assert year_ahead(dt.date(2026, 10, 14)) == dt.date(2027, 10, 14)
    assert year_ahead(dt.date(2028, 2, 29)) == dt.date(2029, 2, 28)


@given(
    st.lists(st.integers(1, 62), min_size=1, max_size=MOST_PATTERN),
    st.integers(2, 3),
    st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)),
    st.integers(0, 800),
)
def test_what_follows_has_no_gap_reaches_the_day_and_goes_on_in_turn(turn, times, start, ahead):
    listed = periods(start, *(turn * times))
    until = listed[-1]["end_date"] + DAY * ahead
    new = following(listed, until)
    assert bool(new) == (ahead > 0)
    for before, after in pairwise([*listed, *new]):
        assert after["start_date"] == before["end_date"] + DAY
    if 0 < len(new) < 120:
        assert new[-1]["start_date"] <= until <= new[-1]["end_date"]
    found = rhythm_of(listed)
    if not found.months:
        whole = turn * (times + len(new) // len(turn) + 1)
        assert [(p["end_date"] - p["start_date"]).days + 1 for p in new] == whole[len(listed) :][: len(new)]
