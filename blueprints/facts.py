"""A record's facts: what is wrong with them field by field, and writing them with their history. Knows no area.

Facts are a dict from field name to value as the tables keep it: ids for references, `date` for dates, whole numbers
in the units of models.py. A rule that checks facts answers with faults; a file shows them at their columns, a form at
its fields, in the same words.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from peewee import fn

import database
from blueprints import history
from models import Table, db

Facts = dict[str, Any]


class Fault(NamedTuple):
    """One thing wrong with one field, in words that say what to do; and a value that may have been meant."""

    field: str
    message: str
    suggestion: str = ""


class Faulty(ValueError):
    """Facts that cannot be saved; `faults` says why, field by field."""

    def __init__(self, faults: Iterable[Fault]):
        self.faults = list(faults)
        super().__init__(" ".join(f"{fault.message}." for fault in self.faults))


class Touched(NamedTuple):
    """What a change touches, for consequences.follow_touched: packages by row id, people as (organisation, client),
    those of the packages whose client, service, level or contract is another one now, and packages whose price alone
    is another one, which moves no visit."""

    packages: frozenset[int] = frozenset()
    people: frozenset[tuple[int, int]] = frozenset()
    moved: frozenset[int] = frozenset()
    repriced: frozenset[int] = frozenset()


class Changed(NamedTuple):
    """A record to be written: its row id and facts before (None and empty for a new one), and all its facts after."""

    ident: int | None
    before: Facts
    after: Facts

    def moves(self, *fields: str) -> bool:
        """Whether any of these fields of a record that exists changes."""
        return self.ident is not None and any(self.before[name] != self.after[name] for name in fields)


class Saved(NamedTuple):
    """A record that has been saved: its row id, and what that touched."""

    ident: int
    touched: Touched


# words -----------------------------------------------------------------------------------------------------------------


def enter(holds: str) -> str:
    """What a form and a file say where a value is missing: `Enter the client's surname`."""
    return f"Enter {holds}"


def short(value: Any) -> str:
    """A value within a sentence: in quotation marks, of at most 60 characters."""
    text = str(value)
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"


def show(day: dt.date | None) -> str:
    """A date within a sentence: 05/10/2026."""
    return f"{day:%d/%m/%Y}" if day else "no date"


def missing(facts: Mapping[str, Any], wanted: Mapping[str, str]) -> list[Fault]:
    """A fault for each field that is there and empty; `wanted` says what the field holds."""
    return [Fault(name, enter(holds)) for name, holds in wanted.items() if name in facts and facts[name] in (None, "")]


def ends_before_start(facts: Mapping[str, Any], start: str = "start_date", end: str = "end_date") -> list[Fault]:
    """A fault where the end comes before the start."""
    first, last = facts.get(start), facts.get(end)
    if first and last and last < first:
        return [Fault(end, f"Enter a date on or after {show(first)}, the start; {show(last)} is before it")]
    return []


def taken(model: type[Table], field: str, facts: Mapping[str, Any], existing, whose: str) -> list[Fault]:
    """A fault where another row has this value of a unique field already, ignoring case."""
    value = facts.get(field)
    if not value:
        return []
    column = model._meta.fields[field]
    same = fn.LOWER(column) == value.lower() if isinstance(value, str) else column == value
    other = model.select().where(same & (model._meta.primary_key != (ident_of(existing) or 0))).first()
    return (
        [Fault(field, f"{short(value)} is in use already: it belongs to {whose} {short(name_of(other))}")]
        if other
        else []
    )


def name_of(row: Table) -> str:
    """What a sentence calls a row."""
    return str(getattr(row, "name", "") or getattr(row, "ref", "") or row.get_id())


# comparing and writing -------------------------------------------------------------------------------------------------


def of(row: Table | Mapping[str, Any] | None) -> Facts:
    """The facts of a row; of facts, themselves; of nothing, none."""
    if row is None:
        return {}
    return dict(row) if isinstance(row, Mapping) else {name: row.__data__.get(name) for name in row._meta.fields}


def ident_of(row: Table | Mapping[str, Any] | None) -> int | None:
    """The row's id, of a row or of its facts."""
    return None if row is None else row["id"] if isinstance(row, Mapping) else row.get_id()


def ids(facts: Mapping[str, Any]) -> Facts:
    """Facts with rows replaced by their ids, as a form may give them."""
    return {name: value.get_id() if isinstance(value, Table) else value for name, value in facts.items()}


def complete(
    facts: Mapping[str, Any], existing: Table | Mapping[str, Any] | None, defaults: Mapping[str, Any]
) -> Facts:
    """All facts: what is given, else what is stored, else the default."""
    return {**defaults, **of(existing), **ids(facts)}


def save(
    facts: Mapping[str, Any],
    existing: Table | Mapping[str, Any] | None,
    by: history.Actor,
    *,
    defaults: Mapping[str, Any],
    check: Callable[[Facts, Facts | None], Iterable[Fault]],
    write: Callable[[list[Changed], history.Actor], tuple[list[int], Touched]],
) -> Saved:
    """Check and write one record in one transaction, as a screen does. Raises Faulty with every fault.

    What was there before is read anew: the row that is given may hold a form's values already.
    """
    with db.atomic():
        before = of(type(existing).get_by_id(existing.get_id()) if isinstance(existing, Table) else existing) or None
        after = complete(facts, before, defaults)
        if faults := list(check(after, before)):
            raise Faulty(faults)
        idents, touched = write([Changed(ident_of(before), before or {}, after)], by)
    return Saved(idents[0], touched)


def write(
    model: type[Table],
    changed: Sequence[Changed],
    by: history.Actor,
    key: str,
    fields: Sequence[str],
    organisation: str | None = None,
) -> list[int]:
    """Add and update rows by set-based statements, with one history entry each; returns their ids in the same order.

    `key` is a field with a unique value; `organisation` names the field that holds the record's organisation. Runs in
    the caller's transaction.
    """
    if not changed:
        return []
    added = [c for c in changed if c.ident is None]
    kept = [c for c in changed if c.ident is not None]
    if added:
        database.bulk_upsert(model, list(fields), [[stored(c.after[f]) for f in fields] for c in added])
    if kept:
        moved = [f for f in fields if any(c.before[f] != c.after[f] for c in kept)]
        if moved:
            database.bulk_update(model, "id", moved, [[c.ident, *(stored(c.after[f]) for f in moved)] for c in kept])
    found = ids_by(model, key, [c.after[key] for c in added])
    idents = [c.ident if c.ident is not None else found[c.after[key]] for c in changed]
    name = model._meta.table_name
    history.record_many(
        by,
        [
            history.Entry(
                "Added" if c.ident is None else "Changed",
                name,
                ident,
                {f: c.before[f] for f in fields} if c.before else {},
                {f: c.after[f] for f in fields},
                (ident if organisation == "id" else c.after[organisation]) if organisation else None,
            )
            for c, ident in zip(changed, idents, strict=True)
        ],
    )
    return idents


def ids_by(model: type[Table], key: str, values: Sequence[Any]) -> dict[Any, int]:
    """The row ids of these values of a unique field."""
    column = model._meta.fields[key]
    found: dict[Any, int] = {}
    for start in range(0, len(values), 1000):
        query = model.select(column, model._meta.primary_key).where(column.in_(values[start : start + 1000]))
        found.update(dict(query.tuples()))
    return found


def stored(value: Any) -> Any:
    """A value as both databases take it in bulk: dates as ISO text."""
    return value.isoformat() if isinstance(value, dt.date) else value
