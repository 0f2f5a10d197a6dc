"""The three dates of a period in the payment-periods file (R-10, Z-08)."""

import datetime as dt
import io

from blueprints.imports import rules as imports
from models import PaymentPeriod


def load(text: str):
    batch = imports.load(imports.KINDS["payment-periods"], None, "periods.csv", io.BytesIO(text.encode()))
    return batch, [(p.column, p.message) for p in imports.problems(batch)]


def dates(start: dt.date) -> tuple:
    row = PaymentPeriod.get(PaymentPeriod.start_date == start)
    return row.cut_off, row.finalise_on, row.pay_on


def test_the_dates_are_loaded_left_and_cleared(cast):
    start = cast.periods[2].start_date
    head = "PaymentCycle,StartDate,EndDate,CutOff,FinaliseOn,PayOn\n"
    batch, _ = load(head + f"Four-weekly,{start},2026-11-29,2026-12-01,2026-12-03,2026-12-09\n")
    assert (batch.state, batch.updated) == ("Done", 1)
    assert dates(start) == (dt.date(2026, 12, 1), dt.date(2026, 12, 3), dt.date(2026, 12, 9))
    batch, _ = load(f"PaymentCycle,StartDate,EndDate\nFour-weekly,{start},2026-11-29\n")
    assert batch.unchanged == 1 and dates(start)[2] == dt.date(2026, 12, 9)
    load(head + f"Four-weekly,{start},2026-11-29,2026-12-01,,\n")
    assert dates(start) == (dt.date(2026, 12, 1), None, None)


def test_dates_the_wrong_way_round_are_an_error_at_their_column(cast):
    start = cast.periods[2].start_date
    head = "PaymentCycle,StartDate,EndDate,CutOff,FinaliseOn,PayOn\n"
    batch, said = load(head + f"Four-weekly,{start},2026-11-29,2026-12-01,2026-11-30,2026-12-09\n")
    assert batch.rejected == 1
    assert said[0][0] == "FinaliseOn" and "on or after 01/12/2026, the cut-off date" in said[0][1]
    batch, said = load(head + f"Four-weekly,{start},2026-11-29,2026-10-01,,\n")
    assert said[0][0] == "CutOff" and "when the period begins" in said[0][1]
