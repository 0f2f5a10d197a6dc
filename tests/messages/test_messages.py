"""Messages at both doors: who gets which, for how long; reading, responding, answering; each with its refusals."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest

from blueprints import history
from blueprints.facts import Faulty
from blueprints.messages import rules
from blueprints.settings import rules as settings
from models import Audience, Change, File, Message, MessagePost, MessageRead, Organisation, PostRead, User
from tests import counting
from tests.attachments.test_documents import PDF
from tests.conftest import TODAY
from tests.pages import changed, fields, press
from tests.visits.test_provider import text_of

DAY = dt.timedelta(1)
NEW = "/authority/messages/new"


@pytest.fixture
def officer(app, cast):
    return cast.sign_in(app.test_client(), cast.officer)


@pytest.fixture
def finance(app, cast):
    return cast.sign_in(app.test_client(), cast.finance)


@pytest.fixture
def outsider(app, cast):
    return cast.sign_in(app.test_client(), cast.outsider)


def write(cast, subject="New rates", audience=Audience.ALL, on=TODAY, until=None, organisations=(), people=(), **more):
    values = {
        "subject": subject, "details": "From April the rates change.", "audience": audience, "published_on": on,
        "displayed_until": until,
    }  # fmt: skip
    wanted = rules.Wanted(values, frozenset(o.id for o in organisations), frozenset(p.id for p in people))
    return rules.save_message(wanted, history.Actor(cast.officer.id, cast.officer.name), **more)


def lines(client, address="/provider/messages") -> list[str]:
    return re.findall(r'portal-messages__subject">([^<]*)<', client.get(address).text)


def say(client, address: str, text: str):
    """Respond by the form of a message's page."""
    return client.post(
        f"{address}/responses", data=changed(fields(client.get(address).text, "message"), {"message": text})
    )


def reply(client, address: str, text: str):
    """Answer by the form of a thread's page."""
    return client.post(f"{address}/answers", data=changed(fields(client.get(address).text, "answer"), {"answer": text}))


# who gets which, and when ----------------------------------------------------------------------------------------------


@pytest.mark.feature("C-21", "C-22", "C-25")
def test_only_messages_for_this_person_newest_first_until_their_date(app, cast, finance, outsider):
    assert "Messages from" not in finance.get("/provider/").text
    write(cast, "For all", on=TODAY - 3 * DAY)
    write(cast, "For Oakfield", Audience.ORGANISATIONS, TODAY - DAY, organisations=[cast.oakfield])
    write(cast, "For Greta", Audience.PEOPLE, TODAY, people=[cast.finance])
    write(cast, "For Bella", Audience.PEOPLE, TODAY, people=[cast.outsider])
    write(cast, "Tomorrow", on=TODAY + DAY)
    write(cast, "Last day", on=TODAY - 9 * DAY, until=TODAY)
    write(cast, "Over", on=TODAY - 9 * DAY, until=TODAY - DAY)
    html = finance.get("/provider/").text
    assert "Messages from Local authority" in html and html.index("Messages from") < html.index("What needs doing")
    assert lines(finance) == ["For Greta", "For Oakfield", "For all", "Last day"]
    assert lines(finance, "/provider/messages?show=all") == ["For Greta", "For Oakfield", "For all", "Over", "Last day"]
    assert lines(cast.sign_in(app.test_client(), cast.manager)) == ["For Oakfield", "For all", "Last day"]
    assert lines(outsider) == ["For Bella", "For all", "Last day"]
    assert html.count("Read more...") == 4
    for words in ("For all users:", "For specific providers:", "For specific contacts:"):
        assert words in html


@pytest.mark.feature("C-23")
@pytest.mark.parametrize("age, recent", [(0, True), (7, True), (8, False)])
def test_a_message_of_the_last_seven_days_is_highlighted(cast, finance, age, recent):
    write(cast, audience=Audience.ORGANISATIONS, on=TODAY - age * DAY, organisations=[cast.oakfield])
    html = finance.get("/provider/messages").text
    words = "This message is highlighted because it was published recently"
    assert (words in html) == recent and ("portal-messages__line--recent" in html) == recent
    assert "This message is only shown to specific providers" in html


@pytest.mark.feature("C-24")
def test_a_whole_message_with_its_file_and_nobody_elses(cast, finance, outsider):
    upload = io.BytesIO(PDF)
    message = write(
        cast, audience=Audience.ORGANISATIONS, until=TODAY + DAY, organisations=[cast.oakfield],
        keep_file=lambda: File.get_by_id(stored(upload)),
    )  # fmt: skip
    shown = text_of(finance.get(f"/provider/messages/{message.id}").text)
    for words in (
        "New rates",
        "Published On 14 October 2026",
        "Displayed Until 15 October 2026",
        "Details",
        "rates.pdf",
    ):
        assert words in shown, words
    answer = finance.get(f"/provider/messages/{message.id}/attachment")
    assert answer.data == PDF and answer.headers["Content-Disposition"].startswith("attachment")
    for tail in ("", "/attachment"):
        assert outsider.get(f"/provider/messages/{message.id}{tail}").status_code == 404
    later = write(cast, on=TODAY + DAY)
    assert finance.get(f"/provider/messages/{later.id}").status_code == 404


def stored(upload) -> int:
    from types import SimpleNamespace

    from blueprints.attachments import rules as attachments

    named = SimpleNamespace(filename="rates.pdf", stream=upload)
    return attachments.keep_document(named, "message", None, None, settings.read()).id


# responses and answers -------------------------------------------------------------------------------------------------


@pytest.mark.feature("C-26")
def test_a_response_is_sent_at_once(cast, finance):
    message = write(cast)
    address = f"/provider/messages/{message.id}"
    html = finance.get(address).text
    assert 'value="Re: New rates"' in html and "Send Response" in html and ">Back<" in html
    sent = fields(html, "message")
    answer = finance.post(f"{address}/responses", data=changed(dict(sent), {"message": "  "}))
    assert answer.status_code == 422 and "Enter the message" in answer.text
    answer = finance.post(f"{address}/responses", data=changed(dict(sent), {"message": "x" * 10_001}))
    assert answer.status_code == 422 and "10,000 characters or fewer" in answer.text and "x" * 50 in answer.text
    sent["message"] = "Which rates?\n<b>All</b>?"
    answer = finance.post(f"{address}/responses", data=sent, follow_redirects=True)
    assert "Your response has been sent successfully." in answer.text and "&lt;b&gt;All" in answer.text
    finance.post(f"{address}/responses", data=sent)
    assert MessagePost.select().count() == 1, "pressed twice, or sent again after going back, it is sent once"


@pytest.mark.feature("C-27", "C-28", "C-30")
def test_answers_go_to_who_responded_and_both_sides_see_what_was_read(app, cast, officer, finance, outsider):
    message = write(cast)
    address = f"/provider/messages/{message.id}"
    say(finance, address, "Which rates?")
    assert "Local authority has not read this message." in finance.get(address).text
    assert "1</b> response to a message not read" in officer.get("/authority/").text
    inbox = officer.get("/authority/messages/responses?state=unread").text
    thread = re.search(r'href="(/authority/messages/threads/\d+)"', inbox)[1]
    assert "Oakfield Home Care" in inbox and "Not read" in inbox
    assert "Which rates?" in officer.get(thread).text
    assert "response to a message" not in officer.get("/authority/").text
    assert "Local authority has read this message." in finance.get(address).text
    assert "Not answered" in officer.get("/authority/messages/responses?state=unanswered").text
    assert reply(officer, thread, " ").status_code == 422
    reply(officer, thread, "Those of home care.")
    assert "Provider has not read this message." in officer.get(thread).text
    assert "no response matches" in officer.get("/authority/messages/responses?state=unanswered").text.lower()

    manager = cast.sign_in(app.test_client(), cast.manager)
    for person in (finance, manager):
        assert "1</b> unread answer from Local authority" in person.get("/provider/").text
    assert lines(finance, "/provider/messages?show=answered") == ["New rates"]
    shown = text_of(finance.get(address).text)
    assert "Those of home care." in shown and "Answered On" in shown
    assert "unread answer" not in finance.get("/provider/").text
    assert "1</b> unread answer" in manager.get("/provider/").text, "the count is each person's own"
    assert "Provider has read this message." in officer.get(thread).text
    assert "unread answer" not in outsider.get("/provider/").text
    assert "Those of home care." not in outsider.get(address).text and "Which" not in outsider.get(address).text


def test_what_is_said_to_a_contact_stays_with_the_contact(app, cast, officer, finance):
    message = write(cast, audience=Audience.PEOPLE, people=[cast.finance, cast.manager])
    say(finance, f"/provider/messages/{message.id}", "In confidence")
    manager = cast.sign_in(app.test_client(), cast.manager)
    assert "In confidence" not in manager.get(f"/provider/messages/{message.id}").text
    thread = re.search(r"/authority/messages/threads/(\d+)", officer.get("/authority/messages/responses").text)[0]
    assert "Greta Finch, Oakfield Home Care" in officer.get(thread).text
    reply(officer, thread, "Of course")
    assert "unread answer" not in manager.get("/provider/").text


def test_an_answer_is_found_after_the_message_has_ended(cast, officer, finance):
    message = write(cast, on=TODAY - 3 * DAY, until=TODAY)
    say(finance, f"/provider/messages/{message.id}", "Why?")
    Message.update(displayed_until=TODAY - DAY).execute()
    rules.answer(message.threads.get(), history.Actor(cast.officer.id, "Amir Khan"), "Because")
    assert lines(finance) == [] and lines(finance, "/provider/messages?show=answered") == ["New rates"]
    assert "Because" in finance.get(f"/provider/messages/{message.id}").text


def test_reading_is_noted_once_and_only_for_who_read(cast, finance, officer):
    message = write(cast)
    for _ in range(2):
        finance.get(f"/provider/messages/{message.id}")
    officer.get(f"/authority/messages/{message.id}")
    assert [r.user_id for r in MessageRead.select()] == [cast.finance.id] and not PostRead.select().exists()


# writing ---------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("C-29")
def test_an_officer_writes_changes_and_withdraws(cast, officer, finance, outsider):
    answer = press(
        officer, NEW, "subject", subject="Bank holiday", details="Closed.", audience=str(Audience.ORGANISATIONS),
        organisations=[str(cast.oakfield.id)], displayed_until="31/10/2026", file=(io.BytesIO(PDF), "../plan.pdf"),
    )  # fmt: skip
    assert answer.status_code == 303
    message = Message.get()
    assert message.by == "Amir Khan" and message.file.name == "plan.pdf" and message.published_on == TODAY
    assert lines(finance) == ["Bank holiday"] and lines(outsider) == []
    press(
        officer, f"/authority/messages/{message.id}/edit", "subject", audience=str(Audience.PEOPLE),
        people=[str(cast.outsider.id)], drop_file="y",
    )  # fmt: skip
    assert lines(finance) == [] and lines(outsider) == ["Bank holiday"]
    assert Message.get().file_id is None
    entries = text_of(officer.get(f"/authority/messages/{message.id}/history").text)
    assert "plan.pdf" in entries and "Bella Stone" in entries and "Amir Khan" in entries
    assert officer.post(f"/authority/messages/{message.id}/withdrawal").status_code == 303
    assert lines(outsider) == [] and outsider.get(f"/provider/messages/{message.id}").status_code == 404
    assert "Withdrawn" in officer.get("/authority/messages").text
    answer = press(officer, f"/authority/messages/{message.id}/edit", "subject", details="Again")
    assert answer.status_code == 422 and "has been withdrawn" in answer.text


@pytest.mark.feature("C-29")
@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"displayed_until": "13/10/2026"}, "Enter a date on or after 14/10/2026"),
        ({"audience": "specific providers"}, "Choose at least one provider"),
        ({"audience": "specific contacts"}, "Choose at least one contact"),
        ({"audience": None}, "Choose who it is for"),
        ({"subject": ""}, "Enter the subject"),
        ({"subject": "x" * 201}, "200 characters or fewer"),
        ({"details": "x" * 10_001}, "10,000 characters or fewer"),
        ({"published_on": "soon"}, "Enter the date on which it is published"),
        ({"audience": "specific providers", "organisations": ["999999"]}, "from the list"),
        ({"file": (io.BytesIO(b"MZ"), "run.exe")}, "name ends in .pdf"),
        ({"file": (io.BytesIO(b"MZ"), "run.pdf")}, "content is no PDF file"),
    ],
)
def test_what_is_refused_keeps_what_was_typed(cast, officer, wrong, words):
    sent = {"subject": "Bank holiday", "details": "Closed.", "audience": "all users", **wrong}
    answer = press(officer, NEW, "subject", **sent)
    assert answer.status_code == 422 and words in answer.text
    assert "Closed." in answer.text or "details" in wrong
    assert not Message.select().exists() and not File.select().exists()


def test_find_keeps_what_was_typed_and_what_was_ticked(cast, officer):
    for number in range(60):
        Organisation.create(ref=f"X{number}", name=f"Example {number:02}")
    html = officer.get(NEW).text
    assert "Find providers to choose them." in html and "Oakfield Home Care</label>" not in html
    sent = changed(
        fields(html, "subject"), {"subject": "Hello", "audience": "specific providers", "find": "oakf", "finding": "1"}
    )
    html = officer.post(NEW, data=sent).text
    assert 'value="Hello"' in html and "Oakfield Home Care" in html and "error-summary" not in html
    sent |= {"find": "brook", "organisations": [str(cast.oakfield.id)]}
    html = officer.post(NEW, data=sent).text
    assert "Brookhouse Residential" in html
    assert re.search(rf'value="{cast.oakfield.id}" checked', html)
    assert "No provider matches." in officer.post(NEW, data=sent | {"find": "qqq", "organisations": []}).text


def test_the_second_of_two_savers_sees_both(cast, officer):
    message = write(cast)
    address = f"/authority/messages/{message.id}/edit"
    mine = fields(officer.get(address).text, "subject")
    press(officer, address, "subject", subject="Newer rates")
    answer = officer.post(address, data=changed(mine, {"subject": "Newest rates"}))
    assert answer.status_code == 422 and ">Newer rates<" in answer.text and ">Newest rates<" in answer.text
    assert Message.get().subject == "Newer rates"


def test_written_twice_by_one_form_is_written_once(cast, officer):
    sent = changed(fields(officer.get(NEW).text, "subject"), {"subject": "A", "details": "B", "audience": "all users"})
    for _ in range(2):
        assert officer.post(NEW, data=sent).status_code == 303
    assert Message.select().count() == 1 and Change.select().where(Change.thing == "message").count() == 1


@pytest.mark.feature("C-29")
def test_who_has_read_it(cast, officer, finance):
    message = write(cast, audience=Audience.ORGANISATIONS, organisations=[cast.oakfield])
    finance.get(f"/provider/messages/{message.id}")
    assert "1 of 2 people" in officer.get(f"/authority/messages/{message.id}").text
    rows = officer.get(f"/authority/messages/{message.id}/readers?format=csv").text.splitlines()
    assert [r.split(",")[0] for r in rows] == ["Name", "Greta Finch", "Owen Marsh"]
    assert re.search(r"Greta Finch,.*,\d{4}-", rows[1]) and rows[2].endswith("Oakfield Home Care,")
    User.update(is_active=False).where(User.id == cast.manager.id).execute()
    assert "1 of 1 people" in officer.get(f"/authority/messages/{message.id}").text


def test_a_withdrawn_message_keeps_what_was_said_and_shows_no_text(cast, officer, finance):
    message = write(cast)
    say(finance, f"/provider/messages/{message.id}", "Sure?")
    sent = fields(finance.get(f"/provider/messages/{message.id}").text, "message")
    officer.post(f"/authority/messages/{message.id}/withdrawal")
    html = finance.get(f"/provider/messages/{message.id}").text
    assert "has withdrawn this message" in html and "Sure?" in html and "From April" not in html
    answer = finance.post(f"/provider/messages/{message.id}/responses", data=changed(sent, {"message": "And now?"}))
    assert answer.status_code == 422 and "nothing was sent" in answer.text


def test_a_rule_refuses_what_a_form_would(cast):
    with pytest.raises(Faulty) as refused:
        write(cast, subject="", audience=Audience.PEOPLE)
    assert [f.field for f in refused.value.faults] == ["subject", "people"]


def test_limited_reach_gets_messages_and_speaks_for_itself(app, cast, finance, officer):
    message = write(cast)
    cast.oakfield.limited_accessibility = True
    cast.oakfield.save()
    say(finance, f"/provider/messages/{message.id}", "Only me")
    manager = cast.sign_in(app.test_client(), cast.manager)
    assert "Only me" not in manager.get(f"/provider/messages/{message.id}").text
    assert "Only you see it" in finance.get(f"/provider/messages/{message.id}").text


def test_the_module_off_leaves_nothing(cast, officer, finance):
    message = write(cast)
    settings.change(history.Actor(None, "officer"), {"module_messages": False})
    assert "essage" not in text_of(finance.get("/provider/").text)
    assert finance.get(f"/provider/messages/{message.id}").status_code == 404
    assert finance.post(f"/provider/messages/{message.id}/responses").status_code == 404
    assert "/authority/messages" not in officer.get("/authority/").text
    assert officer.get("/authority/messages").status_code == 404
    settings.change(history.Actor(None, "officer"), {"module_messages": True})
    assert lines(finance) == ["New rates"], "what was there is kept"


def test_lists_cost_the_same_at_ten_rows_as_at_one(cast, officer, finance):
    def fill(number):
        for n in range(number):
            message = write(
                cast, f"Message {Message.select().count()} {n}", Audience.ORGANISATIONS, organisations=[cast.oakfield]
            )
            rules.respond(message, cast.finance, "Re", "Text")

    fill(1)
    addresses = ("/provider/messages", "/provider/", "/authority/messages", "/authority/messages/responses")
    who = {a: finance if a.startswith("/provider") else officer for a in addresses}
    one = {a: counting.of(who[a], a) for a in addresses}
    fill(9)
    assert {a: counting.of(who[a], a) for a in addresses} == one
