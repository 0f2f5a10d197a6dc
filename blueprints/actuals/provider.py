"""A provider's own actuals: the grid of actuals.screens, and its weeks as a file (N-02)."""

from __future__ import annotations

import datetime as dt
import io

from flask import Response, abort, g, request, url_for

from blueprints import weeks
from blueprints.actuals import screens
from blueprints.pages import page
from blueprints.permissions import Can, requires
from blueprints.sheets import write_csv, write_xlsx
from forms.actuals import ExportForm
from models import User

routes = screens.build("provider", Can.SEE_OWN, Can.ENTER_ACTUALS)


@routes.get("/actuals/export")
@requires(Can.SEE_OWN)
def export():
    """Actuals Bulk Export: the actuals of weeks that begin in a range, as CSV or XLSX, to be changed and imported."""
    if not g.settings.module_actuals_export:
        abort(404)
    form = ExportForm()
    asked = bool(request.args.get("format"))
    if asked and form.validate():
        return download(g.user, form.first.data, form.last.data, bool(form.lines.data))
    if not asked:
        last = weeks.monday(weeks.today()) - dt.timedelta(7)
        form.first.data, form.last.data = form.first.data or last, form.last.data or last + dt.timedelta(6)
    return page(
        "actuals/export.html",
        422 if asked else 200,
        form=form,
        breadcrumbs=[
            ("Home", url_for("provider.home.index")),
            ("Actuals", url_for("provider.actuals.index")),
            ("Actuals Bulk Export", None),
        ],
    )


def download(user: User, first: dt.date, last: dt.date, with_lines: bool) -> Response:
    """The file; a heading row alone where there is nothing."""
    from blueprints.reports import dumps

    headings, rows = dumps.make("actuals", None, first, last, g.reach)
    if with_lines:
        rows = [*rows, *dumps.lines_without_actuals(g.reach, first, last)]
    name = f"actuals-{first}-{last}"
    if request.args.get("format") != "xlsx":
        answer = Response(list(write_csv(rows, headings)), mimetype="text/csv")
    else:
        book = io.BytesIO()
        write_xlsx(([str(cell) for cell in row] for row in rows), headings, book, "Actuals")
        answer = Response(book.getvalue(), mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    kind = "csv" if answer.mimetype == "text/csv" else "xlsx"
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.{kind}")
    return answer
