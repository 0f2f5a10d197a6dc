"""What of messages waits: responses for officers, answers for a provider's person."""

from __future__ import annotations

from flask import g, url_for

from blueprints import waiting
from blueprints.messages import rules
from blueprints.permissions import Can
from blueprints.weeks import london


@waiting.for_officers(Can.SEE_RECORDS)
def responses(_today):
    """Responses that no officer has opened (Z-01, C-30)."""
    count, oldest = rules.unread_responses()
    href = url_for("authority.messages.inbox", state="unread")
    since = london(oldest).date() if oldest else None
    yield waiting.Waits(count, "response to a message not read|responses to messages not read", since, href)


@waiting.for_providers(Can.SIGNED_IN)
def answers(_today):
    """Answers of the authority that this person has not opened (C-28)."""
    count = rules.unread_answers(g.user, g.reach.limited)
    href = url_for("provider.messages.index", show="answered")
    name = g.settings.authority_name
    yield waiting.Waits(count, f"unread answer from {name}|unread answers from {name}", None, href)
