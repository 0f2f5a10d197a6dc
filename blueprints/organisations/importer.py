"""The `organisations` file (interfaces.md): providers by OrganisationRef."""

from __future__ import annotations

from blueprints import history, values
from blueprints.imports import records
from blueprints.imports.columns import Column, Need
from blueprints.imports.rules import Report
from blueprints.organisations import rules
from models import Import, Organisation

COLUMNS = (
    Column("OrganisationRef", rules.WANTED["ref"], field="ref"),
    Column("OrganisationName", rules.WANTED["name"], length=112, field="name"),
    *records.address(),
    records.text("Telephone", "telephone", "telephone number"),
    records.text("Email", "email", "e-mail address"),
    Column(
        "LimitedAccessibility",
        "1 where a contact reaches only what its roles reach (rule 11.1), else 0",
        Need.OPTIONAL,
        read=values.boolean,
        field="limited_accessibility",
        may_be_absent=True,
    ),
)


def STAMPS(batch: Import) -> list[str]:
    """What a check reads."""
    return ["organisations"]


def check(batch: Import, report: Report) -> None:
    """Read and report; nothing but staging changes."""

    def faults(after, before):
        return rules.check_organisation(after, before, alone=False)

    records.check(batch, report, records.Area(Organisation, COLUMNS, "ref", rules.WANTED, rules.DEFAULTS, {}, faults))


def take(batch: Import, by: history.Actor) -> None:
    """Write what is staged. Nothing follows: no visit and no payment asks for more than an organisation's id."""
    rules.write_organisations(records.changes(batch, Organisation, COLUMNS, rules.DEFAULTS), by)
