"""Messages as a provider's people get them, and their responses."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, url_for

from blueprints import records
from blueprints.attachments.screens import handed_out
from blueprints.messages import rules
from blueprints.pages import go, page
from blueprints.permissions import Can, requires
from blueprints.weeks import today
from forms.messages import ReceivedFilter, ResponseForm
from models import Message, MessagePost, MessageThread, PostRead

routes = Blueprint("messages", __name__)


def found(message_id: int) -> Message:
    """The message if it is for the person and published, or 404; a withdrawn one only where something was said about it."""
    said = MessageThread.select(MessageThread.message).where(rules.of_person(g.user, g.reach.limited))
    there = (Message.published_on <= today()) & (Message.withdrawn_at.is_null() | Message.id.in_(said))
    row = rules.received(g.user).where((Message.id == message_id) & there).objects().first()
    if row is None:
        abort(404)
    return row


@routes.get("/messages")
@requires(Can.SIGNED_IN)
def index():
    """The messages for this person, newest first (C-21 to C-23)."""
    form = ReceivedFilter()
    form.validate()
    unread = (
        MessagePost.select(MessageThread.message)
        .join(MessageThread)
        .where(
            rules.of_person(g.user, g.reach.limited)
            & MessagePost.is_answer
            & MessagePost.id.not_in(PostRead.select(PostRead.post).where(PostRead.user == g.user.id))
        )
    )
    query = rules.received(g.user)
    if form.show.data == "answered":
        query = query.where((Message.published_on <= today()) & Message.id.in_(unread))
    else:
        query = query.where(rules.published(today()) if form.show.data == "all" else rules.listed(today()))
    shown = records.listed(query.objects(), {"published": (Message.published_on,)}, "-published", Message.id.desc())
    return page(
        "messages/provider.html",
        filter=form,
        found=shown,
        days=g.settings.message_days,
        answered={ident for (ident,) in unread.tuples()},
        breadcrumbs=[("Home", url_for("provider.home.index")), ("Messages", None)],
    )


@routes.get("/messages/<int:message_id>")
@requires(Can.SIGNED_IN)
def show(message_id: int):
    """One message, what was said about it, and the form for a response; opening it marks both as read (C-24 to C-27)."""
    row = found(message_id)
    posts = rules.posts_for(row, g.user, g.reach.limited)
    if not g.get("viewing"):
        rules.note_read(row, g.user, posts)
    return message_page(row, posts, ResponseForm(data={"subject": f"Re: {row.subject}"}), 200)


def message_page(row: Message, posts: list, form: ResponseForm, status: int):
    """The page of one message."""
    return page(
        "messages/received.html",
        status,
        row=row,
        posts=posts,
        form=form,
        shared=not g.reach.limited and row.audience != "specific contacts",
        breadcrumbs=[
            ("Home", url_for("provider.home.index")),
            ("Messages", url_for("provider.messages.index")),
            (row.subject, None),
        ],
    )


@routes.post("/messages/<int:message_id>/responses")
@requires(Can.SIGNED_IN)
def respond(message_id: int):
    """Send a response (C-26)."""
    row = found(message_id)
    form = ResponseForm()
    if form.validate() and row.withdrawn_at is None:
        rules.respond(row, g.user, form.subject.data, form.message.data, form.once.data, g.reach.limited)
        flash("Your response has been sent successfully.", "success")
        return go(url_for("provider.messages.show", message_id=row.id) + "#responses")
    if row.withdrawn_at is not None:
        form.form_errors.append("The message has been withdrawn, so nothing was sent")
    return message_page(row, rules.posts_for(row, g.user, g.reach.limited), form, 422)


@routes.get("/messages/<int:message_id>/attachment")
@requires(Can.SIGNED_IN)
def attachment(message_id: int):
    """The file of a message."""
    row = found(message_id)
    return handed_out(row.file if row.file_id and row.withdrawn_at is None else None)
