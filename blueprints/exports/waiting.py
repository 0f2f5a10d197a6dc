"""What waits to go to the finance system."""

from __future__ import annotations

import datetime as dt

from flask import url_for

from blueprints import waiting
from blueprints.exports import rules
from blueprints.permissions import Can
from models import ExportedFinalisation


@waiting.for_officers(Can.SEE_RECORDS)
def finalised(_today):
    """Finalised contracts that are in no file for the finance system yet, where such files are made at all (R-18)."""
    if not ExportedFinalisation.select().exists():
        return
    count, since = rules.count_waiting()
    words = "finalised contract waits for the finance export|finalised contracts wait for the finance export"
    oldest = dt.date.fromisoformat(str(since)[:10]) if since else None
    yield waiting.Waits(count, words, oldest, url_for("authority.exports.index"))
