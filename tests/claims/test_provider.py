"""A provider's claims: draft, items with the working, submit, take back, cancel, evidence (P)."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from blueprints.settings import rules as settings
from models import Change, Claim, ClaimFile, ClaimItem, ClaimPost, ClaimState, Contract, File, Package, Visit
from tests.cast import at
from tests.claims import world
from tests.claims.world import add_item, drafted, incentive, item_address, press, stay, submit
from tests.provider_world import add_visit, queries, settle


@pytest.fixture
def mine(client, cast):
    """The browser of Oakfield's finance person; Ann has been in hospital for four days."""
    incentive()
    stay(cast)
    return cast.sign_in(client, cast.finance)


def text_of(answer) -> str:
    """A page's text."""
    return answer.get_data(as_text=True)


@pytest.mark.feature("P-01")
def test_the_list_is_by_financial_year_with_date_and_status(mine, cast):
    empty = text_of(mine.get("/provider/claims"))
    assert "Please select a claim from the list, or press New Claim." in empty
    assert "There are no claims in 2026/2027" in empty
    claim = drafted(mine, cast)
    Claim.create(organisation=cast.oakfield, service=cast.south, claimed_on=dt.date(2026, 3, 31), claimant="Owen Marsh")
    page = text_of(mine.get("/provider/claims"))
    assert "14/10/2026" in page and "Unsubmitted" in page and "1 claim in 2026/2027" in page
    assert "31/03/2026" not in page
    before = text_of(mine.get("/provider/claims?year=2025/2026"))
    assert "31/03/2026" in before and "no items yet" in before
    assert "There are no claims in 2026/2027 that fit" in text_of(mine.get("/provider/claims?status=Accepted"))
    assert (
        text_of(mine.get("/provider/claims?format=csv"))
        .splitlines()[1]
        .startswith(f"{claim.id},2026-10-14,Unsubmitted")
    )
    assert f"/provider/claims/{claim.id}" in page
    assert mine.get("/provider/claims?year=nonsense&page=9&sort=nothing").status_code == 200


@pytest.mark.feature("P-02")
def test_the_service_comes_first(mine, cast):
    answer = press(mine, "/provider/claims/new", service="", organisation_id=cast.oakfield.id)
    assert answer.status_code == 422 and "Choose the service first" in text_of(answer)
    assert not Claim.select().exists()
    answer = press(mine, "/provider/claims/new", service=str(cast.house.id), organisation_id=cast.oakfield.id)
    assert answer.status_code == 422 and not Claim.select().exists()
    press(mine, "/provider/claims/new", service=str(cast.north.id), notes="For Ann", organisation_id=cast.oakfield.id)
    claim = Claim.get()
    assert (claim.service, claim.notes, claim.state) == (cast.north, "For Ann", ClaimState.UNSUBMITTED)


@pytest.mark.feature("P-03")
def test_a_draft_has_its_header_and_can_be_edited_emptied_and_cancelled(mine, cast):
    claim = drafted(mine, cast)
    page = text_of(mine.get(f"/provider/claims/{claim.id}"))
    for words in ("Claimant", "Greta Finch", "Date of Claim", "14/10/2026", "Notes", "Total Payable", "£47.54"):
        assert words in page
    answer = press(mine, f"/provider/claims/{claim.id}/notes", notes="Discharge letter follows", version="2",
                   organisation_id=cast.oakfield.id)  # fmt: skip
    assert answer.status_code == 303 and Claim.get_by_id(claim.id).notes == "Discharge letter follows"
    # A colleague's older form is told, and what was typed stays.
    late = press(
        mine, f"/provider/claims/{claim.id}/notes", notes="Mine", version="2", organisation_id=cast.oakfield.id
    )
    assert late.status_code == 422 and "Mine" in text_of(late) and "Nothing was changed" in text_of(late)
    item = ClaimItem.get()
    press(mine, f"/provider/claims/items/{item.id}/deletion", organisation_id=cast.oakfield.id)
    assert not ClaimItem.select().exists()
    assert "No One-Off Claim Client Items" in text_of(mine.get(f"/provider/claims/{claim.id}"))
    assert "is gone" in text_of(mine.get(f"/provider/claims/{claim.id}/cancellation"))
    version = Claim.get_by_id(claim.id).version
    press(mine, f"/provider/claims/{claim.id}/cancellation", version=version, organisation_id=cast.oakfield.id)
    assert not Claim.select().exists()
    assert Change.select().where((Change.thing == "claim") & (Change.what == "Cancelled the claim")).exists()
    again = press(mine, f"/provider/claims/{claim.id}/cancellation", version=version, organisation_id=cast.oakfield.id)
    assert again.status_code == 404


@pytest.mark.feature("P-04", "P-05")
def test_an_item_is_created_with_its_fields_and_its_evidence(mine, cast):
    claim = drafted(mine, cast, files=[(world.PDF, "discharge.pdf")])
    item = ClaimItem.get()
    assert (item.client, item.contract, item.quantity, item.unit_cost) == (cast.ann, cast.dapl, 100, 475400)
    page = text_of(mine.get(f"/provider/claims/{claim.id}"))
    for heading in ("Description", "Service Level", "Client", "Quantity", "Unit Cost", "Amount", "Edit"):
        assert f">{heading}" in page
    assert "Archer, Ann (A100001)" in page and "1 file attached" in page
    edited = mine.get(f"/provider/claims/items/{item.id}/edit")
    assert edited.status_code == 200 and "discharge.pdf" in text_of(edited)
    submit(mine, claim)
    # Items change only while the claim is a draft.
    for address in (f"/provider/claims/items/{item.id}/edit", f"/provider/claims/{claim.id}/items/new"):
        assert mine.get(address).status_code == 303
    answer = press(mine, f"/provider/claims/items/{item.id}/deletion", organisation_id=cast.oakfield.id)
    assert answer.status_code == 409 and ClaimItem.select().count() == 1


@pytest.mark.feature("P-05")
@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("description", "", "Enter the description"),
        ("unit_cost", "", "Enter the unit cost"),
        ("unit_cost", "0", "Enter a unit cost above £0"),
        ("unit_cost", "-5", "Enter a unit cost above £0"),
        ("unit_cost", "1e9", "Enter the unit cost in pounds"),
        ("unit_cost", "99999999", "Enter an amount of at most £1,000,000"),
        ("unit_cost", "0.001", "come to a penny or more"),
        ("stay_first", "", "Enter the first day in hospital"),
        ("stay_last", "28/09/2026", "Enter a last day on or after the first"),
        ("stay_last", "15/10/2026", "Enter a last day that has come"),
        ("stay_last", "soon", "as day, month and year"),
    ],
)
def test_an_item_with_a_gap_or_a_wrong_amount_is_refused_and_keeps_what_was_typed(mine, cast, field, value, message):
    claim = drafted(mine, cast)
    answer = add_item(mine, claim, incentive(), cast.package, **{field: value, "amount_reason": "typed before"})
    assert answer.status_code == 422
    assert message in text_of(answer) and "typed before" in text_of(answer)
    assert ClaimItem.select().count() == 1


@pytest.mark.feature("P-06")
def test_the_description_holds_dates_hours_and_calculation_and_may_have_a_least_length(mine, cast):
    drafted(mine, cast)
    assert ClaimItem.get().description == (
        "In hospital from 29/09/2026 to 02/10/2026 (4 days), 4 hours missed: 4 x £23.77 x 50% = £47.54."
    )
    settings.put("claim_description_least", 30)
    claim = Claim.get()
    answer = add_item(mine, claim, incentive(), cast.package, description="Hospital")
    assert answer.status_code == 422 and "at least 30 characters: it has 8" in text_of(answer)


@pytest.mark.feature("P-07", "P-08")
def test_only_claimable_levels_and_clients_of_the_service_are_offered(mine, cast):
    claim = drafted(mine, cast)
    page = text_of(mine.get(f"/provider/claims/{claim.id}/items/new"))
    assert "Hospital Incentive Payment" in page and "Personal Care" not in page
    assert "[No Selection]" in page and "A100001, Mrs Ann Archer" in page and "Castle" not in page
    for level, client in ((cast.personal_care.id, cast.ann.id), (incentive().id, cast.cat.id), ("x", "y")):
        answer = mine.get(f"/provider/claims/{claim.id}/items/new?level={level}&client={client}")
        assert answer.status_code == 422 and "from the list" in text_of(answer)
        sent = press(mine, f"/provider/claims/{claim.id}/items/new?level={level}&client={client}", unit_cost="1",
                     description="x", organisation_id=cast.oakfield.id)  # fmt: skip
        assert sent.status_code == 422
    assert ClaimItem.select().count() == 1


@pytest.mark.feature("P-09")
def test_quantity_is_one_unless_the_authority_lets_it_be_entered(mine, cast):
    level = world.other_level()
    claim = drafted(mine, cast)
    add_item(mine, claim, level, cast.package, description="Two key safes", quantity="2", unit_cost="15.50")
    assert ClaimItem.select().where(ClaimItem.level == level).get().claimed == 1550
    settings.put("claim_quantity_one", False)
    add_item(mine, claim, level, cast.package, description="Two key safes", quantity="2", unit_cost="15.505")
    claimed = [item.claimed for item in ClaimItem.select().order_by(ClaimItem.id)]
    assert claimed == [4754, 1550, 3101]
    page = text_of(mine.get(f"/provider/claims/{claim.id}"))
    assert "£94.05" in page  # the sum of the items
    bad = add_item(mine, claim, level, cast.package, description="None", quantity="0", unit_cost="15.50")
    assert bad.status_code == 422 and "Enter a quantity above 0" in text_of(bad)


@pytest.mark.feature("P-10")
@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"MZ\x90", "letter.exe", "letter.exe: choose a file whose name ends in .pdf"),
        (b"<html>", "letter.pdf", "letter.pdf: choose another file: the name ends in .pdf, but the content is no PDF"),
        (b"", "empty.txt", "empty.txt: choose a file that is not empty"),
    ],
)
def test_files_of_other_kinds_are_refused(mine, cast, content, name, message):
    claim = drafted(mine, cast)
    answer = add_item(mine, claim, incentive(), cast.package, files=[(content, name)])
    assert answer.status_code == 422 and message in text_of(answer)
    assert ClaimItem.select().count() == 1 and not ClaimFile.select().exists()


def test_a_file_is_served_as_a_download_to_its_own_side_only(mine, cast, app):
    drafted(mine, cast, files=[(world.PDF, "discharge.pdf")])
    file = ClaimFile.get()
    answer = mine.get(f"/provider/claims/files/{file.id}")
    assert answer.data == world.PDF and "attachment" in answer.headers["Content-Disposition"]
    other = cast.sign_in(app.test_client(), cast.outsider)
    assert other.get(f"/provider/claims/files/{file.id}").status_code == 404
    officer = cast.sign_in(app.test_client(), cast.officer)
    assert officer.get(f"/authority/claims/files/{file.id}").status_code == 404  # a draft
    submit(mine, Claim.get())
    assert officer.get(f"/authority/claims/files/{file.id}").status_code == 200
    taken = press(mine, f"/provider/claims/files/{file.id}/deletion", organisation_id=cast.oakfield.id)
    assert taken.status_code == 409 and File.select().where(File.kind == "claim").exists()


def test_a_file_of_a_draft_can_be_taken_off(mine, cast):
    drafted(mine, cast, files=[(world.PDF, "discharge.pdf")])
    press(mine, f"/provider/claims/files/{ClaimFile.get().id}/deletion", organisation_id=cast.oakfield.id)
    assert not ClaimFile.select().exists() and not File.select().where(File.kind == "claim").exists()


@pytest.mark.feature("P-11")
def test_submitting_needs_an_item_ends_editing_and_is_harmless_twice(mine, cast):
    press(mine, "/provider/claims/new", service=str(cast.north.id), organisation_id=cast.oakfield.id)
    empty = Claim.get()
    refused = submit(mine, empty)
    assert refused.status_code == 409 and "Add a client item first" in text_of(refused)
    claim = drafted(mine, cast)
    version = Claim.get_by_id(claim.id).version
    assert "Submit Claim" in text_of(mine.get(f"/provider/claims/{claim.id}"))
    assert submit(mine, claim, version).status_code == 303
    again = submit(mine, claim, version)
    assert again.status_code == 303
    assert "Nothing was done twice" in text_of(mine.get(f"/provider/claims/{claim.id}"))
    assert Change.select().where(Change.what == "Submitted the claim").count() == 1
    now = Claim.get_by_id(claim.id)
    assert (now.state, now.claimed_on) == (ClaimState.PENDING, dt.date(2026, 10, 14))
    notes = press(mine, f"/provider/claims/{claim.id}/notes", notes="late", organisation_id=cast.oakfield.id)
    assert notes.status_code == 422 and "cannot be changed any more" in text_of(notes)


def test_a_colleague_who_submits_what_was_changed_meanwhile_is_told(mine, cast):
    claim = drafted(mine, cast)
    version = Claim.get_by_id(claim.id).version
    add_item(mine, claim, incentive(), cast.package)
    answer = submit(mine, claim, version)
    assert answer.status_code == 409 and "Greta Finch changed this claim" in text_of(answer)
    assert Claim.get_by_id(claim.id).is_draft
    assert submit(mine, claim).status_code == 303


@pytest.mark.feature("P-12")
def test_a_second_client_is_a_warning_only(mine, cast):
    claim = drafted(mine, cast)
    stay(cast, package=cast.bobs, ref="B")
    add_item(mine, claim, incentive(), cast.bobs)
    assert "One claim for each client is preferred" in text_of(mine.get(f"/provider/claims/{claim.id}"))
    assert submit(mine, claim).status_code == 303


@pytest.mark.feature("P-13")
def test_the_authority_does_not_see_a_draft(mine, cast, app):
    claim = drafted(mine, cast)
    officer = cast.sign_in(app.test_client(), cast.officer)
    assert officer.get(f"/authority/claims/{claim.id}").status_code == 404
    assert "Archer" not in text_of(officer.get("/authority/claims?status="))
    submit(mine, claim)
    assert officer.get(f"/authority/claims/{claim.id}").status_code == 200
    press(mine, f"/provider/claims/{claim.id}/withdrawal", version=Claim.get_by_id(claim.id).version,
          organisation_id=cast.oakfield.id)  # fmt: skip
    assert Claim.get_by_id(claim.id).is_draft
    assert officer.get(f"/authority/claims/{claim.id}").status_code == 404


@pytest.mark.feature("P-19", "P-20")
def test_a_contract_without_the_scheme_is_refused_whatever_the_service_is_called(mine, cast):
    Contract.update(contract_type="APL").where(Contract.id == cast.dapl.id).execute()
    cast.north.name = "DAPL North"
    cast.north.save()
    press(mine, "/provider/claims/new", service=str(cast.north.id), organisation_id=cast.oakfield.id)
    claim = Claim.get()
    page = text_of(mine.get(item_address(claim, incentive(), cast.package)))
    assert "contract type APL, which pays no hospital incentive" in page and "Create" not in page
    sent = press(mine, item_address(claim, incentive(), cast.package), description="x", unit_cost="5", quantity="1",
                 stay_first="29/09/2026", stay_last="30/09/2026", organisation_id=cast.oakfield.id,
                 version="1")  # fmt: skip
    assert sent.status_code == 422 and not ClaimItem.select().exists()
    # The contract type changes after the item was made: the submission is refused.
    Contract.update(contract_type="DAPL").where(Contract.id == cast.dapl.id).execute()
    assert add_item(mine, claim, incentive(), cast.package).status_code == 303
    Contract.update(contract_type="HTLAH").where(Contract.id == cast.dapl.id).execute()
    answer = submit(mine, claim)
    assert answer.status_code == 409 and "pays no hospital incentive" in text_of(answer)


def test_a_contract_paid_by_invoice_takes_no_claims(mine, cast):
    Contract.update(payment_basis="invoice").where(Contract.id == cast.dapl.id).execute()
    press(mine, "/provider/claims/new", service=str(cast.north.id), organisation_id=cast.oakfield.id)
    page = text_of(mine.get(item_address(Claim.get(), incentive(), cast.package)))
    assert "is paid by invoice" in page


@pytest.mark.feature("P-21")
def test_the_working_is_shown_line_by_line_and_other_days_can_be_tried(mine, cast):
    claim = drafted(mine, cast)
    page = text_of(mine.get(item_address(claim, incentive(), cast.package)))
    for words in ("H0-8", "29/09/2026 08:00 to 09:00", "156017", "£23.77", "£11.885", "Sum, rounded once", "£47.54"):
        assert words in page
    assert 'value="47.54"' in page
    again = add_item(mine, claim, incentive(), cast.package, stay_last="30/09/2026", again="1")
    assert again.status_code == 200 and "2 x £23.77 x 50% = £23.77" in text_of(again)
    assert 'value="23.77"' in text_of(again) and ClaimItem.select().count() == 1


def test_htmx_gets_the_working_alone(mine, cast):
    claim = drafted(mine, cast)
    values = {"stay_first": "29/09/2026", "stay_last": "30/09/2026", "again": "1", "description": "", "unit_cost": "",
              "organisation_id": claim.organisation_id}  # fmt: skip
    headers = {"HX-Request": "true", "HX-Target": "div#working-region"}
    answer = mine.post(item_address(claim, incentive(), cast.package), data=values, headers=headers)
    text = text_of(answer)
    assert answer.status_code == 200 and "<html" not in text and "2 x £23.77 x 50% = £23.77" in text


@pytest.mark.feature("P-22")
def test_corrected_days_and_another_amount_need_a_reason(mine, cast):
    claim = drafted(mine, cast)
    form = {"stay_first": "28/09/2026", "unit_cost": "50"}
    answer = add_item(mine, claim, incentive(), cast.package, **form)
    assert answer.status_code == 422
    assert "Enter why the stay is not 29/09/2026 to 02/10/2026, as the visits say" in text_of(answer)
    assert "Enter why the amount is not £47.54" in text_of(answer)
    answer = add_item(mine, claim, incentive(), cast.package, **form, dates_reason="Admitted in the evening",
                      amount_reason="A second carer was booked")  # fmt: skip
    assert answer.status_code == 303
    item = ClaimItem.select().order_by(ClaimItem.id.desc()).get()
    assert (item.found_first, item.stay_first) == (dt.date(2026, 9, 29), dt.date(2026, 9, 28))
    assert (item.worked_out, item.claimed) == (4754, 5000)


@pytest.mark.feature("P-23")
def test_a_late_claim_is_warned_of_or_refused_as_the_authority_has_it(mine, cast):
    settings.put("claim_limit_days", 10)
    claim = drafted(mine, cast)
    late = "The stay ended 12 days ago; claims are to be made within 10 days"
    assert late in text_of(mine.get(f"/provider/claims/{claim.id}"))
    settings.put("claim_over_limit", "refuse")
    answer = submit(mine, claim)
    assert answer.status_code == 409 and late in text_of(answer)
    refused = add_item(mine, claim, incentive(), cast.package)
    assert refused.status_code == 422 and late in text_of(refused)
    settings.put("claim_limit_days", 12)
    assert submit(mine, claim).status_code == 303


@pytest.mark.feature("P-24")
def test_a_stay_without_visits_can_be_claimed_with_evidence_and_a_word(mine, cast):
    # An attempted visit because the discharge date was wrong: delivered in the morning, then H with a comment.
    Visit.update(is_deleted=True).where(Visit.ref.startswith("H")).execute()
    press(mine, "/provider/claims/new", service=str(cast.north.id), organisation_id=cast.oakfield.id)
    claim = Claim.get()
    assert "No visits of this client are marked as in hospital" in text_of(
        mine.get(item_address(claim, incentive(), cast.package))
    )
    fields = {"stay_first": "29/09/2026", "stay_last": "29/09/2026", "description": "Sent home a day late",
              "unit_cost": "11.89"}  # fmt: skip
    refused = add_item(mine, claim, incentive(), cast.package, **fields)
    assert refused.status_code == 422 and "Enter why the amount is not £0.00" in text_of(refused)
    add_item(mine, claim, incentive(), cast.package, **fields, amount_reason="The carer stood before a locked door",
             files=[(world.PDF, "ward.pdf")])  # fmt: skip
    assert submit(mine, claim).status_code == 303 and ClaimItem.get().claimed == 1189


@pytest.mark.feature("P-26")
def test_evidence_can_be_added_while_the_claim_waits(mine, cast):
    claim = drafted(mine, cast)
    assert mine.get(f"/provider/claims/{claim.id}/evidence").status_code == 303  # a draft is edited
    submit(mine, claim)
    Claim.update(asked_at=dt.datetime(2026, 10, 14, 9)).execute()
    ClaimPost.create(claim=claim, organisation=cast.oakfield, by_officer=True, text="Which ward?", by="Amir Khan")
    page = text_of(mine.get(f"/provider/claims/{claim.id}"))
    assert "asks for more evidence" in page and "Which ward?" in page
    address = f"/provider/claims/{claim.id}/evidence"
    empty = press(mine, address, text="", organisation_id=cast.oakfield.id)
    assert empty.status_code == 422 and "Enter what you want to say, or choose a file" in text_of(empty)
    bad = press(mine, address, text="Ward 7", files=[(b"x", "x.exe")], organisation_id=cast.oakfield.id)
    assert bad.status_code == 422 and "Ward 7" in text_of(bad) and not ClaimFile.select().exists()
    press(mine, address, text="Ward 7 😀", files=[(world.PDF, "ward.pdf")], organisation_id=cast.oakfield.id)
    now = Claim.get_by_id(claim.id)
    assert now.asked_at is None and now.is_pending and ClaimFile.select().count() == 1
    assert "Ward 7 😀" in text_of(mine.get(f"/provider/claims/{claim.id}"))


def test_stays_that_nobody_has_claimed_are_offered_in_one_press(mine, cast):
    page = text_of(mine.get("/provider/claims"))
    assert "Hospital stays that are not claimed yet" in page and "£47.54" in page
    key = f"{cast.north.id}-{cast.ann.id}-{cast.dapl.id}-2026-09-29"
    assert key in page
    answer = press(mine, "/provider/claims/stays", stay=key, organisation_id=cast.oakfield.id)
    assert answer.status_code == 303 and "first=2026-09-29" in answer.headers["Location"]
    assert "4 x £23.77 x 50% = £47.54" in text_of(mine.get(answer.headers["Location"]))
    again = press(mine, "/provider/claims/stays", stay=key, organisation_id=cast.oakfield.id)
    assert again.headers["Location"] == answer.headers["Location"]  # pressed twice it is one draft
    add_item(mine, Claim.get(), incentive(), cast.package)
    assert "not claimed yet" not in text_of(mine.get("/provider/claims"))
    twice = press(mine, "/provider/claims/stays", stay=key, organisation_id=cast.oakfield.id)
    assert twice.headers["Location"] == "/provider/claims" and Claim.select().count() == 1


def test_a_second_claim_for_the_same_stay_is_pointed_out(mine, cast):
    submit(mine, drafted(mine, cast))
    second = drafted(mine, cast)
    assert "covers days of the same stay" in text_of(mine.get(f"/provider/claims/{second.id}"))


def test_a_client_under_two_contracts_says_which(mine, cast):
    lwah = Contract.create(
        ref="C9", name="Oakfield LWAH", organisation=cast.oakfield, contract_type="LWAH", cycle=cast.cycle
    )
    cast.make_package(156099, cast.ann, cast.north, cast.personal_care, lwah, quantity=100, unit_cost=232260)
    press(mine, "/provider/claims/new", service=str(cast.north.id), organisation_id=cast.oakfield.id)
    claim = Claim.get()
    page = text_of(mine.get(f"/provider/claims/{claim.id}/items/new?level={incentive().id}&client={cast.ann.id}"))
    assert "under several contracts" in page and "Oakfield LWAH (LWAH)" in page


def test_another_organisation_sees_nothing_of_it(mine, cast, app):
    claim = drafted(mine, cast)
    item = ClaimItem.get()
    level = cast.make_package(300, cast.cat, cast.house, cast.personal_care, cast.spot, quantity=1, unit_cost=1)
    assert level
    other = cast.sign_in(app.test_client(), cast.outsider)
    for address in (
        f"/provider/claims/{claim.id}", f"/provider/claims/{claim.id}/notes", f"/provider/claims/{claim.id}/items/new",
        f"/provider/claims/{claim.id}/cancellation", f"/provider/claims/{claim.id}/evidence",
        f"/provider/claims/items/{item.id}", f"/provider/claims/items/{item.id}/edit",
    ):  # fmt: skip
        assert other.get(address).status_code == 404, address
    for address in ("submission", "withdrawal", "cancellation", "notes", "evidence"):
        assert press(other, f"/provider/claims/{claim.id}/{address}", version="2").status_code == 404
    assert press(other, f"/provider/claims/items/{item.id}/deletion").status_code == 404
    assert "Archer" not in text_of(other.get("/provider/claims"))
    assert Claim.get_by_id(claim.id).is_draft


def test_a_form_of_another_organisation_is_refused(mine, cast):
    answer = press(mine, "/provider/claims/new", service=str(cast.north.id), organisation_id=cast.brookhouse.id)
    assert answer.status_code == 422 and not Claim.select().exists()


def test_the_list_costs_the_same_at_ten_claims_as_at_one(mine, cast):
    drafted(mine, cast)
    mine.get("/provider/claims")
    one, _ = queries(lambda: mine.get("/provider/claims"))
    for n in range(9):
        copy = Claim.create(organisation=cast.oakfield, service=cast.north, claimed_on=dt.date(2026, 10, n + 1))
        ClaimItem.create(claim=copy, organisation=cast.oakfield, contract=cast.dapl, client=cast.bob, level=incentive())
        add_visit(cast, f"Q{n}", cast.bobs, dt.date(2026, 8, n + 1), at(9), 30, "H")
    settle(cast, cast.bobs)
    ten, _ = queries(lambda: mine.get("/provider/claims"))
    assert ten <= one + 1


def test_the_module_can_be_switched_off(mine, cast):
    settings.put("module_claims", False)
    assert mine.get("/provider/claims").status_code == 404
    assert "One-Off Claims" not in text_of(mine.get("/provider/"))


def test_a_stay_follows_the_rate_of_each_day(mine, cast):
    from models import PackageRate

    PackageRate.create(package=cast.package, from_date=dt.date(2026, 10, 1), unit_cost=300000)
    claim = drafted(mine, cast)
    assert ClaimItem.get().claimed == 2377 + 3000
    Package.update(authorised=False).where(Package.id == cast.package.id).execute()
    settle(cast)
    page = text_of(mine.get(item_address(claim, incentive(), cast.package)))
    assert re.search(r"£0.00 <span class=\"reason\">not matched", page)
