"""A period's lines, payments and findings as rows: of files, and clients side by side."""

from __future__ import annotations

from blueprints.payments import listing
from blueprints.payments import rules as payments
from blueprints.periods import overview, review
from blueprints.values import file_date, file_money, file_quantity, file_rate
from models import Contract, PaymentPeriod

LINES = [
    "CPLIId", "SSRef", "Client", "ServiceName", "ServiceLevel", "WeekBeginning", "Kind", "Reason", "Quantity", "UnitCost",
    "Amount", "VAT", "State", "Note",
]  # fmt: skip


def line_rows(listed: list[listing.Row]):
    """The listed lines as rows of a file."""
    for row in listed:
        i = row.item
        yield (
            "" if i.cpli_id is None else i.cpli_id, row.ssref, row.client, row.service, row.level, file_date(i.week),
            i.kind, i.reason, file_quantity(i.quantity), file_rate(i.unit_cost), file_money(i.amount),
            file_money(i.vat), i.state, i.note,
        )  # fmt: skip


REVIEW = ["ContractRef", "CPLIId", "SSRef", "Client", "WeekBeginning", "Finding", "Why", "Amount", "State"]


def payment_rows(contracts: list[Contract], period: PaymentPeriod):
    """Rows of the payments file (interfaces.md) of one period."""
    states = payments.states(contracts)
    for contract in contracts:
        state = states[contract.id]
        items = payments.items(contract, period, state)
        ssrefs = {i: c.ssref for i, c in payments.client_names(items).items()}
        for item in items:
            yield (
                period.cycle.name, file_date(period.start_date), file_date(period.end_date),
                "Finalised" if period.id in state.finalised else "Current", contract.ref,
                "" if item.cpli_id is None else item.cpli_id, ssrefs.get(item.client, ""), file_date(item.week),
                item.kind, item.reason, "" if item.quantity is None else file_quantity(item.quantity),
                "" if item.unit_cost is None else file_rate(item.unit_cost), file_money(item.amount),
                file_money(item.vat), item.state,
            )  # fmt: skip


def review_rows(found: review.Finding, book: overview.Book):
    """What stands out as rows of a file."""
    for row in found.rows:
        yield (
            book.contracts[row.contract].ref, "" if row.cpli_id is None else row.cpli_id, row.ssref, row.name,
            file_date(row.week), found.title, row.why, "" if row.amount is None else file_money(row.amount), row.state,
        )  # fmt: skip


def by_client(contract: Contract, period: PaymentPeriod, before: PaymentPeriod | None) -> list[tuple]:
    """Each client of a contract with what is payable in the period and was in the one before, and the difference;
    the largest difference first."""
    state = payments.states([contract])[contract.id]
    sums: dict[int | None, list[int]] = {}
    everything = []
    for place, one in enumerate((period, before)):
        for item in payments.items(contract, one, state) if one else ():
            everything.append(item)
            if item.is_payable:
                sums.setdefault(item.client, [0, 0])[place] += item.amount + item.vat
    names = listing.names(everything).clients
    rows = [(ident, *names.get(ident, ("No client", "")), now, then, now - then) for ident, (now, then) in sums.items()]
    return sorted(rows, key=lambda row: (-abs(row[5]), row[1]))
