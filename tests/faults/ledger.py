"""What a database says, apart from how it was come by: digests to compare, and what must hold whatever happened.

Reads by plain SQL over a connection of its own, so that it neither trusts nor disturbs the product's.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections import defaultdict

import psycopg

from models import TABLES, Change, Counter, SearchWord
from tests.faults.copies import plain_url

# How work went, not what came of it: jobs, files on their way in, sessions.
BOOKKEEPING = {
    "job", "import", "import_problem", "staged_row", "staged_visit", "file", "file_chunk", "sign_in", "throttle", "look",
    "seal",
}  # fmt: skip
TIMES = {
    "at", "changed_at", "created_at", "started_at", "password_changed_at", "seen_at", "made_at", "expires_at", "issued_at",
    "submitted_at", "asked_at", "decided_at", "raised_at", "requested_at", "resolved_at", "released_at", "next_try_at",
    "sent_at", "told_at", "since", "agreed_at",
}  # fmt: skip
CHAIN = {"word", "salt", "digest"}  # of the audit trail: other ones each time
NUMBER = re.compile(r'"id": \d+')  # of a new record: the database's own
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?")


def connect(url: str):
    """A plain connection that sees what is committed."""
    if url.startswith("sqlite"):
        return sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)
    return psycopg.connect(plain_url(url), autocommit=True)


def contents(connection) -> dict[str, list[tuple]]:
    """Every row of every table that says what came of the work, without ids and times; rows name rows by contents."""
    names: dict[str, dict] = {}
    found: dict[str, list[tuple]] = {}
    late = [SearchWord, Change]  # they name rows of any table
    for model in [*(table for table in TABLES if table not in late), *late]:
        meta = model._meta
        fields = [f for f in meta.sorted_fields if f.name not in TIMES and not (model is Change and f.name in CHAIN)]
        columns = ", ".join(f'"{f.column_name}"' for f in fields)
        rows = connection.execute(f'SELECT {columns} FROM "{meta.table_name}"').fetchall()
        known = names.setdefault(meta.table_name, {})
        told = []
        for row in rows:
            said = []
            for field, value in zip(fields, row, strict=True):
                target = getattr(field, "rel_model", None)
                if target is not None:
                    if target._meta.table_name in BOOKKEEPING:
                        continue
                    value = names[target._meta.table_name].get(value, value)
                elif field.name == "id" and not meta.composite_key:
                    continue
                elif meta.table_name == "change_request" and field.name == "thing":
                    value = value is not None  # of a new record it is a number of the database's own
                elif field.name == "ident":
                    value = names.get(row[[f.name for f in fields].index("kind")], {}).get(value, "somebody")
                elif field.name == "thing_id":
                    thing = row[[f.name for f in fields].index("thing")]
                    value = "" if thing in BOOKKEEPING else names.get(thing, {}).get(value, value)
                if isinstance(value, str) and model is Change:
                    value = NUMBER.sub('"id": 0', MOMENT.sub("then", value))
                said.append((field.name, str(value) if not isinstance(value, bool) else str(int(value))))
            told.append(tuple(said))
            if not meta.composite_key:
                ident = row[[f.name for f in fields].index(meta.primary_key.name)]
                known[ident] = hashlib.sha256(repr(said).encode()).hexdigest()[:16]
        if meta.table_name not in BOOKKEEPING:
            found[meta.table_name] = sorted(told)
    return found


def digest(url: str) -> dict[str, str]:
    """A digest of each table."""
    connection = connect(url)
    try:
        if url.startswith("sqlite"):
            connection.execute("BEGIN")
        return {
            name: f"{len(rows)} rows {hashlib.sha256(repr(rows).encode()).hexdigest()[:12]}"
            for name, rows in contents(connection).items()
        }
    finally:
        connection.close()


def outcome(url: str) -> dict[str, str]:
    """The digest of what came of it, where it may have taken two tries: without the log of files and the counters."""
    connection = connect(url)
    try:
        found = contents(connection)
    finally:
        connection.close()
    found.pop(Counter._meta.table_name)
    change = Change._meta.table_name
    found[change] = [row for row in found[change] if ("thing", "import") not in row]
    return {
        name: f"{len(rows)} rows {hashlib.sha256(repr(rows).encode()).hexdigest()[:12]}" for name, rows in found.items()
    }


def differing(one: dict[str, str], other: dict[str, str]) -> dict[str, tuple]:
    """The tables that differ between two digests."""
    return {
        name: (one.get(name), other.get(name)) for name in one.keys() | other.keys() if one.get(name) != other.get(name)
    }


PAID = """
    SELECT package_id, week, kind = 'contribution', SUM(amount), SUM(vat) FROM payment_item
    WHERE state IN ('Payable', 'Cancelled') AND package_id IS NOT NULL GROUP BY package_id, week, kind = 'contribution'
"""
DUE = """
    SELECT package_id, week, paid_cost, paid_vat, paid_contribution, cost, vat, contribution FROM due
"""

# An order's value, and each version's, against their lines; a file's rows against what it charged.
ORDERS = """
    SELECT o.id, o.value, COALESCE(SUM(l.amount), 0) FROM purchase_order o
    LEFT JOIN order_line l ON l.order_id = o.id AND l.version = 0 GROUP BY o.id, o.value
    UNION ALL SELECT v.order_id, v.value, COALESCE(SUM(l.amount), 0) FROM order_version v
    LEFT JOIN order_line l ON l.order_id = v.order_id AND l.version = v.number GROUP BY v.id, v.order_id, v.value
"""
CHARGED = """
    SELECT e.id, e.rows, COUNT(c.id) FROM export e LEFT JOIN charge c ON c.export_id = e.id
    WHERE e.kind = 'charges' GROUP BY e.id, e.rows
"""


def faults(url: str, settled: bool = True) -> list[str]:
    """What does not hold of a database, in words; nothing where all is well.

    Always: what was paid for a week is the sum of its finalised items, and no period was finalised twice. With
    `settled`: no visit is New, nothing is stale, no import is under way, staging is empty.
    """
    connection = connect(url)
    wrong = []
    try:
        if url.startswith("sqlite"):
            (sound,) = connection.execute("PRAGMA quick_check").fetchone()
            wrong += [] if sound == "ok" else [sound]
            wrong += [str(row) for row in connection.execute("PRAGMA foreign_key_check").fetchall()]
        paid: dict[tuple, list[int]] = defaultdict(lambda: [0, 0, 0])
        for package, week, is_own, amount, vat in connection.execute(PAID).fetchall():
            if is_own:
                paid[package, str(week)][2] += int(amount)
            else:
                paid[package, str(week)][0] += int(amount)
                paid[package, str(week)][1] += int(vat)
        kept = {(p, str(w)): [c, v, o] for p, w, c, v, o, *_ in connection.execute(DUE).fetchall() if c or v or o}
        paid_something = {key: sums for key, sums in paid.items() if any(sums)}
        if kept != paid_something:
            wrong.append(f"paid is {kept}, the items say {paid_something}")
        twice = connection.execute(
            "SELECT contract_id, period_id FROM finalisation GROUP BY contract_id, period_id HAVING COUNT(*) > 1"
        ).fetchall()
        wrong += [f"finalised twice: {row}" for row in twice]
        for order, value, lines in connection.execute(ORDERS).fetchall():
            if value != int(lines):
                wrong.append(f"order {order} says {value}, its lines {lines}")
        for export, rows, charges in connection.execute(CHARGED).fetchall():
            if rows != charges:
                wrong.append(f"file {export} says {rows} rows, it charged {charges}")
        if settled:
            for what, count in (
                ("visits are New", "SELECT COUNT(*) FROM visit WHERE status = 'New'"),
                ("groups are stale", "SELECT COUNT(*) FROM stale_group"),
                ("packages are stale", "SELECT COUNT(*) FROM stale_package"),
                ("imports are busy", "SELECT COUNT(*) FROM import WHERE busy IS NOT NULL"),
                ("imports are neither over nor checked",
                 "SELECT COUNT(*) FROM import WHERE state IN ('Reading', 'Updating')"),
                ("rows are staged for imports that are over",
                 "SELECT COUNT(*) FROM staged_visit s JOIN import i ON i.id = s.batch_id WHERE i.state <> 'Checked'"),
                ("small rows are staged for imports that are over",
                 "SELECT COUNT(*) FROM staged_row s JOIN import i ON i.id = s.batch_id WHERE i.state <> 'Checked'"),
                ("jobs are not over", "SELECT COUNT(*) FROM job WHERE state IN ('Queued', 'In progress')"),
            ):  # fmt: skip
                (number,) = connection.execute(count).fetchone()
                wrong += [f"{number} {what}"] if number else []
    finally:
        connection.close()
    return wrong
