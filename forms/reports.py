"""The parameters of reports: filters with an address, one form for each report (U-01)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import request

from blueprints.actuals import report as actuals
from blueprints.packages import listing as packages
from blueprints.payments import report as payments
from blueprints.reach import Reach
from blueprints.remittances import report as remittances
from blueprints.values import show_date
from blueprints.weeks import monday, today
from forms import fields as f
from forms.base import FilterForm
from models import Client, ItemState, Organisation


class ReportForm(FilterForm):
    """What a report asks for. A provider's organisation is their own; an officer ticks some, or none for all."""

    keeps = ()
    needs = True  # something must be chosen before there is anything to show (U-02)
    last_ones = ("differences", "without", "summary")

    organisation = f.SelectField("Organisation")

    def __init__(self, reach: Reach, most_years: int):
        super().__init__()
        self.reach, self.most_years = reach, most_years
        own = Organisation.select(Organisation.id, Organisation.name).order_by(Organisation.name)
        # A person with limited reach works for the organisation too.
        names = own if reach.everything else own.where(Organisation.id == reach.organisation_id)
        self.organisation.choices = [(str(ident), name) for ident, name in names.tuples()]
        self.choose()
        if not self.is_asked:
            self.suggest()

    def suggest(self) -> None:
        """What most people want stands there before anything is asked for: the last four full weeks."""
        if "first" in self:
            this = monday(today())
            self.first.data, self.last.data = this - dt.timedelta(28), this - dt.timedelta(1)

    @property
    def nothing(self) -> str:
        """Why there is nothing to show, whatever is asked for; empty where there may be something."""
        return ""

    def visible(self) -> list:
        """Those to tick stand last."""
        return sorted(super().visible(), key=lambda field: field.name in self.last_ones)

    def choose(self) -> None:
        """Fill the drop-downs with what is within reach."""

    @property
    def is_asked(self) -> bool:
        """View or Download Data was pressed, or the address says what is wanted."""
        if self.nothing:
            return False
        return not self.needs or any(field.name in request.args for field in self) or "format" in request.args

    def validate(self, *args, **kwargs) -> bool:
        """Dates in order and not too far apart."""
        fine = super().validate(*args, **kwargs)
        if fine and "first" in self:
            first, last = self.first.data, self.last.data
            if last < first:
                self.last.errors = [f"Enter a last date on or after {show_date(first)}, the first one"]
            elif not dt.date(1900, 1, 1) <= first <= last <= dt.date(2200, 1, 1):
                self.last.errors = ["Enter dates between 1900 and 2200"]
            elif last > years_after(first, self.most_years):
                years = f"{self.most_years} year{'' if self.most_years == 1 else 's'}"
                self.last.errors = [f"Enter dates at most {years} apart"]
            fine = not self.last.errors
        return fine

    def organisations(self) -> tuple[int, ...]:
        """The ids that were ticked; none is everything within reach."""
        return ()

    def wanted(self) -> Any:
        """The report's own parameters."""
        raise NotImplementedError

    def told(self) -> list[list[str]]:
        """Every parameter in words, as every edition says them."""
        return [[field.label.text, self.words_of(field)] for field in self.visible()]

    def words_of(self, field: Any) -> str:
        """What a field says; what is not chosen says what that means."""
        if field.name == "organisation" and not field.data:
            return ", ".join(name for _, name in field.choices)
        if field.type == "CheckboxField":
            return "Yes" if field.data else "No"
        if field.type == "DateField":
            return show_date(field.data)
        if field.type == "SelectField":
            return dict(field.choices).get(field.data or "", "").strip("[]")
        return str(field.data or "All")


class ForOfficers:
    """Over all providers, or those that are ticked."""

    organisation = f.CheckboxesField("Organisation")

    def organisations(self) -> tuple[int, ...]:
        """The ids that were ticked."""
        return tuple(int(ident) for ident in self.organisation.data or ())

    def words_of(self, field: Any) -> str:
        """The names that were ticked."""
        if field.name != "organisation":
            return super().words_of(field)
        names = dict(field.choices)
        return ", ".join(names[ident] for ident in field.data or ()) or "All Organisations"


def years_after(day: dt.date, years: int) -> dt.date:
    """The same day some years later; of 29 February the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def dates(first: str = "Date From", last: str = "Date To") -> tuple[f.DateField, f.DateField]:
    """The two dates of a report, mandatory."""
    return (
        f.DateField(first, [f.Required("Enter the first date")], called="first date", description=""),
        f.DateField(last, [f.Required("Enter the last date")], called="last date", description=""),
    )


class CommissionedForm(ReportForm):
    """Commissioned v Actuals (U-09)."""

    group_class = f.SelectField("Service Group Class")
    client = f.SelectField("Client")
    first, last = dates()
    differences = f.CheckboxField("Differences Only")
    without = f.CheckboxField("Include Weeks Without Actuals")

    def choose(self) -> None:
        """The classes and clients of the packages within reach."""
        classes = actuals.group_classes(self.reach)
        self.group_class.choices = [("", "[All Service Group Classes]"), *((name, name) for name in classes)]
        if "client" in self and not self.reach.everything:
            self.client.choices = [("", "[All Clients]"), *packages.options(self.reach)[1]]

    def client_id(self) -> int | None:
        """The chosen client."""
        return int(self.client.data) if self.client.data else None

    def wanted(self) -> actuals.Wanted:
        """As the report takes them."""
        return actuals.Wanted(
            self.first.data, self.last.data, self.organisations(), self.group_class.data or "", self.client_id(),
            bool(self.differences.data), bool(self.without.data),
        )  # fmt: skip


class BySSRef(ForOfficers):
    """A client is named by SSRef, since there are too many for a list."""

    client = f.TextField("Client (SSRef)")

    def validate(self, *args, **kwargs) -> bool:
        """The SSRef is somebody's."""
        fine = super().validate(*args, **kwargs)
        if self.client.data and self.client_id() is None:
            self.client.errors = ["Enter the SSRef of a client that the portal has"]
            return False
        return fine

    def client_id(self) -> int | None:
        """The client of the SSRef."""
        found = (
            Client.visible_to(self.reach).where(Client.ssref == self.client.data).first() if self.client.data else None
        )
        return found.id if found else None


class OfficersCommissionedForm(BySSRef, CommissionedForm):
    """The same over all or some providers."""


class PlannedForm(BySSRef, ReportForm):
    """Planned v Commissioned (K-18), for officers."""

    first, last = dates()
    differences = f.CheckboxField("Differences Only")

    def wanted(self) -> actuals.PlannedWanted:
        """As the report takes them."""
        return actuals.PlannedWanted(
            self.first.data, self.last.data, self.organisations(), self.client_id(), bool(self.differences.data)
        )


class ExceptionsForm(ReportForm):
    """Pending Payments Exceptions (U-12): it has nothing that must be chosen, so it shows at once (U-02)."""

    needs = False

    def wanted(self) -> payments.ExceptionsWanted:
        """As the report takes them."""
        return payments.ExceptionsWanted(self.organisations())


class OfficersExceptionsForm(ForOfficers, ExceptionsForm):
    """Over all or some providers."""


class PendingForm(ReportForm):
    """Pending Scheduled Payments (U-13)."""

    status = f.SelectField("Status", choices=[("", "[All Statuses]"), *((str(s), str(s)) for s in ItemState)])
    first, last = dates()

    def wanted(self) -> payments.PendingWanted:
        """As the report takes them."""
        return payments.PendingWanted(self.first.data, self.last.data, self.organisations(), self.status.data or "")


class OfficersPendingForm(ForOfficers, PendingForm):
    """Over all or some providers."""


class AdviceForm(ReportForm):
    """Remittance Advice Provider Payments (U-06, U-14)."""

    contract = f.SelectField("Contract")
    method = f.SelectField("Payment Method")
    period = f.SelectField(
        "Period", [f.Required("Choose the period")], description="* finalised for some of its contracts only"
    )
    summary = f.CheckboxField("Summary")

    def choose(self) -> None:
        """The contracts, methods and finalised periods within reach."""
        self.contract.choices = [("", "[All Contracts]"), *remittances.contracts(self.reach)]
        self.method.choices = [
            ("", "[All Payment Methods]"),
            *((name, name) for name in remittances.methods(self.reach)),
        ]
        self.period.choices = remittances.periods(self.reach) or [("", "No period is finalised yet")]

    @property
    def nothing(self) -> str:
        """Without a finalised period there is nothing to choose, and nothing wrong with what is asked."""
        return "" if self.period.choices[0][0] else "No period is finalised yet, so there is no remittance to show."

    def suggest(self) -> None:
        """The newest period."""
        self.period.data = self.period.choices[0][0]

    def wanted(self) -> remittances.AdviceWanted:
        """As the report takes them."""
        return remittances.AdviceWanted(
            int(self.period.data), int(self.contract.data) if self.contract.data else None, self.method.data or "",
            self.organisations(), bool(self.summary.data),
        )  # fmt: skip


class OfficersAdviceForm(ForOfficers, AdviceForm):
    """Over all or some providers."""


class FinalisationsForm(ReportForm):
    """Remittance Advice by Finalisation."""

    contract = f.SelectField("Contract")
    method = f.SelectField("Payment Method")
    first, last = dates("Finalised From", "Finalised To")
    summary = f.CheckboxField("Summary")

    def choose(self) -> None:
        """The contracts and methods within reach."""
        self.contract.choices = [("", "[All Contracts]"), *remittances.contracts(self.reach)]
        self.method.choices = [
            ("", "[All Payment Methods]"),
            *((name, name) for name in remittances.methods(self.reach)),
        ]

    def wanted(self) -> remittances.FinalisedWanted:
        """As the report takes them."""
        return remittances.FinalisedWanted(
            self.first.data, self.last.data, int(self.contract.data) if self.contract.data else None,
            self.method.data or "", self.organisations(), bool(self.summary.data),
        )  # fmt: skip


class OfficersFinalisationsForm(ForOfficers, FinalisationsForm):
    """Over all or some providers."""


FORMS: dict[str, dict[str, type[ReportForm]]] = {
    "commissioned-v-actuals": {"provider": CommissionedForm, "authority": OfficersCommissionedForm},
    "pending-payments-exceptions": {"provider": ExceptionsForm, "authority": OfficersExceptionsForm},
    "pending-scheduled-payments": {"provider": PendingForm, "authority": OfficersPendingForm},
    "remittance-advice": {"provider": AdviceForm, "authority": OfficersAdviceForm},
    "remittance-advice-by-finalisation": {"provider": FinalisationsForm, "authority": OfficersFinalisationsForm},
    "planned-v-commissioned": {"authority": PlannedForm},
}
