"""Contracts, payment cycles and periods as officers see and keep them."""

import datetime as dt

import pytest

from blueprints import consequences, history
from blueprints.periods import rules as periods
from models import Contract, Due, PaymentCycle, PaymentPeriod
from tests.cast import MONDAY
from tests.conftest import TODAY
from tests.pages import confirm, press, queries


def finalise(cast):
    consequences.settle()
    periods.finalise(cast.spot, cast.periods[0], history.Actor(cast.officer.id, "Amir Khan"), TODAY)


def test_a_new_contract_and_its_list(client, cast):
    cast.sign_in(client, cast.officer)
    answer = press(
        client, f"/authority/contracts/new?organisation={cast.oakfield.id}", ref="C9", name="Oakfield LWAH",
        contract_type="LWAH", cycle=str(cast.cycle.id), vat_rate="20",
    )  # fmt: skip
    assert answer.status_code == 303
    row = Contract.get(Contract.ref == "C9")
    assert (row.vat_rate, row.payment_basis) == (2000, "portal")
    assert "Oakfield LWAH" in client.get("/authority/contracts?kind=LWAH").text
    assert "20.00" in client.get(f"/authority/organisations/{cast.oakfield.id}/contracts?format=csv").text


def test_once_finalised_cycle_vat_and_basis_are_fixed(client, cast):
    """Rule 7.1."""
    cast.sign_in(client, cast.officer)
    finalise(cast)
    other = PaymentCycle.create(name="Two-weekly")
    for field, value in (("vat_rate", "20"), ("payment_basis", "invoice"), ("cycle", str(other.id))):
        answer = press(client, f"/authority/contracts/{cast.spot.id}/edit", **{field: value})
        assert answer.status_code == 422 and "finalised" in answer.text
    assert press(client, f"/authority/contracts/{cast.spot.id}/edit", name="Brookhouse terms").status_code == 303


def test_a_contract_s_periods_and_states(client, cast):
    cast.sign_in(client, cast.reader)
    finalise(cast)
    text = client.get(f"/authority/contracts/{cast.spot.id}/periods").text
    assert text.count("govuk-tag--green") == 1 and "by Amir Khan" in text
    assert "Finalised" in client.get(f"/authority/contracts/{cast.spot.id}/periods?format=csv").text


def test_lists_take_the_same_queries_at_ten_rows(client, cast):
    cast.sign_in(client, cast.officer)
    for address in ("/authority/contracts", "/authority/payment-cycles"):
        client.get(address)
    few = [queries(client, a) for a in ("/authority/contracts", "/authority/payment-cycles")]
    for n in range(10):
        cycle = PaymentCycle.create(name=f"Cycle {n}")
        Contract.create(ref=f"X{n}", name=f"Extra {n}", organisation=cast.oakfield, contract_type="Spot", cycle=cycle)
    assert [queries(client, a) for a in ("/authority/contracts", "/authority/payment-cycles")] == few


@pytest.mark.feature("R-10")
def test_periods_are_added_a_year_ahead_after_they_are_shown(client, cast):
    cast.sign_in(client, cast.officer)
    address = f"/authority/payment-cycles/{cast.cycle.id}/periods/new"
    shown = press(client, address)
    assert shown.status_code == 200 and "These 14 periods will be added" in shown.text
    assert PaymentPeriod.select().count() == 4
    assert confirm(client, shown).status_code == 303
    rows = list(PaymentPeriod.select().order_by(PaymentPeriod.start_date))
    assert len(rows) == 18
    assert all(b.start_date - a.end_date == dt.timedelta(1) for a, b in zip(rows, rows[1:], strict=False))
    assert rows[-1].cut_off == rows[-1].end_date + dt.timedelta(2)
    # pressed twice, nothing is added twice
    again = confirm(client, shown)
    assert again.status_code == 422 and "overlaps" in again.text and PaymentPeriod.select().count() == 18


@pytest.mark.feature("R-10")
def test_gaps_and_overlaps_are_refused(client, cast):
    cast.sign_in(client, cast.officer)
    address = f"/authority/payment-cycles/{cast.cycle.id}/periods/new"
    answer = press(client, address, start="4/1/2027", until="31/1/2027")
    assert answer.status_code == 422 and "There is a gap after the period from 30/11/2026 to 27/12/2026" in answer.text
    answer = press(client, address, start="21/12/2026", until="31/1/2027")
    assert answer.status_code == 422 and "overlaps" in answer.text
    answer = press(client, address, how="dates", dates="28/12/2026 31/1/2027 3/2/2027\n1/2/2027 28/2/2027")
    assert "These 2 periods will be added" in answer.text
    assert confirm(client, answer).status_code == 303
    answer = press(client, address, how="dates", dates="1/3/2027 oops")
    assert answer.status_code == 422 and "Line 1: enter a date" in answer.text
    assert PaymentPeriod.select().count() == 6


@pytest.mark.feature("R-02")
def test_a_period_across_the_year_s_end_belongs_to_the_year_of_its_first_day():
    from blueprints.weeks import financial_year

    assert financial_year(dt.date(2027, 3, 31)) == "2026/2027"
    assert financial_year(dt.date(2027, 4, 1)) == "2027/2028"


def test_two_weekly_periods_of_a_new_cycle(client, cast):
    cast.sign_in(client, cast.officer)
    press(client, "/authority/payment-cycles/new", name="Two-weekly")
    cycle = PaymentCycle.get(PaymentCycle.name == "Two-weekly")
    shown = press(
        client,
        f"/authority/payment-cycles/{cycle.id}/periods/new",
        how="2",
        start="5/10/2026",
        until="2/11/2026",
        cut_off_days="",
    )
    assert "These 3 periods" in shown.text
    confirm(client, shown)
    assert [p.end_date for p in cycle.periods.order_by(PaymentPeriod.start_date)][0] == dt.date(2026, 10, 18)
    answer = press(client, "/authority/payment-cycles/new", name="two-weekly")
    assert answer.status_code == 422 and "in use already" in answer.text


def test_new_periods_make_later_weeks_due(client, cast):
    cast.sign_in(client, cast.officer)
    address = f"/authority/payment-cycles/{cast.cycle.id}/periods/new"
    confirm(client, press(client, address, until="28/12/2026"))
    consequences.settle()
    assert Due.get_or_none((Due.package == cast.placed) & (Due.week == dt.date(2026, 12, 28)))


def test_the_last_unused_period_can_be_taken_away(client, cast):
    cast.sign_in(client, cast.officer)
    at = f"/authority/payment-cycles/{cast.cycle.id}/periods"
    client.post(f"{at}/{cast.periods[2].id}/deletion")
    assert PaymentPeriod.select().count() == 4
    client.post(f"{at}/{cast.periods[3].id}/deletion")
    assert PaymentPeriod.select().count() == 3
    finalise(cast)
    PaymentPeriod.delete().where(PaymentPeriod.start_date > MONDAY - dt.timedelta(1)).execute()
    client.post(f"{at}/{cast.periods[0].id}/deletion")
    assert "finalised" in client.get(f"/authority/payment-cycles/{cast.cycle.id}").text
    assert PaymentPeriod.select().count() == 1


def test_how_many_contracts_are_finalised(client, cast):
    cast.sign_in(client, cast.reader)
    finalise(cast)
    rows = client.get(f"/authority/payment-cycles/{cast.cycle.id}?format=csv").text.splitlines()
    assert rows[-1].endswith(",1,1")
    assert "Partly finalised" in client.get(f"/authority/payment-cycles/{cast.cycle.id}").text
