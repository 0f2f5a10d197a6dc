"""The page of what went out: its list, its texts, sending again; and who may not see it."""

from __future__ import annotations

import pytest

from blueprints import mail
from blueprints.history import COMMAND_LINE
from models import Mail, utc_now
from tests import counting


@pytest.fixture
def officer(client, cast):
    """The officer with every role, signed in."""
    return cast.sign_in(client, cast.officer)


def test_officers_see_what_went_out_and_what_failed(officer, cast):
    text = officer.get("/authority/notifications").text
    assert "Nothing has been sent yet" in text and "No mail server is set up" in text
    mail.send("test", cast.finance)
    Mail.create(kind="test", user=cast.manager, organisation=cast.oakfield, state="Failed", error="refused (550)")
    text = officer.get("/authority/notifications").text
    assert "2 messages" in text and "Greta Finch finance@oakfield.example" in text and "refused (550)" in text
    assert "Greta" not in officer.get("/authority/notifications?state=Failed").text
    assert "Owen" not in officer.get("/authority/notifications?q=greta").text
    assert "No mail matches" in officer.get("/authority/notifications?kind=import-done").text
    assert officer.get("/authority/notifications?first=nonsense").status_code == 422
    assert officer.get("/authority/notifications?format=csv").text.count("Trial message") == 2
    assert "message could not be sent" in officer.get("/authority/").text


def test_a_message_can_be_read_and_sent_again(officer, cast):
    mail.send("test", cast.finance)
    row = Mail.get()
    text = officer.get(f"/authority/notifications/{row.id}").text
    assert "Mail from the portal arrives" in text and "Kept" in text and "Send again" not in text
    officer.post(f"/authority/notifications/{row.id}/repetition")
    assert Mail.get().state == "Kept"
    mail.use("smtp://127.0.0.1:9", "http://x")
    try:
        assert "Send again" in officer.get(f"/authority/notifications/{row.id}").text
        for _ in range(2):
            officer.post(f"/authority/notifications/{row.id}/repetition")
        assert Mail.get().state == "Waiting"
        with pytest.raises(mail.CannotSend):
            mail.send_again(row, COMMAND_LINE)
    finally:
        mail.use("outbox:", "http://127.0.0.1:8000")


def test_an_officer_can_try_whether_mail_goes_out(officer, cast):
    officer.post("/authority/notifications/trials")
    assert Mail.get().user_id == cast.officer.id


def test_who_may_not_see_mail(client, cast):
    assert cast.sign_in(client, cast.reader).get("/authority/notifications").status_code == 403
    assert "Mail" not in client.get("/authority/").text.split("<main")[1]


def test_as_many_queries_for_many_messages_as_for_one(officer, cast):
    mail.send("test", cast.finance)
    few = counting.of(officer, "/authority/notifications")
    for _ in range(10):
        Mail.create(kind="test", user=cast.manager, organisation=cast.oakfield, state="Sent", sent_at=utc_now())
    assert counting.of(officer, "/authority/notifications") == few
