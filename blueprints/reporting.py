"""A report: typed rows in groups, and the one pass that gives subtotals, totals, a page of it and its chart. Knows no area.

A report is a function from a reach and what is wanted to a `Report`. Its rows come in the order of its groups and are read
once; editions.py makes the screen, PDF, CSV and XLSX of it. Values are those of the tables: pence, hundredths,
ten-thousandths of a pound, dates.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from operator import itemgetter
from typing import Any, NamedTuple

from blueprints import values, weeks

PIECE = 1000  # rows held at once
MOST_BARS = 60  # a chart of more weeks is one of months


class Kind(StrEnum):
    """What a column holds, and so how it is shown and written."""

    TEXT = "text"
    DATE = "date"
    WHOLE = "whole"
    QUANTITY = "quantity"  # hundredths
    MONEY = "money"  # pence
    YES_NO = "yes-no"


NUMBERS = (Kind.WHOLE, Kind.QUANTITY, Kind.MONEY)
ON_PAPER: dict[Kind, Callable[[Any], str]] = {
    Kind.TEXT: lambda v: "" if v is None else str(v),
    Kind.DATE: values.show_date,
    Kind.WHOLE: lambda v: "" if v is None else f"{v:,}",
    Kind.QUANTITY: values.show_quantity,
    Kind.MONEY: values.show_money,
    Kind.YES_NO: lambda v: "Y" if v else "N",
}


class Column(NamedTuple):
    """A column: its heading in files, and on screen and paper, where `over` stands above it and its neighbours."""

    name: str
    heading: str
    kind: Kind = Kind.TEXT
    over: str = ""
    summed: bool = False
    in_heading: bool = False  # the groups' headings say it on screen and paper, so it stands in files only


class Group(NamedTuple):
    """Rows that stand together: by the values of which columns, under which heading, and what their sums are those of."""

    by: Sequence[str]
    heading: Callable[[Any], str]
    whose: Callable[[Any], str] | None = None  # the heading, where nothing shorter is given


class Chart(NamedTuple):
    """Sums for each date: a title, the column of the date, and for each series its name and the columns that it adds up."""

    title: str
    by: str
    series: Sequence[tuple[str, Sequence[str]]]
    weekly: bool = True  # the dates are Mondays
    lines: bool = False  # drawn as lines, not as bars


class Report(NamedTuple):
    """Typed rows and how they are shown. Each row has a value for each column."""

    columns: Sequence[Column]
    rows: Iterable[tuple]
    groups: Sequence[Group] = ()
    unit: str = ""  # the column that says what quantities count: they are added up only where it is the same
    chart: Chart | None = None
    notes: Sequence[str] | Callable[[], Sequence[str]] = ()  # a function is asked once the rows are read
    caution: str = ""  # what must be said before all else: not final
    nothing: str = "No information is available for the criteria you have requested."

    def place(self, name: str) -> int:
        """Where a column stands."""
        return next(at for at, column in enumerate(self.columns) if column.name == name)

    @property
    def shown(self) -> list[int]:
        """The places of the columns that stand on screen and paper."""
        return [at for at, column in enumerate(self.columns) if not column.in_heading]

    def said(self) -> list[str]:
        """The notes, after the rows have been read."""
        return list(self.notes() if callable(self.notes) else self.notes)


class About(NamedTuple):
    """What stands around a report in every edition: its title, its parameters in words, when it was made and for whom."""

    title: str
    parameters: Sequence[tuple[str, str]]
    made_at: dt.datetime  # UTC
    authority: str
    name: str  # of a file, without its ending


class Sums:
    """The sums of some rows; a quantity's is None once its units differ."""

    __slots__ = ("_getters", "_quantities", "_unit", "rows", "seen", "totals", "units")

    def __init__(self, report: Report):
        summed = [at for at, column in enumerate(report.columns) if column.summed]
        self._getters = [(at, itemgetter(at)) for at in summed]
        self._quantities = {at for at in summed if report.columns[at].kind == Kind.QUANTITY}
        self._unit = itemgetter(report.place(report.unit)) if report.unit else None
        self.totals = dict.fromkeys(summed, 0)
        self.seen: set[int] = set()  # columns with a value in any row
        self.units: set = set()
        self.rows = 0

    def empty(self) -> Sums:
        """Sums of nothing, of the same columns."""
        new = object.__new__(Sums)
        new._getters, new._quantities, new._unit = self._getters, self._quantities, self._unit
        new.totals, new.seen, new.units, new.rows = dict.fromkeys(self.totals, 0), set(), set(), 0
        return new

    def add(self, rows: Sequence[tuple]) -> None:
        """Add rows."""
        for at, get in self._getters:
            found = [value for value in map(get, rows) if value is not None]
            if found:
                self.totals[at] += sum(found)
                self.seen.add(at)
        if self._unit:
            self.units.update(map(self._unit, rows))
        self.rows += len(rows)

    def join(self, other: Sums) -> None:
        """Add other rows' sums."""
        for at, value in other.totals.items():
            self.totals[at] += value
        self.seen |= other.seen
        self.units |= other.units
        self.rows += other.rows

    def value(self, at: int):
        """The sum of a column: None where there is nothing to add up, or where it would add up hours and nights."""
        if at not in self.seen or (len(self.units) > 1 and at in self._quantities):
            return None
        return self.totals[at]


class Part(NamedTuple):
    """A step through a report: a group opens (its heading), rows of one group, a group closes (whose sums)."""

    what: str  # open, rows, close, total
    depth: int
    rows: Sequence[tuple] = ()
    heading: str = ""
    sums: Sums | None = None


def walk(report: Report) -> Iterator[Part]:
    """The whole report once, in order: groups opening and closing round their rows, and the total at the end.

    Rows come a piece at a time, so that neither memory nor time grows by more than the rows themselves.
    """
    places = [[report.place(name) for name in group.by] for group in report.groups]
    every = [at for depth in places for at in depth]
    key_of = itemgetter(*every) if every else None
    now: Any = object()
    first: tuple | None = None  # the row that the open groups began with
    open_: list[tuple[str, Sums]] = []  # whose sums, and the sums, of each group
    held: list[tuple] = []
    blank = Sums(report)
    total = blank.empty()
    for row in report.rows:
        if key_of and (key := key_of(row)) != now:
            if held:
                yield _rows(held, open_, total)
                held = []
            same = 0
            while first is not None and all(first[at] == row[at] for at in places[same]):
                same += 1
            yield from _closing(open_, same, total)
            for depth in range(same, len(places)):
                group = report.groups[depth]
                open_.append(((group.whose or group.heading)(row), blank.empty()))
                yield Part("open", depth, heading=group.heading(row))
            now, first = key, row
        held.append(row)
        if len(held) == PIECE:
            yield _rows(held, open_, total)
            held = []
    if held:
        yield _rows(held, open_, total)
    last = list(_closing(open_, 0, total))
    yield from (part for part in last if part.sums.rows < total.rows)  # the only group's sums are the total
    yield Part("total", 0, sums=total)


def _rows(held: list[tuple], open_: list[tuple[str, Sums]], total: Sums) -> Part:
    (open_[-1][1] if open_ else total).add(held)
    return Part("rows", len(open_), held)


def _closing(open_: list[tuple[str, Sums]], depth: int, total: Sums) -> Iterator[Part]:
    while len(open_) > depth:
        whose, sums = open_.pop()
        (open_[-1][1] if open_ else total).join(sums)
        yield Part("close", len(open_), heading=whose, sums=sums)


# a page of it on the screen --------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """A line of the screen or the paper: a heading, a row or sums, with cells as text."""

    what: str  # heading, row, sum, total
    depth: int
    cells: list[str]


class Bar(NamedTuple):
    """A date of the chart with its sums, in the units of the report."""

    label: str
    figures: list[int]


class Drawn(NamedTuple):
    """A chart worked out: its bars and their kind."""

    title: str
    names: list[str]
    kind: Kind
    bars: list[Bar]
    by: str  # Week beginning, Month
    lines: bool


class Screen(NamedTuple):
    """A page of a report."""

    lines: list[Line]
    rows: int  # of the whole report
    page: int
    pages: int
    total: list[str]
    drawn: Drawn | None
    notes: list[str]


def screen(report: Report, page: int, size: int = 100) -> Screen:
    """One page of rows under their headings, with the total, the chart and the number of all rows.

    A page beyond the last is the last. However long the report, no more than a page of it is held.
    """
    held: list[Part] = []
    kept: list[Part] | None = None
    tally, number, total = Tally(report), 0, Sums(report)
    headings: list[tuple[str, int]] = []  # of the groups that are open, and the row that each began with
    for part in walk(report):
        if part.what == "open":
            headings = [*headings[: part.depth], (part.heading, number)]
        elif part.what == "rows":
            tally.add(part.rows)
            rows = list(part.rows)
            while rows:
                if number and number % size == 0:
                    kept = held if number // size == page else kept
                    held = []
                piece = rows[: size - number % size]
                if kept is None:
                    held += _openings(headings, number, number % size == 0)
                    held.append(part._replace(rows=piece))
                number += len(piece)
                rows = rows[len(piece) :]
        elif part.what == "close":
            held.append(part)
        else:
            total = part.sums
    pages = max(1, -(-number // size))
    lines = [line for part in (held if kept is None else kept) for line in lines_of(report, part)]
    page = pages if kept is None else page
    return Screen(lines, number, page, pages, sums_of(report, total, "Total"), tally.drawn(), report.said())


def _openings(headings: list[tuple[str, int]], number: int, is_first: bool) -> Iterator[Part]:
    """The headings before a row: new groups', and at the top of a page those of all that go on."""
    for depth, (heading, since) in enumerate(headings):
        if since == number or is_first:
            yield Part("open", depth, heading=heading if since == number else f"{heading} (continued)")


def lines_of(report: Report, part: Part) -> Iterator[Line]:
    """A step as it is drawn: nothing where a group's sums say no more than its one row."""
    if part.what == "open":
        yield Line("heading", part.depth, [part.heading])
    elif part.what == "rows":
        shown = [(at, ON_PAPER[report.columns[at].kind]) for at in report.shown]
        for row in part.rows:
            yield Line("row", part.depth, [show(row[at]) for at, show in shown])
    elif part.what == "total":
        yield Line("total", 0, sums_of(report, part.sums, "Total"))
    elif part.sums.rows > 1:
        yield Line("sum", part.depth, sums_of(report, part.sums, f"Total of {part.heading}"))


def sums_of(report: Report, sums: Sums, label: str) -> list[str]:
    """A row of sums as it is drawn, its label first."""
    made = [
        "" if (value := sums.value(at)) is None else ON_PAPER[report.columns[at].kind](value) for at in report.shown
    ]
    return [label, *made[1:]]


class Tally:
    """The sums of a report's chart, added up row by row."""

    def __init__(self, report: Report):
        self._chart = report.chart
        self._found: dict[dt.date, list[int]] = {}
        if self._chart:
            self._by = report.place(self._chart.by)
            self._series = [
                (at, [report.place(name) for name in names]) for at, (_, names) in enumerate(self._chart.series)
            ]
            self._kind = report.columns[self._series[0][1][0]].kind

    def add(self, rows: Sequence[tuple]) -> None:
        """Add rows."""
        if not self._chart:
            return
        by, found, series = self._by, self._found, self._series
        for row in rows:
            sums = found.get(row[by])
            if sums is None:
                sums = found[row[by]] = [0] * len(series)
            for at, places in series:
                for place in places:
                    sums[at] += row[place] or 0

    def drawn(self) -> Drawn | None:
        """The chart; none for fewer than two dates. Of very many weeks, by month."""
        if not self._chart or len(self._found) < 2:
            return None
        names = [name for name, _ in self._chart.series]
        if self._chart.weekly:  # a week without a row is a gap, not left out
            for when in weeks.weeks(min(self._found), max(self._found)):
                self._found.setdefault(when, [0] * len(names))
        months = len(self._found) > MOST_BARS
        bars: dict[str, list[int]] = {}
        for when in sorted(self._found):
            label = values.show_date_long(when).partition(" ")[2] if months else values.show_date(when)
            sums = bars.setdefault(label, [0] * len(names))
            for at, value in enumerate(self._found[when]):
                sums[at] += value
        by = "Month" if months else "Week beginning" if self._chart.weekly else "Period beginning"
        listed = [Bar(label, figures) for label, figures in bars.items()]
        return Drawn(self._chart.title, names, self._kind, listed, by, self._chart.lines)
