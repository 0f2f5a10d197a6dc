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
from typing import NamedTuple

from bench import county

LEAST = 0.40  # of the floor's requests a second
MOST_QUERIES = 8
MOST_SLOWER = 1.2  # a million visits against ten thousand
SECONDS = 5
KEY = "bench" * 10
ROOT = Path(__file__).resolve().parent.parent


# in a process of its own, on one database ---------------------------------------------------------------------------------


def prepare(url: str, folder: str) -> dict:
    """Sign somebody in, ask for the page once, count its queries, and take the page to pieces for the floor."""
    import datetime as dt

    import database
    from app import create_app
    from blueprints.weeks import monday, today
    from models import db

    app = create_app(url, SECRET_KEY=KEY, WORKER="apart")
    week = monday(today()) - dt.timedelta(7)
    client, user = county.signed_in(app)
    path = f"/provider/visits?week={week}"
    client.get(path)
    cookie = client.get_cookie("portal").value  # as after the first page: with the token of its forms
    real, queries = database.real(db), []
    run = real.execute_sql

    def counted(statement, *rest, **options):
        queries.append(statement)
        return run(statement, *rest, **options)

    real.execute_sql = counted
    html = client.get(path).text
    real.execute_sql = run
    queries = [q for q in queries if q.lstrip().upper().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE"))]
    pieces = {"cookie": cookie, "organisation": user.organisation_id, "week": week.isoformat(), **taken_apart(html)}
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


class Served(NamedTuple):
    """A server: its port, and the process that its workers belong to."""

    port: int
    pid: int

    def processor(self) -> float:
        """Seconds of the processor that it and its workers have used."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == self.pid or stat.parent.name == str(self.pid):
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


class Speed(NamedTuple):
    """What a server did: requests a second, and seconds of the processor for each."""

    rate: float
    processor: float


@contextmanager
def served(application: str, url: str, folder: str):
    """The application under gunicorn on a free port of this machine."""
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
        yield Served(port, process.pid)
    finally:
        process.terminate()
        process.wait(40)


def answer(port: int, path: str, cookie: str) -> str:
    """The page's text."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Cookie": f"portal={cookie}"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read().decode()


def speed(server: Served, path: str, cookie: str) -> Speed:
    """Let wrk ask for a while, with a connection for each request, as the proxy in docs/host.md does.

    Which worker a kept connection reaches is chance, and so is then how many workers have something to do.
    """
    before = server.processor()
    heads = ["-H", f"Cookie: portal={cookie}", "-H", "Connection: close"]
    done = subprocess.run(
        ["wrk", "-t1", "-c4", f"-d{SECONDS}s", *heads, f"http://127.0.0.1:{server.port}{path}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    if "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    answered = int(re.search(r"(\d+) requests in", done.stdout)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])
    return Speed(rate, (server.processor() - before) / answered)


def child(url: str, folder: str) -> dict:
    """Prepare in a process of its own."""
    command = [sys.executable, "-m", "bench.pages", "--prepare", url, folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return json.loads(done.stdout.strip().splitlines()[-1])


CHANGING = re.compile(r'<input[^>]*name="csrf_token"[^>]*>|nonce="[^"]*"|data-left="\d+"|signed in until \d\d:\d\d')


def same(one: str, other: str) -> bool:
    """The floor's HTML is the portal's, but for what is new in each answer."""
    return CHANGING.sub("", one) == CHANGING.sub("", other)


def kept(*texts: str) -> Path:
    """Where the two pages lie, to be compared."""
    folder = Path(tempfile.mkdtemp(prefix="bench-pages-differ-"))
    for name, text in zip(("portal.html", "floor.html"), texts, strict=True):
        (folder / name).write_text(CHANGING.sub("", text))
    return folder


class Result(NamedTuple):
    """The medians of a place's portal, and whether its limits were held."""

    portal: Speed
    held: bool


def middle(found: list[Speed]) -> Speed:
    """The median of each."""
    return Speed(median(one.rate for one in found), median(one.processor for one in found))


def measure(place: county.Place, repeats: int) -> Result:
    """Print a place's figures.

    Where the machine has other work, SQLite's are judged by the processor's time for a request: it is all in the server.
    """
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as folder:
        about = child(place.url, folder)
        portals, floors = [], []
        with (
            served("app:serving()", place.url, folder) as one,
            served("bench.floor_page:application", place.url, folder) as two,
        ):
            texts = [answer(server.port, about["path"], about["cookie"]) for server in (one, two)]
            if not same(*texts):
                raise RuntimeError(f"the floor's page differs from the portal's: see {kept(*texts)}")
            for server in (one, two):
                speed(server, about["path"], about["cookie"])
            for _ in range(repeats):
                portals.append(speed(one, about["path"], about["cookie"]))
                floors.append(speed(two, about["path"], about["cookie"]))
    portal, floor = middle(portals), middle(floors)
    busy = county.is_busy()
    print(
        f"{place.name}: {about['rows']} rows, {about['bytes'] // 1000} kB; portal {portal.rate:.0f} requests a second and "
        f"{portal.processor * 1000:.1f} ms of the processor each, floor {floor.rate:.0f} and {floor.processor * 1000:.1f}"
        + (" (the machine is busy)" if busy else "")
    )
    by_processor = busy and place.is_sqlite
    ratio = floor.processor / portal.processor if by_processor else portal.rate / floor.rate
    words = "of the floor's" + (", by the processor" if by_processor else "")
    held = [
        county.said("requests a second", ratio, LEAST, words, at_least=True),
        county.said("queries", about["queries"], MOST_QUERIES, "queries"),
    ]
    return Result(portal, all(held))


def main() -> int:
    """Measure; 1 over a limit."""
    if sys.argv[1:2] == ["--prepare"]:
        print(json.dumps(prepare(*sys.argv[2:4])))
        return 0
    given = county.arguments(__doc__)
    if not shutil.which("wrk"):
        print("wrk is not installed. On Debian: apt-get install wrk")
        return 1
    results: dict[tuple[str, str], Result] = {}
    held = []
    for size in ["quick"] if given.quick else ["ten-thousand", "million"]:
        print(f"-- {size}", flush=True)
        with county.places(size, given.database, given.fresh) as found:
            for place in found:
                here = results[size, place.name] = measure(place, given.repeats)
                held.append(here.held or size == "ten-thousand")
    for name in sorted({name for _, name in results}):
        if ("million", name) in results:
            few, many = results["ten-thousand", name].portal, results["million", name].portal
            by_processor = county.is_busy() and name == "SQLite"
            slower = many.processor / few.processor if by_processor else few.rate / many.rate
            held.append(
                county.said(f"{name}, larger", slower, MOST_SLOWER, "times slower at a million visits than 10,000")
            )
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
