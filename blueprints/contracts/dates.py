"""The periods of a payment cycle: added, dated and taken away (rule 7.1, R-10, Z-08)."""

from __future__ import annotations

import datetime as dt

from flask import abort, flash, request, url_for

import database
from blueprints import consequences, facts, records, values
from blueprints.contracts.desk import found_cycle, routes, stored_periods
from blueprints.pages import go, page
from blueprints.periods import rhythm
from blueprints.periods import rules as period_rules
from blueprints.permissions import Can, requires
from blueprints.weeks import today
from forms.contracts import DatesForm, ExtendForm
from forms.periods import PressForm
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
            **{f"{name}_days": days for name, days in rhythm.offsets_of(stored).items()},
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
        offsets = {name: form[f"{name}_days"].data for name in rhythm.DATES}
        own = {name: None if days is None else end + dt.timedelta(days) for name, days in offsets.items()}
        found.append({"start_date": start, "end_date": end, **own})
        start = end + dt.timedelta(1)
    if len(found) == 120 and start <= until:
        form.until.errors = ["Enter a day with at most 120 periods until then"]
    return found


def listed_dates(form: ExtendForm) -> list[dict]:
    """The periods written one a line: first day, last day, cut-off, finalising and payment date."""
    found = []
    for at, line in enumerate((form.dates.data or "").splitlines(), 1):
        if not line.strip():
            continue
        try:
            days = [values.typed_date(word) for word in line.replace(",", " ").replace(" to ", " ").split()]
        except values.Expected as error:
            form.dates.errors = [f"Line {at}: enter {error}"]
            return []
        if not 2 <= len(days) <= 5:
            form.dates.errors = [f"Line {at}: enter a first day, a last day and, where there are, the other dates"]
            return []
        own = dict(zip(rhythm.DATES, [*days[2:], None, None, None], strict=False))
        found.append({"start_date": days[0], "end_date": days[1], **own})
    if not found:
        form.dates.errors = ["Enter at least one period"]
    return found


@routes.get("/payment-cycles/<int:cycle_id>/cut-off-dates")
@requires(Can.EDIT_PERIODS)
def cut_offs(cycle_id: int):
    """Where cut-off dates were changed before the calendar had other dates too."""
    return go(url_for("authority.contracts.dates", cycle_id=cycle_id), 301)


@routes.route("/payment-cycles/<int:cycle_id>/dates", methods=["GET", "POST"])
@requires(Can.EDIT_PERIODS)
def dates(cycle_id: int):
    """Change the first and last days, cut-off, finalising and payment dates of periods that are finalised for no contract
    (O-50, R-10, Z-08)."""
    row = found_cycle(cycle_id)
    stored = stored_periods(row)
    fixed = period_rules.finalised_periods(row)
    form = DatesForm()
    form.offer([p for p in stored if p["id"] not in fixed])
    if form.is_submitted() and form.validate():
        wanted = form.read(stored)
        if not form.form_errors:
            for at, fault in period_rules.check_period_set(row, wanted):
                form.refuse(wanted[at]["id"] if at >= 0 else 0, fault.field, fault.message)
        if not form.form_errors:
            try:
                save_periods(row, wanted, [])
            except facts.Faulty as refused:  # finalised at this moment
                form.form_errors.extend(fault.message for fault in refused.faults)
            else:
                flash("The dates are saved. Providers see them in their payment calendar.", "success")
                return go(url_for("authority.contracts.cycle", cycle_id=row.id))
    form.remember()
    back = url_for("authority.contracts.cycle", cycle_id=row.id)
    return page(
        "contracts/dates.html",
        422 if form.is_submitted() else 200,
        heading=f"Dates of {row.name}",
        breadcrumbs=[
            records.home(),
            ("Payment cycles", url_for("authority.contracts.cycles")),
            (row.name, back),
            ("Dates", None),
        ],
        guidance="Providers see all of these dates. What they send by the cut-off date is paid in the period, what comes "
        "later is an adjustment in the next one. A period that is finalised for a contract stays as it is.",
        form=form,
        wide_form=True,
        button="Save dates",
        cancel=back,
    )


@routes.post("/payment-cycles/<int:cycle_id>/periods/extension")
@requires(Can.EDIT_PERIODS)
def extension(cycle_id: int):
    """Extend a cycle by its own rhythm until it reaches a year ahead, by one press (R-10)."""
    row = found_cycle(cycle_id)
    back = url_for("authority.contracts.cycle", cycle_id=row.id)
    if not PressForm().validate_on_submit():
        flash("The page was too old to be sent. Press again.", "warning")
        return go(back)
    with db.atomic():
        database.serialise(db, f"cycle {row.id}")
        stored = stored_periods(row)
        if not stored:
            flash("The cycle has no periods yet, so it has no rhythm. Add the first ones.", "warning")
            return go(url_for("authority.contracts.extend", cycle_id=row.id))
        try:
            new = rhythm.following(stored, rhythm.year_ahead(today()))
        except ValueError:
            flash("The periods follow no rhythm that the portal finds. List the next ones.", "warning")
            return go(url_for("authority.contracts.extend", cycle_id=row.id))
        if new:
            save_periods(row, stored, new)
    last = values.show_date_long((new or stored)[-1]["end_date"])
    if new:
        flash(f"{len(new)} {'period is' if len(new) == 1 else 'periods are'} added, until {last}.", "success")
    else:
        flash(f"The periods reach until {last} already, a year ahead and more.", "notice")
    return go(back)


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
