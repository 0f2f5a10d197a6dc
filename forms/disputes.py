"""Forms of disputes: the lists, raising, answering, resolving."""

from __future__ import annotations

from collections.abc import Iterable

from flask import request
from wtforms import HiddenField

from forms import fields as f
from forms.base import FilterForm, PortalForm
from models import DisputeState

TEXT = 8000
OPEN = [str(DisputeState.IN_DISPUTE), str(DisputeState.REQUESTED)]
STATES = [str(state) for state in DisputeState]


class DisputesFilter(FilterForm):
    """The provider's list: open ones unless asked otherwise (Q-02)."""

    client = f.SelectField("Client")
    status = f.CheckboxesField("Status", choices=[(one, one) for one in STATES])
    first = f.DateField("Actuals/Visits from", called="first date", description="")
    last = f.DateField("to", called="last date", description="")

    def __init__(self, clients: list[tuple[str, str]]):
        super().__init__()
        self.client.choices = [("", "All Clients"), *clients]
        if "filtered" not in request.args and not self.status.data:
            self.status.data = list(OPEN)

    def chosen(self) -> list[tuple[str, str]]:
        """What is set; open ones are the default and not worth naming."""
        usual = sorted(self.status.data or ()) == sorted(OPEN)
        found = [(label, words) for label, words in super().chosen() if not (usual and label == "Status")]
        return found if self.status.data else [*found, ("Status", "none")]

    def validate(self, *args, **kwargs) -> bool:
        """Both dates, in order."""
        fine = super().validate(*args, **kwargs)
        if fine and self.first.data and self.last.data and self.last.data < self.first.data:
            self.last.errors = ["Enter a last date on or after the first one"]
            return False
        return fine


class OfficersFilter(FilterForm):
    """Which disputes officers see (Q-16)."""

    status = f.SelectField(
        "Status", choices=[("open", "Open"), ("overdue", "Overdue"), *((one, one) for one in STATES), ("all", "All")]
    )
    organisation = f.SelectField("Provider", choices=[])
    reason = f.SelectField("Reason", choices=[])
    client = f.SearchField("Client", description="SSRef or name")


class CheckFilter(FilterForm):
    """Which week of the check list, and of which provider."""

    keeps = ("check",)

    week = f.DateField("Week of", called="date", description="Any day of it")
    organisation = f.SelectField("Provider", choices=[])


class ChooseFilter(FilterForm):
    """Visits and actuals of one client over a date range, to raise a dispute from (Q-01)."""

    client = f.TextField("Client", [f.Required("Enter the client's SSRef")], description="SSRef")
    first = f.DateField("From", [f.Required()], called="first date")
    last = f.DateField("To", [f.Required()], called="last date")


class RaiseForm(PortalForm):
    """Raising disputes (Q-01)."""

    reason = f.SelectField("Reason", [f.Required("Choose the reason")])
    details = f.CountedTextField(
        "Details", description="What the provider is asked. It is read with the rows below", most=TEXT
    )
    due = f.DateField("Answer due", [f.Required()], called="date by which the provider is to answer")

    def __init__(self, reasons: Iterable[str], **kwargs):
        super().__init__(**kwargs)
        self.reason.choices = [("", "Choose a reason"), *((one, one) for one in reasons)]


class ChangeForm(RaiseForm):
    """Changing an open dispute."""

    version = HiddenField()


class ResponseForm(PortalForm):
    """The provider's answer (Q-04)."""

    version = HiddenField()
    response = f.CountedTextField(
        "Response",
        description="What you found, and what you changed: the visits sent again, or the actuals corrected",
        most=TEXT,
    )

    def __init__(self, *args, needed: bool = True, **kwargs):
        super().__init__(*args, **kwargs)
        if needed:
            self.response.validators = [f.Required("Enter the response: what you found, and what you changed")]
            self.response.flags.required = True


class ResolutionForm(PortalForm):
    """Resolving one dispute, or several."""

    version = HiddenField()
    remark = f.TextField("Remark", description="The provider reads it in the history")


class ReopeningForm(PortalForm):
    """Back to the provider, with what is still missing."""

    version = HiddenField()
    remark = f.CountedTextField(
        "What is still open",
        [f.Required("Enter what is still open")],
        description="It is added to the details",
        most=TEXT,
    )
    due = f.DateField("Answer due", [f.Required()], called="date by which the provider is to answer")


class PressForm(PortalForm):
    """A single press."""
