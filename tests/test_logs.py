"""Nothing personal in the log or in addresses: journeys with everything captured, and the cast's own words looked for."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from blueprints import mail
from blueprints.jobs import rules as jobs
from blueprints.settings import rules as settings
from models import Client, Import, Mail, Organisation, Person, User, utc_now
from tests.access import TABLE
from tests.imports.test_screens import as_file, choose, row

# Words of the test's own that somebody types, or that stand in rows, and never in a log.
TYPED = ["Zebedee", "Quillfeather", "zebedee@quillfeather.example", "01865 777666", "4 Rosebank Mews", "X Y Zed"]


@pytest.fixture
def words(cast) -> list[str]:
    """Names, addresses, numbers and amounts of the cast; whole words, so that none is found by chance."""
    Client.update(address1="12 Larkspur Lane", postcode="OX4 7ZZ").where(Client.id == cast.ann.id).execute()
    Organisation.update(telephone="01865 123987", email="office@oakfield.example").execute()
    found = [*TYPED, "12 Larkspur Lane", "Larkspur", "OX4 7ZZ", "9990000018", "23.2260", "162.58", "01865 123987"]
    found += [text for c in Client.select() for text in (c.surname, c.ssref, c.client_ref)]
    found += [name for (name,) in User.select(User.name).tuples()] + [p.email for p in Person.select()]
    found += ["Greta", "Finch", "Demo-portal-1", "correct horse", "office@oakfield.example"]
    return [word for word in found if word]


@pytest.fixture
def heard(caplog, capfd):
    """Gives all that was logged or printed, in lines."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("peewee").setLevel(logging.WARNING)  # its DEBUG shows statements: nobody runs a portal with it

    def read() -> list[str]:
        printed = capfd.readouterr()
        return [r.getMessage() + str(r.exc_text or "") for r in caplog.records] + (
            printed.out + printed.err
        ).splitlines()

    return read


def personal(lines, words) -> list[str]:
    """The lines that hold one of the words."""
    any_word = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in words), re.IGNORECASE)
    return [line for line in lines if any_word.search(line)]


def test_nothing_personal_is_logged_on_the_main_journeys(app, client, cast, words, heard, monkeypatch):
    settings.put("second_officers", "off")
    login = {"email": "finance@oakfield.example", "password": "Demo-portal-1"}
    client.post("/login", data={**login, "password": "correct horse"})
    client.post("/login", data={"email": "zebedee@quillfeather.example", "password": "correct horse"})
    client.post("/forgotten-password", data={"email": login["email"]})
    asked = {"name": "Zebedee Quillfeather", "organisation_name": "X Y Zed", "email": TYPED[2], "confirm": TYPED[2]}
    client.post("/request-a-login", data=asked)
    jobs.run_waiting()
    client.post("/login", data=login)
    wrong = row("V2", SSRef="A999999", ServiceName="Zebedee", PlannedEntryTime="25:00")
    address = choose(client, as_file(row("V1"), wrong), name="Ann Archer A100001 Zebedee.csv")
    client.get(address)
    choose(client, b"%PDF-1.4 of Ann Archer", name="Ann Archer.csv")
    good = choose(client, as_file(row("V1")), name="Quillfeather.csv")
    client.post(f"{good}/update")
    jobs.run_waiting()
    client.post("/provider/searches", data={"words": "Ann Archer 9990000018"})
    client.post("/provider/accounts/me/password", data={"current": "correct horse", "password": "x", "again": "x"})
    client.post("/logout")
    client.post("/login", data={"email": "officer@authority.example", "password": "Demo-portal-1"})
    client.post("/authority/searches", data={"words": "Archer"})
    client.get("/authority/clients", query_string={"q": "Archer"})
    client.get(f"/authority/clients/{cast.ann.id}")
    client.get(f"/provider/services/{cast.north.id}")
    client.post("/authority/organisations/new", data={"ref": "", "name": "Zebedee", "town": "4 Rosebank Mews"})
    app.config["WTF_CSRF_ENABLED"] = True
    client.post("/authority/organisations/new", data={"name": "Zebedee", "telephone": "01865 777666"})
    app.config["WTF_CSRF_ENABLED"] = False
    # and what fails: a page, and a job, with personal words in the failure
    monkeypatch.setitem(jobs.HANDLERS, "fails", fails)
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    jobs.run(jobs.queue("fails").id)
    view = app.view_functions["authority.clients.show"]
    monkeypatch.setitem(app.view_functions, "authority.clients.show", failing(view))
    app.config["TESTING"], app.config["PROPAGATE_EXCEPTIONS"] = False, False
    try:
        assert client.get(f"/authority/clients/{cast.ann.id}").status_code == 500
    finally:
        app.config["TESTING"], app.config["PROPAGATE_EXCEPTIONS"] = True, None
    lines = heard()
    assert any('"failure"' in line for line in lines) and any("failed: ValueError" in line for line in lines)
    assert sum("sign-in" in line for line in lines) > 5, "and something was logged"
    assert not personal(lines, words)


def fails(*_args):
    """A job that fails over somebody's details."""
    raise ValueError("Ann Archer A100001 finance@oakfield.example")


def failing(view):
    """A page that fails over somebody's details."""

    def page(**_values):
        raise ValueError("Ann Archer A100001")

    page.act = view.act
    return page


def test_nothing_personal_in_addresses_that_pages_link_to(app, cast, words):
    """Links, forms and redirects of every page of the access table; what a person types into a filter is not ours."""
    Import.update(checked_at=utc_now()).where(Import.id == cast.batch.id).execute()
    wrong = set()
    by_mail = [word for word in words if "@" in word]  # an address to write to is one that the page shows
    for side, person in (("authority", cast.officer), ("provider", cast.finance)):
        browser = cast.sign_in(app.test_client(), person)
        browser.check = False
        for endpoint, (address, _) in TABLE.items():
            method, _, path = address.partition(" ")
            if method != "GET" or not endpoint.startswith((side, "public")):
                continue
            answer = browser.get(path.format(cast=cast))
            found = [answer.location or ""]
            if answer.mimetype == "text/html":
                found += re.findall(r'(?:href|action|src|hx-\w+)="([^"]*)"', answer.text)
            answer.close()
            links = [unquote_plus(one) for one in found if not one.startswith(("mailto:", "tel:"))]
            wrong |= {(endpoint, one) for one in personal(links, words)}
    assert not wrong and by_mail


def test_nothing_personal_in_the_subjects_of_mail(cast, words):
    for kind in mail.KINDS.values():
        assert not personal([kind.subject], words), kind
    assert not personal([m.kind for m in Mail.select()], words)


def test_the_access_log_has_paths_without_their_queries():
    text = (Path(__file__).resolve().parent.parent / "gunicorn.conf.py").read_text()
    form = re.search(r"access_log_format = '(.*)'", text)[1]
    assert "%(U)s" in form, "the path"
    for part in ("%(q)s", "%(r)s", "%(f)s", "%(u)s", "{cookie}i"):  # query, whole line, where from, user, cookie
        assert part not in form
