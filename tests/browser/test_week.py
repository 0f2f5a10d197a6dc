"""A week of each kind of provider, from plan to payment, dispute and adjustment, with an officer at the other door.

Home care by hours (guide 001), day services by sessions, short breaks by nights, double-handed rounds by day (guide 003),
and the hospital incentive with disputed visits (guide 004): the worked examples to the penny, as they stand on the pages.
With script the grid is worked by keyboard alone.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.browser.conftest import ROOT, Portal
from tests.browser.test_main_job import figure, pennies
from tests.browser.test_paying import text_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("week")]
FILES = ROOT / "tests" / "files"
KINDS = (
    "organisations", "service-levels", "services", "payment-periods", "contracts", "clients", "packages", "rates",
    "timetables",
)  # fmt: skip
OFFICER = "officer@authority.example"
BOXES = {"actual": "Actual", "frustrated": "Frustrated", "missed": "Missed", "extra": "Extra", "comments": "Comments"}


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """The authority's own files, loaded by its commands; served, with the database as it was kept for each date."""
    made = Portal(tmp_path_factory.mktemp("week"))
    steps = [["init", "--demonstration"]]
    for folder in ("guide001/authority", "guide001/timetabled", "week/authority"):
        files = ((kind, FILES / folder / f"{kind}.csv") for kind in KINDS)
        steps += [["load", kind, str(file)] for kind, file in files if file.exists()]
    steps += [["login", OFFICER, "", "Amir Khan"], ["login", "visits@pearl.example", "PEA", "Kim Lowe"]]
    steps += [["login", story.email, story.organisation, story.person] for story in STORIES.values()]
    for file in ("guide004/visits/disputes.csv", "week/visits/stays.csv"):
        steps.append(["load", "visits", str(FILES / file), "--organisation", "PEA"])
    steps += [["finalise", "--until", "2019-07-07", "--contract", "D1"], ["today", "2019-07-22"]]
    words = [sys.executable, "-m", "tests.browser.world", json.dumps(steps)]
    done = subprocess.run(words, cwd=ROOT, env=made.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made.start()
    made.kept = sqlite3.connect(":memory:")
    with sqlite3.connect(made.folder / "portal.db") as now:
        now.backup(made.kept)
    yield made
    made.stop()


def at(portal, today: str) -> None:
    """The portal as it was loaded, on a day."""
    with sqlite3.connect(portal.folder / "portal.db", timeout=30) as now:
        portal.kept.backup(now)
        now.execute("UPDATE setting SET value = ? WHERE name = 'today'", (json.dumps(today),))


# the grid ----------------------------------------------------------------------------------------------------------------


def tab_to(page, target) -> None:
    """Press Tab until something has the focus, as somebody without a mouse does."""
    wanted = target.element_handle()
    for _ in range(200):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {wanted}")


class Grid:
    """A provider at the week's grid: by keyboard alone with script, by each client's page without."""

    def __init__(self, window, week: str):
        self.window, self.page, self.week = window, window.page, week

    def open(self) -> None:
        """The week, to be read."""
        self.page.goto(f"/provider/actuals?week={self.week}")

    def press(self, target) -> None:
        """Press a button or follow a link; with script by keyboard."""
        if self.window.script:
            tab_to(self.page, target)
            self.page.keyboard.press("Enter")
        else:
            target.click()

    def generate(self) -> None:
        """Generate Actuals."""
        self.open()
        self.press(self.page.get_by_role("button", name="Generate Actuals", exact=True))
        self.page.get_by_text(re.compile("generated as planned|[Nn]othing was generated|has its actual")).first.wait_for()

    def edit(self, client: str) -> None:
        """Open a client's rows: in place with script, on a page of their own without."""
        self.open()
        self.press(self.page.locator("a", has_text=f"Add/Edit actuals of {client}"))
        self.page.locator("tr.line").first.wait_for()

    def row(self, level: str):
        """An open row of a service level."""
        return self.page.locator("tr.line", has=self.page.locator("th", has_text=level)).first

    def type(self, level: str, **boxes: str) -> None:
        """Type into the boxes of a row."""
        row = self.row(level)
        for name, text in boxes.items():
            box = row.locator(f'[data-box="{name}"]')
            if self.window.script:
                tab_to(self.page, box)
                self.page.keyboard.press("Control+a")
                self.page.keyboard.type(text)
            else:
                box.fill(text)

    def save(self, level: str, refused: str = "") -> None:
        """Save, by Enter or the button; the row is saved, or says why not."""
        if self.window.script:
            self.page.keyboard.press("Enter")
        else:
            self.page.get_by_role("button", name="Save", exact=True).click()
        wanted = refused or ("Saved" if self.window.script else "saved.")
        (self.row(level) if self.window.script or refused else self.page).get_by_text(wanted).first.wait_for()

    def says(self, *words: str) -> None:
        """The week as it is read says all of this."""
        self.open()
        text = text_of(self.page)
        for one in words:
            assert one in text, (one, text)


# the stories -------------------------------------------------------------------------------------------------------------


class Story(NamedTuple):
    """A kind of provider, its week, and what it comes to."""

    organisation: str
    email: str
    person: str
    contract: str
    service: str
    today: str
    week: str
    period: str
    enter: Callable[[Grid], None]
    paid: str
    client: str  # who is disputed
    ssref: str
    level: str
    correct: Callable[[Grid], None]
    adjustment: str


def hours(grid: Grid) -> None:
    """WE-01 to WE-05: 14 hours and twice 3.5 at £16.16; one missed hour with the actual forgotten, then corrected."""
    grid.generate()
    grid.says("£226.24 of £226.24", "£113.12 of £113.12", "14 x Hours", "3.5 x Hours", "= 14 (Actual + Frstd) Hours x £16.16")
    level = "Home Care - Single Assist Fixed Rate"
    visits = grid.page.locator("td[data-label=Visits]").all_inner_texts()
    assert [v.strip() for v in visits] == ["0", "14", "3", "3"]
    grid.edit("Miss Monica Geller")
    grid.type(level, missed="1")
    grid.save(level, refused="Enter a comment that says why this differs from plan")
    grid.type(level, comments="Monica cancelled one call on Tuesday")
    grid.save(level)
    warned = text_of(grid.page)
    assert "£226.24" in warned and "▲" in warned and "13" in warned  # WE-04
    grid.edit("Miss Monica Geller")
    grid.type(level, actual="13")
    grid.save(level)
    grid.says("£210.08 of £210.08", "= 13 (Actual + Frstd) Hours x £16.16", "13 x Hours below plan", "£379.76 of £379.76")
    assert "▲" not in text_of(grid.page) and "£193.92" not in text_of(grid.page)  # WE-03, WE-05


def fewer_hours(grid: Grid) -> None:
    """A second call was missed."""
    grid.type("Home Care - Single Assist Fixed Rate", actual="12", missed="2", comments="Two calls were cancelled")
    grid.save("Home Care - Single Assist Fixed Rate")


STORIES = {
    "hours": Story(
        "DHC", "marple@diamond.example", "Greta Finch", "Diamond Home Care", "Diamond Home Care - Marple", "2019-07-22",
        "2019-07-08", "08/07/2019 to 21/07/2019", hours, "£379.76", "Miss Monica Geller", "MG123",
        "Home Care - Single Assist Fixed Rate", fewer_hours, "-£16.16",
    ),
}  # fmt: skip


@pytest.mark.feature("M-07", "M-08", "M-09", "M-10", "M-18", "M-19", "M-20", "M-21", "M-30", "Q-04", "Q-05", "Q-07", "Q-08")
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("kind", STORIES)
def test_a_week_is_entered_paid_disputed_and_adjusted(visit, portal, kind, script):
    story = STORIES[kind]
    at(portal, story.today)
    provider, officer = visit(story.email, script), visit(OFFICER, script)
    page, desk = provider.page, officer.page
    grid = Grid(provider, story.week)
    story.enter(grid)
    for button in range(page.get_by_role("button", name="Confirm the week").count()):
        grid.press(page.get_by_role("button", name="Confirm the week").first)
        page.get_by_text("is confirmed").first.wait_for()
        grid.open()
    assert "Not confirmed" not in text_of(page)

    # the officer sees it posted, and pays
    desk.goto(f"/authority/actuals?week={story.week}")
    row = desk.locator("tr", has_text=story.service)
    assert f"Confirmed {story.person}" in " ".join(row.inner_text().split())
    finalise(desk, story)
    page.goto("/provider/payments")
    assert story.paid in payment(page, story.period)

    # and disputes what was paid
    raise_dispute(desk, story)
    page.goto("/provider/")
    assert "1 open Dispute (1 awaiting action)" in text_of(page)  # WE-30
    page.goto("/provider/disputes")
    page.get_by_role("link", name="Edit").last.click()
    page.get_by_role("link", name="Add/Edit").click()
    story.correct(grid)
    page.get_by_role("link", name="Back", exact=True).click()
    page.get_by_label("Response").fill("Corrected from the carer's log")
    page.get_by_role("button", name="Request Resolution").click()
    assert "The resolution request has been sent to the LA." in text_of(page)
    desk.goto("/authority/")
    desk.get_by_role("link", name="dispute with a resolution requested").click()
    desk.locator("#disputes-table tbody a").first.click()
    officer.look()
    assert "Corrected from the carer's log" in text_of(desk)
    desk.get_by_role("button", name="Resolve", exact=True).click()
    assert "The dispute is resolved." in text_of(desk)

    # the difference is paid in the next period, with its reason
    page.goto("/provider/payments")
    text = payment(page, None)
    assert story.adjustment in text and "actuals changed" in text, text
    provider.look()


def finalise(desk, story: Story) -> None:
    """Finalise the story's contract, having seen what it comes to."""
    desk.goto("/authority/periods")
    desk.locator("tr").get_by_role("link", name=story.period).click()
    desk.get_by_role("link", name=re.compile(f"^{story.contract}")).first.click()
    desk.get_by_role("button", name="Finalise this contract").click()
    assert pennies(figure(desk, "Total Payable")) == pennies(story.paid)
    desk.get_by_role("button", name=re.compile("^Finalise")).click()
    desk.get_by_text(f"{story.contract} is finalised").wait_for()


def payment(page, period: str | None) -> str:
    """What a period says; the newest current one without a name."""
    links = page.locator(".portal-side__list a")
    (links.filter(has_text=period) if period else links.filter(has_text="Current")).first.click()
    return text_of(page)


def raise_dispute(desk, story: Story) -> None:
    """From the client's actuals of the week."""
    desk.goto("/authority/disputes")
    desk.get_by_role("link", name="Raise a dispute").click()
    desk.get_by_label("Client").fill(story.ssref)
    desk.get_by_label("From").fill(story.week)
    desk.get_by_label("To", exact=True).fill(story.week)
    desk.get_by_role("button", name="Show").click()
    desk.locator("tr", has_text=story.level).get_by_role("checkbox").first.check()
    desk.get_by_role("button", name="Raise a dispute about those that are ticked").click()
    desk.get_by_label("Reason").select_option(index=1)
    desk.get_by_label("Details").fill("The log says less was delivered")
    desk.get_by_role("button", name="Raise dispute", exact=True).click()
    desk.get_by_text(re.compile("[Dd]ispute (is|was) raised|is raised")).first.wait_for()
