"""Contacts as officers keep them (E-14, E-23, E-26, E-32, B-25, B-26)."""

from __future__ import annotations

import pytest

from blueprints.permissions import GRANTS, Can, acts_of
from models import Change, Contact, Organisation, Role, RoleName, User
from tests.pages import press, press_at, queries


@pytest.fixture
def officer(client, cast):
    """Amir, signed in."""
    return cast.sign_in(client, cast.officer)


@pytest.fixture
def owen(cast) -> Contact:
    """The manager's contact."""
    return Contact.get_by_id(cast.manager.contact_id)


@pytest.mark.feature("E-32")
def test_adding_and_changing_a_contact_leaves_history(officer, cast):
    answer = press(
        officer,
        f"/authority/contacts/new?organisation={cast.oakfield.id}",
        surname="D’Arcy",
        forename="Idris",
        types=["Admin"],
    )
    row = Contact.get(Contact.surname == "D’Arcy")
    assert (
        answer.location == f"/authority/contacts/{row.id}"
        and row.organisation_id == cast.oakfield.id
        and row.types == "Admin"
    )
    press(officer, f"/authority/contacts/{row.id}/edit", telephone="01632 960 111")
    text = officer.get(f"/authority/contacts/{row.id}/history").text
    assert "Added" in text and "Changed" in text and "01632 960 111" in text and "Amir Khan" in text
    assert press(officer, f"/authority/contacts/{row.id}/edit", surname="").status_code == 422
    assert officer.get("/authority/contacts/new?organisation=x").status_code == 404
    press(officer, "/authority/contacts/new", surname="Own")
    assert Contact.get(Contact.surname == "Own").organisation_id is None


def test_two_officers_at_one_contact(officer, owen):
    from tests.pages import changed, fields

    address = f"/authority/contacts/{owen.id}/edit"
    form = changed(fields(officer.get(address).text), {"telephone": "01632 960 111"})
    Contact.update(telephone="01632 960 222").where(Contact.id == owen.id).execute()
    answer = officer.post(address, data=form)
    assert answer.status_code == 422 and "01632 960 222" in answer.text and "01632 960 111" in answer.text


@pytest.mark.feature("E-32", "B-25", "E-02")
def test_deactivating_signs_out_and_reactivating_is_the_authoritys(officer, cast, owen):
    them = cast.sign_in(officer.application.test_client(), cast.manager)
    assert them.get("/provider/").status_code == 200
    address = f"/authority/contacts/{owen.id}"
    page = officer.get(f"{address}/removal").text
    assert "Deactivate contact" in page and "Remove contact" in page
    officer.post(f"{address}/state", data={"state": "Deactivated"})
    assert them.get("/provider/").status_code == 303
    assert "portal-gone" in officer.get(f"/authority/organisations/{cast.oakfield.id}/contacts").text
    officer.post(f"{address}/state", data={"state": "Current"})
    assert Contact.get_by_id(owen.id).is_current and User.get_by_id(cast.manager.id).may_sign_in


@pytest.mark.feature("E-14", "E-32")
def test_a_removed_contact_keeps_its_name_in_history_alone(officer, cast, owen):
    cast.make_role(cast.manager, "Contact", contract=cast.dapl)
    address = f"/authority/contacts/{owen.id}"
    assert "It is being used by a Contract." in officer.get(f"{address}/removal").text
    officer.post(f"{address}/state", data={"state": "Removed"})
    officer.get(address)  # which says what was done
    assert "Marsh" not in officer.get(f"/authority/organisations/{cast.oakfield.id}/contacts").text
    assert "Owen Marsh" in officer.get(address).text and "Removed" in officer.get(f"{address}/history").text
    assert "Marsh" in officer.get("/authority/contacts?state=Removed").text
    assert not Role.select().exists() and not User.get_by_id(cast.manager.id).may_sign_in
    for tail in ("edit", "removal", "permissions", "login"):
        assert officer.get(f"{address}/{tail}").status_code == 404
    officer.post(f"{address}/state", data={"state": "Current"})
    assert Contact.get_by_id(owen.id).state == "Removed", "it cannot be undone"
    officer.post(f"{address}/state", data={"state": "Nonsense"})


@pytest.mark.feature("E-32")
def test_giving_and_taking_roles(officer, cast, owen):
    address = f"/authority/contacts/{owen.id}"
    answer = press_at(officer, address, f"{address}/roles", "as_shown", role_for=f"service-{cast.north.id}", role="2")
    assert answer.status_code == 303 and "Service: Oakfield North" in officer.get(address).text
    again = press_at(officer, address, f"{address}/roles", "as_shown", role_for=f"service-{cast.north.id}", role="2")
    assert again.status_code == 422 and "has this role already" in again.text
    for place in (f"service-{cast.house.id}", f"contract-{cast.spot.id}", "service-999999", "nonsense"):
        wrong = press_at(officer, address, f"{address}/roles", "as_shown", role_for=place, role="2")
        assert wrong.status_code == 422, place
    other = press_at(
        officer, address, f"{address}/roles", "as_shown", role_for=f"organisation-{cast.brookhouse.id}", role="1"
    )
    assert other.status_code == 422 and "is not there any more" in other.text, "an ordinary role stays at home"
    uploader = RoleName.get(RoleName.name == "LA Contact")
    press_at(
        officer,
        address,
        f"{address}/roles",
        "as_shown",
        role_for=f"organisation-{cast.brookhouse.id}",
        role=str(uploader.id),
    )
    assert "another organisation" in officer.get(address).text
    role = Role.get(Role.service == cast.north)
    officer.post(f"/authority/contact-roles/{role.id}/removal")
    assert not Role.select().where(Role.id == role.id).exists()
    assert officer.post(f"/authority/contact-roles/{role.id}/removal").status_code == 404
    whats = [c.what for c in Change.select().where((Change.thing == "contact") & (Change.thing_id == owen.id))]
    assert whats.count("Gave a role") == 2 and "Took a role away" in whats


def test_permissions_are_given_person_by_person(officer, cast, owen):
    address = f"/authority/contacts/{owen.id}/permissions"
    page = officer.get(address).text
    for act in GRANTS:
        assert f"May {act.value}" in page.replace("&#39;", "'")
    press(officer, address, permissions=["sign_contracts", "manage_referrals"])
    user = User.get_by_id(cast.manager.id)
    acts = acts_of(user, [])
    assert Can.SIGN_CONTRACTS in acts and Can.MANAGE_REFERRALS in acts and Can.MANAGE_CONTACTS not in acts
    them = cast.sign_in(officer.application.test_client(), cast.manager)
    answer = them.get("/provider/contacts")
    assert answer.status_code == 403 and "The authority can give it to you" in answer.text
    assert "Manage Contacts" not in them.get("/provider/").text
    assert press(officer, address, permissions=["edit_settings"]).status_code == 422
    assert "sign contract documents" in officer.get(f"/authority/contacts/{owen.id}").text


def test_an_officers_act_is_never_given_to_a_provider():
    from blueprints.permissions import ROLES, granted

    assert not set(GRANTS) & set().union(*(ROLES[r] for r in ROLES if r != "provider"))
    assert granted("edit_settings\nfinalise\nmanage_contacts") == [Can.MANAGE_CONTACTS]


@pytest.mark.feature("E-23")
def test_role_titles_are_the_authoritys_list(officer, cast, owen):
    press(officer, "/authority/role-names/new", name="Home Manager", scope="service", reaches="y")
    name = RoleName.get(RoleName.name == "Home Manager")
    Role.create(contact=owen, name=name, organisation=cast.oakfield, service=cast.north)
    text = officer.get("/authority/role-names").text
    assert "Home Manager" in text and "Contact" in text
    assert press(officer, "/authority/role-names/new", name="Home Manager", scope="service").status_code == 422
    wrong = press(officer, f"/authority/role-names/{name.id}/edit", scope="contract")
    assert wrong.status_code == 422 and "People hold this role" in wrong.text
    press(officer, f"/authority/role-names/{name.id}/edit", is_retired="y")
    greta = cast.sign_in(officer.application.test_client(), cast.finance)
    page = greta.get(f"/provider/contacts/{owen.id}").text
    assert "Home Manager for service" not in page and "Home Manager" in page, "it stays with those who hold it"


@pytest.mark.feature("E-26")
def test_limited_accessibility_is_switched_by_the_authority(officer, cast, owen):
    cast.make_role(cast.manager, "Service Manager", service=cast.north)
    press(officer, f"/authority/organisations/{cast.oakfield.id}/edit", limited_accessibility="y")
    assert Organisation.get_by_id(cast.oakfield.id).limited_accessibility
    assert (
        "1 person who can sign in has no role and reaches nothing"
        in officer.get(f"/authority/organisations/{cast.oakfield.id}").text
    )
    them = cast.sign_in(officer.application.test_client(), cast.manager)
    text = them.get("/provider/services").text
    assert "Oakfield North" in text and "Oakfield South" not in text
    press(officer, f"/authority/organisations/{cast.oakfield.id}/edit", limited_accessibility=None)
    assert "Oakfield South" in them.get("/provider/services").text


def test_the_login_of_a_contact(officer, cast):
    row = Contact.create(organisation=cast.oakfield, surname="D’Arcy", forename="Idris")
    address = f"/authority/contacts/{row.id}/login"
    assert press(officer, address, access="y").status_code == 422
    assert press(officer, address, access="y", portal_email="idris@oakfield.example").status_code == 303
    user = User.get(User.contact == row)
    assert user.email == "idris@oakfield.example" and user.is_active
    press(officer, address, access=None)
    assert not User.get_by_id(user.id).is_active
    press(officer, address, access="y")
    assert User.get_by_id(user.id).is_active


def test_all_contacts_and_the_file(officer, cast):
    text = officer.get("/authority/contacts").text
    assert "Finch, Greta" in text and "Stone, Bella" in text and "Khan, Amir" in text
    assert "Stone" not in officer.get(f"/authority/organisations/{cast.oakfield.id}/contacts").text
    assert "Finch" in officer.get("/authority/contacts?q=greta+finch").text
    csv = officer.get("/authority/contacts?format=csv").text
    assert "OAK,Finch,Greta" in csv


def test_lists_cost_the_same_at_ten_rows_as_at_one(officer, cast, owen):
    address = f"/authority/organisations/{cast.oakfield.id}/contacts"
    one = queries(officer, address), queries(officer, f"/authority/contacts/{owen.id}")
    for n in range(10):
        Contact.create(organisation=cast.oakfield, surname=f"S{n}")
        cast.make_role(cast.manager, "Service Manager", service=cast.north)
    assert (queries(officer, address), queries(officer, f"/authority/contacts/{owen.id}")) == one


def test_the_table_of_roles_and_permissions_is_drawn_from_the_code(officer):
    text = officer.get("/authority/settings/roles").text.replace("&#39;", "'")
    for act in GRANTS:
        assert act.value in text
    assert "Service Manager" in text and "The contract and the services that it covers" in text
