"""Actuals by hand for a person with limited reach: the services within reach, and nothing of the others (rule 11.1)."""

import pytest

from blueprints.actuals import rules
from models import Actual, ConfirmedWeek
from tests.actuals import world
from tests.actuals.test_grid import edit, row_of, sent
from tests.actuals.world import BY, WEEK, actual
from tests.cast import MONDAY
from tests.visits.test_provider import text_of


@pytest.fixture
def lines(cast):
    made = world.make(cast)
    made.away = world.line(cast, 1009, cast.bob, made.domestic, 500, service=cast.south)
    return made


@pytest.fixture
def limited(client, cast, lines):
    """Greta has a role at Oakfield North alone."""
    cast.oakfield.limited_accessibility = True
    cast.oakfield.save()
    cast.make_role(cast.finance, "Service Manager", service=cast.north)
    return cast.sign_in(client, cast.finance)


@pytest.mark.feature("E-28", "E-30")
def test_the_week_of_the_services_within_reach(limited, cast, lines):
    text = text_of(limited.get(WEEK).text)
    assert "Mrs Ann Archer" in text and "Oakfield South" not in text and "2 clients" in text
    assert row_of(limited, lines.ann, actual="13", missed="1", comments="Carer ill").status_code == 200
    assert actual(lines.ann).actual == 1300
    page = limited.get(edit(cast.bob)).text
    assert f"p{lines.bob.id}-actual" in page and f"p{lines.away.id}-" not in page


@pytest.mark.feature("E-28")
def test_a_row_beyond_reach_is_not_saved_and_a_service_beyond_reach_does_not_exist(limited, cast, lines):
    rules.generate(cast.south, [MONDAY], BY)
    before = actual(lines.away).version
    key = f"p{lines.away.id}"
    data = {
        **sent(limited, cast.bob),
        f"{key}-actual": "1",
        f"{key}-version": str(before),
        f"{key}-comments": "Mine now",
    }
    limited.post(edit(cast.bob), data={**data, "rows": key, "explicit": key})
    assert (actual(lines.away).actual, actual(lines.away).version) == (500, before)
    confirm = WEEK.replace("?", "/confirmation?")
    data = {"confirms": cast.south.id, "without": "y", "organisation_id": cast.oakfield.id}
    assert limited.post(confirm, data=data).status_code == 404 and not ConfirmedWeek.select().exists()
    assert limited.get(f"{WEEK}&service={cast.south.id}").status_code == 404


def test_generating_makes_rows_of_services_within_reach_only(limited, cast, lines):
    limited.post(WEEK.replace("?", "/generation?"), data={"organisation_id": cast.oakfield.id})
    made = {row.package_id for row in Actual.select().where(Actual.week == MONDAY)}
    assert lines.ann.id in made and lines.away.id not in made


def test_what_is_to_be_confirmed_stands_on_the_home_page(limited, cast, lines):
    text = text_of(limited.get("/provider/").text)
    assert "Oakfield North" in text and "without actuals for the week" in text and "Oakfield South" not in text


def test_without_a_role_there_is_no_week(client, cast, lines):
    cast.oakfield.limited_accessibility = True
    cast.oakfield.save()
    cast.sign_in(client, cast.finance)
    assert "Mrs Ann Archer" not in client.get(WEEK).text
