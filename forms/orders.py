"""The filters of purchase orders, and the press that issues them."""

from __future__ import annotations

from wtforms import HiddenField

from forms import fields as f
from forms.base import FilterForm, PortalForm
from forms.records import Most

STATES = [
    ("", "All"),
    ("to issue", "To issue: new or changed"),
    ("Not issued", "Not issued"),
    ("Changed", "Changed since issued"),
    ("Issued", "Issued"),
]


BESIDE = "Providers see it beside the version. For example, Rate raised from 1 April"


class _Years(FilterForm):
    """A list of one financial year; one that is not among the years is the present one."""

    year = f.SelectField("Financial Year")

    def settle(self, years: list[str], this_year: str) -> None:
        """Offer these years, and read the filter; whatever is not offered is not set."""
        self.year.choices = [(one, one) for one in years]
        if self.year.data not in years:
            self.year.data = this_year
        self.validate()
        for field in self.visible():
            if field.errors:
                field.errors, field.data = [], ""


class OrdersFilter(_Years):
    """Financial year, service and client (S-01)."""

    service = f.SelectField("Service")
    client = f.SelectField("Client")

    def __init__(self, years: list[str], this_year: str, services: list, clients: list):
        super().__init__()
        self.service.choices = [("", "All Services"), *services]
        self.client.choices = [("", "All Clients"), *clients]
        self.settle(years, this_year)


class OfficersOrdersFilter(_Years):
    """Financial year, organisation, state, and words of the client or contract."""

    organisation = f.SelectField("Organisation")
    state = f.SelectField("State", choices=STATES)
    q = f.SearchField("Client, SSRef or contract")

    def __init__(self, years: list[str], this_year: str, organisations: list):
        super().__init__()
        self.organisation.choices = [("", "All organisations"), *organisations]
        self.settle(years, this_year)


class IssueForm(PortalForm):
    """Issuing orders for the first time: the lines that were shown, and a word on them."""

    reason = f.TextField("Why", [Most(500)], description=BESIDE)
    shown = HiddenField()


class IssueAgainForm(IssueForm):
    """Issuing orders again, which says why."""

    reason = f.TextField("Why", [f.Required("Enter why it is issued again"), Most(500)], description=BESIDE)
