"""Rule 7.3's invariants, and the figures worked out from nothing: one change and everything anew agree."""

from __future__ import annotations

from collections import defaultdict

from blueprints import consequences
from blueprints.matching.rules import Group
from blueprints.packages.rules import day
from blueprints.payments import rules as payments
from models import Actual, Contract, Due, Hold, ItemKind, ItemState, Package, Source, Visit, VisitStatus

ACTUAL = ("package", "week", "actual", "frustrated", "missed", "extra", "visits", "paid_minutes", "source")


def figures() -> dict[str, set]:
    """What matching, feeding and pricing have come to."""
    visits = Visit.select(
        Visit.ref, Visit.status, Visit.reason, Visit.package, Visit.paid_minutes, Visit.charged_minutes
    )
    actuals = Actual.select(*(getattr(Actual, name) for name in ACTUAL))
    dues = Due.select(
        *(getattr(Due, name) for name in ("package", "week", "contract", *payments.AMOUNTS, *payments.PAID))
    )
    return {
        "visits": set(visits.tuples()),
        "actuals": {(p, day(w), *rest) for p, w, *rest in actuals.tuples()},
        "dues": {(p, day(w), *rest) for p, w, *rest in dues.tuples()},
    }


def differences() -> list[str]:
    """Forget what follows from packages, visits and payments, work it out from nothing, and say what differs.

    To be rolled back by the caller.
    """
    before = figures()
    paid = (Due.paid_cost != 0) | (Due.paid_vat != 0) | (Due.paid_contribution != 0)
    Due.delete().where(~paid).execute()
    Due.update(dict.fromkeys(payments.AMOUNTS, 0)).execute()
    Actual.delete().where(Actual.source == Source.VISITS).execute()
    live = ~Visit.is_deleted & (Visit.status != VisitStatus.MISSING_DATA) & Visit.client.is_null(False)
    Visit.update(status=VisitStatus.NEW, reason="", package=None, paid_minutes=0, charged_minutes=0).where(
        live
    ).execute()
    groups = {
        Group(o, c, level, day(w))
        for o, c, level, w in Visit.select(Visit.organisation, Visit.client, Visit.level, Visit.week)
        .where(live)
        .tuples()
    }
    everything = [ident for (ident,) in Package.select(Package.id).tuples()]
    consequences.follow(consequences.Change(packages=everything, groups=groups), now=True)
    after = figures()
    return [
        f"{name}: {sorted(map(str, before[name] - after[name]))} is {sorted(map(str, after[name] - before[name]))} anew"
        for name in before
        if before[name] != after[name]
    ]


def unpaid_or_paid_twice() -> list[str]:
    """Rule 7.3: for each package and week, what was paid, what is listed to be paid, and what a finalised period holds
    back until it is released (rule 7.5), is what is due."""
    wrong = []
    back = {
        (package, day(week), kind)
        for package, week, kind in Hold.select(Hold.package, Hold.week, Hold.kind)
        .where((Hold.state == ItemState.SUSPENDED) & Hold.finalisation.is_null(False) & Hold.released_at.is_null())
        .tuples()
    }
    due = defaultdict(lambda: [0, 0, 0])
    for package, week, cost, vat, own in Due.select(
        Due.package, Due.week, Due.cost, Due.vat, Due.contribution
    ).tuples():
        due[package, day(week)] = [cost, vat, own]
    listed = defaultdict(lambda: [0, 0, 0])
    contracts = list(Contract.select())
    known = payments.states(contracts)
    for contract in contracts:
        state = known[contract.id]
        finalised = set(state.finalised)
        for period, item in payments.every_item(contract, state):
            if item.package is None:
                continue
            if period.id in finalised and item.state not in (ItemState.PAYABLE, ItemState.CANCELLED):
                continue  # held back: it is listed again once it is released
            if period.id not in finalised and (item.package, item.week, item.key.kind) in back:
                wrong.append(f"{item.key.text} is suspended in a finalised period, and raised again")
            sums = listed[item.package, item.week]
            if item.kind == ItemKind.CONTRIBUTION:
                sums[2] += item.amount
            else:
                sums[0] += item.amount
                sums[1] += item.vat
    for key in due.keys() | listed.keys():
        for kind, places in (("cost", slice(0, 2)), ("contribution", slice(2, 3))):
            if (*key, kind) not in back and due[key][places] != listed[key][places]:
                wrong.append(f"{key}: {kind} due {due[key][places]}, paid and listed {listed[key][places]}")
    return wrong
