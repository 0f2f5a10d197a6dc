"""What is out of reach, named in a query or a form, is answered like what does not exist (rule 11.2)."""

from __future__ import annotations

import re

import pytest

from models import db
from tests.counting import Queries
from tests.reach_views import FILTERED, NAMED, SPAN
from tests.reach_world import MARKS, World
from tests.test_reach import addressed, addresses, difference, targets, told  # noqa: F401 (a fixture)


def names_of(world: World, part: str) -> dict[str, int]:
    """Every name that queries and forms use, with a record of a part."""
    return {name: world.rows[column][part][0] for name, column in NAMED.items()}


NOWHERE = {name: 987600 + number for number, name in enumerate(NAMED)}  # ids that stand nowhere else in an answer


def pairs(world: World, endpoint: str):
    """(what is out of reach, what is not there, its ids) in the shapes that queries use."""
    for part in ("south", "other"):
        there = names_of(world, part)
        ids = {NOWHERE[name]: ident for name, ident in there.items()}
        if endpoint not in FILTERED:
            yield as_texts(there), as_texts(NOWHERE), ids
        for name in FILTERED.get(endpoint, ()):
            yield as_texts({name: there[name]}), as_texts({name: NOWHERE[name]}), ids
        if endpoint == "provider.visits.index":
            yield {"client": f"c{there['client']}"}, {"client": f"c{NOWHERE['client']}"}, ids


def as_texts(values: dict) -> dict[str, str]:
    """Ids as an address and a form say them."""
    return {name: str(ident) for name, ident in values.items()}


def renamed(text: str, ids: dict[int, int]) -> str:
    """An answer about what is not there, as if it had been asked with the ids of what is out of reach."""
    for nowhere, there in ids.items():
        text = text.replace(str(nowhere), str(there))
    return text


def made(text: str) -> str:
    """An answer without the number of what was made: a rolled back one is not given again by every database."""
    return re.sub(r"/prepared/\d+", "/prepared/N", text)


def within(world: World, oracle, endpoint: str, rule) -> list[dict]:
    """The first target of a route that is within reach, none where there is none."""
    return [values for values, good in targets(world, oracle, endpoint, rule) if good][:1]


@pytest.mark.feature("B-27", "E-30")
def test_a_query_that_names_what_is_out_of_reach_is_answered_as_one_that_names_nothing(app, cast, client, addresses):  # noqa: F811
    """Same words, same number of queries: filters, drop-downs, reports and their files."""
    world = World(cast)
    oracle = world.become({"north"}, True)
    cast.sign_in(client, world.person).get("/provider/")
    for method, endpoint, rule in addresses:
        if method != "GET" or endpoint.endswith((".kept_form", ".search.show")):
            continue
        for values in within(world, oracle, endpoint, rule):
            told(client, client.get(addressed(app, endpoint, values)))
            for there, nowhere, ids in pairs(world, endpoint):
                found = []
                for asked in (there, nowhere):
                    address = addressed(app, endpoint, {**SPAN, **values, **asked})
                    with Queries() as counted:
                        answer = client.get(address)
                    found.append((counted.count, answer.status_code, renamed(told(client, answer), ids)))
                same = found[0] == found[1]
                assert same, f"{address} {there} {found[0][:2]} {found[1][:2]} {difference(found[0][2], found[1][2])}"
                assert not any(mark in found[0][2] for part, mark in MARKS.items() if part in oracle.forbidden), address


@pytest.mark.feature("B-27", "E-30")
def test_a_form_that_names_what_is_out_of_reach_is_answered_as_one_that_names_nothing(app, cast, client, addresses):  # noqa: F811
    """Every form within reach: a service, client, contract or package of another part in it does not exist."""
    world = World(cast)
    oracle = world.become({"north"}, True)
    cast.sign_in(client, world.person).get("/provider/")
    outside, nobody = names_of(world, "south"), NOWHERE
    ids = {NOWHERE[name]: ident for name, ident in outside.items()}
    for method, endpoint, rule in addresses:
        if method != "POST" or ".accounts." in endpoint:
            continue
        for values in within(world, oracle, endpoint, rule):
            address = addressed(app, endpoint, values)
            for there, nowhere in zip(forms(outside), forms(nobody), strict=True):
                found = []
                for data in (there, nowhere):
                    with db.atomic() as step:
                        asked = data if ".reports." in endpoint else {}  # a report's parameters stand in its address
                        more = {"organisation_id": str(cast.oakfield.id), "form": "csv"}
                        answer = client.post(address, query_string=SPAN | asked, data=data | more)
                        found.append((answer.status_code, renamed(made(told(client, answer)), ids)))
                        step.rollback()
                same = found[0] == found[1]
                assert same, (
                    f"POST {address} {there} {found[0][0]} {found[1][0]} {difference(found[0][1], found[1][1])}"
                )


def forms(ident: dict[str, int]) -> list[dict]:
    """What a form may say of these records."""
    package, service, client = ident["package"], ident["service"], ident["client"]
    plain = as_texts(ident)
    more = {"notes": "x", "description": "x", "quantity": "1", "unit_cost": "1", "text": "x", "week": "2026-10-05"}
    place = {"role_for": f"service-{service}", "role": "2", "surname": "New"}
    rows = {
        "rows": f"p{package}", "explicit": f"p{package}", f"p{package}-actual": "1", f"p{package}-comments": "x",
        "keys": f"p{package}", "comment": "x",
    }  # fmt: skip
    unplanned = {"rows": f"u{service}x1", "explicit": f"u{service}x1", f"u{service}x1-actual": "1"}
    return [plain | more, place, rows, unplanned, {"stay": f"{package}-2026-10-05"}, {"client": f"{client}", **more}]
