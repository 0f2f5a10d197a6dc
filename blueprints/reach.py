"""The third lock: which organisation, services and contracts a person may see, worked out once per request or job."""

from __future__ import annotations

from peewee import SQL

from models import Contract, Package, User

EVERYTHING = SQL("1 = 1")
NOTHING = SQL("1 = 0")


class Reach:
    """What a person may see. Each method gives the condition for a query over rows of that kind.

    An officer reaches every organisation. A provider's person reaches the whole organisation; where it has limited
    accessibility, what the person's roles reach, and no role reaches nothing (rule 11.1).
    """

    def __init__(self, organisation_id: int | None, everything: bool = False, limited: bool = False):
        self.organisation_id = organisation_id
        self.everything = everything
        self.limited = limited

    @classmethod
    def of(cls, user: User) -> Reach:
        """The reach of a signed-in person."""
        if user.is_officer:
            return cls(None, everything=True)
        return cls(user.organisation_id, limited=user.organisation.limited_accessibility)

    @classmethod
    def of_organisation(cls, organisation_id: int) -> Reach:
        """The reach of a job or command that works for one organisation."""
        return cls(organisation_id)

    @classmethod
    def whole(cls) -> Reach:
        """The reach of the authority."""
        return cls(None, everything=True)

    @property
    def shape(self) -> tuple[bool, bool]:
        """What the conditions look like, whichever organisation it is: for statements that are kept."""
        return self.everything, self.limited

    @classmethod
    def of_shape(cls, shape: tuple[bool, bool], organisation) -> Reach:
        """The reach of a kept statement, with a blank where the organisation goes."""
        return cls(organisation, *shape)

    def organisations(self, column, nothing_too: bool = False):
        """Rows whose organisation column is within reach; `nothing_too` admits officers to rows without one."""
        if self.everything:
            return EVERYTHING if nothing_too else column.is_null(False)
        return NOTHING if self.limited else column == self.organisation_id

    def contacts(self, contact):
        """Contacts of the organisation within reach; officers also see the authority's own."""
        return self.organisations(contact.organisation, nothing_too=True)

    def services(self, service_column, organisation_column):
        """Rows of a service within reach."""
        return self.organisations(organisation_column)

    def contracts(self, contract_column, organisation_column):
        """Rows of a contract within reach."""
        return self.organisations(organisation_column)

    def clients(self, client_column):
        """Clients who have or had a package within reach."""
        if self.everything:
            return EVERYTHING
        if self.limited:
            return NOTHING
        return client_column.in_(Package.select(Package.client).where(Package.organisation == self.organisation_id))

    def visits(self, visit):
        """Visits of the organisation within reach."""
        return self.organisations(visit.organisation)


def contract_within(reach: Reach, contract_id: int) -> Contract | None:
    """The contract, if it is within reach."""
    return Contract.visible_to(reach).where(Contract.id == contract_id).get_or_none()
