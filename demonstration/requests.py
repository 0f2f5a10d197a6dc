"""The small demonstration's contacts, roles, properties, availability, and change requests in every state."""

from __future__ import annotations

import datetime as dt

from blueprints import permissions
from blueprints.availability import rules as availability
from blueprints.contacts import roles
from blueprints.contacts import rules as contacts
from blueprints.history import Actor
from blueprints.permissions import Can
from blueprints.properties import rules as properties
from blueprints.requests import kinds, rules
from models import Accreditation, ChangeRequest, Contact, ContactState, Organisation, Role, RoleName, Service, utc_now

DAY = dt.timedelta(1)
# By the part of the login's address before the dot: title, position, telephone, permissions.
PEOPLE = {
    "finance@oakfield": ("Mrs", "Head of Finance", "01632 960 211", (Can.MANAGE_CONTACTS, Can.SIGN_CONTRACTS)),
    "manager@oakfield": ("Mr", "Registered Manager", "01632 960 212", (Can.MANAGE_CONTACTS,)),
    "finance@brookhouse": ("Ms", "Accounts Payable", "01632 960 311", (Can.MANAGE_CONTACTS,)),
    "manager@brookhouse": ("Mr", "Home Manager", "01632 960 312", (Can.SIGN_CONTRACTS,)),
    "manager@harbour": (
        "Ms", "Scheme Manager", "01632 960 411",
        (Can.MANAGE_CONTACTS, Can.VIEW_ASSESSMENTS, Can.EDIT_ASSESSMENTS, Can.DECIDE_REFERRALS, Can.MANAGE_REFERRALS),
    ),
    "finance@harbour": ("Mr", "Finance Officer", "01632 960 412", ()),
}  # fmt: skip
# Organisation, title, forename, surname, position, e-mail: people without a login.
OTHERS = [
    ("OAK", "Ms", "Niamh", "O’Sullivan", "Care Co-ordinator", "niamh.osullivan@oakfield.example"),
    ("OAK", "Mr", "José", "Núñez", "Rota Planner", "jose.nunez@oakfield.example"),
    ("OAK", "Mrs", "Patricia", "Old", "Former Manager", ""),
    ("OAK", "Dr", "ליאת", "כהן", "Clinical Lead", "clinical@oakfield.example"),
    ("BRO", "Miss", "Holly 🌿", "Grange", "Activities", ""),
    ("HAR", "Mr", "Samuel", "Tide", "Night Support", "samuel.tide@harbour.example"),
]


def build(world) -> None:
    """Everything, with the world's organisations, services and logins."""
    today = utc_now().replace(hour=9, minute=20, second=0, microsecond=0)
    People(world, today).build()


class People:
    """The rows while they are made."""

    def __init__(self, world, now: dt.datetime):
        self.world = world
        self.now = now
        self.names = {(row.name, row.scope): row for row in RoleName.select()}
        self.kinds = kinds.every()
        self.officer = world.actor("requests@authority")
        self.contact: dict[str, Contact] = {}

    def build(self) -> None:
        """Who there is, what they are, and what they ask for."""
        self.contacts()
        self.roles()
        self.services()
        self.decided()
        self.waiting()

    def actor(self, who: str) -> Actor:
        """Who acts."""
        return self.world.actor(who)

    def contacts(self) -> None:
        """The logins' contacts, colleagues without a login, one deactivated."""
        for who, (title, position, telephone, acts) in PEOPLE.items():
            row = self.world.users[who].contact
            home = row.organisation
            for name, value in (
                ("title", title), ("position", position), ("telephone", telephone), ("address1", home.address1),
                ("town", home.town), ("postcode", home.postcode), ("permissions", permissions.as_names(acts)),
            ):  # fmt: skip
                setattr(row, name, value)
            row.save()
            self.contact[who] = row
        organisations = {o.ref: o for o in Organisation.select()}
        for ref, title, forename, surname, position, email in OTHERS:
            home = organisations[ref]
            self.contact[surname] = Contact.create(
                organisation=home, title=title, forename=forename, surname=surname, position=position, email=email,
                address1=home.address1, town=home.town, postcode=home.postcode, telephone=home.telephone,
                types="Secretary" if position == "Rota Planner" else "",
            )  # fmt: skip
        contacts.set_state(self.contact["Old"], ContactState.DEACTIVATED, self.officer)

    def give(self, who: str, name: str, scope: str, place) -> Role:
        """A role by its name."""
        return roles.give(
            self.contact[who], self.names[name, scope], roles.Target(roles.Scope(scope), place.id), self.officer
        )

    def roles(self) -> None:
        """Roles of every scope; Harbour is limited, and its finance officer reaches one service of two."""
        w = self.world
        preferred = Accreditation.create(
            organisation=w.oakfield, name="Preferred provider of home care", start_date=w.weeks[0]
        )
        for who, name, scope, place in (
            ("finance@oakfield", "Finance", "organisation", w.oakfield),
            ("finance@oakfield", "Contact", "contract", w.dapl),
            ("manager@oakfield", "Manager", "organisation", w.oakfield),
            ("manager@oakfield", "Service Manager", "service", w.north),
            ("manager@oakfield", "Contact", "accreditation", preferred),
            ("O’Sullivan", "Emergency contact", "service", w.north),
            ("O’Sullivan", "Service Manager", "service", w.south),
            ("Núñez", "Administration", "organisation", w.oakfield),
            ("finance@brookhouse", "Finance", "organisation", w.brookhouse),
            ("manager@brookhouse", "Service Manager", "service", w.house),
            ("manager@brookhouse", "Service Manager", "service", w.lodge),
            ("manager@harbour", "Contact", "organisation", w.harbour),
            ("finance@harbour", "Service Manager", "service", w.court),
            ("Tide", "Emergency contact", "service", w.quay),
        ):
            self.give(who, name, scope, place)
        Organisation.update(limited_accessibility=True).where(Organisation.id == w.harbour.id).execute()
        w.harbour.limited_accessibility = True

    def services(self) -> None:
        """Properties, what services say of themselves, and what is free."""
        w = self.world
        for name, service, more in (
            (
                "Heltra House",
                [w.court],
                {"self_catering": True, "shops": 50, "bus_stop": 0, "gp": 200, "primary_school": 25},
            ),
            ("Lighthouse Flats", [w.court, w.quay], {"canteen": True, "meals_supplied": True, "train_station": 100}),
        ):
            properties.save(
                {
                    "organisation": w.harbour.id, "name": name, "address1": f"{12 + len(name)} Chancel Road",
                    "town": "Stanbury", "postcode": "NM7 7GF", **more,
                },
                self.officer, None, [one.id for one in service],
            )  # fmt: skip
        availability.save(
            w.court,
            {
                "public_name": "Harbour Court", "description": "Twelve self-contained flats with support by day and night.",
                "languages": "English\nBritish Sign Language", "emergency_referrals": True, "accommodation_based": True,
                "leasehold_units": 0, "location": "Town centre",
            },
            self.officer,
        )  # fmt: skip
        availability.offer(
            w.court, w.support.id, "Subsidy payment of £136.01 per Unit per client per week", 5000, self.officer
        )
        availability.offer(w.court, w.sessions.id, "", None, self.officer)
        availability.set_places(w.court, 3, self.actor("manager@harbour"))
        availability.save(
            w.north, {"public_name": "Oakfield North", "description": "Care at home, every day of the week.",
                      "tenure_types": "Owner occupied\nPrivate rented", "languages": "English\nPolish"},
            self.officer,
        )  # fmt: skip

    # requests

    def ask(self, who: str, kind: str, row, wanted: dict, days: int, comment: str = "") -> ChangeRequest:
        """A request that was sent so many days ago."""
        organisation = self.world.users[who].organisation_id
        sent = rules.send(self.kinds[kind], row, wanted, self.actor(who), organisation, comment)
        ChangeRequest.update(sent_at=self.now - days * DAY).where(ChangeRequest.id == sent.id).execute()
        return sent

    def seal(self, sent: ChangeRequest, days: int, told: bool) -> None:
        """It was decided so many days ago; `told`: its sender has seen that."""
        when = self.now - days * DAY
        ChangeRequest.update(decided_at=when, told_at=when if told else None).where(
            ChangeRequest.id == sent.id
        ).execute()

    def decided(self) -> None:
        """Approved, rejected and withdrawn ones, some of them long ago."""
        w = self.world
        old = self.ask("finance@oakfield", "organisation", w.oakfield, {"mobile": "07700 900 201"}, 140)
        rules.accept(old.id, self.officer)
        self.seal(old, 138, True)
        done = self.ask(
            "manager@oakfield",
            "contact",
            self.contact["manager@oakfield"],
            {"mobile": "07700 900 212"},
            9,
            "New work phone",
        )
        rules.accept(done.id, self.officer)
        self.seal(done, 8, False)
        refused = self.ask(
            "manager@oakfield", "service", Service.get_by_id(w.south.id), {"name": "Oakfield Coast"}, 12,
            "We are about to change the name",
        )  # fmt: skip
        rules.reject(refused.id, self.officer, "Not enough information", "Please tell us from which date.")
        self.seal(refused, 10, False)
        back = self.ask("finance@oakfield", "contact", self.contact["Núñez"], {"position": "Planner"}, 20)
        rules.withdraw(back.id, self.actor("finance@oakfield"))
        self.seal(back, 19, True)
        brook = self.ask(
            "finance@brookhouse", "service", Service.get_by_id(w.house.id), {"telephone": "01632 960 333"}, 45
        )
        rules.accept(brook.id, self.officer)
        self.seal(brook, 43, True)

    def waiting(self) -> None:
        """Pending ones of every kind; one whose record has changed since, and one whose role is gone."""
        w, me = self.world, "finance@oakfield"
        self.ask(
            me,
            "organisation",
            Organisation.get_by_id(w.oakfield.id),
            {"address1": "16 Station Road", "email": "hello@oakfield.example"},
            40,
            "We move next door",
        )
        self.ask(
            me,
            "contact",
            self.contact["O’Sullivan"],
            {"surname": "O’Sullivan-Byrne", "mobile": "07700 900 214", "types": "Secretary\nService Manager"},
            6,
            "Married",
        )
        leaving = roles.held(Role.contact == self.contact["Núñez"].id)[0]
        self.ask(me, "role-remove", leaving, {}, 3)
        self.ask(
            "manager@oakfield", "contact-new", w.oakfield,
            {
                "title": "Mr", "forename": "Idris", "surname": "D’Arcy", "telephone": "01632 960 215", "position": "Care Co-ordinator",
                "email": "idris.darcy@oakfield.example", "access": True, "portal_email": "idris.darcy@oakfield.example",
                "role": [self.names["Service Manager", "service"].id, f"service-{w.south.id}", "Service Manager for Oakfield South"],
            },
            2, "Starts on Monday",
        )  # fmt: skip
        self.ask(
            "manager@oakfield",
            "login",
            self.contact["O’Sullivan"],
            {"access": True, "portal_email": "niamh.osullivan@oakfield.example"},
            2,
        )
        self.ask(
            "manager@oakfield",
            "service-details",
            Service.get_by_id(w.north.id),
            {"waiting_list": True, "languages": "English\nPolish\nUrdu"},
            1,
        )
        lodge = self.ask(
            "finance@brookhouse",
            "role-add",
            self.contact["manager@brookhouse"],
            {
                "role": [
                    self.names["Emergency contact", "service"].id,
                    f"service-{w.lodge.id}",
                    "Emergency contact for Brook Lodge",
                ]
            },
            15,
        )
        assert lodge.is_pending
        self.ask("finance@brookhouse", "contact-remove", self.contact["Grange"], {}, 5, "Has left")
        heltra = w.harbour.properties.order_by().first()
        self.ask("manager@harbour", "property", heltra, {"shops": 25, "post_office": 50}, 4, "distances entered")
        # what has changed since
        asked = self.ask(
            "finance@brookhouse",
            "organisation",
            Organisation.get_by_id(w.brookhouse.id),
            {"telephone": "01632 960 399", "fax": "01632 960 398"},
            7,
        )
        from blueprints.organisations import rules as organisations

        organisations.save_organisation(
            {"telephone": "01632 960 305"}, self.actor("packages@authority"), Organisation.get_by_id(w.brookhouse.id)
        )
        assert asked.is_pending
        # what has vanished
        gone = self.give("Tide", "Self Referral Office Hours contact", "service", w.quay)
        self.ask("manager@harbour", "role-remove", roles.held(Role.id == gone.id)[0], {}, 8)
        roles.take_away(gone.id, self.officer)
