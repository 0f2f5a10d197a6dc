"""Issuing many orders at once: what would be issued, said first; then as a job, a piece at a time (S-08)."""

from __future__ import annotations

import json
from typing import NamedTuple

from peewee import Case, fn

import database
from blueprints import consequences
from blueprints.history import Actor
from blueprints.jobs import rules as jobs
from blueprints.orders import listing, rules
from blueprints.reach import Reach
from blueprints.settings import rules as settings
from models import Client, Contract, Job, PurchaseOrder, db

PIECE = 200  # orders in one transaction
BY_ITSELF = Actor(None, "the portal")


class Ahead(NamedTuple):
    """What issuing would do: orders issued for the first time and again; pence before and after."""

    new: int
    again: int
    before: int
    after: int

    @property
    def orders(self) -> int:
        """How many orders."""
        return self.new + self.again


def condition(wanted: listing.Wanted):
    """The orders of a filter that are to be issued."""
    return listing.fitting(Reach.whole(), wanted) & rules.to_issue()


def ahead(wanted: listing.Wanted) -> Ahead:
    """What issuing the orders of a filter would do."""
    first = PurchaseOrder.version == 0
    found = (
        PurchaseOrder.select(
            fn.SUM(Case(None, ((first, 1),), 0)), fn.SUM(Case(None, ((first, 0),), 1)),
            fn.SUM(PurchaseOrder.issued_value), fn.SUM(PurchaseOrder.value),
        )
        .join(Client).switch(PurchaseOrder).join(Contract).where(condition(wanted)).tuples().get()
    )  # fmt: skip
    return Ahead(*(int(figure or 0) for figure in found))


def queue(wanted: listing.Wanted, reason: str, by: Actor) -> tuple[Job, bool]:
    """Queue issuing the orders of a filter; the job, and whether it is this one and not one that is under way already."""
    asked = {"filter": wanted._asdict(), "reason": reason, "by": by.name}
    with db.atomic():
        database.serialise(db, "issue-orders")
        job = jobs.queue("issue-orders", user=by.user_id, key="issue-orders", wanted=asked)
    return job, json.loads(job.wanted) == asked and job.user_id == by.user_id


@jobs.handles("issue-orders")
def issue_job(job: Job, progress) -> None:
    """Issue the orders of a filter. Begun again after its process died it goes on with those that are left."""
    asked = json.loads(job.wanted)
    consequences.settle(progress=progress)
    wanted, by = listing.Wanted(**asked["filter"]), Actor(job.user_id, asked["by"])
    total, done = ahead(wanted).orders, 0
    while True:
        with db.atomic():
            database.serialise(db, "settle")
            query = PurchaseOrder.select(PurchaseOrder.id).join(Client).switch(PurchaseOrder).join(Contract)
            idents = [i for (i,) in query.where(condition(wanted)).order_by(PurchaseOrder.id).limit(PIECE).tuples()]
            rules.issue_several(idents, asked["reason"], by)
        if not idents:
            break
        done += len(idents)
        progress.step(min(done, total), total, "issuing")
    progress.step(done, done, "issuing", at_once=True)


def by_itself() -> None:
    """Issue what is to be issued of every year, where the authority wants it done by itself; the scheduler's, at night."""
    now = settings.read()
    if now.orders_issued_nightly:
        wanted = listing.Wanted(None)
        if ahead(wanted).orders:
            queue(wanted, "Packages have changed", BY_ITSELF)
