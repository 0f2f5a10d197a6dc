"""The demonstration has something on every screen, and nobody in it is real (Z-14)."""

from __future__ import annotations

import re
from html import unescape

import pytest
from peewee import CharField, TextField

import models
from blueprints.accounts import hashing
from blueprints.weeks import set_today
from demonstration import build
from models import SignIn, User, db
from tests.conftest import TODAY
from tests.settings.test_modules import LINKS, endpoint_of

WHO = (
    "officer@authority.example", "finance@oakfield.example", "manager@oakfield.example", "finance@brookhouse.example",
    "manager@harbour.example",
)  # fmt: skip
WITHIN = re.compile(r'href="(\?[^"#]*)')
TRIES = 4  # pages of a kind that are looked at by each person
MORE = {  # reached through many rows that have nothing of it, or through many tabs
    "authority.disputes.check_list": 40,
    "authority.contacts.show": 14,
    "authority.contacts.asked": 14,
}
# Screens that are rightly empty on the day the demonstration is loaded, each with its reason.
EMPTY = {
    "authority.actuals.increases_waiting": "increases need an officer only where the setting says so; it is off",
}


@pytest.fixture(scope="module")
def small(whole_app):
    """The small demonstration, which the tests only look at; rolled back after them."""
    db.connect(reuse_if_open=True)
    with whole_app.app_context(), db.atomic() as transaction:
        set_today(TODAY)
        try:
            list(build.build("small"))
            yield whole_app
        finally:
            set_today(None)
            transaction.rollback()


def sign_in(app, email: str):
    """A browser that somebody is signed in at."""
    user = User.select().join(models.Person).where(models.Person.email == email).get()
    client = app.test_client()
    SignIn.create(digest=hashing.digest_of(email), person=user.person_id, user=user, is_ready=True)
    with client.session_transaction() as session:
        session["token"] = email
    return client


@pytest.mark.feature("Z-14")
def test_every_screen_shows_something(small):
    """Followed link by link from each home page, every screen has something on it for one of the demonstration's people."""
    full, empty = set(), {}
    for email in WHO:
        client, looked, waiting = sign_in(small, email), {}, ["/authority/" if "authority" in email else "/provider/"]
        seen = set(waiting)
        while waiting:
            address = waiting.pop(0)
            endpoint = endpoint_of(small, address)
            if (
                endpoint is None
                or endpoint.startswith("public.")
                or looked.get(endpoint, 0) >= MORE.get(endpoint, TRIES)
            ):
                continue
            looked[endpoint] = looked.get(endpoint, 0) + 1
            answer = client.get(unescape(address))
            assert answer.status_code in (200, 303, 405), (address, answer.status_code)
            if answer.status_code != 200 or answer.mimetype != "text/html":
                continue
            if "portal-empty" in answer.text:
                empty.setdefault(endpoint, address)
            else:
                full.add(endpoint)
            links = LINKS.findall(answer.text)
            if endpoint in MORE:
                links += [address.partition("?")[0] + link for link in WITHIN.findall(answer.text)]
            for link in links:
                if link not in seen and "format=" not in link:
                    seen.add(link)
                    waiting.append(link)
    assert len(full) > 150
    assert set(empty) - full == set(EMPTY), {name: empty.get(name) for name in (set(empty) - full) ^ set(EMPTY)}


@pytest.mark.feature("Z-14")
def test_nobody_is_real(small):
    """Addresses end in .example, telephones are those that are kept for stories, NHS numbers those kept for tests."""
    mail = re.compile(r"[^\s@<>\"]+@([a-z0-9.-]+)")
    phone = re.compile(r"\b0[1237][0-9 ]{8,12}\b")
    looked = 0
    for table in models.TABLES:
        names = [name for name, field in table._meta.fields.items() if isinstance(field, CharField | TextField)]
        if not names or table is SignIn:
            continue
        for row in table.select(*[table._meta.fields[name] for name in names]).tuples():
            for name, value in zip(names, row, strict=True):
                if not isinstance(value, str):
                    continue
                looked += 1
                for host in mail.findall(value):
                    assert host.rstrip(".").endswith(".example"), (table, name, value)
                if name in ("telephone", "mobile", "fax", "pager"):
                    for number in phone.findall(value):
                        digits = number.replace(" ", "")
                        assert digits.startswith(("01632960", "07700900", "0800", "02079460")), (table, name, value)
                if name == "nhs_number" and value:
                    assert value.startswith("999"), (table, value)
    assert looked > 5000
