"""What stands for a visit's values as read: equal for equal values, whatever the text was (rule 5.7).

The importer builds it from parts that it remembers; whoever writes visits otherwise builds it from their values.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

APART = "\x1f"  # no cell may hold it


def of_span(iso: str | None, entry: int | None, exit: int | None) -> str:
    """The part of a date and two times; `-` where none is given."""
    return "-" if iso is None and entry is None and exit is None else f"{iso} {entry} {exit}"


def of_overridden(entry: bool, entry_reason: str, exit: bool, exit_reason: str) -> str:
    """The part of what was overridden, and why; nearly always nothing."""
    if not (entry or exit or entry_reason or exit_reason):
        return ""
    return f"{entry:d}{APART}{entry_reason}{APART}{exit:d}{APART}{exit_reason}"


def of_named(ident: int | None, ref: str, name: str) -> str:
    """The part of a level or service: what it meant, and how it was named."""
    return f"{ident}{APART}{ref}{APART}{name}"


def of_person(client_ref: str, ssref: str, nhs_number: str) -> str:
    """The part of a client: as named only, since a stranger may become known and the visit is still the same."""
    return f"{client_ref}{APART}{ssref}{APART}{nhs_number}"


def of_parts(*parts: object) -> str:
    """The digest of type, planned, delivered, overridden, variance, comments, person, level, carer, service, and the
    organisation's two columns, in this order."""
    return blake2b(APART.join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def of_values(v: Mapping[str, Any]) -> str:
    """The digest of a visit's values by field; ids for type, level and service."""

    def iso(day) -> str | None:
        return day.isoformat() if hasattr(day, "isoformat") else day

    return of_parts(
        v["type"],
        of_span(iso(v["planned_date"]), v["planned_entry"], v["planned_exit"]),
        of_span(iso(v["delivered_date"]), v["delivered_entry"], v["delivered_exit"]),
        of_overridden(
            v["entry_overridden"], v["entry_override_reason"], v["exit_overridden"], v["exit_override_reason"]
        ),
        v["variance_reason"],
        v["comments"],
        of_person(v["client_ref"], v["ssref"], v["nhs_number"]),
        of_named(v["level"], v["level_ref"], v["level_name"]),
        v["carer_ref"],
        of_named(v["service"], v["service_ref"], v["service_name"]),
        v["organisation_ref"],
        v["organisation_name"],
    )
