"""What clients are to be charged, by package and week: charged minutes and their cost, and the client's contribution.

Due to be charged for a package and week, in weeks of its payment cycle only:

- entered by visits: the charged minutes of its matched visits (rule 5.5), each at the rate of its planned date, less
  discount, rounded once (rules 2.2, 4.2);
- any other level, a one-off, or a week whose actual was entered by hand: no minutes, and what is due to the provider;
- the contribution of rule 7.4, as an amount that is charged.

A file holds what is due less what earlier files have charged. So the files together always say what was due when the
last one was made.
"""

from __future__ import annotations

import datetime as dt
import json
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from peewee import fn

import database
from blueprints import consequences
from blueprints.exports import rules
from blueprints.history import Actor
from blueprints.jobs import rules as jobs
from blueprints.packages import rules as packages
from blueprints.packages.plan import ONE_OFF, PER_MINUTE, kept, pence, rate_on
from blueprints.packages.rules import Line, day
from blueprints.payments import rules as payments
from blueprints.payments.sums import is_payable
from blueprints.values import file_date, file_money
from models import (
    Actual,
    Charge,
    Client,
    Contract,
    Due,
    Entry,
    Export,
    ExportKind,
    Job,
    Organisation,
    Package,
    Service,
    ServiceLevel,
    Source,
    Visit,
    VisitStatus,
    db,
)

PIECE = 250  # packages whose weeks are in memory at once
HEADINGS = [
    "SSRef", "CPLIId", "WeekBeginning", "Kind", "ChargedMinutes", "ChargedCost", "Contribution", "OrganisationRef",
    "ServiceRef", "ServiceName", "ServiceLevelRef", "ServiceLevel", "ContractRef", "ServiceGroupClass", "CostCentre",
    "Subjective",
]  # fmt: skip
CHARGE, DIFFERENCE = "charge", "difference"


class Amounts(NamedTuple):
    """Minutes, pence of their cost, pence of contribution."""

    minutes: int = 0
    cost: int = 0
    contribution: int = 0

    def plus(self, other: Amounts) -> Amounts:
        """The sum of both."""
        return Amounts(*(a + b for a, b in zip(self, other, strict=True)))

    def less(self, other: Amounts) -> Amounts:
        """What is left when the other is taken away."""
        return Amounts(*(a - b for a, b in zip(self, other, strict=True)))


NOTHING = Amounts()
Weeks = dict[tuple[int, dt.date], Amounts]


def due(lines: Mapping[int, Line], until: dt.date) -> Weeks:
    """What is due to be charged for these packages in weeks until a Monday; weeks with nothing are left out."""
    idents = list(lines)
    found: Weeks = defaultdict(lambda: NOTHING)
    by_visits = {i for i, line in lines.items() if line.plan.entry == Entry.VISITS and line.plan.frequency != ONE_OFF}
    by_hand = by_hand_weeks(by_visits, until)
    rows = Due.select(Due.package, Due.week, Due.cost, Due.contribution).where(
        Due.package.in_(idents) & (Due.week <= until)
    )
    for package, week, cost, contribution in rows.tuples():
        key = package, day(week)
        found[key] = Amounts(0, 0 if package in by_visits and key not in by_hand else cost, -contribution)
    spans = payments.cycle_weeks({line.cycle for line in lines.values()})
    exact: dict[tuple[int, dt.date], list[int]] = defaultdict(lambda: [0, 0])
    for package, week, planned, minutes in charged_visits(lines, by_visits, until):
        line, span = lines[package], spans.get(lines[package].cycle)
        if span and span[0] <= week <= span[1] and is_payable(line.plan, week) and (package, week) not in by_hand:
            exact[package, week][0] += minutes
            exact[package, week][1] += minutes * rate_on(line.plan, planned) * PER_MINUTE * kept(line.plan)
    for key, (minutes, cost) in exact.items():
        found[key] = found[key].plus(Amounts(minutes, pence(cost), 0))
    return {key: amounts for key, amounts in found.items() if amounts != NOTHING}


def by_hand_weeks(idents: Iterable[int], until: dt.date) -> set[tuple[int, dt.date]]:
    """The weeks of these packages whose actual is not made of visits."""
    rows = Actual.select(Actual.package, Actual.week).where(
        Actual.package.in_(list(idents)) & (Actual.week <= until) & (Actual.source != Source.VISITS)
    )
    return {(package, day(week)) for package, week in rows.tuples()}


def charged_visits(
    lines: Mapping[int, Line], idents: set[int], until: dt.date
) -> Iterator[tuple[int, dt.date, dt.date, int]]:
    """(package, week, a day that has the rate, minutes) of matched visits that charge; by the day where the rate changes."""
    changing = {i for i in idents if lines[i].plan.rates}
    for several, some in ((False, idents - changing), (True, changing)):
        date = Visit.planned_date if several else Visit.week
        query = (
            Visit.select(Visit.package, Visit.week, date, fn.SUM(Visit.charged_minutes))
            .where(
                Visit.package.in_(list(some))
                & (Visit.week <= until)
                & (Visit.status == VisitStatus.MATCHED)
                & ~Visit.is_deleted
                & (Visit.charged_minutes > 0)
            )
            .group_by(Visit.package, Visit.week, date)
        )
        for package, week, planned, minutes in query.tuples() if some else ():
            yield package, day(week), day(planned), int(minutes)


def charged(idents: Iterable[int], until: dt.date) -> Weeks:
    """What earlier files have charged for these packages, in weeks until a Monday."""
    rows = (
        Charge.select(
            Charge.package, Charge.week, fn.SUM(Charge.minutes), fn.SUM(Charge.cost), fn.SUM(Charge.contribution)
        )
        .where(Charge.package.in_(list(idents)) & (Charge.week <= until))
        .group_by(Charge.package, Charge.week)
    )
    return {(package, day(week)): Amounts(*map(int, sums)) for package, week, *sums in rows.tuples()}


class Row(NamedTuple):
    """A package and week to be charged: what is due less what has been charged, and whether anything has."""

    package: int
    week: dt.date
    amounts: Amounts
    is_first: bool


def differences(lines: Mapping[int, Line], until: dt.date) -> list[Row]:
    """What a file made now would hold of these packages, by package and week."""
    now, before = due(lines, until), charged(lines, until)
    made = []
    order = {ident: place for place, ident in enumerate(lines)}
    for key in sorted({*now, *before}, key=lambda k: (order[k[0]], k[1])):
        amounts = now.get(key, NOTHING).less(before.get(key, NOTHING))
        if amounts != NOTHING:
            made.append(Row(*key, amounts, key not in before))
    return made


def everything(until: dt.date, progress) -> Iterator[tuple[Row, tuple]]:
    """Each row of a file made now, with its cells, a piece of the packages at a time."""
    idents = [i for (i,) in Package.select(Package.id).order_by(Package.cpli_id).tuples()]
    for at in range(0, len(idents), PIECE):
        piece = idents[at : at + PIECE]
        found = packages.lines(Package.id.in_(piece))
        rows = differences({i: found[i] for i in piece}, until)
        names = names_of({row.package for row in rows})
        for row in rows:
            ssref, cpli, *rest = names[row.package]
            minutes, cost, contribution = row.amounts
            yield row, (
                ssref, cpli, file_date(row.week), CHARGE if row.is_first else DIFFERENCE, minutes, file_money(cost),
                file_money(contribution), *rest,
            )  # fmt: skip
        progress.step(min(at + PIECE, len(idents)), len(idents), "working out")


def names_of(idents: set[int]) -> dict[int, tuple]:
    """The references of packages, in the order of the file's columns."""
    rows = (
        Package.select(
            Package.id, Client.ssref, Package.cpli_id, Organisation.ref, Service.ref, Service.name, ServiceLevel.ref,
            ServiceLevel.name, Contract.ref, ServiceLevel.service_group_class, Package.cost_centre, Package.subjective,
        )
        .join(Client).switch(Package).join(Organisation).switch(Package).join(Service).switch(Package)
        .join(ServiceLevel).switch(Package).join(Contract)
        .where(Package.id.in_(list(idents))).tuples()
    )  # fmt: skip
    return {ident: tuple(rest) for ident, *rest in rows}


def queue(until: dt.date, by: Actor) -> tuple[Job, bool]:
    """Queue making the file of what is to be charged until a week; the job, and whether it is for this week."""
    wanted = {"until": until.isoformat(), "by": by.name}
    with db.atomic():
        database.serialise(db, "exports")
        job = jobs.queue("export-charges", user=by.user_id, key="export-charges", wanted=wanted)
    return job, json.loads(job.wanted)["until"] == until.isoformat()


@jobs.handles("export-charges")
def charges_job(job: Job, progress) -> None:
    """Make the file, where there is anything to charge. Begun again it finds it made, or nothing of it."""
    asked = json.loads(job.wanted)
    consequences.settle(progress=progress)
    if rules.made_by(job) is None:
        make(dt.date.fromisoformat(asked["until"]), Actor(job.user_id, asked["by"]), job, progress)


def make(until: dt.date, by: Actor, job: Job | None = None, progress=None) -> Export | None:
    """Write what is due to be charged in weeks until a Monday, less what has been charged; None where nothing differs.

    What is read is read before the transaction that keeps it. Raises jobs.Refused where another file was made meanwhile.
    """
    progress = progress or jobs.NoProgress()
    last = fn.MAX(Export.id)
    before = Export.select(last).where(Export.kind == ExportKind.CHARGES).scalar()
    rows = array("q")  # five numbers a row: of a county's first file there are hundreds of thousands
    sums = NOTHING

    def counted() -> Iterator[tuple]:
        nonlocal sums
        for row, cells in everything(until, progress):
            rows.extend((row.package, row.week.toordinal(), *row.amounts))
            sums = sums.plus(row.amounts)
            yield cells

    with rules.written(counted(), HEADINGS) as stream:
        if not rows:
            return None
        with db.atomic():
            database.serialise(db, "exports")
            if Export.select(last).where(Export.kind == ExportKind.CHARGES).scalar() != before:
                raise jobs.Refused("Another file of charges was made meanwhile. Nothing was done: make it again.")
            file = rules.keep(stream, f"charges-{file_date(until)}", by)
            export = Export.create(
                kind=ExportKind.CHARGES, file=file, job=job, until=until, user=by.user_id, by=by.name, rows=len(rows) // 5,
                amount=sums.cost, minutes=sums.minutes, contribution=sums.contribution,
            )  # fmt: skip
            columns = ["export", "package", "week", "minutes", "cost", "contribution"]
            five = (rows[at : at + 5] for at in range(0, len(rows), 5))
            database.bulk_upsert(
                Charge, columns, ((export.id, p, dt.date.fromordinal(w).isoformat(), *rest) for p, w, *rest in five)
            )
            rules.note(export, by)
    return export
