"""One's own account, the same at both doors: password, code, app, where one is signed in (B-06, B-07)."""

from __future__ import annotations

from flask import Blueprint, abort, flash, g, request, session, url_for

from blueprints.accounts import links, policy, second, sessions, signing
from blueprints.frame import show_moment
from blueprints.history import Actor
from blueprints.pages import go, page
from blueprints.permissions import Can, requires
from forms.accounts import ChangeCodeForm, ChangePasswordForm, CodesByMailForm, ConfirmForm, SetUpForm, WithAppForm
from models import Person, SignIn, db

WRONG = "Enter your current password. This is not it"


def add(routes: Blueprint, side: str) -> None:
    """Give a door the routes of one's own account."""
    screens = Own(side)
    both = ["GET", "POST"]
    for path, name, methods in (
        ("", "me", ["GET"]),
        ("/password", "change_password", both),
        ("/security-code", "change_code", both),
        ("/authenticator", "set_up_app", both),
        ("/authenticator/removal", "stop_app", both),
        ("/recovery-codes", "recovery_codes", both),
        ("/codes-by-mail", "codes_by_mail", both),
        ("/sessions/<int:session_id>/end", "end_session", both),
        ("/sessions/others/end", "end_others", both),
    ):
        view = requires(Can.SIGNED_IN)(getattr(screens, name))
        routes.add_url_rule(f"/accounts/me{path}", name, view, methods=methods)


class Own:
    """The pages of one door."""

    def __init__(self, side: str):
        self.side = side

    def url(self, name: str, **values) -> str:
        """The address of a page of this door."""
        return url_for(f"{self.side}.accounts.{name}", **values)

    def crumbs(self, *more) -> list:
        """The way here."""
        home = ("Home", url_for(f"{self.side}.home.index"))
        return [home, ("Your account", self.url("me") if more else None), *more]

    def show(self, template: str, form=None, last: str = "", **context):
        """One page of the account."""
        return page(
            f"accounts/{template}.html",
            422 if form is not None and form.errors else 200,
            form=form,
            layout=f"{self.side}.html",
            breadcrumbs=self.crumbs((last, None)) if last else self.crumbs(),
            back=self.url("me"),
            **context,
        )

    def confirmed(self, form) -> bool:
        """The form is filled in and the current password is right; a wrong one counts towards the lock."""
        if not form.validate_on_submit():
            return False
        if signing.confirms(g.session_row.person_id, form.current.data, g.settings):
            return True
        form.current.errors = [WRONG]
        return False

    def confirmed_by_app(self, form) -> bool:
        """As `confirmed`, and the app's code is right too: full sign-in again (ASVS 7.5.1)."""
        if not self.confirmed(form):
            return False
        if second.answers_app(me(), form.code.data):
            return True
        signing.failed(g.session_row.person_id, g.settings)
        form.code.errors = ["Enter the digits that the app shows now, or a recovery code. Each works once"]
        return False

    # pages -----------------------------------------------------------------------------------------------------------

    def me(self):
        """Who one is here, what lets one in, and where one is signed in."""
        person = me()
        rule = g.settings.second_officers if g.user.is_officer else g.settings.second_providers
        return self.show(
            "me",
            person_row=person,
            name=g.user.contact.name if g.user.contact_id else g.user.name,
            organisation=g.user.organisation.name if g.user.organisation_id else "",
            held=policy.age(person, g.settings),
            rule=rule,
            codes_left=second.recovery_codes_left(person) if person.authenticator else 0,
            live=sessions.live(person, g.settings),
            recent=sessions.recent(person),
            here=g.session_row.id,
            device=sessions.device,
            url=self.url,
        )

    def change_password(self):
        """Another password; one's other sessions end, and this one goes on under another token (B-07)."""
        form = ChangePasswordForm()
        person = me()
        if self.confirmed(form):
            try:
                with db.atomic():
                    person = Person.get_by_id(person.id)
                    policy.check(form.password.data, person, g.settings)
                    policy.keep(person, form.password.data)
                    sessions.end_all(person, "Password changed")
                    token, row = sessions.begin(person, request.remote_addr or "", request.user_agent.string)
                    SignIn.update(user=g.user, is_ready=True, code_passed=True, second_passed=True).where(
                        SignIn.id == row.id
                    ).execute()
                    links.tell_changed(person)
                    second.record(person, "Changed the password", actor())
            except policy.Weak as weak:
                form.password.errors = weak.reasons
            else:
                session["token"] = token
                flash("Your password was changed.", "success")
                return go(self.url("me"))
        return self.show(
            "change_password",
            form,
            "Change Password",
            name=g.user.name,
            username=person.username or person.email,
            words=policy.rules_in_words(g.settings),
        )

    def change_code(self):
        """Another security code, after the password (B-06)."""
        if not g.settings.security_code:
            abort(404)
        form = ChangeCodeForm()
        if self.confirmed(form):
            try:
                second.check_code(form.code.data, not g.settings.security_code_weak)
            except second.Refused as refusal:
                form.code.errors = [str(refusal)]
            else:
                second.keep_code(me(), form.code.data, actor())
                flash("Your security code was changed.", "success")
                return go(self.url("me"))
        return self.show("change_code", form, "Change Security Code")

    def rule(self) -> str:
        """Whether the second step is required, offered or off."""
        return g.settings.second_officers if g.user.is_officer else g.settings.second_providers

    def set_up_app(self):
        """Take an authenticator app into use, after the password; then its recovery codes, once."""
        if self.rule() == "off":
            abort(404)
        person = me()
        if person.authenticator:
            flash("You have an authenticator app already. Stop using it before you set up another.", "notice")
            return go(self.url("me"))
        secret = second.offered_secret(g.session_row)
        form = SetUpForm()
        if self.confirmed(form):
            try:
                codes = second.set_up_app(person, secret, form.code.data, actor())
            except second.Refused as refusal:
                form.code.errors = [str(refusal)]
            else:
                return self.show("codes", None, "Recovery codes", codes=codes, fresh=True)
        return self.show(
            "set_up_app",
            form,
            "Authenticator app",
            secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
            picture=second.picture(second.app_address(secret, person, g.settings)),
        )

    def stop_app(self):
        """Stop using the app, after the password; where one is required another is set up at the next sign-in."""
        if not me().authenticator:
            return go(self.url("me"))
        form = WithAppForm()
        if self.confirmed_by_app(form):
            second.stop_app(me(), actor())
            flash("The authenticator app is no longer used.", "success")
            return go(self.url("me"))
        return self.show("stop_app", form, "Stop using the app", required=self.rule() == "required")

    def recovery_codes(self):
        """New recovery codes in place of the old ones, after the password; shown once."""
        if not me().authenticator:
            return go(self.url("me"))
        form = WithAppForm()
        if self.confirmed_by_app(form):
            with db.atomic():
                codes = second.new_recovery_codes(me())
                second.record(me(), "Made new recovery codes", actor())
            return self.show("codes", None, "Recovery codes", codes=codes, fresh=False)
        return self.show("new_codes", form, "New recovery codes")

    def codes_by_mail(self):
        """Have a code sent by e-mail at each sign-in, or no more, after the password, where that is left to oneself."""
        if g.user.is_officer or self.rule() != "offered":
            abort(404)
        form = CodesByMailForm(wanted="no" if me().code_by_mail else "yes")
        wanted = form.wanted.data == "yes"
        if self.confirmed(form):
            second.want_mail(me(), wanted, actor())
            flash(
                f"From now on a code is sent to {g.user.email} when you sign in."
                if wanted
                else "No more codes are sent.",
                "success",
            )
            return go(self.url("me"))
        return self.ask(
            form,
            "Codes by e-mail",
            f"At each sign-in a code will be sent to {g.user.email}."
            if wanted
            else "Your password alone will let you in.",
            "Send me a code at each sign-in" if wanted else "Send me no more codes",
        )

    def ask(self, form, heading: str, words: str, button: str):
        """Ask for the password, before something that lets people in is changed."""
        return self.show("confirm", form, heading, heading=heading, words=words, button=button)

    def end_session(self, session_id: int):
        """End one of one's own sessions, after the password (ASVS 7.5.2)."""
        row = SignIn.get_or_none((SignIn.id == session_id) & (SignIn.person == g.session_row.person_id)) or abort(404)
        form = ConfirmForm()
        if self.confirmed(form):
            sessions.end(row, "Ended by oneself")
            flash("That session has ended.", "success")
            return go(self.url("me"))
        words = f"{sessions.device(row.agent)}, since {show_moment(row.started_at)}."
        return self.ask(form, "End a session", words, "End the session")

    def end_others(self):
        """End all of one's sessions but this one, after the password."""
        form = ConfirmForm()
        if self.confirmed(form):
            with db.atomic():
                count = sessions.end_all(g.session_row.person_id, "Ended by oneself", but=g.session_row)
            flash(f"{count} other session{'' if count == 1 else 's'} ended.", "success")
            return go(self.url("me"))
        return self.ask(form, "End all other sessions", "You stay signed in here only.", "End all others")


def me() -> Person:
    """The person who is signed in, as stored now."""
    return Person.get_by_id(g.session_row.person_id)


def actor() -> Actor:
    """Who acts in this request."""
    return Actor(g.user.id, g.user.name)
