"""A second opinion on rules 1 to 7, written from the rules alone: it shares no line with the product.

It keeps the facts as loaded and works everything out afresh. Money, rates and quantities are exact fractions of pounds
and units; records keep the column names of the files; numbers in brackets are rules. Cells are taken as well formed.
"""
# fmt: off
# isort: off
# Laid out by hand, so that the whole is short enough to be held against the rules in one sitting.

import copy
import re
from collections import defaultdict
from datetime import date
from fractions import Fraction
from itertools import pairwise

from tests.oracle_cells import (BLANK, DAY, KEYS, REFERENCES, VISIT_COLUMNS, WEEKDAYS, ZERO, days_from, flag,
    half_up, minutes, monday, mondays, overlap, parse, pick, refuse, span, words, written, year_of)
from tests.oracle_claims import Claims
from tests.oracle_holds import Holds
from tests.oracle_packages import (active_days, discounted, on_actuals, plan_cost, planned, planned_slots, rate_on,
    weekly)

# Every default type pays and charges alike; those on delivered times are those that need them (5.5).
BASIS = dict(C24="none", C="planned", E="delivered", U="planned", H="none", DHF="delivered", DHS="delivered")


class Oracle(Claims, Holds):
    def __init__(self, today, **settings):
        super().__init__()
        self.today, defaults = today, {"comments": True, "allocation": "refuse", "ssref_and_service": False}
        self.settings = defaults | settings
        self.facts, self.finalised = {kind: {} for kind in KEYS}, defaultdict(set)  # contract: first days of periods
        self.paid, self.kept = [], {}  # finalised items; by contract the packages when it was last finalised
        self.settle()

    def load(self, kind, rows, organisation=None):
        """Loads a file without its rejected rows; says what became of them."""
        counts = dict.fromkeys(words("read new updated unchanged deleted rejected issues"), 0) | {"read": len(rows)}
        rows = [{column: (cell or "").strip() for column, cell in row.items()} for row in rows]
        rows = [{c: cell[1:] if re.match(r"'+[=+\-@\t\r]", cell) else cell for c, cell in row.items()} for row in rows]
        keys = [tuple(parse(pick(row, KEYS[kind])).values()) for row in rows]
        keys = [(organisation, *key) if kind in ("visits", "carers") else key for key in keys]
        keys, accepted, facts = [key if len(key) > 1 else key[0] for key in keys], [], self.facts[kind]
        for n, (key, row) in enumerate(zip(keys, rows, strict=True)):
            try:
                refuse(keys.count(key) > 1 if kind in ("visits", "carers", "actuals") else key in keys[:n], "twice")
                read = {"visits": self.read_visit, "actuals": self.read_actual}.get(kind, self.read_row)
                old, new = read(kind, key, row, organisation)
            except (ValueError, KeyError, AttributeError):  # refused, nothing known by that name, not well formed
                counts["rejected"] += 1
                continue
            counts["unchanged" if new == old else "deleted" if new.get("Deleted") else "updated" if old else "new"] += 1
            accepted.append(key)
            facts |= {key: new} if new != old else {}
        if kind == "timetables":  # the file replaces the timetable of each package that it names
            named = {key[0] for key in accepted}
            self.facts[kind] = {key: slot for key, slot in facts.items() if key[0] not in named or key in accepted}
        self.settle()
        counts["issues"] = sum(self.warns(key) for key in accepted) if kind == "visits" else 0
        return counts

    def read_row(self, kind, key, row, organisation):
        """A row of the authority's files or of the carers' (interfaces; 3.3, 3.9, 7.1)."""
        facts, old = self.facts, self.facts[kind].get(key)
        new = {**(old or BLANK), **parse(row)}
        changed = {column for column in new if old and old.get(column) != new[column]}
        for column, other in REFERENCES.items():
            refuse(column in new and other != kind and new[column] not in facts[other], column)
        refuse(new["EndDate"] and new["EndDate"] < (new["StartDate"] or date.min), "end before start")
        if kind == "service-levels":
            refuse(flag(new["VisitsWanted"]) and new["Entry"] != "visits", "only entry by visits may want visits")
            used = {visit["level"] for visit in facts["visits"].values()} | {
                facts["packages"][number]["ServiceLevelRef"] for number, _ in facts["actuals"]}
            refuse(key in used and changed & {"PaidOn", "Entry"}, "has actuals or visits")
        if kind == "payment-periods":
            around = sorted([p for p in self.periods(new) if p != old] + [new], key=lambda p: p["StartDate"])
            refuse(any(one["EndDate"] + DAY != two["StartDate"] for one, two in pairwise(around)), "gap or overlap")
            done = max((start for ref, starts in self.finalised.items() for start in starts
                        if facts["contracts"][ref]["PaymentCycle"] == key[0]), default=date.min)
            refuse(key[1] <= done and new != old, "finalised")
        if kind == "contracts":
            refuse(not self.periods(new), "payment cycle")
            refuse(self.finalised[key] and changed & {"PaymentCycle", "VatRate", "PaymentBasis"}, "finalised")
        refuse(kind == "timetables" and new["EntryTime"] == new["ExitTime"], "entry equal to exit")
        if kind == "packages":
            level, contract = facts["service-levels"][new["ServiceLevelRef"]], facts["contracts"][new["ContractRef"]]
            refuse((new["Frequency"] == "Yearly") != level["Intermittent"], "yearly and intermittent go together")
            refuse(level["PaidOn"] == "one-off" and new["Frequency"] != "One-off", "a level paid one-off")
            refuse(facts["services"][new["ServiceRef"]]["OrganisationRef"] != contract["OrganisationRef"], "two owners")
            kept = changed & set(words("SSRef ServiceRef ServiceLevelRef ContractRef"))
            refuse(kept and any(item["CPLIId"] == key for item in self.paid), "finalised")
            new |= pick(old, "Quantity") if old and any(slot[0] == key for slot in facts["timetables"]) else {}  # 3.4
        return old, new

    def periods(self, o): return [p for k, p in sorted(self.facts["payment-periods"].items()) if k[0] == o["PaymentCycle"]]

    def settle(self):
        """Joins each package with all that it names, by start date then id, and matches every live visit afresh."""
        self.packages, by_start = {}, lambda item: (item[1]["StartDate"], item[0])
        for number, p in sorted(self.facts["packages"].items(), key=by_start):
            joined = dict(p)
            for column in words("SSRef ServiceRef ServiceLevelRef ContractRef OrganisationRef"):
                record = self.facts[REFERENCES[column]][joined[column]]
                joined |= {c: cell for c, cell in record.items() if joined.get(c) in (None, BLANK.get(c))}
            joined["rates"] = [(key[1], r["UnitCost"]) for key, r in self.facts["rates"].items() if key[0] == number]
            joined["slots"] = [slot for key, slot in self.facts["timetables"].items() if key[0] == number]
            self.packages[number] = joined | {"EndDate": p["EndDate"]}
        self.match()
    def of(self, organisation):
        return [p for p in self.packages.values() if organisation in (None, p["OrganisationRef"])]

    # Visits (section 5)
    def read_visit(self, kind, key, row, organisation):
        old, visit = self.facts[kind].get(key), parse(pick(row, " ".join(VISIT_COLUMNS)))
        if visit["Deleted"]:  # only VisitRef and SSRef are read (5.7)
            refuse(not old or visit["SSRef"] not in ("", self.client(old) or old["SSRef"]), "another client's")
            return old, {**old, "Deleted": True}
        delivered, visit["by"] = BASIS[visit["VisitType"]] == "delivered", organisation
        visit["plan"], visit["done"] = span(visit, "Planned"), span(visit, "Delivered")
        refuse(not visit["plan"] or not visit["VisitRef"], "reference or planned times")
        refuse(not delivered and any(row["Delivered" + c] for c in words("VisitDate EntryTime ExitTime")), "delivered")
        clients = {self.client_by(column, visit) for column in words("ClientRef SSRef NHSNumber") if visit[column]}
        refuse(not clients or len(clients - {None}) > 1, "client (5.3)")
        visit["level"] = self.named("service-levels", "ServiceLevel", visit["ServiceLevel"], visit)
        level = self.facts["service-levels"][visit["level"]]
        refuse(not flag(level["VisitsWanted"] or str(level["Entry"] == "visits")), "wants no visits")
        visit["service"] = self.named("services", "Service", visit["ServiceName"], visit)
        if visit["ServiceRef"] or visit["ServiceName"]:
            refuse(self.facts["services"][visit["service"]]["OrganisationRef"] != organisation, "not its service")
        own = self.facts["organisations"][organisation]["OrganisationName"].lower()
        refuse(visit["OrganisationRef"] not in ("", organisation) or
               visit["OrganisationName"].lower() not in ("", own), "organisation")
        refuse(self.settings["ssref_and_service"] and not (visit["SSRef"] and visit["ServiceName"]), "setting of 5.3")
        return old, visit

    def named(self, kind, what, name, visit):
        """The level or service by reference, else by name; refused where they are of two things (5.3)."""
        found = [ref for ref, record in self.facts[kind].items() if record[what + "Name"].lower() == name.lower()
                 and record.get("OrganisationRef", visit["by"]) == visit["by"]]
        refuse(visit[what + "Ref"] and found and visit[what + "Ref"] not in found, "two things")
        return visit[what + "Ref"] or next(iter(found), None)
    def client_by(self, column, visit):
        """The SSRef of that client among those that the organisation has or had a package for (5.3)."""
        return next((p["SSRef"] for p in self.of(visit["by"]) if p[column] == visit[column]), None)
    def client(self, visit):
        return next(self.client_by(column, visit) for column in words("ClientRef SSRef NHSNumber") if visit[column])

    def candidates(self, visit):
        """The packages that it may match, by start date then id, or the reason why there are none (5.8, 5.9)."""
        when, client, left = visit["PlannedVisitDate"], self.client(visit), self.of(visit["by"])
        for reason, fits in (
                ("client not known", lambda p: p["SSRef"] == client),
                ("service level not in the client's packages", lambda p: p["ServiceLevelRef"] == visit["level"]),
                ("service not in the client's packages", lambda p: visit["service"] in (None, p["ServiceRef"])),
                ("package is invoiced", lambda p: p["PaymentBasis"] == "portal")):
            left = [p for p in left if fits(p)]
            if not left:
                return [], reason
        active = [p for p in left if when in active_days(p, monday(when))]
        authorised = [p for p in left if p["Authorised"]]
        if found := [p for p in active if p["Authorised"]]:
            return found, ""
        if active or not authorised:
            return [], "package not authorised"
        return [], "before the package starts" if any(p["StartDate"] > when for p in authorised) else "after it ends"

    def match(self):
        """Matches every live visit (5.8): a package is in one group a week. Feeds the actuals."""
        self.matches, taken, used, weeks = {}, defaultdict(int), defaultdict(int), defaultdict(list)
        live = [(key, visit) for key, visit in self.facts["visits"].items() if not visit["Deleted"]]
        for key, visit in sorted(live, key=lambda v: (v[1]["PlannedVisitDate"], v[1]["PlannedEntryTime"], v[0])):
            (candidates, reason), week = self.candidates(visit), monday(visit["PlannedVisitDate"])
            if BASIS[visit["VisitType"]] == "delivered" and not visit["done"]:
                self.matches[key] = "Missing Data", "delivered times missing", ""
            elif not candidates:
                self.matches[key] = "Unmatched", reason, ""
            else:
                free = [p for p in candidates if taken[p["CPLIId"], visit["plan"]] < self.carers(p, visit)]
                wanting = [p for p in candidates if used[p["CPLIId"], week] < planned(p, week) * 60]
                number = (free or wanting or candidates)[0]["CPLIId"]
                taken[number, visit["plan"]] += 1
                used[number, week] += minutes(visit["plan"])
                weeks[number, week].append(visit)
                self.matches[key] = "Matched", "", number
        self.fed = {key: self.feed(self.packages[key[0]], key[1], visits) for key, visits in weeks.items()}

    def carers(self, p, visit):
        """How many carers its timetable has in the visit's slot."""
        slot = WEEKDAYS[visit["PlannedVisitDate"].weekday()], visit["PlannedEntryTime"], visit["PlannedExitTime"]
        return sum(s["Carers"] for s in p["slots"] if (s["Weekday"], s["EntryTime"], s["ExitTime"]) == slot)
    def pays(self, visit):  # the minutes that a matched visit pays and charges
        return minutes({"planned": visit["plan"], "delivered": visit["done"]}.get(BASIS[visit["VisitType"]]))

    def feed(self, p, week, visits):
        """The actual that matched visits make (5.10)."""
        by = {basis: [v for v in visits if BASIS[v["VisitType"]] == basis] for basis in BASIS.values()}
        actual, frustrated = (half_up(Fraction(sum(map(self.pays, by[b])), 60)) for b in ("delivered", "planned"))
        missed = half_up(Fraction(sum(minutes(visit["plan"]) for visit in by["none"]), 60))
        return dict(Actual=actual, Frustrated=frustrated, Missed=missed, Visits=len(by["delivered"]), Source="visits",
                    Extra=max(actual - (planned(p, week) - frustrated - missed), ZERO), Comments="",
                    Cost=sum((self.pays(v) * rate_on(p, v["PlannedVisitDate"]) / 60 for v in visits), ZERO))

    def warns(self, key):
        """Whether an accepted row of a visits file has a data quality issue (5.11)."""
        visit, candidates = self.facts["visits"][key], self.candidates(self.facts["visits"][key])[0]
        code, plan, done, carer = (visit[c] for c in words("VisitType plan done CarerRef"))
        over, who = minutes(done) - minutes(plan) >= 60, {k: self.client(v) or v["ClientRef"] or v["SSRef"]
                                                          or v["NHSNumber"] for k, v in self.facts["visits"].items()}
        others = [(k, v) for k, v in self.facts["visits"].items() if k != key and k[0] == key[0] and not v["Deleted"]]
        twins = [v["Comments"] for k, v in others if who[k] == who[key] and v["plan"] == plan]
        rivals = [v["done"] for k, v in others if carer and v["CarerRef"] == carer and who[k] != who[key] and v["done"]]
        return not visit["Deleted"] and any([
            code == "E" and done and not over and any(self.carers(p, visit) for p in candidates),
            code in ("E", "U") and not visit["Comments"],
            code != "E" and over,
            done and not overlap(done, plan),
            any("double-handed" not in (visit["Comments"] + comments).lower() for comments in twins),
            done and any(overlap(rival, done) for rival in rivals),
            carer and (key[0], carer) not in self.facts["carers"],
            any(visit[f"Delivered{end}TimeIsOverridden"] and not visit[f"Delivered{end}TimeOverrideReason"]
                for end in ("Entry", "Exit")),
            visit["PlannedVisitDate"] > self.today,
            code in ("DHF", "DHS") and candidates and (candidates[0]["ContractType"] == "LWAH") != (code == "DHF"),
            BASIS[code] == "delivered" and not done])

    # Actuals (section 4)
    def shown(self, key, stored=None):
        """The row of a package and week as shown, its exact cost before discount (4.1, 4.2, 4.5, 4.11), or None."""
        p, row = self.packages[key[0]], stored or self.fed.get(key) or self.facts["actuals"].get(key)
        if row is None:
            return None
        plan, rates = planned(p, key[1]), [rate_on(p, when) for when in active_days(p, key[1])]
        row = {"Cost": (row["Actual"] + row["Frustrated"]) * sum(rates) / max(len(rates), 1), **row, "Planned": plan,
               "UnitCost": rates[0] if rates else None}
        if p["Entry"] == "daily":
            more = row["Actual"] - (plan - row["Frustrated"])
            row |= {"Extra": max(more, ZERO), "Missed": max(-more, ZERO)}
        return row if p["Authorised"] and on_actuals(p) else row | {"Cost": ZERO}

    def read_actual(self, kind, key, row, organisation):
        p, typed, old, before = self.packages[key[0]], parse(row), self.facts[kind].get(key), self.shown(key)
        refuse(p["OrganisationRef"] != organisation, "another organisation's")
        read = words("Actual Frustrated Visits Comments" + " Missed Extra" * (p["Entry"] != "daily"))
        new = {"Missed": ZERO, "Extra": ZERO, **{column: typed[column] for column in read}, "Source": "imported"}
        unchanged = before and all(before[column] == new[column] for column in read)
        after = before if unchanged else self.shown(key, new)
        refuse(any(row[c] and typed[c] != after[c] for c in ("Planned", "UnitCost")), "Planned or UnitCost")
        refuse(row["Cost"] and typed["Cost"] not in [half_up(r["Cost"]) for r in (before, after) if r], "Cost")
        if unchanged:
            return before, before
        refuse(key[1].weekday() or not active_days(p, key[1]) or not p["Authorised"], "not a week of the package")
        refuse(p["Entry"] in ("visits", "none"), "not entered by hand")
        away = new["Actual"] != after["Planned"] or new["Frustrated"] or new["Missed"] or new["Extra"]
        refuse(self.settings["comments"] and away and not new["Comments"], "comment (4.6)")
        rows = {**self.facts[kind], key: new}.items()
        year = [r["Actual"] for k, r in rows if k[0] == key[0] and year_of(k[1]) == year_of(key[1])]
        refuse(p["Intermittent"] and self.settings["allocation"] == "refuse" and sum(year) > p["Quantity"], "beyond")
        return old, new

    def generate(self, until, service=None):  # 4.4
        for p in [p for p in self.packages.values() if service in (None, p["ServiceRef"]) and p["Authorised"]]:
            for week in mondays(self.periods(p)[0]["StartDate"], until):
                wanted = on_actuals(p) and p["Entry"] != "visits" and not p["Intermittent"] and active_days(p, week)
                if wanted and (p["CPLIId"], week) not in self.facts["actuals"]:
                    self.facts["actuals"][p["CPLIId"], week] = dict(
                        Actual=planned(p, week), Frustrated=ZERO, Missed=ZERO, Extra=ZERO, Comments="",
                        Visits=sum(slot["Carers"] for slot in planned_slots(p, week)), Source="generated")

    # Payments (section 7)
    def due(self, p, week):
        """What is due for a package and week (7.2), and the contribution taken (7.4: in off weeks too)."""
        if not p["Authorised"] or p["PaymentBasis"] == "invoice":
            return ZERO, ZERO
        if p["Frequency"] == "One-off":
            return discounted(p, weekly(p) * rate_on(p, p["StartDate"]) * (week == monday(p["StartDate"]))), ZERO
        days, row = active_days(p, week), self.shown((p["CPLIId"], week))
        cost = (row["Cost"] if row else ZERO) if p["PaidOn"] == "actuals" else plan_cost(p, days)
        return discounted(p, cost), -half_up(p["Contribution"] * len(days) * (p["Frequency"] != "Yearly") / 7)

    def reason(self, p, week):
        """Judged against what held when the contract was last finalised (7.3)."""
        old, days = self.kept[p["ContractRef"]].get(p["CPLIId"]), active_days(p, week)
        if not old or any(old[column] != p[column] for column in words("Authorised Discount Contribution ContractRef")):
            return "package changed"
        if active_days(old, week) != days or planned(old, week) != planned(p, week):
            return "package changed"
        if [rate_on(old, when) for when in days] != [rate_on(p, when) for when in days]:
            return "rate changed"
        return "visits changed" if p["Entry"] == "visits" else "actuals changed"

    def is_active(self, p, week): return bool(active_days(p, week))
    def items(self, ref):
        """The items of a contract's current periods in their states (7.5)."""
        return [i for i in map(self.as_held, [*self.due_items(ref), *self.manual_items(ref)]) if i]

    def due_items(self, ref):
        """Due less what was already paid (7.3): what is payable or cancelled counts as paid."""
        periods = self.periods(self.facts["contracts"][ref])
        current = [period for period in periods if period["StartDate"] not in self.finalised[ref]]
        weeks = [(period, week) for period in periods for week in mondays(period["StartDate"], period["EndDate"])]
        for p in [p for p in self.packages.values() if p["ContractRef"] == ref and current]:
            for period, week in weeks:
                late, row, days = period not in current, self.shown((p["CPLIId"], week)), active_days(p, week)
                for kind, due in zip(("cost", "contribution"), self.due(p, week), strict=True):
                    past = [i for i in self.paid if (i["CPLIId"], i["WeekBeginning"]) == (p["CPLIId"], week)
                            and (i["Kind"] == "contribution") == (kind == "contribution")
                            and i["State"] in ("Payable", "Cancelled")]
                    vat = half_up(due * p["VatRate"] / 100) if kind == "cost" else ZERO
                    amount, vat = due - sum(i["Amount"] for i in past), vat - sum(i["VAT"] for i in past)
                    stands, kind = current[0] if late else period, "adjustment" if late and kind == "cost" else kind
                    done = row["Actual"] + row["Frustrated"] if row and on_actuals(p) else planned(p, week)
                    if amount or vat:
                        yield dict(
                            **pick(p, "PaymentCycle ContractRef CPLIId SSRef"), PeriodStart=stands["StartDate"],
                            PeriodEnd=stands["EndDate"], Status="Current", WeekBeginning=week, Kind=kind,
                            Reason=self.reason(p, week) if late else "", Quantity=done if kind == "cost" else None,
                            UnitCost=rate_on(p, days[0]) if kind == "cost" and days else None,
                            Amount=amount, VAT=vat)

    def finalise(self, until, contract=None):
        """Every current period that ends by then and has begun, oldest first (7.1)."""
        for ref in self.facts["contracts"] if contract is None else [contract]:
            for period in self.periods(self.facts["contracts"][ref]):
                start = period["StartDate"]
                if period["EndDate"] <= until and start <= self.today and start not in self.finalised[ref]:
                    done = [i | {"Status": "Finalised"} for i in self.items(ref) if i["PeriodStart"] == start]
                    self.hold_back(ref, done)
                    done += [i | {"Status": "Finalised"} for i in self.pay_claims(ref, start)]
                    self.paid += done
                    self.finalised[ref].add(start)
                    self.kept[ref] = copy.deepcopy(self.packages)

    # Files that leave
    def dump(self, kind, organisation=None, start=None, end=None):
        rows = getattr(self, "dump_" + kind.replace("-", "_"))(organisation, start or date.min, end or date.max)
        dates = "%d/%m/%Y" if kind == "visits" else "%Y-%m-%d"
        return [{column: written(column, cell, dates) for column, cell in row.items()} for row in rows]
    def dump_actuals(self, organisation, start, end):
        for number, week in {**self.facts["actuals"], **self.fed}:
            p, row = self.packages[number], self.shown((number, week))
            if organisation in (None, p["OrganisationRef"]) and start <= week <= end:
                columns = "Planned Actual Frustrated Missed Extra Visits UnitCost Cost Comments Source"
                yield pick(p, "CPLIId SSRef ServiceName Unit") | pick(row, columns) | dict(
                    WeekBeginning=week, Client=f"{p['Surname']}, {p['Forename']}", ServiceLevel=p["ServiceLevelName"],
                    Locked=False)
    def dump_visits(self, organisation, start, end):
        for key, (status, reason, number) in self.matches.items():
            visit = self.facts["visits"][key]
            if organisation in (None, key[0]) and start <= visit["PlannedVisitDate"] <= end:
                paid = self.pays(visit) if number else 0
                yield {column: visit[column] for column in VISIT_COLUMNS} | dict(
                    Status=status, Reason=reason, CPLIId=number, PlannedMinutes=minutes(visit["plan"]),
                    DeliveredMinutes=minutes(visit["done"]) if visit["done"] else None,
                    PaidMinutes=paid, ChargedMinutes=paid)
    def dump_commissioned_care(self, organisation, start, end):
        for p in self.of(organisation):
            if p["Authorised"] and self.today in active_days(p, monday(self.today)):
                yield pick(p, "SSRef NHSNumber ClientRef ServiceLevelRef ServiceLevelName Unit Frequency ServiceRef "
                              "ServiceName OrganisationRef OrganisationName") | {"CurrentQuantity": weekly(p)}
    def dump_payments(self, organisation, start, end):
        for item in self.paid + [
                item for ref in self.facts["contracts"] for item in (*self.items(ref), *self.claim_items(ref))]:
            owner = self.facts["contracts"][item["ContractRef"]]["OrganisationRef"]
            if organisation in (None, owner) and item["PeriodStart"] <= end and item["PeriodEnd"] >= start:
                yield {column: cell for column, cell in item.items() if column != "number"}
    def dump_purchase_orders(self, organisation, start, end):  # 6.1
        for p in [p for p in self.of(organisation) if p["Authorised"]]:
            one_off, whole = p["Frequency"] == "One-off", p["Frequency"] in ("One-off", "Yearly")
            for year in {year_of(period[c]) for period in self.periods(p) for c in ("StartDate", "EndDate")}:
                first = max(p["StartDate"], date(year, 4, 1))
                last = min(p["StartDate"] if one_off else p["EndDate"] or date.max, date(year + 1, 3, 31))
                begins = [d for d in days_from(first, last) if d == first or (d in dict(p["rates"]) and not whole)]
                spent = [i["Amount"] for i in self.paid if pick(i, "ContractRef SSRef") == pick(p, "ContractRef SSRef")
                         and i["Kind"] != "contribution" and i["State"] == "Payable"
                         and year_of(i["PeriodStart"]) == year]
                for begin, after in pairwise([*begins, last + DAY]):
                    rate = rate_on(p, begin)
                    cost = weekly(p) * rate if whole else plan_cost(p, days_from(begin, after - DAY))
                    if begin <= end and after > start:
                        yield pick(p, "ContractRef SSRef CPLIId Discount") | dict(
                            FinancialYear=f"{year}/{year + 1}", From=begin, To=after - DAY, Quantity=weekly(p),
                            UnitCost=rate, Amount=discounted(p, cost), SpendToDate=sum(spent, ZERO))
