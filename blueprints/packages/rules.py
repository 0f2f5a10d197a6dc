"""Packages as the calculations see them, and what may happen to them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import NamedTuple

from peewee import SQL

from blueprints.packages.plan import Plan, Slot
from models import Contract, Package, PackageRate, PaymentBasis, ServiceLevel, TimetableSlot


class Line(NamedTuple):
    """A package with its plan and the ids that group it."""

    id: int  # the row's
    plan: Plan
    organisation: int
    client: int
    service: int
    level: int
    contract: int
    cycle: int


def day(value) -> dt.date | None:
    """A date column as a date, whichever database it came from."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def lines(condition) -> dict[int, Line]:
    """The packages of a condition by row id, with their plans, by two queries."""
    rows = list(
        Package.select(
            Package.id, Package.cpli_id, Package.organisation, Package.client, Package.service, Package.level,
            Package.contract, Package.start_date, Package.end_date, Package.quantity, Package.frequency,
            Package.unit_cost, Package.authorised, Package.discount, Package.contribution, ServiceLevel.paid_on,
            ServiceLevel.entry, ServiceLevel.intermittent, Contract.vat_rate, Contract.payment_basis, Contract.cycle,
        )
        .join(ServiceLevel).switch(Package).join(Contract)
        .where(condition).tuples()
    )  # fmt: skip
    if not rows:
        return {}
    wanted = Package.select(Package.id).join(ServiceLevel).switch(Package).join(Contract).where(condition)
    rates: dict[int, list] = defaultdict(list)
    slots: dict[int, list] = defaultdict(list)
    nothing = SQL("NULL")
    both = PackageRate.select(
        PackageRate.package, PackageRate.from_date, PackageRate.unit_cost, nothing, nothing, nothing
    ).where(PackageRate.package.in_(wanted)) | TimetableSlot.select(
        TimetableSlot.package, nothing, TimetableSlot.weekday, TimetableSlot.entry, TimetableSlot.exit, TimetableSlot.carers
    ).where(TimetableSlot.package.in_(wanted))  # fmt: skip
    for package, since, number, *rest in both.tuples():
        if since is None:
            slots[package].append(Slot(number, *rest))
        else:
            rates[package].append((day(since), number))
    for found in (*rates.values(), *slots.values()):
        found.sort()
    return {row[0]: _line(row, tuple(rates.get(row[0], ())), tuple(slots.get(row[0], ()))) for row in rows}


def _line(row: tuple, rates: tuple, slots: tuple) -> Line:
    (ident, cpli, organisation, client, service, level, contract, start, end, quantity, frequency, unit_cost,
     authorised, discount, contribution, paid_on, entry, intermittent, vat, basis, cycle) = row  # fmt: skip
    every = 1 if frequency == "Weekly" else int(frequency.split("-")[0]) if frequency.endswith("-Weekly") else 0
    plan = Plan(
        cpli, day(start), day(end), quantity, frequency, every, unit_cost, rates, discount, contribution,
        bool(authorised), slots, paid_on, entry, bool(intermittent), vat, basis == PaymentBasis.INVOICE,
    )  # fmt: skip
    return Line(ident, plan, organisation, client, service, level, contract, cycle)


def plan_of(package: Package | int) -> Plan:
    """The plan of one package."""
    ident = getattr(package, "id", package)
    return lines(Package.id == ident)[ident].plan
