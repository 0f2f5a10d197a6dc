"""The authority's settings, visit types and the table of officers' roles."""

from __future__ import annotations

import json

from flask import Blueprint, abort, flash, g, request, url_for

import database
from blueprints import records
from blueprints.attachments import rules as attachments
from blueprints.contacts import roles as contact_roles
from blueprints.frame import show_moment, text_colour
from blueprints.history import Actor, record
from blueprints.pages import go, page
from blueprints.permissions import GRANTS, OFFICER_ROLES, PROVIDER, ROLES, Can, can, requires
from blueprints.settings import provider_kinds, rules, visit_types
from blueprints.settings.rules import SPECS
from blueprints.settings.screens import tabs
from forms.settings import LogoForm, group_form
from models import Change, PaymentCycle, RoleName, ServiceLevel, Setting, Team, VisitType, db

routes = Blueprint("settings", __name__)
visit_types.add(routes)
provider_kinds.add(routes)
GROUPS = {spec.group.lower(): spec.group for spec in SPECS.values()}


def shown(spec, value) -> str:
    """A setting's value as a person reads it."""
    if spec.kind == "yes-no":
        return "Yes" if value else "No"
    if spec.kind == "lines":
        return "; ".join(value) or "None"
    if spec.kind == "some":
        return ", ".join(value)
    if spec.kind == "whole":
        return f"{value:,}"
    text = str(value) if value != "" else "Empty"
    return text if len(text) <= 300 else text[:300] + "…"


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
        tabs_here=tabs("Settings"),
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
            elif spec.kind == "some":
                values[spec.name] = list(values[spec.name])
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
        tabs_here=tabs("History"),
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


@routes.get("/settings/lists")
@requires(Can.SEE_RECORDS)
def lists():
    """Every list that officers keep, with its values and who changed it (Z-07)."""
    now, stored = rules.read(), stored_rows()
    slugs = {title: slug for slug, title in GROUPS.items()}
    rows = []
    for spec in SPECS.values():
        if spec.kind != "lines" or spec.group == "Portal":
            continue  # addresses of videos are no list that anything is chosen from
        row = stored.get(spec.name)
        rows.append(
            {
                "label": spec.label,
                "meaning": spec.meaning,
                "holds": shown(spec, getattr(now, spec.name)),
                "changed": f"{row.changed_by or 'command line'}, {show_moment(row.changed_at)}" if row else "",
                "href": url_for("authority.settings.edit", group=slugs[spec.group]) + f"#{spec.name}"
                if can(Can.EDIT_SETTINGS)
                else None,
            }
        )
    tables = [
        (
            "Visit types",
            "authority.settings.visit_types",
            VisitType.select(VisitType.code).where(~VisitType.is_retired),
        ),
        ("Service levels", "authority.services.levels", ServiceLevel.select(ServiceLevel.name)),
        ("Payment cycles", "authority.contracts.cycles", PaymentCycle.select(PaymentCycle.name)),
        ("Teams", "authority.teams.index", Team.select(Team.name).where(~Team.is_retired)),
    ]
    for label, endpoint, query in tables:
        names = sorted(name for (name,) in query.tuples())
        rows.append({"label": label, "holds": "; ".join(names) or "None", "href": url_for(endpoint)})
    return page(
        "settings/lists.html",
        heading="Settings",
        breadcrumbs=[records.home(), ("Settings", url_for("authority.settings.index")), ("Lists", None)],
        tabs_here=tabs("Lists"),
        rows=sorted(rows, key=lambda r: r["label"]),
    )


@routes.get("/settings/roles")
@requires(Can.SEE_RECORDS)
def roles():
    """What each officers' role may do, drawn from the table that the checks use (11.5)."""
    acts = [act for act in Can if any(act in ROLES[role] for role in OFFICER_ROLES) and act != Can.SIGNED_IN]
    return page(
        "settings/roles.html",
        heading="Settings",
        breadcrumbs=[records.home(), ("Settings", url_for("authority.settings.index")), ("Roles", None)],
        tabs_here=tabs("Roles"),
        acts=acts,
        roles=OFFICER_ROLES,
        table=ROLES,
        provider_acts=[act for act in Can if act in ROLES[PROVIDER] and act != Can.SIGNED_IN],
        grants=GRANTS,
        names=list(RoleName.select().where(~RoleName.is_retired).order_by(RoleName.position)),
        reaches=contact_roles.reaches,
        names_href=url_for("authority.contacts.role_names"),
    )
