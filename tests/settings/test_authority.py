"""Settings, visit types and roles as officers see and keep them."""

import datetime as dt
import json

import pytest

from blueprints import consequences, history
from blueprints.periods import rules as periods
from blueprints.permissions import OFFICER_ROLES, ROLES, Can
from blueprints.settings import rules
from blueprints.settings.rules import SPECS
from models import Change, Counter, Due, Package, PaymentItem, Setting, Visit, VisitType
from tests.cast import MONDAY, at
from tests.conftest import TODAY
from tests.pages import changed, confirm, fields, press, queries

REASONS = (
    "live-in care", "spot package", "continuing health care", "before start", "after end", "deceased", "gone private",
    "package did not go ahead", "wrong zone", "wrong level", "dispute unanswered in 7 days",
)  # fmt: skip


@pytest.fixture
def officer(client, cast):
    cast.sign_in(client, cast.officer)
    return client


def test_every_setting_is_shown_with_its_default(officer, cast):
    text = officer.get("/authority/settings").text
    assert "34 settings" in text or f"{len(SPECS)} settings" in text
    rows = officer.get("/authority/settings?format=csv").text
    assert all(name in rows for name in SPECS)
    assert "1 setting" in officer.get("/authority/settings?q=over plan that").text


@pytest.mark.parametrize("group", sorted({s.group.lower() for s in SPECS.values()}))
def test_a_group_saved_as_it_stands_changes_nothing(officer, cast, group):
    before = Setting.select().count()
    assert press(officer, f"/authority/settings/{group}/edit").status_code == 303
    assert Setting.select().count() == before and not Change.select().where(Change.thing == "setting").exists()


@pytest.mark.feature("Z-08", "Z-10")
def test_settings_are_changed_with_history_and_bounds(officer, cast):
    address = "/authority/settings/visits/edit"
    answer = press(officer, address, over_time_minutes="0", most_rows="many")
    assert answer.status_code == 422
    assert "Enter a whole number from 1 to 1440" in answer.text and 'value="many"' in answer.text
    assert rules.read().over_time_minutes == 60
    press(officer, address, over_time_minutes="45", visits_need_ssref_and_service="yes")
    now = rules.read()
    assert now.over_time_minutes == 45 and now.visits_need_ssref_and_service is True
    text = officer.get("/authority/settings/history").text
    assert "Minutes over plan that are noticed" in text and "45" in text and "Amir Khan" in text
    row = Setting.get_by_id("over_time_minutes")
    assert json.loads(row.value) == 45 and row.changed_by == "Amir Khan"
    assert press(officer, "/authority/settings/actuals/edit", posted_within_days="61").status_code == 422


def test_the_second_of_two_savers_sees_both_values(officer, cast):
    address = "/authority/settings/visits/edit"
    mine = fields(officer.get(address).text)
    press(officer, address, over_time_minutes="45")
    answer = officer.post(address, data=changed(mine, {"over_time_minutes": "30"}))
    assert answer.status_code == 422 and ">45<" in answer.text and ">30<" in answer.text
    assert rules.read().over_time_minutes == 45


def test_the_look(officer, cast):
    address = "/authority/settings/portal/edit"
    assert "which is enough" in officer.get(address).text
    answer = press(officer, address, colour="red")
    assert answer.status_code == 422 and "Enter a colour such as" in answer.text
    press(officer, address, colour="#ffdd00", authority_name="Northshire")
    text = officer.get("/authority/settings").text
    assert "Northshire" in text and "is saved" not in text
    answer = press(officer, address, support_address="javascript:alert(1)")
    assert answer.status_code == 422 and "begins with https:// or http://" in answer.text
    assert press(officer, address, authority_name="").status_code == 422


@pytest.mark.feature("O-44")
def test_reasons_for_deleting_are_a_list_of_the_authority(officer, cast):
    assert [r.lower() for r in rules.read().deletion_reasons] == list(REASONS)
    assert "Dispute unanswered in 7 days" in officer.get("/authority/settings/visits/edit").text
    press(officer, "/authority/settings/visits/edit", deletion_reasons="Deceased\r\n\r\nMoved away\r\nDeceased")
    assert rules.read().deletion_reasons == ["Deceased", "Moved away"]
    answer = press(officer, "/authority/settings/visits/edit", deletion_reasons=" ")
    assert answer.status_code == 422 and "Enter at least one reason" in answer.text


@pytest.mark.feature("C-19")
def test_the_authority_s_own_guide_and_videos_stand_below_help(officer, cast):
    address = "/authority/settings/portal/edit"
    answer = press(officer, address, guide_address="ftp://guide", video_addresses="see https://video.example/1")
    assert answer.status_code == 422
    assert "begins with https:// or http://" in answer.text and "Enter on each line an address" in answer.text
    press(
        officer, address, guide_address="https://guide.example/", support_contact="01865 000000",
        video_addresses="https://video.example/1 Sending visits\nhttps://video.example/2",
    )  # fmt: skip
    cast.sign_in(officer, cast.finance)
    for page in ("/provider/help", "/help"):
        text = officer.get(page).text
        assert 'href="https://guide.example/"' in text and "Video: Sending visits" in text
        assert 'href="https://video.example/2"' in text and "01865 000000" in text


def test_roles_are_drawn_from_the_table(officer, cast):
    text = officer.get("/authority/settings/roles").text
    for act in Can:
        if any(act in ROLES[r] for r in OFFICER_ROLES) and act != Can.SIGNED_IN:
            assert str(act.value).replace("'", "&#39;") in text
    assert text.count("✓") == sum(len(ROLES[r] - {Can.SIGNED_IN}) for r in OFFICER_ROLES)


# visit types


def paid_hour(cast):
    """A delivered hour in the finalised period and one in the current one."""
    for n, day in enumerate((dt.date(2026, 9, 7), MONDAY)):
        Visit.create(
            organisation=cast.oakfield, ref=f"V{n}", type=cast.types["DHS"], client=cast.ann, level=cast.personal_care,
            planned_date=day, planned_entry=at(8), planned_exit=at(9), delivered_date=day, delivered_entry=at(8),
            delivered_exit=at(9), planned_minutes=60, delivered_minutes=60, week=day, ssref="A100001",
        )  # fmt: skip
    consequences.follow(consequences.Change(packages=[p.id for p in Package.select()]), now=True)
    periods.finalise(cast.dapl, cast.periods[0], history.Actor(cast.officer.id, "Amir Khan"), TODAY)


@pytest.mark.feature("O-25")
def test_a_visit_type_changes_and_finalised_periods_are_not_rewritten(officer, cast):
    paid_hour(cast)
    kind = cast.types["DHS"]
    address = f"/authority/settings/visit-types/{kind.id}/edit"
    before = [(i.week, i.amount) for i in PaymentItem.select()]
    answer = press(officer, address, pays="none", charges="none")
    assert answer.status_code == 422
    assert (
        "This changes what 2 visits pay or charge." in answer.text
        and "1 of them is in weeks that are paid" in answer.text
    )
    assert VisitType.get_by_id(kind.id).pays == "delivered"
    stamp = rules.stamp("types")
    assert confirm(officer, answer).status_code == 303
    consequences.settle()
    assert VisitType.get_by_id(kind.id).pays == "none" and rules.stamp("types") != stamp
    assert [(i.week, i.amount) for i in PaymentItem.select()] == before
    first = Due.get((Due.package == cast.package) & (Due.week == dt.date(2026, 9, 7)))
    assert (first.cost, first.paid_cost) == (0, 2323)
    assert not Due.get_or_none((Due.package == cast.package) & (Due.week == MONDAY))


@pytest.mark.feature("O-25")
def test_a_new_visit_type_and_refusals(officer, cast):
    new = {"code": "T", "name": "Telephone call", "contract_types": "not LWAH", "pays": "planned", "charges": "none"}
    address = "/authority/settings/visit-types/new"
    assert press(officer, address, **new, needs_delivered=None, needs_comment="y").status_code == 303
    row = VisitType.get(VisitType.code == "T")
    assert (row.pays, row.charges, row.needs_delivered, row.needs_comment) == ("planned", "none", False, True)
    assert row.suits("Spot") and not row.suits("LWAH")
    assert Counter.get_by_id("types").value >= 1
    answer = press(officer, address, **{**new, "code": "dhs"})
    assert answer.status_code == 422 and "in use already" in answer.text
    answer = press(officer, address, **{**new, "code": "T2", "pays": "delivered"}, needs_delivered=None)
    assert answer.status_code == 422 and "needs delivered times" in answer.text
    answer = press(officer, address, **{**new, "code": "T2", "contract_types": ",,"})
    assert answer.status_code == 422 and "Enter contract types with commas" in answer.text


@pytest.mark.feature("Z-07")
def test_a_value_in_use_is_retired_not_deleted(officer, cast):
    paid_hour(cast)
    kind = cast.types["DHS"]
    at_type = f"/authority/settings/visit-types/{kind.id}"
    assert "Retire this visit type" in officer.get(at_type).text
    officer.post(f"{at_type}/retirement", data={"retired": "yes"})
    assert VisitType.get_by_id(kind.id).is_retired and Visit.select().where(Visit.type == kind).count() == 2
    assert ">DHS<" not in officer.get("/authority/settings/visit-types").text
    assert ">DHS<" in officer.get("/authority/settings/visit-types?retired=y").text
    officer.post(f"{at_type}/retirement", data={"retired": "no"})
    assert not VisitType.get_by_id(kind.id).is_retired
    assert officer.post(f"{at_type}/deletion").status_code == 404
    assert officer.post(f"/authority/service-levels/{cast.personal_care.id}/deletion").status_code == 404


def test_the_list_takes_the_same_queries_at_ten_rows(officer, cast):
    officer.get("/authority/settings/visit-types")
    few = queries(officer, "/authority/settings/visit-types")
    for n in range(10):
        VisitType.create(code=f"X{n}", name="Extra")
    assert queries(officer, "/authority/settings/visit-types") == few


def test_a_reader_sees_and_cannot_change(client, cast):
    cast.sign_in(client, cast.reader)
    assert "/edit" not in client.get("/authority/settings").text
    assert client.post("/authority/settings/visits/edit", data={"over_time_minutes": "45"}).status_code == 403
    assert (
        client.post(
            f"/authority/settings/visit-types/{cast.types['DHS'].id}/retirement", data={"retired": "yes"}
        ).status_code
        == 403
    )
    assert client.get("/authority/settings/nothing/edit").status_code == 403
    cast.sign_in(client, cast.officer)
    assert client.get("/authority/settings/nothing/edit").status_code == 404
