"""One package as officers see it: what it says, its weeks, its visits, its history."""

from __future__ import annotations

import datetime as dt

from flask import g, url_for
from markupsafe import Markup
from peewee import fn

from blueprints import records, values
from blueprints.packages import rules
from blueprints.packages.desk import found_package, routes, state_of, with_words
from blueprints.packages.plan import (
    active_days,
    allowance,
    planned_quantity,
    weekly_quantity,
)
from blueprints.pages import page
from blueprints.payments import rules as payments
from blueprints.permissions import Can, can, requires
from blueprints.values import file_date, file_money, file_quantity
from blueprints.weeks import monday, today
from forms.packages import (
    DAYS,
    PackageForm,
)
from models import (
    Actual,
    Due,
    Visit,
)


@routes.get("/packages/<int:package_id>")
@requires(Can.SEE_RECORDS)
def show(package_id: int):
    """A package's facts, cost and pricing, rates and timetable."""
    row = with_words([found_package(package_id)])[0]
    plan = rules.plan_of(row)
    at = {"package_id": row.id}
    actions = []
    if can(Can.EDIT_PACKAGES):
        actions.append(("Change", url_for("authority.packages.edit", **at)))
        actions.append(("Rates", url_for("authority.packages.rates", **at)))
        actions.append(("Timetable", url_for("authority.packages.timetable", **at)))
        if row.end_date is None:
            actions.append(("End", url_for("authority.packages.end", **at)))
        else:
            actions.append(("Change the end", url_for("authority.packages.end", **at)))
            actions.append(("Reopen", url_for("authority.packages.reopen", **at)))
        actions.append(("End and start another", url_for("authority.packages.successor", **at)))
    days = [[s for s in plan.slots if s.weekday == day] for day in range(7)]
    owner = records.of_package(row, "Details", row.state)
    quantity = f"{values.show_quantity(weekly_quantity(plan), short=True)} {row.level.unit}"
    return page(
        "packages/show.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        actions=actions,
        package=row,
        plan=plan,
        quantity=quantity,
        days=days,
        day_names=DAYS,
        allowance=allowance(plan),
        show_rate=values.show_rate,
        words=records.in_words,
        client_link=link(row.client.name, "authority.clients.show", client_id=row.client_id),
        service_link=link(row.service.name, "authority.services.show", service_id=row.service_id),
        level_link=link(row.level.name, "authority.services.level", level_id=row.level_id),
        contract_link=link(row.contract.name, "authority.contracts.show", contract_id=row.contract_id),
        deepest=max((len(day) for day in days), default=0),
    )


def link(words: str, endpoint: str, **at) -> Markup:
    """The way to a related record."""
    return Markup('<a class="govuk-link" href="{}">{}</a>').format(url_for(endpoint, **at), words)


@routes.get("/packages/<int:package_id>/weeks")
@requires(Can.SEE_RECORDS)
def weeks_due(package_id: int):
    """A package's weeks, newest first: planned, actual, due, paid and where it is paid."""
    row = found_package(package_id)
    owner = records.of_package(row, "Weeks", state_of(row))
    plan = rules.plan_of(row)
    dues = {rules.day(d.week): d for d in Due.select().where(Due.package == row)}
    actuals = {rules.day(a.week): a for a in Actual.select().where(Actual.package == row)}
    sent = sent_quantities(Visit.package == row)
    state = payments.states([row.contract])[row.contract_id]
    last = min(plan.end or dt.date.max, today() + dt.timedelta(28))
    every, week = set(dues) | set(actuals), monday(plan.start)
    while week <= last:
        every.add(week)
        week += dt.timedelta(7)
    listed = []
    for week in sorted(every, reverse=True):
        due, actual, period = dues.get(week), actuals.get(week), state.of_week(week)
        listed.append(
            {
                "week": week,
                "planned": planned_quantity(plan, week),
                "days": active_days(plan, week)[2],
                "sent": sent.get((row.id, week)),
                "actual": actual,
                "due": due.cost if due else 0,
                "contribution": due.contribution if due else 0,
                "paid": due.paid_cost + due.paid_contribution if due else 0,
                "difference": due.cost + due.contribution - due.paid_cost - due.paid_contribution if due else 0,
                "period": period,
                "state": "Finalised" if period and period.id in state.finalised else "Current" if period else "",
            }
        )
    if records.wants_csv():
        return records.csv_file(
            f"weeks-of-package-{row.cpli_id}",
            [
                "WeekBeginning",
                "Planned",
                "PlannedInVisits",
                "Actual",
                "Frustrated",
                "Due",
                "Contribution",
                "Paid",
                "Difference",
                "PeriodStart",
                "PeriodEnd",
                "Status",
            ],
            (
                [file_date(w["week"]), file_quantity(w["planned"]), file_quantity(w["sent"])]
                + (
                    [file_quantity(w["actual"].actual), file_quantity(w["actual"].frustrated)]
                    if w["actual"]
                    else ["", ""]
                )
                + [
                    file_money(w["due"]),
                    file_money(w["contribution"]),
                    file_money(w["paid"]),
                    file_money(w["difference"]),
                ]
                + ([file_date(w["period"].start_date), file_date(w["period"].end_date)] if w["period"] else ["", ""])
                + [w["state"]]
                for w in listed
            ),
        )
    found = records.cut(listed)
    return page("packages/weeks.html", owner=owner, breadcrumbs=owner.crumbs, package=row, found=found)


def sent_quantities(condition) -> dict[tuple[int, dt.date], int]:
    """Hundredths of hours planned in the matched visits of packages, by package and week (K-18)."""
    query = (
        Visit.select(Visit.package, Visit.week, fn.SUM(Visit.planned_minutes))
        .where(condition & Visit.package.is_null(False) & ~Visit.is_deleted)
        .group_by(Visit.package, Visit.week)
    )
    return {(package, rules.day(week)): values.half_up(minutes * 100, 60) for package, week, minutes in query.tuples()}


@routes.get("/packages/<int:package_id>/visits")
@requires(Can.SEE_RECORDS)
def visits(package_id: int):
    """The visits that match a package."""
    row = found_package(package_id)
    owner = records.of_package(row, "Visits", state_of(row))
    return records.visit_list(
        Visit.visible_to(g.reach).where(Visit.package == row), owner, f"visits-of-package-{row.cpli_id}"
    )


@routes.get("/packages/<int:package_id>/history")
@requires(Can.SEE_RECORDS)
def story(package_id: int):
    """Who changed the package, its rates and timetable, when, and how."""
    row = found_package(package_id)
    owner = records.of_package(row, "History", state_of(row))
    return page("records/history.html", owner=owner, breadcrumbs=owner.crumbs, entries=records.story(row, PackageForm))
