"""Jobs: queued in the transaction that wants them, run under a lease, found again when their process died."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import socket
from collections.abc import Callable

from models import Job, JobState, db, utc_now

log = logging.getLogger("portal")

LEASE_SECONDS = 90  # longer than the longest stretch of work between two steps
MOST_TRIES = 3


class Refused(ValueError):
    """Work that cannot be done; the message is for the person who asked for it, and is kept with the job."""


HANDLERS: dict[str, Callable[[Job, Progress], None]] = {}


def wake(job_id: int) -> None:
    """Tell the queue that a job waits; tasks.py puts the queue's own here."""


class Progress:
    """How far a job is; each step renews its lease."""

    def __init__(self, job: Job):
        self.job = job
        self._last = utc_now()

    def step(self, done: int, total: int, doing: str = "", at_once: bool = False) -> None:
        """Tell how far: rows done of all, and what is being done. Written at most once a second."""
        now = utc_now()
        if not at_once and (now - self._last).total_seconds() < 1 and done < total:
            return
        self._last = now
        Job.update(done=done, total=total, doing=doing, leased_until=now + dt.timedelta(seconds=LEASE_SECONDS)).where(
            Job.id == self.job.id
        ).execute()


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


def queue(
    kind: str,
    about: int | None = None,
    user=None,
    organisation=None,
    key: str | None = None,
    wanted: dict | None = None,
) -> Job:
    """Queue work inside the caller's transaction. With a key, work already queued or running under it is returned.

    `wanted` is kept as JSON: what was asked for beside the id.
    """
    if key:
        found = Job.get_or_none(Job.unique_key == key)
        if found:
            return found
    job = Job.create(
        kind=kind, about=about, user=user, organisation=organisation, unique_key=key, wanted=json.dumps(wanted or {})
    )
    wake(job.id)
    return job


def claim(job_id: int) -> Job | None:
    """Take the lease of a job that is queued, or whose lease ran out; None where somebody else has it or it is over."""
    now = utc_now()
    owner = f"{socket.gethostname()}:{os.getpid()}:{job_id}"
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
    except Refused as refusal:
        over(job, JobState.FAILED, str(refusal))
        return
    except Exception as error:
        log.error(
            "job %s %s failed: %s",
            job.id,
            job.kind,
            type(error).__name__,
            exc_info=os.environ.get("PORTAL_DEBUG") == "1",
        )
        over(job, JobState.FAILED, f"{type(error).__name__}")
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


def release(job: Job) -> None:
    """Let a dead job be begun again at once."""
    with db.atomic():
        Job.update(state=JobState.QUEUED, leased_until=None).where(
            (Job.id == job.id) & (Job.owner == job.owner) & (Job.state == JobState.RUNNING)
        ).execute()


def over(job: Job, state: JobState, error: str = "") -> None:
    """Note how a job ended."""
    with db.atomic():
        Job.update(state=state, error=error, ended_at=utc_now(), unique_key=None, leased_until=None).where(
            Job.id == job.id
        ).execute()


def reap() -> list[int]:
    """Queue again what died under its lease or was never begun; give up after MOST_TRIES. Returns the ids to wake."""
    now = utc_now()
    again = []
    with db.atomic():
        dead = (Job.state == JobState.RUNNING) & (Job.leased_until < now)
        for job in Job.select().where(dead):
            if job.tries >= MOST_TRIES:
                over(job, JobState.FAILED, "the process died")
            else:
                Job.update(state=JobState.QUEUED, leased_until=None).where(Job.id == job.id).execute()
                again.append(job.id)
        forgotten = (Job.state == JobState.QUEUED) & (Job.queued_at < now - dt.timedelta(seconds=30))
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
