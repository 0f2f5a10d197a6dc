"""The `clients` file (interfaces.md): people by SSRef."""

from __future__ import annotations

from blueprints import consequences, history, values
from blueprints import facts as plain
from blueprints.clients import rules
from blueprints.imports import records
from blueprints.imports.columns import Column, Need
from blueprints.imports.rules import Report
from models import Client, Import


def a_date(name: str, field: str, holds: str) -> Column:
    """An optional column of dates."""
    return Column(name, holds, Need.OPTIONAL, read=values.authority_date, field=field, may_be_absent=True)


COLUMNS = (
    Column("SSRef", rules.WANTED["ssref"], length=50, field="ssref"),
    Column("Surname", rules.WANTED["surname"], field="surname"),
    Column("Forename", rules.WANTED["forename"], field="forename"),
    records.text(
        "ClientRef",
        "client_ref",
        "the client's GUID",
        note="Made by the portal where the column is absent or the cell empty.",
    ),
    records.text("Title", "title", "title, such as Mrs"),
    a_date("DateOfBirth", "date_of_birth", "date of birth"),
    a_date("DateOfDeath", "date_of_death", "date of death"),
    records.text("Gender", "gender", "gender"),
    records.text("NHSNumber", "nhs_number", "NHS number", 20),
    records.text("NINumber", "ni_number", "National Insurance number"),
    *records.address(),
)


def STAMPS(batch: Import) -> list[str]:
    """What a check reads."""
    return ["clients"]


def check(batch: Import, report: Report) -> None:
    """Read and report; nothing but staging changes."""
    refs: dict[str, str] = {}  # whose each ClientRef is, the rows read so far included
    nhs: dict[str, str] = {}
    for ssref, ref, number in Client.select(Client.ssref, Client.client_ref, Client.nhs_number).tuples():
        refs[ref.casefold()] = ssref
        if number:
            nhs[number] = ssref

    def faults(after, before):
        found = rules.check_client(after, before, refs)
        if after.get("client_ref") and after.get("ssref"):
            refs.setdefault(after["client_ref"].casefold(), after["ssref"])
        return found

    def remarks(row, after, before):
        number = after["nhs_number"]
        other = nhs.setdefault(number, after["ssref"]) if number else after["ssref"]
        if other.casefold() != after["ssref"].casefold():
            row.warn(
                "nhs_number",
                f"The client with SSRef {other} has the NHS number {plain.short(number)} too; visits that give nothing else cannot tell them apart",
            )

    area = records.Area(
        Client, COLUMNS, "ssref", rules.WANTED, rules.DEFAULTS, {}, faults, remarks, rules.complete_client
    )
    records.check(batch, report, area)


def take(batch: Import, by: history.Actor) -> None:
    """Write what is staged; visits match anew where an identifier changes."""
    _, touched = rules.write_clients(records.changes(batch, Client, COLUMNS, rules.DEFAULTS), by)
    consequences.follow_touched(touched)


def follow(batch: Import, progress) -> None:
    """Match anew the visits of clients whose identifiers have changed."""
    consequences.settle(progress=progress)
