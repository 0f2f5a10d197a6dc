"""Rows as they are typed: what stands in the boxes, how that is read, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from blueprints.actuals import sums
from blueprints.actuals.entering import Clash, Figures, day_words
from blueprints.actuals.grid import ClientWeek, Item, Row
from blueprints.actuals.sums import DailyRow
from blueprints.money import number
from blueprints.packages.plan import active_days
from forms.actuals import DayForm, RowForm

NAMES = ("actual", "frustrated", "missed", "extra", "visits", "comments")
MOST_DAY_ROWS = 20


class DayBoxes(NamedTuple):
    """A row of days in its boxes."""

    quantity: str
    ticks: tuple[bool, ...]
    error: str = ""


class Outcome(NamedTuple):
    """What became of a row that was sent. States: Saved, Not saved, Not changed; empty while it is only shown again."""

    state: str
    values: Mapping[str, str] = {}
    errors: Mapping[str, str] = {}
    days: Sequence[DayBoxes] = ()
    message: str = ""
    theirs: str = ""
    version: int | None = None
    planned: int | None = None
    notes: Sequence[str] = ()


class Cell(NamedTuple):
    """A row that is being edited: what stands in its boxes."""

    row: Row
    values: Mapping[str, str]
    errors: Mapping[str, str]
    days: Sequence[DayBoxes]
    state: str
    message: str
    theirs: str
    notes: Sequence[str]
    version: int
    planned: int
    active: tuple[bool, ...]  # the days of the week on which the package is active
    total: str  # of the days

    @property
    def names(self) -> tuple[str, ...]:
        """The boxes that the row has, comments apart: those of its level (4.5, M-35)."""
        if self.row.by_box:
            return ("actual",)
        if self.row.by_days:
            return ("frustrated", "visits") if self.row.item.frustrated_allowed else ("visits",)
        return tuple(n for n in NAMES[:5] if n != "frustrated" or self.row.item.frustrated_allowed)


class EditedClient(NamedTuple):
    """A client whose rows are being edited."""

    id: int
    name: str
    ssref: str
    shown: int
    all: int
    cells: list[Cell]
    missing: int
    is_open: bool
    href: str
    added: Sequence[str]
    additions: Sequence[Item] = ()

    @property
    def rows(self) -> list[Row]:
        """The rows."""
        return [cell.row for cell in self.cells]


class Read(NamedTuple):
    """A row as it was sent: None without figures where something is wrong or nothing was typed."""

    figures: Figures | None
    values: Mapping[str, str]
    errors: Mapping[str, str]
    days: Sequence[DayBoxes]
    is_blank: bool


def of_clients(
    clients: Sequence[ClientWeek],
    href: Callable[..., str],
    results: Mapping[str, Outcome] = {},
    added: Sequence[str] = (),
) -> list[EditedClient]:
    """Clients with their rows in boxes."""
    return [
        EditedClient(
            c.id, c.name, c.ssref, c.shown, c.all, [of_row(row, results.get(row.key)) for row in c.rows], c.missing,
            c.is_open, href(c.id), added, c.additions,
        )
        for c in clients
    ]  # fmt: skip


def of_row(row: Row, outcome: Outcome | None = None) -> Cell:
    """A row in its boxes: as stored, or as it was sent where that was not saved."""
    values, days = stored_values(row), stored_days(row)
    if outcome is None or outcome.state == "Saved":
        found = outcome or Outcome("")
        return _cell(row, values, {}, days, found, row.version, row.planned)
    version = row.version if outcome.version is None else outcome.version
    planned = row.planned if outcome.planned is None else outcome.planned
    return _cell(row, {**values, **outcome.values}, outcome.errors, outcome.days or days, outcome, version, planned)


def _cell(row, values, errors, days, outcome: Outcome, version: int, planned: int) -> Cell:
    first, last, _ = active_days(row.item.line.plan, row.week) if row.item.line else (0, 6, 7)
    return Cell(
        row, values, errors, days, outcome.state, outcome.message, outcome.theirs, outcome.notes, version, planned,
        tuple(first <= day <= last for day in range(7)), number(sum_of(days)),
    )  # fmt: skip


def stored_values(row: Row) -> dict[str, str]:
    """What stands in a row's boxes: blank where nothing is entered, a short break as 0 (M-28)."""
    if not row.version and row.item.kind != "intermittent":
        return dict.fromkeys(NAMES, "")
    made = {name: number(getattr(row, name)) for name in NAMES[:4]}
    return {**made, "visits": str(row.visits), "comments": row.comments}


def stored_days(row: Row) -> list[DayBoxes]:
    """The rows of days in their boxes; without any stored, those of the plan as a proposal (4.5)."""
    if not row.by_days:
        return []
    rows = row.days
    if not rows and row.version and row.actual:
        rows = spread(row)
    elif not rows and row.item.line:
        rows = sums.generated_rows(row.item.line.plan, row.week)
    return [DayBoxes(number(one.quantity), one.ticks) for one in rows] or [DayBoxes("", (False,) * 7)]


def spread(row: Row) -> tuple[DailyRow, ...]:
    """A week's quantity that came without days, in equal parts on the active days, the rest on the first of them."""
    first, last, days = active_days(row.item.line.plan, row.week)
    if not days:
        return (DailyRow(row.actual, (True, *(False,) * 6)),)
    part = row.actual // days
    rows = [DailyRow(part, tuple(first <= day <= last for day in range(7)))] if part else []
    if left := row.actual - part * days:
        rows.append(DailyRow(left, tuple(day == first for day in range(7))))
    return tuple(rows)


def sum_of(days: Sequence[DayBoxes]) -> int:
    """The sum of rows of days, as far as it can be read."""
    total = 0
    for one in days:
        form = DayForm(formdata=None)
        try:
            quantity = form.quantity.read(one.quantity) if one.quantity else 0
        except ValueError:
            continue
        total += quantity * sum(one.ticks)
    return total


# reading ---------------------------------------------------------------------------------------------------------------


def read(row: Row, form) -> Read:
    """A row as it was sent, in the boxes that its level has."""
    typed = RowForm(formdata=form, prefix=row.key)
    cell = of_row(row)
    names = (*cell.names, "comments")
    for name in NAMES:
        if name not in names:
            del typed[name]
    typed.validate()
    values = {name: str((typed[name].raw_data or [""])[0]).strip() for name in names}
    values["comments"] = values["comments"].replace("\r\n", "\n")
    errors = {name: str(found[0]) for name, found in typed.errors.items()}
    days, rows = read_days(row, form, errors) if row.by_days else ([], None)
    blank = not row.version and (
        [(d.quantity, d.ticks) for d in days] == [(d.quantity, d.ticks) for d in stored_days(row)]
        if row.by_days
        else not values["actual"]
    )
    blank = blank and not any(values[n] for n in names if n != "actual" and not (n == "visits" and values[n] == "0"))
    if not blank and not row.by_days and not values["actual"] and "actual" not in errors:
        errors["actual"] = "Enter the actual: 0 if nothing was delivered"
    if errors:
        return Read(None, values, errors, days, False)
    found = {name: typed[name].data or 0 for name in cell.names}
    figures = Figures(
        found.get("actual", 0), found.get("frustrated", 0), found.get("missed", 0), found.get("extra", 0),
        found.get("visits", row.visits if row.by_box else 0), (typed.comments.data or "").replace("\r\n", "\n"), rows,
    )  # fmt: skip
    return Read(figures, values, errors, days, blank)


def read_days(row: Row, form, errors: dict[str, str]) -> tuple[list[DayBoxes], tuple[DailyRow, ...]]:
    """The rows of days as they were sent; what is wrong goes into `errors` under the box's name."""
    text = form.get(f"{row.key}-days", "0")
    count = min(int(text), MOST_DAY_ROWS) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    boxes, rows = [], []
    for n in range(count):
        prefix = f"{row.key}-day{n}"
        one = DayForm(formdata=form, prefix=prefix)
        one.validate()
        ticked = form.getlist(f"{prefix}-tick")
        ticks = tuple(str(day) in ticked for day in range(7))
        typed = str((one.quantity.raw_data or [""])[0]).strip()
        error = str(one.quantity.errors[0]) if one.quantity.errors else ""
        if not typed and any(ticks):
            error = "Enter the quantity of the ticked days"
        if error:
            errors[f"day{n}-quantity"] = error
        boxes.append(DayBoxes(typed, ticks, error))
        if (typed or any(ticks)) and not error:
            rows.append(DailyRow(one.quantity.data or 0, ticks))
    return boxes, tuple(rows)


def of_read(found: Read, state: str, **more) -> Outcome:
    """What became of a row that was not saved: it stays as it was typed."""
    return Outcome(state, found.values, more.pop("errors", found.errors), found.days, **more)


SHORT = {"actual": "Actual", "frustrated": "Frstd", "missed": "Msd", "extra": "Xtr", "visits": "Vst"}


def raw(sent: Mapping[str, str], key: str) -> str:
    """What was typed for a row that is not there any more: `Actual 13, Msd 1, “Carer ill”`."""
    typed = {name: sent.get(f"{key}-{name}", "").strip() for name in NAMES}
    figures = [f"{SHORT[name]} {typed[name]}" for name in SHORT if typed[name].strip("0.")]
    return ", ".join([*figures, *([f"“{typed['comments']}”"] if typed["comments"] else [])])


def in_words(row: Figures) -> str:
    """`Actual 12, Frstd 0, Msd 2, Xtr 0, Vst 12, “Ill twice”`, with the days of a row by the day."""
    days = f" ({'; '.join(day_words(one) for one in row.days)})" if row.days else ""
    return (
        f"Actual {number(row.actual)}{days}, Frstd {number(row.frustrated)}, Msd {number(row.missed)}, "
        f"Xtr {number(row.extra)}, Vst {row.visits}, {f'“{row.comments}”' if row.comments else 'no comment'}"
    )


def clash(found: Read, refusal: Clash) -> Outcome:
    """Both values of a row that somebody changed meanwhile (4.8)."""
    theirs = in_words(refusal.theirs) if refusal.theirs else ""
    return of_read(
        found, "Not saved", errors={}, message=f"{refusal}.", theirs=theirs, version=refusal.version,
        planned=refusal.planned,
    )  # fmt: skip
