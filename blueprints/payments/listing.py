"""A period's items as both doors list them: names beside the ids, packages with their sums, what one week came to.

Nothing here asks which side looks; routes pass the rows that the person may see.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from blueprints.packages.rules import day
from blueprints.payments import rules as payments
from blueprints.payments.rules import Item, State
from models import (
    Client,
    Contract,
    Due,
    ItemKind,
    ItemState,
    Package,
    PaymentBasis,
    PaymentItem,
    PaymentPeriod,
    Service,
    ServiceLevel,
)

KIND_WORDS = {  # in the order in which they are listed
    ItemKind.COST: "Care",
    ItemKind.ADJUSTMENT: "Adjustment",
    ItemKind.CONTRIBUTION: "Client contribution",
    ItemKind.CLAIM: "One-off claim",
    ItemKind.MANUAL: "Manual adjustment",
}
KIND_ORDER = {str(kind): place for place, kind in enumerate(KIND_WORDS)}


class Names(NamedTuple):
    """What the ids of items are called."""

    clients: dict[int, tuple[str, str]]  # (`Archer, Ann`, SSRef)
    levels: dict[int, tuple[str, str]]  # (name, unit)
    services: dict[int, str]


def names(listed: Iterable[Item]) -> Names:
    """The clients, service levels and services of items, by three queries."""
    listed = list(listed)
    clients = {i.client for i in listed if i.client}
    levels = {i.level for i in listed if i.level}
    services = {i.service for i in listed if i.service}
    return Names(
        {
            ident: (f"{surname}, {forename}", ssref)
            for ident, surname, forename, ssref in Client.select(
                Client.id, Client.surname, Client.forename, Client.ssref
            )
            .where(Client.id.in_(clients))
            .tuples()
        },
        {
            ident: (name, unit)
            for ident, name, unit in ServiceLevel.select(ServiceLevel.id, ServiceLevel.name, ServiceLevel.unit)
            .where(ServiceLevel.id.in_(levels))
            .tuples()
        },
        dict(Service.select(Service.id, Service.name).where(Service.id.in_(services)).tuples()),
    )


class Row(NamedTuple):
    """An item with its names; amounts in pence without VAT, quantity in hundredths, rate in ten-thousandths."""

    item: Item
    client: str
    ssref: str
    level: str
    unit: str
    service: str

    @property
    def kind(self) -> str:
        """The kind in words."""
        return KIND_WORDS.get(self.item.kind, self.item.kind)

    @property
    def total(self) -> int:
        """Pence with VAT."""
        return self.item.amount + self.item.vat


class PackageRows(NamedTuple):
    """The items of one package, or of one claim, in a period: its line of the payment (R-12)."""

    package: int | None
    claim: int | None
    cpli_id: int | None
    client: str
    ssref: str
    level: str
    service: str
    amount: int
    vat: int
    rows: list[Row]

    @property
    def total(self) -> int:
        """Pence with VAT."""
        return self.amount + self.vat


def rows(listed: Iterable[Item]) -> list[Row]:
    """Items with their names, by client, package, week, kind; items of no package last."""
    listed = list(listed)
    known = names(listed)
    nobody, nothing = ("", ""), ("", "")
    made = [
        Row(
            item,
            *known.clients.get(item.client, nobody),
            *known.levels.get(item.level, nothing),
            known.services.get(item.service, ""),
        )
        for item in listed
    ]
    made.sort(
        key=lambda r: (
            r.item.package is None,
            r.client.casefold(),
            r.ssref,
            r.item.cpli_id or 0,
            r.item.week,
            KIND_ORDER[r.item.kind],
            r.item.claim or 0,
        )
    )
    return made


def by_package(listed: list[Row], everything: list[Row]) -> list[PackageRows]:
    """Rows (a page of them) under their packages and claims, each with the sum over all of its rows."""
    sums: dict[tuple[int | None, int | None], list[int]] = {}
    for row in everything:
        known = sums.setdefault((row.item.package, row.item.claim), [0, 0])
        known[0] += row.item.amount
        known[1] += row.item.vat
    made: dict[tuple[int | None, int | None], PackageRows] = {}
    for row in listed:
        key = (row.item.package, row.item.claim)
        if key not in made:
            made[key] = PackageRows(
                *key, row.item.cpli_id, row.client, row.ssref, row.level, row.service, *sums[key], []
            )
        made[key].rows.append(row)
    return list(made.values())


class Totals(NamedTuple):
    """Pence of a period: what is payable without VAT, its VAT, both, and what is not payable (R-05, R-07)."""

    amount: int
    vat: int
    total: int
    non_payable: int


def totals(listed: Iterable[Item]) -> Totals:
    """The header's totals: the sums of the lines to the penny."""
    return Totals(**payments.totals(listed))


# periods ---------------------------------------------------------------------------------------------------------------


class Listed(NamedTuple):
    """A contract's period in the list on the left."""

    contract: Contract
    period: PaymentPeriod
    is_finalised: bool


def financial_year_of(period: PaymentPeriod) -> int:
    """The calendar year in which the period's financial year begins: that of its first day (R-02)."""
    first = period.start_date
    return first.year if first.month >= 4 else first.year - 1


def listed_periods(contracts: Iterable[Contract], states: dict[int, State], today: dt.date) -> list[Listed]:
    """The periods that have begun or are next to be paid, newest first, of contracts that the portal pays (R-01)."""
    made = []
    for contract in contracts:
        state = states[contract.id]
        oldest = state.oldest_current
        for period in state.periods:
            finalised = period.id in state.finalised
            if not finalised and contract.payment_basis == PaymentBasis.INVOICE:
                continue
            if finalised or period.start_date <= today or (oldest and period.id == oldest.id):
                made.append(Listed(contract, period, finalised))
    return sorted(made, key=lambda one: (one.period.start_date, one.contract.name), reverse=True)


# one package and week --------------------------------------------------------------------------------------------------


class WeekOfPackage(NamedTuple):
    """What is due for a package and week, what was paid, and every item that lists it; pence."""

    due: int
    vat: int
    contribution: int
    paid: int
    paid_vat: int
    paid_contribution: int
    items: list[tuple[PaymentPeriod, bool, Item]]  # with its period and whether that is finalised, oldest first


def week_of_package(package: Package, monday: dt.date) -> WeekOfPackage:
    """From a payment to what it is made of: due, paid so far, and each item of the package and week (rules 7.3, 7.5)."""
    due = Due.get_or_none((Due.package == package) & (Due.week == monday))
    contract = package.contract
    state = payments.states([contract])[contract.id]
    by_id = {period.id: period for period in state.periods}
    found = [
        (by_id[item.period], True, item)
        for item in payments.finalised_items((PaymentItem.package == package) & (PaymentItem.week == monday))
        if item.period in by_id
    ]
    own = state.of_week(monday)
    oldest = state.oldest_current
    holder = own if own and own.id not in state.finalised else oldest
    for period in {p.id: p for p in (holder, oldest) if p}.values():
        found += [
            (period, False, item)
            for item in payments.items(contract, period, state)
            if item.package == package.id and item.week == monday
        ]
    return WeekOfPackage(
        due.cost if due else 0,
        due.vat if due else 0,
        due.contribution if due else 0,
        due.paid_cost if due else 0,
        due.paid_vat if due else 0,
        due.paid_contribution if due else 0,
        sorted(found, key=lambda one: (one[0].start_date, KIND_ORDER[one[2].kind])),
    )


def paid_by_week(package: Package, first: dt.date, last: dt.date) -> dict[dt.date, tuple[int, int]]:
    """(due, paid) pence with VAT and contributions of a package's weeks, by one query."""
    return {
        day(week): (cost + vat + own, paid + paid_vat + paid_own)
        for week, cost, vat, own, paid, paid_vat, paid_own in Due.select(
            Due.week, Due.cost, Due.vat, Due.contribution, Due.paid_cost, Due.paid_vat, Due.paid_contribution
        )
        .where((Due.package == package) & Due.week.between(first, last))
        .tuples()
    }


STATE_WORDS = {
    ItemState.PAYABLE: "Payable",
    ItemState.CANCELLED: "Cancelled: it is never paid",
    ItemState.SUSPENDED: "Suspended: held until the authority releases it",
    ItemState.CARRIED: "Carried forward to the next period",
}
