"""The chain of the audit trail: what was added, changed or taken away past the portal is found; texts can expire."""

from __future__ import annotations

import datetime as dt
import threading

import pytest

import database
from blueprints import chain, history
from blueprints.history import Actor, Entry
from models import Change, Organisation, Seal, db, utc_now

BY = Actor(None, "Amir Khan")


def enter(number: int = 1, what: str = "Changed") -> None:
    """Write some entries in a transaction of their own."""
    for n in range(number):
        history.record(BY, what, ("package", n), {"quantity": n}, {"quantity": n + 1})
    chain.seal(database.real(db))


@pytest.fixture
def three(app):
    """Three transactions of two entries."""
    for what in ("One", "Two", "Three"):
        enter(2, what)


def test_what_was_written_holds(three):
    found = chain.examined()
    assert (found.entries, found.seals, found.expired, found.wrong) == (6, 3, 0, [])
    assert found.last == Seal.select().order_by(Seal.id.desc()).first().digest


def test_one_entry_or_many_at_once_are_digested_alike(app):
    history.record_many(
        BY, [Entry("Ä ✓", "client", 5, {"name": "Zoë"}, {"name": "Żak"}), Entry("B", "client", None, {}, {"a": 1})]
    )
    history.record(BY, "C", ("client", 7), {}, {"when": dt.datetime(2026, 1, 1)})
    chain.seal(database.real(db))
    assert chain.examined().wrong == [] and Seal.select().count() == 1
    assert len({c.word for c in Change.select()}) == 1 and len({c.salt for c in Change.select()}) == 3


@pytest.mark.parametrize(
    "tamper, words",
    [
        (lambda c: Change.update(after='{"quantity": 9}').where(Change.id == c), "has been changed"),
        (lambda c: Change.update(by="Somebody").where(Change.id == c), "has been changed"),
        (lambda c: Change.update(at=dt.datetime(2020, 1, 1)).where(Change.id == c), "has been changed"),
        (lambda c: Change.update(address="10.0.0.9").where(Change.id == c), "has been changed"),
        (lambda c: Change.delete().where(Change.id == c), "does not hold"),
        (lambda c: Change.update(digest="0" * 64).where(Change.id == c), "has been changed"),
        (lambda c: Seal.delete().where(Seal.id == Seal.select(Seal.id).order_by(Seal.id).limit(1).scalar()), "has no seal|have no seal|does not hold"),
    ],
)  # fmt: skip
def test_what_is_done_past_the_portal_is_found(three, tamper, words):
    import re

    ident = Change.select(Change.id).where(Change.what == "Two").limit(1).scalar()
    tamper(ident).execute()
    assert any(re.search(words, wrong) for wrong in chain.examined().wrong)


def test_an_entry_put_in_is_found(three):
    first = Change.select().where(Change.what == "Two").first()
    facts = {name: first.__data__[name] for name in (*chain.DIGESTED, "word", "salt", "digest")}
    Change.create(**facts)
    assert "does not hold" in chain.examined().wrong[0]
    Change.delete().where(Change.id == Change.select(Change.id).order_by(Change.id.desc()).limit(1).scalar()).execute()
    assert chain.examined().wrong == []
    Change.create(**{**facts, "word": 5})
    assert chain.examined().wrong == ["1 entries of the audit trail have no seal"]


@pytest.mark.feature("Z-12")
def test_texts_expire_and_the_chain_holds(three):
    Change.update(at=utc_now()).execute()
    chain.renew()
    before = [c.digest for c in Change.select().order_by(Change.id)]
    chain.forget([c.id for c in Change.select().order_by(Change.id)][:4])
    found = chain.examined()
    assert found.wrong == [] and found.expired == 4
    old = Change.select().order_by(Change.id).first()
    assert (old.before, old.after, old.by, old.salt, old.what) == ("{}", "{}", "", "", "One")
    assert [c.digest for c in Change.select().order_by(Change.id)] == before


def test_what_is_rolled_back_leaves_no_seal(app):
    with pytest.raises(ZeroDivisionError), db.atomic():
        history.record(BY, "Changed", ("package", 1), {}, {"a": 1})
        raise ZeroDivisionError
    chain.seal(database.real(db))
    assert not Seal.select().exists() and chain.examined() == chain.State(0, 0, 0, "", [])


def test_the_address_that_it_was_done_from_is_kept(app, cast, client):
    cast.sign_in(client, cast.officer)
    address = f"/authority/settings/visit-types/{cast.types['DHS'].id}/retirement"
    answer = client.post(address, data={"retired": "yes"})
    assert answer.status_code == 303
    assert [c.address for c in Change.select()] == ["127.0.0.1"]


# committed for real ----------------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(whole_app, spare):
    """A database of its own whose transactions end."""
    import migrations

    there = database.open_database(spare("chain"))
    with there.connection_context():
        migrations.run(there)
    with there.bind_ctx([Change, Seal, Organisation], bind_refs=False, bind_backrefs=False):
        yield there
    there.close_all()


def test_each_transaction_ends_with_its_seal_also_beside_others(elsewhere):
    failed = []

    def work(number: int):
        try:
            with elsewhere.connection_context():
                for n in range(5):
                    with elsewhere.atomic():
                        history.record(BY, f"{number}", ("package", n), {}, {"n": n})
                        with elsewhere.atomic():
                            history.record(BY, f"{number}", ("client", n), {}, {"n": n})
        except Exception as error:  # told by the test
            failed.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with elsewhere.connection_context():
        found = chain.examined()
        assert (found.entries, found.seals, found.wrong) == (40, 20, [])
        assert {s.entries for s in Seal.select()} == {2}
