"""Contracts, payment cycles and their periods as officers see and keep them (rule 7.1)."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, abort, flash, g, request, url_for
from peewee import fn

import database
from blueprints import consequences, facts, records, values
from blueprints.contracts import rules
from blueprints.pages import go, page
from blueprints.payments import rules as payments
from blueprints.periods import rules as period_rules
from blueprints.permissions import Can, can, requires
from blueprints.values import file_date
from blueprints.weeks import today
from forms.contracts import ContractFilter, ContractForm, CutOffForm, CycleForm, ExtendForm
from forms.services import number
from models import Contract, Finalisation, Organisation, Package, PaymentCycle, PaymentPeriod, db

routes = Blueprint("contracts", __name__)
ORDERS = {
    "name": (Contract.name,),
    "ref": (Contract.ref,),
    "organisation": (Organisation.name, Contract.name),
    "type": (Contract.contract_type,),
    "cycle": (PaymentCycle.name, Contract.name),
}
BASIS = {"portal": "Portal: what the portal works out is paid", "invoice": "Invoice: the provider's invoices are paid"}


def found_contract(contract_id: int) -> Contract:
    """The contract within reach, with its organisation and cycle, or 404."""
    query = (
        Contract.visible_to(g.reach)
        .select(Contract, Organisation, PaymentCycle)
        .join(Organisation)
        .switch(Contract)
        .join(PaymentCycle)
        .where(Contract.id == contract_id)
    )
    return query.get_or_none() or abort(404)


def found_cycle(cycle_id: int) -> PaymentCycle:
    """The payment cycle, or 404."""
    return PaymentCycle.get_or_none(PaymentCycle.id == cycle_id) or abort(404)


# contracts -------------------------------------------------------------------------------------------------------------


@routes.get("/contracts")
@requires(Can.SEE_RECORDS)
def index():
    """Contracts of all organisations."""
    return contract_list(None, None)


@routes.get("/organisations/<int:organisation_id>/contracts")
@requires(Can.SEE_RECORDS)
def of_organisation(organisation_id: int):
    """An organisation's contracts."""
    row = Organisation.visible_to(g.reach).where(Organisation.id == organisation_id).get_or_none() or abort(404)
    return contract_list(records.of_organisation(row, "Contracts"), Contract.organisation == row, organisation=row)


@routes.get("/payment-cycles/<int:cycle_id>/contracts")
@requires(Can.SEE_RECORDS)
def of_cycle(cycle_id: int):
    """The contracts that a cycle pays."""
    row = found_cycle(cycle_id)
    return contract_list(records.of_cycle(row, "Contracts"), Contract.cycle == row, cycle=row)


def contract_list(owner, condition, organisation=None, cycle=None):
    """The list of contracts, of one record or of all."""
    filter_form = ContractFilter()
    if organisation is not None:
        del filter_form.organisation
    else:
        filter_form.organisation.choices = records.choices(Organisation, "All organisations", g.reach)
    if cycle is not None:
        del filter_form.cycle
    else:
        filter_form.cycle.choices = records.choices(PaymentCycle, "All cycles")
    kinds = [k for (k,) in Contract.select(Contract.contract_type).distinct().order_by(Contract.contract_type).tuples()]
    filter_form.kind.choices = [("", "All types"), *((k, k) for k in kinds)]
    filter_form.validate()
    current = Package.select(fn.COUNT(Package.id)).where(
        (Package.contract == Contract.id) & (Package.end_date.is_null() | (Package.end_date >= today()))
    )
    query = (
        Contract.visible_to(g.reach)
        .select(Contract, Organisation, PaymentCycle, current.alias("current_count"))
        .join(Organisation)
        .switch(Contract)
        .join(PaymentCycle)
    )
    if condition is not None:
        query = query.where(condition)
    for name, column in (("organisation", Contract.organisation), ("cycle", Contract.cycle)):
        if name in filter_form and filter_form[name].data:
            query = query.where(column == number(filter_form[name].data))
    if filter_form.kind.data:
        query = query.where(Contract.contract_type == filter_form.kind.data)
    if wanted := filter_form.q.data:
        query = query.where(Contract.name.contains(wanted) | Contract.ref.contains(wanted))
    if records.wants_csv():
        rows, _ = records.ordered(query, ORDERS, "name", Contract.id)
        return records.csv_file(
            "contracts",
            [
                "ContractRef",
                "ContractName",
                "OrganisationRef",
                "OrganisationName",
                "ContractType",
                "PaymentCycle",
                "VatRate",
                "PaymentBasis",
                "PaymentMethod",
                "CurrentPackages",
            ],
            (
                [
                    c.ref,
                    c.name,
                    c.organisation.ref,
                    c.organisation.name,
                    c.contract_type,
                    c.cycle.name,
                    values.file_quantity(c.vat_rate),
                    c.payment_basis,
                    c.payment_method,
                    c.current_count,
                ]
                for c in rows
            ),
        )
    at = {"organisation": organisation.id} if organisation else {}
    return page(
        "contracts/list.html",
        heading=None if owner else "Contracts",
        owner=owner,
        breadcrumbs=owner.crumbs if owner else [records.home(), ("Contracts", None)],
        actions=([("Payment cycles", url_for("authority.contracts.cycles"))] if not owner else [])
        + ([("Add a contract", url_for("authority.contracts.add", **at), "button")] if can(Can.EDIT_RECORDS) else []),
        filter=filter_form,
        organisation=organisation,
        cycle=cycle,
        found=records.listed(query, ORDERS, "name", Contract.id),
    )


@routes.route("/contracts/new", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def add():
    """A new contract."""
    return edit_page(None)


@routes.route("/contracts/<int:contract_id>/edit", methods=["GET", "POST"])
@requires(Can.EDIT_RECORDS)
def edit(contract_id: int):
    """Change a contract; cycle, VAT and basis are fixed once a period is finalised (7.1)."""
    return edit_page(found_contract(contract_id))


def edit_page(row: Contract | None):
    """The form of a contract, saved where it will do."""
    given = facts.of(row) or {"organisation": number(request.args.get("organisation")), "payment_basis": "portal"}
    form = ContractForm.opened(given)
    form.organisation.choices = records.choices(Organisation, "Choose an organisation", g.reach)
    form.cycle.choices = records.choices(PaymentCycle, "Choose a payment cycle")
    if form.is_submitted() and (ident := records.keep(form, Contract, row, rules.save_contract)):
        records.saved(form.name.data)
        return go(url_for("authority.contracts.show", contract_id=ident))
    back = url_for("authority.contracts.show", contract_id=row.id) if row else url_for("authority.contracts.index")
    fixed = row is not None and Finalisation.select().where(Finalisation.contract == row).exists()
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Change {row.name}" if row else "Add a contract",
        breadcrumbs=[records.home(), ("Contracts", url_for("authority.contracts.index"))]
        + ([(row.name, back), ("Change", None)] if row else [("Add a contract", None)]),
        guidance="A period of this contract is finalised: its payment cycle, VAT rate and payment basis can no longer change."
        if fixed
        else None,
        form=form,
        button="Save contract",
        cancel=back,
    )


@routes.get("/contracts/<int:contract_id>")
@requires(Can.SEE_RECORDS)
def show(contract_id: int):
    """A contract's details."""
    row = found_contract(contract_id)
    owner = records.of_contract(row, "Details")
    state = payments.states([row])[row.id]
    oldest = state.oldest_current
    return page(
        "records/summary.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        actions=[("Change details", url_for("authority.contracts.edit", contract_id=row.id))]
        if can(Can.EDIT_RECORDS)
        else [],
        rows=[
            {"key": "Reference", "value": row.ref},
            {"key": "Name", "value": row.name},
            {"key": "Organisation", "value": row.organisation.name},
            {"key": "Contract type", "value": row.contract_type},
            {"key": "Payment cycle", "value": row.cycle.name},
            {
                "key": "Current period",
                "value": f"{values.show_date_long(oldest.start_date)} to {values.show_date_long(oldest.end_date)}",
            }
            if oldest
            else {"key": "Current period", "value": "None: add periods to the payment cycle"},
            {"key": "Finalised periods", "value": str(len(state.finalised))},
            {"key": "VAT rate", "value": records.in_words(Contract, "vat_rate", row.vat_rate)},
            {"key": "Payment basis", "value": BASIS.get(row.payment_basis, row.payment_basis)},
            {"key": "Payment method", "value": row.payment_method},
        ],
    )


@routes.get("/contracts/<int:contract_id>/periods")
@requires(Can.SEE_RECORDS)
def periods(contract_id: int):
    """The periods of a contract and their states (7.1)."""
    row = found_contract(contract_id)
    owner = records.of_contract(row, "Periods")
    state = payments.states([row])[row.id]
    listed = []
    for period in sorted(state.periods, key=lambda p: p.start_date, reverse=True):
        done = state.finalised.get(period.id)
        word = "Finalised" if done else "Future" if period.start_date > today() else "Current"
        listed.append({"period": period, "done": done, "state": word})
    if records.wants_csv():
        return records.csv_file(
            "contract-periods",
            ["StartDate", "EndDate", "CutOff", "Status", "FinalisedAt", "FinalisedBy"],
            (
                [
                    file_date(p["period"].start_date),
                    file_date(p["period"].end_date),
                    file_date(p["period"].cut_off),
                    p["state"],
                    f"{p['done'].at:%Y-%m-%d %H:%M}" if p["done"] else "",
                    p["done"].by if p["done"] else "",
                ]
                for p in listed
            ),
        )
    return page("contracts/periods.html", owner=owner, breadcrumbs=owner.crumbs, listed=listed)


@routes.get("/contracts/<int:contract_id>/history")
@requires(Can.SEE_RECORDS)
def story(contract_id: int):
    """Who changed the contract, when, and how."""
    row = found_contract(contract_id)
    owner = records.of_contract(row, "History")
    return page("records/history.html", owner=owner, breadcrumbs=owner.crumbs, entries=records.story(row, ContractForm))


# payment cycles and periods (R-10, Z-08) -------------------------------------------------------------------------------


@routes.get("/payment-cycles")
@requires(Can.SEE_RECORDS)
def cycles():
    """The payment cycles, how far their periods reach and what they pay."""
    last = PaymentPeriod.select(fn.MAX(PaymentPeriod.end_date)).where(PaymentPeriod.cycle == PaymentCycle.id)
    count = PaymentPeriod.select(fn.COUNT(PaymentPeriod.id)).where(PaymentPeriod.cycle == PaymentCycle.id)
    contracts = Contract.select(fn.COUNT(Contract.id)).where(Contract.cycle == PaymentCycle.id)
    query = PaymentCycle.select(
        PaymentCycle, last.alias("last_day"), count.alias("periods_count"), contracts.alias("contracts_count")
    )
    orders = {"name": (PaymentCycle.name,)}
    found = records.listed(query, orders, "name", PaymentCycle.id)
    for row in found.rows:
        row.last_day = facts_day(row.last_day)
    if records.wants_csv():
        return records.csv_file(
            "payment-cycles",
            ["PaymentCycle", "Periods", "LastDay", "Contracts"],
            ([c.name, c.periods_count, file_date(c.last_day), c.contracts_count] for c in found.rows),
        )
    return page(
        "contracts/cycles.html",
        heading="Payment cycles",
        breadcrumbs=[records.home(), ("Payment cycles", None)],
        guidance="A payment cycle is a sequence of payment periods. Each contract is paid by one cycle. Providers see the cut-off dates.",
        actions=[("Add a payment cycle", url_for("authority.contracts.add_cycle"), "button")]
        if can(Can.EDIT_PERIODS)
        else [],
        found=found,
        soon=today() + dt.timedelta(28),
    )


def facts_day(value):
    """A date that an aggregate gave, whichever database it came from."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


@routes.route("/payment-cycles/new", methods=["GET", "POST"])
@requires(Can.EDIT_PERIODS)
def add_cycle():
    """A new payment cycle."""
    return edit_cycle_page(None)


@routes.route("/payment-cycles/<int:cycle_id>/edit", methods=["GET", "POST"])
@requires(Can.EDIT_PERIODS)
def edit_cycle(cycle_id: int):
    """Rename a payment cycle."""
    return edit_cycle_page(found_cycle(cycle_id))


def edit_cycle_page(row: PaymentCycle | None):
    """The form of a payment cycle, saved where it will do."""
    form = CycleForm.opened(facts.of(row))

    def save(given, by, existing):
        return period_rules.save_cycle(given["name"], by, existing)

    if form.is_submitted() and (ident := records.keep(form, PaymentCycle, row, save)):
        records.saved(form.name.data)
        return go(url_for("authority.contracts.cycle", cycle_id=ident))
    back = url_for("authority.contracts.cycle", cycle_id=row.id) if row else url_for("authority.contracts.cycles")
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Rename {row.name}" if row else "Add a payment cycle",
        breadcrumbs=[records.home(), ("Payment cycles", url_for("authority.contracts.cycles"))]
        + ([(row.name, back), ("Rename", None)] if row else [("Add a payment cycle", None)]),
        form=form,
        button="Save payment cycle",
        cancel=back,
    )


def stored_periods(cycle: PaymentCycle) -> list[dict]:
    """The facts of a cycle's periods, in order."""
    return list(PaymentPeriod.select().where(PaymentPeriod.cycle == cycle).order_by(PaymentPeriod.start_date).dicts())


@routes.get("/payment-cycles/<int:cycle_id>")
@requires(Can.SEE_RECORDS)
def cycle(cycle_id: int):
    """A cycle's periods with their cut-off dates, and how many contracts are finalised in each."""
    row = found_cycle(cycle_id)
    owner = records.of_cycle(row, "Periods")
    contracts = Contract.select().where(Contract.cycle == row).count()
    done = dict(
        Finalisation.select(Finalisation.period, fn.COUNT(Finalisation.id))
        .join(PaymentPeriod)
        .where(PaymentPeriod.cycle == row)
        .group_by(Finalisation.period)
        .tuples()
    )
    listed = [
        {
            **period,
            "weeks": mondays(period["start_date"], period["end_date"]),
            "finalised": done.get(period["id"], 0),
            "current": contracts - done.get(period["id"], 0),
            "state": "Finalised"
            if contracts and done.get(period["id"], 0) >= contracts
            else "Partly finalised"
            if done.get(period["id"])
            else "Future"
            if period["start_date"] > today()
            else "Current",
        }
        for period in reversed(stored_periods(row))
    ]
    if records.wants_csv():
        return records.csv_file(
            "payment-periods",
            ["PaymentCycle", "StartDate", "EndDate", "CutOff", "ContractsCurrent", "ContractsFinalised"],
            (
                [
                    row.name,
                    file_date(p["start_date"]),
                    file_date(p["end_date"]),
                    file_date(p["cut_off"]),
                    p["current"],
                    p["finalised"],
                ]
                for p in listed
            ),
        )
    may = can(Can.EDIT_PERIODS)
    return page(
        "contracts/cycle.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        actions=[
            ("Rename", url_for("authority.contracts.edit_cycle", cycle_id=row.id)),
            *([("Change cut-off dates", url_for("authority.contracts.cut_offs", cycle_id=row.id))] if listed else []),
            ("Add periods", url_for("authority.contracts.extend", cycle_id=row.id), "button"),
        ]
        if may
        else [],
        listed=listed,
        cycle=row,
        last=listed[0] if listed and not listed[0]["finalised"] and may else None,
    )


def mondays(start: dt.date, end: dt.date) -> int:
    """How many weeks a period holds: those whose Monday lies in it (7.1)."""
    first = start + dt.timedelta(-start.weekday() % 7)
    return max(0, (end - first).days // 7 + 1)


@routes.get("/payment-cycles/<int:cycle_id>/history")
@requires(Can.SEE_RECORDS)
def cycle_story(cycle_id: int):
    """Who changed the cycle and its periods, when, and how."""
    row = found_cycle(cycle_id)
    owner = records.of_cycle(row, "History")
    entries = records.story(row, CycleForm) + records.stories(PaymentPeriod, [p["id"] for p in stored_periods(row)])
    entries.sort(key=lambda entry: entry["at"], reverse=True)
    return page("records/history.html", owner=owner, breadcrumbs=owner.crumbs, entries=entries)


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
