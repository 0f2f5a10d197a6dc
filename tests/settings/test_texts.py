"""The authority's own words, texts, notice and home page; lists; what falls back where nothing is set."""

import re

import pytest

from blueprints import history, wording
from blueprints.settings import rules as settings
from blueprints.settings.rules import SPECS
from blueprints.wording import paragraphs
from models import Setting
from tests.pages import press
from tests.provider_world import add_visit, settle
from tests.visits.test_provider import text_of

BY = history.Actor(None, "officer")


@pytest.fixture
def officer(app, cast):
    return cast.sign_in(app.test_client(), cast.officer)


@pytest.fixture
def finance(app, cast):
    return cast.sign_in(app.test_client(), cast.finance)


# wording ---------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("Z-06")
def test_labels_where_the_guides_differ(cast, finance, officer):
    add_visit(cast, "V-1")
    settle(cast)
    pages = (
        "/provider/",
        "/provider/packages",
        "/provider/visits?week=2026-10-05",
        f"/provider/packages/{cast.package.id}",
    )
    before = {page: finance.get(page).text for page in pages}
    assert ">Client<" in before["/provider/packages"] and "Care package line items</a>" in before["/provider/"]
    settings.change(BY, {
        "word_client": "Service user", "word_clients": "Service users", "word_packages": "Care lines", "word_visits": "Weeks",
        "word_historical": "Include archived",
    })  # fmt: skip
    after = {page: text_of(finance.get(page).text) for page in pages}
    home = after["/provider/"]
    assert "Care lines" in home and "Weeks" in home and "your service users’ packages" in home
    lines = finance.get("/provider/packages").text
    assert ">Service user<" in lines and "Include archived" in lines and "Care lines</h1>" in lines
    assert ">Client<" not in lines and "Ann Archer" in lines.replace("Archer, Ann", "Ann Archer")
    assert "Weeks for Oakfield Home Care" in after["/provider/visits?week=2026-10-05"]
    assert "Service user" in officer.get("/authority/packages").text
    settings.change(BY, {name: "" for name in set(wording.LABELS.values())})
    assert ">Client<" in finance.get("/provider/packages").text, "a missing text falls back to the portal's"


def test_what_people_entered_is_never_reworded(cast, finance):
    cast.ann.surname = "Client"
    cast.ann.save()
    settings.change(BY, {"word_client": "Service user"})
    assert (
        "Client, Ann" in finance.get("/provider/packages").text
        or "Ann Client" in finance.get("/provider/packages").text
    )


def test_every_word_is_a_setting_and_too_long_a_one_is_refused(officer):
    assert set(wording.LABELS.values()) == {n for n in SPECS if n.startswith("word_")}
    answer = press(officer, "/authority/settings/wording/edit", word_client="x" * 61)
    assert answer.status_code == 422 and "at most 60 characters" in answer.text


# texts -----------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("Z-06")
@pytest.mark.parametrize(
    "name, address, fallback",
    [
        ("privacy_text", "/privacy", "One cookie keeps you signed in"),
        ("accessibility_text", "/accessibility", "Web Content Accessibility Guidelines"),
        ("landing_text", "/", "For providers of adult social care"),
        ("help_public", "/help", "Your login is your e-mail address"),
    ],
)
def test_the_authoritys_own_pages(client, cast, name, address, fallback):
    assert fallback in client.get(address).text
    settings.change(BY, {name: "# Our words\n\nFirst <b>line</b>\nsecond\n\n- one\n- two"})
    html = client.get(address).text
    assert '<h2 class="govuk-heading-m">Our words</h2>' in html and "First &lt;b&gt;line&lt;/b&gt;<br>second" in html
    assert "<li>one</li><li>two</li>" in html
    assert (fallback in html) == (name == "help_public")


@pytest.mark.feature("C-19")
def test_help_texts_for_providers_and_officers(finance, officer):
    settings.change(
        BY, {"help_providers": "Ring before nine.", "help_officers": "Ask the team.", "urgent_contact": "0300 1"}
    )
    for client, pages, words in ((finance, ("/provider/help", "/provider/help/packages"), "Ring before nine."),
                                 (officer, ("/authority/help", "/authority/help/payments"), "Ask the team.")):  # fmt: skip
        for page in pages:
            text = client.get(page).text
            assert words in text and "if it cannot wait: 0300 1" in text


@pytest.mark.once
def test_plain_lines_become_paragraphs():
    assert str(paragraphs("")) == "" and str(paragraphs("a\n\n\nb")).count("<p") == 2
    assert str(paragraphs("# A\ntext")) == '<h2 class="govuk-heading-m">A</h2>\n<p class="govuk-body">text</p>'
    assert "<script>" not in str(paragraphs("# <script>\n\n- <script>\n\n<script>"))


# the notice ------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("C-31")
def test_a_notice_that_is_switched_on_is_on_every_page_the_sign_in_page_too(client, finance, officer):
    settings.change(BY, {"notice": "Closed on Sunday <3 from 8:00.", "urgent_contact": "0300 123"})
    pages = ((client, "/login"), (client, "/"), (finance, "/provider/"), (officer, "/authority/settings"))
    assert not any("portal-notice" in browser.get(page).text for browser, page in pages)
    press(officer, "/authority/settings/texts/edit", notice_on="yes")
    for browser, page in pages:
        html = browser.get(page).text
        assert 'aria-label="Notice"' in html and "Closed on Sunday &lt;3 from 8:00." in html, page
    assert "0300 123" in client.get("/help").text


@pytest.mark.feature("C-31")
def test_whom_to_ask_when_something_has_failed(app, finance, monkeypatch):
    settings.change(BY, {"urgent_contact": "0300 123"})
    from blueprints.home import provider

    def fail():
        raise RuntimeError("broken")

    monkeypatch.setattr(provider, "tiles", fail)
    app.testing = app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        answer = finance.get("/provider/")
    finally:
        app.testing, app.config["PROPAGATE_EXCEPTIONS"] = True, None
    assert answer.status_code == 500 and "If it cannot wait: 0300 123" in answer.text and "Reference" in answer.text


# home ------------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("C-01")
def test_a_welcome_with_messages_intro_and_tiles(cast, finance):
    cast.message  # noqa: B018 makes one
    settings.change(
        BY, {"home_style": "welcome", "portal_name": "Care.Net", "home_intro": "What would you like to do?"}
    )
    html = finance.get("/provider/").text
    shown = text_of(html)
    assert "<h1" in html and ">Welcome to Care.Net, Greta Finch</h1>" in html
    assert (
        shown.index("Messages from")
        < shown.index("What would you like to do?")
        < shown.index("Send and look up visits")
    )
    tiles = re.findall(r'(?s)<li class="portal-tile">(.*?)</li>', html)
    assert all("<svg" in tile and "portal-tile__title" in tile and "portal-tile__text" in tile for tile in tiles)
    settings.change(BY, {"module_visits": False})
    assert "Send and look up visits" not in finance.get("/provider/").text


@pytest.mark.feature("C-13")
def test_return_to_secure_services(cast, finance):
    for address in ("/provider/packages", "/provider/help", f"/provider/messages/{cast.message.id}"):
        assert '<a class="govuk-link" href="/provider/">Return to secure services</a>' in finance.get(address).text
    assert "Return to secure services" not in finance.get("/provider/").text
    assert "data-unsaved" in finance.get(f"/provider/messages/{cast.message.id}").text, (
        "the script asks before leaving it"
    )


@pytest.mark.feature("C-16")
def test_several_of_a_list_are_boxes_that_keyboard_and_touch_can_tick(app):
    """The hint is for lists that need the Ctrl key; there is none: several are chosen by boxes to tick."""
    import pathlib

    root = pathlib.Path(app.root_path)
    for path in [*root.glob("templates/**/*.html"), *root.glob("forms/*.py")]:
        text = path.read_text()
        if re.search(r"<select[^>]*multiple|Select\(multiple=True", text):
            assert "Hold the Ctrl key to select multiple items." in text, path


# lists -----------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("Z-07")
def test_every_list_with_its_values_and_where_it_is_edited(officer, cast):
    settings.change(history.Actor(cast.officer.id, "Amir Khan"), {"deletion_reasons": "One\nTwo"})
    html = officer.get("/authority/settings/lists").text
    for spec in SPECS.values():
        assert spec.label in html or spec.kind != "lines" or spec.group == "Portal"
    assert "One; Two" in html and "Amir Khan" in html and "DHS" in html and "Personal Care" in html
    for address in re.findall(r'href="(/authority/[^"#]*)', html.partition("<main")[2]):
        assert officer.get(address).status_code == 200


def test_settings_say_meaning_default_and_who(officer, cast):
    press(officer, "/authority/settings/wording/edit", word_client="Resident")
    row = Setting.get_by_id("word_client")
    assert row.changed_by == "Amir Khan"
    html = officer.get("/authority/settings?q=Resident").text + officer.get("/authority/settings").text
    assert "What you call the person who receives care" in html and "Amir Khan" in html
    for spec in SPECS.values():
        assert spec.label and (spec.meaning or spec.kind == "yes-no" or spec.group in ("Sign-in", "Passwords")), (
            spec.name
        )
