"""Loads the demonstration authority into an empty database, built around the Monday before it is loaded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from blueprints import keys
from blueprints.accounts import hashing, second
from blueprints.settings import rules as settings
from blueprints.weeks import monday, today
from demonstration.people import EVERYBODY, PASSWORD, SECURITY_CODE
from models import Contact, OfficerRole, Organisation, Person, User, db, utc_now

WEEK = dt.timedelta(7)


def build(size: str = "small") -> Iterator[str]:
    """Fill the database, in one transaction for the small one; yields a line for each step done."""
    from demonstration import county, small

    last = monday(today()) - WEEK  # the last full week: still open, so that the example file has work to do
    if size == "county":
        settings.mark_demonstration()
        yield from county.build(last)
        return
    with db.atomic():
        settings.mark_demonstration()
        yield from small.build(last)


def logins(organisations: dict[str, Organisation]) -> dict[str, User]:
    """Make every login whose organisation is there, by the part of the address before the dot."""
    hashed = hashing.make(PASSWORD)
    made = {}
    for email, name, ref, roles in EVERYBODY:
        if ref is not None and ref not in organisations:
            continue
        forename, _, surname = name.rpartition(" ")
        owner = organisations.get(ref)
        contact = Contact.create(organisation=owner, forename=forename, surname=surname, email=email)
        person = Person.create(
            email=email, password_hash=hashed, password_set_at=utc_now(), code=keys.seal(second.CODE, SECURITY_CODE)
        )
        user = User.create(person=person, name=name, organisation=owner, contact=contact)
        for role in roles:
            OfficerRole.create(user=user, role=role)
        made[email.partition(".")[0]] = user
    return made
