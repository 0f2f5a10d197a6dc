"""The audit trail: who did what, with the values before and after; and seen(), the one write that a GET makes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import database
from blueprints import chain
from models import Change, Look, db, utc_now

HEARD: list[Callable[[str, Iterable[int | None]], None]] = []  # told what changed: the table's name, the records' ids

FROM: ContextVar[str] = ContextVar("from", default="command line")  # where what is done now is done from
LOOKER: ContextVar[int | None] = ContextVar("looker", default=None)  # the officer who looks with a provider's eyes
SEEING: ContextVar[bool] = ContextVar("seeing", default=False)  # tests let a GET write only within seen()


class Actor(NamedTuple):
    """Who acts: a person's id and name, or a command line without an id."""

    user_id: int | None
    name: str


FILE = "file "  # before the name of the page in the look log
COMMAND_LINE = Actor(None, "command line")


class Entry(NamedTuple):
    """One entry of the trail, for record_many: what was done to which thing (name and id), before and after."""

    what: str
    thing: str
    ident: int | None
    before: dict
    after: dict
    organisation: int | None = None


def as_text(value) -> str | int | bool | list | dict | None:
    """A value as the trail keeps it."""
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | bool | list | dict | None) else str(value)


def facts(row) -> dict:
    """A row's columns by name, for `before` and `after`."""
    return {name: as_text(row.__data__.get(name)) for name in row._meta.fields}


def record(
    by: Actor, what: str, thing, before: dict | None = None, after: dict | None = None, organisation=None
) -> None:
    """Write one entry of the audit trail, inside the caller's transaction.

    `thing` is a row, or (name, id). Only the fields that differ are kept. Nothing is written where nothing changed.
    """
    texts = difference(before or {}, after or {})
    if texts is None:
        return
    name, ident = thing if isinstance(thing, tuple) else (thing._meta.table_name, thing.get_id())
    if organisation is None and not isinstance(thing, tuple):
        organisation = thing.__data__.get("organisation")
    organisation = organisation.get_id() if hasattr(organisation, "get_id") else organisation
    made = _entry(utc_now(), by.user_id, by.name, FROM.get(), str(what), name, ident, organisation, *texts)
    database.sql(Change._meta.database, ENTRY, made)
    for hear in HEARD:
        hear(name, [ident])


COLUMNS = (*chain.DIGESTED, "word", "salt", "digest")
# As text: every change that is made writes one, and making the statement takes longer than running it.
ENTRY = (
    f'INSERT INTO "{Change._meta.table_name}" '
    + "({}) ".format(", ".join(f'"{Change._meta.fields[name].column_name}"' for name in COLUMNS))
    + "VALUES ({})".format(", ".join("?" for _ in COLUMNS))
)


def _entry(now: dt.datetime, *rest) -> tuple:
    """An entry's values in the order of COLUMNS: those that are digested, then what ties it to the chain."""
    salt = chain.salt()
    return str(now), *rest, chain.word(), salt, chain.digest_of(salt, (now, *rest))


def difference(before: dict, after: dict) -> tuple[str, str] | None:
    """The fields that differ, before and after, as JSON; None where both are there and nothing differs."""
    old = {k: as_text(v) for k, v in before.items()}
    new = {k: as_text(v) for k, v in after.items()}
    same = {k for k, v in {**old, **new}.items() if old.get(k) == new.get(k)}
    if before and after and len(same) == len({**old, **new}):
        return None
    old = {k: v for k, v in old.items() if k not in same}
    new = {k: v for k, v in new.items() if k not in same}
    return json.dumps(old, ensure_ascii=False), json.dumps(new, ensure_ascii=False)


def record_many(by: Actor, entries: Iterable[Entry]) -> None:
    """Write many entries at once, as record() would each; inside the caller's transaction."""
    now, place = utc_now(), FROM.get()
    told_of: dict[str, list] = {}

    def rows():
        for e in entries:
            if (texts := difference(e.before, e.after)) is None:
                continue
            told_of.setdefault(e.thing, []).append(e.ident)
            yield _entry(now, by.user_id, by.name, place, e.what, e.thing, e.ident, e.organisation, *texts)

    database.bulk_upsert(Change, COLUMNS, rows())
    for thing, idents in told_of.items():
        for hear in HEARD:
            hear(thing, idents)


def of(thing, limit: int = 100) -> list[dict]:
    """The history of a record, newest first: at, by, what, and the changes as (field, before, after)."""
    return of_many(thing._meta.table_name, [thing.get_id()], limit)


def of_many(name: str, idents: list[int], limit: int = 100) -> list[dict]:
    """The history of several records of one table, newest first, as that of one."""
    rows = (
        Change.select(Change.at, Change.by, Change.what, Change.before, Change.after)
        .where((Change.thing == name) & Change.thing_id.in_(idents))
        .order_by(Change.id.desc())
        .limit(limit)
        .dicts()
    )
    entries = []
    for row in rows:
        before, after = json.loads(row["before"]), json.loads(row["after"])
        names = [*before, *(k for k in after if k not in before)]
        changes = [(name, before.get(name), after.get(name)) for name in names]
        entries.append({"at": row["at"], "by": row["by"], "what": row["what"], "changes": changes})
    return entries


@contextmanager
def seen():
    """The one door through which a GET may write: the look log, read marks and a session's last-seen time."""
    token = SEEING.set(True)
    try:
        with db.atomic():
            yield
    finally:
        SEEING.reset(token)


def took(user_id: int, what: str, ident: int = 0) -> None:
    """Note that a person took a file or report away (B-22): which page gave it, and the id in its address."""
    with seen():
        Look.create(user=user_id, thing=f"{FILE}{what}"[:255], thing_id=ident)


def taken_since(user_id: int, moment: dt.datetime) -> int:
    """How many files and reports a person has taken away since then."""
    mine = (Look.user == user_id) & (Look.at > moment) & Look.thing.startswith(FILE)
    return Look.select().where(mine).count()


def looked(user_id: int, thing) -> None:
    """Note that a person looked at a record about somebody: a client, or what names one."""
    name = thing._meta.table_name
    client = thing.get_id() if name == "client" else thing.__data__.get("client")
    with seen():
        Look.create(user=LOOKER.get() or user_id, thing=name, thing_id=thing.get_id(), client_id=client)
