"""Packages as officers see, authorise and keep them (rules 3.1 to 3.9): the pages of all these files."""

from blueprints.packages import authorising, browsing, keeping, pricing, record
from blueprints.packages.desk import routes

__all__ = ["authorising", "browsing", "keeping", "pricing", "record", "routes"]
import contextlib
import datetime as dt

from flask import Blueprint, abort, flash, g, request, url_for
from markupsafe import Markup
from peewee import fn

from blueprints import consequences, facts, history, records, values
from blueprints.packages import rules, screens
from blueprints.packages.plan import (
    Slot,
    active_days,
    allowance,
    cost_text,
    planned_quantity,
    pricing_text,
    shown_day,
    weekly_quantity,
)
from blueprints.pages import go, page
from blueprints.payments import rules as payments
from blueprints.permissions import Can, can, requires
from blueprints.values import file_date, file_money, file_quantity
from blueprints.weeks import monday, today
from forms.packages import (
    DAYS,
    EndForm,
    NothingForm,
    PackageFilter,
    PackageForm,
    RatesForm,
    SuccessorForm,
    TimetableForm,
)
from forms.services import number
from models import (
    Actual,
    Client,
    Contract,
    Due,
    Organisation,
    Package,
    PaymentItem,
    Service,
    ServiceLevel,
    Visit,
)

routes = Blueprint("packages", __name__)
ORDERS = {
    "cpli": (Package.cpli_id,),
    "client": (Client.surname, Client.forename, Package.cpli_id),
    "service": (Service.name, Client.surname),
    "level": (ServiceLevel.name, Client.surname),
    "start": (Package.start_date,),
    "end": (Package.end_date,),
}


def joined():
    """Packages within reach with what a row shows of them."""
    return (
        Package.visible_to(g.reach)
        .select(Package, Client, Service, ServiceLevel, Contract)
        .join(Client)
        .switch(Package)
        .join(Service)
        .switch(Package)
        .join(ServiceLevel)
        .switch(Package)
        .join(Contract)
    )


def found_package(package_id: int) -> Package:
    """The package within reach with its client, service, level and contract, or 404; the look is logged."""
    row = joined().where(Package.id == package_id).get_or_none() or abort(404)
    history.looked(g.user.id, row)
    return row


def state_of(row: Package) -> str:
    """The word for where a package is: not authorised, to come, current or ended."""
    if not row.authorised:
        return "Not authorised"
    if row.end_date is not None and row.end_date < today():
        return "Ended"
    return "Future" if row.start_date > today() else "Current"


def with_words(rows: list[Package]) -> list[Package]:
    """Give each package its state, cost and pricing text (3.7), by three queries for each 500."""
    plans: dict = {}
    for start in range(0, len(rows), 500):
        plans |= rules.lines(Package.id.in_([r.id for r in rows[start : start + 500]]))
    for row in rows:
        plan = plans[row.id].plan
        day = shown_day(plan, today())
        row.state = state_of(row)
        row.cost_words = cost_text(plan, day)
        row.pricing_words = pricing_text(plan, day, row.level.unit, row.pricing_basis)
    return rows


def rate_and_timetable(row: Package) -> tuple[list, list]:
    """The further rates [ISO date, units] and the slots of a package, in order."""
    rates = sorted(rules.rates_of([row.id]).get(row.id, {}).items())
    slots = sorted((*key, carers) for key, carers in rules.slots_of([row.id]).get(row.id, {}).items())
    return [[since.isoformat(), cost] for since, cost in rates], [list(s) for s in slots]


# lists -----------------------------------------------------------------------------------------------------------------


@routes.get("/packages")
@requires(Can.SEE_RECORDS)
def index():
    """Packages of all organisations."""
    return package_list(None, None)


@routes.get("/organisations/<int:organisation_id>/packages")
@requires(Can.SEE_RECORDS)
def of_organisation(organisation_id: int):
    """An organisation's packages."""
    row = Organisation.visible_to(g.reach).where(Organisation.id == organisation_id).get_or_none() or abort(404)
    return package_list(records.of_organisation(row, "Packages"), Package.organisation == row, "organisation", row.id)


@routes.get("/services/<int:service_id>/packages")
@requires(Can.SEE_RECORDS)
def of_service(service_id: int):
    """A service's packages."""
    query = Service.visible_to(g.reach).select(Service, Organisation).join(Organisation)
    row = query.where(Service.id == service_id).get_or_none() or abort(404)
    return package_list(records.of_service(row, "Packages", today()), Package.service == row, "service", row.id)


@routes.get("/service-levels/<int:level_id>/packages")
@requires(Can.SEE_RECORDS)
def of_level(level_id: int):
    """A service level's packages."""
    row = ServiceLevel.get_or_none(ServiceLevel.id == level_id) or abort(404)
    return package_list(records.of_level(row, "Packages"), Package.level == row, "level", row.id)


@routes.get("/contracts/<int:contract_id>/packages")
@requires(Can.SEE_RECORDS)
def of_contract(contract_id: int):
    """A contract's packages."""
    query = Contract.visible_to(g.reach).select(Contract, Organisation).join(Organisation)
    row = query.where(Contract.id == contract_id).get_or_none() or abort(404)
    return package_list(records.of_contract(row, "Packages"), Package.contract == row, "contract", row.id)


@routes.get("/clients/<int:client_id>/packages")
@requires(Can.SEE_RECORDS)
def of_client(client_id: int):
    """A client's packages, historical ones too."""
    row = Client.visible_to(g.reach).where(Client.id == client_id).get_or_none() or abort(404)
    history.looked(g.user.id, row)
    return package_list(records.of_client(row, "Packages"), Package.client == row, "client", row.id, "all")


def package_list(owner, condition, of: str = "", ident: int | None = None, when: str = ""):
    """The list of packages, of one record or of all; current and to come unless asked otherwise."""
    form = PackageFilter()
    for name, model, words in (
        ("organisation", Organisation, "All organisations"),
        ("service", Service, "All services"),
        ("level", ServiceLevel, "All service levels"),
        ("contract", Contract, "All contracts"),
    ):
        if of == name or (of in ("service", "contract") and name == "organisation"):
            del form[name]
            continue
        within = None
        if of == "organisation" and name in ("service", "contract"):
            within = model.organisation == ident
        form[name].choices = records.choices(model, words, g.reach, within)
    form.validate()
    query = joined()
    if condition is not None:
        query = query.where(condition)
    for name in ("organisation", "service", "level", "contract"):
        if name in form and number(form[name].data):
            query = query.where(getattr(Package, name) == number(form[name].data))
    if form.authorised.data in ("yes", "no"):
        query = query.where(Package.authorised == (form.authorised.data == "yes"))
    query = query.where(*dates(form.when.data or when))
    for word in (form.q.data or "").replace(",", " ").split():
        same = (
            Client.surname.contains(word)
            | Client.forename.contains(word)
            | Client.ssref.contains(word)
            | Package.care_package_ref.contains(word)
        )
        if word.isascii() and word.isdigit() and len(word) < 19:
            same |= Package.cpli_id == int(word)
        query = query.where(same)
    if records.wants_csv():
        rows, _ = records.ordered(query, ORDERS, "client", Package.id)
        return package_file(list(rows))
    found = records.listed(query, ORDERS, "client", Package.id)
    with_words(found.rows)
    waiting = Package.visible_to(g.reach).where(~Package.authorised).count() if owner is None else 0
    return page(
        "packages/list.html",
        heading=None if owner else "Packages",
        owner=owner,
        breadcrumbs=owner.crumbs if owner else [records.home(), ("Packages", None)],
        actions=(
            [(f"Waiting to be authorised ({waiting})", url_for("authority.packages.waiting"))] if owner is None else []
        )
        + ([("Planned against commissioned", url_for("authority.packages.mismatches"))] if owner is None else [])
        + (
            [("Add a package", url_for("authority.packages.add", **({of: ident} if of else {})), "button")]
            if can(Can.EDIT_PACKAGES)
            else []
        ),
        filter=form,
        of=of,
        found=found,
    )


def dates(when: str) -> tuple:
    """The conditions of a choice of dates; an end date of today is not ended (3.8)."""
    now = today()
    goes_on = Package.end_date.is_null() | (Package.end_date >= now)
    return {
        "": (goes_on,),
        "current": (goes_on, Package.start_date <= now),
        "historical": (Package.end_date < now,),
        "to-come": (Package.start_date > now,),
    }.get(when, (Package.id.is_null(False),))


def package_file(rows: list[Package]):
    """The rows of a list as a file, with the columns of the packages file and the words of the list."""
    with_words(rows)
    return records.csv_file(
        "packages",
        [
            "CPLIId",
            "SSRef",
            "Client",
            "ServiceRef",
            "ServiceName",
            "ServiceLevelRef",
            "ServiceLevel",
            "ContractRef",
            "StartDate",
            "EndDate",
            "Quantity",
            "Frequency",
            "UnitCost",
            "Authorised",
            "CarePackageRef",
            "Discount",
            "Contribution",
            "PricingBasis",
            "CostCentre",
            "Subjective",
            "Cost",
            "Pricing",
            "State",
        ],
        (
            [
                p.cpli_id,
                p.client.ssref,
                p.client.file_name,
                p.service.ref,
                p.service.name,
                p.level.ref,
                p.level.name,
                p.contract.ref,
                file_date(p.start_date),
                file_date(p.end_date),
                file_quantity(p.quantity),
                p.frequency,
                values.file_rate(p.unit_cost),
                int(p.authorised),
                p.care_package_ref,
                file_quantity(p.discount),
                file_money(p.contribution),
                p.pricing_basis,
                p.cost_centre,
                p.subjective,
                p.cost_words,
                p.pricing_words,
                p.state,
            ]
            for p in rows
        ),
    )


# one package -----------------------------------------------------------------------------------------------------------


@routes.get("/packages/<int:package_id>")
@requires(Can.SEE_RECORDS)
def show(package_id: int):
    """A package's facts, cost and pricing, rates and timetable."""
    row = with_words([found_package(package_id)])[0]
    plan = rules.plan_of(row)
    at = {"package_id": row.id}
    actions = []
    if can(Can.EDIT_PACKAGES):
        actions.append(("Change", url_for("authority.packages.edit", **at)))
        actions.append(("Rates", url_for("authority.packages.rates", **at)))
        actions.append(("Timetable", url_for("authority.packages.timetable", **at)))
        if row.end_date is None:
            actions.append(("End", url_for("authority.packages.end", **at)))
        else:
            actions.append(("Change the end", url_for("authority.packages.end", **at)))
            actions.append(("Reopen", url_for("authority.packages.reopen", **at)))
        actions.append(("End and start another", url_for("authority.packages.successor", **at)))
    days = [[s for s in plan.slots if s.weekday == day] for day in range(7)]
    owner = records.of_package(row, "Details", row.state)
    quantity = f"{values.show_quantity(weekly_quantity(plan), short=True)} {row.level.unit}"
    return page(
        "packages/show.html",
        owner=owner,
        breadcrumbs=owner.crumbs,
        actions=actions,
        package=row,
        plan=plan,
        quantity=quantity,
        days=days,
        day_names=DAYS,
        allowance=allowance(plan),
        show_rate=values.show_rate,
        words=records.in_words,
        client_link=link(row.client.name, "authority.clients.show", client_id=row.client_id),
        service_link=link(row.service.name, "authority.services.show", service_id=row.service_id),
        level_link=link(row.level.name, "authority.services.level", level_id=row.level_id),
        contract_link=link(row.contract.name, "authority.contracts.show", contract_id=row.contract_id),
        deepest=max((len(day) for day in days), default=0),
    )


def link(words: str, endpoint: str, **at) -> Markup:
    """The way to a related record."""
    return Markup('<a class="govuk-link" href="{}">{}</a>').format(url_for(endpoint, **at), words)


@routes.get("/packages/<int:package_id>/weeks")
@requires(Can.SEE_RECORDS)
def weeks_due(package_id: int):
    """A package's weeks, newest first: planned, actual, due, paid and where it is paid."""
    row = found_package(package_id)
    owner = records.of_package(row, "Weeks", state_of(row))
    plan = rules.plan_of(row)
    dues = {rules.day(d.week): d for d in Due.select().where(Due.package == row)}
    actuals = {rules.day(a.week): a for a in Actual.select().where(Actual.package == row)}
    sent = sent_quantities(Visit.package == row)
    state = payments.states([row.contract])[row.contract_id]
    last = min(plan.end or dt.date.max, today() + dt.timedelta(28))
    every, week = set(dues) | set(actuals), monday(plan.start)
    while week <= last:
        every.add(week)
        week += dt.timedelta(7)
    listed = []
    for week in sorted(every, reverse=True):
        due, actual, period = dues.get(week), actuals.get(week), state.of_week(week)
        listed.append(
            {
                "week": week,
                "planned": planned_quantity(plan, week),
                "days": active_days(plan, week)[2],
                "sent": sent.get((row.id, week)),
                "actual": actual,
                "due": due.cost if due else 0,
                "contribution": due.contribution if due else 0,
                "paid": due.paid_cost + due.paid_contribution if due else 0,
                "difference": due.cost + due.contribution - due.paid_cost - due.paid_contribution if due else 0,
                "period": period,
                "state": "Finalised" if period and period.id in state.finalised else "Current" if period else "",
            }
        )
    if records.wants_csv():
        return records.csv_file(
            f"weeks-of-package-{row.cpli_id}",
            [
                "WeekBeginning",
                "Planned",
                "PlannedInVisits",
                "Actual",
                "Frustrated",
                "Due",
                "Contribution",
                "Paid",
                "Difference",
                "PeriodStart",
                "PeriodEnd",
                "Status",
            ],
            (
                [file_date(w["week"]), file_quantity(w["planned"]), file_quantity(w["sent"])]
                + (
                    [file_quantity(w["actual"].actual), file_quantity(w["actual"].frustrated)]
                    if w["actual"]
                    else ["", ""]
                )
                + [
                    file_money(w["due"]),
                    file_money(w["contribution"]),
                    file_money(w["paid"]),
                    file_money(w["difference"]),
                ]
                + ([file_date(w["period"].start_date), file_date(w["period"].end_date)] if w["period"] else ["", ""])
                + [w["state"]]
                for w in listed
            ),
        )
    found = records.cut(listed)
    return page("packages/weeks.html", owner=owner, breadcrumbs=owner.crumbs, package=row, found=found)


def sent_quantities(condition) -> dict[tuple[int, dt.date], int]:
    """Hundredths of hours planned in the matched visits of packages, by package and week (K-18)."""
    query = (
        Visit.select(Visit.package, Visit.week, fn.SUM(Visit.planned_minutes))
        .where(condition & Visit.package.is_null(False) & ~Visit.is_deleted)
        .group_by(Visit.package, Visit.week)
    )
    return {(package, rules.day(week)): values.half_up(minutes * 100, 60) for package, week, minutes in query.tuples()}


@routes.get("/packages/<int:package_id>/visits")
@requires(Can.SEE_RECORDS)
def visits(package_id: int):
    """The visits that match a package."""
    row = found_package(package_id)
    owner = records.of_package(row, "Visits", state_of(row))
    return records.visit_list(
        Visit.visible_to(g.reach).where(Visit.package == row), owner, f"visits-of-package-{row.cpli_id}"
    )


@routes.get("/packages/<int:package_id>/history")
@requires(Can.SEE_RECORDS)
def story(package_id: int):
    """Who changed the package, its rates and timetable, when, and how."""
    row = found_package(package_id)
    owner = records.of_package(row, "History", state_of(row))
    return page("records/history.html", owner=owner, breadcrumbs=owner.crumbs, entries=records.story(row, PackageForm))


# changing --------------------------------------------------------------------------------------------------------------


def crumbs(row: Package, last: str) -> list:
    """The way to a page about a package."""
    name = f"{row.client.name}, {row.cpli_id}"
    return [
        records.home(),
        ("Packages", url_for("authority.packages.index")),
        (name, url_for("authority.packages.show", package_id=row.id)),
        (last, None),
    ]


def confirmation(
    moves, breadcrumbs: list, back: str, button: str, package: Package | None = None, instead: bool = True
):
    """The page that says what a change moves before it is saved (3.9)."""
    listed, adjusted = screens.weeks_moved(moves)
    other = None
    if package is not None and instead:
        now = facts.of(package)
        kept = {
            k: v
            for k, v in request.form.items()
            if k in now and k not in ("client", "start_date", "end_date", "cpli_id")
        }
        other = url_for("authority.packages.successor", package_id=package.id, **kept)
    return page(
        "packages/confirmation.html",
        heading="Check what this changes",
        breadcrumbs=breadcrumbs,
        moves=moves,
        listed=listed,
        adjusted=adjusted,
        typed=screens.typed(),
        confirmed=screens.stamp(moves),
        back=back,
        button=button,
        other=other,
        several=len({w.package.id for w in listed if w.package}) > 1,
    )


def refresh(row: Package) -> Package:
    """The package as it is now, for a change inside its transaction."""
    return Package.get_by_id(row.id)


def fill_choices(form: PackageForm) -> None:
    """The drop-downs of the form of a package."""
    form.service.choices = records.choices(Service, "Choose a service", g.reach)
    form.level.choices = records.choices(ServiceLevel, "Choose a service level")
    form.contract.choices = records.choices(Contract, "Choose a contract", g.reach)


def package_facts(form: PackageForm) -> dict | None:
    """The facts of the form with the client's row in place of the SSRef; None, with what is wrong, where there is none."""
    given = form.facts()
    client = Client.get_or_none(fn.LOWER(Client.ssref) == (form.client.data or "").lower())
    if client is None:
        form.client.errors = ["Enter the SSRef of a client that the portal has"]
        return None
    return {**given, "client": client.id}


def shown_facts(row: Package) -> dict:
    """A package's facts as its form shows them: the client by SSRef."""
    return {**facts.of(row), "client": row.client.ssref}


def asked_start() -> dt.date | None:
    """The first day that the address asks for: that of a visit without a package (O-31)."""
    try:
        return dt.date.fromisoformat(request.args.get("start", ""))
    except ValueError:
        return None


@routes.route("/packages/new", methods=["GET", "POST"])
@requires(Can.EDIT_PACKAGES)
def add():
    """A new package."""
    given = {name: number(request.args.get(name)) for name in ("service", "level", "contract")}
    client = Client.get_or_none(Client.id == number(request.args.get("client")))
    highest = Package.select(fn.MAX(Package.cpli_id)).scalar() or 0
    form = PackageForm.opened(
        {
            **given,
            "start_date": asked_start(),
            "client": client.ssref if client else "",
            "cpli_id": highest + 1,
            "frequency": "Weekly",
            "pricing_basis": "Spot",
        }
    )
    fill_choices(form)
    way = [records.home(), ("Packages", url_for("authority.packages.index")), ("Add a package", None)]
    if form.is_submitted() and form.validate() and (wanted := package_facts(form)):

        def change():
            return rules.save_package(wanted, records.actor()).touched

        done = screens.attempt(form, "package new", None, change, [wanted["client"]])
        if done.moves:
            return confirmation(done.moves, way, request.full_path, "Add the package")
        if done.saved:
            row = Package.get(Package.cpli_id == wanted["cpli_id"])
            flash(f"Package {row.cpli_id} is added.", "success")
            return go(url_for("authority.packages.show", package_id=row.id))
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading="Add a package",
        breadcrumbs=way,
        guidance="Rates that hold from later dates and the timetable are added on the package's page.",
        form=form,
        button="Add package",
        cancel=url_for("authority.packages.index"),
    )


@routes.route("/packages/<int:package_id>/edit", methods=["GET", "POST"])
@requires(Can.EDIT_PACKAGES)
def edit(package_id: int):
    """Change a package; what holds for the whole of it re-prices its past, and that is said first (3.2, 3.9)."""
    row = found_package(package_id)
    form = PackageForm.opened(shown_facts(row))
    fill_choices(form)
    if form.is_submitted() and form.validate() and (wanted := package_facts(form)):

        def change():
            return rules.save_package(wanted, records.actor(), refresh(row)).touched

        def now():
            return shown_facts(joined().where(Package.id == row.id).get())

        done = screens.attempt(form, f"package {row.id}", now, change, [row.client_id, wanted["client"]])
        if done.moves:
            return confirmation(done.moves, crumbs(row, "Change"), request.path, "Save the package", row)
        if done.saved:
            flash(f"Package {wanted['cpli_id']} is saved.", "success")
            return go(url_for("authority.packages.show", package_id=row.id))
    fixed = PaymentItem.select().where(PaymentItem.package == row).exists()
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"Change package {row.cpli_id}",
        breadcrumbs=crumbs(row, "Change"),
        guidance="A finalised period holds items of this package, so its client, service, service level and contract can no longer change: "
        "end it and start another."
        if fixed
        else "Quantity, frequency, discount and contribution hold for the whole package. To change them from a date, end it and start another.",
        form=form,
        button="Save package",
        cancel=url_for("authority.packages.show", package_id=row.id),
    )


@routes.route("/packages/<int:package_id>/end", methods=["GET", "POST"])
@requires(Can.EDIT_PACKAGES)
def end(package_id: int):
    """End a package, or give it another last day."""
    row = found_package(package_id)
    given = facts.of(row)
    form = EndForm.opened(given)
    if not form.is_submitted() and row.end_date is None:
        form.end_date.data = row.client.date_of_death if row.client.date_of_death else None
    return set_end(row, form, lambda: form.end_date.data, "End the package", f"End package {row.cpli_id}")


@routes.route("/packages/<int:package_id>/reopening", methods=["GET", "POST"])
@requires(Can.EDIT_PACKAGES)
def reopen(package_id: int):
    """Take a package's end away."""
    row = found_package(package_id)
    form = NothingForm.opened({})
    ends = values.show_date_long(row.end_date)
    return set_end(
        row, form, lambda: None, "Reopen the package", f"Reopen package {row.cpli_id}",
        f"The package ends on {ends}. Reopened, it goes on without an end." if row.end_date else "The package has no end.",
    )  # fmt: skip


def set_end(row: Package, form, last_day, button: str, heading: str, guidance: str | None = None):
    """The page and the saving of another end."""
    if form.is_submitted() and form.validate():

        def change():
            return rules.save_package({"end_date": last_day()}, records.actor(), refresh(row)).touched

        done = screens.attempt(form, f"package {row.id}", lambda: facts.of(refresh(row)), change, [row.client_id])
        if done.moves:
            return confirmation(done.moves, crumbs(row, button), request.path, button, row, instead=False)
        if done.saved:
            day = last_day()
            words = f"ends on {values.show_date_long(day)}" if day else "is open again"
            flash(f"Package {row.cpli_id} {words}.", "success")
            return go(url_for("authority.packages.show", package_id=row.id))
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=heading,
        breadcrumbs=crumbs(row, button),
        guidance=guidance,
        form=form,
        button=button,
        cancel=url_for("authority.packages.show", package_id=row.id),
    )


@routes.route("/packages/<int:package_id>/successor", methods=["GET", "POST"])
@requires(Can.EDIT_PACKAGES)
def successor(package_id: int):
    """End a package and start another from a date, which leaves the past as it is (3.2, 3.9)."""
    row = found_package(package_id)
    rates_now, slots_now = rate_and_timetable(row)
    begins = max(today(), row.start_date + dt.timedelta(1))
    highest = Package.select(fn.MAX(Package.cpli_id)).scalar() or 0
    plan = rules.plan_of(row)
    form = SuccessorForm.opened(
        {
            **shown_facts(row),
            "cpli_id": highest + 1,
            "start_date": begins,
            "end_date": row.end_date if row.end_date and row.end_date >= begins else None,
            "unit_cost": next((c for s, c in reversed(plan.rates) if s <= begins), row.unit_cost),
        }
    )
    fill_choices(form)
    if not form.is_submitted():
        carried = [n for n in ("quantity", "frequency", "unit_cost", "discount", "contribution") if n in request.args]
        for name in carried:
            form[name].process_formdata([request.args[name]])
            form[name].raw_data = [request.args[name]]
        for name in ("service", "level", "contract"):
            form[name].data = number(request.args.get(name)) or form[name].data
    if form.is_submitted() and form.validate() and (wanted := package_facts(form)):
        if wanted["start_date"] <= row.start_date:
            form.start_date.errors = [
                f"Enter a date after {values.show_date(row.start_date)}, the start of the package that it follows"
            ]
        else:
            last_day = wanted["start_date"] - dt.timedelta(1)

            def change():
                old = refresh(row)
                touched = facts.Touched()
                if old.end_date is None or old.end_date > last_day:
                    touched = screens.together(
                        touched, rules.save_package({"end_date": last_day}, records.actor(), old).touched
                    )
                saved = rules.save_package(wanted, records.actor())
                touched = screens.together(touched, saved.touched)
                new = Package.get_by_id(saved.ident)
                later = [
                    (values.authority_date(s), c)
                    for s, c in rates_now
                    if values.authority_date(s) > wanted["start_date"]
                ]
                if later:
                    touched = screens.together(touched, rules.save_rates(new, later, records.actor()))
                if slots_now:
                    touched = screens.together(
                        touched, rules.save_timetable(new, [Slot(*s) for s in slots_now], records.actor())
                    )
                return touched

            done = screens.attempt(form, f"package {row.id}", None, change, [row.client_id, wanted["client"]])
            if done.moves:
                return confirmation(
                    done.moves, crumbs(row, "End and start another"), request.path, "End the one and start the other"
                )
            if done.saved:
                new = Package.get(Package.cpli_id == wanted["cpli_id"])
                flash(
                    f"Package {row.cpli_id} ends on {values.show_date_long(last_day)}; package {new.cpli_id} follows it"
                    + (" with the same timetable." if slots_now else "."),
                    "success",
                )
                return go(url_for("authority.packages.show", package_id=new.id))
    return page(
        "records/form.html",
        422 if form.is_submitted() else 200,
        heading=f"End package {row.cpli_id} and start another",
        breadcrumbs=crumbs(row, "End and start another"),
        guidance="The package ends the day before the new one starts, and its past stays as it is. "
        "The new one takes over the timetable and later rates.",
        form=form,
        button="End and start another",
        cancel=url_for("authority.packages.show", package_id=row.id),
    )


@routes.route("/packages/<int:package_id>/rates", methods=["GET", "POST"])
@requires(Can.EDIT_PACKAGES)
def rates(package_id: int):
    """Add, change and take away rates that hold from a date (3.2)."""
    row = found_package(package_id)
    stored, _ = rate_and_timetable(row)
    form = RatesForm()
    if form.is_submitted() and form.validate():
        form.read()
        if not form.form_errors:

            def change():
                return rules.save_rates(refresh(row), form.rates, records.actor())

            def now():
                return {"rates": rate_and_timetable(row)[0]}

            done = screens.attempt(form, f"package {row.id}", now, change, [row.client_id])
            if done.moves:
                return confirmation(
                    done.moves, crumbs(row, "Rates"), request.path, "Save the rates", row, instead=False
                )
            if done.saved:
                flash(f"The rates of package {row.cpli_id} are saved.", "success")
                return go(url_for("authority.packages.show", package_id=row.id))
        rows = form.typed
    else:
        form.remember({"rates": stored})
        form.wrong = {}
        rows = [(values.show_date(values.authority_date(s)), values.file_rate(c)) for s, c in stored]
    return page(
        "packages/rates.html",
        422 if form.is_submitted() else 200,
        heading=f"Rates of package {row.cpli_id}",
        breadcrumbs=crumbs(row, "Rates"),
        guidance=f"Until the first of these dates the package's own unit cost holds, {values.show_rate(row.unit_cost)}. "
        "Empty a row to take the rate away.",
        form=form,
        rows=rows,
        blank=3,
        button="Save rates",
        cancel=url_for("authority.packages.show", package_id=row.id),
    )


@routes.route("/packages/<int:package_id>/timetable", methods=["GET", "POST"])
@requires(Can.EDIT_PACKAGES)
def timetable(package_id: int):
    """The planned visits of the package's week (3.4)."""
    row = found_package(package_id)
    _, stored = rate_and_timetable(row)
    form = TimetableForm()
    if form.is_submitted() and form.validate():
        form.read()
        if not form.form_errors:

            def change():
                return rules.save_timetable(refresh(row), form.slots, records.actor())

            def now():
                return {"timetable": rate_and_timetable(row)[1]}

            done = screens.attempt(form, f"package {row.id}", now, change, [row.client_id])
            if done.moves:
                return confirmation(
                    done.moves, crumbs(row, "Timetable"), request.path, "Save the timetable", row, instead=False
                )
            if done.saved:
                flash(f"The timetable of package {row.cpli_id} is saved.", "success")
                return go(url_for("authority.packages.show", package_id=row.id))
        rows = form.typed
    else:
        form.remember({"timetable": stored})
        form.wrong = {}
        rows = [(str(d), values.show_time(e), values.show_time(x), str(c)) for d, e, x, c in stored]
    return page(
        "packages/timetable.html",
        422 if form.is_submitted() else 200,
        heading=f"Timetable of package {row.cpli_id}",
        breadcrumbs=crumbs(row, "Timetable"),
        guidance="One row for each planned visit. With a timetable its hours are the quantity. Empty the times of a row to take it away. "
        "An exit before the entry is on the next day.",
        form=form,
        rows=rows,
        blank=7 if not rows else 4,
        days=DAYS,
        button="Save timetable",
        cancel=url_for("authority.packages.show", package_id=row.id),
    )


# authorising -----------------------------------------------------------------------------------------------------------


@routes.get("/packages/waiting")
@requires(Can.SEE_RECORDS)
def waiting():
    """Packages that wait to be authorised, oldest first."""
    query = joined().where(~Package.authorised)
    orders = {**ORDERS, "waiting": (Package.id,)}
    if records.wants_csv():
        rows, _ = records.ordered(query, orders, "waiting", Package.cpli_id)
        return package_file(list(rows))
    found = records.listed(query, orders, "waiting", Package.cpli_id)
    with_words(found.rows)
    return page(
        "packages/waiting.html",
        heading="Packages waiting to be authorised",
        breadcrumbs=[records.home(), ("Packages", url_for("authority.packages.index")), ("Waiting", None)],
        guidance="Oldest first. A package is matched, planned and paid only once it is authorised.",
        found=found,
        may=can(Can.EDIT_PACKAGES),
    )


@routes.post("/packages/authorisation")
@requires(Can.EDIT_PACKAGES)
def authorise():
    """Say what authorising these packages will do; confirmed, do it."""
    idents = [int(i) for i in request.form.getlist("package") if i.isascii() and i.isdigit() and len(i) < 19][
        : records.PER_PAGE
    ]
    rows = with_words(list(joined().where(Package.id.in_(idents) & ~Package.authorised).order_by(Package.id)))
    if not rows:
        flash(
            "Choose at least one package that waits to be authorised."
            if not idents
            else "These packages are authorised already.",
            "notice",
        )
        return go(url_for("authority.packages.waiting"))
    form = NothingForm()
    one = url_for("authority.packages.show", package_id=rows[0].id)

    def change():
        touched = facts.Touched()
        for row in rows:
            now = refresh(row)
            if not now.authorised:
                touched = screens.together(
                    touched, rules.save_package({"authorised": True}, records.actor(), now).touched
                )
        return touched

    clients = {row.client_id for row in rows}
    if not form.validate():
        abort(400)
    if request.form.get("confirmed"):
        done = screens.attempt(form, "packages authorise", None, change, clients)
        if done.saved:
            flash(
                f"{len(rows)} packages are authorised."
                if len(rows) > 1
                else f"Package {rows[0].cpli_id} is authorised.",
                "success",
            )
            return go(url_for("authority.packages.waiting") if len(rows) > 1 else one)
    moves = consequences.preview(
        lambda: consequences.follow_touched(change(), now=True), screens.packages_of_clients(clients), today()
    )
    _, adjusted = screens.weeks_moved(moves)
    by_package: dict[int, list] = {}
    for moved in moves.rows:
        tally = by_package.setdefault(moved.package, [0, 0])
        tally[0] += 1
        tally[1] += moved.after - moved.before
    return page(
        "packages/authorisation.html",
        heading="Authorise packages" if len(rows) > 1 else f"Authorise package {rows[0].cpli_id}",
        breadcrumbs=[
            records.home(),
            ("Packages", url_for("authority.packages.index")),
            ("Waiting", url_for("authority.packages.waiting")),
            ("Authorise", None),
        ],
        form=form,
        rows=rows,
        moves=moves,
        adjusted=adjusted,
        by_package=by_package,
        confirmed=screens.stamp(moves),
        cancel=one if len(rows) == 1 else url_for("authority.packages.waiting"),
    )


@routes.get("/packages/planned-against-commissioned")
@requires(Can.SEE_RECORDS)
def mismatches():
    """Packages of a week whose visits plan other hours than the package does (K-18)."""
    week = monday(today()) - dt.timedelta(7)
    with contextlib.suppress(values.Expected):
        week = monday(values.typed_date(request.args.get("week", "")))
    sent = sent_quantities(Visit.week == week)
    rows = []
    for row in (
        joined().where(Package.id.in_({p for p, _ in sent})).order_by(Client.surname, Client.forename, Package.cpli_id)
    ):
        rows.append(row)
    plans = rules.lines(Package.id.in_([r.id for r in rows])) if rows else {}
    listed = []
    for row in rows:
        planned = planned_quantity(plans[row.id].plan, week)
        if planned != sent[row.id, week]:
            listed.append({"package": row, "planned": planned, "sent": sent[row.id, week]})
    if records.wants_csv():
        return records.csv_file(
            f"planned-against-commissioned-{week}",
            [
                "WeekBeginning",
                "CPLIId",
                "SSRef",
                "Client",
                "ServiceName",
                "ServiceLevel",
                "Commissioned",
                "PlannedInVisits",
                "Difference",
            ],
            (
                [
                    file_date(week),
                    m["package"].cpli_id,
                    m["package"].client.ssref,
                    m["package"].client.file_name,
                    m["package"].service.name,
                    m["package"].level.name,
                    file_quantity(m["planned"]),
                    file_quantity(m["sent"]),
                    file_quantity(m["sent"] - m["planned"]),
                ]
                for m in listed
            ),
        )
    return page(
        "packages/mismatches.html",
        heading="Planned against commissioned",
        breadcrumbs=[
            records.home(),
            ("Packages", url_for("authority.packages.index")),
            ("Planned against commissioned", None),
        ],
        guidance="Packages whose matched visits plan other hours in the week than the package does.",
        actions=[("Several weeks, as a report", url)]
        if (url := records.where("authority.reports.planned_v_commissioned"))
        else [],
        week=week,
        previous=url_for("authority.packages.mismatches", week=week - dt.timedelta(7)),
        following=url_for("authority.packages.mismatches", week=week + dt.timedelta(7)),
        found=records.cut(listed),
        matched=len(rows),
    )
