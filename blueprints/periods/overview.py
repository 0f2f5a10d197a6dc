"""What periods come to: figures of many contracts and periods by a few grouped queries (rules 7.1 to 7.5).

The same sums as `payments.totals(payments.items(…))`, which goes line by line; a test holds the two together.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from peewee import JOIN, fn

import database
from blueprints.money import half_up
from blueprints.packages.rules import day
from blueprints.payments.rules import unpaid_claims
from blueprints.payments.sums import vat_on
from models import (
    Claim,
    ClaimItem,
    Contract,
    Finalisation,
    Hold,
    ItemState,
    ManualAdjustment,
    Organisation,
    Package,
    PaymentCycle,
    PaymentPeriod,
    StaleGroup,
    StalePackage,
    db,
)


class Sums(NamedTuple):
    """Pence payable without VAT, VAT, and not payable; how many lines, and adjustments among them."""

    amount: int = 0
    vat: int = 0
    non_payable: int = 0
    lines: int = 0
    adjustments: int = 0

    @property
    def total(self) -> int:
        """Payable with VAT, in pence."""
        return self.amount + self.vat

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(a + b for a, b in zip(self, other, strict=True)))


NOTHING = Sums()


class Party(NamedTuple):
    """A contract as the lists of periods name it."""

    id: int
    ref: str
    name: str
    organisation: str
    organisation_id: int
    cycle: int
    is_invoiced: bool


class Done(NamedTuple):
    """A finalisation: who, when, and its sums."""

    by: str
    at: dt.datetime
    sums: Sums


class Book:
    """Contracts, periods and what is finalised of one cycle or of all, read by three queries."""

    def __init__(self, cycle: int | None = None):
        contracts = Contract.select(
            Contract.id, Contract.ref, Contract.name, Organisation.name, Contract.organisation, Contract.cycle,
            Contract.payment_basis == "invoice",
        ).join(Organisation)  # fmt: skip
        periods = PaymentPeriod.select().order_by(PaymentPeriod.start_date)
        done = Finalisation.select(
            Finalisation.contract, Finalisation.period, Finalisation.by, Finalisation.at, Finalisation.amount,
            Finalisation.vat, Finalisation.non_payable, Finalisation.lines, Finalisation.adjustments,
        )  # fmt: skip
        if cycle is not None:
            contracts = contracts.where(Contract.cycle == cycle)
            periods = periods.where(PaymentPeriod.cycle == cycle)
            done = done.join(PaymentPeriod).where(PaymentPeriod.cycle == cycle)
        rows = contracts.order_by(Organisation.name, Contract.name, Contract.id).tuples()
        self.contracts = {row[0]: Party(*row[:6], bool(row[6])) for row in rows}
        self.of_cycle: dict[int, list[Party]] = defaultdict(list)
        for party in self.contracts.values():
            self.of_cycle[party.cycle].append(party)
        self.periods: dict[int, list[PaymentPeriod]] = defaultdict(list)
        for period in periods:
            self.periods[period.cycle_id].append(period)
        self.done: dict[tuple[int, int], Done] = {
            (contract, period): Done(by, at, Sums(*sums)) for contract, period, by, at, *sums in done.tuples()
        }

    def parties(self, period: PaymentPeriod) -> list[Party]:
        """The contracts that a period is for: those of its cycle that the portal pays, and whoever it was finalised for.

        Under a contract paid by invoice nothing is due (rule 7.2): a period does not wait for it.
        """
        return [p for p in self.of_cycle[period.cycle_id] if not p.is_invoiced or self.is_done(p.id, period)]

    def is_done(self, contract: int, period: PaymentPeriod) -> bool:
        """Finalised for the contract."""
        return (contract, period.id) in self.done

    def previous(self, period: PaymentPeriod) -> PaymentPeriod | None:
        """The period before, of the same cycle."""
        earlier = [p for p in self.periods[period.cycle_id] if p.start_date < period.start_date]
        return earlier[-1] if earlier else None

    def oldest(self, contract: int) -> PaymentPeriod | None:
        """The contract's oldest current period, in which adjustments stand (rule 7.3)."""
        periods = self.periods[self.contracts[contract].cycle]
        return next((p for p in periods if not self.is_done(contract, p)), None)

    def status(self, period: PaymentPeriod, today: dt.date) -> str:
        """Finalised, partly finalised, current, or to come."""
        parties = self.parties(period)
        done = sum(self.is_done(p.id, period) for p in parties)
        if parties and done == len(parties):
            return "Finalised"
        if done:
            return "Partly finalised"
        return "Current" if period.start_date <= today else "Future"

    def waiting(self, contracts: Iterable[int], until: dt.date) -> list[tuple[Party, PaymentPeriod]]:
        """Each contract's current periods that end by a day, oldest first: what finalising until then takes."""
        found = [
            (self.contracts[c], p)
            for c in contracts
            for p in self.periods[self.contracts[c].cycle]
            if p.end_date <= until and not self.is_done(c, p) and not self.contracts[c].is_invoiced
        ]
        return sorted(found, key=lambda pair: (pair[1].start_date, pair[0].ref))


def current_sums(book: Book, pairs: Iterable[tuple[int, PaymentPeriod]]) -> dict[tuple[int, int], Sums]:
    """Sums of current periods, as they stand now, by (contract, period); two queries whatever the number of pairs."""
    wanted: dict[int, PaymentPeriod] = {}
    contracts: set[int] = set()
    asked: set[tuple[int, int]] = set()
    for contract, period in pairs:
        wanted[period.id] = period
        contracts.add(contract)
        asked.add((contract, period.id))
    if not asked:
        return {}
    found = {key: NOTHING for key in asked}
    for contract, period, *sums in _own(sorted(contracts), wanted.values()):
        if (contract, period) in found:
            found[contract, period] += Sums(*sums, 0)
    before: dict[dt.date, list[int]] = defaultdict(list)
    stand_in: dict[int, int] = {}
    for contract in contracts:
        oldest = book.oldest(contract)
        if oldest is not None and (contract, oldest.id) in asked:
            before[oldest.start_date].append(contract)
            stand_in[contract] = oldest.id
    for contract, *sums in _adjusted(before):
        found[contract, stand_in[contract]] += Sums(*sums, sums[-1])
    for contract, amount, vat, is_payable in _manual(sorted(stand_in)):
        held = 0 if is_payable else amount + vat
        found[contract, stand_in[contract]] += Sums(amount * is_payable, vat * is_payable, held, 1)
    for contract, amount, rate in _claims(sorted(stand_in)):
        found[contract, stand_in[contract]] += Sums(amount, vat_on(amount, rate), 0, 1)
    return found


class Compared(NamedTuple):
    """A contract's period beside the one before: sums as finalised or as they stand, and whether it is finalised."""

    party: Party
    done: Done | None
    sums: Sums
    before: Sums | None

    @property
    def change(self) -> int | None:
        """Pence more than in the period before; None where there is none."""
        return self.sums.total - self.before.total if self.before is not None else None

    @property
    def percent(self) -> int | None:
        """The change in whole per cent of the period before; None where that came to nothing."""
        if self.before is None or not self.before.total:
            return None
        return half_up(self.change * 100, abs(self.before.total))


def compare(book: Book, period: PaymentPeriod, parties: Iterable[Party]) -> list[Compared]:
    """Contracts with a period and the one before; as many queries for many as for one."""
    parties, before = list(parties), book.previous(period)
    both = [one for one in (period, before) if one]
    current = current_sums(book, [(p.id, one) for one in both for p in parties if not book.is_done(p.id, one)])

    def sums_of(contract: int, one: PaymentPeriod) -> Sums:
        done = book.done.get((contract, one.id))
        return done.sums if done else current[contract, one.id]

    return [
        Compared(p, book.done.get((p.id, period.id)), sums_of(p.id, period), sums_of(p.id, before) if before else None)
        for p in parties
    ]


# What is suspended and was listed in a finalised period is not raised again (rule 7.5): it counts in nothing.
_CARE = "(ch.finalisation_id IS NULL OR ch.state <> 'Suspended')"
_OWN = "(oh.finalisation_id IS NULL OR oh.state <> 'Suspended')"
_SUMS = f"""
 SUM(CASE WHEN ch.state IS NULL THEN d.cost - d.paid_cost ELSE 0 END)
 + SUM(CASE WHEN oh.state IS NULL THEN d.contribution - d.paid_contribution ELSE 0 END),
 SUM(CASE WHEN ch.state IS NULL THEN d.vat - d.paid_vat ELSE 0 END),
 SUM(CASE WHEN ch.state IS NOT NULL AND {_CARE} THEN d.cost - d.paid_cost + d.vat - d.paid_vat ELSE 0 END)
 + SUM(CASE WHEN oh.state IS NOT NULL AND {_OWN} THEN d.contribution - d.paid_contribution ELSE 0 END),
 SUM(CASE WHEN (d.cost <> d.paid_cost OR d.vat <> d.paid_vat) AND {_CARE} THEN 1 ELSE 0 END)
 + SUM(CASE WHEN d.contribution <> d.paid_contribution AND {_OWN} THEN 1 ELSE 0 END)
"""
_HOLDS = """
 LEFT JOIN hold ch ON ch.package_id = d.package_id AND ch.week = d.week AND ch.kind = 'cost' AND ch.released_at IS NULL
 LEFT JOIN hold oh ON oh.package_id = d.package_id AND oh.week = d.week AND oh.kind = 'contribution'
 AND oh.released_at IS NULL
"""
_DIFFERS = "(d.cost <> d.paid_cost OR d.vat <> d.paid_vat OR d.contribution <> d.paid_contribution)"


def _marks(values) -> str:
    return ", ".join("?" * len(values))


def _own(contracts: list[int], periods: Iterable[PaymentPeriod]):
    """What current periods list for their own weeks (rule 7.3), by contract and period."""
    periods = list(periods)
    idents = [p.id for p in periods]
    return database.sql(
        db,
        f"SELECT d.contract_id, p.id, {_SUMS} FROM payment_period p"
        " JOIN contract c ON c.cycle_id = p.cycle_id"
        f" JOIN due d ON d.contract_id = c.id AND d.week BETWEEN p.start_date AND p.end_date {_HOLDS}"
        f" WHERE p.id IN ({_marks(idents)}) AND c.id IN ({_marks(contracts)}) GROUP BY d.contract_id, p.id",
        [*idents, *contracts],
    ).fetchall()


def _adjusted(before: dict[dt.date, list[int]]):
    """Differences in weeks before each contract's oldest current period (rule 7.3), by contract."""
    if not before:
        return []
    parts, values = [], []
    for start, contracts in before.items():
        parts.append(f"(d.contract_id IN ({_marks(contracts)}) AND d.week < ?)")
        values += [*contracts, start.isoformat()]
    return database.sql(
        db,
        f"SELECT d.contract_id, {_SUMS} FROM due d {_HOLDS} WHERE {_DIFFERS} AND ({' OR '.join(parts)})"
        " GROUP BY d.contract_id",
        values,
    ).fetchall()


def _manual(contracts: list[int]):
    """Manual adjustments that wait to be settled (rule 7.4): contract, pence, VAT in pence, whether payable."""
    rows = (
        ManualAdjustment.select(
            ManualAdjustment.contract, ManualAdjustment.amount, ManualAdjustment.with_vat, Contract.vat_rate, Hold.state,
            Hold.finalisation, Hold.released_at,
        )
        .join(Contract).switch(ManualAdjustment).join(Hold, JOIN.LEFT_OUTER)
        .where(ManualAdjustment.contract.in_(contracts) & ManualAdjustment.finalisation.is_null()).tuples()
    )  # fmt: skip
    for contract, amount, with_vat, rate, state, listed, released in rows:
        if state == ItemState.SUSPENDED and listed and not released:
            continue
        yield contract, amount, vat_on(amount, rate if with_vat else 0), state is None or released is not None


def _claims(contracts: list[int]):
    """What accepted claims are still to pay (rule 7.4): contract, pence, its rate of VAT."""
    return (
        ClaimItem.select(ClaimItem.contract, ClaimItem.amount, Contract.vat_rate)
        .join(Claim).switch(ClaimItem).join(Contract)
        .where(ClaimItem.contract.in_(contracts) & unpaid_claims()).tuples()
    )  # fmt: skip


def adjusted_contracts(book: Book) -> dict[int, Sums]:
    """Contracts with adjustments waiting in their oldest current period (rule 7.3)."""
    before: dict[dt.date, list[int]] = defaultdict(list)
    for contract in book.contracts:
        oldest = book.oldest(contract)
        if oldest is not None and any(book.is_done(contract, p) for p in book.periods[book.contracts[contract].cycle]):
            before[oldest.start_date].append(contract)
    return {contract: Sums(*sums, sums[-1]) for contract, *sums in _adjusted(before) if sums[-1]}


class Warned(NamedTuple):
    """A cycle whose contracts cannot be paid as things stand, and why."""

    cycle: PaymentCycle
    why: str


def without_current(book: Book, today: dt.date) -> list[Warned]:
    """Cycles of contracts without a current period (rule 7.1), and those whose periods have run out."""
    found = []
    for cycle in PaymentCycle.select().order_by(PaymentCycle.name):
        parties, periods = book.of_cycle[cycle.id], book.periods[cycle.id]
        if not parties:
            continue
        if not periods:
            found.append(Warned(cycle, "It has no payment periods yet."))
        elif any(book.oldest(p.id) is None for p in parties):
            found.append(
                Warned(cycle, "It has no current period: every one is finalised. Add the periods that follow.")
            )
        elif periods[-1].end_date < today:
            end = periods[-1].end_date
            found.append(Warned(cycle, f"Its last period ended on {end:%d/%m/%Y}. Later weeks are not paid yet."))
    return found


class Stale(NamedTuple):
    """What waits to be worked out anew: groups of visits and packages."""

    groups: int
    packages: int

    def __bool__(self) -> bool:
        return bool(self.groups or self.packages)


def stale(cycle: int | None = None, contract: int | None = None) -> Stale:
    """How much waits to be matched and worked out: in all, for the contracts of a cycle, or for one contract."""
    groups = StaleGroup.select(fn.COUNT(StaleGroup.week))
    packages = StalePackage.select(fn.COUNT(StalePackage.package))
    if cycle is not None or contract is not None:
        mine = Contract.id == contract if contract is not None else Contract.cycle == cycle
        packages = packages.join(Package).join(Contract).where(mine)
        theirs = Package.select(Package.id).join(Contract)
        same = (Package.organisation == StaleGroup.organisation) & (Package.client == StaleGroup.client)
        groups = groups.where(fn.EXISTS(theirs.where(mine & same)))
    return Stale(groups.scalar() or 0, packages.scalar() or 0)


def weeks_to_come(period: PaymentPeriod, today: dt.date) -> list[dt.date]:
    """The Mondays of the period whose week has not ended yet (rule 7.1)."""
    start, end = day(period.start_date), day(period.end_date)
    monday = start + dt.timedelta(-start.weekday() % 7)
    found = []
    while monday <= end:
        if monday + dt.timedelta(6) >= today:
            found.append(monday)
        monday += dt.timedelta(7)
    return found
