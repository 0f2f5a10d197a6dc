"""Payment cycles with their periods, as officers see and name them (R-10)."""

from __future__ import annotations

import datetime as dt

from flask import url_for
from peewee import fn

from blueprints import facts, records
from blueprints.contracts.desk import found_cycle, routes, stored_periods
from blueprints.pages import go, page
from blueprints.periods import rules as period_rules
from blueprints.periods.rhythm import rhythm_of, year_ahead
from blueprints.permissions import Can, can, requires
from blueprints.values import file_date
from blueprints.weeks import today
from forms.contracts import CycleForm
from forms.periods import PressForm
from models import Contract, Finalisation, PaymentCycle, PaymentPeriod


@routes.get("/payment-cycles")
@requires(Can.SEE_RECORDS)
def cycles():
    """The payment cycles, how far their periods reach and what they pay."""
    last = PaymentPeriod.select(fn.MAX(PaymentPeriod.end_date)).where(PaymentPeriod.cycle == PaymentCycle.id)
    count = PaymentPeriod.select(fn.COUNT(PaymentPeriod.id)).where(PaymentPeriod.cycle == PaymentCycle.id)
    contracts = Contract.select(fn.COUNT(Contract.id)).where(Contract.cycle == PaymentCycle.id)
    query = PaymentCycle.select(
        PaymentCycle, last.alias("last_day"), count.alias("periods_count"), contracts.alias("contracts_count")
    )
    orders = {"name": (PaymentCycle.name,)}
    found = records.listed(query, orders, "name", PaymentCycle.id)
    for row in found.rows:
        row.last_day = facts_day(row.last_day)
    if records.wants_csv():
        return records.csv_file(
            "payment-cycles",
            ["PaymentCycle", "Periods", "LastDay", "Contracts"],
            ([c.name, c.periods_count, file_date(c.last_day), c.contracts_count] for c in found.rows),
        )
    return page(
        "contracts/cycles.html",
        heading="Payment cycles",
        breadcrumbs=[records.home(), ("Payment cycles", None)],
        guidance="A payment cycle is a sequence of payment periods. Each contract is paid by one cycle. Providers see the cut-off dates.",
        actions=[("Add a payment cycle", url_for("authority.contracts.add_cycle"), "button")]
        if can(Can.EDIT_PERIODS)
        else [],
        found=found,
        soon=today() + dt.timedelta(28),
    )


def facts_day(value):
    """A date that an aggregate gave, whichever database it came from."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


@routes.route("/payment-cycles/new", methods=["GET", "POST"])
@requires(Can.EDIT_PERIODS)
def add_cycle():
    """A new payment cycle."""
    return edit_cycle_page(None)


@routes.route("/payment-cycles/<int:cycle_id>/edit", methods=["GET", "POST"])
@requires(Can.EDIT_PERIODS)
def edit_cycle(cycle_id: int):
    """Rename a payment cycle."""
    return edit_cycle_page(found_cycle(cycle_id))


def edit_cycle_page(row: PaymentCycle | None):
    """The form of a payment cycle, saved where it will do."""
    form = CycleForm.opened(facts.of(row))

    def save(given, by, existing):
        return period_rules.save_cycle(given["name"], by, existing)

    if form.is_submitted() and (ident := records.keep(form, PaymentCycle, row, save)):
        records.saved(form.name.data)
        return go(url_for("authority.contracts.cycle", cycle_id=ident))
    back = url_for("authority.contracts.cycle", cycle_id=row.id) if row else url_for("authority.contracts.cycles")
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Rename {row.name}" if row else "Add a payment cycle",
        breadcrumbs=[records.home(), ("Payment cycles", url_for("authority.contracts.cycles"))]
        + ([(row.name, back), ("Rename", None)] if row else [("Add a payment cycle", None)]),
        form=form,
        button="Save payment cycle",
        cancel=back,
    )


@routes.get("/payment-cycles/<int:cycle_id>")
@requires(Can.SEE_RECORDS)
def cycle(cycle_id: int):
    """A cycle's periods with their cut-off dates, and how many contracts are finalised in each."""
    row = found_cycle(cycle_id)
    owner = records.of_cycle(row, "Periods")
    contracts = Contract.select().where(Contract.cycle == row).count()
    done = dict(
        Finalisation.select(Finalisation.period, fn.COUNT(Finalisation.id))
        .join(PaymentPeriod)
        .where(PaymentPeriod.cycle == row)
        .group_by(Finalisation.period)
        .tuples()
    )
    listed = [
        {
            **period,
            "weeks": mondays(period["start_date"], period["end_date"]),
            "finalised": done.get(period["id"], 0),
            "current": contracts - done.get(period["id"], 0),
            "state": "Finalised"
            if contracts and done.get(period["id"], 0) >= contracts
            else "Partly finalised"
            if done.get(period["id"])
            else "Future"
            if period["start_date"] > today()
            else "Current",
        }
        for period in reversed(stored_periods(row))
    ]
    if records.wants_csv():
        return records.csv_file(
            "payment-periods",
            [
                "PaymentCycle",
                "StartDate",
                "EndDate",
                "CutOff",
                "FinaliseOn",
                "PayOn",
                "ContractsCurrent",
                "ContractsFinalised",
            ],
            (
                [
                    row.name,
                    file_date(p["start_date"]),
                    file_date(p["end_date"]),
                    file_date(p["cut_off"]),
                    file_date(p["finalise_on"]),
                    file_date(p["pay_on"]),
                    p["current"],
                    p["finalised"],
                ]
                for p in listed
            ),
        )
    may = can(Can.EDIT_PERIODS)
    return page(
        "contracts/cycle.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        actions=[
            ("Rename", url_for("authority.contracts.edit_cycle", cycle_id=row.id)),
            *([("Change dates", url_for("authority.contracts.dates", cycle_id=row.id))] if listed else []),
            ("Add periods", url_for("authority.contracts.extend", cycle_id=row.id), "button"),
        ]
        if may
        else [],
        listed=listed,
        cycle=row,
        last=listed[0] if listed and not listed[0]["finalised"] and may else None,
        rhythm=rhythm_of(listed[::-1]),
        may=may,
        until=year_ahead(today()),
        press=PressForm(),
    )


def mondays(start: dt.date, end: dt.date) -> int:
    """How many weeks a period holds: those whose Monday lies in it (7.1)."""
    first = start + dt.timedelta(-start.weekday() % 7)
    return max(0, (end - first).days // 7 + 1)


@routes.get("/payment-cycles/<int:cycle_id>/history")
@requires(Can.SEE_RECORDS)
def cycle_story(cycle_id: int):
    """Who changed the cycle and its periods, when, and how."""
    row = found_cycle(cycle_id)
    owner = records.of_cycle(row, "History")
    entries = records.story(row, CycleForm) + records.stories(PaymentPeriod, [p["id"] for p in stored_periods(row)])
    entries.sort(key=lambda entry: entry["at"], reverse=True)
    return page("records/history.html", owner=owner, breadcrumbs=owner.crumbs, entries=entries)
