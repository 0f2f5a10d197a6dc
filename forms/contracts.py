"""The forms of contracts, payment cycles and periods, and the filter of the list."""

from forms import fields as f
from forms.base import FilterForm, PortalForm
from forms.records import Hidden, RecordForm, text
from forms.services import number


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
    dates = f.TextAreaField(
        "Dates",
        description="One period a line: first day, last day, cut-off date if there is one. 1/4/2027 30/4/2027 3/5/2027",
    )
    as_shown = Hidden()


class CutOffForm(PortalForm):
    as_shown = Hidden()
