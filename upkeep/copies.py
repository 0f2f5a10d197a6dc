"""Backups: one file holds the whole database as it was at one moment, and goes back into SQLite or PostgreSQL.

The file is an SQLite database whichever database the portal uses, so that a copy can be looked into, checked without a
server, and taken from a small installation to a large one.
"""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import database
import migrations

PIECE = 5000  # rows in memory at once
SEEDED = ("visit_type", "role_name")  # tables that a fresh schema fills with defaults


class Refused(ValueError):
    """A copy that cannot be made or put back; the message says why and what to do."""


# out -------------------------------------------------------------------------------------------------------------------


def backup(db, target: Path, overwrite: bool = False) -> dict[str, int]:
    """Write one consistent copy while the portal is in use; returns the rows of each table. Raises Refused.

    The file appears under its name only when it is whole and has been verified.
    """
    if target.exists() and not overwrite:
        raise Refused(f"{target} exists. Choose another name, or add --overwrite.")
    if not target.parent.is_dir():
        raise Refused(f"There is no folder {target.parent}.")
    db = database.real(db)
    with unfinished(target) as part:
        rows = from_sqlite(db, part) if database.is_sqlite(db) else from_postgresql(db, part)
        found = verify(part)
        if found != rows:
            raise Refused(
                "The copy does not hold what the database held. Try again; look at the disk if it happens twice."
            )
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(target)
    return rows


@contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """A new file beside the target that only its owner may read; gone afterwards unless it was renamed."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(name + suffix).unlink(missing_ok=True)


def from_sqlite(db, part: Path) -> dict[str, int]:
    """Copy an SQLite database as one reader sees it; others go on writing."""
    with closing(sqlite3.connect(db.database, isolation_level=None, timeout=60)) as source:
        source.execute("BEGIN")
        rows = counts(source)  # the first read fixes the moment
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
    return rows


def from_postgresql(db, part: Path) -> dict[str, int]:
    """Copy a PostgreSQL database in one repeatable-read snapshot."""
    copy = database.open_database(f"sqlite:///{part.resolve()}")
    with copy.connection_context():
        copy.execute_sql("PRAGMA synchronous = OFF")
        migrations.run(copy)
        for table in SEEDED:
            copy.execute_sql(f'DELETE FROM "{table}"')
        copy.execute_sql("DELETE FROM schema_migration")
        rows = {}
        with snapshot_of(db) as source, copy.atomic():
            copy.execute_sql("PRAGMA defer_foreign_keys = 1")
            for table in tables(copy.connection()):
                rows[table] = copy_table(source, copy.connection(), table)
        copy.execute_sql("PRAGMA journal_mode = DELETE")
    copy.close_all()
    return rows


@contextmanager
def snapshot_of(db):
    """A connection of its own that sees PostgreSQL as it is at this moment."""
    import psycopg

    arguments = {k: v for k, v in db.connect_params.items() if v is not None}
    with psycopg.connect(dbname=db.database, **arguments) as source:
        source.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        source.read_only = True
        yield source


def copy_table(source, copy: sqlite3.Connection, table: str) -> int:
    """All rows of a table from PostgreSQL to SQLite; returns how many."""
    names = columns(copy, table)
    quoted, marks = ", ".join(f'"{n}"' for n in names), ", ".join("?" * len(names))
    done = 0
    with source.cursor(name=f"copy_{table}") as rows:
        rows.itersize = PIECE
        rows.execute(f'SELECT {quoted} FROM "{table}"')
        while piece := rows.fetchmany(PIECE):
            copy.executemany(
                f'INSERT INTO "{table}" ({quoted}) VALUES ({marks})', (tuple(map(stored, r)) for r in piece)
            )
            done += len(piece)
    return done


def stored(value):
    """A value as SQLite keeps it."""
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f") if value.microsecond else value.strftime("%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, dt.date) else value


# the file --------------------------------------------------------------------------------------------------------------


def tables(copy: sqlite3.Connection) -> list[str]:
    """The tables of a copy, those that others point at before them."""
    names = [
        name
        for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    ]
    needs = {name: {row[2] for row in copy.execute(f'PRAGMA foreign_key_list("{name}")')} - {name} for name in names}
    ordered: list[str] = []
    while needs:
        free = sorted(name for name, others in needs.items() if not others - set(ordered))
        if not free:
            raise Refused(f"The tables {', '.join(sorted(needs))} point at each other in a circle.")
        ordered += free
        for name in free:
            del needs[name]
    return ordered


def columns(copy: sqlite3.Connection, table: str) -> list[str]:
    """The columns of a table."""
    return [row[1] for row in copy.execute(f'PRAGMA table_info("{table}")')]


def counts(copy: sqlite3.Connection) -> dict[str, int]:
    """Rows of each table."""
    return {name: copy.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables(copy)}


def verify(file: Path) -> dict[str, int]:
    """Read a copy from end to end; returns the rows of each table. Raises Refused where it is broken or none of ours."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as copy:
            (answer,) = copy.execute("PRAGMA integrity_check").fetchone()
            if answer != "ok":
                raise Refused(f"{file} is damaged: {answer}")
            if broken := copy.execute("PRAGMA foreign_key_check").fetchone():
                raise Refused(
                    f"{file} is damaged: a row of {broken[0]} points at a row of {broken[2]} that is not there."
                )
            found = counts(copy)
    except sqlite3.DatabaseError as error:
        raise Refused(f"{file} is not a backup: {error}.")
    if "schema_migration" not in found or "portal_user" not in found:
        raise Refused(f"{file} is not a backup of a portal.")
    return found


# back in ---------------------------------------------------------------------------------------------------------------


def restore(db, source: Path, overwrite: bool = False) -> dict[str, int]:
    """Put a backup in place of the database, whole or not at all; returns the rows of each table. Raises Refused.

    A backup of an earlier version is upgraded on the way. A database with anything in it is overwritten only if told.
    """
    verify(source)
    db = database.real(db)
    if not overwrite and in_use(db):
        raise Refused("The database is not empty. To put the backup in its place add --overwrite.")
    with tempfile.TemporaryDirectory(prefix="portal-restore-") as folder:
        part = Path(folder) / "upgraded.db"
        with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(part)) as copy:
            original.backup(copy)
        upgraded = database.open_database(f"sqlite:///{part}")
        with upgraded.connection_context():
            migrations.run(upgraded)
            upgraded.execute_sql("PRAGMA journal_mode = DELETE")
        upgraded.close_all()
        rows = verify(part)
        with closing(sqlite3.connect(part)) as copy:
            into_sqlite(copy, db) if database.is_sqlite(db) else into_postgresql(copy, db)
    found = {name: db.execute_sql(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in rows}
    if found != rows:
        raise Refused("The database does not hold what the backup holds. Restore it again.")
    return rows


def in_use(db) -> bool:
    """Somebody or something is in the database."""
    there = set(db.get_tables())
    return any(
        name in there and db.execute_sql(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone()
        for name in ("portal_user", "organisation", "client", "setting")
    )


def into_sqlite(copy: sqlite3.Connection, db) -> None:
    """Replace every page in one transaction; who reads meanwhile sees the old database until its end."""
    with closing(sqlite3.connect(db.database, timeout=60)) as target:
        copy.backup(target)
        target.execute("PRAGMA journal_mode = WAL")


def into_postgresql(copy: sqlite3.Connection, db) -> None:
    """Replace every table in one transaction."""
    with db.atomic():
        db.execute_sql("SELECT pg_advisory_xact_lock(hashtext('portal schema'))")
        for name in db.get_tables():
            db.execute_sql(f'DROP TABLE "{name}" CASCADE')
        migrations.run(db)
        for table in SEEDED:
            db.execute_sql(f'DELETE FROM "{table}"')
        db.execute_sql("DELETE FROM schema_migration")
        kinds = {}
        for table, column, kind in db.execute_sql(
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema()"
        ).fetchall():
            kinds[table, column] = kind
        for table in tables(copy):
            names = columns(copy, table)
            yes_no = [i for i, name in enumerate(names) if kinds[table, name] == "boolean"]
            quoted = ", ".join(f'"{n}"' for n in names)
            cursor = db.connection().cursor()
            with cursor.copy(f'COPY "{table}" ({quoted}) FROM STDIN') as out:
                for row in copy.execute(f'SELECT {quoted} FROM "{table}"'):
                    values = list(row)
                    for at in yes_no:
                        values[at] = None if values[at] is None else bool(values[at])
                    out.write_row(values)
            if kinds.get((table, "id")) in ("integer", "bigint"):
                db.execute_sql(
                    f"SELECT setval(pg_get_serial_sequence('\"{table}\"', 'id'), coalesce(max(id), 1), max(id) IS NOT NULL) "
                    f'FROM "{table}"'
                )
