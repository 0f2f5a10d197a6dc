"""Which visits wait: those that pay nothing until something is mended."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import g, url_for
from peewee import SQL, fn

from blueprints import waiting
from blueprints.home import to_do
from blueprints.packages.rules import day
from blueprints.permissions import Can
from blueprints.values import show_date_long
from blueprints.visits import search
from models import Visit, VisitStatus


@waiting.for_officers(Can.SEE_RECORDS)
def unpaid(_today):
    """Unmatched visits and visits with missing data, along the index of week and status."""
    query = Visit.select(Visit.status, fn.COUNT(SQL("1")), fn.MIN(Visit.planned_date))
    found = {
        status: (count, day(oldest))
        for status, count, oldest in query.where(search.waiting(search.weeks_with_visits()))
        .group_by(Visit.status)
        .tuples()
    }
    here = url_for("authority.visits.unmatched")
    count, oldest = found.get(VisitStatus.UNMATCHED, (0, None))
    yield waiting.Waits(count, "visit unmatched|visits unmatched", oldest, f"{here}?status=Unmatched")
    count, oldest = found.get(VisitStatus.MISSING_DATA, (0, None))
    words = "visit with missing data|visits with missing data"
    yield waiting.Waits(count, words, oldest, f"{here}?status=Missing+Data")


@waiting.for_providers(Can.SEE_OWN)
def weeks(_today):
    """Visits of open periods that pay nothing yet, by week, due on the period's upload deadline."""
    periods = to_do.shared_periods(g.reach)
    prefix = url_for("provider.visits.index")
    for one in to_do.waiting(g.reach, periods):
        what = (
            "unmatched visit|unmatched visits"
            if one.status == "Unmatched"
            else "visit with missing data|visits with missing data"
        )
        words = "|".join(f"{form} in the week of {show_date_long(one.week)}" for form in what.split("|"))
        href = f"{prefix}?{urlencode({'week': one.week, 'filtered': 1, 'status': one.status})}"
        yield waiting.Waits(one.count, words, one.week, href, one.due)
