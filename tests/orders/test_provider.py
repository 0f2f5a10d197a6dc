"""A provider's purchase orders: the list, one order, its versions, paper and files."""

import csv
import datetime as dt
import io
import re

import openpyxl
import pytest

from blueprints.history import Actor
from blueprints.orders import rules
from blueprints.settings import rules as settings
from models import Client, Finalisation, OrderVersion, PurchaseOrder
from tests import counting
from tests.orders.test_rules import changed, order_of
from tests.provider_world import add_visit, finalise, settle
from tests.visits.test_provider import text_of

BY = Actor(None, "Rose Hill")


@pytest.fixture
def world(cast):
    """Ann has two visits in a finalised period; orders are kept."""
    for day in (7, 8):
        add_visit(cast, f"V{day}", day=dt.date(2026, 9, day))
    settle(cast, cast.package, cast.bobs, cast.placed)
    finalise(cast)
    return cast


@pytest.fixture
def owner(client, world):
    return world.sign_in(client, world.finance)


def rows_of(answer) -> list[dict]:
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.feature("S-01", "S-02")
def test_the_list_has_the_present_financial_year(owner, world):
    html = owner.get("/provider/orders").text
    text = text_of(html)
    assert "Financial Year: 2026/2027" in text and "All Services" in text and "All Clients" in text and "View" in text
    assert "2 orders worth £7,176.84, £46.45 spent" in text
    head = re.findall(r"<th[^>]*>(.*?)</th>", html[html.index("<thead") : html.index("</thead>")], re.DOTALL)
    assert [text_of(h).strip(" ▲▼") for h in head] == [
        "Purchase Order", "Value", "Spend To Date", "Financial Year", "Issued"
    ]  # fmt: skip
    assert "Archer, Ann (A100001) - 2026/2027" in text and "£4,784.56" in text
    assert "O'Neill, Bob (A100002) - 2026/2027" in text and "£2,392.28" in text and "£0.00" in text
    assert "Castle" not in text
    assert text.count("Not issued") == 2


@pytest.mark.feature("S-01")
def test_filters_change_what_is_listed_and_sort_keeps_them(owner, world):
    ann = owner.get(f"/provider/orders?client={world.ann.id}").text
    assert "1 order worth £4,784.56" in ann and "A100002) - " not in ann[ann.index("orders-table") :].split("<tbody")[1]
    assert "2 orders" in owner.get(f"/provider/orders?service={world.north.id}").text
    for nothing in ("service=999999", f"service={world.house.id}", "client=x", f"client={world.cat.id}", "year=soon"):
        assert "2 orders" in owner.get(f"/provider/orders?{nothing}").text
    by_value = owner.get("/provider/orders?sort=value&year=2026/2027").text
    assert by_value.index("O&#39;Neill") < by_value.index("Archer, Ann (A100001) - 2026/2027")
    down = owner.get("/provider/orders?sort=-value").text
    assert 'aria-sort="descending"' in down
    settle(world)
    order = order_of(world.ann)
    order.year = 2025
    order.save()
    text = owner.get("/provider/orders?year=2025/2026").text
    assert "1 order" in text and "Archer, Ann (A100001) - 2025/2026" in text
    none = owner.get(f"/provider/orders?year=2025/2026&client={world.bob.id}").text
    assert "No purchase orders match the filter." in none


@pytest.mark.feature("S-01")
def test_where_the_authority_wants_it_nothing_is_listed_before_view(owner, world):
    settings.put("orders_after_view", True)
    assert "then press View" in owner.get("/provider/orders").text
    assert "2 orders" in owner.get("/provider/orders?year=2026/2027&service=&client=").text


@pytest.mark.feature("S-02")
def test_long_lists_are_paged_and_two_orders_of_one_client_are_told_apart(owner, world):
    other = world.dapl.clone()
    other.ref, other.name, other.id = "C9", "Oakfield Spot", None
    other.save(force_insert=True)
    second = world.make_package(156099, world.ann, world.south, world.personal_care, other, quantity=100, unit_cost=100)
    settle(world, second)
    text = text_of(owner.get("/provider/orders").text)
    assert "Oakfield DAPL (C1)" in text and "Oakfield Spot (C9)" in text
    assert "1 order" in owner.get(f"/provider/orders?service={world.south.id}").text
    rows = [
        (world.oakfield.id, other.id, make_client(number), 2026, 100 * number, f"{number}") for number in range(1, 121)
    ]
    PurchaseOrder.insert_many(rows, fields=["organisation", "contract", "client", "year", "value", "digest"]).execute()
    first = owner.get("/provider/orders").text
    assert "123 orders" in first and 'aria-label="Page 2 of 2"' in first
    assert "Page 2 of 2" in owner.get("/provider/orders?page=2").text
    assert owner.get("/provider/orders?page=99").text.count('<tr><th scope="row"') == 23


def make_client(number: int) -> int:
    return Client.create(ssref=f"B{number:05}", client_ref=f"B-{number}", surname=f"Zed{number:03}", forename="Al").id


def test_the_same_number_of_queries_for_one_order_as_for_ten(owner, world):
    one = counting.of(owner, "/provider/orders")
    for number in range(10):
        package = world.make_package(
            500 + number, type(world.ann).get_by_id(make_client(number)), world.north, world.personal_care, world.dapl,
            quantity=100, unit_cost=100000,
        )  # fmt: skip
        settle(world, package)
    assert counting.of(owner, "/provider/orders") == one


@pytest.mark.feature("S-02")
def test_the_files_hold_exactly_the_filtered_rows(owner, world):
    rows = rows_of(owner.get(f"/provider/orders?client={world.ann.id}&format=csv"))
    assert [(r["PurchaseOrder"], r["Value"], r["SpendToDate"], r["Issued"], r["State"]) for r in rows] == [
        ("Archer, Ann (A100001) - 2026/2027", "4784.56", "46.45", "", "Not issued")
    ]
    assert len(rows_of(owner.get("/provider/orders?format=csv"))) == 2
    lines = rows_of(owner.get(f"/provider/orders?client={world.ann.id}&format=lines"))
    assert lines == [
        {"ContractRef": "C1", "SSRef": "A100001", "FinancialYear": "2026/2027", "CPLIId": "156017", "From": "2026-09-07",
         "To": "2027-03-31", "Quantity": "7.00", "UnitCost": "23.2260", "Discount": "0.00", "Amount": "4784.56",
         "SpendToDate": "46.45"}
    ]  # fmt: skip
    book = openpyxl.load_workbook(io.BytesIO(owner.get("/provider/orders?format=xlsx").data))
    cells = list(book.active.values)
    assert cells[0][0] == "PurchaseOrder" and len(cells) == 3
    assert float(cells[1][8]) == 4784.56


@pytest.mark.feature("S-04", "S-05")
def test_an_order_has_its_items_with_dates_discount_and_total(owner, world):
    changed(world.bobs, discount=250)
    html = owner.get(f"/provider/orders/{order_of(world.ann).id}").text
    text = text_of(html)
    assert "<h1" in html and "Archer, Ann (A100001) - 2026/2027, Oakfield Home Care" in text
    assert "Service 'Oakfield North', Level 'Personal Care (Hour)', 7 Hours every week @£23.226 (Timetabled)" in text
    assert "07/09/2026 to 31/03/2027" in text and "Total (ex VAT) £4,784.56" in text
    assert "Close and return to list" in text and "/provider/orders?year=2026/2027" in html
    assert re.search(r'data-label="Disc \(%\)"></td>', html)
    bob = text_of(owner.get(f"/provider/orders/{order_of(world.bob).id}").text)
    assert "3.5 Hours every week @£23.226" in bob and "2.50" in bob and "Timetabled" not in bob


@pytest.mark.feature("S-03")
def test_an_order_says_which_finalised_periods_spent(owner, world):
    text = text_of(owner.get(f"/provider/orders/{order_of(world.ann).id}").text)
    assert "07/09/2026 to 04/10/2026" in text and "Spend To Date £46.45" in text
    assert "Not spent £4,738.11" in text
    bob = text_of(owner.get(f"/provider/orders/{order_of(world.bob).id}").text)
    assert "Spend To Date £0.00" in bob and "Nothing is spent yet" in bob


@pytest.mark.feature("S-07")
def test_an_order_is_a_pdf_in_another_tab(owner, world):
    ann = order_of(world.ann)
    html = owner.get(f"/provider/orders/{ann.id}").text
    assert re.search(r'href="[^"]*format=pdf" target="_blank" rel="noopener"', html) and "opens in a new tab" in html
    answer = owner.get(f"/provider/orders/{ann.id}?format=pdf")
    assert answer.mimetype == "application/pdf" and answer.data.startswith(b"%PDF")
    assert answer.headers["Content-Disposition"] == "inline; filename=purchase-order-A100001-C1-2026.pdf"
    rules.issue_several([ann.id], "", BY)
    answer = owner.get(f"/provider/orders/{ann.id}/versions/1?format=pdf")
    assert answer.data.startswith(b"%PDF") and "version-1.pdf" in answer.headers["Content-Disposition"]


@pytest.mark.feature("S-08")
def test_a_provider_sees_what_has_changed_since_it_was_issued_and_every_version(owner, world):
    ann = order_of(world.ann)
    rules.issue_several([ann.id], "", BY)
    OrderVersion.update(at=dt.datetime(2026, 9, 20, 23, 30)).execute()
    PurchaseOrder.update(issued_at=dt.datetime(2026, 9, 20, 23, 30)).where(PurchaseOrder.id == ann.id).execute()
    assert "21/09/2026" in owner.get("/provider/orders").text  # of London
    changed(world.package, end_date=dt.date(2026, 12, 6))
    listed = text_of(owner.get("/provider/orders").text)
    assert "21/09/2026 Changed was £4,784.56" in listed and "£2,113.57" in listed
    text = text_of(owner.get(f"/provider/orders/{ann.id}").text)
    assert "It was issued at £4,784.56; its packages now come to £2,113.57." in text
    assert "What has changed since version 1" in text
    assert "07/09/2026 to 31/03/2027 07/09/2026 to 06/12/2026 £4,784.56 £2,113.57 -£2,670.99" in text
    rules.issue_several([ann.id], "Ended early", BY)
    text = text_of(owner.get(f"/provider/orders/{ann.id}").text)
    assert "What has changed since" not in text and "Ended early" in text and "Version 2" in text
    assert "Rose Hill" not in text  # which officer it was is the authority's
    old = text_of(owner.get(f"/provider/orders/{ann.id}/versions/1").text)
    assert "Version 2 has replaced this one." in old and "£4,784.56" in old and "07/09/2026 to 31/03/2027" in old
    new = text_of(owner.get(f"/provider/orders/{ann.id}/versions/2").text)
    assert "What changed against version 1" in new and "Ended early" in new
    assert owner.get(f"/provider/orders/{ann.id}/versions/3").status_code == 404


def test_a_year_that_is_paid_to_its_end_is_closed(owner, world):
    ann = order_of(world.ann)
    assert "Closed" not in text_of(owner.get(f"/provider/orders/{ann.id}").text)
    last = world.periods[-1]
    last.end_date = dt.date(2027, 4, 4)
    last.save()
    for period in world.periods[1:]:
        Finalisation.create(contract=world.dapl, period=period, by="x")
    assert "Closed" in text_of(owner.get(f"/provider/orders/{ann.id}").text)


def test_an_outsider_and_a_module_that_is_off_get_404(owner, world, app):
    ann = order_of(world.ann)
    rules.issue_several([ann.id], "", BY)
    stranger = world.sign_in(app.test_client(), world.outsider)
    for more in ("", "/versions/1", "?format=pdf", "/versions/1?format=pdf"):
        assert owner.get(f"/provider/orders/{ann.id}{more}").status_code == 200
        assert stranger.get(f"/provider/orders/{ann.id}{more}").status_code == 404
    assert "Archer" not in stranger.get("/provider/orders").text
    assert (
        "Archer"
        not in stranger.get("/provider/orders?format=csv").text + stranger.get("/provider/orders?format=lines").text
    )
    assert stranger.get(f"/provider/orders?client={world.ann.id}").text.count("Archer") == 0
    settings.put("module_orders", False)
    assert owner.get("/provider/orders").status_code == 404 and ">POs<" not in owner.get("/provider/").text
    settings.put("module_orders", True)
    assert ">POs<" in owner.get("/provider/").text


def test_with_limited_accessibility_nothing_is_listed(owner, world):
    world.oakfield.limited_accessibility = True
    world.oakfield.save()
    assert "There are no purchase orders" in owner.get("/provider/orders").text
    assert owner.get(f"/provider/orders/{order_of(world.ann).id}").status_code == 404


def test_a_client_whose_packages_have_gone_keeps_the_order_and_says_so(owner, world):
    changed(world.package, authorised=False)
    ann = order_of(world.ann)
    text = text_of(owner.get(f"/provider/orders/{ann.id}").text)
    assert "There are no items to display." in text and "£46.45" in text
