"""The rhythm of a payment cycle: how its next periods follow from those that it has (R-10). Arithmetic only; no tables.

A period is a dict of `start_date`, `end_date` and the dates that belong to it (`DATES`), as the tables keep it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

DATES = ("cut_off", "finalise_on", "pay_on")
DAY = timedelta(1)
MOST_PATTERN = 13  # periods: a year of four-weekly ones
MOST = 120  # periods added at once
Period = dict[str, Any]


class Rhythm(NamedTuple):
    """What repeats: so many months, or these lengths in days, one after the other. `next` is the place in `days`."""

    months: int = 0
    days: tuple[int, ...] = ()
    next: int = 0

    @property
    def words(self) -> str:
        """`every 4 weeks`, `every calendar month`, `28, 28 and 35 days in turn`."""
        if self.months:
            return {1: "every month", 3: "every three months", 12: "every year"}.get(
                self.months, f"every {self.months} months"
            )
        if len(self.days) > 1:
            return f"{', '.join(map(str, self.days[:-1]))} and {self.days[-1]} days in turn"
        days = self.days[0]
        if days % 7 == 0:
            return "every week" if days == 7 else f"every {days // 7} weeks"
        return f"every {days} days" if days > 1 else "every day"


def rhythm_of(periods: Sequence[Period]) -> Rhythm | None:
    """What repeats in a cycle's periods, in order and without gap; None where nothing does.

    Months come first, where all periods begin on the same day of a month; then equal lengths, and lengths that repeat
    in turn. A first period of another length (a cycle that began in the middle) is passed over.
    """
    if not periods:
        return None
    for part in (periods, periods[1:]) if len(periods) > 2 else (periods,):
        found = _months(part) or _lengths(part)
        if found:
            return found
    return _end(periods)


def _months(periods: Sequence[Period]) -> Rhythm | None:
    """Whole months between all first days, the one after the last among them."""
    starts = [p["start_date"] for p in periods] + [periods[-1]["end_date"] + DAY]
    if len({s.day for s in starts}) > 1 or starts[0].day > 28:
        return None
    steps = {12 * (b.year - a.year) + b.month - a.month for a, b in zip(starts, starts[1:], strict=False)}
    return Rhythm(months=steps.pop()) if len(steps) == 1 and not _weekly(periods) else None


def _weekly(periods: Sequence[Period]) -> bool:
    """Equal whole weeks, and no calendar month: four weeks of February may look like one."""
    lengths = {_length(p) for p in periods}
    alike = len(lengths) == 1 and lengths.pop() % 7 == 0
    return alike and (len(periods) > 1 or periods[0]["start_date"].day > 1)


def _lengths(periods: Sequence[Period]) -> Rhythm | None:
    """The shortest turn of lengths that has come at least twice; one length needs no second period."""
    lengths = [_length(p) for p in periods]
    if len(set(lengths)) == 1:
        return Rhythm(days=(lengths[0],))
    for size in range(2, MOST_PATTERN + 1):
        if len(lengths) >= 2 * size and all(a == b for a, b in zip(lengths, lengths[size:], strict=False)):
            return Rhythm(days=tuple(lengths[:size]), next=len(lengths) % size)
    return None


def _end(periods: Sequence[Period]) -> Rhythm | None:
    """The last three are alike: whatever came before, that is the rhythm now."""
    last = periods[-3:]
    return (_months(last) or _lengths(last)) if len(last) == 3 else None


def _length(period: Period) -> int:
    return (period["end_date"] - period["start_date"]).days + 1


def following(periods: Sequence[Period], until: date) -> list[Period]:
    """The periods that follow by the cycle's own rhythm, until one holds a day; their dates as far from the last day as
    those of the last period that has them. None where the cycle reaches that day already.

    Raises ValueError where nothing repeats.
    """
    found = rhythm_of(periods)
    if found is None:
        raise ValueError("the periods follow no rhythm")
    offsets = offsets_of(periods)
    made: list[Period] = []
    end, at = periods[-1]["end_date"], found.next
    while end < until and len(made) < MOST:
        start = end + DAY
        if found.months:
            end = _months_later(start, found.months) - DAY
        else:
            end = start + timedelta(found.days[at % len(found.days)] - 1)
            at += 1
        dates = {name: end + timedelta(days) if days is not None else None for name, days in offsets.items()}
        made.append({"start_date": start, "end_date": end, **dates})
    return made


def offsets_of(periods: Sequence[Period]) -> dict[str, int | None]:
    """How many days after the last day each date lies, by the last period that has it; None where none has."""
    offsets: dict[str, int | None] = {}
    for name in DATES:
        dated = next((p for p in reversed(periods) if p.get(name)), None)
        offsets[name] = (dated[name] - dated["end_date"]).days if dated else None
    return offsets


def year_ahead(today: date) -> date:
    """A year from today: as far as a payment calendar reaches (R-10)."""
    return _months_later(today - DAY * max(0, today.day - 28), 12)


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, day.day)
