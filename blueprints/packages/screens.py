"""A package is changed from a page: what it moves is said first, then it is saved with what follows (rule 3.9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any, NamedTuple

from flask import request
from peewee import IntegrityError

import database
from blueprints import consequences, facts
from blueprints.payments import rules as payments
from blueprints.weeks import today
from models import Contract, Package, db


class Outcome(NamedTuple):
    """What became of a change: saved; to be confirmed, with what it moves; or neither, and the form is shown again."""

    saved: bool = False
    moves: consequences.Moves | None = None


def together(*all_touched: facts.Touched) -> facts.Touched:
    """What several changes touch, as one."""
    return facts.Touched(*(frozenset().union(*parts) for parts in zip(*all_touched, strict=True)))


def stamp(moves: consequences.Moves) -> str:
    """What a confirmation is for: exactly these moves."""
    return sha256(repr(moves).encode()).hexdigest()[:20]


def packages_of_clients(clients: Iterable[int]) -> Callable[[], list[int]]:
    """All packages of these clients, asked anew each time: what one package matches, another loses."""
    clients = list(clients)
    return lambda: [i for (i,) in Package.select(Package.id).where(Package.client.in_(clients)).tuples()]


def attempt(
    form,
    name: str,
    now: Callable[[], dict[str, Any]] | None,
    change: Callable[[], facts.Touched],
    clients: Iterable[int],
) -> Outcome:
    """Make a change with what follows, in one transaction, unless it moves the past and that has not been confirmed.

    `name` names what is changed, so that one person at a time does; `now` gives the facts that the form was opened
    with, as they are now. Faults are shown in the form.
    """
    try:
        with db.atomic():
            database.serialise(db, name)
            if now is not None and form.overtaken(Package, now()):
                return Outcome()

            def follow():
                consequences.follow_touched(change(), now=True)

            moves = consequences.preview(follow, packages_of_clients(clients), today())
            if moves.weeks and request.form.get("confirmed") != stamp(moves):
                return Outcome(moves=moves)
            follow()
    except facts.Faulty as refused:
        form.blame(refused.faults)
        return Outcome()
    except IntegrityError:
        form.form_errors.append("Somebody else has just saved a package with this CPLI id. Look for it in the list")
        return Outcome()
    return Outcome(saved=True)


class Week(NamedTuple):
    """A week that a change moves, as the confirmation lists it."""

    package: Package
    week: Any
    before: int
    after: int
    is_adjustment: bool


def weeks_moved(moves: consequences.Moves, most: int = 200) -> tuple[list[Week], int]:
    """The first of the weeks moved, with their packages; and how many of all lie in finalised periods (7.3)."""
    found = {
        p.id: p
        for p in Package.select(Package, Contract).join(Contract).where(Package.id.in_({r.package for r in moves.rows}))
    }
    states = payments.states({p.contract_id: p.contract for p in found.values()}.values()) if found else {}
    listed, adjusted = [], 0
    for row in moves.rows:
        package = found.get(row.package)
        state = states.get(package.contract_id) if package else None
        period = state.of_week(row.week) if state else None
        late = row.is_paid or (period is not None and period.id in state.finalised)
        adjusted += late
        if len(listed) < most:
            listed.append(Week(package, row.week, row.before, row.after, late))
    return listed, adjusted


def typed() -> list[tuple[str, str]]:
    """What was typed, to travel through the confirmation."""
    left_out = ("csrf_token", "confirmed", "organisation_id")
    return [(name, value) for name, value in request.form.items(multi=True) if name not in left_out]
