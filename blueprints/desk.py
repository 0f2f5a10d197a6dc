"""What lists share: who acts, addresses of pages that may not be built, pages of rows, files."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import NamedTuple

from flask import Response, current_app, g, request, url_for

from blueprints import sheets
from blueprints.history import Actor
from blueprints.values import show_date_long
from models import Contract, Organisation, PaymentPeriod

PER_PAGE = 100


class Pages(NamedTuple):
    """Which page of how many, and the place of its first row."""

    number: int
    pages: int
    start: int


def actor() -> Actor:
    """The person of the request."""
    return Actor(g.user.id, g.user.name)


def where(endpoint: str, **values) -> str | None:
    """The address of a page, or None where its area is not built or there is nothing to show."""
    if endpoint not in current_app.view_functions or None in values.values():
        return None
    return url_for(endpoint, **values)


def pages_of(count: int) -> Pages:
    """The page that the address asks for; out of range is the last, anything else the first (C-15)."""
    pages = max(1, -(-count // PER_PAGE))
    wanted = request.args.get("page", "1")
    number = min(max(int(wanted), 1), pages) if wanted.isascii() and wanted.isdigit() and len(wanted) < 9 else 1
    return Pages(number, pages, (number - 1) * PER_PAGE)


def wants_csv() -> bool:
    """The address asks for the rows as a file."""
    return request.args.get("format") == "csv"


def csv_file(name: str, headings: list[str], rows: Iterable) -> Response:
    """The rows as a CSV download, written as they are read."""
    answer = Response(list(sheets.write_csv(rows, headings)), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
    return answer


def xlsx_file(name: str, headings: list[str], rows: Iterable) -> Response:
    """The rows as an Excel workbook of one sheet: numbers and dates as such, text as text."""
    out = io.BytesIO()
    sheets.write_xlsx(rows, headings, out, name)
    answer = Response(out.getvalue(), mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.xlsx")
    return answer


def number(text: str | None) -> int | None:
    """An id of an address or form; None where it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None


def contract_of(contract_id: int) -> Contract | None:
    """The contract within reach, with its organisation."""
    query = Contract.visible_to(g.reach).select(Contract, Organisation).join(Organisation)
    return query.where(Contract.id == contract_id).get_or_none()


def lines_of(contract: Contract, period: PaymentPeriod, tab: str | None = None) -> str:
    """Where a contract's period is listed line by line."""
    return url_for("authority.periods.lines", period_id=period.id, contract_id=contract.id, tab=tab)


def way_to(contract: Contract, period: PaymentPeriod, *more) -> list:
    """The breadcrumbs of a contract's period and what stands under it."""
    days = f"{show_date_long(period.start_date)} to {show_date_long(period.end_date)}"
    return [
        home(),
        ("Payments", url_for("authority.periods.index")),
        (days, url_for("authority.periods.show", period_id=period.id)),
        (contract.name, lines_of(contract, period)),
        *more,
    ]


def home() -> tuple[str, str]:
    """The first breadcrumb."""
    return ("Home", url_for("authority.home.index"))
