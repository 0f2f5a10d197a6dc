"""Looking things up in the audit trail: by person, record, time, place and words, along its indexes (Z-12)."""

from __future__ import annotations

import datetime as dt
import functools
import operator
from typing import NamedTuple

import database
from models import TABLES, Change, Client, Look, Organisation, Package, Person, Search, User, Visit, db

# Records by the table that keeps them, as people call them, where that is not the table's own name in words.
THINGS = {
    "import": "Import", "finalisation": "Finalised period", "portal_user": "Login", "service_level": "Service level",
    "message_post": "Response", "change_request": "Change request", "contact": "Contact",
}  # fmt: skip
# What entries are about that is no table.
OTHERS = ["report", "retention"]
# Tables that no entry is about.
BOOKKEEPING = {
    "change", "seal", "look", "counter", "throttle", "sign_in", "one_time_link", "file_chunk", "staged_row", "staged_visit",
    "import_problem", "stale_group", "stale_package", "visit_version", "actual_day", "timetable_slot", "due",
    "package_as_paid", "payment_item", "message_organisation", "message_person", "message_read", "message_thread",
    "message_post", "post_read", "officer_role", "search", "search_word", "kept_form", "old_password",
    "recovery_code", "request_field", "request_file", "level_at_service", "property_service", "team_member", "claim_file",
    "claim_post", "dispute_row", "order_line", "order_version", "exported_finalisation", "charge", "prepared_report",
    "reminder", "confirmed_week", "locked_week",
}  # fmt: skip
# What people call a record by: the columns that are asked, in this order.
REFERENCES = ("cpli_id", "ssref", "client_ref", "ref", "email", "code", "name", "subject")


class Wanted(NamedTuple):
    """What is looked for: moments in UTC, the first included and the last not."""

    first: dt.datetime | None = None
    last: dt.datetime | None = None
    person: str = ""
    thing: str = ""
    reference: str = ""
    organisation: int | None = None
    place: str = ""
    words: str = ""

    @property
    def is_narrow(self) -> bool:
        """Bounded by something that an index knows, beside time."""
        return bool(self.person or self.thing or self.reference or self.organisation)


def called(table: str) -> str:
    """A record's kind as people call it."""
    return THINGS.get(table, table.replace("_", " ").capitalize())


def kinds() -> list[tuple[str, str]]:
    """The kinds of record that entries are about, by what they are called."""
    names = [model._meta.table_name for model in TABLES if model._meta.table_name not in BOOKKEEPING]
    return sorted(((name, called(name)) for name in names + OTHERS), key=lambda pair: pair[1])


def found(wanted: Wanted):
    """The ids of the entries that are looked for, in no order."""
    query = Change.select(Change.id)
    if wanted.first:
        query = query.where(Change.at >= wanted.first)
    if wanted.last:
        query = query.where(Change.at < wanted.last)
    if wanted.person:
        query = query.where(by_person(wanted.person))
    if wanted.reference:
        query = query.where(about(wanted.thing, wanted.reference))
    elif wanted.thing:
        query = query.where(Change.thing == wanted.thing)
    if wanted.organisation:
        query = query.where(Change.organisation == wanted.organisation)
    if wanted.place:
        query = query.where(Change.address.startswith(wanted.place))
    for word in wanted.words.split():
        query = query.where(Change.what.contains(word) | Change.before.contains(word) | Change.after.contains(word))
    return query


def by_person(name: str):
    """Entries of the logins whose name or address has this in it, or whose name had when it was written."""
    people = [i for (i,) in User.select(User.id).join(Person).where(known_as(name)).tuples()]
    names = [one for one in actors() if name.lower() in one.lower()]
    return Change.user.in_(people) | Change.by.in_(names)


def known_as(name: str):
    """The condition of logins, joined to their persons, whose name or address has this in it."""
    return User.name.contains(name) | Person.email.contains(name)


def actors() -> list[str]:
    """Every name that the trail knows: one step along the index for each, not one for each entry."""
    found = database.sql(
        db,
        'WITH RECURSIVE names(one) AS (SELECT min("by") FROM "change" UNION ALL '
        'SELECT (SELECT min("by") FROM "change" WHERE "by" > names.one) FROM names WHERE names.one IS NOT NULL) '
        "SELECT one FROM names WHERE one IS NOT NULL",
    )
    return [one for (one,) in found.fetchall() if one]


def about(thing: str, reference: str):
    """Entries about the records that people call so, of one kind or of all."""
    found = []
    for model in TABLES:
        name = model._meta.table_name
        if name in BOOKKEEPING or (thing and name != thing):
            continue
        if idents := idents_of(model, reference):
            found.append((Change.thing == name) & Change.thing_id.in_(idents))
    if not found:
        return Change.id < 0
    return functools.reduce(operator.or_, found)


def idents_of(model, reference: str, most: int = 200) -> list[int]:
    """The ids of the records of a table that people call so: by reference, else by name."""
    fields = model._meta.fields
    if "id" not in model._meta.fields:
        return []
    if model is User:
        query = User.select(User.id).join(Person).where((Person.email == reference.lower()) | (User.name == reference))
        return [i for (i,) in query.limit(most).tuples()]
    own = ("ref",) if model is Visit else REFERENCES  # a visit also names its client
    for column in (name for name in own if name in fields):
        field = fields[column]
        value: str | int = reference
        if field.field_type in ("BIGINT", "INT"):
            if not reference.isascii() or not reference.isdigit() or len(reference) > 18:
                continue
            value = int(reference)
        query = model.select(model.id).where(field == value)
        if model is Visit:  # its index begins with the organisation
            query = query.where(Visit.organisation.in_(Organisation.select(Organisation.id)))
        if idents := [i for (i,) in query.limit(most).tuples()]:
            return idents
    if model is Client and " " in reference:
        forename, surname = reference.rsplit(" ", 1)
        query = Client.select(Client.id).where((Client.forename == forename) & (Client.surname == surname))
        return [i for (i,) in query.limit(most).tuples()]
    return []


# who has looked --------------------------------------------------------------------------------------------------------


def looks(client_id: int | None = None, person: str = "", first=None, last=None):
    """Who looked at records about people, newest first, with the name of who looked."""
    query = Look.select(Look, User).join(User).join(Person)
    if client_id is not None:
        query = query.where(Look.client_id == client_id)
    if person:
        query = query.where(known_as(person))
    if first:
        query = query.where(Look.at >= first)
    if last:
        query = query.where(Look.at < last)
    return query


def names_of_clients(rows: list[Look]) -> dict[int, Client]:
    """The clients that looks were about."""
    idents = {row.client_id for row in rows if row.client_id}
    return {c.id: c for c in Client.select().where(Client.id.in_(list(idents)))} if idents else {}


def searched(rows: list[Look]) -> dict[int, str]:
    """What was looked for by searches that found somebody."""
    idents = {row.thing_id for row in rows if row.thing == "search"}
    return dict(Search.select(Search.id, Search.words).where(Search.id.in_(list(idents))).tuples()) if idents else {}


def packages_called(rows: list[Look]) -> dict[int, int]:
    """The CPLI ids of packages that were looked at."""
    idents = {row.thing_id for row in rows if row.thing == "package"}
    query = Package.select(Package.id, Package.cpli_id).where(Package.id.in_(list(idents)))
    return dict(query.tuples()) if idents else {}
