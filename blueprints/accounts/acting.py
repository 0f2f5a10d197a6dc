"""The presses on the page of a login: links, passwords, locks, sessions, deactivation, joining (B-32)."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, url_for

from blueprints import records
from blueprints.accounts import managing, rules
from blueprints.accounts.office import crumbs, found, reachable
from blueprints.accounts.rules import Refused
from blueprints.pages import go, page
from blueprints.permissions import Can, requires
from forms.accounts import DeactivateForm, JoinForm, PartForm
from forms.base import PortalForm
from models import Person, SignIn, User


def add(routes: Blueprint) -> None:
    """Give the authority's door the routes of what is done with one login."""
    for path, view in (
        ("link", send_link), ("password", issue), ("lock", lock), ("release", release),
        ("security-code/reset", reset_code), ("authenticator/reset", reset_second), ("sessions/end", end_sessions),
        ("sessions/<int:session_id>/end", end_one), ("reactivation", reactivate),
    ):  # fmt: skip
        address = f"/accounts/<int:user_id>/{path}"
        routes.add_url_rule(address, view.__name__, requires(Can.MANAGE_LOGINS)(view), methods=["POST"])
    for path, view in (("deactivation", deactivate), ("joining", join), ("parting", part)):
        address = f"/accounts/<int:user_id>/{path}"
        routes.add_url_rule(address, view.__name__, requires(Can.MANAGE_LOGINS)(view), methods=["GET", "POST"])


def done(user_id: int, act, words: str):
    """Do something with a login after a press, and say what was done or why not."""
    row = found(user_id)
    if PortalForm().validate_on_submit():
        try:
            act(row, records.actor())
        except Refused as refusal:
            flash(f"{refusal}.", "warning")
        else:
            flash(words.format(name=row.name, email=row.person.email), "success")
    return go(url_for("authority.accounts.show", user_id=row.id))


def send_link(user_id: int):
    """Send a link to set a password (B-15, B-32)."""
    return done(user_id, managing.send_link, "A link to set a password is on its way to {email}.")


def issue(user_id: int):
    """A password to be read out, shown once (B-04)."""
    row = found(user_id)
    if not PortalForm().validate_on_submit():
        return go(url_for("authority.accounts.show", user_id=row.id))
    try:
        password = managing.issue_password(row, records.actor())
    except Refused as refusal:
        flash(f"{refusal}.", "warning")
        return go(url_for("authority.accounts.show", user_id=row.id))
    return page(
        "accounts/issued.html",
        heading=f"A password for {row.name}",
        breadcrumbs=crumbs((row.name, url_for("authority.accounts.show", user_id=row.id)), ("Password", None)),
        row=row,
        password=password,
        days=g.settings.issued_days,
        back=url_for("authority.accounts.show", user_id=row.id),
    )


def lock(user_id: int):
    """Lock a person out until released."""
    return done(user_id, managing.lock, "{name} is locked out, and signed out everywhere.")


def release(user_id: int):
    """Let a locked person in again."""
    return done(user_id, managing.release, "{name} can sign in again.")


def reset_code(user_id: int):
    """Forget the security code."""
    return done(user_id, managing.reset_code, "{name} makes a new security code at the next sign-in.")


def reset_second(user_id: int):
    """Forget the authenticator app."""
    return done(user_id, managing.reset_second, "The authenticator app of {name} is no longer asked for.")


def end_sessions(user_id: int):
    """Sign a person out everywhere."""
    return done(user_id, managing.end_sessions, "{name} is signed out everywhere.")


def end_one(user_id: int, session_id: int):
    """End one of a person's sessions."""
    row = found(user_id)
    session = SignIn.get_or_none((SignIn.id == session_id) & (SignIn.person == row.person_id)) or abort(404)
    return done(user_id, lambda _row, by: managing.end_session(session, by), "The session has ended.")


def reactivate(user_id: int):
    """Open an ended login again (B-32)."""
    return done(user_id, rules.reactivate, "{name} can sign in again.")


def deactivate(user_id: int):
    """End a login; what the person leaves open goes to a colleague."""
    row = found(user_id)
    form = DeactivateForm()
    colleagues = (
        User.select()
        .where(
            User.is_active
            & (User.id != row.id)
            & (User.organisation == row.organisation_id if row.organisation_id else User.organisation.is_null())
        )
        .order_by(User.name)
    )
    form.hand_to.choices = [("", "Nobody: it stays with this login"), *((str(u.id), u.name) for u in colleagues)]
    work = rules.open_work(row)
    if not work:
        del form.hand_to
    back = url_for("authority.accounts.show", user_id=row.id)
    if form.validate_on_submit():
        to = User.get_by_id(int(form.hand_to.data)) if "hand_to" in form and form.hand_to.data else None
        try:
            handed = rules.deactivate(row, records.actor(), to)
        except Refused as refusal:
            form.form_errors.append(str(refusal))
        else:
            more = f" {handed} piece{'' if handed == 1 else 's'} of work went to {to.name}." if handed else ""
            flash(f"The login of {row.name} is deactivated.{more}", "success")
            return go(back)
    return page(
        "accounts/deactivate.html",
        422 if form.errors else 200,
        heading=f"Deactivate the login of {row.name}",
        breadcrumbs=crumbs((row.name, back), ("Deactivate", None)),
        form=form,
        work=work,
        row=row,
        cancel=back,
    )


def join(user_id: int):
    """Put another login of the same person behind this one's sign-in (rule 11.1)."""
    row = found(user_id)
    form = JoinForm()
    back = url_for("authority.accounts.show", user_id=row.id)
    other = None
    if form.is_submitted() and form.validate():
        other = reachable().where(Person.email == (form.other.data or "").strip().lower()).order_by(User.id).first()
        if other is None:
            form.other.errors = ["There is no login with this address"]
        elif not form.confirmed.data:
            form.confirmed.errors = ["Confirm that this is the same person"]
        else:
            try:
                managing.join(row, other, records.actor())
            except Refused as refusal:
                form.other.errors = [str(refusal)]
            else:
                flash(
                    f"{row.name} signs in as {row.person.email} for both from now on. Both addresses are told.",
                    "success",
                )
                return go(back)
    return page(
        "accounts/join.html",
        422 if form.is_submitted() else 200,
        heading=f"Join with another login: {row.name}",
        breadcrumbs=crumbs((row.name, back), ("Join", None)),
        form=form,
        row=row,
        other=other,
        cancel=back,
    )


def part(user_id: int):
    """Give a joined login a sign-in of its own again."""
    row = found(user_id)
    form = PartForm()
    back = url_for("authority.accounts.show", user_id=row.id)
    if form.validate_on_submit():
        try:
            managing.part(row, form.email.data, records.actor())
        except Refused as refusal:
            form.email.errors = [str(refusal)]
        else:
            flash(f"This login has a sign-in of its own. An invitation is on its way to {form.email.data}.", "success")
            return go(back)
    return page(
        "records/form.html",
        422 if form.errors else 200,
        heading=f"A sign-in of its own: {row.name}",
        breadcrumbs=crumbs((row.name, back), ("Part", None)),
        guidance="The person’s other logins keep the present sign-in. This one gets a new password, by an invitation.",
        form=form,
        button="Part",
        cancel=back,
    )
