"""A visits file from a person with limited reach: what is beyond it is as if it were not there (rules 5.3, 11.1, 11.2)."""

from __future__ import annotations

import pytest

from blueprints.contacts import roles
from blueprints.history import Actor
from blueprints.imports import rules as imports
from models import Client, Import, ImportProblem, ImportState, Role, User, Visit
from tests.visits.test_import import as_csv, check, on, press, row

NORTH = {"ServiceName": "Oakfield North"}


@pytest.fixture
def limited(cast) -> User:
    """Greta, who manages Oakfield North; Dora has a package in the South alone."""
    cast.dora = Client.create(ssref="A100009", client_ref="CR-9", surname="South", forename="Dora")
    cast.make_package(990001, cast.dora, cast.south, cast.personal_care, cast.dapl, quantity=700, unit_cost=232260)
    cast.make_role(cast.finance, "Service Manager", service=cast.north)
    cast.oakfield.limited_accessibility = True
    cast.oakfield.save()
    return User.get_by_id(cast.finance.id)


def problems(batch: Import) -> list[tuple[int, str, str]]:
    """Line, column and message of each problem."""
    return [
        (p.line, p.column, p.message)
        for p in ImportProblem.select().where(ImportProblem.batch == batch).order_by(ImportProblem.line)
    ]


@pytest.mark.feature("E-30")
def test_rows_of_a_service_out_of_reach_are_worded_as_unknown(cast, limited):
    batch = check(
        cast.oakfield,
        as_csv(row("V1", **NORTH), row("V2", **on(1), ServiceName="Oakfield South"), row("V3", **on(2), ServiceName="Nowhere"),
               row("V4", **on(3), ServiceRef="OAK-S"), row("V5", **on(4), ServiceRef="ZZZ")),
        limited,
    )  # fmt: skip
    assert (batch.new, batch.rejected) == (1, 4)
    said = {line: message for line, _, message in problems(batch)}
    assert said[3].replace("Oakfield South", "X") == said[4].replace("Nowhere", "X"), "as one that is not there"
    assert said[5] == said[6]
    assert not any(p.suggestion == "Oakfield South" for p in ImportProblem.select())


def test_a_row_must_name_its_service(cast, limited):
    batch = check(cast.oakfield, as_csv(row("V1")), limited)
    [(line, column, message)] = problems(batch)
    assert (line, column) == (2, "ServiceName") and "you work for some services only" in message


def test_a_client_of_another_service_is_a_stranger(cast, limited):
    """Dora at North and a person who does not exist at North are answered and stored alike."""
    batch = check(
        cast.oakfield,
        as_csv(row("V1", **NORTH, SSRef="A100009"), row("V2", **on(1), **NORTH, SSRef="A999999")),
        limited,
    )
    assert (batch.new, batch.rejected, problems(batch)) == (2, 0, [])
    press(batch)
    assert {(v.client_id, v.status, v.reason) for v in Visit.select()} == {(None, "Unmatched", "client not known")}


def test_a_reference_of_a_visit_out_of_reach_is_neither_told_of_nor_overwritten(cast, limited):
    south = check(
        cast.oakfield, as_csv(row("S1", SSRef="A100009", ServiceName="Oakfield South", Comments="theirs")), cast.manager
    )
    Role.create(contact=cast.manager.contact_id, name=1, organisation=cast.oakfield)  # reaches the whole
    south = check(
        cast.oakfield,
        as_csv(row("S1", SSRef="A100009", ServiceName="Oakfield South", Comments="theirs")),
        User.get_by_id(cast.manager.id),
    )
    press(south)
    for cells in (
        row("S1", **NORTH, Comments="mine"),
        {"VisitRef": "S1", "Deleted": "1"},
        {"VisitRef": "S1", "Deleted": "1", "SSRef": "A100009"},
    ):
        batch = check(cast.oakfield, as_csv(cells), limited)
        assert batch.rejected == 1
        [(_, column, message)] = problems(batch)
        assert (
            column == "VisitRef" and "There is no visit of this reference in the services that you work for" in message
        )
        assert "Dora" not in message and "South" not in message
        imports.cancel(batch.id, Actor(limited.id, "Greta Finch"))
    visit = Visit.get(Visit.ref == "S1")
    assert visit.comments == "theirs" and not visit.is_deleted


def test_a_call_of_another_service_gives_no_warning(cast, limited):
    """The same client, date and time at the South must not show in a warning at the North."""
    cast.make_package(990002, cast.ann, cast.south, cast.personal_care, cast.dapl, quantity=700, unit_cost=232260)
    Role.create(contact=cast.manager.contact_id, name=1, organisation=cast.oakfield)
    press(
        check(
            cast.oakfield,
            as_csv(row("S1", ServiceName="Oakfield South", CarerRef="C1")),
            User.get_by_id(cast.manager.id),
        ),
        True,
    )
    batch = check(cast.oakfield, as_csv(row("V1", **NORTH)), limited)
    assert problems(batch) == []
    whole = check(cast.oakfield, as_csv(row("V1", **NORTH)), User.get_by_id(cast.manager.id))
    assert [message for *_, message in problems(whole)] == [
        "Another visit has the same client, planned date, entry and exit. Expected Double-Handed in the comments of both where two carers went."
    ]


def test_a_role_taken_away_between_check_and_update_asks_again(cast, limited):
    batch = check(cast.oakfield, as_csv(row("V1", **NORTH)), limited)
    assert batch.new == 1
    role = Role.get(Role.contact == cast.finance.contact_id)
    roles.take_away(role.id, Actor(None, "Amir Khan"))
    batch = press(batch)
    assert (batch.state, batch.rejected) == (ImportState.CHECKED, 1) and not Visit.select().exists()


@pytest.mark.feature("E-30")
def test_imports_of_colleagues_and_the_carers_file_are_not_there(client, cast, limited):
    theirs = check(cast.oakfield, as_csv(row("V9")), cast.manager)
    mine = check(cast.oakfield, as_csv(row("V1", **NORTH)), limited)
    cast.sign_in(client, cast.finance)
    assert client.get(f"/provider/imports/{theirs.id}").status_code == 404
    assert client.get(f"/provider/imports/{mine.id}").status_code == 200
    assert client.get("/provider/imports/carers/new").status_code == 404
    assert "Carers Bulk Import" not in client.get("/provider/visits").text
    example = client.get("/provider/imports/visits/example.csv").text
    assert "A100001" in example and "A100009" not in example


@pytest.mark.feature("E-30")
def test_payments_are_seen_whole_or_not_at_all(client, cast, limited):
    cast.sign_in(client, cast.finance)
    week = f"/provider/payments/packages/{cast.package.id}/weeks/2026-10-05"
    period = f"/provider/payments/contracts/{cast.dapl.id}/periods/{cast.periods[0].id}"
    assert client.get(week).status_code == 404 and client.get(period).status_code == 404
    package = client.get(f"/provider/packages/{cast.package.id}")
    assert package.status_code == 200 and "/provider/payments/packages/" not in package.text
    cast.make_role(cast.finance, "Contact", contract=cast.dapl)
    assert client.get(week).status_code == 200 and client.get(period).status_code == 200
    assert "Dora South" in client.get("/provider/packages").text.replace("South, Dora", "Dora South"), (
        "every service that it covers"
    )
