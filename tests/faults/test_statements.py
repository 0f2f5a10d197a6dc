"""Every statement of the main job's verbs is broken: killed, refused, and with the disk full from there on.

Afterwards the database says exactly what it said at the last commit before, the import's page says which, and a second
try comes to what an undisturbed run comes to (quality.md, Reliability). `make test` takes the first statement, the
middle one and the last of each verb, `make long` all.
"""

from __future__ import annotations

import os

import pytest

from tests.faults import ledger
from tests.faults.verbs import BROKEN as NAMES

KINDS = ("kill", "raise", "full")
NOTHING = ("Nothing was changed", "Nothing is half done", "Reading", "Update System", "Updating")


def places(bench, verb: str, every: bool) -> list[int]:
    """The statements to break, one past the last among them: all is done but nobody has been told."""
    count = len(bench.undisturbed(verb).statements)
    if not every:
        return sorted({1, count // 2, count})
    return list(range(1, count + 1, int(os.environ.get("PORTAL_FAULT_STEP", "1"))))


def break_at(bench, verb: str, kind: str, at: int) -> None:
    """Break a verb at a statement, look, try again, look."""
    whole = bench.undisturbed(verb)
    where = f"{verb}, {kind} at {at} of {len(whole.statements)}: {whole.statements[at - 1]}"
    url = bench.copy()
    ended = bench.processes.run("do", url, verb=verb, at=at, kind=kind)
    assert not ended["error"], (where, ended["error"], ended.get("trace"))
    assert ended["killed"] == (kind == "kill"), where
    bench.copies.wait("copy")
    is_import = verb in ("apply", "check", "load")
    seen = bench.processes.must("look", url, page=is_import)
    assert seen["faults"] == [], where
    if kind == "kill":
        assert seen["digest"] == whole.state_before(at), where
    else:
        states = [state for _, state in whole.states]
        nearest = min((ledger.differing(seen["digest"], state) for state in states), key=len)
        assert not nearest, (where, nearest)
    if is_import:
        assert says_which(seen), (where, seen["state"], seen["taken"], seen["is_in"], seen["page"])
    bench.try_again(verb, url, where, worker_first=at % 2 == 0)


def says_which(seen: dict) -> bool:
    """The page of the last import agrees with whether its rows are in."""
    if seen["taken"] != seen["is_in"]:
        return False
    if seen["state"] == "Done":
        return seen["is_in"] and "is up to date with" in seen["page"]
    if seen["is_in"]:
        return seen["state"] == "Updating" and "Nothing was changed" not in seen["page"]
    return any(words in seen["page"] for words in NOTHING)


@pytest.mark.parametrize("verb", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_first_middle_and_last_statement(bench, verb, kind):
    for at in places(bench, verb, every=False):
        break_at(bench, verb, kind, at)


@pytest.mark.slow
@pytest.mark.parametrize("verb", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_statement(bench, verb, kind):
    wrong = []
    for at in places(bench, verb, every=True):
        try:
            break_at(bench, verb, kind, at)
        except AssertionError as failure:
            wrong.append(str(failure).splitlines()[0][:900])
    assert not wrong, f"{len(wrong)} of {len(bench.undisturbed(verb).statements)}:\n" + "\n".join(wrong[:12])
