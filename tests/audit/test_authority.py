"""The audit trail: who, what, which record, when, with before and after."""

from __future__ import annotations

import datetime as dt

import pytest

from blueprints import history
from blueprints.history import Actor
from models import Change
from tests import counting


@pytest.fixture
def officer(client, cast):
    """The officer with every role, signed in."""
    return cast.sign_in(client, cast.officer)


def note(cast, what="Changed", by="Amir Khan", thing=None, before=None, after=None):
    history.record(
        Actor(cast.officer.id, by), what, thing or cast.package, before or {"quantity": 700}, after or {"quantity": 350}
    )


def test_who_what_and_before_and_after(officer, cast):
    note(
        cast,
        before={"quantity": 700, "unit_cost": 232260, "end_date": None},
        after={"quantity": 350, "unit_cost": 240000, "end_date": dt.date(2026, 10, 5)},
    )
    text = officer.get("/authority/audit").text
    for words in (
        "Amir Khan",
        "Changed",
        f"Package {cast.package.id}",
        "Oakfield Home Care",
        "7.00",
        "3.50",
        "£23.2260",
        "£24.00",
        "05/10/2026",
    ):
        assert words in text, words


def test_by_person_kind_and_date(officer, cast):
    note(cast, by="Petra Ames")
    note(cast, what="Renamed", thing=cast.oakfield, before={"name": "A"}, after={"name": "B"})
    Change.update(at=dt.datetime(2026, 3, 29, 0, 30)).where(Change.by == "Petra Ames").execute()
    assert "Petra Ames" not in officer.get("/authority/audit").text
    assert "Petra Ames" in officer.get("/authority/audit?person=petra").text
    assert "Renamed" not in officer.get("/authority/audit?thing=package").text
    assert "1 change<" in officer.get("/authority/audit?first=29/03/2026&last=29/03/2026").text
    assert "No changes match the filter." in officer.get("/authority/audit?first=28/03/2026&last=28/03/2026").text
    assert officer.get("/authority/audit?first=29/03/2026&last=28/03/2026").status_code == 422
    assert officer.get("/authority/audit?first=x").status_code == 422


def test_who_may_see_it(client, cast):
    reader = cast.sign_in(client, cast.reader)
    answer = reader.get("/authority/audit")
    assert answer.status_code == 403 and "administrator" in answer.text


def test_as_many_queries_for_many_changes_as_for_one(officer, cast):
    note(cast)
    few = counting.of(officer, "/authority/audit")
    for n in range(10):
        note(cast, before={"quantity": n}, after={"quantity": n + 1})
    assert counting.of(officer, "/authority/audit") == few
