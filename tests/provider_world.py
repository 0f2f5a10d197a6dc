"""What a provider's pages are tested with: the cast's visits, matched and fed as in use."""

from __future__ import annotations

import datetime as dt

from blueprints import consequences, weeks
from blueprints.history import Actor
from blueprints.periods import rules as periods
from models import VISIT_VALUES, Visit, VisitVersion, db
from tests.cast import MONDAY, at

BY = Actor(None, "command line")


def add_visit(
    cast,
    ref: str,
    package=None,
    day: dt.date = MONDAY,
    start: int = at(8),
    minutes: int = 60,
    kind: str = "DHS",
    **facts,
) -> Visit:
    """A visit of Ann's package (or another), delivered as planned where its type wants that; not matched yet."""
    package = package or cast.package
    kind = cast.types[kind]
    end = start + minutes * 60
    values = {
        "organisation": package.organisation_id,
        "ref": ref,
        "type": kind,
        "planned_date": day,
        "planned_entry": start,
        "planned_exit": end,
        "week": weeks.monday(day),
        "planned_minutes": minutes,
        "client": package.client_id,
        "ssref": package.client.ssref,
        "level": package.level_id,
        "level_name": package.level.name,
        "changed_by": "Greta Finch",
    }
    if kind.needs_delivered:
        values |= {"delivered_date": day, "delivered_entry": start, "delivered_exit": end, "delivered_minutes": minutes}
    return Visit.create(**{**values, **facts})


def settle(cast, *packages) -> None:
    """Match the visits of these packages' clients (Ann's and Bob's), feed actuals, work out dues."""
    packages = packages or (cast.package, cast.bobs)
    people = {(p.organisation_id, p.client_id) for p in packages}
    consequences.follow(consequences.Change(packages=[p.id for p in packages], people=people), now=True)


def finalise(cast, number: int = 0, contract=None):
    """Finalise a period of Oakfield's contract."""
    return periods.finalise(contract or cast.dapl, cast.periods[number], BY, weeks.today())


def add_version(visit: Visit, **before) -> None:
    """An earlier sending of a visit with other values."""
    visit = Visit.get_by_id(visit.id)
    values = {name: visit.__data__[name] for name in VISIT_VALUES} | before
    VisitVersion.create(
        visit=visit, version=visit.version, changed_at=dt.datetime(2026, 10, 6, 9), changed_by="Owen Marsh", **values
    )
    Visit.update(version=visit.version + 1).where(Visit.id == visit.id).execute()


def queries(call) -> tuple[int, object]:
    """How many statements a call sends, and its answer."""
    from database import real

    database = real(db)
    sent = []
    plain = type(database).execute_sql

    def counted(self, sql, *rest, **named):
        sent.append(sql)
        return plain(self, sql, *rest, **named)

    type(database).execute_sql = counted
    try:
        answer = call()
    finally:
        type(database).execute_sql = plain
    return len([sql for sql in sent if "SAVEPOINT" not in sql]), answer
