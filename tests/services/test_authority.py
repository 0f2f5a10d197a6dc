"""Services and service levels as officers see and keep them."""

import pytest

from models import Actual, Service, ServiceLevel
from tests.cast import MONDAY
from tests.pages import press, queries

LEVEL = {"ref": "DC", "name": "Day Care", "unit": "Sessions", "paid_on": "actuals", "entry": "daily"}
WANTED = (
    "Personal Care",
    "Continuing Care",
    "Medication Only",
    "Fast Track",
    "Home Support - Urgent Care",
    "HTLAH Maintenance",
)


def test_services_and_their_organisation(client, cast):
    cast.sign_in(client, cast.officer)
    text = client.get("/authority/services").text
    assert "Oakfield North" in text and "Brookhouse" in text
    text = client.get(f"/authority/services?organisation={cast.brookhouse.id}").text
    assert "1 service" in text and ">Oakfield North<" not in text
    answer = press(
        client, f"/authority/services/new?organisation={cast.oakfield.id}", ref="OAK-W", name="Oakfield West",
        start_date="1/4/2026", end_date="31/3/2026",
    )  # fmt: skip
    assert answer.status_code == 422 and "on or after 01/04/2026" in answer.text
    press(client, f"/authority/services/new?organisation={cast.oakfield.id}", ref="OAK-W", name="Oakfield West")
    assert Service.get(Service.ref == "OAK-W").organisation == cast.oakfield


def test_a_service_with_packages_stays_with_its_organisation(client, cast):
    cast.sign_in(client, cast.officer)
    answer = press(client, f"/authority/services/{cast.north.id}/edit", organisation=str(cast.brookhouse.id))
    assert answer.status_code == 422 and "stays with its organisation" in answer.text


def test_ended_services_are_out_until_asked_for(client, cast):
    cast.sign_in(client, cast.officer)
    press(client, f"/authority/services/{cast.south.id}/edit", end_date="13/10/2026")
    assert "Oakfield South" not in client.get("/authority/services").text.split("<table")[1]
    assert "Oakfield South" in client.get("/authority/services?ended=y").text


@pytest.mark.parametrize("address", ["/authority/services", "/authority/service-levels"])
def test_lists_take_the_same_queries_at_ten_rows(client, cast, address):
    cast.sign_in(client, cast.officer)
    client.get(address)
    few = queries(client, address)
    for n in range(10):
        Service.create(ref=f"X{n}", name=f"Extra {n}", organisation=cast.oakfield)
        ServiceLevel.create(ref=f"X{n}", name=f"Extra {n}", unit="Hours", paid_on="actuals", entry="weekly")
    assert queries(client, address) == few


@pytest.mark.feature("K-12")
def test_levels_are_the_authority_s_with_their_flags(client, cast):
    cast.sign_in(client, cast.officer)
    answer = press(client, "/authority/service-levels/new", **LEVEL, frustrated_allowed=None)
    assert answer.status_code == 303
    row = ServiceLevel.get(ServiceLevel.ref == "DC")
    assert (row.unit, row.paid_on, row.entry, row.visits_wanted, row.frustrated_allowed) == (
        "Sessions",
        "actuals",
        "daily",
        False,
        False,
    )
    # What is paid and how it is entered cannot change once there are actuals: what is there stays as it was (3.3).
    Actual.create(package=cast.package, week=MONDAY, organisation=cast.oakfield, service=cast.north, actual=700)
    answer = press(client, f"/authority/service-levels/{cast.personal_care.id}/edit", paid_on="planned")
    assert answer.status_code == 422 and "has actuals or visits" in answer.text
    assert ServiceLevel.get_by_id(cast.personal_care.id).paid_on == "actuals"


@pytest.mark.feature("K-13")
def test_levels_say_whether_visits_are_wanted(client, cast):
    cast.sign_in(client, cast.officer)
    for n, name in enumerate(WANTED[1:]):
        press(
            client, "/authority/service-levels/new", ref=f"W{n}", name=name, unit="Hours", paid_on="actuals",
            entry="visits", visits_wanted="y",
        )  # fmt: skip
    press(
        client,
        "/authority/service-levels/new",
        ref="LIC",
        name="Live in care",
        unit="Weeks",
        paid_on="planned",
        entry="none",
    )
    wanted = client.get("/authority/service-levels?visits=yes").text
    assert all(name in wanted for name in WANTED) and "Live in care</a>" not in wanted
    assert "Live in care" in client.get("/authority/service-levels?visits=no").text
    answer = press(
        client, "/authority/service-levels/new", ref="X", name="Extra care", unit="Hours", paid_on="planned",
        entry="weekly", visits_wanted="y",
    )  # fmt: skip
    assert answer.status_code == 422 and "only a level that is entered by visits can want visits" in answer.text


@pytest.mark.feature("Z-09")
def test_what_contradicts_itself_is_refused(client, cast):
    cast.sign_in(client, cast.officer)
    answer = press(client, "/authority/service-levels/new", **{**LEVEL, "visits_wanted": "y"})
    assert answer.status_code == 422 and "visits" in answer.text
    answer = press(client, "/authority/service-levels/new", **{**LEVEL, "entry": "visits"})
    assert answer.status_code == 422 and "measured in hours" in answer.text
    press(client, f"/authority/service-levels/{cast.personal_care.id}/edit", frustrated_allowed=None)
    assert ServiceLevel.get_by_id(cast.personal_care.id).frustrated_allowed is False
    answer = press(client, "/authority/settings/actuals/edit", quarter_steps="yes", over_allocation="warn")
    assert answer.status_code == 303
    text = client.get("/authority/settings").text
    assert "Quantities in steps of 0.25" in text and "Amir Khan" in text


def test_history_of_a_level(client, cast):
    cast.sign_in(client, cast.officer)
    press(client, f"/authority/service-levels/{cast.personal_care.id}/edit", service_group_class="Home")
    text = client.get(f"/authority/service-levels/{cast.personal_care.id}/history").text
    assert "Service group class" in text and "Home" in text
