"""Forms of sign-in."""

from wtforms.validators import EqualTo

from forms.base import PortalForm
from forms.fields import EmailField, PasswordField, Required


class SignInForm(PortalForm):
    """E-mail address and password."""

    email = EmailField("E-mail address", validators=[Required()], render_kw={"autocomplete": "username"})
    password = PasswordField("Password", validators=[Required()], render_kw={"autocomplete": "current-password"})


class PasswordForm(PortalForm):
    """A new password, twice."""

    password = PasswordField("New password", validators=[Required()], render_kw={"autocomplete": "new-password"})
    again = PasswordField(
        "New password again",
        validators=[Required(), EqualTo("password", message="Enter the same password twice")],
        render_kw={"autocomplete": "new-password"},
    )
