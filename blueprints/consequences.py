"""What follows from a change: visits match again, actuals follow, dues are worked out anew. Alone in calling upward.

`follow` notes, inside the change's own transaction, what has become stale, and queues the work. `settle` does it, a
piece at a time, each in a transaction of its own; killed anywhere, what is left is still noted and a second try ends it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import database
from blueprints.actuals import rules as actuals
from blueprints.actuals.sums import ActualFigures
from blueprints.facts import Touched
from blueprints.jobs import rules as jobs
from blueprints.jobs.rules import NoProgress
from blueprints.matching import rules as matching
from blueprints.orders import rules as orders
from blueprints.packages import rules as packages
from blueprints.payments import rules as payments
from models import Contract, Due, Finalisation, Package, StaleGroup, StalePackage, VisitType, db

Group = matching.Group
MOST_PACKAGES = 250  # worked out in one transaction
MOST_WEEKS = 2000  # of packages whose actuals changed, worked out in the change's own transaction


Priced = tuple[packages.Line, ActualFigures]


class Change(NamedTuple):
    """What changed: packages (by row id); people as (organisation, client) whose visits match anew; groups of visits."""

    packages: Iterable[int] = ()
    people: Iterable[tuple[int, int]] = ()
    groups: Iterable[matching.Group | tuple] = ()
    moved: Iterable[int] = ()  # packages whose client, service, level or contract is another one now
    repriced: Iterable[int] = ()  # packages whose rates alone changed: their visits stay where they are
    weeks: Iterable[tuple[int, dt.date]] = ()  # packages and weeks of which only the actuals changed


def follow_touched(touched: Touched, now: bool = False) -> None:
    """`follow` for what the saving of a record says it touched."""
    follow(Change(touched.packages, touched.people, moved=touched.moved, repriced=touched.repriced), now)


def follow(change: Change, now: bool = False) -> None:
    """Note what a change makes stale; called once, inside the change's transaction.

    Changes, settling and finalising come one after the other, from here to the end of the transaction: else a piece
    that is being settled takes a note away that it has not heeded, or a finalisation keeps as paid what it did not pay.
    (A change that itself writes visits or actuals takes database.serialise(db, "settle") first.)

    With `now` what this change touches is settled in the same transaction (a single package edited on a screen), and
    no more than that: an import of thousands may be waiting beside it. Otherwise a job does it. Weeks of which only the
    actuals changed match nothing anew; up to MOST_WEEKS of them are worked out at once in any case.
    """
    database.serialise(db, "settle")
    groups = {matching.Group(*group) for group in change.groups}
    weeks = set(change.weeks)
    few = len(weeks) <= MOST_WEEKS
    if few:
        work_out_weeks(weeks)
    idents = sorted(set(change.packages))
    stale = sorted({*idents, *change.repriced, *(() if few else (package for package, _ in weeks))})
    people = set(change.people)
    if weeks and not (stale or people or groups):
        return
    if stale:
        database.bulk_upsert(StalePackage, ["package"], [(i,) for i in stale], key=["package"], update=[])
    if idents:
        people |= {
            (organisation, client)
            for organisation, client in Package.select(Package.organisation, Package.client)
            .where(Package.id.in_(idents))
            .distinct()
            .tuples()
        }
    actuals.move(change.moved)
    matching.stale_people(people)
    matching.stale_groups(groups)
    if now:
        settle_own(stale, people, groups)
    else:
        jobs.queue("settle", key="settle", afresh=True)


def follow_actuals(written: Mapping[tuple[int, dt.date], Priced]) -> None:
    """Work out what is due of packages' weeks whose actuals the caller wrote just now, from what was written.

    The caller holds the lock "settle" since before it read them, and the transaction.
    """
    figures = {key: figures for key, (_, figures) in written.items()}
    payments.work_out_weeks({line.id: line for line, _ in written.values()}, figures)


def work_out_weeks(weeks: Iterable[tuple[int, dt.date]]) -> None:
    """Work out the dues of packages in single weeks of which only the actuals changed; in the caller's transaction."""
    weeks = sorted(set(weeks))
    for start in range(0, len(weeks), MOST_PACKAGES):
        piece = weeks[start : start + MOST_PACKAGES]
        lines = packages.lines(Package.id.in_({package for package, _ in piece}))
        figures = actuals.figures_of(lines, {week for _, week in piece})
        payments.work_out_weeks(lines, {key: figures[key[0]].get(key[1]) for key in piece})


def packages_of(*, cycle=None, level=None, contract=None) -> list[int]:
    """The packages that a change of a cycle's periods, a level or a contract touches."""
    query = Package.select(Package.id)
    if cycle is not None:
        query = query.join(Contract).where(Contract.cycle == cycle)
    elif level is not None:
        query = query.where(Package.level == level)
    else:
        query = query.where(Package.contract == contract)
    return [ident for (ident,) in query.tuples()]


def visit_type_changed(kind: VisitType) -> None:
    """A visit type pays or charges otherwise: every group with such a visit is matched and fed anew (rule O-25)."""
    database.serialise(db, "settle")
    database.sql(
        db,
        "INSERT INTO stale_group (organisation_id, client_id, level_id, week) "
        "SELECT DISTINCT organisation_id, client_id, level_id, week FROM visit "
        "WHERE type_id = ? AND client_id IS NOT NULL AND is_deleted = ? AND status <> 'Missing Data' ON CONFLICT DO NOTHING",
        (kind.id, False),
    )
    jobs.queue("settle", key="settle", afresh=True)


@jobs.handles("settle")
def settle_job(job, progress) -> None:
    """Settle everything that is stale."""
    settle(progress=progress)


def finalised(done: Finalisation) -> None:
    """What follows from finalising a contract's period, inside its transaction: its orders' spend (rule 6.1).

    Its provider is told: the home page shows what has been finalised lately (`home.to_do.finalised`), so nothing is
    written here. Whoever sends mail queues it here, and a finalisation that is rolled back has told nobody.
    """
    orders.paid(done.contract, done.period)


def resettle() -> None:
    """Queue the settling of what is stale though no job is to settle it: one failed. The scheduler's, now and then."""
    if StaleGroup.select().exists() or StalePackage.select().exists():
        with db.atomic():
            jobs.queue("settle", key="settle")


def settle(organisation: int | None = None, progress=None) -> int:
    """Settle what is stale, for one organisation's visits or for all; returns how many pieces it took."""
    progress = progress or NoProgress()
    pieces = 0
    total = StaleGroup.select().count()
    done = 0
    while settled := settle_groups(organisation):
        pieces += 1
        done += settled
        progress.step(min(done, total), total, "matching")
    total, done = StalePackage.select().count(), 0
    while settled := settle_packages():
        pieces += 1
        done += settled
        progress.step(min(done, total), total, "working out payments")
    return pieces


def settle_own(idents: list[int], people: set[tuple[int, int]], groups: set[matching.Group]) -> None:
    """Settle these packages and groups, and what waits of these people, in the caller's transaction."""
    database.serialise(db, "settle")
    own = groups | matching.waiting(people)
    for organisation in sorted({group.organisation for group in own}):
        _settle([group for group in own if group.organisation == organisation])
    for start in range(0, len(idents), MOST_PACKAGES):
        _work_out(idents[start : start + MOST_PACKAGES])


def settle_groups(organisation: int | None = None) -> int:
    """Match one piece of what waits, feed its actuals, work out its dues; one transaction. Returns how many groups."""
    with db.atomic():
        database.serialise(db, "settle")
        groups = matching.next_groups(organisation)
        if groups:
            _settle(groups)
    return len(groups)


def _settle(groups: list[matching.Group]) -> None:
    """Match groups of one organisation, feed their actuals, work out their dues."""
    found = matching.match(groups)
    figures = actuals.feed(found.lines, found.fed)
    payments.work_out_weeks(found.lines, figures)
    matching.settled(groups)


def settle_packages() -> int:
    """Work out the dues of one piece of the packages that wait; one transaction. Returns how many packages."""
    with db.atomic():
        database.serialise(db, "settle")
        query = StalePackage.select(StalePackage.package).order_by(StalePackage.package).limit(MOST_PACKAGES)
        idents = [ident for (ident,) in query.tuples()]
        if not idents:
            return 0
        _work_out(idents)
    return len(idents)


def _work_out(idents: list[int]) -> None:
    """Work out the dues of these packages in every week, and their orders."""
    lines = packages.lines(Package.id.in_(idents))
    payments.work_out(lines)
    orders.refresh(lines)
    StalePackage.delete().where(StalePackage.package.in_(idents)).execute()


class Moved(NamedTuple):
    """A week of a package (by row id) whose due differs: pence before and after, contribution included."""

    package: int
    week: dt.date
    before: int
    after: int
    is_paid: bool


class Moves(NamedTuple):
    """What a change moves: weeks that have begun whose due differs, how many of them are paid, and the pence."""

    weeks: int
    paid_weeks: int
    amount: int
    rows: Sequence[Moved] = ()


def preview(change: Callable[[], object], idents: Iterable[int] | Callable[[], Iterable[int]], until) -> Moves:
    """What a change to packages would move in weeks up to a date, without making it (rule 3.9).

    The change is made, followed up, compared and rolled back. `idents` may be a function, asked before and after,
    where the change adds packages.
    """
    look = idents if callable(idents) else list(idents).copy

    def dues() -> dict:
        rows = Due.select(Due.package, Due.week, Due.cost, Due.contribution, Due.paid_cost, Due.paid_contribution)
        within = Due.package.in_(list(look())) & (Due.week <= until)
        return {(p, packages.day(w)): rest for p, w, *rest in rows.where(within).tuples()}

    with db.atomic() as transaction:
        follow(Change(packages=look()), now=True)  # what waited to be worked out is not of this change
        before = dues()
        change()
        follow(Change(packages=look()), now=True)
        after = dues()
        transaction.rollback()
    rows = []
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key, [0, 0, 0, 0]), after.get(key, [0, 0, 0, 0])
        if new[0] + new[1] != old[0] + old[1]:
            rows.append(Moved._make((*key, old[0] + old[1], new[0] + new[1], bool(old[2] or old[3]))))
    return Moves(len(rows), sum(r.is_paid for r in rows), sum(r.after - r.before for r in rows), rows)
