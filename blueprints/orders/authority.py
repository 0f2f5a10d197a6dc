"""Purchase orders as officers have them: every provider's, and issuing them, one or many (S-08)."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, abort, flash, g, request, url_for

from blueprints import desk, records
from blueprints.history import looked
from blueprints.jobs import rules as job_rules
from blueprints.orders import issuing, listing, rules
from blueprints.orders.screens import (
    AUTHORITY,
    found_order,
    is_to_issue,
    of_record,
    order_list,
    order_page,
    package_prefix,
    told,
    version_page,
    way,
    years,
)
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from forms.orders import IssueAgainForm, IssueForm, OfficersOrdersFilter
from models import Client, Contract, Job, JobState, Organisation, PurchaseOrder

routes = Blueprint("orders", __name__)


def asked() -> tuple[OfficersOrdersFilter, listing.Wanted]:
    """The filter of the address."""
    form = OfficersOrdersFilter(*years(), records.choices(Organisation, "", g.reach)[1:])
    wanted = listing.Wanted(
        int(form.year.data[:4]),
        organisation=int(form.organisation.data) if form.organisation.data else None,
        state=form.state.data or "",
        words=form.q.data or "",
    )
    return form, wanted


@routes.get("/orders")
@requires(Can.SEE_RECORDS)
def index():
    """Every provider's purchase orders of a financial year, and how many are to be issued."""
    form, wanted = asked()
    return order_list(
        AUTHORITY,
        form,
        wanted,
        may_issue=can(Can.ISSUE_ORDERS),
        issue_href=f"{url_for('authority.orders.issue_several')}?{urlencode(kept(form))}",
        under_way=Job.get_or_none(Job.unique_key == "issue-orders"),
        breadcrumbs=[*way(AUTHORITY)[:-1], ("Purchase Orders", None)],
    )


def kept(form: OfficersOrdersFilter) -> dict[str, str]:
    """The filter as parameters of an address."""
    return {field.name: field.data for field in form.visible() if field.data}


@routes.get("/clients/<int:client_id>/orders")
@requires(Can.SEE_RECORDS)
def of_client(client_id: int):
    """A client's purchase orders, of all years."""
    row = Client.visible_to(g.reach).where(Client.id == client_id).get_or_none() or abort(404)
    looked(g.user.id, row)
    wanted = listing.Wanted(None, client=row.id)
    return of_record(records.of_client(row, "Orders"), wanted, "purchase-orders-of-client")


@routes.get("/contracts/<int:contract_id>/orders")
@requires(Can.SEE_RECORDS)
def of_contract(contract_id: int):
    """The purchase orders under a contract, of all years."""
    query = Contract.visible_to(g.reach).select(Contract, Organisation).join(Organisation)
    row = query.where(Contract.id == contract_id).get_or_none() or abort(404)
    wanted = listing.Wanted(None, contract=row.id)
    return of_record(records.of_contract(row, "Orders"), wanted, "purchase-orders-of-contract")


@routes.get("/orders/<int:order_id>")
@requires(Can.SEE_RECORDS)
def show(order_id: int):
    """One purchase order."""
    return order_page(AUTHORITY, order_id)


@routes.get("/orders/<int:order_id>/versions/<int:number>")
@requires(Can.SEE_RECORDS)
def version(order_id: int, number: int):
    """A purchase order as it was issued."""
    return version_page(AUTHORITY, order_id, number)


@routes.route("/orders/<int:order_id>/versions/new", methods=["GET", "POST"])
@requires(Can.ISSUE_ORDERS)
def issue(order_id: int):
    """Issue an order as its packages stand: what that changes is shown first, and why is asked where it is not the first."""
    order = found_order(order_id)
    back = url_for("authority.orders.show", order_id=order.id)
    if not is_to_issue(order):
        flash(as_issued(order), "warning")
        return go(back)
    form = IssueAgainForm() if order.version else IssueForm()
    if form.validate_on_submit():
        try:
            made = rules.issue(PurchaseOrder(id=order.id), form.shown.data or "", form.reason.data or "", desk.actor())
        except rules.Refused as refused:
            order = found_order(order_id)
            form.form_errors.append(str(refused).rstrip("."))
        else:
            flash(f"Version {made.number} is issued. The provider sees it now.", "success")
            return go(back)
    form.shown.data = order.digest
    lines = listing.lines(order.id)
    return page(
        "orders/issue.html",
        422 if form.is_submitted() else 200,
        order=order,
        lines=lines,
        changes=told(listing.changes(listing.lines(order.id, order.version), lines)) if order.version else [],
        package_prefix=package_prefix(AUTHORITY),
        form=form,
        cancel=back,
        breadcrumbs=[*way(AUTHORITY), (order.title, back), ("Issue", None)],
    )


def as_issued(order: listing.Row) -> str:
    """Why there is nothing to issue: who has issued the order as it is."""
    if not order.version:
        return "The order has no lines, so there is nothing to issue."
    last = listing.versions(order.id)[0]
    return f"Nothing has changed since {last.by} issued version {last.number}, so there is nothing to issue."


@routes.route("/orders/versions/new", methods=["GET", "POST"])
@requires(Can.ISSUE_ORDERS)
def issue_several():
    """Issue all orders of a filter that are new or changed: how many and what they come to is said first."""
    filter_form, wanted = asked()
    back = f"{url_for('authority.orders.index')}?{urlencode(kept(filter_form))}"
    ahead = issuing.ahead(wanted)
    form = IssueAgainForm() if ahead.again else IssueForm()
    status = 200
    if form.is_submitted():
        if not ahead.orders:
            flash("Nothing is left to issue here.", "warning")
            return go(back)
        if form.validate():
            job, is_mine = issuing.queue(wanted, form.reason.data or "", desk.actor())
            if not is_mine:
                flash("Orders are being issued already. Look at what is left when that is done.", "warning")
            return go(url_for("authority.orders.issuing_page", job_id=job.id))
        status = 422
    elif not ahead.orders:
        flash("Nothing is to be issued here: every order is as it was issued.", "warning")
        return go(back)
    return page(
        "orders/issue_several.html",
        status,
        filter=filter_form,
        ahead=ahead,
        form=form,
        cancel=back,
        here=f"{request.path}?{urlencode(kept(filter_form))}",
        breadcrumbs=[*way(AUTHORITY), ("Issue", None)],
    )


@routes.get("/orders/issuing/<int:job_id>")
@requires(Can.SEE_RECORDS)
def issuing_page(job_id: int):
    """How far issuing is, and what to do when it is done."""
    job = Job.get_or_none((Job.id == job_id) & (Job.kind == "issue-orders")) or abort(404)
    return page(
        "orders/issuing.html",
        job=job,
        is_failed=job.state == JobState.FAILED,
        is_stopped=not job.is_over and job_rules.is_dead(job),
        left=None,
        here=url_for("authority.orders.issuing_page", job_id=job.id),
        list_href=url_for("authority.orders.index"),
        breadcrumbs=[*way(AUTHORITY), ("Issue", None)],
    )
