"""Runs a command with a throwaway PostgreSQL server in PORTAL_TEST_DATABASE_URL, and ends the server after it.

    python tests/postgres.py pytest …

The server listens on a socket in a private folder only and forgets everything: no syncs, no password.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import needs

FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60 -c shared_buffers=128MB"


@contextmanager
def server(options: str = FAST) -> Iterator[str]:
    """The URL of a new server's own database. Raises RuntimeError where PostgreSQL is not installed."""
    programs = needs.postgres_folder()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed. On Debian: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="portal-pg-", dir="/tmp"))  # a socket's path may have 107 characters
    as_owner: list[str] = []
    if os.geteuid() == 0:  # initdb refuses root
        shutil.chown(folder, "postgres")
        as_owner = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"

    def run(*arguments: str) -> None:
        subprocess.run([*as_owner, *arguments], check=True, cwd=folder, stdout=subprocess.DEVNULL)

    try:
        run(f"{programs}/initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync",
            "--locale=C.UTF-8")  # fmt: skip
        where = f"-c listen_addresses= -c unix_socket_directories={folder}"
        run(f"{programs}/pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", f"{where} {options}", "start")
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            run(f"{programs}/pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Run the command of the arguments; returns its exit code."""
    if not sys.argv[1:]:
        print(__doc__)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server ends with us
    with server() as url:
        return subprocess.run(sys.argv[1:], env={**os.environ, "PORTAL_TEST_DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
