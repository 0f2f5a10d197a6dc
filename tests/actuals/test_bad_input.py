"""What goes wrong in the grid loses nothing and says what to do: numbers half typed, presses twice, rows that visits take over."""

import re

import pytest

from blueprints.actuals import rules
from models import Actual, Change, ServiceLevel
from tests.actuals import world
from tests.actuals.test_grid import edit, row_of, sent
from tests.actuals.world import BY, WEEK, actual, facts
from tests.cast import MONDAY
from tests.provider_world import add_visit, settle
from tests.visits.test_provider import text_of


@pytest.fixture
def lines(cast):
    return world.make(cast)


@pytest.fixture
def owner(client, cast, lines):
    return cast.sign_in(client, cast.finance)


def test_a_row_that_visits_feed_while_it_is_open(owner, cast, lines):
    """A level that is entered by visits from now on: what was typed stays on the page, and is not put over the visits."""
    mine = sent(owner, cast.ann, **{f"p{lines.ann.id}_actual": "13", f"p{lines.ann.id}_comments": "Carer ill"})
    ServiceLevel.update(entry="visits", visits_wanted=True).where(ServiceLevel.id == lines.domestic.id).execute()
    add_visit(cast, "V1", lines.ann)
    settle(cast, lines.ann)
    assert actual(lines.ann).source == "visits"
    before = facts(actual(lines.ann))
    answer = owner.post(edit(cast.ann), data=mine)
    text = text_of(answer.text)
    assert answer.status_code == 422 and "comes from visits" in text and "Not saved" in text
    assert "You typed: Actual 13, Frstd 0, Msd 0, Xtr 0, Vst 0, “Carer ill”." in text
    assert facts(actual(lines.ann)) == before
    key = f"p{lines.ann.id}"
    headers = {"HX-Request": "true", "HX-Target": f"tr#line-{key}"}
    row = owner.post(edit(cast.ann), data={**mine, "rows": key, "explicit": key}, headers=headers)
    assert row.status_code == 422 and "comes from visits" in row.text and facts(actual(lines.ann)) == before


@pytest.mark.parametrize(
    "typed", ["-", ".", "3.", ",5", "+3", "1e", "0x10", "٣", "3 . 5", "NaN", "Infinity", "1" * 400]
)
def test_half_typed_and_odd_numbers_keep_the_row_open(owner, cast, lines, typed):
    rules.generate(cast.north, [MONDAY], BY)
    answer = row_of(owner, lines.ann, actual=typed, missed="1", comments="Typing 🙂")
    before = actual(lines.ann)
    if answer.status_code == 200:  # read as the number that it plainly is
        assert before.actual == {"3.": 300, "+3": 300}[typed]
        return
    assert answer.status_code == 422 and (before.actual, before.version) == (1400, 1)
    assert f'value="{typed}"' in answer.text and "Typing 🙂" in answer.text and 'aria-invalid="true"' in answer.text
    assert re.search(r"(Enter|Actual must be)", text_of(answer.text))


def test_a_whole_grid_sent_twice_is_saved_once(owner, cast, lines):
    """Pressed twice, or sent again by going back: each row once, whatever its person changed meanwhile."""
    keys = " ".join(f"p{p.id}" for p in (lines.ann, lines.bob, lines.bob_two))
    for address, data in (
        (WEEK.replace("?", "/generation?"), {}),
        (WEEK.replace("?", "/plan?"), {"keys": keys}),
        (WEEK.replace("?", "/nothing-delivered?"), {"keys": keys, "comment": "Snow"}),
    ):
        assert owner.post(address, data=data).status_code == 303
        once = [(facts(row), row.version) for row in Actual.select().order_by(Actual.id)]
        told = Change.select().count()
        assert owner.post(address, data=data).status_code == 303
        assert [(facts(row), row.version) for row in Actual.select().order_by(Actual.id)] == once
        assert Change.select().count() == told, "nothing changed, so nothing is told"
    assert {row.actual for row in Actual.select()} == {0}
