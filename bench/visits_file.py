"""A large provider in the county, and visits files of any size for it: what the benchmark of the import reads.

County-like databases come from `demonstration.county`; the provider is added by bulk writes.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path

import database
from blueprints.visits.columns import HEADINGS
from blueprints.weeks import monday, today
from models import (
    Carer,
    Client,
    Contract,
    Organisation,
    Package,
    PaymentCycle,
    Service,
    ServiceLevel,
    TimetableSlot,
    db,
)

REF = "LARGE"
CLIENTS, CARERS, CALLS = 1_000, 1_000, 4  # calls a day in each client's timetable
TYPES = ["DHS"] * 22 + ["C24", "C", "U", "H"]
COMMENTS = {"C24": "Cancelled by the family", "C": "Cancelled at the door", "U": "Nobody opened", "H": "In hospital"}


def at(call: int, client: int) -> int:
    """When a client's call of the day begins, in seconds."""
    return 7 * 3600 + call * 4 * 3600 + client % 8 * 900


def add_provider(weeks: int = 104) -> Organisation:
    """The large provider: a thousand clients, a package of four calls a day for each."""
    first = monday(today()) - dt.timedelta(7 * weeks)
    level, cycle = ServiceLevel.get(ServiceLevel.ref == "PC"), PaymentCycle.get()
    with db.atomic():
        owner = Organisation.create(ref=REF, name="Larkfield Care at Home")
        services = [Service.create(ref=f"{REF}-{n}", name=f"Larkfield Zone {n}", organisation=owner) for n in range(5)]
        contract = Contract.create(
            ref=f"C-{REF}", name="Larkfield DAPL", organisation=owner, contract_type="DAPL", cycle=cycle
        )
        columns = ["ssref", "client_ref", "nhs_number", "surname", "forename", "title", "gender", "ni_number", "address1",
                   "address2", "address3", "town", "county", "postcode"]  # fmt: skip
        database.bulk_upsert(
            Client,
            columns,
            ((f"L{n:06}", f"LCR-{n}", f"998{n:07}", f"Person{n}", "Pat", *[""] * 9) for n in range(CLIENTS)),
        )
        ids = [
            i for (i,) in Client.select(Client.id).where(Client.ssref.startswith("L0")).order_by(Client.ssref).tuples()
        ]
        columns = ["cpli_id", "organisation", "client", "service", "level", "contract", "start_date", "quantity", "frequency",
                   "unit_cost", "authorised", "care_package_ref", "discount", "contribution", "pricing_basis", "cost_centre",
                   "subjective"]  # fmt: skip
        database.bulk_upsert(
            Package, columns,
            ((900_000 + n, owner.id, ident, services[n % 5].id, level.id, contract.id, first, 1400, "Weekly", 232260, True, "", 0, 0,
              "Spot", "", "") for n, ident in enumerate(ids)),
        )  # fmt: skip
        packages = [
            i
            for (i,) in Package.select(Package.id)
            .where(Package.organisation == owner)
            .order_by(Package.cpli_id)
            .tuples()
        ]
        database.bulk_upsert(
            TimetableSlot, ["package", "weekday", "entry", "exit", "carers"],
            ((ident, day, at(c, n), at(c, n) + 1800, 1) for n, ident in enumerate(packages) for day in range(7) for c in range(CALLS)),
        )  # fmt: skip
        database.bulk_upsert(
            Carer,
            ["organisation", "ref", "forename", "surname"],
            ((owner.id, f"K{n:03}", "Kim", f"Carer{n}") for n in range(CARERS)),
        )
    return owner


def rows(count: int, clients: int, start: int = 0, changed: bool = False, mark: str = "LK") -> Iterator[list[str]]:
    """So many rows for so many clients, latest day first; `start` calls are passed over before the first.

    `changed` has every carer leave two minutes later. References begin with `mark`.
    """
    chance = random.Random(start)
    last = monday(today()) - dt.timedelta(1)
    for number in range(start, start + count):
        day, rest = divmod(number, clients * CALLS)
        client, call = divmod(rest, CALLS)
        date = f"{last - dt.timedelta(day):%d/%m/%Y}"
        entry = at(call, client)
        code = TYPES[chance.randrange(len(TYPES))]
        late, over = chance.randrange(12), chance.randrange(10) + 2 * changed
        done = [date, clock(entry + late * 60), clock(entry + 1800 + over * 60)] if code == "DHS" else ["", "", ""]
        yield [
            f"{mark}-{number:08}", "0", date, clock(entry), clock(entry + 1800), code, done[0], done[1], "", "", done[2], "", "", "",
            COMMENTS.get(code, ""), "", f"L{client:06}", "", "", "Personal Care", f"K{client % CARERS:03}", "",
            f"Larkfield Zone {client % 5}", "", "",
        ]  # fmt: skip


def clock(second: int) -> str:
    """HH:MM:SS of seconds."""
    return f"{second // 3600:02}:{second // 60 % 60:02}:00"


def write(path: Path, parts: list[Iterator[list[str]]]) -> Path:
    """A visits file of these rows."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADINGS)
        for part in parts:
            writer.writerows(part)
    return path
