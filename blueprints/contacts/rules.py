"""What may happen to a contact: added, changed, deactivated, removed; and what to warn of before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from peewee import fn

import database
from blueprints import history, permissions
from blueprints.accounts import rules as accounts
from blueprints.facts import Fault, Faulty
from blueprints.permissions import Can
from blueprints.settings import rules as settings
from blueprints.weeks import today
from models import Contact, ContactState, Package, Role, Service, User, db

# E-04 and E-17, in the order of the pages.
LABELS = {
    "title": "Title",
    "forename": "Forename",
    "surname": "Surname",
    "telephone": "Telephone",
    "mobile": "Mobile",
    "fax": "Fax",
    "pager": "Pager",
    "email": "Email",
    "web_address": "Web Address",
    "position": "Position",
    "types": "Type",
    "address1": "Address 1",
    "address2": "Address 2",
    "address3": "Address 3",
    "address4": "Address 4",
    "town": "Town",
    "county": "County",
    "postcode": "Postcode",
    "country": "Country",
    "uprn": "UPRN",
    "usrn": "USRN",
    "directions": "Directions",
    "is_confidential": "Confidential",
    "disabled_access": "Disabled Access",
}


class Refused(ValueError):
    """Something that cannot happen to a contact; the message says why."""


def check(values: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with a contact's values."""
    return [] if str(values.get("surname", "x")).strip() else [Fault("surname", "Enter the surname")]


def like(organisation: int, values: Mapping[str, Any], but: int | None = None) -> list[Contact]:
    """Contacts of the organisation with the same name and e-mail address (E-12)."""
    query = Contact.select().where(
        (Contact.organisation == organisation)
        & (Contact.state != ContactState.REMOVED)
        & (fn.LOWER(Contact.surname) == str(values.get("surname", "")).lower())
        & (fn.LOWER(Contact.forename) == str(values.get("forename", "")).lower())
        & (fn.LOWER(Contact.email) == str(values.get("email", "")).lower())
    )
    return list(query.where(Contact.id != but) if but else query)


def save(
    values: Mapping[str, Any], by: history.Actor, existing: Contact | None = None, organisation: int | None = None
) -> Contact:
    """Add or change a contact, with history; a login's name follows. Raises Faulty."""
    if faults := check(values):
        raise Faulty(faults)
    with db.atomic():
        row = Contact.get_by_id(existing.id) if existing else Contact(organisation=organisation)
        before = history.facts(row) if existing else {}
        for name, value in values.items():
            setattr(row, name, value)
        row.save()
        history.record(by, "Changed" if before else "Added", row, before, history.facts(row))
        named = " ".join(part for part in (row.forename, row.surname) if part)
        User.update(name=named).where((User.contact == row) & (User.name != named)).execute()
    return row


def permit(contact: Contact, acts: Iterable[Can], by: history.Actor) -> Contact:
    """Give a contact exactly these permissions (rule 11.1)."""
    return save({"permissions": permissions.as_names(acts)}, by, contact)


def locked(contact_id: int) -> Contact | None:
    """A contact as it stands, which nobody else changes until the caller's transaction ends."""
    database.serialise(db, f"contact {contact_id}")
    return Contact.get_or_none(Contact.id == contact_id)


def set_state(contact: Contact, state: ContactState, by: history.Actor) -> Contact:
    """Deactivate, reactivate or remove a contact. Its sessions end at once unless it is current (B-25).

    A removed contact loses its roles and its login; its name stays where documents and history have it (E-14).
    """
    with db.atomic():
        row = locked(contact.id)
        if row is None or (row.state == ContactState.REMOVED and state != ContactState.REMOVED):
            raise Refused("This contact has been removed. Add a new one")
        if row.state == state:
            return row
        words = {"Current": "Reactivated", "Deactivated": "Deactivated", "Removed": "Removed"}[state]
        before = history.facts(row)
        row.state = state
        row.save()
        history.record(by, words, row, before, history.facts(row))
        if state == ContactState.REMOVED:
            Role.delete().where(Role.contact == row).execute()
        if state != ContactState.CURRENT:
            end_login(row, by, for_good=state == ContactState.REMOVED)
        if row.organisation_id:
            settings.bump(f"roles:{row.organisation_id}")
    return row


def end_login(contact: Contact, by: history.Actor, for_good: bool = True) -> bool:
    """End the sessions of the contact's login, and the login with `for_good`; False where there is none."""
    user = User.get_or_none(User.contact == contact)
    if user is None:
        return False
    with db.atomic():
        accounts.end_all(user)
        if for_good and user.is_active:
            User.update(is_active=False).where(User.id == user.id).execute()
            history.record(by, "Ended the login", user, {"is_active": True}, {"is_active": False})
    return True


def after_role_removed(contact: Contact, left: int, by: history.Actor) -> bool:
    """The last role removed by a request ends the login (rule 11.1, E-21); True where it did."""
    return left == 0 and end_login(contact, by)


def can_sign_in(row: Contact) -> bool:
    """The contact has a live login; of a row that comes with `has_login` of its login."""
    user = row.__dict__.get("user")
    return bool(row.is_current and user is not None and user.has_login)


# what to warn of -------------------------------------------------------------------------------------------------------


def managers(organisation: int) -> list[int]:
    """Contacts who can sign in and ask for changes of contacts."""
    query = (
        Contact.select(Contact.id, Contact.permissions)
        .join(User, on=(User.contact == Contact.id))
        .where(
            (Contact.organisation == organisation)
            & (Contact.state == ContactState.CURRENT)
            & User.is_active
            & Contact.permissions.contains(Can.MANAGE_CONTACTS.name.lower())
        )
    )
    return [ident for ident, given in query.tuples() if Can.MANAGE_CONTACTS in permissions.granted(given)]


def is_last_manager(contact: Contact) -> bool:
    """Without this contact nobody of the organisation could ask for changes of contacts."""
    return contact.organisation_id is not None and managers(contact.organisation_id) == [contact.id]


LAST_MANAGER = "{name} is the only person of {organisation} who can ask for changes of contacts. Afterwards only the authority can."


def warn_last(contact: Contact) -> list[str]:
    """The warning where a contact is the last who can manage contacts (E-15)."""
    if not is_last_manager(contact):
        return []
    return [LAST_MANAGER.format(name=contact.name, organisation=contact.organisation.name)]


def uses(contact: Contact) -> tuple[list[str], list[str]]:
    """Why a contact can not be deleted, and why not be deactivated: warnings, not refusals (E-13)."""
    day = today()
    deleted, deactivated = [], []
    roles = Role.select(Role.contract, Role.service, Role.accreditation).where(Role.contact == contact)
    contracts, services, accreditations = set(), set(), set()
    for contract, service, accreditation in roles.tuples():
        contracts.add(contract)
        services.add(service)
        accreditations.add(accreditation)
    contracts.discard(None)
    services.discard(None)
    if contracts:
        deleted.append("It is being used by a Contract.")
        active = Package.select().where(
            Package.contract.in_(contracts)
            & (Package.start_date <= day)
            & (Package.end_date.is_null() | (Package.end_date >= day))
        )
        if active.exists():
            deactivated.append("It is being used by an active Contract.")
    if services:
        deleted.append("It is being used by a Service.")
        if (
            Service.select()
            .where(Service.id.in_(services) & (Service.end_date.is_null() | (Service.end_date >= day)))
            .exists()
        ):
            deactivated.append("It is being used by an active Service.")
    if accreditations - {None}:
        deleted.append("It is being used by an Accreditation.")
    return deleted, deactivated
