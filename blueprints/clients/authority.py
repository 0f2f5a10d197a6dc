"""Clients as officers see and keep them; every look at one is logged."""

from __future__ import annotations

from flask import Blueprint, abort, g, url_for

from blueprints import facts, history, records
from blueprints.clients import rules
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.values import file_date, file_money
from forms.clients import ClientFilter, ClientForm
from forms.services import number
from models import Client, Due, Organisation, Package, Service, ServiceLevel, Visit

routes = Blueprint("clients", __name__)
ORDERS = {
    "name": (Client.surname, Client.forename),
    "ssref": (Client.ssref,),
    "born": (Client.date_of_birth,),
    "postcode": (Client.postcode,),
}


def found_client(client_id: int) -> Client:
    """The client within reach, or 404; the look is logged."""
    row = Client.visible_to(g.reach).where(Client.id == client_id).get_or_none() or abort(404)
    history.looked(g.user.id, row)
    return row


@routes.get("/clients")
@requires(Can.SEE_RECORDS)
def index():
    """Clients by name, references, NHS number or date of birth."""
    return client_list(None)


@routes.get("/organisations/<int:organisation_id>/clients")
@requires(Can.SEE_RECORDS)
def of_organisation(organisation_id: int):
    """The clients that an organisation has or had a package for."""
    row = Organisation.visible_to(g.reach).where(Organisation.id == organisation_id).get_or_none() or abort(404)
    return client_list(row)


def client_list(organisation: Organisation | None):
    """The list of clients, of one organisation or of all."""
    filter_form = ClientFilter()
    if organisation is not None:
        del filter_form.organisation
    else:
        filter_form.organisation.choices = records.choices(Organisation, "All organisations", g.reach)
    filter_form.validate()
    query = Client.visible_to(g.reach)
    wanted_organisation = organisation.id if organisation else number(filter_form.organisation.data)
    if wanted_organisation:
        query = query.where(
            Client.id.in_(Package.select(Package.client).where(Package.organisation == wanted_organisation))
        )
    for word in (filter_form.q.data or "").replace(",", " ").split():
        query = query.where(
            Client.surname.contains(word)
            | Client.forename.contains(word)
            | Client.ssref.contains(word)
            | Client.client_ref.contains(word)
            | Client.nhs_number.contains(word)
        )
    if filter_form.born.data:
        query = query.where(Client.date_of_birth == filter_form.born.data)
    if records.wants_csv():
        rows, _ = records.ordered(query, ORDERS, "name", Client.id)
        return records.csv_file(
            "clients",
            [
                "SSRef",
                "Surname",
                "Forename",
                "ClientRef",
                "Title",
                "DateOfBirth",
                "DateOfDeath",
                "NHSNumber",
                "Postcode",
            ],
            (
                [
                    c.ssref,
                    c.surname,
                    c.forename,
                    c.client_ref,
                    c.title,
                    file_date(c.date_of_birth),
                    file_date(c.date_of_death),
                    c.nhs_number,
                    c.postcode,
                ]
                for c in rows
            ),
        )
    owner = records.of_organisation(organisation, "Clients") if organisation else None
    return page(
        "clients/list.html",
        heading=None if owner else "Clients",
        owner=owner,
        breadcrumbs=owner.crumbs if owner else [records.home(), ("Clients", None)],
        actions=[("Add a client", url_for("authority.clients.add"), "button")] if can(Can.EDIT_RECORDS) else [],
        filter=filter_form,
        found=records.listed(query, ORDERS, "name", Client.id),
    )


@routes.route("/clients/new", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def add():
    """A new client."""
    return edit_page(None)


@routes.route("/clients/<int:client_id>/edit", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def edit(client_id: int):
    """Change a client."""
    return edit_page(found_client(client_id))


def edit_page(row: Client | None):
    """The form of a client, saved where it will do; a date of death is answered with the packages that go on (3.9)."""
    form = ClientForm.opened(facts.of(row))
    if form.is_submitted() and (ident := records.keep(form, Client, row, rules.save_client)):
        records.saved(f"{form.forename.data} {form.surname.data}")
        return go(url_for("authority.clients.show", client_id=ident))
    back = url_for("authority.clients.show", client_id=row.id) if row else url_for("authority.clients.index")
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Change {row.name}" if row else "Add a client",
        breadcrumbs=[records.home(), ("Clients", url_for("authority.clients.index"))]
        + ([(row.name, back), ("Change", None)] if row else [("Add a client", None)]),
        form=form,
        button="Save client",
        cancel=back,
    )


@routes.get("/clients/<int:client_id>")
@requires(Can.SEE_RECORDS)
def show(client_id: int):
    """A client's details."""
    row = found_client(client_id)
    owner = records.of_client(row, "Details")
    return page(
        "records/summary.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        actions=(
            [("Change details", url_for("authority.clients.edit", client_id=row.id))] if can(Can.EDIT_RECORDS) else []
        )
        + ([("Add a package", url_for("authority.packages.add", client=row.id))] if can(Can.EDIT_PACKAGES) else [])
        + (
            [("Who looked, and all that is kept", url_for("authority.audit.client", client_id=row.id))]
            if can(Can.SEE_AUDIT)
            else []
        ),
        rows=[
            {"key": "SSRef", "value": row.ssref},
            {"key": "ClientRef", "value": row.client_ref},
            {"key": "Name", "value": row.name},
            {"key": "Date of birth", "value": records.in_words(Client, "date_of_birth", row.date_of_birth)},
            {"key": "Date of death", "value": records.in_words(Client, "date_of_death", row.date_of_death)},
            {"key": "Gender", "value": row.gender},
            {"key": "NHS number", "value": row.nhs_number},
            {"key": "NI number", "value": row.ni_number},
            {"key": "Address", "value": ", ".join(row.address_lines)},
        ],
    )


@routes.get("/clients/<int:client_id>/visits")
@requires(Can.SEE_RECORDS)
def visits(client_id: int):
    """The client's visits, newest first."""
    row = found_client(client_id)
    owner = records.of_client(row, "Visits")
    return records.visit_list(Visit.visible_to(g.reach).where(Visit.client == row), owner, "visits-of-client")


@routes.get("/clients/<int:client_id>/payments")
@requires(Can.SEE_RECORDS)
def payments(client_id: int):
    """What is due and paid for the client, by package and week, newest first (7.3)."""
    row = found_client(client_id)
    owner = records.of_client(row, "Payments")
    query = (
        Due.select(Due, Package, Service, ServiceLevel)
        .join(Package, on=(Due.package == Package.id))
        .join(Service)
        .switch(Package)
        .join(ServiceLevel)
        .where(Package.client == row)
    )
    orders = {"week": (Due.week,), "package": (Package.cpli_id, Due.week), "service": (Service.name, Due.week)}
    if records.wants_csv():
        rows, _ = records.ordered(query, orders, "-week", Due.package)
        return records.csv_file(
            "payments-of-client",
            ["WeekBeginning", "CPLIId", "ServiceName", "ServiceLevel", "Due", "Contribution", "VAT", "Paid"],
            (
                [
                    file_date(d.week),
                    d.package.cpli_id,
                    d.package.service.name,
                    d.package.level.name,
                    file_money(d.cost),
                    file_money(d.contribution),
                    file_money(d.vat),
                    file_money(d.paid_cost + d.paid_vat + d.paid_contribution),
                ]
                for d in rows
            ),
        )
    return page(
        "clients/payments.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        found=records.listed(query, orders, "-week", Due.package),
    )


@routes.get("/clients/<int:client_id>/history")
@requires(Can.SEE_RECORDS)
def story(client_id: int):
    """Who changed the client, when, and how."""
    row = found_client(client_id)
    owner = records.of_client(row, "History")
    return page("records/history.html", owner=owner, breadcrumbs=owner.crumbs, entries=records.story(row, ClientForm))
