"""The engine of the files that the authority loads (interfaces.md): tables of records, each with a reference.

`rows` reads a file by its columns and says what cannot be read; `check` decides for each row whether it is new,
updated, unchanged or rejected, by the rules of its area, and stages it; `changes` gives what is staged to take.
Every problem of every row is reported at once. A change that was approved by request is kept, with a warning, unless
`Import.overwrite` says otherwise (rule 9.2).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from blueprints import facts as records
from blueprints import history, values
from blueprints.attachments import rules as attachments
from blueprints.facts import Changed, Facts, Fault
from blueprints.imports import rules as imports
from blueprints.imports.columns import Column, Need
from blueprints.imports.rules import Report
from blueprints.requests import rules as requests
from blueprints.settings import rules as settings
from models import Import, Severity, Table

PIECE = 2000
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
UNREAD = ("Problem", "Expected")  # what the file of problem rows adds (rule 5.1)


def fold(value: Any) -> Any:
    """A reference as it is compared: without case (as rule 5.3 compares names)."""
    return value.casefold() if isinstance(value, str) else value


class Lookup:
    """What a reference in a file may name: row ids by reference, ignoring case; and what a wrong one may have meant."""

    def __init__(self, what: str, pairs: Iterable[tuple[Any, int]]):
        self.what = what
        self.ids: dict[Any, int] = {}
        self._texts: list[str] = []
        for text, ident in pairs:
            self.ids[fold(text)] = ident
            self._texts.append(str(text))
        self._names: values.Names | None = None

    @classmethod
    def of(cls, what: str, model: type[Table], field: str = "ref") -> Lookup:
        """All rows of a table by one of their fields."""
        return cls(what, model.select(model._meta.fields[field], model._meta.primary_key).tuples())

    def find(self, value: Any) -> int | None:
        """The row's id, or None."""
        return self.ids.get(fold(value))

    def fault(self, field: str, value: Any) -> Fault:
        """What is said of a reference that names nothing."""
        self._names = self._names or values.Names(self._texts)
        near = self._names.near(str(value)) or ""
        return Fault(field, f"There is no {self.what} {records.short(value)}", near)


class Row:
    """One row of a file: the values of the columns that are there and could be read, by field; and its problems."""

    def __init__(self, report: Report, columns: Mapping[str, Column], line: int, cells: Mapping[str, str | None]):
        self._report = report
        self._columns = columns
        self.line = line
        self.cells = cells
        self.values: Facts = {}
        self.wrong: set[str] = set()
        self.is_rejected = False
        self.is_noticed = False

    def problem(self, severity: Severity, fault: Fault) -> None:
        """Report a fault at its column. A field's first error is enough; an error rejects the row."""
        if severity == Severity.ERROR:
            if fault.field in self.wrong:
                return
            self.wrong.add(fault.field)
            self.is_rejected = True
        else:
            self.is_noticed = True
        column = self._columns.get(fault.field)
        name = column.name if column else ""
        kind = name if not fault.suggestion else f"{name}: {fault.suggestion}"
        self._report.problem(
            self.line, severity, name, self.cells.get(name) or "", f"{fault.message}.", fault.suggestion, kind
        )

    def error(self, field: str, message: str, suggestion: str = "") -> None:
        """Report an error in a field; empty for the row as a whole."""
        self.problem(Severity.ERROR, Fault(field, message, suggestion))

    def warn(self, field: str, message: str) -> None:
        """Report a data quality issue; the row is accepted."""
        self.problem(Severity.WARNING, Fault(field, message))


class Sheet:
    """A file under check: gives its rows, counts and stages what becomes of them."""

    def __init__(self, batch: Import, report: Report, columns: Sequence[Column], references: Mapping[str, Lookup]):
        self.batch = batch
        self.report = report
        self.columns = columns
        self.references = references
        self._by_field = {c.field: c for c in columns}
        self._waiting: list[tuple[int, str, str, dict]] = []

    def rows(self) -> Iterator[Row]:
        """Every row, its cells read; what cannot be read is reported. Raises SheetError for the file as a whole."""
        file = self.batch.file
        limits = settings.read()
        needed = [c.name for c in self.columns if not c.may_be_absent]
        optional = [c.name for c in self.columns if c.may_be_absent]
        with attachments.open_file(file) as stream:
            table = imports.KINDS[self.batch.kind].read(
                stream,
                needed,
                optional,
                UNREAD,
                max_bytes=limits.most_megabytes * 1024 * 1024,
                max_rows=limits.most_rows,
                max_line=limits.longest_line_kb * 1024,
            )
            total = max(1, file.size // 60)
            for line, cells in table:
                self.report.records += 1
                self.report.progress.step(self.report.records, max(total, self.report.records + 1), "reading")
                named = dict(zip(table.columns, cells, strict=False))
                row = Row(self.report, self._by_field, line, named)
                if len(cells) > table.width:
                    row.error(
                        "",
                        f"The row has more cells than the heading: {records.short(', '.join(filter(None, cells[table.width :])))}",
                    )
                for column in self.columns:
                    self._read(row, column, named[column.name])
                yield row

    def _read(self, row: Row, column: Column, cell: str | None) -> None:
        """One cell: absent, empty, or read by its column and, for a reference, found."""
        if cell is None:
            return
        if cell == "":
            if column.need == Need.MANDATORY:
                row.error(column.field, records.enter(column.holds))
            else:
                row.values[column.field] = None  # cleared: the default of the area's rules
            return
        if len(cell) > column.length:
            row.error(
                column.field, f"{records.short(cell)} has {len(cell)} characters; expected at most {column.length}"
            )
            return
        if column.read is str and CONTROL.search(cell):
            row.error(
                column.field, "The cell holds a line break or a control character; expected plain text on one line"
            )
            return
        try:
            value = column.read(cell)
        except values.Expected as error:
            row.error(
                column.field, f"{records.short(cell)} was not understood; expected {error}", getattr(error, "near", "")
            )
            return
        if lookup := self.references.get(column.field):
            found = lookup.find(value)
            if found is None:
                row.problem(Severity.ERROR, lookup.fault(column.field, value))
                return
            value = found
        row.values[column.field] = value

    def settle(self, row: Row, action: str, staged: Mapping[str, Any] | None = None) -> None:
        """Count a row and stage what is to be taken; of a row with problems also its own cells."""
        report = self.report
        if row.is_rejected:
            action = "rejected"
        setattr(report, action, getattr(report, action) + 1)
        report.issues += row.is_noticed and not row.is_rejected
        kept = {} if staged is None or row.is_rejected else {name: records.stored(v) for name, v in staged.items()}
        if row.is_rejected or row.is_noticed:
            kept = {**kept, "cells": {name: cell for name, cell in row.cells.items() if cell is not None}}
        self._waiting.append((row.line, action, "", kept))
        if len(self._waiting) >= PIECE:
            self.close()

    def close(self) -> None:
        """Write what waits to be staged."""
        imports.stage(self.batch, self._waiting)
        self._waiting = []


class Area(NamedTuple):
    """What the engine asks of an area whose records have one reference: built when a check begins, read from once."""

    model: type[Table]
    columns: Sequence[Column]
    key: str  # the field that is the reference
    wanted: Mapping[str, str]
    defaults: Mapping[str, Any]
    references: Mapping[str, Lookup]
    faults: Callable[[Facts, Facts | None], Iterable[Fault]]
    remarks: Callable[[Row, Facts, Facts | None], None] = lambda row, after, before: None
    complete: Callable[[Facts, Facts | None], Facts] = lambda after, before: after


def check(batch: Import, report: Report, area: Area) -> None:
    """Check a file of records: read, refer, compare with what is stored, stage."""
    sheet = Sheet(batch, report, area.columns, area.references)
    known = stored(area.model, area.key)
    seen: dict[Any, int] = {}
    fields = [c.field for c in area.columns]
    column = next(c for c in area.columns if c.field == area.key)
    approved = requests.approved(area.model)
    for row in sheet.rows():
        key = fold(row.values.get(area.key))
        before = known.get(key) if key is not None else None
        if key is not None:
            if key in seen:
                row.error(
                    area.key,
                    f"{records.short(row.cells[column.name])} stands on line {seen[key]} already; expected each {column.name} once",
                )
            seen.setdefault(key, row.line)
        after = assemble(row, before, area.wanted, area.defaults)
        if before:
            after[area.key] = before[area.key]  # the spelling that is stored
        agreed = keep_approved(row, after, before, approved, batch.overwrite) if before and approved else []
        after = area.complete(after, before)
        for fault in area.faults({n: v for n, v in after.items() if n not in row.wrong}, before):
            row.problem(Severity.ERROR, fault)
        if not row.is_rejected:
            area.remarks(row, after, before)
        if before is None:
            sheet.settle(row, "new", {n: after[n] for n in fields})
        elif any(after[n] != before[n] for n in fields):
            sheet.settle(row, "updated", {"id": before["id"], "agreed": agreed, **{n: after[n] for n in fields}})
        else:
            sheet.settle(row, "unchanged", {"agreed": agreed} if agreed else None)
    sheet.close()


def keep_approved(
    row: Row, after: Facts, before: Facts, approved: Mapping[tuple[int, str], requests.Kept], overwrite: bool
) -> list[tuple[int, str]]:
    """Keep changes that were approved by request and that the file would undo, and warn (rule 9.2).

    Returns the approved values that the file agrees with, by request and field: from then on a file may change them.
    """
    agreed = []
    for name in [name for name in row.values if name not in row.wrong]:
        kept = approved.get((before["id"], name))
        if kept is None or history.as_text(before[name]) != kept.value:
            continue
        if history.as_text(after[name]) == kept.value:
            agreed.append((kept.request, name))
            continue
        who = f"that {kept.asked_by} asked for and {kept.decided_by} approved on {records.show(kept.decided_at.date())}"
        if overwrite:
            row.warn(name, f"The change {who} is overwritten: {records.short(kept.value)} becomes what the file says")
            continue
        after[name] = before[name]
        row.warn(
            name,
            f"The change {who} is kept: {records.short(kept.value)}. Load the file with “overwrite” to use what it says",
        )
    return agreed


def assemble(row: Row, before: Facts | None, wanted: Iterable[str], defaults: Mapping[str, Any]) -> Facts:
    """All facts of a row's record: what the row gives, else what is stored, else the default (interfaces.md)."""
    given = {name: defaults.get(name) if value is None else value for name, value in row.values.items()}
    return {**dict.fromkeys(wanted), **defaults, **(before or {}), **given}


def stored(model: type[Table], key: str) -> dict[Any, Facts]:
    """The facts of every stored record by its reference, ignoring case."""
    return {fold(row[key]): row for row in model.select().dicts()}


def changes(batch: Import, model: type[Table], columns: Sequence[Column], defaults: Mapping[str, Any]) -> list[Changed]:
    """What is staged as new or updated, ready to be written by the area's rules."""
    dates = [c.field for c in columns if c.read is values.authority_date]
    before_of = {row["id"]: row for row in model.select().dicts()}
    found = []
    if requests.approved(model):
        for _, staged in imports.staged(batch, "unchanged"):
            requests.agree(staged.get("agreed", ()))
    for _, staged in imports.staged(batch, "new", "updated"):
        ident = staged.pop("id", None)
        staged.pop("cells", None)
        requests.agree(staged.pop("agreed", ()))
        for name in dates:
            if staged[name]:
                staged[name] = dt.date.fromisoformat(staged[name])
        before = before_of[ident] if ident is not None else {}
        found.append(Changed(ident, before, {**defaults, **before, **staged}))
    return found


def one_of(*words: str) -> Callable[[str], str]:
    """A reader of a value from a list, ignoring case; a near one is suggested."""
    by_fold = {word.casefold(): word for word in words}

    def read(text: str) -> str:
        found = by_fold.get(text.casefold())
        if found is None:
            error = values.Expected(f"one of {', '.join(words)}")
            error.near = values.near(text, words) or ""  # type: ignore[attr-defined]
            raise error
        return found

    return read


def text(name: str, field: str, holds: str, length: int = 255, **rest: Any) -> Column:
    """An optional column of text."""
    return Column(name, holds, Need.OPTIONAL, length=length, field=field, may_be_absent=True, **rest)


def address() -> tuple[Column, ...]:
    """The optional columns of an address."""
    names = ("Address1", "Address2", "Address3", "Town", "County", "Postcode")
    lines = ("first line of the address", "second line", "third line", "town", "county", "postcode")
    return tuple(text(name, name.lower(), holds) for name, holds in zip(names, lines, strict=True))
