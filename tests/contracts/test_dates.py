"""The payment calendar at the officers' door: days and dates changed, a cycle extended by one press (R-10, O-50, Z-08)."""

import csv
import datetime as dt
import io
import re

import pytest

from blueprints import weeks
from blueprints.history import Actor
from blueprints.periods import rules as periods
from models import Contract, PaymentCycle, PaymentPeriod
from tests import counting
from tests.pages import changed, fields, press
from tests.visits.test_provider import text_of

BY = Actor(None, "Rose Hill")


@pytest.fixture
def officer(client, cast):
    return cast.sign_in(client, cast.officer)


def dates_of(cast) -> str:
    return f"/authority/payment-cycles/{cast.cycle.id}/dates"


def period(cast, number: int) -> PaymentPeriod:
    return PaymentPeriod.get_by_id(cast.periods[number].id)


@pytest.mark.feature("O-50", "R-10", "Z-08")
def test_the_three_dates_of_a_period_are_set_and_shown(officer, cast):
    ident = cast.periods[1].id
    sent = {f"cut_off_{ident}": "4/11/2026", f"finalise_on_{ident}": "6/11/2026", f"pay_on_{ident}": "2026-11-13"}
    answer = press(officer, dates_of(cast), **sent)
    assert answer.status_code == 303
    row = period(cast, 1)
    assert (row.cut_off, row.finalise_on, row.pay_on) == (
        dt.date(2026, 11, 4), dt.date(2026, 11, 6), dt.date(2026, 11, 13)
    )  # fmt: skip
    text = text_of(officer.get(f"/authority/payment-cycles/{cast.cycle.id}").text)
    assert "04/11/2026" in text and "06/11/2026" in text and "13/11/2026" in text
    story = officer.get(f"/authority/payment-cycles/{cast.cycle.id}/history").text
    assert "Cut off" in story and "Pay on" in story and "03/11/2026" in story and "Amir Khan" in story


@pytest.mark.feature("O-50", "Z-08")
@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"finalise_on": "2/11/2026"}, "Enter a finalising date on or after 03/11/2026, the cut-off date; 02/11/2026 is before it"),
        ({"finalise_on": "6/11/2026", "pay_on": "5/11/2026"}, "Enter a payment date on or after 06/11/2026, the finalising date"),
        ({"cut_off": "", "pay_on": "4/10/2026"}, "Enter a payment date on or after 05/10/2026, when the period begins"),
        ({"cut_off": "4/11/2036"}, "within 120 days of the period"),
        ({"cut_off": "soon"}, "Enter a date such as 5/10/2026"),
        ({"end_date": "31/10/2026"}, "There is a gap after the period from 05/10/2026 to 31/10/2026"),
        ({"end_date": "5/11/2026"}, "overlaps the period from 05/10/2026 to 05/11/2026"),
        ({"end_date": "1/10/2026"}, "Enter a date on or after 05/10/2026, the start"),
        ({"start_date": ""}, "Enter the first day of the period"),
    ],
)  # fmt: skip
def test_dates_the_wrong_way_round_gaps_and_overlaps_are_refused(officer, cast, sent, said):
    ident = cast.periods[1].id
    before = [tuple(p.__data__.values()) for p in PaymentPeriod.select().order_by(PaymentPeriod.id)]
    answer = press(officer, dates_of(cast), **{f"{name}_{ident}": text for name, text in sent.items()})
    assert answer.status_code == 422 and said in text_of(answer.text)
    box = re.search(r'<a href="#(\w+_\d+)">', answer.text)
    assert box and f'id="{box[1]}"' in answer.text and f'aria-describedby="{box[1]}-error"' in answer.text
    for text in filter(None, sent.values()):
        assert f'value="{text}"' in answer.text
    assert [tuple(p.__data__.values()) for p in PaymentPeriod.select().order_by(PaymentPeriod.id)] == before


def test_first_and_last_days_move_together(officer, cast):
    one, two = cast.periods[1], cast.periods[2]
    answer = press(officer, dates_of(cast), **{f"end_date_{one.id}": "8/11/2026", f"start_date_{two.id}": "9/11/2026",
                                               f"cut_off_{one.id}": "10/11/2026"})  # fmt: skip
    assert answer.status_code == 303
    assert (period(cast, 1).end_date, period(cast, 2).start_date) == (dt.date(2026, 11, 8), dt.date(2026, 11, 9))


@pytest.mark.feature("Z-08")
def test_a_finalised_period_keeps_its_dates(officer, cast):
    mine = fields(officer.get(dates_of(cast)).text)
    periods.finalise(cast.dapl, cast.periods[0], BY, weeks.today())
    name = f"pay_on_{cast.periods[0].id}"
    assert name not in officer.get(dates_of(cast)).text
    answer = officer.post(dates_of(cast), data=changed(mine, {name: "20/10/2026"}))
    assert answer.status_code == 422
    assert "The period from 07/09/2026 was finalised or taken away while you had this page open" in text_of(answer.text)
    assert period(cast, 0).pay_on is None
    assert officer.post(dates_of(cast), data=fields(answer.text)).status_code == 303


def test_two_people_at_once_see_each_other_s_dates_and_lose_nothing(officer, cast):
    name, other = f"cut_off_{cast.periods[1].id}", f"cut_off_{cast.periods[2].id}"
    mine = fields(officer.get(dates_of(cast)).text)
    press(officer, dates_of(cast), **{name: "4/11/2026"})
    answer = officer.post(dates_of(cast), data=changed(mine, {name: "5/11/2026", other: "2/12/2026"}))
    assert answer.status_code == 422 and "Somebody else has set 04/11/2026 meanwhile" in text_of(answer.text)
    assert 'value="5/11/2026"' in answer.text and period(cast, 1).cut_off == dt.date(2026, 11, 4)
    again = officer.post(dates_of(cast), data=fields(answer.text))
    assert again.status_code == 303
    assert (period(cast, 1).cut_off, period(cast, 2).cut_off) == (dt.date(2026, 11, 5), dt.date(2026, 12, 2))


def test_a_colleague_s_change_of_another_box_is_kept(officer, cast):
    name, other = f"cut_off_{cast.periods[1].id}", f"cut_off_{cast.periods[2].id}"
    mine = fields(officer.get(dates_of(cast)).text)
    press(officer, dates_of(cast), **{name: "4/11/2026"})
    answer = officer.post(dates_of(cast), data=changed(mine, {other: "2/12/2026"}))
    assert answer.status_code == 303  # the first box was not touched
    assert (period(cast, 1).cut_off, period(cast, 2).cut_off) == (dt.date(2026, 11, 4), dt.date(2026, 12, 2))


@pytest.mark.feature("O-50")
def test_the_address_of_before_leads_here(officer, cast):
    answer = officer.get(f"/authority/payment-cycles/{cast.cycle.id}/cut-off-dates")
    assert answer.status_code == 301 and answer.location.endswith("/dates")


# by one press ----------------------------------------------------------------------------------------------------------


def extend(officer, cast, follow: bool = True):
    return officer.post(f"/authority/payment-cycles/{cast.cycle.id}/periods/extension", follow_redirects=follow)


@pytest.mark.feature("R-10")
def test_a_cycle_is_extended_a_year_ahead_by_one_press(officer, cast):
    last = period(cast, 3)
    last.finalise_on, last.pay_on = last.end_date + dt.timedelta(4), last.end_date + dt.timedelta(9)
    last.save()
    shown = officer.get(f"/authority/payment-cycles/{cast.cycle.id}").text
    assert "A period every 4 weeks" in shown and "Extend until a year ahead" in shown
    answer = extend(officer, cast)
    rows = list(PaymentPeriod.select().order_by(PaymentPeriod.start_date))
    assert f"{len(rows) - 4} periods are added, until 31 October 2027." in answer.text
    assert rows[-2].end_date < dt.date(2027, 10, 14) <= rows[-1].end_date
    for before, after in zip(rows, rows[1:], strict=False):
        assert after.start_date == before.end_date + dt.timedelta(1)
        assert (after.end_date - after.start_date).days == 27
    new = rows[-1]
    assert [(d - new.end_date).days for d in (new.cut_off, new.finalise_on, new.pay_on)] == [2, 4, 9]
    again = extend(officer, cast)
    assert "The periods reach until 31 October 2027 already" in again.text
    assert PaymentPeriod.select().count() == len(rows)
    assert "a year ahead and more" in officer.get(f"/authority/payment-cycles/{cast.cycle.id}").text


def test_what_has_no_rhythm_or_no_periods_is_led_to_the_list(officer, cast):
    odd = PaymentCycle.create(name="Odd")
    start = dt.date(2026, 9, 1)
    cast.cycle = odd
    answer = extend(officer, cast)
    assert "The cycle has no periods yet" in answer.text and "Add periods to Odd" in answer.text
    for days in (9, 31, 4, 17):
        PaymentPeriod.create(cycle=odd, start_date=start, end_date=start + dt.timedelta(days - 1))
        start += dt.timedelta(days)
    answer = extend(officer, cast)
    assert "no rhythm that the portal finds" in answer.text and "Add periods to Odd" in answer.text
    assert "Extend until" not in officer.get(f"/authority/payment-cycles/{odd.id}").text


def test_added_periods_carry_the_offsets_of_the_last(officer, cast):
    last = period(cast, 3)
    last.finalise_on, last.pay_on = last.end_date + dt.timedelta(4), last.end_date + dt.timedelta(9)
    last.save()
    form = fields(officer.get(f"/authority/payment-cycles/{cast.cycle.id}/periods/new").text)
    values = dict(form)
    assert (values["cut_off_days"], values["finalise_on_days"], values["pay_on_days"]) == (["2"], ["4"], ["9"])
    lines = "28/12/2026 24/1/2027 26/1/2027 28/1/2027 2/2/2027"
    shown = officer.post(
        f"/authority/payment-cycles/{cast.cycle.id}/periods/new", data=changed(form, {"how": "dates", "dates": lines})
    )
    assert "02/02/2027" in shown.text
    wrong = changed(form, {"how": "dates", "dates": "28/12/2026 24/1/2027 26/1/2027 25/1/2027"})
    refused = officer.post(f"/authority/payment-cycles/{cast.cycle.id}/periods/new", data=wrong)
    assert refused.status_code == 422 and "Enter a finalising date on or after 26/01/2027" in refused.text


# the calendar ----------------------------------------------------------------------------------------------------------


@pytest.mark.feature("R-10")
def test_the_calendar_a_year_ahead_with_its_ways_to_change(officer, cast):
    row = period(cast, 0)
    row.finalise_on = dt.date(2026, 10, 8)
    row.save()
    html = officer.get("/authority/payment-calendar").text
    text = text_of(html)
    assert "4 periods" in text and "Mon 05/10/2026" in text and "Tue 03/11/2026" in text
    assert "Thu 08/10/2026 Overdue" in text and "Next cut-off date Tue 03/11/2026, for 05/10/2026 to 01/11/2026" in text
    assert dates_of(cast) in html and "Extend a year ahead" in html
    for contract in Contract.select():
        periods.finalise(contract, cast.periods[0], BY, weeks.today())
    assert "3 periods" in text_of(officer.get("/authority/payment-calendar").text)
    year = text_of(officer.get("/authority/payment-calendar?show=2026/2027").text)
    assert "4 periods" in year and "Finalised" in year
    assert "4 periods" in text_of(officer.get("/authority/payment-calendar?show=2026/2027&cycle=999").text)
    rows = list(csv.DictReader(io.StringIO(officer.get("/authority/payment-calendar?show=2026/2027&format=csv").text)))
    assert rows[0] == {"PaymentCycle": "Four-weekly", "StartDate": "2026-09-07", "EndDate": "2026-10-04",
                       "CutOff": "2026-10-06", "FinaliseOn": "2026-10-08", "PayOn": "", "Status": "Finalised"}  # fmt: skip
    assert officer.get("/authority/payment-calendar?format=pdf").data.startswith(b"%PDF")


def test_the_calendar_takes_the_same_queries_for_more_cycles(officer, cast):
    one = counting.of(officer, "/authority/payment-calendar")
    for number in range(5):
        other = PaymentCycle.create(name=f"Other {number}")
        PaymentPeriod.create(cycle=other, start_date=dt.date(2026, 10, 1), end_date=dt.date(2026, 10, 31))
    assert counting.of(officer, "/authority/payment-calendar") == one
    assert "9 periods" in officer.get("/authority/payment-calendar").text


def test_who_may_only_read_sees_the_calendar_without_ways_to_change_it(client, cast):
    html = cast.sign_in(client, cast.reader).get("/authority/payment-calendar").text
    assert "4 periods" in html and "Change dates" not in html and "Extend" not in html
