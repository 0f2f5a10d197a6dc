"""The `contracts` file (interfaces.md): terms by ContractRef."""

from __future__ import annotations

from blueprints import consequences, history, values
from blueprints.contracts import rules
from blueprints.imports import records
from blueprints.imports.columns import Column, Need
from blueprints.imports.records import Lookup
from blueprints.imports.rules import Report
from models import Contract, Import, Organisation, PaymentBasis, PaymentCycle

COLUMNS = (
    Column("ContractRef", rules.WANTED["ref"], field="ref"),
    Column("ContractName", rules.WANTED["name"], field="name"),
    Column("OrganisationRef", rules.WANTED["organisation"], field="organisation"),
    Column("ContractType", rules.WANTED["contract_type"], field="contract_type"),
    Column("PaymentCycle", rules.WANTED["cycle"], note="A cycle of the payment-periods file.", field="cycle"),
    Column(
        "VatRate",
        "VAT in per cent, such as 20",
        Need.OPTIONAL,
        read=values.percentage,
        field="vat_rate",
        may_be_absent=True,
    ),
    Column(
        "PaymentBasis",
        "portal where the portal's data are paid, invoice where invoices are",
        Need.OPTIONAL,
        read=records.one_of(*PaymentBasis),
        field="payment_basis",
        may_be_absent=True,
    ),
    records.text("PaymentMethod", "payment_method", "how it is paid, such as BACS"),
)


def STAMPS(batch: Import) -> list[str]:
    """What a check reads."""
    return ["organisations", "periods", "contracts", "packages"]


def check(batch: Import, report: Report) -> None:
    """Read and report; nothing but staging changes."""
    known = rules.uses()
    references = {
        "organisation": Lookup.of("organisation", Organisation),
        "cycle": Lookup.of("payment cycle", PaymentCycle, "name"),
    }

    def faults(after, before):
        return rules.check_contract(after, before, known)

    records.check(
        batch, report, records.Area(Contract, COLUMNS, "ref", rules.WANTED, rules.DEFAULTS, references, faults)
    )


def take(batch: Import, by: history.Actor) -> None:
    """Write what is staged; packages are worked out anew where payment changes."""
    _, touched = rules.write_contracts(records.changes(batch, Contract, COLUMNS, rules.DEFAULTS), by)
    consequences.follow_touched(touched)


def follow(batch: Import, progress) -> None:
    """Match and work out anew the packages of contracts whose payment has changed."""
    consequences.settle(progress=progress)
