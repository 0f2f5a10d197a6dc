"""The `timetables` file (interfaces.md): it replaces the timetable of each package that it names (rule 3.4).

A row is a planned visit: new, updated where its carers differ, or unchanged; a stored one that the file leaves out
counts as deleted. Of a package with a rejected row nothing is taken away, since the row may have meant what is stored.
"""

from __future__ import annotations

from collections import defaultdict

from blueprints import consequences, history, values
from blueprints.facts import Fault
from blueprints.imports import records
from blueprints.imports import rules as imports
from blueprints.imports.columns import Column, Need
from blueprints.imports.records import Lookup
from blueprints.imports.rules import Report
from blueprints.money import hours, number
from blueprints.packages import rules
from blueprints.packages.importer import cpli_id
from blueprints.packages.plan import Slot, slot_minutes
from models import Import, Package, Severity


def carers(text: str) -> int:
    """How many carers come. Raises values.Expected."""
    return values.whole_number(text, 1, rules.MOST_CARERS)


COLUMNS = (
    Column("CPLIId", "the CPLI id of a package, a whole number", read=cpli_id, field="package"),
    Column(
        "Weekday", f"the weekday: {', '.join(rules.WEEKDAYS)}", read=records.one_of(*rules.WEEKDAYS), field="weekday"
    ),
    Column("EntryTime", "the entry time, such as 08:30", read=values.time_of_day, field="entry"),
    Column(
        "ExitTime",
        "the exit time",
        note="One before the entry is on the next day.",
        read=values.time_of_day,
        field="exit",
    ),
    Column(
        "Carers",
        "how many carers come",
        Need.OPTIONAL,
        "1 where absent or empty.",
        read=carers,
        field="carers",
        may_be_absent=True,
    ),
)


def STAMPS(batch: Import) -> list[str]:
    """What a check reads."""
    return ["packages"]


def check(batch: Import, report: Report) -> None:
    """Read and report; nothing but staging changes."""
    sheet = records.Sheet(batch, report, COLUMNS, {"package": Lookup.of("package", Package, "cpli_id")})
    stored = rules.slots_of()
    quantities = dict(Package.select(Package.id, Package.quantity).tuples())
    read: dict[int, dict[tuple[int, int, int], int]] = defaultdict(dict)
    rows: dict[int, list] = defaultdict(list)
    broken: set[int] = set()
    strangers = []
    for row in sheet.rows():
        given = dict(row.values)
        if "weekday" in given:
            given["weekday"] = rules.WEEKDAYS.index(given["weekday"])
        given["carers"] = given.get("carers") or 1
        for fault in rules.check_slot({n: v for n, v in given.items() if n not in row.wrong}):
            row.problem(Severity.ERROR, fault)
        package = given.get("package")
        if package is None:
            strangers.append(row)
            continue
        key = (given.get("weekday"), given.get("entry"), given.get("exit"))
        if not row.is_rejected and key in read[package]:
            row.error("weekday", rules.SAME_SLOT)
        if row.is_rejected:
            broken.add(package)
        else:
            read[package][key] = given["carers"]
        rows[package].append((row, key))
    for row in strangers:
        sheet.settle(row, "rejected")
    for package, listed in rows.items():
        slots, old = read[package], stored.get(package, {})
        gone = [] if package in broken else [key for key in old if key not in slots]
        _notice(listed, slots if package not in broken else {**old, **slots}, quantities[package])
        for row, key in listed:
            carers = slots.get(key)
            action = "new" if key not in old else "unchanged" if old[key] == carers else "updated"
            sheet.settle(row, action, {"package": package, "slot": [*key, carers], "gone": gone})
            gone = []
        report.deleted += 0 if package in broken else len([key for key in old if key not in slots])
    sheet.close()


def _notice(listed: list, slots: dict, quantity: int) -> None:
    """Say on the first row of a package that its timetable now counts and its quantity no more (rule 3.4)."""
    planned = hours(sum(slot_minutes(Slot(*key, carers)) for key, carers in slots.items()))
    first = next((row for row, _ in listed if not row.is_rejected), None)
    if first is not None and planned != quantity:
        words = f"The timetable has {number(planned)} hours a week; the package's quantity of {number(quantity)} is ignored from now on"
        first.problem(Severity.WARNING, Fault("package", words))


def take(batch: Import, by: history.Actor) -> None:
    """Replace the timetables that differ; visits match anew, payments are worked out anew."""
    changed: dict[int, dict] = defaultdict(dict)
    gone: dict[int, set] = defaultdict(set)
    for action, staged in imports.staged(batch, "new", "updated", "unchanged"):
        weekday, entry, leave, carers = staged["slot"]
        if action != "unchanged":
            changed[staged["package"]][weekday, entry, leave] = carers
        if staged["gone"]:
            gone[staged["package"]] |= {tuple(key) for key in staged["gone"]}
    stored = rules.slots_of()
    timetables = {
        package: [
            Slot(*key, carers)
            for key, carers in {**stored.get(package, {}), **changed.get(package, {})}.items()
            if key not in gone.get(package, ())
        ]
        for package in changed.keys() | gone.keys()
    }
    consequences.follow_touched(rules.write_timetables(timetables, by))


def follow(batch: Import, progress) -> None:
    """Match visits, feed actuals, work out payments."""
    consequences.settle(progress=progress)
