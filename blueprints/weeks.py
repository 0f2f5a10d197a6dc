"""Time as rule 1 has it: weeks, financial years, elapsed minutes, and the one clock. Knows no area."""

import datetime
import re
from functools import lru_cache
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")

_DAY = datetime.timedelta(days=1)
_WEEK = datetime.timedelta(days=7)


# Weeks and financial years


def monday(day):
    """The Monday that names the week of `day` (rule 1.1)."""
    return day - datetime.timedelta(days=day.weekday())


def weeks(start, end):
    """The Mondays of all weeks with a day from `start` to `end`, both inclusive; none where the end is before."""
    if end < start:
        return []
    first = monday(start)
    return [first + _WEEK * number for number in range((end - first).days // 7 + 1)]


def financial_year(day):
    """The financial year of `day`, 1 April to 31 March, written 2026/2027 (rule 1.1)."""
    first = day.year if day.month >= 4 else day.year - 1
    return f"{first:04}/{first + 1:04}"


def financial_year_dates(name):
    """The first and last day of a financial year written 2026/2027. ValueError for any other text."""
    found = re.fullmatch(r"([0-9]{4})/([0-9]{4})", name)
    if not found or int(found[2]) != int(found[1]) + 1:
        raise ValueError("expected a financial year such as 2026/2027")
    return datetime.date(int(found[1]), 4, 1), datetime.date(int(found[2]), 3, 31)


# Elapsed time


class ClockError(ValueError):
    """Times that make no visit. The text is a sentence; `which` says which time: "entry" or "exit"."""

    def __init__(self, message, which):
        super().__init__(message)
        self.which = which


def instant(day, second, which="entry"):
    """The moment, aware and in UTC, at which a London clock shows `second` seconds since midnight on `day`.

    A time that occurs twice is the first; one that does not occur is a `ClockError` (rule 1.3).
    """
    wall = datetime.datetime.combine(day, datetime.time()) + datetime.timedelta(seconds=second)
    moment = wall.replace(tzinfo=LONDON).astimezone(datetime.UTC)
    if moment.astimezone(LONDON).replace(tzinfo=None) != wall:
        raise ClockError(f"{wall:%H:%M} does not occur on {wall:%d/%m/%Y}, when the clocks go forward.", which)
    return moment


@lru_cache(maxsize=16_384)
def _even(day):
    """Whether no clock change lies between the start of `day` and the end of the next: nearly always."""
    start = datetime.datetime.combine(day, datetime.time(), LONDON)
    try:
        return start.utcoffset() == (start + 2 * _DAY).utcoffset()
    except OverflowError:  # the last days of the year 9999, which a slip of the finger can bring
        return True


def minutes_between(day, entry, exit):
    """Whole elapsed minutes of a visit that begins on `day`, seconds rounded half up (rules 1.3 and 2.1).

    `entry` and `exit` are seconds since midnight on a London clock. An earlier exit is on the next day. Raises
    `ClockError` where the two are equal, or where one does not occur because the clocks go forward.
    """
    if entry == exit:
        raise ClockError("The exit time is the same as the entry time.", "exit")
    if _even(day):
        seconds = exit - entry if exit > entry else exit - entry + 86_400
    else:
        ends = day if exit > entry else day + _DAY
        seconds = int((instant(ends, exit, "exit") - instant(day, entry)).total_seconds())
    return (seconds + 30) // 60


# The one clock (rule 1.4)

_today = None
_clock = None


def set_today(day):
    """Makes `day` today in this process, until `set_today(None)`."""
    global _today
    _today = day


def use_clock(clock):
    """Asks `clock` for today from now on: a function that returns a date, or None for the real one.

    None takes the clock away. What `set_today` says comes first.
    """
    global _clock
    _clock = clock


def today():
    """Today's date in London (rule 1.2), or what `set_today` or the clock of `use_clock` says instead."""
    if _today is not None:
        return _today
    return (_clock and _clock()) or datetime.datetime.now(LONDON).date()


def utc_now():
    """Now in UTC, without a time zone: as timestamps are stored (rule 1.2). `set_today` does not move it."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


def london(moment):
    """A stored timestamp (in UTC where it has no time zone) as London shows it (rule 1.2), aware."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment.astimezone(LONDON)
