"""Where benchmarks find a county: built once and kept under /tmp/portal-bench (SQLite), or in a throwaway PostgreSQL."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
KEPT = Path("/tmp/portal-bench")
SIZES = {
    "million": None,
    "ten-thousand": (100, 300, 5_000, 8_000, 1, 1_200, 600, 400),
    "quick": (10, 30, 500, 800, 20, 120, 60, 40),
}


class Place(NamedTuple):
    """A county in a database."""

    name: str  # SQLite or PostgreSQL
    url: str

    @property
    def is_sqlite(self) -> bool:
        """All the work is in the process that measures, so its processor time counts; else the wall's."""
        return self.name == "SQLite"


@contextmanager
def connected(url: str):
    """The tables on this database; yields the database itself."""
    import database
    from models import db

    db.initialize(database.open_database(url))
    db.connect()
    try:
        yield database.real(db)
    finally:
        db.close()


def build(url: str, size: str) -> None:
    """Fill an empty database."""
    import migrations
    from blueprints.settings import rules as settings
    from blueprints.weeks import monday, today
    from demonstration import county

    with connected(url) as db:
        migrations.run(db)
        settings.put("demonstration", True)
        chosen = county.Size(*SIZES[size]) if SIZES[size] else county.COUNTY
        for said in county.build(monday(today()) - dt.timedelta(7), chosen):
            print(f"  {said}", flush=True)


def apart(url: str, size: str) -> None:
    """Build in a process of its own, so that it leaves nothing in this one."""
    print(f"Building the county ({size})", flush=True)
    subprocess.run([sys.executable, "-m", "bench.county", url, size], cwd=ROOT, check=True)


def sqlite(size: str, fresh: bool) -> Place:
    """The kept county, built where there is none of this schema and week yet."""
    from blueprints.weeks import monday, today

    schema = (ROOT / "migrations" / "0001_schema.py").read_bytes() + (ROOT / "demonstration" / "county.py").read_bytes()
    import zlib

    KEPT.mkdir(exist_ok=True)
    file = KEPT / f"{size}-{monday(today())}-{zlib.crc32(schema):08x}.db"
    if fresh or not file.exists():
        for old in KEPT.glob(f"{size}-*.db*"):
            old.unlink()
        part = KEPT / f"{size}-part.db"
        apart(f"sqlite:///{part}", size)
        with connected(f"sqlite:///{part}") as db:
            db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        part.rename(file)
        for left in KEPT.glob(f"{size}-part.db*"):
            left.unlink()
    return Place("SQLite", f"sqlite:///{file}")


@contextmanager
def places(size: str, wanted: list[str], fresh: bool = False) -> Iterator[list[Place]]:
    """The counties to measure."""
    found = [sqlite(size, fresh)] if "sqlite" in wanted else []
    if "postgresql" not in wanted:
        yield found
        return
    import psycopg

    from tests.postgres import server

    with server("-c shared_buffers=512MB -c max_wal_size=4GB") as url:
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("CREATE DATABASE county")
        county = url.replace("/postgres?", "/county?")
        apart(county, size)
        yield [*found, Place("PostgreSQL", county)]


def arguments(about: str) -> argparse.Namespace:
    """The arguments that every benchmark takes."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a small county: to see that it runs")
    parser.add_argument("--fresh", action="store_true", help="build the kept county anew")
    given = parser.parse_args()
    given.database = given.database or ["sqlite", "postgresql"]
    return given


def said(name: str, result: float, limit: float, words: str, at_least: bool = False) -> bool:
    """Print a figure against its limit; True where it is held."""
    held = result >= limit if at_least else result <= limit
    bound = "at least" if at_least else "at most"
    print(f"  {name:28} {result:8.2f} {words}, {bound} {limit}{'' if held else '   OVER THE LIMIT'}", flush=True)
    return held


def is_busy() -> bool:
    """Others work on this machine: seconds on the wall are not to be trusted."""
    return os.getloadavg()[0] > (os.cpu_count() or 1) * 0.75


@contextmanager
def copied(place: Place) -> Iterator[Place]:
    """A copy of a SQLite county that may be changed, gone afterwards; PostgreSQL's is thrown away anyway."""
    if not place.is_sqlite:
        yield place
        return
    copy = KEPT / f"copy-{os.getpid()}.db"
    shutil.copy(place.url.removeprefix("sqlite:///"), copy)
    try:
        yield Place(place.name, f"sqlite:///{copy}")
    finally:
        for left in KEPT.glob(f"{copy.name}*"):
            left.unlink()


def signed_in(app):
    """A client of the application with Oakfield's finance officer signed in, and that login."""
    from blueprints.accounts.hashing import digest_of
    from models import Person, SignIn, User, db

    with db.connection_context():
        user = User.select().join(Person).where(Person.email == "finance@oakfield.example").get()
        SignIn.delete().where(SignIn.user == user).execute()
        SignIn.create(digest=digest_of("bench"), person=user.person_id, user=user, is_ready=True)
    client = app.test_client()
    with client.session_transaction() as session:
        session["token"] = "bench"
    return client, user


if __name__ == "__main__":
    build(*sys.argv[1:3])
