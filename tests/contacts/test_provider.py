"""The organisation's people as a provider sees them (E-01 to E-22)."""

from __future__ import annotations

import datetime as dt

import pytest

from blueprints.contacts import rules as contacts
from blueprints.history import Actor
from blueprints.requests import rules
from models import Accreditation, ChangeRequest, Contact, ContactState, Role, RoleName, Service, SignIn
from tests.pages import press, press_at, queries

BY = Actor(None, "Amir Khan")


@pytest.fixture
def owner(client, cast):
    """Greta of Oakfield, who may manage contacts, signed in."""
    return cast.sign_in(client, cast.finance)


@pytest.fixture
def owen(cast) -> Contact:
    """The manager's contact."""
    return Contact.get_by_id(cast.manager.contact_id)


@pytest.mark.feature("E-01", "E-16", "B-24")
def test_the_list_of_contacts(owner, cast, owen):
    Contact.update(
        address1="A very long house name indeed", town="Northmere-on-the-Moor", telephone="01632 960 212"
    ).where(Contact.id == owen.id).execute()
    text = owner.get("/provider/contacts").text
    assert "Manage Contacts for Oakfield Home Care" in text and "Add New Contact" in text
    assert text.index("Finch, Greta") < text.index("Marsh, Owen"), "by surname"
    assert "…" in text and "01632 960 212" in text and "Stone" not in text
    Contact.update(permissions="").where(Contact.id == cast.finance.contact_id).execute()
    assert "Manage Contacts" not in owner.get("/provider/").text
    answer = owner.get("/provider/contacts")
    assert answer.status_code == 403 and "The authority can give it to you" in answer.text


def test_an_organisation_without_any_contact(client, cast):
    """Its one login has none: the pages say so; nothing fails."""
    from models import User

    lone = cast.user("lone@brookhouse.example", "Lone Ranger", cast.brookhouse)
    User.update(contact=None).where(User.organisation == cast.brookhouse).execute()
    Contact.delete().where(Contact.organisation == cast.brookhouse).execute()
    cast.sign_in(client, lone)
    assert client.get("/provider/").status_code == 200
    assert client.get("/provider/contacts").status_code == 403
    officer = cast.sign_in(client.application.test_client(), cast.officer)
    assert "There are no contacts yet" in officer.get(f"/authority/organisations/{cast.brookhouse.id}/contacts").text


@pytest.mark.feature("E-02")
def test_a_deactivated_contact_is_struck_through_and_gets_no_roles(owner, cast, owen):
    contacts.set_state(owen, ContactState.DEACTIVATED, BY)
    text = owner.get("/provider/contacts").text
    assert 'govuk-link portal-gone" href="/provider/contacts/' in text and "Deactivated" in text
    text = owner.get(f"/provider/contacts/{owen.id}").text
    assert "Only the authority can reactivate it" in text and "Request Role Addition" not in text
    assert (
        owner.post(
            f"/provider/contacts/{owen.id}/roles", data={"role": "2", "role_for": f"service-{cast.north.id}"}
        ).status_code
        == 404
    )
    for kind in ("contact", "role-add", "login"):
        assert owner.get(f"/provider/requests/new/{kind}/{owen.id}").status_code == 404


@pytest.mark.feature("E-03", "E-04", "E-17")
def test_the_fields_of_a_contact(owner, cast, owen):
    text = owner.get(f"/provider/contacts/{owen.id}").text
    for label in contacts.LABELS.values():
        assert f'govuk-summary-list__key">{label}</dt>' in text, label
    form = owner.get(f"/provider/requests/new/contact/{owen.id}").text
    assert 'value="Marsh"' in form and "Request Comment" in form and "Save Changes" in form
    assert 'govuk-label--s" for="surname"' in form, "mandatory ones are bold"
    for address in (
        f"/provider/contacts/{cast.outsider.contact_id}",
        f"/provider/requests/new/contact/{cast.outsider.contact_id}",
    ):
        assert owner.get(address).status_code == 404
    assert press(owner, f"/provider/requests/new/contact/{owen.id}", surname="").status_code == 422
    answer = press(owner, f"/provider/requests/new/login/{owen.id}", access="y", portal_email="")
    assert answer.status_code == 422 and "Enter the Provider Portal Email Address" in answer.text
    answer = press(owner, f"/provider/requests/new/login/{owen.id}", portal_email="finance@oakfield.example")
    assert answer.status_code == 422 and "A colleague has a login" in answer.text


@pytest.mark.feature("E-09", "E-10", "F-05", "F-06")
def test_a_change_is_one_request_and_shown_beside_the_record(owner, cast, owen):
    answer = press(
        owner, f"/provider/requests/new/contact/{owen.id}", mobile="07755 666555", forename="Owain", types=["Admin", "Secretary"],
        comment="new mobile",
    )  # fmt: skip
    listed = owner.get("/provider/contacts").text
    assert "Request for change of details submitted successfully." in listed and "1 change pending" in listed
    page = owner.get(answer.location).text
    assert (
        "Removed: </span>Owen</del>" in page and "New: </span>Owain</ins>" in page and "New: </span>Admin</ins>" in page
    )
    row = ChangeRequest.get()
    text = owner.get(f"/provider/requests/{row.id}").text
    assert "Update Contact (Pending)" in text and "Values that have been removed or replaced are" in text
    assert "07755 666555" in text and ">Marsh<" in text.replace("\n", ""), "unchanged fields are plain"
    press(owner, f"/provider/requests/new/contact/{owen.id}", fax="01632 960 000")
    assert "2 changes pending" in owner.get("/provider/contacts").text
    rules.accept(row.id, BY)
    assert "1 change pending" in owner.get("/provider/contacts").text
    assert (
        "portal-old"
        not in owner.get(f"/provider/contacts/{owen.id}")
        .text.split("Portal access")[0]
        .split("Forename")[1]
        .split("</dd>")[0]
    )


@pytest.mark.feature("E-11")
def test_a_rejected_change_leaves_the_values_and_the_reason(owner, cast, owen):
    press(owner, f"/provider/requests/new/contact/{owen.id}", mobile="07755 666555")
    rules.reject(ChangeRequest.get().id, BY, "Already done")
    assert "pending" not in owner.get("/provider/contacts").text
    assert Contact.get_by_id(owen.id).mobile == ""
    assert "Already done" in owner.get("/provider/requests").text


@pytest.mark.feature("E-18")
def test_editing_sends_update_contact_and_nothing_where_nothing_changed(owner, cast, owen):
    answer = press(owner, f"/provider/requests/new/contact/{owen.id}")
    assert answer.status_code == 422 and "nothing was sent" in answer.text
    press(owner, f"/provider/requests/new/contact/{owen.id}", mobile="07755 666555")
    assert "Update Contact" in owner.get("/provider/requests").text


@pytest.mark.feature("E-12", "E-22")
def test_a_new_contact(owner, cast):
    address = f"/provider/requests/new/contact-new/{cast.oakfield.id}"
    form = owner.get(address).text
    assert (
        "Submit Contact Creation Request" in form
        and "Provider Portal Email Address" in form
        and "Request Comment" in form
    )
    answer = press(owner, address, forename="Idris", access="y")
    assert (
        answer.status_code == 422
        and "Enter the surname" in answer.text
        and "Enter the Provider Portal Email Address" in answer.text
    )
    assert "Idris" in answer.text
    good = {"surname": "D’Arcy 🌿", "forename": "Idris", "email": "idris@oakfield.example"}
    assert press(owner, address, access="y", portal_email="manager@oakfield.example", **good).status_code == 422
    answer = press(
        owner,
        address,
        access="y",
        portal_email="idris@oakfield.example",
        role="2",
        role_for=f"service-{cast.north.id}",
        **good,
    )
    assert answer.location == "/provider/contacts"
    assert "1 new contact pending" in owner.get("/provider/contacts").text
    text = owner.get(f"/provider/requests/{ChangeRequest.get().id}").text
    assert "New Contact (Pending)" in text and "D’Arcy 🌿" in text and "Service Manager for Oakfield North" in text
    Contact.create(organisation=cast.oakfield, surname="D’Arcy 🌿", forename="Idris", email="idris@oakfield.example")
    again = press(owner, address, **{**good, "surname": "D’ARCY 🌿", "access": None, "portal_email": "bad"})
    assert again.status_code == 422 and "is in the list of contacts already" in again.text


@pytest.mark.parametrize("surname", ["O'Neill", "Ünal-Çelik", "כהן", "李 🙂", "<b>Bold</b>", "x" * 255])
def test_names_of_every_kind(owner, cast, surname):
    answer = press(owner, f"/provider/requests/new/contact-new/{cast.oakfield.id}", surname=surname)
    assert answer.status_code == 303
    row = ChangeRequest.get()
    rules.accept(row.id, BY)
    assert Contact.get(Contact.surname == surname)
    for address in (
        "/provider/contacts",
        f"/provider/requests/{row.id}",
        "/provider/requests?format=csv",
        "/provider/contacts?format=csv",
    ):
        assert owner.get(address).status_code == 200
    assert "<b>Bold</b>" not in owner.get("/provider/contacts").text


@pytest.mark.feature("E-13")
def test_deleting_warns_and_sends_all_the_same(owner, cast, owen):
    cast.make_role(cast.manager, "Contact", contract=cast.dapl)
    page = owner.get(f"/provider/contacts/{owen.id}").text
    address = f"/provider/requests/new/contact-remove/{owen.id}"
    assert "Delete this Contact" in page and address in page
    form = owner.get(address).text
    assert "It is being used by a Contract." in form and "It is being used by an active Contract." in form
    assert "You can send the request all the same" in form and "Marsh" in form.split("Details</h2>")[1]
    assert press(owner, address, comment="Has left").status_code == 303
    assert ChangeRequest.get().kind == "contact-remove"


# roles -------------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("E-19", "E-08")
def test_the_roles_table(owner, cast, owen):
    role = cast.make_role(cast.manager, "Service Manager", service=cast.north)
    text = owner.get(f"/provider/contacts/{owen.id}").text
    assert "Service: Oakfield North" in text and "Request Role Removal" in text and "Request Role Addition" in text
    add = f"/provider/contacts/{owen.id}/roles"
    page = f"/provider/contacts/{owen.id}"
    for role_for, name, said in (
        ("", "", "Choose what the role is for"), (f"service-{cast.north.id}", "2", "has this role already"),
        (f"organisation-{cast.oakfield.id}", "2", "Choose a service: that is what this role is for"),
        (f"service-{cast.house.id}", "2", "Choose the for from the list"), (f"service-{cast.north.id}", "999", "Choose the role from the list"),
    ):  # fmt: skip
        answer = press_at(owner, page, add, "as_shown", role_for=role_for, role=name)
        assert answer.status_code == 422 and said in answer.text, said
    assert press_at(owner, page, add, "as_shown", role_for=f"service-{cast.south.id}", role="2").status_code == 303
    text = owner.get(page).text
    assert "Addition pending" in text and "New: </span>Oakfield South" in text
    assert [r.service_id for r in Role.select()] == [cast.north.id], "takes effect once it is accepted"
    rules.accept(ChangeRequest.get().id, BY)
    assert Role.select().count() == 2 and role


@pytest.mark.feature("E-20")
def test_role_removal_needs_two_presses(owner, cast, owen):
    role = cast.make_role(cast.manager, "Service Manager", service=cast.north)
    page = f"/provider/contacts/{owen.id}"
    first = owner.get(f"{page}?remove={role.id}")
    assert "Press again to request removal" in first.text and not ChangeRequest.select().exists()
    assert "Press again" not in owner.get(page).text, "leaving the page cancels"
    owner.post(f"/provider/contact-roles/{role.id}/removal")
    text = owner.get(page).text
    assert (
        "Removal pending" in text
        and "To be removed: " in text
        and "Delete Contact Role" in owner.get("/provider/requests").text
    )
    assert Role.select().exists()


@pytest.mark.feature("E-05", "E-07")
def test_several_places_for_a_role_at_once(owner, cast, owen):
    page = f"/provider/contacts/{owen.id}/roles/new"
    Service.create(ref="OAK-E", name="Oakfield East", organisation=cast.oakfield, end_date=dt.date(2026, 1, 31))
    Accreditation.create(organisation=cast.oakfield, name="Preferred")
    text = owner.get(page).text
    for name in (
        "Contact for organisation", "Service Manager for service", "Emergency contact for service",
        "Self Referral Office Hours contact for service", "Self Referral Out of Hours contact for service",
        "Contact for contract", "Contact for accreditation",
    ):  # fmt: skip
        assert f">{name}</option>" in text, name
    assert "Choose a role" in owner.get(f"{page}?role=").text
    cast.make_role(cast.finance, "Emergency contact", service=cast.north)
    text = owner.get(f"{page}?role=3").text
    assert (
        "Oakfield North (currently assigned to Greta Finch)" in text
        and "Oakfield East" not in text
        and "Brookhouse" not in text
    )
    assert "Oakfield East (decommissioned)" in owner.get(f"{page}?role=3&decommissioned=1").text
    answer = press(owner, f"{page}?role=3", "role", picked=[])
    assert answer.status_code == 422 and "Choose at least one" in answer.text
    answer = press(owner, f"{page}?role=3", "role", picked=[f"service-{cast.north.id}", f"service-{cast.south.id}"])
    assert answer.location == f"/provider/contacts/{owen.id}" and ChangeRequest.select().count() == 2


@pytest.mark.feature("E-06")
def test_the_portal_managers_role_is_offered_only_where_accessibility_is_limited(owner, cast, owen):
    page = f"/provider/contacts/{owen.id}/roles/new"
    assert "Service Portal Manager" not in owner.get(page).text
    cast.make_role(cast.finance, "Contact")
    cast.oakfield.limited_accessibility = True
    cast.oakfield.save()
    assert "Service Portal Manager for service" in owner.get(page).text
    name = RoleName.get(RoleName.name == "Service Portal Manager")
    Role.create(contact=owen, name=name, organisation=cast.oakfield, service=cast.north)
    cast.oakfield.limited_accessibility = False
    cast.oakfield.save()
    assert "Service Portal Manager" in owner.get(f"/provider/contacts/{owen.id}").text, "an assignment stays"


@pytest.mark.feature("E-07")
def test_a_limited_person_is_offered_what_its_roles_reach(owner, cast, owen):
    cast.make_role(cast.finance, "Service Manager", service=cast.north)
    cast.make_role(cast.manager, "Emergency contact", service=cast.north)
    cast.oakfield.limited_accessibility = True
    cast.oakfield.save()
    text = owner.get(f"/provider/contacts/{owen.id}/roles/new?role=2").text
    assert "Oakfield North" in text and "Oakfield South" not in text
    page = f"/provider/contacts/{owen.id}"
    answer = press_at(owner, page, f"{page}/roles", "as_shown", role_for=f"service-{cast.south.id}", role="2")
    assert answer.status_code == 422 and not ChangeRequest.select().exists()


@pytest.mark.feature("E-15")
def test_removing_oneself_as_the_last_manager_of_contacts_warns(owner, cast):
    Contact.update(permissions="").where(Contact.id == cast.manager.contact_id).execute()
    for kind in ("contact-remove", "login"):
        address = f"/provider/requests/new/{kind}/{cast.finance.contact_id}"
        text = (
            owner.get(address).text
            if kind == "contact-remove"
            else press(owner, address, access=None, portal_email="x").text
        )
        assert "Greta Finch is the only person of Oakfield Home Care who can ask for changes of contacts" in text
    assert press(owner, f"/provider/requests/new/contact-remove/{cast.finance.contact_id}").status_code == 303


@pytest.mark.feature("B-25")
def test_a_contact_removed_while_signed_in_is_signed_out_at_the_next_press(owner, cast):
    contacts.set_state(Contact.get_by_id(cast.finance.contact_id), ContactState.REMOVED, BY)
    answer = owner.get("/provider/contacts")
    assert answer.status_code == 303 and "/login" in answer.location
    assert SignIn.get().ended_at is not None


def test_a_role_for_a_decommissioned_service_is_said_to_the_officer(owner, cast, owen):
    cast.south.end_date = dt.date(2026, 1, 31)
    cast.south.save()
    press(
        owner,
        f"/provider/contacts/{owen.id}/roles/new?role=2&decommissioned=1",
        "role",
        picked=[f"service-{cast.south.id}"],
    )
    officer = cast.sign_in(owner.application.test_client(), cast.officer)
    assert (
        "Oakfield South has been decommissioned." in officer.get(f"/authority/requests/{ChangeRequest.get().id}").text
    )


def test_five_thousand_contacts(owner, cast):
    import database

    one = queries(owner, "/provider/contacts")
    columns = ["organisation", "state", "title", "forename", "surname", "email", "permissions", "address1", "address2", "address3", "address4",
               "town", "county", "postcode", "country", "uprn", "usrn", "telephone", "mobile", "fax", "pager", "web_address", "position", "types",
               "directions", "is_confidential", "disabled_access", "created_at"]  # fmt: skip
    database.bulk_upsert(
        Contact, columns,
        [[cast.oakfield.id, "Current", "", f"F{n}", f"Person{n:04}", "", *[""] * 19, False, "Not Set", "2026-10-01 00:00:00"] for n in range(5000)],
    )  # fmt: skip
    assert queries(owner, "/provider/contacts") == one
    text = owner.get("/provider/contacts").text
    assert "5002 contacts" in text and text.count("<tr") == 101
    assert "Person4321" in owner.get("/provider/contacts?q=Person4321").text
    assert owner.get("/provider/contacts?page=51").text.count("<tr") == 3
