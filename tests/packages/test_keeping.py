"""The same rules as the files', as an officer's page calls them: faults by field, and what saving touches."""

from __future__ import annotations

import datetime as dt

import pytest

from blueprints import consequences, history
from blueprints.clients import rules as clients
from blueprints.contracts import rules as contracts
from blueprints.facts import Faulty
from blueprints.organisations import rules as organisations
from blueprints.packages import rules as packages
from blueprints.packages.plan import Slot
from blueprints.periods import rules as periods
from blueprints.services import rules as services
from models import (
    Client,
    Contract,
    Due,
    Organisation,
    Package,
    PackageRate,
    PaymentPeriod,
    Service,
    ServiceLevel,
    TimetableSlot,
)
from tests.cast import MONDAY, at

BY = history.Actor(None, "test")
LAST = dt.date(2026, 12, 31)


def faults(call, *args) -> dict[str, str]:
    """The faults of a refused save, by field."""
    with pytest.raises(Faulty) as refused:
        call(*args)
    return {fault.field: fault.message for fault in refused.value.faults}


def test_an_empty_form_names_every_field(app):
    assert set(faults(packages.save_package, {}, BY)) == set(packages.WANTED)
    assert set(faults(services.save_level, {}, BY)) == set(services.LEVEL_WANTED)
    assert set(faults(services.save_service, {}, BY)) == set(services.WANTED)
    assert set(faults(clients.save_client, {}, BY)) == set(clients.WANTED)
    assert set(faults(contracts.save_contract, {}, BY)) == set(contracts.WANTED)
    assert faults(organisations.save_organisation, {"ref": "X"}, BY) == {"name": "Enter the organisation's name"}


def test_a_reference_is_given_once(cast):
    assert "belongs to" in faults(organisations.save_organisation, {"ref": "oak", "name": "x"}, BY)["ref"]
    assert "ref" in faults(services.save_service, {"ref": "OAK-S"}, BY, cast.north)
    assert "ssref" in faults(clients.save_client, {"ssref": "a100002"}, BY, cast.ann)
    assert "client_ref" in faults(clients.save_client, {"client_ref": "CR-2"}, BY, cast.ann)
    assert "cpli_id" in faults(packages.save_package, {"cpli_id": 156018}, BY, cast.package)
    assert "ref" in faults(contracts.save_contract, {"ref": "C2"}, BY, cast.dapl)
    assert "name" in faults(periods.save_cycle, "four-WEEKLY", BY)


def test_a_package_is_added_and_followed_up(cast):
    saved = packages.save_package(
        {"cpli_id": 300, "client": cast.cat, "service": cast.house, "level": cast.placement, "contract": cast.spot,
         "start_date": MONDAY, "quantity": 100, "frequency": "Weekly", "unit_cost": 1000000, "authorised": True}, BY,
    )  # fmt: skip
    package = Package.get_by_id(saved.ident)
    assert package.organisation == cast.brookhouse
    consequences.follow_touched(saved.touched, now=True)
    assert Due.get((Due.package == package) & (Due.week == MONDAY)).cost == 10000
    assert history.of(package)[0]["what"] == "Added"


def test_a_packages_numbers_and_combinations(cast):
    wrong = {"quantity": -1, "unit_cost": -1, "discount": 10001, "contribution": -5, "frequency": "Daily"}
    assert set(faults(packages.save_package, wrong, BY, cast.package)) == set(wrong)
    assert faults(packages.save_package, {"contract": cast.spot}, BY, cast.package) == {
        "contract": "Enter a contract of the service's organisation; this one is another organisation's"
    }
    assert set(faults(packages.save_package, {"frequency": "Yearly"}, BY, cast.package)) == {"frequency"}


def test_before_a_change_is_saved_the_officer_sees_what_it_moves(cast):
    consequences.follow(consequences.Change(packages=[cast.placed.id]), now=True)
    moves = consequences.preview(
        lambda: packages.save_package({"unit_cost": 6560600}, BY, cast.placed), [cast.placed.id], MONDAY
    )
    assert (moves.weeks, moves.amount) == (5, 5 * 1000)
    assert Package.get_by_id(cast.placed.id).unit_cost == 6460600


def test_a_page_whose_row_holds_the_forms_values_already(cast):
    """What was there before is read anew, so that history and consequences see the change."""
    cast.placed.unit_cost = 1
    saved = packages.save_package({"unit_cost": 1}, BY, cast.placed)
    assert saved.touched.packages == {cast.placed.id}
    assert history.of(cast.placed)[0]["changes"] == [("unit_cost", 6460600, 1)]


def test_rates_are_replaced(cast):
    packages.save_rates(cast.placed, [(MONDAY, 5), (LAST, 6)], BY)
    touched = packages.save_rates(cast.placed, [(LAST, 7)], BY)
    assert touched.repriced == {cast.placed.id}
    assert list(PackageRate.select(PackageRate.from_date, PackageRate.unit_cost).tuples()) == [(LAST, 7)]
    assert set(faults(packages.save_rates, cast.placed, [(LAST, 7), (LAST, 8)], BY)) == {"from_date"}


def test_a_timetable_is_replaced_and_taken_away(cast):
    packages.save_timetable(cast.package, [Slot(0, at(8), at(9), 1)], BY)
    assert TimetableSlot.select().where(TimetableSlot.package == cast.package).count() == 1
    packages.save_timetable(cast.package, [], BY)
    assert TimetableSlot.select().where(TimetableSlot.package == cast.package).count() == 0
    twice = [Slot(0, at(8), at(9), 1), Slot(0, at(8), at(9), 2)]
    assert set(faults(packages.save_timetable, cast.package, twice, BY)) == {"weekday"}
    assert set(faults(packages.save_timetable, cast.package, [Slot(0, at(8), at(8), 1)], BY)) == {"exit"}


def test_levels_services_contracts_and_organisations_are_saved(cast):
    level = services.save_level(
        {"ref": "N", "name": "Night", "unit": "Hours", "paid_on": "actuals", "entry": "visits"}, BY
    )
    assert ServiceLevel.get_by_id(level.ident).visits_wanted
    assert faults(services.save_level, {"entry": "weekly"}, BY, ServiceLevel.get_by_id(level.ident)) == {
        "visits_wanted": "Enter no: only a level that is entered by visits can want visits, and this one is entered weekly"
    }
    house = organisations.save_organisation({"ref": "H", "name": "House"}, BY)
    service = services.save_service({"ref": "H1", "name": "House 1", "organisation": house.ident}, BY)
    assert Service.get_by_id(service.ident).organisation == Organisation.get_by_id(house.ident)
    moved = contracts.save_contract({"vat_rate": 2000}, BY, cast.spot)
    assert moved.touched.packages == {cast.placed.id}
    assert Contract.get_by_id(moved.ident).vat_rate == 2000
    assert "organisation" in faults(services.save_service, {"organisation": cast.brookhouse}, BY, cast.north)
    renamed = clients.save_client({"ssref": "A9", "client_ref": ""}, BY, cast.ann)
    assert renamed.touched.people == {(cast.oakfield.id, cast.ann.id)}
    assert Client.get_by_id(cast.ann.id).client_ref == "CR-1"


# the periods of a cycle (rule 7.1) -------------------------------------------------------------------------------------


def listed(cast) -> list[dict]:
    """The cycle's periods as a page would send them."""
    return list(
        PaymentPeriod.select().where(PaymentPeriod.cycle == cast.cycle).order_by(PaymentPeriod.start_date).dicts()
    )


def test_periods_move_by_a_week_all_together(cast):
    rows = listed(cast)
    for row in rows:
        row["start_date"] += dt.timedelta(28)
        row["end_date"] += dt.timedelta(28)
    touched = periods.save_period_set(cast.cycle, rows, BY)
    assert touched.packages == {cast.package.id, cast.bobs.id, cast.placed.id}
    assert [p["id"] for p in listed(cast)] == [row["id"] for row in rows]
    assert listed(cast)[0]["start_date"] == dt.date(2026, 10, 5)


def test_periods_without_gap_or_overlap(cast):
    rows = listed(cast)
    assert periods.check_period_set(cast.cycle, rows) == []
    assert [at for at, _ in periods.check_period_set(cast.cycle, [rows[0], *rows[2:]])] == [1]
    rows[1]["end_date"] += dt.timedelta(1)
    assert [(at, fault.field) for at, fault in periods.check_period_set(cast.cycle, rows)] == [(2, "start_date")]
    assert "overlaps" in faults(periods.save_period_set, cast.cycle, rows, BY)["start_date"]


def test_finalised_periods_stay(cast):
    periods.finalise(cast.spot, cast.periods[0], BY, LAST)
    rows = listed(cast)
    assert [at for at, _ in periods.check_period_set(cast.cycle, rows[1:])] == [-1]
    earlier = {"start_date": dt.date(2026, 8, 10), "end_date": dt.date(2026, 9, 6), "cut_off": None}
    assert [at for at, _ in periods.check_period_set(cast.cycle, [earlier, *rows])] == [0]
    periods.save_period_set(cast.cycle, rows[:-1], BY)
    assert len(listed(cast)) == 3
    assert set(faults(contracts.save_contract, {"vat_rate": 5, "payment_basis": "invoice"}, BY, cast.spot)) == {
        "vat_rate", "payment_basis",
    }  # fmt: skip


def test_what_a_finalised_period_holds_keeps_its_package(cast):
    consequences.follow(consequences.Change(packages=[cast.placed.id]), now=True)
    periods.finalise(cast.spot, cast.periods[0], BY, LAST)
    assert set(faults(packages.save_package, {"client": cast.ann}, BY, cast.placed)) == {"client"}
    assert packages.save_package({"client": cast.cat, "end_date": LAST}, BY, cast.placed).ident == cast.placed.id
