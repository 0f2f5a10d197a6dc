"""A small authority made of files, and the loading of tiny ones on top of it."""

from __future__ import annotations

import io

from blueprints.imports import rules as imports
from models import Import

WORLD = {
    "organisations": """OrganisationRef,OrganisationName,Town,Email,LimitedAccessibility
OAK,Oakfield Home Care,Oxford,office@oakfield.example,0
BRO,Brookhouse Residential,Oxford,office@brookhouse.example,1
""",
    "service-levels": """ServiceLevelRef,ServiceLevelName,Unit,PaidOn,Entry,Intermittent,VisitsWanted,ServiceGroupClass
PC,Personal Care,Hours,actuals,visits,0,1,Home
DAY,Day Care,Sessions,actuals,daily,0,0,Day
RES,Residential Placement,Placement,planned,none,0,0,Beds
BRK,Short Break,Nights,actuals,weekly,1,0,Breaks
ONE,Incentive,Payment,one-off,none,0,0,Other
""",
    "services": """ServiceRef,ServiceName,OrganisationRef,ServiceType,StartDate,EndDate
OAK-N,Oakfield North,OAK,Home care,2021-01-01,
OAK-S,Oakfield South,OAK,Home care,2021-01-01,
BRO-1,Brookhouse,BRO,Residential,2021-01-01,
""",
    "payment-periods": """PaymentCycle,StartDate,EndDate,CutOff
4-weekly,2026-09-07,2026-10-04,2026-10-07
4-weekly,2026-10-05,2026-11-01,2026-11-04
4-weekly,2026-11-02,2026-11-29,
2-weekly,2026-09-07,2026-09-20,
""",
    "contracts": """ContractRef,ContractName,OrganisationRef,ContractType,PaymentCycle,VatRate,PaymentBasis,PaymentMethod
C1,Oakfield DAPL,OAK,DAPL,4-weekly,0,portal,BACS
C2,Brookhouse Spot,BRO,Spot,4-weekly,20,portal,BACS
C3,Oakfield invoices,OAK,Spot,2-weekly,,invoice,
""",
    "clients": """SSRef,Surname,Forename,ClientRef,Title,DateOfBirth,NHSNumber,Town
A1,Archer,Ann,CR-1,Mrs,17/05/1940,9990000018,Oxford
A2,O'Neill,Bob,,Mr,,,
A3,Castle,Cat,CR-3,Ms,1950-01-02,,Oxford
""",
    "packages": """CPLIId,SSRef,ServiceRef,ServiceLevelRef,ContractRef,StartDate,EndDate,Quantity,Frequency,UnitCost,Authorised,CarePackageRef,Discount,Contribution,CostCentre
101,A1,OAK-N,PC,C1,2026-09-07,,11,Weekly,23.2260,1,CP/101,,,Home
102,A2,OAK-N,DAY,C1,2026-09-07,,3,2-Weekly,40,1,,10,2.50,Day
200,A3,BRO-1,RES,C2,2026-09-07,,1,Weekly,646.06,1,CP/200,,100,
300,A3,BRO-1,BRK,C2,2026-09-07,2027-03-31,28,Yearly,90,0,,,,
""",
    "rates": """CPLIId,From,UnitCost
200,2026-10-05,650
200,2027-04-05,670.5
""",
    "timetables": """CPLIId,Weekday,EntryTime,ExitTime,Carers
101,Mon,08:00,09:30,2
101,Tue,22:00,06:00,
""",
}


def load(kind: str, content: str | bytes, **options) -> Import:
    """Load a file of these contents, as the command does."""
    data = content.encode() if isinstance(content, str) else content
    return imports.load(imports.KINDS[kind], None, f"{kind}.csv", io.BytesIO(data), **options)


def build() -> None:
    """Load the small authority."""
    for kind, content in WORLD.items():
        batch = load(kind, content)
        assert batch.rejected == 0 and batch.new == content.count("\n") - 1, said(batch)


def said(batch: Import) -> list[tuple[str, int, str, str]]:
    """Every problem: severity, line, column, message with its suggestion."""
    return [
        (p.severity, p.line, p.column, p.message + (f" Did you mean {p.suggestion}?" if p.suggestion else ""))
        for p in imports.problems(batch)
    ]


def figures(batch: Import) -> tuple[int, ...]:
    """Read, new, updated, unchanged, deleted, rejected, data quality issues."""
    return tuple(imports.figures(batch).values())


def changed(kind: str, line: int, **cells: str) -> str:
    """The world's file of a kind with the heading and one of its rows (line 2 is the first), some cells changed."""
    lines = WORLD[kind].splitlines()
    headings = lines[0].split(",")
    row = dict(zip(headings, lines[line - 1].split(","), strict=True)) | cells
    return f"{','.join(row)}\n{','.join(row.values())}\n"
