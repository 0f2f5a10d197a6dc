"""Messages as officers write them; who has read them; the responses of providers' people."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, request, url_for
from peewee import JOIN, fn

from blueprints import facts, records
from blueprints.attachments import rules as attachments
from blueprints.attachments.kinds import listed as endings
from blueprints.attachments.screens import handed_out
from blueprints.messages import recipients, rules
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.values import show_date_long
from blueprints.weeks import today
from forms.messages import AnswerForm, InboxFilter, MessageForm, MessagesFilter
from models import (
    Audience,
    Message,
    MessagePost,
    MessageRead,
    MessageThread,
    Organisation,
    Person,
    User,
)

routes = Blueprint("messages", __name__)
WORDS = {Audience.ALL: "All users", Audience.ORGANISATIONS: "Specific providers", Audience.PEOPLE: "Specific contacts"}
MOST_NAMES = 12  # of recipients, named in the summary


def found(message_id: int) -> Message:
    """The message, or 404."""
    return Message.get_or_none(Message.id == message_id) or abort(404)


def found_thread(thread_id: int) -> MessageThread:
    """The thread with its message, organisation and person, or 404."""
    query = MessageThread.select(MessageThread, Message, Organisation, User)
    query = query.join(Message).switch(MessageThread).join(Organisation).switch(MessageThread)
    return query.join(User, JOIN.LEFT_OUTER).where(MessageThread.id == thread_id).first() or abort(404)


def crumbs(*rest) -> list:
    """The way to a page of messages."""
    return [records.home(), ("Messages", url_for("authority.messages.index")), *rest]


def tabs(current: str) -> list[dict]:
    """Messages, and what came back."""
    return records.tabs(
        current, ("Messages", "authority.messages.index", {}), ("Responses", "authority.messages.inbox", {})
    )


def owner_of(row: Message, current: str) -> records.Owner:
    """The frame of a message's pages."""
    at = {"message_id": row.id}
    way = crumbs((row.subject, url_for("authority.messages.show", **at)))
    return records.Owner(
        row.subject,
        f"Shown to {row.audience}",
        records.tabs(
            current,
            ("Details", "authority.messages.show", at),
            ("Who has read it", "authority.messages.readers", at),
            ("History", "authority.messages.story", at),
        ),
        records.crumbs(way, current, "Details"),
        row.state(today()),
    )


@routes.get("/messages")
@requires(Can.SEE_RECORDS)
def index():
    """Every message, newest published first, with how many have read it and answered (C-29)."""
    form = MessagesFilter()
    form.validate()
    day = today()
    reads = MessageRead.select(fn.COUNT(MessageRead.user)).where(MessageRead.message == Message.id)
    posts = (
        MessagePost.select(fn.COUNT(MessagePost.id))
        .join(MessageThread)
        .where((MessageThread.message == Message.id) & ~MessagePost.is_answer)
    )
    query = Message.select(Message, reads.alias("reads_count"), posts.alias("posts_count"))
    if wanted := form.q.data:
        query = query.where(Message.subject.contains(wanted) | Message.details.contains(wanted))
    if form.audience.data:
        query = query.where(Message.audience == form.audience.data)
    past = Message.displayed_until < day
    conditions = {
        "shown": rules.listed(day),
        "scheduled": (Message.published_on > day) & Message.withdrawn_at.is_null(),
        "ended": rules.published(day) & past,
        "withdrawn": Message.withdrawn_at.is_null(False),
    }
    if form.state.data in conditions:
        query = query.where(conditions[form.state.data])
    orders = {
        "published": (Message.published_on,),
        "subject": (Message.subject,),
        "until": (Message.displayed_until,),
    }
    return page(
        "messages/list.html",
        heading="Messages",
        breadcrumbs=[records.home(), ("Messages", None)],
        tabs_here=tabs("Messages"),
        actions=[("Write a message", url_for("authority.messages.add"), "button")] if can(Can.SEND_MESSAGES) else [],
        filter=form,
        found=records.listed(query, orders, "-published", Message.id.desc()),
        words=WORDS,
        today=day,
    )


# writing ---------------------------------------------------------------------------------------------------------------


@routes.route("/messages/new", methods=["GET", "POST"])
@requires(Can.SEND_MESSAGES)
def add():
    """A new message."""
    return edit_page(None)


@routes.route("/messages/<int:message_id>/edit", methods=["GET", "POST"])
@requires(Can.SEND_MESSAGES)
def edit(message_id: int):
    """Change a message."""
    return edit_page(found(message_id))


def edit_page(row: Message | None):
    """The form of a message: `Find` looks for recipients and keeps what was typed, the other button saves."""
    values = {"published_on": today(), "audience": ""}
    if row is not None:
        values = {name: value for name, value in facts.of(row).items() if name in rules.FIELDS}
        values["organisations"], values["people"] = recipients.chosen(row)
    form = MessageForm.opened(values)
    recipients.offer(form)
    form.file.description = (
        f"{endings(g.settings.file_types)}, at most {g.settings.file_megabytes} MB. Choose it last: Find forgets it"
    )
    if row is None or not row.file_id:
        del form.drop_file
    finding = bool(request.form.get("finding"))
    if form.is_submitted() and not finding and form.validate() and (saved := keep(form, row)):
        flash(told(saved), "success")
        return go(url_for("authority.messages.show", message_id=saved.id))
    back = url_for("authority.messages.show", message_id=row.id) if row else url_for("authority.messages.index")
    return page(
        "messages/form.html",
        422 if form.is_submitted() and not finding else 200,
        heading=f"Change message: {row.subject}" if row else "Write a message",
        breadcrumbs=crumbs(*([(row.subject, back), ("Change", None)] if row else [("Write a message", None)])),
        form=form,
        row=row,
        cancel=back,
    )


def told(row: Message) -> str:
    """What was done, in words."""
    if row.state(today()) == "Scheduled":
        return f"The message is saved. It is shown from {show_date_long(row.published_on)}."
    return "The message is saved." if row.state(today()) == "Ended" else "The message is saved and shown."


def keep(form: MessageForm, row: Message | None) -> Message | None:
    """Save the form's message; None where the form is to be shown again."""
    if row is not None and form.overtaken(Message, facts.of(found(row.id))):
        return None
    wanted = rules.Wanted(
        {name: form[name].data for name in rules.FIELDS},
        frozenset(form.organisations.data or ()),
        frozenset(form.people.data or ()),
    )
    upload = form.file.data
    try:
        return rules.save_message(
            wanted,
            records.actor(),
            row,
            (lambda: attachments.keep_document(upload, "message", None, g.user.id, g.settings)) if upload else None,
            "drop_file" in form and form.drop_file.data,
            form.once.data,
        )
    except facts.Faulty as refused:
        form.blame(refused.faults)
    except attachments.Unfit as refusal:
        form.file.errors = [str(refusal)]
    except rules.Refused as refusal:
        form.form_errors.append(str(refusal))
    return None


@routes.post("/messages/<int:message_id>/withdrawal")
@requires(Can.SEND_MESSAGES)
def withdraw(message_id: int):
    """Take a message back."""
    row = found(message_id)
    rules.withdraw(row, records.actor())
    flash("The message is withdrawn: nobody sees its text any more.", "success")
    return go(url_for("authority.messages.show", message_id=row.id))


# reading ---------------------------------------------------------------------------------------------------------------


@routes.get("/messages/<int:message_id>")
@requires(Can.SEE_RECORDS)
def show(message_id: int):
    """A message with its particulars and the threads about it."""
    row = found(message_id)
    owner = owner_of(row, "Details")
    names = rules.names_of_recipients(row)
    everybody = rules.recipients(row)
    readers = everybody.where(MessageRead.at.is_null(False)).count()
    return page(
        "messages/show.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        actions=[("Change", url_for("authority.messages.edit", message_id=row.id))]
        if can(Can.SEND_MESSAGES) and row.withdrawn_at is None
        else [],
        row=row,
        names=names[:MOST_NAMES],
        more=max(0, len(names) - MOST_NAMES),
        readers=readers,
        everybody=everybody.count(),
        threads=threads().where(MessageThread.message == row.id).order_by(MessageThread.id.desc()).limit(100),
        may=can(Can.SEND_MESSAGES),
    )


@routes.get("/messages/<int:message_id>/readers")
@requires(Can.SEE_RECORDS)
def readers(message_id: int):
    """Who has read a message, and who has not."""
    row = found(message_id)
    owner = owner_of(row, "Who has read it")
    orders = {"name": (User.name,), "organisation": (Organisation.name, User.name), "read": (MessageRead.at,)}
    query = rules.recipients(row)
    if records.wants_csv():
        rows, _ = records.ordered(query.objects(), orders, "organisation", User.id)
        lines = (
            [u.name, u.address, u.organisation_name, f"{u.read_at:%Y-%m-%d %H:%M}" if u.read_at else ""]
            for u in named(rows)
        )
        return records.csv_file("who-has-read", ["Name", "Email", "Organisation", "Read"], lines)
    shown = records.listed(query.objects(), orders, "organisation", User.id)
    return page(
        "messages/readers.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        found=shown,
        people=named(shown.rows),
    )


def named(rows) -> list[User]:
    """People with the names of their organisations and their addresses."""
    rows = list(rows)
    idents = {u.organisation_id for u in rows}
    names = (
        dict(Organisation.select(Organisation.id, Organisation.name).where(Organisation.id.in_(idents)).tuples())
        if rows
        else {}
    )
    persons = {u.person_id for u in rows}
    addresses = dict(Person.select(Person.id, Person.email).where(Person.id.in_(persons)).tuples()) if rows else {}
    for user in rows:
        user.organisation_name, user.address = names[user.organisation_id], addresses[user.person_id]
    return rows


@routes.get("/messages/<int:message_id>/history")
@requires(Can.SEE_RECORDS)
def story(message_id: int):
    """Who changed a message, and when."""
    row = found(message_id)
    owner = owner_of(row, "History")
    return page("records/history.html", owner=owner, breadcrumbs=owner.crumbs, entries=records.story(row))


@routes.get("/messages/<int:message_id>/attachment")
@requires(Can.SEE_RECORDS)
def attachment(message_id: int):
    """The file of a message."""
    return handed_out(found(message_id).file)


# responses -------------------------------------------------------------------------------------------------------------


def threads():
    """Threads with message, organisation, person; how many responses nobody has opened; the last post."""
    new = MessagePost.select(fn.COUNT(MessagePost.id)).where(
        (MessagePost.thread == MessageThread.id) & ~MessagePost.is_answer & MessagePost.read_at.is_null()
    )
    last = MessagePost.select(fn.MAX(MessagePost.id)).where(MessagePost.thread == MessageThread.id)
    Last = MessagePost.alias("last")
    return (
        MessageThread.select(
            MessageThread.id,
            Message.id.alias("message_id"),
            Message.subject,
            Organisation.name.alias("organisation"),
            User.name.alias("person"),
            Last.at,
            Last.by,
            Last.is_answer,
            new.alias("new"),
        )
        .join(Message)
        .switch(MessageThread)
        .join(Organisation)
        .switch(MessageThread)
        .join(User, JOIN.LEFT_OUTER)
        .join(Last, on=(Last.id == last))
        .namedtuples()
    )


@routes.get("/messages/responses")
@requires(Can.SEE_RECORDS)
def inbox():
    """Providers' responses, the newest first, with what nobody has read or answered yet (C-30)."""
    form = InboxFilter()
    form.validate()
    query = threads()
    unread_posts = MessagePost.select(MessagePost.thread).where(MessagePost.read_at.is_null() & ~MessagePost.is_answer)
    Last = MessagePost.alias("last")
    if form.state.data == "unread":
        query = query.where(MessageThread.id.in_(unread_posts))
    if form.state.data == "unanswered":
        query = query.where(~Last.is_answer)
    if wanted := form.q.data:
        query = query.where(
            Organisation.name.contains(wanted)
            | User.name.contains(wanted)
            | Message.subject.contains(wanted)
            | Last.by.contains(wanted)
        )
    return page(
        "messages/inbox.html",
        heading="Messages",
        breadcrumbs=crumbs(("Responses", None)),
        tabs_here=tabs("Responses"),
        filter=form,
        found=records.listed(query, {"at": (Last.id,), "organisation": (Organisation.name,)}, "-at", MessageThread.id),
    )


@routes.get("/messages/threads/<int:thread_id>")
@requires(Can.SEE_RECORDS)
def thread(thread_id: int):
    """What one organisation or person and the authority said about a message; opening it marks responses as read (C-27)."""
    row = found_thread(thread_id)
    posts = list(row.posts.order_by(MessagePost.id))
    rules.note_opened(row)
    return thread_page(row, posts, AnswerForm(), 200)


def thread_page(row: MessageThread, posts: list, form: AnswerForm, status: int):
    """The page of a thread."""
    who = f"{row.person.name}, {row.organisation.name}" if row.person_id else row.organisation.name
    return page(
        "messages/thread.html",
        status,
        heading=f"{row.message.subject}: {who}",
        breadcrumbs=crumbs(("Responses", url_for("authority.messages.inbox")), (who, None)),
        row=row,
        who=who,
        posts=posts,
        form=form if can(Can.SEND_MESSAGES) else None,
        actions=[("The message", url_for("authority.messages.show", message_id=row.message_id))],
    )


@routes.post("/messages/threads/<int:thread_id>/answers")
@requires(Can.SEND_MESSAGES)
def answer(thread_id: int):
    """Answer a thread."""
    row = found_thread(thread_id)
    form = AnswerForm()
    if form.validate():
        rules.answer(row, records.actor(), form.answer.data, form.once.data)
        flash("The answer is sent.", "success")
        return go(url_for("authority.messages.thread", thread_id=row.id))
    return thread_page(row, list(row.posts.order_by(MessagePost.id)), form, 422)
