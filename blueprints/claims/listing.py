"""Claims as the lists of both doors show them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from peewee import JOIN, fn

from blueprints.packages.rules import day
from blueprints.values import file_date, file_money, file_quantity, file_rate
from models import Claim, ClaimItem, ClaimState, Client, Contract, Organisation, Service, ServiceLevel


class Row(NamedTuple):
    """A claim in a list; pence claimed and payable, without VAT."""

    id: int
    on: dt.date
    state: str
    service: str
    organisation: str
    claimant: str
    claimed: int
    amount: int
    items: int
    submitted_at: dt.datetime | None
    asked_at: dt.datetime | None
    clients: str = ""
    kinds: str = ""

    @property
    def waits_for(self) -> str:
        """Whose turn it is, in words."""
        if self.state == ClaimState.UNSUBMITTED:
            return "You, to submit it"
        if self.state != ClaimState.PENDING:
            return ""
        return "More evidence" if self.asked_at else "The authority"


SUMS = (fn.COALESCE(fn.SUM(ClaimItem.claimed), 0), fn.COALESCE(fn.SUM(ClaimItem.amount), 0), fn.COUNT(ClaimItem.id))
SORTS = {
    "date": (Claim.claimed_on, Claim.id),
    "submitted": (Claim.submitted_at, Claim.id),
    "status": (Claim.state, Claim.claimed_on),
    "service": (fn.LOWER(Service.name), Claim.claimed_on),
    "provider": (fn.LOWER(Organisation.name), Claim.claimed_on),
    "claimed": (SUMS[0],),
    "payable": (SUMS[1],),
}


def rows(condition, sort: str, usual: str, size: int, start: int) -> list[Row]:
    """A page of claims in an order ("-date" is descending), by two queries."""
    key, down = sort.removeprefix("-"), sort.startswith("-")
    if key not in SORTS:
        key, down = usual.removeprefix("-"), usual.startswith("-")
    found = list(
        Claim.select(
            Claim.id, Claim.claimed_on, Claim.state, Service.name, Organisation.name, Claim.claimant, *SUMS,
            Claim.submitted_at, Claim.asked_at,
        )
        .join(Service).switch(Claim).join(Organisation).switch(Claim).join(ClaimItem, JOIN.LEFT_OUTER)
        .where(condition).group_by(Claim.id, Service.name, Organisation.name)
        .order_by(*((c.desc() if down else c.asc()) for c in SORTS[key]), Claim.id.desc())
        .limit(size).offset(start).tuples()
    )  # fmt: skip
    about: dict[int, tuple[dict, dict]] = defaultdict(lambda: ({}, {}))
    for claim, client, surname, forename, kind in (
        ClaimItem.select(ClaimItem.claim, ClaimItem.client, Client.surname, Client.forename, Contract.contract_type)
        .join(Client).switch(ClaimItem).join(Contract)
        .where(ClaimItem.claim.in_([row[0] for row in found])).order_by(ClaimItem.id).tuples()
    ):  # fmt: skip
        about[claim][0][client] = f"{surname}, {forename}"
        about[claim][1][kind] = None
    made = []
    for ident, on, *rest in found:
        names, kinds = list(about[ident][0].values()), about[ident][1]
        clients = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more" if names else ""
        made.append(Row(ident, day(on), *rest, clients, ", ".join(kinds)))
    return made


def years(condition) -> list[dt.date]:
    """The first and last day on which claims of a condition were made, to offer the years between."""
    first, last = Claim.select(fn.MIN(Claim.claimed_on), fn.MAX(Claim.claimed_on)).where(condition).tuples().get()
    return [day(first), day(last)] if first else []


HEADINGS = [
    "ClaimId", "ClaimDate", "Status", "OrganisationName", "ServiceName", "Claimant", "SSRef", "Client", "ServiceLevel",
    "ContractRef", "ContractType", "Description", "StayFirstDay", "StayLastDay", "Quantity", "UnitCost", "Claimed",
    "WorkedOut", "Included", "Payable", "LocalAuthorityNotes", "DecidedBy", "DecidedAt",
]  # fmt: skip


def file_rows(condition) -> Iterator[tuple]:
    """The listed claims as rows of a file, one for each item."""
    rows = (
        ClaimItem.select(
            Claim.id, Claim.claimed_on, Claim.state, Organisation.name, Service.name, Claim.claimant, Client.ssref,
            Client.surname, Client.forename, ServiceLevel.name, Contract.ref, Contract.contract_type,
            ClaimItem.description, ClaimItem.stay_first, ClaimItem.stay_last, ClaimItem.quantity, ClaimItem.unit_cost,
            ClaimItem.claimed, ClaimItem.worked_out, ClaimItem.included, ClaimItem.amount, Claim.authority_notes,
            ClaimItem.authority_notes, Claim.decided_by, Claim.decided_at,
        )
        .join(Claim).join(Service).switch(Claim).join(Organisation).switch(ClaimItem).join(Client)
        .switch(ClaimItem).join(ServiceLevel).switch(ClaimItem).join(Contract)
        .where(condition).order_by(Claim.claimed_on, Claim.id, ClaimItem.id).tuples()
    )  # fmt: skip
    for (ident, on, state, organisation, service, claimant, ssref, surname, forename, level, contract, kind, text, first,
         last, quantity, unit_cost, claimed, worked_out, included, amount, notes, own, by, at) in rows:  # fmt: skip
        yield (
            ident, file_date(day(on)), state, organisation, service, claimant, ssref, f"{surname}, {forename}", level,
            contract, kind, text, file_date(day(first)), file_date(day(last)), file_quantity(quantity),
            file_rate(unit_cost), file_money(claimed), file_money(worked_out), int(included), file_money(amount),
            "; ".join(x for x in (notes, own) if x), by, str(at)[:16] if at else "",
        )  # fmt: skip
