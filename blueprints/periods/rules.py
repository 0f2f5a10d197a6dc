"""Payment periods and finalising them (rule 7.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import database
from blueprints import history
from blueprints.payments import rules as payments
from models import (
    Change,
    Contract,
    Finalisation,
    Package,
    PaymentPeriod,
    StaleGroup,
    StalePackage,
    User,
    db,
    utc_now,
)


class Refused(ValueError):
    """Something about periods that cannot be; the message says why and what to do."""


def finalise(contract: Contract, period: PaymentPeriod, by: history.Actor, today: dt.date) -> Finalisation:
    """Finalise a contract's period, in one transaction; it cannot be undone (rule 7.1).

    Raises Refused: done already, an earlier period is still current, not begun, changes still being worked out, or
    (setting) the person changed a package in it. Call consequences.settle first.
    """
    from blueprints.settings import rules as settings

    with db.atomic():
        database.serialise(db, "settle")  # of finalisers too: one lock, so that two cannot wait for each other
        state = payments.states([contract])[contract.id]
        if period.id in state.finalised:
            done = state.finalised[period.id]
            raise Refused(
                f"{contract.name} has been finalised for this period already, by {done.by} at {done.at:%H:%M} UTC on {done.at:%d/%m/%Y}."
            )
        oldest = state.oldest_current
        if oldest is None or oldest.id != period.id:
            raise Refused(
                f"Finalise {contract.name} in order: the period from {oldest.start_date:%d/%m/%Y} comes first."
            )
        if today < period.start_date:
            raise Refused("A period can be finalised from its first day.")
        if is_unsettled(contract):
            raise Refused(
                "Changes to this contract's packages or visits are still being worked out. Try again in a minute."
            )
        if not settings.read().same_person_may_finalise and by.user_id and changed_a_package(by, contract, period):
            raise Refused("You changed a package of this period. Somebody else must finalise it.")
        listed = payments.items(contract, period, state)
        done = Finalisation.create(
            contract=contract, period=period, by=by.name, at=utc_now(), **payments.kept_sums(listed)
        )
        payments.pay(done, listed)
        payments.keep_as_paid(contract)
        sums = payments.totals(listed)
        history.record(
            by,
            "Finalised a period",
            done,
            {},
            {"contract": contract.ref, "from": period.start_date, "to": period.end_date, **sums},
            organisation=contract.organisation_id,
        )
    return done


def is_unsettled(contract: Contract) -> bool:
    """Something of the contract's packages waits to be worked out."""
    idents = Package.select(Package.id).where(Package.contract == contract)
    clients = Package.select(Package.client).where(Package.contract == contract)
    return (
        StalePackage.select().where(StalePackage.package.in_(idents)).exists()
        or StaleGroup.select()
        .where((StaleGroup.organisation == contract.organisation_id) & StaleGroup.client.in_(clients))
        .exists()
    )


def changed_a_package(by: history.Actor, contract: Contract, period: PaymentPeriod) -> bool:
    """The person changed a package of the contract since the period before was finalised (rule 11.5)."""
    last = (
        Finalisation.select(Finalisation.at)
        .where(Finalisation.contract == contract)
        .order_by(Finalisation.at.desc())
        .first()
    )
    idents = Package.select(Package.id).where(Package.contract == contract)
    changes = Change.select().where(
        (Change.user == User(id=by.user_id)) & (Change.thing == "package") & Change.thing_id.in_(idents)
    )
    if last:
        changes = changes.where(Change.at > last.at)
    return changes.exists()


def finalise_all(
    contracts: Iterable[Contract], until: dt.date, by: history.Actor, today: dt.date
) -> list[Finalisation]:
    """Finalise every current period of these contracts that ends by then, oldest first, in one transaction.

    Periods that have not begun are left (rule 7.1).
    """
    done = []
    with db.atomic():
        known = list(contracts)
        known_states = payments.states(known)
        waiting = [
            (period.start_date, contract.ref, contract, period)
            for contract in known
            for period in known_states[contract.id].periods
            if period.id not in known_states[contract.id].finalised and period.end_date <= until and period.start_date <= today
        ]
        for _, _, contract, period in sorted(waiting, key=lambda w: w[:2]):
            done.append(finalise(contract, period, by, today))
    return done
