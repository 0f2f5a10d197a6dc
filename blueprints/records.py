"""What officers' record pages share: lists that sort, page and download; history in words; and who changed it meanwhile."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from flask import Response, current_app, flash, g, request, url_for
from peewee import JOIN, BooleanField, DateField, ForeignKeyField, IntegrityError
from werkzeug.routing import BuildError

import database
from blueprints import consequences, facts, history, sheets, values
from blueprints.frame import show_moment
from blueprints.pages import page
from models import Client, Contract, Organisation, Package, PaymentCycle, Service, ServiceLevel, Visit, VisitType, db

PER_PAGE = 100


class Listed(NamedTuple):
    """One page of a list: its rows, how many there are in all, which page of how many, and the order."""

    rows: list
    count: int
    page: int
    pages: int
    sort: str


def listed(query, orders: Mapping[str, tuple], usual: str, tie) -> Listed:
    """The page that the address asks for, 100 rows each; a page out of range is the last (C-15).

    `orders` gives the columns of each sortable heading, `usual` the order without a choice, `tie` what ends ties.
    """
    query, sort = ordered(query, orders, usual, tie)
    count = query.count()
    pages = max(1, -(-count // PER_PAGE))
    page = wanted_page(pages)
    rows = list(query.limit(PER_PAGE).offset((page - 1) * PER_PAGE)) if count else []
    return Listed(rows, count, page, pages, sort)


def cut(rows: list) -> Listed:
    """The page that the address asks for of rows that are there already."""
    pages = max(1, -(-len(rows) // PER_PAGE))
    page = wanted_page(pages)
    return Listed(rows[(page - 1) * PER_PAGE : page * PER_PAGE], len(rows), page, pages, "")


def wanted_page(pages: int) -> int:
    """The page of the address; one out of range is the last, nonsense the first."""
    wanted = request.args.get("page", "1")
    return min(max(int(wanted), 1), pages) if wanted.isascii() and wanted.isdigit() and len(wanted) < 9 else 1


def ordered(query, orders: Mapping[str, tuple], usual: str, tie):
    """The query in the order of the address, and that order's name."""
    sort = request.args.get("sort", usual)
    if sort.removeprefix("-") not in orders:
        sort = usual
    columns = orders[sort.removeprefix("-")]
    down = sort.startswith("-")
    return query.order_by(*((c.desc() if down else c.asc()) for c in columns), tie), sort


def wants_csv() -> bool:
    """The address asks for the rows as a file."""
    return request.args.get("format") == "csv"


def csv_file(name: str, headings: list[str], rows: Iterable) -> Response:
    """The rows as a CSV download."""
    answer = Response(b"".join(sheets.write_csv(rows, headings)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def where(endpoint: str, **parameters) -> str | None:
    """The address of a page, or None where its area is not built: then it is not linked."""
    try:
        return url_for(endpoint, **parameters) if endpoint in current_app.view_functions else None
    except BuildError:
        return None


# history in words ------------------------------------------------------------------------------------------------------

NAMES: dict[type, Callable] = {
    Organisation: lambda r: r.name,
    Service: lambda r: r.name,
    ServiceLevel: lambda r: r.name,
    Contract: lambda r: r.name,
    PaymentCycle: lambda r: r.name,
    Client: lambda r: r.name,
    Package: lambda r: str(r.cpli_id),
}
UNITS: dict[str, Callable] = {
    "unit_cost": values.show_rate,
    "quantity": lambda v: values.show_quantity(v, short=True),
    "discount": lambda v: f"{values.show_quantity(v, short=True)}%",
    "vat_rate": lambda v: f"{values.show_quantity(v, short=True)}%",
    "contribution": values.show_money,
    **dict.fromkeys(("contracted_units", "available"), lambda v: values.show_quantity(v, short=True)),
    **dict.fromkeys(
        (
            "shops",
            "post_office",
            "train_station",
            "bus_stop",
            "town_centre",
            "social_centre",
            "gp",
            "primary_school",
            "secondary_school",
        ),
        lambda v: f"{values.show_quantity(v, short=True)} km",
    ),
    "amount": values.show_money,
}


def label_of(name: str, form=None) -> str:
    """What a form calls a field; else its name in words."""
    field = getattr(form, name, None)
    if field is not None and getattr(field, "args", None):
        return field.args[0]
    return name.replace("_", " ").capitalize()


def in_words(model, name: str, value, names: Mapping[tuple[str, int], str] | None = None) -> str:
    """A stored value as a person reads it: dates, money and units as on the pages, references by their names."""
    if value is None or value == "":
        return ""
    field = model._meta.fields.get(name) if model is not None else None
    if isinstance(field, ForeignKeyField):
        if names is not None:
            return names.get((name, value), str(value))
        row = field.rel_model.get_or_none(field.rel_model._meta.primary_key == value)
        return NAMES.get(field.rel_model, str)(row) if row else str(value)
    if isinstance(field, BooleanField) or isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(field, DateField):
        return values.show_date(value if isinstance(value, dt.date) else dt.date.fromisoformat(value))
    if name in UNITS and isinstance(value, int):
        return UNITS[name](value)
    return str(value)


def story(row, form=None) -> list[dict]:
    """The history of a record, as ui.history shows it; one query more for each kind of reference in it."""
    return stories(type(row), [row.get_id()], form)


def stories(model, idents: list[int], form=None) -> list[dict]:
    """The history of several records of one table, newest first, as ui.history shows it."""
    entries = history.of_many(model._meta.table_name, idents)
    names: dict[tuple[str, int], str] = {}
    for name, field in model._meta.fields.items():
        if isinstance(field, ForeignKeyField):
            idents = {v for e in entries for n, *pair in e["changes"] if n == name for v in pair if isinstance(v, int)}
            if idents:
                found = field.rel_model.select().where(field.rel_model._meta.primary_key.in_(list(idents)))
                show = NAMES.get(field.rel_model, str)
                names.update({(name, r.get_id()): show(r) for r in found})
    return [
        {
            "at": e["at"],
            "when": show_moment(e["at"]),
            "who": e["by"],
            "what": e["what"],
            "changes": [
                (label_of(n, form), in_words(model, n, a, names), in_words(model, n, b, names))
                for n, a, b in e["changes"]
                if a not in (None, "") or b not in (None, "")
            ],
        }
        for e in entries
    ]


# two people at once ----------------------------------------------------------------------------------------------------


def as_shown(facts: Mapping[str, Any]) -> str:
    """What a form showed when it was opened, to compare when it is saved."""
    return json.dumps({k: history.as_text(v) for k, v in facts.items()}, sort_keys=True, ensure_ascii=False)


def changed_meanwhile(shown: str, now: Mapping[str, Any]) -> list[str]:
    """The names of fields that somebody else has changed since the form was opened (4.8's rule for records)."""
    try:
        before = json.loads(shown or "{}")
    except ValueError:
        before = {}
    if not isinstance(before, dict):
        before = {}
    return [k for k, v in now.items() if k in before and before[k] != history.as_text(v)]


def actor() -> history.Actor:
    """Who acts in this request."""
    return history.Actor(g.user.id, g.user.name)


def keep(form, model, row, save, now: bool = True) -> int | None:
    """Save a record from its form, with what follows from it, in one transaction; returns its id.

    None where the form is to be shown again: fields that will not do, or somebody else was faster and both values are
    shown. A change that touches many packages is settled by a job.
    """
    if not form.validate():
        return None
    try:
        with db.atomic():
            database.serialise(db, f"{model._meta.table_name} {row.get_id() if row else 'new'}")
            if row is not None:
                row = model.get_by_id(row.get_id())
                if form.overtaken(model, facts.of(row)):
                    return None
            saved = save(form.facts(), actor(), row)
            if any(saved.touched):
                few = len(saved.touched.packages) + len(saved.touched.people) <= 20
                consequences.follow_touched(saved.touched, now=now and few)
    except facts.Faulty as refused:
        form.blame(refused.faults)
        return None
    except IntegrityError:
        form.form_errors.append("Somebody else has just added a record with this reference. Look for it in the list")
        return None
    return saved.ident


# what stands around a record -------------------------------------------------------------------------------------------


class Owner(NamedTuple):
    """The record that a page is about: its name, what stands below it, its tabs and the way to it."""

    title: str
    caption: str
    tabs: list[dict]
    crumbs: list[tuple[str, str | None]]
    tag: str = ""
    warning: str = ""


def home() -> tuple[str, str]:
    """The first breadcrumb."""
    return ("Home", url_for("authority.home.index"))


def tabs(current: str, *items: tuple[str, str, dict]) -> list[dict]:
    """Tabs of a record from (words, endpoint, parameters); those whose area is not built are absent."""
    made = [(text, where(endpoint, **parameters)) for text, endpoint, parameters in items]
    return [{"text": text, "href": href, "current": text == current} for text, href in made if href]


def crumbs(owner_crumbs: list, current: str, first: str) -> list:
    """Breadcrumbs of a record's tab: the record's own page ends at the record."""
    if current == first:
        return [*owner_crumbs[:-1], (owner_crumbs[-1][0], None)]
    return [*owner_crumbs, (current, None)]


def of_organisation(row: Organisation, current: str) -> Owner:
    """An organisation's frame."""
    at = {"organisation_id": row.id}
    way = [
        home(),
        ("Organisations", url_for("authority.organisations.index")),
        (row.name, url_for("authority.organisations.show", **at)),
    ]
    return Owner(
        row.name,
        f"Organisation {row.ref}",
        tabs(
            current,
            ("Details", "authority.organisations.show", at),
            ("Services", "authority.services.of_organisation", at),
            ("Contacts", "authority.contacts.of_organisation", at),
            ("Properties", "authority.properties.of_organisation", at),
            ("Accreditations", "authority.organisations.accreditations", at),
            ("Contracts", "authority.contracts.of_organisation", at),
            ("Packages", "authority.packages.of_organisation", at),
            ("Clients", "authority.clients.of_organisation", at),
            ("People", "authority.organisations.people", at),
            ("Imports", "authority.organisations.file_imports", at),
            ("History", "authority.organisations.story", at),
        ),
        crumbs(way, current, "Details"),
    )


def of_service(row: Service, current: str, today) -> Owner:
    """A service's frame; the organisation comes with the row."""
    at = {"service_id": row.id}
    organisation = row.organisation
    way = [
        home(),
        ("Organisations", url_for("authority.organisations.index")),
        (organisation.name, url_for("authority.organisations.show", organisation_id=organisation.id)),
        (row.name, url_for("authority.services.show", **at)),
    ]
    return Owner(
        row.name,
        f"Service {row.ref} of {organisation.name}",
        tabs(
            current,
            ("Details", "authority.services.show", at),
            ("Public details", "authority.availability.show", at),
            ("Packages", "authority.packages.of_service", at),
            ("History", "authority.services.story", at),
        ),
        crumbs(way, current, "Details"),
        "" if row.is_current(today) else "Ended",
    )


def of_level(row: ServiceLevel, current: str) -> Owner:
    """A service level's frame."""
    at = {"level_id": row.id}
    way = [
        home(),
        ("Service levels", url_for("authority.services.levels")),
        (row.name, url_for("authority.services.level", **at)),
    ]
    return Owner(
        row.name,
        f"Service level {row.ref}",
        tabs(
            current,
            ("Details", "authority.services.level", at),
            ("Packages", "authority.packages.of_level", at),
            ("History", "authority.services.level_story", at),
        ),
        crumbs(way, current, "Details"),
    )


def of_contract(row: Contract, current: str) -> Owner:
    """A contract's frame; the organisation comes with the row."""
    at = {"contract_id": row.id}
    organisation = row.organisation
    way = [
        home(),
        ("Organisations", url_for("authority.organisations.index")),
        (organisation.name, url_for("authority.organisations.show", organisation_id=organisation.id)),
        (row.name, url_for("authority.contracts.show", **at)),
    ]
    return Owner(
        row.name,
        f"Contract {row.ref} of {organisation.name}",
        tabs(
            current,
            ("Details", "authority.contracts.show", at),
            ("Periods", "authority.contracts.periods", at),
            ("Packages", "authority.packages.of_contract", at),
            ("Orders", "authority.orders.of_contract", at),
            ("History", "authority.contracts.story", at),
        ),
        crumbs(way, current, "Details"),
    )


def of_cycle(row: PaymentCycle, current: str) -> Owner:
    """A payment cycle's frame."""
    at = {"cycle_id": row.id}
    way = [
        home(),
        ("Payment cycles", url_for("authority.contracts.cycles")),
        (row.name, url_for("authority.contracts.cycle", **at)),
    ]
    return Owner(
        row.name,
        "Payment cycle",
        tabs(
            current,
            ("Periods", "authority.contracts.cycle", at),
            ("Contracts", "authority.contracts.of_cycle", at),
            ("History", "authority.contracts.cycle_story", at),
        ),
        crumbs(way, current, "Periods"),
    )


def of_client(row: Client, current: str) -> Owner:
    """A client's frame; a date of death warns (3.9)."""
    at = {"client_id": row.id}
    way = [
        home(),
        ("Clients", url_for("authority.clients.index")),
        (row.name, url_for("authority.clients.show", **at)),
    ]
    return Owner(
        row.name,
        f"Client {row.ssref}",
        tabs(
            current,
            ("Details", "authority.clients.show", at),
            ("Packages", "authority.packages.of_client", at),
            ("Visits", "authority.clients.visits", at),
            ("Payments", "authority.clients.payments", at),
            ("Orders", "authority.orders.of_client", at),
            ("History", "authority.clients.story", at),
        ),
        crumbs(way, current, "Details"),
        warning=f"Died on {values.show_date_long(row.date_of_death)}. Only ending the packages stops payment."
        if row.date_of_death
        else "",
    )


def of_package(row: Package, current: str, state: str) -> Owner:
    """A package's frame; client, level and service come with the row. A date of death warns (3.9)."""
    at = {"package_id": row.id}
    client = row.client
    way = [
        home(),
        ("Packages", url_for("authority.packages.index")),
        (f"{client.name}, {row.cpli_id}", url_for("authority.packages.show", **at)),
    ]
    died = client.date_of_death
    late = died and (row.end_date is None or row.end_date > died)
    return Owner(
        f"{row.level.name} for {client.name}",
        f"Package {row.cpli_id}, {row.service.name}",
        tabs(
            current,
            ("Details", "authority.packages.show", at),
            ("Weeks", "authority.packages.weeks_due", at),
            ("Visits", "authority.packages.visits", at),
            ("History", "authority.packages.story", at),
        ),
        crumbs(way, current, "Details"),
        state,
        f"{client.name} died on {values.show_date_long(died)} and the package goes on. Only ending it stops payment."
        if late
        else "",
    )


def saved(name: str) -> None:
    """Tell that a record is saved."""
    flash(f"{name} is saved.", "success")


def choices(model, nothing: str, reach=None, condition=None) -> list[tuple[str, str]]:
    """All rows of a table as choices of a drop-down, by name, after `nothing`."""
    query = model.visible_to(reach) if hasattr(model, "visible_to") and reach is not None else model.select()
    if condition is not None:
        query = query.where(condition)
    return [("", nothing), *((str(row.id), row.name) for row in query.order_by(model.name))]


def visit_list(query, owner: Owner, name: str):
    """The visits of a record, newest first, with the way to each where visits have pages."""
    query = (
        query.select(Visit, VisitType, Organisation).join(VisitType, JOIN.LEFT_OUTER).switch(Visit).join(Organisation)
    )
    query = query.where(~Visit.is_deleted)
    orders = {
        "planned": (Visit.planned_date, Visit.planned_entry),
        "ref": (Visit.ref,),
        "status": (Visit.status,),
    }
    if wants_csv():
        rows, _ = ordered(query, orders, "-planned", Visit.id)
        headings = [
            "VisitRef",
            "OrganisationRef",
            "PlannedVisitDate",
            "PlannedEntryTime",
            "PlannedExitTime",
            "VisitType",
        ]
        return csv_file(
            name,
            [*headings, "ServiceLevel", "Status", "Reason", "PlannedMinutes", "DeliveredMinutes", "PaidMinutes"],
            (
                [
                    v.ref,
                    v.organisation.ref,
                    values.file_date(v.planned_date),
                    values.show_time(v.planned_entry),
                    values.show_time(v.planned_exit),
                    v.type.code if v.type_id else "",
                    v.level_name or v.level_ref,
                    v.status,
                    v.reason,
                    v.planned_minutes,
                    v.delivered_minutes,
                    v.paid_minutes,
                ]
                for v in rows
            ),
        )
    found = listed(query, orders, "-planned", Visit.id)
    links = {v.id: where("authority.visits.show", visit_id=v.id) for v in found.rows}
    return page("records/visits.html", owner=owner, breadcrumbs=owner.crumbs, found=found, links=links)
