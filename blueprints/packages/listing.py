"""Care package line items as a provider's list shows them (K-01 to K-08)."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from peewee import SQL, fn

from blueprints.packages import rules as packages
from blueprints.packages.plan import cost_text, pricing_text, rate_on, shown_day, weekly_cost
from blueprints.packages.rules import day
from models import Client, Package, Service, ServiceLevel


class Wanted(NamedTuple):
    """The filter; None is all."""

    service: int | None = None
    client: int | None = None
    level: int | None = None
    historical: bool = False
    unauthorised: bool = False


class Row(NamedTuple):
    """A package as it is drawn."""

    id: int
    cpli_id: int
    care_package_ref: str
    ssref: str
    client: str
    service: str
    level: str
    start: dt.date
    end: dt.date | None
    cost: str
    pricing: str
    authorised: bool
    state: str  # Current, Future, Ended
    is_claim: bool = False  # the item of an accepted one-off claim, by its id (K-14)


def fitting(reach, wanted: Wanted, today: dt.date):
    """The condition of the filter: an end date of today is not ended, one to come is shown (rule 3.8, K-06)."""
    condition = reach.services(Package.service, Package.organisation)
    if wanted.service:
        condition &= Package.service == wanted.service
    if wanted.client:
        condition &= Package.client == wanted.client
    if wanted.level:
        condition &= Package.level == wanted.level
    if not wanted.historical:
        condition &= Package.end_date.is_null() | (Package.end_date >= today)
    if not wanted.unauthorised:
        condition &= Package.authorised
    return condition


def options(reach) -> tuple[list, list, list]:
    """(value, words) of the services, clients and levels that the organisation's packages have, by one query."""
    services, clients, levels = {}, {}, {}
    for service, service_name, client, surname, forename, ssref, level, level_name in (
        Package.select(
            Package.service, Service.name, Package.client, Client.surname, Client.forename, Client.ssref,
            Package.level, ServiceLevel.name,
        )
        .join(Service).switch(Package).join(Client).switch(Package).join(ServiceLevel)
        .where(reach.services(Package.service, Package.organisation)).distinct().tuples()
    ):  # fmt: skip
        services[str(service)] = service_name
        clients[str(client)] = f"{surname}, {forename} ({ssref})"
        levels[str(level)] = level_name
    return tuple(sorted(known.items(), key=lambda pair: pair[1].casefold()) for known in (services, clients, levels))


# What a heading sorts by; cost and pricing are worked out, so they are sorted after that.
SORTS = {
    "ssref": (Client.ssref,),
    "client": (fn.LOWER(Client.surname), fn.LOWER(Client.forename)),
    "service": (fn.LOWER(Service.name),),
    "level": (fn.LOWER(ServiceLevel.name),),
    "start": (Package.start_date,),
    "end": (fn.COALESCE(Package.end_date, SQL("'9999-12-31'")),),
    "reference": (Package.cpli_id,),
    "authorised": (Package.authorised,),
}
WORKED_OUT = ("cost", "pricing")


def count(condition) -> int:
    """How many packages a condition has."""
    return Package.select().where(condition).count()


def rows(condition, today: dt.date, sort: str = "client", page: int | None = 1, size: int = 100, by_ref: bool = False):
    """A page of packages in an order ("-start" is descending), by three queries; page None is all of them."""
    key, backwards = sort.removeprefix("-"), sort.startswith("-")
    order = SORTS.get(key, SORTS["client"])
    if key == "reference" and by_ref:
        order = (Package.care_package_ref, Package.cpli_id)
    ends = [one.desc() if backwards else one.asc() for one in order]
    query = (
        Package.select(
            Package.id, Package.cpli_id, Package.care_package_ref, Client.ssref, Client.surname, Client.forename,
            Service.name, ServiceLevel.name, Package.start_date, Package.end_date, ServiceLevel.unit,
            Package.pricing_basis, Package.authorised,
        )
        .join(Client).switch(Package).join(Service).switch(Package).join(ServiceLevel)
        .where(condition).order_by(*ends, fn.LOWER(Client.surname), fn.LOWER(Client.forename), Package.cpli_id)
    )  # fmt: skip
    if page is not None and key not in WORKED_OUT:
        query = query.limit(size).offset((page - 1) * size)
    found = list(query.tuples())
    if not found:
        return []
    lines = (
        packages.lines(Package.id.in_([row[0] for row in found])) if len(found) <= size else packages.lines(condition)
    )
    if key in WORKED_OUT:

        def worth(row: tuple):
            plan = lines[row[0]].plan
            on = shown_day(plan, today)
            return weekly_cost(plan, on) if key == "cost" else (row[10], rate_on(plan, on))

        found.sort(key=worth, reverse=backwards)
        if page is not None:
            found = found[(page - 1) * size : page * size]
    return [_row(row, lines[row[0]].plan, today) for row in found]


def _row(row: tuple, plan, today: dt.date) -> Row:
    ident, cpli, ref, ssref, surname, forename, service, level, start, end, unit, basis, authorised = row
    start, end, on = day(start), day(end), shown_day(plan, today)
    state = "Ended" if end and end < today else "Future" if start > today else "Current"
    return Row(
        ident, cpli, ref, ssref, f"{surname}, {forename}", service, level, start, end, cost_text(plan, on),
        pricing_text(plan, on, unit, basis), bool(authorised), state,
    )  # fmt: skip
