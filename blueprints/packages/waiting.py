"""Which packages wait: for an officer's word, and for somebody to end them."""

from __future__ import annotations

from flask import url_for
from peewee import fn

from blueprints import waiting
from blueprints.packages.rules import day
from blueprints.permissions import Can
from models import Client, Package


@waiting.for_officers(Can.SEE_RECORDS)
def unauthorised(_today):
    """Packages that wait to be authorised."""
    query = Package.select(fn.COUNT(Package.id), fn.MIN(Package.start_date)).where(~Package.authorised)
    count, oldest = query.tuples().get()
    words = "package waiting to be authorised|packages waiting to be authorised"
    yield waiting.Waits(count, words, day(oldest), url_for("authority.packages.waiting"))


@waiting.for_officers(Can.SEE_RECORDS)
def open_after_death(today):
    """Clients who have died and have a package that goes on (rule 3.9)."""
    open_after = Package.end_date.is_null() | ((Package.end_date > Client.date_of_death) & (Package.end_date >= today))
    query = (
        Client.select(Client.id, Client.date_of_death)
        .join(Package)
        .where(Client.date_of_death.is_null(False) & open_after)
        .distinct()
        .order_by(Client.date_of_death)
    )
    found = [day(died) for _, died in query.tuples()]
    words = "client has died and has a package still open|clients have died and have a package still open"
    yield waiting.Waits(len(found), words, found[0] if found else None, url_for("authority.home.deaths"))
