"""The steps after the password: issued and expired passwords, security code, app, code by e-mail, choosing (rule 11.4)."""

from __future__ import annotations

import datetime as dt
import re
import time

import pyotp
import pytest

from blueprints import keys, mail
from blueprints.accounts import managing, policy, rules, second, sessions
from blueprints.history import COMMAND_LINE, Actor
from blueprints.settings import rules as settings
from models import Change, Mail, OldPassword, Person, RecoveryCode, SignIn, User, utc_now

WORDS = "correct horse battery staple"


def attempt(client, email: str = "finance@oakfield.example", password: str = "Demo-portal-1", **query):
    """Send the sign-in form."""
    return client.post("/login", query_string=query, data={"email": email, "password": password})


def person_of(user) -> Person:
    """The person as stored now."""
    return Person.get_by_id(user.person_id)


def actor(user) -> Actor:
    """Somebody who acts."""
    return Actor(user.id, user.name)


def set_days_ago(user, days: int) -> None:
    """As if the password had been set so many days before today (14 October 2026)."""
    moment = dt.datetime(2026, 10, 14, 9) - dt.timedelta(days)
    Person.update(password_set_at=moment).where(Person.id == user.person_id).execute()


# issued passwords ------------------------------------------------------------------------------------------------------


@pytest.mark.feature("B-04")
def test_an_issued_password_must_be_changed_before_anything_else(client, cast):
    issued = managing.issue_password(cast.finance, actor(cast.officer))
    assert attempt(client).status_code == 200, "the old one is over"
    assert attempt(client, password=issued).location == "/login/new-password"
    for address in ("/provider/", "/provider/visits", "/login/organisation"):
        assert client.get(address).location.startswith("/login/")
        assert client.get(client.get(address).location, follow_redirects=True).text.count("Choose a new password")
    page = "/login/new-password"
    assert (
        "Enter another password than the present one"
        in client.post(page, data={"password": issued, "again": issued}).text
    )
    assert "Enter the same password twice" in client.post(page, data={"password": WORDS, "again": "else"}).text
    assert client.post(page, data={"password": WORDS, "again": WORDS}).location == "/provider/"
    assert "Greta Finch" in client.get("/provider/").text
    assert not person_of(cast.finance).must_change


@pytest.mark.feature("B-18")
def test_an_issued_password_works_for_some_days(client, cast):
    issued = managing.issue_password(cast.finance, actor(cast.officer))
    set_days_ago(cast.finance, 6)
    assert attempt(client, password=issued).location == "/login/new-password"
    set_days_ago(cast.finance, 7)
    assert attempt(client, password=issued).location == "/login/expired"
    answer = client.get("/login/expired")
    assert answer.status_code == 403 and "Ask Local authority for a new one" in answer.text
    assert client.get("/provider/").location.startswith("/login/")


# expiry ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def older(app):
    """The preset of guide 004, without the code."""
    policy.use_preset("guide 004", COMMAND_LINE)
    settings.put("security_code", False)


@pytest.mark.feature("B-17")
@pytest.mark.parametrize(
    ("days", "where"),
    [(0, "/provider/"), (89, "/provider/"), (90, "/login/new-password"), (900, "/login/new-password")],
)
def test_a_password_is_valid_for_ninety_days(client, cast, older, days, where):
    set_days_ago(cast.finance, days)
    assert attempt(client).location == where


@pytest.mark.feature("B-17")
def test_no_lifetime_is_for_ever(client, cast):
    set_days_ago(cast.finance, 9000)
    assert attempt(client).location == "/provider/"


@pytest.mark.parametrize(("days", "warned"), [(75, False), (76, True), (89, True)])
def test_fourteen_days_before_one_is_warned(client, cast, older, days, warned):
    set_days_ago(cast.finance, days)
    answer = attempt(client)
    text = client.get(answer.location).text
    assert ("Your password expires on" in text) == warned
    assert ("Your password expires on" in client.get("/provider/").text) == warned, "and on the home page each time"
    assert "Expires on 12 January 2027" in client.get("/provider/accounts/me").text or days != 0


@pytest.mark.feature("B-18")
@pytest.mark.parametrize(("days", "where"), [(119, "/login/new-password"), (120, "/login/expired")])
def test_after_further_days_only_the_authority_helps(client, cast, older, days, where):
    settings.put("password_grace_days", 30)
    set_days_ago(cast.finance, days)
    assert attempt(client).location == where
    client.post("/logout")
    client.post("/forgotten-password", data={"email": "finance@oakfield.example"})
    from blueprints.jobs import rules as jobs

    jobs.run_waiting()
    assert {m.kind for m in Mail.select()} == {"reset-refused" if days == 120 else "password-reset"}


def test_the_password_before_is_refused_by_the_history(client, cast, older):
    word = rules.make_link(cast.finance, COMMAND_LINE)
    first, others = "Harbour9lights", [f"Lantern{n}meadow" for n in range(5)]
    for password in (first, *others[:4]):
        word = rules.make_link(cast.finance, COMMAND_LINE)
        assert client.post(f"/set-password/{word}", data={"password": password, "again": password}).status_code == 303
    word = rules.make_link(cast.finance, COMMAND_LINE)
    answer = client.post(f"/set-password/{word}", data={"password": first, "again": first})
    assert "none of your last 5" in answer.text
    assert client.post(f"/set-password/{word}", data={"password": others[4], "again": others[4]}).status_code == 303
    word = rules.make_link(cast.finance, COMMAND_LINE)
    assert client.post(f"/set-password/{word}", data={"password": first, "again": first}).status_code == 303
    assert OldPassword.select().where(OldPassword.person == cast.finance.person_id).count() == 7


# the security code -----------------------------------------------------------------------------------------------------


@pytest.fixture
def with_code(cast):
    """Greta has the security code 246810, and the setting is on."""
    settings.put("security_code", True)
    second.keep_code(cast.finance.person, "246810", COMMAND_LINE)
    return cast


def answer_code(client, cast, code: str = "246810"):
    """Give the digits that are asked for, of a code."""
    first, last = second.positions(person_of(cast.finance))
    return client.post("/login/security-code", data={"first": code[first - 1], "second": code[last - 1]})


@pytest.mark.feature("B-03")
def test_two_digits_are_asked_for_after_the_password(client, with_code):
    cast = with_code
    assert attempt(client).location == "/login/security-code"
    assert client.get("/provider/").location.startswith("/login/")
    before = second.positions(person_of(cast.finance))
    assert before[0] < before[1]
    words = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth")
    text = client.get("/login/security-code").text
    assert all(f"{words[place - 1]} digit" in text for place in before)
    assert "not the digits of your security code" in answer_code(client, cast, "135791").text
    assert second.positions(person_of(cast.finance)) == before, "the same places again: no fishing"
    client.post("/logout")
    attempt(client)
    assert second.positions(person_of(cast.finance)) == before, "nor by signing in anew"
    assert answer_code(client, cast).location == "/provider/"
    assert client.get("/provider/").status_code == 200


@pytest.mark.feature("B-03")
def test_wrong_digits_count_towards_the_lock(client, with_code):
    attempt(client)
    for _ in range(4):
        answer_code(client, with_code, "135791")
    assert answer_code(client, with_code, "135791").location == "/login"
    assert "wrong too often" in client.get("/login").text
    assert attempt(client).status_code == 200, "locked"


@pytest.mark.feature("B-03")
def test_a_right_password_in_between_does_not_forget_wrong_digits(client, with_code):
    for _ in range(5):
        attempt(client)
        answer_code(client, with_code, "135791")
        client.post("/logout")
    assert attempt(client).status_code == 200


def test_all_places_are_asked_for_in_time(app, cast):
    person = cast.finance.person
    seen = set()
    for n in range(200):
        person.code_round = n
        seen.add(second.positions(person))
    assert len(seen) == 15


def test_the_code_is_encrypted_under_a_key_outside_the_database(with_code):
    person = person_of(with_code.finance)
    assert "246810" not in person.code and keys.unseal(second.CODE, person.code) == "246810"
    keys.use("another key")
    try:
        assert not second.answers_code(person, "2", "4")
        with pytest.raises(keys.Unreadable):
            keys.unseal(second.CODE, person.code)
    finally:
        keys.use("tests")


@pytest.mark.feature("B-05")
def test_a_code_is_made_after_the_first_password(client, cast):
    settings.put("security_code", True)
    word = rules.make_link(cast.finance, COMMAND_LINE)
    client.post(f"/set-password/{word}", data={"password": WORDS, "again": WORDS})
    assert attempt(client, password=WORDS).location == "/login/new-security-code"
    page = "/login/new-security-code"
    for wrong in ("12345", "1234567", "12a456", "12 456", "１２３４５６"):
        assert "exactly six digits" in client.post(page, data={"code": wrong, "again": wrong}).text
    for easy in ("111111", "123456", "987654", "890123"):
        assert "too easy to guess" in client.post(page, data={"code": easy, "again": easy}).text
    assert "Enter the same security code twice" in client.post(page, data={"code": "246810", "again": "246811"}).text
    assert client.post(page, data={"code": "246810", "again": "246810"}).location == "/provider/"
    client.post("/logout")
    assert attempt(client, password=WORDS).location == "/login/security-code"


@pytest.mark.feature("B-06")
def test_the_code_is_changed_with_the_password(client, with_code):
    cast = with_code
    cast.sign_in(client, cast.finance)
    assert (
        "Change Security Code" in client.get("/provider/").text and "Change Password" in client.get("/provider/").text
    )
    assert "Change Security Code" in client.get("/provider/accounts/me").text
    page = "/provider/accounts/me/security-code"
    new = {"code": "135790", "again": "135790"}
    assert "This is not it" in client.post(page, data={**new, "current": "wrong"}).text
    mismatch = client.post(page, data={"current": "Demo-portal-1", "code": "135790", "again": "135791"})
    assert mismatch.status_code == 422 and keys.unseal(second.CODE, person_of(cast.finance).code) == "246810"
    assert client.post(page, data={**new, "current": "Demo-portal-1"}).status_code == 303
    assert keys.unseal(second.CODE, person_of(cast.finance).code) == "135790"


# the authenticator app -------------------------------------------------------------------------------------------------


def set_up(client, page: str) -> tuple[str, str]:
    """Set an app up on a page; its secret and the page that follows."""
    text = client.get(page).text
    secret = re.search(r'portal-key">([A-Z2-7 ]+)<', text)[1].replace(" ", "")
    assert "<svg" in text and client.get(page).text.count(secret[:4])
    password = {"current": "Demo-portal-1"}  # asked for where one is signed in already
    assert client.post(page, data={**password, "code": "000000"}).status_code == 422
    answer = client.post(page, data={**password, "code": pyotp.TOTP(secret).now()})
    assert answer.status_code == 200
    return secret, answer.text


def test_officers_must_set_up_an_app(client, cast):
    assert attempt(client, "officer@authority.example").location == "/login/authenticator"
    assert client.get("/authority/").location.startswith("/login/")
    secret, text = set_up(client, "/login/authenticator")
    codes = re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>", text)
    assert len(codes) == 10 and client.get("/authority/").status_code == 200
    assert secret not in person_of(cast.officer).authenticator
    client.post("/logout")
    assert attempt(client, "officer@authority.example").location == "/login/second-step"
    page = "/login/second-step"
    taken = pyotp.TOTP(secret).at(30 * person_of(cast.officer).authenticator_step)  # whatever the clock says by now
    assert "that the app shows now" in client.post(page, data={"code": taken}).text, "taken already"
    Person.update(authenticator_step=None).where(Person.id == cast.officer.person_id).execute()
    assert client.post(page, data={"code": pyotp.TOTP(secret).now()}).location == "/authority/"
    client.post("/logout")
    for expected in (303, 422):
        attempt(client, "officer@authority.example")
        assert client.post(page, data={"code": codes[0].upper().replace("-", " ")}).status_code == expected
        client.post("/logout")
    assert RecoveryCode.select().where(RecoveryCode.used_at.is_null(False)).count() == 1
    assert Change.select().where(Change.what == "Signed in with a recovery code").count() == 1


@pytest.mark.parametrize(("rule", "where"), [("offered", "/authority/"), ("off", "/authority/")])
def test_officers_without_an_app_where_it_is_not_required(client, cast, rule, where):
    settings.put("second_officers", rule)
    assert attempt(client, "officer@authority.example").location == where


def test_codes_of_the_minute_before_and_after_will_do_once():
    secret = pyotp.random_base32()
    now = int(time.time()) // 30
    for step in (now - 1, now, now + 1):
        assert second.fitting_step(secret, pyotp.TOTP(secret).at(step * 30), None) in (now - 1, now, now + 1)
    assert second.fitting_step(secret, pyotp.TOTP(secret).at((now - 4) * 30), None) is None
    assert second.fitting_step(secret, pyotp.TOTP(secret).at(now * 30), now) is None
    for nonsense in ("", "12345", "abcdef", "１２３４５６"):
        assert second.fitting_step(secret, nonsense, None) is None


def test_providers_may_use_an_app_and_stop(client, cast):
    cast.sign_in(client, cast.finance)
    assert "Set up<span" in client.get("/provider/accounts/me").text
    code = {"code": "000000", "current": "wrong"}
    assert "This is not it" in client.post("/provider/accounts/me/authenticator", data=code).text
    secret, _ = set_up(client, "/provider/accounts/me/authenticator")
    text = client.get("/provider/accounts/me").text
    assert "10 recovery codes left" in text
    password = {"current": "Demo-portal-1"}
    page = "/provider/accounts/me/recovery-codes"
    assert "recovery code. Each works once" in client.post(page, data={**password, "code": "000000"}).text
    again = client.post(page, data={**password, "code": pyotp.TOTP(secret).at(int(time.time()) + 30)})
    assert again.text.count("<code>") == 10 and RecoveryCode.select().count() == 10
    page = "/provider/accounts/me/authenticator/removal"
    code = {"code": re.search(r"<code>([a-z0-9-]+)</code>", again.text)[1]}
    assert client.post(page, data={"current": "wrong", **code}).status_code == 422
    assert client.post(page, data={**password, "code": "abcde-fghij"}).status_code == 422
    assert client.post(page, data={**password, **code}).status_code == 303
    assert person_of(cast.finance).authenticator is None and not RecoveryCode.select().exists()
    settings.put("second_providers", "off")
    assert client.get("/provider/accounts/me/authenticator").status_code == 404


# a code by e-mail ------------------------------------------------------------------------------------------------------


def mailed() -> str:
    """The code of the last message."""
    row = Mail.select().where(Mail.kind == "sign-in-code").order_by(Mail.id.desc()).get()
    assert "left out" in mail.words_of(row, reveal=False).plain
    return re.search(r"\b(\d{6})\b", mail.words_of(row).plain)[1]


def test_a_code_by_e_mail_where_one_is_required(client, cast):
    settings.put("second_providers", "required")
    assert attempt(client).location == "/login/second-step"
    page = "/login/second-step"
    code = mailed()
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert "last message" in client.post(page, data={"code": wrong}).text
    assert client.post(page, data={"code": f"{code[:3]} {code[3:]}"}).location == "/provider/"
    assert Mail.select().where(Mail.kind == "sign-in-code").count() == 1


def test_the_code_by_e_mail_is_over_after_ten_minutes_and_another_can_be_had(client, cast):
    settings.put("second_providers", "required")
    attempt(client)
    page = "/login/second-step"
    old = mailed()
    client.post(page, data={"again": "1"})
    assert Mail.select().where(Mail.kind == "sign-in-code").count() == 1, "not within a minute"
    SignIn.update(mailed_at=utc_now() - dt.timedelta(minutes=11)).execute()
    assert client.post(page, data={"code": old}).status_code == 422
    client.post(page, data={"again": "1"})
    assert Mail.select().where(Mail.kind == "sign-in-code").count() == 2
    assert client.post(page, data={"code": mailed()}).location == "/provider/"


def test_who_wants_codes_by_e_mail_gets_them(client, cast):
    cast.sign_in(client, cast.finance)
    client.post("/provider/accounts/me/codes-by-mail", data={"wanted": "yes", "current": "Demo-portal-1"})
    client.post("/logout")
    assert attempt(client).location == "/login/second-step"
    client.post("/login/second-step", data={"code": mailed()})
    client.post("/provider/accounts/me/codes-by-mail", data={"wanted": "no", "current": "Demo-portal-1"})
    client.post("/logout")
    assert attempt(client).location == "/provider/"


def test_wrong_mailed_codes_count_too(client, cast):
    settings.put("second_providers", "required")
    attempt(client)
    for _ in range(5):
        answer = client.post("/login/second-step", data={"code": "nonsense"})
    assert answer.location == "/login" and attempt(client).status_code == 200


def test_the_steps_run_out(client, cast):
    settings.put("second_providers", "required")
    attempt(client)
    SignIn.update(started_at=utc_now() - dt.timedelta(minutes=16)).execute()
    assert client.get("/login/second-step").location == "/login"


def test_steps_cannot_be_skipped(client, with_code):
    settings.put("second_providers", "required")
    attempt(client)
    for step in ("second-step", "new-password", "organisation", "authenticator"):
        assert client.get(f"/login/{step}").location == "/login/security-code"
        assert client.post(f"/login/{step}", data={"code": "1", "user": "1"}).location == "/login/security-code"
    assert client.get("/login/nonsense").status_code == 404


# several organisations -------------------------------------------------------------------------------------------------


@pytest.fixture
def both(cast):
    """Greta works for Oakfield and for Brookhouse, behind one sign-in."""
    managing.join(cast.finance, cast.outsider, actor(cast.officer))
    return cast


def test_one_chooses_at_sign_in_and_switches_at_the_top(client, both):
    cast = both
    assert attempt(client, next="/provider/packages").location == "/login/organisation?next=/provider/packages"
    text = client.get("/login/organisation").text
    assert text.index("Brookhouse Residential") < text.index("Oakfield Home Care")
    assert "Choose an organisation" in client.post("/login/organisation", data={}).text
    assert client.post("/login/organisation", data={"user": str(cast.officer.id)}).status_code == 422
    answer = client.post("/login/organisation?next=/provider/packages", data={"user": str(cast.outsider.id)})
    assert answer.location == "/provider/packages"
    header = client.get("/provider/").text.split("</header>")[0]
    assert "Brookhouse Residential" in header and "/login/switch" in header
    assert client.post("/login/switch", data={"user": str(cast.finance.id)}).location == "/provider/"
    header = client.get("/provider/").text.split("</header>")[0]
    assert "Oakfield Home Care" in header and "Greta Finch" in header
    assert client.post("/login/switch", data={"user": str(cast.manager.id)}).status_code == 422


def test_a_form_for_the_other_organisation_is_refused(client, both):
    cast = both
    cast.sign_in(client, cast.finance)
    SignIn.update(user=cast.outsider).execute()
    data = {"organisation_id": str(cast.oakfield.id), "current": "Demo-portal-1", "password": WORDS, "again": WORDS}
    assert (
        "You opened this form for another organisation" in client.post("/provider/accounts/me/password", data=data).text
    )


def test_an_ended_login_leaves_the_other(client, both):
    rules.deactivate(both.outsider, actor(both.officer))
    assert attempt(client).location == "/provider/"
    assert "/login/switch" not in client.get("/provider/").text.split("</header>")[0]


def test_a_session_of_a_login_that_ends_is_over(client, both):
    both.sign_in(client, both.finance)
    rules.deactivate(both.finance, actor(both.officer))
    assert client.get("/provider/").status_code == 303


def test_who_never_chose_is_not_signed_in(client, both):
    attempt(client)
    assert client.get("/provider/").location.startswith("/login/organisation")
    assert User.get_by_id(both.finance.id).is_active
    assert not sessions.live(both.finance.person_id, settings.read())
