"""The forms of messages: writing one, responding, answering; and the filters of their lists."""

from __future__ import annotations

import secrets

from wtforms import HiddenField

from blueprints.messages.rules import MOST_SUBJECT, MOST_TEXT
from forms import fields as f
from forms.base import FilterForm, PortalForm
from forms.records import Most, RecordForm
from models import Audience

AUDIENCES = [
    (str(Audience.ALL), "All users"),
    (str(Audience.ORGANISATIONS), "Specific providers"),
    (str(Audience.PEOPLE), "Specific contacts"),
]


class Once(HiddenField):
    """A word of the form's own, so that sending it twice does its work once."""

    def process_data(self, value):
        """A new form has a new word."""
        self.data = value or secrets.token_urlsafe(16)


class MessageForm(RecordForm):
    """A message of the authority (C-29)."""

    once = Once()
    subject = f.TextField("Subject", [f.Required(), Most(MOST_SUBJECT)])
    details = f.CountedTextField("Details", [f.Required()], most=MOST_TEXT)
    published_on = f.DateField("Published on", [f.Required()], called="date on which it is published")
    displayed_until = f.DateField(
        "Displayed until",
        called="last day on which it is displayed",
        description="That day included. Empty: until you withdraw it",
    )
    file = f.FileField("Attachment")
    drop_file = f.CheckboxField("Take the present attachment away")
    audience = f.RadioField("Who it is for", [f.Required("Choose who it is for")], choices=AUDIENCES)
    find = f.SearchField(
        "Find providers or contacts", description="Part of a name, reference or e-mail address. Then press Find"
    )
    organisations = f.CheckboxesField("Providers", choices=[], coerce=int)
    people = f.CheckboxesField("Contacts", choices=[], coerce=int)

    def names(self) -> list[str]:
        """What two people could change at once."""
        return ["subject", "details", "audience", "published_on", "displayed_until"]


class ResponseForm(PortalForm):
    """A provider's person's response to a message (C-26)."""

    once = Once()
    subject = f.TextField("Subject", [f.Required(), Most(255)])
    message = f.CountedTextField("Message", [f.Required("Enter the message")], most=MOST_TEXT)


class AnswerForm(PortalForm):
    """The authority's answer to a response."""

    once = Once()
    answer = f.CountedTextField("Answer", [f.Required("Enter the answer")], most=MOST_TEXT)


class MessagesFilter(FilterForm):
    """Which of the authority's messages are listed."""

    q = f.SearchField("Subject or details")
    state = f.SelectField(
        "State",
        choices=[
            ("", "All"),
            ("shown", "Shown"),
            ("scheduled", "Scheduled"),
            ("ended", "Ended"),
            ("withdrawn", "Withdrawn"),
        ],
    )
    audience = f.SelectField("Who it is for", choices=[("", "All"), *AUDIENCES])


class InboxFilter(FilterForm):
    """Which threads of responses are listed."""

    state = f.SelectField("Responses", choices=[("", "All"), ("unread", "Not read"), ("unanswered", "Not answered")])
    q = f.SearchField("Provider, person or subject")


class ReceivedFilter(FilterForm):
    """Which messages a provider's person sees listed."""

    show = f.SelectField(
        "Show", choices=[("", "Displayed now"), ("all", "Earlier ones too"), ("answered", "With an answer not read")]
    )
