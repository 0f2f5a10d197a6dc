"""The authority's visit types on the pages of the settings: the list, one, adding, changing and retiring one (O-25)."""

from __future__ import annotations

from flask import Blueprint, abort, flash, request, url_for
from peewee import fn

from blueprints import consequences, facts, records
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.settings.screens import tabs
from blueprints.visits import types
from forms.settings import TypeFilter, TypeForm
from models import Visit, VisitType, db

PAYS_WORDS = {"none": "Nothing", "planned": "As planned", "delivered": "As delivered"}


def add(routes: Blueprint) -> None:
    """Give the authority's door the routes of visit types."""
    for path, view, act, methods in (
        ("", visit_types, Can.SEE_RECORDS, ["GET"]),
        ("/<int:type_id>", visit_type, Can.SEE_RECORDS, ["GET"]),
        ("/new", add_type, Can.EDIT_SETTINGS, ["GET", "POST"]),
        ("/<int:type_id>/edit", edit_type, Can.EDIT_SETTINGS, ["GET", "POST"]),
        ("/<int:type_id>/retirement", retire, Can.EDIT_SETTINGS, ["POST"]),
    ):
        routes.add_url_rule(f"/settings/visit-types{path}", view.__name__, requires(act)(view), methods=methods)


def found_type(type_id: int) -> VisitType:
    """The visit type, or 404."""
    return VisitType.get_or_none(VisitType.id == type_id) or abort(404)


def visit_types():
    """The visit types with what each pays, charges and needs (rule 5.5)."""
    form = TypeFilter()
    form.validate()
    count = Visit.select(fn.COUNT(Visit.id)).where((Visit.type == VisitType.id) & ~Visit.is_deleted)
    query = VisitType.select(VisitType, count.alias("visits_count"))
    if not form.retired.data:
        query = query.where(~VisitType.is_retired)
    orders = {
        "code": (VisitType.code,),
        "name": (VisitType.name,),
        "pays": (VisitType.pays,),
        "charges": (VisitType.charges,),
    }
    if records.wants_csv():
        rows, _ = records.ordered(query, orders, "code", VisitType.id)
        return records.csv_file(
            "visit-types",
            ["Code", "Name", "ContractTypes", "Pays", "Charges", "NeedsDelivered", "NeedsComment", "Retired", "Visits"],
            (
                [
                    t.code,
                    t.name,
                    t.contract_types,
                    t.pays,
                    t.charges,
                    int(t.needs_delivered),
                    int(t.needs_comment),
                    int(t.is_retired),
                    t.visits_count,
                ]
                for t in rows
            ),
        )
    return page(
        "settings/types.html",
        heading="Settings",
        breadcrumbs=[records.home(), ("Settings", url_for("authority.settings.index")), ("Visit types", None)],
        tabs_here=tabs("Visit types"),
        actions=[("Add a visit type", url_for("authority.settings.add_type"), "button")]
        if can(Can.EDIT_SETTINGS)
        else [],
        filter=form,
        found=records.listed(query, orders, "code", VisitType.id),
        pays=PAYS_WORDS,
    )


def visit_type(type_id: int):
    """What a visit type says, and its history."""
    row = found_type(type_id)
    count, paid = types.uses(row)
    at = {"type_id": row.id}
    return page(
        "settings/type.html",
        heading=f"{row.code}: {row.name}",
        breadcrumbs=type_crumbs((row.code, None)),
        actions=[("Change", url_for("authority.settings.edit_type", **at), "button")] if can(Can.EDIT_SETTINGS) else [],
        row=row,
        may=can(Can.EDIT_SETTINGS),
        rows=[
            {"key": "Code", "value": row.code},
            {"key": "Name", "value": row.name},
            {"key": "Contract types", "value": row.contract_types or "All"},
            {"key": "Pays the provider", "value": PAYS_WORDS[row.pays]},
            {"key": "Charges the client", "value": PAYS_WORDS[row.charges]},
            {"key": "Needs delivered times", "value": "Yes" if row.needs_delivered else "No"},
            {"key": "Needs a comment", "value": "Yes" if row.needs_comment else "No"},
            {"key": "Visits with it", "value": f"{count:,}, {paid:,} of them in weeks that are paid"},
            {"key": "State", "value": "Retired: visits files can no longer use it" if row.is_retired else "In use"},
        ],
        entries=records.story(row, TypeForm),
    )


def type_crumbs(*last) -> list:
    """The way to a visit type's page."""
    return [
        records.home(),
        ("Settings", url_for("authority.settings.index")),
        ("Visit types", url_for("authority.settings.visit_types")),
        *last,
    ]


def add_type():
    """A new visit type."""
    return edit_type_page(None)


def edit_type(type_id: int):
    """Change a visit type; what it moves in paid weeks is said first."""
    return edit_type_page(found_type(type_id))


def edit_type_page(row: VisitType | None):
    """The form of a visit type, saved where it will do."""
    form = TypeForm.opened(facts.of(row) or {"needs_delivered": True, "pays": "delivered", "charges": "delivered"})
    count, paid = types.uses(row) if row else (0, 0)
    ask = False
    if form.is_submitted() and form.validate():
        moves = row is not None and types.reprices(row, form.facts()) and count
        ask = bool(moves) and request.form.get("confirmed") != confirmed(row, form)
        if not ask:

            def save(given, by, existing):
                made = types.save_type(given, by, existing)
                if existing is not None and types.reprices(existing, given):
                    consequences.visit_type_changed(VisitType.get_by_id(made.ident))
                return made

            if ident := records.keep(form, VisitType, row, save):
                records.saved(form.name.data)
                return go(url_for("authority.settings.visit_type", type_id=ident))
    back = (
        url_for("authority.settings.visit_type", type_id=row.id) if row else url_for("authority.settings.visit_types")
    )
    return page(
        "settings/type_form.html",
        422 if form.is_submitted() else 200,
        heading=f"Change visit type {row.code}" if row else "Add a visit type",
        breadcrumbs=type_crumbs(*([(row.code, back), ("Change", None)] if row else [("Add a visit type", None)])),
        form=form,
        ask=ask and not form.errors,
        confirmed=confirmed(row, form) if ask else "",
        count=count,
        paid=paid,
        button="Save and work out again" if ask and not form.errors else "Save visit type",
        cancel=back,
    )


def confirmed(row: VisitType, form: TypeForm) -> str:
    """What a confirmation is for: this type paying and charging so."""
    return f"{row.id}:{form.pays.data}:{form.charges.data}"


def retire(type_id: int):
    """Retire a visit type, or take it into use again; a value in use is retired, not deleted (Z-07)."""
    row = found_type(type_id)
    wanted = request.form.get("retired") == "yes"
    if row.is_retired != wanted:
        with db.atomic():
            types.save_type({"is_retired": wanted}, records.actor(), VisitType.get_by_id(row.id))
    flash(
        f"{row.code} is retired. Visits that have it keep it." if wanted else f"{row.code} is in use again.", "success"
    )
    return go(url_for("authority.settings.visit_type", type_id=row.id))
