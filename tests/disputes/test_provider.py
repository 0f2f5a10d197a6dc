"""A provider's disputes: the list, one, correcting inside it, the response (Q)."""

from __future__ import annotations

import datetime as dt

import pytest

from blueprints.disputes import rules
from blueprints.imports import rules as imports
from blueprints.settings import rules as settings
from models import Actual, Change, Client, Dispute, DisputeState, Import, Visit
from tests.cast import MONDAY
from tests.disputes import world
from tests.disputes.world import OFFICER, entered, key, raised, week_key, weekly
from tests.faults.world import as_csv, visit
from tests.provider_world import queries


@pytest.fixture
def mine(client, cast):
    """The browser of Oakfield's finance person."""
    return cast.sign_in(client, cast.finance)


@pytest.fixture
def visits(cast) -> dict[str, Visit]:
    """The visits of the guide's examples."""
    return world.examples(cast)


def text_of(answer) -> str:
    """A page's text."""
    return answer.get_data(as_text=True)


def respond(client, dispute, response="", version=None, **fields):
    """Press Request Resolution."""
    data = {"response": response, "version": version or Dispute.get_by_id(dispute.id).version,
            "organisation_id": dispute.organisation_id, **fields}  # fmt: skip
    return client.post(f"/provider/disputes/{dispute.id}/response", data=data)


@pytest.mark.feature("Q-02", "Q-03", "Q-09")
def test_the_list_shows_open_ones_and_resolved_ones_when_asked(mine, cast, visits):
    empty = text_of(mine.get("/provider/disputes"))
    assert "There are no disputes to display." in empty and "No open Disputes" in empty
    first = raised(key(visits["PS2"]), details="Why two hours?")
    raised(key(visits["PS3"]))
    done = raised(key(visits["PS5"]), reason="Incorrect Data")
    rules.resolve(done, "", None, OFFICER)
    page = text_of(mine.get("/provider/disputes"))
    assert "2 disputes" in page and "Incorrect Data" not in page
    for words in ("Date raised", "Client", "Status", "Reason", "Details", "Response", "Date Range", "Why two hours?",
                  "Mrs Ann Archer (A100001)", "06/10/2026", "[All Clients]" if "[All Clients]" in page else "All Clients"):  # fmt: skip
        assert words in page, words
    everything = "?filtered=1&status=In+Dispute&status=Resolution+Requested&status=Resolved"
    assert "3 disputes" in text_of(mine.get("/provider/disputes" + everything))
    assert "1 dispute" in text_of(mine.get("/provider/disputes?filtered=1&status=Resolved"))
    resolved = text_of(mine.get(f"/provider/disputes/{done.id}"))
    assert "Request Resolution" not in resolved and "Resolved" in resolved
    assert "1 dispute" in text_of(mine.get("/provider/disputes?filtered=1&status=In+Dispute&first=07/10/2026"))
    assert "1 dispute" in text_of(mine.get("/provider/disputes?filtered=1&status=In+Dispute&last=06/10/2026"))
    assert f"/provider/disputes/{first.id}" in page
    assert "2 disputes" in text_of(mine.get(f"/provider/disputes?client={cast.ann.id}"))
    wrong = mine.get("/provider/disputes?first=9/10/2026&last=1/10/2026")
    assert wrong.status_code == 422 and "Enter a last date on or after" in text_of(wrong)
    assert text_of(mine.get("/provider/disputes?format=csv")).count("\n") == 3


@pytest.mark.feature("Q-04")
def test_we_29_a_dispute_shows_what_is_asked_and_its_rows(mine, visits):
    dispute = raised(key(visits["PS2"]), details="There is no comment.")
    page = text_of(mine.get(f"/provider/disputes/{dispute.id}"))
    for words in ("Mrs Ann Archer (A100001)", "In Dispute", "Missing Comment", "There is no comment.", "Visit PS2",
                  "06/10/2026 08:00 to 10:00", "Request Resolution", "Back", "21 October 2026"):  # fmt: skip
        assert words in page, words
    assert f"/provider/visits/{visits['PS2'].id}" in page


@pytest.mark.feature("Q-07")
def test_a_resolution_is_requested_with_a_response_which_is_then_read_only(mine, visits):
    dispute = raised(key(visits["PS2"]))
    empty = respond(mine, dispute)
    assert empty.status_code == 422 and "Enter the response" in text_of(empty)
    kept = respond(mine, dispute, "Half of it", press="keep")
    assert kept.status_code == 303 and Dispute.get().response == "Half of it"
    assert Dispute.get().state == DisputeState.IN_DISPUTE
    version = Dispute.get().version
    sent = respond(mine, dispute, "The carer waited for the ambulance 😀", version)
    assert sent.status_code == 303
    page = text_of(mine.get(f"/provider/disputes/{dispute.id}"))
    assert "The resolution request has been sent to the LA." in page
    assert "Resolution Requested" in page and "ambulance 😀" in page and "<textarea" not in page
    twice = respond(mine, dispute, "Again", version)
    assert twice.status_code == 409 and "Nothing was sent twice" in text_of(twice)
    assert Dispute.get().response.startswith("The carer")
    long = respond(mine, raised(key(visits["PS3"])), "x" * 8001)
    assert long.status_code == 422 and "8,000 characters or fewer" in text_of(long)


@pytest.mark.feature("Q-07")
def test_changed_rows_may_speak_for_themselves_where_the_authority_lets_them(mine, cast):
    package = weekly(cast)
    entered(package, extra=50)
    dispute = raised(week_key(package))
    settings.put("dispute_response_needed", False)
    assert respond(mine, dispute).status_code == 422  # nothing was changed
    Actual.update(comments="Agreed with the social worker").execute()
    assert respond(mine, dispute).status_code == 303
    change = Change.select().where((Change.thing == "dispute") & (Change.what == "Requested the resolution")).get()
    assert "Comments: empty → Agreed with the social worker" in change.after


@pytest.mark.feature("Q-05")
def test_the_actual_is_corrected_inside_the_dispute(mine, cast):
    package = weekly(cast)
    actual = entered(package, actual=200, missed=50)
    dispute = raised(week_key(package))
    page = text_of(mine.get(f"/provider/disputes/{dispute.id}"))
    address = f"/provider/disputes/{dispute.id}/weeks/2026-10-05"
    assert address in page and "Add/Edit" in page and "£80.00" in page
    form = text_of(mine.get(address))
    assert "Edit Actuals for Oakfield North, Mr Bob O" in form and "Week Beginning 5 October 2026" in form
    assert "CPLI 156040" in form and "CPLI 156018" not in form and "Undo" in form and "Back" in form
    row = f"p{package.id}"
    assert f'name="rows" value="{row}"' in form
    sent = {
        "rows": row, f"{row}-version": "1", f"{row}-planned": "300", f"{row}-actual": "2", f"{row}-frustrated": "0",
        f"{row}-missed": "1", f"{row}-extra": "0", f"{row}-visits": "2", "organisation_id": str(cast.oakfield.id),
    }  # fmt: skip
    refused = mine.post(address, data=sent)
    assert refused.status_code == 422 and "Enter a comment" in text_of(refused)
    saved = mine.post(address, data={**sent, f"{row}-comments": "Snowed in on Monday"})
    assert saved.status_code == 303 and saved.headers["Location"].endswith(f"/disputes/{dispute.id}")
    assert (Actual.get_by_id(actual.id).missed, Actual.get_by_id(actual.id).comments) == (100, "Snowed in on Monday")
    page = text_of(mine.get(f"/provider/disputes/{dispute.id}"))
    assert "changed since it was disputed" in page and "Snowed in on Monday" in page
    assert respond(mine, dispute, "Corrected").status_code == 303
    history = text_of(mine.get(f"/provider/disputes/{dispute.id}"))
    assert "Missed: 0.50 → 1.00" in history  # what changed in figures


@pytest.mark.feature("Q-05")
def test_an_inconsistent_row_has_its_triangle_and_does_not_block_the_response(mine, cast):
    package = weekly(cast)
    entered(package, actual=300, missed=100, comments="odd")
    dispute = raised(week_key(package))
    assert "▲" in text_of(mine.get(f"/provider/disputes/{dispute.id}/weeks/2026-10-05"))
    assert respond(mine, dispute, "We look into it").status_code == 303


@pytest.mark.feature("Q-06")
def test_we_29_a_visit_sent_again_stays_in_its_dispute(mine, cast, visits):
    """PS5 of the guide: delivered 10:00 to 10:30 against 08:00 to 09:00, sent again as 08:02 to 09:06."""
    dispute = raised(key(visits["PS5"]), reason="Incorrect Data")
    row = visit("PS5", dt.date(2026, 10, 9), DeliveredEntryTime="08:02", DeliveredExitTime="09:06")
    batch = imports.load(imports.KINDS["visits"], cast.oakfield, "again.csv", as_csv([row]))
    assert Import.get_by_id(batch.id).state == "Done"
    page = text_of(mine.get(f"/provider/disputes/{dispute.id}"))
    assert "changed since it was disputed" in page and "09/10/2026 08:02 to 09:06" in page
    assert "09/10/2026 10:00 to 10:30" in page
    respond(mine, dispute, "Sent again: the telephone had logged another call.")
    assert "Delivered: 09/10/2026 10:00 to 10:30 → 09/10/2026 08:02 to 09:06" in text_of(
        mine.get(f"/provider/disputes/{dispute.id}")
    )


@pytest.mark.feature("C-11", "Q-13")
def test_we_30_the_home_tile_counts_open_ones_and_those_that_await_action(mine, cast, visits, app):
    assert "No open Disputes" in text_of(mine.get("/provider/"))
    dispute = raised(key(visits["PS2"]))
    page = text_of(mine.get("/provider/"))
    assert "1 open Dispute (1 awaiting action)" in page
    assert "dispute awaits your answer" in page and "21 October 2026" in page
    respond(mine, dispute, "Because")
    assert "1 open Dispute (0 awaiting action)" in text_of(mine.get("/provider/"))
    raised(key(visits["PS3"]), due=dt.date(2026, 10, 14))
    Dispute.update(due=dt.date(2026, 10, 12)).where(Dispute.state == "In Dispute").execute()
    page = text_of(mine.get("/provider/"))
    assert "2 open Disputes (1 awaiting action)" in page and "Overdue" in page
    # Only disputes of reachable services are counted.
    other = cast.sign_in(app.test_client(), cast.outsider)
    assert "open Dispute" not in text_of(other.get("/provider/"))


@pytest.mark.feature("Q-12")
def test_an_overdue_dispute_says_so_and_can_still_be_answered(mine, visits):
    dispute = raised(key(visits["PS2"]))
    Dispute.update(due=dt.date(2026, 10, 13)).execute()
    assert "Overdue" in text_of(mine.get("/provider/disputes"))
    assert "Overdue" in text_of(mine.get(f"/provider/disputes/{dispute.id}"))
    assert respond(mine, dispute, "Late, but here").status_code == 303
    assert "Overdue" not in text_of(mine.get(f"/provider/disputes/{dispute.id}"))


@pytest.mark.feature("Q-14")
def test_disputed_rows_are_marked_in_both_grids(mine, cast, visits):
    package = weekly(cast)
    entered(package)
    raised(key(visits["PS2"]), week_key(package))
    pane = text_of(mine.get("/provider/visits?week=2026-10-05"))
    assert "in dispute" in pane
    grid = text_of(mine.get("/provider/actuals?week=2026-10-05"))
    assert grid.count("in dispute") >= 1
    assert "The authority disputes this visit" in text_of(mine.get(f"/provider/visits/{visits['PS2'].id}"))
    for dispute in Dispute.select():
        rules.resolve(dispute, "", None, OFFICER)
    assert "in dispute" not in text_of(mine.get("/provider/visits?week=2026-10-05"))
    assert "in dispute" not in text_of(mine.get("/provider/actuals?week=2026-10-05"))


def test_another_organisation_sees_nothing_of_it(cast, visits, app):
    package = weekly(cast)
    entered(package)
    dispute = raised(week_key(package))
    cast.make_package(
        300, Client.get_by_id(cast.cat.id), cast.house, cast.personal_care, cast.spot, quantity=1, unit_cost=1
    )
    other = cast.sign_in(app.test_client(), cast.outsider)
    for address in (f"/provider/disputes/{dispute.id}", f"/provider/disputes/{dispute.id}/weeks/2026-10-05"):
        assert other.get(address).status_code == 404
    assert respond(other, dispute, "x").status_code == 404
    assert other.post(f"/provider/disputes/{dispute.id}/weeks/2026-10-05", data={}).status_code == 404
    assert "O&#39;Neill" not in text_of(other.get("/provider/disputes"))


def test_a_week_that_is_not_disputed_cannot_be_edited_here(mine, cast):
    package = weekly(cast)
    entered(package)
    dispute = raised(week_key(package))
    assert mine.get(f"/provider/disputes/{dispute.id}/weeks/2026-10-12").status_code == 404
    assert mine.get(f"/provider/disputes/{dispute.id}/weeks/nonsense").status_code == 404
    rules.resolve(dispute, "", None, OFFICER)
    assert mine.get(f"/provider/disputes/{dispute.id}/weeks/2026-10-05").status_code == 303


def test_the_list_costs_the_same_at_ten_as_at_one(mine, cast, visits):
    raised(key(visits["PS2"]))
    one, _ = queries(lambda: mine.get("/provider/disputes"))
    for n in range(9):
        Dispute.create(
            organisation=cast.oakfield, service=cast.north, client=cast.bob, client_words=f"Bob {n}", reason="Other",
            first=MONDAY, last=MONDAY, due=MONDAY,
        )  # fmt: skip
    assert queries(lambda: mine.get("/provider/disputes"))[0] <= one


def test_a_dispute_costs_the_same_at_ten_rows_as_at_one(mine, cast, visits):
    from tests.provider_world import add_visit, settle

    dispute = raised(key(visits["PS2"]))
    one, _ = queries(lambda: mine.get(f"/provider/disputes/{dispute.id}"))
    more = [add_visit(cast, f"T{n}", start=3600 * (n + 9)) for n in range(9)]
    settle(cast)
    big = raised(*(key(one) for one in more))
    assert queries(lambda: mine.get(f"/provider/disputes/{big.id}"))[0] <= one


def test_the_module_can_be_switched_off(mine):
    settings.put("module_disputes", False)
    assert mine.get("/provider/disputes").status_code == 404
    assert "Disputes" not in text_of(mine.get("/provider/"))


@pytest.mark.feature("Q-14")
def test_a_visit_that_came_to_another_service_links_to_no_dispute_beyond_reach(cast, client):
    """The dispute stays with the service of then: who reaches the new one alone is not sent to a page that is not there."""
    visit = world.examples(cast)["PS2"]
    dispute = world.raised(world.key(visit))
    page = f"/provider/visits/{visit.id}"
    cast.sign_in(client, cast.finance)
    assert f"/provider/disputes/{dispute.id}" in client.get(page).text
    there = cast.make_package(
        990001, cast.ann, cast.south, cast.personal_care, cast.dapl, quantity=700, unit_cost=232260
    )
    Visit.update(service=cast.south, package=there).where(Visit.id == visit.id).execute()
    cast.make_role(cast.finance, "Service Manager", service=cast.south)
    cast.oakfield.limited_accessibility = True
    cast.oakfield.save()
    assert client.get(f"/provider/disputes/{dispute.id}").status_code == 404
    text = client.get(page).text
    assert "PS2" in text and "/provider/disputes/" not in text.partition("<main")[2]
