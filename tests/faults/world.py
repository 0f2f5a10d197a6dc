"""The prepared database: the cast's world a month on, with something of everything that a verb can break.

Period 1 is finalised; a rate has since been changed in it, and that is settled; another change waits to be settled by a
queued job; a second visits file is checked and waits for `Update System`.
"""

from __future__ import annotations

import csv
import datetime as dt
import io

from blueprints import consequences
from blueprints.adjustments import rules as adjustments
from blueprints.claims import rules as claims
from blueprints.history import Actor
from blueprints.holds import rules as holds
from blueprints.imports import rules as imports
from blueprints.jobs import rules as jobs
from blueprints.periods import rules as periods
from blueprints.requests import kinds
from blueprints.requests import rules as requests
from blueprints.visits.columns import HEADINGS
from models import (
    ChangeRequest,
    Claim,
    Contract,
    Hold,
    Import,
    ItemState,
    ManualAdjustment,
    Organisation,
    Package,
    PackageRate,
    Person,
    ServiceLevel,
    User,
    db,
)

TODAY = dt.date(2026, 10, 14)
SEPTEMBER = dt.date(2026, 9, 7)
OCTOBER = dt.date(2026, 10, 5)
UNTIL = dt.date(2026, 11, 1)  # the end of the second period


def visit(ref: str, day: dt.date, ssref: str = "A100001", entry: str = "08:00", leave: str = "09:00", **cells) -> dict:
    """A delivered visit as a row of the visits file."""
    row = dict.fromkeys(HEADINGS, "")
    row |= {
        "VisitRef": ref, "PlannedVisitDate": f"{day:%d/%m/%Y}", "PlannedEntryTime": entry, "PlannedExitTime": leave,
        "VisitType": "DHS", "DeliveredVisitDate": f"{day:%d/%m/%Y}", "DeliveredEntryTime": entry,
        "DeliveredExitTime": leave, "SSRef": ssref, "ServiceLevel": "Personal Care",
    }  # fmt: skip
    if cells.get("VisitType") in ("U", "C"):
        row |= dict.fromkeys(("DeliveredVisitDate", "DeliveredEntryTime", "DeliveredExitTime"), "")
    return row | cells


def day(first: dt.date, number: int) -> dt.date:
    """A day of the weeks from a Monday on."""
    return first + dt.timedelta(number)


def first_rows() -> list[dict]:
    """What the provider sent in September."""
    rows = [visit(f"V{n}", day(SEPTEMBER, n)) for n in (0, 1, 2, 7, 8, 14)]
    rows += [visit(f"B{n}", day(SEPTEMBER, n), "A100002", "12:00", "12:45") for n in (0, 3, 9)]
    rows += [visit("U1", day(SEPTEMBER, 4), VisitType="U", Comments="nobody at home")]
    return rows


def second_rows() -> list[dict]:
    """What it sends in October: unchanged, updated, deleted, late and new ones, a stranger, times missing, one in error."""
    return [
        visit("V0", day(SEPTEMBER, 0)),
        visit("V1", day(SEPTEMBER, 1), DeliveredExitTime="09:20"),
        visit("B3", day(SEPTEMBER, 3), "A100002", "12:00", "13:00"),
        {**dict.fromkeys(HEADINGS, ""), "VisitRef": "V7", "Deleted": "1"},
        visit("L1", day(SEPTEMBER, 16)),
        *(visit(f"O{n}", day(OCTOBER, n)) for n in range(5)),
        visit("O9", day(OCTOBER, 2), "A100002", "12:00", "12:45"),
        visit("S1", day(OCTOBER, 1), "A900000"),
        visit("M1", day(OCTOBER, 6), DeliveredVisitDate="", DeliveredEntryTime="", DeliveredExitTime=""),
        visit("X1", day(OCTOBER, 6), VisitType="?"),
    ]


def as_csv(rows: list[dict]) -> io.BytesIO:
    """Rows as the file that is sent."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return io.BytesIO(out.getvalue().encode())


def package_rows() -> list[dict]:
    """A file of the authority: one package ends, one begins."""
    both = {"ServiceRef": "OAK-N", "ServiceLevelRef": "PC", "ContractRef": "C1", "StartDate": "2026-09-07",
            "Frequency": "Weekly", "UnitCost": "23.2260", "Authorised": "1"}  # fmt: skip
    return [
        {"CPLIId": "156018", "SSRef": "A100002", "EndDate": "2026-09-27", "Quantity": "3.5", **both},
        {"CPLIId": "156030", "SSRef": "A100002", "EndDate": "", "Quantity": "5", **both},
    ]


def oakfield() -> Organisation:
    """The provider that sends."""
    return Organisation.get(Organisation.ref == "OAK")


def finance() -> User:
    """Its person."""
    return User.select().join(Person).where(Person.email == "finance@oakfield.example").get()


def actor() -> Actor:
    """Its person as the trail names them."""
    person = finance()
    return Actor(person.id, person.name)


def officer() -> User:
    """An officer of the authority."""
    return User.select().join(Person).where(Person.email == "officer@authority.example").get()


def by_officer() -> Actor:
    """The officer as the trail names them."""
    person = officer()
    return Actor(person.id, person.name)


def second_import() -> Import:
    """The import of the second file that the database was prepared with."""
    return Import.select().where(Import.file_name == "second.csv").order_by(Import.id).get()


def claimed(cast) -> None:
    """A one-off claim of £12.34 that waits for a decision."""
    level = ServiceLevel.create(
        ref="KEY", name="Key safe", unit="Item", paid_on="one-off", entry="none", claimable="other"
    )
    claim = claims.begin(cast.north, "", actor(), TODAY)
    facts = {"contract": cast.dapl.id, "client": cast.ann.id, "level": level.id, "description": "Key safe",
             "quantity": 100, "unit_cost": 123400}  # fmt: skip
    claims.save_item(claim, None, facts, [], None, actor())
    claims.submit(claim, lambda _: [], None, actor(), TODAY)


def the_claim() -> Claim:
    """The claim that waits."""
    return Claim.get()


def build() -> None:
    """Fill an empty database that has its tables."""
    from tests.cast import Cast

    cast = Cast()
    by = Actor(cast.officer.id, cast.officer.name)
    Contract.update(vat_rate=2000).where(Contract.id == cast.spot.id).execute()
    Package.update(contribution=1250, discount=250).where(Package.id == cast.bobs.id).execute()
    day_care = ServiceLevel.create(ref="DC", name="Day Care", unit="Sessions", paid_on="actuals", entry="weekly")
    days = cast.make_package(156040, cast.ann, cast.south, day_care, cast.dapl, quantity=300, unit_cost=400000)
    with db.atomic():
        consequences.follow(consequences.Change(packages=[cast.package.id, cast.bobs.id, cast.placed.id, days.id]))
    batch = imports.load(imports.KINDS["visits"], cast.oakfield, "first.csv", as_csv(first_rows()))
    assert batch.state == "Done", (batch.state, batch.refusal)
    jobs.run_waiting()
    Hold.create(
        package=cast.placed, week=SEPTEMBER, kind="cost", state="Suspended", reason="asked", by=cast.officer.name
    )
    periods.finalise_all(list(Contract.select()), day(SEPTEMBER, 27), by, TODAY)
    with db.atomic():
        PackageRate.create(package=cast.package, from_date=day(SEPTEMBER, 7), unit_cost=250000)
        consequences.follow(consequences.Change(packages=[cast.package.id]))
    jobs.run_waiting()
    batch = imports.begin(imports.KINDS["visits"], cast.oakfield, cast.finance, "second.csv", as_csv(second_rows()))
    jobs.run(batch.job_id)
    batch = Import.get_by_id(batch.id)
    assert (batch.state, batch.rejected) == ("Checked", 1), (batch.state, imports.figures(batch), batch.refusal)
    claimed(cast)
    with db.atomic():
        Package.update(discount=500).where(Package.id == cast.bobs.id).execute()
        consequences.follow(consequences.Change(packages=[cast.bobs.id]))
    by_hand(cast, by)
    asked(cast)


def asked(cast) -> None:
    """Greta asks for a new colleague with a role at the South."""
    facts = {
        "surname": "D’Arcy",
        "forename": "Idris",
        "role": [2, f"service-{cast.south.id}", "Service Manager for Oakfield South"],
    }
    requests.send(kinds.every()["contact-new"], cast.oakfield, facts, actor(), cast.oakfield.id, "Starts on Monday")


def the_request() -> ChangeRequest:
    """The request that waits."""
    return ChangeRequest.get(ChangeRequest.kind == "contact-new")


def by_hand(cast, by: Actor) -> None:
    """What an officer did in the current period: adjusted by hand, held a client's weeks and an adjustment."""
    for number, (contract, amount) in enumerate(((cast.dapl, 1250), (cast.dapl, -330), (cast.spot, 4099))):
        adjust(contract, amount, f"prepared {number}", by)
    held = ManualAdjustment.get(ManualAdjustment.amount == -330)
    for contract, wanted, state in (
        (cast.dapl, holds.Wanted(keys=frozenset({f"manual-{held.id}"})), ItemState.SUSPENDED),
        (cast.dapl, holds.Wanted(client=cast.bob.id), ItemState.CARRIED),
        (cast.spot, holds.Wanted(keys=frozenset({f"{cast.placed.id}-{OCTOBER}-cost"})), ItemState.CANCELLED),
    ):
        hold(contract, wanted, state, by)


def adjust(contract: Contract, amount: int, key: str, by: Actor) -> None:
    """A manual adjustment, as the page adds it."""
    facts = {"client": None, "amount": amount, "with_vat": True, "reason": "Other", "note": key}
    adjustments.add(contract, facts, ["Other"], adjustments.period_of(contract).id, key, by)


def hold(contract: Contract, wanted: holds.Wanted, state: ItemState, by: Actor) -> None:
    """Lines of the contract's oldest current period, held as the page holds them."""
    period = adjustments.period_of(contract)
    shown = holds.find(contract, period, wanted).shown
    holds.hold(contract, period, wanted, state, "Under query", shown, by)
