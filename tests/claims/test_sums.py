"""The working of the hospital incentive (rule 8.2), with the worked examples."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.claims import sums
from blueprints.claims.sums import SCHEMES, Call, Scheme, amount_of, stays, work_out
from tests.cast import at

RATE = 237700
DAPL, LWAH = SCHEMES["DAPL"], SCHEMES["LWAH"]


def call(day: str, start: int, minutes: int, kind: str = "H", rate: int = RATE, contract: int | None = 1) -> Call:
    """A visit on a day of November 2022 (`10`), or of another month (`2022-12-01`)."""
    when = dt.date.fromisoformat(day if "-" in day else f"2022-11-{int(day):02}")
    ref = f"{day} {start}"
    return Call(1, ref, when, start, start + minutes * 60, minutes, kind == "H", kind == "D", contract, 7, rate)


def day(text: str) -> dt.date:
    """A day of November 2022."""
    return dt.date(2022, 11, int(text))


@pytest.mark.feature("P-21", "P-22")
def test_we_25_one_hour_missed_at_the_weekend():
    calls = [call("6", at(14), 60, "D"), call("12", at(14), 60), call("13", at(14), 60, "D")]
    (stay,) = stays(calls)
    assert (stay.first, stay.last) == (day("12"), day("12"))
    # The provider knows the day of admission: the days without planned care add nothing.
    for first in (day("10"), stay.first):
        found = work_out(DAPL, stay.calls, first, stay.last, 1)
        assert (found.minutes, found.amount) == (60, 1189)
        assert found.formula == "1 x £23.77 x 50% = £11.89"


@pytest.mark.feature("P-21", "P-22")
def test_we_26_part_days_are_counted_by_visit():
    calls = [call("21", at(12), 30, "D"), call("25", at(18), 30, "D")]
    calls += [call("21", at(18), 30), call("25", at(12), 30)]
    calls += [call(str(n), at(hour), 30) for n in (22, 23, 24) for hour in (12, 18)]
    (stay,) = stays(calls)
    found = work_out(DAPL, stay.calls, stay.first, stay.last, 1)
    assert (found.days, found.minutes, found.amount) == (5, 240, 4754)
    assert sums.described(found) == (
        "In hospital from 21/11/2022 to 25/11/2022 (5 days), 4 hours missed: 4 x £23.77 x 50% = £47.54."
    )


@pytest.mark.feature("P-21")
def test_we_27_the_text_of_a_claim():
    # Admitted on 3 October after the morning call, back on the 7th from the 20:00 call: 8 half hours.
    refs = [("2022-10-03", 20)] + [(f"2022-10-0{n}", h) for n in (4, 5, 6) for h in (8, 20)] + [("2022-10-07", 8)]
    found = work_out(DAPL, [call(when, at(h), 30) for when, h in refs], dt.date(2022, 10, 3), dt.date(2022, 10, 7), 1)
    assert (found.days, found.minutes, found.amount) == (5, 240, 4754)


@pytest.mark.feature("P-18")
@pytest.mark.parametrize(
    ("scheme", "days", "expected"), [(DAPL, 7, 7), (DAPL, 8, 0), (LWAH, 14, 14), (LWAH, 15, 14), (LWAH, 40, 14)]
)
def test_we_44_the_boundaries_of_the_two_contracts(scheme, days, expected):
    start = dt.date(2022, 11, 1)
    calls = [call((start + dt.timedelta(n)).isoformat(), at(9), 60) for n in range(days)]
    found = work_out(scheme, calls, start, start + dt.timedelta(days - 1), 1)
    assert found.minutes == expected * 60
    assert [line.counts for line in found.lines] == [n < expected for n in range(days)]
    assert bool(found.why) == (expected == 0)


def test_working_days_are_monday_to_friday():
    friday = dt.date(2022, 11, 4)
    assert sums.days_of(friday, friday + dt.timedelta(10)) == 11
    assert sums.days_of(friday, friday + dt.timedelta(10), working_days=True) == 7
    scheme = Scheme(5000, 7, working_days=True)
    assert work_out(scheme, [call("4", at(9), 60)], friday, friday + dt.timedelta(10), 1).amount == 1189
    assert work_out(scheme, [call("4", at(9), 60)], friday, friday + dt.timedelta(11), 1).amount == 0


def test_each_visit_has_the_rate_of_its_day_and_the_sum_is_rounded_once():
    calls = [call("1", at(9), 20, rate=100001), call("2", at(9), 20, rate=100003), call("3", at(9), 20, rate=100003)]
    found = work_out(DAPL, calls, day("1"), day("3"), 1)
    assert found.amount == 500  # three lines of 166.67 pence each would be 501
    assert found.formula == "1 at the rates below x 50% = £5.00"


def test_a_delivered_visit_ends_a_stay_and_a_cancelled_one_does_not():
    calls = [call("1", at(9), 60), call("2", at(9), 60, "C"), call("3", at(9), 60), call("4", at(9), 60, "D"),
             call("5", at(9), 60)]  # fmt: skip
    found = stays(calls)
    assert [(s.first, s.last, len(s.calls)) for s in found] == [(day("1"), day("3"), 2), (day("5"), day("5"), 1)]


def test_what_is_not_matched_or_of_another_contract_does_not_count():
    calls = [call("1", at(9), 60), call("1", at(12), 60, contract=None), call("1", at(15), 60, contract=2)]
    found = work_out(DAPL, calls, day("1"), day("1"), 1)
    assert [(line.counts, line.why) for line in found.lines] == [(True, ""), (False, "not matched")]
    assert found.minutes == 60


@pytest.mark.feature("P-09")
def test_the_amount_is_quantity_times_unit_cost():
    assert amount_of(100, 237700) == 2377
    assert amount_of(250, 118850) == 2971  # 29.7125
    assert amount_of(50, 100010) == 500 and amount_of(50, 100100) == 501  # 500.05 and 500.5


@given(
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from("HDC"), st.integers(1, 600)), max_size=12),
    st.integers(0, 10), st.integers(0, 10), st.sampled_from([DAPL, LWAH]),
)  # fmt: skip
def test_the_amount_is_the_exact_sum_rounded_once(rows, skip, span, scheme):
    start = dt.date(2022, 11, 1)
    calls = [
        call((start + dt.timedelta(n)).isoformat(), at(i), minutes, kind) for i, (n, kind, minutes) in enumerate(rows)
    ]
    first = start + dt.timedelta(skip)
    found = work_out(scheme, calls, first, first + dt.timedelta(span), 1)
    assert found.minutes == sum(line.call.minutes for line in found.lines if line.counts)
    assert abs(found.amount * 100 - sum(line.share for line in found.lines)) <= 50 + len(found.lines)
    assert bool(found.why) == (found.amount == 0)
    for stay in stays(calls):
        assert not any(c.delivered for c in stay.calls)
