"""Actuals by hand for a person with limited reach: the services within reach, and nothing of the others (rule 11.1)."""

import datetime as dt

import pytest

from blueprints.actuals import posting, rules
from blueprints.contacts import roles
from blueprints.history import Actor
from blueprints.imports import rules as imports
from blueprints.jobs import rules as jobs
from models import Actual, ConfirmedWeek, Import, ImportState, Job, Role, User
from tests.actuals import world
from tests.actuals.test_grid import edit, row_of, sent
from tests.actuals.test_import import as_file, choose, messages
from tests.actuals.world import BY, WEEK, actual
from tests.cast import MONDAY
from tests.files import sheet_of
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


@pytest.mark.feature("E-28")
def test_by_the_day_as_by_the_week(limited, cast, lines):
    near = world.line(cast, 1010, cast.bob, lines.rounds, 525)
    far = world.line(cast, 1011, cast.bob, lines.rounds, 700, service=cast.south)
    rules.generate(cast.north, [MONDAY], BY)
    rules.generate(cast.south, [MONDAY], BY)
    page = limited.get(edit(cast.bob)).text
    assert f"p{near.id}-day0-quantity" in page and f"p{far.id}-" not in page
    data = sent(limited, cast.bob, **{f"p{near.id}_day0_quantity": "0.5", f"p{near.id}_comments": "Shorter"})
    assert limited.post(edit(cast.bob), data=data).status_code == 303
    assert actual(near).comments == "Shorter" and actual(far).actual == 700


def test_totals_are_of_what_is_within_reach(limited, cast, lines):
    rules.generate(cast.north, [MONDAY], BY)
    rules.generate(cast.south, [MONDAY], BY)
    ours = (1400 + 350 + 350) * 1616 // 100
    assert f"Total: £{ours / 100:.2f} of £{ours / 100:.2f}" in text_of(limited.get(WEEK).text)


@pytest.mark.feature("E-29")
def test_a_role_for_a_contract_opens_the_services_that_it_covers(client, cast, lines):
    cast.oakfield.limited_accessibility = True
    cast.oakfield.save()
    cast.make_role(cast.finance, "Contact", contract=cast.dapl)
    cast.sign_in(client, cast.finance)
    text = text_of(client.get(WEEK).text)
    assert "Oakfield North" in text and "Oakfield South" in text
    assert row_of(client, lines.away, actual="4", missed="1", comments="Carer ill").status_code == 200
    assert actual(lines.away).actual == 400


def test_pressing_for_several_rows_leaves_those_beyond_reach(limited, cast, lines):
    rules.generate(cast.south, [MONDAY], BY)
    keys = f"p{lines.ann.id} p{lines.bob.id} p{lines.away.id}"
    data = {"organisation_id": cast.oakfield.id, "keys": keys, "comment": "Snow"}
    assert limited.post(WEEK.replace("?", "/nothing-delivered?"), data=data).status_code == 303
    assert actual(lines.bob).actual == 0 and actual(lines.away).actual == 500
    only_away = world.line(cast, 1012, cast.cat, lines.domestic, 300, service=cast.south)
    rules.generate(cast.south, [MONDAY], BY)
    address = f"/provider/actuals/clients/{cast.cat.id}"
    for more in ("", "/plan", "/nothing-delivered"):
        answer = limited.post(f"{address}{more}?week={MONDAY}", data={**data, "rows": f"p{only_away.id}"})
        assert answer.status_code == 404
    assert actual(only_away).actual == 300 and limited.get(f"{address}?week={MONDAY}").status_code == 404


def test_confirming_says_what_is_missing_within_reach_alone(limited, cast, lines):
    data = {"confirms": cast.north.id, "organisation_id": cast.oakfield.id}
    answer = limited.post(WEEK.replace("?", "/confirmation?"), data=data)
    assert answer.status_code == 422 and "2 clients" in text_of(answer.text)
    assert limited.post(WEEK.replace("?", "/confirmation?"), data={**data, "without": "y"}).status_code == 303
    assert posting.confirmed(cast.north.id, MONDAY) and not posting.confirmed(cast.south.id, MONDAY)


# a range of weeks is a job ---------------------------------------------------------------------------------------------


def test_generating_a_range_is_one_s_own_job(limited, cast, lines):
    """A colleague's job under way does other services: it is neither shown nor taken for one's own."""
    with_all = {"week": MONDAY.isoformat(), "services": [cast.south.id], "all": True}
    theirs = jobs.queue("generate", cast.south.id, cast.manager, cast.oakfield, wanted=with_all)
    data = {"organisation_id": cast.oakfield.id, "range": "all"}
    address = WEEK.replace("?", "/generation?")
    mine = limited.post(address, data=data).location
    assert mine == limited.post(address, data=data).location, "pressed twice it is the same"
    assert f"/generation/{theirs.id}?" not in mine and limited.get(mine).status_code == 200
    assert limited.get(f"/provider/actuals/generation/{theirs.id}").status_code == 404
    jobs.run(Job.select().order_by(Job.id.desc()).get().id)
    assert actual(lines.ann).actual == 1400 and actual(lines.away) is None


def test_work_for_other_services_is_not_taken_for_what_is_under_way(client, cast, lines):
    cast.sign_in(client, cast.finance)
    data = {"organisation_id": cast.oakfield.id, "range": "all"}
    asked = [f"{WEEK}&service={service.id}".replace("?", "/generation?", 1) for service in (cast.north, cast.south)]
    assert len({client.post(address, data=data).location.partition("?")[0] for address in asked}) == 2
    jobs.run_waiting()
    assert actual(lines.ann) and actual(lines.away)


# files -----------------------------------------------------------------------------------------------------------------


def of_lines(lines, *packages, **cells) -> list[dict]:
    """A file's rows that change these packages."""
    return [{"CPLIId": str(p.cpli_id), "WeekBeginning": f"{MONDAY}", "Actual": "2", **cells} for p in packages]


HEADINGS = ["CPLIId", "WeekBeginning", "Planned", "UnitCost", "Actual", "Missed", "Comments"]


@pytest.mark.feature("E-30")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("lines_too", ["", "&lines=y"])
def test_the_export_holds_what_is_within_reach(limited, cast, lines, kind, lines_too):
    rules.generate(cast.south, [MONDAY], BY)
    rules.generate_for([cast.north], [MONDAY + dt.timedelta(7)], BY)
    last = MONDAY + dt.timedelta(13)
    answer = limited.get(
        f"/provider/actuals/export?first={MONDAY:%d/%m/%Y}&last={last:%d/%m/%Y}&format={kind}{lines_too}"
    )
    headings, *rows = sheet_of(answer)
    services = {row[headings.index("ServiceName")] for row in rows}
    assert services == {"Oakfield North"} and len(rows) == (6 if lines_too else 3)
    assert "Actuals Bulk Export" in limited.get("/provider/actuals").text


@pytest.mark.feature("E-30")
def test_rows_of_packages_beyond_reach_are_refused_as_unknown_ones(limited, cast, lines):
    """Whatever else is wrong with them: no word tells that the package exists (rule 11.1)."""
    rules.generate(cast.south, [MONDAY], BY)
    posting.lock([cast.south], MONDAY, BY)
    said = {}
    for cpli in (lines.away.cpli_id, 987654):
        rows = of_lines(lines, lines.away, CPLIId=str(cpli), Planned="1", UnitCost="9", Comments="Mine")
        rows += of_lines(lines, lines.away, CPLIId=str(cpli), WeekBeginning="2026-10-06", Missed="3")
        address = choose(limited, as_file(HEADINGS, rows))
        batch = Import.get_by_id(int(address.rpartition("/")[2]))
        assert (batch.rejected, batch.issues) == (2, 0)
        said[cpli] = [words.replace(str(cpli), "N") for words in messages(batch)]
        imports.cancel(batch.id, BY)
    assert (
        said[lines.away.cpli_id]
        == said[987654]
        == ["2 CPLIId: You have no package N.", "3 CPLIId: You have no package N."]
    )


@pytest.mark.feature("E-28")
def test_rows_within_reach_are_taken_and_others_left_out(limited, cast, lines):
    rules.generate(cast.south, [MONDAY], BY)
    rows = of_lines(lines, lines.bob, lines.away, Missed="1.5", Comments="Ill")
    address = choose(limited, as_file(HEADINGS, rows))
    assert limited.post(f"{address}/update", data={"without_rejected": "y"}).status_code == 303
    jobs.run_waiting()
    assert Import.get_by_id(int(address.rpartition("/")[2])).state == ImportState.DONE
    assert actual(lines.bob).actual == 200 and actual(lines.away).actual == 500
    page = text_of(limited.get(address).text)
    assert "1" in page and "Oakfield South" not in page


def test_a_role_taken_away_between_check_and_update_asks_again(limited, cast, lines):
    address = choose(limited, as_file(HEADINGS, of_lines(lines, lines.bob, Missed="1.5", Comments="Ill")))
    batch = Import.get_by_id(int(address.rpartition("/")[2]))
    assert batch.new == 1
    roles.take_away(Role.get(Role.contact == cast.finance.contact_id).id, Actor(None, "Amir Khan"))
    batch = imports.update(batch.id, BY, None, False)
    jobs.run(batch.job_id)
    batch = Import.get_by_id(batch.id)
    assert (batch.state, batch.rejected) == (ImportState.CHECKED, 1) and actual(lines.bob) is None


def test_a_colleague_s_file_is_not_there_and_the_example_is_of_one_s_services(limited, cast, lines):
    theirs = imports.begin(
        imports.KINDS["actuals"], cast.oakfield, User.get_by_id(cast.manager.id), "a.csv", as_file(HEADINGS, [])
    )
    assert limited.get(f"/provider/imports/{theirs.id}").status_code == 404
    example = limited.get("/provider/imports/actuals/example.csv").text
    assert str(lines.ann.cpli_id) in example and str(lines.away.cpli_id) not in example
    page = limited.get("/provider/actuals").text
    assert "Actuals Bulk Import" in page and "Carers Bulk Import" not in page
    assert limited.get("/provider/imports/carers/new").status_code == 404
