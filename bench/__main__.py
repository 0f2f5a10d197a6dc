"""Runs the benchmarks: `python -m bench [NAME …] [-- OPTION …]`; without a name all. Exits 1 where one is over a limit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALL = ["import_visits", "payments", "pages", "grid", "reports"]


def main() -> int:
    """Run them one after the other, each in a process of its own."""
    given = sys.argv[1:]
    options = given[given.index("--") + 1 :] if "--" in given else []
    names = [name for name in given[: given.index("--") if "--" in given else None]] or ALL
    if unknown := [name for name in names if not (ROOT / "bench" / f"{name}.py").exists()]:
        print(f"There is no benchmark {unknown[0]}. Choose from {', '.join(ALL)}.")
        return 2
    over = []
    for name in names:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.{name}", *options], cwd=ROOT, check=False).returncode:
            over.append(name)
    print(f"\nOver a limit: {', '.join(over)}" if over else "\nEvery limit is held.")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
