"""The small demonstration: three organisations, some sixty people, a year of weeks, and something in every state."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from blueprints import consequences, history
from blueprints.actuals import report as actuals_report
from blueprints.adjustments import rules as adjustments
from blueprints.exports import charges
from blueprints.exports import rules as exports
from blueprints.history import Actor
from blueprints.holds import rules as holds
from blueprints.jobs import rules as jobs
from blueprints.matching.rules import Group
from blueprints.orders import rules as orders
from blueprints.payments import rules as payments
from blueprints.periods import rhythm
from blueprints.periods import rules as periods
from blueprints.reach import Reach
from blueprints.reports import rules as reports
from blueprints.settings import rules as settings
from blueprints.values import show_date
from blueprints.weeks import today
from demonstration import accounts, by_hand, messages, people, requests, teams, visits
from demonstration.build import WEEK, logins
from demonstration.claims import Claims, InHospital
from demonstration.disputes import Disputes
from models import (
    Actual,
    Carer,
    Change,
    ChangeRequest,
    Claim,
    Client,
    Contact,
    Contract,
    Dispute,
    Export,
    Finalisation,
    Hold,
    Import,
    ImportProblem,
    ImportState,
    ItemState,
    JobState,
    Look,
    ManualAdjustment,
    OrderVersion,
    Organisation,
    Package,
    PackageRate,
    PaymentBasis,
    PaymentCycle,
    PaymentPeriod,
    PreparedReport,
    PurchaseOrder,
    Service,
    ServiceLevel,
    TimetableSlot,
    Visit,
    VisitType,
)

WEEKS = 53  # weeks with visits, the open one included
RATE = 232260  # £23.2260 an hour
RAISED = 241550
SETTINGS = {
    "authority_name": "Northmere County Council",
    "portal_name": "Provider portal",
    "support_contact": "01632 960 100, provider.support@authority.example",
    "remittance_note": "Questions about a remittance: 01632 960 120, payments@authority.example.",
    "unplanned_actuals": True,
    "whats_new": "This is a demonstration: look around, change what you like.",
}


def at(hour: int, minute: int = 0) -> int:
    """A time of day in seconds."""
    return hour * 3600 + minute * 60


def evening(day: dt.date, hour: int = 17, minute: int = 12) -> dt.datetime:
    """A moment on a day, as stored."""
    return dt.datetime.combine(day, dt.time(hour, minute))


def build(last: dt.date) -> Iterator[str]:
    """Everything; `last` is the Monday of the last full week."""
    world = World(last)
    yield from world.build()


class World:
    """The rows of the demonstration while it is made."""

    def __init__(self, last: dt.date):
        self.last = last
        self.weeks = [last - WEEK * n for n in range(WEEKS - 1, -1, -1)]
        self.chance = random.Random(19)
        self.types = {t.code: t for t in VisitType.select()}
        self.next_cpli = 300001
        self.packages: dict[str, Package] = {}
        self.timetables: dict[int, list[tuple[int, int, int, int]]] = {}
        self.in_hospital = InHospital(last)

    def build(self) -> Iterator[str]:
        """Step by step, in the order in which it would have happened."""
        for name, value in SETTINGS.items():
            settings.put(name, value)
        self.organisations()
        self.users = logins({"OAK": self.oakfield, "BRO": self.brookhouse, "HAR": self.harbour})
        yield f"Made 3 organisations and {len(self.users)} logins."
        self.terms()
        self.clients()
        self.home_care()
        self.residential()
        self.supported()
        by_hand.rounds(self)
        yield f"Made {Client.select().count()} clients and {Package.select().count()} packages."
        self.carers()
        self.year_of_visits()
        self.odd_visits()
        yield f"Wrote {Visit.select().count()} visits."
        consequences.follow(consequences.Change(packages=[p for (p,) in Package.select(Package.id).tuples()]), now=True)
        by_hand.write(self)
        consequences.settle()
        yield f"Matched the visits and made {Actual.select().count()} actuals."
        self.holds_of_the_past()
        yield f"Finalised {self.finalise()} periods."
        self.issue_orders()
        self.charge(self.last - WEEK * 5)
        self.claims.the_others()
        yield f"Made {Claim.select().count()} one-off claims."
        self.late_changes()
        self.coming_changes()
        self.issue_again()
        yield f"Issued {OrderVersion.select().count()} versions of {PurchaseOrder.select().count()} purchase orders."
        visits.seal(Visit.select().where(Visit.version > 1))
        Disputes(self).make()
        yield f"Raised {Dispute.select().count()} disputes."
        self.files()
        self.exports()
        self.year_ahead()
        yield accounts.build(self)
        requests.build(self)
        yield f"Made {Contact.select().count()} contacts and {ChangeRequest.select().count()} change requests."
        self.prepared_reports()
        yield messages.write(self.users, today())
        yield teams.write(self.users)
        yield f"The last full week, from {self.last:%d/%m/%Y}, is open: its visits are still to come."

    def actor(self, name: str) -> Actor:
        """Who acts, by the part of the address before the dot."""
        return Actor(self.users[name].id, self.users[name].name)

    # who and where

    def organisations(self) -> None:
        """Three providers and their services."""

        def place(number: int, street: str, town: int) -> dict:
            name, code = people.TOWNS[town]
            return {"address1": f"{number} {street}", "town": name, "postcode": f"{code} {number % 9 + 1}AB"}

        self.oakfield = Organisation.create(
            ref="OAK", name="Oakfield Home Care", telephone="01632 960 201", email="office@oakfield.example",
            kinds="Home care", **place(14, "Station Road", 0),
        )  # fmt: skip
        self.brookhouse = Organisation.create(
            ref="BRO", name="Brookhouse Residential", telephone="01632 960 301", email="office@brookhouse.example",
            kinds="Residential and nursing care\nShort breaks", **place(3, "Mill Lane", 1),
        )  # fmt: skip
        self.harbour = Organisation.create(
            ref="HAR", name="Harbour Supported Housing", telephone="01632 960 401", email="office@harbour.example",
            kinds="Supported housing", **place(60, "Bridge Street", 2),
        )  # fmt: skip

        def service(ref, name, organisation, kind, where, **facts):
            return Service.create(ref=ref, name=name, organisation=organisation, service_type=kind, **where, **facts)

        self.north = service("OAK-N", "Oakfield North", self.oakfield, "Home care", place(14, "Station Road", 0))
        self.south = service("OAK-S", "Oakfield South", self.oakfield, "Home care", place(8, "The Green", 2))
        self.house = service("BRO-1", "Brookhouse", self.brookhouse, "Residential home", place(3, "Mill Lane", 1))
        self.lodge = service(
            "BRO-2", "Brook Lodge", self.brookhouse, "Residential home", place(41, "Orchard Close", 1),
            end_date=self.last - WEEK * 20,
        )  # fmt: skip
        self.court = service("HAR-1", "Harbour Court", self.harbour, "Supported housing", place(60, "Bridge Street", 2))
        self.quay = service("HAR-2", "Quay House", self.harbour, "Supported housing", place(2, "Church Street", 2))

    def terms(self) -> None:
        """Service levels, payment cycles with their periods, contracts."""

        def level(ref, name, unit, paid_on, entry, **facts):
            return ServiceLevel.create(ref=ref, name=name, unit=unit, paid_on=paid_on, entry=entry, **facts)

        self.personal = level("PC", "Personal Care", "Hours", "actuals", "visits", visits_wanted=True,
                              service_group_class="Home care")  # fmt: skip
        self.sitting = level("SIT", "Sitting Service", "Hours", "actuals", "visits", visits_wanted=True,
                             service_group_class="Home care")  # fmt: skip
        self.domestic = level("DOM", "Domestic Support", "Hours", "actuals", "weekly", service_group_class="Home care")
        self.breaks = level("SB", "Short Breaks", "Nights", "actuals", "weekly", intermittent=True,
                            service_group_class="Carers")  # fmt: skip
        self.placement = level("RES", "Residential Placement", "Placement", "planned", "none",
                               service_group_class="Residential")  # fmt: skip
        self.nursing = level("NUR", "Nursing Placement", "Placement", "planned", "none",
                             service_group_class="Residential")  # fmt: skip
        self.set_up = level("SET", "Equipment and Set-up", "Item", "one-off", "none")
        level("HIP", "Hospital Incentive Payment", "Payment", "one-off", "none", claimable="hospital")
        level("KEY", "Key Safe", "Item", "one-off", "none", claimable="other")
        self.support = level("HS", "Housing Support", "Hours", "actuals", "weekly", service_group_class="Housing")
        self.sessions = level("DAY", "Day Activities", "Sessions", "actuals", "daily", service_group_class="Housing")

        self.four = self.cycle("Four-weekly", self.last - WEEK * 50, 28, 15)
        self.two = self.cycle("Fortnightly", self.last - WEEK * 50, 14, 29)
        self.months = PaymentCycle.create(name="Calendar months")
        first = (self.last - WEEK * 50).replace(day=1)
        for _ in range(15):
            following = (first + dt.timedelta(32)).replace(day=1)
            self.period(self.months, first, following - dt.timedelta(1))
            first = following

        def contract(ref, name, organisation, kind, cycle, **facts):
            return Contract.create(
                ref=ref, name=name, organisation=organisation, contract_type=kind, cycle=cycle, payment_method="BACS",
                **facts,
            )  # fmt: skip

        self.dapl = contract("C1", "Oakfield DAPL", self.oakfield, "DAPL", self.four)
        self.spot = contract("C2", "Brookhouse Spot", self.brookhouse, "Spot", self.four)
        self.lwah = contract("C3", "Oakfield Live Well at Home", self.oakfield, "LWAH", self.four)
        self.invoiced = contract(
            "C4", "Oakfield sitting by invoice", self.oakfield, "APL", self.four, payment_basis=PaymentBasis.INVOICE
        )
        self.block = contract("C5", "Brookhouse monthly", self.brookhouse, "APL", self.months)
        self.housing = contract("C6", "Harbour housing support", self.harbour, "HTLAH", self.two, vat_rate=2000)

    def cycle(self, name: str, first: dt.date, days: int, number: int) -> PaymentCycle:
        """A payment cycle of periods of so many days."""
        made = PaymentCycle.create(name=name)
        for n in range(number):
            start = first + dt.timedelta(days * n)
            self.period(made, start, start + dt.timedelta(days - 1))
        return made

    def period(self, cycle: PaymentCycle, start: dt.date, end: dt.date) -> None:
        """A period whose cut-off is two days after it, finalised after four and paid after ten."""
        after = [end + dt.timedelta(days) for days in (2, 4, 10)]
        PaymentPeriod.create(
            cycle=cycle, start_date=start, end_date=end, cut_off=after[0], finalise_on=after[1], pay_on=after[2]
        )

    def clients(self) -> None:
        """Some sixty people."""
        self.people: dict[str, Client] = {}
        number = 0
        for base, group in ((100001, people.OAKFIELD), (200001, people.BROOKHOUSE), (300001, people.HARBOUR)):
            for n, (title, forename, surname) in enumerate(group):
                number += 1
                town, code = self.chance.choice(people.TOWNS)
                year = 1990 + n if base == 300001 else 1930 + (n * 7) % 22
                self.people[surname] = Client.create(
                    ssref=f"A{base + n}", client_ref=f"CR-{number}", title=title, forename=forename, surname=surname,
                    nhs_number=f"9990{number:05}{number % 10}", date_of_birth=dt.date(year, n % 12 + 1, n % 27 + 1),
                    gender={"Mr": "Male", "": ""}.get(title, "Female"),
                    address1=f"{n * 3 + 1} {self.chance.choice(people.STREETS)}", town=town,
                    postcode=f"{code} {n % 9 + 1}{'ABDEFGHJLN'[n % 10]}{'PQRSTUWXYZ'[n % 10]}",
                )  # fmt: skip

    def package(self, key, who, service, level, contract, slots=(), **facts) -> Package:
        """A package; `slots` as (weekdays, entry, exit, carers). Without a reference the next one is taken."""
        cpli = facts.pop("cpli", None)
        if cpli is None:
            cpli, self.next_cpli = self.next_cpli, self.next_cpli + 7
        facts.setdefault("start_date", self.weeks[0] - WEEK * self.chance.randint(3, 40))
        facts.setdefault("authorised", True)
        facts.setdefault("care_package_ref", f"CP-{cpli - 100000}")
        facts.setdefault("cost_centre", f"41{service.id:02}")
        facts.setdefault("subjective", "R4210")
        made = Package.create(
            cpli_id=cpli, organisation=service.organisation_id, client=self.people[who], service=service, level=level,
            contract=contract, **facts,
        )  # fmt: skip
        rows = [(day, entry, exit, carers) for days, entry, exit, carers in slots for day in days]
        for weekday, entry, exit, carers in rows:
            TimetableSlot.create(package=made, weekday=weekday, entry=entry, exit=exit, carers=carers)
        self.timetables[made.id] = rows
        self.packages[key] = made
        return made

    def home_care(self) -> None:
        """Oakfield: paid on visits, timetabled and not, with rates, discounts, contributions."""
        daily, week_days = range(7), range(5)
        april = next(week for week in reversed(self.weeks) if week.month == 4 and week.day <= 7)
        morning, noon, tea, bed = (
            (daily, at(8), at(9), 1), (daily, at(12), at(12, 30), 1), (daily, at(16, 30), at(17), 1), (daily, at(20), at(20, 45), 1)
        )  # fmt: skip
        long: list[tuple] = [
            (
                "Archer",
                self.north,
                self.dapl,
                [morning],
                {"cpli": 156017, "quantity": 700, "start_date": self.weeks[0]},
            ),
            ("O'Neill", self.north, self.dapl, [], {"cpli": 156018, "quantity": 350, "start_date": self.weeks[0]}),
            ("Barrow", self.north, self.dapl, [morning, noon, tea, bed], {"contribution": 4500}),
            ("Pike", self.north, self.dapl, [(daily, at(9), at(9, 45), 2)], {}),  # two carers: double-handed
            ("Lark", self.north, self.dapl, [(week_days, at(7, 30), at(8, 15), 1)], {"discount": 250}),
            ("Moss", self.north, self.lwah, [morning, bed], {"contribution": 2275}),
            ("Fletcher", self.north, self.lwah, [noon, tea], {}),
            ("Webb", self.north, self.lwah, [(daily, at(22, 30), at(0, 30), 1)], {}),  # past midnight
            ("Thornton", self.north, self.dapl, [((0, 2, 4), at(10), at(11, 30), 1)], {}),
            ("Kerr", self.south, self.dapl, [morning, tea], {}),
            ("Whitaker", self.south, self.dapl, [morning], {"discount": 1000, "contribution": 1200}),
            ("Ashby", self.south, self.dapl, [noon], {}),
            ("Croft", self.south, self.lwah, [morning, noon, bed], {}),
            ("Sands", self.south, self.lwah, [tea], {"contribution": 3010}),
            ("Okafor", self.south, self.dapl, [morning, bed], {}),
            ("Patel", self.south, self.dapl, [((1, 3), at(14), at(16), 1)], {}),
            ("Lindley", self.south, self.dapl, [morning], {}),
        ]
        for who, service, contract, slots, facts in long:
            package = self.package(
                who, who, service, self.personal, contract, slots, unit_cost=RATE, **{"quantity": 700} | facts
            )
            if who not in ("Archer", "O'Neill"):
                PackageRate.create(package=package, from_date=april, unit_cost=RAISED)
        # A rate that begins on a Thursday.
        PackageRate.create(
            package=self.packages["Lindley"], from_date=self.last - WEEK * 9 + dt.timedelta(3), unit_cost=RAISED + 5000
        )
        Client.update(date_of_death=self.last - dt.timedelta(4)).where(Client.id == self.people["Ashby"]).execute()
        third = self.last - WEEK * 3
        self.package("Brook", "Brook", self.north, self.personal, self.dapl, [morning], quantity=700, unit_cost=RATE,
                     end_date=third - dt.timedelta(1))  # fmt: skip
        self.package("Vale", "Vale", self.north, self.personal, self.dapl, [morning], quantity=700, unit_cost=RAISED,
                     start_date=self.last)  # fmt: skip
        self.package("Sutton", "Sutton", self.south, self.personal, self.dapl, [tea], quantity=350, unit_cost=RAISED,
                     start_date=self.last - WEEK * 2, authorised=False)  # fmt: skip
        self.package("Holloway", "Holloway", self.south, self.sitting, self.invoiced, quantity=600, unit_cost=185000)
        self.package("Penn", "Penn", self.north, self.personal, self.dapl, [noon], quantity=350, unit_cost=RAISED,
                     start_date=self.last + WEEK * 2)  # fmt: skip
        self.package("Grieves", "Grieves", self.north, self.domestic, self.dapl, quantity=200, frequency="2-Weekly",
                     unit_cost=168000)  # fmt: skip
        self.package("Darnell", "Darnell", self.south, self.breaks, self.dapl, quantity=2800, frequency="Yearly",
                     unit_cost=1425000)  # fmt: skip
        self.package("Nowak", "Nowak", self.south, self.set_up, self.dapl, quantity=100, frequency="One-off",
                     unit_cost=1850000, start_date=self.last - WEEK * 6, end_date=self.last - WEEK * 6)  # fmt: skip
        self.package("Nowak visits", "Nowak", self.south, self.personal, self.dapl, [morning], quantity=700,
                     unit_cost=RAISED, start_date=self.last - WEEK * 6)  # fmt: skip
        self.package("Eyre", "Eyre", self.south, self.domestic, self.dapl, quantity=150, unit_cost=168000)
        # One that was ended and followed by another, both of which may take a visit's level.
        self.package("Lindley two", "Lindley", self.south, self.sitting, self.dapl, quantity=300, unit_cost=198000,
                     start_date=self.last - WEEK * 12)  # fmt: skip

    def residential(self) -> None:
        """Brookhouse: paid on plan, with contributions."""
        self.package("Castle", "Castle", self.house, self.placement, self.spot, cpli=200001, quantity=100,
                     unit_cost=6460600, start_date=self.weeks[0], contribution=14380)  # fmt: skip
        for n, (_, _, who) in enumerate(people.BROOKHOUSE[1:], 1):
            nursing, monthly = n % 4 == 0, n % 3 == 0
            facts: dict = {"contribution": 9800 + 635 * n} if n % 5 else {}
            if n == 7:
                facts["end_date"] = self.last - WEEK * 16
            if n == 11:
                facts |= {"authorised": False, "start_date": self.last - WEEK}
            if n == 13:
                facts["start_date"] = self.last - WEEK * 23 + dt.timedelta(2)
            if n == 16:
                facts["end_date"] = self.last - WEEK * 21
            self.package(
                who, who, self.lodge if n == 16 else self.house, self.nursing if nursing else self.placement,
                self.block if monthly else self.spot, quantity=100,
                unit_cost=8120000 + 15000 * n if nursing else 6460600 + 12000 * n, **facts,
            )  # fmt: skip
        # Somebody who moved from home care into the home.
        self.people["Brook moved"] = self.people["Brook"]
        self.package("Brook moved", "Brook moved", self.house, self.placement, self.spot, quantity=100,
                     unit_cost=6620000, start_date=self.last - WEEK * 3, contribution=15120)  # fmt: skip

    def supported(self) -> None:
        """Harbour: paid on weekly entry, with VAT; a few with daily sessions."""
        for n, (_, _, who) in enumerate(people.HARBOUR):
            service = self.quay if n % 3 == 0 else self.court
            self.package(who, who, service, self.support, self.housing, quantity=300 + 50 * (n % 6), unit_cost=187500)
            if n % 5 == 2:
                self.package(f"{who} days", who, service, self.sessions, self.housing, quantity=300, unit_cost=312500)

    # what was delivered

    def carers(self) -> None:
        """Oakfield's carers."""
        for n, (forename, surname) in enumerate(people.CARERS, 1):
            ended = self.last - WEEK * 10 if n == len(people.CARERS) else None
            Carer.create(
                organisation=self.oakfield, ref=f"C-{n:03}", forename=forename, surname=surname, end_date=ended
            )

    def about(self, package: Package, **other) -> visits.About:
        """What the visits of a package say about whom and what."""
        client = next(c for c in self.people.values() if c.id == package.client_id)
        facts = {
            "organisation": self.oakfield, "client": client, "ssref": client.ssref, "nhs_number": "",
            "level": self.personal, "service": self.north if package.service_id == self.north.id else self.south,
        }  # fmt: skip
        return visits.About(**facts | other)

    def year_of_visits(self) -> None:
        """Every timetabled visit of the year, the last week only in part; one import for each week."""
        known = [p for p in self.packages.values() if p.level_id == self.personal.id and p.authorised]
        abouts = {p.id: self.about(p) for p in known}
        self.away = self.in_hospital.of(self.packages)
        self.number = 0
        self.batches: dict[dt.date, Import] = {}
        for week in self.weeks:
            rows = [row for p in known for row in self.week_of(p, abouts[p.id], week)]
            batch = self.an_import(week, len(rows))
            visits.write([one | {"batch": batch.id} for one in rows])

    def week_of(self, package: Package, about: visits.About, week: dt.date) -> Iterator[dict]:
        """One package's visits in one week. The last week has only the south's, from Monday to Wednesday."""
        slots = self.timetables[package.id]
        if not slots and package.cpli_id == 156018:  # not timetabled: a visit every other day
            slots = [(day, at(11), at(11, 50), 1) for day in (0, 2, 4, 6)]
        open_week = week == self.last
        if open_week and package.service_id == self.north.id:
            return
        away = self.away.get(package.id, ())
        for weekday, entry, exit, carers in slots:
            day = week + dt.timedelta(weekday)
            if day < package.start_date or (package.end_date and day > package.end_date) or (open_week and weekday > 2):
                continue
            for _ in range(carers):
                self.number += 1
                code = "H" if day in away else self.a_type()
                double = "Double-Handed" if carers > 1 else ""
                yield visits.row(
                    about, f"V{self.number:06}", self.facts(package, day, entry, exit, code, double), None,
                    evening(week + WEEK, 9), "Greta Finch",
                )  # fmt: skip

    def a_type(self) -> str:
        """A visit type, mostly delivered."""
        return self.chance.choices(["D", "C24", "C", "E", "U"], [93, 2.5, 2, 1.3, 1.2])[0]

    def facts(self, package: Package, day: dt.date, entry: int, exit: int, code: str, said: str = "") -> visits.Facts:
        """What happened at a visit of this type; D is delivered, in the contract's own code."""
        if code == "D":
            code = "DHF" if package.contract_id == self.lwah.id else "DHS"
        kind = self.types[code]
        times: tuple[int | None, int | None] = (None, None)
        if kind.needs_delivered:
            times = visits.delivered(self.chance, entry, exit if code != "E" else (exit + at(1, 5)) % 86400)
        carer = f"C-{self.chance.randint(1, len(people.CARERS) - 1):03}"
        silent = day >= self.last - WEEK * 2 and not said and self.chance.random() < 0.4  # for the check list
        return visits.Facts(
            day, entry, exit, kind, *times, carer, said or ("" if silent else visits.COMMENTS.get(code, ""))
        )

    def an_import(self, week: dt.date, records: int, **facts) -> Import:
        """The finished import of a week's visits."""
        started = facts.get("started_at") or evening(week + WEEK, 9)
        facts = {
            "kind": "visits", "organisation": self.oakfield, "user": self.users["finance@oakfield"],
            "file_name": f"visits-{week}.csv", "state": ImportState.DONE, "started_at": started, "checked_at": started,
            "taken_at": started, "ended_at": started + dt.timedelta(minutes=2), "ended_by": "Greta Finch",
            "records": records, "new": records,
        } | facts  # fmt: skip
        made = Import.create(**facts)
        self.batches.setdefault(week, made)
        return made

    def odd_visits(self) -> None:
        """A visit for each reason of rule 5.9, without delivered times, deleted, sent again, corrected."""
        week = self.last - WEEK
        batch, moment = self.batches[week], evening(week + WEEK, 9)
        archer, sutton = self.packages["Archer"], self.packages["Sutton"]
        strange = visits.About(self.oakfield, None, "A199999", "", self.personal, self.north)
        odd = [
            ("X00001", strange, archer, week, "D"),  # client not known
            ("X00002", self.about(archer, level=self.sitting), archer, week, "D"),  # no such level
            ("X00003", self.about(archer, service=self.south), archer, week + dt.timedelta(1), "D"),  # no such service
            ("X00004", self.about(self.packages["Holloway"], level=self.sitting), archer, week, "D"),  # invoiced
            ("X00005", self.about(sutton), sutton, week, "D"),  # not authorised
            ("X00006", self.about(self.packages["Vale"]), archer, week + dt.timedelta(6), "D"),  # before it starts
            ("X00007", self.about(self.packages["Brook"]), archer, week, "D"),  # after it ends
        ]
        rows = [
            visits.row(about, ref, self.facts(package, day, at(13), at(14), code), batch.id, moment, "Greta Finch")
            for ref, about, package, day, code in odd
        ]
        for n in range(4):  # delivered times missing
            day = week + dt.timedelta(n)
            facts = visits.Facts(day, at(18), at(18, 30), self.types["DHS"], None, None, "C-003")
            rows.append(visits.row(self.about(archer), f"M0000{n + 1}", facts, batch.id, moment, "Greta Finch"))
        unknown_carer = self.facts(archer, week, at(15), at(15, 30), "D")._replace(carer="C-099")
        rows.append(visits.row(self.about(archer), "X00008", unknown_carer, batch.id, moment, "Greta Finch"))
        visits.write(rows)
        some = list(Visit.select().where((Visit.organisation == self.oakfield) & (Visit.week == week) & Visit.ref.startswith("V"))
                    .order_by(Visit.ref).limit(40))  # fmt: skip
        later = moment + dt.timedelta(days=1)
        for visit in some[:8]:  # corrected: sent again with another exit
            if visit.delivered_exit:
                visits.keep_version(visit, later, "Greta Finch")
                visit.delivered_exit += 300
                visit.delivered_minutes += 5
                visit.exit_overridden, visit.exit_override_reason = True, "Telephone did not log out"
                visit.save()
        for visit in some[10:13]:
            visits.keep_version(visit, later, "Owen Marsh")
            visit.is_deleted, visit.deletion_reason = True, "Entered for the wrong client"
            visit.save()
        again = some[12]  # deleted, then sent again
        visits.keep_version(again, later + dt.timedelta(hours=3), "Greta Finch")
        again.is_deleted, again.deletion_reason = False, ""
        again.save()

    # what was paid

    def holds_of_the_past(self) -> None:
        """An item that was suspended in a finalised period, and one that was cancelled."""
        for who, state, reason in (
            ("Hallam", ItemState.SUSPENDED, "Away from the home; waiting for dates"),
            ("Ingram", ItemState.CANCELLED, "Paid by the health service"),
        ):
            Hold.create(
                package=self.packages[who], week=self.last - WEEK * 14, kind="cost", state=state, reason=reason,
                by="Priya Shah", at=evening(self.last - WEEK * 11),
            )  # fmt: skip

    def by_hand_in_the_past(self, contract: Contract) -> None:
        """In the last period that is finalised: manual adjustments that are paid and taken back, one that is suspended,
        and a line that is carried into the period that is current."""
        self.adjust(contract, "Pike", 4520, "Mileage or travel", "Mileage of the double-handed calls in August")
        self.adjust(contract, "", -12500, "Recovery of a payment", "Training grant paid twice, agreed by e-mail")
        late = self.adjust(contract, "Lark", 8000, "Agreed extra cost", "Night cover while the family was away")
        period = adjustments.period_of(contract)
        barrow = self.packages["Barrow"].id
        lines = [i for i in payments.items(contract, period) if i.package == barrow and i.kind == "cost"]
        self.hold(contract, frozenset({f"manual-{late.id}"}), ItemState.SUSPENDED, "Waiting for the family’s letter")
        self.hold(contract, frozenset({lines[0].key.text}), ItemState.CARRIED, "Times disputed by the family")

    def adjust(self, contract: Contract, who: str, amount: int, reason: str, note: str) -> ManualAdjustment:
        """A manual adjustment by the payments officer."""
        client = self.packages[who].client_id if who else None
        facts = {"client": client, "amount": amount, "with_vat": False, "reason": reason, "note": note}
        period = adjustments.period_of(contract)
        by = self.actor("payments@authority")
        row, _ = adjustments.add(contract, facts, [reason], period.id, f"demonstration {note}", by)
        moment = evening(min(period.end_date, self.last) + dt.timedelta(2), 11, 5)
        ManualAdjustment.update(at=moment).where(ManualAdjustment.id == row.id).execute()
        return row

    def hold(self, contract: Contract, keys: frozenset[str], state: ItemState, reason: str) -> None:
        """Lines of the contract's oldest current period, held by the payments officer."""
        period, wanted = adjustments.period_of(contract), holds.Wanted(keys=keys)
        shown = holds.find(contract, period, wanted).shown
        holds.hold(contract, period, wanted, state, reason, shown, self.actor("payments@authority"))
        moment = evening(min(period.end_date, self.last) + dt.timedelta(3), 15, 40)
        Hold.update(at=moment).where(Hold.reason == reason).execute()

    def finalise(self) -> int:
        """Finalise every period that ended before the one in which the last full week lies; returns how many.

        Oakfield's second contract is one period behind, so that period is finalised for some contracts only.
        """
        by = self.actor("payments@authority")
        self.claims = Claims(self)
        done = []
        for contract in (self.dapl, self.lwah):
            done += periods.finalise_all([contract], self.last - WEEK * 10, by, self.last + WEEK)
        self.claims.paid_ones()
        for contract in (self.dapl, self.spot, self.lwah, self.invoiced, self.block, self.housing):
            until = self.last - dt.timedelta(1)
            if contract.cycle_id == self.months.id:
                until = self.last.replace(day=1) - dt.timedelta(1)
            if contract.id == self.lwah.id:
                until -= WEEK * 4
            if contract.id == self.dapl.id:
                done += periods.finalise_all([contract], until - WEEK * 4, by, self.last + WEEK)
                self.by_hand_in_the_past(contract)
            done += periods.finalise_all([contract], until, by, self.last + WEEK)
        for one in done:
            moment = min(
                evening(one.period.end_date + dt.timedelta(4), 10, 30), evening(self.last + dt.timedelta(3), 10, 30)
            )
            Finalisation.update(at=moment).where(Finalisation.id == one.id).execute()
            Change.update(at=moment).where((Change.thing == "finalisation") & (Change.thing_id == one.id)).execute()
        return len(done)

    def issue_orders(self) -> None:
        """Every order as packages stood; those of the clients whose packages change next come out as changed."""
        idents = [i for (i,) in PurchaseOrder.select(PurchaseOrder.id).order_by(PurchaseOrder.id).tuples()]
        new = [self.people[who].id for who in ("Kendall", "Nowak", "Gough")]  # theirs are still to be issued
        kept = {i for (i,) in PurchaseOrder.select(PurchaseOrder.id).where(PurchaseOrder.client.in_(new)).tuples()}
        orders.issue_several([i for i in idents if i not in kept], "", self.actor("packages@authority"))
        self.issued_on(evening(self.last - WEEK * 9, 11))

    def coming_changes(self) -> None:
        """A package that will end and rates that will rise: the orders are others than were issued, nothing paid is."""
        officer = self.actor("packages@authority")
        ashby, kerr, moss = (self.packages[who] for who in ("Ashby", "Kerr", "Moss"))
        Package.update(end_date=self.last + WEEK * 8).where(Package.id == ashby.id).execute()
        history.record(officer, "Ended a package", ("package", ashby.id), {"end_date": None},
                       {"end_date": self.last + WEEK * 8}, organisation=ashby.organisation_id)  # fmt: skip
        for package in (kerr, moss):
            rate = PackageRate.create(package=package, from_date=self.last + WEEK * 7, unit_cost=RAISED + 4000)
            history.record(officer, "Added a rate", rate, {}, {"package": package.cpli_id, "unit_cost": rate.unit_cost},
                           organisation=package.organisation_id)  # fmt: skip
        consequences.follow(consequences.Change(packages=[p.id for p in (ashby, kerr, moss)]), now=True)

    def issue_again(self) -> None:
        """Some of the orders whose packages have changed meanwhile; the others wait."""
        for who, reason in (("Monk", "Rate raised by the review"), ("Moss", "Rates from the new year")):
            for order in PurchaseOrder.select().where((PurchaseOrder.client == self.people[who]) & orders.to_issue()):
                orders.issue_several([order.id], reason, self.actor("payments@authority"))
        self.issued_on(evening(self.last + dt.timedelta(2), 14), OrderVersion.number == 2)

    def issued_on(self, moment: dt.datetime, which=None) -> None:
        """Date what has just been issued."""
        found = OrderVersion.select(OrderVersion.order).where(which if which is not None else OrderVersion.number == 1)
        PurchaseOrder.update(issued_at=moment).where(PurchaseOrder.id.in_(found)).execute()
        OrderVersion.update(at=moment).where(which if which is not None else OrderVersion.number == 1).execute()
        what = "Issued again" if which is not None else "Issued"
        Change.update(at=moment).where((Change.thing == "purchase_order") & (Change.what == what)).execute()

    def late_changes(self) -> None:
        """Changes to weeks that have been paid, one for each reason of rule 7.3, and holds in the current period."""
        officer = self.actor("packages@authority")

        def changed(package: Package, what: str, **facts) -> None:
            before = {name: package.__data__.get(name) for name in facts}
            Package.update(**facts).where(Package.id == package.id).execute()
            history.record(officer, what, ("package", package.id), before, facts, organisation=package.organisation_id)

        dyer, monk, rowan = (self.packages[who] for who in ("Dyer", "Monk", "Rowan"))
        changed(dyer, "Ended a package", end_date=self.last - WEEK * 5 + dt.timedelta(2))  # package changed
        changed(rowan, "Changed a package", contribution=12345)
        new_rate = PackageRate.create(package=monk, from_date=self.last - WEEK * 7, unit_cost=monk.unit_cost + 210000)
        history.record(officer, "Added a rate", new_rate, {}, {"package": monk.cpli_id, "unit_cost": new_rate.unit_cost},
                       organisation=monk.organisation_id)  # fmt: skip
        by_hand.late(self)
        late = list(
            Visit.select()
            .where(
                (Visit.package == self.packages["Barrow"]) & (Visit.week == self.last - WEEK * 6) & ~Visit.is_deleted
                & Visit.delivered_exit.is_null(False)
            )
            .order_by(Visit.ref).limit(3)
        )  # fmt: skip
        for visit in late:
            visits.keep_version(visit, evening(self.last - WEEK * 2), "Greta Finch")
            visit.delivered_exit -= 600
            visit.delivered_minutes -= 10
            visit.variance_reason = "Corrected from the paper log"
            visit.save()
        groups = {Group(v.organisation_id, v.client_id, v.level_id, v.week) for v in late}
        touched = [p.id for p in (dyer, monk, rowan, self.packages["Foster"])]
        consequences.follow(consequences.Change(packages=touched, groups=groups), now=True)
        for who, week, state, reason in (
            ("Tate", self.last, ItemState.SUSPENDED, "Waiting for the new assessment"),
            ("Castle", self.last, ItemState.CARRIED, "Contribution being checked"),
        ):
            package = self.packages[who]
            Hold.create(package=package, week=week, kind="cost", state=state, reason=reason, by="Priya Shah")
        self.adjust(self.dapl, "Okafor", 3150,
                    "Agreed extra cost", "Key safe fitted at the authority’s request")  # fmt: skip
        entered_twice = self.adjust(self.spot, "", -4000, "Overpaid before", "Deposit returned by the family")
        self.hold(self.spot, frozenset({f"manual-{entered_twice.id}"}), ItemState.CANCELLED, "Entered twice")

    def year_ahead(self) -> None:
        """One cycle reaches a year ahead; the others wait for the press that extends them."""
        stored = list(
            PaymentPeriod.select().where(PaymentPeriod.cycle == self.four).order_by(PaymentPeriod.start_date).dicts()
        )
        new = rhythm.following(stored, rhythm.year_ahead(self.last + WEEK))
        touched = periods.save_period_set(self.four, [*stored, *new], self.actor("payments@authority"))
        consequences.follow_touched(touched, now=True)

    def exports(self) -> None:
        """Finalised periods in files for the finance system but the last, which wait; and charges, with differences since."""
        by = self.actor("payments@authority")
        for waiting in exports.waiting():
            if waiting.end < self.last - WEEK * 5:
                made = exports.make_payments(waiting.period, waiting.finalisations, by)
                moment = evening(waiting.end + dt.timedelta(5), 9, 20)
                Export.update(at=moment).where(Export.id == made.id).execute()
                Change.update(at=moment).where((Change.thing == "export") & (Change.thing_id == made.id)).execute()
                if waiting.end < self.last - WEEK * 7:
                    Look.create(user=by.user_id, thing="export", thing_id=made.id, at=moment + dt.timedelta(minutes=4))
        self.charge(self.last - WEEK * 2)

    def charge(self, until: dt.date) -> None:
        """A file of what is to be charged until a week, made and taken in the next."""
        by = self.actor("payments@authority")
        made = charges.make(until, by)
        moment = evening(until + WEEK, 9, 45)
        Export.update(at=moment).where(Export.id == made.id).execute()
        Look.create(user=by.user_id, thing="export", thing_id=made.id, at=moment + dt.timedelta(minutes=2))

    def files(self) -> None:
        """Imports in the history that did not go through, one with rejected rows, and the authority's own."""
        week = self.last - WEEK
        moment = evening(self.last, 8, 40)
        self.an_import(week, 0, file_name="rota-export.csv", state=ImportState.REFUSED, new=0, started_at=moment,
                       taken_at=None, refusal="The headings PlannedVisitDate and VisitType are missing.")  # fmt: skip
        self.an_import(week, 212, file_name=f"visits-{week}-draft.csv", state=ImportState.CANCELLED, new=0, updated=0,
                       unchanged=180, started_at=moment + dt.timedelta(minutes=9), taken_at=None)  # fmt: skip
        mended = self.an_import(
            week, 24, file_name=f"corrections-{week}.csv", new=0, updated=8, unchanged=14, rejected=2, issues=3,
            started_at=evening(self.last + dt.timedelta(1), 9), without_rejected=True,
        )  # fmt: skip
        for line, severity, column, value, message, suggestion in (
            (7, "error", "VisitType", "DHX", "There is no visit type DHX.", "DHS"),
            (15, "error", "SSRef", "", "The row has no client: give ClientRef, SSRef or NHSNumber.", ""),
            (19, "warning", "CarerRef", "C-099", "The carer is not known.", ""),
        ):
            ImportProblem.create(batch=mended, line=line, severity=severity, column=column, value=value, message=message,
                                 suggestion=suggestion, kind=column)  # fmt: skip
        officer = self.users["officer@authority"]
        for kind, name, records in (
            ("organisations", "organisations.csv", 3), ("clients", "clients.csv", len(self.people)),
            ("packages", "packages.csv", len(self.packages)), ("timetables", "timetables.csv", 120),
        ):  # fmt: skip
            self.an_import(self.weeks[0], records, kind=kind, organisation=None, user=officer, file_name=name,
                           ended_by=officer.name)  # fmt: skip

    # reports

    def prepared_reports(self) -> None:
        """Long reports that people had prepared: done for each door, and one that failed."""
        four_weeks = (self.last - WEEK * 4, self.last - dt.timedelta(1))
        self.prepared("finance@oakfield", "xlsx", actuals_report.Wanted(*four_weeks, differences=True))
        self.prepared("officer@authority", "csv", actuals_report.Wanted(self.weeks[0], self.last))
        failed = self.prepared("officer@authority", "pdf", actuals_report.Wanted(*four_weeks), fails=True)
        failed.job.state, failed.job.error = JobState.FAILED, "The disk was full. Ask for the report again."
        failed.job.ended_at, failed.job.unique_key = failed.asked_at, None
        failed.job.save()

    def prepared(self, name: str, form: str, wanted, fails: bool = False) -> PreparedReport:
        """A report of Commissioned v Actuals, asked for by a person."""
        user = self.users[name]
        reach = Reach.of(user)
        one = reports.LISTED["commissioned-v-actuals"]
        own = user.organisation.name if user.organisation_id else "All Organisations"
        told = [["Organisation", own], ["Date From", show_date(wanted.first)], ["Date To", show_date(wanted.last)],
                ["Differences Only", "Yes" if wanted.differences else "No"]]  # fmt: skip
        row = reports.prepare(user, reach, one, wanted, told, form, one.estimate(reach, wanted))
        if not fails:
            jobs.run(row.job_id)
        return PreparedReport.get_by_id(row.id)
