"""The audit trail: who did what, with the values before and after; and seen(), the one write that a GET makes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import database
from models import Change, Look, db, utc_now

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
    Change.create(
        user=by.user_id,
        by=by.name,
        what=what,
        thing=name,
        thing_id=ident,
        organisation=organisation,
        before=texts[0],
        after=texts[1],
    )


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
    now = str(utc_now())
    rows = (
        (now, by.user_id, by.name, e.what, e.thing, e.ident, e.organisation, *texts)
        for e in entries
        if (texts := difference(e.before, e.after)) is not None
    )
    columns = ["at", "user", "by", "what", "thing", "thing_id", "organisation", "before", "after"]
    database.bulk_upsert(Change, columns, rows)


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


def looked(user_id: int, thing) -> None:
    """Note that a person looked at a record about somebody."""
    with seen():
        Look.create(user=user_id, thing=thing._meta.table_name, thing_id=thing.get_id())
