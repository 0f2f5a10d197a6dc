"""A dispute as both doors show it: its rows with their figures then and now, its history, and how many are open."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from peewee import fn

from blueprints import history, weeks
from blueprints.disputes import subjects
from blueprints.disputes.subjects import Difference, Subject
from blueprints.frame import show_moment
from blueprints.packages.rules import day
from blueprints.values import show_date
from models import Client, Dispute, DisputeRow, DisputeState, Hold


class Row(NamedTuple):
    """A row of a dispute: what it is about as it is now, its figures then and now, and whether its payment is held."""

    row: DisputeRow
    now: Subject | None
    figures: list[Difference]
    is_held: bool

    @property
    def changes(self) -> list[Difference]:
        """The figures that have changed since the dispute was raised."""
        return [one for one in self.figures if one.differs]


def rows(dispute: Dispute) -> list[Row]:
    """The rows of a dispute, in the order of their days."""
    listed = list(DisputeRow.select().where(DisputeRow.dispute == dispute).order_by(DisputeRow.id))
    now = subjects.of_rows(listed)
    held = {
        ident
        for (ident,) in Hold.select(Hold.id)
        .where(Hold.id.in_([r.hold_id for r in listed if r.hold_id]) & Hold.released_at.is_null())
        .tuples()
    }
    made = [
        Row(one, now.get(one.id), subjects.compare(one, now.get(one.id)), one.hold_id in held) for one in listed
    ]  # fmt: skip
    return sorted(made, key=lambda r: (r.now.first if r.now else dt.date.max, r.row.id))


LABELS = {"state": "Status", "due": "Answer due", "reason": "Reason", "details": "Details", "response": "Response",
          "remark": "Remark", "rows": "About"}  # fmt: skip


def story(dispute: Dispute) -> list[dict]:
    """The dispute's history, newest first: what each side did, and what changed in figures."""
    made = []
    for entry in history.of(dispute):
        changes = []
        for name, before, after in entry["changes"]:
            if before in (None, "") and after in (None, ""):
                continue
            if name not in LABELS:  # a row's figures, by its name
                changes.append((name, "", after))
                continue
            show = _date if name == "due" else str
            changes.append((LABELS[name], *("" if v in (None, "") else show(v) for v in (before, after))))
        made.append({"when": show_moment(entry["at"]), "who": entry["by"], "what": entry["what"], "changes": changes})
    return made


def _date(value: str) -> str:
    return show_date(dt.date.fromisoformat(value))


class Open(NamedTuple):
    """How many disputes are open, and how many of them wait for the provider; when the first is due."""

    count: int
    awaiting: int
    due: dt.date | None

    @property
    def words(self) -> str:
        """`1 open Dispute (1 awaiting action)`, or `No open Disputes` (C-11)."""
        if not self.count:
            return "No open Disputes"
        return f"{self.count:,} open Dispute{'' if self.count == 1 else 's'} ({self.awaiting:,} awaiting action)"


def count_open(reach) -> Open:
    """The open disputes within reach, by one query; those In Dispute await the provider's action (C-11, Q-13)."""
    found = {
        state: (count, due)
        for state, count, due in Dispute.visible_to(reach)
        .select(Dispute.state, fn.COUNT(Dispute.id), fn.MIN(Dispute.due))
        .where(Dispute.state != DisputeState.RESOLVED)
        .group_by(Dispute.state)
        .tuples()
    }
    awaiting, due = found.get(DisputeState.IN_DISPUTE, (0, None))
    return Open(sum(count for count, _ in found.values()), awaiting, day(due))


class Listed(NamedTuple):
    """A dispute in a list."""

    dispute: Dispute
    client: str
    is_overdue: bool
    rows: int
    raised_on: dt.date
    days: int  # since it was raised


SORTS = {
    "raised": (Dispute.raised_at, Dispute.id),
    "due": (Dispute.due, Dispute.raised_at),
    "status": (Dispute.state, Dispute.due),
    "reason": (fn.LOWER(Dispute.reason), Dispute.due),
    "client": (fn.LOWER(Client.surname), fn.LOWER(Client.forename), Dispute.due),
    "range": (Dispute.first, Dispute.last),
}


def listed(query, today: dt.date) -> list[Listed]:
    """Disputes of a query that joins the client, each with how many rows it has; one query more."""
    found = list(query)
    counts = dict(
        DisputeRow.select(DisputeRow.dispute, fn.COUNT(DisputeRow.id))
        .where(DisputeRow.dispute.in_([d.id for d in found]))
        .group_by(DisputeRow.dispute)
        .tuples()
    )
    made = []
    for one in found:
        raised = weeks.london(one.raised_at).date()
        made.append(
            Listed(one, one.client_words, one.is_overdue(today), counts.get(one.id, 0), raised, (today - raised).days)
        )
    return made


HEADINGS = [
    "DisputeId", "RaisedOn", "OrganisationName", "ServiceName", "Client", "Status", "Overdue", "Reason", "Details",
    "Response", "From", "To", "Due", "ResolvedOn", "Rows",
]  # fmt: skip
