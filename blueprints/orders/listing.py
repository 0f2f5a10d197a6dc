"""Purchase orders as both doors list and show them: names beside the ids, versions, differences, what was spent.

Nothing here asks which side looks; routes pass the reach of the person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from peewee import JOIN, SQL, Case, fn

from blueprints.orders import rules
from blueprints.orders.sums import Difference, details, differences, price_words, year_days, year_words
from blueprints.packages.rules import day
from blueprints.reach import Reach
from blueprints.weeks import london
from models import (
    Client,
    Contract,
    Finalisation,
    OrderLine,
    OrderVersion,
    Organisation,
    Package,
    PaymentItem,
    PaymentPeriod,
    PurchaseOrder,
    Service,
    ServiceLevel,
)

NOT_ISSUED, CHANGED, ISSUED = "Not issued", "Changed", "Issued"
STATES = (NOT_ISSUED, CHANGED, ISSUED)


class Wanted(NamedTuple):
    """The filter; None is all. `state` is one of STATES, or `to issue`; `words` are looked for in client and contract."""

    year: int | None
    service: int | None = None
    client: int | None = None
    organisation: int | None = None
    contract: int | None = None
    state: str = ""
    words: str = ""


def fitting(reach: Reach, wanted: Wanted):
    """The condition of the filter, over orders with their client and contract."""
    condition = reach.contracts(PurchaseOrder.contract, PurchaseOrder.organisation)
    for name in ("year", "client", "organisation", "contract"):
        if getattr(wanted, name):
            condition &= getattr(PurchaseOrder, name) == getattr(wanted, name)
    if wanted.service:
        of_service = OrderLine.select(OrderLine.order).where(
            (OrderLine.service == wanted.service) & OrderLine.version.in_([0, PurchaseOrder.version])
            & (OrderLine.order == PurchaseOrder.id)
        )  # fmt: skip
        condition &= fn.EXISTS(of_service)
    if wanted.state:
        condition &= in_state(wanted.state)
    for word in wanted.words.split():
        condition &= (
            Client.surname.contains(word) | Client.forename.contains(word) | Client.ssref.contains(word)
            | Contract.ref.contains(word)
        )  # fmt: skip
    return condition


def in_state(state: str):
    """The condition of a state."""
    same = PurchaseOrder.digest == PurchaseOrder.issued_digest
    return {
        NOT_ISSUED: PurchaseOrder.version == 0,
        CHANGED: (PurchaseOrder.version > 0) & ~same,
        ISSUED: (PurchaseOrder.version > 0) & same,
        "to issue": rules.to_issue(),
    }[state]


class Row(NamedTuple):
    """An order in a list; pence."""

    id: int
    organisation_id: int
    contract_id: int
    client_id: int
    year: int
    value: int
    digest: str
    spend: int
    version: int
    issued_at: dt.datetime | None
    issued_value: int
    issued_digest: str
    surname: str
    forename: str
    ssref: str
    contract_ref: str
    contract_name: str
    organisation_ref: str
    organisation_name: str

    @property
    def title(self) -> str:
        """`Archer, Ann (A100001) - 2026/2027` (S-02)."""
        return f"{self.client} ({self.ssref}) - {year_words(self.year)}"

    @property
    def client(self) -> str:
        """`Archer, Ann`"""
        return f"{self.surname}, {self.forename}"

    @property
    def financial_year(self) -> str:
        """`2026/2027`"""
        return year_words(self.year)

    @property
    def issued_on(self) -> dt.date | None:
        """The day in London on which it was issued last."""
        return london(self.issued_at).date() if self.issued_at else None

    @property
    def state(self) -> str:
        """Not issued, Changed since it was issued, or Issued."""
        if not self.version:
            return NOT_ISSUED
        return ISSUED if self.digest == self.issued_digest else CHANGED


SORTS = {
    "order": (fn.LOWER(Client.surname), fn.LOWER(Client.forename), Client.ssref, Contract.ref),
    "value": (PurchaseOrder.value,),
    "spend": (PurchaseOrder.spend,),
    "year": (PurchaseOrder.year,),
    "issued": (fn.COALESCE(PurchaseOrder.issued_at, SQL("'0001-01-01'")),),
    "organisation": (fn.LOWER(Organisation.name), fn.LOWER(Client.surname), fn.LOWER(Client.forename)),
}


def query(condition):
    """Orders of a condition, as rows for `Row`."""
    return (
        PurchaseOrder.select(
            PurchaseOrder.id, PurchaseOrder.organisation, PurchaseOrder.contract, PurchaseOrder.client, PurchaseOrder.year,
            PurchaseOrder.value, PurchaseOrder.digest, PurchaseOrder.spend, PurchaseOrder.version,
            PurchaseOrder.issued_at, PurchaseOrder.issued_value, PurchaseOrder.issued_digest, Client.surname,
            Client.forename, Client.ssref, Contract.ref, Contract.name, Organisation.ref, Organisation.name,
        )
        .join(Client).switch(PurchaseOrder).join(Contract).switch(PurchaseOrder)
        .join(Organisation, on=(PurchaseOrder.organisation == Organisation.id))
        .where(condition).tuples()
    )  # fmt: skip


class OfLines(NamedTuple):
    """The purchase orders that a period's lines belong to: words, and where each client's is (R-06)."""

    contract_ref: str
    year: str
    prefix: str | None  # of an order's address; None where orders are not there
    ids: dict[int, int]  # by client


def of_lines(contract: Contract, first_day: dt.date, clients: Iterable[int | None], prefix: str | None) -> OfLines:
    """The orders of a contract's clients for the financial year of a day, by one query (R-06, rule 6.1)."""
    year = rules.year_of(first_day)
    mine = (PurchaseOrder.contract == contract.id) & (PurchaseOrder.year == year)
    found = PurchaseOrder.select(PurchaseOrder.client, PurchaseOrder.id).where(
        mine & PurchaseOrder.client.in_(list({c for c in clients if c}))
    )
    return OfLines(contract.ref, year_words(year), prefix, dict(found.tuples()) if prefix else {})


class Sums(NamedTuple):
    """How many orders, and what they are worth and have spent; pence."""

    count: int
    value: int
    spend: int
    to_issue: int


def sums(condition) -> Sums:
    """The sums over all orders of a condition, whatever page is shown."""
    issuable = fn.SUM(Case(None, ((rules.to_issue(), 1),), 0))
    found = (
        PurchaseOrder.select(
            fn.COUNT(PurchaseOrder.id), fn.SUM(PurchaseOrder.value), fn.SUM(PurchaseOrder.spend), issuable
        )
        .join(Client).switch(PurchaseOrder).join(Contract)
        .where(condition).tuples().get()
    )  # fmt: skip
    return Sums(*(int(figure or 0) for figure in found))


def years(reach: Reach, this_year: int) -> list[int]:
    """The financial years of the orders within reach, and the present one; newest first."""
    within = reach.contracts(PurchaseOrder.contract, PurchaseOrder.organisation)
    found = PurchaseOrder.select(PurchaseOrder.year).where(within).distinct().tuples()
    return sorted({year for (year,) in found} | {this_year}, reverse=True)


def options(reach: Reach) -> tuple[list, list]:
    """(value, words) of the services and clients that orders within reach are for, by two queries."""
    within = reach.contracts(PurchaseOrder.contract, PurchaseOrder.organisation)
    services = (
        OrderLine.select(Service.id, Service.name)
        .join(PurchaseOrder).switch(OrderLine).join(Service)
        .where(within).distinct().tuples()
    )  # fmt: skip
    clients = (
        PurchaseOrder.select(Client.id, Client.surname, Client.forename, Client.ssref)
        .join(Client).where(within).distinct().tuples()
    )  # fmt: skip
    named = [(str(ident), f"{surname}, {forename} ({ssref})") for ident, surname, forename, ssref in clients]
    return (
        sorted(((str(ident), name) for ident, name in services), key=lambda pair: pair[1].casefold()),
        sorted(named, key=lambda pair: pair[1].casefold()),
    )


# files -----------------------------------------------------------------------------------------------------------------

HEADINGS = [
    "PurchaseOrder", "SSRef", "Client", "FinancialYear", "ContractRef", "ContractName", "OrganisationRef",
    "OrganisationName", "Value", "SpendToDate", "Issued", "Version", "IssuedValue", "State",
]  # fmt: skip


def file_rows(rows: Iterable[Row]):
    """Listed orders as the rows of a file; amounts and dates of their kind, for CSV and XLSX alike."""
    for row in rows:
        yield (
            row.title, row.ssref, row.client, row.financial_year, row.contract_ref, row.contract_name,
            row.organisation_ref, row.organisation_name, amount(row.value), amount(row.spend),
            row.issued_on, row.version, amount(row.issued_value) if row.version else None,
            row.state,
        )  # fmt: skip


def amount(pence: int) -> Decimal:
    """Pounds with two decimals of pence, for files."""
    return Decimal(pence).scaleb(-2)


# one order -------------------------------------------------------------------------------------------------------------


class LineRow(NamedTuple):
    """A line of an order with its names (S-05); units as in packages.plan."""

    package: int
    cpli_id: int
    service: str
    level: str
    unit: str
    first: dt.date
    last: dt.date
    quantity: int
    frequency: str
    timetabled: bool
    unit_cost: int
    discount: int
    amount: int

    @property
    def price(self) -> str:
        """`14 Hours every week @£16.16`"""
        return price_words(self.quantity, self.unit, self.frequency, self.unit_cost, self.timetabled)

    @property
    def details(self) -> str:
        """Service, level, quantity, frequency and price in one sentence."""
        return details(self.service, self.level, self.unit, self.price)


def lines(order: int, version: int = 0) -> list[LineRow]:
    """The lines of an order: as packages stand (0), or as a version was issued."""
    found = (
        OrderLine.select(
            OrderLine.package, Package.cpli_id, Service.name, ServiceLevel.name, ServiceLevel.unit, OrderLine.first,
            OrderLine.last, OrderLine.quantity, OrderLine.frequency, OrderLine.timetabled, OrderLine.unit_cost,
            OrderLine.discount, OrderLine.amount,
        )
        .join(Package).switch(OrderLine).join(Service).switch(OrderLine).join(ServiceLevel)
        .where((OrderLine.order == order) & (OrderLine.version == version))
        .order_by(Package.cpli_id, OrderLine.first).tuples()
    )  # fmt: skip
    return [LineRow(*row[:5], day(row[5]), day(row[6]), *row[7:9], bool(row[9]), *row[10:]) for row in found]


def changes(before: list[LineRow], after: list[LineRow]) -> list[Difference]:
    """What differs between two versions of an order, line by line."""
    return differences(before, after, key=lambda line: line.package, says=tuple)


class Spent(NamedTuple):
    """What a finalised period spent on an order; pence."""

    period: int
    start: dt.date
    end: dt.date
    finalised_at: dt.datetime
    amount: int


def spent(order: Row) -> list[Spent]:
    """The finalised periods that make an order's spend to date, oldest first; they add up to it (rule 6.1, S-03)."""
    first, last = year_days(order.year)
    period = (PaymentPeriod.id, PaymentPeriod.start_date, PaymentPeriod.end_date, Finalisation.at)
    found = (
        rules.spent(*period, fn.SUM(PaymentItem.amount))
        .where(
            (Finalisation.contract == order.contract_id) & (order.client_id == rules.WHOSE)
            & PaymentPeriod.start_date.between(first, last)
        )
        .group_by(*period).order_by(PaymentPeriod.start_date).tuples()
    )  # fmt: skip
    return [Spent(ident, day(start), day(end), at, int(pence)) for ident, start, end, at, pence in found]


def is_closed(order: Row) -> bool:
    """Nothing more can be spent: the contract's periods cover the year, and each that begins in it is finalised."""
    first, last = year_days(order.year)
    cycle = Contract.select(Contract.cycle).where(Contract.id == order.contract_id)
    periods = (
        PaymentPeriod.select(PaymentPeriod.start_date, PaymentPeriod.end_date, Finalisation.id)
        .join(
            Finalisation,
            JOIN.LEFT_OUTER,
            on=((Finalisation.period == PaymentPeriod.id) & (Finalisation.contract == order.contract_id)),
        )
        .where((PaymentPeriod.cycle == cycle) & (PaymentPeriod.end_date >= first))
        .tuples()
    )
    found = [(day(start), day(end), done) for start, end, done in periods]
    mine = [done for start, _, done in found if first <= start <= last]
    return bool(mine) and all(mine) and max(end for _, end, _ in found) >= last


def versions(order: int) -> list[OrderVersion]:
    """The versions of an order as they were issued, newest first."""
    return list(OrderVersion.select().where(OrderVersion.order == order).order_by(OrderVersion.number.desc()))
