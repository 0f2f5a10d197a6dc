"""The filter of the list of mail."""

from __future__ import annotations

from forms import fields as f
from forms.base import FilterForm
from models import MailState


class MailFilter(FilterForm):
    """Which messages are listed."""

    q = f.SearchField("Recipient", description="Name or address")
    kind = f.SelectField("About", choices=[])
    state = f.SelectField("State", choices=[("", "All"), *((str(s), str(s)) for s in MailState)])
    first = f.DateField("From", called="first date", description="")
    last = f.DateField("To", called="last date", description="")
