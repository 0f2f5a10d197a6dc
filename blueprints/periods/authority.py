"""Payment periods as officers work with them: calculate, look through line by line, finalise, remittances (R-11)."""

from __future__ import annotations

import datetime as dt
import json

from flask import Blueprint, abort, flash, g, request, url_for

from blueprints import desk, weeks
from blueprints.jobs import rules as jobs
from blueprints.pages import go, page
from blueprints.payments import listing
from blueprints.payments import rules as payments
from blueprints.periods import finalising, overview, rules
from blueprints.permissions import Can, can, requires
from blueprints.reports import dumps
from blueprints.values import file_date, file_money, file_quantity, file_rate, show_date_long
from forms.periods import ContractsFilter, FinaliseForm, LinesFilter, PeriodsFilter, PressForm
from models import (
    Contract,
    Finalisation,
    Job,
    JobState,
    Organisation,
    PaymentCycle,
    PaymentPeriod,
    db,
)

routes = Blueprint("periods", __name__)

FUTURE = "Future"


def found_period(period_id: int) -> PaymentPeriod:
    """The period with its cycle, or 404."""
    query = PaymentPeriod.select(PaymentPeriod, PaymentCycle).join(PaymentCycle)
    return query.where(PaymentPeriod.id == period_id).get_or_none() or abort(404)


def found_contract(contract_id: int, period: PaymentPeriod) -> Contract:
    """The contract, of the period's cycle, with its organisation; 404 otherwise."""
    query = Contract.visible_to(g.reach).select(Contract, Organisation).join(Organisation)
    found = query.where((Contract.id == contract_id) & (Contract.cycle == period.cycle_id)).get_or_none()
    return found or abort(404)


def days(period: PaymentPeriod) -> str:
    """`5 October 2026 to 1 November 2026`."""
    return f"{show_date_long(period.start_date)} to {show_date_long(period.end_date)}"


def crumbs(*more) -> list:
    """The way back."""
    return [desk.home(), ("Payments", url_for("authority.periods.index")), *more]


# periods by cycle ------------------------------------------------------------------------------------------------------


@routes.get("/periods")
@requires(Can.SEE_RECORDS)
def index():
    """The periods of each payment cycle in a financial year, newest first, with what they come to (R-04, R-10)."""
    today = weeks.today()
    book = overview.Book()
    cycles = list(PaymentCycle.select().order_by(PaymentCycle.name))
    form = PeriodsFilter()
    this_year = weeks.financial_year(today)
    years = {weeks.financial_year(p.start_date) for periods in book.periods.values() for p in periods} | {this_year}
    form.year.choices = [(y, y) for y in sorted(years, reverse=True)]
    form.cycle.choices = [("", "All"), *((str(c.id), c.name) for c in cycles)]
    form.validate()
    year = form.year.data if form.year.data in years else this_year
    form.year.data = year
    shown = []
    for cycle in cycles:
        if form.cycle.data in ("", None, str(cycle.id)):
            listed = [p for p in book.periods[cycle.id] if weeks.financial_year(p.start_date) == year]
            shown.append((cycle, listed[::-1]))
    begun = [p for _, periods in shown for p in periods if p.start_date <= today]
    pairs = [(c.id, p) for p in begun for c in book.parties(p) if not book.is_done(c.id, p)]
    current = overview.current_sums(book, pairs)
    stale = overview.stale()
    return page(
        "periods/list.html",
        filter=form,
        year=year,
        cycles=[(cycle, [period_row(book, p, current, today) for p in periods]) for cycle, periods in shown],
        warned=overview.without_current(book, today),
        stale=stale,
        settling=settling(),
        press=PressForm(),
        may=can(Can.FINALISE),
        cycle_href=desk.where("authority.contracts.cycle", cycle_id=0),
        breadcrumbs=[desk.home(), ("Payments", None)],
    )


def period_row(book: overview.Book, period: PaymentPeriod, current: dict, today: dt.date) -> dict:
    """A period with its figures: finalised contracts as finalised, the others as they stand."""
    parties = book.parties(period)
    done = [book.done[p.id, period.id] for p in parties if book.is_done(p.id, period)]
    open_ones = [current.get((p.id, period.id), overview.NOTHING) for p in parties if not book.is_done(p.id, period)]
    sums = sum((d.sums for d in done), overview.NOTHING)
    sums = sum(open_ones, sums)
    status = book.status(period, today)
    return {
        "period": period,
        "status": status,
        "is_future": period.start_date > today,
        "ended": period.end_date < today,
        "contracts": len(parties),
        "finalised": len(done),
        "sums": sums,
        "current_total": sum(s.total for s in open_ones),
    }


def settling() -> Job | None:
    """The job that works out what is stale, if there is one under way."""
    return Job.get_or_none(Job.unique_key == "settle")


@routes.post("/periods/calculations")
@requires(Can.FINALISE)
def calculate():
    """Work out what has changed, as a job; pressed twice it is the same job."""
    if not PressForm().validate_on_submit():
        flash("The page was too old to be sent. Press again.", "warning")
        return go(url_for("authority.periods.index"))
    with db.atomic():
        job = jobs.queue("settle", user=g.user, key="settle")
    return go(url_for("authority.periods.calculation", job_id=job.id))


@routes.get("/periods/calculations/<int:job_id>")
@requires(Can.SEE_RECORDS)
def calculation(job_id: int):
    """How far working out is."""
    job = Job.get_or_none((Job.id == job_id) & (Job.kind == "settle")) or abort(404)
    return page(
        "periods/calculation.html",
        job=job,
        stale=overview.stale(),
        left=time_left(job),
        here=url_for("authority.periods.calculation", job_id=job.id),
        press=PressForm(),
        breadcrumbs=crumbs(("Calculate", None)),
    )


def time_left(job: Job) -> str | None:
    """How long a job will still take by what it has done, in words; None while that is not known."""
    if not job.started_at or not job.done or not job.total or job.done >= job.total:
        return None
    seconds = (weeks.utc_now() - job.started_at).total_seconds() * (job.total - job.done) / job.done
    if seconds < 60:
        return "less than a minute"
    minutes = round(seconds / 60)
    return f"about {minutes} minute{'s' if minutes > 1 else ''}"


# one period ------------------------------------------------------------------------------------------------------------


@routes.get("/periods/<int:period_id>")
@requires(Can.SEE_RECORDS)
def show(period_id: int):
    """One period: every contract with its totals, what changed since the period before, adjustments, and links."""
    period = found_period(period_id)
    today = weeks.today()
    book = overview.Book(period.cycle_id)
    form = ContractsFilter()
    form.validate()
    everyone = book.parties(period)
    parties = everyone
    if wanted := (form.q.data or "").casefold():
        parties = [p for p in parties if wanted in f"{p.ref} {p.name} {p.organisation}".casefold()]
    if form.status.data:
        parties = [p for p in parties if book.is_done(p.id, period) == (form.status.data == "Finalised")]
    before = previous_period(book, period)
    pairs = [(p.id, one) for one in (period, before) if one for p in everyone if not book.is_done(p.id, one)]
    current = overview.current_sums(book, pairs)

    def sums_of(contract: int, one: PaymentPeriod) -> overview.Sums:
        done = book.done.get((contract, one.id))
        return done.sums if done else current[contract, one.id]

    pager = desk.pages_of(len(parties))
    listed = []
    for party in parties[pager.start : pager.start + desk.PER_PAGE]:
        sums = sums_of(party.id, period)
        listed.append(
            {
                "party": party,
                "done": book.done.get((party.id, period.id)),
                "sums": sums,
                "change": sums.total - sums_of(party.id, before).total if before else None,
                "is_behind": book.oldest(party.id) not in (None, period)
                and not book.is_done(party.id, period)
                and book.oldest(party.id).start_date < period.start_date,
            }
        )
    whole = period_row(book, period, current, today)
    return page(
        "periods/show.html",
        title_words=f"{period.cycle.name}: {days(period)}",
        period=period,
        filter=form,
        rows=listed,
        count=len(parties),
        pager=pager,
        whole=whole,
        before=before,
        days=days,
        to_come=overview.weeks_to_come(period, today),
        stale=overview.stale(period.cycle_id),
        press=PressForm(),
        may=can(Can.FINALISE),
        may_finalise=can(Can.FINALISE) and whole["finalised"] < whole["contracts"] and not whole["is_future"],
        remittance_href=url_for("authority.remittances.show", period_id=period.id, contract_id=0),
        under_way=Job.get_or_none(Job.unique_key == f"finalise:{period.cycle_id}"),
        breadcrumbs=crumbs((days(period), None)),
    )


def previous_period(book: overview.Book, period: PaymentPeriod) -> PaymentPeriod | None:
    """The period before, of the same cycle."""
    earlier = [p for p in book.periods[period.cycle_id] if p.start_date < period.start_date]
    return earlier[-1] if earlier else None


@routes.get("/periods/<int:period_id>/payments.csv")
@requires(Can.SEE_RECORDS)
def payments_csv(period_id: int):
    """The rows of the payments file of one period, for every contract of its cycle."""
    period = found_period(period_id)
    contracts = list(Contract.visible_to(g.reach).where(Contract.cycle == period.cycle_id).order_by(Contract.ref))
    name = f"payments-{file_date(period.start_date)}"
    return desk.csv_file(name, dumps.PAYMENTS, payment_rows(contracts, period))


def payment_rows(contracts: list[Contract], period: PaymentPeriod):
    """Rows of the payments file (interfaces.md) of one period."""
    states = payments.states(contracts)
    for contract in contracts:
        state = states[contract.id]
        items = payments.items(contract, period, state)
        ssrefs = {i: c.ssref for i, c in payments.client_names(items).items()}
        for item in items:
            yield (
                period.cycle.name, file_date(period.start_date), file_date(period.end_date),
                "Finalised" if period.id in state.finalised else "Current", contract.ref,
                "" if item.cpli_id is None else item.cpli_id, ssrefs.get(item.client, ""), file_date(item.week),
                item.kind, item.reason, "" if item.quantity is None else file_quantity(item.quantity),
                "" if item.unit_cost is None else file_rate(item.unit_cost), file_money(item.amount),
                file_money(item.vat), item.state,
            )  # fmt: skip


# line by line ----------------------------------------------------------------------------------------------------------


@routes.get("/periods/<int:period_id>/contracts/<int:contract_id>")
@requires(Can.SEE_RECORDS)
def lines(period_id: int, contract_id: int):
    """A contract's period line by line: payable or not, by kind, reason and client, each down to its visits (R-07, R-08)."""
    period = found_period(period_id)
    contract = found_contract(contract_id, period)
    state = payments.states([contract])[contract.id]
    items = payments.items(contract, period, state)
    tab = "non-payable" if request.args.get("tab") == "non-payable" else "payable"
    everything = listing.rows(items)
    form = LinesFilter()
    form.kind.choices = [("", "All"), *((str(kind), words) for kind, words in listing.KIND_WORDS.items())]
    of_tab = [row for row in everything if row.item.is_payable == (tab == "payable")]
    reasons = sorted({r for row in of_tab for r in (row.item.reason, row.item.note, form.reason.data) if r})
    form.reason.choices = [("", "All"), *((r, r.capitalize()) for r in reasons)]
    form.validate()
    rows = [row for row in of_tab if fits(row, form)]
    done = state.finalised.get(period.id)
    if desk.wants_csv():
        return desk.csv_file(f"lines-{contract.ref}-{file_date(period.start_date)}", LINES, line_rows(rows))
    pager = desk.pages_of(len(rows))
    here = url_for("authority.periods.lines", period_id=period.id, contract_id=contract.id)
    oldest = state.oldest_current
    counts = [sum(i.is_payable for i in items), sum(not i.is_payable for i in items)]
    return page(
        "periods/lines.html",
        period=period,
        contract=contract,
        done=done,
        is_future=period.start_date > weeks.today(),
        totals=listing.totals(items),
        tab=tab,
        tabs_of_period=[
            {"text": "Payable", "href": here, "current": tab == "payable", "count": counts[0]},
            {"text": "Non-payable", "href": f"{here}?tab=non-payable", "current": tab != "payable", "count": counts[1]},
        ],
        filter=form,
        groups=listing.by_package(rows[pager.start : pager.start + desk.PER_PAGE], rows),
        count=len(rows),
        sum_amount=sum(row.item.amount for row in rows),
        sum_vat=sum(row.item.vat for row in rows),
        pager=pager,
        week_prefix=url_for("authority.home.index") + "payments/packages/",
        claim_prefix=url_for("authority.claims.index") + "/items/",
        contract_href=desk.where("authority.contracts.show", contract_id=contract.id),
        remittance_href=url_for("authority.remittances.show", period_id=period.id, contract_id=contract.id),
        earlier=oldest if oldest and not done and oldest.start_date < period.start_date else None,
        may_finalise=can(Can.FINALISE) and not done and period.start_date <= weeks.today(),
        unsettled=not done and bool(overview.stale(contract=contract.id)),
        breadcrumbs=crumbs(
            (days(period), url_for("authority.periods.show", period_id=period.id)), (contract.name, None)
        ),
    )


def fits(row: listing.Row, form: LinesFilter) -> bool:
    """The line is one of those that the filter asks for."""
    item, wanted = row.item, (form.client.data or "").casefold()
    return (
        (not form.kind.data or item.kind == form.kind.data)
        and (not form.reason.data or form.reason.data in (item.reason, item.note))
        and (not wanted or wanted in f"{row.ssref} {row.client}".casefold())
    )


LINES = [
    "CPLIId", "SSRef", "Client", "ServiceName", "ServiceLevel", "WeekBeginning", "Kind", "Reason", "Quantity", "UnitCost",
    "Amount", "VAT", "State", "Note",
]  # fmt: skip


def line_rows(listed: list[listing.Row]):
    """The listed lines as rows of a file."""
    for row in listed:
        i = row.item
        yield (
            "" if i.cpli_id is None else i.cpli_id, row.ssref, row.client, row.service, row.level, file_date(i.week),
            i.kind, i.reason, file_quantity(i.quantity), file_rate(i.unit_cost), file_money(i.amount),
            file_money(i.vat), i.state, i.note,
        )  # fmt: skip


# finalising ------------------------------------------------------------------------------------------------------------


@routes.get("/periods/<int:period_id>/finalisations/new")
@requires(Can.FINALISE)
def confirm(period_id: int):
    """What finalising will do, in figures, before it is done (rule 7.1)."""
    period = found_period(period_id)
    ident = request.args.get("contract", "")
    contract = (
        found_contract(int(ident) if ident.isascii() and ident.isdigit() and len(ident) < 10 else 0, period)
        if ident
        else None
    )
    return confirmation(period, contract)


def confirmation(period: PaymentPeriod, contract: Contract | None, refusal: str = "", status: int = 200):
    """The confirmation page; what forbids it is said in place of the button."""
    today = weeks.today()
    book = overview.Book(period.cycle_id)
    ahead = finalising.ahead(period, contract.id if contract else None, book)
    done = [d for (c, p), d in book.done.items() if p == period.id and (contract is None or c == contract.id)]
    earlier: dict[PaymentPeriod, list] = {}
    for party, one, sums in ahead.parts:
        if one.id != period.id:
            earlier.setdefault(one, []).append((party, sums))
    mine = set()
    if not g.settings.same_person_may_finalise:
        mine = finalising.changed_by(g.user.id, [party.id for party, _, _ in ahead.parts])
    stale = overview.stale(period.cycle_id, contract.id if contract else None)
    form = FinaliseForm(formdata=None)
    form.contract.data = contract.id if contract else ""
    form.lines.data, form.total.data = ahead.sums.lines, ahead.sums.total
    return page(
        "periods/confirm.html",
        status,
        period=period,
        contract=contract,
        days=days,
        ahead=ahead,
        by_contract=by_contract(ahead),
        earlier=[(one, len(parts), sum((s for _, s in parts), overview.NOTHING)) for one, parts in earlier.items()],
        done=done,
        last_done=max(done, key=lambda d: d.at) if done else None,
        to_come=overview.weeks_to_come(period, today),
        not_ended=period.end_date >= today,
        not_begun=period.start_date > today,
        changed_by_me=[book.contracts[c] for c in sorted(mine)],
        stale=stale,
        press=PressForm(formdata=None),
        refusal=refusal,
        finalise_form=form,
        breadcrumbs=crumbs((days(period), url_for("authority.periods.show", period_id=period.id)), ("Finalise", None)),
    )


def by_contract(ahead: finalising.Ahead) -> list[tuple]:
    """Each contract with the sums of all its periods ahead."""
    found: dict = {}
    for party, _, sums in ahead.parts:
        found[party] = found.get(party, overview.NOTHING) + sums
    return list(found.items())


@routes.post("/periods/<int:period_id>/finalisations")
@requires(Can.FINALISE)
def finalise(period_id: int):
    """Finalise one contract at once, or all contracts as a job; exactly what was shown, or nothing."""
    period = found_period(period_id)
    form = FinaliseForm()
    texts = (form.lines.data or "", (form.total.data or "").removeprefix("-"))
    if not form.validate() or not all(t.isascii() and t.isdigit() and len(t) < 16 for t in texts):
        return confirmation(period, None, "The page was not complete. These are the figures as they stand now.", 422)
    ident = form.contract.data or ""
    contract = (
        found_contract(int(ident) if ident.isascii() and ident.isdigit() and len(ident) < 10 else 0, period)
        if ident
        else None
    )
    shown = int(form.lines.data), int(form.total.data)
    here = url_for("authority.periods.show", period_id=period.id)
    if contract:
        here = url_for("authority.periods.lines", period_id=period.id, contract_id=contract.id)
    ahead = finalising.ahead(period, contract.id if contract else None)
    if not ahead.parts:
        flash(already(period, contract), "notice")
        return go(here)
    if weeks.today() < period.start_date:
        return confirmation(period, contract, "A period can be finalised from its first day.", 409)
    if (ahead.sums.lines, ahead.sums.total) != shown:
        return confirmation(
            period, contract, "The figures have changed since you looked. These are the figures as they stand now.", 409
        )
    if contract:
        try:
            done = finalising.finalise_as_shown(period, contract.id, *shown, desk.actor(), weeks.today())
        except rules.Refused as refusal:
            return confirmation(period, contract, str(refusal), 409)
        flash(
            f"{contract.name} is finalised for {days(period)}." if done else already(period, contract),
            "success" if done else "notice",
        )
        return go(here)
    if not g.settings.same_person_may_finalise and finalising.changed_by(g.user.id, {p.id for p, _, _ in ahead.parts}):
        return confirmation(period, None, "You changed a package of this period. Somebody else must finalise it.", 409)
    job = finalising.queue(period, *shown, g.user)
    return go(url_for("authority.periods.finalising_page", period_id=job.about, job_id=job.id))


def already(period: PaymentPeriod, contract: Contract | None) -> str:
    """Who finalised it, and when."""
    query = Finalisation.select().where(Finalisation.period == period)
    if contract:
        query = query.where(Finalisation.contract == contract)
    last = query.order_by(Finalisation.at.desc()).first()
    if last is None:
        return "There is nothing to finalise: no contract is paid by this period."
    when = weeks.london(last.at)
    what = contract.name if contract else "This period"
    return f"{what} has been finalised already, by {last.by} at {when:%H:%M} on {show_date_long(when.date())}. Nothing was done twice."


@routes.get("/periods/<int:period_id>/finalisations/<int:job_id>")
@requires(Can.SEE_RECORDS)
def finalising_page(period_id: int, job_id: int):
    """How far finalising is; then what it did, contract by contract, with the remittances."""
    period = found_period(period_id)
    job = Job.get_or_none((Job.id == job_id) & (Job.kind == "finalise") & (Job.about == period.id)) or abort(404)
    book = overview.Book(period.cycle_id)
    done = [(p, book.done[p.id, period.id]) for p in book.parties(period) if book.is_done(p.id, period)]
    return page(
        "periods/finalising.html",
        period=period,
        days=days,
        job=job,
        is_failed=job.state == JobState.FAILED,
        is_stopped=not job.is_over and jobs.is_dead(job),
        who=json.loads(job.wanted).get("by", ""),
        is_mine=job.user_id == g.user.id,
        done=done,
        left_over=len(book.parties(period)) - len(done),
        sums=sum((d.sums for _, d in done), overview.NOTHING),
        remittance_href=url_for("authority.remittances.show", period_id=period.id, contract_id=0),
        here=url_for("authority.periods.finalising_page", period_id=period.id, job_id=job.id),
        left=time_left(job),
        breadcrumbs=crumbs((days(period), url_for("authority.periods.show", period_id=period.id)), ("Finalise", None)),
    )
