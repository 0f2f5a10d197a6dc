"""Actuals in officers' hands: all providers by week, a provider's grid, increases, unplanned actuals."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from flask import abort, flash, g, request, url_for
from peewee import fn

from blueprints import desk, weeks
from blueprints.actuals import increases, overview, posting, screens, unplanned
from blueprints.actuals.entering import Closed, Terms
from blueprints.actuals.presses import whole
from blueprints.facts import Faulty
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.visits import provider as week_page
from forms.actuals import DecisionForm, OverviewFilter, PressForm, ServicesForm
from models import Increase, IncreaseState, Organisation, Package, Service, UnplannedActual, UnplannedState

routes = screens.build("authority", Can.SEE_RECORDS, Can.EDIT_ACTUALS)

REMINDER = "Please enter and confirm the actuals of this week."


def asked_week() -> tuple[dt.date, str]:
    """The week of the address; without one the last full week."""
    if request.args.get("week"):
        return week_page.asked_week()
    return weeks.monday(weeks.today()) - dt.timedelta(7), ""


# all providers ---------------------------------------------------------------------------------------------------------


@routes.get("/actuals")
@requires(Can.SEE_RECORDS)
def index():
    """The actuals of all providers by week: who posted when, who did not, what differs (M-38)."""
    monday, note = asked_week()
    form = OverviewFilter()
    names = Organisation.visible_to(g.reach).select(Organisation.id, Organisation.name).order_by(Organisation.name)
    form.organisation.choices = [("", "All"), *((str(i), n) for i, n in names.tuples())]
    form.validate()
    chosen = whole(form.organisation.data)
    reach = g.reach if not chosen else screens.Reach.of_organisation(chosen)
    found = overview.services(reach, monday, g.settings.posted_within_days, form.show.data or "")
    if desk.wants_csv():
        return desk.csv_file(f"actuals-{monday}", overview.HEADINGS, overview.file_rows(found, monday))
    pager = desk.pages_of(len(found))
    week = dt.timedelta(7)
    this = weeks.monday(weeks.today()) - week
    kept = {k: v for k, v in request.args.items() if k in ("organisation", "show") and v}
    return page(
        "actuals/overview.html",
        monday=monday,
        note=note,
        filter=form,
        form=form,
        found=found,
        rows=found[pager.start : pager.start + desk.PER_PAGE],
        pager=pager,
        links={
            "previous": "?" + urlencode({**kept, "week": monday - week}),
            "this": "?" + urlencode(kept) if kept else url_for("authority.actuals.index"),
            "next": "?" + urlencode({**kept, "week": monday + week}),
            "here": monday == this,
        },
        press=ServicesForm(formdata=None, text=REMINDER),
        may_edit=can(Can.EDIT_ACTUALS),
        waiting={
            "increases": Increase.select(fn.COUNT(Increase.id)).where(Increase.state == IncreaseState.PENDING).scalar(),
            "unplanned": UnplannedActual.select(fn.COUNT(UnplannedActual.id))
            .where(UnplannedActual.state == UnplannedState.PENDING)
            .scalar(),
        },
        today=weeks.today(),
        breadcrumbs=[desk.home(), ("Actuals", None)],
    )


def ticked() -> tuple[list[Service], ServicesForm]:
    """The services that were ticked; 404 for what is not there."""
    wanted = [whole(text) for text in request.form.getlist("services")]
    return list(Service.visible_to(g.reach).where(Service.id.in_(wanted)).order_by(Service.id)), ServicesForm()


def back():
    """To the list as it was."""
    return go(url_for("authority.actuals.index", **{k: v for k, v in request.args.items() if v}))


@routes.post("/actuals/locked-weeks")
@requires(Can.EDIT_ACTUALS)
def lock():
    """Lock the week for the ticked services (4.7, M-36)."""
    return press(lambda chosen, monday, form: posting.lock(chosen, monday, desk.actor()), "locked")


@routes.post("/actuals/open-weeks")
@requires(Can.EDIT_ACTUALS)
def unlock():
    """Open the week again for the ticked services."""
    return press(lambda chosen, monday, form: posting.unlock(chosen, monday, desk.actor()), "opened again")


@routes.post("/actuals/reminders")
@requires(Can.EDIT_ACTUALS)
def remind():
    """Ask the ticked services for the week's actuals, several at once (M-38)."""

    def ask(chosen, monday, form):
        text = (form.text.data or "").strip() or REMINDER
        return posting.remind(chosen, monday, text[:1000], desk.actor())

    return press(ask, "asked; it stands on their home page until they confirm the week")


def press(act, what: str):
    """Do something for the ticked services, and say for how many."""
    monday, _ = asked_week()
    chosen, form = ticked()
    if not form.validate():
        abort(400)
    if not chosen:
        flash("Tick at least one service first.", "warning")
        return back()
    done = act(chosen, monday, form)
    services = "1 service is" if done == 1 else f"{done} services are"
    flash(f"{services} {what}." if done else "Nothing was changed: it was so already.", "success" if done else "notice")
    return back()


# increases -------------------------------------------------------------------------------------------------------------


@routes.get("/actuals/increases")
@requires(Can.SEE_RECORDS)
def increases_waiting():
    """Actuals above plan that wait for an officer, oldest first (M-37)."""
    show = request.args.get("show", "")
    state = {"authorised": IncreaseState.AUTHORISED, "refused": IncreaseState.REFUSED}.get(show, IncreaseState.PENDING)
    found = increases.listed(Increase.state == state)
    pager = desk.pages_of(len(found))
    return page(
        "actuals/increases.html",
        rows=found[pager.start : pager.start + desk.PER_PAGE],
        count=len(found),
        pager=pager,
        state=state,
        show=show,
        form=DecisionForm(formdata=None),
        setting=g.settings.authorise_increases,
        may_edit=can(Can.EDIT_ACTUALS),
        today=weeks.utc_now(),
        breadcrumbs=[desk.home(), ("Actuals", url_for("authority.actuals.index")), ("Increases", None)],
    )


@routes.post("/actuals/increases/decisions")
@requires(Can.EDIT_ACTUALS)
def decide_increases():
    """Authorise or refuse the ticked increases; the provider is told why (M-37)."""
    form = DecisionForm()
    if not form.validate():
        abort(400)
    here = url_for("authority.actuals.increases_waiting")
    idents = [whole(text) for text in request.form.getlist("increases")]
    if not idents:
        flash("Tick at least one increase first.", "warning")
        return go(here)
    authorise = request.form.get("press") == "authorise"
    try:
        done = increases.decide(idents, authorise, form.reason.data or "", desk.actor())
    except Faulty as fault:
        flash(f"{fault.faults[0].message}.", "warning")
        return go(here)
    said = "authorised and paid" if authorise else "refused; the provider sees the reason"
    rows = "1 increase is" if done == 1 else f"{done} increases are"
    flash(
        f"{rows} {said}." if done else "They were decided already. Nothing was changed.",
        "success" if done else "notice",
    )
    return go(here)


# unplanned -------------------------------------------------------------------------------------------------------------


@routes.get("/actuals/unplanned")
@requires(Can.SEE_RECORDS)
def unplanned_waiting():
    """Unplanned actuals that wait to become a package's, oldest first, each with the packages that fit (M-26)."""
    count = UnplannedActual.select().where(UnplannedActual.state == UnplannedState.PENDING).count()
    pager = desk.pages_of(count)
    rows = unplanned.waiting(UnplannedActual.state == UnplannedState.PENDING)[pager.start : pager.start + desk.PER_PAGE]
    return page(
        "actuals/unplanned.html",
        rows=rows,
        count=count,
        pager=pager,
        form=DecisionForm(formdata=None),
        press=PressForm(formdata=None),
        may_edit=can(Can.EDIT_ACTUALS),
        add=desk.where("authority.packages.add") if can(Can.EDIT_PACKAGES) else None,
        query=lambda row: urlencode(
            {"client": row.client_id, "level": row.level_id, "service": row.service_id, "start": row.week}
        ),
        breadcrumbs=[desk.home(), ("Actuals", url_for("authority.actuals.index")), ("Unplanned actuals", None)],
    )


def found_unplanned(unplanned_id: int) -> UnplannedActual:
    """An unplanned actual; 404 where there is none."""
    return UnplannedActual.visible_to(g.reach).where(UnplannedActual.id == unplanned_id).get_or_none() or abort(404)


@routes.post("/actuals/unplanned/<int:unplanned_id>/package")
@requires(Can.EDIT_ACTUALS)
def accept_unplanned(unplanned_id: int):
    """Make an unplanned actual that of a package: it is paid from now on (4.6)."""
    row = found_unplanned(unplanned_id)
    if not PressForm().validate():
        abort(400)
    package = Package.get_or_none(Package.id == whole(request.form.get("package"))) or abort(404)
    try:
        unplanned.accept(row, package, desk.actor(), Terms(g.settings, weeks.today(), officer=True))
    except Closed as refusal:
        flash(f"{refusal}.", "warning")
    else:
        flash(f"It is the actual of CPLI {package.cpli_id} now, and paid with it.", "success")
    return go(url_for("authority.actuals.unplanned_waiting"))


@routes.post("/actuals/unplanned/<int:unplanned_id>/refusal")
@requires(Can.EDIT_ACTUALS)
def refuse_unplanned(unplanned_id: int):
    """Refuse an unplanned actual; the provider is told why."""
    row = found_unplanned(unplanned_id)
    form = DecisionForm()
    if not form.validate():
        abort(400)
    try:
        unplanned.refuse(row, form.reason.data or "", desk.actor())
    except Faulty as fault:
        flash(f"{fault.faults[0].message}.", "warning")
    except Closed as refusal:
        flash(f"{refusal}.", "warning")
    else:
        flash("It is refused; the provider sees the reason.", "success")
    return go(url_for("authority.actuals.unplanned_waiting"))
