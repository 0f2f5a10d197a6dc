"""Calculating all payments of a county from nothing, against the SQL that sums actuals by package and week.

    python -m bench.payments [--database sqlite] [--repeats 5] [--quick]

Exits 1 over a limit. With SQLite the processor's time counts, because all the work is in this process and the machine may
have other work; with PostgreSQL the time on the wall.
"""

from __future__ import annotations

import sys
import time
from statistics import median

from bench import county

LIMIT = 30.0  # times the floor
FLOOR = "SELECT package_id, week, sum(actual), sum(frustrated), sum(paid_minutes) FROM actual GROUP BY package_id, week"
PIECE = 250


def clock(place: county.Place) -> float:
    """The seconds that count."""
    return time.process_time() if place.is_sqlite else time.perf_counter()


def floor(place: county.Place, db) -> float:
    """Seconds of the sums over all weeks, fetched."""
    began = clock(place)
    rows = db.execute_sql(FLOOR).fetchall()
    took = clock(place) - began
    if not rows:
        raise RuntimeError("there are no actuals")
    return took


def everything(place: county.Place, db) -> float:
    """Seconds of working out what is due for every package and week, written, from an empty table."""
    from blueprints.packages import rules as packages
    from blueprints.payments import rules as payments
    from models import Due, Package

    with db.atomic():
        Due.delete().execute()
    idents = [ident for (ident,) in Package.select(Package.id).order_by(Package.id).tuples()]
    began = clock(place)
    changed = 0
    for start in range(0, len(idents), PIECE):
        with db.atomic():
            changed += payments.work_out(packages.lines(Package.id.in_(idents[start : start + PIECE])))
    took = clock(place) - began
    if changed != Due.select().count():
        raise RuntimeError("not every week was worked out")
    return took


def measure(place: county.Place, repeats: int) -> bool:
    """Print the median of the ratios' parts; True where the limit is held."""
    with county.copied(place) as copy, county.connected(copy.url) as db:
        floor(copy, db)  # the pages are then in memory for both
        floors, whole = [], []
        for _ in range(repeats):
            floors.append(floor(copy, db))
            whole.append(everything(copy, db))
    kind = "s of the processor" if copy.is_sqlite else "s"
    print(f"{place.name}: floor {median(floors):.3f} {kind}, all payments {median(whole):.2f} {kind}"
          + (" (the machine is busy)" if county.is_busy() else ""))  # fmt: skip
    return county.said("all payments from nothing", median(whole) / median(floors), LIMIT, "times the floor")


def main() -> int:
    """Measure; 1 over the limit."""
    given = county.arguments(__doc__)
    with county.places("quick" if given.quick else "million", given.database, given.fresh) as found:
        held = [measure(place, given.repeats) for place in found]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
