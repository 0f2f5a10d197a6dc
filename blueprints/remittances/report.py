"""Remittance Advice: what finalised periods paid, by period or by finalisation, in full or as a summary (U-14, U-15)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from blueprints import weeks
from blueprints.packages.rules import day
from blueprints.payments import listing
from blueprints.payments import rules as payments
from blueprints.payments.rules import Item
from blueprints.reach import Reach
from blueprints.remittances import rules
from blueprints.reporting import Chart, Column, Group, Kind, Report
from blueprints.settings import rules as settings
from blueprints.values import show_date
from models import (
    Contract,
    Finalisation,
    ItemKind,
    Organisation,
    PaymentBasis,
    PaymentCycle,
    PaymentItem,
    PaymentPeriod,
)

PIECE = 20  # finalisations whose items are in memory at once
PROVISIONAL = "Provisional: the period is current and has not been paid. These figures may still change."


class AdviceWanted(NamedTuple):
    """The parameters of a remittance by period; None is all within reach."""

    period: int
    contract: int | None = None
    method: str = ""
    organisations: tuple[int, ...] = ()
    summary: bool = False


class FinalisedWanted(NamedTuple):
    """The parameters of remittances by finalisation: those finalised on the London dates."""

    first: dt.date
    last: dt.date
    contract: int | None = None
    method: str = ""
    organisations: tuple[int, ...] = ()
    summary: bool = False


class Head(NamedTuple):
    """Whose period the lines are of, and when it was finalised; None while it is current."""

    organisation: str
    organisation_ref: str
    contract: str
    contract_ref: str
    method: str
    period_start: dt.date
    period_end: dt.date
    finalised: dt.date | None


class Row(NamedTuple):
    """A line of a remittance: a Head, then what was paid; pence."""

    organisation: str
    organisation_ref: str
    contract: str
    contract_ref: str
    method: str
    period_start: dt.date
    period_end: dt.date
    finalised: dt.date | None
    client: str
    ssref: str
    level: str
    item: str
    kind: str
    reason: str
    first: dt.date | None
    last: dt.date | None
    items: int
    amount: int
    vat: int
    total: int


class SummaryRow(NamedTuple):
    """What a period paid for one client under one contract; pence."""

    organisation: str
    organisation_ref: str
    contract: str
    contract_ref: str
    method: str
    period_start: dt.date
    period_end: dt.date
    finalised: dt.date | None
    client: str
    ssref: str
    items: int
    amount: int
    vat: int
    total: int


HEAD = [
    Column("OrganisationName", "Organisation", in_heading=True),
    Column("OrganisationRef", "Organisation reference", in_heading=True),
    Column("ContractName", "Contract", in_heading=True),
    Column("ContractRef", "Contract reference", in_heading=True),
    Column("PaymentMethod", "Payment Method", in_heading=True),
    Column("PeriodStart", "Period start", Kind.DATE, in_heading=True),
    Column("PeriodEnd", "Period end", Kind.DATE, in_heading=True),
    Column("Finalised", "Finalised", Kind.DATE, in_heading=True),
    Column("Client", "Client"),
    Column("SSRef", "SSRef"),
]
TAIL = [
    Column("Items", "Items", Kind.WHOLE, summed=True),
    Column("Amount", "Excl VAT", Kind.MONEY, summed=True),
    Column("VAT", "VAT", Kind.MONEY, summed=True),
    Column("Total", "Total", Kind.MONEY, summed=True),
]
SUMMARY = [*HEAD, *TAIL]
COLUMNS = [
    *HEAD,
    Column("ServiceLevel", "Service Level"),
    Column("Item", "Item"),
    Column("Kind", "Kind"),
    Column("Reason", "Reason"),
    Column("From", "From", Kind.DATE),
    Column("To", "To", Kind.DATE),
    *TAIL,
]
AGGREGATED = (
    "Items of the same client, kind and service level are one line; lines that come to nothing are left out. Manual "
    "adjustments are always listed one by one. An income item is a deduction."
)


def advice(reach: Reach, wanted: AdviceWanted) -> Report:
    """What one payment period paid, of the contracts that it is finalised for (rule 7.6)."""
    return _report(reach, wanted, Finalisation.period == wanted.period)


def by_finalisation(reach: Reach, wanted: FinalisedWanted) -> Report:
    """What was finalised on some days, whichever periods that was (rule 7.6)."""
    return _report(reach, wanted, _finalised_on(wanted))


def _finalised_on(wanted: FinalisedWanted):
    begin = weeks.instant(wanted.first, 0).replace(tzinfo=None)
    end = weeks.instant(wanted.last + dt.timedelta(1), 0).replace(tzinfo=None)
    return (Finalisation.at >= begin) & (Finalisation.at < end)


def estimate_advice(reach: Reach, wanted: AdviceWanted) -> int:
    """How many items are added up."""
    return _lines(reach, wanted, Finalisation.period == wanted.period)


def estimate_by_finalisation(reach: Reach, wanted: FinalisedWanted) -> int:
    """How many items are added up."""
    return _lines(reach, wanted, _finalised_on(wanted))


def _lines(reach: Reach, wanted, condition) -> int:
    return sum(done.lines for done in _done(reach, wanted, condition))


def _done(reach: Reach, wanted: AdviceWanted | FinalisedWanted, condition) -> list[Finalisation]:
    """The finalisations of a condition within reach, by provider, contract and period, with their rows."""
    condition &= reach.contracts(Contract.id, Contract.organisation)
    if wanted.contract:
        condition &= Contract.id == wanted.contract
    if wanted.method:
        condition &= Contract.payment_method == wanted.method
    if wanted.organisations:
        condition &= Contract.organisation.in_(wanted.organisations)
    query = (
        Finalisation.select(Finalisation, Contract, Organisation, PaymentPeriod)
        .join(Contract).join(Organisation).switch(Finalisation).join(PaymentPeriod)
        .where(condition)
        .order_by(Organisation.name, Organisation.id, Contract.name, Contract.id, PaymentPeriod.start_date)
    )  # fmt: skip
    return list(query)


def _report(reach: Reach, wanted: AdviceWanted | FinalisedWanted, condition) -> Report:
    notes: list[str] = []
    return as_report(_rows(_done(reach, wanted, condition), wanted.summary, notes), wanted.summary, notes)


def as_report(rows: Iterable[tuple], summary: bool, notes: list[str], caution: str = "") -> Report:
    """A remittance of these rows; `notes` fills while they are read."""
    standing = settings.read().remittance_note
    return Report(
        SUMMARY if summary else COLUMNS,
        rows,
        (
            Group(("OrganisationRef",), lambda row: row.organisation),
            Group(("ContractRef", "PeriodStart"), _heading),
        ),
        chart=Chart("Payments by period", "PeriodStart", (("Paid", ("Total",)),), weekly=False),
        notes=lambda: [*([] if summary else [AGGREGATED]), *notes, *([standing] if standing else [])],
        caution=caution,
    )


def _heading(row: Row | SummaryRow) -> str:
    when = f"finalised {show_date(row.finalised)}" if row.finalised else "current"
    days = f"{show_date(row.period_start)} to {show_date(row.period_end)}"
    return f"{row.contract} ({row.contract_ref}), {days}, {when}"


def of_period(contract: Contract, period: PaymentPeriod, done: Finalisation | None, items: Iterable[Item]) -> Report:
    """The remittance of one contract's period, provisional while that is current (R-15)."""
    notes: list[str] = []
    whose = head(contract, period, done)
    rows = (row for row in lines(whose, rules.remittance(items), notes))
    return as_report(rows, False, notes, "" if done else PROVISIONAL)


def head(contract: Contract, period: PaymentPeriod, done: Finalisation | None) -> Head:
    """Whose period it is; the organisation comes with the contract."""
    organisation = contract.organisation
    return Head(
        organisation.name, organisation.ref, contract.name, contract.ref, contract.payment_method,
        day(period.start_date), day(period.end_date), weeks.london(done.at).date() if done else None,
    )  # fmt: skip


def _rows(done: list[Finalisation], summary: bool, notes: list[str]) -> Iterator[tuple]:
    """The lines of finalisations, some at a time, by four queries each time."""
    make: Callable = summed if summary else lines
    left = iter(done)
    while piece := list(islice(left, PIECE)):
        items: dict[tuple[int, int], list[Item]] = {}
        for item in payments.finalised_items(PaymentItem.finalisation.in_([one.id for one in piece])):
            items.setdefault((item.contract, item.period), []).append(item)
        known = listing.names(item for listed in items.values() for item in listed)
        for one in piece:
            listed = items.get((one.contract_id, one.period_id), [])
            yield from make(head(one.contract, one.period, one), rules.remittance(listed, known), notes)


def lines(whose: Head, remittance: rules.Remittance, notes: list[str]) -> Iterator[Row]:
    """A remittance's lines; what officers wrote beside a manual adjustment joins the notes."""
    for row in remittance.rows:
        line = row.line
        if line.kind == ItemKind.MANUAL and line.note:
            notes.append(f"{row.client or whose.contract}, {row.kind.lower()}: {line.note}")
        yield Row(
            *whose, row.client, row.ssref, row.level,
            "Income" if line.kind == ItemKind.CONTRIBUTION else "Cost", row.kind, line.reasons, line.first,
            line.last, line.items, line.amount, line.vat, line.total,
        )  # fmt: skip


def summed(whose: Head, remittance: rules.Remittance, notes: list[str]) -> Iterator[SummaryRow]:
    """One line for each client of a contract's period (U-14)."""
    clients: dict[tuple[str, str], list[int]] = {}
    for row in lines(whose, remittance, notes):
        sums = clients.setdefault((row.client, row.ssref), [0, 0, 0])
        for at, value in enumerate((row.items, row.amount, row.vat)):
            sums[at] += value
    for (client, ssref), (items, amount, vat) in clients.items():
        yield SummaryRow(*whose, client or "No client", ssref, items, amount, vat, amount + vat)


# what may be chosen ----------------------------------------------------------------------------------------------------


def periods(reach: Reach) -> list[tuple[str, str]]:
    """The periods with a finalised contract within reach, newest first; `*` where others of it are not (U-06, U-14)."""
    within = reach.contracts(Contract.id, Contract.organisation)
    query = (
        PaymentPeriod.select(PaymentPeriod, PaymentCycle.name.alias("cycle_name"), Contract.id.alias("contract"))
        .join(PaymentCycle).switch(PaymentPeriod)
        .join(Finalisation, on=(Finalisation.period == PaymentPeriod.id)).join(Contract)
        .where(within)
        .order_by(PaymentPeriod.start_date.desc(), PaymentCycle.name, PaymentPeriod.id)
    )  # fmt: skip
    found: dict[int, list] = {}
    for row in query.dicts():
        known = found.setdefault(row["id"], [row, set()])
        known[1].add(row["contract"])
    payable = within & (Contract.payment_basis == PaymentBasis.PORTAL)
    of_cycle: dict[int, set[int]] = {}
    for ident, cycle in Contract.select(Contract.id, Contract.cycle).where(payable).tuples():
        of_cycle.setdefault(cycle, set()).add(ident)
    several = len({row["cycle"] for row, _ in found.values()}) > 1
    return [
        (
            str(ident),
            f"{'* ' if of_cycle.get(row['cycle'], set()) - done else ''}{show_date(row['start_date'])} - "
            f"{show_date(row['end_date'])}" + (f" ({row['cycle_name']})" if several else ""),
        )
        for ident, (row, done) in found.items()
    ]


def contracts(reach: Reach) -> list[tuple[str, str]]:
    """The contracts within reach, by name; an officer's with their provider."""
    query = Contract.visible_to(reach).select(Contract.id, Contract.name, Organisation.name).join(Organisation)
    return [
        (str(ident), f"{name}, {whose}" if reach.everything else name)
        for ident, name, whose in query.order_by(Contract.name, Contract.id).tuples()
    ]


def methods(reach: Reach) -> list[str]:
    """The payment methods of the contracts within reach."""
    query = Contract.visible_to(reach).select(Contract.payment_method).where(Contract.payment_method != "")
    return [name for (name,) in query.distinct().order_by(Contract.payment_method).tuples()]
