"""The columns of a file, declared once: the importer reads by them and the format page is made from them (O-53)."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple


class Need(StrEnum):
    """The four kinds of column of the format page, with the guide's colours."""

    MANDATORY = "Mandatory"  # green
    CONDITIONAL = "Conditional"  # orange: depends on the visit type
    SOMETIMES = "Needed in some cases"  # blue
    OPTIONAL = "Optional or not used"  # grey


class Column(NamedTuple):
    """A column: its heading, what it holds in words, when it is needed, a note, the longest text, how a cell is read.

    `read` turns a cell that is not empty into its value and raises values.Expected with what was expected.
    """

    name: str
    holds: str
    need: Need = Need.MANDATORY
    note: str = ""
    length: int = 255
    read: Callable[[str], Any] = str
    field: str = ""  # the name of the value in staging and in the table
    may_be_absent: bool = False  # the whole column (interfaces.md: optional columns)
