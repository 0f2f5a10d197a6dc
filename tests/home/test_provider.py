"""A provider's home page, tabs and help."""

import datetime as dt
import re

import pytest

from blueprints.history import Actor
from blueprints.settings import rules as settings
from models import Import
from tests.cast import MONDAY
from tests.provider_world import add_visit, queries, settle
from tests.visits.test_provider import text_of

OFFICER = Actor(None, "officer")


@pytest.fixture
def owner(client, cast):
    return cast.sign_in(client, cast.finance)


@pytest.mark.feature("C-05", "C-06")
def test_name_and_tiles(owner, cast):
    cast.oakfield.name = "Oakfield Home Care and Supported Living for Westshire and the Vale, Northern Division Limited"
    cast.oakfield.save()
    html = owner.get("/provider/").text
    assert f'<h1 class="govuk-heading-l">{cast.oakfield.name}</h1>' in html
    assert "Pick a task..." in html
    tiles = re.findall(r'portal-tile__title"><a[^>]*>(.*?)</a>', html)
    expected = ["Organisation", "Services", "Manage Contacts", "Actuals/Visits", "Disputes", "One-Off Claims", "Care Package Line Items",
                "Scheduled Payments", "Purchase Orders", "Reports", "Help"]  # fmt: skip
    assert tiles == expected
    assert "Log out" in html


@pytest.mark.feature("C-07", "C-09")
def test_tabs_and_tiles_follow_the_modules(owner, cast):
    html = owner.get("/provider/visits").text
    tabs = re.findall(r'portal-tabs__link" href="[^"]*"( aria-current="page")?>([^<]+)<', html)
    assert [text for _, text in tabs] == [
        "Home",
        "Actuals/Visits",
        "One-Off Claims",
        "Care package line items",
        "Scheduled payments",
        "POs",
        "Reports",
        "Help",
    ]
    assert [text for here, text in tabs if here] == ["Actuals/Visits"]
    settings.change(OFFICER, {"module_payments": False, "module_packages": False})
    html = owner.get("/provider/").text
    assert "Scheduled" not in html and "Care Package" not in html
    assert owner.get("/provider/payments").status_code == owner.get("/provider/packages").status_code == 404
    settings.change(OFFICER, {"module_payments": True})
    assert "Scheduled Payments" in owner.get("/provider/").text


@pytest.mark.feature("C-08")
def test_residential_providers_have_no_visits(client, cast):
    cast.sign_in(client, cast.outsider)
    html = client.get("/provider/").text
    assert "Actuals/Visits" not in html and "there is nothing to send" in html
    assert client.get("/provider/visits").status_code == 404


def test_what_needs_doing_oldest_first_each_a_link_to_exactly_that(owner, cast):
    assert "Nothing needs doing now." in owner.get("/provider/").text
    add_visit(cast, "V1", day=MONDAY + dt.timedelta(7), status="Unmatched", reason="client not known")
    for ref in ("V2", "V3"):
        add_visit(cast, ref, status="Missing Data", reason="delivered times missing")
    add_visit(cast, "V4")
    settle(cast)
    Import.create(
        kind="visits", organisation=cast.oakfield, user=cast.manager, file_name="october.csv", state="Checked",
        checked_at=dt.datetime(2026, 10, 13, 9),
    )  # fmt: skip
    html = owner.get("/provider/").text
    shown = text_of(html)
    places = [shown.index(words) for words in (
        "2 visits with missing data in the week of 5 October 2026",
        "Visits file october.csv is checked and waits for Update System, by Owen Marsh",
    )]  # fmt: skip
    assert places == sorted(places)
    assert "due Tuesday 3 November 2026" in shown
    address = re.search(r'href="(/provider/visits\?week=2026-10-05[^"]*)"', html)[1].replace("&amp;", "&")
    listed = owner.get(address).text
    assert "2 visits, 2 with missing data" in listed


@pytest.mark.feature("O-50")
def test_the_next_deadline(owner, cast):
    assert "Next: visits of 5 October 2026 to 1 November 2026 must be sent by Tuesday 3 November 2026." in text_of(
        owner.get("/provider/").text
    )


def test_limited_accessibility_reaches_nothing_and_says_so(owner, cast):
    cast.oakfield.limited_accessibility = True
    cast.oakfield.save()
    shown = text_of(owner.get("/provider/").text)
    assert "no role has been given to you" in shown and "Actuals/Visits" not in shown
    assert "Archer" not in owner.get("/provider/packages").text
    assert owner.get(f"/provider/packages/{cast.package.id}").status_code == 404
    assert owner.get("/provider/visits").status_code == 404


def test_the_same_queries_with_much_to_do(owner, cast):
    add_visit(cast, "V0", status="Missing Data")
    one, _ = queries(lambda: owner.get("/provider/"))
    for number in range(1, 10):
        add_visit(cast, f"V{number}", day=MONDAY + dt.timedelta(number), status="Missing Data")
    many, _ = queries(lambda: owner.get("/provider/"))
    assert one == many


# help ------------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("C-18", "C-20")
@pytest.mark.parametrize(
    "page, help_page",
    [
        ("/provider/", "/provider/help"),
        ("/provider/visits", "/provider/help/visits"),
        ("/provider/packages", "/provider/help/packages"),
        ("/provider/payments", "/provider/help/payments"),
        ("/provider/commissioned-care", "/provider/help/commissioned-care"),
    ],
)
def test_help_opens_at_the_page_that_one_comes_from(owner, page, help_page):
    html = owner.get(page).text
    assert f'href="{help_page}">Help</a>' in html and "/privacy" in html
    assert owner.get(help_page).status_code == 200


@pytest.mark.feature("C-18")
def test_an_unknown_page_falls_back_to_the_index(owner):
    html = owner.get("/provider/help/nothing").text
    assert "Care Package Line Items" in html and "Remittances" in html


@pytest.mark.feature("C-19")
def test_the_authoritys_own_support(owner):
    settings.change(OFFICER, {"support_contact": "01234 567890", "support_address": "https://authority.example/guide"})
    html = owner.get("/provider/help/visits").text
    assert "01234 567890" in html and "https://authority.example/guide" in html
    with pytest.raises(settings.Refused):
        settings.change(OFFICER, {"support_address": "javascript:alert(1)"})


@pytest.mark.feature("C-12")
def test_breadcrumbs_lead_back(owner, cast):
    html = owner.get(f"/provider/packages/{cast.package.id}").text
    trail = re.search(r'<nav class="govuk-breadcrumbs.*?</nav>', html, re.S)[0]
    assert re.findall(r">([^<>]+)</a>", trail) == ["Home", "Care Package Line Items"]
    assert "CPLI 156017" in trail
