"""page(): the whole page, or the fragment that htmx asked for. Alone in reading HX headers."""

from __future__ import annotations

from flask import current_app, make_response, redirect, request
from jinja2_fragments.flask import render_block


def asked_for() -> str | None:
    """The id of the region that htmx wants swapped, or None for a whole page."""
    if request.headers.get("HX-Request") != "true" or request.headers.get("HX-Request-Type") == "full":
        return None
    target = request.headers.get("HX-Target", "")
    return target.rpartition("#")[2] or None


def page(template: str, status: int = 200, parts: dict[str, str] | None = None, **context):
    """Answer with a template; where htmx asks for a region that is a block of it, with that block alone.

    The region `visits-table` is the block `visits_table`, whose first element has that id. Rows are includes and no
    blocks: `parts` names the include of each region that is one.
    """
    region = asked_for()
    if region and parts and region in parts:
        template = parts[region]
    elif region:
        block = region.replace("-", "_")
        if block in current_app.jinja_env.get_template(template).blocks:
            response = make_response(render_block(template, block, **context), status)
            response.headers["Vary"] = "HX-Request, HX-Target"
            return response
    response = make_response(current_app.jinja_env.get_or_select_template(template).render(_context(context)), status)
    response.headers["Vary"] = "HX-Request, HX-Target"
    return response


def _context(context: dict) -> dict:
    current_app.update_template_context(context)
    return context


def go(address: str, status: int = 303):
    """Redirect after a post: See Other, so that the browser gets the page anew."""
    return redirect(address, code=status)
