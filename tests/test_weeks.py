"""Weeks, financial years, elapsed time and the clock: rules 1 and 2.1."""

import datetime

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from blueprints import weeks
from blueprints.weeks import ClockError, minutes_between

Date = datetime.date
HOUR = 3600
FORWARD = Date(2026, 3, 29)  # 01:00 becomes 02:00
BACK = Date(2026, 10, 25)  # 02:00 becomes 01:00

days = st.dates(Date(1990, 1, 1), Date(2060, 1, 1))
seconds = st.integers(0, 86_399)


def test_a_week_is_named_by_its_monday():
    assert weeks.monday(Date(2026, 10, 5)) == weeks.monday(Date(2026, 10, 11)) == Date(2026, 10, 5)
    assert weeks.monday(Date(2026, 10, 4)) == Date(2026, 9, 28)


@given(days)
def test_every_day_lies_in_the_week_of_its_monday(day):
    assert weeks.monday(day).weekday() == 0
    assert 0 <= (day - weeks.monday(day)).days < 7


def test_weeks_of_a_range():
    assert weeks.weeks(Date(2026, 10, 11), Date(2026, 10, 12)) == [Date(2026, 10, 5), Date(2026, 10, 12)]
    assert weeks.weeks(Date(2026, 10, 5), Date(2026, 10, 11)) == [Date(2026, 10, 5)]
    assert weeks.weeks(Date(2026, 10, 6), Date(2026, 10, 5)) == []


@given(days, st.integers(0, 800))
def test_weeks_are_those_of_the_days(start, length):
    span = [start + datetime.timedelta(days=number) for number in range(length)]
    expected = sorted({weeks.monday(day) for day in span})
    assert weeks.weeks(start, start + datetime.timedelta(days=length - 1)) == expected


def test_a_financial_year_runs_from_april_to_march():
    assert weeks.financial_year(Date(2026, 4, 1)) == weeks.financial_year(Date(2027, 3, 31)) == "2026/2027"
    assert weeks.financial_year(Date(2026, 3, 31)) == "2025/2026"
    assert weeks.financial_year_dates("2026/2027") == (Date(2026, 4, 1), Date(2027, 3, 31))
    for name in ("2026/2028", "2026", "2026/27", "2026-2027", ""):
        with pytest.raises(ValueError, match="2026/2027"):
            weeks.financial_year_dates(name)


@given(days)
def test_every_day_lies_in_its_financial_year(day):
    first, last = weeks.financial_year_dates(weeks.financial_year(day))
    assert first <= day <= last


# Elapsed time


def test_minutes_of_an_ordinary_visit():
    assert minutes_between(Date(2026, 10, 5), 9 * HOUR, 9 * HOUR + 1800) == 30
    assert minutes_between(Date(2026, 10, 5), 23 * HOUR, 7 * HOUR) == 480


def test_the_last_day_that_there_is_breaks_nothing():
    assert minutes_between(Date.max, 23 * HOUR, HOUR) == 120


def test_seconds_are_rounded_half_up():
    assert minutes_between(Date(2026, 10, 5), 0, 29) == 0
    assert minutes_between(Date(2026, 10, 5), 0, 30) == 1
    assert minutes_between(Date(2026, 10, 5), 0, 89) == 1
    assert minutes_between(Date(2026, 10, 5), 0, 90) == 2


def test_entry_equal_to_exit_is_an_error():
    for day in (Date(2026, 10, 5), FORWARD):
        with pytest.raises(ClockError, match="same as the entry time") as caught:
            minutes_between(day, HOUR, HOUR)
        assert caught.value.which == "exit"


def test_a_visit_across_a_clock_change_is_an_hour_longer_or_shorter():
    saturday = FORWARD - datetime.timedelta(days=1)
    assert minutes_between(saturday, 22 * HOUR, 7 * HOUR) == 8 * 60
    assert minutes_between(FORWARD, 0, 3 * HOUR) == 2 * 60
    assert minutes_between(FORWARD, 22 * HOUR, 7 * HOUR) == 9 * 60
    saturday = BACK - datetime.timedelta(days=1)
    assert minutes_between(saturday, 22 * HOUR, 7 * HOUR) == 10 * 60
    assert minutes_between(BACK, 0, 3 * HOUR) == 4 * 60
    assert minutes_between(BACK, 22 * HOUR, 7 * HOUR) == 9 * 60
    assert minutes_between(saturday, 9 * HOUR, 10 * HOUR) == 60


def test_a_time_that_occurs_twice_is_the_first():
    half_past_one = HOUR + 1800
    assert minutes_between(BACK, HOUR, half_past_one) == 30
    assert minutes_between(BACK, half_past_one, 2 * HOUR) == 90
    assert minutes_between(BACK, 0, half_past_one) == 90


def test_a_time_that_does_not_occur_is_an_error_that_says_so():
    with pytest.raises(ClockError, match="01:30 does not occur on 29/03/2026, when the clocks go forward") as caught:
        minutes_between(FORWARD, HOUR + 1800, 3 * HOUR)
    assert caught.value.which == "entry"
    with pytest.raises(ClockError, match="01:00 does not occur on 29/03/2026") as caught:
        minutes_between(FORWARD - datetime.timedelta(days=1), 22 * HOUR, HOUR)
    assert caught.value.which == "exit"
    assert minutes_between(FORWARD, 2 * HOUR, 3 * HOUR) == 60
    with pytest.raises(ClockError):
        weeks.instant(FORWARD, HOUR)


@given(days, seconds, seconds)
def test_the_short_way_and_the_long_way_agree(day, entry, leave):
    if entry == leave:
        return
    ends = day if leave > entry else day + datetime.timedelta(days=1)
    try:
        exact = (weeks.instant(ends, leave) - weeks.instant(day, entry)).total_seconds()
    except ClockError:
        with pytest.raises(ClockError):
            minutes_between(day, entry, leave)
    else:
        assert minutes_between(day, entry, leave) == int(exact + 30) // 60
        assert 0 < exact <= 25 * HOUR


# The clock


@pytest.fixture(autouse=True)
def own_clock():
    yield
    weeks.set_today(None)
    weeks.use_clock(None)


def test_today_is_londons():
    with time_machine.travel(datetime.datetime(2026, 6, 30, 23, 30, tzinfo=datetime.UTC), tick=False):
        assert weeks.today() == Date(2026, 7, 1)
        assert weeks.utc_now() == datetime.datetime(2026, 6, 30, 23, 30)


def test_today_can_be_set_and_asked_of_a_clock():
    weeks.use_clock(lambda: Date(2020, 1, 1))
    assert weeks.today() == Date(2020, 1, 1)
    weeks.set_today(Date(2021, 1, 1))
    assert weeks.today() == Date(2021, 1, 1)
    weeks.set_today(None)
    weeks.use_clock(lambda: None)
    assert abs(weeks.today() - Date.today()) <= datetime.timedelta(days=1)


def test_timestamps_are_shown_in_london_time():
    assert weeks.london(datetime.datetime(2026, 7, 1, 12)).isoformat() == "2026-07-01T13:00:00+01:00"
    assert weeks.london(datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)).hour == 12
