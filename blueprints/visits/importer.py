"""The visits file: check it, take it, and what follows (rules 5.1 to 5.7, 5.11).

`check` stages every row and reports every problem; `take` is a handful of set-based statements; `follow` matches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import database
from blueprints import consequences, history
from blueprints.attachments import rules as attachments
from blueprints.imports import rules as imports
from blueprints.reach import Reach
from blueprints.settings import rules as settings
from blueprints.sheets import SheetError, read_table
from blueprints.visits.checking import check_rows
from blueprints.visits.columns import COLUMNS, HEADINGS, IGNORED
from blueprints.visits.known import Known
from blueprints.visits.reading import VALUES, Row, RowReader
from blueprints.visits.report import example_rows
from models import VISIT_VALUES, Import, StagedVisit, Visit, VisitType, VisitVersion, db, utc_now

__all__ = ["COLUMNS", "FORMAT_NOTE", "IGNORED", "STAMPS", "check", "example_rows", "follow", "format_lists", "take"]

FORMAT_NOTE = "All 25 headings must be there, the unused ones too."

TIDY = 20_000  # staged rows deleted in one transaction


def STAMPS(batch: Import) -> list[str]:
    """The counters of what a check reads (rule 5.6)."""
    own = batch.organisation_id
    return [
        f"visits:{own}",
        f"packages:{own}",
        f"carers:{own}",
        f"locks:{own}",
        f"roles:{own}",
        "roles",
        "levels",
        "types",
        "services",
    ]


def format_lists() -> list[dict]:
    """The lists of the format page: the authority's visit types (rule 5.5)."""
    rows = [
        (
            t.code, t.name, t.contract_types or "all", t.pays, t.charges, "needed" if t.needs_delivered else "left empty",
            "needed" if t.needs_comment else "optional",
        )
        for t in VisitType.select().where(~VisitType.is_retired).order_by(VisitType.id)
    ]  # fmt: skip
    headings = ("Code", "Name", "Contracts", "Pays provider", "Charges client", "Delivered date and times", "Comment")
    return [{"title": "Visit types", "headings": headings, "rows": rows}]


def check(batch: Import, report: imports.Report) -> None:
    """Read the whole file into staging and report every problem."""
    known = Known(batch.organisation, Reach.of_sender(batch))
    now = known.settings
    with attachments.open_file(batch.file) as stream:
        try:
            table = read_table(
                stream,
                HEADINGS,
                ignored=IGNORED,
                max_bytes=now.most_megabytes * 1024 * 1024,
                max_rows=now.most_rows,
                max_line=now.longest_line_kb * 1024,
            )
            check_rows(batch, report, known, read_rows(table, RowReader(known)), expected(batch, stream))
        except SheetError:
            imports.clear(batch)  # refused as a whole: nothing is said of its first rows
            raise


def read_rows(table, reader: RowReader) -> Iterator[Row]:
    """The rows of an open table."""
    read = reader.read
    for line, cells in table:
        yield read(line, cells)


def expected(batch: Import, stream) -> Callable[[int], int]:
    """How many rows the file seems to have, judged by how far it is read."""

    def rows(done: int) -> int:
        return max(done, done * batch.file.size // max(stream.tell(), 1))

    return rows


def take(batch: Import, by: history.Actor) -> None:
    """Move what is staged into the visits, in the caller's transaction; what it replaces is kept as versions."""
    now = utc_now()
    keep_versions(batch)
    note_old_groups(batch)
    put_visits(batch, by, now)
    delete_visits(batch, by, now)
    note_new_groups(batch)
    settings.bump(f"visits:{batch.organisation_id}")


def keep_versions(batch: Import) -> None:
    """Every version is kept (rule 5.7)."""
    values = column_names(VISIT_VALUES)
    more = "version, is_deleted, deletion_reason, batch_id, changed_at, changed_by"
    into = ", ".join(values)
    run(
        f"INSERT INTO visit_version (visit_id, {more}, {into}) "
        f"SELECT v.id, {prefixed('v', more.split(', '))}, {prefixed('v', values)} "
        "FROM staged_visit s JOIN visit v ON v.id = s.visit_id "
        "WHERE s.batch_id = ? AND s.action IN ('updated', 'deleted') ORDER BY v.id",
        batch.id,
    )


def note_old_groups(batch: Import) -> None:
    """The visits that replaced and deleted ones were matched with are matched afresh (rule 5.8)."""
    run(
        "INSERT INTO stale_group (organisation_id, client_id, level_id, week) "
        "SELECT DISTINCT v.organisation_id, v.client_id, v.level_id, v.week "
        "FROM staged_visit s JOIN visit v ON v.id = s.visit_id "
        "WHERE s.batch_id = ? AND s.action IN ('updated', 'deleted') AND v.client_id IS NOT NULL "
        "AND v.is_deleted = ? AND v.status <> 'Missing Data' ON CONFLICT DO NOTHING",
        batch.id,
        False,
    )


STATUS = (
    "CASE WHEN s.delivered_minutes IS NULL AND t.needs_delivered THEN 'Missing Data' "
    "WHEN s.client_id IS NULL THEN 'Unmatched' ELSE 'New' END"
)
REASON = (
    "CASE WHEN s.delivered_minutes IS NULL AND t.needs_delivered THEN 'delivered times missing' "
    "WHEN s.client_id IS NULL THEN 'client not known' ELSE '' END"
)


def put_visits(batch: Import, by: history.Actor, now) -> None:
    """Add new visits and replace known ones; a deleted one lives again (rules 5.4, 5.7, 5.9)."""
    values = column_names(VALUES)
    facts = [
        "status",
        "reason",
        "is_deleted",
        "deletion_reason",
        "batch_id",
        "changed_at",
        "changed_by",
        "package_id",
        "paid_minutes",
        "charged_minutes",
    ]
    sets = ", ".join(f"{name} = excluded.{name}" for name in (*values, *facts))
    run(
        f"INSERT INTO visit (organisation_id, ref, version, {', '.join(facts)}, {', '.join(values)}) "
        f"SELECT ?, s.ref, 1, {STATUS}, {REASON}, ?, '', s.batch_id, ?, ?, NULL, 0, 0, {prefixed('s', values)} "
        "FROM staged_visit s JOIN visit_type t ON t.id = s.type_id "
        "WHERE s.batch_id = ? AND s.action IN ('new', 'updated') ORDER BY s.line "
        f"ON CONFLICT (organisation_id, ref) DO UPDATE SET version = visit.version + 1, {sets}",
        batch.organisation_id,
        False,
        now,
        by.name,
        batch.id,
    )


def delete_visits(batch: Import, by: history.Actor, now) -> None:
    """Deleted visits keep their reference and leave their package (rule 5.7)."""
    run(
        "UPDATE visit SET is_deleted = ?, version = version + 1, status = 'Unmatched', reason = '', package_id = NULL, "
        "paid_minutes = 0, charged_minutes = 0, deletion_reason = 'by file', batch_id = ?, changed_at = ?, changed_by = ? "
        "WHERE id IN (SELECT visit_id FROM staged_visit WHERE batch_id = ? AND action = 'deleted')",
        True,
        batch.id,
        now,
        by.name,
        batch.id,
    )


def note_new_groups(batch: Import) -> None:
    """The groups that the rows of the file belong to are matched afresh."""
    run(
        "INSERT INTO stale_group (organisation_id, client_id, level_id, week) "
        "SELECT DISTINCT CAST(? AS integer), s.client_id, s.level_id, s.week "
        "FROM staged_visit s JOIN visit_type t ON t.id = s.type_id "
        "WHERE s.batch_id = ? AND s.action IN ('new', 'updated') AND s.client_id IS NOT NULL "
        "AND NOT (s.delivered_minutes IS NULL AND t.needs_delivered) ON CONFLICT DO NOTHING",
        batch.organisation_id,
        batch.id,
    )


def follow(batch: Import, progress) -> None:
    """Match what was taken, feed actuals, work out dues; then empty the staging."""
    consequences.settle(batch.organisation_id, progress)
    tidy(batch)


def tidy(batch: Import) -> None:
    """Delete the staged rows of an import that is in, a piece at a time."""
    last = 0
    while True:
        line = (
            StagedVisit.select(StagedVisit.line)
            .where((StagedVisit.batch == batch) & (StagedVisit.line > last))
            .order_by(StagedVisit.line)
            .offset(TIDY - 1)
            .limit(1)
            .scalar()
        )
        condition = StagedVisit.batch == batch
        with db.atomic():
            StagedVisit.delete().where(condition & (StagedVisit.line <= line) if line else condition).execute()
        if line is None:
            return
        last = line


def run(statement: str, *parameters) -> None:
    """One set-based statement, written with `?` marks."""
    database.sql(db, statement, parameters)


def column_names(fields: list[str]) -> list[str]:
    """The columns of these fields of a visit."""
    return [Visit._meta.fields[name].column_name for name in fields]


def prefixed(alias: str, names: list[str]) -> str:
    """`v.a, v.b` of a, b."""
    return ", ".join(f"{alias}.{name}" for name in names)


assert set(VALUES) == set(VISIT_VALUES) <= set(VisitVersion._meta.fields)
