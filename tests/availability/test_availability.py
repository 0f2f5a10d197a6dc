"""What a service says of itself, and its availability (D-13 to D-24)."""

from __future__ import annotations

import datetime as dt

import pytest

from blueprints.availability import rules
from blueprints.history import Actor
from blueprints.settings import rules as settings
from models import ChangeRequest, LevelAtService, Package, Service, ServiceDetails, ServiceLevel
from tests.pages import press, press_at

BY = Actor(None, "Amir Khan")


@pytest.fixture
def owner(client, cast):
    """Greta of Oakfield, signed in."""
    return cast.sign_in(client, cast.finance)


@pytest.fixture
def officer(app, cast):
    """Amir, signed in at another browser."""
    return cast.sign_in(app.test_client(), cast.officer)


@pytest.mark.feature("D-13", "D-14")
def test_available_places_are_saved_at_once(owner, officer, cast):
    address = f"/provider/services/{cast.north.id}/details"
    text = owner.get(address).text
    assert "Request update" in text and "This service is not available in public search." in text
    answer = press_at(owner, address, address.replace("details", "places"), "places", places="3")
    assert answer.status_code == 303
    text = owner.get(address).text
    assert 'value="3"' in text and "Last Updated:" in text and "Greta Finch" in text
    assert "3, entered" in officer.get(f"/authority/services/{cast.north.id}/details").text, (
        "the authority sees it at once"
    )
    assert not ChangeRequest.select().exists()
    press_at(owner, address, address.replace("details", "places"), "places", places="")
    assert ServiceDetails.get().available_places is None, "blank: calculated"


@pytest.mark.feature("D-14")
@pytest.mark.parametrize("bad", ["-1", "2.5", "many"])
def test_places_are_whole_numbers(owner, cast, bad):
    answer = press_at(
        owner,
        f"/provider/services/{cast.north.id}/details",
        f"/provider/services/{cast.north.id}/places",
        "places",
        places=bad,
    )
    assert answer.status_code == 422 and bad in answer.text and not ServiceDetails.select().exists()


@pytest.mark.feature("D-15", "D-17")
def test_asking_to_change_what_is_said(owner, cast):
    address = f"/provider/requests/new/service-details/{cast.north.id}"
    form = owner.get(address).text
    for label in (
        "Public Service Name",
        "Supported Religions",
        "Leasehold Units Funded",
        "Tenure Type",
        "Supported Languages",
        "Accepts emergency referrals?",
        "Waiting list in operation?",
    ):
        assert label in form
    answer = press(
        owner,
        address,
        public_name="Oakfield at home",
        languages=["English", "Urdu"],
        leasehold_units="0",
        waiting_list="y",
    )
    assert answer.location == f"/provider/services/{cast.north.id}/details"
    assert not ServiceDetails.select().exists(), "out of the public pages until approved"
    text = owner.get(answer.location).text
    assert "Oakfield at home" in text and "Urdu" in text and "1 change pending" in text
    second = press(owner, address, public_name="Oakfield North at home")
    assert second.status_code == 303 and "2 changes pending" in owner.get(answer.location).text
    for field, bad in (("leasehold_units", "-2"), ("leasehold_units", "some"), ("languages", ["Klingon"])):
        assert press(owner, address, **{field: bad}).status_code == 422, (field, bad)


@pytest.mark.feature("D-16")
def test_tenure_is_for_services_that_are_not_accommodation_based(owner, cast):
    rules.save(cast.north, {"accommodation_based": True}, BY)
    address = f"/provider/requests/new/service-details/{cast.north.id}"
    assert "Tenure Type" not in owner.get(address).text
    assert "Tenure Type" not in owner.get(f"/provider/services/{cast.north.id}/details").text
    press(owner, address, tenure_types=["Leasehold"], location="Town")
    from blueprints.requests import rules as requests

    assert [one.name for one in requests.asked_of(ChangeRequest.get())] == ["location"]


# by service level --------------------------------------------------------------------------------------------------------


@pytest.fixture
def levels(cast):
    """The module is on; North offers personal care by packages, days under contract, and respite that is not contracted."""
    settings.put("module_level_availability", True)
    made = [
        ServiceLevel.create(ref=r, name=n, unit=u, paid_on="planned", entry="none")
        for r, n, u in (("D", "Day care", "Day"), ("R", "Respite", "Bed space"))
    ]
    rules.offer(cast.north, made[0].id, "Subsidy payment of £136.01 per Unit per client per week", 5000, BY)
    rules.offer(cast.north, made[1].id, "", None, BY)
    cast.make_package(770001, cast.bob, cast.north, made[0], cast.dapl, quantity=100, unit_cost=136_0100)
    return made


@pytest.mark.feature("D-18", "D-19", "D-20")
def test_a_form_for_each_level(owner, cast, levels):
    text = owner.get(f"/provider/services/{cast.north.id}/details").text
    assert "Total Days available" in text and "Total Hours available" in text
    assert "Total Units available" in text, "an unknown unit falls back to Units"
    assert "Subsidy payment of £136.01 per Unit per client per week" in text and "Not contracted" in text
    found = {one.description: one for one in rules.levels(cast.north)}
    assert (found["Day care"].in_use, found["Respite"].in_use, found["Respite"].available) == (1, None, None)


@pytest.mark.feature("D-21")
def test_save_all_saves_every_level_or_nothing(owner, cast, levels):
    address = f"/provider/services/{cast.north.id}/details"
    day, respite = (f"level{one.id}" for one in levels)
    answer = press_at(owner, address, address.replace("details", "levels"), day, **{day: "12.5", respite: "-1"})
    assert answer.status_code == 422 and "12.5" in answer.text
    assert not LevelAtService.select().where(LevelAtService.available.is_null(False)).exists()
    assert (
        press_at(owner, address, address.replace("details", "levels"), day, **{day: "12.5", respite: ""}).status_code
        == 303
    )
    stored = {row.level_id: (row.available, row.changed_by) for row in LevelAtService.select()}
    assert stored[levels[0].id] == (1250, "Greta Finch") and stored[levels[1].id] == (None, "")
    assert not ChangeRequest.select().exists()


def test_without_the_module_there_is_one_figure_and_no_address(owner, cast, levels):
    settings.put("module_level_availability", False)
    assert "Available Places" in owner.get(f"/provider/services/{cast.north.id}/details").text
    assert (
        owner.post(f"/provider/services/{cast.north.id}/levels", data={f"level{levels[0].id}": "1"}).status_code == 404
    )


def test_calculated_is_what_the_contract_leaves(cast, levels):
    """WE-35: 50.00 units with 1 in use leave 49.00."""
    found = {one.description: one for one in rules.levels(cast.north)}
    assert found["Day care"].calculated == 4900


# officers ------------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("D-23")
def test_the_history_of_what_was_entered_is_kept(owner, officer, cast):
    for places in ("3", "5"):
        press_at(
            owner,
            f"/provider/services/{cast.north.id}/details",
            f"/provider/services/{cast.north.id}/places",
            "places",
            places=places,
        )
    text = officer.get(f"/authority/services/{cast.north.id}/details").text
    assert text.count("Entered available places") == 2 and "<del>3</del>" in text and "<ins>5</ins>" in text


@pytest.mark.feature("D-24")
def test_the_display_mode_of_a_service(officer, cast):
    from models import AvailabilityMode

    address = f"/authority/services/{cast.north.id}/details/edit"
    assert rules.of(cast.north).availability_mode == AvailabilityMode.EITHER, "mode 3 is the default"
    assert (
        press(officer, address, availability_mode=str(AvailabilityMode.NEITHER), confidentiality="Hidden").status_code
        == 303
    )
    said = rules.of(cast.north)
    assert (said.availability_mode, said.confidentiality) == (AvailabilityMode.NEITHER, "Hidden")
    assert press(officer, address, availability_mode="Five").status_code == 422


@pytest.mark.feature("D-22")
def test_ending_a_service_with_packages_warns(officer, cast):
    address = f"/authority/services/{cast.north.id}/edit"
    answer = press(officer, address, end_date="31/12/2026")
    assert answer.status_code == 422 and "2 packages go on after this end date" in answer.text
    assert Service.get_by_id(cast.north.id).end_date is None
    from tests.pages import changed, fields

    done = officer.post(address, data=changed(fields(answer.text), {"end_anyway": "2"}))
    assert done.status_code == 303 and Service.get_by_id(cast.north.id).end_date == dt.date(2026, 12, 31)
    Package.update(end_date=dt.date(2026, 11, 1)).where(Package.service == cast.north).execute()
    assert press(officer, address, end_date="30/11/2026").status_code == 303, "nothing goes on: no question"


def test_levels_are_offered_and_taken_off(officer, cast):
    base = f"/authority/services/{cast.north.id}"
    sent = press(
        officer, f"{base}/levels/new", level=str(cast.placement.id), contract_text="Block of 10", contracted="10"
    )
    assert sent.status_code == 303 and "Block of 10" in officer.get(f"{base}/details").text
    press(officer, f"{base}/levels/{cast.placement.id}/edit", contract_text="Block of 12", contracted="12")
    assert LevelAtService.get().contracted_units == 1200
    officer.post(f"{base}/levels/{cast.placement.id}/removal")
    assert not LevelAtService.select().exists()
    assert officer.get(f"{base}/levels/{cast.placement.id}/edit").status_code == 404
