"""Whether somebody has a login cannot be told from words, work or time of an answer (rule 11.4)."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable

import pytest

from blueprints.accounts import hashing, second
from blueprints.settings import rules as settings
from models import LoginRequest, Person, RecoveryCode, Throttle, User
from tests.counting import Queries

NEVER = "nobody{n}@oakfield.example"


@pytest.fixture
def people(cast):
    """Logins in each state that must look alike: their addresses by state."""
    made = {"known": cast.finance.person}
    for state in ("locked", "deactivated", "without a password"):
        user = cast.user(f"{state.replace(' ', '-')}@oakfield.example", state.title(), cast.oakfield)
        made[state] = user.person
        if state == "deactivated":
            User.update(is_active=False).where(User.id == user.id).execute()
    Person.update(is_locked=True).where(Person.id == made["locked"].id).execute()
    Person.update(password_hash=None).where(Person.id == made["without a password"].id).execute()
    settings.put("lock_after", 20)
    return {state: person.email for state, person in made.items()}


def sign_in(client, email: str):
    """A wrong password."""
    return client.post("/login", data={"email": email, "password": "wrong"})


def forgotten(client, email: str):
    """A link for a forgotten password is asked for."""
    return client.post("/forgotten-password", data={"email": email})


def request_login(client, email: str):
    """A login is asked for."""
    data = {"name": "A", "organisation_name": "B", "email": email, "confirm": email}
    return client.post("/request-a-login", data=data)


WAYS: dict[str, Callable] = {"sign-in": sign_in, "forgotten password": forgotten, "request a login": request_login}


def told(answer, email: str) -> tuple:
    """What an answer says, without the address that was typed and what differs each time."""
    text = re.sub(r'nonce="[^"]*"|\?v=\w+', "", answer.text).replace(email, "")
    return (
        answer.status_code,
        answer.location,
        {k: v for k, v in answer.headers if k not in ("Set-Cookie", "Content-Security-Policy", "Content-Length")},
        text,
    )


def afresh() -> None:
    """As if nobody had tried before, so that each try does the same."""
    Throttle.delete().execute()
    LoginRequest.delete().execute()
    Person.update(failures=0).execute()


@pytest.mark.parametrize("way", WAYS)
def test_every_answer_is_the_same_in_words_and_work(client, cast, people, monkeypatch, way):
    """As many statements, and as many passwords verified, whether or not there is a login, whatever its state."""
    verified = []
    original = hashing.fits
    monkeypatch.setattr(hashing, "fits", lambda *args: verified.append(1) or original(*args))
    WAYS[way](client, NEVER.format(n=0))  # what is made ready once
    found = {}
    for state, email in {**people, "nobody": NEVER.format(n=1)}.items():
        afresh()
        verified.clear()
        with Queries() as asked:
            answer = WAYS[way](client, email)
        found[state] = (asked.count, len(verified), *map(str, told(answer, email)))
    assert len(set(found.values())) == 1, {state: facts[:3] for state, facts in found.items()}
    assert next(iter(found.values()))[1] == (1 if way == "sign-in" else 0)


def test_a_recovery_code_takes_the_same_work_whether_it_is_one(client, cast, monkeypatch):
    person = cast.finance.person
    second.set_up_app(person, SECRET, second.pyotp.TOTP(SECRET).now(), _actor(cast))
    person = Person.get_by_id(person.id)
    used = second.new_recovery_codes(person)[0]
    assert second.answers_app(person, used)
    slow = []
    original = second.slow_digest_of
    monkeypatch.setattr(second, "slow_digest_of", lambda *args: slow.append(1) or original(*args))
    counts = set()
    for code in (used, "abcde-fghij", "zzzzz-zzzzz"):
        with Queries() as asked:
            assert not second.answers_app(person, code)
        counts.add((asked.count, len(slow)))
        slow.clear()
    assert len(counts) == 1 and RecoveryCode.select().where(RecoveryCode.used_at.is_null(False)).count() == 1


SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def _actor(cast):
    from blueprints.history import Actor

    return Actor(cast.finance.id, cast.finance.name)


# times -----------------------------------------------------------------------------------------------------------------


def compare(one: Callable[[], object], other: Callable[[], object], tries: int) -> tuple[float, float, float]:
    """Medians in milliseconds of two ways, taken in turn, and three standard errors of their difference."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(tries):
        for which in ((0, 1), (1, 0))[number % 2]:
            afresh()
            began = time.perf_counter()
            (one, other)[which]()
            times[which].append((time.perf_counter() - began) * 1000)
    middle = [statistics.median(t) for t in times]
    spread = [1.4826 * statistics.median(abs(x - m) for x in t) for t, m in zip(times, middle, strict=True)]
    return middle[0], middle[1], 3 * 1.2533 * (sum(s * s for s in spread) / tries) ** 0.5


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("state", ["known", "locked", "deactivated"])
def test_every_answer_takes_the_same_time(client, cast, people, way, state, capsys):
    """Medians differ by no more than noise: three standard errors, or 3% of an answer."""
    client.check = False
    act, email = WAYS[way], people[state]
    for _ in range(10):
        act(client, email)
        act(client, NEVER.format(n=0))
    there, nobody, noise = compare(lambda: act(client, email), lambda: act(client, NEVER.format(n=0)), 150)
    with capsys.disabled():
        print(f"\n{way}, {state}: {there:.2f} ms; nobody: {nobody:.2f} ms; noise {noise:.2f} ms")
    assert abs(there - nobody) < max(noise, 0.03 * nobody)


@pytest.mark.slow
@pytest.mark.parametrize("wanted", ["code by e-mail", "recovery code"])
def test_a_wrong_code_takes_the_same_time_however_wrong(client, cast, wanted, capsys):
    """A code that was sent but is wrong by one digit, or was used up, takes as long as any other."""
    client.check = False
    settings.put("lock_after", 20)
    person = cast.finance.person
    if wanted == "recovery code":
        second.set_up_app(person, SECRET, second.pyotp.TOTP(SECRET).now(), _actor(cast))
        near = second.new_recovery_codes(person)[0]
        assert second.answers_app(Person.get_by_id(person.id), near)
        far = "abcde-fghij"
    else:
        settings.put("second_providers", "required")
    client.post("/login", data={"email": person.email, "password": "Demo-portal-1"})
    if wanted == "code by e-mail":
        from models import SignIn

        right = second.mailed_code(SignIn.select().order_by(SignIn.id.desc()).get())
        near = f"{right[:5]}{(int(right[5]) + 1) % 10}"
        far = f"{(int(right[0]) + 1) % 10}{right[1:]}"

    def enter(code: str):
        return lambda: client.post("/login/second-step", data={"code": code})

    assert enter(near)().status_code == enter(far)().status_code == 422
    one, other, noise = compare(enter(near), enter(far), 150)
    with capsys.disabled():
        print(f"\n{wanted}, nearly right: {one:.2f} ms; wrong: {other:.2f} ms; noise {noise:.2f} ms")
    assert abs(one - other) < max(noise, 0.03 * other)
