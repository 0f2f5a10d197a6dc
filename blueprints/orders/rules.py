"""Purchase orders: kept in step with packages and payments, and issued (rule 6.1, S-08).

An order's lines as packages stand are kept as its version 0. Issuing copies them to a version of their own, which never
changes: so what was issued can be compared with what packages say now.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from peewee import JOIN, fn

import database
from blueprints import history
from blueprints.orders.sums import order_lines, year_days
from blueprints.packages import rules as packages
from blueprints.packages.rules import Line, day
from models import (
    ClaimItem,
    Contract,
    Finalisation,
    ItemKind,
    ItemState,
    ManualAdjustment,
    OrderLine,
    OrderVersion,
    Package,
    PaymentItem,
    PaymentPeriod,
    PurchaseOrder,
    StalePackage,
    db,
    utc_now,
)

# What a line says; its digest and the differences between versions are made of these.
SAYS = ["package", "service", "level", "first", "last", "quantity", "frequency", "timetabled", "unit_cost", "discount",
        "amount"]  # fmt: skip
MOST_REASON = 500


class Refused(ValueError):
    """An order that cannot be issued; the message says why and what to do."""


# years and spend -------------------------------------------------------------------------------------------------------


def year_of(date: dt.date) -> int:
    """The calendar year in which the date's financial year begins (rule 1.1)."""
    return date.year if (date.month, date.day) >= (4, 1) else date.year - 1


def cycle_years(cycles: Iterable[int]) -> dict[int, set[int]]:
    """The financial years in which each cycle's periods have a first or last day: a contract has orders for these."""
    found: dict[int, set[int]] = defaultdict(set)
    dates = PaymentPeriod.select(PaymentPeriod.cycle, PaymentPeriod.start_date, PaymentPeriod.end_date)
    for cycle, *days in dates.where(PaymentPeriod.cycle.in_(list(cycles))).tuples():
        found[cycle] |= {year_of(day(d)) for d in days}
    return found


def spend(contract: Contract, year: int | None = None) -> dict[tuple[int, int], int]:
    """Pence finalised by client and financial year of the period's first day, without VAT and contributions (6.1).

    With a year, of that one alone.
    """
    found: dict[tuple[int, int], int] = defaultdict(int)
    within = Finalisation.contract == contract
    if year is not None:
        within &= PaymentPeriod.start_date.between(*year_days(year))
    whose = (WHOSE, PaymentPeriod.start_date)
    for client, start, amount in spent(*whose, fn.SUM(PaymentItem.amount)).where(within).group_by(*whose).tuples():
        found[client, year_of(day(start))] += int(amount)
    return dict(found)


WHOSE = fn.COALESCE(Package.client, ManualAdjustment.client, ClaimItem.client)  # whose order an item is spent on


def spent(*columns):
    """The finalised items that are spent on orders: payable and a client's, contributions apart (rule 6.1)."""
    query = (
        PaymentItem.select(*columns)
        .join(Finalisation).join(PaymentPeriod).switch(PaymentItem).join(Package, JOIN.LEFT_OUTER)
        .switch(PaymentItem).join(ManualAdjustment, JOIN.LEFT_OUTER, on=(PaymentItem.adjustment == ManualAdjustment.id))
        .switch(PaymentItem).join(ClaimItem, JOIN.LEFT_OUTER, on=(PaymentItem.claim == ClaimItem.id))
    )  # fmt: skip
    return query.where(
        (PaymentItem.kind != ItemKind.CONTRIBUTION) & (PaymentItem.state == ItemState.PAYABLE) & WHOSE.is_null(False)
    )


# keeping orders in step ------------------------------------------------------------------------------------------------


class _Lines(NamedTuple):
    """The lines of one order as packages stand: rows in the order of SAYS, and their sum."""

    rows: list[tuple]
    said: list[tuple]  # the same with the CPLI id, which a package keeps wherever it is stored

    @property
    def value(self) -> int:
        return sum(row[-1] for row in self.rows)

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr(self.said).encode()).hexdigest()[:32] if self.rows else ""


def refresh(lines: Mapping[int, Line]) -> int:
    """Make the orders of these packages' clients and contracts say what their packages say; returns how many changed.

    Safe to repeat. Where a package has left a client or contract, the order that it left follows too. Runs inside the
    caller's transaction, one at a time (`consequences` sees to that).
    """
    if not lines:
        return 0
    left = (
        PurchaseOrder.select(PurchaseOrder.contract, PurchaseOrder.client)
        .join(OrderLine, on=(OrderLine.order == PurchaseOrder.id))
        .where((OrderLine.version == 0) & OrderLine.package.in_(list(lines)))
        .distinct()
    )
    pairs = {(line.contract, line.client) for line in lines.values()} | set(left.tuples())
    contracts, clients = {c for c, _ in pairs}, {c for _, c in pairs}
    every = packages.lines(Package.contract.in_(contracts) & Package.client.in_(clients))
    owners = dict(Contract.select(Contract.id, Contract.organisation).where(Contract.id.in_(contracts)).tuples())
    years = cycle_years({line.cycle for line in every.values()})
    wanted: dict[tuple[int, int, int], _Lines] = defaultdict(lambda: _Lines([], []))
    for line in sorted(every.values(), key=lambda one: one.plan.id):
        if (line.contract, line.client) in pairs:
            for year in sorted(years[line.cycle]):
                order, rows = wanted[line.contract, line.client, year], list(_rows(line, year))
                order.rows.extend(rows)
                order.said.extend((line.plan.id, *row[1:]) for row in rows)
    stored = {
        (o.contract_id, o.client_id, o.year): o
        for o in PurchaseOrder.select().where(PurchaseOrder.contract.in_(contracts) & PurchaseOrder.client.in_(clients))
        if (o.contract_id, o.client_id) in pairs
    }
    changed = {
        key: wanted[key]
        for key in {*wanted, *stored}
        if wanted[key].digest != (stored[key].digest if key in stored else "")
    }
    _write(changed, stored, owners)
    return len(changed)


def _rows(line: Line, year: int) -> Iterable[tuple]:
    """A package's lines in a year, in the order of SAYS."""
    for one in order_lines(line.plan, year):
        yield (
            line.id, line.service, line.level, one.first.isoformat(), one.last.isoformat(), one.quantity,
            line.plan.frequency, bool(line.plan.slots), one.unit_cost, one.discount, one.amount,
        )  # fmt: skip


def _write(changed: Mapping[tuple, _Lines], stored: Mapping[tuple, PurchaseOrder], owners: Mapping[int, int]) -> None:
    """Write orders whose lines have changed; what was never issued and holds nothing more goes."""
    touched = [stored[key].id for key in changed if key in stored]
    for at in range(0, len(touched), 500):
        OrderLine.delete().where((OrderLine.version == 0) & OrderLine.order.in_(touched[at : at + 500])).execute()
    empty = [
        o.id for key in changed if not changed[key].rows and (o := stored.get(key)) and not o.version and not o.spend
    ]
    if empty:
        PurchaseOrder.delete().where(PurchaseOrder.id.in_(empty)).execute()
    kept = {key: one for key, one in changed.items() if one.rows or (key in stored and stored[key].id not in empty)}
    columns = ["organisation", "contract", "client", "year", "value", "digest", *NEW]
    rows = [(owners[key[0]], *key, one.value, one.digest, *NEW.values()) for key, one in kept.items()]
    database.bulk_upsert(PurchaseOrder, columns, rows, KEY, update=["value", "digest"])
    ids = _ids(kept)
    added = [(ids[key], 0, *row) for key, one in kept.items() for row in one.rows]
    database.bulk_upsert(OrderLine, ["order", "version", *SAYS], added)


KEY = ["contract", "client", "year"]
NEW = {"spend": 0, "version": 0, "issued_value": 0, "issued_digest": ""}  # of an order that is made


def _ids(keys: Iterable[tuple[int, int, int]]) -> dict[tuple[int, int, int], int]:
    """The row ids of orders by contract, client and year."""
    contracts, clients = {k[0] for k in keys}, {k[1] for k in keys}
    if not contracts:
        return {}
    found = PurchaseOrder.select(PurchaseOrder.contract, PurchaseOrder.client, PurchaseOrder.year, PurchaseOrder.id)
    within = PurchaseOrder.contract.in_(contracts) & PurchaseOrder.client.in_(clients)
    return {tuple(key): ident for *key, ident in found.where(within).tuples()}


def paid(contract: Contract, period: PaymentPeriod) -> None:
    """Make the spend of a contract's orders what its finalised items say (rule 6.1), after a period is finalised.

    A client for whom something is corrected in a year without packages has an order of nothing with that spend. Runs
    inside the caller's transaction.
    """
    year = year_of(day(period.start_date))
    now = spend(contract, year)
    stored = {
        (client, year): amount
        for client, amount in PurchaseOrder.select(PurchaseOrder.client, PurchaseOrder.spend)
        .where((PurchaseOrder.contract == contract) & (PurchaseOrder.year == year))
        .tuples()
    }
    changed = {key: amount for key, amount in now.items() if stored.get(key, 0) != amount}
    columns = ["organisation", *KEY, "value", "digest", *NEW]
    new = NEW.copy()
    rows = []
    for (client, year), amount in changed.items():
        new["spend"] = amount
        rows.append((contract.organisation_id, contract.id, client, year, 0, "", *new.values()))
    database.bulk_upsert(PurchaseOrder, columns, rows, KEY, update=["spend"])


# issuing ---------------------------------------------------------------------------------------------------------------


def to_issue():
    """The condition of orders that are to be issued: not issued yet, or other ones than were issued."""
    first = (PurchaseOrder.version == 0) & (PurchaseOrder.digest != "")
    return first | ((PurchaseOrder.version > 0) & (PurchaseOrder.digest != PurchaseOrder.issued_digest))


def issue(order: PurchaseOrder, shown: str, reason: str, by: history.Actor) -> OrderVersion:
    """Issue an order as its packages stand; the version before stays as it was issued (S-08).

    `shown` is the digest of the lines that the person saw. Raises Refused: packages have changed since, nothing has
    changed since it was issued, or no reason is given for issuing it again.
    """
    with db.atomic():
        database.serialise(db, "settle")
        order = PurchaseOrder.get_by_id(order.id)
        if order.version and order.digest == order.issued_digest:
            last = OrderVersion.get((OrderVersion.order == order) & (OrderVersion.number == order.version))
            raise Refused(
                f"Nothing has changed since {last.by} issued version {last.number}, so there is nothing to issue."
            )
        if is_unsettled(order):
            raise Refused("Changes to the client's packages are still being worked out. Try again in a minute.")
        if not order.version and not order.digest:
            raise Refused("The order has no lines, so there is nothing to issue.")
        if order.digest != shown:
            raise Refused("The packages have changed since you looked. Nothing is issued yet: look at the lines again.")
        if order.version and not reason:
            raise Refused("Enter why it is issued again.")
        issue_several([order.id], reason, by)
        return OrderVersion.get((OrderVersion.order == order) & (OrderVersion.number == order.version + 1))


def is_unsettled(order: PurchaseOrder) -> bool:
    """A package of the order's client waits to be worked out."""
    mine = Package.select(Package.id).where(Package.client == order.client_id)
    return StalePackage.select().where(StalePackage.package.in_(mine)).exists()


def issue_several(idents: Sequence[int], reason: str, by: history.Actor) -> int:
    """Issue those of these orders that are to be issued, as they stand; returns how many. In the caller's transaction."""
    database.serialise(db, "settle")
    orders = list(PurchaseOrder.select().where(PurchaseOrder.id.in_(list(idents)) & to_issue()))
    if not orders:
        return 0
    now = utc_now()
    database.bulk_upsert(
        OrderVersion,
        ["order", "number", "at", "user", "by", "reason", "value"],
        [(o.id, o.version + 1, str(now), by.user_id, by.name, reason[:MOST_REASON], o.value) for o in orders],
    )
    mine = [o.id for o in orders]
    said = [getattr(OrderLine, name) for name in SAYS]
    OrderLine.insert_from(
        OrderLine.select(OrderLine.order, PurchaseOrder.version + 1, *said)
        .join(PurchaseOrder)
        .where((OrderLine.version == 0) & PurchaseOrder.id.in_(mine))
        .order_by(OrderLine.id),
        [OrderLine.order, OrderLine.version, *said],
    ).execute()
    PurchaseOrder.update(
        version=PurchaseOrder.version + 1,
        issued_at=now,
        issued_value=PurchaseOrder.value,
        issued_digest=PurchaseOrder.digest,
    ).where(PurchaseOrder.id.in_(mine)).execute()
    history.record_many(
        by,
        [
            history.Entry(
                "Issued" if not o.version else "Issued again",
                "purchase_order",
                o.id,
                {"version": o.version, "issued_value": o.issued_value} if o.version else {},
                {"version": o.version + 1, "issued_value": o.value, "reason": reason},
                o.organisation_id,
            )
            for o in orders
        ],
    )
    return len(orders)
