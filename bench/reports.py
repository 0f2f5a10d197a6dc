"""Reports at county size: a year of one organisation against the SQL that it needs; PDF and XLSX against their libraries.

    python -m bench.reports [--database sqlite] [--repeats 5] [--quick]

One organisation's first year is finalised, its second is pending, and some rates have changed backwards. A report is
measured as its page makes it: rows, subtotals, total and chart. With SQLite, and for PDF and XLSX, the processor's time
counts; with PostgreSQL the time on the wall. Exits 1 over a limit.
"""

from __future__ import annotations

import datetime as dt
import io
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from bench import county

MOST_SQL = 3.0  # times the floor
MOST_PDF = {1_000: 3.0, 5_000: 4.0}
MOST_XLSX = 1.3
MOST_MEMORY = 1.25  # times the height, for four times the rows
ROOT = Path(__file__).resolve().parent.parent

COMMISSIONED = """
SELECT o.name, o.ref, l.service_group_class, l.name, l.unit, c.surname, c.forename, c.ssref, p.cpli_id, s.name, p.start_date,
    p.end_date, p.quantity, p.frequency, p.unit_cost, p.cost_centre, p.subjective, a.week, a.source, a.visits, a.actual,
    a.frustrated, a.paid_minutes
FROM actual a JOIN package p ON p.id = a.package_id JOIN organisation o ON o.id = p.organisation_id
    JOIN service_level l ON l.id = p.level_id JOIN client c ON c.id = p.client_id JOIN service s ON s.id = p.service_id
WHERE a.organisation_id = ? AND a.week BETWEEN ? AND ?
ORDER BY o.name, l.service_group_class, l.name, c.surname, c.forename, p.start_date, p.cpli_id, a.week"""
DUES = """
SELECT o.name, o.ref, k.name, k.ref, q.start_date, q.end_date, c.surname, c.forename, c.ssref, p.cpli_id, s.name, l.name,
    l.unit, d.week, d.quantity, d.unit_cost, d.cost, d.vat, d.contribution, d.paid_cost, d.paid_vat, d.paid_contribution,
    h.state, h.reason
FROM due d JOIN contract k ON k.id = d.contract_id JOIN organisation o ON o.id = k.organisation_id
    JOIN payment_period q ON q.cycle_id = k.cycle_id AND d.week BETWEEN q.start_date AND q.end_date
    JOIN package p ON p.id = d.package_id JOIN client c ON c.id = p.client_id JOIN service s ON s.id = p.service_id
    JOIN service_level l ON l.id = p.level_id LEFT JOIN hold h ON h.package_id = d.package_id AND h.week = d.week
WHERE k.organisation_id = ? AND d.week BETWEEN ? AND ? AND (d.cost <> d.paid_cost OR d.contribution <> d.paid_contribution)
ORDER BY o.name, k.name, q.start_date, c.surname, c.forename, p.cpli_id, d.week"""
AS_PAID = "SELECT w.package_id, w.plan FROM package_as_paid w JOIN package p ON p.id = w.package_id WHERE p.organisation_id = ?"
PACKAGES = """
SELECT p.id, p.cpli_id, p.client_id, p.start_date, p.end_date, p.quantity, p.frequency, p.unit_cost, p.authorised, p.discount,
    p.contribution, l.paid_on, l.entry, l.intermittent, k.vat_rate, k.payment_basis
FROM package p JOIN service_level l ON l.id = p.level_id JOIN contract k ON k.id = p.contract_id WHERE p.organisation_id = ?"""
RATES = "SELECT r.package_id, r.from_date, r.unit_cost FROM package_rate r JOIN package p ON p.id = r.package_id WHERE p.organisation_id = ?"
SLOTS = """
SELECT s.package_id, s.weekday, s.entry, s.exit, s.carers FROM timetable_slot s JOIN package p ON p.id = s.package_id
WHERE p.organisation_id = ?"""
ITEMS = """
SELECT o.name, o.ref, k.name, k.ref, k.payment_method, q.start_date, q.end_date, f.at, c.surname, c.forename, c.ssref,
    p.cpli_id, l.name, i.week, i.kind, i.reason, i.quantity, i.unit_cost, i.amount, i.vat, i.state, i.note
FROM payment_item i JOIN finalisation f ON f.id = i.finalisation_id JOIN payment_period q ON q.id = f.period_id
    JOIN contract k ON k.id = i.contract_id JOIN organisation o ON o.id = k.organisation_id
    LEFT JOIN package p ON p.id = i.package_id LEFT JOIN client c ON c.id = p.client_id
    LEFT JOIN service_level l ON l.id = p.level_id
WHERE k.organisation_id = ? AND q.start_date BETWEEN ? AND ?
ORDER BY o.name, k.name, q.start_date, c.surname, c.forename, c.ssref, l.name, i.kind"""


def clock(place: county.Place) -> float:
    """The seconds that count."""
    return time.process_time() if place.is_sqlite else time.perf_counter()


def took(now: Callable[[], float], work: Callable[[], object], repeats: int) -> float:
    """The median of some runs."""
    found = []
    for _ in range(repeats):
        began = now()
        work()
        found.append(now() - began)
    return median(found)


# a year, in a copy ---------------------------------------------------------------------------------------------------------


def prepare():
    """Finalise the first half of the weeks of one organisation and change rates backwards; its contract and periods."""
    from blueprints import consequences
    from blueprints.history import COMMAND_LINE
    from blueprints.periods import rules as periods
    from models import Contract, Finalisation, Package, PackageRate, PaymentPeriod, db

    contract = Contract.get(Contract.ref == "C-OAK")
    listed = list(
        PaymentPeriod.select().where(PaymentPeriod.cycle == contract.cycle_id).order_by(PaymentPeriod.start_date)
    )
    year = min(13, len(listed) // 2)
    if not Finalisation.select().where(Finalisation.contract == contract).exists():
        periods.finalise_all([contract], listed[year - 1].end_date, COMMAND_LINE, listed[-1].end_date)
        some = [ident for (ident,) in Package.select(Package.id).where(Package.contract == contract).tuples()][::2]
        with db.atomic():
            for ident in some:
                PackageRate.create(package=ident, from_date=listed[year // 2].start_date, unit_cost=210000)
            consequences.follow(consequences.Change(packages=some), now=True)
    return contract, listed[:year], listed[year : 2 * year]


def year_of_reports(place: county.Place, repeats: int) -> bool:
    """Each report over a year, beside its SQL."""
    import database
    from blueprints import reporting
    from blueprints.actuals import report as actuals
    from blueprints.payments import report as payments
    from blueprints.reach import Reach
    from blueprints.remittances import report as remittances

    contract, paid, pending = prepare()
    reach = Reach.of_organisation(contract.organisation_id)
    own = contract.organisation_id
    plans = [(text, (own,)) for text in (PACKAGES, RATES, SLOTS)]
    whole, past = (pending[0].start_date, pending[-1].end_date), (paid[0].start_date, paid[-1].end_date)
    made = [
        ("Commissioned v Actuals", actuals.commissioned_v_actuals, actuals.Wanted(*whole), [
            (COMMISSIONED, (own, *whole)), (RATES, (own,)), (SLOTS, (own,)),
        ]),
        ("Pending Scheduled Payments", payments.pending_payments, payments.PendingWanted(*whole), [
            (DUES, (own, *whole)), (DUES, (own, *past)), (AS_PAID, (own,)), *plans,
        ]),
        ("Pending Payments Exceptions", payments.pending_exceptions, payments.ExceptionsWanted(), [
            (DUES, (own, *past)), (DUES, (own, pending[0].start_date, pending[0].end_date)), (AS_PAID, (own,)), *plans,
        ]),
        ("Remittances by Finalisation", remittances.by_finalisation,
         remittances.FinalisedWanted(dt.date(2000, 1, 1), dt.date(2100, 1, 1)), [(ITEMS, (own, *past))]),
        ("the same, Summary", remittances.by_finalisation,
         remittances.FinalisedWanted(dt.date(2000, 1, 1), dt.date(2100, 1, 1), summary=True), [(ITEMS, (own, *past))]),
    ]  # fmt: skip
    held = []
    for name, make, wanted, statements in made:

        def floor(statements=statements) -> list:
            return [
                database.sql(database_of(), text, tuple(map(plain, values))).fetchall() for text, values in statements
            ]

        def report(make=make, wanted=wanted):
            return reporting.screen(make(reach, wanted), 1)

        rows, fetched = report().rows, sum(map(len, floor()))
        one, other = took(lambda: clock(place), floor, repeats), took(lambda: clock(place), report, repeats)
        print(f"    {name}: {rows:,} rows of {fetched:,}; {other * 1000:.1f} ms, its SQL {one * 1000:.1f} ms")
        held.append(county.said(name, other / one, MOST_SQL, "times its SQL"))
    return all(held)


def plain(value):
    """A date as both databases take it."""
    return value.isoformat() if isinstance(value, dt.date) else value


def database_of():
    """The database in use."""
    import database
    from models import db

    return database.real(db)


# PDF and XLSX --------------------------------------------------------------------------------------------------------------


def remittance_rows(count: int) -> list:
    """So many lines of remittances, as they were finalised."""
    from blueprints.reach import Reach
    from blueprints.remittances import report as remittances

    contract, _, _ = prepare()
    wanted = remittances.FinalisedWanted(dt.date(2000, 1, 1), dt.date(2100, 1, 1))
    found = list(remittances.by_finalisation(Reach.of_organisation(contract.organisation_id), wanted).rows)
    return list(islice(cycle(found), count))


def about():
    """What stands around a report."""
    from blueprints.reporting import About
    from models import utc_now

    return About("Remittance Advice", [("Organisation", "Oakfield Home Care")], utc_now(), "County", "remittance")


def documents(repeats: int) -> bool:
    """The remittance as PDF, beside platypus with the same cells as plain strings."""
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.platypus import LongTable, SimpleDocTemplate

    from blueprints import editions, reporting
    from blueprints.remittances import report as remittances

    held = []
    for count, limit in MOST_PDF.items():
        rows = remittance_rows(count)
        made = remittances.as_report(rows, False, [])
        headings = [made.columns[at].heading for at in made.shown]
        cells = [
            line.cells
            for part in reporting.walk(made)
            if part.what == "rows"
            for line in reporting.lines_of(made, part)
        ]

        def ours(rows=rows):
            return editions.pdf(remittances.as_report(rows, False, []), about())

        def floor(headings=headings, cells=cells):
            table = LongTable([headings, *cells], repeatRows=1)
            SimpleDocTemplate(io.BytesIO(), pagesize=landscape(A4)).build([table])

        ours(), floor()
        ratio = took(time.process_time, ours, repeats) / took(time.process_time, floor, repeats)
        held.append(county.said(f"PDF of {count:,} lines", ratio, limit, "times platypus with plain strings"))
    return all(held)


def workbooks(repeats: int) -> bool:
    """The remittance as XLSX, beside write-only openpyxl with the same cells."""
    from openpyxl import Workbook

    from blueprints import editions
    from blueprints.remittances import report as remittances

    rows = remittance_rows(5_000)
    columns = remittances.COLUMNS
    change = [editions.IN_CELLS.get(column.kind) for column in columns]
    cells = [[v if f is None else f(v) for f, v in zip(change, row, strict=True)] for row in rows]

    def ours():
        with tempfile.TemporaryFile() as out:
            editions.xlsx(remittances.as_report(rows, False, []), about(), out)

    def floor():
        with tempfile.TemporaryFile() as out:
            book = Workbook(write_only=True)
            sheet = book.create_sheet()
            sheet.append([column.name for column in columns])
            for row in cells:
                sheet.append(row)
            book.save(out)

    ours(), floor()
    ratio = took(time.process_time, ours, repeats) / took(time.process_time, floor, repeats)
    return county.said("XLSX of 5,000 lines", ratio, MOST_XLSX, "times write-only openpyxl")


# memory, in processes of their own ------------------------------------------------------------------------------------------


def height(url: str, form: str, weeks: str) -> int:
    """The height of memory in kB after writing Commissioned v Actuals of all organisations over so many weeks."""
    from peewee import fn

    from blueprints.actuals import report as actuals
    from blueprints.reach import Reach
    from blueprints.reports import rules
    from models import Actual

    with county.connected(url):
        last = Actual.select(fn.MAX(Actual.week)).scalar()
        wanted = actuals.Wanted(last - dt.timedelta(7 * int(weeks)), last)
        with tempfile.TemporaryFile() as out:
            rules.write(form, actuals.commissioned_v_actuals(Reach.whole(), wanted), about(), out)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def memory(place: county.Place) -> bool:
    """Sixteen weeks of all organisations beside four: the database's own cache is full in both."""
    held = []
    for form in ("csv", "xlsx"):
        found = {}
        for weeks in ("4", "16"):
            command = [sys.executable, "-m", "bench.reports", "--height", place.url, form, weeks]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
            found[weeks] = int(done.stdout)
        print(
            f"    {form}: {found['4'] // 1024} MB for four weeks of all organisations, {found['16'] // 1024} MB for sixteen"
        )
        held.append(
            county.said(f"memory of {form}", found["16"] / found["4"], MOST_MEMORY, "times for four times the weeks")
        )
    return all(held)


def measure(place: county.Place, repeats: int) -> bool:
    """Print a place's figures; True where every limit is held."""
    print(f"{place.name}" + (" (the machine is busy)" if county.is_busy() else ""))
    with county.copied(place) as copy:
        with county.connected(copy.url):
            held = [year_of_reports(copy, repeats)]
            if copy.is_sqlite:
                held += [documents(repeats), workbooks(repeats)]
        if copy.is_sqlite:
            held.append(memory(copy))
    return all(held)


def main() -> int:
    """Measure; 1 over a limit."""
    if sys.argv[1:2] == ["--height"]:
        print(height(*sys.argv[2:5]))
        return 0
    given = county.arguments(__doc__)
    with county.places("quick" if given.quick else "million", given.database, given.fresh) as found:
        held = [measure(place, given.repeats) for place in found]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
