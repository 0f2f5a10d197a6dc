"""Services and service levels as officers see and keep them."""

from __future__ import annotations

from flask import Blueprint, abort, g, request, url_for
from peewee import fn

from blueprints import facts, records
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.services import rules
from blueprints.values import file_date
from blueprints.weeks import today
from forms.services import CLAIMABLE, LevelFilter, LevelForm, ServiceFilter, ServiceForm, number
from models import Organisation, Package, Service, ServiceLevel

routes = Blueprint("services", __name__)
SERVICE_ORDERS = {
    "name": (Service.name,),
    "ref": (Service.ref,),
    "organisation": (Organisation.name, Service.name),
    "type": (Service.service_type,),
    "town": (Service.town,),
}


# services --------------------------------------------------------------------------------------------------------------


def found_service(service_id: int) -> Service:
    """The service within reach, with its organisation, or 404."""
    query = Service.visible_to(g.reach).select(Service, Organisation).join(Organisation).where(Service.id == service_id)
    return query.get_or_none() or abort(404)


@routes.get("/services")
@requires(Can.SEE_RECORDS)
def index():
    """Services of all organisations."""
    return service_list(None)


@routes.get("/organisations/<int:organisation_id>/services")
@requires(Can.SEE_RECORDS)
def of_organisation(organisation_id: int):
    """An organisation's services."""
    row = Organisation.visible_to(g.reach).where(Organisation.id == organisation_id).get_or_none() or abort(404)
    return service_list(row)


def service_list(organisation: Organisation | None):
    """The list of services, of one organisation or of all."""
    filter_form = ServiceFilter()
    if organisation is not None:
        del filter_form.organisation
    else:
        filter_form.organisation.choices = records.choices(Organisation, "All organisations", g.reach)
    filter_form.validate()
    current = Package.select(fn.COUNT(Package.id)).where(
        (Package.service == Service.id) & (Package.end_date.is_null() | (Package.end_date >= today()))
    )
    query = Service.visible_to(g.reach).select(Service, Organisation, current.alias("current_count")).join(Organisation)
    if organisation is not None:
        query = query.where(Service.organisation == organisation)
    elif filter_form.organisation.data:
        query = query.where(Service.organisation == number(filter_form.organisation.data))
    if wanted := filter_form.q.data:
        query = query.where(Service.name.contains(wanted) | Service.ref.contains(wanted))
    if not filter_form.ended.data:
        query = query.where(Service.end_date.is_null() | (Service.end_date >= today()))
    if records.wants_csv():
        rows, _ = records.ordered(query, SERVICE_ORDERS, "name", Service.id)
        return records.csv_file(
            "services",
            [
                "ServiceRef",
                "ServiceName",
                "OrganisationRef",
                "OrganisationName",
                "ServiceType",
                "Town",
                "StartDate",
                "EndDate",
                "CurrentPackages",
            ],
            (
                [
                    s.ref,
                    s.name,
                    s.organisation.ref,
                    s.organisation.name,
                    s.service_type,
                    s.town,
                    file_date(s.start_date),
                    file_date(s.end_date),
                    s.current_count,
                ]
                for s in rows
            ),
        )
    owner = records.of_organisation(organisation, "Services") if organisation else None
    at = {"organisation": organisation.id} if organisation else {}
    return page(
        "services/list.html",
        heading=None if owner else "Services",
        owner=owner,
        breadcrumbs=owner.crumbs if owner else [records.home(), ("Services", None)],
        actions=[("Add a service", url_for("authority.services.add", **at), "button")] if can(Can.EDIT_RECORDS) else [],
        filter=filter_form,
        found=records.listed(query, SERVICE_ORDERS, "name", Service.id),
    )


@routes.route("/services/new", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def add():
    """A new service."""
    return edit_service(None)


@routes.route("/services/<int:service_id>/edit", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def edit(service_id: int):
    """Change a service."""
    return edit_service(found_service(service_id))


def edit_service(row: Service | None):
    """The form of a service, saved where it will do."""
    given = facts.of(row) or {"organisation": number(request.args.get("organisation"))}
    form = ServiceForm.opened(given)
    form.organisation.choices = records.choices(Organisation, "Choose an organisation", g.reach)
    goes_on = packages_after(row, form) if row and form.is_submitted() else 0
    if goes_on and request.form.get("end_anyway") != str(goes_on):
        packages = "1 package goes" if goes_on == 1 else f"{goes_on} packages go"
        form.form_errors.append(
            f"{packages} on after this end date. Tick the box below to end the service all the same"
        )
    elif form.is_submitted() and (ident := records.keep(form, Service, row, rules.save_service)):
        records.saved(form.name.data)
        return go(url_for("authority.services.show", service_id=ident))
    back = url_for("authority.services.show", service_id=row.id) if row else url_for("authority.services.index")
    return page(
        "services/form.html",
        422 if form.is_submitted() else 200,
        goes_on=goes_on,
        heading=f"Change {row.name}" if row else "Add a service",
        breadcrumbs=[records.home(), ("Services", url_for("authority.services.index"))]
        + ([(row.name, back), ("Change", None)] if row else [("Add a service", None)]),
        form=form,
        button="Save service",
        cancel=back,
    )


def packages_after(row: Service, form: ServiceForm) -> int:
    """How many packages go on after an end date that is being set; ending the service with them warns (D-22)."""
    form.validate()
    last = form.end_date.data
    if last is None or last == row.end_date:
        return 0
    later = Package.end_date.is_null() | (Package.end_date > last)
    return Package.select().where((Package.service == row) & later).count()


@routes.get("/services/<int:service_id>")
@requires(Can.SEE_RECORDS)
def show(service_id: int):
    """A service's details."""
    row = found_service(service_id)
    owner = records.of_service(row, "Details", today())
    return page(
        "records/summary.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        actions=[("Change details", url_for("authority.services.edit", service_id=row.id))]
        if can(Can.EDIT_RECORDS)
        else [],
        rows=[
            {"key": "Reference", "value": row.ref},
            {"key": "Name", "value": row.name},
            {"key": "Organisation", "value": row.organisation.name},
            {"key": "Service type", "value": row.service_type},
            {"key": "Address", "value": ", ".join(row.address_lines)},
            {"key": "Country", "value": row.country},
            {"key": "UPRN", "value": row.uprn},
            {"key": "USRN", "value": row.usrn},
            {"key": "Telephone", "value": row.telephone},
            {"key": "Fax", "value": row.fax},
            {"key": "E-mail", "value": row.email},
            {"key": "Start date", "value": records.in_words(Service, "start_date", row.start_date)},
            {"key": "End date", "value": records.in_words(Service, "end_date", row.end_date)},
        ],
    )


@routes.get("/services/<int:service_id>/history")
@requires(Can.SEE_RECORDS)
def story(service_id: int):
    """Who changed the service, when, and how."""
    row = found_service(service_id)
    owner = records.of_service(row, "History", today())
    return page("records/history.html", owner=owner, breadcrumbs=owner.crumbs, entries=records.story(row, ServiceForm))


# service levels (rule 3.3) ---------------------------------------------------------------------------------------------


def found_level(level_id: int) -> ServiceLevel:
    """The service level, or 404."""
    return ServiceLevel.get_or_none(ServiceLevel.id == level_id) or abort(404)


@routes.get("/service-levels")
@requires(Can.SEE_RECORDS)
def levels():
    """The service levels with what each says (K-12, K-13)."""
    filter_form = LevelFilter()
    filter_form.validate()
    current = Package.select(fn.COUNT(Package.id)).where(
        (Package.level == ServiceLevel.id) & (Package.end_date.is_null() | (Package.end_date >= today()))
    )
    query = ServiceLevel.select(ServiceLevel, current.alias("current_count"))
    if wanted := filter_form.q.data:
        query = query.where(ServiceLevel.name.contains(wanted) | ServiceLevel.ref.contains(wanted))
    if filter_form.visits.data:
        query = query.where(ServiceLevel.visits_wanted == (filter_form.visits.data == "yes"))
    orders = {
        "name": (ServiceLevel.name,),
        "ref": (ServiceLevel.ref,),
        "unit": (ServiceLevel.unit,),
        "paid": (ServiceLevel.paid_on,),
        "entry": (ServiceLevel.entry,),
    }
    if records.wants_csv():
        rows, _ = records.ordered(query, orders, "name", ServiceLevel.id)
        return records.csv_file(
            "service-levels",
            [
                "ServiceLevelRef",
                "ServiceLevelName",
                "Unit",
                "PaidOn",
                "Entry",
                "Intermittent",
                "VisitsWanted",
                "ServiceGroupClass",
            ],
            (
                [
                    s.ref,
                    s.name,
                    s.unit,
                    s.paid_on,
                    s.entry,
                    int(s.intermittent),
                    int(s.visits_wanted),
                    s.service_group_class,
                ]
                for s in rows
            ),
        )
    return page(
        "services/levels.html",
        heading="Service levels",
        breadcrumbs=[records.home(), ("Service levels", None)],
        guidance="A service level is a kind of care with its unit and way of paying. Every package has one.",
        actions=[("Add a service level", url_for("authority.services.add_level"), "button")]
        if can(Can.EDIT_RECORDS)
        else [],
        filter=filter_form,
        found=records.listed(query, orders, "name", ServiceLevel.id),
    )


@routes.route("/service-levels/new", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def add_level():
    """A new service level."""
    return edit_level_page(None)


@routes.route("/service-levels/<int:level_id>/edit", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def edit_level(level_id: int):
    """Change a service level; what is paid and how it is entered are fixed once it has actuals or visits (3.3)."""
    return edit_level_page(found_level(level_id))


def edit_level_page(row: ServiceLevel | None):
    """The form of a service level, saved where it will do."""
    form = LevelForm.opened(facts.of(row) or {"frustrated_allowed": True})
    if form.is_submitted() and (ident := records.keep(form, ServiceLevel, row, rules.save_level)):
        records.saved(form.name.data)
        return go(url_for("authority.services.level", level_id=ident))
    back = url_for("authority.services.level", level_id=row.id) if row else url_for("authority.services.levels")
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Change {row.name}" if row else "Add a service level",
        breadcrumbs=[records.home(), ("Service levels", url_for("authority.services.levels"))]
        + ([(row.name, back), ("Change", None)] if row else [("Add a service level", None)]),
        guidance="What is paid and how actuals are entered cannot change once the level has actuals or visits: add another level then."
        if row
        else None,
        form=form,
        button="Save service level",
        cancel=back,
    )


@routes.get("/service-levels/<int:level_id>")
@requires(Can.SEE_RECORDS)
def level(level_id: int):
    """What a service level says."""
    row = found_level(level_id)
    owner = records.of_level(row, "Details")
    yes = {True: "Yes", False: "No"}
    return page(
        "records/summary.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        actions=[("Change", url_for("authority.services.edit_level", level_id=row.id))]
        if can(Can.EDIT_RECORDS)
        else [],
        rows=[
            {"key": "Reference", "value": row.ref},
            {"key": "Name", "value": row.name},
            {"key": "Unit", "value": row.unit},
            {"key": "Paid on", "value": row.paid_on.capitalize()},
            {"key": "How actuals are entered", "value": row.entry.capitalize()},
            {"key": "Intermittent", "value": yes[row.intermittent]},
            {"key": "Visits wanted", "value": yes[row.visits_wanted]},
            {"key": "Frustrated may be entered", "value": yes[row.frustrated_allowed]},
            {"key": "May be claimed once", "value": dict(CLAIMABLE)[row.claimable]},
            {"key": "Service group class", "value": row.service_group_class},
        ],
    )


@routes.get("/service-levels/<int:level_id>/history")
@requires(Can.SEE_RECORDS)
def level_story(level_id: int):
    """Who changed the service level, when, and how."""
    row = found_level(level_id)
    owner = records.of_level(row, "History")
    return page("records/history.html", owner=owner, breadcrumbs=owner.crumbs, entries=records.story(row, LevelForm))
