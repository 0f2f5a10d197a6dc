"""The reports that there are; the log of their runs; and those too long to wait for, made by a job. Table: PreparedReport."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import database
from blueprints import editions, history, mail
from blueprints.actuals import report as actuals
from blueprints.attachments import rules as attachments
from blueprints.jobs import rules as jobs
from blueprints.payments import report as payments
from blueprints.reach import Reach
from blueprints.remittances import report as remittances
from blueprints.reporting import About, Report
from blueprints.settings import rules as settings
from blueprints.settings.rules import Settings
from models import Contract, File, PreparedReport, Service, User, db, utc_now

MOST_NOW = {"": 20_000, "csv": 20_000, "xlsx": 20_000, "pdf": 5_000}  # rows that a person waits for; "" is the screen
MOST_PDF = 30_000  # rows: some 800 pages
MOST_BYTES = 2_000_000_000


class Listing(NamedTuple):
    """A report as the lists name it: in addresses and the log, on pages, and how it is made."""

    name: str
    title: str
    text: str
    setting: str  # which decides whether providers have it (U-07); empty: officers alone do
    module: str  # `payments`, where module_payments must be on for providers
    of_payments: bool
    wanted: type
    make: Callable[[Reach, Any], Report]
    estimate: Callable[[Reach, Any], int]


LISTED = {
    one.name: one
    for one in (
        Listing(
            "commissioned-v-actuals", "Commissioned v Actuals", "What packages commission in each week, beside what was delivered",
            "report_commissioned", "packages", False, actuals.Wanted, actuals.commissioned_v_actuals, actuals.estimate,
        ),
        Listing(
            "pending-payments-exceptions", "Pending Payments Exceptions", "Adjustments due in the next payment run, with their reasons",
            "report_exceptions", "payments", True, payments.ExceptionsWanted, payments.pending_exceptions,
            payments.estimate_exceptions,
        ),
        Listing(
            "pending-scheduled-payments", "Pending Scheduled Payments", "Payments that are not finalised yet, down to each package",
            "report_pending", "payments", True, payments.PendingWanted, payments.pending_payments, payments.estimate_pending,
        ),
        Listing(
            "remittance-advice", "Remittance Advice Provider Payments", "What a payment period paid, line by line or as a summary",
            "report_remittance", "payments", True, remittances.AdviceWanted, remittances.advice, remittances.estimate_advice,
        ),
        Listing(
            "remittance-advice-by-finalisation", "Remittance Advice by Finalisation",
            "What was finalised between two dates, whichever periods that was", "report_finalisations", "payments", True,
            remittances.FinalisedWanted, remittances.by_finalisation, remittances.estimate_by_finalisation,
        ),
        Listing(
            "planned-v-commissioned", "Planned v Commissioned", "Hours that visits plan, beside what their packages commission",
            "", "visits", False, actuals.PlannedWanted, actuals.planned_v_commissioned, actuals.estimate_planned,
        ),
    )
}  # fmt: skip


class Refused(ValueError):
    """A report that cannot be prepared; the message says what to do."""


def providers_have(one: Listing, now: Settings) -> bool:
    """The authority lets providers run it (U-07), and its module is on for them (Z-04, Z-05)."""
    return bool(one.setting and getattr(now, one.setting) and getattr(now, f"module_{one.module}"))


def may_have(one: Listing, user: User, now: Settings) -> bool:
    """This person, at work without a request, may have the report."""
    return user.is_officer or providers_have(one, now.for_kinds(user.organisation.kinds.splitlines()))


def about_of(one: Listing, wanted: Any, told: list, now: Settings) -> About:
    """What stands around a run of a report; its files are named for it, its dates and the time."""
    dates = "-to-".join(getattr(wanted, name).isoformat() for name in ("first", "last") if hasattr(wanted, name))
    name = f"{one.name}-{dates}" if dates else one.name
    return About(one.title, [(label, value) for label, value in told], utc_now(), now.authority_name, name)


# the log (U-08) --------------------------------------------------------------------------------------------------------


def log(by: history.Actor, organisation: int | None, one: Listing, told: list, form: str, outcome: str) -> None:
    """Note that a report was run, by whom, with what and how it ended; a look, so a GET may write it."""
    facts = {"report": one.title, "form": editions.NAMES.get(form, "Screen"), "outcome": outcome}
    parameters = "; ".join(f"{name}: {value}" for name, value in told)
    with history.seen():
        history.record(by, "Ran a report", ("report", None), {}, {**facts, "parameters": parameters}, organisation)


class Counted:
    """A report's rows, counted as they are read."""

    def __init__(self, report: Report, step: Callable[[int], None] | None = None):
        self.rows = 0
        self._step = step
        self.report = report._replace(rows=self._read(report.rows))

    def _read(self, rows) -> Iterator[tuple]:
        for row in rows:
            self.rows += 1
            if self._step and not self.rows % 500:
                self._step(self.rows)
            yield row

    @property
    def outcome(self) -> str:
        """In the words of the log."""
        return f"{self.rows:,} row{'' if self.rows == 1 else 's'}" if self.rows else "Nothing found"


# prepared reports ------------------------------------------------------------------------------------------------------


def as_text(wanted: Any) -> str:
    """Parameters as text to keep."""
    return json.dumps({name: history.as_text(value) if isinstance(value, dt.date) else value
                       for name, value in wanted._asdict().items()})  # fmt: skip


def of_text(one: Listing, text: str) -> Any:
    """The parameters of a kept text."""
    kept = json.loads(text)
    for name in ("first", "last"):
        if name in kept:
            kept[name] = dt.date.fromisoformat(kept[name])
    return one.wanted(**{**kept, "organisations": tuple(kept["organisations"])})


def key_of(reach: Reach) -> str:
    """What a reach is, as text to compare: a prepared report is for the reach that it was made with."""
    facts = {
        name: sorted(map(str, value)) if isinstance(value, set | frozenset | list | tuple) else str(value)
        for name, value in vars(reach).items()
        if not name.startswith("_")
    }
    if reach.limited:  # what the roles reach now: a role taken away takes the prepared report along
        for name, model in (("services", Service), ("contracts", Contract)):
            facts[name] = [str(i) for (i,) in model.visible_to(reach).select(model.id).order_by(model.id).tuples()]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def prepare(
    user: User, reach: Reach, one: Listing, wanted: Any, told: list, form: str, expected: int
) -> PreparedReport:
    """Queue the making of a report. Asked for twice while it is under way, it is the same one. Raises Refused."""
    if form == "pdf" and expected > MOST_PDF:
        raise Refused(
            f"This report has about {expected:,} rows, and a PDF holds at most {MOST_PDF:,}. Choose Excel or CSV, or fewer weeks."
        )
    text, key = as_text(wanted), key_of(reach)
    with db.atomic():
        database.serialise(db, f"prepared reports of {user.id}")
        same = (PreparedReport.user == user) & (PreparedReport.name == one.name) & (PreparedReport.form == form)
        same &= (PreparedReport.wanted == text) & (PreparedReport.reach == key) & PreparedReport.made_at.is_null()
        under_way = PreparedReport.get_or_none(same)
        if under_way and under_way.job_id and not under_way.job.is_over:
            return under_way
        made = PreparedReport.create(
            user=user, organisation=reach.organisation_id, name=one.name, form=form, wanted=text, told=json.dumps(told),
            reach=key, rows_expected=expected,
        )  # fmt: skip
        made.job = jobs.queue("report", made.id, user, reach.organisation_id, key=f"report {made.id}")
        made.save()
    return made


def own(user: User, reach: Reach):
    """The prepared reports of a person who still sees what they saw when they asked."""
    return PreparedReport.select().where((PreparedReport.user == user) & (PreparedReport.reach == key_of(reach)))


@jobs.handles("report")
def make_job(job, progress) -> None:
    """Make a prepared report; begun again after a kill it makes the same file, once."""
    row = PreparedReport.get_or_none(PreparedReport.id == job.about)
    if row is None or row.made_at is not None:
        return
    one, now, user = LISTED[row.name], settings.read(), row.user
    reach = Reach.of(user)
    told = json.loads(row.told)
    by = history.Actor(user.id, user.name)
    if not user.may_sign_in or not may_have(one, user, now) or key_of(reach) != row.reach:
        log(by, row.organisation_id, one, told, row.form, "Refused: may not be seen any more")
        raise jobs.Refused("What you may see has changed since you asked. Ask for the report again.")
    expected = max(row.rows_expected, 1)
    counted = Counted(
        one.make(reach, of_text(one, row.wanted)),
        lambda rows: progress.step(min(rows, expected), expected, "reading"),
    )
    about = about_of(one, of_text(one, row.wanted), told, now)
    try:
        with tempfile.TemporaryFile() as out:
            write(row.form, counted.report, about, out)
            progress.step(expected, expected, "keeping the file", at_once=True)
            out.seek(0)
            with db.atomic():
                row.file = attachments.keep(
                    out, editions.file_name(about, row.form), editions.TYPES[row.form], "report", row.organisation_id,
                    user.id, MOST_BYTES,
                )  # fmt: skip
                row.rows, row.made_at = counted.rows, utc_now()
                row.save()
                if row.made_at - row.asked_at > dt.timedelta(minutes=now.mail_import_minutes):
                    mail.send("report-ready", user.id, row.id, once=f"report {row.id}")
    except jobs.Lost:
        raise
    except Exception:
        log(by, row.organisation_id, one, told, row.form, "Failed")
        raise
    log(by, row.organisation_id, one, told, row.form, counted.outcome)


@mail.kind("report-ready", "Report ready", "Your report is ready", can_wait=True)
def report_letter(letter: mail.Letter) -> dict | None:
    """What the mail about a prepared report says: its title and form, no figures; only who still sees it is told."""
    row = PreparedReport.get_or_none(PreparedReport.id == letter.about)
    if row is None or letter.user is None or row.file_id is None or row.name not in LISTED:
        return None
    one, user = LISTED[row.name], letter.user
    if key_of(Reach.of(user)) != row.reach or not may_have(one, user, letter.settings):
        return None
    side = "authority" if user.is_officer else "provider"
    return {"report": one.title, "form": editions.NAMES[row.form], "days": letter.settings.report_days,
            "link": letter.link(f"/{side}/reports/prepared/{row.id}")}  # fmt: skip


def write(form: str, report: Report, about: About, out) -> None:
    """An edition into a binary file; of CSV and XLSX no more than a piece is in memory."""
    if form == "csv":
        for piece in editions.csv(report, about):
            out.write(piece)
    elif form == "xlsx":
        editions.xlsx(report, about, out)
    else:
        out.write(editions.pdf(report, about))


def tidy() -> int:
    """Delete prepared reports, with their files, that were kept long enough; returns how many."""
    before = utc_now() - dt.timedelta(days=settings.read().report_days)
    old = list(PreparedReport.select(PreparedReport.id, PreparedReport.file).where(PreparedReport.asked_at < before))
    for row in old:
        with db.atomic():
            PreparedReport.delete().where(PreparedReport.id == row.id).execute()
            if row.file_id:
                File.delete().where(File.id == row.file_id).execute()
    return len(old)
