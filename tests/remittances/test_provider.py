"""The remittance: the aggregation of rule 7.6, and its three forms at the provider's door."""

import csv
import datetime as dt
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.payments.rules import Item
from blueprints.remittances.rules import aggregate
from models import ItemKind, ItemState
from tests.provider_world import add_visit, finalise, settle
from tests.visits.test_provider import text_of

WEEK = dt.date(2026, 9, 7)


def item(client=1, kind="cost", level=1, amount=100, vat=0, state="Payable", package=1, note="") -> Item:
    return Item(1, 1, package, 156017, client, 1, level, WEEK, kind, "", None, None, amount, vat, state, note)


def test_items_of_the_same_client_kind_and_level_are_one_line():
    lines = aggregate([item(), item(amount=50, package=2), item(level=2), item(kind="adjustment"), item(client=2)])
    assert [(x.client, x.kind, x.level, x.amount, x.items) for x in lines] == [
        (1, "cost", 1, 150, 2), (1, "cost", 2, 100, 1), (1, "adjustment", 1, 100, 1), (2, "cost", 1, 100, 1),
    ]  # fmt: skip


@pytest.mark.feature("R-13")
def test_a_group_of_nothing_is_left_out_but_not_one_with_vat():
    assert aggregate([item(amount=100, vat=20), item(amount=-100, vat=-20)]) == []
    assert len(aggregate([item(amount=100, vat=21), item(amount=-100, vat=-20)])) == 1


def test_manual_adjustments_stand_alone():
    assert len(aggregate([item(kind="manual", note="A"), item(kind="manual", note="B")])) == 2


def test_what_is_not_payable_is_not_in_it():
    assert aggregate([item(state="Cancelled"), item(state="Suspended"), item(state="Carried forward")]) == []


items = st.builds(
    item,
    client=st.integers(1, 3),
    kind=st.sampled_from([str(kind) for kind in ItemKind]),
    level=st.integers(1, 2),
    amount=st.integers(-300, 300),
    vat=st.integers(-50, 50),
    state=st.sampled_from([str(state) for state in ItemState]),
)


@given(st.lists(items, max_size=40))
def test_the_lines_add_up_to_the_payable_items(listed):
    lines, payable = aggregate(listed), [i for i in listed if i.is_payable]
    assert sum(x.amount for x in lines) == sum(i.amount for i in payable)
    assert sum(x.vat for x in lines) == sum(i.vat for i in payable)
    keys = [(x.client, x.kind, x.level) for x in lines if x.kind != "manual"]
    assert len(keys) == len(set(keys)) and all(x.amount or x.vat for x in lines)


# at the door -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def owner(client, cast):
    for number in range(3):
        add_visit(cast, f"V{number}", day=WEEK + dt.timedelta(7 * number))
    add_visit(cast, "B1", package=cast.bobs, day=WEEK)
    settle(cast)
    return cast.sign_in(client, cast.finance)


def address(cast, number: int = 0) -> str:
    return f"/provider/remittances/contracts/{cast.dapl.id}/periods/{cast.periods[number].id}"


@pytest.mark.feature("R-15", "R-17")
def test_on_screen(owner, cast):
    before = text_of(owner.get(address(cast)).text)
    assert "Provisional remittance: Oakfield DAPL, 7 Sep 2026 to 4 Oct 2026" in before
    assert "has not been paid" in before
    finalise(cast)
    after = text_of(owner.get(address(cast)).text)
    assert "Provisional" not in after and "Finalised" in after
    line = "Archer, Ann A100001 Personal Care Cost Care 07/09/2026 27/09/2026 3 £69.69 £0.00 £69.69"
    assert line in after  # three times £23.23
    assert "Total 4 £92.92 £0.00 £92.92" in after
    assert "(BACS) is made by" in after


@pytest.mark.feature("R-15")
def test_as_csv_it_adds_up_to_the_payments(owner, cast):
    finalise(cast)
    rows = list(csv.DictReader(io.StringIO(owner.get(f"{address(cast)}?format=csv").text)))
    payments = f"/provider/payments/contracts/{cast.dapl.id}/periods/{cast.periods[0].id}?format=csv"
    lines = list(csv.DictReader(io.StringIO(owner.get(payments).text)))
    assert len(rows) == 2 and len(lines) == 4
    assert sum(float(r["Total"]) for r in rows) == pytest.approx(sum(float(r["Total"]) for r in lines))


def test_as_pdf(owner, cast):
    pytest.importorskip("blueprints.pdf")
    answer = owner.get(f"{address(cast)}?format=pdf")
    assert answer.mimetype == "application/pdf" and answer.data.startswith(b"%PDF")
    assert f"remittance-C1-{WEEK}-made-" in answer.headers["Content-Disposition"]


def test_anothers_remittance_does_not_exist(client, cast):
    cast.sign_in(client, cast.outsider)
    for kind in ("", "?format=csv", "?format=pdf"):
        assert client.get(address(cast) + kind).status_code == 404


@pytest.mark.feature("C-20")
def test_it_says_where_to_get_a_pdf_viewer_and_offers_another_form(owner, cast):
    html = owner.get(address(cast)).text
    assert "you need a PDF viewer" in html and "we recommend none in particular" in html and "?format=csv" in html
