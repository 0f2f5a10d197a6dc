"""Sign-in, sign-out, and setting a password by a one-time link."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, flash, g, request, session, url_for

from blueprints.accounts import rules
from blueprints.pages import go, page
from blueprints.permissions import public
from forms.accounts import PasswordForm, SignInForm

routes = Blueprint("accounts", __name__)

MOST_FROM_ONE_ADDRESS = 60  # failures in a quarter of an hour: an office behind one address
NOT_RIGHT = "The e-mail address or the password is not right, or the login is locked for a while after too many tries"


def within(address: str | None) -> str | None:
    """The address to go on to, if it is one of this portal's own pages."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return None
    parts = urlsplit(address)
    return address if not parts.scheme and not parts.netloc and "\\" not in address else None


def front(user) -> str:
    """The person's own home page."""
    return url_for("authority.home.index" if user.is_officer else "provider.home.index")


@routes.route("/login", methods=["GET", "POST"])
@public
def sign_in():
    """Sign in with e-mail and password."""
    if g.user is not None and request.method == "GET":
        return go(within(request.args.get("next")) or front(g.user))
    form = SignInForm()
    if form.validate_on_submit():
        where, who = f"address {request.remote_addr}", f"login {form.email.data.lower()}"
        token = None
        if not rules.too_many(where, MOST_FROM_ONE_ADDRESS) and not rules.too_many(who, 4 * g.settings.lock_after):
            token = rules.sign_in(
                form.email.data, form.password.data, request.remote_addr or "", request.user_agent.string, g.settings
            )
        if token is None:
            rules.count_failure(where, who)
        if token:
            session.clear()
            session["token"] = token
            user = rules.session_of(token, g.settings.sign_in_minutes).user
            return go(within(request.args.get("next")) or front(user))
        form.form_errors.append(NOT_RIGHT)
    return page("accounts/sign_in.html", form=form, demonstration_logins=demonstration_logins())


def demonstration_logins() -> list[tuple[str, str]]:
    """The logins that a demonstration shows on its sign-in page."""
    if not g.settings.is_demonstration:
        return []
    from demonstration.people import LOGINS

    return LOGINS


@routes.post("/logout")
@public
def sign_out():
    """End the session."""
    if g.session_row is not None:
        rules.end(g.session_row)
    session.clear()
    flash("You have signed out", "success")
    return go(url_for("public.accounts.sign_in"))


@routes.route("/set-password/<token>", methods=["GET", "POST"])
@public
def set_password(token: str):
    """Set a password by a link that works once (rule 11.4)."""
    user = rules.user_of_link(token)
    if user is None:
        return page("accounts/link_over.html", status=410)
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            rules.set_password_by_link(token, form.password.data, g.settings.password_length)
        except rules.Refused as refusal:
            form.password.errors = [str(refusal)]
        else:
            flash("Your password is set. Sign in with it now", "success")
            return go(url_for("public.accounts.sign_in"))
    return page("accounts/set_password.html", form=form, user=user, shortest=g.settings.password_length)
