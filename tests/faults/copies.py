"""Copies of a prepared database: a file copied, or a PostgreSQL database made from a template."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import psycopg

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")


def plain_url(url: str) -> str:
    """A URL that psycopg reads."""
    return url.replace("postgres://", "postgresql://")


class Copies:
    """Makes databases, by name, from nothing or from another one."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.server = os.environ.get("PORTAL_TEST_DATABASE_URL")
        self.made: set[str] = set()

    @property
    def is_sqlite(self) -> bool:
        """Files rather than a server."""
        return not self.server

    def url(self, name: str) -> str:
        """The URL of a database of this name."""
        if self.is_sqlite:
            return f"sqlite:///{self.folder}/{name}.db"
        base, _, query = self.server.partition("?")
        return f"{base.rsplit('/', 1)[0]}/{self._name(name)}" + (f"?{query}" if query else "")

    def _name(self, name: str) -> str:
        return f"portal_faults_{os.getpid()}_{WORKER}_{name}"

    def make(self, name: str, of: str | None = None) -> str:
        """A new database, empty or a copy of another one that nobody is connected to; returns its URL."""
        self.made.add(name)
        if self.is_sqlite:
            path = self.folder / f"{name}.db"
            for end in ("", "-wal", "-shm"):
                Path(f"{path}{end}").unlink(missing_ok=True)
            if of:
                for end in ("", "-wal"):
                    source = Path(f"{self.folder / of}.db{end}")
                    if source.exists():
                        shutil.copyfile(source, f"{path}{end}")
            return self.url(name)
        with psycopg.connect(plain_url(self.server), autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{self._name(name)}" WITH (FORCE)')
            if of:
                self._wait(admin, of)
            admin.execute(f'CREATE DATABASE "{self._name(name)}"' + (f' TEMPLATE "{self._name(of)}"' if of else ""))
        return self.url(name)

    def wait(self, name: str) -> None:
        """Wait until nobody is connected to a database: the server has noticed that its client was killed."""
        if not self.is_sqlite:
            with psycopg.connect(plain_url(self.server), autocommit=True) as admin:
                self._wait(admin, name)

    def _wait(self, admin, name: str) -> None:
        for _ in range(1000):
            (there,) = admin.execute(
                "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = %s", (self._name(name),)
            ).fetchone()
            if not there:
                return
            time.sleep(0.01)
        raise AssertionError(f"somebody is still connected to {name}")

    def drop(self) -> None:
        """Drop every database that was made."""
        if not self.is_sqlite:
            with psycopg.connect(plain_url(self.server), autocommit=True) as admin:
                for name in self.made:
                    admin.execute(f'DROP DATABASE IF EXISTS "{self._name(name)}" WITH (FORCE)')
