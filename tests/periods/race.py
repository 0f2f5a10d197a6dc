"""A process of its own that finalises a period, for tests of races and of processes that die.

python -m tests.periods.race URL make                 an empty database with two contracts to finalise
python -m tests.periods.race URL finalise NAME GATE   waits until the file GATE is there, then finalises as NAME
python -m tests.periods.race URL job N                runs the queued job and is killed (SIGKILL) at its N-th write
python -m tests.periods.race URL again                finds dead jobs and runs them
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import signal
import sys
import time
from pathlib import Path

WRITES = re.compile(r"\s*(insert|update|delete|commit)\b", re.IGNORECASE)
TODAY = dt.date(2026, 10, 14)


def main(url: str, verb: str, *rest: str) -> None:
    """Do one verb on the database of the URL, and print what came of it as JSON."""
    from app import create_app
    from blueprints import weeks
    from models import db

    app = create_app(url, TESTING=True, WORKER="apart", SECRET_KEY="tests")
    weeks.set_today(TODAY)
    db.connect()
    with app.app_context():
        print(json.dumps(VERBS[verb](*rest)))


def make():
    """Cat's placement and Ann's visits, and a job queued to finalise the first period for both contracts."""
    from blueprints import consequences
    from blueprints.periods import finalising
    from commands import upgrade
    from models import db
    from tests.cast import Cast
    from tests.test_engine import send

    upgrade()
    with db.atomic():
        cast = Cast()
        for n in range(5):
            send(cast, f"V{n}", dt.date(2026, 9, 8) + dt.timedelta(n))
        consequences.follow(consequences.Change(packages=[cast.placed.id]), now=True)
    ahead = finalising.ahead(cast.periods[0])
    finalising.queue(cast.periods[0], (), ahead.sums.lines, ahead.sums.total, cast.officer)
    return {"lines": ahead.sums.lines, "total": ahead.sums.total}


def finalise(name: str, gate: str):
    """Finalise the first period for one contract, at the same moment as another process."""
    from blueprints.history import Actor
    from blueprints.periods import rules
    from models import Contract, PaymentPeriod

    contract = Contract.get(Contract.ref == "C1")
    period = PaymentPeriod.select().order_by(PaymentPeriod.start_date).first()
    while not Path(gate).exists():
        time.sleep(0.002)
    try:
        rules.finalise(contract, period, Actor(None, name), TODAY)
    except rules.Refused as refusal:
        return {"refused": str(refusal)}
    return {"done": name}


def job(number: str):
    """Run the queued job; die at its N-th write. 0 never dies."""
    import database
    from blueprints.jobs import rules as jobs
    from models import Job, db

    real, left = database.real(db), [int(number)]

    def count() -> None:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    original, many = real.execute_sql, database.execute_many

    def execute_sql(sql, *args, **kwargs):
        if WRITES.match(sql):
            count()
        return original(sql, *args, **kwargs)

    def execute_many(*args, **kwargs):
        count()
        return many(*args, **kwargs)

    real.execute_sql, database.execute_many = execute_sql, execute_many
    jobs.run(Job.get(Job.kind == "finalise").id)
    return {"writes": int(number) - left[0], **state()}


def again():
    """What the next process does: find the job whose lease ran out, and do it."""
    from blueprints.jobs import rules as jobs
    from models import Job, utc_now

    found = state()
    Job.update(leased_until=utc_now() - dt.timedelta(seconds=1)).where(Job.state == "In progress").execute()
    jobs.reap()
    jobs.run_waiting()
    return {"found": found, "after": state()}


def state():
    """What is finalised, paid and noted."""
    from peewee import fn

    from models import Change, Due, Finalisation, Job, PaymentItem

    return {
        "finalised": Finalisation.select().count(),
        "items": PaymentItem.select().count(),
        "total": PaymentItem.select(fn.COALESCE(fn.SUM(PaymentItem.amount + PaymentItem.vat), 0)).scalar(),
        "paid": Due.select(fn.COALESCE(fn.SUM(Due.paid_cost), 0)).scalar(),
        "changes": Change.select().where(Change.what == "Finalised a period").count(),
        "job": Job.get(Job.kind == "finalise").state,
    }


VERBS = {"make": make, "finalise": finalise, "job": job, "again": again}

if __name__ == "__main__":
    main(*sys.argv[1:])
