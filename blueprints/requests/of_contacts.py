"""Contacts and their logins, as kinds of change request (E-09 to E-15, E-18, E-22, B-24)."""

from __future__ import annotations

from blueprints.accounts import managing
from blueprints.accounts import rules as accounts
from blueprints.contacts import roles
from blueprints.contacts import rules as contacts
from blueprints.permissions import Can
from blueprints.requests.kinds import About, Field, Kind, kind
from models import Contact, ContactState, Organisation, Person, RoleName, User

SHOWS = {"types": "lines", "is_confidential": "yes-no"}
FIELDS = tuple(Field(name, label, SHOWS.get(name, "text")) for name, label in contacts.LABELS.items())
ACCESS = Field("access", "Contact can log in to the portal", "yes-no")
OWN_EMAIL = Field("portal_email", "Provider Portal Email Address")


def user_of(contact: Contact) -> User | None:
    """The contact's login, live or ended."""
    return User.get_or_none(User.contact == contact.id)


def taken(organisation: int, email: str, but: int | None = None) -> bool:
    """The address is a colleague's login already; others' logins are the authority's to know."""
    mine = (Person.email == email.strip().lower()) & (User.organisation == organisation)
    found = User.select().join(Person).where(mine).first()
    return found is not None and found.contact_id != but


class OfContact(Kind):
    """What the kinds about a contact share."""

    act = Can.MANAGE_CONTACTS
    area = "contacts"
    trail = (("Contacts", "contacts.index"),)

    def find(self, reach, ident):
        """The contact within reach, if it is current."""
        query = Contact.visible_to(reach).where(
            (Contact.id == ident) & (Contact.state == ContactState.CURRENT) & Contact.organisation.is_null(False)
        )
        return query.get_or_none()

    def get(self, request):
        """The contact as it is now; a removed one is gone."""
        return Contact.get_or_none((Contact.id == request.thing) & (Contact.state != ContactState.REMOVED))

    def page(self, row):
        """The contact's page."""
        return "contacts.show", {"contact_id": row.id}

    def about(self, row, asked):
        """The contact."""
        return About(row.name, row.organisation_id, row.id, contact=row.id)


@kind
class ContactChange(OfContact):
    """`Update Contact`."""

    name, title = "contact", "Update Contact"
    fields = FIELDS
    form = "forms.contacts:ContactChangeForm"
    button = "Save Changes"
    sent = "Request for change of details submitted successfully."

    def apply(self, request, row, applied, by):
        """Change what was asked for, and nothing else (E-11)."""
        return contacts.save(applied, by, row).id


@kind
class NewContact(OfContact):
    """`New Contact`: with a role and a login where they are asked for (E-12, E-22)."""

    name, title = "contact-new", "New Contact"
    fields = (*FIELDS, Field("role", "Role", "role"), ACCESS, OWN_EMAIL)
    form = "forms.contacts:NewContactForm"
    button = "Submit Contact Creation Request"
    is_new = True

    def find(self, reach, ident):
        """The organisation that the contact is to belong to: one's own, whatever one reaches of it."""
        return Organisation.get_or_none(Organisation.id == reach.organisation_id)

    def get(self, request):
        """The organisation."""
        return Organisation.get_or_none(Organisation.id == request.organisation_id)

    def page(self, row):
        """The list of contacts."""
        return "contacts.index", {}

    def about(self, row, asked):
        """No contact yet; the role's place, so that reach can judge it."""
        target = roles.Target.read((asked.get("role") or [None, ""])[1])
        place = {str(target.scope): target.ident} if target and target.scope in ("service", "contract") else {}
        name = " ".join(part for part in (asked.get("title"), asked.get("forename"), asked.get("surname")) if part)
        return About(name, row.id, **place)

    def problems(self, row, asked):
        """No surname; a login without an address, or with a colleague's."""
        found = [fault.message for fault in contacts.check({"surname": "", **asked})]
        if asked.get("access") and not asked.get("portal_email"):
            found.append("Enter the Provider Portal Email Address")
        if asked.get("portal_email") and taken(row.id, asked["portal_email"]):
            found.append("A colleague has a login with this Provider Portal Email Address already. Enter another one")
        return found

    def warnings(self, row, asked):
        """Somebody is there already with the same name and address."""
        if not asked.get("surname"):
            return []
        return [f"{one.name} is in the list of contacts already." for one in contacts.like(row.id, asked)[:1]]

    def words(self, field, value):
        """A role as it was called."""
        return value[2] if field.shows == "role" and value else super().words(field, value)

    def apply(self, request, row, applied, by):
        """Make the contact, give the role, make the login (E-24)."""
        values = {name: value for name, value in applied.items() if name in contacts.LABELS}
        contact = contacts.save(values, by, organisation=row.id)
        request.contact, request.thing_name = contact.id, contact.name
        if role := applied.get("role"):
            roles.give(contact, RoleName.get_or_none(RoleName.id == role[0]), roles.Target.read(role[1]), by)
        if applied.get("access"):
            open_login(contact, applied["portal_email"], by)
        return contact.id


def open_login(contact: Contact, email: str, by) -> User:
    """Make the contact's login, or open an ended one again. Raises accounts.Refused."""
    user = user_of(contact)
    if user is None:
        name = " ".join(part for part in (contact.forename, contact.surname) if part)
        user = managing.invite(by, email, name, contact.organisation, contact=contact)
    else:
        change_login(user, email, by)
        accounts.reactivate(user, by)
    return user


def change_login(user: User, email: str, by) -> None:
    """Give a login another address. Raises accounts.Refused where that has a login already."""
    if accounts.clean_email(email) != user.email:
        accounts.change_email(user, email, by)


@kind
class Login(OfContact):
    """`Portal Access`: a login for a colleague, another address for it, or its end (B-24, E-15)."""

    name, title = "login", "Portal Access"
    fields = (ACCESS, OWN_EMAIL)
    form = "forms.contacts:LoginForm"

    def facts(self, row):
        """Whether the contact can sign in, and with which address."""
        user = user_of(row)
        return {"access": bool(user and user.is_active), "portal_email": user.email if user else ""}

    def problems(self, row, asked):
        """Access without an address; a colleague's address."""
        now = self.facts(row)
        after = {**now, **asked}
        if after["access"] and not after["portal_email"]:
            return ["Enter the Provider Portal Email Address"]
        if asked.get("portal_email") and taken(row.organisation_id, asked["portal_email"], row.id):
            return ["A colleague has a login with this Provider Portal Email Address already. Enter another one"]
        return []

    def warnings(self, row, asked):
        """The last who can manage contacts loses the login."""
        return contacts.warn_last(row) if asked.get("access") is False else []

    def apply(self, request, row, applied, by):
        """Open, change or end the login."""
        user = user_of(row)
        if applied.get("access"):
            open_login(row, applied.get("portal_email") or (user.email if user else ""), by)
        elif applied.get("access") is False:
            contacts.end_login(row, by)
        elif applied.get("portal_email") and user:
            change_login(user, applied["portal_email"], by)
        return row.id


@kind
class ContactRemoval(OfContact):
    """`Delete Contact`: the authority deletes, deactivates instead, or rejects (E-13, E-14)."""

    name, title = "contact-remove", "Delete Contact"
    fields = (Field("state", "State"),)
    form = "forms.contacts:RemovalForm"
    button = "Delete"
    details = "contact"
    is_removal = True

    def find(self, reach, ident):
        """The contact within reach; a deactivated one may be deleted too."""
        return (
            Contact.visible_to(reach).where((Contact.id == ident) & Contact.organisation.is_null(False)).get_or_none()
        )

    def clean(self, row, asked):
        """There is one thing to ask for."""
        return {"state": str(ContactState.REMOVED)}

    def alternatives(self):
        """Deactivating keeps the contact, struck through (E-14)."""
        return {"state": [("Removed", "Delete the contact"), ("Deactivated", "Deactivate the contact instead")]}

    def warnings(self, row, asked):
        """What the contact is used by, and whether nobody is left to manage contacts."""
        deleted, deactivated = contacts.uses(row)
        found = contacts.warn_last(row)
        if deleted:
            found.append("This contact can not be deleted for the following reason(s): " + " ".join(deleted))
        if deactivated:
            found.append("This contact can not be deactivated for the following reason(s): " + " ".join(deactivated))
        return found

    def apply(self, request, row, applied, by):
        """Delete or deactivate; roles and login go with a deleted one."""
        if "state" in applied:
            contacts.set_state(row, ContactState(applied["state"]), by)
        return row.id
