"""The form of an organisation and the filter of the list."""

from forms import fields as f
from forms.base import FilterForm
from forms.records import ADDRESS, RecordForm, text


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
    telephone = f.TelephoneField("Telephone")
    email = f.EmailField("E-mail")
    limited_accessibility = f.CheckboxField(
        "Limited accessibility",
        description="Its people then see and do only what their roles reach; a person without a role sees nothing",
    )
    enters_actuals = f.CheckboxField(
        "Enters its own actuals",
        default=True,
        description="Off: its people may look at actuals, and the authority enters them",
    )
