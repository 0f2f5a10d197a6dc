"""The audit trail as officers search it: who did what to which record, when, with what stood before and after."""

from __future__ import annotations

import datetime as dt
import json

from flask import Blueprint, g

from blueprints import desk, weeks
from blueprints.pages import page
from blueprints.permissions import Can, requires
from blueprints.values import show_date, show_money, show_quantity, show_rate
from forms.jobs import AuditFilter
from models import Change, Organisation

routes = Blueprint("audit", __name__)

# Records by the table that keeps them, as people call them.
THINGS = {
    "package": "Package", "client": "Client", "contract": "Contract", "organisation": "Organisation",
    "service": "Service", "service_level": "Service level", "visit": "Visit", "visit_type": "Visit type",
    "import": "Import", "finalisation": "Finalised period", "payment_period": "Payment period",
    "payment_cycle": "Payment cycle", "setting": "Setting", "portal_user": "Login", "carer": "Carer",
    "actual": "Actual", "report": "Report",
}  # fmt: skip
# Where a record's page is: endpoint and the name of its id.
PAGES = {
    "package": ("authority.packages.show", "package_id"),
    "client": ("authority.clients.show", "client_id"),
    "contract": ("authority.contracts.show", "contract_id"),
    "organisation": ("authority.organisations.show", "organisation_id"),
    "service": ("authority.services.show", "service_id"),
    "visit": ("authority.visits.show", "visit_id"),
    "import": ("authority.imports.show", "import_id"),
}
DEFAULT_DAYS = 28
MOST = 10_000  # counted: beyond that the list says "more than"


@routes.get("/audit")
@requires(Can.SEE_AUDIT)
def index():
    """Changes, newest first; the last four weeks unless asked otherwise."""
    form = AuditFilter()
    form.thing.choices = [("", "All"), *sorted(THINGS.items(), key=lambda pair: pair[1])]
    fine = form.validate()
    first, last = form.first.data, form.last.data
    if fine and not first and not last and not form.person.data and not form.thing.data:
        first = weeks.utc_now().date() - dt.timedelta(DEFAULT_DAYS)
        form.first.data, form.first.raw_data = first, None
    if fine and first and last and last < first:
        form.last.errors = ["Enter a last date on or after the first one"]
        fine = False
    query = Change.select(Change.id)
    if first:
        query = query.where(Change.at >= local_start(first))
    if last:
        query = query.where(Change.at < local_start(last + dt.timedelta(1)))
    if form.thing.data:
        query = query.where(Change.thing == form.thing.data)
    if form.person.data:
        query = query.where(Change.by.contains(form.person.data))
    count = query.limit(MOST + 1).count() if fine else 0
    pager = desk.pages_of(min(count, MOST))
    idents = (
        [i for (i,) in query.order_by(Change.id.desc()).limit(desk.PER_PAGE).offset(pager.start).tuples()]
        if count
        else []
    )
    rows = Change.select().where(Change.id.in_(idents)).order_by(Change.id.desc())
    names = dict(Organisation.visible_to(g.reach).select(Organisation.id, Organisation.name).tuples()) if idents else {}
    return page(
        "audit/list.html",
        status=200 if fine else 422,
        form=form,
        filter=form,
        rows=[entry(row, names) for row in rows],
        count_words=f"More than {MOST:,} changes" if count > MOST else f"{count:,} change{'' if count == 1 else 's'}",
        pager=pager,
        breadcrumbs=[desk.home(), ("Audit", None)],
    )


def local_start(date: dt.date) -> dt.datetime:
    """The moment in UTC at which a day begins in London (rule 1.2)."""
    return weeks.instant(date, 0).replace(tzinfo=None)


def entry(row: Change, organisations: dict[int, str]) -> dict:
    """A change as the list shows it."""
    before, after = json.loads(row.before), json.loads(row.after)
    endpoint, name = PAGES.get(row.thing, ("", ""))
    return {
        "at": row.at,
        "by": row.by,
        "what": row.what,
        "thing": THINGS.get(row.thing, row.thing.replace("_", " ").capitalize()),
        "thing_id": row.thing_id,
        "href": desk.where(endpoint, **{name: row.thing_id}) if endpoint else None,
        "organisation": organisations.get(row.organisation_id, ""),
        "changes": [
            (words(key), text(before.get(key), key), text(after.get(key), key))
            for key in [*before, *(k for k in after if k not in before)]
        ],
    }


def words(name: str) -> str:
    """A column's name as words."""
    return name.replace("_", " ").capitalize()


# Kept numbers in the units of the tables, by the name of the field.
UNITS = {
    **dict.fromkeys(("amount", "vat", "total", "non_payable", "contribution"), show_money),
    **dict.fromkeys(("quantity", "discount", "vat_rate"), show_quantity),
    "unit_cost": show_rate,
}


def text(value, name: str = "") -> str:
    """A kept value as a person reads it."""
    if name in UNITS and isinstance(value, int) and not isinstance(value, bool):
        return UNITS[name](value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, str) and len(value) == 10 and value[4:5] == "-" and value[7:8] == "-":
        try:
            return show_date(dt.date.fromisoformat(value))
        except ValueError:
            return value
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 300 else shown[:300] + "…"
