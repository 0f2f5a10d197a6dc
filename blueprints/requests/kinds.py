"""What a kind of change request declares: its fields, its form, how it is shown and how it is applied (rule 9.1).

A later area adds its kinds in a file `kinds.py` of its own:

    @kind
    class ClientChange(Kind):
        name, title, model = "client", "Update Client", Client
        fields = (Field("surname", "Surname"), …)
        form = "forms.clients:ClientChangeForm"
        …

Nothing else needs to know of it: the provider's form, the pages of both sides, the queue, conflicts, letting through at
once and the protection against files (rule 9.2) work from what is declared here.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

from blueprints import values
from blueprints.permissions import Can
from models import ChangeRequest, Table


class Field(NamedTuple):
    """A field of a kind. `shows` says how its values are kept: text, lines, yes-no, whole, km."""

    name: str
    label: str
    shows: str = "text"


class About(NamedTuple):
    """What a request is about: what it is called, whose it is, and the parts by which reach judges it."""

    name: str
    organisation: int
    thing: int | None = None
    service: int | None = None
    contract: int | None = None
    contact: int | None = None


class Kind(ABC):
    """One kind of change request. A kind is declared once and holds nothing of a request."""

    name = ""  # in addresses and in the table
    title = ""  # its type, as lists show it (F-12)
    act = Can.ASK_CHANGES  # what the person who asks must be permitted
    area = ""  # the module that must be on
    model: type[Table] | None = None  # of the record that files of the authority may load too (rule 9.2)
    fields: tuple[Field, ...] = ()
    form = ""  # `module:Class`; its visible fields are the kind's, and more where the kind reads them
    button = "Send request"
    sent = "Your request has been sent."
    is_new = False  # the record is made by accepting
    is_removal = False  # warnings come before the form, and the button warns
    details = ""  # the kind whose fields describe the record below the form
    one_press = False  # sent from the record's page, without a form page of its own
    trail: tuple[tuple[str, str], ...] = ()  # the way to the record, as (words, endpoint without the door)

    is_known = True  # declared: not a kind of former requests

    # the record

    @abstractmethod
    def find(self, reach, ident: int):
        """The record within reach that a request may be made for, or None. Of a new one: what it belongs to."""

    @abstractmethod
    def get(self, request: ChangeRequest):
        """The record of a request as it is now, or None where it is gone."""

    def facts(self, row) -> dict[str, Any]:
        """The present values of the kind's fields; of a record that is still to be made, none."""
        return {field.name: getattr(row, field.name) for field in self.fields}

    @abstractmethod
    def about(self, row, asked: Mapping[str, Any]) -> About:
        """What a request is about."""

    def page(self, row) -> tuple[str, dict[str, Any]]:
        """The record's page at either door, as (endpoint without the door, values)."""
        return "requests.index", {}

    # asking

    def clean(self, row, asked: dict[str, Any]) -> dict[str, Any]:
        """The values asked for, without what does not apply to this record."""
        return asked

    def problems(self, row, asked: Mapping[str, Any]) -> list[str]:
        """Why this cannot be asked for, or applied as things are now."""
        return []

    def warnings(self, row, asked: Mapping[str, Any]) -> list[str]:
        """What both sides should know before it is sent or accepted."""
        return []

    # deciding

    def alternatives(self) -> dict[str, list[tuple[Any, str]]]:
        """Fields of which the authority may choose another value than the one asked for, as (value, words)."""
        return {}

    @abstractmethod
    def apply(self, request: ChangeRequest, row, applied: Mapping[str, Any], by) -> int | None:
        """Make the change; returns the record's id. Inside the transaction of the decision."""

    # showing

    def words(self, field: Field, value: Any) -> str | list[str]:
        """A value as a person reads it; several as a list."""
        if value is None or value == "" or value == []:
            return ""
        if field.shows == "lines":
            return [line for line in value.split("\n") if line] if isinstance(value, str) else list(value)
        if field.shows == "yes-no":
            return "Yes" if value else "No"
        if field.shows == "km":
            return f"{values.show_quantity(value, short=True)} km"
        return str(value)

    def field(self, name: str) -> Field:
        """A field by its name; one that a kind has no longer is shown by its name."""
        found = next((field for field in self.fields if field.name == name), None)
        return found or Field(name, name.replace("_", " ").capitalize())


NO_LONGER_KNOWN = "The portal no longer knows this kind of request. Reject it"


class Gone(Kind):
    """A kind that is no longer declared: its requests show what was kept of them, and can only be rejected."""

    is_known = False

    def __init__(self, name: str):
        self.name, self.title = name, name.replace("-", " ").capitalize()

    def find(self, reach, ident: int):
        """None: nothing more is asked for."""
        return None

    def get(self, request: ChangeRequest):
        """None: nobody knows what it was about."""
        return None

    def about(self, row, asked: Mapping[str, Any]) -> About:
        """Raises LookupError: there is nothing that it could be about."""
        raise LookupError(NO_LONGER_KNOWN)

    def apply(self, request: ChangeRequest, row, applied: Mapping[str, Any], by) -> int | None:
        """Raises ValueError: there is nothing to change."""
        raise ValueError(NO_LONGER_KNOWN)


KINDS: dict[str, Kind] = {}
OWN = ("of_organisations", "of_services", "of_contacts", "of_roles")


def kind(declared: type[Kind]) -> type[Kind]:
    """Register a kind."""
    KINDS[declared.name] = declared()
    return declared


@functools.cache
def load() -> None:
    """Import every file that declares kinds: this area's, and `kinds.py` of the others."""
    from blueprints.sides import AREAS

    for name in OWN:
        importlib.import_module(f"blueprints.requests.{name}")
    for area in AREAS:
        module = f"blueprints.{area}.kinds"
        if area != "requests" and importlib.util.find_spec(module):
            importlib.import_module(module)


def every() -> dict[str, Kind]:
    """All kinds by name, in the order of the areas."""
    load()
    return KINDS


def of(name: str) -> Kind:
    """The kind of a request; one that is no longer declared shows what was kept of it."""
    return every().get(name) or Gone(name)
