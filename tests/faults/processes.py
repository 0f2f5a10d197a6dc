"""Processes to break: a small server that has loaded the product and forks a child for each task.

    python -m tests.faults.processes

reads a task a line as JSON (a list of them is run at the same moment), and answers a line: for each how its process
ended and what it said. A child has the product as a fresh process would have it, with no connection yet; fork saves
loading it a thousand times.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Processes:
    """The server's other end."""

    def __init__(self):
        surroundings = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
        self.server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.processes"], cwd=ROOT, env=surroundings, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def together(self, *tasks: dict) -> list[dict]:
        """Run tasks at the same moment, each in a process of its own; how each ended and what it said."""
        self.server.stdin.write(json.dumps(tasks) + "\n")
        self.server.stdin.flush()
        line = self.server.stdout.readline()
        assert line, "the server of processes has ended"
        return json.loads(line)

    def run(self, task: str, url: str, **more) -> dict:
        """Run one task; {"killed": bool, "error": text or None, "said": what it returned}."""
        return self.together({"task": task, "url": url, **more})[0]

    def must(self, task: str, url: str, **more):
        """Run one task that has to succeed; what it returned."""
        ended = self.run(task, url, **more)
        assert not ended["killed"] and not ended["error"], ended["error"]
        return ended["said"]

    def end(self) -> None:
        """End the server."""
        self.server.stdin.close()
        self.server.wait(10)
        self.server.stdout.close()


def serve() -> None:
    """The server: fork, let the children begin together, collect."""
    from tests.faults import tasks_of

    app = tasks_of.loaded()
    for line in sys.stdin:
        tasks = json.loads(line)
        gate_out, gate_in = os.pipe()
        children = []
        for task in tasks:
            out, into = os.pipe()
            pid = os.fork()
            if not pid:
                os.close(out)
                os.close(gate_in)
                child(app, task, into, gate_out)
            os.close(into)
            children.append((pid, out))
        os.close(gate_out)
        os.close(gate_in)  # the children read to its end, and begin
        answers = []
        for pid, out in children:
            with os.fdopen(out) as said:
                text = said.read()
            _, status = os.waitpid(pid, 0)
            killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            answers.append({"killed": killed, "error": None, "said": None, **(json.loads(text) if text else {})})
        print(json.dumps(answers), flush=True)


def child(app, task: dict, into: int, gate: int) -> None:
    """One task in its own process; never returns."""
    from tests.faults import tasks_of

    answer: dict = {}
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        with tasks_of.opened(app, task["url"]):
            os.read(gate, 1)
            answer["said"] = tasks_of.TASKS[task.pop("task")](app, **task)
    except BaseException as error:
        answer["error"] = f"{type(error).__name__}: {error}"
        answer["trace"] = traceback.format_exc()
    os.write(into, json.dumps(answer, default=str).encode())
    os._exit(0)


if __name__ == "__main__":
    serve()
