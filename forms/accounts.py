"""Forms of sign-in, of one's own account, and of people who are not signed in."""

from __future__ import annotations

from wtforms import HiddenField
from wtforms.validators import EqualTo

from blueprints.accounts.listing import LoginState
from forms import fields as f
from forms.base import FilterForm, PortalForm
from forms.records import RecordForm, text
from models import LoginRequestKind


class CodeField(f.TextField):
    """A code that is typed from an app or a mail."""

    gov = {"classes": "govuk-input--width-10", "inputmode": "numeric", "spellcheck": False}


class DigitField(f.PasswordField):
    """One digit of a security code."""

    gov = {"classes": "govuk-input--width-2", "inputmode": "numeric", "spellcheck": False, "type": "password"}


class SignInForm(PortalForm):
    """A name and a password; the name is an e-mail address or a user name, as the setting has it (B-01, B-02)."""

    email = f.TextField(
        "E-mail address",
        [f.Required()],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = f.PasswordField("Password", [f.Required()], render_kw={"autocomplete": "current-password"})

    def called(self, way: str) -> SignInForm:
        """Say what the name is."""
        words = {"user name": "Username", "either": "Username or e-mail address"}.get(way)
        if words:
            self.email.label.text = words
        return self


def new_password(label: str) -> f.PasswordField:
    """A field for a password that is chosen now."""
    return f.PasswordField(label, [f.Required()], render_kw={"autocomplete": "new-password"})


def same_again(label: str, other: str) -> f.PasswordField:
    """The same once more."""
    again = EqualTo(other, message="Enter the same password twice")
    return f.PasswordField(label, [f.Required(), again], render_kw={"autocomplete": "new-password"})


class PasswordForm(PortalForm):
    """A new password, twice."""

    password = new_password("New password")
    again = same_again("New password again", "password")


class ChangePasswordForm(PortalForm):
    """Another password; the present one first (B-07)."""

    current = f.PasswordField("Current Password", [f.Required()], render_kw={"autocomplete": "current-password"})
    password = new_password("New Password")
    again = same_again("Confirm New Password", "password")


class DigitsForm(PortalForm):
    """Two digits of the security code (B-03)."""

    first = DigitField("First digit", [f.Required()], render_kw={"autocomplete": "off", "maxlength": "1"})
    second = DigitField("Second digit", [f.Required()], render_kw={"autocomplete": "off", "maxlength": "1"})

    ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")

    def asked(self, places: tuple[int, int]) -> DigitsForm:
        """Say which digits are asked for."""
        for field, place in ((self.first, places[0]), (self.second, places[1])):
            field.label.text = f"{self.ORDINALS[place - 1].capitalize()} digit"
            field.called = f"{self.ORDINALS[place - 1]} digit of your security code"
        return self


class NewCodeForm(PortalForm):
    """A security code, twice (B-05)."""

    code = f.PasswordField(
        "Security code",
        [f.Required()],
        description="Six digits",
        render_kw={"autocomplete": "off", "inputmode": "numeric"},
    )
    again = f.PasswordField(
        "Security code again",
        [f.Required(), EqualTo("code", message="Enter the same security code twice")],
        render_kw={"autocomplete": "off", "inputmode": "numeric"},
    )


class ChangeCodeForm(NewCodeForm):
    """Another security code; the password first (B-06)."""

    current = f.PasswordField("Current password", [f.Required()], render_kw={"autocomplete": "current-password"})

    def visible(self) -> list:
        """The password stands first."""
        return [self.current, self.code, self.again]


class CodeForm(PortalForm):
    """The digits of an app or a mail."""

    code = CodeField("Code", [f.Required()], render_kw={"autocomplete": "one-time-code"})


class ConfirmForm(PortalForm):
    """The password, before something that lets people in is changed."""

    current = f.PasswordField("Current password", [f.Required()], render_kw={"autocomplete": "current-password"})


class WithAppForm(ConfirmForm):
    """The password and the app's code, before the app or its recovery codes are changed."""

    code = CodeField("Code of the app, or a recovery code", [f.Required()], render_kw={"autocomplete": "one-time-code"})


class SetUpForm(ConfirmForm):
    """The password, and the first code of an authenticator app."""

    code = CodeField("Code", [f.Required()], render_kw={"autocomplete": "one-time-code"})


class CodesByMailForm(ConfirmForm):
    """The password, before codes are sent by e-mail or no more."""

    wanted = HiddenField()


class ForgottenForm(PortalForm):
    """Whose password is forgotten (B-13)."""

    email = f.TextField("E-mail address", [f.Required()], render_kw={"autocomplete": "username"})


class Trap(f.TextField):
    """A field that people do not see and programs fill in."""

    def __init__(self, label: str = "Leave this empty", **kwargs):
        super().__init__(label, render_kw={"autocomplete": "off", "tabindex": "-1"}, **kwargs)


class NewPasswordForm(PortalForm):
    """The help desk is asked for a new password (B-14)."""

    name = text("Name", f.Required(), render_kw={"autocomplete": "name"})
    organisation_name = text("Organisation Name", f.Required(), render_kw={"autocomplete": "organization"})
    email = f.EmailField("E-mail", [f.Required()])
    telephone = f.TelephoneField("Telephone Number", [f.Required()], render_kw={"autocomplete": "tel"})
    website = Trap()


class RequestLoginForm(PortalForm):
    """Somebody asks for a login (B-11)."""

    name = text("Name", f.Required(), render_kw={"autocomplete": "name"})
    organisation_name = text("Organisation Name", f.Required(), render_kw={"autocomplete": "organization"})
    email = f.EmailField("Email Address", [f.Required()])
    confirm = f.EmailField(
        "Confirm Email Address",
        [f.Required(), EqualTo("email", message="Enter the same e-mail address twice")],
        render_kw={"autocomplete": "off"},
    )
    website = Trap()


class ChooseForm(PortalForm):
    """Which organisation to work for."""

    user = f.RadioField("Which organisation do you work for now?", [f.Required("Choose an organisation")], choices=[])


# what officers fill in -------------------------------------------------------------------------------------------------


class LoginsFilter(FilterForm):
    """Which logins are listed."""

    q = f.SearchField("Name, address or username")
    organisation = f.SelectField("Organisation", choices=[])
    state = f.SelectField("State", choices=[("", "All"), *((str(s), str(s)) for s in LoginState)])
    permission = f.SelectField("May", choices=[])
    idle = f.SelectField(
        "Last signed in",
        choices=[("", "Any time"), ("never", "Never"), ("90", "Not for 90 days"), ("365", "Not for a year")],
    )


class RequestsFilter(FilterForm):
    """Which requests of people without a way in are listed."""

    state = f.SelectField(
        "State", choices=[("Open", "Open"), ("Done", "Done"), ("Declined", "Declined"), ("all", "All")]
    )
    kind = f.SelectField("Asked for", choices=[("", "All"), *((str(k), str(k)) for k in LoginRequestKind)])


class ForWhomForm(FilterForm):
    """Whose login is made."""

    organisation = f.SelectField("Organisation", choices=[])


class InviteForm(PortalForm):
    """A login for a contact, or for somebody new."""

    contact = f.SelectField("Contact", choices=[])
    name = text("Name of a new contact")
    email = f.EmailField("E-mail address", [f.Required()], description="People sign in with it, and get mail there")
    username = text("Username", most=60, description="Where people sign in by it")
    roles = f.CheckboxesField("Roles", choices=[])
    permissions = f.CheckboxesField("Permissions", choices=[])
    same_person = f.CheckboxField("This is the same person: one sign-in for both organisations")


class LoginForm(RecordForm):
    """What of a login an officer changes."""

    email = f.EmailField("E-mail address", [f.Required()])
    username = text("Username", most=60)
    roles = f.CheckboxesField("Roles", choices=[])
    permissions = f.CheckboxesField("Permissions", choices=[])


class DeactivateForm(PortalForm):
    """Who takes over what a leaver leaves open."""

    hand_to = f.SelectField("Open work goes to", choices=[])


class JoinForm(PortalForm):
    """The other login of the same person."""

    other = f.EmailField("E-mail address of the other login", [f.Required()])
    confirmed = f.CheckboxField("I have made sure that this is the same person")


class PartForm(PortalForm):
    """The address of a login that gets a sign-in of its own again."""

    email = f.EmailField("E-mail address for this login alone", [f.Required()])


class SeveralForm(PortalForm):
    """What is done with the logins that are ticked."""

    act = f.SelectField("With those ticked", [f.Required("Choose what to do")], choices=[])


class AcceptForm(PortalForm):
    """The login that is made for who asked."""

    organisation = f.SelectField("Organisation", [f.Required()], choices=[])
    name = text("Name", f.Required())
    email = f.EmailField("E-mail address", [f.Required()])
    username = text("Username", most=60)


class AnswerForm(PortalForm):
    """Whose password it is."""

    login = f.RadioField("Login", [f.Required()], choices=[])


class DeclineForm(PortalForm):
    """Why a request is declined."""

    reason = f.CountedTextField("Reason", [f.Required()], most=200, description="Who asked for a login reads it")
