"""Packages as they stood when their contract was last finalised; an adjustment's reason is judged against it (7.3)."""

from __future__ import annotations

import json
from collections.abc import Iterable

import database
from blueprints.packages import rules as packages
from blueprints.packages.plan import Plan, Slot
from blueprints.packages.rules import day
from models import Contract, Package, PackageAsPaid


def freeze(plan: Plan) -> str:
    """A plan as text to keep."""
    return json.dumps(plan, default=lambda value: value.isoformat())


def thaw(text: str) -> Plan:
    """The plan of a kept text."""
    plan = Plan(*json.loads(text))
    return plan._replace(
        start=day(plan.start),
        end=day(plan.end),
        rates=tuple((day(d), r) for d, r in plan.rates),
        slots=tuple(Slot(*s) for s in plan.slots),
    )


def plans(idents: Iterable[int]) -> dict[int, Plan]:
    """The kept plans of these packages, by row id; none for a package that was not there."""
    rows = PackageAsPaid.select(PackageAsPaid.package, PackageAsPaid.plan).where(
        PackageAsPaid.package.in_(list(idents))
    )
    return {ident: thaw(text) for ident, text in rows.tuples()}


def keep(contract: Contract) -> None:
    """Note how the contract's packages stand now; later adjustments are judged against it (rule 7.3)."""
    kept = dict(
        PackageAsPaid.select(PackageAsPaid.package, PackageAsPaid.plan)
        .join(Package)
        .where(Package.contract == contract)
        .tuples()
    )
    rows = [
        (ident, text)
        for ident, line in packages.lines(Package.contract == contract).items()
        if kept.get(ident) != (text := freeze(line.plan))
    ]
    database.bulk_upsert(PackageAsPaid, ["package", "plan"], rows, key=["package"])
