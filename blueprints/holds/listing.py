"""What is held and since when, as officers list it: every hold with what it holds, and together as it was pressed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from peewee import JOIN, fn

from blueprints.packages.rules import day
from blueprints.payments import sums
from blueprints.payments.rules import Key
from blueprints.values import show_date
from models import (
    Client,
    Contract,
    Due,
    Finalisation,
    Hold,
    ItemKind,
    ItemState,
    ManualAdjustment,
    Organisation,
    Package,
    PaymentPeriod,
)

NOW = ""  # the state of a filter that asks for what is held now
OWNER = fn.COALESCE(Package.contract, ManualAdjustment.contract)
WHO = fn.COALESCE(Package.client, ManualAdjustment.client)


class Row(NamedTuple):
    """A hold with its names. `amount`: pence with VAT that it holds now; `settled`: pence cancelled for good."""

    id: int
    version: int
    key: Key
    state: str
    reason: str
    by: str
    at: dt.datetime
    contract: int
    contract_name: str
    provider: str
    client: int | None
    name: str  # `Archer, Ann`; empty where a manual adjustment is about nobody
    ssref: str
    cpli_id: int | None
    amount: int
    settled: int
    listed_in: tuple[dt.date, dt.date] | None  # the finalised period that held it back
    note: str  # of a manual adjustment

    @property
    def is_final(self) -> bool:
        """A cancelled manual adjustment that a finalised period settled: nothing of it can follow."""
        return self.state == ItemState.CANCELLED and self.key.adjustment is not None and self.listed_in is not None

    @property
    def what(self) -> str:
        """What it is, in a word or two."""
        if self.key.adjustment:
            return "Manual adjustment"
        return "Client contribution" if self.key.kind == ItemKind.CONTRIBUTION else "Care"


class Group(NamedTuple):
    """Holds of one client (or adjustment) that were pressed together."""

    first: Row
    rows: list[Row]

    @property
    def amount(self) -> int:
        """Pence held now."""
        return sum(row.amount for row in self.rows)

    @property
    def listed_in(self) -> tuple[dt.date, dt.date] | None:
        """First and last day of the last finalised period that held some of it back."""
        return max((row.listed_in for row in self.rows if row.listed_in), default=None)

    @property
    def settled(self) -> int:
        """Pence cancelled for good."""
        return sum(row.settled for row in self.rows)

    @property
    def what(self) -> str:
        """`Care, 07/09/2026 to 28/09/2026`; whichever kinds, and the weeks from first to last."""
        kinds = ", ".join(dict.fromkeys(row.what for row in self.rows))
        weeks = sorted({row.key.week for row in self.rows if row.key.week})
        if not weeks:
            return f"{kinds}: {self.first.note}"
        span = show_date(weeks[0]) if len(weeks) == 1 else f"{show_date(weeks[0])} to {show_date(weeks[-1])}"
        return f"{kinds}, {'week of ' if len(weeks) == 1 else 'weeks of '}{span}"


def rows(condition=None) -> list[Row]:
    """The holds that are not released, oldest first; one query."""
    query = (
        Hold.select(
            Hold.id, Hold.version, Hold.package, Hold.week, Hold.kind, Hold.adjustment, Hold.state, Hold.reason, Hold.by,
            Hold.at, Hold.amount, Hold.vat, Contract.id, Contract.name, Contract.vat_rate, Organisation.name, Client.id,
            Client.surname, Client.forename, Client.ssref, Package.cpli_id, Due.cost - Due.paid_cost,
            Due.vat - Due.paid_vat, Due.contribution - Due.paid_contribution, ManualAdjustment.amount,
            ManualAdjustment.with_vat, ManualAdjustment.note, PaymentPeriod.start_date, PaymentPeriod.end_date,
        )
        .join(Package, JOIN.LEFT_OUTER).switch(Hold).join(ManualAdjustment, JOIN.LEFT_OUTER)
        .join(Contract, on=(Contract.id == OWNER)).join(Organisation)
        .join(Client, JOIN.LEFT_OUTER, on=(Client.id == WHO))
        .join(Due, JOIN.LEFT_OUTER, on=((Due.package == Hold.package) & (Due.week == Hold.week)))
        .switch(Hold).join(Finalisation, JOIN.LEFT_OUTER).join(PaymentPeriod, JOIN.LEFT_OUTER)
        .where(Hold.released_at.is_null())
        .order_by(Hold.at, Organisation.name, Contract.name, Client.surname, Client.id, Hold.week, Hold.kind)
    )  # fmt: skip
    if condition is not None:
        query = query.where(condition)
    return [_row(*values) for values in query.tuples()]


def _row(ident, version, package, week, kind, adjustment, state, reason, by, at, back, back_vat, contract, name, rate,
         provider, client, surname, forename, ssref, cpli, cost, vat, contribution, manual, with_vat, note, start, end):  # fmt: skip
    listed = (day(start), day(end)) if start else None
    cancelled = state == ItemState.CANCELLED and listed is not None
    if adjustment:
        amount = 0 if cancelled else manual + sums.vat_on(manual, rate if with_vat else 0)
    elif kind == ItemKind.CONTRIBUTION:
        amount = contribution or 0
    else:
        amount = (cost or 0) + (vat or 0)
    return Row(
        ident, version, Key(package, day(week), kind, adjustment), state, reason, by, at, contract, name, provider, client,
        f"{surname}, {forename}" if client else "", ssref or "", cpli, amount, back + back_vat if cancelled else 0, listed,
        note or "",
    )  # fmt: skip


def condition(client: str = "", contract: int | None = None, state: str = NOW):
    """The condition of the list's filter: by a client's SSRef or name, a contract, a state."""
    made = Hold.state == state if state else ~((Hold.state == ItemState.CANCELLED) & Hold.finalisation.is_null(False))
    if contract:
        made &= contract == OWNER
    for word in client.replace(",", " ").split():
        made &= Client.surname.contains(word) | Client.forename.contains(word) | Client.ssref.contains(word)
    return made


def grouped(listed: Iterable[Row]) -> list[Group]:
    """Holds together as they were pressed, by client."""
    found: dict[tuple, Group] = {}
    for row in listed:
        key = (row.at, row.by, row.contract, row.client, row.key.adjustment, row.state, row.reason)
        found.setdefault(key, Group(row, [])).rows.append(row)
    return list(found.values())


def together(ident: int) -> list[Row]:
    """The holds that were pressed together with this one, itself among them; none where it is not held any more."""
    one = rows(Hold.id == ident)
    if not one:
        return []
    same = (Hold.at == one[0].at) & (Hold.by == one[0].by) & (one[0].contract == OWNER)
    return next((g.rows for g in grouped(rows(same)) if any(row.id == ident for row in g.rows)), [])


def back(contract: Contract) -> list[Row]:
    """What finalised periods of a contract hold back, suspended and not released yet (rule 7.5)."""
    return rows((contract.id == OWNER) & (Hold.state == ItemState.SUSPENDED) & Hold.finalisation.is_null(False))


def waiting() -> tuple[int, dt.date | None]:
    """How many lines are held back or about to be, apart from what is cancelled, and since when."""
    query = Hold.select(fn.COUNT(Hold.id), fn.MIN(Hold.at)).where(
        Hold.released_at.is_null() & (Hold.state != ItemState.CANCELLED)
    )
    count, since = query.tuples().get()
    return count, dt.date.fromisoformat(str(since)[:10]) if since else None
