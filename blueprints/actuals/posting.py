"""A service's week as a whole: confirmed or not and by when, locked, reminded of (rules 4.7, 4.10, M-36, M-38)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from peewee import fn

import database
from blueprints import history
from blueprints.packages.plan import ONE_OFF
from blueprints.packages.rules import day
from blueprints.settings import rules as settings
from models import (
    Actual,
    ConfirmedWeek,
    Contract,
    Entry,
    Finalisation,
    LockedWeek,
    Package,
    PaidOn,
    PaymentBasis,
    PaymentPeriod,
    Reminder,
    Service,
    ServiceLevel,
    db,
    utc_now,
)

WEEK = dt.timedelta(7)
# What somebody has to post: entered by the week or by the day, paid on that, and planned in each week.
BY_HAND = (
    Package.authorised
    & (ServiceLevel.paid_on == PaidOn.ACTUALS)
    & ServiceLevel.entry.in_([Entry.WEEKLY, Entry.DAILY])
    & ~ServiceLevel.intermittent
    & (Package.frequency != ONE_OFF)
)


class Missing(NamedTuple):
    """A service's week that is not confirmed: how many clients have no actual, and by when it is due."""

    service: int
    name: str
    week: dt.date
    clients: int
    due: dt.date


def active_in(week):
    """The condition of packages that are active on a day of a week."""
    sunday = week + dt.timedelta(6)
    return (Package.start_date <= sunday) & (Package.end_date.is_null() | (Package.end_date >= week))


# confirming ------------------------------------------------------------------------------------------------------------


def confirm(service: Service, week: dt.date, by: history.Actor, officer: bool = False) -> bool:
    """Note that a service's week is complete (4.10); False where it was before. Payment does not depend on it."""
    with db.atomic():
        database.serialise(db, f"week of service {service.id}")
        if confirmed(service.id, week):
            return False
        ConfirmedWeek.create(service=service, week=week, by=by.name, by_officer=officer)
        history.record(
            by, "Confirmed a week", service, {}, {"week": week}, organisation=service.organisation_id
        )  # fmt: skip
    return True


def confirmed(service: int, week: dt.date) -> ConfirmedWeek | None:
    """Who confirmed the week, and when; None while it is open."""
    return ConfirmedWeek.get_or_none((ConfirmedWeek.service == service) & (ConfirmedWeek.week == week))


def without_actuals(reach, week: dt.date, service: int) -> int:
    """How many clients have a line that somebody has to post, and no actual for it."""
    there = Actual.select(Actual.package).where(Actual.week == week)
    query = (
        Package.select(fn.COUNT(fn.DISTINCT(Package.client)))
        .join(ServiceLevel)
        .where(
            reach.services(Package.service, Package.organisation)
            & (Package.service == service)
            & BY_HAND
            & active_in(week)
            & Package.id.not_in(there)
        )
    )
    return int(query.scalar())


def due_on(week: dt.date, cut_offs: Iterable[dt.date | None], days_after: int) -> dt.date:
    """When a week is due: on the cut-off date of its period, the earliest of several, else days after its Sunday."""
    known = [one for one in cut_offs if one]
    return min(known) if known else week + dt.timedelta(6 + days_after)


# what is missing -------------------------------------------------------------------------------------------------------


def missing(reach, today: dt.date, days_after: int) -> list[Missing]:
    """The full weeks of current periods that services within reach have not confirmed, oldest first (4.10).

    Only services with something that somebody has to post in the week. Four queries, whatever the number.
    """
    periods = _current_periods(reach, today)
    if not periods:
        return []
    rows = list(
        Package.select(
            Package.id, Package.client, Package.service, Service.name, Package.contract, Package.start_date,
            Package.end_date,
        )
        .join(ServiceLevel).switch(Package).join(Service)
        .where(reach.services(Package.service, Package.organisation) & BY_HAND)
        .tuples()
    )  # fmt: skip
    if not rows:
        return []
    every = [week for listed in periods.values() for week, _ in listed]
    first, last = min(every), max(every)
    done = {
        (service, day(week))
        for service, week in ConfirmedWeek.select(ConfirmedWeek.service, ConfirmedWeek.week)
        .where(ConfirmedWeek.week.between(first, last) & ConfirmedWeek.service.in_({row[2] for row in rows}))
        .tuples()
    }
    expected: dict[tuple[int, dt.date], list] = defaultdict(list)
    cut_offs: dict[tuple[int, dt.date], list] = defaultdict(list)
    names = {}
    for package, client, service, name, contract, start, end in rows:
        start, end = day(start), day(end)
        names[service] = name
        for week, cut_off in periods.get(contract, ()):
            key = (service, week)
            if key in done or start > week + dt.timedelta(6) or (end and end < week):
                continue
            expected[key].append((package, client))
            cut_offs[key].append(cut_off)
    if not expected:
        return []
    weeks = {week for _, week in expected}
    there = {
        (package, day(week))
        for package, week in Actual.select(Actual.package, Actual.week)
        .where(
            reach.services(Actual.service, Actual.organisation)
            & Actual.week.between(min(weeks), max(weeks))
            & Actual.service.in_({service for service, _ in expected})
        )
        .tuples()
    }
    made = []
    for (service, week), lines in expected.items():
        without = {client for package, client in lines if (package, week) not in there}
        made.append(
            Missing(service, names[service], week, len(without), due_on(week, cut_offs[service, week], days_after))
        )
    return sorted(made, key=lambda one: (one.week, one.name))


def _current_periods(reach, today: dt.date) -> dict[int, list[tuple[dt.date, dt.date | None]]]:
    """The full weeks of each contract's current periods with the cut-off date, by one query."""
    done = Finalisation.select(Finalisation.id).where(
        (Finalisation.contract == Contract.id) & (Finalisation.period == PaymentPeriod.id)
    )
    full = today - dt.timedelta(today.weekday()) - WEEK  # the Monday of the last week that is over
    found: dict[int, list] = defaultdict(list)
    for contract, start, end, cut_off in (
        PaymentPeriod.select(Contract.id, PaymentPeriod.start_date, PaymentPeriod.end_date, PaymentPeriod.cut_off)
        .join(Contract, on=(Contract.cycle == PaymentPeriod.cycle))
        .where(
            reach.terms(Contract.id, Contract.organisation)
            & (Contract.payment_basis == PaymentBasis.PORTAL)
            & (PaymentPeriod.start_date <= full)
            & ~fn.EXISTS(done)
        )
        .tuples()
    ):
        start, end = day(start), min(day(end), full)
        week = start + dt.timedelta(-start.weekday() % 7)
        while week <= end:
            found[contract].append((week, day(cut_off)))
            week += WEEK
    return found


# locking ---------------------------------------------------------------------------------------------------------------


def lock(services: Iterable[Service], week: dt.date, by: history.Actor) -> int:
    """Lock a week for services (4.7); returns for how many it was open."""
    with db.atomic():
        database.serialise(db, "settle")  # a provider's save that is under way ends first
        changed = []
        for service in services:
            if LockedWeek.get_or_none((LockedWeek.service == service) & (LockedWeek.week == week)):
                continue
            LockedWeek.create(service=service, week=week, by=by.name)
            history.record(by, "Locked a week", service, {}, {"week": week}, organisation=service.organisation_id)
            changed.append(service.organisation_id)
        settings.bump_organisations("locks", set(changed))
    return len(changed)


def unlock(services: Iterable[Service], week: dt.date, by: history.Actor) -> int:
    """Open a locked week for services again; returns for how many it was locked."""
    with db.atomic():
        database.serialise(db, "settle")
        changed = []
        for service in services:
            gone = LockedWeek.delete().where((LockedWeek.service == service) & (LockedWeek.week == week)).execute()
            if gone:
                history.record(by, "Unlocked a week", service, {"week": week}, {}, organisation=service.organisation_id)
                changed.append(service.organisation_id)
        settings.bump_organisations("locks", set(changed))
    return len(changed)


# reminding -------------------------------------------------------------------------------------------------------------


def remind(services: Iterable[Service], week: dt.date, text: str, by: history.Actor) -> int:
    """Ask services for a week's actuals, on their providers' home page until they confirm it; returns how many (M-38)."""
    services = list(services)
    with db.atomic():
        for service in services:
            Reminder.create(service=service, week=week, text=text, by=by.name, at=utc_now())
            history.record(
                by, "Asked for a week's actuals", service, {}, {"week": week, "text": text},
                organisation=service.organisation_id,
            )  # fmt: skip
    return len(services)


def reminders(reach) -> list[Reminder]:
    """The last reminder of each service's week within reach that is not confirmed yet, oldest week first."""
    confirmed_too = ConfirmedWeek.select(ConfirmedWeek.id).where(
        (ConfirmedWeek.service == Reminder.service) & (ConfirmedWeek.week == Reminder.week)
    )
    rows = (
        Reminder.select(Reminder, Service)
        .join(Service)
        .where(reach.services(Service.id, Service.organisation) & ~fn.EXISTS(confirmed_too))
        .order_by(Reminder.week, Reminder.id)
    )
    return list({(row.service_id, row.week): row for row in rows}.values())


# for officers ----------------------------------------------------------------------------------------------------------


def not_posted(today: dt.date, weeks_back: int = 8) -> tuple[int, dt.date | None]:
    """How many services' weeks among the last full ones are not confirmed, and the oldest of these weeks (M-38)."""
    last = today - dt.timedelta(today.weekday()) - WEEK
    weeks = [last - WEEK * n for n in range(weeks_back)]
    spans = list(
        Package.select(Package.service, Package.start_date, Package.end_date)
        .join(ServiceLevel)
        .where(BY_HAND & (Package.end_date.is_null() | (Package.end_date >= weeks[-1])))
        .distinct()
        .tuples()
    )
    expected = {
        (service, week)
        for service, start, end in ((s, day(a), day(b)) for s, a, b in spans)
        for week in weeks
        if start <= week + dt.timedelta(6) and (end is None or end >= week)
    }
    done = ConfirmedWeek.select(ConfirmedWeek.service, ConfirmedWeek.week).where(ConfirmedWeek.week >= weeks[-1])
    expected -= {(service, day(week)) for service, week in done.tuples()}
    return len(expected), min((week for _, week in expected), default=None)
