"""The queue of requests of people without a way in, as officers answer them (B-12, B-15)."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, url_for
from peewee import fn

from blueprints import records
from blueprints.accounts import asking, signing
from blueprints.accounts.office import crumbs, found, reachable, tabs
from blueprints.accounts.rules import Refused
from blueprints.pages import go, page
from blueprints.permissions import Can, requires
from forms.accounts import AcceptForm, AnswerForm, DeclineForm, RequestsFilter
from models import LoginRequest, LoginRequestKind, LoginRequestState, Organisation, User


def add(routes: Blueprint) -> None:
    """Give the authority's door the routes of the queue."""
    for path, view, methods in (
        ("", requests_list, ["GET"]),
        ("/<int:request_id>", request_page, ["GET"]),
        ("/<int:request_id>/login", accept, ["GET", "POST"]),
        ("/<int:request_id>/link", reset, ["POST"]),
        ("/<int:request_id>/password", issue_to, ["POST"]),
        ("/<int:request_id>/refusal", decline, ["POST"]),
    ):
        routes.add_url_rule(
            f"/accounts/requests{path}", view.__name__, requires(Can.MANAGE_LOGINS)(view), methods=methods
        )


def requests_list():
    """Requests, the oldest first; open ones unless asked otherwise."""
    form = RequestsFilter()
    form.validate()
    state = form.state.data or "Open"
    query = LoginRequest.select().where(LoginRequest.state != LoginRequestState.CHECKING)
    if state != "all":
        query = query.where(LoginRequest.state == state)
    if form.kind.data:
        query = query.where(LoginRequest.kind == form.kind.data)
    orders = {"at": (LoginRequest.at,), "name": (LoginRequest.name,), "email": (LoginRequest.email,)}
    if records.wants_csv():
        rows, _ = records.ordered(query, orders, "at", LoginRequest.id)
        return records.csv_file(
            "login-requests",
            ["Asked", "For", "Name", "Organisation", "Email", "Telephone", "Times", "State", "Outcome", "By", "Answered"],
            (
                [
                    f"{r.at:%Y-%m-%d %H:%M}", r.kind, r.name, r.organisation_name, r.email, r.telephone, r.times, r.state,
                    r.outcome, r.handled_by, f"{r.handled_at:%Y-%m-%d %H:%M}" if r.handled_at else "",
                ]
                for r in rows
            ),
        )  # fmt: skip
    return page(
        "accounts/requests.html",
        heading="Logins",
        breadcrumbs=crumbs(("Requests", None)),
        tabs_here=tabs("Requests"),
        filter=form,
        found=records.listed(query, orders, "at" if state == "Open" else "-at", LoginRequest.id),
    )


def found_request(request_id: int) -> LoginRequest:
    """The request, or 404."""
    return LoginRequest.get_or_none(LoginRequest.id == request_id) or abort(404)


def request_page(request_id: int, form=None, refusal=None):
    """A request: who asks, who that may be, and the answers."""
    row = found_request(request_id)
    logins = suggested(row)
    answer = form or AnswerForm(prefix="answer")
    answer.login.choices = [
        (str(u.id), f"{u.name}, {u.organisation.name if u.organisation_id else 'officer'}") for u in logins
    ]
    if len(logins) == 1 and not answer.login.data:
        answer.login.data = str(logins[0].id)
    bad = form if form is not None else refusal
    return page(
        "accounts/request.html",
        422 if bad is not None else 200,
        heading=f"{row.kind}: {row.name or row.email}",
        breadcrumbs=crumbs(("Requests", url_for("authority.accounts.requests_list")), (row.name or row.email, None)),
        row=row,
        form=bad,
        logins=logins,
        answer=answer,
        refusal=refusal or DeclineForm(prefix="refusal"),
        is_login=row.kind == LoginRequestKind.LOGIN,
        is_open=row.state == LoginRequestState.OPEN,
    )


def suggested(row: LoginRequest) -> list[User]:
    """The logins that who asks may mean: by the name that they sign in by, else by what they are called."""
    person = signing.person_named(row.email, g.settings) or signing.person_with_address(row.email)
    if person:
        return list(reachable().where(User.person == person).order_by(User.id))
    if not row.name:
        return []
    return list(reachable().where(fn.LOWER(User.name) == row.name.lower()).order_by(User.id).limit(10))


def accept(request_id: int):
    """Make the login that was asked for."""
    row = found_request(request_id)
    form = AcceptForm(data={"name": row.name, "email": row.email, "organisation": near(row)})
    names = Organisation.visible_to(g.reach).select(Organisation.id, Organisation.name).order_by(Organisation.name)
    form.organisation.choices = [("", "Choose"), *((str(ident), name) for ident, name in names.tuples())]
    back = url_for("authority.accounts.request_page", request_id=row.id)
    if form.validate_on_submit():
        organisation = Organisation.visible_to(g.reach).where(Organisation.id == int(form.organisation.data)).get()
        try:
            user = asking.accept_login(
                row, form.name.data, form.email.data, organisation, records.actor(), form.username.data
            )
        except Refused as refusal:
            form.form_errors.append(str(refusal))
        else:
            flash(f"{user.name} has a login. The invitation is on its way to {user.email}.", "success")
            return go(following())
    return page(
        "records/form.html",
        422 if form.errors else 200,
        heading=f"A login for {row.name}",
        breadcrumbs=crumbs(
            ("Requests", url_for("authority.accounts.requests_list")), (row.name, back), ("Login", None)
        ),
        guidance=f"Asked for as somebody of “{row.organisation_name}”.",
        form=form,
        button="Make the login and invite",
        cancel=back,
    )


def near(row: LoginRequest) -> str:
    """The organisation that has the name that was typed."""
    same = fn.LOWER(Organisation.name) == row.organisation_name.strip().lower()
    found_one = Organisation.visible_to(g.reach).where(same).first()
    return str(found_one.id) if found_one else ""


def chosen(row: LoginRequest) -> tuple[User | None, AnswerForm]:
    """The login that the officer chose, and the form."""
    form = AnswerForm(prefix="answer")
    form.login.choices = [(str(u.id), "") for u in suggested(row)]
    return (found(int(form.login.data)) if form.validate_on_submit() else None), form


def reset(request_id: int):
    """Send a link to set a password (B-15)."""
    row = found_request(request_id)
    user, form = chosen(row)
    if user is None:
        return request_page(request_id, form)
    try:
        asking.reset(row, user, records.actor())
    except Refused as refusal:
        flash(f"{refusal}.", "warning")
        return go(url_for("authority.accounts.request_page", request_id=row.id))
    flash(f"A link to set a password is on its way to {user.email}.", "success")
    return go(following())


def issue_to(request_id: int):
    """A password to be read out, shown once (B-14)."""
    row = found_request(request_id)
    user, form = chosen(row)
    if user is None:
        return request_page(request_id, form)
    try:
        password = asking.issue(row, user, records.actor())
    except Refused as refusal:
        flash(f"{refusal}.", "warning")
        return go(url_for("authority.accounts.request_page", request_id=row.id))
    return page(
        "accounts/issued.html",
        heading=f"A password for {user.name}",
        breadcrumbs=crumbs(("Requests", url_for("authority.accounts.requests_list")), ("Password", None)),
        row=user,
        password=password,
        days=g.settings.issued_days,
        back=following(),
    )


def decline(request_id: int):
    """Decline a request, with a reason."""
    row = found_request(request_id)
    form = DeclineForm(prefix="refusal")
    if not form.validate_on_submit():
        return request_page(request_id, refusal=form)
    try:
        asking.decline(row, form.reason.data, records.actor())
    except Refused as refusal:
        flash(f"{refusal}.", "warning")
        return go(url_for("authority.accounts.request_page", request_id=row.id))
    flash("The request is declined.", "success")
    return go(following())


def following() -> str:
    """After an answer the next one that waits, else the queue."""
    row = LoginRequest.select(LoginRequest.id).where(LoginRequest.state == LoginRequestState.OPEN)
    row = row.order_by(LoginRequest.at, LoginRequest.id).first()
    if row is None:
        return url_for("authority.accounts.requests_list")
    return url_for("authority.accounts.request_page", request_id=row.id)
