"""What waits for a provider, oldest first, and what comes next."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from peewee import JOIN, fn

from models import (
    Claim,
    ClaimState,
    Contract,
    Finalisation,
    Import,
    ImportState,
    PaymentPeriod,
    Service,
    User,
    Visit,
    VisitStatus,
)


def day(value) -> dt.date | None:
    """A date column as a date, whichever database it came from."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


class Waiting(NamedTuple):
    """Visits of a week that pay nothing until something is done."""

    week: dt.date
    status: str
    count: int
    due: dt.date | None


class Deadline(NamedTuple):
    """A period that is not finalised for some contract of the organisation, and its cut-off date (O-50)."""

    start: dt.date
    end: dt.date
    cut_off: dt.date | None


def reaches_something(reach) -> bool:
    """A person with limited reach has a service or a contract."""
    return Service.visible_to(reach).exists() or Contract.visible_to(reach).exists()


def open_periods(reach) -> list[Deadline]:
    """The periods that are current for a contract within reach, oldest first, by one query."""
    done = Finalisation.select(Finalisation.id).where(
        (Finalisation.contract == Contract.id) & (Finalisation.period == PaymentPeriod.id)
    )
    found = (
        PaymentPeriod.select(PaymentPeriod.start_date, PaymentPeriod.end_date, PaymentPeriod.cut_off)
        .join(Contract, on=(Contract.cycle == PaymentPeriod.cycle))
        .where(reach.terms(Contract.id, Contract.organisation) & ~fn.EXISTS(done))
        .distinct()
        .order_by(PaymentPeriod.start_date)
    )
    return [Deadline(day(start), day(end), day(cut_off)) for start, end, cut_off in found.tuples()]


def waiting(reach, periods: list[Deadline]) -> list[Waiting]:
    """Unmatched visits and visits with missing data in open periods, by week, oldest first."""
    if not periods:
        return []
    found = (
        Visit.select(Visit.week, Visit.status, fn.COUNT(Visit.id))
        .where(
            reach.visits(Visit)
            & (Visit.week >= periods[0].start - dt.timedelta(6))
            & Visit.status.in_([VisitStatus.UNMATCHED, VisitStatus.MISSING_DATA])
            & ~Visit.is_deleted
        )
        .group_by(Visit.week, Visit.status)
        .order_by(Visit.week, Visit.status.desc())
    )
    made = []
    for week, status, count in found.tuples():
        week = day(week)
        holder = next((p for p in periods if p.start <= week <= p.end), None)
        if holder:
            made.append(Waiting(week, status, count, holder.cut_off))
    return made


def checked_imports(reach) -> list[tuple[int, str, str, dt.datetime, str | None]]:
    """(id, kind, file name, checked at, whose) of imports that wait for Update System, the person's or a colleague's."""
    return list(
        Import.select(Import.id, Import.kind, Import.file_name, Import.checked_at, User.name)
        .join(User, JOIN.LEFT_OUTER)
        .where(reach.imports(Import) & (Import.state == ImportState.CHECKED))
        .order_by(Import.checked_at)
        .tuples()
    )


def claims_asked(reach) -> list[tuple[int, dt.date, dt.datetime]]:
    """(id, date, asked at) of claims for which the authority wants more evidence, oldest first."""
    query = Claim.visible_to(reach).select(Claim.id, Claim.claimed_on, Claim.asked_at)
    wanted = (Claim.state == ClaimState.PENDING) & Claim.asked_at.is_null(False)
    return [(ident, day(on), at) for ident, on, at in query.where(wanted).order_by(Claim.asked_at).tuples()]


def claim_drafts(reach) -> tuple[int, dt.date | None]:
    """How many claims are not submitted yet, and the date of the oldest."""
    query = Claim.visible_to(reach).select(fn.COUNT(Claim.id), fn.MIN(Claim.claimed_on))
    count, oldest = query.where(Claim.state == ClaimState.UNSUBMITTED).tuples().get()
    return count, day(oldest)


class Paid(NamedTuple):
    """A contract's period that the authority has finalised; pence with VAT."""

    contract: int
    name: str
    period: int
    start: dt.date
    end: dt.date
    at: dt.datetime
    total: int
    non_payable: int


def finalised(reach, since: dt.datetime) -> list[Paid]:
    """What has been finalised since a moment for contracts within reach, newest first: how a provider is told (R-11)."""
    found = (
        Finalisation.select(
            Contract.id, Contract.name, PaymentPeriod.id, PaymentPeriod.start_date, PaymentPeriod.end_date,
            Finalisation.at, Finalisation.amount + Finalisation.vat, Finalisation.non_payable,
        )
        .join(Contract).switch(Finalisation).join(PaymentPeriod)
        .where(reach.contracts(Contract.id, Contract.organisation) & (Finalisation.at >= since) & (Finalisation.lines > 0))
        .order_by(Finalisation.at.desc(), PaymentPeriod.start_date.desc(), Contract.name)
    )  # fmt: skip
    return [Paid(c, n, p, day(s), day(e), at, *sums) for c, n, p, s, e, at, *sums in found.tuples()]


def next_deadline(periods: list[Deadline], today: dt.date) -> Deadline | None:
    """The next cut-off date that has not passed."""
    coming = [one for one in periods if one.cut_off and one.cut_off >= today]
    return min(coming, key=lambda one: one.cut_off) if coming else None
