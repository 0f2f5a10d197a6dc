"""Forms of actuals: the filter of the grid, one row, presses for several rows, and officers' decisions."""

from __future__ import annotations

from flask import request
from wtforms import HiddenField

from forms.base import CleanForm, FilterForm, PortalForm
from forms.fields import CheckboxesField, CheckboxField, DateField, QuantityField, Required, SelectField, WholeField
from forms.fields import TextAreaField as PlainTextArea

MOST = 999_999  # hundredths: 9,999.99
MOST_COMMENT = 8000
BOXES = [("unplanned", "Unplanned"), ("planned", "Planned"), ("intermittent", "Intermittent"), ("locked", "Locked")]


class TextAreaField(PlainTextArea):
    """A comment of at most 8,000 characters."""

    def post_validate(self, form, validation_stopped: bool) -> None:
        """Say how many are too many."""
        if self.data and len(self.data) > MOST_COMMENT:
            over = len(self.data) - MOST_COMMENT
            self.errors = [f"Enter at most {MOST_COMMENT:,} characters: these are {over:,} more"]


class ActualsFilter(FilterForm):
    """The filter of the grid (M-05): every box is ticked until View is pressed with fewer."""

    keeps = ("week", "service", "historical", "month")

    level = SelectField("Service Level")
    client = SelectField("Client")
    actuals = SelectField("Show Clients with Actuals", choices=[("", "No Selection"), ("yes", "Yes"), ("no", "No")])
    box = CheckboxesField("Show", choices=BOXES)

    def __init__(self, levels: list, clients: list, boxes: bool = True):
        super().__init__()
        self.level.choices = [("", "All Service Levels"), *levels]
        self.client.choices = [("", "All Clients"), *clients]
        every = [value for value, _ in BOXES]
        if not boxes:
            del self.box
            self.boxes = every
            return
        if "filtered" not in request.args and not self.box.data:
            self.box.data = every
        self.boxes = [value for value in self.box.data or () if value in every]

    def chosen(self) -> list[tuple[str, str]]:
        """What is set: all boxes are the default and not worth naming."""
        found = [(label, words) for label, words in super().chosen() if label != "Show"]
        if len(self.boxes) == len(BOXES):
            return found
        names = dict(BOXES)
        return [*found, ("Show", ", ".join(names[one] for one in self.boxes) or "none")]


class RowForm(CleanForm):
    """The boxes of one row; its names begin with the row's key. The form around it carries the token."""

    class Meta(CleanForm.Meta):
        csrf = False
        marks_optional = False

    actual = QuantityField("Actual", least=0, most=MOST)
    frustrated = QuantityField("Frustrated", least=0, most=MOST)
    missed = QuantityField("Missed", least=0, most=MOST)
    extra = QuantityField("Extra", least=0, most=MOST)
    visits = WholeField("Visits", called="number of visits", least=0, most=9999)
    comments = TextAreaField("Comments")


class DayForm(CleanForm):
    """One row of days: its names begin with the row's key and its number."""

    class Meta(CleanForm.Meta):
        csrf = False
        marks_optional = False

    quantity = QuantityField("Quantity", least=0, most=MOST)


class PressForm(PortalForm):
    """A press that needs nothing else."""


class ConfirmForm(PortalForm):
    """Confirming a week (4.10)."""

    without = CheckboxField("Confirm it although some clients have no actuals")


class NothingForm(PortalForm):
    """Nothing delivered, with one comment for all rows (4.7)."""

    comment = TextAreaField(
        "Why nothing was delivered", [Required("Enter a comment that says why nothing was delivered")]
    )


class ExportForm(FilterForm):
    """Which weeks are exported (N-02)."""

    first = DateField("Start date", [Required()])
    last = DateField("End date", [Required()])
    lines = CheckboxField("Lines without actuals too, to be filled in")

    def validate(self, *args, **kwargs) -> bool:
        """Both dates, in order."""
        fine = super().validate(*args, **kwargs)
        if fine and self.last.data < self.first.data:
            self.last.errors = ["Enter an end date on or after the start date"]
            return False
        return fine


# officers --------------------------------------------------------------------------------------------------------------


class OverviewFilter(FilterForm):
    """Which services the officers' list of a week shows (M-38)."""

    keeps = ("week", "sort")

    organisation = SelectField("Provider", choices=[])
    show = SelectField(
        "Show",
        choices=[
            ("", "All"),
            ("open", "Not posted"),
            ("confirmed", "Confirmed"),
            ("changed", "Changed since it was confirmed"),
            ("warnings", "With warnings"),
            ("over", "Over plan"),
            ("under", "Under plan"),
            ("waiting", "Waiting for the authority"),
            ("locked", "Locked"),
        ],
    )


class ServicesForm(PortalForm):
    """What is done to the ticked services of a week: lock, unlock, ask for actuals."""

    press = HiddenField()
    text = TextAreaField("Message")


class DecisionForm(PortalForm):
    """Authorise or refuse what is ticked, with a reason where it is refused."""

    press = HiddenField()
    reason = TextAreaField("Reason")
