"""The `services` file (interfaces.md): sites and branches by ServiceRef."""

from __future__ import annotations

from blueprints import history, values
from blueprints.imports import records
from blueprints.imports.columns import Column, Need
from blueprints.imports.records import Lookup
from blueprints.imports.rules import Report
from blueprints.services import rules
from models import Import, Organisation, Service

COLUMNS = (
    Column("ServiceRef", rules.WANTED["ref"], field="ref"),
    Column("ServiceName", rules.WANTED["name"], length=112, field="name"),
    Column("OrganisationRef", rules.WANTED["organisation"], field="organisation"),
    records.text("ServiceType", "service_type", "kind of service, such as Home care"),
    *records.address(),
    records.text("Telephone", "telephone", "telephone number"),
    records.text("Email", "email", "e-mail address"),
    Column("StartDate", "first day", Need.OPTIONAL, read=values.authority_date, field="start_date", may_be_absent=True),
    Column("EndDate", "last day", Need.OPTIONAL, read=values.authority_date, field="end_date", may_be_absent=True),
)


def STAMPS(batch: Import) -> list[str]:
    """What a check reads."""
    return ["organisations", "services", "packages"]


def check(batch: Import, report: Report) -> None:
    """Read and report; nothing but staging changes."""
    used = rules.users()
    references = {"organisation": Lookup.of("organisation", Organisation)}

    def faults(after, before):
        return rules.check_service(after, before, used)

    records.check(
        batch, report, records.Area(Service, COLUMNS, "ref", rules.WANTED, rules.DEFAULTS, references, faults)
    )


def take(batch: Import, by: history.Actor) -> None:
    """Write what is staged. Nothing follows: a service with packages or visits keeps its organisation."""
    rules.write_services(records.changes(batch, Service, COLUMNS, rules.DEFAULTS), by)
