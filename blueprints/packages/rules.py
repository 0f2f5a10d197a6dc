"""Packages as the calculations see them, and what may happen to them."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from peewee import fn

import database
from blueprints import facts as records
from blueprints import history, values
from blueprints.facts import Changed, Facts, Fault, Saved, Touched, enter
from blueprints.money import hours, number
from blueprints.packages.plan import ONE_OFF, YEARLY, Plan, Slot, slot_minutes
from blueprints.settings import rules as settings
from models import (
    Contract,
    Package,
    PackageRate,
    PaidOn,
    PaymentBasis,
    PaymentItem,
    Service,
    ServiceLevel,
    TimetableSlot,
    db,
)


class Line(NamedTuple):
    """A package with its plan and the ids that group it."""

    id: int  # the row's
    plan: Plan
    organisation: int
    client: int
    service: int
    level: int
    contract: int
    cycle: int


def day(value) -> dt.date | None:
    """A date column as a date, whichever database it came from."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def lines(condition) -> dict[int, Line]:
    """The packages of a condition by row id, with their plans, by one query."""
    return put_together(database.rows(line_query(condition)))


def line_query(condition):
    """The packages of a condition as `put_together` takes them."""
    return Package.select(*line_columns()).join(ServiceLevel).switch(Package).join(Contract).where(condition)


LINE = 23  # columns that make a Line


def line_columns() -> tuple:
    """What `put_together` needs of Package, ServiceLevel and Contract. Rates and timetable come as a text each."""
    return (
            Package.id, Package.cpli_id, Package.organisation, Package.client, Package.service, Package.level,
            Package.contract, Package.start_date, Package.end_date, Package.quantity, Package.frequency,
            Package.unit_cost, Package.authorised, Package.discount, Package.contribution, ServiceLevel.paid_on,
            ServiceLevel.entry, ServiceLevel.intermittent, Contract.vat_rate, Contract.payment_basis, Contract.cycle,
            _together(PackageRate, "from_date", "unit_cost"),
            _together(TimetableSlot, "weekday", "entry", "exit", "carers"),
    )  # fmt: skip


def _together(table, *names: str):
    """A package's rows of a table as one text: columns parted by blanks, rows by commas, in any order."""
    first, *rest = (getattr(table, name).cast("TEXT") for name in names)
    for column in rest:
        first = first.concat(" ").concat(column)
    text = fn.GROUP_CONCAT(first, ",") if database.is_sqlite(db) else fn.STRING_AGG(first, ",")
    return table.select(text).where(table.package == Package.id)


def put_together(rows: Iterable[tuple]) -> dict[int, Line]:
    """Packages by row id from rows that begin with `line_columns`."""
    return {row[0]: _line(tuple(row[:LINE])) for row in rows}


def _rates(text: str) -> tuple[tuple[dt.date, int], ...]:
    parts = (part.split(" ") for part in text.split(",") if part)
    return tuple(sorted((dt.date.fromisoformat(since), int(figure)) for since, figure in parts))


def _slots(text: str) -> tuple[Slot, ...]:
    return tuple(sorted(Slot(*map(int, part.split(" "))) for part in text.split(",") if part))


@lru_cache(maxsize=5000)  # a week's page asks for the same packages all day
def _line(row: tuple) -> Line:
    (ident, cpli, organisation, client, service, level, contract, start, end, quantity, frequency, unit_cost,
     authorised, discount, contribution, paid_on, entry, intermittent, vat, basis, cycle, rates, slots) = row  # fmt: skip
    every = 1 if frequency == "Weekly" else int(frequency.split("-")[0]) if frequency.endswith("-Weekly") else 0
    plan = Plan(
        cpli, day(start), day(end), quantity, frequency, every, unit_cost, _rates(rates or ""), discount, contribution,
        bool(authorised), _slots(slots or ""), paid_on, entry, bool(intermittent), vat, basis == PaymentBasis.INVOICE,
    )  # fmt: skip
    return Line(ident, plan, organisation, client, service, level, contract, cycle)


def plan_of(package: Package | int) -> Plan:
    """The plan of one package."""
    ident = getattr(package, "id", package)
    return lines(Package.id == ident)[ident].plan


# keeping packages ------------------------------------------------------------------------------------------------------

WANTED = {
    "cpli_id": "the CPLI id, a whole number",
    "client": "the client's SSRef",
    "service": "the service's reference",
    "level": "the service level's reference",
    "contract": "the contract's reference",
    "start_date": "the start date",
    "quantity": "the quantity",
    "frequency": "the frequency: Weekly, 2-Weekly and so on, One-off or Yearly",
    "unit_cost": "the unit cost",
}
DEFAULTS = {
    "end_date": None,
    "authorised": False,
    "care_package_ref": "",
    "discount": 0,
    "contribution": 0,
    "pricing_basis": "Spot",
    "cost_centre": "",
    "subjective": "",
}
FIELDS = (*WANTED, "organisation", *DEFAULTS)
# What cannot change once a finalised period holds an item of the package (rule 3.9).
FIXED = {"client": "client", "service": "service", "level": "service level", "contract": "contract"}
UNPRICED = {"care_package_ref", "pricing_basis", "cost_centre", "subjective"}
MOST_WEEKS = 52


def frequency(text: str) -> str:
    """`Weekly`, `2-Weekly` to `52-Weekly`, `One-off` or `Yearly`, in that spelling. Raises values.Expected."""
    for word in ("Weekly", ONE_OFF, YEARLY):
        if text.casefold() == word.casefold():
            return word
    found = re.fullmatch(r"0*([0-9]{1,3})-weekly", text, re.IGNORECASE)
    if found and 2 <= int(found[1]) <= MOST_WEEKS:
        return f"{int(found[1])}-Weekly"
    raise values.Expected(f"Weekly, 2-Weekly to {MOST_WEEKS}-Weekly, One-off or Yearly")


class Level(NamedTuple):
    """What a check of packages asks of a service level."""

    name: str
    paid_on: str
    intermittent: bool


class Known(NamedTuple):
    """What packages are checked against, by id; read once for a file."""

    services: Mapping[int, int]  # the organisation of each
    contracts: Mapping[int, int]
    levels: Mapping[int, Level]
    paid: Container[int]  # the packages of which a finalised period holds an item
    minutes: Mapping[int, int]  # a week's minutes of the packages with a timetable


def known(ident: int | None = None, everything: bool = False) -> Known:
    """What packages are checked against: for a file, everything; for a page, what concerns one package."""
    paid = PaymentItem.select(PaymentItem.package).where(PaymentItem.package.is_null(False)).distinct()
    slots = TimetableSlot.select(
        TimetableSlot.package, TimetableSlot.weekday, TimetableSlot.entry, TimetableSlot.exit, TimetableSlot.carers
    )
    if not everything:
        paid = paid.where(PaymentItem.package == ident)
        slots = slots.where(TimetableSlot.package == ident)
    minutes: dict[int, int] = defaultdict(int)
    for package, *slot in slots.tuples():
        minutes[package] += slot_minutes(Slot(*slot))
    levels = ServiceLevel.select(ServiceLevel.id, ServiceLevel.name, ServiceLevel.paid_on, ServiceLevel.intermittent)
    return Known(
        dict(Service.select(Service.id, Service.organisation).tuples()),
        dict(Contract.select(Contract.id, Contract.organisation).tuples()),
        {ident: Level(name, paid_on, bool(intermittent)) for ident, name, paid_on, intermittent in levels.tuples()},
        {i for (i,) in paid.tuples()},
        minutes,
    )


def check_package(facts: Facts, existing=None, against: Known | None = None) -> list[Fault]:
    """What is wrong with a package's facts (rules 3.1, 3.3, 3.9); a file reads `against` once."""
    before = records.of(existing)
    faults = records.missing(facts, WANTED) + records.ends_before_start(facts)
    if against is None:
        against = known(before.get("id"))
        faults += records.taken(Package, "cpli_id", facts, existing, "the package")
        faults += _numbers(facts)
    service, contract = facts.get("service"), facts.get("contract")
    if service and contract and against.services[service] != against.contracts[contract]:
        faults.append(
            Fault("contract", enter("a contract of the service's organisation; this one is another organisation's"))
        )
    level = against.levels.get(facts.get("level") or 0)
    if level and facts.get("frequency"):
        faults += _frequency_faults(level, facts["frequency"])
    if before and before["id"] in against.paid:
        faults += [
            Fault(
                name,
                f"A finalised period holds items of this package, so its {what} cannot change. End it and start another",
            )
            for name, what in FIXED.items()
            if facts.get(name) not in (None, before[name])
        ]
    return faults


def _numbers(facts: Facts) -> list[Fault]:
    """What a file's columns refuse by themselves: frequencies and numbers out of their range."""
    faults = []
    for name in ("quantity", "unit_cost", "contribution"):
        if (facts.get(name) or 0) < 0:
            faults.append(Fault(name, enter("a number that is not negative")))
    if not 0 <= (facts.get("discount") or 0) <= 10_000:
        faults.append(Fault("discount", enter("a percentage from 0 to 100")))
    if facts.get("frequency"):
        try:
            frequency(facts["frequency"])
        except values.Expected as error:
            faults.append(Fault("frequency", enter(str(error))))
    return faults


def _frequency_faults(level: Level, word: str) -> list[Fault]:
    """Frequencies that do not go with a level (rule 3.3)."""
    if level.intermittent and word != YEARLY:
        return [Fault("frequency", enter(f"Yearly: {records.short(level.name)} is intermittent"))]
    if word == YEARLY and not level.intermittent:
        return [
            Fault("frequency", enter(f"another frequency than Yearly: {records.short(level.name)} is not intermittent"))
        ]
    if level.paid_on == PaidOn.ONE_OFF and word != ONE_OFF:
        return [Fault("frequency", enter(f"One-off: {records.short(level.name)} is paid one-off"))]
    return []


def remarks(quantity: int, ident: int | None, against: Known) -> list[Fault]:
    """What is noticed and not refused: a quantity that is not the timetable's is ignored (rule 3.4)."""
    minutes = against.minutes.get(ident or 0)
    if minutes is None or hours(minutes) == quantity:
        return []
    return [
        Fault(
            "quantity",
            f"The package has a timetable of {number(hours(minutes))} hours a week; the quantity {number(quantity)} is ignored",
        )
    ]


def save_package(facts: Facts, by: history.Actor, existing: Package | None = None) -> Saved:
    """Add or change a package. Raises Faulty. The caller lets consequences follow, in the same transaction."""
    defaults = {**dict.fromkeys(WANTED), **DEFAULTS}
    return records.save(facts, existing, by, defaults=defaults, check=check_package, write=write_packages)


def write_packages(changed: Sequence[Changed], by: history.Actor) -> tuple[list[int], Touched]:
    """Write packages with their history; inside the caller's transaction. The organisation is the service's."""
    owner = dict(Service.select(Service.id, Service.organisation).tuples()) if changed else {}
    changed = [c._replace(after={**c.after, "organisation": owner[c.after["service"]]}) for c in changed]
    idents = records.write(Package, changed, by, "cpli_id", FIELDS, "organisation")
    if not idents:
        return idents, Touched()
    old = [c for c in changed if c.ident is not None]
    owners = {c.after["organisation"] for c in changed} | {c.before["organisation"] for c in old}
    settings.bump_organisations("packages", owners, "packages")
    priced = [name for name in FIELDS if name not in UNPRICED]
    touched = Touched(
        frozenset(i for i, c in zip(idents, changed, strict=True) if c.ident is None or c.moves(*priced)),
        frozenset((c.before["organisation"], c.before["client"]) for c in old if c.moves("organisation", "client")),
        frozenset(c.ident for c in old if c.ident is not None and c.moves(*FIXED)),
    )
    return idents, touched


# rates (rule 3.2) ------------------------------------------------------------------------------------------------------

Rate = tuple[dt.date, int]


def check_rates(rates: Sequence[tuple[dt.date | None, int | None]]) -> list[tuple[int, Fault]]:
    """What is wrong with the further rates of a package, each fault with the rate's place in the list."""
    faults, seen = [], set()
    for at, (since, cost) in enumerate(rates):
        given = {"from_date": since, "unit_cost": cost}
        faults += [
            (at, fault)
            for fault in records.missing(
                given, {"from_date": "the date from which the rate holds", "unit_cost": "the unit cost"}
            )
        ]
        if cost is not None and cost < 0:
            faults.append((at, Fault("unit_cost", enter("a number that is not negative"))))
        if since in seen:
            faults.append((at, Fault("from_date", f"There is a rate from {records.show(since)} already")))
        seen.add(since)
    return faults


def save_rates(package: Package, rates: Sequence[Rate], by: history.Actor) -> Touched:
    """Make these the further rates of a package, in place of those that it has. Raises Faulty."""
    if faults := [fault for _, fault in check_rates(rates)]:
        raise records.Faulty(faults)
    with db.atomic():
        gone = set(rates_of([package.id]).get(package.id, {})) - {since for since, _ in rates}
        return write_rates({package.id: list(rates)}, by, {package.id: gone})


def rates_of(idents: Iterable[int] | None = None) -> dict[int, dict[dt.date, int]]:
    """The further rates of packages, of all where none are named."""
    query = PackageRate.select(PackageRate.package, PackageRate.from_date, PackageRate.unit_cost)
    if idents is not None:
        query = query.where(PackageRate.package.in_(list(idents)))
    found: dict[int, dict[dt.date, int]] = defaultdict(dict)
    for package, since, cost in query.tuples():
        found[package][day(since)] = cost
    return found


def write_rates(
    rates: Mapping[int, Sequence[Rate]], by: history.Actor, gone: Mapping[int, Iterable[dt.date]] | None = None
) -> Touched:
    """Add and change rates of packages and take away those `gone`, with history; inside the caller's transaction."""
    idents = set(rates) | set(gone or ())
    before = {i: r for i, r in rates_of().items() if i in idents} if len(idents) > 1 else rates_of(idents)
    added = [(i, since.isoformat(), cost) for i, listed in rates.items() for since, cost in listed]
    taken = [(i, since.isoformat()) for i, listed in (gone or {}).items() for since in listed]
    database.bulk_upsert(PackageRate, ["package", "from_date", "unit_cost"], added, key=["package", "from_date"])
    database.execute_many(PackageRate, "DELETE FROM package_rate WHERE package_id = ? AND from_date = ?", taken)

    def words(listed: Iterable[Rate]) -> dict:
        return {f"rate from {since.isoformat()}": values.file_rate(cost) for since, cost in sorted(listed)}

    owners = owners_of(idents)
    entries = []
    for i in sorted(idents):
        old = before.get(i, {})
        named = {since for since, _ in rates.get(i, ())} | set((gone or {}).get(i, ()))
        new = words(rates.get(i, ()))
        entries.append(
            history.Entry(
                "Changed rates", "package", i, words((d, c) for d, c in old.items() if d in named), new, owners[i]
            )
        )
    history.record_many(by, entries)
    if idents:
        settings.bump_organisations("packages", set(owners.values()), "packages")
    return Touched(repriced=frozenset(idents))


def owners_of(idents: Iterable[int]) -> dict[int, int]:
    """The organisation of each of these packages."""
    idents = list(idents)
    found: dict[int, int] = {}
    for start in range(0, len(idents), 1000):
        query = Package.select(Package.id, Package.organisation).where(Package.id.in_(idents[start : start + 1000]))
        found.update(dict(query.tuples()))
    return found


# timetables (rule 3.4) -------------------------------------------------------------------------------------------------

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MOST_CARERS = 99


def check_slots(slots: Sequence[Slot]) -> list[tuple[int, Fault]]:
    """What is wrong with the planned visits of a timetable, each fault with the visit's place in the list."""
    faults, seen = [], set()
    for at, slot in enumerate(slots):
        faults += [(at, fault) for fault in check_slot(slot._asdict())]
        if slot[:3] in seen:
            faults.append((at, Fault("weekday", SAME_SLOT)))
        seen.add(slot[:3])
    return faults


SAME_SLOT = "The timetable has this weekday, entry and exit time already. Enter more carers on that one instead"


def check_slot(facts: Facts) -> list[Fault]:
    """What is wrong with one planned visit (rules 1.3, 3.4)."""
    wanted = {"weekday": f"the weekday: {', '.join(WEEKDAYS)}", "entry": "the entry time", "exit": "the exit time"}
    faults = records.missing(facts, wanted)
    if facts.get("entry") is not None and facts.get("entry") == facts.get("exit"):
        faults.append(Fault("exit", enter("an exit time that is not the entry time")))
    if facts.get("carers") is not None and not 1 <= facts["carers"] <= MOST_CARERS:
        faults.append(Fault("carers", enter(f"a whole number from 1 to {MOST_CARERS}")))
    return faults


def save_timetable(package: Package, slots: Sequence[Slot], by: history.Actor) -> Touched:
    """Make these the timetable of a package; none takes it away. Raises Faulty."""
    if faults := [fault for _, fault in check_slots(slots)]:
        raise records.Faulty(faults)
    with db.atomic():
        return write_timetables({package.id: list(slots)}, by)


def slots_of(idents: Iterable[int] | None = None) -> dict[int, dict[tuple[int, int, int], int]]:
    """The timetables of packages, of all where none are named: carers by weekday, entry and exit."""
    query = TimetableSlot.select(
        TimetableSlot.package, TimetableSlot.weekday, TimetableSlot.entry, TimetableSlot.exit, TimetableSlot.carers
    )
    if idents is not None:
        query = query.where(TimetableSlot.package.in_(list(idents)))
    found: dict[int, dict[tuple[int, int, int], int]] = defaultdict(dict)
    for package, weekday, entry, leave, carers in query.tuples():
        found[package][weekday, entry, leave] = carers
    return found


def write_timetables(timetables: Mapping[int, Sequence[Slot]], by: history.Actor) -> Touched:
    """Replace the timetable of each of these packages, with history; inside the caller's transaction."""
    stored = slots_of() if len(timetables) > 1 else slots_of(timetables)
    added, gone, entries = [], [], []
    owners = owners_of(timetables)
    for i, slots in timetables.items():
        old = stored.get(i, {})
        new = {slot[:3]: slot.carers for slot in slots}
        added += [(i, *key, carers) for key, carers in new.items() if old.get(key) != carers]
        gone += [(i, *key) for key in old if key not in new]
        entries.append(
            history.Entry("Changed the timetable", "package", i, _timetable(old), _timetable(new), owners[i])
        )
    key = ["package", "weekday", "entry", "exit"]
    database.bulk_upsert(TimetableSlot, [*key, "carers"], added, key=key)
    statement = 'DELETE FROM timetable_slot WHERE package_id = ? AND weekday = ? AND entry = ? AND "exit" = ?'
    database.execute_many(TimetableSlot, statement, gone)
    history.record_many(by, entries)
    if timetables:
        settings.bump_organisations("packages", set(owners.values()), "packages")
    return Touched(packages=frozenset(timetables))


def _timetable(slots: Mapping[tuple[int, int, int], int]) -> dict:
    """A timetable as its history shows it: `Mon 08:00 to 09:00`, with the carers where there are several."""
    lines = [
        f"{WEEKDAYS[weekday]} {values.show_time(entry)} to {values.show_time(leave)}"
        + (f", {carers} carers" if carers > 1 else "")
        for (weekday, entry, leave), carers in sorted(slots.items())
    ]
    return {"timetable": lines}
