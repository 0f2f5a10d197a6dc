"""What clients are to be charged: files whose sum always is what is due to be charged."""

import csv
import datetime as dt
import io
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from blueprints import consequences
from blueprints.attachments import rules as attachments
from blueprints.exports import charges, rules
from blueprints.history import Actor
from blueprints.jobs import rules as jobs
from blueprints.packages import rules as packages
from models import Actual, Charge, Contract, Export, File, Finalisation, Job, Package, PackageRate, Visit, db
from tests.provider_world import add_visit, finalise, settle
from tests.visits.test_provider import text_of

BY = Actor(None, "Rose Hill")
WEEK = dt.date(2026, 9, 7)
UNTIL = dt.date(2026, 10, 5)


@pytest.fixture
def world(cast):
    """Ann has two visits, one of a type that charges nothing; Cat's placement is paid on plan."""
    Package.update(contribution=700).where(Package.id == cast.placed.id).execute()
    add_visit(cast, "V7", day=WEEK, minutes=62)
    add_visit(cast, "V8", day=WEEK + dt.timedelta(1), kind="C24")
    add_visit(cast, "V9", day=WEEK + dt.timedelta(2), kind="U")
    settle(cast, cast.package, cast.bobs, cast.placed)
    return cast


def rows_of(export) -> list[dict]:
    content = b"".join(attachments.pieces(File.get_by_id(export.file_id))).decode()
    return list(csv.DictReader(io.StringIO(content)))


def charged() -> dict:
    """What all files have charged, by CPLI and week."""
    found = defaultdict(lambda: [0, 0, 0])
    for export in Export.select().where(Export.kind == "charges"):
        for row in rows_of(export):
            sums = found[row["CPLIId"], row["WeekBeginning"]]
            for at, name in enumerate(("ChargedMinutes", "ChargedCost", "Contribution")):
                sums[at] += round(float(row[name]) * (100 if at else 1))
    return {key: tuple(sums) for key, sums in found.items() if any(sums)}


def due() -> dict:
    """What is due to be charged, by CPLI and week."""
    lines = packages.lines(Package.id.is_null(False))
    return {
        (str(lines[package].plan.id), week.isoformat()): tuple(amounts)
        for (package, week), amounts in charges.due(lines, UNTIL).items()
    }


def test_charged_minutes_their_cost_and_the_contribution(world):
    export = charges.make(UNTIL, BY)
    rows = rows_of(export)
    ann = [r for r in rows if r["SSRef"] == "A100001"]
    # 62 and 60 minutes charge, the visit cancelled in time does not: 122 minutes at £23.2260 an hour are £47.2262
    assert [(r["WeekBeginning"], r["Kind"], r["ChargedMinutes"], r["ChargedCost"], r["Contribution"]) for r in ann] == [
        ("2026-09-07", "charge", "122", "47.23", "0.00")
    ]
    cat = [r for r in rows if r["SSRef"] == "A200001"]
    assert [(r["ChargedMinutes"], r["ChargedCost"], r["Contribution"]) for r in cat] == [("0", "646.06", "7.00")] * 5
    assert ann[0] == {
        "SSRef": "A100001", "CPLIId": "156017", "WeekBeginning": "2026-09-07", "Kind": "charge",
        "ChargedMinutes": "122", "ChargedCost": "47.23", "Contribution": "0.00", "OrganisationRef": "OAK",
        "ServiceRef": "OAK-N", "ServiceName": "Oakfield North", "ServiceLevelRef": "PC",
        "ServiceLevel": "Personal Care", "ContractRef": "C1", "ServiceGroupClass": "", "CostCentre": "",
        "Subjective": "",
    }  # fmt: skip
    assert (export.minutes, export.amount, export.contribution) == (122, 4723 + 5 * 64606, 3500)
    assert charged() == due()


def test_a_type_that_pays_and_does_not_charge_charges_nothing(world):
    kind = world.types["U"]
    kind.charges = "none"
    kind.save()
    consequences.visit_type_changed(kind)
    consequences.settle()
    assert charges.due(packages.lines(Package.id == world.package.id), UNTIL) == {
        (world.package.id, WEEK): charges.Amounts(62, 2400, 0)
    }


def test_a_discount_counts_and_the_rate_is_that_of_the_planned_date(world):
    PackageRate.create(package=world.package, from_date=WEEK + dt.timedelta(2), unit_cost=300000)
    Package.update(discount=1000).where(Package.id == world.package.id).execute()
    settle(world)
    ((key, amounts),) = charges.due(packages.lines(Package.id == world.package.id), UNTIL).items()
    # (62 x 23.226 + 60 x 30) / 60 x 90 % = 48.60018
    assert (key, amounts) == ((world.package.id, WEEK), charges.Amounts(122, 4860, 0))


def test_the_next_file_holds_the_differences_alone(world):
    charges.make(UNTIL, BY)
    assert charges.make(UNTIL, BY) is None
    Visit.update(is_deleted=True).where(Visit.ref == "V9").execute()
    add_visit(world, "V30", day=WEEK + dt.timedelta(7))
    settle(world)
    packages.save_package(
        {"end_date": dt.date(2026, 9, 13), "contribution": 800}, BY, Package.get_by_id(world.placed.id)
    )
    settle(world, world.placed)
    export = charges.make(UNTIL, BY)
    rows = [(r["CPLIId"], r["WeekBeginning"], r["Kind"], r["ChargedMinutes"], r["ChargedCost"], r["Contribution"])
            for r in rows_of(export)]  # fmt: skip
    assert rows[0] == ("156017", "2026-09-07", "difference", "-60", "-23.23", "0.00")
    assert rows[1] == ("156017", "2026-09-14", "charge", "60", "23.23", "0.00")
    assert rows[2] == ("200001", "2026-09-07", "difference", "0", "0.00", "1.00")
    assert rows[3] == ("200001", "2026-09-14", "difference", "0", "-646.06", "-7.00")
    assert charged() == due()


def test_finalising_and_holds_do_not_move_what_is_charged(world):
    before = due()
    finalise(world)
    finalise(world, contract=world.spot)
    assert due() == before


def test_weeks_outside_the_cycle_unauthorised_and_invoiced_packages_charge_nothing(world):
    add_visit(world, "V1", day=dt.date(2026, 9, 6))
    Package.update(start_date=dt.date(2026, 8, 1)).where(Package.id == world.package.id).execute()
    settle(world)
    assert {week for _, week in due()} >= {"2026-09-07"} and "2026-08-31" not in {week for _, week in due()}
    Package.update(authorised=False).where(Package.id == world.package.id).execute()
    Contract.update(payment_basis="invoice").where(Contract.id == world.spot.id).execute()
    settle(world, world.package, world.placed)
    assert due() == {}


def test_an_actual_entered_by_hand_is_charged_as_it_is_due(world):
    Actual.create(package=world.bobs, week=WEEK, organisation=world.oakfield, service=world.north, actual=200,
                  source="entered")  # fmt: skip
    settle(world)
    assert due()["156018", "2026-09-07"] == (0, 4645, 0)


def test_only_until_the_week_that_is_asked_for(world):
    export = charges.make(WEEK, BY)
    assert {r["WeekBeginning"] for r in rows_of(export)} == {"2026-09-07"}
    later = charges.make(UNTIL, BY)
    assert min(r["WeekBeginning"] for r in rows_of(later)) == "2026-09-14"
    assert charged() == due()


@hypothesis(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("visit"), st.integers(0, 34), st.sampled_from(["DHS", "C", "C24", "U", "H"])),
            st.tuples(st.just("delete"), st.integers(0, 5), st.none()),
            st.tuples(st.just("rate"), st.integers(0, 34), st.integers(100000, 400000)),
            st.tuples(st.just("package"), st.sampled_from(["discount", "contribution"]), st.integers(0, 5000)),
            st.tuples(st.just("end"), st.integers(0, 40), st.none()),
            st.tuples(st.just("file"), st.integers(0, 4), st.none()),
            st.tuples(st.just("finalise"), st.none(), st.none()),
        ),
        max_size=9,
    )
)
def test_files_taken_and_the_difference_are_always_what_is_due(cast, steps):
    with db.atomic() as transaction:
        try:
            for number, (verb, one, two) in enumerate([*steps, ("file", 4, None)], 1):
                if verb == "visit":
                    add_visit(cast, f"X{number}", day=WEEK + dt.timedelta(one), kind=two, start=3600 * (8 + number))
                elif verb == "delete":
                    Visit.update(is_deleted=True).where(Visit.ref == f"X{one}").execute()
                elif verb == "rate":
                    PackageRate.insert(
                        package=cast.package, from_date=WEEK + dt.timedelta(one), unit_cost=two
                    ).on_conflict(
                        conflict_target=[PackageRate.package, PackageRate.from_date],
                        update={PackageRate.unit_cost: two},
                    ).execute()
                elif verb == "package":
                    Package.update(**{one: two}).where(Package.id == cast.package.id).execute()
                elif verb == "end":
                    Package.update(end_date=WEEK + dt.timedelta(one)).where(Package.id == cast.package.id).execute()
                elif verb == "finalise":
                    settle(cast)
                    if not Finalisation.select().exists():
                        finalise(cast)
                else:
                    settle(cast, cast.package, cast.bobs, cast.placed)
                    charges.make(WEEK + dt.timedelta(7 * one), BY)
            assert charged() == due()
            sums = defaultdict(lambda: [0, 0, 0])
            for row in Charge.select():
                for at, amount in enumerate((row.minutes, row.cost, row.contribution)):
                    sums[str(row.package.cpli_id), row.week.isoformat()][at] += amount
            assert {key: tuple(v) for key, v in sums.items() if any(v)} == due()
        finally:
            transaction.rollback()


# at the door -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def officer(client, world):
    return world.sign_in(client, world.officer)


def test_an_officer_makes_the_file_takes_it_and_takes_it_again(officer, world):
    page = officer.get("/authority/exports/charges").text
    assert 'value="11/10/2026"' in page and "No file has been made yet." in page
    answer = officer.post("/authority/exports/charges", data={"until": "11/10/2026"})
    assert answer.status_code == 303 and "Waiting to begin" in officer.get(answer.location).text
    assert officer.post("/authority/exports/charges", data={"until": "11/10/2026"}).location == answer.location
    other = officer.post("/authority/exports/charges", data={"until": "14/9/2026"}, follow_redirects=True)
    assert "Another file of charges is being made" in other.text
    jobs.run_waiting()
    export = Export.get()
    assert f"charges-2026-10-05-{export.id}.csv is made: 6 rows." in text_of(officer.get(answer.location).text)
    first = officer.get(f"/authority/exports/{export.id}/file").data
    assert officer.get(f"/authority/exports/{export.id}/file").data == first
    page = text_of(officer.get("/authority/exports/charges").text)
    assert "122" in page and "£3,277.53" in page and "£35.00" in page and "2 times" in page
    assert "The charging system" in officer.get(f"/authority/exports/{export.id}").text
    answer = officer.post("/authority/exports/charges", data={"until": "11/10/2026"})
    jobs.run_waiting()
    assert "Nothing differs from what has been charged already" in officer.get(answer.location).text
    assert Export.select().count() == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter a day of the last week to be charged"),
        ("soon", "Enter the last week as day, month and year"),
        ("19/10/2026", "Enter a day until 14 October 2026: later weeks have not begun"),
    ],
)
def test_bad_weeks_are_refused(officer, world, typed, said):
    answer = officer.post("/authority/exports/charges", data={"until": typed})
    assert answer.status_code == 422 and said in answer.text and f'value="{typed}"' in answer.text
    assert not Job.select().where(Job.kind == "export-charges").exists()


def test_killed_in_the_middle_nothing_is_charged_and_a_second_try_charges_once(world, monkeypatch):
    job, _ = charges.queue(UNTIL, BY)
    whole = rules.note

    def dies(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(rules, "note", dies)
    with pytest.raises(KeyboardInterrupt):
        jobs.run(job.id)
    assert not Charge.select().exists() and not File.select().exists() and not Export.select().exists()
    monkeypatch.setattr(rules, "note", whole)
    jobs.release(Job.get_by_id(job.id))
    jobs.run_waiting()
    assert Export.select().count() == 1 and charged() == due()
    jobs.HANDLERS["export-charges"](Job.get_by_id(job.id), jobs.NoProgress())
    assert Export.select().count() == 1


def test_a_file_made_meanwhile_is_noticed(world, monkeypatch):
    whole = charges.everything

    def meanwhile(until, progress):
        yield from whole(until, progress)
        monkeypatch.setattr(charges, "everything", whole)
        charges.make(until, BY)

    monkeypatch.setattr(charges, "everything", meanwhile)
    with pytest.raises(jobs.Refused, match="made meanwhile"):
        charges.make(UNTIL, BY)
    assert Export.select().count() == 1 and charged() == due()
