"""The forms of change requests: what all kinds share, the filters of their lists, and the officers' decisions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from forms import fields as f
from forms.base import FilterForm, PortalForm
from forms.records import Hidden, RecordForm

AROUND = ("comment", "documents")


def options(values: Iterable[str], now: str | None, nothing: str = "Not set") -> list[tuple[str, str]]:
    """Choices of one of the authority's lists; a value that was taken off the list stays with who has it."""
    listed = list(values)
    kept = [now] if now and now not in listed else []
    return [("", nothing), *((value, value) for value in [*listed, *kept])]


class RequestForm(RecordForm):
    """A kind's form: its visible fields are named for the kind's; a comment and attachments go with the request (F-07)."""

    comment = f.CountedTextField("Request Comment", most=2000)
    documents = f.FilesField("Attachments")

    def names(self) -> list[str]:
        """The fields of the record."""
        return [field.name for field in self.visible() if field.name not in AROUND]

    def own(self) -> list:
        """The fields of the record, to draw."""
        return [field for field in self.visible() if field.name not in AROUND]

    def fit(self, row, reach, settings) -> None:
        """Give lists their choices, for this record and person."""

    def wanted(self) -> dict[str, Any]:
        """The values asked for, by the kind's fields."""
        values = self.facts()
        return {name: values[name] for name in self.names()}

    def uploads(self) -> list:
        """The files that were chosen."""
        return [one for one in (self.documents.data or []) if getattr(one, "filename", "")]


class RequestsFilter(FilterForm):
    """Requests sent to the authority (F-03, F-04, F-11)."""

    months = f.TextField("Months", description="Requests that wait are always listed")
    whose = f.SelectField("Whose", choices=[("", "The whole organisation's"), ("mine", "My own")])
    kind = f.SelectField("Type")
    state = f.SelectField("Status")
    archived = f.CheckboxField("Include archived")


class QueueFilter(FilterForm):
    """The officers' queue (F-13)."""

    state = f.SelectField("Status")
    kind = f.SelectField("Type")
    organisation = f.SelectField("Organisation")
    days = f.SelectField("Age", choices=[("", "Any"), ("7", "7 days or more"), ("28", "28 days or more")])


class PressForm(PortalForm):
    """A single press."""


class AcceptForm(PortalForm):
    """Accepting: what was shown travels with it, so that nothing is applied that was not looked at."""

    shown = Hidden()


class RejectForm(PortalForm):
    """Rejecting, with a reason of the authority's list."""

    reason = f.SelectField("Reason", [f.Required("Choose a reason from the list")])
    remarks = f.CountedTextField("Remarks", most=2000, description="The person who asked reads them")
