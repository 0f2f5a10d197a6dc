"""How the authority's files change records: absent columns, empty cells, what is decided later, what follows."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from blueprints import history
from blueprints.imports import rules as imports
from blueprints.packages import plan as plans
from blueprints.packages import rules as packages
from blueprints.periods import rules as periods
from blueprints.settings import rules as settings
from models import (
    Actual,
    Change,
    Client,
    Contract,
    Due,
    Import,
    ImportState,
    Organisation,
    Package,
    PackageRate,
    PaymentCycle,
    PaymentPeriod,
    Service,
    ServiceLevel,
    StagedRow,
    TimetableSlot,
)
from tests.imports import world
from tests.imports.world import WORLD, changed, figures, load, said

BY = history.Actor(None, "test")
LAST = dt.date(2026, 12, 31)


@pytest.fixture
def small(app):
    world.build()


def test_the_same_file_twice_changes_nothing(small):
    entries = Change.select().count()
    for kind, content in WORLD.items():
        batch = load(kind, content)
        assert figures(batch) == (batch.records, 0, 0, batch.records, 0, 0, 0), said(batch)
    assert Change.select().where(~Change.what.startswith("Imported")).count() == entries - len(WORLD)


@pytest.mark.parametrize("kind", WORLD)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_delimiters_order_and_case_of_headings(small, kind, encoding, delimiter):
    """The same rows as another program writes them, columns backwards, are unchanged."""
    rows = [line.split(",")[::-1] for line in WORLD[kind].splitlines()]
    rows[0] = [" ".join(re.findall("[A-Z]+[a-z0-9]*", name)).upper() for name in rows[0]]
    content = "\r\n".join(delimiter.join(row) for row in rows)
    batch = load(kind, content.encode(encoding))
    assert figures(batch)[3] == batch.records > 0, (said(batch), batch.refusal)


# absent and empty ------------------------------------------------------------------------------------------------------


def test_an_absent_column_leaves_and_an_empty_cell_clears(small):
    load("organisations", "OrganisationRef,OrganisationName\nBRO,Brookhouse\n")
    house = Organisation.get(Organisation.ref == "BRO")
    assert (house.name, house.town, house.limited_accessibility) == ("Brookhouse", "Oxford", True)
    load("organisations", "OrganisationRef,OrganisationName,Town,LimitedAccessibility\nBRO,Brookhouse,,\n")
    house = Organisation.get(Organisation.ref == "BRO")
    assert (house.town, house.limited_accessibility) == ("", False)


def test_an_empty_cell_of_a_package_is_its_default(small):
    facts = "102,A2,OAK-N,DAY,C1,2026-09-07,,3,2-Weekly,40,1"
    head = (
        "CPLIId,SSRef,ServiceRef,ServiceLevelRef,ContractRef,StartDate,EndDate,Quantity,Frequency,UnitCost,Authorised"
    )
    assert figures(load("packages", f"{head}\n{facts}\n"))[3] == 1
    load("packages", f"{head},Discount,Contribution,PricingBasis,CostCentre\n{facts},,,,\n")
    package = Package.get(Package.cpli_id == 102)
    assert (package.discount, package.contribution, package.pricing_basis, package.cost_centre) == (0, 0, "Spot", "")
    load("packages", f"{head}\n102,A2,OAK-N,DAY,C1,07/09/2026,31/12/2026,3,one-OFF,40,\n")
    package = Package.get(Package.cpli_id == 102)
    assert (package.end_date, package.frequency, package.authorised) == (LAST, "One-off", False)
    load("packages", f"{head}\n{facts}\n")
    assert Package.get(Package.cpli_id == 102).end_date is None


def test_dates_of_a_service_are_left_and_cleared(small):
    load("services", "ServiceRef,ServiceName,OrganisationRef\nOAK-N,North,OAK\n")
    assert Service.get(Service.ref == "OAK-N").start_date == dt.date(2021, 1, 1)
    load("services", "ServiceRef,ServiceName,OrganisationRef,StartDate\nOAK-N,North,OAK,\n")
    assert Service.get(Service.ref == "OAK-N").start_date is None


def test_a_contract_without_vat_rate_and_basis(small):
    load("contracts", "ContractRef,ContractName,OrganisationRef,ContractType,PaymentCycle\nC2,Spot,BRO,Spot,4-weekly\n")
    assert Contract.get(Contract.ref == "C2").vat_rate == 2000
    head = "ContractRef,ContractName,OrganisationRef,ContractType,PaymentCycle,VatRate,PaymentBasis"
    load("contracts", f"{head}\nC2,Spot,BRO,Spot,4-weekly,,\n")
    found = Contract.get(Contract.ref == "C2")
    assert (found.vat_rate, found.payment_basis) == (0, "portal")


def test_visits_are_wanted_where_a_level_is_entered_by_visits(small):
    head = "ServiceLevelRef,ServiceLevelName,Unit,PaidOn,Entry"
    load("service-levels", f"{head}\nN1,Night,hours,actuals,VISITS\nN2,Lunch,Meals,actuals,weekly\n")
    assert [lev.visits_wanted for lev in ServiceLevel.select().where(ServiceLevel.ref.in_(["N1", "N2"]))] == [
        True,
        False,
    ]
    load("service-levels", f"{head},VisitsWanted\nN1,Night,hours,actuals,visits,0\n")
    assert not ServiceLevel.get(ServiceLevel.ref == "N1").visits_wanted
    load("service-levels", f"{head}\nN1,Night sitting,hours,actuals,visits\n")
    assert not ServiceLevel.get(ServiceLevel.ref == "N1").visits_wanted
    load("service-levels", f"{head},VisitsWanted\nN1,Night,hours,actuals,visits,\n")
    assert ServiceLevel.get(ServiceLevel.ref == "N1").visits_wanted


def test_a_client_ref_is_made_and_kept(small):
    bob = Client.get(Client.ssref == "A2")
    assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", bob.client_ref)
    assert figures(load("clients", changed("clients", 3)))[3] == 1
    batch = load("clients", "SSRef,Surname,Forename,ClientRef\nA2,O'Neill,Bob,\nA1,Archer,Anne,CR-11\n")
    assert figures(batch)[:4] == (2, 0, 1, 1)
    assert Client.get(Client.ssref == "A2").client_ref == bob.client_ref
    assert Client.get(Client.ssref == "A1").client_ref == "CR-11"


def test_an_nhs_number_of_two_clients_is_noticed(small):
    batch = load("clients", "SSRef,Surname,Forename,NHSNumber\nB1,New,One,9990000018\n")
    assert [p[:3] for p in said(batch)] == [("warning", 2, "NHSNumber")]
    assert figures(batch) == (1, 1, 0, 0, 0, 0, 1)


def test_a_heading_alone_is_accepted(small):
    for kind, content in WORLD.items():
        batch = load(kind, content.splitlines()[0])
        assert (batch.state, figures(batch)) == (ImportState.DONE, (0,) * 7)


def test_one_apostrophe_is_taken_away(small):
    load("organisations", "OrganisationRef,OrganisationName,Town,Telephone\nOAK,'=Oak,''-x,+44 1632\n")
    oak = Organisation.get(Organisation.ref == "OAK")
    assert (oak.name, oak.town, oak.telephone) == ("=Oak", "'-x", "+44 1632")


# what follows ----------------------------------------------------------------------------------------------------------


def dues(cpli: int) -> dict[str, int]:
    """Pence due by week of a package."""
    rows = Due.select(Due.week, Due.cost).join(Package).where((Package.cpli_id == cpli) & (Due.cost != 0))
    return {f"{week:%d/%m}": cost for week, cost in rows.order_by(Due.week).tuples()}


def test_a_rate_is_due_from_its_date_when_load_returns(small):
    assert dues(200) == {
        **dict.fromkeys(("07/09", "14/09", "21/09", "28/09"), 64606),
        **dict.fromkeys(("05/10", "12/10", "19/10", "26/10", "02/11", "09/11", "16/11", "23/11"), 65000),
    }
    batch = load("rates", "CPLIId,From,UnitCost\n200,2026-10-05,700\n200,2026-11-23,710\n")
    assert figures(batch)[:4] == (2, 1, 1, 0)
    assert (dues(200)["05/10"], dues(200)["23/11"], len(dues(200))) == (70000, 71000, 12)
    load("packages", changed("packages", 4, UnitCost="600"))
    assert (dues(200)["07/09"], dues(200)["05/10"]) == (60000, 70000)


def test_periods_contracts_and_levels_move_what_is_due(small):
    load("payment-periods", "PaymentCycle,StartDate,EndDate\n4-WEEKLY,2026-11-30,2026-12-06\n")
    assert len(dues(200)) == 13
    load("payment-periods", "PaymentCycle,StartDate,EndDate\nweekly,2026-09-07,2026-09-13\n")
    assert PaymentCycle.select().where(PaymentCycle.name == "weekly").count() == 1
    load("contracts", changed("contracts", 3, PaymentCycle="weekly"))
    assert list(dues(200)) == ["07/09"]
    load("contracts", changed("contracts", 3, PaymentBasis="Invoice"))
    assert dues(200) == {}
    load("contracts", changed("contracts", 3))
    load("service-levels", changed("service-levels", 4, PaidOn="actuals", Entry="weekly"))
    assert dues(200) == {}


def test_a_package_that_moves_to_another_service_takes_its_organisation(small):
    load("packages", changed("packages", 5, ServiceRef="OAK-S", ContractRef="C1"))
    package = Package.get(Package.cpli_id == 300)
    assert package.organisation.ref == "OAK"


def test_history_keeps_before_and_after_of_each_record(small):
    package = Package.get(Package.cpli_id == 200)
    load("packages", changed("packages", 4, UnitCost="600", Discount="2.5"))
    load("rates", "CPLIId,From,UnitCost\n200,2026-10-05,700\n")
    entries = history.of(package)
    assert [e["what"] for e in entries] == ["Changed rates", "Changed", "Changed rates", "Added"]
    assert sorted(entries[1]["changes"]) == [("discount", 0, 250), ("unit_cost", 6460600, 6000000)]
    assert entries[0]["changes"] == [("rate from 2026-10-05", "650.0000", "700.0000")]
    assert (
        Change.select().where((Change.thing == "package") & (Change.organisation == package.organisation_id)).exists()
    )


@pytest.mark.parametrize(
    "kind, content, names",
    [
        ("packages", changed("packages", 2, UnitCost="1"), {"packages", "packages:OAK"}),
        ("rates", "CPLIId,From,UnitCost\n200,2027-10-05,700\n", {"packages", "packages:BRO"}),
        ("timetables", "CPLIId,Weekday,EntryTime,ExitTime\n101,Mon,08:00,09:00\n", {"packages", "packages:OAK"}),
        ("service-levels", changed("service-levels", 2, Unit="Hour"), {"levels"}),
        ("services", changed("services", 4, ServiceName="House"), {"services", "packages:BRO"}),
        ("organisations", changed("organisations", 2, Town="Ely"), {"organisations", "packages:OAK"}),
        ("contracts", changed("contracts", 2, ContractType="APL"), {"contracts", "packages:OAK"}),
        ("clients", changed("clients", 2, Title="Ms"), {"clients", "packages:OAK"}),
        ("payment-periods", changed("payment-periods", 2, CutOff=""), {"periods"}),
    ],
)
def test_counters(small, kind, content, names):
    """A change is counted where imports look for it (settings.COUNTERS); no change is not."""
    names = {re.sub(":(.*)", lambda m: f":{Organisation.get(Organisation.ref == m[1]).id}", name) for name in names}
    every = [*settings.COUNTERS, *(f"packages:{o.id}" for o in Organisation.select())]

    def counted():
        return dict(pair.split("=") for pair in settings.stamp(*every).split())

    before = counted()
    assert figures(load(kind, content))[1:3] != (0, 0)
    after = counted()
    assert {name for name in after if after[name] != before[name]} == names
    assert figures(load(kind, content))[1:3] == (0, 0)
    assert counted() == after


# timetables (rule 3.4) -------------------------------------------------------------------------------------------------

HEAD = "CPLIId,Weekday,EntryTime,ExitTime,Carers\n"


def test_a_timetable_is_replaced_whole_and_others_stay(small):
    batch = load("timetables", HEAD + "101,mon,8:00,09:30,1\n101,Wed,08:00,09:00,\n102,Sun,10:00,11:30,2\n")
    assert figures(batch)[:6] == (3, 2, 1, 0, 1, 0)
    slots = TimetableSlot.select().join(Package).order_by(Package.cpli_id, TimetableSlot.weekday)
    assert [(s.weekday, s.entry, s.exit, s.carers) for s in slots] == [
        (0, 28800, 34200, 1), (2, 28800, 32400, 1), (6, 36000, 41400, 2),
    ]  # fmt: skip
    assert [p[:3] for p in said(batch)] == [("warning", 2, "CPLIId")]  # 2.5 hours in place of 11; 3 as before
    assert figures(load("timetables", HEAD + "102,Sun,10:00,11:30,2\n")) == (1, 0, 0, 1, 0, 0, 0)


def test_the_timetable_wins_over_the_quantity(small):
    """101 has 2 x 1.5 + 8 = 11 hours a week in its timetable."""
    batch = load("packages", changed("packages", 2, Quantity="11"))
    assert (said(batch), figures(batch)[3]) == ([], 1)
    batch = load("packages", changed("packages", 2, Quantity="6"))
    assert said(batch) == [
        ("warning", 2, "Quantity", "The package has a timetable of 11 hours a week; the quantity 6 is ignored.")
    ]
    assert figures(batch) == (1, 0, 0, 1, 0, 0, 1)
    plan = packages.plan_of(Package.get(Package.cpli_id == 101))
    assert plans.planned_quantity(plan, dt.date(2026, 9, 7)) == 1100


def test_a_rejected_row_takes_no_stored_visit_away(small):
    """The row may have meant a visit that is stored: it is not lost with the row."""
    content = HEAD + "101,Mon,08:00,09:30,2\n101,Tue,22:00,2 am,\n"
    batch = load("timetables", content, without_rejected=True)
    assert figures(batch)[:6] == (2, 0, 0, 1, 0, 1)
    assert TimetableSlot.select().count() == 2


# what finalising fixes (rules 3.9, 7.1), and what actuals do (3.3) --------------------------------------------------------


def finalise(ref: str, count: int = 1) -> None:
    """Finalise the first periods of a contract."""
    contract = Contract.get(Contract.ref == ref)
    for period in (
        PaymentPeriod.select().where(PaymentPeriod.cycle == contract.cycle).order_by(PaymentPeriod.start_date)[:count]
    ):
        periods.finalise(contract, period, BY, LAST)


@pytest.mark.parametrize(
    "kind, row, cells, column",
    [
        ("packages", 4, {"SSRef": "A1"}, "SSRef"),
        ("packages", 4, {"ServiceLevelRef": "ONE", "Frequency": "One-off"}, "ServiceLevelRef"),
        ("contracts", 3, {"VatRate": "0"}, "VatRate"),
        ("contracts", 3, {"VatRate": ""}, "VatRate"),
        ("contracts", 3, {"PaymentCycle": "2-weekly"}, "PaymentCycle"),
        ("contracts", 3, {"PaymentBasis": "invoice"}, "PaymentBasis"),
        ("payment-periods", 2, {"CutOff": "2026-10-08"}, "CutOff"),
        ("payment-periods", 2, {"StartDate": "2026-08-10", "EndDate": "2026-09-06"}, "StartDate"),
    ],
)
def test_what_is_finalised_cannot_change(small, kind, row, cells, column):
    content = changed(kind, row, **cells)
    assert load(kind, content, check_only=True).rejected == 0
    finalise("C2")
    batch = load(kind, content)
    assert [p[:3] for p in said(batch)] == [("error", 2, column)]
    assert "finalised" in said(batch)[0][3]


def test_a_finalised_period_cannot_change_though_the_next_one_would_fit(small):
    content = changed("payment-periods", 2, EndDate="2026-10-03")
    finalise("C2")
    assert [p[1:3] for p in said(load("payment-periods", content))] == [(2, "EndDate")]


def test_a_finalised_package_keeps_service_and_contract_and_may_change_the_rest(small):
    finalise("C2")
    batch = load("packages", changed("packages", 4, ServiceRef="OAK-N", ContractRef="C1"))
    assert [p[2] for p in said(batch)] == ["ServiceRef", "ContractRef"]
    batch = load("packages", changed("packages", 4, UnitCost="600", EndDate="2026-10-31"))
    assert (said(batch), figures(batch)[2]) == ([], 1)
    later = changed("payment-periods", 4, EndDate="2026-11-22")
    assert figures(load("payment-periods", later))[2] == 1


def test_entry_and_payment_of_a_level_stay_once_it_has_actuals(small):
    content = changed("service-levels", 3, PaidOn="planned", Entry="none")
    assert load("service-levels", content, check_only=True).rejected == 0
    package = Package.get(Package.cpli_id == 102)
    Actual.create(
        package=package, week=dt.date(2026, 9, 7), organisation=package.organisation_id, service=package.service_id
    )
    assert [p[:3] for p in said(load("service-levels", content))] == [("error", 2, "PaidOn"), ("error", 2, "Entry")]
    assert figures(load("service-levels", changed("service-levels", 3, Unit="Days")))[2] == 1


def test_a_level_that_gets_its_first_actual_after_the_check_is_checked_anew(small):
    """Nothing is applied: what the check read has changed (rule 5.6)."""
    content = changed("service-levels", 3, PaidOn="planned", Entry="none")
    import io

    batch = imports.begin(imports.KINDS["service-levels"], None, None, "a.csv", io.BytesIO(content.encode()))
    imports.jobs.run(batch.job_id)
    package = Package.get(Package.cpli_id == 102)
    Actual.create(
        package=package, week=dt.date(2026, 9, 7), organisation=package.organisation_id, service=package.service_id
    )
    batch = imports.update(batch.id, BY, None, False)
    imports.jobs.run(batch.job_id)
    batch = Import.get_by_id(batch.id)
    assert (batch.state, batch.rejected) == (ImportState.CHECKED, 1)
    assert ServiceLevel.get(ServiceLevel.ref == "DAY").paid_on == "actuals"


def test_a_check_that_is_out_of_date_is_made_again(small):
    """A package file checked before another changed the same package."""
    import io

    content = changed("packages", 4, UnitCost="1")
    batch = imports.begin(imports.KINDS["packages"], None, None, "a.csv", io.BytesIO(content.encode()))
    imports.jobs.run(batch.job_id)
    assert StagedRow.select().where(StagedRow.batch == batch).count() == 1
    load("packages", changed("packages", 4, UnitCost="2"))
    imports.update(batch.id, BY, None, False)
    imports.jobs.run_waiting()
    assert Import.get_by_id(batch.id).state == ImportState.CHECKED
    assert Package.get(Package.cpli_id == 200).unit_cost == 20000


def test_periods_of_one_file_stand_in_any_order_and_a_new_cycle_may_be_long(small):
    weeks = [dt.date(2026, 4, 6) + dt.timedelta(7 * n) for n in range(400)]
    rows = [f"Weekly,{w},{w + dt.timedelta(6)}" for w in weeks]
    batch = load("payment-periods", "PaymentCycle,StartDate,EndDate\n" + "\n".join(reversed(rows)))
    assert figures(batch)[:2] == (400, 400)
    del rows[200]
    rows = [row.replace("Weekly", "Other") for row in rows]
    batch = load("payment-periods", "PaymentCycle,StartDate,EndDate\n" + "\n".join(rows), check_only=True)
    assert figures(batch)[:2] == (399, 200) and batch.rejected == 199  # nothing after the gap can be taken
    assert PackageRate.select().count() == 2
