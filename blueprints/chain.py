"""The chain of the audit trail: one seal a transaction, over its entries' ids and digests and the seal before.

An entry's digest is made of its salt and its texts; the seal is made of digests only. So texts can expire: without the
salt the digest tells nothing of them, and the chain still shows that no entry was added, changed or taken away.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
import time
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple

from peewee import JOIN

import database
from models import Change, Seal, utc_now

# The word of the present transaction's entries; the seal that ends the transaction carries it.
_word: ContextVar[int | None] = ContextVar("word", default=None)
DIGESTED = ("at", "user", "by", "address", "what", "thing", "thing_id", "organisation", "before", "after")
FIRST = "0" * 64
# As text: every transaction asks them, and making the queries takes longer than answering them.
ENTRIES = 'SELECT id, digest FROM "change" WHERE word = ? ORDER BY id'
SEAL = "INSERT INTO seal (at, word, entries, digest) VALUES (?, ?, ?, ?)"
LAST = "SELECT digest FROM seal ORDER BY id DESC LIMIT 1"


def word() -> int:
    """What an entry that is written now carries, so that the seal of its transaction finds it; grows with time."""
    found = _word.get()
    if found is None:
        found = (time.time_ns() // 1_000_000 << 20) | secrets.randbits(20)
        _word.set(found)
    return found


def salt() -> str:
    """What keeps a digest from telling the texts once they are gone."""
    return secrets.token_hex(16)


def digest_of(salt: str, facts: Iterable[Any]) -> str:
    """The digest of an entry: `facts` are the values of DIGESTED, in that order."""
    plain = [f"{v:%Y-%m-%d %H:%M:%S.%f}" if isinstance(v, dt.datetime) else v for v in facts]
    return hashlib.sha256(f"{salt}{json.dumps(plain, ensure_ascii=False)}".encode()).hexdigest()


def seal(real) -> None:
    """Seal what the transaction that is about to be committed has entered; `database` calls it before each commit."""
    mine = _word.get()
    if mine is None or real is not database.real(Change._meta.database):
        return
    _word.set(None)
    entries = database.sql(real, ENTRIES, [mine]).fetchall()
    if not entries:
        return  # rolled back to a savepoint before the entry
    database.serialise(real, "audit chain")  # the last lock that is taken, and held until the commit that follows
    before = database.sql(real, LAST).fetchone()
    last = before[0] if before else FIRST
    made = link(last, entries)
    database.sql(real, SEAL, [str(utc_now()), mine, len(entries), made])


def link(last: str, entries: Iterable[tuple[int, str]]) -> str:
    """The digest of a seal: of the one before, and of the ids and digests of its entries in order."""
    found = hashlib.sha256(last.encode())
    for ident, digest in entries:
        found.update(f"|{ident}:{digest}".encode())
    return found.hexdigest()


database.BEFORE_COMMIT.append(seal)


# looking whether it holds ----------------------------------------------------------------------------------------------


class State(NamedTuple):
    """What the chain says: how many entries and seals, how many texts have expired, the last seal; and what is wrong."""

    entries: int
    seals: int
    expired: int
    last: str
    wrong: list[str]


MOST_WRONG = 5


def examined() -> State:
    """Go through the whole chain. One pass over all entries: some seconds for a million."""
    wrong: list[str] = []
    counted = {"entries": 0, "expired": 0}
    last, seals = FIRST, 0
    waiting = _seals()
    for found in waiting:
        seals += 1
        entries = []
        for ident, digest, salted, *facts in found.entries:
            counted["entries"] += 1
            if not salted:
                counted["expired"] += 1
            elif len(wrong) < MOST_WRONG and digest_of(salted, _plain(facts)) != digest:
                wrong.append(f"Entry {ident} of the audit trail has been changed")
            entries.append((ident, digest))
        last = link(last, entries)
        if last != found.digest or len(entries) != found.size:
            if len(wrong) < MOST_WRONG:
                wrong.append(
                    f"Seal {found.ident} of {found.at:%d/%m/%Y %H:%M} does not hold: an entry before it was added, changed or taken away"
                )
            last = found.digest  # go on from what is there: one break is told once
    loose = Change.select().where(Change.word.not_in(Seal.select(Seal.word))).count()
    if loose:
        wrong.append(f"{loose} entries of the audit trail have no seal")
    return State(counted["entries"] + loose, seals, counted["expired"], "" if last == FIRST else last, wrong)


class _Found(NamedTuple):
    ident: int
    at: dt.datetime
    size: int
    digest: str
    entries: list[tuple]


def _seals() -> Iterator[_Found]:
    """Every seal in order, with its entries."""
    columns = [getattr(Change, name) for name in DIGESTED]
    query = (
        Seal.select(Seal.id, Seal.at, Seal.entries, Seal.digest, Change.id, Change.digest, Change.salt, *columns)
        .join(Change, JOIN.LEFT_OUTER, on=(Change.word == Seal.word))
        .order_by(Seal.id, Change.id)
        .tuples()
    )
    present = None
    for ident, at, size, digest, *entry in query.iterator():
        if present is None or present.ident != ident:
            if present is not None:
                yield present
            present = _Found(ident, at, size, digest, [])
        if entry[0] is not None:
            present.entries.append(tuple(entry))
    if present is not None:
        yield present


def _plain(facts: list) -> list:
    """The values of an entry as they were digested."""
    return [dt.datetime.fromisoformat(v) if i == 0 and isinstance(v, str) else v for i, v in enumerate(facts)]


# texts expire ----------------------------------------------------------------------------------------------------------


def forget(idents: list[int]) -> None:
    """Forget the texts of these entries, in the caller's transaction; ids and digests stay."""
    for start in range(0, len(idents), 500):
        Change.update(before="{}", after="{}", by="", address="", salt="").where(
            Change.id.in_(idents[start : start + 500])
        ).execute()


def renew() -> None:
    """Make digests and seals anew: for a demonstration, whose past is made up, and a snapshot, whose texts are replaced."""
    with Change._meta.database.atomic():
        Seal.delete().execute()
        columns = [getattr(Change, name) for name in DIGESTED]
        rows = list(Change.select(Change.id, Change.salt, *columns).order_by(Change.id).tuples())
        fresh = []
        for ident, salted, *facts in rows:
            salted = salted or salt()
            fresh.append((ident, salted, digest_of(salted, _plain(facts)), 1))
        database.bulk_update(Change, "id", ["salt", "digest", "word"], fresh)
        if fresh:
            made = link(FIRST, [(ident, digest) for ident, _, digest, _ in fresh])
            Seal.insert(word=1, entries=len(fresh), digest=made).execute()
        _word.set(None)
