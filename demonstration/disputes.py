"""Disputes of the demonstration: in every state, about visits and about actuals, one of them overdue, one reopened."""

from __future__ import annotations

import datetime as dt

from blueprints.disputes import rules, subjects
from demonstration.claims import moment
from models import Actual, Change, Dispute, Visit, VisitType

WEEK = dt.timedelta(7)
DAYS = dt.timedelta(7)  # to answer


class Disputes:
    """Makes the disputes by the rules that the pages call, each at its moment."""

    def __init__(self, world):
        self.world = world
        self.officer = world.actor("payments@authority")
        self.finance = world.actor("finance@oakfield")
        self.quay = world.actor("manager@harbour")

    def make(self) -> None:
        """All of them."""
        last, day = self.world.last, dt.timedelta(1)
        week = last - WEEK
        self.raised(self.visits("E", week, 2), last + day, "Actual does not match planned – more detail required",
                    "More than an hour over plan. What happened, and who agreed to it?")  # fmt: skip
        self.raised(self.visits("U", last - WEEK * 3, 2), last - WEEK + day, "Client query",
                    "The family says that nobody came.")  # fmt: skip
        asked = self.raised(self.weeks(last - WEEK * 2, 1), last - day * 3, "Actuals query",
                            "Is the frustrated hour right? The client was at the day centre.")  # fmt: skip
        self.answer(
            asked,
            last + day,
            "The worker waited at the flat for the full hour; her log is with the manager.",
            self.quay,
        )
        again = self.raised(self.visits("C", week - WEEK, 1), last - WEEK, "Charged when cancelled in advance",
                            "When was it cancelled?")  # fmt: skip
        self.answer(again, last - day * 2, "Cancelled by telephone.", self.finance)
        rules.reopen(again, "Please say the day and time of the call.", last + DAYS, None, self.officer, False)
        self.date(again, last + day)
        done = self.raised(self.visits("E", last - WEEK * 5, 1), last - WEEK * 4, "Missing Comment", "Why exceptional?")
        self.answer(done, last - WEEK * 4 + day, "She fell; the carer stayed until the ambulance came.", self.finance)
        rules.resolve(done, "Thank you.", None, self.officer)
        self.date(done, last - WEEK * 3, resolved_at=moment(last - WEEK * 3, 15))

    def visits(self, code: str, week: dt.date, most: int) -> list[str]:
        """The keys of some visits of a type of one client from a week on."""
        query = (
            Visit.select(Visit.id, Visit.client).join(VisitType)
            .where((VisitType.code == code) & Visit.week.between(week - WEEK * 9, week) & ~Visit.is_deleted & Visit.client.is_null(False))
            .order_by(Visit.planned_date.desc(), Visit.ref)
        )  # fmt: skip
        found = list(query.tuples())
        counts = [client for _, client in found]
        chosen = next((client for client in counts if counts.count(client) >= most), counts[0])
        return [f"v{ident}" for ident, client in found if client == chosen][:most]

    def weeks(self, week: dt.date, most: int) -> list[str]:
        """The keys of some weeks of Harbour's actuals that were frustrated."""
        own = (Actual.organisation == self.world.harbour) & (Actual.frustrated > 0) & (Actual.week <= week)
        query = Actual.select(Actual.package, Actual.week).where(own).order_by(Actual.week.desc(), Actual.id)
        return [f"a{row.package_id}-{row.week}" for row in query.limit(most)]

    def raised(self, keys: list[str], on: dt.date, reason: str, details: str) -> Dispute:
        """A dispute raised on a day."""
        done = rules.raise_disputes(subjects.find(keys), reason, details, on + DAYS, self.officer, False)
        dispute = done.disputes[0]
        self.date(dispute, on, raised_at=moment(on, 10))
        return Dispute.get_by_id(dispute.id)

    def answer(self, dispute: Dispute, on: dt.date, response: str, by) -> None:
        """The provider's answer on a day."""
        rules.request_resolution(dispute, response, None, by, True)
        self.date(dispute, on, requested_at=moment(on, 11))

    def date(self, dispute: Dispute, on: dt.date, **facts) -> None:
        """Put what was done just now on its day."""
        fresh = (Change.thing == "dispute") & (Change.thing_id == dispute.id) & (Change.at > moment(on, 16))
        Change.update(at=moment(on, 15 if "resolved_at" in facts else 11)).where(fresh).execute()
        if facts:
            Dispute.update(**facts).where(Dispute.id == dispute.id).execute()
