"""The demonstrations: something in every state, and figures that the product's own rules agree with."""

from __future__ import annotations

import datetime as dt
import io

import pytest

from blueprints import consequences
from blueprints.accounts import signing
from blueprints.payments import rules as payments
from blueprints.reports import dumps
from blueprints.settings import rules as settings
from blueprints.weeks import monday, set_today, today
from demonstration import build
from demonstration.people import EVERYBODY, LOGINS, PASSWORD
from models import (
    Actual,
    Client,
    Contract,
    Due,
    Finalisation,
    Import,
    Organisation,
    Package,
    StaleGroup,
    User,
    Visit,
    VisitVersion,
    db,
)
from tests.conftest import TODAY


@pytest.fixture(scope="module")
def small(whole_app):
    """The small demonstration, made once for the tests of this file, which change nothing; rolled back after them."""
    db.connect(reuse_if_open=True)
    with whole_app.app_context(), db.atomic() as transaction:
        set_today(TODAY)
        try:
            yield list(build.build("small"))
        finally:
            set_today(None)
            transaction.rollback()


def snapshot() -> list:
    """Everything that matching, feeding and working out write."""
    columns = [Due.package, Due.week, Due.cost, Due.vat, Due.contribution]
    return [
        sorted(Visit.select(Visit.id, Visit.status, Visit.reason, Visit.package, Visit.paid_minutes).where(~Visit.is_deleted).tuples(), key=str),
        sorted(Actual.select(Actual.package, Actual.week, Actual.actual, Actual.frustrated, Actual.missed, Actual.extra, Actual.visits, Actual.paid_minutes, Actual.source).tuples(), key=str),
        sorted(Due.select(*columns).tuples(), key=str),
    ]  # fmt: skip


def rework() -> None:
    """Match, feed and work out everything anew, by the rules."""
    columns = [Visit.organisation, Visit.client, Visit.level, Visit.week]
    groups = Visit.select(*columns).where(~Visit.is_deleted & Visit.client.is_null(False)).distinct().tuples()
    found = {(o, c, level, dt.date.fromisoformat(str(week))) for o, c, level, week in groups}
    everything = [p for (p,) in Package.select(Package.id).tuples()]
    consequences.follow(consequences.Change(packages=everything, groups=found), now=True)
    assert not StaleGroup.select().exists()


def test_small_says_what_it_did(small):
    assert any("3 organisations" in line for line in small)
    assert settings.read().is_demonstration


def test_small_has_every_login_and_they_work(small):
    assert {email for email, _ in LOGINS} | {row[0] for row in EVERYBODY} <= {u.email for u in User.select()}
    for email, _ in LOGINS:
        assert signing.sign_in(email, PASSWORD, "here", "test", settings.read())


def test_small_has_every_state(small):
    reasons = {
        (v.status, v.reason) for v in Visit.select(Visit.status, Visit.reason).where(~Visit.is_deleted).distinct()
    }
    assert reasons == {
        ("Matched", ""), ("Missing Data", "delivered times missing"), ("Unmatched", "client not known"),
        ("Unmatched", "service level not in the client's packages"), ("Unmatched", "service not in the client's packages"),
        ("Unmatched", "package is invoiced"), ("Unmatched", "package not authorised"),
        ("Unmatched", "before the package starts"), ("Unmatched", "after it ends"),
    }  # fmt: skip
    assert {v.type.code for v in Visit.select(Visit.type).distinct()} == {"C24", "C", "E", "U", "DHS", "DHF", "H"}
    assert Visit.select().where(Visit.is_deleted).count() >= 2
    assert VisitVersion.select().where(VisitVersion.is_deleted).exists(), "one was deleted and sent again"
    assert Visit.select().where(Visit.comments == "Double-Handed").count() > 50
    assert {i.state for i in Import.select()} == {"Done", "Refused", "Cancelled"}
    assert {a.source for a in Actual.select(Actual.source).distinct()} == {"visits", "generated", "entered"}
    frequencies = {p.frequency for p in Package.select(Package.frequency).distinct()}
    assert frequencies == {"Weekly", "2-Weekly", "One-off", "Yearly"}
    assert Package.select().where(~Package.authorised).exists()
    assert Client.select().where(Client.date_of_death.is_null(False)).exists()
    assert 55 <= Client.select().count() <= 70


def test_small_leaves_the_last_full_week_open(small):
    last = monday(today()) - dt.timedelta(7)
    north = Visit.select().where((Visit.week == last) & (Visit.service_name == "Oakfield North"))
    assert not north.exists()
    assert Visit.select().where(Visit.week == last).exists()
    assert not Visit.select().where(Visit.planned_date > last + dt.timedelta(6)).exists()
    for contract in Contract.select().where(Contract.payment_basis == "portal"):
        period = payments.states([contract])[contract.id].of_week(last)
        assert period and not Finalisation.select().where(
            (Finalisation.contract == contract) & (Finalisation.period == period)
        )


def test_small_has_adjustments_of_every_reason(small):
    _, rows = dumps.make("payments", None, None, None)
    found = {(row[3], row[8], row[9], row[14]) for row in rows}
    current = {reason for status, kind, reason, _ in found if status == "Current" and kind == "adjustment"}
    assert current == {"package changed", "rate changed", "visits changed", "actuals changed"}
    assert {state for *_, state in found} == {"Payable", "Suspended", "Cancelled", "Carried forward"}
    assert any(kind == "contribution" for _, kind, _, _ in found)


def test_small_is_what_the_rules_make(small):
    before = snapshot()
    rework()
    assert snapshot() == before


def test_small_loads_its_own_dump_unchanged(small):
    """The visits as dumped are read as unchanged, so the history's files are as if a provider had sent them."""
    from blueprints import sheets
    from blueprints.imports import rules as imports

    oakfield = Organisation.get(Organisation.ref == "OAK")
    headings, rows = dumps.make("visits", oakfield, None, None)
    file = io.BytesIO(b"".join(sheets.write_csv(rows, headings)))
    batch = imports.load(imports.KINDS["visits"], oakfield, "again.csv", file, check_only=True)
    assert not batch.refusal
    assert (batch.new, batch.updated, batch.deleted, batch.rejected) == (0, 0, 0, 0)
    assert batch.unchanged == Visit.select().where(~Visit.is_deleted).count()
