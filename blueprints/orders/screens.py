"""Purchase orders on screen, on paper and as files, for both doors; a door gives its form and its addresses."""

from __future__ import annotations

from typing import NamedTuple

from flask import Response, abort, g, request, url_for

from blueprints import desk, records, sides, weeks
from blueprints.frame import show_moment
from blueprints.history import looked
from blueprints.orders import listing, report, rules
from blueprints.orders.sums import Difference, year_words
from blueprints.pages import page
from blueprints.pdf import Column, Section, table_pdf
from blueprints.permissions import Can, can
from blueprints.values import show_date, show_money, show_quantity
from models import Client, OrderVersion, PurchaseOrder, utc_now


class Door(NamedTuple):
    """What differs between the doors: the side's name and the layout of its pages."""

    side: str
    layout: str

    def to(self, name: str, **values) -> str:
        """An address of this area at the door."""
        return url_for(f"{self.side}.orders.{name}", **values)

    @property
    def is_officers(self) -> bool:
        """The authority's door."""
        return self.side == "authority"


PROVIDER, AUTHORITY = Door("provider", "provider.html"), Door("authority", "authority.html")


def years() -> tuple[list[str], str]:
    """The financial years that there are orders of, newest first, and the present one."""
    this = rules.year_of(weeks.today())
    return [year_words(year) for year in listing.years(g.reach, this)], year_words(this)


def as_file(condition, name: str, usual: str = "order") -> Response | None:
    """The orders of a condition as the file that the address asks for; None where it asks for a page."""
    asked = request.args.get("format")
    if asked == "lines":
        return desk.csv_file(f"{name}-lines", report.HEADINGS, report.rows(condition))
    if asked in ("csv", "xlsx"):
        found, _ = records.ordered(listing.query(condition), listing.SORTS, usual, PurchaseOrder.id)
        rows = listing.file_rows(listing.Row._make(row) for row in found)
        return (desk.csv_file if asked == "csv" else desk.xlsx_file)(name, listing.HEADINGS, rows)
    return None


def of_record(owner: records.Owner, wanted: listing.Wanted, name: str):
    """The orders of an officer's record, of all years, newest year first."""
    condition = listing.fitting(g.reach, wanted)
    if file := as_file(condition, name, "-year"):
        return file
    found = records.listed(listing.query(condition), listing.SORTS, "-year", PurchaseOrder.id)
    return page(
        "orders/of_record.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        found=found,
        rows=[listing.Row._make(row) for row in found.rows],
        sums=listing.sums(condition),
        prefix=AUTHORITY.to("show", order_id=0)[:-1],
    )


def order_list(door: Door, form, wanted: listing.Wanted, **more):
    """The list, or its rows as a file: exactly those of the filter, in its order (S-01, S-02)."""
    condition = listing.fitting(g.reach, wanted)
    if file := as_file(condition, f"purchase-orders-{wanted.year}-{(wanted.year or 0) + 1}"):
        return file
    waits = g.settings.orders_after_view and not request.args and not door.is_officers
    found = None if waits else records.listed(listing.query(condition), listing.SORTS, "order", PurchaseOrder.id)
    return page(
        "orders/list.html",
        layout=door.layout,
        officers=door.is_officers,
        filter=form,
        found=found,
        rows=[listing.Row._make(row) for row in found.rows] if found else [],
        sums=listing.sums(condition) if found else None,
        prefix=door.to("show", order_id=0)[:-1],
        year=year_words(wanted.year),
        **more,
    )


def found_order(order_id: int) -> listing.Row:
    """The order within reach, with its names, or 404."""
    within = g.reach.contracts(PurchaseOrder.contract, PurchaseOrder.organisation) & (PurchaseOrder.id == order_id)
    return next((listing.Row._make(row) for row in listing.query(within)), None) or abort(404)


def order_page(door: Door, order_id: int):
    """One order: its lines as packages stand, what has changed since it was issued, spend, versions (S-04, S-05)."""
    order = found_order(order_id)
    lines = listing.lines(order.id)
    versions = listing.versions(order.id)
    looked(g.user.id, client_of(order))
    if request.args.get("format") == "pdf":
        return paper(order, lines, versions[0] if order.state == listing.ISSUED else None, order.value)
    changed = order.state == listing.CHANGED
    spent = listing.spent(order)
    return page(
        "orders/show.html",
        layout=door.layout,
        officers=door.is_officers,
        order=order,
        lines=lines,
        changes=told(listing.changes(listing.lines(order.id, order.version), lines)) if changed else [],
        versions=versions,
        spent=spent,
        spend_links=spend_links(door, order, spent),
        is_closed=listing.is_closed(order),
        list_href=door.to("index", year=year_words(order.year)),
        package_prefix=package_prefix(door),
        here=door.to("show", order_id=order.id),
        issue_href=door.to("issue", order_id=order.id)
        if door.is_officers and can(Can.ISSUE_ORDERS) and is_to_issue(order)
        else None,
        breadcrumbs=[*way(door), (order.title, None)],
    )


def is_to_issue(order: listing.Row) -> bool:
    """It is new, or other than it was issued."""
    return bool(order.digest) if not order.version else order.state == listing.CHANGED


def client_of(order: listing.Row) -> Client:
    """The order's client, for the look log."""
    return Client(id=order.client_id)


def version_page(door: Door, order_id: int, number: int):
    """An order as it was issued, and what that changed against the version before."""
    order = found_order(order_id)
    found = OrderVersion.get_or_none((OrderVersion.order == order.id) & (OrderVersion.number == number)) or abort(404)
    lines = listing.lines(order.id, number)
    looked(g.user.id, client_of(order))
    if request.args.get("format") == "pdf":
        return paper(order, lines, found, found.value)
    return page(
        "orders/version.html",
        layout=door.layout,
        officers=door.is_officers,
        order=order,
        issued=found,
        lines=lines,
        changes=told(listing.changes(listing.lines(order.id, number - 1), lines)) if number > 1 else [],
        package_prefix=package_prefix(door),
        show_href=door.to("show", order_id=order.id),
        here=door.to("version", order_id=order.id, number=number),
        breadcrumbs=[*way(door), (order.title, door.to("show", order_id=order.id)), (f"Version {number}", None)],
    )


def way(door: Door) -> list[tuple]:
    """The way to the list."""
    home = ("Home", url_for(f"{door.side}.home.index"))
    payments = [("Payments", url_for("authority.periods.index"))] if door.is_officers else []
    return [home, *payments, ("Purchase Orders", door.to("index"))]


def spend_links(door: Door, order: listing.Row, spent: list[listing.Spent]) -> dict[int, str]:
    """Where each finalised period's lines are listed, by its id."""
    if door.is_officers:
        endpoint, more = "authority.periods.lines", {"client": order.ssref}
    elif sides.is_there("payments"):
        endpoint, more = "provider.payments.show", {}
    else:
        return {}
    return {one.period: url_for(endpoint, contract_id=order.contract_id, period_id=one.period, **more) for one in spent}


def package_prefix(door: Door) -> str:
    """The address of a package up to its number; empty where the door does not show packages."""
    if not door.is_officers and not sides.is_there("packages"):
        return ""
    return url_for(f"{door.side}.packages.show", package_id=0)[:-1]


class Told(NamedTuple):
    """A difference in words: what happened to which line, field by field, and its amounts in pence."""

    what: str
    line: listing.LineRow
    fields: list[tuple[str, str, str]]
    before: int
    after: int


def told(changes: list[Difference]) -> list[Told]:
    """Differences as they are shown."""
    return [
        Told(
            one.what,
            one.after or one.before,
            [(label, *pair) for label, *pair in _fields(one)],
            one.before.amount if one.before else 0,
            one.after.amount if one.after else 0,
        )
        for one in changes
    ]


def _fields(one: Difference):
    for label, words in (
        ("Service", lambda line: f"{line.level}, {line.service}"),
        ("Dates", dates),
        ("Price", lambda line: line.price),
        ("Discount", lambda line: discount(line) or "none"),
    ):
        before, after = (words(line) if line else "" for line in (one.before, one.after))
        alone = one.before is None or one.after is None
        if before != after and not (alone and label in ("Service", "Discount")):
            yield label, before, after


def dates(line: listing.LineRow) -> str:
    """`24/06/2019 to 31/03/2020`, or the day of a one-off."""
    return show_date(line.first) if line.first == line.last else f"{show_date(line.first)} to {show_date(line.last)}"


def discount(line: listing.LineRow) -> str:
    """The discount in per cent; nothing where there is none (S-04)."""
    return show_quantity(line.discount, short=True) if line.discount else ""


def paper(order: listing.Row, lines: list[listing.LineRow], version: OrderVersion | None, value: int) -> Response:
    """An order as PDF, as it was issued or, marked so, as its packages stand (S-07)."""
    if version:
        status = f"Version {version.number}, issued on {show_moment(version.at)}"
        if version.reason:
            status += f": {version.reason}"
    else:
        status = "NOT ISSUED" if not order.version else f"CHANGED since version {order.version} was issued"
        status += f"; as packages stand on {show_date(weeks.today())}"
    content = table_pdf(
        f"Purchase order: {order.title}",
        [
            ("Provider", order.organisation_name),
            ("Contract", f"{order.contract_name} ({order.contract_ref})"),
            ("Financial year", year_words(order.year)),
            ("Status", status),
            ("Spend to date", show_money(order.spend)),
        ],
        [Column("Details"), Column("Date"), Column("Disc (%)", True), Column("Amount", True)],
        [Section([(line.details, dates(line), discount(line), show_money(line.amount)) for line in lines])],
        ("Total (ex VAT)", "", "", show_money(value)),
        printed=show_moment(utc_now()),
        footer=g.settings.authority_name,
        nothing="The order has no lines.",
    )
    ref = "".join(c if c.isascii() and c.isalnum() else "-" for c in f"{order.ssref}-{order.contract_ref}")
    name = f"purchase-order-{ref}-{order.year}" + (f"-version-{version.number}" if version else "")
    answer = Response(content, mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "inline", filename=f"{name}.pdf")
    return answer
