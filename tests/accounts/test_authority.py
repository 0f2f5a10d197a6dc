"""Officers manage logins: list, invite, issue, lock, deactivate, several at once, by file, join, answer requests."""

from __future__ import annotations

import io

import pytest

from blueprints.accounts import asking, hashing, listing, managing, rules, sessions
from blueprints.history import COMMAND_LINE, Actor
from blueprints.imports import rules as imports
from blueprints.permissions import GRANTS, Can, granted
from blueprints.settings import rules as settings
from models import (
    Change,
    Contact,
    LoginRequest,
    Look,
    Mail,
    OfficerRole,
    Person,
    SignIn,
    User,
    utc_now,
)
from tests import counting

WORDS = "correct horse battery staple"
AT = "/authority/accounts"


@pytest.fixture
def officer(client, cast):
    """The officer with every role, signed in."""
    return cast.sign_in(client, cast.officer)


@pytest.fixture
def helper(client, cast):
    """An officer who answers requests, and manages no officers."""
    return cast.sign_in(client, cast.user("help@authority.example", "Hedda Lund", None, ["requests"]))


def by(user) -> Actor:
    """Somebody who acts."""
    return Actor(user.id, user.name)


def attempt(app, email: str, password: str = "Demo-portal-1"):
    """Sign in at another browser."""
    return app.test_client().post("/login", data={"email": email, "password": password})


# the list --------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("B-32")
def test_the_list_says_who_can_sign_in(officer, cast):
    SignIn.create(digest="x", person=cast.finance.person, user=cast.finance, is_ready=True)
    text = officer.get(AT).text
    assert "5 logins" in text and "Greta Finch" in text and "administrator, packages, payments" in text
    for query, names in (
        ("q=finch", ["Greta Finch"]),
        ("q=BROOKHOUSE.example", ["Bella Stone"]),
        (f"organisation={cast.oakfield.id}", ["Greta Finch", "Owen Marsh"]),
        ("organisation=officers", ["Amir Khan", "Rita Reed"]),
        ("state=Locked", []),
        ("idle=never&organisation=officers", ["Rita Reed"]),
    ):
        lines = officer.get(f"{AT}?{query}&format=csv").text.splitlines()[1:]
        assert sorted(line.partition(",")[0] for line in lines) == names, query
    assert "No logins match" in officer.get(f"{AT}?state=Locked").text


def test_every_state_is_told_and_found(officer, cast):
    now = settings.read()
    wanted = {}

    def login(state: str, **facts):
        user = cast.user(f"{len(wanted)}@oakfield.example", f"In state {state}", cast.oakfield)
        Person.update(failures=0, **facts).where(Person.id == user.person_id).execute()
        wanted[user.id] = state
        return user

    rules.deactivate(login("Deactivated"), by(cast.officer))
    contact = login("Deactivated").contact
    contact.state = "Deactivated"
    contact.save()
    login("Locked", is_locked=True)
    login("Locked", locked_until=utc_now().replace(year=2050))
    rules.make_link(login("Invited", password_hash=None), COMMAND_LINE)
    login("No password", password_hash=None)
    login("Issued", must_change=True)
    login("Expired", must_change=True, password_set_at=utc_now().replace(year=2020))
    login("Active", password_set_at=utc_now().replace(year=2020))
    login("Active", locked_until=utc_now().replace(year=2020))
    found = {u.id: u.state for u in listing.logins(now)}
    assert {i: found[i] for i in wanted} == wanted
    settings.put("password_days", 90)
    settings.put("security_code", True)
    later = {u.id: u.state for u in listing.logins(settings.read())}
    assert {later[i] for i, s in wanted.items() if s == "Active"} == {"Password due", "Code needed"}
    for state in listing.LoginState:
        rows = officer.get(f"{AT}?state={state}&format=csv").text
        assert rows.count(f",{state},") == sum(s == state for s in later.values()), state


def test_as_many_queries_for_many_logins_as_for_one(officer, cast):
    few = counting.of(officer, AT)
    for n in range(10):
        cast.user(f"p{n}@oakfield.example", f"Person {n}", cast.oakfield)
        cast.user(f"o{n}@authority.example", f"Officer {n}", None, ["read-only"])
    assert counting.of(officer, AT) == few


def test_who_manages_no_officers_sees_none(helper, cast):
    text = helper.get(AT).text
    assert "Greta Finch" in text and "Amir Khan" not in text and "Officers of the authority" not in text
    assert helper.get(f"{AT}/{cast.officer.id}").status_code == 404
    assert helper.post(f"{AT}/{cast.officer.id}/password").status_code == 404
    assert helper.get(f"{AT}/new?organisation=officers").status_code == 404
    helper.post(f"{AT}/several", data={"act": "lock", "login": str(cast.officer.id), "confirmed": "yes"})
    assert not Person.get_by_id(cast.officer.person_id).is_locked
    assert helper.get("/authority/imports/logins/new").status_code == 403


# inviting --------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("B-12")
def test_a_new_contact_is_invited_with_permissions(officer, app, cast):
    page = f"{AT}/new?organisation={cast.oakfield.id}"
    assert "Invite somebody of Oakfield Home Care" in officer.get(page).text
    assert "Choose a contact, or enter the name" in officer.post(page, data={"email": "zoe@oakfield.example"}).text
    answer = officer.post(
        page,
        data={"name": "Zoë O’Hara", "email": " Zoe@Oakfield.example ", "username": "zohara", "permissions": ["manage_contacts"]},
    )  # fmt: skip
    user = User.select().order_by(User.id.desc()).get()
    assert answer.location == f"{AT}/{user.id}" and user.email == "zoe@oakfield.example"
    assert (user.contact.forename, user.contact.surname) == ("Zoë", "O’Hara")
    assert granted(user.contact.permissions) == [Can.MANAGE_CONTACTS]
    assert [m.kind for m in Mail.select()] == ["invitation"]
    assert "has a login already" in officer.post(page, data={"name": "Twin", "email": "zoe@oakfield.example"}).text
    taken = officer.post(page, data={"name": "Twin", "email": "twin@oakfield.example", "username": "ZOHARA"}).text
    assert "zohara is taken" in taken and 'value="Twin"' in taken
    assert attempt(app, "zoe@oakfield.example").status_code == 200, "no password yet"


@pytest.mark.feature("B-12")
def test_the_invitation_lets_the_person_in_and_nobody_else(officer, app, cast):
    import re

    from blueprints import mail

    officer.post(
        f"{AT}/new?organisation={cast.oakfield.id}", data={"name": "Zoe Hill", "email": "zoe@oakfield.example"}
    )
    row = Mail.get()
    shown = officer.get(f"/authority/notifications/{row.id}").text
    link = re.search(r"(/set-password/\S+)", mail.words_of(row).plain)[1]
    assert link in shown, "no mail server: the officer passes it on"
    assert app.test_client().post(link, data={"password": WORDS, "again": WORDS}).status_code == 303
    assert attempt(app, "zoe@oakfield.example", WORDS).location == "/provider/"
    assert link not in officer.get(f"/authority/notifications/{row.id}").text


def test_an_existing_contact_is_invited(officer, cast):
    contact = Contact.create(organisation=cast.oakfield, forename="Nora", surname="Bell", email="n@b.example")
    other = Contact.create(organisation=cast.brookhouse, forename="Else", surname="Where")
    page = f"{AT}/new?organisation={cast.oakfield.id}"
    assert "Bell, Nora" in officer.get(page).text and "Finch, Greta" not in officer.get(page).text
    assert officer.post(page, data={"contact": str(other.id), "email": "x@y.example"}).status_code == 422
    officer.post(page, data={"contact": str(contact.id), "email": "n@b.example"})
    assert User.get(User.contact == contact).name == "Nora Bell"


def test_one_person_of_two_organisations_has_one_sign_in(officer, app, cast):
    page = f"{AT}/new?organisation={cast.brookhouse.id}"
    data = {"name": "Greta Finch", "email": "finance@oakfield.example"}
    text = officer.post(page, data=data).text
    assert "is the sign-in of Oakfield Home Care already" in text and "same_person" in text
    assert User.select().where(User.organisation == cast.brookhouse).count() == 1
    officer.post(page, data={**data, "same_person": "y"})
    assert User.select().where(User.person == cast.finance.person_id).count() == 2
    assert attempt(app, "finance@oakfield.example").location == "/login/organisation"
    from blueprints import mail

    assert "Sign in as you always do" in mail.words_of(Mail.get()).plain


def test_an_officer_is_invited_with_roles(officer, cast):
    page = f"{AT}/new?organisation=officers"
    officer.post(page, data={"name": "New Officer", "email": "new@authority.example", "roles": ["packages", "quality"]})
    user = User.select().order_by(User.id.desc()).get()
    assert sorted(rules.roles_of(user)) == ["packages", "quality"] and user.is_officer
    known = officer.post(page, data={"name": "X", "email": "finance@oakfield.example"})
    assert "has a login already" in known.text, "an officer’s login is never one person’s with a provider’s"


# one login -------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("B-15", "B-32")
def test_a_reset_unlocks_and_ends_live_sessions(officer, app, cast):
    browser = app.test_client()
    browser.post("/login", data={"email": "finance@oakfield.example", "password": "Demo-portal-1"})
    managing.lock(cast.manager, by(cast.officer))
    officer.post(f"{AT}/{cast.finance.id}/lock")
    assert browser.get("/provider/").status_code == 303
    assert attempt(app, "finance@oakfield.example").status_code == 200
    assert "Locked" in officer.get(f"{AT}/{cast.finance.id}").text
    officer.post(f"{AT}/{cast.finance.id}/link")
    assert not Person.get_by_id(cast.finance.person_id).is_locked
    assert Mail.select().where(Mail.kind == "password-reset").count() == 1
    text = officer.get(f"{AT}/{cast.finance.id}").text
    assert "Sent a link to set a password" in text and "Amir Khan" in text and "Locked the login" in text


@pytest.mark.feature("B-32")
def test_an_issued_password_is_shown_once(officer, app, cast):
    import re

    answer = officer.post(f"{AT}/{cast.finance.id}/password")
    password = re.search(r'portal-key">([^<]+)<', answer.text)[1]
    assert attempt(app, "finance@oakfield.example", password).location == "/login/new-password"
    assert password not in officer.get(f"{AT}/{cast.finance.id}").text
    assert password not in str(list(Change.select().dicts()))


@pytest.mark.feature("B-32")
def test_codes_apps_and_sessions_are_reset(officer, cast):
    settings.put("security_code", True)
    Person.update(code="sealed", authenticator="sealed").where(Person.id == cast.finance.person_id).execute()
    row = SignIn.create(digest="x", person=cast.finance.person, user=cast.finance, is_ready=True)
    text = officer.get(f"{AT}/{cast.finance.id}").text
    assert "Reset security code" in text and "Reset authenticator app" in text and "End all sessions" in text
    officer.post(f"{AT}/{cast.finance.id}/sessions/{row.id}/end")
    assert SignIn.get_by_id(row.id).ended_why == "Ended by Amir Khan"
    other = SignIn.create(digest="y", person=cast.manager.person, user=cast.manager, is_ready=True)
    assert officer.post(f"{AT}/{cast.finance.id}/sessions/{other.id}/end").status_code == 404
    officer.post(f"{AT}/{cast.finance.id}/security-code/reset")
    officer.post(f"{AT}/{cast.finance.id}/authenticator/reset")
    person = Person.get_by_id(cast.finance.person_id)
    assert person.code is None and person.authenticator is None
    assert not sessions.live(person, settings.read())


@pytest.mark.feature("B-25", "B-32")
def test_a_leaver_s_open_work_is_handed_on(officer, app, cast):
    batch = cast.batch
    page = f"{AT}/{cast.finance.id}/deactivation"
    text = officer.get(page).text
    assert (
        "1 checked import that waits for Update System" in text and "Owen Marsh" in text and "Bella Stone" not in text
    )
    assert officer.post(page, data={"hand_to": str(cast.outsider.id)}).status_code == 422
    answer = officer.post(page, data={"hand_to": str(cast.manager.id)})
    assert "1 piece of work went to Owen Marsh" in officer.get(answer.location).text
    assert type(batch).get_by_id(batch.id).user_id == cast.manager.id
    assert attempt(app, "finance@oakfield.example").status_code == 200
    assert "<s>Greta Finch</s>" in officer.get(AT).text
    officer.post(f"{AT}/{cast.finance.id}/link")
    assert not Mail.select().exists(), "no link for a deactivated login"
    officer.post(f"{AT}/{cast.finance.id}/reactivation")
    assert attempt(app, "finance@oakfield.example").status_code == 303


def test_the_last_administrator_stays(officer, cast):
    other = cast.user("second@authority.example", "Second Admin", None, ["administrator"])
    officer.post(f"{AT}/{other.id}/deactivation")
    assert not User.get_by_id(other.id).is_active
    with pytest.raises(rules.Refused, match="last administrator"):
        managing.set_roles(cast.officer, ["packages"], by(cast.officer))
    for act in (rules.deactivate, managing.lock):
        with pytest.raises(rules.Refused, match="last administrator"):
            act(cast.officer, COMMAND_LINE)
    page = f"{AT}/{cast.officer.id}/edit"
    answer = officer.post(page, data={"email": "officer@authority.example", "roles": ["packages"]})
    assert answer.status_code == 422 and "last administrator" in answer.text
    rules.reactivate(other, COMMAND_LINE)
    managing.set_roles(cast.officer, ["packages"], COMMAND_LINE)
    assert OfficerRole.select().where(OfficerRole.user == cast.officer).count() == 1
    managing.lock(cast.finance, COMMAND_LINE)


def test_nobody_locks_oneself_out(officer, cast):
    for press in ("lock", "deactivation"):
        officer.post(f"{AT}/{cast.officer.id}/{press}")
    person = Person.get_by_id(cast.officer.person_id)
    assert not person.is_locked and User.get_by_id(cast.officer.id).is_active
    assert "This is your own login" in officer.get(f"{AT}/{cast.officer.id}").text


def test_permissions_are_given_per_person(officer, app, cast):
    page = f"{AT}/{cast.finance.id}/edit"
    text = officer.get(page).text
    assert all(act.value[1:30].replace("'", "&#39;") in text for act in GRANTS)
    data = {"email": "finance@oakfield.example", "permissions": ["sign_contracts", "manage_contacts"]}
    assert officer.post(page, data=data).status_code == 303
    assert granted(Contact.get_by_id(cast.finance.contact_id).permissions) == [Can.MANAGE_CONTACTS, Can.SIGN_CONTRACTS]
    assert "Sign contract documents" in officer.get(f"{AT}/{cast.finance.id}").text
    assert officer.post(page, data={**data, "permissions": ["edit_settings"]}).status_code == 422
    assert Contact.get_by_id(cast.manager.contact_id).permissions == "manage_contacts"


def test_two_officers_at_once(officer, cast):
    page = f"{AT}/{cast.finance.id}/edit"
    import re

    from markupsafe import Markup

    shown = Markup(re.search(r'name="as_shown"[^>]*value="([^"]*)"', officer.get(page).text)[1]).unescape()
    managing.rename(cast.finance, "greta", COMMAND_LINE)
    data = {"email": "finance@oakfield.example", "username": "gfinch", "as_shown": shown}
    answer = officer.post(page, data=data)
    assert (
        answer.status_code == 422 and "Somebody else has changed this record" in answer.text and "gfinch" in answer.text
    )
    assert Person.get_by_id(cast.finance.person_id).username == "greta"


def test_another_address_is_told_to_the_old_one(officer, app, cast):
    page = f"{AT}/{cast.finance.id}/edit"
    assert "has a login already" in officer.post(page, data={"email": "manager@oakfield.example"}).text
    officer.post(page, data={"email": "new@oakfield.example"})
    row = Mail.get()
    assert (row.kind, row.address, row.user_id) == ("address-changed", "finance@oakfield.example", None)
    assert attempt(app, "new@oakfield.example").status_code == 303


def test_nobody_gives_oneself_another_address(officer, cast):
    answer = officer.post(
        f"{AT}/{cast.officer.id}/edit", data={"email": "else@authority.example", "roles": ["administrator"]}
    )
    assert answer.status_code == 422 and "Ask a colleague to change your own address" in answer.text
    assert Person.get_by_id(cast.officer.person_id).email == "officer@authority.example"


# joining ---------------------------------------------------------------------------------------------------------------


def test_two_logins_are_joined_and_parted(officer, app, cast):
    page = f"{AT}/{cast.finance.id}/joining"
    data = {"other": " FINANCE@brookhouse.example"}
    assert "no login with this address" in officer.post(page, data={"other": "no@no.example"}).text
    text = officer.post(page, data=data).text
    assert "Confirm that this is the same person" in text and "Bella Stone" in text
    officer.post(page, data={**data, "confirmed": "y"})
    assert User.get_by_id(cast.outsider.id).person_id == cast.finance.person_id
    assert not Person.select().where(Person.email == "finance@brookhouse.example").exists()
    assert sorted(m.kind for m in Mail.select()) == ["logins-joined", "logins-joined"]
    assert attempt(app, "finance@brookhouse.example").status_code == 200
    assert (
        "one person’s logins already"
        in officer.post(page, data={"other": "finance@oakfield.example", "confirmed": "y"}).text
    )
    parting = f"{AT}/{cast.outsider.id}/parting"
    assert "has a login already" in officer.post(parting, data={"email": "finance@oakfield.example"}).text
    officer.post(parting, data={"email": "bella@brookhouse.example"})
    assert User.get_by_id(cast.outsider.id).email == "bella@brookhouse.example"
    assert attempt(app, "finance@oakfield.example").location == "/provider/"


@pytest.mark.parametrize("other", ["manager", "officer"])
def test_what_cannot_be_joined(cast, other):
    with pytest.raises(rules.Refused):
        managing.join(cast.finance, getattr(cast, other), by(cast.officer))
    assert Person.select().count() == 5


def test_joined_twice_at_once_leaves_one_person(cast):
    managing.join(cast.finance, cast.outsider, COMMAND_LINE)
    with pytest.raises(rules.Refused):
        managing.join(cast.outsider, cast.finance, COMMAND_LINE)


# several at once -------------------------------------------------------------------------------------------------------


def test_several_at_once_say_first_what_will_happen(officer, cast):
    managing.lock(cast.manager, by(cast.officer))
    logins = [str(u.id) for u in (cast.finance, cast.manager, cast.officer, cast.outsider)]
    assert officer.post(f"{AT}/several", data={"act": "lock"}).location == AT
    assert officer.post(f"{AT}/several", data={"login": logins}).location == AT
    text = officer.post(f"{AT}/several", data={"act": "lock", "login": logins}).text
    assert (
        "This is done for 2 logins" in text
        and "Owen Marsh is locked already" in text
        and "Amir Khan is your own login" in text
    )
    assert not Person.get_by_id(cast.finance.person_id).is_locked
    text = officer.post(f"{AT}/several", data={"act": "lock", "login": logins, "confirmed": "yes"}).text
    assert "Done for 2 of 4" in text and Person.get_by_id(cast.finance.person_id).is_locked
    officer.post(f"{AT}/several", data={"act": "release", "login": logins, "confirmed": "yes"})
    assert not Person.select().where(Person.is_locked).exists()
    officer.post(f"{AT}/several", data={"act": "deactivate", "login": [*logins, "999", "x"], "confirmed": "yes"})
    assert [u.name for u in User.select().where(User.is_active).order_by(User.name)] == ["Amir Khan", "Rita Reed"]


# by file ---------------------------------------------------------------------------------------------------------------

HEAD = "Email,Name,OrganisationRef,Username,Roles,Permissions,Active\n"


def load(text: str, **options):
    """Load a file of logins."""
    return imports.load(imports.KINDS["logins"], None, "logins.csv", io.BytesIO((HEAD + text).encode()), **options)


def test_logins_are_loaded_by_file(cast):
    file = (
        "zoe@oakfield.example,Zoë Hill,OAK,zoe,,manage_contacts;Sign_Contracts,1\n"
        "new@authority.example,New Officer,,,packages;Read-only,,\n"
        "finance@oakfield.example,Greta Finch,OAK,gfinch,,manage_contacts,1\n"
        "finance@brookhouse.example,Bella Stone,BRO,,,,0\n"
    )
    batch = load(file)
    assert (batch.state, batch.new, batch.updated, batch.rejected) == ("Done", 2, 2, 0), list(batch.problems)
    made = {u.email: u for u in User.select()}
    assert granted(made["zoe@oakfield.example"].contact.permissions) == [Can.MANAGE_CONTACTS, Can.SIGN_CONTRACTS]
    assert sorted(rules.roles_of(made["new@authority.example"])) == ["packages", "read-only"]
    assert not made["finance@brookhouse.example"].is_active
    assert Mail.select().where(Mail.kind == "invitation").count() == 2
    again = load(file)
    assert (again.new, again.updated, again.unchanged) == (0, 0, 4)


def test_what_a_file_of_logins_must_not_say(cast):
    batch = load(
        "nonsense,Somebody,OAK,,,,\n"
        "a@b.example,,OAK,,,,\n"
        "c@d.example,Somebody,NONE,,,,\n"
        "e@f.example,Somebody,OAK,,packages,,\n"
        "g@h.example,Somebody,,,,sign_contracts,\n"
        "i@j.example,Somebody,OAK,,,sign_contract,\n"
        "finance@oakfield.example,Greta,BRO,,,,\n"
        "k@l.example,Somebody,OAK,,,,\n"
        "K@L.example,Somebody,OAK,,,,\n",
        check_only=True,
    )
    assert batch.rejected == 8
    text = " ".join(p.message for p in batch.problems)
    for words in ("such as name@example.com", "Enter the person", "There is no organisation", "not roles", "not permissions",
                  "one of the", "signs in for another organisation", "each login once"):  # fmt: skip
        assert words in text or words == "one of the", words
    assert any(p.suggestion == "sign_contracts" for p in batch.problems)
    assert not Mail.select().exists()


def test_a_file_does_not_take_the_last_administrator_away(cast):
    batch = load("officer@authority.example,Amir Khan,,,packages,,\n")
    assert batch.state == "Checked" and "administrator" in rules.roles_of(cast.officer)


def test_only_who_manages_officers_loads_logins(client, cast):
    packages = cast.user("p@authority.example", "Pat Lee", None, ["packages"])
    cast.sign_in(client, packages)
    assert "/authority/imports/logins/new" not in client.get("/authority/imports").text
    assert client.get("/authority/imports/logins/new").status_code == 403
    assert client.post("/authority/imports/logins/new").status_code == 403


# requests --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(cast):
    """A request for a login."""
    return LoginRequest.create(
        kind="New login", name="Zoe Hill", organisation_name="oakfield home care", email="zoe@oakfield.example"
    )


@pytest.mark.feature("B-12")
def test_a_request_becomes_a_login(helper, cast, asked):
    assert "request for a login or a password" in helper.get("/authority/").text
    text = helper.get(f"{AT}/requests").text
    assert "1 request" in text and "Zoe Hill" in text
    assert "Make the login" in helper.get(f"{AT}/requests/{asked.id}").text
    page = f"{AT}/requests/{asked.id}/login"
    assert f'<option value="{cast.oakfield.id}" selected' in helper.get(page).text
    data = {"organisation": str(cast.oakfield.id), "name": "Zoe Hill", "email": "zoe@oakfield.example"}
    assert helper.post(page, data=data).location == f"{AT}/requests"
    asked = LoginRequest.get_by_id(asked.id)
    assert (asked.state, asked.handled_by, asked.user.email) == ("Done", "Hedda Lund", "zoe@oakfield.example")
    assert "is done already: Hedda Lund" in helper.post(page, data=data).text
    assert User.select().where(User.organisation == cast.oakfield).count() == 3


@pytest.mark.feature("B-12")
def test_a_request_is_declined_with_a_reason(helper, cast, asked):
    page = f"{AT}/requests/{asked.id}/refusal"
    assert "Enter the reason" in helper.post(page, data={}).text
    helper.post(page, data={"refusal-reason": "Ask your manager"})
    assert LoginRequest.get_by_id(asked.id).state == "Declined"
    from blueprints import mail

    row = Mail.get()
    assert row.address == "zoe@oakfield.example" and "Ask your manager" in mail.words_of(row).plain
    assert (
        "Declined" in helper.get(f"{AT}/requests?state=all").text
        and "No request waits" in helper.get(f"{AT}/requests").text
    )


@pytest.mark.feature("B-15")
def test_the_help_desk_answers_with_a_link_or_a_password(helper, app, cast):
    import re

    rows = [
        LoginRequest.create(kind="New password", name="Greta", organisation_name="O", email="finance@oakfield.example")
        for _ in range(2)
    ]
    page = f"{AT}/requests/{rows[0].id}"
    assert "Greta Finch, Oakfield Home Care" in helper.get(page).text
    assert helper.post(f"{page}/link", data={}).status_code == 422
    assert helper.post(f"{page}/link", data={"answer-login": str(cast.manager.id)}).status_code == 422
    answer = helper.post(f"{page}/link", data={"answer-login": str(cast.finance.id)})
    assert answer.location == f"{AT}/requests/{rows[1].id}", "the next one"
    assert (LoginRequest.get_by_id(rows[0].id).handled_by, Mail.get().kind) == ("Hedda Lund", "password-reset")
    text = helper.post(f"{AT}/requests/{rows[1].id}/password", data={"answer-login": str(cast.finance.id)}).text
    password = re.search(r'portal-key">([^<]+)<', text)[1]
    assert hashing.fits(Person.get_by_id(cast.finance.person_id).password_hash, password)


def test_two_officers_answer_one_request(helper, cast, asked):
    asking.decline(asked, "No", by(cast.officer))
    with pytest.raises(asking.Refused, match="declined already: Amir Khan, No"):
        asking.accept_login(asked, "Zoe", "zoe@oakfield.example", cast.oakfield, by(cast.officer))


def test_old_requests_and_sign_ins_are_deleted_but_not_what_waits(cast, asked):
    old = utc_now().replace(year=2020)
    done = LoginRequest.create(kind="New login", email="x@y.example", state="Done", at=old)
    LoginRequest.update(at=old).where(LoginRequest.id == asked.id).execute()
    SignIn.create(digest="x", person=cast.finance.person, user=cast.finance, is_ready=True, seen_at=old)
    assert asking.tidy() == 2
    assert not LoginRequest.select().where(LoginRequest.id == done.id).exists() and LoginRequest.select().count() == 1


@pytest.mark.feature("B-22")
def test_who_took_which_file_is_logged(officer, app, cast):
    greta = cast.sign_in(app.test_client(), cast.finance)
    assert greta.get("/provider/commissioned-care?format=csv").status_code == 200
    assert Look.get().user_id == cast.finance.id
    assert "reports: commissioned care" in officer.get(f"{AT}/{cast.finance.id}").text
    assert greta.get("/provider/imports/visits/blank.csv").status_code == 200
    assert Look.select().count() == 2
