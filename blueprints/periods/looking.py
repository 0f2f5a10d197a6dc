"""A period looked through before it is finalised: beside the one before, and what stands out (R-11)."""

from __future__ import annotations

from flask import abort, g, request, url_for

from blueprints import desk, weeks
from blueprints.pages import page
from blueprints.periods import files, overview, review
from blueprints.periods.desk import crumbs, days, found_contract, found_period, routes
from blueprints.permissions import Can, can, requires
from blueprints.reports import dumps
from blueprints.values import file_date
from forms.periods import PressForm
from models import (
    Contract,
    PaymentPeriod,
)


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
