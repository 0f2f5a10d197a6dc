"""Date and times of a plan or a delivery."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from blueprints.visits.problems import Problem

DAY = 86_400
PLANNED = ("PlannedVisitDate", "PlannedEntryTime", "PlannedExitTime")
DELIVERED = ("DeliveredVisitDate", "DeliveredEntryTime", "DeliveredExitTime")


class Span(NamedTuple):
    """Date and times of a plan or a delivery.

    `start` and `end` count seconds on the wall clock: earlier and later compare as the moments do, since a double time
    is the first (rule 1.3).
    """

    date: dt.date | None = None
    iso: str | None = None
    entry: int | None = None
    exit: int | None = None
    minutes: int | None = None
    start: int = 0
    end: int = 0
    key: str = "-"  # its part of the digest
    problems: tuple[Problem, ...] = ()


NO_SPAN = Span()
