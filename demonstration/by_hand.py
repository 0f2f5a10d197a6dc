"""The demonstration's actuals that no visits make: as planned, then what differed; days, unplanned ones, confirmed weeks."""

from __future__ import annotations

import datetime as dt

import database
from blueprints import consequences, history
from blueprints.actuals import entering, sums
from blueprints.actuals import rules as actuals
from blueprints.actuals.entering import Figures, Terms
from blueprints.actuals.sums import DailyRow
from blueprints.history import Actor
from blueprints.packages import rules as packages
from blueprints.packages.plan import planned_quantity
from blueprints.settings import rules as settings
from demonstration.build import WEEK
from models import (
    Actual,
    ConfirmedWeek,
    Increase,
    IncreaseState,
    LockedWeek,
    Package,
    Reminder,
    ServiceLevel,
    TimetableSlot,
    UnplannedActual,
    UnplannedState,
)

QUARTERS = [(8, 0, 8, 45), (9, 0, 9, 30), (18, 0, 18, 30)]


def rounds(world) -> None:
    """Packages of double-handed and single rounds by the day: 45 minutes a day, two carers twice a day, ten hours."""
    world.rounds = ServiceLevel.create(
        ref="RND",
        name="Extra Care Rounds",
        unit="Hours",
        paid_on="actuals",
        entry="daily",
        service_group_class="Housing",
    )

    def at(hour: int, minute: int) -> int:
        return hour * 3600 + minute * 60

    for who, slots, carers, facts in (
        ("Rudd", QUARTERS[:1], 1, {"quantity": 525}),
        ("Underwood", QUARTERS[1:], 2, {"quantity": 1400}),
        ("Cope", [], 1, {"quantity": 1000}),
    ):
        package = world.package(
            f"{who} rounds", who, world.court, world.rounds, world.housing, unit_cost=192500,
            start_date=world.last - WEEK * 20, **facts,
        )  # fmt: skip
        for h, m, to_h, to_m in slots:
            for weekday in range(7):
                TimetableSlot.create(
                    package=package, weekday=weekday, entry=at(h, m), exit=at(to_h, to_m), carers=carers
                )


def write(world) -> None:
    """Rows as planned for what is entered by the week or the day, then what was different."""
    by = world.actor("manager@harbour")
    for service in (world.court, world.quay, world.north, world.south):
        touched = actuals.generate_until(service, world.last - WEEK, by)
        if touched:
            consequences.follow(consequences.Change(packages=touched), now=True)
    moved = weekly(world)
    daily(world, by)
    unbalanced = (
        Actual.select()
        .where(
            (Actual.organisation == world.harbour) & (Actual.week == world.last - WEEK) & (Actual.source == "generated")
        )
        .first()
    )
    unbalanced.actual, unbalanced.source, unbalanced.comments = unbalanced.actual + 25, "entered", "See rota"
    unbalanced.save()
    authorised(world, unbalanced)
    moved |= {unbalanced.package_id, world.packages["Darnell"].id}
    consequences.follow(consequences.Change(packages=moved), now=True)
    dated()
    unplanned(world)
    posted(world)


def weekly(world) -> set[int]:
    """Some of Harbour's weeks with frustrated, missed and extra hours; short breaks through the year."""
    by_week = Package.select(Package.id).where(Package.level == world.support)
    rows = list(Actual.select().where(Actual.package.in_(by_week) & (Actual.source == "generated")))
    moved = set()
    for row in world.chance.sample(rows, len(rows) // 9):
        planned = row.actual
        if world.chance.random() < 0.4:
            row.frustrated = min(100, planned)
            row.actual = planned - row.frustrated
            row.comments = "Not at home when the worker called"
        elif world.chance.random() < 0.6:
            row.missed = min(50, planned)
            row.actual = planned - row.missed
            row.comments = "Staff sickness"
        else:
            row.extra = 100
            row.actual = planned + 100
            row.comments = "Extra hour to help with a benefits appointment"
        row.source, row.changed_by = "entered", "Marina Quay"
        row.save()
        moved.add(row.package_id)
    for n, week in enumerate(world.weeks[8::14]):
        Actual.create(
            package=world.packages["Darnell"], week=week, organisation=world.oakfield, service=world.south,
            actual=200 + 100 * (n % 2), visits=1, comments="Weekend at the seaside", source="entered",
            changed_by="Owen Marsh",
        )  # fmt: skip
    return moved


def daily(world, by: Actor) -> None:
    """Days that were not delivered, and more than planned, as the daily grid saves them."""
    terms = Terms(settings.read(), world.last + WEEK)
    week = (True,) * 7
    monday_and_wednesday = (True, False, True, False, False, False, False)
    for who, back, rows, comment in (
        ("Rudd rounds", 2, [DailyRow(75, (*week[:6], False))], "At his sister's on Sunday"),
        ("Rudd rounds", 4, [DailyRow(75, week), DailyRow(50, monday_and_wednesday)], "Longer after the fall, agreed"),
        ("Underwood rounds", 3, [DailyRow(200, (*week[:6], False))], "Family came on Sunday"),
    ):
        package, monday = world.packages[who], world.last - WEEK * back
        figures = Figures(sums.daily_actual(rows), comments=comment, days=tuple(rows))
        entering.save(package.id, monday, figures, entering.Seen(1), by, terms)


def authorised(world, row: Actual) -> None:
    """An increase that an officer has authorised."""
    Increase.create(
        package=row.package_id, week=row.week, organisation=row.organisation_id, state=IncreaseState.AUTHORISED,
        agreed=row.actual, by="Priya Shah", at=dt.datetime.combine(row.week + WEEK, dt.time(15)),
    )  # fmt: skip


def dated() -> None:
    """Every row was entered on the Monday after its week."""
    when = {
        week: dt.datetime.combine(week + WEEK, dt.time(9, 30))
        for (week,) in Actual.select(Actual.week).distinct().tuples()
    }
    statement = "UPDATE actual SET changed_at = ? WHERE week = ?"
    database.execute_many(Actual, statement, [(str(at), week.isoformat()) for week, at in when.items()])


def unplanned(world) -> None:
    """A level without a package: one that waits for the authority, one that it refused."""
    for who, back, state, reason, comment in (
        ("Bannister", 1, UnplannedState.PENDING, "", "Came to the Tuesday group twice, as her social worker asked"),
        ("Doyle", 5, UnplannedState.REFUSED, "He has direct payments for this", "Day trip"),
    ):
        UnplannedActual.create(
            organisation=world.harbour, service=world.court, client=world.people[who], level=world.sessions,
            week=world.last - WEEK * back, actual=200, comments=comment, changed_by="Marina Quay", state=state,
            reason=reason, by="Priya Shah" if reason else "",
            at=dt.datetime.combine(world.last - WEEK, dt.time(11)) if reason else None,
            created_at=dt.datetime.combine(world.last, dt.time(10)), changed_at=dt.datetime.combine(world.last, dt.time(10)),
        )  # fmt: skip


def posted(world) -> None:
    """Confirmed weeks, one that is late and was asked for, one that is locked."""
    services = (world.court, world.quay, world.north, world.south)
    for service in services:
        who = "Marina Quay" if service in (world.court, world.quay) else "Greta Finch"
        for week in world.weeks[:-1]:
            if service.id == world.quay.id and week == world.last - WEEK:
                continue
            at = dt.datetime.combine(week + WEEK, dt.time(10))
            ConfirmedWeek.create(service=service, week=week, by=who, at=at)
    text = "Please enter and confirm this week, so that it is paid in this period."
    Reminder.create(
        service=world.quay, week=world.last - WEEK, text=text, by="Priya Shah",
        at=dt.datetime.combine(world.last + dt.timedelta(2), dt.time(14)),
    )  # fmt: skip
    LockedWeek.create(
        service=world.court, week=world.last - WEEK * 12, by="Amir Khan",
        at=dt.datetime.combine(world.last - WEEK * 8, dt.time(9)),
    )  # fmt: skip


def late(world) -> None:
    """A row of a paid week that was changed after it was confirmed."""
    row = (
        Actual.select()
        .where((Actual.package == world.packages["Foster"]) & (Actual.week == world.last - WEEK * 7))
        .get()
    )
    plan = packages.plan_of(row.package_id)
    planned = planned_quantity(plan, row.week)
    before = history.facts(row)
    row.frustrated = row.extra = 0
    row.missed, row.actual = 50, planned - 50
    row.comments, row.source, row.version = "Worker left half an hour early", "entered", row.version + 1
    row.changed_by, row.changed_at = "Marina Quay", dt.datetime.combine(world.last - WEEK * 2, dt.time(16))
    row.save()
    told = {name: before[name] for name in ("actual", "missed", "comments")}
    history.record(
        world.actor("manager@harbour"), "Changed an actual", row, told, {n: history.facts(row)[n] for n in told}
    )
