"""The remittance of a contract's period: its payable items, aggregated (rule 7.6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from blueprints.payments import listing
from blueprints.payments.rules import Item
from models import ItemKind


class Line(NamedTuple):
    """A line of the remittance: items of one client, kind and service level, or one manual adjustment; pence."""

    client: int | None
    kind: str
    level: int | None
    amount: int
    vat: int
    items: int  # how many are added up
    note: str = ""
    reasons: str = ""  # of the items, each once
    first: dt.date | None = None  # the days that the items' weeks run over
    last: dt.date | None = None

    @property
    def total(self) -> int:
        """Pence with VAT."""
        return self.amount + self.vat


def aggregate(listed: Iterable[Item]) -> list[Line]:
    """The payable items of the same client, kind and service level added up (rule 7.6).

    A group whose sums, excluding VAT and VAT, are both nothing is left out; manual adjustments stand alone. The lines
    add up to the payable items to the penny.
    """
    groups: dict[tuple, list[Item]] = {}
    for number, item in enumerate(i for i in listed if i.is_payable):
        alone = number if item.kind == ItemKind.MANUAL else None
        groups.setdefault((item.client, item.kind, item.level, alone), []).append(item)
    lines = []
    for (client, kind, level, _), items in groups.items():
        amount, vat = sum(i.amount for i in items), sum(i.vat for i in items)
        if amount or vat:
            note = items[0].note if kind == ItemKind.MANUAL else ""
            reasons = ", ".join(sorted({i.reason for i in items if i.reason}))
            weeks = [i.week for i in items]
            last = max(weeks) + dt.timedelta(6)
            lines.append(Line(client, str(kind), level, amount, vat, len(items), note, reasons, min(weeks), last))
    return lines


class Row(NamedTuple):
    """A line with its names."""

    line: Line
    client: str
    ssref: str
    level: str

    @property
    def kind(self) -> str:
        """The kind in words."""
        return listing.KIND_WORDS[ItemKind(self.line.kind)]


class Remittance(NamedTuple):
    """The lines by client, and their sums in pence."""

    rows: list[Row]
    amount: int
    vat: int

    @property
    def total(self) -> int:
        """Pence with VAT."""
        return self.amount + self.vat


def remittance(listed: Iterable[Item], known: listing.Names | None = None) -> Remittance:
    """The remittance of a period's items, with names, by client, level and kind."""
    listed = list(listed)
    known = known or listing.names(listed)
    rows = [
        Row(line, *known.clients.get(line.client, ("", "")), known.levels.get(line.level, ("", ""))[0])
        for line in aggregate(listed)
    ]
    rows.sort(
        key=lambda r: (
            r.line.client is None,
            r.client.casefold(),
            r.ssref,
            r.level.casefold(),
            listing.KIND_ORDER[r.line.kind],
        )
    )
    return Remittance(rows, sum(r.line.amount for r in rows), sum(r.line.vat for r in rows))
