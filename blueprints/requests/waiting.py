"""Which change requests wait for a decision."""

from __future__ import annotations

import datetime as dt

from flask import url_for
from peewee import fn

from blueprints import waiting
from blueprints.permissions import Can
from models import ChangeRequest, RequestState


@waiting.for_officers(Can.SEE_RECORDS)
def pending(_today):
    """Change requests that wait for a decision (F-13)."""
    query = ChangeRequest.select(fn.COUNT(ChangeRequest.id), fn.MIN(ChangeRequest.sent_at))
    count, oldest = query.where(ChangeRequest.state == RequestState.PENDING).tuples().get()
    since = dt.date.fromisoformat(str(oldest)[:10]) if oldest else None
    words = "change request waits for a decision|change requests wait for a decision"
    yield waiting.Waits(count, words, since, url_for("authority.requests.index"))
