"""The forms of files for the finance and charging systems."""

from __future__ import annotations

from forms import fields as f
from forms.base import PortalForm


class ExportForm(PortalForm):
    """Making the file of a finalised period: a press."""


class ChargesForm(PortalForm):
    """Making the file of what clients are to be charged."""

    until = f.DateField(
        "Until the week of",
        [f.Required("Enter a day of the last week to be charged")],
        called="last week",
        description="Any day of the last week to be charged, such as 5/10/2026",
    )
