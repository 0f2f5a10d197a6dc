"""Two who finalise at once, and a process that dies in the middle: all or nothing, once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def process(url: str, *verb: str) -> subprocess.Popen:
    """Another process on the same database."""
    command = [sys.executable, "-m", "tests.periods.race", url, *verb]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(url: str, *verb: str) -> dict:
    """What a process printed at its end."""
    one = process(url, *verb)
    out, err = one.communicate(timeout=120)
    assert one.returncode == 0, err
    return json.loads(out)


@pytest.fixture
def url(tmp_path) -> str:
    """A database of its own, with a period to finalise for two contracts."""
    return f"sqlite:///{tmp_path}/race.db"


@pytest.mark.feature("R-11")
def test_of_two_processes_one_finalises_and_the_other_is_told(url, tmp_path):
    run(url, "make")
    gate = tmp_path / "gate"
    both = [process(url, "finalise", name, str(gate)) for name in ("Amir Khan", "Petra Ames")]
    gate.touch()
    answers = [json.loads(one.communicate(timeout=120)[0]) for one in both]
    done = [a["done"] for a in answers if "done" in a]
    told = [a["refused"] for a in answers if "refused" in a]
    assert len(done) == 1 and len(told) == 1
    assert told[0].startswith(f"Oakfield DAPL has been finalised for this period already, by {done[0]} at ")


def test_killed_anywhere_it_is_all_or_nothing_and_a_second_try_ends_it(url, tmp_path):
    """The first, the middle and the last write (the quick form); every write is the long form."""
    shown = run(url, "make")
    fresh = (tmp_path / "race.db").read_bytes()
    whole = run(url, "job", "0")
    assert (whole["finalised"], whole["total"], whole["job"]) == (2, shown["total"], "Done")
    writes = -whole["writes"] if whole["writes"] < 0 else whole["writes"]
    for number in sorted({1, writes // 2, writes - 1}):
        for end in ("", "-wal", "-shm"):
            Path(f"{tmp_path}/race.db{end}").unlink(missing_ok=True)
        (tmp_path / "race.db").write_bytes(fresh)
        dying = process(url, "job", str(number))
        assert dying.wait(timeout=120) == -9, number
        seen = run(url, "again")
        found, after = seen["found"], seen["after"]
        assert (found["finalised"], found["total"], found["changes"]) in ((0, 0, 0), (2, shown["total"], 2)), number
        assert {**after, "job": ""} == {k: whole[k] for k in after if k != "job"} | {"job": ""}, number
        assert after["job"] == "Done", number
