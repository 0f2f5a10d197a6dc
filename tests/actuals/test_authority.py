"""Officers and actuals: all providers by week, locks, reminders, increases, unplanned ones, entering for a provider."""

import csv
import datetime as dt
import io

import pytest

from blueprints.actuals import posting, rules
from blueprints.history import Actor
from blueprints.settings import rules as settings
from models import Actual, Client, Increase, LockedWeek, Package, Reminder, Service, UnplannedActual
from tests import counting
from tests.actuals import world
from tests.actuals.world import BY, OFFICER, actual, save
from tests.cast import MONDAY
from tests.pages import changed, fields
from tests.provider_world import add_visit, settle
from tests.visits.test_provider import text_of

SETTER = Actor(None, "officer")
WEEK = "/authority/actuals?week=2026-10-05"


@pytest.fixture
def lines(cast):
    return world.make(cast)


@pytest.fixture
def officer(client, cast, lines):
    return cast.sign_in(client, cast.officer)


def services(html: str) -> list[str]:
    """The services of the list."""
    import re

    return re.findall(r'/authority/actuals/organisations/\d+\?[^"]*service=\d+">([^<]+)</a>', html)


@pytest.mark.feature("M-38")
def test_who_posted_who_did_not_and_what_differs(officer, cast, lines):
    html = officer.get("/authority/actuals").text
    assert "Week Beginning 5 October 2026" in html, "the last full week"
    assert "1 service, 1 not posted" in html and "Not posted" in html and "due 03/11/2026" in html
    rules.generate(cast.north, [MONDAY], BY)
    save(lines.ann, 1500, 0, 0, 0, 14, "Unbalanced")
    save(lines.bob, 250, 0, 100, 0, 0, "Ill")
    settings.change(SETTER, {"authorise_increases": True})
    save(lines.bob_two, 450, 0, 0, 100, 0, "More")
    posting.confirm(cast.north, MONDAY, BY)
    save(lines.bob, 300, 0, 50, 0, 0, "Ill for an hour", by=Actor(None, "Owen Marsh"))
    text = text_of(officer.get(WEEK).text)
    assert "Confirmed Greta Finch," in text and "1 changed since" in text
    row = next(csv.DictReader(io.StringIO(officer.get(WEEK + "&format=csv").text)))
    told = {
        k: row[k]
        for k in (
            "Clients",
            "ClientsWithoutActuals",
            "Warnings",
            "OverPlan",
            "UnderPlan",
            "Waiting",
            "Cost",
            "ConfirmedBy",
        )
    }
    assert told == {
        "Clients": "2", "ClientsWithoutActuals": "0", "Warnings": "1", "OverPlan": "2", "UnderPlan": "1", "Waiting": "1",
        "Cost": "347.44", "ConfirmedBy": "Greta Finch",
    }  # fmt: skip
    for show, there in {
        "open": False, "confirmed": True, "changed": True, "warnings": True, "over": True, "under": True, "waiting": True,
        "locked": False,
    }.items():  # fmt: skip
        assert bool(services(officer.get(f"{WEEK}&show={show}").text)) == there, show
    assert services(officer.get(f"{WEEK}&organisation={cast.brookhouse.id}").text) == []
    overdue = officer.get("/authority/actuals?week=2026-09-07").text
    assert "Overdue" in overdue and "due 06/10/2026" in overdue


def test_a_service_of_visits_alone_is_not_waited_for(client, cast):
    cast.sign_in(client, cast.officer)
    add_visit(cast, "V1")
    settle(cast)
    html = client.get(WEEK).text
    assert "From visits" in html and "not posted" not in html


@pytest.mark.feature("M-38")
def test_a_reminder_stands_on_the_provider_s_home_page(officer, client, cast, lines):
    data = {"services": [cast.north.id], "text": "Please by Friday"}
    assert (
        "Tick at least one service first."
        in officer.post("/authority/actuals/reminders?week=2026-10-05", follow_redirects=True).text
    )
    answer = officer.post("/authority/actuals/reminders?week=2026-10-05", data=data, follow_redirects=True)
    assert "1 service is asked" in answer.text and Reminder.get().text == "Please by Friday"
    assert "; asked " in text_of(officer.get(WEEK).text)
    cast.sign_in(client, cast.finance)
    home = text_of(client.get("/provider/").text)
    assert (
        "2 clients without actuals for the week of 5 October 2026, Oakfield North. The authority asks: Please by Friday"
        in home
    )
    assert "due Tuesday 3 November 2026" in home and "Overdue was due Tuesday 6 October 2026" in home
    rules.generate(cast.north, [MONDAY], BY)
    assert "Actuals of the week of 5 October 2026, Oakfield North are not confirmed" in text_of(
        client.get("/provider/").text
    )
    posting.confirm(cast.north, MONDAY, BY)
    assert "week of 5 October" not in text_of(client.get("/provider/").text)


@pytest.mark.feature("M-36")
def test_locking_and_opening_weeks_of_several_services(officer, cast, lines):
    world.line(cast, 1070, cast.bob, lines.domestic, 100, service=cast.south)
    data = {"services": [cast.north.id, cast.south.id]}
    here = "?week=2026-10-05&show="
    answer = officer.post("/authority/actuals/locked-weeks" + here, data=data, follow_redirects=True)
    assert "2 services are locked." in answer.text and LockedWeek.select().count() == 2
    assert "so already" in officer.post("/authority/actuals/locked-weeks" + here, data=data, follow_redirects=True).text
    officer.post("/authority/actuals/open-weeks" + here, data={"services": cast.south.id})
    assert [row.service_id for row in LockedWeek.select()] == [cast.north.id]
    assert services(officer.get(WEEK + "&show=locked").text) == ["Oakfield North"]


def test_entering_for_a_provider_who_telephones(officer, client, cast, lines):
    posting.lock([cast.north], MONDAY, OFFICER)
    base = f"/authority/actuals/organisations/{cast.oakfield.id}"
    html = officer.get(f"{base}?week=2026-10-05&service={cast.north.id}").text
    assert "Actuals for Oakfield North" in html and "Add/Edit" in html and "the provider cannot change it" in html
    address = f"{base}/clients/{cast.ann.id}?week=2026-10-05&service={cast.north.id}"
    key = f"p{lines.ann.id}"
    data = changed(
        fields(officer.get(address).text, "rows"),
        {f"{key}-actual": "13", f"{key}-missed": "1", f"{key}-comments": "By telephone"},
    )
    assert officer.post(address, data=data).status_code == 303
    assert actual(lines.ann).by_officer and actual(lines.ann).changed_by == "Amir Khan"
    officer.post(f"{base}/generation?week=2026-10-05")
    assert actual(lines.bob).actual == 350
    confirm = officer.post(
        f"{base}/confirmation?week=2026-10-05", data={"confirms": cast.north.id}, follow_redirects=True
    )
    assert "for the provider" in text_of(confirm.text)
    assert (
        officer.get(
            f"/authority/actuals/organisations/{cast.brookhouse.id}/clients/{cast.ann.id}?week=2026-10-05"
        ).status_code
        == 404
    )
    assert officer.get("/authority/actuals/organisations/999999").status_code == 404
    cast.sign_in(client, cast.finance)
    assert "Entered by the authority" in client.get("/provider/actuals?week=2026-10-05").text
    cast.sign_in(client, cast.reader)
    looked = client.get(address).text
    assert "By telephone" in looked and "<textarea" not in looked
    assert client.post(address, data=data).status_code == 403


@pytest.mark.feature("M-37")
def test_increases_are_authorised_or_refused_and_the_provider_is_told(officer, client, cast, lines):
    html = officer.get("/authority/actuals/increases").text
    assert "No increase waits" in html and "is off" in html
    settings.change(SETTER, {"authorise_increases": True})
    save(lines.ann, 1600, 0, 0, 200, 0, "Two more, VC7")
    save(lines.bob, 450, 0, 0, 100, 0, "One more")
    text = text_of(officer.get("/authority/actuals/increases").text)
    assert "2 increases" in text and "Two more, VC7" in text and "£32.32" in text
    ann, bob = (Increase.get(Increase.package == p) for p in (lines.ann, lines.bob))
    here = "/authority/actuals/increases/decisions"
    assert "Tick at least one increase" in officer.post(here, data={"press": "authorise"}, follow_redirects=True).text
    answer = officer.post(here, data={"press": "refuse", "increases": bob.id}, follow_redirects=True)
    assert "Enter the reason: the provider is told." in answer.text
    officer.post(here, data={"press": "refuse", "increases": bob.id, "reason": "Not agreed beforehand"})
    officer.post(here, data={"press": "authorise", "increases": [ann.id, bob.id]})
    assert (Increase.get_by_id(ann.id).state, Increase.get_by_id(bob.id).state) == ("Authorised", "Refused")
    assert "Not agreed beforehand" in officer.get("/authority/actuals/increases?show=refused").text
    assert "Amir Khan" in officer.get("/authority/actuals/increases?show=authorised").text
    cast.sign_in(client, cast.finance)
    text = text_of(client.get("/provider/actuals?week=2026-10-05").text)
    assert "The authority refused 1 above plan: Not agreed beforehand" in text
    assert "less 1 not authorised" in text and "£258.56" in text and "£56.56" in text
    assert "O'Neill, Bob: an increase in the week of 5 October 2026 was refused: Not agreed beforehand" in text_of(
        client.get("/provider/").text
    )


@pytest.mark.feature("M-26")
def test_unplanned_actuals_become_a_package_s(officer, client, cast, lines):
    assert "No unplanned actual waits." in officer.get("/authority/actuals/unplanned").text
    extra = world.level("EX", "Shopping")
    rows = [
        UnplannedActual.create(
            organisation=cast.oakfield, service=cast.north, client=who, level=extra, week=MONDAY, actual=200,
            comments="Asked for", changed_by="Greta Finch",
        )
        for who in (cast.ann, cast.bob)
    ]  # fmt: skip
    html = officer.get("/authority/actuals/unplanned").text
    assert "No package of this client, service and level is active" in html
    assert (
        f"/authority/packages/new?client={cast.ann.id}&amp;level={extra.id}&amp;service={cast.north.id}&amp;start=2026-10-05"
        in html
    )
    package = world.line(cast, 1050, cast.ann, extra, 200, authorised=False)
    accept = f"/authority/actuals/unplanned/{rows[0].id}/package"
    data = {"package": package.id}
    assert "not authorised yet" in officer.post(accept, data=data, follow_redirects=True).text
    Package.update(authorised=True).where(Package.id == package.id).execute()
    assert "It is the actual of CPLI 1050 now" in officer.post(accept, data=data, follow_redirects=True).text
    assert "accepted already" in officer.post(accept, data=data, follow_redirects=True).text
    assert actual(package).actual == 200 and Actual.select().count() == 1
    refuse = f"/authority/actuals/unplanned/{rows[1].id}/refusal"
    assert "Enter the reason" in officer.post(refuse, data={"reason": " "}, follow_redirects=True).text
    officer.post(refuse, data={"reason": "Direct payments"})
    cast.sign_in(client, cast.finance)
    assert "was refused: Direct payments" in client.get("/provider/").text
    assert "The authority refused this: Direct payments" in client.get("/provider/actuals?week=2026-10-05").text


def test_home_counts_what_waits(officer, cast, lines):
    settings.change(SETTER, {"authorise_increases": True})
    save(lines.ann, 1600, 0, 0, 200, 0, "Two more")
    text = text_of(officer.get("/authority/").text)
    assert (
        "5 weeks of services not posted (oldest 7 September 2026" in text and "1 increase waits for a decision" in text
    )


def test_as_many_queries_for_ten_services_as_for_one(officer, cast, lines):
    save(lines.ann, 1400)
    few = counting.of(officer, WEEK), counting.of(officer, "/authority/actuals/increases")
    settings.change(SETTER, {"authorise_increases": True})
    for number in range(10):
        service = Service.create(ref=f"S{number}", name=f"Service {number}", organisation=cast.oakfield)
        who = Client.create(ssref=f"Z{number}", client_ref=f"Z{number}", surname=f"Zed{number}", forename="A")
        package = world.line(cast, 3000 + number, who, lines.domestic, 100, service=service)
        save(package, 200, 0, 0, 100, 0, "x")
        posting.confirm(service, MONDAY, BY)
    assert counting.of(officer, WEEK) == few[0]
    many = counting.of(officer, "/authority/actuals/increases")
    assert many <= few[1] + 2, "the packages and rates of what is listed"


def test_locks_are_read_by_the_visits_import(officer, cast, lines):
    before = settings.stamp(f"locks:{cast.oakfield.id}")
    officer.post("/authority/actuals/locked-weeks?week=2026-10-05", data={"services": cast.north.id})
    assert settings.stamp(f"locks:{cast.oakfield.id}") != before


def test_rows_entered_long_ago_are_dated(officer, cast, lines):
    save(lines.ann, 1400)
    Actual.update(changed_at=dt.datetime(2026, 10, 12, 9)).execute()
    assert "last entry Greta Finch, 12 October 2026, 10:00" in text_of(officer.get(WEEK).text)
