"""Packages as officers add, change, end and follow them, seeing first what that moves (rule 3.9)."""

from __future__ import annotations

import datetime as dt

from flask import flash, g, request, url_for
from peewee import fn

from blueprints import facts, records, values
from blueprints.packages import rules, screens
from blueprints.packages.desk import confirmation, crumbs, found_package, joined, rate_and_timetable, refresh, routes
from blueprints.packages.plan import (
    Slot,
)
from blueprints.pages import go, page
from blueprints.permissions import Can, requires
from blueprints.weeks import today
from forms.packages import (
    EndForm,
    NothingForm,
    PackageForm,
    SuccessorForm,
)
from forms.services import number
from models import (
    Client,
    Contract,
    Package,
    PaymentItem,
    Service,
    ServiceLevel,
)


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
