"""Reports of a person with limited reach: what their roles reach, in every report and edition, and no more (U-05, 11.1)."""

from __future__ import annotations

import pytest

from blueprints.jobs import rules as jobs
from blueprints.reports import rules
from blueprints.reports.rules import LISTED
from models import Client, PreparedReport, Role
from tests.provider_world import add_visit, finalise, settle
from tests.visits.test_provider import text_of

DATES = "first=1/9/2026&last=31/10/2026"
COMMISSIONED = "/provider/reports/commissioned-v-actuals"
SOUTH = (b"South, Dora", b"A100009", b"Oakfield South", b"990001")


@pytest.fixture
def limited(client, cast):
    """Greta, who manages Oakfield North; Dora has a package in the South alone, and both are paid in September."""
    dora = Client.create(ssref="A100009", client_ref="CR-9", surname="South", forename="Dora")
    package = cast.make_package(
        990001, dora, cast.south, cast.personal_care, cast.dapl, quantity=700, unit_cost=232260
    )  # fmt: skip
    for number, one in enumerate((cast.package, package)):
        for week in (7, 14):
            add_visit(cast, f"V{number}-{week}", package=one, day=cast.periods[0].start_date.replace(day=week))
    settle(cast, cast.package, package)
    finalise(cast)
    cast.north_role = cast.make_role(cast.finance, "Service Manager", service=cast.north)
    cast.oakfield.limited_accessibility = True
    cast.oakfield.save()
    return cast.sign_in(client, cast.finance)


def every_answer(browser, cast):
    """Every report with dates and with the period, on screen and as each file."""
    for one in LISTED.values():
        for query in (DATES, f"period={cast.periods[0].id}"):
            for form in ("", "&format=csv", "&format=xlsx", "&format=pdf"):
                yield browser.get(f"/provider/reports/{one.name}?{query}{form}")


@pytest.mark.feature("U-05")
def test_a_role_for_a_service_reaches_its_rows_and_no_payments(limited, cast):
    shown = text_of(limited.get(f"{COMMISSIONED}?{DATES}&without=y").text)
    assert "Archer, Ann" in shown and "Organisation: Oakfield Home Care;" in shown
    for answer in every_answer(limited, cast):
        for word in SOUTH:
            assert word not in answer.data
    assert "07/09/2026 - 04/10/2026" not in limited.get("/provider/reports/remittance-advice").text
    assert f'value="{Client.get(Client.ssref == "A100009").id}"' not in limited.get(COMMISSIONED).text


@pytest.mark.feature("U-05")
def test_a_role_for_the_contract_reaches_its_payments_whole(limited, cast):
    cast.make_role(cast.finance, "Contact", contract=cast.dapl)
    shown = text_of(limited.get(f"/provider/reports/remittance-advice?period={cast.periods[0].id}").text)
    assert "Archer, Ann" in shown and "South, Dora" in shown and "Total 4 £92.92" in shown


def test_a_prepared_report_goes_with_the_role_that_reached_it(limited, cast, monkeypatch):
    monkeypatch.setattr(rules, "MOST_NOW", dict.fromkeys(rules.MOST_NOW, 0))
    here = limited.post(f"{COMMISSIONED}/preparations?{DATES}", data={"form": "csv"}).headers["Location"]
    jobs.run_waiting()
    answer = limited.get(here + "/file")
    assert answer.status_code == 200 and b"A100001" in answer.data and not any(word in answer.data for word in SOUTH)
    Role.delete().where(Role.id == cast.north_role.id).execute()
    assert limited.get(here).status_code == limited.get(here + "/file").status_code == 404
    assert "Reports that you had prepared" not in limited.get("/provider/reports").text


def test_a_role_that_goes_while_the_report_is_made(limited, cast, monkeypatch):
    monkeypatch.setattr(rules, "MOST_NOW", dict.fromkeys(rules.MOST_NOW, 0))
    limited.post(f"{COMMISSIONED}/preparations?{DATES}", data={"form": "csv"})
    Role.delete().where(Role.id == cast.north_role.id).execute()
    jobs.run_waiting()
    assert PreparedReport.get().file_id is None and PreparedReport.get().job.state == "Failed"
