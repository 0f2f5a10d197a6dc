"""What is broken at every statement, and how a person or the worker tries again: a verb is one function, its second
try another. Add one to VERBS and every test here takes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple

import database
from blueprints import consequences, history, weeks
from blueprints.actuals import entering
from blueprints.actuals import rules as actuals
from blueprints.claims import rules as claims
from blueprints.disputes import rules as disputes
from blueprints.disputes import subjects
from blueprints.exports import charges
from blueprints.exports import rules as exports
from blueprints.holds import rules as holds
from blueprints.imports import rules as imports
from blueprints.jobs import rules as jobs
from blueprints.orders import issuing, listing
from blueprints.periods import finalising, rhythm
from blueprints.periods import rules as periods
from blueprints.requests import kinds
from blueprints.requests import rules as requests
from blueprints.settings import rules as settings
from blueprints.visits import rules as visits
from models import (
    Contract,
    Dispute,
    Hold,
    Import,
    ImportState,
    ItemState,
    Job,
    Package,
    PaymentCycle,
    PaymentPeriod,
    Service,
    Visit,
    db,
)
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


def finalise_job() -> None:
    """Finalise chosen contracts as a job, as the page does."""
    period = PaymentPeriod.select().where(PaymentPeriod.end_date == world.UNTIL).get()
    chosen = [c.id for c in Contract.select().order_by(Contract.ref)][:2]
    consequences.settle()
    ahead = finalising.ahead(period, chosen)
    jobs.run(finalising.queue(period, chosen, ahead.sums.lines, ahead.sums.total, world.officer()).id)


def finalise_job_again() -> None:
    """The worker finds the job, or the officer presses again."""
    worker()
    finalise_job()


def hold() -> None:
    """An officer suspends all of a client."""
    ann = Package.get(Package.cpli_id == 156017).client_id
    world.hold(Contract.get(Contract.ref == "C1"), holds.Wanted(client=ann), ItemState.SUSPENDED, world.by_officer())


def hold_everything() -> None:
    """An officer cancels all of a contract, what is held already too."""
    everything = holds.Wanted(everything=True)
    world.hold(Contract.get(Contract.ref == "C1"), everything, ItemState.CANCELLED, world.by_officer())


def release() -> None:
    """An officer releases all that is held and not settled."""
    rows = Hold.select().where(Hold.released_at.is_null() & (Hold.state != ItemState.CANCELLED))
    holds.release({row.id: row.version for row in rows}, "Seen", world.by_officer())


def release_again() -> None:
    """The officer looks, and presses where something is left."""
    if Hold.select().where(Hold.released_at.is_null() & (Hold.state != ItemState.CANCELLED)).exists():
        release()


def adjust() -> None:
    """An officer sends the form of a manual adjustment, the same each time."""
    world.adjust(Contract.get(Contract.ref == "C1"), 990, "sent", world.by_officer())


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


def issue_orders() -> None:
    """An officer issues all orders, and the worker's part of it."""
    job, _ = issuing.queue(listing.Wanted(None), "", history.COMMAND_LINE)
    jobs.run(job.id)


def export_payments() -> None:
    """An officer makes the files of what is finalised, and the worker's part of it."""
    for waiting in exports.waiting():
        jobs.run(exports.queue(waiting, history.COMMAND_LINE).id)


def export_charges() -> None:
    """An officer makes the file of what clients are to be charged, and the worker's part of it."""
    job, _ = charges.queue(world.OCTOBER - dt.timedelta(world.OCTOBER.weekday()), history.COMMAND_LINE)
    jobs.run(job.id)


def extend_cycle() -> None:
    """An officer extends a cycle by one press."""
    with db.atomic():
        database.serialise(db, "cycle")
        row = PaymentCycle.select().order_by(PaymentCycle.id).get()
        stored = list(
            PaymentPeriod.select().where(PaymentPeriod.cycle == row).order_by(PaymentPeriod.start_date).dicts()
        )
        new = rhythm.following(stored, world.UNTIL + dt.timedelta(120))
        touched = periods.save_period_set(row, [*stored, *new], history.COMMAND_LINE)
        consequences.follow_touched(touched)


def then_worker(verb: Callable[[], None]) -> Callable[[], None]:
    """The worker, and the person who presses again."""

    def again() -> None:
        worker()
        verb()
        worker()

    return again


def decide_claim(accept: bool, version: int | None = None) -> None:
    """An officer decides the claim that waits, as it was shown."""
    claim = world.the_claim()
    decided = {item.id: claims.Decided(True, item.quantity, item.unit_cost, "") for item in claim.items}
    officer = world.officer()
    claims.decide(claim, accept, decided, "as shown", version, history.Actor(officer.id, officer.name))


def accept_claim() -> None:
    """An officer accepts the claim."""
    decide_claim(True)


def accept_again() -> None:
    """The officer presses again, and is told where it was done."""
    try:
        accept_claim()
    except claims.Overtaken as told:
        assert "accepted this claim" in str(told), told


def reject_claim() -> None:
    """Another officer rejects the claim."""
    decide_claim(False)


def take_claim_back() -> None:
    """The provider takes the claim back."""
    claims.take_back(world.the_claim(), None, world.actor())


def send_request() -> None:
    """A provider asks for another telephone number; pressed again it is the same request."""
    organisation = world.oakfield()
    requests.send(
        kinds.every()["organisation"], organisation, {"telephone": "01632 960 999"}, world.actor(), organisation.id
    )


def accept_request() -> None:
    """An officer accepts the new colleague."""
    requests.accept(world.the_request().id, world.by_officer())


def accept_request_again() -> None:
    """The officer presses again, and is told where it was done."""
    try:
        accept_request()
    except requests.Decided as told:
        assert "has accepted this request already" in str(told), told


def reject_request() -> None:
    """Another officer rejects it."""
    requests.reject(world.the_request().id, history.Actor(None, "Rita Reed"), "Already done")


def withdraw_request() -> None:
    """The person who asked takes it back."""
    requests.withdraw(world.the_request().id, world.actor())


def raise_dispute() -> None:
    """An officer disputes a visit of September that is due to be paid, and holds its payment."""
    officer = world.officer()
    found = subjects.find([f"v{Visit.get(Visit.ref == 'V14').id}"])
    disputes.raise_disputes(found, "Other", "why", world.OCTOBER, history.Actor(officer.id, officer.name), True)


def raise_again() -> None:
    """The officer presses again, and is told where it was done."""
    try:
        raise_dispute()
    except disputes.Refused as told:
        assert "in a dispute already" in str(told), told


def resolve_dispute() -> None:
    """Another officer resolves it."""
    disputes.resolve(Dispute.get(), "", None, history.COMMAND_LINE)


VERBS: dict[str, Verb] = {
    "apply": Verb(apply, apply_again),
    "check": Verb(check, apply_again),
    "load": Verb(load, load),
    "load-packages": Verb(load_packages, load_packages),
    "finalise": Verb(finalise, finalise),
    "settle": Verb(settle, worker),
    "generate": Verb(generate, generate),
    "delete-visit": Verb(delete_visit, delete_visit),
    "issue-orders": Verb(issue_orders, then_worker(issue_orders)),
    "export-payments": Verb(export_payments, then_worker(export_payments)),
    "export-charges": Verb(export_charges, then_worker(export_charges)),
    "extend-cycle": Verb(extend_cycle, then_worker(extend_cycle)),
    "finalise-job": Verb(finalise_job, finalise_job_again),
    "hold": Verb(hold, hold),
    "release": Verb(release, release_again),
    "adjust": Verb(adjust, adjust),
    "accept-claim": Verb(accept_claim, accept_again),
    "raise-dispute": Verb(raise_dispute, raise_again),
    "send-request": Verb(send_request, send_request),
    "accept-request": Verb(accept_request, accept_request_again),
    "enter-actual": Verb(enter_actual, enter_actual),
    "load-actuals": Verb(load_actuals, load_actuals),
    # in races only
    "reject-request": Verb(reject_request, worker),
    "withdraw-request": Verb(withdraw_request, worker),
    "press": Verb(press_second, worker),
    "work-take": Verb(work_take, worker),
    "take-anyway": Verb(take_anyway, worker),
    "finalise-last": Verb(finalise_last, worker),
    "change-package": Verb(change_package, worker),
    "hold-everything": Verb(hold_everything, worker),
    "send-and-look": Verb(check, worker),
    "reject-claim": Verb(reject_claim, worker),
    "resolve-dispute": Verb(resolve_dispute, worker),
    "take-claim-back": Verb(take_claim_back, worker),
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
    "issue-orders",
    "export-payments",
    "export-charges",
    "extend-cycle",
    "finalise-job",
    "hold",
    "release",
    "adjust",
    "accept-claim",
    "raise-dispute",
    "send-request",
    "accept-request",
    "enter-actual",
    "load-actuals",
)  # at every statement
