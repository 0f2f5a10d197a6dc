"""Statements whose text is made once. Knows no area.

Building a statement with five joins takes peewee longer than the database takes to answer it. A page that is opened
all day keeps the text, with blanks where the values go, and fills them in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from peewee import Value

import database
from models import db

MOST = 500  # statements kept by one function


class Blank:
    """A place in a statement for a value that is named when it runs."""

    def __init__(self, name: str):
        self.name = name


def blank(name: str) -> Value:
    """A blank, to stand in a query where a value would: `Visit.week == blank("week")`."""
    return Value(Blank(name), converter=False)


class Statement:
    """A query's text. Values are database values: ids, numbers, text, ISO dates; rows come as the driver gives them."""

    def __init__(self, query):
        self.text, self.values = query.sql()
        self._query = query
        self._made: Any = None  # what makes rows of the model: worked out from the first answer's columns

    def run(self, **values: Any) -> list[tuple]:
        """Fill in the blanks and fetch all rows. KeyError for a blank without a value."""
        return self._asked(values).fetchall()

    def do(self, **values: Any) -> None:
        """Fill in the blanks of a change, which answers no rows."""
        self._asked(values)

    def first(self, **values: Any):
        """The first row as the query's model, with what it joins; None where there is none."""
        cursor = self._asked(values)
        if self._made is None:
            made = self._query.clone()._get_cursor_wrapper(cursor)
            made.initialize()
            self._made = made
        row = cursor.fetchone()
        return None if row is None else self._made.process_row(row)

    def _asked(self, values: dict[str, Any]):
        return db.execute_sql(self.text, [values[v.name] if isinstance(v, Blank) else v for v in self.values])


def kept(make: Callable) -> Callable[..., Statement]:
    """Make the statement of a shape once: `make` gives the query of its arguments, which must not hold the values."""
    known: dict[tuple, Statement] = {}

    @wraps(make)
    def statement(*shape) -> Statement:
        key = (database.describe(db), *shape)
        if key not in known:
            if len(known) >= MOST:
                known.clear()
            known[key] = Statement(make(*shape))
        return known[key]

    return statement
