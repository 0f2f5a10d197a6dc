"""The filters of the audit trail and the look log, and the form that finds one person."""

from __future__ import annotations

from forms.base import FilterForm, PortalForm
from forms.fields import DateField, RefField, Required, SearchField, SelectField, TextField


class AuditFilter(FilterForm):
    """Which changes are listed."""

    person = SearchField("Person", description="Name or e-mail address")
    thing = SelectField("Record", choices=[])
    reference = RefField("Reference", description="SSRef, CPLI ID, VisitRef, name")
    organisation = SelectField("Organisation", choices=[])
    first = DateField("From", called="first date", description="")
    last = DateField("To", called="last date", description="")
    place = TextField("From where", description="Network address, job, command line")
    words = TextField("Words", description="In what was done, before or after")


class LooksFilter(FilterForm):
    """Which looks are listed."""

    keeps = ("sort", "client")
    person = SearchField("Who looked", description="Name or e-mail address")
    first = DateField("From", called="first date", description="")
    last = DateField("To", called="last date", description="")


class PersonForm(PortalForm):
    """Whom everything is wanted about."""

    reference = RefField(
        "SSRef, ClientRef, NHS number or e-mail address", [Required("Enter a reference or an e-mail address")]
    )


class PressForm(PortalForm):
    """A press."""
