"""What may be said of a client, and how clients are saved."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from blueprints import facts as records
from blueprints import history
from blueprints.facts import Changed, Facts, Fault, Saved, Touched
from blueprints.organisations.rules import ADDRESS
from blueprints.settings import rules as settings
from models import Client, Package

WANTED = {"ssref": "the client's SSRef", "surname": "the client's surname", "forename": "the client's forename"}
DEFAULTS = {
    **dict.fromkeys(("client_ref", "title"), ""),
    **dict.fromkeys(("date_of_birth", "date_of_death")),
    **dict.fromkeys(("gender", "nhs_number", "ni_number", *ADDRESS), ""),
}
FIELDS = (*WANTED, *DEFAULTS)
IDENTIFIERS = ("ssref", "client_ref", "nhs_number")


def check_client(facts: Facts, existing=None, refs: Mapping[str, str] | None = None) -> list[Fault]:
    """What is wrong with a client's facts. `refs` tells in a file whose (SSRef) each ClientRef, in lower case, is."""
    faults = records.missing(facts, WANTED)
    born, died = facts.get("date_of_birth"), facts.get("date_of_death")
    if born and died and died < born:
        faults.append(Fault("date_of_death", f"Enter a date on or after {records.show(born)}, the date of birth"))
    if refs is None:
        faults += records.taken(Client, "ssref", facts, existing, "the client")
        faults += records.taken(Client, "client_ref", facts, existing, "the client")
    else:
        ref = facts.get("client_ref") or ""
        other = refs.get(ref.casefold())
        if other is not None and facts.get("ssref") and other.casefold() != facts["ssref"].casefold():
            faults.append(
                Fault(
                    "client_ref", f"{records.short(ref)} is in use already: it belongs to the client with SSRef {other}"
                )
            )
    return faults


def complete_client(facts: Facts, existing=None) -> Facts:
    """A client without a ClientRef keeps the one it has, or gets one: a GUID in capitals."""
    if facts.get("client_ref") == "":
        facts["client_ref"] = records.of(existing).get("client_ref") or str(uuid.uuid4()).upper()
    return facts


def save_client(facts: Facts, by: history.Actor, existing: Client | None = None) -> Saved:
    """Add or change a client. Raises Faulty."""

    def check(after: Facts, before: Facts | None) -> list[Fault]:
        return check_client(complete_client(after, before), before)

    defaults = {**dict.fromkeys(WANTED), **DEFAULTS}
    return records.save(facts, existing, by, defaults=defaults, check=check, write=write_clients)


def write_clients(changed: Sequence[Changed], by: history.Actor) -> tuple[list[int], Touched]:
    """Write clients with their history; inside the caller's transaction.

    Where an identifier changes, the visits of every organisation that has a package for the client match anew (5.3).
    """
    idents = records.write(Client, changed, by, "ssref", FIELDS)
    if not idents:
        return idents, Touched()
    known = [c.ident for c in changed if c.ident is not None]
    pairs = set()
    for start in range(0, len(known), 1000):
        found = Package.select(Package.organisation, Package.client).where(
            Package.client.in_(known[start : start + 1000])
        )
        pairs.update(found.distinct().tuples())
    renamed = {c.ident for c in changed if c.moves(*IDENTIFIERS)}
    settings.bump_organisations("packages", {organisation for organisation, _ in pairs}, "clients")
    return idents, Touched(people=frozenset((o, c) for o, c in pairs if c in renamed))
