"""More of the world that reach is tested in: searches, messages, disputes, claims, and what is one person's alone."""

from __future__ import annotations

import io

from blueprints.attachments import rules as attachments
from blueprints.history import Actor
from blueprints.messages import rules as messages
from blueprints.search import index
from models import (
    Audience,
    Client,
    Contact,
    Message,
    MessagePost,
    MessageThread,
    Search,
    Service,
    Visit,
)
from tests.cast import at
from tests.conftest import TODAY
from tests.provider_world import add_visit

BY = Actor(None, "An officer")
# What the person looks for: a word that records of every part have, and the references of visits.
COMMON = "common"
VISITS = {"north": "7001", "south": "7002", "whole": "7003", "other": "7004"}


def searches(world) -> None:
    """Records of every part with a word in common, visits with plain references; the person's searches for them."""
    cast = world.cast
    Service.update(name=Service.name.concat(f" {COMMON}")).execute()
    Client.update(forename="Common").execute()
    Contact.update(forename="Common").where(Contact.id != world.own.id).execute()
    for part, package in world.packages.items():
        add_visit(
            cast,
            VISITS[part],
            package,
            start=at(20),
            service=package.service_id,
            comments=f"{world.marks[part]} twenty",
        )
    add_visit(cast, VISITS["whole"], world.packages["south"], client=None, ssref="Wmark-SS", start=at(21))
    for words in (COMMON, *VISITS.values()):
        world.note("search_id", "own", Search.create(user=world.person, words=words))
    world.note("search_id", "nobody", Search.create(user=world.colleague, words="Qmark"))
    index.rebuild()


def forget_searches(world, part: str) -> None:
    """Take a part's visits of plain references away, and what a colleague looked for."""
    if part in VISITS:
        Visit.delete().where(Visit.ref == VISITS[part]).execute()
    if part == "nobody":
        Search.delete().where(Search.user == world.colleague).execute()


# messages --------------------------------------------------------------------------------------------------------------


def message(world, part: str, subject: str, audience=Audience.ALL, organisations=(), people=()) -> Message:
    """A message with a file, published today."""
    values = {
        "subject": subject, "details": f"{subject} details", "audience": audience, "published_on": TODAY,
        "displayed_until": None,
    }  # fmt: skip
    kept = attachments.keep(io.BytesIO(b"%PDF-1.4"), "rates.pdf", "application/pdf", "message", None, None, 100)
    made = messages.save_message(
        messages.Wanted(values, frozenset(organisations), frozenset(people)), BY, keep_file=lambda: kept
    )
    world.note("message_id", part, made)
    return made


def said(world, row: Message, user, mark: str) -> None:
    """A response of a person about a message, and the authority's answer."""
    post = messages.respond(row, user, f"{mark} subject", f"{mark} response")
    messages.answer(MessageThread.get_by_id(post.thread_id), BY, f"{mark} answer")


def talk(world) -> None:
    """Messages to all, to either organisation and to a colleague alone; what others said of them."""
    cast, marks = world.cast, world.marks
    to_all = message(world, "own", "For all")
    ours = message(world, "own", "For us", Audience.ORGANISATIONS, [cast.oakfield.id])
    theirs = message(world, "other", f"{marks['other']} message", Audience.ORGANISATIONS, [cast.brookhouse.id])
    alone = message(world, "nobody", f"{marks['nobody']} message", Audience.PEOPLE, people=[world.colleague.id])
    withdrawn = message(world, "whole", f"{marks['whole']} withdrawn")
    for row in (to_all, ours, withdrawn):
        said(world, row, world.colleague, marks["whole"])
    for row in (to_all, theirs):
        said(world, row, cast.outsider, marks["other"])
    said(world, alone, world.colleague, marks["nobody"])
    messages.withdraw(withdrawn, BY)
    for row in (to_all, ours, withdrawn):  # read before, so that looking changes nothing
        messages.note_read(row, world.person, messages.posts_for(row, world.person))


def forget_talk(world, part: str) -> None:
    """Take the messages of a part away, and what its people said."""
    posts = MessagePost.select(MessagePost.thread).where(MessagePost.text.startswith(world.marks[part]))
    MessageThread.delete().where(MessageThread.id.in_([t for (t,) in posts.tuples()])).execute()
    Message.delete().where(Message.id.in_(world.rows["message_id"].get(part, []))).execute()
