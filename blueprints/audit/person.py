"""Everything about one person: every row of every table that belongs to a client, or to somebody with a login.

What belongs to a client is found by the tables' own references, so that a table that comes later is found too: rows
that point at the client, rows that point at those, and so on; and entries of the audit trail and of the look log about
any of them. Of somebody with a login it is what points at the login itself: what one did, not whom one did it to.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from typing import Any, NamedTuple

from peewee import BooleanField, DateField, DateTimeField, ForeignKeyField, Model

from blueprints import history, sheets, values, weeks
from blueprints.audit.rules import called
from models import (
    TABLES,
    Change,
    Client,
    Contact,
    Look,
    OldPassword,
    OneTimeLink,
    Organisation,
    Package,
    Person,
    RecoveryCode,
    Seal,
    StaleGroup,
    StalePackage,
    User,
    Visit,
    VisitVersion,
    db,
)

# Notes of work to be done, and links that let somebody in: nothing about the person.
LEFT_OUT = (StaleGroup, StalePackage, OneTimeLink, OldPassword, RecoveryCode, Seal)
SECRET = {
    "password_hash", "digest", "salt", "word", "once", "key", "code", "code_round", "authenticator", "authenticator_step",
    "nonce",
}  # fmt: skip
MONEY = {
    "amount", "vat", "total", "cost", "contribution", "paid_cost", "paid_vat", "paid_contribution", "non_payable",
}  # fmt: skip
QUANTITIES = {"quantity", "discount", "actual", "frustrated", "missed", "extra", "vat_rate"}
TIMES = {"planned_entry", "planned_exit", "delivered_entry", "delivered_exit", "entry", "exit"}


class Part(NamedTuple):
    """What one table holds about the person: the table, the condition, the columns that are shown; and its own title."""

    model: type[Model]
    condition: Any
    columns: list[str]
    named: str = ""

    @property
    def title(self) -> str:
        """What the rows are called."""
        return self.named or called(self.model._meta.table_name)

    def count(self) -> int:
        """How many rows there are."""
        return self.model.select().where(self.condition).count()


def shown(model: type[Model], leave: set[str] = SECRET) -> list[str]:
    """The columns of a table that may be shown."""
    return [f.name for f in model._meta.sorted_fields if f.name not in leave]


def about_client(client: Client) -> list[Part]:
    """Every part about a client, the client's own row first."""
    conditions: dict[type[Model], Any] = {Client: Client.id == client.id}
    growing = True
    while growing:
        growing = False
        for model in TABLES:
            if model in conditions or model in LEFT_OUT or not (found := _pointing(model, conditions, client)):
                continue
            conditions[model] = found
            growing = True
    parts = [Part(model, condition, shown(model)) for model, condition in conditions.items()]
    for model, condition in conditions.items():
        if "id" not in model._meta.fields or model is VisitVersion:
            continue
        about = (Change.thing == model._meta.table_name) & Change.thing_id.in_(model.select(model.id).where(condition))
        parts.append(Part(Change, about, shown(Change), f"Changes of {called(model._meta.table_name).lower()}"))
    return [*parts, Part(Look, Look.client_id == client.id, shown(Look), "Looks")]


def _pointing(model: type[Model], conditions: dict[type[Model], Any], client: Client):
    """The condition of a table's rows that point at rows found already; None where none can."""
    if model is Visit:  # by its index; and those whose client was not known by the reference that they name
        theirs = Package.select(Package.organisation).where(Package.client == client.id)
        stranger = Visit.client.is_null() & (Visit.ssref == client.ssref)
        return (Visit.organisation.in_(theirs) & (Visit.client == client.id)) | (
            Visit.organisation.in_(Organisation.select(Organisation.id)) & stranger
        )
    if model is VisitVersion:  # by the visit, which its index begins with
        if Visit not in conditions:
            return None
        return VisitVersion.visit.in_(Visit.select(Visit.id).where(conditions[Visit]))
    found = None
    for field in model._meta.sorted_fields:
        if not isinstance(field, ForeignKeyField) or field.rel_model not in conditions or field.rel_model is model:
            continue
        target = field.rel_model
        key = target._meta.primary_key
        if not hasattr(key, "name") or key.name == "__composite_key__":
            continue
        condition = field.in_(target.select(key).where(conditions[target]))
        found = condition if found is None else found | condition
    return found


def about_login(user: User) -> list[Part]:
    """Every part about somebody with a login: what points at the login, its person or its contact, without the texts of
    what others are about."""
    own = {User: user.id, Person: user.person_id, Contact: user.contact_id}
    parts = [Part(model, model.id == ident, shown(model)) for model, ident in own.items() if ident is not None]
    for model in TABLES:
        if model in LEFT_OUT or model in own or model is Change:
            continue
        condition = None
        for field in model._meta.sorted_fields:
            if isinstance(field, ForeignKeyField) and own.get(field.rel_model) is not None:
                found = field == own[field.rel_model]
                condition = found if condition is None else condition | found
        if condition is not None:
            parts.append(Part(model, condition, shown(model)))
    about = (Change.thing == "portal_user") & (Change.thing_id == user.id)
    if user.contact_id is not None:
        about |= (Change.thing == "contact") & (Change.thing_id == user.contact_id)
    did = ["at", "what", "thing", "thing_id", "address", "by"]
    done = Part(Change, (Change.user == user.id) & ~about, did, "What was done")
    return [*parts, Part(Change, about, shown(Change), "Changes of login"), done]


# the file --------------------------------------------------------------------------------------------------------------


def export(parts: list[Part], who: tuple[str, int], by: history.Actor, name: str, authority: str) -> bytes:
    """All parts as CSV files in one ZIP, with a page that says what each is; noted in the audit trail."""
    made, names = io.BytesIO(), Names()
    with db.atomic(), zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        lines = [
            f"Everything that {authority} holds about {name} in the portal, {weeks.utc_now():%d/%m/%Y %H:%M} UTC.",
            "",
        ]
        taken: dict[str, int] = {}
        for part in parts:
            count = part.count()
            if not count:
                continue
            stem = part.title.lower().replace(" ", "-")
            taken[stem] = taken.get(stem, 0) + 1
            file = f"{stem}{f'-{taken[stem]}' if taken[stem] > 1 else ''}.csv"
            lines.append(f"{file}: {count:,} row{'' if count == 1 else 's'}")
            headings = [c.replace("_", " ").capitalize() for c in part.columns]
            packed.writestr(file, b"".join(sheets.write_csv(rows_of(part, names), headings)))
        packed.writestr("about.txt", "\n".join(lines) + "\n")
        history.record(by, "Exported everything about a person", who, {}, {"files": len(taken)})
    return made.getvalue()


def rows_of(part: Part, names: Names) -> Iterator[list[str]]:
    """The rows of a part as people read them, in the order in which they came."""
    fields = [part.model._meta.fields[c] for c in part.columns]
    query = part.model.select(*fields).where(part.condition)
    if "id" in part.model._meta.fields:
        query = query.order_by(part.model.id)
    for row in query.tuples().iterator():
        yield [words(field, value, names) for field, value in zip(fields, row, strict=True)]


class Names:
    """What rows that are pointed at are called, each table read once."""

    def __init__(self):
        self.known: dict[type[Model], dict] = {}

    def of(self, model: type[Model], ident) -> str:
        """What a row is called; its id where it has no name, or its table is too large to be read for that."""
        column = next((c for c in ("cpli_id", "name", "code", "ref") if c in model._meta.fields), None)
        if column is None or model in (Visit, Look, Change):
            return str(ident)
        if model not in self.known:
            field = model._meta.fields[column]
            if model is Package:
                return str(Package.select(Package.cpli_id).where(Package.id == ident).scalar())
            self.known[model] = dict(model.select(model._meta.primary_key, field).tuples())
        return str(self.known[model].get(ident, ident))


def words(field, value, names: Names) -> str:
    """A stored value as a person reads it: dates, money, times of day, what is pointed at by its name."""
    if value is None or value == "":
        return ""
    if isinstance(field, ForeignKeyField):
        return names.of(field.rel_model, value)
    if isinstance(field, BooleanField):
        return "Yes" if value else "No"
    if isinstance(field, DateTimeField):
        when = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
        return f"{weeks.london(when):%d/%m/%Y %H:%M}"
    if isinstance(field, DateField):
        return values.show_date(value if isinstance(value, dt.date) else dt.date.fromisoformat(value))
    if isinstance(value, int):
        if field.name in MONEY:
            return values.show_money(value)
        if field.name in QUANTITIES:
            return values.show_quantity(value)
        if field.name == "unit_cost":
            return values.show_rate(value)
        if field.name in TIMES:
            return values.show_time(value)
    return str(value)
