"""The cast: one who owns it, a colleague, an outsider, an officer; and a small world of theirs.

Oakfield (home care, paid on visits) is the owner, Brookhouse (residential, paid on plan) the outsider.
"""

from __future__ import annotations

import datetime as dt

from blueprints.accounts import hashing
from models import (
    Accreditation,
    ChangeRequest,
    Client,
    Contact,
    Contract,
    Import,
    OfficerRole,
    Organisation,
    Package,
    PaymentCycle,
    PaymentPeriod,
    Person,
    Property,
    PropertyService,
    PurchaseOrder,
    RequestField,
    Role,
    RoleName,
    Service,
    ServiceLevel,
    SignIn,
    TimetableSlot,
    User,
    VisitType,
    utc_now,
)

PASSWORD = "Demo-portal-1"
HASH = None
MONDAY = dt.date(2026, 10, 5)


def hashed() -> str:
    """The password's hash, made once."""
    global HASH
    HASH = HASH or hashing.make(PASSWORD)
    return HASH


def at(hour: int, minute: int = 0) -> int:
    """A time of day in seconds."""
    return hour * 3600 + minute * 60


class Cast:
    """The rows of the small world; every test may add to it."""

    def __init__(self):
        self.oakfield = Organisation.create(ref="OAK", name="Oakfield Home Care")
        self.brookhouse = Organisation.create(ref="BRO", name="Brookhouse Residential")
        self.finance = self.user("finance@oakfield.example", "Greta Finch", self.oakfield)
        self.manager = self.user("manager@oakfield.example", "Owen Marsh", self.oakfield)
        self.outsider = self.user("finance@brookhouse.example", "Bella Stone", self.brookhouse)
        self.officer = self.user(
            "officer@authority.example", "Amir Khan", None, ["administrator", "packages", "payments"]
        )
        self.reader = self.user("reader@authority.example", "Rita Reed", None, ["read-only"])
        self.personal_care = ServiceLevel.create(
            ref="PC", name="Personal Care", unit="Hours", paid_on="actuals", entry="visits", visits_wanted=True
        )
        self.placement = ServiceLevel.create(
            ref="RES", name="Residential Placement", unit="Placement", paid_on="planned", entry="none"
        )
        self.north = Service.create(ref="OAK-N", name="Oakfield North", organisation=self.oakfield)
        self.south = Service.create(ref="OAK-S", name="Oakfield South", organisation=self.oakfield)
        self.house = Service.create(ref="BRO-1", name="Brookhouse", organisation=self.brookhouse)
        self.cycle = PaymentCycle.create(name="Four-weekly")
        self.periods = [
            PaymentPeriod.create(
                cycle=self.cycle,
                start_date=dt.date(2026, 9, 7) + dt.timedelta(28 * n),
                end_date=dt.date(2026, 9, 7) + dt.timedelta(28 * n + 27),
                cut_off=dt.date(2026, 9, 7) + dt.timedelta(28 * n + 29),
            )
            for n in range(4)
        ]
        self.dapl = Contract.create(
            ref="C1", name="Oakfield DAPL", organisation=self.oakfield, contract_type="DAPL", cycle=self.cycle
        )
        self.spot = Contract.create(
            ref="C2", name="Brookhouse Spot", organisation=self.brookhouse, contract_type="Spot", cycle=self.cycle
        )
        self.ann = Client.create(
            ssref="A100001", client_ref="CR-1", surname="Archer", forename="Ann", title="Mrs", nhs_number="9990000018"
        )
        self.bob = Client.create(ssref="A100002", client_ref="CR-2", surname="O'Neill", forename="Bob", title="Mr")
        self.cat = Client.create(ssref="A200001", client_ref="CR-3", surname="Castle", forename="Cat")
        # Ann has an hour each morning at £23.2260.
        self.package = self.make_package(
            156017, self.ann, self.north, self.personal_care, self.dapl, quantity=700, unit_cost=232260
        )
        for weekday in range(7):
            TimetableSlot.create(package=self.package, weekday=weekday, entry=at(8), exit=at(9))
        self.bobs = self.make_package(
            156018, self.bob, self.north, self.personal_care, self.dapl, quantity=350, unit_cost=232260
        )
        self.placed = self.make_package(
            200001, self.cat, self.house, self.placement, self.spot, quantity=100, unit_cost=6460600
        )
        self.types = {t.code: t for t in VisitType.select()}

    @property
    def lodge(self) -> Property:
        """A property of Oakfield North."""
        found = Property.get_or_none(Property.organisation == self.oakfield)
        if found is None:
            found = Property.create(organisation=self.oakfield, name="The Lodge", address1="12a Chancel Road")
            PropertyService.create(property=found, service=self.north)
        return found

    @property
    def role(self) -> Role:
        """The manager's role at Oakfield North."""
        found = Role.get_or_none(Role.contact == self.manager.contact_id)
        return found or self.make_role(self.manager, "Service Manager", service=self.north)

    @property
    def accreditation(self) -> Accreditation:
        """One of Oakfield's."""
        found = Accreditation.get_or_none(Accreditation.organisation == self.oakfield)
        return found or Accreditation.create(organisation=self.oakfield, name="Preferred provider 2026")

    @property
    def request(self) -> ChangeRequest:
        """A pending request of Greta's for Oakfield's telephone."""
        found = ChangeRequest.get_or_none((ChangeRequest.user == self.finance) & (ChangeRequest.state == "Pending"))
        if found is None:
            found = ChangeRequest.create(
                kind="organisation", organisation=self.oakfield, thing=self.oakfield.id, thing_name="Oakfield Home Care",
                user=self.finance, by="Greta Finch",
            )  # fmt: skip
            RequestField.create(request=found, name="telephone", before='""', after='"01632 960 999"')
        return found

    def make_role(self, user: User, name: str, **place) -> Role:
        """A role of the authority's list, for a service, a contract, an accreditation, else the organisation."""
        scope = next(iter(place), "organisation")
        found = RoleName.get((RoleName.name == name) & (RoleName.scope == scope))
        return Role.create(contact=user.contact_id, name=found, organisation=user.organisation_id, **place)

    @property
    def batch(self) -> Import:
        """A checked visits import of Oakfield's."""
        found = Import.get_or_none((Import.organisation == self.oakfield) & (Import.kind == "visits"))
        return found or Import.create(
            kind="visits", organisation=self.oakfield, user=self.finance, file_name="week.csv", state="Checked"
        )

    @property
    def order(self):
        """Ann's purchase order of 2026/2027."""
        from blueprints.orders import rules as orders
        from blueprints.packages import rules as packages

        orders.refresh(packages.lines(Package.id == self.package.id))
        return PurchaseOrder.get((PurchaseOrder.client == self.ann) & (PurchaseOrder.year == 2026))

    def user(self, email: str, name: str, organisation, roles=()) -> User:
        """A login with the demonstration password."""
        forename, _, surname = name.rpartition(" ")
        contact = Contact.create(
            organisation=organisation, forename=forename, surname=surname, email=email,
            permissions="manage_contacts" if organisation else "",
        )  # fmt: skip
        person = Person.create(email=email, password_hash=hashed(), password_set_at=utc_now())
        user = User.create(person=person, name=name, organisation=organisation, contact=contact)
        for role in roles:
            OfficerRole.create(user=user, role=role)
        return user

    def make_package(self, cpli: int, client, service, level, contract, start=dt.date(2026, 9, 7), **facts) -> Package:
        """An authorised weekly package."""
        return Package.create(
            cpli_id=cpli, organisation=service.organisation_id, client=client, service=service, level=level,
            contract=contract, start_date=start, authorised=facts.pop("authorised", True), **facts,
        )  # fmt: skip

    def sign_in(self, client, user: User):
        """Sign a person in at a test client, without the form; returns the client."""
        token = f"token-{user.id}"
        if not SignIn.select().where(SignIn.digest == hashing.digest_of(token)).exists():
            SignIn.create(digest=hashing.digest_of(token), person=user.person_id, user=user, is_ready=True)
        with client.session_transaction() as session:
            session["token"] = token
        return client
