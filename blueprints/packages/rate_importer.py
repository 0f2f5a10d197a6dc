"""The `rates` file (interfaces.md): further rates of packages; CPLIId and From are the key (rule 3.2)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from blueprints import consequences, history, values
from blueprints import facts as plain
from blueprints.imports import records
from blueprints.imports import rules as imports
from blueprints.imports.columns import Column
from blueprints.imports.records import Lookup
from blueprints.imports.rules import Report
from blueprints.packages import rules
from blueprints.packages.importer import cpli_id
from models import Import, Package

COLUMNS = (
    Column("CPLIId", "the CPLI id of a package, a whole number", read=cpli_id, field="package"),
    Column("From", "the date from which the rate holds", read=values.authority_date, field="from_date"),
    Column(
        "UnitCost", "the unit cost", note="In pounds, of at most four decimals.", read=values.rate, field="unit_cost"
    ),
)


def STAMPS(batch: Import) -> list[str]:
    """What a check reads."""
    return ["packages"]


def check(batch: Import, report: Report) -> None:
    """Read and report; nothing but staging changes."""
    sheet = records.Sheet(batch, report, COLUMNS, {"package": Lookup.of("package", Package, "cpli_id")})
    stored = rules.rates_of()
    seen: dict[tuple[int, dt.date], int] = {}
    for row in sheet.rows():
        package, since, cost = (row.values.get(name) for name in ("package", "from_date", "unit_cost"))
        if package is not None and since is not None:
            if (package, since) in seen:
                cpli = row.cells["CPLIId"]
                row.error(
                    "from_date",
                    f"Package {cpli} has a rate from {plain.show(since)} on line {seen[package, since]} already; expected each CPLIId and From once",
                )
            seen.setdefault((package, since), row.line)
        before = stored[package].get(since) if package in stored else None
        action = "new" if before is None else "unchanged" if before == cost else "updated"
        sheet.settle(row, action, {"package": package, "from_date": since, "unit_cost": cost})
    sheet.close()


def take(batch: Import, by: history.Actor) -> None:
    """Write what is staged; payments are worked out anew."""
    rates: dict[int, list[rules.Rate]] = defaultdict(list)
    for _, staged in imports.staged(batch, "new", "updated"):
        rates[staged["package"]].append((dt.date.fromisoformat(staged["from_date"]), staged["unit_cost"]))
    consequences.follow_touched(rules.write_rates(rates, by))


def follow(batch: Import, progress) -> None:
    """Match visits, feed actuals, work out payments."""
    consequences.settle(progress=progress)
