"""Services, their details and properties, as kinds of change request (D-05, D-10, D-15)."""

from __future__ import annotations

from blueprints.availability import rules as availability
from blueprints.properties import rules as properties
from blueprints.requests.kinds import About, Field, Kind, kind
from blueprints.requests.of_organisations import PLACE
from blueprints.services import rules as services
from models import Property, PropertyService, Service


@kind
class ServiceChange(Kind):
    """`Update Service`."""

    name, title, area = "service", "Update Service", "services"
    model = Service
    fields = (
        Field("name", "Name"),
        *PLACE,
        Field("telephone", "Telephone"),
        Field("fax", "Fax"),
        Field("email", "Email"),
    )
    form = "forms.services:ServiceChangeForm"
    trail = (("Services", "services.index"),)

    def find(self, reach, ident):
        """The service within reach."""
        return Service.visible_to(reach).where(Service.id == ident).get_or_none()

    def get(self, request):
        """The service as it is now."""
        return Service.get_or_none(Service.id == request.thing)

    def page(self, row):
        """The service's page."""
        return "services.show", {"service_id": row.id}

    def about(self, row, asked):
        """The service."""
        return About(row.name, row.organisation_id, row.id, service=row.id)

    def apply(self, request, row, applied, by):
        """Change what was asked for, and nothing else."""
        return services.save_service(applied, by, row).ident


@kind
class ServiceDetailsChange(ServiceChange):
    """`Update Service Details`: what the public page says, once approved (D-17)."""

    name, title = "service-details", "Update Service Details"
    model = None
    fields = (
        Field("public_name", "Public Service Name"),
        Field("description", "Description"),
        Field("religions", "Supported Religions", "lines"),
        Field("leasehold_units", "Leasehold Units Funded", "whole"),
        Field("tenure_types", "Tenure Type", "lines"),
        Field("languages", "Supported Languages", "lines"),
        Field("location", "Location"),
        Field("emergency_referrals", "Accepts emergency referrals?", "yes-no"),
        Field("interpreter", "Access to interpreter?", "yes-no"),
        Field("waiting_list", "Waiting list in operation?", "yes-no"),
        Field("visual_impairment", "Support for visual impairment?", "yes-no"),
        Field("hearing_impairment", "Support for hearing impairment?", "yes-no"),
    )
    form = "forms.services:ServiceDetailsForm"

    def page(self, row):
        """The tab of the details."""
        return "availability.show", {"service_id": row.id}

    def facts(self, row):
        """What is said of the service now."""
        return super().facts(availability.of(row))

    def clean(self, row, asked):
        """Tenure types are for services that are not accommodation based; else they are ignored (D-16)."""
        if availability.of(row).accommodation_based:
            asked.pop("tenure_types", None)
        return asked

    def apply(self, request, row, applied, by):
        """Change what was asked for, and nothing else."""
        availability.save(row, applied, by)
        return row.id


@kind
class PropertyChange(Kind):
    """`Update Property`: name and address stay (D-10)."""

    name, title, area = "property", "Update Property", "properties"
    fields = (
        *(Field(name, label, "yes-no") for name, label in properties.FACILITIES.items()),
        *(Field(name, label, "km") for name, label in properties.DISTANCES.items()),
    )
    form = "forms.properties:PropertyChangeForm"
    trail = (("Services", "services.index"),)
    button = "Save"

    def find(self, reach, ident):
        """The property within reach."""
        return Property.visible_to(reach).where((Property.id == ident) & Property.is_current).get_or_none()

    def get(self, request):
        """The property as it is now."""
        return Property.get_or_none((Property.id == request.thing) & Property.is_current)

    def page(self, row):
        """The property's page."""
        return "properties.show", {"property_id": row.id}

    def about(self, row, asked):
        """The property, and where it is in one service alone, that service."""
        found = [
            s
            for (s,) in PropertyService.select(PropertyService.service).where(PropertyService.property == row).tuples()
        ]
        return About(row.name, row.organisation_id, row.id, service=found[0] if len(found) == 1 else None)

    def apply(self, request, row, applied, by):
        """Change what was asked for, and nothing else."""
        return properties.save(applied, by, row).id
