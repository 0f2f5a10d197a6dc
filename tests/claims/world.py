"""What claims are tested with: Ann's stay in hospital, as the guide's examples have it, and presses of both sides."""

from __future__ import annotations

import datetime as dt
import io

from models import Claim, ClaimItem, Package, ServiceLevel, TimetableSlot
from tests.cast import at
from tests.provider_world import add_visit, settle

RATE = 237700  # £23.77, the price of the guide's examples
PDF = b"%PDF-1.4 discharge letter"


def incentive() -> ServiceLevel:
    """The claimable level of the guide."""
    found = ServiceLevel.get_or_none(ServiceLevel.ref == "HIP")
    return found or ServiceLevel.create(
        ref="HIP",
        name="Hospital Incentive Payment",
        unit="Payment",
        paid_on="one-off",
        entry="none",
        claimable="hospital",
    )


def other_level() -> ServiceLevel:
    """A level whose amount the provider enters."""
    return ServiceLevel.create(
        ref="KEY", name="Key safe", unit="Item", paid_on="one-off", entry="none", claimable="other"
    )


def stay(cast, first=dt.date(2026, 9, 29), days: int = 4, package=None, hours=(8,), minutes: int = 60, ref="H") -> None:
    """Visits in hospital on these days at these hours, one delivered before and one after; matched."""
    package = package or cast.package
    Package.update(unit_cost=RATE).where(Package.id == package.id).execute()
    if package.id == cast.package.id and hours != (8,):
        TimetableSlot.delete().where(TimetableSlot.package == package).execute()
    before, after = first - dt.timedelta(1), first + dt.timedelta(days)
    for n, day in ((0, before), (99, after)):
        add_visit(cast, f"{ref}D{n}", package, day, at(hours[0]), minutes)
    for n in range(days):
        for hour in hours:
            add_visit(cast, f"{ref}{n}-{hour}", package, first + dt.timedelta(n), at(hour), minutes, "H")
    settle(cast, package)


def press(client, address: str, **fields):
    """Send a form; lists of (bytes, name) are files."""
    data = {}
    for name, value in fields.items():
        if isinstance(value, list):
            data[name] = [(io.BytesIO(content), file) for content, file in value]
        elif value is not None:
            data[name] = value
    return client.post(address, data=data, content_type="multipart/form-data")


def drafted(client, cast, package=None, **fields) -> Claim:
    """A draft with one item for Ann's stay (or another client's), made with the forms."""
    package = package or cast.package
    level = incentive()
    press(client, "/provider/claims/new", service=str(package.service_id), organisation_id=cast.oakfield.id)
    claim = Claim.select().order_by(Claim.id.desc()).get()
    answer = add_item(client, claim, level, package, **fields)
    assert answer.status_code == 303, answer.get_data(as_text=True)[:6000]
    return claim


def item_address(claim: Claim, level, package) -> str:
    """The address of a new item's form."""
    return f"/provider/claims/{claim.id}/items/new?level={level.id}&client={package.client_id}&contract={package.contract_id}"


def add_item(client, claim: Claim, level, package, **fields):
    """Send the form of a new item with what the page proposes, or with other values."""
    address = item_address(claim, level, package)
    values = proposed(client.get(address).get_data(as_text=True)) | {
        "organisation_id": str(claim.organisation_id), "version": str(Claim.get_by_id(claim.id).version), **fields
    }  # fmt: skip
    return press(client, address, **values)


def proposed(text: str) -> dict[str, str]:
    """What the fields of an item's form hold."""
    import html5lib

    root = html5lib.parse(text, namespaceHTMLElements=False)
    found = {}
    for name in ("stay_first", "stay_last", "quantity", "unit_cost", "dates_reason", "amount_reason"):
        for field in root.iter("input"):
            if field.get("name") == name:
                found[name] = field.get("value") or ""
    for field in root.iter("textarea"):
        found[field.get("name")] = "".join(field.itertext()).strip()
    return found


def submit(client, claim: Claim, version: int | None = None):
    """Press Submit Claim."""
    return press(
        client, f"/provider/claims/{claim.id}/submission", organisation_id=claim.organisation_id,
        version=version or Claim.get_by_id(claim.id).version,
    )  # fmt: skip


def decide(client, claim: Claim, decision: str, version: int | None = None, notes: str = "", **changes):
    """Press a button of the decision; `changes` to the first item: unit_cost, included, notes_of_item."""
    data = {"decision": decision, "notes": notes, "version": version or Claim.get_by_id(claim.id).version}
    for number, item in enumerate(ClaimItem.select().where(ClaimItem.claim == claim).order_by(ClaimItem.id)):
        mine = changes if number == 0 else {}
        data[f"item-{item.id}-quantity"] = "1"
        data[f"item-{item.id}-unit_cost"] = mine.get("unit_cost", f"{item.unit_cost / 10000:.4f}")
        data[f"item-{item.id}-notes"] = mine.get("notes_of_item", "")
        if mine.get("included", True):
            data[f"item-{item.id}-included"] = "y"
    return press(client, f"/authority/claims/{claim.id}/decision", **data)
