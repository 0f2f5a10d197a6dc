"""The visits page of 100 rows at county size, against the same HTML from hand-written SQL and string formatting.

    python -m bench.pages [--database sqlite] [--repeats 5] [--quick]

Portal and floor run under the same server (gunicorn as gunicorn.conf.py has it, loopback only), read the same session,
person, settings, groups and rows, and take turns; wrk asks both. Exits 1 over a limit.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench import county

LEAST = 0.40  # of the floor's requests a second
MOST_QUERIES = 8
MOST_SLOWER = 1.2  # a million visits against ten thousand
SECONDS = 4
KEY = "bench" * 10
ROOT = Path(__file__).resolve().parent.parent


# in a process of its own, on one database ---------------------------------------------------------------------------------


def prepare(url: str, folder: str) -> dict:
    """Sign somebody in, ask for the page once, count its queries, and take the page to pieces for the floor."""
    import datetime as dt

    import database
    from app import create_app
    from blueprints.accounts import rules as accounts
    from blueprints.weeks import monday, today
    from models import Organisation, SignIn, User, db

    app = create_app(url, SECRET_KEY=KEY, WORKER="apart")
    week = monday(today()) - dt.timedelta(7)
    with db.connection_context():
        organisation = Organisation.get(Organisation.ref == "OAK")
        user = User.get((User.organisation == organisation) & (User.email == "finance@oakfield.example"))
        SignIn.delete().where(SignIn.user == user).execute()
        SignIn.create(digest=accounts.digest_of("bench"), user=user)
    client = app.test_client()
    with client.session_transaction() as session:
        session["token"] = "bench"
    cookie = client.get_cookie("portal").value
    path = f"/provider/visits?week={week}"
    client.get(path)
    real, queries = database.real(db), []
    run = real.execute_sql

    def counted(statement, *rest, **options):
        queries.append(statement)
        return run(statement, *rest, **options)

    real.execute_sql = counted
    html = client.get(path).text
    real.execute_sql = run
    queries = [q for q in queries if q.lstrip().upper().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE"))]
    pieces = {"cookie": cookie, "organisation": organisation.id, "week": week.isoformat(), **taken_apart(html)}
    (Path(folder) / "floor.json").write_text(json.dumps(pieces))
    return {"path": path, "cookie": cookie, "queries": len(queries), "rows": len(pieces["rows"]), "bytes": len(html)}


def taken_apart(html: str) -> dict:
    """The page before its rows of visits (clients' headings among them) and after, and which visits it shows."""
    row = r"<tr\b[^>]*>(?:(?!</?tr\b).)*?/provider/visits/(\d+)(?:(?!</?tr\b).)*?</tr>"
    rows = list(re.finditer(row, html, re.DOTALL))
    if not rows:
        raise RuntimeError("the page has no rows of visits")
    begins = html.rindex('<tr class="client">', 0, rows[0].start())
    return {"head": html[:begins], "tail": html[rows[-1].end() :], "rows": [int(found[1]) for found in rows]}


# measuring ---------------------------------------------------------------------------------------------------------------


@contextmanager
def served(application: str, url: str, folder: str):
    """The application under gunicorn on a free port of this machine; yields the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ, "PORTAL_DATABASE_URL": url, "PORTAL_SECRET_KEY": KEY, "PORTAL_WORKER": "apart", "PORT": str(port),
        "BENCH_FOLDER": folder, "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "--access-logfile", "/dev/null", application]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        for _ in range(150):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2)
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise RuntimeError(f"{application} did not start")
        yield port
    finally:
        process.terminate()
        process.wait(40)


def answer(port: int, path: str, cookie: str) -> str:
    """The page's text."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Cookie": f"portal={cookie}"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read().decode()


def rate(port: int, path: str, cookie: str) -> float:
    """Requests a second that wrk gets answered."""
    done = subprocess.run(
        ["wrk", "-t1", "-c4", f"-d{SECONDS}s", "-H", f"Cookie: portal={cookie}", f"http://127.0.0.1:{port}{path}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    if "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])


def child(url: str, folder: str) -> dict:
    """Prepare in a process of its own."""
    command = [sys.executable, "-m", "bench.pages", "--prepare", url, folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return json.loads(done.stdout.strip().splitlines()[-1])


CHANGING = re.compile(r'<input[^>]*name="csrf_token"[^>]*>')


def same(one: str, other: str) -> bool:
    """The floor's HTML is the portal's, but for what is new in each answer."""
    return CHANGING.sub("", one) == CHANGING.sub("", other)


def kept(*texts: str) -> Path:
    """Where the two pages lie, to be compared."""
    folder = Path(tempfile.mkdtemp(prefix="bench-pages-differ-"))
    for name, text in zip(("portal.html", "floor.html"), texts, strict=True):
        (folder / name).write_text(CHANGING.sub("", text))
    return folder


def measure(place: county.Place, repeats: int) -> tuple[float, bool]:
    """Print a place's figures; returns the portal's requests a second, and whether the limits are held."""
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as folder:
        about = child(place.url, folder)
        portal, floor = [], []
        with (
            served("app:serving()", place.url, folder) as one,
            served("bench.floor_page:application", place.url, folder) as two,
        ):
            texts = [answer(port, about["path"], about["cookie"]) for port in (one, two)]
            if not same(*texts):
                raise RuntimeError(f"the floor's page differs from the portal's: see {kept(*texts)}")
            for port in (one, two):
                rate(port, about["path"], about["cookie"])
            for _ in range(repeats):
                portal.append(rate(one, about["path"], about["cookie"]))
                floor.append(rate(two, about["path"], about["cookie"]))
    print(
        f"{place.name}: {about['rows']} rows, {about['bytes'] // 1000} kB; portal {median(portal):.0f}, floor {median(floor):.0f} requests a second"
        + (" (the machine is busy)" if county.is_busy() else "")
    )
    held = [
        county.said("requests a second", median(portal) / median(floor), LEAST, "of the floor's", at_least=True),
        county.said("queries", about["queries"], MOST_QUERIES, "queries"),
    ]
    return median(portal), all(held)


def main() -> int:
    """Measure; 1 over a limit."""
    if sys.argv[1:2] == ["--prepare"]:
        print(json.dumps(prepare(*sys.argv[2:4])))
        return 0
    given = county.arguments(__doc__)
    if not shutil.which("wrk"):
        print("wrk is not installed. On Debian: apt-get install wrk")
        return 1
    rates: dict[tuple[str, str], float] = {}
    held = []
    for size in ["quick"] if given.quick else ["ten-thousand", "million"]:
        print(f"-- {size}", flush=True)
        with county.places(size, given.database, given.fresh) as found:
            for place in found:
                rates[size, place.name], fine = measure(place, given.repeats)
                held.append(fine or (size != "million" and not given.quick))
    for name in {name for _, name in rates}:
        if ("million", name) in rates:
            slower = rates["ten-thousand", name] / rates["million", name]
            held.append(
                county.said(f"{name}, larger", slower, MOST_SLOWER, "times slower at a million visits than at 10,000")
            )
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
