"""A provider's reports, and the commissioned care export."""

from __future__ import annotations

import datetime as dt

from flask import Response, abort, g, request, url_for

from blueprints import weeks
from blueprints.pages import page
from blueprints.permissions import Can, requires
from blueprints.reports import screens
from blueprints.reports.dumps import commissioned_rows
from blueprints.sheets import write_csv

routes = screens.build("provider")


@routes.get("/commissioned-care")
@requires(Can.SEE_OWN)
def commissioned_care():
    """Commissioned Care Export: what it holds, and the file (O-46, O-47)."""
    if not g.settings.module_commissioned_care:
        abort(404)
    headings, rows = commissioned_rows(g.reach, dt.date.min, dt.date.max)
    if request.args.get("format") == "csv":
        name = f"commissioned-care-{weeks.today().isoformat()}.csv"
        return Response(
            list(write_csv(rows, headings)),
            mimetype="text/csv",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
    return page(
        "reports/commissioned_care.html",
        headings=headings,
        count=sum(1 for _ in rows),
        today=weeks.today(),
        breadcrumbs=[
            ("Home", url_for("provider.home.index")),
            ("Commissioned Care Export", None),
        ],
    )
