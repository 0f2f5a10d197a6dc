"""The filter of scheduled payments."""

from __future__ import annotations

from forms import fields as f
from forms.base import FilterForm


class PaymentsFilter(FilterForm):
    """Financial year and contract (R-01)."""

    keeps = ()

    year = f.SelectField("Financial year")
    contract = f.SelectField("Contract")

    def __init__(self, years: list[str], contracts: list[tuple[str, str]], this_year: str):
        super().__init__()
        self.year.choices = [(one, one) for one in years]
        self.contract.choices = [("", "All Contracts"), *contracts]
        if self.year.data not in years:
            self.year.data = this_year
        if self.contract.data not in {value for value, _ in contracts}:
            self.contract.data = ""
