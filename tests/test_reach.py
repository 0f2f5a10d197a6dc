"""Nothing beyond a person's reach is readable, countable or changeable, on any route (rules 11.1, 11.2)."""

from __future__ import annotations

import itertools
import os
import re

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from blueprints import weeks
from blueprints.permissions import acts_of
from models import TABLES, Look, SignIn, User, db
from tests.cast import Cast
from tests.conftest import TODAY
from tests.counting import Queries
from tests.files import words_of
from tests.reach_views import VIEWS
from tests.reach_world import MARKS, ROLES, World

MISSING = 987654
EXAMPLES = int(os.environ.get("PORTAL_REACH_EXAMPLES", "2"))
MANY = 5  # so many examples look at files, filters and reports each; fewer leave that to the first
# Parameters that say nothing about whose something is, with values to try.
PLAIN = {"monday": ["2026-10-05"], "topic": ["visits"], "week": ["2026-10-05"], "number": [1]}


@pytest.fixture(scope="module")
def addresses(whole_app):
    """Every route of the provider's door: (method, endpoint, rule)."""
    found = []
    for rule in whole_app.url_map.iter_rules():
        if rule.endpoint.startswith("provider."):
            found += [(method, rule.endpoint, rule) for method in sorted(rule.methods & {"GET", "POST"})]
    return found


LOOSE = {"suppress_health_check": list(HealthCheck), "database": None}


def targets(world: World, oracle, endpoint: str, rule) -> list[tuple[dict, bool]]:
    """The values that a route is tried with, and whether each is within reach."""
    names = sorted(rule.arguments)
    if endpoint == "provider.requests.ask":
        return asks(world, oracle)
    columns = []
    if endpoint == "provider.search.show":
        return searches(world)
    for name in names:
        if name == "file_id" and "request_id" in names:
            continue
        if name == "problem_id":
            columns.append([(name, 1, None)])
        elif name == "period_id":
            columns.append([(name, world.cast.periods[0].id, None)])
        elif name == "kind":
            columns.append([(name, kind, None) for kind in ("visits", "carers")])
        elif name in PLAIN:
            columns.append([(name, value, None) for value in PLAIN[name]])
        else:
            assert name in world.rows, f"{endpoint}: tell tests/reach_world.py what {name} is"
            columns.append([(name, ident, part) for part, idents in world.rows[name].items() for ident in idents])
    made = []
    for combination in itertools.product(*columns):
        values = {name: value for name, value, _ in combination}
        good = all(part is None or oracle.sees(name, part) for name, _, part in combination)
        if "package_id" in values and "payments" in endpoint:  # payments are a contract's (rule 11.1)
            good = good and all(
                oracle.sees("contract_id", part) for name, _, part in combination if name == "package_id"
            )
        if values.get("kind") == "carers" and not oracle.whole:
            good = False
        if "file_id" in names and "request_id" in names:
            values["file_id"] = world.rows["files"][values["request_id"]]
        made.append((values, good))
    return made


def asks(world: World, oracle) -> list[tuple[dict, bool]]:
    """The forms of every kind of request, for every record."""
    by_kind = {
        "service": "service_id", "service-details": "service_id", "property": "property_id", "contact": "contact_id",
        "login": "contact_id", "contact-remove": "contact_id", "role-add": "contact_id", "role-remove": "role_id",
    }  # fmt: skip
    made = [({"kind": "organisation", "ident": world.cast.oakfield.id}, oracle.whole)]
    made.append(({"kind": "organisation", "ident": world.cast.brookhouse.id}, False))
    for kind, name in by_kind.items():
        for part, idents in world.rows[name].items():
            made += [({"kind": kind, "ident": ident}, oracle.sees(name, part)) for ident in idents]
    return made


def searches(world: World) -> list[tuple[dict, bool]]:
    """Each search; what all records have in common also by kind, whose counts are shown."""
    made = [({"search_id": ident}, True) for ident in world.rows["search_id"]["own"]]
    common = world.rows["search_id"]["own"][0]
    made += [({"search_id": common, "kind": kind}, True) for kind in ("service", "contact", "package", "visit")]
    return made + [({"search_id": ident}, False) for ident in world.rows["search_id"]["nobody"]]


MAY: set = set()


def may(endpoint: str, values: dict) -> bool:
    """The person may do what the route is."""
    from flask import current_app

    return current_app.view_functions[endpoint].act in MAY


def plain(text: str) -> str:
    """An answer without what differs each time."""
    text = re.sub(
        r'nonce="[^"]*"|value="Ij[^"]*"|data-left="\d+"|signed in until \d\d:\d\d|made \d+ \w+ \d{4}, \d\d:\d\d',
        "",
        text,
    )
    return re.sub(r'name="(csrf_token|once)"[^>]*>', "", text)


def told(browser, answer) -> str:
    """What an answer says: its text, or where it leads and what the next page is to say."""
    if answer.status_code != 200:
        with browser.session_transaction() as kept:
            said = kept.pop("_flashes", [])
        return f"{answer.status_code} {answer.headers.get('Location', '')} {said}"
    if answer.mimetype != "text/html":
        return MOMENT.sub("", words_of(answer))
    return plain(answer.get_data(as_text=True))


MOMENT = re.compile(r"\d\d/\d\d/\d{4} \d\d:\d\d|\d+ \w+ \d{4},? (at )?\d\d:\d\d")  # when a file was made


def addressed(app, endpoint: str, values: dict) -> str:
    """The address of a route."""
    with app.test_request_context():
        from flask import url_for

        return url_for(endpoint, **values)


def state() -> dict[str, int]:
    """Every table's rows in one number, but those that looking touches."""
    found = {}
    for table in TABLES:
        if table in (Look, SignIn):
            continue
        found[table.__name__] = hash(tuple(sorted(map(repr, table.select().tuples()))))
    return found


def walk(app, browser, world: World, oracle, addresses, views=VIEWS) -> dict[str, str]:
    """Every GET within reach, by address: its text. What is out of reach is 404 and says what a missing row says."""
    texts = {}
    for method, endpoint, rule in addresses:
        if method != "GET":
            continue
        for values, good in targets(world, oracle, endpoint, rule):
            address = addressed(app, endpoint, values)
            answer = browser.get(address)
            if good:
                texts[address] = told(browser, answer)
                for view in views.get(endpoint, ()):
                    asked = {k: str(world.cast.periods[0].id) if v == "PERIOD" else v for k, v in view.items()}
                    address = addressed(app, endpoint, values | asked)
                    texts[address] = told(browser, browser.get(address))
                continue
            refused = 404 if may(endpoint, values) else 403  # an act that is not permitted tells of no row either
            assert answer.status_code == refused, f"{address} answers {answer.status_code}"
            for mark in MARKS.values():
                assert mark not in answer.text, f"{address} says {mark}"
    return texts


def forms_of(app, browser, world: World, oracle, addresses) -> None:
    """Every POST to what is out of reach is 404 and changes nothing."""
    before = state()
    for method, endpoint, rule in addresses:
        if method != "POST":
            continue
        for values, good in targets(world, oracle, endpoint, rule):
            if not good:
                answer = browser.post(addressed(app, endpoint, values), data={"state": "Removed", "confirmed": "1"})
                refused = 404 if may(endpoint, values) else 403
                assert answer.status_code == refused, f"POST {endpoint} {values} answers {answer.status_code}"
    assert state() == before


@pytest.mark.feature("B-27", "E-28", "E-29", "E-30")
def test_nothing_beyond_reach_on_any_route(whole_app, addresses):
    """Readable: no mark of what is out of reach on any page. Countable: every page is the same without those rows."""

    @settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.explicit, Phase.generate], **LOOSE)
    @example(roles={"north"}, manages=True)
    @given(roles=st.sets(st.sampled_from(ROLES), max_size=3), manages=st.booleans())
    def look(roles, manages):
        with whole_app.app_context(), db.atomic() as transaction:
            weeks.set_today(TODAY)
            try:
                look_around(whole_app, addresses, roles, manages)
            finally:
                weeks.set_today(None)
                transaction.rollback()

    look()


def look_around(app, addresses, roles: set[str], manages: bool) -> None:
    """Walk as a person with these roles, then again without what is out of reach."""
    cast = Cast()
    world = World(cast)
    oracle = world.become(roles, manages)
    MAY.clear()
    MAY.update(acts_of(User.get_by_id(world.person.id), []))
    browser = cast.sign_in(app.test_client(), world.person)
    texts = walk(app, browser, world, oracle, addresses, VIEWS if roles == {"north"} or EXAMPLES >= MANY else {})
    for address, text in texts.items():
        for part in oracle.forbidden:
            assert MARKS[part] not in text, f"{sorted(roles)} {address} tells of {part}"
    forms_of(app, browser, world, oracle, addresses)
    for part in sorted(oracle.forbidden - {"other"}):
        world.forget(part)
    for address, text in texts.items():
        answer = browser.get(address)
        now = told(browser, answer)
        assert now == text, f"{sorted(roles)} {address} differs without what is out of reach:\n{difference(text, now)}"


def difference(one: str, other: str) -> str:
    """Where two texts differ."""
    import difflib

    return "\n".join(list(difflib.unified_diff(one.splitlines(), other.splitlines(), lineterm="", n=0))[:12])


@pytest.mark.feature("B-27")
def test_a_row_out_of_reach_costs_what_a_missing_one_costs(app, cast, client, addresses):
    """No answer's words or time tell that a row exists: the same text, and the same number of queries."""
    world = World(cast)
    oracle = world.become({"north"}, True)
    cast.sign_in(client, world.person).get("/provider/")  # what is asked once in a process has been asked
    tried = 0
    for method, endpoint, rule in addresses:
        numbers = [n for n in rule.arguments if n.endswith("_id") or n == "ident"]
        if method != "GET" or not numbers:
            continue
        for values, good in targets(world, oracle, endpoint, rule):
            if good:
                continue
            nobody = {n: MISSING if n in numbers else v for n, v in values.items()}
            counts = []
            for one in (values, nobody):
                with Queries() as asked:
                    answer = client.get(addressed(app, endpoint, one))
                counts.append((asked.count, answer.status_code, plain(answer.text)))
            assert counts[0] == counts[1], f"{endpoint} {values}"
            tried += 1
    assert tried > 30


@pytest.mark.feature("E-27")
def test_a_role_for_the_organisation_reaches_all_later_services_too(cast, client):
    from models import Service

    world = World(cast)
    world.become({"organisation"}, False)
    later = Service.create(ref="OAK-L", name="Later", organisation=cast.oakfield)
    assert cast.sign_in(client, world.person).get(f"/provider/services/{later.id}").status_code == 200


@pytest.mark.feature("E-26")
def test_without_limited_accessibility_every_contact_reaches_everything(cast, client):
    world = World(cast)
    world.become(set(), True)
    cast.oakfield.limited_accessibility = False
    cast.oakfield.save()
    text = cast.sign_in(client, world.person).get("/provider/contacts").text
    assert "Nmarkperson" in text and "Smarkperson" in text and "Wmarkperson" in text


def test_no_role_reaches_nothing_and_says_so(cast, client):
    world = World(cast)
    world.become(set(), True)
    home = cast.sign_in(client, world.person).get("/provider/").text
    assert "no role has been given to you" in home and "Organisation</a>" not in home


@pytest.mark.feature("E-28")
def test_a_manager_of_one_and_emergency_contact_of_another_reaches_both(cast, client):
    """WE-46: X manages A; Y manages B and is emergency contact of A."""
    world = World(cast)
    world.become({"south", "emergency-north"}, False)
    text = cast.sign_in(client, world.person).get("/provider/services").text
    assert "Nmark service" in text and "Smark service" in text


@pytest.mark.feature("E-29")
def test_a_contract_that_covers_no_service_gives_the_contract_only(cast, client):
    from models import Package, Role

    world = World(cast)
    world.become(set(), False)
    Package.update(contract=cast.dapl).where(Package.contract == world.contracts["south"]).execute()
    Role.create(contact=world.own, name=7, organisation=cast.oakfield, contract=world.contracts["south"])
    cast.sign_in(client, world.person)
    assert "Smark" not in client.get("/provider/services").text
    assert "Smark terms" in client.get("/provider/payments").text


def test_a_role_at_another_organisation_opens_nothing_of_it(cast, client):
    from blueprints.reach import Reach
    from models import Organisation, Role, RoleName

    uploader = RoleName.get(RoleName.name == "LA Contact")
    Role.create(contact=cast.finance.contact_id, name=uploader, organisation=cast.brookhouse)
    cast.sign_in(client, cast.finance)
    assert client.get(f"/provider/services/{cast.house.id}").status_code == 404
    assert "Brookhouse" not in client.get("/provider/services").text
    reach = Reach.of(cast.finance)
    assert list(Organisation.select().where(reach.others(Organisation.id))) == [cast.brookhouse]
    assert not Organisation.select().where(Reach.of(cast.manager).others(Organisation.id)).exists()


def test_a_claim_tells_nothing_of_payments_or_claims_beyond_reach(cast, client):
    """Who reaches the service and not the contract is not told when a claim is paid, nor of another service's claim."""
    from models import Claim, ClaimItem

    world = World(cast)
    world.become({"north"}, True)
    cast.sign_in(client, world.person)
    draft, accepted = world.rows["claim_id"]["north"]
    pending = world.rows["claim_id"]["south"][0]
    ours = ClaimItem.get(ClaimItem.claim == draft)
    same = {"client": ours.client_id, "contract": ours.contract_id}
    ClaimItem.update(**same).where(ClaimItem.claim == pending).execute()
    Claim.update(state="Rejected").where(Claim.id == accepted).execute()
    assert "covers days of the same stay" not in client.get(f"/provider/claims/{draft}").text
    Claim.update(state="Accepted").where(Claim.id == accepted).execute()
    pages = [f"/provider/claims/{accepted}", f"/provider/claims/items/{world.rows['item_id']['north'][1]}"]
    for page in pages:
        text = client.get(page).text
        assert "Nmark" in text and "in the period" not in text
    world.become({"organisation"}, True)
    assert "(pending) covers days of the same stay" in client.get(f"/provider/claims/{draft}").text
    assert all("in the period" in client.get(page).text for page in pages)
