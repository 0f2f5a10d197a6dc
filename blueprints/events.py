"""The security log: sign-ins, refusals and failures as one line of JSON each, with ids and nothing personal.

Each line has the time in UTC, what happened, who (ids), which page, from which address, and the request's number. It goes
to standard output with the rest of the log; docs/security.md says what is logged where.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import secrets
import sys
from typing import Any

from flask import Flask, g, request

log = logging.getLogger("portal.security")


def register(app: Flask) -> None:
    """Number the requests, note what sign-in pages answer, and send the lines to standard output."""
    if not log.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
    app.before_request(number)
    app.after_request(sign_ins)


def number() -> None:
    """Give the request a number by which its lines are found together."""
    g.request_number = secrets.token_hex(6)


def note(event: str, **facts: Any) -> None:
    """Write one line about the present request; `facts` are ids, codes and names of routes, nothing personal."""
    user = g.get("user")
    row = g.get("session_row")
    line = {
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
        "event": event,
        "request": g.get("request_number"),
        "method": request.method,
        "page": request.endpoint,
        "from": request.remote_addr,
        "user": row.user_id if row is not None else user.id if user is not None else None,
        "organisation": user.organisation_id if user is not None else None,
        **facts,
    }
    log.info(json.dumps(line, ensure_ascii=True))


def sign_ins(response):
    """Note every press on the pages of sign-in: which, and what it answered. 303 went through, 200 and 422 did not."""
    if request.method == "POST" and (request.endpoint or "").startswith("public.accounts."):
        note("sign-in page", status=response.status_code)
    return response
