"""The main job end to end, in a browser: visits become a payment, late ones an adjustment; with JavaScript and without."""

from __future__ import annotations

import csv
import io

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
    for _ in range(60):
        if heading in page.get_by_role("heading", level=1).inner_text():
            return
        page.wait_for_timeout(500)
        refresh = page.get_by_role("link", name="Refresh")
        see = page.get_by_role("link", name="See the result")
        if see.count():
            see.click()
        elif refresh.count() and not window.script:
            refresh.click()
        elif window.script:
            page.reload()
    raise AssertionError(f"{heading} never came: {page.get_by_role('heading', level=1).inner_text()}")


@pytest.mark.feature("O-27", "O-28", "R-15", "R-11")
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_from_visits_file_to_remittance(visit, tmp_path, script):
    provider = visit("finance@oakfield.example", script)
    provider.look()
    page = provider.page
    page.goto("/provider/imports/visits/format")
    provider.look()
    with page.expect_download() as download:
        page.get_by_role("link", name="Worked example").click()
    example = tmp_path / "example.csv"
    download.value.save_as(example)
    assert len(list(csv.DictReader(io.StringIO(example.read_text())))) >= 10
    import_file(provider, example)

    page.goto("/provider/visits")
    provider.look()

    officer = visit("officer@authority.example", script)
    officer.look()
    officer.page.goto("/authority/periods")
    officer.look()
