"""The weekly grid as a provider has it: looking, filtering, generating, editing, confirming (M-01 to M-30)."""

import datetime as dt
import re

import pytest

from blueprints.actuals import posting, rules
from blueprints.history import Actor
from blueprints.jobs import rules as jobs
from blueprints.settings import rules as settings
from models import Actual, ConfirmedWeek, Organisation, Package, ServiceLevel
from tests import counting
from tests.actuals import world
from tests.actuals.world import BY, OFFICER, WEEK, actual, save
from tests.cast import MONDAY
from tests.pages import changed, fields
from tests.provider_world import add_visit, settle
from tests.visits.test_provider import text_of

SETTER = Actor(None, "officer")


@pytest.fixture
def lines(cast):
    return world.make(cast)


@pytest.fixture
def owner(client, cast, lines):
    return cast.sign_in(client, cast.finance)


def edit(client_row) -> str:
    """The address of a client's edit page."""
    return f"/provider/actuals/clients/{client_row.id}?week=2026-10-05"


def sent(owner, client_row, **changes) -> dict:
    """The fields of a client's edit page, some changed: `p12_actual="13"`."""
    found = fields(owner.get(edit(client_row)).text, "rows")
    return changed(found, {name.replace("_", "-"): value for name, value in changes.items()})


def row_of(owner, package, region: str | None = None, **changes):
    """Save one row as the grid does, by htmx."""
    key = f"p{package.id}"
    data = {name: value for name, value in sent(owner, package.client).items() if name.startswith(key)}
    data |= {f"{key}-{name}": value for name, value in changes.items()} | {
        "rows": key, "explicit": key, "organisation_id": package.organisation_id,
    }  # fmt: skip
    headers = {"HX-Request": "true", "HX-Target": f"tr#{region or f'line-{key}'}"}
    return owner.post(edit(package.client), data=data, headers=headers)


# looking ---------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("M-01", "M-07", "M-08", "M-09")
def test_we_02_clients_rows_and_totals(owner, cast, lines):
    html = owner.get(WEEK).text
    text = text_of(html)
    for words in (
        "Actuals for Oakfield Home Care",
        "Week Beginning 5 October 2026",
        "Current Services",
        "Bulk Import/Export",
    ):
        assert words in text
    for short, long in (
        ("Pl", "Planned"),
        ("Frstd", "Frustrated"),
        ("Msd", "Missed"),
        ("Xtr", "Extra"),
        ("Vst", "Number of visits"),
    ):
        assert re.search(rf'<abbr title="{long}[^"]*">{short}</abbr>', html)
    headings = re.findall(r"<thead.*?</thead>", html, re.S)[-1]
    assert [text_of(h) for h in re.findall(r"<th[^>]*>(.*?)</th>", headings)] == [
        "Actual", "Service Level", "Pl", "Frstd", "Msd", "Xtr", "Vst", "Total Cost", "Comments",
    ]  # fmt: skip
    assert "Mrs Ann Archer A100001 No actuals yet" in text and "14 x Hours" not in text
    owner.post(f"{WEEK.replace('?', '/generation?')}")
    text = text_of(owner.get(WEEK).text)
    assert "14 x Hours" in text and "= 14 (Actual + Frstd) Hours x £16.16" in text
    assert "£226.24 of £226.24" in text and "£113.12 of £113.12" in text
    assert "Total: £339.36 of £339.36" in text and "Pages: 1" in text
    part = text_of(owner.get(f"{WEEK}&client={cast.bob.id}").text)
    assert "Total: £113.12 of £339.36" in part and "Mrs Ann Archer A1" not in part


@pytest.mark.feature("M-19", "M-20")
def test_we_03_and_we_04_colour_and_triangle_in_words(owner, cast, lines):
    save(lines.ann, 1300, 0, 100, 0, 14, "Carer ill")
    html = owner.get(WEEK).text
    assert 'class="red"' in html and "below plan" in html and "▲" not in html and "£210.08" in html
    save(lines.ann, 1400, 0, 100, 0, 14, "Carer ill")
    html = owner.get(WEEK).text
    assert "▲" in html and 'class="red"' not in html and "£226.24" in html
    why = f"why-p{lines.ann.id}"
    assert f'href="#{why}"' in html and f'id="{why}"' in html
    assert "Planned 14, less frustrated 0, less missed 1, plus extra 0, makes 13. Actual is 14: 1 too much." in text_of(
        html
    )
    save(lines.ann, 1500, 0, 0, 100, 15, "Agreed")
    assert 'class="green"' in (html := owner.get(WEEK).text) and "above plan" in html


@pytest.mark.feature("M-15")
def test_more_missed_than_planned_is_kept_and_said(owner, cast, lines):
    answer = row_of(owner, lines.bob, actual="0", missed="10", extra="6.5", comments="Typed twice")
    assert answer.status_code == 200 and actual(lines.bob).missed == 1000
    assert "▲" in answer.text and "Missed 10 is more than the planned 3.5." in answer.text
    answer = row_of(owner, lines.bob, missed="3.5", extra="0")
    assert "▲" not in answer.text


@pytest.mark.feature("M-42")
def test_a_line_appears_once_the_authority_has_set_it_up(owner, cast, lines):
    package = world.line(cast, 1080, cast.ann, lines.domestic, 200, authorised=False)
    assert "It is not entered" not in owner.get(WEEK).text
    assert f'id="line-p{package.id}"' not in owner.get(edit(cast.ann)).text
    empty = text_of(owner.get(f"{WEEK}&service={cast.south.id}").text)
    assert "Care that has no line yet is not entered under another one: this week can be changed later." in empty
    Package.update(authorised=True).where(Package.id == package.id).execute()
    assert f'id="line-p{package.id}"' in owner.get(edit(cast.ann)).text


@pytest.mark.feature("M-02", "M-03", "M-04")
def test_weeks_and_services(owner, cast, lines):
    html = owner.get("/provider/actuals").text
    assert "Week Beginning 12 October 2026" in html and "October 2026" in html
    assert "Week Beginning 5 October 2026" in owner.get("/provider/actuals?week=2026-10-11").text
    assert "Week Beginning 28 December 2026" in owner.get("/provider/actuals?week=2027-01-03").text
    assert "There is no such week" in owner.get("/provider/actuals?week=soon").text
    south = owner.get(f"{WEEK}&service={cast.south.id}").text
    assert "Actuals for Oakfield South" in south and "no lines of care" in south
    assert owner.get(f"{WEEK}&service={cast.house.id}").status_code == 404
    part = owner.get(f"{WEEK}&month=2026-11", headers={"HX-Request": "true", "HX-Target": "div#calendar"}).text
    assert "November 2026" in part and "<html" not in part


@pytest.mark.feature("M-03")
def test_weeks_far_ahead_are_refused(owner, cast, lines):
    far = "/provider/actuals/generation?week=2026-12-07"
    answer = owner.post(far, follow_redirects=True)
    assert "Actuals may be entered 4 weeks ahead." in text_of(answer.text) and not Actual.select().exists()


@pytest.mark.feature("M-05", "M-06")
def test_filters(owner, cast, lines):
    breaks = world.line(cast, 1030, cast.ann, lines.breaks, 1000)
    save(lines.ann, 1400)
    save(breaks, 200, 0, 0, 0, 1, "Seaside")
    html = owner.get(WEEK).text
    for words in (
        "All Service Levels",
        "All Clients",
        "Show Clients with Actuals",
        "No Selection",
        ">View</button>",
        ">Reset</a>",
    ):
        assert words in html
    assert html.count('name="box"') == 4 and html.count("checked") == 4

    def names(query: str) -> set:
        return set(re.findall(r'rowgroup"[^>]*>(\w+ \w+ [\w&#;]+)', owner.get(WEEK + query).text))

    assert names("&actuals=yes") == {"Mrs Ann Archer"}
    assert names("&actuals=no") == {"Mrs Ann Archer", "Mr Bob O&#39;Neill"} - {"Mrs Ann Archer"}
    assert names(f"&level={lines.breaks.id}") == {"Mrs Ann Archer"}
    assert names("&filtered=1&box=intermittent") == {"Mrs Ann Archer"}
    assert names("&filtered=1&box=unplanned") == set()
    only = text_of(owner.get(f"{WEEK}&filtered=1&box=planned&box=locked").text)
    assert "14 x Hours" in only and "2 x Nights" not in only and "Show: Planned, Locked" in only
    posting.lock([cast.north], MONDAY, OFFICER)
    assert names("&filtered=1&box=planned&box=intermittent&box=unplanned") == set()
    assert owner.get(f"{WEEK}&level=999999").status_code == 404
    assert owner.get(f"{WEEK}&client={cast.cat.id}").status_code == 404, "another provider's client"
    settings.change(SETTER, {"actuals_boxes": False})
    html = owner.get(f"{WEEK}&filtered=1").text
    assert 'name="box"' not in html and "14 x Hours" in html and "2 x Nights" in html


@pytest.mark.feature("M-13", "M-17")
def test_part_weeks_plan_the_days_in_force(owner, cast, lines):
    Package.update(start_date=MONDAY + dt.timedelta(5)).where(Package.id == lines.ann.id).execute()
    rules.generate(cast.north, [MONDAY], BY)
    assert actual(lines.ann).actual == 400
    assert "4 x Hours" in owner.get(WEEK).text
    assert row_of(owner, lines.ann, visits="2.5", comments="x").status_code == 422
    assert row_of(owner, lines.ann, visits="3").status_code == 200
    assert actual(lines.ann).visits == 3 and actual(lines.ann).actual == 400


@pytest.mark.feature("M-29")
def test_payable_and_informational_lines(owner, cast, lines):
    assert "MIXTURE OF PAYABLE" not in owner.get(WEEK).text
    extra = world.level("EC", "Extra Care", paid_on="planned")
    package = world.line(cast, 1060, cast.ann, extra, 700)
    save(package, 700)
    text = text_of(owner.get(WEEK).text)
    assert "MIXTURE OF PAYABLE AND INFORMATIONAL ACTUALS" in text
    assert "For information, not paid" in text and "£0.00 of £0.00" in text


@pytest.mark.feature("M-41")
def test_rows_from_visits_are_read_only(owner, cast, lines):
    add_visit(cast, "V1")
    settle(cast)
    html = owner.get(edit(cast.ann)).text
    assert "This comes from visits. Send or correct the visits instead." in html
    assert f'name="p{cast.package.id}-actual"' not in html
    data = {"rows": f"p{cast.package.id}", f"p{cast.package.id}-actual": "7", f"p{cast.package.id}-comments": "x"}
    answer = owner.post(edit(cast.ann), data={**data, "organisation_id": cast.oakfield.id})
    assert answer.status_code == 422 and actual(cast.package).source == "visits"


def test_twenty_five_clients_a_page(owner, cast, lines):
    from models import Client

    for number in range(30):
        who = Client.create(ssref=f"Z{number:03}", client_ref=f"Z{number}", surname=f"Zed{number:03}", forename="A")
        world.line(cast, 2000 + number, who, lines.domestic, 100)
    html = owner.get(WEEK).text
    assert html.count('<tr class="client">') == 25 and "Pages: 1 of 2" in html
    second = owner.get(f"{WEEK}&page=2").text
    assert second.count('<tr class="client">') == 7 and "Pages: 2 of 2" in owner.get(f"{WEEK}&page=99").text


def test_as_many_queries_at_ten_rows_as_at_one(owner, cast, lines):
    from models import Client

    breaks = world.line(cast, 1031, cast.ann, lines.breaks, 1000)
    rounds = world.line(cast, 1032, cast.ann, lines.rounds, 700)
    save(breaks, 200, 0, 0, 0, 1, "Seaside")
    save(rounds, 700)
    few = counting.of(owner, WEEK), counting.of(owner, f"{WEEK}&edit=all")
    for number in range(10):
        who = Client.create(ssref=f"Z{number:03}", client_ref=f"Z{number}", surname=f"Zed{number:03}", forename="A")
        for cpli, level in ((2000, lines.domestic), (2100, lines.breaks), (2200, lines.rounds)):
            package = world.line(cast, cpli + number, who, level, 700)
            save(package, 700, 0, 0, 0, 1, "x")
    assert (counting.of(owner, WEEK), counting.of(owner, f"{WEEK}&edit=all")) == few
    assert few[0] <= 16


# generating --------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("M-10", "M-11", "M-27")
def test_generate_fills_what_is_missing_and_nothing_else(owner, cast, lines):
    breaks = world.line(cast, 1030, cast.ann, lines.breaks, 1000)
    ended = world.line(cast, 1031, cast.bob, lines.domestic, 700, end_date=MONDAY - dt.timedelta(1))
    save(lines.ann, 1300, 0, 100, 0, 13, "Carer ill")
    address = WEEK.replace("?", "/generation?")
    first = text_of(owner.post(address, follow_redirects=True).text)
    assert "2 rows were generated as planned." in first
    assert actual(lines.ann).actual == 1300 and actual(lines.bob).actual == 350
    assert actual(breaks) is None and actual(ended) is None
    assert "Every line has its actual already. Nothing was changed." in text_of(
        owner.post(address, follow_redirects=True).text
    )
    empty = owner.post(address + f"&service={cast.south.id}", follow_redirects=True)
    assert "no line of care to generate" in text_of(empty.text)


@pytest.mark.feature("M-10")
def test_all_weeks_not_done_are_a_job(owner, cast, lines):
    answer = owner.post(WEEK.replace("?", "/generation?"), data={"range": "all"})
    assert answer.status_code == 303
    assert "You can leave this page" in owner.get(answer.location).text
    assert not Actual.select().exists()
    jobs.run_waiting()
    weeks = {a.week for a in Actual.select().where(Actual.package == lines.ann)}
    assert weeks == {dt.date(2026, 9, 7) + dt.timedelta(7 * n) for n in range(5)}
    done = owner.get(answer.location).text
    assert "has its actual now" in done
    from models import Due

    assert Due.select().where(Due.package == lines.ann).count() == 5


# editing -----------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("M-23", "M-24", "M-25")
def test_one_page_for_a_client_and_every_row_is_judged_by_itself(owner, cast, lines):
    rules.generate(cast.north, [MONDAY], BY)
    page = owner.get(edit(cast.bob))
    text = text_of(page.text)
    for words in ("Edit Actuals for Oakfield Home Care, Mr Bob O'Neill (A100002)", "Week Beginning 5 October 2026",
                  "Week Total: £113.12", "Save", "Undo", "Back"):  # fmt: skip
        assert words in text, words
    one, two = f"p{lines.bob.id}", f"p{lines.bob_two.id}"
    data = sent(
        owner,
        cast.bob,
        **{f"{one}_actual": "1e9", f"{two}_actual": "3", f"{two}_missed": "0.5", f"{two}_comments": "Ill"},
    )
    answer = owner.post(edit(cast.bob), data=data)
    assert answer.status_code == 422
    assert actual(lines.bob_two).actual == 300 and actual(lines.bob).actual == 350
    assert "Enter the actual as a number with at most two decimals" in answer.text and 'value="1e9"' in answer.text
    assert f'href="#{one}-actual"' in answer.text and "Saved" in answer.text
    for wrong in ("-1", "abc", "3.555", "1,2,3", "99999", "½", "3 hours"):
        answer = owner.post(
            edit(cast.bob), data=sent(owner, cast.bob, **{f"{one}_actual": wrong, f"{one}_comments": "x"})
        )
        assert answer.status_code == 422 and actual(lines.bob).actual == 350, wrong
    answer = owner.post(edit(cast.bob), data=sent(owner, cast.bob, **{f"{one}_actual": "2"}))
    assert "Enter a comment that says why this differs from plan" in answer.text
    data = sent(owner, cast.bob, **{f"{one}_actual": "2.5", f"{one}_missed": "1", f"{one}_comments": "Late"})
    answer = owner.post(edit(cast.bob), data=data)
    assert answer.status_code == 303 and "1 row saved." in owner.get(answer.location).text
    again = owner.post(edit(cast.bob), data=data, follow_redirects=True)
    assert "Nothing was changed." in again.text and actual(lines.bob).version == 2, "sent twice it is saved once"


def test_long_comments_with_emoji_are_kept_whole(owner, cast, lines):
    rules.generate(cast.north, [MONDAY], BY)
    comment = ("Ann fell on Monday 🚑 and went home again. " * 200)[:7_990] + "\n=1+1 🙂"
    key = f"p{lines.ann.id}"
    assert owner.post(edit(cast.ann), data=sent(owner, cast.ann, **{f"{key}_comments": comment})).status_code == 303
    assert actual(lines.ann).comments == comment
    answer = owner.post(edit(cast.ann), data=sent(owner, cast.ann, **{f"{key}_comments": comment + "xxxx"}))
    assert answer.status_code == 422 and "Enter at most 8,000 characters: these are 1 more" in answer.text
    assert comment[:100] in answer.text


def test_blank_rows_are_left_and_what_is_typed_is_entered(owner, cast, lines):
    answer = owner.post(edit(cast.bob), data=sent(owner, cast.bob), follow_redirects=True)
    assert "Nothing was changed." in answer.text and not Actual.select().exists()
    answer = owner.post(edit(cast.bob), data=sent(owner, cast.bob, **{f"p{lines.bob.id}_comments": "Hm"}))
    assert answer.status_code == 422 and "Enter the actual: 0 if nothing was delivered" in answer.text
    data = sent(owner, cast.bob, **{f"p{lines.bob.id}_actual": "3.5"})
    assert owner.post(edit(cast.bob), data=data).status_code == 303
    assert actual(lines.bob).source == "entered" and actual(lines.bob_two) is None


@pytest.mark.feature("M-21", "M-23")
def test_a_row_is_saved_in_place_and_answers_with_itself(owner, cast, lines):
    rules.generate(cast.north, [MONDAY], BY)
    heads = {"HX-Request": "true", "HX-Target": f"tbody#client-{cast.ann.id}"}
    opened = owner.get(edit(cast.ann), headers=heads).text
    assert opened.lstrip().startswith(f'<tbody id="client-{cast.ann.id}"') and f'id="f-p{lines.ann.id}"' in opened
    back = owner.get(edit(cast.ann) + "&view=rows", headers=heads).text
    assert "Add/Edit" in back and "<input" not in back
    key = f"p{lines.ann.id}"
    answer = row_of(owner, lines.ann, actual="13", missed="1", comments="Carer ill")
    assert answer.status_code == 200 and answer.text.lstrip().startswith(f'<tr id="line-{key}"')
    assert (
        "Saved" in answer.text
        and 'data-cost="21008"' in answer.text
        and "= 13 (Actual + Frstd) Hours x £16.16" in answer.text
    )
    assert len(answer.data) < 5_000 and f'name="{key}-version" value="2"' in answer.text
    refused = row_of(owner, lines.ann, actual="-3")
    assert refused.status_code == 422 and "Actual must be 0 or more" in refused.text and 'value="-3"' in refused.text
    assert actual(lines.ann).actual == 1300


@pytest.mark.feature("M-23")
def test_two_people_on_one_row_see_both_values(owner, cast, lines):
    rules.generate(cast.north, [MONDAY], BY)
    key = f"p{lines.ann.id}"
    mine = sent(owner, cast.ann, **{f"{key}_actual": "13", f"{key}_missed": "1", f"{key}_comments": "Carer ill"})
    save(lines.ann, 1200, 0, 200, 0, 12, "Ill twice", by=Actor(None, "Owen Marsh"))
    answer = owner.post(edit(cast.ann), data=mine)
    text = text_of(answer.text)
    assert answer.status_code == 409 and actual(lines.ann).actual == 1200
    assert "Owen Marsh changed this row while you had it open." in text
    assert "It is now: Actual 12, Frstd 0, Msd 2, Xtr 0, Vst 12, “Ill twice”" in text
    assert 'value="13"' in answer.text and "Carer ill" in answer.text
    data = fields(answer.text, "rows")
    assert owner.post(edit(cast.ann), data=data).status_code == 303
    assert actual(lines.ann).actual == 1300, "the person has seen both and saved again"


@pytest.mark.feature("M-36")
def test_a_row_that_is_locked_while_it_is_open(owner, cast, lines):
    rules.generate(cast.north, [MONDAY], BY)
    key = f"p{lines.ann.id}"
    mine = sent(owner, cast.ann, **{f"{key}_actual": "13", f"{key}_missed": "1", f"{key}_comments": "Carer ill"})
    posting.lock([cast.north], MONDAY, OFFICER)
    answer = owner.post(edit(cast.ann), data=mine)
    assert answer.status_code == 422 and "The authority has locked this week" in answer.text
    assert "You typed: Actual 13, Frstd 0, Msd 1, Xtr 0, Vst 0, “Carer ill”." in text_of(answer.text)
    assert actual(lines.ann).actual == 1400
    text = text_of(owner.get(WEEK).text)
    assert "Locked The authority has locked this week" in text and "Add/Edit" not in text
    assert (
        "has locked this week"
        in owner.post(WEEK.replace("?", "/plan?"), data={"keys": key}, follow_redirects=True).text
    )
    assert actual(lines.ann).version == 1


def test_a_package_that_ends_while_its_row_is_open(owner, cast, lines):
    rules.generate(cast.north, [MONDAY], BY)
    key = f"p{lines.ann.id}"
    mine = sent(owner, cast.ann, **{f"{key}_actual": "13", f"{key}_missed": "1", f"{key}_comments": "Carer ill"})
    Package.update(end_date=MONDAY + dt.timedelta(2)).where(Package.id == lines.ann.id).execute()
    answer = owner.post(edit(cast.ann), data=mine)
    assert answer.status_code == 409 and "The plan of this week was changed from 14 to 6 meanwhile" in answer.text
    Package.update(end_date=MONDAY - dt.timedelta(1)).where(Package.id == lines.ann.id).execute()
    answer = owner.post(edit(cast.ann), data=mine)
    assert answer.status_code == 422 and "not active on any day of this week" in answer.text
    text = text_of(owner.get(WEEK).text)
    assert "▲ The package is not active on any day of this week. The row is kept and costs nothing." in text
    Actual.delete().execute()
    headers = {"HX-Request": "true", "HX-Target": f"tr#line-{key}"}
    gone = owner.post(edit(cast.ann), data={**mine, "rows": key}, headers=headers)
    assert gone.status_code == 422 and "not in the week any more" in gone.text
    assert "Actual 13, Msd 1, “Carer ill”" in text_of(gone.text)


@pytest.mark.feature("M-27")
def test_a_short_break_is_added_in_place(owner, cast, lines):
    """Add/Edit in the grid offers what is not in the week yet; a press puts its boxes there, other rows as they are."""
    breaks = world.line(cast, 1030, cast.ann, lines.breaks, 2800, 1_425_000)
    key = f"p{breaks.id}"
    for opened in (
        owner.get(edit(cast.ann), headers={"HX-Request": "true", "HX-Target": f"tbody#client-{cast.ann.id}"}).text,
        owner.get(f"{WEEK}&edit=all").text,
    ):
        row = re.search(rf'<tr id="line-{key}".*?</tr>', opened, re.DOTALL)[0]
        assert "Short Breaks" in row and "Add Actual: Planned" in row and "<input" not in row
        href = re.search(r'hx-get="([^"]*)"', row)[1].replace("&amp;", "&")
    made = owner.get(href, headers={"HX-Request": "true", "HX-Target": f"tr#line-{key}"}).text
    assert made.lstrip().startswith(f'<tr id="line-{key}"') and f'name="{key}-actual" value="0"' in made
    assert f'id="line-p{lines.ann.id}"' not in made


@pytest.mark.feature("M-27", "M-28", "K-19")
def test_a_short_break_is_added(owner, cast, lines):
    breaks = world.line(cast, 1030, cast.ann, lines.breaks, 2800, 1_425_000)
    key = f"p{breaks.id}"
    page = owner.get(edit(cast.ann)).text
    assert f'<option value="p{lines.ann.id}"' not in page, "its row is there already, to be filled in"
    assert "Add Actual: Planned" in page and f'<option value="{key}">Short Breaks, CPLI 1030' in page
    page = owner.get(edit(cast.ann) + f"&add={key}").text
    assert re.search(rf'name="{key}-actual" value="0"', page) and re.search(rf'name="{key}-visits" value="1"', page)
    assert f'<option value="{key}">' not in page and "28 of 28 Nights left in 2026/2027" in page
    data = changed(fields(page, "rows"), {f"{key}-actual": "3", f"{key}-comments": "Seaside"})
    assert owner.post(edit(cast.ann), data=data).status_code == 303
    assert actual(breaks).actual == 300
    text = text_of(owner.get(WEEK).text)
    assert "3 x Nights" in text and "£427.50" in text and "25 of 28 Nights left in 2026/2027" in text
    assert "Yearly allocations, 2026/2027" in text and "begins anew on 1 April" in text
    assert f'<option value="{key}">' not in owner.get(edit(cast.ann)).text
    refused = row_of(owner, breaks, actual="8")
    assert refused.status_code == 422 and "a week has 7 nights" in refused.text


@pytest.mark.feature("M-26")
def test_an_unplanned_line_is_added_only_where_the_authority_allows_it(owner, cast, lines):
    extra = world.level("EX", "Shopping")
    key = f"u{cast.north.id}x{extra.id}"
    assert "Add Actual: Unplanned" not in owner.get(edit(cast.ann)).text
    data = {"rows": key, f"{key}-actual": "2", f"{key}-comments": "x", "organisation_id": cast.oakfield.id}
    assert owner.post(edit(cast.ann), data=data).status_code == 422
    settings.change(SETTER, {"unplanned_actuals": True})
    page = owner.get(edit(cast.ann) + f"&add={key}").text
    assert "Add Actual: Unplanned" in page and f'name="{key}-actual"' in page and f'name="{key}-missed"' not in page
    answer = owner.post(
        edit(cast.ann), data=changed(fields(page, "rows"), {f"{key}-actual": "2", f"{key}-comments": "Asked for"})
    )
    assert answer.status_code == 303
    text = text_of(owner.get(WEEK).text)
    assert "2 x Hours" in text and "Unplanned: it is paid once the authority has made it a package." in text
    assert "Total: £0.00 of £0.00" in text
    stranger = f"u{cast.house.id}x{extra.id}"
    assert owner.post(edit(cast.ann), data={**data, "rows": stranger}).status_code == 422


def test_history_of_a_row_stands_on_its_page(owner, cast, lines):
    save(lines.ann, 1400)
    save(lines.ann, 1300, 0, 100, 0, 14, "Carer ill", by=Actor(None, "Owen Marsh"))
    text = text_of(owner.get(edit(cast.ann)).text)
    assert "History of these rows" in text and "Owen Marsh" in text and "Changed an actual" in text


# presses -----------------------------------------------------------------------------------------------------------------


def test_as_planned_and_nothing_delivered_in_one_press(owner, cast, lines):
    save(lines.bob, 250, 0, 100, 0, 0, "Ill")
    keys = " ".join(f"p{p.id}" for p in (lines.ann, lines.bob, lines.bob_two, cast.placed))
    answer = owner.post(WEEK.replace("?", "/plan?"), data={"keys": keys}, follow_redirects=True)
    text = text_of(answer.text)
    assert "2 rows are as planned. Rows that somebody has changed were left as they are (1)." in text
    assert actual(lines.bob).actual == 250 and actual(cast.placed) is None
    answer = owner.post(edit(cast.bob).replace("?", "/plan?"), data={"from": "client"})
    assert f"/clients/{cast.bob.id}" in answer.location and actual(lines.bob).actual == 350
    answer = owner.post(edit(cast.bob).replace("?", "/nothing-delivered?"), data={"comment": ""}, follow_redirects=True)
    assert "Enter a comment that says why nothing was delivered" in answer.text and actual(lines.bob).actual == 350
    owner.post(edit(cast.bob).replace("?", "/nothing-delivered?"), data={"comment": "In hospital"})
    assert actual(lines.bob).missed == actual(lines.bob_two).missed == 350
    owner.post(WEEK.replace("?", "/nothing-delivered?"), data={"keys": keys, "comment": "Snow"})
    assert (actual(lines.ann).actual, actual(lines.ann).comments, actual(lines.bob).comments) == (
        0,
        "Snow",
        "In hospital",
    )


def test_confirming_also_when_nothing_changed(owner, cast, lines):
    confirm = WEEK.replace("?", "/confirmation?")
    data = {"confirms": cast.north.id, "organisation_id": cast.oakfield.id}
    asked = owner.post(confirm, data=data)
    assert asked.status_code == 422 and "2 clients have no actuals in the week beginning 5 October 2026" in text_of(
        asked.text
    )
    assert not ConfirmedWeek.select().exists()
    rules.generate(cast.north, [MONDAY], BY)
    page = text_of(owner.get(WEEK).text)
    assert "Not confirmed Every line has its actual. Due 3 November 2026." in page
    answer = owner.post(confirm, data=data, follow_redirects=True)
    assert "is confirmed" in answer.text and "Confirmed by Greta Finch on" in text_of(answer.text)
    assert "confirmed already" in owner.post(confirm, data=data, follow_redirects=True).text
    assert ConfirmedWeek.select().count() == 1
    save(lines.ann, 1300, 0, 100, 0, 14, "Carer ill", by=Actor(None, "Owen Marsh"))
    text = text_of(owner.get(WEEK).text)
    assert "1 row changed since: Mrs Ann Archer, Domestic Support (Owen Marsh)" in text
    assert owner.post(confirm, data={**data, "confirms": cast.house.id}).status_code == 404
    ahead = owner.post("/provider/actuals/confirmation?week=2026-10-19", data=data, follow_redirects=True)
    assert "has not begun" in ahead.text and ConfirmedWeek.select().count() == 1


def test_confirming_without_some_actuals_wants_a_tick(owner, cast, lines):
    data = {"confirms": cast.north.id, "without": "y", "organisation_id": cast.oakfield.id}
    assert owner.post(WEEK.replace("?", "/confirmation?"), data=data).status_code == 303
    assert ConfirmedWeek.get().by == "Greta Finch"


# who may -----------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("M-39")
def test_a_provider_that_does_not_submit_may_look(owner, cast, lines):
    save(lines.ann, 1400)
    Organisation.update(enters_actuals=False).where(Organisation.id == cast.oakfield.id).execute()
    html = owner.get(WEEK).text
    assert "14 x Hours" in html
    for words in ("Add/Edit", "Generate Actuals", "Confirm the week", "as planned</button>"):
        assert words not in html, words
    looked = owner.get(edit(cast.ann)).text
    assert "<textarea" not in looked and "14 x Hours" in looked
    for path in ("generation", "plan", "nothing-delivered", "confirmation", f"clients/{cast.ann.id}"):
        answer = owner.post(f"/provider/actuals/{path}?week=2026-10-05", data={"confirms": cast.north.id})
        assert answer.status_code == 403 and "The authority enters your organisation" in answer.text, path


def test_strangers_find_nothing(client, cast, lines):
    cast.sign_in(client, cast.outsider)
    for path in ("", f"/clients/{cast.ann.id}"):
        assert client.get(f"/provider/actuals{path}?week=2026-10-05").status_code == 404
    world.line(cast, 1070, cast.cat, lines.domestic, 100, service=cast.house, contract=cast.spot)
    assert client.get("/provider/actuals?week=2026-10-05").status_code == 200
    assert "Archer" not in client.get("/provider/actuals?week=2026-10-05").text
    for path in (
        f"/clients/{cast.ann.id}",
        f"/clients/{cast.ann.id}/plan",
        f"/clients/{cast.ann.id}/nothing-delivered",
    ):
        answer = client.post(
            f"/provider/actuals{path}?week=2026-10-05", data={"rows": f"p{lines.ann.id}", "comment": "x"}
        )
        assert answer.status_code == 404, path
    keys = {"keys": f"p{lines.ann.id}", "comment": "x"}
    for path in ("/plan", "/nothing-delivered"):
        client.post(f"/provider/actuals{path}?week=2026-10-05", data=keys)
    own = client.get(f"/provider/actuals/clients/{cast.cat.id}?week=2026-10-05").text
    data = {"rows": f"p{lines.ann.id}", f"p{lines.ann.id}-actual": "1", "organisation_id": cast.brookhouse.id}
    client.post(f"/provider/actuals/clients/{cast.cat.id}?week=2026-10-05", data=data)
    assert "Archer" not in own and actual(lines.ann) is None


def test_a_form_of_another_organisation_is_refused_and_keeps_what_was_typed(owner, cast, lines):
    key = f"p{lines.ann.id}"
    data = sent(
        owner, cast.ann, **{f"{key}_actual": "13", f"{key}_comments": "Ill", "organisation_id": str(cast.brookhouse.id)}
    )
    data["organisation_id"] = str(cast.brookhouse.id)
    answer = owner.post(edit(cast.ann), data=data)
    assert answer.status_code == 422 and actual(lines.ann) is None
    assert "for another organisation" in answer.text and 'value="13"' in answer.text


def test_the_tab_and_the_module(client, cast, lines):
    cast.sign_in(client, cast.finance)
    html = client.get("/provider/visits?week=2026-10-05").text
    assert 'href="/provider/actuals?week=2026-10-05">Actuals</a>' in html
    assert re.findall(r'aria-current="page">([^<]+)</a></li>', client.get(WEEK).text)[0] == "Actuals/Visits"
    ServiceLevel.update(entry="weekly", visits_wanted=False).where(ServiceLevel.id == cast.personal_care.id).execute()
    assert client.get("/provider/visits").status_code == 404
    tabs = re.findall(r'portal-tabs__link" href="[^"]*"[^>]*>([^<]+)<', client.get(WEEK).text)
    assert tabs[1] == "Actuals"
    settings.change(SETTER, {"module_actuals": False})
    assert client.get(WEEK).status_code == 404 and ">Actuals<" not in client.get("/provider/").text
