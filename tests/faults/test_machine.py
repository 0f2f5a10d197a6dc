"""Random verbs in any order, settled in pieces: rule 7.3 holds after every step, and everything anew agrees.

A small machine at the level of rules; tests/test_stories.py tells longer stories against the oracle.
"""

from __future__ import annotations

import datetime as dt
import os
from contextlib import ExitStack

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from blueprints import consequences, weeks
from blueprints.adjustments import rules as adjustments
from blueprints.history import COMMAND_LINE
from blueprints.holds import rules as holds
from blueprints.imports import rules as imports
from blueprints.jobs import rules as jobs
from blueprints.payments import rules as payments
from blueprints.periods import overview
from blueprints.periods import rules as periods
from models import (
    Contract,
    Hold,
    Import,
    ItemState,
    ManualAdjustment,
    Package,
    PackageRate,
    StaleGroup,
    StalePackage,
    Visit,
    VisitStatus,
    db,
)
from tests.cast import Cast
from tests.faults import world
from tests.faults.anew import differences, unpaid_or_paid_twice

TODAY = dt.date(2026, 12, 20)  # every period has begun
CPLIS = st.sampled_from([156017, 156018, 200001])
DAYS = st.integers(0, 62)


class MainJob(RuleBasedStateMachine):
    """The main job, a verb at a time."""

    def __init__(self):
        super().__init__()
        self.stack = ExitStack()
        self.transaction = self.stack.enter_context(db.atomic())
        weeks.set_today(TODAY)
        cast = Cast()
        Contract.update(vat_rate=2000).execute()
        Package.update(contribution=1000).where(Package.cpli_id == 156018).execute()
        self.organisation = cast.oakfield
        self.follow(Package.select())

    def teardown(self):
        self.transaction.rollback()
        self.stack.close()

    def follow(self, packages) -> None:
        with db.atomic():
            consequences.follow(consequences.Change(packages=[p.id for p in packages]))

    def load(self, row: dict) -> None:
        kind = imports.KINDS["visits"]
        file = world.as_csv([row])
        batch = imports.begin(kind, self.organisation, None, "visits.csv", file)
        jobs.run(batch.job_id)
        batch = Import.get_by_id(batch.id)
        if batch.rejected:
            imports.finish(batch, imports.ImportState.CANCELLED)
            return
        assert batch.state == "Checked", (batch.state, batch.refusal)
        batch = imports.update(batch.id, COMMAND_LINE, None, False)
        jobs.run(batch.job_id)
        assert Import.get_by_id(batch.id).state == "Done"

    @rule(ref=st.integers(0, 5), day=DAYS, bob=st.booleans(), kind=st.sampled_from(["DHS", "U", "C24"]),
          late=st.sampled_from(["09:00", "08:50", "10:20"]))  # fmt: skip
    def send_a_visit(self, ref, day, bob, kind, late):
        row = world.visit(f"V{ref}", world.day(world.SEPTEMBER, day), "A100002" if bob else "A100001")
        if kind == "DHS":
            row["DeliveredExitTime"] = late
        else:
            row |= {"VisitType": kind, "Comments": "told", **dict.fromkeys(
                ("DeliveredVisitDate", "DeliveredEntryTime", "DeliveredExitTime"), "")}  # fmt: skip
        self.load(row)

    @rule(ref=st.integers(0, 5))
    def delete_a_visit(self, ref):
        self.load({**dict.fromkeys(world.HEADINGS, ""), "VisitRef": f"V{ref}", "Deleted": "1"})

    @rule(cpli=CPLIS, facts=st.sampled_from([
        {"authorised": False}, {"authorised": True}, {"discount": 1250}, {"contribution": 333}, {"contribution": 0},
        {"end_date": dt.date(2026, 10, 7)}, {"end_date": None}, {"start_date": dt.date(2026, 9, 16)},
        {"quantity": 50}, {"unit_cost": 999999}]))  # fmt: skip
    def change_a_package(self, cpli, facts):
        Package.update(**facts).where(Package.cpli_id == cpli).execute()
        self.follow(Package.select().where(Package.cpli_id == cpli))

    @rule(cpli=CPLIS, day=DAYS, cost=st.sampled_from([100000, 232261]))
    def add_a_rate(self, cpli, day, cost):
        package, since = Package.get(Package.cpli_id == cpli), world.day(world.SEPTEMBER, day)
        PackageRate.delete().where((PackageRate.package == package) & (PackageRate.from_date == since)).execute()
        PackageRate.create(package=package, from_date=since, unit_cost=cost)
        self.follow([package])

    @rule(ref=st.sampled_from(["C1", "C2"]), cpli=st.sampled_from([0, 156017, 156018, 200001]), nth=st.integers(0, 1),
          state=st.sampled_from(["Suspended", "Carried forward", "Cancelled"]))  # fmt: skip
    def hold(self, ref, cpli, nth, state):
        """A client, or the whole contract, in its oldest current period or the next."""
        contract = Contract.get(Contract.ref == ref)
        now = payments.states([contract])[contract.id]
        current = [p for p in now.periods if p.id not in now.finalised]
        if len(current) <= nth:
            return
        client = Package.get(Package.cpli_id == cpli).client_id if cpli else None
        wanted = holds.Wanted(client=client, everything=not cpli)
        shown = holds.find(contract, current[nth], wanted).shown
        try:
            holds.hold(contract, current[nth], wanted, ItemState(state), "asked", shown, COMMAND_LINE)
        except holds.Refused as refusal:
            assert "Nothing is there to hold" in str(refusal), refusal

    @rule(every=st.integers(1, 3))
    def release(self, every):
        """Some of what is held."""
        rows = list(Hold.select().where(Hold.released_at.is_null()).order_by(Hold.id))[::every]
        if shown := {row.id: row.version for row in rows if not holds.is_final(row)}:
            holds.release(shown, "asked", COMMAND_LINE)

    @rule(ref=st.sampled_from(["C1", "C2"]), amount=st.sampled_from([1003, -1003, 1]))
    def adjust(self, ref, amount):
        """By hand, with VAT."""
        contract = Contract.get(Contract.ref == ref)
        facts = {"client": None, "amount": amount, "with_vat": True, "reason": "Other", "note": "by hand"}
        key = str(ManualAdjustment.select().count())
        try:
            adjustments.add(contract, facts, ["Other"], adjustments.period_of(contract).id, key, COMMAND_LINE)
        except adjustments.Refused as refusal:
            assert "is finalised" in str(refusal), refusal

    @rule(until=st.sampled_from([dt.date(2026, 10, 4), dt.date(2026, 11, 1), dt.date(2026, 11, 29)]),
          ref=st.sampled_from(["C1", "C2"]))  # fmt: skip
    def finalise(self, until, ref):
        contract = Contract.get(Contract.ref == ref)
        try:
            done = periods.finalise_all([contract], until, COMMAND_LINE, TODAY)
        except periods.Refused as refusal:
            assert "still being worked out" in str(refusal), refusal
        else:
            assert not done or not periods.is_unsettled(contract)

    @rule(groups=st.booleans())
    def settle_a_piece(self, groups):
        if groups:
            consequences.settle_groups()
        else:
            consequences.settle_packages()

    @rule()
    def settle(self):
        jobs.run_waiting()
        assert not StaleGroup.select().exists() and not StalePackage.select().exists()

    @invariant()
    def paid_and_listed_is_due(self):
        assert unpaid_or_paid_twice() == []

    @invariant()
    def grouped_figures_are_those_of_the_lines(self):
        book = overview.Book()
        for contract in Contract.select():
            now = payments.states([contract])[contract.id]
            current = [p for p in now.periods if p.id not in now.finalised]
            sums = overview.current_sums(book, [(contract.id, p) for p in current])
            for period in current:
                lines = overview.Sums(**payments.kept_sums(payments.items(contract, period, now)))
                assert sums[contract.id, period.id] == lines, (contract.ref, period.start_date)

    @invariant()
    def everything_anew_agrees(self):
        with db.atomic() as savepoint:
            consequences.settle()
            assert not Visit.select().where(Visit.status == VisitStatus.NEW).exists()
            assert unpaid_or_paid_twice() == []
            assert differences() == []
            savepoint.rollback()


def test_the_main_job_in_any_order(app):
    run_state_machine_as_test(
        MainJob,
        settings=settings(
            max_examples=int(os.environ.get("PORTAL_FAULT_STORIES", "6")), stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )  # fmt: skip
