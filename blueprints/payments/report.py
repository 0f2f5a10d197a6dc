"""Pending Payments Exceptions and Pending Scheduled Payments: what is not finalised yet (U-12, U-13)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from blueprints.payments import listing
from blueprints.payments import rules as payments
from blueprints.payments.rules import Item, State
from blueprints.reach import Reach
from blueprints.reporting import Chart, Column, Group, Kind, Report
from blueprints.values import show_date
from models import Contract, Due, ItemKind, ItemState, Organisation, PaymentPeriod

Whose = tuple[str, str, str, str]  # what rows begin with: provider and contract, each with its reference
CAUTION = "Not final: these payments may change until the authority finalises the period."


class ExceptionsWanted(NamedTuple):
    """The parameter of Pending Payments Exceptions; no organisation is all within reach."""

    organisations: tuple[int, ...] = ()


class PendingWanted(NamedTuple):
    """The parameters of Pending Scheduled Payments: current periods with a day within the dates; no status is all."""

    first: dt.date
    last: dt.date
    organisations: tuple[int, ...] = ()
    status: str = ""


class ExceptionRow(NamedTuple):
    """An adjustment that is due in the next payment run; pence."""

    organisation: str
    organisation_ref: str
    contract: str
    contract_ref: str
    period: str
    client: str
    ssref: str
    cpli_id: int | None
    service: str
    level: str
    week: dt.date
    week_period: str
    kind: str
    reason: str
    amount: int
    vat: int
    total: int
    held: int
    status: str
    note: str


class PendingRow(NamedTuple):
    """A package's items of one kind and status in a current period; pence, quantity in hundredths."""

    organisation: str
    organisation_ref: str
    contract: str
    contract_ref: str
    period_start: dt.date
    period_end: dt.date
    unit: str
    client: str
    ssref: str
    cpli_id: int | None
    service: str
    level: str
    kind: str
    reason: str
    weeks: int
    quantity: int | None
    amount: int
    vat: int
    total: int
    held: int
    status: str


WHOSE = [
    Column("OrganisationName", "Organisation", in_heading=True),
    Column("OrganisationRef", "Organisation reference", in_heading=True),
    Column("ContractName", "Contract", in_heading=True),
    Column("ContractRef", "Contract reference", in_heading=True),
]
AMOUNTS = [
    Column("Amount", "Excl VAT", Kind.MONEY, "Payable", summed=True),
    Column("VAT", "VAT", Kind.MONEY, "Payable", summed=True),
    Column("Total", "Total", Kind.MONEY, "Payable", summed=True),
    Column("NonPayable", "Non-payable", Kind.MONEY, summed=True),
    Column("Status", "Status"),
]
LINE = [
    Column("Client", "Client"),
    Column("SSRef", "SSRef"),
    Column("CPLIId", "CPLI ID"),
    Column("ServiceName", "Service"),
    Column("ServiceLevel", "Service Level"),
]
EXCEPTIONS = [
    *WHOSE,
    Column("DueIn", "Due in", in_heading=True),
    *LINE,
    Column("WeekBeginning", "Week", Kind.DATE),
    Column("Period", "Period"),
    Column("Kind", "Kind"),
    Column("Reason", "Reason"),
    *AMOUNTS,
    Column("Note", "Note"),
]
PENDING = [
    *WHOSE,
    Column("PeriodStart", "Period start", Kind.DATE, in_heading=True),
    Column("PeriodEnd", "Period end", Kind.DATE, in_heading=True),
    Column("Unit", "Unit", in_heading=True),
    *LINE,
    Column("Kind", "Kind"),
    Column("Reason", "Reason"),
    Column("Weeks", "Weeks", Kind.WHOLE),
    Column("Quantity", "Quantity", Kind.QUANTITY, summed=True),
    *AMOUNTS,
]
BY_PROVIDER = Group(("OrganisationRef",), lambda row: row.organisation)


def pending_exceptions(reach: Reach, wanted: ExceptionsWanted) -> Report:
    """The adjustments due in the next payment run: those of each contract's oldest current period (rule 7.3)."""
    return Report(
        EXCEPTIONS,
        _exception_rows(reach, wanted),
        (
            BY_PROVIDER,
            Group(("ContractRef", "DueIn"), lambda row: f"{row.contract} ({row.contract_ref}), due in {row.period}"),
        ),
        notes=["Week and period are those that an adjustment corrects."],
        caution=CAUTION,
        nothing="There is nothing to display: no adjustment is due in the next payment run.",
    )


def _exception_rows(reach: Reach, wanted: ExceptionsWanted) -> Iterator[ExceptionRow]:
    for whose, contract, state in _contracts(reach, wanted.organisations):
        oldest = state.oldest_current
        if oldest is None:
            continue
        found = [item for item in payments.items(contract, oldest, state) if is_exception(item)]
        due_in = days_of(oldest)
        weeks = {item.week for item in found if item.package}
        corrected = {week: days_of(period) for week in weeks if (period := state.of_week(week))}
        for row in listing.rows(found):
            item = row.item
            amounts = (item.amount, item.vat, row.total, 0) if item.is_payable else (0, 0, 0, row.total)
            yield ExceptionRow(
                *whose, due_in, row.client, row.ssref, item.cpli_id, row.service, row.level, item.week,
                corrected.get(item.week, "") if item.package else "", row.kind, item.reason, *amounts,
                str(item.state), item.note,
            )  # fmt: skip


def is_exception(item: Item) -> bool:
    """Corrects something: an adjustment of a finalised week, or one that an officer has entered."""
    return payments.is_adjustment(item) or item.kind == ItemKind.MANUAL


def estimate_exceptions(reach: Reach, wanted: ExceptionsWanted) -> int:
    """About how much is to be looked at: a contract's period is some 50 lines."""
    return 50 * len(_select(reach, wanted.organisations))


def pending_payments(reach: Reach, wanted: PendingWanted) -> Report:
    """The payments of current periods, down to the package (U-13)."""
    return Report(
        PENDING,
        _pending_rows(reach, wanted),
        (
            BY_PROVIDER,
            Group(
                ("ContractRef", "PeriodStart"),
                lambda row: (
                    f"{row.contract} ({row.contract_ref}), {show_date(row.period_start)} to {show_date(row.period_end)}"
                ),
            ),
        ),
        unit="Unit",
        chart=Chart(
            "Payments by period",
            "PeriodStart",
            (("Payable", ("Total",)), ("Non-payable", ("NonPayable",))),
            weekly=False,
        ),
        caution=CAUTION,
    )


def _pending_rows(reach: Reach, wanted: PendingWanted) -> Iterator[PendingRow]:
    for whose, contract, state in _contracts(reach, wanted.organisations):
        by_period = pending_items(contract, state, wanted.first, wanted.last)
        found = [item for items in by_period.values() for item in items if wanted.status in ("", item.state)]
        names = listing.names(found)
        for period in state.periods:
            items = [item for item in by_period.get(period.id, ()) if wanted.status in ("", item.state)]
            yield from _pending_of(whose, period, items, names)


def pending_items(contract: Contract, state: State, first: dt.date, last: dt.date) -> dict[int, list[Item]]:
    """The items of a contract's current periods that have a day within the dates, by period."""
    current = [p for p in state.periods if p.id not in state.finalised and p.start_date <= last]
    wanted: dict[int, list[Item]] = {p.id: [] for p in current if p.end_date >= first}
    if len(wanted) < len(current):  # what earlier periods hold is not asked for
        return {p.id: payments.items(contract, p, state) for p in current if p.id in wanted}
    if wanted:  # of the current periods alone: what was ever finalised is not read
        for period, item in payments.every_item(contract, State(current, {})):
            wanted[period.id].append(item)
    return wanted


def _pending_of(whose: Whose, period: PaymentPeriod, items: list[Item], names: listing.Names) -> Iterator[PendingRow]:
    """The rows of one period: items of the same package, kind, reason, note and status are one."""
    groups: dict[tuple, list[Item]] = {}
    for number, item in enumerate(items):
        alone = number if item.package is None else None
        why = "; ".join(text for text in (item.reason, item.note) if text)
        key = (item.client, item.package, item.kind, why, item.state, alone)
        groups.setdefault(key, []).append(item)
    made = []
    for (client, package, kind, reason, state, _), listed in groups.items():
        name, ssref = names.clients.get(client, ("", ""))
        one = listed[0]
        level, unit = names.levels.get(one.level, ("", ""))
        amount, vat = sum(i.amount for i in listed), sum(i.vat for i in listed)
        counted = [i.quantity for i in listed if i.quantity is not None]
        amounts = (amount, vat, amount + vat, 0) if state == ItemState.PAYABLE else (0, 0, 0, amount + vat)
        order = (package is None, name.casefold(), ssref, one.cpli_id or 0, listing.KIND_ORDER[kind], reason, state)
        made.append(
            (
                order,
                PendingRow(
                    *whose, period.start_date, period.end_date, unit, name, ssref, one.cpli_id,
                    names.services.get(one.service, ""), level, listing.KIND_WORDS[ItemKind(kind)], reason,
                    len({i.week for i in listed}), sum(counted) if counted else None, *amounts, str(state),
                ),
            )
        )  # fmt: skip
    made.sort(key=lambda pair: pair[0])
    for _, row in made:
        yield row


def estimate_pending(reach: Reach, wanted: PendingWanted) -> int:
    """About how many items there are, by one count."""
    contracts = [contract.id for _, contract in _select(reach, wanted.organisations)]
    return Due.select().where(Due.contract.in_(contracts) & Due.week.between(wanted.first, wanted.last)).count()


def _select(reach: Reach, organisations: Iterable[int]) -> list[tuple[Whose, Contract]]:
    """The contracts within reach, by provider and name, each after what its rows begin with."""
    query = Contract.visible_to(reach).select(Contract, Organisation).join(Organisation)
    if organisations:
        query = query.where(Contract.organisation.in_(list(organisations)))
    return [
        ((one.organisation.name, one.organisation.ref, one.name, one.ref), one)
        for one in query.order_by(Organisation.name, Organisation.id, Contract.name, Contract.id)
    ]


def _contracts(reach: Reach, organisations: Iterable[int]) -> Iterator[tuple[Whose, Contract, State]]:
    found = _select(reach, organisations)
    states = payments.states([contract for _, contract in found])
    for whose, contract in found:
        yield whose, contract, states[contract.id]


def days_of(period: PaymentPeriod) -> str:
    """`05/10/2026 - 01/11/2026`, as drop-downs and rows name a period (U-06)."""
    return f"{show_date(period.start_date)} - {show_date(period.end_date)}"
