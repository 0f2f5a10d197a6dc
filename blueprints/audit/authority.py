"""The audit trail as officers search it; who has looked at whom; everything about one person; how long things are kept."""

from __future__ import annotations

import datetime as dt
import json

from flask import Blueprint, Response, abort, g, request, url_for
from peewee import fn

from blueprints import desk, history, records, weeks
from blueprints.audit import person, retention, rules
from blueprints.pages import go, page
from blueprints.permissions import Can, requires
from blueprints.values import show_date, show_money, show_quantity, show_rate
from forms.audit import AuditFilter, LooksFilter, PersonForm, PressForm
from models import Change, Client, Look, Organisation, Person, Seal, User

routes = Blueprint("audit", __name__)

# Where a record's page is: endpoint and the name of its id.
PAGES = {
    "package": ("authority.packages.show", "package_id"),
    "client": ("authority.clients.show", "client_id"),
    "contract": ("authority.contracts.show", "contract_id"),
    "organisation": ("authority.organisations.show", "organisation_id"),
    "service": ("authority.services.show", "service_id"),
    "service_level": ("authority.services.level", "level_id"),
    "visit": ("authority.visits.show", "visit_id"),
    "import": ("authority.imports.show", "import_id"),
    "message": ("authority.messages.show", "message_id"),
    "visit_type": ("authority.settings.visit_type", "type_id"),
}
DEFAULT_DAYS = 28
MOST = 10_000  # counted: beyond that the list says "more than"
MOST_IN_FILE = 100_000


def tabs(current: str) -> list[dict]:
    """The pages of the audit."""
    return records.tabs(
        current,
        ("Changes", "authority.audit.index", {}),
        ("Who looked", "authority.audit.looks", {}),
        ("One person", "authority.audit.people", {}),
        ("Retention", "authority.audit.keeping", {}),
    )


def between(form) -> tuple[bool, dt.datetime | None, dt.datetime | None]:
    """Whether the dates of a filter are in order, and the moments that they mean."""
    first, last = form.first.data, form.last.data
    if first and last and last < first:
        form.last.errors = ["Enter a last date on or after the first one"]
        return False, None, None
    return True, local_start(first) if first else None, local_start(last + dt.timedelta(1)) if last else None


@routes.get("/audit")
@requires(Can.SEE_AUDIT)
def index():
    """Changes, newest first; the last four weeks unless asked otherwise (Z-12)."""
    form = AuditFilter()
    form.thing.choices = [("", "All"), *rules.kinds()]
    form.organisation.choices = records.choices(Organisation, "All", g.reach)
    fine = form.validate()
    organisation = int(form.organisation.data) if fine and form.organisation.data else None
    wanted = rules.Wanted(
        None, None, form.person.data or "", form.thing.data or "", form.reference.data or "", organisation,
        form.place.data or "", form.words.data or "",
    )  # fmt: skip
    if fine and not form.first.data and not form.last.data and not wanted.is_narrow:
        form.first.data, form.first.raw_data = weeks.utc_now().date() - dt.timedelta(DEFAULT_DAYS), None
    ordered, first, last = between(form)
    fine = fine and ordered
    query = rules.found(wanted._replace(first=first, last=last))
    if fine and desk.wants_csv():
        return changes_file(query)
    count = query.limit(MOST + 1).count() if fine else 0
    pager = desk.pages_of(min(count, MOST))
    idents = (
        [i for (i,) in query.order_by(Change.id.desc()).limit(desk.PER_PAGE).offset(pager.start).tuples()]
        if count
        else []
    )
    rows = Change.select().where(Change.id.in_(idents)).order_by(Change.id.desc())
    names = names_of_organisations(bool(idents))
    return page(
        "audit/list.html",
        status=200 if fine else 422,
        form=form,
        filter=form,
        tabs_here=tabs("Changes"),
        seal=Seal.select().order_by(Seal.id.desc()).first(),
        rows=[entry(row, names) for row in rows],
        count_words=f"More than {MOST:,} changes" if count > MOST else f"{count:,} change{'' if count == 1 else 's'}",
        pager=pager,
        breadcrumbs=[desk.home(), ("Audit", None)],
    )


def names_of_organisations(wanted: bool) -> dict[int, str]:
    """The names of all organisations, where there are rows to name them in."""
    query = Organisation.visible_to(g.reach).select(Organisation.id, Organisation.name)
    return dict(query.tuples()) if wanted else {}


def changes_file(query) -> Response:
    """The changes that are listed, as a file: what stood before and after as the trail keeps it."""
    names = names_of_organisations(True)
    wanted = query.order_by(Change.id.desc()).limit(MOST_IN_FILE).alias("wanted")
    rows = Change.select().join(wanted, on=(Change.id == wanted.c.id))
    headings = ["When", "Who", "From", "What", "Record", "Number", "Organisation", "Before", "After"]
    lines = (
        [
            f"{weeks.london(r.at):%Y-%m-%d %H:%M:%S}", r.by, r.address, r.what, rules.called(r.thing), r.thing_id or "",
            names.get(r.organisation_id, ""), r.before, r.after,
        ]
        for r in rows.order_by(Change.id.desc()).iterator()
    )  # fmt: skip
    return desk.csv_file("audit", headings, lines)


# who has looked, and everything about one person -----------------------------------------------------------------------


@routes.get("/audit/looks")
@requires(Can.SEE_AUDIT)
def looks():
    """Who has looked at records about people, newest first; of one client where the address names one."""
    form = LooksFilter()
    fine = form.validate()
    ordered, first, last = between(form)
    fine = fine and ordered
    text = request.args.get("client", "")
    client = (
        Client.get_or_none(Client.id == int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else None
    )
    if text and client is None:
        abort(404)
    query = rules.looks(client.id if client else None, form.person.data or "", first, last)
    if not fine:
        query = query.where(Look.id < 0)
    if desk.wants_csv():
        return looks_file(query)
    shown = records.listed(query, {"at": (Look.id,)}, "-at", Look.id.desc())
    return page(
        "audit/looks.html",
        status=200 if fine else 422,
        form=form,
        filter=form,
        tabs_here=tabs("Who looked"),
        client=client,
        found=shown,
        rows=looked_rows(shown.rows),
        breadcrumbs=[desk.home(), ("Audit", url_for("authority.audit.index")), ("Who looked", None)],
    )


def looked_rows(rows: list) -> list[dict]:
    """Looks as the list shows them, with what they need read once for all."""
    called = {
        **{("package", ident): str(cpli) for ident, cpli in rules.packages_called(rows).items()},
        **{("search", ident): f"“{words}”" for ident, words in rules.searched(rows).items()},
    }
    clients = rules.names_of_clients(rows)
    return [look(row, clients, called) for row in rows]


def look(row: Look, clients: dict, called: dict) -> dict:
    """A look as the list shows it."""
    client = clients.get(row.client_id)
    number = called.get((row.thing, row.thing_id), row.thing_id)
    return {
        "at": row.at,
        "by": row.user.name,
        "side": "Officer" if row.user.is_officer else "Provider",
        "thing": rules.called(row.thing),
        "number": number if row.thing != "client" else "",
        "client": f"{client.name} ({client.ssref})" if client else "",
        "client_href": desk.where("authority.audit.client", client_id=row.client_id) if client else None,
    }


def looks_file(query) -> Response:
    """Looks as a file."""
    rows = list(query.order_by(Look.id.desc()).limit(MOST_IN_FILE))
    lines = looked_rows(rows)
    headings = ["When", "Who", "Side", "Record", "Number", "Client"]
    made = (
        [f"{weeks.london(r['at']):%Y-%m-%d %H:%M:%S}", r["by"], r["side"], r["thing"], r["number"] or "", r["client"]]
        for r in lines
    )
    return desk.csv_file("looks", headings, made)


@routes.route("/audit/people", methods=["GET", "POST"])
@requires(Can.SEE_AUDIT)
def people():
    """Find the person whom everything is wanted about; the address keeps nothing of what was typed."""
    form = PersonForm()
    if form.validate_on_submit():
        text = form.reference.data
        client = Client.get_or_none((fn.LOWER(Client.ssref) == text.lower()) | (Client.client_ref == text))
        client = client or (Client.get_or_none(Client.nhs_number == text.replace(" ", "")) if text else None)
        if client:
            return go(url_for("authority.audit.client", client_id=client.id))
        if user := User.select().join(Person).where(Person.email == text.lower()).order_by(User.id).first():
            return go(url_for("authority.audit.login", user_id=user.id))
        form.reference.errors = ["Enter a reference or address that the portal knows"]
    return page(
        "audit/people.html",
        status=422 if form.errors else 200,
        form=form,
        tabs_here=tabs("One person"),
        breadcrumbs=[desk.home(), ("Audit", url_for("authority.audit.index")), ("One person", None)],
    )


@routes.route("/audit/clients/<int:client_id>", methods=["GET", "POST"])
@requires(Can.SEE_AUDIT)
def client(client_id: int):
    """Everything that is kept about a client: how much of what, who looked last; a press makes the file of it."""
    row = Client.visible_to(g.reach).where(Client.id == client_id).get_or_none() or abort(404)
    parts = person.about_client(row)
    if request.method == "POST":
        return export(parts, ("client", row.id), row.name, f"client-{row.id}")
    history.looked(g.user.id, row)
    last = list(rules.looks(row.id).order_by(Look.id.desc()).limit(10))
    return person_page(
        row.name, f"Client {row.ssref}", parts, looked_rows(last), url_for("authority.audit.looks", client=row.id)
    )


@routes.route("/audit/logins/<int:user_id>", methods=["GET", "POST"])
@requires(Can.SEE_AUDIT)
def login(user_id: int):
    """Everything that is kept about somebody with a login; a press makes the file of it."""
    row = User.get_or_none(User.id == user_id) or abort(404)
    parts = person.about_login(row)
    if request.method == "POST":
        return export(parts, ("portal_user", row.id), row.name, f"login-{row.id}")
    return person_page(row.name, f"Login {row.email}", parts, None, None)


def person_page(name: str, caption: str, parts: list, looks: list | None, looks_href: str | None):
    """The page of everything about one person."""
    return page(
        "audit/person.html",
        name=name,
        caption=caption,
        parts=[(part.title, count) for part in parts if (count := part.count())],
        looks=looks,
        looks_href=looks_href,
        form=PressForm(),
        breadcrumbs=[
            desk.home(),
            ("Audit", url_for("authority.audit.index")),
            ("One person", url_for("authority.audit.people")),
            (name, None),
        ],
    )


def export(parts: list, who: tuple[str, int], name: str, stem: str) -> Response:
    """Everything about one person as a file."""
    if not PressForm().validate_on_submit():
        abort(400)
    made = person.export(parts, who, desk.actor(), name, g.settings.authority_name)
    answer = Response(made, content_type="application/zip")
    answer.headers.set("Content-Disposition", "attachment", filename=f"everything-about-{stem}.zip")
    return answer


@routes.get("/audit/retention")
@requires(Can.SEE_AUDIT)
def keeping():
    """How long each kind is kept, and what goes next (dry run)."""
    return page(
        "audit/retention.html",
        tabs_here=tabs("Retention"),
        rows=retention.dry_run(),
        switched_on=g.settings.retention_on,
        breadcrumbs=[desk.home(), ("Audit", url_for("authority.audit.index")), ("Retention", None)],
    )


# words -----------------------------------------------------------------------------------------------------------------


def local_start(date: dt.date) -> dt.datetime:
    """The moment in UTC at which a day begins in London (rule 1.2)."""
    return weeks.instant(date, 0).replace(tzinfo=None)


def entry(row: Change, organisations: dict[int, str]) -> dict:
    """A change as the list shows it."""
    before, after = json.loads(row.before), json.loads(row.after)
    endpoint, name = PAGES.get(row.thing, ("", ""))
    return {
        "at": row.at,
        "by": row.by,
        "what": row.what,
        "thing": rules.called(row.thing),
        "address": row.address,
        "thing_id": row.thing_id,
        "href": desk.where(endpoint, **{name: row.thing_id}) if endpoint else None,
        "organisation": organisations.get(row.organisation_id, ""),
        "changes": [
            (words(key), text(before.get(key), key), text(after.get(key), key))
            for key in [*before, *(k for k in after if k not in before)]
        ],
    }


def words(name: str) -> str:
    """A column's name as words."""
    return name.replace("_", " ").capitalize()


# Kept numbers in the units of the tables, by the name of the field.
UNITS = {
    **dict.fromkeys(("amount", "vat", "total", "non_payable", "contribution"), show_money),
    **dict.fromkeys(("quantity", "discount", "vat_rate"), show_quantity),
    "unit_cost": show_rate,
}


def text(value, name: str = "") -> str:
    """A kept value as a person reads it."""
    if name in UNITS and isinstance(value, int) and not isinstance(value, bool):
        return UNITS[name](value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, str) and len(value) == 10 and value[4:5] == "-" and value[7:8] == "-":
        try:
            return show_date(dt.date.fromisoformat(value))
        except ValueError:
            return value
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 300 else shown[:300] + "…"
