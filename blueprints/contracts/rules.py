"""What may be said of a contract, and how contracts are saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from blueprints import facts as records
from blueprints import history
from blueprints.facts import Changed, Facts, Fault, Saved, Touched
from blueprints.settings import rules as settings
from models import Contract, Finalisation, Package, PaymentBasis

WANTED = {
    "ref": "the contract's reference",
    "name": "the contract's name",
    "organisation": "the organisation's reference",
    "contract_type": "the contract's type, such as DAPL",
    "cycle": "the payment cycle's name",
}
DEFAULTS = {"vat_rate": 0, "payment_basis": PaymentBasis.PORTAL.value, "payment_method": ""}
FIELDS = (*WANTED, *DEFAULTS)
# What cannot change once a period of the contract is finalised (rule 7.1).
FIXED = {"cycle": "payment cycle", "vat_rate": "VAT rate", "payment_basis": "payment basis"}


class Uses(NamedTuple):
    """What holds contracts to what they are: those with packages, and those with a finalised period."""

    with_packages: frozenset[int]
    finalised: frozenset[int]


def uses() -> Uses:
    """What holds every contract to what it is."""
    packages = Package.select(Package.contract).distinct().tuples()
    finalised = Finalisation.select(Finalisation.contract).distinct().tuples()
    return Uses(frozenset(i for (i,) in packages), frozenset(i for (i,) in finalised))


def check_contract(facts: Facts, existing=None, known: Uses | None = None) -> list[Fault]:
    """What is wrong with a contract's facts (rule 7.1); a file reads `known` once."""
    before = records.of(existing)
    faults = records.missing(facts, WANTED)
    if facts.get("payment_basis") and facts["payment_basis"] not in set(PaymentBasis):
        faults.append(Fault("payment_basis", f"Choose one of {', '.join(PaymentBasis)}"))
    if not 0 <= (facts.get("vat_rate") or 0) <= 10_000:
        faults.append(Fault("vat_rate", records.enter("a percentage from 0 to 100")))
    if known is None:
        faults += records.taken(Contract, "ref", facts, existing, "the contract")
        known = uses() if before else Uses(frozenset(), frozenset())
    if not before:
        return faults
    if before["id"] in known.finalised:
        faults += [
            Fault(name, f"A period of this contract is finalised, so its {what} cannot change. Add another contract")
            for name, what in FIXED.items()
            if name in facts and facts[name] not in (None, before[name])
        ]
    moved = facts.get("organisation") not in (None, before["organisation"])
    if moved and before["id"] in known.with_packages | known.finalised:
        faults.append(
            Fault("organisation", "The contract has packages, so it stays with its organisation. Add another contract")
        )
    return faults


def save_contract(facts: Facts, by: history.Actor, existing: Contract | None = None) -> Saved:
    """Add or change a contract. Raises Faulty."""
    defaults = {**dict.fromkeys(WANTED), **DEFAULTS}
    return records.save(facts, existing, by, defaults=defaults, check=check_contract, write=write_contracts)


def write_contracts(changed: Sequence[Changed], by: history.Actor) -> tuple[list[int], Touched]:
    """Write contracts with their history; inside the caller's transaction. Packages are touched where payment is."""
    idents = records.write(Contract, changed, by, "ref", FIELDS, "organisation")
    if idents:
        owners = {c.after["organisation"] for c in changed} | {c.before["organisation"] for c in changed if c.before}
        settings.bump_organisations("packages", owners, "contracts")
    repriced = [c.ident for c in changed if c.moves(*FIXED)]
    found = Package.select(Package.id).where(Package.contract.in_(repriced)).tuples() if repriced else ()
    return idents, Touched(packages=frozenset(i for (i,) in found))
