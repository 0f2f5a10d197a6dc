"""What is broken at every statement, and how a person or the worker tries again: a verb is one function, its second
try another. Add one to VERBS and every test here takes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from blueprints import consequences, history, weeks
from blueprints.actuals import entering
from blueprints.actuals import rules as actuals
from blueprints.imports import rules as imports
from blueprints.jobs import rules as jobs
from blueprints.periods import rules as periods
from blueprints.settings import rules as settings
from blueprints.visits import rules as visits
from models import Contract, Import, ImportState, Job, Package, Service, Visit, db
from tests.faults import world


class Verb(NamedTuple):
    """Something that is done, and the second try of it in a process that knows nothing of the first."""

    do: Callable[[], None]
    again: Callable[[], None]


def worker() -> None:
    """What the worker does when it starts or looks: find what died, run what waits."""
    for job_id in jobs.reap():
        jobs.run(job_id)
    consequences.resettle()
    jobs.run_waiting()


def press(batch: Import) -> None:
    """`Update System` at the page of an import."""
    imports.update(batch.id, world.actor(), world.finance(), True)


def apply() -> None:
    """`Update System`, and the worker's part of it."""
    batch = world.second_import()
    press(batch)
    jobs.run(Import.get_by_id(batch.id).job_id)


def send_second() -> Import:
    """Choose the second file at the page."""
    kind = imports.KINDS["visits"]
    return imports.begin(kind, world.oakfield(), world.finance(), "second.csv", world.as_csv(world.second_rows()))


def apply_again() -> None:
    """Do what the import's page says until it says that it is done."""
    batch = world.second_import()
    for _ in range(4):
        batch = Import.get_by_id(batch.id)
        if batch.state == ImportState.DONE:
            return
        try:
            if batch.state == ImportState.CHECKED:
                press(batch)
            else:
                batch = send_second()
        except imports.Refused as refusal:  # somebody is at it, says the page: the worker takes it up
            assert "Greta Finch is" in str(refusal), refusal
            worker()
        if (job := Import.get_by_id(batch.id).job_id) is not None:
            jobs.run(job)
    raise AssertionError(f"it is still {Import.get_by_id(batch.id).state}")


def check() -> None:
    """Choose a file, and the worker's check."""
    jobs.run(send_second().job_id)


def load() -> None:
    """The command `load visits`."""
    batch = imports.load(
        imports.KINDS["visits"], world.oakfield(), "again.csv", world.as_csv(world.second_rows()), without_rejected=True
    )
    assert batch.state == ImportState.DONE, (batch.state, batch.refusal)


def load_packages() -> None:
    """The command `load packages`."""
    batch = imports.load(imports.KINDS["packages"], None, "packages.csv", world.as_csv(world.package_rows()))
    assert batch.state == ImportState.DONE, (batch.state, [p.message for p in imports.problems(batch)])


def finalise() -> None:
    """The command `finalise`."""
    consequences.settle()
    periods.finalise_all(list(Contract.select()), world.UNTIL, history.COMMAND_LINE, weeks.today())


def settle() -> None:
    """The worker's settling."""
    job = Job.select().where(Job.kind == "settle").order_by(Job.id.desc()).get()
    jobs.run(job.id)


def generate() -> None:
    """The command `generate`."""
    for service in list(Service.select()):
        with db.atomic():
            touched = actuals.generate_until(service, world.OCTOBER, history.COMMAND_LINE)
            if touched:
                consequences.follow(consequences.Change(packages=touched))
    consequences.settle()


def enter_actual() -> None:
    """A provider enters an actual of a paid week, in the grid that it opened before."""
    package = Package.get(Package.cpli_id == 156040)
    figures = entering.Figures(200, missed=100, visits=2, comments="Ill on Thursday")
    terms = entering.Terms(settings.read(), weeks.today())
    entering.save(package.id, world.SEPTEMBER, figures, entering.Seen(0, 300), world.actor(), terms)


def load_actuals() -> None:
    """The command `load actuals`."""
    rows = [
        {"CPLIId": "156040", "WeekBeginning": world.day(world.SEPTEMBER, 7 * n).isoformat(), "Actual": "2.00", "Missed": "1.00", "Comments": "Ill"}
        for n in range(5)
    ]  # fmt: skip
    batch = imports.load(imports.KINDS["actuals"], world.oakfield(), "actuals.csv", world.as_csv(rows))
    assert batch.state == ImportState.DONE, (batch.state, [p.message for p in imports.problems(batch)])


def press_second() -> None:
    """`Update System` at the page, no more."""
    press(world.second_import())


def work_take() -> None:
    """A worker that is woken for the job of the second import."""
    jobs.run(world.second_import().job_id)


def take_anyway() -> None:
    """A worker that believes that the second import is its own to take."""
    imports.take(world.second_import(), world.actor())


def finalise_last() -> None:
    """Finalise the contract whose turn comes last."""
    consequences.settle()
    last = Contract.select().order_by(Contract.ref.desc()).get()
    periods.finalise_all([last], world.UNTIL, history.COMMAND_LINE, weeks.today())


def change_package() -> None:
    """An officer changes a package from its start, a job settles it."""
    with db.atomic():
        package = Package.get(Package.cpli_id == 156017)
        package.discount = 1000
        package.save()
        consequences.follow(consequences.Change(packages=[package.id]))


def delete_visit() -> None:
    """A provider deletes a visit of a paid week."""
    visits.delete_visit(Visit.get(Visit.ref == "V2"), world.actor(), "")


VERBS: dict[str, Verb] = {
    "apply": Verb(apply, apply_again),
    "check": Verb(check, apply_again),
    "load": Verb(load, load),
    "load-packages": Verb(load_packages, load_packages),
    "finalise": Verb(finalise, finalise),
    "settle": Verb(settle, worker),
    "generate": Verb(generate, generate),
    "delete-visit": Verb(delete_visit, delete_visit),
    "enter-actual": Verb(enter_actual, enter_actual),
    "load-actuals": Verb(load_actuals, load_actuals),
    # in races only
    "press": Verb(press_second, worker),
    "work-take": Verb(work_take, worker),
    "take-anyway": Verb(take_anyway, worker),
    "finalise-last": Verb(finalise_last, worker),
    "change-package": Verb(change_package, worker),
    "send-and-look": Verb(check, worker),
}
BROKEN = (
    "apply",
    "check",
    "load",
    "load-packages",
    "finalise",
    "settle",
    "generate",
    "delete-visit",
    "enter-actual",
    "load-actuals",
)  # at every statement
