"""What stands around every page: the header's names and colours, tabs, the filters of dates and money, and headers."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from functools import lru_cache
from pathlib import Path

from flask import Flask, current_app, g, make_response, render_template, request, url_for

from blueprints import components, events, history, permissions, sides, values, weeks
from blueprints.accounts import sessions
from blueprints.permissions import Can
from blueprints.wording import term
from models import utc_now

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MOST_FILES, FILES_WITHIN = 300, dt.timedelta(minutes=15)  # that one person takes away
# The shortcut tabs of each door: words, endpoint, the act that it needs. A tab whose area is not built is absent.
TABS = {
    "provider": [
        ("Home", "provider.home.index", Can.SIGNED_IN),
        ("Actuals/Visits", "provider.visits.index", Can.SEE_OWN),
        ("Actuals", "provider.actuals.index", Can.SEE_OWN),  # where nothing comes from visits
        ("One-Off Claims", "provider.claims.index", Can.SEE_OWN),
        ("Care package line items", "provider.packages.index", Can.SEE_OWN),
        ("Scheduled payments", "provider.payments.index", Can.SEE_PAYMENTS),
        ("POs", "provider.orders.index", Can.SEE_PAYMENTS),
        ("Reports", "provider.reports.index", Can.SIGNED_IN),
        ("Help", "provider.home.help_index", Can.SIGNED_IN),
    ],
    "authority": [
        ("Home", "authority.home.index", Can.SIGNED_IN),
        ("Organisations", "authority.organisations.index", Can.SEE_RECORDS),
        ("Requests", "authority.requests.index", Can.SEE_RECORDS),
        ("Clients", "authority.clients.index", Can.SEE_RECORDS),
        ("Packages", "authority.packages.index", Can.SEE_RECORDS),
        ("Visits", "authority.visits.index", Can.SEE_RECORDS),
        ("Actuals", "authority.actuals.index", Can.SEE_RECORDS),
        ("Claims", "authority.claims.index", Can.SEE_RECORDS),
        ("Payments", "authority.periods.index", Can.SEE_RECORDS),
        ("Reports", "authority.reports.index", Can.SEE_RECORDS),
        ("Files", "authority.imports.index", Can.SEE_RECORDS),
        ("Settings", "authority.settings.index", Can.SEE_RECORDS),
        ("Help", "authority.home.help_index", Can.SIGNED_IN),
    ],
}


def register(app: Flask) -> None:
    """Give templates what every page shows, and answers their headers."""
    app.context_processor(context)
    app.after_request(headers)
    app.after_request(note_file)
    app.url_defaults(hashed_static)
    app.add_template_filter(values.show_date, "date")
    app.add_template_filter(values.show_date_long, "long_date")
    app.add_template_filter(show_short_date, "short_date")
    app.add_template_filter(values.show_money, "money")
    app.add_template_filter(values.show_rate, "rate")
    app.add_template_filter(values.show_quantity, "quantity")
    app.add_template_filter(values.show_time, "time")
    app.add_template_filter(weeks.financial_year, "financial_year")
    app.add_template_filter(show_moment, "moment")
    app.jinja_env.globals.update(can=permissions.can, Can=Can, frame_href=address)


def show_short_date(day) -> str:
    """8 Jul 2019, as the guides write the dates of periods (R-01)."""
    return "" if day is None else f"{day.day} {values.show_date_long(day).split()[1][:3]} {day.year}"


def show_moment(when) -> str:
    """A UTC timestamp in London time: `5 October 2026, 14:30`; a dash where there is none."""
    if when is None:
        return "-"
    local = weeks.london(when)
    return f"{values.show_date_long(local.date())}, {local:%H:%M}"


@lru_cache
def fingerprint(name: str) -> str:
    """The first letters of a static file's digest, so that a changed file has a new address."""
    path = Path(current_app.static_folder) / name
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else ""


def hashed_static(endpoint: str, parameters: dict) -> None:
    """Add the fingerprint to the address of a static file."""
    if endpoint == "static" and "filename" in parameters:
        parameters.setdefault("v", fingerprint(parameters["filename"]))


def nonce() -> str:
    """The word of this answer that its scripts carry: no other script runs, not even a file that somebody has sent."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(18)
    return g.nonce


@lru_cache(maxsize=50)
def text_colour(colour: str) -> str:
    """Black or white, whichever has the greater contrast on a colour `#rrggbb` (WCAG relative luminance)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else "#0b0c0c"


def context() -> dict:
    """The variables of every template."""
    settings = g.get("settings")
    if settings is None:
        from blueprints.settings import rules

        settings = rules.Settings({})
    user = g.get("user")
    return {
        "authority": {
            "name": settings.authority_name,
            "portal_name": settings.portal_name,
            "colour": settings.colour,
            "text_colour": text_colour(settings.colour),
            "logo_href": address("public.settings.logo", digest=settings.logo.partition("-")[2])
            if settings.logo
            else None,
            "support_url": settings.support_address,
            "support_contact": settings.support_contact,
            "guide_url": settings.guide_address,
            "urgent_contact": settings.urgent_contact,
            "videos": [(line.split(None, 1) * 2)[:2] for line in settings.video_addresses],
        },
        "theme_href": address(
            "public.settings.theme", digest=components.theme(settings.colour, text_colour(settings.colour))[0]
        ),
        "links": links(user),
        "nonce": nonce(),
        "person": person(user) if user else None,
        "settings_now": settings,
        "tabs": tabs(user) if user else [],
        "notice": settings.notice if settings.notice_on else "",
        "shortcuts_on": user.shortcuts if user else True,
        "viewing": g.get("viewing"),
        "search_href": address(f"{'authority' if user.is_officer else 'provider'}.search.begin")
        if user and not g.get("viewing")
        else None,
        "demonstration": settings.is_demonstration,
        "version": current_app.config["VERSION"],
        "whats_new": settings.whats_new,
        "today": weeks.today() if g.get("settings") else None,
    }


def person(user) -> dict:
    """Who is signed in, with title (B-33), for which organisation, where to switch, and when the session ends."""
    left = sessions.seconds_left(g.session_row, g.settings)
    return {
        "name": user.contact.name if user.contact_id else user.name,
        "organisation_name": user.organisation.name if user.organisation_id else "",
        "switch_href": address("public.accounts.switch") if g.session_row.has_others else None,
        "account_href": address("authority.accounts.me" if user.is_officer else "provider.accounts.me"),
        "seconds_left": left,
        "ends_at": f"{weeks.london(weeks.utc_now() + dt.timedelta(seconds=left)):%H:%M}",
        "warn_seconds": 60 * g.settings.sign_in_warning,
    }


@lru_cache(maxsize=200)
def _address(endpoint: str, _root: str, **values) -> str:
    return url_for(endpoint, **values)


def address(endpoint: str, **values) -> str:
    """The address of a page of the frame, put together once: there are thirty of them on every page."""
    if current_app.debug:  # a static file's changes with the file
        return url_for(endpoint, **values)
    return _address(endpoint, request.root_path, **values)


def links(user) -> dict:
    """The addresses of the frame: the way home, and the foot of the page."""
    side = "public" if user is None else "authority" if user.is_officer else "provider"
    return {
        "home": address(f"{side}.home.index"),
        "help": help_of(side),
        "privacy": address("public.home.privacy"),
        "accessibility": address("public.home.accessibility"),
        "whats_new": address("public.home.whats_new"),
    }


def help_of(side: str) -> str:
    """The help of the present page; its index where the page has none of its own (C-18)."""
    if side == "provider":
        from blueprints.home.provider import HELP_OF

        here = request.endpoint or ""
        topic = HELP_OF.get(here) or HELP_OF.get(here.rpartition(".")[0])
        if topic:
            return address("provider.home.help_page", topic=topic)
    elif side == "authority":
        from blueprints.home.authority import HELP_OF as OFFICERS

        here = request.endpoint or ""
        topic = OFFICERS.get(here) or OFFICERS.get(here.rpartition(".")[0])
        if topic:
            return address("authority.home.help_page", topic=topic)
    return address(f"{side}.home.help_index")


def tabs(user) -> list[dict]:
    """The tabs that this person may use, the present one marked."""
    side = "authority" if user.is_officer else "provider"
    here = request.endpoint or ""
    made = []
    for text, endpoint, act in TABS[side]:
        area = endpoint.rsplit(".", 1)[0]
        there = sides.is_there if side == "provider" else sides.is_open_to_officers
        if area == "provider.actuals" and made and made[-1]["href"] == address("provider.visits.index"):
            continue  # one tab for both
        if there(area.split(".")[-1]) and permissions.can(act) and endpoint in current_app.view_functions:
            href = help_of(side) if endpoint.endswith(".help_index") else address(endpoint)
            made.append({"text": term(text), "href": href, "current": is_current(here, endpoint, area)})
    made.append({"text": "Log out", "href": address("public.accounts.sign_out"), "post": True, "current": False})
    return made


# The pages of payment cycles and their calendar, which stand among contracts.
CYCLE_PAGES = (
    "calendar", "cycles", "cycle", "cycle_story", "of_cycle", "add_cycle", "edit_cycle", "dates", "extend",
)  # fmt: skip
# Areas, and single pages, that belong under another area's tab.
UNDER = {
    "provider.actuals": "provider.visits",
    "provider.carers": "provider.visits",
    "provider.disputes": "provider.visits",
    "provider.imports": "provider.visits",
    "provider.periods": "provider.payments",
    "provider.remittances": "provider.payments",
    "provider.properties": "provider.services",
    "provider.availability": "provider.services",
    "authority.disputes": "authority.visits",
    "authority.services": "authority.organisations",
    "authority.viewing": "authority.organisations",
    "authority.teams": "authority.settings",
    "authority.contacts": "authority.organisations",
    "authority.properties": "authority.organisations",
    "authority.availability": "authority.organisations",
    "authority.contracts": "authority.organisations",
    "authority.payments": "authority.periods",
    "authority.holds": "authority.periods",
    "authority.adjustments": "authority.periods",
    "authority.remittances": "authority.periods",
    "authority.orders": "authority.periods",
    "authority.exports": "authority.periods",
    "authority.orders.of_client": "authority.clients",
    "authority.orders.of_contract": "authority.organisations",
    **{f"authority.contracts.{page}": "authority.periods" for page in CYCLE_PAGES},
}


def is_current(here: str, endpoint: str, area: str) -> bool:
    """Is the present page under this tab?"""
    present = here.rsplit(".", 1)[0]
    if "help_" in here or "help_" in endpoint:
        return "help_" in here and "help_" in endpoint
    return UNDER.get(here, UNDER.get(present, present)) == area


def note_file(response):
    """Log who took a file or report away (B-22)."""
    given = response.headers.get("Content-Disposition", "")
    user = g.get("user")
    if user is not None and request.method == "GET" and response.status_code == 200 and given:
        if history.taken_since(user.id, utc_now() - FILES_WITHIN) >= MOST_FILES:
            response.close()
            events.note("too many files")
            return too_many_files()
        ident = next((v for v in (request.view_args or {}).values() if isinstance(v, int)), 0)
        history.took(user.id, (request.endpoint or "").partition(".")[2], ident)
    return response


def too_many_files():
    """Nobody takes so many files by hand: try again later (ASVS 2.4.1)."""
    answer = make_response(render_template("errors/429.html", most=MOST_FILES), 429)
    answer.headers["Retry-After"] = str(int(FILES_WITHIN.total_seconds()))
    return answer


def headers(response):
    """The security headers of every answer (quality.md); nothing personal is cached."""
    response.headers.setdefault("Content-Security-Policy", POLICY.format(nonce=nonce()))
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if (
        request.endpoint not in ("static", "public.settings.theme", "public.settings.logo")
        or response.status_code >= 400
    ):
        response.headers["Cache-Control"] = "no-store"
    return response
