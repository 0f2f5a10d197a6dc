"""Actuals by file: export, import in two steps, the round trip, refusals (N-01 to N-11)."""

import csv
import datetime as dt
import io

import pytest

from blueprints.actuals import posting, rules
from blueprints.history import COMMAND_LINE, Actor
from blueprints.imports import rules as imports
from blueprints.jobs import rules as jobs
from blueprints.reports import dumps
from blueprints.settings import rules as settings
from blueprints.sheets import write_csv, write_xlsx
from models import Actual, ActualDay, Change, Due, Import, ImportProblem, Increase, Organisation, Package
from tests.actuals import world
from tests.actuals.world import BY, OFFICER, actual, facts, save
from tests.cast import MONDAY
from tests.provider_world import add_visit, settle

SETTER = Actor(None, "officer")


@pytest.fixture
def lines(cast):
    made = world.make(cast)
    rules.generate(cast.north, [MONDAY], BY)
    settle(cast, made.ann, made.bob, made.bob_two)
    return made


@pytest.fixture
def owner(client, cast, lines):
    return cast.sign_in(client, cast.finance)


def exported(cast) -> tuple[list[str], list[dict]]:
    """The organisation's file as it leaves."""
    headings, rows = dumps.make("actuals", cast.oakfield, None, None)
    return headings, [dict(zip(headings, map(str, row), strict=True)) for row in rows]


def as_file(headings, rows) -> io.BytesIO:
    """Rows as a CSV file."""
    return io.BytesIO(b"".join(write_csv([[row.get(h, "") for h in headings] for row in rows], headings)))


def load(cast, headings, rows, **more) -> Import:
    """Load rows as the command does."""
    return imports.load(imports.KINDS["actuals"], cast.oakfield, "actuals.csv", as_file(headings, rows), **more)


def changed(rows, package, **cells) -> list[dict]:
    """The rows with one changed."""
    return [{**row, **cells} if row["CPLIId"] == str(package.cpli_id) else row for row in rows]


def choose(client, file: io.BytesIO) -> str:
    """Choose a file at the page, and let the worker check it; the address of the import."""
    answer = client.post("/provider/imports/actuals/new", data={"file": (file, "actuals.csv")})
    assert answer.status_code == 303, answer.text
    jobs.run_waiting()
    return answer.location


def counts(batch: Import) -> tuple:
    """Read, new, updated, unchanged, rejected, issues."""
    return batch.records, batch.new, batch.updated, batch.unchanged, batch.rejected, batch.issues


def messages(batch: Import) -> list[str]:
    """Every problem, with its line and column."""
    return [f"{p.line} {p.column}: {p.message}" for p in imports.problems(batch)]


# the round trip ----------------------------------------------------------------------------------------------------------


@pytest.mark.feature("N-03")
@pytest.mark.parametrize("book", [False, True])
def test_a_file_that_was_not_edited_changes_nothing(cast, lines, book):
    save(lines.ann, 1300, 0, 100, 0, 14, '=Carer ill,\n"first" day 🚑')
    save(lines.bob, 350, 0, 0, 0, 3, "'-1")
    rounds = world.line(cast, 1040, cast.bob, lines.rounds, 525)
    rules.generate(cast.north, [MONDAY], BY)
    add_visit(cast, "V1")
    settle(cast)
    headings, rows = dumps.make("actuals", cast.oakfield, None, None)
    rows = [[str(cell) for cell in row] for row in rows]
    before = [facts(a) for a in Actual.select().order_by(Actual.id)]
    file = io.BytesIO()
    if book:
        write_xlsx(rows, headings, file)
        file.seek(0)
    else:
        file = io.BytesIO(b"".join(write_csv(rows, headings)))
    batch = imports.load(imports.KINDS["actuals"], cast.oakfield, "a.xlsx" if book else "a.csv", file)
    assert counts(batch) == (5, 0, 0, 5, 0, 0), messages(batch)
    assert [facts(a) for a in Actual.select().order_by(Actual.id)] == before
    assert rounds and ActualDay.select().count() >= 1


def test_a_spreadsheet_s_numbers_and_dates_find_their_rows(cast, lines):
    """Excel turns 14.00 into 14 and writes dates its own way; the row is still the same."""
    headings, rows = exported(cast)
    rows = changed(
        rows, lines.ann, WeekBeginning="05/10/2026", Actual="14", Planned="14", UnitCost="16.16", Cost="226.24"
    )
    batch = load(cast, headings, rows)
    assert counts(batch) == (3, 0, 0, 3, 0, 0), messages(batch)


@pytest.mark.feature("N-06", "N-10")
def test_an_edited_row_is_updated_and_paid(cast, lines):
    headings, rows = exported(cast)
    rows = changed(rows, lines.ann, Actual="13.00", Missed="1.00", Comments="Carer ill")
    batch = load(cast, headings, rows)
    assert counts(batch) == (3, 0, 1, 2, 0, 0), messages(batch)
    assert facts(actual(lines.ann)) == (1300, 0, 100, 0, 0, "Carer ill", "imported")
    assert Due.get((Due.package == lines.ann) & (Due.week == MONDAY)).cost == 21_008
    row = actual(lines.ann)
    entry = (
        Change.select()
        .where((Change.thing == "actual") & (Change.thing_id == row.id))
        .order_by(Change.id.desc())
        .first()
    )
    assert (entry.what, entry.by) == ("Changed an actual by file", "command line") and row.version == 2
    again = load(cast, headings, changed(rows, lines.ann, Cost=""))
    assert counts(again) == (3, 0, 0, 3, 0, 0), "the same again changes nothing"
    stale = load(cast, headings, rows)
    assert "The cost is neither" in messages(stale)[0], "a row that is as stored carries the cost that is stored"


def test_absent_columns_leave_what_is_stored_and_empty_cells_clear_it(cast, lines):
    save(lines.ann, 1300, 0, 100, 0, 14, "Carer ill")
    key = {"CPLIId": str(lines.ann.cpli_id), "WeekBeginning": "2026-10-05"}
    batch = load(cast, ["CPLIId", "WeekBeginning", "Actual"], [{**key, "Actual": "12"}])
    assert counts(batch) == (1, 0, 1, 0, 0, 0) and facts(actual(lines.ann))[:6] == (1200, 0, 100, 0, 14, "Carer ill")
    batch = load(
        cast,
        ["CPLIId", "WeekBeginning", "Actual", "Missed", "Visits"],
        [{**key, "Actual": "12", "Missed": "", "Visits": ""}],
    )
    assert facts(actual(lines.ann))[:6] == (1200, 0, 0, 0, 0, "Carer ill")


def test_new_rows_short_breaks_and_lines_that_were_not_filled_in(cast, lines):
    breaks = world.line(cast, 1030, cast.ann, lines.breaks, 1000, 1_425_000)
    headings = ["CPLIId", "WeekBeginning", "Actual", "Comments"]
    weeks = [MONDAY - dt.timedelta(7 * n) for n in range(3)]
    rows = [{"CPLIId": "1030", "WeekBeginning": f"{w}", "Actual": "4", "Comments": "Seaside"} for w in weeks]
    batch = load(cast, headings, rows)
    assert batch.state == "Cancelled" and not actual(breaks), "all rows or none"
    assert messages(batch) == ["4 Actual: 2 of 10 Nights are left in 2026/2027. Enter no more than that."]
    batch = load(cast, headings, rows, without_rejected=True)
    assert (batch.new, batch.rejected) == (2, 1) and actual(breaks).actual == 400
    blank = [{"CPLIId": str(lines.ann.cpli_id), "WeekBeginning": f"{weeks[1]}", "Actual": ""}]
    assert counts(load(cast, headings, blank)) == (1, 0, 0, 1, 0, 0)
    blank[0]["WeekBeginning"] = f"{MONDAY}"
    assert messages(load(cast, headings, blank)) == ["2 Actual: Enter the actual: 0 if nothing was delivered."]


def test_by_the_day_the_sum_is_read_and_the_days_are_not_kept(cast, lines):
    package = world.line(cast, 1040, cast.bob, lines.rounds, 525)
    world.timetable(package)
    rules.generate(cast.north, [MONDAY], BY)
    headings, rows = exported(cast)
    rows = changed(rows, package, Missed="9.99", Extra="9.99")
    assert load(cast, headings, rows).unchanged == 4, "missed and extra are not read"
    assert ActualDay.select().count() == 1
    batch = load(cast, headings, changed(rows, package, Actual="4.50", Comments="Family came"))
    assert batch.updated == 1 and actual(package).actual == 450 and not ActualDay.select().exists()


# refusals ----------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("N-07", "N-08")
@pytest.mark.parametrize(
    "cells, words",
    [
        ({"CPLIId": "999"}, "CPLIId: You have no package 999."),
        ({"CPLIId": "200001"}, "CPLIId: You have no package 200001."),
        ({"CPLIId": "x"}, "CPLIId: “x” was not understood; expected a whole number"),
        (
            {"WeekBeginning": "2026-10-06", "Planned": "", "UnitCost": ""},
            "WeekBeginning: 06/10/2026 is not a Monday; the week begins on 05/10/2026.",
        ),
        ({"WeekBeginning": "soon"}, "WeekBeginning: “soon” was not understood; expected a date"),
        (
            {"WeekBeginning": "2026-08-31", "Planned": "", "UnitCost": ""},
            "WeekBeginning: The package is not active on any day of this week",
        ),
        ({"WeekBeginning": "2026-12-28"}, "WeekBeginning: Actuals may be entered 4 weeks ahead."),
        ({"Actual": "-1"}, "Actual: “-1” was not understood; expected a number that is not negative."),
        ({"Actual": "13,5"}, "Actual: “13,5” was not understood; expected a number without commas"),
        ({"Actual": "1e9"}, "Actual: “1e9” was not understood"),
        ({"Actual": "123456"}, "Actual: “123456” was not understood; expected at most 9999.99."),
        ({"Actual": "13.505"}, "Actual: “13.505” was not understood; expected a number with at most 2 decimal places."),
        ({"Visits": "2.5"}, "Visits: “2.5” was not understood; expected a whole number"),
        ({"Planned": "15"}, "Planned: Planned is 14 in this week, not 15."),
        ({"UnitCost": "16.17"}, "UnitCost: The unit cost is 16.1600."),
        ({"Cost": "1.00"}, "Cost: The cost is neither"),
        ({"Comments": ""}, "Comments: Enter a comment that says why this differs from plan."),
        ({"Comments": "x" * 8001}, "has 8001 characters; expected at most 8000"),
    ],
)
def test_what_is_wrong_with_a_row(cast, lines, cells, words):
    headings, rows = exported(cast)
    rows = changed(rows, lines.ann, **{"Actual": "13.00", "Missed": "1.00", "Cost": "", "Comments": "Ill"} | cells)
    batch = load(cast, headings, rows)
    assert batch.rejected == 1 and actual(lines.ann).actual == 1400
    assert any(words in found for found in messages(batch)), messages(batch)


def test_locked_weeks_visits_and_twice_in_the_file(cast, lines):
    add_visit(cast, "V1")
    settle(cast)
    posting.lock([cast.north], MONDAY, OFFICER)
    headings, rows = exported(cast)
    assert load(cast, headings, rows).unchanged == 4, "unchanged rows of a locked week are no error"
    batch = load(cast, headings, changed(rows, lines.ann, Actual="13", Missed="1", Comments="Ill", Cost=""))
    assert "The authority has locked this week" in messages(batch)[0]
    batch = load(cast, headings, changed(rows, cast.package, Actual="13", Comments="Ill", Cost=""))
    assert "comes from visits" in messages(batch)[0]
    batch = load(cast, headings, [*rows, rows[0]])
    assert batch.rejected == 2 and len(messages(batch)) == 2


def test_unauthorised_unknown_and_the_setting_of_increases(cast, lines):
    headings, rows = exported(cast)
    settings.change(SETTER, {"authorise_increases": True})
    batch = load(cast, headings, changed(rows, lines.ann, Actual="16", Extra="2", Comments="Two more", Cost=""))
    assert batch.updated == 1 and Increase.get().state == "Pending"
    assert Due.get((Due.package == lines.ann) & (Due.week == MONDAY)).cost == 22_624
    headings, rows = exported(cast)
    assert load(cast, headings, rows).unchanged == 3, "with the cost of what is paid"
    Package.update(authorised=False).where(Package.id == lines.ann.id).execute()
    batch = load(cast, headings, changed(rows, lines.ann, Actual="15", Cost=""))
    assert "not authorised" in messages(batch)[0]


def test_a_row_that_changes_between_check_and_update_is_checked_again(cast, lines):
    headings, rows = exported(cast)
    file = as_file(headings, changed(rows, lines.ann, Actual="13", Missed="1", Comments="Ill", Cost=""))
    batch = imports.begin(imports.KINDS["actuals"], cast.oakfield.id, cast.finance, "a.csv", file)
    jobs.run_waiting()
    save(lines.ann, 1200, 0, 200, 0, 0, "Ill twice")
    imports.update(batch.id, BY, cast.finance, False)
    jobs.run_waiting()
    batch = Import.get_by_id(batch.id)
    assert batch.state == "Checked" and "changed meanwhile" in batch.refusal
    assert actual(lines.ann).actual == 1200


@pytest.mark.feature("N-04")
def test_we_21_the_row_of_the_guide_without_headings(cast, lines):
    """Sixteen fields, a Monday as yyyyMMdd, the line's number last but one."""
    row = b'"00030","Exceptional Rate Residential Care","1221744","20261005",0,,"","",1,0,0,0,2,"Additional visit requested",1002,\r\n'
    batch = imports.load(imports.KINDS["actuals"], cast.oakfield, "guide.csv", io.BytesIO(row))
    assert counts(batch) == (1, 0, 1, 0, 0, 0), messages(batch)
    assert facts(actual(lines.bob))[:6] == (100, 0, 0, 0, 2, "Additional visit requested")


# the screens -------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("N-02")
def test_export_for_a_range_of_dates(owner, cast, lines):
    page = owner.get("/provider/actuals/export").text
    assert "Actuals Bulk Export" in page and "Start date" in page and "End date" in page
    answer = owner.get("/provider/actuals/export?first=05/10/2026&last=11/10/2026&format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert (
        len(rows) == 3 and rows[0]["CPLIId"] == "1001" and "actuals-2026-10-05" in answer.headers["Content-Disposition"]
    )
    empty = owner.get("/provider/actuals/export?first=05/01/2026&last=11/01/2026&format=csv").text
    assert empty.startswith("CPLIId,WeekBeginning") and len(empty.splitlines()) == 1
    wrong = owner.get("/provider/actuals/export?first=11/10/2026&last=05/10/2026&format=csv")
    assert wrong.status_code == 422 and "Enter an end date on or after the start date" in wrong.text
    assert owner.get("/provider/actuals/export?first=x&last=&format=csv").status_code == 422
    more = owner.get("/provider/actuals/export?first=28/09/2026&last=11/10/2026&format=csv&lines=y").text
    blank = [r for r in csv.DictReader(io.StringIO(more)) if not r["Actual"]]
    assert len(blank) == 3 and {r["WeekBeginning"] for r in blank} == {"2026-09-28"} and blank[0]["Planned"] == "14.00"
    book = owner.get("/provider/actuals/export?first=05/10/2026&last=11/10/2026&format=xlsx")
    batch = imports.load(imports.KINDS["actuals"], cast.oakfield, "a.xlsx", io.BytesIO(book.data))
    assert counts(batch) == (3, 0, 0, 3, 0, 0), messages(batch)


@pytest.mark.feature("N-05", "N-06", "N-07", "N-09")
def test_import_in_two_steps(owner, cast, lines):
    page = owner.get("/provider/imports/actuals/new").text
    assert "Bulk Import of Actuals" in page and ".xlsx" in page
    nothing = owner.post("/provider/imports/actuals/new", data={})
    assert nothing.status_code == 422 and "Choose a file" in nothing.text
    headings, rows = exported(cast)
    rows = changed(rows, lines.ann, Actual="13.00", Missed="1.00", Comments="Carer ill", Cost="")
    rows.append({**rows[1], "CPLIId": "999", "Planned": "", "UnitCost": "", "Cost": ""})
    address = choose(owner, as_file(headings, rows))
    text = owner.get(address).text
    for words in ("Imported Data", "Number of records", "Update System", "Cancel", "You have no package 999."):
        assert words in text, words
    assert actual(lines.ann).actual == 1400, "nothing is stored before Update System"
    refused = owner.post(f"{address}/update", follow_redirects=True)
    assert "rejected rows" in refused.text
    owner.post(f"{address}/update", data={"without_rejected": "y"})
    jobs.run_waiting()
    done = owner.get(address).text
    assert "/provider/actuals?week=2026-10-05" in done and actual(lines.ann).actual == 1300
    owner.post(f"{address}/update", data={"without_rejected": "y"})
    jobs.run_waiting()
    assert actual(lines.ann).version == 2, "pressed twice it is stored once"


@pytest.mark.feature("N-11")
def test_the_authority_sees_the_imports(client, owner, cast, lines):
    headings, rows = exported(cast)
    address = choose(owner, as_file(headings, rows))
    owner.post(f"{address}/cancellation")
    cast.sign_in(client, cast.officer)
    listed = client.get("/authority/imports?kind=actuals").text
    assert "Cancelled" in listed and "Greta Finch" in listed
    sent = client.get(address.replace("/provider/", "/authority/") + "/file")
    assert sent.status_code == 200 and sent.data.startswith(b"CPLIId")
    cast.sign_in(client, cast.outsider)
    assert client.get(address).status_code == 404


@pytest.mark.feature("N-01")
def test_each_is_switched_off_by_itself(owner, cast, lines):
    html = owner.get("/provider/actuals").text
    assert "Actuals Bulk Import" in html and "Actuals Bulk Export" in html
    settings.change(SETTER, {"module_actuals_import": False})
    html = owner.get("/provider/actuals").text
    assert "Actuals Bulk Import" not in html and "Actuals Bulk Export" in html
    assert owner.get("/provider/imports/actuals/new").status_code == 404
    settings.change(SETTER, {"module_actuals_export": False})
    assert "Actuals Bulk Export" not in owner.get("/provider/actuals").text
    assert owner.get("/provider/actuals/export").status_code == 404


def test_who_may_only_look_may_not_send_a_file(owner, cast, lines):
    Organisation.update(enters_actuals=False).where(Organisation.id == cast.oakfield.id).execute()
    assert owner.get("/provider/imports/actuals/new").status_code == 403
    assert owner.get("/provider/imports/visits/new").status_code == 200


def test_the_example_and_the_format_page(owner, cast, lines):
    Actual.delete().execute()
    example = owner.get("/provider/imports/actuals/example.csv")
    batch = imports.load(imports.KINDS["actuals"], cast.oakfield, "e.csv", io.BytesIO(example.data))
    assert counts(batch) == (3, 3, 0, 0, 0, 0), messages(batch)
    page = owner.get("/provider/imports/actuals/format").text
    assert "WeekBeginning" in page and "Excel workbook" in page


def test_the_command(app, cast, lines, tmp_path):
    headings, rows = exported(cast)
    file = tmp_path / "actuals.csv"
    file.write_bytes(
        as_file(headings, changed(rows, lines.ann, Actual="13", Missed="1", Comments="Ill", Cost="")).getvalue()
    )
    runner = app.test_cli_runner()
    result = runner.invoke(args=["load", "actuals", str(file), "--organisation", "OAK"])
    assert result.exit_code == 0, result.output
    assert (
        "records read 3, new 0, updated 1, unchanged 2, deleted 0, rejected 0, data quality issues 0" in result.output
    )
    foreign = runner.invoke(args=["load", "actuals", str(file), "--organisation", "BRO"])
    assert foreign.exit_code == 1 and "error line 2, CPLIId: You have no package 1001." in foreign.output
    assert ImportProblem.select().exists() and COMMAND_LINE.user_id is None
