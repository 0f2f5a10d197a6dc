"""page(): the whole page, or the fragment that htmx asked for. Alone in reading HX headers."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, g, make_response, redirect, request
from jinja2_fragments.flask import render_block


def asked_for() -> str | None:
    """The id of the region that htmx wants swapped, or None for a whole page."""
    if request.headers.get("HX-Request") != "true" or request.headers.get("HX-Request-Type") == "full":
        return None
    target = request.headers.get("HX-Target", "")
    return target.rpartition("#")[2] or None


def part(template: str, status: int = 200, **context):
    """Answer htmx with an include: rows of a table are no blocks. It knows what it is given, and nothing of the frame."""
    text = current_app.jinja_env.get_template(template).render(g=g, request=request, **context)
    response = make_response(text, status)
    response.headers["Vary"] = "HX-Request, HX-Target"
    return response


def page(template: str, status: int = 200, **context):
    """Answer with a template; where htmx asks for a region that is a block of it, with that block alone.

    The region `visits-table` is the block `visits_table`, whose first element has that id.
    """
    region = asked_for()
    if region:
        block = region.replace("-", "_")
        if block in current_app.jinja_env.get_template(template).blocks:
            response = make_response(render_block(template, block, **context), status)
            response.headers["Vary"] = "HX-Request, HX-Target"
            return response
    response = make_response(current_app.jinja_env.get_or_select_template(template).render(_context(context)), status)
    response.headers["Vary"] = "HX-Request, HX-Target"
    return response


def leave(address: str):
    """Lead to another whole page, also where htmx asked for a region of this one."""
    if request.headers.get("HX-Request") != "true":
        return go(address)
    response = make_response("", 200)
    response.headers["HX-Redirect"] = address
    return response


def here() -> str:
    """The page that the person looks at: the address of a GET; of a region, that of its page."""
    if request.headers.get("HX-Request") == "true":
        parts = urlsplit(request.headers.get("HX-Current-URL", ""))
        return f"{parts.path}?{parts.query}".rstrip("?") if parts.path.startswith("/") else ""
    return request.full_path.rstrip("?") if request.method == "GET" else ""


def _context(context: dict) -> dict:
    current_app.update_template_context(context)
    return context


def go(address: str, status: int = 303):
    """Redirect after a post: See Other, so that the browser gets the page anew."""
    return redirect(address, code=status)
