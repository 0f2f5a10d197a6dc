"""Files that come in: one mechanism. A kind's importer checks a file into staging tables, then takes what was staged.

An importer is a module with
    COLUMNS              the file's columns as imports.columns.Column, from which the format page is made too
    STAMPS(batch)        names of the counters (settings.bump) that its check reads
    check(batch, report) reads the stored file into staging, in short transactions; problems go to the report
    take(batch, by)      moves what is staged by set-based statements, inside the one transaction that it is called in
    follow(batch, progress)  optional: what follows after the rows are in (matching, actuals, dues)
    opened(stream)       optional: a file in an older layout as one with headings, before it is kept
    READS_XLSX           optional: workbooks are read as well as CSV
"""

from __future__ import annotations

import datetime as dt
import importlib
import json
from collections.abc import Iterator
from typing import NamedTuple

from peewee import IntegrityError

import database
from blueprints import history, mail
from blueprints.accounts import rules as accounts
from blueprints.attachments import rules as attachments
from blueprints.jobs import rules as jobs
from blueprints.jobs.rules import NoProgress
from blueprints.permissions import Can
from blueprints.settings import rules as settings
from blueprints.sheets import SheetError, read_file, read_table
from models import (
    File,
    Import,
    ImportProblem,
    ImportState,
    Job,
    JobState,
    Organisation,
    Severity,
    StagedRow,
    StagedVisit,
    User,
    db,
    utc_now,
)


class Kind(NamedTuple):
    """A kind of file: its name in commands and addresses, its title on pages, who loads it, its importer's module, and
    the act that loading it needs beside that of loading files."""

    name: str
    title: str
    side: str  # authority or provider
    module: str
    needs: Can | None = None

    @property
    def importer(self):
        """The module that reads and takes it."""
        return importlib.import_module(self.module)

    @property
    def read(self):
        """How its files are opened: as CSV, or by their content as CSV or XLSX, where the importer says READS_XLSX."""
        return read_file if getattr(self.importer, "READS_XLSX", False) else read_table


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("organisations", "Organisations", "authority", "blueprints.organisations.importer"),
        Kind("service-levels", "Service levels", "authority", "blueprints.services.level_importer"),
        Kind("services", "Services", "authority", "blueprints.services.importer"),
        Kind("payment-periods", "Payment periods", "authority", "blueprints.periods.importer"),
        Kind("contracts", "Contracts", "authority", "blueprints.contracts.importer"),
        Kind("clients", "Clients", "authority", "blueprints.clients.importer"),
        Kind("packages", "Packages", "authority", "blueprints.packages.importer"),
        Kind("rates", "Rates of packages", "authority", "blueprints.packages.rate_importer"),
        Kind("timetables", "Timetables of packages", "authority", "blueprints.packages.timetable_importer"),
        Kind("logins", "Logins", "authority", "blueprints.accounts.importer", Can.MANAGE_OFFICERS),
        Kind("visits", "Visits", "provider", "blueprints.visits.importer"),
        Kind("actuals", "Actuals", "provider", "blueprints.actuals.importer"),
        Kind("carers", "Carers", "provider", "blueprints.carers.importer"),
    )
}
BUSY = (ImportState.READING, ImportState.APPLYING)
OPEN = (*BUSY, ImportState.CHECKED)


class Refused(ValueError):
    """An import that cannot begin or go on; the message says why and what to do."""


class OutOfDate(Exception):
    """Raised by an importer's take where what its check read has changed, though no counter says so: check anew."""


class Report:
    """Where a check puts its figures and problems; problems are written in pieces, in short transactions."""

    PIECE = 2000

    def __init__(self, batch: Import, progress=None):
        self.batch = batch
        self.progress = progress or NoProgress()
        self.records = self.new = self.updated = self.unchanged = self.deleted = self.rejected = self.issues = 0
        self._waiting: list[tuple] = []

    def problem(
        self,
        line: int,
        severity: Severity,
        column: str,
        value: str,
        message: str,
        suggestion: str = "",
        kind: str = "",
        expected: str = "",
    ) -> None:
        """Note one problem of one row; the heading is line 1. Counting rows is the importer's.

        `expected` completes the sentence "Expected …", which is added to the message.
        """
        if expected:
            message = f"{message} Expected {expected}."
        self._waiting.append(
            (self.batch.id, line, str(severity), column, value[:500], message, expected, suggestion, kind or column)
        )
        if len(self._waiting) >= self.PIECE:
            self.flush()

    def flush(self) -> None:
        """Write the problems that wait."""
        if self._waiting:
            columns = ["batch", "line", "severity", "column", "value", "message", "expected", "suggestion", "kind"]
            with db.atomic():
                database.bulk_upsert(ImportProblem, columns, self._waiting)
            self._waiting = []

    @property
    def figures(self) -> dict[str, int]:
        """The seven figures of rule 5.6."""
        names = ("records", "new", "updated", "unchanged", "deleted", "rejected", "issues")
        return {name: getattr(self, name) for name in names}


def busy_name(kind: Kind, organisation: Organisation | int | None) -> str:
    """Whose files are read or applied one at a time: a provider's, or the authority's."""
    ident = getattr(organisation, "id", organisation)
    return f"organisation {ident}" if kind.side == "provider" else "authority"


def begin(kind: Kind, organisation, user: User | None, name: str, stream, overwrite: bool = False) -> Import:
    """Keep the file and queue its check. Raises Refused where a colleague's import is under way, TooLarge for the file.

    One import per organisation reads or applies at a time (rule 5.6).
    """
    now = settings.read()
    busy = busy_name(kind, organisation)
    refuse_if_busy(busy)
    if hasattr(kind.importer, "opened"):
        stream = kind.importer.opened(stream)
    try:
        with db.atomic():
            file = attachments.keep(
                stream,
                name,
                "text/csv",
                "import",
                organisation,
                user.id if user else None,
                now.most_megabytes * 1024 * 1024,
            )
            batch = Import.create(
                kind=kind.name,
                organisation=organisation,
                user=user,
                file=file,
                file_name=file.name,
                busy=busy,
                overwrite=overwrite,
            )
            batch.job = jobs.queue("import-check", batch.id, user, organisation, key=f"import {batch.id}")
            batch.save()
    except IntegrityError:
        refuse_at_once(busy)
        raise
    return batch


def refuse_if_busy(busy: str, own: int = 0) -> None:
    """Say who is at it, if an import other than one's `own` is being read or applied. Raises Refused.

    One whose process died is brought to an end first; not to be called within a transaction.
    """
    condition = (Import.busy == busy) & (Import.id != own)
    other = Import.get_or_none(condition)
    if other and other.job_id and (other.job.is_over or jobs.is_dead(other.job)):
        recover(other)
    if other and Import.select().where(condition).exists():
        refuse_at_once(busy)


def refuse_at_once(busy: str) -> None:
    """Say who is at it. Raises Refused."""
    other = Import.get_or_none(Import.busy == busy)
    if other is None:
        raise Refused("Somebody else's file was read or applied at the same moment. Try again.")
    who = other.user.name if other.user_id else "the command line"
    doing = "reading" if other.state == ImportState.READING else "updating the system with"
    raise Refused(
        f"{who} is {doing} “{other.file_name}” now. One file at a time is read or applied. Try again when it is done."
    )


def recover(batch: Import) -> None:
    """Bring an import whose process died to an end: what was taken is followed up, anything else is as if not begun."""
    if batch.job.is_over:
        give_up(batch.job)
    elif batch.taken_at is None:
        jobs.fail(batch.job, "the process died")
    elif jobs.release(batch.job):
        jobs.run(batch.job_id)


@jobs.on_failure("import-check")
@jobs.on_failure("import-take")
def give_up(job: Job) -> None:
    """The work on an import has failed: nothing is changed, or the rows are in and what follows is left to the settling."""
    batch = locked(job.about)
    if batch.job_id != job.id or batch.state not in BUSY:
        return
    if batch.taken_at is None:
        finish(batch, ImportState.FAILED)
        return
    jobs.queue("settle", key="settle", afresh=True)
    finish(batch, ImportState.DONE, batch.ended_by)
    StagedVisit.delete().where(StagedVisit.batch == batch).execute()


def locked(batch_id: int) -> Import:
    """An import as it stands, which nobody else brings on until the caller's transaction ends."""
    database.serialise(db, f"import {batch_id}")
    return Import.get_by_id(batch_id)


@jobs.handles("import-check")
@jobs.handles("import-take")
def go_on(job: Job, progress) -> None:
    """Check or take, whichever the import waits for; safe to begin again wherever it was killed."""
    batch = Import.get_by_id(job.about)
    if batch.job_id != job.id:
        return
    if batch.state == ImportState.READING:
        check(batch, progress)
    else:
        take(batch, history.Actor(job.user_id, batch.ended_by), progress)


def check(batch: Import, progress=None) -> Import:
    """Read the whole file into staging and report every problem; nothing else changes (rule 5.6)."""
    if batch.state != ImportState.READING:
        return batch
    clear(batch)
    kind = KINDS[batch.kind]
    report = Report(batch, progress)
    batch.stamp = settings.stamp(*kind.importer.STAMPS(batch))
    try:
        kind.importer.check(batch, report)
        report.flush()
    except SheetError as error:
        batch.refusal = str(error) if error.line is None else f"Line {error.line}: {error}"
        finish(batch, ImportState.REFUSED)
        return batch
    with db.atomic():
        now = locked(batch.id)
        if now.state != ImportState.READING:  # given up, or done by another process, while this one read
            if now.state not in OPEN:
                clear(batch)
            return now
        for name, figure in report.figures.items():
            setattr(batch, name, figure)
        batch.state, batch.checked_at, batch.busy = ImportState.CHECKED, utc_now(), None
        batch.save()
        tell(batch)
    return batch


def clear(batch: Import) -> None:
    """Forget what an earlier, broken check of this import left in staging."""
    for table in (ImportProblem, StagedRow, StagedVisit):
        with db.atomic():
            table.delete().where(table.batch == batch).execute()


def finish(batch: Import, state: ImportState, by: str = "", only: tuple[ImportState, ...] = OPEN) -> bool:
    """End an import; staging is emptied, figures and problems stay for the history.

    False, and nothing is changed, where it is no longer in one of the states `only`: somebody was quicker.
    """
    with db.atomic():
        now = locked(batch.id)
        if now.state not in only:
            return False
        batch.state, batch.ended_at, batch.busy = state, utc_now(), None
        batch.ended_by = by or batch.ended_by
        batch.save()
        StagedRow.delete().where(StagedRow.batch == batch).execute()
        if state != ImportState.DONE:
            StagedVisit.delete().where(StagedVisit.batch == batch).execute()
        if now.state in BUSY:
            tell(batch)
    return True


def tell(batch: Import) -> None:
    """Tell who sent the file, where reading or updating took so long that one may have left the page."""
    if batch.user_id is None or batch.job_id is None:
        return
    took = utc_now() - Job.get_by_id(batch.job_id).queued_at
    if took > dt.timedelta(minutes=settings.read().mail_import_minutes):
        mail.send("import-done", batch.user_id, batch.id, once=f"import {batch.id} {batch.state}")


@mail.kind("import-done", "Import finished", "Your file has been read", can_wait=True)
def import_letter(letter: mail.Letter) -> dict | None:
    """What the mail about an import says: its kind and figures, never its name or rows."""
    batch = Import.get_or_none(Import.id == letter.about)
    if batch is None or letter.user is None:
        return None
    side = "authority" if letter.user.is_officer else "provider"
    waits = batch.state == ImportState.CHECKED
    return {"batch": batch, "kind": KINDS[batch.kind].title, "waits": waits, "figures": figures(batch),
            "link": letter.link(f"/{side}/imports/{batch.id}")}  # fmt: skip


def update(batch_id: int, by: history.Actor, user: User | None, without_rejected: bool) -> Import:
    """`Update System`: queue the taking of what was checked. Pressed twice, the second finds it under way or done.

    Raises Refused: not checked, rejected rows without the tick, lapsed, or a colleague's import under way.
    """
    batch = Import.get_by_id(batch_id)
    busy = busy_name(KINDS[batch.kind], batch.organisation_id)
    if batch.state == ImportState.CHECKED:
        refuse_if_busy(busy, batch.id)
    try:
        with db.atomic():
            batch = locked(batch_id)
            if batch.state in (ImportState.APPLYING, ImportState.DONE):
                return batch
            if batch.state != ImportState.CHECKED:
                raise Refused(f"This import is {batch.state.lower()}. Choose the file again.")
            if batch.rejected and not without_rejected:
                raise Refused("Tick “Update without the rejected rows”, or correct the file and import it again.")
            batch.state, batch.busy, batch.without_rejected, batch.ended_by = (
                ImportState.APPLYING,
                busy,
                without_rejected,
                by.name,
            )
            batch.save()
            batch.job = jobs.queue("import-take", batch.id, user, batch.organisation_id, key=f"import {batch.id}")
            batch.save()
    except IntegrityError:
        refuse_at_once(busy)
        raise
    return batch


def take(batch: Import, by: history.Actor, progress=None) -> Import:
    """Apply what was checked, in one transaction or not at all; then what follows from it.

    Where what the check read has changed meanwhile nothing is applied and the file is checked anew (rule 5.6).
    """
    if batch.state != ImportState.APPLYING:
        return batch
    importer = KINDS[batch.kind].importer
    progress = progress or NoProgress()
    if batch.taken_at is None:
        if batch.stamp != settings.stamp(*importer.STAMPS(batch)):
            return check_again(batch, progress)
        progress.step(0, batch.records, "updating", at_once=True)
        try:
            taken = _take_rows(batch, importer, by)
        except OutOfDate:
            taken = False
        if not taken:
            return check_again(batch, progress)
        batch = Import.get_by_id(batch.id)
        if batch.state != ImportState.APPLYING:
            return batch
    follow = getattr(importer, "follow", None)
    if follow:
        follow(batch, progress)
    finish(batch, ImportState.DONE, by.name)
    return batch


def _take_rows(batch: Import, importer, by: history.Actor) -> bool:
    """Move the staged rows in one transaction; False, and nothing moved, where the check is out of date.

    True as well where another process has moved them, or has ended the import.
    """
    with db.atomic():
        database.serialise(db, "settle")
        now = locked(batch.id)
        if now.state != ImportState.APPLYING or now.taken_at is not None:
            return True
        if batch.stamp != settings.stamp(*importer.STAMPS(batch)):
            return False
        importer.take(batch, by)
        Import.update(taken_at=utc_now()).where(Import.id == batch.id).execute()
        what = f"Imported {KINDS[batch.kind].title.lower()}"
        history.record(by, what, batch, {}, {"file": batch.file_name, **figures(batch)})
    return True


def check_again(batch: Import, progress) -> Import:
    """A new check in place of one that is out of date; its page says so."""
    with db.atomic():
        batch = locked(batch.id)
        if batch.state != ImportState.APPLYING or batch.taken_at is not None:
            return batch
        batch.state, batch.without_rejected = ImportState.READING, False
        batch.refusal = (
            "What this check read has changed meanwhile, so nothing was updated. This is a new check of the same file."
        )
        batch.save()
    return check(batch, progress)


def cancel(batch_id: int, by: history.Actor) -> Import:
    """Drop a checked import; a colleague may (rule 5.6). Raises Refused where it is being applied or is over."""
    with db.atomic():
        batch = locked(batch_id)
        if batch.state == ImportState.CANCELLED:
            return batch
        if batch.state != ImportState.CHECKED:
            raise Refused(f"This import is {batch.state.lower()} and can no longer be cancelled.")
        finish(batch, ImportState.CANCELLED, by.name)
        history.record(by, "Cancelled an import", batch, {}, {"file": batch.file_name})
    return batch


def lapse() -> int:
    """Drop checked imports that nobody took within the time of rule 5.6; returns how many."""
    before = utc_now() - dt.timedelta(hours=settings.read().check_lapses_hours)
    old = list(Import.select().where((Import.state == ImportState.CHECKED) & (Import.checked_at < before)))
    return sum(finish(batch, ImportState.LAPSED, only=(ImportState.CHECKED,)) for batch in old)


def figures(batch: Import) -> dict[str, int]:
    """The seven figures of rule 5.6 of an import."""
    return {
        name: getattr(batch, name)
        for name in ("records", "new", "updated", "unchanged", "deleted", "rejected", "issues")
    }


def problems(batch: Import, show: str = "both"):
    """The problems of an import by line: `errors`, `warnings` or `both`."""
    query = ImportProblem.select().where(ImportProblem.batch == batch).order_by(ImportProblem.line, ImportProblem.id)
    if show == "errors":
        query = query.where(ImportProblem.severity == Severity.ERROR)
    if show == "warnings":
        query = query.where(ImportProblem.severity == Severity.WARNING)
    return query


def row_data(batch: Import, lines: list[int]) -> dict[int, str]:
    """The cells of rows with problems, by line, as one text each; empty once the import is over."""
    found: dict[int, str] = {}
    for table, cells in ((StagedVisit, StagedVisit.cells), (StagedRow, StagedRow.values)):
        rows = table.select(table.line, cells).where((table.batch == batch) & table.line.in_(lines)).tuples()
        for line, text in rows:
            held = json.loads(text or "[]")
            held = held.get("cells", {}).values() if isinstance(held, dict) else held
            found[line] = ", ".join(str(cell) for cell in held if cell not in ("", None))
    return found


def stage(batch: Import, rows: list[tuple[int, str, str, dict]]) -> None:
    """Put checked rows of a small file into staging: (line, action, key, values).

    The values of a row with problems hold its own cells by heading under `cells`.
    """
    with db.atomic():
        database.bulk_upsert(
            StagedRow,
            ["batch", "line", "action", "key", "values"],
            (
                (batch.id, line, action, key, json.dumps(values, ensure_ascii=False))
                for line, action, key, values in rows
            ),
        )


def staged(batch: Import, *actions: str) -> Iterator[tuple[str, dict]]:
    """The staged rows of these actions, by line: (action, values)."""
    query = (
        StagedRow.select(StagedRow.action, StagedRow.values)
        .where((StagedRow.batch == batch) & StagedRow.action.in_(actions))
        .order_by(StagedRow.line)
        .tuples()
    )
    for action, values in query:
        yield action, json.loads(values)


def load(
    kind: Kind,
    organisation,
    name: str,
    stream,
    check_only=False,
    without_rejected=False,
    overwrite=False,
    by=history.COMMAND_LINE,
) -> Import:
    """The whole of an import in one go, as the `load` command does it: read, check, take, and what follows.

    With `check_only`, or where rows were rejected and are not to be left out, nothing is changed. Work on an import
    that waits for a worker is done first: a command has none, and the process that queued it may be gone.
    """
    waiting = Import.get_or_none(Import.busy == busy_name(kind, organisation))
    if waiting and waiting.job_id and waiting.job.state == JobState.QUEUED:
        jobs.run(waiting.job_id)
    batch = begin(kind, organisation, None, name, stream, overwrite)
    jobs.run(batch.job_id)
    batch = Import.get_by_id(batch.id)
    if batch.state != ImportState.CHECKED:
        return batch
    if check_only or (batch.rejected and not without_rejected):
        finish(batch, ImportState.CANCELLED, by.name)
        return batch
    batch = update(batch.id, by, None, without_rejected)
    jobs.run(batch.job_id)
    return Import.get_by_id(batch.id)


def file_of(batch: Import) -> File | None:
    """The file as it was sent."""
    return batch.file if batch.file_id else None


def _waiting_of(user: User):
    """The checked imports of a person that wait for a decision."""
    return (Import.user == user) & (Import.state == ImportState.CHECKED)


accounts.WORK.append(
    accounts.Work(
        "checked import that waits for Update System",
        "checked imports that wait for Update System",
        lambda user: Import.select().where(_waiting_of(user)).count(),
        lambda user, to: Import.update(user=to).where(_waiting_of(user)).execute(),
    )
)
