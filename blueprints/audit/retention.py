"""How long each kind of data is kept, what goes next, and letting it go (quality.md, Privacy).

An area declares a kind of what it keeps. Nothing goes unless the authority has switched that on (`retention_on`); the
page shows what would.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

from peewee import fn

from blueprints import chain, history
from blueprints.settings import rules as settings
from models import (
    Change,
    File,
    Import,
    ImportProblem,
    ImportState,
    Look,
    Mail,
    Message,
    OneTimeLink,
    Search,
    SignIn,
    StagedRow,
    StagedVisit,
    Throttle,
    db,
    utc_now,
)

PIECE = 1000  # rows that go in one transaction
BY = history.Actor(None, "retention")
OVER = [ImportState.DONE, ImportState.CANCELLED, ImportState.LAPSED, ImportState.FAILED, ImportState.REFUSED]


class Kind(NamedTuple):
    """A kind of data: its name, what people call it, the setting of how many days it is kept, what becomes of it; the
    condition of rows older than a moment, the column of their age, and what lets a list of them go."""

    name: str
    title: str
    setting: str
    what: str
    model: Any
    moment: Any
    old: Callable[[dt.datetime], Any]
    let_go: Callable[[list], None] | None  # none: its own area lets it go, switched on or not


KINDS: dict[str, Kind] = {}


def kind(name: str, title: str, setting: str, what: str, model, moment, old=None):
    """Declare a kind by the function that lets rows of these ids go."""

    def declare(function: Callable[[list], None]):
        KINDS[name] = Kind(name, title, setting, what, model, moment, old or (lambda before: moment < before), function)
        return function

    return declare


class Dry(NamedTuple):
    """What a run would do with a kind: days kept (0: for ever), the oldest, how many go now, and within 30 days."""

    kind: Kind
    days: int
    oldest: dt.date | None
    now: int
    soon: int


def dry_run(moment: dt.datetime | None = None) -> list[Dry]:
    """What goes at the next run, kind by kind; changes nothing."""
    moment = moment or utc_now()
    current = settings.read()
    made = []
    for one in KINDS.values():
        days = getattr(current, one.setting)
        oldest = one.model.select(fn.MIN(one.moment)).where(one.old(moment)).scalar()
        oldest = dt.date.fromisoformat(str(oldest)[:10]) if oldest else None
        now = soon = 0
        if days:
            now = one.model.select().where(one.old(moment - dt.timedelta(days))).count()
            soon = one.model.select().where(one.old(moment - dt.timedelta(days - 30))).count()
        made.append(Dry(one, days, oldest, now, soon))
    return made


def run(moment: dt.datetime | None = None, most: int = 20 * PIECE) -> dict[str, int]:
    """Let go what is older than its setting says, a piece at a time; returns how many of each kind. Only if switched on."""
    gone: dict[str, int] = {}
    current = settings.read()
    if not current.retention_on:
        return gone
    for one in KINDS.values():
        days = getattr(current, one.setting)
        if not days or one.let_go is None:
            continue
        before = (moment or utc_now()) - dt.timedelta(days)
        key = one.model._meta.primary_key
        done = 0
        while done < most:
            with db.atomic():
                idents = [i for (i,) in one.model.select(key).where(one.old(before)).limit(PIECE).tuples()]
                if not idents:
                    break
                one.let_go(idents)
            done += len(idents)
        if done:
            gone[one.name] = done
            with db.atomic():
                after = {"kind": one.title, "rows": done, "older_than": before.date()}
                history.record(BY, "Let go by age", ("retention", None), {}, after)
    return gone


# the kinds -------------------------------------------------------------------------------------------------------------


@kind("files", "Files that were loaded", "keep_import_files", "The file goes; its import stays in the history.",
      File, File.uploaded_at, lambda before: (File.kind == "import") & (File.uploaded_at < before))  # fmt: skip
def _files(idents: list[int]) -> None:
    Import.update(file=None).where(Import.file.in_(idents)).execute()
    File.delete().where(File.id.in_(idents)).execute()


def _with_rows(before: dt.datetime):
    problems, rows, visits = (
        table.select(table.batch).where(table.batch == Import.id) for table in (ImportProblem, StagedRow, StagedVisit)
    )
    something = fn.EXISTS(problems) | fn.EXISTS(rows) | fn.EXISTS(visits)
    return Import.state.in_(OVER) & (Import.started_at < before) & something


@kind("problems", "Imports with problems and rows", "keep_import_rows", "The import keeps its figures, its list of problems goes.",
      Import, Import.started_at, _with_rows)  # fmt: skip
def _problems(idents: list[int]) -> None:
    for table in (ImportProblem, StagedRow, StagedVisit):
        table.delete().where(table.batch.in_(idents)).execute()


KINDS["sign-ins"] = Kind(
    "sign-ins", "Sign-ins", "sessions_days", "Who was signed in when and from where. Goes by itself.",
    SignIn, SignIn.seen_at, lambda before: SignIn.seen_at < before, None,
)  # fmt: skip
KINDS["mail"] = Kind(
    "mail", "Mail that went out", "mail_days", "The list of what went to whom. Goes by itself.",
    Mail, Mail.at, lambda before: Mail.at < before, None,
)  # fmt: skip


@kind("links", "One-time links", "sessions_days", "Used or run out long since.", OneTimeLink, OneTimeLink.expires_at)
def _links(idents: list[int]) -> None:
    OneTimeLink.delete().where(OneTimeLink.id.in_(idents)).execute()
    Throttle.delete().where(Throttle.window < int(utc_now().timestamp()) // 900 - 100).execute()


@kind("looks", "Who looked at whom", "keep_looks", "The log of looks at people's records.", Look, Look.at)
def _looks(idents: list[int]) -> None:
    Look.delete().where(Look.id.in_(idents)).execute()


@kind("searches", "Searches", "keep_searches", "What somebody looked for, and when.", Search, Search.at)
def _searches(idents: list[int]) -> None:
    Search.delete().where(Search.id.in_(idents)).execute()


@kind("messages", "Messages that have ended", "keep_messages", "The message, its file, its responses and answers.",
      Message, Message.displayed_until,
      lambda before: (Message.displayed_until < before.date()) | (Message.withdrawn_at < before))  # fmt: skip
def _messages(idents: list[int]) -> None:
    files = [f for (f,) in Message.select(Message.file).where(Message.id.in_(idents)).tuples() if f]
    Message.delete().where(Message.id.in_(idents)).execute()
    File.delete().where(File.id.in_(files)).execute()


@kind("audit", "Texts of the audit trail", "keep_audit_texts", "What stood before and after goes; who did what to which record when stays as a sealed entry without names.",
      Change, Change.at, lambda before: (Change.at < before) & (Change.salt != ""))  # fmt: skip
def _audit(idents: list[int]) -> None:
    chain.forget(idents)
