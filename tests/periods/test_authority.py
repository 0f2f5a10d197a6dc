"""Officers work with payment periods: look through, finalise, and are told when somebody was faster."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

import pytest

from blueprints import consequences, weeks
from blueprints.history import Actor
from blueprints.jobs import rules as jobs
from blueprints.payments import rules as payments
from blueprints.periods import rules as periods
from blueprints.settings import rules as settings
from models import (
    Change,
    Client,
    Contract,
    Finalisation,
    Hold,
    Job,
    Package,
    PackageRate,
    PaymentItem,
    PaymentPeriod,
    StalePackage,
)
from tests import counting
from tests.cast import MONDAY
from tests.conftest import TODAY
from tests.test_engine import send
from tests.visits.test_provider import text_of

BY = Actor(None, "Rose Hill")


@pytest.fixture
def world(cast):
    """Visits in the first two periods, worked out."""
    for n in range(0, 35, 7):
        send(cast, f"V{n}", dt.date(2026, 9, 7) + dt.timedelta(n))
    consequences.follow(consequences.Change(packages=[cast.placed.id]), now=True)
    return cast


@pytest.fixture
def officer(client, world):
    """The officer with every role, signed in."""
    return world.sign_in(client, world.officer)


def hidden(text: str) -> dict:
    """The hidden fields of the form that finalises."""
    found = dict(re.findall(r'<input[^>]*name="(contract|lines|total)"[^>]*value="([^"]*)"', text))
    assert set(found) == {"contract", "lines", "total"}
    return found


def address(world, number: int = 0, more: str = "") -> str:
    return f"/authority/periods/{world.periods[number].id}{more}"


@pytest.mark.feature("R-04", "R-11")
def test_periods_of_the_year_with_what_they_come_to(officer, world):
    text = officer.get("/authority/periods").text
    assert "2026/2027" in text and "Four-weekly" in text
    assert "07/09/2026 to 04/10/2026" in text and "06/10/2026" in text
    # four hours of Ann's care in the first period, and four weeks of Cat's placement
    assert "£2,677.16" in text
    assert text.index("30/11/2026") < text.index("07/09/2026")


@pytest.mark.feature("R-02")
def test_another_financial_year(officer, world):
    PaymentPeriod.create(cycle=world.cycle, start_date=dt.date(2026, 3, 30), end_date=dt.date(2026, 4, 26))
    PaymentPeriod.create(cycle=world.cycle, start_date=dt.date(2026, 4, 1), end_date=dt.date(2026, 4, 28))
    text = officer.get("/authority/periods?year=2025/2026").text
    assert "30/03/2026 to 26/04/2026" in text and "01/04/2026" not in text
    assert "01/04/2026 to 28/04/2026" in officer.get("/authority/periods?year=2026/2027").text
    assert officer.get("/authority/periods?year=nonsense").status_code == 200


@pytest.mark.feature("R-11")
def test_a_partly_finalised_period_is_marked(officer, world):
    periods.finalise(world.dapl, world.periods[0], BY, TODAY)
    text = officer.get("/authority/periods").text
    assert "04/10/2026</a> *" in text and "Partly finalised" in text and "1 of 2" in text
    assert "finalised for some of its contracts only" in text


def test_a_cycle_without_a_current_period_is_said(officer, world):
    for contract in (world.dapl, world.spot):
        Finalisation.insert_many([{"contract": contract, "period": p, "by": "x"} for p in world.periods]).execute()
    for page in ("/authority/periods", "/authority/"):
        assert "It has no current period" in officer.get(page).text


def test_line_by_line(officer, world):
    Hold.create(
        package=world.package,
        week=MONDAY - dt.timedelta(28),
        kind="cost",
        state="Suspended",
        reason="Under query",
        by="x",
    )
    here = address(world, 0, f"/contracts/{world.dapl.id}")
    text = officer.get(here).text
    assert "CURRENT" in text and "Payable (3)" in text and "Non-payable (1)" in text
    assert "£69.69" in text and "£23.23" in text and "Under query" not in text
    held = officer.get(here + "?tab=non-payable").text
    assert "Suspended" in held and "Under query" in held
    items = payments.items(world.dapl, world.periods[0])
    assert payments.totals(items)["total"] == 6969
    finalise(officer, world, contract=world.dapl)
    assert "FINALISED" in officer.get(here).text
    # the way down to what it is made of
    week = officer.get(f"/authority/payments/packages/{world.package.id}/weeks/2026-09-14")
    assert week.status_code == 200 and "V7" in week.text


def test_an_empty_tab_says_so(officer, world):
    text = officer.get(address(world, 0, f"/contracts/{world.dapl.id}?tab=non-payable")).text
    assert "No non-payable lines in this period." in text and "£0.00" in text


@pytest.mark.feature("R-13")
def test_adjustments_with_their_reasons(officer, world):
    periods.finalise(world.dapl, world.periods[0], BY, TODAY)
    PackageRate.create(package=world.package, from_date=dt.date(2026, 9, 1), unit_cost=240000)
    consequences.follow(consequences.Change(packages=[world.package.id]), now=True)
    here = address(world, 1, f"/contracts/{world.dapl.id}")
    text = officer.get(here + "?kind=adjustment").text
    assert "4 lines" in text and "rate changed" in text and "£3.08" in text
    text = officer.get(here + "?reason=rate+changed&client=archer").text
    assert "4 lines" in text
    assert "No payable lines match the filter." in officer.get(here + "?client=nobody").text
    rows = list(
        csv.reader(io.StringIO(officer.get(here + "?format=csv&kind=adjustment").get_data().decode("utf-8-sig")))
    )
    assert len(rows) == 5 and rows[1][7] == "rate changed"


def finalise(officer, world, number: int = 0, contract=None):
    """Confirm, then press; returns the answer to the press."""
    query = f"?contract={contract.id}" if contract else ""
    shown = officer.get(address(world, number, f"/finalisations/new{query}"))
    assert shown.status_code == 200
    return officer.post(address(world, number, "/finalisations"), data=hidden(shown.text))


@pytest.mark.feature("R-11", "R-04")
def test_finalising_all_says_first_what_it_does(officer, world):
    text = officer.get(address(world, 0, "/finalisations/new")).text
    for words in ("£2,677.16", "Finalise 2 contracts", "Finalising cannot be undone.", "Oakfield DAPL"):
        assert words in text
    answer = finalise(officer, world)
    assert answer.status_code == 303
    job = Job.get(Job.kind == "finalise")
    assert answer.location == f"/authority/periods/{world.periods[0].id}/finalisations/{job.id}"
    waiting = officer.get(answer.location).text
    assert "Waiting to begin" in waiting and "Refresh" in waiting
    jobs.run_waiting()
    text = officer.get(answer.location).text
    assert "2 contracts are finalised, £2,677.16 payable." in text and "Remittance" in text
    assert Finalisation.select().count() == 2
    assert sum(i.amount for i in PaymentItem.select()) == 267716
    before = [tuple(r) for r in PaymentItem.select().tuples()]
    send(world, "late", dt.date(2026, 9, 8))
    assert [tuple(r) for r in PaymentItem.select().tuples()] == before


@pytest.mark.feature("R-11")
def test_finalising_one_contract(officer, world):
    answer = finalise(officer, world, contract=world.dapl)
    assert answer.location.endswith(f"/contracts/{world.dapl.id}")
    assert "Oakfield DAPL is finalised for 7 September 2026 to 4 October 2026." in officer.get(answer.location).text
    assert [f.contract_id for f in Finalisation.select()] == [world.dapl.id]


def test_pressed_twice_or_by_two_officers_it_is_done_once(officer, world):
    data = hidden(officer.get(address(world, 0, "/finalisations/new")).text)
    first = officer.post(address(world, 0, "/finalisations"), data=data)
    again = officer.post(address(world, 0, "/finalisations"), data=data)
    assert first.location == again.location and Job.select().where(Job.kind == "finalise").count() == 1
    second = world.sign_in(
        officer.application.test_client(), world.user("p@a.example", "Petra Ames", None, ["payments"])
    )
    same = second.post(address(world, 0, "/finalisations"), data=data)
    assert same.location == first.location
    assert "Amir Khan pressed Finalise" in second.get(same.location).text
    jobs.run_waiting()
    late = second.post(address(world, 0, "/finalisations"), data=data)
    assert "This period has been finalised already, by Amir Khan at" in second.get(late.location).text
    assert Finalisation.select().count() == 2
    assert (
        "There is nothing left to finalise. Amir Khan finalised"
        in second.get(address(world, 0, "/finalisations/new")).text
    )


def test_a_figure_that_changed_meanwhile_finalises_nothing(officer, world):
    data = hidden(officer.get(address(world, 0, "/finalisations/new")).text)
    send(world, "late", dt.date(2026, 9, 8))
    answer = officer.post(address(world, 0, "/finalisations"), data=data)
    assert answer.status_code == 409 and "The figures have changed since you looked" in answer.text
    assert hidden(answer.text) != data
    # and the same when it changes between the press and the job
    officer.post(address(world, 0, "/finalisations"), data=hidden(answer.text))
    send(world, "later", dt.date(2026, 9, 9))
    jobs.run_waiting()
    job = Job.get(Job.kind == "finalise")
    text = officer.get(address(world, 0, f"/finalisations/{job.id}")).text
    assert "Nothing was finalised." in text and "Look at the figures again" in text
    assert not Finalisation.select().exists() and not PaymentItem.select().exists()


def test_weeks_still_to_come_and_earlier_periods_are_said(officer, world):
    text = officer.get(address(world, 1, "/finalisations/new")).text
    assert "3 weeks of this period are still to come or not over, from 12 October 2026" in text
    assert "still current for 2 contracts and is finalised with it" in text
    finalise(officer, world, 1)
    jobs.run_waiting()
    assert Finalisation.select().count() == 4


def test_a_period_that_has_not_begun(officer, world):
    data = hidden(officer.get(address(world, 0, "/finalisations/new")).text)
    here = address(world, 2)
    assert "It can be finalised from 2 November 2026." in officer.get(here).text
    text = officer.get(here + "/finalisations/new").text
    assert "A period can be finalised from its first day, 2 November 2026." in text and "Finalise 2" not in text
    assert officer.post(here + "/finalisations", data=data).status_code == 409
    assert not Finalisation.select().exists()


def test_whoever_changed_a_package_may_be_kept_from_finalising(officer, world):
    settings.put("same_person_may_finalise", False)
    Change.create(user=world.officer, by="Amir Khan", what="Changed", thing="package", thing_id=world.package.id)
    text = officer.get(address(world, 0, "/finalisations/new")).text
    assert "You changed a package of Oakfield DAPL since it was last finalised. Somebody else must finalise it." in text
    assert 'name="lines"' not in text
    data = {"contract": "", "lines": "8", "total": "267716"}
    answer = officer.post(address(world, 0, "/finalisations"), data=data)
    assert answer.status_code == 409 and "Somebody else must finalise it" in answer.text
    one = {"contract": str(world.dapl.id), "lines": "4", "total": "9292"}
    answer = officer.post(address(world, 0, "/finalisations"), data=one)
    assert answer.status_code == 409 and "Somebody else must finalise it" in answer.text
    assert not Finalisation.select().exists()


def test_who_may_finalise(client, world):
    reader = world.sign_in(client, world.reader)
    assert "/finalisations/" not in reader.get(address(world)).text
    refused = reader.get(address(world, 0, "/finalisations/new"))
    assert refused.status_code == 403 and "payments" in refused.text
    assert reader.post(address(world, 0, "/finalisations"), data={}).status_code == 403


def test_what_is_stale_is_said_and_calculated(officer, world):
    StalePackage.create(package=world.placed)
    Package.update(contribution=1000).where(Package.id == world.placed.id).execute()
    text = officer.get("/authority/periods").text
    assert "package waits to be worked out" in text and "Calculate" in text
    assert "Calculate first, then finalise" in officer.get(address(world, 0, "/finalisations/new")).text
    answer = officer.post("/authority/periods/calculations")
    assert officer.post("/authority/periods/calculations").location == answer.location
    assert "Waiting to begin" in officer.get(answer.location).text
    jobs.run_waiting()
    assert "Everything is worked out" in officer.get(answer.location).text
    assert "£2,637.16" in officer.get("/authority/periods").text


def test_a_form_that_says_nothing_is_answered_with_the_figures(officer, world):
    answer = officer.post(address(world, 0, "/finalisations"), data={"lines": "x", "total": ""})
    assert answer.status_code == 422 and "These are the figures as they stand now" in answer.text
    assert not Finalisation.select().exists()


def test_rows_that_are_not_there(officer, world):
    other = Contract.create(ref="X", name="X", organisation=world.oakfield, contract_type="Spot", cycle=another_cycle())
    for path in ("/999", "/999/finalisations/new", "/999/payments.csv"):
        assert officer.get("/authority/periods" + path).status_code == 404
    for path in (
        f"/contracts/{other.id}",
        f"/finalisations/new?contract={other.id}",
        "/finalisations/new?contract=x",
        "/finalisations/7",
    ):
        assert officer.get(address(world, 0, path)).status_code == 404
    assert officer.get(f"/authority/remittances/contracts/{other.id}/periods/{world.periods[0].id}").status_code == 404
    assert officer.get(f"/authority/payments/packages/{world.package.id}/weeks/2026-10-06").status_code == 404
    assert officer.get(f"/authority/payments/packages/{world.package.id}/weeks/nonsense").status_code == 404


def another_cycle():
    from models import PaymentCycle

    return PaymentCycle.create(name="Other")


@pytest.mark.feature("R-19")
def test_the_remittance_is_the_sum_of_its_lines(officer, world):
    here = f"/authority/remittances/contracts/{world.dapl.id}/periods/{world.periods[0].id}"
    assert "Provisional" in officer.get(here).text
    finalise(officer, world, contract=world.dapl)
    text = officer.get(here).text
    assert "Finalised" in text and "Provisional" not in text and "£92.92" in text and "£0.00" in text
    rows = list(csv.DictReader(io.StringIO(officer.get(here + "?format=csv").get_data().decode("utf-8-sig"))))
    assert [r["Total"] for r in rows] == ["92.92"]


def test_payments_of_a_period_as_a_file(officer, world):
    answer = officer.get(address(world, 0, "/payments.csv"))
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert len(rows) == 8 and {r["Status"] for r in rows} == {"Current"}
    assert sum(round(float(r["Amount"]) * 100) for r in rows) == 267716
    assert {r["PeriodStart"] for r in rows} == {"2026-09-07"}
    assert "attachment" in answer.headers["Content-Disposition"]


def test_as_many_queries_for_many_contracts_as_for_one(officer, world):
    pages = (
        "/authority/periods",
        address(world, 0),
        address(world, 0, "/finalisations/new"),
        address(world, 0, f"/contracts/{world.dapl.id}"),
        "/authority/",
    )
    few = [counting.of(officer, page) for page in pages]
    idents = []
    for n in range(10):
        contract = Contract.create(
            ref=f"M{n}", name=f"More {n}", organisation=world.brookhouse, contract_type="Spot", cycle=world.cycle
        )
        idents.append(
            world.make_package(
                300000 + n, world.cat, world.house, world.placement, contract, quantity=100, unit_cost=10000
            ).id
        )
        idents.append(
            world.make_package(
                400000 + n, world.bob, world.north, world.placement, world.dapl, quantity=100, unit_cost=10000
            ).id
        )
    consequences.follow(consequences.Change(packages=idents), now=True)
    assert [counting.of(officer, page) for page in pages] == few
    assert max(few) < 35, few


def test_a_page_beyond_the_last_is_the_last(officer, world):
    assert officer.get(address(world, 0, "?page=99")).status_code == 200
    assert officer.get(address(world, 0, f"/contracts/{world.dapl.id}?page=-1")).status_code == 200


def test_a_job_whose_process_died_is_begun_again_and_finds_all_or_nothing(officer, world):
    answer = finalise(officer, world)
    job = Job.get(Job.kind == "finalise")
    jobs.claim(job.id)
    Job.update(leased_until=weeks.utc_now() - dt.timedelta(seconds=1)).where(Job.id == job.id).execute()
    assert "Nothing is half done" in officer.get(answer.location).text
    assert jobs.reap() == [job.id]
    jobs.run_waiting()
    assert "2 contracts are finalised" in officer.get(answer.location).text
    # it died after its commit and before it could say so
    Job.update(state="Queued").where(Job.id == job.id).execute()
    jobs.run_waiting()
    assert Job.get_by_id(job.id).state == "Done" and Finalisation.select().count() == 2


# looking through, chosen contracts -------------------------------------------------------------------------------------


@pytest.mark.feature("R-11")
def test_a_period_is_looked_through_beside_the_one_before(officer, world):
    periods.finalise(world.dapl, world.periods[0], BY, TODAY)
    PackageRate.create(package=world.package, from_date=dt.date(2026, 10, 5), unit_cost=300000)
    consequences.follow(consequences.Change(packages=[world.package.id]), now=True)
    text = text_of(officer.get(address(world, 1, "/review")).text)
    assert "5 October 2026 to 1 November 2026, beside 7 September 2026 to 4 October 2026" in text
    # Cat's placement as before; one of Ann's visits of £30.00 against four of £23.23
    assert "Total Payable £2,614.24 The period before £2,677.16 Difference -£62.92" in text
    assert "Rates changed by more than 10% 1 £30.00" in text and "Negative totals None -" in text
    assert "Oakfield DAPL (C1) Oakfield Home Care Current £30.00 £92.92 -£62.92 -68%" in text
    one = text_of(officer.get(address(world, 1, f"/review?contract={world.dapl.id}")).text)
    assert "Look through Oakfield DAPL" in one and "Archer, Ann A100001 £30.00 £92.92 -£62.92" in one
    rows = officer.get(address(world, 1, "/review/rates"))
    assert "£23.2260 to £30.00 (+29.2%)" in text_of(rows.text)
    assert f"/holds/contracts/{world.dapl.id}/periods/{world.periods[1].id}/new?client={world.ann.id}" in rows.text
    settings.put("rate_change_percent", 30)
    assert "Rates changed by more than 30% None" in text_of(officer.get(address(world, 1, "/review")).text)
    found = officer.get(address(world, 1, "/review/no-actuals?format=csv")).get_data().decode("utf-8-sig")
    assert [r["SSRef"] for r in csv.DictReader(io.StringIO(found))] == ["A100002"]  # Bob had no visits


@pytest.mark.feature("R-11")
def test_what_stands_out_is_seen_before_finalising(officer, world):
    Client.update(date_of_death=dt.date(2026, 9, 20)).where(Client.id == world.cat.id).execute()
    text = officer.get(address(world, 0, "/finalisations/new")).text
    assert "What stands out" in text and "Paid after a date of death or end" in text
    assert "/review/after-death-or-end" in text and "£1,292.12" in text  # the two weeks after that Sunday
    text = text_of(officer.get(address(world, 0, "/review/after-death-or-end")).text)
    assert "2 rows, £1,292.12" in text and "Died on 20/09/2026" in text
    # with an earlier period that is finalised with it, both are looked at
    assert officer.get(address(world, 1, "/finalisations/new")).text.count("What stands out in the period from") == 2
    reader = world.sign_in(officer.application.test_client(), world.reader)
    assert reader.get(address(world, 0, "/review")).status_code == 200
    assert "Hold<" not in reader.get(address(world, 0, "/review/after-death-or-end")).text


@pytest.mark.feature("R-11")
def test_several_chosen_contracts_are_finalised_as_a_job(officer, world):
    more = [
        Contract.create(ref=f"M{n}", name=f"More {n}", organisation=world.brookhouse, contract_type="Spot",
                        cycle=world.cycle)
        for n in range(2)
    ]  # fmt: skip
    assert "Finalise the chosen contracts" in officer.get(address(world, 0)).text
    query = f"?contract={world.dapl.id}&contract={more[0].id}"
    shown = officer.get(address(world, 0, f"/finalisations/new{query}")).text
    assert "Finalise 2 chosen contracts" in shown and "£92.92" in shown and "Brookhouse Spot" not in shown
    answer = officer.post(address(world, 0, "/finalisations"), data=hidden(shown))
    jobs.run_waiting()
    text = officer.get(answer.location).text
    assert "2 contracts are finalised, £92.92 payable." in text and "2 other contracts of this period were not" in text
    assert {f.contract_id for f in Finalisation.select()} == {world.dapl.id, more[0].id}
    again = officer.post(address(world, 0, "/finalisations"), data=hidden(shown))
    assert "Each of these contracts has been finalised already, by Amir Khan" in officer.get(again.location).text
    # nothing chosen is everything that is left
    assert "Finalise 2 contracts" in officer.get(address(world, 0, "/finalisations/new")).text


def test_contracts_of_another_cycle_or_none_are_not_found(officer, world):
    for query in ("contract=999", "contract=x", f"contract={world.dapl.id}&contract=0"):
        for page in ("/review", "/review/rates", "/finalisations/new"):
            assert officer.get(address(world, 0, f"{page}?{query}")).status_code == 404
    assert officer.get(address(world, 0, "/review/nonsense")).status_code == 404
    data = {"contract": "999", "lines": "8", "total": "267716"}
    assert officer.post(address(world, 0, "/finalisations"), data=data).status_code == 404


def test_a_period_does_not_wait_for_contracts_that_are_paid_by_invoice(officer, world):
    Contract.create(
        ref="INV", name="By invoice", organisation=world.oakfield, contract_type="Spot", cycle=world.cycle,
        payment_basis="invoice",
    )  # fmt: skip
    assert "1 period has ended and is not finalised" in text_of(officer.get("/authority/").text)
    for contract in (world.dapl, world.spot):
        periods.finalise(contract, world.periods[0], BY, TODAY)
    assert "is not finalised" not in text_of(officer.get("/authority/").text)
    assert "2 of 2" in officer.get("/authority/periods").text


@pytest.mark.feature("R-11")
def test_the_provider_is_told_on_its_home_page(officer, world):
    provider = world.sign_in(officer.application.test_client(), world.finance)
    assert "Payments finalised lately" not in provider.get("/provider/").text
    finalise(officer, world, contract=world.dapl)
    Finalisation.update(at=dt.datetime(2026, 10, 14, 9, 5)).execute()
    text = text_of(provider.get("/provider/").text)
    assert "Oakfield DAPL 14 October 2026, 10:05 £92.92 £0.00" in text
    assert (
        f"/provider/remittances/contracts/{world.dapl.id}/periods/{world.periods[0].id}"
        in provider.get("/provider/").text
    )
    outsider = world.sign_in(officer.application.test_client(), world.outsider)
    assert "Payments finalised lately" not in outsider.get("/provider/").text
    Finalisation.update(at=dt.datetime(2026, 9, 14)).execute()  # long ago
    assert "Payments finalised lately" not in provider.get("/provider/").text
    Finalisation.update(at=dt.datetime(2026, 10, 14)).execute()
    settings.put("module_payments", False)
    assert "Payments finalised lately" not in provider.get("/provider/").text


def test_as_many_queries_for_the_review_of_many_as_of_one(officer, world):
    pages = (address(world, 1, "/review"), address(world, 1, "/review/over-plan"))
    few = [counting.of(officer, page) for page in pages]
    idents = []
    for n in range(10):
        contract = Contract.create(
            ref=f"M{n}", name=f"More {n}", organisation=world.brookhouse, contract_type="Spot", cycle=world.cycle
        )
        idents.append(
            world.make_package(
                300000 + n, world.cat, world.house, world.placement, contract, quantity=100, unit_cost=10000
            ).id
        )
    consequences.follow(consequences.Change(packages=idents), now=True)
    assert [counting.of(officer, page) for page in pages] == few
    assert max(few) < 35, few
