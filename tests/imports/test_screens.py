"""The pages of an import, as a provider and an officer use them without JavaScript."""

from __future__ import annotations

import csv
import io
import re

import pytest

from blueprints.jobs import rules as jobs
from blueprints.settings import rules as settings
from blueprints.visits.columns import COLUMNS
from models import Actual, Import, ImportState, Visit
from tests.cast import MONDAY

HEADINGS = [c.name for c in COLUMNS]


def row(ref: str, **cells) -> dict[str, str]:
    """A delivered hour of Ann's, on Monday at eight."""
    day = f"{MONDAY:%d/%m/%Y}"
    made = {
        "VisitRef": ref, "Deleted": "0", "PlannedVisitDate": day, "PlannedEntryTime": "08:00", "PlannedExitTime": "09:00",
        "VisitType": "DHS", "DeliveredVisitDate": day, "DeliveredEntryTime": "08:00", "DeliveredExitTime": "09:00",
        "SSRef": "A100001", "ServiceLevel": "Personal Care", "ServiceName": "Oakfield North",
    }  # fmt: skip
    return made | cells


def as_file(*rows: dict[str, str], headings=HEADINGS) -> bytes:
    """Rows as a visits file."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, fieldnames=headings, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def choose(browser, content: bytes, name: str = "week.csv", kind: str = "visits", side: str = "provider"):
    """Send a file and let the worker read it; the import's page."""
    answer = browser.post(f"/{side}/imports/{kind}/new", data={"file": (io.BytesIO(content), name)})
    assert answer.status_code == 303, answer.text
    jobs.run_waiting()
    return answer.location


@pytest.fixture
def finance(client, cast):
    """Greta of Oakfield at her browser."""
    return cast.sign_in(client, cast.finance)


@pytest.mark.feature("O-27", "O-28")
def test_two_steps_then_import_complete(finance, cast):
    address = choose(finance, as_file(row("V1"), row("V2", PlannedEntryTime="12:00", PlannedExitTime="12:30")))
    page = finance.get(address).text
    assert "Please check any errors and warnings and either update or cancel." in page
    assert "Number of records read" in page and "Update System" in page
    assert not Visit.select().exists()
    assert finance.post(f"{address}/update").status_code == 303
    assert "Updating the system with week.csv" in finance.get(address).text
    assert finance.post(f"{address}/update").status_code == 303  # pressed twice
    jobs.run_waiting()
    page = finance.get(address).text
    assert "Import Complete" in page
    assert f'href="/provider/visits?week={MONDAY}">See visits' in page
    assert Visit.select().count() == 2
    assert Actual.get(Actual.package == cast.package).actual == 200
    assert finance.post(f"{address}/update").status_code == 303  # and once more
    jobs.run_waiting()
    assert Visit.select().count() == 2 and Import.select().count() == 1


@pytest.mark.feature("O-02")
def test_a_file_of_another_kind_is_refused_and_says_what_to_do(finance):
    for content, words in ((b"PK\x03\x04 not a csv", "CSV"), (b"", "empty"), (b"%PDF-1.7\n", "PDF")):
        page = finance.get(choose(finance, content)).text
        assert "the file was refused" in page and words in page and "Choose another file" in page
    page = finance.get(
        choose(
            finance,
            as_file(row("V1"), headings=["VisitRf", *HEADINGS[1:]]).replace(b"x", b"x")
            if False
            else b"VisitRf,Deleted\r\nV1,0\r\n",
        )
    ).text
    assert "VisitRef" in page and "VisitRf" in page
    assert finance.post("/provider/imports/visits/new", data={}).status_code == 422


def test_rejected_rows_are_left_out_by_an_explicit_tick_only(finance):
    address = choose(finance, as_file(row("V1"), row("V2", PlannedVisitDate="31/02/2026")))
    page = finance.get(address).text
    assert "PlannedVisitDate" in page and "31/02/2026" in page
    finance.post(f"{address}/update")
    jobs.run_waiting()
    assert not Visit.select().exists()
    assert "Tick" in finance.get(address).text
    finance.post(f"{address}/update", data={"without_rejected": "y"})
    jobs.run_waiting()
    assert [v.ref for v in Visit.select()] == ["V1"]


def test_errors_warnings_and_both(finance):
    address = choose(
        finance,
        as_file(
            row("V1"),
            row("V2", VisitType="X"),
            row("V3", VisitType="U", DeliveredVisitDate="", DeliveredEntryTime="", DeliveredExitTime=""),
        ),
    )
    both, errors, warnings = (finance.get(f"{address}?show={show}").text for show in ("both", "errors", "warnings"))
    assert "Error</strong>" in both and "Warning</strong>" in both
    assert "Error</strong>" in errors and "Warning</strong>" not in errors
    assert "Error</strong>" not in warnings and "Warning</strong>" in warnings


def test_problem_rows_can_be_corrected_and_sent_again(finance):
    address = choose(finance, as_file(row("V1", VisitType="X"), row("V2")))
    lines = list(csv.DictReader(io.StringIO(finance.get(f"{address}/problem-rows.csv").text)))
    assert [line["VisitRef"] for line in lines] == ["V1"] and lines[0]["Problem"]
    lines[0]["VisitType"] = "DHS"
    again = choose(finance, as_file(*lines, headings=list(lines[0])))
    finance.post(f"{again}/update")
    jobs.run_waiting()
    assert [v.ref for v in Visit.select()] == ["V1"]


def test_the_same_mistake_is_mended_in_one_press(finance):
    address = choose(
        finance,
        as_file(
            *(
                row(
                    f"V{n}",
                    ServiceName="Oakfield Nrth",
                    PlannedEntryTime=f"{n + 8:02}:00",
                    PlannedExitTime=f"{n + 8:02}:30",
                )
                for n in range(3)
            )
        ),
    )
    page = finance.get(address).text
    assert "Use “Oakfield North” for all 3" in page
    press = re.search(r'action="([^"]+/suggestions/\d+)"', page)[1]
    again = finance.post(press).location
    jobs.run_waiting()
    assert "Oakfield Nrth" not in finance.get(again).text.split("Errors and Warnings")[1]
    assert Import.get_by_id(int(again.rsplit("/", 1)[1])).rejected == 0


def test_a_colleague_sees_who_is_at_it_and_may_cancel_a_checked_one(app, finance, cast):
    finance.post("/provider/imports/visits/new", data={"file": (io.BytesIO(as_file(row("V1"))), "week.csv")})
    colleague = cast.sign_in(app.test_client(), cast.manager)
    answer = colleague.post("/provider/imports/visits/new", data={"file": (io.BytesIO(as_file(row("V2"))), "mine.csv")})
    assert answer.status_code == 422 and "Greta Finch is reading" in answer.text
    jobs.run_waiting()
    batch = Import.get()
    assert "waits for Update System or Cancel" in colleague.get("/provider/imports/visits/new").text
    colleague.post(f"/provider/imports/{batch.id}/cancellation")
    assert Import.get().state == ImportState.CANCELLED
    assert "cancelled by Owen Marsh" in finance.get(f"/provider/imports/{batch.id}").text


def test_packages_changed_between_check_and_update_make_a_new_check(finance, cast):
    address = choose(finance, as_file(row("V1")))
    settings.bump(f"packages:{cast.oakfield.id}")
    finance.post(f"{address}/update")
    jobs.run_waiting()
    page = finance.get(address).text
    assert "has changed meanwhile" in page and "Update System" in page
    assert not Visit.select().exists()


@pytest.mark.feature("O-53", "O-03")
def test_the_format_page_is_made_from_the_importers_columns(finance):
    page = finance.get("/provider/imports/visits/format").text
    assert all(f">{name}</th>" in page for name in HEADINGS) and len(HEADINGS) == 25
    assert all(word in page for word in ("Mandatory", "Conditional", "Needed in some cases", "Optional or not used"))
    blank = finance.get("/provider/imports/visits/blank.csv").text
    assert blank.strip().split(",") == HEADINGS
    shuffled = list(reversed(HEADINGS))
    address = choose(finance, as_file(row("V1"), headings=shuffled))
    assert "Confirm Import" in finance.get(address).text


def test_the_worked_example_matches(finance):
    example = finance.get("/provider/imports/visits/example.csv").data
    address = choose(finance, example, "example.csv")
    finance.post(f"{address}/update")
    jobs.run_waiting()
    assert Visit.select().where(Visit.status == "Matched").count() >= 5


@pytest.mark.feature("O-01")
def test_the_links_of_bulk_import_and_export(finance):
    page = finance.get("/provider/visits").text
    for words in ("Visits Bulk Import", "Carers Bulk Import", "Commissioned Care Export"):
        assert words in page
    settings.put("module_carers", False)
    settings.put("module_commissioned_care", False)
    page = finance.get("/provider/visits").text
    assert "Carers Bulk Import" not in page and "Commissioned Care Export" not in page
    assert finance.get("/provider/imports/carers/new").status_code == 404


@pytest.mark.feature("O-51")
def test_an_officer_switches_visits_off_and_nothing_of_them_is_left(app, client, cast):
    officer = cast.sign_in(app.test_client(), cast.officer)
    assert officer.get("/authority/settings").status_code == 200
    settings.put("module_visits", False)
    settings.put("module_actuals_import", False)
    finance = cast.sign_in(client, cast.finance)
    home = finance.get("/provider/").text
    assert "Actuals/Visits" not in home
    for address in ("/provider/visits", "/provider/imports/visits/new", "/provider/imports"):
        assert finance.get(address).status_code == 404


@pytest.mark.feature("O-24")
def test_a_hospital_visit_on_a_delivered_slot_is_a_warning_and_pays_nothing(finance, cast):
    nothing = {"DeliveredVisitDate": "", "DeliveredEntryTime": "", "DeliveredExitTime": ""}
    address = choose(finance, as_file(row("V1"), row("V2", VisitType="H", **nothing)))
    assert "Warning</strong>" in finance.get(f"{address}?show=warnings").text
    finance.post(f"{address}/update")
    jobs.run_waiting()
    found = Visit.get(Visit.ref == "V2")
    assert (found.status, found.paid_minutes, found.charged_minutes) == ("Matched", 0, 0)
    refused = choose(finance, as_file(row("V3", VisitType="H")))
    assert "Error</strong>" in finance.get(refused).text


@pytest.mark.feature("O-41")
def test_a_second_planned_package_shares_by_slot_and_plan(finance, cast):
    second = cast.make_package(
        156099, cast.ann, cast.north, cast.personal_care, cast.dapl, quantity=50, unit_cost=232260
    )
    address = choose(
        finance,
        as_file(
            row("V1"),
            row(
                "V2",
                PlannedEntryTime="12:00",
                PlannedExitTime="12:30",
                DeliveredEntryTime="12:00",
                DeliveredExitTime="12:30",
            ),
        ),
    )
    finance.post(f"{address}/update")
    jobs.run_waiting()
    packages = {v.ref: v.package_id for v in Visit.select()}
    assert packages["V1"] == cast.package.id
    assert packages["V2"] in (cast.package.id, second.id)


@pytest.mark.feature("O-45")
def test_carers_come_by_file_and_others_are_not_seen(app, finance, cast):
    content = b"CarerRef,Forename,Surname\r\nK1,Kim,Hall\r\n"
    address = choose(finance, content, "carers.csv", "carers")
    finance.post(f"{address}/update")
    jobs.run_waiting()
    assert "Import Complete" in finance.get(address).text
    twice = choose(finance, b"CarerRef,Forename,Surname\r\nK2,A,B\r\nK2,C,D\r\n", "carers.csv", "carers")
    assert finance.get(twice).text.count("Error</strong>") == 2


@pytest.mark.feature("R-06")
def test_payment_lines_name_and_lead_to_their_purchase_order(finance, cast):
    assert cast.order.client_id == cast.package.client_id
    address = choose(finance, as_file(row("V1")))
    finance.post(f"{address}/update")
    jobs.run_waiting()
    page = finance.get(f"/provider/payments/contracts/{cast.dapl.id}/periods/{cast.periods[1].id}").text
    assert "purchase order C1/A100001 2026/2027" in page
    assert "£23.23" in page
    order = re.search(r'<a class="govuk-link" href="(/provider/orders/\d+)">purchase order C1/A100001', page)[1]
    assert "A100001" in finance.get(order).text
    settings.put("module_orders", False)
    page = finance.get(f"/provider/payments/contracts/{cast.dapl.id}/periods/{cast.periods[1].id}").text
    assert "/provider/orders" not in page and "purchase order C1/A100001" in page
    settings.put("module_orders", True)
    officer = cast.sign_in(finance.application.test_client(), cast.officer)
    lines = officer.get(f"/authority/periods/{cast.periods[1].id}/contracts/{cast.dapl.id}").text
    assert f'{order.replace("provider", "authority")}">purchase order C1/A100001' in lines


def test_an_officer_sees_the_same_import_and_the_file(app, finance, cast):
    address = choose(finance, as_file(row("V1")))
    officer = cast.sign_in(app.test_client(), cast.officer)
    page = officer.get(address.replace("/provider/", "/authority/"))
    assert (
        page.status_code == 200
        and "Update System" not in page.text.split("Errors and Warnings")[0].split("Imported Data")[1]
    )
    assert officer.get(address.replace("/provider/", "/authority/") + "/file").data == as_file(row("V1"))
    assert "week.csv" in officer.get("/authority/imports").text


def test_the_authority_loads_a_file_in_its_workspace(app, cast):
    officer = cast.sign_in(app.test_client(), cast.officer)
    content = b"SSRef,Surname,Forename\r\nA300001,New,Nora\r\n"
    address = choose(officer, content, "clients.csv", "clients", "authority")
    officer.post(f"{address}/update")
    jobs.run_waiting()
    assert "Import Complete" in officer.get(address).text
    reader = cast.sign_in(app.test_client(), cast.reader)
    assert reader.get("/authority/imports/clients/new").status_code == 403
