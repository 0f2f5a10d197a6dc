"""Rows with problems: as a file to be corrected and imported again, and mended together by a suggestion (rule 5.6).

The rows are read again from the file as it was sent, so that every cell leaves as it came.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from blueprints import history, sheets
from blueprints.attachments import rules as attachments
from blueprints.imports import rules as imports
from blueprints.settings import rules as settings
from models import Import, ImportProblem, ImportState, User

UNREAD = ("Problem", "Expected")
PIECE = 2000


def csv_of(batch: Import) -> Iterator[bytes]:
    """The rows with problems: the file's columns, then Problem and Expected."""
    columns = [c.name for c in imports.KINDS[batch.kind].importer.COLUMNS]
    if not batch.file_id or batch.state == ImportState.REFUSED:
        yield from sheets.write_csv([], [*columns, *UNREAD])
        return
    with attachments.open_file(batch.file) as stream:
        table = open_table(batch, stream)
        kept = [at for at, name in enumerate(table.columns) if name not in table.absent]
        headings = [*(table.columns[at] for at in kept), *UNREAD]
        yield from sheets.write_csv(_problem_rows(batch, table, kept), headings)


def _problem_rows(batch: Import, table, kept: list[int]) -> Iterator[list]:
    for cells, found in rows_with_problems(batch, table):
        if found:
            yield [
                *(cells[at] for at in kept),
                " ".join(map(problem_text, found)),
                " ".join(filter(None, map(expected_text, found))),
            ]


def problem_text(problem: ImportProblem) -> str:
    """`ServiceLevel: The service level is not known.`"""
    message = problem.message.removesuffix(f" Expected {problem.expected}.")
    return f"{problem.column}: {message}" if problem.column else message


def expected_text(problem: ImportProblem) -> str:
    """What was expected, and what may have been meant."""
    text = f"{problem.expected[:1].upper()}{problem.expected[1:]}." if problem.expected else ""
    return f"{text} Did you mean “{problem.suggestion}”?".strip() if problem.suggestion else text


def open_table(batch: Import, stream) -> sheets.Table:
    """The import's file as a table, by its kind's columns."""
    importer = imports.KINDS[batch.kind].importer
    now = settings.read()
    return imports.KINDS[batch.kind].read(
        stream,
        [c.name for c in importer.COLUMNS if not c.may_be_absent],
        [c.name for c in importer.COLUMNS if c.may_be_absent],
        getattr(importer, "IGNORED", UNREAD),
        max_bytes=now.most_megabytes * 1024 * 1024,
        max_rows=now.most_rows,
        max_line=now.longest_line_kb * 1024,
    )


def rows_with_problems(batch: Import, table) -> Iterator[tuple[list, list[ImportProblem]]]:
    """Every row of the file with its problems, which stand in the order of lines too; memory stays flat."""
    waiting = problems_by_line(batch)
    line, found = next(waiting, (None, []))
    for at, cells in table:
        if at == line:
            yield cells, found
            line, found = next(waiting, (None, []))
        else:
            yield cells, []


def problems_by_line(batch: Import) -> Iterator[tuple[int, list[ImportProblem]]]:
    """The import's problems by line, a piece of lines at a time."""
    last = 0
    while True:
        lines = [
            line
            for (line,) in ImportProblem.select(ImportProblem.line)
            .where((ImportProblem.batch == batch) & (ImportProblem.line > last))
            .distinct()
            .order_by(ImportProblem.line)
            .limit(PIECE)
            .tuples()
        ]
        if not lines:
            return
        by_line: dict[int, list[ImportProblem]] = {line: [] for line in lines}
        inside = ImportProblem.line.between(lines[0], lines[-1])
        for problem in ImportProblem.select().where((ImportProblem.batch == batch) & inside).order_by(ImportProblem.id):
            by_line[problem.line].append(problem)
        yield from by_line.items()
        last = lines[-1]


def use_suggestion(batch: Import, problem: ImportProblem, user: User | None) -> Import:
    """Use what a problem suggests in every row with the same mistake: a corrected file and a new check in its place.

    Everything else of the file stays. Raises imports.Refused where the import is no longer waiting, or a colleague's
    import is under way.
    """
    if batch.state != ImportState.CHECKED or not batch.file_id or not problem.suggestion:
        raise imports.Refused(f"This import is {batch.state.lower()}. Choose the file again.")
    with tempfile.TemporaryFile() as corrected:
        for piece in mended(batch, problem):
            corrected.write(piece)
        corrected.seek(0)
        made = imports.begin(
            imports.KINDS[batch.kind], batch.organisation_id, user, as_csv(batch.file_name), corrected, batch.overwrite
        )
    by = history.Actor(user.id, user.name) if user else history.COMMAND_LINE
    imports.cancel(batch.id, by)
    return made


def as_csv(name: str) -> str:
    """The name of a file that is CSV now, whatever it was."""
    return name if name.lower().endswith(".csv") else f"{name.rpartition('.')[0] or name}.csv"


def mended(batch: Import, problem: ImportProblem) -> Iterator[bytes]:
    """The whole file with the suggestion in the place of the mistake."""
    with attachments.open_file(batch.file) as stream:
        table = open_table(batch, stream)
        at = table.columns.index(problem.column)
        kept = [place for place, name in enumerate(table.columns) if name not in table.absent]
        yield from sheets.write_csv(
            _mended_rows(batch, problem, table, at, kept), [table.columns[place] for place in kept]
        )


def _mended_rows(batch: Import, problem: ImportProblem, table, at: int, kept: list[int]) -> Iterator[list]:
    wanted = (problem.column, problem.kind, problem.value, problem.suggestion)
    for cells, found in rows_with_problems(batch, table):
        if any((p.column, p.kind, p.value, p.suggestion) == wanted for p in found):
            cells[at] = problem.suggestion
        yield (
            [*(cells[place] for place in kept), *cells[table.width :]]
            if len(cells) > table.width
            else [cells[place] for place in kept]
        )
