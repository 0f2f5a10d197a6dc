"""Logins as officers manage them: the list, one login, inviting, changing (B-26, B-32); and one's own account."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, abort, flash, g, request, url_for

from blueprints import history, records
from blueprints.accounts import acting, answering, listing, managing, own, policy, rules, second, sessions, several
from blueprints.accounts.listing import LoginState
from blueprints.accounts.office import OFFICERS, crumbs, found, organisation_choices, permission_words, reachable, tabs
from blueprints.accounts.rules import Refused
from blueprints.pages import go, page
from blueprints.permissions import GRANTS, OFFICER_ROLES, Can, can, granted, requires
from blueprints.settings.rules import SPECS
from forms.accounts import ForWhomForm, InviteForm, LoginForm, LoginsFilter, SeveralForm
from forms.base import PortalForm
from models import Contact, ContactState, Look, OfficerRole, Organisation, Person, SignIn, User, db, utc_now

routes = Blueprint("accounts", __name__)
own.add(routes, "authority")
acting.add(routes)
answering.add(routes)


# the list --------------------------------------------------------------------------------------------------------------


@routes.get("/accounts")
@requires(Can.MANAGE_LOGINS)
def index():
    """Logins with their state, and what may be done with several at once."""
    form = LoginsFilter()
    form.organisation.choices = organisation_choices("All")
    form.permission.choices = [("", "Anything"), *((a.name.lower(), permission_words(a)) for a in GRANTS)]
    form.validate()
    query = filtered(form)
    orders = {
        "name": (User.name,), "email": (Person.email,), "organisation": (Organisation.name, User.name),
        "made": (User.created_at,),
    }  # fmt: skip
    if records.wants_csv():
        rows, _ = records.ordered(query, orders, "name", User.id)
        return records.csv_file(
            "logins",
            ["Name", "Email", "Username", "OrganisationRef", "State", "Roles", "Permissions", "LastSignIn"],
            csv_rows(listing.as_moments(list(rows))),
        )
    listed = records.listed(query, orders, "name", User.id)
    listing.as_moments(listed.rows)
    press = SeveralForm()
    press.act.choices = [("", "Choose"), *((name, act.words) for name, act in several.ACTS.items())]
    return page(
        "accounts/list.html",
        heading="Logins",
        breadcrumbs=crumbs(),
        tabs_here=tabs("Logins"),
        actions=[
            ("Load a file", records.where("authority.imports.choose", kind="logins")),
            ("Invite somebody", url_for("authority.accounts.invite"), "button"),
        ]
        if can(Can.MANAGE_OFFICERS)
        else [("Invite somebody", url_for("authority.accounts.invite"), "button")],
        filter=form,
        found=listed,
        roles=roles_by_user(listed.rows),
        press=press,
    )


def filtered(form: LoginsFilter):
    """The logins that a filter asks for."""
    query = reachable()
    if form.q.data:
        wanted = form.q.data
        query = query.where(
            User.name.contains(wanted) | Person.email.contains(wanted) | Person.username.contains(wanted)
        )
    if form.organisation.data == OFFICERS:
        query = query.where(User.organisation.is_null())
    elif form.organisation.data and form.organisation.data.isdigit():
        query = query.where(User.organisation == int(form.organisation.data))
    if form.state.data:
        query = query.where(listing.state_column(g.settings) == form.state.data)
    if form.permission.data:
        query = query.where(Contact.permissions.contains(form.permission.data))
    if form.idle.data:
        days = 36500 if form.idle.data == "never" else int(form.idle.data)
        since = SignIn.select().where(
            (SignIn.user == User.id) & SignIn.is_ready & (SignIn.started_at > utc_now() - dt.timedelta(days=days))
        )
        query = query.where(User.id.not_in(since.select(SignIn.user)))
    return query


def roles_by_user(rows: list[User]) -> dict[int, str]:
    """What each of these logins may do beyond the usual, in words; by one query."""
    officers = [row.id for row in rows if row.organisation_id is None]
    found: dict[int, list[str]] = {}
    if officers:
        query = OfficerRole.select(OfficerRole.user, OfficerRole.role).where(OfficerRole.user.in_(officers))
        for ident, role in query.tuples():
            found.setdefault(ident, []).append(role)
    made = {ident: ", ".join(sorted(held)) for ident, held in found.items()}
    for row in rows:
        if row.organisation_id is not None and row.contact_id:
            count = len(granted(row.contact.permissions))
            made[row.id] = f"{count} permission{'' if count == 1 else 's'}" if count else ""
    return made


def csv_rows(rows: list[User]):
    """The logins as the file of logins has them."""
    held = roles_by_user(rows)
    for row in rows:
        officer = row.organisation_id is None
        given = [] if officer or not row.contact_id else [act.name.lower() for act in granted(row.contact.permissions)]
        yield [
            row.name,
            row.person.email,
            row.person.username or "",
            "" if officer else row.organisation.ref,
            row.state,
            held.get(row.id, "").replace(", ", ";") if officer else "",
            ";".join(given),
            f"{row.last_sign_in:%Y-%m-%d %H:%M}" if row.last_sign_in else "",
        ]


@routes.post("/accounts/several")
@requires(Can.MANAGE_LOGINS)
def several_at_once():
    """The same for several logins: first what would happen to each, then, pressed again, it is done."""
    form = SeveralForm()
    form.act.choices = [(name, act.words) for name, act in several.ACTS.items()]
    idents = [int(text) for text in request.form.getlist("login") if text.isascii() and text.isdigit()][:1000]
    rows = list(reachable().where(User.id.in_(idents)).order_by(User.name, User.id)) if idents else []
    if not form.validate_on_submit() or not rows:
        flash("Tick the logins, and choose what to do with them." if not rows else "Choose what to do.", "warning")
        return go(url_for("authority.accounts.index"))
    act = several.ACTS[form.act.data]
    if request.form.get("confirmed") == "yes":
        outcome = several.do(form.act.data, rows, records.actor())
        return page(
            "accounts/several_done.html", heading=act.words, breadcrumbs=crumbs((act.words, None)), outcome=outcome
        )
    return page(
        "accounts/several.html",
        heading=act.words,
        breadcrumbs=crumbs((act.words, None)),
        act=act,
        name=form.act.data,
        ahead=several.ahead(form.act.data, rows, g.user.id),
        press=PortalForm(),
    )


# one login -------------------------------------------------------------------------------------------------------------


@routes.get("/accounts/<int:user_id>")
@requires(Can.MANAGE_LOGINS)
def show(user_id: int):
    """A login: who, what lets the person in, what it may do, where it is signed in, and its history."""
    row = found(user_id)
    person = row.person
    others = reachable().where((User.person == person) & (User.id != row.id))
    return page(
        "accounts/show.html",
        heading=row.name,
        breadcrumbs=crumbs((row.name, None)),
        row=row,
        person_row=person,
        contact_href=records.where("authority.contacts.show", contact_id=row.contact_id) if row.contact_id else None,
        roles=rules.roles_of(row) if row.is_officer else [],
        permissions=[permission_words(a) for a in granted(row.contact.permissions)] if row.contact_id else [],
        way=second.way_of(person, g.settings),
        codes_left=second.recovery_codes_left(person) if person.authenticator else 0,
        others=list(others),
        live=sessions.live(person, g.settings),
        recent=sessions.recent(person, 10),
        device=sessions.device,
        work=rules.open_work(row),
        taken=files_taken(row),
        entries=records.story(row),
        press=PortalForm(),
        is_self=row.id == g.user.id,
        states=LoginState,
    )


def files_taken(row: User) -> list[tuple[dt.datetime, str]]:
    """The last files and reports that a person took away: when, and of which pages (B-22)."""
    query = Look.select(Look.at, Look.thing).where((Look.user == row.id) & Look.thing.startswith(history.FILE))
    return [
        (at, thing.removeprefix(history.FILE).replace("_", " ").replace(".", ": "))
        for at, thing in query.order_by(Look.id.desc()).limit(10).tuples()
    ]


@routes.route("/accounts/new", methods=["GET", "POST"])
@requires(Can.MANAGE_LOGINS)
def invite():
    """A login for a contact or for somebody new, with an invitation by mail (B-12)."""
    whom = ForWhomForm()
    whom.organisation.choices = organisation_choices("Choose")
    chosen = whom.organisation.data or ""
    if chosen not in dict(whom.organisation.choices):
        abort(404)
    if not chosen:
        return page(
            "accounts/for_whom.html",
            heading="Invite somebody",
            breadcrumbs=crumbs(("Invite somebody", None)),
            whom=whom,
        )
    organisation = None if chosen == OFFICERS else Organisation.get_by_id(int(chosen))
    form = invite_form(organisation)
    known = None
    if form.is_submitted() and form.validate():
        known = known_person(form, organisation)
        try:
            user = made(form, organisation, known)
        except Refused as refusal:
            if known is None or form.same_person.data:
                form.email.errors = [str(refusal)]
        else:
            flash(f"{user.name} has a login. The invitation is on its way to {user.email}.", "success")
            return go(url_for("authority.accounts.show", user_id=user.id))
    if not (known and not form.errors):
        del form.same_person
    return page(
        "accounts/invite.html",
        422 if form.is_submitted() else 200,
        heading=f"Invite somebody of {organisation.name}" if organisation else "Invite an officer",
        breadcrumbs=crumbs(("Invite somebody", url_for("authority.accounts.invite")), (organisation.name if organisation else "Officers", None)),
        form=form,
        known=known,
        known_for=", ".join(u.organisation.name for u in known.users if u.organisation_id) if known else "",
        button="Invite",
        cancel=url_for("authority.accounts.index"),
    )  # fmt: skip


def invite_form(organisation: Organisation | None) -> InviteForm:
    """The form of an invitation, with the contacts who have no login yet."""
    form = InviteForm()
    free = (
        Contact.select()
        .where(
            (Contact.organisation == organisation if organisation else Contact.organisation.is_null())
            & (Contact.state == ContactState.CURRENT)
            & Contact.id.not_in(User.select(User.contact).where(User.contact.is_null(False)))
        )
        .order_by(Contact.surname, Contact.forename)
    )
    form.contact.choices = [("", "Somebody new, named below"), *((str(c.id), c.file_name) for c in free)]
    if organisation:
        del form.roles
        form.permissions.choices = [(act.name.lower(), permission_words(act)) for act in GRANTS]
    else:
        del form.permissions
        form.roles.choices = [(role, role.capitalize()) for role in OFFICER_ROLES]
    return form


def known_person(form: InviteForm, organisation: Organisation | None) -> Person | None:
    """The person who signs in by the address already, at another organisation."""
    if organisation is None:
        return None
    person = Person.get_or_none(Person.email == (form.email.data or "").strip().lower())
    return person if person and all(u.organisation_id not in (None, organisation.id) for u in person.users) else None


def made(form: InviteForm, organisation: Organisation | None, known: Person | None) -> User:
    """The login of the form. Raises Refused."""
    contact = Contact.get_by_id(int(form.contact.data)) if form.contact.data else None
    if contact is None and not form.name.data:
        form.name.errors = ["Choose a contact, or enter the name of a new one"]
        raise Refused("Enter who it is")
    same = known if known is not None and form.same_person and form.same_person.data else None
    with db.atomic():
        named = " ".join(p for p in (contact.forename, contact.surname) if p) if contact else form.name.data
        user = managing.invite(
            records.actor(),
            form.email.data,
            named,
            organisation,
            form.roles.data or [] if "roles" in form else (),
            contact,
            form.username.data,
            same,
        )
        if "permissions" in form and form.permissions.data:
            managing.permit(user, form.permissions.data, records.actor())
    return user


@routes.route("/accounts/<int:user_id>/edit", methods=["GET", "POST"])
@requires(Can.MANAGE_LOGINS)
def edit(user_id: int):
    """Another address or user name; an officer's roles, a contact's permissions."""
    row = found(user_id)
    form = LoginForm.opened(facts_of(row))
    if row.is_officer or not row.contact_id:
        del form.permissions
    else:
        form.permissions.choices = [(act.name.lower(), permission_words(act)) for act in GRANTS]
    if row.is_officer:
        form.roles.choices = [(role, role.capitalize()) for role in OFFICER_ROLES]
    else:
        del form.roles
    if form.is_submitted() and form.validate():
        try:
            if save(row, form):
                records.saved(row.name)
                return go(url_for("authority.accounts.show", user_id=row.id))
        except Refused as refusal:
            form.form_errors.append(str(refusal))
    back = url_for("authority.accounts.show", user_id=row.id)
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Change the login of {row.name}",
        breadcrumbs=crumbs((row.name, back), ("Change", None)),
        form=form,
        button="Save login",
        cancel=back,
    )


def facts_of(row: User) -> dict:
    """What the form of a login shows."""
    return {
        "email": row.person.email,
        "username": row.person.username or "",
        "roles": sorted(rules.roles_of(row)) if row.is_officer else [],
        "permissions": [a.name.lower() for a in granted(row.contact.permissions)] if row.contact_id else [],
    }


def save(row: User, form: LoginForm) -> bool:
    """Save a login unless somebody else was faster. Raises Refused."""
    by = records.actor()
    with db.atomic():
        row = found(row.id)
        if form.overtaken(User, facts_of(row)):
            return False
        if row.id == by.user_id and (form.email.data or "").lower() != row.person.email:
            raise Refused("Ask a colleague to change your own address: a link to set your password goes there")
        rules.change_email(row, form.email.data, by)
        managing.rename(row, form.username.data, by)
        if "roles" in form:
            managing.set_roles(row, form.roles.data or [], by)
        if "permissions" in form:
            managing.permit(row, form.permissions.data or [], by)
    return True


@routes.route("/accounts/policy", methods=["GET", "POST"])
@requires(Can.EDIT_SETTINGS)
def policy_page():
    """How people sign in, in words, and the two presets of rule 11.4 beside it."""
    form = PortalForm()
    name = request.form.get("preset", "")
    if form.validate_on_submit() and name in policy.PRESETS:
        count = policy.use_preset(name, records.actor())
        flash(f"{count} setting{'' if count == 1 else 's'} changed: the policy is “{name}” now.", "success")
        return go(url_for("authority.accounts.policy_page"))
    names = dict.fromkeys(key for wanted in policy.PRESETS.values() for key in wanted)
    return page(
        "accounts/policy.html",
        heading="Sign-in policy",
        breadcrumbs=[records.home(), ("Settings", url_for("authority.settings.index")), ("Sign-in policy", None)],
        in_force=policy.preset_in_force(g.settings),
        presets=list(policy.PRESETS),
        rows=[
            (
                SPECS[key].label,
                shown(getattr(g.settings, key)),
                [shown(w.get(key, "")) for w in policy.PRESETS.values()],
            )
            for key in names
        ],
        press=form,
    )


def shown(value) -> str:
    """A setting's value in words; a dash where a preset leaves it as it is."""
    return (
        {True: "Yes", False: "No", "": "-"}.get(value, str(value).capitalize())
        if isinstance(value, bool | str)
        else str(value)
    )
