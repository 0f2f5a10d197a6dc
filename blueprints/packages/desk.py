"""Packages on an officer's screens: what their pages share. Each of the other files adds its pages to `routes`."""

from __future__ import annotations

from flask import Blueprint, abort, g, request, url_for

from blueprints import facts, history, records
from blueprints.packages import rules, screens
from blueprints.packages.plan import (
    cost_text,
    pricing_text,
    shown_day,
)
from blueprints.pages import page
from blueprints.weeks import today
from models import (
    Client,
    Contract,
    Package,
    Service,
    ServiceLevel,
)

routes = Blueprint("packages", __name__)
ORDERS = {
    "cpli": (Package.cpli_id,),
    "client": (Client.surname, Client.forename, Package.cpli_id),
    "service": (Service.name, Client.surname),
    "level": (ServiceLevel.name, Client.surname),
    "start": (Package.start_date,),
    "end": (Package.end_date,),
}


def joined():
    """Packages within reach with what a row shows of them."""
    return (
        Package.visible_to(g.reach)
        .select(Package, Client, Service, ServiceLevel, Contract)
        .join(Client)
        .switch(Package)
        .join(Service)
        .switch(Package)
        .join(ServiceLevel)
        .switch(Package)
        .join(Contract)
    )


def found_package(package_id: int) -> Package:
    """The package within reach with its client, service, level and contract, or 404; the look is logged."""
    row = joined().where(Package.id == package_id).get_or_none() or abort(404)
    history.looked(g.user.id, row)
    return row


def state_of(row: Package) -> str:
    """The word for where a package is: not authorised, to come, current or ended."""
    if not row.authorised:
        return "Not authorised"
    if row.end_date is not None and row.end_date < today():
        return "Ended"
    return "Future" if row.start_date > today() else "Current"


def with_words(rows: list[Package]) -> list[Package]:
    """Give each package its state, cost and pricing text (3.7), by three queries for each 500."""
    plans: dict = {}
    for start in range(0, len(rows), 500):
        plans |= rules.lines(Package.id.in_([r.id for r in rows[start : start + 500]]))
    for row in rows:
        plan = plans[row.id].plan
        day = shown_day(plan, today())
        row.state = state_of(row)
        row.cost_words = cost_text(plan, day)
        row.pricing_words = pricing_text(plan, day, row.level.unit, row.pricing_basis)
    return rows


def rate_and_timetable(row: Package) -> tuple[list, list]:
    """The further rates [ISO date, units] and the slots of a package, in order."""
    rates = sorted(rules.rates_of([row.id]).get(row.id, {}).items())
    slots = sorted((*key, carers) for key, carers in rules.slots_of([row.id]).get(row.id, {}).items())
    return [[since.isoformat(), cost] for since, cost in rates], [list(s) for s in slots]


def crumbs(row: Package, last: str) -> list:
    """The way to a page about a package."""
    name = f"{row.client.name}, {row.cpli_id}"
    return [
        records.home(),
        ("Packages", url_for("authority.packages.index")),
        (name, url_for("authority.packages.show", package_id=row.id)),
        (last, None),
    ]


def confirmation(
    moves, breadcrumbs: list, back: str, button: str, package: Package | None = None, instead: bool = True
):
    """The page that says what a change moves before it is saved (3.9)."""
    listed, adjusted = screens.weeks_moved(moves)
    other = None
    if package is not None and instead:
        now = facts.of(package)
        kept = {
            k: v
            for k, v in request.form.items()
            if k in now and k not in ("client", "start_date", "end_date", "cpli_id")
        }
        other = url_for("authority.packages.successor", package_id=package.id, **kept)
    return page(
        "packages/confirmation.html",
        heading="Check what this changes",
        breadcrumbs=breadcrumbs,
        moves=moves,
        listed=listed,
        adjusted=adjusted,
        typed=screens.typed(),
        confirmed=screens.stamp(moves),
        back=back,
        button=button,
        other=other,
        several=len({w.package.id for w in listed if w.package}) > 1,
    )


def refresh(row: Package) -> Package:
    """The package as it is now, for a change inside its transaction."""
    return Package.get_by_id(row.id)
