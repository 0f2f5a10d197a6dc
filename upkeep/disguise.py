"""A copy of the database with every person's details replaced: for reproducing a problem elsewhere.

Each word of a text becomes another of the same length and shape, the same one everywhere in the copy, so that what
belonged together still does; but no key leads back. Texts are replaced unless they are listed as vocabulary: a new
column is disguised without anybody having to think of it.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import random
import re
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from upkeep import copies

# Columns of the system's own words: kinds, states, codes and names of the authority's lists.
VOCABULARY = {
    "counter": {"name"},
    "contact": {"title", "state", "types", "disabled_access"},
    "officer_role": {"role"},
    "login_request": {"kind", "state"},
    "mail": {"kind", "state", "error", "once"},
    "service_level": {"ref", "name", "unit", "paid_on", "entry", "claimable", "service_group_class"},
    "service": {"service_type"},
    "change": {"what", "thing"},
    "look": {"thing"},
    "job": {"kind", "state", "doing", "unique_key"},
    "file": {"content_type", "kind"},
    "import": {"kind", "state", "busy", "stamp"},
    "import_problem": {"severity", "column", "kind"},
    "staged_row": {"action"},
    "client": {"title", "gender"},
    "payment_cycle": {"name"},
    "contract": {"contract_type", "payment_basis", "payment_method"},
    "package": {"frequency", "pricing_basis", "cost_centre", "subjective"},
    "visit_type": {"code", "name", "contract_types", "pays", "charges"},
    "visit": {"level_ref", "level_name", "status", "reason"},
    "visit_version": {"level_ref", "level_name"},
    "staged_visit": {"level_ref", "level_name", "action"},
    "actual": {"source"},
    "claim_rule": {"contract_type", "longer"},
    "claim": {"state"},
    "package_as_paid": {"plan"},
    "manual_adjustment": {"reason", "key"},
    "hold": {"kind", "state"},
    "purchase_order": {"digest", "issued_digest"},
    "order_line": {"frequency"},
    "export": {"kind"},
    "dispute": {"state", "reason"},
    "payment_item": {"kind", "reason", "state"},
    "prepared_report": {"name", "form", "reach", "wanted"},
    "schema_migration": {"name", "applied"},
}
EMPTIED = (
    "sign_in",
    "one_time_link",
    "old_password",
    "recovery_code",
    "kept_form",
    "throttle",
    "huey_task",
    "huey_schedule",
    "huey_kv",
    "huey_counter",
)
JSON = {("change", "before"), ("change", "after"), ("staged_row", "values"), ("staged_visit", "cells"), ("setting", "value"),
        ("job", "facts"), ("prepared_report", "told")}  # fmt: skip
JSON = {("change", "before"), ("change", "after"), ("staged_row", "values"), ("staged_visit", "cells"), ("claim_item", "working"), ("dispute_row", "was"), ("setting", "value"),
        ("job", "facts")}  # fmt: skip
FREE_SETTINGS = ("text", "address", "lines")  # of every other kind the value stays
BIRTH = ("date_of_birth", "DateOfBirth", "date_of_death", "DateOfDeath")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
WORD = re.compile(r"[^\W_]+")
CONSONANTS, VOWELS, DIGITS = "bcdfghjklmnpqrstvwxz", "aeiouy", "0123456789"


class Disguise:
    """Another word for each word, the same one each time; never one that the database knows."""

    def __init__(self, known: set[str]):
        self.known = known
        self.given: dict[str, str] = {}
        self.taken: set[str] = set()
        self.chance = random.Random(secrets.randbits(256))  # picks words; no secret is made of it

    def text(self, value):
        """A text with each of its words replaced; what is no text stays."""
        return WORD.sub(self._word, value) if isinstance(value, str) and value else value

    def _word(self, found: re.Match) -> str:
        word = found[0]
        lower = word.lower()
        other = self.given.get(lower)
        if other is None:
            other = self.given[lower] = self._invent(lower)
        return "".join(o.upper() if w.isupper() else o for w, o in zip(word, other, strict=False))

    def _invent(self, word: str) -> str:
        """A new word of the same shape, vowels for vowels, digits for digits; different words stay different.

        Words of four letters and more are none that the database knows; of shorter ones there are too few for that.
        """
        made = ""
        for tries in range(200):
            made = "".join(self.chance.choice(self._letters(letter, tries)) for letter in word)
            if made not in self.taken and (len(word) < 4 or made not in self.known):
                break
        else:
            every = itertools.product(*(self._letters(letter, 0) for letter in word))
            made = next((m for letters in every if (m := "".join(letters)) not in self.taken), made)
        self.taken.add(made)
        return made

    @staticmethod
    def _letters(letter: str, tries: int) -> str:
        if letter.isdigit():
            return DIGITS
        return VOWELS if letter in VOWELS and tries < 100 else CONSONANTS

    def json(self, value):
        """A JSON text with the words of its values replaced; the names of fields stay."""
        if not value:
            return value
        try:
            return json.dumps(self._within(json.loads(value)), ensure_ascii=False)
        except ValueError:
            return self.text(value)

    def _within(self, value):
        if isinstance(value, dict):
            return {key: other_birthday(one) if key in BIRTH else self._within(one) for key, one in value.items()}
        if isinstance(value, str) and DATE.fullmatch(value):
            return value
        if isinstance(value, list):
            return [self._within(one) for one in value]
        return self.text(value)


def personal_columns(copy: sqlite3.Connection) -> list[tuple[str, str]]:
    """The columns of texts that are replaced, as (table, column)."""
    found = []
    for table in copies.tables(copy):
        if table in EMPTIED:
            continue
        for _, column, kind, *_ in copy.execute(f'PRAGMA table_info("{table}")'):
            if kind.upper().startswith(("VARCHAR", "TEXT")) and column not in VOCABULARY.get(table, ()):
                found.append((table, column))
    return [pair for pair in found if pair != ("setting", "name")]


def words_of(copy: sqlite3.Connection, pairs: list[tuple[str, str]]) -> set[str]:
    """Every word of these columns, in lower case."""
    found: set[str] = set()
    for table, column in pairs:
        for (value,) in copy.execute(f'SELECT DISTINCT "{column}" FROM "{table}" WHERE "{column}" <> \'\''):
            found.update(word.lower() for word in WORD.findall(value if isinstance(value, str) else ""))
    return found


def other_birthday(value):
    """Another day within the same year, for a date of birth."""
    if not value or not DATE.match(str(value)):
        return value
    year = int(str(value)[:4])
    return (dt.date(year, 1, 1) + dt.timedelta(secrets.randbelow(365))).isoformat()


def other_day(value):
    """Another day of the same week, for a date that the portal's rules look at."""
    if not value:
        return value
    day = dt.date.fromisoformat(str(value)[:10])
    return (day - dt.timedelta(day.weekday()) + dt.timedelta(secrets.randbelow(7))).isoformat()


def snapshot(db, target: Path, overwrite: bool = False) -> dict[str, int]:
    """Write a copy without persons; nobody can sign in with it. Returns the rows of each table. Raises copies.Refused."""
    if target.exists() and not overwrite:
        raise copies.Refused(f"{target} exists. Choose another name, or add --overwrite.")
    with copies.unfinished(target) as part:
        copies.backup(db, part, overwrite=True)
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            replace(copy)
            copy.execute("VACUUM")  # what was replaced must not lie in free pages either
        rows = copies.verify(part)
        part.replace(target)
    return rows


def replace(copy: sqlite3.Connection) -> None:
    """Replace every person's details in this copy."""
    from blueprints.settings.rules import SPECS

    copy.execute("PRAGMA secure_delete = ON")
    copy.execute("PRAGMA foreign_keys = OFF")
    pairs = personal_columns(copy)
    disguise = Disguise(words_of(copy, pairs))
    for name, function in (
        ("disguised", disguise.text), ("disguised_json", disguise.json), ("other_birthday", other_birthday), ("other_day", other_day)
    ):  # fmt: skip
        copy.create_function(name, 1, function)
    copy.execute("BEGIN")
    # A new word may for a moment be one that another row still carries: uniqueness holds again once all are replaced.
    indexes = copy.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
    for name, _ in indexes:
        copy.execute(f'DROP INDEX "{name}"')
    free = [name for name, spec in SPECS.items() if spec.kind in FREE_SETTINGS]
    marks = ", ".join("?" * len(free))
    for table in {table for table, _ in pairs}:
        mine = [column for one, column in pairs if one == table]
        sets = ", ".join(f'"{c}" = {"disguised_json" if (table, c) in JSON else "disguised"}("{c}")' for c in mine)
        if table == "setting":
            copy.execute("UPDATE setting SET changed_by = disguised(changed_by)")
            copy.execute(f"UPDATE setting SET value = disguised_json(value) WHERE name IN ({marks})", free)
        else:
            copy.execute(f'UPDATE "{table}" SET {sets}')
    copy.execute(
        "UPDATE client SET date_of_birth = other_birthday(date_of_birth), date_of_death = other_day(date_of_death)"
    )
    copy.execute("UPDATE portal_user SET is_active = 0")
    copy.execute("UPDATE person SET password_hash = NULL, code = NULL, authenticator = NULL")
    copy.execute("UPDATE file_chunk SET data = zeroblob(length(data))")
    for table in EMPTIED:
        copy.execute(f'DELETE FROM "{table}"')
    for _, made_by in indexes:
        copy.execute(made_by)
    copy.execute("COMMIT")
