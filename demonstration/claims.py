"""One-off claims of the demonstration: one in every state, with evidence, questions and corrected amounts."""

from __future__ import annotations

import datetime as dt
import io

from blueprints.claims import calls, items, rules, schemes, sums
from blueprints.pdf import Column, Section, table_pdf
from models import Change, Claim, ClaimItem, ClaimPost, Package, ServiceLevel

WEEK = dt.timedelta(7)
# Who was in hospital: weeks before the last Monday, first weekday, days.
STAYS = {
    "Moss": (12, 1, 16), "Barrow": (10, 3, 4), "Whitaker": (8, 0, 9), "Okafor": (5, 2, 5), "Fletcher": (4, 1, 6),
    "Kerr": (3, 4, 3), "Ashby": (3, 0, 2), "Lark": (3, 2, 3), "Croft": (2, 1, 3),
}  # fmt: skip


class InHospital:
    """Which packages were in hospital on which days."""

    def __init__(self, last: dt.date):
        self.days = {
            who: {last - WEEK * weeks + dt.timedelta(first + n) for n in range(days)}
            for who, (weeks, first, days) in STAYS.items()
        }

    def of(self, packages: dict[str, Package]) -> dict[int, set[dt.date]]:
        """The days by package."""
        return {packages[who].id: days for who, days in self.days.items()}


def letter(client: str, first: dt.date, last: dt.date) -> bytes:
    """A made-up discharge letter."""
    return table_pdf(
        "Discharge letter", [("Patient", client)], [Column("Admitted"), Column("Discharged"), Column("Ward")],
        [Section([(f"{first:%d/%m/%Y}", f"{last:%d/%m/%Y}", "Made-up ward 7")])], printed="demonstration",
    )  # fmt: skip


class Claims:
    """Makes the claims by the rules that the pages call, each at its moment."""

    def __init__(self, world):
        self.world = world
        self.finance = world.actor("finance@oakfield")
        self.officer = world.actor("payments@authority")

    def make(
        self, who: str, on: dt.date, notes: str = "", letter_too: bool = True, submit: bool = True, **facts
    ) -> Claim:
        """A claim for the stay of somebody, made on a day."""
        package = self.world.packages[who]
        level = ServiceLevel.get(ServiceLevel.claimable == "hospital")
        claim = rules.begin(package.service, notes, self.finance, on)
        stay = calls.stay_near(calls.of_client(package.service_id, package.client_id, "H"), *self.days(who))
        scheme = schemes.schemes()[package.contract.contract_type]
        about = items.About(claim, level, package.client, package.contract, scheme, stay.calls)
        working = about.working(facts.get("stay_first", stay.first), facts.get("stay_last", stay.last))
        given: dict = {
            "description": sums.described(working), "quantity": 100, "unit_cost": working.amount * 100,
            "stay_first": stay.first, "stay_last": stay.last, "dates_reason": "", "amount_reason": "",
        } | facts  # fmt: skip
        files = []
        if letter_too:
            content = letter(package.client.name, given["stay_first"], given["stay_last"])
            files = [rules.Upload(io.BytesIO(content), "discharge-letter.pdf")]
        rules.save_item(claim, None, items.facts(about, given), files, None, self.finance)
        self.date(claim, on)
        if submit:
            rules.submit(claim, lambda _: [], None, self.finance, on)
            self.date(claim, on, submitted_at=moment(on, 11))
        return Claim.get_by_id(claim.id)

    def days(self, who: str) -> tuple[dt.date, dt.date]:
        """The first and last day of somebody's stay."""
        days = self.world.in_hospital.days[who]
        return min(days), max(days)

    def decide(self, claim: Claim, on: dt.date, accept: bool, notes: str = "", pence: int | None = None) -> None:
        """Decide a claim on a day, perhaps with another amount."""
        decided = {}
        for item in ClaimItem.select().where(ClaimItem.claim == claim):
            cost = item.unit_cost if pence is None else pence * 100
            said = "The last visit was cancelled in time, so it was not planned." if pence is not None else ""
            decided[item.id] = rules.Decided(True, item.quantity, cost, said)
        rules.decide(claim, accept, decided, notes, None, self.officer)
        self.date(claim, on, decided_at=moment(on, 15))

    def date(self, claim: Claim, on: dt.date, **facts) -> None:
        """Put what was done just now on its day."""
        fresh = (Change.thing == "claim") & (Change.thing_id == claim.id) & (Change.at > moment(on, 16))
        Change.update(at=moment(on, 15 if "decided_at" in facts else 11)).where(fresh).execute()
        if facts:
            Claim.update(**facts).where(Claim.id == claim.id).execute()

    def paid_ones(self) -> None:
        """Two that were accepted some weeks ago, so that a finalised period has paid them."""
        last = self.world.last
        self.decide(self.make("Moss", last - WEEK * 9), last - WEEK * 8, True)
        barrow = self.make("Barrow", last - WEEK * 8 - dt.timedelta(4), notes="Mrs Barrow fell on the stairs.")
        amount = ClaimItem.get(ClaimItem.claim == barrow).claimed
        self.decide(barrow, last - WEEK * 8, True, "Paid without the last visit.", amount - 565)

    def the_others(self) -> None:
        """Rejected, accepted and not paid yet, pending, waiting for evidence, and a draft."""
        last, day = self.world.last, dt.timedelta(1)
        whitaker = self.make(
            "Whitaker", last - WEEK * 6, unit_cost=950000, letter_too=False,
            amount_reason="We kept the time free for nine days",
        )  # fmt: skip
        self.decide(whitaker, last - WEEK * 5, False, "The stay was longer than seven days.")
        lark = self.make("Lark", last - WEEK * 2 + day)
        self.decide(lark, last - WEEK, True)
        fletcher = self.make(
            "Fletcher", last - WEEK * 2, letter_too=False, dates_reason="Admitted in the evening before the first visit",
            stay_first=self.days("Fletcher")[0] - day,
        )  # fmt: skip
        rules.ask(fletcher, "Please send the discharge letter, or the ward's telephone number.", None, self.officer)
        self.date(fletcher, last - WEEK, asked_at=moment(last - WEEK, 15))
        ClaimPost.update(at=moment(last - WEEK, 15)).where(ClaimPost.claim == fletcher).execute()
        self.make("Kerr", last - WEEK + day * 2, notes="Back home on Monday with the same package.")
        self.make("Ashby", last - day, submit=False, letter_too=False)


def moment(on: dt.date, hour: int) -> dt.datetime:
    """A moment on a day, as stored."""
    return dt.datetime.combine(on, dt.time(hour, 12))
