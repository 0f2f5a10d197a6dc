"""An officer's home page: what waits, oldest first, and the ways in; and help by page."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, g, url_for

from blueprints import desk, sides, waiting, weeks
from blueprints.accounts import policy
from blueprints.home.shortcuts import save as save_shortcuts
from blueprints.pages import page
from blueprints.periods import overview
from blueprints.periods import waiting as periods
from blueprints.permissions import OFFICER_ROLES, ROLES, Can, can, requires
from blueprints.values import show_date_long
from models import Client, Job, Package

routes = Blueprint("home", __name__)


@routes.get("/")
@requires(Can.SIGNED_IN)
def index():
    """What needs doing, overdue and oldest first, and the ways in (Z-01)."""
    today = weeks.today()
    book = periods.book()
    stale = overview.stale()
    return page(
        "home/authority.html",
        password_due=policy.near_end(g.session_row.person_id, g.settings),
        to_do=waiting.for_officer(today),
        warned=overview.without_current(book, today),
        stale=stale,
        settling=Job.get_or_none(Job.unique_key == "settle"),
        next_words=next_period(book, today),
        tiles=[tile for tile in tiles() if tile["href"]],
    )


@routes.get("/deaths")
@requires(Can.SEE_RECORDS)
def deaths():
    """Clients with a date of death and a package that goes on; only ending the package stops payment (rule 3.9)."""
    today = weeks.today()
    open_after = Package.end_date.is_null() | ((Package.end_date > Client.date_of_death) & (Package.end_date >= today))
    query = (
        Package.select(Package, Client)
        .join(Client)
        .where(Client.date_of_death.is_null(False) & open_after)
        .order_by(Client.date_of_death, Package.cpli_id)
    )
    count = query.count()
    pager = desk.pages_of(count)
    return page(
        "home/deaths.html",
        rows=list(query.limit(desk.PER_PAGE).offset(pager.start)),
        count=count,
        pager=pager,
        package_href=desk.where("authority.packages.show", package_id=0),
        client_href=desk.where("authority.clients.show", client_id=0),
        breadcrumbs=[desk.home(), ("Packages open after death", None)],
    )


def next_period(book: overview.Book, today: dt.date) -> str:
    """What comes next, and when."""
    ends = sorted({p.end_date for periods in book.periods.values() for p in periods if p.end_date >= today})
    return f"The next payment period ends on {show_date_long(ends[0])}." if ends else ""


# Tiles that need more than being signed in.
NEEDED = {
    "authority.audit.index": Can.SEE_AUDIT,
    "authority.notifications.index": Can.SEE_MAIL,
    "authority.accounts.index": Can.MANAGE_LOGINS,
}


def tiles() -> list[dict]:
    """The ways in: what is not built is absent."""
    made = [
        (
            "organisation",
            "Organisations",
            "Providers, their services, contracts and people",
            "authority.organisations.index",
            {},
        ),
        ("requests", "Change requests", "What providers ask to change", "authority.requests.index", {}),
        ("people", "Contacts", "People of providers, their roles and permissions", "authority.contacts.index", {}),
        ("clients", "Clients", "The people who receive care", "authority.clients.index", {}),
        ("packages", "Packages", "Care package line items, rates and timetables", "authority.packages.index", {}),
        ("visits", "Visits", "Every provider’s visits, and those that are not matched", "authority.visits.index", {}),
        (
            "actuals",
            "Actuals",
            "By week: who posted, what differs; increases and unplanned actuals",
            "authority.actuals.index",
            {},
        ),
        (
            "disputes",
            "Disputes",
            "Questions about visits and actuals, and the weekly check list",
            "authority.disputes.index",
            {},
        ),
        ("claims", "Claims", "What providers ask for outside packages", "authority.claims.index", {}),
        ("payments", "Payments", "Periods, adjustments, finalising and remittances", "authority.periods.index", {}),
        (
            "orders",
            "Purchase orders",
            "What packages are worth in a year; issue what has changed",
            "authority.orders.index",
            {},
        ),
        ("reports", "Reports", "Figures over all providers, as PDF, CSV and Excel", "authority.reports.index", {}),
        ("imports", "Files", "Load the authority’s files; every import so far", "authority.imports.index", {}),
        (
            "people",
            "Logins",
            "Who can sign in, invitations, and requests for logins",
            "authority.accounts.index",
            {},
        ),
        (
            "messages",
            "Messages",
            "What providers’ people are told, and what they reply",
            "authority.messages.index",
            {},
        ),
        ("messages", "Mail", "What went out, and what could not be sent", "authority.notifications.index", {}),
        ("history", "Audit", "Who changed what, and when", "authority.audit.index", {}),
        ("settings", "Settings", "How the portal works for this authority", "authority.settings.index", {}),
    ]
    return [
        {"icon": icon, "title": title, "text": text, "href": desk.where(endpoint, **values)}
        for icon, title, text, endpoint, values in made
        if can(NEEDED.get(endpoint, Can.SIGNED_IN)) and sides.is_open_to_officers(endpoint.split(".")[1])
    ]


@routes.post("/shortcuts")
@requires(Can.SIGNED_IN)
def shortcuts():
    """Turn the keyboard's shortcuts off or on."""
    return save_shortcuts("authority")


# help ------------------------------------------------------------------------------------------------------------------

# The pages of help and, for each area of the officers' door, the one that its pages open (C-18).
TOPICS = {
    "records": "Organisations, services, contracts and clients",
    "people": "Contacts, roles and permissions",
    "requests": "Change requests",
    "packages": "Packages",
    "visits": "Visits",
    "unmatched": "Unmatched visits",
    "actuals": "Actuals",
    "claims": "One-off claims",
    "disputes": "Disputes and the check list",
    "payments": "Payments and finalising",
    "holds": "Holding payments and adjusting them",
    "remittances": "Remittances",
    "orders": "Purchase orders",
    "calendar": "Payment calendar",
    "exports": "Finance export and clients’ charges",
    "reports": "Reports",
    "files": "Files and imports",
    "logins": "Logins, requests for logins, and mail",
    "messages": "Messages",
    "search": "Search, and viewing as a provider",
    "audit": "Audit, jobs and one person’s data",
    "settings": "Settings and roles",
}
HELP_OF = {
    "authority.organisations": "records",
    "authority.services": "records",
    "authority.contracts": "records",
    "authority.clients": "records",
    "authority.contacts": "people",
    "authority.properties": "records",
    "authority.requests": "requests",
    "authority.packages": "packages",
    "authority.visits": "visits",
    "authority.visits.unmatched": "unmatched",
    "authority.actuals": "actuals",
    "authority.claims": "claims",
    "authority.disputes": "disputes",
    "authority.periods": "payments",
    "authority.payments": "payments",
    "authority.holds": "holds",
    "authority.adjustments": "holds",
    "authority.remittances": "remittances",
    "authority.orders": "orders",
    "authority.exports": "exports",
    "authority.contracts.calendar": "calendar",
    "authority.contracts.cycles": "calendar",
    "authority.contracts.cycle": "calendar",
    "authority.contracts.dates": "calendar",
    "authority.contracts.extend": "calendar",
    "authority.reports": "reports",
    "authority.imports": "files",
    "authority.accounts": "logins",
    "authority.notifications": "logins",
    "authority.messages": "messages",
    "authority.search": "search",
    "authority.viewing": "search",
    "authority.jobs": "audit",
    "authority.audit": "audit",
    "authority.settings": "settings",
}


def topics() -> dict[str, str]:
    """The pages of help about what is there: a module that is off for officers leaves none behind (Z-04)."""
    areas = {topic: area.split(".")[1] for area, topic in HELP_OF.items()}
    return {t: title for t, title in TOPICS.items() if sides.is_open_to_officers(areas.get(t, t))}


@routes.get("/help")
@requires(Can.SIGNED_IN)
def help_index():
    """Help, by page (C-18)."""
    return page(
        "home/help_authority.html",
        topics=topics(),
        topic=None,
        own_help=g.settings.help_officers,
        roles=None,
        breadcrumbs=[desk.home(), ("Help", None)],
    )


@routes.get("/help/<topic>")
@requires(Can.SIGNED_IN)
def help_page(topic: str):
    """Help of one page; an unknown one falls back to the index (C-18)."""
    if topic not in topics():
        return help_index()
    way = [desk.home(), ("Help", url_for("authority.home.help_index")), (TOPICS[topic], None)]
    roles = {role: sorted(ROLES[role]) for role in OFFICER_ROLES}
    return page(
        "home/help_authority.html",
        topics=TOPICS,
        topic=topic,
        own_help=g.settings.help_officers,
        roles=roles,
        breadcrumbs=way,
    )
