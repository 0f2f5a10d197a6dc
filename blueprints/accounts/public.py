"""Sign-in and its steps, sign-out, and what people can do who are not signed in (B-01 to B-18)."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, g, jsonify, request, session, url_for

from blueprints import events
from blueprints.accounts import (
    asking,
    letters,  # noqa: F401 (what is told by mail is declared there)
    links,
    policy,
    second,
    sessions,
    signing,
)
from blueprints.accounts.rules import Refused, clean_email
from blueprints.accounts.signing import Step
from blueprints.history import Actor
from blueprints.pages import go, page
from blueprints.permissions import public
from forms.accounts import (
    ChooseForm,
    CodeForm,
    DigitsForm,
    ForgottenForm,
    NewCodeForm,
    NewPasswordForm,
    PasswordForm,
    RequestLoginForm,
    SignInForm,
)
from forms.base import PortalForm
from models import LoginRequestKind, Organisation, Person, User, db

routes = Blueprint("accounts", __name__)

MOST_FROM_ONE_ADDRESS = 60  # failures in a quarter of an hour: an office behind one address
NOT_RIGHT = {
    "e-mail address": "The e-mail address or the password is not right, or the login is locked for a while after too many tries",
    "user name": "The username or the password is not right, or the login is locked for a while after too many tries",
    "either": "The name or the password is not right, or the login is locked for a while after too many tries",
}  # fmt: skip
LOCKED = "That was wrong too often. Sign in again later, or set a new password"


def within(address: str | None) -> str | None:
    """The address to go on to, if it is one of this portal's own pages."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return None
    parts = urlsplit(address)
    return address if not parts.scheme and not parts.netloc and "\\" not in address else None


def front(user) -> str:
    """The person's own home page."""
    return url_for("authority.home.index" if user.is_officer else "provider.home.index")


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


def onward(row, wanted: str | None = None, user: User | None = None):
    """After a step: to the next one, or, where none is left, to where the person wanted to go."""
    step = signing.go_on(row, g.settings, user)
    g.noted_person = row.person_id
    if step == Step.READY:
        events.note("signed in", person=row.person_id)
        row = type(row).get_by_id(row.id)
        remind(row)
        return go(wanted or front(row.user))
    if step == Step.SECOND and second.way_of(row.person, g.settings) == second.Way.MAIL:
        second.send_code(type(row).get_by_id(row.id))
    return go(url_for("public.accounts.step_page", step=str(step), next=wanted or None))


def remind(row) -> None:
    """Say at sign-in that a password expires soon (rule 11.4)."""
    held = policy.age(row.person, g.settings)
    if held.is_near:
        flash(f"Your password expires on {held.due_on.day} {held.due_on:%B %Y}. Change it before then", "notice")


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


# the steps that are left -----------------------------------------------------------------------------------------------


@routes.route("/login/<any('security-code','second-step','expired','new-password','new-security-code','authenticator','organisation'):step>", methods=["GET", "POST"])  # fmt: skip
@public
def step_page(step: str):
    """The next step of signing in; whoever asks for another one is led to the one that is next."""
    wanted = within(request.args.get("next"))
    if g.pending is None:
        return go(front(g.user) if g.user else url_for("public.accounts.sign_in", next=wanted))
    row = g.pending
    now = signing.step_of(row, g.settings)
    if now != step:
        return onward(row, wanted) if request.method == "POST" else go(
            url_for("public.accounts.step_page", step=str(now), next=wanted)
        )  # fmt: skip
    return STEPS[now](row, wanted)


def wrong_code(row, form, field, words: str):
    """A wrong code counts as a wrong password; too many end the session (B-03). None where there are tries left."""
    if signing.failed(row.person_id, g.settings):
        session.clear()
        events.note("locked", person=row.person_id)
        flash(LOCKED, "warning")
        return go(url_for("public.accounts.sign_in"))
    field.errors = [words]
    return None


def code_step(row, wanted):
    """Two digits of the security code, at the same places until they are right (B-03)."""
    form = DigitsForm().asked(second.positions(row.person))
    if form.validate_on_submit():
        if second.answers_code(row.person, form.first.data, form.second.data):
            signing.mark(row, code_passed=True)
            return onward(row, wanted)
        out = wrong_code(row, form, form.first, "These are not the digits of your security code")
        if out:
            return out
    return page("accounts/digits.html", 422 if form.errors else 200, form=form)


def second_step(row, wanted):
    """The code of the app, or the one that was sent by e-mail."""
    by_mail = second.way_of(row.person, g.settings) == second.Way.MAIL
    form = CodeForm()
    if by_mail and request.form.get("again"):
        sent = second.send_code(row, again=True)
        flash("Another code is on its way" if sent else "Wait a minute before you ask for another code", "notice")
        return go(url_for("public.accounts.step_page", step=Step.SECOND.value, next=wanted))
    if form.validate_on_submit():
        right = second.answers_mail(row, form.code.data) if by_mail else second.answers_app(row.person, form.code.data)
        if right:
            signing.mark(row, second_passed=True)
            return onward(row, wanted)
        words = (
            "Enter the code of the last message, within ten minutes" if by_mail
            else "Enter the six digits that the app shows now, or a recovery code"
        )  # fmt: skip
        out = wrong_code(row, form, form.code, words)
        if out:
            return out
    return page(
        "accounts/second_step.html",
        422 if form.errors else 200,
        form=form,
        by_mail=by_mail,
        minutes=second.LETTER_MINUTES,
        again=PortalForm(prefix="again"),
    )


def expired_step(row, wanted):
    """The password has expired for good, or was issued too long ago: only the authority helps (B-18)."""
    by_mail = g.settings.expired_reset and g.settings.forgotten_password == "link by e-mail"
    return page("accounts/expired.html", 403, by_mail=by_mail)


def change_step(row, wanted):
    """Another password, because it was issued, or has expired (B-04, B-17)."""
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            with db.atomic():
                person = Person.get_by_id(row.person_id)
                policy.check(form.password.data, person, g.settings)
                policy.keep(person, form.password.data)
                sessions.end_all(person, "Password changed", but=row)
                links.tell_changed(person)
                second.record(person, "Set a password", actor_of(row))
        except policy.Weak as weak:
            form.password.errors = weak.reasons
        else:
            flash("Your password was changed.", "success")
            return onward(type(row).get_by_id(row.id), wanted)
    return page(
        "accounts/new_password.html",
        422 if form.errors else 200,
        form=form,
        issued=row.person.must_change,
        words=policy.rules_in_words(g.settings),
        email=row.person.username or row.person.email,
    )


def new_code_step(row, wanted):
    """A security code is made before anything else (B-05)."""
    form = NewCodeForm()
    if form.validate_on_submit():
        try:
            second.check_code(form.code.data, not g.settings.security_code_weak)
        except second.Refused as refusal:
            form.code.errors = [str(refusal)]
        else:
            second.keep_code(row.person, form.code.data, actor_of(row))
            signing.mark(row, code_passed=True)
            flash("Your security code is set.", "success")
            return onward(row, wanted)
    return page("accounts/new_code.html", 422 if form.errors else 200, form=form)


def app_step(row, wanted):
    """An authenticator app is set up, where the authority requires one."""
    secret = second.offered_secret(row)
    form = CodeForm()
    if form.validate_on_submit():
        try:
            codes = second.set_up_app(row.person, secret, form.code.data, actor_of(row))
        except second.Refused as refusal:
            form.code.errors = [str(refusal)]
        else:
            signing.mark(row, second_passed=True)
            step = signing.go_on(type(row).get_by_id(row.id), g.settings)
            on = (
                wanted or front(type(row).get_by_id(row.id).user) if step == Step.READY
                else url_for("public.accounts.step_page", step=str(step), next=wanted)
            )  # fmt: skip
            return page("accounts/recovery_codes.html", codes=codes, onward=on)
    return page(
        "accounts/new_app.html",
        422 if form.errors else 200,
        form=form,
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        picture=second.picture(second.app_address(secret, row.person, g.settings)),
        required=True,
        cancel=None,
    )


def choose_step(row, wanted):
    """Which organisation the person works for now (rule 11.1)."""
    logins = signing.logins_of(row.person_id)
    form = ChooseForm()
    form.user.choices = [(str(one.id), organisation_of(one)) for one in logins]
    if form.validate_on_submit():
        user = next(one for one in logins if str(one.id) == form.user.data)
        return onward(row, wanted, user)
    return page("accounts/choose.html", 422 if form.errors else 200, form=form, button="Continue", cancel=None)


def organisation_of(user: User) -> str:
    """What a login is called where one chooses."""
    return user.organisation.name if user.organisation_id else "Officers"


def actor_of(row) -> Actor:
    """The person of a session that is not ready yet."""
    user = links.first_user(row.person)
    return Actor(user.id, user.name)


STEPS = {
    Step.CODE: code_step,
    Step.SECOND: second_step,
    Step.EXPIRED: expired_step,
    Step.CHANGE: change_step,
    Step.NEW_CODE: new_code_step,
    Step.NEW_APP: app_step,
    Step.CHOOSE: choose_step,
}


@routes.route("/login/switch", methods=["GET", "POST"])
@public
def switch():
    """Work for another organisation of one's own from now on (rule 11.1)."""
    if g.user is None:
        return go(url_for("public.accounts.sign_in"))
    logins = signing.logins_of(g.session_row.person_id)
    form = ChooseForm(data={"user": str(g.user.id)})
    form.user.choices = [(str(one.id), organisation_of(one)) for one in logins]
    del form.made_for  # it is about leaving the organisation that the form was made for
    if form.validate_on_submit():
        user = signing.switch(g.session_row, int(form.user.data))
        if user is not None:
            return go(front(user))
    return page("accounts/choose.html", 422 if form.errors else 200, form=form, button="Switch", cancel=front(g.user))


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
