"""What every form of the portal has: stripped text, the organisation it was made for, GOV.UK's way to show errors."""

from collections.abc import Callable, Iterator
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import FieldList, FileField, FormField, HiddenField, PasswordField, ValidationError
from wtforms.fields.core import UnboundField

ANOTHER_ORGANISATION = (
    "You opened this form for another organisation, so nothing was changed. "
    "Check what you typed, then send it again for the organisation named at the top"
)


def strip(value: Any) -> Any:
    """Text without the blanks at its ends, and without the character 0, which PostgreSQL does not keep; else as it is."""
    return value.replace("\0", "").strip() if isinstance(value, str) else value


class CleanForm(FlaskForm):
    """Strips whitespace (passwords stay as typed), and knows its parts by what a template does with them."""

    class Meta(FlaskForm.Meta):
        marks_optional = True

        def bind_field(self, form: Any, unbound_field: UnboundField, options: dict) -> Any:
            if not issubclass(unbound_field.field_class, (FieldList, FormField, FileField, PasswordField)):
                others = [one for one in unbound_field.kwargs.get("filters", ()) if one is not strip]
                unbound_field.kwargs["filters"] = [*others, strip]
            return unbound_field.bind(form=form, **options)

    def visible(self) -> list:
        """The fields that a person fills in, in order."""
        return [field for field in self if not isinstance(field, HiddenField)]

    def hidden(self) -> Markup:
        """The token and the other hidden fields, to stand first in the form; without ids: a page may have several forms."""
        return Markup("").join(field(id=False) for field in self if isinstance(field, HiddenField))

    @property
    def summary_title(self) -> str:
        """The heading of the summary: where all that is wrong is that fields are empty, it asks for them (C-14)."""
        wrong = [field for field in self if field.errors]
        gaps = wrong and not self.form_errors and all(getattr(field, "is_gap", False) for field in wrong)
        return "Please complete the following fields:" if gaps else "There is a problem"

    def problems(self) -> Iterator[tuple[str | None, str]]:
        """(id of the field or None, message) for the summary: one a field, in the order of the page."""
        for message in self.form_errors:
            yield None, message
        for field in self:
            if field.errors:
                target = None if isinstance(field, HiddenField) else field.id
                yield from _flat(field.errors, target)


def _flat(errors: Any, target: str | None) -> Iterator[tuple[str | None, str]]:
    """The first message of each field, of fields within fields too."""
    if isinstance(errors, dict):
        for name, inner in errors.items():
            yield from _flat(inner, f"{target}-{name}" if target else None)
    elif errors and all(isinstance(one, (dict, list, tuple)) for one in errors):
        for number, inner in enumerate(errors):
            if inner:
                yield from _flat(inner, f"{target}-{number}" if target else None)
    elif errors:
        yield target, next(str(one) for one in errors if not isinstance(one, (dict, list, tuple)))


class MadeFor(HiddenField):
    """The organisation that a form was made for; never written into a row."""

    def populate_obj(self, obj: object, name: str) -> None:
        pass


class PortalForm(CleanForm):
    """A form that changes something. It carries the organisation it was made for and is refused for any other.

    `PortalForm.organisation_now` is set once by the app: a function that gives the id of the organisation that the
    session works for, or None (officers, signed out), when nothing is checked.
    """

    organisation_now: Callable[[], Any] = staticmethod(lambda: None)

    made_for = MadeFor(name="organisation_id")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not self.made_for.raw_data:
            self.made_for.data = type(self).organisation_now() or ""

    def validate_made_for(self, field: HiddenField) -> None:
        now = type(self).organisation_now()
        if now is None or str(field.data or "") == str(now):
            return
        field.data = now  # shown again, the form is for the organisation of now: the person has been told
        raise ValidationError(ANOTHER_ORGANISATION)


class FilterForm(CleanForm):
    """The filter of a list: read from the address, changes nothing, so without token and organisation."""

    keeps: tuple[str, ...] = ("sort",)

    class Meta(CleanForm.Meta):
        csrf = False
        marks_optional = False

    def __init__(self, formdata: Any = None, **kwargs: Any):
        super().__init__(formdata=request.args if formdata is None else formdata, **kwargs)

    def chosen(self) -> list[tuple[str, str]]:
        """(label, words) of what is set, for the summary of the panel."""
        found = []
        for field in self.visible():
            words = _words(field)
            if words:
                found.append((field.label.text, words))
        return found

    def kept(self) -> list[tuple[str, str]]:
        """What of the address stays when the filter changes: the order, not the page."""
        names = [name for name in self.keeps if name not in self]
        return [(name, value) for name in names for value in request.args.getlist(name) if value]


def _words(field: Any) -> str:
    """What is set in a field, as a person would say it; empty where nothing is."""
    if field.data is None or field.data in ("", [], False):
        return ""
    if hasattr(field, "iter_choices"):
        picked = [str(choice[1]) for choice in field.iter_choices() if choice[2] and choice[0] != ""]
        return ", ".join(picked)
    if field.data is True:
        return "Yes"
    return str(field._value())
