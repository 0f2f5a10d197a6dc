"""The weekly grid of 200 clients against the visits page, the saving of one row, and a week generated for 1,000 packages.

    python -m bench.grid [--database sqlite] [--repeats 5] [--quick]

A service of Oakfield with 200 clients and an organisation with 1,000 packages are added to a copy of the county. Pages are
asked for in this process, in turns. Exits 1 over a limit. With SQLite the processor's time counts, because all the work is
in this process and the machine may have other work; with PostgreSQL the time on the wall, without the disk's at the end of a
transaction, which is the machine's and differs by ten times between two of them.
"""

from __future__ import annotations

import datetime as dt
import gc
import html
import json
import re
import sys
from statistics import median
from urllib.parse import urlencode

from bench import county
from bench.payments import clock

MOST_SLOWER = 1.5  # times the visits page
MOST_OF_PAGE = 0.5  # of the grid's own time, for one row
MOST_BYTES = 5000  # sent and received for one row
MOST_FLOORS = 10  # times the same rows written by SQL into the same tables
CLIENTS = 200
PACKAGES = 1000
TURNS = 8
KEY = "bench" * 10
HEADS = {"HX-Request": "true"}


class World:
    """What is added to the county: who signs in, the service of the grid, the organisation that generates."""

    def __init__(self):
        from blueprints.weeks import monday, today
        from models import Contract, Organisation, Service, ServiceLevel

        self.week = monday(today()) - dt.timedelta(7)
        self.oakfield = Organisation.get(Organisation.ref == "OAK")
        self.weekly = ServiceLevel.get(ServiceLevel.ref == "HS")
        self.daily = ServiceLevel.create(ref="RND", name="Rounds", unit="Hours", paid_on="actuals", entry="daily")
        self.grid = Service.create(ref="GRID", organisation=self.oakfield, name="Oakfield by the week")
        contract = Contract.get(Contract.organisation == self.oakfield)
        self.add(self.oakfield, contract, [self.grid], CLIENTS, 800_000)
        self.large = Organisation.create(ref="LARGE", name="Large Home Care")
        terms = Contract.create(
            ref="C-LARGE", name="Large", organisation=self.large, contract_type="Spot", cycle=contract.cycle_id
        )
        self.services = [
            Service.create(ref=f"LARGE-{n}", organisation=self.large, name=f"Large {n}") for n in range(1, 6)
        ]
        self.add(self.large, terms, self.services, PACKAGES, 810_000)

    def add(self, organisation, contract, services, count: int, number: int) -> None:
        """Packages by the week, each fifth by the day with a timetable, of as many clients as there are."""
        import database
        from models import Client, Package, TimetableSlot

        people = [ident for (ident,) in Client.select(Client.id).order_by(Client.id).limit(count).tuples()]
        columns = [f.name for f in Package._meta.sorted_fields if f.name != "id"]
        rows = []
        for n in range(count):
            one = {
                "cpli_id": number + n, "organisation": organisation.id, "client": people[n % len(people)],
                "service": services[n % len(services)].id, "level": self.weekly.id if n % 5 else self.daily.id,
                "contract": contract.id, "start_date": self.week - dt.timedelta(7 * 20), "end_date": None,
                "quantity": 525 + 25 * (n % 9), "frequency": "Weekly", "unit_cost": 187500 + 100 * (n % 300),
                "authorised": True, "care_package_ref": "", "discount": 0, "contribution": 0, "pricing_basis": "Spot",
                "cost_centre": "", "subjective": "",
            }  # fmt: skip
            rows.append(tuple(one[c] for c in columns))
        database.bulk_upsert(Package, columns, rows)
        by_day = Package.select(Package.id).where((Package.level == self.daily) & Package.service.in_(services))
        slots = [(p, day, 28800, 28800 + 2700, 1 + p % 2) for (p,) in by_day.tuples() for day in range(7)]
        database.bulk_upsert(TimetableSlot, ["package", "weekday", "entry", "exit", "carers"], slots)


# pages ------------------------------------------------------------------------------------------------------------------


def timed(place, ask) -> tuple[float, object]:
    """Seconds of an answer, and the answer."""
    began = clock(place)
    answer = ask()
    took = clock(place) - began
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.status_code}: {answer.text[:2000]}")
    return took, answer


class Row:
    """A row of the grid, as htmx sends it: each time with another actual."""

    def __init__(self, client, text: str, page: str):
        self.client = client
        found = [re.search(r'<tr id="line-(p\d+)".*?</tr>', part, re.DOTALL) for part in text.split("<tbody ")]
        self.key = next(one[1] for one in found if one and "data-by-days" not in one[0])
        self.take(re.search(rf'<tr id="line-{self.key}".*?</tr>', text, re.DOTALL)[0])
        self.address = html.unescape(re.search(rf'id="f-{self.key}".*?hx-post="([^"]+)"', text, re.DOTALL)[1])
        self.heads = {**HEADS, "HX-Target": f"tr#line-{self.key}", "HX-Current-URL": f"http://127.0.0.1{page}"}
        self.sent = self.received = 0

    def take(self, text: str) -> None:
        """The boxes and hidden fields of the row."""
        self.fields = {}
        for tag in re.findall(r"<input[^>]*>", text):
            name, value = (re.search(rf' {one}="([^"]*)"', tag) for one in ("name", "value"))
            if name:
                self.fields[name[1]] = html.unescape(value[1]) if value else ""

    def save(self):
        """An actual away from plan, or back again."""
        actual = f"{self.key}-actual"
        less = self.fields.get(actual) in ("", "5.25")
        self.fields |= {actual: "4.75" if less else "5.25", f"{self.key}-comments": "Daughter visited on Sunday"}
        body = urlencode(self.fields)
        answer = self.client.post(
            self.address, data=body, headers=self.heads, content_type="application/x-www-form-urlencoded"
        )
        if answer.status_code != 200 or ">Saved<" not in answer.text:
            raise RuntimeError(f"{answer.status_code}: not saved: {answer.text[:2000]}")
        self.sent = len(body) + len(self.address) + len(str(self.heads))
        self.received = len(answer.data) + len(str(answer.headers))
        self.take(answer.text)
        return answer


def pages(place: county.Place, app, world: World, repeats: int) -> list[bool]:
    """The grid, read and in boxes, against the visits page; a row against the grid."""
    client, _ = county.signed_in(app)
    visits, grid = f"/provider/visits?week={world.week}", f"/provider/actuals?week={world.week}&service={world.grid.id}"
    asks = {"visits": visits, "grid": grid, "boxes": f"{grid}&edit=all"}
    texts = {name: client.get(address).text for name, address in asks.items()}
    clients = len(re.findall('<tr class="client">', texts["grid"]))
    if clients != 25:
        raise RuntimeError(f"the grid shows {clients} clients")
    row = Row(client, texts["boxes"], asks["boxes"])
    row.save()
    found: dict[str, list[float]] = {name: [] for name in (*asks, "row")}
    for _ in range(repeats * TURNS):
        for name, address in asks.items():
            found[name].append(timed(place, lambda address=address: client.get(address))[0])
        found["row"].append(timed(place, row.save)[0])
    middle = {name: median(times) for name, times in found.items()}
    sizes = ", ".join(f"{name} {middle[name] * 1000:.1f} ms" for name in middle)
    print(f"{place.name}: {sizes}" + (" (the machine is busy)" if county.is_busy() else ""))
    print(f"  with every row in boxes {middle['boxes'] / middle['visits']:.2f} times the visits page")
    return [
        county.said("the grid", middle["grid"] / middle["visits"], MOST_SLOWER, "times the visits page"),
        county.said("saving a row", middle["row"] / middle["grid"], MOST_OF_PAGE, "of the grid's time"),
        county.said("sent for a row", row.sent, MOST_BYTES, "bytes"),
        county.said("received for a row", row.received, MOST_BYTES, "bytes"),
    ]


# generating --------------------------------------------------------------------------------------------------------------


class Silent:
    """The progress of a job that nobody watches."""

    def step(self, *_, **__):
        """Nothing is told."""


def generating(place: county.Place, world: World, repeats: int, db) -> bool:
    """The job for a whole organisation, against the same rows written again by SQL alone."""
    from blueprints.actuals import generating as job
    from models import Actual, ActualDay, Due, Job, Package

    packages = Package.select(Package.id).where(Package.organisation == world.large)
    own = Actual.select(Actual.id).where(Actual.package.in_(packages))
    tables = [(Actual, Actual.package.in_(packages)), (ActualDay, ActualDay.actual.in_(own)),
              (Due, Due.package.in_(packages))]  # fmt: skip
    wanted = {"services": [s.id for s in world.services], "week": world.week.isoformat(), "all": False}
    work = Job(wanted=json.dumps(wanted), user=None)
    mark = "?" if place.is_sqlite else "%s"
    floors, jobs, written = [], [], 0
    for _ in range(repeats + 1):
        began = clock(place)
        job.generate_job(work, Silent())
        jobs.append(clock(place) - began)
        kept = []
        for model, condition in tables:
            cursor = db.execute_sql(*model.select().where(condition).sql())
            names = [f'"{column[0]}"' for column in cursor.description]
            statement = (
                f'INSERT INTO "{model._meta.table_name}" ({", ".join(names)}) VALUES ({", ".join([mark] * len(names))})'
            )
            kept.append((statement, cursor.fetchall()))
        if len(kept[0][1]) != PACKAGES:
            raise RuntimeError("not every package got its row")
        written = sum(len(rows) for _, rows in kept)
        clear(db, tables)
        began = clock(place)
        with db.atomic():
            cursor = db.connection().cursor()
            for statement, rows in kept:
                cursor.executemany(statement, rows)
        floors.append(clock(place) - began)
        clear(db, tables)
    floor, took = median(floors[1:]), median(jobs[1:])  # the first of each has the pages read
    kind = "ms of the processor" if place.is_sqlite else "ms"
    print(f"{place.name}: {written} rows; floor {floor * 1000:.1f} {kind}, the job {took * 1000:.1f} {kind}")
    return county.said("a week for 1,000 packages", took / floor, MOST_FLOORS, "times the floor")


def clear(db, tables) -> None:
    """Take the rows away again, children first."""
    with db.atomic():
        for model, condition in reversed(tables):
            model.delete().where(condition).execute()


def measure(place: county.Place, repeats: int) -> bool:
    """Print a place's figures; True where every limit is held."""
    from app import create_app
    from blueprints.actuals import generating as job
    from blueprints.history import COMMAND_LINE
    from models import db

    with county.copied(place) as copy:
        if not copy.is_sqlite:
            with county.connected(copy.url) as real:
                real.execute_sql("ALTER ROLE CURRENT_USER SET synchronous_commit = off")
        app = create_app(copy.url, SECRET_KEY=KEY, WORKER="apart")
        with county.connected(copy.url) as real, app.app_context():
            with db.atomic():
                world = World()
            job.generate([world.grid.id], [world.week], COMMAND_LINE)
            real.execute_sql("ANALYZE")
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)  # as gunicorn.conf.py has it
        held = pages(copy, app, world, repeats)
        with county.connected(copy.url) as real, app.app_context():
            held.append(generating(copy, world, repeats, real))
    return all(held)


def main() -> int:
    """Measure; 1 over a limit."""
    given = county.arguments(__doc__)
    with county.places("quick" if given.quick else "million", given.database, given.fresh) as found:
        held = [measure(place, given.repeats) for place in found]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
