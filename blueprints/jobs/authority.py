"""Work done apart from requests, as officers see it: what runs, what failed, and beginning again."""

from __future__ import annotations

from flask import Blueprint, abort, flash, request, url_for
from peewee import JOIN

from blueprints import desk
from blueprints.jobs import rules
from blueprints.pages import go, page
from blueprints.permissions import Can, requires
from forms.jobs import AgainForm, JobsFilter
from models import Job, JobState, User, db

routes = Blueprint("jobs", __name__)

# What each kind is called, and whether a failed one may be begun again from here.
KINDS = {
    "settle": ("Matching visits and working out payments", True),
    "finalise": ("Finalising a period", False),
    "issue-orders": ("Issuing purchase orders", False),
    "export-payments": ("Making a file for the finance system", False),
    "export-charges": ("Making a file of clients’ charges", False),
    "generate": ("Generating actuals", False),
    "import-check": ("Reading an import", False),
    "import-take": ("Updating the system with an import", False),
    "mail": ("Sending mail", True),
    "login-request": ("Answering a request for a password", False),
    "report": ("Preparing a report", False),
}


def called(kind: str) -> str:
    """The job's name in words."""
    return KINDS.get(kind, (kind.replace("-", " ").replace("_", " ").capitalize(), False))[0]


@routes.get("/jobs")
@requires(Can.SEE_RECORDS)
def index():
    """Jobs, newest first."""
    form = JobsFilter()
    form.validate()
    query = Job.select(Job, User).join(User, JOIN.LEFT_OUTER)
    if form.state.data:
        query = query.where(Job.state == form.state.data)
    count = query.count()
    pager = desk.pages_of(count)
    rows = list(query.order_by(Job.id.desc()).limit(desk.PER_PAGE).offset(pager.start))
    waiting = {job.id for job in rules.failed()}
    return page(
        "jobs/list.html",
        filter=form,
        rows=rows,
        count=count,
        pager=pager,
        called=called,
        may_again={j.id for j in rows if j.id in waiting and KINDS.get(j.kind, ("", False))[1]},
        waiting=waiting,
        press=AgainForm(),
        breadcrumbs=[desk.home(), ("Jobs", None)],
    )


@routes.post("/jobs/<int:job_id>/repetition")
@requires(Can.FINALISE)
def again(job_id: int):
    """Begin the work of a failed job again; what is queued already is not queued twice."""
    job = Job.get_or_none((Job.id == job_id) & (Job.state == JobState.FAILED)) or abort(404)
    if not AgainForm().validate_on_submit() or not KINDS.get(job.kind, ("", False))[1]:
        flash("This work cannot be begun again from here.", "warning")
        return go(url_for("authority.jobs.index"))
    with db.atomic():
        rules.queue(job.kind, job.about, key=job.kind)
    flash(f"{called(job.kind)} is queued again.", "success")
    return go(url_for("authority.jobs.index", state=request.args.get("state")))
