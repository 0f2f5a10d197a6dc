"""The carers file of a provider: reference, name, and when they work there (O-45). A known reference is updated."""

from __future__ import annotations

import datetime as dt

import database
from blueprints import history
from blueprints.attachments import rules as attachments
from blueprints.imports import rules as imports
from blueprints.imports.columns import Column, Need
from blueprints.settings import rules as settings
from blueprints.sheets import SheetError, read_table
from blueprints.values import Expected, authority_date
from models import Carer, Import, Severity, StagedRow, db

COLUMNS = (
    Column("CarerRef", "text", Need.MANDATORY, "Your own reference of the carer, as visits name it.", 100, field="ref"),
    Column("Forename", "text", Need.MANDATORY, "", 255, field="forename"),
    Column("Surname", "text", Need.MANDATORY, "", 255, field="surname"),
    Column("StartDate", "date: 2026-10-05 or 05/10/2026", Need.OPTIONAL, "", 10, authority_date, "start_date", True),
    Column("EndDate", "date: 2026-10-05 or 05/10/2026", Need.OPTIONAL, "", 10, authority_date, "end_date", True),
)
FIELDS = ("forename", "surname", "start_date", "end_date")
PIECE = 2000


def STAMPS(batch: Import) -> list[str]:
    """The counter of what a check reads."""
    return [f"carers:{batch.organisation_id}"]


HEADINGS = [column.name for column in COLUMNS]


def check(batch: Import, report: imports.Report) -> None:
    """Read every row, report every problem, stage what becomes of it."""
    limits = settings.read()
    stored = {
        ref: (forename, surname, start, end)
        for ref, forename, surname, start, end in Carer.select(
            Carer.ref, Carer.forename, Carer.surname, Carer.start_date, Carer.end_date
        )
        .where(Carer.organisation == batch.organisation_id)
        .tuples()
    }
    names = [c.name for c in COLUMNS]
    first_line: dict[str, int] = {}
    twice: set[int] = set()
    waiting = []
    with attachments.open_file(batch.file) as stream:
        try:
            table = read_table(
                stream, names[:3], names[3:], ("Problem", "Expected"),
                max_bytes=limits.most_megabytes * 1024 * 1024, max_rows=limits.most_rows,
                max_line=limits.longest_line_kb * 1024,
            )  # fmt: skip
            for line, cells in table:
                ref = cells[0]
                action = check_row(report, line, cells, stored.get(ref))
                if ref in first_line:
                    twice |= {first_line[ref], line}
                elif ref:
                    first_line[ref] = line
                report.records += 1
                setattr(report, action, getattr(report, action) + 1)
                values = (
                    dict(zip(("ref", *FIELDS), read_values(cells, stored.get(ref)), strict=True))
                    if action != "rejected"
                    else {}
                )
                waiting.append((line, action, ref[:100], {"cells": dict(zip(HEADINGS, cells, strict=False)), **values}))
                if len(waiting) >= PIECE:
                    imports.stage(batch, waiting)
                    waiting = []
        except SheetError:
            imports.clear(batch)
            raise
    imports.stage(batch, waiting)
    reject_twice(batch, report, twice)


def read_values(cells: list, stored: tuple | None) -> list:
    """Reference and fields as kept in staging; an absent column leaves what is stored, an empty cell clears it."""
    values = [cells[0], cells[1], cells[2]]
    for at, cell in ((2, cells[3]), (3, cells[4])):
        if cell is None:
            kept = stored[at] if stored else None
            values.append(as_iso(kept))
        else:
            values.append(as_iso(authority_date(cell)) if cell else None)
    return values


def as_iso(value) -> str | None:
    """A date as staging keeps it."""
    return value.isoformat() if isinstance(value, dt.date) else value


def check_row(report: imports.Report, line: int, cells: list, stored: tuple | None) -> str:
    """Report everything wrong with a row; returns what becomes of it."""
    wrong = False

    def error(column: str, value: str, message: str, expected: str) -> None:
        nonlocal wrong
        wrong = True
        report.problem(line, Severity.ERROR, column, value or "", message, kind=column, expected=expected)

    if len(cells) > len(COLUMNS):
        error(
            "",
            ", ".join(cells[len(COLUMNS) :]),
            "The row has more cells than the heading row.",
            "text with a comma in quotation marks",
        )
    for column, cell in zip(COLUMNS, cells, strict=False):
        if not cell and column.need == Need.MANDATORY:
            error(
                column.name,
                "",
                f"{column.name} is blank.",
                "a name" if column.field != "ref" else "your reference of the carer",
            )
        elif cell and len(cell) > column.length:
            error(
                column.name,
                cell,
                f"{column.name} is {len(cell)} characters long.",
                f"at most {column.length} characters",
            )
    dates = []
    for column, cell in zip(COLUMNS[3:], cells[3:5], strict=True):
        try:
            dates.append(authority_date(cell) if cell else None)
        except Expected as expected:
            dates.append(None)
            error(column.name, cell, "The date cannot be read.", str(expected))
    if all(dates) and dates[1] < dates[0]:
        error("EndDate", cells[4], "The end is before the start.", "a date on or after the start date")
    if wrong:
        return "rejected"
    if stored is None:
        return "new"
    values = read_values(cells, stored)[1:]
    return "unchanged" if values == [stored[0], stored[1], as_iso(stored[2]), as_iso(stored[3])] else "updated"


def reject_twice(batch: Import, report: imports.Report, lines: set[int]) -> None:
    """A reference twice in the file is an error on both rows (interfaces.md)."""
    for line in sorted(lines):
        row = StagedRow.get((StagedRow.batch == batch) & (StagedRow.line == line))
        report.problem(
            line, Severity.ERROR, "CarerRef", row.key, "The reference is in the file more than once.", kind="repeated",
            expected="each reference once",
        )  # fmt: skip
        setattr(report, row.action, getattr(report, row.action) - 1)
        report.rejected += 1
        with db.atomic():
            StagedRow.update(action="rejected").where((StagedRow.batch == batch) & (StagedRow.line == line)).execute()


def take(batch: Import, by: history.Actor) -> None:
    """Add and update the organisation's carers."""
    columns = ["organisation", "ref", *FIELDS]
    rows = [
        (batch.organisation_id, values["ref"], *(values[name] for name in FIELDS))
        for _, values in imports.staged(batch, "new", "updated")
    ]
    database.bulk_upsert(Carer, columns, rows, key=["organisation", "ref"])
    settings.bump(f"carers:{batch.organisation_id}")
