"""The organisation's own details, as a kind of change request (D-01 to D-03)."""

from __future__ import annotations

from blueprints.organisations import rules as organisations
from blueprints.requests.kinds import About, Field, Kind, kind
from models import Organisation

PLACE = (
    Field("address1", "Address 1"),
    Field("address2", "Address 2"),
    Field("address3", "Address 3"),
    Field("town", "Town"),
    Field("county", "County"),
    Field("postcode", "Postcode"),
    Field("country", "Country"),
    Field("uprn", "UPRN"),
    Field("usrn", "USRN"),
)


@kind
class OrganisationChange(Kind):
    """`Update Organisation`."""

    name, title, area = "organisation", "Update Organisation", "organisations"
    model = Organisation
    fields = (
        Field("name", "Name"),
        *PLACE,
        Field("mobile", "Mobile"),
        Field("telephone", "Telephone"),
        Field("fax", "Fax"),
        Field("email", "Email"),
    )
    form = "forms.organisations:OrganisationChangeForm"

    def find(self, reach, ident):
        """The organisation within reach."""
        return Organisation.visible_to(reach).where(Organisation.id == ident).get_or_none()

    def get(self, request):
        """The organisation as it is now."""
        return Organisation.get_or_none(Organisation.id == request.thing)

    def page(self, row):
        """The organisation's details."""
        return "organisations.show", {}

    def about(self, row, asked):
        """The organisation."""
        return About(row.name, row.id, row.id)

    def apply(self, request, row, applied, by):
        """Change what was asked for, and nothing else (D-03)."""
        return organisations.save_organisation(applied, by, row).ident
