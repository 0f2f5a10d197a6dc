"""Officers' forms about visits: the search, the unmatched list, and deleting with a reason."""

from __future__ import annotations

from forms.base import FilterForm, PortalForm
from forms.fields import DateField, Required, SearchField, SelectField, TextField
from models import VisitStatus


class VisitSearch(FilterForm):
    """Which visits are listed (O-48)."""

    organisation = SelectField("Provider", choices=[])
    service = SelectField("Service", choices=[])
    level = SelectField("Service Level", choices=[])
    first = DateField("Planned from", called="first planned date", description="")
    last = DateField("Planned to", called="last planned date", description="")
    type = SelectField("Visit Type", choices=[])
    status = SelectField("Status", choices=[("", "All"), *((str(s), str(s)) for s in VisitStatus)])
    reason = SelectField("Reason", choices=[])
    client = SearchField("Client", description="SSRef or name")
    ref = TextField("External Reference", description="VisitRef")

    def validate(self, *args, **kwargs) -> bool:
        """Both dates, in order."""
        fine = super().validate(*args, **kwargs)
        if fine and self.first.data and self.last.data and self.last.data < self.first.data:
            self.last.errors = ["Enter a last planned date on or after the first one"]
            return False
        return fine


class UnmatchedFilter(FilterForm):
    """Which unmatched visits are listed."""

    status = SelectField(
        "Status", choices=[("", "All"), *((str(s), str(s)) for s in (VisitStatus.UNMATCHED, VisitStatus.MISSING_DATA))]
    )
    reason = SelectField("Reason", choices=[])
    organisation = SelectField("Provider", choices=[])


class DeleteVisitForm(PortalForm):
    """Deleting a visit for one of the authority's reasons (O-44)."""

    reason = SelectField("Reason for deleting", validators=[Required("Choose the reason for deleting")])
    version = TextField("Version")

    def __init__(self, reasons: list[str], **kwargs):
        super().__init__(**kwargs)
        self.reason.choices = [("", "Choose a reason"), *((reason, reason) for reason in reasons)]
