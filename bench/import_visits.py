"""Import of 100,000 visits into a county: check, apply, memory, time per row, and how long the write lock is held.

    python -m bench.import_visits [--database sqlite] [--database postgresql] [--repeats 5] [--quick]

The floor is `csv.reader` with one bulk upsert of the same columns into the same table with its indexes. Every
measurement is a process of its own on a fresh copy of the database; floor and import take turns. Exits 1 over a limit.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
LIMITS = {"check": 3.0, "apply": 6.0, "per row": 1.3, "memory": 300, "lock": 2.0}
FLOOR_COLUMNS = ["organisation", "ref", "is_deleted", "deletion_reason", "version", "changed_at", "changed_by", "status",
                 "reason", "paid_minutes", "charged_minutes"]  # fmt: skip
FILES = {"stored": 100_000, "mixed": 100_000, "small": 10_000, "large": 500_000}


# the databases ---------------------------------------------------------------------------------------------------------


def county(url: str, quick: bool = False) -> None:
    """Build the county in an empty database. Any function of a URL can stand here."""
    import datetime as dt

    from blueprints.settings import rules as settings
    from blueprints.weeks import monday, today
    from demonstration import county as builder
    from migrations import run

    with connected(url) as db:
        run(db)
        settings.put("demonstration", True)
        size = builder.Size(10, 30, 500, 800, 104, 120, 60, 160) if quick else builder.COUNTY
        for said in builder.build(monday(today()) - dt.timedelta(7), size):
            print(f"  {said}", flush=True)


@contextmanager
def connected(url: str):
    """The application's tables on this database."""
    import database
    from models import db

    db.initialize(database.open_database(url))
    db.connect()
    try:
        yield database.real(db)
    finally:
        db.close()


class Sqlite:
    """A database in a folder; a copy is a copy of the file."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.name = "SQLite"
        self.base = f"sqlite:///{folder}/base.db"

    def copy(self) -> str:
        """The URL of a fresh copy."""
        for old in self.folder.glob("copy.db*"):
            old.unlink()
        shutil.copy(self.folder / "base.db", self.folder / "copy.db")
        return f"sqlite:///{self.folder}/copy.db"


class Postgresql:
    """A database of a throwaway server; a copy is made from it as a template."""

    def __init__(self, server: str):
        self.name = "PostgreSQL"
        self.server = server
        self.base = self._named("base")
        self._run('CREATE DATABASE "base"')

    def _named(self, name: str) -> str:
        head, _, query = self.server.partition("?")
        return f"{head.rsplit('/', 1)[0]}/{name}?{query}"

    def _run(self, *statements: str) -> None:
        import psycopg

        with psycopg.connect(self.server, autocommit=True) as admin:
            for statement in statements:
                admin.execute(statement)

    def copy(self) -> str:
        """The URL of a fresh copy."""
        self._run('DROP DATABASE IF EXISTS "copy" WITH (FORCE)', 'CREATE DATABASE "copy" TEMPLATE "base"', "CHECKPOINT")
        return self._named("copy")


# one measurement, in a process of its own --------------------------------------------------------------------------------


def child(what: str, url: str, *paths: str) -> dict:
    """Run one measurement in a process of its own; what it printed last is its result."""
    command = [sys.executable, "-m", "bench.import_visits", "--child", what, url, *paths]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return json.loads(done.stdout.strip().splitlines()[-1])


class Clock:
    """Seconds by part, on the wall and of the processor (the database server's too); and the longest transaction."""

    def __init__(self, db):
        import database

        self.parts: dict[str, float] = {}
        self.lock = self.lock_cpu = 0.0
        self._begun = (0.0, 0.0)
        self._server = None if database.is_sqlite(db) else db.execute_sql("SELECT pg_backend_pid()").fetchone()[0]
        begin, commit = db.begin, db.commit

        def timed_begin(*args, **options):
            begin(*args, **options)
            self._begun = (time.perf_counter(), self.spent())

        def timed_commit(*args, **options):
            commit(*args, **options)
            self.lock = max(self.lock, time.perf_counter() - self._begun[0])
            self.lock_cpu = max(self.lock_cpu, self.spent() - self._begun[1])

        db.begin, db.commit = timed_begin, timed_commit

    def spent(self) -> float:
        """Seconds of processor that this process and the server's process for it have used."""
        if self._server is None:
            return time.process_time()
        fields = Path(f"/proc/{self._server}/stat").read_text().rsplit(")", 1)[1].split()
        return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def time(self, name: str, function: Callable, *args):
        """Call a function and add what it took to its part."""
        wall, processor = time.perf_counter(), self.spent()
        try:
            return function(*args)
        finally:
            for part, took in ((name, time.perf_counter() - wall), (f"{name} cpu", self.spent() - processor)):
                self.parts[part] = self.parts.get(part, 0.0) + took

    def watch(self, module, *names: str) -> None:
        """Time every call of these functions of a module."""
        for name in names:
            function = getattr(module, name)
            setattr(module, name, lambda *args, _f=function, _n=name: self.time(_n, _f, *args))


def measure_floor(url: str, path: str) -> dict:
    """csv.reader and one bulk upsert."""
    import database
    from models import VISIT_VALUES, Visit
    from models import db as proxy

    with connected(url) as db:
        clock = Clock(db)

        def floor() -> None:
            with open(path, newline="", encoding="utf-8") as stream, proxy.atomic():
                database.bulk_upsert(
                    Visit, [*FLOOR_COLUMNS, *VISIT_VALUES], csv.reader(stream), key=["organisation", "ref"]
                )

        clock.time("floor", floor)
    return clock.parts


def measure_import(url: str, path: str) -> dict:
    """Check, take and what follows, as the jobs do them."""
    from bench.visits_file import REF
    from blueprints import consequences, history
    from blueprints.imports import rules as imports
    from blueprints.jobs.rules import NoProgress
    from blueprints.visits import importer
    from models import Import, JobState, Organisation, StaleGroup

    with connected(url) as db:
        clock = Clock(db)
        owner = Organisation.get(Organisation.ref == REF)
        with open(path, "rb") as stream:
            batch = clock.time(
                "keep the file", imports.begin, imports.KINDS["visits"], owner, None, "visits.csv", stream
            )
        imports.jobs.over(batch.job, JobState.DONE)
        batch = clock.time("check", imports.check, batch)
        if batch.state != "Checked":
            raise RuntimeError(f"{batch.state}: {batch.refusal}")
        clock.watch(
            importer, "keep_versions", "put_visits", "delete_visits", "note_old_groups", "note_new_groups", "tidy"
        )
        clock.watch(consequences.matching, "match")
        clock.watch(consequences.actuals, "feed")
        clock.watch(consequences.payments, "work_out_weeks")
        batch = imports.update(batch.id, history.COMMAND_LINE, None, False)
        batch = clock.time("apply", imports.take, batch, history.COMMAND_LINE, NoProgress())
        figures = imports.figures(Import.get_by_id(batch.id))
        if StaleGroup.select().count() or batch.state != "Done":
            raise RuntimeError("what follows is not done")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**clock.parts, "lock": clock.lock, "lock cpu": clock.lock_cpu, "memory": peak, "figures": figures}


def prepare(url: str, folder: str, quick: str = "") -> dict:
    """The county, the large provider with visits of its own, the files, and the file of the floor."""
    from bench import visits_file
    from blueprints.imports import rules as imports
    from models import VISIT_VALUES, StagedVisit, Visit

    county(url, bool(quick))
    where = Path(folder)
    files = {name: where / f"{name}.csv" for name in FILES}
    scale = 10 if quick else 1
    stored, mixed, small, large = (count // scale for count in FILES.values())
    many = visits_file.CLIENTS // scale
    replaced, added = visits_file.rows(mixed * 3 // 10, many, 0, True), visits_file.rows(mixed * 7 // 10, many, stored)
    visits_file.write(files["stored"], [visits_file.rows(stored, many)])
    visits_file.write(files["mixed"], [replaced, added])
    visits_file.write(files["small"], [visits_file.rows(small, many // 10, stored // 10, mark="S")])
    visits_file.write(files["large"], [visits_file.rows(large, many, stored, mark="L")])
    with connected(url) as db:
        owner = visits_file.add_provider()
        with files["stored"].open("rb") as stream:
            imports.load(imports.KINDS["visits"], owner, "stored.csv", stream)
        with files["mixed"].open("rb") as stream:
            batch = imports.begin(imports.KINDS["visits"], owner, None, "mixed.csv", stream)
        imports.jobs.run(batch.job_id)
        write_floor(
            where / "floor.csv",
            owner.id,
            batch.id,
            [Visit._meta.fields[name].column_name for name in VISIT_VALUES],
            StagedVisit,
        )
        imports.cancel(batch.id, imports.history.COMMAND_LINE)
        db.execute_sql("ANALYZE")
    return {}


def write_floor(path: Path, owner: int, batch: int, columns: list[str], staged) -> None:
    """The same rows as they go into the table; nothing is empty that is a number or a date, so that text will do."""
    import database
    from models import db

    planned = {"delivered_date": "planned_date", "delivered_entry": "planned_entry", "delivered_exit": "planned_exit",
               "delivered_minutes": "planned_minutes"}  # fmt: skip
    chosen = [f"COALESCE({name}, {planned[name]})" if name in planned else name for name in columns]
    cursor = database.sql(
        db, f"SELECT ref, {', '.join(chosen)} FROM staged_visit WHERE batch_id = ? ORDER BY line", (batch,)
    )
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        for ref, *values in cursor.fetchall():
            values = [int(v) if isinstance(v, bool) else v for v in values]
            writer.writerow([owner, ref, 0, "", 1, "2026-11-22 20:00:00", "bench", "New", "", 0, 0, *values])


# the verdict -------------------------------------------------------------------------------------------------------------


def measure(place, folder: Path, repeats: int, quick: bool) -> bool:
    """Measure one database and print; True where every limit is held."""
    print(f"\n{place.name}: building the county", flush=True)
    child("prepare", place.base, str(folder), "quick" if quick else "")
    floors, imports_ = [], []
    for _ in range(repeats):
        floors.append(child("floor", place.copy(), str(folder / "floor.csv")))
        imports_.append(child("import", place.copy(), str(folder / "mixed.csv")))
    small = [child("import", place.copy(), str(folder / "small.csv")) for _ in range(min(3, repeats))]
    large = child("import", place.copy(), str(folder / "large.csv"))
    return verdict(place, floors, imports_, small, large)


def verdict(place, floors: list[dict], imports_: list[dict], small: list[dict], large: dict) -> bool:
    """Print the figures against their limits."""
    cpu = " cpu"  # ratios are of processor seconds, which other work on the machine moves least
    floor = median(f["floor cpu"] for f in floors)
    wall = median(f["floor"] for f in floors)
    print(f"  floor {floor:.2f} s of processor, {wall:.2f} s on the wall; rows {imports_[0]['figures']}")
    busy = wall > 1.5 * floor
    if busy:
        print("  the machine is busy: seconds on the wall are not to be trusted")

    def took(runs: list[dict], name: str) -> float:
        return median(run[f"{name}{cpu}"] for run in runs)

    def per_row(run: dict) -> float:
        return (run[f"check{cpu}"] + run[f"apply{cpu}"]) / run["figures"]["records"]

    results = {
        "check": took(imports_, "check") / floor,
        "apply": took(imports_, "apply") / floor,
        "per row": per_row(large) / median(map(per_row, small)),
        "memory": large["memory"],
        "lock": min(run["lock cpu" if busy else "lock"] for run in imports_),  # the run that others disturbed least
    }
    if place.name != "SQLite":
        results.pop("lock")  # its writers do not wait for each other
    words = {"check": "times the floor", "apply": "times the floor", "per row": "of 500,000 to 10,000", "memory": "MB at 500,000",
             "lock": "s of processor, the longest transaction" if busy else "s, the longest transaction"}  # fmt: skip
    for name, result in results.items():
        over = "" if result <= LIMITS[name] else "   OVER THE LIMIT"
        print(f"  {name:8} {result:7.2f} {words[name]}, at most {LIMITS[name]}{over}")
    parts = [name for name in imports_[0] if not name.endswith(" cpu") and name not in ("lock", "memory", "figures")]
    print("  parts: " + ", ".join(f"{name} {took(imports_, name):.2f}" for name in parts) + f" s{cpu}")
    return all(result <= LIMITS[name] for name, result in results.items())


@contextmanager
def places(names: list[str], folder: Path) -> Iterator[list]:
    """The databases to measure; a PostgreSQL server for as long as it is needed."""
    found: list = [Sqlite(folder)] if "sqlite" in names else []
    if "postgresql" not in names:
        yield found
        return
    from tests.postgres import server

    with server("-c shared_buffers=512MB -c max_wal_size=4GB") as url:
        yield [*found, Postgresql(url)]


def main() -> int:
    """Measure; 1 over a limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything: to see that it runs")
    parser.add_argument("--folder", help="where the databases go")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        what, url, *rest = given.child
        measures: dict = {"floor": measure_floor, "import": measure_import, "prepare": prepare}
        print(json.dumps(measures[what](url, *rest)))
        return 0
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=given.folder))
    try:
        with places(given.database or ["sqlite", "postgresql"], folder) as found:
            held = [measure(place, folder, given.repeats, given.quick) for place in found]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
