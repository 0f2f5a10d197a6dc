"""Queued and scheduled work: a few lines each, calling rules."""

from __future__ import annotations

import threading
from pathlib import Path

from flask import Flask
from huey import crontab
from huey.contrib.sql_huey import SqlHuey, SqlStorage
from huey.serializer import Serializer

import database
from blueprints.jobs import rules as jobs
from models import db

try:
    import fcntl
except ImportError:  # Windows, where waitress serves from one process
    fcntl = None  # type: ignore[assignment]

huey: SqlHuey | None = None
QUEUE_TABLES = {"Task": "huey_task", "Schedule": "huey_schedule", "KV": "huey_kv", "Counter": "huey_counter"}


class JsonSerializer(Serializer):
    """Messages as JSON with ids only: with pickle, who can write the table could run code."""

    def _serialize(self, data):
        import json

        return json.dumps(list(data)).encode()

    def _deserialize(self, data):
        import json

        from huey.registry import Message

        return Message(*json.loads(data))


class Storage(SqlStorage):
    """The queue in the application's own database, under names of its own."""

    def create_models(self):
        """The four tables, renamed; the index of tasks is built again with the new name."""
        made = super().create_models()
        for model in made:
            model._meta.set_table_name(QUEUE_TABLES[model.__name__])
            model._meta.indexes = [i for i in model._meta.indexes if not hasattr(i, "_expressions")]
        kv, schedule, task, counter = made
        task.add_index(task.index(task.priority.desc(), task.id, name="huey_task_priority_id"))
        return kv, schedule, task, counter


def queue_models(target=None) -> list:
    """The queue's tables, for migrations and tests."""
    storage = Storage(database=target or database.real(db), create_tables=False)
    return [storage.KV, storage.Schedule, storage.Task, storage.Counter]


def register(app: Flask) -> None:
    """Make the queue on the application's database."""
    global huey
    huey = SqlHuey(
        "portal",
        storage_class=Storage,
        database=database.real(db),
        create_tables=False,
        results=False,
        serializer=JsonSerializer(),
        utc=True,
    )

    @huey.task(name="run")
    def run(job_id: int) -> None:
        with app.app_context():
            jobs.run(job_id)

    @huey.periodic_task(crontab(minute="*"), name="reap")
    def reap() -> None:
        from blueprints import consequences, mail

        with app.app_context():
            for job_id in jobs.reap():
                run(job_id)
            consequences.resettle()
            mail.wake_due()

    @huey.periodic_task(crontab(minute="*/10"), name="tidy")
    def tidy() -> None:
        from blueprints import mail
        from blueprints.accounts import asking, sessions
        from blueprints.imports import rules as imports
        from blueprints.reports import rules as reports

        with app.app_context():
            imports.lapse()
            mail.tidy()
            sessions.tidy()
            asking.tidy()
            reports.tidy()

    @huey.periodic_task(crontab(minute="30", hour="2"), name="issue_orders")
    def issue_orders() -> None:
        from blueprints.orders import issuing

        with app.app_context():
            issuing.by_itself()

    jobs.wake = lambda job_id: run(job_id)
    app.extensions["huey"] = huey


def start_inside(app: Flask) -> bool:
    """Run the worker inside this process, if it is to be and no other process does; a file lock chooses the one."""
    if app.config["WORKER"] != "inside":
        return False
    lock = worker_lock().open("w")
    if fcntl is None:
        _start(app, lock)
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        threading.Thread(target=_wait_for, args=(app, lock), daemon=True, name="worker-waits").start()
        return False
    _start(app, lock)
    return True


def worker_lock() -> Path:
    """The file whose lock chooses the process: beside an SQLite database, else in instance/."""
    found = database.real(db)
    if database.is_sqlite(found):
        return Path(f"{found.database}.worker")
    return database.ROOT / "instance" / f"{found.database}.worker"


def _wait_for(app: Flask, lock) -> None:
    """Take over when the process that runs the worker ends."""
    fcntl.flock(lock, fcntl.LOCK_EX)
    _start(app, lock)


def _start(app: Flask, lock) -> None:
    with app.app_context():
        for job_id in jobs.reap():
            jobs.wake(job_id)
        if not db.is_closed():
            db.close()
    consumer = huey.create_consumer(
        workers=1, worker_type="thread", initial_delay=0.1, backoff=1.3, max_delay=1.0, check_worker_health=True
    )
    consumer._set_signal_handlers = lambda: None  # signals belong to the web server
    consumer.start()
    app.extensions["worker_lock"] = lock  # held as long as the process lives
