"""The forms of services and service levels and the filters of their lists."""

from forms import fields as f
from forms.base import FilterForm
from forms.records import ADDRESS, RecordForm, text

PAID_ON = [
    ("actuals", "Actuals: what was delivered"),
    ("planned", "Planned: what the package says"),
    ("one-off", "One-off: once"),
]
ENTRY = [
    ("visits", "Visits: from the visits file"),
    ("weekly", "Weekly: one quantity a week"),
    ("daily", "Daily: a quantity and ticked days"),
    ("none", "None: no actuals"),
]
CLAIMABLE = [
    ("", "No"),
    ("hospital", "Yes, as a hospital incentive: worked out from the visits of a stay"),
    ("other", "Yes: the provider enters the amount"),
]


def number(value):
    """An id from a form, or None."""
    return int(value) if value not in (None, "", "None") and str(value).isdigit() else None


class ServiceFilter(FilterForm):
    q = f.SearchField("Name or reference")
    organisation = f.SelectField("Organisation", coerce=str)
    ended = f.CheckboxField("Include ended services")


class ServiceForm(RecordForm):
    ref = text("Service reference", f.Required(), description="As your finance system has it; files name it")
    name = text("Name", f.Required(), most=112)
    organisation = f.SelectField("Organisation", [f.Required()], coerce=number)
    service_type = text("Service type")
    address1 = text(ADDRESS["address1"])
    address2 = text(ADDRESS["address2"])
    address3 = text(ADDRESS["address3"])
    town = text(ADDRESS["town"])
    county = text(ADDRESS["county"])
    postcode = text(ADDRESS["postcode"])
    telephone = f.TelephoneField("Telephone")
    email = f.EmailField("E-mail")
    start_date = f.DateField("Start date")
    end_date = f.DateField("End date")


class LevelFilter(FilterForm):
    q = f.SearchField("Name or reference")
    visits = f.SelectField("Visits wanted", choices=[("", "All"), ("yes", "Wanted"), ("no", "Not wanted")])


class LevelForm(RecordForm):
    ref = text("Service level reference", f.Required(), description="As your finance system has it; files name it")
    name = text("Name", f.Required(), most=100)
    unit = text(
        "Unit",
        f.Required(),
        description="Such as Hours, Sessions, Nights or Placement. A level entered by visits is measured in Hours",
    )
    paid_on = f.RadioField("Paid on", [f.Required("Choose what is paid")], choices=PAID_ON)
    entry = f.RadioField("How actuals are entered", [f.Required("Choose how actuals are entered")], choices=ENTRY)
    intermittent = f.CheckboxField(
        "Intermittent", description="Taken when needed out of a yearly allocation; its packages are Yearly"
    )
    visits_wanted = f.CheckboxField(
        "Visits wanted", description="The visits file may contain it. Only a level entered by visits"
    )
    frustrated_allowed = f.CheckboxField("Frustrated may be entered", description="Client not there, paid all the same")
    claimable = f.RadioField(
        "May be claimed once, outside packages", choices=CLAIMABLE, default="", description="See One-off claims"
    )
    service_group_class = text("Service group class", description="The accounting group that reports show")
