"""What of actuals waits: weeks to confirm at both sides, increases and unplanned actuals to decide, what was refused."""

from __future__ import annotations

import datetime as dt

from flask import g, url_for
from peewee import fn

from blueprints import waiting
from blueprints import weeks as calendar
from blueprints.actuals import increases, posting, unplanned
from blueprints.permissions import Can, can
from blueprints.values import show_date_long
from models import Increase, UnplannedActual

MOST_WEEKS = 12  # weeks of actuals that are listed one by one


@waiting.for_officers(Can.SEE_RECORDS)
def to_decide(today):
    """Weeks that services have not confirmed, increases and unplanned actuals that wait for a decision (M-26, M-37, M-38)."""
    count, oldest = posting.not_posted(today)
    here = url_for("authority.actuals.index", week=oldest, show="open") if oldest else None
    yield waiting.Waits(count, "week of a service not posted|weeks of services not posted", oldest, here)
    for model, moment, words, endpoint in (
        (Increase, Increase.asked_at, "increase waits for a decision|increases wait for a decision", "increases_waiting"),
        (UnplannedActual, UnplannedActual.created_at, "unplanned actual waits for a decision|unplanned actuals wait for a decision", "unplanned_waiting"),
    ):  # fmt: skip
        count, first = model.select(fn.COUNT(model.id), fn.MIN(moment)).where(model.state == "Pending").tuples().get()
        since = dt.date.fromisoformat(str(first)[:10]) if first else None
        yield waiting.Waits(count, words, since, url_for(f"authority.actuals.{endpoint}"))


@waiting.for_providers(Can.SEE_OWN)
def to_confirm(today):
    """Weeks of actuals that are not confirmed, with the date (rule 4.10), and what the authority asks about."""
    asked = {(r.service_id, r.week): r for r in posting.reminders(g.reach)}
    missing = posting.missing(g.reach, today, g.settings.posted_within_days) if can(Can.ENTER_ACTUALS) else []
    for one in missing[:MOST_WEEKS]:
        where = f"the week of {show_date_long(one.week)}, {one.name}"
        words = f"client{'' if one.clients == 1 else 's'} without actuals for {where}"
        if not one.clients:
            words = f"Actuals of {where} are not confirmed"
        if reminder := asked.pop((one.service, one.week), None):
            words += f". The authority asks: {reminder.text or 'please enter and confirm them'}"
        query = {"week": one.week, "service": one.service} | ({"actuals": "no"} if one.clients else {})
        href = url_for("provider.actuals.index", **query)
        yield waiting.Waits(one.clients or 1, plain(words), one.week, href, one.due, named=not one.clients)
    if more := missing[MOST_WEEKS:]:
        href = url_for("provider.actuals.index", week=more[0].week)
        yield waiting.Waits(len(more), "more weeks of actuals are not confirmed", more[0].week, href)
    for (service, week), reminder in asked.items():
        words = f"The authority asks about the week of {show_date_long(week)}, {reminder.service.name}: {reminder.text}"
        href = url_for("provider.actuals.index", week=week, service=service)
        yield waiting.Waits(1, plain(words), week, href, named=True)


@waiting.for_providers(Can.SEE_OWN)
def refused(_today):
    """What the authority refused in the last fortnight, with its reason (rule 4.6)."""
    since = calendar.utc_now() - dt.timedelta(14)
    found = [
        (row.week, row.client, row.service, f"{row.client_name}: an increase in the week of {show_date_long(row.week)} was refused: {row.reason}")
        for row in increases.refused(g.reach, since)
    ] + [
        (row.week, row.client_id, row.service_id, f"{row.client.file_name}: an unplanned actual in the week of {show_date_long(row.week)} was refused: {row.reason}")
        for row in unplanned.refused(g.reach, since)
    ]  # fmt: skip
    for week, client, service, words in found:
        href = url_for("provider.actuals.edit", client_id=client, week=week, service=service)
        yield waiting.Waits(1, plain(words), week, href, named=True)


def plain(words: str) -> str:
    """Words that hold what people wrote: the sign that parts one from many is none of it."""
    return words.replace("|", "/")
