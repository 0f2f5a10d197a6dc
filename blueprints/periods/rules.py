"""Payment periods and finalising them (rule 7.1)."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Container, Iterable, Sequence

import database
from blueprints import consequences, history, mail
from blueprints import facts as records
from blueprints.facts import Changed, Facts, Fault, Saved, Touched, enter, show
from blueprints.payments import paying
from blueprints.payments import rules as payments
from blueprints.reach import Reach
from blueprints.settings import rules as settings
from models import (
    Change,
    Contract,
    Finalisation,
    Organisation,
    Package,
    PaymentCycle,
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
    with db.atomic():
        database.serialise(db, "settle")  # of changes, settling and finalisations one at a time
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
        paying.pay(done, listed)
        settings.bump_organisations("packages", [contract.organisation_id], "periods", "packages")
        sums = payments.totals(listed)
        history.record(
            by,
            "Finalised a period",
            done,
            {},
            {"contract": contract.ref, "from": period.start_date, "to": period.end_date, **sums},
            organisation=contract.organisation_id,
        )
        consequences.finalised(done)
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
        database.serialise(db, "settle")
        known = list(contracts)
        known_states = payments.states(known)
        waiting = [
            (period.start_date, contract.ref, contract, period)
            for contract in known
            for period in known_states[contract.id].periods
            if period.id not in known_states[contract.id].finalised
            and period.end_date <= until
            and period.start_date <= today
        ]
        for _, _, contract, period in sorted(waiting, key=lambda w: w[:2]):
            done.append(finalise(contract, period, by, today))
        tell_remittances(done)
    return done


def tell_remittances(done: list[Finalisation]) -> None:
    """Tell the people of the organisations, once a period, that remittances are ready; each what is within reach."""
    if not done or not settings.read().mail_remittances:
        return
    periods: dict[int, dict[int, set[int]]] = {}
    for one in done:
        periods.setdefault(one.contract.organisation_id, {}).setdefault(one.period_id, set()).add(one.contract_id)
    users = (
        User.select(User, Organisation).join(Organisation).where(User.is_active & User.organisation.in_(list(periods)))
    )
    letters, now = [], settings.read()
    for user in users:
        if not now.for_kinds(user.organisation.kinds.splitlines()).module_payments:
            continue
        reach = Reach.of(user)
        for period, contracts in periods[user.organisation_id].items():
            if not reach.limited or Contract.visible_to(reach).where(Contract.id.in_(contracts)).exists():
                letters.append((user.id, period, "", None))
    mail.send_many("remittance-ready", letters)


@mail.kind("remittance-ready", "Remittance ready", "A remittance is ready", can_wait=True)
def remittance_letter(letter: mail.Letter) -> dict | None:
    """What the mail about a finalised period says: the period and the contracts' names, no sums and no clients."""
    period = PaymentPeriod.get_or_none(PaymentPeriod.id == letter.about)
    if period is None or letter.user is None or letter.user.is_officer:
        return None
    contracts = (
        Contract.visible_to(Reach.of(letter.user))
        .join(Finalisation)
        .where((Finalisation.period == period) & (Contract.organisation == letter.user.organisation_id))
        .order_by(Contract.name)
    )
    names = [contract.name for contract in contracts]
    return {"period": period, "names": names, "link": letter.link("/provider/payments")} if names else None


# the periods of a cycle (rule 7.1) -------------------------------------------------------------------------------------

WANTED = {"start_date": "the first day of the period", "end_date": "the last day of the period"}
# In the order in which they come: visits are in, the period is finalised, the money arrives.
DATE_WORDS = {"cut_off": "cut-off date", "finalise_on": "finalising date", "pay_on": "payment date"}
DEFAULTS = dict.fromkeys(DATE_WORDS)
FIELDS = ("cycle", *WANTED, *DEFAULTS)
IS_FINALISED = "This period is finalised, so it cannot change"


def finalised_periods(cycle: PaymentCycle | int | None = None) -> set[int]:
    """The periods of a cycle, or of all, that are finalised for any contract."""
    query = Finalisation.select(Finalisation.period).distinct()
    if cycle is not None:
        query = query.join(PaymentPeriod).where(PaymentPeriod.cycle == cycle)
    return {ident for (ident,) in query.tuples()}


def check_period(
    facts: Facts, existing=None, finalised: Container[int] = (), fixed_from: dt.date | None = None
) -> list[Fault]:
    """What is wrong with one period by itself: `finalised` are ids of periods, `fixed_from` the first day of the first."""
    before = records.of(existing)
    faults = records.missing(facts, WANTED) + records.ends_before_start(facts) + dates_in_order(facts)
    if before and before["id"] in finalised:
        for name in (*WANTED, *DATE_WORDS):
            if name in facts and facts[name] != before[name]:
                faults.append(Fault(name, IS_FINALISED))
    start = facts.get("start_date")
    if not before and start and fixed_from and start < fixed_from:
        faults.append(
            Fault(
                "start_date",
                enter(f"a date after {show(fixed_from)}: that period is finalised, and none can be added before it"),
            )
        )
    return faults


def dates_in_order(facts: Facts) -> list[Fault]:
    """What is wrong with a period's calendar: a date before the one that comes first, or before the period begins."""
    faults = []
    start, last, whose = facts.get("start_date"), None, ""
    for name, words in DATE_WORDS.items():
        day = facts.get(name)
        if not day:
            continue
        if last and day < last:
            faults.append(
                Fault(name, f"Enter a {words} on or after {show(last)}, the {whose}; {show(day)} is before it")
            )
        elif start and day < start:
            faults.append(Fault(name, f"Enter a {words} on or after {show(start)}, when the period begins"))
        else:
            last, whose = day, words
    return faults


def clash(earlier: Facts, later: Facts) -> str:
    """What is wrong between two periods that follow each other, in words; empty where the later begins the day after."""
    wanted = earlier["end_date"] + dt.timedelta(1)
    if later["start_date"] == wanted:
        return ""
    periods = f"the period from {show(earlier['start_date'])} to {show(earlier['end_date'])}"
    if later["start_date"] < wanted:
        return f"The period from {show(later['start_date'])} to {show(later['end_date'])} overlaps {periods}"
    return f"There is a gap after {periods}: the next one begins on {show(wanted)}, not on {show(later['start_date'])}"


def check_period_set(cycle: PaymentCycle | int | None, periods: Sequence[Facts]) -> list[tuple[int, Fault]]:
    """What is wrong with a cycle's periods, all of them as they are to be; each fault with the period's place.

    A period with an `id` is a stored one. A stored one that is not among them is taken away. The place is -1 for what
    concerns no period of the list.
    """
    stored = (
        {row["id"]: row for row in PaymentPeriod.select().where(PaymentPeriod.cycle == cycle).dicts()} if cycle else {}
    )
    finalised = finalised_periods(cycle) if cycle else set()
    fixed_from = min((stored[i]["start_date"] for i in finalised), default=None)
    faults: list[tuple[int, Fault]] = []
    for at, facts in enumerate(periods):
        before = stored.get(facts.get("id"))
        faults += [(at, fault) for fault in check_period(facts, before, finalised, fixed_from)]
    kept = {facts.get("id") for facts in periods}
    for ident in sorted(finalised - kept):
        faults.append(
            (
                -1,
                Fault(
                    "start_date",
                    f"The period from {show(stored[ident]['start_date'])} is finalised, so it cannot be taken away",
                ),
            )
        )
    whole = [(at, facts) for at, facts in enumerate(periods) if facts.get("start_date") and facts.get("end_date")]
    whole.sort(key=lambda pair: pair[1]["start_date"])
    for (_, earlier), (at, later) in itertools.pairwise(whole):
        if words := clash(earlier, later):
            faults.append((at, Fault("start_date", words)))
    return faults


def save_cycle(name: str, by: history.Actor, existing: PaymentCycle | None = None) -> Saved:
    """Add or rename a payment cycle. Raises Faulty."""

    def check(after: Facts, before: Facts | None) -> list[Fault]:
        wanted = {"name": "the payment cycle's name"}
        return records.missing(after, wanted) + records.taken(PaymentCycle, "name", after, before, "the payment cycle")

    return records.save({"name": name}, existing, by, defaults={"name": None}, check=check, write=write_cycles)


def write_cycles(changed: Sequence[Changed], by: history.Actor) -> tuple[list[int], Touched]:
    """Write payment cycles with their history; inside the caller's transaction."""
    idents = records.write(PaymentCycle, changed, by, "name", ["name"])
    if idents:
        settings.bump("periods")
    return idents, Touched()


def save_period_set(cycle: PaymentCycle, periods: Sequence[Facts], by: history.Actor) -> Touched:
    """Make these the periods of a cycle, in place of those that it has. Raises Faulty."""
    with db.atomic():
        if faults := [fault for _, fault in check_period_set(cycle, periods)]:
            raise records.Faulty(faults)
        stored = {row["id"]: row for row in PaymentPeriod.select().where(PaymentPeriod.cycle == cycle).dicts()}
        changed = []
        for facts in periods:
            before = stored.get(facts.get("id"), {})
            after = {**DEFAULTS, **before, **facts, "cycle": cycle.id}
            if any(before.get(name) != after[name] for name in FIELDS):
                changed.append(Changed(before.get("id"), before, after))
        return write_periods(changed, by, sorted(set(stored) - {facts.get("id") for facts in periods}))


def write_periods(changed: Sequence[Changed], by: history.Actor, gone: Sequence[int] = ()) -> Touched:
    """Write periods and take away those `gone`, with history; inside the caller's transaction.

    Touched are the packages under contracts of the cycles whose days change.
    """
    entries, cycles = [], set()
    for row in PaymentPeriod.select().where(PaymentPeriod.id.in_(list(gone))).dicts() if gone else ():
        cycles.add(row["cycle"])
        entries.append(history.Entry("Took away", "payment_period", row["id"], {f: row[f] for f in FIELDS}, {}))
    if gone:
        PaymentPeriod.delete().where(PaymentPeriod.id.in_(list(gone))).execute()
    kept = [c for c in changed if c.ident is not None]
    if any(c.moves("start_date") for c in kept):  # two may change places: none may stand in another's way meanwhile
        aside = [(c.ident, dt.date.fromordinal(c.ident).isoformat()) for c in kept]
        database.bulk_update(PaymentPeriod, "id", ["start_date"], aside)
    database.bulk_update(
        PaymentPeriod, "id", FIELDS, [(c.ident, *(records.stored(c.after[f]) for f in FIELDS)) for c in kept]
    )
    added = [c for c in changed if c.ident is None]
    database.bulk_upsert(PaymentPeriod, FIELDS, [[records.stored(c.after[f]) for f in FIELDS] for c in added])
    moved = {c.after["cycle"] for c in changed if c.ident is None or c.moves("start_date", "end_date")} | cycles
    found = {
        (cycle, start): ident
        for ident, cycle, start in PaymentPeriod.select(PaymentPeriod.id, PaymentPeriod.cycle, PaymentPeriod.start_date)
        .where(PaymentPeriod.cycle.in_({c.after["cycle"] for c in changed}))
        .tuples()
    }
    for c in changed:
        ident = found[c.after["cycle"], c.after["start_date"]]
        before = {f: c.before[f] for f in FIELDS} if c.before else {}
        what = "Added" if c.ident is None else "Changed"
        entries.append(history.Entry(what, "payment_period", ident, before, {f: c.after[f] for f in FIELDS}))
    history.record_many(by, entries)
    if entries:
        settings.bump("periods")
    idents = Package.select(Package.id).join(Contract).where(Contract.cycle.in_(moved)).tuples() if moved else ()
    return Touched(packages=frozenset(i for (i,) in idents))
