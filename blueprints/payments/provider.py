"""A provider's scheduled payments: periods, their lines, and what one package and week is made of."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, Response, abort, g, request, url_for

from blueprints import history, sides, weeks
from blueprints.actuals import pane as actuals
from blueprints.holds import listing as held
from blueprints.orders import listing as orders
from blueprints.packages import rules as packages
from blueprints.packages.plan import active_days, planned_quantity
from blueprints.pages import page
from blueprints.payments import listing
from blueprints.payments import rules as payments
from blueprints.permissions import Can, requires
from blueprints.sheets import write_csv
from blueprints.values import file_date, file_money, file_quantity, file_rate, show_date_long
from forms.payments import PaymentsFilter
from models import (
    Actual,
    Client,
    Contract,
    Package,
    Service,
    ServiceLevel,
    Visit,
    VisitType,
)

routes = Blueprint("payments", __name__)

SIZE = 100


@routes.get("/payments")
@requires(Can.SEE_PAYMENTS)
def index():
    """Scheduled Payments: the periods on the left, nothing chosen yet (R-01)."""
    return _page(None, None)


@routes.get("/payments/contracts/<int:contract_id>/periods/<int:period_id>")
@requires(Can.SEE_PAYMENTS)
def show(contract_id: int, period_id: int):
    """One contract's period: totals and lines, payable or not (R-03 to R-08)."""
    return _page(contract_id, period_id)


def own_contracts() -> list[Contract]:
    """The contracts within reach, by name."""
    return list(Contract.visible_to(g.reach).order_by(Contract.name, Contract.ref))


def _page(contract_id: int | None, period_id: int | None):
    today = weeks.today()
    contracts = own_contracts()
    states = payments.states(contracts)
    everything = listing.listed_periods(contracts, states, today)
    chosen = next((x for x in everything if (x.contract.id, x.period.id) == (contract_id, period_id)), None)
    if contract_id is not None and chosen is None:
        abort(404)
    this_year = weeks.financial_year(chosen.period.start_date if chosen else today)
    years = {weeks.financial_year(x.period.start_date) for x in everything} | {weeks.financial_year(today)}
    try:
        weeks.financial_year_dates(request.args.get("year", ""))
        years.add(request.args["year"])  # a year without payments says so
    except (ValueError, OverflowError):
        pass
    form = PaymentsFilter(sorted(years, reverse=True), [(str(c.id), c.name) for c in contracts], this_year)
    shown = [
        x
        for x in everything
        if weeks.financial_year(x.period.start_date) == form.year.data
        and form.contract.data in ("", str(x.contract.id))
    ]
    context = {}
    if chosen:
        listed = payments.items(chosen.contract, chosen.period, states[contract_id])
        if request.args.get("format") == "csv":
            return download(chosen, listing.rows(listed))
        context = chosen_context(chosen, listed)
        oldest = states[contract_id].oldest_current
        if context["state"] == "non-payable" and oldest is not None and oldest.id == period_id:
            context["back"] = held.back(chosen.contract)
    crumbs = [("Home", url_for("provider.home.index")), ("Scheduled Payments", None)]
    if chosen:
        crumbs[1] = ("Scheduled Payments", url_for("provider.payments.index"))
        crumbs.append((f"{show_date_long(chosen.period.start_date)} to {show_date_long(chosen.period.end_date)}", None))
    return page(
        "payments/provider.html",
        form=form,
        listed=shown,
        several=len(contracts) > 1,
        chosen=chosen,
        today=today,
        kept=f"?year={form.year.data}&contract={form.contract.data}",
        show_prefix=url_for("provider.payments.index"),
        calendar_href=url_for("provider.periods.index"),
        breadcrumbs=crumbs,
        **context,
    )


def chosen_context(chosen: listing.Listed, listed: list) -> dict:
    """Totals and a page of lines of the chosen period."""
    state = "non-payable" if request.args.get("state") == "non-payable" else "payable"
    wanted = [item for item in listed if item.is_payable == (state == "payable")]
    whole = listing.rows(wanted)
    pages = max(1, -(-len(whole) // SIZE))
    text = request.args.get("page", "1")
    number = min(max(int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1, 1), pages)
    totals = listing.totals(listed)
    shown = whole[(number - 1) * SIZE : number * SIZE]
    order_prefix = url_for("provider.orders.index") if sides.is_there("orders") else None
    non_payable = sum(1 for item in listed if not item.is_payable)
    return {
        "totals": totals,
        "state": state,
        "groups": listing.by_package(shown, whole),
        "orders": orders.of_lines(
            chosen.contract, chosen.period.start_date, (row.item.client for row in shown), order_prefix
        ),
        "count": len(whole),
        "payable_count": len(listed) - non_payable,
        "non_payable_count": non_payable,
        "sum_amount": sum(item.amount for item in wanted),
        "sum_vat": sum(item.vat for item in wanted),
        "page_number": number,
        "pages": pages,
        "week_prefix": url_for("provider.payments.index") + "/packages/",
        "claim_prefix": claim_prefix(),
        "remittance_href": url_for(
            "provider.remittances.show", contract_id=chosen.contract.id, period_id=chosen.period.id
        ),
    }


def claim_prefix() -> str | None:
    """Where the items of claims can be looked at; None where claims are not there."""
    return url_for("provider.claims.index") + "/items/" if sides.is_there("claims") else None


ITEM_HEADINGS = [
    "PeriodStart", "PeriodEnd", "Status", "ContractRef", "CPLIId", "SSRef", "Client", "ServiceName", "ServiceLevel",
    "WeekBeginning", "Kind", "Reason", "Quantity", "UnitCost", "Amount", "VAT", "Total", "State", "Note",
]  # fmt: skip


def download(chosen: listing.Listed, rows: list[listing.Row]) -> Response:
    """The period's items as a file, payable or not."""
    period = chosen.period
    made = (
        (
            file_date(period.start_date), file_date(period.end_date), "Finalised" if chosen.is_finalised else "Current",
            chosen.contract.ref, row.item.cpli_id, row.ssref, row.client, row.service, row.level,
            file_date(row.item.week), str(row.item.kind), row.item.reason, file_quantity(row.item.quantity),
            file_rate(row.item.unit_cost), file_money(row.item.amount), file_money(row.item.vat), file_money(row.total),
            str(row.item.state), row.item.note,
        )
        for row in rows
    )  # fmt: skip
    name = f"payments-{chosen.contract.ref}-{period.start_date.isoformat()}.csv"
    return Response(
        list(write_csv(made, ITEM_HEADINGS)),
        mimetype="text/csv",
        headers={
            "Content-Disposition": "attachment; filename="
            + "".join(c if c.isalnum() or c in "-." else "_" for c in name)
        },
    )


# what it is made of ----------------------------------------------------------------------------------------------------


@routes.get("/payments/packages/<int:package_id>/weeks/<monday>")
@requires(Can.SEE_PAYMENTS)
def week(package_id: int, monday: str):
    """A package's week: due, paid so far, every item, the actual with its working, its visits."""
    try:
        first = dt.date.fromisoformat(monday)
    except ValueError:
        abort(404)
    if first.weekday() or first.isoformat() != monday:
        abort(404)
    package = (
        Package.visible_to(g.reach)
        .select(Package, Client, Service, ServiceLevel, Contract)
        .join(Client).switch(Package).join(Service).switch(Package).join(ServiceLevel).switch(Package).join(Contract)
        .where((Package.id == package_id) & g.reach.contracts(Package.contract, Package.organisation))
        .get_or_none()
        or abort(404)
    )  # fmt: skip
    history.looked(g.user.id, package)
    plan = packages.plan_of(package)
    found = actuals.rows((Actual.package == package) & (Actual.week == first))
    from blueprints.visits.provider import prefix

    package_prefix = prefix("provider.packages.show", package_id=0)
    return page(
        "payments/week.html",
        package=package,
        plan=plan,
        monday=first,
        sunday=first + dt.timedelta(6),
        planned=planned_quantity(plan, first),
        days=active_days(plan, first)[2],
        actual=found[0] if found else None,
        made_of=listing.week_of_package(package, first),
        visits=visits_of(package, first),
        kind_words=listing.KIND_WORDS,
        state_words=listing.STATE_WORDS,
        package_href=f"{package_prefix}{package.id}" if package_prefix else None,
        visit_prefix=prefix("provider.visits.show", visit_id=0),
        payments_prefix=url_for("provider.payments.index"),
        contract_id=package.contract_id,
        breadcrumbs=[
            ("Home", url_for("provider.home.index")),
            ("Scheduled Payments", url_for("provider.payments.index")),
            (f"CPLI {package.cpli_id}, week of {show_date_long(first)}", None),
        ],
    )


def visits_of(package: Package, monday: dt.date) -> list[tuple]:
    """The matched visits of a package's week: id, ref, type, pays, planned and delivered, paid minutes."""
    return list(
        Visit.select(
            Visit.id, Visit.ref, VisitType.code, VisitType.name, VisitType.pays, Visit.planned_date,
            Visit.planned_entry, Visit.planned_exit, Visit.planned_minutes, Visit.delivered_minutes, Visit.paid_minutes,
        )
        .join(VisitType)
        .where((Visit.package == package) & (Visit.week == monday) & ~Visit.is_deleted & (Visit.status == "Matched"))
        .order_by(Visit.planned_date, Visit.planned_entry, Visit.ref)
        .namedtuples()
    )  # fmt: skip
