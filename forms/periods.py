"""Forms of payment periods: which are listed, which lines, and the press that finalises."""

from __future__ import annotations

from wtforms import HiddenField

from forms.base import FilterForm, PortalForm
from forms.fields import SearchField, SelectField


class PeriodsFilter(FilterForm):
    """Which periods are listed."""

    year = SelectField("Financial year", choices=[])
    cycle = SelectField("Payment cycle", choices=[])


class LinesFilter(FilterForm):
    """Which lines of a contract's period are listed."""

    keeps = ("sort", "tab")

    kind = SelectField("Kind", choices=[])
    reason = SelectField("Reason", choices=[])
    client = SearchField("Client", description="SSRef or name")


class ContractsFilter(FilterForm):
    """Which contracts of a period are listed."""

    q = SearchField("Contract or provider")
    status = SelectField("Status", choices=[("", "All"), ("Current", "Current"), ("Finalised", "Finalised")])


class FinaliseForm(PortalForm):
    """Finalising, with the figures that were shown: what is not as shown is not finalised."""

    contract = HiddenField()
    lines = HiddenField()
    total = HiddenField()


class PressForm(PortalForm):
    """A single press."""


class CalendarFilter(FilterForm):
    """Which part of the payment calendar is listed."""

    show = SelectField("Show")
    cycle = SelectField("Payment cycle")

    def __init__(self, years: list[str], cycles: list[tuple[str, str]]):
        super().__init__()
        self.show.choices = [("ahead", "The year ahead"), *((y, y) for y in years)]
        self.cycle.choices = [("", "All"), *cycles]
        if self.show.data not in dict(self.show.choices):
            self.show.data = "ahead"
        if self.cycle.data not in dict(cycles):
            self.cycle.data = ""
        if len(cycles) < 2:
            del self.cycle
