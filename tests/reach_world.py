"""A world to test reach in: everything says whose it is, and a plain oracle says who may see it (rule 11.1).

Oakfield has two services, North and South, each with a contract, clients, packages, visits, a property, contacts, roles
and requests of its own; and things that are the whole organisation's. Brookhouse is another organisation. Every name,
reference and comment holds the mark of the part that it belongs to.
"""

from __future__ import annotations

import io

from blueprints.attachments import rules as attachments
from models import (
    Accreditation,
    Actual,
    Carer,
    ChangeRequest,
    Client,
    Contact,
    Contract,
    Due,
    File,
    Finalisation,
    Import,
    ImportProblem,
    OrderLine,
    Organisation,
    Package,
    Property,
    PropertyService,
    PurchaseOrder,
    RequestField,
    RequestFile,
    Role,
    Service,
    ServiceDetails,
    SignIn,
    TimetableSlot,
    User,
    Visit,
    utc_now,
)
from tests import reach_actuals, reach_claims, reach_more
from tests.cast import MONDAY
from tests.provider_world import add_visit, settle

# `both` needs the reach of North and of South, `whole` a role for the organisation.
# `nobody` is a colleague's alone.
MARKS = {
    "north": "Nmark", "south": "Smark", "both": "Xmark", "whole": "Wmark", "other": "Bmark", "nobody": "Qmark",
    "money-north": "Nmoney", "money-south": "Smoney",  # payments are a contract's
}  # fmt: skip
ROLES = ("organisation", "north", "south", "contract-north", "contract-south", "accreditation", "emergency-north")


class World:
    """The rows, by the part that they belong to; `person` is who looks."""

    def __init__(self, cast):
        self.cast, self.marks = cast, MARKS
        cast.oakfield.telephone = "Wmark"
        cast.oakfield.limited_accessibility = True
        cast.oakfield.save()
        cast.brookhouse.name = "Bmark House"
        cast.brookhouse.limited_accessibility = False
        cast.brookhouse.save()
        self.person: User = cast.finance
        self.colleague: User = cast.manager
        self.own = Contact.get_by_id(self.person.contact_id)
        self.rows: dict[str, dict[str, list[int]]] = {}
        self.services = {"north": cast.north, "south": cast.south, "other": cast.house}
        self.contracts = {
            "north": cast.dapl,
            "south": Contract.create(
                ref="C-Smark", name="Smark terms", organisation=cast.oakfield, contract_type="LWAH", cycle=cast.cycle
            ),
            "other": cast.spot,
        }
        for part, service in self.services.items():
            service.name, service.telephone = f"{MARKS[part]} service", f"{MARKS[part]} telephone"
            service.save()
            ServiceDetails.create(service=service, description=f"{MARKS[part]} description")
        Contract.update(name="Nmark terms").where(Contract.id == cast.dapl.id).execute()
        Contract.update(name="Bmark terms").where(Contract.id == cast.spot.id).execute()
        self._care()
        reach_actuals.by_hand(self)
        self._people()
        self._requests()
        self._imports()
        self._own()
        reach_claims.disputes(self)
        reach_claims.one_off(self)
        reach_actuals.money(self)
        reach_more.searches(self)
        reach_more.talk(self)

    def note(self, name: str, part: str, row) -> None:
        """Remember a row for the parameter of a route."""
        self.rows.setdefault(name, {}).setdefault(part, []).append(getattr(row, "id", row))

    def _care(self) -> None:
        cast = self.cast
        Client.update(surname="Nmarkarcher").where(Client.id == cast.ann.id).execute()
        Client.update(surname="Nmarkoneill").where(Client.id == cast.bob.id).execute()
        Client.update(surname="Bmarkcastle").where(Client.id == cast.cat.id).execute()
        dora = Client.create(ssref="Smark-1", client_ref="Smark-R", surname="Smarkdora", forename="Dora")
        south = cast.make_package(
            990017, dora, cast.south, cast.personal_care, self.contracts["south"], quantity=700, unit_cost=200000,
            care_package_ref="Smark-CP",
        )  # fmt: skip
        TimetableSlot.create(package=south, weekday=0, entry=9 * 3600, exit=10 * 3600)
        self.packages = {"north": cast.package, "south": south, "other": cast.placed}
        for part, package in (("north", cast.package), ("south", south)):
            visit = add_visit(
                cast,
                f"{MARKS[part]}-visit",
                package,
                start=8 * 3600,
                service=package.service_id,
                comments=f"{MARKS[part]} comment",
            )
            self.note("visit_id", part, visit)
        stranger = add_visit(
            cast, "Wmark-visit", south, ssref="Wmark-SS", client=None, comments="Wmark", start=15 * 3600
        )
        self.note("visit_id", "whole", stranger)
        settle(cast, cast.package, cast.bobs, south)
        self.note(
            "visit_id",
            "other",
            Visit.create(
                organisation=cast.brookhouse,
                ref="Bmark-visit",
                week=MONDAY,
                type=cast.types["DHS"],
                planned_date=MONDAY,
            ),
        )
        for part in ("north", "south"):
            order = (
                PurchaseOrder.select()
                .where(PurchaseOrder.contract == self.contracts[part])
                .order_by(PurchaseOrder.id)
                .first()
            )
            self.note("order_id", part, order)
        for part in ("north", "south", "other"):
            self.note("service_id", part, self.services[part])
            self.note("package_id", part, self.packages[part])
            self.note("client_id", part, self.packages[part].client_id)
            self.note("contract_id", part, self.contracts[part])
            home = Property.create(organisation=self.services[part].organisation_id, name=f"{MARKS[part]} house")
            PropertyService.create(property=home, service=self.services[part])
            self.note("property_id", part, home)
        self.note("property_id", "whole", Property.create(organisation=cast.oakfield, name="Wmark house"))
        Carer.create(organisation=cast.oakfield, ref="Wmark-carer", forename="Wmark", surname="Wmarkcarer")
        self.accreditation = Accreditation.create(organisation=cast.oakfield, name="Wmark approval")

    def _people(self) -> None:
        cast = self.cast
        for part, service in (("north", cast.north), ("south", cast.south)):
            row = Contact.create(
                organisation=cast.oakfield, surname=f"{MARKS[part]}person", email=f"{MARKS[part]}@p.example"
            )
            self.note("contact_id", part, row)
            self.note("role_id", part, Role.create(contact=row, name=2, organisation=cast.oakfield, service=service))
        lone = Contact.create(organisation=cast.oakfield, surname="Wmarkperson", telephone="Wmark")
        self.note("contact_id", "whole", lone)
        self.note("role_id", "whole", Role.create(contact=lone, name=1, organisation=cast.oakfield))
        other = Contact.get_by_id(cast.outsider.contact_id)
        other.surname = "Bmarkstone"
        other.save()
        self.note("contact_id", "other", other)
        self.note(
            "role_id", "other", Role.create(contact=other, name=2, organisation=cast.brookhouse, service=cast.house)
        )
        Contact.update(surname="Wmarkmarsh").where(Contact.id == self.colleague.contact_id).execute()
        self.note("contact_id", "whole", self.colleague.contact_id)

    def request(self, part: str, kind: str, **facts) -> ChangeRequest:
        """A pending request of the colleague's, with a file."""
        mark = MARKS[part]
        owner = self.cast.brookhouse if part == "other" else self.cast.oakfield
        user = self.cast.outsider if part == "other" else self.colleague
        row = ChangeRequest.create(
            kind=kind,
            organisation=owner,
            user=user,
            by="A colleague",
            thing_name=f"{mark} name",
            comment=f"{mark} please",
            **facts,
        )
        if kind == "role-add":
            RequestField.create(
                request=row, name="role", after=f'[2, "service-{self.cast.south.id}", "{mark} role for {mark}"]'
            )
        else:
            RequestField.create(request=row, name="telephone", before='"0"', after=f'"{mark} value"')

        file = attachments.keep(io.BytesIO(mark.encode()), f"{mark}.txt", "text/plain", "request", owner, user.id, 100)
        RequestFile.create(request=row, file=file)
        self.note("request_id", part, row)
        self.rows.setdefault("files", {})[row.id] = file.id
        return row

    def _requests(self) -> None:
        cast = self.cast
        for part in ("north", "south", "other"):
            service = self.services[part]
            self.request(part, "service", service=service, thing=service.id)
            contact = self.rows["contact_id"][part][0]
            self.request(part, "contact", contact=contact, thing=contact)
        self.request("whole", "organisation", thing=cast.oakfield.id)
        self.request("whole", "contact-new")
        # about a contact of North and a place in South
        self.request("both", "role-add", contact=self.rows["contact_id"]["north"][0], service=cast.south)

    def _imports(self) -> None:
        cast = self.cast
        for part, user, owner in (
            ("own", self.person, cast.oakfield), ("whole", self.colleague, cast.oakfield), ("other", cast.outsider, cast.brookhouse),
        ):  # fmt: skip
            mark = MARKS.get(part, "mine")
            row = Import.create(
                kind="visits",
                organisation=owner,
                user=user,
                file_name=f"{mark}.csv",
                state="Checked",
                records=1,
                checked_at=utc_now(),
            )
            ImportProblem.create(
                batch=row, line=2, severity="error", column="SSRef", value=mark, message=mark, suggestion="x"
            )
            self.note("import_id", part, row)

    def _own(self) -> None:
        """What belongs to one person alone: a colleague's is nobody else's."""
        self.note(
            "session_id",
            "nobody",
            SignIn.create(digest="of a colleague", person=self.colleague.person_id, user=self.colleague),
        )

    # who the person is -----------------------------------------------------------------------------------------------

    def become(self, roles: set[str], manages: bool) -> Oracle:
        """Give the person exactly these roles; returns what it may see."""
        Role.delete().where(Role.contact == self.own).execute()
        for role in roles:
            place = {
                "organisation": (1, {}), "north": (2, {"service": self.cast.north}), "south": (2, {"service": self.cast.south}),
                "emergency-north": (3, {"service": self.cast.north}),
                "contract-north": (7, {"contract": self.contracts["north"]}),
                "contract-south": (7, {"contract": self.contracts["south"]}),
                "accreditation": (8, {"accreditation": self.accreditation}),
            }[role]  # fmt: skip
            Role.create(contact=self.own, name=place[0], organisation=self.cast.oakfield, **place[1])
        self.own.permissions = "manage_contacts" if manages else ""
        self.own.save()
        reach_claims.alone(self)
        return Oracle(roles)

    def forget(self, part: str) -> None:
        """Take everything of a part away, as if it had never been."""
        reach_claims.forget_claims(self, part)
        reach_claims.forget_disputes(self, part)
        reach_more.forget_searches(self, part)
        reach_more.forget_talk(self, part)
        if part.startswith("money-"):
            reach_actuals.forget_money(self.contracts[part.partition("-")[2]])
        if part in ("north", "south"):
            service, contract = self.services[part], self.contracts[part]
            reach_actuals.forget_money(contract)
            Finalisation.delete().where(Finalisation.contract == contract).execute()
            packages = [p for (p,) in Package.select(Package.id).where(Package.service == service).tuples()]
            reach_actuals.forget_by_hand(packages, service.id)
            OrderLine.delete().where(OrderLine.package.in_(packages)).execute()
            PurchaseOrder.delete().where(PurchaseOrder.contract == contract).execute()
            for table, column in (
                (Visit, Visit.package),
                (Due, Due.package),
                (Actual, Actual.package),
                (TimetableSlot, TimetableSlot.package),
            ):
                table.delete().where(column.in_(packages)).execute()
            clients = [c for (c,) in Package.select(Package.client).where(Package.service == service).tuples()]
            Package.delete().where(Package.id.in_(packages)).execute()
            left = {c for (c,) in Package.select(Package.client).tuples()}
            clients = [c for c in clients if c not in left]
        self._forget_requests(part)
        for name, table in (("role_id", Role), ("property_id", Property), ("import_id", Import)):
            idents = self.rows[name].get(part, [])
            if table is Import:
                ImportProblem.delete().where(ImportProblem.batch.in_(idents)).execute()
            table.delete().where(table.id.in_(idents)).execute()
        contacts = [c for c in self.rows["contact_id"].get(part, []) if c != self.colleague.contact_id]
        if part == "whole":
            Visit.delete().where(Visit.id.in_(self.rows["visit_id"]["whole"])).execute()
            Carer.delete().execute()
            Role.delete().where(Role.accreditation == self.accreditation).execute()
            Accreditation.delete().execute()
            Organisation.update(telephone="").where(Organisation.id == self.cast.oakfield.id).execute()
        if part != "other":
            Role.delete().where(Role.contact.in_(contacts)).execute()
            Contact.delete().where(Contact.id.in_(contacts)).execute()
        if part in ("north", "south"):
            Visit.delete().where(Visit.client.in_(clients)).execute()
            Client.delete().where(Client.id.in_(clients)).execute()
            Role.delete().where((Role.service == service) | (Role.contract == contract)).execute()
            Contract.delete().where(Contract.id == contract.id).execute()
            Service.delete().where(Service.id == service.id).execute()

    def _forget_requests(self, part: str) -> None:
        idents = list(self.rows["request_id"].get(part, []))
        files = [f for r, f in self.rows["files"].items() if r in idents]
        for table in (RequestField, RequestFile):
            table.delete().where(table.request.in_(idents)).execute()
        ChangeRequest.delete().where(ChangeRequest.id.in_(idents)).execute()
        File.delete().where(File.id.in_(files)).execute()


class Oracle:
    """What a person with these roles may see, in plain words of rule 11.1 and guide 000 section 5.3."""

    def __init__(self, roles: set[str]):
        self.whole = "organisation" in roles
        self.services = set()
        if self.whole or roles & {"north", "emergency-north", "contract-north"}:
            self.services.add("north")
        if self.whole or roles & {"south", "contract-south"}:
            self.services.add("south")
        self.contracts = (
            {"north", "south"} if self.whole else {r.partition("-")[2] for r in roles if r.startswith("contract-")}
        )

    @property
    def parts(self) -> set[str]:
        """The parts within reach."""
        both = {"both"} if len(self.services) == 2 else set()
        any_ = {"any"} if self.services else set()
        return (
            self.services
            | both
            | any_
            | {f"money-{part}" for part in self.contracts}
            | ({"whole"} if self.whole else set())
        )

    @property
    def forbidden(self) -> set[str]:
        """The parts out of reach."""
        return set(MARKS) - self.parts

    def sees(self, parameter: str, part: str) -> bool:
        """A row of this part, for the parameter of a route."""
        if parameter in ("contract_id", "order_id"):
            return part in self.contracts
        if part == "own":
            return True
        return part in self.parts
