"""Officers look for visits, see why some are unmatched and what would mend them, and delete with a reason."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest

from blueprints.settings import rules as settings
from blueprints.visits import search
from models import Actual, Client, Contract, Look, Package, Visit, VisitVersion
from tests import counting
from tests.cast import MONDAY, at
from tests.test_engine import send


@pytest.fixture
def officer(client, cast):
    """The officer with every role, signed in."""
    return cast.sign_in(client, cast.officer)


def plain(cast, ref: str, day: dt.date, **facts) -> Visit:
    """A visit as it stands, without matching."""
    values = {
        "organisation": cast.oakfield, "ref": ref, "type": cast.types["DHS"], "planned_date": day, "planned_entry": at(8),
        "planned_exit": at(9), "client": cast.ann, "level": cast.personal_care, "week": day - dt.timedelta(day.weekday()),
        "planned_minutes": 60, "delivered_minutes": 90, "ssref": "A100001", "level_name": "Personal Care",
    }  # fmt: skip
    return Visit.create(**{**values, **facts})


@pytest.mark.feature("O-48")
def test_the_last_full_week_first_with_the_columns_of_the_viewer(officer, cast):
    send(cast, "V1", MONDAY, delivered=90)
    send(cast, "OLD", MONDAY - dt.timedelta(7))
    send(cast, "NEW", MONDAY + dt.timedelta(7))
    text = officer.get("/authority/visits").text
    for words in (
        "External Reference", "ID", "Client (ref)", "Provider", "Service Level (unit)", "Visit Type", "Duration",
        "V1", "Archer, Ann (A100001)", "Oakfield Home Care", "Personal Care (Hours)", "DHS", "05/10/2026", "08:00–09:00",
        "1h", "1h 30m", "Matched", "1 visit: 1 matched",
    ):  # fmt: skip
        assert words in text, words
    assert ">OLD<" not in text and ">NEW<" not in text


@pytest.mark.feature("O-48")
@pytest.mark.parametrize(
    "query, found",
    [
        ("organisation={0.oakfield.id}", {"V1", "V2", "U1"}),
        ("organisation={0.brookhouse.id}", set()),
        ("service={0.north.id}", {"V1", "V2"}),
        ("level={0.personal_care.id}&type=%s", {"V2"}),
        ("status=Unmatched", {"U1"}),
        ("reason=client+not+known", {"U1"}),
        ("client=A100001", {"V1", "EARLY"}),
        ("client=archer", {"V1", "EARLY"}),
        ("client=ANN+Archer", {"V1", "EARLY"}),
        ("client=S-1", {"U1"}),
        ("ref=EARLY", {"EARLY"}),
        ("first=7/10/2026&last=7/10/2026", {"V2"}),
        ("first=5/10/2026&last=11/10/2026&sort=-ref", {"V1", "V2", "U1"}),
    ],
)
def test_search(officer, cast, query, found):
    send(cast, "V1", MONDAY)
    send(cast, "V2", MONDAY + dt.timedelta(2), kind="C", client=cast.bob)
    send(cast, "EARLY", MONDAY - dt.timedelta(21))
    plain(cast, "U1", MONDAY + dt.timedelta(3), client=None, ssref="S-1", status="Unmatched", reason="client not known")
    query = query.format(cast).replace("%s", str(cast.types["C"].id))
    text = officer.get("/authority/visits?" + query).text
    assert {ref for ref in ("V1", "V2", "EARLY", "U1") if f">{ref}</a>" in text} == found


@pytest.mark.feature("O-48")
def test_the_file_has_exactly_the_filtered_rows(officer, cast):
    send(cast, "V1", MONDAY)
    send(cast, "V2", MONDAY, kind="C", client=cast.bob)
    answer = officer.get("/authority/visits?client=archer&first=5/10/2026&last=11/10/2026&format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert [(r["External Reference"], r["Client (ref)"], r["Planned Duration"]) for r in rows] == [
        ("V1", "A100001", "1h")
    ]


@pytest.mark.parametrize(
    "query, words",
    [
        ("first=nonsense", "Enter the first planned date as day, month and year"),
        ("first=11/10/2026&last=5/10/2026", "Enter a last planned date on or after the first one"),
        ("first=1/01/2020", "Choose a provider, a client or a reference, or dates at most 13 weeks apart"),
        ("first=1/01/2020&last=1/01/2026&status=Matched", "at most 13 weeks apart"),
    ],
)
def test_dates_that_will_not_do(officer, cast, query, words):
    answer = officer.get("/authority/visits?" + query)
    assert answer.status_code == 422 and words in answer.text


def test_a_long_range_of_one_provider_may_be_had(officer, cast):
    send(cast, "V1", MONDAY)
    text = officer.get(f"/authority/visits?first=1/01/2020&last=1/01/2027&organisation={cast.oakfield.id}").text
    assert ">V1</a>" in text
    assert officer.get("/authority/visits?page=99").status_code == 200
    assert officer.get("/authority/visits?organisation=x&level=%27").status_code == 422


def test_nothing_found_says_so(officer, cast):
    assert "No visits match the filter." in officer.get("/authority/visits").text


@pytest.mark.parametrize(
    "minutes, words", [(60, "1h"), (120, "2h"), (30, "30m"), (90, "1h 30m"), (0, "0m"), (None, "-")]
)
def test_duration(minutes, words):
    assert search.duration(minutes) == words


def test_as_many_queries_for_many_visits_as_for_one(officer, cast):
    stay = (("/authority/visits", 9), ("/authority/visits/unmatched", 9), ("/authority/", 30))
    plain(cast, "U0", MONDAY, status="Unmatched", reason="before the package starts")
    few = [counting.of(officer, page) for page, _ in stay]
    for n in range(1, 10):
        plain(cast, f"U{n}", MONDAY, status="Unmatched", reason="after it ends", client=cast.bob)
    assert [counting.of(officer, page) for page, _ in stay] == few
    assert all(count <= most + 4 for count, (_, most) in zip(few, stay, strict=True)), few  # the session and settings


# unmatched -------------------------------------------------------------------------------------------------------------


def test_unmatched_by_reason_with_the_packages_that_they_might_be(officer, cast):
    send(cast, "BEFORE", dt.date(2026, 9, 1))
    Package.update(authorised=False).where(Package.id == cast.bobs.id).execute()
    send(cast, "WAITS", MONDAY, client=cast.bob)
    send(cast, "LEVEL", MONDAY, level=cast.placement)
    plain(cast, "M1", MONDAY, status="Missing Data", reason="delivered times missing", delivered_minutes=None)
    text = officer.get("/authority/visits/unmatched").text
    assert "4 visits" in text
    for words in (
        "Before the package starts",
        "Package not authorised",
        "Service level not in the client&#39;s packages",
        "Delivered times missing",
    ):
        assert words in text, words
    assert text.index(">BEFORE<") < text.index(">WAITS<")
    assert "156017 Personal Care, Oakfield North, from 07/09/2026" in text
    assert "156018 Personal Care, Oakfield North, from 07/09/2026, not authorised" in text
    one = officer.get("/authority/visits/unmatched?reason=package+not+authorised").text
    assert ">WAITS<" in one and ">LEVEL<" not in one and "1 visit<" in one
    assert "Every visit is matched" not in text
    none = officer.get(f"/authority/visits/unmatched?organisation={cast.brookhouse.id}").text
    assert "No unmatched visits of this reason and provider." in none
    rows = officer.get("/authority/visits/unmatched?format=csv").get_data().decode("utf-8-sig").splitlines()
    assert len(rows) == 5


def test_no_unmatched_visits(officer, cast):
    assert "Every visit is matched." in officer.get("/authority/visits/unmatched").text


def test_the_ways_to_what_mends_a_visit(app, cast, monkeypatch):
    from flask import g

    from blueprints.reach import Reach
    from blueprints.visits import authority

    monkeypatch.setattr(authority.desk, "where", lambda endpoint, **values: f"{endpoint} {sorted(values.items())}")
    monkeypatch.setattr(authority, "can", lambda _: True)
    send(cast, "BEFORE", dt.date(2026, 9, 1))
    send(cast, "LEVEL", MONDAY, level=cast.placement)
    Package.update(authorised=False).where(Package.id == cast.bobs.id).execute()
    send(cast, "WAITS", MONDAY, client=cast.bob)
    dan = Client.create(ssref="D1", client_ref="CR-9", surname="Dunmore", forename="Dan")
    invoiced = Contract.create(
        ref="I",
        name="Invoiced",
        organisation=cast.oakfield,
        contract_type="Spot",
        cycle=cast.cycle,
        payment_basis="invoice",
    )
    cast.make_package(9, dan, cast.north, cast.personal_care, invoiced, quantity=100, unit_cost=1)
    send(cast, "INVOICE", MONDAY, client=dan)
    plain(cast, "STRANGER", MONDAY, client=None, ssref="S-9", status="Unmatched", reason="client not known")
    with app.test_request_context():
        g.reach = Reach.whole()
        listed = list(search.rows(Visit.status == "Unmatched"))
        packages = search.candidates(listed)
        ways = {
            row.ref: authority.mending(row, packages.get((row.organisation_id, row.client_id), [])) for row in listed
        }
    assert ways["BEFORE"][1][0] == (
        "Change the dates of 156017",
        f"authority.packages.show [('package_id', {cast.package.id})]",
    )
    assert ways["WAITS"][1] == [("Authorise 156018", f"authority.packages.show [('package_id', {cast.bobs.id})]")]
    assert ways["LEVEL"][1][0][0] == "Client’s packages"
    assert ways["LEVEL"][1][1][0] == "Add a package" and f"client={cast.ann.id}" in ways["LEVEL"][1][1][1]
    assert f"level={cast.placement.id}" in ways["LEVEL"][1][1][1] and "start=2026-10-05" in ways["LEVEL"][1][1][1]
    assert ways["INVOICE"][1] == [("Contract Invoiced", f"authority.contracts.show [('contract_id', {invoiced.id})]")]
    assert ways["STRANGER"][1] == [("Look for the client", "authority.clients.index []?q=S-9")]


def test_the_form_of_the_missing_package_is_filled_from_the_visit(officer, cast):
    import html
    import re

    send(cast, "LEVEL", MONDAY, level=cast.placement)
    text = officer.get("/authority/visits/unmatched").text
    (address,) = re.findall(r'href="(/authority/packages/new[^"]+)"', text)
    form = officer.get(html.unescape(address)).text
    assert 'value="A100001"' in form and 'value="05/10/2026"' in form
    assert f'<option value="{cast.placement.id}" selected>' in form


@pytest.mark.feature("O-32")
def test_a_late_package_matches_its_visits_and_leaves_the_list(officer, cast):
    from blueprints import consequences

    send(cast, "LATE", MONDAY, client=cast.cat)
    assert ">LATE<" in officer.get("/authority/visits/unmatched").text
    made = cast.make_package(5, cast.cat, cast.north, cast.personal_care, cast.dapl, quantity=100, unit_cost=200000)
    consequences.follow(consequences.Change(packages=[made.id]), now=True)
    assert ">LATE<" not in officer.get("/authority/visits/unmatched").text
    assert Visit.get(Visit.ref == "LATE").package_id == made.id


# one visit -------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("O-48")
def test_a_visit_with_its_tabs(officer, cast):
    visit = send(cast, "V1", MONDAY, delivered=90)
    Visit.update(
        comments="Was tired",
        variance_reason="Late",
        delivered_date=MONDAY,
        delivered_entry=at(8),
        delivered_exit=at(9, 30),
    ).where(Visit.id == visit.id).execute()
    here = f"/authority/visits/{visit.id}"
    text = officer.get(here).text
    for words in (
        "Visit Date/Time",
        "Variance Reason",
        "Comments",
        "CPLI 156017",
        "1h 30m",
        "09:30",
        "Mrs Ann Archer (A100001)",
    ):
        assert words in text, words
    assert "Was tired" in officer.get(here + "?tab=comments").text
    assert "Late" in officer.get(here + "?tab=variance").text
    assert "Version 1: Sent" in officer.get(here + "?tab=versions").text
    assert officer.get(here + "?tab=nonsense").status_code == 200
    assert Look.select().where((Look.thing == "visit") & (Look.thing_id == visit.id)).count() == 5


@pytest.mark.feature("O-44")
def test_deleting_with_a_reason_of_the_list(officer, cast):
    visit = send(cast, "V1", MONDAY)
    here = f"/authority/visits/{visit.id}"
    text = officer.get(here + "/deletion").text
    reasons = settings.deletion_reasons(settings.read())
    assert len(reasons) == 11 and all(reason in text for reason in reasons)
    missing = officer.post(here + "/deletion", data={"reason": ""})
    assert missing.status_code == 422 and "Choose the reason for deleting" in missing.text
    assert officer.post(here + "/deletion", data={"reason": "Because"}).status_code == 422
    assert not Visit.get_by_id(visit.id).is_deleted
    answer = officer.post(here + "/deletion", data={"reason": reasons[1], "version": "1"})
    assert answer.location == here
    text = officer.get(here).text
    assert "is deleted" in text and reasons[1] in text and "Amir Khan" in text
    stored = Visit.get_by_id(visit.id)
    assert (stored.is_deleted, stored.deletion_reason, stored.package_id) == (True, reasons[1], None)
    assert VisitVersion.select().where(VisitVersion.visit == visit).count() == 1
    assert not Actual.select().exists()
    assert ">V1<" not in officer.get("/authority/visits").text
    again = officer.post(here + "/deletion", data={"reason": reasons[1]})
    assert "was deleted already, by Amir Khan" in officer.get(again.location).text


@pytest.mark.feature("O-44")
def test_a_visit_sent_again_meanwhile_is_not_deleted(officer, cast):
    visit = send(cast, "V1", MONDAY)
    Visit.update(version=2).where(Visit.id == visit.id).execute()
    reason = settings.deletion_reasons(settings.read())[0]
    answer = officer.post(f"/authority/visits/{visit.id}/deletion", data={"reason": reason, "version": "1"})
    assert answer.status_code == 409 and "was sent again while you looked" in answer.text
    assert not Visit.get_by_id(visit.id).is_deleted


def test_who_may_delete(client, cast):
    visit = send(cast, "V1", MONDAY)
    reader = cast.sign_in(client, cast.reader)
    assert "Delete visit" not in reader.get(f"/authority/visits/{visit.id}").text
    assert reader.post(f"/authority/visits/{visit.id}/deletion", data={"reason": "Spot package"}).status_code == 403
    outsider = cast.sign_in(client.application.test_client(), cast.outsider)
    assert outsider.get(f"/authority/visits/{visit.id}").status_code == 404


def test_a_search_uses_the_indexes(app, cast):
    """At a million visits nothing may read the whole table (the plan is SQLite's)."""
    import database
    from blueprints.reach import Reach
    from models import db

    if not database.is_sqlite(db):
        pytest.skip("SQLite's words")
    week = {"first": MONDAY, "last": MONDAY + dt.timedelta(6)}
    for wanted in (
        search.Wanted(**week), search.Wanted(**week, status="Unmatched"), search.Wanted(**week, organisation=1),
        search.Wanted(ref="V1"), search.Wanted(client="archer"), search.Wanted(client="archer", organisation=1),
    ):  # fmt: skip
        query = Visit.select(Visit.status).where(search.condition(Reach.whole(), wanted))
        sql, values = query.sql()
        plan = [row[3] for row in db.execute_sql("EXPLAIN QUERY PLAN " + sql, values).fetchall()]
        assert not any(line.startswith("SCAN t1") and "INDEX" not in line for line in plan), (wanted, plan)
    query = Visit.select(Visit.id).where(search.waiting([MONDAY]))
    sql, values = query.sql()
    plan = " ".join(row[3] for row in db.execute_sql("EXPLAIN QUERY PLAN " + sql, values).fetchall())
    assert "visit_week_status (week=? AND status=?)" in plan
