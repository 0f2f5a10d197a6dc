"""Manual adjustments as officers list them, with where each stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from peewee import JOIN, fn

from blueprints import weeks
from blueprints.packages.rules import day
from blueprints.payments import sums
from blueprints.values import file_date, file_money
from models import Client, Contract, Finalisation, Hold, ItemState, ManualAdjustment, Organisation, PaymentPeriod


class Row(NamedTuple):
    """A manual adjustment with its names; pence. `period` is the first day of the one that settled it."""

    id: int
    contract: str
    contract_ref: str
    provider: str
    name: str
    ssref: str
    reason: str
    note: str
    amount: int
    vat: int
    by: str
    at: dt.datetime
    state: str  # Payable, Suspended, Carried forward, Cancelled; Paid once a period has paid it
    period: dt.date | None

    @property
    def total(self) -> int:
        """Pence with VAT."""
        return self.amount + self.vat


PAID = "Paid"


def joined(reach):
    """The adjustments within reach with all that their lists name."""
    return (
        ManualAdjustment.visible_to(reach)
        .select(ManualAdjustment, Contract, Organisation, Client, Finalisation, PaymentPeriod, Hold)
        .join(Contract).join(Organisation)
        .switch(ManualAdjustment).join(Client, JOIN.LEFT_OUTER)
        .switch(ManualAdjustment).join(Finalisation, JOIN.LEFT_OUTER).join(PaymentPeriod, JOIN.LEFT_OUTER)
        .switch(ManualAdjustment).join(Hold, JOIN.LEFT_OUTER, attr="hold")
    )  # fmt: skip


def listed(reach, wanted: str = "", state: str = ""):
    """The query of the list, newest first: by a word of contract, provider or client; waiting or settled."""
    query = joined(reach).order_by(ManualAdjustment.id.desc())
    for word in wanted.replace(",", " ").split():
        query = query.where(
            Contract.name.contains(word)
            | Contract.ref.contains(word)
            | Organisation.name.contains(word)
            | fn.COALESCE(Client.surname, "").contains(word)
            | fn.COALESCE(Client.forename, "").contains(word)
            | fn.COALESCE(Client.ssref, "").contains(word)
        )
    if state:
        query = query.where(ManualAdjustment.finalisation.is_null(state == "waiting"))
    return query


def one(reach, ident: int) -> ManualAdjustment | None:
    """One adjustment within reach."""
    return joined(reach).where(ManualAdjustment.id == ident).get_or_none()


def rows(found: Iterable[ManualAdjustment]) -> list[Row]:
    """Adjustments as rows."""
    made = []
    for one_row in found:
        contract, client, done = one_row.contract, one_row.client, one_row.finalisation
        hold = getattr(one_row, "hold", None)
        held = hold is not None and hold.state is not None and hold.released_at is None
        state = hold.state if held else PAID if done else ItemState.PAYABLE
        made.append(
            Row(
                one_row.id, contract.name, contract.ref, contract.organisation.name,
                client.file_name if client else "", client.ssref if client else "", one_row.reason, one_row.note,
                one_row.amount, sums.vat_on(one_row.amount, contract.vat_rate if one_row.with_vat else 0), one_row.by,
                one_row.at, str(state), day(done.period.start_date) if done else None,
            )
        )  # fmt: skip
    return made


def as_file(found: Iterable[ManualAdjustment]):
    """Adjustments as rows of a file."""
    for row in rows(found):
        yield (
            row.contract_ref, row.provider, row.ssref, row.name, row.reason, row.note, file_money(row.amount),
            file_money(row.vat), row.by, f"{weeks.london(row.at):%Y-%m-%d %H:%M}", row.state, file_date(row.period),
        )  # fmt: skip
