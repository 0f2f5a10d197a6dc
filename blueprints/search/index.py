"""The words by which records are found: kept in step with the records, in the transaction that changes them.

A record's words are its references and the words of its names, folded: without case, accents and marks. Every change of
a record is in the audit trail; what the trail hears of is indexed anew before the transaction is committed.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple

from peewee import fn

import database
from blueprints import history
from models import Client, Contact, Contract, Organisation, Package, Person, SearchWord, Service, Table, User, db

PIECE = 500
# Letters that are not made of another one and a mark.
LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


class Kind(NamedTuple):
    """A kind of record that is found by its words: its table, the query of its id and columns, what its words are made of."""

    name: str
    model: type[Table]
    query: Callable[[], Any]
    texts: Callable[[tuple], Iterable[str]]


def _client(row: tuple) -> Iterator[str]:
    forename, surname, ssref, client_ref, nhs_number, born, postcode = row
    yield from (forename, surname, ssref, client_ref, nhs_number, postcode.replace(" ", ""))
    if born:
        yield f"{str(born)[8:10]}{str(born)[5:7]}{str(born)[:4]}"  # 12/03/1941 is looked for as 12031941


def _plain(row: tuple) -> Iterator[str]:
    return (str(one) for one in row if one)


def _columns(model, *names: str) -> Callable[[], Any]:
    return lambda: model.select(model.id, *(getattr(model, name) for name in names))


CLIENT_COLUMNS = ("forename", "surname", "ssref", "client_ref", "nhs_number", "date_of_birth", "postcode")
KINDS: dict[str, Kind] = {
    kind.model._meta.table_name: kind
    for kind in (
        Kind("client", Client, _columns(Client, *CLIENT_COLUMNS), _client),
        Kind("organisation", Organisation, _columns(Organisation, "name", "ref"), _plain),
        Kind("service", Service, _columns(Service, "name", "ref"), _plain),
        Kind("contract", Contract, _columns(Contract, "name", "ref"), _plain),
        Kind("package", Package, _columns(Package, "cpli_id", "care_package_ref"), _plain),
        Kind("contact", Contact, _columns(Contact, "forename", "surname", "email", "position"), _plain),
        Kind("person", User, lambda: User.select(User.id, User.name, Person.email).join(Person), _plain),
    )
}


# words -----------------------------------------------------------------------------------------------------------------


def folded(text: str) -> str:
    """A text without case, accents and marks."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    return "".join(c for c in plain if not unicodedata.combining(c))


def words_of(texts: Iterable[str]) -> set[str]:
    """The words of texts: each as it is written together, and its parts where a mark stands within it (O'Neill)."""
    found: set[str] = set()
    for text in texts:
        for chunk in folded(text).split():
            parts = "".join(c if c.isalnum() else " " for c in chunk).split()
            found.update(parts)
            found.add("".join(parts))
    return {word[:60] for word in found if word}


def asked(text: str) -> list[str]:
    """What somebody looks for as words, each to begin one of a record's; digits in groups are also one number."""
    words = ["".join(c for c in chunk if c.isalnum()) for chunk in folded(text).split()]
    words = [word for word in words if word]
    return ["".join(words)] if len(words) > 1 and all(word.isdigit() for word in words) else words


# keeping ---------------------------------------------------------------------------------------------------------------

_heard: ContextVar[dict[str, set[int]] | None] = ContextVar("heard", default=None)


def hear(thing: str, idents: Iterable[int | None]) -> None:
    """Note that records have changed; they are indexed anew before the transaction ends."""
    if thing not in KINDS:
        return
    heard = _heard.get()
    if heard is None:
        heard = defaultdict(set)
        _heard.set(heard)
    heard[thing].update(ident for ident in idents if ident is not None)


def keep_up(real=None) -> None:
    """Index anew what has changed in the transaction that is about to be committed."""
    heard = _heard.get()
    if not heard or (real is not None and real is not database.real(SearchWord._meta.database)):
        return
    _heard.set(None)
    for thing, idents in heard.items():
        write(KINDS[thing], sorted(idents))


def forget(real) -> None:
    """What was heard in a transaction of this database that was rolled back has not happened."""
    if real is database.real(SearchWord._meta.database):
        _heard.set(None)


def write(kind: Kind, idents: list[int] | None) -> None:
    """Write the words of these records of a kind, or of all; within the caller's transaction."""
    query = kind.query()
    pieces = [None] if idents is None else [idents[n : n + PIECE] for n in range(0, len(idents), PIECE)]
    for piece in pieces:
        old = SearchWord.kind == kind.name
        SearchWord.delete().where(old if piece is None else old & SearchWord.ident.in_(piece)).execute()
        rows = query if piece is None else query.where(kind.model.id.in_(piece))
        words = (
            (word.encode(), kind.name, ident)
            for ident, *row in rows.tuples().iterator()
            for word in words_of(kind.texts(tuple(row)))
        )
        database.bulk_upsert(SearchWord, ["word", "kind", "ident"], words)


def rebuild() -> None:
    """Index every record anew: after a demonstration or a restored copy."""
    with db.atomic():
        database.serialise(db, "search")
        for kind in KINDS.values():
            write(kind, None)


def behind() -> list[str]:
    """The kinds whose index does not hold as many records as the table."""
    counted = SearchWord.select(SearchWord.kind, fn.COUNT(SearchWord.ident.distinct())).group_by(SearchWord.kind)
    held = dict(counted.tuples())
    return [kind.name for kind in KINDS.values() if held.get(kind.name, 0) != kind.model.select().count()]


def ensure() -> bool:
    """Index everything anew where the index is behind; returns whether it was."""
    if not behind():
        return False
    rebuild()
    return True


history.HEARD.append(hear)
database.BEFORE_COMMIT.insert(0, keep_up)
database.AFTER_ROLLBACK.append(forget)
