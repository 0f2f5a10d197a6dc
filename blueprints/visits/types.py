"""The authority's visit types: what may be said of one, and how it is saved and retired (rule 5.5, O-25)."""

from __future__ import annotations

import re

from peewee import fn

from blueprints import facts as records
from blueprints import history
from blueprints.facts import Facts, Fault, Saved, Touched
from blueprints.settings import rules as settings
from models import PaymentItem, Pays, Visit, VisitType

WANTED = {
    "code": "the visit type's code",
    "name": "the visit type's name",
    "pays": "what it pays",
    "charges": "what it charges",
}
DEFAULTS = {"contract_types": "", "needs_delivered": True, "needs_comment": False, "is_retired": False}
FIELDS = (*WANTED, *DEFAULTS)


def check_type(facts: Facts, existing=None) -> list[Fault]:
    """What is wrong with a visit type's facts (rule 5.5)."""
    faults = records.missing(facts, WANTED) + records.taken(VisitType, "code", facts, existing, "the visit type")
    if facts.get("pays") == Pays.DELIVERED and not facts.get("needs_delivered"):
        faults.append(Fault("needs_delivered", "Tick this: what is paid as delivered needs delivered times"))
    elif facts.get("charges") == Pays.DELIVERED and not facts.get("needs_delivered"):
        faults.append(Fault("needs_delivered", "Tick this: what is charged as delivered needs delivered times"))
    rule = (facts.get("contract_types") or "").strip()
    if rule and not re.fullmatch(r"(not )?[^,]+(,[^,]+)*", rule, re.IGNORECASE):
        faults.append(
            Fault("contract_types", "Enter contract types with commas between, such as LWAH, DAPL, or not LWAH")
        )
    return faults


def save_type(facts: Facts, by: history.Actor, existing: VisitType | None = None) -> Saved:
    """Add or change a visit type. Raises Faulty. The caller lets consequences follow: visit_type_changed."""
    defaults = {**dict.fromkeys(WANTED), **DEFAULTS}
    return records.save(facts, existing, by, defaults=defaults, check=check_type, write=write_types)


def write_types(changed, by: history.Actor) -> tuple[list[int], Touched]:
    """Write visit types with their history; inside the caller's transaction."""
    idents = records.write(VisitType, changed, by, "code", FIELDS)
    if idents:
        settings.bump("types")
    return idents, Touched()


def reprices(before: VisitType, facts: Facts) -> bool:
    """Whether a change makes stored visits pay or charge otherwise."""
    return any(getattr(before, name) != facts[name] for name in ("pays", "charges") if name in facts)


def uses(kind: VisitType) -> tuple[int, int]:
    """How many live visits have a type, and how many of them lie in a package's week that is paid."""
    live = Visit.select().where((Visit.type == kind) & ~Visit.is_deleted)
    paid = PaymentItem.select(PaymentItem.id).where(
        (PaymentItem.package == Visit.package) & (PaymentItem.week == Visit.week)
    )
    return live.count(), live.where(fn.EXISTS(paid)).count()
