"""Every refusal of interfaces.md, "Files the authority loads", by its own tiny file: line, column, words."""

from __future__ import annotations

import pytest

from models import Change, ImportState, Package, PackageRate, Service, StagedRow
from tests.imports import world
from tests.imports.world import changed, figures, load, said


@pytest.fixture
def small(app):
    world.build()


# kind, the line of the world's file that is taken, what is changed in it, the column of the only error, words of it
ONE_CELL = [
    ("organisations", 2, {"OrganisationName": ""}, "OrganisationName", "Enter the organisation's name"),
    ("organisations", 2, {"OrganisationName": "x" * 113}, "OrganisationName", "expected at most 112"),
    ("organisations", 2, {"LimitedAccessibility": "maybe"}, "LimitedAccessibility", "expected 0, 1, yes or no"),
    ("service-levels", 2, {"PaidOn": "actual"}, "PaidOn", "Did you mean actuals?"),
    ("service-levels", 2, {"PaidOn": ""}, "PaidOn", "Enter what is paid"),
    ("service-levels", 2, {"Entry": "hourly"}, "Entry", "one of weekly, daily, visits, none"),
    ("service-levels", 2, {"Unit": "Nights"}, "Unit", "measured in hours"),
    ("service-levels", 3, {"VisitsWanted": "1"}, "VisitsWanted", "only a level that is entered by visits"),
    ("service-levels", 3, {"Intermittent": "1"}, "Intermittent", "1 of the level's packages are not Yearly"),
    ("service-levels", 5, {"Intermittent": "0"}, "Intermittent", "1 of the level's packages are Yearly"),
    ("service-levels", 4, {"PaidOn": "one-off"}, "PaidOn", "1 of the level's packages are not One-off"),
    ("services", 2, {"OrganisationRef": "OAKK"}, "OrganisationRef", "Did you mean OAK?"),
    ("services", 2, {"OrganisationRef": "BRO"}, "OrganisationRef", "stays with its organisation"),
    ("services", 2, {"EndDate": "2020-12-31"}, "EndDate", "on or after 01/01/2021"),
    ("services", 2, {"StartDate": "1/1/2021"}, "StartDate", "expected a date such as 2026-10-05 or 05/10/2026"),
    ("services", 2, {"EndDate": "2026-02-29"}, "EndDate", "in the calendar"),
    ("payment-periods", 2, {"EndDate": "2026-09-06"}, "EndDate", "on or after 07/09/2026"),
    ("payment-periods", 2, {"EndDate": "2026-10-05"}, "EndDate", "overlaps the period from 07/09/2026 to 05/10/2026"),
    ("payment-periods", 3, {"EndDate": "2026-10-31"}, "EndDate", "gap after the period from 05/10/2026 to 31/10/2026"),
    ("payment-periods", 3, {"StartDate": "2026-10-06"}, "StartDate", "overlaps the period from 05/10/2026"),
    ("payment-periods", 4, {"StartDate": "2026-12-07", "EndDate": "2026-12-13"}, "StartDate", "gap after the period"),
    ("payment-periods", 2, {"CutOff": "07-10-2026"}, "CutOff", "expected a date"),
    ("contracts", 2, {"PaymentCycle": "5-weekly"}, "PaymentCycle", "Did you mean"),
    ("contracts", 2, {"OrganisationRef": "ZZZ"}, "OrganisationRef", "There is no organisation “ZZZ”"),
    ("contracts", 2, {"OrganisationRef": "BRO"}, "OrganisationRef", "stays with its organisation"),
    ("contracts", 2, {"VatRate": "100.01"}, "VatRate", "a percentage from 0 to 100"),
    ("contracts", 2, {"VatRate": "-1"}, "VatRate", "not negative"),
    ("contracts", 2, {"VatRate": "17.555"}, "VatRate", "at most 2 decimal places"),
    ("contracts", 2, {"PaymentBasis": "invoices"}, "PaymentBasis", "Did you mean invoice?"),
    ("clients", 2, {"Forename": ""}, "Forename", "Enter the client's forename"),
    ("clients", 2, {"ClientRef": "CR-3"}, "ClientRef", "belongs to the client with SSRef A3"),
    ("clients", 2, {"SSRef": "A9"}, "ClientRef", "belongs to the client with SSRef A1"),
    ("clients", 2, {"NHSNumber": "9" * 21}, "NHSNumber", "has 21 characters; expected at most 20"),
    ("clients", 2, {"SSRef": "A" * 51, "ClientRef": ""}, "SSRef", "has 51 characters; expected at most 50"),
    ("packages", 2, {"CPLIId": "101a"}, "CPLIId", "expected a whole number"),
    ("packages", 2, {"CPLIId": "0"}, "CPLIId", "expected a whole number from 1"),
    ("packages", 2, {"SSRef": "A4"}, "SSRef", "There is no client “A4”"),
    ("packages", 2, {"ServiceRef": "OAK-M"}, "ServiceRef", "There is no service “OAK-M”. Did you mean OAK-"),
    ("packages", 2, {"ServiceLevelRef": "Personal Care"}, "ServiceLevelRef", "There is no service level"),
    ("packages", 2, {"ContractRef": "C9"}, "ContractRef", "There is no contract"),
    ("packages", 2, {"ContractRef": "C2"}, "ContractRef", "another organisation's"),
    ("packages", 2, {"StartDate": ""}, "StartDate", "Enter the start date"),
    ("packages", 2, {"EndDate": "2026-09-06"}, "EndDate", "on or after 07/09/2026"),
    ("packages", 3, {"Quantity": "-1"}, "Quantity", "not negative"),
    ("packages", 3, {"Quantity": "1.255"}, "Quantity", "at most 2 decimal places"),
    ("packages", 3, {"Quantity": ""}, "Quantity", "Enter the quantity"),
    ("packages", 2, {"Frequency": "Monthly"}, "Frequency", "Weekly, 2-Weekly to 52-Weekly, One-off or Yearly"),
    ("packages", 2, {"Frequency": "0-Weekly"}, "Frequency", "2-Weekly"),
    ("packages", 2, {"Frequency": "1-Weekly"}, "Frequency", "2-Weekly"),
    ("packages", 2, {"Frequency": "Yearly"}, "Frequency", "is not intermittent"),
    ("packages", 5, {"Frequency": "Weekly"}, "Frequency", "Yearly: “Short Break” is intermittent"),
    ("packages", 4, {"ServiceLevelRef": "ONE"}, "Frequency", "One-off: “Incentive” is paid one-off"),
    ("packages", 2, {"UnitCost": "16.16161"}, "UnitCost", "at most 4 decimal places"),
    ("packages", 2, {"UnitCost": "£16.16"}, "UnitCost", "without a pound sign"),
    ("packages", 2, {"Authorised": "2"}, "Authorised", "expected 0, 1, yes or no"),
    ("packages", 3, {"Discount": "101"}, "Discount", "a percentage from 0 to 100"),
    ("packages", 3, {"Contribution": "2.505"}, "Contribution", "at most 2 decimal places"),
    ("rates", 2, {"CPLIId": "201"}, "CPLIId", "There is no package “201”"),
    ("rates", 2, {"From": ""}, "From", "Enter the date from which the rate holds"),
    ("rates", 2, {"UnitCost": "-650"}, "UnitCost", "not negative"),
    ("timetables", 2, {"CPLIId": "1"}, "CPLIId", "There is no package “1”"),
    ("timetables", 2, {"Weekday": "Monday"}, "Weekday", "one of Mon, Tue"),
    ("timetables", 2, {"EntryTime": "25:00"}, "EntryTime", "expected a time such as 09:30"),
    ("timetables", 2, {"ExitTime": "08:00"}, "ExitTime", "not the entry time"),
    ("timetables", 2, {"Carers": "0"}, "Carers", "a whole number from 1 to 99"),
    ("timetables", 2, {"Carers": "1.5"}, "Carers", "a whole number"),
]  # fmt: skip


@pytest.mark.parametrize(
    "kind, line, cells, column, words", ONE_CELL, ids=lambda v: v if isinstance(v, str) and len(v) < 40 else ""
)
def test_a_mistake_is_refused_at_its_line_and_column(small, kind, line, cells, column, words):
    batch = load(kind, changed(kind, line, **cells))
    problems = said(batch)
    assert [p[:3] for p in problems] == [("error", 2, column)], problems
    assert words in problems[0][3]
    assert (batch.records, batch.rejected, batch.state) == (1, 1, ImportState.CANCELLED)


TWICE = {
    "organisations": ("OrganisationRef", "oak"),
    "service-levels": ("ServiceLevelRef", "pc"),
    "services": ("ServiceRef", "oak-n"),
    "payment-periods": ("StartDate", "07/09/2026"),
    "contracts": ("ContractRef", "c1"),
    "clients": ("SSRef", "a1"),
    "packages": ("CPLIId", "0101"),
    "rates": ("From", "05/10/2026"),
    "timetables": ("Weekday", "MON"),
}


@pytest.mark.parametrize("kind", TWICE)
def test_a_reference_twice_is_an_error_on_the_later_row(small, kind):
    """However it is spelt; the earlier row stands."""
    column, spelling = TWICE[kind]
    once = changed(kind, 2)
    batch = load(kind, once + changed(kind, 2, **{column: spelling}).splitlines()[1], check_only=True)
    errors = [p for p in said(batch) if p[0] == "error"]
    assert [p[1:3] for p in errors] == [(3, column)], errors
    assert "already" in errors[0][3]
    assert figures(batch)[:6] == (2, 0, 0, 1, 0, 1)


def test_a_number_with_a_comma_is_refused(small):
    content = 'CPLIId,From,UnitCost\n200,2026-10-05,"1,250.00"\n'
    assert said(load("rates", content)) == [
        ("error", 2, "UnitCost", "“1,250.00” was not understood; expected a number without commas, such as 1234.5000.")
    ]


def test_every_problem_of_every_row_at_once(small):
    content = changed("packages", 2, SSRef="nobody", StartDate="31/02/2026", UnitCost="x", Frequency="Daily")
    content += changed("packages", 3, ContractRef="C2", EndDate="2026-01-01", Discount="-1").splitlines()[1] + "\n"
    batch = load("packages", content)
    assert [p[1:3] for p in said(batch)] == [
        (2, "SSRef"), (2, "StartDate"), (2, "Frequency"), (2, "UnitCost"),
        (3, "Discount"), (3, "EndDate"), (3, "ContractRef"),
    ]  # fmt: skip
    assert figures(batch) == (2, 0, 0, 0, 0, 2, 0)


def test_a_row_with_more_cells_than_headings(small):
    batch = load("rates", "CPLIId,From,UnitCost\n200,2026-10-05,650,extra\n")
    assert said(batch)[0][1:3] == (2, "")
    assert "more cells than the heading" in said(batch)[0][3]


@pytest.mark.parametrize(
    "content, words",
    [
        ("CPLIId,From\n", "Missing: UnitCost"),
        ("CPLIId,From,UnitCost,Colour\n", "Not known: Colour"),
        ("CPLIId,From,UnitCost,from\n", "more than once"),
        ("", "empty"),
    ],
)
def test_headings_are_named_in_one_message(small, content, words):
    batch = load("rates", content)
    assert batch.state == ImportState.REFUSED and words in batch.refusal


def test_nothing_or_all_unless_told(small):
    """Rows are rejected: nothing changes; told to leave them out, the others are taken."""
    content = "CPLIId,From,UnitCost\n200,2026-12-07,651\n200,2026-12-14,-1\n"
    assert figures(load("rates", content)) == (2, 1, 0, 0, 0, 1, 0)
    assert PackageRate.select().count() == 2
    batch = load("rates", content, without_rejected=True)
    assert (batch.state, PackageRate.select().count()) == (ImportState.DONE, 3)
    assert not StagedRow.select().exists()


def test_check_changes_nothing(small):
    before = Change.select().count()
    batch = load("packages", changed("packages", 2, Quantity="7", UnitCost="30"), check_only=True)
    assert figures(batch)[:4] == (1, 0, 1, 0)
    assert Package.get(Package.cpli_id == 101).unit_cost == 232260
    assert Change.select().count() == before


def test_an_unknown_reference_names_nobody_near_too_far(small):
    batch = load("services", changed("services", 2, OrganisationRef="Somebody else"))
    assert "Did you mean" not in said(batch)[0][3]
    assert Service.get(Service.ref == "OAK-N").organisation.ref == "OAK"


def test_two_new_clients_with_one_client_ref(small):
    content = "SSRef,Surname,Forename,ClientRef\nB1,A,B,X-1\nB2,A,B,x-1\n"
    assert [p[:3] for p in said(load("clients", content))] == [("error", 3, "ClientRef")]


def test_death_before_birth(small):
    batch = load("clients", "SSRef,Surname,Forename,DateOfBirth,DateOfDeath\nA1,A,B,1940-05-17,1940-05-16\n")
    assert [p[:3] for p in said(batch)] == [("error", 2, "DateOfDeath")]
