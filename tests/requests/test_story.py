"""From an empty database through the forms alone: set up, ask, accept, reject, meet a conflict; each sees what they may.

The journey that "People, access and change requests" is done by, without JavaScript.
"""

from __future__ import annotations

import re

import pytest

from models import (
    Change,
    ChangeRequest,
    Contact,
    Contract,
    OfficerRole,
    Organisation,
    Person,
    Role,
    Service,
    User,
    utc_now,
)
from tests.cast import hashed
from tests.pages import press, press_at


@pytest.fixture
def officer(app, client):
    """The first officer, as `init` makes one, signed in."""
    person = Person.create(email="officer@authority.example", password_hash=hashed(), password_set_at=utc_now())
    user = User.create(person=person, name="Amir Khan")
    OfficerRole.create(user=user, role="administrator")
    return enter(client, user)


def enter(client, user: User):
    """Sign somebody in without the form."""
    from blueprints.accounts import hashing
    from models import SignIn

    token = f"token-{user.id}"
    SignIn.create(digest=hashing.digest_of(token), person=user.person_id, user=user, is_ready=True)
    with client.session_transaction() as session:
        session["token"] = token
    return client


def user_of(surname: str) -> User:
    """The login of a contact."""
    return User.get(User.contact == Contact.get(Contact.surname == surname))


def test_set_up_staff_ask_decide(app, officer):
    # the authority sets up two organisations with a service and their first people
    for ref, name in (("OAK", "Oakfield Home Care"), ("BRO", "Brookhouse")):
        press(officer, "/authority/organisations/new", ref=ref, name=name, telephone="01632 960 200")
    oakfield, brookhouse = Organisation.get(Organisation.ref == "OAK"), Organisation.get(Organisation.ref == "BRO")
    for ref, name, home in (
        ("OAK-N", "Oakfield North", oakfield),
        ("OAK-S", "Oakfield South", oakfield),
        ("BRO-1", "The House", brookhouse),
    ):
        press(officer, "/authority/services/new", ref=ref, name=name, organisation=str(home.id))
    north, south = (Service.get(Service.ref == ref) for ref in ("OAK-N", "OAK-S"))
    for home, surname, email in (
        (oakfield, "Finch", "greta@oakfield.example"), (oakfield, "Marsh", "owen@oakfield.example"),
        (brookhouse, "Stone", "bella@brookhouse.example"),
    ):  # fmt: skip
        press(officer, f"/authority/contacts/new?organisation={home.id}", surname=surname, email=email)
        row = Contact.get(Contact.surname == surname)
        assert press(officer, f"/authority/contacts/{row.id}/login", access="y", portal_email=email).status_code == 303
        place = f"organisation-{home.id}" if surname != "Marsh" else f"service-{south.id}"
        name = "1" if surname != "Marsh" else "2"
        page = f"/authority/contacts/{row.id}"
        assert press_at(officer, page, f"{page}/roles", "as_shown", role_for=place, role=name).status_code == 303
        press(officer, f"{page}/permissions", permissions=["manage_contacts"])
    press(officer, f"/authority/organisations/{oakfield.id}/edit", limited_accessibility="y")

    # Greta asks for a colleague's login, a changed address and a removed role
    greta = enter(app.test_client(), user_of("Finch"))
    assert greta.get("/provider/contacts").status_code == 200
    press(
        greta, f"/provider/requests/new/contact-new/{oakfield.id}", surname="D’Arcy", forename="Idris", access="y",
        portal_email="idris@oakfield.example", role="2", role_for=f"service-{north.id}", comment="Starts on Monday",
    )  # fmt: skip
    press(
        greta,
        f"/provider/requests/new/organisation/{oakfield.id}",
        address1="16 Station Road",
        telephone="01632 960 999",
    )
    marsh = Contact.get(Contact.surname == "Marsh")
    role = Role.get(Role.contact == marsh)
    assert "Press again" in greta.get(f"/provider/contacts/{marsh.id}?remove={role.id}").text
    greta.post(f"/provider/contact-roles/{role.id}/removal")
    asked = {row.kind: row for row in ChangeRequest.select()}
    assert set(asked) == {"contact-new", "organisation", "role-remove"}

    # the officer accepts one, rejects one with a reason, and meets a conflict on the third
    assert re.search(r"3</b> change requests wait", officer.get("/authority/").text)
    officer.post(f"/authority/requests/{asked['contact-new'].id}/acceptance")
    page = f"/authority/requests/{asked['role-remove'].id}"
    assert "This is the last role of Marsh" in officer.get(page).text
    press_at(officer, page, f"{page}/rejection", "remarks", reason="Not enough information", remarks="Is he leaving?")
    press(officer, f"/authority/organisations/{oakfield.id}/edit", telephone="01632 960 555")
    page = f"/authority/requests/{asked['organisation'].id}"
    assert "The record has changed since" in officer.get(page).text
    assert officer.post(f"{page}/acceptance").status_code == 409
    press_at(officer, page, f"{page}/acceptance", "shown", **{"choose-telephone": "now"})
    now = Organisation.get_by_id(oakfield.id)
    assert (now.address1, now.telephone) == ("16 Station Road", "01632 960 555")

    # each person then sees exactly what they may
    home = greta.get("/provider/").text
    assert "1 of your requests has been rejected" in home and "2 of your requests have been approved" in home
    assert "Is he leaving?" in greta.get("/provider/requests").text
    idris, owen, bella = (enter(app.test_client(), user_of(name)) for name in ("D’Arcy", "Marsh", "Stone"))
    for browser, seen, unseen in (
        (greta, ["Oakfield North", "Oakfield South"], ["The House"]), (idris, ["Oakfield North"], ["Oakfield South", "The House"]),
        (owen, ["Oakfield South"], ["Oakfield North", "The House"]), (bella, ["The House"], ["Oakfield North", "Oakfield South"]),
    ):  # fmt: skip
        text = browser.get("/provider/services").text
        assert all(name in text for name in seen) and not any(name in text for name in unseen)
    assert idris.get("/provider/contacts").status_code == 403
    assert "Finch" not in owen.get("/provider/contacts").text, "who has no role at the South"
    for browser in (idris, owen, bella):
        assert browser.get(f"/provider/requests/{asked['organisation'].id}").status_code == 404
        assert browser.get(f"/provider/services/{north.id}").status_code == (200 if browser is idris else 404)

    # and the whole is in the audit trail
    trail = [(change.by, change.what) for change in Change.select().order_by(Change.id)]
    for entry in (
        ("Finch", "Asked for: New Contact"), ("Amir Khan", "Accepted: New Contact"), ("Amir Khan", "Rejected: Delete Contact Role"),
        ("Amir Khan", "Accepted: Update Organisation"), ("Amir Khan", "Gave a role"),
    ):  # fmt: skip
        assert entry in trail, entry
    assert not Contract.select().exists()
