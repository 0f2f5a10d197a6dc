"""The form of a client and the filter of the list."""

from forms import fields as f
from forms.base import FilterForm
from forms.records import ADDRESS, RecordForm, text


class ClientFilter(FilterForm):
    q = f.SearchField("Name, SSRef, ClientRef or NHS number")
    born = f.DateField("Date of birth", description="")
    organisation = f.SelectField("Organisation", coerce=str)


class ClientForm(RecordForm):
    ssref = text("SSRef", f.Required(), most=50, description="The authority's number for the client")
    client_ref = text("ClientRef", description="Made by the portal where empty")
    title = text("Title")
    surname = text("Surname", f.Required())
    forename = text("Forename", f.Required())
    date_of_birth = f.DateField("Date of birth")
    date_of_death = f.DateField(
        "Date of death", description="It warns officers. Only ending the packages stops payment"
    )
    gender = text("Gender")
    nhs_number = text("NHS number", most=20)
    ni_number = text("NI number")
    address1 = text(ADDRESS["address1"])
    address2 = text(ADDRESS["address2"])
    address3 = text(ADDRESS["address3"])
    town = text(ADDRESS["town"])
    county = text(ADDRESS["county"])
    postcode = text(ADDRESS["postcode"])
