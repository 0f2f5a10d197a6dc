"""The frame: every door opens to the right person and stays shut to others."""

import pytest


def test_landing_page(client):
    assert "Portal for providers" in client.get("/").text


def test_signed_out_is_led_to_sign_in_and_on(client):
    answer = client.get("/provider/")
    assert answer.status_code == 303
    assert answer.location.startswith("/login?next=")


@pytest.mark.parametrize(
    "who, own, other", [("finance", "/provider/", "/authority/"), ("officer", "/authority/", "/provider/")]
)
def test_the_wrong_door_does_not_exist(client, cast, who, own, other):
    cast.sign_in(client, getattr(cast, who))
    assert client.get(own).status_code == 200
    assert client.get(other).status_code == 404


def test_sign_in_with_the_form(client, cast):
    answer = client.post("/login", data={"email": "Finance@Oakfield.example ", "password": "Demo-portal-1"})
    assert answer.location == "/provider/"
    assert client.get("/provider/").status_code == 200
