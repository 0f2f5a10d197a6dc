"""Every table, in the order of the areas. Tables are facts: fields, indexes with their reasons, one-row questions.

Units: money in pence, quantities in hundredths, rates in ten-thousandths of a pound, percentages in hundredths of a
percent, times of day in seconds since midnight, durations in whole minutes (rule 2.1). Weeks are their Monday.
Timestamps are UTC (rule 1.2).
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from peewee import (
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    CompositeKey,
    DatabaseProxy,
    DateField,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
    SmallIntegerField,
    TextField,
)

db = DatabaseProxy()


def utc_now() -> dt.datetime:
    """Now in UTC, without a zone, as timestamps are stored (rule 1.2)."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


class Table(Model):
    """What all tables share."""

    class Meta:
        database = db
        legacy_table_names = False
        only_save_dirty = True


# settings ------------------------------------------------------------------------------------------------------------


class Setting(Table):
    """One authority-level setting that differs from its default; the value is JSON."""

    name = CharField(primary_key=True)
    value = TextField()
    changed_at = DateTimeField(default=utc_now)
    changed_by = CharField(default="")


class Counter(Table):
    """A number that grows with every change of what its name says: an import applies only what it checked (rule 5.6)."""

    name = CharField(primary_key=True)
    value = BigIntegerField(default=0)


# organisations ---------------------------------------------------------------------------------------------------------


class Address(Table):
    """The address columns that organisations, services and clients share."""

    address1 = CharField(default="")
    address2 = CharField(default="")
    address3 = CharField(default="")
    town = CharField(default="")
    county = CharField(default="")
    postcode = CharField(default="")

    @property
    def address_lines(self) -> list[str]:
        """The address without its empty lines."""
        lines = (self.address1, self.address2, self.address3, self.town, self.county, self.postcode)
        return [line for line in lines if line]


class Place(Address):
    """What an organisation, a service and a contact also have: the country and the national numbers of the place."""

    country = CharField(default="")
    uprn = CharField(default="", max_length=20)
    usrn = CharField(default="", max_length=20)


class Organisation(Place):
    """A provider of care or support."""

    ref = CharField(unique=True)
    name = CharField(max_length=112, index=True)
    mobile = CharField(default="")
    telephone = CharField(default="")
    fax = CharField(default="")
    email = CharField(default="")
    limited_accessibility = BooleanField(default=False)
    enters_actuals = BooleanField(default=True)  # off: it may look at its actuals, the authority enters them (M-39)
    kinds = TextField(default="")  # of the authority's list, one a line: modules are switched by them (Z-05)

    @classmethod
    def visible_to(cls, reach):
        """The organisations within reach."""
        return cls.select().where(reach.organisations(cls.id))


# contacts --------------------------------------------------------------------------------------------------------------


class ContactState(StrEnum):
    """Whether a contact is in use: only the authority deactivates and reactivates (E-02)."""

    CURRENT = "Current"
    DEACTIVATED = "Deactivated"
    REMOVED = "Removed"  # kept, because documents and history name it


class DisabledAccess(StrEnum):
    """Whether the contact's place can be entered by everybody (E-04)."""

    NOT_SET = "Not Set"
    YES = "Yes"
    NO = "No"


class Contact(Place):
    """A known person of an organisation, or of the authority where that is empty. A user is one with a login (11.1)."""

    organisation = ForeignKeyField(Organisation, null=True, backref="contacts", on_delete="RESTRICT", index=False)
    state = CharField(default=ContactState.CURRENT)
    title = CharField(default="")
    forename = CharField(default="")
    surname = CharField()
    address4 = CharField(default="")
    telephone = CharField(default="")
    mobile = CharField(default="")
    fax = CharField(default="")
    pager = CharField(default="")
    email = CharField(default="")
    web_address = CharField(default="")
    position = CharField(default="")  # the job title
    types = TextField(default="")  # of the authority's list, one a line
    directions = TextField(default="")
    is_confidential = BooleanField(default=False)
    disabled_access = CharField(default=DisabledAccess.NOT_SET)
    permissions = TextField(default="")  # acts that the authority has given this person, names of `Can`, one a line
    created_at = DateTimeField(default=utc_now)

    class Meta:
        indexes = ((("organisation", "surname", "forename"), False),)  # the list of an organisation's people

    @property
    def name(self) -> str:
        """`Mr Greg Finance`; without a title no stray blank (B-33)."""
        return " ".join(part for part in (self.title, self.forename, self.surname) if part)

    @property
    def file_name(self) -> str:
        """`Finance, Greg`, as lists have it."""
        return ", ".join(part for part in (self.surname, self.forename) if part)

    @property
    def is_current(self) -> bool:
        """Neither deactivated nor removed."""
        return self.state == ContactState.CURRENT

    @classmethod
    def visible_to(cls, reach):
        """The contacts within reach, removed ones apart."""
        return cls.select().where(reach.contacts(cls) & (cls.state != ContactState.REMOVED))


# accounts --------------------------------------------------------------------------------------------------------------


class Person(Table):
    """Somebody who can sign in: one address and password for each login that is theirs (rule 11.1)."""

    email = CharField(unique=True)  # lower case
    username = CharField(null=True, unique=True)  # lower case; where people sign in by it
    password_hash = CharField(null=True)
    password_set_at = DateTimeField(null=True)
    must_change = BooleanField(default=False)  # the password was issued by an officer
    failures = IntegerField(default=0)  # since the last sign-in
    locked_until = DateTimeField(null=True)
    is_locked = BooleanField(default=False)  # by an officer, until released
    code = TextField(null=True)  # the six-digit security code, sealed
    code_round = IntegerField(default=0)  # grows with each right answer: which two places are asked for follows from it
    authenticator = TextField(null=True)  # the app's secret, sealed
    authenticator_step = BigIntegerField(null=True)  # the last half minute whose code was taken
    code_by_mail = BooleanField(default=False)  # wants a code by e-mail where that is offered
    created_at = DateTimeField(default=utc_now)


class User(Table):
    """A login: of a contact of an organisation, or of the authority where that is empty. Its person may have others."""

    person = ForeignKeyField(Person, backref="users", on_delete="RESTRICT")
    name = CharField()
    contact = ForeignKeyField(Contact, null=True, unique=True, on_delete="RESTRICT")
    organisation = ForeignKeyField(Organisation, null=True, backref="users", on_delete="RESTRICT")
    is_active = BooleanField(default=True)
    created_at = DateTimeField(default=utc_now)
    shortcuts = BooleanField(default=True)  # keys of one letter, such as / for search

    class Meta:
        table_name = "portal_user"  # "user" is a reserved word in PostgreSQL

    @property
    def email(self) -> str:
        """The address of its person."""
        return self.person.email

    @property
    def is_officer(self) -> bool:
        """Works for the authority."""
        return self.organisation_id is None

    @property
    def may_sign_in(self) -> bool:
        """Neither the login nor its contact is deactivated or removed (B-25)."""
        return self.is_active and (self.contact_id is None or self.contact.is_current)


class OfficerRole(Table):
    """A role that an officer holds (rule 11.5)."""

    user = ForeignKeyField(User, backref="roles", on_delete="CASCADE")
    role = CharField()

    class Meta:
        indexes = ((("user", "role"), True),)


class OldPassword(Table):
    """A password that a person had, so that it is not chosen again."""

    person = ForeignKeyField(Person, on_delete="CASCADE")
    password_hash = CharField()
    until = DateTimeField(default=utc_now)


class RecoveryCode(Table):
    """A code that stands in once for the authenticator app; only its digest is kept."""

    person = ForeignKeyField(Person, on_delete="CASCADE")
    digest = CharField()
    used_at = DateTimeField(null=True)


class OneTimeLink(Table):
    """A link to set a password: works once and for a while. Its word is signed, and no secret of it is kept here."""

    person = ForeignKeyField(Person, on_delete="CASCADE")
    nonce = CharField()
    made_at = DateTimeField(default=utc_now)
    expires_at = DateTimeField()
    used_at = DateTimeField(null=True)


class SignIn(Table):
    """A session; the cookie holds the token, the row its digest. Until it is ready, steps of signing in are left."""

    digest = CharField(unique=True)
    person = ForeignKeyField(Person, backref="sign_ins", on_delete="CASCADE")
    user = ForeignKeyField(User, null=True, backref="sign_ins", on_delete="CASCADE")
    is_ready = BooleanField(default=False)
    code_passed = BooleanField(default=False)
    second_passed = BooleanField(default=False)
    mailed_at = DateTimeField(null=True)  # when a code was last sent by e-mail
    started_at = DateTimeField(default=utc_now)
    seen_at = DateTimeField(default=utc_now)
    ended_at = DateTimeField(null=True)
    ended_why = CharField(default="")
    address = CharField(default="")
    agent = CharField(default="")
    # an officer who views as a provider (Z-02), with the eyes of one of its people or of the whole organisation
    viewing_id = BigIntegerField(null=True)
    viewing_as_id = BigIntegerField(null=True)
    viewing_since = DateTimeField(null=True)


class LoginRequestKind(StrEnum):
    """What somebody without a way in asks for."""

    LOGIN = "New login"
    PASSWORD = "New password"


class LoginRequestState(StrEnum):
    """Where such a request is."""

    CHECKING = "Checking"  # a job looks whether the address has a login
    OPEN = "Open"
    DONE = "Done"
    DECLINED = "Declined"


class LoginRequest(Table):
    """Somebody who is not signed in asks for a login, or for a new password (B-11 to B-15)."""

    kind = CharField()
    state = CharField(default=LoginRequestState.OPEN)
    name = CharField(default="")
    organisation_name = CharField(default="")
    email = CharField(index=True)  # lower case, or the user name
    telephone = CharField(default="")
    at = DateTimeField(default=utc_now)
    times = IntegerField(default=1)  # asked so often while it was open
    handled_at = DateTimeField(null=True)
    handled_by = CharField(default="")
    outcome = CharField(default="")  # what was done, or why it was declined
    user = ForeignKeyField(User, null=True, on_delete="SET NULL")  # the login that it was about, or became


class KeptForm(Table):
    """What somebody sent when the session had run out, given back after signing in; files and passwords apart."""

    user = ForeignKeyField(User, on_delete="CASCADE")
    address = TextField()
    fields = TextField()  # pairs of name and value (JSON)
    had_files = BooleanField(default=False)
    at = DateTimeField(default=utc_now)


class Throttle(Table):
    """How often something was tried in a window, by a digest of who tried it; shared by all processes."""

    name = CharField(primary_key=True)
    window = BigIntegerField()
    tries = IntegerField(default=0)


# mail ------------------------------------------------------------------------------------------------------------------


class MailState(StrEnum):
    """Where a message is."""

    WAITING = "Waiting"
    SENDING = "Sending"  # handed to the mail server at this moment, or when a process died
    SENT = "Sent"
    KEPT = "Kept"  # no mail server is set up: officers read it here
    FAILED = "Failed"
    DROPPED = "Not sent"  # when its turn came there was nobody to tell any more, or nothing


class Mail(Table):
    """A message to somebody, written in the transaction of what it tells. It holds ids: its text is made when it goes."""

    kind = CharField()
    about = BigIntegerField(null=True)
    user = ForeignKeyField(User, null=True, on_delete="SET NULL")
    organisation = ForeignKeyField(Organisation, null=True, on_delete="RESTRICT")  # that the person worked for then
    address = CharField(default="")  # where it went; of somebody without a login, where it is to go
    state = CharField(default=MailState.WAITING)
    at = DateTimeField(default=utc_now, index=True)  # the list, newest first
    next_try_at = DateTimeField(default=utc_now)
    sent_at = DateTimeField(null=True)
    tries = IntegerField(default=0)
    error = CharField(default="")
    once = CharField(null=True, unique=True)  # what has been told so is not told again

    class Meta:
        indexes = ((("state", "next_try_at"), False),)  # what is due


# services --------------------------------------------------------------------------------------------------------------


class PaidOn(StrEnum):
    """What a service level is paid on (rule 3.3)."""

    ACTUALS = "actuals"
    PLANNED = "planned"
    ONE_OFF = "one-off"


class Entry(StrEnum):
    """How actuals of a service level are entered (rule 3.3)."""

    WEEKLY = "weekly"
    DAILY = "daily"
    VISITS = "visits"
    NONE = "none"


class Claimable(StrEnum):
    """Whether a service level may be claimed once outside packages, and how its amount comes about (K-12, P-07)."""

    NO = ""
    HOSPITAL = "hospital"  # worked out from the visits of a hospital stay (rule 8.2)
    OTHER = "other"  # a quantity and a unit cost


class ServiceLevel(Table):
    """A kind of care with its unit and way of paying (rule 3.3)."""

    ref = CharField(unique=True)
    name = CharField(max_length=100)
    unit = CharField()
    paid_on = CharField()
    entry = CharField()
    intermittent = BooleanField(default=False)
    visits_wanted = BooleanField(default=False)
    frustrated_allowed = BooleanField(default=True)
    claimable = CharField(default=Claimable.NO)
    service_group_class = CharField(default="")


class Service(Place):
    """A site or branch of an organisation that packages are bought from."""

    ref = CharField(unique=True)
    name = CharField(max_length=112)
    organisation = ForeignKeyField(Organisation, backref="services", on_delete="RESTRICT")
    service_type = CharField(default="")
    telephone = CharField(default="")
    fax = CharField(default="")
    email = CharField(default="")
    start_date = DateField(null=True)
    end_date = DateField(null=True)

    @classmethod
    def visible_to(cls, reach):
        """The services within reach."""
        return cls.select().where(reach.services(cls.id, cls.organisation))

    def is_current(self, today: dt.date) -> bool:
        """Not ended; an end date of today is not ended."""
        return self.end_date is None or self.end_date >= today


class AvailabilityMode(StrEnum):
    """Which figure the public directory shows for a service (D-24, A-14 to A-17)."""

    PROVIDER = "What the provider entered"
    CALCULATED = "What is calculated"
    EITHER = "What the provider entered, else what is calculated"
    NEITHER = "None"


class Confidentiality(StrEnum):
    """What the public directory shows of a service."""

    SHOWN = "Shown"
    NO_CONTACT = "No contact details"
    HIDDEN = "Hidden"


class ServiceDetails(Table):
    """What is said of a service beyond its address (D-15), and its available places (D-14); no row is all defaults."""

    service = ForeignKeyField(Service, primary_key=True, backref="details", on_delete="CASCADE")
    public_name = CharField(default="", max_length=112)
    description = TextField(default="")
    religions = TextField(default="")  # of the authority's lists, one a line
    languages = TextField(default="")
    tenure_types = TextField(default="")
    leasehold_units = IntegerField(null=True)
    location = CharField(default="")
    emergency_referrals = BooleanField(default=False)
    interpreter = BooleanField(default=False)
    waiting_list = BooleanField(default=False)
    visual_impairment = BooleanField(default=False)
    hearing_impairment = BooleanField(default=False)
    accommodation_based = BooleanField(default=False)
    confidentiality = CharField(default=Confidentiality.SHOWN)
    availability_mode = CharField(default=AvailabilityMode.EITHER)
    available_places = IntegerField(null=True)  # nothing: the listed figure is calculated
    places_at = DateTimeField(null=True)
    places_by = CharField(default="")


class LevelAtService(Table):
    """A service level that a service offers, and what of it is available (D-18); packages add theirs by themselves."""

    service = ForeignKeyField(Service, backref="levels", on_delete="CASCADE", index=False)
    level = ForeignKeyField(ServiceLevel, on_delete="RESTRICT")
    contract_text = CharField(default="")  # nothing: not contracted (D-20)
    contracted_units = IntegerField(null=True)  # hundredths
    available = IntegerField(null=True)  # hundredths; nothing is not known
    changed_at = DateTimeField(null=True)
    changed_by = CharField(default="")

    class Meta:
        indexes = ((("service", "level"), True),)


# properties ------------------------------------------------------------------------------------------------------------


class Property(Address):
    """A building that one or several services of an organisation are given in (D-10). Distances: hundredths of a km."""

    organisation = ForeignKeyField(Organisation, backref="properties", on_delete="RESTRICT")
    name = CharField(max_length=112)
    is_current = BooleanField(default=True)
    meals_supplied = BooleanField(default=False)
    canteen = BooleanField(default=False)
    self_catering = BooleanField(default=False)
    shops = IntegerField(null=True)
    post_office = IntegerField(null=True)
    train_station = IntegerField(null=True)
    bus_stop = IntegerField(null=True)
    town_centre = IntegerField(null=True)
    social_centre = IntegerField(null=True)
    gp = IntegerField(null=True)
    primary_school = IntegerField(null=True)
    secondary_school = IntegerField(null=True)

    @classmethod
    def visible_to(cls, reach):
        """The properties of services within reach, and the whole organisation's own."""
        return cls.select().where(reach.properties(cls))


class PropertyService(Table):
    """A service that is given in a property."""

    property = ForeignKeyField(Property, backref="services", on_delete="CASCADE", index=False)
    service = ForeignKeyField(Service, backref="properties", on_delete="CASCADE")

    class Meta:
        primary_key = CompositeKey("property", "service")


# audit -----------------------------------------------------------------------------------------------------------------


class Change(Table):
    """The audit trail: who did what to which record, with the values before and after (JSON).

    `word` says which transaction wrote it; without a salt its texts have expired (blueprints/chain.py).
    """

    at = DateTimeField(default=utc_now, index=True)
    user = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    by = CharField(default="", index=True)  # the name as it was, or `command line`
    address = CharField(default="")  # where it was done from: a network address, or what kind of process
    what = CharField()
    thing = CharField()
    thing_id = BigIntegerField(null=True)
    organisation = ForeignKeyField(Organisation, null=True, on_delete="RESTRICT")
    before = TextField(default="{}")
    after = TextField(default="{}")
    word = BigIntegerField(default=0, index=True)
    salt = CharField(default="")
    digest = CharField(default="")

    class Meta:
        indexes = ((("thing", "thing_id"), False),)  # a record's history


class Seal(Table):
    """The end of a transaction that wrote the audit trail: a digest of its entries and of the seal before."""

    at = DateTimeField(default=utc_now)
    word = BigIntegerField(unique=True)
    entries = IntegerField()
    digest = CharField()


class Look(Table):
    """Who looked at which record, and whom it is about: `client` is a client's id."""

    at = DateTimeField(default=utc_now, index=True)
    user = ForeignKeyField(User, on_delete="CASCADE")
    thing = CharField()
    thing_id = BigIntegerField(null=True)
    client_id = BigIntegerField(null=True)  # the area of clients stands below

    class Meta:
        indexes = (
            (("thing", "thing_id"), False),
            (("client_id", "at"), False),  # who has looked at this person
        )


# teams -----------------------------------------------------------------------------------------------------------------


class Team(Table):
    """Some of the authority's officers, who are given something together."""

    name = CharField(unique=True, max_length=100)
    purpose = CharField(default="")
    email = CharField(default="")
    is_retired = BooleanField(default=False)


class TeamMember(Table):
    """An officer who is in a team."""

    team = ForeignKeyField(Team, backref="members", on_delete="CASCADE", index=False)
    user = ForeignKeyField(User, backref="teams", on_delete="CASCADE")

    class Meta:
        primary_key = CompositeKey("team", "user")


# search ----------------------------------------------------------------------------------------------------------------


class SearchWord(Table):
    """A word by which a record is found: bytes, so that both databases order it alike (blueprints/search/index.py)."""

    word = BlobField()
    kind = CharField(max_length=20)
    ident = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("kind", "word", "ident")
        indexes = ((("kind", "ident"), False),)  # a record's words, to write them anew


class Search(Table):
    """What somebody looked for: the address of the answer holds only this row's number."""

    user = ForeignKeyField(User, on_delete="CASCADE")
    words = CharField()
    at = DateTimeField(default=utc_now, index=True)


# jobs ------------------------------------------------------------------------------------------------------------------


class JobState(StrEnum):
    """Where a job is."""

    QUEUED = "Queued"
    RUNNING = "In progress"
    DONE = "Done"
    FAILED = "Failed"


class Job(Table):
    """Work done apart from a request. Its lease (owner, until) runs out unless renewed, so that a dead one is found."""

    kind = CharField()
    about = BigIntegerField(null=True)  # the id that the work is about
    state = CharField(default=JobState.QUEUED)
    user = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    organisation = ForeignKeyField(Organisation, null=True, on_delete="RESTRICT")
    queued_at = DateTimeField(default=utc_now)
    started_at = DateTimeField(null=True)
    ended_at = DateTimeField(null=True)
    owner = CharField(default="")
    leased_until = DateTimeField(null=True)
    done = IntegerField(default=0)
    total = IntegerField(default=0)
    doing = CharField(default="")  # in words: reading, matching
    error = TextField(default="")
    tries = IntegerField(default=0)
    wanted = TextField(default="{}")  # what was asked for beside the id (JSON)
    unique_key = CharField(null=True, unique=True)  # set while queued: the same work is not queued twice

    class Meta:
        indexes = ((("state", "leased_until"), False),)  # the reaper's look

    @classmethod
    def visible_to(cls, reach):
        """The work within reach."""
        return cls.select().where(reach.jobs(cls))

    @property
    def is_over(self) -> bool:
        """Done or failed."""
        return self.state in (JobState.DONE, JobState.FAILED)


# attachments -----------------------------------------------------------------------------------------------------------


class Scan(StrEnum):
    """What the virus scanner said of a file."""

    NONE = ""  # there was no scanner
    CLEAN = "Clean"
    WAITING = "Waiting"  # the scanner was away: nobody gets the file until it has looked
    HARMFUL = "Quarantined"


class File(Table):
    """A file's particulars; its bytes are in FileChunk, which no list touches."""

    name = CharField()
    content_type = CharField()
    size = BigIntegerField(default=0)
    sha256 = CharField(default="")
    kind = CharField(default="import")
    organisation = ForeignKeyField(Organisation, null=True, on_delete="RESTRICT")
    uploaded_by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    uploaded_at = DateTimeField(default=utc_now)
    scan = CharField(default=Scan.NONE)

    class Meta:
        indexes = ((("scan",), False),)  # what waits for the scanner, and what it put away

    @property
    def may_be_had(self) -> bool:
        """The scanner has nothing against handing it out."""
        return self.scan in (Scan.NONE, Scan.CLEAN)


class FileChunk(Table):
    """A megabyte of a file, compressed by zlib."""

    file = ForeignKeyField(File, backref="chunks", on_delete="CASCADE")
    number = IntegerField()
    data = BlobField()

    class Meta:
        primary_key = CompositeKey("file", "number")


# messages --------------------------------------------------------------------------------------------------------------


class Audience(StrEnum):
    """Whom a message is for (C-22); the words complete "This message is shown to …"."""

    ALL = "all users"
    ORGANISATIONS = "specific providers"
    PEOPLE = "specific contacts"


class Message(Table):
    """What the authority tells providers' people, listed from its publication until a date, that day included (C-25)."""

    subject = CharField()
    details = TextField()
    audience = CharField(default=Audience.ALL)
    published_on = DateField(index=True)  # the list, newest first
    displayed_until = DateField(null=True)  # nothing: until withdrawn
    file = ForeignKeyField(File, null=True, on_delete="SET NULL")
    user = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by = CharField(default="")
    version = IntegerField(default=1)
    withdrawn_at = DateTimeField(null=True)
    withdrawn_by = CharField(default="")
    once = CharField(null=True, unique=True)  # of the form that it came from: pressed twice it is written once

    def state(self, today: dt.date) -> str:
        """Where the message is on a day, in the word that its tag shows."""
        if self.withdrawn_at is not None:
            return "Withdrawn"
        if self.published_on > today:
            return "Scheduled"
        return "Ended" if self.displayed_until is not None and self.displayed_until < today else "Shown"

    def is_recent(self, today: dt.date, days: int) -> bool:
        """Published within the last days, today's message being of day 0 (C-23)."""
        return 0 <= (today - self.published_on).days <= days


class MessageOrganisation(Table):
    """An organisation that a message is for."""

    message = ForeignKeyField(Message, backref="organisations", on_delete="CASCADE", index=False)
    organisation = ForeignKeyField(Organisation, on_delete="CASCADE")

    class Meta:
        primary_key = CompositeKey("message", "organisation")


class MessagePerson(Table):
    """A person whom a message is for."""

    message = ForeignKeyField(Message, backref="people", on_delete="CASCADE", index=False)
    user = ForeignKeyField(User, on_delete="CASCADE")

    class Meta:
        primary_key = CompositeKey("message", "user")


class MessageRead(Table):
    """Who has opened a message, and when first."""

    message = ForeignKeyField(Message, backref="reads", on_delete="CASCADE", index=False)
    user = ForeignKeyField(User, on_delete="CASCADE")
    at = DateTimeField(default=utc_now)

    class Meta:
        primary_key = CompositeKey("message", "user")


class MessageThread(Table):
    """The responses and answers between the authority and one organisation, or one person of it, about a message."""

    key = CharField(unique=True)  # message, organisation and person: one thread each
    message = ForeignKeyField(Message, backref="threads", on_delete="CASCADE")
    organisation = ForeignKeyField(Organisation, on_delete="RESTRICT")
    person = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)  # nothing: the whole organisation


class MessagePost(Table):
    """A response of a provider's person, or an answer of the authority."""

    thread = ForeignKeyField(MessageThread, backref="posts", on_delete="CASCADE")
    is_answer = BooleanField(default=False)  # of the authority
    user = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by = CharField(default="")
    subject = CharField(default="")
    text = TextField()
    at = DateTimeField(default=utc_now, index=True)  # the inbox, newest first
    read_at = DateTimeField(null=True)  # when the other side opened it first
    once = CharField(null=True, unique=True)  # of the form that it came from


class PostRead(Table):
    """Which of a provider's people has opened an answer: the count of unread ones is each person's own (C-28)."""

    post = ForeignKeyField(MessagePost, backref="reads", on_delete="CASCADE", index=False)
    user = ForeignKeyField(User, on_delete="CASCADE")
    at = DateTimeField(default=utc_now)

    class Meta:
        primary_key = CompositeKey("post", "user")


# What the other side has not opened yet: few at any time.
MessagePost.add_index(
    MessagePost.index(MessagePost.at, where=MessagePost.read_at.is_null(), name="message_post_unread")
)


# imports ---------------------------------------------------------------------------------------------------------------


class ImportState(StrEnum):
    """Where an import is."""

    READING = "Reading"
    REFUSED = "Refused"
    CHECKED = "Checked"
    APPLYING = "Updating"
    DONE = "Done"
    CANCELLED = "Cancelled"
    LAPSED = "Lapsed"
    FAILED = "Failed"


class Import(Table):
    """One file on its way in, with the seven figures of rule 5.6."""

    kind = CharField()
    organisation = ForeignKeyField(Organisation, null=True, on_delete="RESTRICT")
    user = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    file = ForeignKeyField(File, null=True, on_delete="SET NULL")
    file_name = CharField(default="")
    state = CharField(default=ImportState.READING)
    job = ForeignKeyField(Job, null=True, on_delete="SET NULL")
    busy = CharField(null=True, unique=True)  # who is being read or applied for: one at a time (rule 5.6)
    started_at = DateTimeField(default=utc_now)
    checked_at = DateTimeField(null=True)
    ended_at = DateTimeField(null=True)
    ended_by = CharField(default="")
    refusal = TextField(default="")
    stamp = CharField(default="")  # the versions of what the check read (rule 5.6)
    taken_at = DateTimeField(null=True)  # the rows are in; what follows from them may still be under way
    without_rejected = BooleanField(default=False)
    overwrite = BooleanField(default=False)
    records = IntegerField(default=0)
    new = IntegerField(default=0)
    updated = IntegerField(default=0)
    unchanged = IntegerField(default=0)
    deleted = IntegerField(default=0)
    rejected = IntegerField(default=0)
    issues = IntegerField(default=0)

    class Meta:
        indexes = ((("organisation", "kind", "started_at"), False),)  # the history list

    @classmethod
    def visible_to(cls, reach):
        """The imports within reach; officers also see the authority's own."""
        return cls.select().where(reach.imports(cls))


class Severity(StrEnum):
    """An error rejects its row; a warning is a data quality issue of an accepted row."""

    ERROR = "error"
    WARNING = "warning"


class ImportProblem(Table):
    """One thing wrong with one row; the heading is line 1."""

    batch = ForeignKeyField(Import, backref="problems", on_delete="CASCADE", index=False)
    line = IntegerField()
    severity = CharField()
    column = CharField(default="")
    value = TextField(default="")
    message = TextField()  # what is wrong, and what was expected
    expected = TextField(default="")  # completes "Expected …"; the message says it too
    suggestion = CharField(default="")
    kind = CharField(default="")  # problems of one kind and value can be mended together

    class Meta:
        indexes = ((("batch", "line"), False),)  # the list, by line


class StagedRow(Table):
    """A checked row of a small file, waiting to be taken; values and the rejected row's own cells are JSON."""

    batch = ForeignKeyField(Import, on_delete="CASCADE")
    line = IntegerField()
    action = CharField()  # new, updated, unchanged, deleted, rejected
    key = CharField(default="")
    values = TextField(default="{}")

    class Meta:
        primary_key = CompositeKey("batch", "line")


# clients ---------------------------------------------------------------------------------------------------------------


class Client(Address):
    """Somebody who receives care or support."""

    ssref = CharField(unique=True, max_length=50)
    client_ref = CharField(unique=True)
    nhs_number = CharField(default="", index=True, max_length=20)  # visits may name it
    title = CharField(default="")
    surname = CharField(index=True)
    forename = CharField()
    date_of_birth = DateField(null=True)
    date_of_death = DateField(null=True)
    gender = CharField(default="")
    ni_number = CharField(default="")

    @property
    def name(self) -> str:
        """`Mr Ned Flanders`."""
        return " ".join(part for part in (self.title, self.forename, self.surname) if part)

    @property
    def file_name(self) -> str:
        """`Flanders, Ned`, as files and drop-downs have it."""
        return f"{self.surname}, {self.forename}"

    @classmethod
    def visible_to(cls, reach):
        """The clients that a package within reach is for."""
        return cls.select().where(reach.clients(cls.id))


# contracts -------------------------------------------------------------------------------------------------------------


class PaymentCycle(Table):
    """A sequence of payment periods that contracts are paid by (rule 7.1)."""

    name = CharField(unique=True)


class PaymentPeriod(Table):
    """The weeks, by their Mondays, that are paid together (rule 7.1)."""

    cycle = ForeignKeyField(PaymentCycle, backref="periods", on_delete="RESTRICT")
    start_date = DateField()
    end_date = DateField()
    cut_off = DateField(null=True)  # upload by this date to be paid in this period
    finalise_on = DateField(null=True)  # when the authority means to finalise it
    pay_on = DateField(null=True)  # when the money is to arrive

    class Meta:
        indexes = ((("cycle", "start_date"), True),)


class PaymentBasis(StrEnum):
    """Whether the portal's data or the provider's invoices are paid."""

    PORTAL = "portal"
    INVOICE = "invoice"


class Contract(Table):
    """The terms that packages fall under."""

    ref = CharField(unique=True)
    name = CharField()
    organisation = ForeignKeyField(Organisation, backref="contracts", on_delete="RESTRICT")
    contract_type = CharField()
    cycle = ForeignKeyField(PaymentCycle, backref="contracts", on_delete="RESTRICT")
    vat_rate = IntegerField(default=0)
    payment_basis = CharField(default=PaymentBasis.PORTAL)
    payment_method = CharField(default="")

    @classmethod
    def visible_to(cls, reach):
        """The contracts within reach."""
        return cls.select().where(reach.contracts(cls.id, cls.organisation))


# roles -----------------------------------------------------------------------------------------------------------------


class Accreditation(Table):
    """An approval that an organisation holds, and that a contact may stand for (E-05)."""

    organisation = ForeignKeyField(Organisation, backref="accreditations", on_delete="RESTRICT")
    name = CharField()
    start_date = DateField(null=True)
    end_date = DateField(null=True)

    @classmethod
    def visible_to(cls, reach):
        """The accreditations of the organisations within reach."""
        return cls.select().where(reach.organisations(cls.organisation))


class Scope(StrEnum):
    """What a role is held for."""

    ORGANISATION = "organisation"
    SERVICE = "service"
    CONTRACT = "contract"
    ACCREDITATION = "accreditation"


class RoleName(Table):
    """A role of the authority's own list (E-05, E-23)."""

    name = CharField()
    scope = CharField()
    reaches = BooleanField(default=True)  # opens what it is held for, where accessibility is limited (guide 000, 5.3)
    only_limited = BooleanField(default=False)  # offered only where accessibility is limited (E-06)
    position = IntegerField(default=0)
    is_retired = BooleanField(default=False)

    class Meta:
        indexes = ((("name", "scope"), True),)


class Role(Table):
    """A role that a contact holds: for a service, a contract or an accreditation, else for the organisation."""

    contact = ForeignKeyField(Contact, backref="roles", on_delete="CASCADE")
    name = ForeignKeyField(RoleName, backref="roles", on_delete="RESTRICT")
    organisation = ForeignKeyField(Organisation, on_delete="RESTRICT")
    service = ForeignKeyField(Service, null=True, on_delete="CASCADE")
    contract = ForeignKeyField(Contract, null=True, on_delete="CASCADE")
    accreditation = ForeignKeyField(Accreditation, null=True, on_delete="CASCADE")
    since = DateTimeField(default=utc_now)
    by = CharField(default="")


# requests --------------------------------------------------------------------------------------------------------------


class RequestState(StrEnum):
    """Where a change request is (rule 9.2)."""

    PENDING = "Pending"
    APPROVED = "Approved"
    REJECTED = "Rejected"
    WITHDRAWN = "Withdrawn"


class ChangeRequest(Table):
    """A provider's change to the authority's records, waiting for approval, or decided (rule 9). Kept for ever (F-17)."""

    kind = CharField()  # of requests.kinds
    organisation = ForeignKeyField(Organisation, backref="requests", on_delete="RESTRICT", index=False)
    service = ForeignKeyField(Service, null=True, on_delete="SET NULL")  # what it is about, for reach
    contract = ForeignKeyField(Contract, null=True, on_delete="SET NULL")
    contact = ForeignKeyField(Contact, null=True, on_delete="SET NULL")
    thing = BigIntegerField(null=True)  # the record's id; of a new one, once it is made
    thing_name = CharField(default="")  # as it was called
    state = CharField(default=RequestState.PENDING)
    comment = TextField(default="")  # of the request, not of the record (F-07)
    user = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    by = CharField(default="")
    sent_at = DateTimeField(default=utc_now)
    decided_at = DateTimeField(null=True)
    decided_by = CharField(default="")
    reason = TextField(default="")  # of the authority's list, as it was
    remarks = TextField(default="")
    at_once = BooleanField(default=False)  # let through without a decision (rule 9.1)
    told_at = DateTimeField(null=True)  # when the requester opened what was decided
    digest = CharField(default="")  # of kind, record, person and values: the same one pressed twice is one

    class Meta:
        indexes = (
            (("state", "sent_at"), False),  # the officers' queue
            (("organisation", "sent_at"), False),  # the provider's list
            (("kind", "thing"), False),  # what is pending for a record
        )

    @property
    def is_pending(self) -> bool:
        """Waits for the authority."""
        return self.state == RequestState.PENDING

    @classmethod
    def visible_to(cls, reach):
        """The requests within reach."""
        return cls.select().where(reach.requests(cls))


class RequestField(Table):
    """One field of a change request: JSON values as they were, as asked for, and once decided as found and as applied."""

    request = ForeignKeyField(ChangeRequest, backref="fields", on_delete="CASCADE", index=False)
    name = CharField()
    before = TextField(default="null")
    after = TextField(default="null")
    found = TextField(null=True)
    applied = TextField(null=True)
    agreed_at = DateTimeField(null=True)  # when a file of the authority had the same value: it may then change it (9.2)

    class Meta:
        primary_key = CompositeKey("request", "name")


class RequestFile(Table):
    """A file that was sent with a change request."""

    request = ForeignKeyField(ChangeRequest, backref="files", on_delete="CASCADE")
    file = ForeignKeyField(File, on_delete="RESTRICT")

    class Meta:
        primary_key = CompositeKey("request", "file")


# packages --------------------------------------------------------------------------------------------------------------


class Package(Table):
    """A care package line item (rule 3.1)."""

    cpli_id = BigIntegerField(unique=True)
    organisation = ForeignKeyField(Organisation, on_delete="RESTRICT")  # the service's
    client = ForeignKeyField(Client, backref="packages", on_delete="RESTRICT")
    service = ForeignKeyField(Service, backref="packages", on_delete="RESTRICT")
    level = ForeignKeyField(ServiceLevel, backref="packages", on_delete="RESTRICT")
    contract = ForeignKeyField(Contract, backref="packages", on_delete="RESTRICT")
    start_date = DateField()
    end_date = DateField(null=True)
    quantity = IntegerField()
    frequency = CharField(default="Weekly")  # Weekly, 2-Weekly …, One-off, Yearly
    unit_cost = IntegerField()
    authorised = BooleanField(default=False)
    care_package_ref = CharField(default="")
    discount = IntegerField(default=0)
    contribution = IntegerField(default=0)  # pence a week
    pricing_basis = CharField(default="Spot")
    cost_centre = CharField(default="")
    subjective = CharField(default="")

    class Meta:
        indexes = (
            (("organisation", "client", "level"), False),  # a visit's candidates
            (("service", "end_date"), False),  # the package list of a service
            (("authorised",), False),  # what waits to be authorised
        )

    @property
    def every(self) -> int:
        """1 for weekly, N for every N weeks, 0 for one-off and yearly."""
        if self.frequency == "Weekly":
            return 1
        return int(self.frequency.split("-")[0]) if self.frequency.endswith("-Weekly") else 0

    @classmethod
    def visible_to(cls, reach):
        """The packages within reach."""
        return cls.select().where(reach.services(cls.service, cls.organisation))


class PackageRate(Table):
    """A further rate of a package, valid from its date (rule 3.2)."""

    package = ForeignKeyField(Package, backref="rates", on_delete="CASCADE")
    from_date = DateField()
    unit_cost = IntegerField()

    class Meta:
        indexes = ((("package", "from_date"), True),)


class TimetableSlot(Table):
    """A planned visit of a package's week (rule 3.4)."""

    package = ForeignKeyField(Package, backref="slots", on_delete="CASCADE")
    weekday = SmallIntegerField()  # 0 is Monday
    entry = IntegerField()
    exit = IntegerField()
    carers = SmallIntegerField(default=1)

    class Meta:
        indexes = ((("package", "weekday", "entry", "exit"), True),)


class StalePackage(Table):
    """A package whose dues are to be worked out anew in every week; the note lives in the change's transaction."""

    package = ForeignKeyField(Package, primary_key=True, on_delete="CASCADE")


# carers ----------------------------------------------------------------------------------------------------------------


class Carer(Table):
    """A provider's member of staff whom its visits name."""

    organisation = ForeignKeyField(Organisation, backref="carers", on_delete="RESTRICT")
    ref = CharField(max_length=100)
    forename = CharField()
    surname = CharField()
    start_date = DateField(null=True)
    end_date = DateField(null=True)

    class Meta:
        indexes = ((("organisation", "ref"), True),)

    @classmethod
    def visible_to(cls, reach):
        """The carers of the organisations within reach."""
        return cls.select().where(reach.organisations(cls.organisation))


# visits ----------------------------------------------------------------------------------------------------------------


class Pays(StrEnum):
    """What a visit type pays or charges on (rule 5.5)."""

    NONE = "none"
    PLANNED = "planned"
    DELIVERED = "delivered"


class VisitType(Table):
    """What happened to a visit, and what is paid and charged for it (rule 5.5)."""

    code = CharField(unique=True, max_length=50)
    name = CharField()
    contract_types = CharField(default="")  # `LWAH`; `not LWAH`; empty for all
    pays = CharField(default=Pays.DELIVERED)
    charges = CharField(default=Pays.DELIVERED)
    needs_delivered = BooleanField(default=True)
    needs_comment = BooleanField(default=False)
    is_retired = BooleanField(default=False)

    @property
    def is_exceptional(self) -> bool:
        """Delivered well beyond plan, or extra, and to be explained: E of the default set (rule 5.11)."""
        return self.needs_delivered and self.needs_comment

    @property
    def is_ordinary(self) -> bool:
        """Delivered about as planned."""
        return self.needs_delivered and not self.needs_comment

    def suits(self, contract_type: str) -> bool:
        """May be used under a contract of this type."""
        rule = self.contract_types.strip()
        if not rule:
            return True
        unwanted = rule.lower().startswith("not ")
        named = [name.strip().lower() for name in (rule[4:] if unwanted else rule).split(",")]
        return (contract_type.lower() in named) != unwanted


class VisitStatus(StrEnum):
    """Where a visit is with its matching (rule 5.9)."""

    NEW = "New"
    MATCHED = "Matched"
    UNMATCHED = "Unmatched"
    MISSING_DATA = "Missing Data"


class VisitValues(Table):
    """A visit as it was sent and read: the columns that a live visit, an earlier version and a staged row share."""

    type = ForeignKeyField(VisitType, null=True, on_delete="RESTRICT", index=False)
    planned_date = DateField(null=True)
    planned_entry = IntegerField(null=True)
    planned_exit = IntegerField(null=True)
    delivered_date = DateField(null=True)
    delivered_entry = IntegerField(null=True)
    delivered_exit = IntegerField(null=True)
    entry_overridden = BooleanField(default=False)
    entry_override_reason = TextField(default="")
    exit_overridden = BooleanField(default=False)
    exit_override_reason = TextField(default="")
    variance_reason = TextField(default="")
    comments = TextField(default="")
    client_ref = CharField(default="")
    ssref = CharField(default="")
    nhs_number = CharField(default="")
    level_ref = CharField(default="")
    level_name = CharField(default="")
    carer_ref = CharField(default="")
    service_ref = CharField(default="")
    service_name = CharField(default="")
    organisation_ref = CharField(default="")
    organisation_name = CharField(default="")
    # what the identifiers meant when they were read
    client = ForeignKeyField(Client, null=True, on_delete="RESTRICT", index=False)
    level = ForeignKeyField(ServiceLevel, null=True, on_delete="RESTRICT", index=False)
    service = ForeignKeyField(Service, null=True, on_delete="RESTRICT", index=False)
    week = DateField(null=True)
    planned_minutes = IntegerField(default=0)
    delivered_minutes = IntegerField(null=True)
    digest = CharField(default="")  # of the values as read: equal means unchanged (rule 5.7)


VISIT_VALUES = [f.name for f in VisitValues._meta.sorted_fields if f.name != "id"]


class Visit(VisitValues):
    """One call, as last sent (rule 5.7). A deleted one keeps its reference."""

    organisation = ForeignKeyField(Organisation, on_delete="RESTRICT", index=False)
    ref = CharField(max_length=50)
    is_deleted = BooleanField(default=False)
    deletion_reason = CharField(default="")
    version = IntegerField(default=1)
    batch = ForeignKeyField(Import, null=True, on_delete="SET NULL", index=False)
    changed_at = DateTimeField(default=utc_now)
    changed_by = CharField(default="")
    status = CharField(default=VisitStatus.NEW)
    reason = CharField(default="")
    package = ForeignKeyField(Package, null=True, backref="visits", on_delete="RESTRICT", index=False)
    paid_minutes = IntegerField(default=0)
    charged_minutes = IntegerField(default=0)

    class Meta:
        indexes = (
            (("organisation", "ref"), True),  # rule 5.7
            (("organisation", "client", "level", "week"), False),  # what is matched afresh together (rule 5.8)
            (("organisation", "week"), False),  # the provider's week
            (("week", "status"), False),  # the officers' list
            (("package", "week"), False),  # an actual's visits
        )

    @classmethod
    def visible_to(cls, reach):
        """The visits within reach, by the service that they name or matched."""
        return cls.select().where(reach.visits(cls))


# A client who was not known gets its visits when the package arrives (rule 5.3).
Visit.add_index(Visit.index(Visit.organisation, Visit.ssref, where=Visit.client.is_null(), name="visit_stranger"))


class VisitVersion(VisitValues):
    """A visit as it was before it was sent again or deleted."""

    visit = ForeignKeyField(Visit, backref="versions", on_delete="CASCADE", index=False)
    version = IntegerField()
    is_deleted = BooleanField(default=False)
    deletion_reason = CharField(default="")
    batch = ForeignKeyField(Import, null=True, on_delete="SET NULL", index=False)
    changed_at = DateTimeField()
    changed_by = CharField(default="")

    class Meta:
        indexes = ((("visit", "version"), True),)


class StagedVisit(VisitValues):
    """A checked row of a visits file, waiting to be taken; of a rejected one only the reference and the cells."""

    # Without keys to other tables, which would be looked up for every row twice: the counters say if one has changed.
    type = IntegerField(null=True, column_name="type_id")
    client = IntegerField(null=True, column_name="client_id")
    level = IntegerField(null=True, column_name="level_id")
    service = IntegerField(null=True, column_name="service_id")
    batch = ForeignKeyField(Import, on_delete="CASCADE", index=False)
    line = IntegerField()
    ref = CharField(default="")
    is_deleted = BooleanField(default=False)
    action = CharField(default="new")  # new, updated, unchanged, deleted, rejected
    visit_id = BigIntegerField(null=True)  # the stored visit of this reference
    cells = TextField(default="")  # the row as it stood, kept for rows with problems only (JSON)

    class Meta:
        primary_key = CompositeKey("batch", "line")


# matching --------------------------------------------------------------------------------------------------------------


class StaleGroup(Table):
    """Visits to be matched afresh together (rule 5.8); the note lives in the transaction of what changed."""

    organisation = ForeignKeyField(Organisation, on_delete="CASCADE", index=False)
    client = ForeignKeyField(Client, on_delete="CASCADE", index=False)
    level = ForeignKeyField(ServiceLevel, on_delete="CASCADE", index=False)
    week = DateField()

    class Meta:
        primary_key = CompositeKey("organisation", "client", "level", "week")


# actuals ---------------------------------------------------------------------------------------------------------------


class Source(StrEnum):
    """Where an actual came from."""

    GENERATED = "generated"
    ENTERED = "entered"
    IMPORTED = "imported"
    VISITS = "visits"


class Actual(Table):
    """What was delivered against a package in a week (rule 4.1)."""

    package = ForeignKeyField(Package, backref="actuals", on_delete="RESTRICT", index=False)
    week = DateField()
    organisation = ForeignKeyField(Organisation, on_delete="RESTRICT", index=False)
    service = ForeignKeyField(Service, on_delete="RESTRICT", index=False)
    actual = IntegerField(default=0)
    frustrated = IntegerField(default=0)
    missed = IntegerField(default=0)
    extra = IntegerField(default=0)
    visits = IntegerField(default=0)
    paid_minutes = IntegerField(default=0)  # of visits only: the exact minutes that are paid (rule 2.3)
    comments = TextField(default="")
    source = CharField(default=Source.ENTERED)
    by_officer = BooleanField(default=False)
    version = IntegerField(default=1)  # the second of two savers is refused (rule 4.8)
    changed_at = DateTimeField(default=utc_now)
    changed_by = CharField(default="")  # empty where visits or the plan made it
    batch = ForeignKeyField(Import, null=True, on_delete="SET NULL", index=False)  # the file that it came in last

    class Meta:
        indexes = ((("package", "week"), True), (("service", "week"), False), (("organisation", "week"), False))

    @classmethod
    def visible_to(cls, reach):
        """The actuals within reach."""
        return cls.select().where(reach.services(cls.service, cls.organisation))


class ActualDay(Table):
    """One row of a daily actual: a quantity on each ticked day (rule 4.5)."""

    actual = ForeignKeyField(Actual, backref="days", on_delete="CASCADE")
    number = SmallIntegerField()
    quantity = IntegerField()
    ticks = SmallIntegerField()  # bit 0 is Monday

    class Meta:
        indexes = ((("actual", "number"), True),)


class IncreaseState(StrEnum):
    """What the authority says to an actual above plan (rule 4.6)."""

    PENDING = "Pending"
    AUTHORISED = "Authorised"
    REFUSED = "Refused"


class Increase(Table):
    """An actual above plan that needs an officer, while that setting is on; up to `agreed` it is paid (rule 4.6)."""

    package = ForeignKeyField(Package, on_delete="RESTRICT", index=False)
    week = DateField()
    organisation = ForeignKeyField(Organisation, on_delete="RESTRICT", index=False)
    state = CharField(default=IncreaseState.PENDING)
    agreed = IntegerField(default=0)  # hundredths of the actual
    asked_at = DateTimeField(default=utc_now)
    reason = TextField(default="")
    by = CharField(default="")
    at = DateTimeField(null=True)

    class Meta:
        indexes = ((("package", "week"), True), (("state", "asked_at"), False))  # the officers' queue

    @classmethod
    def visible_to(cls, reach):
        """The increases within reach."""
        return cls.select().where(reach.organisations(cls.organisation))


class UnplannedState(StrEnum):
    """What became of an unplanned actual (rule 4.6)."""

    PENDING = "Pending"
    ACCEPTED = "Accepted"
    REFUSED = "Refused"


class UnplannedActual(Table):
    """What was delivered at a level that the client has no package for; paid once an officer makes it one (rule 4.6)."""

    organisation = ForeignKeyField(Organisation, on_delete="RESTRICT", index=False)
    service = ForeignKeyField(Service, on_delete="RESTRICT", index=False)
    client = ForeignKeyField(Client, on_delete="RESTRICT", index=False)
    level = ForeignKeyField(ServiceLevel, on_delete="RESTRICT", index=False)
    week = DateField()
    actual = IntegerField(default=0)
    visits = IntegerField(default=0)
    comments = TextField(default="")
    by_officer = BooleanField(default=False)
    version = IntegerField(default=1)
    created_at = DateTimeField(default=utc_now)
    changed_at = DateTimeField(default=utc_now)
    changed_by = CharField(default="")
    state = CharField(default=UnplannedState.PENDING)
    package = ForeignKeyField(Package, null=True, on_delete="RESTRICT", index=False)  # that it was turned into
    reason = TextField(default="")
    by = CharField(default="")
    at = DateTimeField(null=True)

    class Meta:
        indexes = (
            (("service", "week", "client", "level"), True),
            (("state", "created_at"), False),  # the officers' queue
        )

    @classmethod
    def visible_to(cls, reach):
        """The unplanned actuals within reach."""
        return cls.select().where(reach.services(cls.service, cls.organisation))


class ConfirmedWeek(Table):
    """A week that a service has said to be complete (rule 4.10)."""

    service = ForeignKeyField(Service, on_delete="CASCADE", index=False)
    week = DateField()
    by = CharField(default="")
    by_officer = BooleanField(default=False)
    at = DateTimeField(default=utc_now)

    class Meta:
        indexes = ((("service", "week"), True),)


class Reminder(Table):
    """An officer's word to a provider that a week's actuals are still to come (M-38)."""

    service = ForeignKeyField(Service, on_delete="CASCADE", index=False)
    week = DateField()
    text = TextField(default="")
    by = CharField(default="")
    at = DateTimeField(default=utc_now)

    class Meta:
        indexes = ((("service", "week"), False),)


class LockedWeek(Table):
    """A week that the authority has locked for a service (rule 4.7)."""

    service = ForeignKeyField(Service, on_delete="CASCADE")
    week = DateField()
    by = CharField(default="")
    at = DateTimeField(default=utc_now)

    class Meta:
        indexes = ((("service", "week"), True),)


# claims ----------------------------------------------------------------------------------------------------------------


class LongerStay(StrEnum):
    """What a hospital stay of more days than the most gives (rule 8.2)."""

    NOTHING = "nothing"
    FIRST_DAYS = "first days"


class ClaimRule(Table):
    """What a contract type pays of the care missed in hospital, where it is not as rule 8.2 has it (P-18)."""

    contract_type = CharField(unique=True)
    is_paid = BooleanField(default=True)
    percent = IntegerField(default=5000)
    most_days = IntegerField(default=7)
    working_days = BooleanField(default=False)  # Monday to Friday; else calendar days
    longer = CharField(default=LongerStay.NOTHING)


class ClaimState(StrEnum):
    """Where a one-off claim is (rule 8.1)."""

    UNSUBMITTED = "Unsubmitted"
    PENDING = "Pending"
    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class Claim(Table):
    """A payment that a provider asks for outside packages (rule 8.1). Until it is submitted the authority sees none of it."""

    organisation = ForeignKeyField(Organisation, on_delete="RESTRICT", index=False)
    service = ForeignKeyField(Service, on_delete="RESTRICT")
    state = CharField(default=ClaimState.UNSUBMITTED)
    claimed_on = DateField()  # begun, then submitted
    claimant = CharField(default="")
    notes = TextField(default="")
    authority_notes = TextField(default="")
    submitted_at = DateTimeField(null=True)
    asked_at = DateTimeField(null=True)  # since when the authority waits for more evidence
    decided_at = DateTimeField(null=True)
    decided_by = CharField(default="")
    version = IntegerField(default=1)  # the second of two people is told

    class Meta:
        indexes = (
            (("organisation", "claimed_on"), False),  # the provider's year
            (("state", "submitted_at"), False),  # the officers' queue
        )

    @classmethod
    def visible_to(cls, reach):
        """The claims within reach; officers see none that is not submitted (P-13)."""
        condition = reach.services(cls.service, cls.organisation)
        if reach.everything:
            condition &= cls.state != ClaimState.UNSUBMITTED
        return cls.select().where(condition)

    @property
    def is_draft(self) -> bool:
        """Not submitted yet."""
        return self.state == ClaimState.UNSUBMITTED

    @property
    def is_pending(self) -> bool:
        """Waits for the authority's decision."""
        return self.state == ClaimState.PENDING


class ClaimItem(Table):
    """What a claim asks for one client, and what the authority makes of it; both figures stay (rule 8.1)."""

    claim = ForeignKeyField(Claim, backref="items", on_delete="CASCADE")
    organisation = ForeignKeyField(Organisation, on_delete="RESTRICT", index=False)
    contract = ForeignKeyField(Contract, on_delete="RESTRICT")  # in whose oldest current period it is paid
    client = ForeignKeyField(Client, on_delete="RESTRICT")
    level = ForeignKeyField(ServiceLevel, on_delete="RESTRICT", index=False)
    description = TextField(default="")
    quantity = IntegerField(default=100)
    unit_cost = IntegerField(default=0)
    claimed = IntegerField(default=0)  # pence, without VAT
    decided_quantity = IntegerField(null=True)  # where the authority changed it
    decided_unit_cost = IntegerField(null=True)
    included = BooleanField(default=True)
    amount = IntegerField(default=0)  # pence, without VAT: as decided, nothing where it is left out
    authority_notes = TextField(default="")
    # the stay of a hospital incentive (rule 8.2)
    stay_first = DateField(null=True)
    stay_last = DateField(null=True)
    found_first = DateField(null=True)  # as the visits say
    found_last = DateField(null=True)
    dates_reason = TextField(default="")  # why the provider says otherwise
    worked_out = IntegerField(null=True)  # pence
    working = TextField(default="")  # as it was shown to the provider (JSON)
    amount_reason = TextField(default="")  # why the provider claims another amount


class ClaimFile(Table):
    """Evidence: a file that came with an item of a claim."""

    item = ForeignKeyField(ClaimItem, backref="files", on_delete="CASCADE")
    organisation = ForeignKeyField(Organisation, on_delete="RESTRICT", index=False)
    file = ForeignKeyField(File, on_delete="RESTRICT", index=False)
    by = CharField(default="")
    at = DateTimeField(default=utc_now)


class ClaimPost(Table):
    """What the two sides said about a pending claim: the authority asks for evidence, the provider gives it (P-26)."""

    claim = ForeignKeyField(Claim, backref="posts", on_delete="CASCADE")
    organisation = ForeignKeyField(Organisation, on_delete="RESTRICT", index=False)
    by_officer = BooleanField()
    text = TextField()
    by = CharField(default="")
    at = DateTimeField(default=utc_now)


# periods ---------------------------------------------------------------------------------------------------------------


class Finalisation(Table):
    """A period that the authority has finalised for a contract; it cannot be undone (rule 7.1).

    Its sums never change either, and are kept so that a list of periods need not add up all items ever paid.
    """

    contract = ForeignKeyField(Contract, on_delete="RESTRICT")
    period = ForeignKeyField(PaymentPeriod, on_delete="RESTRICT")
    at = DateTimeField(default=utc_now)
    by = CharField(default="")
    amount = BigIntegerField(default=0)  # payable, without VAT
    vat = BigIntegerField(default=0)
    non_payable = BigIntegerField(default=0)
    lines = IntegerField(default=0)
    adjustments = IntegerField(default=0)  # how many of the lines

    class Meta:
        indexes = ((("contract", "period"), True),)


# payments --------------------------------------------------------------------------------------------------------------


class Due(Table):
    """What is due for a package and week (rules 7.2, 7.4), and what was paid for it in finalised periods (rule 7.3).

    A row exists where either is not nothing.
    """

    package = ForeignKeyField(Package, on_delete="RESTRICT", index=False)
    week = DateField()
    contract = ForeignKeyField(Contract, on_delete="RESTRICT", index=False)
    quantity = IntegerField(default=0)
    unit_cost = IntegerField(default=0)
    cost = IntegerField(default=0)
    vat = IntegerField(default=0)
    contribution = IntegerField(default=0)
    paid_cost = IntegerField(default=0)
    paid_vat = IntegerField(default=0)
    paid_contribution = IntegerField(default=0)

    class Meta:
        primary_key = CompositeKey("package", "week")
        indexes = ((("contract", "week"), False),)  # a contract's period


class PackageAsPaid(Table):
    """A package as it stood when its contract was last finalised; an adjustment's reason is judged against it (7.3)."""

    package = ForeignKeyField(Package, primary_key=True, on_delete="CASCADE")
    plan = TextField()


class ItemKind(StrEnum):
    """Kinds of payment item."""

    COST = "cost"
    ADJUSTMENT = "adjustment"
    MANUAL = "manual"
    CONTRIBUTION = "contribution"
    CLAIM = "claim"


class ItemState(StrEnum):
    """What becomes of a payment item (rule 7.5)."""

    PAYABLE = "Payable"
    CANCELLED = "Cancelled"
    SUSPENDED = "Suspended"
    CARRIED = "Carried forward"


class ManualAdjustment(Table):
    """What an officer pays or takes back by hand; it stands in its contract's oldest current period (rule 7.4)."""

    contract = ForeignKeyField(Contract, on_delete="RESTRICT")
    organisation = ForeignKeyField(Organisation, on_delete="RESTRICT", index=False)
    client = ForeignKeyField(Client, null=True, on_delete="RESTRICT", index=False)  # whom it is about, if anybody
    amount = BigIntegerField()  # without VAT; below nothing it is taken back
    with_vat = BooleanField(default=False)
    reason = CharField()
    note = TextField()  # for the provider to read
    by = CharField(default="")
    at = DateTimeField(default=utc_now)
    version = IntegerField(default=1)  # the second of two savers is refused
    key = CharField(unique=True)  # of the form that it came from: sent twice it is added once
    finalisation = ForeignKeyField(Finalisation, null=True, on_delete="RESTRICT")  # which paid it, or cancelled it

    @classmethod
    def visible_to(cls, reach):
        """The manual adjustments of the contracts within reach."""
        return cls.select().where(reach.contracts(cls.contract, cls.organisation))


class Hold(Table):
    """An officer's word that something is not to be paid: kept by package, week and kind, or by manual adjustment, it
    survives recalculation (rule 7.5).

    A finalisation notes on it what it held back; such a hold, once released, stays until that is paid, to say so.
    """

    package = ForeignKeyField(Package, null=True, on_delete="RESTRICT", index=False)
    week = DateField(null=True)
    kind = CharField()  # cost (an adjustment of the week too), contribution, or manual
    adjustment = ForeignKeyField(ManualAdjustment, null=True, unique=True, on_delete="CASCADE")
    state = CharField()
    reason = TextField(default="")
    by = CharField(default="")
    at = DateTimeField(default=utc_now)
    version = IntegerField(default=1)  # grows with each change: nobody releases what a colleague just cancelled
    finalisation = ForeignKeyField(Finalisation, null=True, on_delete="RESTRICT")  # the last that held it back
    amount = BigIntegerField(default=0)  # what was held back there, or cancelled in all, without VAT
    vat = BigIntegerField(default=0)
    released_at = DateTimeField(null=True)
    released_by = CharField(default="")
    release_reason = TextField(default="")

    class Meta:
        indexes = ((("package", "week", "kind"), True),)


class PaymentItem(Table):
    """A line of a finalised period; it never changes."""

    finalisation = ForeignKeyField(Finalisation, backref="items", on_delete="RESTRICT")
    contract = ForeignKeyField(Contract, on_delete="RESTRICT", index=False)
    organisation = ForeignKeyField(Organisation, on_delete="RESTRICT", index=False)
    package = ForeignKeyField(Package, null=True, on_delete="RESTRICT", index=False)
    week = DateField()
    kind = CharField()
    reason = CharField(default="")
    quantity = IntegerField(null=True)  # on cost items only
    unit_cost = IntegerField(null=True)
    amount = IntegerField()
    vat = IntegerField(default=0)
    state = CharField(default=ItemState.PAYABLE)
    note = TextField(default="")
    adjustment = ForeignKeyField(ManualAdjustment, null=True, on_delete="RESTRICT", index=False)  # which it pays
    claim = ForeignKeyField(ClaimItem, null=True, on_delete="RESTRICT", index=False)  # the item of one that it pays

    class Meta:
        indexes = ((("package", "week"), False),)  # what was paid for a week


# orders ----------------------------------------------------------------------------------------------------------------


class PurchaseOrder(Table):
    """What a client's packages under a contract are worth in a financial year, as packages and payments stand (rule 6.1).

    Kept beside the packages so that a county's orders can be listed, sorted and compared with what was issued.
    """

    organisation = ForeignKeyField(Organisation, on_delete="RESTRICT", index=False)
    contract = ForeignKeyField(Contract, on_delete="RESTRICT", index=False)
    client = ForeignKeyField(Client, on_delete="RESTRICT", index=False)
    year = IntegerField()  # the calendar year in which the financial year begins
    value = BigIntegerField(default=0)  # pence of its lines, VAT apart
    digest = CharField(default="")  # of its lines; empty where it has none
    spend = BigIntegerField(default=0)  # pence of finalised items, without VAT and contributions
    version = IntegerField(default=0)  # the one that was issued last; 0 before the first
    issued_at = DateTimeField(null=True)
    issued_value = BigIntegerField(default=0)
    issued_digest = CharField(default="")

    class Meta:
        indexes = (
            (("contract", "client", "year"), True),
            (("organisation", "year"), False),  # a provider's list
            (("year",), False),  # the officers' list
            (("client",), False),  # a client's orders
        )

    @property
    def has_changed(self) -> bool:
        """Was issued, and its lines are other ones now."""
        return self.version > 0 and self.digest != self.issued_digest

    @classmethod
    def visible_to(cls, reach):
        """The orders of the contracts within reach."""
        return cls.select().where(reach.contracts(cls.contract, cls.organisation))


class OrderVersion(Table):
    """An order as it was issued: who, when and why. It never changes."""

    order = ForeignKeyField(PurchaseOrder, backref="versions", on_delete="RESTRICT", index=False)
    number = IntegerField()
    at = DateTimeField(default=utc_now)
    user = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by = CharField(default="")
    reason = TextField(default="")
    value = BigIntegerField(default=0)

    class Meta:
        indexes = ((("order", "number"), True),)


class OrderLine(Table):
    """A line of an order: version 0 as packages stand now, the others as they were issued."""

    order = ForeignKeyField(PurchaseOrder, backref="rows", on_delete="RESTRICT", index=False)
    version = IntegerField(default=0)
    package = ForeignKeyField(Package, on_delete="RESTRICT")
    service = ForeignKeyField(Service, on_delete="RESTRICT", index=False)
    level = ForeignKeyField(ServiceLevel, on_delete="RESTRICT", index=False)
    first = DateField()
    last = DateField()
    quantity = IntegerField()
    frequency = CharField()
    timetabled = BooleanField(default=False)
    unit_cost = IntegerField()
    discount = IntegerField(default=0)
    amount = IntegerField()

    class Meta:
        indexes = ((("order", "version"), False),)


# exports ---------------------------------------------------------------------------------------------------------------


class ExportKind(StrEnum):
    """For which of the authority's own systems a file is."""

    PAYMENTS = "payments"
    CHARGES = "charges"


class Export(Table):
    """A file made for the authority's finance or charging system. Taken again it is the same, byte for byte: it is kept,
    because names and accounting groups that it holds may change later."""

    kind = CharField()
    file = ForeignKeyField(File, on_delete="RESTRICT", index=False)
    job = ForeignKeyField(Job, null=True, on_delete="SET NULL", index=False)
    period = ForeignKeyField(PaymentPeriod, null=True, on_delete="RESTRICT", index=False)  # of payments
    until = DateField(null=True)  # of charges: the last week
    at = DateTimeField(default=utc_now)
    user = ForeignKeyField(User, null=True, on_delete="RESTRICT", index=False)
    by = CharField(default="")
    rows = IntegerField(default=0)
    contracts = IntegerField(default=0)  # of payments
    amount = BigIntegerField(default=0)  # pence: payable without VAT, or the cost that is charged
    vat = BigIntegerField(default=0)
    minutes = BigIntegerField(default=0)  # of charges
    contribution = BigIntegerField(default=0)

    class Meta:
        indexes = ((("kind", "at"), False),)  # the list


class ExportedFinalisation(Table):
    """A finalisation is exported once."""

    finalisation = ForeignKeyField(Finalisation, primary_key=True, on_delete="RESTRICT")
    export = ForeignKeyField(Export, backref="finalisations", on_delete="RESTRICT")


class Charge(Table):
    """What a file charged for a package and week; the sum of a week's rows is what has been charged. It never changes."""

    export = ForeignKeyField(Export, backref="charges", on_delete="RESTRICT")
    package = ForeignKeyField(Package, on_delete="RESTRICT", index=False)
    week = DateField()
    minutes = IntegerField(default=0)
    cost = IntegerField(default=0)  # pence
    contribution = IntegerField(default=0)

    class Meta:
        indexes = ((("package", "week"), False),)


# Few items are of manual adjustments: what became of one, and whether it may be taken away.
PaymentItem.add_index(
    PaymentItem.index(
        PaymentItem.adjustment, where=PaymentItem.adjustment.is_null(False), name="payment_item_adjustment"
    )
)
# reports ---------------------------------------------------------------------------------------------------------------


class PreparedReport(Table):
    """A report too long to wait for, made by a job, for whoever asked and still sees what they saw then."""

    user = ForeignKeyField(User, on_delete="CASCADE")
    organisation = ForeignKeyField(Organisation, null=True, on_delete="RESTRICT", index=False)
    name = CharField()  # of the report, as in its address
    form = CharField()  # csv, xlsx, pdf
    wanted = TextField()  # its parameters (JSON)
    told = TextField()  # the same in words (JSON)
    reach = CharField()  # what the person could see: another reach does not fetch it
    rows_expected = IntegerField(default=0)
    asked_at = DateTimeField(default=utc_now)
    job = ForeignKeyField(Job, null=True, on_delete="SET NULL")
    file = ForeignKeyField(File, null=True, on_delete="SET NULL")
    rows = IntegerField(null=True)
    made_at = DateTimeField(null=True)


# Few are of claims: whether one is paid, and where.
PaymentItem.add_index(
    PaymentItem.index(PaymentItem.claim, where=PaymentItem.claim.is_null(False), name="payment_item_claim")
)


# disputes --------------------------------------------------------------------------------------------------------------


class DisputeState(StrEnum):
    """Where a dispute is (Q)."""

    IN_DISPUTE = "In Dispute"
    REQUESTED = "Resolution Requested"
    RESOLVED = "Resolved"


class Dispute(Table):
    """The authority's question about visits or actuals of one client, and the provider's answer (Q-01)."""

    organisation = ForeignKeyField(Organisation, on_delete="RESTRICT", index=False)
    service = ForeignKeyField(Service, null=True, on_delete="RESTRICT", index=False)
    client = ForeignKeyField(Client, null=True, on_delete="RESTRICT")
    client_words = CharField(default="")  # what was sent for a client who is not known
    state = CharField(default=DisputeState.IN_DISPUTE)
    reason = CharField()  # of the authority's list
    details = TextField(default="")
    response = TextField(default="")
    first = DateField()  # of the rows
    last = DateField()
    due = DateField()  # by when the provider is to answer
    raised_at = DateTimeField(default=utc_now)
    raised_by = CharField(default="")
    requested_at = DateTimeField(null=True)
    requested_by = CharField(default="")
    resolved_at = DateTimeField(null=True)
    resolved_by = CharField(default="")
    version = IntegerField(default=1)  # the second of two people is told

    class Meta:
        indexes = (
            (("organisation", "state"), False),  # the provider's open ones
            (("state", "due"), False),  # the officers' queue
        )

    @classmethod
    def visible_to(cls, reach):
        """The disputes within reach."""
        return cls.select().where(reach.services(cls.service, cls.organisation))

    @property
    def is_open(self) -> bool:
        """Not resolved."""
        return self.state != DisputeState.RESOLVED

    def is_overdue(self, today: dt.date) -> bool:
        """The provider has not answered in time (Q-12)."""
        return self.state == DisputeState.IN_DISPUTE and self.due < today


class DisputeRow(Table):
    """A visit, or a package's week of actuals, that a dispute is about, with its figures when it was raised."""

    dispute = ForeignKeyField(Dispute, backref="rows", on_delete="CASCADE")
    organisation = ForeignKeyField(Organisation, on_delete="RESTRICT", index=False)
    visit = ForeignKeyField(Visit, null=True, on_delete="RESTRICT")
    package = ForeignKeyField(Package, null=True, on_delete="RESTRICT", index=False)  # a visit's, where it was matched
    week = DateField(null=True)
    was = TextField(default="{}")  # JSON
    hold = ForeignKeyField(
        Hold, null=True, on_delete="SET NULL"
    )  # what holds its payment until the dispute is resolved
    hold_version = IntegerField(default=0)

    class Meta:
        indexes = ((("package", "week"), False),)  # which rows of the grid are in dispute


TABLES = [
    Setting, Counter, Organisation, Contact, Person, User, OfficerRole, OldPassword, RecoveryCode,
    OneTimeLink, SignIn, LoginRequest, KeptForm, Throttle, Mail, ServiceLevel, Service, ServiceDetails, LevelAtService,
    Property, PropertyService, Change, Seal, Look, Team, TeamMember, SearchWord, Search,
    Job, File, FileChunk, Message, MessageOrganisation, MessagePerson, MessageRead, MessageThread, MessagePost, PostRead,
    Import, ImportProblem, StagedRow, Client, PaymentCycle, PaymentPeriod, Contract, Accreditation,
    RoleName, Role, ChangeRequest, RequestField, RequestFile, Package,
    PackageRate, TimetableSlot, StalePackage, Carer, VisitType, Visit, VisitVersion, StagedVisit, StaleGroup, Actual,
    ActualDay, Increase, UnplannedActual, ConfirmedWeek, Reminder, LockedWeek, ClaimRule, Claim, ClaimItem, ClaimFile,
    ClaimPost, Finalisation, Due, PackageAsPaid, ManualAdjustment, Hold, PaymentItem, Dispute, DisputeRow,
    PreparedReport, PurchaseOrder, OrderVersion, OrderLine, Export, ExportedFinalisation, Charge,
]  # fmt: skip
