"""What is due, what is listed in each period, and why (rules 7.2 to 7.5)."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from peewee import JOIN

import database
from blueprints.actuals import rules as actuals
from blueprints.actuals.sums import ActualFigures
from blueprints.packages import rules as packages
from blueprints.packages.plan import Plan, Slot
from blueprints.packages.rules import Line, day
from blueprints.payments import sums
from blueprints.prepared import Statement
from models import (
    Client,
    Contract,
    Due,
    Finalisation,
    Hold,
    ItemKind,
    ItemState,
    Package,
    PackageAsPaid,
    PaymentItem,
    PaymentPeriod,
    db,
)

AMOUNTS = ["quantity", "unit_cost", "cost", "vat", "contribution"]
PAID = ["paid_cost", "paid_vat", "paid_contribution"]


class Item(NamedTuple):
    """A payment item of a current or finalised period; amounts in pence, quantity in hundredths."""

    contract: int
    period: int
    package: int | None
    cpli_id: int | None
    client: int | None
    service: int | None
    level: int | None
    week: dt.date
    kind: str
    reason: str
    quantity: int | None
    unit_cost: int | None
    amount: int
    vat: int
    state: str
    note: str = ""

    @property
    def is_payable(self) -> bool:
        """Counts in the period's total."""
        return self.state == ItemState.PAYABLE


# what is due -----------------------------------------------------------------------------------------------------------


def cycle_weeks(cycles: Iterable[int] | None = None) -> dict[int, tuple[dt.date, dt.date]]:
    """First and last Monday that each cycle's periods hold; weeks before are never paid (rule 7.1)."""
    query = PaymentPeriod.select(PaymentPeriod.cycle, PaymentPeriod.start_date, PaymentPeriod.end_date)
    if cycles is not None:
        query = query.where(PaymentPeriod.cycle.in_(list(cycles)))
    spans: dict[int, tuple[dt.date, dt.date]] = {}
    for cycle, start, end in query.tuples():
        start, end = day(start), day(end)
        first = start + dt.timedelta(-start.weekday() % 7)
        last = end - dt.timedelta(end.weekday())
        known = spans.get(cycle, (first, last))
        spans[cycle] = (min(known[0], first), max(known[1], last))
    return spans


def work_out(lines: Mapping[int, Line]) -> int:
    """Work out what is due for these packages in every week of their cycles; returns how many rows changed.

    Safe to repeat: it makes the table say what the packages, actuals and periods say (rules 7.2, 7.4).
    """
    if not lines:
        return 0
    spans = cycle_weeks({line.cycle for line in lines.values()})
    figures = actuals.figures_of(lines)
    stored: dict[int, dict] = defaultdict(dict)
    for package, week, contract, *rest in _stored(Due.package.in_(list(lines))):
        stored[package][day(week)] = (contract, *rest)
    added: list[tuple] = []
    changed: list[tuple] = []
    gone: list[tuple] = []
    for ident, line in lines.items():
        before = stored.get(ident, {})
        span = spans.get(line.cycle)
        if span:
            for week, due in sums.weeks_due(line.plan, *span, figures[ident]):
                new = _row(line, week, due)
                old = before.pop(week, None)
                if new is not None and old is None:
                    added.append(new)
                elif new is not None and old[:6] != new[2:]:
                    changed.append(new)
                elif new is None and old is not None:
                    _drop(line, week, old, changed, gone)
        for week, old in before.items():
            _drop(line, week, old, changed, gone)
    _write(added, changed, gone)
    return len(added) + len(changed) + len(gone)


def work_out_weeks(lines: Mapping[int, Line], found: Mapping[tuple[int, dt.date], ActualFigures | None]) -> int:
    """Work out what is due for single weeks whose actuals have just been fed; returns how many rows changed."""
    if not found:
        return 0
    spans = cycle_weeks({line.cycle for line in lines.values()})
    weeks = [week for _, week in found]
    condition = Due.package.in_({p for p, _ in found}) & Due.week.between(min(weeks), max(weeks))
    stored = {(package, day(week)): tuple(rest) for package, week, *rest in _stored(condition)}
    added: list[tuple] = []
    changed: list[tuple] = []
    gone: list[tuple] = []
    for (package, week), figures in found.items():
        line = lines[package]
        span = spans.get(line.cycle)
        if not span or not span[0] <= week <= span[1]:
            continue
        old = stored.get((package, week))
        new = _row(line, week, sums.due(line.plan, week, figures))
        if new is not None and old is None:
            added.append(new)
        elif new is not None and old[:6] != new[2:]:
            changed.append(new)
        elif new is None and old is not None:
            _drop(line, week, old, changed, gone)
    _write(added, changed, gone)
    return len(added) + len(changed) + len(gone)


def _stored(condition):
    columns = (getattr(Due, name) for name in AMOUNTS + PAID)
    return Statement(Due.select(Due.package, Due.week, Due.contract, *columns).where(condition)).run()


def _row(line: Line, week: dt.date, due: sums.Due) -> tuple | None:
    """The row of Due, or None where nothing is due."""
    if not due.cost and not due.contribution:
        return None
    return (line.id, week, line.contract, due.quantity, due.unit_cost or 0, due.cost, due.vat, due.contribution)


def _drop(line: Line, week: dt.date, old: tuple, changed: list, gone: list) -> None:
    """Nothing is due any more: the row goes, unless something was paid that is to be taken back."""
    if any(old[6:]):
        new = (line.id, week, line.contract, 0, 0, 0, 0, 0)
        if old[:6] != new[2:]:
            changed.append(new)
    else:
        gone.append((line.id, week.isoformat()))


def _write(added: list[tuple], changed: list[tuple], gone: list[tuple]) -> None:
    """Rows that are new, that differ, and that go; nobody else writes here meanwhile (consequences.settle)."""
    names = ["package", "week", "contract", *AMOUNTS, *PAID]
    database.bulk_upsert(Due, names, ((*row, 0, 0, 0) for row in added))
    rows = [(*row, 0, 0, 0) for row in changed]
    database.bulk_upsert(Due, names, rows, key=["package", "week"], update=["contract", *AMOUNTS])
    database.execute_many(Due, "DELETE FROM due WHERE package_id = ? AND week = ?", gone)


# what a period lists ---------------------------------------------------------------------------------------------------


class State(NamedTuple):
    """A contract's periods: all of its cycle in order, and which are finalised."""

    periods: list[PaymentPeriod]
    finalised: dict[int, Finalisation]

    @property
    def oldest_current(self) -> PaymentPeriod | None:
        """The first period that is not finalised: adjustments stand in it (rule 7.3)."""
        return next((p for p in self.periods if p.id not in self.finalised), None)

    def of_week(self, week: dt.date) -> PaymentPeriod | None:
        """The period that holds a Monday (rule 7.1)."""
        return next((p for p in self.periods if p.start_date <= week <= p.end_date), None)


def states(contracts: Iterable[Contract]) -> dict[int, State]:
    """The periods of each contract, by two queries."""
    contracts = list(contracts)
    by_cycle: dict[int, list[PaymentPeriod]] = defaultdict(list)
    for period in (
        PaymentPeriod.select()
        .where(PaymentPeriod.cycle.in_({c.cycle_id for c in contracts}))
        .order_by(PaymentPeriod.start_date)
    ):
        by_cycle[period.cycle_id].append(period)
    done: dict[int, dict[int, Finalisation]] = defaultdict(dict)
    for row in Finalisation.select().where(Finalisation.contract.in_([c.id for c in contracts])):
        done[row.contract_id][row.period_id] = row
    return {c.id: State(by_cycle[c.cycle_id], done[c.id]) for c in contracts}


def items(contract: Contract, period: PaymentPeriod, state: State | None = None) -> list[Item]:
    """The payment items of one contract's period: as finalised, or as they stand now (rules 7.3 to 7.5)."""
    state = state or states([contract])[contract.id]
    if period.id in state.finalised:
        return finalised_items(PaymentItem.finalisation == state.finalised[period.id])
    listed = list(own_items(contract, period))
    oldest = state.oldest_current
    if oldest is not None and oldest.id == period.id:
        listed += adjustments(contract, period)
    return sorted(listed, key=in_order)


def in_order(item: Item):
    """By package, week, kind."""
    return (item.cpli_id or 0, item.week, item.kind)


def finalised_items(condition) -> list[Item]:
    """Finalised items of a condition, in order."""
    rows = (
        PaymentItem.select(
            PaymentItem.contract, Finalisation.period, PaymentItem.package, Package.cpli_id, Package.client,
            Package.service, Package.level, PaymentItem.week, PaymentItem.kind, PaymentItem.reason,
            PaymentItem.quantity, PaymentItem.unit_cost, PaymentItem.amount, PaymentItem.vat, PaymentItem.state,
            PaymentItem.note,
        )
        .join(Finalisation).switch(PaymentItem).join(Package, JOIN.LEFT_OUTER)
        .where(condition).order_by(Package.cpli_id, PaymentItem.week, PaymentItem.kind).tuples()
    )  # fmt: skip
    return [Item._make((*row[:7], day(row[7]), *row[8:])) for row in rows]


def _dues(condition):
    """Rows of Due with their package's ids and holds."""
    cost_hold, own_hold = Hold.alias("ch"), Hold.alias("oh")
    return (
        Due.select(
            Due.package, Package.cpli_id, Package.client, Package.service, Package.level, Due.week,
            *(getattr(Due, name) for name in AMOUNTS + PAID),
            cost_hold.state, own_hold.state, cost_hold.reason, own_hold.reason,
        )
        .join(Package, on=(Due.package == Package.id))
        .join(cost_hold, JOIN.LEFT_OUTER, on=(
            (cost_hold.package == Due.package) & (cost_hold.week == Due.week) & (cost_hold.kind == "cost")))
        .join(own_hold, JOIN.LEFT_OUTER, on=(
            (own_hold.package == Due.package) & (own_hold.week == Due.week) & (own_hold.kind == "contribution")))
        .where(condition).tuples()
    )  # fmt: skip


def every_item(contract: Contract, state: State) -> Iterator[tuple[PaymentPeriod, Item]]:
    """The items of all of a contract's periods, finalised, current and to come, each with its period."""
    by_id = {p.id: p for p in state.periods}
    if state.finalised:
        for item in finalised_items(PaymentItem.contract == contract):
            yield by_id[item.period], item
    oldest = state.oldest_current
    if oldest is None:
        return
    for item in adjustments(contract, oldest):
        yield oldest, item
    for item in own_items(contract, oldest, until=state.periods[-1].end_date):
        period = state.of_week(item.week)
        yield period, item._replace(period=period.id)


def own_items(contract: Contract, period: PaymentPeriod, until: dt.date | None = None) -> Iterator[Item]:
    """A current period's own weeks: what is due less what has been paid (rule 7.3); `until` takes later weeks too."""
    condition = (Due.contract == contract) & Due.week.between(period.start_date, until or period.end_date)
    for (package, cpli, client, service, level, week, quantity, unit_cost, cost, vat, contribution,
         paid_cost, paid_vat, paid_contribution, held, own_held, why, own_why) in _dues(condition):  # fmt: skip
        who = (contract.id, period.id, package, cpli, client, service, level, day(week))
        if cost - paid_cost or vat - paid_vat:
            yield Item(
                *who,
                ItemKind.COST,
                "",
                quantity,
                unit_cost,
                cost - paid_cost,
                vat - paid_vat,
                held or ItemState.PAYABLE,
                why or "",
            )
        if contribution - paid_contribution:
            yield Item(
                *who,
                ItemKind.CONTRIBUTION,
                "",
                None,
                None,
                contribution - paid_contribution,
                0,
                own_held or ItemState.PAYABLE,
                own_why or "",
            )


def adjustments(contract: Contract, period: PaymentPeriod) -> list[Item]:
    """Differences in weeks of finalised periods, each with its reason (rule 7.3); in the oldest current period only."""
    rows = list(
        _dues(
            (Due.contract == contract)
            & (Due.week < period.start_date)
            & ((Due.cost != Due.paid_cost) | (Due.vat != Due.paid_vat) | (Due.contribution != Due.paid_contribution))
        )
    )
    if not rows:
        return []
    idents = {row[0] for row in rows}
    now = packages.lines(Package.id.in_(list(idents)))
    before = {
        ident: thaw(text)
        for ident, text in PackageAsPaid.select(PackageAsPaid.package, PackageAsPaid.plan)
        .where(PackageAsPaid.package.in_(list(idents)))
        .tuples()
    }
    made = []
    for (package, cpli, client, service, level, week, _, _, cost, vat, contribution,
         paid_cost, paid_vat, paid_contribution, held, own_held, why, own_why) in rows:  # fmt: skip
        week = day(week)
        who = (contract.id, period.id, package, cpli, client, service, level, week)
        reason = why_changed(before.get(package), now[package].plan, week)
        # A suspended item stays in the period that was finalised with it; it is not raised again (rule 7.5).
        if (cost - paid_cost or vat - paid_vat) and held != ItemState.SUSPENDED:
            made.append(
                Item(
                    *who,
                    ItemKind.ADJUSTMENT,
                    reason,
                    None,
                    None,
                    cost - paid_cost,
                    vat - paid_vat,
                    held or ItemState.PAYABLE,
                    why or "",
                )
            )
        if contribution - paid_contribution and own_held != ItemState.SUSPENDED:
            made.append(
                Item(
                    *who,
                    ItemKind.CONTRIBUTION,
                    reason,
                    None,
                    None,
                    contribution - paid_contribution,
                    0,
                    own_held or ItemState.PAYABLE,
                    own_why or "",
                )
            )
    return made


def why_changed(before: Plan | None, now: Plan, week: dt.date) -> str:
    """The reason of an adjustment, judged against what held when the contract was last finalised (rule 7.3)."""
    return sums.reason(sums.basis(before, week) if before else None, sums.basis(now, week), now.entry)


def totals(listed: Iterable[Item]) -> dict[str, int]:
    """Payable, VAT, total and non-payable pence of items."""
    listed = list(listed)
    payable = [i for i in listed if i.is_payable]
    amount, vat = sum(i.amount for i in payable), sum(i.vat for i in payable)
    held = sum(i.amount + i.vat for i in listed if not i.is_payable)
    return {"amount": amount, "vat": vat, "total": amount + vat, "non_payable": held}


def kept_sums(listed: Iterable[Item]) -> dict[str, int]:
    """The sums that a finalisation keeps: pence payable, VAT and non-payable; how many lines, and adjustments."""
    listed = list(listed)
    sums = totals(listed)
    del sums["total"]
    reasoned = sum(1 for i in listed if is_adjustment(i))
    return {**sums, "lines": len(listed), "adjustments": reasoned}


def is_adjustment(item: Item) -> bool:
    """Corrects a week of a finalised period; differences of contributions too (rules 7.3, 7.4)."""
    return item.kind == ItemKind.ADJUSTMENT or bool(item.reason and item.kind == ItemKind.CONTRIBUTION)


def totals_by_contract(period_of: Mapping[int, PaymentPeriod]) -> dict[int, dict[str, int]]:
    """Totals of a period for each contract."""
    found = {c.id: c for c in Contract.select().where(Contract.id.in_(list(period_of)))}
    known = states(found.values())
    return {ident: totals(items(found[ident], period, known[ident])) for ident, period in period_of.items()}


# the package as it was paid --------------------------------------------------------------------------------------------


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


def client_names(listed: Iterable[Item]) -> dict[int, Client]:
    """The clients of items, by id."""
    idents = {i.client for i in listed if i.client}
    return {c.id: c for c in Client.select().where(Client.id.in_(list(idents)))} if idents else {}


def keep_as_paid(contract: Contract) -> None:
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


def pay(finalisation: Finalisation, listed: list[Item]) -> None:
    """Write a finalised period's items and count what is payable or cancelled as paid (rules 7.3, 7.5)."""
    contract = finalisation.contract
    columns = [
        "finalisation",
        "contract",
        "organisation",
        "package",
        "week",
        "kind",
        "reason",
        "quantity",
        "unit_cost",
        "amount",
        "vat",
        "state",
        "note",
    ]
    database.bulk_upsert(
        PaymentItem,
        columns,
        [
            (finalisation.id, contract.id, contract.organisation_id, i.package, i.week, str(i.kind), i.reason, i.quantity,
             i.unit_cost, i.amount, i.vat, str(i.state), i.note)
            for i in listed
        ],
    )  # fmt: skip
    counted = [i for i in listed if i.package and i.state in (ItemState.PAYABLE, ItemState.CANCELLED)]
    cost = [(i.amount, i.vat, i.package, i.week.isoformat()) for i in counted if i.kind != ItemKind.CONTRIBUTION]
    own = [(i.amount, i.package, i.week.isoformat()) for i in counted if i.kind == ItemKind.CONTRIBUTION]
    database.execute_many(
        Due, "UPDATE due SET paid_cost = paid_cost + ?, paid_vat = paid_vat + ? WHERE package_id = ? AND week = ?", cost
    )
    database.execute_many(
        Due, "UPDATE due SET paid_contribution = paid_contribution + ? WHERE package_id = ? AND week = ?", own
    )
    Hold.delete().where(
        (Hold.state == ItemState.CARRIED)
        & Hold.package.in_(Package.select(Package.id).where(Package.contract == contract))
        & (Hold.week <= finalisation.period.end_date)
    ).execute()
    database.sql(
        db,
        "DELETE FROM due WHERE contract_id = ? AND cost = 0 AND vat = 0 AND contribution = 0 "
        "AND paid_cost = 0 AND paid_vat = 0 AND paid_contribution = 0",
        (contract.id,),
    )
