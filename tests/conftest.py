"""What every test gets: a database that is rolled back, the application, and the cast.

PORTAL_TEST_DATABASE_URL names a PostgreSQL server (any database of it that may be connected to); without it the tests
run on SQLite. Each xdist worker has a database of its own.
"""

from __future__ import annotations

import datetime as dt
import os

import hypothesis
import pytest

# A busy machine makes examples slowly: that is no fault of a rule.
hypothesis.settings.register_profile("portal", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("portal")
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")
TODAY = dt.date(2026, 10, 14)  # a Wednesday; the last full week began on Monday 5 October


def make_url(folder, suffix: str = "") -> str:
    """The URL of a fresh database of this worker."""
    server = os.environ.get("PORTAL_TEST_DATABASE_URL")
    if not server:
        return f"sqlite:///{folder}/test.db"
    import psycopg

    name = f"portal_test_{WORKER}{suffix}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}"')
    base, _, query = server.partition("?")
    return f"{base.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


def make_spare(folder, name: str) -> str:
    """The URL of one more, empty database of this worker."""
    if not os.environ.get("PORTAL_TEST_DATABASE_URL"):
        return f"sqlite:///{folder}/{name}.db"
    return make_url(folder, f"_{name}")


@pytest.fixture
def spare(tmp_path):
    """Makes URLs of further empty databases, by a name; on PostgreSQL they are dropped afterwards."""
    made = []

    def make(name: str = "spare") -> str:
        made.append(make_spare(tmp_path, name))
        return made[-1]

    yield make
    if server := os.environ.get("PORTAL_TEST_DATABASE_URL"):
        import psycopg

        with psycopg.connect(server, autocommit=True) as admin:
            for one in made:
                name = one.partition("?")[0].rsplit("/", 1)[1]
                admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def url(tmp_path_factory) -> str:
    """The database of this worker."""
    return make_url(tmp_path_factory.mktemp("database"))


@pytest.fixture(scope="session")
def whole_app(url):
    """The application on the worker's database, its tables made."""
    from app import create_app
    from commands import upgrade
    from models import db
    from tests.browser_checks import CheckedClient

    app = create_app(
        url, KEEP_CONNECTION=True, TESTING=True, WTF_CSRF_ENABLED=False, SECRET_KEY="tests", WORKER="apart"
    )
    app.test_client_class = CheckedClient
    db.connect(reuse_if_open=True)
    upgrade()
    return app


@pytest.fixture
def app(whole_app):
    """The application, in a transaction that is rolled back; today is TODAY."""
    from blueprints import weeks
    from models import db

    db.connect(reuse_if_open=True)
    with whole_app.app_context(), db.atomic() as transaction:
        weeks.set_today(TODAY)
        try:
            yield whole_app
        finally:
            weeks.set_today(None)
            transaction.rollback()


@pytest.fixture
def cast(app):
    """The people and packages of the demonstration, small: see tests/cast.py."""
    from tests.cast import Cast

    return Cast()


@pytest.fixture
def client(app):
    """A browser without JavaScript, nobody signed in."""
    return app.test_client()
