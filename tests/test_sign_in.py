"""Sign-in: throttled by failures in the database, locked after five, the same answer whoever asks (rule 11.4)."""

from __future__ import annotations

import pytest

from blueprints.accounts import rules
from blueprints.history import COMMAND_LINE
from blueprints.settings import rules as settings
from models import SignIn, User

WRONG = "is not right, or the login is locked"


def attempt(client, email: str, password: str):
    """Send the sign-in form."""
    return client.post("/login", data={"email": email, "password": password})


def test_five_failures_lock_a_login_for_a_while(client, cast):
    for _ in range(5):
        assert WRONG in attempt(client, "finance@oakfield.example", "wrong").text
    assert WRONG in attempt(client, "finance@oakfield.example", "Demo-portal-1").text
    assert User.get_by_id(cast.finance.id).locked_until is not None


def test_known_and_unknown_addresses_get_the_same_answer(client, cast):
    known, unknown = (attempt(client, e, "wrong").text for e in ("finance@oakfield.example", "nobody@oakfield.example"))
    assert (
        known.replace("finance@", "nobody@").split("<main")[1].count(WRONG)
        == unknown.split("<main")[1].count(WRONG)
        == 1
    )


def test_many_failures_from_one_address_stop_it(client, cast):
    for n in range(60):
        rules.count_failure("address 127.0.0.1", f"login {n}")
    assert WRONG in attempt(client, "finance@oakfield.example", "Demo-portal-1").text


def test_signing_in_often_is_no_failure(client, cast):
    for _ in range(3):
        assert attempt(client, "finance@oakfield.example", "Demo-portal-1").status_code == 303
        client.post("/logout")
    assert not rules.too_many("address 127.0.0.1", 1)


def test_a_session_ends_with_sign_out_and_after_a_time_without_use(client, cast):
    attempt(client, "finance@oakfield.example", "Demo-portal-1")
    with client.session_transaction() as kept:
        token = kept["token"]
    client.post("/logout")
    with client.session_transaction() as kept:
        kept["token"] = token
    assert client.get("/provider/").status_code == 303
    assert SignIn.select().where(SignIn.ended_at.is_null(False)).count() == 1


@pytest.mark.parametrize("password", ["short", "a" * 300, "password1234", "gretafinch12", "aaaaaaaaaaaaaa"])
def test_a_password_that_is_too_easy_is_refused(client, cast, password):
    token = rules.make_link(cast.finance, COMMAND_LINE)
    answer = client.post(f"/set-password/{token}", data={"password": password, "again": password})
    assert "Enter a" in answer.text and rules.user_of_link(token)


def test_a_link_sets_a_password_once(client, cast):
    token = rules.make_link(cast.finance, COMMAND_LINE)
    words = "correct horse battery staple"
    assert client.post(f"/set-password/{token}", data={"password": words, "again": words}).status_code == 303
    assert client.get(f"/set-password/{token}").status_code == 410
    assert attempt(client, "finance@oakfield.example", words).status_code == 303


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_sign_in_never_leads_elsewhere(client, cast, address):
    answer = client.post(
        "/login",
        query_string={"next": address},
        data={"email": "finance@oakfield.example", "password": "Demo-portal-1"},
    )
    assert answer.location == "/provider/"


def test_another_host_gets_no_page(client):
    client.check = False
    assert client.get("/login", base_url="http://evil.example").status_code == 400


def test_the_session_lasts_as_the_setting_says(client, cast):
    settings.put("sign_in_minutes", 5)
    cast.sign_in(client, cast.finance)
    SignIn.update(seen_at=rules.utc_now() - rules.dt.timedelta(minutes=6)).execute()
    assert client.get("/provider/").status_code == 303
