"""Which payment periods wait to be finalised, and which contracts have adjustments waiting."""

from __future__ import annotations

from flask import url_for

from blueprints import waiting, weeks
from blueprints.pages import once
from blueprints.periods import overview
from blueprints.permissions import Can


def book() -> overview.Book:
    """All cycles and their periods, read once a request."""
    return once("book", overview.Book)


@waiting.for_officers(Can.SEE_RECORDS)
def ended(today):
    """Periods that have ended and are not finalised for every contract."""
    kept = book()
    found = [
        p
        for periods in kept.periods.values()
        for p in periods
        if p.end_date < today and any(not kept.is_done(c.id, p) for c in kept.parties(p))
    ]
    first = min(found, key=lambda p: p.end_date, default=None)
    href = url_for("authority.periods.index")
    if len(found) == 1:
        href = url_for("authority.periods.show", period_id=first.id)
    elif first:
        href = url_for("authority.periods.index", year=weeks.financial_year(first.start_date))
    words = "period has ended and is not finalised|periods have ended and are not finalised"
    yield waiting.Waits(len(found), words, first and first.end_date, href)


@waiting.for_officers(Can.SEE_RECORDS)
def adjusted(_today):
    """Contracts with adjustments waiting."""
    kept = book()
    found = overview.adjusted_contracts(kept)
    oldest = {kept.oldest(c).id: kept.oldest(c) for c in found}
    start = min((p.start_date for p in oldest.values()), default=None)
    href = url_for("authority.periods.index")
    if len(oldest) == 1:
        href = url_for("authority.periods.show", period_id=next(iter(oldest)))
    words = "contract with adjustments waiting|contracts with adjustments waiting"
    yield waiting.Waits(len(found), words, start, href)
