"""What may be said of an organisation, and how it is saved: by an officer on a page or by a file."""

from __future__ import annotations

from collections.abc import Sequence

from blueprints import facts as records
from blueprints import history
from blueprints.facts import Changed, Facts, Fault, Saved, Touched
from blueprints.settings import rules as settings
from models import Accreditation, Organisation, db

ADDRESS = ("address1", "address2", "address3", "town", "county", "postcode")
WANTED = {"ref": "the organisation's reference", "name": "the organisation's name"}
PLACE = (*ADDRESS, "country", "uprn", "usrn")
DEFAULTS = {
    **dict.fromkeys((*PLACE, "mobile", "telephone", "fax", "email", "kinds"), ""),
    "limited_accessibility": False,
    "enters_actuals": True,
}
FIELDS = (*WANTED, *DEFAULTS)


def check_organisation(facts: Facts, existing=None, alone: bool = True) -> list[Fault]:
    """What is wrong with an organisation's facts; `alone` (not in a file) also looks whether its reference is free."""
    faults = records.missing(facts, WANTED)
    if alone:
        faults += records.taken(Organisation, "ref", facts, existing, "the organisation")
    return faults


def save_organisation(facts: Facts, by: history.Actor, existing: Organisation | None = None) -> Saved:
    """Add or change an organisation. Raises Faulty."""
    defaults = {**dict.fromkeys(WANTED), **DEFAULTS}
    return records.save(facts, existing, by, defaults=defaults, check=check_organisation, write=write_organisations)


def write_organisations(changed: Sequence[Changed], by: history.Actor) -> tuple[list[int], Touched]:
    """Write organisations with their history; inside the caller's transaction."""
    idents = records.write(Organisation, changed, by, "ref", FIELDS, "id")
    if idents:
        settings.bump_organisations("packages", idents, "organisations")
        settings.bump_organisations("roles", (c.ident for c in changed if c.moves("limited_accessibility")))
    return idents, Touched()


def save_accreditation(
    values: Facts, by: history.Actor, organisation: Organisation, existing: Accreditation | None = None
) -> Accreditation:
    """Add or change an approval that an organisation holds. Raises Faulty."""
    if faults := records.missing(values, {"name": "the accreditation's name"}) + records.ends_before_start(values):
        raise records.Faulty(faults)
    with db.atomic():
        row = Accreditation.get_by_id(existing.id) if existing else Accreditation(organisation=organisation)
        before = history.facts(row) if existing else {}
        for name, value in values.items():
            setattr(row, name, value)
        row.save()
        history.record(by, "Changed" if before else "Added", row, before, history.facts(row))
    return row
