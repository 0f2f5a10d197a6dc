"""The main job end to end, in a browser: visits become a payment, late ones an adjustment; with JavaScript and without."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from urllib.parse import urljoin

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("main job")]


def pennies(text: str) -> int:
    """`£1,234.56` or `1234.56` in pence."""
    whole = text.replace("£", "").replace(",", "").strip()
    sign = -1 if whole.startswith("-") else 1
    pounds, _, pence = whole.lstrip("-").partition(".")
    return sign * (int(pounds) * 100 + int(pence or 0))


def import_file(window, path) -> None:
    """Send a visits file through both steps of the import."""
    page = window.page
    page.goto("/provider/imports/visits/new")
    page.get_by_label("CSV file").set_input_files(path)
    page.get_by_role("button", name="Import").click()
    wait_for(window, "Confirm Import")
    window.look()
    if page.get_by_label("Update without the rejected rows").count():
        page.get_by_label("Update without the rejected rows").check()
    page.get_by_role("button", name="Update System").click()
    wait_for(window, "Import Complete")
    window.look()


def wait_for(window, heading: str) -> None:
    """Wait for a page; without script, by pressing Refresh as a person would."""
    page = window.page
    for _ in range(150):
        if heading in page.get_by_role("heading", level=1).inner_text():
            return
        page.wait_for_timeout(200)
        refresh = page.get_by_role("link", name="Refresh")
        see = page.get_by_role("link", name="See the result")
        if see.count():
            see.click()
        elif refresh.count() and not window.script:
            refresh.click()
        elif window.script:
            page.reload()
    raise AssertionError(f"{heading} never came: {page.get_by_role('heading', level=1).inner_text()}")


def payments_page(window) -> None:
    """The provider's newest current period of the contract that pays by visits."""
    page = window.page
    page.goto("/provider/payments")
    window.look()
    box = page.get_by_label("Contract")
    box.select_option(label=next(o for o in box.locator("option").all_inner_texts() if "DAPL" in o))
    page.get_by_role("button", name="View").click()


def figure(page, label: str) -> str:
    """The value beside a label of a summary list."""
    return page.locator("dt", has_text=label).first.locator("xpath=following-sibling::dd[1]").inner_text()


@pytest.mark.feature("B-30", "O-27", "O-28", "R-15", "R-11", "R-13")
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_from_visits_file_to_remittance_and_adjustment(visit, portal, tmp_path, script):
    if not script:  # the period of the first story is finalised: this one is told four weeks later
        now = dt.date.fromisoformat(portal.command("today").stdout.strip())
        assert portal.command("today", (now + dt.timedelta(28)).isoformat()).returncode == 0
    provider = visit("finance@oakfield.example", script)
    provider.look()
    page = provider.page
    page.goto("/provider/imports/visits/format")
    provider.look()
    with page.expect_download() as download:
        page.get_by_role("link", name="Worked example").click()
    example = tmp_path / "example.csv"
    download.value.save_as(example)
    lines = list(csv.DictReader(io.StringIO(example.read_text())))
    assert len(lines) >= 10
    import_file(provider, example)

    # matched and priced
    day, month, year = lines[0]["PlannedVisitDate"].split("/")
    page.get_by_role("link", name="See visits").click()
    assert f"week={monday_of(int(year), int(month), int(day))}" in page.url
    provider.look()
    assert "Matched" in page.locator("main").inner_text() and "£" in page.locator("main").inner_text()
    assert page.get_by_role("link", name="View").count() >= 10 or page.get_by_text(lines[0]["VisitRef"]).count()

    # a mistake is told, with what was expected, and nothing changes
    page.goto("/provider/imports/visits/new")
    page.get_by_role("button", name="Import", exact=True).click()
    assert "Choose a file" in page.locator("main").inner_text()
    provider.look()

    # the officer looks the period through and finalises the contract
    officer = visit("officer@authority.example", script)
    officer.look()
    desk = officer.page
    desk.goto("/authority/periods")
    officer.look()
    period = desk.locator("tr", has=desk.get_by_text("Current", exact=True)).get_by_role("link")
    hrefs = [link.get_attribute("href") for link in period.all()]
    for href in hrefs:
        desk.goto(href)
        if desk.get_by_role("link", name="Oakfield DAPL (C1)").count():
            break
    officer.look()
    desk.get_by_role("link", name="Oakfield DAPL (C1)").click()
    officer.look()
    desk.go_back()
    desk.get_by_role("link", name=re.compile("Finalise.*Oakfield DAPL alone")).click()
    officer.look()
    total = figure(desk, "Total Payable")
    desk.get_by_role("button", name=re.compile("^Finalise")).click()
    for _ in range(100):
        if re.search("1 contract is finalised, £", desk.locator("main").inner_text()):
            break
        desk.wait_for_timeout(300)
        desk.reload()
    officer.look()

    # the provider downloads a remittance whose total is the sum of its lines
    found = portal.command("dump", "payments", "-", "--organisation", "OAK").stdout
    rows = [r for r in csv.DictReader(io.StringIO(found)) if r["ContractRef"] == "C1" and r["Status"] == "Finalised"]
    last = max(r["PeriodStart"] for r in rows)
    owed = sum(
        pennies(r["Amount"]) + pennies(r["VAT"]) for r in rows if r["PeriodStart"] == last and r["State"] == "Payable"
    )
    assert owed == pennies(total)
    payments_page(provider)
    page.locator(".portal-side a, nav a, main a", has_text="Finalised").first.click()
    provider.look()
    assert "FINALISED" in page.locator("main").inner_text()
    assert total in page.locator("main").inner_text()
    page.get_by_role("link", name=re.compile("Remittance", re.IGNORECASE)).first.click()
    provider.look()
    assert total in page.locator("main").inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("CSV")).first.click()
    sheet = tmp_path / "remittance.csv"
    download.value.save_as(sheet)
    listed = list(csv.DictReader(io.StringIO(sheet.read_text(encoding="utf-8-sig"))))
    assert sum(pennies(r["Total"]) for r in listed if "Total" in r and r.get("Kind", "x") != "Total") == pennies(total)
    document = page.get_by_role("link", name=re.compile("PDF")).first.get_attribute("href")
    assert provider.context.request.get(urljoin(page.url, document)).body().startswith(b"%PDF")

    # a visit that comes late stands in the next period as an adjustment with its reason
    late = dict(lines[0], VisitRef=f"LATE-{script}", Comments="came late")
    with (tmp_path / "late.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(lines[0]))
        writer.writeheader()
        writer.writerow(late)
    import_file(provider, tmp_path / "late.csv")
    payments_page(provider)
    page.locator(".portal-side a, nav a, main a", has_text="Current").last.click()
    text = page.locator("main").inner_text()
    assert "Adjustment" in text and "visits changed" in text
    provider.look()


def monday_of(year: int, month: int, day: int) -> str:
    """The Monday of a date, ISO."""
    date = dt.date(year, month, day)
    return (date - dt.timedelta(date.weekday())).isoformat()


def owed_for(portal, cpli: str) -> int:
    """All that is paid or payable for a package, excluding VAT, in pence."""
    rows = csv.DictReader(io.StringIO(portal.command("dump", "payments", "-", "--organisation", "OAK").stdout))
    return sum(pennies(row["Amount"]) for row in rows if row["CPLIId"] == cpli)


@pytest.mark.feature("R-13", "K-20")
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_backdated_rate_is_previewed_and_becomes_adjustments(visit, portal, script):
    before = owed_for(portal, "156017")
    officer = visit("officer@authority.example", script)
    desk = officer.page
    desk.goto("/authority/packages?q=156017")
    officer.look()
    desk.get_by_role("link", name="156017", exact=True).click()
    officer.look()
    desk.get_by_role("link", name="Rates").click()
    officer.look()

    # what cannot be read is said, stays as typed, and changes nothing
    desk.get_by_label("From, row 1").fill("31/2/2026")
    desk.get_by_label("Unit cost, row 1").fill("25.10" if script else "26.20")
    desk.get_by_role("button", name="Save rates").click()
    assert desk.get_by_text("There is a problem").count()
    assert desk.get_by_label("From, row 1").input_value() == "31/2/2026"
    officer.look()

    # a rate from last spring, its day and month typed with one digit: the weeks that it moves are shown first
    spring = dt.date.fromisoformat(portal.command("today").stdout.strip()) - dt.timedelta(140)
    desk.get_by_label("From, row 1").fill(f"{spring.day}/{spring.month}/{spring.year}")
    desk.get_by_role("button", name="Save rates").click()
    told = re.search(r"This changes (\d+) weeks by (-?£[\d,.]+)\.", desk.locator("main").inner_text())
    assert int(told[1]) >= 16
    assert "finalised periods" in desk.locator("main").inner_text()
    officer.look()
    assert owed_for(portal, "156017") == before
    desk.get_by_role("button", name="Save the rates").click()
    desk.get_by_role("heading", level=1).wait_for()
    assert "are saved" in desk.locator("main").inner_text()
    officer.look()

    # the difference is what was said, to the penny, and stands in the current period with its reason
    for _ in range(20):  # the worker works out what follows
        if owed_for(portal, "156017") != before:
            break
    assert owed_for(portal, "156017") - before == pennies(told[2])
    provider = visit("finance@oakfield.example", script)
    payments_page(provider)
    current = provider.page.locator(".portal-side__list a", has_text="Current").last
    current.click()
    text = provider.page.locator("main").inner_text()
    assert "Adjustment" in text and "rate changed" in text
    provider.look()
    provider.page.locator("tr", has_text="rate changed").first.get_by_role("link").first.click()
    assert "156017" in provider.page.locator("main").inner_text()
    provider.look()
