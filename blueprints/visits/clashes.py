"""What only the whole file shows: references twice, calls twice, one carer in two places (rules 5.6, 5.11).

A few numbers a row in flat arrays: 600,000 rows take about 30 MB.
"""

from __future__ import annotations

import datetime as dt
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise

from blueprints.packages.rules import day
from blueprints.visits.known import Known
from blueprints.visits.problems import Problem, warning
from blueprints.visits.reading import VALUES, Row
from blueprints.visits.span import DAY
from models import Visit, db

DOUBLE_HANDED = "double-handed"  # in any case, anywhere in Comments
CARERS_AT_ONCE = 100_000  # intervals compared in one go
WEEK, COMMENTS, CARER = VALUES.index("week"), VALUES.index("comments"), VALUES.index("carer_ref")
SHIFT = 40  # wall-clock seconds of any date take 39 bits


class Repeats:
    """References that stand in the file more than once."""

    def __init__(self):
        self._hashes, self._lines = array("q"), array("i")
        self._refs_of: dict[int, list[tuple[str, int]]] = {}

    def add(self, ref: str, line: int) -> None:
        """Note the reference of a line."""
        if ref:
            self._hashes.append(hash(ref))
            self._lines.append(line)

    def lines(self) -> list[int]:
        """The lines, in order, whose reference another line has too."""
        hashes = self._hashes
        order = sorted(range(len(hashes)), key=hashes.__getitem__)
        found = set()
        for before, after in pairwise(order):
            if hashes[before] == hashes[after]:
                found |= {self._lines[before], self._lines[after]}
        return sorted(found)


class Clashes:
    """Accepted rows that clash with each other or with stored visits: the same call twice, a carer in two places."""

    def __init__(self, known: Known):
        self.known = known
        self._replaced = array("q")  # stored visits that rows of the file stand for
        self._weeks: set[str] = set()
        self._slots, self._slot_lines = array("q"), array("i")
        self._carers: dict[str, int] = {}
        self._people: dict[object, int] = {}
        self._stays = array("q")  # carer and start
        self._ends, self._whose, self._stay_lines = array("q"), array("i"), array("i")

    def replaced(self, visit: int) -> None:
        """A stored visit that is not to be compared: a row of the file stands for it or deletes it."""
        self._replaced.append(visit)

    def add(self, row: Row, visit: int | None) -> None:
        """Note an accepted row, and the stored visit that it replaces."""
        if visit is not None:
            self._replaced.append(visit)
        values = row.values
        self._weeks.add(values[WEEK])
        if DOUBLE_HANDED not in values[COMMENTS].lower():
            self._slots.append(hash((row.person, values[1], values[2], values[3])))
            self._slot_lines.append(row.line)
        if values[CARER] and row.delivered.minutes:
            self._stay(values[CARER], row.person, row.delivered.start, row.delivered.end, row.line)

    def _stay(self, carer: str, person: object, start: int, end: int, line: int) -> None:
        number = self._carers.setdefault(carer, len(self._carers))
        self._stays.append(number << SHIFT | start)
        self._ends.append(end)
        self._whose.append(self._people.setdefault(person, len(self._people)))
        self._stay_lines.append(line)

    def find(self, rejected: set[int]) -> Iterator[tuple[int, Problem]]:
        """The warnings by line, of rows that were not rejected meanwhile."""
        self._sort_slots()
        twice = self._twice_in_file(rejected)
        self._compare_stored(twice)
        for line in sorted(twice - rejected):
            yield line, warning(
                "PlannedEntryTime", "", "Another visit has the same client, planned date, entry and exit.", "same call twice",
                "Double-Handed in the comments of both where two carers went",
            )  # fmt: skip
        for line, carer in sorted(self._two_places(rejected)):
            yield line, warning(
                "CarerRef", carer, "The carer was with another client at the same time.", "carer in two places",
                "one client at a time",
            )  # fmt: skip

    def _sort_slots(self) -> None:
        order = sorted(range(len(self._slots)), key=self._slots.__getitem__)
        self._slot_lines = array("i", map(self._slot_lines.__getitem__, order))
        self._slots = array("q", map(self._slots.__getitem__, order))
        self._replaced = array("q", sorted(self._replaced))

    def _twice_in_file(self, rejected: set[int]) -> set[int]:
        """Lines whose call another row of the file has too."""
        found: set[int] = set()
        alike: list[int] = []
        before = None
        for slot, line in zip(self._slots, self._slot_lines, strict=True):
            if slot != before:
                if len(alike) > 1:
                    found.update(alike)
                alike, before = [], slot
            if line not in rejected:
                alike.append(line)
        if len(alike) > 1:
            found.update(alike)
        return found

    def _compare_stored(self, twice: set[int]) -> None:
        """Compare with the organisation's stored visits of the file's weeks; carers' stays join those of the file.

        A stored visit whose delivery lies a week or more from its plan is not found for its carer.
        """
        slots, replaced = self._slots, self._replaced
        weeks = self._weeks
        if self._carers:  # a night's stay may reach into the next week
            weeks = weeks | {(day(w) + dt.timedelta(n)).isoformat() for w in weeks for n in (-7, 7)}
        for ident, person, date, entry, exit, comments, carer, delivered, begun, ended in stored_visits(
            self.known, weeks
        ):
            at = bisect_left(replaced, ident)
            if at < len(replaced) and replaced[at] == ident:
                continue
            if DOUBLE_HANDED not in comments.lower():
                slot = hash((person, date, entry, exit))
                at = bisect_left(slots, slot)
                while at < len(slots) and slots[at] == slot:
                    twice.add(self._slot_lines[at])
                    at += 1
            if carer in self._carers and delivered is not None and begun is not None and ended is not None:
                start = day(delivered).toordinal() * DAY
                self._stay(carer, person, start + begun, start + ended + (DAY if ended < begun else 0), 0)

    def _two_places(self, rejected: set[int]) -> set[tuple[int, str]]:
        """Lines, with their carer, that overlap a stay of the same carer with somebody else."""
        names = {number: name for name, number in self._carers.items()}
        parts = len(self._stays) // CARERS_AT_ONCE + 1
        found: set[tuple[int, str]] = set()
        for part in range(parts):
            chosen = [
                at
                for at, stay in enumerate(self._stays)
                if (stay >> SHIFT) % parts == part and self._stay_lines[at] not in rejected
            ]
            chosen.sort(key=self._stays.__getitem__)
            found |= self._overlaps(chosen, names)
        return found

    def _overlaps(self, chosen: list[int], names: dict[int, str]) -> set[tuple[int, str]]:
        found: set[tuple[int, str]] = set()
        carer, open_stays = None, []
        for at in chosen:
            number, start = self._stays[at] >> SHIFT, self._stays[at] & (1 << SHIFT) - 1
            open_stays = [] if number != carer else [other for other in open_stays if self._ends[other] > start]
            carer = number
            for other in open_stays:
                if self._whose[other] != self._whose[at]:
                    found |= {(self._stay_lines[i], names[number]) for i in (at, other) if self._stay_lines[i]}
            open_stays.append(at)
        return found


def stored_visits(known: Known, weeks: set[str]) -> Iterator[tuple]:
    """The organisation's live visits of these weeks: id, client (or what it was called), call, comments, carer, delivery."""
    for week in sorted(weeks):
        query = (
            Visit.select(
                Visit.id, Visit.client, Visit.client_ref, Visit.ssref, Visit.nhs_number, Visit.planned_date,
                Visit.planned_entry, Visit.planned_exit, Visit.comments, Visit.carer_ref, Visit.delivered_date,
                Visit.delivered_entry, Visit.delivered_exit,
            )
            .where(known.reach.visits(Visit) & (Visit.week == week) & ~Visit.is_deleted)
            .tuples()
        )  # fmt: skip
        for ident, client, client_ref, ssref, nhs, date, *rest in db.execute(query):
            person = client
            if client is None:
                person = ("ClientRef", client_ref) if client_ref else ("SSRef", ssref) if ssref else ("NHSNumber", nhs)
            yield (ident, person, date if isinstance(date, str) else date.isoformat(), *rest)
