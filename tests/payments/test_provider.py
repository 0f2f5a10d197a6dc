"""Scheduled payments as a provider has them, down to the visits."""

import csv
import datetime as dt
import io
import re

import pytest

from blueprints import weeks
from models import Hold, PackageRate, PaymentPeriod
from tests.cast import at
from tests.provider_world import add_visit, finalise, queries, settle
from tests.visits.test_provider import text_of

SEPTEMBER = dt.date(2026, 9, 7)


@pytest.fixture
def owner(client, cast):
    return cast.sign_in(client, cast.finance)


def period_address(cast, number: int) -> str:
    return f"/provider/payments/contracts/{cast.dapl.id}/periods/{cast.periods[number].id}"


def paid(cast, days: int = 3) -> None:
    """Ann's visits of the first days of September's period."""
    for number in range(days):
        add_visit(cast, f"V{number}", day=SEPTEMBER + dt.timedelta(number))
    settle(cast)


@pytest.mark.feature("R-01")
def test_periods_newest_first_until_one_is_chosen(owner, cast):
    html = owner.get("/provider/payments").text
    assert "Please select the scheduled period on the left" in html
    assert '<option value="2026/2027" selected' in html and "All Contracts" in html
    assert html.index("5 Oct 2026 to 1 Nov 2026") < html.index("7 Sep 2026 to 4 Oct 2026")
    assert "2 Nov 2026" not in html  # not begun
    cast.periods[0].delete_instance()
    PaymentPeriod.delete().execute()
    assert "There are no scheduled payments" in owner.get("/provider/payments").text


@pytest.mark.feature("R-02")
@pytest.mark.parametrize(
    "start, year", [("2026-03-30", "2025/2026"), ("2026-04-01", "2026/2027"), ("2026-03-31", "2025/2026")]
)
def test_a_period_belongs_to_the_year_of_its_first_day(owner, cast, start, year):
    first = dt.date.fromisoformat(start)
    PaymentPeriod.create(cycle=cast.cycle, start_date=first, end_date=first + dt.timedelta(13))
    name = f"{first.day} {first:%b} {first.year} to"
    for asked in ("2025/2026", "2026/2027"):
        html = owner.get(f"/provider/payments?year={asked}").text
        assert (name in html) == (asked == year)


@pytest.mark.feature("R-03", "R-04", "R-05", "R-07", "R-08", "R-12", "R-19")
def test_a_current_and_a_finalised_period(owner, cast):
    paid(cast)
    address = period_address(cast, 0)
    shown = text_of(owner.get(address).text)
    assert "Oakfield DAPL - 7 Sep 2026 to 4 Oct 2026" in shown and "CURRENT" in shown
    for words in (
        "Start Date 07/09/2026", "End Date 04/10/2026", "Payable, excl VAT £69.68", "VAT £0.00", "Total Payable £69.68",
        "Non-Payable £0.00", "Payable (1)", "Non-payable (0)", "Archer, Ann (A100001)",
    ):  # fmt: skip
        assert words in shown, words
    empty = text_of(owner.get(f"{address}?state=non-payable").text)
    assert "There are no items to display." in empty
    finalise(cast)
    add_visit(cast, "V9", day=SEPTEMBER + dt.timedelta(5))
    settle(cast)
    after = text_of(owner.get(address).text)
    assert "FINALISED" in after and "Total Payable £69.68" in after  # fixed


@pytest.mark.feature("R-05", "R-19")
def test_vat_and_totals_are_the_sums_of_the_lines(owner, cast):
    cast.dapl.vat_rate = 2000
    cast.dapl.save()
    paid(cast)
    rows = list(csv.DictReader(io.StringIO(owner.get(f"{period_address(cast, 0)}?format=csv").text)))
    assert [(row["Amount"], row["VAT"], row["Total"]) for row in rows] == [("69.68", "13.94", "83.62")]
    assert "Total Payable £83.62" in text_of(owner.get(period_address(cast, 0)).text)


@pytest.mark.feature("R-13", "R-04")
def test_adjustments_stand_in_the_open_period_with_week_and_reason(owner, cast):
    paid(cast)
    finalise(cast)
    add_visit(cast, "LATE", day=SEPTEMBER + dt.timedelta(4), minutes=30)
    settle(cast)
    shown = text_of(owner.get(period_address(cast, 1)).text)
    assert "Adjustment" in shown and "visits changed" in shown and "£11.61" in shown and "07/09/2026" in shown
    PackageRate.create(package=cast.package, from_date=SEPTEMBER, unit_cost=200000)
    settle(cast)
    shown = text_of(owner.get(period_address(cast, 1)).text)
    assert "rate changed" in shown and "£0.32" in shown  # 3.5 h at £20 less £69.68


@pytest.mark.feature("R-08", "R-07")
def test_what_is_held_stands_under_non_payable_with_its_reason(owner, cast):
    paid(cast)
    Hold.create(package=cast.package, week=SEPTEMBER, kind="cost", state="Suspended", reason="Care is being reviewed")
    address = period_address(cast, 0)
    assert "Non-Payable £69.68" in text_of(owner.get(address).text)
    held = text_of(owner.get(f"{address}?state=non-payable").text)
    assert "Suspended Care is being reviewed" in held and "£69.68" in held


@pytest.mark.feature("R-12", "R-13")
def test_from_an_amount_to_the_visits_that_it_is_made_of(owner, cast):
    paid(cast)
    finalise(cast)
    add_visit(cast, "LATE", day=SEPTEMBER + dt.timedelta(4), minutes=30)
    settle(cast)
    listed = owner.get(period_address(cast, 1)).text
    address = re.search(r'href="(/provider/payments/packages/\d+/weeks/2026-09-07)"', listed)[1]
    html = owner.get(address).text
    shown = text_of(html)
    for words in (
        "£81.29 £69.68 £11.61", "07/09/2026 to 04/10/2026", "05/10/2026 to 01/11/2026", "Finalised", "Current",
        "3.5 (Actual + Frstd) Hours x £23.226", "4 visits, 210 minutes paid", "LATE",
    ):  # fmt: skip
        assert words in shown, words
    visit = re.search(r'href="(/provider/visits/\d+)">LATE', html)[1]
    assert "Visit LATE for" in owner.get(visit).text


def test_others_payments_do_not_exist(client, cast):
    cast.sign_in(client, cast.outsider)
    for address in (period_address(cast, 0), f"/provider/payments/packages/{cast.package.id}/weeks/2026-09-07"):
        assert client.get(address).status_code == 404
    own = f"/provider/payments/packages/{cast.placed.id}/weeks/"
    assert client.get(own + "2026-09-07").status_code == 200
    for nonsense in ("2026-09-08", "soon", "20260907", "2026-W37-1"):
        assert client.get(own + nonsense).status_code == 404


def test_the_same_queries_for_one_line_as_for_many(owner, cast):
    add_visit(cast, "V0", day=SEPTEMBER)
    settle(cast)
    one, _ = queries(lambda: owner.get(period_address(cast, 0)))
    for number in range(10):
        package = cast.make_package(
            157000 + number, cast.bob, cast.south, cast.personal_care, cast.dapl, quantity=100, unit_cost=1
        )
        add_visit(cast, f"W{number}", package=package, day=SEPTEMBER, start=at(9) + number)
        settle(cast, package)
    many, _ = queries(lambda: owner.get(period_address(cast, 0)))
    assert one == many
    assert weeks.today()
