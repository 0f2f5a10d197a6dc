"""Actuals/Visits as a provider has it: the week, one visit, deleting one."""

import csv
import datetime as dt
import io
import re

import pytest

from blueprints.matching import assign
from blueprints.visits import pane
from models import Carer, Contract, Package, Visit
from tests.cast import MONDAY, at
from tests.provider_world import add_version, add_visit, finalise, queries, settle

WEEK = "/provider/visits?week=2026-10-05"


def text_of(html: str) -> str:
    """What a reader sees, blanks drawn together."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", re.sub(r"(</(td|th|dt|dd|li|p)>)", r" \1", html))).replace(
        "&#39;", "'"
    )


def rows_of(html: str) -> list[list[str]]:
    """The cells of each visit row."""
    table = html.split('id="visits-table"')[1].split("</table>")[0]
    body = table.split("<tbody>")[1]
    return [
        [text_of(cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.S)
    ]


@pytest.fixture
def owner(client, cast):
    return cast.sign_in(client, cast.finance)


@pytest.mark.feature("O-34", "O-52")
def test_columns_and_statuses(owner, cast):
    add_visit(cast, "V1", delivered_entry=at(8, 2))
    add_visit(cast, "V2", kind="H", start=at(12))
    settle(cast)
    add_visit(cast, "V3", start=at(18), status="Missing Data", reason="delivered times missing", delivered_exit=None)
    html = owner.get(WEEK).text
    for heading in (
        "Details",
        "Planned",
        "Delivered",
        "Service Level",
        "Visit Type",
        "Visit Date",
        "Entry Time",
        "Exit Time",
    ):
        assert f">{heading}</th>" in html
    assert "Archer, Ann (A100001)" in html
    rows = rows_of(html)
    assert rows[0] == [
        "V1", "Personal Care", "DHS Delivered", "05/10/2026", "08:00:00", "09:00:00", "05/10/2026", "08:02:00",
        "09:00:00", "Matched", "View visit V1",
    ]  # fmt: skip
    assert rows[1][6:10] == ["", "", "", "Matched"]
    assert rows[2][9] == "Missing Data delivered times missing"
    assert "3 visits, 1 with missing data" in html


@pytest.mark.feature("O-33", "C-15")
def test_filters(owner, cast):
    other = cast.make_package(156030, cast.bob, cast.south, cast.personal_care, cast.dapl, quantity=350, unit_cost=1)
    add_visit(cast, "V1")
    add_visit(cast, "V2", package=cast.bobs, kind="U")
    settle(cast)
    html = owner.get(WEEK).text
    for words in (
        "All Service Levels",
        "All Clients",
        "All Visit Types",
        "O&#39;Neill, Bob (A100002)",
        ">View</button>",
        ">Reset</a>",
    ):
        assert words in html
    assert html.count('name="status"') == 4 and html.count("checked") == 4
    found = owner.get(f"{WEEK}&client=c{cast.bob.id}").text
    assert [row[0] for row in rows_of(found)] == ["V2"]
    assert [row[0] for row in rows_of(owner.get(f"{WEEK}&type={cast.types['DHS'].id}").text)] == ["V1"]
    assert [row[0] for row in rows_of(owner.get(f"{WEEK}&level={cast.personal_care.id}").text)] == ["V1", "V2"]
    assert [row[0] for row in rows_of(owner.get(f"{WEEK}&service={cast.north.id}").text)] == ["V1", "V2"]
    assert "There are no items to display." in owner.get(f"{WEEK}&filtered=1&status=Unmatched").text
    nothing = owner.get(f"{WEEK}&filtered=1").text
    assert "There are no items to display." in nothing and "Pages: 1" in nothing
    assert other.id


@pytest.mark.feature("C-15")
def test_a_page_beyond_the_last_is_the_last_and_keeps_the_filter(owner, cast):
    for number in range(103):
        add_visit(cast, f"V{number:03}", day=MONDAY + dt.timedelta(number % 7), start=at(8) + number * 60)
    settle(cast)
    html = owner.get(f"{WEEK}&level={cast.personal_care.id}&page=99").text
    assert len(rows_of(html)) == 3 and "Pages: 2 of 2" in html
    assert (
        f"level={cast.personal_care.id}" in re.search(r'href="([^"]*)" rel="prev"[^>]*hx-target="#week-panes"', html)[1]
    )


@pytest.mark.feature("O-31")
@pytest.mark.parametrize(
    "reason",
    [getattr(assign, name) for name in dir(assign) if name.isupper() and isinstance(getattr(assign, name), str)],
)
def test_every_reason_says_what_to_do(owner, cast, reason):
    add_visit(cast, "V1", status="Unmatched", reason=reason)
    html = owner.get(WEEK).text.replace("&#39;", "'")
    assert f"1 {reason}." in html and pane.REMEDIES[reason] in html
    shown = owner.get(f"/provider/visits/{Visit.get(Visit.ref == 'V1').id}").text.replace("&#39;", "'")
    assert reason in shown and pane.REMEDIES[reason] in shown


@pytest.mark.feature("O-31", "K-04")
def test_reasons_come_from_matching(owner, cast):
    late = cast.make_package(
        156040, cast.ann, cast.south, cast.personal_care, cast.dapl, start=dt.date(2026, 10, 7), quantity=1, unit_cost=1
    )
    Package.update(start_date=dt.date(2026, 10, 6)).where(Package.id == cast.package.id).execute()
    add_visit(cast, "V1")
    settle(cast, cast.package, late)
    assert "before the package starts" in owner.get(WEEK).text
    invoiced = Contract.create(
        ref="C9",
        name="Invoiced",
        organisation=cast.oakfield,
        contract_type="Spot",
        cycle=cast.cycle,
        payment_basis="invoice",
    )
    Package.update(contract=invoiced).where(Package.organisation == cast.oakfield).execute()
    settle(cast, cast.package, late)
    assert "package is invoiced" in owner.get(WEEK).text


@pytest.mark.feature("O-50")
def test_the_upload_deadline_stands_on_the_week(owner, cast):
    html = text_of(owner.get(WEEK).text)
    assert "Upload deadline: 3 November 2026, for the payment period 05/10/2026 to 01/11/2026." in html
    assert "passed: what you send now is paid as an adjustment" in text_of(
        owner.get("/provider/visits?week=2026-09-07").text
    )
    assert "in no payment period" in owner.get("/provider/visits?week=2030-01-07").text


@pytest.mark.feature("M-41", "M-13", "M-20")
def test_actuals_of_the_week(owner, cast):
    for number in range(5):
        add_visit(cast, f"V{number}", day=MONDAY + dt.timedelta(number))
    add_visit(cast, "V5", day=MONDAY + dt.timedelta(5), kind="U")
    add_visit(cast, "V6", day=MONDAY + dt.timedelta(6), kind="H")
    add_visit(cast, "B1", package=cast.bobs, start=at(9))
    settle(cast)
    html = text_of(owner.get(WEEK).text)
    assert "£139.36 of £139.36" in html  # 5 + 1 hours at £23.2260
    assert "6 (Actual + Frstd) Hours x £23.226" in html
    assert "below plan" in html
    assert "The visits fall short of plan by 2.5." in html  # Bob's
    assert "Total: £162.59 of £162.59" in html
    only = text_of(owner.get(f"{WEEK}&client=c{cast.bob.id}").text)
    assert "Total: £23.23 of £162.59" in only
    assert "Add/Edit" not in html and "Generate Actuals" not in html


def test_any_day_selects_its_week_and_nonsense_is_told(owner, cast):
    assert "Week Beginning 5 October 2026" in owner.get("/provider/visits?week=2026-10-11").text
    assert "Week Beginning 12 October 2026" in owner.get("/provider/visits").text
    assert "There is no such week, so this week is shown." in owner.get("/provider/visits?week=soon").text
    assert owner.get(f"/provider/visits?service={cast.house.id}").status_code == 404
    assert owner.get(f"{WEEK}&client=c{cast.cat.id}").status_code == 404
    assert (
        "November 2026"
        in owner.get(f"{WEEK}&month=2026-11", headers={"HX-Request": "true", "HX-Target": "calendar"}).text
    )


def test_the_calendar_marks_the_present_week_whichever_is_shown(owner, cast):
    for shown in ("2026-10-05", "2026-10-12", "2026-10-26"):
        html = owner.get(f"/provider/visits?week={shown}").text
        rows = re.findall(r"<tr[^>]*>(?:(?!</tr>).)*</tr>", html[html.index("portal-calendar__table") :], re.DOTALL)
        (now,) = [row for row in rows if "portal-calendar__now" in row]
        (marked,) = [row for row in rows if "portal-calendar__current" in row]
        assert "week=2026-10-12" in now and "This week" in now
        assert f"week={shown}" in marked and 'aria-current="true"' in marked


def test_the_pane_alone_for_htmx(owner, cast):
    add_visit(cast, "V1")
    html = owner.get(WEEK, headers={"HX-Request": "true", "HX-Target": "week-panes"}).text
    assert html.lstrip().startswith('<div id="week-panes">') and "V1" in html


@pytest.mark.feature("C-08")
def test_nothing_of_visits_for_those_not_paid_on_actuals(client, cast):
    cast.sign_in(client, cast.outsider)
    assert "Actuals/Visits" not in client.get("/provider/").text
    for address in ("/provider/visits", "/provider/visits/1", "/provider/imports/visits"):
        assert client.get(address).status_code == 404


def test_the_file_holds_the_filtered_rows_in_the_25_columns(owner, cast):
    add_visit(cast, "V1", comments="=1+1", carer_ref="S1")
    add_visit(cast, "V2", package=cast.bobs)
    settle(cast)
    answer = owner.get(f"{WEEK}&client=c{cast.ann.id}&format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["VisitRef"] for row in rows] == ["V1"]
    assert rows[0]["PlannedVisitDate"] == "05/10/2026" and rows[0]["DeliveredExitTime"] == "09:00:00"
    assert rows[0]["Comments"] == "'=1+1" and rows[0]["Status"] == "Matched" and rows[0]["PaidMinutes"] == "60"
    assert len(rows[0]) == 32


def test_the_page_takes_at_most_eight_queries(owner, cast):
    add_visit(cast, "V0")
    settle(cast)
    owner.get(WEEK)
    one, _ = queries(lambda: owner.get(WEEK))
    for number in range(1, 100):
        add_visit(
            cast, f"V{number}", package=(cast.package, cast.bobs)[number % 2], day=MONDAY + dt.timedelta(number % 7)
        )
    settle(cast)
    hundred, answer = queries(lambda: owner.get(WEEK))
    assert len(rows_of(answer.text)) == 100
    assert one == hundred <= 8


# one visit -------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("O-35", "O-39")
def test_a_visit(owner, cast):
    Carer.create(organisation=cast.oakfield, ref="S12", forename="Nina", surname="West")
    visit = add_visit(
        cast, "V1", delivered_entry=at(8, 5), carer_ref="S12", comments="Slept badly", variance_reason="Traffic",
        entry_overridden=True, entry_override_reason="Phone was flat",
    )  # fmt: skip
    settle(cast)
    html = owner.get(f"/provider/visits/{visit.id}").text
    shown = text_of(html)
    assert "Visit V1 for Oakfield North, Mrs Ann Archer (A100001)" in re.search(r"<h1.*?</h1>", html, re.S)[0]
    for words in (
        "DHS Delivered", "Nina West (S12)", "Match Status Matched", "05/10/2026 (as planned)", "09:00:00 (as planned)",
        "08:05:00, overridden: Phone was flat", "Slept badly", "Traffic", "CPLI 156017",
    ):  # fmt: skip
        assert words in shown, words
    assert f"/provider/packages/{cast.package.id}" in html
    assert f"/provider/payments/packages/{cast.package.id}/weeks/2026-10-05" in html
    assert f"/provider/visits/{visit.id}/deletion" in html


def test_versions_say_what_changed(owner, cast):
    visit = add_visit(cast, "V1")
    add_version(visit, delivered_exit=at(9, 30), comments="First")
    shown = text_of(owner.get(f"/provider/visits/{visit.id}").text)
    assert "Delivered Exit Time: 09:30:00 became→ 09:00:00" in shown
    assert "Owen Marsh" in shown and "Version 2" in shown


def test_another_organisations_visit_does_not_exist(client, cast):
    visit = add_visit(cast, "V1")
    cast.sign_in(client, cast.outsider)
    for address in (f"/provider/visits/{visit.id}", f"/provider/visits/{visit.id}/deletion"):
        assert client.get(address).status_code == 404
    assert client.post(f"/provider/visits/{visit.id}/deletion").status_code == 404


@pytest.mark.feature("O-36", "O-39")
def test_deleting_a_visit(owner, cast):
    visit = add_visit(cast, "V1", day=dt.date(2026, 9, 7))
    settle(cast)
    finalise(cast)
    asked = text_of(owner.get(f"/provider/visits/{visit.id}/deletion").text)
    assert "The week has been paid" in asked and "causes an adjustment" in asked
    answer = owner.post(f"/provider/visits/{visit.id}/deletion", data={"version": "1", "reason": "Sent twice"})
    assert answer.status_code == 303
    gone = Visit.get_by_id(visit.id)
    assert gone.is_deleted and gone.ref == "V1"
    shown = text_of(owner.get(answer.location).text)
    assert "Visit V1 is deleted." in shown and "Its reference stays reserved" in shown and "Sent twice" in shown
    again = owner.post(f"/provider/visits/{visit.id}/deletion", data={"version": "1"})
    assert "was deleted already" in text_of(owner.get(again.location).text)
    assert "V1" not in owner.get("/provider/visits?week=2026-09-07").text.split("visits-heading")[1]


@pytest.mark.feature("O-36")
def test_a_visit_of_a_locked_week_is_not_deleted(owner, cast):
    from models import LockedWeek

    visit = add_visit(cast, "V1")
    settle(cast)
    LockedWeek.create(service=cast.north, week=MONDAY)
    assert "has locked the week" in owner.get(f"/provider/visits/{visit.id}/deletion").text
    answer = owner.post(f"/provider/visits/{visit.id}/deletion", data={"version": "1"})
    assert answer.status_code == 409 and "has locked the week" in answer.text
    assert not Visit.get_by_id(visit.id).is_deleted


def test_a_visit_that_was_sent_again_meanwhile_is_not_deleted(owner, cast):
    visit = add_visit(cast, "V1", version=2)
    answer = owner.post(f"/provider/visits/{visit.id}/deletion", data={"version": "1"})
    assert answer.status_code == 409 and "was sent again while you looked" in answer.text
    assert not Visit.get_by_id(visit.id).is_deleted
