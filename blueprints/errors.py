"""What a person is told when something cannot be shown or has failed, with a reference number where it has."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from peewee import OperationalError
from werkzeug.exceptions import SecurityError

from blueprints import events, pages, permissions
from blueprints.accounts import sessions


def register(app: Flask) -> None:
    """The error pages."""
    app.register_error_handler(SecurityError, another_host)
    app.register_error_handler(403, forbidden)
    app.register_error_handler(404, missing)
    app.register_error_handler(405, missing)
    app.register_error_handler(413, too_large)
    app.register_error_handler(CSRFError, stale_form)
    app.register_error_handler(OperationalError, database_away)
    app.register_error_handler(OverflowError, beyond)
    app.register_error_handler(500, failed)


def another_host(_error):
    """A request for a name that is not this portal's; no page, since no address can be made for it."""
    events.note("another host")
    return Response("This portal has another address.\n", status=400, content_type="text/plain; charset=utf-8")


def forbidden(_error):
    act = g.get("missing_act")
    events.note("refused", act=act.name.lower() if act else None)
    return render_template("errors/403.html", grant=permissions.who_grants(act) if act else ""), 403


def missing(error):
    if g.get("user") is not None and request.endpoint:  # somebody else's row looks like one that is not there
        numbers = [value for value in (request.view_args or {}).values() if isinstance(value, int)]
        events.note("not there", status=error.code, rows=numbers)
    return render_template("errors/404.html"), error.code


def beyond(error):
    """A number in a query that no database keeps is nobody's; in a form that is a failure, and nothing was written."""
    return (render_template("errors/404.html"), 404) if request.method == "GET" else failed(error)


def too_large(_error):
    events.note("too large")
    return render_template("errors/413.html"), 413


def stale_form(_error):
    """A form whose token is not this session's. What was typed is given back: to send, where it comes from a page of
    ours and the person is signed in again; else to copy."""
    events.note("form without its token")
    pairs = [(name, value) for name, value in request.form.items(multi=True)]
    own_page = request.headers.get("Origin", "").rstrip("/") == request.host_url.rstrip("/")
    user = g.get("user")
    if user is not None and own_page and request.blueprints and request.blueprints[-1] != "public":
        kept = sessions.keep_form(user.id, request.full_path.rstrip("?"), pairs, bool(request.files))
        if kept is not None:
            return pages.leave(url_for("public.accounts.kept_form", form_id=kept.id))
    sent = [] if request.blueprints[-1:] == ["public"] else sessions.readable(pairs)
    return render_template("errors/csrf.html", sent=sent, no_cookies=not request.cookies), 400


def database_away(error):
    number = note(error)
    return render_template("errors/503.html", reference=number), 503


def failed(error):
    number = note(getattr(error, "original_exception", None) or error)
    return render_template("errors/500.html", reference=number), 500


def note(error) -> str:
    """Log a failure under a reference number; its kind and place, never its values."""
    number = secrets.token_hex(4).upper()
    frames = []
    trace = getattr(error, "__traceback__", None)
    while trace:
        frames.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    events.note("failure", reference=number, kind=type(error).__name__, place=" < ".join(reversed(frames[-8:])))
    return number
