"""The prepared database and the processes that work on copies of it; what an undisturbed run says and leaves."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.faults import ledger
from tests.faults.copies import Copies
from tests.faults.processes import Processes


class Undisturbed(NamedTuple):
    """A verb that nothing broke: its statements, what stood after which of them, and what came of it in the end."""

    statements: list[str]
    states: list[tuple[int, dict]]
    outcome: dict

    def state_before(self, statement: int) -> dict:
        """What stands when the process dies before this statement."""
        return [state for number, state in self.states if number < statement][-1]


class Bench:
    """Where things are broken."""

    def __init__(self, folder):
        self.copies = Copies(folder)
        self.processes = Processes()
        self.processes.must("build", self.copies.make("base"))
        self.before = ledger.digest(self.copies.url("base"))
        self._undisturbed: dict[str, Undisturbed] = {}

    def copy(self) -> str:
        """A fresh copy of the prepared database."""
        return self.copies.make("copy", "base")

    def undisturbed(self, verb: str) -> Undisturbed:
        """The verb, and then whatever waits, with nothing broken."""
        if verb not in self._undisturbed:
            url = self.copy()
            done = self.processes.must("do", url, verb=verb, states=True)
            assert not done["refused"], done["refused"]
            states = [(0, self.before), *((number, state) for number, state in done["states"])]
            self.processes.must("again", url, verb=verb, worker_first=True)
            assert ledger.faults(url) == []
            self._undisturbed[verb] = Undisturbed(done["statements"], states, ledger.outcome(url))
        return self._undisturbed[verb]

    def try_again(self, verb: str, url: str, where: str, worker_first: bool) -> None:
        """The second try succeeds and comes to what an undisturbed run comes to."""
        again = self.processes.run("again", url, verb=verb, worker_first=worker_first)
        assert not again["error"], (where, again["error"], again.get("trace"))
        assert ledger.faults(url) == [], where
        assert ledger.differing(ledger.outcome(url), self.undisturbed(verb).outcome) == {}, where

    def end(self) -> None:
        """Leave nothing."""
        self.processes.end()
        self.copies.drop()


@pytest.fixture(scope="session")
def bench():
    """Where things are broken."""
    memory = Path("/dev/shm")  # the copies are many, and synced at every commit
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="portal-faults-") as folder:
        made = Bench(Path(folder))
        try:
            yield made
        finally:
            made.end()
