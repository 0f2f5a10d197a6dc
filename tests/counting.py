"""How many queries a page takes: the same at one row as at ten."""

from __future__ import annotations

import database
from models import db


class Queries:
    """Counts the statements while it stands: `with Queries() as asked: …; asked.count`."""

    def __enter__(self):
        self.count = 0
        self.real = database.real(db)
        self.original = self.real.execute_sql

        def counted(*args, **kwargs):
            self.count += 1
            return self.original(*args, **kwargs)

        self.real.execute_sql = counted
        return self

    def __exit__(self, *_):
        self.real.execute_sql = self.original


def of(client, address: str) -> int:
    """The statements of one GET that answers 200."""
    with Queries() as asked:
        assert client.get(address).status_code == 200
    return asked.count
