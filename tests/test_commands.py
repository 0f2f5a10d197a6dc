"""The main job by the commands of interfaces.md alone: what they print, how they exit, what they write."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import make_url

ROOT = Path(__file__).parent.parent
FILES = ROOT / "tests" / "files" / "guide004"
KINDS = [
    "organisations",
    "service-levels",
    "services",
    "payment-periods",
    "contracts",
    "clients",
    "packages",
    "rates",
    "timetables",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run `flask --app app …` on an empty database."""
    folder = tmp_path_factory.mktemp("commands")
    url = f"sqlite:///{folder}/portal.db"
    if os.environ.get("PORTAL_TEST_DATABASE_URL"):
        url = make_url(folder, "commands")
    environ = {**os.environ, "PORTAL_DATABASE_URL": url, "PORTAL_SECRET_KEY": "x"}
    environ.pop("PYTEST_CURRENT_TEST", None)

    def command(*words, exits: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *map(str, words)],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == exits, (words, done.returncode, done.stdout[-500:], done.stderr[-1500:])
        return done.stdout + done.stderr

    return command


def table(text: str) -> list[dict[str, str]]:
    """A dump read again."""
    return list(csv.DictReader(io.StringIO(text)))


def test_the_story_by_commands(run, tmp_path):
    assert re.search(r"/set-password/\S+", run("init"))
    assert "up to date" in run("init")
    for kind in KINDS:
        said = run("load", kind, FILES / "authority" / f"{kind}.csv")
        assert re.match(
            r"records read \d+, new \d+, updated 0, unchanged 0, deleted 0, rejected 0, data quality issues \d+", said
        )
        assert ", new 0, updated 0, " in run("load", kind, FILES / "authority" / f"{kind}.csv")
    expected = json.loads((FILES / "expected.json").read_text(encoding="utf-8"))
    ref = next(told["organisation"] for told in expected["runs"] if told["run"] == "example")
    example = FILES / "visits" / "example.csv"
    assert "/set-password/" in run("user", "add", "new@provider.example", "--organisation", ref)
    assert "has a login already" in run("user", "add", "new@provider.example", "--organisation", ref, exits=1)

    checked = run("load", "visits", example, "--organisation", ref, "--check")
    assert checked.startswith("records read 21, new 21")
    assert table(run("dump", "visits", "-")) == []
    assert run("load", "visits", example, "--organisation", ref).startswith("records read 21, new 21, updated 0")
    assert ", new 0, updated 0, unchanged 21" in run("load", "visits", example, "--organisation", ref)
    visits = tmp_path / "visits.csv"
    run("dump", "visits", visits, "--organisation", ref)
    assert ", new 0, updated 0, unchanged 21" in run("load", "visits", visits, "--organisation", ref)

    bad = tmp_path / "bad.csv"
    bad.write_text(example.read_text().replace("V1,", "V900,", 1).replace("DHS", "XYZ", 1), encoding="utf-8")
    said = run("load", "visits", bad, "--organisation", ref, exits=1)
    assert re.search(r"^error line 2, VisitType: ", said, re.MULTILINE)
    assert "rejected 1" in run("load", "visits", bad, "--organisation", ref, "--without-rejected")

    assert run("generate", "--until", "2022-08-31").startswith("Generated actuals")
    rows = table(run("dump", "actuals", "-", "--organisation", ref))
    assert {r["Source"] for r in rows if r["Visits"] != "0"} == {"visits"}
    before = table(run("dump", "payments", "-", "--organisation", ref))
    assert before and {r["Status"] for r in before} == {"Current"}
    assert "periods finalised" in run("finalise", "--until", "2022-12-31")
    after = table(run("dump", "payments", "-", "--organisation", ref))
    total = {
        s: sum(round(float(r["Amount"]) * 100) for r in after if r["Status"] == s) for s in ("Finalised", "Current")
    }
    assert total["Finalised"] == sum(round(float(r["Amount"]) * 100) for r in before if r["PeriodEnd"] <= "2022-12-31")
    assert table(run("dump", "purchase-orders", "-")) and table(run("dump", "commissioned-care", "-"))


def test_wrong_usage_and_refusals(run):
    run("load", "nonsense", FILES / "visits" / "example.csv", exits=2)
    run("load", "visits", FILES / "visits" / "example.csv", exits=2)
    run("dump", "nonsense", "-", exits=2)
    assert "no organisation" in run(
        "load", "visits", FILES / "visits" / "example.csv", "--organisation", "NOBODY", exits=1
    )
    assert "Only a demonstration" in run("today", "2026-10-05", exits=1)
    assert "empty one only" in run("demo", exits=1)
    run("finalise", "--until", "31/02/2026", exits=2)
