"""Modules that are switched off for kinds of provider (Z-05): who sells sleep-ins has no use for a page of day services."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import database
from blueprints import history
from blueprints.settings import rules
from blueprints.settings.rules import SPECS, Settings, Spec
from models import db

STORED = "modules off by kind"


class Overtaken(ValueError):
    """Somebody else has changed the kinds, or what is off for them, since the page was opened."""


def modules() -> list[Spec]:
    """The switches of modules, in the order of the settings."""
    return [spec for spec in SPECS.values() if spec.name.startswith("module_")]


def stamp(now: Settings) -> str:
    """What the page of the kinds shows, as one text to compare when it comes back."""
    on = [spec.name for spec in modules() if getattr(now, spec.name)]
    return json.dumps([list(now.provider_kinds), now.off_by_kind, on], sort_keys=True)


def change(by: history.Actor, wanted: Mapping[str, Iterable[str]], shown: str) -> bool:
    """Switch modules off for each kind: exactly these, and nothing for a kind that is not named; with history.

    `shown` is the stamp of what the page showed. Returns whether anything changed. Raises Overtaken.
    """
    known = [spec.name for spec in modules()]
    with db.atomic():
        database.serialise(db, f"settings {STORED}")
        now = rules.read()
        if shown != stamp(now):
            raise Overtaken(
                "Somebody else has changed the modules or the kinds while you had this page open. Nothing is saved yet"
            )
        off = {kind: sorted(set(wanted.get(kind, ())) & set(known)) for kind in now.provider_kinds}
        after = {kind: names for kind, names in off.items() if names}
        before = {kind: names for kind, names in now.off_by_kind.items() if names}
        if before == after:
            return False
        rules.put(STORED, after, by)
        words = [
            {f"Modules off for {kind}": in_words(part.get(kind, ())) for kind in sorted({*before, *after})}
            for part in (before, after)
        ]
        history.record(by, "Changed setting", ("setting", None), *words)
    return True


def in_words(names: Iterable[str]) -> str:
    """Modules by their labels."""
    return ", ".join(SPECS[name].label for name in names if name in SPECS)
