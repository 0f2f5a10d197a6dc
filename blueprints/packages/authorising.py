"""Packages that wait to be authorised, and where timetable and commissioned quantity differ."""

from __future__ import annotations

import contextlib
import datetime as dt

from flask import abort, flash, request, url_for

from blueprints import consequences, facts, records, values
from blueprints.packages import rules, screens
from blueprints.packages.browsing import package_file
from blueprints.packages.desk import ORDERS, joined, refresh, routes, with_words
from blueprints.packages.plan import (
    planned_quantity,
)
from blueprints.packages.record import sent_quantities
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.values import file_date, file_quantity
from blueprints.weeks import monday, today
from forms.packages import (
    NothingForm,
)
from models import (
    Client,
    Package,
    Visit,
)


@routes.get("/packages/waiting")
@requires(Can.SEE_RECORDS)
def waiting():
    """Packages that wait to be authorised, oldest first."""
    query = joined().where(~Package.authorised)
    orders = {**ORDERS, "waiting": (Package.id,)}
    if records.wants_csv():
        rows, _ = records.ordered(query, orders, "waiting", Package.cpli_id)
        return package_file(list(rows))
    found = records.listed(query, orders, "waiting", Package.cpli_id)
    with_words(found.rows)
    return page(
        "packages/waiting.html",
        heading="Packages waiting to be authorised",
        breadcrumbs=[records.home(), ("Packages", url_for("authority.packages.index")), ("Waiting", None)],
        guidance="Oldest first. A package is matched, planned and paid only once it is authorised.",
        found=found,
        may=can(Can.EDIT_PACKAGES),
    )


@routes.post("/packages/authorisation")
@requires(Can.EDIT_PACKAGES)
def authorise():
    """Say what authorising these packages will do; confirmed, do it."""
    idents = [int(i) for i in request.form.getlist("package") if i.isascii() and i.isdigit() and len(i) < 19][
        : records.PER_PAGE
    ]
    rows = with_words(list(joined().where(Package.id.in_(idents) & ~Package.authorised).order_by(Package.id)))
    if not rows:
        flash(
            "Choose at least one package that waits to be authorised."
            if not idents
            else "These packages are authorised already.",
            "notice",
        )
        return go(url_for("authority.packages.waiting"))
    form = NothingForm()
    one = url_for("authority.packages.show", package_id=rows[0].id)

    def change():
        touched = facts.Touched()
        for row in rows:
            now = refresh(row)
            if not now.authorised:
                touched = screens.together(
                    touched, rules.save_package({"authorised": True}, records.actor(), now).touched
                )
        return touched

    clients = {row.client_id for row in rows}
    if not form.validate():
        abort(400)
    if request.form.get("confirmed"):
        done = screens.attempt(form, "packages authorise", None, change, clients)
        if done.saved:
            flash(
                f"{len(rows)} packages are authorised."
                if len(rows) > 1
                else f"Package {rows[0].cpli_id} is authorised.",
                "success",
            )
            return go(url_for("authority.packages.waiting") if len(rows) > 1 else one)
    moves = consequences.preview(
        lambda: consequences.follow_touched(change(), now=True), screens.packages_of_clients(clients), today()
    )
    _, adjusted = screens.weeks_moved(moves)
    by_package: dict[int, list] = {}
    for moved in moves.rows:
        tally = by_package.setdefault(moved.package, [0, 0])
        tally[0] += 1
        tally[1] += moved.after - moved.before
    return page(
        "packages/authorisation.html",
        heading="Authorise packages" if len(rows) > 1 else f"Authorise package {rows[0].cpli_id}",
        breadcrumbs=[
            records.home(),
            ("Packages", url_for("authority.packages.index")),
            ("Waiting", url_for("authority.packages.waiting")),
            ("Authorise", None),
        ],
        form=form,
        rows=rows,
        moves=moves,
        adjusted=adjusted,
        by_package=by_package,
        confirmed=screens.stamp(moves),
        cancel=one if len(rows) == 1 else url_for("authority.packages.waiting"),
    )


@routes.get("/packages/planned-against-commissioned")
@requires(Can.SEE_RECORDS)
def mismatches():
    """Packages of a week whose visits plan other hours than the package does (K-18)."""
    week = monday(today()) - dt.timedelta(7)
    with contextlib.suppress(values.Expected):
        week = monday(values.typed_date(request.args.get("week", "")))
    sent = sent_quantities(Visit.week == week)
    rows = []
    for row in (
        joined().where(Package.id.in_({p for p, _ in sent})).order_by(Client.surname, Client.forename, Package.cpli_id)
    ):
        rows.append(row)
    plans = rules.lines(Package.id.in_([r.id for r in rows])) if rows else {}
    listed = []
    for row in rows:
        planned = planned_quantity(plans[row.id].plan, week)
        if planned != sent[row.id, week]:
            listed.append({"package": row, "planned": planned, "sent": sent[row.id, week]})
    if records.wants_csv():
        return records.csv_file(
            f"planned-against-commissioned-{week}",
            [
                "WeekBeginning",
                "CPLIId",
                "SSRef",
                "Client",
                "ServiceName",
                "ServiceLevel",
                "Commissioned",
                "PlannedInVisits",
                "Difference",
            ],
            (
                [
                    file_date(week),
                    m["package"].cpli_id,
                    m["package"].client.ssref,
                    m["package"].client.file_name,
                    m["package"].service.name,
                    m["package"].level.name,
                    file_quantity(m["planned"]),
                    file_quantity(m["sent"]),
                    file_quantity(m["sent"] - m["planned"]),
                ]
                for m in listed
            ),
        )
    return page(
        "packages/mismatches.html",
        heading="Planned against commissioned",
        breadcrumbs=[
            records.home(),
            ("Packages", url_for("authority.packages.index")),
            ("Planned against commissioned", None),
        ],
        guidance="Packages whose matched visits plan other hours in the week than the package does.",
        actions=[("Several weeks, as a report", url)]
        if (url := records.where("authority.reports.planned_v_commissioned"))
        else [],
        week=week,
        previous=url_for("authority.packages.mismatches", week=week - dt.timedelta(7)),
        following=url_for("authority.packages.mismatches", week=week + dt.timedelta(7)),
        found=records.cut(listed),
        matched=len(rows),
    )
