"""The payment calendar as a provider has it (R-10)."""

import csv
import datetime as dt
import io

import pytest

from blueprints.settings import rules as settings
from models import Contract, PaymentCycle, PaymentPeriod
from tests import counting
from tests.provider_world import finalise
from tests.visits.test_provider import text_of


@pytest.fixture
def owner(client, cast):
    row = cast.periods[1]
    row.finalise_on, row.pay_on = dt.date(2026, 11, 5), dt.date(2026, 11, 13)
    row.save()
    return cast.sign_in(client, cast.finance)


@pytest.mark.feature("R-10")
def test_a_provider_sees_by_when_to_send_and_when_money_comes(owner, cast):
    html = owner.get("/provider/periods").text
    text = text_of(html)
    assert "Next payment date Fri 13/11/2026, for 05/10/2026 to 01/11/2026" in text
    assert "Mon 05/10/2026 Sun 01/11/2026 Tue 03/11/2026 Thu 05/11/2026 Fri 13/11/2026 Oakfield DAPL Current" in text
    assert "4 periods" in text and "Extend" not in text and "Change dates" not in text and "Brookhouse" not in text
    assert 'target="_blank"' in html
    finalise(cast)
    assert "3 periods" in text_of(owner.get("/provider/periods").text)
    assert "Finalised" in text_of(owner.get("/provider/periods?show=2026/2027").text)


@pytest.mark.feature("R-10")
def test_it_is_printed_and_taken_away(owner, cast):
    answer = owner.get("/provider/periods?format=pdf")
    assert answer.data.startswith(b"%PDF") and "inline" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(owner.get("/provider/periods?format=csv").text)))
    assert [r["PayOn"] for r in rows] == ["", "2026-11-13", "", ""]
    assert owner.get("/provider/periods?format=xlsx").data.startswith(b"PK")


def test_only_the_cycles_of_own_contracts_that_the_portal_pays(owner, cast, app):
    other = PaymentCycle.create(name="Calendar months")
    PaymentPeriod.create(cycle=other, start_date=dt.date(2026, 10, 1), end_date=dt.date(2026, 10, 31))
    assert "Calendar months" not in owner.get("/provider/periods").text
    one = counting.of(owner, "/provider/periods")
    more = Contract.create(
        ref="C7", name="Oakfield monthly", organisation=cast.oakfield, contract_type="APL", cycle=other
    )
    text = text_of(owner.get("/provider/periods").text)
    assert "5 periods" in text and "Calendar months" in text
    assert "1 period" in text_of(owner.get(f"/provider/periods?cycle={other.id}").text)
    assert counting.of(owner, "/provider/periods") == one
    more.payment_basis = "invoice"
    more.save()
    assert "Calendar months" not in owner.get("/provider/periods").text
    stranger = cast.sign_in(app.test_client(), cast.outsider)
    assert "Oakfield" not in stranger.get("/provider/periods").text


def test_without_periods_or_with_payments_off(owner, cast):
    PaymentPeriod.delete().execute()
    assert "There are no payment periods here." in owner.get("/provider/periods").text
    assert owner.get("/provider/periods?format=pdf").data.startswith(b"%PDF")
    settings.put("module_payments", False)
    assert owner.get("/provider/periods").status_code == 404
