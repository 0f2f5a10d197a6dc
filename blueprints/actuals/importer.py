"""The actuals file of a provider: the same columns as the file that leaves, so that it loads again unchanged (N-02, N-03).

Rows are keyed by CPLIId and WeekBeginning. The rules are those of entering by hand (N-10).
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import database
from blueprints import consequences, history, values, weeks
from blueprints.actuals import allocations, entering, pane, sums
from blueprints.actuals import rules as actuals
from blueprints.actuals.entering import Figures, Terms
from blueprints.actuals.reading import Level
from blueprints.actuals.sums import ActualFigures
from blueprints.facts import Fault
from blueprints.imports import records, rules
from blueprints.imports.columns import Column, Need
from blueprints.money import number
from blueprints.packages import rules as packages
from blueprints.packages.plan import active_days, planned_quantity, unit_cost_shown
from blueprints.packages.rules import Line, day
from blueprints.reach import Reach
from blueprints.settings import rules as settings
from blueprints.sheets import write_csv
from models import (
    Actual,
    Client,
    Entry,
    Import,
    Increase,
    LockedWeek,
    Package,
    Service,
    ServiceLevel,
    Severity,
    Source,
    StagedRow,
    db,
    utc_now,
)

READS_XLSX = True
MOST = 999_999  # hundredths, as by hand
MOST_COMMENT = 8000
FORMAT_NOTE = (
    "An Excel workbook (.xlsx) of the same columns is read as well. The file of the Actuals Bulk Export loads again "
    "as it is: change what differs, and leave the rest. A row without an actual is left out where there is none yet."
)


def a_quantity(text: str) -> int:
    """Hundredths, not negative, at most as many as by hand."""
    found = values.quantity(text)
    if found > MOST:
        raise values.Expected("at most 9999.99")
    return found


def a_comment(text: str) -> str:
    """A comment, which may have several lines."""
    return text.replace("\r\n", "\n")


def as_is(text: str) -> str:
    """A cell that is not read."""
    return text


def _quantity(name: str, holds: str, **more) -> Column:
    return Column(name, holds, Need.OPTIONAL, read=a_quantity, field=name.lower(), may_be_absent=True, **more)


def _unread(name: str, holds: str) -> Column:
    return Column(
        name, holds, Need.OPTIONAL, "Not read: for your own orientation.", 10_000, as_is, name.lower(), True
    )  # fmt: skip


COLUMNS = (
    Column("CPLIId", "the package's number", note="As your list of care package line items shows it.",
           read=lambda text: values.whole_number(text, 0, 2**62), field="cpli"),
    Column("WeekBeginning", "the week's Monday: 2026-10-05 or 05/10/2026", read=values.authority_date, field="week"),
    _unread("SSRef", "the client's SSRef"),
    _unread("Client", "the client"),
    _unread("ServiceName", "the service"),
    _unread("ServiceLevel", "the service level"),
    _unread("Unit", "the unit"),
    _quantity("Planned", "the planned quantity", note="Where it is filled it must be the portal's."),
    Column("Actual", "what was delivered: 13.50", Need.SOMETIMES, "0 where nothing was.", read=a_quantity, field="actual"),
    _quantity("Frustrated", "what is paid although the client was not there"),
    _quantity("Missed", "what was not delivered", note="Worked out, and not read, for levels entered by the day."),
    _quantity("Extra", "what was delivered beyond plan", note="Worked out, and not read, for levels entered by the day."),
    Column("Visits", "the number of visits", Need.OPTIONAL, read=lambda text: values.whole_number(text, 0, 9999),
           field="visits", may_be_absent=True),
    Column("UnitCost", "the unit cost", Need.OPTIONAL, "Where it is filled it must be the portal's.", read=values.rate,
           field="unit_cost", may_be_absent=True),
    Column("Cost", "the cost", Need.OPTIONAL, "Where it is filled it must be the cost before or after the change.",
           read=values.money, field="cost", may_be_absent=True),
    Column("Comments", "a comment", Need.SOMETIMES, "Needed where the row differs from plan.", MOST_COMMENT, a_comment,
           "comments", True),
    _unread("Source", "where the row came from"),
    _unread("Locked", "1 where the week is locked"),
)  # fmt: skip
READ = ("actual", "frustrated", "missed", "extra", "visits", "comments")


def STAMPS(batch: Import) -> list[str]:
    """The counters of what a check reads; the rows themselves are compared when they are taken."""
    own = batch.organisation_id
    return [f"packages:{own}", f"locks:{own}", f"roles:{own}", "roles", "levels"]


# an older layout -------------------------------------------------------------------------------------------------------

OLD = (None, None, "SSRef", "WeekBeginning", None, None, None, None, "Actual", "Frustrated", "Missed", "Extra", "Visits",
       "Comments", "CPLIId", None)  # fmt: skip


def opened(stream):
    """A file of the sixteen fields without headings that guide 003 shows (N-04), as one with headings; else as it is."""
    head = stream.read(2000)
    stream.seek(0)
    first = head.split(b"\n", 1)[0].decode("latin-1").strip()
    if not re.fullmatch(r'"?\w+"?,"[^"]*","\w*","\d{8}",.*,"?\d+"?,("")?', first):
        return stream
    import csv

    rows = []
    for cells in csv.reader(io.TextIOWrapper(stream, "utf-8", errors="replace", newline="")):
        if len(cells) != len(OLD):
            continue
        named = {name: cell for name, cell in zip(OLD, cells, strict=True) if name}
        week = named["WeekBeginning"]
        named["WeekBeginning"] = f"{week[:4]}-{week[4:6]}-{week[6:]}" if len(week) == 8 else week
        rows.append([named[name] for name in OLD if name])
    return io.BytesIO(b"".join(write_csv(rows, [name for name in OLD if name])))


# the check -------------------------------------------------------------------------------------------------------------


class Stored(NamedTuple):
    """A stored row: its version, source and figures, and what it is priced from."""

    version: int
    source: str
    figures: tuple
    priced: ActualFigures


class World:
    """What a file is judged by: the packages within reach with their actuals (rules 5.3, 11.1: nobody else's)."""

    def __init__(self, reach: Reach):
        own = reach.services(Package.service, Package.organisation)
        self.lines = {line.plan.id: line for line in packages.lines(own).values()}
        self.by_id = {line.id: line for line in self.lines.values()}
        self.levels = {
            ident: Level(name, unit, bool(frustrated))
            for ident, name, unit, frustrated in ServiceLevel.select(
                ServiceLevel.id, ServiceLevel.name, ServiceLevel.unit, ServiceLevel.frustrated_allowed
            ).tuples()
        }
        self.locks = {
            (service, day(week))
            for service, week in LockedWeek.select(LockedWeek.service, LockedWeek.week)
            .join(Service).where(reach.services(Service.id, Service.organisation)).tuples()
        }  # fmt: skip
        self.terms = Terms(settings.read(), weeks.today(), source=str(Source.IMPORTED))
        self.stored = self._stored(reach)
        self.used: Counter = Counter()  # of yearly allocations, by package and financial year
        for (package, week), row in self.stored.items():
            if self.by_id[package].plan.intermittent:
                self.used[package, weeks.financial_year(week)] += row.figures[0]

    def _stored(self, reach: Reach) -> dict[tuple[int, dt.date], Stored]:
        found: dict[tuple[int, dt.date], Stored] = {}
        agreed = actuals.agreed_of(Increase.organisation == reach.organisation_id)
        query = Actual.select(
            Actual.package, Actual.week, Actual.version, Actual.source, *(getattr(Actual, name) for name in READ),
            Actual.paid_minutes,
        ).where(reach.services(Actual.service, Actual.organisation))  # fmt: skip
        for package, week, version, source, *figures, minutes in query.tuples():
            week = day(week)
            priced = ActualFigures(figures[0], figures[1], source, minutes if source == Source.VISITS else None)
            if (package, week) in agreed:
                held = actuals.unpaid_of(self.by_id[package], week, priced, agreed[package, week])
                priced = priced._replace(unpaid=held)
            found[package, week] = Stored(version, source, tuple(figures), priced)
        return found


def check(batch: Import, report: rules.Report) -> None:
    """Read every row, report every problem, stage what becomes of it; nothing but staging changes."""
    world = World(Reach.of_sender(batch))
    sheet = records.Sheet(batch, report, COLUMNS, {})
    twice = {key for key, count in _keys(batch, report).items() if count > 1}
    for row in sheet.rows():
        key = (row.values.get("cpli"), row.values.get("week"))
        if key in twice:
            row.error("cpli", f"CPLIId {key[0]} and the week of {key[1]:%d/%m/%Y} stand in the file more than once")
        action, staged = judge(world, row)
        sheet.settle(row, action, staged)
    sheet.close()


def _keys(batch: Import, report: rules.Report) -> Counter:
    """How often each package and week stands in the file: read once before, since both rows are in error."""
    quiet = rules.Report(Import(id=batch.id), report.progress)
    quiet.problem = lambda *_, **__: None  # type: ignore[method-assign]
    found: Counter = Counter()
    for row in records.Sheet(batch, quiet, COLUMNS, {}).rows():
        key = (row.values.get("cpli"), row.values.get("week"))
        if None not in key:
            found[key] += 1
    return found


def judge(world: World, row: records.Row) -> tuple[str, dict | None]:
    """What becomes of a row, and what is staged of it; what is wrong is reported at its column."""
    given = row.values
    line = world.lines.get(given.get("cpli"))
    if line is None:
        if given.get("cpli") is not None:
            row.error("cpli", f"You have no package {given['cpli']}")
        return "rejected", None
    week = given.get("week")
    if week is None:
        return "rejected", None
    stored = world.stored.get((line.id, week))
    daily = line.plan.entry == Entry.DAILY
    read = [name for name in READ if not (daily and name in ("missed", "extra"))]
    if row.wrong:
        return "rejected", None
    if stored is None and given.get("actual") is None and not any(given.get(name) for name in read):
        return "unchanged", None  # a line that was exported to be filled in, and was not
    if given.get("actual") is None:
        row.error("actual", "Enter the actual: 0 if nothing was delivered")
        return "rejected", None
    before = dict(zip(READ, stored.figures, strict=True)) if stored else dict.fromkeys(READ, 0) | {"comments": ""}
    after = dict(before)
    for name in read:
        if name in given:
            after[name] = given[name] if given[name] is not None else ("" if name == "comments" else 0)
    if daily:
        after |= {"missed": 0, "extra": 0}
    unchanged = stored is not None and all(after[name] == before[name] for name in read)
    wanted = Figures(*(after[name] for name in READ))
    _check_derived(world, row, line, week, stored, wanted, unchanged)
    if unchanged:
        return "unchanged", None
    _check_change(world, row, line, week, stored, wanted)
    if row.is_rejected:
        return "rejected", None
    if line.plan.intermittent:
        world.used[line.id, weeks.financial_year(week)] += wanted.actual - int(before["actual"])
    staged = {"package": line.id, "week": week, "version": stored.version if stored else 0, **after}
    return ("updated" if stored else "new"), staged


def _check_derived(
    world: World, row: records.Row, line: Line, week: dt.date, stored: Stored | None, wanted: Figures, unchanged: bool
) -> None:
    """Planned, UnitCost and Cost must agree with the portal's where they are filled."""
    plan, given = line.plan, row.values
    planned, rate = planned_quantity(plan, week), unit_cost_shown(plan, week)
    if given.get("planned") is not None and given["planned"] != planned:
        row.error(
            "planned",
            f"Planned is {number(planned)} in this week, not {number(given['planned'])}. Leave it as exported",
        )
    if given.get("unit_cost") is not None and given["unit_cost"] != rate:
        is_now = values.file_rate(rate) if rate is not None else "empty: no day of the week is active"
        row.error("unit_cost", f"The unit cost is {is_now}. Leave it as exported")
    if given.get("cost") is None:
        return
    costs = set()
    if stored is not None:
        costs.add(_cost(line, week, stored.priced))
    if not unchanged:
        costs.add(_cost(line, week, ActualFigures(wanted.actual, wanted.frustrated)))
        held = sums.unpaid(planned, wanted.actual, 0) if world.terms.settings.authorise_increases else 0
        costs.add(_cost(line, week, ActualFigures(wanted.actual, wanted.frustrated, unpaid=held)))
    if given["cost"] not in costs:
        row.error(
            "cost", "The cost is neither that of the row before the change nor after it. Leave it empty or as exported"
        )


def _cost(line: Line, week: dt.date, priced: ActualFigures) -> int:
    """Pence of a row, from its visits where the rate changes in a week that they feed."""
    try:
        return sums.cost(line.plan, week, priced)
    except ValueError:
        fed = pane.fed_visits_of({(line.id, week)})[line.id, week]
        return sums.cost(line.plan, week, priced._replace(priced=sums.priced(line.plan, week, fed)))


def _check_change(
    world: World, row: records.Row, line: Line, week: dt.date, stored: Stored | None, wanted: Figures
) -> None:
    """Whether the row may change, and to this (4.6, 4.7)."""
    if week.weekday():
        row.error("week", f"{week:%d/%m/%Y} is not a Monday; the week begins on {weeks.monday(week):%d/%m/%Y}")
        return
    source = stored.source if stored else None
    locked = (line.service, week) in world.locks
    ahead = entering.too_far(week, world.terms)
    if closed := entering.why_closed(line, week, source, locked, world.terms):
        of_week = line.plan.authorised and (locked or not active_days(line.plan, week)[2] or closed == ahead)
        row.error("week" if of_week else "cpli", closed)
        return
    planned, level = planned_quantity(line.plan, week), world.levels[line.level]
    used = world.used[line.id, weeks.financial_year(week)] - (stored.figures[0] if stored else 0)
    for fault in entering.check(line, level, week, planned, wanted, world.terms, used):
        row.problem(Severity.ERROR, fault)
    if line.plan.intermittent and wanted.actual > allocations.left(line.plan, used) and not row.is_rejected:
        row.problem(
            Severity.WARNING,
            Fault("actual", allocations.words(line.plan, level.unit, week, allocations.left(line.plan, used))),
        )


# taking ----------------------------------------------------------------------------------------------------------------


def take(batch: Import, by: history.Actor) -> None:
    """Write the rows by set-based statements, with their history; inside the caller's transaction.

    Raises OutOfDate where a row was changed since it was read.
    """
    staged = [row | {"week": dt.date.fromisoformat(row["week"])} for _, row in rules.staged(batch, "new", "updated")]
    lines = packages.lines(Package.organisation == batch.organisation_id)
    terms = Terms(settings.read(), weeks.today(), source=str(Source.IMPORTED))
    changed = []
    for start in range(0, len(staged), 1000):
        changed += _take(batch, staged[start : start + 1000], lines, by, terms)
    if changed:
        consequences.follow(consequences.Change(weeks=changed), now=False)


def _take(
    batch: Import, rows: Sequence[dict], lines: Mapping[int, Line], by, terms: Terms
) -> list[tuple[int, dt.date]]:
    keys = [(row["package"], row["week"]) for row in rows]
    before = _as_stored(keys)
    for row, key in zip(rows, keys, strict=True):
        if (before[key].version if key in before else 0) != row["version"]:
            raise rules.OutOfDate
    now = str(utc_now())
    columns = [*actuals.COLUMNS, "batch"]
    written = []
    for row, key in zip(rows, keys, strict=True):
        line = lines[key[0]]
        what = (str(Source.IMPORTED), row["comments"], False, row["version"] + 1, now, by.name)
        figures = (row["actual"], row["frustrated"], row["missed"], row["extra"], row["visits"], 0)
        written.append((line.id, key[1].isoformat(), line.organisation, line.service, *what, *figures, batch.id))
    update = [name for name in columns if name not in ("package", "week", "organisation", "service")]
    database.bulk_upsert(Actual, columns, written, key=["package", "week"], update=update)
    moved = {
        key: () for row, key in zip(rows, keys, strict=True)
        if lines[key[0]].plan.entry == Entry.DAILY and (key not in before or before[key].actual != row["actual"])
    }  # fmt: skip
    actuals.write_days(moved)
    idents = {key: row.id for key, row in _as_stored(keys).items()}
    history.record_many(
        by, (_entry(row, before.get(key), idents[key], lines[key[0]]) for row, key in zip(rows, keys, strict=True))
    )
    asked = actuals.agreed_of(Increase.package.in_([package for package, _ in keys]))
    for row, key in zip(rows, keys, strict=True):
        planned = planned_quantity(lines[key[0]].plan, key[1])
        if key in asked or row["actual"] > planned:
            entering.ask(lines[key[0]], key[1], planned, row["actual"], by, terms, key in asked)
    return keys


def _as_stored(keys: Iterable[tuple[int, dt.date]]) -> dict[tuple[int, dt.date], Actual]:
    keys = set(keys)
    found = Actual.select().where(
        Actual.package.in_({package for package, _ in keys}) & Actual.week.in_({week for _, week in keys})
    )
    return {key: row for row in found if (key := (row.package_id, row.week)) in keys}


def _entry(row: dict, before: Actual | None, ident: int, line: Line) -> history.Entry:
    old = entering.told_of(Figures(*(getattr(before, name) for name in READ))) if before else {}
    new = entering.told_of(Figures(*(row[name] for name in READ)))
    what = "Changed an actual by file" if before else "Entered an actual by file"
    return history.Entry(what, "actual", ident, old, new if before else {"week": row["week"], **new}, line.organisation)


def follow(batch: Import, progress) -> None:
    """Work out what is due of what was taken."""
    consequences.settle(batch.organisation_id, progress)
    with db.atomic():
        StagedRow.delete().where(StagedRow.batch == batch).execute()


# examples --------------------------------------------------------------------------------------------------------------


def example_rows(reach: Reach, week: dt.date) -> list[list]:
    """A worked example: what the organisation enters by hand in a week, as planned, but one row that differs."""
    own = reach.services(Package.service, Package.organisation)
    terms = Terms(settings.read(), week + dt.timedelta(7))
    query = Package.select(
        Package.id, Client.ssref, Client.surname, Client.forename, Service.name, ServiceLevel.name, ServiceLevel.unit
    )
    query = query.join(Client).switch(Package).join(Service).switch(Package).join(ServiceLevel)
    names = {ident: rest for ident, *rest in query.where(own).tuples()}
    made: list[list] = []
    for line in sorted(packages.lines(own).values(), key=lambda one: one.plan.id):
        if line.plan.intermittent or entering.why_closed(line, week, None, False, terms):
            continue
        ssref, surname, forename, service, level, unit = names[line.id]
        planned = planned_quantity(line.plan, week)
        missed = min(planned, 100) if not made and line.plan.entry != Entry.DAILY else 0
        made.append([
            line.plan.id, values.file_date(week), ssref, f"{surname}, {forename}", service, level, unit,
            values.file_quantity(planned), values.file_quantity(planned - missed), "0.00", values.file_quantity(missed),
            "0.00", 0, "", "", "Carer ill on Thursday" if missed else "", "", "",
        ])  # fmt: skip
    return made


__all__ = ["COLUMNS", "FORMAT_NOTE", "READS_XLSX", "STAMPS", "check", "example_rows", "follow", "opened", "take"]
