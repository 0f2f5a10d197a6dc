"""backup, restore, snapshot, check: on databases of their own, as a technician runs them."""

from __future__ import annotations

import os
import re
import secrets
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import database
from upkeep import copies, disguise

ROOT = Path(__file__).resolve().parent.parent
TABLES = ["visit", "client", "package", "actual", "due", "payment_item", "change", "portal_user", "visit_version"]


def flask(url: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run a command on a database."""
    environment = {**os.environ, "PORTAL_DATABASE_URL": url, "PORTAL_SECRET_KEY": "tests" * 8}
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def opened(url: str):
    """A database of its own, connected."""
    db = database.open_database(url)
    db.connect()
    return db


def contents(url: str) -> dict:
    """Counts and sums that a copy must keep."""
    db = opened(url)
    try:
        found = {t: db.execute_sql(f"SELECT count(*) FROM {t}").fetchone()[0] for t in TABLES}
        sums = "SELECT sum(cost), sum(vat), sum(contribution), sum(paid_cost), sum(paid_contribution) FROM due"
        found["sums"] = tuple(map(int, db.execute_sql(sums).fetchone()))
        found["names"] = db.execute_sql("SELECT ssref, surname, date_of_birth FROM client ORDER BY ssref").fetchall()
        found["names"] = [tuple(map(str, row)) for row in found["names"]]
        moment = "SELECT changed_at, is_deleted, planned_date FROM visit ORDER BY ref LIMIT 20"
        found["moments"] = [(str(a)[:19], bool(b), str(c)) for a, b, c in db.execute_sql(moment).fetchall()]
        return found
    finally:
        db.close()


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """A demonstration, and its URL; the tests of this file only read it."""
    from tests.conftest import make_spare

    url = make_spare(tmp_path_factory.mktemp("upkeep"), "upkeep")
    done = flask(url, "demo")
    assert done.returncode == 0, done.stderr
    yield url
    if server := os.environ.get("PORTAL_TEST_DATABASE_URL"):
        import psycopg

        with psycopg.connect(server, autocommit=True) as admin:
            name = url.partition("?")[0].rsplit("/", 1)[1]
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
def copy(portal, tmp_path_factory) -> Path:
    """A backup of the demonstration."""
    file = tmp_path_factory.mktemp("copies") / "portal.backup"
    done = flask(portal, "backup", str(file))
    assert done.returncode == 0, done.stderr
    assert re.search(r"\d,\d{3} visits, 60 clients", done.stdout)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600, "only its owner reads a backup"
    return file


def test_a_backup_goes_back_whole(portal, copy, spare):
    elsewhere = spare("elsewhere")
    done = flask(elsewhere, "restore", str(copy))
    assert done.returncode == 0, done.stderr
    assert contents(elsewhere) == contents(portal)
    made = flask(elsewhere, "user", "add", "new@oakfield.example", "--organisation", "OAK")
    assert made.returncode == 0, f"ids go on counting: {made.stderr}"
    assert flask(elsewhere, "check").returncode == 0


def test_a_backup_goes_into_the_other_database(copy, tmp_path, portal):
    """From PostgreSQL to SQLite, and (with SQLite's own file) from SQLite to SQLite."""
    other = f"sqlite:///{tmp_path}/other.db"
    assert flask(other, "restore", str(copy)).returncode == 0
    assert contents(other) == contents(portal)


def test_restore_overwrites_only_when_told(copy, spare, portal):
    url = spare("taken")
    assert flask(url, "init").returncode == 0
    done = flask(url, "restore", str(copy))
    assert done.returncode == 1
    assert "not empty" in done.stderr and "--overwrite" in done.stderr
    done = flask(url, "restore", str(copy), "--overwrite")
    assert done.returncode == 0, done.stderr
    assert contents(url) == contents(portal)


def test_backup_does_not_overwrite_unless_told(copy, portal, tmp_path):
    file = tmp_path / "taken"
    file.write_text("something of somebody's")
    done = flask(portal, "backup", str(file))
    assert done.returncode == 1
    assert "exists" in done.stderr and file.read_text() == "something of somebody's"
    assert flask(portal, "backup", str(tmp_path / "no such folder" / "file")).returncode == 1
    assert flask(portal, "backup", str(file), "--overwrite").returncode == 0
    assert copies.verify(file) == copies.verify(copy)
    assert [p.name for p in tmp_path.iterdir()] == ["taken"], "no unfinished file is left"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda file: file.write_bytes(b"not a database at all, " * 100), "is not a backup"),
        (lambda file: file.write_bytes(file.read_bytes()[: len(file.read_bytes()) // 2]), "damaged|not a backup"),
        (lambda file: file.write_bytes(b""), "not a backup"),
    ],
)
def test_restore_refuses_what_is_no_backup(copy, spare, tmp_path, spoil, words):
    file = tmp_path / "spoilt"
    file.write_bytes(copy.read_bytes())
    spoil(file)
    url = spare("untouched")
    done = flask(url, "restore", str(file))
    assert done.returncode == 1
    assert re.search(words, done.stderr), done.stderr
    assert "Nothing was restored" in done.stderr


def test_restore_refuses_a_later_version(copy, spare, tmp_path):
    file = tmp_path / "later"
    file.write_bytes(copy.read_bytes())
    with sqlite3.connect(file) as later:
        later.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01 00:00:00')")
    done = flask(spare("later"), "restore", str(file))
    assert done.returncode == 1
    assert "later version" in done.stderr


def test_a_backup_under_writers_is_of_one_moment(copy, spare, tmp_path):
    """Two sums that each transaction changes together are together in the copy."""
    url = spare("busy")
    assert flask(url, "restore", str(copy)).returncode == 0
    stop, begun = threading.Event(), threading.Event()

    def write() -> None:
        db = database.open_database(url)
        with db.connection_context():
            while not stop.is_set():
                county = secrets.token_hex(8)
                with db.atomic():
                    db.execute_sql(f"UPDATE client SET county = '{county}' WHERE ssref = 'A100001'")
                    db.execute_sql(f"UPDATE organisation SET county = '{county}' WHERE ref = 'OAK'")
                begun.set()
        db.close_all()

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    try:
        assert begun.wait(30)
        db = opened(url)
        for n in range(3):
            copies.backup(db, tmp_path / f"copy-{n}")
        db.close()
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    for n in range(3):
        with sqlite3.connect(tmp_path / f"copy-{n}") as made:
            one = made.execute("SELECT county FROM client WHERE ssref = 'A100001'").fetchone()
            two = made.execute("SELECT county FROM organisation WHERE ref = 'OAK'").fetchone()
            assert one == two != ("",)


@pytest.fixture(scope="module")
def without_persons(portal, tmp_path_factory) -> Path:
    """A snapshot of the demonstration."""
    file = tmp_path_factory.mktemp("snapshots") / "snapshot.db"
    done = flask(portal, "snapshot", str(file))
    assert done.returncode == 0, done.stderr
    return file


def test_a_snapshot_shares_no_word_with_what_it_replaced(copy, without_persons):
    word = re.compile(r"[^\W_]{4,}")
    with sqlite3.connect(copy) as real, sqlite3.connect(without_persons) as disguised:
        pairs = disguise.personal_columns(real)
        columns = {f"{table}.{column}" for table, column in pairs}
        assert columns >= {
            "client.surname", "client.forename", "client.ssref", "client.nhs_number", "client.address1", "client.postcode",
            "client.ni_number", "carer.surname", "person.email", "portal_user.name", "visit.ssref", "visit.comments",
            "visit.carer_ref", "visit.changed_by", "visit_version.ssref", "change.by", "change.before", "change.after",
            "organisation.telephone", "actual.comments", "hold.reason", "import.ended_by", "import_problem.value",
        }  # fmt: skip

        def words(database, pairs) -> set[str]:
            found: set[str] = set()
            for table, column in pairs:
                for (value,) in database.execute(f'SELECT DISTINCT "{column}" FROM "{table}"'):
                    found.update(
                        w.lower()
                        for w in word.findall(value or "")
                        if not (table == "setting" or (table, column) in disguise.JSON)
                    )
            return found

        known = words(real, pairs)
        assert {"archer", "a100001", "greta", "whitaker"} <= known
        shared = known & words(disguised, pairs)
        assert not shared, sorted(shared)[:10]
        birthdays = "SELECT id, date_of_birth FROM client WHERE date_of_birth IS NOT NULL"
        same = set(real.execute(birthdays)) & set(disguised.execute(birthdays))
        assert len(same) <= 3, "a birthday may stay by chance in 1 of 365"
        everything = Path(without_persons).read_bytes().lower()
        for name in (b"whitaker", b"winifred", b"a100001", b"greta finch", b"okafor"):
            assert name not in everything, "not in free pages either"


def test_references_of_one_shape_may_change_places(copy, tmp_path):
    """All ten of a shape are in use, so each new reference is one that another row carried."""
    with sqlite3.connect(tmp_path / "ten.db", isolation_level=None) as ten:
        with sqlite3.connect(copy) as real:
            real.backup(ten)
        columns = [row[1] for row in ten.execute("PRAGMA table_info(contract)") if row[1] not in ("id", "ref")]
        listed = ", ".join(f'"{column}"' for column in columns)
        for n in range(10):
            ten.execute(f"INSERT INTO contract (ref, {listed}) SELECT '{n}', {listed} FROM contract LIMIT 1")
        shape = "SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name"
        before = ten.execute(shape).fetchall()
        disguise.replace(ten)
        assert ten.execute(shape).fetchall() == before, "every index stands again"
        refs = [ref for (ref,) in ten.execute("SELECT ref FROM contract ORDER BY id DESC LIMIT 10")]
        assert set(refs) == set("0123456789")


def test_a_snapshot_has_the_same_shape(copy, without_persons):
    before, after = copies.verify(copy), copies.verify(without_persons)
    emptied = set(disguise.EMPTIED)
    assert {t: n for t, n in before.items() if t not in emptied} == {t: n for t, n in after.items() if t not in emptied}
    with sqlite3.connect(copy) as real, sqlite3.connect(without_persons) as disguised:
        for statement in (
            "SELECT id, length(surname), length(forename), length(ssref), length(postcode), title FROM client ORDER BY id",
            "SELECT id, length(comments), status, reason, paid_minutes, package_id, planned_date FROM visit ORDER BY id",
            "SELECT package_id, week, cost, paid_cost FROM due ORDER BY 1, 2",
            "SELECT name, entry FROM service_level ORDER BY id",
        ):
            assert real.execute(statement).fetchall() == disguised.execute(statement).fetchall()
        joined = "SELECT count(*) FROM visit v JOIN client c ON c.id = v.client_id WHERE c.ssref = v.ssref"
        assert real.execute(joined).fetchone() == disguised.execute(joined).fetchone(), (
            "what belonged together still does"
        )


def test_nobody_signs_in_to_a_snapshot(without_persons, spare):
    url = spare("snapshot")
    assert flask(url, "restore", str(without_persons)).returncode == 0
    db = opened(url)
    try:
        usable = "SELECT count(*) FROM portal_user u JOIN person p ON p.id = u.person_id WHERE p.password_hash IS NOT NULL OR u.is_active"
        assert db.execute_sql(usable).fetchone() == (0,)
        assert db.execute_sql("SELECT count(*) FROM sign_in").fetchone() == (0,)
    finally:
        db.close()


def test_different_words_stay_different():
    words = {f"A{n:06}" for n in range(2000)} | set("0123456789") | {f"C{n}" for n in range(10)}
    given = disguise.Disguise({w.lower() for w in words})
    made = [given.text(w) for w in sorted(words)]
    assert len(set(made)) == len(made)
    assert [len(m) for m in made] == [len(w) for w in sorted(words)]
    assert given.text("O'Neill-Smith, Zoë") == given.text("O'Neill-Smith, Zoë") != "O'Neill-Smith, Zoë"
    assert given.json('{"surname": "Archer", "from": "2026-01-05"}').startswith('{"surname": "')
    assert "2026-01-05" in given.json('{"from": "2026-01-05"}')


def test_check_finds_nothing_wrong(portal):
    done = flask(portal, "check")
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("Nothing is wrong.\n")


FAULTS = [
    (
        [
            "UPDATE due SET paid_cost = paid_cost + 1 WHERE package_id = (SELECT min(package_id) FROM due WHERE paid_cost <> 0)"
        ],
        "payments noted differ from the finalised items",
    ),
    (
        [
            "UPDATE manual_adjustment SET finalisation_id = NULL "
            "WHERE id = (SELECT min(id) FROM manual_adjustment WHERE finalisation_id IS NOT NULL)"
        ],
        "1 manual adjustments differ from the finalised items",
    ),
    (
        [
            "UPDATE claim_item SET amount = amount + 1 "
            "WHERE id = (SELECT min(claim_id) FROM payment_item WHERE claim_id IS NOT NULL)"
        ],
        "1 items of claims differ from the finalised items",
    ),
    (
        ["DELETE FROM actual WHERE id = (SELECT min(id) FROM actual WHERE source = 'visits')"],
        "For 1 packages and weeks the actuals differ from the matched visits",
    ),
    (
        [
            "DELETE FROM payment_period WHERE cycle_id = 1 AND id NOT IN (SELECT period_id FROM finalisation)",
            "INSERT INTO finalisation (contract_id, period_id, at, by, amount, vat, non_payable, lines, adjustments) "
            "SELECT c.id, p.id, '2026-01-01 00:00:00', 'x', 0, 0, 0, 0, 0 "
            "FROM contract c, payment_period p WHERE c.cycle_id = 1 AND p.cycle_id = 1 "
            "AND NOT EXISTS (SELECT 1 FROM finalisation f WHERE f.contract_id = c.id AND f.period_id = p.id)",
        ],
        "The payment cycle Four-weekly has no current period",
    ),
    (["INSERT INTO stale_package (package_id) SELECT min(id) FROM package"], r"1 changes .* have not been followed up"),
    (
        [
            "INSERT INTO job (kind, state, queued_at, owner, done, total, doing, error, tries, wanted) "
            "VALUES ('import-check', 'Queued', '2026-01-01 00:00:00', '', 0, 0, '', '', 0, '{}')"
        ],
        "1 jobs have waited",
    ),
    (["DELETE FROM officer_role WHERE role = 'administrator'"], "No administrator can sign in"),
    (["DELETE FROM setting WHERE name = 'demonstration'"], r"The demonstration login .* is active here"),
    (
        [
            "INSERT INTO setting (name, value, changed_at, changed_by) VALUES ('lock_after', '99', '2026-01-01 00:00:00', '')"
        ],
        "The setting lock_after has a value that cannot be",
    ),
    (["INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01 00:00:00')"], "later version"),
]


def test_check_says_what_is_wrong_and_how_to_mend_it(copy, spare):
    url = spare("wrong")
    assert flask(url, "restore", str(copy)).returncode == 0
    db = opened(url)
    try:
        with db.atomic():
            for statements, _ in FAULTS:
                for statement in statements:
                    db.execute_sql(columns_of_job(db, statement))
    finally:
        db.close()
    done = flask(url, "check")
    assert done.returncode == 1, done.stdout
    for _, words in FAULTS:
        assert re.search(words, done.stdout), done.stdout
    assert f"Wrong: {done.stdout.count('To mend it: ')}." in done.stdout


def columns_of_job(db, statement: str) -> str:
    """An insert into job, with whatever further columns the table has, as empty texts."""
    if not statement.startswith("INSERT INTO job"):
        return statement
    named = set(re.findall(r"\w+", statement.partition("(")[2].partition(")")[0]))
    more = [c for c in db.get_columns("job") if not c.null and c.name not in named and c.name != "id"]
    names = "".join(f", {c.name}" for c in more)
    return statement.replace(") VALUES", f"{names}) VALUES").replace("0)", "0" + ", ''" * len(more) + ")")


def test_check_of_an_open_file(portal, copy, tmp_path):
    file = tmp_path / "open.db"
    url = f"sqlite:///{file}"
    assert flask(url, "restore", str(copy)).returncode == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    done = flask(url, "check")
    assert done.returncode == 1
    assert f"chmod 600 {file}" in done.stdout


def test_today_is_set_on_a_demonstration_only(portal, copy, spare):
    url = spare("today")
    assert flask(url, "restore", str(copy)).returncode == 0
    assert flask(url, "today", "2026-03-04").stdout == "2026-03-04\n"
    assert flask(url, "today").stdout == "2026-03-04\n"
    assert flask(url, "today", "yesterday").returncode == 2
    real = spare("real")
    assert flask(real, "init").returncode == 0
    done = flask(real, "today", "2026-03-04")
    assert done.returncode == 1
    assert "Only a demonstration" in done.stderr
