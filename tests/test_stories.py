"""Random stories told to the product and to the oracle: every row of every dump agrees to the penny."""

from __future__ import annotations

import csv
import io
import os
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings

from blueprints import consequences, sheets, weeks
from blueprints.actuals import rules as actuals
from blueprints.adjustments import rules as manual
from blueprints.claims import rules as claims
from blueprints.history import COMMAND_LINE
from blueprints.holds import rules as holds
from blueprints.imports import rules as imports
from blueprints.payments import rules as payments
from blueprints.periods import rules as periods
from blueprints.reports import dumps
from blueprints.values import file_date, file_money, file_quantity, file_rate
from models import (
    Client,
    Contract,
    Hold,
    ItemState,
    OrderLine,
    Organisation,
    Package,
    PurchaseOrder,
    Service,
    ServiceLevel,
    db,
)
from tests.oracle import Oracle
from tests.stories import stories

EXAMPLES = int(os.environ.get("PORTAL_STORIES", "10"))
KNOWN_KINDS = set(imports.KINDS) - set(os.environ.get("SKIP_KINDS", "").split())


def as_file(rows: list[dict[str, str]]) -> io.BytesIO:
    """Rows as the bytes of a CSV file; no cell is neutralised, as a spreadsheet would write it."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return io.BytesIO(out.getvalue().encode())


class Portal:
    """The product, told a story by the rules that its commands call."""

    def load(self, kind: str, rows: list[dict[str, str]], ref: str | None) -> dict[str, int]:
        """Load a file without its rejected rows; the seven figures."""
        organisation = Organisation.get(Organisation.ref == ref) if ref else None
        batch = imports.load(imports.KINDS[kind], organisation, f"{kind}.csv", as_file(rows), without_rejected=True)
        assert batch.state == "Done", (batch.state, batch.refusal, [p.message for p in imports.problems(batch)])
        return imports.figures(batch)

    def generate(self, until, service) -> None:
        """Generate actuals."""
        for row in Service.select() if service is None else Service.select().where(Service.ref == service):
            with db.atomic():
                consequences.follow(consequences.Change(packages=actuals.generate_until(row, until, COMMAND_LINE)))
        consequences.settle()

    def finalise(self, until, contract) -> None:
        """Finalise periods."""
        rows = list(Contract.select() if contract is None else Contract.select().where(Contract.ref == contract))
        periods.finalise_all(rows, until, COMMAND_LINE, weeks.today())

    def hold(self, ref, scope, value, state, nth) -> int:
        """Hold a line, a client or a contract, as the page does; refused where nothing is there."""
        contract = Contract.get(Contract.ref == ref)
        now = payments.states([contract])[contract.id]
        current = [p for p in now.periods if p.id not in now.finalised]
        if len(current) <= nth:
            return 0
        if scope == "client":
            wanted = holds.Wanted(client=Client.get(Client.ssref == value).id)
        elif scope == "line":
            cpli, week, kind = value
            ident = Package.select(Package.id).where(Package.cpli_id == cpli).scalar() or 0
            wanted = holds.Wanted(keys=frozenset({f"{ident}-{week}-{kind}"}))
        else:
            wanted = holds.Wanted(everything=True)
        shown = holds.find(contract, current[nth], wanted).shown
        try:
            holds.hold(contract, current[nth], wanted, ItemState(state), "asked", shown, COMMAND_LINE)
        except holds.Refused as refusal:
            assert "there" in str(refusal), refusal
        return len(holds.find(contract, current[nth], wanted).lines)

    def release(self, ref, ssref) -> None:
        """Release all that is held of a contract, or of one of its clients."""
        contract = Contract.get(Contract.ref == ref)
        shown = {}
        for row in Hold.select().where(Hold.released_at.is_null()):
            one = row.package or row.adjustment
            wanted = ssref is None or (one.client_id and one.client.ssref == ssref)
            if wanted and one.contract_id == contract.id and not holds.is_final(row):
                shown[row.id] = row.version
        if shown:
            holds.release(shown, "asked", COMMAND_LINE)

    def adjust(self, ref, amount, vat, ssref, key) -> None:
        """Add a manual adjustment, as the page does; refused where it cannot stand anywhere."""
        contract = Contract.get(Contract.ref == ref)
        try:
            facts = {"amount": int(Fraction(amount) * 100), "with_vat": vat, "reason": "Other", "note": "by hand",
                     "client": manual.client_of(contract, ssref)}  # fmt: skip
            manual.add(contract, facts, ["Other"], manual.period_of(contract).id, key, COMMAND_LINE)
        except (manual.Refused, manual.Faulty) as refusal:
            assert any(words in str(refusal) for words in ("invoice", "is finalised", "has a package")), refusal

    def claim(self, ref, amount, ssref) -> None:
        """A claim that a provider makes and an officer accepts, by the rules that the pages call."""
        contract = Contract.get(Contract.ref == ref)
        level = ServiceLevel.get_or_none(ServiceLevel.ref == "HIP") or ServiceLevel.create(
            ref="HIP", name="Incentive", unit="Payment", paid_on="one-off", entry="none", claimable="other"
        )
        service = Service.get(Service.organisation == contract.organisation_id)
        one = claims.begin(service, "", COMMAND_LINE, weeks.today())
        facts = {"contract": contract.id, "client": Client.get(Client.ssref == ssref).id, "level": level.id,
                 "description": "by hand", "quantity": 100, "unit_cost": int(Fraction(amount) * 10000)}  # fmt: skip
        item = claims.save_item(one, None, facts, [], None, COMMAND_LINE)
        claims.submit(one, lambda _: [], None, COMMAND_LINE, weeks.today())
        decided = {item.id: claims.Decided(True, item.quantity, item.unit_cost, "")}
        claims.decide(one, True, decided, "", None, COMMAND_LINE)

    def dump(self, kind: str) -> list[dict[str, str]]:
        """A file that leaves, read again as text."""
        headings, rows = dumps.make(kind, None, None, None)
        text = b"".join(sheets.write_csv(rows, headings)).decode()
        return list(csv.DictReader(io.StringIO(text)))


def kept_orders() -> list[dict[str, str]]:
    """The orders that the portal keeps, as the purchase-orders file has their lines."""
    rows = OrderLine.select().join(PurchaseOrder).where(OrderLine.version == 0)
    return [
        {
            "ContractRef": row.order.contract.ref,
            "SSRef": row.order.client.ssref,
            "FinancialYear": f"{row.order.year}/{row.order.year + 1}",
            "CPLIId": str(row.package.cpli_id),
            "From": file_date(row.first),
            "To": file_date(row.last),
            "Quantity": file_quantity(row.quantity),
            "UnitCost": file_rate(row.unit_cost),
            "Discount": file_quantity(row.discount),
            "Amount": file_money(row.amount),
            "SpendToDate": file_money(row.order.spend),
        }
        for row in rows
    ]


def in_order(rows: list[dict[str, str]]) -> list[tuple]:
    """Rows to compare, whatever their order."""
    return sorted(tuple(sorted(row.items())) for row in rows)


@pytest.mark.feature("K-16", "O-29", "O-30", "O-32", "R-12", "R-13", "S-03", "S-06")
@pytest.mark.feature("K-16", "O-29", "O-30", "O-32", "R-09", "R-12", "R-13", "R-14")
@pytest.mark.feature("K-16", "O-29", "O-30", "O-32", "R-09", "R-12", "R-13", "R-14", "P-25")
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    print_blob=True,
)
@given(story=stories())
def test_the_product_agrees_with_the_oracle(app, story):
    today, steps = story
    with db.atomic() as transaction:
        try:
            tell(today, steps)
        finally:
            transaction.rollback()


def tell(today, steps) -> None:
    """Tell a story to both and compare at its checks and at its end."""
    weeks.set_today(today)
    oracle, portal = Oracle(today), Portal()
    for number, step in enumerate([*steps, ("dump-check",)]):
        verb, *told = step
        if verb == "load":
            kind, rows, organisation = told
            if kind not in KNOWN_KINDS or not rows:
                continue
            expected = oracle.load(kind, rows, organisation)
            found = portal.load(kind, rows, organisation)
            found = {("read" if k == "records" else k): v for k, v in found.items()}
            if kind == "timetables":
                continue  # what a slot that is not named counts as is open
            if kind != "visits":
                found["issues"] = expected["issues"]
            note(f"step {number}: load {kind} {organisation}")
            assert found == expected, f"{number} {kind} {found} {expected} {rows}"
        elif verb == "generate":
            oracle.generate(*told)
            portal.generate(*told)
        elif verb == "finalise":
            oracle.finalise(*told)
            portal.finalise(*told)
        elif verb == "hold":
            assert oracle.hold(*told) == portal.hold(*told), step
        elif verb == "release":
            oracle.release(*told)
            portal.release(*told)
        elif verb == "adjust":
            ref, amount, vat, ssref = told
            oracle.adjust(ref, Fraction(amount), vat, ssref)
            portal.adjust(*told, f"step {number}")
        elif verb == "claim":
            ref, amount, ssref = told
            oracle.claim(ref, Fraction(amount), ssref)
            portal.claim(*told)
        else:
            for kind in set(dumps.KINDS) - set(os.environ.get("SKIP_DUMPS", "").split()):
                assert in_order(portal.dump(kind)) == in_order(oracle.dump(kind)), (number, kind)
            assert in_order(kept_orders()) == in_order(oracle.dump("purchase-orders")), number
            for order in PurchaseOrder.select():
                lines = [row.amount for row in order.rows.where(OrderLine.version == 0)]
                assert order.value == sum(lines), order.id
