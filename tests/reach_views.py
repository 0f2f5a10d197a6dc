"""How pages are also asked for when reach is tested: as files, filtered, as reports; and what forms may name."""

from __future__ import annotations

from tests.cast import MONDAY

SPAN = {"first": "07/09/2026", "last": "11/10/2026"}
FILES = ({"format": "csv"}, {"format": "xlsx"}, {"format": "pdf"})


def of_report(**asked) -> list[dict]:
    """A report on screen and as each file."""
    return [asked, *({**asked, **one} for one in FILES)]


# Beside the address without a query.
VIEWS: dict[str, list[dict]] = {
    "provider.visits.index": [{"format": "csv", "week": f"{MONDAY}"}, {"week": f"{MONDAY}", "historical": "1"}],
    "provider.actuals.index": [{"edit": "all"}, {"actuals": "no"}, {"week": "2026-09-21"}, {"week": "2026-09-28"}],
    "provider.actuals.edit": [{"view": "rows"}],
    "provider.actuals.export": [{**SPAN, "format": kind, "lines": "y"} for kind in ("csv", "xlsx")],
    "provider.packages.index": [
        {"format": "csv", "historical": "y", "unauthorised": "y"}, {"historical": "y", "unauthorised": "y"}
    ],
    "provider.claims.index": [{"format": "csv"}, {"status": "Accepted"}],
    "provider.disputes.index": [
        {"format": "csv", "status": ["In Dispute", "Resolution Requested", "Resolved"]}, {"first": "05/10/2026", "last": "11/10/2026"}
    ],
    "provider.reports.commissioned_care": [{"format": "csv"}],
    "provider.payments.index": [{"year": "2026/2027"}],
    "provider.payments.show": [{"format": "csv"}, {"state": "non-payable"}],
    "provider.remittances.show": list(FILES),
    "provider.orders.index": [{"year": "2026/2027"}, {"format": "csv"}, {"format": "xlsx"}, {"format": "lines"}],
    "provider.orders.show": [{"format": "pdf"}],
    "provider.contacts.index": [{"format": "csv"}, {"q": "mark"}, {"q": "common"}, {"state": "all"}],
    "provider.requests.index": [{"archived": "y", "months": "99"}, {"whose": "mine"}],
    "provider.imports.index": [{"state": "Checked"}],
    "provider.reports.commissioned_v_actuals": of_report(**SPAN, without="y"),
    "provider.reports.pending_payments_exceptions": of_report(),
    "provider.reports.pending_scheduled_payments": of_report(**SPAN),
    "provider.reports.remittance_advice": of_report(period="PERIOD"),
    "provider.reports.remittance_advice_by_finalisation": of_report(first="01/01/2024", last="31/12/2033"),
}  # fmt: skip

# What the queries of pages and the fields of forms call a record.
NAMED = {
    "service": "service_id", "client": "client_id", "contract": "contract_id", "confirms": "service_id",
    "service_id": "service_id", "client_id": "client_id", "package": "package_id", "visit": "visit_id",
}  # fmt: skip

# Pages that read such names in their address, one by one; all others are asked with all of them at once.
FILTERED: dict[str, tuple[str, ...]] = {
    "provider.visits.index": ("service", "client"),
    "provider.actuals.index": ("service", "client"),
    "provider.actuals.edit": ("service",),
    "provider.packages.index": ("service", "client"),
    "provider.claims.index": ("service",),
    "provider.claims.new": ("service",),
    "provider.claims.new_item": ("client", "contract"),
    "provider.disputes.index": ("client",),
    "provider.orders.index": ("service", "client"),
    "provider.payments.index": ("contract",),
    "provider.reports.commissioned_v_actuals": ("client",),
    "provider.reports.remittance_advice": ("contract",),
    "provider.reports.remittance_advice_by_finalisation": ("contract",),
}
