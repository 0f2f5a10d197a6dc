"""Generate Actuals for services and weeks, at once or as a job (rule 4.4, M-10)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence

from blueprints import consequences, history
from blueprints.actuals import rules
from blueprints.jobs import rules as jobs
from models import Job, Package, Service, db

PIECE = 4  # weeks of a service in one transaction of a job


def generate(services: Iterable[int], weeks: Sequence[dt.date], by: history.Actor) -> set[tuple[int, dt.date]]:
    """Rows as planned where there are none, a service at a time, and what follows; returns the packages and weeks."""
    made: set[tuple[int, dt.date]] = set()
    for service in list(Service.select().where(Service.id.in_(list(services))).order_by(Service.id)):
        with db.atomic():
            found = rules.generate_for(Package.service == service, weeks, by, service)
            if found:
                consequences.follow(consequences.Change(priced=found), now=True)
        made |= found.keys()
    return made


@jobs.handles("generate")
def generate_job(job: Job, progress) -> None:
    """A week, or all weeks up to it that are not done, of the services that were asked for; safe to begin again."""
    wanted = json.loads(job.wanted)
    by = history.Actor(job.user_id, job.user.name if job.user_id else "portal")
    until = dt.date.fromisoformat(wanted["week"])
    services = wanted["services"]
    for number, ident in enumerate(services):
        progress.step(number, len(services), "generating actuals", at_once=True)
        weeks = rules.weeks_until(ident, until) if wanted["all"] else [until]
        for start in range(0, len(weeks), PIECE):
            generate([ident], weeks[start : start + PIECE], by)
    progress.step(len(services), len(services), "generating actuals", at_once=True)
