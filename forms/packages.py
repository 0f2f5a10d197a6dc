"""The filter of the list of care package line items."""

from __future__ import annotations

from flask import g, request

from forms.base import FilterForm
from forms.fields import CheckboxField, SelectField


class PackagesFilter(FilterForm):
    """Service, client, level and which lines beside the authorised ones that have not ended (K-05)."""

    service = SelectField("Service")
    client = SelectField("Client")
    level = SelectField("Service Level")
    historical = CheckboxField("Include Historical")
    unauthorised = CheckboxField("Include Unauthorised")

    def __init__(self, services: list, clients: list, levels: list):
        super().__init__()
        self.service.choices = [("", "All Services"), *services]
        self.client.choices = [("", "All Clients"), *clients]
        self.level.choices = [("", "All Service Levels"), *levels]
        if "filtered" not in request.args and "unauthorised" not in request.args:
            self.unauthorised.data = bool(g.settings.include_unauthorised)
