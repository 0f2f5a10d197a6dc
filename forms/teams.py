"""The form of a team."""

from __future__ import annotations

from forms import fields as f
from forms.records import RecordForm, text


class TeamForm(RecordForm):
    """A team and its members."""

    name = text("Name", f.Required(), most=100)
    purpose = text("What it does")
    email = f.EmailField("E-mail address", description="Shown to providers where the team is named")
    members = f.CheckboxesField("Members", choices=[], coerce=int)
    is_retired = f.CheckboxField("Retired", description="It can no longer be chosen; what it has stays with it")

    def names(self) -> list[str]:
        """What two people could change at once."""
        return [name for name in super().names() if name != "members"]
