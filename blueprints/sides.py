"""The first lock: the provider door, the authority door and the public door. Each lists its areas and guards itself."""

from __future__ import annotations

import importlib
import importlib.util

from flask import Blueprint, Flask, abort, g, redirect, request, url_for

from blueprints import permissions

# The areas, a later one building on earlier ones. An area is shown at a door where it has a file of the door's name.
AREAS = (
    "settings", "accounts", "organisations", "services", "home", "audit", "jobs", "attachments", "imports", "clients",
    "contracts", "packages", "carers", "visits", "matching", "actuals", "claims", "payments", "holds", "adjustments",
    "periods", "remittances", "orders", "disputes", "exports", "reports",
)  # fmt: skip
PREFIX = {"public": None, "provider": "/provider", "authority": "/authority"}
# Modules by provider areas: off means that no tab, tile, link or address of it is there.
MODULES: dict[str, str | tuple[str, ...]] = {
    "visits": "module_visits",
    "actuals": "module_actuals",
    "imports": ("module_visits", "module_actuals_import"),  # a provider's files: visits, carers, actuals
    "carers": "module_carers",
    "packages": "module_packages",
    "claims": "module_claims",
    "disputes": "module_disputes",
    "payments": "module_payments",
    "periods": "module_payments",
    "remittances": "module_payments",
    "orders": "module_orders",
}
# Provider areas that are there only for organisations with something that is paid on actuals, or on visits (C-08).
ON_ACTUALS = {"visits", "carers", "imports", "actuals", "claims", "disputes"}
ON_VISITS = {"visits", "carers"}


def build(app: Flask) -> None:
    """Open the doors: every area's routes behind the door that its file names."""
    for side, prefix in PREFIX.items():
        door = Blueprint(side, __name__, url_prefix=prefix)
        for area in AREAS:
            module = f"blueprints.{area}.{side}"
            if importlib.util.find_spec(module):
                door.register_blueprint(importlib.import_module(module).routes)
        app.register_blueprint(door)


def door() -> str | None:
    """The door of the present request, or None for static files and unknown addresses."""
    return request.blueprints[-1] if request.blueprints else None


def module_is_on(area: str) -> bool:
    """The authority uses this part of the portal (Z-04)."""
    names = MODULES.get(area, ())
    return not names or any(getattr(g.settings, name) for name in ([names] if isinstance(names, str) else names))


def is_there(area: str) -> bool:
    """A provider's area whose module is on and which has something to hold for the organisation (Z-04, C-08)."""
    if area in ON_ACTUALS and (g.reach.limited or not g.session_row.has_actuals):
        return False
    if area in ON_VISITS and not g.session_row.has_visits:
        return False
    return module_is_on(area)


def guard() -> None:
    """Signed out leads to sign-in; the wrong door or a module that is off is 404, as if it did not exist (rule 11.2)."""
    side = door()
    if side in (None, "public") or permissions.act_of(request.endpoint) is None:
        return None
    if g.user is None:
        wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
        return redirect(url_for("public.accounts.sign_in", next=wanted or None), 303)
    if (side == "authority") != g.user.is_officer:
        abort(404)
    area = request.blueprints[0].rsplit(".", 1)[-1]
    if side == "provider" and not is_there(area):
        abort(404)
    return None
