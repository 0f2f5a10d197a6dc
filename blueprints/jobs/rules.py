"""Jobs: queued in the transaction that wants them, run under a lease, found again when their process died."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import secrets
import socket
from collections.abc import Callable

from peewee import IntegrityError, fn

import database
from models import Job, JobState, db, utc_now

log = logging.getLogger("portal")

LEASE_SECONDS = 90  # longer than the longest stretch of work between two steps
MOST_TRIES = 3


class Refused(ValueError):
    """Work that cannot be done; the message is for the person who asked for it, and is kept with the job."""


class Lost(Exception):
    """The lease ran out and another process has the job, or it was given up: whoever still works on it stops."""


HANDLERS: dict[str, Callable[[Job, Progress], None]] = {}
FAILURES: dict[str, Callable[[Job], None]] = {}


def wake(job_id: int) -> None:
    """Tell the queue that a job waits; tasks.py puts the queue's own here."""


class Progress:
    """How far a job is; each step renews its lease."""

    def __init__(self, job: Job):
        self.job = job
        self._last = utc_now()

    def step(self, done: int, total: int, doing: str = "", at_once: bool = False) -> None:
        """Tell how far: rows done of all, and what is being done. Written at most once a second. Raises Lost."""
        now = utc_now()
        if not at_once and (now - self._last).total_seconds() < 1 and done < total:
            return
        self._last = now
        mine = (Job.id == self.job.id) & (Job.owner == self.job.owner) & (Job.state == JobState.RUNNING)
        until = now + dt.timedelta(seconds=LEASE_SECONDS)
        if not Job.update(done=done, total=total, doing=doing, leased_until=until).where(mine).execute():
            raise Lost


class NoProgress:
    """For work that nobody watches."""

    def step(self, done: int, total: int, doing: str = "", at_once: bool = False) -> None:
        """Nothing."""


def handles(kind: str):
    """Declare the function that does a kind of job."""

    def declare(function):
        HANDLERS[kind] = function
        return function

    return declare


def on_failure(kind: str):
    """Declare the function that leaves things in order when a job of a kind has failed; in the same transaction."""

    def declare(function):
        FAILURES[kind] = function
        return function

    return declare


def queue(
    kind: str,
    about: int | None = None,
    user=None,
    organisation=None,
    key: str | None = None,
    wanted: dict | None = None,
    afresh: bool = False,
) -> Job:
    """Queue work inside the caller's transaction. With a key, work already queued or running under it is returned.

    `wanted` is kept as JSON: what was asked for beside the id. With `afresh`, work that is running is followed by
    another: it may have looked already at what has changed since.
    """
    facts = {
        "kind": kind, "about": about, "user": user, "organisation": organisation, "wanted": json.dumps(wanted or {}),
    }  # fmt: skip
    with db.atomic():
        job, is_new = _under_key(key, facts, afresh) if key else (Job.create(**facts), True)
        if is_new:
            wake(job.id)
    return job


def _under_key(key: str, facts: dict, afresh: bool) -> tuple[Job, bool]:
    """The one job of a key, and whether it was made. What is found is held until the transaction ends, so that it is
    not begun before what it is to see has been committed."""
    while True:
        query = Job.select().where(Job.unique_key == key)
        found = (query if database.is_sqlite(db) else query.for_update()).first()
        if found and (found.state == JobState.QUEUED or not afresh):
            return found, False
        if found:
            Job.update(unique_key=None).where(Job.id == found.id).execute()
        try:
            with db.atomic():
                return Job.create(unique_key=key, **facts), True
        except IntegrityError:  # somebody else has queued it at this moment
            continue


def claim(job_id: int) -> Job | None:
    """Take the lease of a job that is queued, or whose lease ran out; None where somebody else has it or it is over."""
    now = utc_now()
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(8)}"  # another one each time
    with db.atomic():
        free = (Job.state == JobState.QUEUED) | ((Job.state == JobState.RUNNING) & (Job.leased_until < now))
        taken = (
            Job.update(
                state=JobState.RUNNING,
                owner=owner,
                started_at=now,
                leased_until=now + dt.timedelta(seconds=LEASE_SECONDS),
                tries=Job.tries + 1,
            )
            .where((Job.id == job_id) & free)
            .execute()
        )
    return Job.get_by_id(job_id) if taken else None


def run(job_id: int) -> None:
    """Do a job, once, whatever happens: a handler is keyed by what it is about and safe to begin again."""
    job = claim(job_id)
    if job is None:
        return
    try:
        HANDLERS[job.kind](job, Progress(job))
    except Lost:
        log.error("job %s %s was taken over by another process", job.id, job.kind)
        return
    except Refused as refusal:
        fail(job, str(refusal))
        return
    except Exception as error:
        log.error(
            "job %s %s failed: %s",
            job.id,
            job.kind,
            type(error).__name__,
            exc_info=os.environ.get("PORTAL_DEBUG") == "1",
        )
        fail(job, f"{type(error).__name__}")
        if os.environ.get("PYTEST_CURRENT_TEST"):
            raise
        return
    over(job, JobState.DONE)


def is_dead(job: Job) -> bool:
    """Its lease ran out, or its process is no more on this machine."""
    if job.state != JobState.RUNNING:
        return False
    if job.leased_until and job.leased_until < utc_now():
        return True
    host, pid, _ = job.owner.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def release(job: Job) -> bool:
    """Let a dead job be begun again at once; False where another process has done so already."""
    with db.atomic():
        changed = Job.update(state=JobState.QUEUED, leased_until=None).where(_as_seen(job)).execute()
    return bool(changed)


def over(job: Job, state: JobState, error: str = "") -> bool:
    """Note how a job ended; False where it is no longer as this process knows it, and then nothing is noted."""
    with db.atomic():
        changed = (
            Job.update(state=state, error=error, ended_at=utc_now(), unique_key=None, leased_until=None)
            .where(_as_seen(job))
            .execute()
        )
    return bool(changed)


def _as_seen(job: Job):
    """The job in the same hands and state as when it was read: nobody has begun or ended it since."""
    return (Job.id == job.id) & (Job.owner == job.owner) & (Job.state == job.state)


def fail(job: Job, error: str) -> bool:
    """Note that a job has failed, and leave in order what it was about; all in one transaction."""
    with db.atomic():
        failed = over(job, JobState.FAILED, error)
        if failed and job.kind in FAILURES:
            FAILURES[job.kind](job)
    return failed


def reap() -> list[int]:
    """Queue again what died or was never begun; give up after MOST_TRIES. Returns the ids to wake."""
    again = []
    for job in list(Job.select().where(Job.state == JobState.RUNNING)):
        if not is_dead(job):
            continue
        if job.tries >= MOST_TRIES:
            fail(job, "the process died")
        elif release(job):
            again.append(job.id)
    before = utc_now() - dt.timedelta(seconds=30)
    forgotten = (Job.state == JobState.QUEUED) & (Job.queued_at < before)
    again += [job.id for job in Job.select(Job.id).where(forgotten) if job.id not in again]
    return again


def run_waiting() -> int:
    """Run everything that is queued, in order, in this process; commands and tests need no worker. Returns how many."""
    ran = 0
    while True:
        job = Job.select(Job.id).where(Job.state == JobState.QUEUED).order_by(Job.id).first()
        if job is None:
            return ran
        run(job.id)
        ran += 1


def failed() -> list[Job]:
    """Jobs that failed and whose work has not been done since, newest first; work is its kind and what it is about."""
    found: dict[tuple, Job] = {}
    done: dict[tuple, int] = {}
    rows = Job.select(Job.kind, Job.about, fn.MAX(Job.id)).where(Job.state == JobState.DONE)
    for kind, about, last in rows.group_by(Job.kind, Job.about).tuples():
        done[kind, about] = last
    for job in Job.select().where(Job.state == JobState.FAILED).order_by(Job.id.desc()).limit(500):
        work = (job.kind, job.about)
        if done.get(work, 0) < job.id:
            found.setdefault(work, job)
    return list(found.values())
