"""Care package line items as a provider has them."""

import csv
import datetime as dt
import io
import re

import pytest

from blueprints.history import Actor
from blueprints.settings import rules as settings
from models import Look, Package, PackageRate, ServiceLevel
from tests.cast import MONDAY
from tests.provider_world import add_visit, finalise, queries, settle
from tests.visits.test_provider import text_of

LIST = "/provider/packages"
OFFICER = Actor(None, "officer")


@pytest.fixture
def owner(client, cast):
    return cast.sign_in(client, cast.finance)


def listed(html: str) -> list[list[str]]:
    """The cells of each line."""
    body = html.split("<tbody>")[1].split("</tbody>")[0]
    return [
        [text_of(c).strip() for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", r, re.S)] for r in body.split("<tr>")[1:]
    ]


@pytest.mark.feature("K-01", "K-02", "K-07", "K-08")
def test_the_list(owner, cast):
    html = owner.get(LIST).text
    for heading in (
        "SSRef",
        "Client",
        "Service",
        "Service Level",
        "Start Date",
        "End Date",
        "Cost",
        "Pricing",
        "CPLI ID",
    ):
        assert f">{heading}<span" in html
    rows = listed(html)
    assert rows[0] == [
        "A100001", "Archer, Ann", "Oakfield North", "Personal Care", "07/09/2026", "-", "£162.58 Weekly (Timetabled)",
        "7 x Hours (Timetabled Pricing) (Spot)", "156017, Archer, Ann, Personal Care", "Yes",
    ]  # fmt: skip
    assert rows[1][6:8] == ["£81.29 Weekly", "3.5 x Hours at £23.226 (Spot)"]
    assert len(rows) == 2  # nothing of Brookhouse


@pytest.mark.feature("K-07", "K-08", "K-09")
@pytest.mark.parametrize(
    "unit, quantity, rate, frequency, cost, pricing",
    [
        ("Hours", 350, 161600, "Weekly", "£56.56 Weekly", "3.5 x Hours at £16.16 (Spot)"),
        ("Placement", 100, 1228400, "Weekly", "£122.84 Weekly", "1 x Placement at £122.84 (Spot)"),
        ("Payment", 100, 150000, "One-off", "£15.00 One-off", "1 x Payment at £15.00 (Spot)"),
        ("Hrs", 500, 237700, "Weekly", "£118.85 Weekly", "5 x Hrs at £23.77 (Spot)"),
        ("Hours", 350, 237700, "Weekly", "£83.20 Weekly", "3.5 x Hours at £23.77 (Spot)"),
    ],
)
def test_cost_and_pricing(owner, cast, unit, quantity, rate, frequency, cost, pricing):
    level = ServiceLevel.create(ref="X", name="Extra", unit=unit, paid_on="planned", entry="none")
    cast.make_package(
        156099, cast.ann, cast.north, level, cast.dapl, quantity=quantity, unit_cost=rate, frequency=frequency
    )
    row = next(row for row in listed(owner.get(LIST).text) if row[3] == "Extra")
    assert row[6:8] == [cost, pricing]


@pytest.mark.feature("K-03", "K-04", "K-05", "K-06", "K-11")
def test_filters_and_settings(owner, cast):
    ended = cast.make_package(
        156050,
        cast.bob,
        cast.south,
        cast.personal_care,
        cast.dapl,
        quantity=100,
        unit_cost=1,
        end_date=dt.date(2026, 10, 13),
    )
    today = cast.make_package(
        156051,
        cast.bob,
        cast.south,
        cast.personal_care,
        cast.dapl,
        quantity=100,
        unit_cost=1,
        end_date=dt.date(2026, 10, 14),
    )
    draft = cast.make_package(
        156052, cast.ann, cast.south, cast.personal_care, cast.dapl, quantity=100, unit_cost=1, authorised=False,
        start=dt.date(2026, 12, 1),
    )  # fmt: skip

    def found(address: str) -> set[int]:
        return {int(row[8].split(",")[0]) for row in listed(owner.get(address).text)}

    standing = {156017, 156018, today.cpli_id}
    assert found(LIST) == standing
    assert found(f"{LIST}?filtered=1&historical=y") == standing | {ended.cpli_id}
    assert found(f"{LIST}?filtered=1&unauthorised=y") == standing | {draft.cpli_id}
    assert found(f"{LIST}?service={cast.south.id}") == {today.cpli_id}
    assert found(f"{LIST}?client={cast.ann.id}") == {156017}
    settings.change(
        OFFICER, {"include_unauthorised": True, "package_reference": "CarePackageRef", "show_authorised": False}
    )
    Package.update(care_package_ref="A42872/Migr:735811").where(Package.cpli_id == 156017).execute()
    html = owner.get(LIST).text
    assert "A42872/Migr:735811" in html and ">CarePackageRef<span" in html and ">Authorised<span" not in html
    assert len(listed(html)) == 4
    assert len(listed(owner.get(f"{LIST}?filtered=1").text)) == 3  # unticked and viewed


@pytest.mark.feature("K-02")
def test_sorting_by_any_column(owner, cast):
    for key in ("ssref", "client", "service", "level", "start", "end", "cost", "pricing", "reference", "authorised"):
        up = [row[8] for row in listed(owner.get(f"{LIST}?sort={key}").text)]
        assert len(up) == 2
    assert [row[6] for row in listed(owner.get(f"{LIST}?sort=cost").text)] == [
        "£81.29 Weekly",
        "£162.58 Weekly (Timetabled)",
    ]
    assert listed(owner.get(f"{LIST}?sort=-cost").text)[0][6].startswith("£162.58")
    assert len(listed(owner.get(f"{LIST}?sort=nonsense").text)) == 2


@pytest.mark.feature("K-20", "O-47")
def test_bold_values_hold_the_exact_text_alone(owner, cast):
    for address in (LIST, f"{LIST}/{cast.package.id}"):
        html = owner.get(address).text
        for value in ("A100001", "Oakfield North", "Personal Care"):
            assert f"<b>{value}</b>" in html


@pytest.mark.feature("K-17")
def test_nothing_posted_changes_a_line(owner, cast):
    for address in (LIST, f"{LIST}/{cast.package.id}"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert owner.open(address, method=method, data={"quantity": "1"}).status_code in (404, 405)
    assert Package.get_by_id(cast.package.id).quantity == 700


@pytest.mark.feature("K-01", "R-13")
def test_a_package_down_to_its_payments(owner, cast):
    PackageRate.create(package=cast.bobs, from_date=dt.date(2026, 10, 12), unit_cost=250000)
    add_visit(cast, "V1", package=cast.bobs, day=dt.date(2026, 9, 7), minutes=183)
    settle(cast)
    finalise(cast)
    html = owner.get(f"{LIST}/{cast.bobs.id}").text
    shown = text_of(html)
    assert "3.05 (Actual + Frstd) Hours x £23.226" in shown and "£70.84" in shown  # rule 2.3
    assert "12/10/2026" in shown and "£25.00" in shown
    assert f"/provider/payments/packages/{cast.bobs.id}/weeks/2026-09-07" in html
    assert Look.select().where(Look.thing == "package").count() == 1


def test_another_organisations_package_does_not_exist(client, cast):
    cast.sign_in(client, cast.outsider)
    assert client.get(f"{LIST}/{cast.package.id}").status_code == 404
    assert "Archer" not in client.get(LIST).text


def test_the_file_holds_the_filtered_lines(owner, cast):
    rows = list(csv.DictReader(io.StringIO(owner.get(f"{LIST}?client={cast.bob.id}&format=csv").text)))
    assert [row["CPLIId"] for row in rows] == ["156018"]


def test_the_same_queries_for_one_line_as_for_many(owner, cast):
    one, _ = queries(lambda: owner.get(f"{LIST}?client={cast.ann.id}"))
    for number in range(12):
        cast.make_package(157000 + number, cast.ann, cast.south, cast.personal_care, cast.dapl, quantity=1, unit_cost=1)
    many, _ = queries(lambda: owner.get(f"{LIST}?client={cast.ann.id}"))
    assert one == many
    first, _ = queries(lambda: owner.get(f"{LIST}/{cast.package.id}"))
    for number in range(4):
        add_visit(cast, f"V{number}", day=MONDAY - dt.timedelta(7 * number))
    settle(cast)
    then, _ = queries(lambda: owner.get(f"{LIST}/{cast.package.id}"))
    assert then <= first + 2  # rows there are none of are not priced


@pytest.mark.feature("O-46", "O-47")
def test_the_commissioned_care_export(owner, cast):
    page = owner.get("/provider/commissioned-care").text
    assert ">Export</button>" in page and "2 packages" in page
    rows = list(csv.reader(io.StringIO(owner.get("/provider/commissioned-care?format=csv").text)))
    assert rows[0] == [
        "SSRef", "NHSNumber", "ClientRef", "ServiceLevelRef", "ServiceLevelName", "CurrentQuantity", "Unit", "Frequency",
        "ServiceRef", "ServiceName", "OrganisationRef", "OrganisationName",
    ]  # fmt: skip
    assert rows[1] == [
        "A100001", "9990000018", "CR-1", "PC", "Personal Care", "7.00", "Hours", "Weekly", "OAK-N", "Oakfield North",
        "OAK", "Oakfield Home Care",
    ]  # fmt: skip
    assert len(rows) == 3
    settings.change(OFFICER, {"module_commissioned_care": False})
    assert owner.get("/provider/commissioned-care").status_code == 404
