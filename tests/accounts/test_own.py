"""One's own account, where one is signed in, and forms that come too late (B-07, rule 11.4)."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from blueprints.accounts import hashing, managing, sessions
from blueprints.history import Actor
from blueprints.settings import rules as settings
from models import Change, KeptForm, Mail, Organisation, Person, SignIn, utc_now

WORDS = "correct horse battery staple"
ME = "/provider/accounts/me"


@pytest.fixture
def greta(client, cast):
    """Greta, signed in."""
    return cast.sign_in(client, cast.finance)


def attempt(client, email: str = "finance@oakfield.example", password: str = "Demo-portal-1", **query):
    """Send the sign-in form."""
    return client.post("/login", query_string=query, data={"email": email, "password": password})


@pytest.mark.feature("B-07")
def test_change_password(greta, cast):
    page = f"{ME}/password"
    text = greta.get(page).text
    for words in ("Current Password", "New Password", "Confirm New Password", ">Change Password<", ">Cancel<", "Greta Finch",
                  "finance@oakfield.example"):  # fmt: skip
        assert words in text, words
    new = {"password": WORDS, "again": WORDS}
    assert "This is not it" in greta.post(page, data={**new, "current": "wrong"}).text
    assert "same password twice" in greta.post(page, data={**new, "again": "x", "current": "Demo-portal-1"}).text
    assert "at least 12" in greta.post(page, data={"password": "x", "again": "x", "current": "Demo-portal-1"}).text
    assert hashing.fits(Person.get_by_id(cast.finance.person_id).password_hash, "Demo-portal-1")
    answer = greta.post(page, data={**new, "current": "Demo-portal-1"})
    assert "Your password was changed." in greta.get(answer.location).text
    assert hashing.fits(Person.get_by_id(cast.finance.person_id).password_hash, WORDS)


@pytest.mark.feature("B-07")
def test_a_changed_password_ends_every_session_but_goes_on_here(greta, app, cast):
    other = app.test_client()
    attempt(other)
    greta.post(f"{ME}/password", data={"password": WORDS, "again": WORDS, "current": "Demo-portal-1"})
    assert other.get("/provider/").status_code == 303 and greta.get("/provider/").status_code == 200
    assert SignIn.select().where(SignIn.ended_why == "Password changed").count() == 2


@pytest.mark.feature("B-29")
@pytest.mark.parametrize("whose", ["own", "officer's"])
def test_who_has_another_password_is_told_at_once(greta, cast, whose):
    if whose == "own":
        greta.post(f"{ME}/password", data={"password": WORDS, "again": WORDS, "current": "Demo-portal-1"})
    else:
        managing.issue_password(cast.finance, Actor(cast.officer.id, "Amir Khan"))
    assert [(m.kind, m.user_id) for m in Mail.select()] == [("password-changed", cast.finance.id)]


def test_wrong_current_passwords_count_towards_the_lock(greta, cast):
    for _ in range(5):
        greta.post(f"{ME}/password", data={"password": WORDS, "again": WORDS, "current": "wrong"})
    assert greta.get("/provider/").status_code == 303, "signed out"
    assert attempt(greta).status_code == 200, "and locked"


def test_where_one_is_signed_in_each_to_be_ended(greta, app, cast):
    others = [app.test_client() for _ in range(2)]
    for other in others:
        other.post(
            "/login",
            data={"email": "finance@oakfield.example", "password": "Demo-portal-1"},
            headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140"},
        )
    text = greta.get(ME).text
    assert text.count("Firefox on Windows") >= 4 and "Here" in text and "127.0.0.1" in text
    ident = SignIn.select().where(SignIn.agent.contains("Firefox")).order_by(SignIn.id).first().id
    page = f"{ME}/sessions/{ident}/end"
    assert "Firefox on Windows, since" in greta.get(page).text
    assert greta.post(page, data={"current": "wrong"}).status_code == 422
    assert others[0].get("/provider/").status_code == 200, "only after the password"
    greta.post(page, data={"current": "Demo-portal-1"})
    assert others[0].get("/provider/").status_code == 303 and others[1].get("/provider/").status_code == 200
    assert greta.post(f"{ME}/sessions/others/end", data={"current": ""}).status_code == 422
    greta.post(f"{ME}/sessions/others/end", data={"current": "Demo-portal-1"})
    assert others[1].get("/provider/").status_code == 303 and greta.get("/provider/").status_code == 200
    assert "Ended by oneself" in greta.get(ME).text


def test_nobody_ends_another_s_session(greta, app, cast):
    other = app.test_client()
    attempt(other, "manager@oakfield.example")
    ident = SignIn.select().where(SignIn.user == cast.manager).get().id
    assert greta.post(f"{ME}/sessions/{ident}/end").status_code == 404
    assert other.get("/provider/").status_code == 200


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537.36 Edg/140", "Edge on Windows"),
        ("curl/8", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_in_words(agent, words):
    assert sessions.device(agent) == words


# how long a session lasts ----------------------------------------------------------------------------------------------


def test_the_page_says_when_the_session_ends_and_asking_does_not_lengthen_it(greta, cast):
    text = greta.get("/provider/").text
    assert re.search(r"You are signed in until \d\d:\d\d unless you use the portal", text)
    assert 'data-warn="300"' in text and re.search(r'data-left="35\d\d|3600"', text)
    long_ago = utc_now() - dt.timedelta(minutes=50)
    SignIn.update(seen_at=long_ago).execute()
    assert 590 <= greta.get("/session").json["left"] <= 600
    assert SignIn.get().seen_at == long_ago
    assert greta.post("/session").json["left"] > 3590
    greta.post("/logout")
    assert greta.get("/session").json == {"left": 0}


# forms that come too late ----------------------------------------------------------------------------------------------


@pytest.fixture
def late(client, cast):
    """An officer whose session runs out while a form is being filled in."""
    cast.sign_in(client, cast.officer)
    client.get("/authority/organisations/new")
    SignIn.update(seen_at=utc_now() - dt.timedelta(minutes=61)).execute()
    settings.put("second_officers", "off")
    return client


FORM = {"ref": "NEW", "name": "Zoë’s “Care” & Co", "town": "Line one\r\nLine two", "csrf_token": "x"}


def test_what_was_typed_is_given_back_after_signing_in(late, cast):
    answer = late.post("/authority/organisations/new", data=FORM)
    kept = KeptForm.get()
    assert answer.location == f"/login?next=/kept-forms/{kept.id}&out=1"
    text = late.get(answer.location).text
    assert "What you typed is kept" in text
    answer = attempt(late, "officer@authority.example", next=f"/kept-forms/{kept.id}")
    assert answer.location == f"/kept-forms/{kept.id}"
    text = late.get(answer.location).text
    assert "Zoë’s “Care” &amp; Co" in text and "Send it now" in text and 'name="csrf_token" value="x"' not in text
    assert (
        'action="/authority/organisations/new"' in text
        and not Organisation.select().where(Organisation.ref == "NEW").exists()
    )
    fields = dict(sessions.fields_of(kept))
    assert fields["name"] == FORM["name"]
    assert late.post("/authority/organisations/new", data=fields).status_code == 303
    assert Organisation.get(Organisation.ref == "NEW").name == FORM["name"]


def test_it_is_given_to_nobody_else(late, app, cast):
    late.post("/authority/organisations/new", data=FORM)
    kept = KeptForm.get()
    for email in ("finance@oakfield.example", "reader@authority.example"):
        other = app.test_client()
        attempt(other, email)
        assert other.get(f"/kept-forms/{kept.id}").status_code == 404
        assert other.post(f"/kept-forms/{kept.id}/deletion").status_code == 404
    assert app.test_client().get(f"/kept-forms/{kept.id}").status_code == 303
    assert late.get(f"/kept-forms/{kept.id}").location.startswith("/login")


def test_it_can_be_left_and_is_forgotten_after_a_day(late, cast):
    late.post("/authority/organisations/new", data=FORM)
    late.post("/authority/organisations/new", data=FORM)
    first, other = KeptForm.select().order_by(KeptForm.id)
    attempt(late, "officer@authority.example")
    assert late.post(f"/kept-forms/{first.id}/deletion").location == "/authority/"
    KeptForm.update(at=utc_now() - dt.timedelta(hours=25)).execute()
    assert late.get(f"/kept-forms/{other.id}").status_code == 404
    assert sessions.tidy() == 1 and not KeptForm.select().exists()


def test_no_password_is_kept(late, cast):
    late.post("/authority/accounts/me/password", data={"current": "Demo-portal-1", "password": WORDS, "again": WORDS})
    late.post("/authority/organisations/new", data={**FORM, "password": "Demo-portal-1"})
    assert KeptForm.select().count() == 1 and "Demo-portal-1" not in KeptForm.get().fields


def test_too_much_is_not_kept(late, cast):
    answer = late.post("/authority/organisations/new", data={"name": "x" * 300_000})
    assert answer.location == "/login?out=1" and not KeptForm.select().exists()


def test_a_form_of_nobody_is_not_kept(client, cast):
    client.post("/authority/organisations/new", data=FORM)
    assert not KeptForm.select().exists()


def test_a_region_that_htmx_asks_for_leads_to_sign_in_as_a_whole(late):
    answer = late.get(
        "/authority/organisations?q=x",
        headers={"HX-Request": "true", "HX-Target": "#organisations-table", "HX-Current-URL": "http://localhost/authority/organisations"},
    )  # fmt: skip
    assert answer.status_code == 200 and answer.headers["HX-Redirect"].startswith(
        "/login?next=/authority/organisations"
    )


def test_a_form_with_another_session_s_token_is_given_back(app, client, cast):
    """Signed in again in another window: the token of this one is of the old session."""
    cast.sign_in(client, cast.officer)
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        own = client.post("/authority/organisations/new", data=FORM, headers={"Origin": "http://localhost"})
        strange = client.post("/authority/organisations/new", data=FORM, headers={"Origin": "http://evil.example"})
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert own.location == f"/kept-forms/{KeptForm.get().id}" and KeptForm.select().count() == 1
    assert strange.status_code == 400 and "Zoë’s" in strange.text and "Open the form again" in strange.text
    assert not Organisation.select().where(Organisation.ref == "NEW").exists()


@pytest.mark.feature("B-22")
def test_what_is_done_is_logged_by_person_organisation_and_time(greta, cast):
    greta.post(f"{ME}/password", data={"password": WORDS, "again": WORDS, "current": "Demo-portal-1"})
    row = Change.select().where(Change.what == "Changed the password").get()
    assert (row.user_id, row.by, row.organisation_id) == (cast.finance.id, "Greta Finch", cast.oakfield.id)
    assert row.at and WORDS not in row.after + row.before
