"""Messages: whom they are for, when they are shown, who has read them; responses and answers (C-21 to C-30)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from peewee import JOIN, fn

import database
from blueprints import facts, history
from blueprints.facts import Fault
from models import (
    Audience,
    File,
    Message,
    MessageOrganisation,
    MessagePerson,
    MessagePost,
    MessageRead,
    MessageThread,
    Organisation,
    PostRead,
    User,
    db,
    utc_now,
)

MOST_SUBJECT = 200
MOST_TEXT = 10_000
FIELDS = ("subject", "details", "audience", "published_on", "displayed_until")


class Refused(ValueError):
    """What cannot be done with a message; says why."""


class Wanted(NamedTuple):
    """A message as an officer wants it: its fields, and the ids of those whom it is for."""

    values: dict[str, Any]
    organisations: frozenset[int] = frozenset()
    people: frozenset[int] = frozenset()


# who sees what ---------------------------------------------------------------------------------------------------------


def addressed_to(user: User):
    """The condition of messages that are for this person of a provider."""
    theirs = MessageOrganisation.select(MessageOrganisation.message).where(
        MessageOrganisation.organisation == user.organisation_id
    )
    own = MessagePerson.select(MessagePerson.message).where(MessagePerson.user == user.id)
    return (
        (Message.audience == Audience.ALL)
        | ((Message.audience == Audience.ORGANISATIONS) & Message.id.in_(theirs))
        | ((Message.audience == Audience.PEOPLE) & Message.id.in_(own))
    )


def published(today: dt.date):
    """The condition of messages that have been published and not withdrawn."""
    return (Message.published_on <= today) & Message.withdrawn_at.is_null()


def listed(today: dt.date):
    """The condition of messages that are listed on a day: until their date has passed, that day included (C-25)."""
    return published(today) & (Message.displayed_until.is_null() | (Message.displayed_until >= today))


def received(user: User):
    """The messages for a person with `read_at`, when the person opened each; newest published first."""
    return (
        Message.select(Message, MessageRead.at.alias("read_at"))
        .join(MessageRead, JOIN.LEFT_OUTER, on=(MessageRead.message == Message.id) & (MessageRead.user == user.id))
        .where(addressed_to(user))
        .order_by(Message.published_on.desc(), Message.id.desc())
    )


def recipients(message: Message):
    """The people whom a message is for, with `read_at`: active logins of providers."""
    query = (
        User.select(User, MessageRead.at.alias("read_at"))
        .join(Organisation)
        .switch(User)
        .join(MessageRead, JOIN.LEFT_OUTER, on=(MessageRead.user == User.id) & (MessageRead.message == message.id))
        .where(User.is_active)
    )
    if message.audience == Audience.ORGANISATIONS:
        chosen = MessageOrganisation.select(MessageOrganisation.organisation).where(
            MessageOrganisation.message == message.id
        )
        return query.where(User.organisation.in_(chosen))
    if message.audience == Audience.PEOPLE:
        return query.where(
            User.id.in_(MessagePerson.select(MessagePerson.user).where(MessagePerson.message == message.id))
        )
    return query


# writing ---------------------------------------------------------------------------------------------------------------


def faults_of(wanted: Wanted) -> Iterable[Fault]:
    """What is wrong with a message, field by field (C-29)."""
    values = wanted.values
    yield from facts.missing(values, {"subject": "the subject", "details": "the details"})
    if len(values["subject"] or "") > MOST_SUBJECT:
        yield Fault("subject", f"The subject must be {MOST_SUBJECT} characters or fewer")
    if len(values["details"] or "") > MOST_TEXT:
        yield Fault("details", f"The details must be {MOST_TEXT:,} characters or fewer")
    if values["published_on"] is None:
        yield Fault("published_on", "Enter the date on which the message is published")
    until = values["displayed_until"]
    if until and values["published_on"] and until < values["published_on"]:
        yield Fault(
            "displayed_until", f"Enter a date on or after {facts.show(values['published_on'])}, when it is published"
        )
    if values["audience"] == Audience.ORGANISATIONS and not wanted.organisations:
        yield Fault("organisations", "Choose at least one provider")
    if values["audience"] == Audience.PEOPLE and not wanted.people:
        yield Fault("people", "Choose at least one contact")


def save_message(
    wanted: Wanted,
    by: history.Actor,
    existing: Message | None = None,
    keep_file: Callable[[], File] | None = None,
    drop_file: bool = False,
    once: str | None = None,
) -> Message:
    """Write a message, or change one, in one transaction. `keep_file` keeps the attachment that came with the form.

    Sent twice with the same `once` it is written once. Raises Faulty with every fault, Refused where it is withdrawn.
    """
    if faults := list(faults_of(wanted)):
        raise facts.Faulty(faults)
    with db.atomic():
        database.serialise(db, f"message {existing.id if existing else once}")
        if once and existing is None and (made := Message.get_or_none(Message.once == once)):
            return made
        row = Message.get_by_id(existing.id) if existing else Message(once=once, user=by.user_id, by=by.name)
        if row.withdrawn_at is not None:
            raise Refused("The message has been withdrawn. Write another one")
        before = _as_kept(row) if existing else {}
        for name in FIELDS:
            setattr(row, name, wanted.values[name])
        if drop_file:
            row.file = None
        if keep_file is not None:
            row.file = keep_file()
        row.version += 1 if existing else 0
        row.save()
        _set(MessageOrganisation, row, "organisation", wanted.organisations, Audience.ORGANISATIONS)
        _set(MessagePerson, row, "user", wanted.people, Audience.PEOPLE)
        history.record(by, "Changed" if existing else "Added", row, before, _as_kept(row))
    return row


def _set(table, message: Message, column: str, idents: frozenset[int], audience: Audience) -> None:
    """Make a message's recipients these, and nobody where it is for somebody else."""
    table.delete().where(table.message == message.id).execute()
    if message.audience == audience:
        rows = [{"message": message.id, column: ident} for ident in sorted(idents)]
        for start in range(0, len(rows), 400):
            table.insert_many(rows[start : start + 400]).execute()


def _as_kept(message: Message) -> dict:
    """A message as its history shows it."""
    file = File.get_or_none(File.id == message.file_id) if message.file_id else None
    kept = {name: getattr(message, name) for name in FIELDS}
    return {**kept, "file": file.name if file else "", "recipients": ", ".join(names_of_recipients(message))}


def names_of_recipients(message: Message) -> list[str]:
    """The names of the providers or people whom a message is for, in order; none where it is for all."""
    if message.audience == Audience.ORGANISATIONS:
        query = Organisation.select(Organisation.name).join(MessageOrganisation)
        found = query.where(MessageOrganisation.message == message.id)
    elif message.audience == Audience.PEOPLE:
        found = User.select(User.name).join(MessagePerson).where(MessagePerson.message == message.id)
    else:
        return []
    return sorted(name for (name,) in found.tuples())


def withdraw(message: Message, by: history.Actor) -> None:
    """Take a message back: nobody sees its text any more. Withdrawn twice it is withdrawn once."""
    with db.atomic():
        changed = (
            Message.update(withdrawn_at=utc_now(), withdrawn_by=by.name, version=Message.version + 1)
            .where((Message.id == message.id) & Message.withdrawn_at.is_null())
            .execute()
        )
        if changed:
            history.record(by, "Withdrew", ("message", message.id), {}, {"subject": message.subject})


# reading ---------------------------------------------------------------------------------------------------------------


def note_read(message: Message, user: User, posts: Iterable[MessagePost]) -> None:
    """Note that a provider's person has opened a message with these posts, the answers among them too."""
    seen = [post.id for post in posts if post.is_answer and not post.by_person]
    known = MessageRead.select().where((MessageRead.message == message.id) & (MessageRead.user == user.id)).exists()
    if known and not seen:
        return
    with history.seen():
        if not known:
            MessageRead.insert(message=message.id, user=user.id).on_conflict_ignore().execute()
        for ident in seen:
            PostRead.insert(post=ident, user=user.id).on_conflict_ignore().execute()
        if seen:
            first = MessagePost.id.in_(seen) & MessagePost.read_at.is_null()
            MessagePost.update(read_at=utc_now()).where(first).execute()


def note_opened(thread: MessageThread) -> None:
    """Note that an officer has opened a thread: its responses have then been read by the authority."""
    unread = (MessagePost.thread == thread.id) & ~MessagePost.is_answer & MessagePost.read_at.is_null()
    if MessagePost.select().where(unread).exists():
        with history.seen():
            MessagePost.update(read_at=utc_now()).where(unread).execute()


def unread_answers(user: User, alone: bool = False) -> int:
    """How many answers of the authority this person has not opened (C-28)."""
    read = PostRead.select(PostRead.post).where(PostRead.user == user.id)
    query = (
        MessagePost.select(fn.COUNT(MessagePost.id))
        .join(MessageThread)
        .where(of_person(user, alone) & MessagePost.is_answer & MessagePost.id.not_in(read))
    )
    return query.scalar()


def unread_responses() -> tuple[int, dt.datetime | None]:
    """How many responses no officer has opened, and when the oldest came (C-30)."""
    unread = MessagePost.read_at.is_null() & ~MessagePost.is_answer
    found = MessagePost.select(MessagePost.at).where(unread).order_by(MessagePost.at)
    first = found.first()
    return found.count(), first.at if first else None


# responses and answers -------------------------------------------------------------------------------------------------


def of_person(user: User, alone: bool = False):
    """The condition of threads that a provider's person sees: the organisation's, and the person's own.

    `alone`, with limited reach: the person's own only (rule 11.1).
    """
    own = MessageThread.person == user.id
    return (MessageThread.organisation == user.organisation_id) & (
        own if alone else own | MessageThread.person.is_null()
    )


def posts_for(message: Message, user: User, alone: bool = False) -> list[MessagePost]:
    """What was said about a message as far as a person sees it, oldest first; `by_person` is when the person opened it."""
    query = (
        MessagePost.select(MessagePost, PostRead.at.alias("by_person"))
        .join(MessageThread)
        .switch(MessagePost)
        .join(PostRead, JOIN.LEFT_OUTER, on=(PostRead.post == MessagePost.id) & (PostRead.user == user.id))
        .where((MessageThread.message == message.id) & of_person(user, alone))
        .order_by(MessagePost.id)
    )
    return list(query.objects())


def respond(
    message: Message, user: User, subject: str, text: str, once: str | None = None, alone: bool = False
) -> MessagePost:
    """Send a response to a message that the person has received (C-26); with the same `once` it is sent once.

    What is said to contacts, and with limited reach (`alone`), stays between the authority and the person; else the
    organisation sees it. Raises Refused on an empty or too long text.
    """
    text, subject = _fit(text), (subject or f"Re: {message.subject}")[:255]
    person = user.id if alone or message.audience == Audience.PEOPLE else None
    key = f"{message.id}:{user.organisation_id}:{person or ''}"
    with db.atomic():
        database.serialise(db, f"thread {key}")
        if once and (sent := MessagePost.get_or_none(MessagePost.once == once)):
            return sent
        facts_of = {"message": message.id, "organisation": user.organisation_id, "person": person}
        thread, _ = MessageThread.get_or_create(key=key, defaults=facts_of)
        post = MessagePost.create(thread=thread, user=user.id, by=user.name, subject=subject, text=text, once=once)
        by = history.Actor(user.id, user.name)
        said = {"subject": subject, "text": text}
        history.record(by, "Sent a response", ("message", message.id), {}, said, user.organisation_id)
    return post


def answer(thread: MessageThread, by: history.Actor, text: str, once: str | None = None) -> MessagePost:
    """Answer the organisation or person of a thread, and nobody else (C-30). Raises Refused as `respond` does."""
    text = _fit(text)
    with db.atomic():
        database.serialise(db, f"thread {thread.key}")
        if once and (sent := MessagePost.get_or_none(MessagePost.once == once)):
            return sent
        subject = f"Re: {thread.message.subject}"[:255]
        post = MessagePost.create(
            thread=thread, is_answer=True, user=by.user_id, by=by.name, subject=subject, text=text, once=once
        )
        history.record(by, "Sent an answer", ("message", thread.message_id), {}, {"text": text}, thread.organisation_id)
    return post


def _fit(text: str) -> str:
    """A text that may be sent. Raises Refused."""
    text = (text or "").strip()
    if not text:
        raise Refused("Enter the message")
    if len(text) > MOST_TEXT:
        raise Refused(f"The message must be {MOST_TEXT:,} characters or fewer")
    return text
