"""Writes 0001 anew from models.py, for both databases: `python -m migrations.freeze`.

Only as long as nothing is released. After that 0001 stays as it is, and a change of models.py gets a file of its own.
"""

from __future__ import annotations

from peewee import PostgresqlDatabase, SqliteDatabase, sort_models

from migrations import FOLDER, names

FIRST = FOLDER / "0001_schema.py"
HEAD = '''"""The whole schema as it was at first, frozen: made by `python -m migrations.freeze`, and never changed after release."""

VISIT_TYPES = {types}  # rule 5.5, the set of guide 004
ROLE_NAMES = {role_names}  # guides 000, 001 and 004: name, what for, whether it reaches, only where limited


def up(migrator, db):
    """Make every table and index, and the default visit types and role names."""
    statements = SQLITE if type(migrator).__name__.startswith("Sqlite") else POSTGRESQL
    for statement in statements.strip().split(";\\n"):
        db.execute_sql(statement.rstrip(";"))
    mark = "?" if statements is SQLITE else "%s"
    for row in VISIT_TYPES:
        db.execute_sql(
            "INSERT INTO visit_type (code, name, contract_types, pays, charges, needs_delivered, needs_comment, is_retired) "
            f"VALUES ({{', '.join([mark] * 8)}})",
            (*row, False),
        )
    for position, row in enumerate(ROLE_NAMES, 1):
        db.execute_sql(
            "INSERT INTO role_name (name, scope, reaches, only_limited, position, is_retired) "
            f"VALUES ({{', '.join([mark] * 6)}})",
            (*row, position, False),
        )


SQLITE = """
{sqlite}
"""

POSTGRESQL = """
{postgresql}
"""
'''


def statements(database) -> str:
    """What makes all tables and indexes on this kind of database, one statement a line."""
    import models
    import tasks

    made = []
    tables = [*sort_models(models.TABLES), *tasks.queue_models(database)]
    with database.bind_ctx(tables, bind_refs=False, bind_backrefs=False):
        for table in tables:
            made.append(table._schema._create_table(safe=False).query())
            made += [index.query() for index in table._schema._create_indexes(safe=False)]
    for _text, parameters in made:
        if parameters:
            raise SystemExit(f"A statement has parameters: {_text} {parameters}")
    return "\n".join(f"{text};" for text, _ in made)


def listed(rows: list) -> str:
    """Rows as Python, one a line."""
    return "[\n" + "".join(f"    {row!r},\n".replace("'", '"') for row in rows) + "]"


def text() -> str:
    """The file's text."""
    from blueprints.contacts.roles import DEFAULT_NAMES
    from blueprints.visits.rules import DEFAULT_TYPES

    return HEAD.format(
        types=listed(DEFAULT_TYPES),
        role_names=listed(DEFAULT_NAMES),
        sqlite=statements(SqliteDatabase(None)),
        postgresql=statements(PostgresqlDatabase(None)),
    )


def main() -> None:
    """Write the file."""
    if len(names()) > 1:
        raise SystemExit("There is a second migration: 0001 is released and stays as it is. Write a new one.")
    new = text()
    if FIRST.exists() and FIRST.read_text() == new:
        print(f"{FIRST.name} says what models.py says already.")
        return
    FIRST.write_text(new)
    print(f"Wrote {FIRST.name}.")


if __name__ == "__main__":
    main()
