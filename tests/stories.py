"""Random stories: a small authority, then late visits, backdated changes, edits and finalised periods in any order.

A story is plain data: the `today` to start from, and steps `("load", kind, rows, organisation)`,
`("generate", until, service)`, `("finalise", until, contract)`, `("dump-check",)`; and what an officer does by hand:
`("hold", contract, scope, value, state, nth current period)` of a client, a line (CPLI, week, kind) or all,
`("release", contract, client)`, `("adjust", contract, amount, with VAT, client)`; `("claim", contract, amount, client)`
is a one-off claim that is accepted.
Rows hold every column of their file as text, as a file would. What the rules leave open is not drawn.
"""

from datetime import date, timedelta

from hypothesis import strategies as st

DAY = timedelta(days=1)
COLUMNS = {
    "organisations": "OrganisationRef OrganisationName Address1 Address2 Address3 Town County Postcode Telephone Email "
    "LimitedAccessibility",
    "service-levels": "ServiceLevelRef ServiceLevelName Unit PaidOn Entry Intermittent VisitsWanted ServiceGroupClass",
    "services": "ServiceRef ServiceName OrganisationRef ServiceType Address1 Address2 Address3 Town County Postcode "
    "Telephone Email StartDate EndDate",
    "payment-periods": "PaymentCycle StartDate EndDate CutOff",
    "contracts": "ContractRef ContractName OrganisationRef ContractType PaymentCycle VatRate PaymentBasis "
    "PaymentMethod",
    "clients": "SSRef Surname Forename ClientRef Title DateOfBirth DateOfDeath Gender NHSNumber NINumber Address1 "
    "Address2 Address3 Town County Postcode",
    "packages": "CPLIId SSRef ServiceRef ServiceLevelRef ContractRef StartDate EndDate Quantity Frequency UnitCost "
    "Authorised CarePackageRef Discount Contribution PricingBasis CostCentre Subjective",
    "rates": "CPLIId From UnitCost",
    "timetables": "CPLIId Weekday EntryTime ExitTime Carers",
    "carers": "CarerRef Forename Surname StartDate EndDate",
    "actuals": "CPLIId WeekBeginning SSRef Client ServiceName ServiceLevel Unit Planned Actual Frustrated Missed Extra "
    "Visits UnitCost Cost Comments Source Locked",
    "visits": "VisitRef Deleted PlannedVisitDate PlannedEntryTime PlannedExitTime VisitType DeliveredVisitDate "
    "DeliveredEntryTime DeliveredEntryTimeIsOverridden DeliveredEntryTimeOverrideReason DeliveredExitTime "
    "DeliveredExitTimeIsOverridden DeliveredExitTimeOverrideReason VarianceReason Comments ClientRef SSRef NHSNumber "
    "ServiceLevelRef ServiceLevel CarerRef ServiceRef ServiceName OrganisationRef OrganisationName",
}

# Reference, name, unit, paid on, entry, intermittent.
LEVELS = {
    "PC": ("Personal Care", "Hours", "actuals", "visits", "0"),
    "NS": ("Night Sitting", "Hours", "actuals", "visits", "0"),
    "DO": ("Day Opportunities", "Hours", "actuals", "weekly", "0"),
    "SE": ("Sessions", "Session", "actuals", "daily", "0"),
    "OU": ("Outreach", "Hours", "actuals", "daily", "0"),
    "RC": ("Residential Care", "Placement", "planned", "none", "0"),
    "EC": ("Extra Care", "Hours", "planned", "weekly", "0"),
    "EQ": ("Equipment", "Payment", "one-off", "none", "0"),
    "SB": ("Short Breaks", "Night", "actuals", "weekly", "1"),
}
TIMETABLED = ("PC", "NS", "DO", "OU", "EC")
SERVICES = {"S1": ("Oakfield North", "OAK"), "S2": ("Oakfield, South", "OAK"), "S3": ("Brook House", "BRO")}
ORGANISATIONS = {"OAK": "Oakfield Care", "BRO": "O'Brook & Sons"}
NAMES = [("O'Neil", "Ann"), ("=Smith", "Bob"), ("Gamble, Jr", "Cy"), ("Fox", "+Di"), ("'-Day", "Ed"), ("Øre", "Flo")]
COMMENTS = ["", "late", "Double-Handed - 2nd carer", "=1+1", "'=quoted", "-5", "stayed, then left"]
WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
# Overnight slots among them, one in the hour that a clock change repeats or leaves out, one of 20 minutes.
SLOTS = [("08:00", "09:00"), ("12:00", "12:45"), ("19:30", "20:00"), ("22:00", "07:00"), ("23:30", "00:15"),
         ("00:30", "02:30"), ("01:15", "01:45")]  # fmt: skip
ODD_SLOT = ("07:20", "07:40")
# Within twelve weeks of these lie a clock change, or the first of April, or neither.
FIRST_MONDAYS = [date(2026, 9, 14), date(2026, 10, 5), date(2027, 2, 8), date(2027, 3, 1), date(2026, 6, 1)]
CLOCK_CHANGES = [date(2026, 10, 25), date(2027, 3, 28)]


def row(kind, **cells):
    """A row with every column of its file."""
    blank = dict.fromkeys(COLUMNS[kind].split(), "")
    assert cells.keys() <= blank.keys(), cells.keys() - blank.keys()
    return blank | {column: str(cell) for column, cell in cells.items()}


def often(common, *rare):
    """Mostly the first."""
    return st.sampled_from([common] * (3 + 2 * len(rare)) + list(rare))


def seldom(common, *mistakes):
    """A mistake once in twenty-five times: with ten such columns, most rows are good and most files have a bad one."""
    return st.integers(0, 24).flatmap(lambda n: st.sampled_from(mistakes) if n == 13 else st.just(common))


def once_in(draw, n):
    """True about once in n times; not by an end of the range, which is drawn more often than its share."""
    return draw(st.integers(0, n - 1)) == n // 2


def days(first, last):
    return st.integers(0, (last - first).days).map(lambda n: first + n * DAY)


def periods(draw, first):
    """Three cycles: of four weeks, of two, and of dates that begin on any day."""
    rows = []
    lengths = {"4W": [28] * 4, "2W": [14] * 8, "IRR": draw(st.lists(st.integers(5, 31), min_size=5, max_size=6))}
    for cycle, spans in lengths.items():
        start = first + (draw(st.integers(0, 9)) if cycle == "IRR" else 0) * DAY
        for length in spans:
            rows.append(row("payment-periods", PaymentCycle=cycle, StartDate=start, EndDate=start + (length - 1) * DAY))
            start += length * DAY
    return rows


def contracts(draw):
    rows = [
        ("C1", "OAK", "DAPL", "4W", draw(st.sampled_from(["0", "20"])), "portal"),
        ("C2", "OAK", "LWAH", "2W", draw(st.sampled_from(["20", "0", "17.5"])), draw(often("portal", "invoice"))),
        ("C3", "BRO", "DAPL", draw(st.sampled_from(["IRR", "2W"])), draw(st.sampled_from(["", "20"])), ""),
    ]
    return [
        row("contracts", ContractRef=ref, ContractName=f"Contract {ref}", OrganisationRef=owner, ContractType=kind,
            PaymentCycle=cycle, VatRate=vat, PaymentBasis=basis)
        for ref, owner, kind, cycle, vat, basis in rows
    ]  # fmt: skip


def package(draw, number, levels, clients, first):
    """A package that the rules accept, most times."""
    level = draw(st.sampled_from(levels))
    service, contract = draw(st.sampled_from([("S1", "C1"), ("S2", "C1"), ("S1", "C2"), ("S2", "C2"), ("S3", "C3")]))
    frequency = {"EQ": st.just("One-off"), "SB": st.just("Yearly"), "RC": often("Weekly", "2-Weekly", "One-off")}.get(
        level, often("Weekly", "2-Weekly", "3-Weekly"))  # fmt: skip
    frequency = draw(frequency)
    start = draw(st.one_of(days(first - 9 * DAY, first + 5 * DAY), days(first - 9 * DAY, first + 35 * DAY)))
    end = days(start, first + 100 * DAY)
    end = start if frequency == "One-off" else draw(st.one_of(st.none(), st.none(), end))
    return row(
        "packages", CPLIId=number, SSRef=draw(st.sampled_from(clients)), ServiceRef=service, ServiceLevelRef=level,
        ContractRef=contract, StartDate=start, EndDate=end or "", Frequency=frequency,
        Quantity=draw(st.sampled_from(["1", "3.5", "7", "14", "5", "0.75", "10.01"])),
        UnitCost=draw(st.sampled_from(["16.16", "23.2260", "23.77", "646.06", "0.3333"])),
        Authorised=draw(often("1", "Y", "no")), CarePackageRef=f"P{number}",
        Discount=draw(often("", "10", "33.33")), Contribution=draw(often("", "12.34", "0.01")),
    )  # fmt: skip


def timetable(draw, packages):
    """The timetables of one or two packages by the hour; times of 20 minutes not where days are entered."""
    rows = []
    for p in draw(st.lists(st.sampled_from(packages), min_size=1, max_size=2, unique_by=lambda p: p["CPLIId"])):
        times = SLOTS if p["ServiceLevelRef"] == "OU" else [*SLOTS, ODD_SLOT]
        chosen = st.tuples(st.sampled_from(WEEKDAYS), st.sampled_from(times))
        for weekday, (entry, leave) in draw(st.lists(chosen, min_size=1, max_size=4, unique=True)):
            rows.append(row("timetables", CPLIId=p["CPLIId"], Weekday=weekday, EntryTime=entry, ExitTime=leave,
                            Carers=draw(st.sampled_from(["", "1", "2"]))))  # fmt: skip
    return rows


def spelt(draw, when):
    """A date in one of the spellings of rule 5.2."""
    return when.strftime(draw(st.sampled_from(["%d/%m/%Y", "%d-%b-%y", "%Y-%m-%d", "%d %m %Y"])))


def shifted(at, by):
    total = (int(at[:2]) * 60 + int(at[3:5]) + by) % 1440
    return f"{total // 60:02}:{total % 60:02}"


def visit(draw, ref, again, organisation, packages, clients, levels, first):
    """One row of a visits file, of a package most times, with whatever providers do to such rows."""
    if once_in(draw, 4 if again else 40):
        return row("visits", VisitRef=ref, Deleted="1", SSRef=draw(st.sampled_from(["", "", "", *clients[:2]])))
    own = [p for p in packages if SERVICES[p["ServiceRef"]][1] == organisation]
    own = [p for p in own if LEVELS[p["ServiceLevelRef"]][3] == "visits"]
    p = draw(st.sampled_from(own)) if own and not once_in(draw, 12) else None
    ssref = p["SSRef"] if p else draw(st.sampled_from([*clients, "Z999"]))
    level = p["ServiceLevelRef"] if p else draw(seldom("PC", *levels))
    offered = [ref for ref, (_, owner) in SERVICES.items() if owner == organisation]
    service = draw(seldom(draw(st.sampled_from(["", "", p["ServiceRef"] if p else "", *offered])), *SERVICES))
    planned = draw(st.one_of(days(first - 5 * DAY, first + 70 * DAY), days(first, first + 20 * DAY),
                             days(first, first + 20 * DAY)))  # fmt: skip
    if once_in(draw, 8):
        near = [change for change in CLOCK_CHANGES if first <= change <= first + 80 * DAY]
        planned = draw(st.sampled_from([*near, planned])) - draw(st.integers(0, 1)) * DAY
    entry, leave = draw(st.sampled_from([*SLOTS, ODD_SLOT]))
    kind = draw(st.sampled_from(["DHS"] * 6 + ["DHF", "dhf", "E", "E", "U", "C", "C24", "H"]))
    cells = dict(VisitRef=ref, PlannedVisitDate=spelt(draw, planned), PlannedEntryTime=entry, VisitType=kind,
                 PlannedExitTime=draw(seldom(leave, leave + ":00", entry)), Deleted=draw(often("", "0")))  # fmt: skip
    delivers = kind.upper() in ("DHS", "DHF", "E")
    if delivers != once_in(draw, 30):
        late, longer = draw(st.sampled_from([0, 0, 2, -10, 30])), draw(st.sampled_from([0, 0, 3, -5, 63, 120]))
        cells |= dict(DeliveredVisitDate=spelt(draw, planned), DeliveredEntryTime=shifted(entry, late),
                      DeliveredExitTime=shifted(leave, late + longer) + draw(often("", ":29", ":30")))  # fmt: skip
        if once_in(draw, 15):
            cells[draw(st.sampled_from(["DeliveredVisitDate", "DeliveredEntryTime", "DeliveredExitTime"]))] = ""
    known = {"SSRef": ssref, "ClientRef": f"guid-{ssref}", "NHSNumber": f"485 {ssref}"}
    for column in draw(st.sampled_from([["SSRef"]] * 6 + [["ClientRef"], ["NHSNumber"], ["SSRef", "ClientRef"]])):
        cells[column] = draw(seldom(known[column], ""))
    if once_in(draw, 20):  # a second identifier, of another client or of nobody
        cells["NHSNumber"] = draw(st.sampled_from([f"485 {other}" for other in clients] + ["999"]))
    if draw(st.booleans()):
        cells["ServiceLevelRef"] = draw(seldom(level, "XX"))
    else:
        name = LEVELS[level][0]
        cells["ServiceLevel"] = draw(st.sampled_from([name, name, name.upper(), f" {name.lower()} "]))
    if service:
        by_name = draw(st.booleans())
        cells |= {"ServiceName": SERVICES[service][0].upper()} if by_name else {"ServiceRef": service}
    cells["OrganisationRef"] = draw(seldom(draw(often("", organisation)), "BRO"))
    cells["CarerRef"] = draw(st.sampled_from(["", "", "K1", "K2", "K9"]))
    cells["Comments"] = draw(st.sampled_from(COMMENTS))
    if once_in(draw, 10):
        cells["DeliveredExitTimeIsOverridden"] = draw(st.sampled_from(["1", "yes", "N"]))
        cells["DeliveredExitTimeOverrideReason"] = draw(st.sampled_from(["", "phone flat"]))
    return row("visits", **cells)


def actual(draw, p, first):
    """An edit of a week: balanced, unbalanced, without its comment, on the wrong day, of a package fed by visits."""
    amounts = st.sampled_from(["0", "0", "0", "1", "0.5", "3.5"])
    done = st.sampled_from(["0", "0.25", "1"] if p["ServiceLevelRef"] == "SB" else ["0", "2.5", "3.5", "7", "13"])
    weeks = draw(st.sampled_from([*range(2, 6), *range(2, 6), *range(-1, 11)]))
    week = first + (7 * weeks + draw(seldom(0, 1))) * DAY
    return row(
        "actuals", CPLIId=p["CPLIId"], WeekBeginning=week, Actual=draw(done),
        Frustrated="0" if p["ServiceLevelRef"] == "SB" else draw(amounts), Missed=draw(amounts), Extra=draw(amounts),
        Visits=draw(st.sampled_from(["0", "3"])), UnitCost=draw(seldom("", p["UnitCost"])),
        Comments=draw(often("agreed", *COMMENTS)),
    )  # fmt: skip


def changed(draw, p, first, clients):
    """A backdated change of one thing, as the authority would load it."""
    start = date.fromisoformat(p["StartDate"])
    one_off = p["Frequency"] == "One-off"
    options = {
        "Quantity": st.sampled_from(["2", "7", "21", "3.33"]),
        "UnitCost": st.sampled_from(["16.16", "17.00", "24.9999"]),
        "Discount": st.sampled_from(["", "5", "12.5"]),
        "Contribution": st.sampled_from(["", "20", "3.21"]),
        "Authorised": st.sampled_from(["0", "1"]),
        "EndDate": st.just(p["StartDate"]) if one_off else st.one_of(
            st.just(""), days(start, first + 70 * DAY).map(str), st.just(str(start - DAY))),
        "StartDate": st.just(p["StartDate"]) if one_off else days(first - 5 * DAY, first + 30 * DAY).map(str),
        "ContractRef": st.sampled_from(["C1", "C2", "C3"]),
        "SSRef": st.sampled_from([*clients, "Z999"]),
        "Frequency": st.just(p["Frequency"]) if one_off else often("Weekly", "2-Weekly", "Yearly", "One-off"),
    }  # fmt: skip
    column = draw(st.sampled_from(["Quantity", "UnitCost", "Discount", "EndDate", "EndDate", *options]))
    if column == "Frequency" and LEVELS[p["ServiceLevelRef"]][2:4] != ("planned", "none"):
        options["Frequency"] = st.sampled_from(["Weekly", "2-Weekly", "Yearly"])
    return p | {column: draw(options[column])}


@st.composite
def stories(draw):
    first = draw(st.sampled_from(FIRST_MONDAYS))
    today = first + draw(st.integers(60, 80)) * DAY
    clients = [f"A{n}" for n in range(1, draw(st.integers(3, 6)) + 1)]
    others = st.sampled_from(sorted(set(LEVELS) - {"PC", "DO"}))
    levels = ["PC", "DO", *draw(st.lists(others, min_size=2, max_size=4, unique=True))]
    packages = {str(n): package(draw, n, ["PC", "PC", *levels], clients, first) for n in range(
        1, draw(st.integers(4, 8)) + 1)}  # fmt: skip
    sent, finalises = {"OAK": [], "BRO": []}, []

    def timetabled():
        return [p for p in packages.values() if p["ServiceLevelRef"] in TIMETABLED]

    def some_packages(most):
        return draw(st.lists(st.sampled_from(list(packages.values())), min_size=1, max_size=most,
                             unique_by=lambda p: p["CPLIId"]))  # fmt: skip

    def load_visits():
        organisation = draw(often("OAK", "BRO"))
        # A reference is new or was sent before, so that visits are changed, moved, deleted and sent again.
        known, refs, before = sent[organisation], [], list(sent[organisation])
        for _ in range(draw(st.integers(2, 8))):
            fresh = f"V{len(known) + 1}"
            refs.append(draw(st.sampled_from([fresh, draw(st.sampled_from([*known, fresh]))])))
            known += [ref for ref in refs[-1:] if ref not in known]
        refs = refs if once_in(draw, 20) else list(dict.fromkeys(refs))
        rows = [visit(draw, ref, ref in before, organisation, list(packages.values()), clients, levels, first)
                for ref in refs]  # fmt: skip
        if once_in(draw, 6):  # a second carer at the same call
            rows.append(rows[0] | {"VisitRef": rows[0]["VisitRef"] + "b", "CarerRef": "K2"})
        return "load", "visits", rows, organisation

    def load_packages():
        rows = [changed(draw, p, first, clients) for p in some_packages(2)]
        if once_in(draw, 3):
            number = len(packages) + 1
            rows.append(package(draw, number, ["PC", *levels], clients, first))
        for p in rows:  # what was refused is tried again with the next change, which is as good
            bad = p["EndDate"] and p["EndDate"] < p["StartDate"]
            if not bad and p["SSRef"] in clients:
                packages[p["CPLIId"]] = p
        return "load", "packages", rows, None

    def load_rates():
        rows = []
        for p in some_packages(2):
            rate = draw(st.sampled_from(["17.5", "23.79", "0", "18.1234"]))
            start = draw(st.one_of(days(first - 3 * DAY, first + 25 * DAY), days(first, first + 60 * DAY)))
            rows.append(row("rates", CPLIId=p["CPLIId"], From=start, UnitCost=rate))
        return "load", "rates", rows, None

    def load_timetables():
        return ("load", "timetables", timetable(draw, timetabled()), None) if timetabled() else ("dump-check",)

    def load_actuals():
        good = [p for p in packages.values() if LEVELS[p["ServiceLevelRef"]][3] in ("weekly", "daily")]
        good = [p for p in good if p["Authorised"] in ("1", "Y")] or list(packages.values())
        organisation = SERVICES[draw(st.sampled_from(good))["ServiceRef"]][1]
        good = [p for p in good if SERVICES[p["ServiceRef"]][1] == organisation]
        chosen = [draw(st.sampled_from(list(packages.values()) if once_in(draw, 10) else good))
                  for _ in range(draw(st.integers(1, 4)))]  # fmt: skip
        rows = [actual(draw, p, first) for p in chosen]
        # Two rows of one allocation in one file would depend on their order, which no rule settles.
        rows = [r for n, r in enumerate(rows) if r["CPLIId"] not in [other["CPLIId"] for other in rows[:n]]
                or packages[r["CPLIId"]]["ServiceLevelRef"] != "SB"]  # fmt: skip
        return "load", "actuals", rows, organisation

    def generate():
        return "generate", draw(days(first, first + 80 * DAY)), draw(st.sampled_from([None, None, *SERVICES]))

    def finalise():
        # Each reaches a little further, so that adjustments are themselves finalised and then corrected again.
        finalises.append(min(len(finalises) * 12 + 20, 50))
        until = draw(days(first + finalises[-1] * DAY, first + (finalises[-1] + 10) * DAY))
        return "finalise", until, draw(often(None, "C1", "C2", "C3"))

    def hold():
        p = draw(st.sampled_from(list(packages.values())))
        scope = draw(st.sampled_from(["client", "client", "line", "all"]))
        value = draw(seldom(p["SSRef"], *clients)) if scope == "client" else ""
        if scope == "line":
            kind = draw(often("cost", "contribution"))
            value = (int(p["CPLIId"]), first + 7 * draw(st.integers(0, 8)) * DAY, kind)
        state = draw(st.sampled_from(["Suspended", "Suspended", "Carried forward", "Cancelled"]))
        return "hold", p["ContractRef"], scope, value, state, draw(often(0, 1))

    def release():
        p = draw(st.sampled_from(list(packages.values())))
        return "release", p["ContractRef"], draw(st.sampled_from([None, p["SSRef"]]))

    def adjust():
        amount = draw(st.sampled_from(["100", "12.35", "-12.35", "-0.01", "1003.33"]))
        return (
            "adjust",
            draw(often("C1", "C2", "C3")),
            amount,
            draw(st.booleans()),
            draw(st.sampled_from(["", *clients])),
        )

    def claim():
        amount = draw(st.sampled_from(["11.89", "47.54", "0.03", "1003.33"]))
        return "claim", draw(often("C1", "C2", "C3")), amount, draw(st.sampled_from(clients))

    def load_carers():
        carer = row("carers", CarerRef="K9", Forename="Kay", Surname="Late")
        return "load", "carers", [carer], draw(often("OAK", "BRO"))

    steps = [
        ("load", "organisations", [row("organisations", OrganisationRef=ref, OrganisationName=name)
                                   for ref, name in ORGANISATIONS.items()], None),
        ("load", "service-levels", [
            row("service-levels", ServiceLevelRef=ref, ServiceLevelName=name, Unit=unit, PaidOn=paid, Entry=entry,
                Intermittent=intermittent)
            for ref, (name, unit, paid, entry, intermittent) in LEVELS.items() if ref in levels], None),
        ("load", "services", [row("services", ServiceRef=ref, ServiceName=name, OrganisationRef=owner)
                              for ref, (name, owner) in SERVICES.items()], None),
        ("load", "payment-periods", periods(draw, first), None),
        ("load", "contracts", contracts(draw), None),
        ("load", "clients", [row("clients", SSRef=ref, Surname=surname, Forename=forename, ClientRef=f"guid-{ref}",
                                 NHSNumber=f"485 {ref}")
                             for ref, (surname, forename) in zip(clients, NAMES, strict=False)], None),
        ("load", "packages", list(packages.values()), None),
    ]  # fmt: skip
    if timetabled():
        steps.append(load_timetables())
    for organisation in ORGANISATIONS:
        carers = [row("carers", CarerRef=ref, Forename=ref, Surname="Carer") for ref in ("K1", "K2")]
        steps.append(("load", "carers", carers, organisation))
    events = [load_visits, load_visits, load_visits, load_packages, load_packages, load_packages, load_rates,
              load_timetables, load_actuals, load_actuals, generate, finalise, finalise, load_carers, hold, hold, hold,
              release, release, adjust, adjust, claim, claim]  # fmt: skip
    # Something is sent and paid early on, so that most of what follows corrects a finalised week; some of it is held.
    early = [load_visits, generate, *draw(st.sampled_from([[], [hold, hold, adjust], [hold, hold, release]])), finalise]
    early += draw(st.sampled_from([[], [release, release], [finalise, release]]))
    for event in [*early, *draw(st.permutations(events))[: draw(st.integers(4, 18))]]:
        steps.append(event())
        if once_in(draw, 4):
            steps.append(("dump-check",))
    return today, [*steps, ("dump-check",)]
