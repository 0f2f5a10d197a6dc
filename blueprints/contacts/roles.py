"""Roles that contacts hold: the authority's list of names, giving one, taking it away, and what they reach in words."""

from __future__ import annotations

from typing import NamedTuple

from peewee import JOIN

import database
from blueprints import history
from blueprints.settings import rules as settings
from models import Accreditation, Contact, Contract, Organisation, Role, RoleName, Scope, Service, db

# Guide 000 section 5.6.2 and guides 001 and 004: name, what it is held for, whether it reaches, only where limited.
DEFAULT_NAMES = [
    ("Contact", "organisation", True, False),
    ("Service Manager", "service", True, False),
    ("Emergency contact", "service", True, False),
    ("Self Referral Office Hours contact", "service", True, False),
    ("Self Referral Out of Hours contact", "service", True, False),
    ("Service Portal Manager", "service", True, True),
    ("Contact", "contract", True, False),
    ("Contact", "accreditation", False, False),
    ("Finance", "organisation", True, False),
    ("Manager", "organisation", True, False),
    ("Administration", "organisation", True, False),
    ("LA Contact", "organisation", False, False),
]
TARGETS = {Scope.SERVICE: Service, Scope.CONTRACT: Contract, Scope.ACCREDITATION: Accreditation}


# What a role reaches where accessibility is limited (guide 000 section 5.3), by what it is held for.
REACHES = {
    Scope.ORGANISATION: "All services, later ones too",
    Scope.SERVICE: "The service",
    Scope.CONTRACT: "The contract and the services that it covers",
    Scope.ACCREDITATION: "Nothing more",
}


def reaches(scope: str, reaching: bool) -> str:
    """What a role opens where accessibility is limited, in words."""
    return REACHES[Scope(scope)] if reaching else REACHES[Scope.ACCREDITATION]


class Refused(ValueError):
    """A role that cannot be given; the message says what to do."""


class Target(NamedTuple):
    """What a role is or would be held for: `service 12`."""

    scope: Scope
    ident: int

    @classmethod
    def read(cls, text: str) -> Target | None:
        """From a form's value `service-12`; None for anything else."""
        scope, _, ident = (text or "").partition("-")
        if scope not in set(Scope) or not (ident.isascii() and ident.isdigit() and len(ident) < 10):
            return None
        return cls(Scope(scope), int(ident))

    def __str__(self) -> str:
        return f"{self.scope}-{self.ident}"


def target_of(role: Role) -> Target:
    """What a role is held for."""
    for scope in (Scope.SERVICE, Scope.CONTRACT, Scope.ACCREDITATION):
        if ident := role.__data__.get(str(scope)):
            return Target(scope, ident)
    return Target(Scope.ORGANISATION, role.organisation_id)


def called(name: RoleName) -> str:
    """`Service Manager for service`; a name that says what for says it once."""
    return f"{name.name} for {name.scope}"


def names(limited: bool, scope: str | None = None) -> list[RoleName]:
    """The names on offer, in the authority's order; one for limited accessibility only where that is on (E-06)."""
    query = RoleName.select().where(~RoleName.is_retired).order_by(RoleName.position, RoleName.name)
    if not limited:
        query = query.where(~RoleName.only_limited)
    return list(query.where(RoleName.scope == scope) if scope else query)


def held(condition) -> list[Role]:
    """Roles with their names and what they are for, by one query."""
    return list(
        Role.select(Role, RoleName, Organisation, Service, Contract, Accreditation)
        .join(RoleName)
        .switch(Role).join(Organisation)
        .switch(Role).join(Service, JOIN.LEFT_OUTER)
        .switch(Role).join(Contract, JOIN.LEFT_OUTER)
        .switch(Role).join(Accreditation, JOIN.LEFT_OUTER)
        .where(condition)
        .order_by(RoleName.position, RoleName.name, Service.name, Contract.name, Role.id)
    )  # fmt: skip


def for_words(role: Role) -> str:
    """`Organisation: Diamond Home Care` (E-19); the rows come with the role."""
    target = target_of(role)
    return f"{target.scope.capitalize()}: {getattr(role, target.scope).name}"


def in_words(role: Role) -> str:
    """`Service Manager for Oakfield North`."""
    return f"{role.name.name} for {getattr(role, target_of(role).scope).name}"


def find_target(organisation: int, target: Target | None):
    """The organisation's own row that a target names, or None."""
    if target is None:
        return None
    if target.scope == Scope.ORGANISATION:
        return Organisation.get_or_none(Organisation.id == target.ident) if target.ident == organisation else None
    model = TARGETS[target.scope]
    return model.get_or_none((model.id == target.ident) & (model.organisation == organisation))


def holds(contact: int, name: int, target: Target) -> bool:
    """The contact holds this role for this already."""
    return matching(contact, name, target).exists()


def matching(contact: int, name: int, target: Target):
    """The contact's roles of this name for this."""
    query = Role.select().where((Role.contact == contact) & (Role.name == name))
    if target.scope == Scope.ORGANISATION:
        return query.where(
            (Role.organisation == target.ident)
            & Role.service.is_null() & Role.contract.is_null() & Role.accreditation.is_null()
        )  # fmt: skip
    return query.where(getattr(Role, target.scope) == target.ident)


def check(contact: Contact, name: RoleName | None, target: Target | None) -> str | None:
    """Why the contact cannot have this role, or None."""
    if name is None or name.is_retired:
        return "Choose a role from the list"
    if target is None:
        return "Choose what the role is for"
    if name.scope != target.scope:
        return f"{called(name)} is held for {'an' if name.scope[0] in 'ao' else 'a'} {name.scope}. Choose one"
    if not contact.is_current:
        return f"{contact.name} is {contact.state.lower()}, so no role can be given"
    if holds(contact.id, name.id, target):
        return f"{contact.name} has this role already"
    return None


def give(contact: Contact, name: RoleName, target: Target, by: history.Actor, elsewhere: bool = False) -> Role:
    """Give a role, with history. Raises Refused. `elsewhere`: for another organisation, whose files it may send (E-31)."""
    with db.atomic():
        database.serialise(db, f"contact {contact.id}")
        if problem := check(contact, name, target):
            raise Refused(problem)
        owner = contact.organisation_id
        if elsewhere and target.scope == Scope.ORGANISATION and not name.reaches:
            owner = target.ident
        if find_target(owner, target) is None:
            raise Refused(f"The {target.scope} is not there any more. Choose another")
        more = {} if target.scope == Scope.ORGANISATION else {str(target.scope): target.ident}
        role = Role.create(contact=contact, name=name, organisation=owner, by=by.name, **more)
        found = held(Role.id == role.id)[0]
        history.record(by, "Gave a role", contact, {}, {"role": in_words(found)}, organisation=contact.organisation_id)
        settings.bump(f"roles:{contact.organisation_id}")
    return role


def take_away(role_id: int, by: history.Actor) -> int | None:
    """Take a role away, with history; returns how many the contact still holds, None where it was gone."""
    with db.atomic():
        found = held(Role.id == role_id)
        if not found:
            return None
        role = found[0]
        contact = Contact.get_by_id(role.contact_id)
        Role.delete().where(Role.id == role_id).execute()
        history.record(
            by, "Took a role away", contact, {"role": in_words(role)}, {}, organisation=contact.organisation_id
        )
        settings.bump(f"roles:{contact.organisation_id}")
        return Role.select().where(Role.contact == contact).count()


# the authority's list --------------------------------------------------------------------------------------------------


def save_name(row: RoleName | None, values: dict, by: history.Actor) -> RoleName:
    """Add or change a name of the list. Raises Refused: in the list already, or another scope while it is held."""
    with db.atomic():
        same = RoleName.select().where((RoleName.name == values["name"]) & (RoleName.scope == values["scope"]))
        if row:
            same = same.where(RoleName.id != row.id)
        if same.exists():
            raise Refused("This role is in the list already")
        if row and row.scope != values["scope"] and Role.select().where(Role.name == row).exists():
            raise Refused("People hold this role, so what it is held for stays. Add another role")
        before = history.facts(row) if row else {}
        last = RoleName.select().order_by(RoleName.position.desc()).first()
        row = row or RoleName(position=last.position + 1 if last else 1)
        for field, value in values.items():
            setattr(row, field, value)
        row.save()
        history.record(by, "Changed" if before else "Added", row, before, history.facts(row))
        settings.bump("roles")
    return row
