"""The forms of contracts, payment cycles and periods, and the filter of the list."""

import datetime as dt
import json

from flask import request

from blueprints import values
from forms import fields as f
from forms.base import FilterForm, PortalForm
from forms.records import Hidden, RecordForm, text
from forms.services import number

MOST_DAYS = 120  # from a period's last day to its dates: one further away is a slip of the finger


class ContractFilter(FilterForm):
    q = f.SearchField("Name or reference")
    organisation = f.SelectField("Organisation", coerce=str)
    cycle = f.SelectField("Payment cycle", coerce=str)
    kind = f.SelectField("Contract type", coerce=str)


class ContractForm(RecordForm):
    ref = text("Contract reference", f.Required(), description="As your finance system has it; files name it")
    name = text("Name", f.Required())
    organisation = f.SelectField("Organisation", [f.Required()], coerce=number)
    contract_type = text(
        "Contract type",
        f.Required(),
        description="Such as DAPL, LWAH, APL, HTLAH or Spot. Visit types may be for some types only",
    )
    cycle = f.SelectField("Payment cycle", [f.Required()], coerce=number)
    vat_rate = f.PercentField("VAT rate", description="Leave empty for none")
    payment_basis = f.RadioField(
        "Payment basis",
        [f.Required("Choose the payment basis")],
        choices=[
            ("portal", "Portal: what the portal works out is paid"),
            ("invoice", "Invoice: the provider's invoices are paid"),
        ],
    )
    payment_method = text("Payment method", description="Such as BACS")


class CycleForm(RecordForm):
    name = text("Name", f.Required(), description="Such as Four-weekly. Files of contracts and periods name it")


class ExtendForm(PortalForm):
    """The next periods of a cycle."""

    how = f.RadioField(
        "Periods",
        [f.Required("Choose the kind of periods")],
        choices=[("4", "Four-weekly"), ("2", "Two-weekly"), ("dates", "Dates that I list")],
    )
    start = f.DateField("First day", called="first day")
    until = f.DateField(
        "Until", called="last day", description="Whole periods that begin by this day are added; a year ahead is usual"
    )
    cut_off_days = f.WholeField(
        "Cut-off, days after the last day",
        least=-27,
        most=60,
        description="Providers upload visits by then to be paid in the period. Leave empty for no cut-off date",
    )
    finalise_on_days = f.WholeField("Finalising, days after the last day", least=-27, most=120)
    pay_on_days = f.WholeField("Payment, days after the last day", least=-27, most=120)
    dates = f.TextAreaField(
        "Dates",
        description="One period a line: first day, last day, then the cut-off, finalising and payment dates that there are. 1/4/2027 30/4/2027 3/5/2027 7/5/2027 12/5/2027",
    )
    as_shown = Hidden()


class DatesForm(PortalForm):
    """The days and dates of a cycle's periods, a row each; what is typed stays, and what is wrong is said at its box."""

    as_shown = Hidden()
    columns = {
        "start_date": "First day",
        "end_date": "Last day",
        "cut_off": "Cut-off date",
        "finalise_on": "Finalising date",
        "pay_on": "Payment date",
    }

    def offer(self, periods: list[dict]) -> None:
        """The periods that can be changed, as they are now."""
        self.periods = periods
        self.typed: dict[str, str] = {}
        self.wrong: dict[str, str] = {}
        self.places: dict[str, str] = {}

    def box(self, period: dict, name: str) -> str:
        """The name of a box."""
        return f"{name}_{period['id']}"

    def value(self, period: dict, name: str) -> str:
        """What a box shows: what was typed, else what is set."""
        return self.typed.get(self.box(period, name), values.show_date(period[name]))

    def read(self, stored: list[dict]) -> list[dict]:
        """All periods of the cycle with what was typed. Notes what cannot be read and what somebody else has changed."""
        before = self.shown_before()
        offered = {str(p["id"]) for p in self.periods}
        for gone in sorted(set(before) - offered):
            label = f"The period from {values.show_date(dt.date.fromisoformat(before[gone]['start_date']))}"
            self.form_errors.append(
                f"{label} was finalised or taken away while you had this page open, so it is left out"
            )
        wanted = []
        for period in stored:
            after = dict(period)
            if str(period["id"]) in offered:
                for name, label in self.columns.items():
                    self.read_box(period, name, label, after, before.get(str(period["id"]), {}))
            wanted.append(after)
        return wanted

    def read_box(self, period: dict, name: str, label: str, after: dict, before: dict) -> None:
        """Read one box into `after`; a box that was not sent leaves its value."""
        box = self.box(period, name)
        if box not in request.form:
            return
        text = self.typed[box] = request.form[box].strip()
        try:
            after[name] = values.typed_date(text) if text else None
        except values.Expected as error:
            self.refuse(period["id"], name, f"Enter {error}")
            return
        far = after[name] and period["end_date"] and abs((after[name] - period["end_date"]).days) > MOST_DAYS
        if far and name not in ("start_date", "end_date"):
            self.refuse(period["id"], name, f"Enter a {label.lower()} within {MOST_DAYS} days of the period's last day")
        now, mine = (d.isoformat() if d else None for d in (period[name], after[name]))
        if name in before and mine == before[name]:  # not touched: what a colleague has set meanwhile holds
            after[name] = period[name]
            del self.typed[box]
        elif name in before and before[name] != now and mine != now:
            self.refuse(
                period["id"], name, f"Somebody else has set {values.show_date(period[name]) or 'no date'} meanwhile"
            )

    def refuse(self, ident: int, name: str, message: str) -> None:
        """Note what is wrong with a period, at its box."""
        period = next((p for p in self.periods if p["id"] == ident), None)
        words = f"{values.show_date(period['start_date'])}: {message}" if period else message
        if period:
            self.wrong.setdefault(self.box(period, name), message)
            self.places[words] = self.box(period, name)
        self.form_errors.append(words)

    def remember(self) -> None:
        """Note what is shown."""
        self.as_shown.data = json.dumps(
            {str(p["id"]): {n: p[n].isoformat() if p[n] else None for n in self.columns} for p in self.periods}
        )

    def shown_before(self) -> dict[str, dict]:
        """What was set when the page was opened."""
        try:
            found = json.loads(self.as_shown.data or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) and all(isinstance(one, dict) for one in found.values()) else {}

    def problems(self):
        """As for every form; what is wrong with a period links to its box."""
        for target, message in super().problems():
            yield target or self.places.get(message), message
