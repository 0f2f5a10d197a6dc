"""The files for the finance and charging systems: what waits, what was made, who took it and when (R-18)."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, Response, abort, flash, g, url_for

from blueprints import desk, history, weeks
from blueprints.attachments import rules as attachments
from blueprints.exports import charges, rules
from blueprints.jobs import rules as jobs
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.values import show_date_long
from forms.exports import ChargesForm, ExportForm
from models import Export, ExportKind, File, Job, JobState, PaymentPeriod

routes = Blueprint("exports", __name__)


def crumbs(*more) -> list:
    """The way back."""
    return [desk.home(), ("Payments", url_for("authority.periods.index")), *more]


def tabs(current: str) -> list[dict]:
    """Payments, and clients' charges."""
    made = [("Finance export", "authority.exports.index"), ("Clients’ charges", "authority.exports.charge_files")]
    return [{"text": text, "href": url_for(endpoint), "current": text == current} for text, endpoint in made]


def made_files(kind: ExportKind) -> dict:
    """A page of the files of a kind, with who has taken each."""
    query = rules.listed(kind)
    count = query.count()
    pager = desk.pages_of(count)
    rows = list(query.limit(desk.PER_PAGE).offset(pager.start)) if count else []
    return {"rows": rows, "count": count, "pager": pager, "taken": rules.taken(row.id for row in rows)}


def under_way(kind: str) -> Job | None:
    """A job of this kind that has not ended."""
    return Job.get_or_none((Job.kind == kind) & Job.unique_key.is_null(False))


@routes.get("/exports")
@requires(Can.SEE_RECORDS)
def index():
    """What has been finalised and waits for the finance system, and the files made so far."""
    return page(
        "exports/payments.html",
        tabs_here=tabs("Finance export"),
        waiting=rules.waiting(),
        form=ExportForm(),
        may=can(Can.EXPORT),
        under_way=under_way("export-payments"),
        breadcrumbs=crumbs(("Finance export", None)),
        **made_files(ExportKind.PAYMENTS),
    )


@routes.post("/exports/payments/<int:period_id>")
@requires(Can.EXPORT)
def make_payments(period_id: int):
    """Make the file of what a period's finalisations pay; pressed twice, or by two people, it is made once."""
    period = PaymentPeriod.get_or_none(PaymentPeriod.id == period_id) or abort(404)
    if not ExportForm().validate_on_submit():
        flash("The page was too old to be sent. Press again.", "warning")
        return go(url_for("authority.exports.index"))
    found = next((one for one in rules.waiting() if one.period == period.id), None)
    if found is None:
        last = rules.listed(ExportKind.PAYMENTS).where(Export.period == period.id).first()
        said = f"{last.by} has made it already." if last else "Nothing of it is finalised."
        flash(f"Nothing of this period waits: {said} Nothing was done twice.", "notice")
        return go(url_for("authority.exports.index"))
    return go(url_for("authority.exports.making", job_id=rules.queue(found, desk.actor()).id))


@routes.get("/exports/charges")
@requires(Can.SEE_RECORDS)
def charge_files():
    """What clients are to be charged: the files made so far, and the next one."""
    return charges_page(ChargesForm(formdata=None, data={"until": last_sunday()}))


@routes.post("/exports/charges")
@requires(Can.EXPORT)
def make_charges():
    """Make the file of what is to be charged until a week; while one is being made no other begins."""
    form = ChargesForm()
    if not form.validate():
        return charges_page(form, 422)
    until = weeks.monday(form.until.data)
    if until > weeks.monday(weeks.today()):
        form.until.errors = [f"Enter a day until {show_date_long(weeks.today())}: later weeks have not begun"]
        return charges_page(form, 422)
    job, is_mine = charges.queue(until, desk.actor())
    if not is_mine:
        flash("Another file of charges is being made. Make yours when it is done.", "warning")
    return go(url_for("authority.exports.making", job_id=job.id))


def charges_page(form: ChargesForm, status: int = 200):
    """The page of charges."""
    return page(
        "exports/charges.html",
        status,
        tabs_here=tabs("Clients’ charges"),
        form=form,
        may=can(Can.EXPORT),
        under_way=under_way("export-charges"),
        breadcrumbs=crumbs(("Clients’ charges", None)),
        **made_files(ExportKind.CHARGES),
    )


def last_sunday() -> dt.date:
    """The end of the last full week."""
    return weeks.monday(weeks.today()) - dt.timedelta(1)


@routes.get("/exports/making/<int:job_id>")
@requires(Can.SEE_RECORDS)
def making(job_id: int):
    """How far a file is; then the file, or why there is none."""
    kinds = {"export-payments": "authority.exports.index", "export-charges": "authority.exports.charge_files"}
    job = Job.get_or_none((Job.id == job_id) & Job.kind.in_(list(kinds))) or abort(404)
    back = url_for(kinds[job.kind])
    what = "Finance export" if job.kind == "export-payments" else "Clients’ charges"
    return page(
        "exports/making.html",
        job=job,
        what=what,
        export=rules.made_by(job) if job.is_over else None,
        is_failed=job.state == JobState.FAILED,
        is_stopped=not job.is_over and jobs.is_dead(job),
        back=back,
        may=can(Can.EXPORT),
        here=url_for("authority.exports.making", job_id=job.id),
        breadcrumbs=crumbs((what, back), ("Make the file", None)),
    )


def found_export(export_id: int) -> Export:
    """The file's record with its period, or 404."""
    found = Export.get_or_none(Export.id == export_id) or abort(404)
    return rules.listed(found.kind).where(Export.id == export_id).get()


@routes.get("/exports/<int:export_id>")
@requires(Can.SEE_RECORDS)
def show(export_id: int):
    """A file that was made: its sums, the contracts that it holds, and everybody who took it."""
    export = found_export(export_id)
    is_payments = export.kind == ExportKind.PAYMENTS
    back = (
        ("Finance export", "authority.exports.index")
        if is_payments
        else ("Clients’ charges", "authority.exports.charge_files")
    )
    return page(
        "exports/show.html",
        export=export,
        is_payments=is_payments,
        contracts=rules.contracts_of(export) if is_payments else [],
        taken=rules.taken([export.id]).get(export.id, []),
        may=can(Can.EXPORT),
        breadcrumbs=crumbs((back[0], url_for(back[1])), (export.file.name, None)),
    )


@routes.get("/exports/<int:export_id>/file")
@requires(Can.EXPORT)
def file(export_id: int):
    """Take the file: the same bytes each time. Who takes it and when is noted."""
    export = found_export(export_id)
    history.looked(g.user.id, export)
    answer = Response(list(attachments.pieces(File.get_by_id(export.file_id))), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=export.file.name)
    return answer
