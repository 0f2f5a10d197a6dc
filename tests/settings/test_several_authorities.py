"""Two authorities from one code base: each a database and settings of its own, and nothing of the other (Z-15).

They run in two processes, as they are served; and with the same secret key, which is the worst that a careless
technician can do: what one signed means nothing to the other all the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PLAY = """
import json, sys
from app import create_app
from blueprints import history
from blueprints.accounts import links, hashing
from blueprints.settings import rules as settings
from commands import upgrade
from models import Client, Contact, Organisation, Person, Service, SignIn, User, db, utc_now

told = json.load(sys.stdin)
app = create_app(TESTING=True, WTF_CSRF_ENABLED=False, WORKER="apart", KEEP_CONNECTION=True)
db.connect(reuse_if_open=True)
name = told["name"]
with app.app_context():
    upgrade()
    by = history.Actor(None, "officer")
    settings.change(by, {"authority_name": f"{name} Council", "module_contacts": told["contacts"], "colour": told["colour"],
                         "deletion_reasons": [f"Reason of {name}"], "sign_in_minutes": told["minutes"]})
    organisation = Organisation.create(ref="OAK", name=f"{name} Home Care")
    Service.create(ref="OAK-1", name=f"{name} North", organisation=organisation)
    Client.create(ssref="A1", client_ref="C1", surname=f"{name}son", forename="Ann")
    contact = Contact.create(organisation=organisation, surname=name, forename="Greta", permissions="manage_contacts")
    person = Person.create(email="greta@care.example", password_hash=hashing.make(f"{name} password 1"), password_set_at=utc_now())
    user = User.create(person=person, name=f"Greta {name}", organisation=organisation, contact=contact)
    link = links.path_of(links.make(person, 60))
browser = app.test_client()
entered = browser.post("/login", data={"email": "greta@care.example", "password": f"{name} password 1"})
pages = {path: browser.get(path).text for path in ("/provider/", "/provider/services")}
pages |= {path: app.test_client().get(path).text for path in ("/", "/login", "/healthz")}
cookie = browser.get_cookie("portal").value
tried = {}
if told.get("other"):
    other = told["other"]
    stranger = app.test_client()
    stranger.set_cookie("portal", other["cookie"])
    answer = stranger.get("/provider/")
    tried["cookie"] = [answer.status_code, answer.headers.get("Location", "")]
    tried["link"] = app.test_client().get(other["link"]).text
    wrong = app.test_client().post("/login", data={"email": "greta@care.example", "password": f"{other['name']} password 1"})
    tried["password"] = wrong.status_code
with app.app_context():
    count = [model.select().count() for model in (Organisation, Person, Client)]
print(json.dumps({"name": name, "entered": entered.status_code, "pages": pages, "cookie": cookie, "link": link,
                  "tried": tried, "count": count, "contacts": browser.get("/provider/contacts").status_code}))
"""


def play(url: str, **told) -> dict:
    """Serve an authority from a database in a process of its own, and tell what it answered."""
    environ = {
        **os.environ,
        "PORTAL_DATABASE_URL": url,
        "PORTAL_SECRET_KEY": "the same for both",
        "PORTAL_MAIL_URL": "",
    }
    done = subprocess.run(
        [sys.executable, "-c", PLAY], cwd=ROOT, env=environ, input=json.dumps(told), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.feature("Z-15")
def test_two_authorities_know_nothing_of_each_other(spare):
    one = play(spare("one"), name="Ashby", contacts=False, colour="#00703c", minutes=30)
    two = play(spare("two"), name="Corby", contacts=True, colour="#4c2c92", minutes=60, other=one)
    assert one["entered"] == two["entered"] == 303
    for mine, others in ((one, two), (two, one)):
        for path, text in mine["pages"].items():
            assert others["name"] not in text, path
            assert path == "/healthz" or mine["name"] in text, path
        assert mine["count"] == [1, 1, 1]
    assert (one["contacts"], two["contacts"]) == (404, 200), "modules are each one's own"
    assert two["tried"]["cookie"][0] == 303 and "/login" in two["tried"]["cookie"][1], "a session of the other's"
    assert "New password again" not in two["tried"]["link"], "a one-time link of the other's"
    assert two["tried"]["password"] != 303, "a password of the other's"
