"""Writes made-up visits in bulk, as if a provider's files had been read."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable
from typing import NamedTuple

import database
from blueprints.reports import dumps
from blueprints.visits import columns, reading
from blueprints.visits.known import Known
from blueprints.weeks import minutes_between, monday
from models import (
    VISIT_VALUES,
    Client,
    Organisation,
    Service,
    ServiceLevel,
    Visit,
    VisitStatus,
    VisitType,
    VisitVersion,
)

OWN = [
    "organisation", "ref", "is_deleted", "deletion_reason", "version", "batch", "changed_at", "changed_by", "status",
    "reason", "package", "paid_minutes", "charged_minutes",
]  # fmt: skip
COMMENTS = {
    "E": "Fell before breakfast; waited with her for the ambulance",
    "U": "No answer at the door; neighbour says she is at her daughter's",
}


class About(NamedTuple):
    """Who and what visits are about, looked up once; `client` may be one that the portal does not know."""

    organisation: Organisation
    client: Client | None
    ssref: str
    nhs_number: str
    level: ServiceLevel
    service: Service | None


class Facts(NamedTuple):
    """What happened: seconds since midnight; delivered times are None where there are none."""

    day: dt.date
    entry: int
    exit: int
    type: VisitType
    delivered_entry: int | None
    delivered_exit: int | None
    carer: str
    comments: str = ""
    variance: str = ""


def row(about: About, ref: str, facts: Facts, batch: int | None, at: dt.datetime, by: str, **own) -> dict:
    """A visit's columns by name, not yet matched."""
    delivered = facts.delivered_entry is not None and facts.delivered_exit is not None
    missing = facts.type.needs_delivered and not delivered
    status, reason = str(VisitStatus.NEW), ""
    if missing:
        status, reason = str(VisitStatus.MISSING_DATA), "delivered times missing"
    elif about.client is None:
        status, reason = str(VisitStatus.UNMATCHED), "client not known"
    values = {
        "type": facts.type.id,
        "planned_date": facts.day,
        "planned_entry": facts.entry,
        "planned_exit": facts.exit,
        "delivered_date": facts.day if delivered else None,
        "delivered_entry": facts.delivered_entry,
        "delivered_exit": facts.delivered_exit,
        "entry_overridden": False,
        "entry_override_reason": "",
        "exit_overridden": False,
        "exit_override_reason": "",
        "variance_reason": facts.variance,
        "comments": facts.comments,
        "client_ref": "",
        "ssref": about.ssref,
        "nhs_number": about.nhs_number,
        "level_ref": "",
        "level_name": about.level.name,
        "carer_ref": facts.carer,
        "service_ref": "",
        "service_name": about.service.name if about.service else "",
        "organisation_ref": about.organisation.ref,
        "organisation_name": about.organisation.name,
        "client": about.client.id if about.client else None,
        "level": about.level.id,
        "service": about.service.id if about.service else None,
        "week": monday(facts.day),
        "planned_minutes": minutes_between(facts.day, facts.entry, facts.exit),
        "delivered_minutes": (
            minutes_between(facts.day, facts.delivered_entry, facts.delivered_exit) if delivered else None
        ),
        "digest": "",
        "organisation": about.organisation.id,
        "ref": ref,
        "is_deleted": False,
        "deletion_reason": "",
        "version": 1,
        "batch": batch,
        "changed_at": at,
        "changed_by": by,
        "status": status,
        "reason": reason,
        "package": None,
        "paid_minutes": 0,
        "charged_minutes": 0,
    }
    return values | own


def write(rows: Iterable[dict]) -> None:
    """Write visits."""
    names = VISIT_VALUES + OWN
    database.bulk_upsert(Visit, names, (tuple(one[c] for c in names) for one in rows))


def keep_version(visit: Visit, at: dt.datetime, by: str) -> None:
    """Keep a visit as it stands as an earlier version, and count on."""
    values = {name: visit.__data__.get(name) for name in VISIT_VALUES}
    VisitVersion.create(
        visit=visit, version=visit.version, is_deleted=visit.is_deleted, deletion_reason=visit.deletion_reason,
        batch=visit.batch_id, changed_at=visit.changed_at, changed_by=visit.changed_by, **values,
    )  # fmt: skip
    visit.version += 1
    visit.changed_at, visit.changed_by = at, by


def seal(organisation: Organisation) -> None:
    """Give an organisation's live visits the digest that reading them would give: their dump then loads unchanged."""
    reader = reading.RowReader(Known(organisation))
    idents = dict(Visit.select(Visit.ref, Visit.id).where(Visit.organisation == organisation).tuples())
    headings, rows = dumps.make("visits", organisation, None, None)
    at, wide = headings.index("VisitRef"), len(columns.HEADINGS)
    digest = reading.VALUES.index("digest")
    sealed = []
    for line, row in enumerate(rows, 2):
        read = reader.read(line, ["" if cell is None else str(cell) for cell in row[:wide]])
        if read.values:
            sealed.append((idents[row[at]], read.values[digest]))
    database.bulk_update(Visit, "id", ["digest"], sealed)


def delivered(chance: random.Random, entry: int, exit: int) -> tuple[int, int]:
    """Times as a carer's telephone logs them: a few minutes around the plan."""
    start = max(0, entry + 60 * chance.randint(-6, 9))
    length = (exit - entry) % 86400
    end = start + max(600, length + 60 * chance.choice((-8, -5, -3, -2, -1, 0, 0, 0, 1, 2, 4, 7)))
    return start, end % 86400
