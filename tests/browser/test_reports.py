"""A report from its parameters to its files, with script and without; and a long one prepared apart."""

from __future__ import annotations

import csv
import io
import re

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.feature("U-01", "U-03")
@pytest.mark.parametrize("script", [True, False])
def test_a_provider_runs_a_report(visit, script):
    window = visit("finance@oakfield.example", script=script)
    page = window.page
    page.get_by_role("link", name="Reports", exact=True).first.click()
    page.get_by_role("link", name="Commissioned v Actuals").first.click()
    assert "This report requires parameters." in page.locator("main").inner_text()
    window.look()
    page.get_by_label("Date From").fill("")
    page.get_by_role("button", name="View").click()
    assert "Enter the first date" in page.locator("main").inner_text()
    window.look()
    page.go_back()
    page.get_by_role("link", name="Last four weeks").click()
    shown = page.locator("main").inner_text()
    assert "Commissioned and actual cost by week" in shown and "Archer, Ann" in shown
    window.look()
    rows = int(re.search(r"([\d,]+) rows", shown)[1].replace(",", ""))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download Data").click()
    listed = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8"))))
    assert len(listed) == rows
    total = sum(round(float(row["CostDifference"]) * 100) for row in listed)
    assert f"{abs(total) / 100:,.2f}" in page.locator("tfoot").inner_text()
    document = page.get_by_role("link", name="PDF").first.get_attribute("href")
    found = window.context.request.get(page.url.split("?")[0] + document)
    assert found.headers["content-type"] == "application/pdf" and found.body().startswith(b"%PDF")
    page.get_by_role("button", name="Close and return").click()
    page.get_by_role("link", name="Pending Payments Exceptions").click()
    assert "Not final" in page.locator("main").inner_text(), "it shows at once"
    window.look()


def test_an_officer_fetches_what_was_prepared(visit):
    window = visit("officer@authority.example")
    page = window.page
    page.get_by_role("link", name="Reports", exact=True).first.click()
    window.look()
    page.get_by_role("link", name=re.compile(r"Commissioned v Actuals \(CSV\)")).first.click()
    assert "The report is ready" in page.locator("main").inner_text()
    window.look()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download it as CSV").click()
    assert download.value.path().read_text(encoding="utf-8").startswith("OrganisationName,")
