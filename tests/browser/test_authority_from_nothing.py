"""From an empty database, through the browser alone: an authority, its officers, two organisations and their people.

What issue 4 asks for at its end. An officer with a one-time link sets the authority up; every other person comes in by
the link of a mail that went over SMTP. Told with script in a wide window, without script, and by keyboard at 320 pixels.
"""

from __future__ import annotations

import re
import socket
import time
from email import message_from_bytes, policy
from email.message import EmailMessage

import pyotp
import pytest
from aiosmtpd.controller import Controller

from tests.browser.conftest import Portal, Visitor
from tests.browser.hands import Hands

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("authority")]
WORDS = "correct horse battery staple"
LINK = re.compile(r"http://\S+(/set-password/\S+)")


class Post:
    """A mail server, and what lies in its boxes."""

    def __init__(self):
        self.came: list[tuple[str, EmailMessage]] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"smtp://127.0.0.1:{port}"
        self.controller = Controller(self, hostname="127.0.0.1", port=port)
        self.controller.start()

    async def handle_DATA(self, server, session, envelope):
        """Take whatever comes."""
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.came += [(to, message) for to in envelope.rcpt_tos]
        return "250 OK"

    def letter(self, to: str, words: str) -> str:
        """What a mail to somebody says that has these words, once it has come."""
        for _ in range(300):
            for address, message in self.came:
                text = message.get_body(("plain",)).get_content()
                if address == to and words in text:
                    return text
            time.sleep(0.1)
        raise AssertionError((to, words, [(a, m["Subject"]) for a, m in self.came]))

    def link(self, to: str) -> str:
        """The one-time link of somebody's invitation."""
        return LINK.search(self.letter(to, "/set-password/"))[1]


class Story:
    """The windows of everybody, and how they work."""

    def __init__(self, folder, chromium, how: str):
        self.how, self.chromium = how, chromium
        self.post = Post()
        self.portal = Portal(folder)
        self.portal.environ["PORTAL_MAIL_URL"] = self.post.url
        self.init = self.portal.command("init").stdout
        self.portal.start()
        self.windows: list[Visitor] = []

    def window(self) -> Hands:
        """A browser of somebody's own."""
        visitor = Visitor(self.portal, self.chromium, script=self.how != "no script")
        self.windows.append(visitor)
        return Hands(visitor, keys=self.how == "keyboard", wide=320 if self.how == "keyboard" else 1280)

    def enter(self, link: str, email: str) -> Hands:
        """Set the password by a one-time link, and sign in; an officer sets an authenticator app up (rule 11.4)."""
        hands = self.window()
        hands.go(link)
        hands.look()
        hands.fill("New password", WORDS)
        hands.fill("New password again", WORDS)
        hands.press("Set password")
        hands.fill("E-mail address", email)
        hands.fill("Password", WORDS)
        hands.press("Login")
        out = hands.page.get_by_role("button", name="Log out")
        hands.page.locator(".portal-key").or_(out).first.wait_for()
        if not out.count():
            secret = hands.page.locator(".portal-key").inner_text().replace(" ", "")
            hands.fill("Code", pyotp.TOTP(secret).now())
            hands.press("Use this app")
            hands.page.get_by_role("heading", name="Your recovery codes").wait_for()
            hands.press("Continue")
        out.wait_for()
        hands.look()
        return hands

    def end(self) -> None:
        """Close everything."""
        for visitor in self.windows:
            visitor.close()
        self.portal.stop()
        self.post.controller.stop()


@pytest.fixture(params=["script", "no script", "keyboard"])
def story(request, tmp_path, chromium):
    """A portal that holds nothing, with a mail server beside it; and how people work in it."""
    told = Story(tmp_path, chromium, request.param)
    yield told
    told.end()


# the authority ---------------------------------------------------------------------------------------------------------


def set_up(amir: Hands) -> None:
    """The authority's name, colour and reasons."""
    amir.press("Settings", exact=True)
    amir.look()
    amir.press("Change settings: Portal")
    amir.fill("Authority's name", "Market Deeping Council")
    amir.fill("Header colour", "#00703c")
    amir.look()
    amir.press("Save settings")
    amir.sees("2 settings are changed.")
    amir.sees("Market Deeping Council")
    amir.go("/authority/settings")
    amir.press("Change settings: Requests")
    amir.fill("Reasons for rejecting requests", "Not agreed\nAsk the service first")
    amir.press("Save settings")
    amir.sees("The setting is changed.")


def switch_modules(amir: Hands) -> None:
    """Short breaks have no purchase orders; and the authority's own words in invitations."""
    amir.go("/authority/settings")
    amir.press("Kinds of provider", exact=True)
    amir.look()
    box = amir.field("Purchase orders for Short breaks")
    if amir.keys:
        amir.reach(box)
        amir.page.keyboard.press("Space")
    else:
        box.uncheck()
    amir.press("Save modules")
    amir.sees("The modules of the kinds of provider are saved.")
    assert not amir.field("Purchase orders for Short breaks").is_checked()
    amir.go("/authority/notifications")
    amir.press("Texts of mail")
    amir.look()
    amir.press("Change the words of Invitation")
    amir.fill("Your own words", "Ring 01632 960 000 if you are in doubt.")
    amir.look()
    amir.press("Save words")
    amir.sees("The words of “Invitation” are saved.")


def invite_officer(story: Story, amir: Hands, name: str, email: str, *roles: str) -> Hands:
    """A second officer, by mail."""
    amir.go("/authority/accounts")
    amir.look()
    amir.press("Invite somebody")
    amir.choose("Organisation", "Officers of the authority")
    amir.press("Continue")
    amir.fill("Name of a new contact", name)
    amir.fill("E-mail address", email)
    for role in roles:
        amir.tick(role)
    amir.look()
    amir.press("Invite", exact=True)
    amir.sees(f"{name} has a login")
    return story.enter(story.post.link(email), email)


def add_organisation(amir: Hands, ref: str, name: str, services: list[str], limited: bool = False) -> dict[str, str]:
    """An organisation with its services; returns their ids by name."""
    amir.press("Organisations", exact=True)
    amir.press("Add an organisation")
    amir.fill("Organisation reference", ref)
    amir.fill("Name", name)
    amir.fill("Address line 1", "1 Old Road")
    if limited:
        amir.tick("Limited accessibility")
    amir.look()
    amir.press("Save organisation")
    amir.page.get_by_role("heading", name=name, level=1).wait_for()
    amir.look()
    home, ids = amir.page.url, {}
    for number, service in enumerate(services, 1):
        amir.go(home)
        amir.press("Add a service")
        amir.fill("Service reference", f"{ref}-{number}")
        amir.fill("Name", service)
        amir.press("Save service")
        amir.page.get_by_role("heading", name=service, level=1).wait_for()
        ids[service] = amir.page.url.rpartition("/")[2]
    amir.go(home)
    return ids


def add_contact(amir: Hands, organisation: str, forename: str, surname: str, roles: list[tuple[str, str]]) -> None:
    """A contact of an organisation, with roles: (role, what it is for)."""
    amir.press("Organisations", exact=True)
    amir.press(organisation)
    amir.press("Contacts", exact=True)
    amir.press("Add a contact")
    amir.fill("Forename", forename)
    amir.fill("Surname", surname)
    amir.press("Save contact")
    amir.page.get_by_role("heading", name=f"{forename} {surname}", level=1).wait_for()
    for role, place in roles:
        amir.choose("For", place)
        amir.choose("Role", role)
        amir.press("Give role")
        amir.page.locator("tr", has_text=place.partition(": ")[2]).filter(
            has_text=role.partition(" for ")[0]
        ).wait_for()
    amir.look()


def give_login(story: Story, amir: Hands, email: str) -> Hands:
    """On the page of a contact: a login that may manage contacts; the person comes in by the mail."""
    amir.press("Change portal access")
    amir.tick("Contact can log in to the portal")
    amir.fill("Provider Portal Email Address", email)
    amir.press("Save portal access")
    amir.sees(f"Yes, as {email}")
    amir.press("Change permissions")
    amir.tick("May see the organisation's contacts and ask for changes of contacts, roles and logins")
    amir.press("Save permissions")
    amir.sees("see the organisation's contacts")
    return story.enter(story.post.link(email), email)


# the provider ----------------------------------------------------------------------------------------------------------


def ask(greta: Hands) -> None:
    """A colleague's login, a changed address, and a role to be removed."""
    greta.go("/provider/contacts")
    greta.look()
    greta.press("Marsh, Owen")
    greta.look()
    greta.press("Change portal access")
    greta.tick("Contact can log in to the portal")
    greta.fill("Provider Portal Email Address", "owen@oakfield.example")
    greta.look()
    greta.press("Send request")
    greta.sees("Your request has been sent")
    greta.go("/provider/organisation")
    greta.press("Edit")
    greta.fill("Address 1", "2 New Street")
    greta.press("Send request")
    greta.sees("Your request has been sent")
    assert greta.page.locator("ins", has_text="2 New Street").count() == 1
    greta.look()
    greta.go("/provider/contacts")
    greta.press("Marsh, Owen")
    greta.press("Request Role Removal of Emergency contact")
    greta.look()
    greta.press("Press again to request removal of Emergency contact")
    greta.sees("Your request has been sent")
    assert greta.page.get_by_role("link", name="Removal pending").count() == 1
    greta.look()


# deciding --------------------------------------------------------------------------------------------------------------


def overtake(amir: Hands) -> None:
    """Meanwhile an officer corrects the address that Greta asked to change."""
    amir.press("Organisations", exact=True)
    amir.press("Oakfield Home Care", exact=True)
    amir.press("Change details")
    amir.fill("Address line 1", "1 Old Road, first floor")
    amir.press("Save organisation")
    amir.sees("1 Old Road, first floor")


def decide(bea: Hands) -> None:
    """Accept the login, meet a conflict on the address, reject the removal with a reason."""
    bea.go("/authority/home")
    bea.look()
    bea.press("Requests", exact=True)
    bea.look()
    bea.press("Portal Access Owen Marsh")
    bea.look()
    bea.press("Accept and apply")
    bea.sees("Accepted: Portal Access of Owen Marsh, Oakfield Home Care.")
    bea.page.get_by_role("heading", name="Update Organisation: Oakfield Home Care", level=1).wait_for()
    bea.sees("The record has changed since this was asked for")
    bea.look()
    bea.press("Accept and apply")  # without a choice: nothing is applied
    bea.sees("Choose a value for each field that has changed")
    bea.look()
    bea.tick("Use what is asked for: 2 New Street")
    bea.press("Accept and apply")
    bea.sees("Accepted: Update Organisation of Oakfield Home Care")
    bea.page.get_by_role("heading", name="Delete Contact Role", level=1).wait_for()
    bea.press("Reject", exact=True)
    bea.sees("Choose a reason from the list")
    bea.look()
    bea.choose("Reason", "Ask the service first")
    bea.fill("Remarks", "Oakfield North has nobody else for emergencies.")
    bea.press("Reject", exact=True)
    bea.sees("No more requests wait here.")
    bea.look()


def learn(greta: Hands) -> None:
    """The person who asked is told at home and by mail, and sees what holds now."""
    greta.go("/provider")
    greta.look()
    greta.sees("1 of your requests has been rejected")
    greta.press("Go to your rejected requests")
    greta.look()
    greta.press("Delete Contact Role")
    greta.sees("Ask the service first")
    greta.sees("Oakfield North has nobody else for emergencies.")
    greta.look()
    greta.go("/provider/organisation")
    greta.sees("2 New Street")
    assert "1 Old Road" not in greta.told() and greta.page.locator("ins").count() == 0


def status(hands: Hands, address: str) -> int:
    """What the server answers there."""
    return hands.page.goto(address).status


def see_what_they_may(amir: Hands, bea: Hands, greta: Hands, owen: Hands, bella: Hands, ids: dict[str, str]) -> None:
    """Each sees what is theirs, and of the rest nothing, by links or by address."""
    greta.go("/provider/services")
    assert {"Oakfield North", "Oakfield South"} <= shown(greta, "Oakfield North", "Oakfield South", "Brookhouse")
    assert shown(greta, "Brookhouse") == set()
    owen.go("/provider/services")
    owen.look()
    assert shown(owen, "Oakfield North", "Oakfield South", "Brookhouse") == {"Oakfield North"}
    owen.go("/provider")
    owen.look()
    assert shown(owen, "Oakfield South", "Brookhouse", "Manage Contacts") == set()
    bella.go("/provider/services")
    assert shown(bella, "Oakfield North", "Oakfield South", "Brookhouse") == {"Brookhouse"}
    bella.go("/provider/contacts")
    assert shown(bella, "Finch, Greta", "Marsh, Owen", "Stone, Bella") == {"Stone, Bella"}
    north, south, house = (
        f"/provider/services/{ids[name]}" for name in ("Oakfield North", "Oakfield South", "Brookhouse")
    )
    assert [status(greta, address) for address in (north, south, house)] == [200, 200, 404]
    assert [status(owen, address) for address in (north, south, house)] == [200, 404, 404]
    assert [status(bella, address) for address in (north, south, house)] == [404, 404, 200]
    assert status(owen, "/provider/organisation") == 404 and status(owen, "/provider/contacts") == 403
    assert status(bella, "/authority/requests") == status(amir, "/provider/contacts") == 404
    assert [
        status(bea, f"/authority/{page}") for page in ("settings/portal/edit", "audit", "accounts", "contacts")
    ] == [403, 403, 200, 200]
    bea.go("/authority/accounts")
    assert shown(bea, "Greta Finch", "Bea Lund") == {"Greta Finch"}


def shown(hands: Hands, *words: str) -> set[str]:
    """Which of these the page says in its main part."""
    said = hands.page.locator("main").inner_text()
    return {one for one in words if one in said}


def read_the_trail(amir: Hands) -> None:
    """The whole is in the audit trail, by whom; and one person's part of it is found."""
    amir.go("/authority/audit")
    amir.look()
    said = amir.page.locator("main").inner_text()
    for words in (
        "Changed setting", "Market Deeping Council", "Ask the service first", "Asked for: Portal Access",
        "Asked for: Update Organisation", "Asked for: Delete Contact Role", "Accepted: Portal Access",
        "Accepted: Update Organisation", "Rejected: Delete Contact Role", "Bea Lund", "Greta Finch", "2 New Street",
    ):  # fmt: skip
        assert words in said, words
    amir.open_filter()
    amir.fill("Person", "Greta")
    amir.press("View", exact=True)
    amir.sees("Person: Greta")
    amir.look()
    said = amir.page.locator("#audit-table table").inner_text()
    assert "Asked for: Delete Contact Role" in said and "Rejected" not in said


# the day ---------------------------------------------------------------------------------------------------------------


def test_an_authority_from_nothing(story):
    link = re.search(r"/set-password/\S+", story.init)[0]
    amir = story.enter(link, "officer@authority.example")
    set_up(amir)
    switch_modules(amir)
    bea = invite_officer(story, amir, "Bea Lund", "bea@authority.example", "Requests")
    ids = add_organisation(amir, "OAK", "Oakfield Home Care", ["Oakfield North", "Oakfield South"], limited=True)
    ids |= add_organisation(amir, "BRO", "Brookhouse Residential", ["Brookhouse"])
    add_contact(amir, "Oakfield Home Care", "Owen", "Marsh", [
        ("Service Manager for service", "Service: Oakfield North"), ("Emergency contact for service", "Service: Oakfield North"),
    ])  # fmt: skip
    add_contact(
        amir, "Oakfield Home Care", "Greta", "Finch", [("Manager for organisation", "Organisation: Oakfield Home Care")]
    )
    greta = give_login(story, amir, "greta@oakfield.example")
    add_contact(amir, "Brookhouse Residential", "Bella", "Stone", [])
    bella = give_login(story, amir, "bella@brookhouse.example")
    ask(greta)
    overtake(amir)
    decide(bea)
    story.post.letter("owen@oakfield.example", "Ring 01632 960 000 if you are in doubt.")
    owen = story.enter(story.post.link("owen@oakfield.example"), "owen@oakfield.example")
    learn(greta)
    story.post.letter("greta@oakfield.example", "Your request (Delete Contact Role) has been rejected")
    see_what_they_may(amir, bea, greta, owen, bella, ids)
    read_the_trail(amir)
