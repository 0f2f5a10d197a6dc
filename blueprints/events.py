"""The security log: sign-ins, refusals and failures as one line of JSON each, with ids and nothing personal.

Each line has the time in UTC, what happened, who (ids), which page, from which address, and the request's number. Every
other line that the program logs comes in the same form. They go to standard error; docs/security.md says what is logged.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import secrets
import sys
from typing import Any

from flask import Flask, g, has_request_context, request

from blueprints import keys

log = logging.getLogger("portal.security")


class Lines(logging.StreamHandler):
    """Writes to what is standard error at the time."""

    def __init__(self):
        logging.Handler.__init__(self)

    @property
    def stream(self):
        """Standard error now."""
        return sys.stderr


class AsJson(logging.Formatter):
    """A line of JSON, ASCII only: what somebody typed can neither end a line nor colour a screen."""

    def format(self, record: logging.LogRecord) -> str:
        """The record; a security event is JSON already."""
        if record.name == log.name:
            return record.getMessage()
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        return json.dumps({"at": now(), "event": "log", "level": record.levelname.lower(), "text": text})


def now() -> str:
    """The time in UTC with its offset."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")


def register(app: Flask) -> None:
    """Number the requests, note what is pressed on sign-in and account pages, and write lines to standard error."""
    top = logging.getLogger("portal")
    if not top.handlers:
        handler = Lines()
        handler.setFormatter(AsJson())
        top.addHandler(handler)
        top.setLevel(logging.INFO)
    app.before_request(number)
    app.after_request(presses)


def number() -> None:
    """Give the request a number by which its lines are found together."""
    g.request_number = secrets.token_hex(6)


def note(event: str, **facts: Any) -> None:
    """Write one line about the present request; `facts` are ids, codes and names of routes, nothing personal."""
    line: dict[str, Any] = {"at": now(), "event": event}
    if has_request_context():
        user, row = g.get("user"), g.get("session_row") or g.get("pending")
        line |= {
            "request": g.get("request_number"),
            "method": request.method if request.method.isalpha() else "?",
            "page": request.endpoint,
            "from": request.remote_addr,
            "person": row.person_id if row is not None else g.get("noted_person"),
            "user": user.id if user is not None else None,
            "organisation": user.organisation_id if user is not None else None,
        }
    log.info(json.dumps(line | facts))


def login_word(name: str) -> str:
    """A word for the name that somebody tried, the same one each time, that does not lead back to it."""
    return keys.derived("name in the log", name.strip().lower()).hex()[:16]


def presses(response):
    """Note every press on pages of sign-in and of logins, and files that were refused.

    303 went through; 200, 403 and 422 did not. What was changed stands in the audit trail.
    """
    if request.method == "POST" and ".accounts." in (request.endpoint or "") and "session" not in request.endpoint[-8:]:
        step = (request.view_args or {}).get("step")
        note("sign-in or login", status=response.status_code, **({"step": step} if step else {}))
    elif request.method == "POST" and response.status_code in (413, 422) and request.files:
        note("file refused", status=response.status_code)
    return response
