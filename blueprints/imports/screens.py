"""The pages of an import, the same at both doors: choose, reading, check, done, history, format (O-27, O-53)."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, Response, abort, current_app, flash, g, request, url_for
from peewee import JOIN, fn

from blueprints import sheets, sides
from blueprints.attachments import rules as attachments
from blueprints.history import Actor
from blueprints.imports import rules
from blueprints.imports.columns import Need
from blueprints.pages import go, page
from blueprints.permissions import Can, requires
from blueprints.values import show_date
from blueprints.weeks import monday, today
from forms.imports import ChooseForm, HistoryFilter, PressForm, ProblemsFilter, UpdateForm
from models import Actual, Import, ImportProblem, ImportState, Job, Organisation, Severity, User, Visit, utc_now

PER_PAGE = 100
ACTS = {"actuals": Can.ENTER_ACTUALS}  # kinds that another act sends than the door's
MODULES = {"carers": "module_carers", "actuals": "module_actuals_import"}  # kinds that a module of their own switches


def build(side: str, see: Can, send: Can) -> Blueprint:
    """The routes of one door: who may see imports, who may send files."""
    routes = Blueprint("imports", __name__)
    screens = Screens(side, send)
    routes.add_url_rule("/imports", "index", requires(see)(screens.index))
    routes.add_url_rule("/imports/<kind>/new", "choose", requires(send)(screens.choose), methods=["GET", "POST"])
    routes.add_url_rule("/imports/<kind>/format", "format_page", requires(see)(screens.format_page))
    routes.add_url_rule("/imports/<kind>/blank.csv", "blank", requires(see)(screens.blank))
    routes.add_url_rule("/imports/<kind>/example.csv", "example", requires(see)(screens.example))
    routes.add_url_rule("/imports/<int:import_id>", "show", requires(see)(screens.show))
    routes.add_url_rule("/imports/<int:import_id>/file", "file", requires(see)(screens.file))
    routes.add_url_rule(
        "/imports/<int:import_id>/problem-rows.csv", "problem_rows", requires(see)(screens.problem_rows)
    )
    routes.add_url_rule("/imports/<int:import_id>/update", "update", requires(send)(screens.update), methods=["POST"])
    routes.add_url_rule(
        "/imports/<int:import_id>/cancellation", "cancel", requires(send)(screens.cancel), methods=["POST"]
    )
    routes.add_url_rule(
        "/imports/<int:import_id>/suggestions/<int:problem_id>",
        "use_suggestion",
        requires(send)(screens.use_suggestion),
        methods=["POST"],
    )
    return routes


def actor() -> Actor:
    """The person of the request."""
    return Actor(g.user.id, g.user.name)


class Screens:
    """The pages of one door."""

    def __init__(self, side: str, send: Can):
        self.side = side
        self.send = send

    # finding ---------------------------------------------------------------------------------------------------------

    def url(self, name: str, **values) -> str:
        """The address of a page of this door."""
        return url_for(f"{self.side}.imports.{name}", **values)

    def kind(self, name: str) -> rules.Kind:
        """The kind of an address, if this door loads it; 404 otherwise."""
        kind = rules.KINDS.get(name)
        module = MODULES.get(name)
        if kind is None or kind.side != self.side or (module and not getattr(g.settings, module)):
            abort(404)
        if self.side == "provider" and not sides.is_there(kind.name):
            abort(404)
        if self.side == "provider" and g.reach.limited and name == "carers":
            abort(404)  # they are the whole organisation's
        return kind

    def may_load(self, kind: rules.Kind) -> bool:
        """This person may send files of this kind."""
        return self.act_of(kind.name) in g.acts and (kind.needs is None or kind.needs in g.acts)

    def batch(self, import_id: int) -> Import:
        """An import within reach, with its person and organisation; 404 otherwise."""
        found = (
            Import.visible_to(g.reach)
            .select_extend(User, Organisation, Job)
            .join(User, JOIN.LEFT_OUTER)
            .switch(Import)
            .join(Organisation, JOIN.LEFT_OUTER)
            .switch(Import)
            .join(Job, JOIN.LEFT_OUTER, on=(Import.job == Job.id))
            .where(Import.id == import_id)
            .get_or_none()
        )
        return found or abort(404)

    def may_send(self, batch: Import) -> bool:
        """This person may go on with the import: it is of this door and the act is permitted."""
        return rules.KINDS[batch.kind].side == self.side and self.may_load(rules.KINDS[batch.kind])

    def act_of(self, kind: str) -> Can:
        """The act that sending a kind of file is."""
        return ACTS.get(kind, self.send)

    def crumbs(self, *more) -> list:
        """The way back."""
        area = []
        if self.side == "provider" and sides.is_there("visits"):
            area = [("Actuals/Visits", url_for("provider.visits.index"))]
        elif self.side == "provider" and sides.is_there("actuals"):
            area = [("Actuals", url_for("provider.actuals.index"))]
        return [("Home", url_for(f"{self.side}.home.index")), *area, ("Imports", self.url("index")), *more]

    # pages -----------------------------------------------------------------------------------------------------------

    def index(self):
        """The history of imports, newest first, cancelled ones too (N-11)."""
        kinds = [k for k in rules.KINDS.values() if self.side == "authority" or k.side == self.side]
        form = HistoryFilter()
        form.kind.choices = [("", "All files"), *((k.name, k.title) for k in kinds)]
        form.state.choices = [("", "All states"), *((str(s), str(s)) for s in ImportState)]
        if self.side == "authority":
            names = (
                Organisation.visible_to(g.reach).select(Organisation.id, Organisation.name).order_by(Organisation.name)
            )
            form.organisation.choices = [("", "All organisations"), *((str(i), n) for i, n in names.tuples())]
        else:
            del form.organisation
        form.validate()
        query = Import.visible_to(g.reach)
        if form.kind.data in rules.KINDS:
            query = query.where(Import.kind == form.kind.data)
        if form.state.data:
            query = query.where(Import.state == form.state.data)
        if self.side == "authority" and form.organisation.data and not form.organisation.errors:
            query = query.where(Import.organisation == int(form.organisation.data))
        count = query.count()
        pages = max(1, -(-count // PER_PAGE))
        number = min(max(request.args.get("page", 1, int), 1), pages)
        rows = (
            query.select_extend(User.name.alias("person"), Organisation.name.alias("organisation_name"))
            .join(User, JOIN.LEFT_OUTER)
            .switch(Import)
            .join(Organisation, JOIN.LEFT_OUTER)
            .order_by(Import.started_at.desc(), Import.id.desc())
            .paginate(number, PER_PAGE)
            .dicts()
        )
        own = [
            k
            for k in kinds
            if k.side == self.side
            and not (MODULES.get(k.name) and not getattr(g.settings, MODULES[k.name]))
            and (self.side != "provider" or sides.is_there(k.name))
            and self.act_of(k.name) in g.acts
        ]
        return page(
            "imports/list.html",
            layout=self.side + ".html",
            rows=list(rows),
            count=count,
            page_number=number,
            pages=pages,
            filter=form,
            kinds=rules.KINDS,
            own_kinds=[k for k in own if self.may_load(k)],
            url=self.url,
            breadcrumbs=[*self.crumbs()[:-1], ("Imports", None)],
        )

    def choose(self, kind: str):
        """Choose a file; it is kept and its check begins."""
        kind = self.kind(kind)
        if not self.may_load(kind):
            act = self.act_of(kind.name)
            g.missing_act = kind.needs if act in g.acts else act
            abort(403)
        form = ChooseForm()
        if self.side == "provider":
            del form.overwrite
        if getattr(kind.importer, "READS_XLSX", False):
            form.file.label.text = "CSV or XLSX file"
        if form.validate_on_submit():
            upload = form.file.data
            organisation = g.user.organisation_id
            try:
                overwrite = bool("overwrite" in form and form.overwrite.data)
                batch = rules.begin(kind, organisation, g.user, upload.filename, upload.stream, overwrite)
            except (rules.Refused, attachments.TooLarge) as refusal:
                form.file.errors = [str(refusal)]
            else:
                return go(self.url("show", import_id=batch.id))
        last = (
            Import.visible_to(g.reach)
            .where((Import.kind == kind.name) & (Import.state == ImportState.DONE))
            .order_by(Import.started_at.desc(), Import.id.desc())
            .first()
        )
        waiting = list(
            Import.visible_to(g.reach)
            .select_extend(User)
            .join(User, JOIN.LEFT_OUTER)
            .where((Import.kind == kind.name) & Import.state.in_([ImportState.CHECKED, *rules.BUSY]))
            .order_by(Import.id)
        )
        return page(
            "imports/choose.html",
            status=422 if form.errors else 200,
            layout=self.side + ".html",
            form=form,
            kind=kind,
            last=last,
            waiting=waiting,
            url=self.url,
            has_example=hasattr(kind.importer, "example_rows"),
            workbooks=getattr(kind.importer, "READS_XLSX", False),
            breadcrumbs=self.crumbs((title(kind), None)),
        )

    def show(self, import_id: int):
        """An import as it stands: reading, checked, updating, done, or how it ended."""
        batch = self.batch(import_id)
        kind = rules.KINDS[batch.kind]
        state = batch.state
        context = {
            "layout": self.side + ".html",
            "batch": batch,
            "kind": kind,
            "url": self.url,
            "may_send": self.may_send(batch),
            "breadcrumbs": self.crumbs((title(kind), None)),
            "heading": title(kind),
            "left": time_left(batch),
            "stalled": batch.job_id is not None and batch.job.is_over and state in rules.BUSY,
        }
        if state in rules.BUSY:
            return page("imports/progress.html", **context)
        if state == ImportState.REFUSED:
            return page("imports/refused.html", **context)
        context.update(self.problems(batch))
        context["update_form"], context["press_form"] = UpdateForm(), PressForm()
        context["follow_href"] = self.next_page(batch)
        return page("imports/checked.html" if state == ImportState.CHECKED else "imports/over.html", **context)

    def next_page(self, batch: Import) -> str | None:
        """Where to look at what an import changed: visits in the newest week of the file, not in the present one."""
        name = f"{self.side}.{batch.kind}.index"
        if name not in current_app.view_functions:
            return None
        asked: dict = {}
        if batch.kind == "actuals" and self.side == "authority":
            asked = {"organisation": batch.organisation_id}
        if batch.kind == "actuals":
            newest = Actual.visible_to(g.reach).where(Actual.batch == batch).order_by(Actual.week.desc()).first()
            asked |= {"week": newest.week.isoformat()} if newest else {}
        if batch.kind == "visits":
            own = Visit.visible_to(g.reach).where(Visit.organisation == batch.organisation_id)
            newest = own.where(Visit.batch == batch).order_by(Visit.week.desc()).first()
            if newest and self.side == "provider":
                asked = {"week": newest.week.isoformat()}
            elif newest:
                last = newest.week + dt.timedelta(6)
                asked = {
                    "organisation": batch.organisation_id,
                    "first": show_date(newest.week),
                    "last": show_date(last),
                }
        return url_for(name, **asked)

    def problems(self, batch: Import) -> dict:
        """The list of problems, its groups and pages."""
        form = ProblemsFilter()
        form.validate()
        query = rules.problems(batch, form.show.data or "both")
        count = query.count()
        pages = max(1, -(-count // PER_PAGE))
        number = min(max(request.args.get("page", 1, int), 1), pages)
        listed = list(query.paginate(number, PER_PAGE))
        groups = (
            ImportProblem.select(
                ImportProblem.severity,
                ImportProblem.column,
                ImportProblem.value,
                ImportProblem.message,
                ImportProblem.suggestion,
                fn.COUNT(ImportProblem.id).alias("count"),
                fn.MIN(ImportProblem.id).alias("first"),
            )
            .where(ImportProblem.batch == batch)
            .group_by(
                ImportProblem.severity,
                ImportProblem.column,
                ImportProblem.value,
                ImportProblem.message,
                ImportProblem.suggestion,
            )
            .having(fn.COUNT(ImportProblem.id) > 1)
            .order_by(fn.COUNT(ImportProblem.id).desc())
            .limit(10)
            .dicts()
        )
        return {
            "filter": form,
            "problems": listed,
            "problem_count": count,
            "row_data": rules.row_data(batch, [p.line for p in listed]),
            "groups": list(groups),
            "page_number": number,
            "pages": pages,
            "Severity": Severity,
        }

    def update(self, import_id: int):
        """Update System (rule 5.6); pressed twice it is the same update."""
        batch = self.batch(import_id)
        if not self.may_send(batch):
            abort(403)
        form = UpdateForm()
        if not form.validate_on_submit():
            for _, message in form.problems():
                flash(message, "warning")
            return go(self.url("show", import_id=batch.id))
        try:
            rules.update(batch.id, actor(), g.user, form.without_rejected.data)
        except rules.Refused as refusal:
            flash(str(refusal), "warning")
        return go(self.url("show", import_id=batch.id))

    def cancel(self, import_id: int):
        """Cancel a checked import; a colleague's too."""
        batch = self.batch(import_id)
        if not self.may_send(batch):
            abort(403)
        try:
            rules.cancel(batch.id, actor())
        except rules.Refused as refusal:
            flash(str(refusal), "warning")
            return go(self.url("show", import_id=batch.id))
        flash(f"“{batch.file_name}” was cancelled. Nothing was changed", "success")
        return go(self.url("choose", kind=batch.kind))

    def use_suggestion(self, import_id: int, problem_id: int):
        """Use what a problem suggests for every row with the same mistake; a new check follows."""
        batch = self.batch(import_id)
        if not self.may_send(batch):
            abort(403)
        problem = ImportProblem.get_or_none((ImportProblem.batch == batch) & (ImportProblem.id == problem_id))
        if problem is None or not problem.suggestion:
            abort(404)
        from blueprints.imports import problem_rows

        try:
            made = problem_rows.use_suggestion(batch, problem, g.user)
        except rules.Refused as refusal:
            flash(str(refusal), "warning")
            return go(self.url("show", import_id=batch.id))
        flash(
            f"“{problem.suggestion}” is used wherever the file has “{problem.value}”. This is the new check", "success"
        )
        return go(self.url("show", import_id=made.id))

    # files -----------------------------------------------------------------------------------------------------------

    def file(self, import_id: int):
        """The file as it was sent, always as an attachment."""
        batch = self.batch(import_id)
        if not batch.file_id:
            abort(404)
        return attachment(attachments.pieces(batch.file), batch.file.name, "application/octet-stream")

    def problem_rows(self, import_id: int):
        """The rows with problems, to be corrected and imported again."""
        from blueprints.imports import problem_rows

        batch = self.batch(import_id)
        return attachment(problem_rows.csv_of(batch), f"problem-rows-{batch.id}.csv")

    def format_page(self, kind: str):
        """What the file must contain, made from the columns that the importer reads by (O-53)."""
        kind = self.kind(kind)
        counts = {need: sum(c.need == need for c in kind.importer.COLUMNS) for need in Need}
        return page(
            "imports/format.html",
            layout=self.side + ".html",
            kind=kind,
            heading=title(kind),
            columns=kind.importer.COLUMNS,
            needs=[(need, counts[need]) for need in Need],
            note=getattr(kind.importer, "FORMAT_NOTE", ""),
            settings=g.settings,
            url=self.url,
            has_example=hasattr(kind.importer, "example_rows"),
            visit_types=kind.importer.format_lists() if hasattr(kind.importer, "format_lists") else [],
            breadcrumbs=self.crumbs((f"Format of the {kind.title.lower()} file", None)),
        )

    def blank(self, kind: str):
        """The headings alone."""
        kind = self.kind(kind)
        return attachment(sheets.write_csv([], [c.name for c in kind.importer.COLUMNS]), f"{kind.name}-blank.csv")

    def example(self, kind: str):
        """A worked example with the organisation's own packages in its last full week."""
        kind = self.kind(kind)
        if not hasattr(kind.importer, "example_rows"):
            abort(404)
        week = monday(today()) - dt.timedelta(7)
        rows = kind.importer.example_rows(g.reach, week)
        return attachment(sheets.write_csv(rows, [c.name for c in kind.importer.COLUMNS]), f"{kind.name}-example.csv")


def attachment(pieces, name: str, content_type: str = "text/csv; charset=utf-8") -> Response:
    """A download."""
    response = Response(pieces, content_type=content_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def title(kind: rules.Kind) -> str:
    """`Bulk Import of Visits`."""
    return f"Bulk Import of {kind.title}"


def time_left(batch: Import) -> str | None:
    """How long a running job will still take, in words, judged by what it has done; None while that is not known."""
    job = batch.job if batch.job_id else None
    if job is None or not job.started_at or not job.done or not job.total:
        return None
    seconds = (utc_now() - job.started_at).total_seconds() * (job.total - job.done) / job.done
    if seconds < 60:
        return "less than a minute"
    return f"about {round(seconds / 60)} minute{'s' if round(seconds / 60) > 1 else ''}"
