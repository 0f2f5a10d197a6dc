"""Officers hold and release on screen; providers read why; refusals say who was faster and lose nothing."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

import pytest

from blueprints import consequences
from blueprints.payments import rules as payments
from models import Hold, Package
from tests import counting
from tests.holds.test_rules import CARRIED, add, finalise, hold, line, world  # noqa: F401
from tests.holds.test_rules import Wanted as Wanted
from tests.pages import fields
from tests.visits.test_provider import text_of

SEPTEMBER = dt.date(2026, 9, 7)


@pytest.fixture
def officer(client, world):  # noqa: F811
    """The officer with every role, signed in."""
    return world.sign_in(client, world.officer)


def new(world, query: str, number: int = 0) -> str:  # noqa: F811
    """Where something is held."""
    return f"/authority/holds/contracts/{world.dapl.id}/periods/{world.periods[number].id}/new?{query}"


def keys(world, client, number: int = 0) -> list[str]:  # noqa: F811
    """The lines of a client."""
    return [i.key.text for i in payments.items(world.dapl, world.periods[number]) if i.client == client.id]


def send(officer, address: str, **changes):
    """Open the page that holds, fill it in and press."""
    sent = fields(officer.get(address).text, "shown") | {"state": "Suspended", "reason": "Under query"} | changes
    return officer.post(address.partition("/new?")[0], data=sent)


@pytest.mark.feature("R-09")
def test_lines_are_chosen_and_held_with_a_reason(officer, world):  # noqa: F811
    lines = f"/authority/periods/{world.periods[0].id}/contracts/{world.dapl.id}"
    text = officer.get(lines).text
    chosen = keys(world, world.ann)[:2]
    assert all(f'value="{key}"' in text for key in chosen) and "Hold the chosen lines" in text
    page = officer.get(new(world, "&".join(f"line={key}" for key in chosen))).text
    assert "Hold 2 lines" in page and "£46.46" in page and "Never paid, whatever changes" in page
    answer = send(officer, new(world, "&".join(f"line={key}" for key in chosen)))
    assert answer.location == f"{lines}?tab=non-payable"
    text = text_of(officer.get(answer.location).text)
    assert "2 lines suspended until released." in text and "Non-payable (2)" in text and "Under query" in text
    assert {(h.state, h.reason, h.by) for h in Hold.select()} == {("Suspended", "Under query", "Amir Khan")}
    again = officer.get(new(world, f"line={chosen[0]}")).text
    assert "Held already among them" in again


@pytest.mark.feature("R-09", "R-08")
def test_the_provider_reads_what_is_held_and_why(officer, world):  # noqa: F811
    send(officer, new(world, f"client={world.bob.id}"), state="Carried forward", reason="The rota is missing")
    provider = world.sign_in(officer.application.test_client(), world.finance)
    here = f"/provider/payments/contracts/{world.dapl.id}/periods/{world.periods[0].id}?state=non-payable"
    text = text_of(provider.get(here).text)
    assert "Non-payable (4)" in text and "Carried forward The rota is missing" in text
    outsider = world.sign_in(officer.application.test_client(), world.outsider)
    assert outsider.get(here).status_code == 404
    finalise(world)
    text = text_of(provider.get(f"/provider/payments/contracts/{world.dapl.id}/periods/{world.periods[1].id}").text)
    assert "carried forward Carried forward: The rota is missing" in text


@pytest.mark.feature("R-09")
def test_what_is_held_and_since_when(officer, world):  # noqa: F811
    send(officer, new(world, f"client={world.ann.id}"))
    send(officer, new(world, f"line={keys(world, world.bob)[0]}"), state="Cancelled", reason="Never came")
    text = text_of(officer.get("/authority/holds").text)
    assert "5 lines held, £104.53" in text
    assert "Archer, Ann A100001 Oakfield DAPL Oakfield Home Care Care, weeks of 07/09/2026 to 28/09/2026" in text
    assert "Amir Khan 4 £92.92" in text and "Never came" in text
    assert "1 line held, £11.61" in text_of(officer.get("/authority/holds?client=o%27neill").text)
    assert "1 line held, £11.61" in text_of(officer.get("/authority/holds?state=Cancelled").text)
    assert "Nothing that is held matches" in officer.get("/authority/holds?client=nobody").text
    rows = list(csv.DictReader(io.StringIO(officer.get("/authority/holds?format=csv").get_data().decode("utf-8-sig"))))
    assert [(r["SSRef"], r["WeekBeginning"], r["Amount"]) for r in rows][::4] == [
        ("A100001", "2026-09-07", "23.23"), ("A100002", "2026-09-07", "11.61")]  # fmt: skip
    home = text_of(officer.get("/authority/").text)
    assert "4 payment lines held" in home  # what is cancelled waits for nobody


@pytest.mark.feature("R-09")
def test_released_it_says_first_what_becomes_payable(officer, world):  # noqa: F811
    send(officer, new(world, f"client={world.ann.id}"))
    finalise(world)
    ident = Hold.select(Hold.id).order_by(Hold.id).scalar()
    address = f"/authority/holds/releases/new?hold={ident}"
    text = text_of(officer.get(address).text)
    assert "Release 4 lines" in text and "£92.92" in text and "5 October 2026 to 1 November 2026" in text
    back = f"/authority/periods/{world.periods[1].id}/contracts/{world.dapl.id}?tab=non-payable"
    assert "Held back in earlier periods 4 lines, £92.92" in text_of(officer.get(back).text)
    provider = world.sign_in(officer.application.test_client(), world.finance)
    here = f"/provider/payments/contracts/{world.dapl.id}/periods/{world.periods[1].id}"
    assert "Held back in earlier periods 4 lines" in text_of(provider.get(f"{here}?state=non-payable").text)
    sent = fields(officer.get(address).text, "shown")
    answer = officer.post("/authority/holds/releases", data=sent | {"reason": "rota seen"})
    assert "4 lines are released." in officer.get(answer.location).text
    text = text_of(provider.get(here).text)
    assert "Payable (4)" in text and "released Was suspended: Under query. Released: rota seen" in text
    again = officer.post("/authority/holds/releases", data=sent)
    assert again.status_code == 409 and "Amir Khan released this already, at" in again.text


def test_a_client_and_a_contract_are_released_whole(officer, world):  # noqa: F811
    send(officer, new(world, "all=1"))
    assert Hold.select().count() == 8
    text = officer.get(f"/authority/holds/releases/new?contract={world.dapl.id}&client={world.bob.id}").text
    assert "Release 4 lines" in text
    text = officer.get(f"/authority/holds/releases/new?contract={world.dapl.id}&line={keys(world, world.bob)[0]}").text
    assert "Release 1 line" in text
    assert "Release 8 lines" in officer.get(f"/authority/holds/releases/new?contract={world.dapl.id}").text
    assert "Nothing is chosen that is held" in officer.get("/authority/holds/releases/new?hold=999&hold=x").text
    officer.post("/authority/holds/releases", data={"shown": ""})
    assert Hold.select().where(Hold.released_at.is_null()).count() == 8


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": ""}, "Choose what happens to it"),
        ({"state": "Burnt"}, "Choose the what happens to it from the list"),
        ({"reason": ""}, "Enter the reason"),
        ({"reason": "x" * 501}, "Reason must be 500 characters or fewer"),
    ],
)
def test_a_form_with_gaps_is_shown_again_as_typed(officer, world, changes, words):  # noqa: F811
    address = new(world, f"line={keys(world, world.ann)[0]}")
    answer = send(officer, address, **({"reason": "As typed"} | changes))
    assert answer.status_code == 422 and words in answer.text and "Hold 1 line" in answer.text
    assert "reason" in changes or "As typed" in answer.text
    assert not Hold.select().exists()


def test_a_line_that_vanished_meanwhile(officer, world):  # noqa: F811
    address = new(world, f"line={keys(world, world.ann)[0]}")
    sent = fields(officer.get(address).text, "shown") | {"state": "Suspended", "reason": "Under query"}
    Package.update(authorised=False).where(Package.id == world.package.id).execute()
    consequences.follow(consequences.Change(packages=[world.package.id]), now=True)
    answer = officer.post(address.partition("/new?")[0], data=sent)
    assert answer.status_code == 409 and "what was due has become nothing. Nothing was changed." in answer.text
    assert "There is nothing to hold." in officer.get(address).text and not Hold.select().exists()


def test_a_period_that_a_colleague_finalised_meanwhile(officer, world):  # noqa: F811
    address = new(world, f"client={world.ann.id}")
    sent = fields(officer.get(address).text, "shown") | {"state": "Suspended", "reason": "Under query"}
    finalise(world)
    answer = officer.post(address.partition("/new?")[0], data=sent)
    assert answer.status_code == 409 and "Rose Hill finalised this period at" in answer.text
    assert "can no longer be held" in officer.get(address).text
    assert "Hold all" not in officer.get(f"/authority/periods/{world.periods[0].id}/contracts/{world.dapl.id}").text


def test_a_second_officer_releases_what_the_first_just_cancelled(officer, world):  # noqa: F811
    hold(world, line(world, world.ann))
    ident = Hold.select(Hold.id).scalar()
    second = world.sign_in(
        officer.application.test_client(), world.user("p@a.example", "Petra Ames", None, ["payments"])
    )
    sent = fields(second.get(f"/authority/holds/releases/new?hold={ident}").text, "shown")
    send(officer, new(world, f"line={keys(world, world.ann)[0]}"), state="Cancelled", reason="Never moved in")
    answer = second.post("/authority/holds/releases", data=sent)
    assert answer.status_code == 409
    assert "Amir Khan cancelled this at" in answer.text and "Never moved in. Nothing was released." in answer.text
    assert Hold.get().state == "Cancelled"
    # the page shows it as it is now: pressing again is meant
    again = second.post("/authority/holds/releases", data=fields(answer.text, "shown"))
    assert again.status_code == 303 and not Hold.select().exists()


@pytest.mark.feature("R-09")
def test_a_week_says_that_it_is_held_and_leads_there(officer, world):  # noqa: F811
    here = f"/authority/payments/packages/{world.package.id}/weeks/2026-09-07"
    text = officer.get(here).text
    assert new(world, f"line={keys(world, world.ann)[0]}") in text and "Hold what is payable of this week" in text
    hold(world, line(world, world.ann))
    text = officer.get(here).text
    assert "Care: Suspended by Amir Khan" in text_of(text) and "Under query. £23.23 held now." in text_of(text)
    assert "Hold what is payable" not in text
    assert f"/releases/new?contract={world.dapl.id}&amp;line={keys(world, world.ann)[0]}" in text
    provider = world.sign_in(officer.application.test_client(), world.finance)
    text = text_of(provider.get(here.replace("authority", "provider")).text)
    assert "Amir Khan" not in text and "Suspended: held until the authority releases it: Under query" in text


def test_pressed_twice_it_says_so(officer, world):  # noqa: F811
    address = new(world, f"line={keys(world, world.ann)[0]}")
    sent = fields(officer.get(address).text, "shown") | {"state": "Suspended", "reason": "Under query"}
    officer.post(address.partition("/new?")[0], data=sent)
    again = officer.post(address.partition("/new?")[0], data=sent)
    assert "suspended until released already" in officer.get(again.location).text and Hold.select().count() == 1


def test_who_may_hold_and_what_is_not_there(officer, world):  # noqa: F811
    reader = world.sign_in(officer.application.test_client(), world.reader)
    refused = reader.get(new(world, "all=1"))
    assert refused.status_code == 403 and "payments" in refused.text
    lines = reader.get(f"/authority/periods/{world.periods[0].id}/contracts/{world.dapl.id}").text
    assert "portal-tick" not in lines and "Hold" not in lines
    hold(world, line(world, world.ann))
    assert "portal-tick" not in reader.get("/authority/holds").text
    assert officer.get(f"/authority/holds/contracts/{world.dapl.id}/periods/999/new?all=1").status_code == 404
    assert officer.get(f"/authority/holds/contracts/999/periods/{world.periods[0].id}/new?all=1").status_code == 404
    for query in ("", "line=nonsense", "client=999999", "client=x", "all=0"):
        assert "There is nothing to hold." in officer.get(new(world, query)).text
    theirs = keys(world, world.ann)[0]
    other = f"/authority/holds/contracts/{world.spot.id}/periods/{world.periods[0].id}/new?line={theirs}"
    assert "There is nothing to hold." in officer.get(other).text


def test_as_many_queries_for_many_as_for_one(officer, world):  # noqa: F811
    pages = ("/authority/holds", new(world, "all=1"), f"/authority/holds/releases/new?contract={world.dapl.id}")
    hold(world, line(world, world.ann))
    few = [counting.of(officer, page) for page in pages]
    made = []
    for n in range(10):
        one = world.make_package(
            900 + n, world.bob, world.north, world.placement, world.dapl, quantity=100, unit_cost=100, contribution=50
        )
        made.append(one.id)
    consequences.follow(consequences.Change(packages=made), now=True)
    hold(world, Wanted(everything=True), CARRIED, "All")
    add(world)
    assert [counting.of(officer, page) for page in pages] == few
    assert max(few) < 20, few


def test_the_lists_answer_with_their_region(officer, world):  # noqa: F811
    hold(world, line(world, world.ann))
    part = officer.get("/authority/holds?state=Suspended", headers={"HX-Request": "true", "HX-Target": "holds-table"})
    assert part.text.lstrip().startswith('<div id="holds-table">') and "Archer" in part.text
    assert re.search(r"1 line held", part.text)
