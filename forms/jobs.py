"""The filter of the list of jobs, and of the audit trail."""

from __future__ import annotations

from forms.base import FilterForm, PortalForm
from forms.fields import DateField, SearchField, SelectField
from models import JobState


class JobsFilter(FilterForm):
    """Which jobs are listed."""

    state = SelectField("State", choices=[("", "All"), *((str(s), str(s)) for s in JobState)])


class AgainForm(PortalForm):
    """The press that begins a failed job again."""


class AuditFilter(FilterForm):
    """Which changes are listed."""

    person = SearchField("Person", description="Name")
    thing = SelectField("Record", choices=[])
    first = DateField("From", called="first date", description="")
    last = DateField("To", called="last date", description="")
