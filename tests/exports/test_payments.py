"""The finance system's file: every finalisation once, the same file each time, to the penny (R-18)."""

import csv
import datetime as dt
import io

import pytest

from blueprints import consequences, weeks
from blueprints.adjustments import rules as adjustments
from blueprints.exports import rules
from blueprints.history import Actor
from blueprints.holds import rules as holds
from blueprints.jobs import rules as jobs
from blueprints.orders import listing as orders
from blueprints.payments import rules as payments
from blueprints.periods import rules as periods
from blueprints.remittances.rules import remittance
from models import (
    Change,
    Contract,
    Export,
    ExportedFinalisation,
    File,
    FileChunk,
    Finalisation,
    Hold,
    Job,
    Look,
    ManualAdjustment,
    Organisation,
    Package,
    PurchaseOrder,
)
from tests import counting
from tests.orders.test_rules import order_of
from tests.provider_world import add_visit, finalise, settle
from tests.visits.test_provider import text_of

BY = Actor(None, "Rose Hill")


@pytest.fixture
def world(cast):
    """Two contracts of a cycle with VAT, accounting groups, a contribution and a hold; the first period is finalised."""
    Contract.update(vat_rate=2000, payment_method="BACS").where(Contract.id == cast.dapl.id).execute()
    Package.update(cost_centre="4101", subjective="R4210", contribution=700).where(
        Package.id == cast.package.id
    ).execute()
    cast.personal_care.service_group_class = "Home care"
    cast.personal_care.save()
    for day in (7, 8, 14, 21):
        add_visit(cast, f"V{day}", day=dt.date(2026, 9, day))
    add_visit(cast, "B7", package=cast.bobs, day=dt.date(2026, 9, 7))
    settle(cast, cast.package, cast.bobs, cast.placed)
    Hold.create(package=cast.bobs, week=dt.date(2026, 9, 7), kind="cost", state="Suspended", reason="Asked", by="x")
    finalise(cast)
    finalise(cast, contract=cast.spot)
    return cast


@pytest.fixture
def officer(client, world):
    return world.sign_in(client, world.officer)


def by_hand(world, amount: int, client) -> None:
    """A manual adjustment with VAT under Oakfield's contract."""
    facts = {"client": client and client.id, "amount": amount, "with_vat": True, "reason": "Other", "note": "By hand"}
    adjustments.add(world.dapl, facts, ["Other"], world.periods[1].id, f"{amount}", BY)


def make(officer, world, number: int = 0):
    """Press, run the job; the page of the job."""
    answer = officer.post(f"/authority/exports/payments/{world.periods[number].id}")
    assert answer.status_code == 303
    jobs.run_waiting()
    return officer.get(answer.location)


def rows_of(answer) -> list[dict]:
    return list(csv.DictReader(io.StringIO(answer.text)))


def pence(rows, *columns) -> int:
    return sum(round(float(r[c]) * 100) for r in rows for c in columns)


@pytest.mark.feature("R-18")
def test_what_is_finalised_waits_is_made_and_taken(officer, world):
    page = text_of(officer.get("/authority/exports").text)
    assert "Four-weekly" in page and "07/09/2026 to 04/10/2026" in page and "Make the file" in page
    made = make(officer, world)
    assert "is made: 11 rows." in made.text
    assert "Making a file for the finance system" in officer.get("/authority/jobs").text
    page = text_of(officer.get("/authority/exports").text)
    assert "Everything that is finalised is in a file." in page and "Not taken" in page and "Amir Khan" in page
    export = Export.get()
    answer = officer.get(f"/authority/exports/{export.id}/file")
    assert answer.mimetype == "text/csv"
    assert f"filename=finance-four-weekly-2026-09-07-{export.id}.csv" in answer.headers["Content-Disposition"]
    rows = rows_of(answer)
    assert len(rows) == export.rows
    first = next(r for r in rows if r["CPLIId"] == "156017" and r["Kind"] == "cost")
    assert first == {
        "PaymentCycle": "Four-weekly", "PeriodStart": "2026-09-07", "PeriodEnd": "2026-10-04", "Status": "Finalised",
        "ContractRef": "C1", "CPLIId": "156017", "SSRef": "A100001", "WeekBeginning": "2026-09-07", "Kind": "cost",
        "Reason": "", "Quantity": "2.00", "UnitCost": "23.2260", "Amount": "46.45", "VAT": "9.29", "State": "Payable",
        "OrganisationRef": "OAK", "OrganisationName": "Oakfield Home Care", "ContractName": "Oakfield DAPL",
        "PaymentMethod": "BACS", "ServiceGroupClass": "Home care", "CostCentre": "4101", "Subjective": "R4210",
    }  # fmt: skip
    assert {r["State"] for r in rows} == {"Payable"} and "A100002" not in {r["SSRef"] for r in rows}
    assert {r["ContractRef"] for r in rows} == {"C1", "C2"}
    page = text_of(officer.get("/authority/exports").text)
    assert "Not taken" not in page
    shown = text_of(officer.get(f"/authority/exports/{export.id}").text)
    assert "Who took it Amir Khan" in shown and "Oakfield DAPL (C1)" in shown and export.file.sha256 in shown


@pytest.mark.feature("R-18")
def test_the_file_the_remittance_the_payments_and_the_order_agree_to_the_penny(officer, world):
    make(officer, world)
    export = Export.get()
    rows = rows_of(officer.get(f"/authority/exports/{export.id}/file"))
    for contract in (world.dapl, world.spot):
        own = [r for r in rows if r["ContractRef"] == contract.ref]
        listed = payments.items(contract, world.periods[0])
        assert pence(own, "Amount") == payments.totals(listed)["amount"] == remittance(listed).amount
        assert pence(own, "VAT") == payments.totals(listed)["vat"]
        done = Finalisation.get(Finalisation.contract == contract)
        assert pence(own, "Amount", "VAT") == done.amount + done.vat
    assert (export.amount, export.vat) == (pence(rows, "Amount"), pence(rows, "VAT"))
    ann = [r for r in rows if r["SSRef"] == "A100001" and r["Kind"] != "contribution"]
    assert order_of(world.ann).spend == pence(ann, "Amount")


@pytest.mark.feature("R-14", "R-18")
def test_manual_adjustments_and_what_is_released_agree_in_every_file(officer, world):
    """One about a client counts as spent on the client's order; one about nobody on no order; both are paid."""
    by_hand(world, 1005, world.ann)
    by_hand(world, -333, None)
    held = {h.id: h.version for h in Hold.select()}
    holds.release(held, "", BY)
    finalise(world, 1)
    listed = payments.items(world.dapl, world.periods[1])
    assert {(i.kind, i.amount, i.vat) for i in listed if i.kind == "manual"} == {
        ("manual", 1005, 201),
        ("manual", -333, -67),
    }
    make(officer, world, 1)
    rows = [r for r in rows_of(officer.get(f"/authority/exports/{Export.get().id}/file")) if r["ContractRef"] == "C1"]
    assert pence(rows, "Amount", "VAT") == payments.totals(listed)["total"] == remittance(listed).total
    assert {r["SSRef"] for r in rows if r["Kind"] == "manual"} == {"A100001", ""}
    assert [r["Reason"] for r in rows if r["SSRef"] == "A100002" and r["Kind"] == "adjustment"] == ["released"]
    order = order_of(world.ann)
    ann = [i for n in (0, 1) for i in payments.items(world.dapl, world.periods[n]) if i.client == world.ann.id]
    assert order.spend == sum(i.amount for i in ann if i.kind != "contribution")
    row = orders.Row._make(next(iter(orders.query(PurchaseOrder.id == order.id))))
    assert sum(one.amount for one in orders.spent(row)) == order.spend


@pytest.mark.feature("R-18")
def test_taken_again_it_is_the_same_whatever_has_changed_since(officer, world):
    make(officer, world)
    export = Export.get()
    address = f"/authority/exports/{export.id}/file"
    first = officer.get(address).data
    Package.update(cost_centre="9999", subjective="X").execute()
    Organisation.update(name="Renamed", ref="NEW").where(Organisation.id == world.oakfield.id).execute()
    world.cycle.name = "Every four weeks"
    world.cycle.save()
    assert officer.get(address).data == first
    assert Look.select().where((Look.thing == "export") & (Look.thing_id == export.id)).count() == 2
    assert "2 times" in officer.get("/authority/exports").text
    import hashlib

    assert hashlib.sha256(first).hexdigest() == export.file.sha256


@pytest.mark.feature("R-18")
def test_each_finalisation_is_in_one_file(officer, world):
    """A contract that is finalised later comes in a second file of the same period; nothing is in two."""
    make(officer, world)
    late = Contract.create(ref="C3", name="Oakfield LWAH", organisation=world.oakfield, contract_type="LWAH",
                           cycle=world.cycle)  # fmt: skip
    package = world.make_package(156500, world.bob, world.north, world.placement, late, quantity=100, unit_cost=1000000)
    settle(world, package)
    periods.finalise(late, world.periods[0], BY, weeks.today())
    assert [(w.contracts, w.amount) for w in rules.waiting()] == [(1, 40000)]
    make(officer, world)
    one, two = Export.select().order_by(Export.id)
    assert (one.contracts, two.contracts, two.rows) == (2, 1, 4)
    assert {r["ContractRef"] for r in rows_of(officer.get(f"/authority/exports/{two.id}/file"))} == {"C3"}
    assert ExportedFinalisation.select().count() == Finalisation.select().count() == 3


@pytest.mark.feature("R-18")
def test_pressed_twice_it_is_made_once(officer, world, app):
    address = f"/authority/exports/payments/{world.periods[0].id}"
    first = officer.post(address).location
    colleague = world.sign_in(app.test_client(), world.user("p@authority.example", "Priya Shah", None, ["payments"]))
    assert colleague.post(address).location == first
    jobs.run_waiting()
    assert Export.select().count() == 1 and Job.select().where(Job.kind == "export-payments").count() == 1
    again = colleague.post(address, follow_redirects=True)
    assert "Amir Khan has made it already. Nothing was done twice." in again.text
    waiting = colleague.post(f"/authority/exports/payments/{world.periods[2].id}", follow_redirects=True)
    assert "Nothing of it is finalised." in waiting.text
    assert colleague.post("/authority/exports/payments/99999").status_code == 404
    assert Export.select().count() == 1


@pytest.mark.parametrize("where", ["bulk_upsert", "keep", "note"])
def test_killed_in_the_middle_there_is_no_file_and_a_second_try_makes_it(world, monkeypatch, where):
    waiting = rules.waiting()[0]
    job = rules.queue(waiting, BY)
    place = {"bulk_upsert": rules.database, "keep": rules, "note": rules}[where]
    whole = getattr(place, where)

    def dies(*args, **kwargs):
        if where != "keep":
            whole(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(place, where, dies)
    with pytest.raises(KeyboardInterrupt):
        jobs.run(job.id)
    monkeypatch.setattr(place, where, whole)
    assert not Export.select().exists() and not File.select().exists() and not FileChunk.select().exists()
    assert not ExportedFinalisation.select().exists() and len(rules.waiting()) == 1
    jobs.release(Job.get_by_id(job.id))
    jobs.run_waiting()
    assert Export.select().count() == 1 and Job.get_by_id(job.id).state == "Done"
    jobs.HANDLERS["export-payments"](Job.get_by_id(job.id), jobs.NoProgress())
    assert Export.select().count() == 1


def test_a_file_that_somebody_else_has_just_made_is_not_made_twice(world):
    waiting = rules.waiting()[0]
    rules.make_payments(waiting.period, waiting.finalisations, BY)
    with pytest.raises(jobs.Refused, match="Rose Hill has made the file of this period already"):
        rules.make_payments(waiting.period, waiting.finalisations, BY)
    assert Export.select().count() == 1 and File.select().count() == 1
    entry = Change.get(Change.thing == "export")
    assert entry.what == "Made" and "sha256" in entry.after


def test_an_adjustment_and_a_released_hold_come_in_the_next_file(officer, world):
    make(officer, world)
    add_visit(world, "V9", day=dt.date(2026, 9, 9))
    settle(world)
    finalise(world, 1)
    make(officer, world, 1)
    two = Export.select().order_by(Export.id.desc()).get()
    rows = rows_of(officer.get(f"/authority/exports/{two.id}/file"))
    late = [r for r in rows if r["Kind"] == "adjustment"]
    assert [(r["WeekBeginning"], r["Amount"], r["Reason"]) for r in late] == [("2026-09-07", "23.23", "visits changed")]


def test_who_may_only_read_sees_the_list_and_takes_nothing(officer, world, app):
    make(officer, world)
    reader = world.sign_in(app.test_client(), world.reader)
    page = reader.get("/authority/exports").text
    assert "finance-four-weekly" in page and "Take the file" not in page
    assert reader.get(f"/authority/exports/{Export.get().id}/file").status_code == 403
    assert reader.post(f"/authority/exports/payments/{world.periods[0].id}").status_code == 403


def test_the_list_takes_the_same_queries_for_more_files(officer, world):
    make(officer, world)
    one = counting.of(officer, "/authority/exports")
    finalise(world, 1)
    finalise(world, 1, world.spot)
    make(officer, world, 1)
    officer.get(f"/authority/exports/{Export.select().order_by(Export.id.desc()).get().id}/file")
    assert counting.of(officer, "/authority/exports") == one


def test_nothing_payable_is_a_heading_alone(world):
    consequences.settle()
    empty = Contract.create(ref="C8", name="Empty", organisation=world.oakfield, contract_type="APL", cycle=world.cycle)
    done = periods.finalise(empty, world.periods[0], BY, weeks.today())
    export = rules.make_payments(world.periods[0].id, [done.id], BY)
    assert export.rows == 0
    assert b"".join(rules.attachments.pieces(File.get_by_id(export.file_id))).decode().splitlines() == [
        ",".join(rules.HEADINGS)
    ]


def test_a_manual_adjustment_is_in_the_file_and_on_the_client_s_order(officer, world):
    ManualAdjustment.create(contract=world.dapl, organisation=world.oakfield, client=world.ann, amount=-1234,
                            with_vat=True, reason="Mileage", note="In August", key="k1")  # fmt: skip
    ManualAdjustment.create(contract=world.dapl, organisation=world.oakfield, amount=500, reason="Other", note="All",
                            key="k2")  # fmt: skip
    before = order_of(world.ann).spend
    finalise(world, 1)
    make(officer, world)
    make(officer, world, 1)
    two = Export.select().order_by(Export.id.desc()).get()
    rows = [r for r in rows_of(officer.get(f"/authority/exports/{two.id}/file")) if r["Kind"] == "manual"]
    assert sorted((r["SSRef"], r["Reason"], r["Amount"], r["VAT"], r["CPLIId"]) for r in rows) == [
        ("", "Other", "5.00", "0.00", ""), ("A100001", "Mileage", "-12.34", "-2.47", "")
    ]  # fmt: skip
    ann = order_of(world.ann)
    assert ann.spend == before - 1234
    text = text_of(officer.get(f"/authority/orders/{ann.id}").text)
    assert "05/10/2026 to 01/11/2026" in text and "-£12.34" in text
