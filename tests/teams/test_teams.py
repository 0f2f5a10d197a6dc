"""Teams: made, changed, retired, with their members; two savers; who did it."""

import pytest

from blueprints import history
from blueprints.facts import Faulty
from blueprints.teams import rules
from models import Change, Team, TeamMember
from tests.counting import of as queries
from tests.pages import changed, fields, press

BY = history.Actor(None, "officer")
NEW = "/authority/settings/teams/new"


@pytest.fixture
def officer(client, cast):
    return cast.sign_in(client, cast.officer)


@pytest.mark.feature("Z-07")
def test_a_team_is_made_changed_and_retired(officer, cast):
    answer = press(officer, NEW, "name", name="Brokerage", purpose="Finds care", members=[str(cast.reader.id)])
    assert answer.status_code == 303
    team = Team.get(Team.name == "Brokerage")
    text = officer.get("/authority/settings/teams").text
    assert "Finds care" in text and "Rita Reed" in text
    address = f"/authority/settings/teams/{team.id}/edit"
    press(officer, address, "name", members=[str(cast.officer.id)], is_retired="y")
    assert rules.members_of(team) == [cast.officer.id] and Team.get_by_id(team.id).is_retired
    text = officer.get("/authority/settings/teams").text
    assert "Retired" in text and "Amir Khan" in text and "Rita Reed" not in text
    html = officer.get(address).text
    assert "Members: <del>Rita Reed</del>" in html.replace("  ", " ")
    assert Change.select().where(Change.thing == "team").count() == 2
    assert rules.teams_of(cast.officer) == [team.id]


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"name": ""}, "Enter the name"),
        ({"name": "payments"}, "There is a team “payments” already"),
        ({"members": ["999999"]}, "from the list"),
        ({"name": "x" * 101}, "100 characters or fewer"),
    ],
)
def test_what_is_refused(officer, cast, wrong, words):
    cast.team  # noqa: B018 makes one
    answer = press(officer, NEW, "name", **{"name": "Another", **wrong})
    assert answer.status_code == 422 and words in answer.text and Team.select().count() == 1


def test_only_officers_are_members(cast):
    with pytest.raises(Faulty, match="Choose members"):
        rules.save_team({"name": "A", "members": [cast.finance.id]}, BY)
    assert not TeamMember.select().exists()


def test_the_second_of_two_savers_sees_both(officer, cast):
    address = f"/authority/settings/teams/{cast.team.id}/edit"
    mine = fields(officer.get(address).text, "name")
    press(officer, address, "name", purpose="Pays")
    answer = officer.post(address, data=changed(mine, {"purpose": "Asks"}))
    assert answer.status_code == 422 and ">Pays<" in answer.text and ">Asks<" in answer.text


def test_the_list_costs_the_same_at_ten(officer, cast):
    rules.save_team({"name": "One", "members": [cast.officer.id, cast.reader.id]}, BY)
    one = queries(officer, "/authority/settings/teams")
    for n in range(9):
        rules.save_team({"name": f"More {n}", "members": [cast.officer.id]}, BY)
    assert queries(officer, "/authority/settings/teams") == one
