"""A provider's care package line items: the list and one package. Read-only: officers and their files change them."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, Response, abort, g, request, url_for

from blueprints import history, sides, weeks
from blueprints.actuals import pane as actuals
from blueprints.packages import listing, one_off
from blueprints.packages import rules as packages
from blueprints.packages.plan import (
    active_days,
    cost_text,
    planned_quantity,
    pricing_text,
    shown_day,
    unit_cost_shown,
    weekly_quantity,
)
from blueprints.pages import page
from blueprints.payments import listing as payment_listing
from blueprints.permissions import Can, can, requires
from blueprints.reach import contract_reached
from blueprints.sheets import write_csv
from blueprints.values import file_date
from forms.packages import PackagesFilter
from models import Actual, Client, Contract, Package, Service, ServiceLevel

routes = Blueprint("packages", __name__)

SIZE = 100
WEEKS = 26


def asked_number(name: str, last: int) -> int:
    """A page number of the address, from 1 to the last page."""
    text = request.args.get(name, "1")
    return min(max(int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1, 1), last)


@routes.get("/packages")
@requires(Can.SEE_OWN)
def index():
    """Care Package Line Items (K-01 to K-06, K-20)."""
    today = weeks.today()
    services, clients, levels = listing.options(g.reach)
    known_levels = sorted({*levels, *one_off.levels(g.reach)}, key=lambda pair: pair[1].casefold())
    form = PackagesFilter(services, clients, known_levels)
    known = form.validate()
    wanted = listing.Wanted(
        *(int(field.data) if known and field.data else None for field in (form.service, form.client, form.level)),
        historical=bool(form.historical.data),
        unauthorised=bool(form.unauthorised.data),
    )
    condition = listing.fitting(g.reach, wanted, today)
    sort = request.args.get("sort", "client")
    by_ref = g.settings.package_reference == "CarePackageRef"
    claims = one_off.fitting(g.reach, wanted, today)
    claimed = one_off.count(claims)
    if request.args.get("format") == "csv":
        return download(one_off.among(condition, claims, today, sort, None, SIZE, by_ref))
    total = listing.count(condition) + claimed
    pages = max(1, -(-total // SIZE))
    number = asked_number("page", pages)
    if claimed:
        rows = one_off.among(condition, claims, today, sort, number, SIZE, by_ref)
    else:
        rows = listing.rows(condition, today, sort, number, SIZE, by_ref) if total else []
    return page(
        "packages/provider.html",
        form=form,
        rows=rows,
        total=total,
        sort=sort,
        page_number=number,
        pages=pages,
        by_ref=by_ref,
        show_authorised=g.settings.show_authorised,
        prefix=url_for("provider.packages.index") + "/",
        claim_prefix=url_for("provider.claims.index") + "/items/" if sides.is_there("claims") else None,
        breadcrumbs=[("Home", url_for("provider.home.index")), ("Care Package Line Items", None)],
    )


HEADINGS = [
    "CPLIId", "CarePackageRef", "SSRef", "Client", "ServiceName", "ServiceLevel", "StartDate", "EndDate", "Cost",
    "Pricing", "Authorised",
]  # fmt: skip


def download(rows: list[listing.Row]) -> Response:
    """The filtered lines as a file."""
    made = (
        (
            "" if row.is_claim else row.cpli_id, row.care_package_ref, row.ssref, row.client, row.service, row.level, file_date(row.start),
            file_date(row.end), row.cost, row.pricing, int(row.authorised),
        )
        for row in rows
    )  # fmt: skip
    return Response(
        list(write_csv(made, HEADINGS)),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="care-package-line-items.csv"'},
    )


@routes.get("/packages/<int:package_id>")
@requires(Can.SEE_OWN)
def show(package_id: int):
    """One package: what it is, its rates and timetable, and its weeks down to payments (K-07 to K-09, K-17)."""
    package = (
        Package.visible_to(g.reach)
        .select(Package, Client, Service, ServiceLevel, Contract)
        .join(Client).switch(Package).join(Service).switch(Package).join(ServiceLevel).switch(Package).join(Contract)
        .where(Package.id == package_id)
        .get_or_none()
        or abort(404)
    )  # fmt: skip
    history.looked(g.user.id, package)
    today = weeks.today()
    plan = packages.plan_of(package)
    mondays = weeks.weeks(plan.start, min(plan.end or today, today) if plan.start <= today else plan.start)[::-1]
    pages = max(1, -(-len(mondays) // WEEKS))
    number = asked_number("page", pages)
    shown = mondays[(number - 1) * WEEKS : number * WEEKS]
    payments_on = (
        sides.is_there("payments") and can(Can.SEE_PAYMENTS) and contract_reached(g.reach, package.contract_id)
    )
    on = shown_day(plan, today)
    return page(
        "packages/provider_package.html",
        package=package,
        plan=plan,
        cost=cost_text(plan, on),
        pricing=pricing_text(plan, on, package.level.unit, package.pricing_basis),
        quantity=weekly_quantity(plan),
        on=on,
        today=today,
        rates=[(plan.start, plan.unit_cost), *plan.rates],
        days=timetable(plan),
        weeks=week_rows(package, plan, shown, payments_on),
        page_number=number,
        pages=pages,
        payments_prefix=f"{url_for('provider.payments.index')}/packages/{package.id}/weeks/" if payments_on else None,
        breadcrumbs=[
            ("Home", url_for("provider.home.index")),
            ("Care Package Line Items", url_for("provider.packages.index")),
            (f"CPLI {package.cpli_id}", None),
        ],
    )


DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def timetable(plan) -> list[tuple[str, list]]:
    """The slots of each weekday that has some."""
    found = [(name, [slot for slot in plan.slots if slot.weekday == number]) for number, name in enumerate(DAYS)]
    return [(name, slots) for name, slots in found if slots]


def week_rows(package: Package, plan, mondays: list[dt.date], payments_on: bool) -> list[dict]:
    """Each week: planned, actual, cost, due and paid. The same queries for any number of weeks."""
    if not mondays:
        return []
    first, last = mondays[-1], mondays[0]
    found = {row.week: row for row in actuals.rows((Actual.package == package) & Actual.week.between(first, last))}
    paid = payment_listing.paid_by_week(package, first, last) if payments_on else {}
    return [
        {
            "monday": monday,
            "planned": planned_quantity(plan, monday),
            "rate": unit_cost_shown(plan, monday),
            "days": active_days(plan, monday)[2],
            "actual": found.get(monday),
            "due": paid.get(monday, (0, 0))[0],
            "paid": paid.get(monday, (0, 0))[1],
        }
        for monday in mondays
    ]
