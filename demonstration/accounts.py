"""Logins in every state, sign-ins, and requests of people who have no way in; made up like the rest."""

from __future__ import annotations

import datetime as dt

from blueprints import history, mail
from blueprints.accounts import asking, hashing, managing, policy, rules
from blueprints.history import Actor
from demonstration.people import PASSWORD
from models import LoginRequest, LoginRequestKind, LoginRequestState, Mail, Person, SignIn, User, utc_now

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Safari/604.1"


def build(world) -> str:
    """Add to the small demonstration; says what."""
    officer = world.users["officer@authority"]
    by = Actor(officer.id, officer.name)
    states(world, by)
    bookkeeper(world, by)
    sign_ins(world)
    asked(world, by)
    mail.send("test", officer)
    told = Mail.select(Mail.id).where(Mail.kind == "remittance-ready").order_by(Mail.id.desc()).offset(6).limit(10000)
    Mail.delete().where(Mail.id.in_([row.id for row in told])).execute()  # of the year that is made up at once
    return f"Made {User.select().count()} logins in all, and {LoginRequest.select().count()} requests for logins and passwords."


def with_password(user: User) -> User:
    """Give a login the demonstration's password."""
    person = Person.get_by_id(user.person_id)
    policy.keep(person, PASSWORD)
    return user


def states(world, by: Actor) -> None:
    """Somebody invited, somebody with an issued password, locked, left."""
    managing.invite(by, "nadia.frost@oakfield.example", "Nadia Frost", world.oakfield)
    issued = managing.invite(by, "peter.lowe@harbour.example", "Peter Lowe", world.harbour)
    managing.issue_password(issued, by)
    locked = with_password(managing.invite(by, "ian.webb@brookhouse.example", "Ian Webb", world.brookhouse))
    managing.lock(locked, by)
    left = with_password(managing.invite(by, "carol.dent@oakfield.example", "Carol Dent", world.oakfield))
    rules.deactivate(left, by)
    lost = managing.invite(by, "sam.old@harbour.example", "Sam Old", world.harbour)
    Person.update(password_hash=hashing.make("an old one that is over"), must_change=True).where(
        Person.id == lost.person_id
    ).execute()
    Person.update(password_set_at=utc_now() - dt.timedelta(days=60)).where(Person.id == lost.person_id).execute()


def bookkeeper(world, by: Actor) -> None:
    """One person who works for two organisations behind one sign-in."""
    first = with_password(
        managing.invite(by, "books@bureau.example", "Ivy Ledger", world.oakfield, username="ivy.ledger")
    )
    managing.invite(by, "books@bureau.example", "Ivy Ledger", world.brookhouse, person=first.person)


def sign_ins(world) -> None:
    """Some weeks of sign-ins, all over."""
    now = utc_now()
    for name, agents in (
        ("finance@oakfield", (CHROME, PHONE)),
        ("manager@oakfield", (CHROME,)),
        ("finance@brookhouse", (CHROME,)),
    ):
        user = world.users[name]
        for weeks_ago in range(1, 7):
            for n, agent in enumerate(agents):
                began = now - dt.timedelta(weeks=weeks_ago, days=n, hours=3)
                SignIn.create(
                    digest=hashing.digest_of(f"{name} {weeks_ago} {n}"), person=user.person_id, user=user, is_ready=True,
                    started_at=began, seen_at=began + dt.timedelta(minutes=40), ended_at=began + dt.timedelta(minutes=41),
                    ended_why="Signed out", address="203.0.113.17", agent=agent,
                )  # fmt: skip


def asked(world, by: Actor) -> None:
    """Requests: waiting, answered, declined."""
    now = utc_now()
    kinds, open_ = LoginRequestKind, LoginRequestState.OPEN
    rows = (
        (kinds.LOGIN, "Rosa Dias", "Oakfield Home Care", "rosa.dias@oakfield.example", "", 2),
        (kinds.LOGIN, "Jim Tarn", "Harbour Supported Housing", "jim.tarn@harbour.example", "", 1),
        (kinds.PASSWORD, "Tom Anchor", "Harbour Supported Housing", "finance@harbour.example", "01632 960114", 0),
        (kinds.LOGIN, "Get Rich", "Best Offers", "offers@elsewhere.example", "", 9),
    )
    made = [
        LoginRequest.create(
            kind=kind, state=open_, name=name, organisation_name=organisation, email=email, telephone=telephone,
            at=now - dt.timedelta(days=days, hours=2), times=2 if telephone else 1,
        )
        for kind, name, organisation, email, telephone, days in rows
    ]  # fmt: skip
    asking.decline(made[-1], "We do not know this organisation", by)
    done = LoginRequest.create(
        kind=kinds.PASSWORD, state=LoginRequestState.DONE, email="manager@oakfield.example", at=now - dt.timedelta(days=20),
        handled_at=now - dt.timedelta(days=20), handled_by="portal", outcome="A link was sent",
        user=world.users["manager@oakfield"],
    )  # fmt: skip
    history.record(Actor(None, "portal"), "Sent a link for a forgotten password", done.user)
