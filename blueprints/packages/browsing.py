"""Packages in lists: all, and those of an organisation, service, level, contract or client."""

from __future__ import annotations

from flask import abort, g, url_for

from blueprints import history, records, values
from blueprints.packages import one_off
from blueprints.packages.desk import ORDERS, joined, routes, with_words
from blueprints.packages.listing import Wanted
from blueprints.pages import page
from blueprints.permissions import Can, can, requires
from blueprints.values import file_date, file_money, file_quantity
from blueprints.weeks import today
from forms.packages import (
    PackageFilter,
)
from forms.services import number
from models import (
    Client,
    Contract,
    Organisation,
    Package,
    Service,
    ServiceLevel,
)


@routes.get("/packages")
@requires(Can.SEE_RECORDS)
def index():
    """Packages of all organisations."""
    return package_list(None, None)


@routes.get("/organisations/<int:organisation_id>/packages")
@requires(Can.SEE_RECORDS)
def of_organisation(organisation_id: int):
    """An organisation's packages."""
    row = Organisation.visible_to(g.reach).where(Organisation.id == organisation_id).get_or_none() or abort(404)
    return package_list(records.of_organisation(row, "Packages"), Package.organisation == row, "organisation", row.id)


@routes.get("/services/<int:service_id>/packages")
@requires(Can.SEE_RECORDS)
def of_service(service_id: int):
    """A service's packages."""
    query = Service.visible_to(g.reach).select(Service, Organisation).join(Organisation)
    row = query.where(Service.id == service_id).get_or_none() or abort(404)
    return package_list(records.of_service(row, "Packages", today()), Package.service == row, "service", row.id)


@routes.get("/service-levels/<int:level_id>/packages")
@requires(Can.SEE_RECORDS)
def of_level(level_id: int):
    """A service level's packages."""
    row = ServiceLevel.get_or_none(ServiceLevel.id == level_id) or abort(404)
    return package_list(records.of_level(row, "Packages"), Package.level == row, "level", row.id)


@routes.get("/contracts/<int:contract_id>/packages")
@requires(Can.SEE_RECORDS)
def of_contract(contract_id: int):
    """A contract's packages."""
    query = Contract.visible_to(g.reach).select(Contract, Organisation).join(Organisation)
    row = query.where(Contract.id == contract_id).get_or_none() or abort(404)
    return package_list(records.of_contract(row, "Packages"), Package.contract == row, "contract", row.id)


@routes.get("/clients/<int:client_id>/packages")
@requires(Can.SEE_RECORDS)
def of_client(client_id: int):
    """A client's packages, historical ones too."""
    row = Client.visible_to(g.reach).where(Client.id == client_id).get_or_none() or abort(404)
    history.looked(g.user.id, row)
    return package_list(records.of_client(row, "Packages"), Package.client == row, "client", row.id, "all")


def package_list(owner, condition, of: str = "", ident: int | None = None, when: str = ""):
    """The list of packages, of one record or of all; current and to come unless asked otherwise."""
    form = PackageFilter()
    for name, model, words in (
        ("organisation", Organisation, "All organisations"),
        ("service", Service, "All services"),
        ("level", ServiceLevel, "All service levels"),
        ("contract", Contract, "All contracts"),
    ):
        if of == name or (of in ("service", "contract") and name == "organisation"):
            del form[name]
            continue
        within = None
        if of == "organisation" and name in ("service", "contract"):
            within = model.organisation == ident
        form[name].choices = records.choices(model, words, g.reach, within)
    form.validate()
    query = joined()
    if condition is not None:
        query = query.where(condition)
    for name in ("organisation", "service", "level", "contract"):
        if name in form and number(form[name].data):
            query = query.where(getattr(Package, name) == number(form[name].data))
    if form.authorised.data in ("yes", "no"):
        query = query.where(Package.authorised == (form.authorised.data == "yes"))
    query = query.where(*dates(form.when.data or when))
    for word in (form.q.data or "").replace(",", " ").split():
        same = (
            Client.surname.contains(word)
            | Client.forename.contains(word)
            | Client.ssref.contains(word)
            | Package.care_package_ref.contains(word)
        )
        if word.isascii() and word.isdigit() and len(word) < 19:
            same |= Package.cpli_id == int(word)
        query = query.where(same)
    if records.wants_csv():
        rows, _ = records.ordered(query, ORDERS, "client", Package.id)
        return package_file(list(rows))
    found = records.listed(query, ORDERS, "client", Package.id)
    with_words(found.rows)
    claims = []
    if of == "client":
        claims = one_off.rows(one_off.fitting(g.reach, Wanted(client=ident, historical=True), today()), today())
    waiting = Package.visible_to(g.reach).where(~Package.authorised).count() if owner is None else 0
    return page(
        "packages/list.html",
        heading=None if owner else "Packages",
        owner=owner,
        breadcrumbs=owner.crumbs if owner else [records.home(), ("Packages", None)],
        actions=(
            [(f"Waiting to be authorised ({waiting})", url_for("authority.packages.waiting"))] if owner is None else []
        )
        + ([("Planned against commissioned", url_for("authority.packages.mismatches"))] if owner is None else [])
        + (
            [("Add a package", url_for("authority.packages.add", **({of: ident} if of else {})), "button")]
            if can(Can.EDIT_PACKAGES)
            else []
        ),
        filter=form,
        of=of,
        found=found,
        claims=claims,
        claim_prefix=(records.where("authority.claims.item", item_id=0) or "")[:-1],
    )


def dates(when: str) -> tuple:
    """The conditions of a choice of dates; an end date of today is not ended (3.8)."""
    now = today()
    goes_on = Package.end_date.is_null() | (Package.end_date >= now)
    return {
        "": (goes_on,),
        "current": (goes_on, Package.start_date <= now),
        "historical": (Package.end_date < now,),
        "to-come": (Package.start_date > now,),
    }.get(when, (Package.id.is_null(False),))


def package_file(rows: list[Package]):
    """The rows of a list as a file, with the columns of the packages file and the words of the list."""
    with_words(rows)
    return records.csv_file(
        "packages",
        [
            "CPLIId",
            "SSRef",
            "Client",
            "ServiceRef",
            "ServiceName",
            "ServiceLevelRef",
            "ServiceLevel",
            "ContractRef",
            "StartDate",
            "EndDate",
            "Quantity",
            "Frequency",
            "UnitCost",
            "Authorised",
            "CarePackageRef",
            "Discount",
            "Contribution",
            "PricingBasis",
            "CostCentre",
            "Subjective",
            "Cost",
            "Pricing",
            "State",
        ],
        (
            [
                p.cpli_id,
                p.client.ssref,
                p.client.file_name,
                p.service.ref,
                p.service.name,
                p.level.ref,
                p.level.name,
                p.contract.ref,
                file_date(p.start_date),
                file_date(p.end_date),
                file_quantity(p.quantity),
                p.frequency,
                values.file_rate(p.unit_cost),
                int(p.authorised),
                p.care_package_ref,
                file_quantity(p.discount),
                file_money(p.contribution),
                p.pricing_basis,
                p.cost_centre,
                p.subjective,
                p.cost_words,
                p.pricing_words,
                p.state,
            ]
            for p in rows
        ),
    )
