"""What the oracle needs to read and write the files, and rule 1: cells, keys, instants. No rule of money is here."""
# fmt: off
# isort: off

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

LONDON, DAY, WEEK, ZERO = ZoneInfo("Europe/London"), timedelta(days=1), timedelta(days=7), Fraction(0)
words = str.split
WEEKDAYS, MONTHS = words("Mon Tue Wed Thu Fri Sat Sun"), words("jan feb mar apr may jun jul aug sep oct nov dec")
VISIT_COLUMNS = words("""VisitRef Deleted PlannedVisitDate PlannedEntryTime PlannedExitTime VisitType DeliveredVisitDate
    DeliveredEntryTime DeliveredEntryTimeIsOverridden DeliveredEntryTimeOverrideReason DeliveredExitTime
    DeliveredExitTimeIsOverridden DeliveredExitTimeOverrideReason VarianceReason Comments ClientRef SSRef NHSNumber
    ServiceLevelRef ServiceLevel CarerRef ServiceRef ServiceName OrganisationRef OrganisationName""")
KEYS = {"organisations": "OrganisationRef", "service-levels": "ServiceLevelRef", "services": "ServiceRef",
        "payment-periods": "PaymentCycle StartDate", "contracts": "ContractRef", "clients": "SSRef",
        "packages": "CPLIId", "rates": "CPLIId From", "timetables": "CPLIId Weekday EntryTime ExitTime",
        "visits": "VisitRef", "carers": "CarerRef", "actuals": "CPLIId WeekBeginning"}
# Which file a reference in another file must be known from.
REFERENCES = {column: kind for kind, column in KEYS.items() if kind in words(
    "organisations service-levels services contracts clients packages")}

# Cells (5.2)

def day(text):
    if re.fullmatch(r"\d{4}-\d\d-\d\d|", text):
        return date.fromisoformat(text) if text else None
    days, _, month, year = re.fullmatch(r"(\d\d?)([-/ ])(\d\d|[A-Za-z]{3})\2(\d{4}|\d\d)", text).groups()
    return date(int(year if len(year) == 4 else "20" + year),
                int(month) if month.isdigit() else MONTHS.index(month.lower()) + 1, int(days))

def clock(text): return time(*map(int, text.split(":"))) if text else None
def amount(text): return Fraction(text or 0)
def flag(text): return text.lower() in ("1", "y", "yes", "true")

READERS = {
    **dict.fromkeys(words("StartDate EndDate From WeekBeginning PlannedVisitDate DeliveredVisitDate"), day),
    **dict.fromkeys(words("EntryTime ExitTime PlannedEntryTime PlannedExitTime DeliveredEntryTime"), clock),
    **dict.fromkeys(words("Quantity UnitCost Contribution Planned Actual Frustrated Missed Extra Cost"), amount),
    **dict.fromkeys(words("Authorised Intermittent Deleted DeliveredEntryTimeIsOverridden"), flag),
    "DeliveredExitTime": clock, "DeliveredExitTimeIsOverridden": flag, "Discount": amount, "VatRate": amount,
    "Carers": lambda text: int(text or 1), "CPLIId": int, "Visits": lambda text: int(text or 0),
    "PaymentBasis": lambda text: text or "portal", "VisitType": str.upper}

def pick(record, columns): return {column: record[column] for column in words(columns)}
def parse(row): return {column: READERS.get(column, str)(cell) for column, cell in row.items()}

# What a record holds where its file has no such column.
BLANK = parse(dict.fromkeys(words("""StartDate EndDate ClientRef NHSNumber Intermittent VisitsWanted VatRate
    PaymentBasis Authorised Discount Contribution"""), ""))

def half_up(value, places=2):
    """Half up of the absolute value (2.2)."""
    digits = (abs(Fraction(value)) * 10**places + Fraction(1, 2)).__floor__()
    return Fraction(digits if value >= 0 else -digits, 10**places)

def written(column, cell, dates):
    """A cell of a file that leaves, with an apostrophe before what a spreadsheet would take for a formula."""
    if isinstance(cell, Fraction):
        places = 4 if column == "UnitCost" else 2
        return f"{Decimal(int(half_up(cell, places) * 10**places)).scaleb(-places):f}"
    if isinstance(cell, (date, time)):
        return cell.strftime("%H:%M:%S" if isinstance(cell, time) else dates)
    text = "" if cell is None else str(int(cell) if isinstance(cell, bool) else cell)
    formula = re.match(r"'*[=+\-@\t\r]", text) and not re.fullmatch(r"[+-]\d+(\.\d+)?", text)
    return "'" + text if formula else text

def refuse(wrong, why):
    if wrong:
        raise ValueError(why)

# Time (section 1)

def monday(when): return when - when.weekday() * DAY
def mondays(first, last): return [d for d in days_from(first, last) if d.weekday() == 0]
def days_from(first, last): return [first + n * DAY for n in range((last - first).days + 1)]
def year_of(when): return when.year - (when < date(when.year, 4, 1))
def overlap(one, two): return one[0] < two[1] and two[0] < one[1]

def instant(when, at):
    """The first of two equal wall times; refused where it does not occur (1.3)."""
    wall = datetime.combine(when, at)
    refuse(wall.replace(tzinfo=LONDON).astimezone(UTC).astimezone(LONDON).replace(tzinfo=None) != wall, "no such time")
    return wall.replace(tzinfo=LONDON).astimezone(UTC)

def span(visit, which):
    """From entry to exit, Planned or Delivered; None unless all three are given (1.3)."""
    when, entry, leave = (visit[which + part] for part in words("VisitDate EntryTime ExitTime"))
    if None in (when, entry, leave):
        return None
    refuse(entry == leave, "entry equal to exit")
    return instant(when, entry), instant(when + DAY if leave < entry else when, leave)

def minutes(between):
    return int(half_up(Fraction((between[1] - between[0]) // timedelta(seconds=1), 60), 0)) if between else 0
