"""Schema changes, one numbered file each, applied in order, all of them or none, under one lock.

A file defines `up(migrator, db)` with its own frozen copy of what it makes: it imports nothing of the application, which
goes on changing. The table `schema_migration` says which have been applied. `python -m migrations.freeze` writes 0001
anew from models.py, as long as nothing is released; after that a change is a new file (docs/developer.md).
"""

from __future__ import annotations

from pathlib import Path

from peewee import SqliteDatabase
from playhouse.migrations import Migration, Runner

FOLDER = Path(__file__).resolve().parent


class SchemaError(RuntimeError):
    """The program and the database's tables do not belong together; the message says why and what to do."""


def runner(database) -> Runner:
    """What applies the files to a database and knows which it has."""
    return Runner(database, str(FOLDER))


def names() -> list[str]:
    """The migrations that this version of the program has, in order."""
    return [migration.name for migration in Migration.load_directory(str(FOLDER))]


def applied(database) -> set[str]:
    """The migrations that the database has had."""
    return set(runner(database).applied())


def run(database) -> list[str]:
    """Bring the database up to this version; returns what was done. Two at once wait for each other.

    Raises SchemaError where the database is of a later version, or of none that was ever released.
    """
    sqlite = isinstance(database, SqliteDatabase)
    if sqlite and not database.in_transaction():
        database.execute_sql("PRAGMA foreign_keys = 0")  # else a table that is built anew takes its children along
    try:
        with database.atomic():
            if not sqlite:
                database.execute_sql("SELECT pg_advisory_xact_lock(hashtext('portal schema'))")
            refuse_unknown(database)
            done = runner(database).up()
            if sqlite and done and (broken := database.execute_sql("PRAGMA foreign_key_check").fetchone()):
                raise SchemaError(f"Rows of {broken[0]} point at rows of {broken[2]} that are not there.")
    finally:
        if sqlite and not database.in_transaction():
            database.execute_sql("PRAGMA foreign_keys = 1")
    return [f"Applied {name}." for name in done]


def refuse_unknown(database) -> None:
    """Raise SchemaError where the database has had migrations that this program does not know, or tables without any."""
    had = applied(database)
    later = sorted(had - set(names()))
    if later:
        raise SchemaError(
            f"The database is of a later version than this program: it has had {', '.join(later)}. "
            "Install that version of the program, or restore a backup that this one made."
        )
    if not had and database.table_exists("portal_user"):
        raise SchemaError(
            "The database has tables, but not made by any released version. Move it away and begin anew with init."
        )


def check(database) -> None:
    """Raise SchemaError unless the database is exactly of this program's version; changes nothing."""
    refuse_unknown(database)
    waiting = [name for name in names() if name not in applied(database)]
    if waiting:
        raise SchemaError(
            f"The database is of an earlier version than this program: it lacks {', '.join(waiting)}. "
            "Make a backup, then upgrade it with: flask --app app init"
        )
