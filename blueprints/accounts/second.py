"""What is asked for after the password: the security code's two digits, an authenticator app, a code by e-mail."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import io
import random
import secrets
import time
from enum import StrEnum

import pyotp
import segno
from markupsafe import Markup
from peewee import fn

from blueprints import history, keys, mail
from blueprints.accounts.hashing import slow_digest_of
from models import Person, RecoveryCode, SignIn, User, db, utc_now

CODE = "security code"
APP = "authenticator"
LETTER_MINUTES = 10
LETTER_AGAIN_SECONDS = 60  # until another one may be asked for
RECOVERY_CODES = 10


class Refused(ValueError):
    """A code that will not do; says what to do."""


# the security code (guide 004) -----------------------------------------------------------------------------------------


def check_code(code: str, weak_too: bool = False) -> None:
    """Six digits, and not easy ones unless `weak_too`. Raises Refused (B-05)."""
    if len(code) != 6 or not code.isascii() or not code.isdigit():
        raise Refused("Enter a security code of exactly six digits")
    steps = {(int(b) - int(a)) % 10 for a, b in zip(code, code[1:], strict=False)}
    if not weak_too and steps in ({0}, {1}, {9}):
        raise Refused("Enter another security code: this one is too easy to guess")


def keep_code(person: Person, code: str, by: history.Actor) -> None:
    """Write a security code, encrypted under the key that the database does not hold."""
    with db.atomic():
        Person.update(code=keys.seal(CODE, code), code_round=Person.code_round + 1).where(
            Person.id == person.id
        ).execute()
        record(person, "Set a security code", by)


def positions(person: Person) -> tuple[int, int]:
    """The two places that are asked for, first 1: by chance, and the same ones until they are answered right (B-03)."""
    first, second = random.Random(keys.derived("places of the code", person.id, person.code_round)).sample(
        range(1, 7), 2
    )
    return min(first, second), max(first, second)


def answers_code(person: Person, first: str, second: str) -> bool:
    """Are these the digits at the places that are asked for? Then other places are asked for the next time."""
    try:
        code = keys.unseal(CODE, person.code or "")
    except keys.Unreadable:
        return False
    wanted = "".join(code[place - 1] for place in positions(person))
    if not hmac.compare_digest(wanted.encode(), f"{first}{second}".encode()):
        return False
    with db.atomic():
        mine = (Person.id == person.id) & (Person.code_round == person.code_round)
        Person.update(code_round=Person.code_round + 1).where(mine).execute()
    return True


# which second step -----------------------------------------------------------------------------------------------------


class Way(StrEnum):
    """How the second step is done."""

    NONE = ""
    APP = "app"
    MAIL = "mail"
    SET_UP = "set up"  # an authenticator app is required, and there is none yet


def is_officer(person: Person) -> bool:
    """The person's login is an officer's; officers' and providers' logins are never one person's."""
    return User.select().where((User.person == person) & User.organisation.is_null()).exists()


def way_of(person: Person, settings) -> Way:
    """How this person does the second step, as the settings and the person's choice have it."""
    officer = is_officer(person)
    rule = settings.second_officers if officer else settings.second_providers
    if rule == "off":
        return Way.NONE
    if person.authenticator:
        return Way.APP
    if officer:
        return Way.SET_UP if rule == "required" else Way.NONE
    return Way.MAIL if rule == "required" or person.code_by_mail else Way.NONE


# the authenticator app -------------------------------------------------------------------------------------------------


def offered_secret(row: SignIn) -> str:
    """The secret that a session offers while an app is set up: the same at each look, and kept nowhere."""
    return base64.b32encode(keys.derived("authenticator offer", row.id, row.digest)[:20]).decode()


def app_address(secret: str, person: Person, settings) -> str:
    """What the QR code says to the app."""
    issuer = f"{settings.authority_name} {settings.portal_name}".replace(":", " ")
    return pyotp.TOTP(secret).provisioning_uri(name=person.username or person.email, issuer_name=issuer)


def picture(text: str) -> Markup:
    """A QR code as SVG, drawn here; its meaning stands beside it in letters."""
    drawn = io.BytesIO()
    segno.make(text, error="m").save(
        drawn, kind="svg", scale=5, border=4, xmldecl=False, svgns=False, nl=False, light="#fff"
    )
    return Markup(drawn.getvalue().decode().replace("<svg ", '<svg role="img" aria-label="QR code for the app" ', 1))


def fitting_step(secret: str, code: str, last: int | None) -> int | None:
    """The half minute that a code belongs to: this one, the one before or after; none that was taken already."""
    plain = "".join(code.split())
    if len(plain) != 6 or not plain.isascii() or not plain.isdigit():
        return None
    totp, now = pyotp.TOTP(secret), int(time.time()) // 30
    for step in (now, now - 1, now + 1):
        if hmac.compare_digest(totp.at(step * 30), plain) and (last is None or step > last):
            return step
    return None


def set_up_app(person: Person, secret: str, code: str, by: history.Actor) -> list[str]:
    """Take an app into use, once it has given a right code; returns the recovery codes, which are shown once."""
    step = fitting_step(secret, code, None)
    if step is None:
        raise Refused(
            "Enter the six digits that the app shows now. If they are refused again, check your telephone’s clock"
        )
    with db.atomic():
        Person.update(authenticator=keys.seal(APP, secret), authenticator_step=step, code_by_mail=False).where(
            Person.id == person.id
        ).execute()
        record(person, "Set up an authenticator app", by)
        return new_recovery_codes(person)


def answers_app(person: Person, code: str) -> bool:
    """Is this the app's code now, not taken before; or an unused recovery code, which is then used up?"""
    try:
        secret = keys.unseal(APP, person.authenticator or "")
    except keys.Unreadable:
        secret = ""
    step = fitting_step(secret, code, person.authenticator_step) if secret else None
    plain = "".join(c for c in code.lower() if c.isalnum())
    digest = digest_of_recovery(person, plain) if step is None and len(plain) == 10 else None
    with db.atomic():
        if step is not None:
            unused = Person.authenticator_step.is_null() | (Person.authenticator_step < step)
            return bool(Person.update(authenticator_step=step).where((Person.id == person.id) & unused).execute())
        mine = (RecoveryCode.person == person) & (RecoveryCode.digest == digest) & RecoveryCode.used_at.is_null()
        used = RecoveryCode.update(used_at=utc_now()).where(mine).execute() if digest else 0
        if used:
            user = User.select().where(User.person == person).order_by(User.id).get()
            record(person, "Signed in with a recovery code", history.Actor(user.id, user.name))
    return bool(used)


def digest_of_recovery(person: Person, plain: str) -> str:
    """What is kept of a person's recovery code; one slow digest, whichever of the ten it may be."""
    return slow_digest_of(plain, keys.derived("recovery codes", person.id)[:16])


def new_recovery_codes(person: Person) -> list[str]:
    """Fresh recovery codes in place of the old ones: `abcde-fghij`. In the caller's transaction."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    made = ["".join(secrets.choice(letters) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.delete().where(RecoveryCode.person == person).execute()
    RecoveryCode.insert_many(
        [{"person": person, "digest": digest_of_recovery(person, code)} for code in made]
    ).execute()
    return [f"{code[:5]}-{code[5:]}" for code in made]


def recovery_codes_left(person: Person) -> int:
    """How many recovery codes are unused."""
    return (
        RecoveryCode.select(fn.COUNT(RecoveryCode.id))
        .where((RecoveryCode.person == person) & RecoveryCode.used_at.is_null())
        .scalar()
    )


def stop_app(person: Person, by: history.Actor) -> None:
    """Stop using the authenticator app; its recovery codes go with it."""
    with db.atomic():
        Person.update(authenticator=None, authenticator_step=None).where(Person.id == person.id).execute()
        RecoveryCode.delete().where(RecoveryCode.person == person).execute()
        record(person, "Stopped the authenticator app", by)


# a code by e-mail ------------------------------------------------------------------------------------------------------


def want_mail(person: Person, wanted: bool, by: history.Actor) -> None:
    """Have a code sent by e-mail at each sign-in, or no more."""
    with db.atomic():
        Person.update(code_by_mail=wanted).where(Person.id == person.id).execute()
        record(person, "Has codes sent by e-mail" if wanted else "Has no more codes sent by e-mail", by)


def send_code(row: SignIn, again: bool = False) -> bool:
    """Send a code for this session: the first time, or another one after a minute. False where it is too soon."""
    now = utc_now()
    if row.mailed_at is not None and (not again or now - row.mailed_at < dt.timedelta(seconds=LETTER_AGAIN_SECONDS)):
        return False
    with db.atomic():
        fresh = SignIn.mailed_at.is_null() if row.mailed_at is None else SignIn.mailed_at == row.mailed_at
        if not SignIn.update(mailed_at=now).where((SignIn.id == row.id) & fresh).execute():
            return False
        user = User.select().where((User.person == row.person_id) & User.is_active).order_by(User.id).first()
        mail.send("sign-in-code", user, row.id)
    return True


def mailed_code(row: SignIn) -> str:
    """The six digits of the last message for this session; worked out from the row and the key, and kept nowhere."""
    return keys.digits(6, "sign-in code", row.id, row.digest, f"{row.mailed_at:%Y%m%d%H%M%S%f}")


def answers_mail(row: SignIn, code: str) -> bool:
    """Is this the code that was sent, not more than ten minutes ago?"""
    if row.mailed_at is None or utc_now() - row.mailed_at > dt.timedelta(minutes=LETTER_MINUTES):
        return False
    return hmac.compare_digest(mailed_code(row).encode(), "".join(code.split()).encode())


@mail.kind("sign-in-code", "Code to sign in", "Your code to sign in")
def code_letter(letter: mail.Letter) -> dict | None:
    """The mail with the code; nothing once the session is ready or over."""
    row = SignIn.get_or_none(SignIn.id == letter.about)
    if row is None or row.ended_at or row.is_ready or row.mailed_at is None:
        return None
    return {"digits": letter.secret(mailed_code(row)), "minutes": LETTER_MINUTES}


def record(person: Person, what: str, by: history.Actor) -> None:
    """Write in the audit trail what happened to a person's way in, at its first login."""
    user = User.select().where(User.person == person).order_by(User.is_active.desc(), User.id).first()
    history.record(by, what, user)
