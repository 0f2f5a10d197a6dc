"""The `service-levels` file (interfaces.md): kinds of care by ServiceLevelRef (rule 3.3)."""

from __future__ import annotations

from blueprints import consequences, history, values
from blueprints.imports import records
from blueprints.imports import rules as imports
from blueprints.imports.columns import Column, Need
from blueprints.imports.rules import Report
from blueprints.services import rules
from models import Entry, Import, PaidOn, ServiceLevel

COLUMNS = (
    Column("ServiceLevelRef", rules.LEVEL_WANTED["ref"], field="ref"),
    Column("ServiceLevelName", rules.LEVEL_WANTED["name"], length=100, field="name"),
    Column(
        "Unit", rules.LEVEL_WANTED["unit"], note="A level that is entered by visits is measured in Hours.", field="unit"
    ),
    Column("PaidOn", rules.LEVEL_WANTED["paid_on"], read=records.one_of(*PaidOn), field="paid_on"),
    Column("Entry", rules.LEVEL_WANTED["entry"], read=records.one_of(*Entry), field="entry"),
    Column(
        "Intermittent",
        "1 for short breaks out of a yearly allocation, else 0",
        Need.OPTIONAL,
        read=values.boolean,
        field="intermittent",
        may_be_absent=True,
    ),
    Column(
        "VisitsWanted",
        "1 where the visits file may contain the level; where empty, it may if the level is entered by visits",
        Need.OPTIONAL,
        read=values.boolean,
        field="visits_wanted",
        may_be_absent=True,
    ),
    records.text("ServiceGroupClass", "service_group_class", "the accounting group"),
)


def STAMPS(batch: Import) -> list[str]:
    """What a check reads. Whether a level has actuals or visits has no counter: take looks again."""
    return ["levels", "packages"]


def check(batch: Import, report: Report) -> None:
    """Read and report; nothing but staging changes."""
    known = rules.uses()
    area = records.Area(
        ServiceLevel,
        COLUMNS,
        "ref",
        rules.LEVEL_WANTED,
        rules.LEVEL_DEFAULTS,
        {},
        lambda after, before: rules.check_level(after, before, known),
        complete=lambda after, before: rules.complete_level(after),
    )
    records.check(batch, report, area)


def take(batch: Import, by: history.Actor) -> None:
    """Write what is staged. Raises imports.OutOfDate where a level has got its first actuals or visits meanwhile."""
    changed = records.changes(batch, ServiceLevel, COLUMNS, rules.LEVEL_DEFAULTS)
    known = rules.uses()
    if any(rules.check_level(c.after, c.before, known) for c in changed if c.ident is not None):
        raise imports.OutOfDate
    _, touched = rules.write_levels(changed, by)
    consequences.follow_touched(touched)


def follow(batch: Import, progress) -> None:
    """Match and work out anew what the change has made stale."""
    consequences.settle(progress=progress)
