"""Officers' half of claims: the queue, the one page, decisions, evidence asked for, payment, races (P, rules 7.4, 8)."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest

from blueprints.claims import rules
from blueprints.history import Actor
from blueprints.orders import rules as orders
from blueprints.payments import rules as payments
from blueprints.periods import finalising, overview
from blueprints.periods import rules as periods
from blueprints.remittances import rules as remittances
from blueprints.reports import dumps
from models import Claim, ClaimItem, ClaimPost, ClaimState, Contract, ItemKind, Organisation, PaymentItem, ServiceLevel
from tests import pages
from tests.claims import world
from tests.claims.world import decide, drafted, press, stay, submit
from tests.provider_world import BY, finalise, queries

TODAY = dt.date(2026, 10, 14)


@pytest.fixture
def mine(client, cast):
    """The browser of Oakfield's finance person; Ann has been in hospital for two days."""
    world.incentive()
    stay(cast, days=2)
    return cast.sign_in(client, cast.finance)


@pytest.fixture
def officer(cast, app):
    """The browser of an officer with every role."""
    return cast.sign_in(app.test_client(), cast.officer)


@pytest.fixture
def claim(mine, cast) -> Claim:
    """A submitted claim of £23.77 with a letter."""
    made = drafted(mine, cast, files=[(world.PDF, "discharge.pdf")])
    submit(mine, made)
    return Claim.get_by_id(made.id)


def text_of(answer) -> str:
    """A page's text."""
    return answer.get_data(as_text=True)


def paid_file() -> list[dict]:
    """The rows of the payments file that are claims."""
    headings, rows = dumps.make("payments", None, None, None)
    return [row for row in (dict(zip(headings, map(str, r), strict=True)) for r in rows) if row["Kind"] == "claim"]


def test_the_queue_lists_what_waits_oldest_first(officer, mine, claim, cast):
    page = text_of(officer.get("/authority/claims"))
    assert "1 claim" in page and "Oakfield Home Care" in page and "DAPL" in page and "£23.77" in page
    for query, there in (
        ("?status=Accepted", False), ("?waits=provider", False), ("?waits=authority", True), ("?kind=LWAH", False),
        ("?kind=DAPL", True), ("?client=archer", True), ("?client=A100001", True), ("?client=zed", False),
        (f"?organisation={cast.brookhouse.id}", False), (f"?organisation={cast.oakfield.id}", True),
        ("?year=2025/2026", False), ("?year=2026/2027", True), ("?status=&page=7&sort=-claimed", True),
    ):  # fmt: skip
        assert ("Archer, Ann" in text_of(officer.get(f"/authority/claims{query}"))) == there, query
    rows = list(csv.DictReader(io.StringIO(text_of(officer.get("/authority/claims?format=csv")))))
    assert [(r["SSRef"], r["Claimed"], r["WorkedOut"]) for r in rows] == [("A100001", "23.77", "23.77")]


@pytest.mark.feature("P-17")
def test_contract_visits_dates_evidence_and_calculation_stand_on_one_page(officer, claim, cast):
    page = text_of(officer.get(f"/authority/claims/{claim.id}"))
    for words in (
        "1. Contract", "contract type <b>DAPL</b>", "50% of the care missed in stays of up to 7 days",
        "2. Visits of the days", "In hospital", "HD0", "HD99", "CPLI 156017", "7.00 a week at £23.77",
        "3. Hospital dates", "As the visits say.", "4. Evidence", "discharge.pdf", "5. Calculation",
        "2 x £23.77 x 50% = £23.77", "Accept claim", "Reject claim", "Ask for more evidence",
    ):  # fmt: skip
        assert words in page, words


@pytest.mark.feature("P-14", "P-15", "P-16", "P-25", "K-14")
def test_we_28_the_authority_pays_less_with_a_note_and_both_figures_stay(officer, mine, claim, cast):
    answer = decide(officer, claim, "accept", unit_cost="15.00", notes="Half an hour was delivered",
                    notes_of_item="See the log of 30 September")  # fmt: skip
    assert answer.status_code == 303
    item = ClaimItem.get()
    assert (item.claimed, item.amount, item.unit_cost, item.decided_unit_cost) == (2377, 1500, 237700, 150000)
    theirs = text_of(mine.get(f"/provider/claims/{claim.id}"))
    for words in ("Accepted", "Half an hour was delivered", "£23.77", "£15.00", "Has LA Notes", "Included",
                  "Payable in the period 07/09/2026 to 04/10/2026", "Unit Cost paid"):  # fmt: skip
        assert words in theirs, words
    row = theirs[theirs.index("Has LA Notes") :]
    assert 'data-label="Has LA Notes">Yes' in row and 'data-label="Included">Yes' in row
    assert "See the log of 30 September" in text_of(mine.get(f"/provider/claims/items/{item.id}"))
    ours = text_of(officer.get(f"/authority/claims/{claim.id}"))
    assert "£23.77" in ours and "£15.00" in ours and "Accepted by Amir Khan" in ours
    # It stands among the packages as a one-off line, and is paid once.
    packages = text_of(mine.get("/provider/packages?filtered=1&historical=y"))
    for words in ("Hospital Incentive Payment", "£15.00 One-off", "1 x Payment at £15.00 (Spot)"):
        assert words in packages, words
    assert [(r["Amount"], r["CPLIId"], r["SSRef"], r["WeekBeginning"], r["State"]) for r in paid_file()] == [
        ("15.00", "", "A100001", "2026-09-07", "Payable")
    ]


@pytest.mark.feature("P-16")
def test_an_item_left_out_is_not_in_the_total(officer, mine, claim, cast):
    second = drafted(mine, cast)
    world.add_item(mine, second, world.incentive(), cast.package)
    submit(mine, second)
    decide(officer, second, "accept", included=False)
    items = list(ClaimItem.select().where(ClaimItem.claim == second).order_by(ClaimItem.id))
    assert [(i.included, i.amount) for i in items] == [(False, 0), (True, 2377)]
    page = text_of(mine.get(f"/provider/claims/{second.id}"))
    assert 'data-label="Included">No' in page and "£23.77" in page
    nothing = decide(officer, claim, "accept", included=False)
    assert nothing.status_code == 422 and "Nothing of this claim would be paid" in text_of(nothing)
    assert Claim.get_by_id(claim.id).is_pending


@pytest.mark.feature("P-15")
def test_a_rejected_claim_needs_its_reason_in_the_notes_and_pays_nothing(officer, mine, claim):
    refused = decide(officer, claim, "reject")
    assert refused.status_code == 422 and "Enter the reason in the local authority notes" in text_of(refused)
    decide(officer, claim, "reject", notes="Planned respite")
    page = text_of(mine.get(f"/provider/claims/{claim.id}"))
    assert "Rejected" in page and "Planned respite" in page
    assert not paid_file()


@pytest.mark.feature("P-16")
@pytest.mark.parametrize(
    ("unit_cost", "message"), [("", "Enter the unit cost"), ("-1", "from 0"), ("abc", "in pounds")]
)
def test_a_wrong_figure_keeps_the_form(officer, claim, unit_cost, message):
    answer = decide(officer, claim, "accept", unit_cost=unit_cost, notes="my words")
    assert answer.status_code == 422 and message in text_of(answer) and "my words" in text_of(answer)
    assert Claim.get_by_id(claim.id).is_pending


def test_what_was_changed_can_be_kept_without_deciding(officer, mine, claim):
    decide(officer, claim, "save", unit_cost="20", notes="Waiting for the ward")
    assert Claim.get_by_id(claim.id).is_pending and ClaimItem.get().amount == 2000
    assert "Waiting for the ward" in text_of(mine.get(f"/provider/claims/{claim.id}"))
    assert not paid_file()


@pytest.mark.feature("P-26")
def test_more_evidence_is_asked_for_and_given(officer, mine, claim, cast):
    empty = press(officer, f"/authority/claims/{claim.id}/question", text="", version=claim.version)
    assert empty.status_code == 422 and "Enter what evidence is still needed" in text_of(empty)
    press(officer, f"/authority/claims/{claim.id}/question", text="The discharge letter, please", version=claim.version)
    now = Claim.get_by_id(claim.id)
    assert now.is_pending and now.asked_at and ClaimPost.get().by_officer
    assert "The provider: evidence" in text_of(officer.get("/authority/claims"))
    home = text_of(mine.get("/provider/"))
    assert "more evidence is asked for" in home
    assert "discharge letter, please" in text_of(mine.get(f"/provider/claims/{claim.id}/evidence"))
    press(mine, f"/provider/claims/{claim.id}/evidence", text="Here it is", organisation_id=cast.oakfield.id)
    assert Claim.get_by_id(claim.id).asked_at is None
    assert "Here it is" in text_of(officer.get(f"/authority/claims/{claim.id}"))
    assert "claim waits for a decision" in text_of(officer.get("/authority/"))


def test_after_a_decision_the_next_claim_is_shown(officer, mine, claim, cast):
    second = drafted(mine, cast)
    submit(mine, second)
    answer = decide(officer, claim, "accept")
    assert answer.headers["Location"] == f"/authority/claims/{second.id}"
    assert decide(officer, second, "reject", notes="Twice").headers["Location"] == "/authority/claims"


@pytest.mark.feature("P-25")
def test_an_accepted_claim_is_paid_once_in_the_oldest_current_period(officer, mine, claim, cast):
    finalise(cast, 0)
    decide(officer, claim, "accept")
    lines = payments.items(cast.dapl, cast.periods[1])
    (line,) = [i for i in lines if i.kind == ItemKind.CLAIM]
    assert (line.amount, line.vat, line.client, line.level) == (2377, 0, cast.ann.id, world.incentive().id)
    assert not [i for i in payments.items(cast.dapl, cast.periods[2]) if i.kind == ItemKind.CLAIM]
    page = text_of(mine.get(f"/provider/payments/contracts/{cast.dapl.id}/periods/{cast.periods[1].id}"))
    assert "One-off claim" in page and f"/provider/claims/items/{line.claim}" in page and "one-off claim" in page
    ours = text_of(officer.get(f"/authority/periods/{cast.periods[1].id}/contracts/{cast.dapl.id}"))
    assert f"/authority/claims/items/{line.claim}" in ours
    assert officer.get(f"/authority/claims/items/{line.claim}").status_code == 303
    finalise(cast, 1)
    assert [(i.amount, i.claim_id) for i in PaymentItem.select().where(PaymentItem.kind == "claim")] == [
        (2377, line.claim)
    ]
    assert [(r["Status"], r["Amount"]) for r in paid_file()] == [("Finalised", "23.77")]
    assert "Paid in the period 05/10/2026 to 01/11/2026" in text_of(mine.get(f"/provider/claims/{claim.id}"))
    paid = remittances.remittance(payments.items(cast.dapl, cast.periods[1]))
    assert [r.line.amount for r in paid.rows if r.kind == "One-off claim"] == [2377]
    # The client's order says that it is spent.
    assert orders.spend(cast.dapl)[cast.ann.id, 2026] == sum(
        i.amount for i in PaymentItem.select() if i.package_id != cast.bobs.id
    )


def test_the_sums_of_a_period_have_its_claims_with_vat(officer, claim, cast):
    Contract.update(vat_rate=2000).where(Contract.id == cast.dapl.id).execute()
    decide(officer, claim, "accept")
    contract = Contract.get_by_id(cast.dapl.id)
    book = overview.Book(cast.cycle.id)
    found = overview.current_sums(book, [(contract.id, cast.periods[0])])[contract.id, cast.periods[0].id]
    totals = payments.totals(payments.items(contract, cast.periods[0]))
    assert (found.amount, found.vat, found.total) == (totals["amount"], totals["vat"], totals["total"])
    assert [i.vat for i in payments.items(contract, cast.periods[0]) if i.kind == ItemKind.CLAIM] == [475]
    listed = [item for _, item in payments.every_item(contract, payments.states([contract])[contract.id])]
    assert len([i for i in listed if i.kind == ItemKind.CLAIM]) == 1


@pytest.mark.feature("P-18")
def test_the_rules_of_contract_types_are_data(officer, mine, claim, cast):
    page = text_of(officer.get("/authority/claims/contract-types"))
    assert "50% of the care missed in the first 14 days of a stay" in page and "Spot" in page
    bad = press(officer, "/authority/claims/contract-types/Spot/edit", is_paid="y", percent="0", most_days="0",
                longer="nothing")  # fmt: skip
    assert bad.status_code == 422 and "Enter a percentage above 0" in text_of(bad)
    answer = press(officer, "/authority/claims/contract-types/DAPL/edit", is_paid="y", percent="25", most_days="1",
                   longer="first days")  # fmt: skip
    assert answer.status_code == 303
    ours = text_of(officer.get(f"/authority/claims/{claim.id}"))
    assert "1 x £23.77 x 25% = £5.94" in ours and "came to £23.77, and come to £5.94 now" in ours
    assert ClaimItem.get().worked_out == 2377  # the provider's working stays
    press(officer, "/authority/claims/contract-types/DAPL/edit", percent="25", most_days="1", longer="nothing")
    assert "Pays nothing" in text_of(officer.get(f"/authority/claims/{claim.id}"))
    assert officer.get("/authority/claims/contract-types/nonsense/edit").status_code == 404


def test_who_may_not_decide_may_look(app, cast, claim):
    reader = cast.sign_in(app.test_client(), cast.reader)
    page = text_of(reader.get(f"/authority/claims/{claim.id}"))
    assert "Accept claim" not in page and "5. Calculation" in page
    assert decide(reader, claim, "accept").status_code == 403


# two at once -----------------------------------------------------------------------------------------------------------


def test_the_second_of_two_officers_is_told_who_decided(officer, app, cast, claim):
    colleague = cast.user("priya@authority.example", "Priya Shah", None, ["payments"])
    other = cast.sign_in(app.test_client(), colleague)
    version = claim.version
    assert decide(officer, claim, "accept", version).status_code == 303
    late = decide(other, claim, "reject", version, notes="No letter")
    assert late.status_code == 409 and "Amir Khan accepted this claim" in text_of(late)
    assert Claim.get_by_id(claim.id).state == ClaimState.ACCEPTED and len(paid_file()) == 1
    twice = decide(officer, claim, "accept", version)
    assert twice.status_code == 409 and "Nothing was done twice" in text_of(twice)


def test_a_decision_on_figures_that_a_colleague_changed_is_refused(officer, app, cast, claim):
    version = claim.version
    decide(officer, claim, "save", unit_cost="20")
    late = decide(officer, claim, "accept", version, notes="I agree with £23.77")
    assert late.status_code == 409 and "I agree with £23.77" in text_of(late)
    assert Claim.get_by_id(claim.id).is_pending


def test_a_claim_that_is_taken_back_while_it_is_decided(officer, mine, cast, claim):
    page_version = claim.version
    press(mine, f"/provider/claims/{claim.id}/withdrawal", version=claim.version, organisation_id=cast.oakfield.id)
    late = decide(officer, claim, "accept", page_version)
    assert late.status_code == 404  # a draft is not the authority's to see
    with pytest.raises(rules.Overtaken, match="taken this claim back"):
        rules.decide(claim, True, {}, "", page_version, BY)
    assert not paid_file()
    press(mine, f"/provider/claims/{claim.id}/cancellation", version=Claim.get_by_id(claim.id).version,
          organisation_id=cast.oakfield.id)  # fmt: skip
    with pytest.raises(rules.Overtaken, match="has been cancelled"):
        rules.decide(claim, True, {}, "", page_version, BY)


def test_a_decided_claim_cannot_be_taken_back(officer, mine, cast, claim):
    version = claim.version
    decide(officer, claim, "accept")
    late = press(mine, f"/provider/claims/{claim.id}/withdrawal", version=version, organisation_id=cast.oakfield.id)
    assert late.status_code == 409 and "Amir Khan accepted this claim" in text_of(late)
    evidence = press(mine, f"/provider/claims/{claim.id}/evidence", text="More", organisation_id=cast.oakfield.id)
    assert evidence.status_code == 303 and not ClaimPost.select().exists()


def test_a_claim_accepted_while_a_period_is_finalised_stands_wholly_in_one(officer, cast, claim):
    ahead = finalising.ahead(cast.periods[0], [cast.dapl.id])
    decide(officer, claim, "accept")
    with pytest.raises(periods.Refused, match="The figures have changed since you looked"):
        finalising.finalise_as_shown(cast.periods[0], [cast.dapl.id], ahead.sums.lines, ahead.sums.total, BY, TODAY)
    finalise(cast, 0)
    with pytest.raises(rules.Refused, match="A finalised period has paid this claim"):
        rules.reopen(Claim.get_by_id(claim.id), "A slip", None, BY)


def test_a_decision_can_be_taken_back_until_it_is_paid(officer, mine, cast, claim):
    decide(officer, claim, "accept")
    version = Claim.get_by_id(claim.id).version
    empty = press(officer, f"/authority/claims/{claim.id}/reopening", reason="", version=version)
    assert empty.status_code == 422 and "Enter why the claim is opened again" in text_of(empty)
    press(officer, f"/authority/claims/{claim.id}/reopening", reason="Wrong client", version=version)
    assert Claim.get_by_id(claim.id).is_pending and not paid_file()
    assert "Wrong client" in text_of(mine.get(f"/provider/claims/{claim.id}"))
    decide(officer, claim, "accept")
    finalise(cast, 0)
    assert "Open again" not in text_of(officer.get(f"/authority/claims/{claim.id}"))


def test_a_claim_taken_back_is_judged_afresh(officer, mine, cast, claim):
    decide(officer, claim, "save", unit_cost="20")
    now = Claim.get_by_id(claim.id)
    press(mine, f"/provider/claims/{claim.id}/withdrawal", version=now.version, organisation_id=cast.oakfield.id)
    assert (ClaimItem.get().amount, ClaimItem.get().decided_unit_cost) == (2377, None)


def test_the_queue_and_the_page_cost_the_same_at_ten_as_at_one(officer, cast, claim):
    officer.get("/authority/claims")
    one, _ = queries(lambda: officer.get("/authority/claims"))
    home, _ = queries(lambda: officer.get("/authority/"))
    for n in range(9):
        made = Claim.create(
            organisation=cast.oakfield, service=cast.north, claimed_on=dt.date(2026, 10, n + 1), state=ClaimState.PENDING,
            submitted_at=dt.datetime(2026, 10, n + 1),
        )  # fmt: skip
        ClaimItem.create(claim=made, organisation=cast.oakfield, contract=cast.dapl, client=cast.bob,
                         level=world.incentive())  # fmt: skip
    ten, _ = queries(lambda: officer.get("/authority/claims"))
    assert ten <= one
    assert queries(lambda: officer.get("/authority/"))[0] <= home


def test_the_history_says_who_did_what_to_which_figures(officer, mine, claim):
    decide(officer, claim, "accept", unit_cost="15")
    page = text_of(mine.get(f"/provider/claims/{claim.id}"))
    for words in ("Began a claim", "Added an item", "Added evidence", "Submitted the claim", "Changed what is paid",
                  "Accepted the claim", "Amount paid", "Greta Finch", "Amir Khan"):  # fmt: skip
        assert words in page, words


def test_an_organisation_without_actuals_has_no_claims(cast, app):
    assert Organisation.select().count() == 2
    other = cast.sign_in(app.test_client(), cast.outsider)
    assert other.get("/provider/claims").status_code == 404


def test_deciding_is_one_transaction(claim, cast, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("power cut")

    monkeypatch.setattr(rules, "touch", fail)
    item = ClaimItem.get()
    with pytest.raises(RuntimeError):
        rules.decide(claim, True, {item.id: rules.Decided(True, 100, 10000, "")}, "", None, Actor(None, "x"))
    assert ClaimItem.get().amount == 2377


@pytest.mark.feature("K-12")
def test_what_may_be_claimed_once_is_the_authority_s_and_for_claims_to_come(officer, mine, claim, cast):
    level = world.other_level()
    address = f"/authority/service-levels/{level.id}/edit"
    assert pages.press(officer, address, claimable="").status_code == 303
    assert ServiceLevel.get_by_id(level.id).claimable == ""
    draft = press(mine, "/provider/claims/new", service=str(cast.north.id), organisation_id=cast.oakfield.id)
    assert "Key safe" not in mine.get(draft.location).text
    pages.press(officer, address, claimable="other")
    assert "Key safe" in mine.get(draft.location).text
    # A claim that was sent before stands, and is decided as it was sent.
    pages.press(officer, f"/authority/service-levels/{world.incentive().id}/edit", claimable="")
    assert decide(officer, claim, "accept").status_code == 303
    assert (ClaimItem.get(ClaimItem.claim == claim).amount, Claim.get_by_id(claim.id).state) == (2377, "Accepted")
