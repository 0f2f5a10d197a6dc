"""The forms of officers' records: what was shown when they were opened travels with them, so that nobody overwrites."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wtforms import HiddenField

from blueprints import records
from forms import fields as f
from forms.base import PortalForm

TEXTS = (f.TextField, f.SelectField, f.TextAreaField, f.RadioField)
ADDRESS = {
    "address1": "Address line 1",
    "address2": "Address line 2",
    "address3": "Address line 3",
    "town": "Town or city",
    "county": "County",
    "postcode": "Postcode",
}


class Most:
    """At most so many characters, as the column holds."""

    def __init__(self, most: int = 255):
        self.most = most

    def __call__(self, form, field) -> None:
        if field.data and len(field.data) > self.most:
            raise f.StopValidation(f"{field.label.text} must be {self.most} characters or fewer")


def text(label: str, *validators, most: int = 255, **kwargs) -> f.TextField:
    """A text field as long as its column."""
    return f.TextField(label, [*validators, Most(most)], **kwargs)


class Hidden(HiddenField):
    """A hidden field that is no column."""


class RecordForm(PortalForm):
    """A form whose visible fields are named for the columns that they change."""

    as_shown = Hidden()
    clashes: list[tuple[str, str, str]] = []  # label, what it is now, what is in the form

    @classmethod
    def opened(cls, facts: Mapping[str, Any], **kwargs):
        """The form with a record's values; what was sent wins. It remembers what it shows."""
        form = cls(data=dict(facts), **kwargs)
        if not form.as_shown.raw_data:
            form.remember(facts)
        return form

    def remember(self, facts: Mapping[str, Any]) -> None:
        """Note what is shown."""
        self.as_shown.data = records.as_shown({k: facts[k] for k in self.names() if k in facts})

    def names(self) -> list[str]:
        """The columns that the form changes."""
        return [field.name for field in self.visible()]

    def facts(self) -> dict[str, Any]:
        """The values as the tables keep them."""
        found = {}
        for field in self.visible():
            value = field.data
            if value is None and isinstance(field, f._Number):
                value = 0
            if value is None and isinstance(field, TEXTS):
                value = ""
            found[field.name] = value
        return found

    def blame(self, faults: Iterable) -> None:
        """Show what a rule found wrong, at its fields."""
        for fault in faults:
            field = self._fields.get(fault.field)
            if field is None:
                self.form_errors.append(fault.message)
            elif not field.errors:
                field.errors = [fault.message]

    def overtaken(self, model, now: Mapping[str, Any]) -> bool:
        """Whether somebody else has changed what the form changes since it was opened; `clashes` then shows both values.

        The form is from then on one of what is there now: saving it again is meant.
        """
        names = records.changed_meanwhile(self.as_shown.data, {k: now[k] for k in self.names() if k in now})
        facts = self.facts()
        self.clashes = [
            (
                self[n].label.text,
                records.in_words(model, n, now[n]) or "empty",
                records.in_words(model, n, facts[n]) or "empty",
            )
            for n in names
            if facts[n] != now[n]
        ]
        if self.clashes:
            self.form_errors.append("Somebody else has changed this record while you had it open. Nothing is saved yet")
        self.remember(now)
        return bool(self.clashes)
