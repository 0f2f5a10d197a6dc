"""Forms of visits: the filter of the pane, and deleting a visit."""

from __future__ import annotations

from flask import request

from forms.base import FilterForm, PortalForm
from forms.fields import CheckboxesField, SelectField, TextField
from models import VisitStatus

STATUSES = [str(status) for status in VisitStatus]


class VisitsFilter(FilterForm):
    """The filter of the Visits pane (O-33): every status is ticked until View is pressed with fewer."""

    keeps = ("week", "service", "historical", "month")

    level = SelectField("Service Level")
    client = SelectField("Client")
    type = SelectField("Visit Type")
    status = CheckboxesField("Status", choices=[(one, one) for one in STATUSES])

    def __init__(self, levels: list, clients: list, types: list):
        super().__init__()
        self.level.choices = [("", "All Service Levels"), *levels]
        self.client.choices = [("", "All Clients"), *clients]
        self.type.choices = [("", "All Visit Types"), *types]
        if "filtered" not in request.args and not self.status.data:
            self.status.data = list(STATUSES)

    def chosen(self) -> list[tuple[str, str]]:
        """What is set: all four statuses are the default and not worth naming."""
        every = set(self.status.data or ()) == set(STATUSES)
        found = [(label, words) for label, words in super().chosen() if not (every and label == "Status")]
        return found if self.status.data else [*found, ("Status", "none")]


class DeletionForm(PortalForm):
    """Deleting one visit (O-36)."""

    reason = TextField(
        "Why it is deleted", description="For example: sent twice, or the client's care is paid elsewhere"
    )
