"""The fields of the portal's forms, each with GOV.UK's widget, its own reading and its own words.

A field that is not marked `Required()` is optional and says so; empty, it is None. Labels of mandatory ones are bold.
What a field gives is what the tables keep: pence, hundredths, ten-thousandths of a pound, seconds since midnight.
"""

import re
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import govuk_frontend_wtf.wtforms_widgets as gov
import wtforms
from flask import current_app, g
from flask_wtf.file import FileField as UploadField
from flask_wtf.file import MultipleFileField as UploadsField
from markupsafe import Markup
from wtforms.validators import StopValidation

from blueprints.attachments.kinds import listed
from blueprints.values import decimal_units, time_of_day, typed_date
from blueprints.wording import term

# ── widgets: GOV.UK's, drawn without asking every context processor again for each field ──


class Drawn:
    """Labels bold or "(optional)", settings of the field itself, no empty hint; one template and no page context."""

    def map_gov_params(self, field: Any, **kwargs: Any) -> dict:
        kwargs["params"] = self.merge_params(deepcopy(getattr(field, "gov", {})), kwargs.get("params", {}))  # type: ignore[attr-defined]
        params = super().map_gov_params(field, **kwargs)  # type: ignore[misc]
        if not field.description and not (params.get("hint") or {}).get("html"):
            params.pop("hint", None)
        if "autocomplete" in (field.render_kw or {}):
            params.pop("autocomplete", None)  # the form says it more exactly than the kind of field
        single = field.type == "CheckboxField"
        for place in (
            params.get("label"),
            (params.get("fieldset") or {}).get("legend"),
            *(params.get("items") or ())[: int(single)],
        ):
            if place and "text" in place:
                place["text"] = term(place["text"])
        if field.meta.marks_optional and not single:
            legend = (params.get("fieldset") or {}).get("legend")
            named = legend if legend is not None else params.get("label")
            if named and "html" not in named:
                if field.flags.required:
                    mark = "govuk-fieldset__legend--s" if legend is not None else "govuk-label--s"
                    named["classes"] = f"{named.get('classes', '')} {mark}".strip()
                elif "(optional)" not in named["text"]:
                    named["text"] += " (optional)"
        return params

    def render(self, params: dict) -> Markup:
        return Markup(current_app.jinja_env.get_template(self.template).render(params=params))  # type: ignore[attr-defined]


class GovTextInput(Drawn, gov.GovTextInput):
    pass


class _Rows:
    """As many rows as the template asks for: said once."""

    def map_gov_params(self, field: Any, rows: int | None = None, **kwargs: Any) -> dict:
        params = super().map_gov_params(field, **kwargs)  # type: ignore[misc]
        return {**params, "rows": rows} if rows else params


class GovTextArea(_Rows, Drawn, gov.GovTextArea):
    pass


class GovCharacterCount(_Rows, Drawn, gov.GovCharacterCount):
    pass


class GovSelect(Drawn, gov.GovSelect):
    pass


class GovRadioInput(Drawn, gov.GovRadioInput):
    pass


class GovCheckboxesInput(Drawn, gov.GovCheckboxesInput):
    pass


class GovCheckboxInput(Drawn, gov.GovCheckboxInput):
    pass


class GovFileInput(Drawn, gov.GovFileInput):
    pass


class GovSubmitInput(Drawn, gov.GovSubmitInput):
    pass


# ── words ──


def lower(label: str) -> str:
    """A label within a sentence: "Start date" as "start date", but "NHS number" as it is."""
    return label if label[1:2].isupper() or not label else label[0].lower() + label[1:]


def given(field: Any) -> bool:
    """Whether anything was sent in the field, or, before anything is sent, whether it holds something."""
    if field.raw_data is None:
        return field.data is not None and field.data != "" and field.data != []
    return any(bool(one.filename) if hasattr(one, "filename") else str(one).strip() != "" for one in field.raw_data)


class Required:
    """Mandatory. Says "Enter the start date" or "Choose the service" unless told what to say."""

    field_flags = {"required": True}

    def __init__(self, message: str | None = None):
        self.message = message

    def __call__(self, form: Any, field: Any) -> None:
        if given(field):
            if field.errors:
                raise StopValidation()  # what was wrong with it has been said
            return
        field.errors[:] = []
        field.is_gap = True
        called = getattr(field, "called", None) or lower(field.label.text)
        raise StopValidation(self.message or f"{getattr(field, 'verb', 'Enter')} the {called}")


# ── text and choices ──


class TextField(wtforms.StringField):
    widget = GovTextInput()


class SearchField(TextField):
    """What is looked for. The key / goes to it."""

    gov = {"attributes": {"data-search": ""}, "type": "search", "spellcheck": False}


class ShortField(TextField):
    """A text of a few words."""

    gov = {"classes": "govuk-input--width-20"}


class CodeField(TextField):
    """A postcode, or a number that is kept as text."""

    gov = {"classes": "govuk-input--width-10", "spellcheck": False}


class EmailField(TextField):
    gov = {"type": "email", "autocomplete": "email", "spellcheck": False}


class TelephoneField(TextField):
    gov = {"type": "tel", "classes": "govuk-input--width-20"}


class PasswordField(wtforms.PasswordField):
    """A password; where there is a script, portal.js puts a button to show it beside it. Never written back."""

    widget = GovTextInput()
    gov = {"type": "password", "classes": "govuk-input--width-20", "spellcheck": False, "attributes": {"data-show": ""}}

    def _value(self) -> str:
        return ""


class TextAreaField(wtforms.TextAreaField):
    widget = GovTextArea()


class CountedTextField(wtforms.TextAreaField):
    """A text of at most so many characters, which are counted while one types."""

    widget = GovCharacterCount()

    def __init__(self, label: str | None = None, validators: Any = None, most: int = 1000, **kwargs: Any):
        super().__init__(label, validators, **kwargs)
        self.most = most
        self.gov = {"maxlength": most}

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if self.data and len(self.data) > self.most:
            self.errors = [f"{self.label.text} must be {self.most:,} characters or fewer"]


class RefField(TextField):
    """A reference as the authority's system writes it: kept as typed, blanks at the ends apart."""

    gov = {"classes": "govuk-input--width-20", "spellcheck": False, "autocapitalize": "off"}


class _Choice:
    verb = "Choose"

    def pre_validate(self, form: Any) -> None:
        if not given(self) and self.raw_data is not None:  # type: ignore[attr-defined]
            return  # nothing chosen: whether that will do is for Required
        try:
            super().pre_validate(form)  # type: ignore[misc]
        except ValueError:
            raise StopValidation(f"Choose the {lower(self.label.text)} from the list")  # type: ignore[attr-defined]


class SelectField(_Choice, wtforms.SelectField):
    widget = GovSelect()


class RadioField(_Choice, wtforms.RadioField):
    widget = GovRadioInput()


class CheckboxesField(_Choice, wtforms.SelectMultipleField):
    widget = GovCheckboxesInput()


class LinesField(CheckboxesField):
    """Several of a list, kept one a line. What is kept but no longer in the list stays on offer (`choose_from`)."""

    kept: list[str] = []

    def choose_from(self, lines: Any) -> None:
        """Offer these, and what the record has already."""
        self.choices = [(line, line) for line in [*lines, *(line for line in self.kept if line not in lines)]]

    def process_data(self, value: Any) -> None:
        self.data = [line for line in value.split("\n") if line] if isinstance(value, str) else list(value or [])
        self.kept = self.data


class CheckboxField(wtforms.BooleanField):
    """One box. Where it must be ticked, say what for: `Required("Confirm that the client agrees")`."""

    widget = GovCheckboxInput()


class SubmitField(wtforms.SubmitField):
    widget = GovSubmitInput()


# ── files ──


class FileField(UploadField):
    widget = GovFileInput()
    verb = "Choose"


class FilesField(UploadsField):
    """Files that people attach; its hint ends with what the authority's settings allow (Z-13)."""

    widget = GovFileInput(multiple=True)
    verb = "Choose"

    def process(self, *args: Any, **kwargs: Any) -> None:
        """Take what was sent, and say what may be."""
        super().process(*args, **kwargs)
        now = g.settings
        self.description = f"{self.description} {listed(now.file_types)}, at most {now.file_megabytes} MB each".strip()


# ── what is read from text ──


class _Read(wtforms.Field):
    """One text box; what was typed stays in it when it cannot be read.

    `called` is its name within a sentence, where the label is none: `DateField("From", called="first date")`.
    """

    widget = GovTextInput()
    example = ""

    def __init__(self, label: str | None = None, validators: Any = None, called: str | None = None, **kwargs: Any):
        super().__init__(label, validators, **kwargs)
        self.called = called or lower(self.label.text)

    def read(self, text: str) -> Any:
        raise NotImplementedError

    def written(self, value: Any) -> str:
        raise NotImplementedError

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.written(self.data)

    def process_formdata(self, valuelist: list) -> None:
        if not valuelist:
            return
        text = str(valuelist[0]).strip()
        self.data = None
        if text:
            try:
                self.data = self.read(text)
            except ValueError:
                raise ValueError(f"Enter the {self.called} {self.example}")


class DateField(_Read):
    """A date in one box: 5/10/2026 or 2026-10-05. Gives a date."""

    gov = {"classes": "govuk-input--width-10", "spellcheck": False}
    example = "as day, month and year, such as 5/10/2026"

    def __init__(self, label: str | None = None, validators: Any = None, **kwargs: Any):
        super().__init__(label, validators, **{"description": "For example, 5/10/2026", **kwargs})

    def read(self, text: str) -> date:
        return typed_date(text)

    def written(self, value: date) -> str:
        return f"{value:%d/%m/%Y}"


class TimeField(_Read):
    """A time of day, 14:30. Gives seconds since midnight."""

    gov = {"classes": "govuk-input--width-5", "spellcheck": False}
    example = "as a time, such as 14:30"

    def read(self, text: str) -> int:
        read = time_of_day(text)
        return read if isinstance(read, int) else read.hour * 3600 + read.minute * 60 + read.second

    def written(self, value: int) -> str:
        words = str(timedelta(seconds=value)).rjust(8, "0")
        return words.removesuffix(":00")


class _Number(_Read):
    """A number with so many decimals, kept as a whole number of the smallest unit. Bounds are in that unit too."""

    places = 2
    prefix = ""
    suffix = ""
    least: int | None = None
    most: int | None = None
    errors: list

    def __init__(self, label: str | None = None, validators: Any = None, **kwargs: Any):
        self.least, self.most = kwargs.pop("least", self.least), kwargs.pop("most", self.most)
        super().__init__(label, validators, **kwargs)
        self.gov = {"classes": "govuk-input--width-5", "inputmode": "decimal", "spellcheck": False}
        if self.prefix:
            self.gov["prefix"] = {"text": self.prefix}
        if self.suffix:
            self.gov["suffix"] = {"text": self.suffix}

    def read(self, text: str) -> int:
        plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text).replace("−", "-")
        plain = plain.replace(self.prefix, "").removesuffix(self.suffix).strip()
        return decimal_units(plain, self.places, negative=True)  # the bounds say what may be below nothing

    def written(self, value: int) -> str:
        whole, part = divmod(abs(value), 10**self.places)
        return f"{'-' if value < 0 else ''}{whole}.{part:0{self.places}d}"

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if self.data is None or self.errors:
            return
        if self.least is not None and self.data < self.least:
            self.errors = [f"{self.label.text} must be {self.shown(self.least)} or more"]
        elif self.most is not None and self.data > self.most:
            self.errors = [f"{self.label.text} must be {self.shown(self.most)} or less"]

    def shown(self, value: int) -> str:
        """A bound as a message names it: £0, 100%."""
        number = self.written(value)
        return f"{self.prefix}{number.rstrip('0').rstrip('.') if '.' in number else number}{self.suffix}"


class MoneyField(_Number):
    """Pounds and pence. Gives pence."""

    prefix = "£"
    example = "in pounds and pence, such as 1234.56"


class QuantityField(_Number):
    """Hours, nights, sessions with at most two decimals. Gives hundredths."""

    example = "as a number with at most two decimals, such as 7.50"


class RateField(_Number):
    """A unit rate in pounds with at most four decimals. Gives ten-thousandths of a pound."""

    places = 4
    prefix = "£"
    example = "in pounds, such as 19.2500"


class PercentField(_Number):
    """0 to 100 with at most two decimals. Gives hundredths of a per cent."""

    suffix = "%"
    least = 0
    most = 10000
    example = "as a percentage, such as 20 or 17.5"


class WholeField(_Number):
    """A whole number."""

    places = 0
    example = "as a whole number, such as 12"

    def written(self, value: int) -> str:
        return str(value)


class PlacesField(WholeField):
    """A number of places, 0 or more; empty is not known, and kept so."""

    least = 0
    most = 999_999
    nullable = True


class UnitsField(QuantityField):
    """A number of units with at most two decimals; empty is not known, and kept so. Gives hundredths."""

    least = 0
    most = 99_999_999
    nullable = True


class KmField(UnitsField):
    """A distance in kilometres with at most two decimals; empty is not known. Gives hundredths of a kilometre."""

    suffix = " km"
    most = 99_999
    example = "in kilometres, such as 0.25"
