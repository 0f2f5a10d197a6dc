"""The weekly check list: visits and actuals that an officer looks into (O-42, O-49, O-54)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from peewee import Case, fn

from blueprints.disputes import subjects
from blueprints.disputes.subjects import Subject
from blueprints.packages.rules import day
from models import Actual, Organisation, ServiceLevel, Source, Visit, VisitStatus, VisitType

WEEK = dt.timedelta(7)


class Check(StrEnum):
    """What is looked for."""

    COMMENTS = "missing-comments"
    OVER = "over-time"
    HOSPITAL = "in-hospital"
    UNMATCHED = "unmatched"
    EXCLUDED = "excluded-levels"
    FAR = "far-from-plan"
    REPEATED = "repeated-undeliverable"


WORDS = {
    Check.COMMENTS: (
        "Missing comments",
        "Visits of a type that needs a comment, and actuals away from plan, without one.",
    ),
    Check.OVER: ("Over time", "Delivered visits of an ordinary type that took much longer than planned."),
    Check.HOSPITAL: (
        "Delivered while in hospital",
        "Delivered between two visits that say that the client was in hospital.",
    ),
    Check.UNMATCHED: ("Unmatched", "Visits that no package fits."),
    Check.EXCLUDED: (
        "Excluded levels",
        "Visits of service levels that want none, or of packages that are paid by invoice.",
    ),
    Check.FAR: ("Times far from plan", "Delivered much earlier or later than planned, without a comment."),
    Check.REPEATED: ("Repeated undeliverable visits", "Several undeliverable visits of one client in a short time."),
}
# The reason that a dispute from the check begins with, where the authority's list has it.
REASONS = {
    Check.COMMENTS: "Missing Comment",
    Check.OVER: "Actual does not match planned – more detail required",
    Check.HOSPITAL: "Client In Hospital",
    Check.UNMATCHED: "Incorrect Data",
    Check.EXCLUDED: "Reablement / Other Case",
    Check.FAR: "Incorrect Data",
    Check.REPEATED: "Client query",
}


class Span(NamedTuple):
    """Which week, and of which provider, all where none is named."""

    monday: dt.date
    organisation: int | None = None

    @property
    def last(self) -> dt.date:
        """The Sunday."""
        return self.monday + dt.timedelta(6)


def _visits(span: Span):
    """Live visits of the week."""
    condition = (Visit.week == span.monday) & ~Visit.is_deleted
    return condition & (Visit.organisation == span.organisation) if span.organisation else condition


def _types(condition):
    return VisitType.select(VisitType.id).where(condition)


def said_nothing():
    """A visit without a comment and without a variance reason."""
    return (Visit.comments == "") & (Visit.variance_reason == "")


def in_hospital(reach, hospital: str, span: Span) -> list[int]:
    """Delivered visits between two visits of type hospital at most a day before and after, of the same client."""
    kind = {i for (i,) in _types(fn.UPPER(VisitType.code) == hospital.upper()).tuples()}
    delivered = {i for (i,) in _types(VisitType.needs_delivered).tuples()}
    around = Visit.planned_date.between(span.monday - dt.timedelta(1), span.last + dt.timedelta(1)) & ~Visit.is_deleted
    if span.organisation:
        around &= Visit.organisation == span.organisation
    away = Visit.select(Visit.client).where(around & Visit.type.in_(list(kind)) & Visit.client.is_null(False))
    of_client: dict[int, list[tuple]] = {}
    for ident, client, planned, entry, kind_of, minutes in (
        Visit.select(Visit.id, Visit.client, Visit.planned_date, Visit.planned_entry, Visit.type, Visit.delivered_minutes)
        .where(around & Visit.client.in_(away) & reach.visits(Visit)).tuples()
    ):  # fmt: skip
        of_client.setdefault(client, []).append((day(planned), entry, ident, kind_of, minutes))
    found = []
    for calls in of_client.values():
        hospital_calls = [(planned, entry) for planned, entry, _, kind_of, _ in calls if kind_of in kind]
        for planned, entry, ident, kind_of, minutes in calls:
            if kind_of not in delivered or minutes is None or not span.monday <= planned <= span.last:
                continue
            before = any((d, e) < (planned, entry) and d >= planned - dt.timedelta(1) for d, e in hospital_calls)
            after = any((d, e) > (planned, entry) and d <= planned + dt.timedelta(1) for d, e in hospital_calls)
            if before and after:
                found.append(ident)
    return found


def condition(reach, check: Check, span: Span, settings):
    """The visits that a check finds, as a condition over Visit; joins ServiceLevel where it must by a subquery."""
    base = _visits(span) & reach.visits(Visit)
    if check == Check.COMMENTS:
        return base & Visit.type.in_(_types(VisitType.needs_comment)) & (Visit.comments == "")
    if check == Check.OVER:
        ordinary = _types(VisitType.needs_delivered & ~VisitType.needs_comment)
        over = Visit.delivered_minutes - Visit.planned_minutes >= settings.over_time_minutes
        return base & Visit.type.in_(ordinary) & over
    if check == Check.HOSPITAL:
        return Visit.id.in_(in_hospital(reach, settings.hospital_type, span))
    if check == Check.UNMATCHED:
        return base & (Visit.status == VisitStatus.UNMATCHED)
    if check == Check.EXCLUDED:
        unwanted = ServiceLevel.select(ServiceLevel.id).where(~ServiceLevel.visits_wanted)
        return base & (Visit.level.in_(unwanted) | (Visit.reason == "package is invoiced"))
    if check == Check.FAR:
        far = settings.far_minutes * 60
        off = (Visit.delivered_entry - Visit.planned_entry) + _days_late() * 86400
        return base & Visit.delivered_entry.is_null(False) & said_nothing() & ((off >= far) | (off <= -far))
    return Visit.id.in_(repeated(reach, span, settings))


def _days_late():
    """How many days after the planned one a visit was delivered: none or one, as far as the check needs to know."""
    later, earlier = Visit.delivered_date > Visit.planned_date, Visit.delivered_date < Visit.planned_date
    return Case(None, [(later, 1), (earlier, -1)], 0)


def undeliverable():
    """Types that pay as planned and need a comment: U of the default set."""
    return _types((VisitType.pays == "planned") & VisitType.needs_comment & ~VisitType.needs_delivered)


def repeated(reach, span: Span, settings) -> list[int]:
    """Undeliverable visits of clients who had many of them within some days, where one lies in the week (O-54)."""
    since = span.last - dt.timedelta(settings.repeated_days - 1)
    found = (
        Visit.planned_date.between(since, span.last) & ~Visit.is_deleted & Visit.type.in_(undeliverable())
        & Visit.client.is_null(False) & reach.visits(Visit)
    )  # fmt: skip
    if span.organisation:
        found &= Visit.organisation == span.organisation
    many = (
        Visit.select(Visit.client).where(found).group_by(Visit.client)
        .having((fn.COUNT(Visit.id) >= settings.repeated_undeliverable) & (fn.MAX(Visit.planned_date) >= span.monday))
    )  # fmt: skip
    clients = [client for (client,) in many.tuples()]
    return [i for (i,) in Visit.select(Visit.id).where(found & Visit.client.in_(clients)).tuples()] if clients else []


def silent_weeks(reach, span: Span) -> list[tuple[int, dt.date]]:
    """Packages' weeks of actuals entered away from plan without a comment (M-16)."""
    wanted = (
        (Actual.week == span.monday) & (Actual.comments == "") & (Actual.source != Source.VISITS)
        & ((Actual.frustrated > 0) | (Actual.missed > 0) | (Actual.extra > 0))
        & reach.services(Actual.service, Actual.organisation)
    )  # fmt: skip
    if span.organisation:
        wanted &= Actual.organisation == span.organisation
    return [(package, day(week)) for package, week in Actual.select(Actual.package, Actual.week).where(wanted).tuples()]


class Found(NamedTuple):
    """One page of what a check finds: subjects with the open dispute that each is in, how many in all."""

    rows: list[tuple[Subject, int | None]]
    count: int


def counts(reach, span: Span, settings) -> dict[Check, int]:
    """How much each check finds in the week, by one count each."""
    made = {check: Visit.select().where(condition(reach, check, span, settings)).count() for check in Check}
    made[Check.COMMENTS] += len(silent_weeks(reach, span))
    return made


def find(reach, check: Check, span: Span, settings, size: int, start: int) -> Found:
    """A page of what a check finds, by client and time."""
    silent = silent_weeks(reach, span) if check == Check.COMMENTS else []
    found = condition(reach, check, span, settings)
    count = Visit.select().where(found).count()
    order = (Visit.organisation, Visit.ssref, Visit.planned_date, Visit.planned_entry, Visit.id)
    page = Visit.select(Visit.id).where(found).order_by(*order).limit(size).offset(start)
    idents = [ident for (ident,) in page.tuples()]
    listed = sorted(subjects.of_visits(idents), key=lambda s: (s.organisation_name, s.client_words, s.first, s.title))
    room = size - len(listed)
    more = silent[max(0, start - count) :][:room] if room else []
    listed += subjects.of_weeks(more)
    known = subjects.disputed(idents, more)
    return Found([(one, known.get(one.key)) for one in listed], count + len(silent))


def owners(reach) -> list[tuple[str, str]]:
    """The providers to choose from."""
    rows = Organisation.visible_to(reach).select(Organisation.id, Organisation.name).order_by(Organisation.name)
    return [(str(ident), name) for ident, name in rows.tuples()]


def hints(check: Check, subject: Subject) -> Iterator[str]:
    """The figures of a row that say why a check found it."""
    wanted = {
        Check.COMMENTS: ("Visit Type", "Delivered", "Actual", "Planned"),
        Check.UNMATCHED: ("Match Status", "Service Level"),
        Check.EXCLUDED: ("Service Level", "Match Status"),
    }.get(check, ("Visit Type", "Delivered", "Comments"))
    for name in wanted:
        if subject.figures.get(name):
            yield f"{name}: {subject.figures[name]}"
