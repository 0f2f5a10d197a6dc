"""What of mail the authority sets: sender, own words, hours; and that who has left gets none (Y-15)."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints import history, mail, mail_text, weeks
from blueprints.contacts import rules as contacts
from blueprints.jobs import rules as jobs
from blueprints.settings import rules as settings
from models import Change, ContactState, Mail, MailState, User, utc_now
from tests.notifications.test_mail import inbox, running, tell  # noqa: F401 the mail server
from tests.pages import press

BY = history.Actor(None, "officer")
TEXTS = "/authority/notifications/texts"
UTC = dt.datetime.fromisoformat


@pytest.mark.feature("Y-15")
def test_an_officer_sets_sender_words_and_hours(app, cast, inbox):  # noqa: F811
    officer = cast.sign_in(app.test_client(), cast.officer)
    answer = press(
        officer, "/authority/settings/e-mail/edit", mail_sender="care@authority.example", mail_sender_name="Care team",
        mail_closing="Ring us.", mail_from_hour="0", mail_until_hour="0",
    )  # fmt: skip
    assert answer.status_code == 303
    words = "Care & support: “ask Ünal” <first>."
    assert press(officer, f"{TEXTS}/test/edit", words=words).status_code == 303
    assert "Care &amp; support" in officer.get(TEXTS).text
    tell(cast.finance)
    ((_, message),) = inbox.messages
    plain, rich = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert message["From"] == "Care team <care@authority.example>"
    assert words in plain and plain.index(words) < plain.index("Ring us.")
    assert "Care &amp; support: “ask Ünal” &lt;first&gt;." in rich
    change = Change.select().where(Change.after.contains("Words in mail")).get()
    assert change.by == "Amir Khan"
    press(officer, f"{TEXTS}/test/edit", words="")
    assert settings.read().mail_words == {}


@pytest.mark.feature("Y-15")
def test_a_failed_one_is_listed_and_sent_again(app, cast, inbox):  # noqa: F811
    inbox.answer = "554 No"
    row = tell(cast.finance)
    officer = cast.sign_in(app.test_client(), cast.officer)
    page = officer.get("/authority/notifications?state=Failed").text
    assert "Failed" in page and "554" in page and "finance@oakfield.example" in page
    inbox.answer = "250 OK"
    press_again = f"/authority/notifications/{row.id}"
    officer.post(f"{press_again}/repetition")
    jobs.run_waiting()
    assert Mail.get_by_id(row.id).state == MailState.SENT and len(inbox.messages) == 1


@pytest.mark.feature("Y-15")
@pytest.mark.parametrize("how", ["login", "contact"])
def test_who_is_deactivated_gets_none(cast, inbox, how):  # noqa: F811
    mail.send("test", cast.finance)
    if how == "login":
        User.update(is_active=False).where(User.id == cast.finance.id).execute()
    else:
        contacts.set_state(cast.finance.contact, ContactState.DEACTIVATED, BY)
    jobs.run_waiting()
    row = Mail.get()
    assert not inbox.messages and (row.state, row.error) == (MailState.DROPPED, "The login is not active")


def test_words_of_unknown_kinds_and_two_officers(app, cast):
    officer = cast.sign_in(app.test_client(), cast.officer)
    assert officer.get(f"{TEXTS}/nothing/edit").status_code == 404
    assert press(officer, f"{TEXTS}/test/edit", words="x" * 1001).status_code == 422
    shown = officer.get(f"{TEXTS}/test/edit").text
    settings.put("mail words", {"test": "A colleague's"})
    from tests.pages import fields

    answer = officer.post(f"{TEXTS}/test/edit", data={**fields(shown, None), "words": "Mine"})
    assert answer.status_code == 422 and "Somebody else has changed" in answer.text and "Mine" in answer.text
    assert settings.read().mail_words == {"test": "A colleague's"}


@pytest.mark.feature("Y-15")
def test_what_can_wait_waits_for_the_hours_and_links_go_at_once(cast, inbox):  # noqa: F811
    hour = weeks.london(utc_now()).hour
    settings.change(BY, {"mail_from_hour": (hour + 2) % 24, "mail_until_hour": (hour + 3) % 24})
    mail.send("request-decided", cast.finance, cast.request.id)
    mail.send("password-changed", cast.finance)
    jobs.run_waiting()
    waiting, sent = Mail.select().order_by(Mail.id)
    assert (waiting.state, sent.state) == (MailState.WAITING, MailState.SENT)
    assert dt.timedelta(hours=1) < waiting.next_try_at - utc_now() <= dt.timedelta(hours=2)
    Mail.update(next_try_at=utc_now()).execute()
    mail.wake_due()
    jobs.run_waiting()
    assert Mail.get_by_id(waiting.id).state != MailState.WAITING


@pytest.mark.parametrize(
    ("now", "first", "last", "due"),
    [
        ("2026-10-14 10:00", 8, 18, "2026-10-14 10:00"),  # 11:00 in London
        ("2026-10-14 17:00", 8, 18, "2026-10-15 07:00"),  # 18:00 in London: over
        ("2026-10-14 06:59", 8, 18, "2026-10-14 07:00"),
        ("2026-10-14 21:30", 22, 6, "2026-10-14 21:30"),  # over midnight
        ("2026-10-14 12:00", 22, 6, "2026-10-14 21:00"),
        ("2026-10-24 18:00", 8, 18, "2026-10-25 08:00"),  # the clocks go back meanwhile
        ("2026-10-14 12:00", 0, 24, "2026-10-14 12:00"),
        ("2026-10-14 12:00", 9, 9, "2026-10-14 12:00"),
        ("2027-03-27 18:00", 1, 2, "2027-03-28 01:00"),  # 01:00 is left out that night: 02:00
    ],
)
def test_the_hours_of_mail(now, first, last, due):
    assert mail_text.next_time(UTC(now), first, last) == UTC(due)


@given(st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2027, 12, 31)), st.integers(0, 23), st.integers(0, 24))
def test_it_waits_no_longer_than_a_day(now, first, last):
    due = mail_text.next_time(now, first, last)
    assert dt.timedelta(0) <= due - now <= dt.timedelta(hours=25)
