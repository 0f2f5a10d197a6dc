"""A claim as both doors show it: the items with their working and evidence, what is said of it, where it is paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from blueprints import history
from blueprints.claims import items as claim_items
from blueprints.claims import rules
from blueprints.claims.sums import Working
from blueprints.frame import show_moment
from blueprints.packages.rules import day
from blueprints.reach import Reach, contract_reached
from blueprints.values import show_date, show_money, show_quantity, show_rate
from models import (
    Claim,
    ClaimFile,
    ClaimItem,
    ClaimPost,
    ClaimState,
    Contract,
    Finalisation,
    PaymentItem,
    PaymentPeriod,
)


class Paid(NamedTuple):
    """Where an item stands: the period that has paid it, or the one that is to; None where there is none yet."""

    contract: int
    period: int | None
    start: dt.date | None
    end: dt.date | None
    is_finalised: bool

    @property
    def words(self) -> str:
        """`Paid in the period 07/09/2026 to 04/10/2026`."""
        if self.period is None:
            return "It is paid in the contract’s next period; none is set up yet"
        days = f"{show_date(self.start)} to {show_date(self.end)}"
        return f"Paid in the period {days}" if self.is_finalised else f"Payable in the period {days}"


class Shown(NamedTuple):
    """An item with its working as claimed, its evidence, and what has happened to it."""

    item: ClaimItem
    working: Working | None
    files: list[ClaimFile]
    paid: Paid | None


def paid(items: Iterable[ClaimItem], states: Mapping) -> dict[int, Paid]:
    """Where the items of accepted claims are paid, by item; `states` are payments.states of their contracts."""
    items = [item for item in items if item.amount]
    done = (
        PaymentItem.select(PaymentItem.claim, PaymentPeriod.id, PaymentPeriod.start_date, PaymentPeriod.end_date)
        .join(Finalisation).join(PaymentPeriod).where(PaymentItem.claim.in_([i.id for i in items])).tuples()
    )  # fmt: skip
    found = {ident: (period, day(start), day(end)) for ident, period, start, end in done}
    made = {}
    for item in items:
        if item.id in found:
            made[item.id] = Paid(item.contract_id, *found[item.id], True)
            continue
        oldest = states[item.contract_id].oldest_current
        stands = (oldest.id, day(oldest.start_date), day(oldest.end_date)) if oldest else (None, None, None)
        made[item.id] = Paid(item.contract_id, *stands, False)
    return made


def items(claim: Claim, states: Callable[[list[Contract]], Mapping]) -> list[Shown]:
    """The items of a claim as they are shown; `states` is payments.states."""
    found = claim_items.list_of(claim)
    files = claim_items.files_of([item.id for item in found])
    stands = paid(found, states([item.contract for item in found])) if claim.state == ClaimState.ACCEPTED else {}
    return [Shown(item, claim_items.kept(item), files[item.id], stands.get(item.id)) for item in found]


def reached(claim: Claim, states: Callable[[list[Contract]], Mapping], reach: Reach) -> list[Shown]:
    """The items as a provider's person sees them: where one is paid is of the contract's payments (rule 11.1)."""
    found = items(claim, states)
    seen = {contract for contract in {x.paid.contract for x in found if x.paid} if contract_reached(reach, contract)}
    return [x if x.paid is None or x.paid.contract in seen else x._replace(paid=None) for x in found]


def posts(claim: Claim) -> list[ClaimPost]:
    """What the two sides said, oldest first."""
    return list(ClaimPost.select().where(ClaimPost.claim == claim).order_by(ClaimPost.id))


LABELS = {
    "unit_cost": ("Unit Cost", show_rate),
    "decided_unit_cost": ("Unit Cost paid", show_rate),
    "quantity": ("Quantity", lambda v: show_quantity(v, short=True)),
    "decided_quantity": ("Quantity paid", lambda v: show_quantity(v, short=True)),
    "claimed": ("Amount claimed", show_money),
    "amount": ("Amount paid", show_money),
    "worked_out": ("Worked out", show_money),
    "stay_first": ("First day in hospital", lambda v: show_date(dt.date.fromisoformat(v))),
    "stay_last": ("Last day in hospital", lambda v: show_date(dt.date.fromisoformat(v))),
    "state": ("Status", str),
    "said": ("Said", str),
}


def story(claim: Claim) -> list[dict]:
    """The claim's history, newest first, as ui.history shows it: what each side did and what changed in figures."""
    made = []
    for entry in history.of(claim):
        changes = []
        for name, before, after in entry["changes"]:
            if before in (None, "") and after in (None, ""):
                continue
            label, show = LABELS.get(name, (name.replace("_", " ").capitalize(), in_words))
            changes.append((label, *("" if v in (None, "") else show(v) for v in (before, after))))
        made.append({"when": show_moment(entry["at"]), "who": entry["by"], "what": entry["what"], "changes": changes})
    return made


def in_words(value) -> str:
    """A kept value as a person reads it."""
    return ("Yes" if value else "No") if isinstance(value, bool) else str(value)


def totals(shown: Sequence[Shown]) -> dict[str, int]:
    """Pence claimed, and pence payable: the sum of the included items (P-09)."""
    claimed, amount = rules.amounts(one.item for one in shown)
    return {"claimed": claimed, "payable": amount}
