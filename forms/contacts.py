"""The forms of contacts and roles, of both sides."""

from __future__ import annotations

from blueprints.contacts import roles
from forms import fields as f
from forms.base import FilterForm, PortalForm
from forms.records import Digits, Email, Postcode, RecordForm, Telephone, WebAddress, text
from forms.requests import RequestForm, options
from models import Accreditation, Contract, DisabledAccess, Organisation, Scope, Service


class ContactFields:
    """The fields of a contact (E-04, E-17), in the order of the pages; a base for forms of both sides."""

    title = f.SelectField("Title")
    forename = text("Forename")
    surname = text("Surname", f.Required())
    telephone = f.TelephoneField("Telephone", [Telephone()])
    mobile = f.TelephoneField("Mobile", [Telephone()])
    fax = f.TelephoneField("Fax", [Telephone()])
    pager = f.TelephoneField("Pager", [Telephone()])
    email = f.EmailField("Email", [Email()])
    web_address = text("Web Address", WebAddress())
    position = text("Position", description="The job title")
    types = f.LinesField("Type", choices=[])
    address1 = text("Address 1")
    address2 = text("Address 2")
    address3 = text("Address 3")
    address4 = text("Address 4")
    town = text("Town", kind=f.ShortField)
    county = text("County", kind=f.ShortField)
    postcode = text("Postcode", Postcode(), most=20, kind=f.CodeField)
    country = text("Country", kind=f.ShortField)
    uprn = text("UPRN", Digits(12), most=12, kind=f.CodeField, description="Unique property reference number")
    usrn = text("USRN", Digits(8), most=8, kind=f.CodeField, description="Unique street reference number")
    directions = f.CountedTextField("Directions", most=1000)
    is_confidential = f.CheckboxField("Confidential", description="Not to be given to anybody outside the authority")
    disabled_access = f.SelectField(
        "Disabled Access", choices=[(str(one), str(one)) for one in DisabledAccess], default=str(DisabledAccess.NOT_SET)
    )

    def fit_lists(self, row, settings) -> None:
        """Titles and types of the authority's lists."""
        self.title.choices = options(settings.titles, getattr(row, "title", ""))
        self.types.choose_from(settings.contact_types)


class ContactForm(ContactFields, RecordForm):
    """A contact, as an officer edits it."""


class ContactChangeForm(ContactFields, RequestForm):
    """A contact, as a provider asks to change it."""

    def fit(self, row, reach, settings) -> None:
        """The authority's lists."""
        self.fit_lists(row, settings)


def targets(
    reach, organisation: int, scope: str | None = None, decommissioned: bool = False, today=None
) -> list[tuple[str, str]]:
    """What a role may be for, within reach: (`service-12`, `Service: Oakfield North`)."""
    found = []
    if scope in (None, Scope.ORGANISATION):
        query = Organisation.visible_to(reach).where(Organisation.id == organisation)
        found += [(f"organisation-{row.id}", f"Organisation: {row.name}") for row in query]
    if scope in (None, Scope.SERVICE):
        query = Service.visible_to(reach).where(Service.organisation == organisation).order_by(Service.name)
        if not decommissioned and today:
            query = query.where(Service.end_date.is_null() | (Service.end_date >= today))
        ended = {row.id for row in query if today and not row.is_current(today)}
        found += [
            (f"service-{row.id}", f"Service: {row.name}{' (decommissioned)' if row.id in ended else ''}")
            for row in query
        ]
    if scope in (None, Scope.CONTRACT):
        query = Contract.visible_to(reach).where(Contract.organisation == organisation).order_by(Contract.name)
        found += [(f"contract-{row.id}", f"Contract: {row.name}") for row in query]
    if scope in (None, Scope.ACCREDITATION):
        query = Accreditation.visible_to(reach).where(Accreditation.organisation == organisation)
        found += [
            (f"accreditation-{row.id}", f"Accreditation: {row.name}") for row in query.order_by(Accreditation.name)
        ]
    return found


class RoleChoice:
    """The two lists of a role: what it is for, and which (E-19)."""

    role_for = f.SelectField("For")
    role = f.SelectField("Role")

    def fit_roles(self, reach, organisation: int, limited: bool, today) -> None:
        """Only what is within reach, and the names that are on offer (E-06, E-07)."""
        self.role_for.choices = [("", "Choose"), *targets(reach, organisation, today=today)]
        self.role.choices = [("", "Choose"), *((str(n.id), roles.called(n)) for n in roles.names(limited))]

    def chosen_role(self) -> list | None:
        """The role as a request keeps it: the name's id, what it is for, and both in words; None where neither is set."""
        if not self.role.data and not self.role_for.data:
            return None
        name = dict(self.role.choices).get(self.role.data or "", "")
        place = dict(self.role_for.choices).get(self.role_for.data or "", "")
        place = place.partition(": ")[2].removesuffix(" (decommissioned)")
        words = f"{name.rpartition(' for ')[0] or name} for {place}"
        return [int(self.role.data or 0), self.role_for.data or "", words]


class NewContactForm(ContactFields, RoleChoice, RequestForm):
    """A new contact, with a role and a login where they are wanted (E-22)."""

    access = f.CheckboxField("Contact can log in to the portal")
    portal_email = f.EmailField("Provider Portal Email Address", [Email()], description="The address to sign in with")

    def fit(self, row, reach, settings) -> None:
        """The authority's lists, and roles within reach."""
        from blueprints.weeks import today

        self.fit_lists(None, settings)
        self.fit_roles(reach, row.id, row.limited_accessibility, today())

    def wanted(self):
        """The role's two lists are one field of the request."""
        values = super().wanted()
        values.pop("role_for")
        values["role"] = self.chosen_role()
        if not values["access"]:
            values["portal_email"] = ""
        return values

    def validate(self, extra_validators=None) -> bool:
        """The role as a whole; the address where a login is wanted."""
        good = super().validate(extra_validators)
        if self.access.data and not self.portal_email.data and not self.portal_email.errors:
            self.portal_email.errors = ["Enter the Provider Portal Email Address"]
            good = False
        return check_role(self) and good


def check_role(form) -> bool:
    """Both lists or neither, and a role that fits what it is for."""
    if not form.role.data and not form.role_for.data:
        return True
    if form.role.errors or form.role_for.errors:
        return False
    if not form.role.data:
        form.role.errors = ["Choose the role"]
    elif not form.role_for.data:
        form.role_for.errors = ["Choose what the role is for"]
    else:
        scope = form.role_for.data.partition("-")[0]
        name = next(n for n in roles.names(True) if str(n.id) == form.role.data)
        if name.scope != scope:
            form.role_for.errors = [
                f"Choose {'an' if name.scope[0] in 'ao' else 'a'} {name.scope}: that is what this role is for"
            ]
    return not (form.role.errors or form.role_for.errors)


class RoleForm(RoleChoice, RequestForm):
    """One role more for a contact."""

    role_for = f.SelectField("For", [f.Required("Choose what the role is for")])
    role = f.SelectField("Role", [f.Required("Choose the role")])

    def fit(self, row, reach, settings) -> None:
        """Roles within reach."""
        from blueprints.weeks import today

        self.fit_roles(reach, row.organisation_id, row.organisation.limited_accessibility, today())

    def wanted(self):
        """The two lists are one field of the request."""
        return {"role": self.chosen_role()}

    def validate(self, extra_validators=None) -> bool:
        """Both lists must be chosen."""
        good = super().validate(extra_validators)
        return good and check_role(self)


class LoginForm(RequestForm):
    """A colleague's login."""

    access = f.CheckboxField("Contact can log in to the portal")
    portal_email = f.EmailField("Provider Portal Email Address", [Email()], description="The address to sign in with")

    def validate(self, extra_validators=None) -> bool:
        """A login needs an address."""
        good = super().validate(extra_validators)
        if self.access.data and not self.portal_email.data and not self.portal_email.errors:
            self.portal_email.errors = ["Enter the Provider Portal Email Address"]
            return False
        return good


class RemovalForm(RequestForm):
    """Nothing to fill in but why."""


class ContactsFilter(FilterForm):
    """The list of contacts."""

    q = f.SearchField("Name, telephone or e-mail")
    state = f.SelectField(
        "Show", choices=[("", "Current and deactivated"), ("Current", "Current"), ("Deactivated", "Deactivated")]
    )


class PickForm(PortalForm):
    """The entities that a role is to be held for (E-07)."""

    picked = f.CheckboxesField("Assign to", [f.Required("Choose at least one")], choices=[])


class PermissionsForm(RecordForm):
    """What the authority gives to a contact (rule 11.1)."""

    permissions = f.LinesField("Permissions", choices=[])


class RoleNameForm(RecordForm):
    """A name of the authority's list of roles (E-23)."""

    name = text("Role", f.Required())
    scope = f.RadioField(
        "Held for", [f.Required("Choose what it is held for")], choices=[(str(s), s.capitalize()) for s in Scope]
    )
    reaches = f.CheckboxField(
        "Reaches what it is held for",
        description="Where an organisation has limited accessibility, its holder then sees and does what belongs there",
    )
    only_limited = f.CheckboxField("Offered only where accessibility is limited")
    is_retired = f.CheckboxField("Retired", description="Not offered any more; people who hold it keep it")


class AccreditationForm(RecordForm):
    """An approval that an organisation holds."""

    name = text("Name", f.Required())
    start_date = f.DateField("Start date")
    end_date = f.DateField("End date")
