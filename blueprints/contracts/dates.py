"""The periods of a payment cycle: added, dated and taken away (rule 7.1, R-10, Z-08)."""

from __future__ import annotations

import datetime as dt

from flask import abort, flash, request, url_for

import database
from blueprints import consequences, facts, records, values
from blueprints.contracts.desk import found_cycle, routes, stored_periods
from blueprints.pages import go, page
from blueprints.periods import rules as period_rules
from blueprints.permissions import Can, requires
from blueprints.weeks import today
from forms.contracts import CutOffForm, ExtendForm
from models import PaymentCycle, db


@routes.route("/payment-cycles/<int:cycle_id>/periods/new", methods=["GET", "POST"])
@requires(Can.EDIT_PERIODS)
def extend(cycle_id: int):
    """The next periods of a cycle: four-weekly, two-weekly or listed dates; what will be added is shown first (R-10)."""
    row = found_cycle(cycle_id)
    stored = stored_periods(row)
    last = stored[-1] if stored else None
    length = (last["end_date"] - last["start_date"]).days + 1 if last else 28
    begins = last["end_date"] + dt.timedelta(1) if last else dt.date(today().year, 4, 1)
    form = ExtendForm(
        data={
            "how": {28: "4", 14: "2"}.get(length, "dates" if last else "4"),
            "start": begins,
            "until": begins + dt.timedelta(364),
            "cut_off_days": (last["cut_off"] - last["end_date"]).days if last and last["cut_off"] else None,
        }
    )
    new: list[dict] = []
    if form.is_submitted() and form.validate():
        new = listed_dates(form) if form.how.data == "dates" else generated(form)
        if new and not form.errors:
            faults = period_rules.check_period_set(row, [*stored, *new])
            for _at, fault in faults:
                form.form_errors.append(fault.message)
            if not faults and request.form.get("confirmed") == stamp(stored, new):
                save_periods(row, stored, new)
                flash(f"{len(new)} periods are added." if len(new) > 1 else "The period is added.", "success")
                return go(url_for("authority.contracts.cycle", cycle_id=row.id))
    ready = bool(new) and not form.errors
    back = url_for("authority.contracts.cycle", cycle_id=row.id)
    return page(
        "contracts/extend.html",
        422 if form.is_submitted() and form.errors else 200,
        heading=f"Add periods to {row.name}",
        breadcrumbs=[
            records.home(),
            ("Payment cycles", url_for("authority.contracts.cycles")),
            (row.name, back),
            ("Add periods", None),
        ],
        guidance=f"The last period ends on {values.show_date_long(last['end_date'])}."
        if last
        else "The cycle has no periods yet.",
        form=form,
        new=new if ready else [],
        confirmed=stamp(stored, new) if ready else "",
        button="Show the periods",
        cancel=back,
    )


def stamp(stored: list[dict], new: list[dict]) -> str:
    """What a confirmation is for: these new periods after these stored ones."""
    from hashlib import sha256

    return sha256(repr(([sorted(p.items()) for p in stored], [sorted(p.items()) for p in new])).encode()).hexdigest()[
        :16
    ]


def save_periods(row: PaymentCycle, stored: list[dict], new: list[dict]) -> None:
    """Save a cycle's periods with what follows from it."""
    with db.atomic():
        database.serialise(db, f"cycle {row.id}")
        touched = period_rules.save_period_set(row, [*stored, *new], records.actor())
        if touched.packages:
            consequences.follow_touched(touched)


def generated(form: ExtendForm) -> list[dict]:
    """The periods of so many weeks that begin by the last day asked for; at most 120."""
    start, until = form.start.data, form.until.data
    if start is None:
        form.start.errors = ["Enter the first day"]
    if until is None or (start and until < start):
        form.until.errors = ["Enter a day on or after the first day"]
    if form.errors or start is None or until is None:
        return []
    days, found = 7 * int(form.how.data), []
    while start <= until and len(found) < 120:
        end = start + dt.timedelta(days - 1)
        cut_off = None if form.cut_off_days.data is None else end + dt.timedelta(form.cut_off_days.data)
        found.append({"start_date": start, "end_date": end, "cut_off": cut_off})
        start = end + dt.timedelta(1)
    if len(found) == 120 and start <= until:
        form.until.errors = ["Enter a day with at most 120 periods until then"]
    return found


def listed_dates(form: ExtendForm) -> list[dict]:
    """The periods written one a line: first day, last day, cut-off date."""
    found = []
    for at, line in enumerate((form.dates.data or "").splitlines(), 1):
        if not line.strip():
            continue
        try:
            days = [values.typed_date(word) for word in line.replace(",", " ").replace(" to ", " ").split()]
        except values.Expected as error:
            form.dates.errors = [f"Line {at}: enter {error}"]
            return []
        if len(days) not in (2, 3):
            form.dates.errors = [f"Line {at}: enter a first day, a last day and, where there is one, a cut-off date"]
            return []
        found.append({"start_date": days[0], "end_date": days[1], "cut_off": days[2] if len(days) == 3 else None})
    if not found:
        form.dates.errors = ["Enter at least one period"]
    return found


@routes.route("/payment-cycles/<int:cycle_id>/cut-off-dates", methods=["GET", "POST"])
@requires(Can.EDIT_PERIODS)
def cut_offs(cycle_id: int):
    """Change the cut-off dates of periods that are finalised for no contract (O-50)."""
    row = found_cycle(cycle_id)
    stored = stored_periods(row)
    fixed = period_rules.finalised_periods(row)
    open_periods = [p for p in stored if p["id"] not in fixed]
    typed, errors = {}, {}
    form = CutOffForm()
    shown = records.as_shown({str(p["id"]): p["cut_off"] for p in open_periods})
    if form.is_submitted() and form.validate():
        wanted = []
        for period in stored:
            name = f"cut_off_{period['id']}"
            if period["id"] in fixed or name not in request.form:
                wanted.append(period)
                continue
            typed[name] = request.form[name].strip()
            try:
                day = values.typed_date(typed[name]) if typed[name] else None
                if day and not -27 <= (day - period["end_date"]).days <= 60:
                    raise values.Expected("a date within 60 days of the period's last day")
                wanted.append({**period, "cut_off": day})
            except values.Expected as error:
                errors[name] = f"Enter {error}"
                wanted.append(period)
        moved = records.changed_meanwhile(
            request.form.get("as_shown", ""), {str(p["id"]): p["cut_off"] for p in open_periods}
        )
        if moved:
            form.form_errors.append(
                "Somebody else has changed cut-off dates while you had this page open. Nothing is saved yet: look at what is set now, and save again"
            )
        for message in errors.values():
            form.form_errors.append(message)
        if not form.form_errors:
            save_periods(row, wanted, [])
            flash("The cut-off dates are saved.", "success")
            return go(url_for("authority.contracts.cycle", cycle_id=row.id))
    form.as_shown.data = shown
    back = url_for("authority.contracts.cycle", cycle_id=row.id)
    return page(
        "contracts/cut_offs.html",
        422 if form.is_submitted() else 200,
        heading=f"Cut-off dates of {row.name}",
        breadcrumbs=[
            records.home(),
            ("Payment cycles", url_for("authority.contracts.cycles")),
            (row.name, back),
            ("Cut-off dates", None),
        ],
        guidance="Providers see the cut-off date: what they send by then is paid in the period, what comes later becomes an adjustment in the next one.",
        form=form,
        listed=open_periods,
        typed=typed,
        wrong=errors,
        cancel=back,
    )


@routes.post("/payment-cycles/<int:cycle_id>/periods/<int:period_id>/deletion")
@requires(Can.EDIT_PERIODS)
def delete_period(cycle_id: int, period_id: int):
    """Take away the last period of a cycle, finalised for no contract."""
    row = found_cycle(cycle_id)
    stored = stored_periods(row)
    back = url_for("authority.contracts.cycle", cycle_id=row.id)
    if period_id not in {p["id"] for p in stored}:
        abort(404)
    if stored[-1]["id"] != period_id:
        flash("Only the last period can be taken away, so that no gap is left.", "warning")
        return go(back)
    try:
        save_periods(row, stored[:-1], [])
    except facts.Faulty as refused:
        flash(str(refused), "warning")
        return go(back)
    flash("The period is taken away.", "success")
    return go(back)
