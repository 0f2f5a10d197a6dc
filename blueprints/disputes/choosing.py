"""Choosing what is disputed, and raising: the check list, a client's rows, one or many disputes at once (Q-01, O-49, O-54)."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from flask import flash, g, request, url_for
from peewee import fn

from blueprints import desk, weeks
from blueprints.disputes import checks, rules, subjects
from blueprints.disputes.checks import Check
from blueprints.disputes.desk import crumbs, here, routes
from blueprints.facts import Faulty
from blueprints.packages.rules import day
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from forms.disputes import CheckFilter, ChooseFilter, RaiseForm
from models import Actual, Client, Package, Visit

MOST_WEEKS = 14  # of one client's rows to choose from


@routes.get("/disputes/check-list")
@requires(Can.SEE_RECORDS)
def check_list():
    """The weekly check list: what each check finds, and its rows, to raise disputes from (O-49, O-54)."""
    form = CheckFilter()
    form.organisation.choices = [("", "All"), *checks.owners(g.reach)]
    fine = form.validate()
    if not form.week.data:
        form.week.data = weeks.monday(weeks.today()) - dt.timedelta(7)
        form.week.raw_data = None
    monday = weeks.monday(form.week.data)
    chosen = form.organisation.data or ""
    span = checks.Span(monday, int(chosen) if chosen.isdigit() else None)
    wanted = request.args.get("check", "")
    check = Check(wanted) if wanted in set(Check) else Check.COMMENTS
    counts = checks.counts(g.reach, span, g.settings)
    pager = desk.pages_of(counts[check])
    found = checks.find(g.reach, check, span, g.settings, desk.PER_PAGE, pager.start)
    kept = {"week": monday, "organisation": chosen or None}
    return page(
        "disputes/check_list.html",
        200 if fine else 422,
        filter=form,
        form=form,
        monday=monday,
        tabs_of_checks=[
            {
                "text": checks.WORDS[one][0],
                "href": "?" + urlencode({k: v for k, v in {**kept, "check": str(one)}.items() if v}),
                "current": one == check,
                "count": counts[one],
            }
            for one in Check
        ],
        check=check,
        words=checks.WORDS[check][1],
        found=found,
        hints=lambda subject: "; ".join(checks.hints(check, subject)),
        count=found.count,
        pager=pager,
        reason=checks.REASONS[check] if checks.REASONS[check] in rules.reasons(g.settings) else "",
        may=can(Can.RAISE_DISPUTES),
        week_links=week_links(monday, check, chosen),
        visit_prefix=url_for("authority.visits.show", visit_id=0)[:-1],
        show_prefix=url_for("authority.disputes.index") + "/",
        breadcrumbs=crumbs(("Check list", None)),
    )


def week_links(monday: dt.date, check: Check, organisation: str) -> dict:
    """The weeks beside the one that is shown."""

    def link(one: dt.date) -> str:
        return "?" + urlencode({"week": one, "check": str(check), "organisation": organisation})

    return {
        "previous": link(monday - dt.timedelta(7)),
        "this": link(weeks.monday(weeks.today())),
        "next": link(monday + dt.timedelta(7)),
    }


@routes.get("/disputes/rows")
@requires(Can.RAISE_DISPUTES)
def rows():
    """The visits and actuals of one client over a date range, to choose what is disputed (Q-01)."""
    asked_for = bool(request.args)
    form = ChooseFilter()
    context: dict = {"visits": [], "mondays": [], "known": {}, "client": None}
    fine = form.validate() if asked_for else True
    if asked_for and fine:
        context, fine = chosen_rows(form)
    return page(
        "disputes/rows.html",
        200 if fine else 422,
        form=form,
        visit_prefix=url_for("authority.visits.show", visit_id=0)[:-1],
        asked=asked_for and fine,
        breadcrumbs=crumbs(("Raise a dispute", None)),
        **context,
    )


def chosen_rows(form: ChooseFilter) -> tuple[dict, bool]:
    """What the form asks for, and whether it can be had."""
    client = Client.visible_to(g.reach).where(fn.LOWER(Client.ssref) == form.client.data.lower()).get_or_none()
    empty: dict = {"visits": [], "mondays": [], "known": {}, "client": None}
    if client is None:
        form.client.errors = [f"No client has the SSRef {form.client.data}"]
        return empty, False
    first, last = form.first.data, form.last.data
    if last < first:
        form.last.errors = ["Enter a last date on or after the first one"]
        return empty, False
    if (last - first).days >= 7 * MOST_WEEKS:
        form.last.errors = [f"Enter dates at most {MOST_WEEKS} weeks apart"]
        return empty, False
    own = (Visit.client == client) & Visit.planned_date.between(first, last) & ~Visit.is_deleted
    idents = [i for (i,) in Visit.select(Visit.id).where(own).tuples()]
    mondays = [
        (package, day(week))
        for package, week in Actual.select(Actual.package, Actual.week).join(Package)
        .where((Package.client == client) & Actual.week.between(weeks.monday(first), last)).tuples()
    ]  # fmt: skip
    visits, actuals = subjects.of_visits(idents), subjects.of_weeks(mondays)
    return {
        "visits": visits, "mondays": actuals, "known": subjects.disputed(idents, mondays), "client": client,
    }, True  # fmt: skip


@routes.route("/disputes/new", methods=["GET", "POST"])
@requires(Can.RAISE_DISPUTES)
def new():
    """Raise disputes about the rows of the address: one for each client and service (Q-01)."""
    texts = list(dict.fromkeys(request.args.getlist("row")))[:500]
    found = subjects.find(texts)
    if not found:
        flash("Tick the visits or actuals that the dispute is about.", "notice")
        return go(safe_back())
    known = subjects.disputed((s.visit for s in found if s.visit), ((s.package, s.week) for s in found if not s.visit))
    today = weeks.today()
    names = rules.reasons(g.settings)
    form = RaiseForm(list(names), data={"due": today + dt.timedelta(g.settings.dispute_days),
                                        "reason": request.args.get("reason", "")})  # fmt: skip
    if form.is_submitted() and form.validate():
        details = (form.details.data or "").strip()
        try:
            if faults := rules.check(form.reason.data, details, form.due.data, names, today):
                raise Faulty(faults)
            done = rules.raise_disputes(
                found, form.reason.data, details, form.due.data, desk.actor(), g.settings.hold_disputed
            )
        except Faulty as refused:
            for fault in refused.faults:
                form[fault.field].errors = [fault.message]
        except rules.Refused as refusal:
            flash(str(refusal), "notice")
            return go(url_for("authority.disputes.index"))
        else:
            count = len(done.disputes)
            flash("The dispute is raised." if count == 1 else f"{count} disputes are raised.", "success")
            if done.left_out:
                what = "row was" if done.left_out == 1 else "rows were"
                flash(f"{done.left_out} {what} in a dispute already and left out.", "notice")
            return go(here(done.disputes[0]) if count == 1 else url_for("authority.disputes.index"))
    groups: dict[tuple, list] = {}
    for subject in found:
        if subject.key not in known:
            groups.setdefault(subject.owner, []).append(subject)
    return page(
        "disputes/new.html",
        422 if form.is_submitted() else 200,
        form=form,
        groups=list(groups.values()),
        left_out=[(s, known[s.key]) for s in found if s.key in known],
        explanations={name: words for name, words in names.items() if words},
        holds=g.settings.hold_disputed,
        show_prefix=url_for("authority.disputes.index") + "/",
        cancel=safe_back(),
        breadcrumbs=crumbs(("Raise disputes" if len(groups) > 1 else "Raise a dispute", None)),
    )


def safe_back() -> str:
    """The check list: where rows are chosen."""
    return url_for("authority.disputes.check_list")
