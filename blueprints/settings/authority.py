"""The authority's settings, visit types and the table of officers' roles."""

from __future__ import annotations

import json

from flask import Blueprint, abort, flash, g, request, url_for
from peewee import fn

import database
from blueprints import consequences, facts, records
from blueprints.attachments import rules as attachments
from blueprints.contacts import roles as contact_roles
from blueprints.frame import show_moment, text_colour
from blueprints.history import Actor, record
from blueprints.pages import go, page
from blueprints.permissions import GRANTS, OFFICER_ROLES, PROVIDER, ROLES, Can, can, requires
from blueprints.settings import rules
from blueprints.settings.rules import SPECS
from blueprints.visits import types
from forms.settings import LogoForm, TypeFilter, TypeForm, group_form
from models import Change, RoleName, Setting, Visit, VisitType, db

routes = Blueprint("settings", __name__)
GROUPS = {spec.group.lower(): spec.group for spec in SPECS.values()}
PAYS_WORDS = {"none": "Nothing", "planned": "As planned", "delivered": "As delivered"}


def shown(spec, value) -> str:
    """A setting's value as a person reads it."""
    if spec.kind == "yes-no":
        return "Yes" if value else "No"
    if spec.kind == "lines":
        return "; ".join(value) or "None"
    if spec.kind == "whole":
        return f"{value:,}"
    return str(value) if value != "" else "Empty"


def frame(current: str) -> list[dict]:
    """The tabs of the settings' pages."""
    items = [("Settings", "authority.settings.index", {}), ("Visit types", "authority.settings.visit_types", {})]
    items += [("Roles", "authority.settings.roles", {}), ("History", "authority.settings.story", {})]
    return records.tabs(current, *items)


def stored_rows() -> dict[str, Setting]:
    """The settings that differ from their defaults, or did."""
    return {row.name: row for row in Setting.select()}


@routes.get("/settings")
@requires(Can.SEE_RECORDS)
def index():
    """All settings by group: value, meaning, default, who changed it and when."""
    now, stored = rules.read(), stored_rows()
    wanted = request.args.get("q", "").strip().lower()
    groups = []
    for slug, title in GROUPS.items():
        rows = []
        for spec in SPECS.values():
            if spec.group != title or (wanted and wanted not in f"{spec.label} {spec.meaning}".lower()):
                continue
            row = stored.get(spec.name)
            value = getattr(now, spec.name)
            rows.append(
                {
                    "spec": spec,
                    "value": shown(spec, value),
                    "colour": value if spec.kind == "colour" else "",
                    "default": shown(spec, spec.default),
                    "changed": f"{row.changed_by or 'command line'}, {show_moment(row.changed_at)}" if row else "",
                    "differs": rules.kept(value) != rules.kept(spec.default),
                }
            )
        if rows:
            groups.append({"slug": slug, "title": title, "rows": rows})
    if records.wants_csv():
        return records.csv_file(
            "settings",
            ["Group", "Setting", "Label", "Value", "Default", "Changed"],
            (
                [group["title"], row["spec"].name, row["spec"].label, row["value"], row["default"], row["changed"]]
                for group in groups
                for row in group["rows"]
            ),
        )
    return page(
        "settings/index.html",
        heading="Settings",
        breadcrumbs=[records.home(), ("Settings", None)],
        actions=[
            ("Service levels", url_for("authority.services.levels")),
            ("Payment cycles", url_for("authority.contracts.cycles")),
        ],
        tabs_here=frame("Settings"),
        groups=groups,
        wanted=request.args.get("q", ""),
        count=sum(len(group["rows"]) for group in groups),
        may=can(Can.EDIT_SETTINGS),
    )


@routes.route("/settings/<group>/edit", methods=["GET", "POST"])
@requires(Can.EDIT_SETTINGS)
def edit(group: str):
    """Change the settings of a group."""
    title = GROUPS.get(group) or abort(404)
    specs = [spec for spec in SPECS.values() if spec.group == title]

    def typed_values() -> dict:
        now = rules.read()
        values = {spec.name: getattr(now, spec.name) for spec in specs}
        for spec in specs:
            if spec.kind == "yes-no":
                values[spec.name] = "yes" if values[spec.name] else "no"
            elif spec.kind == "lines":
                values[spec.name] = "\n".join(values[spec.name])
            else:
                values[spec.name] = str(values[spec.name])
        return values

    form = group_form(title).opened(typed_values())
    if form.is_submitted() and form.validate():
        given = {spec.name: form[spec.name].data or "" for spec in specs}
        given = {n: v.replace("\r\n", "\n") if isinstance(v, str) else v for n, v in given.items()}
        values = {n: (v == "yes") if SPECS[n].kind == "yes-no" else v for n, v in given.items()}
        for name, value in values.items():
            try:
                rules.clean(name, value)
            except rules.Refused as refused:
                form[name].errors = [str(refused)]
        if not form.errors and save_group(form, title, values, typed_values):
            return go(url_for("authority.settings.index") + f"#{group}")
    colour = form.colour.data if "colour" in form else None
    valid = bool(colour) and not form.colour.errors and len(colour) == 7
    return page(
        "settings/edit.html",
        422 if form.is_submitted() else 200,
        heading=f"Change settings: {title}",
        breadcrumbs=[records.home(), ("Settings", url_for("authority.settings.index")), (title, None)],
        form=form,
        colour=colour if valid else None,
        contrast=contrast(colour) if valid else None,
        button="Save settings",
        cancel=url_for("authority.settings.index") + f"#{group}",
    )


def save_group(form, title: str, values: dict, now) -> bool:
    """Save a group's settings unless somebody else was faster; tells what was done."""
    with db.atomic():
        database.serialise(db, f"settings {title}")
        if form.overtaken(Setting, now()):
            return False
        count = rules.change(records.actor(), values)
    flash(
        f"{count} settings are changed."
        if count > 1
        else "The setting is changed."
        if count
        else "Nothing was changed.",
        "success",
    )
    return True


def contrast(colour: str) -> dict:
    """The text colour on the header's colour, and the contrast between them to one decimal (WCAG)."""

    def luminance(value: str) -> float:
        parts = [int(value[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    try:
        words = text_colour(colour)
        light, dark = sorted((luminance(colour), luminance(words)), reverse=True)
    except ValueError:
        return {}
    ratio = (light + 0.05) / (dark + 0.05)
    return {"words": "white" if words == "#ffffff" else "black", "ratio": f"{ratio:.1f}", "enough": ratio >= 4.5}


@routes.route("/settings/logo", methods=["GET", "POST"])
@requires(Can.EDIT_SETTINGS)
def logo():
    """The authority's picture in the header: choose another, or take it away."""
    form = LogoForm()
    if form.validate_on_submit():
        by = Actor(g.user.id, g.user.name)
        try:
            with db.atomic():
                kept = ""
                if form.picture.data:
                    file = attachments.keep_picture(form.picture.data.stream, form.picture.data.filename, g.user.id)
                    kept = f"{file.id}-{file.sha256[:10]}"
                rules.put("logo", kept, by)
                record(by, "Changed the logo", ("setting", None), {"logo": bool(g.settings.logo)}, {"logo": kept})
        except attachments.NoPicture as refusal:
            form.picture.errors = [str(refusal)]
        else:
            flash("The logo is changed" if kept else "The logo is taken away", "success")
            return go(url_for("authority.settings.index"))
    return page(
        "settings/logo.html",
        status=422 if form.errors else 200,
        form=form,
        breadcrumbs=[
            ("Home", url_for("authority.home.index")),
            ("Settings", url_for("authority.settings.index")),
            ("Logo", None),
        ],
    )


@routes.get("/settings/history")
@requires(Can.SEE_RECORDS)
def story():
    """Who changed which setting, when."""
    rows = Change.select().where(Change.thing == "setting").order_by(Change.id.desc())
    if records.wants_csv():
        return records.csv_file(
            "settings-history",
            ["When", "Who", "Setting", "Before", "After"],
            ([f"{r.at:%Y-%m-%d %H:%M}", r.by, name, *pair] for r in rows for name, *pair in differences(r)),
        )
    found = records.listed(Change.select().where(Change.thing == "setting"), {"at": (Change.id,)}, "-at", Change.id)
    return page(
        "settings/history.html",
        heading="Settings",
        breadcrumbs=[records.home(), ("Settings", url_for("authority.settings.index")), ("History", None)],
        tabs_here=frame("History"),
        entries=[
            {"when": show_moment(r.at), "who": r.by, "what": r.what, "changes": differences(r)} for r in found.rows
        ],
        found=found,
    )


def differences(row: Change) -> list[tuple[str, str, str]]:
    """(label, before, after) of a changed setting."""
    before, after = json.loads(row.before), json.loads(row.after)
    made = []
    for name in after:
        spec = SPECS.get(name)
        pair = (before.get(name), after[name])
        made.append(
            (spec.label if spec else name, *(shown(spec, v) if spec and v is not None else str(v or "") for v in pair))
        )
    return made


@routes.get("/settings/roles")
@requires(Can.SEE_RECORDS)
def roles():
    """What each officers' role may do, drawn from the table that the checks use (11.5)."""
    acts = [act for act in Can if any(act in ROLES[role] for role in OFFICER_ROLES) and act != Can.SIGNED_IN]
    return page(
        "settings/roles.html",
        heading="Settings",
        breadcrumbs=[records.home(), ("Settings", url_for("authority.settings.index")), ("Roles", None)],
        tabs_here=frame("Roles"),
        acts=acts,
        roles=OFFICER_ROLES,
        table=ROLES,
        provider_acts=[act for act in Can if act in ROLES[PROVIDER] and act != Can.SIGNED_IN],
        grants=GRANTS,
        names=list(RoleName.select().where(~RoleName.is_retired).order_by(RoleName.position)),
        reaches=contact_roles.reaches,
        names_href=url_for("authority.contacts.role_names"),
    )


# visit types (O-25) ----------------------------------------------------------------------------------------------------


def found_type(type_id: int) -> VisitType:
    """The visit type, or 404."""
    return VisitType.get_or_none(VisitType.id == type_id) or abort(404)


@routes.get("/settings/visit-types")
@requires(Can.SEE_RECORDS)
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
        tabs_here=frame("Visit types"),
        actions=[("Add a visit type", url_for("authority.settings.add_type"), "button")]
        if can(Can.EDIT_SETTINGS)
        else [],
        filter=form,
        found=records.listed(query, orders, "code", VisitType.id),
        pays=PAYS_WORDS,
    )


@routes.get("/settings/visit-types/<int:type_id>")
@requires(Can.SEE_RECORDS)
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


@routes.route("/settings/visit-types/new", methods=["GET", "POST"])
@requires(Can.EDIT_SETTINGS)
def add_type():
    """A new visit type."""
    return edit_type_page(None)


@routes.route("/settings/visit-types/<int:type_id>/edit", methods=["GET", "POST"])
@requires(Can.EDIT_SETTINGS)
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


@routes.post("/settings/visit-types/<int:type_id>/retirement")
@requires(Can.EDIT_SETTINGS)
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
