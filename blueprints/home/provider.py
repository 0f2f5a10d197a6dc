"""A provider's home page and help."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from flask import Blueprint, current_app, g, url_for

from blueprints import sides, weeks
from blueprints.accounts import policy
from blueprints.actuals import increases, posting, unplanned
from blueprints.disputes import shown as disputes
from blueprints.home import to_do
from blueprints.pages import page
from blueprints.permissions import Can, can, requires
from blueprints.requests import rules as requests
from blueprints.values import show_date_long

routes = Blueprint("home", __name__)


def built(endpoint: str) -> bool:
    """The page is there for this organisation: built, its module on (Z-04, C-08)."""
    return endpoint in current_app.view_functions and sides.is_there(endpoint.split(".")[1])


@routes.get("/")
@requires(Can.SIGNED_IN)
def index():
    """What needs doing, oldest first, then the tiles (C-05, C-06, C-08)."""
    today = weeks.today()
    nothing = g.reach.limited and not to_do.reaches_something(g.reach)
    periods = [] if nothing else to_do.open_periods(g.reach)
    on_visits, by_hand = built("provider.visits.index"), built("provider.actuals.index")
    deadline = to_do.next_deadline(periods, today) if on_visits or by_hand else None
    found = to_do_items(periods, today, on_visits) if on_visits or by_hand else []
    if by_hand and not g.reach.limited:
        found += actuals_items(today)
    return page(
        "home/provider.html",
        password_due=policy.near_end(g.session_row.person_id, g.settings),
        limited=nothing,
        items=[item for _, item in sorted(found, key=lambda pair: pair[0])],
        coming=coming(deadline, on_visits, by_hand),
        deadline=deadline,
        finalised=lately_finalised(today),
        tiles=tiles(),
        told=requests.told_counts(g.user.id),
        months=g.settings.request_months,
    )


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


def day_words(day) -> str:
    """`Tuesday 3 November 2026`"""
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    return f"{names[day.weekday()]} {show_date_long(day)}"


MOST_WEEKS = 12  # weeks of actuals that are listed one by one


def actuals_items(today) -> list[tuple]:
    """Weeks of actuals that are not confirmed, with the date (rule 4.10), and what the authority said; (date, item)."""
    asked = {(r.service_id, r.week): r for r in posting.reminders(g.reach)}
    missing = posting.missing(g.reach, today, g.settings.posted_within_days) if can(Can.ENTER_ACTUALS) else []
    found = []
    for one in missing[:MOST_WEEKS]:
        where = f"the week of {show_date_long(one.week)}, {one.name}"
        item = {"what": f"Actuals of {where} are not confirmed"}
        if one.clients:
            item = {
                "count": one.clients,
                "what": f"client{'' if one.clients == 1 else 's'} without actuals for {where}",
            }
        if reminder := asked.pop((one.service, one.week), None):
            item["what"] += f". The authority asks: {reminder.text or 'please enter and confirm them'}"
        query = {"week": one.week, "service": one.service} | ({"actuals": "no"} if one.clients else {})
        item |= {
            "href": url_for("provider.actuals.index", **query), "due": day_words(one.due), "overdue": one.due < today,
        }  # fmt: skip
        found.append((one.week, item))
    if more := missing[MOST_WEEKS:]:
        href = url_for("provider.actuals.index", week=more[0].week)
        found.append(
            (more[0].week, {"count": len(more), "what": "more weeks of actuals are not confirmed", "href": href})
        )
    for (service, week), reminder in asked.items():
        item = {
            "what": f"The authority asks about the week of {show_date_long(week)}, {reminder.service.name}: {reminder.text}",
            "href": url_for("provider.actuals.index", week=week, service=service),
        }  # fmt: skip
        found.append((week, item))
    return found + answers()


def answers() -> list[tuple]:
    """What the authority refused in the last fortnight, with its reason (rule 4.6); (date, item)."""
    since = weeks.utc_now() - dt.timedelta(14)
    refused = [
        (row.week, row.client, row.service, f"{row.client_name}: an increase in the week of {show_date_long(row.week)} was refused: {row.reason}")
        for row in increases.refused(g.reach, since)
    ] + [
        (row.week, row.client_id, row.service_id, f"{row.client.file_name}: an unplanned actual in the week of {show_date_long(row.week)} was refused: {row.reason}")
        for row in unplanned.refused(g.reach, since)
    ]  # fmt: skip
    return [
        (week, {"what": words, "href": url_for("provider.actuals.edit", client_id=client, week=week, service=service)})
        for week, client, service, words in refused
    ]


def to_do_items(periods: list, today, on_visits: bool) -> list[tuple]:
    """Visits that pay nothing yet, by week, and imports that wait for Update System; (date, item)."""
    found = []
    prefix = url_for("provider.visits.index") if on_visits else ""
    for one in to_do.waiting(g.reach, periods) if on_visits else []:
        what = "unmatched visit" if one.status == "Unmatched" else "visit with missing data"
        if one.count != 1:
            what = what.replace("visit", "visits", 1)
        item = {
            "count": one.count,
            "what": f"{what} in the week of {show_date_long(one.week)}",
            "href": f"{prefix}?{urlencode({'week': one.week, 'filtered': 1, 'status': one.status})}",
        }
        if one.due:
            item |= {"due": day_words(one.due), "overdue": one.due < today}
        found.append((one.week, item))
    for ident, kind, name, at, whose in to_do.checked_imports(g.reach):
        if not built("provider.imports.show"):
            break
        mine = "" if whose == g.user.name else f", by {whose}"
        found.append(
            (
                weeks.london(at).date(),
                {
                    "what": f"{kind.capitalize()} file {name} is checked and waits for Update System{mine}",
                    "href": url_for("provider.imports.show", import_id=ident),
                },
            )
        )
    found += claims_to_do()
    found += disputes_to_do(today)
    return found


def disputes_to_do(today) -> list[tuple]:
    """Disputes that await the organisation's answer, with the first date by which (C-11, Q-12)."""
    if not built("provider.disputes.index"):
        return []
    known = disputes.count_open(g.reach)
    if not known.awaiting:
        return []
    what = "dispute awaits your answer" if known.awaiting == 1 else "disputes await your answer"
    href = url_for("provider.disputes.index", filtered=1, status="In Dispute")
    item = {"count": known.awaiting, "what": what, "href": href, "due": day_words(known.due)}
    return [(known.due, item | {"overdue": known.due < today})]


def claims_to_do() -> list[tuple]:
    """Claims that wait for the provider: more evidence is asked for, or a draft is not submitted (P-26)."""
    if not built("provider.claims.index"):
        return []
    found = []
    for ident, on, at in to_do.claims_asked(g.reach):
        words = f"One-off claim of {show_date_long(on)}: more evidence is asked for"
        href = url_for("provider.claims.evidence", claim_id=ident)
        found.append((weeks.london(at).date(), {"what": words, "href": href}))
    count, oldest = to_do.claim_drafts(g.reach)
    if count:
        what = "one-off claim is" if count == 1 else "one-off claims are"
        href = url_for("provider.claims.index", status="Unsubmitted", year=weeks.financial_year(oldest))
        found.append((oldest, {"count": count, "what": f"{what} not submitted yet", "href": href}))
    return found


def coming(deadline, on_visits: bool, by_hand: bool = False) -> str:
    """What comes next, and when, for a list with nothing to do."""
    if deadline:
        period = f"{show_date_long(deadline.start)} to {show_date_long(deadline.end)}"
        what = "visits" if on_visits else "actuals"
        return f"Next: {what} of {period} must be sent by {day_words(deadline.cut_off)}."
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
        ("packages", "Care Package Line Items", "What the authority commissioned for your clients, and its price", "provider.packages.index", Can.SEE_OWN),
        ("payments", "Scheduled Payments", "What is paid and when, and remittances", "provider.payments.index", Can.SEE_PAYMENTS),
        ("orders", "Purchase Orders", "What your clients’ packages are worth in a year, and what has been spent", "provider.orders.index", Can.SEE_PAYMENTS),
        ("reports", "Reports", "View & print financial reports", "provider.reports.index", Can.SIGNED_IN),
        ("help", "Help", "How each page works, and whom to ask", "provider.home.help_index", Can.SIGNED_IN),
    ]  # fmt: skip
    return [
        {"icon": icon, "title": title, "text": text, "href": url_for(endpoint)}
        for icon, title, text, endpoint, act in wanted
        if can(act) and built(endpoint) and not (icon == "actuals" and built("provider.visits.index"))
    ]


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
    "provider.accounts": "your-login",
}


@routes.get("/help")
@requires(Can.SIGNED_IN)
def help_index():
    """Help, by page (C-18, C-19)."""
    return page(
        "home/help_provider.html",
        topics=TOPICS,
        topic=None,
        breadcrumbs=[("Home", url_for("provider.home.index")), ("Help", None)],
    )


@routes.get("/help/<topic>")
@requires(Can.SIGNED_IN)
def help_page(topic: str):
    """Help of one page; an unknown one falls back to the index (C-18)."""
    if topic not in TOPICS:
        return help_index()
    return page(
        "home/help_provider.html",
        topics=TOPICS,
        topic=topic,
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
