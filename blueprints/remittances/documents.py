"""The remittance of one contract's period, for both doors: on screen, as PDF, CSV and XLSX, by the renderer of all reports."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response, request

from blueprints import editions, reporting
from blueprints.payments.rules import Item
from blueprints.remittances import report as remittances
from blueprints.reporting import About
from blueprints.values import show_date
from models import Contract, Finalisation, PaymentPeriod, utc_now


def about(contract: Contract, period: PaymentPeriod, done: Finalisation | None, authority: str) -> About:
    """What stands around it; one of a current period says Provisional in its title (R-15)."""
    ref = "".join(c if (c.isascii() and c.isalnum()) or c in "-." else "_" for c in contract.ref)
    return About(
        "Remittance Advice Report" if done else "Provisional Remittance Advice Report",
        [
            ("Provider", contract.organisation.name),
            ("Contract", f"{contract.name} ({contract.ref})"),
            ("Period", f"{show_date(period.start_date)} to {show_date(period.end_date)}"),
            ("Status", "FINALISED" if done else "CURRENT: not paid yet, may still change"),
        ],
        utc_now(),
        authority,
        f"remittance-{ref}-{period.start_date.isoformat()}",
    )


def answer(
    contract: Contract, period: PaymentPeriod, done: Finalisation | None, items: Iterable[Item], authority: str
) -> Response | dict:
    """The file that the address asks for, or what the page shows. The organisation comes with the contract."""
    report, around = remittances.of_period(contract, period, done, items), about(contract, period, done, authority)
    kind = request.args.get("format")
    if kind in editions.TYPES:
        return editions.answer(kind, report, around)
    text = request.args.get("page", "1")
    number = max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 9 else 1
    return {"report": report, "about": around, "screen": reporting.screen(report, number),
            "heading_rows": editions.heading_rows(report)}  # fmt: skip
