"""The files that leave (interfaces.md): a function for each gives its headings and its rows as text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from blueprints.actuals import rules as actuals
from blueprints.actuals import sums
from blueprints.actuals.grid import Week
from blueprints.orders.report import order_rows
from blueprints.packages import rules as packages
from blueprints.packages.plan import planned_quantity, unit_cost_shown, weekly_quantity
from blueprints.packages.rules import day
from blueprints.payments import rules as payments
from blueprints.reach import Reach
from blueprints.values import file_date, file_money, file_quantity, file_rate
from blueprints.weeks import today, weeks
from models import (
    Actual,
    Client,
    Contract,
    Entry,
    LockedWeek,
    Organisation,
    Package,
    PaymentCycle,
    Service,
    ServiceLevel,
)

ACTUALS = [
    "CPLIId", "WeekBeginning", "SSRef", "Client", "ServiceName", "ServiceLevel", "Unit", "Planned", "Actual",
    "Frustrated", "Missed", "Extra", "Visits", "UnitCost", "Cost", "Comments", "Source", "Locked",
]  # fmt: skip
COMMISSIONED_CARE = [
    "SSRef", "NHSNumber", "ClientRef", "ServiceLevelRef", "ServiceLevelName", "CurrentQuantity", "Unit", "Frequency",
    "ServiceRef", "ServiceName", "OrganisationRef", "OrganisationName",
]  # fmt: skip
PAYMENTS = [
    "PaymentCycle", "PeriodStart", "PeriodEnd", "Status", "ContractRef", "CPLIId", "SSRef", "WeekBeginning", "Kind",
    "Reason", "Quantity", "UnitCost", "Amount", "VAT", "State",
]  # fmt: skip
PIECE = 500  # packages whose plans are in memory at once


def make(
    kind: str, organisation: Organisation | None, start: dt.date | None, end: dt.date | None, reach: Reach | None = None
):
    """Headings and rows of a file, for one organisation or, without one, for all of the reach."""
    reach = reach or (Reach.of_organisation(organisation.id) if organisation else Reach.whole())
    return KINDS[kind](reach, start or dt.date.min, end or dt.date.max)


def _pieces(idents: list[int]) -> Iterator[list[int]]:
    for at in range(0, len(idents), PIECE):
        yield idents[at : at + PIECE]


def actual_rows(reach: Reach, start: dt.date, end: dt.date):
    """`actuals`: the actuals of weeks that begin in the range (rules 4.1, 4.2, 4.5, 4.11)."""
    return ACTUALS, _actual_rows(reach, start, end)


def _actual_rows(reach, start, end):
    within = reach.services(Actual.service, Actual.organisation) & Actual.week.between(start, end)
    idents = [i for (i,) in Actual.select(Actual.package).where(within).distinct().order_by(Actual.package).tuples()]
    locked = {(s, day(w)) for s, w in LockedWeek.select(LockedWeek.service, LockedWeek.week).tuples()}
    for piece in _pieces(idents):
        lines = packages.lines(Package.id.in_(piece))
        figures = actuals.figures_of(lines)
        rows = (
            Actual.select(
                Actual.package, Actual.week, Client.ssref, Client.surname, Client.forename, Service.name,
                ServiceLevel.name, ServiceLevel.unit, Actual.actual, Actual.frustrated, Actual.missed, Actual.extra,
                Actual.visits, Actual.comments, Actual.source, Actual.service,
            )
            .join(Package).join(Client).switch(Package).join(Service).switch(Package).join(ServiceLevel)
            .where(Actual.package.in_(piece) & Actual.week.between(start, end))
            .order_by(Package.cpli_id, Actual.week).tuples()
        )  # fmt: skip
        for (package, week, ssref, surname, forename, service, level, unit, actual, frustrated, missed, extra,
             visits, comments, source, service_id) in rows:  # fmt: skip
            week, plan = day(week), lines[package].plan
            planned = planned_quantity(plan, week)
            if plan.entry == Entry.DAILY:
                missed, extra = sums.missed_and_extra(planned, actual, frustrated)
            rate = unit_cost_shown(plan, week)
            yield (
                plan.id, file_date(week), ssref, f"{surname}, {forename}", service, level, unit, file_quantity(planned),
                file_quantity(actual), file_quantity(frustrated), file_quantity(missed), file_quantity(extra), visits,
                "" if rate is None else file_rate(rate), file_money(sums.cost(plan, week, figures[package][week])),
                comments, source, int((service_id, week) in locked),
            )  # fmt: skip


def lines_without_actuals(reach: Reach, start: dt.date, end: dt.date) -> Iterator[tuple]:
    """Rows of the `actuals` file for lines that somebody has to post and has not, their actual blank, to be filled in."""
    for monday in weeks(start, end):
        if start <= monday:
            for item in Week(reach, monday).items:
                if item.is_missing:
                    plan = item.line.plan
                    rate = unit_cost_shown(plan, monday)
                    yield (
                        plan.id, file_date(monday), item.ssref, item.sort_name, item.service_name, item.level_name,
                        item.unit, file_quantity(planned_quantity(plan, monday)), "", "", "", "", "",
                        "" if rate is None else file_rate(rate), "", "", "", int(item.is_locked),
                    )  # fmt: skip


def commissioned_rows(reach: Reach, _start: dt.date, _end: dt.date):
    """`commissioned-care`: the authorised packages active today with their weekly quantity (O-46, rule 3.4)."""
    return COMMISSIONED_CARE, _commissioned_rows(reach)


def _commissioned_rows(reach):
    now = today()
    active = (Package.start_date <= now) & (Package.end_date.is_null() | (Package.end_date >= now)) & Package.authorised
    within = reach.services(Package.service, Package.organisation) & active
    idents = [i for (i,) in Package.select(Package.id).where(within).order_by(Package.cpli_id).tuples()]
    for piece in _pieces(idents):
        lines = packages.lines(Package.id.in_(piece))
        rows = (
            Package.select(
                Package.id, Client.ssref, Client.nhs_number, Client.client_ref, ServiceLevel.ref, ServiceLevel.name,
                ServiceLevel.unit, Package.frequency, Service.ref, Service.name, Organisation.ref, Organisation.name,
            )
            .join(Client).switch(Package).join(ServiceLevel).switch(Package).join(Service).join(Organisation)
            .where(Package.id.in_(piece)).order_by(Package.cpli_id).tuples()
        )  # fmt: skip
        for ident, ssref, nhs, client_ref, level_ref, level, unit, frequency, *rest in rows:
            quantity = file_quantity(weekly_quantity(lines[ident].plan))
            yield (ssref, nhs, client_ref, level_ref, level, quantity, unit, frequency, *rest)


def payment_rows(reach: Reach, start: dt.date, end: dt.date):
    """`payments`: every item of the periods that overlap the range, finalised, current and to come (rule 7)."""
    return PAYMENTS, _payment_rows(reach, start, end)


def _payment_rows(reach, start, end):
    contracts = list(Contract.visible_to(reach).order_by(Contract.ref))
    cycles = dict(PaymentCycle.select(PaymentCycle.id, PaymentCycle.name).tuples())
    states = payments.states(contracts)
    for contract in contracts:
        state = states[contract.id]
        found = [
            (period, item)
            for period, item in payments.every_item(contract, state)
            if period.start_date <= end and period.end_date >= start
        ]
        ssrefs = {i: c.ssref for i, c in payments.client_names(item for _, item in found).items()}
        for period, item in sorted(found, key=lambda f: (f[0].start_date, *payments.in_order(f[1]))):
            yield (
                cycles[contract.cycle_id], file_date(period.start_date), file_date(period.end_date),
                "Finalised" if period.id in state.finalised else "Current", contract.ref,
                "" if item.cpli_id is None else item.cpli_id, ssrefs.get(item.client, ""), file_date(item.week),
                item.kind, item.reason, "" if item.quantity is None else file_quantity(item.quantity),
                "" if item.unit_cost is None else file_rate(item.unit_cost), file_money(item.amount),
                file_money(item.vat), item.state,
            )  # fmt: skip


def visit_rows(reach: Reach, start: dt.date, end: dt.date) -> tuple[list[str], Iterable]:
    """`visits`: live visits by planned date, values as sent, with what became of each."""
    from blueprints.visits import report

    return report.HEADINGS, report.visits_rows(reach, start, end)


KINDS = {
    "actuals": actual_rows,
    "visits": visit_rows,
    "commissioned-care": commissioned_rows,
    "payments": payment_rows,
    "purchase-orders": order_rows,
}
