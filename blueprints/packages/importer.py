"""The `packages` file (interfaces.md): care package line items by CPLIId (rules 3.1 to 3.4, 3.9)."""

from __future__ import annotations

from blueprints import consequences, history, values
from blueprints.imports import records
from blueprints.imports.columns import Column, Need
from blueprints.imports.records import Lookup
from blueprints.imports.rules import Report
from blueprints.packages import rules
from models import Client, Contract, Import, Package, Service, ServiceLevel, Severity


def cpli_id(text: str) -> int:
    """A CPLI id: a whole number from 1. Raises values.Expected."""
    return values.whole_number(text, 1, 10**15)


def optional(name: str, field: str, holds: str, read, note: str = "") -> Column:
    """An optional column that is not plain text."""
    return Column(name, holds, Need.OPTIONAL, note, read=read, field=field, may_be_absent=True)


COLUMNS = (
    Column("CPLIId", rules.WANTED["cpli_id"], read=cpli_id, field="cpli_id"),
    Column("SSRef", rules.WANTED["client"], field="client"),
    Column("ServiceRef", rules.WANTED["service"], field="service"),
    Column("ServiceLevelRef", rules.WANTED["level"], field="level"),
    Column("ContractRef", rules.WANTED["contract"], note="A contract of the service's organisation.", field="contract"),
    Column("StartDate", rules.WANTED["start_date"], read=values.authority_date, field="start_date"),
    Column(
        "EndDate",
        "the last day; empty where none is known",
        Need.SOMETIMES,
        read=values.authority_date,
        field="end_date",
    ),
    Column(
        "Quantity",
        rules.WANTED["quantity"],
        note="Ignored where the package has a timetable.",
        read=values.quantity,
        field="quantity",
    ),
    Column("Frequency", rules.WANTED["frequency"], read=rules.frequency, field="frequency"),
    Column(
        "UnitCost",
        rules.WANTED["unit_cost"],
        note="In pounds, of at most four decimals.",
        read=values.rate,
        field="unit_cost",
    ),
    Column(
        "Authorised",
        "1 where the package is in force, else 0 or empty",
        Need.SOMETIMES,
        read=values.boolean,
        field="authorised",
    ),
    records.text("CarePackageRef", "care_package_ref", "the authority's reference of the care package"),
    optional("Discount", "discount", "discount in per cent", values.percentage),
    optional("Contribution", "contribution", "the client's contribution a week, in pounds", values.money),
    records.text("PricingBasis", "pricing_basis", "the word after a price", note="Spot where empty."),
    records.text("CostCentre", "cost_centre", "cost centre"),
    records.text("Subjective", "subjective", "subjective"),
)


def STAMPS(batch: Import) -> list[str]:
    """What a check reads."""
    return ["clients", "services", "levels", "contracts", "periods", "packages"]


def check(batch: Import, report: Report) -> None:
    """Read and report; nothing but staging changes."""
    against = rules.known(everything=True)
    references = {
        "client": Lookup.of("client", Client, "ssref"),
        "service": Lookup.of("service", Service),
        "level": Lookup.of("service level", ServiceLevel),
        "contract": Lookup.of("contract", Contract),
    }

    def faults(after, before):
        return rules.check_package(after, before, against)

    def complete(after, before):
        """Where there is a timetable the quantity column is ignored (rule 3.4)."""
        if before and before["id"] in against.minutes:
            after["given"], after["quantity"] = after["quantity"], before["quantity"]
        return after

    def remarks(row, after, before):
        if "given" in after:
            for fault in rules.remarks(after["given"], before["id"], against):
                row.problem(Severity.WARNING, fault)

    area = records.Area(
        Package, COLUMNS, "cpli_id", rules.WANTED, rules.DEFAULTS, references, faults, remarks, complete
    )
    records.check(batch, report, area)


def take(batch: Import, by: history.Actor) -> None:
    """Write what is staged; visits match anew, payments are worked out anew."""
    _, touched = rules.write_packages(records.changes(batch, Package, COLUMNS, rules.DEFAULTS), by)
    consequences.follow_touched(touched)


def follow(batch: Import, progress) -> None:
    """Match visits, feed actuals, work out payments."""
    consequences.settle(progress=progress)
