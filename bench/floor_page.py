"""The floor of the visits page: the same HTML from hand-written SQL and string formatting, under the same server.

It reads the session's cookie, the sign-in with its person and organisation, the settings, the services with their
periods, the week's groups, its hundred rows and its actuals, as the portal does, and formats the rows; the rest of the
page is as the portal made it once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import sqlite3
import threading
from html import escape
from pathlib import Path

from flask import Flask
from flask.sessions import SecureCookieSessionInterface

PIECES = json.loads((Path(os.environ["BENCH_FOLDER"]) / "floor.json").read_text())
URL = os.environ["PORTAL_DATABASE_URL"]
SQLITE = URL.startswith("sqlite:///")
here = threading.local()
_app = Flask("floor")
_app.secret_key = os.environ["PORTAL_SECRET_KEY"]


class _Cookie(SecureCookieSessionInterface):
    digest_method = staticmethod(hashlib.sha256)  # as the portal signs


SIGNER = _Cookie().get_signing_serializer(_app)

SESSION = (
    "SELECT s.id, s.seen_at, u.id, u.name, s.person_id, u.is_active, o.id, o.name, o.limited_accessibility FROM sign_in s "
    "JOIN portal_user u ON u.id = s.user_id LEFT JOIN organisation o ON o.id = u.organisation_id "
    "WHERE s.digest = ? AND s.ended_at IS NULL AND s.seen_at > ?"
)
SERVICES = (
    "SELECT s.id, s.name, s.end_date, p.start_date, p.end_date, p.cut_off FROM service s LEFT JOIN (SELECT DISTINCT "
    "p.start_date, p.end_date, p.cut_off, c.organisation_id FROM payment_period p JOIN contract c ON c.cycle_id = p.cycle_id "
    "WHERE c.organisation_id = ? AND p.start_date <= ? AND p.end_date >= ?) p ON p.organisation_id = s.organisation_id "
    "WHERE s.organisation_id = ? ORDER BY s.name, s.id"
)
GROUPS = (
    "SELECT v.client_id, c.surname, c.forename, c.ssref, v.level_id, l.name, v.type_id, t.name, v.status, v.reason, count(*) "
    "FROM visit v LEFT JOIN client c ON c.id = v.client_id LEFT JOIN service_level l ON l.id = v.level_id "
    "LEFT JOIN visit_type t ON t.id = v.type_id WHERE v.organisation_id = ? AND v.week = ? AND v.is_deleted = ? "
    "GROUP BY v.client_id, c.surname, c.forename, c.ssref, v.level_id, l.name, v.type_id, t.name, v.status, v.reason"
)
ROWS = (
    "SELECT v.id, v.ref, v.client_id, c.surname, c.forename, c.ssref, l.name, t.code, t.name, v.planned_date, v.planned_entry, "
    "v.planned_exit, v.delivered_date, v.delivered_entry, v.delivered_exit, v.status FROM visit v "
    "LEFT JOIN client c ON c.id = v.client_id LEFT JOIN service_level l ON l.id = v.level_id "
    "LEFT JOIN visit_type t ON t.id = v.type_id WHERE v.organisation_id = ? AND v.week = ? AND v.is_deleted = ? "
    "ORDER BY c.surname, c.forename, c.ssref, v.planned_date, v.planned_entry, v.ref LIMIT 100"
)
ACTUALS = (
    "SELECT a.id, a.actual, a.frustrated, a.missed, a.extra, a.visits, a.paid_minutes, a.source, p.cpli_id, p.start_date, "
    "p.end_date, p.quantity, p.frequency, p.unit_cost, c.surname, c.forename, l.name, l.unit FROM actual a "
    "JOIN package p ON p.id = a.package_id JOIN client c ON c.id = p.client_id JOIN service_level l ON l.id = p.level_id "
    "WHERE a.organisation_id = ? AND a.week = ? ORDER BY c.surname, c.forename"
)
SLOTS = (
    "SELECT s.package_id, s.weekday, s.entry, s.exit, s.carers FROM timetable_slot s JOIN actual a ON a.package_id = s.package_id "
    "WHERE a.organisation_id = ? AND a.week = ?"
)


def connection():
    """This thread's own."""
    if not hasattr(here, "db"):
        if SQLITE:
            here.db = sqlite3.connect(URL.removeprefix("sqlite:///"), isolation_level=None)
        else:
            import psycopg

            here.db = psycopg.connect(URL, autocommit=True)
    return here.db


def ask(statement: str, *parameters) -> list:
    """The rows of a statement with `?` marks."""
    if SQLITE:
        return connection().execute(statement, parameters).fetchall()
    return connection().execute(statement.replace("?", "%s"), parameters, prepare=True).fetchall()


def clock(seconds) -> str:
    """08:30:00."""
    return "" if seconds is None else f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def day(value) -> str:
    """05/10/2026."""
    text = str(value) if value else ""
    return text and f"{text[8:]}/{text[5:7]}/{text[:4]}"


COLOURS = {"Matched": "green", "Unmatched": "red", "New": "blue", "Missing Data": "red"}


def body(rows: list) -> str:
    """The rows of visits, a heading before each client's."""
    made, last = [], None
    for (
        ident,
        ref,
        client,
        surname,
        forename,
        ssref,
        level,
        code,
        name,
        planned,
        entry,
        exit,
        done,
        began,
        ended,
        status,
    ) in rows:
        if client != last:
            last = client
            made.append(
                f'<tr class="client"><th scope="rowgroup" colspan="11">{escape(surname)}, {escape(forename)} ({escape(ssref)})</th></tr>'
            )
        made.append(
            f'<tr><th scope="row" data-label="VisitRef">{escape(ref)}</th><td data-label="Service Level">{escape(level)}</td>'
            f'<td data-label="Visit Type">{escape(code)} {escape(name)}</td><td class="date" data-label="Planned date">{day(planned)}</td>'
            f'<td class="time" data-label="Planned entry">{clock(entry)}</td><td class="time" data-label="Planned exit">{clock(exit)}</td>'
            f'<td class="date" data-label="Delivered date">{day(done)}</td><td class="time" data-label="Delivered entry">{clock(began)}</td>'
            f'<td class="time" data-label="Delivered exit">{clock(ended)}</td><td data-label="Status"><span>'
            f'<strong class="govuk-tag govuk-tag--{COLOURS[status]}">{status}</strong></span></td>'
            f'<td class="actions"><a class="govuk-link" href="/provider/visits/{ident}">View'
            f'<span class="govuk-visually-hidden"> visit {escape(ref)}</span></a></td></tr>'
        )
    return "\n".join(made)


def application(environ, start_response):
    """Answers every address with the page."""
    if environ["PATH_INFO"] == "/healthz":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]
    cookie = environ.get("HTTP_COOKIE", "").partition("portal=")[2].partition(";")[0]
    token = SIGNER.loads(cookie)["token"]
    digest = hashlib.sha256(token.encode()).hexdigest()
    since = dt.datetime.now(dt.UTC).replace(tzinfo=None) - dt.timedelta(hours=12)
    person = ask(SESSION, digest, str(since) if SQLITE else since)[0]
    settings = {name: json.loads(value) for name, value in ask("SELECT name, value FROM setting")}
    organisation, week = person[6], PIECES["week"]
    ask(SERVICES, organisation, week, week, organisation)
    count = sum(row[-1] for row in ask(GROUPS, organisation, week, False))
    rows = ask(ROWS, organisation, week, False)
    ask(ACTUALS, organisation, week)
    ask(SLOTS, organisation, week)
    if not settings or count < len(rows):
        raise RuntimeError("the county is not as it was")
    page = (PIECES["head"] + body(rows) + PIECES["tail"]).encode()
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(page)))])
    return [page]
