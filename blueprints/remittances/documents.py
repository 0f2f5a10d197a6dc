"""The remittance as a file: CSV and PDF, the same for both doors."""

from __future__ import annotations

from flask import Response

from blueprints.frame import show_moment
from blueprints.remittances.rules import HEADINGS, Remittance
from blueprints.sheets import write_csv
from blueprints.values import file_money, show_date, show_money
from models import Contract, PaymentPeriod, utc_now


def file_name(contract: Contract, period: PaymentPeriod, extension: str) -> str:
    """`remittance-C1-2026-09-07.pdf`, of plain characters only."""
    ref = "".join(c if (c.isascii() and c.isalnum()) or c in "-." else "_" for c in contract.ref)
    return f"remittance-{ref}-{period.start_date.isoformat()}.{extension}"


def as_csv(remittance: Remittance, contract: Contract, period: PaymentPeriod) -> Response:
    """One row a line; no sum row, so that the file adds up by itself."""
    rows = (
        (
            row.ssref, row.client, row.level, row.kind, row.line.items, row.line.note, file_money(row.line.amount),
            file_money(row.line.vat), file_money(row.line.total),
        )
        for row in remittance.rows
    )  # fmt: skip
    name = file_name(contract, period, "csv")
    return Response(
        list(write_csv(rows, HEADINGS)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def as_pdf(
    remittance: Remittance, contract: Contract, period: PaymentPeriod, provider: str, authority: str, finalised: bool
) -> Response:
    """The Remittance Advice Report; one of a current period says Provisional in its title (R-15)."""
    from blueprints.pdf import Column, Section, table_pdf

    columns = [
        Column("SSRef"), Column("Client"), Column("Service Level"), Column("Kind"), Column("Excl VAT", True),
        Column("VAT", True), Column("Total", True),
    ]  # fmt: skip
    rows = [
        (
            row.ssref, row.client, row.level, f"{row.kind}: {row.line.note}" if row.line.note else row.kind,
            show_money(row.line.amount), show_money(row.line.vat), show_money(row.line.total),
        )
        for row in remittance.rows
    ]  # fmt: skip
    total = (
        "Total", "", "", "", show_money(remittance.amount), show_money(remittance.vat), show_money(remittance.total)
    )  # fmt: skip
    content = table_pdf(
        "Remittance Advice Report" if finalised else "Provisional Remittance Advice Report",
        [
            ("Provider", provider),
            ("Contract", f"{contract.name} ({contract.ref})"),
            ("Period", f"{show_date(period.start_date)} to {show_date(period.end_date)}"),
            ("Status", "FINALISED" if finalised else "CURRENT: not paid yet, may still change"),
        ],
        columns,
        [Section(rows)],
        total,
        printed=show_moment(utc_now()),
        footer=authority,
        nothing="Nothing is payable in this period.",
    )
    name = file_name(contract, period, "pdf")
    return Response(content, mimetype="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})
