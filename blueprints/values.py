"""Single values: from the text of a cell or a field, and to text for screens and files. Knows no area.

Whole numbers only: money is pence, a quantity hundredths, a rate ten-thousandths of a pound, a percentage hundredths
of a per cent, a time of day seconds since midnight (rule 2.1). Each reader takes text without outer spaces, as
`sheets` gives it, and raises `Expected`. Readers remember what they have read: a file repeats its dates and times
hundreds of thousands of times.
"""

import datetime
import difflib
import re
from functools import lru_cache


class Expected(ValueError):
    """A value that cannot be read. Its text completes the sentence "expected …"."""


# Dates and times

# Spelt out, because the calendar module speaks the server's language.
_LONG_MONTHS = [
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
]
_MONTHS = {name[:3].lower(): number for number, name in enumerate(_LONG_MONTHS, 1)}
_DAY_FIRST = re.compile(r"([0-9]{1,2})([-/ ])([0-9]{2}|[A-Za-z]{3})\2([0-9]{4}|[0-9]{2})")
_YEAR_FIRST = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_SLASHES = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")


def _date(year, month, day, wanted):
    try:
        return datetime.date(int(year), int(month), int(day))
    except ValueError:
        raise Expected(f"{wanted} that is in the calendar") from None


@lru_cache(maxsize=16_384)
def visit_date(text):
    """A date of the visits file (rule 5.2): 5/10/2026, 05-Oct-26, 05 10 2026, 2026-10-05."""
    wanted = "a date such as 05/10/2026"
    if found := _DAY_FIRST.fullmatch(text):
        day, _separator, month, year = found.groups()
        month = _MONTHS.get(month.lower(), month)
        if isinstance(month, int) or month.isdigit():
            return _date("20" + year if len(year) == 2 else year, month, day, wanted)
    elif found := _YEAR_FIRST.fullmatch(text):
        return _date(*found.groups(), wanted)
    raise Expected(wanted)


@lru_cache(maxsize=16_384)
def authority_date(text):
    """A date of the files that the authority loads (interfaces.md): 2026-10-05 or 05/10/2026."""
    wanted = "a date such as 2026-10-05 or 05/10/2026"
    if found := _YEAR_FIRST.fullmatch(text):
        return _date(*found.groups(), wanted)
    if found := _SLASHES.fullmatch(text):
        return _date(*reversed(found.groups()), wanted)
    raise Expected(wanted)


@lru_cache(maxsize=90_000)
def time_of_day(text):
    """Seconds since midnight of H:MM, HH:MM or HH:MM:SS, 00:00 to 23:59:59 (rule 5.2)."""
    found = _TIME.fullmatch(text)
    if not found:
        raise Expected("a time such as 09:30")
    hours, minutes, seconds = found.groups("0")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


_SHORT_MONTH = re.compile(r"([0-9]{1,2}[-/ ])([0-9])([-/ ](?:[0-9]{4}|[0-9]{2}))")


def typed_date(text):
    """A date as a person types it into a form: as in visits files, and with a month of one digit, 1/4/2026."""
    try:
        return visit_date(_SHORT_MONTH.sub(r"\g<1>0\2\3", text))
    except Expected:
        raise Expected("a date such as 5/10/2026") from None


_BOOLEANS = {"": False, "0": False, "n": False, "no": False, "false": False}
_BOOLEANS |= {"1": True, "y": True, "yes": True, "true": True}


def boolean(text):
    """0/1/Y/N/yes/no/true/false in any case; empty is no (rule 5.2)."""
    answer = _BOOLEANS.get(text.lower())
    if answer is None:
        raise Expected("0, 1, yes or no")
    return answer


# Numbers

_DIGITS = re.compile(r"[0-9]{1,18}")
_DECIMAL = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]+))?")


@lru_cache(maxsize=16_384)
def whole_number(text, least=0, most=2**31 - 1):
    """A whole number of plain digits from `least` to `most`."""
    if not _DIGITS.fullmatch(text):
        raise Expected("a whole number such as 12")
    number = int(text)
    if not least <= number <= most:
        raise Expected(f"a whole number from {least} to {most}")
    return number


@lru_cache(maxsize=65_536)
def decimal_units(text, places, negative=False):
    """A decimal number in units of its last of `places`: "3.5" with 2 places is 350 (rule 2.1). Exact.

    Refuses commas, pound signs, plus signs, exponents, other scripts' digits, more than `places` decimals, more than
    12 digits before the point, and, unless `negative`, numbers below nothing.
    """
    found = _DECIMAL.fullmatch(text)
    if not found:
        example = "1234." + "5".ljust(places, "0") if places else "1234"
        if "," in text:
            raise Expected(f"a number without commas, such as {example}")
        if "£" in text:
            raise Expected(f"a number without a pound sign, such as {example}")
        raise Expected(f"a number such as {example}")
    sign, whole, decimals = found.groups("")
    if len(decimals) > places:
        raise Expected(f"a number with at most {places} decimal places" if places else "a whole number such as 12")
    units = int(whole + decimals.ljust(places, "0"))
    if sign and units and not negative:
        raise Expected("a number that is not negative")
    return -units if sign else units


def money(text, negative=False):
    """Pence of an amount in pounds: "12.5" is 1250."""
    return decimal_units(text, 2, negative)


def quantity(text):
    """Hundredths of a quantity of hours, nights or sessions: "3.05" is 305."""
    return decimal_units(text, 2)


def rate(text):
    """Ten-thousandths of a pound of a unit rate: "16.16" is 161600."""
    return decimal_units(text, 4)


def percentage(text):
    """Hundredths of a per cent, from 0 to 100: "12.5" is 1250."""
    units = decimal_units(text, 2)
    if units > 10_000:
        raise Expected("a percentage from 0 to 100")
    return units


def half_up(numerator, denominator):
    """The quotient of two whole numbers, rounded half up of its absolute value (rule 2.2), exactly.

    half_up(11885, 10) is 1189 and half_up(-11885, 10) is -1189. ZeroDivisionError for a denominator of 0.
    """
    size = (2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator))
    return size if (numerator < 0) == (denominator < 0) else -size


# For screens. None gives an empty text.


def show_date(day):
    """05/10/2026"""
    return "" if day is None else f"{day.day:02}/{day.month:02}/{day.year:04}"


def show_date_long(day):
    """5 October 2026"""
    return "" if day is None else f"{day.day} {_LONG_MONTHS[day.month - 1]} {day.year}"


def show_time(second, seconds=False):
    """09:30 of seconds since midnight, or 09:30:00."""
    if second is None:
        return ""
    clock = f"{second // 3600:02}:{second // 60 % 60:02}"
    return f"{clock}:{second % 60:02}" if seconds else clock


def show_money(pence):
    """£1,234.56, or -£12.50"""
    if pence is None:
        return ""
    pounds, pennies = divmod(abs(pence), 100)
    return f"{'-' if pence < 0 else ''}£{pounds:,}.{pennies:02}"


def show_rate(units):
    """£16.16 of ten-thousandths of a pound; all four decimals where the last two say something: £23.2261."""
    if units is None:
        return ""
    if units % 100 == 0:
        return show_money(units // 100)
    return f"{'-' if units < 0 else ''}£{_fixed(abs(units), 4)}"


def show_quantity(hundredths, short=False):
    """3.05 or 14.00 of hundredths; short: 3.05, 3.5, 14."""
    text = file_quantity(hundredths)
    return text.rstrip("0").rstrip(".") if short else text


# For files: no pound signs and no thousands separators (interfaces.md). None gives an empty text.


def _fixed(units, places):
    if units is None:
        return ""
    digits = str(abs(units)).rjust(places + 1, "0")
    return f"{'-' if units < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def file_date(day):
    """2026-10-05"""
    return "" if day is None else f"{day.year:04}-{day.month:02}-{day.day:02}"


def file_money(pence):
    """1234.56 of pence."""
    return _fixed(pence, 2)


def file_quantity(hundredths):
    """14.00 of hundredths."""
    return _fixed(hundredths, 2)


def file_rate(units):
    """16.1600 of ten-thousandths of a pound."""
    return _fixed(units, 4)


# Suggestions


class Names:
    """Known names to suggest one from, for as long as one file is read.

    Answers are remembered, and the names and the searches are limited (10 ms each among 3,000 names): in a file
    where every row has another wrong name, suggestions must not take longer than all the rest.
    """

    def __init__(self, known, most=3_000, searches=200):
        self._known = {}
        for name in known:
            if len(self._known) == most:
                break
            self._known.setdefault(name.casefold().strip(), name)
        self._searches = searches
        self._answers = {}

    def near(self, value):
        """The one known name that `value` may have meant, or None."""
        wanted = value.casefold().strip()
        if wanted in self._known:
            return self._known[wanted]
        if not wanted or len(wanted) > 100:
            return None
        if wanted not in self._answers:
            if len(self._answers) == self._searches:
                return None
            found = difflib.get_close_matches(wanted, self._known, n=1, cutoff=0.75)
            self._answers[wanted] = self._known[found[0]] if found else None
        return self._answers[wanted]


def near(value, known):
    """The one of `known` (a `Names`, or any names) that `value` may have meant, or None."""
    return (known if isinstance(known, Names) else Names(known)).near(value)
