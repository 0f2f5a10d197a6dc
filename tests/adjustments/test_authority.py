"""Officers adjust by hand on screen; the provider sees reason and note on scheduled payments and remittance."""

from __future__ import annotations

import csv
import io

import pytest

from blueprints.payments import rules as payments
from blueprints.settings import rules as settings
from models import Contract, Hold, ManualAdjustment, PaymentItem
from tests import counting
from tests.holds.test_rules import add, finalise, world  # noqa: F401
from tests.pages import fields
from tests.visits.test_provider import text_of


@pytest.fixture
def officer(client, world):  # noqa: F811
    """The officer with every role, signed in."""
    return world.sign_in(client, world.officer)


def new(world) -> str:  # noqa: F811
    """Where one is added."""
    return f"/authority/adjustments/contracts/{world.dapl.id}/new"


TYPED = {"direction": "pay", "amount": "12.34", "reason": "Mileage or travel", "note": "Mileage in August"}


def send(officer, address: str, **changes):
    """Open the form, fill it in and press."""
    sent = fields(officer.get(address).text, "direction" if "edit" in address else "key") | TYPED | changes
    return officer.post(address, data={k: v for k, v in sent.items() if v is not None})


@pytest.mark.feature("R-14")
def test_added_it_is_shown_to_both_sides_with_its_reason_and_note(officer, world):  # noqa: F811
    Contract.update(vat_rate=2000).where(Contract.id == world.dapl.id).execute()
    text = officer.get(new(world)).text
    assert "7 September 2026 to 4 October 2026, the oldest" in text and "VAT applies: 20% under this contract" in text
    answer = send(officer, new(world), with_vat="y", ssref="A100001", direction="take")
    text = text_of(officer.get(answer.location).text)
    assert "Manual adjustment of -£12.34" in text and "taken back from the provider" in text
    assert "The manual adjustment of -£12.34 is added." in text and "-£2.47" in text and "-£14.81" in text
    lines = f"/authority/periods/{world.periods[0].id}/contracts/{world.dapl.id}"
    assert "Manual adjustment Mileage or travel Archer, Ann (A100001) Mileage in August" in text_of(
        officer.get(lines).text
    )
    provider = world.sign_in(officer.application.test_client(), world.finance)
    theirs = f"/contracts/{world.dapl.id}/periods/{world.periods[0].id}"
    text = text_of(provider.get(f"/provider/payments{theirs}").text)
    assert "Manual adjustment Mileage or travel Archer, Ann (A100001) Mileage in August" in text and "-£14.81" in text
    finalise(world)
    text = text_of(provider.get(f"/provider/remittances{theirs}").text)
    assert "Cost Manual adjustment Mileage or travel 07/09/2026 13/09/2026 1 -£12.34 -£2.47 -£14.81" in text
    assert "Archer, Ann, manual adjustment: Mileage in August" in text
    rows = list(
        csv.DictReader(
            io.StringIO(provider.get(f"/provider/remittances{theirs}?format=csv").get_data().decode("utf-8-sig"))
        )
    )
    assert [r["Reason"] for r in rows if r["Kind"] == "Manual adjustment"] == ["Mileage or travel"]
    assert "7 September 2026 to 4 October 2026, finalised" in text_of(officer.get(answer.location).text)


@pytest.mark.feature("R-14")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": "0"}, "Amount, excluding VAT must be £0.01 or more"),
        ({"amount": "0.00"}, "Amount, excluding VAT must be £0.01 or more"),
        ({"amount": "-5"}, "Amount, excluding VAT must be £0.01 or more"),
        ({"amount": "12.345"}, "Enter the amount in pounds and pence, such as 1234.56"),
        ({"amount": "12,34"}, "Enter the amount in pounds and pence, such as 1234.56"),
        ({"amount": "nothing"}, "Enter the amount in pounds and pence, such as 1234.56"),
        ({"amount": "99999999999"}, "Enter an amount of at most £10,000,000.00"),
        ({"amount": ""}, "Enter the amount"),
        ({"direction": None}, "Choose whether it pays the provider or takes back"),
        ({"reason": ""}, "Choose the reason"),
        ({"reason": "Because"}, "Choose the reason from the list"),
        ({"note": " "}, "Enter the note"),
        ({"note": "x" * 1001}, "Note must be 1,000 characters or fewer"),
        ({"ssref": "A200001"}, "Nobody with the SSRef “A200001” has a package under Oakfield DAPL"),
        ({"ssref": "nobody"}, "Nobody with the SSRef “nobody” has a package under Oakfield DAPL"),
    ],
)
def test_what_cannot_be_added_is_said_and_kept_as_typed(officer, world, changes, words):  # noqa: F811
    answer = send(officer, new(world), **changes)
    assert answer.status_code == 422 and words in answer.text
    assert "note" in changes or "Mileage in August" in answer.text
    assert not ManualAdjustment.select().exists()


def test_sent_twice_it_is_added_once(officer, world):  # noqa: F811
    sent = fields(officer.get(new(world)).text, "key") | TYPED
    first, second = officer.post(new(world), data=sent), officer.post(new(world), data=sent)
    assert first.location == second.location and ManualAdjustment.select().count() == 1
    text = officer.get(second.location).text
    assert "has been added already. Nothing was done twice." in text


def test_a_period_that_a_colleague_finalised_meanwhile(officer, world):  # noqa: F811
    sent = fields(officer.get(new(world)).text, "key") | TYPED
    finalise(world)
    answer = officer.post(new(world), data=sent)
    assert answer.status_code == 409 and "Rose Hill finalised the period that was shown at" in answer.text
    assert "would now stand in the period from 05/10/2026" in answer.text and "Mileage in August" in answer.text
    again = officer.post(new(world), data=fields(answer.text, "key") | TYPED)
    assert again.status_code == 303
    (item,) = payments.items(world.dapl, world.periods[1])
    assert (item.kind, item.amount) == ("manual", 1234)


def test_changed_and_taken_away_with_history(officer, world):  # noqa: F811
    row = add(world)
    here = f"/authority/adjustments/{row.id}"
    shown = fields(officer.get(here + "/edit").text, "direction")
    assert (shown["amount"], shown["direction"], shown["note"]) == (["50.00"], ["pay"], ["Gloves"])
    answer = send(officer, here + "/edit", note="Gloves and aprons")
    text = text_of(officer.get(answer.location).text)
    assert "The manual adjustment is changed." in text and "Gloves and aprons" in text and "£12.34" in text
    # a colleague who had it open is told, and loses nothing
    late = officer.post(here + "/edit", data=shown | TYPED | {"note": "Mine"})
    assert late.status_code == 409 and "Amir Khan changed this adjustment at" in late.text and "Mine" in late.text
    again = officer.post(here + "/deletion", data={"version": "1"})
    assert again.status_code == 409 and "Amir Khan changed this adjustment at" in again.text
    gone = officer.post(here + "/deletion", data=fields(officer.get(here).text, "version"))
    assert "is taken away" in officer.get(gone.location).text and not ManualAdjustment.select().exists()
    assert officer.get(here).status_code == 404


def test_held_and_finalised_ones_offer_only_what_may_be_done(officer, world):  # noqa: F811
    row = add(world)
    here = f"/authority/adjustments/{row.id}"
    text = officer.get(here).text
    assert "Change" in text and "Take the adjustment away" in text and "Hold" in text
    lines = f"/authority/holds/contracts/{world.dapl.id}/periods/{world.periods[0].id}"
    sent = fields(officer.get(f"{lines}/new?line=manual-{row.id}").text, "shown")
    officer.post(lines, data=sent | {"state": "Suspended", "reason": "Second opinion"})
    text = text_of(officer.get(here).text)
    assert "Suspended by Amir Khan" in text and "Second opinion" in text and "Release" in text
    finalise(world)
    text = officer.get(here).text
    assert "Take the adjustment away" not in text and "Release" in text
    refused = officer.post(here + "/deletion", data={"version": str(row.version)})
    assert refused.status_code == 409 and "lists this adjustment as suspended" in refused.text
    late = officer.post(here + "/edit", data=TYPED | {"version": "1"})
    assert late.status_code == 409 and "lists this adjustment as suspended" in late.text
    assert Hold.select().count() == 1 and PaymentItem.select().where(PaymentItem.adjustment == row).count() == 1


@pytest.mark.feature("R-14")
def test_the_list_of_all(officer, world):  # noqa: F811
    add(world, client=world.ann.id)
    finalise(world)
    add(world, -250, key="2", period=1, note="Taken back")
    text = text_of(officer.get("/authority/adjustments").text)
    assert "2 manual adjustments" in text and "Paid in the period from 07/09/2026" in text and "Payable" in text
    assert "1 manual adjustment" in text_of(officer.get("/authority/adjustments?state=waiting").text)
    assert "1 manual adjustment" in text_of(officer.get("/authority/adjustments?q=archer").text)
    assert "No manual adjustment matches" in officer.get("/authority/adjustments?q=nobody").text
    rows = csv.DictReader(io.StringIO(officer.get("/authority/adjustments?format=csv").get_data().decode("utf-8-sig")))
    assert [(r["Amount"], r["State"], r["PeriodStart"]) for r in rows] == [
        ("-2.50", "Payable", ""), ("50.00", "Paid", "2026-09-07")]  # fmt: skip


def test_where_it_cannot_stand(officer, world):  # noqa: F811
    Contract.update(payment_basis="invoice").where(Contract.id == world.dapl.id).execute()
    text = officer.get(new(world)).text
    assert "is paid by invoice" in text and "Add the adjustment" not in text
    assert officer.post(new(world), data=TYPED | {"key": "k"}).status_code == 409
    for address in (
        "/authority/adjustments/contracts/999/new",
        "/authority/adjustments/999",
        "/authority/adjustments/999/edit",
    ):
        assert officer.get(address).status_code == 404


def test_who_may_adjust(officer, world):  # noqa: F811
    row = add(world)
    reader = world.sign_in(officer.application.test_client(), world.reader)
    assert reader.get(new(world)).status_code == 403
    text = reader.get(f"/authority/adjustments/{row.id}").text
    assert "Gloves" in text and "Take the adjustment away" not in text and "Change" not in text
    assert reader.post(f"/authority/adjustments/{row.id}/deletion", data={"version": "1"}).status_code == 403


def test_the_reasons_are_the_authoritys(officer, world):  # noqa: F811
    settings.put("adjustment_reasons", ["Key safe"])
    text = officer.get(new(world)).text
    assert "Key safe" in text and "Mileage or travel" not in text
    row = add(world)  # a reason that was used stays with its adjustment
    assert '<option value="Other" selected' in officer.get(f"/authority/adjustments/{row.id}/edit").text


def test_as_many_queries_for_many_as_for_one(officer, world):  # noqa: F811
    lines = f"/authority/periods/{world.periods[0].id}/contracts/{world.dapl.id}"
    add(world, client=world.ann.id)
    few = [counting.of(officer, page) for page in ("/authority/adjustments", lines)]
    for n in range(10):
        add(world, key=f"more {n}", client=world.bob.id)
    assert [counting.of(officer, page) for page in ("/authority/adjustments", lines)] == few
