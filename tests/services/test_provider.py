"""A provider's services and properties (D-04 to D-10)."""

from __future__ import annotations

import datetime as dt

import pytest

from models import ChangeRequest, Property, PropertyService, Service
from tests.pages import press, queries


@pytest.fixture
def owner(client, cast):
    """Greta of Oakfield, signed in."""
    return cast.sign_in(client, cast.finance)


@pytest.fixture
def ended(cast):
    """A decommissioned service."""
    return Service.create(ref="OAK-E", name="Oakfield East", organisation=cast.oakfield, end_date=dt.date(2026, 1, 31))


@pytest.mark.feature("D-04", "D-07")
def test_services_are_listed_historical_ones_on_request(owner, cast, ended):
    text = owner.get("/provider/services").text
    assert "Oakfield North" in text and "Oakfield East" not in text and "Choose a service" in text and "Manage" in text
    assert "Brookhouse" not in text
    text = owner.get("/provider/services?historical=y").text
    assert "Oakfield East" in text and "Historical" in text
    assert owner.get(f"/provider/services?service={cast.north.id}").location == f"/provider/services/{cast.north.id}"
    for nonsense in (cast.house.id, "x", "99999999999"):
        assert owner.get(f"/provider/services?service={nonsense}").status_code == 404
    assert "Oakfield East" in owner.get("/provider/services?historical=y&format=csv").text


@pytest.mark.feature("D-05")
def test_details_and_asking_to_change_them(owner, cast):
    text = owner.get(f"/provider/services/{cast.north.id}").text
    assert "Oakfield North - Service Details" in text and "Fax" in text and "Mobile" not in text
    answer = press(owner, f"/provider/requests/new/service/{cast.north.id}", email="north@oakfield.example")
    assert answer.location == f"/provider/services/{cast.north.id}"
    assert "Update Service" in owner.get("/provider/requests").text
    text = owner.get(f"/provider/services/{cast.north.id}").text
    assert "north@oakfield.example" in text and "1 change pending" in text
    assert Service.get_by_id(cast.north.id).email == ""
    assert press(owner, f"/provider/requests/new/service/{cast.north.id}", postcode="XX").status_code == 422


@pytest.mark.feature("D-08")
def test_the_header_and_tabs(owner, cast):
    text = owner.get(f"/provider/services/{cast.north.id}").text
    assert f"(ID: {cast.north.id})" in text and "Manage another service" in text
    for tab in ("Properties", "Service Details"):
        assert f">{tab}</a>" in text
    for tail in ("", "/details", "/properties"):
        assert owner.get(f"/provider/services/{cast.house.id}{tail}").status_code == 404


@pytest.mark.feature("D-09")
def test_the_properties_of_a_service(owner, cast):
    text = owner.get(f"/provider/services/{cast.south.id}/properties").text
    assert "This service has no properties" in text
    text = owner.get(f"/provider/services/{cast.lodge.services.get().service_id}/properties").text
    assert f'href="/provider/properties/{cast.lodge.id}"' in text and "12a Chancel Road" in text


@pytest.mark.feature("D-10")
def test_update_property(owner, cast):
    address = f"/provider/requests/new/property/{cast.lodge.id}"
    form = owner.get(address).text
    assert "Meals supplied?" in form and "Secondary School" in form and 'name="name"' not in form
    sent = press(owner, address, shops="0.25", bus_stop="0", canteen="y", comment="distances entered")
    assert sent.location == f"/provider/properties/{cast.lodge.id}"
    text = owner.get(sent.location).text
    assert "0.25 km" in text and "0 km" in text and "1 change pending" in text
    assert Property.get_by_id(cast.lodge.id).shops is None
    for bad in ("far", "-1", "0.255"):
        answer = press(owner, address, gp=bad)
        assert answer.status_code == 422 and bad in answer.text, bad
    assert ChangeRequest.select().count() == 1


def test_a_property_no_longer_in_use_is_gone(owner, cast):
    lodge = cast.lodge
    Property.update(is_current=False).where(Property.id == lodge.id).execute()
    assert owner.get(f"/provider/properties/{lodge.id}").status_code == 404
    assert owner.get(f"/provider/requests/new/property/{lodge.id}").status_code == 404


def test_lists_cost_the_same_at_ten_rows_as_at_one(owner, cast):
    one = queries(owner, "/provider/services"), queries(owner, f"/provider/services/{cast.north.id}/properties")
    for n in range(10):
        Service.create(ref=f"OAK-{n}", name=f"Oakfield {n}", organisation=cast.oakfield)
        home = Property.create(organisation=cast.oakfield, name=f"House {n}")
        PropertyService.create(property=home, service=cast.north)
    assert (
        queries(owner, "/provider/services"),
        queries(owner, f"/provider/services/{cast.north.id}/properties"),
    ) == one
