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
from tests.browser.test_from_nothing import send
from tests.browser.test_main_job import figure
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


BEFORE = """one => {
  const stops = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]")]
    .filter(stop => stop.tabIndex >= 0 && !stop.disabled && stop.checkVisibility({visibilityProperty: true}));
  const at = stops.indexOf(one);
  if (at > 0 && document.activeElement !== one) stops[at - 1].focus();
  return at;
}"""


def tab_to(page, target) -> None:
    """Tab onto something from the stop before it: it has its place in the order, and nothing before it keeps the focus."""
    wanted = target.element_handle()
    assert wanted.evaluate(BEFORE) > 0, "it is no stop of the Tab key"
    if not wanted.evaluate("one => one === document.activeElement"):
        page.keyboard.press("Tab")
        assert wanted.evaluate("one => one === document.activeElement"), "Tab does not come to it"


class Grid:
    """A provider at the week's grid: by keyboard alone with script, by each client's page without."""

    def __init__(self, window, week: str):
        self.window, self.page, self.week = window, window.page, week
        self.in_place = window.script

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
        self.page.get_by_text(
            re.compile("generated as planned|[Nn]othing was generated|has its actual")
        ).first.wait_for()

    def edit(self, client: str) -> None:
        """Open a client's rows: in place with script, on a page of their own without."""
        self.in_place = self.window.script
        self.open()
        self.press(self.page.locator("a", has_text=f"Add/Edit actuals of {client}"))
        self.page.locator("tbody.editing, h1:has-text('Edit Actuals')").first.wait_for()

    def add(self, level: str) -> None:
        """Add a planned line that is not in the week yet (M-27)."""
        if self.window.script:
            link = self.page.locator("tr.adding", has_text=level).get_by_role("link", name="Add Actual: Planned")
            assert link.evaluate("one => one === document.activeElement"), "opening the client leads to it"
            self.page.keyboard.press("Enter")
            self.row(level).locator('[data-box="actual"]:focus').wait_for()
        else:
            self.page.get_by_label("Add Actual: Planned").select_option(index=0)
            self.page.get_by_role("button", name="Add a planned line").click()

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

    def tick(self, level: str, day: str, row: int = 0) -> None:
        """Tick or untick a day of a row of days."""
        box = self.row(level).get_by_label(f"{day}, row {row + 1}, ")
        if self.window.script:
            tab_to(self.page, box)
            self.page.keyboard.press("Space")
        else:
            box.click()

    def add_days(self, level: str, quantity: str, *days: str) -> None:
        """A further row of days with its own quantity (M-33)."""
        rows = self.row(level).locator(".days__table tbody tr")
        count = rows.count()
        self.press(self.row(level).get_by_role("button", name="Add row"))
        rows.nth(count).wait_for()
        self.type(level, **{f"day{count}": quantity})
        for day in days:
            self.tick(level, day, count)

    def save(self, level: str, refused: str = "") -> None:
        """Save, by Enter or the button; the row is saved, or says why not."""
        if self.window.script:
            self.page.keyboard.press("Enter")
        else:
            self.page.get_by_role("button", name="Save", exact=True).click()
        wanted = refused or ("Saved" if self.in_place else "saved.")
        (self.row(level) if self.in_place or refused else self.page).get_by_text(wanted).first.wait_for()

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
    begins: str
    enter: Callable[[Grid], None]
    paid: str
    ssref: str  # who is disputed
    level: str
    correct: Callable[[Grid], None]
    adjustment: str


def hours(grid: Grid) -> None:
    """WE-01 to WE-05: 14 hours and twice 3.5 at £16.16; one missed hour with the actual forgotten, then corrected."""
    grid.generate()
    grid.says(
        "£226.24 of £226.24", "£113.12 of £113.12", "14 x Hours", "3.5 x Hours", "= 14 (Actual + Frstd) Hours x £16.16"
    )
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
    grid.says(
        "£210.08 of £210.08", "= 13 (Actual + Frstd) Hours x £16.16", "13 x Hours below plan", "£379.76 of £379.76"
    )
    assert "▲" not in text_of(grid.page) and "£193.92" not in text_of(grid.page)  # WE-03, WE-05


def fewer_hours(grid: Grid) -> None:
    """A second call was missed."""
    grid.type("Home Care - Single Assist Fixed Rate", actual="12", missed="2", comments="Two calls were cancelled")
    grid.save("Home Care - Single Assist Fixed Rate")


def sessions(grid: Grid) -> None:
    """Two of three sessions were attended: the box of the actual alone says so."""
    grid.generate()
    grid.says("3 x Sessions", "£127.50 of £127.50", "£85.00 of £85.00", "Total: £212.50 of £212.50")
    grid.edit("Mr Wilfred Orchard")
    assert grid.row("Day Service").locator("input[data-box]").count() == 1  # M-35
    grid.type("Day Service", actual="2", comments="At the dentist on Friday")
    grid.save("Day Service")
    grid.says("2 x Sessions below plan", "= 2 (Actual + Frstd) Sessions x £42.50", "Total: £170.00 of £170.00")


def fewer_sessions(grid: Grid) -> None:
    """One was attended."""
    grid.type("Day Service", actual="1", comments="At the dentist on Friday, ill on Wednesday")
    grid.save("Day Service")


def nights(grid: Grid) -> None:
    """Three nights out of the year's 28; Generate Actuals leaves them alone, more than the week has is refused."""
    grid.generate()
    grid.says("Mr Simon Quayle W2001 £0.00 of £0.00", "Total: £0.00 of £0.00")
    grid.page.get_by_role("heading", name="Yearly allocations").wait_for()
    grid.edit("Mr Simon Quayle")
    grid.add("Short Breaks")
    row = grid.row("Short Breaks")
    assert row.locator('[data-box="visits"]').input_value() == "1"  # M-28
    grid.type("Short Breaks", actual="8", comments="Family away")
    grid.save("Short Breaks", refused="Enter at most 7: a week has 7 nights")
    grid.type("Short Breaks", actual="3")
    grid.save("Short Breaks")
    grid.says("3 x Nights", "= 3 (Actual + Frstd) Nights x £95.40", "£286.20 of £286.20", "25.00")


def fewer_nights(grid: Grid) -> None:
    """Home a night early."""
    grid.type("Short Breaks", actual="2", comments="Family back a night early")
    grid.save("Short Breaks")


def rounds(grid: Grid) -> None:
    """WE-38: Sunday not delivered; WE-39: one added row for two days, two for different quantities; a double-handed pair."""
    level = "Home Care by Rounds"
    grid.generate()
    grid.says("5.25 x Hours", "£96.60 of £96.60", "10.5 x Hours", "£193.20 of £193.20", "Total: £483.00 of £483.00")
    grid.edit("Miss Beatrice Rowe")
    grid.tick(level, "Sunday")
    grid.type(level, comments="With her sister on Sunday")
    grid.save(level)
    grid.edit("Mrs Martha Sorrel")
    grid.add_days(level, "0.5", "Monday", "Wednesday")
    grid.type(level, comments="Bath on two days, agreed with Amir Khan")
    grid.save(level)
    grid.edit("Mr Vernon Thorne")
    grid.add_days(level, "0.5", "Monday")
    grid.add_days(level, "1", "Tuesday")
    grid.type(level, comments="Fall on Monday, doctor on Tuesday")
    grid.save(level)
    grid.edit("Mrs Joyce Underhill")
    grid.tick(level, "Sunday")
    grid.add_days(level, "0.75", "Sunday")
    grid.type(level, comments="Son home on Sunday")
    grid.save(level)
    grid.page.get_by_text("Two carers call on this client, and a changed row stands alone.").first.wait_for()  # M-34
    grid.edit("Mrs Joyce Underhill")
    grid.tick(level, "Sunday", 1)
    grid.save(level)
    grid.says(
        "4.5 x Hours below plan", "£82.80 of £82.80", "6.25 x Hours above plan", "£115.00 of £115.00",
        "6.75 x Hours above plan", "£124.20 of £124.20", "9 x Hours below plan", "£165.60 of £165.60",
        "Total: £487.60 of £487.60",
    )  # fmt: skip


def fewer_days(grid: Grid) -> None:
    """Nobody came on Saturday either."""
    grid.tick("Home Care by Rounds", "Saturday")
    grid.type("Home Care by Rounds", comments="With her sister from Saturday on")
    grid.save("Home Care by Rounds")


STORIES = {
    "hours": Story(
        "DHC", "marple@diamond.example", "Greta Finch", "Diamond Home Care", "Diamond Home Care - Marple", "2019-07-22",
        "2019-07-08", "08/07/2019 to 21/07/2019", "8 Jul 2019 to", hours, "£379.76", "MG123",
        "Home Care - Single Assist Fixed Rate", fewer_hours, "-£16.16",
    ),
    "sessions": Story(
        "MEA", "day@meadow.example", "Hanna Moor", "Meadow Day Services", "Meadow Day Centre", "2022-11-21",
        "2022-11-07", "07/11/2022 to 20/11/2022", "7 Nov 2022 to", sessions, "£170.00", "W1001", "Day Service",
        fewer_sessions, "-£42.50",
    ),
    "nights": Story(
        "LAR", "nights@lark.example", "Ivy Stone", "Lark House Short Breaks", "Lark House", "2022-11-21", "2022-11-07",
        "07/11/2022 to 20/11/2022", "7 Nov 2022 to", nights, "£286.20", "W2001", "Short Breaks", fewer_nights, "-£95.40",
    ),
    "rounds": Story(
        "TWI", "rounds@twin.example", "Jack Reed", "Twin Rivers Home Care", "Twin Rivers Rounds", "2022-11-21",
        "2022-11-07", "07/11/2022 to 20/11/2022", "7 Nov 2022 to", rounds, "£487.60", "W3001", "Home Care by Rounds",
        fewer_days, "-£13.80",
    ),
}  # fmt: skip


@pytest.mark.feature(
    "M-07", "M-08", "M-09", "M-10", "M-18", "M-19", "M-20", "M-21", "M-30", "Q-04", "Q-05", "Q-07", "Q-08"
)
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("kind", STORIES)
def test_a_week_is_entered_paid_disputed_and_adjusted(visit, portal, kind, script):
    story = STORIES[kind]
    at(portal, story.today)
    provider, officer = visit(story.email, script), visit(OFFICER, script)
    page, desk = provider.page, officer.page
    grid = Grid(provider, story.week)
    story.enter(grid)
    for _ in range(page.get_by_role("button", name="Confirm the week").count()):
        grid.press(page.get_by_role("button", name="Confirm the week").first)
        page.get_by_text("is confirmed").first.wait_for()
        grid.open()
    assert "Not confirmed" not in text_of(page)

    # the officer sees it posted, and pays
    desk.goto(f"/authority/actuals?week={story.week}")
    row = desk.locator("tr", has_text=story.service)
    assert f"Confirmed {story.person}" in " ".join(row.inner_text().split())
    finalise(desk, story.period, story.contract, story.paid)
    page.goto("/provider/payments")
    assert story.paid in payment(page, story.begins)

    # and disputes what was paid
    raise_dispute(desk, story.ssref, story.week, story.level, "Actuals query", "The log says less was delivered")
    page.goto("/provider/")
    assert "1 open Dispute (1 awaiting action)" in text_of(page)  # WE-30
    page.goto("/provider/disputes")
    page.get_by_role("link", name="Edit").last.click()
    page.get_by_role("link", name="Add/Edit").click()
    grid.in_place = False
    story.correct(grid)
    request_resolution(page, "Corrected from the carer's log")
    resolve(officer, "Corrected from the carer's log")

    # the difference is paid in the next period, with its reason
    page.goto("/provider/payments")
    text = payment(page, None)
    assert story.adjustment in text and "actuals changed" in text, text
    provider.look()


def finalise(desk, period: str, contract: str, paid: str) -> None:
    """Finalise a contract, having seen what it comes to."""
    desk.goto("/authority/periods")
    desk.locator("tr").get_by_role("link", name=period).click()
    desk.get_by_role("link", name=re.compile(f"^{contract}")).first.click()
    desk.get_by_role("button", name="Finalise this contract").click()
    assert figure(desk, "Total Payable") == paid
    desk.get_by_role("button", name=re.compile("^Finalise")).click()
    desk.get_by_text(f"{contract} is finalised").wait_for()


def payment(page, period: str | None) -> str:
    """What a period says; the oldest current one without a name."""
    links = page.locator(".portal-side__list li").filter(has_text=period or "Current")
    links.last.locator("a").click()
    page.locator("h2", has_text=" to ").first.wait_for()
    return text_of(page)


def raise_dispute(desk, ssref: str, day: str, what: str, reason: str, details: str) -> None:
    """From a client's visits and actuals of a day."""
    desk.goto("/authority/disputes")
    desk.get_by_role("button", name="Raise a dispute", exact=True).click()
    desk.get_by_label("Client").fill(ssref)
    desk.get_by_label("From").fill(day)
    desk.get_by_label("To", exact=True).fill(day)
    desk.get_by_role("button", name="Show").click()
    desk.locator("tr", has_text=what).get_by_role("checkbox").first.check()
    desk.get_by_role("button", name="Raise a dispute about those that are ticked").click()
    send_dispute(desk, reason, details)


def send_dispute(desk, reason: str, details: str) -> None:
    """The words of a dispute."""
    desk.get_by_label("Reason", exact=True).select_option(label=reason)
    desk.get_by_label("Details").fill(details)
    desk.get_by_role("button", name="Raise dispute", exact=True).click()
    desk.get_by_text("The dispute is raised.").wait_for()


def request_resolution(page, words: str) -> None:
    """Answer a dispute."""
    page.get_by_label("Response").fill(words)
    page.get_by_role("button", name="Request Resolution").click()
    assert "The resolution request has been sent to the LA." in text_of(page)


def resolve(officer, words: str) -> None:
    """The officer finds a dispute on the home page, reads the answer, resolves it."""
    desk = officer.page
    desk.goto("/authority/")
    desk.get_by_role("link", name=re.compile("disputes? with a resolution requested")).click()
    desk.locator("#disputes-table tbody a").first.click()
    assert words in text_of(desk)
    desk.get_by_role("button", name="Resolve", exact=True).click()
    assert "The dispute is resolved." in text_of(desk)


# visits: disputes and the hospital incentive (guide 004) -------------------------------------------------------------------


@pytest.mark.feature("P-09", "P-16", "P-21", "P-22", "P-25", "Q-06", "Q-07", "Q-08")
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_disputed_visits_and_the_hospital_incentive(visit, portal, script):
    at(portal, "2022-11-15")
    provider, officer = visit("visits@pearl.example", script), visit(OFFICER, script)
    page, desk = provider.page, officer.page
    finalise(
        desk, "03/10/2022 to 30/10/2022", "Pearl Carers", "£117.84"
    )  # £94.07 of the disputed week, £23.77 of another

    # WE-29: two visits without a comment from the check list, one with wrong times by itself
    desk.goto("/authority/disputes/check-list?week=2022-10-03&check=missing-comments")
    ticks = desk.get_by_role("checkbox", name=re.compile("^Dispute Visit PS"))
    assert ticks.count() == 2
    for tick in ticks.all():
        tick.check()
    desk.get_by_role("button", name="Raise disputes about those that are ticked").click()
    send_dispute(desk, "Missing Comment", "Two visits have no comment")
    raise_dispute(
        desk, "A332295", "07/10/2022", "Visit PS5", "Incorrect Data", "Delivered 10:00 to 10:30 of 08:00 to 09:00"
    )
    page.goto("/provider/")
    assert "2 open Disputes (2 awaiting action)" in text_of(page)
    for file, reason, words in (
        ("disputes-comments.csv", "Missing Comment", "Comments are sent again with the visits"),
        ("disputes-ps5.csv", "Incorrect Data", "08:02 to 09:06, sent again"),
    ):
        send(provider, "provider", "visits", FILES / "guide004" / "visits" / file)
        page.goto("/provider/disputes")
        page.locator("tr", has_text=reason).get_by_role("link", name="Edit").click()
        request_resolution(page, words)
    resolve(officer, "sent again")
    resolve(officer, "sent again")

    # WE-25, WE-27, WE-28: the portal finds the stays and works them out; the provider claims, the officer decides
    allow_claims(desk)
    for client, formula in (
        ("Yarrow, Ethel", "4 x £23.77 x 50% = £47.54"),
        ("Abbot, Norman", "2 x £23.77 x 50% = £23.77"),
        ("Vane, Cecily", "1 x £23.77 x 50% = £11.89"),
    ):
        claim(page, client, formula)
    provider.look()
    decide(desk, "Yarrow, Ethel", "£47.54")
    decide(desk, "Abbot, Norman", "£15.00", unit_cost="15.00")
    decide(desk, "Vane, Cecily", "£11.89")
    page.goto("/provider/claims")
    page.locator("tr", has_text="Abbot").get_by_role("link").first.click()
    provider.look()
    row = " ".join(page.locator("table tbody tr", has_text="Abbot").first.inner_text().split())
    assert "£23.77" in row and "£15.00" in row and re.search("Yes Yes", row), row
    page.goto("/provider/packages")
    text = text_of(page)
    assert "15/11/2022" in text and "£15.00 One-off" in text, text

    # WE-26: a stay that ends later; all four are paid as items of their own, beside the adjustment of the disputed week
    for words in (
        ("today", "2022-11-28"),
        ("load", "visits", str(FILES / "week/visits/stay-in-november.csv"), "--organisation", "PEA"),
    ):
        done = portal.command(*words)
        assert done.returncode == 0, done.stderr
    page.goto("/provider/claims")
    claim(page, "Wragg, Albert", "4 x £23.77 x 50% = £47.54")
    decide(desk, "Wragg, Albert", "£47.54")
    finalise(desk, "31/10/2022 to 27/11/2022", "Pearl Carers", "£325.29")
    page.goto("/provider/payments")
    text = payment(page, "31 Oct 2022 to")
    assert "visits changed" in text and "£13.16" in text, text
    claims = page.locator("tr", has_text="Hospital Incentive Payment")
    amounts = sorted(re.findall(r"£\d+\.\d\d", claims.nth(n).inner_text())[-1] for n in range(claims.count()))
    assert amounts == ["£11.89", "£15.00", "£47.54", "£47.54"], text
    provider.look()


def allow_claims(desk) -> None:
    """The officer lets the level be claimed (P-07)."""
    desk.goto("/authority/service-levels")
    desk.get_by_role("link", name="Hospital Incentive Payment").click()
    desk.get_by_role("button", name="Edit").or_(
        desk.get_by_role("link", name=re.compile("^(Edit|Change)"))
    ).first.click()
    desk.get_by_label(re.compile("ospital")).check()
    desk.get_by_role("button", name=re.compile("^Save")).click()


def claim(page, client: str, formula: str) -> None:
    """Claim a stay that the portal has found, as it is worked out."""
    page.goto("/provider/claims")
    row = page.locator("tr", has_text=client)
    assert formula in " ".join(row.inner_text().split())
    row.get_by_role("button", name="Claim the stay").click()
    assert formula in text_of(page)  # in the description, and under the visits that were missed
    page.get_by_role("button", name="Create").click()
    page.get_by_role("button", name="Submit Claim").click()
    page.get_by_text(re.compile("submitted|is sent")).first.wait_for()


def decide(desk, client: str, amount: str, unit_cost: str = "") -> None:
    """Accept a claim, where told with another amount and a note."""
    desk.goto("/authority/claims")
    desk.locator("tbody tr", has_text=client).get_by_role("link").first.click()
    assert "Calculation" in text_of(desk) and "In hospital" in text_of(desk)
    if unit_cost:
        desk.get_by_label("Unit Cost").fill(unit_cost)
        desk.get_by_label("Notes for the provider").fill("As agreed by telephone")
    desk.get_by_role("button", name="Accept claim").click()
    assert f"is accepted: {amount}" in text_of(desk)
