"""Searching the trail by person, record, time and place; who has looked; everything about one person; retention."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile

import pytest
from peewee import ForeignKeyField

from blueprints import history
from blueprints.audit import person, retention, rules
from blueprints.history import Actor
from blueprints.settings import rules as settings
from models import (
    TABLES,
    Change,
    Client,
    File,
    Import,
    ImportProblem,
    Look,
    Message,
    SignIn,
    User,
    Visit,
    utc_now,
)
from tests import counting
from tests.cast import MONDAY
from tests.pages import press
from tests.provider_world import add_version, add_visit, finalise, settle

DAY = dt.timedelta(1)
NOBODY = Actor(None, "officer")


@pytest.fixture
def officer(client, cast):
    return cast.sign_in(client, cast.officer)


def note(thing, what="Changed", by=None, before=None, after=None, organisation=None):
    history.record(by or NOBODY, what, thing, before or {"quantity": 700}, after or {"quantity": 350}, organisation)


# searching -------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("Z-12")
def test_by_the_records_own_reference(officer, cast):
    visit = add_visit(cast, "V-77")
    for thing, what in (
        (cast.package, "Ended"), (cast.ann, "Moved"), (cast.oakfield, "Renamed"), (visit, "Deleted"), (cast.finance, "Locked"),
    ):  # fmt: skip
        note(thing, what)
    found = {
        reference: re.findall(
            r'data-label="What">([^<]*)<', officer.get(f"/authority/audit?reference={reference}").text
        )
        for reference in (
            "156017",
            "A100001",
            "CR-1",
            "OAK",
            "V-77",
            "finance@oakfield.example",
            "Ann+Archer",
            "nothing",
        )
    }
    assert found == {
        "156017": ["Ended"], "A100001": ["Moved"], "CR-1": ["Moved"], "OAK": ["Renamed"], "V-77": ["Deleted"],
        "finance@oakfield.example": ["Locked"], "Ann+Archer": ["Moved"], "nothing": [],
    }  # fmt: skip
    assert "Ended" not in officer.get("/authority/audit?reference=156017&thing=client").text


@pytest.mark.feature("Z-12")
def test_by_person_organisation_place_and_words(officer, cast):
    note(cast.package, "One", Actor(cast.officer.id, "Amir Khan"))
    note(cast.package, "Two", Actor(cast.finance.id, "Greta Finch-Old"), organisation=cast.oakfield.id)
    history.FROM.set("10.1.2.3")
    note(("package", 5), "Three", Actor(None, "command line"), {"note": "Grüße"}, {"note": "Salut"})
    history.FROM.set("command line")

    def said(query):
        return sorted(re.findall(r'data-label="What">([^<]*)<', officer.get(f"/authority/audit?{query}").text))

    assert said("person=amir") == ["One"] and said("person=officer@auth") == ["One"]
    assert said("person=finch-old") == ["Two"], "by the name as it was"
    assert said("person=command") == ["Three"] and said("person=nobody") == []
    assert said(f"organisation={cast.oakfield.id}") == ["One", "Two"]
    assert said("place=10.1.") == ["Three"] and said("words=salut") == ["Three"] and said("words=%25") == []
    rows = list(csv.reader(io.StringIO(officer.get("/authority/audit?format=csv&person=command").text)))
    assert rows[1][1:6] == ["command line", "10.1.2.3", "Three", "Package", "5"] and "Grüße" in rows[1][7]


def test_nothing_of_the_trail_can_be_changed(app):
    verbs = {
        rule.endpoint: rule.methods - {"GET", "HEAD", "OPTIONS"}
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("authority.audit")
    }
    assert {name for name, methods in verbs.items() if methods} == {
        "authority.audit.people", "authority.audit.client", "authority.audit.login",
    }  # fmt: skip


# who has looked --------------------------------------------------------------------------------------------------------


def test_who_has_looked_at_this_person(app, officer, cast):
    finance = cast.sign_in(app.test_client(), cast.finance)
    finance.get(f"/provider/packages/{cast.package.id}")
    officer.get(f"/authority/clients/{cast.ann.id}")
    officer.get(f"/authority/clients/{cast.bob.id}")
    assert {(look.client_id, look.thing) for look in Look.select()} == {
        (cast.ann.id, "package"), (cast.ann.id, "client"), (cast.bob.id, "client"),
    }  # fmt: skip
    html = officer.get(f"/authority/audit/looks?client={cast.ann.id}").text
    assert "Who has looked at Mrs Ann Archer" in html and "2 looks" in html and "Package 156017" in html
    assert html.index("Amir Khan</td>") < html.index("Greta Finch</td>")
    assert "1 look<" in officer.get(f"/authority/audit/looks?client={cast.ann.id}&person=greta").text
    assert officer.get("/authority/audit/looks?client=999999").status_code == 404
    assert officer.get("/authority/audit/looks?first=5/10/2026&last=4/10/2026").status_code == 422
    rows = list(csv.reader(io.StringIO(officer.get("/authority/audit/looks?format=csv").text)))
    assert len(rows) == 4 and rows[3][1:] == [
        "Greta Finch",
        "Provider",
        "Package",
        "156017",
        "Mrs Ann Archer (A100001)",
    ]


def test_as_many_queries_for_many_looks_as_for_one(officer, cast):
    officer.get(f"/authority/clients/{cast.ann.id}")
    one = counting.of(officer, "/authority/audit/looks")
    for who in (cast.ann, cast.bob, cast.cat) * 3:
        officer.get(f"/authority/clients/{who.id}")
    assert counting.of(officer, "/authority/audit/looks") == one


# everything about one person -------------------------------------------------------------------------------------------


def opened(answer) -> dict[str, list[list[str]]]:
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        return {
            name: list(csv.reader(io.StringIO(packed.read(name).decode("utf-8-sig"))))
            for name in packed.namelist()
            if name.endswith(".csv")
        }


def test_everything_about_a_client_and_nothing_about_another(officer, cast):
    mine = add_visit(cast, "MINE")
    add_version(mine, comments="before")
    add_visit(cast, "STRANGE", client=None, ssref=cast.ann.ssref, package=None, status="Unmatched")
    add_visit(cast, "BOBS", package=cast.bobs)
    settle(cast)
    finalise(cast)
    note(cast.package, "Ended")
    note(cast.bobs, "Bob's")
    officer.get(f"/authority/clients/{cast.ann.id}")
    answer = press(officer, "/authority/audit/people", "reference", reference=" a100001 ")
    assert answer.status_code == 303 and answer.headers["Location"].endswith(f"/authority/audit/clients/{cast.ann.id}")
    html = officer.get(answer.headers["Location"]).text
    assert "Everything about Mrs Ann Archer" in html and "Visit version" in html and "Who looked last" in html
    answer = press(officer, f"/authority/audit/clients/{cast.ann.id}")
    assert answer.content_type == "application/zip" and "Archer" not in answer.headers["Content-Disposition"]
    files = opened(answer)
    assert files["client.csv"][1][files["client.csv"][0].index("Surname")] == "Archer"
    visits = files["visit.csv"]
    assert {row[visits[0].index("Ref")] for row in visits[1:]} == {"MINE", "STRANGE"}
    assert "08:00" in visits[1] and "Oakfield Home Care" in visits[1] and "05/10/2026" in visits[1]
    package = dict(zip(*files["package.csv"][:2], strict=True))
    assert package["Unit cost"] == "£23.2260" and package["Quantity"] == "7.00" and package["Level"] == "Personal Care"
    for name in (
        "visit-version.csv",
        "actual.csv",
        "due.csv",
        "timetable-slot.csv",
        "looks.csv",
        "changes-of-package.csv",
    ):
        assert len(files[name]) > 1, name
    everything = answer.data + str(files).encode()
    assert b"BOBS" not in everything and "O'Neill" not in str(files) and "Bob's" not in str(files)
    entry = Change.select().where(Change.what == "Exported everything about a person").get()
    assert (entry.thing, entry.thing_id, entry.by) == ("client", cast.ann.id, "Amir Khan")


def test_every_table_that_points_at_a_client_is_part_of_it(cast):
    """A table that comes later is found by its references; what is left out is left out by name."""
    parts = {part.model for part in person.about_client(cast.ann)}
    reached, growing = {Client}, True
    while growing:
        more = {
            model
            for model in TABLES
            if any(isinstance(f, ForeignKeyField) and f.rel_model in reached for f in model._meta.sorted_fields)
        }
        growing = bool(more - reached)
        reached |= more
    assert reached - parts == {model for model in person.LEFT_OUT if model in reached}


def test_everything_about_a_login_without_its_secrets(officer, cast):
    Message.create(subject="S", details="D", published_on=MONDAY, user=cast.finance, by="Greta Finch")
    note(cast.ann, "Asked", Actor(cast.finance.id, "Greta Finch"), {"surname": "A"}, {"surname": "B"})
    cast.sign_in(officer.application.test_client(), cast.finance)
    answer = press(officer, "/authority/audit/people", "reference", reference="Finance@Oakfield.example")
    address = answer.headers["Location"]
    assert address.endswith(f"/authority/audit/logins/{cast.finance.id}")
    files = opened(press(officer, address))
    assert "finance@oakfield.example" in files["person.csv"][1] and "argon2" not in str(files)
    assert {"login.csv", "contact.csv", "sign-in.csv", "message.csv", "what-was-done.csv"} <= set(files)
    assert "Asked" in str(files["what-was-done.csv"]) and "surname" not in str(files["what-was-done.csv"])


def test_a_person_whom_nobody_knows(officer, cast):
    for text in ("A999", "", "nobody@nowhere.example"):
        answer = press(officer, "/authority/audit/people", "reference", reference=text)
        assert answer.status_code == 422 and "Enter a reference" in answer.text
    assert press(officer, "/authority/audit/people", "reference", reference="999 000 0018").status_code == 303


# retention -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def old(cast):
    """One of each kind, two years old; and a young look."""
    long_ago = utc_now() - 730 * DAY
    file = File.create(name="a.csv", content_type="text/csv", kind="import", uploaded_at=long_ago)
    batch = Import.create(kind="visits", state="Done", file=file, started_at=long_ago, records=5)
    ImportProblem.create(batch=batch, line=2, severity="error", message="m")
    SignIn.create(digest="x", person=cast.finance.person, user=cast.finance, seen_at=long_ago)
    Look.create(at=long_ago, user=cast.officer, thing="client", thing_id=1, client_id=1)
    Look.create(user=cast.officer, thing="client", thing_id=2, client_id=2)
    Message.create(subject="S", details="D", published_on=MONDAY, displayed_until=long_ago.date())
    note(cast.package)
    Change.update(at=long_ago).execute()
    return batch


@pytest.mark.feature("Z-13")
def test_a_dry_run_says_what_goes_and_changes_nothing(officer, cast, old):
    settings.change(NOBODY, {"keep_looks": 700, "keep_messages": 745, "keep_audit_texts": 0})
    found = {row.kind.name: (row.days, row.now, row.soon) for row in retention.dry_run()}
    assert found["files"] == (400, 1, 1) and found["problems"] == (400, 1, 1)
    assert found["looks"] == (700, 1, 1) and found["messages"] == (745, 0, 1) and found["audit"] == (0, 0, 0)
    html = officer.get("/authority/audit/retention").text
    assert "Nothing goes yet" in html and "Would go now" in html and "For ever" in html
    assert retention.run() == {} and ImportProblem.select().count() == 1


@pytest.mark.feature("Z-13")
def test_what_is_older_goes_once_it_is_switched_on(cast, old):
    keep = {
        "keep_looks": 700,
        "keep_messages": 700,
        "keep_audit_texts": 700,
        "retention_on": True,
    }
    settings.change(NOBODY, keep)
    gone = retention.run()
    assert gone == {"files": 1, "problems": 1, "looks": 1, "messages": 1, "audit": 1}
    batch = Import.get_by_id(old.id)
    assert batch.file_id is None and batch.records == 5 and not ImportProblem.select().exists()
    assert [look.client_id for look in Look.select()] == [2] and not File.select().exists()
    assert Change.select().where(Change.salt == "").count() == 1
    said = [c.after for c in Change.select().where(Change.what == "Let go by age")]
    assert len(said) == 5 and any("Who looked at whom" in text for text in said)
    assert retention.run() == {}


def test_every_kind_has_a_setting_of_its_own_group():
    for kind in retention.KINDS.values():
        spec = settings.SPECS[kind.setting]
        assert spec.kind == "whole" and (
            (spec.group == "Retention" and spec.low == 0) or kind.setting in ("sessions_days", "mail_days")
        )


def test_references_are_looked_up_along_indexes(cast):
    add_visit(cast, "V-1")
    assert rules.idents_of(Visit, "V-1") and rules.idents_of(User, "finance@oakfield.example") == [cast.finance.id]
    assert rules.idents_of(Client, "99999999999999999999") == []
