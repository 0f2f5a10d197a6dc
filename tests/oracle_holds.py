"""Holds and manual adjustments as the rules have them (7.4, 7.5), for the oracle: it shares no line with the product."""
# fmt: off
# isort: off

from tests.oracle_cells import DAY, half_up, mondays, pick


def key_of(item):
    """A hold is kept by CPLI, week and kind, an adjustment of a week being of its cost; or by manual adjustment."""
    if item["Kind"] == "manual":
        return ("manual", item["number"])
    return item["CPLIId"], item["WeekBeginning"], "contribution" if item["Kind"] == "contribution" else "cost"


class Holds:
    """What an officer does by hand. A hold: state, what a finalised period held back of it, whether it is released."""

    def __init__(self):
        self.holds, self.manual = {}, []

    def current(self, ref):
        return [p for p in self.periods(self.facts["contracts"][ref]) if p["StartDate"] not in self.finalised[ref]]

    def hold(self, ref, scope, value, state, nth=0):
        """Holds a line, all of a client, or all of a contract, in its nth current period; weeks to come with it."""
        if len(self.current(ref)) <= nth:
            return 0
        period = self.current(ref)[nth]
        keys = {key_of(i) for i in self.items(ref) if i["PeriodStart"] == period["StartDate"] and (
            scope == "all" or (scope == "client" and i["SSRef"] == value) or (scope == "line" and key_of(i) == value))}
        for p in self.packages.values():
            for week in mondays(period["StartDate"], period["EndDate"]):
                if (scope != "line" and p["ContractRef"] == ref and p["Authorised"] and self.is_active(p, week)
                        and (scope == "all" or p["SSRef"] == value)):
                    keys |= {(p["CPLIId"], week, "cost")}
                    keys |= {(p["CPLIId"], week, "contribution")} if p["Contribution"] else set()
        for key in keys:
            old = self.holds.get(key)
            same = old and old["state"] == state and not old["released"]
            self.holds[key] = dict(state=state, back=old["back"] if same else None, released=False)
        return len(keys)

    def release(self, ref, client=None):
        """Releases all that is held of a contract (and client), apart from what a finalised period has settled."""
        for key, hold in list(self.holds.items()):
            one = self.manual[key[1]] if key[0] == "manual" else self.packages.get(key[0])
            final = key[0] == "manual" and one["settled"]
            if not final and not hold["released"] and one["ContractRef"] == ref and client in (None, one["SSRef"]):
                hold["released"] = True
                if hold["state"] != "Suspended" or hold["back"] is None:
                    del self.holds[key]

    def adjust(self, ref, amount, vat, ssref):
        """A manual adjustment, in the contract's oldest current period (7.4)."""
        contract = self.facts["contracts"][ref]
        known = not ssref or any(p["SSRef"] == ssref and p["ContractRef"] == ref for p in self.packages.values())
        if self.current(ref) and contract["PaymentBasis"] == "portal" and known:
            self.manual.append(dict(ContractRef=ref, SSRef=ssref, amount=amount, vat=vat, settled=False))

    def manual_items(self, ref):
        for number, one in enumerate(self.manual):
            contract, current = self.facts["contracts"][ref], self.current(ref)
            if one["ContractRef"] == ref and not one["settled"] and current:
                start, rate = current[0]["StartDate"], contract["VatRate"] if one["vat"] else 0
                yield dict(
                    **pick(contract, "PaymentCycle ContractRef"), CPLIId=None, SSRef=one["SSRef"], PeriodStart=start,
                    PeriodEnd=current[0]["EndDate"], Status="Current", WeekBeginning=start + -start.weekday() % 7 * DAY,
                    Kind="manual", Reason="Other", Quantity=None, UnitCost=None, Amount=one["amount"],
                    VAT=half_up(one["amount"] * rate / 100), number=number)

    def as_held(self, item):
        """The item in its state (7.5), or None where a finalised period holds it back until it is released."""
        hold = self.holds.get(key_of(item))
        if hold and not hold["released"]:
            return None if hold["state"] == "Suspended" and hold["back"] else item | {"State": hold["state"]}
        if hold and hold["back"] == (item["Amount"], item["VAT"]) and item["Kind"] != "manual":
            item |= {"Reason": "carried forward" if hold["state"] == "Carried forward" else "released"}
        return item | {"State": "Payable"}

    def hold_back(self, ref, items):
        """What finalising does to holds: what was released is paid, what is carried comes back by itself."""
        for key, hold in list(self.holds.items()):
            one = self.manual[key[1]] if key[0] == "manual" else self.packages.get(key[0])
            if hold["released"] and one["ContractRef"] == ref:
                del self.holds[key]
        for item in items:
            if item["State"] in ("Suspended", "Carried forward"):
                hold = self.holds[key_of(item)]
                hold["back"], hold["released"] = (item["Amount"], item["VAT"]), item["State"] == "Carried forward"
            elif item["Kind"] == "manual":
                self.manual[item["number"]]["settled"] = True
