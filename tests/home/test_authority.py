"""What waits for officers: each queue with its count and age, oldest first, and the way to its list."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from blueprints import weeks
from blueprints.history import Actor
from blueprints.periods import rules as periods
from models import Client, Import, Job, Package, PaymentPeriod, StaleGroup, Visit
from tests.cast import MONDAY
from tests.conftest import TODAY
from tests.test_engine import send


@pytest.fixture
def officer(client, cast):
    """The officer with every role, signed in."""
    return cast.sign_in(client, cast.officer)


def queues(text: str) -> list[tuple[str, str, str]]:
    """(count, words, address) of what needs doing, in order."""
    found = re.findall(r'portal-todo__what" href="([^"]+)"><b class="portal-todo__count">([^<]+)</b> ([^<]+)</a>', text)
    return [(count, words, href.replace("&amp;", "&")) for href, count, words in found]


@pytest.mark.feature("Z-01")
def test_nothing_to_do_is_said_with_what_comes_next(officer, cast):
    PaymentPeriod.delete().where(PaymentPeriod.id == cast.periods[0].id).execute()
    text = officer.get("/authority/").text
    assert "Nothing needs doing now. The next payment period ends on 1 November 2026." in text
    for title in ("Visits", "Payments", "Files", "Audit"):
        assert title in text


@pytest.mark.feature("Z-01")
def test_every_queue_opens_its_list_oldest_first(officer, cast):
    send(cast, "OLD", dt.date(2026, 9, 1))
    send(cast, "LEVEL", MONDAY, level=cast.placement)
    Visit.create(
        organisation=cast.oakfield, ref="M1", type=cast.types["DHS"], planned_date=MONDAY, week=MONDAY, client=cast.ann,
        level=cast.personal_care, status="Missing Data", reason="delivered times missing",
    )  # fmt: skip
    Package.update(authorised=False, start_date=dt.date(2026, 9, 14)).where(Package.id == cast.bobs.id).execute()
    Client.update(date_of_death=dt.date(2026, 10, 2)).where(Client.id == cast.cat.id).execute()
    now = weeks.utc_now()
    for state in ("Checked", "Failed", "Done"):
        Import.create(kind="visits", organisation=cast.oakfield, state=state, started_at=now)
    Job.create(kind="settle", state="Failed", error="OSError", ended_at=now)
    text = officer.get("/authority/").text
    found = queues(text)
    words = [f"{count} {what}" for count, what, _ in found]
    for start in (
        "2 visits unmatched (oldest 1 September 2026, 43 days ago)",
        "1 package waiting to be authorised (oldest 14 September 2026, 30 days ago)",
        "1 client has died and has a package still open (oldest 2 October 2026",
        "1 period has ended and is not finalised (oldest 4 October 2026, 10 days ago)",
        "1 visit with missing data (oldest 5 October 2026",
        "1 checked import waits for Update System",
        "1 import failed",
        "1 job failed",
    ):
        assert any(one.startswith(start) for one in words), (start, words)
    assert words[0].startswith("2 visits unmatched") and words[1].startswith("1 package")
    for count, what, href in found:
        page = officer.get(href)
        assert page.status_code == 200, (what, href)
        if "visit" in what:
            assert re.search(rf"{count} visits?\b", page.text), what
    assert "156017" not in officer.get("/authority/deaths").text and "200001" in officer.get("/authority/deaths").text


@pytest.mark.feature("Z-01")
def test_contracts_with_adjustments_are_counted(officer, cast):
    send(cast, "V1", dt.date(2026, 9, 8))
    periods.finalise(cast.dapl, cast.periods[0], Actor(None, "x"), TODAY)
    assert "adjustments waiting" not in officer.get("/authority/").text
    send(cast, "LATE", dt.date(2026, 9, 9))
    (one,) = [q for q in queues(officer.get("/authority/").text) if "adjustments" in q[1]]
    assert one[0] == "1" and one[2] == f"/authority/periods/{cast.periods[1].id}"


def test_matching_that_still_runs_is_said(officer, cast):
    StaleGroup.create(organisation=cast.oakfield, client=cast.ann, level=cast.personal_care, week=MONDAY)
    text = officer.get("/authority/").text
    assert "1 change is still being matched and worked out." in text


def test_a_client_whose_package_has_ended_is_not_in_the_queue(officer, cast):
    Client.update(date_of_death=dt.date(2026, 10, 2)).where(Client.id == cast.cat.id).execute()
    Package.update(end_date=dt.date(2026, 10, 2)).where(Package.id == cast.placed.id).execute()
    assert "has died" not in officer.get("/authority/").text
    assert "No package goes on after" in officer.get("/authority/deaths").text


def test_help_opens_at_the_page_it_was_asked_from(officer, cast):
    assert 'href="/authority/help/payments"' in officer.get("/authority/periods").text
    assert 'href="/authority/help/unmatched"' in officer.get("/authority/visits/unmatched").text
    assert 'href="/authority/help/visits"' in officer.get("/authority/visits").text
    index = officer.get("/authority/help").text
    for topic in re.findall(r'href="(/authority/help/[a-z]+)"', index):
        assert officer.get(topic).status_code == 200
    assert "Unmatched visits" in officer.get("/authority/help/nonsense").text
    assert "calculate and finalise payment periods" in officer.get("/authority/help/settings").text


def test_orders_and_exports_wait_only_where_they_are_used(officer, cast):
    from blueprints.exports import rules as exports
    from blueprints.orders import rules as orders
    from tests.provider_world import add_visit, finalise, settle

    add_visit(cast, "V7", day=dt.date(2026, 9, 7))
    settle(cast, cast.package, cast.bobs, cast.placed)
    finalise(cast)
    home = officer.get("/authority/").text
    assert "purchase order is new" not in home and "finance export" not in home
    orders.issue_several([cast.order.id], "", Actor(None, "x"))
    waiting = exports.waiting()[0]
    exports.make_payments(waiting.period, waiting.finalisations, Actor(None, "x"))
    finalise(cast, contract=cast.spot)
    home = officer.get("/authority/").text
    assert "purchase orders are new or changed since issued" in home and "state=to+issue" in home
    assert "finalised contract waits for the finance export" in home
