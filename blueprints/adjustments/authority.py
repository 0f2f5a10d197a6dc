"""Officers pay or take back by hand, with a reason and a note that the provider reads (R-14)."""

from __future__ import annotations

import secrets

from flask import Blueprint, abort, flash, g, request, url_for

from blueprints import desk, records
from blueprints.adjustments import listing, rules
from blueprints.holds import listing as holds
from blueprints.pages import go, page
from blueprints.payments import rules as payments
from blueprints.payments.rules import Key
from blueprints.permissions import Can, can, requires
from blueprints.values import show_money, show_quantity
from forms.adjustments import AdjustmentForm, AdjustmentsFilter, TakeAwayForm
from models import Client, Contract, Hold, ItemKind, ManualAdjustment

routes = Blueprint("adjustments", __name__)

ADJUSTMENTS = [
    "ContractRef", "Provider", "SSRef", "Client", "Reason", "Note", "Amount", "VAT", "EnteredBy", "EnteredAt", "State",
    "PeriodStart",
]  # fmt: skip


@routes.get("/adjustments")
@requires(Can.SEE_RECORDS)
def adjustments():
    """Manual adjustments of every contract, newest first (R-14)."""
    form = AdjustmentsFilter()
    form.validate()
    query = listing.listed(g.reach, form.q.data or "", form.state.data or "")
    if desk.wants_csv():
        return desk.csv_file("manual-adjustments", ADJUSTMENTS, listing.as_file(query))
    count = query.count()
    pager = desk.pages_of(count)
    return page(
        "adjustments/list.html",
        filter=form,
        rows=listing.rows(query.limit(desk.PER_PAGE).offset(pager.start)),
        count=count,
        pager=pager,
        breadcrumbs=[desk.home(), ("Payments", url_for("authority.periods.index")), ("Manual adjustments", None)],
    )


@routes.route("/adjustments/contracts/<int:contract_id>/new", methods=["GET", "POST"])
@requires(Can.HOLD_AND_ADJUST)
def add_adjustment(contract_id: int):
    """Add a manual adjustment to the contract's oldest current period (R-14)."""
    contract = desk.contract_of(contract_id) or abort(404)
    form = adjustment_form(contract)
    if request.method == "GET":
        form.key.data = secrets.token_hex(12)
        client = desk.number(request.args.get("client"))
        if client:
            form.ssref.data = Client.select(Client.ssref).where(Client.id == client).scalar()
        return adjustment_page(contract, form)
    if not form.validate() or not form.key.data:
        return adjustment_page(contract, form, status=422)
    try:
        facts = {**form.facts(), "client": rules.client_of(contract, form.ssref.data or "")}
        reasons = list(g.settings.adjustment_reasons)
        row, is_new = rules.add(
            contract, facts, reasons, desk.number(form.period.data) or 0, form.key.data, desk.actor()
        )
    except rules.Faulty as faulty:
        form.blame(faulty.faults)
        return adjustment_page(contract, form, status=422)
    except rules.Refused as refusal:
        return adjustment_page(contract, form, str(refusal), 409)
    if is_new:
        flash(f"The manual adjustment of {show_money(row.amount)} is added.", "success")
    else:
        flash("This manual adjustment has been added already. Nothing was done twice.", "notice")
    return go(url_for("authority.adjustments.adjustment", adjustment_id=row.id))


def adjustment_form(contract: Contract, **facts) -> AdjustmentForm:
    """The form, with the authority's reasons and the contract's rate of VAT."""
    form = AdjustmentForm(**facts)
    reasons = list(g.settings.adjustment_reasons)
    kept = facts.get("data", {}).get("reason")
    form.reason.choices = [("", "Choose a reason"), *((r, r) for r in [*reasons, *([kept] if kept else [])])]
    form.with_vat.label.text = f"VAT applies: {show_quantity(contract.vat_rate, short=True)}% under this contract"
    return form


def adjustment_page(contract: Contract, form: AdjustmentForm, refusal: str = "", status: int = 200, row=None):
    """The form, with the period in which the adjustment stands."""
    period, why = None, ""
    try:
        period = rules.period_of(contract)
    except rules.Refused as refused:
        why = str(refused)
    if status in (200, 409) or not form.period.data:
        form.period.data = period.id if period else ""
    way = desk.way_to(contract, period) if period else [desk.home(), (contract.name, None)]
    return page(
        "adjustments/form.html",
        status,
        form=form,
        contract=contract,
        period=period,
        row=row,
        refusal=refusal or why,
        may_save=period is not None,
        back=url_for("authority.adjustments.adjustment", adjustment_id=row.id)
        if row
        else desk.lines_of(contract, period)
        if period
        else url_for("authority.periods.index"),
        breadcrumbs=[*way, ("Manual adjustment", None)],
    )


def found_adjustment(adjustment_id: int) -> ManualAdjustment:
    """The adjustment with its contract and client, or 404."""
    return listing.one(g.reach, adjustment_id) or abort(404)


@routes.get("/adjustments/<int:adjustment_id>")
@requires(Can.SEE_RECORDS)
def adjustment(adjustment_id: int):
    """One manual adjustment: what it is, where it stands, and its history."""
    row = found_adjustment(adjustment_id)
    return adjustment_record(row)


def adjustment_record(row: ManualAdjustment, refusal: str = "", status: int = 200):
    """The page of one adjustment."""
    state = payments.states([row.contract])[row.contract_id]
    (shown,) = listing.rows([row])
    place = (
        next((p for p in state.periods if p.id == row.finalisation.period_id), None) if row.finalisation_id else None
    )
    place = place or state.oldest_current
    hold = holds.rows(Hold.adjustment == row)
    may = can(Can.HOLD_AND_ADJUST) and not row.finalisation_id
    form = TakeAwayForm(formdata=None)
    form.version.data = row.version
    return page(
        "adjustments/show.html",
        status,
        row=row,
        shown=shown,
        place=place,
        hold=hold[0] if hold else None,
        may_hold=may and bool(place),
        may_change=may and rules.was_listed(row) is None,
        press=form,
        refusal=refusal,
        key=Key(None, None, ItemKind.MANUAL, row.id).text,
        entries=records.stories(ManualAdjustment, [row.id], AdjustmentForm),
        lines_href=desk.lines_of(row.contract, place) if place else None,
        breadcrumbs=[
            desk.home(),
            ("Payments", url_for("authority.periods.index")),
            ("Manual adjustments", url_for("authority.adjustments.adjustments")),
            (row.contract.name, None),
        ],
    )


@routes.route("/adjustments/<int:adjustment_id>/edit", methods=["GET", "POST"])
@requires(Can.HOLD_AND_ADJUST)
def edit_adjustment(adjustment_id: int):
    """Change a manual adjustment as long as no finalised period lists it."""
    row = found_adjustment(adjustment_id)
    facts = {
        "direction": "take" if row.amount < 0 else "pay", "amount": abs(row.amount), "with_vat": row.with_vat,
        "reason": row.reason, "ssref": row.client.ssref if row.client_id else "", "note": row.note, "version": row.version,
    }  # fmt: skip
    form = adjustment_form(row.contract, data=facts)
    if request.method == "GET":
        return adjustment_page(row.contract, form, row=row)
    if not form.validate():
        return adjustment_page(row.contract, form, status=422, row=row)
    try:
        changed = {**form.facts(), "client": rules.client_of(row.contract, form.ssref.data or "")}
        reasons = list(g.settings.adjustment_reasons)
        rules.change(row, changed, reasons, desk.number(form.version.data) or 0, desk.actor())
    except rules.Faulty as faulty:
        form.blame(faulty.faults)
        return adjustment_page(row.contract, form, status=422, row=row)
    except rules.Refused as refusal:
        now = listing.one(g.reach, row.id)
        form.version.data = now.version if now else ""
        return adjustment_page(row.contract, form, str(refusal), 409, row=now)
    flash("The manual adjustment is changed.", "success")
    return go(url_for("authority.adjustments.adjustment", adjustment_id=row.id))


@routes.post("/adjustments/<int:adjustment_id>/deletion")
@requires(Can.HOLD_AND_ADJUST)
def take_away_adjustment(adjustment_id: int):
    """Take a manual adjustment away as long as no finalised period lists it."""
    row = found_adjustment(adjustment_id)
    form = TakeAwayForm()
    if not form.validate():
        return adjustment_record(row, "The page was too old to be sent. Press again.", 422)
    try:
        rules.take_away(row, desk.number(form.version.data) or 0, desk.actor())
    except rules.Refused as refusal:
        now = listing.one(g.reach, row.id)
        if now:
            return adjustment_record(now, str(refusal), 409)
        flash(str(refusal), "notice")
        return go(url_for("authority.adjustments.adjustments"))
    flash(f"The manual adjustment of {show_money(row.amount)} is taken away.", "success")
    return go(url_for("authority.adjustments.adjustments"))
