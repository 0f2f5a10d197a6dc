"""The oracle against the checked examples of rules.md and the worked examples (WE) of the catalogue, rules 1 to 7."""

from datetime import date
from fractions import Fraction

import pytest

from tests.oracle import Oracle
from tests.oracle_cells import day, half_up, written
from tests.stories import DAY, WEEKDAYS, row

MONDAY = date(2022, 10, 3)


def world(today=date(2022, 12, 1), paid="actuals", entry="visits", basis="portal", vat="", kind="DAPL", first=MONDAY,
          length=14, periods=6, intermittent="", **settings):  # fmt: skip
    """One organisation with two services, one level, one contract, six periods, three clients."""
    oracle = Oracle(today, **settings)
    oracle.load("organisations", [row("organisations", OrganisationRef=o, OrganisationName=o) for o in ("OAK", "BRO")])
    oracle.load("service-levels", [
        row("service-levels", ServiceLevelRef="PC", ServiceLevelName="Personal Care", Unit="Hours", PaidOn=paid,
            Entry=entry, Intermittent=intermittent),
        row("service-levels", ServiceLevelRef="RC", ServiceLevelName="Residential", Unit="Placement", PaidOn="planned",
            Entry="none"),
        row("service-levels", ServiceLevelRef="EQ", ServiceLevelName="Equipment", Unit="Payment", PaidOn="one-off",
            Entry="none")])  # fmt: skip
    oracle.load("services", [row("services", ServiceRef=ref, ServiceName=f"Zone {ref}", OrganisationRef=owner)
                             for ref, owner in (("S1", "OAK"), ("S2", "OAK"), ("S3", "BRO"))])  # fmt: skip
    starts = [first + n * length * DAY for n in range(periods)]
    oracle.load("payment-periods", [row("payment-periods", PaymentCycle="CY", StartDate=start,
                                        EndDate=start + (length - 1) * DAY) for start in starts])  # fmt: skip
    oracle.load("contracts", [
        row("contracts", ContractRef=ref, ContractName=ref, OrganisationRef=owner, ContractType=kind, PaymentCycle="CY",
            VatRate=vat, PaymentBasis=basis) for ref, owner in (("C1", "OAK"), ("C3", "BRO"))])  # fmt: skip
    oracle.load("clients", [row("clients", SSRef=ref, Surname=f"={ref}", Forename="Ann", ClientRef=f"guid-{ref}",
                                NHSNumber=f"nhs-{ref}") for ref in ("A1", "A2", "A3")])  # fmt: skip
    return oracle


def package(oracle, number=1, timetable=(), **cells):
    cells = dict(SSRef="A1", ServiceRef="S1", ServiceLevelRef="PC", ContractRef="C1", StartDate=MONDAY, Quantity="7",
                 Frequency="Weekly", UnitCost="16.16", Authorised="1") | cells  # fmt: skip
    counts = oracle.load("packages", [row("packages", CPLIId=number, **cells)])
    slots = [row("timetables", CPLIId=number, Weekday=w, EntryTime=e, ExitTime=x, Carers=c) for w, e, x, c in timetable]
    assert oracle.load("timetables", slots)["rejected"] == 0
    return counts


def visit(ref="V1", when=MONDAY, plan="08:00-09:00", done="", kind="DHS", **cells):
    """A visit of A1; `done` are its delivered times, where not as planned; empty for types without."""
    done = done or (plan if kind in ("DHS", "DHF", "E") else "")
    delivered = when if done else ""
    return row(
        "visits",
        **dict(
            VisitRef=ref, PlannedVisitDate=when, PlannedEntryTime=plan[:5], PlannedExitTime=plan[6:], VisitType=kind,
            DeliveredVisitDate=delivered, DeliveredEntryTime=done[:5], DeliveredExitTime=done[6:], SSRef="A1",
            ServiceLevel="Personal Care") | cells,
    )  # fmt: skip


def actual(number=1, week=MONDAY, **cells):
    cells = dict(Actual="7", Frustrated="0", Missed="0", Extra="0", Visits="0", Comments="agreed") | cells
    return row("actuals", CPLIId=number, WeekBeginning=week, **cells)


def send(oracle, *rows, organisation="OAK"):
    counts = oracle.load("visits", list(rows), organisation)
    return {name: count for name, count in counts.items() if count}


def first(oracle, kind, **cells):
    """The first row of a dump with these cells."""
    return next((r for r in oracle.dump(kind) if all(r[c] == str(v) for c, v in cells.items())), None)


def reason(oracle, ref="V1"):
    found = first(oracle, "visits", VisitRef=ref)
    return found["Reason"] or found["CPLIId"]


def paid(oracle, **cells):
    """(period, week, kind, reason, amount, VAT) of the items."""
    columns = ("PeriodStart", "WeekBeginning", "Kind", "Reason", "Amount", "VAT")
    return [tuple(r[c] for c in columns) for r in oracle.dump("payments") if all(r[c] == v for c, v in cells.items())]


def test_rounding_is_half_up_of_the_absolute_value():
    """2.2, 2.3."""
    assert [half_up(Fraction(n)) for n in ("11.885", "-11.885")] == [Fraction("11.89"), Fraction("-11.89")]
    assert written("Amount", Fraction("-0.05"), "") == "-0.05"
    assert written("UnitCost", Fraction("23.226"), "") == "23.2260"


def test_dates_in_every_spelling():
    """5.2."""
    for text in ("3/10/2022", "03-Oct-22", "03 oct 2022", "2022-10-03", "3-10-22"):
        assert day(text) == MONDAY


def test_text_that_looks_like_a_formula_comes_back_as_it_was():
    texts = ["=1", "'=1", "''=1", "-5", "'-5", "-x", "O'Neil", "'quoted", "+1.5", "@a"]
    out = [written("Comments", text, "") for text in texts]
    assert out == ["'=1", "''=1", "'''=1", "-5", "''-5", "'-x", "O'Neil", "'quoted", "+1.5", "'@a"]
    oracle = world(entry="weekly")
    package(oracle)
    for text in texts:
        oracle.load("actuals", [actual(Comments=text, Actual="0")], "OAK")
        rows = oracle.dump("actuals")
        assert oracle.load("actuals", rows, "OAK")["unchanged"] == 1


@pytest.mark.parametrize(
    ("when", "entry", "leave", "expected"),
    [
        (MONDAY, "08:32", "10:05", 93),  # WE-14
        (MONDAY, "22:00", "07:00", 540),
        (date(2026, 10, 24), "22:00", "07:00", 600),  # the clocks go back
        (date(2027, 3, 27), "22:00", "07:00", 480),  # and forward
        (MONDAY, "08:00:00", "08:00:30", 1),
        (MONDAY, "08:00:00", "08:00:29", 0),
    ],
)
def test_durations_are_elapsed(when, entry, leave, expected):
    """1.3, 2.1."""
    oracle = world(first=when - when.weekday() * DAY, periods=1)
    package(oracle, StartDate=when)
    plan = dict(PlannedEntryTime=entry, PlannedExitTime=leave, DeliveredEntryTime=entry, DeliveredExitTime=leave)
    send(oracle, visit(when=when, **plan, DeliveredVisitDate=when))
    assert first(oracle, "visits")["DeliveredMinutes"] == str(expected)


def test_times_that_do_not_occur_or_take_no_time_are_refused():
    """1.3: 01:15 occurs twice on 25 October 2026, and not at all on 28 March 2027."""
    oracle = world()
    assert send(oracle, visit(when=date(2027, 3, 28), plan="01:15-03:00", kind="H")) == {"read": 1, "rejected": 1}
    assert send(oracle, visit(plan="08:00-08:00", kind="H")) == {"read": 1, "rejected": 1}
    send(oracle, visit(when=date(2026, 10, 25), plan="01:15-03:00", kind="H"))
    assert first(oracle, "visits")["PlannedMinutes"] == "165"


def test_183_minutes():
    """2.3 and WE-12: 183 minutes at 23.2260 are 3.05 h and 70.84; an hour frustrated is 23.23; the plan 116.13."""
    oracle = world()
    package(oracle, Quantity="5", UnitCost="23.226")
    send(oracle, visit(done="08:00-11:03"))
    assert first(oracle, "actuals", Actual="3.05", Cost="70.84")
    send(oracle, visit("V2", MONDAY + DAY, kind="U", Comments="out"))
    assert first(oracle, "actuals", Planned="5.00", Actual="3.05", Frustrated="1.00", Cost="94.07", Visits="1")


def test_cost_over_a_range():
    """3.6, WE-06: 14 hours a week at 16.16 from 24/06/2019 to 31/03/2020."""
    oracle = world(first=date(2019, 6, 24), length=28, periods=1)
    package(oracle, StartDate="24/06/2019", Quantity="14")
    order = first(oracle, "purchase-orders", FinancialYear="2019/2020")
    assert (order["From"], order["To"], order["Amount"]) == ("2019-06-24", "2020-03-31", "9114.24")


@pytest.mark.parametrize(
    ("rate", "quantities"),
    [
        ("16.16", {"14": "226.24", "3.5": "56.56"}),  # WE-01
        ("23.77", {"5": "118.85", "2": "47.54", "14": "332.78", "7": "166.39", "3.5": "83.20"}),  # WE-08
        ("23.226", {"7": "162.58", "3.5": "81.29", "5": "116.13", "28": "650.33", "2": "46.45"}),  # WE-09
        ("23.79", {"3.5": "83.27", "2": "47.58", "15.75": "374.69"}),  # WE-10
        ("122.84", {"1": "122.84"}),  # WE-11
        ("646.06", {"1": "646.06"}),
    ],
)
def test_weekly_costs(rate, quantities):
    for quantity, cost in quantities.items():
        oracle = world(entry="none", paid="planned")
        package(oracle, Quantity=quantity, UnitCost=rate)
        assert paid(oracle)[0][4] == cost


def test_generated_week():
    """WE-02."""
    oracle = world(entry="weekly")
    days = [(weekday, "08:00", "09:00", "2") for weekday in WEEKDAYS]
    package(oracle, 1, days, Quantity="14")
    package(oracle, 2, SSRef="A2", Quantity="3.5")
    package(oracle, 3, SSRef="A2", Quantity="3.5")
    oracle.generate(MONDAY)
    oracle.generate(MONDAY + 6 * DAY)
    rows = oracle.dump("actuals")
    assert [(r["Actual"], r["Cost"], r["Visits"]) for r in rows] == [
        ("14.00", "226.24", "14"), ("3.50", "56.56", "0"), ("3.50", "56.56", "0")]  # fmt: skip
    assert sum(Fraction(r["Cost"]) for r in rows) == Fraction("339.36")


def test_missed_hour():
    """WE-03 to WE-05: 13 x 16.16, and not 193.92; left at 14 it is saved and costs 14."""
    oracle = world(entry="weekly")
    package(oracle, Quantity="14")
    assert oracle.load("actuals", [actual(Actual="13", Missed="1", Visits="14")], "OAK")["new"] == 1
    assert first(oracle, "actuals")["Cost"] == "210.08"
    assert oracle.load("actuals", [actual(Actual="14", Missed="1", Visits="14")], "OAK")["updated"] == 1
    assert first(oracle, "actuals")["Cost"] == "226.24"


def test_a_period_of_two_weeks():
    """WE-07."""
    oracle = world(date(2019, 7, 22), paid="planned", entry="none", first=date(2019, 7, 8))
    for number, (client, quantity) in enumerate([("A1", "3.5"), ("A1", "3.5"), ("A2", "14"), ("A3", "3.5")], 1):
        package(oracle, number, SSRef=client, Quantity=quantity, StartDate="2019-07-08")
    items = [r for r in oracle.dump("payments") if r["PeriodStart"] == "2019-07-08"]
    sums = {ref: sum(Fraction(r["Amount"]) for r in items if r["SSRef"] == ref) for ref in ("A1", "A2", "A3")}
    assert sums == {"A1": Fraction("226.24"), "A2": Fraction("452.48"), "A3": Fraction("113.12")}
    assert {(r["Status"], r["VAT"], r["State"]) for r in items} == {("Current", "0.00", "Payable")}


def test_two_calls_a_day():
    """WE-13."""
    oracle = world()
    calls = [(weekday, e, x, "") for weekday in WEEKDAYS for e, x in (("09:00", "09:30"), ("20:00", "20:30"))]
    package(oracle, 1, calls, Quantity="99")
    assert first(oracle, "commissioned-care")["CurrentQuantity"] == "7.00"


def test_an_hour_over_is_exceptional():
    """WE-14, 5.11: 63 minutes over plan."""
    oracle = world()
    package(oracle, 1, [("Mon", "08:30", "09:00", "")])
    times = dict(plan="08:30-09:00", Comments="fell")
    assert send(oracle, visit(done="08:32-10:05", kind="E", **times)) == {"read": 1, "new": 1}
    assert send(oracle, visit(done="08:32-10:01", kind="E", **times))["issues"] == 1  # 59 over, on a planned slot
    assert send(oracle, visit(done="08:32-10:05", kind="DHS", **times))["issues"] == 1


def test_example_file_first_client():
    """WE-15."""
    oracle, start = world(first=date(2022, 8, 1)), date(2022, 8, 1)
    calls = [(weekday, e, x, "") for weekday in WEEKDAYS for e, x in (("09:00", "09:30"), ("20:00", "20:30"))]
    package(oracle, 1, calls, StartDate=start)
    rows = [visit(f"V{n}", start + n // 2 * DAY, ("09:00-09:30", "20:00-20:30")[n % 2]) for n in range(14)]
    rows[2:4] = [visit(f"V{n}", start + DAY, ("09:00-09:30", "20:00-20:30")[n % 2], kind="C24") for n in (2, 3)]
    rows[13] = visit("V13", start + 6 * DAY, "20:00-20:30", "20:00-22:30", "E", Comments="stayed until 22:30")
    assert send(oracle, *rows) == {"read": 14, "new": 14}
    assert first(oracle, "visits", VisitRef="V13")["PaidMinutes"] == "150"
    assert first(oracle, "visits", VisitRef="V2")["PaidMinutes"] == "0"
    assert first(oracle, "actuals", Planned="7.00", Actual="8.00", Frustrated="0.00", Missed="1.00", Extra="2.00")


def test_example_file_second_client():
    """WE-16."""
    oracle, start = world(first=date(2022, 8, 1)), date(2022, 8, 1)
    package(oracle, 1, [(weekday, "08:10", "08:40", "") for weekday in WEEKDAYS], StartDate=start)
    kinds = ["DHS", "DHS", "DHS", "U", "C", "DHS", "H"]
    send(oracle, *[visit(f"V{n}", start + n * DAY, "08:10-08:40", kind=kinds[n], Comments="x") for n in range(7)])
    assert [first(oracle, "visits", VisitRef=f"V{n}")["PaidMinutes"] for n in (3, 4, 6)] == ["30", "30", "0"]
    assert first(oracle, "actuals", Planned="3.50", Actual="2.00", Frustrated="1.00", Missed="0.50", Visits="4")


def test_two_carers():
    """WE-17."""
    oracle = world()
    package(oracle, 1, [(weekday, "08:00", "09:00", "2") for weekday in WEEKDAYS])
    second = "Double-Handed - 2nd carer"
    rows = [visit(f"V{n}", MONDAY + n // 2 * DAY, Comments=second * (n % 2)) for n in range(14)]
    assert send(oracle, *rows) == {"read": 14, "new": 14}
    assert first(oracle, "actuals", Planned="14.00", Actual="14.00", Visits="14", Extra="0.00")


def test_second_package():
    """WE-18: the slot decides."""
    oracle = world()
    package(oracle, 1, [(weekday, "08:00", "09:00", "") for weekday in WEEKDAYS])
    package(oracle, 2, [(weekday, "12:00", "12:30", "") for weekday in WEEKDAYS])
    rows = [visit(f"V{n}", MONDAY + n * DAY) for n in range(7)]
    rows += [visit(f"W{n}", MONDAY + n * DAY, "12:00-12:30") for n in range(7)]
    rows[0] = visit("V0", done="08:00-09:05")
    send(oracle, *rows)
    assert first(oracle, "actuals", CPLIId="1", Planned="7.00", Actual="7.08")
    assert first(oracle, "actuals", CPLIId="2", Planned="3.50", Actual="3.50")


def test_emergency_visit():
    """WE-19: an extra visit of type E stays one though it is two minutes over."""
    oracle = world()
    package(oracle, 1, [("Mon", "08:00", "09:00", "")])
    week = MONDAY + 14 * DAY
    rows = [visit("V1", MONDAY + 7 * DAY, done="08:03-09:05"), visit("V2", week),
            visit("V3", week, "12:00-12:45", "12:00-12:47", "E", Comments="agreed")]  # fmt: skip
    assert send(oracle, *rows) == {"read": 3, "new": 3}
    assert [r["PaidMinutes"] for r in oracle.dump("visits")] == ["62", "60", "47"]
    assert send(oracle, *rows) == {"read": 3, "unchanged": 3}


def test_visits_sent_again():
    """WE-20, 5.7."""
    oracle = world()
    package(oracle)
    rows = [visit(f"V{n}", MONDAY + n * DAY) for n in range(4)]
    send(oracle, *rows)
    assert send(oracle, *[r | {"DeliveredExitTime": "09:01"} for r in rows]) == {"read": 4, "updated": 4}
    spelt = {"DeliveredExitTime": "9:01:00", "PlannedVisitDate": "3-oct-22", "VisitType": "dhs", "Deleted": "N"}
    assert send(oracle, rows[0] | spelt) == {"read": 1, "unchanged": 1}
    assert send(oracle, rows[0], rows[0]) == {"read": 2, "rejected": 2}


def test_no_package():
    """WE-22, WE-23 a: all unmatched, and matched when the package arrives."""
    oracle = world()
    rows = [visit(f"V{n}", MONDAY + n // 2 * DAY, "11:15-11:45", "11:04-11:34", Comments="Double-Handed")
            for n in range(10)]  # fmt: skip
    assert send(oracle, *rows) == {"read": 10, "new": 10}
    assert {(r["Status"], r["Reason"], r["PaidMinutes"]) for r in oracle.dump("visits")} == {
        ("Unmatched", "client not known", "0")}  # fmt: skip
    package(oracle)
    assert {r["Status"] for r in oracle.dump("visits")} == {"Matched"}
    assert first(oracle, "actuals", Actual="5.00", Visits="10")


def test_unmatched_reasons_in_order():
    """5.9, WE-23 b, c, e."""
    oracle = world()
    send(oracle, visit(ServiceName="zone s2"))
    package(oracle, ServiceLevelRef="RC")
    assert reason(oracle) == "service level not in the client's packages"
    package(oracle, 2)
    assert reason(oracle) == "service not in the client's packages"
    package(oracle, 3, ServiceRef="S2", StartDate=MONDAY + DAY)
    assert reason(oracle) == "before the package starts"
    package(oracle, 4, ServiceRef="S2", StartDate=MONDAY - 9 * DAY, EndDate=MONDAY - DAY)
    assert reason(oracle) == "before the package starts"
    package(oracle, 3, ServiceRef="S2", StartDate=MONDAY + DAY, Authorised="0")
    assert reason(oracle) == "after it ends"
    package(oracle, 5, ServiceRef="S2", Authorised="0")
    assert reason(oracle) == "package not authorised"
    package(oracle, 5, ServiceRef="S2")
    assert reason(oracle) == "5"
    oracle = world(basis="invoice")
    package(oracle)
    send(oracle, visit())
    assert reason(oracle) == "package is invoiced"


def test_deleting():
    """WE-24, 5.7."""
    oracle = world()
    package(oracle)
    package(oracle, 2, SSRef="A2")
    send(oracle, visit())
    gone = row("visits", VisitRef="V1", Deleted="1", SSRef="A1")
    assert send(oracle, gone | {"SSRef": "A2"}) == {"read": 1, "rejected": 1}
    assert send(oracle, gone) == {"read": 1, "deleted": 1}
    assert oracle.dump("visits") == oracle.dump("actuals") == []
    assert send(oracle, gone) == {"read": 1, "unchanged": 1}
    assert send(oracle, gone | {"VisitRef": "V2"}) == {"read": 1, "rejected": 1}
    assert send(oracle, visit()) == {"read": 1, "updated": 1}


def test_rows_about_the_wrong_thing_are_refused():
    """5.3, 5.4."""
    oracle = world()
    package(oracle)
    package(oracle, 2, SSRef="A2")
    package(oracle, 3, SSRef="A3", ServiceRef="S3", ContractRef="C3")
    bad = [dict(SSRef=""), dict(ServiceLevel=""), dict(ServiceLevel="Nothing"), dict(ServiceLevelRef="RC"),
           dict(ServiceLevel="Residential"), dict(ServiceName="Zone S3"), dict(ServiceRef="S3"),
           dict(OrganisationRef="BRO"), dict(OrganisationName="BRO"), dict(NHSNumber="nhs-A2"), dict(kind="XX"),
           dict(ServiceRef="S1", ServiceName="Zone S2"), dict(kind="U", DeliveredEntryTime="08:00")]  # fmt: skip
    for cells in bad:
        assert send(oracle, visit(**cells)) == {"read": 1, "rejected": 1}, cells
    assert send(oracle, visit(NHSNumber="nhs-A3", OrganisationName="oak")) == {"read": 1, "new": 1}  # a stranger's
    assert send(oracle, visit(DeliveredExitTime="")) == {"read": 1, "updated": 1, "issues": 1}
    assert reason(oracle) == "delivered times missing" and oracle.dump("actuals") == []
    send(oracle, visit(ClientRef="nobody's"))
    assert reason(oracle) == "client not known"  # the first one given decides


@pytest.mark.parametrize(
    "cells",
    [
        dict(kind="E"),
        dict(kind="U"),
        dict(done="08:00-10:00"),
        dict(done="09:00-09:30"),
        dict(CarerRef="K9"),
        dict(DeliveredEntryTimeIsOverridden="Y"),
        dict(when=date(2022, 12, 2)),
        dict(kind="DHF"),
        dict(DeliveredVisitDate=""),
    ],
)
def test_data_quality_issues(cells):
    """5.11."""
    oracle = world()
    package(oracle)
    assert send(oracle, visit(**cells)) == {"read": 1, "new": 1, "issues": 1}
    assert send(oracle, visit(**cells)) == {"read": 1, "unchanged": 1, "issues": 1}


def test_issues_between_visits():
    """5.11: the same call twice, and one carer in two places."""
    oracle = world()
    package(oracle)
    oracle.load("carers", [row("carers", CarerRef="K1", Forename="A", Surname="B")], "OAK")
    assert send(oracle, visit("V1"), visit("V2")) == {"read": 2, "new": 2, "issues": 2}
    assert send(oracle, visit("V2", Comments="double-handed")) == {"read": 1, "updated": 1}
    both = [visit("W1", CarerRef="K1", Comments="Double-Handed"), visit("W2", SSRef="A2", CarerRef="K1")]
    assert send(oracle, *both) == {"read": 2, "new": 2, "issues": 2}


def test_matching_to_what_is_not_used_up():
    """5.8: slot, then quantity, then the first; every type uses quantity up."""
    oracle = world()
    package(oracle, 2, Quantity="1")
    package(oracle, 10, Quantity="1")
    kinds = ["H", "DHS", "DHS"]
    send(oracle, *[visit(f"V{n}", MONDAY + n * DAY, kind=kind) for n, kind in enumerate(kinds)])
    assert [reason(oracle, f"V{n}") for n in range(3)] == ["2", "10", "2"]
    package(oracle, 10, [("Mon", "08:00", "09:00", "1")])
    assert [reason(oracle, f"V{n}") for n in range(3)] == ["10", "2", "2"]


def test_overnight_belongs_to_its_planned_date():
    """5.8: Sunday night, across the end of the package and of the rate's week."""
    oracle = world()
    package(oracle, EndDate=MONDAY + 6 * DAY)
    oracle.load("rates", [row("rates", CPLIId="1", From=MONDAY + 7 * DAY, UnitCost="20")])
    send(oracle, visit(when=MONDAY + 6 * DAY, plan="22:00-07:00"))
    assert first(oracle, "actuals", WeekBeginning=MONDAY, Actual="9.00", Cost="145.44")


def test_planned_quantities():
    """3.5."""
    oracle = world(entry="weekly")
    package(oracle, 1, StartDate=MONDAY + 2 * DAY, Quantity="10", Frequency="2-Weekly")
    package(oracle, 2, [("Sun", "22:00", "07:00", "2"), ("Mon", "08:00", "08:20", "")], EndDate=MONDAY + 7 * DAY)
    oracle.generate(MONDAY + 14 * DAY)
    plans = {(r["CPLIId"], r["WeekBeginning"]): (r["Planned"], r["Visits"]) for r in oracle.dump("actuals")}
    assert plans == {
        ("1", "2022-10-03"): ("7.14", "0"), ("1", "2022-10-10"): ("0.00", "0"), ("1", "2022-10-17"): ("10.00", "0"),
        ("2", "2022-10-03"): ("18.33", "3"), ("2", "2022-10-10"): ("0.33", "1")}  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "paid_on", "cost"),
    [("weekly", "actuals", "105.00"), ("visits", "actuals", "96.42"), ("none", "planned", "105.00")],
)
def test_two_rates_in_a_week(entry, paid_on, cost):
    """4.2, 3.6: an actual at the mean of the days' rates, a visit at its day's, a plan by days."""
    oracle = world(entry=entry, paid=paid_on)
    package(oracle, Quantity="7", UnitCost="12")
    oracle.load("rates", [row("rates", CPLIId="1", From=MONDAY + 4 * DAY, UnitCost="19")])
    if entry == "visits":
        send(oracle, visit("V1", MONDAY, "08:00-13:00"), visit("V2", MONDAY + 5 * DAY, "08:00-09:55"))
    oracle.generate(MONDAY)
    assert paid(oracle, WeekBeginning=str(MONDAY))[0][4] == cost


def test_intermittent_allocation():
    """3.3, 4.6: never generated, and refused beyond the year's allocation."""
    oracle = world(entry="weekly", intermittent="1")
    assert package(oracle)["rejected"] == 1
    assert package(oracle, Frequency="Yearly", Quantity="10")["new"] == 1
    oracle.generate(MONDAY)
    assert oracle.dump("actuals") == []
    assert oracle.load("actuals", [actual(Actual="7")], "OAK")["new"] == 1
    assert oracle.load("actuals", [actual(Actual="4", week=MONDAY + 7 * DAY)], "OAK")["rejected"] == 1
    assert oracle.load("actuals", [actual(Actual="3", week=MONDAY + 7 * DAY)], "OAK")["new"] == 1
    assert first(oracle, "purchase-orders", FinancialYear="2022/2023")["Amount"] == "161.60"


def test_actuals_rows():
    """4.6, 4.7 and the file of interfaces.md."""
    oracle = world(entry="weekly")
    package(oracle)
    bad = [dict(Comments="", Actual="6"), dict(week=MONDAY + DAY), dict(week=MONDAY - 7 * DAY), dict(number=9),
           dict(Planned="6"), dict(UnitCost="16.1700"), dict(Cost="1.00")]  # fmt: skip
    for cells in bad:
        assert oracle.load("actuals", [actual(**cells)], "OAK")["rejected"] == 1, cells
    assert oracle.load("actuals", [actual()], "BRO")["rejected"] == 1
    good = actual(Comments="", Planned="7", UnitCost="16.16", Cost="113.12")
    assert oracle.load("actuals", [good], "OAK")["new"] == 1
    package(oracle, StartDate=MONDAY - DAY, EndDate=MONDAY - DAY)
    rows = oracle.dump("actuals")
    assert (rows[0]["UnitCost"], rows[0]["Cost"], rows[0]["Planned"]) == ("", "0.00", "0.00")  # 4.11
    assert oracle.load("actuals", rows, "OAK")["unchanged"] == 1


def test_visits_fed_rows_are_not_edited():
    oracle = world()
    package(oracle)
    send(oracle, visit())
    rows = oracle.dump("actuals")
    assert oracle.load("actuals", rows, "OAK")["unchanged"] == 1
    assert oracle.load("actuals", [rows[0] | {"Actual": "2.00", "Cost": ""}], "OAK")["rejected"] == 1
    assert oracle.load("actuals", [actual(week=MONDAY + 7 * DAY)], "OAK")["rejected"] == 1


def test_daily_rows_work_out_missed_and_extra():
    """4.5."""
    oracle = world(entry="daily")
    package(oracle)
    oracle.load("actuals", [actual(Actual="5", Frustrated="1", Missed="9")], "OAK")
    assert first(oracle, "actuals", Missed="1.00", Extra="0.00")
    oracle.load("actuals", [actual(Actual="8")], "OAK")
    assert first(oracle, "actuals", Missed="0.00", Extra="1.00")


def test_adjustments_and_their_reasons():
    """7.3: judged against what held when the contract was last finalised; VAT with them."""
    oracle = world(vat="20")
    package(oracle)
    send(oracle, visit())
    oracle.finalise(MONDAY + 13 * DAY)
    assert paid(oracle, Status="Finalised") == [("2022-10-03", "2022-10-03", "cost", "", "16.16", "3.23")]
    send(oracle, visit(done="08:00-09:30", Comments="late"))
    assert paid(oracle, Status="Current") == [
        ("2022-10-17", "2022-10-03", "adjustment", "visits changed", "8.08", "1.62")]  # fmt: skip
    oracle.load("rates", [row("rates", CPLIId="1", From=MONDAY, UnitCost="20")])
    assert paid(oracle, Status="Current")[0][3:] == ("rate changed", "13.84", "2.77")
    package(oracle, Discount="10")
    assert paid(oracle, Status="Current")[0][3:] == ("package changed", "10.84", "2.17")
    oracle.finalise(MONDAY + 27 * DAY)
    assert paid(oracle, Status="Current") == []
    package(oracle, Discount="10", Authorised="0")
    assert paid(oracle, Status="Current")[0][0:] == (
        "2022-10-31", "2022-10-03", "adjustment", "package changed", "-27.00", "-5.40")  # fmt: skip
    assert first(oracle, "purchase-orders") is None


def test_late_package_and_moved_minutes():
    """5.9, 7.3: a package that comes late takes its visits, and each gets its adjustment."""
    oracle = world()
    package(oracle, 1, Quantity="1")
    send(oracle, visit(plan="12:00-12:30"))
    oracle.finalise(MONDAY + 13 * DAY)
    package(oracle, 2, [("Mon", "12:00", "12:30", "")], UnitCost="20")
    assert sorted(p[3:5] for p in paid(oracle, Status="Current")) == [
        ("package changed", "10.00"), ("visits changed", "-8.08")]  # fmt: skip


def test_contributions():
    """7.4: each week, off weeks too, without VAT or discount; differences are again of kind contribution."""
    oracle = world(paid="planned", entry="none", vat="20")
    package(oracle, StartDate=MONDAY + 2 * DAY, Frequency="2-Weekly", Quantity="1", Contribution="10", Discount="50")
    start = str(MONDAY)
    assert paid(oracle, PeriodStart=start) == [
        (start, start, "cost", "", "5.77", "1.15"), (start, start, "contribution", "", "-7.14", "0.00"),
        (start, "2022-10-10", "contribution", "", "-10.00", "0.00")]  # fmt: skip
    oracle.finalise(MONDAY + 13 * DAY)
    package(oracle, StartDate=MONDAY + 2 * DAY, Frequency="2-Weekly", Quantity="1", Contribution="3", Discount="50")
    assert paid(oracle, Kind="contribution", WeekBeginning=start)[1][3:] == ("package changed", "5.00", "0.00")


def test_one_off_and_invoice():
    """7.2."""
    oracle = world(vat="20")
    assert package(oracle, ServiceLevelRef="EQ")["rejected"] == 1
    package(oracle, ServiceLevelRef="EQ", Frequency="One-off", UnitCost="7.5", Quantity="2", StartDate=MONDAY + 3 * DAY)
    assert paid(oracle) == [("2022-10-03", "2022-10-03", "cost", "", "15.00", "3.00")]
    assert first(oracle, "purchase-orders")["Amount"] == "15.00"
    oracle = world(basis="invoice", paid="planned", entry="none")
    package(oracle, Contribution="5")
    assert paid(oracle) == [] and first(oracle, "purchase-orders")


def test_what_finalising_fixes():
    """3.9, 7.1."""
    oracle = world(paid="planned", entry="none")
    package(oracle)
    oracle.finalise(MONDAY + 12 * DAY)
    assert package(oracle, SSRef="A2")["updated"] == 1
    oracle.finalise(MONDAY + 27 * DAY, "C1")
    assert {r["PeriodStart"] for r in oracle.dump("payments") if r["Status"] == "Finalised"} == {
        "2022-10-03", "2022-10-17"}  # fmt: skip
    for cells in (dict(SSRef="A1"), dict(SSRef="A2", ServiceRef="S2"), dict(SSRef="A2", ServiceLevelRef="RC")):
        assert package(oracle, **cells)["rejected"] == 1
    assert package(oracle, SSRef="A2", Quantity="8")["updated"] == 1
    contract = row("contracts", ContractRef="C1", ContractName="C1", OrganisationRef="OAK", ContractType="DAPL",
                   PaymentCycle="CY")  # fmt: skip
    assert oracle.load("contracts", [contract | {"VatRate": "20"}])["rejected"] == 1
    assert oracle.load("contracts", [contract | {"ContractName": "new"}])["updated"] == 1
    earlier = row("payment-periods", PaymentCycle="CY", StartDate="2022-09-26", EndDate="2022-10-02")
    later = row("payment-periods", PaymentCycle="CY", StartDate="2022-12-26", EndDate="2023-01-01")
    assert oracle.load("payment-periods", [earlier, later])["rejected"] == 1


def test_weeks_before_the_first_period_are_never_paid():
    """7.1."""
    oracle = world(first=MONDAY + DAY, paid="planned", entry="none")
    package(oracle)
    assert min(r["WeekBeginning"] for r in oracle.dump("payments")) == "2022-10-10"


def test_orders_over_the_year_end():
    """6.1: one line for each rate row, and what was spent in the year of the period."""
    oracle = world(today=date(2023, 5, 1), first=date(2023, 3, 20), paid="planned", entry="none")
    package(oracle, StartDate="2023-03-20", EndDate="2023-04-16", Quantity="7", UnitCost="10", Discount="10")
    oracle.load("rates", [row("rates", CPLIId="1", From="2023-04-10", UnitCost="20")])
    oracle.finalise(date(2023, 4, 16))
    lines = [(r["FinancialYear"], r["From"], r["To"], r["UnitCost"], r["Amount"], r["SpendToDate"])
             for r in oracle.dump("purchase-orders")]  # fmt: skip
    assert lines == [
        ("2022/2023", "2023-03-20", "2023-03-31", "10.0000", "108.00", "126.00"),
        ("2023/2024", "2023-04-01", "2023-04-09", "10.0000", "81.00", "189.00"),
        ("2023/2024", "2023-04-10", "2023-04-16", "20.0000", "126.00", "189.00")]  # fmt: skip
