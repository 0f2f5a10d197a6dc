"""Loads a database for journeys by the authority's own commands, all in one process: `python -m tests.browser.world`.

Reads a list of steps as JSON: ["load", KIND, FILE] and every other command as it is typed; ["login", EMAIL, REF] makes
somebody who signs in with the demonstration's password.
"""

from __future__ import annotations

import json
import sys

from app import create_app
from demonstration.accounts import with_password
from models import Person, User, db


def main(steps: list[list[str]]) -> None:
    """Take the steps one after the other; the first that is refused ends it."""
    app = create_app()
    runner = app.test_cli_runner()
    for step in steps:
        words = step
        if step[0] == "login":
            whose = ["--organisation", step[2]] if step[2] else ["--authority"]
            words = ["user", "add", step[1], *whose, "--name", step[3]]
        done = runner.invoke(args=words)
        if done.exit_code:
            sys.exit(f"{' '.join(words)}: {done.output} {done.exception or ''}")
        if step[0] == "login":
            with app.app_context(), db.connection_context():
                with_password(User.select().join(Person).where(Person.email == step[1]).get())


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
