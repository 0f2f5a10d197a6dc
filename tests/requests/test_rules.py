"""The mechanism of change requests (rule 9), by the rules alone."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blueprints.history import Actor
from blueprints.requests import kinds, rules
from blueprints.settings import rules as configured
from models import (
    Change,
    ChangeRequest,
    Contact,
    Organisation,
    RequestField,
    RequestState,
    Role,
    Service,
    ServiceDetails,
    User,
    db,
)

OFFICER = Actor(None, "Amir Khan")


@pytest.fixture
def world(cast):
    """Short ways to ask and decide."""
    return Asking(cast)


class Asking:
    """Asks as Greta, decides as Amir."""

    def __init__(self, cast):
        self.cast = cast
        self.by = Actor(cast.finance.id, "Greta Finch")

    def organisation(self) -> Organisation:
        """Oakfield, as stored."""
        return Organisation.get_by_id(self.cast.oakfield.id)

    def ask(self, kind: str = "organisation", row=None, comment: str = "", **wanted) -> ChangeRequest:
        """Send a request."""
        row = row or self.organisation()
        return rules.send(kinds.every()[kind], row, wanted, self.by, self.cast.oakfield.id, comment)

    def contact(self) -> Contact:
        """The manager's contact, as stored."""
        return Contact.get_by_id(self.cast.manager.contact_id)


def state(request) -> str:
    """The state of a request, as stored."""
    return ChangeRequest.get_by_id(request.id).state


@pytest.mark.feature("F-01", "D-02")
def test_nothing_changes_until_it_is_accepted(world):
    sent = world.ask(telephone="01632 960 999")
    assert world.organisation().telephone == "" and sent.state == RequestState.PENDING
    [asked] = rules.asked_of(sent)
    assert (asked.name, asked.before, asked.after) == ("telephone", "", "01632 960 999")
    rules.accept(sent.id, OFFICER)
    assert world.organisation().telephone == "01632 960 999" and state(sent) == "Approved"


@pytest.mark.feature("D-03")
def test_accepting_applies_the_changed_fields_only(world):
    sent = world.ask(name="Oakfield Home Care", telephone="01632 960 999", fax="")
    assert [one.name for one in rules.asked_of(sent)] == ["telephone"], "what equals the record is not asked for"
    Organisation.update(name="Oakfield Care Ltd", mobile="07700 900 100").execute()
    rules.accept(sent.id, OFFICER)
    now = world.organisation()
    assert (now.name, now.mobile, now.telephone) == ("Oakfield Care Ltd", "07700 900 100", "01632 960 999")


@pytest.mark.feature("E-18")
def test_no_change_sends_nothing(world):
    with pytest.raises(rules.Refused, match="not changed anything"):
        world.ask(name="Oakfield Home Care")
    assert not ChangeRequest.select().exists()


def test_pressing_twice_is_one_request(world):
    first, second = world.ask(telephone="1234"), world.ask(telephone="1234")
    assert first.id == second.id and ChangeRequest.select().count() == 1
    rules.withdraw(first.id, world.by)
    assert world.ask(telephone="1234").id != first.id, "once it is decided, the same may be asked again"


@pytest.mark.feature("F-07")
def test_the_comment_belongs_to_the_request(world):
    before = world.contact().__data__.copy()
    sent = world.ask("contact", world.contact(), "new mobile", mobile="07700 900 100")
    rules.accept(sent.id, OFFICER)
    assert ChangeRequest.get_by_id(sent.id).comment == "new mobile"
    assert "new mobile" not in str({k: v for k, v in world.contact().__data__.items() if before.get(k) != v})


# deciding ----------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("F-13", "F-14")
def test_of_two_officers_the_second_is_told(world):
    sent = world.ask(telephone="1234")
    rules.accept(sent.id, OFFICER)
    for late in (lambda: rules.accept(sent.id, Actor(None, "Rita Reed")), lambda: reject(sent)):
        with pytest.raises(rules.Decided, match="Amir Khan has accepted this request already"):
            late()
    assert ChangeRequest.get_by_id(sent.id).decided_by == "Amir Khan"


def reject(sent, reason: str = "Already done", remarks: str = ""):
    """Reject as Amir."""
    return rules.reject(sent.id, OFFICER, reason, remarks)


@pytest.mark.feature("F-14", "F-15", "D-06")
def test_rejecting_needs_a_reason_of_the_list_which_stays_when_it_is_taken_off(world):
    sent = world.ask(telephone="1234")
    with pytest.raises(rules.Refused, match="Choose a reason"):
        reject(sent, "Because")
    assert state(sent) == "Pending"
    reject(sent, "Already done", "See our letter")
    configured.change(OFFICER, {"rejection_reasons": ["Something else"]})
    kept = ChangeRequest.get_by_id(sent.id)
    assert (kept.state, kept.reason, kept.remarks) == ("Rejected", "Already done", "See our letter")
    assert world.organisation().telephone == ""


def test_only_who_asked_withdraws_and_only_while_it_waits(world):
    sent = world.ask(telephone="1234")
    with pytest.raises(rules.Refused, match="Only the person who asked"):
        rules.withdraw(sent.id, Actor(world.cast.manager.id, "Owen Marsh"))
    rules.withdraw(sent.id, world.by)
    assert rules.withdraw(sent.id, world.by).state == "Withdrawn", "pressed twice it is the same"
    other = world.ask(telephone="4321")
    rules.accept(other.id, OFFICER)
    with pytest.raises(rules.Decided):
        rules.withdraw(other.id, world.by)


@pytest.mark.feature("F-14")
def test_a_changed_record_is_a_conflict_of_the_changed_fields_only(world):
    sent = world.ask(telephone="asked", fax="asked too", mobile="and this")
    Organisation.update(telephone="meanwhile", mobile="and this").where(
        Organisation.id == world.cast.oakfield.id
    ).execute()
    with pytest.raises(rules.Conflict) as conflict:
        rules.accept(sent.id, OFFICER)
    [clash] = conflict.value.clashes
    assert (clash.name, clash.before, clash.now, clash.asked) == ("telephone", "", "meanwhile", "asked")
    assert world.organisation().fax == "" and state(sent) == "Pending", "all or nothing"
    rules.accept(sent.id, OFFICER, {"telephone": "now"}, {"telephone": "meanwhile"})
    now = world.organisation()
    assert (now.telephone, now.fax, now.mobile) == ("meanwhile", "asked too", "and this")
    applied = {r.name: r.applied for r in RequestField.select().where(RequestField.request == sent)}
    assert applied["telephone"] is None and applied["fax"] == '"asked too"'


def test_choosing_what_is_asked_for(world):
    sent = world.ask(telephone="asked")
    Organisation.update(telephone="meanwhile").where(Organisation.id == world.cast.oakfield.id).execute()
    rules.accept(sent.id, OFFICER, {"telephone": "asked"}, {"telephone": "meanwhile"})
    assert world.organisation().telephone == "asked"


def test_a_choice_made_of_another_value_does_not_count(world):
    sent = world.ask(telephone="asked")
    Organisation.update(telephone="third").where(Organisation.id == world.cast.oakfield.id).execute()
    with pytest.raises(rules.Conflict):
        rules.accept(sent.id, OFFICER, {"telephone": "asked"}, {"telephone": "second"})


@pytest.mark.feature("D-17")
def test_two_requests_for_one_field_are_both_listed_and_the_later_is_a_choice(world):
    first, second = world.ask(telephone="first"), world.ask(telephone="second")
    assert first.id != second.id
    assert [v for v in rules.pending_values([first, second])["telephone"]] == ["first", "second"]
    rules.accept(first.id, OFFICER)
    with pytest.raises(rules.Conflict):
        rules.accept(second.id, OFFICER)
    rules.accept(second.id, OFFICER, {"telephone": "asked"}, {"telephone": "first"})
    assert world.organisation().telephone == "second"


def test_what_has_vanished_cannot_be_accepted_but_rejected(world):
    role = world.cast.make_role(world.cast.manager, "Service Manager", service=world.cast.north)
    held = kinds.every()["role-remove"].get(ChangeRequest(thing=role.id))
    sent = world.ask("role-remove", held)
    Role.delete().where(Role.id == role.id).execute()
    with pytest.raises(rules.Refused, match="Owen Marsh is not there any more"):
        rules.accept(sent.id, OFFICER)
    reject(sent)
    assert state(sent) == "Rejected"


def test_a_kind_that_is_no_longer_declared_shows_what_was_kept(world):
    sent = world.ask(telephone="1234")
    ChangeRequest.update(kind="gone-kind").where(ChangeRequest.id == sent.id).execute()
    row = ChangeRequest.get_by_id(sent.id)
    assert kinds.of(row.kind).title == "Gone kind"
    with pytest.raises(rules.Refused, match="no longer knows this kind"):
        rules.accept(sent.id, OFFICER)


@pytest.mark.feature("F-17")
def test_who_decided_what_and_when_is_kept(world):
    sent = world.ask("contact", world.contact(), mobile="07700 900 100")
    rules.accept(sent.id, OFFICER)
    row = ChangeRequest.get_by_id(sent.id)
    assert row.decided_by == "Amir Khan" and row.decided_at and row.by == "Greta Finch"
    trail = [(c.what, c.by) for c in Change.select().where(Change.thing == "change_request").order_by(Change.id)]
    assert trail == [("Asked for: Update Contact", "Greta Finch"), ("Accepted: Update Contact", "Amir Khan")]
    from blueprints.contacts import rules as contacts
    from models import ContactState

    contacts.set_state(world.contact(), ContactState.REMOVED, OFFICER)
    assert ChangeRequest.get_by_id(sent.id).thing_name == "Owen Marsh", "never deleted with the record"


# let through at once ------------------------------------------------------------------------------------------------------


def test_a_kind_may_be_let_through_at_once_and_is_recorded(world):
    configured.put("requests at once", ["organisation"])
    sent = world.ask(telephone="01632 960 999")
    row = ChangeRequest.get_by_id(sent.id)
    assert world.organisation().telephone == "01632 960 999"
    assert (row.state, row.at_once, row.by) == ("Approved", True, "Greta Finch")
    assert rules.told_counts(world.cast.finance.id) == {}, "there was no decision to tell of"
    assert world.ask("contact", world.contact(), mobile="0770").state == "Pending", "the setting is by kind"


@pytest.mark.feature("F-12")
def test_a_kind_that_is_off_cannot_be_sent(world):
    configured.put("requests off", ["organisation"])
    with pytest.raises(rules.Refused, match="does not take this kind"):
        world.ask(telephone="1234")


# kinds ---------------------------------------------------------------------------------------------------------------------


def test_every_kind_declares_all_of_itself():
    from blueprints.requests import screens

    for name, kind in kinds.every().items():
        assert kind.name == name and kind.title and kind.fields, name
        form = screens.form_class(kind)
        for method in ("find", "get", "about", "apply"):
            assert getattr(type(kind), method) is not getattr(kinds.Kind, method), f"{name}: {method}"
        if name not in ("contact-new", "role-add", "role-remove", "contact-remove"):
            assert {f.name for f in kind.fields} <= set(dir(form)), name


@pytest.mark.feature("E-22", "E-24", "B-24")
def test_a_new_contact_with_role_and_login(world):
    cast = world.cast
    sent = world.ask(
        "contact-new", cast.oakfield, surname="D’Arcy", forename="Idris", access=True, portal_email="idris@oakfield.example",
        role=[2, f"service-{cast.south.id}", "Service Manager for Oakfield South"],
    )  # fmt: skip
    assert not Contact.select().where(Contact.surname == "D’Arcy").exists()
    rules.accept(sent.id, OFFICER)
    row = Contact.get(Contact.surname == "D’Arcy")
    user = User.get(User.contact == row)
    assert (user.email, user.organisation_id, user.is_active) == ("idris@oakfield.example", cast.oakfield.id, True)
    assert Role.get(Role.contact == row).service_id == cast.south.id
    assert ChangeRequest.get_by_id(sent.id).thing == row.id


def test_anothers_address_is_the_authoritys_to_know(world):
    """A provider learns of a colleague's address, never of one at another organisation; the officer does (11.2)."""
    with pytest.raises(rules.Refused, match="A colleague has a login"):
        world.ask(
            "contact-new", world.cast.oakfield, surname="New", access=True, portal_email="manager@oakfield.example"
        )
    sent = world.ask(
        "contact-new", world.cast.oakfield, surname="New", access=True, portal_email="finance@brookhouse.example"
    )
    with pytest.raises(rules.Refused, match="has a login already"):
        rules.accept(sent.id, OFFICER)
    assert state(sent) == "Pending" and not Contact.select().where(Contact.surname == "New").exists(), "all or nothing"


@pytest.mark.feature("E-21")
def test_the_last_role_removed_by_a_request_ends_the_login(world):
    cast = world.cast
    first = cast.make_role(cast.manager, "Service Manager", service=cast.north)
    second = cast.make_role(cast.manager, "Manager")
    kind = kinds.every()["role-remove"]
    for role, live in ((first, True), (second, False)):
        sent = world.ask("role-remove", kind.get(ChangeRequest(thing=role.id)))
        rules.accept(sent.id, OFFICER)
        assert User.get_by_id(cast.manager.id).is_active is live


@pytest.mark.feature("E-13", "E-14")
@pytest.mark.parametrize("choice", ["Removed", "Deactivated"])
def test_a_contact_is_deleted_or_deactivated_instead(world, choice):
    cast = world.cast
    cast.make_role(cast.manager, "Contact", contract=cast.dapl)
    kind = kinds.every()["contact-remove"]
    warnings = " ".join(kind.warnings(world.contact(), {"state": "Removed"}))
    assert "can not be deleted for the following reason(s): It is being used by a Contract." in warnings
    assert "can not be deactivated for the following reason(s): It is being used by an active Contract." in warnings
    sent = world.ask("contact-remove", world.contact())
    rules.accept(sent.id, OFFICER, instead={"state": choice})
    row = world.contact()
    assert row.state == choice and row.name == "Owen Marsh"
    assert Role.select().where(Role.contact == row).exists() is (choice == "Deactivated")
    assert not User.get_by_id(cast.manager.id).may_sign_in


@pytest.mark.feature("D-16")
def test_tenure_of_an_accommodation_service_is_ignored(world):
    north = Service.get_by_id(world.cast.north.id)
    ServiceDetails.create(service=north, accommodation_based=True)
    sent = world.ask("service-details", north, tenure_types="Leasehold", location="Town")
    assert [one.name for one in rules.asked_of(sent)] == ["location"]


@pytest.mark.feature("E-15")
def test_the_last_who_can_manage_contacts_is_warned_of(world):
    cast = world.cast
    me = Contact.get_by_id(cast.finance.contact_id)
    kind = kinds.every()["contact-remove"]
    assert not any("only person" in text for text in kind.warnings(me, {})), "Owen can manage contacts too"
    Contact.update(permissions="").where(Contact.id == cast.manager.contact_id).execute()
    assert any("Greta Finch is the only person of Oakfield Home Care" in text for text in kind.warnings(me, {}))
    sent = world.ask("contact-remove", me)
    rules.accept(sent.id, OFFICER)
    assert not User.get_by_id(cast.finance.id).may_sign_in, "it can be asked for all the same"


def test_months_ago_keeps_to_the_month():
    assert rules.months_ago(dt.date(2026, 3, 31), 1) == dt.date(2026, 2, 28)
    assert rules.months_ago(dt.date(2024, 3, 31), 1) == dt.date(2024, 2, 29)
    assert rules.months_ago(dt.date(2026, 1, 15), 1) == dt.date(2025, 12, 15)
    assert rules.months_ago(dt.date(2026, 10, 14), 24) == dt.date(2024, 10, 14)


# whatever happens ------------------------------------------------------------------------------------------------------------

FIELDS = ("telephone", "fax", "mobile")
VALUES = st.sampled_from(["", "a", "b", "O’Neill 🌿", "שלום"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.dictionaries(st.sampled_from(FIELDS), VALUES, min_size=1)),
        st.tuples(st.just("officer"), st.dictionaries(st.sampled_from(FIELDS), VALUES, min_size=1, max_size=1)),
        st.tuples(st.just("accept"), st.sampled_from(["now", "asked"])),
        st.tuples(st.just("reject"), st.none()),
        st.tuples(st.just("withdraw"), st.none()),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_the_record_is_what_was_accepted_in_order_and_nothing_else(whole_app, steps):
    """A model beside it: what officers wrote and accepted, in order; asking, rejecting and withdrawing change nothing."""
    from tests.cast import Cast

    with whole_app.app_context(), db.atomic() as transaction:
        try:
            world = Asking(Cast())
            record = dict.fromkeys(FIELDS, "")
            waiting: list[tuple[ChangeRequest, dict, dict]] = []
            for step, detail in steps:
                if step == "ask":
                    differs = {n: v for n, v in detail.items() if v != record[n]}
                    try:
                        sent = world.ask(**detail)
                    except rules.Refused:
                        assert not differs
                        continue
                    assert differs
                    if sent.id not in [w[0].id for w in waiting]:
                        waiting.append((sent, {n: record[n] for n in differs}, differs))
                elif step == "officer":
                    Organisation.update(**detail).where(Organisation.id == world.cast.oakfield.id).execute()
                    record |= detail
                elif waiting:
                    sent, before, asked = waiting.pop(0)
                    if step == "reject":
                        reject(sent)
                    elif step == "withdraw":
                        rules.withdraw(sent.id, world.by)
                    else:
                        clashes = {n: record[n] for n in asked if record[n] not in (before[n], asked[n])}
                        rules.accept(sent.id, OFFICER, dict.fromkeys(clashes, detail), clashes)
                        record |= {n: v for n, v in asked.items() if n not in clashes or detail == "asked"}
                now = world.organisation()
                assert {name: getattr(now, name) for name in FIELDS} == record
        finally:
            transaction.rollback()
