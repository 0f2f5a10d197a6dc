"""Payment periods as officers work with them: calculate, look through line by line, finalise, remittances (R-11)."""

from __future__ import annotations

import datetime as dt
import json

from flask import Blueprint, abort, flash, g, request, url_for

from blueprints import desk, weeks
from blueprints.holds import listing as holds
from blueprints.jobs import rules as jobs
from blueprints.orders import listing as orders
from blueprints.pages import go, page
from blueprints.payments import listing
from blueprints.payments import rules as payments
from blueprints.periods import files, finalising, overview, review, rules
from blueprints.permissions import Can, can, requires
from blueprints.reports import dumps
from blueprints.values import file_date, show_date_long
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


# looking through -------------------------------------------------------------------------------------------------------


def chosen_parties(book: overview.Book, period: PaymentPeriod, texts: list[str]) -> list[overview.Party]:
    """The contracts of the period that an address or form names, all where it names none; 404 where one is not."""
    if not texts:
        return book.parties(period)
    known = {p.id: p for p in book.parties(period)}
    return [known.get(desk.number(text) or 0) or abort(404) for text in dict.fromkeys(texts)]


def standing_out(book: overview.Book, period: PaymentPeriod, parties, kind: str | None = None) -> list[review.Finding]:
    """What stands out in a period of these contracts, by the authority's settings."""
    scope = review.Scope(book, period, [p.id for p in parties], g.settings.rate_change_percent, weeks.today())
    return review.findings(scope, kind)


@routes.get("/periods/<int:period_id>/review")
@requires(Can.SEE_RECORDS)
def look_through(period_id: int):
    """A period beside the one before, contract by contract, and what stands out, before it is finalised."""
    period = found_period(period_id)
    book = overview.Book(period.cycle_id)
    named = request.args.getlist("contract")
    parties = chosen_parties(book, period, named)
    compared = overview.compare(book, period, parties)
    found = standing_out(book, period, parties)
    counts = review.counts(found)
    sort = request.args.get("sort", "-change")
    compared.sort(key=REVIEW_ORDERS.get(sort.removeprefix("-"), REVIEW_ORDERS["change"]), reverse=sort.startswith("-"))
    pager = desk.pages_of(len(compared))
    before = book.previous(period)
    contract = found_contract(parties[0].id, period) if len(named) == 1 else None
    return page(
        "periods/review.html",
        period=period,
        before=before,
        days=days,
        contract=contract,
        named=named,
        findings=found,
        counts={ident: sum(kinds.values()) for ident, kinds in counts.items()},
        rows=compared[pager.start : pager.start + desk.PER_PAGE],
        count=len(compared),
        pager=pager,
        sort=sort,
        now=sum((c.sums for c in compared), overview.NOTHING),
        then=sum((c.before for c in compared), overview.NOTHING) if before else None,
        open_ones=sum(1 for c in compared if not c.done),
        clients=files.by_client(contract, period, before) if contract else [],
        may_finalise=can(Can.FINALISE) and period.start_date <= weeks.today() and not all(c.done for c in compared),
        stale=overview.stale(period.cycle_id, contract.id if contract else None),
        press=PressForm(formdata=None),
        may=can(Can.FINALISE),
        breadcrumbs=crumbs(
            (days(period), url_for("authority.periods.show", period_id=period.id)), ("Look through", None)
        ),
    )


REVIEW_ORDERS = {
    "contract": lambda c: (c.party.name.casefold(), c.party.id),
    "provider": lambda c: (c.party.organisation.casefold(), c.party.name.casefold(), c.party.id),
    "now": lambda c: (c.sums.total, c.party.id),
    "change": lambda c: (abs(c.change or 0), c.party.id),
}


@routes.get("/periods/<int:period_id>/review/<kind>")
@requires(Can.SEE_RECORDS)
def look_at(period_id: int, kind: str):
    """The rows of one kind of what stands out."""
    period = found_period(period_id)
    if kind not in review.KINDS:
        abort(404)
    book = overview.Book(period.cycle_id)
    named = request.args.getlist("contract")
    parties = chosen_parties(book, period, named)
    (found,) = standing_out(book, period, parties, kind)
    if desk.wants_csv():
        rows = files.review_rows(found, book)
        return desk.csv_file(f"{kind}-{file_date(period.start_date)}", files.REVIEW, rows)
    pager = desk.pages_of(len(found.rows))
    back = url_for("authority.periods.look_through", period_id=period.id, contract=named)
    return page(
        "periods/standing_out.html",
        period=period,
        days=days,
        finding=found,
        rows=found.rows[pager.start : pager.start + desk.PER_PAGE],
        parties=book.contracts,
        pager=pager,
        back=back,
        week_prefix=url_for("authority.home.index") + "payments/packages/",
        package_prefix=(desk.where("authority.packages.show", package_id=0) or "")[:-1],
        lines_prefix=url_for("authority.periods.show", period_id=period.id) + "/contracts/",
        hold_prefix=url_for("authority.home.index") + "holds/contracts/" if can(Can.HOLD_AND_ADJUST) else None,
        breadcrumbs=crumbs(
            (days(period), url_for("authority.periods.show", period_id=period.id)),
            ("Look through", back),
            (found.title, None),
        ),
    )


@routes.get("/periods/<int:period_id>/payments.csv")
@requires(Can.SEE_RECORDS)
def payments_csv(period_id: int):
    """The rows of the payments file of one period, for every contract of its cycle."""
    period = found_period(period_id)
    contracts = list(Contract.visible_to(g.reach).where(Contract.cycle == period.cycle_id).order_by(Contract.ref))
    name = f"payments-{file_date(period.start_date)}"
    return desk.csv_file(name, dumps.PAYMENTS, files.payment_rows(contracts, period))


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


# finalising ------------------------------------------------------------------------------------------------------------


@routes.get("/periods/<int:period_id>/finalisations/new")
@requires(Can.FINALISE)
def confirm(period_id: int):
    """What finalising will do, in figures, before it is done (rule 7.1): all contracts, or those that are named."""
    period = found_period(period_id)
    return confirmation(period, named_contracts(period, request.args.getlist("contract")))


def named_contracts(period: PaymentPeriod, texts: list[str]) -> list[Contract]:
    """The contracts of the period's cycle that are named; 404 where one is not."""
    return [found_contract(desk.number(text) or 0, period) for text in dict.fromkeys(texts)]


def confirmation(period: PaymentPeriod, contracts: list[Contract], refusal: str = "", status: int = 200):
    """The confirmation page; what forbids it is said in place of the button."""
    today = weeks.today()
    book = overview.Book(period.cycle_id)
    named = [c.id for c in contracts]
    contract = contracts[0] if len(contracts) == 1 else None
    ahead = finalising.ahead(period, named, book)
    done = [d for (c, p), d in book.done.items() if p == period.id and (not named or c in named)]
    earlier: dict[PaymentPeriod, list] = {}
    for party, one, sums in ahead.parts:
        if one.id != period.id:
            earlier.setdefault(one, []).append((party, sums))
    parties = list({party.id: party for party, _, _ in ahead.parts}.values())
    compared = overview.compare(book, period, [p for p in parties if not book.is_done(p.id, period)])
    mine = set()
    if not g.settings.same_person_may_finalise:
        mine = finalising.changed_by(g.user.id, [party.id for party in parties])
    stale = overview.stale(period.cycle_id, contract.id if contract else None)
    form = FinaliseForm(formdata=None)
    form.contract.data = " ".join(map(str, named))
    form.lines.data, form.total.data = ahead.sums.lines, ahead.sums.total
    return page(
        "periods/confirm.html",
        status,
        period=period,
        contract=contract,
        several=len(contracts) > 1,
        named=named,
        days=days,
        ahead=ahead,
        by_contract=by_contract(ahead),
        earlier=[(one, len(parts), sum((s for _, s in parts), overview.NOTHING)) for one, parts in earlier.items()],
        before=book.previous(period),
        now=sum((c.sums for c in compared), overview.NOTHING),
        then=sum((c.before for c in compared), overview.NOTHING) if book.previous(period) else None,
        standing_out=[(one, standing_out(book, one, parties)) for one in (*earlier, period)] if ahead.parts else [],
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
    """Finalise one contract at once, several or all as a job; exactly what was shown, or nothing."""
    period = found_period(period_id)
    form = FinaliseForm()
    texts = (form.lines.data or "", (form.total.data or "").removeprefix("-"))
    if not form.validate() or not all(t.isascii() and t.isdigit() and len(t) < 16 for t in texts):
        return confirmation(period, [], "The page was not complete. These are the figures as they stand now.", 422)
    contracts = named_contracts(period, (form.contract.data or "").split())
    named = [c.id for c in contracts]
    shown = int(form.lines.data), int(form.total.data)
    here = url_for("authority.periods.show", period_id=period.id)
    if len(contracts) == 1:
        here = url_for("authority.periods.lines", period_id=period.id, contract_id=named[0])
    ahead = finalising.ahead(period, named)
    if not ahead.parts:
        flash(already(period, contracts), "notice")
        return go(here)
    if weeks.today() < period.start_date:
        return confirmation(period, contracts, "A period can be finalised from its first day.", 409)
    if (ahead.sums.lines, ahead.sums.total) != shown:
        words = "The figures have changed since you looked. These are the figures as they stand now."
        return confirmation(period, contracts, words, 409)
    if len(contracts) == 1:
        try:
            done = finalising.finalise_as_shown(period, named, *shown, desk.actor(), weeks.today())
        except rules.Refused as refusal:
            return confirmation(period, contracts, str(refusal), 409)
        words = f"{contracts[0].name} is finalised for {days(period)}."
        flash(words if done else already(period, contracts), "success" if done else "notice")
        return go(here)
    if not g.settings.same_person_may_finalise and finalising.changed_by(g.user.id, {p.id for p, _, _ in ahead.parts}):
        words = "You changed a package of this period. Somebody else must finalise it."
        return confirmation(period, contracts, words, 409)
    job = finalising.queue(period, named, *shown, g.user)
    return go(url_for("authority.periods.finalising_page", period_id=job.about, job_id=job.id))


def already(period: PaymentPeriod, contracts: list[Contract]) -> str:
    """Who finalised it, and when."""
    query = Finalisation.select().where(Finalisation.period == period)
    if contracts:
        query = query.where(Finalisation.contract.in_([c.id for c in contracts]))
    last = query.order_by(Finalisation.at.desc()).first()
    if last is None:
        return "There is nothing to finalise: no contract is paid by this period."
    when = weeks.london(last.at)
    what = {0: "This period", 1: contracts[0].name if contracts else ""}.get(len(contracts), "Each of these contracts")
    return f"{what} has been finalised already, by {last.by} at {when:%H:%M} on {show_date_long(when.date())}. Nothing was done twice."


@routes.get("/periods/<int:period_id>/finalisations/<int:job_id>")
@requires(Can.SEE_RECORDS)
def finalising_page(period_id: int, job_id: int):
    """How far finalising is; then what it did, contract by contract, with the remittances."""
    period = found_period(period_id)
    job = Job.get_or_none((Job.id == job_id) & (Job.kind == "finalise") & (Job.about == period.id)) or abort(404)
    book = overview.Book(period.cycle_id)
    wanted = json.loads(job.wanted)
    named = set(wanted.get("contracts") or ())
    parties = [p for p in book.parties(period) if not named or p.id in named]
    done = [(p, book.done[p.id, period.id]) for p in parties if book.is_done(p.id, period)]
    return page(
        "periods/finalising.html",
        period=period,
        days=days,
        job=job,
        is_failed=job.state == JobState.FAILED,
        is_stopped=not job.is_over and jobs.is_dead(job),
        who=wanted.get("by", ""),
        is_mine=job.user_id == g.user.id,
        done=done,
        left_over=len(parties) - len(done),
        others=len(book.parties(period)) - len(parties),
        sums=sum((d.sums for _, d in done), overview.NOTHING),
        remittance_href=url_for("authority.remittances.show", period_id=period.id, contract_id=0),
        here=url_for("authority.periods.finalising_page", period_id=period.id, job_id=job.id),
        left=time_left(job),
        breadcrumbs=crumbs((days(period), url_for("authority.periods.show", period_id=period.id)), ("Finalise", None)),
    )
