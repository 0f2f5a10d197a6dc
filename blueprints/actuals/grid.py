"""A week's lines of care as the grid shows them, with and without actuals (M-05 to M-09, M-26 to M-29, M-41).

Everything of the week is read by three kept statements and priced, since totals span all pages; only the rows of the
page that is shown are put into words.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from peewee import JOIN

from blueprints.actuals import allocations, entering, pane, sums
from blueprints.actuals.allocations import Allocation
from blueprints.actuals.entering import Terms
from blueprints.actuals.reading import NO_INCREASE, Found, Level, Stored, lines_statement, moment_of, within
from blueprints.actuals.rules import unpaid_of
from blueprints.actuals.sums import ActualFigures, DailyRow, Remark
from blueprints.money import number
from blueprints.packages import rules as packages
from blueprints.packages.plan import planned_quantity, rates_in, unit_for
from blueprints.packages.rules import Line
from blueprints.prepared import blank, kept
from blueprints.reach import Reach
from models import (
    Client,
    Dispute,
    DisputeRow,
    DisputeState,
    Entry,
    LockedWeek,
    PaidOn,
    Service,
    ServiceLevel,
    Source,
    UnplannedActual,
    UnplannedState,
)

PLANNED, INTERMITTENT, UNPLANNED, LOCKED = "planned", "intermittent", "unplanned", "locked"
BOXES = (UNPLANNED, PLANNED, INTERMITTENT, LOCKED)


class Item(NamedTuple):
    """A line of care in the week: a package with or without an actual, or an unplanned actual."""

    client: int
    client_name: str
    sort_name: str
    ssref: str
    service: int
    service_name: str
    level: int
    level_name: str
    unit: str
    frustrated_allowed: bool
    kind: str
    is_locked: bool
    line: Line | None
    stored: Stored | None
    increase: tuple
    unplanned: tuple | None
    figures: ActualFigures | None
    cost: int

    @property
    def has_actual(self) -> bool:
        """Something is entered."""
        return self.stored is not None or self.unplanned is not None

    @property
    def is_missing(self) -> bool:
        """Somebody has to post it, and nobody has (4.10)."""
        if self.line is None or self.stored is not None or self.kind != PLANNED:
            return False
        plan = self.line.plan
        return plan.paid_on == PaidOn.ACTUALS and plan.entry in (Entry.WEEKLY, Entry.DAILY)

    @property
    def key(self) -> str:
        """The line's name in forms: `p12` of a package, `u3x5` of an unplanned actual's service and level."""
        return f"p{self.line.id}" if self.line else f"u{self.service}x{self.level}"

    @property
    def found(self) -> Found:
        """The package's week, to be saved."""
        level = Level(self.level_name, self.unit, self.frustrated_allowed)
        return Found(self.line, level, self.stored, self.is_locked, self.increase)


class Row(NamedTuple):
    """A line as it is drawn: quantities in hundredths, cost in pence before discount (4.2)."""

    key: str
    item: Item
    week: dt.date
    planned: int
    actual: int
    frustrated: int
    missed: int
    extra: int
    visits: int
    comments: str
    version: int
    cost: int
    working: str
    colour: str
    remark: Remark
    said: tuple[str, ...]  # locked, entered by the authority, from a file
    closed: str  # why it cannot be changed
    by_days: bool
    by_box: bool
    is_informational: bool
    price: tuple[int, int]  # the sum of the rates on the active days, and their number
    allocation: Allocation | None
    days: tuple[DailyRow, ...]
    history: tuple[str, str]  # who changed it, and when

    @property
    def is_stored(self) -> bool:
        """Something is entered."""
        return self.version > 0

    @property
    def amount(self) -> str:
        """`14 x Hours` (M-12)."""
        return f"{number(self.actual)} x {unit_for(self.item.unit, self.actual)}"


class ClientWeek(NamedTuple):
    """A client of the page: `£shown of £all` (4.9), its rows, and how many lines are without actuals."""

    id: int
    name: str
    ssref: str
    shown: int
    all: int
    rows: list[Row]
    missing: int
    is_open: bool
    additions: tuple[Item, ...] = ()  # planned lines that are not in the week yet (M-27)


class Wanted(NamedTuple):
    """The filter (M-05); None and all boxes is everything."""

    level: int | None = None
    client: int | None = None
    actuals: str = ""  # yes, no
    boxes: Collection[str] = BOXES

    def takes(self, item: Item) -> bool:
        """The line fits the filter, its client's other lines apart."""
        if self.level not in (None, item.level) or self.client not in (None, item.client):
            return False
        return item.kind in self.boxes and (LOCKED in self.boxes or not item.is_locked)


class Week:
    """All lines of a week within reach, of one service where given."""

    def __init__(
        self, reach: Reach, monday: dt.date, service: int | None = None, client: int | None = None,
        unplanned: list[Item] | None = None,
    ):  # fmt: skip
        self._asked = (reach, monday, service, client)
        self.monday = monday
        shape = (reach.shape, service is not None, client is not None)
        values = {
            **reach.values, "week": monday.isoformat(), "service": service, "client": client,
            "sunday": (monday + dt.timedelta(6)).isoformat(),
        }  # fmt: skip
        found = lines_statement(*shape).run(**values)
        lines = packages.put_together(found)
        made = [self._item(row, lines[row[0]]) for row in found]
        if unplanned is None:
            unplanned = [_unplanned(row) for row in _unplanned_statement(*shape).run(**values)]
        self.items = sorted(self._fed(made + unplanned), key=_order)
        self._own = {} if reach.everything else reach.values

    def after(self, saved: Collection[str]) -> Week:
        """The week read again once rows of these keys are saved, as far as saving them can have changed it."""
        own = any(key.startswith("u") for key in saved)
        week = Week(*self._asked, None if own else [item for item in self.items if item.kind == UNPLANNED])
        week.disputed = self.disputed
        return week

    def _item(self, row: tuple, line: Line) -> Item:
        (ssref, title, forename, surname, service_name, level_name, unit, frustrated, locked, state, agreed, reason,
         *stored) = row[packages.LINE:]  # fmt: skip
        kept = Stored._make(stored) if stored[0] is not None else None
        figures, cost = None, 0
        increase = (state, agreed, reason) if state else NO_INCREASE
        if kept:
            priced = kept.paid_minutes if kept.source == Source.VISITS else None
            figures = ActualFigures(kept.actual, kept.frustrated, kept.source, priced)
            if state:
                figures = figures._replace(unpaid=unpaid_of(line, self.monday, figures, agreed))
            if kept.source != Source.VISITS or len(set(rates_in(line.plan, self.monday))) <= 1:
                cost = sums.cost(line.plan, self.monday, figures)
        return Item(
            line.client, " ".join(x for x in (title, forename, surname) if x), f"{surname}, {forename}", ssref,
            line.service, service_name, line.level, level_name, unit, bool(frustrated),
            INTERMITTENT if line.plan.intermittent else PLANNED, locked is not None, line, kept, increase, None, figures,
            cost,
        )  # fmt: skip

    def _fed(self, items: list[Item]) -> list[Item]:
        """Rows fed by visits in a week in which the rate changes are priced from their visits (4.2), by one query."""
        several = {
            (item.line.id, self.monday)
            for item in items
            if item.stored and item.stored.source == Source.VISITS
            and len(set(rates_in(item.line.plan, self.monday))) > 1
        }  # fmt: skip
        if not several:
            return items
        fed = pane.fed_visits_of(several)
        return [self._priced(i, fed) if i.line and (i.line.id, self.monday) in several else i for i in items]

    def _priced(self, item: Item, fed: dict) -> Item:
        plan = item.line.plan
        figures = item.figures._replace(priced=sums.priced(plan, self.monday, fed[item.line.id, self.monday]))
        return item._replace(figures=figures, cost=sums.cost(plan, self.monday, figures))

    @cached_property
    def disputed(self) -> set[int]:
        """The packages of which something is in an open dispute; asked when rows are put into words."""
        found = _disputed_statement(bool(self._own)).run(week=self.monday.isoformat(), **self._own)
        return {package for (package,) in found}

    @cached_property
    def total(self) -> int:
        """Pence of all rows of the service and week (4.9)."""
        return sum(item.cost for item in self.items)

    @cached_property
    def of_client(self) -> dict[int, int]:
        """Pence of all rows of each client."""
        found: dict[int, int] = defaultdict(int)
        for item in self.items:
            found[item.client] += item.cost
        return found

    @property
    def levels(self) -> list[tuple[str, str]]:
        """The service levels of the week's lines, by name."""
        return _named((str(i.level), i.level_name) for i in self.items)

    @property
    def clients(self) -> list[tuple[str, str]]:
        """The clients of the week's lines, by name."""
        return _named((str(i.client), f"{i.sort_name} ({i.ssref})") for i in self.items)

    @property
    def is_mixture(self) -> bool:
        """Payable and informational lines stand together (M-29)."""
        paid = {i.line.plan.paid_on == PaidOn.ACTUALS for i in self.items if i.line}
        return len(paid) > 1

    def missing(self, service: int | None = None) -> int:
        """How many clients have a line that somebody has to post and that has no actual."""
        return len({i.client for i in self.items if i.is_missing and service in (None, i.service)})

    def fitting(self, wanted: Wanted) -> dict[int, list[Item]]:
        """The lines that fit the filter, by client, in order."""
        found: dict[int, list[Item]] = defaultdict(list)
        for item in self.items:
            if wanted.takes(item):
                found[item.client].append(item)
        if wanted.actuals == "yes":
            return {client: items for client, items in found.items() if any(i.has_actual for i in items)}
        if wanted.actuals == "no":
            return {client: items for client, items in found.items() if any(i.is_missing for i in items)}
        return dict(found)

    def add_unplanned(self, client: int, service, level: ServiceLevel) -> None:
        """Put a level without a package into the week, for somebody who adds an unplanned actual (M-26)."""
        other = next(item for item in self.items if item.client == client) if client in self.of_client else None
        who = Client.get_by_id(client) if other is None else None
        name, sort_name, ssref = (
            (other.client_name, other.sort_name, other.ssref) if other else (who.name, who.file_name, who.ssref)
        )
        self.items.append(
            Item(
                client, name, sort_name, ssref, service.id, service.name, level.id, level.name, level.unit, False,
                UNPLANNED, False, None, None, NO_INCREASE, (0, 0, "", 0, False, UnplannedState.PENDING, "", "", ""), None, 0,
            )
        )  # fmt: skip

    # in words --------------------------------------------------------------------------------------------------------

    def shown(self, fitting: dict[int, list[Item]], clients: Iterable[int], terms: Terms) -> list[ClientWeek]:
        """These clients with the rows that have actuals, as they are read."""
        chosen = {client: ([i for i in fitting[client] if i.has_actual], fitting[client]) for client in clients}
        return self._client_weeks(chosen, terms)

    def edited(
        self, clients: Iterable[int], terms: Terms, added: Collection[str] = (), only: Collection[str] = ()
    ) -> list[ClientWeek]:
        """These clients with every row that may be changed, with or without actuals, and those `added` (M-27, M-28).

        `only` names the rows that are wanted, where not all are.
        """
        chosen: dict[int, tuple[list[Item], list[Item]]] = {client: ([], []) for client in clients}
        for item in self.items:
            if item.client in chosen:
                rows, everything = chosen[item.client]
                everything.append(item)
                if item.key in only or (
                    not only and (item.has_actual or item.kind != INTERMITTENT or item.key in added)
                ):
                    rows.append(item)
        return self._client_weeks({c: found for c, found in chosen.items() if found[1]}, terms, edit=True)

    def _client_weeks(
        self, chosen: dict[int, tuple[list[Item], list[Item]]], terms: Terms, edit: bool = False
    ) -> list[ClientWeek]:
        rows = self.rows([item for items, _ in chosen.values() for item in items], terms, edit)
        by_client: dict[int, list[Row]] = defaultdict(list)
        for row in rows:
            by_client[row.item.client].append(row)
        return [
            ClientWeek(
                client, everything[0].client_name, everything[0].ssref, sum(i.cost for i in items),
                self.of_client[client], by_client[client], sum(i.is_missing for i in everything),
                any(not self._closed(i, terms) for i in everything),
                self._additions(items, everything, terms) if edit else (),
            )
            for client, (items, everything) in chosen.items()
        ]  # fmt: skip

    def _additions(self, items: list[Item], everything: list[Item], terms: Terms) -> tuple[Item, ...]:
        shown = {i.key for i in items}
        return tuple(
            i for i in everything if i.kind == INTERMITTENT and i.key not in shown and not self._closed(i, terms)
        )

    def changed_since(self, service: int, moment: dt.datetime) -> list[Item]:
        """The rows of a service that were changed after its week was confirmed (4.10)."""
        return [
            i for i in self.items
            if i.service == service and i.stored and moment_of(i.stored.changed_at) > moment
        ]  # fmt: skip

    def rows(self, items: Sequence[Item], terms: Terms, edit: bool = False) -> list[Row]:
        """Lines in words; the allocations of intermittent ones by one query, and where edited the days by another."""
        lines = {i.line.id: i.line for i in items if i.line}
        taken = allocations.of_year(lines, self.monday)
        daily = [i.stored.id for i in items if i.stored and i.line.plan.entry == Entry.DAILY] if edit else []
        days = entering.days_of(daily) if daily else {}
        return [self._row(i, terms, taken, days, edit) for i in items]

    def _closed(self, item: Item, terms: Terms) -> str:
        if item.line is None:
            state = item.unplanned[5]
            if not terms.settings.unplanned_actuals or state == UnplannedState.ACCEPTED:
                return "It is with the authority"
            if item.is_locked and not terms.officer:
                return entering.LOCKED
            return entering.too_far(self.monday, terms)
        source = item.stored.source if item.stored else None
        return entering.why_closed(item.line, self.monday, source, item.is_locked, terms)

    def _row(self, item: Item, terms: Terms, taken: dict, days: dict, edit: bool) -> Row:
        if item.line is None:
            return self._unplanned_row(item, terms)
        plan, monday = item.line.plan, self.monday
        planned = planned_quantity(plan, monday)
        stored, figures = item.stored, item.figures
        rates = rates_in(plan, monday)
        allocation = taken.get(item.line.id)
        daily = plan.entry == Entry.DAILY
        common = {
            "key": item.key, "item": item, "week": monday, "planned": planned,
            "closed": self._closed(item, terms), "by_box": daily and sums.by_the_box(item.unit),
            "by_days": daily and not sums.by_the_box(item.unit), "is_informational": plan.paid_on != PaidOn.ACTUALS,
            "price": (sum(rates), len(rates)), "allocation": allocation,
        }  # fmt: skip
        if stored is None or figures is None:
            visits = 100 if item.kind == INTERMITTENT else 0
            return Row(
                actual=0, frustrated=0, missed=0, extra=0, visits=visits // 100, comments="", version=0, cost=0,
                working="", colour="plain", remark=Remark(False, ""), said=(), days=(), history=("", ""), **common,
            )  # fmt: skip
        missed, extra = stored.missed, stored.extra
        if daily:
            missed, extra = sums.missed_and_extra(planned, stored.actual, stored.frustrated)
        state, _, reason = item.increase
        more = pane.increase_words(state, figures.unpaid, reason)
        if allocation and allocation.over:
            more = f"{more} {allocation.words(item.unit)}.".strip()
        remark = pane.remark(plan, monday, planned, figures, missed, extra, more)
        if allocation and allocation.over:
            remark = remark._replace(triangle=True)
        own = days.get(stored.id, ())
        return Row(
            actual=stored.actual, frustrated=stored.frustrated, missed=missed, extra=extra, visits=stored.visits,
            comments=stored.comments, version=stored.version, cost=item.cost,
            working=pane.working(plan, monday, item.unit, figures),
            colour=sums.colour(stored.actual, planned, plan.intermittent), remark=remark, said=self._said(item), days=own,
            history=(stored.changed_by, str(stored.changed_at)), **common,
        )  # fmt: skip

    def _said(self, item: Item) -> tuple[str, ...]:
        """What stands beside a row: where it came from, that it is locked, that it is in an open dispute (Q-14)."""
        return (*_said(item), "in dispute") if item.line.id in self.disputed else _said(item)

    def _unplanned_row(self, item: Item, terms: Terms) -> Row:
        actual, visits, comments, version, by_officer, state, reason, by, at = item.unplanned
        waits = "Unplanned: it is paid once the authority has made it a package."
        words = f"The authority refused this: {reason}" if state == UnplannedState.REFUSED else waits
        said = ("Entered by the authority",) if by_officer else ()
        return Row(
            item.key, item, self.monday, 0, actual, 0, 0, 0, visits, comments, version, 0, "", "plain",
            Remark(state == UnplannedState.REFUSED, words), said, self._closed(item, terms), False, True, False, (0, 0),
            None, (), (by, str(at)),
        )  # fmt: skip


def _said(item: Item) -> tuple[str, ...]:
    """What stands beside a row: where it came from and that it is locked."""
    words = []
    if item.is_locked:
        words.append("Locked")
    if item.stored.by_officer:
        words.append("Entered by the authority")
    if item.stored.source == Source.VISITS:
        words.append("From visits")
    if item.line and item.line.plan.paid_on != PaidOn.ACTUALS:
        words.append("For information")
    return tuple(words)


def _order(item: Item) -> tuple:
    cpli = item.line.plan.id if item.line else 0
    return item.sort_name.casefold(), item.client, item.line is None, item.level_name, cpli


def _named(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(dict(pairs).items(), key=lambda pair: pair[1].casefold())


# statements ------------------------------------------------------------------------------------------------------------


@kept
def _disputed_statement(of_organisation: bool):
    """The packages whose actuals of a week are in an open dispute, their visits or they themselves."""
    wanted = (DisputeRow.week == blank("week")) & (Dispute.state != DisputeState.RESOLVED)
    if of_organisation:
        wanted &= DisputeRow.organisation == blank("organisation")
    return DisputeRow.select(DisputeRow.package).join(Dispute).where(wanted & DisputeRow.package.is_null(False))


@kept
def _unplanned_statement(*shape):
    return (
        UnplannedActual.select(
            UnplannedActual.client, Client.ssref, Client.title, Client.forename, Client.surname, UnplannedActual.service,
            Service.name, UnplannedActual.level, ServiceLevel.name, ServiceLevel.unit, LockedWeek.id,
            UnplannedActual.actual, UnplannedActual.visits, UnplannedActual.comments, UnplannedActual.version,
            UnplannedActual.by_officer, UnplannedActual.state, UnplannedActual.reason, UnplannedActual.changed_by,
            UnplannedActual.changed_at,
        )
        .join(Client).switch(UnplannedActual).join(Service).switch(UnplannedActual).join(ServiceLevel)
        .switch(UnplannedActual)
        .join(LockedWeek, JOIN.LEFT_OUTER, on=(
            (LockedWeek.service == UnplannedActual.service) & (LockedWeek.week == UnplannedActual.week)))
        .where(
            within(*shape, UnplannedActual) & (UnplannedActual.week == blank("week"))
            & (UnplannedActual.state != UnplannedState.ACCEPTED)
        )
    )  # fmt: skip


def _unplanned(row: tuple) -> Item:
    client, ssref, title, forename, surname, service, service_name, level, level_name, unit, locked, *stored = row
    return Item(
        client, " ".join(x for x in (title, forename, surname) if x), f"{surname}, {forename}", ssref, service,
        service_name, level, level_name, unit, False, UNPLANNED, locked is not None, None, None, NO_INCREASE,
        tuple(stored), None, 0,
    )  # fmt: skip
