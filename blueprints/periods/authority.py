"""Payment periods as officers work with them: calculate, one period, line by line; looking through and finalising are beside (R-11)."""

from __future__ import annotations

import datetime as dt

from flask import abort, flash, g, request, url_for

from blueprints import desk, weeks
from blueprints.holds import listing as holds
from blueprints.jobs import rules as jobs
from blueprints.orders import listing as orders
from blueprints.pages import go, page
from blueprints.payments import listing
from blueprints.payments import rules as payments
from blueprints.periods import closing, files, looking, overview
from blueprints.periods.desk import crumbs, days, found_contract, found_period, routes, time_left
from blueprints.permissions import Can, can, requires
from blueprints.values import file_date
from forms.periods import ContractsFilter, LinesFilter, PeriodsFilter, PressForm
from models import (
    Contract,
    Job,
    PaymentCycle,
    PaymentPeriod,
    db,
)

__all__ = ["closing", "looking", "routes"]

FUTURE = "Future"


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
    before = book.previous(period)
    compared = {c.party.id: c for c in overview.compare(book, period, everyone)}
    pager = desk.pages_of(len(parties))
    listed = [
        {"compared": compared[party.id], "party": party, "is_behind": is_behind(book, party, period)}
        for party in parties[pager.start : pager.start + desk.PER_PAGE]
    ]
    current = {(c.party.id, period.id): c.sums for c in compared.values()}
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


def is_behind(book: overview.Book, party: overview.Party, period: PaymentPeriod) -> bool:
    """An earlier period of the contract is still current: it is finalised first."""
    oldest = book.oldest(party.id)
    return oldest is not None and oldest.start_date < period.start_date and not book.is_done(party.id, period)


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
    notes = {row.item.note for row in of_tab if not (row.item.adjustment or row.item.claim)}  # those are each its own
    reasons = sorted({r for r in {row.item.reason for row in of_tab} | notes | {form.reason.data} if r})
    form.reason.choices = [("", "All"), *((r, f"{r[:1].upper()}{r[1:80]}") for r in reasons)]
    form.validate()
    rows = [row for row in of_tab if fits(row, form)]
    done = state.finalised.get(period.id)
    if desk.wants_csv():
        return desk.csv_file(f"lines-{contract.ref}-{file_date(period.start_date)}", files.LINES, files.line_rows(rows))
    pager = desk.pages_of(len(rows))
    here = url_for("authority.periods.lines", period_id=period.id, contract_id=contract.id)
    oldest = state.oldest_current
    here_shown = rows[pager.start : pager.start + desk.PER_PAGE]
    order_prefix = desk.where("authority.orders.index")
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
        groups=listing.by_package(here_shown, rows),
        orders=orders.of_lines(contract, period.start_date, (r.item.client for r in here_shown), order_prefix),
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
        **by_hand(contract, period, bool(done), tab, oldest),
        unsettled=not done and bool(overview.stale(contract=contract.id)),
        breadcrumbs=crumbs(
            (days(period), url_for("authority.periods.show", period_id=period.id)), (contract.name, None)
        ),
    )


def by_hand(contract: Contract, period: PaymentPeriod, done: bool, tab: str, oldest: PaymentPeriod | None) -> dict:
    """What an officer may do by hand at the lines of a contract's period: hold, release, adjust; and what is held back."""
    may = can(Can.HOLD_AND_ADJUST)
    hold = url_for("authority.holds.hold", contract_id=contract.id, period_id=period.id)
    release = url_for("authority.holds.release_page")
    ways = {
        "payable": {"verb": "Hold", "action": hold, "href": f"{hold}?", "contract": None},
        "non-payable": {
            "verb": "Release", "action": release, "href": f"{release}?contract={contract.id}", "contract": contract.id,
        },
    }  # fmt: skip
    own = oldest is not None and oldest.id == period.id
    return {
        "may_hold": may and not done,
        "may_adjust": may and own,
        "hold_href": f"{hold}?",
        "desk": {
            **(ways[tab] if may and not done else {}),
            "adjustments": url_for("authority.adjustments.adjustment", adjustment_id=0)[:-1],
        },
        "back": holds.back(contract) if own and tab == "non-payable" else [],
        "release_back": f"{release}?contract={contract.id}" if may else None,
    }


def fits(row: listing.Row, form: LinesFilter) -> bool:
    """The line is one of those that the filter asks for."""
    item, wanted = row.item, (form.client.data or "").casefold()
    return (
        (not form.kind.data or item.kind == form.kind.data)
        and (not form.reason.data or form.reason.data in (item.reason, item.note))
        and (not wanted or wanted in f"{row.ssref} {row.client}".casefold())
    )
