"""Generate Actuals for services and weeks, at once or as a job (rule 4.4, M-10)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence

from blueprints import consequences, history
from blueprints.actuals import rules
from blueprints.jobs import rules as jobs
from models import Job, Service, db

PIECE = 4  # weeks of a service in one transaction of a job
TOGETHER = 10  # services whose week is generated in one transaction


def generate(services: Iterable[int], weeks: Sequence[dt.date], by: history.Actor) -> set[tuple[int, dt.date]]:
    """Rows as planned where there are none, and what follows, in one transaction; returns the packages and weeks."""
    wanted = list(Service.select().where(Service.id.in_(list(services))).order_by(Service.id))
    with db.atomic():
        made = rules.generate_for(wanted, weeks, by)
        if made:
            consequences.follow_actuals(made)
    return set(made)


@jobs.handles("generate")
def generate_job(job: Job, progress) -> None:
    """A week, or all weeks up to it that are not done, of the services that were asked for; safe to begin again."""
    wanted = json.loads(job.wanted)
    by = history.Actor(job.user_id, job.user.name if job.user_id else "portal")
    until = dt.date.fromisoformat(wanted["week"])
    services = wanted["services"]
    size = 1 if wanted["all"] else TOGETHER
    for number in range(0, len(services), size):
        progress.step(number, len(services), "generating actuals", at_once=True)
        piece = services[number : number + size]
        weeks = rules.weeks_until(piece[0], until) if wanted["all"] else [until]
        for start in range(0, len(weeks), PIECE):
            generate(piece, weeks[start : start + PIECE], by)
    progress.step(len(services), len(services), "generating actuals", at_once=True)
