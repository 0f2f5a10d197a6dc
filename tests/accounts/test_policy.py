"""What a password must be, under both presets and every mixture of the settings (rule 11.4, B-08 to B-10)."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from blueprints import keys
from blueprints.accounts import hashing, managing, policy
from blueprints.history import COMMAND_LINE
from blueprints.settings import rules as settings
from models import Change, Person, RecoveryCode

NOW = settings.Settings({})
FINE = "correct horse battery staple"
OLDER = settings.Settings(policy.PRESETS["guide 004"])


def reasons(password: str, person, now=NOW) -> list[str]:
    """What is wrong with it; empty where it will do."""
    try:
        policy.check(password, person, now)
    except policy.Weak as weak:
        return weak.reasons
    return []


@pytest.mark.parametrize(
    "password",
    ["correct horse battery staple", "three blue kites fly", "µß漢字かな кошка", "  leading and trailing  ", "Tr0ub4dor&3-xkcd", "é" * 3 + "zwölf Boxkämpfer"],
)  # fmt: skip
def test_any_kind_of_characters_is_welcome(cast, password):
    assert reasons(password, cast.finance.person) == []


@pytest.mark.parametrize(
    "password",
    ["password1234", "Password-1234", "P@ssw0rd2026!", "qwertyuiop123", "123456789012", "abcdefghijkl", "aaaaaaaaaaaa", "liverpool2026",
     "iloveyouiloveyou", "letmein123456", "987654321098"],
)  # fmt: skip
def test_common_and_breached_ones_are_refused(cast, password):
    assert any("too easy to guess" in r for r in reasons(password, cast.finance.person)), password


@pytest.mark.feature("B-08")
@pytest.mark.parametrize(
    "password", ["my-FINANCE-word-99", "xxFinance2026yy", "GFinch-is-mine-7", "Greta Finch 2026", "finch greta!"]
)
def test_like_the_name_is_refused_in_any_case(cast, password):
    managing.rename(cast.finance, "gfinch", COMMAND_LINE)
    person = type(cast.finance.person).get_by_id(cast.finance.person_id)
    assert any("not like your name" in r for r in reasons(password, person)), password
    off = settings.Settings({"password_like_name": False})
    assert not any("not like your name" in r for r in reasons(password, person, off))


@pytest.mark.parametrize(
    "password",
    ["Oakfield-2026!", "provider portal 26", "Adult Social Care 1", "october-visits 14", "Portico.Care.2026"],
)
def test_words_that_the_portal_brings_to_mind_are_refused(cast, password):
    assert any("not like your name" in r for r in reasons(password, cast.finance.person)), password
    assert reasons("october tin visits lamp river", cast.finance.person) == [], "a word of it among others is no harm"


@pytest.mark.feature("B-08")
def test_spaces_are_refused_where_the_authority_says_so(cast):
    strict = settings.Settings({"password_spaces": False})
    assert reasons("correct horse battery", cast.finance.person, strict) == ["Enter a password without spaces"]
    assert reasons("correct-horse-battery", cast.finance.person, strict) == []


@pytest.mark.feature("B-09")
def test_all_failed_rules_are_listed_at_once(cast):
    assert reasons("hórse", cast.finance.person, OLDER) == [
        "Enter a password of at least 9 characters",
        "Enter a password with upper and lower case letters",
        "Enter a password with at least one digit",
    ]
    assert reasons("Vqlmtr99x", cast.finance.person, OLDER) == []
    assert reasons("Vqlmtr9x", cast.finance.person, OLDER) == ["Enter a password of at least 9 characters"]
    assert reasons("VQLMTRZ99X", cast.finance.person, OLDER) == ["Enter a password with upper and lower case letters"]


@pytest.mark.feature("B-10")
def test_a_policy_below_the_floor_is_refused(client, cast):
    cast.sign_in(client, cast.officer)
    page = "/authority/settings/passwords/edit"
    form = client.get(page).text
    assert "From 8 to 64" in form
    data = {name: str(spec.default) for name, spec in settings.SPECS.items() if spec.group == "Passwords"}
    data = {n: {"True": "yes", "False": "no"}.get(v, v) for n, v in data.items()}
    assert "Enter a whole number from 8 to 64" in client.post(page, data={**data, "password_length": "6"}).text
    assert settings.read().password_length == 12
    assert client.post(page, data={**data, "password_length": "10"}).status_code == 303
    assert settings.read().password_length == 10


@pytest.mark.feature("B-10")
def test_a_preset_is_chosen_at_one_press(client, cast):
    cast.sign_in(client, cast.officer)
    text = client.get("/authority/accounts/policy").text
    assert "The preset “current” is in force" in text and "Use the preset “guide 004”" in text
    client.post("/authority/accounts/policy", data={"preset": "guide 004"})
    now = settings.read()
    assert (now.password_length, now.password_days, now.security_code) == (9, 90, True)
    assert policy.preset_in_force(now) == "guide 004"
    assert Change.select().where(Change.what == "Changed setting").count() == 7
    settings.put("password_length", 10)
    assert "its own mixture" in client.get("/authority/accounts/policy").text
    client.post("/authority/accounts/policy", data={"preset": "current"})
    assert policy.preset_in_force(settings.read()) == "current"
    client.post("/authority/accounts/policy", data={"preset": "nonsense"})
    assert cast.sign_in(client, cast.reader).get("/authority/accounts/policy").status_code == 403


def test_a_setting_for_each_rule_is_read(cast):
    for now in (NOW, OLDER, settings.Settings({"password_spaces": False, "password_history": 3})):
        words = policy.rules_in_words(now)
        assert words[0] == f"at least {now.password_length} characters"
        assert ("no spaces" in words) != now.password_spaces and ("at least one digit" in words) == now.password_digit


@given(st.text(min_size=0, max_size=40))
def test_no_password_breaks_the_check(password):
    policy.is_common(password)
    policy.is_common(password.upper() * 2)


@given(st.text(alphabet=st.characters(categories=["L", "Nd", "Zs"]), min_size=12, max_size=60))
def test_what_is_on_the_list_is_never_taken(password):
    if password.casefold() in policy.common_passwords():
        assert policy.is_common(password)


def test_the_shipped_list_is_there():
    known = policy.common_passwords()
    assert len(known) > 30_000 and {"password", "liverpool", "iloveyou"} <= known
    assert all(word == word.lower() for word in known)


# how passwords are kept ------------------------------------------------------------------------------------------------


def test_a_password_is_compared_as_typed_and_whole():
    kept = hashing.make("a" * 256)
    assert hashing.fits(kept, "a" * 256) and not hashing.fits(kept, "a" * 257)
    for other in (" Correct horse", "correct horse", "Correct horse "):
        assert not hashing.fits(hashing.make("Correct horse"), other)


def test_passwords_are_kept_by_argon2id_of_the_recommended_cost(cast):
    kept = hashing.make(FINE)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$") and not hashing.is_weak(kept)


def test_a_hash_of_older_cost_is_made_anew_at_sign_in(client, cast):
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(FINE)
    Person.update(password_hash=old).where(Person.id == cast.finance.person_id).execute()
    client.post("/login", data={"email": "finance@oakfield.example", "password": FINE})
    kept = Person.get_by_id(cast.finance.person_id).password_hash
    assert kept != old and hashing.fits(kept, FINE)


def test_recovery_codes_are_as_slow_to_try_out_as_passwords(cast):
    from blueprints.accounts import second

    made = second.new_recovery_codes(cast.finance.person)
    plain = made[0].replace("-", "")
    kept = {row.digest for row in RecoveryCode.select()}
    assert second.digest_of_recovery(cast.finance.person, plain) in kept
    assert second.digest_of_recovery(cast.manager.person, plain) not in kept, "salted by person"
    assert hashing.digest_of(plain) not in kept


@given(st.text(max_size=200))
def test_what_is_sealed_comes_back_and_nothing_else_does(text):
    keys.use("a key for this test")
    try:
        sealed = keys.seal("one", text)
        assert keys.unseal("one", sealed) == text and sealed != keys.seal("one", text)
        for purpose, tampered in (("two", sealed), ("one", sealed[:-6] + "AAAAA="), ("one", "x"), ("one", "é")):
            if (purpose, tampered) != ("one", sealed):
                with pytest.raises(keys.Unreadable):
                    keys.unseal(purpose, tampered)
    finally:
        keys.use("tests")


def test_what_is_signed_is_for_one_purpose_and_by_sha_256():
    word = keys.sign("set-password", 7, "nonce")
    assert keys.signed("set-password", word) == [7, "nonce"] and keys.signed("other", word) is None
    assert len(word.rpartition(".")[2]) == 43, "256 bits"
