"""The filter of the list of mail, and the authority's own words in it."""

from __future__ import annotations

from blueprints.settings.mail_words import MOST
from forms import fields as f
from forms.base import FilterForm
from forms.records import RecordForm
from models import MailState


class MailFilter(FilterForm):
    """Which messages are listed."""

    q = f.SearchField("Recipient", description="Name or address")
    kind = f.SelectField("About", choices=[])
    state = f.SelectField("State", choices=[("", "All"), *((str(s), str(s)) for s in MailState)])
    first = f.DateField("From", called="first date", description="")
    last = f.DateField("To", called="last date", description="")


class WordsForm(RecordForm):
    """The authority's own words in one kind of mail."""

    words = f.CountedTextField("Your own words", most=MOST, description="Empty: the mail stays as it is")
