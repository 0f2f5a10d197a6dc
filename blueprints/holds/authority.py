"""Officers hold payments back, look at what is held and since when, and release it (R-09)."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, request, url_for

from blueprints import desk, weeks
from blueprints.holds import listing, rules
from blueprints.pages import go, page
from blueprints.payments import listing as lines
from blueprints.payments import rules as payments
from blueprints.permissions import Can, can, requires
from blueprints.values import file_date, file_money
from forms.holds import HoldForm, HoldsFilter, ReleaseForm
from models import Contract, Hold, ItemState, PaymentPeriod

routes = Blueprint("holds", __name__)

MOST_CHOSEN = 200  # lines of one press


# holding ---------------------------------------------------------------------------------------------------------------


def found_current(contract_id: int, period_id: int) -> tuple[Contract, PaymentPeriod]:
    """The contract with its organisation, and a period of its cycle; 404 otherwise."""
    contract = desk.contract_of(contract_id) or abort(404)
    period = PaymentPeriod.get_or_none((PaymentPeriod.id == period_id) & (PaymentPeriod.cycle == contract.cycle_id))
    return contract, period or abort(404)


def wanted_of(values) -> rules.Wanted:
    """What is to be held, by the address or the form."""
    named = frozenset(line for line in values.getlist("line") if len(line) < 60)
    client = desk.number(values.get("client"))
    if named:
        return rules.Wanted(keys=frozenset(sorted(named)[:MOST_CHOSEN]))
    return rules.Wanted(client=client) if client else rules.Wanted(everything=values.get("all") == "1")


@routes.get("/holds/contracts/<int:contract_id>/periods/<int:period_id>/new")
@requires(Can.HOLD_AND_ADJUST)
def hold(contract_id: int, period_id: int):
    """What holding lines, a client or a contract would do, before it is done (R-09)."""
    contract, period = found_current(contract_id, period_id)
    return hold_page(contract, period, wanted_of(request.args), HoldForm(formdata=None))


@routes.post("/holds/contracts/<int:contract_id>/periods/<int:period_id>")
@requires(Can.HOLD_AND_ADJUST)
def hold_lines(contract_id: int, period_id: int):
    """Hold them, as they were shown (rule 7.5)."""
    contract, period = found_current(contract_id, period_id)
    wanted, form = wanted_of(request.form), HoldForm()
    if not form.validate():
        return hold_page(contract, period, wanted, form, status=422)
    state = ItemState(form.state.data)
    try:
        count = rules.hold(contract, period, wanted, state, form.reason.data, form.shown.data or "", desk.actor())
    except rules.Refused as refusal:
        return hold_page(contract, period, wanted, form, refusal=str(refusal), status=409)
    words = held_words(state)
    if count:
        flash(f"{count} line{'' if count == 1 else 's'} {words}.", "success")
    else:
        flash(f"It is {words} already. Nothing was done twice.", "notice")
    return go(desk.lines_of(contract, period, "non-payable"))


def held_words(state: ItemState) -> str:
    """How a hold is said: `is suspended`."""
    return {
        ItemState.SUSPENDED: "suspended until released",
        ItemState.CARRIED: "carried forward to the next period",
        ItemState.CANCELLED: "cancelled",
    }[state]


def hold_page(contract, period, wanted: rules.Wanted, form: HoldForm, refusal: str = "", status: int = 200):
    """The page that says what will be held and asks how; what forbids it is said first."""
    state = payments.states([contract])[contract.id]
    done = state.finalised.get(period.id)
    found = rules.find(contract, period, wanted, state) if not done and wanted.is_something else rules.Found([], 0)
    form.shown.data = found.shown
    rows = lines.rows(found.items)
    if done and not refusal:
        refusal = f"{done.by} finalised this period at {rules.moment(done.at)}: its lines can no longer be held."
    client = rows[0] if wanted.client and rows else None
    return page(
        "holds/hold.html",
        status,
        contract=contract,
        period=period,
        form=form,
        wanted=wanted,
        client=client,
        rows=rows[: desk.PER_PAGE],
        count=len(rows),
        empty=len(found.lines) - len(rows),
        gone=found.gone,
        sum=sum(row.total for row in rows),
        held=sum(1 for line in found.lines if line.held and not line.held.is_released),
        refusal=refusal,
        may_hold=bool(found.lines) and not done,
        back=desk.lines_of(contract, period),
        breadcrumbs=desk.way_to(contract, period, ("Hold", None)),
    )


# what is held ----------------------------------------------------------------------------------------------------------

HELD = [
    "HeldSince", "HeldBy", "State", "Reason", "ContractRef", "Provider", "CPLIId", "SSRef", "Client", "WeekBeginning",
    "Kind", "Amount", "CancelledForGood", "ListedInPeriodFrom",
]  # fmt: skip


@routes.get("/holds")
@requires(Can.SEE_RECORDS)
def held_list():
    """What is held and since when, oldest first (R-09)."""
    form = HoldsFilter()
    contracts = Contract.visible_to(g.reach).select(Contract.id, Contract.name).order_by(Contract.name)
    form.contract.choices = [("", "All contracts"), *((str(ident), name) for ident, name in contracts.tuples())]
    form.validate()
    rows = listing.rows(
        listing.condition(form.client.data or "", desk.number(form.contract.data), form.state.data or listing.NOW)
    )
    if desk.wants_csv():
        return desk.csv_file("held-payments", HELD, held_rows(rows))
    groups = listing.grouped(rows)
    pager = desk.pages_of(len(groups))
    return page(
        "holds/list.html",
        filter=form,
        groups=groups[pager.start : pager.start + desk.PER_PAGE],
        count=len(groups),
        lines=len(rows),
        sum=sum(row.amount for row in rows),
        pager=pager,
        today=weeks.today(),
        may=can(Can.HOLD_AND_ADJUST),
        week_prefix=url_for("authority.home.index") + "payments/packages/",
        release_href=url_for("authority.holds.release_page"),
        contract_prefix=(desk.where("authority.contracts.show", contract_id=0) or "")[:-1],
        breadcrumbs=[desk.home(), ("Payments", url_for("authority.periods.index")), ("Held", None)],
    )


def held_rows(rows: list[listing.Row]):
    """Holds as rows of a file."""
    contracts = dict(Contract.select(Contract.id, Contract.ref).tuples())
    for row in rows:
        yield (
            weeks.london(row.at).strftime("%Y-%m-%d %H:%M"), row.by, row.state, row.reason, contracts[row.contract],
            row.provider, "" if row.cpli_id is None else row.cpli_id, row.ssref, row.name, file_date(row.key.week),
            row.key.kind, file_money(row.amount), file_money(row.settled),
            file_date(row.listed_in[0]) if row.listed_in else "",
        )  # fmt: skip


@routes.get("/holds/releases/new")
@requires(Can.HOLD_AND_ADJUST)
def release_page():
    """What releasing will do, before it is done: holds pressed together, or those of a client or contract."""
    rows: list[listing.Row] = []
    contract, client = desk.number(request.args.get("contract")), desk.number(request.args.get("client"))
    keys = set(request.args.getlist("line"))
    if contract:
        condition = contract == listing.OWNER
        rows = listing.rows(condition & (client == listing.WHO) if client else condition)
        rows = [row for row in rows if not keys or row.key.text in keys]
    for text in request.args.getlist("hold")[: desk.PER_PAGE]:
        known = {row.id for row in rows}
        rows += [row for row in listing.together(desk.number(text) or 0) if row.id not in known]
    return releasing([row for row in rows if not row.is_final], ReleaseForm(formdata=None))


@routes.post("/holds/releases")
@requires(Can.HOLD_AND_ADJUST)
def release():
    """Release what was shown, if it is still as it was shown (rule 7.5)."""
    form = ReleaseForm()
    pairs = [pair.split(".") for pair in (form.shown.data or "").split()]
    shown = {desk.number(p[0]) or 0: desk.number(p[1]) or 0 for p in pairs if len(p) == 2}
    rows = listing.rows(Hold.id.in_(list(shown))) if shown else []
    if not form.validate():
        return releasing(rows, form, status=422)
    if not shown:
        flash("Choose what is to be released.", "notice")
        return go(url_for("authority.holds.held_list"))
    try:
        count = rules.release(shown, form.reason.data or "", desk.actor())
    except rules.Refused as refusal:
        return releasing([row for row in rows if not row.is_final], form, str(refusal), 409)
    flash(f"{count} line{' is' if count == 1 else 's are'} released.", "success")
    return go(url_for("authority.holds.held_list"))


def releasing(rows: list[listing.Row], form: ReleaseForm, refusal: str = "", status: int = 200):
    """The page that says what releasing will do."""
    form.shown.data = " ".join(f"{row.id}.{row.version}" for row in rows)
    contracts = list(Contract.select().where(Contract.id.in_({row.contract for row in rows})).order_by(Contract.name))
    states = payments.states(contracts)
    places = [
        (c, states[c.id].oldest_current, sum(row.amount for row in rows if row.contract == c.id)) for c in contracts
    ]
    return page(
        "holds/release.html",
        status,
        form=form,
        rows=rows[: desk.PER_PAGE],
        count=len(rows),
        sum=sum(row.amount for row in rows),
        settled=sum(row.settled for row in rows),
        places=places,
        refusal=refusal,
        back=url_for("authority.holds.held_list"),
        breadcrumbs=[
            desk.home(),
            ("Payments", url_for("authority.periods.index")),
            ("Held", url_for("authority.holds.held_list")),
            ("Release", None),
        ],
    )
