"""Which payments are held back."""

from __future__ import annotations

from flask import url_for

from blueprints import waiting
from blueprints.holds import listing
from blueprints.permissions import Can


@waiting.for_officers(Can.SEE_RECORDS)
def held(_today):
    """Payments that are held back and not cancelled (rule 7.5)."""
    count, since = listing.waiting()
    words = "payment line held|payment lines held"
    yield waiting.Waits(count, words, since, url_for("authority.holds.held_list"))
