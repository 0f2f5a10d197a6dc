"""Pending Payments Exceptions, Pending Scheduled Payments and Remittance Advice at the provider's door."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

import pytest

from blueprints.payments import report as pending
from blueprints.reach import Reach
from blueprints.remittances import report as remittances
from blueprints.reporting import screen, walk
from blueprints.settings import rules as settings
from models import Contract, Finalisation, Hold, ItemKind, PackageRate, PaymentItem
from tests.provider_world import add_visit, finalise, queries, settle
from tests.visits.test_provider import text_of

SEPTEMBER = dt.date(2026, 9, 7)
EXCEPTIONS = "/provider/reports/pending-payments-exceptions"
PENDING = "/provider/reports/pending-scheduled-payments"
ADVICE = "/provider/reports/remittance-advice"
FINALISED = "/provider/reports/remittance-advice-by-finalisation"
NOTHING = "No information is available for the criteria you have requested."


@pytest.fixture
def owner(client, cast):
    return cast.sign_in(client, cast.finance)


def paid(cast) -> None:
    """Three of Ann's visits and one of Bob's, finalised in September's period."""
    for number in range(3):
        add_visit(cast, f"V{number}", day=SEPTEMBER + dt.timedelta(7 * number))
    add_visit(cast, "B1", package=cast.bobs, day=SEPTEMBER)
    settle(cast)
    finalise(cast)


def late(cast) -> None:
    """Half an hour more in a week that is paid."""
    add_visit(cast, "LATE", day=SEPTEMBER + dt.timedelta(1), minutes=30)
    settle(cast)


def period(cast, number: int = 0) -> int:
    return cast.periods[number].id


# exceptions ------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("U-02", "U-12")
def test_exceptions_show_at_once_and_say_when_there_are_none(owner, cast):
    shown = text_of(owner.get(EXCEPTIONS).text)
    assert "There is nothing to display: no adjustment is due in the next payment run." in shown
    assert "requires parameters" not in shown and "Organisation Oakfield Home Care" in shown
    paid(cast)
    late(cast)
    shown = text_of(owner.get(EXCEPTIONS).text)
    assert "Oakfield DAPL (C1), due in 05/10/2026 - 01/11/2026" in shown
    line = (
        "Archer, Ann A100001 156017 Oakfield North Personal Care 07/09/2026 07/09/2026 - 04/10/2026 Adjustment visits changed "
        "£11.61 £0.00 £11.61 £0.00 Payable"
    )
    assert line in shown and "Not final" in shown
    PackageRate.create(package=cast.bobs, from_date=SEPTEMBER, unit_cost=200000)
    settle(cast)
    assert "rate changed -£3.23 £0.00 -£3.23" in text_of(owner.get(EXCEPTIONS).text)


def test_an_adjustment_that_is_held_is_listed_and_not_counted(owner, cast):
    paid(cast)
    late(cast)
    Hold.create(package=cast.package, week=SEPTEMBER, kind="cost", state="Cancelled", reason="Not agreed")
    found = list(csv.DictReader(io.StringIO(owner.get(f"{EXCEPTIONS}?format=csv").text)))
    assert [(r["Total"], r["NonPayable"], r["Status"], r["Note"]) for r in found] == [
        ("0.00", "11.61", "Cancelled", "Not agreed")
    ]
    assert "Total £0.00 £0.00 £0.00 £11.61" in text_of(owner.get(EXCEPTIONS).text)


# pending ---------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("U-13")
def test_pending_payments_are_marked_not_final_and_go_down_to_the_package(owner, cast):
    asked = text_of(owner.get(PENDING).text)
    assert "Status [All Statuses] Payable Cancelled Suspended Carried forward" in asked
    paid(cast)
    late(cast)
    add_visit(cast, "O1", day=dt.date(2026, 10, 6))
    cast.dapl.vat_rate = 2000
    cast.dapl.save()
    settle(cast)
    shown = text_of(owner.get(f"{PENDING}?first=1/10/2026&last=31/10/2026").text)
    assert "Not final: these payments may change until the authority finalises the period." in shown
    assert "Oakfield DAPL (C1), 05/10/2026 to 01/11/2026" in shown and "07/09/2026 to 04/10/2026" not in shown
    assert (
        "Archer, Ann A100001 156017 Oakfield North Personal Care Care 1 1.00 £23.23 £4.65 £27.88 £0.00 Payable" in shown
    )
    address = f"/provider/payments/contracts/{cast.dapl.id}/periods/{period(cast, 1)}"
    total = re.search(r"Total Payable (£[\d.,]+)", text_of(owner.get(address).text))[1]
    assert re.search(rf"Total [\d.]+ £[\d.,]+ £[\d.,]+ {total} £0.00", shown), "the page of the period says the same"


def test_pending_payments_by_status(owner, cast):
    add_visit(cast, "V1", day=SEPTEMBER)
    add_visit(cast, "V2", day=SEPTEMBER + dt.timedelta(7))
    settle(cast)
    Hold.create(package=cast.package, week=SEPTEMBER, kind="cost", state="Suspended", reason="Review")
    every = pending.PendingWanted(SEPTEMBER, SEPTEMBER + dt.timedelta(60))
    reach = Reach.of_organisation(cast.oakfield.id)
    found = list(pending.pending_payments(reach, every).rows)
    assert [(r.weeks, r.total, r.held, r.status) for r in found] == [(1, 2323, 0, "Payable"), (1, 0, 2323, "Suspended")]
    assert [r.status for r in pending.pending_payments(reach, every._replace(status="Suspended")).rows] == ["Suspended"]
    assert owner.get(f"{PENDING}?first=1/9/2026&last=1/10/2026&status=Lost").status_code == 422


def test_what_earlier_periods_hold_is_not_asked_for(cast):
    add_visit(cast, "V1", day=SEPTEMBER)
    add_visit(cast, "V2", day=dt.date(2026, 10, 6))
    settle(cast)
    reach = Reach.of_organisation(cast.oakfield.id)
    october = pending.PendingWanted(dt.date(2026, 10, 5), dt.date(2026, 10, 5))
    assert [(r.period_start, r.total) for r in pending.pending_payments(reach, october).rows] == [
        (dt.date(2026, 10, 5), 2323)
    ]


def test_the_chart_has_a_bar_for_each_period(owner, cast):
    add_visit(cast, "V1", day=SEPTEMBER)
    add_visit(cast, "V2", day=dt.date(2026, 10, 6))
    settle(cast)
    html = owner.get(f"{PENDING}?first=1/9/2026&last=1/12/2026").text
    assert "Payments by period" in html and 'role="img"' in html
    assert "05/10/2026, Payable: £23.23" in html and "Period beginning 07/09/2026 to 05/10/2026." in text_of(html)
    assert "07/09/2026 £23.23 £0.00" in text_of(html), "the figures as a table"


# remittances -----------------------------------------------------------------------------------------------------------


@pytest.mark.feature("U-06", "U-14")
def test_periods_that_are_finalised_newest_first(owner, cast):
    shown = text_of(owner.get(ADVICE).text)
    assert "No period is finalised yet, so there is no remittance to show." in shown
    assert "[All Contracts] Oakfield DAPL" in shown and "[All Payment Methods]" in shown
    paid(cast)
    html = owner.get(ADVICE).text
    assert "requires parameters" in html
    assert re.findall(
        r'<option value="(\d+)"(?: selected[^>]*)?>([^<]*)</option>', html.split('id="period"')[1].split("</select>")[0]
    ) == [(str(period(cast)), "07/09/2026 - 04/10/2026")]
    finalise(cast, 1)
    options = [words for _, words in remittances.periods(Reach.of_organisation(cast.oakfield.id))]
    assert options == ["05/10/2026 - 01/11/2026", "07/09/2026 - 04/10/2026"]
    other = Contract.create(
        ref="C9",
        name="Another",
        organisation=cast.oakfield,
        contract_type="Spot",
        cycle=cast.cycle,
        payment_method="BACS",
    )
    options = [words for _, words in remittances.periods(Reach.of_organisation(cast.oakfield.id))]
    assert options == ["* 05/10/2026 - 01/11/2026", "* 07/09/2026 - 04/10/2026"], "partly finalised"
    assert remittances.methods(Reach.of_organisation(cast.oakfield.id)) == ["BACS"]
    assert remittances.contracts(Reach.of_organisation(cast.brookhouse.id)) == [(str(cast.spot.id), "Brookhouse Spot")]
    assert "02/11/2026 - 29/11/2026" not in owner.get(ADVICE).text
    refused = owner.get(f"{ADVICE}?period={period(cast, 2)}")
    assert refused.status_code == 422 and "Choose the period from the list" in text_of(refused.text)
    found = text_of(owner.get(f"{ADVICE}?period={period(cast)}&contract={other.id}").text)
    assert NOTHING in found
    assert NOTHING in text_of(owner.get(f"{ADVICE}?period={period(cast)}&method=BACS").text)


@pytest.mark.feature("U-14", "U-15")
def test_its_lines_and_its_total(owner, cast):
    settings.put("remittance_note", "Ask 01632 960 100 about this remittance.")
    cast.package.contribution = 1000
    cast.package.save()
    paid(cast)
    late(cast)
    shown = text_of(owner.get(f"{ADVICE}?period={period(cast)}").text)
    assert "Oakfield DAPL (C1), 07/09/2026 to 04/10/2026, finalised" in shown
    for line in (
        "Archer, Ann A100001 Personal Care Cost Care 07/09/2026 27/09/2026 3 £69.69 £0.00 £69.69",
        "Archer, Ann A100001 Personal Care Income Client contribution 07/09/2026 04/10/2026 4 -£40.00 £0.00 -£40.00",
        "Items of the same client, kind and service level are one line",
        "Ask 01632 960 100 about this remittance.",
    ):
        assert line in shown, line
    done = Finalisation.get(Finalisation.period == cast.periods[0])
    assert "Total 8 £52.92 £0.00 £52.92" in shown and done.amount == 5292
    assert shown.index("Total 8") < shown.index("Ask 01632")
    finalise(cast, 1)
    october = text_of(owner.get(f"{ADVICE}?period={period(cast, 1)}").text)
    assert "Cost Adjustment visits changed 07/09/2026 13/09/2026 1 £11.61" in october


@pytest.mark.feature("U-14")
def test_a_summary_has_one_line_for_each_client_and_contract(owner, cast):
    cast.package.contribution = 1000
    cast.package.save()
    paid(cast)
    answer = owner.get(f"{ADVICE}?period={period(cast)}&summary=y&format=csv")
    found = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(r["SSRef"], r["ContractRef"], r["Total"]) for r in found] == [
        ("A100001", "C1", "29.69"),
        ("A100002", "C1", "23.23"),
    ]


@pytest.mark.feature("U-15")
def test_pairs_that_cancel_are_left_out_and_manual_adjustments_stand_alone(cast):
    paid(cast)
    done = Finalisation.get(Finalisation.period == cast.periods[0])
    facts = {
        "finalisation": done, "contract": cast.dapl, "organisation": cast.oakfield, "week": SEPTEMBER, "state": "Payable",
    }  # fmt: skip
    for amount in (500, -500):
        PaymentItem.create(
            package=cast.package, kind=ItemKind.ADJUSTMENT, reason="rate changed", amount=amount, **facts
        )
    for amount, note in ((700, "Travel in the snow"), (-700, "Paid twice in May")):
        PaymentItem.create(kind=ItemKind.MANUAL, reason="agreed", amount=amount, note=note, **facts)
    report = remittances.advice(Reach.of_organisation(cast.oakfield.id), remittances.AdviceWanted(period(cast)))
    lines = [row for part in walk(report) for row in part.rows]
    assert [(r.kind, r.total) for r in lines if r.kind != "Care"] == [
        ("Manual adjustment", 700),
        ("Manual adjustment", -700),
    ]
    assert report.said()[1:] == [
        "Oakfield DAPL, manual adjustment: Travel in the snow", "Oakfield DAPL, manual adjustment: Paid twice in May",
    ]  # fmt: skip


def test_by_the_day_of_finalising(owner, cast):
    paid(cast)
    Finalisation.update(at=dt.datetime(2026, 10, 6, 23, 30)).execute()  # half past midnight on the 7th in London
    found = text_of(owner.get(f"{FINALISED}?first=7/10/2026&last=7/10/2026").text)
    assert "finalised 07/10/2026" in found and "Total 4 £92.92 £0.00 £92.92" in found
    for query in ("first=6/10/2026&last=6/10/2026", "first=8/10/2026&last=9/10/2026"):
        assert NOTHING in text_of(owner.get(f"{FINALISED}?{query}").text)


def test_the_same_queries_for_one_line_as_for_many(owner, cast):
    addresses = [
        EXCEPTIONS, f"{PENDING}?first=1/9/2026&last=1/12/2026", f"{ADVICE}?period={period(cast)}",
        f"{FINALISED}?first=1/1/2026&last=1/1/2027",
    ]  # fmt: skip
    paid(cast)
    late(cast)
    one = [queries(lambda a=a: owner.get(a))[0] for a in addresses]
    for number in range(10):
        package = cast.make_package(
            157000 + number, cast.bob, cast.south, cast.personal_care, cast.dapl, quantity=100, unit_cost=200
        )
        for week in range(6):
            add_visit(cast, f"W{number}-{week}", package=package, day=SEPTEMBER + dt.timedelta(7 * week))
        settle(cast, package)
    many = [queries(lambda a=a: owner.get(a))[0] for a in addresses]
    assert one == many


def test_a_page_beyond_the_last_is_the_last(cast):
    paid(cast)
    report = remittances.advice(Reach.whole(), remittances.AdviceWanted(period(cast)))
    assert screen(report, 99, size=1).page == 2


@pytest.mark.feature("U-06")
def test_before_the_first_period_is_finalised_there_is_nothing_to_choose(cast, client):
    cast.sign_in(client, cast.finance)
    for query in ("", "?contract=&method=&period=", "?period=12"):
        answer = client.get(f"/provider/reports/remittance-advice{query}")
        assert answer.status_code == 200 and "No period is finalised yet" in answer.text
