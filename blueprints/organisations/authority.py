"""Organisations as officers see and keep them."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, abort, g, url_for
from peewee import JOIN, fn

from blueprints import facts, records
from blueprints.organisations import rules
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.weeks import today
from forms.contacts import AccreditationForm
from forms.organisations import OrganisationFilter, OrganisationForm
from models import Accreditation, Contract, Import, Organisation, Package, Person, Role, RoleName, Service, SignIn, User

routes = Blueprint("organisations", __name__)


def found(organisation_id: int) -> Organisation:
    """The organisation within reach, or 404."""
    return Organisation.visible_to(g.reach).where(Organisation.id == organisation_id).get_or_none() or abort(404)


@routes.get("/organisations")
@requires(Can.SEE_RECORDS)
def index():
    """Organisations by name or reference, with how much each has."""
    filter_form = OrganisationFilter()
    filter_form.validate()
    services = Service.select(fn.COUNT(Service.id)).where(Service.organisation == Organisation.id)
    contracts = Contract.select(fn.COUNT(Contract.id)).where(Contract.organisation == Organisation.id)
    current = Package.select(fn.COUNT(Package.id)).where(
        (Package.organisation == Organisation.id) & (Package.end_date.is_null() | (Package.end_date >= today()))
    )
    query = Organisation.visible_to(g.reach).select(
        Organisation,
        services.alias("services_count"),
        contracts.alias("contracts_count"),
        current.alias("current_count"),
    )
    if wanted := filter_form.q.data:
        query = query.where(Organisation.name.contains(wanted) | Organisation.ref.contains(wanted))
    orders = {"name": (Organisation.name,), "ref": (Organisation.ref,), "town": (Organisation.town,)}
    if records.wants_csv():
        rows, _ = records.ordered(query, orders, "name", Organisation.id)
        headings = [
            "OrganisationRef",
            "OrganisationName",
            "Town",
            "Telephone",
            "Email",
            "Services",
            "Contracts",
            "CurrentPackages",
        ]
        return records.csv_file(
            "organisations",
            headings,
            (
                [o.ref, o.name, o.town, o.telephone, o.email, o.services_count, o.contracts_count, o.current_count]
                for o in rows
            ),
        )
    return page(
        "organisations/list.html",
        heading="Organisations",
        breadcrumbs=[records.home(), ("Organisations", None)],
        actions=[
            ("Service levels", url_for("authority.services.levels")),
            ("Services", url_for("authority.services.index")),
            ("Contracts", url_for("authority.contracts.index")),
        ]
        + (
            [("Add an organisation", url_for("authority.organisations.add"), "button")] if can(Can.EDIT_RECORDS) else []
        ),
        filter=filter_form,
        found=records.listed(query, orders, "name", Organisation.id),
    )


@routes.route("/organisations/new", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def add():
    """A new organisation."""
    return edit_page(None)


@routes.route("/organisations/<int:organisation_id>/edit", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def edit(organisation_id: int):
    """Change an organisation."""
    return edit_page(found(organisation_id))


def edit_page(row: Organisation | None):
    """The form of an organisation, saved where it will do."""
    form = OrganisationForm.opened(facts.of(row))
    form.kinds.choose_from(g.settings.provider_kinds)
    if form.is_submitted() and (ident := records.keep(form, Organisation, row, rules.save_organisation)):
        records.saved(form.name.data)
        return go(url_for("authority.organisations.show", organisation_id=ident))
    way = [records.home(), ("Organisations", url_for("authority.organisations.index"))]
    back = (
        url_for("authority.organisations.show", organisation_id=row.id)
        if row
        else url_for("authority.organisations.index")
    )
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Change {row.name}" if row else "Add an organisation",
        breadcrumbs=way + ([(row.name, back), ("Change", None)] if row else [("Add an organisation", None)]),
        form=form,
        button="Save organisation",
        cancel=back,
    )


@routes.get("/organisations/<int:organisation_id>")
@requires(Can.SEE_RECORDS)
def show(organisation_id: int):
    """An organisation's details."""
    row = found(organisation_id)
    owner = records.of_organisation(row, "Details")
    return page(
        "records/summary.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        actions=(
            [
                ("Change details", url_for("authority.organisations.edit", organisation_id=row.id)),
                ("Add a service", url_for("authority.services.add", organisation=row.id)),
                ("Add a contract", url_for("authority.contracts.add", organisation=row.id)),
            ]
            if can(Can.EDIT_RECORDS)
            else []
        )
        + [("View as this provider", url_for("authority.viewing.begin", organisation_id=row.id))],
        rows=[
            {"key": "Reference", "value": row.ref},
            {"key": "Name", "value": row.name},
            {"key": "Address", "value": ", ".join(row.address_lines)},
            {"key": "Country", "value": row.country},
            {"key": "UPRN", "value": row.uprn},
            {"key": "USRN", "value": row.usrn},
            {"key": "Mobile", "value": row.mobile},
            {"key": "Telephone", "value": row.telephone},
            {"key": "Fax", "value": row.fax},
            {"key": "E-mail", "value": row.email},
            {"key": "Kinds of provider", "value": "; ".join(row.kinds.splitlines())},
            {"key": "Limited accessibility", "value": limited_words(row)},
            {"key": "Enters its own actuals", "value": "Yes" if row.enters_actuals else "No"},
        ],
    )


def limited_words(row: Organisation) -> str:
    """Whether accessibility is limited, and how many people who can sign in then reach nothing (rule 11.1)."""
    if not row.limited_accessibility:
        return "No: every contact reaches the whole organisation"
    held = (
        Role.select()
        .join(RoleName)
        .where((Role.contact == User.contact) & RoleName.reaches & (Role.organisation == row))
    )
    without = User.select().where((User.organisation == row) & User.is_active & ~fn.EXISTS(held)).count()
    words = "Yes: every contact reaches what its roles reach"
    people = (
        "person who can sign in has no role and reaches"
        if without == 1
        else "people who can sign in have no role and reach"
    )
    return f"{words}. {without} {people} nothing" if without else words


@routes.get("/organisations/<int:organisation_id>/people")
@requires(Can.SEE_RECORDS)
def people(organisation_id: int):
    """The organisation's logins."""
    row = found(organisation_id)
    owner = records.of_organisation(row, "People")
    last = SignIn.select(fn.MAX(SignIn.started_at)).where(SignIn.user == User.id)
    query = User.select(User, Person, last.alias("last_sign_in")).join(Person).where(User.organisation == row)
    orders = {"name": (User.name,), "email": (Person.email,)}
    if records.wants_csv():
        rows, _ = records.ordered(query, orders, "name", User.id)
        return records.csv_file(
            "people", ["Name", "Email", "Active"], ([u.name, u.email, "1" if u.is_active else "0"] for u in rows)
        )
    people_found = records.listed(query, orders, "name", User.id)
    for user in people_found.rows:
        if isinstance(user.last_sign_in, str):  # an aggregate, on SQLite
            user.last_sign_in = dt.datetime.fromisoformat(user.last_sign_in)
    return page("organisations/people.html", owner=owner, breadcrumbs=owner.crumbs, found=people_found)


@routes.get("/organisations/<int:organisation_id>/imports")
@requires(Can.SEE_RECORDS)
def file_imports(organisation_id: int):
    """The files that the organisation sent."""
    row = found(organisation_id)
    owner = records.of_organisation(row, "Imports")
    query = Import.select(Import, User).join(User, JOIN.LEFT_OUTER).where(Import.organisation == row)
    orders = {"started": (Import.started_at,), "file": (Import.file_name,), "state": (Import.state,)}
    if records.wants_csv():
        rows, _ = records.ordered(query, orders, "-started", Import.id)
        return records.csv_file(
            "imports",
            [
                "Kind",
                "File",
                "Started",
                "State",
                "Records",
                "New",
                "Updated",
                "Unchanged",
                "Deleted",
                "Rejected",
                "Issues",
            ],
            (
                [
                    i.kind,
                    i.file_name,
                    f"{i.started_at:%Y-%m-%d %H:%M}",
                    i.state,
                    i.records,
                    i.new,
                    i.updated,
                    i.unchanged,
                    i.deleted,
                    i.rejected,
                    i.issues,
                ]
                for i in rows
            ),
        )
    listed = records.listed(query, orders, "-started", Import.id)
    return page(
        "organisations/imports.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        found=listed,
        links={i.id: records.where("authority.imports.show", import_id=i.id) for i in listed.rows},
    )


@routes.get("/organisations/<int:organisation_id>/history")
@requires(Can.SEE_RECORDS)
def story(organisation_id: int):
    """Who changed the organisation, when, and how."""
    row = found(organisation_id)
    owner = records.of_organisation(row, "History")
    return page(
        "records/history.html", owner=owner, breadcrumbs=owner.crumbs, entries=records.story(row, OrganisationForm)
    )


# accreditations --------------------------------------------------------------------------------------------------------


@routes.get("/organisations/<int:organisation_id>/accreditations")
@requires(Can.SEE_RECORDS)
def accreditations(organisation_id: int):
    """The approvals that the organisation holds; contacts may stand for them (E-05)."""
    row = found(organisation_id)
    owner = records.of_organisation(row, "Accreditations")
    holders = Role.select(fn.COUNT(Role.id)).where(Role.accreditation == Accreditation.id)
    query = Accreditation.select(Accreditation, holders.alias("holders")).where(Accreditation.organisation == row)
    return page(
        "organisations/accreditations.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        actions=[
            (
                "Add an accreditation",
                url_for("authority.organisations.add_accreditation", organisation_id=row.id),
                "button",
            )
        ]
        if can(Can.EDIT_RECORDS)
        else [],
        rows=list(query.order_by(Accreditation.name)),
        may=can(Can.EDIT_RECORDS),
    )


@routes.route("/organisations/<int:organisation_id>/accreditations/new", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def add_accreditation(organisation_id: int):
    """One more."""
    return accreditation_page(found(organisation_id), None)


@routes.route("/accreditations/<int:accreditation_id>/edit", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def edit_accreditation(accreditation_id: int):
    """Change one."""
    row = Accreditation.visible_to(g.reach).where(Accreditation.id == accreditation_id).get_or_none() or abort(404)
    return accreditation_page(found(row.organisation_id), row)


def accreditation_page(organisation: Organisation, row: Accreditation | None):
    """The form of an accreditation, saved where it will do."""
    form = AccreditationForm.opened(facts.of(row))
    if form.is_submitted() and form.validate() and not (row and form.overtaken(Accreditation, facts.of(row))):
        try:
            rules.save_accreditation(form.facts(), records.actor(), organisation, row)
        except facts.Faulty as refused:
            form.blame(refused.faults)
        else:
            records.saved(form.name.data)
            return go(url_for("authority.organisations.accreditations", organisation_id=organisation.id))
    back = url_for("authority.organisations.accreditations", organisation_id=organisation.id)
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Change {row.name}" if row else f"Add an accreditation of {organisation.name}",
        breadcrumbs=[records.home(), (organisation.name, back), ("Change" if row else "Add", None)],
        form=form,
        button="Save accreditation",
        cancel=back,
    )
