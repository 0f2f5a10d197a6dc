"""Visits as files: the dump, the blank file and the worked example (interfaces.md, O-02, O-53)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from peewee import JOIN

from blueprints import sheets, values, weeks
from blueprints.packages import rules as packages
from blueprints.packages.plan import Plan, active_days, in_week, planned_quantity
from blueprints.packages.rules import day
from blueprints.reach import Reach
from blueprints.visits.columns import DUMP_HEADINGS
from blueprints.visits.columns import HEADINGS as FILE_HEADINGS
from models import Client, Contract, Package, Service, ServiceLevel, Visit, VisitType, db

HEADINGS = [*FILE_HEADINGS, *DUMP_HEADINGS]
MOST_EXAMPLES = 20  # packages in the worked example
NIGHT_AND_DAY = 86_400


def visits_rows(reach: Reach, start: dt.date, end: dt.date) -> Iterator[tuple]:
    """Live visits planned from `start` to `end`: the 25 columns as sent, then what became of each.

    A week at a time, so that memory stays flat however many there are.
    """
    condition = reach.visits(Visit) & ~Visit.is_deleted & Visit.planned_date.between(start, end)
    found = Visit.select(Visit.week).where(condition).distinct().order_by(Visit.week).tuples()
    for (week,) in list(db.execute(found)):
        yield from rows_of(condition & (Visit.week == week))


def rows_of(condition) -> Iterator[tuple]:
    """The visits of a condition over Visit and its package, as the file has them."""
    query = (
        Visit.select(
            Visit.ref, Visit.planned_date, Visit.planned_entry, Visit.planned_exit, VisitType.code,
            Visit.delivered_date, Visit.delivered_entry, Visit.delivered_exit, Visit.entry_overridden,
            Visit.entry_override_reason, Visit.exit_overridden, Visit.exit_override_reason, Visit.variance_reason,
            Visit.comments, Visit.client_ref, Visit.ssref, Visit.nhs_number, Visit.level_ref, Visit.level_name,
            Visit.carer_ref, Visit.service_ref, Visit.service_name, Visit.organisation_ref,
            Visit.organisation_name, Visit.status, Visit.reason, Package.cpli_id, Visit.planned_minutes,
            Visit.delivered_minutes, Visit.paid_minutes, Visit.charged_minutes,
        )
        .join(VisitType)
        .switch(Visit)
        .join(Package, JOIN.LEFT_OUTER)
        .where(condition)
        .order_by(Visit.organisation, Visit.planned_date, Visit.planned_entry, Visit.ref)
        .tuples()
    )  # fmt: skip
    for row in db.execute(query):
        yield file_row(row)


def file_row(row: tuple) -> tuple:
    """A visit as the file has it: DD/MM/YYYY, HH:MM:SS, 0 or 1."""
    (ref, planned, entry, leave, code, delivered, begun, ended, entry_over, entry_why, exit_over, exit_why, variance,
     comments, *rest) = row  # fmt: skip
    return (
        ref, 0, values.show_date(day(planned)), values.show_time(entry, True), values.show_time(leave, True), code,
        values.show_date(day(delivered)), values.show_time(begun, True), int(entry_over), entry_why,
        values.show_time(ended, True), int(exit_over), exit_why, variance, comments, *rest,
    )  # fmt: skip


def blank_file() -> bytes:
    """The headings alone."""
    return b"".join(sheets.write_csv([], FILE_HEADINGS))


class Call(NamedTuple):
    """A planned visit of the example's week."""

    date: dt.date
    entry: int
    exit: int
    carers: int


class Told(NamedTuple):
    """How an example row is told: its type, how much later the carer left (None: nothing was delivered), a comment."""

    type: VisitType
    later: int | None
    comment: str


def example_rows(reach: Reach, week: dt.date) -> Iterator[tuple]:
    """A worked example: the packages within reach in this week, with a few calls cancelled, refused, too long.

    It loads without a warning once the week is over.
    """
    rows = (
        Package.select(Package, Client, Service, ServiceLevel, Contract)
        .join(Client).switch(Package).join(Service).switch(Package).join(ServiceLevel).switch(Package).join(Contract)
        .where(
            reach.services(Package.service, Package.organisation) & Package.authorised & ServiceLevel.visits_wanted
            & (Contract.payment_basis != "invoice") & (Package.start_date <= week + dt.timedelta(6))
            & (Package.end_date.is_null() | (Package.end_date >= week))
        )
        .order_by(Package.start_date, Package.cpli_id)
        .limit(MOST_EXAMPLES)
    )  # fmt: skip
    found = list(rows)
    plans = packages.lines(Package.id.in_([p.id for p in found])) if found else {}
    types = list(VisitType.select().where(~VisitType.is_retired).order_by(VisitType.id))
    taken: set[tuple] = set()
    number = 0
    for package in found:
        for call in calls(plans[package.id].plan, week):
            slot = (package.client_id, call.date, call.entry, call.exit)
            told = None if slot in taken else tell(types, package.contract.contract_type, number)
            if told is None:
                continue
            taken.add(slot)
            for carer in range(call.carers):
                number += 1
                doubled = "[Double-Handed] " if call.carers > 1 else ""
                yield example_row(package, call, told, f"{week:%y%m%d}-{package.cpli_id}-{number}", doubled, carer)


def calls(plan: Plan, week: dt.date) -> list[Call]:
    """The planned visits of a package's week: its timetable, or an equal visit on each active day."""
    first, last, days = active_days(plan, week)
    if not days or not in_week(plan, week):
        return []
    if plan.slots:
        slots = [s for s in plan.slots if first <= s.weekday <= last]
        listed = [Call(week + dt.timedelta(s.weekday), s.entry, s.exit, s.carers) for s in slots]
    else:
        minutes = min(planned_quantity(plan, week) * 60 // 100 // days, 12 * 60)
        nine = 9 * 3600
        listed = [Call(week + dt.timedelta(n), nine, nine + minutes * 60, 1) for n in range(first, last + 1) if minutes]
    return [call for call in listed if occurs(call)]


def occurs(call: Call) -> bool:
    """Both times occur on their day (rule 1.3)."""
    try:
        return weeks.minutes_between(call.date, call.entry, call.exit) > 0
    except weeks.ClockError:
        return False


def tell(types: list[VisitType], contract_type: str, number: int) -> Told | None:
    """Every third call of the first ten is something else than delivered as planned (WE-15, WE-16)."""
    suiting = [t for t in types if t.suits(contract_type)]
    ordinary = next((t for t in suiting if t.is_ordinary), None)
    others = {
        2: next((t for t in suiting if not t.needs_delivered and t.pays == "none"), None),
        5: next((t for t in suiting if not t.needs_delivered and t.pays == "planned" and t.needs_comment), None),
        8: next((t for t in suiting if t.is_exceptional), None),
    }
    other = others.get(number)
    if other is None:
        return Told(ordinary, 0, "") if ordinary else None
    if number == 8:
        return Told(other, 90, "The client had a fall; the carer waited for the ambulance")
    return Told(other, None, "Cancelled by the family three days before" if number == 2 else "Nobody opened the door")


def example_row(package: Package, call: Call, told: Told, ref: str, doubled: str, carer: int) -> tuple:
    """One row of the example file."""
    date = values.show_date(call.date)
    delivered = ("", "", "")
    if told.later is not None:
        late = carer * 60  # the second carer arrives a minute later
        end = (call.exit + told.later * 60 + late) % NIGHT_AND_DAY
        delivered = (date, values.show_time(call.entry + late), values.show_time(end))
    return (
        ref, 0, date, values.show_time(call.entry), values.show_time(call.exit), told.type.code, delivered[0],
        delivered[1], "", "", delivered[2], "", "", "", f"{doubled}{told.comment}".strip(), "", package.client.ssref,
        "", "", package.level.name, "", "", package.service.name, "", "",
    )  # fmt: skip
