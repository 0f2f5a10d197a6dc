"""A disk that is really full, on SQLite: the database may grow no further, or no file may.

Room is given a little more at a time, so that the disk is full at the first write, at a later one, at a commit. What
PostgreSQL says of a full disk is raised at every statement in test_statements.py.
"""

from __future__ import annotations

import os

import pytest

from tests.faults import ledger
from tests.faults.verbs import BROKEN

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("PORTAL_TEST_DATABASE_URL")), reason="the server has the disk, not the portal"
)


def fill(bench, verb: str, how: str, room: int) -> bool:
    """A verb on a disk with so much room, then on one with enough; True where the disk was full."""
    where = f"{verb}, {room} bytes of {how}"
    url = bench.copy()
    ended = bench.processes.run("full", url, verb=verb, room=room, how=how)
    assert not ended["killed"] and not ended["error"], (where, ended)
    seen = bench.processes.must("look", url, page=verb in ("apply", "check", "load"))
    assert seen["faults"] == [], where
    states = [state for _, state in bench.undisturbed(verb).states]
    assert seen["digest"] in states, where
    assert not seen["taken"] or seen["is_in"] or verb == "load-packages", where
    bench.try_again(verb, url, where, worker_first=True)
    return seen["digest"] != states[-1] or bool(ended["said"]["refused"])


@pytest.mark.parametrize("how", ["pages", "file"])
@pytest.mark.parametrize("verb", ["apply", "finalise"])
def test_a_full_disk(bench, verb, how):
    assert any([fill(bench, verb, how, room) for room in (0, 8192)])


@pytest.mark.slow
@pytest.mark.parametrize("how", ["pages", "file"])
@pytest.mark.parametrize("verb", BROKEN)
def test_a_disk_that_is_full_a_little_later(bench, verb, how):
    step = 4096 if how == "pages" else 8192
    for number in range(60):
        if not fill(bench, verb, how, number * step):
            return
    assert ledger.faults(bench.copy()) is not None
