"""The officers' queue and decisions (F-13 to F-17, D-03, D-06, E-11)."""

from __future__ import annotations

import datetime as dt

import pytest

from blueprints.history import Actor
from blueprints.requests import kinds, rules
from blueprints.settings import rules as settings
from models import ChangeRequest, Contact, Organisation, Role, Service, User
from tests.conftest import TODAY
from tests.pages import fields, press_at, queries

NOW = dt.datetime.combine(TODAY, dt.time(12))
GRETA = "Greta Finch"


@pytest.fixture
def officer(client, cast):
    """Amir, signed in."""
    return cast.sign_in(client, cast.officer)


@pytest.fixture
def ask(cast):
    """Send a request of Greta's."""

    def ask(kind: str = "organisation", row=None, days: int = 0, comment: str = "", **wanted) -> ChangeRequest:
        row = row or Organisation.get_by_id(cast.oakfield.id)
        sent = rules.send(kinds.every()[kind], row, wanted, Actor(cast.finance.id, GRETA), cast.oakfield.id, comment)
        ChangeRequest.update(sent_at=NOW - dt.timedelta(days)).where(ChangeRequest.id == sent.id).execute()
        return sent

    return ask


def accept(client, sent, **changes):
    """Press Accept on the request's page."""
    return press_at(
        client, f"/authority/requests/{sent.id}", f"/authority/requests/{sent.id}/acceptance", "shown", **changes
    )


def reject(client, sent, **changes):
    """Press Reject on the request's page."""
    return press_at(
        client, f"/authority/requests/{sent.id}", f"/authority/requests/{sent.id}/rejection", "remarks", **changes
    )


@pytest.mark.feature("F-13")
def test_the_queue_by_age_kind_and_organisation(officer, cast, ask):
    old = ask(telephone="01632 960 111", days=30, comment="We have moved")
    new = ask("service", Service.get_by_id(cast.north.id), email="north@oakfield.example")
    text = officer.get("/authority/requests").text
    assert "2 requests waiting" in text and "We have moved" in text and "30 days ago" in text
    assert text.index(f'/authority/requests/{old.id}"') < text.index(f'/authority/requests/{new.id}"'), "oldest first"
    assert "New: </span>01632 960 111" in text
    for query, there in (
        ("kind=service", [new]),
        ("days=28", [old]),
        (f"organisation={cast.brookhouse.id}", []),
        ("state=Approved", []),
    ):
        text = officer.get(f"/authority/requests?{query}").text
        assert [
            r for r in (old, new) if f"/authority/requests/{r.id}?" in text or f'/authority/requests/{r.id}"' in text
        ] == there, query
    assert "2</b> change requests wait" in officer.get("/authority/").text.replace(' class="portal-todo__count"', "")


@pytest.mark.feature("D-03", "F-14")
def test_accepting_applies_and_leads_to_the_next(officer, cast, ask):
    first, second = ask(telephone="01632 960 111", days=3), ask(fax="01632 960 222", days=2)
    page = officer.get(f"/authority/requests/{first.id}").text
    assert "Before" in page and "Asked for" in page and "01632 960 111" in page and "Next that waits" in page
    answer = accept(officer, first)
    assert answer.location == f"/authority/requests/{second.id}"
    assert Organisation.get_by_id(cast.oakfield.id).telephone == "01632 960 111"
    assert "Accepted: Update Organisation of Oakfield Home Care" in officer.get(answer.location).text
    last = accept(officer, second)
    assert last.location == "/authority/requests" and "No more requests wait here" in officer.get(last.location).text


def test_the_filter_goes_along_from_one_to_the_next(officer, cast, ask):
    ask(telephone="1", days=5)
    one = ask("service", Service.get_by_id(cast.north.id), days=4, email="north@oakfield.example")
    two = ask("service", Service.get_by_id(cast.south.id), days=3, email="south@oakfield.example")
    answer = officer.post(f"/authority/requests/{one.id}/acceptance?kind=service")
    assert answer.location == f"/authority/requests/{two.id}?kind=service"


@pytest.mark.feature("D-06", "E-11", "F-14", "F-15", "F-16")
def test_rejecting_needs_a_reason_and_the_provider_sees_it(officer, cast, ask):
    sent = ask("service", Service.get_by_id(cast.north.id), email="north@oakfield.example")
    answer = reject(officer, sent, remarks="Not yet")
    assert answer.status_code == 422 and "Choose a reason from the list" in answer.text and "Not yet" in answer.text
    answer = reject(officer, sent, reason="Not enough information", remarks="Which site?")
    assert answer.status_code == 303 and Service.get_by_id(cast.north.id).email == ""
    greta = cast.sign_in(officer.application.test_client(), cast.finance)
    text = greta.get("/provider/requests").text
    assert "Not enough information. Which site?" in text
    text = officer.get("/authority/requests?state=Rejected").text
    assert "Not enough information" in text and "Amir Khan" in text


@pytest.mark.feature("F-13")
def test_of_two_officers_the_second_is_told(officer, cast, ask):
    sent = ask(telephone="01632 960 111")
    form = fields(officer.get(f"/authority/requests/{sent.id}").text, "shown")
    rules.reject(sent.id, Actor(None, "Rita Reed"), "Already done")
    answer = officer.post(f"/authority/requests/{sent.id}/acceptance", data=form)
    text = officer.get(answer.location).text
    assert "Rita Reed has rejected this request already. Nothing was changed now" in text
    assert Organisation.get_by_id(cast.oakfield.id).telephone == ""


@pytest.mark.feature("F-14")
def test_what_changed_since_is_shown_and_must_be_chosen(officer, cast, ask):
    sent = ask(telephone="01632 960 111", fax="01632 960 112")
    Organisation.update(telephone="01632 960 999").where(Organisation.id == cast.oakfield.id).execute()
    page = officer.get(f"/authority/requests/{sent.id}").text
    assert "The record has changed since this was asked for" in page and "01632 960 999" in page
    assert 'name="choose-telephone"' in page and 'name="choose-fax"' not in page, "the changed fields only"
    answer = accept(officer, sent)
    assert answer.status_code == 409 and "Choose a value for each field that has changed" in answer.text
    assert ChangeRequest.get_by_id(sent.id).state == "Pending"
    assert accept(officer, sent, **{"choose-telephone": "asked"}).status_code == 303
    now = Organisation.get_by_id(cast.oakfield.id)
    assert (now.telephone, now.fax) == ("01632 960 111", "01632 960 112")


def test_a_third_value_between_looking_and_pressing_asks_again(officer, cast, ask):
    sent = ask(telephone="01632 960 111")
    Organisation.update(telephone="01632 960 222").where(Organisation.id == cast.oakfield.id).execute()
    form = fields(officer.get(f"/authority/requests/{sent.id}").text, "shown")
    Organisation.update(telephone="01632 960 333").where(Organisation.id == cast.oakfield.id).execute()
    answer = officer.post(f"/authority/requests/{sent.id}/acceptance", data={**form, "choose-telephone": "now"})
    assert answer.status_code == 409 and "01632 960 333" in answer.text


def test_what_vanished_can_only_be_rejected(officer, cast, ask):
    role = cast.make_role(cast.manager, "Service Manager", service=cast.north)
    sent = ask("role-remove", kinds.every()["role-remove"].get(ChangeRequest(thing=role.id)))
    Role.delete().execute()
    page = officer.get(f"/authority/requests/{sent.id}").text
    assert "Owen Marsh is not there any more" in page and "Accept and apply" not in page
    answer = officer.post(f"/authority/requests/{sent.id}/acceptance")
    assert answer.status_code == 409
    assert reject(officer, sent, reason="Already done").status_code == 303


@pytest.mark.feature("E-14")
def test_a_contact_is_deactivated_instead(officer, cast, ask):
    sent = ask("contact-remove", Contact.get_by_id(cast.manager.contact_id))
    page = officer.get(f"/authority/requests/{sent.id}").text
    assert "Delete the contact" in page and "Deactivate the contact instead" in page
    accept(officer, sent, **{"instead-state": "Deactivated"})
    assert Contact.get_by_id(cast.manager.contact_id).state == "Deactivated"
    assert "the authority chose Deactivated instead" in officer.get(f"/authority/requests/{sent.id}").text


# several at once -----------------------------------------------------------------------------------------------------------


def test_several_are_shown_first_and_then_accepted_each_by_itself(officer, cast, ask):
    good = ask(telephone="01632 960 111")
    service = ask("service", Service.get_by_id(cast.north.id), email="north@oakfield.example")
    clash = ask("service", Service.get_by_id(cast.south.id), email="south@oakfield.example")
    Service.update(email="other@oakfield.example").where(Service.id == cast.south.id).execute()
    gone = ask(mobile="07700 900 100")
    rules.withdraw(gone.id, Actor(cast.finance.id, GRETA))
    picked = [str(r.id) for r in (good, service, clash, gone)]
    page = officer.post("/authority/requests/acceptances", data={"picked": picked})
    assert "Accept 2 requests" in page.text and "The record has changed since" in page.text
    assert "Greta Finch has decided it already" in page.text
    assert Organisation.get_by_id(cast.oakfield.id).telephone == "", "nothing yet"
    done = officer.post("/authority/requests/acceptances", data=fields(page.text, "confirmed"))
    text = officer.get(done.location).text
    assert "2 requests are accepted" in text
    assert Organisation.get_by_id(cast.oakfield.id).telephone == "01632 960 111"
    assert Service.get_by_id(cast.south.id).email == "other@oakfield.example"


def test_ticking_nothing_says_so(officer, cast, ask):
    ask(telephone="1")
    for sent in ({}, {"picked": "x"}, {"picked": "999999"}):
        answer = officer.post("/authority/requests/acceptances", data=sent)
        assert "Tick the requests to accept" in officer.get(answer.location).text


# kinds ---------------------------------------------------------------------------------------------------------------------


def test_kinds_are_switched_and_let_through(officer, cast):
    page = officer.get("/authority/requests/kinds").text
    assert "Update Organisation" in page and "Delete Contact Role" in page and "Not enough information" in page
    names = [name for name in kinds.every() if name != "login"]
    officer.post("/authority/requests/kinds", data={"taken": names, "at_once": ["contact"]})
    now = settings.read()
    assert now.requests_with("off") == {"login"} and now.requests_with("at once") == {"contact"}
    story = officer.get("/authority/settings/history").text
    assert "requests off" in story and "login" in story
    reader = cast.sign_in(officer.application.test_client(), cast.reader)
    assert 'name="taken"' not in reader.get("/authority/requests/kinds").text


@pytest.mark.feature("F-15")
def test_the_reasons_are_the_authoritys_list(officer, ask):
    sent = ask(telephone="1")
    settings.change(Actor(None, "Amir Khan"), {"rejection_reasons": "Out of date\nAsk the brokerage team"})
    page = officer.get(f"/authority/requests/{sent.id}").text
    assert "Ask the brokerage team" in page and "Already done" not in page
    assert reject(officer, sent, reason="Already done").status_code == 422
    with pytest.raises(settings.Refused):
        settings.change(Actor(None, "Amir Khan"), {"rejection_reasons": ""})


def test_who_may_only_read_sees_no_buttons(client, cast, ask):
    sent = ask(telephone="1")
    reader = cast.sign_in(client, cast.reader)
    page = reader.get(f"/authority/requests/{sent.id}").text
    assert "Accept and apply" not in page and 'name="reason"' not in page
    assert "Accept those ticked" not in reader.get("/authority/requests").text


def test_the_queue_costs_the_same_at_ten_rows_as_at_one(officer, ask):
    sent, _ = ask(telephone="0"), ask(fax="0")
    one = queries(officer, "/authority/requests"), queries(officer, f"/authority/requests/{sent.id}")
    for n in range(1, 11):
        ask(telephone=str(n))
    assert (queries(officer, "/authority/requests"), queries(officer, f"/authority/requests/{sent.id}")) == one


@pytest.mark.feature("F-17")
def test_the_file_of_all_requests(officer, ask):
    sent = ask(telephone="01632 960 111")
    rules.accept(sent.id, Actor(None, "Amir Khan"))
    text = officer.get("/authority/requests?state=all&format=csv").text
    assert (
        "Approved" in text
        and "OAK,Update Organisation,Oakfield Home Care,Greta Finch,Telephone,,01632 960 111,Amir Khan" in text
    )


@pytest.mark.feature("E-24")
def test_from_request_to_login(officer, cast, ask):
    sent = ask("contact-new", cast.oakfield, surname="D’Arcy", access=True, portal_email="idris@oakfield.example")
    assert accept(officer, sent).status_code == 303
    user = User.get(User.contact == Contact.get(Contact.surname == "D’Arcy"))
    assert user.organisation_id == cast.oakfield.id
    taken = ask("contact-new", cast.oakfield, surname="Second", access=True, portal_email="finance@brookhouse.example")
    answer = accept(officer, taken)
    assert answer.status_code in (303, 409)
    if answer.status_code == 409:
        assert "finance@brookhouse.example" in answer.text and ChangeRequest.get_by_id(taken.id).state == "Pending"


def test_a_request_of_a_kind_of_former_days_can_be_looked_at_and_rejected_only(officer, cast, ask, app):
    """An area that was taken out leaves requests behind: no page breaks on them, at either door."""
    sent = ask(telephone="1234")
    ChangeRequest.update(kind="gone-kind").where(ChangeRequest.id == sent.id).execute()
    assert "Gone kind" in officer.get(f"/authority/requests/{sent.id}").text
    several = officer.get("/authority/requests/acceptances", query_string={"picked": sent.id})
    assert officer.get("/authority/requests").status_code == 200 and several.status_code < 500
    provider = cast.sign_in(app.test_client(), cast.finance)
    assert "Gone kind" in provider.get(f"/provider/requests/{sent.id}").text
    officer.post("/authority/requests/acceptances", data={"picked": [sent.id]})
    assert ChangeRequest.get_by_id(sent.id).is_pending
    reject(officer, sent, reason="Already done", remarks="Not used any more")
    assert ChangeRequest.get_by_id(sent.id).state == "Rejected"
