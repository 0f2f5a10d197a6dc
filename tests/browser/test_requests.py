"""Asking for a change and deciding it in a browser: by keyboard, at 320 pixels, with script and without."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("requests")]


def narrow(window) -> None:
    """Look at the page (axe, nothing too wide), and go on in a narrow window."""
    window.look()
    window.page.set_viewport_size({"width": 320, "height": 900})


def press(page, role: str, name: str) -> None:
    """Press a button or link by keyboard."""
    page.get_by_role(role, name=name).focus()
    page.keyboard.press("Enter")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_ask_and_decide(visit, script):
    """Greta changes the telephone number, Amir accepts it; every press by keyboard, in a narrow window."""
    greta, amir = visit("finance@oakfield.example", script), visit("officer@authority.example", script)
    number = "01632 960 771" if script else "01632 960 772"
    page = greta.page
    page.goto("/provider/organisation")
    narrow(greta)
    press(page, "button", "Edit")
    page.get_by_label("Telephone").wait_for()
    narrow(greta)
    page.get_by_label("Telephone").fill(number)
    press(page, "button", "Send request")
    page.get_by_text("Your request has been sent").wait_for()
    assert page.locator("ins", has_text=number).count() == 1
    narrow(greta)

    page = amir.page
    page.goto("/authority/requests?kind=organisation&sort=-sent")
    narrow(amir)
    page.locator("tbody tr").first.get_by_role("link").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Accept and apply").wait_for()
    narrow(amir)
    press(page, "button", "Accept and apply")
    page.get_by_text("Accepted: Update Organisation of Oakfield Home Care").wait_for()
    narrow(amir)

    page = greta.page
    page.goto("/provider/organisation")
    assert page.get_by_text(number).count() == 1 and page.locator("ins", has_text=number).count() == 0


def test_a_role_is_removed_by_two_presses(visit):
    """The contact's page: the first press asks, the second sends (E-20)."""
    window = visit("finance@oakfield.example", True)
    page = window.page
    page.goto("/provider/contacts")
    narrow(window)
    page.get_by_role("link", name="Finch, Greta").click()
    narrow(window)
    first = page.get_by_role("button", name="Request Role Removal").first
    first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Press again to request removal").wait_for()
    narrow(window)
    press(page, "button", "Press again to request removal")
    page.get_by_role("link", name="Removal pending").first.wait_for()
    narrow(window)
