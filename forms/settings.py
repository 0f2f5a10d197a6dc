"""The forms of settings and visit types; a group's form is made from the specifications."""

from __future__ import annotations

from blueprints.settings.rules import SPECS
from forms import fields as f
from forms.base import FilterForm, PortalForm
from forms.records import Hidden, RecordForm, text

PAYS = [("delivered", "As delivered"), ("planned", "As planned"), ("none", "Nothing")]
DEFAULT_WORDS = {True: "yes", False: "no"}


class KindsForm(PortalForm):
    """Modules by kinds of provider: what the page showed travels with the ticks, so that nobody overwrites."""

    shown = Hidden()


def group_form(group: str) -> type[RecordForm]:
    """The form of a group's settings, a field each, with meaning and default beside it."""
    fields = {}
    for spec in SPECS.values():
        if spec.group != group:
            continue
        default = DEFAULT_WORDS.get(spec.default, spec.default) if spec.kind == "yes-no" else spec.default
        if spec.kind == "lines":
            default = f"{len(spec.default)} lines"
        if spec.kind == "some":
            default = ", ".join(spec.default)
        hint = f"{spec.meaning} Default: {default if default != '' else 'empty'}.".strip()
        if spec.kind == "whole":
            hint += f" From {spec.low:,} to {spec.high:,}."
        if spec.kind == "yes-no":
            fields[spec.name] = f.RadioField(
                spec.label,
                [f.Required(f"Choose yes or no: {f.lower(spec.label)}")],
                description=hint,
                choices=[("yes", "Yes"), ("no", "No")],
            )
        elif spec.kind == "choice":
            fields[spec.name] = f.RadioField(
                spec.label, [f.Required()], description=hint, choices=[(c, c[0].upper() + c[1:]) for c in spec.choices]
            )
        elif spec.kind == "some":
            fields[spec.name] = f.CheckboxesField(
                spec.label, [f.Required()], description=hint, choices=[(c, c) for c in spec.choices]
            )
        elif spec.kind in ("lines", "long"):
            fields[spec.name] = f.TextAreaField(spec.label, description=hint)
        else:
            must = spec.kind in ("whole", "colour") or spec.name in ("authority_name", "portal_name")
            fields[spec.name] = f.TextField(spec.label, [f.Required()] if must else [], description=hint)
    return type("GroupForm", (RecordForm,), fields)


class LogoForm(PortalForm):
    """The authority's picture; none takes it away."""

    picture = f.FileField("Picture")


class TypeForm(RecordForm):
    """A visit type (rule 5.5, O-25)."""

    code = text(
        "Code", f.Required(), most=50, description="As visits files have it, such as DHS; capitals do not matter"
    )
    name = text("Name", f.Required())
    contract_types = text(
        "Contract types",
        description="Such as LWAH, or not LWAH; several with commas. Empty is all. Another one is a warning",
    )
    pays = f.RadioField("Pays the provider", [f.Required("Choose what the type pays")], choices=PAYS)
    charges = f.RadioField("Charges the client", [f.Required("Choose what the type charges")], choices=PAYS)
    needs_delivered = f.CheckboxField(
        "Needs delivered times",
        description="Without them the visit is Missing Data. Where they are not needed they are an error",
    )
    needs_comment = f.CheckboxField("Needs a comment", description="A visit without one is accepted with a warning")


class TypeFilter(FilterForm):
    retired = f.CheckboxField("Include retired types")
