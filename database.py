"""The database behind models.db: which one, how it is opened, and the two things that differ between the two.

SQLite in WAL mode, with IMMEDIATE transactions and full syncs because these rows are payments; or PostgreSQL by one URL.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from urllib.parse import unquote, urlparse

from peewee import Model, SqliteDatabase
from playhouse.pool import PooledPostgresqlDatabase, PooledSqliteDatabase

ROOT = Path(__file__).resolve().parent
DEFAULT_URL = "sqlite:///instance/portal.db"
TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey")  # of a PostgreSQL URL, handed on as they stand
BUSY_SECONDS = 30  # how long a writer waits for another one before it gives up


BEFORE_COMMIT: list[Callable] = []  # called with the database before each commit, within the transaction

AFTER_ROLLBACK: list[Callable] = []  # called with the database after each: what was to be done at the commit is not


class Told:
    """A database that tells before it commits, and after it has rolled back."""

    def commit(self):
        """Tell, then commit; what fails rolls the transaction back."""
        for tell in BEFORE_COMMIT:
            tell(self)
        super().commit()  # type: ignore[misc]

    def rollback(self):
        """Roll back, then tell."""
        super().rollback()  # type: ignore[misc]
        for tell in AFTER_ROLLBACK:
            tell(self)


class ToldSqliteDatabase(Told, PooledSqliteDatabase):
    """SQLite that tells before it commits."""


class ToldPostgresqlDatabase(Told, PooledPostgresqlDatabase):
    """PostgreSQL that tells before it commits."""


# A row's statement joins ten tables by their keys: to weigh every order of them takes PostgreSQL 7 ms, to run it 3.
POSTGRESQL = "-c timezone=UTC -c join_collapse_limit=4"


def open_database(url: str | None = None):
    """The database that PORTAL_DATABASE_URL names (interfaces.md); not yet connected. Raises ValueError on a URL of another kind."""
    url = url or os.environ.get("PORTAL_DATABASE_URL") or DEFAULT_URL
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        path = path if path.is_absolute() else ROOT / path
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)  # clients' details: nobody else on the machine reads them
        return ToldSqliteDatabase(
            str(path),
            max_connections=40,
            stale_timeout=300,
            timeout=BUSY_SECONDS,
            lock_type="IMMEDIATE",
            check_same_thread=False,
            pragmas={
                "journal_mode": "wal",
                "foreign_keys": 1,
                "synchronous": "FULL",
                "cache_size": -65536,
                "temp_store": "memory",
            },
        )
    if url.startswith(("postgresql://", "postgres://")):
        parts = urlparse(url)
        query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
        return ToldPostgresqlDatabase(
            parts.path.lstrip("/"),
            max_connections=40,
            stale_timeout=300,
            user=unquote(parts.username or "") or None,
            password=unquote(parts.password or "") or None,
            host=unquote(query.get("host") or parts.hostname or "") or None,
            port=parts.port,
            **{name: unquote(query[name]) for name in TLS if name in query},
            options=POSTGRESQL,
        )
    raise ValueError(f"PORTAL_DATABASE_URL must begin with sqlite:/// or postgresql://, not {url.split(':')[0]!r}")


def is_sqlite(db) -> bool:
    """True on SQLite."""
    return isinstance(real(db), SqliteDatabase)


def real(db):
    """The database behind the proxy of models.py."""
    return getattr(db, "obj", None) or db


def bulk_upsert(
    model: type[Model],
    columns: Sequence[str],
    rows: Iterable[Sequence],
    key: Sequence[str] = (),
    update: Sequence[str] | None = None,
) -> None:
    """Write many rows: added, or where `key` (field names of a unique index) exists, `update` replaced (all but the key).

    Values are database values (ids, integers, ISO dates or date objects). One executemany on SQLite, one COPY into a
    temporary table and one statement on PostgreSQL: ten times the speed of insert_many. Runs inside the caller's
    transaction.
    """
    db = real(model._meta.database)
    names = [model._meta.fields[c].column_name for c in columns]
    keys = [model._meta.fields[c].column_name for c in key]
    if update is None:
        update = [c for c in columns if c not in key]
    changes = [model._meta.fields[c].column_name for c in update]
    table = model._meta.table_name
    quoted = ", ".join(f'"{n}"' for n in names)
    conflict = ""
    if keys:
        target = ", ".join(f'"{k}"' for k in keys)
        sets = ", ".join(f'"{c}" = excluded."{c}"' for c in changes)
        conflict = f" ON CONFLICT ({target}) DO " + (f"UPDATE SET {sets}" if sets else "NOTHING")
    if is_sqlite(db):
        marks = ", ".join("?" * len(names))
        _cursor(db).executemany(f'INSERT INTO "{table}" ({quoted}) VALUES ({marks}){conflict}', rows)
        return
    if not keys:
        _copy(db, table, names, rows)
        return
    temporary = f"incoming_{table}"
    db.execute_sql(
        f'CREATE TEMP TABLE IF NOT EXISTS "{temporary}" (LIKE "{table}" INCLUDING DEFAULTS) ON COMMIT DELETE ROWS'
    )
    db.execute_sql(f'TRUNCATE "{temporary}"')
    for name in (f.column_name for f in model._meta.sorted_fields):
        db.execute_sql(f'ALTER TABLE "{temporary}" ALTER COLUMN "{name}" DROP NOT NULL') if name not in names else None
    _copy(db, temporary, names, rows)
    db.execute_sql(f'INSERT INTO "{table}" ({quoted}) SELECT {quoted} FROM "{temporary}"{conflict}')


def _cursor(db):
    """A raw cursor of the connection in use, inside its transaction."""
    return db.connection().cursor()


def _copy(db, table: str, names: Sequence[str], rows: Iterable[Sequence]) -> None:
    """PostgreSQL COPY of the rows into the table."""
    quoted = ", ".join(f'"{n}"' for n in names)
    with _cursor(db).copy(f'COPY "{table}" ({quoted}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def execute_many(model: type[Model], statement: str, rows: Iterable[Sequence]) -> None:
    """Run one statement for many parameter rows (`?` marks), inside the caller's transaction."""
    db = real(model._meta.database)
    if not is_sqlite(db):
        statement = statement.replace("%", "%%").replace("?", "%s")
    _cursor(db).executemany(statement, rows)


def sql(db, statement: str, parameters: Sequence = ()):
    """Run a statement written with `?` marks on either database; returns the cursor."""
    db = real(db)
    if not is_sqlite(db):
        statement = statement.replace("%", "%%").replace("?", "%s") if parameters else statement
    return db.execute_sql(statement, tuple(parameters) or None)


def rows(query) -> list[tuple]:
    """The rows of a query as the driver gives them: a third of the time that peewee takes to look at every value.

    Values are database values: on SQLite a date is ISO text (`packages.rules.day` reads both), a boolean 0 or 1.
    """
    return real(query.model._meta.database).execute(query).fetchall()


def describe(db) -> str:
    """`SQLite` or `PostgreSQL`, for messages."""
    return "SQLite" if is_sqlite(db) else "PostgreSQL"


def serialise(db, name: str) -> None:
    """Let one transaction at a time past this point for a name; until its end. SQLite's writers queue anyway."""
    if not is_sqlite(db):
        real(db).execute_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", (name,))


def bulk_update(model: type[Model], key: str, columns: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Set columns of many rows found by one key; each row is (key value, *values). Runs in the caller's transaction."""
    db = real(model._meta.database)
    table = model._meta.table_name
    found = model._meta.fields[key].column_name
    names = [model._meta.fields[c].column_name for c in columns]
    if is_sqlite(db):
        sets = ", ".join(f'"{n}" = ?{i}' for i, n in enumerate(names, 2))
        _cursor(db).executemany(f'UPDATE "{table}" SET {sets} WHERE "{found}" = ?1', rows)
        return
    quoted = ", ".join(f'"{n}"' for n in (found, *names))
    temporary = f"changed_{table[:40]}_{zlib.crc32(quoted.encode()):08x}"  # one for each set of columns
    db.execute_sql(
        f'CREATE TEMP TABLE IF NOT EXISTS "{temporary}" ON COMMIT DELETE ROWS AS SELECT {quoted} FROM "{table}" WHERE false'
    )
    db.execute_sql(f'TRUNCATE "{temporary}"')
    _copy(db, temporary, [found, *names], rows)
    sets = ", ".join(f'"{n}" = t."{n}"' for n in names)
    db.execute_sql(f'UPDATE "{table}" SET {sets} FROM "{temporary}" t WHERE "{table}"."{found}" = t."{found}"')
