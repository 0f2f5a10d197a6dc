"""A report's editions: PDF, CSV and XLSX, each with its parameters and the time. The screen is reporting.screen.
Knows no area.

A file of rows adds up by itself: groups are columns of it, subtotals stand on the workbook's second sheet.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask import Response

from blueprints import reporting, sheets, values, weeks
from blueprints.frame import show_moment
from blueprints.reporting import About, Kind, Report

NAMES = {"csv": "CSV", "xlsx": "Excel", "pdf": "PDF"}
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
IN_FILES = {
    Kind.DATE: values.file_date,
    Kind.QUANTITY: values.file_quantity,
    Kind.MONEY: values.file_money,
    Kind.YES_NO: lambda v: "Y" if v else "N",
}
FORMATS = {Kind.DATE: "dd/mm/yyyy", Kind.QUANTITY: "#,##0.00", Kind.MONEY: "#,##0.00", Kind.WHOLE: "0"}
WIDTHS = {Kind.DATE: 13, Kind.QUANTITY: 13, Kind.MONEY: 13, Kind.WHOLE: 9, Kind.YES_NO: 11}


def file_name(about: About, form: str) -> str:
    """`remittance-2026-09-07-made-2026-10-14-0930.csv`: plain characters, the parameters that are dates, the time."""
    return f"{about.name}-made-{weeks.london(about.made_at):%Y-%m-%d-%H%M}.{form}"


def csv(report: Report, about: About) -> Iterator[bytes]:
    """One line for each row, headings first; nothing found is the headings alone (U-04)."""
    change = [IN_FILES.get(column.kind) for column in report.columns]
    rows = ([value if f is None else f(value) for f, value in zip(change, row, strict=True)] for row in report.rows)
    return sheets.write_csv(rows, [column.name for column in report.columns])


def xlsx(report: Report, about: About, out: Any) -> None:
    """A workbook: the rows, then a sheet with the parameters, the time, the notes and the sums. Memory stays flat."""
    change = [IN_CELLS.get(column.kind) for column in report.columns]
    sums: list[tuple[str, reporting.Sums]] = []

    def rows() -> Iterator[list]:
        for part in reporting.walk(report):
            if part.what == "rows":
                for row in part.rows:
                    yield [value if f is None else f(value) for f, value in zip(change, row, strict=True)]
            elif part.what == "total" or (part.what == "close" and part.depth == 0):
                sums.append((part.heading or "Total", part.sums))

    sheets.write_xlsx(
        rows(),
        [column.name for column in report.columns],
        out,
        about.title,
        formats=[FORMATS.get(column.kind, "") for column in report.columns],
        widths=[WIDTHS.get(column.kind, max(14, len(column.name) + 2)) for column in report.columns],
        header=f"{about.title}. {'; '.join(f'{name}: {value}' for name, value in told(about))}",
        about=lambda: _second_sheet(report, about, sums),
    )


def hundredths(value: int | None) -> Decimal | None:
    """12.5 of 1250, exactly."""
    return None if value is None else Decimal(value).scaleb(-2)


IN_CELLS = {
    Kind.QUANTITY: hundredths,
    Kind.MONEY: hundredths,
    Kind.YES_NO: lambda v: "Y" if v else "N",
    Kind.TEXT: None,
}


def _second_sheet(report: Report, about: About, sums: list[tuple[str, reporting.Sums]]) -> Iterator[list]:
    yield [about.title]
    for name, value in told(about):
        yield [name, value]
    for text in [report.caution, *report.said()]:
        if text:
            yield [text]
    summed = [at for at, column in enumerate(report.columns) if column.summed]
    if summed:
        yield []
        yield ["Sums", *(heading(report, at) for at in summed)]
        for label, one in sums:
            found = [(report.columns[at].kind, one.value(at)) for at in summed]
            yield [label, *(hundredths(v) if kind in (Kind.QUANTITY, Kind.MONEY) else v for kind, v in found)]


def heading(report: Report, at: int) -> str:
    """A column's heading with what stands over it: `Quantity: Comm.`"""
    column = report.columns[at]
    return f"{column.over}: {column.heading}" if column.over else column.heading


def told(about: About) -> list[tuple[str, str]]:
    """The parameters, the time and whose it is, as every edition says them."""
    return [*about.parameters, ("Made", show_moment(about.made_at)), ("Authority", about.authority)]


def pdf(report: Report, about: About) -> bytes:
    """A table over as many pages as it takes; its parts as on screen."""
    from blueprints.pdf import Column, Section, table_pdf

    shown = [report.columns[at] for at in report.shown]
    columns = [Column(f"{c.over}\n{c.heading}" if c.over else c.heading, c.kind in reporting.NUMBERS) for c in shown]
    sections: list[Section] = []
    total = None
    for part in reporting.walk(report):
        lines = list(reporting.lines_of(report, part))
        if part.what == "open":
            sections.append(Section((), "    " * part.depth + part.heading, depth=part.depth))
        elif part.what == "rows":
            sections.append(Section([line.cells for line in lines], depth=part.depth))
        elif part.what == "close" and lines:
            sections.append(Section((), subtotal=lines[0].cells, depth=part.depth))
        elif part.what == "total" and part.sums.rows:
            total = lines[0].cells
    return table_pdf(
        about.title,
        [*about.parameters, *([("Status", report.caution)] if report.caution else [])],
        columns,
        sections,
        total,
        printed=show_moment(about.made_at),
        footer=about.authority,
        nothing=report.nothing,
        notes=report.said() if total else [],
    )


def answer(form: str, report: Report, about: About) -> Response:
    """A report as a download; a PDF opens in the browser's own viewer (U-03)."""
    if form == "pdf":
        response = Response(pdf(report, about), content_type=TYPES[form])
    elif form == "csv":
        response = Response(list(csv(report, about)), content_type=TYPES[form])
    else:
        with tempfile.SpooledTemporaryFile(max_size=8_000_000) as out:
            xlsx(report, about, out)
            out.seek(0)
            response = Response(out.read(), content_type=TYPES[form])
    response.headers.set(
        "Content-Disposition", "inline" if form == "pdf" else "attachment", filename=file_name(about, form)
    )
    return response


def heading_rows(report: reporting.Report) -> dict:
    """The headings of the screen's table: what stands over several columns, and the columns themselves."""
    shown = [report.columns[at] for at in report.shown]
    over: list[list] = []
    for column in shown:
        if over and over[-1][0] == column.over:
            over[-1][1] += 1
        else:
            over.append([column.over, 1])
    summed = next((at for at, column in enumerate(shown) if column.summed), len(shown))
    classes = ["num" if c.kind in reporting.NUMBERS else "date" if c.kind == reporting.Kind.DATE else "" for c in shown]
    return {
        "over": over if any(text for text, _ in over) else [],
        "columns": [(column.heading, name) for column, name in zip(shown, classes, strict=True)],
        "labels": [f"{column.over}: {column.heading}" if column.over else column.heading for column in shown],
        "classes": classes,
        "span": max(summed, 1),
    }
