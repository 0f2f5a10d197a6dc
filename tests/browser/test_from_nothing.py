"""From an empty database, through the browser alone: the authority loads guide 004's world, the providers their files.

Without script, which is how the files go fastest; the journeys of test_main_job.py are told with it as well.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3

import pyotp
import pytest

from tests.browser.conftest import ROOT, Portal, Visitor
from tests.browser.test_main_job import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("from nothing")]
FILES = ROOT / "tests" / "files"
KINDS = [
    "organisations",
    "service-levels",
    "services",
    "payment-periods",
    "contracts",
    "clients",
    "packages",
    "rates",
    "timetables",
]
WORDS = "correct horse battery staple"
EXPECTED = json.loads((FILES / "guide004" / "expected.json").read_text(encoding="utf-8"))
RUNS = EXPECTED["runs"]
QUICK = {  # the others are in make long; tests/visits/test_guide004.py tells all of them without a browser
    "example", "scenario 1: double-handed", "disputes", "deletion by file", "unmatched: no package yet",
    "unmatched: every reason", "missing data", "carers",
}  # fmt: skip
SPREADSHEETS = json.loads((FILES / "spreadsheets" / "expected.json").read_text(encoding="utf-8"))
BAD = {
    case["file"].split("/")[1]: case
    for case in json.loads((FILES / "bad" / "expected.json").read_text(encoding="utf-8"))["cases"]
}
PEARL = BAD["date-31-02.csv"]["organisation"]


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """A portal that holds nothing yet."""
    made = Portal(tmp_path_factory.mktemp("empty"))
    made.link = re.search(r"/set-password/\S+", made.command("init").stdout)[0]
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def county(portal, chromium):
    """The authority's files are loaded and each provider has signed in: windows by OrganisationRef, None the officer's."""
    officer = Visitor(portal, chromium, script=False)
    enter(officer, portal.link, "officer@authority.example")
    for kind in KINDS:
        found = send(officer, "authority", kind, FILES / "guide004" / "authority" / f"{kind}.csv")
        assert found["read"] == found["new"] > 0 and found["rejected"] == 0, (kind, found)
    windows = {None: officer}
    for number, ref in enumerate(sorted({told["organisation"] for told in RUNS})):
        email = f"finance{number}@provider.example"
        link = portal.command("user", "add", email, "--organisation", ref).stdout
        windows[ref] = Visitor(portal, chromium, script=False)
        enter(windows[ref], re.search(r"/set-password/\S+", link)[0], email)
    portal.kept = sqlite3.connect(":memory:")
    with sqlite3.connect(portal.folder / "portal.db") as now:
        now.backup(portal.kept)
    yield windows
    for window in windows.values():
        window.close()


@pytest.fixture
def fresh(portal, county):
    """The county as it was loaded, without a visit; the sign-ins go on."""
    with sqlite3.connect(portal.folder / "portal.db", timeout=30) as now:
        portal.kept.backup(now)
    return county


def enter(window, link: str, email: str) -> None:
    """Set the password by the one-time link, and sign in with it."""
    page = window.page
    page.goto(link)
    window.look()
    page.get_by_label("New password", exact=True).fill(WORDS)
    page.get_by_label("New password again").fill(WORDS)
    page.get_by_role("button", name="Set password").click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(WORDS)
    page.get_by_role("button", name="Login").click()
    page.get_by_role("heading", level=1).wait_for()
    window.look()
    if page.get_by_role("heading", name="Set up an authenticator app").count():  # officers need one (rule 11.4)
        secret = page.locator(".portal-key").inner_text().replace(" ", "")
        page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).now())
        page.get_by_role("button", name="Use this app").click()
        page.get_by_role("heading", name="Your recovery codes").wait_for()
        window.look()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("heading", level=1).wait_for()


def send(window, side: str, kind: str, path, update: bool = True) -> dict[str, int]:
    """Choose, check, confirm; the figures that the check showed."""
    page = window.page
    page.goto(f"/{side}/imports/{kind}/new")
    page.get_by_label("CSV file").set_input_files(path)
    page.get_by_role("button", name="Import", exact=True).click()
    wait_for(window, "Confirm Import")
    cells = page.locator(".portal-figures-list dd").all_inner_texts()
    names = ("read", "new", "updated", "unchanged", "deleted", "rejected", "issues")
    found = {name: int(cell.replace(",", "")) for name, cell in zip(names, cells, strict=True)}
    if update:
        tick = page.get_by_label("Update without the rejected rows")
        if tick.count():
            tick.check()
        page.get_by_role("button", name="Update System").click()
        wait_for(window, "Import Complete")
    return found


def dumped(portal, kind: str, ref: str) -> list[dict[str, str]]:
    """What the dump command writes for an organisation."""
    text = portal.command("dump", kind, "-", "--organisation", ref).stdout
    return list(csv.DictReader(io.StringIO(text)))


def visits_of(portal, ref: str) -> dict[str, dict]:
    """Every live visit of the dump as the manifest has it."""

    def whole(text: str) -> int | None:
        return int(text) if text else None

    return {
        row["VisitRef"]: {
            "status": row["Status"],
            "reason": row["Reason"],
            "cpli": whole(row["CPLIId"]),
            "planned_minutes": whole(row["PlannedMinutes"]),
            "delivered_minutes": whole(row["DeliveredMinutes"]),
            "paid_minutes": whole(row["PaidMinutes"]),
            "charged_minutes": whole(row["ChargedMinutes"]),
        }
        for row in dumped(portal, "visits", ref)
    }


def check_actuals(portal, ref: str, weeks: list[dict]) -> None:
    """Every package and week that visits feed, and no other, with its figures and its cost."""
    rows = {(int(row["CPLIId"]), row["WeekBeginning"]): row for row in dumped(portal, "actuals", ref)}
    assert set(rows) == {(week["cpli"], week["week"]) for week in weeks}
    for week in weeks:
        row = rows[week["cpli"], week["week"]]
        for name in ("planned", "actual", "frustrated", "missed", "extra", "cost"):
            assert row[name.capitalize()] == week[name], (week, name, row)
        assert row["Visits"] == str(week["visits"])


def problems_shown(window) -> list[tuple[str, int, str]]:
    """The list of problems as a person reads it: severity, line, column."""
    rows = window.page.locator("#problems tbody tr")
    found = []
    for row in rows.all():
        line, severity, column = row.locator("th, td").all_inner_texts()[:3]
        found.append((severity.strip().lower(), int(line), column.strip()))
    return found


@pytest.mark.feature("Z-11", "O-02", "O-28", "O-29", "O-30", "O-37", "O-38", "O-40")
@pytest.mark.parametrize(
    "run",
    [pytest.param(run, id=run["run"], marks=[] if run["run"] in QUICK else [pytest.mark.slow]) for run in RUNS],
)
def test_a_run_of_guide_004(portal, fresh, run):
    ref = run["organisation"]
    for step in run["steps"]:
        mine = step["load"] != "packages"
        found = send(
            fresh[ref if mine else None], "provider" if mine else "authority", step["load"], FILES / step["file"]
        )
        if "counts" in step:
            assert found == step["counts"], step["file"]
    if "visits" in step:
        assert visits_of(portal, ref) == step["visits"]
    if "weeks" in step:
        check_actuals(portal, ref, step["weeks"])


@pytest.mark.feature("O-03")
def test_files_as_spreadsheet_programs_save_them(portal, fresh):
    ref = SPREADSHEETS["organisation"]
    programs = re.compile("utf8|windows|utf16|dump-columns")
    for step in (step for step in SPREADSHEETS["steps"] if programs.search(step["file"])):
        assert send(fresh[ref], "provider", "visits", FILES / step["file"]) == step["counts"], step["file"]
    assert visits_of(portal, ref) == SPREADSHEETS["visits"]
    comments = {row["VisitRef"]: row["Comments"] for row in dumped(portal, "visits", ref)}
    assert comments["V4"] == SPREADSHEETS["comments"]["V4"]


@pytest.mark.feature("O-27", "O-45")
@pytest.mark.parametrize(
    "name",
    ["date-31-02.csv", "service-near-miss.csv", "ref-twice.csv", "errors-and-warnings.csv"],
)  # fmt: skip
def test_a_mistake_is_shown_at_its_line_and_column(portal, fresh, name):
    case, window = BAD[name], fresh[PEARL]
    assert send(window, "provider", "visits", FILES / case["file"], update=False) == case["counts"]
    shown = problems_shown(window)
    for wanted in case["problems"]:
        columns = wanted["column"] if isinstance(wanted["column"], list) else [wanted["column"]]
        assert any(
            (severity, line) == (wanted["severity"], wanted["line"]) and (columns == [None] or column in columns)
            for severity, line, column in shown
        ), (wanted, shown)
        if wanted.get("suggestion"):
            assert f"Did you mean {wanted['suggestion']}?" in window.page.locator("#problems").inner_text()
    window.page.get_by_role("button", name="Cancel", exact=True).click()
    assert "Nothing was changed" in window.page.locator("main").inner_text()
    assert dumped(portal, "visits", PEARL) == []


@pytest.mark.feature("O-26")
@pytest.mark.parametrize(
    "name",
    ["spreadsheet-renamed.csv", "pdf-renamed.csv", "empty.csv", "nul-bytes.csv", "headings-missing-three.csv"],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(fresh, name):
    window, case = fresh[PEARL], BAD[name]
    window.page.goto("/provider/imports/visits/new")
    window.page.get_by_label("CSV file").set_input_files(FILES / "bad" / name)
    window.page.get_by_role("button", name="Import", exact=True).click()
    wait_for(window, "the file was refused")
    said = window.page.locator("main").inner_text().lower()
    for problem in case["problems"]:
        for word in problem["words"]:
            assert word.lower() in said or word == "twice", (word, said)
    assert "nothing was changed" in said
    window.look()
