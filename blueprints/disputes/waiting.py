"""Which disputes wait: for an officer's word, or for the provider's answer."""

from __future__ import annotations

import datetime as dt

from flask import g, url_for
from peewee import fn

from blueprints import waiting
from blueprints.disputes import shown
from blueprints.packages.rules import day
from blueprints.permissions import Can
from models import Dispute, DisputeState


@waiting.for_officers(Can.SEE_RECORDS)
def to_resolve(today):
    """Disputes whose resolution is requested, and those that the provider has not answered in time (Q-12, Z-01)."""
    query = Dispute.select(fn.COUNT(Dispute.id), fn.MIN(Dispute.requested_at))
    count, oldest = query.where(Dispute.state == DisputeState.REQUESTED).tuples().get()
    words = "dispute with a resolution requested|disputes with a resolution requested"
    since = dt.date.fromisoformat(str(oldest)[:10]) if oldest else None
    yield waiting.Waits(count, words, since, url_for("authority.disputes.index", status="Resolution Requested"))
    query = Dispute.select(fn.COUNT(Dispute.id), fn.MIN(Dispute.due))
    late = (Dispute.state == DisputeState.IN_DISPUTE) & (Dispute.due < today)
    count, oldest = query.where(late).tuples().get()
    href = url_for("authority.disputes.index", status="overdue")
    yield waiting.Waits(count, "dispute overdue|disputes overdue", day(oldest), href, day(oldest))


@waiting.for_providers(Can.SEE_OWN)
def to_answer(_today):
    """Disputes that await the organisation's answer, with the first date by which (C-11, Q-12)."""
    known = shown.count_open(g.reach)
    words = "dispute awaits your answer|disputes await your answer"
    href = url_for("provider.disputes.index", filtered=1, status="In Dispute")
    yield waiting.Waits(known.awaiting, words, known.due, href, known.due)
