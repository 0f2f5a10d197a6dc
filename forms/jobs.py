"""The filter of the list of jobs, and beginning one again."""

from __future__ import annotations

from forms.base import FilterForm, PortalForm
from forms.fields import SelectField
from models import JobState


class JobsFilter(FilterForm):
    """Which jobs are listed."""

    state = SelectField("State", choices=[("", "All"), *((str(s), str(s)) for s in JobState)])


class AgainForm(PortalForm):
    """The press that begins a failed job again."""
