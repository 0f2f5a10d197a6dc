"""The forms of officers' records: what was shown when they were opened travels with them, so that nobody overwrites."""

from __future__ import annotations

import re
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


def text(label: str, *validators, most: int = 255, kind: type[f.TextField] = f.TextField, **kwargs) -> f.TextField:
    """A text field as long as its column."""
    return kind(label, [*validators, Most(most)], **kwargs)


POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?|GIR) ?([0-9][A-Z]{2})", re.IGNORECASE)
OUR_COUNTRIES = ("", "uk", "united kingdom", "great britain", "england", "wales", "scotland", "northern ireland")


class Postcode:
    """A postcode of this country, unless the form names another one; kept in capitals with its blank."""

    def __call__(self, form, field) -> None:
        country = (form["country"].data or "").casefold() if "country" in form else ""
        if not field.data or country not in OUR_COUNTRIES:
            return
        found = POSTCODE.fullmatch(field.data)
        if not found:
            raise f.StopValidation("Enter a full postcode, such as OX9 9HN")
        field.data = f"{found[1]} {found[2]}".upper()


class Email:
    """An e-mail address."""

    def __call__(self, form, field) -> None:
        if field.data and (
            not re.fullmatch(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\"]+", field.data) or len(field.data) > 254
        ):
            raise f.StopValidation("Enter an e-mail address in the correct format, like name@example.com")


class Digits:
    """At most so many digits, and nothing else."""

    def __init__(self, most: int):
        self.most = most

    def __call__(self, form, field) -> None:
        if field.data and not re.fullmatch(rf"[0-9]{{1,{self.most}}}", field.data):
            raise f.StopValidation(f"Enter the {field.label.text} as at most {self.most} digits")


class Telephone:
    """A telephone number: digits, and what people put between them."""

    def __call__(self, form, field) -> None:
        if field.data and not re.fullmatch(
            r"\+?[0-9][0-9 ()\-./]{2,38}(( ext\.?| x| extension) ?[0-9]{1,6})?", field.data
        ):
            raise f.StopValidation(
                f"Enter the {f.lower(field.label.text)} as a telephone number, such as 01632 960 001"
            )


class WebAddress:
    """An address that begins with https:// or http://."""

    def __call__(self, form, field) -> None:
        if field.data and not re.match(r"https?://[^\s<>\"']+$", field.data):
            raise f.StopValidation("Enter an address that begins with https:// or http://")


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
            if value is None and isinstance(field, f._Number) and not getattr(field, "nullable", False):
                value = 0
            if isinstance(field, f.LinesField):
                value = "\n".join(value or [])
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
