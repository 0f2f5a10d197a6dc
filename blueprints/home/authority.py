"""An officer's home page: what waits, oldest first, and the ways in; and help by page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from flask import Blueprint, g, url_for
from peewee import SQL, fn

from blueprints import desk, mail, weeks
from blueprints.accounts import asking, policy
from blueprints.actuals import posting
from blueprints.exports import rules as exports
from blueprints.holds import listing as held
from blueprints.jobs import rules as jobs
from blueprints.orders import rules as orders
from blueprints.packages.rules import day
from blueprints.pages import page
from blueprints.periods import overview
from blueprints.permissions import OFFICER_ROLES, ROLES, Can, can, requires
from blueprints.values import show_date_long
from blueprints.visits import search
from models import (
    ChangeRequest,
    Claim,
    ClaimState,
    Client,
    Dispute,
    DisputeState,
    ExportedFinalisation,
    Import,
    ImportState,
    Increase,
    Job,
    JobState,
    OrderVersion,
    Package,
    PurchaseOrder,
    RequestState,
    UnplannedActual,
    Visit,
    VisitStatus,
)

routes = Blueprint("home", __name__)


class Queue(NamedTuple):
    """Something that waits: how many, of what, since when, and where it is listed."""

    count: int
    what: str
    since: dt.date | None
    href: str | None


@routes.get("/")
@requires(Can.SIGNED_IN)
def index():
    """What needs doing, oldest first, and the ways in (Z-01)."""
    today = weeks.today()
    book = overview.Book()
    stale = overview.stale()
    waiting = [q for q in queues(today, book) if q.count]
    waiting.sort(key=lambda q: q.since or today)
    return page(
        "home/authority.html",
        password_due=policy.near_end(g.session_row.person_id, g.settings),
        to_do=[to_do(q, today) for q in waiting],
        warned=overview.without_current(book, today),
        stale=stale,
        settling=Job.get_or_none(Job.unique_key == "settle"),
        next_words=next_period(book, today),
        tiles=[tile for tile in tiles() if tile["href"]],
    )


def to_do(queue: Queue, today: dt.date) -> dict:
    """A queue as the home page shows it: with the age of its oldest."""
    words = queue.what
    if queue.since:
        age = (today - queue.since).days
        days = f", {age:,} day{'' if age == 1 else 's'} ago" if age > 0 else ", today" if not age else ""
        words = f"{words} (oldest {show_date_long(queue.since)}{days})"
    return {"count": f"{queue.count:,}", "what": words, "href": queue.href}


def queues(today: dt.date, book: overview.Book) -> Iterator[Queue]:
    """Every queue of what is built, whether or not something waits in it."""
    yield request_queue()
    yield from visit_queues()
    yield from actual_queues(today)
    yield package_queue()
    yield from import_queues()
    yield job_queue()
    yield mail_queue()
    yield login_queue()
    yield claim_queue()
    yield from dispute_queues(today)
    yield from period_queues(today, book)
    yield order_queue(today)
    yield export_queue()
    yield held_queue()
    yield death_queue(today)


def plural(count: int, one: str, many: str) -> str:
    """The words for one or for many."""
    return one if count == 1 else many


def request_queue() -> Queue:
    """Change requests that wait for a decision (F-13)."""
    query = ChangeRequest.select(fn.COUNT(ChangeRequest.id), fn.MIN(ChangeRequest.sent_at))
    count, oldest = query.where(ChangeRequest.state == RequestState.PENDING).tuples().get()
    since = dt.date.fromisoformat(str(oldest)[:10]) if oldest else None
    words = plural(count, "change request waits for a decision", "change requests wait for a decision")
    return Queue(count, words, since, desk.where("authority.requests.index"))


def visit_queues() -> Iterator[Queue]:
    """Visits that pay nothing until something is mended, along the index of week and status."""
    query = Visit.select(Visit.status, fn.COUNT(SQL("1")), fn.MIN(Visit.planned_date))
    found = {
        status: (count, day(oldest))
        for status, count, oldest in query.where(search.waiting(search.weeks_with_visits()))
        .group_by(Visit.status)
        .tuples()
    }
    here = url_for("authority.visits.unmatched")
    count, oldest = found.get(VisitStatus.UNMATCHED, (0, None))
    yield Queue(count, plural(count, "visit unmatched", "visits unmatched"), oldest, f"{here}?status=Unmatched")
    count, oldest = found.get(VisitStatus.MISSING_DATA, (0, None))
    words = plural(count, "visit with missing data", "visits with missing data")
    yield Queue(count, words, oldest, f"{here}?status=Missing+Data")


def actual_queues(today: dt.date) -> Iterator[Queue]:
    """Weeks that services have not confirmed, increases and unplanned actuals that wait for a decision (M-26, M-37, M-38)."""
    count, oldest = posting.not_posted(today)
    here = url_for("authority.actuals.index", week=oldest, show="open") if oldest else None
    yield Queue(count, plural(count, "week of a service not posted", "weeks of services not posted"), oldest, here)
    for model, moment, one, many, endpoint in (
        (Increase, Increase.asked_at, "increase waits", "increases wait", "authority.actuals.increases_waiting"),
        (UnplannedActual, UnplannedActual.created_at, "unplanned actual waits", "unplanned actuals wait", "authority.actuals.unplanned_waiting"),
    ):  # fmt: skip
        count, first = model.select(fn.COUNT(model.id), fn.MIN(moment)).where(model.state == "Pending").tuples().get()
        since = dt.date.fromisoformat(str(first)[:10]) if first else None
        yield Queue(count, plural(count, f"{one} for a decision", f"{many} for a decision"), since, url_for(endpoint))


def package_queue() -> Queue:
    """Packages that wait to be authorised."""
    query = Package.select(fn.COUNT(Package.id), fn.MIN(Package.start_date)).where(~Package.authorised)
    count, oldest = query.tuples().get()
    href = desk.where("authority.packages.waiting") or desk.where("authority.packages.index", authorised="no")
    words = plural(count, "package waiting to be authorised", "packages waiting to be authorised")
    return Queue(count, words, day(oldest), href)


def import_queues() -> Iterator[Queue]:
    """Imports that were checked and wait for a decision, and those that failed in the last fortnight."""
    recent = weeks.utc_now() - dt.timedelta(14)
    wanted = (Import.state == ImportState.CHECKED) | (
        (Import.state == ImportState.FAILED) & (Import.started_at > recent)
    )
    query = Import.select(Import.state, fn.COUNT(Import.id), fn.MIN(Import.started_at)).where(wanted)
    found = {state: (count, oldest) for state, count, oldest in query.group_by(Import.state).tuples()}
    for state, one, many in (
        (ImportState.CHECKED, "checked import waits for Update System", "checked imports wait for Update System"),
        (ImportState.FAILED, "import failed", "imports failed"),
    ):
        count, oldest = found.get(state, (0, None))
        since = dt.date.fromisoformat(str(oldest)[:10]) if oldest else None
        yield Queue(count, plural(count, one, many), since, url_for("authority.imports.index", state=str(state)))


def job_queue() -> Queue:
    """Jobs that failed and have not been done since."""
    failed = list(jobs.failed())
    since = min((j.ended_at.date() for j in failed if j.ended_at), default=None)
    words = plural(len(failed), "job failed", "jobs failed")
    return Queue(len(failed), words, since, url_for("authority.jobs.index", state=str(JobState.FAILED)))


def login_queue() -> Queue:
    """Requests of people without a way in (B-12, B-15)."""
    count, oldest = asking.waiting() if can(Can.MANAGE_LOGINS) else (0, None)
    words = plural(count, "request for a login or a password", "requests for logins or passwords")
    return Queue(count, words, oldest and weeks.london(oldest).date(), desk.where("authority.accounts.requests_list"))


def mail_queue() -> Queue:
    """Messages that failed, or wait for an hour already: the mail server may be down."""
    count = mail.failing() if can(Can.SEE_MAIL) else 0
    words = plural(count, "message could not be sent", "messages could not be sent")
    return Queue(count, words, None, desk.where("authority.notifications.index"))


def dispute_queues(today: dt.date) -> Iterator[Queue]:
    """Disputes whose resolution is requested, and those that the provider has not answered in time (Q-12, Z-01)."""
    here = url_for("authority.disputes.index")
    query = Dispute.select(fn.COUNT(Dispute.id), fn.MIN(Dispute.requested_at))
    count, oldest = query.where(Dispute.state == DisputeState.REQUESTED).tuples().get()
    words = plural(count, "dispute with a resolution requested", "disputes with a resolution requested")
    since = dt.date.fromisoformat(str(oldest)[:10]) if oldest else None
    yield Queue(count, words, since, f"{here}?status=Resolution+Requested")
    query = Dispute.select(fn.COUNT(Dispute.id), fn.MIN(Dispute.due))
    late = (Dispute.state == DisputeState.IN_DISPUTE) & (Dispute.due < today)
    count, oldest = query.where(late).tuples().get()
    yield Queue(count, plural(count, "dispute overdue", "disputes overdue"), day(oldest), f"{here}?status=overdue")


def claim_queue() -> Queue:
    """Claims that wait for a decision; those for which evidence was asked wait for the provider."""
    query = Claim.select(fn.COUNT(Claim.id), fn.MIN(Claim.claimed_on))
    waits = (Claim.state == ClaimState.PENDING) & Claim.asked_at.is_null()
    count, oldest = query.where(waits).tuples().get()
    words = plural(count, "one-off claim waits for a decision", "one-off claims wait for a decision")
    return Queue(count, words, day(oldest), url_for("authority.claims.index", status="Pending", waits="authority"))


def period_queues(today: dt.date, book: overview.Book) -> Iterator[Queue]:
    """Periods that have ended and are not finalised for every contract, and contracts with adjustments waiting."""
    ended = [
        p
        for periods in book.periods.values()
        for p in periods
        if p.end_date < today and any(not book.is_done(c.id, p) for c in book.parties(p))
    ]
    first = min(ended, key=lambda p: p.end_date, default=None)
    href = url_for("authority.periods.index")
    if len(ended) == 1:
        href = url_for("authority.periods.show", period_id=first.id)
    elif first:
        href = url_for("authority.periods.index", year=weeks.financial_year(first.start_date))
    words = plural(len(ended), "period has ended and is not finalised", "periods have ended and are not finalised")
    yield Queue(len(ended), words, first and first.end_date, href)
    adjusted = overview.adjusted_contracts(book)
    oldest = {book.oldest(c).id: book.oldest(c) for c in adjusted}
    start = min((p.start_date for p in oldest.values()), default=None)
    href = url_for("authority.periods.index")
    if len(oldest) == 1:
        href = url_for("authority.periods.show", period_id=next(iter(oldest)))
    words = plural(len(adjusted), "contract with adjustments waiting", "contracts with adjustments waiting")
    yield Queue(len(adjusted), words, start, href)


def order_queue(today: dt.date) -> Queue:
    """Purchase orders of this financial year to issue, where orders are issued at all (S-08)."""
    year = orders.year_of(today)
    if not OrderVersion.select().exists():
        return Queue(0, "", None, None)
    count = PurchaseOrder.select().where(orders.to_issue() & (PurchaseOrder.year == year)).count()
    words = plural(count, "purchase order is new or changed", "purchase orders are new or changed")
    return Queue(count, f"{words} since issued", None, f"{url_for('authority.orders.index')}?state=to+issue")


def export_queue() -> Queue:
    """Finalised contracts that are in no file for the finance system yet, where such files are made at all (R-18)."""
    if not ExportedFinalisation.select().exists():
        return Queue(0, "", None, None)
    count, since = exports.count_waiting()
    words = plural(count, "finalised contract waits", "finalised contracts wait")
    oldest = dt.date.fromisoformat(str(since)[:10]) if since else None
    return Queue(count, f"{words} for the finance export", oldest, url_for("authority.exports.index"))


def held_queue() -> Queue:
    """Payments that are held back and not cancelled (rule 7.5)."""
    count, since = held.waiting()
    return Queue(
        count, plural(count, "payment line held", "payment lines held"), since, url_for("authority.holds.held_list")
    )


def death_queue(today: dt.date) -> Queue:
    """Clients who have died and have a package that goes on (rule 3.9)."""
    open_after = Package.end_date.is_null() | ((Package.end_date > Client.date_of_death) & (Package.end_date >= today))
    query = (
        Client.select(Client.id, Client.date_of_death)
        .join(Package)
        .where(Client.date_of_death.is_null(False) & open_after)
        .distinct()
        .order_by(Client.date_of_death)
    )
    found = [(ident, day(died)) for ident, died in query.tuples()]
    href = url_for("authority.home.deaths")
    words = plural(
        len(found), "client has died and has a package still open", "clients have died and have a package still open"
    )
    return Queue(len(found), words, found[0][1] if found else None, href)


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
            "Who can sign in, invitations, and requests for passwords",
            "authority.accounts.index",
            {},
        ),
        ("messages", "Mail", "What went out, and what could not be sent", "authority.notifications.index", {}),
        ("history", "Audit", "Who changed what, and when", "authority.audit.index", {}),
        ("settings", "Settings", "How the portal works for this authority", "authority.settings.index", {}),
    ]
    return [
        {"icon": icon, "title": title, "text": text, "href": desk.where(endpoint, **values)}
        for icon, title, text, endpoint, values in made
        if can(NEEDED.get(endpoint, Can.SIGNED_IN))
    ]


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
    "audit": "Audit and jobs",
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
    "authority.jobs": "audit",
    "authority.audit": "audit",
    "authority.settings": "settings",
}


@routes.get("/help")
@requires(Can.SIGNED_IN)
def help_index():
    """Help, by page (C-18)."""
    return page(
        "home/help_authority.html", topics=TOPICS, topic=None, roles=None, breadcrumbs=[desk.home(), ("Help", None)]
    )


@routes.get("/help/<topic>")
@requires(Can.SIGNED_IN)
def help_page(topic: str):
    """Help of one page; an unknown one falls back to the index (C-18)."""
    if topic not in TOPICS:
        return help_index()
    way = [desk.home(), ("Help", url_for("authority.home.help_index")), (TOPICS[topic], None)]
    roles = {role: sorted(ROLES[role]) for role in OFFICER_ROLES}
    return page("home/help_authority.html", topics=TOPICS, topic=topic, roles=roles, breadcrumbs=way)
