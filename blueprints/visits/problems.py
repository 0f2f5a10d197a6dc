"""What can be said of a row of a visits file: an error rejects it, a warning does not (rules 5.6, 5.11)."""

from __future__ import annotations

from typing import NamedTuple

from blueprints.visits.columns import LENGTHS
from models import Severity


class Problem(NamedTuple):
    """One thing wrong with a row. `expected` completes "Expected …"; problems of one kind and value are mended together."""

    severity: Severity
    column: str
    value: str
    message: str
    expected: str = ""
    suggestion: str = ""
    kind: str = ""


def error(
    column: str, value: str, message: str, expected: str = "", suggestion: str | None = "", kind: str = ""
) -> Problem:
    """A problem that rejects the row."""
    return Problem(Severity.ERROR, column, value, message, expected, suggestion or "", kind)


def warning(column: str, value: str, message: str, kind: str, expected: str = "") -> Problem:
    """A data quality issue: the row is accepted (rule 5.11)."""
    return Problem(Severity.WARNING, column, value, message, expected, "", kind)


def blank(column: str, expected: str) -> Problem:
    """A column that must be filled is not."""
    return error(column, "", f"{column} is blank.", expected, kind="blank")


def too_long(column: str, text: str) -> Problem:
    """A text beyond its column's length."""
    return error(
        column,
        text,
        f"{column} is {len(text)} characters long.",
        f"at most {LENGTHS[column]} characters",
        kind="too long",
    )
