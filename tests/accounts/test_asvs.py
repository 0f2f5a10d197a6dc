"""What ASVS asks of signing in beyond the catalogue's rows."""

from __future__ import annotations

import time

import pyotp

from blueprints.accounts import rules, second, signing
from blueprints.history import COMMAND_LINE, Actor
from blueprints.settings import rules as settings
from models import Person, SignIn

WORDS = "correct horse battery staple"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def test_a_new_password_does_not_pass_by_the_second_step(client, cast):
    """A link sets a password, begins no session, and the app is asked for all the same (6.4.3, 7.6.2)."""
    person = cast.finance.person
    second.set_up_app(person, SECRET, pyotp.TOTP(SECRET).now(), Actor(cast.finance.id, "Greta"))
    word = rules.make_link(cast.finance, COMMAND_LINE)
    client.get(f"/set-password/{word}")
    assert not SignIn.select().exists()
    answer = client.post(f"/set-password/{word}", data={"password": WORDS, "again": WORDS})
    assert answer.location == "/login" and not SignIn.select().exists()
    login = {"email": person.email, "password": WORDS}
    assert client.post("/login", data=login).location == "/login/second-step"
    assert client.get("/provider/").location.startswith("/login/")
    later = pyotp.TOTP(SECRET).at(int(time.time()) + 30)
    assert client.post("/login/second-step", data={"code": later}).location == "/provider/"


def test_a_code_is_good_for_its_own_session_alone(app, cast):
    """A code that was sent for one sign-in opens no other of the same person (6.6.2)."""
    settings.put("second_providers", "required")
    login = {"email": "finance@oakfield.example", "password": "Demo-portal-1"}
    one, other = app.test_client(), app.test_client()
    one.post("/login", data=login)
    first = SignIn.select().order_by(SignIn.id.desc()).get()
    other.post("/login", data=login)
    latest = SignIn.select().order_by(SignIn.id.desc()).get()
    assert second.mailed_code(first) != second.mailed_code(latest) or first.id != latest.id
    assert not second.answers_mail(latest, second.mailed_code(first)) or second.mailed_code(
        first
    ) == second.mailed_code(latest)
    assert other.post("/login/second-step", data={"code": second.mailed_code(latest)}).location == "/provider/"
    assert one.get("/provider/").location.startswith("/login/"), "and the first is not signed in by it"


def test_a_code_that_was_used_is_not_asked_of_its_session_again(client, cast):
    """Once it has let somebody in, the same code does nothing (6.5.1)."""
    settings.put("second_providers", "required")
    client.post("/login", data={"email": "finance@oakfield.example", "password": "Demo-portal-1"})
    code = second.mailed_code(SignIn.get())
    assert client.post("/login/second-step", data={"code": code}).location == "/provider/"
    client.post("/logout")
    client.post("/login", data={"email": "finance@oakfield.example", "password": "Demo-portal-1"})
    fresh = second.mailed_code(SignIn.select().order_by(SignIn.id.desc()).get())
    if fresh != code:
        assert client.post("/login/second-step", data={"code": code}).status_code == 422


def test_nobody_s_tries_lock_anybody_out_for_ever(client, cast):
    """The lock ends by itself, and a new password ends it at once (6.3.1)."""
    for _ in range(5):
        client.post("/login", data={"email": "finance@oakfield.example", "password": "x"})
    person = Person.get_by_id(cast.finance.person_id)
    assert person.locked_until is not None and not person.is_locked
    word = rules.make_link(cast.finance, COMMAND_LINE)
    client.post(f"/set-password/{word}", data={"password": WORDS, "again": WORDS})
    assert not signing.is_locked(Person.get_by_id(person.id), person.locked_until.replace(year=2000))
    assert client.post("/login", data={"email": person.email, "password": WORDS}).location == "/provider/"
