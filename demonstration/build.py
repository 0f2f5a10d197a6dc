"""Loads the demonstration authority into an empty database, built around the Monday before it is loaded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from blueprints.accounts import rules as accounts
from blueprints.settings import rules as settings
from blueprints.weeks import monday, today
from demonstration.people import EVERYBODY, PASSWORD
from models import Contact, OfficerRole, Organisation, User, db

WEEK = dt.timedelta(7)


def build(size: str = "small") -> Iterator[str]:
    """Fill the database, in one transaction for the small one; yields a line for each step done."""
    from demonstration import county, small

    last = monday(today()) - WEEK  # the last full week: still open, so that the example file has work to do
    if size == "county":
        settings.put("demonstration", True)
        yield from county.build(last)
        return
    with db.atomic():
        settings.put("demonstration", True)
        yield from small.build(last)


def logins(organisations: dict[str, Organisation]) -> dict[str, User]:
    """Make every login whose organisation is there, by the part of the address before the dot."""
    hashed = accounts.HASHER.hash(PASSWORD)
    made = {}
    for email, name, ref, roles in EVERYBODY:
        if ref is not None and ref not in organisations:
            continue
        forename, _, surname = name.rpartition(" ")
        owner = organisations.get(ref)
        contact = Contact.create(organisation=owner, forename=forename, surname=surname, email=email)
        user = User.create(email=email, name=name, organisation=owner, contact=contact, password_hash=hashed)
        for role in roles:
            OfficerRole.create(user=user, role=role)
        made[email.partition(".")[0]] = user
    return made
