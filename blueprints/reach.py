"""The third lock: which organisation, services and contracts a person may see, worked out once per request or job.

Every list, count, drop-down, report, export, file and search asks here; nothing else decides what is within reach.
"""

from __future__ import annotations

from peewee import SQL

from blueprints.prepared import blank
from models import Contact, Contract, Package, PropertyService, Role, RoleName, Scope, User

EVERYTHING = SQL("1 = 1")
NOTHING = SQL("1 = 0")
# Names of their own, so that a condition may stand in a query over the same tables.
Held, HeldName = Role.alias("held"), RoleName.alias("held_name")
Covered = Package.alias("covered")
Person, Within = Contact.alias("person"), Role.alias("within")


class Reach:
    """What a person may see. Each method gives the condition for a query over rows of that kind.

    An officer reaches every organisation. A provider's person reaches the whole organisation; where it has limited
    accessibility, what the person's roles reach, and no role reaches nothing (rule 11.1, guide 000 section 5.3).
    """

    def __init__(
        self,
        organisation_id: int | None,
        everything: bool = False,
        limited: bool = False,
        contact_id: int | None = None,
        user_id: int | None = None,
    ):
        self.organisation_id = organisation_id
        self.everything = everything
        self.limited = limited
        self.contact_id = contact_id
        self.user_id = user_id

    @classmethod
    def of(cls, user: User) -> Reach:
        """The reach of a signed-in person."""
        if user.is_officer:
            return cls(None, everything=True, contact_id=user.contact_id, user_id=user.id)
        found = cls(user.organisation_id, contact_id=user.contact_id or 0, user_id=user.id)
        found.limited = user.organisation.limited_accessibility and not found.holds_whole()
        return found

    @classmethod
    def of_organisation(cls, organisation_id: int) -> Reach:
        """The reach of a job or command that works for one organisation."""
        return cls(organisation_id)

    @classmethod
    def of_sender(cls, batch) -> Reach:
        """The reach of who sent a file; of a command or an officer, the organisation that it is loaded for."""
        user = batch.user if batch.user_id else None
        if user is not None and user.organisation_id == batch.organisation_id:
            return cls.of(user)
        return cls.of_organisation(batch.organisation_id)

    @classmethod
    def whole(cls) -> Reach:
        """The reach of the authority."""
        return cls(None, everything=True)

    # statements that are kept ----------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[bool, bool]:
        """What the conditions look like, whoever it is: for statements that are kept."""
        return self.everything, self.limited

    @classmethod
    def of_shape(cls, shape: tuple[bool, bool]) -> Reach:
        """The reach of a kept statement, with blanks where whose it is goes."""
        return cls(blank("organisation"), *shape, contact_id=blank("contact"), user_id=blank("user"))

    @property
    def values(self) -> dict[str, int | None]:
        """What goes into the blanks of `of_shape`."""
        return {"organisation": self.organisation_id, "contact": self.contact_id, "user": self.user_id}

    # what the roles say ----------------------------------------------------------------------------------------------

    def _roles(self, column):
        """The values of a column of the roles that the person holds at the organisation and that reach something."""
        return (
            Held.select(column)
            .join(HeldName, on=(Held.name == HeldName.id))
            .where(
                (Held.contact == self.contact_id)
                & (Held.organisation == self.organisation_id)
                & HeldName.reaches
                & column.is_null(False)
            )
        )

    def holds_whole(self) -> bool:
        """The person holds a role for the organisation, which reaches all services, later ones too (E-27)."""
        return self._roles(Held.organisation).where(HeldName.scope == Scope.ORGANISATION).exists()

    def _service(self, column):
        """A service that a role is for, or that a contract covers which a role is for (E-28, E-29)."""
        covered = Covered.select(Covered.service).where(Covered.contract.in_(self._roles(Held.contract)))
        return column.in_(self._roles(Held.service)) | column.in_(covered)

    # conditions ------------------------------------------------------------------------------------------------------

    def organisations(self, column, nothing_too: bool = False):
        """Rows that are the whole organisation's, by that column; `nothing_too` admits officers to rows without one."""
        if self.everything:
            return EVERYTHING if nothing_too else column.is_null(False)
        return NOTHING if self.limited else column == self.organisation_id

    def services(self, service_column, organisation_column):
        """Rows of a service within reach."""
        if not self.limited:
            return self.organisations(organisation_column)
        return (organisation_column == self.organisation_id) & self._service(service_column)

    def contracts(self, contract_column, organisation_column):
        """Rows of a contract within reach: payments and remittances are seen whole or not at all (rule 11.1)."""
        if not self.limited:
            return self.organisations(organisation_column)
        return (organisation_column == self.organisation_id) & contract_column.in_(self._roles(Held.contract))

    def terms(self, contract_column, organisation_column):
        """Contracts whose dates matter within reach: those of its packages, though their payments are not seen."""
        if not self.limited:
            return self.organisations(organisation_column)
        of_packages = Covered.select(Covered.contract).where(self._service(Covered.service))
        return (organisation_column == self.organisation_id) & (
            contract_column.in_(of_packages) | contract_column.in_(self._roles(Held.contract))
        )

    def clients(self, client_column):
        """Clients who have or had a package within reach."""
        if self.everything:
            return EVERYTHING
        return client_column.in_(
            Covered.select(Covered.client).where(self.services(Covered.service, Covered.organisation))
        )

    def visits(self, visit):
        """Visits of a service within reach, by the one that they name, else that of their package."""
        if not self.limited:
            return self.organisations(visit.organisation)
        packages = Covered.select(Covered.id).where(self._service(Covered.service))
        return (visit.organisation == self.organisation_id) & (
            self._service(visit.service) | (visit.service.is_null() & visit.package.in_(packages))
        )

    def imports(self, batch):
        """Files that were sent in; with limited reach one's own. Officers also see the authority's."""
        if not self.limited:
            return self.organisations(batch.organisation, nothing_too=True)
        return (batch.organisation == self.organisation_id) & (batch.user == self.user_id)

    def jobs(self, job):
        """Work that was asked for; with limited reach one's own, since a colleague's is about other services."""
        if not self.limited:
            return self.organisations(job.organisation, nothing_too=True)
        return (job.organisation == self.organisation_id) & (job.user == self.user_id)

    def contacts(self, contact):
        """Contacts of the organisation; with limited reach oneself and who holds a role within it.

        Officers also see the authority's own.
        """
        if not self.limited:
            return self.organisations(contact.organisation, nothing_too=True)
        there = Within.select(Within.contact).where(self.roles(Within))
        return (contact.organisation == self.organisation_id) & (
            (contact.id == self.contact_id) | contact.id.in_(there)
        )

    def roles(self, role):
        """Roles at services and contracts within reach; the whole organisation's with the whole of it."""
        if not self.limited:
            return self.organisations(role.organisation)
        return (role.organisation == self.organisation_id) & (
            self._service(role.service) | role.contract.in_(self._roles(Held.contract))
        )

    def properties(self, row):
        """Properties that a service within reach is given in."""
        if not self.limited:
            return self.organisations(row.organisation)
        there = PropertyService.select(PropertyService.property).where(self._service(PropertyService.service))
        return (row.organisation == self.organisation_id) & row.id.in_(there)

    def requests(self, request):
        """Change requests about what is within reach, in every part; those about nothing else one's own."""
        if not self.limited:
            return self.organisations(request.organisation)
        contacts = Person.select(Person.id).where(self.contacts(Person))
        own = request.user == self.user_id
        about_place = request.service.is_null(False) | request.contract.is_null(False)
        return (
            (request.organisation == self.organisation_id)
            & (request.service.is_null() | self._service(request.service))
            & (request.contract.is_null() | request.contract.in_(self._roles(Held.contract)))
            & (request.contact.is_null() | request.contact.in_(contacts))
            & (own | about_place | (request.contact.is_null(False) & ~request.kind.in_(("role-add", "role-remove"))))
        )

    def others(self, column):
        """Organisations that the person may send files for by a role there, and nothing more of them (E-31)."""
        elsewhere = Held.select(Held.organisation).where(
            (Held.contact == self.contact_id) & (Held.organisation != self.organisation_id)
        )
        return column.in_(elsewhere)


def contract_reached(reach: Reach, contract_id: int) -> bool:
    """The payments of a contract that one's packages are under may be seen; asks only where reach is limited."""
    return not reach.limited or contract_within(reach, contract_id) is not None


def contract_within(reach: Reach, contract_id: int) -> Contract | None:
    """The contract, if it is within reach."""
    return Contract.visible_to(reach).where(Contract.id == contract_id).get_or_none()
