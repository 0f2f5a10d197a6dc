"""Officers' roles (rule 11.5): each may do what its work needs and nothing else, by every route and link."""

from __future__ import annotations

from html import unescape

import pytest
from werkzeug.exceptions import HTTPException

from blueprints.permissions import OFFICER_ROLES, Can, act_of
from models import OfficerRole
from tests.access import TABLE
from tests.settings.test_modules import LINKS, endpoint_of

# What each role is for. A role that gets an act more must get it here too, with a reason that somebody gave.
EVERYBODY = {Can.SIGNED_IN, Can.SEE_RECORDS}
NEEDS = {
    "packages": {
        Can.EDIT_RECORDS, Can.EDIT_PACKAGES, Can.EDIT_ACTUALS, Can.RAISE_DISPUTES, Can.LOAD_FILES, Can.ISSUE_ORDERS,
        Can.SEND_MESSAGES,
    },
    "payments": {
        Can.EDIT_ACTUALS, Can.EDIT_PERIODS, Can.DECIDE_CLAIMS, Can.RAISE_DISPUTES, Can.FINALISE, Can.HOLD_AND_ADJUST,
        Can.EXPORT, Can.ISSUE_ORDERS, Can.SEND_MESSAGES,
    },
    "requests": {Can.DECIDE_REQUESTS, Can.EDIT_CONTACTS, Can.MANAGE_LOGINS, Can.SEE_MAIL, Can.SEND_MESSAGES},
    "quality": {Can.SEND_MESSAGES},
    "read-only": set(),
}  # fmt: skip
# What the administrator alone may do.
ALONE = {Can.EDIT_SETTINGS, Can.SEE_AUDIT, Can.MANAGE_OFFICERS}
ROUTES = {name: line[0].partition(" ") for name, line in TABLE.items() if name.startswith("authority.")}


def may(role: str) -> set[Can]:
    """What a role may do."""
    every = EVERYBODY.union(*NEEDS.values())
    return (every | ALONE) if role == "administrator" else EVERYBODY | NEEDS[role]


@pytest.fixture
def holder(app, cast):
    """Signs in an officer who holds just this role."""
    cast.thread  # noqa: B018 a message with an answer, so that its addresses are there

    def sign_in(*roles: str):
        user = cast.user(f"{'-'.join(roles)}@authority.example", "Only One", None, roles)
        return cast.sign_in(app.test_client(), user)

    return sign_in


@pytest.mark.feature("Z-03")
@pytest.mark.parametrize("role", OFFICER_ROLES)
def test_a_role_does_its_own_work_and_no_more(app, cast, holder, role):
    client, permitted = holder(role), may(role)
    refused = 0
    for endpoint, (method, _, path) in ROUTES.items():
        act = act_of(endpoint)
        if act in permitted and method == "POST":
            continue  # what it does is shown where it is at home
        answer = client.open(path.format(cast=cast), method=method)
        if act in permitted:
            assert answer.status_code not in (403, 500), (role, endpoint, act)
        else:
            assert answer.status_code == 403, (role, endpoint, act, answer.status_code)
            assert "An administrator of the authority can give it to you." in answer.text, "says who can"
            refused += 1
    assert refused or role == "administrator"


@pytest.mark.feature("Z-03")
@pytest.mark.parametrize("role", OFFICER_ROLES)
def test_no_link_leads_to_what_a_role_may_not_do(app, cast, holder, role):
    client, permitted = holder(role), may(role)
    seen, waiting, wrong = set(), ["/authority/"], set()
    while waiting:
        address = waiting.pop()
        page = endpoint_of(app, address)
        if page is None or page in seen or not page.startswith("authority."):
            continue
        seen.add(page)
        answer = client.get(unescape(address))
        for link in LINKS.findall(answer.text) if answer.mimetype == "text/html" else ():
            acts = {act for method in ("GET", "POST") if (act := act_at(app, link, method)) is not None}
            if acts and not acts & permitted:
                wrong.add((page, endpoint_of(app, link)))
            else:
                waiting.append(link)
    assert len(seen) > 40 and not wrong, wrong


def act_at(app, address: str, method: str):
    """The act of an officers' route, by address and method; None where there is none."""
    try:
        endpoint = app.url_map.bind("localhost").match(unescape(address).partition("?")[0], method=method)[0]
    except HTTPException:
        return None
    return act_of(endpoint) if endpoint.startswith("authority.") else None


@pytest.mark.feature("Z-03")
def test_two_roles_are_the_sum_and_a_role_taken_away_is_gone_at_once(app, cast, holder):
    client = holder("requests", "payments")
    assert client.get("/authority/accounts").status_code == 200
    assert client.get("/authority/settings/portal/edit").status_code == 403
    OfficerRole.delete().where(OfficerRole.role == "requests").execute()
    assert client.get("/authority/accounts").status_code == 403
