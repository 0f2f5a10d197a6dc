"""Installs what the tests need from the system, where it may; otherwise says exactly what to install."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def postgres_folder() -> Path | None:
    """Where initdb and pg_ctl are; Debian keeps them off the path."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    for root in ("/usr/lib/postgresql", "/usr/local/opt", "/opt/homebrew/opt"):
        folders += (
            sorted(Path(root).glob("*/bin"), key=lambda p: len(str(p)), reverse=True) if Path(root).exists() else []
        )
    return next((f for f in folders if (f / "initdb").exists() and (f / "pg_ctl").exists()), None)


def browser() -> str | None:
    """The browser that the tests drive."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def missing() -> list[str]:
    """Debian's names of the packages that are not there."""
    return [name for name, there in (("chromium", browser()), ("postgresql", postgres_folder())) if not there]


def main() -> int:
    """0 when everything is there."""
    if not (wanted := missing()):
        return 0
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {' and '.join(wanted)}", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=quiet, check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *wanted], env=quiet, check=False)
        wanted = missing()
    if wanted:
        print(f"The tests need {' and '.join(wanted)}. On Debian or Ubuntu:\n  sudo apt-get install {' '.join(wanted)}")
        print("On a Mac: brew install --cask chromium; brew install postgresql")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
