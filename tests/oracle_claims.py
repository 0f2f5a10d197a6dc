"""Accepted one-off claims as the rules have them (7.4), for the oracle: it shares no line with the product."""
# fmt: off
# isort: off

from tests.oracle_cells import DAY, half_up, pick


class Claims:
    """What providers claimed and the authority accepted; each is paid once, in the contract's oldest current period."""

    def __init__(self):
        super().__init__()
        self.claims = []

    def claim(self, ref, amount, ssref):
        if self.facts["contracts"][ref]["PaymentBasis"] == "portal":
            self.claims.append(dict(ContractRef=ref, SSRef=ssref, amount=amount, paid=False))

    def claim_items(self, ref):
        contract, current = self.facts["contracts"][ref], self.current(ref)
        for one in [one for one in self.claims if one["ContractRef"] == ref and not one["paid"] and current]:
            start = current[0]["StartDate"]
            yield dict(
                **pick(contract, "PaymentCycle ContractRef"), CPLIId=None, SSRef=one["SSRef"], PeriodStart=start,
                PeriodEnd=current[0]["EndDate"], Status="Current", WeekBeginning=start + -start.weekday() % 7 * DAY,
                Kind="claim", Reason="", Quantity=None, UnitCost=None, Amount=one["amount"],
                VAT=half_up(one["amount"] * contract["VatRate"] / 100), State="Payable")

    def pay_claims(self, ref, start):
        """The items of the claims that a period pays: none of a later period."""
        if not self.current(ref) or self.current(ref)[0]["StartDate"] != start:
            return []
        paid = list(self.claim_items(ref))
        for one in self.claims:
            one["paid"] |= one["ContractRef"] == ref
        return paid
