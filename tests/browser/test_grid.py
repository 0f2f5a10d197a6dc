"""A week of actuals in a browser: by keyboard, through a lost connection and an ended session, and without a script."""

from __future__ import annotations

import re
import sqlite3

import pytest

from blueprints.weeks import monday, today

pytestmark = [pytest.mark.browser, pytest.mark.once]
MANAGER = "manager@harbour.example"


def last_week() -> str:
    """The demonstration's last full week, which is open."""
    import datetime as dt

    return (monday(today()) - dt.timedelta(7)).isoformat()


def boxes(page, name: str):
    """The boxes of a column."""
    return page.locator(f'tr.line [data-box="{name}"]')


def state(page, number: int = 0) -> str:
    """What the row says of itself."""
    return page.locator("tr.line [data-state]").nth(number).inner_text()


def saved(page, number: int = 0) -> None:
    """Wait until a row says that it is saved."""
    page.locator("tr.line [data-state]").nth(number).get_by_text("Saved", exact=True).wait_for()


@pytest.mark.feature("M-10", "M-23", "M-24")
def test_a_week_by_keyboard_alone(visit):
    window = visit(MANAGER)
    page = window.page
    page.goto(f"/provider/actuals?week={last_week()}")
    assert "Not confirmed" in page.locator(".portal-weekstate").first.inner_text()
    page.get_by_role("button", name="Generate Actuals").press("Enter")
    page.get_by_text("rows were generated as planned").wait_for()
    window.look()
    total = page.locator("#grid-total").inner_text()
    page.get_by_role("button", name="Edit this page").press("Enter")
    boxes(page, "actual").first.wait_for()
    window.look()
    first = page.locator('tr.line:not([data-by-days]):has([data-box="missed"])').first
    key = first.get_attribute("data-row")
    box = page.locator(f"#{key}-actual")
    planned = float(first.locator('[data-label="Planned"]').inner_text())
    box.focus()
    page.keyboard.type(str(planned - 1))
    assert "Not saved" in first.locator("[data-state]").inner_text(), "said at once"
    cost = first.locator('[data-shows="cost"]').inner_text()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == f"{key}-missed"
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    first.get_by_text("Enter a comment that says why this differs from plan").wait_for()
    assert page.evaluate("document.activeElement.id") == f"{key}-comments"
    page.keyboard.type("Carer ill")
    page.keyboard.press("Enter")
    first.get_by_text("Saved", exact=True).wait_for()
    assert first.locator('[data-shows="cost"]').inner_text() == cost, "as it was worked out while typing"
    assert page.locator("#grid-total").inner_text() != total, "totals follow"
    assert not page.evaluate("document.activeElement.id").startswith(key), "on to the next row"
    box.focus()
    page.keyboard.type("99")
    page.keyboard.press("Escape")
    assert box.input_value() == f"{planned - 1:g}"
    box.press("ArrowDown")
    assert page.evaluate("document.activeElement.id") != f"{key}-actual"
    now = page.locator("#grid-total").inner_text()
    page.reload()
    assert page.locator("#grid-total").inner_text() == now, "the portal says the same"


def test_days_add_up_at_once(visit):
    window = visit(MANAGER)
    page = window.page
    page.goto(f"/provider/actuals?week={last_week()}&edit=all")
    row = page.locator("tr.line[data-by-days]").first
    key = row.get_attribute("data-row")
    before = float(row.locator("[data-sum]").inner_text())
    row.locator('[data-box="tick6"]').first.uncheck()
    quantity = float(row.locator('[data-box="day0"]').input_value())
    assert float(row.locator("[data-sum]").inner_text()) == pytest.approx(before - quantity)
    assert float(row.locator('[data-shows="missed"]').inner_text()) == pytest.approx(quantity)
    row.get_by_role("button", name="Add row").click()
    page.locator(f"#{key}-day1-quantity").wait_for()
    row = page.locator(f"#line-{key}")
    added = row.locator(".days__table tbody tr").last
    added.locator("input:not([type])").fill("0.5")
    added.locator("input[type=checkbox]").first.check()
    assert float(row.locator("[data-sum]").inner_text()) == pytest.approx(before - quantity + 0.5)
    row.locator("textarea").fill("Longer on Monday, family on Sunday")
    row.locator(".row-form button").first.click()
    row.get_by_text("Saved", exact=True).wait_for()
    window.look()


def test_unsaved_rows_survive_a_lost_connection_and_an_ended_session(visit, portal):
    window = visit(MANAGER)
    page = window.page
    here = f"/provider/actuals?week={last_week()}&edit=all"
    page.goto(here)
    row = page.locator('tr.line:not([data-by-days]):has([data-box="extra"])').nth(1)
    key = row.get_attribute("data-row")
    row = page.locator(f"#line-{key}")

    def type_in(actual: str, comment: str) -> None:
        page.locator(f"#{key}-actual").fill(actual)
        page.locator(f"#{key}-comments").fill(comment)

    window.context.set_offline(True)
    type_in("9.5", "One more")
    page.locator(f"#{key}-actual").press("Enter")
    row.get_by_text("No connection").wait_for()
    window.context.set_offline(False)
    row.get_by_text("Saved", exact=True).wait_for()
    type_in("8.25", "Not so many")
    connection = sqlite3.connect(portal.folder / "portal.db", timeout=30)
    with connection:
        connection.execute("UPDATE sign_in SET ended_at = '2020-01-01'")
    connection.close()
    page.locator(f"#{key}-actual").press("Enter")
    row.get_by_text("You were signed out").wait_for()
    row.get_by_role("link", name="sign in again").click()
    page.get_by_label("E-mail address").fill(MANAGER)
    page.get_by_label("Password", exact=True).fill("Demo-portal-1")
    page.get_by_role("button", name="Login").click()
    page.get_by_text("It is filled in below: look, then save.").wait_for()
    assert page.locator(f"#{key}-actual").input_value() == "8.25"
    page.locator(f"#{key}-actual").press("Enter")
    row.get_by_text("Saved", exact=True).wait_for()
    assert page.evaluate("Object.keys(sessionStorage).length") == 0
    window.said.clear()  # the browser's own words about the lost connection


@pytest.mark.feature("M-23")
def test_without_a_script_each_client_has_a_page(visit):
    window = visit(MANAGER, script=False)
    page = window.page
    page.goto(f"/provider/actuals?week={last_week()}")
    page.locator("a", has_text="Add/Edit").last.click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Edit Actuals for Harbour Supported Housing, ")
    box = page.locator('tr.line input[data-box="actual"]').last
    box.fill("abc")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name=re.compile("Enter the actual as a number")).wait_for()
    box = page.locator('tr.line input[data-box="actual"]').last
    assert box.input_value() == "abc"
    box.fill("2")
    page.locator("tr.line textarea").last.fill("Ill")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("1 row saved.").wait_for()
    window.look()
    page.get_by_role("link", name="Back", exact=True).click()
    page.get_by_role("button", name="Confirm the week").first.click()
    page.get_by_text("is confirmed").wait_for()
