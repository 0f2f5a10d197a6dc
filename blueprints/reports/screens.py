"""The pages of reports, the same at both doors: the list, a report with its parameters, and those that are prepared."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from functools import wraps

from flask import Blueprint, Response, abort, flash, g, request, url_for

from blueprints import charts, editions, reporting, weeks
from blueprints.attachments import rules as attachments
from blueprints.components import query
from blueprints.desk import actor, pages_of
from blueprints.imports.screens import attachment, time_left
from blueprints.pages import go, page
from blueprints.permissions import Can, can, requires
from blueprints.reports import rules
from blueprints.reports.rules import LISTED, Listing
from blueprints.values import show_date
from forms.base import PortalForm
from forms.reports import FORMS, ReportForm
from models import Contract, Job, PaymentPeriod, PreparedReport

NEEDS_PARAMETERS = (
    "This report requires parameters. Please complete the fields above and press the View or Download Data button."
)
WEEK = dt.timedelta(7)


class PrepareForm(PortalForm):
    """The press that has a report made apart."""


def _for(method: Callable, one: Listing) -> Callable:
    """A page for one report."""

    @wraps(method)
    def view():
        return method(one)

    return view


def build(side: str) -> Blueprint:
    """The routes of one door. A report of payments needs the act that payments need."""
    routes = Blueprint("reports", __name__)
    screens = Screens(side)
    routes.add_url_rule("/reports", "index", requires(Can.SIGNED_IN)(screens.index))
    for one in LISTED.values():
        if side not in FORMS[one.name]:
            continue
        act, name = screens.act(one), one.name.replace("-", "_")
        routes.add_url_rule(f"/reports/{one.name}", name, requires(act)(_for(screens.show, one)))
        routes.add_url_rule(
            f"/reports/{one.name}/preparations",
            f"prepare_{name}",
            requires(act)(_for(screens.prepare, one)),
            methods=["POST"],
        )
    routes.add_url_rule("/reports/prepared/<int:prepared_id>", "prepared", requires(Can.SIGNED_IN)(screens.prepared))
    routes.add_url_rule("/reports/prepared/<int:prepared_id>/file", "file", requires(Can.SIGNED_IN)(screens.file))
    return routes


class Screens:
    """The pages of one door."""

    def __init__(self, side: str):
        self.side = side

    def url(self, name: str, **values) -> str:
        """The address of a page of this door."""
        return url_for(f"{self.side}.reports.{name}", **values)

    def act(self, one: Listing) -> Can:
        """What a person must be allowed to do to run it."""
        if self.side == "authority":
            return Can.SEE_RECORDS
        return Can.SEE_PAYMENTS if one.of_payments else Can.SEE_OWN

    def is_there(self, one: Listing) -> bool:
        """This person has the report: the authority lets providers run it, and the module is on (U-07)."""
        if self.side not in FORMS[one.name] or not can(self.act(one)):
            return False
        return self.side == "authority" or rules.providers_have(one, g.settings)

    def crumbs(self, *more) -> list:
        """The way back."""
        return [("Home", url_for(f"{self.side}.home.index")), ("Reports", self.url("index") if more else None), *more]

    def index(self):
        """Reports that may be run, and those that were prepared (U-01)."""
        mine = (
            rules.own(g.user, g.reach)
            .select_extend(Job)
            .left_outer_join(Job)
            .order_by(PreparedReport.id.desc())
            .limit(50)
        )
        there = [one for one in LISTED.values() if self.is_there(one)]
        names = {one.name for one in there}
        return page(
            "reports/index.html",
            layout=f"{self.side}.html",
            reports=[(one, self.url(one.name.replace("-", "_"))) for one in there],
            prepared=[self.in_words(row) for row in mine if row.name in names],
            days=g.settings.report_days,
            breadcrumbs=self.crumbs(),
        )

    def in_words(self, row: PreparedReport) -> dict:
        """A prepared report as the list names it."""
        failed = row.made_at is None and (row.job_id is None or row.job.is_over)
        return {
            "title": LISTED[row.name].title,
            "form": editions.NAMES[row.form],
            "told": "; ".join(f"{name}: {words}" for name, words in json.loads(row.told)),
            "asked_at": row.asked_at,
            "rows": row.rows,
            "state": "Done" if row.made_at else "Failed" if failed else "In progress",
            "href": self.url("prepared", prepared_id=row.id),
        }

    # a report --------------------------------------------------------------------------------------------------------

    def show(self, one: Listing):
        """A report: its parameters, and once they are chosen what it says, on screen or as a file."""
        if not self.is_there(one):
            abort(404)
        form = FORMS[one.name][self.side](g.reach, g.settings.report_years)
        if not form.is_asked:
            return self.answer(one, form, shortcuts=self.shortcuts(form))
        if not form.validate():
            return self.answer(one, form, status=422)
        wanted, told, kind = form.wanted(), form.told(), request.args.get("format", "")
        kind = kind if kind in editions.TYPES else ""
        expected = one.estimate(g.reach, wanted)
        if expected > rules.MOST_NOW[kind]:
            return self.answer(one, form, too_long=expected, told=told)
        about = rules.about_of(one, wanted, told, g.settings)
        outcome = "Failed"
        try:
            counted = rules.Counted(one.make(g.reach, wanted))
            made = (
                editions.answer(kind, counted.report, about)
                if kind
                else reporting.screen(counted.report, pages_of(10**9).number)
            )
            outcome = counted.outcome
        finally:
            rules.log(actor(), g.user.organisation_id, one, told, kind, outcome)
        if isinstance(made, Response):
            return made
        return self.answer(one, form, told=told, report=counted.report, screen=made, about=about)

    def answer(self, one: Listing, form: ReportForm, status: int = 200, screen=None, report=None, **context):
        """The page of a report."""
        return page(
            "reports/show.html",
            status,
            layout=f"{self.side}.html",
            listing=one,
            form=form,
            message=NEEDS_PARAMETERS,
            report=report,
            screen=screen,
            chart=charts.placed(screen.drawn) if screen and screen.drawn else None,
            heading_rows=editions.heading_rows(report) if report else None,
            formats=[(kind, editions.NAMES[kind]) for kind in ("xlsx", "csv", "pdf")],
            downloads=[(name, query(format=kind, page=None)) for kind, name in editions.NAMES.items()],
            prepare=PrepareForm(),
            prepare_href=self.url(f"prepare_{one.name.replace('-', '_')}") + "?" + request.query_string.decode(),
            list_href=self.url("index"),
            breadcrumbs=self.crumbs((one.title, None)),
            **context,
        )

    def shortcuts(self, form: ReportForm) -> list[tuple[str, str]]:
        """Dates that people often want, as links: nothing to type."""
        if "first" not in form:
            return []
        today = weeks.today()
        last = weeks.monday(today) - dt.timedelta(1)
        year = weeks.financial_year_dates(weeks.financial_year(today))
        found = [
            ("Last full week", last - dt.timedelta(6), last),
            ("Last four weeks", last - 4 * WEEK + dt.timedelta(1), last),
        ]
        now = (PaymentPeriod.start_date <= today) & (PaymentPeriod.end_date >= today)
        own = PaymentPeriod.cycle.in_(Contract.visible_to(g.reach).select(Contract.cycle))
        for period in PaymentPeriod.select().where(now & own).order_by(PaymentPeriod.id).limit(1):
            found.append(("Current payment period", period.start_date, period.end_date))
        found.append(("This financial year", *year))
        return [
            (words, f"{request.path}?first={show_date(one)}&last={show_date(other)}") for words, one, other in found
        ]

    # prepared ones ---------------------------------------------------------------------------------------------------

    def prepare(self, one: Listing):
        """Have a long report made by a job; pressed twice it is the same one."""
        if not self.is_there(one):
            abort(404)
        form = FORMS[one.name][self.side](g.reach, g.settings.report_years)
        kind, back = (
            request.form.get("form", ""),
            self.url(one.name.replace("-", "_")) + "?" + request.query_string.decode(),
        )
        press = PrepareForm()
        if kind not in editions.TYPES or not form.validate() or not press.validate_on_submit():
            for _, message in press.problems():
                flash(message, "warning")
            return go(back)
        wanted = form.wanted()
        try:
            row = rules.prepare(g.user, g.reach, one, wanted, form.told(), kind, one.estimate(g.reach, wanted))
        except rules.Refused as refusal:
            flash(str(refusal), "warning")
            return go(back)
        return go(self.url("prepared", prepared_id=row.id))

    def own(self, prepared_id: int) -> PreparedReport:
        """A prepared report of this person, who may still run it and sees what they saw then; else 404."""
        query = rules.own(g.user, g.reach).select_extend(Job).left_outer_join(Job)
        row = query.where(PreparedReport.id == prepared_id).get_or_none() or abort(404)
        if not self.is_there(LISTED[row.name]):
            abort(404)
        return row

    def prepared(self, prepared_id: int):
        """How far it is, and the file once it is made."""
        row = self.own(prepared_id)
        words = self.in_words(row)
        return page(
            "reports/prepared.html",
            layout=f"{self.side}.html",
            row=row,
            words=words,
            summary=[{"key": name, "value": value} for name, value in json.loads(row.told)],
            left=time_left(row),
            here=self.url("prepared", prepared_id=row.id),
            file_href=self.url("file", prepared_id=row.id),
            again_href=self.url(row.name.replace("-", "_")),
            days=g.settings.report_days,
            breadcrumbs=self.crumbs((words["title"], None)),
        )

    def file(self, prepared_id: int):
        """The file of a prepared report, for whoever asked for it."""
        row = self.own(prepared_id)
        if row.file_id is None:
            abort(404)
        return attachment(list(attachments.pieces(row.file)), row.file.name, row.file.content_type)
