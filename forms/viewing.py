"""The form that begins to view as a provider."""

from __future__ import annotations

from forms.base import PortalForm
from forms.fields import SelectField


class ViewingForm(PortalForm):
    """With whose eyes."""

    person = SelectField("With whose eyes", choices=[])
