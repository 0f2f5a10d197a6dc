"""Looking for records by their words, within a person's reach; each search is noted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from peewee import JOIN

from blueprints import history
from blueprints.search import index
from models import (
    Client,
    Contact,
    Contract,
    Look,
    Organisation,
    Package,
    Person,
    Search,
    SearchWord,
    Service,
    ServiceLevel,
    User,
    Visit,
    db,
)

LEAST = 2  # letters or digits
MOST_LETTERS = 100
FEW = 10  # shown of each kind at first


class Refused(ValueError):
    """What cannot be looked for; says what to enter."""


class Kind(NamedTuple):
    """A kind of record that is found: its name, what people call one and many, and the query of those within reach."""

    name: str
    one: str
    many: str
    query: Callable[[Any], Any]
    order: tuple


def _packages(reach):
    query = Package.visible_to(reach).select(Package, Client, ServiceLevel, Service)
    return query.join(Client).switch(Package).join(ServiceLevel).switch(Package).join(Service)


def _services(reach):
    return Service.visible_to(reach).select(Service, Organisation).join(Organisation)


def _contracts(reach):
    return Contract.visible_to(reach).select(Contract, Organisation).join(Organisation)


def _contacts(reach):
    return Contact.visible_to(reach).select(Contact, Organisation).join(Organisation, JOIN.LEFT_OUTER)


def _people(reach):
    query = User.select(User, Organisation, Person).join(Organisation, JOIN.LEFT_OUTER).switch(User).join(Person)
    return query.where(reach.organisations(User.organisation, nothing_too=True))


def _visits(reach):
    query = Visit.visible_to(reach).select(Visit, Organisation, Client).join(Organisation)
    return query.switch(Visit).join(Client, JOIN.LEFT_OUTER)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("client", "client", "Clients", Client.visible_to, (Client.surname, Client.forename, Client.id)),
        Kind(
            "organisation",
            "organisation",
            "Organisations",
            Organisation.visible_to,
            (Organisation.name, Organisation.id),
        ),
        Kind("service", "service", "Services", _services, (Service.name, Service.id)),
        Kind("contract", "contract", "Contracts", _contracts, (Contract.name, Contract.id)),
        Kind("package", "package", "Packages", _packages, (Package.cpli_id,)),
        Kind("visit", "visit", "Visits", _visits, (Visit.planned_date.desc(), Visit.id)),
        Kind("contact", "contact", "Contacts", _contacts, (Contact.surname, Contact.forename, Contact.id)),
        Kind("person", "login", "Logins", _people, (User.name, User.id)),
    )
}


def fit(text: str) -> str:
    """What somebody typed, fit to be looked for. Raises Refused."""
    text = " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())[:MOST_LETTERS]
    if sum(len(word) for word in index.asked(text)) < LEAST:
        raise Refused(f"Enter at least {LEAST} letters or digits")
    return text


def begin(text: str, user: User) -> Search:
    """Note what somebody looks for; the address of the answer holds the number of this note and no name."""
    with db.atomic():
        return Search.create(user=user.id, words=fit(text))


def found(kind: Kind, text: str, reach):
    """The records of a kind that every word begins a word of, within reach, in order."""
    query = kind.query(reach)
    if kind.name == "visit":
        return query.where(_visit_called(text) & ~Visit.is_deleted).order_by(*kind.order)
    for word in index.asked(text):
        fits = query.model.id.in_(_beginning(word, kind.name))
        if kind.name == "package" and not reach.everything:  # a provider's clients are found by their packages
            fits |= Package.client.in_(_beginning(word, "client"))
        query = query.where(fits)
    return query.order_by(*kind.order)


def _beginning(word: str, kind: str):
    """The ids of the records of a kind that have a word which begins so."""
    start = word.encode()
    within = (SearchWord.word >= start) & (SearchWord.word < start + b"\xff") & (SearchWord.kind == kind)
    return SearchWord.select(SearchWord.ident).where(within)


def _visit_called(text: str):
    """Visits of exactly this reference, as typed or in capitals, along the index that begins with the organisation."""
    everyone = Organisation.select(Organisation.id)
    return Visit.organisation.in_(everyone) & Visit.ref.in_(sorted({text, text.upper(), text.lower()}))


def note_look(search: Search, user: User) -> None:
    """Note that somebody saw whom a search found."""
    with history.seen():
        Look.create(user=history.LOOKER.get() or user.id, thing="search", thing_id=search.id)
