"""The audit trail: who did what, with the values before and after; and seen(), the one write that a GET makes."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import contextmanager
from typing import NamedTuple

from models import Change, Look, db


class Actor(NamedTuple):
    """Who acts: a person's id and name, or a command line without an id."""

    user_id: int | None
    name: str


COMMAND_LINE = Actor(None, "command line")


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
    before, after = before or {}, after or {}
    changed = [k for k in {**before, **after} if as_text(before.get(k)) != as_text(after.get(k))]
    if before and after and not changed:
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
        before=json.dumps({k: as_text(before[k]) for k in changed if k in before}, ensure_ascii=False),
        after=json.dumps({k: as_text(after[k]) for k in changed if k in after}, ensure_ascii=False),
    )


def of(thing, limit: int = 100) -> list[dict]:
    """The history of a record, newest first: at, by, what, and the changes as (field, before, after)."""
    rows = (
        Change.select(Change.at, Change.by, Change.what, Change.before, Change.after)
        .where((Change.thing == thing._meta.table_name) & (Change.thing_id == thing.get_id()))
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
    db.allow_writes = True
    try:
        with db.atomic():
            yield
    finally:
        db.allow_writes = False


def looked(user_id: int, thing) -> None:
    """Note that a person looked at a record about somebody."""
    with seen():
        Look.create(user=user_id, thing=thing._meta.table_name, thing_id=thing.get_id())
