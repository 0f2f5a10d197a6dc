"""The daily grid as a provider has it: quantities and ticks, added rows, pairs, sums (M-31 to M-35)."""

import datetime as dt
import re

import pytest

from blueprints.actuals import rules
from models import Actual, ActualDay, Package
from tests.actuals import world
from tests.actuals.test_grid import edit, sent
from tests.actuals.world import BY, WEEK, actual, save
from tests.cast import MONDAY
from tests.pages import changed, fields
from tests.visits.test_provider import text_of

SIX = [str(day) for day in range(6)]


@pytest.fixture
def lines(cast):
    made = world.make(cast)
    Package.delete().where(Package.id.in_([made.ann.id, made.bob.id, made.bob_two.id])).execute()
    made.line = world.line(cast, 1040, cast.ann, made.rounds, 525)
    world.timetable(made.line)
    made.key = f"p{made.line.id}"
    return made


@pytest.fixture
def owner(client, cast, lines):
    rules.generate(cast.north, [MONDAY], BY)
    return cast.sign_in(client, cast.finance)


@pytest.mark.feature("M-31", "M-32")
def test_we_38_sunday_is_unticked(owner, cast, lines):
    assert "5.25 x Hours" in owner.get(WEEK).text
    page = owner.get(edit(cast.ann)).text
    row = page.split(f'id="line-{lines.key}"')[1].split("</tr>\n<tr id=")[0]
    assert row.count('type="checkbox"') == 7 and f'name="{lines.key}-day0-quantity" value="0.75"' in row
    assert f'name="{lines.key}-missed"' not in row and f'name="{lines.key}-actual"' not in row
    data = sent(owner, cast.ann, **{f"{lines.key}_day0_tick": SIX})
    answer = owner.post(edit(cast.ann), data=data)
    assert answer.status_code == 422 and "Enter a comment that says why this differs from plan" in answer.text
    data[f"{lines.key}-comments"] = "Family came"
    assert owner.post(edit(cast.ann), data=data).status_code == 303
    assert actual(lines.line).actual == 450
    html = owner.get(WEEK).text
    assert "4.5 x Hours" in html and 'class="red"' in html and "▲" not in html
    assert re.search(r'data-label="Missed">0\.75<', html), "missed is worked out"
    zero = sent(owner, cast.ann, **{f"{lines.key}_day0_quantity": "0", f"{lines.key}_comments": "In hospital"})
    assert owner.post(edit(cast.ann), data=zero).status_code == 303 and actual(lines.line).actual == 0
    assert ActualDay.select().count() == 1, "the row stays"


@pytest.mark.feature("M-33")
def test_we_39_rows_are_added(owner, cast, lines):
    key = lines.key
    typed = sent(owner, cast.ann, **{f"{key}_comments": "Longer after a fall"})
    page = owner.post(edit(cast.ann), data={**typed, f"{key}-add-day": "1"})
    assert page.status_code == 200 and f'name="{key}-day1-quantity" value=""' in page.text
    assert "Longer after a fall" in page.text and actual(lines.line).version == 1, "nothing is saved by it"
    data = changed(fields(page.text, "rows"), {f"{key}-day1-quantity": "0.5", f"{key}-day1-tick": ["0", "2"]})
    assert owner.post(edit(cast.ann), data=data).status_code == 303
    assert actual(lines.line).actual == 625 and "6.25 x Hours" in (html := owner.get(WEEK).text)
    assert 'class="green"' in html and re.search(r'data-label="Extra">1\.00<', html)
    part = owner.post(
        edit(cast.ann), data={**sent(owner, cast.ann), f"{key}-add-day": "1"},
        headers={"HX-Request": "true", "HX-Target": f"tr#line-{key}"},
    ).text  # fmt: skip
    assert part.lstrip().startswith(f'<tr id="line-{key}"') and f'name="{key}-day2-quantity"' in part
    two = changed(fields(owner.get(edit(cast.ann)).text, "rows"), {
        f"{key}-days": "3", f"{key}-day1-tick": ["0"], f"{key}-day2-quantity": "1", f"{key}-day2-tick": ["1"],
    })  # fmt: skip
    assert owner.post(edit(cast.ann), data=two).status_code == 303 and actual(lines.line).actual == 675


def test_what_is_wrong_with_a_day_stays_open(owner, cast, lines):
    key = lines.key
    for wrong, words in (("x", "as a number"), ("-1", "0 or more"), ("", "Enter the quantity of the ticked days")):
        answer = owner.post(
            edit(cast.ann), data=sent(owner, cast.ann, **{f"{key}_day0_quantity": wrong, f"{key}_comments": "c"})
        )
        assert answer.status_code == 422 and words in answer.text and actual(lines.line).actual == 525, wrong
    many = sent(owner, cast.ann, **{f"{key}_days": "999999999"})
    assert owner.post(edit(cast.ann), data=many).status_code in (303, 422)
    assert actual(lines.line).actual == 525


@pytest.mark.feature("M-34")
def test_one_of_a_pair_is_noticed_and_saved(owner, cast, lines):
    pair = world.line(cast, 1041, cast.bob, lines.rounds, 700)
    world.timetable(pair, minutes=30, carers=2)
    rules.generate(cast.north, [MONDAY], BY)
    key = f"p{pair.id}"
    data = sent(owner, cast.bob, **{
        f"{key}_days": "2", f"{key}_day1_quantity": "0.25", f"{key}_day1_tick": ["0"], f"{key}_comments": "Longer",
    })  # fmt: skip
    answer = owner.post(edit(cast.bob), data=data, follow_redirects=True)
    assert "Two carers call on this client, and a changed row stands alone." in answer.text
    assert actual(pair).actual == 725


@pytest.mark.feature("M-35")
def test_sessions_have_the_actual_box_alone(owner, cast, lines):
    day = world.line(cast, 1042, cast.bob, lines.sessions, 300, 312_500)
    key = f"p{day.id}"
    page = owner.get(edit(cast.bob)).text
    for name in ("frustrated", "missed", "extra", "visits", "day0-quantity"):
        assert f'name="{key}-{name}"' not in page
    data = sent(owner, cast.bob, **{f"{key}_actual": "2", f"{key}_comments": "Ill on Thursday"})
    data[f"{key}-missed"] = "99"
    assert owner.post(edit(cast.bob), data=data).status_code == 303
    assert (actual(day).actual, actual(day).missed) == (200, 0)
    assert re.search(r'data-label="Missed">1\.00<', owner.get(WEEK).text)


def test_a_proposal_is_entered_by_its_own_save_only(owner, cast, lines):
    Actual.delete().where(Actual.package == lines.line).execute()
    page = owner.get(edit(cast.ann)).text
    assert "not entered yet" in page and f'name="{lines.key}-day0-quantity" value="0.75"' in page
    owner.post(edit(cast.ann), data=sent(owner, cast.ann))
    assert actual(lines.line) is None
    owner.post(edit(cast.ann), data={**sent(owner, cast.ann), "explicit": lines.key})
    assert actual(lines.line).actual == 525


def test_only_active_days_can_be_ticked(owner, cast, lines):
    Package.update(start_date=MONDAY + dt.timedelta(5)).where(Package.id == lines.line.id).execute()
    page = owner.get(edit(cast.ann)).text
    row = page.split(f'id="line-{lines.key}"')[1]
    assert row.count("disabled") >= 5 and text_of(page)


def test_a_quantity_that_came_without_days_is_spread(owner, cast, lines):
    save(lines.line, 500, 0, 0, 0, 0, "From a file")
    page = owner.get(edit(cast.ann)).text
    assert (
        f'name="{lines.key}-day0-quantity" value="0.71"' in page
        and f'name="{lines.key}-day1-quantity" value="0.03"' in page
    )
