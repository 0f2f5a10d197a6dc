"""Contacts as officers see and keep them: details, state, roles, permissions, logins (E-32)."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, request, url_for
from peewee import JOIN, fn

from blueprints import permissions, records
from blueprints.accounts import rules as accounts
from blueprints.contacts import role_names, roles, rules
from blueprints.pages import go, page
from blueprints.permissions import GRANTS, Can, can, requires
from blueprints.requests import kinds, screens
from blueprints.weeks import today
from forms.contacts import ContactForm, ContactsFilter, LoginForm, PermissionsForm, RoleForm, targets
from forms.requests import PressForm
from models import ChangeRequest, Contact, ContactState, Organisation, RequestState, Role, RoleName, User

routes = Blueprint("contacts", __name__)
role_names.add(routes)


def found(contact_id: int) -> Contact:
    """The contact with its organisation, or 404; a removed one too, whose history stays."""
    query = Contact.select(Contact, Organisation).join(Organisation, JOIN.LEFT_OUTER)
    query = query.where((Contact.id == contact_id) & g.reach.contacts(Contact))
    return query.get_or_none() or abort(404)


def there(contact_id: int) -> Contact:
    """The contact, if it may still be changed: 404 for a removed one."""
    row = found(contact_id)
    if row.state == ContactState.REMOVED:
        abort(404)
    return row


def owner_of(row: Contact, current: str) -> records.Owner:
    """A contact's frame."""
    at = {"contact_id": row.id}
    way = [records.home()]
    if row.organisation_id:
        way += [
            ("Organisations", url_for("authority.organisations.index")),
            (row.organisation.name, url_for("authority.organisations.show", organisation_id=row.organisation_id)),
            ("Contacts", url_for("authority.contacts.of_organisation", organisation_id=row.organisation_id)),
        ]
    else:
        way.append(("Contacts", url_for("authority.contacts.index")))
    way.append((row.name, url_for("authority.contacts.show", **at)))
    return records.Owner(
        row.name,
        f"Contact of {row.organisation.name}" if row.organisation_id else "Contact of the authority",
        records.tabs(
            current,
            ("Details", "authority.contacts.show", at),
            ("Requests", "authority.contacts.asked", at),
            ("History", "authority.contacts.story", at),
        ),
        records.crumbs(way, current, "Details"),
        "" if row.is_current else row.state,
    )


# lists -----------------------------------------------------------------------------------------------------------------


@routes.get("/contacts")
@requires(Can.SEE_RECORDS)
def index():
    """The contacts of all organisations, and the authority's own."""
    return contact_list(None)


@routes.get("/organisations/<int:organisation_id>/contacts")
@requires(Can.SEE_RECORDS)
def of_organisation(organisation_id: int):
    """An organisation's contacts."""
    row = Organisation.visible_to(g.reach).where(Organisation.id == organisation_id).get_or_none() or abort(404)
    return contact_list(row)


def contact_list(organisation: Organisation | None):
    """The list of contacts, of one organisation or of all."""
    form = ContactsFilter()
    form.state.choices = [*form.state.choices, ("Removed", "Removed")]
    form.validate()
    count = Role.select(fn.COUNT(Role.id)).where(Role.contact == Contact.id)
    query = (
        Contact.select(Contact, Organisation, User.is_active.alias("has_login"), count.alias("roles_count"))
        .join(Organisation, JOIN.LEFT_OUTER)
        .switch(Contact)
        .join(User, JOIN.LEFT_OUTER, on=(User.contact == Contact.id))
        .where(g.reach.contacts(Contact))
    )
    if organisation is not None:
        query = query.where(Contact.organisation == organisation)
    if form.state.data in set(ContactState):
        query = query.where(Contact.state == form.state.data)
    else:
        query = query.where(Contact.state != ContactState.REMOVED)
    for word in (form.q.data or "").split():
        query = query.where(
            Contact.surname.contains(word) | Contact.forename.contains(word) | Contact.email.contains(word)
            | Contact.telephone.contains(word) | Contact.mobile.contains(word)
        )  # fmt: skip
    orders = {
        "name": (fn.LOWER(Contact.surname), fn.LOWER(Contact.forename)),
        "organisation": (Organisation.name, fn.LOWER(Contact.surname)),
        "email": (fn.LOWER(Contact.email),),
        "position": (fn.LOWER(Contact.position),),
    }
    if records.wants_csv():
        rows, _ = records.ordered(query, orders, "name", Contact.id)
        headings = [
            "OrganisationRef",
            "Surname",
            "Forename",
            "Title",
            "Position",
            "Telephone",
            "Mobile",
            "Email",
            "State",
            "CanSignIn",
            "Roles",
            "Permissions",
        ]
        return records.csv_file(
            "contacts", headings,
            (
                [
                    c.organisation.ref if c.organisation_id else "", c.surname, c.forename, c.title, c.position, c.telephone,
                    c.mobile, c.email, c.state, int(rules.can_sign_in(c)), c.roles_count,
                    "; ".join(act.value for act in permissions.granted(c.permissions)),
                ]
                for c in rows
            ),
        )  # fmt: skip
    listed = records.listed(query, orders, "name", Contact.id)
    owner = records.of_organisation(organisation, "Contacts") if organisation else None
    at = {"organisation": organisation.id} if organisation else {}
    actions = [] if owner else [("Role names", url_for("authority.contacts.role_names"))]
    if can(Can.EDIT_CONTACTS):
        actions.append(("Add a contact", url_for("authority.contacts.add", **at), "button"))
    return page(
        "contacts/list.html",
        heading=None if owner else "Contacts",
        owner=owner,
        breadcrumbs=owner.crumbs if owner else [records.home(), ("Contacts", None)],
        actions=actions,
        filter=form,
        found=listed,
        can_sign_in={c.id: rules.can_sign_in(c) for c in listed.rows},
    )


# one contact -----------------------------------------------------------------------------------------------------------


@routes.get("/contacts/<int:contact_id>")
@requires(Can.SEE_RECORDS)
def show(contact_id: int):
    """A contact: details, login, permissions, roles, what waits."""
    return contact_page(found(contact_id))


def contact_page(row: Contact, form: RoleForm | None = None, status: int = 200):
    """The page, with the form of a role as it was sent."""
    waits = list(
        ChangeRequest.select()
        .where((ChangeRequest.contact == row.id) & (ChangeRequest.state == RequestState.PENDING))
        .order_by(ChangeRequest.sent_at)
    )
    may = can(Can.EDIT_CONTACTS) and row.state != ContactState.REMOVED
    if form is None and may and row.is_current and row.organisation_id:
        form = role_form(row)
    owner = owner_of(row, "Details")
    user = User.get_or_none(User.contact == row.id)
    return page(
        "contacts/show.html",
        status,
        owner=owner,
        breadcrumbs=owner.crumbs,
        actions=[("Change details", url_for("authority.contacts.edit", contact_id=row.id))] if may else [],
        contact=row,
        lines=screens.record_lines(kinds.every()["contact"], row, [one for one in waits if one.kind == "contact"]),
        waits=waits,
        titles={name: kind.title for name, kind in kinds.every().items()},
        held=[(one, roles.for_words(one)) for one in roles.held(Role.contact == row.id)],
        limited=bool(row.organisation_id and row.organisation.limited_accessibility),
        granted=[act.value for act in permissions.granted(row.permissions)],
        user=user,
        login_href=records.where("authority.accounts.show", user_id=user.id)
        if user and can(Can.MANAGE_LOGINS) and (row.organisation_id or can(Can.MANAGE_OFFICERS))
        else None,
        form=form,
        press=PressForm(),
        may=may,
        States=ContactState,
        own=row.organisation_id is None,
    )


@routes.get("/contacts/<int:contact_id>/requests")
@requires(Can.SEE_RECORDS)
def asked(contact_id: int):
    """The change requests about a contact."""
    row = found(contact_id)
    owner = owner_of(row, "Requests")
    query = ChangeRequest.select().where(ChangeRequest.contact == row.id)
    listed = records.listed(query, {"sent": (ChangeRequest.sent_at,)}, "-sent", ChangeRequest.id)
    return page(
        "contacts/requests.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        found=listed,
        titles={name: kind.title for name, kind in kinds.every().items()},
    )


@routes.get("/contacts/<int:contact_id>/history")
@requires(Can.SEE_RECORDS)
def story(contact_id: int):
    """Who changed the contact, when, and how."""
    row = found(contact_id)
    owner = owner_of(row, "History")
    return page("records/history.html", owner=owner, breadcrumbs=owner.crumbs, entries=records.story(row, ContactForm))


@routes.route("/contacts/new", methods=["GET", "POST"])
@requires(Can.EDIT_CONTACTS)
def add():
    """A new contact of an organisation, or of the authority where none is named."""
    text = request.args.get("organisation", "")
    ident = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    organisation = None
    if text:
        organisation = Organisation.visible_to(g.reach).where(Organisation.id == ident).get_or_none() or abort(404)
    return edit_page(None, organisation)


@routes.route("/contacts/<int:contact_id>/edit", methods=["GET", "POST"])
@requires(Can.EDIT_CONTACTS)
def edit(contact_id: int):
    """Change a contact's details."""
    row = there(contact_id)
    return edit_page(row, row.organisation if row.organisation_id else None)


def edit_page(row: Contact | None, organisation: Organisation | None):
    """The form of a contact, saved where it will do."""
    form = ContactForm.opened(values_of(row, rules.LABELS) if row else {})
    form.fit_lists(row, g.settings)
    if (
        form.is_submitted()
        and form.validate()
        and not (row and form.overtaken(Contact, values_of(found(row.id), rules.LABELS)))
    ):
        saved = rules.save(form.facts(), records.actor(), row, organisation.id if organisation else None)
        records.saved(saved.name)
        return go(url_for("authority.contacts.show", contact_id=saved.id))
    where = organisation.name if organisation else "the authority"
    back = url_for("authority.contacts.show", contact_id=row.id) if row else url_for("authority.contacts.index")
    if not row and organisation:
        back = url_for("authority.contacts.of_organisation", organisation_id=organisation.id)
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Change {row.name}" if row else f"Add a contact of {where}",
        breadcrumbs=[records.home(), ("Contacts", url_for("authority.contacts.index"))]
        + ([(row.name, back), ("Change", None)] if row else [("Add a contact", None)]),
        form=form,
        button="Save contact",
        cancel=back,
    )


def values_of(row: Contact, names) -> dict:
    """Some of a contact's columns."""
    return {name: getattr(row, name) for name in names}


# state -----------------------------------------------------------------------------------------------------------------


@routes.get("/contacts/<int:contact_id>/removal")
@requires(Can.EDIT_CONTACTS)
def removal(contact_id: int):
    """Ask before a contact is removed or deactivated, with what it is used by (E-13)."""
    row = there(contact_id)
    deleted, deactivated = rules.uses(row)
    owner = owner_of(row, "")
    return page(
        "contacts/removal.html",
        heading=f"Remove or deactivate {row.name}",
        breadcrumbs=[*owner.crumbs, ("Remove or deactivate", None)],
        contact=row,
        deleted=deleted,
        deactivated=deactivated,
        warnings=rules.warn_last(row),
        press=PressForm(),
        back=url_for("authority.contacts.show", contact_id=row.id),
    )


@routes.post("/contacts/<int:contact_id>/state")
@requires(Can.EDIT_CONTACTS)
def state(contact_id: int):
    """Deactivate, reactivate or remove (E-02, E-14)."""
    row = found(contact_id)
    wanted = request.form.get("state", "")
    back = url_for("authority.contacts.show", contact_id=row.id)
    if wanted not in set(ContactState) or not PressForm().validate():
        flash("Nothing was changed. Choose what to do with the contact.", "warning")
        return go(back)
    try:
        rules.set_state(row, ContactState(wanted), records.actor())
    except rules.Refused as refusal:
        flash(str(refusal), "warning")
    else:
        words = {"Current": "active again", "Deactivated": "deactivated", "Removed": "removed"}[wanted]
        flash(f"{row.name} is {words}.", "success")
    return go(back)


# roles -----------------------------------------------------------------------------------------------------------------


def role_form(row: Contact, sent: bool = False) -> RoleForm:
    """The form of a role, with other organisations for roles that only send files for them (E-31)."""
    form = RoleForm() if sent else RoleForm(formdata=None)
    organisation = row.organisation
    places = targets(g.reach, organisation.id, today=today())
    others = Organisation.select().where(Organisation.id != organisation.id).order_by(Organisation.name).limit(1000)
    form.role_for.choices = [
        ("", "Choose"),
        *places,
        *((f"organisation-{o.id}", f"Another organisation: {o.name}") for o in others),
    ]
    names = roles.names(organisation.limited_accessibility)
    form.role.choices = [("", "Choose"), *((str(n.id), roles.called(n)) for n in names)]
    return form


@routes.post("/contacts/<int:contact_id>/roles")
@requires(Can.EDIT_CONTACTS)
def add_role(contact_id: int):
    """Give a role directly."""
    row = there(contact_id)
    if not row.organisation_id:
        abort(404)
    form = role_form(row, sent=True)
    if form.validate():
        name = RoleName.get_or_none(RoleName.id == int(form.role.data))
        try:
            given = roles.give(row, name, roles.Target.read(form.role_for.data), records.actor(), elsewhere=True)
        except roles.Refused as refusal:
            form.form_errors.append(str(refusal))
        else:
            flash(f"{row.name} is now {roles.in_words(roles.held(Role.id == given.id)[0])}.", "success")
            return go(url_for("authority.contacts.show", contact_id=row.id) + "#roles")
    return contact_page(row, form, 422)


@routes.post("/contact-roles/<int:role_id>/removal")
@requires(Can.EDIT_CONTACTS)
def remove_role(role_id: int):
    """Take a role away directly; the login stays, for the officer to end."""
    listed = roles.held(Role.id == role_id) or abort(404)
    role = listed[0]
    if PressForm().validate():
        left = roles.take_away(role.id, records.actor())
        flash(f"The role {roles.in_words(role)} is taken away.", "success")
        if left == 0 and role.organisation.limited_accessibility:
            flash("The contact has no role now, and reaches nothing where accessibility is limited.", "notice")
    return go(url_for("authority.contacts.show", contact_id=role.contact_id) + "#roles")


# permissions and login -------------------------------------------------------------------------------------------------


@routes.route("/contacts/<int:contact_id>/permissions", methods=["GET", "POST"])
@requires(Can.EDIT_CONTACTS)
def permit(contact_id: int):
    """What the authority gives to this contact (rule 11.1, B-26)."""
    row = there(contact_id)
    if not row.organisation_id:
        abort(404)
    form = PermissionsForm.opened({"permissions": row.permissions})
    form.permissions.choices = [(act.name.lower(), f"May {act.value}") for act in GRANTS]
    if form.is_submitted() and form.validate() and not form.overtaken(None, {"permissions": found(row.id).permissions}):
        rules.permit(row, [act for act in GRANTS if act.name.lower() in form.permissions.data], records.actor())
        flash(f"The permissions of {row.name} are saved.", "success")
        return go(url_for("authority.contacts.show", contact_id=row.id))
    owner = owner_of(row, "")
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Permissions of {row.name}",
        breadcrumbs=[*owner.crumbs, ("Permissions", None)],
        guidance="What every login of an organisation may do needs no tick here.",
        form=form,
        button="Save permissions",
        cancel=url_for("authority.contacts.show", contact_id=row.id),
    )


@routes.route("/contacts/<int:contact_id>/login", methods=["GET", "POST"])
@requires(Can.EDIT_CONTACTS)
def login(contact_id: int):
    """Give the contact a login, another address for it, or end it (E-24, E-32)."""
    row = there(contact_id)
    if not row.organisation_id or not row.is_current:
        abort(404)
    kind = kinds.every()["login"]
    form = LoginForm.opened(kind.facts(row))
    del form.comment, form.documents
    if form.is_submitted() and form.validate() and not form.overtaken(None, kind.facts(row)):
        try:
            changed = {n: v for n, v in form.facts().items() if v != kind.facts(row)[n]}
            kind.apply(None, row, changed, records.actor())
        except accounts.Refused as refusal:
            form.portal_email.errors = [str(refusal)]
        else:
            flash(f"The login of {row.name} is saved." if changed else "Nothing was changed.", "success")
            return go(url_for("authority.contacts.show", contact_id=row.id))
    owner = owner_of(row, "")
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Portal access of {row.name}",
        breadcrumbs=[*owner.crumbs, ("Portal access", None)],
        form=form,
        button="Save portal access",
        cancel=url_for("authority.contacts.show", contact_id=row.id),
    )
