"""An officer pays by hand, in a browser: looks a period through, holds a client, adjusts, finalises; late visits and a
backdated rate come out as adjustments with their reasons; the held client is released and paid once. With JavaScript
and without."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from typing import NamedTuple

import pytest

from tests.browser.test_main_job import figure, import_file, pennies

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("paying")]


class Story(NamedTuple):
    """Which contract is paid, whose lines are held, and whose rate changes and visits come late."""

    script: bool
    ref: str
    contract: str
    held: str  # surname
    other: str
    extra: str


STORIES = [
    pytest.param(Story(True, "C1", "Oakfield DAPL", "Archer", "Kerr", "12.34"), id="script"),
    pytest.param(Story(False, "C3", "Oakfield Live Well at Home", "Moss", "Webb", "0.07"), id="no-script"),
]


class Ledger:
    """The files that leave, read again."""

    def __init__(self, portal, ref: str):
        self.portal, self.ref = portal, ref

    def rows(self, kind: str = "payments") -> list[dict[str, str]]:
        """The contract's rows of a dump; of visits, the organisation's."""
        text = self.portal.command("dump", kind, "-", "--organisation", "OAK").stdout
        return [r for r in csv.DictReader(io.StringIO(text)) if r.get("ContractRef", self.ref) == self.ref]

    def oldest(self) -> tuple[str, str]:
        """First and last day of the contract's oldest current period."""
        row = min((r for r in self.rows() if r["Status"] == "Current"), key=lambda r: r["PeriodStart"])
        return row["PeriodStart"], row["PeriodEnd"]

    def of_period(self, start: str, **facts: str) -> list[dict[str, str]]:
        """Rows of a period with these cells."""
        return [r for r in self.rows() if r["PeriodStart"] == start and facts.items() <= r.items()]

    def late_file(self, path, refs: dict[str, str], start: str, end: str) -> None:
        """A visits file of one more visit for each SSRef, beside one that was paid in the period."""
        found = {}
        for row in self.rows("visits"):
            day = dt.datetime.strptime(row["PlannedVisitDate"], "%d/%m/%Y").date()
            is_paid = row["Status"] == "Matched" and int(row["PaidMinutes"]) and row["DeliveredEntryTime"]
            if row["SSRef"] in refs and is_paid and start <= day.isoformat() <= end:
                found.setdefault(row["SSRef"], row)
        headings = list(next(iter(found.values())))[:25]
        with path.open("w", newline="") as out:
            writer = csv.DictWriter(out, headings, extrasaction="ignore")
            writer.writeheader()
            for ssref, row in found.items():
                writer.writerow({**row, "VisitRef": refs[ssref], "Comments": "Double-Handed, sent late"})
        assert set(found) == set(refs), found


def total(rows: list[dict[str, str]]) -> int:
    """Pence with VAT."""
    return sum(pennies(r["Amount"]) + pennies(r["VAT"]) for r in rows)


def uk(day: str) -> str:
    """05/10/2026 of 2026-10-05."""
    return dt.date.fromisoformat(day).strftime("%d/%m/%Y")


def text_of(page) -> str:
    """What the page says, in one line."""
    return " ".join(page.locator("main").inner_text().split())


def provider_period(window, story: Story, start: str) -> None:
    """The provider's scheduled payment of the contract for the period from a day."""
    page, day = window.page, dt.date.fromisoformat(start)
    page.goto("/provider/payments")
    page.get_by_label("Contract").select_option(label=story.contract)
    page.get_by_role("button", name="View").click()
    page.locator(".portal-side__list a", has_text=f"{day.day} {day:%b %Y} to").first.click()
    page.locator("h2", has_text=f"{story.contract} - {day.day} {day:%b %Y}").wait_for()


@pytest.mark.feature("R-09", "R-11", "R-13", "R-14")
@pytest.mark.parametrize("story", STORIES)
def test_hold_adjust_finalise_late_changes_release(visit, portal, tmp_path, story):
    ledger = Ledger(portal, story.ref)
    start, end = ledger.oldest()
    people = {
        r["SSRef"]: r["Client"]
        for r in ledger.rows("actuals")
        if r["Client"].split(",")[0] in (story.held, story.other)
    }
    held_ref, other_ref = (
        next(s for s, name in people.items() if name.startswith(who)) for who in (story.held, story.other)
    )

    # the officer looks the period through
    officer = visit("officer@authority.example", story.script)
    desk = officer.page
    desk.goto("/authority/periods")
    desk.locator("tr").get_by_role("link", name=f"{uk(start)} to {uk(end)}").first.click()
    desk.get_by_role("link", name="Look through: what stands out").click()
    officer.look()
    assert "No actuals posted" in text_of(desk) and "The period before" in text_of(desk)
    desk.get_by_role("link", name=re.compile(rf"^{story.contract} \(")).click()
    officer.look()
    assert people[held_ref] in text_of(desk)
    desk.get_by_role("link", name=people[held_ref]).first.click()  # the client's lines

    # holds one client; a reason is asked for first
    desk.get_by_role("link", name=f"Hold all of {people[held_ref]}").first.click()
    officer.look()
    desk.get_by_role("button", name=re.compile("^Hold ")).click()
    assert "Choose what happens to it" in text_of(desk) and "Enter the reason" in text_of(desk)
    officer.look()
    desk.get_by_label("Suspend", exact=True).check()
    desk.get_by_label("Reason").fill("Waiting for the daughter’s letter")
    desk.get_by_role("button", name=re.compile("^Hold ")).click()
    officer.look()
    assert "suspended until released" in text_of(desk) and "Waiting for the daughter’s letter" in text_of(desk)
    held = total(ledger.of_period(start, SSRef=held_ref))
    assert held and {r["State"] for r in ledger.of_period(start, SSRef=held_ref)} == {"Suspended"}

    # adds an adjustment; nothing and three decimals are refused, and what was typed stays
    desk.get_by_role("link", name="Add a manual adjustment").click()
    officer.look()
    desk.get_by_label("Pays the provider more").check()
    desk.get_by_label("Note").fill("Key safe fitted")
    desk.get_by_label("Reason").select_option(label="Agreed extra cost")
    for wrong, words in (("0", "must be £0.01 or more"), ("1.005", "in pounds and pence")):
        desk.get_by_label("Amount, excluding VAT").fill(wrong)
        desk.get_by_role("button", name="Add the adjustment").click()
        assert words in text_of(desk) and desk.get_by_label("Note").input_value() == "Key safe fitted"
    officer.look()
    desk.get_by_label("Amount, excluding VAT").fill(story.extra)
    desk.get_by_role("button", name="Add the adjustment").click()
    officer.look()
    assert f"Manual adjustment of £{story.extra}" in text_of(desk)

    # and finalises, having been told what will happen
    desk.get_by_role("link", name="Lines of the period").click()
    desk.get_by_role("button", name="Finalise this contract").click()
    officer.look()
    assert "What stands out" in text_of(desk)
    payable = figure(desk, "Total Payable")
    assert pennies(figure(desk, "Non-Payable")) >= held
    desk.get_by_role("button", name=re.compile("^Finalise")).click()
    assert f"{story.contract} is finalised" in text_of(desk)
    assert total(ledger.of_period(start, State="Payable")) == pennies(payable)
    assert len(ledger.of_period(start, Kind="manual", Amount=story.extra, Status="Finalised")) == 1

    # the provider is told; the remittance has the adjustment and not the client who is held
    provider = visit("finance@oakfield.example", story.script)
    page = provider.page
    provider.look()
    page.locator("tr", has_text=story.contract).filter(has_text=payable).get_by_role("link").first.click()
    provider.look()
    assert payable in text_of(page) and "Agreed extra cost" in text_of(page) and "Key safe fitted" in text_of(page)
    assert people[held_ref] not in text_of(page)

    # visits come late, of the held client too, and a rate changes backwards
    ledger.late_file(
        tmp_path / "late.csv", {held_ref: f"LATE-H-{story.ref}", other_ref: f"LATE-{story.ref}"}, start, end
    )
    import_file(provider, tmp_path / "late.csv")
    third = next(
        r for r in ledger.of_period(start, Kind="cost", State="Payable") if r["SSRef"] not in (held_ref, other_ref)
    )
    desk.goto(f"/authority/packages?q={third['CPLIId']}")
    desk.get_by_role("link", name=third["CPLIId"], exact=True).click()
    desk.get_by_role("link", name="Rates").click()
    blank = desk.get_by_label(re.compile(r"^From, row \d+$"))
    row = next(n for n in range(1, 20) if not desk.get_by_label(f"From, row {n}", exact=True).input_value())
    assert blank.count() >= row
    desk.get_by_label(f"From, row {row}", exact=True).fill(uk(start))
    desk.get_by_label(f"Unit cost, row {row}", exact=True).fill("31.50")
    desk.get_by_role("button", name="Save rates").click()
    told = re.search(r"This changes (\d+) weeks? by (-?£[\d,.]+)\.", text_of(desk))
    assert told, text_of(desk)
    officer.look()
    before = total([r for r in ledger.rows() if r["CPLIId"] == third["CPLIId"]])
    desk.get_by_role("button", name=re.compile("^Save")).first.click()
    wait_for_work(portal, ledger, third["CPLIId"], before)

    # the next period shows both adjustments with their reasons, and still nothing of the held client's weeks
    following, last = ledger.oldest()
    assert following > start
    provider_period(provider, story, following)
    provider.look()
    text = text_of(page)
    assert "rate changed" in text and "visits changed" in text
    late = ledger.of_period(following, Kind="adjustment")
    assert {r["Reason"] for r in late if r["SSRef"] == other_ref} == {"visits changed"}
    assert "rate changed" in {r["Reason"] for r in late if r["CPLIId"] == third["CPLIId"]}
    assert held_ref not in {r["SSRef"] for r in late}

    # what is held and since when; the client is released
    desk.goto("/authority/holds")
    officer.look()
    row_of = desk.locator("tr", has_text="Waiting for the daughter’s letter").filter(has_text=people[held_ref])
    row_of.get_by_role("checkbox").check()
    desk.get_by_role("button", name="Release what is chosen").click()
    officer.look()
    promised = pennies(figure(desk, "Payable again"))
    assert promised > held  # with the visit that came late
    desk.get_by_label("Why it is released").fill("Letter received")
    desk.get_by_role("button", name=re.compile("^Release ")).click()
    assert "released" in text_of(desk)
    back = [r for r in ledger.of_period(following, SSRef=held_ref) if r["WeekBeginning"] < following]
    assert total(back) == promised and {r["State"] for r in back} == {"Payable"}
    provider_period(provider, story, following)
    assert "Released: Letter received" in text_of(page)

    # finalised too, everything has been paid once: what was paid for each week is what is due for it
    today = dt.date.fromisoformat(portal.command("today").stdout.strip())
    if today.isoformat() < last:
        portal.command("today", last)
    done = portal.command("finalise", "--until", last, "--contract", story.ref)
    assert done.returncode == 0, done.stderr
    weeks = [r for r in ledger.rows() if r["SSRef"] == held_ref and start <= r["WeekBeginning"] <= end]
    paid = total([r for r in weeks if r["State"] == "Payable" and r["Status"] == "Finalised"])
    assert paid == promised + total([r for r in weeks if r["PeriodStart"] <= start and r["State"] == "Payable"])
    assert [r for r in weeks if r["Status"] == "Current"] == []
    desk.goto("/authority/holds")
    assert people[held_ref] not in text_of(desk)


def wait_for_work(portal, ledger: Ledger, cpli: str, before: int) -> None:
    """Until a saved change has come through."""
    import time

    for _ in range(60):
        if total([r for r in ledger.rows() if r["CPLIId"] == cpli]) != before:
            return
        time.sleep(0.5)
    raise AssertionError("the change never came through")
