"""Sign-in, sign-out, and what people can do who are not signed in (B-01 to B-18)."""

from __future__ import annotations

from flask import abort, flash, g, jsonify, request, session, url_for

from blueprints import events
from blueprints.accounts import (
    asking,
    letters,  # noqa: F401 (what is told by mail is declared there)
    links,
    policy,
    sessions,
    signing,
    steps,
)
from blueprints.accounts.onward import front, onward, routes, within
from blueprints.accounts.rules import Refused, clean_email
from blueprints.pages import go, page
from blueprints.permissions import public
from forms.accounts import (
    ForgottenForm,
    NewPasswordForm,
    PasswordForm,
    RequestLoginForm,
    SignInForm,
)
from forms.base import PortalForm
from models import LoginRequestKind, Organisation, Person

__all__ = ["routes", "steps"]

MOST_FROM_ONE_ADDRESS = 60  # failures in a quarter of an hour: an office behind one address
NOT_RIGHT = {
    "e-mail address": "The e-mail address or the password is not right, or the login is locked for a while after too many tries",
    "user name": "The username or the password is not right, or the login is locked for a while after too many tries",
    "either": "The name or the password is not right, or the login is locked for a while after too many tries",
}  # fmt: skip

# name and password -----------------------------------------------------------------------------------------------------


@routes.route("/login", methods=["GET", "POST"])
@public
def sign_in():
    """Sign in with a name and password."""
    if g.user is not None and request.method == "GET":
        return go(within(request.args.get("next")) or front(g.user))
    form = SignInForm().called(g.settings.sign_in_by)
    if form.validate_on_submit():
        where, who = f"address {request.remote_addr}", f"login {form.email.data.lower()}"
        stopped = signing.too_many(where, MOST_FROM_ONE_ADDRESS) or signing.too_many(who, 4 * g.settings.lock_after)
        found = signing.sign_in(
            form.email.data,
            form.password.data,
            request.remote_addr or "",
            request.user_agent.string,
            g.settings,
            stopped,
        )
        if found:
            if g.session_row is not None:
                sessions.end(g.session_row, "Signed in anew")
            session.clear()
            session["token"] = found[0]
            return onward(found[1], within(request.args.get("next")))
        events.note("too many tries" if stopped else "sign-in refused", login=events.login_word(form.email.data))
        form.form_errors.append(NOT_RIGHT[g.settings.sign_in_by])
    return page(
        "accounts/sign_in.html",
        form=form,
        demonstration_logins=demonstration_logins(),
        wanted=within(request.args.get("next")),
        was_out="out" in request.args,
    )


def demonstration_logins() -> list[tuple[str, str]]:
    """The logins that a demonstration shows on its sign-in page."""
    if not g.settings.is_demonstration:
        return []
    from demonstration.people import LOGINS

    there = {email for (email,) in Person.select(Person.email).where(Person.email.in_([e for e, _ in LOGINS])).tuples()}
    return [(email, who) for email, who in LOGINS if email in there]


@routes.post("/logout")
@public
def sign_out():
    """End the session."""
    row = g.session_row or g.pending
    if row is not None:
        sessions.end(row)
    session.clear()
    flash("You have signed out", "success")
    answer = go(url_for("public.accounts.sign_in"))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


# without a session -----------------------------------------------------------------------------------------------------


@routes.route("/forgotten-password", methods=["GET", "POST"])
@public
def forgotten():
    """A link by e-mail, or a request to the help desk; the answer never says whether the address is known."""
    by_link = g.settings.forgotten_password == "link by e-mail"
    form = ForgottenForm() if by_link else NewPasswordForm()
    if by_link and g.settings.sign_in_by != "e-mail address":
        form.email.label.text = "E-mail address or username"
    if form.validate_on_submit():
        asked = asked_for(form, check=not by_link)
        if asked:
            if not trapped(form):
                asking.ask(LoginRequestKind.PASSWORD, asked, request.remote_addr or "", g.settings)
            return go(url_for("public.accounts.asked", what="password"))
    return page("accounts/forgotten.html", 422 if form.errors else 200, form=form, by_link=by_link)


def trapped(form) -> bool:
    """A program has filled in what people do not see."""
    return bool("website" in form and form.website.data)


def asked_for(form, check: bool = True):
    """What was typed, or None with the fault at its field."""
    email = form.email.data.strip().lower()[:254]
    if check:
        try:
            email = clean_email(email)
        except Refused as refusal:
            form.email.errors = [str(refusal)]
            return None
    names = ("name", "organisation_name", "telephone")
    return asking.Asked(email, **{name: (form[name].data or "")[:255] for name in names if name in form})


@routes.route("/request-a-login", methods=["GET", "POST"])
@public
def request_login():
    """Ask the authority for a login (B-11)."""
    if not g.settings.login_requests:
        abort(404)
    form = RequestLoginForm()
    if form.validate_on_submit():
        asked = asked_for(form)
        if asked:
            if not trapped(form):
                asking.ask(LoginRequestKind.LOGIN, asked, request.remote_addr or "", g.settings)
            return go(url_for("public.accounts.asked", what="login"))
    return page("accounts/request_login.html", 422 if form.errors else 200, form=form)


@routes.get("/asked-for-a-<any('login','password'):what>")
@public
def asked(what: str):
    """What happens next; the same whether or not the address is known."""
    return page("accounts/asked.html", what=what, by_link=g.settings.forgotten_password == "link by e-mail")


@routes.route("/set-password/<word>", methods=["GET", "POST"])
@public
def set_password(word: str):
    """Set a password by a link that works once (rule 11.4)."""
    person = links.person_of(word)
    if person is None:
        return page("accounts/link_over.html", status=410)
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            links.set_password(word, form.password.data, g.settings)
        except links.Over:
            return page("accounts/link_over.html", status=410)
        except policy.Weak as weak:
            form.password.errors = weak.reasons
        else:
            flash("Your password is set. Sign in with it now", "success")
            return go(url_for("public.accounts.sign_in"))
    return page(
        "accounts/set_password.html",
        422 if form.errors else 200,
        form=form,
        person=None,
        email=person.username or person.email,
        words=policy.rules_in_words(g.settings),
    )


# how long the session lasts, and what was sent too late ----------------------------------------------------------------


@routes.get("/session")
@public
def session_left():
    """How many seconds the session still lasts; asking does not make it longer."""
    return jsonify(left=sessions.seconds_left(g.session_row, g.settings) if g.session_row else 0)


@routes.post("/session")
@public
def stay():
    """Stay signed in: being asked for counts as use."""
    return jsonify(left=sessions.seconds_left(g.session_row, g.settings) if g.session_row else 0)


@routes.get("/kept-forms/<int:form_id>")
@public
def kept_form(form_id: int):
    """What was sent when the session had run out, to be sent now, or left."""
    if g.user is None:
        return go(url_for("public.accounts.sign_in", next=url_for("public.accounts.kept_form", form_id=form_id)))
    row = kept_of(form_id)
    return page(
        "accounts/kept_form.html",
        row=row,
        fields=sessions.fields_of(row),
        shown=sessions.shown_of(row),
        organisation=Organisation.get_by_id(row.user.organisation_id).name if row.user.organisation_id else "",
        elsewhere=row.user_id != g.user.id,
        press=PortalForm(),
    )


@routes.post("/kept-forms/<int:form_id>/deletion")
@public
def forget_form(form_id: int):
    """Leave what was typed."""
    if g.user is None:
        return go(url_for("public.accounts.sign_in"))
    sessions.forget(kept_of(form_id))
    return go(front(g.user))


def kept_of(form_id: int):
    """The kept form, if it is this person's; 404 otherwise."""
    row = sessions.kept_form(form_id)
    if row is None or row.user.person_id != g.session_row.person_id:
        abort(404)
    return row
