"""A provider's home page and help."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, current_app, g, url_for

from blueprints import sides, waiting, weeks
from blueprints.accounts import policy
from blueprints.disputes import shown as disputes
from blueprints.home import to_do
from blueprints.home.shortcuts import save as save_shortcuts
from blueprints.messages import rules as messages
from blueprints.pages import page
from blueprints.permissions import Can, can, requires
from blueprints.requests import rules as requests
from blueprints.values import show_date_long
from blueprints.wording import term

routes = Blueprint("home", __name__)


def built(endpoint: str) -> bool:
    """The page is there for this organisation: built, its module on (Z-04, C-08)."""
    return endpoint in current_app.view_functions and sides.is_reachable(endpoint)


@routes.get("/")
@requires(Can.SIGNED_IN)
def index():
    """What needs doing, oldest first, then the tiles (C-05, C-06, C-08)."""
    today = weeks.today()
    nothing = g.reach.limited and not to_do.reaches_something(g.reach)
    periods = to_do.shared_periods(g.reach)
    on_visits, by_hand = built("provider.visits.index"), built("provider.actuals.index")
    deadline = to_do.next_deadline(periods, today) if on_visits or by_hand else None
    return page(
        "home/provider.html",
        password_due=policy.near_end(g.session_row.person_id, g.settings),
        limited=nothing,
        items=waiting.for_provider(today),
        coming=coming(deadline, on_visits, by_hand),
        deadline=deadline,
        finalised=lately_finalised(today),
        tiles=tiles(),
        messages=newest(),
        welcome=f"Welcome to {g.settings.portal_name}, {g.user.name}" if g.settings.home_style == "welcome" else "",
        intro=g.settings.home_intro,
        message_days=g.settings.message_days,
        told=requests.told_counts(g.user.id),
        months=g.settings.request_months,
    )


MOST_MESSAGES = 5
TOLD_FOR_DAYS = 28
MOST_TOLD = 10


def lately_finalised(today) -> list[dict]:
    """The periods that the authority finalised in the last four weeks, with their remittances."""
    if g.reach.limited or not built("provider.payments.index") or not can(Can.SEE_PAYMENTS):
        return []
    now = min(today, weeks.utc_now().date())  # a demonstration's today may be ahead of the clock that finalising noted
    since = dt.datetime.combine(now - dt.timedelta(TOLD_FOR_DAYS), dt.time())
    return [
        {
            "paid": one,
            "href": url_for("provider.remittances.show", contract_id=one.contract, period_id=one.period),
        }
        for one in to_do.finalised(g.reach, since)[:MOST_TOLD]
    ]


def newest() -> list:
    """The newest of the messages that are displayed to this person now (C-21); one more than are shown."""
    if not built("provider.messages.index"):
        return []
    query = messages.received(g.user).where(messages.listed(weeks.today())).limit(MOST_MESSAGES + 1)
    return list(query.objects())


def coming(deadline, on_visits: bool, by_hand: bool = False) -> str:
    """What comes next, and when, for a list with nothing to do."""
    if deadline:
        period = f"{show_date_long(deadline.start)} to {show_date_long(deadline.end)}"
        what = "visits" if on_visits else "actuals"
        return f"Next: {what} of {period} must be sent by {waiting.show_day(deadline.cut_off)}."
    return (
        "No upload deadline is set yet."
        if on_visits or by_hand
        else "Your packages are paid as planned: there is nothing to send."
    )


def dispute_words() -> str:
    """The text of the Disputes tile: how many are open, and how many of them await action (C-11)."""
    return disputes.count_open(g.reach).words if built("provider.disputes.index") else ""


def tiles() -> list[dict]:
    """Pick a task... : what is built, turned on and not refused (C-06, C-08)."""
    wanted = [
        ("organisation", "Organisation", "Your head office's details, and changing them", "provider.organisations.show", Can.SEE_OWN),
        ("services", "Services", "Your services, their properties and availability", "provider.services.index", Can.SEE_OWN),
        ("people", "Manage Contacts", "Add new contacts and edit current contact details", "provider.contacts.index", Can.MANAGE_CONTACTS),
        ("visits", "Actuals/Visits", "Send and look up visits, and the actuals that they make", "provider.visits.index", Can.SEE_OWN),
        ("actuals", "Actuals", "Enter what was delivered, and confirm each week", "provider.actuals.index", Can.SEE_OWN),
        ("disputes", "Disputes", dispute_words(), "provider.disputes.index", Can.SEE_OWN),
        ("claims", "One-Off Claims", "Ask for a payment outside packages, such as the hospital incentive", "provider.claims.index", Can.SEE_OWN),
        ("packages", "Care Package Line Items", f"What the authority commissioned for your {term('clients')}, and its price", "provider.packages.index", Can.SEE_OWN),
        ("payments", "Scheduled Payments", "What is paid and when, and remittances", "provider.payments.index", Can.SEE_PAYMENTS),
        ("orders", "Purchase Orders", f"What your {term('clients’')} packages are worth in a year, and what has been spent", "provider.orders.index", Can.SEE_PAYMENTS),
        ("reports", "Reports", "View & print financial reports", "provider.reports.index", Can.SIGNED_IN),
        ("messages", "Messages", "What the authority tells you, and your responses", "provider.messages.index", Can.SIGNED_IN),
        ("help", "Help", "How each page works, and whom to ask", "provider.home.help_index", Can.SIGNED_IN),
    ]  # fmt: skip
    return [
        {"icon": icon, "title": term(title), "text": text, "href": url_for(endpoint)}
        for icon, title, text, endpoint, act in wanted
        if can(act) and built(endpoint) and not (icon == "actuals" and built("provider.visits.index"))
    ]


@routes.post("/shortcuts")
@requires(Can.SIGNED_IN)
def shortcuts():
    """Turn the keyboard's shortcuts off or on."""
    return save_shortcuts("provider")


# help ------------------------------------------------------------------------------------------------------------------

# The pages of help and, for each area of the provider's door, the one that its pages open (C-18).
TOPICS = {
    "organisation": "Organisation and services",
    "contacts": "Contacts",
    "requests": "Requests Sent to Local Authority",
    "visits": "Actuals/Visits",
    "actuals": "Actuals by week and by day",
    "imports": "Sending a file",
    "packages": "Care Package Line Items",
    "commissioned-care": "Commissioned Care Export",
    "claims": "One-Off Claims",
    "disputes": "Disputes",
    "payments": "Scheduled Payments",
    "remittances": "Remittances",
    "calendar": "Payment calendar",
    "orders": "Purchase Orders",
    "reports": "Reports",
    "messages": "Messages",
    "search": "Search",
    "your-login": "Your login",
}
HELP_OF = {
    "provider.organisations": "organisation",
    "provider.services": "organisation",
    "provider.properties": "organisation",
    "provider.availability": "organisation",
    "provider.contacts": "contacts",
    "provider.requests": "requests",
    "provider.visits": "visits",
    "provider.actuals": "actuals",
    "provider.carers": "imports",
    "provider.imports": "imports",
    "provider.packages": "packages",
    "provider.reports": "reports",
    "provider.reports.commissioned_care": "commissioned-care",
    "provider.claims": "claims",
    "provider.disputes": "disputes",
    "provider.payments": "payments",
    "provider.remittances": "remittances",
    "provider.periods": "calendar",
    "provider.orders": "orders",
    "provider.messages": "messages",
    "provider.search": "search",
    "provider.accounts": "your-login",
}


def topics() -> dict[str, str]:
    """The pages of help about what is there for this organisation: a module that is off leaves none behind (Z-04)."""
    areas = {topic: area.split(".")[1] for area, topic in HELP_OF.items()}
    gone = {topic for topic, area in areas.items() if not sides.is_there(area)}
    if not sides.is_reachable("provider.reports.commissioned_care"):
        gone.add("commissioned-care")
    return {topic: title for topic, title in TOPICS.items() if topic not in gone}


@routes.get("/help")
@requires(Can.SIGNED_IN)
def help_index():
    """Help, by page (C-18, C-19)."""
    return page(
        "home/help_provider.html",
        topics=topics(),
        topic=None,
        own_help=g.settings.help_providers,
        breadcrumbs=[("Home", url_for("provider.home.index")), ("Help", None)],
    )


@routes.get("/help/<topic>")
@requires(Can.SIGNED_IN)
def help_page(topic: str):
    """Help of one page; an unknown one falls back to the index (C-18)."""
    if topic not in topics():
        return help_index()
    return page(
        "home/help_provider.html",
        topics=TOPICS,
        topic=topic,
        own_help=g.settings.help_providers,
        login={
            "minutes": g.settings.sign_in_minutes,
            "tries": g.settings.lock_after,
            "locked": g.settings.lock_minutes,
        },
        breadcrumbs=[
            ("Home", url_for("provider.home.index")),
            ("Help", url_for("provider.home.help_index")),
            (TOPICS[topic], None),
        ],
    )
