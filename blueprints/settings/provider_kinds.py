"""The page where officers say which modules are off for which kind of provider (Z-05)."""

from __future__ import annotations

from flask import Blueprint, flash, g, request, url_for
from peewee import fn

from blueprints import records
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.settings import by_kind
from blueprints.settings.screens import tabs
from forms.settings import KindsForm
from models import Organisation


def add(routes: Blueprint) -> None:
    """Give the authority's door the routes of kinds of provider."""
    routes.add_url_rule("/settings/provider-kinds", "kinds", requires(Can.SEE_RECORDS)(kinds), methods=["GET"])
    routes.add_url_rule("/settings/provider-kinds", "switch", requires(Can.EDIT_SETTINGS)(switch), methods=["POST"])


def kinds():
    """Modules by kinds of provider, ticked where they are on."""
    form = KindsForm()
    form.shown.data = by_kind.stamp(g.settings)
    return kinds_page(form, g.settings.off_by_kind)


def kinds_page(form: KindsForm, off: dict, status: int = 200):
    """The table, ticked as it is or as it was sent."""
    return page(
        "settings/provider_kinds.html",
        status,
        heading="Settings",
        breadcrumbs=[records.home(), ("Settings", url_for("authority.settings.index")), ("Kinds of provider", None)],
        tabs_here=tabs("Kinds of provider"),
        form=form,
        may=can(Can.EDIT_SETTINGS),
        kinds=list(g.settings.provider_kinds),
        rows=[(spec, getattr(g.settings, spec.name)) for spec in by_kind.modules()],
        off={kind: set(names) for kind, names in off.items()},
        counts=organisations_by_kind(),
        without=Organisation.visible_to(g.reach).where(Organisation.kinds == "").count(),
    )


def organisations_by_kind() -> dict[str, int]:
    """How many organisations are of each kind; by one query."""
    found: dict[str, int] = {}
    query = Organisation.visible_to(g.reach).select(Organisation.kinds, fn.COUNT(Organisation.id))
    for text, count in query.where(Organisation.kinds != "").group_by(Organisation.kinds).tuples():
        for kind in text.splitlines():
            found[kind] = found.get(kind, 0) + count
    return found


def switch():
    """Save which modules are on for which kind."""
    form = KindsForm()
    ticked = set(request.form.getlist("on"))
    off = {
        kind: [spec.name for spec in by_kind.modules() if f"{spec.name}:{kind}" not in ticked]
        for kind in g.settings.provider_kinds
    }
    if not form.validate():
        return kinds_page(form, off, 422)
    try:
        changed = by_kind.change(records.actor(), off, form.shown.data or "")
    except by_kind.Overtaken as overtaken:
        form.form_errors.append(str(overtaken))
        form.shown.data = by_kind.stamp(g.settings)
        return kinds_page(form, off, 409)
    flash("The modules of the kinds of provider are saved." if changed else "Nothing was changed.", "success")
    return go(url_for("authority.settings.kinds"))
