"""What is told by mail about logins. Subjects hold nothing personal; links and codes are made when the mail goes."""

from __future__ import annotations

from blueprints import mail
from blueprints.accounts import links
from models import LoginRequest, User


@mail.kind("invitation", "Invitation", "Your login to the portal")
def invitation(letter: mail.Letter) -> dict | None:
    """A login was made: for a new person with the link to set a password, for a known one without."""
    user = letter.user
    if user is None:
        return None
    link = None
    if not user.person.password_hash:
        row = links.open_link(user.person_id)
        if row is None:
            return None
        link = letter.secret(letter.link(links.path_of(row)))
    return {"link": link, "until": row.expires_at if link else None, "organisation": mail.organisation_name(letter),
            "username": user.person.username, "sign_in": letter.link("/login")}  # fmt: skip


@mail.kind("password-reset", "Link to set a password", "Set your password")
def password_reset(letter: mail.Letter) -> dict | None:
    """The link that somebody asked for, or that an officer sent."""
    row = links.open_link(letter.user.person_id) if letter.user else None
    if row is None:
        return None
    return {"link": letter.secret(letter.link(links.path_of(row))), "until": row.expires_at}


@mail.kind("reset-refused", "Password cannot be reset by mail", "About your password")
def reset_refused(letter: mail.Letter) -> dict:
    """Asked for a new password, though only the authority can give one."""
    return {}


@mail.kind("password-changed", "Password changed", "Your password was changed")
def password_changed(letter: mail.Letter) -> dict:
    """The password is another one, whoever changed it (B-29)."""
    return {"sign_in": letter.link("/login")}


@mail.kind("address-changed", "Address of a login changed", "The address of your login was changed")
def address_changed(letter: mail.Letter) -> dict | None:
    """Told to the old address; the new one is not named."""
    return {} if User.select().where(User.id == letter.about).exists() else None


@mail.kind("logins-joined", "Logins joined", "Your logins are joined")
def logins_joined(letter: mail.Letter) -> dict | None:
    """Two logins have one sign-in now; told to both addresses, naming the one that is left."""
    user = User.get_or_none(User.id == letter.about)
    return {"email": user.email, "sign_in": letter.link("/login")} if user else None


@mail.kind("login-request", "Request for a login", "A request waits for you")
def login_request(letter: mail.Letter) -> dict | None:
    """Told to officers: somebody asks for a login or a password."""
    row = LoginRequest.get_or_none(LoginRequest.id == letter.about)
    if row is None or row.state != "Open":
        return None
    return {"kind": row.kind, "link": letter.link(f"/authority/accounts/requests/{row.id}")}


@mail.kind("login-declined", "Request for a login declined", "About your request for a login")
def login_declined(letter: mail.Letter) -> dict | None:
    """Told to who asked: the authority has declined, and why."""
    row = LoginRequest.get_or_none(LoginRequest.id == letter.about)
    return {"outcome": row.outcome} if row else None
