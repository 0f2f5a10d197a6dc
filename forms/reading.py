"""Reads dates, decimals and times for the fields until blueprints/values.py does; same names, same meaning."""

import re
from datetime import date


class Expected(ValueError):
    """What was typed is not what is wanted."""


def authority_date(text: str) -> date:
    """5/10/2026, 05/10/2026 or 2026-10-05."""
    british = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", text, re.ASCII)
    iso = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text, re.ASCII)
    try:
        if british:
            return date(int(british[3]), int(british[2]), int(british[1]))
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
    except ValueError:
        pass
    raise Expected("a date")


def decimal_units(text: str, places: int) -> int:
    """12.5 with two places is 1250."""
    found = re.fullmatch(r"(-?)(\d{1,12})(?:\.(\d*))?", text, re.ASCII)
    if not found or len(found[3] or "") > places:
        raise Expected("a number")
    units = int(found[2]) * 10**places + int((found[3] or "").ljust(places, "0") or 0)
    return -units if found[1] else units


def time_of_day(text: str) -> int:
    """14:30 or 14:30:15, as seconds since midnight."""
    found = re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", text, re.ASCII)
    if not found or int(found[1]) > 23 or int(found[2]) > 59 or int(found[3] or 0) > 59:
        raise Expected("a time")
    return int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0)
