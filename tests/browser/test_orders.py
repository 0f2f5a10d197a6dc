"""Purchase orders, the finance file, clients' charges and the payment calendar in a browser, at both doors."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from tests.browser.test_main_job import figure, pennies

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("orders")]
SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])


def taken(page, link) -> bytes:
    """What a link gives to keep."""
    with page.expect_download() as got:
        link.click()
    return Path(got.value.path()).read_bytes()


def wait_until_over(page, words: str) -> None:
    """A job's page, looked at again until it says this; without script the person does that."""
    for _ in range(100):
        if re.search(words, page.locator("main").inner_text()):
            return
        page.wait_for_timeout(200)
        page.reload()
    raise AssertionError(page.locator("main").inner_text())


@SCRIPT
@pytest.mark.feature("S-01", "S-02", "S-04", "S-05", "S-07")
def test_a_provider_reads_its_orders(visit, script):
    provider = visit("finance@oakfield.example", script)
    page = provider.page
    page.get_by_role("link", name="POs", exact=True).click()
    provider.look()
    first = page.locator("main tbody tr").first
    words = first.get_by_role("link").first.inner_text()
    value = first.locator("td[data-label='Value']").inner_text()
    rows = list(
        csv.reader(io.StringIO(taken(page, page.get_by_role("link", name=re.compile("^CSV"))).decode("utf-8-sig")))
    )
    assert len(rows) > 1
    first.get_by_role("link").first.click()
    provider.look()
    assert page.get_by_role("heading", level=1).inner_text() in words
    assert figure(page, "Value") == value
    lines = page.locator("section[aria-labelledby=items] tbody tr td[data-label='Amount']").all_inner_texts()
    assert sum(map(pennies, lines)) == pennies(value), "the lines sum to the value"
    spent = page.locator("section[aria-labelledby=spend] tbody td[data-label=Spent]").all_inner_texts()
    assert sum(map(pennies, spent)) == pennies(figure(page, "Spend To Date"))
    paper = page.context.request.get(page.url + "?format=pdf")
    assert paper.body().startswith(b"%PDF-") and paper.headers["content-type"] == "application/pdf"
    page.get_by_role("button", name="Close and return to list").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Purchase Orders"
    page.go_back()
    week = page.locator("section[aria-labelledby=spend] tbody a").first
    if week.count():  # from what is spent to the period's lines, and back by the line's order
        order = page.url
        week.click()
        provider.look()
        page.get_by_role("link", name=re.compile("^purchase order")).first.click()
        assert re.search(r"/provider/orders/\d+$", page.url) and order


@SCRIPT
@pytest.mark.feature("R-18")
def test_finance_files_are_made_once_and_stay_the_same(visit, portal, script):
    officer = visit("officer@authority.example", script)
    page = officer.page
    page.goto("/authority/exports")
    officer.look()
    row = page.locator("tr", has=page.get_by_role("button", name=re.compile("^Make the file"))).first
    owed = row.locator("td[data-label='Total Payable']").inner_text()
    row.get_by_role("button").click()
    wait_until_over(page, r"is made: [\d,]+ rows?\.")
    officer.look()
    one = taken(page, page.get_by_role("button", name="Take the file"))
    page.get_by_role("link", name="What it holds").click()
    officer.look()
    assert taken(page, page.get_by_role("button", name="Take the file")) == one, "taken again it is the same"
    page.reload()
    assert page.locator("main li", has_text="Amir Khan").count() == 2, "who took it, each time"
    rows = list(csv.DictReader(io.StringIO(one.decode("utf-8-sig"))))
    assert (
        sum(pennies(r["Amount"]) + pennies(r["VAT"]) for r in rows) == pennies(owed) == pennies(figure(page, "Total"))
    )
    page.goto("/authority/exports/charges")
    officer.look()
    page.get_by_role("button", name="Make the file").click()
    wait_until_over(page, "is made: |Nothing differs")
    page.goto("/authority/exports/charges")
    page.get_by_role("button", name="Make the file").click()
    wait_until_over(page, "Nothing differs from what has been charged already")


@SCRIPT
@pytest.mark.feature("R-10")
def test_the_calendar_reaches_a_year_ahead_by_one_press(visit, script):
    officer = visit("officer@authority.example", script)
    page = officer.page
    page.goto("/authority/payment-cycles")
    officer.look()
    page.locator("main tbody a").nth(0 if script else 1).click()
    address = page.url
    page.get_by_role("button", name=re.compile("^Take away")).click()  # the last period, so that there is one to add
    page.locator("main").wait_for()
    last = page.locator("main tbody tr").first.inner_text()
    officer.look()
    page.get_by_role("button", name="Extend until a year ahead").click()
    officer.look()
    assert re.search(r"\d+ periods? (is|are) added, until ", page.locator("#messages").inner_text())
    assert page.locator("main tbody tr").first.inner_text() != last and page.url == address
    provider = visit("finance@oakfield.example", script)
    provider.page.goto("/provider/payments")
    provider.page.get_by_role("link", name=re.compile("calendar", re.IGNORECASE)).first.click()
    provider.look()
    assert "Cut-off" in provider.page.locator("main").inner_text()
