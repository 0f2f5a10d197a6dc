"""Which mail could not be sent."""

from __future__ import annotations

from flask import url_for

from blueprints import mail, waiting
from blueprints.permissions import Can


@waiting.for_officers(Can.SEE_MAIL)
def failed(_today):
    """Messages that failed, or wait for an hour already: the mail server may be down."""
    words = "message could not be sent|messages could not be sent"
    yield waiting.Waits(mail.failing(), words, None, url_for("authority.notifications.index"))
