"""Commissioned v Actuals: the rows of rule 7.7, their prices, and that they equal the pages that they summarise."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.actuals import pane, report, sums
from blueprints.actuals.commissioned import Weeks, commissioned_cost, minutes_of
from blueprints.actuals.report import PlannedWanted, Wanted, commissioned_v_actuals, planned_v_commissioned
from blueprints.actuals.sums import ActualFigures, FedVisit
from blueprints.money import hours
from blueprints.packages.plan import planned_quantity, weekly_cost
from blueprints.reach import Reach
from models import Actual, Package, PackageRate, TimetableSlot
from tests.cast import MONDAY, at
from tests.plans import every_day, mondays, plan, plans
from tests.provider_world import add_visit, queries, settle
from tests.visits.test_provider import text_of

WEEK = dt.timedelta(7)
ADDRESS = "/provider/reports/commissioned-v-actuals"
YEAR = "first=1/9/2026&last=1/11/2026"


def rows(cast, **changes):
    reach = changes.pop("reach", Reach.of_organisation(cast.oakfield.id))
    wanted = Wanted(MONDAY - WEEK * 4, MONDAY + WEEK * 3)._replace(**changes)
    return list(commissioned_v_actuals(reach, wanted).rows)


@pytest.fixture
def owner(client, cast):
    return cast.sign_in(client, cast.finance)


def we12(cast) -> Package:
    """Worked example 12: 5 hours commissioned at £23.226, 183 minutes delivered, an hour frustrated, in four calls."""
    package = cast.make_package(
        156050, cast.bob, cast.north, cast.personal_care, cast.dapl, quantity=500, unit_cost=232260
    )
    cast.bobs.delete_instance()
    for number, minutes in enumerate((60, 60, 63)):
        add_visit(cast, f"W{number}", package, MONDAY + dt.timedelta(number), minutes=minutes)
    add_visit(cast, "W9", package, MONDAY + dt.timedelta(5), kind="U")
    settle(cast, package)
    return package


@pytest.mark.feature("U-11")
def test_worked_example_12(cast):
    we12(cast)
    row = rows(cast)[0]
    assert (row.commissioned, row.actual, row.frustrated, row.difference) == (500, 305, 100, -95)
    assert (row.commissioned_cost, row.actual_cost, row.frustrated_cost) == (11613, 7084, 2323)
    assert row.cost_difference == -2206, "below nothing, as the quantity is (rule 7.7)"
    assert (row.generated, row.visits, row.start) == (False, 3, dt.date(2026, 9, 7))


@pytest.mark.feature("U-09", "U-10", "U-11")
def test_on_screen_with_its_groups_and_parameters(owner, cast):
    we12(cast)
    Package.update(cost_centre="Support at Home", subjective="Home Support").where(Package.cpli_id == 156050).execute()
    shown = text_of(owner.get(f"{ADDRESS}?{YEAR}").text)
    for words in (
        "Service Group Class", "[All Service Group Classes]", "[All Clients]", "Differences Only", "Include Weeks Without Actuals",
        "Oakfield Home Care Personal Care, hours O'Neill, Bob (A100002), Oakfield North, CPLI 156050, Service Start 07/09/2026",
        "05/10/2026 N 3 Support at Home Home Support 5.00 3.05 1.00 -0.95 £116.13 £70.84 £23.23 -£22.06",
        "Quantity Cost Actual Week Gen. Visits Cost Centre Subjective Comm. Actual Frust. Diff. (Actual + Frust. - Comm.)",
        "Diff. is actual + frustrated less commissioned, in quantity and in cost",
        "Organisation: Oakfield Home Care; Service Group Class: All Service Group Classes; Client: All Clients; "
        "Date From: 01/09/2026; Date To: 01/11/2026; Differences Only: No; Include Weeks Without Actuals: No; made",
    ):  # fmt: skip
        assert words in shown, words


@pytest.mark.feature("U-09")
def test_dates_the_wrong_way_round_and_too_far_apart_are_refused_and_kept(owner):
    for query, words in (
        ("first=2/10/2026&last=1/10/2026", "Enter a last date on or after 02/10/2026, the first one"),
        ("first=1/4/2016&last=2/4/2026", "Enter dates at most 10 years apart"),
        ("first=1/4/16&last=", "Enter the last date"),
        ("first=soon&last=1/10/2026", "Enter the first date as day, month and year, such as 5/10/2026"),
        ("first=1/1/0001&last=31/12/9999", "Enter dates between 1900 and 2200"),
        (f"{YEAR}&client=999999", "Choose the client from the list"),
    ):
        answer = owner.get(f"{ADDRESS}?{query}")
        assert answer.status_code == 422 and words in text_of(answer.text), query
        assert f'value="{query.split("&")[0].removeprefix("first=")}"' in answer.text
        assert owner.get(f"{ADDRESS}?{query}&format=csv").mimetype == "text/html"
    assert owner.get(f"{ADDRESS}?first=1/4/2016&last=1/4/2026").status_code == 200  # ten years


def test_only_differences_and_weeks_without_actuals(cast):
    for number in range(7):
        add_visit(cast, f"V{number}", day=MONDAY + dt.timedelta(number))
    add_visit(cast, "B1", package=cast.bobs, day=MONDAY)
    settle(cast)
    assert [(r.ssref, r.week) for r in rows(cast)] == [("A100001", MONDAY), ("A100002", MONDAY)]
    assert [r.ssref for r in rows(cast, differences=True)] == ["A100002"]
    with_all = rows(cast, without_actuals=True)
    # five weeks from 7 September to 11 October have begun for each, and the present one
    assert [r.week for r in with_all if r.ssref == "A100001"] == [MONDAY + WEEK * n for n in range(-4, 2)]
    missing = next(r for r in with_all if r.week == MONDAY - WEEK)
    assert (missing.commissioned, missing.actual, missing.difference, missing.cost_difference) == (700, 0, -700, -16258)
    assert len(rows(cast, without_actuals=True, differences=True)) == len(with_all) - 1
    notes = commissioned_v_actuals(Reach.whole(), Wanted(MONDAY, MONDAY + WEEK * 9, without_actuals=True)).said()
    assert report.NOT_BEGUN in notes


def test_limited_to_a_class_a_client_and_organisations(cast):
    add_visit(cast, "V1")
    add_visit(cast, "B1", package=cast.bobs)
    settle(cast)
    cast.personal_care.service_group_class = "Home care"
    cast.personal_care.save()
    assert len(rows(cast, group_class="Home care")) == 2 and not rows(cast, group_class="Other")
    assert [r.ssref for r in rows(cast, client=cast.ann.id)] == ["A100001"]
    assert len(rows(cast, reach=Reach.whole(), organisations=(cast.oakfield.id,))) == 2
    assert not rows(cast, reach=Reach.whole(), organisations=(cast.brookhouse.id,))
    assert not rows(cast, reach=Reach.of_organisation(cast.brookhouse.id), organisations=(cast.oakfield.id,))
    assert report.group_classes(Reach.of_organisation(cast.oakfield.id)) == ["Home care"]
    assert report.group_classes(Reach.of_organisation(cast.brookhouse.id)) == []


def test_a_package_without_authority_commissions_nothing_and_costs_nothing(cast):
    add_visit(cast, "V1")
    settle(cast)
    Package.update(authorised=False).where(Package.id == cast.package.id).execute()
    row = rows(cast)[0]
    assert (row.commissioned, row.commissioned_cost, row.actual, row.actual_cost) == (0, 0, 100, 0)
    assert len(rows(cast, without_actuals=True)) == 1 + 6  # Bob's weeks


def test_a_week_with_two_rates_prices_each_visit_on_its_day(cast):
    PackageRate.create(package=cast.package, from_date=MONDAY + dt.timedelta(3), unit_cost=300000)
    for number, kind in ((0, "DHS"), (2, "U"), (3, "DHS"), (4, "U")):
        add_visit(cast, f"V{number}", day=MONDAY + dt.timedelta(number), kind=kind)
    settle(cast)
    row = rows(cast)[0]
    assert row.commissioned_cost == 3 * 2323 - 1 + 4 * 3000  # 3 x 23.226 + 4 x 30 = 189.678
    assert (row.actual_cost, row.frustrated_cost) == (5323, 5322)  # 106.452 in all, of which 53.226
    assert row.actual_cost + row.frustrated_cost == pane.rows(Actual.package == cast.package)[0].cost


def test_the_same_queries_for_one_package_as_for_many(owner, cast):
    add_visit(cast, "V0")
    settle(cast)
    one, _ = queries(lambda: owner.get(f"{ADDRESS}?{YEAR}"))
    for number in range(10):
        package = cast.make_package(
            157000 + number, cast.bob, cast.south, cast.personal_care, cast.dapl, quantity=100, unit_cost=1
        )
        PackageRate.create(package=package, from_date=MONDAY + dt.timedelta(3), unit_cost=2)
        add_visit(cast, f"W{number}", package=package, start=at(9) + number)
        settle(cast, package)
    many, _ = queries(lambda: owner.get(f"{ADDRESS}?{YEAR}"))
    assert many <= one + 1  # the visits of weeks with two rates


def test_csv_has_every_column_and_no_sums(owner, cast):
    we12(cast)
    answer = owner.get(f"{ADDRESS}?{YEAR}&format=csv")
    found = list(csv.DictReader(io.StringIO(answer.text)))
    assert list(found[0]) == [column.name for column in report.COLUMNS] and len(found) == 1
    assert found[0]["Generated"] == "N" and found[0]["CostDifference"] == "-22.06"
    assert found[0]["WeekBeginning"] == "2026-10-05" and found[0]["Client"] == "O'Neill, Bob"


# prices ----------------------------------------------------------------------------------------------------------------


def test_columns_are_those_of_the_row():
    assert len(report.COLUMNS) == len(report.Row._fields)


@given(st.integers(0, 100_000))
def test_minutes_come_back_from_the_hundredths_of_an_hour(minutes):
    assert minutes_of(hours(minutes)) == minutes


def test_a_timetable_is_priced_by_its_exact_minutes_as_its_package_says():
    twenty = plan(slots=every_day(8, 8 + 1 / 3), unit_cost=232260)
    assert planned_quantity(twenty, MONDAY) == 233
    assert commissioned_cost(twenty, MONDAY) == weekly_cost(twenty, MONDAY) == 5419


def test_what_is_delivered_as_planned_in_a_part_week_differs_in_nothing():
    part = plan(quantity=1000, start=MONDAY + dt.timedelta(5))  # two days of ten hours a week: 2.86 h
    planned = planned_quantity(part, MONDAY)
    as_planned = sums.cost(part, MONDAY, ActualFigures(planned, 0))
    assert commissioned_cost(part, MONDAY) == as_planned == 4622


@settings(max_examples=150)
@given(plans(), mondays, st.integers(0, 4000), st.integers(0, 500), st.booleans())
def test_weeks_are_priced_as_the_actuals_page_prices_them(one, week, actual, frustrated, is_fed):
    weeks = Weeks(one)
    if is_fed:
        fed = [FedVisit(week, "delivered", 30, actual // 10), FedVisit(week, "planned", frustrated // 10, None)]
        minutes, actual, frustrated = actual // 10 + frustrated // 10, hours(actual // 10), hours(frustrated // 10)
        figures = ActualFigures(actual, frustrated, "visits", sums.priced(one, week, fed))
        paid, own = weeks.paid(week, actual, frustrated, "visits", minutes, fed)
    else:
        figures = ActualFigures(actual, frustrated)
        paid, own = weeks.paid(week, actual, frustrated, "entered", 0, None)
    assert paid == sums.cost(one, week, figures)
    assert 0 <= own <= paid
    planned, cost = weeks.commissioned(week)
    assert (planned, cost) == (
        (planned_quantity(one, week), commissioned_cost(one, week)) if one.authorised else (0, 0)
    )
    if frustrated == 0:
        assert own == paid


def test_slots_of_two_carers_count_twice(cast):
    TimetableSlot.update(carers=2).where(TimetableSlot.package == cast.package).execute()
    add_visit(cast, "V1")
    settle(cast)
    assert rows(cast)[0].commissioned == 1400


# what visits plan ------------------------------------------------------------------------------------------------------


@pytest.mark.feature("K-18")
def test_planned_hours_beside_commissioned_ones_for_officers(client, cast):
    for number in range(6):
        add_visit(cast, f"V{number}", day=MONDAY + dt.timedelta(number))
    for number in range(7):
        add_visit(cast, f"P{number}", day=MONDAY - WEEK + dt.timedelta(number))
    settle(cast)
    cast.sign_in(client, cast.officer)
    here = "/authority/reports/planned-v-commissioned"
    shown = text_of(client.get(f"{here}?first=1/9/2026&last=1/11/2026").text)
    assert "Archer, Ann A100001 156017 Oakfield North Personal Care 28/09/2026 7 7.00 7.00 0.00" in shown
    assert "05/10/2026 6 7.00 6.00 -1.00" in shown and "Total 13 14.00 13.00 -1.00" in shown
    shown = text_of(client.get(f"{here}?first=1/9/2026&last=1/11/2026&differences=y").text)
    assert "05/10/2026" in shown and "28/09/2026 7" not in shown
    settled = text_of(client.get(f"{here}?first=28/9/2026&last=4/10/2026&differences=y").text)
    assert "No package with visits differs in these weeks." in settled
    page = client.get("/authority/packages/planned-against-commissioned?week=2026-10-05").text
    assert f'href="{here}"' in page
    cast.sign_in(client, cast.finance)
    assert client.get(here.replace("authority", "provider")).status_code == 404
    assert client.get(here).status_code == 404
    reach = Reach.of_organisation(cast.brookhouse.id)
    assert not list(planned_v_commissioned(reach, PlannedWanted(MONDAY - WEEK, MONDAY, client=cast.ann.id)).rows)
    assert len(report.PLANNED) == len(report.PlannedRow._fields)
