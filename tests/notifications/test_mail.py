"""Mail over real SMTP: what is told, to whom, how often, and what happens while the mail server fails (Y-15)."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from blueprints import mail, mail_text, post
from blueprints.imports import rules as imports
from blueprints.jobs import rules as jobs
from blueprints.settings import rules as settings
from models import Job, Mail, User, db, utc_now


class Inbox:
    """What a mail server took; told to refuse, it answers so."""

    def __init__(self):
        self.messages = []
        self.answer = "250 OK"
        self.rcpt = "250 OK"
        self.delay = 0.0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server, session, envelope):
        if self.delay:
            import asyncio

            await asyncio.sleep(self.delay)
        if self.answer.startswith("250"):
            self.messages.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return self.answer


@pytest.fixture(scope="module")
def running():
    """A mail server on a free port."""
    inbox = Inbox()
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield inbox, f"smtp://127.0.0.1:{port}"
    controller.stop()


@pytest.fixture
def inbox(app, running):
    """The server's inbox, empty; mail goes there."""
    box, url = running
    box.messages, box.answer, box.rcpt, box.delay = [], "250 OK", "250 OK", 0.0
    mail.use(url, "https://portal.example")
    yield box
    mail.use("outbox:", "http://127.0.0.1:8000")


def tell(user) -> Mail:
    """Tell somebody something, and let the worker run."""
    with db.atomic():
        mail.send("test", user)
    jobs.run_waiting()
    return Mail.select().order_by(Mail.id.desc()).get()


def due_again(row: Mail) -> None:
    """As if its next try were now."""
    Mail.update(next_try_at=utc_now()).where(Mail.id == row.id).execute()
    mail.wake_due()
    jobs.run_waiting()


def test_a_message_goes_out_in_text_and_html(inbox, cast):
    settings.put("mail_sender", "care@authority.example")
    settings.put("mail_sender_name", "Care, team")
    settings.put("mail_closing", "Ring us & ask.")
    row = tell(cast.finance)
    (to, message), = inbox.messages  # fmt: skip
    assert to == ["finance@oakfield.example"] and message["To"] == "finance@oakfield.example"
    assert message["From"] == '"Care, team" <care@authority.example>'
    assert message["Subject"] == "A trial message – Provider portal"
    assert message["Auto-Submitted"] == "auto-generated"
    plain = message.get_body(("plain",)).get_content()
    rich = message.get_body(("html",)).get_content()
    assert "Mail from the portal arrives" in plain and "Ring us & ask." in plain and "<" not in plain
    assert "Mail from the portal arrives" in rich and "Ring us &amp; ask." in rich
    assert (row.state, row.address, row.tries) == ("Sent", "finance@oakfield.example", 1) and row.sent_at


def test_what_is_rolled_back_is_not_told(inbox, cast):
    with pytest.raises(ZeroDivisionError), db.atomic():
        mail.send("test", cast.finance)
        raise ZeroDivisionError
    jobs.run_waiting()
    assert not inbox.messages and not Mail.select().exists()


def test_once_is_once(inbox, cast):
    for _ in range(2):
        mail.send("test", cast.finance, once="the same")
    jobs.run_waiting()
    assert len(inbox.messages) == 1


def test_nobody_who_has_left_is_told(inbox, cast):
    for change in ({"is_active": False}, {"organisation": cast.brookhouse}):
        mail.send("test", cast.finance)
        User.update(**change).where(User.id == cast.finance.id).execute()
        jobs.run_waiting()
        row = Mail.select().order_by(Mail.id.desc()).get()
        assert row.state == "Not sent" and row.error
        User.update(is_active=True, organisation=cast.oakfield).where(User.id == cast.finance.id).execute()
    assert not inbox.messages


def test_a_server_that_is_down_gets_it_later(app, cast):
    with socket.socket() as nobody:  # bound but not listening: refused at once
        nobody.bind(("127.0.0.1", 0))
        mail.use(f"smtp://127.0.0.1:{nobody.getsockname()[1]}", "http://x")
        try:
            for _ in range(3):
                mail.send("test", cast.finance)
            jobs.run_waiting()
        finally:
            mail.use("outbox:", "http://127.0.0.1:8000")
    rows = list(Mail.select().order_by(Mail.id))
    assert {r.state for r in rows} == {"Waiting"}
    assert sum(r.tries for r in rows) == 1  # the first failure is enough: the others wait untouched
    assert "cannot be reached" in rows[0].error and rows[0].next_try_at > utc_now()
    assert Job.select().where(Job.kind == "mail").get().state == "Done"


def test_after_the_server_is_back_everything_goes(inbox, cast):
    inbox.answer = "421 closing"
    row = tell(cast.finance)
    assert (row.state, row.tries) == ("Waiting", 1) and "421" in row.error
    inbox.answer = "250 OK"
    due_again(row)
    row = Mail.get_by_id(row.id)
    assert (row.state, row.error, len(inbox.messages)) == ("Sent", "", 1)


def test_a_server_that_never_answers(app, cast, monkeypatch):
    monkeypatch.setattr(post, "TIMEOUT", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        mail.use(f"smtp://127.0.0.1:{silent.getsockname()[1]}", "http://x")
        began = time.monotonic()
        try:
            row = tell(cast.finance)
        finally:
            mail.use("outbox:", "http://127.0.0.1:8000")
    assert time.monotonic() - began < 3
    assert (row.state, row.tries) == ("Waiting", 1)


@pytest.mark.parametrize(("answer", "state"), [("550 no such user", "Failed"), ("451 later", "Waiting")])
def test_a_refused_recipient_stops_nobody_else(inbox, cast, answer, state):
    inbox.rcpt = answer
    mail.send("test", cast.finance)
    mail.send("test", cast.manager)
    jobs.run_waiting()
    assert [m.state for m in Mail.select()] == [state, state]
    assert all("no such user" not in m.error for m in Mail.select())


def test_the_back_off_grows_and_ends_after_two_days(inbox, cast):
    inbox.rcpt = "451 later"
    row = tell(cast.finance)
    waits = []
    for _ in range(8):
        row = Mail.get_by_id(row.id)
        waits.append(round((row.next_try_at - utc_now()).total_seconds() / 60))
        due_again(row)
    assert waits == [1, 2, 5, 10, 20, 30, 30, 30]
    Mail.update(at=utc_now() - dt.timedelta(days=3)).execute()
    due_again(row)
    assert Mail.get_by_id(row.id).state == "Failed"


def test_a_message_in_the_hands_of_a_dead_process_is_found_again(inbox, cast):
    mail.send("test", cast.finance)
    Job.delete().execute()
    Mail.update(state="Sending", next_try_at=utc_now() + dt.timedelta(minutes=5)).execute()
    mail.wake_due()
    assert jobs.run_waiting() == 0
    due_again(Mail.get())
    assert Mail.get().state == "Sent" and len(inbox.messages) == 1


def test_two_workers_send_it_once(inbox, cast):
    mail.send("test", cast.finance)
    assert mail._claim() is not None and mail._claim() is None


def test_a_message_that_cannot_be_made_stops_nobody_else(inbox, cast):
    @mail.kind("broken by a test", "Broken", "Broken")
    def broken(letter):
        raise KeyError("x")

    mail.send("broken by a test", cast.finance)
    mail.send("test", cast.manager)
    jobs.run_waiting()
    assert [m.state for m in Mail.select().order_by(Mail.id)] == ["Failed", "Sent"]
    del mail.KINDS["broken by a test"]


def test_names_cannot_add_headers(inbox, cast):
    settings.put("portal_name", "Portal\r\nBcc: all@x.example")
    settings.put("mail_sender_name", "Care\nBcc: all@x.example")
    tell(cast.finance)
    message = inbox.messages[0][1]
    assert message["Bcc"] is None and inbox.messages[0][0] == ["finance@oakfield.example"]


@pytest.mark.parametrize("kind", sorted(mail.KINDS))
def test_subjects_hold_nothing_personal(cast, kind):
    """A subject is the kind's own words: there is no place in it for a name, and no name stands in it."""
    found = mail.KINDS[kind]
    assert "{" not in found.subject and found.subject == found.subject.strip()
    assert (mail_text.TEMPLATES / f"{kind}.jinja").is_file()


def test_the_password_of_the_mail_server_goes_over_tls_only():
    assert post.server_of("smtp://u:p%40ss@mail.example").starttls == "must"
    assert post.server_of("smtp://u:p%40ss@mail.example") == ("mail.example", 587, "u", "p@ss", False, "must")
    assert post.server_of("smtps://mail.example") == ("mail.example", 465, "", "", True, "may")
    assert post.server_of("smtp://mail.example").port == 25
    assert post.server_of("outbox:") is None


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "smtp://x:99999", "smtp://x?tls=no", "mail.example"])
def test_a_wrong_mail_url_is_refused(url):
    with pytest.raises(post.BadAddress):
        post.server_of(url)


def test_a_server_without_tls_gets_no_password(inbox, cast, running):
    mail.use(running[1].replace("//", "//user:secret@"), "http://x")
    row = tell(cast.finance)
    assert row.state == "Waiting" and not inbox.messages


def test_old_mail_is_deleted_but_not_what_waits(app, cast):
    mail.send("test", cast.finance)
    mail.send("test", cast.finance)
    Mail.update(at=utc_now() - dt.timedelta(days=91)).execute()
    Mail.update(state="Waiting").where(Mail.id == Mail.select(Mail.id).limit(1)).execute()
    assert mail.tidy() == 1 and Mail.get().state == "Waiting"


# who is told ------------------------------------------------------------------------------------------------------------


def test_who_sent_a_file_is_told_when_it_took_long(app, cast):
    batch = cast.batch
    batch.job = jobs.queue("import-check", batch.id, cast.finance, cast.oakfield)
    batch.save()
    Job.update(queued_at=utc_now() - dt.timedelta(minutes=1)).execute()
    imports.tell(batch)
    assert not Mail.select().exists()
    Job.update(queued_at=utc_now() - dt.timedelta(minutes=3)).execute()
    for _ in range(2):
        imports.tell(batch)
    row = Mail.get()
    text = mail.words_of(row)
    assert "waits for Update System or Cancel" in text.plain and "week.csv" not in text.plain + text.html
    assert f"/provider/imports/{batch.id}" in text.plain and Mail.select().count() == 1


def test_a_finalised_period_tells_the_organisations_people(app, cast):
    from blueprints import consequences
    from blueprints.history import COMMAND_LINE
    from blueprints.periods import rules as periods

    consequences.settle()
    periods.finalise_all([cast.dapl], dt.date(2026, 10, 4), COMMAND_LINE, dt.date(2026, 10, 14))
    assert {m.user.name for m in Mail.select()} == {"Greta Finch", "Owen Marsh"}
    text = mail.words_of(Mail.get())
    assert "Oakfield DAPL" in text.plain and "£" not in text.plain and "Archer" not in text.html


def test_remittances_can_be_left_untold(app, cast):
    from blueprints import consequences
    from blueprints.history import COMMAND_LINE
    from blueprints.periods import rules as periods

    settings.put("mail_remittances", False)
    consequences.settle()
    periods.finalise_all([cast.dapl], dt.date(2026, 10, 4), COMMAND_LINE, dt.date(2026, 10, 14))
    assert not Mail.select().exists()


def test_a_slow_server_leaves_the_rest_to_the_next_job(inbox, cast, monkeypatch):
    monkeypatch.setattr(mail, "BATCH_SECONDS", -1)
    for _ in range(3):
        mail.send("test", cast.finance)
    job = Job.select().where(Job.kind == "mail").get()
    jobs.run(job.id)
    assert len(inbox.messages) == 1 and Job.select().where(Job.state == "Queued").exists()
    assert threading.active_count() < 50
