"""Holding payments back and releasing them (rule 7.5).

A hold is kept by package, week and kind, or by manual adjustment; whatever is worked out anew, what is held follows
what is due until it is released. Holding and releasing wait for their turn beside changes and finalisations, and are
refused where what was shown is no longer so.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from peewee import JOIN, fn

import database
from blueprints import history, weeks
from blueprints.packages import rules as packages
from blueprints.packages.plan import active_days
from blueprints.payments import paying
from blueprints.payments import rules as payments
from blueprints.payments.rules import Held, Item, Key, State
from models import (
    Change,
    Contract,
    Hold,
    ItemKind,
    ItemState,
    ManualAdjustment,
    Package,
    PaymentPeriod,
    db,
    utc_now,
)

STATES = (ItemState.SUSPENDED, ItemState.CARRIED, ItemState.CANCELLED)
DONE = {  # what an officer did, as the trail and refusals say it
    ItemState.SUSPENDED: "Suspended",
    ItemState.CARRIED: "Carried forward",
    ItemState.CANCELLED: "Cancelled",
}


class Refused(ValueError):
    """A hold or release that cannot be; the message says why, and nothing was changed."""


class Wanted(NamedTuple):
    """What of a contract's period is to be held: some lines by the texts of their keys, all of a client, or all."""

    keys: frozenset[str] = frozenset()
    client: int | None = None
    everything: bool = False

    @property
    def is_something(self) -> bool:
        """It names anything at all."""
        return bool(self.keys or self.client or self.everything)

    def wants(self, item: Item) -> bool:
        """The item is one of them."""
        if self.everything:
            return True
        return item.client == self.client if self.client else item.key.text in self.keys


class Line(NamedTuple):
    """Something that can be held: its item, or none where nothing is due yet; and the hold on it, if there is one."""

    key: Key
    item: Item | None
    held: Held | None


class Found(NamedTuple):
    """What was wanted as it stands: the lines, how many of those that were named have gone, and what marks them."""

    lines: list[Line]
    gone: int

    @property
    def shown(self) -> str:
        """A mark that differs as soon as lines come or go or somebody else holds or releases one."""
        texts = sorted(f"{x.key.text} {x.held.id} {x.held.version}" if x.held else x.key.text for x in self.lines)
        return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]

    @property
    def items(self) -> list[Item]:
        """The lines that come to something now."""
        return [line.item for line in self.lines if line.item]


def find(contract: Contract, period: PaymentPeriod, wanted: Wanted, state: State | None = None) -> Found:
    """What of a current period is wanted.

    Of a client or contract these are all lines, and all weeks of the period in which a package is active though
    nothing is due yet: visits that come late are held with the rest.
    """
    held = payments.holds_of(contract)
    lines = {
        item.key: Line(item.key, item, held.get(item.key))
        for item in payments.items(contract, period, state)
        if item.key and wanted.wants(item)
    }
    if wanted.client or wanted.everything:
        for key in empty_weeks(contract, period, wanted.client):
            lines.setdefault(key, Line(key, None, held.get(key)))
    there = {key.text for key in lines}
    return Found(list(lines.values()), len(wanted.keys - there))


def empty_weeks(contract: Contract, period: PaymentPeriod, client: int | None) -> Iterable[Key]:
    """Every week of the period in which an authorised package (of the client) is active, by kind."""
    condition = (Package.contract == contract) & Package.authorised
    if client:
        condition &= Package.client == client
    monday, mondays = payments.first_monday(period), []
    while monday <= packages.day(period.end_date):
        mondays.append(monday)
        monday += dt.timedelta(7)
    for ident, line in packages.lines(condition).items():
        for week in mondays:
            if active_days(line.plan, week)[2]:
                yield Key(ident, week, str(ItemKind.COST), None)
                if line.plan.contribution:
                    yield Key(ident, week, str(ItemKind.CONTRIBUTION), None)


# holding ---------------------------------------------------------------------------------------------------------------


def hold(
    contract: Contract,
    period: PaymentPeriod,
    wanted: Wanted,
    state: ItemState,
    reason: str,
    shown: str,
    by: history.Actor,
) -> int:
    """Hold lines of a current period; one transaction. Returns how many; none where all are held just so already.

    `shown` is the mark of what the person saw. Raises Refused: the period is finalised, a line has gone, or somebody
    else has held or released one of them meanwhile.
    """
    with db.atomic():
        database.serialise(db, "settle")
        now = payments.states([contract])[contract.id]
        if done := now.finalised.get(period.id):
            raise Refused(
                f"{done.by} finalised this period at {moment(done.at)}, so its lines can no longer be held. "
                "Nothing was changed. What was paid by mistake can be taken back by a manual adjustment."
            )
        found = find(contract, period, wanted, now)
        if found.gone or not found.lines:
            raise Refused(gone_words(found))
        if all(
            x.held and not x.held.is_released and (x.held.state, x.held.reason) == (state, reason) for x in found.lines
        ):
            return 0
        if found.shown != shown:
            raise Refused(meanwhile(found) or "The lines have changed since you looked. Nothing was changed.")
        write(found.lines, state, reason, contract, by)
    return len(found.lines)


def gone_words(found: Found) -> str:
    """What to say where lines are no longer there."""
    if not found.lines:
        return "Nothing is there to hold any more: what was due has become nothing. Nothing was changed."
    what = "One line that you chose is" if found.gone == 1 else f"{found.gone} lines that you chose are"
    return f"{what} no longer there: what was due has become nothing. Nothing was changed."


def meanwhile(found: Found) -> str:
    """Who has held some of the lines last, in words; empty where nobody has."""
    idents = [line.held.id for line in found.lines if line.held and not line.held.is_released]
    last = Hold.select().where(Hold.id.in_(idents)).order_by(Hold.at.desc()).first()
    return f"{told(last)} Nothing was changed." if last else ""


def told(row: Hold) -> str:
    """`Amir Khan suspended this at 14:30 on 14 October 2026: under query.`"""
    done = {ItemState.CARRIED: "carried this forward"}.get(row.state, f"{DONE[row.state].lower()} this")
    return f"{row.by or 'Somebody'} {done} at {moment(row.at)}: {row.reason.rstrip('.')}."


def moment(at: dt.datetime) -> str:
    """`14:30 on 14/10/2026`, in London."""
    return f"{weeks.london(at):%H:%M on %d/%m/%Y}"


def write(lines: Sequence[Line], state: ItemState, reason: str, contract: Contract, by: history.Actor) -> None:
    """Write the holds with their history; what an earlier finalisation noted on one of another state is done with."""
    at = str(utc_now())
    names = ["state", "reason", "by", "at", "version", "finalisation", "amount", "vat", "released_at", "released_by",
             "release_reason"]  # fmt: skip

    def facts(held: Held | None) -> tuple:
        same = held and not held.is_released and held.state == state
        kept = (held.finalisation, held.amount, held.vat) if same else (None, 0, 0)
        return (str(state), reason, by.name, at, held.version + 1 if held else 1, *kept, None, "", "")

    weekly = [(x.key.package, x.key.week.isoformat(), x.key.kind, *facts(x.held)) for x in lines if x.key.package]
    manual = [(x.key.adjustment, x.key.kind, *facts(x.held)) for x in lines if x.key.adjustment]
    database.bulk_upsert(Hold, ["package", "week", "kind", *names], weekly, key=["package", "week", "kind"])
    database.bulk_upsert(Hold, ["adjustment", "kind", *names], manual, key=["adjustment"], update=names)
    idents = {
        Key(package, packages.day(week), kind, adjustment): ident
        for ident, package, week, kind, adjustment in Hold.select(
            Hold.id, Hold.package, Hold.week, Hold.kind, Hold.adjustment
        )
        .where(paying.of_contract(contract))
        .tuples()
    }
    history.record_many(
        by,
        [
            history.Entry(
                DONE[state],
                "hold",
                idents[x.key],
                {"state": x.held.state, "reason": x.held.reason} if x.held and not x.held.is_released else {},
                {"state": str(state), "reason": reason, **about(x.key, contract)},
                contract.organisation_id,
            )
            for x in lines
        ],
    )


def about(key: Key, contract: Contract) -> dict:
    """What a hold is on, for the trail."""
    if key.adjustment:
        return {"contract": contract.ref, "manual_adjustment": key.adjustment}
    return {"contract": contract.ref, "package": key.package, "week": key.week, "kind": key.kind}


# releasing -------------------------------------------------------------------------------------------------------------


def release(shown: Mapping[int, int], reason: str, by: history.Actor) -> int:
    """Release holds, by id with the version that the person saw; one transaction. Returns how many.

    What a finalised period has held back is payable in the contract's oldest current period, which says that it was
    held. Raises Refused: one has been released, changed or settled by a finalisation meanwhile.
    """
    with db.atomic():
        database.serialise(db, "settle")
        rows = {row.id: row for row in Hold.select().where(Hold.id.in_(list(shown)))}
        open_ones = {ident: row for ident, row in rows.items() if row.released_at is None}
        if not shown or not open_ones:
            raise Refused(released_words(next(iter(shown), 0), next(iter(rows.values()), None)))
        for ident, version in shown.items():
            row = open_ones.get(ident)
            if row is None:
                raise Refused(released_words(ident, rows.get(ident)))
            if row.version != version:
                raise Refused(f"{told(row)} Nothing was released.")
            if is_final(row):
                raise Refused(
                    f"{told(row)} A period has been finalised since, so it is never paid. Nothing was released."
                )
        stays = [r.id for r in open_ones.values() if r.state == ItemState.SUSPENDED and r.finalisation_id]
        goes = [ident for ident in open_ones if ident not in set(stays)]
        owners = owners_of(open_ones)
        Hold.update(released_at=utc_now(), released_by=by.name, release_reason=reason, version=Hold.version + 1).where(
            Hold.id.in_(stays)
        ).execute()
        Hold.delete().where(Hold.id.in_(goes)).execute()
        history.record_many(
            by,
            [
                history.Entry(
                    "Released",
                    "hold",
                    row.id,
                    {"state": row.state, "reason": row.reason},
                    {
                        "reason": reason,
                        **about(Key(row.package_id, row.week, row.kind, row.adjustment_id), owners[row.id]),
                    },
                    owners[row.id].organisation_id,
                )
                for row in open_ones.values()
            ],
        )
    return len(open_ones)


def is_final(row: Hold) -> bool:
    """A manual adjustment that a finalised period has cancelled: it is settled, and nothing of it can follow."""
    return bool(row.adjustment_id and row.state == ItemState.CANCELLED and row.finalisation_id)


def owners_of(idents: Iterable[int]) -> dict[int, Contract]:
    """The contract of each hold, by two queries."""
    rows = (
        Hold.select(Hold.id, fn.COALESCE(Package.contract, ManualAdjustment.contract))
        .join(Package, JOIN.LEFT_OUTER).switch(Hold).join(ManualAdjustment, JOIN.LEFT_OUTER)
        .where(Hold.id.in_(list(idents))).tuples()
    )  # fmt: skip
    found = dict(rows)
    contracts = {c.id: c for c in Contract.select().where(Contract.id.in_(set(found.values())))}
    return {ident: contracts[contract] for ident, contract in found.items()}


def released_words(ident: int, row: Hold | None) -> str:
    """Who has released a hold already, and when."""
    if row is not None and row.released_at and row.state == ItemState.CARRIED:
        return (
            f"The period that {row.released_by} finalised at {moment(row.released_at)} carried this forward: it is payable "
            "in the next one. Nothing was done twice."
        )
    if row is not None and row.released_at:
        return f"{row.released_by} released this already, at {moment(row.released_at)}. Nothing was done twice."
    last = (
        Change.select(Change.by, Change.at)
        .where((Change.thing == "hold") & (Change.thing_id == ident) & (Change.what == "Released"))
        .order_by(Change.id.desc())
        .first()
    )
    if last:
        return f"{last.by} released this already, at {moment(last.at)}. Nothing was done twice."
    return "This is not held any more: a period that was finalised has settled it. Nothing was done twice."
