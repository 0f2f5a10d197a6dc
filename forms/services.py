"""The forms of services and service levels and the filters of their lists."""

from forms import fields as f
from forms.base import FilterForm, PortalForm
from forms.records import ADDRESS, Digits, Email, Postcode, RecordForm, Telephone, text
from forms.requests import RequestForm
from models import AvailabilityMode, Confidentiality

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
    country = text("Country", kind=f.ShortField)
    uprn = text("UPRN", Digits(12), most=12, kind=f.CodeField, description="Unique property reference number")
    usrn = text("USRN", Digits(8), most=8, kind=f.CodeField, description="Unique street reference number")
    telephone = f.TelephoneField("Telephone")
    fax = f.TelephoneField("Fax")
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


class ServiceChangeForm(RequestForm):
    """A service's details, as a provider asks to change them (D-05)."""

    name = text("Name", f.Required(), most=112)
    address1 = text("Address 1")
    address2 = text("Address 2")
    address3 = text("Address 3")
    town = text("Town", kind=f.ShortField)
    county = text("County", kind=f.ShortField)
    postcode = text("Postcode", Postcode(), most=20, kind=f.CodeField)
    country = text("Country", kind=f.ShortField)
    uprn = text("UPRN", Digits(12), most=12, kind=f.CodeField, description="Unique property reference number")
    usrn = text("USRN", Digits(8), most=8, kind=f.CodeField, description="Unique street reference number")
    telephone = f.TelephoneField("Telephone", [Telephone()])
    fax = f.TelephoneField("Fax", [Telephone()])
    email = f.EmailField("Email", [Email()])


class DetailsFields:
    """What a service says of itself (D-15), in the order of the guide; a base for forms of both sides."""

    public_name = text(
        "Public Service Name", most=112, description="Shown in public searches; else the service's ID is"
    )
    description = f.CountedTextField("Description", most=4000)
    religions = f.LinesField("Supported Religions", choices=[])
    leasehold_units = f.PlacesField("Leasehold Units Funded")
    tenure_types = f.LinesField("Tenure Type", choices=[])
    languages = f.LinesField("Supported Languages", choices=[])
    location = text("Location")
    emergency_referrals = f.CheckboxField("Accepts emergency referrals?")
    interpreter = f.CheckboxField("Access to interpreter?")
    waiting_list = f.CheckboxField("Waiting list in operation?")
    visual_impairment = f.CheckboxField("Support for visual impairment?")
    hearing_impairment = f.CheckboxField("Support for hearing impairment?")

    def fit_lists(self, settings) -> None:
        """The authority's lists."""
        self.religions.choose_from(settings.religions)
        self.languages.choose_from(settings.languages)
        if "tenure_types" in self:
            self.tenure_types.choose_from(settings.tenure_types)


class ServiceDetailsForm(DetailsFields, RequestForm):
    """The details, as a provider asks to change them."""

    def fit(self, row, reach, settings) -> None:
        """The authority's lists; tenure only where it is not accommodation based (D-16)."""
        from blueprints.availability import rules

        if rules.of(row).accommodation_based:
            del self.tenure_types
        self.fit_lists(settings)


class PublicForm(DetailsFields, RecordForm):
    """The details and what the public sees, as an officer edits them (D-24)."""

    accommodation_based = f.CheckboxField("Accommodation based", description="It then has no tenure types")
    confidentiality = f.RadioField("In the public directory", choices=[(str(c), str(c)) for c in Confidentiality])
    availability_mode = f.RadioField(
        "Availability shown to the public", choices=[(str(m), str(m)) for m in AvailabilityMode]
    )


class PlacesForm(PortalForm):
    """Available places, saved at once (D-14)."""

    places = f.PlacesField("Available Places")


class OfferForm(PortalForm):
    """A level that a service offers (D-22)."""

    level = f.SelectField("Service level", [f.Required()])
    contract_text = text(
        "Contract",
        description="Such as: Subsidy payment of £136.01 per Unit per client per week. Empty is: Not contracted",
    )
    contracted = f.UnitsField("Contracted units")


class ServicesFilter(FilterForm):
    """A provider's services (D-04, D-07)."""

    q = f.SearchField("Name")
    historical = f.CheckboxField("Include Historical")
