"""What a process of these tests can be told to do, each on the database that it is given."""

from __future__ import annotations

import resource
import shutil
import signal
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from tests.faults import ledger, world
from tests.faults.counting import PLAN, watch


def loaded():
    """The application, on no database that exists."""
    from app import create_app
    from blueprints.imports import rules as imports

    for kind in ("visits", "packages"):  # loaded before the fork
        assert imports.KINDS[kind].importer
    nowhere = f"sqlite:///{tempfile.gettempdir()}/none.db"
    app = create_app(
        nowhere, TESTING=True, WTF_CSRF_ENABLED=False, SECRET_KEY="tests", WORKER="apart", KEEP_CONNECTION=True
    )
    for name in app.jinja_env.list_templates(filter_func=lambda name: name.split("/")[0] in ("imports", "components")):
        app.jinja_env.get_template(name)
    for name in ("base.html", "provider.html", "authority.html"):
        app.jinja_env.get_template(name)
    return app


@contextmanager
def opened(app, url: str):
    """The product on this database, as a process has it after its start."""
    import database
    import tasks
    from blueprints import weeks
    from models import db

    opened_db = database.open_database(url)
    watch(opened_db)
    db.initialize(opened_db)
    tasks.register(app)
    weeks.set_today(world.TODAY)
    db.connect()
    with app.app_context():
        yield
    db.close()
    db.obj.close_all()


def build(app, url: str) -> None:
    """Make the prepared database."""
    from commands import upgrade

    upgrade()
    world.build()


def do(app, url: str, verb: str, at: int = 0, kind: str = "", states: bool = False) -> dict:
    """A verb, broken at a statement or not; its statements, and with `states` what stood after each that stays."""
    from tests.faults.verbs import VERBS

    stood: list[tuple[int, dict]] = []

    def look(statement: str) -> None:
        if not statement.upper().startswith(("SELECT", "BEGIN", "PRAGMA")):
            now = ledger.digest(url)
            if not stood or stood[-1][1] != now:
                stood.append((len(PLAN.seen), now))

    PLAN.arm(at, kind, look if states else None)
    error = None
    try:
        VERBS[verb].do()
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    PLAN.armed = False
    return {"statements": PLAN.seen, "states": stood, "refused": error}


def again(app, url: str, verb: str, worker_first: bool) -> None:
    """The second try, by a person or the worker first; then whatever waits."""
    from tests.faults import verbs

    if worker_first:
        verbs.worker()
    verbs.VERBS[verb].again()
    verbs.worker()


def look(app, url: str, page: bool) -> dict:
    """What the database says, what is wrong with it, and with `page` what the last import's page says."""
    from models import Import, Visit

    batch = Import.select().order_by(Import.id.desc()).first()
    visits = batch.kind == "visits"
    return {
        "digest": ledger.digest(url),
        "faults": ledger.faults(url, settled=False),
        "state": batch.state,
        "taken": batch.taken_at is not None,
        "is_in": visits and Visit.select().where(Visit.ref == "O0").exists(),
        "page": page_of(app, batch) if page else "",
    }


def page_of(app, batch) -> str:
    """The page of an import as its provider's or the authority's person sees it, as one line of text."""
    import re

    from models import Person, SignIn, User
    from tests.cast import Cast

    email = "finance@oakfield.example" if batch.organisation_id else "officer@authority.example"
    client = app.test_client()
    Cast.sign_in(None, client, User.select().join(Person).where(Person.email == email).get())
    side = "provider" if batch.organisation_id else "authority"
    answer = client.get(f"/{side}/imports/{batch.id}")
    assert answer.status_code == 200, answer.status_code
    SignIn.delete().execute()
    body = answer.get_data(as_text=True).partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def full(app, url: str, verb: str, room: int, how: str) -> dict:
    """A verb on a `disk` of its own that has room for so many more bytes, or where `file`s may grow no further."""
    from tests.faults.verbs import VERBS

    path = Path(url.removeprefix("sqlite:///"))
    if how == "file":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        wal = Path(f"{path}-wal")
        size = wal.stat().st_size if wal.exists() else 0
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, resource.RLIM_INFINITY))
    else:
        free = shutil.disk_usage(path.parent).free
        (path.parent / "filler").write_bytes(bytes(max(0, free - room)))
    error = None
    try:
        VERBS[verb].do()
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    return {"refused": error}


def fast(app, url: str, verb: str, wait: float = 0) -> str:
    """A verb in a race; what refused it, or nothing."""
    from tests.faults.verbs import VERBS

    time.sleep(wait)
    try:
        VERBS[verb].do()
    except Exception as raised:
        return f"{type(raised).__name__}: {raised}"
    return ""


def work(app, url: str) -> None:
    """The worker looks."""
    from tests.faults import verbs

    verbs.worker()


def anew(app, url: str) -> list[str]:
    """What differs between the figures as they came to be, change by change, and the same worked out from nothing."""
    from models import db
    from tests.faults.anew import differences

    with db.atomic() as transaction:
        try:
            return differences()
        finally:
            transaction.rollback()


def init(app, url: str, wait: float = 0) -> str:
    """The command `init`; what it printed."""
    time.sleep(wait)
    result = app.test_cli_runner().invoke(args=["init"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


TASKS = {
    "build": build, "do": do, "again": again, "look": look, "full": full, "fast": fast, "work": work, "anew": anew,
    "init": init,
}  # fmt: skip
