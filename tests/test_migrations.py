"""A database that was upgraded equals a new one; two upgrades at once; programs and databases that do not match."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import database
import migrations

ROOT = Path(__file__).resolve().parent.parent


def opened(url):
    """A database of its own, connected."""
    db = database.open_database(url)
    db.connect()
    return db


def described(db) -> dict:
    """Tables, columns, types, null, defaults, keys and indexes, as the database itself tells."""
    if database.is_sqlite(db):
        rows = db.execute_sql("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        found = {(kind, name): (table, " ".join((text or "").split())) for kind, name, table, text in rows.fetchall()}
        for (kind, name), _ in list(found.items()):
            if kind == "table":
                found["columns", name] = db.execute_sql(f'PRAGMA table_info("{name}")').fetchall()
                found["keys", name] = sorted(db.execute_sql(f'PRAGMA foreign_key_list("{name}")').fetchall())
    else:
        columns = db.execute_sql(
            "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default "
            "FROM information_schema.columns WHERE table_schema = 'public'"
        )
        found = {("column", *row[:2]): row[2:] for row in columns.fetchall()}
        indexes = db.execute_sql("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
        found |= {("index", name): text for name, text in indexes.fetchall()}
        keys = db.execute_sql(
            "SELECT conname, conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE connamespace = 'public'::regnamespace"
        )
        found |= {("constraint", name): rest for name, *rest in keys.fetchall()}
    return {key: value for key, value in found.items() if not any("schema_migration" in str(part) for part in key)}


def test_a_migrated_database_equals_a_new_one(spare):
    import models
    import tasks

    upgraded, new = opened(spare("upgraded")), opened(spare("new"))
    try:
        assert migrations.run(upgraded) == [f"Applied {name}." for name in migrations.names()]
        tables = [*models.TABLES, *tasks.queue_models(new)]
        with new.bind_ctx(tables, bind_refs=False, bind_backrefs=False):
            new.create_tables(tables)
        assert described(upgraded) == described(new), (
            "models.py and the migrations differ: run `python -m migrations.freeze` as long as nothing is released, "
            "or write a migration."
        )
    finally:
        upgraded.close()
        new.close()


def test_every_table_of_the_models_is_listed():
    import models

    listed = set(models.TABLES)
    bases = {models.Table, models.Address, models.Place, models.VisitValues}
    known = {t for t in vars(models).values() if isinstance(t, type) and issubclass(t, models.Table)}
    assert known - bases == listed


def test_upgrading_again_changes_nothing(spare):
    db = opened(spare())
    try:
        migrations.run(db)
        before = described(db)
        assert migrations.run(db) == []
        assert described(db) == before
        migrations.check(db)
        assert db.execute_sql("SELECT count(*) FROM visit_type").fetchone() == (7,)
        if database.is_sqlite(db):
            assert db.pragma("foreign_keys") == 1
    finally:
        db.close()


def test_two_upgrades_at_once(spare):
    url = spare()
    environment = {**os.environ, "PORTAL_DATABASE_URL": url, "PORTAL_SECRET_KEY": "tests"}
    command = [sys.executable, "-m", "flask", "--app", "app", "init"]
    both = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    text = "".join(out for out, _ in said)
    assert text.count("Applied 0001_schema.") == 1
    assert len(re.findall("/set-password/", text)) == 1, "one first officer only"


def test_an_earlier_or_later_database_is_refused_with_words(spare, monkeypatch):
    db = opened(spare())
    try:
        with pytest.raises(migrations.SchemaError, match=r"earlier version.*0001_schema.*init"):
            migrations.check(db)
        migrations.run(db)
        migrations.runner(db).History.create(name="9999_from_the_future")
        for act in (migrations.check, migrations.run):
            with pytest.raises(migrations.SchemaError, match=r"later version.*9999_from_the_future"):
                act(db)
    finally:
        db.close()


def test_tables_of_no_release_are_refused(spare):
    db = opened(spare())
    try:
        db.execute_sql("CREATE TABLE portal_user (id INTEGER)")
        with pytest.raises(migrations.SchemaError, match="not made by any released version"):
            migrations.run(db)
    finally:
        db.close()


def test_a_migration_that_fails_leaves_nothing(spare, tmp_path, monkeypatch):
    first = (migrations.FOLDER / "0001_schema.py").read_text()
    (tmp_path / "0001_schema.py").write_text(first)
    (tmp_path / "0002_broken.py").write_text(
        "def up(migrator, db):\n    db.execute_sql('CREATE TABLE x (y no such)(')\n"
    )
    monkeypatch.setattr(migrations, "FOLDER", tmp_path)
    db = opened(spare())
    try:
        with pytest.raises(Exception, match="syntax"):
            migrations.run(db)
        assert db.get_tables() == []
    finally:
        db.close()


def test_a_web_process_refuses_a_database_of_another_version(spare, monkeypatch):
    environment = {**os.environ, "PORTAL_DATABASE_URL": spare(), "PORTAL_SECRET_KEY": "tests"}
    done = subprocess.run(
        [sys.executable, "-c", "import app; app.serving()"],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "earlier version than this program" in done.stderr
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "today"],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "flask --app app init" in done.stderr
