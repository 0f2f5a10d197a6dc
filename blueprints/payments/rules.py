"""What is due, what is listed in each period, and why (rules 7.2 to 7.5). What finalising writes is in paying.py."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from peewee import JOIN, fn

import database
from blueprints.actuals import rules as actuals
from blueprints.actuals.sums import ActualFigures
from blueprints.packages import rules as packages
from blueprints.packages.plan import Plan
from blueprints.packages.rules import Line, day
from blueprints.payments import as_paid, sums
from blueprints.prepared import blank, kept
from models import (
    Claim,
    ClaimItem,
    ClaimState,
    Client,
    Contract,
    Due,
    Finalisation,
    Hold,
    ItemKind,
    ItemState,
    ManualAdjustment,
    Package,
    PaymentBasis,
    PaymentItem,
    PaymentPeriod,
)

AMOUNTS = ["quantity", "unit_cost", "cost", "vat", "contribution"]
PAID = ["paid_cost", "paid_vat", "paid_contribution"]
FEW = 20  # rows that are changed one by one: on PostgreSQL many go through a table of their own
UPDATE = (
    f"UPDATE due SET contract_id = ?, {', '.join(f'{name} = ?' for name in AMOUNTS)} WHERE package_id = ? AND week = ?"
)


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
    adjustment: int | None = None  # the manual adjustment that it is
    claim: int | None = None  # the item of an accepted claim that it is

    @property
    def is_payable(self) -> bool:
        """Counts in the period's total."""
        return self.state == ItemState.PAYABLE

    @property
    def key(self) -> Key | None:
        """What a hold on it is kept by; None for what is not held (rule 7.5)."""
        if self.adjustment:
            return Key(None, None, ItemKind.MANUAL, self.adjustment)
        if self.package is None:
            return None
        kind = ItemKind.CONTRIBUTION if self.kind == ItemKind.CONTRIBUTION else ItemKind.COST
        return Key(self.package, self.week, str(kind), None)


class Key(NamedTuple):
    """What a hold is kept by: package, week and kind (an adjustment of a week is of its kind cost), or the manual
    adjustment that it is (rule 7.5)."""

    package: int | None
    week: dt.date | None
    kind: str
    adjustment: int | None

    @property
    def text(self) -> str:
        """As a form carries it: `12-2026-09-07-cost`, `manual-3`."""
        return f"manual-{self.adjustment}" if self.adjustment else f"{self.package}-{self.week}-{self.kind}"


class Held(NamedTuple):
    """A hold as the lists of items see it; pence of what the last finalisation held back."""

    id: int
    state: str
    reason: str
    version: int
    finalisation: int | None
    amount: int
    vat: int
    is_released: bool
    release_reason: str

    @property
    def is_listed(self) -> bool:
        """Suspended and listed in a finalised period: it is not raised again until it is released."""
        return self.state == ItemState.SUSPENDED and self.finalisation is not None and not self.is_released

    @property
    def note(self) -> str:
        """Why, in the words that both sides read."""
        if not self.is_released:
            return self.reason
        if self.state == ItemState.CARRIED:
            return f"Carried forward: {self.reason}"
        return f"Was suspended: {self.reason}. Released{': ' + self.release_reason if self.release_reason else ''}"


# what is due -----------------------------------------------------------------------------------------------------------


def cycle_weeks(cycles: Iterable[int] | None = None) -> dict[int, tuple[dt.date, dt.date]]:
    """First and last Monday that each cycle's periods hold; weeks before are never paid (rule 7.1)."""
    wanted = None if cycles is None else list(cycles)
    if wanted is not None and len(wanted) == 1:
        rows = _periods_of_one().run(cycle=wanted[0])
    else:
        rows = _periods() if wanted is None else _periods().where(PaymentPeriod.cycle.in_(wanted))
    spans: dict[int, tuple[dt.date, dt.date]] = {}
    for cycle, start, end in rows:
        start, end = day(start), day(end)
        first = start + dt.timedelta(-start.weekday() % 7)
        last = end - dt.timedelta(end.weekday())
        known = spans.get(cycle, (first, last))
        spans[cycle] = (min(known[0], first), max(known[1], last))
    return spans


@kept
def _periods_of_one():
    return _periods().where(PaymentPeriod.cycle == blank("cycle"))


def _periods():
    return PaymentPeriod.select(PaymentPeriod.cycle, PaymentPeriod.start_date, PaymentPeriod.end_date).tuples()


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
    idents = {package for package, _ in found}
    if len(idents) == 1:  # a row that somebody saves
        first, last = min(weeks).isoformat(), max(weeks).isoformat()
        known = _stored_of_one().run(package=next(iter(idents)), first=first, last=last)
    else:
        known = _stored(Due.package.in_(idents) & Due.week.between(min(weeks), max(weeks)))
    stored = {(package, day(week)): tuple(rest) for package, week, *rest in known}
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
    return database.rows(_all_stored().where(condition))


@kept
def _stored_of_one():
    return _all_stored().where((Due.package == blank("package")) & Due.week.between(blank("first"), blank("last")))


def _all_stored():
    return Due.select(Due.package, Due.week, Due.contract, *(getattr(Due, name) for name in AMOUNTS + PAID))


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
    if added:
        database.bulk_upsert(Due, names, ((*row, 0, 0, 0) for row in added))
    if len(changed) > FEW:
        rows = [(*row, 0, 0, 0) for row in changed]
        database.bulk_upsert(Due, names, rows, key=["package", "week"], update=["contract", *AMOUNTS])
    elif changed:
        database.execute_many(Due, UPDATE, ((*rest, package, week) for package, week, *rest in changed))
    if gone:
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
    held = holds_of(contract)
    listed = list(own_items(contract, period, held))
    oldest = state.oldest_current
    if oldest is not None and oldest.id == period.id:
        listed += adjustments(contract, period, held)
        listed += manual_items(contract, period, held)
        listed += claim_items(contract, period)
    return sorted(listed, key=in_order)


def in_order(item: Item):
    """By package, week, kind; manual adjustments and claims as they were entered."""
    return (item.cpli_id or 0, item.week, item.kind, item.adjustment or item.claim or 0)


def holds_of(contract: Contract) -> dict[Key, Held]:
    """The holds on a contract's packages and manual adjustments, and those released but not paid yet (rule 7.5)."""
    rows = (
        Hold.select(
            Hold.package, Hold.week, Hold.kind, Hold.adjustment, Hold.id, Hold.state, Hold.reason, Hold.version,
            Hold.finalisation, Hold.amount, Hold.vat, Hold.released_at, Hold.release_reason,
        )
        .join(Package, JOIN.LEFT_OUTER).switch(Hold).join(ManualAdjustment, JOIN.LEFT_OUTER)
        .where((Package.contract == contract) | (ManualAdjustment.contract == contract)).tuples()
    )  # fmt: skip
    return {
        Key(package, day(week), kind, adjustment): Held._make((*facts, released is not None, why))
        for package, week, kind, adjustment, *facts, released, why in rows
    }


def finalised_items(condition) -> list[Item]:
    """Finalised items of a condition, in order."""
    rows = (
        PaymentItem.select(
            PaymentItem.contract, Finalisation.period, PaymentItem.package, Package.cpli_id,
            fn.COALESCE(Package.client, ManualAdjustment.client, ClaimItem.client),
            fn.COALESCE(Package.service, Claim.service), fn.COALESCE(Package.level, ClaimItem.level), PaymentItem.week,
            PaymentItem.kind, PaymentItem.reason, PaymentItem.quantity, PaymentItem.unit_cost, PaymentItem.amount,
            PaymentItem.vat, PaymentItem.state, PaymentItem.note, PaymentItem.adjustment, PaymentItem.claim,
        )
        .join(Finalisation).switch(PaymentItem).join(Package, JOIN.LEFT_OUTER)
        .switch(PaymentItem).join(ManualAdjustment, JOIN.LEFT_OUTER)
        .switch(PaymentItem).join(ClaimItem, JOIN.LEFT_OUTER, on=(PaymentItem.claim == ClaimItem.id))
        .join(Claim, JOIN.LEFT_OUTER)
        .where(condition)
        .order_by(Package.cpli_id, PaymentItem.week, PaymentItem.kind, PaymentItem.adjustment, PaymentItem.claim, PaymentItem.id).tuples()
    )  # fmt: skip
    return [Item._make((*row[:7], day(row[7]), *row[8:])) for row in database.rows(rows)]


def _dues(condition):
    """Rows of Due with their package's ids."""
    return (
        Due.select(
            Due.package, Package.cpli_id, Package.client, Package.service, Package.level, Due.week,
            *(getattr(Due, name) for name in AMOUNTS + PAID),
        )
        .join(Package, on=(Due.package == Package.id))
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
    held = holds_of(contract)
    for item in (
        *adjustments(contract, oldest, held),
        *manual_items(contract, oldest, held),
        *claim_items(contract, oldest),
    ):
        yield oldest, item
    for item in own_items(contract, oldest, held, until=state.periods[-1].end_date):
        period = state.of_week(item.week)
        yield period, item._replace(period=period.id)


def own_items(
    contract: Contract, period: PaymentPeriod, held: Mapping[Key, Held], until: dt.date | None = None
) -> Iterator[Item]:
    """A current period's own weeks: what is due less what has been paid (rule 7.3); `until` takes later weeks too."""
    condition = (Due.contract == contract) & Due.week.between(period.start_date, until or period.end_date)
    for (package, cpli, client, service, level, week, quantity, unit_cost, cost, vat, contribution,
         paid_cost, paid_vat, paid_contribution) in database.rows(_dues(condition)):  # fmt: skip
        who = (contract.id, period.id, package, cpli, client, service, level, day(week))
        if cost - paid_cost or vat - paid_vat:
            item = Item(*who, ItemKind.COST, "", quantity, unit_cost, cost - paid_cost, vat - paid_vat, "")
            yield as_held(item, held)
        if contribution - paid_contribution:
            yield as_held(
                Item(*who, ItemKind.CONTRIBUTION, "", None, None, contribution - paid_contribution, 0, ""), held
            )


def as_held(item: Item, held: Mapping[Key, Held]) -> Item:
    """The item in the state that a hold gives it, payable without one, with the hold's reason (rule 7.5).

    What comes back just as it was held back changed for no reason of rule 7.3: it says that it was held.
    """
    hold = held.get(item.key)
    if hold is None:
        return item._replace(state=ItemState.PAYABLE)
    if not hold.is_released:
        return item._replace(state=hold.state, note=hold.note)
    reason = item.reason
    if (item.amount, item.vat) == (hold.amount, hold.vat) and item.kind != ItemKind.MANUAL:
        reason = sums.CARRIED_FORWARD if hold.state == ItemState.CARRIED else sums.RELEASED
    note = f"{item.note} ({hold.note})" if item.note else hold.note
    return item._replace(state=ItemState.PAYABLE, reason=reason, note=note)


def adjustments(contract: Contract, period: PaymentPeriod, held: Mapping[Key, Held]) -> list[Item]:
    """Differences in weeks of finalised periods, each with its reason (rule 7.3); in the oldest current period only.

    What is suspended and was listed in a finalised period stays there and is not raised again (rule 7.5).
    """
    rows = database.rows(
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
    before = as_paid.plans(idents)
    made = []
    for (package, cpli, client, service, level, week, _, _, cost, vat, contribution,
         paid_cost, paid_vat, paid_contribution) in rows:  # fmt: skip
        who = (contract.id, period.id, package, cpli, client, service, level, day(week))
        reason = why_changed(before.get(package), now[package].plan, day(week))
        if cost - paid_cost or vat - paid_vat:
            made.append(Item(*who, ItemKind.ADJUSTMENT, reason, None, None, cost - paid_cost, vat - paid_vat, ""))
        if contribution - paid_contribution:
            amount = contribution - paid_contribution
            made.append(Item(*who, ItemKind.CONTRIBUTION, reason, None, None, amount, 0, ""))
    return [as_held(item, held) for item in made if not (item.key in held and held[item.key].is_listed)]


def manual_items(contract: Contract, period: PaymentPeriod, held: Mapping[Key, Held]) -> list[Item]:
    """The manual adjustments that no finalisation has settled, in the contract's oldest current period (rule 7.4)."""
    waiting = (ManualAdjustment.contract == contract) & ManualAdjustment.finalisation.is_null()
    query = ManualAdjustment.select(ManualAdjustment, Contract).join(Contract).where(waiting)
    made = []
    for row in query.order_by(ManualAdjustment.id):
        item = Item(
            contract.id, period.id, None, None, row.client_id, None, None, first_monday(period), ItemKind.MANUAL,
            row.reason, None, None, row.amount, sums.vat_on(row.amount, row.contract.vat_rate if row.with_vat else 0), "",
            row.note, row.id,
        )  # fmt: skip
        hold = held.get(item.key)
        if hold is None or hold.is_released:
            made.append(as_held(item, held))
        elif not hold.is_listed:
            made.append(item._replace(state=hold.state, note=f"{row.note} ({hold.note})"))
    return made


def unpaid_claims():
    """The items of accepted claims that no finalisation has paid; none under a contract paid by invoice (rules 7.2, 7.4)."""
    paid = PaymentItem.select(PaymentItem.id).where(PaymentItem.claim == ClaimItem.id)
    return (
        (Claim.state == ClaimState.ACCEPTED)
        & (ClaimItem.amount > 0)
        & (Contract.payment_basis != PaymentBasis.INVOICE)
        & ~fn.EXISTS(paid)
    )


def claim_items(contract: Contract, period: PaymentPeriod) -> list[Item]:
    """What accepted claims pay, until a finalisation has paid it: in the contract's oldest current period (rule 7.4)."""
    rows = (
        ClaimItem.select(ClaimItem.id, ClaimItem.client, ClaimItem.level, ClaimItem.amount, Claim.service, Claim.claimed_on)
        .join(Claim).switch(ClaimItem).join(Contract)
        .where((ClaimItem.contract == contract) & unpaid_claims()).order_by(ClaimItem.id).tuples()
    )  # fmt: skip
    return [
        Item(
            contract.id, period.id, None, None, client, service, level, first_monday(period), ItemKind.CLAIM, "", None,
            None, amount, sums.vat_on(amount, contract.vat_rate), ItemState.PAYABLE, f"Claim of {day(on):%d/%m/%Y}",
            claim=ident,
        )
        for ident, client, level, amount, service, on in rows
    ]  # fmt: skip


def first_monday(period: PaymentPeriod) -> dt.date:
    """The first Monday that a period holds: the week that its manual adjustments are listed under."""
    start = day(period.start_date)
    return start + dt.timedelta(-start.weekday() % 7)


def why_changed(before: Plan | None, now: Plan, week: dt.date) -> str:
    """The reason of an adjustment, judged against what held when the contract was last finalised (rule 7.3)."""
    if before is not None and before._replace(unit_cost=now.unit_cost, rates=now.rates) == now:
        return sums.reason_of_rates(before, now, week)  # the same to say, in a third of the time
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


def client_names(listed: Iterable[Item]) -> dict[int, Client]:
    """The clients of items, by id."""
    idents = {i.client for i in listed if i.client}
    return {c.id: c for c in Client.select().where(Client.id.in_(list(idents)))} if idents else {}
