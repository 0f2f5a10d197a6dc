"""The forms of properties, of both sides."""

from __future__ import annotations

from blueprints.properties.rules import DISTANCES, FACILITIES
from forms import fields as f
from forms.records import Postcode, RecordForm, text
from forms.requests import RequestForm
from models import Service


def facilities() -> dict:
    """The tick boxes and distances of D-10."""
    made: dict = {name: f.CheckboxField(label) for name, label in FACILITIES.items()}
    return made | {name: f.KmField(label) for name, label in DISTANCES.items()}


# A property, as a provider asks to change it: name and address stay.
PropertyChangeForm = type("PropertyChangeForm", (RequestForm,), facilities())


class PropertyPlace(RecordForm):
    """Name and address, which officers keep."""

    name = text("Name", f.Required(), most=112)
    address1 = text("Address 1")
    address2 = text("Address 2")
    address3 = text("Address 3")
    town = text("Town", kind=f.ShortField)
    county = text("County", kind=f.ShortField)
    postcode = text("Postcode", Postcode(), most=20, kind=f.CodeField)
    is_current = f.CheckboxField("In use", default=True)
    in_services = f.CheckboxesField("Services given there", choices=[])

    def fit(self, organisation: int) -> None:
        """The organisation's services."""
        rows = Service.select().where(Service.organisation == organisation).order_by(Service.name)
        self.in_services.choices = [(str(row.id), row.name) for row in rows]


PropertyForm = type("PropertyForm", (PropertyPlace,), facilities())
