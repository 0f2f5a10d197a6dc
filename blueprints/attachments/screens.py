"""How a file that somebody sent is handed out: always as an attachment, never as a page of the portal's own."""

from __future__ import annotations

from flask import Response, abort

from blueprints.attachments import rules
from models import File


def handed_out(file: File | None) -> Response:
    """The file as a download under its plain name; 404 where there is none, or the scanner has not let it through.

    The caller has found it through a row that the person may see.
    """
    if file is None or not file.may_be_had:
        abort(404)
    answer = Response(rules.pieces(file), content_type=file.content_type)
    answer.headers.set("Content-Disposition", "attachment", filename=file.name)
    answer.headers["Content-Length"] = str(file.size)
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer
