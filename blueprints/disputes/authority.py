"""Officers' half of disputes: the list, the check list, raising one or many, resolving, reopening (Q, O-49, O-54)."""

from __future__ import annotations

import datetime as dt

from flask import flash, g, request, url_for
from peewee import JOIN, fn

from blueprints import desk, history, weeks
from blueprints.disputes import choosing, rules, shown
from blueprints.disputes.desk import crumbs, found_dispute, here, routes
from blueprints.disputes.provider import title, version_of
from blueprints.facts import Faulty
from blueprints.packages.rules import day
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.values import file_date
from forms.disputes import (
    STATES,
    ChangeForm,
    OfficersFilter,
    PressForm,
    ReopeningForm,
    ResolutionForm,
)
from models import Client, Dispute, DisputeState, Organisation, Service

__all__ = ["choosing", "routes"]


# the list --------------------------------------------------------------------------------------------------------------


@routes.get("/disputes")
@requires(Can.SEE_RECORDS)
def index():
    """All disputes: open ones, the first due first, unless asked otherwise (Q-16)."""
    today = weeks.today()
    within = Dispute.id.in_(Dispute.visible_to(g.reach).select(Dispute.id))
    form = OfficersFilter()
    providers = Organisation.visible_to(g.reach).select(Organisation.id, Organisation.name).order_by(Organisation.name)
    form.organisation.choices = [("", "All"), *((str(i), n) for i, n in providers.tuples())]
    used = {reason for (reason,) in Dispute.select(Dispute.reason).distinct().tuples()}
    known = [*rules.reasons(g.settings), *sorted(used - set(rules.reasons(g.settings)))]
    form.reason.choices = [("", "All"), *((one, one) for one in known)]
    form.validate()
    condition = within & fitting(form, today)
    sort = request.args.get("sort", "due")
    order = shown.SORTS.get(sort.removeprefix("-"), shown.SORTS["due"])
    query = (
        Dispute.select(Dispute, Organisation, Service)
        .join(Organisation).switch(Dispute).join(Service, JOIN.LEFT_OUTER)
        .switch(Dispute).join(Client, JOIN.LEFT_OUTER).where(condition)
        .order_by(*((c.desc() if sort.startswith("-") else c.asc()) for c in order), Dispute.id)
    )  # fmt: skip
    if desk.wants_csv():
        return desk.csv_file("disputes", shown.HEADINGS, file_rows(query, today))
    count = Dispute.select().join(Client, JOIN.LEFT_OUTER).where(condition).count()
    pager = desk.pages_of(count)
    return page(
        "disputes/list.html",
        filter=form,
        rows=shown.listed(query.limit(desk.PER_PAGE).offset(pager.start), today) if count else [],
        count=count,
        pager=pager,
        sort=sort,
        may=can(Can.RAISE_DISPUTES),
        press=PressForm(None),
        show_prefix=url_for("authority.disputes.index") + "/",
        breadcrumbs=[desk.home(), ("Disputes", None)],
    )


def fitting(form: OfficersFilter, today: dt.date):
    """The condition of the filter."""
    status = form.status.data or "open"
    condition = Dispute.state != DisputeState.RESOLVED if status in ("open", "overdue") else Dispute.id.is_null(False)
    if status == "overdue":
        condition = (Dispute.state == DisputeState.IN_DISPUTE) & (Dispute.due < today)
    elif status in STATES:
        condition = Dispute.state == status
    if form.organisation.data and form.organisation.data.isdigit():
        condition &= Dispute.organisation == int(form.organisation.data)
    if form.reason.data:
        condition &= Dispute.reason == form.reason.data
    if text := (form.client.data or "").strip().lower():
        condition &= fn.LOWER(Dispute.client_words).contains(text)
    return condition


def file_rows(query, today: dt.date):
    """The listed disputes as rows of a file."""
    for one in shown.listed(query, today):
        d = one.dispute
        yield (
            d.id, file_date(one.raised_on), d.organisation.name, d.service.name if d.service_id else "", d.client_words,
            d.state, int(one.is_overdue), d.reason, d.details, d.response, file_date(day(d.first)),
            file_date(day(d.last)), file_date(day(d.due)),
            file_date(weeks.london(d.resolved_at).date()) if d.resolved_at else "", one.rows,
        )  # fmt: skip


@routes.post("/disputes/resolutions")
@requires(Can.RAISE_DISPUTES)
def resolve_several():
    """Resolve those that are ticked; what was changed meanwhile is passed over (Q-16)."""
    back = url_for("authority.disputes.index")
    if not PressForm().validate_on_submit():
        flash("The page was too old to be sent. Press again.", "warning")
        return go(back)
    chosen = {}
    for text in request.form.getlist("dispute"):
        ident, _, version = text.partition("-")
        if ident.isdigit() and version.isdigit() and len(text) < 20:
            chosen[int(ident)] = int(version)
    if not chosen:
        flash("Tick the disputes that are to be resolved.", "notice")
        return go(back)
    done, passed = rules.resolve_several(chosen, "", desk.actor())
    if done:
        flash(f"{done} {'dispute is' if done == 1 else 'disputes are'} resolved.", "success")
    if passed:
        what = "dispute was" if passed == 1 else "disputes were"
        flash(f"{passed} {what} changed or resolved meanwhile and left alone. Look at the list as it is now.", "notice")
    return go(back)


# one dispute -----------------------------------------------------------------------------------------------------------


@routes.get("/disputes/<int:dispute_id>")
@requires(Can.SEE_RECORDS)
def show(dispute_id: int):
    """A dispute with its rows then and now, the response, and what the officer may do (Q-08)."""
    dispute = found_dispute(dispute_id)
    history.looked(g.user.id, dispute)
    return dispute_page(dispute)


def dispute_page(dispute: Dispute, refusal: str = "", status: int = 200):
    """The dispute's page."""
    return page(
        "disputes/dispute.html",
        status,
        dispute=dispute,
        rows=shown.rows(dispute),
        refusal=refusal,
        story=shown.story(dispute),
        is_overdue=dispute.is_overdue(weeks.today()),
        may=can(Can.RAISE_DISPUTES),
        form=ResolutionForm(None, data={"version": dispute.version}),
        visit_prefix=url_for("authority.visits.show", visit_id=0)[:-1],
        delete=url_for("authority.visits.show", visit_id=0)[:-1] if can(Can.EDIT_PACKAGES) else None,
        package_prefix=url_for("authority.home.index") + "payments/packages/",
        client_href=desk.where("authority.clients.show", client_id=dispute.client_id),
        organisation_href=desk.where("authority.organisations.show", organisation_id=dispute.organisation_id),
        breadcrumbs=crumbs((f"{title(dispute)}, {dispute.organisation.name}", None)),
    )


@routes.post("/disputes/<int:dispute_id>/resolution")
@requires(Can.RAISE_DISPUTES)
def resolve(dispute_id: int):
    """Resolve a dispute, from either state (Q-08)."""
    dispute = found_dispute(dispute_id)
    form = ResolutionForm()
    if not form.validate():
        return dispute_page(dispute, "The page was too old to be sent. Press again.", 422)
    try:
        rules.resolve(dispute, (form.remark.data or "").strip(), version_of(form), desk.actor())
    except rules.Refused as refusal:
        return dispute_page(found_dispute(dispute_id), str(refusal), 409)
    flash("The dispute is resolved.", "success")
    return go(next_href(dispute))


def next_href(after: Dispute) -> str:
    """The next dispute that waits for the authority, else the list."""
    waits = (Dispute.state == DisputeState.REQUESTED) & (Dispute.id != after.id)
    following = Dispute.visible_to(g.reach).where(waits).order_by(Dispute.requested_at, Dispute.id).first()
    return here(following) if following else url_for("authority.disputes.index")


@routes.route("/disputes/<int:dispute_id>/reopening", methods=["GET", "POST"])
@requires(Can.RAISE_DISPUTES)
def reopen(dispute_id: int):
    """Back to In Dispute with what is still open, from Resolution Requested or Resolved (Q-08)."""
    dispute = found_dispute(dispute_id)
    today = weeks.today()
    due = today + dt.timedelta(g.settings.dispute_days)
    form = ReopeningForm(data={"version": dispute.version, "due": due})
    if dispute.state == DisputeState.IN_DISPUTE:
        flash("This dispute is open, and waits for the provider.", "notice")
        return go(here(dispute))
    if form.validate_on_submit():
        if form.due.data < today:
            form.due.errors = [f"Enter a date from {today:%d/%m/%Y} on"]
        else:
            try:
                rules.reopen(
                    dispute, form.remark.data, form.due.data, version_of(form), desk.actor(), g.settings.hold_disputed
                )
                flash("The dispute is with the provider again.", "success")
                return go(here(dispute))
            except rules.Refused as refusal:
                form.form_errors.append(str(refusal))
                form.version.data = Dispute.get_by_id(dispute.id).version
    return page(
        "disputes/reopening.html",
        422 if form.is_submitted() else 200,
        dispute=dispute,
        form=form,
        cancel=here(dispute),
        breadcrumbs=crumbs((title(dispute), here(dispute)), ("Reopen", None)),
    )


@routes.route("/disputes/<int:dispute_id>/edit", methods=["GET", "POST"])
@requires(Can.RAISE_DISPUTES)
def edit(dispute_id: int):
    """Change the reason, the details or the due date of an open dispute."""
    dispute = found_dispute(dispute_id)
    if not dispute.is_open:
        flash("This dispute is resolved. Reopen it to change it.", "notice")
        return go(here(dispute))
    today = weeks.today()
    names = list(dict.fromkeys([*rules.reasons(g.settings), dispute.reason]))
    form = ChangeForm(names, data={"reason": dispute.reason, "details": dispute.details, "due": day(dispute.due),
                                   "version": dispute.version})  # fmt: skip
    if form.validate_on_submit():
        details = (form.details.data or "").strip()
        kept = form.due.data == day(dispute.due)
        try:
            if faults := rules.check(form.reason.data, details, today if kept else form.due.data, names, today):
                raise Faulty(faults)
            rules.change(dispute, form.reason.data, details, form.due.data, version_of(form), desk.actor())
            flash("The dispute is changed.", "success")
            return go(here(dispute))
        except Faulty as refused:
            for fault in refused.faults:
                form[fault.field].errors = [fault.message]
        except rules.Refused as refusal:
            form.form_errors.append(str(refusal))
            form.version.data = Dispute.get_by_id(dispute.id).version
    return page(
        "disputes/edit.html",
        422 if form.is_submitted() else 200,
        dispute=dispute,
        form=form,
        cancel=here(dispute),
        breadcrumbs=crumbs((title(dispute), here(dispute)), ("Change", None)),
    )
