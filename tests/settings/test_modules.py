"""Modules switched off leave nothing behind: no tab, tile, link, form, help, file kind; and are refused on the server."""

from __future__ import annotations

import re
from html import unescape

import pytest
from werkzeug.exceptions import HTTPException

from blueprints import history, sides
from blueprints.imports import rules as imports
from blueprints.imports import screens
from blueprints.settings import rules as settings
from blueprints.settings.rules import SPECS
from tests.access import TABLE
from tests.provider_world import add_visit, finalise, settle

MODULES = [name for name in SPECS if name.startswith("module_")]
BY = history.Actor(None, "officer")
LINKS = re.compile(r'(?:href|action|hx-get|hx-post)="(/[^"#]*)')


def endpoint_of(app, address: str) -> str | None:
    """The route that an address of a page leads to."""
    path = unescape(address).partition("?")[0]
    adapter = app.url_map.bind("localhost")
    for method in ("GET", "POST"):
        try:
            return adapter.match(path, method=method)[0]
        except HTTPException:
            continue
    return None


def of_module(app, name: str) -> set[str]:
    """The routes that a module switches, at both doors."""
    found = {endpoint for endpoint, module in sides.PARTS.items() if module == name}
    for rule in app.url_map.iter_rules():
        side, _, rest = rule.endpoint.partition(".")
        area = rest.partition(".")[0]
        if sides.MODULES.get(area) == name and (
            side == "provider" or (side == "authority" and area in sides.OFFICERS_TOO)
        ):
            found.add(rule.endpoint)
    return found


def walk(app, client, start: str) -> dict[str, set[str]]:
    """Every kind of page that is linked from a home page, one of each, with the routes that it links to."""
    seen: dict[str, set[str]] = {}
    waiting = [start]
    while waiting:
        address = waiting.pop()
        endpoint = endpoint_of(app, address)
        if endpoint is not None and endpoint.endswith(".help_page"):
            endpoint = address  # each of them
        if endpoint is None or endpoint in seen or not address.startswith(start.rsplit("/", 1)[0]):
            continue
        answer = client.get(unescape(address))
        if answer.status_code in (303, 405) or answer.mimetype != "text/html":
            seen[endpoint] = set()
            continue
        assert answer.status_code == 200, (address, answer.status_code)
        links = LINKS.findall(answer.text)
        seen[endpoint] = {found for link in links if (found := endpoint_of(app, link))}
        waiting += [link for link in links if not link.endswith(".csv")]
    return seen


@pytest.fixture
def world(app, cast):
    """Something behind every link: visits, a finalised period, a message with an answer."""
    add_visit(cast, "V-1")
    settle(cast)
    finalise(cast)
    cast.thread  # noqa: B018 makes the message and its thread
    return cast


@pytest.mark.feature("Z-04")
@pytest.mark.parametrize("name", MODULES)
def test_a_module_that_is_off_leaves_nothing_behind(app, world, name):
    gone = of_module(app, name)
    kinds = {kind for kind, module in screens.MODULES.items() if module == name}
    assert gone or kinds, f"{name} switches nothing"
    doors = {"/provider/": world.sign_in(app.test_client(), world.finance),
             "/authority/": world.sign_in(app.test_client(), world.officer)}  # fmt: skip
    before = {start: walk(app, client, start) for start, client in doors.items()} if name == MODULES[0] else None
    settings.change(BY, {name: False})
    for start, client in doors.items():
        for endpoint, links in walk(app, client, start).items():
            assert not links & gone, f"{endpoint} links to {links & gone}"
            assert endpoint not in gone
    for endpoint in gone:
        address, _ = TABLE[endpoint]
        method, _, path = address.partition(" ")
        door = doors["/provider/" if endpoint.startswith("provider.") else "/authority/"]
        assert door.open(path.format(cast=world), method=method).status_code == 404, endpoint
    for kind in kinds:
        for page in ("new", "format", "blank.csv", "example.csv"):
            assert doors["/provider/"].get(f"/provider/imports/{kind}/{page}").status_code == 404
        assert f"/imports/{kind}/" not in doors["/provider/"].get("/provider/visits").text
    settings.change(BY, {name: True})
    if before:
        assert {start: set(walk(app, client, start)) for start, client in doors.items()} == {
            start: set(pages) for start, pages in before.items()
        }, "data is kept: switched on, everything is there again"


@pytest.mark.feature("Z-04")
def test_everything_off_leaves_a_home_page_and_help(app, world):
    settings.change(BY, dict.fromkeys(MODULES, False))
    client = world.sign_in(app.test_client(), world.finance)
    pages = walk(app, client, "/provider/")
    assert {e.partition(".")[2].partition(".")[0] for e in pages if "/" not in e} <= {
        "home",
        "search",
        "accounts",
        "requests",
        "reports",
    }, set(pages)


def test_every_kind_of_file_of_a_provider_belongs_to_a_module():
    for kind in imports.KINDS.values():
        if kind.side == "provider":
            assert kind.name in screens.MODULES or sides.MODULES["imports"]
