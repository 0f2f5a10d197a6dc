"""What stands out in a period before it is finalised: set-based, as many queries for a county as for one contract.

Each finding is a list of rows in words. Looking is enough: nothing here stops anybody from finalising.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import database
from blueprints import weeks
from blueprints.money import half_up
from blueprints.packages import rules as packages
from blueprints.packages.plan import planned_quantity
from blueprints.packages.rules import day
from blueprints.periods.overview import Book
from blueprints.values import show_date, show_quantity, show_rate
from models import Package, PaymentPeriod, db

SECONDS_A_HUNDREDTH = 36  # of an hour


class Row(NamedTuple):
    """Something that stands out: whose, in which package and week (where it is about one), why in words, and pence."""

    contract: int
    client: int
    name: str  # `Archer, Ann`
    ssref: str
    package: int | None
    cpli_id: int | None
    week: dt.date | None
    why: str
    amount: int | None
    state: str = ""  # of a line that is held


class Kind(NamedTuple):
    """A kind of finding: its name in addresses, what it is called, what it means, and how it is found."""

    name: str
    title: str
    meaning: str
    find: Callable[[Scope], list[Row]]


class Scope:
    """A period of some contracts for which it is current, and the period before."""

    def __init__(self, book: Book, period: PaymentPeriod, contracts: Iterable[int], percent: int, today: dt.date):
        self.period, self.percent, self.today = period, percent, today
        self.before = book.previous(period)
        self.contracts = sorted(c for c in contracts if not book.is_done(c, period))
        # adjustments stand in a contract's oldest current period only (rule 7.3)
        self.oldest = [c for c in self.contracts if book.oldest(c).id == period.id]
        self.paid_before = [c for c in self.contracts if self.before and book.is_done(c, self.before)]
        self.start, self.end = day(period.start_date), day(period.end_date)

    @property
    def mondays(self) -> list[dt.date]:
        """The Mondays of the period."""
        first = self.start + dt.timedelta(-self.start.weekday() % 7)
        return [first + dt.timedelta(7 * n) for n in range((self.end - first).days // 7 + 1)]

    def lines(self) -> tuple[str, list]:
        """The condition for the rows of `due d` that the period lists, and its values (rule 7.3)."""
        own = f"(d.contract_id IN ({_marks(self.contracts)}) AND d.week BETWEEN ? AND ?)"
        values = [*self.contracts, self.start.isoformat(), self.end.isoformat()]
        if self.oldest:
            own += f" OR (d.contract_id IN ({_marks(self.oldest)}) AND d.week < ?)"
            values += [*self.oldest, self.start.isoformat()]
        differs = "d.cost <> d.paid_cost OR d.vat <> d.paid_vat OR d.contribution <> d.paid_contribution"
        return f"({own}) AND ({differs})", values

    def rows(self, statement: str, values: Iterable) -> list[tuple]:
        """The rows of a statement; none where no contract is left."""
        return database.sql(db, statement, list(values)).fetchall() if self.contracts else []


def _marks(values) -> str:
    return ", ".join("?" * len(values))


_WHO = "c.id, c.surname, c.forename, c.ssref, p.id, p.cpli_id"
_JOINS = "JOIN package p ON p.id = d.package_id JOIN client c ON c.id = p.client_id"
_NET = "d.cost - d.paid_cost + d.vat - d.paid_vat + d.contribution - d.paid_contribution"


def _row(contract, client, surname, forename, ssref, package, cpli, week, why, amount, state="") -> Row:
    return Row(contract, client, f"{surname}, {forename}", ssref, package, cpli, week, why, amount, state)


def after_death_or_end(scope: Scope) -> list[Row]:
    """Lines of weeks after the client died, after the package ended (what is taken back), or after the service ended.

    The week of a death counts for what is paid on plan and goes on; what was delivered before a death is owed.
    """
    lines, values = scope.lines()
    found = scope.rows(
        f"SELECT d.contract_id, {_WHO}, d.week, {_NET}, c.date_of_death, p.end_date, s.end_date, l.paid_on, h.state"
        f" FROM due d {_JOINS} JOIN service s ON s.id = p.service_id JOIN service_level l ON l.id = p.level_id"
        " LEFT JOIN hold h ON h.package_id = d.package_id AND h.week = d.week AND h.kind = 'cost'"
        f" AND h.released_at IS NULL WHERE {lines}"
        " AND (c.date_of_death <= ? OR p.end_date < d.week OR s.end_date < d.week) ORDER BY c.surname, p.cpli_id, d.week",
        [*values, scope.end.isoformat()],
    )
    made = []
    for contract, *who, week, amount, died, ended, closed, paid_on, held in found:
        week, died, ended, closed = day(week), day(died), day(ended), day(closed)
        sunday = week + dt.timedelta(6)
        why = ""
        if died and (week > died or (paid_on != "actuals" and died < min(sunday, ended or sunday))):
            why = f"Died on {show_date(died)}"
        elif ended and ended < week:
            why = f"The package ended on {show_date(ended)}" + ("; taken back" if amount < 0 else "")
        elif closed and closed < week:
            why = f"The service ended on {show_date(closed)}"
        if why:
            made.append(_row(contract, *who, week, why, amount, held or ""))
    return made


def changed_rates(scope: Scope) -> list[Row]:
    """Packages whose rate in the period differs by more than so many per cent from the last one of the period before:
    from what was paid where that is finalised, else from what is due."""
    if scope.before is None:
        return []
    first, last = day(scope.before.start_date).isoformat(), day(scope.before.end_date).isoformat()
    others = [c for c in scope.contracts if c not in set(scope.paid_before)]
    parts, values = [], []
    if scope.paid_before:
        parts.append(
            "SELECT i.package_id, i.week, i.unit_cost FROM payment_item i JOIN finalisation f ON f.id = i.finalisation_id"
            f" WHERE f.period_id = ? AND f.contract_id IN ({_marks(scope.paid_before)}) AND i.kind = 'cost'"
        )
        values += [scope.before.id, *scope.paid_before]
    if others:
        parts.append(
            f"SELECT package_id, week, unit_cost FROM due WHERE contract_id IN ({_marks(others)})"
            " AND week BETWEEN ? AND ? AND cost <> 0"
        )
        values += [*others, first, last]
    if not parts:
        return []
    found = scope.rows(
        f"WITH was AS ({' UNION ALL '.join(parts)}),"
        " latest AS (SELECT package_id, MAX(week) AS week FROM was GROUP BY package_id),"
        " present AS (SELECT contract_id, package_id, MIN(unit_cost) AS low, MAX(unit_cost) AS high, SUM(cost) AS cost"
        f" FROM due WHERE contract_id IN ({_marks(scope.contracts)}) AND week BETWEEN ? AND ? AND cost <> 0"
        " GROUP BY contract_id, package_id)"
        f" SELECT n.contract_id, {_WHO}, w.unit_cost, n.low, n.high, n.cost FROM present n"
        " JOIN latest t ON t.package_id = n.package_id JOIN was w ON w.package_id = t.package_id AND w.week = t.week"
        " JOIN package p ON p.id = n.package_id JOIN client c ON c.id = p.client_id"
        " WHERE (n.high - w.unit_cost) * 100 > ? * w.unit_cost OR (w.unit_cost - n.low) * 100 > ? * w.unit_cost"
        " ORDER BY c.surname, p.cpli_id",
        [*values, *scope.contracts, scope.start.isoformat(), scope.end.isoformat(), scope.percent, scope.percent],
    )
    made = []
    for contract, *who, was, low, high, cost in found:
        now = high if (high - was) * 100 > scope.percent * was else low
        part = f" ({'+' if now > was else '-'}{half_up(abs(now - was) * 1000, was) / 10:g}%)" if was else ""
        made.append(_row(contract, *who, None, f"{show_rate(was)} to {show_rate(now)}{part}", cost))
    return made


def without_actuals(scope: Scope) -> list[Row]:
    """Packages paid on actuals that have none in a week of the period that is over, every-N-weeks in their weeks."""
    over = [m for m in scope.mondays if m + dt.timedelta(6) < scope.today]
    if not over:
        return []
    literal = "'{}'" if database.is_sqlite(db) else "DATE '{}'"
    them = " UNION ALL ".join(
        f"SELECT {literal.format(m)} AS monday, {literal.format(m + dt.timedelta(6))} AS sunday" for m in over
    )
    found = scope.rows(
        f"SELECT p.contract_id, {_WHO}, p.start_date, p.frequency, w.monday FROM package p"
        " JOIN service_level l ON l.id = p.level_id JOIN client c ON c.id = p.client_id"
        f" JOIN contract k ON k.id = p.contract_id CROSS JOIN ({them}) w"
        f" WHERE p.contract_id IN ({_marks(scope.contracts)}) AND p.authorised = ? AND l.paid_on = 'actuals'"
        " AND l.intermittent = ? AND p.frequency <> 'One-off' AND k.payment_basis <> 'invoice'"
        " AND p.start_date <= w.sunday AND (p.end_date IS NULL OR p.end_date >= w.monday)"
        " AND NOT EXISTS (SELECT 1 FROM actual a WHERE a.package_id = p.id AND a.week = w.monday)"
        " ORDER BY c.surname, p.cpli_id, w.monday",
        [*scope.contracts, True, False],
    )
    missing: dict[tuple, list[dt.date]] = {}
    for contract, *who, start, frequency, monday in found:
        every = int(frequency.split("-")[0]) if frequency.endswith("-Weekly") else 1
        monday = day(monday)
        if (monday - weeks.monday(day(start))).days // 7 % every == 0:
            missing.setdefault((contract, *who), []).append(monday)
    return [
        _row(*who, mondays[0] if len(mondays) == 1 else None, "No actuals in " + week_words(mondays, len(over)), None)
        for who, mondays in missing.items()
    ]


def week_words(mondays: list[dt.date], of: int) -> str:
    """`the week of 07/09/2026`; `3 of 4 weeks: 07/09/2026, …`."""
    if len(mondays) == 1:
        return f"the week of {show_date(mondays[0])}"
    return f"{len(mondays)} of {of} weeks: {', '.join(map(show_date, mondays))}"


def over_plan(scope: Scope) -> list[Row]:
    """Packages paid on actuals that come to more than planned in the weeks that are paid, the largest excess first.

    The statement leaves out what cannot be over plan; packages that begin, end or pause within the period are then
    held against their plan week by week.
    """
    found = scope.rows(
        'WITH slots AS (SELECT package_id, SUM((("exit" - entry + 86400) % 86400) * carers) AS seconds'
        " FROM timetable_slot GROUP BY package_id)"
        f" SELECT d.contract_id, {_WHO}, l.unit, SUM(d.quantity), SUM(d.cost), COUNT(*), p.quantity, s.seconds,"
        " CASE WHEN p.frequency <> 'Weekly' OR p.start_date > ? OR p.end_date < ? THEN 1 ELSE 0 END"
        f" FROM due d {_JOINS} JOIN service_level l ON l.id = p.level_id LEFT JOIN slots s ON s.package_id = p.id"
        f" WHERE d.contract_id IN ({_marks(scope.contracts)}) AND d.week BETWEEN ? AND ? AND l.paid_on = 'actuals'"
        " AND l.intermittent = ? AND p.frequency <> 'One-off'"
        f" GROUP BY d.contract_id, {_WHO}, l.unit, p.quantity, s.seconds, p.frequency, p.start_date, p.end_date"
        f" HAVING SUM(d.quantity) * {SECONDS_A_HUNDREDTH} > COUNT(*) * COALESCE(s.seconds, p.quantity * 36) - 18 * COUNT(*)"
        " OR p.frequency <> 'Weekly' OR p.start_date > ? OR p.end_date < ?",
        [
            first := scope.mondays[0].isoformat() if scope.mondays else scope.start.isoformat(),
            last := (scope.mondays[-1] + dt.timedelta(6)).isoformat() if scope.mondays else scope.end.isoformat(),
            *scope.contracts, scope.start.isoformat(), scope.end.isoformat(), False, first, last,
        ],
    )  # fmt: skip
    odd = [row[5] for row in found if row[-1]]
    by_week = planned_in_paid_weeks(scope, odd) if odd else {}
    made = []
    for contract, *who, unit, paid, cost, count, quantity, seconds, is_odd in found:
        paid, count = int(paid), int(count)
        weekly = quantity if seconds is None else half_up(int(seconds), SECONDS_A_HUNDREDTH)
        planned = by_week.get(who[4], 0) if is_odd else weekly * count
        if paid > planned:
            words = f"{show_quantity(paid)} {unit} against {show_quantity(planned)} planned in {count} weeks"
            if count == 1:
                words = words.removesuffix("s")
            made.append((paid - planned, _row(contract, *who, None, words, int(cost))))
    made.sort(key=lambda pair: (-pair[0], pair[1].cpli_id))
    return [row for _, row in made]


def planned_in_paid_weeks(scope: Scope, idents: list[int]) -> dict[int, int]:
    """The planned quantity (rule 3.5) of packages, summed over the weeks of the period that are due."""
    lines = packages.lines(Package.id.in_(idents))
    sums: dict[int, int] = Counter()
    for ident, week in scope.rows(
        f"SELECT package_id, week FROM due WHERE package_id IN ({_marks(idents)}) AND week BETWEEN ? AND ?",
        [*idents, scope.start.isoformat(), scope.end.isoformat()],
    ):
        sums[ident] += planned_quantity(lines[ident].plan, day(week))
    return sums


def unauthorised(scope: Scope) -> list[Row]:
    """Packages that are not authorised and have actuals in the period: they pay nothing until they are (rule 7.2)."""
    found = scope.rows(
        f"SELECT p.contract_id, {_WHO}, l.unit, SUM(a.actual + a.frustrated), COUNT(*) FROM actual a"
        " JOIN package p ON p.id = a.package_id JOIN client c ON c.id = p.client_id"
        f" JOIN service_level l ON l.id = p.level_id WHERE p.contract_id IN ({_marks(scope.contracts)})"
        " AND p.authorised = ? AND a.week BETWEEN ? AND ? AND a.actual + a.frustrated > 0"
        f" GROUP BY p.contract_id, {_WHO}, l.unit ORDER BY c.surname, p.cpli_id",
        [*scope.contracts, False, scope.start.isoformat(), scope.end.isoformat()],
    )
    return [
        _row(
            contract,
            *who,
            None,
            f"{show_quantity(int(done))} {unit} in {n} week{'' if n == 1 else 's'}, not paid",
            None,
        )
        for contract, *who, unit, done, n in found
    ]


def negative_totals(scope: Scope) -> list[Row]:
    """Clients whose payable lines come to less than nothing: the provider pays back."""
    lines, values = scope.lines()
    held = (
        " LEFT JOIN hold {0} ON {0}.package_id = d.package_id AND {0}.week = d.week AND {0}.kind = '{1}'"
        " AND {0}.released_at IS NULL"
    )
    net = (
        "SUM(CASE WHEN ch.id IS NULL THEN d.cost - d.paid_cost + d.vat - d.paid_vat ELSE 0 END)"
        " + SUM(CASE WHEN oh.id IS NULL THEN d.contribution - d.paid_contribution ELSE 0 END)"
    )
    found = scope.rows(
        f"SELECT d.contract_id, c.id, c.surname, c.forename, c.ssref, {net} FROM due d {_JOINS}"
        f"{held.format('ch', 'cost')}{held.format('oh', 'contribution')} WHERE {lines}"
        f" GROUP BY d.contract_id, c.id, c.surname, c.forename, c.ssref HAVING {net} < 0 ORDER BY c.surname, c.id",
        values,
    )
    return [
        _row(contract, *who, None, None, None, "More is taken back than paid", int(amount))
        for contract, *who, amount in found
    ]


def first_payments(scope: Scope) -> list[Row]:
    """Packages that the period pays for the first time."""
    lines, values = scope.lines()
    earlier = f" AND e.contract_id NOT IN ({_marks(scope.oldest)})" if scope.oldest else ""
    found = scope.rows(
        f"SELECT d.contract_id, {_WHO}, p.start_date, SUM({_NET}) FROM due d {_JOINS} WHERE {lines}"
        " AND NOT EXISTS (SELECT 1 FROM payment_item i WHERE i.package_id = p.id)"
        f" AND NOT EXISTS (SELECT 1 FROM due e WHERE e.package_id = p.id AND e.week < ? AND e.cost <> 0{earlier})"
        f" GROUP BY d.contract_id, {_WHO}, p.start_date ORDER BY c.surname, p.cpli_id",
        [*values, scope.start.isoformat(), *scope.oldest],
    )
    return [
        _row(contract, *who, None, f"Started on {show_date(day(start))}", int(amount))
        for contract, *who, start, amount in found
    ]


def last_payments(scope: Scope) -> list[Row]:
    """Packages that end within the period and that it pays."""
    lines, values = scope.lines()
    found = scope.rows(
        f"SELECT d.contract_id, {_WHO}, p.end_date, SUM({_NET}) FROM due d {_JOINS} WHERE {lines}"
        f" AND p.end_date BETWEEN ? AND ? GROUP BY d.contract_id, {_WHO}, p.end_date ORDER BY c.surname, p.cpli_id",
        [*values, scope.start.isoformat(), scope.end.isoformat()],
    )
    return [
        _row(contract, *who, None, f"Ends on {show_date(day(end))}", int(amount))
        for contract, *who, end, amount in found
    ]


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("after-death-or-end", "Paid after a date of death or end", "Only ending the package stops payment.", after_death_or_end),
        Kind("rates", "Rates changed by more than {percent}%", "Against the period before.", changed_rates),
        Kind("no-actuals", "No actuals posted", "Paid on actuals, and nothing is there for a week that is over.", without_actuals),
        Kind("over-plan", "Over plan", "More was delivered than planned, in the weeks that are paid.", over_plan),
        Kind("unauthorised", "Unauthorised packages with actuals", "They are not paid until somebody authorises them.", unauthorised),
        Kind("negative", "Negative totals", "The provider pays back for these clients.", negative_totals),
        Kind("first", "First payments", "Packages that are paid for the first time.", first_payments),
        Kind("last", "Last payments", "Packages that end in this period.", last_payments),
    )
}  # fmt: skip


class Finding(NamedTuple):
    """A kind with its rows."""

    kind: Kind
    rows: list[Row]
    percent: int

    @property
    def title(self) -> str:
        """What it is called."""
        return self.kind.title.format(percent=self.percent)

    @property
    def amount(self) -> int | None:
        """Pence of its rows together; None where they have none."""
        amounts = [row.amount for row in self.rows if row.amount is not None]
        return sum(amounts) if amounts else None


def findings(scope: Scope, only: str | None = None) -> list[Finding]:
    """What stands out, by kind; a query or two for each."""
    return [Finding(kind, kind.find(scope), scope.percent) for kind in KINDS.values() if only in (None, kind.name)]


def counts(found: Iterable[Finding]) -> dict[int, Counter]:
    """How many rows of each kind by contract: {contract: {kind: rows}}."""
    by: dict[int, Counter] = {}
    for finding in found:
        for row in finding.rows:
            by.setdefault(row.contract, Counter())[finding.kind.name] += 1
    return by
