"""What a package plans and costs (rules.md section 3), for the oracle: it shares no line with the product.

A package here is joined with all that it names, its rates and its slots (`Oracle.settle`).
"""
# fmt: off
# isort: off

from datetime import date
from fractions import Fraction

from tests.oracle_cells import DAY, WEEK, WEEKDAYS, ZERO, days_from, half_up, monday

def active_days(p, week): return [d for d in days_from(week, week + 6 * DAY)
                                  if p["StartDate"] <= d <= (p["EndDate"] or date.max)]
def in_its_weeks(p, when):
    """Weekly always, every N weeks in its own, one-off and yearly never (3.5)."""
    n = int({"Weekly": 1, "One-off": 0, "Yearly": 0}.get(p["Frequency"], p["Frequency"].split("-")[0]))
    return n > 0 and (monday(when) - monday(p["StartDate"])) // WEEK % n == 0
def rate_on(p, when):
    """The latest rate from on or before the day, else the package's own (3.2)."""
    return max([(date.min, p["UnitCost"])] + [rate for rate in p["rates"] if rate[0] <= when])[1]
def hours(slots):
    """Wall-clock lengths times carers (3.4)."""
    ends = [[at.hour * 3600 + at.minute * 60 + at.second for at in (s["EntryTime"], s["ExitTime"])] for s in slots]
    return Fraction(sum((end - start) % 86400 * s["Carers"] for (start, end), s in zip(ends, slots, strict=True)), 3600)
def weekly(p):
    """The timetable's hours, else the quantity; not rounded, as costs want it (2.3, 3.4)."""
    return hours(p["slots"]) if p["slots"] else p["Quantity"]
def planned_slots(p, week):
    days = active_days(p, week) if in_its_weeks(p, week) else []
    return [slot for when in days for slot in p["slots"] if slot["Weekday"] == WEEKDAYS[when.weekday()]]
def planned(p, week):
    """3.5, to two decimals."""
    if p["Frequency"] == "One-off":
        return half_up(weekly(p)) if week == monday(p["StartDate"]) else ZERO
    days = len(active_days(p, week)) * in_its_weeks(p, week)
    return half_up(hours(planned_slots(p, week)) if p["slots"] else p["Quantity"] * days / 7)
def plan_cost(p, days):
    """Weekly cost x days / 7 by rate, of the days in its weeks (3.6)."""
    return weekly(p) * sum((rate_on(p, when) for when in days if in_its_weeks(p, when)), ZERO) / 7
def discounted(p, cost): return half_up(cost * (100 - p["Discount"]) / 100)  # a line is rounded once (2.2)
def on_actuals(p): return p["PaidOn"] == "actuals" and p["Frequency"] != "One-off"
