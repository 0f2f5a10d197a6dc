"""Which package each visit belongs to, or why it belongs to none (5.8, 5.9). Pure; no tables."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from operator import itemgetter
from typing import NamedTuple

from blueprints.packages.plan import Plan, is_active, planned_quantity

CLIENT_NOT_KNOWN = "client not known"
LEVEL_NOT_THERE = "service level not in the client's packages"
SERVICE_NOT_THERE = "service not in the client's packages"
INVOICED = "package is invoiced"
NOT_AUTHORISED = "package not authorised"
BEFORE_START = "before the package starts"
AFTER_END = "after it ends"


class Visit(NamedTuple):
    """A visit to be matched: planned date, planned times in seconds, planned minutes, level, and service where given.

    Visits of status Missing Data and deleted ones are left out by the caller (5.4).
    """

    id: int
    ref: str
    day: date
    entry: int
    exit: int
    minutes: int
    level: int
    service: int | None


class FedVisit(NamedTuple):
    """A matched visit: its planned date, what its type pays (none, planned, delivered) and its minutes.

    `delivered` is None where the visit has no delivered times.
    """

    day: date
    pays: str
    planned: int
    delivered: int | None


class Line(NamedTuple):
    """A CPLI of the visits' organisation and client, whatever its level, with its level and service."""

    plan: Plan
    level: int
    service: int


Answer = tuple[int | None, str]
"""The CPLI's id and no reason, or None and the reason."""

in_order = itemgetter(2, 3, 1, 0)  # planned date, planned entry, VisitRef; the id only settles equal refs


class _Share:
    """What one CPLI has taken of its plan in one week."""

    __slots__ = ("answer", "limit", "places", "slots", "used")

    def __init__(self, plan: Plan, monday: date):
        self.answer: Answer = (plan.id, "")
        self.limit = used_up_at(planned_quantity(plan, monday))
        self.used = 0
        self.places: dict[tuple[date, int, int], int] = {}
        self.slots: dict[tuple[int, int, int], int] = {}
        for weekday, entry, exit_, carers in plan.slots:
            key = (weekday, entry, exit_)
            self.slots[key] = self.slots.get(key, 0) + carers

    def has_place(self, visit: Visit) -> bool:
        """Whether the timetable has the visit's slot, taken by fewer visits on that date than its carers."""
        carers = self.slots.get((visit[2].weekday(), visit[3], visit[4]))
        return carers is not None and self.places.get(visit[2:5], 0) < carers

    def take(self, visit: Visit) -> None:
        """Counts the visit: its minutes use the quantity up whatever its type, and it takes its slot."""
        self.used += visit[5]
        if self.slots:
            place = visit[2:5]
            self.places[place] = self.places.get(place, 0) + 1


def used_up_at(quantity: int) -> int:
    """The fewest minutes that, as a quantity in hundredths of an hour (2.3), reach this one: 217 is reached at 130."""
    return -((3 - 6 * quantity) // 10)


def candidates(visit: Visit, lines: Iterable[Line]) -> list[Plan]:
    """The CPLIs that the visit may belong to, in order of start date then id (5.8)."""
    found = [line.plan for line in lines if line.level == visit.level and visit.service in (None, line.service)]
    found = [plan for plan in found if plan.authorised and not plan.invoiced and is_active(plan, visit.day)]
    return sorted(found, key=lambda plan: (plan.start, plan.id))


def unmatched_reason(visit: Visit, lines: Iterable[Line]) -> str:
    """Why a visit without candidates matches nothing: the first reason that holds (5.9)."""
    left = list(lines)
    if not left:
        return CLIENT_NOT_KNOWN
    left = [line for line in left if line.level == visit.level]
    if not left:
        return LEVEL_NOT_THERE
    left = [line for line in left if visit.service in (None, line.service)]
    if not left:
        return SERVICE_NOT_THERE
    plans = [line.plan for line in left if not line.plan.invoiced]
    if not plans:
        return INVOICED
    authorised = [plan for plan in plans if plan.authorised]
    if not authorised or any(is_active(plan, visit.day) for plan in plans if not plan.authorised):
        return NOT_AUTHORISED
    return BEFORE_START if any(plan.start > visit.day for plan in authorised) else AFTER_END


def assign(visits: Iterable[Visit], lines: Sequence[Line]) -> dict[int, Answer]:
    """Matches afresh the visits of one organisation and client, each week and level by itself (5.8).

    `lines` are all CPLIs of that organisation and client, other levels, invoiced and unauthorised ones included, so
    that reasons can be told. For a week and level to come out right, all its visits must be given. Returns for each
    visit id the CPLI's id and an empty text, or None and the reason (5.9). The order of the input does not matter.
    """
    answers: dict[int, Answer] = {}
    shares: dict[tuple[int, date], _Share] = {}
    known: dict[tuple[date, int, int | None], tuple[list[_Share], Answer]] = {}
    for visit in sorted(visits, key=in_order):
        where = (visit[2], visit[6], visit[7])
        found = known.get(where)
        if found is None:
            found = known[where] = _open(visit, lines, shares)
        choice, answer = found
        if choice:
            share = choice[0] if len(choice) == 1 else _choose(visit, choice)
            share.take(visit)
            answer = share.answer
        answers[visit[0]] = answer
    return answers


def _open(visit: Visit, lines: Sequence[Line], shares: dict[tuple[int, date], _Share]) -> tuple[list[_Share], Answer]:
    """The candidates' shares of the visit's week, or none and the reason."""
    monday = visit.day - timedelta(visit.day.weekday())
    choice = []
    for plan in candidates(visit, lines):
        key = (plan.id, monday)
        if key not in shares:
            shares[key] = _Share(plan, monday)
        choice.append(shares[key])
    return choice, (None, "" if choice else unmatched_reason(visit, lines))


def _choose(visit: Visit, choice: list[_Share]) -> _Share:
    """A free slot first, then a planned quantity not yet used up, then the first (5.8)."""
    for share in choice:
        if share.has_place(visit):
            return share
    for share in choice:
        if share.used < share.limit:
            return share
    return choice[0]
