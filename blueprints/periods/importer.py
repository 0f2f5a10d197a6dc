"""The `payment-periods` file (interfaces.md): periods by PaymentCycle and StartDate; a cycle not known is made (7.1)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from blueprints import consequences, history, values
from blueprints import facts as plain
from blueprints.facts import Changed, Facts
from blueprints.imports import records
from blueprints.imports import rules as imports
from blueprints.imports.columns import Column, Need
from blueprints.imports.records import Row, fold
from blueprints.imports.rules import Report
from blueprints.periods import rules
from models import Import, PaymentCycle, PaymentPeriod, Severity

COLUMNS = (
    Column("PaymentCycle", "the payment cycle's name", note="A cycle that is not known is added.", field="cycle"),
    Column("StartDate", rules.WANTED["start_date"], read=values.authority_date, field="start_date"),
    Column(
        "EndDate",
        rules.WANTED["end_date"],
        note="The next period begins on the day after.",
        read=values.authority_date,
        field="end_date",
    ),
    Column(
        "CutOff",
        "the day by which to upload what is to be paid in the period",
        Need.OPTIONAL,
        read=values.authority_date,
        field="cut_off",
        may_be_absent=True,
    ),
    Column(
        "FinaliseOn",
        "the day on which you mean to finalise the period",
        Need.OPTIONAL,
        note="On or after the cut-off date.",
        read=values.authority_date,
        field="finalise_on",
        may_be_absent=True,
    ),
    Column(
        "PayOn",
        "the day on which the money arrives",
        Need.OPTIONAL,
        note="On or after the finalising date.",
        read=values.authority_date,
        field="pay_on",
        may_be_absent=True,
    ),
)
DATES = (*rules.WANTED, *rules.DATE_WORDS)


def STAMPS(batch: Import) -> list[str]:
    """What a check reads."""
    return ["periods"]


def check(batch: Import, report: Report) -> None:
    """Read and report; nothing but staging changes."""
    sheet = records.Sheet(batch, report, COLUMNS, {})
    cycles = {fold(name): ident for ident, name in PaymentCycle.select(PaymentCycle.id, PaymentCycle.name).tuples()}
    stored: dict[str, dict[dt.date, Facts]] = defaultdict(dict)
    name_of = {ident: name for name, ident in cycles.items()}
    for period in PaymentPeriod.select().dicts():
        stored[name_of[period["cycle"]]][period["start_date"]] = period
    finalised = rules.finalised_periods()
    rows: dict[str, list[tuple[Row, Facts]]] = defaultdict(list)
    seen: dict[tuple, int] = {}
    every: list[Row] = []
    for row in sheet.rows():
        every.append(row)
        name, start = fold(row.values.get("cycle")), row.values.get("start_date")
        known = stored.get(name, {})
        before = known.get(start)
        after = records.assemble(row, before, rules.WANTED, rules.DEFAULTS)
        fixed_from = min((s for s, period in known.items() if period["id"] in finalised), default=None)
        given = {n: v for n, v in after.items() if n not in row.wrong}
        for fault in rules.check_period(given, before, finalised, fixed_from):
            row.problem(Severity.ERROR, fault)
        if name is None or start is None:
            continue
        if (name, start) in seen:
            row.error(
                "start_date",
                f"The period of this cycle from {plain.show(start)} stands on line {seen[name, start]} already; expected each once",
            )
        seen.setdefault((name, start), row.line)
        rows[name].append((row, after))
    for name, listed in rows.items():
        fit(listed, stored.get(name, {}))
    actions: dict[int, tuple[str, Facts]] = {}
    for name, listed in rows.items():
        for row, after in listed:
            before = stored.get(name, {}).get(after["start_date"])
            same = before is not None and all(before[n] == after[n] for n in DATES)
            action = "new" if before is None else "unchanged" if same else "updated"
            dates = {n: after[n] for n in DATES}
            actions[row.line] = (
                action,
                {"id": before and before["id"], "cycle": cycles.get(name), "name": after["cycle"], **dates},
            )
    for row in every:
        sheet.settle(row, *actions.get(row.line, ("rejected", {})))
    sheet.close()


def fit(listed: list[tuple[Row, Facts]], stored: dict[dt.date, Facts]) -> None:
    """Refuse the rows of one cycle that overlap or leave a gap, with those stored and with each other (rule 7.1).

    Rows are tried in order of their dates, and a refused one counts as if it were not there.
    """
    while True:
        row_of = {after["start_date"]: row for row, after in listed if not row.is_rejected}
        periods = {**stored, **{after["start_date"]: after for row, after in listed if not row.is_rejected}}
        kept: Facts | None = None
        refused = False
        for start in sorted(periods):
            period = periods[start]
            words = rules.clash(kept, period) if kept else ""
            if not words:
                kept = period
                continue
            if row := row_of.get(start):
                row.error("start_date", words)
                refused = True
                if start in stored:
                    break  # as stored it may stand, and what follows with it
            elif row := row_of.get(kept["start_date"]):
                row.error("end_date", words)
                refused = True
                break
            else:
                kept = period  # stored so: not this file's doing
        if not refused:
            return


def take(batch: Import, by: history.Actor) -> None:
    """Write what is staged; the packages of the cycles' contracts are worked out anew."""
    staged = [values for _, values in imports.staged(batch, "new", "updated")]
    names = {fold(row["name"]): row["name"] for row in reversed(staged) if row["cycle"] is None}
    made = [Changed(None, {}, {"name": name}) for name in names.values()]
    idents, _ = rules.write_cycles(made, by)
    cycles = dict(zip(names, idents, strict=True))
    before_of = {row["id"]: row for row in PaymentPeriod.select().dicts()}
    changed = []
    for row in staged:
        dates = {n: row[n] and dt.date.fromisoformat(row[n]) for n in DATES}
        cycle = row["cycle"] if row["cycle"] is not None else cycles[fold(row["name"])]
        changed.append(Changed(row["id"], before_of.get(row["id"], {}), {**dates, "cycle": cycle}))
    consequences.follow_touched(rules.write_periods(changed, by))


def follow(batch: Import, progress) -> None:
    """Work out payments anew."""
    consequences.settle(progress=progress)
