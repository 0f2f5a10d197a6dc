"""The county-sized demonstration: 100 organisations, 8,000 packages, two years of weeks, a million visits.

Written in bulk, with statuses, packages and minutes as matching would give them (a test holds it to that); what is due
is then worked out by the product's own rule, a piece at a time.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import database
from blueprints.actuals import rules as actuals
from blueprints.actuals.sums import FedVisit, from_visits, paid_minutes
from blueprints.history import COMMAND_LINE
from blueprints.matching.rules import minutes
from blueprints.orders import rules as orders
from blueprints.packages import rules as packages
from blueprints.packages.plan import planned_quantity
from blueprints.payments import rules as payments
from blueprints.visits import digest
from demonstration import people, visits
from demonstration.build import WEEK, logins
from models import (
    Actual,
    Carer,
    Client,
    ConfirmedWeek,
    Contract,
    Hold,
    ItemState,
    ManualAdjustment,
    Organisation,
    Package,
    PackageRate,
    PaymentCycle,
    PaymentPeriod,
    PurchaseOrder,
    Service,
    ServiceLevel,
    StalePackage,
    TimetableSlot,
    VisitStatus,
    VisitType,
    db,
    utc_now,
)


class Size(NamedTuple):
    """How much there is of everything."""

    organisations: int
    services: int
    clients: int
    packages: int
    weeks: int
    daily: int  # packages with a visit each day
    sometimes: int  # packages with two visits a week
    odd: int  # visits that match nothing or lack their times

    @property
    def visits(self) -> int:
        """How many visits that makes."""
        return (self.daily * 7 + self.sometimes * 2) * self.weeks + self.odd


COUNTY = Size(100, 300, 5_000, 8_000, 104, 1_200, 600, 1_600)
PIECE = 250  # packages in one transaction
TYPES = ["DHS", "DHS", "DHS", "DHS", "DHS", "DHS", "DHS", "DHS", "DHS", "C24", "C", "E", "U"]
NAMES = ["Oak", "Ash", "Elm", "Rowan", "Hazel", "Alder", "Willow", "Holly", "Cedar", "Maple"]
KINDS = ["field Care", "bank Homes", "lea Support", "wood House", "dale Living", "ford Homecare", "ton Lodge",
         "mere Care", "brook Services", "side Carers"]  # fmt: skip


def at(hour: int, minute: int = 0) -> int:
    """A time of day in seconds."""
    return hour * 3600 + minute * 60


def build(last: dt.date, size: Size = COUNTY) -> Iterator[str]:
    """Everything; `last` is the Monday of the last full week. Yields a line with the seconds of each step."""
    county = County(last, size)
    steps = (
        county.make_records,
        county.write_visits,
        county.work_out_dues,
        county.issue_orders,
        county.hold_and_adjust,
    )
    for step in steps:
        began = time.monotonic()
        said = step()
        yield f"{said} ({time.monotonic() - began:.0f} s)"


class County:
    """The county while it is made."""

    def __init__(self, last: dt.date, size: Size):
        self.last = last
        self.size = size
        self.first = last - WEEK * (size.weeks - 1)
        self.chance = random.Random(7)
        self.fed = size.daily + size.sometimes
        self.types = {t.code: t for t in VisitType.select()}

    def make_records(self) -> str:
        """Organisations, services, clients, packages, in bulk."""
        with db.atomic():
            self._terms()
            self._clients()
            self._packages()
        return "Made {} organisations, {} services, {} clients, {} packages.".format(*self.size[:4])

    def _terms(self) -> None:
        names = [f"{a}{b}" for a in NAMES for b in KINDS]
        made = []
        for n in range(self.size.organisations):
            ref, name = (f"ORG{n:03}", names[n]) if n else ("OAK", "Oakfield Home Care")
            made.append(Organisation.create(ref=ref, name=name))
        made[1].ref, made[1].name = "BRO", "Brookhouse Residential"
        made[2].ref, made[2].name = "HAR", "Harbour Supported Housing"
        made[1].save(), made[2].save()
        logins({o.ref: o for o in made[:3]})
        many = self.size.organisations
        self.services = [
            Service.create(ref=f"{made[n % many].ref}-{n // many + 1}", organisation=made[n % many],
                           name=f"{made[n % many].name} {('North', 'South', 'Central')[n // many]}")
            for n in range(self.size.services)
        ]  # fmt: skip
        self.personal = ServiceLevel.create(
            ref="PC", name="Personal Care", unit="Hours", paid_on="actuals", entry="visits", visits_wanted=True
        )
        self.placement = ServiceLevel.create(
            ref="RES", name="Residential Placement", unit="Placement", paid_on="planned", entry="none"
        )
        self.support = ServiceLevel.create(
            ref="HS", name="Housing Support", unit="Hours", paid_on="actuals", entry="weekly"
        )
        cycle = PaymentCycle.create(name="Four-weekly")
        for n in range(self.size.weeks // 4 + 2):
            start = self.first + WEEK * 4 * n
            PaymentPeriod.create(
                cycle=cycle, start_date=start, end_date=start + WEEK * 4 - dt.timedelta(1), cut_off=start + WEEK * 4 + dt.timedelta(1)
            )  # fmt: skip
        self.contracts = {
            o.id: Contract.create(ref=f"C-{o.ref}", name=f"{o.name} DAPL", organisation=o, contract_type="DAPL", cycle=cycle)
            for o in made
        }  # fmt: skip
        self.organisation_of = {o.id: o for o in made}
        rows = [(o.id, f"C-{n:03}", *people.CARERS[n % len(people.CARERS)]) for o in made for n in range(1, 21)]
        database.bulk_upsert(Carer, ["organisation", "ref", "forename", "surname"], rows)

    def _clients(self) -> None:
        everybody = people.OAKFIELD + people.BROOKHOUSE + people.HARBOUR
        columns = [f.name for f in Client._meta.sorted_fields if f.name not in ("id", "date_of_death")]
        facts = {name: "" for name in columns}
        rows = []
        for n in range(self.size.clients):
            title, forename, surname = everybody[n % len(everybody)]
            other = everybody[(n * 7 + n // 60) % len(everybody)][1]
            street, (town, code) = people.STREETS[n % len(people.STREETS)], people.TOWNS[n % len(people.TOWNS)]
            one = facts | {
                "ssref": f"A{500000 + n}", "client_ref": f"CR-{n}", "nhs_number": f"999{n:07}", "title": title,
                "forename": other if n > 59 else forename, "surname": surname, "town": town, "address1": f"{n % 90 + 1} {street}",
                "postcode": f"{code} {n % 9 + 1}AB", "date_of_birth": dt.date(1925 + n % 70, n % 12 + 1, n % 28 + 1),
            }  # fmt: skip
            rows.append(tuple(one[c] for c in columns))
        database.bulk_upsert(Client, columns, rows)
        self.people = list(Client.select().order_by(Client.id))

    def service_of(self, n: int) -> Service:
        """The service of a package; the first has twelve more than others, so that its week fills a page of visits."""
        return self.services[0 if n < 12 else n % self.size.services]

    def _packages(self) -> None:
        columns = [f.name for f in Package._meta.sorted_fields if f.name != "id"]
        rows = []
        for n in range(self.size.packages):
            service = self.service_of(n)
            fed = n < self.fed
            level = self.personal if fed else self.placement if n % 2 else self.support
            started = self.first - WEEK * (n % 30) if fed or n % 3 else self.first + WEEK * (n % 90)
            one = {
                "cpli_id": 700001 + n, "organisation": service.organisation_id, "client": self.people[n % self.size.clients].id,
                "service": service.id, "level": level.id, "contract": self.contracts[service.organisation_id].id,
                "start_date": started, "end_date": started + WEEK * 60 if not fed and n % 7 == 0 else None,
                "quantity": 100 if level is self.placement else 300 + 50 * (n % 8), "frequency": "Weekly",
                "unit_cost": 6460600 + 1000 * (n % 500) if level is self.placement else 187500 + 100 * (n % 300),
                "authorised": fed or n % 40 != 0, "care_package_ref": f"CP-{n}", "discount": 250 if n % 50 == 0 else 0,
                "contribution": 4000 + n if n % 9 == 0 else 0, "pricing_basis": "Spot", "cost_centre": f"4{n % 40:03}",
                "subjective": "R4210",
            }  # fmt: skip
            rows.append(tuple(one[c] for c in columns))
        database.bulk_upsert(Package, columns, rows)
        self.packages = list(Package.select().order_by(Package.cpli_id))
        slots, rates = [], []
        for n, package in enumerate(self.packages[: self.fed]):
            entry = at(7 + n % 12, 15 * (n % 4))
            for weekday in range(7) if n < self.size.daily else (n % 3, n % 3 + 3):
                slots.append((package.id, weekday, entry, entry + at(0, 30 + 15 * (n % 3)), 1))
            if n % 2:
                rates.append((package.id, self.first + WEEK * (self.size.weeks * 3 // 5), 195000 + 100 * (n % 300)))
        database.bulk_upsert(TimetableSlot, ["package", "weekday", "entry", "exit", "carers"], slots)
        database.bulk_upsert(PackageRate, ["package", "from_date", "unit_cost"], rates)

    def write_visits(self) -> str:
        """Visits matched to their packages, with the actuals that they make, a service at a time; then odd ones."""
        fed = {p.id: p for p in self.packages[: self.fed]}
        lines = packages.lines(Package.level == self.personal)
        self.number = 0
        waiting = sorted(fed, key=lambda ident: (fed[ident].service_id, ident))
        left = self.size.visits - self.size.odd
        while piece := list(islice(waiting, 60)):
            waiting = waiting[60:]
            rows, sums = [], []
            for ident in piece:
                for one, figures in self._weeks_of(fed[ident], lines[ident]):
                    rows += one
                    sums.append(figures)
            with db.atomic():
                visits.write(rows)
                left -= len(rows)
                database.bulk_upsert(Actual, actuals.COLUMNS, sums)
        with db.atomic():
            visits.write(self._odd(lines, left + self.size.odd))
            self._planned()
        database.sql(db, "ANALYZE")
        return f"Wrote {self.number} visits with their actuals."

    def _weeks_of(self, package: Package, line: packages.Line):
        """The visits of each week of a package, and the row of actuals that they make."""
        client = self.people[(package.cpli_id - 700001) % self.size.clients]
        organisation = self.organisation_of[package.organisation_id]
        service = self.service_of(package.cpli_id - 700001)
        about = visits.About(organisation, client, client.ssref, "", self.personal, service)
        for number in range(self.size.weeks):
            week = self.first + WEEK * number
            rows, fed = [], []
            for slot in line.plan.slots:
                one = self._visit(about, week + dt.timedelta(slot.weekday), slot.entry, slot.exit)
                kind = one.pop("kind")
                planned, done = one["planned_minutes"], one["delivered_minutes"]
                one |= {
                    "status": str(VisitStatus.MATCHED), "package": package.id,
                    "paid_minutes": minutes(kind.pays, planned, done), "charged_minutes": minutes(kind.charges, planned, done),
                }  # fmt: skip
                rows.append(one)
                fed.append(FedVisit(one["planned_date"], kind.pays, planned, done))
            figures = from_visits(planned_quantity(line.plan, week), fed)
            paid = sum(map(paid_minutes, fed))
            what = ("visits", "", False, 1, str(dt.datetime.combine(week + WEEK, dt.time(9))), "")
            yield rows, (package.id, week, line.organisation, line.service, *what, *figures, paid)

    def _visit(self, about: visits.About, day: dt.date, entry: int, exit: int, code: str = "") -> dict:
        self.number += 1
        kind = self.types[code or TYPES[int(self.chance.random() * 13) if self.number % 4 == 0 else 0]]
        times = (
            (entry + 60 * (self.number % 9 - 3), exit + 60 * (self.number % 7 - 3))
            if kind.needs_delivered
            else (None, None)
        )
        facts = visits.Facts(
            day, entry, exit, kind, *times, f"C-{self.number % 20 + 1:03}", visits.COMMENTS.get(kind.code, "")
        )
        moment = dt.datetime.combine(day, dt.time(9)) + dt.timedelta(7 - day.weekday())
        one = visits.row(about, f"V{self.number:07}", facts, None, moment, "Greta Finch")
        one["kind"] = kind
        return one

    def _odd(self, lines, how_many: int) -> Iterator[dict]:
        """Visits of strangers, of people without the level, and without delivered times."""
        placed = [p for p in self.packages if p.level_id == self.placement.id]
        with_care = {(line.organisation, line.client) for line in lines.values()}
        placed = [p for p in placed if (p.organisation_id, p.client_id) not in with_care]
        for n in range(how_many):
            package = placed[n % len(placed)]
            organisation = self.organisation_of[package.organisation_id]
            client = self.people[(package.cpli_id - 700001) % self.size.clients]
            day = self.last - WEEK * (n % 20) + dt.timedelta(n % 7)
            about = visits.About(organisation, client, client.ssref, "", self.personal, None)
            if n % 3 == 0:
                about = about._replace(client=None, ssref=f"A9{n:05}")
            one = self._visit(about, day, at(10), at(11), "DHS")
            one.pop("kind")
            if n % 3 == 1:
                one |= {
                    "delivered_date": None,
                    "delivered_entry": None,
                    "delivered_exit": None,
                    "delivered_minutes": None,
                    "status": str(VisitStatus.MISSING_DATA),
                    "reason": "delivered times missing",
                }
                one["digest"] = digest.of_values(one)  # fmt: skip
            elif n % 3 == 2:
                one |= {
                    "status": str(VisitStatus.UNMATCHED),
                    "reason": "service level not in the client's packages",
                }
            yield one

    def _planned(self) -> None:
        """Actuals as planned for what is entered by the week."""
        rows = []
        for line in packages.lines((Package.level == self.support) & Package.authorised).values():
            for number in range(self.size.weeks - 1):
                week = self.first + WEEK * number
                if planned := planned_quantity(line.plan, week):
                    what = ("generated", "", False, 1, str(dt.datetime.combine(week + WEEK, dt.time(9))), "")
                    rows.append((line.id, week, line.organisation, line.service, *what, planned, 0, 0, 0, 0, 0))
        database.bulk_upsert(Actual, actuals.COLUMNS, rows)
        confirmed = [
            (service.id, week, "Greta Finch", False, str(dt.datetime.combine(week + WEEK, dt.time(10))))
            for service in self.services
            for week in (self.first + WEEK * number for number in range(self.size.weeks - 1))
        ]
        database.bulk_upsert(ConfirmedWeek, ["service", "week", "by", "by_officer", "at"], confirmed)

    def work_out_dues(self) -> str:
        """What is due for every package and week, by the rule."""
        idents = [p.id for p in self.packages]
        changed = 0
        for start in range(0, len(idents), PIECE):
            piece = idents[start : start + PIECE]
            with db.atomic():
                lines = packages.lines(Package.id.in_(piece))
                changed += payments.work_out(lines)
                orders.refresh(lines)
                StalePackage.delete().where(StalePackage.package.in_(piece)).execute()
        return f"Worked out {changed} weeks of payments."

    def issue_orders(self) -> str:
        """All but every fortieth purchase order."""
        idents = [i for (i,) in PurchaseOrder.select(PurchaseOrder.id).order_by(PurchaseOrder.id).tuples()]
        idents = [ident for number, ident in enumerate(idents) if number % 40]
        for start in range(0, len(idents), 500):
            with db.atomic():
                orders.issue_several(idents[start : start + 500], "", COMMAND_LINE)
        return f"Issued {len(idents)} purchase orders."

    def hold_and_adjust(self) -> str:
        """Some of the last week's lines held, and manual adjustments that wait: what officers' lists have to carry."""
        states = (ItemState.SUSPENDED, ItemState.CARRIED, ItemState.CANCELLED)
        held = [(p.id, self.last.isoformat(), "cost", str(states[n % 3]), "Under query", "Priya Shah", str(utc_now()))
                for n, p in enumerate(self.packages[::40])]  # fmt: skip
        contracts = list(Contract.select().order_by(Contract.id))
        made = [
            (c.id, c.organisation_id, 1000 * (n % 9 - 4) - 50, False, "Other", "Agreed by e-mail", "Priya Shah",
             str(utc_now()), 1, f"county {c.id} {n}")
            for c in contracts for n in range(2)
        ]  # fmt: skip
        with db.atomic():
            columns = ["package", "week", "kind", "state", "reason", "by", "at", "version", "amount", "vat", "released_by",
                       "release_reason"]  # fmt: skip
            database.bulk_upsert(Hold, columns, [(*row, 1, 0, 0, "", "") for row in held])
            columns = ["contract", "organisation", "amount", "with_vat", "reason", "note", "by", "at", "version", "key"]
            database.bulk_upsert(ManualAdjustment, columns, made)
        return f"Held {len(held)} lines and made {len(made)} manual adjustments."
