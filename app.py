"""Makes the application: settings, database, the person, permissions, the doors."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, g, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_compress import Compress
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

import database
import migrations
import tasks
from blueprints import components, errors, events, frame, history, keys, mail, permissions, scanner, sides, weeks
from blueprints.accounts import rules as accounts
from blueprints.accounts import sessions
from blueprints.reach import Reach
from blueprints.settings import rules as settings
from blueprints.viewing import eyes
from forms.base import PortalForm
from models import db

__version__ = "0.1.0"


class SessionCookie(SecureCookieSessionInterface):
    """The session's cookie, signed with HMAC-SHA-256 instead of SHA-1."""

    digest_method = staticmethod(hashlib.sha256)


class Portal(Flask):
    """Flask, but what fails is logged by `errors` alone: the words of an exception may hold somebody's details."""

    def log_exception(self, exc_info) -> None:
        """Nothing, unless PORTAL_DEBUG asks for the whole trace."""
        if os.environ.get("PORTAL_DEBUG") == "1":
            super().log_exception(exc_info)


class StoredNumber(IntegerConverter):
    """A number in an address; one that no database keeps is nobody's, so 404."""

    def __init__(self, *args, max: int = 2**63 - 1, **kwargs):
        super().__init__(*args, max=max, **kwargs)


def create_app(url: str | None = None, **config) -> Flask:
    """The application on the database of the environment, or of `url`."""
    app = Portal(__name__)
    app.session_interface = SessionCookie()
    app.url_map.converters["int"] = StoredNumber
    base = os.environ.get("PORTAL_BASE_URL") or f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
    secure = base.startswith("https://")
    app.config.update(
        SECRET_KEY=os.environ.get("PORTAL_SECRET_KEY") or kept_secret(),
        BASE_URL=base,
        WORKER=os.environ.get("PORTAL_WORKER", "inside"),
        MAX_CONTENT_LENGTH=210 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        MAX_FORM_PARTS=2000,
        SESSION_COOKIE_NAME="__Host-portal" if secure else "portal",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        TRUSTED_HOSTS=[urlsplit(base).hostname or "localhost", "localhost", "127.0.0.1", "[::1]"],
        WTF_CSRF_TIME_LIMIT=None,
        SEND_FILE_MAX_AGE_DEFAULT=31536000,
        COMPRESS_ALGORITHM=["gzip"],
        COMPRESS_MIMETYPES=[
            "text/html",
            "text/css",
            "application/javascript",
            "text/javascript",
            "text/csv",
            "image/svg+xml",
        ],
        KEEP_CONNECTION=False,
        VERSION=__version__,
    )
    app.config.update(config)
    scanner.use(os.environ.get("PORTAL_SCANNER_URL", ""))
    keys.use(app.config["SECRET_KEY"])
    mail.use(os.environ.get("PORTAL_MAIL_URL") or "outbox:", app.config["BASE_URL"])
    db.initialize(database.open_database(url))
    weeks.use_clock(stored_today)
    proxies = int(os.environ.get("PORTAL_PROXIES", "0"))
    if proxies:  # without it nobody's word is taken for where a request came from
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0, x_prefix=0)
    Compress(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    components.register(app)
    frame.register(app)
    errors.register(app)
    events.register(app)
    app.before_request(begin)
    CSRFProtect(app)
    app.before_request(eyes.open_eyes)
    app.before_request(sides.guard)
    app.before_request(eyes.refuse_presses)
    app.before_request(permissions.check)
    app.teardown_request(finish)
    PortalForm.organisation_now = staticmethod(lambda: g.user.organisation_id if g.get("user") else None)
    sides.build(app)
    tasks.register(app)
    import commands

    commands.register(app)
    return app


def serving() -> Flask:
    """The application for a web server. Raises SchemaError where the database is not of this version."""
    app = create_app()
    with db.connection_context():
        migrations.check(database.real(db))
    return app


def kept_secret() -> str:
    """The secret key made on first start and kept in instance/, readable by its owner only."""
    path = Path(__file__).parent / "instance" / "secret_key"
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        made = path.with_suffix(f".{os.getpid()}")
        made.touch(mode=0o600)
        made.write_text(secrets.token_hex(32))
        try:
            os.link(made, path)  # the first of two processes wins
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return path.read_text().strip()


def stored_today():
    """The date that the `today` command set, or None."""
    import datetime as dt

    value = g.settings.today if g and "settings" in g else settings.read().today
    return dt.date.fromisoformat(value) if value else None


def begin() -> None:
    """Connect; find the session, its person, what the person may do and see."""
    g.user, g.reach, g.acts, g.session_row, g.pending = None, None, frozenset(), None, None
    g.kept = {}
    history.FROM.set(request.remote_addr or "")
    history.LOOKER.set(None)
    if request.endpoint == "static":
        return
    if db.is_closed():
        db.connect()
    g.settings = settings.read()
    token = session.get("token")
    if not token:
        return
    row = sessions.session_of(token, g.settings)
    if row is None:
        session["was"] = session.pop("token")  # a form that comes too late is still this person's
        return
    if not row.is_ready:
        g.pending = row
        return
    g.session_row, g.user = row, row.user
    if not row.user.is_officer:
        g.settings = g.settings.for_kinds(row.user.organisation.kinds.splitlines())
    g.reach = Reach.of(row.user)
    g.acts = permissions.acts_of(row.user, accounts.roles_of(row.user) if row.user.is_officer else [])
    if request.endpoint != "public.accounts.session_left":  # asking how long it lasts is no use
        sessions.keep_alive(row)


def finish(_error=None) -> None:
    """Give the connection back."""
    from flask import current_app

    if not current_app.config["KEEP_CONNECTION"] and not db.is_closed():
        db.close()
