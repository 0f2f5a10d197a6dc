"""Which jobs wait for somebody to look."""

from __future__ import annotations

from flask import url_for

from blueprints import waiting
from blueprints.jobs import rules
from blueprints.permissions import Can
from models import JobState


@waiting.for_officers(Can.SEE_RECORDS)
def failed(_today):
    """Jobs that failed and have not been done since."""
    found = list(rules.failed())
    since = min((job.ended_at.date() for job in found if job.ended_at), default=None)
    href = url_for("authority.jobs.index", state=str(JobState.FAILED))
    yield waiting.Waits(len(found), "job failed|jobs failed", since, href)
