"""Messages of the demonstration: in every state, with a file, a response that waits, and one that was answered."""

from __future__ import annotations

import datetime as dt
import io

from blueprints import history
from blueprints.attachments import rules as attachments
from blueprints.attachments.rules import Upload
from blueprints.messages import rules
from blueprints.settings import rules as settings
from models import Audience, Message, MessagePost, Organisation, User, utc_now

NOTE = b"""Bank holidays in home care

Visits on a bank holiday are paid at the ordinary rate of the package. Plan them as on any other day.
Who cannot cover a round tells us five working days before.
"""


def write(users: dict[str, User], today: dt.date) -> str:
    """Write the messages as if on the days before `today`; users by the part of their address before the dot."""
    by = history.Actor(users["requests@authority"].id, users["requests@authority"].name)
    oakfield, harbour = (Organisation.get(Organisation.ref == ref) for ref in ("OAK", "HAR"))

    def message(subject, details, ago, days=None, organisations=(), people=(), file=None):
        audience = Audience.ORGANISATIONS if organisations else Audience.PEOPLE if people else Audience.ALL
        on = today - dt.timedelta(ago)
        values = {
            "subject": subject, "details": details, "audience": audience, "published_on": on,
            "displayed_until": on + dt.timedelta(days) if days is not None else None,
        }  # fmt: skip
        chosen = rules.Wanted(values, frozenset(o.id for o in organisations), frozenset(p.id for p in people))
        return rules.save_message(chosen, by, keep_file=file)

    def kept():
        named = Upload(io.BytesIO(NOTE), "bank-holidays.txt")
        return attachments.keep_document(named, "message", None, by.user_id, settings.read())

    message(
        "Winter pressures: weekly call from November",
        "From November we hold a call every Monday at 10:00 about discharges from hospital and capacity.\n\n"
        "Who wants to take part replies to this message.",
        2,
        60,
    )
    holidays = message(
        "Bank holidays in home care",
        "The note says how bank holidays are planned and paid.",
        5,
        90,
        [oakfield],
        file=kept,
    )
    message("Your quality visit on the 20th", "We come at 9:30. Please have the training records ready.", 1, 30,
            people=[users["manager@harbour"], users["finance@harbour"]])  # fmt: skip
    rota = message("New form for incidents", "Please use the new form from now on.", 40, 20, [oakfield, harbour])
    message("Rates from April", "The new rates will be published here.", -21)
    wrong = message("Draft of the framework", "Sent too early.", 12)
    rules.withdraw(wrong, by)

    asked = rules.respond(holidays, users["finance@oakfield"], "", "Does this hold for 2 January as well?")
    past = rules.respond(rota, users["manager@oakfield"], "", "Where do we find the new form?")
    said = rules.answer(past.thread, by, "It is attached to the contract page, under Documents.")
    for post, days in ((asked, 1), (past, 35), (said, 34)):
        MessagePost.update(at=utc_now() - dt.timedelta(days)).where(MessagePost.id == post.id).execute()
    MessagePost.update(read_at=utc_now() - dt.timedelta(34)).where(MessagePost.id == past.id).execute()
    return f"Wrote {Message.select().count()} messages."
