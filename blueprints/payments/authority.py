"""What a package and week come to, for officers: the same page as a provider's (R-12)."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, abort, g, url_for

from blueprints import desk, history
from blueprints.actuals import pane as actuals
from blueprints.holds import listing as holds
from blueprints.packages import rules as packages
from blueprints.packages.plan import active_days, planned_quantity
from blueprints.pages import go, page
from blueprints.payments import listing
from blueprints.payments.provider import visits_of
from blueprints.permissions import Can, can, requires
from blueprints.values import show_date_long
from models import Actual, Client, Contract, Hold, Package, Service, ServiceLevel

routes = Blueprint("payments", __name__)


@routes.get("/payments/contracts/<int:contract_id>/periods/<int:period_id>")
@requires(Can.SEE_RECORDS)
def show(contract_id: int, period_id: int):
    """A contract's period stands under its period."""
    return go(url_for("authority.periods.lines", period_id=period_id, contract_id=contract_id))


@routes.get("/payments/packages/<int:package_id>/weeks/<monday>")
@requires(Can.SEE_RECORDS)
def week(package_id: int, monday: str):
    """A package's week: due, paid so far, every item, the actual with its working, its visits."""
    try:
        first = dt.date.fromisoformat(monday)
    except ValueError:
        abort(404)
    if first.weekday() or len(monday) != 10:
        abort(404)
    package = (
        Package.visible_to(g.reach)
        .select(Package, Client, Service, ServiceLevel, Contract)
        .join(Client).switch(Package).join(Service).switch(Package).join(ServiceLevel).switch(Package).join(Contract)
        .where(Package.id == package_id)
        .get_or_none()
        or abort(404)
    )  # fmt: skip
    history.looked(g.user.id, package)
    plan = packages.plan_of(package)
    found = actuals.rows((Actual.package == package) & (Actual.week == first))
    made_of = listing.week_of_package(package, first)
    return page(
        "payments/week.html",
        layout="authority.html",
        package=package,
        plan=plan,
        monday=first,
        sunday=first + dt.timedelta(6),
        planned=planned_quantity(plan, first),
        days=active_days(plan, first)[2],
        actual=found[0] if found else None,
        made_of=made_of,
        held=holds.rows((Hold.package == package) & (Hold.week == first)),
        hold_href=hold_address(package, made_of) if can(Can.HOLD_AND_ADJUST) else None,
        release_href=url_for("authority.holds.release_page") if can(Can.HOLD_AND_ADJUST) else None,
        visits=visits_of(package, first),
        kind_words=listing.KIND_WORDS,
        state_words=listing.STATE_WORDS,
        package_href=desk.where("authority.packages.show", package_id=package.id),
        visit_prefix=url_for("authority.visits.show", visit_id=0)[:-1],
        payments_prefix=url_for("authority.home.index") + "payments",
        contract_id=package.contract_id,
        raise_href=desk.where("authority.disputes.new", row=f"a{package.id}-{first}")
        if can(Can.RAISE_DISPUTES) and found
        else None,
        breadcrumbs=[
            desk.home(),
            ("Payments", url_for("authority.periods.index")),
            (f"CPLI {package.cpli_id}, week of {show_date_long(first)}", None),
        ],
    )


def hold_address(package: Package, made_of: listing.WeekOfPackage) -> str | None:
    """Where the lines of the week that may still be held are held; None where there are none."""
    lines = [
        (period.id, item.key.text) for period, finalised, item in made_of.items if not finalised and item.is_payable
    ]
    if not lines:
        return None
    period = lines[0][0]
    keys = [key for one, key in lines if one == period]
    return url_for("authority.holds.hold", contract_id=package.contract_id, period_id=period, line=keys)
