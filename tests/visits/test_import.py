"""Imports of visits: two steps, twice the same, out of date, pressed twice, busy, locked weeks, mending (rules 4.7, 5.6, 5.7)."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest

from blueprints import consequences, history
from blueprints.imports import problem_rows
from blueprints.imports import rules as imports
from blueprints.reach import Reach
from blueprints.settings import rules as settings
from blueprints.sheets import write_csv
from blueprints.visits import digest, report, rules
from blueprints.visits.columns import HEADINGS
from models import (
    Actual,
    Change,
    Due,
    Import,
    ImportState,
    LockedWeek,
    StagedVisit,
    StaleGroup,
    Visit,
    VisitStatus,
    VisitVersion,
)
from tests.cast import MONDAY
from tests.visits.world import counts, load, said

BY = history.Actor(None, "Greta Finch")


def row(ref: str, **cells) -> dict[str, str]:
    """Ann's hour on the Monday, delivered as planned."""
    facts = dict.fromkeys(HEADINGS, "") | {
        "VisitRef": ref, "Deleted": "0", "PlannedVisitDate": "05/10/2026", "PlannedEntryTime": "08:00",
        "PlannedExitTime": "09:00", "VisitType": "DHS", "DeliveredVisitDate": "05/10/2026", "DeliveredEntryTime": "08:00",
        "DeliveredExitTime": "09:00", "SSRef": "A100001", "ServiceLevel": "Personal Care",
    }  # fmt: skip
    return facts | cells


def as_csv(*rows: dict[str, str], headings=HEADINGS) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, headings, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def check(owner, content: bytes, user=None) -> Import:
    """A file checked and left waiting."""
    batch = imports.begin(imports.KINDS["visits"], owner, user, "visits.csv", io.BytesIO(content))
    imports.jobs.run(batch.job_id)
    return Import.get_by_id(batch.id)


def press(batch: Import, without_rejected=False) -> Import:
    """Update System, and the job that it queues."""
    batch = imports.update(batch.id, BY, None, without_rejected)
    imports.jobs.run(batch.job_id)
    return Import.get_by_id(batch.id)


def day(n: int) -> str:
    return f"{MONDAY + dt.timedelta(n):%d/%m/%Y}"


def on(n: int) -> dict[str, str]:
    """Both dates on the nth day of the week."""
    return {"PlannedVisitDate": day(n), "DeliveredVisitDate": day(n)}


@pytest.mark.feature("O-27", "O-28")
def test_the_check_changes_nothing_and_update_system_applies_it(cast):
    batch = check(cast.oakfield, as_csv(row("V1"), row("V2", **on(1))))
    assert (batch.state, batch.new) == (ImportState.CHECKED, 2)
    assert not Visit.select().exists()
    batch = press(batch)
    assert batch.state == ImportState.DONE
    assert {v.status for v in Visit.select()} == {VisitStatus.MATCHED}
    assert Actual.get().actual == 200
    assert not StagedVisit.select().exists() and not StaleGroup.select().exists()
    assert Change.select().where(Change.what == "Imported visits").count() == 1


@pytest.mark.feature("O-38")
def test_the_same_file_twice_changes_nothing(cast):
    content = as_csv(row("V1"), row("V2", **on(1), Comments="two\r\nlines"))
    load("visits", content, cast.oakfield)
    before = list(Visit.select().order_by(Visit.id).dicts())
    batch = load("visits", content, cast.oakfield)
    assert counts(batch) == dict(read=2, new=0, updated=0, unchanged=2, deleted=0, rejected=0, issues=0)
    assert list(Visit.select().order_by(Visit.id).dicts()) == before
    assert not VisitVersion.select().exists()


@pytest.mark.feature("O-36", "O-37", "O-38")
def test_every_version_is_kept(cast):
    load("visits", as_csv(row("V1")), cast.oakfield)
    load("visits", as_csv(row("V1", DeliveredExitTime="09:30")), cast.oakfield)
    load("visits", as_csv({"VisitRef": "V1", "Deleted": "Y"}), cast.oakfield)
    visit = Visit.get()
    assert visit.is_deleted and visit.package is None and visit.paid_minutes == 0
    assert not Actual.select().exists(), "an actual exists exactly while there is a matched visit"
    load("visits", as_csv(row("V1")), cast.oakfield)
    visit = Visit.get()
    assert (visit.is_deleted, visit.version, visit.status, visit.paid_minutes) == (False, 4, "Matched", 60)
    kept = [(v.version, v.is_deleted, v.delivered_minutes) for v in rules.versions(visit)]
    assert kept == [(3, True, 90), (2, False, 90), (1, False, 60)]


def test_a_visit_that_moves_leaves_its_old_client(cast):
    load("visits", as_csv(row("V1"), row("V2", **on(1))), cast.oakfield)
    load("visits", as_csv(row("V1", SSRef="A100002")), cast.oakfield)
    found = {a.package_id: a.actual for a in Actual.select()}
    assert found == {cast.package.id: 100, cast.bobs.id: 100}


@pytest.mark.feature("O-36")
def test_delete_one(cast):
    load("visits", as_csv(row("V1"), row("V2", **on(1))), cast.oakfield)
    visit = Visit.get(Visit.ref == "V1")
    assert rules.delete_visit(visit, BY, "wrong zone") is True
    assert Actual.get().actual == 100
    visit = Visit.get(Visit.ref == "V1")
    assert (visit.is_deleted, visit.deletion_reason, visit.changed_by) == (True, "wrong zone", "Greta Finch")
    assert rules.delete_visit(visit, BY, "again") is False
    assert len(rules.versions(visit)) == 1
    assert Change.select().where(Change.what == "Deleted a visit").count() == 1


def test_delete_one_settles_its_own_group_only(cast):
    load("visits", as_csv(row("V1"), row("V2", SSRef="A100002")), cast.oakfield)
    consequences.matching.stale_people([(cast.oakfield.id, cast.bob.id)])
    rules.delete_visit(Visit.get(Visit.ref == "V1"), BY, "")
    assert [g.client for g in StaleGroup.select()] == [cast.bob], "an import of thousands may be waiting beside it"


@pytest.mark.feature("O-37")
def test_locked_weeks(cast):
    load("visits", as_csv(row("V1"), row("V2", **on(7))), cast.oakfield)
    LockedWeek.create(service=cast.north, week=MONDAY)
    tries = [
        row("V1"),  # unchanged
        row("V1", DeliveredExitTime="09:10"),
        row("V1", **on(7), PlannedEntryTime="10:00", PlannedExitTime="11:00"),
        row("V2"),
        row("V3", **on(2)),
        {"VisitRef": "V1", "Deleted": "1"},
    ]
    for content, rejected in zip(tries, (0, 1, 1, 1, 1, 1), strict=True):
        batch = load("visits", as_csv(content), cast.oakfield, check_only=True)
        assert batch.rejected == rejected, said(batch)
        if rejected:
            assert "locked for Oakfield North" in said(batch)[0][3]
    with pytest.raises(rules.Refused, match="locked"):
        rules.delete_visit(Visit.get(Visit.ref == "V1"), BY, "")
    assert rules.delete_visit(Visit.get(Visit.ref == "V1"), BY, "", officer=True)


def test_what_was_checked_is_out_of_date(cast):
    batch = check(cast.oakfield, as_csv(row("V1")))
    settings.bump(f"packages:{cast.oakfield.id}")
    batch = press(batch)
    assert batch.state == ImportState.CHECKED and "new check" in batch.refusal
    assert not Visit.select().exists()
    assert press(batch).state == ImportState.DONE


def test_a_deletion_between_check_and_update_is_a_new_check(cast):
    load("visits", as_csv(row("V1")), cast.oakfield)
    batch = check(cast.oakfield, as_csv(row("V1", Comments="later")))
    assert batch.updated == 1
    rules.delete_visit(Visit.get(), BY, "")
    assert press(batch).state == ImportState.CHECKED


def test_pressed_twice(cast):
    batch = check(cast.oakfield, as_csv(row("V1")))
    imports.update(batch.id, BY, None, False)
    imports.update(batch.id, BY, None, False)
    imports.jobs.run_waiting()
    imports.update(batch.id, BY, None, False)
    imports.jobs.run_waiting()
    assert (Visit.select().count(), Visit.get().version) == (1, 1)


def test_a_second_file_is_told_who_is_at_it(cast):
    imports.begin(imports.KINDS["visits"], cast.oakfield, cast.finance, "first.csv", io.BytesIO(as_csv(row("V1"))))
    with pytest.raises(imports.Refused, match=r"Greta Finch is reading “first\.csv”"):
        imports.begin(imports.KINDS["visits"], cast.oakfield, cast.manager, "second.csv", io.BytesIO(b""))
    imports.begin(imports.KINDS["visits"], cast.brookhouse, cast.outsider, "third.csv", io.BytesIO(as_csv(row("V1"))))


def test_rejected_rows_are_left_out_by_a_tick_only(cast):
    batch = check(cast.oakfield, as_csv(row("V1"), row("V2", VisitType="XX")))
    with pytest.raises(imports.Refused, match="Tick"):
        imports.update(batch.id, BY, None, False)
    assert press(batch, without_rejected=True).state == ImportState.DONE
    assert [v.ref for v in Visit.select()] == ["V1"]


def test_strangers_are_kept_for_later(cast):
    rows = [row("V1", SSRef="A200001"), row("V2", SSRef="ZZ")]  # another organisation's client, and nobody's
    batch = load("visits", as_csv(*rows), cast.oakfield)
    assert (batch.new, batch.issues) == (2, 0)
    found = list(Visit.select(Visit.status, Visit.reason, Visit.client).tuples())
    assert found == [("Unmatched", "client not known", None)] * 2


def test_clashes_with_what_is_stored(cast):
    load("visits", as_csv(row("V1", CarerRef="K")), cast.oakfield)
    again = [
        row("V2"),
        row("V3", PlannedEntryTime="08:30", PlannedExitTime="09:30", SSRef="A100002", CarerRef="K"),
        row("V1", CarerRef="K"),
    ]
    batch = load("visits", as_csv(*again), cast.oakfield, check_only=True)
    kinds = sorted((p.line, p.kind) for p in imports.problems(batch) if p.kind != "carer not known")
    assert kinds == [
        (2, "same call twice"),
        (3, "carer in two places"),
        (4, "carer in two places"),
        (4, "same call twice"),
    ]
    moved = as_csv(row("V1", **on(1)), row("V2"))
    assert load("visits", moved, cast.oakfield, check_only=True).issues == 0, "the stored V1 is being replaced"


@pytest.mark.feature("O-12")
def test_the_setting_that_wants_ssref_and_service(cast):
    settings.put("visits_need_ssref_and_service", True)
    batch = load(
        "visits", as_csv(row("V1"), row("V2", ServiceName="oakfield NORTH", **on(1))), cast.oakfield, check_only=True
    )
    assert (batch.new, batch.rejected) == (1, 1)
    assert said(batch)[0][2] == "ServiceName"


def test_warnings_of_a_row_that_is_rejected_later_are_not_counted(cast):
    batch = load("visits", as_csv(row("V1", CarerRef="X"), row("V1", CarerRef="X")), cast.oakfield, check_only=True)
    assert counts(batch) == dict(read=2, new=0, updated=0, unchanged=0, deleted=0, rejected=2, issues=0)
    assert {p.column for p in imports.problems(batch)} == {"VisitRef"}


# problem rows ----------------------------------------------------------------------------------------------------------


def rows_of(pieces) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(pieces).decode())))


@pytest.mark.feature("O-27")
def test_problem_rows_can_be_corrected_and_sent_again(cast):
    rows = [
        row("V1"),
        row("V2", **on(1), ServiceLevel="Personal Caer", Comments="=1\nsecond line"),
        row("V3", **on(2), VisitType="U"),
    ]
    batch = check(cast.oakfield, as_csv(*rows))
    found = rows_of(problem_rows.csv_of(batch))
    assert [r["VisitRef"] for r in found] == ["V2", "V3"]
    assert list(found[0]) == [*HEADINGS, "Problem", "Expected"]
    assert found[0]["Problem"] == "ServiceLevel: The service level is not known."
    assert "Did you mean “Personal Care”?" in found[0]["Expected"]
    found[0]["ServiceLevel"] = "Personal Care"
    mended = load("visits", as_csv(found[0], headings=list(found[0])), cast.oakfield)
    assert (mended.new, mended.rejected) == (1, 0), said(mended)
    assert Visit.get().comments == "=1\nsecond line"


@pytest.mark.feature("O-27")
def test_a_suggestion_mends_every_row_with_the_mistake(cast):
    wrong = [row(f"V{n}", **on(n % 7), PlannedEntryTime=f"{n // 7:02}:00", PlannedExitTime=f"{n // 7:02}:30",
                 DeliveredEntryTime=f"{n // 7:02}:00", DeliveredExitTime=f"{n // 7:02}:30", ServiceLevel="Personal Caer")
             for n in range(150)]  # fmt: skip
    rows = [
        *wrong,
        row("W", ServiceLevel="Persnal Care", Comments='\'tis, "quoted"\nand long', PlannedEntryTime="23:00"),
    ]
    batch = check(cast.oakfield, as_csv(*rows))
    assert batch.rejected == 151
    problem = imports.problems(batch).first()
    made = problem_rows.use_suggestion(batch, problem, cast.finance)
    imports.jobs.run(made.job_id)
    made = Import.get_by_id(made.id)
    assert (made.new, made.rejected) == (150, 1)
    assert [p.value for p in imports.problems(made) if p.severity == "error"] == ["Persnal Care"]
    assert Import.get_by_id(batch.id).state == ImportState.CANCELLED
    with pytest.raises(imports.Refused):
        problem_rows.use_suggestion(Import.get_by_id(batch.id), problem, cast.finance)
    second = problem_rows.use_suggestion(made, imports.problems(made, "errors").first(), cast.finance)
    imports.jobs.run(second.job_id)
    press(Import.get_by_id(second.id))
    assert Visit.get(Visit.ref == "W").comments == '\'tis, "quoted"\nand long'


# limits ----------------------------------------------------------------------------------------------------------------


def test_files_beyond_the_limits_are_refused_in_words(cast):
    head = ",".join(HEADINGS).encode() + b"\n"
    long_line = load("visits", head + b"x" * 10_000_000, cast.oakfield)
    assert (long_line.state, "Line 2 is longer than 64 kB" in long_line.refusal) == ("Refused", True)
    wide = load("visits", b",".join(b"c%d" % n for n in range(10_000)), cast.oakfield)
    assert (wide.state, "10,000 columns" in wide.refusal) == ("Refused", True)
    settings.put("most_rows", 3)
    many = load("visits", as_csv(*(row(f"V{n}", VisitType="XX") for n in range(4))), cast.oakfield)
    assert (many.state, "more than 3 rows" in many.refusal) == ("Refused", True)
    assert not imports.problems(many).exists() and not StagedVisit.select().exists()
    settings.put("most_megabytes", 1)
    with pytest.raises(imports.attachments.TooLarge, match="1 MB"):
        load("visits", head + b"x" * 1_100_000, cast.oakfield)


# files that leave --------------------------------------------------------------------------------------------------------


def dumped(owner) -> bytes:
    rows = report.visits_rows(Reach.of_organisation(owner.id), dt.date.min, dt.date.max)
    return b"".join(write_csv(rows, report.HEADINGS))


@pytest.mark.feature("O-53")
def test_the_dump_loads_again_unchanged(cast):
    rows = [row("V1", Comments="-5 left"), row("V2", SSRef="ZZ", VisitType="c24", DeliveredVisitDate="", DeliveredEntryTime="",
            DeliveredExitTime=""), row("V3", **on(-7), DeliveredEntryTimeIsOverridden="y", DeliveredEntryTimeOverrideReason="=late"),
            row("V4", **on(2), DeliveredExitTime="")]  # fmt: skip
    load("visits", as_csv(*rows), cast.oakfield)
    found = rows_of([dumped(cast.oakfield)])
    assert [r["VisitRef"] for r in found] == ["V3", "V1", "V2", "V4"]
    assert found[1] | {"Status": "Matched", "CPLIId": "156017", "PaidMinutes": "60", "VisitType": "DHS"} == found[1]
    assert (found[2]["VisitType"], found[2]["Reason"], found[2]["DeliveredMinutes"]) == ("C24", "client not known", "")
    batch = load("visits", dumped(cast.oakfield), cast.oakfield)
    assert counts(batch)["unchanged"] == 4, said(batch)
    assert rows_of([dumped(cast.brookhouse)]) == []


@pytest.mark.feature("O-53")
def test_the_worked_example_loads_without_a_word(cast):
    rows = list(report.example_rows(Reach.of_organisation(cast.oakfield.id), MONDAY))
    codes = [r[5] for r in rows]
    assert {"DHS", "C24", "U", "E"} <= set(codes)
    batch = load("visits", b"".join(write_csv(rows, HEADINGS)), cast.oakfield)
    assert (batch.new, batch.issues, said(batch)) == (len(rows), 0, [])
    assert {v.status for v in Visit.select()} == {"Matched"}
    assert Due.select().where(Due.package == cast.package).exists()
    assert list(report.example_rows(Reach.of_organisation(cast.brookhouse.id), MONDAY)) == []
    assert report.blank_file().decode().strip() == ",".join(HEADINGS)


def test_the_digest_of_stored_values_is_that_of_the_row(cast):
    rows = [row("V1", Comments="x", CarerRef="K", ServiceRef="OAK-N", OrganisationName="oakfield home care", NHSNumber="1"),
            row("V2", VisitType="H", DeliveredVisitDate="", DeliveredEntryTime="", DeliveredExitTime="", SSRef="ZZ"),
            row("V3", DeliveredExitTime="", **on(1)),
            row("V4", **on(2), DeliveredEntryTimeIsOverridden="1", DeliveredExitTimeOverrideReason="late")]  # fmt: skip
    load("visits", as_csv(*rows), cast.oakfield)
    for visit in Visit.select():
        assert digest.of_values(visit.__data__) == visit.digest, visit.ref
