"""Sign-in: throttled by failures in the database, locked after five, the same answer whoever asks (rule 11.4)."""

from __future__ import annotations

import datetime as dt
import re
import statistics
import time

import pytest

from blueprints.accounts import hashing, managing, rules, signing
from blueprints.history import COMMAND_LINE, Actor
from blueprints.settings import rules as settings
from models import Change, LoginRequest, Mail, Person, SignIn, User, utc_now

WRONG = "is not right, or the login is locked"
WORDS = "correct horse battery staple"


def attempt(client, email: str = "finance@oakfield.example", password: str = "Demo-portal-1", **query):
    """Send the sign-in form."""
    return client.post("/login", query_string=query, data={"email": email, "password": password})


def actor(user) -> Actor:
    """Somebody who acts."""
    return Actor(user.id, user.name)


@pytest.mark.feature("B-01", "B-02")
def test_the_form_has_the_labels_and_ways_of_the_guides(client, cast):
    text = client.get("/login").text
    assert "E-mail address" in text and ">Login<" in text and ">Cancel<" in text
    assert "Forgotten password?" in text and "Request a login." in text
    assert text.count('autocomplete="username"') == 1 and text.count('autocomplete="current-password"') == 1
    for tag in re.findall(r"<input[^>]*>", text):
        names = re.findall(r"\s([a-z-]+)=", tag)
        assert len(names) == len(set(names)), f"an attribute twice: {tag}"
    answer = attempt(client, "finance@oakfield.example", "wrong")
    assert WRONG in answer.text and "wrong" not in answer.text.split("<main")[1].replace("wrong.", "")


@pytest.mark.feature("B-02")
def test_an_address_is_compared_without_case_and_blanks(client, cast):
    assert attempt(client, "  Finance@OAKFIELD.example ").location == "/provider/"
    with pytest.raises(rules.Refused):
        rules.add_user("FINANCE@oakfield.example", "Twin", cast.oakfield, [], COMMAND_LINE)


@pytest.mark.feature("B-01")
@pytest.mark.parametrize(
    ("way", "fine", "refused"),
    [("user name", "gfinch", "finance@oakfield.example"), ("e-mail address", "finance@oakfield.example", "gfinch")],
)
def test_by_user_name_or_address_as_the_setting_says(client, cast, way, fine, refused):
    managing.rename(cast.finance, "GFinch", COMMAND_LINE)
    settings.put("sign_in_by", way)
    assert ("Username" in client.get("/login").text) == (way == "user name")
    assert attempt(client, refused).status_code == 200
    assert attempt(client, fine).status_code == 303


def test_by_either(client, cast):
    managing.rename(cast.finance, "gfinch", COMMAND_LINE)
    settings.put("sign_in_by", "either")
    for name in ("gfinch", "finance@oakfield.example"):
        assert attempt(client, name).status_code == 303
        client.post("/logout")


@pytest.mark.feature("B-16")
def test_five_failures_lock_a_login_for_a_while(client, cast):
    for _ in range(5):
        assert WRONG in attempt(client, password="wrong").text
    assert WRONG in attempt(client).text, "the right password does not work while it is locked"
    person = cast.finance.person
    locked = Person.get_by_id(person.id).locked_until
    assert dt.timedelta(minutes=14) < locked - utc_now() <= dt.timedelta(minutes=15)
    assert Change.select().where(Change.what == "Locked after failures").count() == 1
    Person.update(locked_until=utc_now() - dt.timedelta(seconds=1)).execute()
    assert attempt(client).status_code == 303


def test_success_forgets_the_failures(client, cast):
    for _ in range(2):
        for _ in range(4):
            attempt(client, password="wrong")
        assert attempt(client).status_code == 303
        client.post("/logout")


def test_an_officer_releases_a_login(client, cast):
    settings.put("lock_minutes", 0)
    for _ in range(5):
        attempt(client, password="wrong")
    assert Person.get_by_id(cast.finance.person_id).locked_until > utc_now() + dt.timedelta(days=1000)
    managing.release(cast.finance, actor(cast.officer))
    assert attempt(client).status_code == 303


@pytest.mark.parametrize("why", ["unknown", "locked", "deactivated", "contact", "no password", "wrong"])
def test_every_refusal_is_the_same_page(client, cast, why):
    expected = attempt(client, "nobody@oakfield.example", "wrong").text.replace("nobody@", "finance@")
    person = cast.finance.person
    if why == "unknown":
        person.email = "else@oakfield.example"
    if why == "locked":
        person.is_locked = True
    if why == "no password":
        person.password_hash = None
    person.save()
    if why == "deactivated":
        User.update(is_active=False).where(User.id == cast.finance.id).execute()
    if why == "contact":
        cast.finance.contact.state = "Deactivated"
        cast.finance.contact.save()
    found = attempt(client, password="wrong" if why == "wrong" else "Demo-portal-1").text
    assert plain(found) == plain(expected)


def plain(text: str) -> str:
    """A page without what differs from one answer to the next."""
    return re.sub(r'nonce="[^"]*"|\?v=\w+', "", text)


def test_known_and_unknown_take_the_same_time_and_statements(client, cast):
    """The answer takes as long whether or not anybody has that name (rule 11.4): medians over many tries."""
    from tests.counting import Queries

    settings.put("lock_after", 20)
    client.check = False

    def of(email: str) -> tuple[int, float]:
        with Queries() as asked:
            began = time.perf_counter()
            assert attempt(client, email, "wrong").status_code == 200
            return asked.count, time.perf_counter() - began

    known, unknown = [], []
    of("finance@oakfield.example")
    for n in range(15):
        known.append(of("finance@oakfield.example"))
        unknown.append(of(f"nobody{n % 2}@oakfield.example"))
    assert {count for count, _ in known[1:]} == {count for count, _ in unknown[2:]}
    fast, slow = sorted(statistics.median(t for _, t in times) for times in (known, unknown))
    assert slow - fast < 0.25 * fast, (fast, slow)


def test_many_failures_from_one_address_stop_it(client, cast):
    for n in range(60):
        signing.count_failure("address 127.0.0.1", f"login {n}")
    assert WRONG in attempt(client).text


def test_signing_in_often_is_no_failure(client, cast):
    for _ in range(3):
        assert attempt(client).status_code == 303
        client.post("/logout")
    assert not signing.too_many("address 127.0.0.1", 1)


@pytest.mark.feature("B-21", "B-19")
def test_sign_out_ends_the_session_on_the_server(client, cast):
    attempt(client)
    page = client.get("/provider/")
    assert "Log out" in page.text and page.headers["Cache-Control"] == "no-store"
    with client.session_transaction() as kept:
        token = kept["token"]
    client.post("/logout")
    with client.session_transaction() as kept:
        kept["token"] = token
    assert client.get("/provider/").status_code == 303
    assert SignIn.select().where(SignIn.ended_why == "Signed out").count() == 1


@pytest.mark.feature("B-19")
def test_the_cookie_ends_with_the_browser_and_scripts_do_not_see_it(app, cast):
    browser = app.test_client()
    cookie = browser.get("/login").headers.get("Set-Cookie", "") or attempt(browser).headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Expires" not in cookie and "Max-Age" not in cookie


@pytest.mark.feature("B-19")
def test_without_cookies_nobody_signs_in_and_is_told_so(app, cast):
    browser = app.test_client(use_cookies=False)
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = attempt(browser)
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert answer.status_code == 400 and "did not send our cookie" in answer.text
    assert "finance@" not in answer.text.split("<main")[1] and not SignIn.select().exists()


def test_the_token_is_another_one_after_sign_in(client, cast):
    attempt(client)
    with client.session_transaction() as kept:
        first = kept["token"]
    attempt(client, "manager@oakfield.example")
    with client.session_transaction() as kept:
        assert kept["token"] != first
    assert SignIn.select().where(SignIn.ended_at.is_null()).count() == 1


def test_the_session_lasts_as_the_setting_says(client, cast):
    settings.put("sign_in_minutes", 5)
    cast.sign_in(client, cast.finance)
    SignIn.update(seen_at=utc_now() - dt.timedelta(minutes=6)).execute()
    assert client.get("/provider/").status_code == 303


def test_the_session_ends_in_any_case_after_a_day_s_work(client, cast):
    cast.sign_in(client, cast.finance)
    SignIn.update(started_at=utc_now() - dt.timedelta(hours=13)).execute()
    assert client.get("/provider/").status_code == 303


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_sign_in_never_leads_elsewhere(client, cast, address):
    assert attempt(client, next=address).location == "/provider/"


def test_another_host_gets_no_page(client):
    client.check = False
    assert client.get("/login", base_url="http://evil.example").status_code == 400


@pytest.mark.feature("B-20")
def test_over_https_cookies_are_secure_and_browsers_stay_there(url):
    from app import create_app
    from models import db

    made = create_app(url, SECRET_KEY="tests", SESSION_COOKIE_SECURE=True, KEEP_CONNECTION=True, WORKER="apart")
    assert "max-age=31536000" in made.test_client().get("/login").headers["Strict-Transport-Security"]
    db.connect(reuse_if_open=True)


@pytest.mark.feature("B-25")
def test_deactivation_ends_a_live_session_at_the_next_request(client, cast):
    cast.sign_in(client, cast.finance)
    assert client.get("/provider/").status_code == 200
    rules.deactivate(cast.finance, actor(cast.officer))
    assert client.get("/provider/").status_code == 303
    assert attempt(client).status_code == 200


@pytest.mark.feature("B-31")
def test_a_provider_s_login_never_reaches_the_authority_s_pages(client, cast):
    attempt(client)
    assert client.get("/authority/").status_code == 404
    settings.put("second_officers", "off")
    assert attempt(client, "officer@authority.example").location == "/authority/"
    assert client.get("/provider/").status_code == 404 and "Amir Khan" in client.get("/authority/").text


@pytest.mark.feature("B-33")
def test_the_header_names_person_and_organisation(client, cast):
    contact = cast.finance.contact
    for title, name in (("Mrs", "Mrs Greta Finch"), ("", "Greta Finch")):
        contact.title = title
        contact.save()
        text = cast.sign_in(client, cast.finance).get("/provider/").text
        header = text.split("</header>")[0]
        assert f">{name}</a>" in header and "Oakfield Home Care" in header


@pytest.mark.feature("B-23")
def test_two_people_of_one_provider_have_a_login_each(client, cast):
    people = {cast.finance.person_id, cast.manager.person_id}
    assert len(people) == 2
    attempt(client)
    assert "Greta Finch" in client.get("/provider/").text


# links -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("password", ["short", "a" * 300, "password1234", "gretafinch12", "aaaaaaaaaaaaaa"])
def test_a_password_that_is_too_easy_is_refused(client, cast, password):
    word = rules.make_link(cast.finance, COMMAND_LINE)
    answer = client.post(f"/set-password/{word}", data={"password": password, "again": password})
    assert answer.status_code == 422 and "Enter a" in answer.text
    assert client.get(f"/set-password/{word}").status_code == 200


def test_a_link_sets_a_password_once(client, cast):
    word = rules.make_link(cast.finance, COMMAND_LINE)
    assert client.post(f"/set-password/{word}", data={"password": WORDS, "again": WORDS}).status_code == 303
    assert client.get(f"/set-password/{word}").status_code == 410
    assert attempt(client, password=WORDS).status_code == 303
    assert Mail.select().where(Mail.kind == "password-changed").count() == 1


def test_a_newer_link_ends_an_older_one_and_age_ends_both(client, cast):
    old = rules.make_link(cast.finance, COMMAND_LINE)
    new = rules.make_link(cast.finance, COMMAND_LINE, minutes=60)
    assert client.get(f"/set-password/{old}").status_code == 410
    assert client.get(f"/set-password/{new}").status_code == 200
    from models import OneTimeLink

    OneTimeLink.update(expires_at=utc_now()).execute()
    assert client.get(f"/set-password/{new}").status_code == 410


@pytest.mark.parametrize("change", ["x", "", "WzEsIjAiXQ.forged"])
def test_a_link_cannot_be_made_up(client, cast, change):
    word = rules.make_link(cast.finance, COMMAND_LINE)
    assert client.get(f"/set-password/{change or word[:-2]}").status_code == 410


def test_no_secret_of_a_link_is_in_the_database(cast):
    from models import db

    word = rules.make_link(cast.finance, COMMAND_LINE)
    rows = db.execute_sql("SELECT * FROM one_time_link").fetchall()
    assert word not in str(rows) and word.partition(".")[2] not in str(rows)


# forgotten passwords and requests --------------------------------------------------------------------------------------


def run() -> None:
    """Let the worker answer."""
    from blueprints.jobs import rules as jobs

    jobs.run_waiting()


def text_of(kind: str) -> str:
    """What the last message of a kind says, with its secrets."""
    from blueprints import mail

    row = Mail.select().where(Mail.kind == kind).order_by(Mail.id.desc()).get()
    found = mail.words_of(row)
    return found.plain if found else ""


@pytest.mark.feature("B-13")
def test_a_forgotten_password_is_set_by_a_link_for_an_hour(client, cast):
    for _ in range(5):
        attempt(client, password="wrong")
    answer = client.post("/forgotten-password", data={"email": " FINANCE@oakfield.example"})
    assert answer.location == "/asked-for-a-password" and not Mail.select().exists()
    run()
    address = re.search(r"http://[^/]*(/set-password/\S+)", text_of("password-reset"))[1]
    assert client.post(address, data={"password": WORDS, "again": WORDS}).status_code == 303
    assert attempt(client, password=WORDS).status_code == 303, "and the lock is over"
    assert text_of("password-reset") == ""
    assert hashing.fits(Person.get_by_id(cast.finance.person_id).password_hash, WORDS)


@pytest.mark.feature("B-13")
def test_asking_tells_nothing_about_the_address(client, cast):
    from tests.counting import Queries

    pages, counts = set(), set()
    for email in ("finance@oakfield.example", "nobody@oakfield.example"):
        with Queries() as asked:
            answer = client.post("/forgotten-password", data={"email": email})
        counts.add(asked.count)
        pages.add((answer.status_code, answer.location, plain(client.get(answer.location).text)))
    assert len(pages) == 1 and len(counts) == 1
    run()
    assert Mail.select().where(Mail.kind == "password-reset").count() == 1
    assert {r.outcome for r in LoginRequest.select()} == {"A link was sent", "No active login has this address"}


@pytest.mark.parametrize("state", ["deactivated", "locked"])
def test_nothing_is_sent_to_who_may_not_come_in(client, cast, state):
    if state == "locked":
        managing.lock(cast.finance, actor(cast.officer))
    else:
        rules.deactivate(cast.finance, actor(cast.officer))
    client.post("/forgotten-password", data={"email": "finance@oakfield.example"})
    run()
    assert not Mail.select().where(Mail.kind == "password-reset").exists()


def test_asking_often_sends_little(client, cast):
    for _ in range(6):
        client.post("/forgotten-password", data={"email": "finance@oakfield.example"})
    run()
    assert Mail.select().count() == 3


@pytest.mark.feature("B-14")
def test_the_help_desk_is_asked_once(client, cast):
    settings.put("forgotten_password", "help desk")
    assert "Request new Password" in client.get("/forgotten-password").text
    asked = {"name": "Greta", "organisation_name": "Oakfield", "email": "finance@oakfield.example", "telephone": "1"}
    assert client.post("/forgotten-password", data={**asked, "email": "x"}).status_code == 422
    assert "Please complete the following fields" in client.post("/forgotten-password", data={}).text
    for telephone in ("01865 1", "01865 2"):
        client.post("/forgotten-password", data={**asked, "telephone": telephone})
        run()
    row = LoginRequest.get()
    assert (row.state, row.times, row.telephone) == ("Open", 2, "01865 2")
    assert {m.kind for m in Mail.select()} == {"login-request"}


@pytest.mark.feature("B-11")
def test_a_login_is_requested(client, cast):
    asked = {
        "name": "Zoë O'Hara", "organisation_name": "Oakfield", "email": "zoe@oakfield.example", "confirm": "zoe@oakfield.example",
    }  # fmt: skip
    assert (
        "Enter the same e-mail address twice"
        in client.post("/request-a-login", data={**asked, "confirm": "y@x.yz"}).text
    )
    answer = client.post("/request-a-login", data=asked)
    assert "Local authority will look at your request" in client.get(answer.location).text
    client.post("/request-a-login", data={**asked, "website": "http://spam.example"})
    known = client.post(
        "/request-a-login",
        data={**asked, "email": "finance@oakfield.example", "confirm": "finance@oakfield.example"},
    )
    assert known.location == answer.location, "the same whether or not there is a login"
    assert sorted((r.email, r.times) for r in LoginRequest.select()) == [
        ("finance@oakfield.example", 1), ("zoe@oakfield.example", 1),
    ]  # fmt: skip
    settings.put("login_requests", False)
    assert client.get("/request-a-login").status_code == 404
