"""Actuals entered by hand, by a provider or for one by an officer (rules 4.1, 4.5 to 4.8, 4.11).

A row is one package's week. What is saved follows at once into what is due; a second saver is told, and loses nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

import database
from blueprints import consequences, history, weeks
from blueprints.actuals import allocations, reading, sums
from blueprints.actuals.reading import Found, Level, Stored
from blueprints.actuals.rules import write_days
from blueprints.actuals.sums import ActualFigures, DailyRow
from blueprints.facts import Fault, Faulty
from blueprints.money import number
from blueprints.packages import rules as packages
from blueprints.packages.plan import ONE_OFF, active_days, planned_quantity
from blueprints.packages.rules import Line
from blueprints.prepared import blank, kept
from models import (
    Actual,
    ActualDay,
    Entry,
    Increase,
    IncreaseState,
    LockedWeek,
    PaidOn,
    Source,
    db,
    utc_now,
)

LOCKED = "The authority has locked this week, so it cannot be changed. Ask the authority to open it"
WEEK = dt.timedelta(7)


class Terms(NamedTuple):
    """What a save is judged by: the authority's settings, today, whether an officer does it, and where it comes from."""

    settings: Any
    today: dt.date
    officer: bool = False
    source: str = Source.ENTERED


class Figures(NamedTuple):
    """A row as it is to be: quantities in hundredths; `days` for levels entered by the day (4.5)."""

    actual: int
    frustrated: int = 0
    missed: int = 0
    extra: int = 0
    visits: int = 0
    comments: str = ""
    days: tuple[DailyRow, ...] | None = None


class Seen(NamedTuple):
    """What stood on the page: the row's version, 0 where there was none, and its planned quantity."""

    version: int
    planned: int | None = None


class Saved(NamedTuple):
    """What became of a row; notes are for the person who saved it."""

    package: int
    changed: bool
    notes: tuple[str, ...] = ()


class Closed(ValueError):
    """A row that cannot be changed by hand; the message says why and what to do."""


class Clash(ValueError):
    """Somebody or something changed the row since it was shown (4.8). `theirs` is what is stored, None without a row."""

    def __init__(self, message: str, theirs: Figures | None, by: str, version: int, planned: int):
        super().__init__(message)
        self.theirs, self.by, self.version, self.planned = theirs, by, version, planned


# what may be changed ---------------------------------------------------------------------------------------------------


def why_closed(line: Line, week: dt.date, source: str | None, is_locked: bool, terms: Terms) -> str:
    """Why a row cannot be changed by hand, in words without a full stop; empty where it can (4.7, 4.11, 5.10)."""
    plan = line.plan
    if plan.entry == Entry.VISITS or source == Source.VISITS:
        return "This comes from visits. Send or correct the visits instead"
    if plan.entry == Entry.NONE or plan.frequency == ONE_OFF:
        return "No actuals are entered for this package"
    if not plan.authorised:
        return "The package is not authorised, so its actuals cannot be changed"
    if not active_days(plan, week)[2]:
        return "The package is not active on any day of this week, so its actuals cannot be changed"
    if is_locked and not terms.officer:
        return LOCKED
    return too_far(week, terms)


def too_far(week: dt.date, terms: Terms) -> str:
    """Why nothing can be entered for a week to come, empty where it can (M-03)."""
    ahead = terms.settings.weeks_ahead
    if week <= weeks.monday(terms.today) + ahead * WEEK:
        return ""
    return f"Actuals may be entered {ahead} weeks ahead" if ahead else "Actuals of weeks to come cannot be entered"


def check(
    line: Line, level: Level, week: dt.date, planned: int, wanted: Figures, terms: Terms, used: int = 0
) -> list[Fault]:
    """What is wrong with a row's figures (4.6); `used` is what other weeks of the year took of the allocation."""
    faults = []
    now, plan = terms.settings, line.plan
    if wanted.frustrated and not level.frustrated_allowed:
        faults.append(Fault("frustrated", f"Leave Frustrated at 0: it is not used for {level.name}"))
    quantities = {
        "actual": wanted.actual,
        "frustrated": wanted.frustrated,
        "missed": wanted.missed,
        "extra": wanted.extra,
    }
    if wanted.days is not None:
        quantities["days"] = next((row.quantity for row in wanted.days if row.quantity % 25), wanted.actual)
        del quantities["actual"]
    for name, quantity in quantities.items():
        if now.whole_sessions and sums.in_whole_units(level.unit) and quantity % 100:
            faults.append(Fault(name, f"Enter a whole number: {number(quantity)} is not one"))
        elif now.quarter_steps and quantity % 25:
            faults.append(Fault(name, f"Enter a quantity in steps of 0.25: {number(quantity)} is not one"))
    if wanted.days is not None:
        first, last, _ = active_days(plan, week)
        off = [
            packages.WEEKDAYS[d] for d in range(7) if not first <= d <= last and any(r.ticks[d] for r in wanted.days)
        ]
        if off:
            faults.append(Fault("days", f"Untick {', '.join(off)}: the package is not active then"))
    if plan.intermittent:
        faults += _intermittent_faults(line, level, week, wanted.actual, used, now.over_allocation)
    away = sums.away_from_plan(planned, wanted.actual, wanted.frustrated, wanted.missed, wanted.extra)
    if now.comments_on_change and away and not wanted.comments:
        faults.append(Fault("comments", "Enter a comment that says why this differs from plan"))
    return faults


def _intermittent_faults(
    line: Line, level: Level, week: dt.date, actual: int, used: int, over_allocation: str
) -> list[Fault]:
    if level.unit.casefold() in ("night", "nights") and actual > 700:
        return [Fault("actual", "Enter at most 7: a week has 7 nights")]
    left = allocations.left(line.plan, used)
    if over_allocation == "refuse" and actual > left:
        return [Fault("actual", allocations.words(line.plan, level.unit, week, left) + ". Enter no more than that")]
    return []


# one row ---------------------------------------------------------------------------------------------------------------


def save(package: int, week: dt.date, wanted: Figures, seen: Seen, by: history.Actor, terms: Terms) -> Saved:
    """Save one package's week. Raises Closed, Clash, Faulty; then nothing is changed."""
    with db.atomic():
        database.serialise(db, "settle")
        return save_found(reading.of_package(package, week), week, wanted, seen, by, terms)


def save_found(found: Found, week: dt.date, wanted: Figures, seen: Seen, by: history.Actor, terms: Terms) -> Saved:
    """Save a week that the caller found, in its transaction, having taken the lock "settle" before. Raises as save."""
    line, level, stored, locked, increase = found
    by_day = stored and line.plan.entry == Entry.DAILY
    planned = planned_quantity(line.plan, week)
    before = figures_of(stored, days_of([stored.id])[stored.id] if by_day else (), line) if stored else None
    wanted = tidy(line, wanted)
    if before is not None and same(before, wanted):
        return Saved(line.id, False)
    if closed := why_closed(line, week, stored.source if stored else None, locked, terms):
        raise Closed(closed)
    if (stored.version if stored else 0) != seen.version:
        raise Clash(*clash_of(before, stored, planned))
    if seen.planned is not None and seen.planned != planned:
        said = f"The plan of this week was changed from {number(seen.planned)} to {number(planned)} meanwhile"
        raise Clash(said, before, "", seen.version, planned)
    used = allocations.used(line, week) if line.plan.intermittent else 0
    if faults := check(line, level, week, planned, wanted, terms, used):
        raise Faulty(faults)
    figures = put(line, week, planned, stored, before, wanted, by, terms, asked=increase[0] is not None)
    consequences.follow_actuals({(line.id, week): (line, figures)})
    return Saved(line.id, True, notes_on(line, week, planned, wanted))


def clash_of(before: Figures | None, stored: Actual | Stored | None, planned: int) -> tuple:
    """The words and facts of a Clash with what is stored."""
    if stored is None:
        return "The row is not there any more", None, "", 0, planned
    who = stored.changed_by or ("the visits" if stored.source == Source.VISITS else "Generate Actuals")
    return f"{who} changed this row while you had it open", before, who, stored.version, planned


def notes_on(line: Line, week: dt.date, planned: int, wanted: Figures) -> tuple[str, ...]:
    """What the person is told about a row that was saved."""
    if wanted.days is not None and sums.is_double_handed(line.plan):
        made = sums.generated_rows(line.plan, week)
        if sums.lone_halves(wanted.days, made):
            return (ONE_OF_TWO,)
    return ()


ONE_OF_TWO = (
    "Two carers call on this client, and a changed row stands alone. Change the second one too, or say in the comment why "
    "one carer was enough."
)


def tidy(line: Line, wanted: Figures) -> Figures:
    """Figures as they are kept: by the day the actual is the sum of its rows, missed and extra are worked out (4.5)."""
    wanted = wanted._replace(comments=wanted.comments.strip())
    if line.plan.entry != Entry.DAILY:
        return wanted._replace(days=None)
    if wanted.days is None:
        return wanted._replace(missed=0, extra=0)
    rows = tuple(row for row in wanted.days if any(row.ticks) or row.quantity)
    return wanted._replace(actual=sums.daily_actual(rows), missed=0, extra=0, days=rows)


def same(before: Figures, wanted: Figures) -> bool:
    """Nothing changes. Without days of its own, as from a file, a row by the day is the same where its sum is."""
    if wanted.days is None or before.days is None:
        return before._replace(days=None) == wanted._replace(days=None) and (
            wanted.days is None or before.days == wanted.days
        )
    return before == wanted


def put(
    line: Line, week: dt.date, planned: int, stored: Actual | Stored | None, before: Figures | None, wanted: Figures,
    by: history.Actor, terms: Terms, asked: bool = True,
) -> ActualFigures:  # fmt: skip
    """Write a row with its days, its history and its increase; inside the caller's transaction.

    `asked` says whether an officer may have been asked about the row before. Returns what the row is priced from.
    """
    facts = {name: getattr(wanted, name) for name in ("actual", "frustrated", "missed", "extra", "visits", "comments")}
    facts |= {"source": str(terms.source), "by_officer": terms.officer, "changed_at": utc_now(), "changed_by": by.name}
    if stored is None:
        ident = Actual.create(
            package=line.id, week=week, organisation=line.organisation, service=line.service, **facts
        ).id
    else:
        ident = stored.id
        _change_statement(*facts).do(ident=ident, **facts | {"changed_at": str(facts["changed_at"])})
    if line.plan.entry == Entry.DAILY and (wanted.days is not None or before is None or before.actual != wanted.actual):
        write_days({(line.id, week): wanted.days or ()})
    what = "Changed an actual" if before else "Entered an actual"
    told = {"week": week} if before is None else {}
    history.record(
        by, what, ("actual", ident), told_of(before) if before else {}, {**told, **told_of(wanted)},
        organisation=line.organisation,
    )  # fmt: skip
    agreed = ask(line, week, planned, wanted.actual, by, terms, asked)
    held = 0 if agreed is None else sums.unpaid(planned, wanted.actual, agreed)
    return ActualFigures(wanted.actual, wanted.frustrated, str(terms.source), None, held)


@kept
def _change_statement(*names: str):
    """Another version of an actual, which is of no batch of visits any more."""
    changed = {name: blank(name) for name in names}
    change = Actual.update(version=Actual.version + 1, paid_minutes=0, batch=None, **changed)
    return change.where(Actual.id == blank("ident"))


def told_of(figures: Figures) -> dict:
    """Figures as the history shows them."""
    told: dict = {name: number(getattr(figures, name)) for name in ("actual", "frustrated", "missed", "extra")}
    told |= {"visits": figures.visits, "comments": figures.comments}
    if figures.days is not None:
        told["days"] = "; ".join(day_words(row) for row in figures.days)
    return told


def day_words(row: DailyRow) -> str:
    """`0.75 on Mon, Tue, Wed`."""
    days = [name for name, ticked in zip(packages.WEEKDAYS, row.ticks, strict=True) if ticked]
    return f"{number(row.quantity)} on {', '.join(days) or 'no day'}"


def ask(
    line: Line, week: dt.date, planned: int, actual: int, by: history.Actor, terms: Terms, asked: bool
) -> int | None:
    """Note an increase that needs an officer, where the setting wants one (4.6); an officer's own entry needs none.

    Returns up to what the actual is paid, None where all of it is.
    """
    key = (Increase.package == line.id) & (Increase.week == week)
    over = actual > planned and not line.plan.intermittent and line.plan.paid_on == PaidOn.ACTUALS
    if not over or not terms.settings.authorise_increases:
        if asked:
            Increase.delete().where(key).execute()
        return None
    known = Increase.get_or_none(key) if asked else None
    if known and known.state == IncreaseState.AUTHORISED and known.agreed >= actual:
        return known.agreed
    if known is None:
        known = Increase(package=line.id, week=week, organisation=line.organisation)
    known.state, known.asked_at, known.reason = IncreaseState.PENDING, utc_now(), ""
    known.by, known.at = "", None
    if terms.officer:
        known.state, known.agreed, known.by, known.at = IncreaseState.AUTHORISED, actual, by.name, utc_now()
    known.save()
    return known.agreed


# reading ---------------------------------------------------------------------------------------------------------------


def days_of(idents: Sequence[int]) -> dict[int, tuple[DailyRow, ...]]:
    """The daily rows of actuals, by one query."""
    found: dict[int, list[DailyRow]] = {ident: [] for ident in idents}
    if idents:
        rows = ActualDay.select(ActualDay.actual, ActualDay.quantity, ActualDay.ticks).order_by(
            ActualDay.actual, ActualDay.number
        )
        for ident, quantity, ticks in rows.where(ActualDay.actual.in_(list(idents))).tuples():
            found[ident].append(sums.row_of(quantity, ticks))
    return {ident: tuple(rows) for ident, rows in found.items()}


def figures_of(row: Actual | Stored, days: tuple[DailyRow, ...], line: Line) -> Figures:
    """A stored row's figures."""
    by_day = line.plan.entry == Entry.DAILY
    return Figures(
        row.actual,
        row.frustrated,
        0 if by_day else row.missed,
        0 if by_day else row.extra,
        row.visits,
        row.comments,
        days if by_day else None,
    )


def is_locked(service: int, week: dt.date) -> bool:
    """The authority has locked the week for the service (4.7)."""
    return LockedWeek.select().where((LockedWeek.service == service) & (LockedWeek.week == week)).exists()
