"""The check of a visits file: rows into staging, compared with what is stored, and with each other (rules 4.7, 5.6, 5.7).

Memory stays flat: rows are staged in short transactions of PIECE; of each row only a few numbers are kept for what
must be judged over the whole file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import database
from blueprints.imports.rules import Report
from blueprints.packages.rules import day
from blueprints.values import show_date
from blueprints.visits.clashes import Clashes, Repeats
from blueprints.visits.known import Known
from blueprints.visits.problems import Problem, error
from blueprints.visits.reading import VALUES, Row
from models import Import, ImportProblem, Severity, StagedVisit, db

PIECE = 2000
COLUMNS = ["batch", "line", "ref", "is_deleted", "action", "visit_id", "cells", *VALUES]
NOTHING = (None,) * 7 + (False, "", False) + ("",) * 13 + (None,) * 4 + (0, None, "")
WEEK, SERVICE, DIGEST = VALUES.index("week"), VALUES.index("service"), VALUES.index("digest")
ACTIONS = ("new", "updated", "unchanged", "deleted", "rejected")


def NOT_YOURS(ref: str) -> Problem:
    """What is said of a reference that stands for a visit out of reach, sent or deleted (rule 11.1)."""
    return error(
        "VisitRef", ref, "There is no visit of this reference in the services that you work for.",
        "a reference of your own that has not been used", kind="reference not known",
    )  # fmt: skip


class Stored(NamedTuple):
    """What the comparison needs of a stored visit."""

    id: int
    digest: str
    is_deleted: bool
    ssref: str
    client: int | None
    week: str
    service: int | None


def check_rows(
    batch: Import, report: Report, known: Known, rows: Iterator[Row], expected: Callable[[int], int]
) -> None:
    """Stage all rows, in pieces; then judge what only the whole file shows, and count (rule 5.6)."""
    counts = dict.fromkeys(ACTIONS, 0)
    repeats, clashes = Repeats(), Clashes(known)
    while piece := list(islice(rows, PIECE)):
        stored = find_stored(batch.organisation_id, [row.ref for row in piece if row.ref])
        staged = []
        for row in piece:
            old = stored.get(row.ref)
            action, found = judge(known, row, old)
            for problem in found:
                note(report, row.line, problem)
            counts[action] += 1
            repeats.add(row.ref, row.line)
            if row.values and action != "rejected":
                clashes.add(row, old.id if old else None)
            elif action == "deleted":
                clashes.replaced(old.id)
            staged.append(
                (
                    batch.id, row.line, row.ref[:50], row.is_deleted, action, old.id if old else None,
                    json.dumps(row.cells, ensure_ascii=False) if found else "",
                    *(row.values if action != "rejected" and row.values else NOTHING),
                )
            )  # fmt: skip
        with db.atomic():
            database.bulk_upsert(StagedVisit, COLUMNS, staged)
        report.records += len(piece)
        report.progress.step(report.records, expected(report.records), "reading")
    rejected = reject_repeats(batch, report, counts, repeats)
    for line, problem in clashes.find(rejected):
        note(report, line, problem)
    report.flush()
    for action, count in counts.items():
        setattr(report, action, count)
    report.issues = count_issues(batch)


def note(report: Report, line: int, problem: Problem) -> None:
    """Hand a problem to the import's report."""
    report.problem(
        line, problem.severity, problem.column, problem.value, problem.message, problem.suggestion, problem.kind,
        problem.expected,
    )  # fmt: skip


def find_stored(organisation: int, refs: list[str]) -> dict[str, Stored]:
    """The organisation's visits of these references, live or deleted."""
    if not refs:
        return {}
    if database.is_sqlite(db):
        wanted, given = "json_each(?) AS given CROSS JOIN visit v", json.dumps(refs)
        found = "given.value"
    else:
        wanted, given = "unnest(?::text[]) AS given(value) JOIN visit v ON true", refs
        found = "given.value"
    cursor = database.sql(
        db,
        "SELECT v.ref, v.id, v.digest, v.is_deleted, v.ssref, v.client_id, v.week, COALESCE(p.service_id, v.service_id) "
        f"FROM {wanted} LEFT JOIN package p ON p.id = v.package_id WHERE v.organisation_id = ? AND v.ref = {found}",
        (given, organisation),
    )
    return {ref: Stored(*rest[:5], iso(rest[5]), rest[6]) for ref, *rest in cursor.fetchall()}


def iso(week) -> str:
    """A date of the database as ISO text."""
    return week if isinstance(week, str) or week is None else week.isoformat()


def judge(known: Known, row: Row, old: Stored | None) -> tuple[str, list[Problem]]:
    """What becomes of a row beside what is stored, and all its problems (rules 4.7, 5.7)."""
    if old and known.is_hidden(old.service):  # rule 11.1: as if it were not known, but its reference is taken
        return "rejected", [NOT_YOURS(row.ref)]
    if row.is_deleted:
        return judge_deletion(known, row, old)
    if row.values is None:
        return "rejected", row.problems
    if old and not old.is_deleted and old.digest == row.values[DIGEST]:
        return "unchanged", row.problems
    wrong = []
    if row.type.is_retired:
        wrong.append(
            error(
                "VisitType", row.type.code, "The visit type is no longer used.", f"one of {', '.join(known.codes)}",
                kind="type not known",
            )
        )  # fmt: skip
    if known.locks:
        wrong += locked(known, row, old)
    if wrong:
        return "rejected", wrong
    return ("updated" if old else "new"), row.problems


def judge_deletion(known: Known, row: Row, old: Stored | None) -> tuple[str, list[Problem]]:
    """A row with Deleted: of a live visit, of one deleted before, or an error (rule 5.7)."""
    if row.problems:
        return "rejected", row.problems
    if old is None:
        return "rejected", [
            error(
                "VisitRef",
                row.ref,
                "There is no visit of this reference to delete.",
                "the reference of a visit sent before",
                kind="nothing to delete",
            )
        ]
    if row.ssref and not is_of_client(known, old, row.ssref):
        return "rejected", [
            error(
                "SSRef",
                row.ssref,
                "The visit is another client's.",
                "the SSRef that the visit was sent with, or nothing",
                kind="another client",
            )
        ]
    if old.is_deleted:
        return "unchanged", []
    wrong = locked(known, row, old) if known.locks else []
    return ("rejected", wrong) if wrong else ("deleted", [])


def is_of_client(known: Known, old: Stored, ssref: str) -> bool:
    """The reference is that of the stored visit's client or, where that is not known, as it was sent."""
    return ssref == (known.ssref_of.get(old.client) or old.ssref)


def locked(known: Known, row: Row, old: Stored | None) -> list[Problem]:
    """Errors for the old and the new planned week where the authority has locked it for the service (rule 4.7)."""
    weeks = []
    if old and not old.is_deleted and old.service:
        weeks.append((old.service, old.week))
    if row.values:
        weeks += [(service, row.values[WEEK]) for service in row.locked_services]
    for service, week in weeks:
        if (service, week) in known.locks:
            name = known.service_names.get(service, "the service")
            value = show_date(row.planned.date) if row.planned.date else ""
            return [
                error(
                    "PlannedVisitDate", value, f"The week of {show_date(day(week))} is locked for {name}.",
                    "a visit of a week that is open; ask the authority", kind="locked",
                )
            ]  # fmt: skip
    return []


def reject_repeats(batch: Import, report: Report, counts: dict[str, int], repeats: Repeats) -> set[int]:
    """A reference that repeats inside the file is an error on each of its rows (rule 5.6); returns their lines."""
    lines = repeats.lines()
    rejected: set[int] = set()
    for piece in pieces(lines, PIECE):
        staged = list(
            StagedVisit.select(StagedVisit.line, StagedVisit.ref, StagedVisit.action)
            .where((StagedVisit.batch == batch) & StagedVisit.line.in_(piece))
            .tuples()
        )
        for line, ref, action in staged:
            note(
                report, line,
                error("VisitRef", ref, "The reference is in the file more than once.", "each reference once", kind="repeated"),
            )  # fmt: skip
            counts[action] -= 1
            counts["rejected"] += 1
            rejected.add(line)
        report.flush()
        with db.atomic():
            StagedVisit.update(action="rejected").where(
                (StagedVisit.batch == batch) & StagedVisit.line.in_(piece)
            ).execute()
            ImportProblem.delete().where(
                (ImportProblem.batch == batch)
                & (ImportProblem.severity == Severity.WARNING)
                & ImportProblem.line.in_(piece)
            ).execute()
    return rejected


def pieces(items: list, size: int) -> Iterable[list]:
    """The list in pieces of at most this size."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def count_issues(batch: Import) -> int:
    """Accepted rows with at least one warning; rejected ones carry none (rule 5.6)."""
    cursor = database.sql(
        db,
        "SELECT count(DISTINCT line) FROM import_problem WHERE batch_id = ? AND severity = 'warning'",
        (batch.id,),
    )
    return cursor.fetchone()[0]
