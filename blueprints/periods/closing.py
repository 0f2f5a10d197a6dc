"""Finalising one period, for one contract, several or all: what will happen, the press, its progress (R-11)."""

from __future__ import annotations

import json

from flask import abort, flash, g, request, url_for

from blueprints import desk, weeks
from blueprints.jobs import rules as jobs
from blueprints.pages import go, page
from blueprints.periods import finalising, overview, rules
from blueprints.periods.desk import crumbs, days, found_contract, found_period, routes, time_left
from blueprints.periods.looking import standing_out
from blueprints.permissions import Can, requires
from blueprints.values import show_date_long
from forms.periods import FinaliseForm, PressForm
from models import (
    Contract,
    Finalisation,
    Job,
    JobState,
    PaymentPeriod,
)


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
