"""Accepted one-off claims, which stand among the packages as one-off lines and are paid by themselves (K-14, rule 7.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from peewee import SQL, fn

from blueprints.money import number, pounds, unit_price
from blueprints.packages import listing
from blueprints.packages.listing import Row, Wanted
from blueprints.packages.plan import unit_for
from blueprints.packages.rules import day
from models import Claim, ClaimItem, ClaimState, Client, Package, Service, ServiceLevel

NO_ID = SQL("NULL")


def fitting(reach, wanted: Wanted, today: dt.date):
    """The condition of the packages' filter, for items of accepted claims: a line of one day, the date of the claim."""
    condition = (
        reach.services(Claim.service, Claim.organisation)
        & (Claim.state == ClaimState.ACCEPTED)
        & (ClaimItem.amount > 0)
    )
    if wanted.service:
        condition &= Claim.service == wanted.service
    if wanted.client:
        condition &= ClaimItem.client == wanted.client
    if wanted.level:
        condition &= ClaimItem.level == wanted.level
    if not wanted.historical:
        condition &= Claim.claimed_on >= today
    return condition


def count(condition) -> int:
    """How many lines a condition has."""
    return _joined(ClaimItem.select()).where(condition).count()


def _joined(query):
    return (
        query.join(Claim).join(Service).switch(ClaimItem).join(Client).switch(ClaimItem).join(ServiceLevel)
    )  # fmt: skip


def levels(reach) -> list[tuple[str, str]]:
    """(value, words) of the levels that accepted claims have."""
    own = fitting(reach, Wanted(historical=True), dt.date.min)
    rows = _joined(ClaimItem.select(ServiceLevel.id, ServiceLevel.name)).where(own).distinct().tuples()
    return [(str(ident), name) for ident, name in rows]


def rows(condition, today: dt.date) -> list[Row]:
    """The lines of a condition, by client."""
    found = (
        _joined(
            ClaimItem.select(
                ClaimItem.id, Client.ssref, Client.surname, Client.forename, Service.name, ServiceLevel.name,
                ServiceLevel.unit, Claim.claimed_on, ClaimItem.quantity, ClaimItem.unit_cost, ClaimItem.decided_quantity,
                ClaimItem.decided_unit_cost, ClaimItem.amount,
            )
        )
        .where(condition)
        .order_by(fn.LOWER(Client.surname), fn.LOWER(Client.forename), Claim.claimed_on, ClaimItem.id).tuples()
    )  # fmt: skip
    made = []
    for (ident, ssref, surname, forename, service, level, unit, on, quantity, unit_cost, changed_quantity, changed_cost,
         amount) in found:  # fmt: skip
        on = day(on)
        quantity = quantity if changed_quantity is None else changed_quantity
        cost = unit_cost if changed_cost is None else changed_cost
        state = "Ended" if on < today else "Future" if on > today else "Current"
        made.append(
            Row(
                ident, 0, "", ssref, f"{surname}, {forename}", service, level, on, on, f"{pounds(amount)} One-off",
                f"{number(quantity)} x {unit_for(unit, quantity)} at {unit_price(cost)} (Spot)", True, state, True,
            )
        )  # fmt: skip
    return made


# What a heading sorts packages and claims by together; the rest is sorted after it has been worked out.
TOGETHER = {
    "ssref": (Client.ssref, Client.ssref),
    "client": (fn.LOWER(Client.surname), fn.LOWER(Client.surname)),
    "service": (fn.LOWER(Service.name), fn.LOWER(Service.name)),
    "level": (fn.LOWER(ServiceLevel.name), fn.LOWER(ServiceLevel.name)),
    "start": (Package.start_date, Claim.claimed_on),
    "end": (fn.COALESCE(Package.end_date, SQL("'9999-12-31'")), Claim.claimed_on),
    "reference": (Package.cpli_id, SQL("0")),
    "authorised": (Package.authorised, SQL("TRUE")),
}


def among(
    condition, claims, today: dt.date, sort: str = "client", page: int | None = 1, size: int = 100, by_ref: bool = False
) -> list[Row]:
    """A page of packages and accepted claims in one order; page None is all of them (see listing.rows)."""
    key, backwards = sort.removeprefix("-"), sort.startswith("-")
    if key in listing.WORKED_OUT or page is None or by_ref:
        return _sorted(condition, claims, today, sort, page, size, by_ref)
    ours, theirs = TOGETHER.get(key, TOGETHER["client"])
    names = (fn.LOWER(Client.surname).alias("k2"), fn.LOWER(Client.forename).alias("k3"))
    packages = (
        Package.select(SQL("0").alias("kind"), Package.id, ours.alias("k1"), *names, Package.cpli_id.alias("k4"))
        .join(Client).switch(Package).join(Service).switch(Package).join(ServiceLevel).where(condition)
    )  # fmt: skip
    items = _joined(
        ClaimItem.select(SQL("1").alias("kind"), ClaimItem.id, theirs.alias("k1"), *names, ClaimItem.id.alias("k4"))
    ).where(claims)
    first = SQL("k1 DESC" if backwards else "k1")
    both = packages.union_all(items).order_by(first, SQL("k2"), SQL("k3"), SQL("kind"), SQL("k4"))
    wanted = [(kind, ident) for kind, ident, *_ in both.limit(size).offset((page - 1) * size).tuples()]
    made = {(0, row.id): row for row in _packages([i for kind, i in wanted if not kind], today)}
    made |= {(1, row.id): row for row in rows(ClaimItem.id.in_([i for kind, i in wanted if kind]), today)}
    return [made[one] for one in wanted if one in made]


def _packages(idents: Sequence[int], today: dt.date) -> list[Row]:
    return listing.rows(Package.id.in_(idents), today, size=max(len(idents), 1)) if idents else []


def _sorted(condition, claims, today, sort, page, size, by_ref) -> list[Row]:
    """Packages in their order, then the claims: where the order is not one of the tables."""
    listed = [*listing.rows(condition, today, sort, None, size, by_ref), *rows(claims, today)]
    return listed if page is None else listed[(page - 1) * size : page * size]
