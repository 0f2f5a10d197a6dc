"""Forms of the imports: choosing a file, updating the system, filtering problems and the history."""

from forms.base import FilterForm, PortalForm
from forms.fields import CheckboxField, FileField, Required, SelectField


class ChooseForm(PortalForm):
    """The file to import."""

    file = FileField("CSV file", validators=[Required("Choose a file")])
    overwrite = CheckboxField(
        "Overwrite changes that were approved by request",
        description="Otherwise such a change is kept where the file says something else, with a warning",
    )


class UpdateForm(PortalForm):
    """Update System; the tick leaves rejected rows out (rule 5.6)."""

    without_rejected = CheckboxField("Update without the rejected rows")


class PressForm(PortalForm):
    """A single press: cancel, or use a suggestion for all."""


class ProblemsFilter(FilterForm):
    """Which problems are listed (N-07)."""

    show = SelectField(
        "Status message", choices=[("both", "Both"), ("errors", "Errors"), ("warnings", "Warnings")], default="both"
    )


class HistoryFilter(FilterForm):
    """Which imports are listed."""

    kind = SelectField("File", choices=[], default="")
    state = SelectField("State", choices=[], default="")
    organisation = SelectField("Organisation", choices=[], default="")
