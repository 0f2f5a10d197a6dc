"""The security log: what is noted of sign-ins, refusals and failures, in which form, and nothing personal (ASVS 16)."""

from __future__ import annotations

import datetime as dt
import json
import logging

import pytest

from blueprints import events, frame, history
from blueprints.settings import rules as settings


@pytest.fixture
def noted(caplog):
    """Gives the security events so far, each a dictionary."""
    caplog.set_level(logging.INFO, "portal")

    def read(event: str | None = None) -> list[dict]:
        lines = [json.loads(r.getMessage()) for r in caplog.records if r.name == "portal.security"]
        return [line for line in lines if event in (None, line["event"])]

    return read


def attempt(client, email: str = "finance@oakfield.example", password: str = "Demo-portal-1"):
    """Send the sign-in form."""
    return client.post("/login", data={"email": email, "password": password})


def test_each_line_says_when_where_who_and_what(client, cast, noted):
    cast.sign_in(client, cast.finance).post("/provider/accounts/me/password", data={"current": "wrong"})
    line = noted("sign-in or login")[0]
    assert dt.datetime.fromisoformat(line["at"]).utcoffset() == dt.timedelta(0)
    assert len(line["request"]) == 12 and line["from"] == "127.0.0.1" and line["method"] == "POST"
    assert line["page"] == "provider.accounts.change_password" and line["status"] == 422
    assert (line["user"], line["organisation"]) == (cast.finance.id, cast.oakfield.id)


def test_signing_in_failing_locking_and_out(client, cast, noted):
    settings.put("second_officers", "off")
    attempt(client, password="wrong")
    refused = noted("sign-in refused")
    assert refused[0]["login"] == events.login_word(" Finance@oakfield.example") and refused[0]["user"] is None
    attempt(client)
    assert noted("signed in")[0]["person"] == cast.finance.person_id
    client.post("/logout")
    assert noted()[-1]["page"] == "public.accounts.sign_out"
    client.post("/forgotten-password", data={"email": "finance@oakfield.example"})
    assert noted()[-1]["page"] == "public.accounts.forgotten"


def test_a_second_step_that_fails_and_locks(client, cast, noted):
    settings.put("second_providers", "required")
    attempt(client)
    for _ in range(5):
        client.post("/login/second-step", data={"code": "000000"})
    steps = [line for line in noted("sign-in or login") if line.get("step") == "second-step"]
    assert len(steps) == 5 and steps[0]["person"] == cast.finance.person_id
    assert len(noted("locked")) == 1


def test_what_is_refused_is_noted(app, client, cast, noted):
    cast.sign_in(client, cast.reader)
    client.get("/authority/accounts")
    assert (noted("refused")[0]["act"], noted("refused")[0]["user"]) == ("manage_logins", cast.reader.id)
    cast.sign_in(client, cast.outsider)
    client.get(f"/provider/services/{cast.north.id}")
    gone = noted("not there")[0]
    assert gone["user"] == cast.outsider.id and gone["rows"] == [cast.north.id]
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert client.post("/provider/accounts/me/password", data={"current": "x"}).status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert noted("form without its token")[0]["user"] == cast.outsider.id
    client.check = False
    client.get("/login", base_url="http://evil.example")
    assert noted("another host")


def test_too_many_tries_are_noted(client, cast, noted):
    from blueprints.accounts import signing

    for _ in range(20):
        signing.count_failure("login finance@oakfield.example")
    attempt(client)
    assert noted("too many tries") and not noted("signed in")


def test_a_failure_is_noted_with_its_number_and_without_its_words(app, client, cast, noted, monkeypatch):
    def fails(*_args, **_kwargs):
        raise RuntimeError("Ann Archer 9990000018")

    monkeypatch.setitem(app.view_functions, "public.home.privacy", events_view(fails))
    app.config["TESTING"], app.config["PROPAGATE_EXCEPTIONS"] = False, False
    try:
        answer = client.get("/privacy")
    finally:
        app.config["TESTING"], app.config["PROPAGATE_EXCEPTIONS"] = True, None
    line = noted("failure")[0]
    assert answer.status_code == 500 and line["reference"] in answer.text and line["kind"] == "RuntimeError"
    assert "Archer" not in json.dumps(line) and "Archer" not in answer.text and "Traceback" not in answer.text


def events_view(view):
    """A view that needs nobody signed in."""
    view.act = None
    return view


@pytest.mark.parametrize("text", ["a\nb", "a\r\n{}", "\x1b[31mred", "\u202eabc", 'quote" and \\'])
def test_nothing_typed_ends_a_line_or_colours_a_screen(text):
    record = logging.LogRecord("portal", logging.ERROR, "", 0, "said %s", (text,), None)
    line = events.AsJson().format(record)
    assert line.isascii() and line.isprintable()
    assert json.loads(line)["text"] == f"said {text}"


def test_nobody_takes_files_without_end(client, cast, noted, monkeypatch):
    monkeypatch.setattr(frame, "MOST_FILES", 2)
    cast.sign_in(client, cast.officer)
    for _ in range(2):
        assert client.get("/authority/imports/clients/blank.csv").status_code == 200
    answer = client.get("/authority/imports/clients/blank.csv")
    assert answer.status_code == 429 and answer.headers["Retry-After"] == "900"
    assert noted("too many files")[0]["user"] == cast.officer.id
    assert history.taken_since(cast.officer.id, dt.datetime(2000, 1, 1)) == 2
