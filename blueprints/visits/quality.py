"""Data quality: what an accepted row carries as warnings (rules 5.4, 5.5, 5.11). Clashes between rows are in clashes.py."""

from __future__ import annotations

from blueprints.values import show_date
from blueprints.visits.known import Candidate, Kind, Known
from blueprints.visits.problems import Problem, warning
from blueprints.visits.span import DELIVERED, Span


def warn(
    problems: list[Problem],
    known: Known,
    kind: Kind,
    planned: Span,
    delivered: Span,
    candidates: list[Candidate],
    comments: str,
    carer: str,
) -> None:
    """What an accepted row carries for itself, beside what it was overridden without."""
    if kind.needs_delivered and delivered.minutes is None:
        at = 0 if delivered.date is None else 1 if delivered.entry is None else 2
        problems.append(
            warning(
                DELIVERED[at], "", "Delivered times are missing: the visit is kept and not paid until it is sent again.",
                "delivered missing", f"date and times with type {kind.code}",
            )
        )  # fmt: skip
    elif kind.needs_delivered:
        _warn_delivered(problems, known, kind, planned, delivered, candidates)
    if kind.needs_comment and not comments:
        problems.append(
            warning(
                "Comments",
                "",
                f"A visit of type {kind.code} needs a comment.",
                "comment missing",
                "a few words on why",
            )
        )
    if carer and carer not in known.carers:
        problems.append(
            warning("CarerRef", carer, "The carer is not known.", "carer not known", "a carer of the carers file")
        )
    if planned.date > known.today:
        problems.append(
            warning(
                "PlannedVisitDate",
                show_date(planned.date),
                "The planned date is in the future.",
                "future",
                "a date up to today",
            )
        )
    if kind.contract_types and candidates and not known.suits(kind.id, candidates[0].contract_type):
        problems.append(
            warning(
                "VisitType", kind.code, f"Type {kind.code} is not for contracts of type {candidates[0].contract_type}.",
                "type outside contract", "a type of this contract",
            )
        )  # fmt: skip


def _warn_delivered(
    problems: list[Problem], known: Known, kind: Kind, planned: Span, delivered: Span, candidates: list[Candidate]
) -> None:
    over = known.settings.over_time_minutes
    beyond = delivered.minutes - planned.minutes
    if kind.is_ordinary and beyond >= over:
        problems.append(
            warning(
                "DeliveredExitTime", "", f"Delivered {beyond} minutes over plan.", "over plan",
                f"less than {over} minutes over plan, or an exceptional visit",
            )
        )  # fmt: skip
    if kind.is_exceptional and beyond < over:
        slot = (planned.date.weekday(), planned.entry, planned.exit)
        if any(slot in c.slots for c in candidates):
            problems.append(
                warning(
                    "VisitType", kind.code, "An exceptional visit in a planned slot, but not well over plan.",
                    "not exceptional", f"{over} minutes or more over plan, or the ordinary type",
                )
            )  # fmt: skip
    if not (planned.start < delivered.end and delivered.start < planned.end):
        problems.append(
            warning(
                "DeliveredEntryTime", "", "The delivered time does not overlap the planned time.", "no overlap",
                "a delivery within the planned time",
            )
        )  # fmt: skip


def warn_overridden(problems: list[Problem], entry: bool, entry_reason: str, exit: bool, exit_reason: str) -> None:
    """Times that were overridden without a reason."""
    for overridden, reason, which in ((entry, entry_reason, "Entry"), (exit, exit_reason, "Exit")):
        if overridden and not reason:
            problems.append(
                warning(
                    f"Delivered{which}TimeOverrideReason", "", f"The {which.lower()} time was overridden without a reason.",
                    "no override reason", "why it was overridden",
                )
            )  # fmt: skip
