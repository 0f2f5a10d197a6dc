"""Actuals above plan that need an officer, while that setting is on (rule 4.6, M-37)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import database
from blueprints import consequences, history
from blueprints.actuals import sums
from blueprints.facts import Fault, Faulty
from blueprints.money import number
from blueprints.packages import rules as packages
from blueprints.packages.plan import planned_quantity, unit_cost_shown
from blueprints.packages.rules import Line, day
from models import Actual, Client, Increase, IncreaseState, Organisation, Package, Service, ServiceLevel, db, utc_now


class Asked(NamedTuple):
    """An increase as the officers' queue shows it: quantities in hundredths, the cost of what waits in pence."""

    id: int
    package: int
    cpli_id: int
    week: dt.date
    organisation: int
    organisation_name: str
    service: int
    service_name: str
    client: int
    client_name: str
    ssref: str
    level_name: str
    unit: str
    planned: int
    actual: int
    agreed: int
    waits: int
    cost: int
    comments: str
    asked_by: str
    asked_at: dt.datetime
    state: str
    reason: str
    by: str
    at: dt.datetime | None


def listed(condition) -> list[Asked]:
    """The increases of a condition, oldest first; those that lower plans or figures have made pointless are left out."""
    rows = list(
        Increase.select(
            Increase.id, Increase.package, Package.cpli_id, Increase.week, Increase.organisation, Organisation.name,
            Package.service, Service.name, Package.client, Client.surname, Client.forename, Client.ssref,
            ServiceLevel.name, ServiceLevel.unit, Actual.actual, Increase.agreed, Actual.comments, Actual.changed_by,
            Increase.asked_at, Increase.state, Increase.reason, Increase.by, Increase.at,
        )
        .join(Package).join(Client).switch(Package).join(Service).switch(Package).join(ServiceLevel)
        .switch(Increase).join(Organisation)
        .switch(Increase)
        .join(Actual, on=((Actual.package == Increase.package) & (Actual.week == Increase.week)))
        .where(condition)
        .order_by(Increase.asked_at, Increase.id)
        .tuples()
    )  # fmt: skip
    lines = packages.lines(Package.id.in_({row[1] for row in rows})) if rows else {}
    made = [_asked(row, lines[row[1]]) for row in rows]
    return [one for one in made if one.waits or one.state != IncreaseState.PENDING]


def _asked(row: tuple, line: Line) -> Asked:
    (ident, package, cpli, week, organisation, organisation_name, service, service_name, client, surname, forename,
     ssref, level, unit, actual, agreed, comments, asked_by, asked_at, state, reason, by, at) = row  # fmt: skip
    week = day(week)
    planned = planned_quantity(line.plan, week)
    waits = sums.unpaid(planned, actual, agreed)
    rate = unit_cost_shown(line.plan, week) or 0
    cost = sums.cost(line.plan, week, sums.ActualFigures(waits, 0)) if rate else 0
    return Asked(
        ident, package, cpli, week, organisation, organisation_name, service, service_name, client,
        f"{surname}, {forename}", ssref, level, unit, planned, actual, agreed, waits, cost, comments, asked_by,
        asked_at, state, reason, by, at,
    )  # fmt: skip


def decide(idents: Sequence[int], authorise: bool, reason: str, by: history.Actor) -> int:
    """Authorise or refuse increases that wait; returns how many. A refusal needs a reason, which the provider is told.

    Authorising pays up to the actual as it stands; one that is raised later is asked about again. Raises Faulty.
    """
    if not authorise and not reason.strip():
        raise Faulty([Fault("reason", "Enter the reason: the provider is told")])
    with db.atomic():
        database.serialise(db, "settle")
        rows = list(
            Increase.select(Increase, Actual.id.alias("actual_id"), Actual.actual.alias("quantity"))
            .join(Actual, on=((Actual.package == Increase.package) & (Actual.week == Increase.week)))
            .where(Increase.id.in_(list(idents)) & (Increase.state == IncreaseState.PENDING))
            .objects()
        )
        for row in rows:
            row.state = IncreaseState.AUTHORISED if authorise else IncreaseState.REFUSED
            row.agreed = row.quantity if authorise else row.agreed
            row.reason, row.by, row.at = reason.strip(), by.name, utc_now()
            row.save()
            what = "Authorised an increase" if authorise else "Refused an increase"
            told = {"actual": number(row.quantity), "reason": reason.strip()}
            history.record(by, what, ("actual", row.actual_id), {}, told, organisation=row.organisation_id)
        weeks = [(row.package_id, day(row.week)) for row in rows]
        if weeks:
            consequences.follow(consequences.Change(weeks=weeks), now=True)
    return len(rows)


def refused(reach, since: dt.datetime) -> Iterable[Asked]:
    """What was refused within reach since a moment, for the provider's home page."""
    return listed(
        reach.services(Package.service, Increase.organisation)
        & (Increase.state == IncreaseState.REFUSED)
        & (Increase.at > since)
    )
