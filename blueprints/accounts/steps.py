"""The steps of signing in after name and password: codes, a new password, an app, which organisation (B-03 to B-18)."""

from __future__ import annotations

from flask import flash, g, request, session, url_for

from blueprints import events
from blueprints.accounts import (
    links,
    policy,
    second,
    sessions,
    signing,
)
from blueprints.accounts.onward import front, onward, routes, within
from blueprints.accounts.signing import Step
from blueprints.history import Actor
from blueprints.pages import go, page
from blueprints.permissions import public
from forms.accounts import (
    ChooseForm,
    CodeForm,
    DigitsForm,
    NewCodeForm,
    PasswordForm,
)
from forms.base import PortalForm
from models import Person, User, db

LOCKED = "That was wrong too often. Sign in again later, or set a new password"


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
