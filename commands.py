"""The commands of `flask --app app …`: each prints what it did, exits 0 when done, 1 when refused, 2 on wrong usage."""

from __future__ import annotations

import datetime as dt
import sys
from contextlib import contextmanager
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

import database
import migrations
from blueprints import consequences, history, sheets, values, weeks
from blueprints.accounts import managing
from blueprints.accounts import rules as accounts
from blueprints.history import COMMAND_LINE
from blueprints.imports import rules as imports
from blueprints.settings import rules as settings
from models import Contract, Organisation, Person, Service, User, db


def register(app: Flask) -> None:
    """Give the application its commands."""
    from upkeep import commands as upkeep

    own = (init, demo, user, load, dump, generate, finalise, today, work)
    for command in (*own, upkeep.backup, upkeep.restore, upkeep.snapshot, upkeep.check):
        app.cli.add_command(command)


@contextmanager
def connected(any_version: bool = False):
    """A connection for as long as a command runs; refuses a database that is not of this version, unless told."""
    with db.connection_context() if db.is_closed() else _open():
        try:
            if not any_version:
                migrations.check(database.real(db))
            yield
        except migrations.SchemaError as error:
            refuse(str(error))


@contextmanager
def _open():
    yield


def refuse(*reasons: str):
    """Print every reason and exit with 1."""
    for reason in reasons:
        click.echo(reason, err=True)
    sys.exit(1)


def a_date(text: str) -> dt.date:
    """A date of the command line. Raises click's own error on anything else."""
    try:
        return values.authority_date(text)
    except values.Expected as error:
        raise click.BadParameter(f"{text!r}: expected {error}")


class DateType(click.ParamType):
    """YYYY-MM-DD or DD/MM/YYYY."""

    name = "date"

    def convert(self, value, param, ctx):
        """The date."""
        return value if isinstance(value, dt.date) else a_date(value)


DATE = DateType()


def organisation_of(ref: str | None) -> Organisation | None:
    """The organisation of a reference; exits with 1 where there is none."""
    if ref is None:
        return None
    found = Organisation.get_or_none(Organisation.ref == ref)
    if found is None:
        refuse(f"There is no organisation {ref}.")
    return found


def upgrade() -> list[str]:
    """Bring the database's tables up to this version; returns what was done. Two at once wait for each other."""
    return migrations.run(database.real(db))


@click.command()
@click.option("--demonstration", is_flag=True, help="Mark a new database as a demonstration.")
@with_appcontext
def init(demonstration):
    """Create or upgrade the database; safe to repeat and to run twice at once."""
    with connected(any_version=True):
        done = upgrade()
        click.echo("\n".join(done) or "The database is up to date.")
        with db.atomic():
            database.serialise(db, "init")
            if not User.select().exists() and not settings.read().is_demonstration:
                if demonstration:
                    settings.mark_demonstration()
                    click.echo("This database is a demonstration.")
                else:
                    person = accounts.add_user(
                        "officer@authority.example", "First officer", None, ["administrator"], COMMAND_LINE
                    )
                    click.echo(f"The first officer is {person.email}.")
                    print_link(person)


@click.command()
@click.option("--size", type=click.Choice(["small", "county"]), default="small")
@click.option("--if-empty", is_flag=True, help="Do nothing where the database holds something already.")
@with_appcontext
def demo(size, if_empty):
    """Load the demonstration authority into an empty database, and mark it as a demonstration."""
    from demonstration import build

    with connected(any_version=True):
        upgrade()
        if Organisation.select().exists() or User.select().exists():
            if if_empty:
                return
            refuse("The database is not empty. The demonstration goes into an empty one only.")
        for line in build.build(size):
            click.echo(line)


@click.group()
def user():
    """Logins."""


@user.command("add")
@click.argument("email")
@click.option("--authority", is_flag=True, help="An officer of the authority.")
@click.option("--organisation", "ref", help="The provider's OrganisationRef.")
@click.option("--name", default="", help="The person's name.")
@click.option("--role", "roles", multiple=True, help="An officer's role; may be given several times.")
@with_appcontext
def add_user(email, authority, ref, name, roles):
    """Make a login and print a one-time link."""
    if authority == bool(ref):
        raise click.UsageError("Give either --authority or --organisation REF.")
    with connected():
        try:
            person = accounts.add_user(
                email,
                name or email.split("@")[0],
                organisation_of(ref),
                list(roles) or (["administrator"] if authority else []),
                COMMAND_LINE,
            )
        except accounts.Refused as refusal:
            refuse(str(refusal))
        click.echo(f"Made a login for {person.email}.")
        print_link(person)


@user.command("release")
@click.argument("email")
@with_appcontext
def release_user(email):
    """Let a locked-out person in again: unlock, forget code and authenticator app, and print a one-time link."""
    with connected():
        found = User.select().join(Person).where(Person.email == email.strip().lower()).order_by(User.id).first()
        if found is None:
            refuse(f"Nobody signs in as {email}.")
        with db.atomic():
            managing.release(found, COMMAND_LINE)
            managing.reset_code(found, COMMAND_LINE)
            managing.reset_second(found, COMMAND_LINE)
        click.echo(f"Released {found.email}.")
        print_link(found)


def print_link(person: User) -> None:
    """Make a one-time link, and print it with how long it works."""
    word = accounts.make_link(person, COMMAND_LINE)
    click.echo(f"Set the password within {settings.read().invitation_hours} hours at")
    click.echo(f"{current_app.config['BASE_URL']}/set-password/{word}")


@click.command()
@click.argument("kind")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--organisation", "ref", help="The provider whose file it is.")
@click.option("--check", is_flag=True, help="Read and report only.")
@click.option("--without-rejected", is_flag=True, help="Apply the other rows where some are rejected.")
@click.option("--overwrite", is_flag=True, help="Overwrite approved changes.")
@with_appcontext
def load(kind, file, ref, check, without_rejected, overwrite):
    """Read a file: all rows or none, unless told to leave rejected ones out."""
    found = imports.KINDS.get(kind)
    if found is None:
        raise click.UsageError(f"KIND is one of {', '.join(imports.KINDS)}.")
    if (found.side == "provider") != bool(ref):
        raise click.UsageError(
            "A provider's file needs --organisation REF."
            if not ref
            else "The authority's files take no --organisation."
        )
    with connected():
        organisation = organisation_of(ref)
        try:
            with file.open("rb") as stream:
                batch = imports.load(found, organisation, file.name, stream, check, without_rejected, overwrite)
        except (imports.Refused, imports.attachments.TooLarge) as refusal:
            refuse(str(refusal))
        if batch.state == "Refused":
            refuse(f"The file was refused. {batch.refusal}")
        if batch.state == "Failed":
            refuse("The import failed. Nothing was changed.")
        click.echo(
            f"records read {batch.records}, new {batch.new}, updated {batch.updated}, unchanged {batch.unchanged}, "
            f"deleted {batch.deleted}, rejected {batch.rejected}, data quality issues {batch.issues}"
        )
        for problem in imports.problems(batch):
            column = f", {problem.column}" if problem.column else ""
            hint = f" Did you mean {problem.suggestion}?" if problem.suggestion else ""
            click.echo(f"{problem.severity} line {problem.line}{column}: {problem.message}{hint}")
        if batch.rejected and not (without_rejected and not check):
            sys.exit(1)


@click.command()
@click.argument("kind")
@click.argument("file")
@click.option("--organisation", "ref")
@click.option("--from", "start", type=DATE)
@click.option("--to", "end", type=DATE)
@with_appcontext
def dump(kind, file, ref, start, end):
    """Write a file; - is standard output."""
    from blueprints.reports import dumps

    if kind not in dumps.KINDS:
        raise click.UsageError(f"KIND is one of {', '.join(dumps.KINDS)}.")
    with connected():
        headings, rows = dumps.make(kind, organisation_of(ref), start, end)
        stream = sys.stdout.buffer if file == "-" else open(file, "wb")  # noqa: SIM115
        try:
            for chunk in sheets.write_csv(rows, headings):
                stream.write(chunk)
            stream.flush()
        finally:
            if file != "-":
                stream.close()
                click.echo(f"Wrote {kind} to {file}.")


@click.command()
@click.option("--until", type=DATE, required=True, help="Weeks whose Monday is on or before this date.")
@click.option("--service", "ref", help="One service only.")
@with_appcontext
def generate(until, ref):
    """Generate actuals for a range of weeks (rule 4.4)."""
    from blueprints.actuals import rules as actuals

    with connected():
        services = list(Service.select() if ref is None else Service.select().where(Service.ref == ref))
        if ref and not services:
            refuse(f"There is no service {ref}.")
        made = 0
        for service in services:
            with db.atomic():
                touched = actuals.generate_until(service, until, COMMAND_LINE)
                if touched:
                    consequences.follow(consequences.Change(packages=touched))
            made += len(touched)
        consequences.settle()
        click.echo(f"Generated actuals until {values.show_date_long(until)}: {made} packages had weeks without a row.")


@click.command()
@click.option("--until", type=DATE, required=True, help="Periods that end on or before this date.")
@click.option("--contract", "ref", help="One contract only.")
@with_appcontext
def finalise(until, ref):
    """Finalise every current period that ends by then, oldest first."""
    from blueprints.periods import rules as periods

    with connected():
        contracts = list(Contract.select() if ref is None else Contract.select().where(Contract.ref == ref))
        if ref and not contracts:
            refuse(f"There is no contract {ref}.")
        consequences.settle()
        try:
            done = periods.finalise_all(contracts, until, COMMAND_LINE, weeks.today())
        except periods.Refused as refusal:
            refuse(str(refusal), "Nothing was finalised.")
        for one in done:
            click.echo(f"Finalised {one.contract.ref} from {one.period.start_date} to {one.period.end_date}.")
        click.echo(f"{len(done)} periods finalised.")


@click.command()
@click.argument("date", type=DATE, required=False)
@with_appcontext
def today(date):
    """Show or, on a demonstration only, set the date that the portal takes as today."""
    with connected():
        if date is not None:
            if not settings.read().is_demonstration:
                refuse("Only a demonstration's date can be set.")
            settings.put("today", date.isoformat())
            history.record(COMMAND_LINE, "Set today", ("setting", None), {}, {"today": date})
        click.echo(weeks.today().isoformat())


@click.command()
@with_appcontext
def work():
    """Run the worker of queued jobs in this process (PORTAL_WORKER=apart)."""
    import tasks

    consumer = tasks.huey.create_consumer(workers=1, worker_type="thread", initial_delay=0.1, max_delay=1.0)
    consumer.run()
