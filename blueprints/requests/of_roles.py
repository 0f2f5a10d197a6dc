"""Roles of contacts, as kinds of change request (E-05 to E-08, E-19 to E-21)."""

from __future__ import annotations

from blueprints.contacts import roles
from blueprints.contacts import rules as contacts
from blueprints.requests.kinds import About, Field, kind
from blueprints.requests.of_contacts import OfContact
from models import Contact, Role, RoleName, Service


class OfRole(OfContact):
    """What adding and removing share: the field holds the name's or role's id, what it is for, and both in words."""

    fields = (Field("role", "Role", "role"),)

    def words(self, field, value):
        """A role as it was called."""
        return value[2] if value else ""


@kind
class RoleAddition(OfRole):
    """`Add Contact Role`."""

    name, title = "role-add", "Add Contact Role"
    form = "forms.contacts:RoleForm"
    button = "Request Role Addition"

    def facts(self, row):
        """A role that is still to be given."""
        return {"role": None}

    def about(self, row, asked):
        """The contact, and the role's place."""
        target = roles.Target.read((asked.get("role") or [0, ""])[1])
        place = {str(target.scope): target.ident} if target and target.scope in ("service", "contract") else {}
        return About(row.name, row.organisation_id, row.id, contact=row.id, **place)

    def problems(self, row, asked):
        """The same role twice; a name that is not offered any more."""
        if not asked.get("role"):
            return []
        name = RoleName.get_or_none(RoleName.id == asked["role"][0])
        problem = roles.check(row, name, roles.Target.read(asked["role"][1]))
        return [problem] if problem else []

    def warnings(self, row, asked):
        """The service has been decommissioned."""
        target = roles.Target.read((asked.get("role") or [0, ""])[1])
        if target and target.scope == "service":
            from blueprints.weeks import today

            service = Service.get_or_none(Service.id == target.ident)
            if service and not service.is_current(today()):
                return [f"{service.name} has been decommissioned."]
        return []

    def apply(self, request, row, applied, by):
        """Give the role."""
        if role := applied.get("role"):
            roles.give(row, RoleName.get_or_none(RoleName.id == role[0]), roles.Target.read(role[1]), by)
        return row.id


@kind
class RoleRemoval(OfRole):
    """`Delete Contact Role`: with the last one the login ends (E-20, E-21)."""

    name, title = "role-remove", "Delete Contact Role"
    form = "forms.contacts:RemovalForm"
    button = "Request Role Removal"
    is_removal = True
    one_press = True

    def find(self, reach, ident):
        """The role within reach, of a contact within reach."""
        found = roles.held((Role.id == ident) & reach.roles(Role))
        there = found and Contact.visible_to(reach).where(Contact.id == found[0].contact_id).exists()
        return found[0] if there else None

    def get(self, request):
        """The role as it is now."""
        found = roles.held(Role.id == request.thing)
        return found[0] if found else None

    def facts(self, row):
        """The role."""
        return {"role": [row.id, str(roles.target_of(row)), roles.in_words(row)]}

    def clean(self, row, asked):
        """There is one thing to ask for."""
        return {"role": None}

    def page(self, row):
        """The contact's page."""
        return "contacts.show", {"contact_id": row.contact_id}

    def about(self, row, asked):
        """The contact, and the role's place."""
        target = roles.target_of(row)
        place = {str(target.scope): target.ident} if target.scope in ("service", "contract") else {}
        contact = row.contact
        return About(contact.name, contact.organisation_id, row.id, contact=contact.id, **place)

    def warnings(self, row, asked):
        """The last role takes the login with it."""
        contact = row.contact
        if Role.select().where(Role.contact == contact.id).count() > 1:
            return []
        return [
            f"This is the last role of {contact.name}, who can no longer sign in without it.",
            *contacts.warn_last(contact),
        ]

    def apply(self, request, row, applied, by):
        """Take the role away; the last one ends the login."""
        if "role" not in applied:
            return row.id
        contact = row.contact
        left = roles.take_away(row.id, by)
        contacts.after_role_removed(contact, left or 0, by)
        return row.id
