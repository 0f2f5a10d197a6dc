"""What officers' pages of payment periods share."""

from __future__ import annotations

from flask import Blueprint, abort, g, url_for

from blueprints import desk, weeks
from blueprints.values import show_date_long
from models import (
    Contract,
    Job,
    Organisation,
    PaymentCycle,
    PaymentPeriod,
)

routes = Blueprint("periods", __name__)


def found_period(period_id: int) -> PaymentPeriod:
    """The period with its cycle, or 404."""
    query = PaymentPeriod.select(PaymentPeriod, PaymentCycle).join(PaymentCycle)
    return query.where(PaymentPeriod.id == period_id).get_or_none() or abort(404)


def found_contract(contract_id: int, period: PaymentPeriod) -> Contract:
    """The contract, of the period's cycle, with its organisation; 404 otherwise."""
    query = Contract.visible_to(g.reach).select(Contract, Organisation).join(Organisation)
    found = query.where((Contract.id == contract_id) & (Contract.cycle == period.cycle_id)).get_or_none()
    return found or abort(404)


def days(period: PaymentPeriod) -> str:
    """`5 October 2026 to 1 November 2026`."""
    return f"{show_date_long(period.start_date)} to {show_date_long(period.end_date)}"


def crumbs(*more) -> list:
    """The way back."""
    return [desk.home(), ("Payments", url_for("authority.periods.index")), *more]


def time_left(job: Job) -> str | None:
    """How long a job will still take by what it has done, in words; None while that is not known."""
    if not job.started_at or not job.done or not job.total or job.done >= job.total:
        return None
    seconds = (weeks.utc_now() - job.started_at).total_seconds() * (job.total - job.done) / job.done
    if seconds < 60:
        return "less than a minute"
    minutes = round(seconds / 60)
    return f"about {minutes} minute{'s' if minutes > 1 else ''}"
