"""Properties as officers keep them (D-12)."""

from __future__ import annotations

import pytest

from models import Property, PropertyService
from tests.pages import press


@pytest.fixture
def officer(client, cast):
    """Amir, signed in."""
    return cast.sign_in(client, cast.officer)


@pytest.mark.feature("D-12")
def test_a_property_serves_several_services(officer, cast):
    answer = press(
        officer, f"/authority/properties/new?organisation={cast.oakfield.id}", name="Heltra House", address1="12a Chancel Road",
        postcode="BA3 7GF", in_services=[str(cast.north.id), str(cast.south.id)], shops="0.5",
    )  # fmt: skip
    assert answer.status_code == 303
    row = Property.get()
    assert (row.name, row.shops, PropertyService.select().count()) == ("Heltra House", 50, 2)
    text = officer.get(f"/authority/properties/{row.id}").text
    assert "Oakfield North, Oakfield South" in text and "0.5 km" in text
    press(officer, f"/authority/properties/{row.id}/edit", in_services=[str(cast.south.id)], is_current=None)
    assert [p.service_id for p in PropertyService.select()] == [cast.south.id]
    assert "Historical" in officer.get(f"/authority/organisations/{cast.oakfield.id}/properties").text
    assert officer.get("/authority/properties/new?organisation=x").status_code == 404


def test_services_of_another_organisation_are_refused(officer, cast):
    answer = press(officer, f"/authority/properties/{cast.lodge.id}/edit", in_services=[str(cast.house.id)])
    assert answer.status_code == 422


@pytest.mark.feature("D-12")
def test_accepting_a_change_of_a_property(officer, cast):
    from blueprints.history import Actor
    from blueprints.requests import kinds, rules

    sent = rules.send(
        kinds.every()["property"], cast.lodge, {"shops": 25}, Actor(cast.finance.id, "Greta Finch"), cast.oakfield.id
    )
    assert officer.post(f"/authority/requests/{sent.id}/acceptance").status_code == 303
    assert Property.get_by_id(cast.lodge.id).shops == 25
