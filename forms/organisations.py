"""The form of an organisation and the filter of the list."""

from forms import fields as f
from forms.base import FilterForm
from forms.records import ADDRESS, Digits, Email, Postcode, RecordForm, Telephone, text
from forms.requests import RequestForm


class OrganisationFilter(FilterForm):
    q = f.SearchField("Name or reference")


class OrganisationForm(RecordForm):
    ref = text("Organisation reference", f.Required(), description="As your finance system has it; files name it")
    name = text("Name", f.Required(), most=112)
    address1 = text(ADDRESS["address1"])
    address2 = text(ADDRESS["address2"])
    address3 = text(ADDRESS["address3"])
    town = text(ADDRESS["town"])
    county = text(ADDRESS["county"])
    postcode = text(ADDRESS["postcode"])
    country = text("Country", kind=f.ShortField)
    uprn = text("UPRN", Digits(12), most=12, kind=f.CodeField, description="Unique property reference number")
    usrn = text("USRN", Digits(8), most=8, kind=f.CodeField, description="Unique street reference number")
    mobile = f.TelephoneField("Mobile")
    telephone = f.TelephoneField("Telephone")
    fax = f.TelephoneField("Fax")
    email = f.EmailField("E-mail")
    kinds = f.LinesField(
        "Kinds of provider", choices=[], description="What is switched off for each of them is absent for its people"
    )
    limited_accessibility = f.CheckboxField(
        "Limited accessibility",
        description="Its people then see and do only what their roles reach; a person without a role sees nothing",
    )
    enters_actuals = f.CheckboxField(
        "Enters its own actuals",
        default=True,
        description="Off: its people may look at actuals, and the authority enters them",
    )


class OrganisationChangeForm(RequestForm):
    """The organisation's details, as a provider asks to change them (D-01)."""

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
    mobile = f.TelephoneField("Mobile", [Telephone()])
    telephone = f.TelephoneField("Telephone", [Telephone()])
    fax = f.TelephoneField("Fax", [Telephone()])
    email = f.EmailField("Email", [Email()])
