"""Which purchase orders wait to be issued."""

from __future__ import annotations

from flask import url_for

from blueprints import waiting
from blueprints.orders import rules
from blueprints.permissions import Can
from models import OrderVersion, PurchaseOrder


@waiting.for_officers(Can.SEE_RECORDS)
def to_issue(today):
    """Purchase orders of this financial year to issue, where orders are issued at all (S-08)."""
    if not OrderVersion.select().exists():
        return
    count = PurchaseOrder.select().where(rules.to_issue() & (PurchaseOrder.year == rules.year_of(today))).count()
    words = "purchase order is new or changed since issued|purchase orders are new or changed since issued"
    yield waiting.Waits(count, words, None, url_for("authority.orders.index", state="to issue"))
