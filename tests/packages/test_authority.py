"""Packages as officers see, authorise and keep them."""

import datetime as dt

import pytest

from blueprints import consequences, history
from blueprints.payments import rules as payments
from blueprints.periods import rules as periods
from models import (
    Change,
    Client,
    Due,
    Finalisation,
    Look,
    Package,
    PackageRate,
    PaymentItem,
    TimetableSlot,
    Visit,
    VisitStatus,
)
from tests.cast import MONDAY, at
from tests.conftest import TODAY
from tests.pages import changed, confirm, fields, press, queries


@pytest.fixture
def officer(client, cast):
    cast.sign_in(client, cast.officer)
    return client


def settled(cast, finalised=()):
    """Everything worked out; the first period finalised for these contracts."""
    consequences.follow(consequences.Change(packages=[p.id for p in Package.select()]), now=True)
    for contract in finalised:
        periods.finalise(contract, cast.periods[0], history.Actor(cast.officer.id, "Amir Khan"), TODAY)


def address(package, verb=""):
    return f"/authority/packages/{package.id}" + (f"/{verb}" if verb else "")


def make_visit(cast, **facts):
    """A delivered hour of Ann's, on the Monday of the week."""
    given = {
        "ref": "V1", "planned_date": MONDAY, "planned_entry": at(8), "planned_exit": at(9), "delivered_date": MONDAY,
        "delivered_entry": at(8), "delivered_exit": at(9), "planned_minutes": 60, "delivered_minutes": 60, "week": MONDAY,
    } | facts  # fmt: skip
    return Visit.create(
        organisation=cast.oakfield,
        type=cast.types["DHS"],
        client=cast.ann,
        level=cast.personal_care,
        ssref="A100001",
        **given,
    )


# lists


def test_filters(officer, cast):
    cast.make_package(
        1,
        cast.bob,
        cast.south,
        cast.personal_care,
        cast.dapl,
        dt.date(2026, 1, 5),
        end_date=TODAY,
        quantity=100,
        unit_cost=10000,
    )
    cast.make_package(
        2,
        cast.bob,
        cast.south,
        cast.personal_care,
        cast.dapl,
        dt.date(2026, 1, 5),
        end_date=TODAY - dt.timedelta(1),
        quantity=100,
        unit_cost=10000,
    )
    cast.make_package(
        3, cast.bob, cast.south, cast.personal_care, cast.dapl, TODAY + dt.timedelta(1), quantity=100, unit_cost=10000
    )
    cast.make_package(
        4, cast.bob, cast.south, cast.personal_care, cast.dapl, quantity=100, unit_cost=10000, authorised=False
    )

    def listed(query):
        rows = officer.get(f"/authority/packages?{query}&format=csv").text.splitlines()[1:]
        return {int(r.split(",")[0]) for r in rows}

    everything = {1, 2, 3, 4, 156017, 156018, 200001}
    assert listed("") == everything - {2}  # an end of today is not ended (3.8)
    assert listed("when=historical") == {2}
    assert listed("when=to-come") == {3}
    assert listed("when=current") == everything - {2, 3}
    assert listed("when=all") == everything
    assert listed("authorised=no") == {4}
    assert listed(f"organisation={cast.brookhouse.id}") == {200001}
    assert listed(f"service={cast.north.id}") == {156017, 156018}
    assert listed(f"level={cast.placement.id}") == {200001}
    assert listed(f"contract={cast.spot.id}") == {200001}
    assert listed("q=archer") == listed("q=A100001") == listed("q=156017") == {156017}
    assert listed("q=zzz&sort=-end") == set()
    assert "No packages match" in officer.get("/authority/packages?q=zzz").text


def test_a_row_shows_cost_and_pricing(officer, cast):
    text = officer.get("/authority/packages?q=archer").text
    assert "£162.58 Weekly (Timetabled)" in text and "7 x Hours (Timetabled Pricing) (Spot)" in text


@pytest.mark.feature("K-11")
def test_a_client_may_have_several_lines(officer, cast):
    for cpli, facts in (
        (11, {"quantity": 350}),
        (12, {"quantity": 100, "end_date": dt.date(2026, 11, 1)}),
        (13, {"quantity": 100, "frequency": "One-off"}),
    ):
        answer = press(
            officer, f"/authority/packages/new?client={cast.bob.id}&service={cast.south.id}", cpli_id=str(cpli),
            level=str(cast.personal_care.id), contract=str(cast.dapl.id), start_date="5/10/2026", unit_cost="15",
            quantity=f"{facts['quantity'] / 100}", frequency=facts.get("frequency", "Weekly"),
            end_date=facts["end_date"].strftime("%d/%m/%Y") if "end_date" in facts else "",
        )  # fmt: skip
        assert answer.status_code == 303, answer.text
    text = officer.get(f"/authority/clients/{cast.bob.id}/packages").text
    assert "4 packages" in text and "£15.00 One-off" in text and "01/11/2026" in text
    answer = press(
        officer, f"/authority/packages/new?client={cast.bob.id}&service={cast.south.id}", cpli_id="14", quantity="1",
        level=str(cast.personal_care.id), contract=str(cast.dapl.id), start_date="5/10/2026", end_date="4/10/2026", unit_cost="15",
    )  # fmt: skip
    assert answer.status_code == 422 and "on or after 05/10/2026" in answer.text


@pytest.mark.parametrize("where", ["/authority/packages", "/authority/packages/waiting"])
def test_lists_take_the_same_queries_at_ten_rows(officer, cast, where):
    cast.make_package(
        1, cast.bob, cast.south, cast.personal_care, cast.dapl, quantity=100, unit_cost=10000, authorised=False
    )
    officer.get(where)
    few = queries(officer, where)
    for n in range(2, 12):
        who = Client.create(ssref=f"X{n}", client_ref=f"X{n}", surname="Extra", forename=str(n))
        cast.make_package(
            n, who, cast.south, cast.personal_care, cast.dapl, quantity=100, unit_cost=10000, authorised=False
        )
    assert queries(officer, where) == few


@pytest.mark.parametrize("tab", ["", "weeks", "visits", "history"])
def test_tabs_and_looks(officer, cast, tab):
    assert officer.get(address(cast.package, tab)).status_code == 200
    assert Look.select().where((Look.thing == "package") & (Look.thing_id == cast.package.id)).count() == 1
    assert officer.get(f"/authority/packages/99999/{tab}".rstrip("/")).status_code == 404


def test_the_timetable_is_a_grid_by_weekday(officer, cast):
    text = officer.get(address(cast.package)).text
    assert text.count("08:00 to 09:00") == 7 and "Wednesday" in text


# changing


@pytest.mark.feature("K-15")
def test_creating_repricing_ending_and_reopening(officer, cast):
    answer = press(
        officer, f"/authority/packages/new?client={cast.cat.id}&service={cast.house.id}", cpli_id="77", quantity="1",
        level=str(cast.placement.id), contract=str(cast.spot.id), start_date="1/2/2027", unit_cost="122.84",
        cost_centre="CC1", subjective="S1", authorised="y",
    )  # fmt: skip
    row = Package.get(Package.cpli_id == 77)
    assert answer.location == address(row)
    assert (row.organisation_id, row.unit_cost, row.pricing_basis, row.cost_centre) == (
        cast.brookhouse.id,
        1228400,
        "Spot",
        "CC1",
    )
    assert "1 x Placement at £122.84 (Spot)" in officer.get(address(row)).text
    assert press(officer, address(row, "rates"), from_date=["1/3/2027"], unit_cost=["130"]).status_code == 303
    assert press(officer, address(row, "end"), end_date="30/6/2027").status_code == 303
    assert Package.get_by_id(row.id).end_date == dt.date(2027, 6, 30)
    assert press(officer, address(row, "reopening")).status_code == 303
    assert Package.get_by_id(row.id).end_date is None
    assert press(officer, address(row, "end"), end_date="30/1/2027").status_code == 422
    text = officer.get(address(row, "history")).text
    assert "Changed rates" in text and "£122.84" in text and "Brookhouse Spot" in text


@pytest.mark.feature("K-15")
def test_what_moves_the_past_is_said_before_it_is_saved(officer, cast):
    """Rule 3.9: a repriced package of which four weeks are finalised and two are current."""
    settled(cast, [cast.spot])
    before = {(d.week, d.cost) for d in Due.select().where(Due.package == cast.placed)}
    answer = press(officer, address(cast.placed, "edit"), unit_cost="650.00")
    assert answer.status_code == 200
    # Six weeks have begun since 7 September, each £3.94 more; four of them are paid.
    assert "This changes 6 weeks by £23.64." in answer.text
    assert "4 of them are in finalised periods" in answer.text and answer.text.count("Adjustment") == 4
    assert Package.get_by_id(cast.placed.id).unit_cost == 6460600
    assert {(d.week, d.cost) for d in Due.select().where(Due.package == cast.placed)} == before
    assert confirm(officer, answer).status_code == 303
    assert Package.get_by_id(cast.placed.id).unit_cost == 6500000
    found = [i for i in payments.items(cast.spot, cast.periods[1]) if i.kind == "adjustment"]
    assert [i.amount for i in found] == [394] * 4 and {i.reason for i in found} == {"rate changed"}
    assert Finalisation.select().count() == 1 and sum(i.amount for i in PaymentItem.select()) == 4 * 64606


def test_a_confirmation_is_for_what_it_said(officer, cast):
    settled(cast, [cast.spot])
    answer = press(officer, address(cast.placed, "edit"), unit_cost="650.00")
    other = confirm(officer, answer, unit_cost="700.00")
    assert "This changes 6 weeks by £323.64." in other.text
    assert Package.get_by_id(cast.placed.id).unit_cost == 6460600


def test_the_choice_to_end_and_start_another_from_a_date(officer, cast):
    settled(cast, [cast.spot])
    answer = press(officer, address(cast.placed, "edit"), unit_cost="650.00", quantity="1")
    link = (
        answer.text.split("End the package and start another")[0]
        .rsplit('href="', 1)[1]
        .split('"')[0]
        .replace("&amp;", "&")
    )
    assert "client" not in link
    shown = officer.get(link).text
    assert 'value="650.00"' in shown
    answer = press(officer, link, start_date="19/10/2026")
    assert answer.status_code == 303
    assert Package.get_by_id(cast.placed.id).end_date == dt.date(2026, 10, 18)
    new = Package.get(Package.cpli_id == 200002)
    assert (new.start_date, new.unit_cost, new.client) == (dt.date(2026, 10, 19), 6500000, cast.cat)
    assert not [i for i in payments.items(cast.spot, cast.periods[1]) if i.kind == "adjustment"]


def test_a_successor_takes_the_timetable_and_later_rates(officer, cast):
    PackageRate.create(package=cast.package, from_date=dt.date(2026, 10, 1), unit_cost=240000)
    PackageRate.create(package=cast.package, from_date=dt.date(2027, 4, 1), unit_cost=250000)
    answer = press(officer, address(cast.package, "successor"), start_date="7/9/2026")
    assert answer.status_code == 422 and "after 07/09/2026" in answer.text
    assert 'value="24.0000"' in officer.get(address(cast.package, "successor")).text
    answer = press(officer, address(cast.package, "successor"), start_date="19/10/2026", authorised="y")
    new = Package.get(Package.cpli_id == 200002)
    assert answer.location == address(new)
    assert new.unit_cost == 240000 and new.slots.count() == 7
    assert [r.from_date for r in new.rates] == [dt.date(2027, 4, 1)]


def test_what_is_fixed_once_paid(officer, cast):
    """Rule 3.9."""
    settled(cast, [cast.spot])
    text = officer.get(address(cast.placed, "edit")).text
    assert "can no longer change" in text
    answer = press(officer, address(cast.placed, "edit"), client="A100001")
    assert answer.status_code == 422 and "its client cannot change" in answer.text


def test_a_client_that_is_not_there_and_bad_numbers(officer, cast):
    answer = press(
        officer, address(cast.package, "edit"), client="NOBODY", quantity="-1", unit_cost="1.23456", frequency="Often"
    )
    assert answer.status_code == 422
    assert "Quantity must be 0 or more" in answer.text and "Enter the unit cost in pounds" in answer.text
    answer = press(officer, address(cast.package, "edit"), client="NOBODY")
    assert "Enter the SSRef of a client that the portal has" in answer.text
    answer = press(officer, address(cast.package, "edit"), frequency="Often")
    assert "2-Weekly to 52-Weekly" in answer.text
    answer = press(officer, address(cast.package, "edit"), frequency="Yearly")
    assert "is not intermittent" in answer.text


def test_the_second_of_two_savers_sees_both_values(officer, cast):
    mine = fields(officer.get(address(cast.package, "edit")).text)
    press(officer, address(cast.package, "edit"), cost_centre="CC-1")
    answer = officer.post(address(cast.package, "edit"), data=changed(mine, {"cost_centre": "CC-2"}))
    assert answer.status_code == 422 and "CC-1" in answer.text and "CC-2" in answer.text
    assert Package.get_by_id(cast.package.id).cost_centre == "CC-1"


def test_rates_and_timetables_by_two_people(officer, cast):
    for verb, theirs, mine_rows in (
        ("rates", {"from_date": ["1/4/2027"], "unit_cost": ["25"]}, {"from_date": ["1/4/2027"], "unit_cost": ["26"]}),
        (
            "timetable",
            {"weekday": ["0"], "entry": ["08:00"], "exit": ["09:30"], "carers": ["1"]},
            {"weekday": ["0"], "entry": ["08:00"], "exit": ["10:00"], "carers": ["2"]},
        ),
    ):
        mine = fields(officer.get(address(cast.package, verb)).text)
        answer = press(officer, address(cast.package, verb), **theirs)
        if answer.status_code == 200:
            assert confirm(officer, answer).status_code == 303
        answer = officer.post(address(cast.package, verb), data=changed(mine, mine_rows))
        assert answer.status_code == 422 and "Somebody else has changed this" in answer.text
    assert "Mon 08:00 to 09:30" in answer.text and "Mon 08:00 to 10:00, 2 carers" in answer.text
    assert [s.exit for s in TimetableSlot.select().where(TimetableSlot.package == cast.package)] == [at(9, 30)]


def test_rows_that_will_not_do_say_so_and_stay(officer, cast):
    answer = press(
        officer, address(cast.package, "rates"), from_date=["1/4/2027", "1/4/2027", "x"], unit_cost=["25", "26", ""]
    )
    assert answer.status_code == 422
    assert "There is a rate from 01/04/2027 already" in answer.text and 'value="26"' in answer.text
    assert "Row 3: enter a date" in answer.text and 'href="#unit_cost-2"' in answer.text
    answer = press(
        officer, address(cast.package, "timetable"), weekday=["0", "0", ""], entry=["08:00", "08:00", "9"],
        exit=["09:00", "09:00", "10:00"], carers=["1", "1", "0"],
    )  # fmt: skip
    assert answer.status_code == 422 and "has this weekday, entry and exit time already" in answer.text
    assert "Row 3" in answer.text and TimetableSlot.select().count() == 7


def test_an_emptied_timetable_leaves_the_quantity(officer, cast):
    answer = press(officer, address(cast.package, "timetable"), weekday=[""], entry=[""], exit=[""], carers=[""])
    assert answer.status_code == 303 and not cast.package.slots.count()


@pytest.mark.feature("K-16")
def test_ending_rematches_visits_and_adjusts_what_is_paid(officer, cast):
    visit = make_visit(
        cast,
        week=MONDAY - dt.timedelta(28),
        planned_date=MONDAY - dt.timedelta(28),
        delivered_date=MONDAY - dt.timedelta(28),
    )
    settled(cast)
    assert Visit.get_by_id(visit.id).status == VisitStatus.MATCHED
    settled(cast, [cast.dapl])
    items = PaymentItem.select().count()
    answer = press(officer, address(cast.package, "end"), end_date="7/9/2026")
    assert answer.status_code == 303  # the Monday's visit stays
    cast.make_package(500, cast.ann, cast.south, cast.placement, cast.dapl, quantity=100, unit_cost=10000)
    answer = press(officer, address(cast.package, "edit"), start_date="8/9/2026", end_date="")
    assert "This changes 1 week by -£23.23." in answer.text
    confirm(officer, answer)
    found = Visit.get_by_id(visit.id)
    assert (found.status, found.reason) == (VisitStatus.UNMATCHED, "before the package starts")
    assert PaymentItem.select().count() == items
    assert [i.amount for i in payments.items(cast.dapl, cast.periods[1])] == [-2323]


# authorising


@pytest.mark.feature("K-15")
def test_authorising_says_what_will_happen_first(officer, cast):
    rows = [
        cast.make_package(
            n, cast.cat, cast.house, cast.placement, cast.spot, quantity=100, unit_cost=1000000, authorised=False
        )
        for n in (31, 32)
    ]
    settled(cast)
    text = officer.get("/authority/packages/waiting").text
    assert text.index(">31<") < text.index(">32<") and "2 packages wait" in text
    idents = [str(r.id) for r in rows]
    answer = officer.post("/authority/packages/authorisation", data={"package": idents})
    assert "This changes 12 weeks by £1,200.00." in answer.text
    assert not Package.get_by_id(rows[0].id).authorised
    done = confirm(officer, answer)
    assert done.status_code == 303 and Package.select().where(~Package.authorised).count() == 0
    assert "2 packages are authorised" in officer.get(done.location).text
    again = officer.post("/authority/packages/authorisation", data={"package": idents})
    assert again.status_code == 303 and "authorised already" in officer.get(again.location).text


def test_nothing_chosen(officer, cast):
    answer = officer.post("/authority/packages/authorisation", data={})
    assert "Choose at least one package" in officer.get(answer.location).text


def test_a_reader_sees_everything_and_no_button(client, cast):
    cast.sign_in(client, cast.reader)
    row = cast.make_package(
        1, cast.bob, cast.south, cast.personal_care, cast.dapl, quantity=100, unit_cost=10000, authorised=False
    )
    for where in ("/authority/packages", "/authority/packages/waiting", address(row)):
        text = client.get(where).text
        assert "Add a package" not in text and "authorising does" not in text and "End and start" not in text
    for verb in ("edit", "end", "reopening", "rates", "timetable", "successor"):
        assert client.post(address(row, verb), data={}).status_code == 403
    assert client.post("/authority/packages/authorisation", data={"package": row.id}).status_code == 403
    assert not Change.select().exists()


@pytest.mark.feature("K-18")
def test_planned_against_commissioned(officer, cast):
    for day in range(6):
        make_visit(cast, ref=f"V{day}", planned_date=MONDAY + dt.timedelta(day))
    settled(cast)
    text = officer.get("/authority/packages/planned-against-commissioned?week=7/10/2026").text
    assert "1 of 1 package with visits differ" in text and "156017" in text
    rows = officer.get("/authority/packages/planned-against-commissioned?week=2026-10-05&format=csv").text.splitlines()
    assert rows[1].endswith(",7.00,6.00,-1.00")
    make_visit(cast, ref="V6", planned_date=MONDAY + dt.timedelta(6))
    settled(cast)
    assert (
        "No package with visits in this week differs"
        in officer.get("/authority/packages/planned-against-commissioned?week=x").text
    )


def test_weeks_show_planned_actual_due_and_paid(officer, cast):
    make_visit(cast)
    settled(cast, [cast.spot])
    rows = officer.get(address(cast.package, "weeks") + "?format=csv").text.splitlines()
    assert "2026-10-05,7.00,1.00,1.00,0.00,23.23,0.00,0.00,23.23,2026-10-05,2026-11-01,Current" in rows
    assert "Finalised" in officer.get(address(cast.placed, "weeks")).text
