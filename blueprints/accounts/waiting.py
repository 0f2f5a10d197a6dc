"""Who waits for a way in."""

from __future__ import annotations

from flask import url_for

from blueprints import waiting, weeks
from blueprints.accounts import asking
from blueprints.permissions import Can


@waiting.for_officers(Can.MANAGE_LOGINS)
def requests(_today):
    """Requests of people without a way in (B-12, B-15)."""
    count, oldest = asking.waiting()
    words = "request for a login or a password|requests for logins or passwords"
    since = weeks.london(oldest).date() if oldest else None
    yield waiting.Waits(count, words, since, url_for("authority.accounts.requests_list"))
