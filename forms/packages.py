"""The forms of packages, their rates and timetables, and the filter of the list."""

from __future__ import annotations

from flask import g, request

from blueprints import values
from blueprints.packages.plan import Slot
from blueprints.packages.rules import WEEKDAYS, check_rates, check_slots
from forms import fields as f
from forms.base import FilterForm
from forms.records import Hidden, RecordForm, text
from forms.services import number

WHEN = [
    ("", "Current and to come"),
    ("current", "Current"),
    ("historical", "Historical"),
    ("to-come", "To come"),
    ("all", "All"),
]
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class PackageFilter(FilterForm):
    q = f.SearchField("Client, SSRef, CPLI id or reference")
    organisation = f.SelectField("Organisation", coerce=str)
    service = f.SelectField("Service", coerce=str)
    level = f.SelectField("Service level", coerce=str)
    contract = f.SelectField("Contract", coerce=str)
    when = f.SelectField("Dates", choices=WHEN)
    authorised = f.SelectField("Authorised", choices=[("", "All"), ("yes", "Authorised"), ("no", "Not authorised")])


class PackageForm(RecordForm):
    """All fields of the packages file."""

    cpli_id = f.WholeField(
        "CPLI id",
        [f.Required()],
        called="CPLI id",
        least=1,
        most=2**53,
        description="A whole number; files and providers name the package by it",
    )
    client = text("Client’s SSRef", f.Required(), description="The authority's number for the client")
    service = f.SelectField("Service", [f.Required()], coerce=number)
    level = f.SelectField("Service level", [f.Required()], coerce=number)
    contract = f.SelectField("Contract", [f.Required()], coerce=number)
    start_date = f.DateField("Start date", [f.Required()])
    end_date = f.DateField("End date", description="The last day; leave empty while it goes on")
    quantity = f.QuantityField(
        "Quantity",
        [f.Required()],
        least=0,
        description="In the service level's unit, each time. With a timetable, its hours count instead",
    )
    frequency = text("Frequency", f.Required(), description="Weekly, 2-Weekly, 4-Weekly and so on, One-off or Yearly")
    unit_cost = f.RateField(
        "Unit cost",
        [f.Required()],
        least=0,
        description="In pounds with up to four decimals. Later rates are added on the package's page",
    )
    authorised = f.CheckboxField("Authorised", description="Only an authorised package is matched, planned and paid")
    care_package_ref = text("Care package reference")
    discount = f.PercentField("Discount")
    contribution = f.MoneyField("Client contribution a week", least=0)
    pricing_basis = text("Pricing basis", description="The word in brackets after the price; Spot where empty")
    cost_centre = text("Cost centre")
    subjective = text("Subjective")

    def facts(self) -> dict:
        """The client is named by SSRef, which the route turns into the row."""
        found = super().facts()
        found["pricing_basis"] = found["pricing_basis"] or "Spot"
        return found


class EndForm(RecordForm):
    end_date = f.DateField("Last day", [f.Required("Enter the last day of the package")])


class NothingForm(RecordForm):
    """A press of a button that may need confirming."""


class SuccessorForm(PackageForm):
    """A package that follows another from a date on."""


class RowsForm(RecordForm):
    """Rows of one kind that are typed into a table; `rows` are as typed, `problems_at` says what is wrong in each."""

    WHAT = "rows"
    LABEL = "Rows"
    places: dict[str, str] = {}  # the box of each message
    as_shown = Hidden()

    def names(self) -> list[str]:
        """The one thing that the form changes."""
        return [self.WHAT]

    def remember(self, facts) -> None:
        """Note what is shown."""
        from blueprints import records

        self.as_shown.data = records.as_shown({self.WHAT: facts[self.WHAT]})

    def overtaken(self, model, now) -> bool:
        """Whether somebody else has changed the rows since the form was opened; both are then shown."""
        from blueprints import records

        moved = records.changed_meanwhile(self.as_shown.data, {self.WHAT: now[self.WHAT]})
        mine = self.facts()[self.WHAT]
        self.clashes = []
        if moved and mine != now[self.WHAT]:
            self.clashes = [(self.LABEL, self.words(now[self.WHAT]) or "none", self.words(mine) or "none")]
            self.form_errors.append("Somebody else has changed this while you had it open. Nothing is saved yet")
        self.remember(now)
        return bool(self.clashes)

    def words(self, rows) -> str:
        """Rows in words."""
        raise NotImplementedError

    def refuse(self, at: int, name: str, message: str) -> None:
        """Note what is wrong in a row, at its field."""
        self.wrong.setdefault((at, name), message)
        words = f"Row {at + 1}: {message[0].lower()}{message[1:]}"
        self.form_errors.append(words)
        self.places[words] = f"{name}-{at}"

    def problems(self):
        """As for every form; what is wrong in a row links to its box."""
        for target, message in super().problems():
            yield target or self.places.get(message), message


class RatesForm(RowsForm):
    """The further rates of a package; a row that is emptied is taken away."""

    WHAT = "rates"
    LABEL = "Rates"

    def read(self) -> None:
        """Read the rows as typed."""
        self.typed, self.wrong, self.places, self.rates = [], {}, {}, []
        for since, cost in zip(request.form.getlist("from_date"), request.form.getlist("unit_cost"), strict=False):
            since, cost = since.strip(), cost.strip().lstrip("£")
            if not since and not cost:
                continue
            at = len(self.typed)
            self.typed.append((since, cost))
            found: list = [None, None]
            for place, (name, word, reader) in enumerate(
                (("from_date", since, values.typed_date), ("unit_cost", cost, values.rate))
            ):
                try:
                    found[place] = reader(word) if word else None
                except values.Expected as error:
                    self.refuse(at, name, f"Enter {error}")
            self.rates.append(tuple(found))
        for at, fault in check_rates(self.rates):
            if (at, fault.field) not in self.wrong:
                self.refuse(at, fault.field, fault.message)

    def facts(self) -> dict:
        return {"rates": [[since.isoformat(), cost] for since, cost in sorted(self.rates) if since]}

    def words(self, rows) -> str:
        return "; ".join(f"{values.show_rate(c)} from {values.show_date(values.authority_date(s))}" for s, c in rows)


class TimetableForm(RowsForm):
    """The planned visits of a package's week; a row that is emptied is taken away."""

    WHAT = "timetable"
    LABEL = "Timetable"

    def read(self) -> None:
        """Read the rows as typed."""
        self.typed, self.wrong, self.places, self.slots = [], {}, {}, []
        columns = [request.form.getlist(name) for name in ("weekday", "entry", "exit", "carers")]
        for weekday, entry, leave, carers in zip(*columns, strict=False):
            row = [word.strip() for word in (weekday, entry, leave, carers)]
            if not row[1] and not row[2]:
                continue
            at = len(self.typed)
            self.typed.append(tuple(row))
            found: list = [int(row[0]) if row[0] in "0123456" and row[0] else None, None, None, 1]
            for place, (name, reader) in enumerate(
                (("entry", values.time_of_day), ("exit", values.time_of_day), ("carers", values.whole_number)), 1
            ):
                try:
                    found[place] = reader(row[place]) if row[place] else (1 if name == "carers" else None)
                except values.Expected as error:
                    self.refuse(at, name, f"Enter {error}")
            self.slots.append(Slot(*found))
        for at, fault in check_slots(self.slots):
            if (at, fault.field) not in self.wrong:
                self.refuse(at, fault.field, fault.message)

    def facts(self) -> dict:
        complete = [s for s in self.slots if None not in s]
        return {"timetable": [list(s) for s in sorted(complete)]}

    def words(self, rows) -> str:
        return "; ".join(
            f"{WEEKDAYS[d]} {values.show_time(e)} to {values.show_time(x)}" + (f", {c} carers" if c > 1 else "")
            for d, e, x, c in rows
        )


class PackagesFilter(FilterForm):
    """Service, client, level and which lines beside the authorised ones that have not ended (K-05)."""

    service = f.SelectField("Service")
    client = f.SelectField("Client")
    level = f.SelectField("Service Level")
    historical = f.CheckboxField("Include Historical")
    unauthorised = f.CheckboxField("Include Unauthorised")

    def __init__(self, services: list, clients: list, levels: list):
        super().__init__()
        self.service.choices = [("", "All Services"), *services]
        self.client.choices = [("", "All Clients"), *clients]
        self.level.choices = [("", "All Service Levels"), *levels]
        if "filtered" not in request.args and "unauthorised" not in request.args:
            self.unauthorised.data = bool(g.settings.include_unauthorised)
