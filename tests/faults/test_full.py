"""A disk that is really full, on SQLite: a small one of its own (where this user may mount one), or files that may grow
no further.

Room is given a little more at a time, so that the disk is full at the first write, at a later one, at a commit. What
PostgreSQL says of a full disk is raised at every statement in test_statements.py.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.faults.verbs import BROKEN

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("PORTAL_TEST_DATABASE_URL")), reason="the server has the disk, not the portal"
)


@pytest.fixture
def disk(bench, tmp_path):
    """A disk of four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def on_disk(bench, folder: Path) -> str:
    """A fresh copy of the prepared database on the small disk, which is otherwise empty."""
    for file in folder.iterdir():
        file.unlink()
    shutil.copyfile(bench.copy().removeprefix("sqlite:///"), folder / "copy.db")
    return f"sqlite:///{folder}/copy.db"


def fill(bench, verb: str, how: str, room: int, folder: Path | None = None) -> bool:
    """A verb on a disk with so much room, then on one with enough; True where the disk was full."""
    where = f"{verb}, {room} bytes of {how}"
    url = on_disk(bench, folder) if folder else bench.copy()
    ended = bench.processes.run("full", url, verb=verb, room=room, how=how)
    assert not ended["killed"] and not ended["error"], (where, ended)
    if folder:
        (folder / "filler").unlink()
    seen = bench.processes.must("look", url, page=verb in ("apply", "check", "load"))
    assert seen["faults"] == [], where
    states = [state for _, state in bench.undisturbed(verb).states]
    assert seen["digest"] in states, where
    assert not seen["taken"] or seen["is_in"] or verb == "load-packages", where
    bench.try_again(verb, url, where, worker_first=True)
    return seen["digest"] != states[-1] or bool(ended["said"]["refused"])


@pytest.mark.parametrize("verb", ["apply", "finalise"])
def test_files_that_may_not_grow(bench, verb):
    assert all([fill(bench, verb, "file", room) for room in (0, 16384)])


@pytest.mark.parametrize("verb", ["apply", "finalise"])
def test_a_full_disk(bench, verb, disk):
    assert all([fill(bench, verb, "disk", room, disk) for room in (49152, 65536)])


@pytest.mark.slow
@pytest.mark.parametrize("verb", BROKEN)
def test_files_that_may_not_grow_a_little_later(bench, verb):
    rooms = range(0, 4 * 1024 * 1024, 8192)
    assert any(not fill(bench, verb, "file", room) for room in rooms)


@pytest.mark.slow
@pytest.mark.parametrize("verb", BROKEN)
def test_a_disk_that_is_full_a_little_later(bench, verb, disk):
    rooms = range(0, 3 * 1024 * 1024, 16384)
    assert any(not fill(bench, verb, "disk", room, disk) for room in rooms)
