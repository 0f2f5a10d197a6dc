"""Reports at both doors: who has which, what is asked for, what every edition says, and the log."""

from __future__ import annotations

import csv
import io
import json
import re

import openpyxl
import pytest

from blueprints.reports.rules import LISTED
from blueprints.settings import rules as settings
from models import Change
from tests.cast import MONDAY
from tests.provider_world import add_visit, finalise, settle
from tests.visits.test_provider import text_of

TITLES = [one.title for one in LISTED.values() if one.setting]  # those that providers have
COMMISSIONED = "/reports/commissioned-v-actuals"
DATES = "first=1/9/2026&last=31/10/2026"
REQUIRES = (
    "This report requires parameters. Please complete the fields above and press the View or Download Data button."
)
NOTHING = "No information is available for the criteria you have requested."


@pytest.fixture
def owner(client, cast):
    add_visit(cast, "V1")
    settle(cast)
    return cast.sign_in(client, cast.finance)


@pytest.fixture
def officer(client, cast):
    add_visit(cast, "V1")
    settle(cast, cast.package, cast.bobs, cast.placed)
    return cast.sign_in(client, cast.officer)


def runs() -> list[dict]:
    return [json.loads(row.after) for row in Change.select().where(Change.what == "Ran a report").order_by(Change.id)]


@pytest.mark.feature("U-01")
def test_the_list_leads_to_a_report_and_its_parameters(owner):
    html = owner.get("/provider/reports").text
    assert [title for title in TITLES if f">{title}</a>" in html] == TITLES
    asked = owner.get("/provider" + COMMISSIONED).text
    assert REQUIRES in asked and "Close and return" in asked and ">View</button>" in asked
    assert (
        '<button class="govuk-button govuk-button--secondary" name="format" value="csv">Download Data</button>' in asked
    )
    assert 'aria-current="page">Reports</a>' in asked, "its tab"
    half = owner.get(f"/provider{COMMISSIONED}?first=1/9/2026&last=")
    assert half.status_code == 422 and "Enter the last date" in half.text and 'value="1/9/2026"' in half.text
    assert owner.get(f"/provider{COMMISSIONED}?format=csv").status_code == 422
    assert not runs(), "what was refused was not run"


def test_dates_that_are_often_wanted_are_links(owner):
    html = owner.get("/provider" + COMMISSIONED).text
    for words in ("Last full week", "Last four weeks", "Current payment period", "This financial year"):
        address = re.search(rf'href="([^"]*)">{words}</a>', html)[1].replace("&amp;", "&")
        assert owner.get(address).status_code == 200, words
    assert "first=05/10/2026&amp;last=11/10/2026" in html and "first=05/10/2026&amp;last=01/11/2026" in html


@pytest.mark.feature("U-03")
def test_pdf_csv_and_excel_of_the_same_rows_with_parameters_and_time(owner, cast):
    html = owner.get(f"/provider{COMMISSIONED}?{DATES}").text
    names = ["CSV", "Excel", "PDF"]
    links = {name: re.search(rf'href="([^"]*)" download>{name}<', html)[1].replace("&amp;", "&") for name in names}
    assert "made 14 October 2026" not in html and re.search(r"made \d+ \w+ \d{4}, \d\d:\d\d", text_of(html))
    document = owner.get(f"/provider{COMMISSIONED}{links['PDF']}")
    assert document.mimetype == "application/pdf" and document.data.startswith(b"%PDF")
    assert document.headers["Content-Disposition"].startswith(
        "inline; filename=commissioned-v-actuals-2026-09-01-to-2026-10-31-made-"
    )
    rows = list(csv.DictReader(io.StringIO(owner.get(f"/provider{COMMISSIONED}{links['CSV']}").text)))
    answer = owner.get(f"/provider{COMMISSIONED}{links['Excel']}")
    assert "attachment" in answer.headers["Content-Disposition"] and answer.headers["Content-Disposition"].endswith(
        ".xlsx"
    )
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    sheet, about = book.worksheets
    heading, row = [[cell.value for cell in one] for one in sheet.iter_rows()]
    assert heading == list(rows[0]) and row[heading.index("Client")] == rows[0]["Client"] == "Archer, Ann"
    assert row[heading.index("ActualCost")] == 23.23 and row[heading.index("WeekBeginning")].date() == MONDAY
    told = {one[0].value: one[1].value for one in about.iter_rows(min_row=2, max_col=2) if one[0].value}
    assert told["Date From"] == "01/09/2026" and told["Organisation"] == "Oakfield Home Care" and "Made" in told
    assert sheet.print_title_rows == "$1:$1" and sheet.oddFooter.right.text == "Page &P of &N"
    assert "Date From: 01/09/2026" in sheet.oddHeader.left.text


@pytest.mark.feature("U-03")
def test_names_that_are_formulas_are_no_formulas(owner, cast):
    cast.ann.surname, cast.ann.forename = "=1+1", "@Ann"
    cast.ann.save()
    rows = list(csv.DictReader(io.StringIO(owner.get(f"/provider{COMMISSIONED}?{DATES}&format=csv").text)))
    assert rows[0]["Client"] == "'=1+1, @Ann"
    book = openpyxl.load_workbook(io.BytesIO(owner.get(f"/provider{COMMISSIONED}?{DATES}&format=xlsx").data))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"} and "'=1+1, @Ann" in [cell.value for cell in cells]


@pytest.mark.feature("U-04")
def test_nothing_found_says_so_and_files_hold_their_headings(owner):
    asked = f"/provider{COMMISSIONED}?first=1/1/2020&last=1/2/2020"
    assert NOTHING in text_of(owner.get(asked).text)
    assert owner.get(asked + "&format=csv").text.splitlines() == [owner.get(asked + "&format=csv").text.strip()]
    book = openpyxl.load_workbook(io.BytesIO(owner.get(asked + "&format=xlsx").data))
    assert book.worksheets[0].max_row == 1
    assert owner.get(asked + "&format=pdf").data.startswith(b"%PDF")


@pytest.mark.feature("U-05")
def test_with_limited_accessibility_and_no_role_there_is_nothing(owner, cast):
    cast.oakfield.limited_accessibility = True
    cast.oakfield.save()
    finalise(cast)
    assert NOTHING in text_of(owner.get(f"/provider{COMMISSIONED}?{DATES}&without=y").text)
    assert "There is nothing to display" in owner.get("/provider/reports/pending-payments-exceptions").text
    assert NOTHING in text_of(owner.get(f"/provider/reports/pending-scheduled-payments?{DATES}").text)
    assert "07/09/2026 - 04/10/2026" not in owner.get("/provider/reports/remittance-advice").text


@pytest.mark.feature("U-05")
def test_another_organisation_is_not_in_a_drop_down_nor_in_any_edition(client, cast):
    add_visit(cast, "V1")
    settle(cast)
    finalise(cast)
    cast.sign_in(client, cast.outsider)
    for name in LISTED:
        for query in (DATES, f"period={cast.periods[0].id}", f"{DATES}&organisation={cast.oakfield.id}", f"{DATES}&client={cast.ann.id}",
                      f"{DATES}&contract={cast.dapl.id}", f"period={cast.periods[0].id}&contract={cast.dapl.id}"):  # fmt: skip
            for form in ("", "&format=csv", "&format=xlsx", "&format=pdf"):
                answer = client.get(f"/provider/reports/{name}?{query}{form}")
                assert answer.status_code in (200, 422) or not LISTED[name].setting
                for word in (b"Archer", b"A100001", b"Oakfield", b"156017"):
                    assert word not in answer.data, (name, query, form)


@pytest.mark.feature("U-07")
def test_the_authority_decides_which_reports_providers_have(owner, cast):
    for one in (one for one in LISTED.values() if one.setting):
        settings.put(one.setting, False)
        assert f">{one.title}</a>" not in owner.get("/provider/reports").text
        assert owner.get(f"/provider/reports/{one.name}").status_code == 404
        assert owner.post(f"/provider/reports/{one.name}/preparations?{DATES}", data={"form": "csv"}).status_code == 404
    assert "There are no reports for you to run." in owner.get("/provider/reports").text
    cast.sign_in(owner, cast.officer)
    assert [title for title in TITLES if f">{title}</a>" in owner.get("/authority/reports").text] == TITLES


def test_payment_reports_go_with_the_module(owner):
    settings.put("module_payments", False)
    html = owner.get("/provider/reports").text
    assert "Commissioned v Actuals" in html and "Remittance" not in html
    assert owner.get("/provider/reports/remittance-advice").status_code == 404


def test_the_form_suggests_the_last_four_weeks_and_asks_before_it_shows_anything(owner):
    html = owner.get(f"/provider{COMMISSIONED}").text
    assert re.findall(r'name="(?:first|last)"[^>]*value="([^"]*)"', html) == ["14/09/2026", "11/10/2026"]
    assert "requires parameters" in html and not runs()


@pytest.mark.feature("U-08")
def test_every_run_is_logged_also_when_empty_or_failed(owner, cast, monkeypatch):
    owner.get(f"/provider{COMMISSIONED}?{DATES}")
    owner.get(f"/provider{COMMISSIONED}?{DATES}&format=pdf")
    owner.get("/provider/reports/pending-payments-exceptions?format=csv")

    def fail(*_):
        raise RuntimeError("as the disk is full")

    monkeypatch.setattr("blueprints.reporting.screen", fail)
    with pytest.raises(RuntimeError):
        owner.get(f"/provider{COMMISSIONED}?{DATES}")
    assert [(run["report"], run["form"], run["outcome"]) for run in runs()] == [
        ("Commissioned v Actuals", "Screen", "1 row"), ("Commissioned v Actuals", "PDF", "1 row"),
        ("Pending Payments Exceptions", "CSV", "Nothing found"), ("Commissioned v Actuals", "Screen", "Failed"),
    ]  # fmt: skip
    assert "Date From: 01/09/2026" in runs()[0]["parameters"]
    row = Change.get(Change.what == "Ran a report")
    assert (row.user_id, row.organisation_id) == (cast.finance.id, cast.oakfield.id)
    monkeypatch.undo()
    cast.sign_in(owner, cast.officer)
    found = text_of(owner.get("/authority/audit?thing=report&first=1/1/2020").text)
    assert "Ran a report" in found and "Greta Finch" in found


def test_officers_have_them_over_all_providers_or_some(officer, cast):
    every = text_of(officer.get(f"/authority{COMMISSIONED}?{DATES}").text)
    assert "Archer, Ann" in every and "Organisation: All Organisations;" in every and "None ticked means all" in every
    pending = "/authority/reports/pending-scheduled-payments?first=1/9/2026&last=1/12/2026"
    both = text_of(officer.get(pending).text)
    assert "Oakfield DAPL" in both and "Brookhouse Spot" in both and "Total of Brookhouse Residential" in both
    one = text_of(officer.get(f"{pending}&organisation={cast.brookhouse.id}").text)
    assert "Brookhouse Spot" in one and "Oakfield DAPL" not in one and "Organisation: Brookhouse Residential;" in one
    two = text_of(officer.get(f"{pending}&organisation={cast.brookhouse.id}&organisation={cast.oakfield.id}").text)
    assert "Oakfield DAPL" in two
    assert officer.get(f"{pending}&organisation=999999").status_code == 422


def test_officers_name_a_client_by_ssref(officer):
    found = text_of(officer.get(f"/authority{COMMISSIONED}?{DATES}&client=A100001").text)
    assert "Archer, Ann" in found and "Client (SSRef): A100001" in found
    refused = officer.get(f"/authority{COMMISSIONED}?{DATES}&client=A9")
    assert refused.status_code == 422 and "Enter the SSRef of a client that the portal has" in refused.text


def test_help_of_the_reports_pages(owner, cast):
    assert owner.get("/provider/help/reports").status_code == 200
    assert '<a class="govuk-footer__link" href="/provider/help/reports">' in owner.get("/provider" + COMMISSIONED).text
    cast.sign_in(owner, cast.officer)
    assert "prepared apart" in owner.get("/authority/help/reports").text


def test_a_page_of_a_hundred_and_its_fragment(owner, cast):
    for number in range(120):
        cast.make_package(
            158000 + number, cast.bob, cast.south, cast.personal_care, cast.dapl, quantity=100, unit_cost=1000
        )
    first = owner.get(f"/provider{COMMISSIONED}?first=5/10/2026&last=5/10/2026&without=y")
    assert "122 rows" in first.text and "Page 2 of 2" in first.text
    second = owner.get(
        f"/provider{COMMISSIONED}?first=5/10/2026&last=5/10/2026&without=y&page=2",
        headers={"HX-Request": "true", "HX-Target": "div#report-region", "HX-Request-Type": "partial"},
    ).text
    assert second.lstrip().startswith('<div id="report-region">') and "Oakfield Home Care (continued)" in second
    assert "<h1" not in second
