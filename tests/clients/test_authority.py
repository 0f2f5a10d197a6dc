"""Clients as officers see and keep them."""

import datetime as dt

import pytest

from models import Client, Look
from tests.pages import press, queries


@pytest.mark.parametrize("wanted", ["archer", "Archer, Ann", "A100001", "cr-1", "9990000018"])
def test_found_by_name_and_references(client, cast, wanted):
    cast.sign_in(client, cast.reader)
    text = client.get("/authority/clients", query_string={"q": wanted}).text
    assert "Archer, Ann" in text and "1 client<" in text


def test_found_by_date_of_birth(client, cast):
    cast.sign_in(client, cast.reader)
    Client.update(date_of_birth=dt.date(1940, 2, 29)).where(Client.id == cast.bob.id).execute()
    text = client.get("/authority/clients?born=29/2/1940").text
    assert "O&#39;Neill, Bob" in text and "Archer" not in text
    assert client.get("/authority/clients?born=never").status_code == 200


def test_a_look_is_logged(client, cast):
    cast.sign_in(client, cast.reader)
    for tab in ("", "/packages", "/visits", "/payments", "/history"):
        assert client.get(f"/authority/clients/{cast.ann.id}{tab}").status_code == 200
    looks = Look.select().where((Look.thing == "client") & (Look.thing_id == cast.ann.id) & (Look.user == cast.reader))
    assert looks.count() == 5


def test_a_date_of_death_warns_and_stops_nothing(client, cast):
    """Rule 3.9."""
    cast.sign_in(client, cast.officer)
    answer = press(
        client, f"/authority/clients/{cast.ann.id}/edit", date_of_birth="1/1/1940", date_of_death="31/12/1939"
    )
    assert answer.status_code == 422 and "on or after 01/01/1940" in answer.text
    press(client, f"/authority/clients/{cast.ann.id}/edit", date_of_death="10/10/2026")
    words = "Only ending"
    assert words in client.get(f"/authority/clients/{cast.ann.id}").text
    assert words in client.get(f"/authority/packages/{cast.package.id}").text
    assert cast.package.get().end_date is None


def test_a_new_client_gets_a_reference(client, cast):
    cast.sign_in(client, cast.officer)
    press(client, "/authority/clients/new", ssref="A1", surname="Hale", forename="Nora")
    assert len(Client.get(Client.ssref == "A1").client_ref) == 36
    answer = press(client, "/authority/clients/new", ssref="a1", surname="Hale", forename="Nora")
    assert answer.status_code == 422 and "in use already" in answer.text


def test_the_list_takes_the_same_queries_at_ten_rows(client, cast):
    cast.sign_in(client, cast.officer)
    client.get("/authority/clients")
    few = queries(client, "/authority/clients")
    for n in range(10):
        Client.create(ssref=f"X{n}", client_ref=f"X{n}", surname="Extra", forename=str(n))
    assert queries(client, "/authority/clients") == few
