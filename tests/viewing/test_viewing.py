"""An officer who views as a provider: sees what it sees, is told on every page, changes nothing, and it is noted."""

from __future__ import annotations

import re

import pytest

from blueprints import history
from blueprints.settings import rules as settings
from models import Change, Look, MessageRead, PostRead, SignIn, User
from tests.access import TABLE
from tests.browser_checks import NoWrites
from tests.pages import press
from tests.provider_world import add_visit
from tests.visits.test_provider import text_of


@pytest.fixture
def officer(client, cast):
    return cast.sign_in(client, cast.officer)


def view(officer, organisation, person=None):
    """Begin to view; returns the answer."""
    address = f"/authority/organisations/{organisation.id}/viewing"
    return press(
        officer,
        address,
        person=str(person.id) if person else "",
    )


@pytest.mark.feature("Z-02")
def test_what_the_provider_sees_and_no_more(app, cast, officer):
    add_visit(cast, "V-1")
    finance = cast.sign_in(app.test_client(), cast.finance)
    assert officer.get("/provider/").status_code == 404
    answer = view(officer, cast.oakfield, cast.finance)
    assert answer.headers["Location"] == "/provider/"
    for address in ("/provider/", "/provider/visits?week=2026-10-05", "/provider/packages", "/provider/payments",
                    f"/provider/packages/{cast.package.id}", "/provider/messages", "/provider/help"):  # fmt: skip
        mine, theirs = (re.search(r"(?s)<main.*</main>", c.get(address).text)[0] for c in (officer, finance))
        assert re.sub(r'name="csrf_token" value="[^"]*"', "", mine) == re.sub(
            r'name="csrf_token" value="[^"]*"', "", theirs
        ), address
    assert officer.get(f"/provider/packages/{cast.placed.id}").status_code == 404
    view_of_house = officer.get("/authority/organisations").status_code
    assert view_of_house == 200, "the officers' pages can be looked at meanwhile"


@pytest.mark.feature("Z-02")
def test_every_page_says_so_and_one_press_ends_it(cast, officer):
    view(officer, cast.oakfield)
    for address in ("/provider/", "/provider/packages", "/authority/", "/help", "/provider/nowhere"):
        html = officer.get(address).text
        assert "You see the portal as Oakfield Home Care. You can look, and change nothing." in text_of(html), address
        assert 'action="/authority/viewing/end"' in html
    answer = officer.post("/authority/viewing/end")
    assert answer.headers["Location"] == f"/authority/organisations/{cast.oakfield.id}"
    assert "Viewing</strong>" not in officer.get("/authority/").text
    assert officer.get("/provider/").status_code == 404
    assert officer.post("/authority/viewing/end").status_code == 303, "pressed twice"
    said = [(c.what, c.by, c.organisation_id) for c in Change.select().order_by(Change.id)]
    assert said == [
        ("Began to view as a provider", "Amir Khan", cast.oakfield.id),
        ("Stopped viewing as a provider", "Amir Khan", cast.oakfield.id),
    ]


@pytest.mark.feature("Z-02")
def test_no_press_changes_anything(app, cast, officer):
    """Every route that takes a POST, with the addresses of the access table: refused before anything is written."""
    settings.change(history.Actor(None, "x"), {"module_level_availability": True})
    view(officer, cast.oakfield, cast.finance)
    methods = {rule.endpoint: rule.methods for rule in app.url_map.iter_rules()}
    walked = 0
    for endpoint, (address, _) in TABLE.items():
        verbs = methods[endpoint] & {"POST", "PUT", "PATCH", "DELETE"}
        if not verbs or endpoint in ("public.accounts.sign_out", "authority.viewing.end"):
            continue
        path = address.partition(" ")[2].format(cast=cast)
        for verb in verbs:
            guard = NoWrites(app)
            try:
                answer = officer.open(path, method=verb)
            finally:
                guard.done()
            assert answer.status_code == 403 and "nothing was sent or changed" in answer.text, (
                endpoint,
                answer.status_code,
            )
        walked += 1
    assert walked > 30
    assert not {e for e, m in methods.items() if m & {"POST", "PUT", "PATCH", "DELETE"}} - set(TABLE)


@pytest.mark.feature("Z-02")
def test_looks_are_the_officers_and_nothing_is_marked_as_read(cast, officer):
    history.record(history.Actor(None, "x"), "Answered", cast.thread, {}, {})
    view(officer, cast.oakfield, cast.finance)
    officer.get(f"/provider/messages/{cast.message.id}")
    assert not MessageRead.select().exists() and not PostRead.select().exists()
    officer.get(f"/provider/packages/{cast.package.id}")
    assert {look.user_id for look in Look.select()} == {cast.officer.id}


def test_with_limited_reach_one_sees_with_the_persons_eyes(cast, officer):
    cast.oakfield.limited_accessibility = True
    cast.oakfield.save()
    view(officer, cast.oakfield, cast.finance)
    assert "no role has been given to you" in text_of(officer.get("/provider/").text)
    officer.post("/authority/viewing/end")
    view(officer, cast.oakfield)
    assert "Archer" in officer.get("/provider/packages").text


def test_a_residential_provider_has_no_visits_in_view_either(cast, officer):
    view(officer, cast.brookhouse)
    assert officer.get("/provider/visits").status_code == 404
    assert "Actuals/Visits" not in officer.get("/provider/").text


def test_only_people_of_the_organisation_who_can_sign_in(cast, officer):
    for person in (cast.outsider, cast.officer):
        assert view(officer, cast.oakfield, person).status_code == 422
    User.update(is_active=False).where(User.id == cast.manager.id).execute()
    assert view(officer, cast.oakfield, cast.manager).status_code == 422
    view(officer, cast.oakfield, cast.finance)
    User.update(is_active=False).where(User.id == cast.finance.id).execute()
    assert "as Oakfield Home Care." in text_of(officer.get("/provider/").text)


def test_it_is_of_one_session_and_ends_with_it(app, cast, officer):
    view(officer, cast.oakfield)
    assert SignIn.select().where(SignIn.viewing_id == cast.oakfield.id).count() == 1
    finance = cast.sign_in(app.test_client(), cast.finance)
    assert "Viewing</strong>" not in finance.get("/provider/").text
    officer.post("/logout")
    assert officer.get("/provider/").status_code == 303
