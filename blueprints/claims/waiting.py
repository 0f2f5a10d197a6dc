"""Which one-off claims wait: for a decision at the officers' side, for evidence or submission at the provider's."""

from __future__ import annotations

from flask import g, url_for
from peewee import fn

from blueprints import waiting, weeks
from blueprints.home import to_do
from blueprints.packages.rules import day
from blueprints.permissions import Can
from blueprints.values import show_date_long
from models import Claim, ClaimState


@waiting.for_officers(Can.SEE_RECORDS)
def to_decide(_today):
    """Claims that wait for a decision; those for which evidence was asked wait for the provider."""
    query = Claim.select(fn.COUNT(Claim.id), fn.MIN(Claim.claimed_on))
    waits = (Claim.state == ClaimState.PENDING) & Claim.asked_at.is_null()
    count, oldest = query.where(waits).tuples().get()
    words = "one-off claim waits for a decision|one-off claims wait for a decision"
    href = url_for("authority.claims.index", status="Pending", waits="authority")
    yield waiting.Waits(count, words, day(oldest), href)


@waiting.for_providers(Can.SEE_OWN)
def to_submit(_today):
    """Claims for which more evidence is asked, and drafts that are not submitted (P-26)."""
    for ident, on, at in to_do.claims_asked(g.reach):
        words = f"One-off claim of {show_date_long(on)}: more evidence is asked for"
        href = url_for("provider.claims.evidence", claim_id=ident)
        yield waiting.Waits(1, words, weeks.london(at).date(), href, named=True)
    count, oldest = to_do.claim_drafts(g.reach)
    if count:
        words = "one-off claim is not submitted yet|one-off claims are not submitted yet"
        href = url_for("provider.claims.index", status="Unsubmitted", year=weeks.financial_year(oldest))
        yield waiting.Waits(count, words, oldest, href)
