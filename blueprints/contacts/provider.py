"""The organisation's people as a provider sees them, and asking for changes of them (E-01 to E-22)."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, request, url_for
from peewee import JOIN, fn

from blueprints import permissions, records
from blueprints.contacts import roles
from blueprints.contacts import rules as people
from blueprints.pages import go, page
from blueprints.permissions import Can, requires
from blueprints.requests import kinds, rules, screens
from blueprints.weeks import today
from forms.contacts import ContactsFilter, PickForm, RoleForm, targets
from forms.requests import PressForm
from models import ChangeRequest, Contact, ContactState, RequestState, Role, RoleName, Scope, User

routes = Blueprint("contacts", __name__)
HOME = "provider.home.index"


def found(contact_id: int) -> Contact:
    """The contact within reach, or 404."""
    query = Contact.visible_to(g.reach).where((Contact.id == contact_id) & Contact.organisation.is_null(False))
    return query.get_or_none() or abort(404)


def pending_of(contacts: list[int]) -> dict[int, int]:
    """How many requests wait for each of these contacts: of all kinds (E-09)."""
    query = (
        ChangeRequest.visible_to(g.reach)
        .select(ChangeRequest.contact, fn.COUNT(ChangeRequest.id))
        .where((ChangeRequest.state == RequestState.PENDING) & ChangeRequest.contact.in_(contacts))
        .group_by(ChangeRequest.contact)
    )
    return dict(query.tuples())


@routes.get("/contacts")
@requires(Can.MANAGE_CONTACTS)
def index():
    """`Manage Contacts for {organisation}` (E-01, E-16)."""
    form = ContactsFilter()
    form.validate()
    query = (
        Contact.visible_to(g.reach)
        .select(Contact, User.is_active.alias("has_login"))
        .join(User, JOIN.LEFT_OUTER, on=(User.contact == Contact.id))
    )
    if form.state.data in set(ContactState):
        query = query.where(Contact.state == form.state.data)
    if words := form.q.data:
        for word in words.split():
            query = query.where(
                Contact.surname.contains(word) | Contact.forename.contains(word) | Contact.email.contains(word)
                | Contact.telephone.contains(word) | Contact.mobile.contains(word)
            )  # fmt: skip
    orders = {
        "name": (fn.LOWER(Contact.surname), fn.LOWER(Contact.forename)),
        "email": (fn.LOWER(Contact.email),),
        "position": (fn.LOWER(Contact.position),),
    }
    if records.wants_csv():
        rows, _ = records.ordered(query, orders, "name", Contact.id)
        headings = [
            "Surname",
            "Forename",
            "Title",
            "Position",
            "Address",
            "Telephone",
            "Mobile",
            "Email",
            "State",
            "CanSignIn",
        ]
        return records.csv_file(
            "contacts", headings,
            (
                [c.surname, c.forename, c.title, c.position, ", ".join(c.address_lines), c.telephone, c.mobile, c.email, c.state, int(people.can_sign_in(c))]
                for c in rows
            ),
        )  # fmt: skip
    listed = records.listed(query, orders, "name", Contact.id)
    new = ChangeRequest.visible_to(g.reach).where(
        (ChangeRequest.kind == "contact-new") & (ChangeRequest.state == RequestState.PENDING)
    )
    return page(
        "contacts/provider_list.html",
        breadcrumbs=[("Home", url_for(HOME)), ("Contacts", None)],
        filter=form,
        found=listed,
        pending=pending_of([row.id for row in listed.rows]),
        waiting_new=new.count(),
        new_href=screens.ask_href("contact-new", g.user.organisation_id),
    )


@routes.get("/contacts/<int:contact_id>")
@requires(Can.MANAGE_CONTACTS)
def show(contact_id: int):
    """A contact: details and roles with what is asked for, and what may be asked (E-17, E-19)."""
    return contact_page(found(contact_id))


def contact_page(row: Contact, form: RoleForm | None = None, status: int = 200):
    """The page, with the form of a role as it was sent."""
    kind = kinds.every()["contact"]
    waits = list(
        ChangeRequest.visible_to(g.reach)
        .where((ChangeRequest.contact == row.id) & (ChangeRequest.state == RequestState.PENDING))
        .order_by(ChangeRequest.sent_at, ChangeRequest.id)
    )
    held = roles.held((Role.contact == row.id) & g.reach.roles(Role))
    leaving = {one.thing: one for one in waits if one.kind == "role-remove"}
    coming = [one for one in waits if one.kind == "role-add"]
    asked = rules.asked_of_many(coming)
    user = User.get_or_none(User.contact == row.id)
    login = kinds.every()["login"]
    wanted_login = rules.pending_values([one for one in waits if one.kind == "login"])
    asked_login = [login.words(login.field(name), values[-1]) for name, values in wanted_login.items()]
    may_add = row.is_current and screens.offers("role-add")
    if form is None and may_add:
        form = RoleForm()
        form.fit(row, g.reach, g.settings)
    wanted = request.args.get("remove", "")
    return page(
        "contacts/provider_show.html",
        status,
        contact=row,
        lines=screens.record_lines(kind, row, [one for one in waits if one.kind == "contact"]),
        pending=waits,
        kinds=kinds.every(),
        held=[(one, roles.for_words(one), leaving.get(one.id)) for one in held],
        coming=[(one, asked[one.id][0].after[2]) for one in coming if asked[one.id]],
        form=form if may_add else None,
        press=PressForm(),
        may_remove=screens.offers("role-remove"),
        confirming=int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else 0,
        user=user,
        access=next((w for w in asked_login if w in ("Yes", "No")), None),
        address=next((w for w in asked_login if "@" in w), None),
        permissions=[act.value for act in permissions.granted(row.permissions)],
        hrefs={name: screens.ask_href(name, row.id) for name in ("contact", "login", "contact-remove")}
        if row.is_current
        else {"contact-remove": screens.ask_href("contact-remove", row.id)},
        breadcrumbs=[("Home", url_for(HOME)), ("Contacts", url_for("provider.contacts.index")), (row.name, None)],
    )


# roles -----------------------------------------------------------------------------------------------------------------


@routes.post("/contacts/<int:contact_id>/roles")
@requires(Can.MANAGE_CONTACTS)
def add_role(contact_id: int):
    """`Request Role Addition` (E-19)."""
    row = found(contact_id)
    kind = screens.wanted_kind("role-add")
    if not row.is_current:
        abort(404)
    form = RoleForm()
    form.fit(row, g.reach, g.settings)
    if not form.validate():
        return contact_page(row, form, 422)
    try:
        sent = rules.send(kind, row, form.wanted(), records.actor(), g.user.organisation_id, form.comment.data or "")
    except rules.Refused as refusal:
        form.form_errors.append(str(refusal))
        return contact_page(row, form, 422)
    flash(said(sent), "success")
    return go(url_for("provider.contacts.show", contact_id=row.id))


def said(sent: ChangeRequest) -> str:
    """What is said once a request is sent, or let through."""
    if sent.state == RequestState.APPROVED:
        return "Your change has been made: the authority lets changes of this kind through at once."
    return f"Your request has been sent. It waits for {g.settings.authority_name}."


@routes.post("/contact-roles/<int:role_id>/removal")
@requires(Can.MANAGE_CONTACTS)
def remove_role(role_id: int):
    """`Request Role Removal`, pressed the second time (E-20)."""
    kind = screens.wanted_kind("role-remove")
    row = kind.find(g.reach, role_id) or abort(404)
    form = PressForm()
    back = url_for("provider.contacts.show", contact_id=row.contact_id)
    if not form.validate():
        flash(next(message for _, message in form.problems()), "warning")
        return go(back)
    try:
        sent = rules.send(kind, row, {}, records.actor(), g.user.organisation_id)
    except rules.Refused as refusal:
        flash(str(refusal), "warning")
    else:
        flash(said(sent), "success")
    return go(back)


@routes.route("/contacts/<int:contact_id>/roles/new", methods=["GET", "POST"])
@requires(Can.MANAGE_CONTACTS)
def assign(contact_id: int):
    """Choose a role, then several of what it may be held for (E-05, E-07); each is a request of its own."""
    row = found(contact_id)
    kind = screens.wanted_kind("role-add")
    if not row.is_current:
        abort(404)
    names = roles.names(row.organisation.limited_accessibility)
    asked = request.values.get("role", "")
    name = next((one for one in names if str(one.id) == asked), None)
    ended = bool(request.values.get("decommissioned"))
    form = PickForm()
    form.picked.choices = pick_from(row, name, ended) if name else []
    if request.method == "POST" and name and form.validate():
        count, refused = send_each(kind, row, name, form)
        if count:
            words = f"{count} request{' has' if count == 1 else 's have'} been sent. {'It waits' if count == 1 else 'They wait'}"
            flash(f"{words} for {g.settings.authority_name}.", "success")
        for text in refused:
            flash(text, "warning")
        return go(url_for("provider.contacts.show", contact_id=row.id))
    return page(
        "contacts/assign.html",
        422 if request.method == "POST" else 200,
        contact=row,
        names=[(str(one.id), roles.called(one)) for one in names],
        name=name,
        unchosen="role" in request.args and name is None,
        ended=ended,
        form=form,
        of_services=name is not None and name.scope == Scope.SERVICE,
        breadcrumbs=[
            ("Home", url_for(HOME)),
            ("Contacts", url_for("provider.contacts.index")),
            (row.name, url_for("provider.contacts.show", contact_id=row.id)),
            ("Assign to a role", None),
        ],
    )


def pick_from(row: Contact, name: RoleName, ended: bool) -> list[tuple[str, str]]:
    """What the role may be held for within reach, and who holds it there now (E-07)."""
    holders: dict[str, list[str]] = {}
    for role in roles.held((Role.name == name) & g.reach.roles(Role)):
        holders.setdefault(str(roles.target_of(role)), []).append(str(role.contact_id))
    there = Contact.visible_to(g.reach).where(Contact.id.in_([int(i) for each in holders.values() for i in each]))
    known = {str(one.id): one.name for one in there}
    made = []
    for value, words in targets(g.reach, row.organisation_id, name.scope, ended, today()):
        people = [known[i] for i in holders.get(value, []) if i in known]
        made.append(
            (value, words.partition(": ")[2] + (f" (currently assigned to {', '.join(people)})" if people else ""))
        )
    return made


def send_each(kind, row: Contact, name: RoleName, form: PickForm) -> tuple[int, list[str]]:
    """Ask for the role at each place that was picked; returns how many, and what was refused."""
    count, refused = 0, []
    places = dict(targets(g.reach, row.organisation_id, name.scope, True, today()))
    for value in form.picked.data:
        words = f"{name.name} for {places[value].partition(': ')[2].removesuffix(' (decommissioned)')}"
        try:
            rules.send(kind, row, {"role": [name.id, value, words]}, records.actor(), g.user.organisation_id)
            count += 1
        except rules.Refused as refusal:
            refused.append(f"{words}: {refusal}.")
    return count, refused
