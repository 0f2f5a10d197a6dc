"""Brings the database up to date and serves the portal: `make run`, the container and Windows all start here.

    python serve.py [--demonstration]

With --demonstration an empty database is filled with the demonstration authority first.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def prepare(demonstration: bool) -> bool:
    """Create or upgrade the database, fill it where asked; returns whether it is a demonstration."""
    from app import create_app
    from blueprints.settings import rules as settings
    from models import db

    app = create_app()
    runner = app.test_cli_runner()
    steps = [["init"]]
    if demonstration:
        steps = [["init", "--demonstration"], ["demo", "--if-empty"]]
    for step in steps:
        result = runner.invoke(args=step)
        print(result.output, end="", flush=True)
        if result.exit_code:
            raise SystemExit(result.exit_code)
    with db.connection_context():
        return settings.read().is_demonstration


def say(port: str, is_demonstration: bool) -> None:
    """Print the address, and on a demonstration who can sign in."""
    print(f"\nThe portal is at http://127.0.0.1:{port}/ (press Ctrl+C to stop)")
    if is_demonstration:
        from demonstration.people import LOGINS, PASSWORD

        print(f"Demonstration logins, all with the password {PASSWORD}:")
        for email, who in LOGINS:
            print(f"  {email:<30} {who}")
    print(flush=True)


def main() -> None:
    """Prepare, say, serve."""
    if set(sys.argv[1:]) - {"--demonstration"}:
        print(__doc__)
        raise SystemExit(2)
    os.chdir(ROOT)
    port = os.environ.get("PORT", "8000")
    say(port, prepare("--demonstration" in sys.argv))
    if importlib.util.find_spec("gunicorn"):
        os.execv(sys.executable, [sys.executable, "-m", "gunicorn"])
    import waitress

    import tasks
    from app import serving

    app = serving()
    tasks.start_inside(app)
    waitress.serve(app, host="127.0.0.1", port=int(port), threads=4)


if __name__ == "__main__":
    main()
