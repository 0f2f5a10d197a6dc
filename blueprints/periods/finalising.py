"""Finalising as somebody has seen it: exactly the figures of the confirmation page, at once or as a job (rule 7.1)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from peewee import fn

import database
from blueprints import consequences, weeks
from blueprints.history import Actor
from blueprints.jobs import rules as jobs
from blueprints.periods import rules
from blueprints.periods.overview import NOTHING, Book, Party, Sums, current_sums
from blueprints.values import show_money
from models import Change, Contract, Finalisation, Job, Package, PaymentPeriod, db


class Ahead(NamedTuple):
    """What finalising would do: each contract and period with its sums, oldest first, and all together."""

    parts: list[tuple[Party, PaymentPeriod, Sums]]
    sums: Sums

    @property
    def contracts(self) -> int:
        """How many contracts."""
        return len({party.id for party, _, _ in self.parts})


def ahead(period: PaymentPeriod, contracts: Sequence[int] = (), book: Book | None = None) -> Ahead:
    """What finalising a period would do, for some contracts or for all: earlier periods that are still current too,
    since periods are finalised in order (rule 7.1)."""
    book = book or Book(period.cycle_id)
    contracts = contracts or [p.id for p in book.parties(period)]
    pairs = book.waiting(contracts, period.end_date)
    sums = current_sums(book, [(party.id, p) for party, p in pairs])
    parts = [(party, p, sums[party.id, p.id]) for party, p in pairs]
    return Ahead(parts, sum((s for _, _, s in parts), NOTHING))


def finalise_as_shown(
    period: PaymentPeriod, contracts: Sequence[int], lines: int, total: int, by: Actor, today: dt.date
) -> list[Finalisation]:
    """Finalise what a confirmation page showed, in one transaction, or nothing; all contracts where it names none.
    None left to finalise gives none.

    Raises periods.Refused: the figures are not those that were shown (lines, pence with VAT), or rule 7.1 forbids it.
    """
    with db.atomic():
        database.serialise(db, "settle")
        now = ahead(period, contracts)
        if not now.parts:
            return []
        if (now.sums.lines, now.sums.total) != (lines, total):
            raise rules.Refused(
                f"The figures have changed since you looked: they were {show_money(total)} in {lines:,} lines, and are "
                f"{show_money(now.sums.total)} in {now.sums.lines:,} lines now. Nothing was finalised."
            )
        idents = {party.id for party, _, _ in now.parts}
        return rules.finalise_all(Contract.select().where(Contract.id.in_(idents)), period.end_date, by, today)


def queue(period: PaymentPeriod, contracts: Sequence[int], lines: int, total: int, user) -> Job:
    """Queue finalising a period for these contracts, all where none is named; what is under way for the cycle already is
    returned instead."""
    wanted = {"contracts": list(contracts), "lines": lines, "total": total, "by": user.name}
    with db.atomic():
        database.serialise(db, "finalise")
        return jobs.queue("finalise", about=period.id, user=user, key=f"finalise:{period.cycle_id}", wanted=wanted)


@jobs.handles("finalise")
def finalise_job(job: Job, progress) -> None:
    """Finalise a period for the contracts that are wanted. Begun again after its process died it finds all done, or
    nothing."""
    period = PaymentPeriod.get_by_id(job.about)
    wanted = json.loads(job.wanted)
    named = wanted.get("contracts") or ()
    consequences.settle(progress=progress)
    contracts = ahead(period, named).contracts
    progress.step(0, contracts, "finalising", at_once=True)
    try:
        finalise_as_shown(
            period, named, wanted["lines"], wanted["total"], Actor(job.user_id, wanted["by"]), weeks.today()
        )
    except rules.Refused as refusal:
        raise jobs.Refused(str(refusal))
    progress.step(contracts, contracts, "finalising", at_once=True)


def changed_by(user_id: int, contracts: Iterable[int]) -> set[int]:
    """Contracts in which the person changed a package since they were last finalised (rule 11.5): two queries."""
    contracts = list(contracts)
    last = dict(
        Finalisation.select(Finalisation.contract, fn.MAX(Finalisation.at))
        .where(Finalisation.contract.in_(contracts))
        .group_by(Finalisation.contract)
        .tuples()
    )
    touched = (
        Package.select(Package.contract, fn.MAX(Change.at))
        .join(Change, on=((Change.thing == "package") & (Change.thing_id == Package.id)))
        .where((Change.user == user_id) & Package.contract.in_(contracts))
        .group_by(Package.contract)
        .tuples()
    )
    return {contract for contract, at in touched if contract not in last or str(at) > str(last[contract])}
