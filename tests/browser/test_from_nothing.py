"""From an empty database, through the browser alone: the authority loads guide 004's world, the provider its files."""

from __future__ import annotations

import json
import re

import pytest

from tests.browser.conftest import ROOT, Portal
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
RUN = next(told for told in EXPECTED["runs"] if told["run"] == "example")


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """A portal that holds nothing yet."""
    made = Portal(tmp_path_factory.mktemp("empty"))
    made.link = re.search(r"/set-password/\S+", made.command("init").stdout)[0]
    made.start()
    yield made
    made.stop()


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
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", level=1).wait_for()
    window.look()


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


@pytest.mark.feature("Z-11", "O-02", "O-37", "O-38")
def test_an_authority_is_set_up_and_a_provider_sends_the_guides_files(visit, portal):
    officer = visit(script=False)
    enter(officer, portal.link, "officer@authority.example")
    for kind in KINDS:
        found = send(officer, "authority", kind, FILES / "guide004" / "authority" / f"{kind}.csv")
        assert found["read"] == found["new"] > 0 and found["rejected"] == 0, (kind, found)
    link = portal.command("user", "add", "new@provider.example", "--organisation", RUN["organisation"]).stdout
    provider = visit(script=False)
    enter(provider, re.search(r"/set-password/\S+", link)[0], "new@provider.example")
    for step in RUN["steps"]:
        found = send(provider, "provider", step["load"], FILES / step["file"])
        assert found == step["counts"], step["file"]
    for name in sorted(p.name for p in (FILES / "spreadsheets").glob("example-*.csv"))[:4]:
        assert send(provider, "provider", "visits", FILES / "spreadsheets" / name, update=False)["read"] == 21, name
        provider.page.get_by_role("button", name="Cancel").click()
    renamed = FILES / "bad" / "spreadsheet-renamed.csv"
    provider.page.goto("/provider/imports/visits/new")
    provider.page.get_by_label("CSV file").set_input_files(renamed)
    provider.page.get_by_role("button", name="Import", exact=True).click()
    wait_for(provider, "the file was refused")
    assert "CSV" in provider.page.locator("main").inner_text()
