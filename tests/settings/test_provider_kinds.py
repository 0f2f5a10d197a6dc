"""Modules that are off for a kind of provider: union for two kinds; no tab, tile, link or mail; 404; the officers' page."""

from __future__ import annotations

import json

import html5lib
import pytest

from blueprints import history
from blueprints.periods import rules as periods
from blueprints.settings import by_kind
from blueprints.settings import rules as settings
from models import Change, Mail, Organisation
from tests.access import TABLE
from tests.pages import press
from tests.provider_world import add_visit, settle
from tests.settings.test_modules import MODULES, of_module, walk

BY = history.Actor(None, "officer")
KINDS = "/authority/settings/provider-kinds"


def off(**names: list[str]) -> None:
    """Switch modules off by kinds: `home_care=["module_visits"]`."""
    wanted = {name.replace("_", " ").capitalize(): list(modules) for name, modules in names.items()}
    by_kind.change(BY, wanted, by_kind.stamp(settings.read()))


def be(organisation: Organisation, *kinds: str) -> None:
    """The organisation is of these kinds."""
    Organisation.update(kinds="\n".join(kinds)).where(Organisation.id == organisation.id).execute()


@pytest.mark.feature("Z-05")
def test_off_for_its_kind_nothing_of_a_module_is_left(app, cast):
    """As in test_modules.py, with every module that a kind can lose, at the provider's door; the outsider keeps all."""
    add_visit(cast, "V-1")
    settle(cast)
    be(cast.oakfield, "Home care")
    client = cast.sign_in(app.test_client(), cast.finance)
    other = cast.sign_in(app.test_client(), cast.outsider)
    for name in MODULES:
        off(home_care=[name])
        gone = {endpoint for endpoint in of_module(app, name) if endpoint.startswith("provider.")}
        for endpoint, links in walk(app, client, "/provider/").items():
            assert not links & gone, f"{name} is off, and {endpoint} links to {links & gone}"
            assert endpoint not in gone
        for endpoint in gone:
            method, _, path = TABLE[endpoint][0].partition(" ")
            assert client.open(path.format(cast=cast), method=method).status_code == 404, endpoint
        assert other.get("/provider/contacts").status_code == other.get("/provider/payments").status_code == 200


@pytest.mark.feature("Z-05")
def test_two_kinds_have_what_either_has(cast):
    off(home_care=["module_visits", "module_orders"], day_services=["module_orders", "module_claims"])

    def on(*kinds: str) -> list[bool]:
        now = settings.read().for_kinds(kinds)
        return [now.module_visits, now.module_orders, now.module_claims, now.module_payments]

    assert on("Home care") == [False, False, True, True]
    assert on("Day services") == [True, False, False, True]
    assert on("Home care", "Day services") == [True, False, True, True]
    assert on("Home care", "Short breaks") == on() == on("Taken off the list") == [True] * 4
    settings.change(BY, {"module_payments": False})
    assert on("Home care", "Short breaks") == [True, True, True, False], "off for all is off for every kind"


@pytest.mark.feature("Z-05")
def test_no_mail_about_a_module_that_is_off(cast):
    be(cast.oakfield, "Home care")
    off(home_care=["module_payments"])
    contracts, ends = [cast.dapl, cast.spot], [period.end_date for period in cast.periods]
    periods.finalise_all(contracts, ends[0], BY, ends[0])
    told = {row.user.email for row in Mail.select().where(Mail.kind == "remittance-ready")}
    assert told == {"finance@brookhouse.example"}
    settings.change(BY, {"module_payments": False})
    periods.finalise_all(contracts, ends[1], BY, ends[1])
    assert Mail.select().where(Mail.kind == "remittance-ready").count() == 1


@pytest.mark.feature("Z-05")
def test_an_officer_says_what_is_off_for_a_kind_and_who_is_of_it(app, cast):
    officer = cast.sign_in(app.test_client(), cast.officer)
    answer = press(officer, f"/authority/organisations/{cast.oakfield.id}/edit", kinds=["Home care", "Short breaks"])
    assert answer.status_code == 303
    assert "Home care; Short breaks" in officer.get(f"/authority/organisations/{cast.oakfield.id}").text
    page = officer.get(KINDS).text
    assert "1 organisation<" in page and "(1 organisation has none)" in page
    answer = officer.post(KINDS, data=sent(officer, but=["module_visits:Home care"]), follow_redirects=True)
    assert "The modules of the kinds of provider are saved." in answer.text
    assert settings.read().off_by_kind == {"Home care": ["module_visits"]}
    last = Change.select().order_by(Change.id.desc()).get()
    assert json.loads(last.after) == {"Modules off for Home care": "Visits"} and last.by == "Amir Khan"
    assert "Modules off for Home care" in officer.get("/authority/settings/history").text
    again = officer.post(KINDS, data=sent(officer, but=["module_visits:Home care"]), follow_redirects=True)
    assert "Nothing was changed." in again.text


def sent(client, but=()) -> dict:
    """The form of the page, with all ticked but these."""
    inputs = list(html5lib.parse(client.get(KINDS).text, namespaceHTMLElements=False).iter("input"))
    values = {name: [one.get("value") for one in inputs if one.get("name") == name] for name in ("shown", "on")}
    return {"shown": values["shown"][0], "on": [value for value in values["on"] if value not in but]}


@pytest.mark.feature("Z-05")
def test_two_officers_at_once_and_bad_input(app, cast):
    officer = cast.sign_in(app.test_client(), cast.officer)
    mine = sent(officer, but=["module_visits:Home care"])
    off(day_services=["module_claims"])
    answer = officer.post(KINDS, data=mine)
    assert answer.status_code == 409 and "Somebody else has changed the modules" in answer.text
    assert settings.read().off_by_kind == {"Day services": ["module_claims"]}
    ticks = answer.text.split("<input")
    assert not any('value="module_visits:Home care" checked' in tick for tick in ticks), "what was ticked stays"
    mine = sent(officer) | {"on": ["module_nothing:Home care", "nonsense"]}
    officer.post(KINDS, data=mine)
    assert set(settings.read().off_by_kind["Home care"]) == set(MODULES)
    reader = cast.sign_in(app.test_client(), cast.reader)
    assert reader.get(KINDS).status_code == 200 and "checkbox" not in reader.get(KINDS).text
    assert reader.post(KINDS, data=mine).status_code == 403


def test_what_is_kept_comes_back(app, cast):
    be(cast.oakfield, "Home care")
    client = cast.sign_in(app.test_client(), cast.finance)
    before = client.get("/provider/contacts").text.count("Marsh")
    off(home_care=["module_contacts"])
    assert client.get("/provider/contacts").status_code == 404
    off()
    assert client.get("/provider/contacts").text.count("Marsh") == before > 0


def test_who_views_as_a_provider_sees_its_modules(app, cast):
    be(cast.oakfield, "Home care")
    off(home_care=["module_contacts"])
    officer = cast.sign_in(app.test_client(), cast.officer)
    press(officer, f"/authority/organisations/{cast.oakfield.id}/viewing", person="")
    assert officer.get("/provider/").status_code == 200
    assert officer.get("/provider/contacts").status_code == 404
    assert officer.get("/authority/contacts").status_code == 200
