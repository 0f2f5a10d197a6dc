"""The commands that keep a portal well: backup, restore, snapshot, check."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

import database
from models import db
from upkeep import copies

FILE = click.Path(dir_okay=False, path_type=Path)


def refuse(reason) -> None:
    """Print why and exit with 1."""
    click.echo(str(reason), err=True)
    sys.exit(1)


def told(rows: dict[str, int]) -> str:
    """`9,534 visits, 60 clients, 66 packages` for the main tables."""
    names = {"visit": "visits", "client": "clients", "package": "packages", "portal_user": "logins"}
    return ", ".join(f"{rows.get(table, 0):,} {name}" for table, name in names.items())


@click.command()
@click.argument("file", type=FILE)
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
@with_appcontext
def backup(file, overwrite):
    """Write one consistent, verified copy of the database while it is in use."""
    from commands import connected

    with connected():
        try:
            rows = copies.backup(db, file, overwrite)
        except (copies.Refused, OSError) as refusal:
            refuse(f"No backup was made. {refusal}")
    size = file.stat().st_size / 1_000_000
    click.echo(f"Wrote {file} ({size:,.1f} MB): {told(rows)}. Read back and found whole.")
    click.echo("Keep instance/secret_key, or PORTAL_SECRET_KEY, in another place: it is not in this file.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--overwrite", is_flag=True, help="Put it in place of a database that is not empty.")
@with_appcontext
def restore(file, overwrite):
    """Put a backup in place of the database, whole or not at all."""
    from commands import connected

    with connected(any_version=True):
        try:
            rows = copies.restore(db, file, overwrite)
        except (copies.Refused, OSError) as refusal:
            refuse(f"Nothing was restored. {refusal}")
        where = database.describe(db)
    click.echo(f"Restored {file} into {where}: {told(rows)}. Restart the portal if it is running.")


@click.command()
@click.argument("file", type=FILE)
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
@with_appcontext
def snapshot(file, overwrite):
    """Write a copy with every person's details replaced, for reproducing a problem elsewhere."""
    from commands import connected
    from upkeep import disguise

    with connected():
        try:
            rows = disguise.snapshot(db, file, overwrite)
        except (copies.Refused, OSError) as refusal:
            refuse(f"No snapshot was made. {refusal}")
    click.echo(f"Wrote {file}: {told(rows)}. Names, addresses, numbers and texts are replaced; nobody can sign in.")


@click.command()
@with_appcontext
def check():
    """Examine settings and database; say what is wrong and how to mend it."""
    from commands import connected
    from upkeep import examine

    wrong = 0
    with connected(any_version=True):
        try:
            for part, findings in examine.examine(current_app.config["BASE_URL"], current_app.config["SECRET_KEY"]):
                click.echo(f"{part}: {'nothing wrong' if not findings else ''}".rstrip())
                for finding in findings:
                    wrong += 1
                    click.echo(f"  {finding.what}\n    To mend it: {finding.mend}")
        except Exception as error:
            refuse(f"The examination could not go on: {type(error).__name__}: {error}")
    click.echo("Nothing is wrong." if not wrong else f"Wrong: {wrong}.")
    sys.exit(1 if wrong else 0)
