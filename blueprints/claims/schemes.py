"""What contract types pay of the care missed in hospital: rule 8.2, and where the authority has its own rule (P-18)."""

from __future__ import annotations

from typing import NamedTuple

from blueprints import facts as records
from blueprints import history
from blueprints.claims.sums import SCHEMES, Scheme
from blueprints.facts import Facts, Fault, Saved, Touched
from models import ClaimRule, Contract, LongerStay

FIELDS = ("contract_type", "is_paid", "percent", "most_days", "working_days", "longer")
NONE = {"is_paid": False, "percent": 5000, "most_days": 7, "working_days": False, "longer": LongerStay.NOTHING}
MOST_DAYS = 366


def facts_of(contract_type: str) -> Facts:
    """The rule of a contract type as a form shows it: the authority's own, else that of rule 8.2."""
    row = ClaimRule.get_or_none(ClaimRule.contract_type == contract_type)
    if row is not None:
        return {name: getattr(row, name) for name in FIELDS}
    return {"contract_type": contract_type, **_default(contract_type)}


def _default(contract_type: str) -> Facts:
    scheme = SCHEMES.get(contract_type)
    if scheme is None:
        return dict(NONE)
    longer = LongerStay.FIRST_DAYS if scheme.first_days else LongerStay.NOTHING
    return {"is_paid": True, "percent": scheme.percent, "most_days": scheme.most_days,
            "working_days": scheme.working_days, "longer": longer}  # fmt: skip


def schemes() -> dict[str, Scheme]:
    """The contract types that pay, with what they pay; by one query."""
    found = dict(SCHEMES)
    for row in ClaimRule.select():
        found.pop(row.contract_type, None)
        if row.is_paid:
            first_days = row.longer == LongerStay.FIRST_DAYS
            found[row.contract_type] = Scheme(row.percent, row.most_days, row.working_days, first_days)
    return found


class Listed(NamedTuple):
    """A contract type in the list: its rule in words, how many contracts have it, and whether the rule is its own."""

    contract_type: str
    words: str
    contracts: int
    is_own: bool


def listed() -> list[Listed]:
    """Every contract type that a contract or a rule has."""
    counts: dict[str, int] = {}
    for (kind,) in Contract.select(Contract.contract_type).tuples():
        counts[kind] = counts.get(kind, 0) + 1
    own = {row.contract_type for row in ClaimRule.select(ClaimRule.contract_type)}
    now = schemes()
    return [
        Listed(kind, in_words(now.get(kind)), counts.get(kind, 0), kind in own)
        for kind in sorted({*counts, *own, *SCHEMES}, key=str.casefold)
        if kind
    ]


def in_words(scheme: Scheme | None) -> str:
    """`50% of the care missed in stays of up to 7 days; nothing for a longer one`."""
    if scheme is None:
        return "Nothing"
    percent = f"{scheme.percent / 100:g}%"
    days = f"{scheme.most_days} {'working ' if scheme.working_days else ''}day{'' if scheme.most_days == 1 else 's'}"
    if scheme.first_days:
        return f"{percent} of the care missed in the first {days} of a stay"
    return f"{percent} of the care missed in stays of up to {days}; nothing for a longer one"


def check(facts: Facts) -> list[Fault]:
    """What is wrong with a rule."""
    faults = records.missing(facts, {"contract_type": "the contract type"})
    if facts.get("is_paid") and not 0 < (facts.get("percent") or 0) <= 10_000:
        faults.append(Fault("percent", "Enter a percentage above 0 and up to 100"))
    if not 1 <= (facts.get("most_days") or 0) <= MOST_DAYS:
        faults.append(Fault("most_days", f"Enter a number of days from 1 to {MOST_DAYS}"))
    if facts.get("longer") not in set(LongerStay):
        faults.append(Fault("longer", "Choose what a longer stay gives"))
    return faults


def save(facts: Facts, by: history.Actor, existing: ClaimRule | None = None) -> Saved:
    """Set what a contract type pays. Raises Faulty. Claims that were submitted keep the working that they show."""

    def write(changed, by: history.Actor) -> tuple[list[int], Touched]:
        return records.write(ClaimRule, changed, by, "contract_type", FIELDS), Touched()

    return records.save(
        facts,
        existing,
        by,
        defaults={"contract_type": None, **NONE},
        check=lambda after, before: check(after),
        write=write,
    )
