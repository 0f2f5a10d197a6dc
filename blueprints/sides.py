"""The first lock: the provider door, the authority door and the public door. Each lists its areas and guards itself."""

from __future__ import annotations

import importlib
import importlib.util

from flask import Blueprint, Flask, abort, g, request, session, url_for

from blueprints import pages, permissions
from blueprints.accounts import sessions
from models import Package, PaidOn, ServiceLevel

# The areas, a later one building on earlier ones. An area is shown at a door where it has a file of the door's name.
AREAS = (
    "settings", "accounts", "teams", "organisations", "viewing", "services", "properties", "availability", "contacts", "home",
    "requests", "audit", "jobs", "attachments", "messages", "imports", "clients", "contracts", "packages", "carers", "visits",
    "matching", "actuals", "claims", "payments", "holds", "adjustments", "periods", "remittances", "orders", "disputes",
    "exports", "reports", "notifications", "search",
)  # fmt: skip
PREFIX = {"public": None, "provider": "/provider", "authority": "/authority"}
# Modules by provider areas: off means that no tab, tile, link or address of it is there.
MODULES: dict[str, str | tuple[str, ...]] = {
    "organisations": "module_organisations",
    "services": "module_services",
    "properties": "module_services",
    "availability": "module_services",
    "contacts": "module_contacts",
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
    "messages": "module_messages",
}
# Modules that officers have no use for either when they are off. What else is off is off for providers: the authority
# goes on keeping its packages and paying them.
OFFICERS_TOO = {"messages"}
# Pages of an area that a module of their own switches.
PARTS = {
    "provider.reports.commissioned_care": "module_commissioned_care",
    "provider.actuals.export": "module_actuals_export",
    "provider.availability.levels": "module_level_availability",
}
# Provider areas that are the whole organisation's: absent where the person reaches only parts of it.
WHOLE = {"organisations"}
# Provider areas that are there only for organisations with something that is paid on actuals, or on visits (C-08).
ON_ACTUALS = {"visits", "carers", "imports", "actuals", "claims", "disputes"}
ON_VISITS = {"visits", "carers"}


def build(app: Flask) -> None:
    """Open the doors: every area's routes behind the door that its file names; and learn what each says that waits."""
    for side, prefix in PREFIX.items():
        door = Blueprint(side, __name__, url_prefix=prefix)
        for area in AREAS:
            module = f"blueprints.{area}.{side}"
            if importlib.util.find_spec(module):
                door.register_blueprint(importlib.import_module(module).routes)
        app.register_blueprint(door)
    for area in AREAS:
        if importlib.util.find_spec(f"blueprints.{area}.waiting"):
            importlib.import_module(f"blueprints.{area}.waiting")


def door() -> str | None:
    """The door of the present request, or None for static files and unknown addresses."""
    return request.blueprints[-1] if request.blueprints else None


def module_is_on(area: str) -> bool:
    """The authority uses this part of the portal (Z-04)."""
    names = MODULES.get(area, ())
    return not names or any(getattr(g.settings, name) for name in ([names] if isinstance(names, str) else names))


def is_there(area: str) -> bool:
    """A provider's area whose module is on and which has something to hold for the organisation (Z-04, C-08)."""
    if area in ON_ACTUALS and not has_actuals():
        return False
    if area in WHOLE and g.reach.limited:
        return False
    if area in ON_VISITS and not g.session_row.has_visits:
        return False
    return module_is_on(area)


def is_reachable(endpoint: str) -> bool:
    """A provider's page that is there: its area, and where it has one its own module (Z-04)."""
    part = PARTS.get(endpoint)
    return is_there(endpoint.split(".")[1]) and (part is None or bool(getattr(g.settings, part)))


def is_open_to_officers(area: str) -> bool:
    """An officers' area, unless its module is off for them too (Z-04)."""
    return area not in OFFICERS_TOO or module_is_on(area)


def has_actuals() -> bool:
    """Something within reach is paid on actuals (C-08)."""
    if not g.reach.limited:
        return bool(g.session_row.has_actuals)
    if "has_actuals" not in g:
        within = g.reach.services(Package.service, Package.organisation)
        paid = Package.select().join(ServiceLevel).where(within & (ServiceLevel.paid_on == PaidOn.ACTUALS))
        g.has_actuals = paid.exists()
    return g.has_actuals


def signed_out():
    """To sign-in, or to the step of it that is left; what was sent too late is kept and given back afterwards (11.4)."""
    wanted = pages.here()
    if g.pending is not None:
        return pages.leave(url_for("public.accounts.step_page", step="organisation", next=wanted or None))
    late = sessions.ended_of(session["was"]) if "was" in session else None
    if request.method == "POST" and late is not None:
        kept = sessions.keep_form(
            late.user_id,
            request.full_path.rstrip("?"),
            list(request.form.items(multi=True)),
            any(file.filename for file in request.files.values()),
        )
        if kept is not None:
            wanted = url_for("public.accounts.kept_form", form_id=kept.id)
    way = url_for("public.accounts.sign_in", next=wanted or None, out=1 if late else None)
    # The grid of actuals keeps what was typed in its rows, and says so there: it is not to be left by itself.
    return pages.go(way) if request.blueprints[0].endswith(".actuals") else pages.leave(way)


def guard() -> None:
    """Signed out leads to sign-in; the wrong door or a module that is off is 404, as if it did not exist (rule 11.2)."""
    side = door()
    if side in (None, "public") or permissions.act_of(request.endpoint) is None:
        return None
    if g.user is None:
        return signed_out()
    if (side == "authority") != g.user.is_officer:
        abort(404)
    area = request.blueprints[0].rsplit(".", 1)[-1]
    if not (is_reachable(request.endpoint) if side == "provider" else is_open_to_officers(area)):
        abort(404)
    return None
