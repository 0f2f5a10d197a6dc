"""A package's further rates and its timetable, as officers keep them (rules 3.2, 3.4)."""

from __future__ import annotations

from flask import flash, request, url_for

from blueprints import records, values
from blueprints.packages import rules, screens
from blueprints.packages.desk import confirmation, crumbs, found_package, rate_and_timetable, refresh, routes
from blueprints.pages import go, page
from blueprints.permissions import Can, requires
from forms.packages import (
    DAYS,
    RatesForm,
    TimetableForm,
)


@routes.route("/packages/<int:package_id>/rates", methods=["GET", "POST"])
@requires(Can.EDIT_PACKAGES)
def rates(package_id: int):
    """Add, change and take away rates that hold from a date (3.2)."""
    row = found_package(package_id)
    stored, _ = rate_and_timetable(row)
    form = RatesForm()
    if form.is_submitted() and form.validate():
        form.read()
        if not form.form_errors:

            def change():
                return rules.save_rates(refresh(row), form.rates, records.actor())

            def now():
                return {"rates": rate_and_timetable(row)[0]}

            done = screens.attempt(form, f"package {row.id}", now, change, [row.client_id])
            if done.moves:
                return confirmation(
                    done.moves, crumbs(row, "Rates"), request.path, "Save the rates", row, instead=False
                )
            if done.saved:
                flash(f"The rates of package {row.cpli_id} are saved.", "success")
                return go(url_for("authority.packages.show", package_id=row.id))
        rows = form.typed
    else:
        form.remember({"rates": stored})
        form.wrong = {}
        rows = [(values.show_date(values.authority_date(s)), values.file_rate(c)) for s, c in stored]
    return page(
        "packages/rates.html",
        422 if form.is_submitted() else 200,
        heading=f"Rates of package {row.cpli_id}",
        breadcrumbs=crumbs(row, "Rates"),
        guidance=f"Until the first of these dates the package's own unit cost holds, {values.show_rate(row.unit_cost)}. "
        "Empty a row to take the rate away.",
        form=form,
        rows=rows,
        blank=3,
        button="Save rates",
        cancel=url_for("authority.packages.show", package_id=row.id),
    )


@routes.route("/packages/<int:package_id>/timetable", methods=["GET", "POST"])
@requires(Can.EDIT_PACKAGES)
def timetable(package_id: int):
    """The planned visits of the package's week (3.4)."""
    row = found_package(package_id)
    _, stored = rate_and_timetable(row)
    form = TimetableForm()
    if form.is_submitted() and form.validate():
        form.read()
        if not form.form_errors:

            def change():
                return rules.save_timetable(refresh(row), form.slots, records.actor())

            def now():
                return {"timetable": rate_and_timetable(row)[1]}

            done = screens.attempt(form, f"package {row.id}", now, change, [row.client_id])
            if done.moves:
                return confirmation(
                    done.moves, crumbs(row, "Timetable"), request.path, "Save the timetable", row, instead=False
                )
            if done.saved:
                flash(f"The timetable of package {row.cpli_id} is saved.", "success")
                return go(url_for("authority.packages.show", package_id=row.id))
        rows = form.typed
    else:
        form.remember({"timetable": stored})
        form.wrong = {}
        rows = [(str(d), values.show_time(e), values.show_time(x), str(c)) for d, e, x, c in stored]
    return page(
        "packages/timetable.html",
        422 if form.is_submitted() else 200,
        heading=f"Timetable of package {row.cpli_id}",
        breadcrumbs=crumbs(row, "Timetable"),
        guidance="One row for each planned visit. With a timetable its hours are the quantity. Empty the times of a row to take it away. "
        "An exit before the entry is on the next day.",
        form=form,
        rows=rows,
        blank=7 if not rows else 4,
        days=DAYS,
        button="Save timetable",
        cancel=url_for("authority.packages.show", package_id=row.id),
    )
