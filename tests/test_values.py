"""Single values: rules 2.1, 2.2, 2.3 and 5.2, and interfaces.md."""

import datetime
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints import values
from blueprints.values import Expected, Names, near

OCTOBER = datetime.date(2026, 10, 5)


@pytest.mark.parametrize(
    "text",
    [
        "5/10/2026", "05/10/2026", "05-10-2026", "5 10 26", "05/10/26", "5-Oct-2026", "05 OCT 26", "5/oct/2026",
        "2026-10-05",
    ],
)  # fmt: skip
def test_dates_of_the_visits_file(text):
    assert values.visit_date(text) == OCTOBER


@pytest.mark.parametrize(
    "text",
    [
        "", "5/1/2026", "05/10-2026", "05.10.2026", "2026/10/05", "2026-10-5", "05/10/026", "05102026",
        "5 October 2026",
        "٠5/10/2026", "05/10/2026 ", "05/Okt/2026", "005/10/2026", "05//10/2026", "05/10/20266", "0000-01-01",
    ],
)  # fmt: skip
def test_other_dates_are_refused(text):
    with pytest.raises(Expected, match="a date such as 05/10/2026"):
        values.visit_date(text)


@pytest.mark.parametrize("text", ["31/02/2026", "29/02/2025", "00/01/2026", "01/13/2026", "2026-02-30"])
@pytest.mark.parametrize("read", [values.visit_date, values.authority_date])
def test_days_that_do_not_exist_are_refused(read, text):
    with pytest.raises(Expected, match="that is in the calendar"):
        read(text)


def test_dates_of_the_authoritys_files():
    assert values.authority_date("2026-10-05") == values.authority_date("05/10/2026") == OCTOBER
    for text in ("5/10/2026", "05-10-2026", "05/10/26", "05 Oct 2026", "", "20261005"):
        with pytest.raises(Expected, match="2026-10-05 or 05/10/2026"):
            values.authority_date(text)


@given(st.dates())
def test_dates_leave_as_they_arrive(day):
    assert values.visit_date(values.show_date(day)) == day
    assert values.visit_date(values.file_date(day)) == values.authority_date(values.file_date(day)) == day


def test_times():
    assert values.time_of_day("0:00") == 0
    assert values.time_of_day("9:05") == values.time_of_day("09:05:00") == 9 * 3600 + 300
    assert values.time_of_day("23:59:59") == 86399
    for text in ("", "24:00", "9", "9.05", "09:60", "09:05:60", "9:5", "-9:05", "9:05pm", "٩:05", "009:05", "09:05\n"):
        with pytest.raises(Expected, match="a time such as 09:30"):
            values.time_of_day(text)


@given(st.integers(0, 86399))
def test_times_leave_as_they_arrive(second):
    assert values.time_of_day(values.show_time(second, seconds=True)) == second
    assert values.time_of_day(values.show_time(second)) == second - second % 60


def test_booleans():
    assert all(values.boolean(text) is True for text in ("1", "Y", "y", "yes", "YES", "true", "True"))
    assert all(values.boolean(text) is False for text in ("", "0", "N", "n", "no", "No", "FALSE"))
    for text in ("2", "on", "ja", "t", "-1", "yes!"):
        with pytest.raises(Expected, match="0, 1, yes or no"):
            values.boolean(text)


def test_whole_numbers():
    assert values.whole_number("007") == 7
    assert values.whole_number("1", least=1, most=9) == 1
    for text in ("", "-1", "+1", "1.0", "1,000", "٣", "²", "1e3", "1_0", " 1", "9" * 30):
        with pytest.raises(Expected, match="a whole number such as 12"):
            values.whole_number(text)
    with pytest.raises(Expected, match="from 1 to 9"):
        values.whole_number("0", least=1, most=9)


def test_decimals():
    assert values.decimal_units("3.5", 2) == 350
    assert values.quantity("3.05") == 305
    assert values.rate("16.16") == 161600
    assert values.money("0012") == 1200
    assert values.money("-12.50", negative=True) == -1250
    assert values.money("-0.00") == 0
    assert values.percentage("100") == 10_000


@pytest.mark.parametrize(
    "text, words",
    [
        ("1,234.50", "a number without commas, such as 1234.50"),
        ("3,5", "without commas"),
        ("£3", "without a pound sign"),
        ("-1", "not negative"),
        ("1.005", "at most 2 decimal places"),
        ("3.500", "at most 2 decimal places"),
        ("", "a number such as 1234.50"),
        ("+1", "a number such as"),
        ("1e3", "a number such as"),
        ("٣.5", "a number such as"),
        ("1_0", "a number such as"),
        ("5.", "a number such as"),
        (".5", "a number such as"),
        ("nan", "a number such as"),
        ("--1", "a number such as"),
        ("9" * 13, "a number such as"),
        ("1 000", "a number such as"),
    ],
)
def test_other_numbers_are_refused_in_words(text, words):
    with pytest.raises(Expected, match=words):
        values.decimal_units(text, 2)


def test_a_percentage_ends_at_a_hundred():
    with pytest.raises(Expected, match="from 0 to 100"):
        values.percentage("100.01")


@given(st.integers(-(10**13), 10**13))
def test_amounts_leave_as_they_arrive(units):
    assert values.money(values.file_money(units), negative=True) == units
    assert values.decimal_units(values.file_rate(units), 4, negative=True) == units
    assert values.show_money(units).replace("£", "").replace(",", "") == values.file_money(units)


@given(st.text(max_size=12))
def test_no_text_breaks_a_reader(text):
    for read in (values.visit_date, values.authority_date, values.time_of_day, values.boolean, values.whole_number,
                 values.money, values.rate, values.percentage):  # fmt: skip
        try:
            read(text)
        except Expected as error:
            assert str(error)


def test_half_up_is_of_the_absolute_value():
    assert values.half_up(11885, 10) == 1189
    assert values.half_up(-11885, 10) == -1189
    assert values.half_up(11884, 10) == 1188
    assert values.half_up(0, -3) == 0
    with pytest.raises(ZeroDivisionError):
        values.half_up(1, 0)


@given(st.integers(), st.integers().filter(bool))
def test_half_up_is_exact(numerator, denominator):
    result = values.half_up(numerator, denominator)
    assert values.half_up(-numerator, denominator) == -result
    assert abs(2 * numerator - 2 * result * denominator) <= abs(denominator)


@given(st.integers(-(10**9), 10**9), st.integers(0, 4))
def test_half_up_rounds_as_decimal_does(number, places):
    exact = Decimal(number).scaleb(-places)
    assert values.half_up(number, 10**places) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def test_183_minutes_at_23_pounds_2260_is_3_hours_05_and_70_pounds_84():
    assert values.show_quantity(values.half_up(183 * 100, 60)) == "3.05"
    assert values.show_money(values.half_up(183 * values.rate("23.2260"), 60 * 100)) == "£70.84"


def test_what_screens_show():
    assert values.show_date(OCTOBER) == "05/10/2026"
    assert values.show_date_long(OCTOBER) == "5 October 2026"
    assert values.show_time(34200) == "09:30"
    assert values.show_time(34205, seconds=True) == "09:30:05"
    assert values.show_money(123456) == "£1,234.56"
    assert values.show_money(-1250) == "-£12.50"
    assert values.show_money(-5) == "-£0.05"
    assert values.show_rate(161600) == "£16.16"
    assert values.show_rate(232260) == "£23.2260"
    assert values.show_rate(-232260) == "-£23.2260"
    assert [values.show_quantity(n) for n in (305, 1400)] == ["3.05", "14.00"]
    assert [values.show_quantity(n, short=True) for n in (305, 350, 1400, 0, -50)] == ["3.05", "3.5", "14", "0", "-0.5"]


def test_what_files_hold():
    assert values.file_date(OCTOBER) == "2026-10-05"
    assert values.file_money(123456) == "1234.56"
    assert values.file_money(-5) == "-0.05"
    assert values.file_quantity(1400) == "14.00"
    assert values.file_rate(161600) == "16.1600"


def test_nothing_is_shown_as_nothing():
    for show in (values.show_date, values.show_date_long, values.show_time, values.show_money, values.show_rate,
                 values.show_quantity, values.file_date, values.file_money, values.file_quantity,
                 values.file_rate):  # fmt: skip
        assert show(None) == ""


def test_one_close_name_is_suggested():
    known = ["Home Care", "Short Breaks", "Day Care"]
    assert near("home care ", known) == "Home Care"
    assert near("Hoem Care", known) == "Home Care"
    assert near("Residential", known) is None
    assert near("", known) is None
    assert near("x" * 10_000, known) is None


def test_suggestions_are_remembered_and_limited():
    names = Names(["Home Care"], searches=1)
    assert near("Home Cara", names) == names.near("Home Cara") == "Home Care"
    assert names.near("Hume Care") is None
    assert names.near("HOME CARE") == "Home Care"
    assert Names(["a", "b", "Home Care"], most=2).near("Home Care") is None
