"""The actuals of all providers in a week, a service a row: who posted when, who did not, what differs (M-38)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from blueprints.actuals import pane, posting
from blueprints.actuals.grid import UNPLANNED, Item, Week, moment_of
from blueprints.money import pounds
from blueprints.packages.plan import planned_quantity
from blueprints.packages.rules import day
from blueprints.values import file_date
from models import (
    ConfirmedWeek,
    Contract,
    Entry,
    IncreaseState,
    Organisation,
    Package,
    PaymentPeriod,
    Reminder,
    Service,
    UnplannedState,
)

HEADINGS = [
    "OrganisationRef", "OrganisationName", "ServiceName", "WeekBeginning", "Clients", "ClientsWithoutActuals", "Due",
    "ConfirmedBy", "ConfirmedAt", "ChangedSince", "Warnings", "OverPlan", "UnderPlan", "Waiting", "Cost", "Locked",
]  # fmt: skip


class ServiceWeek(NamedTuple):
    """A service's week; counts of rows, but clients; cost in pence before discount."""

    service: int
    name: str
    organisation: int
    organisation_name: str
    organisation_ref: str
    clients: int
    missing: int
    by_hand: bool
    due: dt.date
    confirmed: ConfirmedWeek | None
    changed: int
    last_by: str
    last_at: dt.datetime | None
    warnings: int
    over: int
    under: int
    waiting: int
    cost: int
    is_locked: bool
    reminded: dt.datetime | None

    @property
    def is_open(self) -> bool:
        """Somebody has to post it, and it is not confirmed (4.10)."""
        return self.by_hand and self.confirmed is None


SHOWS = {
    "open": lambda one: one.is_open,
    "confirmed": lambda one: one.confirmed is not None,
    "changed": lambda one: one.changed > 0,
    "warnings": lambda one: one.warnings > 0,
    "over": lambda one: one.over > 0,
    "under": lambda one: one.under > 0,
    "waiting": lambda one: one.waiting > 0,
    "locked": lambda one: one.is_locked,
}


def services(reach, monday: dt.date, days_after: int, show: str = "") -> list[ServiceWeek]:
    """The services within reach that have lines of care in a week, by provider and name; seven queries for any number."""
    by_service: dict[int, list[Item]] = defaultdict(list)
    for item in Week(reach, monday).items:
        by_service[item.service].append(item)
    if not by_service:
        return []
    names = {
        ident: rest
        for ident, *rest in Service.select(
            Service.id, Service.name, Service.organisation, Organisation.name, Organisation.ref
        )
        .join(Organisation)
        .where(reach.services(Service.id, Service.organisation))
        .tuples()
    }
    confirmed = {row.service_id: row for row in ConfirmedWeek.select().where(ConfirmedWeek.week == monday)}
    reminded = dict(
        Reminder.select(Reminder.service, Reminder.at).where(Reminder.week == monday).order_by(Reminder.id).tuples()
    )
    cut_offs = _cut_offs(monday)
    made = [
        _service_week(
            ident, names[ident], items, confirmed.get(ident), reminded.get(ident), monday,
            posting.due_on(monday, cut_offs[ident], days_after),
        )
        for ident, items in by_service.items()
    ]  # fmt: skip
    made.sort(key=lambda one: (one.organisation_name.casefold(), one.name.casefold()))
    return [one for one in made if SHOWS[show](one)] if show in SHOWS else made


def _cut_offs(monday: dt.date) -> dict[int, list[dt.date | None]]:
    """The cut-off dates of the periods that hold the week, by service."""
    found: dict[int, list] = defaultdict(list)
    query = (
        Package.select(Package.service, PaymentPeriod.cut_off)
        .join(Contract)
        .join(PaymentPeriod, on=(PaymentPeriod.cycle == Contract.cycle))
        .where((PaymentPeriod.start_date <= monday) & (PaymentPeriod.end_date >= monday))
        .distinct()
    )
    for service, cut_off in query.tuples():
        found[service].append(day(cut_off))
    return found


def _service_week(
    ident, about, items: Sequence[Item], confirmed, reminded, monday: dt.date, due: dt.date
) -> ServiceWeek:
    name, organisation, organisation_name, ref = about
    changed = warnings = over = under = waiting = cost = 0
    last: tuple = ("", None)
    for item in items:
        if item.kind == UNPLANNED:
            waiting += item.unplanned[5] == UnplannedState.PENDING
            continue
        cost += item.cost
        if item.stored is None:
            continue
        at = moment_of(item.stored.changed_at)
        if last[1] is None or at > last[1]:
            last = (item.stored.changed_by, at)
        changed += confirmed is not None and at > confirmed.at
        plan, stored = item.line.plan, item.stored
        planned = planned_quantity(plan, monday)
        if not plan.intermittent:
            over += stored.actual > planned
            under += stored.actual < planned
        waiting += item.increase[0] == IncreaseState.PENDING and item.figures.unpaid > 0
        if plan.entry != Entry.DAILY:
            warnings += pane.remark(plan, monday, planned, item.figures, stored.missed, stored.extra).triangle
    return ServiceWeek(  # type: ignore[call-arg]
        ident, name, organisation, organisation_name, ref, len({i.client for i in items}),
        len({i.client for i in items if i.is_missing}), any(i.line and i.line.plan.entry in (Entry.WEEKLY, Entry.DAILY) for i in items),
        due, confirmed, changed, *last, warnings, over, under, waiting, cost, any(i.is_locked for i in items),
        moment_of(reminded) if reminded else None,
    )  # fmt: skip


def file_rows(found: Iterable[ServiceWeek], monday: dt.date) -> Iterable[tuple]:
    """The rows as a file."""
    for one in found:
        yield (
            one.organisation_ref, one.organisation_name, one.name, file_date(monday), one.clients, one.missing,
            file_date(one.due), one.confirmed.by if one.confirmed else "",
            f"{one.confirmed.at:%Y-%m-%d %H:%M}" if one.confirmed else "", one.changed, one.warnings, one.over, one.under,
            one.waiting, pounds(one.cost).replace("£", "").replace(",", ""), int(one.is_locked),
        )  # fmt: skip
