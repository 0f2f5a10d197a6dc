"""Mail: an outbox in the database, written in the same transaction as what it tells; sent by a job. Knows no area.

An area declares what it tells, in its rules:

    @mail.kind("import-done", "Import finished", "Your file has been read")
    def import_done(letter):                     # what the template emails/import-done.jinja shows; None: nothing to tell
        return {"batch": Import.get_or_none(Import.id == letter.about), "link": letter.link("/provider/imports/3")}

and tells it, with ids only, in the transaction of the change:

    mail.send("import-done", user.id, batch.id)

A subject is the kind's own and holds nothing personal. The text is made when the message goes, and by then it may have
nobody to go to: a login that is inactive, or has moved to another organisation, gets nothing (quality.md).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from peewee import fn

import database
from blueprints import history, mail_text, post
from blueprints.jobs import rules as jobs
from blueprints.settings import rules as settings
from models import Mail, MailState, Organisation, User, db, utc_now

GIVE_UP_AFTER = dt.timedelta(days=2)
BACK_OFF = (1, 2, 5, 10, 20, 30)  # minutes until the next try; then each half hour
CLAIM = dt.timedelta(minutes=10)  # longer than one message can take
BATCH_SECONDS = 20  # imports wait for the same worker: the rest is left to a next job
HIDDEN = "(left out here)"

_base_url = "http://127.0.0.1:8000"
_url = "outbox:"


def use(url: str, base_url: str) -> None:
    """Send by the server of `url` (PORTAL_MAIL_URL), with links to `base_url`. Raises post.BadAddress."""
    global _url, _base_url
    post.server_of(url)
    _url, _base_url = url, base_url.rstrip("/")


def is_kept() -> bool:
    """No mail server is set up: messages stay here, and officers read them."""
    return _url == "outbox:"


class Kind(NamedTuple):
    """Something that is told by mail: its name for officers, its subject, and what gives its template's facts."""

    name: str
    title: str
    subject: str
    facts: Callable[[Letter], dict[str, Any] | None]
    can_wait: bool = False  # goes out in the hours that the authority has set


KINDS: dict[str, Kind] = {}


def kind(name: str, title: str, subject: str, can_wait: bool = False):
    """Declare the function that gives the facts of a kind of message; None from it means that there is nothing to tell.

    What lets nobody in and answers nobody who waits for it `can_wait` for the hours that the authority has set (Y-15).
    """

    def declare(function):
        KINDS[name] = Kind(name, title, subject, function, can_wait)
        return function

    return declare


class Letter:
    """One message while its text is made: whom it is to, what it is about, and whether its secrets are shown."""

    def __init__(self, mail: Mail, user: User | None, now, reveal: bool = True):
        self.id = mail.id
        self.about = mail.about
        self.user = user
        self.address = mail.address
        self.settings = now
        self.reveal = reveal

    def link(self, path: str) -> str:
        """The whole address of one of the portal's pages."""
        return _base_url + path

    def secret(self, text: str) -> str:
        """A link or code that lets somebody in: left out where the message is only looked at."""
        return text if self.reveal else HIDDEN


class Text(NamedTuple):
    """A message's words."""

    subject: str
    plain: str
    html: str


# telling ---------------------------------------------------------------------------------------------------------------


def send(
    name: str, to: User | int | None, about: int | None = None, address: str = "", once: str | None = None
) -> None:
    """Tell somebody something, in the caller's transaction: a kind, the id of a user, the id of what it is about.

    Somebody without a login is told at an `address`. With `once`, what has been told under that word is not told again.
    """
    send_many(name, [(to, about, address, once)])


def send_many(name: str, letters: Iterable[tuple[User | int | None, int | None, str, str | None]]) -> int:
    """Tell several people the same kind of thing: (user, about, address, once) of each. Returns how many are new."""
    assert name in KINDS, name
    letters = [(getattr(to, "id", to), about, address, once) for to, about, address, once in letters]
    idents = list({to for to, *_ in letters if to is not None})
    organisations = dict(User.select(User.id, User.organisation).where(User.id.in_(idents)).tuples()) if idents else {}
    words = [once for *_, once in letters if once]
    told = {once for (once,) in Mail.select(Mail.once).where(Mail.once.in_(words)).tuples()} if words else set()
    state = MailState.KEPT if is_kept() else MailState.WAITING
    due = utc_now()
    if KINDS[name].can_wait:
        now = settings.read()
        due = mail_text.next_time(due, now.mail_from_hour, now.mail_until_hour)
    rows = [
        {
            "kind": name, "user": to, "organisation": organisations.get(to), "about": about, "address": address,
            "once": once, "state": state, "next_try_at": due,
        }
        for to, about, address, once in letters
        if once is None or once not in told
    ]  # fmt: skip
    if not rows:
        return 0
    with db.atomic():
        Mail.insert_many(rows).execute()
        if not is_kept():
            jobs.queue("mail", key="mail", afresh=True)
    return len(rows)


def looks_up(name: str):
    """Declare a function that finds out by itself, in a job, whom to tell about an id: what one is answered meanwhile
    must not tell, in words or time, whether there is anybody."""

    def declare(function):
        jobs.handles(name)(lambda job, progress: function(job.about))
        return function

    return declare


def look_up(name: str, about: int) -> None:
    """Queue the function that was declared for this name; in the caller's transaction."""
    jobs.queue(name, about)


# the words -------------------------------------------------------------------------------------------------------------


def words_of(mail: Mail, reveal: bool = True) -> Text | None:
    """The message's words as they are now, in text and HTML; None where there is nothing to tell any more.

    Without `reveal` links and codes that let somebody in are left out.
    """
    now = settings.read()
    found = KINDS.get(mail.kind)
    facts = found.facts(Letter(mail, mail.user, now, reveal)) if found else None
    if facts is None:
        return None
    facts = {
        "person": mail.user, "authority": now.authority_name, "portal": now.portal_name, "closing": now.mail_closing,
        "support": now.support_contact, "home": _base_url, "own_words": now.mail_words.get(mail.kind, ""), **facts, "title": found.subject,
    }  # fmt: skip
    subject = f"{found.subject} – {now.portal_name}"
    return Text(" ".join(subject.split())[:150], *mail_text.render(mail.kind, facts))


def message_of(mail: Mail, text: Text, address: str) -> EmailMessage:
    """The message as it goes over the wire; begun again it has the same id, so that a second copy can be told."""
    now = settings.read()
    host = urlsplit(_base_url).hostname or "localhost"
    sender = now.mail_sender or f"portal@{host}"
    made = EmailMessage()
    made["Subject"] = text.subject
    made["From"] = formataddr((" ".join((now.mail_sender_name or now.authority_name).split()), sender))
    made["To"] = address
    made["Date"] = format_datetime(mail.at.replace(tzinfo=dt.UTC))
    made["Message-ID"] = f"<mail-{mail.id}-{int(mail.at.timestamp())}@{host}>"
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    made.set_content(text.plain, cte="quoted-printable")
    made.add_alternative(text.html, subtype="html", cte="quoted-printable")
    return made


# going out -------------------------------------------------------------------------------------------------------------


def wake_due() -> None:
    """Queue the job where something is due: what waited for a next try, or was in the hands of a process that died."""
    if not is_kept() and Mail.select().where(_due(utc_now())).exists():
        with db.atomic():
            jobs.queue("mail", key="mail")


def _due(now: dt.datetime):
    return Mail.state.in_([MailState.WAITING, MailState.SENDING]) & (Mail.next_try_at <= now)


@jobs.handles("mail")
def go_out(job, progress) -> None:
    """Hand what is due to the mail server, one connection for all, for at most BATCH_SECONDS."""
    if is_kept():
        return
    began = utc_now()
    with post.Server(_url) as server:
        while (mail := _claim()) is not None:
            try:
                _deliver(mail, server)
            except post.Away as error:  # the server, not the message: nothing else is tried now
                _later(mail, str(error))
                return
            progress.step(0, 0, "sending mail")
            if (utc_now() - began).total_seconds() > BATCH_SECONDS:
                with db.atomic():
                    jobs.queue("mail", key="mail", afresh=True)
                return


def _claim() -> Mail | None:
    """Take the next message that is due; committed before it is handed on, so that no two processes send it."""
    now = utc_now()
    with db.atomic():
        query = Mail.select(Mail.id).where(_due(now)).order_by(Mail.next_try_at, Mail.id).limit(1)
        found = (query if database.is_sqlite(db) else query.for_update("FOR UPDATE SKIP LOCKED")).first()
        if found is None:
            return None
        Mail.update(state=MailState.SENDING, tries=Mail.tries + 1, next_try_at=now + CLAIM).where(
            (Mail.id == found.id) & _due(now)
        ).execute()
    return Mail.get_by_id(found.id)


def _deliver(mail: Mail, server: post.Server) -> None:
    """Send one message, or note why not. Raises post.Away where the server cannot be had."""
    reason = unwanted(mail)
    if reason:
        _end(mail, MailState.DROPPED, reason)
        return
    address = mail.user.email if mail.user_id else mail.address
    try:
        text = words_of(mail)
        if text is None:
            _end(mail, MailState.DROPPED, "There was nothing to tell any more")
            return
        server.send(message_of(mail, text, address))
    except post.Refused as refusal:
        if refusal.for_good:
            _end(mail, MailState.FAILED, str(refusal), address)
        else:
            _later(mail, str(refusal))
    except post.Away:
        raise
    except Exception as error:  # a message that cannot be written must not stop the others
        _end(mail, MailState.FAILED, f"The message could not be made: {type(error).__name__}", address)
    else:
        _end(mail, MailState.SENT, "", address)


def unwanted(mail: Mail) -> str:
    """Why a message is not for its person any more; empty where it is."""
    if mail.user_id is None:
        return "" if mail.address else "The login is no more"
    user = mail.user
    if not user.may_sign_in:
        return "The login is not active"
    if user.organisation_id != mail.organisation_id:
        return "The login belongs to another organisation now"
    return ""


def _later(mail: Mail, error: str) -> None:
    """Try again after a while; give up after two days."""
    now = utc_now()
    if now - mail.at > GIVE_UP_AFTER:
        _end(mail, MailState.FAILED, error)
        return
    wait = dt.timedelta(minutes=BACK_OFF[min(mail.tries, len(BACK_OFF)) - 1])
    with db.atomic():
        Mail.update(state=MailState.WAITING, next_try_at=now + wait, error=error[:200]).where(
            Mail.id == mail.id
        ).execute()


def _end(mail: Mail, state: MailState, error: str, address: str = "") -> None:
    facts: dict[str, Any] = {"state": state, "error": error[:200]}
    if address:
        facts["address"] = address
    if state == MailState.SENT:
        facts["sent_at"] = utc_now()
    with db.atomic():
        Mail.update(**facts).where(Mail.id == mail.id).execute()


# keeping ---------------------------------------------------------------------------------------------------------------


class CannotSend(ValueError):
    """A message that cannot be sent again; says why."""


def send_again(mail: Mail, by: history.Actor) -> None:
    """Send a message that failed, or was kept, once more. Raises CannotSend."""
    if is_kept():
        raise CannotSend("No mail server is set up. The text can be read here and passed on")
    with db.atomic():
        changed = (
            Mail.update(state=MailState.WAITING, next_try_at=utc_now(), at=utc_now(), tries=0, error="")
            .where((Mail.id == mail.id) & Mail.state.in_([MailState.FAILED, MailState.KEPT, MailState.DROPPED]))
            .execute()
        )
        if not changed:
            raise CannotSend("This message has been sent, or is about to be")
        history.record(by, "Sent a message again", ("mail", mail.id), {}, {"kind": mail.kind}, mail.organisation_id)
        jobs.queue("mail", key="mail", afresh=True)


def tidy() -> int:
    """Delete what is older than the setting says and no longer waits; returns how many."""
    before = utc_now() - dt.timedelta(days=settings.read().mail_days)
    over = Mail.state.not_in([MailState.WAITING, MailState.SENDING])
    with db.atomic():
        return Mail.delete().where((Mail.at < before) & over).execute()


def failing() -> int:
    """How many messages have failed in the last week, or have waited for an hour: somebody should look."""
    now = utc_now()
    late = (Mail.state == MailState.WAITING) & (Mail.at < now - dt.timedelta(hours=1))
    failed = (Mail.state == MailState.FAILED) & (Mail.at > now - dt.timedelta(days=7))
    return Mail.select(fn.COUNT(Mail.id)).where(late | failed).scalar()


@kind("test", "Trial message", "A trial message")
def trial(letter: Letter) -> dict:
    """What an officer sends to oneself, to see that mail goes out."""
    return {}


def organisation_name(letter: Letter) -> str:
    """The name of the organisation that the person works for; empty for officers."""
    if letter.user is None or letter.user.organisation_id is None:
        return ""
    return Organisation.get_by_id(letter.user.organisation_id).name
