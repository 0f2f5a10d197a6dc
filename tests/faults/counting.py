"""Counts the SQL statements of a process, as its driver is given them, and breaks the one that it is told to.

Everything is counted: what peewee says, the raw cursors of database.py (a bulk write counts twice, before its rows and
after them), BEGIN and COMMIT. A fault stands before a statement; so a kill after statement n is the kill before n + 1.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import psycopg

WRITES = ("INSERT", "UPDATE", "DELETE", "COPY", "CREATE", "TRUNCATE", "ALTER")
ROWS_WRITTEN = "(its rows are written)"


class Plan:
    """What a process does with its statements: which one breaks, and how."""

    def __init__(self):
        self.armed = False
        self.at = 0
        self.kind = ""
        self.seen: list[str] = []
        self.after: Callable[[str], None] | None = None

    def arm(self, at: int = 0, kind: str = "", after: Callable[[str], None] | None = None) -> None:
        """Count from now on; break statement `at` (from 1; 0 for none) by `kill`, `raise`, or `full` from there on."""
        self.armed, self.at, self.kind, self.after, self.seen = True, at, kind, after, []

    def before(self, statement: str, driver) -> None:
        """A statement is about to be given to the driver."""
        if not self.armed:
            return
        self.seen.append(" ".join(str(statement).split())[:160])
        number = len(self.seen)
        if not self.at or number < self.at:
            return
        if self.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.kind == "raise" and number == self.at:
            raise driver.OperationalError("disk I/O error" if driver is sqlite3 else "server closed the connection")
        if self.kind == "full" and self.seen[-1].upper().startswith((*WRITES, "(")):
            if driver is sqlite3:
                raise sqlite3.OperationalError("database or disk is full")
            raise psycopg.errors.DiskFull("could not extend file: No space left on device")

    def done(self, connection, idle: bool) -> None:
        """A statement has been done; with no transaction open, what it wrote is there to stay."""
        if self.armed and self.after and idle:
            self.armed = False
            try:
                self.after(self.seen[-1])
            finally:
                self.armed = True


PLAN = Plan()


def told(rows: Iterable, driver) -> Iterator:
    """The rows of a bulk write, and then one more point at which it can break."""
    yield from rows
    PLAN.before(ROWS_WRITTEN, driver)


class SqliteCursor(sqlite3.Cursor):
    """A cursor of SQLite that counts."""

    def execute(self, statement, parameters=()):
        PLAN.before(statement, sqlite3)
        result = super().execute(statement, parameters)
        PLAN.done(self.connection, not self.connection.in_transaction)
        return result

    def executemany(self, statement, rows):
        PLAN.before(statement, sqlite3)
        result = super().executemany(statement, told(rows, sqlite3))
        PLAN.done(self.connection, not self.connection.in_transaction)
        return result


class SqliteConnection(sqlite3.Connection):
    """A connection of SQLite whose cursors count."""

    def cursor(self, factory=SqliteCursor):
        return super().cursor(factory)


class PostgresCursor(psycopg.Cursor):
    """A cursor of PostgreSQL that counts."""

    def execute(self, query, params=None, **more):
        PLAN.before(query, psycopg)
        result = super().execute(query, params, **more)
        PLAN.done(self.connection, self._is_idle())
        return result

    def executemany(self, query, params_seq, **more):
        PLAN.before(query, psycopg)
        super().executemany(query, told(params_seq, psycopg), **more)
        PLAN.done(self.connection, self._is_idle())

    @contextmanager
    def copy(self, statement, params=None, **more):
        PLAN.before(statement, psycopg)
        with super().copy(statement, params, **more) as copy:
            yield copy
            PLAN.before(ROWS_WRITTEN, psycopg)
        PLAN.done(self.connection, self._is_idle())

    def _is_idle(self) -> bool:
        return self.connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def watch(database) -> None:
    """Make an opened, not yet connected database of peewee count what its connections are told."""
    if database.__class__.__name__.endswith("SqliteDatabase"):
        database.connect_params["factory"] = SqliteConnection
    else:
        database.connect_params["cursor_factory"] = PostgresCursor
