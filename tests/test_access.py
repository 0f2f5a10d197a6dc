"""Who gets what: every route, by person, to its status. A route that is not in the table fails."""

from __future__ import annotations

import pytest

from tests.access import PEOPLE, TABLE


def test_every_route_is_in_the_table(app):
    routes = {r.endpoint for r in app.url_map.iter_rules() if r.endpoint != "static"}
    missing, gone = routes - set(TABLE), set(TABLE) - routes
    assert not missing, f"routes without a row: {sorted(missing)}"
    assert not gone, f"rows without a route: {sorted(gone)}"


@pytest.mark.feature("B-27")
@pytest.mark.parametrize("endpoint", TABLE, ids=str)
def test_access(app, cast, endpoint):
    address, statuses = TABLE[endpoint]
    method, _, path = address.partition(" ")
    rules = {r.endpoint: r for r in app.url_map.iter_rules()}
    assert endpoint in rules, f"{endpoint} is not a route"
    for person, expected in zip(PEOPLE, statuses.split(), strict=True):
        browser = app.test_client()
        if person:
            cast.sign_in(browser, getattr(cast, person))
        found = browser.open(path.format(cast=cast), method=method)
        assert str(found.status_code) == expected, (
            f"{person or 'nobody'} {address}: {found.status_code}, not {expected}"
        )
