"""The finance system's file: the payable items of what has been finalised, each finalisation in one file (R-18).

A file is made once and kept as it was made: taken again it is the same, byte for byte, whatever reference or accounting
group has changed since. It is made in one transaction: killed anywhere, there is the whole file or none.
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from peewee import JOIN, fn

import database
from blueprints import history, sheets
from blueprints.attachments import rules as attachments
from blueprints.history import Actor
from blueprints.jobs import rules as jobs
from blueprints.packages.rules import day
from blueprints.values import file_date, file_money, file_quantity, file_rate
from models import (
    ClaimItem,
    Client,
    Contract,
    Export,
    ExportedFinalisation,
    ExportKind,
    File,
    Finalisation,
    ItemState,
    Job,
    Look,
    ManualAdjustment,
    Organisation,
    Package,
    PaymentCycle,
    PaymentItem,
    PaymentPeriod,
    ServiceLevel,
    User,
    db,
)

MOST_BYTES = 2_000 * attachments.PIECE
# Those of the payments file (interfaces.md), then the authority's references and accounting groups.
HEADINGS = [
    "PaymentCycle", "PeriodStart", "PeriodEnd", "Status", "ContractRef", "CPLIId", "SSRef", "WeekBeginning", "Kind",
    "Reason", "Quantity", "UnitCost", "Amount", "VAT", "State", "OrganisationRef", "OrganisationName", "ContractName",
    "PaymentMethod", "ServiceGroupClass", "CostCentre", "Subjective",
]  # fmt: skip


class Waiting(NamedTuple):
    """A period with finalisations that no file holds yet; pence payable."""

    period: int
    cycle: str
    start: dt.date
    end: dt.date
    contracts: int
    amount: int
    vat: int
    since: dt.datetime
    finalisations: tuple[int, ...]

    @property
    def total(self) -> int:
        """Pence with VAT."""
        return self.amount + self.vat


def waiting() -> list[Waiting]:
    """What has been finalised and is in no file yet, a period a row, oldest first; one query."""
    rows = (
        Finalisation.select(
            PaymentPeriod.id, PaymentCycle.name, PaymentPeriod.start_date, PaymentPeriod.end_date, Finalisation.id,
            Finalisation.amount, Finalisation.vat, Finalisation.at,
        )
        .join(PaymentPeriod).join(PaymentCycle).switch(Finalisation)
        .join(ExportedFinalisation, JOIN.LEFT_OUTER, on=(ExportedFinalisation.finalisation == Finalisation.id))
        .where(ExportedFinalisation.finalisation.is_null())
        .order_by(PaymentPeriod.start_date, PaymentCycle.name, Finalisation.id).tuples()
    )  # fmt: skip
    found: dict[int, list] = {}
    for period, cycle, start, end, *rest in rows:
        found.setdefault(period, [cycle, day(start), day(end), []])[3].append(rest)
    return [
        Waiting(
            period, cycle, start, end, len(done), sum(d[1] for d in done), sum(d[2] for d in done),
            min(d[3] for d in done), tuple(d[0] for d in done),
        )
        for period, (cycle, start, end, done) in found.items()
    ]  # fmt: skip


def queue(period: Waiting, by: Actor) -> Job:
    """Queue making the file of a period's finalisations that wait; pressed twice it is the same job."""
    wanted = {"period": period.period, "finalisations": list(period.finalisations), "by": by.name}
    with db.atomic():
        database.serialise(db, "exports")
        return jobs.queue(
            "export-payments", about=period.period, user=by.user_id, key=f"export:{period.period}", wanted=wanted
        )


@jobs.handles("export-payments")
def payments_job(job: Job, progress) -> None:
    """Make the file. Begun again after its process died it finds it made, or nothing of it."""
    asked = json.loads(job.wanted)
    by = Actor(job.user_id, asked["by"])
    if made_by(job) is None:
        make_payments(asked["period"], asked["finalisations"], by, job, progress)


def made_by(job: Job) -> Export | None:
    """The file that a job has made."""
    return Export.get_or_none(Export.job == job)


def make_payments(
    period: int, finalisations: Sequence[int], by: Actor, job: Job | None = None, progress=None
) -> Export:
    """Write the payable items of these finalisations of a period into one file; one transaction.

    Raises jobs.Refused where one of them is in a file already.
    """
    progress = progress or jobs.NoProgress()
    of_period = (
        PaymentPeriod.select(PaymentPeriod, PaymentCycle).join(PaymentCycle).where(PaymentPeriod.id == period).get()
    )
    in_order = (
        Finalisation.select(Finalisation.id).join(Contract)
        .where(Finalisation.id.in_(list(finalisations))).order_by(Contract.ref).tuples()
    )  # fmt: skip
    idents = [ident for (ident,) in in_order]
    sums = [0, 0, 0]

    def counted() -> Iterator[tuple]:
        for number, ident in enumerate(idents):
            progress.step(number, len(idents), "reading")
            for amount, vat, row in item_rows(ident):
                sums[0] += 1
                sums[1] += amount
                sums[2] += vat
                yield row

    with written(counted(), HEADINGS) as stream, db.atomic():
        database.serialise(db, "exports")
        taken = ExportedFinalisation.select().where(ExportedFinalisation.finalisation.in_(list(finalisations))).first()
        if taken:
            raise jobs.Refused(f"{taken.export.by} has made the file of this period already. Nothing was done twice.")
        name = f"finance-{plain(of_period.cycle.name)}-{file_date(day(of_period.start_date))}"
        kept = keep(stream, name, by)
        export = Export.create(
            kind=ExportKind.PAYMENTS, file=kept, job=job, period=period, user=by.user_id, by=by.name, rows=sums[0],
            contracts=len(finalisations), amount=sums[1], vat=sums[2],
        )  # fmt: skip
        database.bulk_upsert(
            ExportedFinalisation, ["finalisation", "export"], [(ident, export.id) for ident in finalisations]
        )
        note(export, by)
    progress.step(len(idents), len(idents), "reading", at_once=True)
    return export


def item_rows(finalisation: int) -> Iterator[tuple[int, int, tuple]]:
    """(pence, VAT, row of the file) of what a finalisation pays, by package, week and kind.

    What is cancelled, suspended or carried forward is not for the finance system.
    """
    about = Client.alias("about")  # whom a manual adjustment or a claim is about
    rows = (
        PaymentItem.select(
            PaymentCycle.name, PaymentPeriod.start_date, PaymentPeriod.end_date, Contract.ref, Package.cpli_id,
            fn.COALESCE(Client.ssref, about.ssref), PaymentItem.week, PaymentItem.kind, PaymentItem.reason, PaymentItem.quantity,
            PaymentItem.unit_cost, PaymentItem.amount, PaymentItem.vat, PaymentItem.state, Organisation.ref,
            Organisation.name, Contract.name, Contract.payment_method, ServiceLevel.service_group_class,
            Package.cost_centre, Package.subjective,
        )
        .join(Finalisation).join(PaymentPeriod).join(PaymentCycle).switch(PaymentItem).join(Contract)
        .switch(PaymentItem).join(Organisation, on=(PaymentItem.organisation == Organisation.id))
        .switch(PaymentItem).join(Package, JOIN.LEFT_OUTER).join(ServiceLevel, JOIN.LEFT_OUTER)
        .switch(Package).join(Client, JOIN.LEFT_OUTER).switch(PaymentItem)
        .join(ManualAdjustment, JOIN.LEFT_OUTER, on=(PaymentItem.adjustment == ManualAdjustment.id))
        .switch(PaymentItem).join(ClaimItem, JOIN.LEFT_OUTER, on=(PaymentItem.claim == ClaimItem.id))
        .join(about, JOIN.LEFT_OUTER, on=(about.id == fn.COALESCE(ManualAdjustment.client, ClaimItem.client)))
        .where((PaymentItem.finalisation == finalisation) & (PaymentItem.state == ItemState.PAYABLE))
        .order_by(Package.cpli_id, PaymentItem.week, PaymentItem.kind, PaymentItem.id).tuples()
    )  # fmt: skip
    for (cycle, start, end, contract, cpli, ssref, week, kind, reason, quantity, unit_cost, amount, vat, state,
         *rest) in list(rows):  # fmt: skip
        yield amount, vat, (
            cycle, file_date(day(start)), file_date(day(end)), "Finalised", contract, "" if cpli is None else cpli,
            ssref or "", file_date(day(week)), kind, reason, file_quantity(quantity), file_rate(unit_cost),
            file_money(amount), file_money(vat), state, *(text or "" for text in rest),
        )  # fmt: skip


# files -----------------------------------------------------------------------------------------------------------------


@contextmanager
def written(rows: Iterable, headings: Sequence[str]):
    """Rows as a CSV file that can be read from its start; on disk where it is long."""
    with tempfile.SpooledTemporaryFile(max_size=8 * attachments.PIECE) as out:
        for chunk in sheets.write_csv(rows, headings):
            out.write(chunk)
        out.seek(0)
        yield out


def keep(stream, name: str, by: Actor) -> File:
    """Keep a file that was made; in the caller's transaction."""
    return attachments.keep(stream, f"{name}.csv", "text/csv", "export", None, by.user_id, MOST_BYTES)


def note(export: Export, by: Actor) -> None:
    """Give a file its number in its name, and the trail its entry; in the caller's transaction."""
    stem = export.file.name.removesuffix(".csv")
    File.update(name=f"{stem}-{export.id}.csv").where(File.id == export.file_id).execute()
    after = {
        "kind": export.kind, "rows": export.rows, "amount": export.amount, "vat": export.vat,
        "contribution": export.contribution, "sha256": export.file.sha256,
    }  # fmt: skip
    history.record(by, "Made", export, {}, after)


def plain(text: str) -> str:
    """A name for a file's name."""
    return "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in text.lower()).split()) or "file"


class Taken(NamedTuple):
    """Who has taken a file, and when."""

    by: str
    at: dt.datetime


def taken(exports: Iterable[int]) -> dict[int, list[Taken]]:
    """Who has taken these files, newest first; one query."""
    rows = (
        Look.select(Look.thing_id, User.name, Look.at).join(User)
        .where((Look.thing == Export._meta.table_name) & Look.thing_id.in_(list(exports)))
        .order_by(Look.id.desc()).tuples()
    )  # fmt: skip
    found: dict[int, list[Taken]] = {}
    for ident, name, at in rows:
        found.setdefault(ident, []).append(Taken(name, at))
    return found


def listed(kind: ExportKind):
    """The files of a kind, newest first, with their period."""
    return (
        Export.select(Export, PaymentPeriod, PaymentCycle, File)
        .join(PaymentPeriod, JOIN.LEFT_OUTER).join(PaymentCycle, JOIN.LEFT_OUTER)
        .switch(Export).join(File)
        .where(Export.kind == kind).order_by(Export.id.desc())
    )  # fmt: skip


def contracts_of(export: Export) -> list[tuple]:
    """(id, ref, name, provider, pence payable with VAT) of the contracts whose finalisations a file holds."""
    return list(
        Finalisation.select(
            Contract.id, Contract.ref, Contract.name, Organisation.name, Finalisation.amount + Finalisation.vat
        )
        .join(ExportedFinalisation).switch(Finalisation).join(Contract).join(Organisation)
        .where(ExportedFinalisation.export == export).order_by(Contract.ref).tuples()
    )  # fmt: skip


def count_waiting() -> tuple[int, dt.datetime | None]:
    """How many finalisations wait to be exported, and since when."""
    query = (
        Finalisation.select(fn.COUNT(Finalisation.id), fn.MIN(Finalisation.at))
        .join(ExportedFinalisation, JOIN.LEFT_OUTER, on=(ExportedFinalisation.finalisation == Finalisation.id))
        .where(ExportedFinalisation.finalisation.is_null())
    )
    return query.tuples().get()
