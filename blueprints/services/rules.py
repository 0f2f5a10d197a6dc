"""What may be said of services and of service levels, and how they are saved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from peewee import fn

from blueprints import facts as records
from blueprints import history
from blueprints.facts import Changed, Facts, Fault, Saved, Touched, enter
from blueprints.organisations.rules import PLACE
from blueprints.settings import rules as settings
from models import Actual, Entry, Package, PaidOn, Service, ServiceLevel, Visit

# services --------------------------------------------------------------------------------------------------------------

WANTED = {
    "ref": "the service's reference",
    "name": "the service's name",
    "organisation": "the organisation's reference",
}
DEFAULTS = {
    **dict.fromkeys(("service_type", *PLACE, "telephone", "fax", "email"), ""),
    **dict.fromkeys(("start_date", "end_date")),
}
FIELDS = (*WANTED, *DEFAULTS)


def check_service(facts: Facts, existing=None, used: Mapping[int, str] | None = None) -> list[Fault]:
    """What is wrong with a service's facts. `used` tells by service what keeps it with its organisation; a file reads it once."""
    before = records.of(existing)
    faults = records.missing(facts, WANTED) + records.ends_before_start(facts)
    if used is None:
        faults += records.taken(Service, "ref", facts, existing, "the service")
        used = users() if before else {}
    if before and facts.get("organisation") not in (None, before["organisation"]) and (why := used.get(before["id"])):
        faults.append(
            Fault("organisation", f"The service has {why}, so it stays with its organisation. Add another service")
        )
    return faults


def users() -> dict[int, str]:
    """What each service has that keeps it with its organisation: packages or visits."""
    visits = {
        ident: "visits"
        for (ident,) in Visit.select(Visit.service).where(Visit.service.is_null(False)).distinct().tuples()
    }
    return visits | {ident: "packages" for (ident,) in Package.select(Package.service).distinct().tuples()}


def save_service(facts: Facts, by: history.Actor, existing: Service | None = None) -> Saved:
    """Add or change a service. Raises Faulty."""
    defaults = {**dict.fromkeys(WANTED), **DEFAULTS}
    return records.save(facts, existing, by, defaults=defaults, check=check_service, write=write_services)


def write_services(changed: Sequence[Changed], by: history.Actor) -> tuple[list[int], Touched]:
    """Write services with their history; inside the caller's transaction."""
    idents = records.write(Service, changed, by, "ref", FIELDS, "organisation")
    if idents:
        owners = {c.after["organisation"] for c in changed} | {c.before["organisation"] for c in changed if c.before}
        settings.bump_organisations("packages", owners, "services")
    return idents, Touched()


# service levels (rule 3.3) ---------------------------------------------------------------------------------------------

LEVEL_WANTED = {
    "ref": "the service level's reference",
    "name": "the service level's name",
    "unit": "the unit, such as Hours",
    "paid_on": f"what is paid: {', '.join(PaidOn)}",
    "entry": f"how actuals are entered: {', '.join(Entry)}",
}
LEVEL_DEFAULTS = {
    "intermittent": False,
    "visits_wanted": None,
    "frustrated_allowed": True,
    "claimable": "",
    "service_group_class": "",
}
LEVEL_FIELDS = (*LEVEL_WANTED, *LEVEL_DEFAULTS)
HOURS = ("hour", "hours")


class Uses(NamedTuple):
    """What holds levels to what they are: those with actuals or visits, and the frequencies of each one's packages."""

    entered: frozenset[int]
    frequencies: Mapping[int, Mapping[str, int]]


def uses() -> Uses:
    """What holds every level to what it is."""
    entered = {i for (i,) in Visit.select(Visit.level).where(Visit.level.is_null(False)).distinct().tuples()}
    entered |= {i for (i,) in Actual.select(Package.level).join(Package).distinct().tuples()}
    frequencies: dict[int, dict[str, int]] = defaultdict(dict)
    found = Package.select(Package.level, Package.frequency, fn.COUNT(Package.id)).group_by(
        Package.level, Package.frequency
    )
    for level, frequency, count in found.tuples():
        frequencies[level][frequency] = count
    return Uses(frozenset(entered), frequencies)


def complete_level(facts: Facts) -> Facts:
    """Where nothing says whether visits are wanted, they are if the level is entered by visits (rule 3.3)."""
    if facts.get("visits_wanted") is None and "entry" in facts and "visits_wanted" in facts:
        facts["visits_wanted"] = facts["entry"] == Entry.VISITS
    return facts


def check_level(facts: Facts, existing=None, known: Uses | None = None) -> list[Fault]:
    """What is wrong with a service level's facts (rule 3.3); a file reads `known` once."""
    before = records.of(existing)
    faults = records.missing(facts, LEVEL_WANTED)
    entry, paid_on, unit = facts.get("entry"), facts.get("paid_on"), facts.get("unit")
    if paid_on and paid_on not in set(PaidOn):
        faults.append(Fault("paid_on", f"Choose one of {', '.join(PaidOn)}"))
    if entry and entry not in set(Entry):
        faults.append(Fault("entry", f"Choose one of {', '.join(Entry)}"))
    if entry == Entry.VISITS and unit and unit.casefold() not in HOURS:
        faults.append(
            Fault(
                "unit",
                enter(f"Hours: a level that is entered by visits is measured in hours, not {records.short(unit)}"),
            )
        )
    if facts.get("visits_wanted") and entry and entry != Entry.VISITS:
        faults.append(
            Fault(
                "visits_wanted",
                enter(f"no: only a level that is entered by visits can want visits, and this one is entered {entry}"),
            )
        )
    if known is None:
        faults += records.taken(ServiceLevel, "ref", facts, existing, "the service level")
        known = uses() if before else Uses(frozenset(), {})
    if before:
        faults += _held(facts, before, known)
    return faults


def _held(facts: Facts, before: Facts, known: Uses) -> list[Fault]:
    """What actuals, visits and packages of a level do not let change (rule 3.3)."""
    faults = []
    if before["id"] in known.entered:
        for name, what in (("paid_on", "what is paid"), ("entry", "how actuals are entered")):
            if facts.get(name) not in (None, "", before[name]):
                faults.append(
                    Fault(name, f"The level has actuals or visits, so {what} stays {before[name]}. Add another level")
                )
    frequencies = known.frequencies.get(before["id"], {})
    others = sum(count for frequency, count in frequencies.items() if frequency != "Yearly")
    if facts.get("intermittent") and not before["intermittent"] and others:
        faults.append(
            Fault("intermittent", f"{others} of the level's packages are not Yearly, so it cannot be intermittent")
        )
    if facts.get("intermittent") is False and before["intermittent"] and frequencies.get("Yearly"):
        faults.append(
            Fault(
                "intermittent", f"{frequencies['Yearly']} of the level's packages are Yearly, so it stays intermittent"
            )
        )
    others = sum(count for frequency, count in frequencies.items() if frequency != "One-off")
    if facts.get("paid_on") == PaidOn.ONE_OFF != before["paid_on"] and others:
        faults.append(
            Fault("paid_on", f"{others} of the level's packages are not One-off, so it cannot be paid one-off")
        )
    return faults


def save_level(facts: Facts, by: history.Actor, existing: ServiceLevel | None = None) -> Saved:
    """Add or change a service level. Raises Faulty."""

    def check(after: Facts, before: Facts | None) -> list[Fault]:
        return check_level(complete_level(after), before)

    defaults = {**dict.fromkeys(LEVEL_WANTED), **LEVEL_DEFAULTS}
    return records.save(facts, existing, by, defaults=defaults, check=check, write=write_levels)


def write_levels(changed: Sequence[Changed], by: history.Actor) -> tuple[list[int], Touched]:
    """Write levels with their history; inside the caller's transaction. Packages are touched where the way of paying is."""
    idents = records.write(ServiceLevel, changed, by, "ref", LEVEL_FIELDS)
    if idents:
        settings.bump("levels")
    repriced = [c.ident for c in changed if c.moves("paid_on", "entry", "intermittent")]
    found = Package.select(Package.id).where(Package.level.in_(repriced)).tuples() if repriced else ()
    return idents, Touched(packages=frozenset(i for (i,) in found))
