"""Officers' purchase orders: every provider's, and issuing one or many (S-08)."""

import datetime as dt
import re

import pytest

from blueprints import consequences
from blueprints.history import Actor
from blueprints.jobs import rules as jobs
from blueprints.orders import rules
from models import Job, OrderVersion, PurchaseOrder
from tests import counting
from tests.orders.test_provider import make_client
from tests.orders.test_rules import changed, order_of
from tests.provider_world import add_visit, finalise, settle
from tests.visits.test_provider import text_of

BY = Actor(None, "Rose Hill")


@pytest.fixture
def world(cast):
    """Orders of three clients are kept; Ann's has spend."""
    add_visit(cast, "V7", day=dt.date(2026, 9, 7))
    settle(cast, cast.package, cast.bobs, cast.placed)
    finalise(cast)
    return cast


@pytest.fixture
def officer(client, world):
    return world.sign_in(client, world.officer)


def hidden(text: str) -> str:
    return re.search(r'name="shown"[^>]*value="([^"]*)"', text)[1]


def test_the_list_has_every_provider_and_filters(officer, world):
    text = text_of(officer.get("/authority/orders").text)
    assert "3 orders worth" in text and "Brookhouse Residential" in text and "3 are new or changed since issued" in text
    assert "1 order" in officer.get(f"/authority/orders?organisation={world.brookhouse.id}").text
    assert "1 order" in officer.get("/authority/orders?q=archer").text
    assert "2 orders" in officer.get("/authority/orders?q=C1").text
    assert "No purchase orders match" in officer.get("/authority/orders?q=nobody").text
    rules.issue_several([order_of(world.ann).id], "", BY)
    assert "1 order" in officer.get("/authority/orders?state=Issued").text
    assert "2 orders" in officer.get("/authority/orders?state=to+issue").text
    changed(world.package, discount=100)
    assert "1 order" in officer.get("/authority/orders?state=Changed").text
    assert "2 orders" in officer.get("/authority/orders?state=Not+issued").text
    for sort in ("organisation", "-value", "spend", "-issued", "year", "nonsense"):
        assert "3 orders" in officer.get(f"/authority/orders?sort={sort}").text


def test_the_region_alone_for_htmx(officer, world):
    html = officer.get("/authority/orders", headers={"HX-Request": "true", "HX-Target": "orders-table"}).text
    assert html.lstrip().startswith('<div id="orders-table">')


def test_the_same_number_of_queries_for_one_version_as_for_ten(officer, world):
    ann = order_of(world.ann)
    rules.issue_several([ann.id], "", BY)
    one = counting.of(officer, f"/authority/orders/{ann.id}")
    for _ in range(9):
        PurchaseOrder.update(issued_digest="other").execute()
        rules.issue_several([ann.id], "again", BY)
    assert OrderVersion.select().count() == 10
    PurchaseOrder.update(issued_digest=PurchaseOrder.digest).execute()
    assert counting.of(officer, f"/authority/orders/{ann.id}") <= one
    assert counting.of(officer, "/authority/orders") == counting.of(officer, "/authority/orders?q=archer")


@pytest.mark.feature("S-08")
def test_an_officer_issues_an_order_and_issues_it_again(officer, world):
    ann = order_of(world.ann)
    new = f"/authority/orders/{ann.id}/versions/new"
    page = officer.get(new).text
    assert "Issue version 1" in page and "£4,784.56" in page
    answer = officer.post(new, data={"shown": hidden(page), "reason": ""})
    assert answer.status_code == 303
    assert "Version 1 is issued." in officer.get(answer.location).text
    twice = officer.post(new, data={"shown": hidden(page)}, follow_redirects=True)
    assert "Nothing has changed since Amir Khan issued version 1" in text_of(twice.text)
    assert OrderVersion.select().count() == 1
    changed(world.package, end_date=dt.date(2026, 12, 6))
    page = officer.get(new).text
    assert "What changes" in page and "-£2,670.99" in page
    without = officer.post(new, data={"shown": hidden(page), "reason": " "})
    assert without.status_code == 422 and "Enter why it is issued again" in without.text
    answer = officer.post(new, data={"shown": hidden(page), "reason": "Ended early"})
    assert answer.status_code == 303
    text = text_of(officer.get(answer.location).text)
    assert "Ended early" in text and "Amir Khan" in text and "12/06/2026" not in text
    assert [(v.number, v.value) for v in OrderVersion.select().order_by(OrderVersion.number)] == [
        (1, 478456),
        (2, 211357),
    ]


@pytest.mark.feature("S-08")
def test_packages_that_change_while_one_looks_are_told_and_nothing_is_lost(officer, world):
    ann = order_of(world.ann)
    new = f"/authority/orders/{ann.id}/versions/new"
    page = officer.get(new).text
    changed(world.package, discount=1000)
    answer = officer.post(new, data={"shown": hidden(page), "reason": "As agreed"})
    assert answer.status_code == 422
    assert "The packages have changed since you looked" in answer.text and "As agreed" in answer.text
    assert OrderVersion.select().count() == 0
    assert officer.post(new, data={"shown": hidden(answer.text), "reason": "As agreed"}).status_code == 303
    consequences.follow(consequences.Change(packages=[world.bobs.id]))
    bob = f"/authority/orders/{order_of(world.bob).id}/versions/new"
    refused = officer.post(bob, data={"shown": hidden(officer.get(bob).text)})
    assert refused.status_code == 422 and "still being worked out" in refused.text


@pytest.mark.feature("S-08")
def test_all_orders_of_a_filter_are_issued_as_a_job(officer, world):
    listed = officer.get(f"/authority/orders?organisation={world.oakfield.id}").text
    address = re.search(r'href="(/authority/orders/versions/new[^"]*)"', listed)[1].replace("&amp;", "&")
    page = text_of(officer.get(address).text)
    assert "Issue 2 orders" in page and "Issued for the first time 2" in page and "£7,176.84" in page
    answer = officer.post(address, data={"reason": ""})
    assert answer.status_code == 303 and "Waiting to begin" in officer.get(answer.location).text
    other = officer.post("/authority/orders/versions/new?state=Not+issued", data={}, follow_redirects=True)
    assert "Orders are being issued already" in other.text
    assert "Orders are being issued." in officer.get("/authority/orders").text
    jobs.run_waiting()
    assert "2 orders are issued." in officer.get(answer.location).text
    assert {v.order.organisation_id for v in OrderVersion.select()} == {world.oakfield.id}
    assert {(v.by, v.user_id) for v in OrderVersion.select()} == {("Amir Khan", world.officer.id)}
    assert "Issuing purchase orders" in officer.get("/authority/jobs").text
    again = officer.post(address, data={"reason": "x"}, follow_redirects=True)
    assert "Nothing is left to issue here." in again.text
    changed(world.bobs, discount=100)
    assert officer.post(address, data={"reason": ""}).status_code == 422
    assert Job.select().where(Job.kind == "issue-orders").count() == 1


def test_who_may_only_read_is_told_who_may_issue(client, world):
    reader = world.sign_in(client, world.reader)
    ann = order_of(world.ann)
    assert "/versions/new" not in reader.get(f"/authority/orders/{ann.id}").text + reader.get("/authority/orders").text
    refused = reader.post(f"/authority/orders/{ann.id}/versions/new")
    assert refused.status_code == 403 and "packages or payments" in refused.text
    assert OrderVersion.select().count() == 0


def test_looking_at_an_order_is_noted_with_the_client(officer, world):
    from models import Look

    officer.get(f"/authority/orders/{order_of(world.ann).id}")
    assert Look.select().where((Look.thing == "client") & (Look.thing_id == world.ann.id)).count() == 1


def test_a_client_s_and_a_contract_s_orders_of_all_years(officer, world):
    PurchaseOrder.create(organisation=world.oakfield, contract=world.dapl, client=world.ann, year=2025, value=12345)
    of_client = officer.get(f"/authority/clients/{world.ann.id}/orders")
    text = text_of(of_client.text)
    assert "2 orders worth £4,908.01" in text and "2025/2026" in text and "2026/2027" in text and "O'Neill" not in text
    assert text.index("Archer, Ann (A100001) - 2026/2027") < text.index("Archer, Ann (A100001) - 2025/2026")
    assert "3 orders" in officer.get(f"/authority/contracts/{world.dapl.id}/orders").text
    assert officer.get(f"/authority/clients/{world.ann.id}/orders?format=csv").text.count("\n") == 3
    assert f"/authority/clients/{world.ann.id}/orders" in officer.get(f"/authority/clients/{world.ann.id}").text
    assert "There are no purchase orders." in officer.get(f"/authority/clients/{make_client(1)}/orders").text
    assert officer.get("/authority/clients/99999/orders").status_code == 404
