"""What an item of a claim may be: whom and what for, under which contract, and how its amount comes about (rule 8)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from blueprints.claims import calls, schemes, sums
from blueprints.claims.sums import Call, Scheme, Stay, Working, amount_of
from blueprints.facts import Fault
from blueprints.packages.rules import day
from blueprints.values import show_date, show_money
from models import (
    Claim,
    Claimable,
    ClaimFile,
    ClaimItem,
    ClaimState,
    Client,
    Contract,
    File,
    Package,
    PaymentBasis,
    ServiceLevel,
)

MOST = 1_000_000_0000  # ten-thousandths of a pound: a larger unit cost is a slip of the keyboard


def levels() -> list[ServiceLevel]:
    """The service levels that may be claimed, by name (P-07)."""
    return list(ServiceLevel.select().where(ServiceLevel.claimable != Claimable.NO).order_by(ServiceLevel.name))


def clients(service: int) -> list[Client]:
    """The clients with a package in a service, by name (P-08)."""
    own = Package.select(Package.client).where(Package.service == service)
    return list(Client.select().where(Client.id.in_(own)).order_by(Client.surname, Client.forename, Client.ssref))


def contracts(service: int, client: int) -> list[Contract]:
    """The contracts under which a client has packages in a service, by name."""
    own = Package.select(Package.contract).where((Package.service == service) & (Package.client == client))
    return list(Contract.select().where(Contract.id.in_(own)).order_by(Contract.name))


class About(NamedTuple):
    """Whom and what an item is for; for a hospital incentive the contract's scheme and the client's visits."""

    claim: Claim
    level: ServiceLevel
    client: Client
    contract: Contract
    scheme: Scheme | None
    calls: Sequence[Call]

    @property
    def in_hospital(self) -> bool:
        """The amount is worked out from a stay (rule 8.2)."""
        return self.level.claimable == Claimable.HOSPITAL

    @property
    def stays(self) -> list[Stay]:
        """The stays under the contract, oldest first."""
        found = sums.stays(self.calls)
        return [stay for stay in found if any(c.contract in (None, self.contract.id) for c in stay.calls)]

    def working(self, first: dt.date, last: dt.date) -> Working | None:
        """The working of a stay's days; None where the contract pays nothing."""
        return sums.work_out(self.scheme, self.calls, first, last, self.contract.id) if self.scheme else None


def about(claim: Claim, level: ServiceLevel, client: Client, contract: Contract, settings) -> About:
    """What an item is for, with what its amount is worked out from."""
    if level.claimable != Claimable.HOSPITAL:
        return About(claim, level, client, contract, None, ())
    scheme = schemes.schemes().get(contract.contract_type)
    return About(
        claim, level, client, contract, scheme, calls.of_client(claim.service_id, client.id, settings.hospital_type)
    )


def no_scheme(what: About) -> str:
    """Why nothing can be claimed under the contract; empty where something can (P-18, P-19)."""
    contract = what.contract
    if contract.payment_basis == PaymentBasis.INVOICE:
        return f"{contract.name} is paid by invoice: put the amount on an invoice. It cannot be claimed here"
    if what.in_hospital and what.scheme is None:
        return f"{contract.name} has contract type {contract.contract_type}, which pays no hospital incentive"
    return ""


def facts(what: About, given: Mapping[str, Any]) -> dict[str, Any]:
    """All facts of an item from what a form gives: description, quantity, unit_cost, stay_first, stay_last,
    dates_reason, amount_reason."""
    made = {
        "contract": what.contract.id,
        "client": what.client.id,
        "level": what.level.id,
        **given,
        "found_first": None,
        "found_last": None,
        "worked_out": None,
        "working": "",
    }
    first, last = given.get("stay_first"), given.get("stay_last")
    if what.in_hospital and first and last and first <= last:
        if found := next((s for s in what.stays if s.first <= last and s.last >= first), None):
            made |= {"found_first": found.first, "found_last": found.last}
        if working := what.working(first, last):
            made |= {"worked_out": working.amount, "working": keep(working)}
    return made


def check(what: About, made: Mapping[str, Any], settings, today: dt.date) -> list[Fault]:
    """What is wrong with an item's facts (P-05, P-06, P-07, P-23)."""
    faults = []
    if why := no_scheme(what):
        faults.append(Fault("", why))
    if what.in_hospital:
        faults += check_stay(made, settings, today)
    text, least = made.get("description") or "", settings.claim_description_least
    if not text:
        faults.append(Fault("description", "Enter the description"))
    elif len(text) < least:
        faults.append(Fault("description", f"Enter a description of at least {least} characters: it has {len(text)}"))
    elif len(text) > 8000:
        faults.append(Fault("description", "The description must be 8,000 characters or fewer"))
    quantity, unit_cost = made.get("quantity") or 0, made.get("unit_cost") or 0
    if quantity <= 0:
        faults.append(Fault("quantity", "Enter a quantity above 0"))
    if unit_cost <= 0:
        faults.append(Fault("unit_cost", "Enter a unit cost above £0"))
    elif unit_cost > MOST or quantity * unit_cost > 100 * MOST:
        faults.append(Fault("unit_cost", "Enter an amount of at most £1,000,000"))
    elif not amount_of(quantity, unit_cost):
        faults.append(Fault("unit_cost", "Enter a quantity and unit cost that come to a penny or more"))
    elif made.get("worked_out") not in (None, amount_of(quantity, unit_cost)) and not made.get("amount_reason"):
        worked_out = show_money(made["worked_out"])
        faults.append(
            Fault("amount_reason", f"Enter why the amount is not {worked_out}, as the portal has worked it out")
        )
    return faults


def check_stay(made: Mapping[str, Any], settings, today: dt.date) -> list[Fault]:
    """What is wrong with the days of a stay."""
    first, last = made.get("stay_first"), made.get("stay_last")
    faults = []
    if not first:
        faults.append(Fault("stay_first", "Enter the first day in hospital"))
    if not last:
        faults.append(Fault("stay_last", "Enter the last day in hospital"))
    if not first or not last:
        return faults
    if last < first:
        return [Fault("stay_last", f"Enter a last day on or after the first, {show_date(first)}")]
    if last > today:
        return [Fault("stay_last", "Enter a last day that has come: a stay is claimed once its outcome is clear")]
    found = made.get("found_first"), made.get("found_last")
    if found[0] and found != (first, last) and not made.get("dates_reason"):
        words = f"{show_date(found[0])} to {show_date(found[1])}"
        faults.append(Fault("dates_reason", f"Enter why the stay is not {words}, as the visits say"))
    if settings.claim_over_limit == "refuse" and (late := over_limit(last, settings, today)):
        faults.append(Fault("stay_last", late))
    return faults


def over_limit(last: dt.date | None, settings, today: dt.date) -> str:
    """What to say of a stay that ended longer ago than the authority takes claims for; empty otherwise (P-23)."""
    limit = settings.claim_limit_days
    if not limit or last is None or (today - last).days <= limit:
        return ""
    return f"The stay ended {(today - last).days} days ago; claims are to be made within {limit} days"


# what is said of a whole claim -----------------------------------------------------------------------------------------


def faults(claim: Claim, settings, today: dt.date) -> list[str]:
    """Why a draft cannot be submitted, in sentences (P-11, P-19, P-23)."""
    items = list_of(claim)
    if not items:
        return ["Add a client item first: a claim without items cannot be submitted."]
    found = []
    known = schemes.schemes()
    for item in items:
        what = About(claim, item.level, item.client, item.contract, known.get(item.contract.contract_type), ())
        if item.level.claimable == Claimable.NO:
            found.append(f"{item.level.name} can no longer be claimed. Change the item of {item.client.name}.")
        elif why := no_scheme(what):
            found.append(f"{why}. Take the item of {item.client.name} off.")
        elif settings.claim_over_limit == "refuse" and (late := over_limit(day(item.stay_last), settings, today)):
            found.append(f"{item.client.name}: {late}.")
    return found


def warnings(claim: Claim, items: Sequence[ClaimItem], settings, today: dt.date, reach) -> list[str]:
    """What both sides should know before they act, in sentences; none of it refuses anything (P-12, P-23)."""
    said = []
    if len({item.client_id for item in items}) > 1:
        said.append("This claim is for more than one client. One claim for each client is preferred.")
    for item in items:
        if late := over_limit(day(item.stay_last), settings, today):
            said.append(f"{item.client.name}: {late}.")
        for other in overlapping(item, reach):
            said.append(
                f"{item.client.name}: the claim of {show_date(day(other.claim.claimed_on))} "
                f"({other.claim.state.lower()}) covers days of the same stay."
            )
    return said


def overlapping(item: ClaimItem, reach) -> list[ClaimItem]:
    """Items of other submitted claims within reach, rejected ones apart, for the same client and contract and days of the same stay."""
    if not item.stay_first or not item.included:
        return []
    return list(
        ClaimItem.select(ClaimItem, Claim).join(Claim)
        .where(
            (ClaimItem.client == item.client_id) & (ClaimItem.contract == item.contract_id) & ClaimItem.included
            & (ClaimItem.claim != item.claim_id) & reach.services(Claim.service, Claim.organisation)
            & Claim.state.in_([ClaimState.PENDING, ClaimState.ACCEPTED])
            & (ClaimItem.stay_first <= item.stay_last) & (ClaimItem.stay_last >= item.stay_first)
        )
        .order_by(Claim.claimed_on)
    )  # fmt: skip


def list_of(claim: Claim) -> list[ClaimItem]:
    """The items of a claim with client, level and contract, as they were added."""
    return list(
        ClaimItem.select(ClaimItem, Client, ServiceLevel, Contract)
        .join(Client).switch(ClaimItem).join(ServiceLevel).switch(ClaimItem).join(Contract)
        .where(ClaimItem.claim == claim).order_by(ClaimItem.id)
    )  # fmt: skip


def files_of(items: Sequence[int]) -> dict[int, list[ClaimFile]]:
    """The evidence of items, oldest first."""
    found: dict[int, list[ClaimFile]] = {ident: [] for ident in items}
    rows = ClaimFile.select(ClaimFile, File).join(File)
    for row in rows.where(ClaimFile.item.in_(list(items))).order_by(ClaimFile.id):
        found[row.item_id].append(row)
    return found


# a working that is kept ------------------------------------------------------------------------------------------------


def keep(working: Working) -> str:
    """A working as text to keep with the item."""
    return json.dumps(working, default=lambda value: value.isoformat())


def kept(item: ClaimItem) -> Working | None:
    """The working as the provider saw it, or None where there is none."""
    if not item.working:
        return None
    first, last, days, lines, *rest = json.loads(item.working)
    made = [sums.Line(Call(*call[:2], day(call[2]), *call[3:]), *others) for call, *others in lines]
    return Working(day(first), day(last), days, tuple(made), *rest)


def moved(item: ClaimItem, now: Working | None) -> str:
    """How the visits say otherwise than when the claim was made; empty where they say the same."""
    if now is None or item.worked_out is None or now.amount == item.worked_out:
        return ""
    was = show_money(item.worked_out)
    return f"The visits have changed since: they came to {was}, and come to {show_money(now.amount)} now."
