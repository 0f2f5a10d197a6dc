"""A report's total equals the pages that it summarises, whatever happened before."""

from __future__ import annotations

import datetime as dt
import os

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings

from blueprints import reporting, weeks
from blueprints.actuals import pane
from blueprints.actuals import report as actuals
from blueprints.payments import listing
from blueprints.payments import report as pending
from blueprints.payments import rules as payments
from blueprints.reach import Reach
from blueprints.remittances import report as remittances
from blueprints.remittances import rules as remittance
from blueprints.reporting import Report
from models import Actual, Contract, Due, Finalisation, Organisation, PaymentItem, PaymentPeriod, db
from tests.stories import stories
from tests.test_stories import KNOWN_KINDS, Portal

EXAMPLES = int(os.environ.get("PORTAL_STORIES", "3"))
EVER = (dt.date(2000, 1, 1), dt.date(2100, 1, 1))


def total(report: Report, *columns: str) -> list[int]:
    """The total of columns, as the report shows it."""
    part = list(reporting.walk(report))[-1]
    return [part.sums.totals[report.place(name)] for name in columns]


def told(story) -> None:
    """Tell a story to the product alone."""
    today, steps = story
    weeks.set_today(today)
    portal = Portal()
    for verb, *facts in steps:
        if verb == "load" and facts[1] and facts[0] in KNOWN_KINDS:
            portal.load(*facts)
        elif verb == "generate":
            portal.generate(*facts)
        elif verb == "finalise":
            portal.finalise(*facts)


@pytest.mark.feature("U-11", "U-12", "U-13", "U-14", "U-15")
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)  # fmt: skip
@given(story=stories())
def test_reports_add_up_to_the_pages(app, story):
    with db.atomic() as transaction:
        try:
            told(story)
            compare()
        finally:
            transaction.rollback()


def compare() -> None:
    """Every report over everything, of each organisation and of the authority, beside the pages' own sums."""
    everybody = [Reach.whole(), *(Reach.of_organisation(o.id) for o in Organisation.select())]
    for reach in everybody:
        note(f"organisation {reach.organisation_id}")
        shown = pane.rows(reach.services(Actual.service, Actual.organisation))
        sums = total(actuals.commissioned_v_actuals(reach, actuals.Wanted(*EVER)), "ActualCost", "FrustratedCost")
        assert sum(sums) == sum(row.cost for row in shown), "the actuals pages"
        commissioned_adds_up(reach)
        contracts = list(Contract.visible_to(reach))
        states = payments.states(contracts)
        waiting_adds_up(reach, contracts, states)
        paid_adds_up(reach, contracts, states)


def commissioned_adds_up(reach) -> None:
    """The difference is actual + frustrated - commissioned in each row and in all; all weeks hold those with actuals."""
    names = ["CommissionedCost", "ActualCost", "FrustratedCost", "CostDifference"]
    wanted = actuals.Wanted(*EVER)
    commissioned, actual, frustrated, difference = total(actuals.commissioned_v_actuals(reach, wanted), *names)
    assert difference == actual + frustrated - commissioned
    found = list(actuals.commissioned_v_actuals(reach, wanted).rows)
    assert all(r.cost_difference == r.actual_cost + r.frustrated_cost - r.commissioned_cost for r in found)
    assert all(r.difference == r.actual + r.frustrated - r.commissioned for r in found)
    every = list(actuals.commissioned_v_actuals(reach, wanted._replace(without_actuals=True)).rows)
    assert {(r.cpli_id, r.week) for r in found} <= {(r.cpli_id, r.week) for r in every}
    assert len({(r.cpli_id, r.week) for r in every}) == len(every), "each week once"
    assert [r for r in every if r in found] == found, "and in the same order"
    off = list(actuals.commissioned_v_actuals(reach, wanted._replace(differences=True)).rows)
    assert off == [r for r in found if r.difference or r.cost_difference]
    assert actuals.estimate(reach, wanted) == len(found)


def waiting_adds_up(reach, contracts, states) -> None:
    """Pending Scheduled Payments is what the current periods' pages say; Exceptions is their adjustments."""
    payable = held = corrected = 0
    for contract in contracts:
        state = states[contract.id]
        for period in state.periods:
            if period.id in state.finalised:
                continue
            items = payments.items(contract, period, state)
            sums = listing.totals(items)
            payable, held = payable + sums.total, held + sums.non_payable
            corrected += sum(i.amount + i.vat for i in items if pending.is_exception(i))
            one = pending.PendingWanted(period.start_date, period.end_date)
            found = [
                r for r in pending.pending_payments(reach, one).rows if (r.contract_ref, r.period_start) == (contract.ref, period.start_date)
            ]  # fmt: skip
            assert sum(r.total for r in found) == sums.total and sum(r.held for r in found) == sums.non_payable
    everything = pending.pending_payments(reach, pending.PendingWanted(*EVER))
    assert total(everything, "Total", "NonPayable") == [payable, held]
    exceptions = pending.pending_exceptions(reach, pending.ExceptionsWanted())
    assert sum(total(exceptions, "Total", "NonPayable")) == corrected


def paid_adds_up(reach, contracts, states) -> None:
    """Remittances are what was finalised, by period, by finalisation, and as a summary."""
    for period in PaymentPeriod.select():
        done = [states[c.id].finalised[period.id] for c in contracts if period.id in states[c.id].finalised]
        wanted = remittances.AdviceWanted(period.id)
        for summary in (False, True):
            report = remittances.advice(reach, wanted._replace(summary=summary))
            assert total(report, "Amount", "VAT") == [sum(d.amount for d in done), sum(d.vat for d in done)]
        for one in done:
            lines = remittance.remittance(payments.finalised_items(PaymentItem.finalisation == one))
            assert (lines.amount, lines.vat) == (one.amount, one.vat)
    done = [one for state in states.values() for one in state.finalised.values()]
    everything = remittances.by_finalisation(reach, remittances.FinalisedWanted(*EVER))
    remitted = total(everything, "Total")
    assert remitted == [sum(d.amount + d.vat for d in done)]
    if reach.everything:
        paid = sum(
            cost + vat + own
            for cost, vat, own in Due.select(Due.paid_cost, Due.paid_vat, Due.paid_contribution).tuples()
        )
        assert Finalisation.select().count() == len(done)
        assert remitted == [paid], "nothing is held in these stories, so what is paid is what was remitted"
