"""Officers' half of disputes: raising, the check list, resolving and reopening, holding payments (Q, O-49, O-54, 7.5)."""

from __future__ import annotations

import datetime as dt

import pytest

from blueprints.disputes import checks, rules, subjects
from blueprints.disputes.checks import Check, Span
from blueprints.holds import rules as holds
from blueprints.payments import rules as payments
from blueprints.reach import Reach
from blueprints.settings import rules as settings
from models import Change, Dispute, DisputeRow, DisputeState, Hold, ItemState, PaymentItem, ServiceLevel, Visit
from tests.cast import MONDAY, at
from tests.disputes import world
from tests.disputes.world import DUE, FINANCE, OFFICER, entered, key, raised, week_key, weekly
from tests.provider_world import add_visit, finalise, queries, settle

TODAY = dt.date(2026, 10, 14)
SPAN = Span(MONDAY)


@pytest.fixture
def officer(client, cast):
    """The browser of an officer with every role."""
    return cast.sign_in(client, cast.officer)


@pytest.fixture
def visits(cast) -> dict[str, Visit]:
    """The visits of the guide's examples."""
    return world.examples(cast)


def text_of(answer) -> str:
    """A page's text."""
    return answer.get_data(as_text=True)


def raise_at(client, *keys: str, reason="Missing Comment", details="Why?", due="21/10/2026"):
    """Send the form that raises disputes."""
    query = "&".join(f"row={one}" for one in keys)
    return client.post(f"/authority/disputes/new?{query}", data={"reason": reason, "details": details, "due": due})


def found(check: Check, span: Span = SPAN) -> list[str]:
    """The titles of what a check finds."""
    listed = checks.find(Reach.whole(), check, span, settings.read(), 100, 0)
    assert listed.count == len(listed.rows) == checks.counts(Reach.whole(), span, settings.read())[check]
    return [subject.title for subject, _ in listed.rows]


# raising ---------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("Q-01")
def test_we_29_disputes_are_raised_from_visits_and_actuals_of_one_client(officer, cast, visits):
    package = weekly(cast)
    entered(package)
    choose = "/authority/disputes/rows"
    assert officer.get(choose).status_code == 200
    page = text_of(officer.get(f"{choose}?client=a100001&first=5/10/2026&last=11/10/2026"))
    for ref in visits:
        assert f"Visit {ref}" in page
    assert "CPLI 156017, week of 05/10/2026" in page  # what the visits feed
    for query, message in (
        ("client=A999&first=5/10/2026&last=6/10/2026", "No client has the SSRef A999"),
        ("client=A100001&first=6/10/2026&last=5/10/2026", "on or after the first one"),
        ("client=A100001&first=5/1/2026&last=5/10/2026", "at most 14 weeks apart"),
        ("client=&first=&last=", "Enter the client"),
    ):
        answer = officer.get(f"{choose}?{query}")
        assert answer.status_code == 422 and message in text_of(answer), query
    form = text_of(officer.get(f"/authority/disputes/new?row={key(visits['PS2'])}&row={week_key(package)}"))
    assert "Raise 2 disputes" in form and "21/10/2026" in form and "paid meanwhile" in form
    answer = raise_at(officer, key(visits["PS2"]), key(visits["PS3"]), week_key(package))
    assert answer.headers["Location"] == "/authority/disputes"
    one, two = Dispute.select().order_by(Dispute.id)
    assert (one.client, one.first, one.last) == (cast.ann, dt.date(2026, 10, 6), dt.date(2026, 10, 7))
    assert (two.client, two.first, two.last) == (cast.bob, MONDAY, dt.date(2026, 10, 11))
    assert one.raised_by == "Amir Khan" and one.due == DUE
    assert "Raised the dispute" in text_of(officer.get(f"/authority/disputes/{one.id}"))


@pytest.mark.feature("Q-01")
def test_rows_that_are_disputed_already_are_told_and_left_out(officer, visits):
    raised(key(visits["PS2"]))
    page = text_of(officer.get(f"/authority/disputes/new?row={key(visits['PS2'])}&row={key(visits['PS3'])}"))
    assert "1 row is in a dispute already and left out" in page
    raise_at(officer, key(visits["PS2"]), key(visits["PS3"]))
    assert Dispute.select().count() == 2 and DisputeRow.select().count() == 2
    again = raise_at(officer, key(visits["PS2"]), key(visits["PS3"]))
    assert again.status_code == 303 and Dispute.select().count() == 2
    assert "Nothing was raised twice" in text_of(officer.get("/authority/disputes"))
    assert officer.get("/authority/disputes/new").status_code == 303
    assert officer.get("/authority/disputes/new?row=v999999&row=x&row=a1-2026-10-06&row=v%C2%B2").status_code == 303


@pytest.mark.feature("Q-10", "Q-11")
def test_reasons_are_the_authoritys_list_with_explanations(officer, visits):
    page = text_of(officer.get(f"/authority/disputes/new?row={key(visits['PS2'])}"))
    for reason in (
        "Actual does not match planned – more detail required", "Actuals query", "Care not delivered",
        "Charged when cancelled in advance", "Client query", "Issue with care provided", "Variation code missing", "Other",
        "Invoice Case", "Reablement / Other Case", "Ceased Care Package", "Client Deceased", "Client Has Gone Private",
        "Client In Hospital", "Client In Respite Care", "Incorrect Data", "Client Disputes Visits Data", "Missing Comment",
    ):  # fmt: skip
        assert f">{reason}</option>" in page, reason
    refused = raise_at(officer, key(visits["PS2"]), reason="Mine own")
    assert refused.status_code == 422 and "Choose the reason from the list" in text_of(refused)
    past = raise_at(officer, key(visits["PS2"]), due="13/10/2026", details="typed")
    assert past.status_code == 422 and "Enter a date from 14/10/2026 on" in text_of(past) and "typed" in text_of(past)
    settings.put("dispute_reasons", ["Odd: It looks odd to us."])
    page = text_of(officer.get(f"/authority/disputes/new?row={key(visits['PS2'])}"))
    assert ">Odd</option>" in page and "It looks odd to us." in page
    raise_at(officer, key(visits["PS2"]), reason="Odd")
    settings.put("dispute_reasons", ["Other"])
    assert "Odd" in text_of(officer.get(f"/authority/disputes/{Dispute.get().id}"))  # it stays with its dispute


@pytest.mark.feature("Q-12")
def test_the_days_to_answer_are_the_authoritys(officer, visits):
    settings.put("dispute_days", 10)
    assert "24/10/2026" in text_of(officer.get(f"/authority/disputes/new?row={key(visits['PS2'])}"))
    late = raised(key(visits["PS2"]))
    Dispute.update(due=dt.date(2026, 10, 13)).execute()
    home = text_of(officer.get("/authority/"))
    assert "dispute overdue" in home
    assert "Overdue" in text_of(officer.get("/authority/disputes?status=overdue"))
    page = text_of(officer.get(f"/authority/disputes/{late.id}"))
    assert f"/authority/visits/{visits['PS2'].id}/deletion" in page  # the authority acts
    assert "Overdue" in page


# the check list --------------------------------------------------------------------------------------------------------


@pytest.mark.feature("O-49")
def test_missing_comments(cast, visits):
    package = weekly(cast)
    entered(package, missed=50)
    assert found(Check.COMMENTS) == ["Visit PS2", "Visit PS3", "CPLI 156040, week of 05/10/2026"]
    Visit.update(comments="She fell").where(Visit.ref == "PS2").execute()
    assert found(Check.COMMENTS) == ["Visit PS3", "CPLI 156040, week of 05/10/2026"]
    assert found(Check.COMMENTS, Span(MONDAY, cast.brookhouse.id)) == []
    assert found(Check.COMMENTS, Span(MONDAY - dt.timedelta(7))) == []


@pytest.mark.feature("O-49")
@pytest.mark.parametrize(("minutes", "listed"), [(119, []), (120, ["Visit L"])])
def test_over_time(cast, minutes, listed):
    add_visit(cast, "L", delivered_exit=at(8) + minutes * 60, delivered_minutes=minutes)
    settle(cast)
    assert found(Check.OVER) == listed


@pytest.mark.feature("O-49")
def test_delivered_while_in_hospital(cast):
    def visit(ref, day, hour, kind):
        add_visit(cast, ref, day=MONDAY + dt.timedelta(day), start=at(hour), minutes=30, kind=kind)

    visit("before", 0, 8, "DHS")  # on the day of admission, before it
    visit("in", 0, 18, "H")
    visit("between", 1, 8, "DHS")
    visit("still", 1, 18, "H")
    visit("home", 2, 18, "DHS")
    settle(cast)
    assert found(Check.HOSPITAL) == ["Visit between"]


@pytest.mark.feature("O-49")
def test_unmatched_and_excluded_levels(cast):
    other = ServiceLevel.create(ref="REA", name="Reablement", unit="Hours", paid_on="actuals", entry="visits",
                                visits_wanted=False)  # fmt: skip
    add_visit(cast, "R", level=other, level_name="Reablement")
    settle(cast)
    assert found(Check.UNMATCHED) == ["Visit R"] and found(Check.EXCLUDED) == ["Visit R"]


@pytest.mark.feature("O-42", "O-49")
@pytest.mark.parametrize(("start", "said", "listed"), [
    (at(10), "", ["Visit F"]), (at(8, 59), "", []), (at(9), "", ["Visit F"]), (at(7), "", ["Visit F"]),
    (at(10), "She asked for it", []),
])  # fmt: skip
def test_delivered_far_from_plan_without_a_comment(cast, start, said, listed):
    add_visit(cast, "F", delivered_entry=start, delivered_exit=start + 3600, comments=said)
    settle(cast)
    assert found(Check.FAR) == listed


@pytest.mark.feature("O-54")
def test_repeated_undeliverable_visits(cast):
    for n, days in enumerate((20, 10, 0)):
        add_visit(cast, f"U{n}", day=MONDAY + dt.timedelta(3 - days), kind="U", comments="No answer")
    add_visit(cast, "C1", day=MONDAY, start=at(9), kind="C")  # late cancellations are another thing
    settle(cast)
    assert found(Check.REPEATED) == ["Visit U0", "Visit U1", "Visit U2"]
    settings.put("repeated_undeliverable", 4)
    assert found(Check.REPEATED) == []
    settings.put("repeated_undeliverable", 2)
    settings.put("repeated_days", 14)
    assert found(Check.REPEATED) == ["Visit U2", "Visit U1"] or set(found(Check.REPEATED)) == {"Visit U1", "Visit U2"}


@pytest.mark.feature("O-43", "O-49")
def test_disputes_are_raised_from_rows_of_the_check_list(officer, visits, cast):
    page = text_of(officer.get("/authority/disputes/check-list"))
    assert "Check list, week of 5 October 2026" in page and "Missing comments (2)" in page
    assert f'value="{key(visits["PS2"])}"' in page and 'name="reason" value="Missing Comment"' in page
    raise_at(officer, key(visits["PS2"]))
    page = text_of(officer.get("/authority/disputes/check-list"))
    assert f'value="{key(visits["PS2"])}"' not in page and "In dispute" in page
    far = text_of(officer.get("/authority/disputes/check-list?check=far-from-plan&week=9/10/2026"))
    assert "Visit PS5" in far
    assert officer.get("/authority/disputes/check-list?week=soon").status_code == 422
    assert "Nothing is found" in text_of(officer.get("/authority/disputes/check-list?check=in-hospital"))


def test_the_check_list_costs_the_same_at_twelve_rows_as_at_three(officer, cast):
    for n in range(3):  # as many as make a client listed for them
        add_visit(cast, f"T{n}", kind="U", start=at(1 + n))
    settle(cast)
    one, _ = queries(lambda: officer.get("/authority/disputes/check-list"))
    for n in range(9):
        add_visit(cast, f"U{n + 1}", kind="U", start=at(9 + n))
    settle(cast)
    assert queries(lambda: officer.get("/authority/disputes/check-list"))[0] <= one


# deciding --------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("Q-08")
def test_the_authority_resolves_or_reopens_with_a_remark(officer, visits):
    dispute = raised(key(visits["PS2"]))
    rules.request_resolution(dispute, "The carer waited", None, FINANCE, True)
    page = text_of(officer.get(f"/authority/disputes/{dispute.id}"))
    assert "The carer waited" in page and "Reopen" in page and "Resolve" in page
    version = Dispute.get().version
    empty = officer.post(f"/authority/disputes/{dispute.id}/reopening",
                         data={"version": version, "remark": "", "due": "21/10/2026"})  # fmt: skip
    assert empty.status_code == 422 and "Enter what is still open" in text_of(empty)
    answer = officer.post(f"/authority/disputes/{dispute.id}/reopening",
                          data={"version": version, "remark": "Which carer?", "due": "28/10/2026"})  # fmt: skip
    assert answer.status_code == 303
    now = Dispute.get()
    assert (now.state, now.details, now.due) == ("In Dispute", "Why?\nWhich carer?", dt.date(2026, 10, 28))
    # From either state it can be resolved, and then leaves the list.
    officer.post(f"/authority/disputes/{dispute.id}/resolution", data={"version": now.version, "remark": "By phone"})
    assert Dispute.get().state == DisputeState.RESOLVED
    assert "No disputes are open." in text_of(officer.get("/authority/disputes"))
    assert "By phone" in text_of(officer.get(f"/authority/disputes/{dispute.id}"))
    version = Dispute.get().version
    officer.post(f"/authority/disputes/{dispute.id}/reopening",
                 data={"version": version, "remark": "Once more", "due": "28/10/2026"})  # fmt: skip
    assert Dispute.get().state == DisputeState.IN_DISPUTE and Dispute.get().resolved_at is None


@pytest.mark.feature("Q-16")
def test_the_list_of_all_disputes_with_its_filters_and_bulk_resolve(officer, cast, visits):
    one, two = raised(key(visits["PS2"])), raised(key(visits["PS3"]), reason="Incorrect Data")
    rules.request_resolution(two, "Sorry", None, FINANCE, True)
    for query, there in (
        ("", {one, two}), ("?status=In+Dispute", {one}), ("?status=Resolution+Requested", {two}), ("?status=overdue", set()),
        ("?reason=Incorrect+Data", {two}), (f"?organisation={cast.oakfield.id}", {one, two}),
        (f"?organisation={cast.brookhouse.id}", set()), ("?client=archer", {one, two}), ("?client=zed", set()),
        ("?status=all&sort=-raised&page=9", {one, two}),
    ):  # fmt: skip
        page = text_of(officer.get(f"/authority/disputes{query}"))
        assert {d for d in (one, two) if f'"/authority/disputes/{d.id}"' in page} == there, query
    assert text_of(officer.get("/authority/disputes?format=csv")).count("\n") == 3
    shown = [f"{d.id}-{Dispute.get_by_id(d.id).version}" for d in (one, two)]
    rules.answer(one, "We look into it", None, FINANCE)  # changed meanwhile
    officer.post("/authority/disputes/resolutions", data={"dispute": shown})
    states = [Dispute.get_by_id(d.id).state for d in (one, two)]
    assert states == [DisputeState.IN_DISPUTE, DisputeState.RESOLVED]
    page = text_of(officer.get("/authority/disputes"))
    assert "1 dispute is resolved." in page and "1 dispute was changed or resolved meanwhile and left alone" in page
    officer.post("/authority/disputes/resolutions", data={"dispute": ["x", "9-9-9", ""]})
    assert "Tick the disputes" in text_of(officer.get("/authority/disputes"))


def test_an_open_dispute_can_be_changed(officer, visits):
    dispute = raised(key(visits["PS2"]))
    address = f"/authority/disputes/{dispute.id}/edit"
    sent = {"version": dispute.version, "reason": "Incorrect Data", "details": "Times?", "due": "30/10/2026"}
    assert officer.post(address, data=sent).status_code == 303
    now = Dispute.get()
    assert (now.reason, now.details, now.due) == ("Incorrect Data", "Times?", dt.date(2026, 10, 30))
    late = officer.post(address, data={**sent, "details": "Mine"})
    assert late.status_code == 422 and "Amir Khan changed this dispute" in text_of(late) and "Mine" in text_of(late)
    rules.resolve(dispute, "", None, OFFICER)
    assert officer.get(address).status_code == 303


def test_disputes_begin_from_a_visit_the_search_and_a_packages_week(officer, cast, visits):
    page = text_of(officer.get(f"/authority/visits/{visits['PS2'].id}"))
    assert f"/authority/disputes/new?row={key(visits['PS2'])}" in page
    listed = text_of(officer.get("/authority/visits?client=A100001"))
    assert 'action="/authority/disputes/new"' in listed and f'value="{key(visits["PS2"])}"' in listed
    week = text_of(officer.get(f"/authority/payments/packages/{cast.package.id}/weeks/2026-10-05"))
    assert f"/authority/disputes/new?row={week_key(cast.package)}" in week
    raised(key(visits["PS2"]))
    assert "This visit is in dispute." in text_of(officer.get(f"/authority/visits/{visits['PS2'].id}"))


def test_a_visit_of_a_stranger_can_be_disputed(officer, cast):
    stranger = add_visit(cast, "S1", client=None, ssref="A199999", status="Unmatched", reason="client not known")
    raise_at(officer, key(stranger), reason="Incorrect Data")
    assert Dispute.get().client_words == "client not known (A199999)" and Dispute.get().client is None
    assert officer.get(f"/authority/disputes/{Dispute.get().id}").status_code == 200


def test_who_may_only_read_looks_on(app, cast, visits):
    reader = cast.sign_in(app.test_client(), cast.reader)
    dispute = raised(key(visits["PS2"]))
    page = text_of(reader.get(f"/authority/disputes/{dispute.id}"))
    assert "Visit PS2" in page and ">Resolve<" not in page
    assert raise_at(reader, key(visits["PS3"])).status_code == 403


def test_two_officers_resolve_one_dispute(visits):
    dispute = raised(key(visits["PS2"]))
    version = dispute.version
    rules.resolve(dispute, "", version, OFFICER)
    with pytest.raises(rules.Overtaken, match="Amir Khan resolved this dispute"):
        rules.resolve(dispute, "", version, FINANCE)
    with pytest.raises(rules.Overtaken, match="Nothing was changed"):
        rules.request_resolution(dispute, "late", version, FINANCE, True)
    assert Change.select().where(Change.what == "Resolved the dispute").count() == 1


# holding (rule 7.5) ----------------------------------------------------------------------------------------------------


def held(cast, period: int = 1) -> dict[str, tuple[int, str]]:
    """(pence, note) of what a period does not pay, by state."""
    listed = payments.items(cast.dapl, cast.periods[period])
    return {str(i.state): (i.amount, i.note) for i in listed if not i.is_payable}


@pytest.mark.feature("Q-14")
def test_disputed_rows_are_paid_unless_the_authority_holds_them(officer, cast, visits):
    raise_at(officer, key(visits["PS2"]))
    assert held(cast) == {} and not Hold.select().exists()
    settings.put("hold_disputed", True)
    assert "is held until the dispute is resolved" in text_of(
        officer.get(f"/authority/disputes/new?row={key(visits['PS3'])}")
    )
    raise_at(officer, key(visits["PS3"]))
    due = 8129  # two hours, an hour as planned, half an hour at £23.2260
    assert held(cast) == {"Suspended": (due, "In dispute: Missing Comment")}
    page = text_of(officer.get(f"/authority/disputes/{Dispute.select().order_by(Dispute.id.desc()).get().id}"))
    assert "Held" in page
    rules.resolve(Dispute.select().order_by(Dispute.id.desc()).get(), "", None, OFFICER)
    assert held(cast) == {} and not Hold.select().exists()


@pytest.mark.feature("Q-14")
def test_what_is_held_follows_what_is_due_and_comes_back_in_a_later_period(cast, visits):
    finalise(cast, 0)
    dispute = raised(key(visits["PS5"]), hold=True)
    Visit.update(delivered_minutes=60).where(Visit.ref == "PS5").execute()
    settle(cast)
    assert held(cast)["Suspended"][0] == 9290
    finalise(cast, 1)
    assert PaymentItem.select().where(PaymentItem.state == ItemState.SUSPENDED).get().amount == 9290
    assert not [
        i for i in payments.items(cast.dapl, cast.periods[2]) if i.package == cast.package.id and i.week == MONDAY
    ]
    rules.resolve(dispute, "", None, OFFICER)
    (back,) = [
        i for i in payments.items(cast.dapl, cast.periods[2]) if i.package == cast.package.id and i.week == MONDAY
    ]
    assert (back.amount, back.state, back.reason) == (9290, "Payable", "released")


def test_two_disputes_about_one_week_hold_it_until_both_are_resolved(cast, visits):
    one, two = raised(key(visits["PS2"]), hold=True), raised(key(visits["PS3"]), hold=True)
    rules.resolve(one, "", None, OFFICER)
    assert held(cast)
    rules.resolve(two, "", None, OFFICER)
    assert not held(cast)
    rules.reopen(two, "More", DUE, None, OFFICER, True)
    assert held(cast)


def test_what_an_officer_holds_by_hand_stays_as_it_is(cast, visits):
    contract, period = cast.dapl, cast.periods[1]
    wanted = holds.Wanted(client=cast.ann.id)
    shown = holds.find(contract, period, wanted).shown
    holds.hold(contract, period, wanted, ItemState.CANCELLED, "Paid elsewhere", shown, OFFICER)
    dispute = raised(key(visits["PS2"]), hold=True)
    assert list(held(cast)) == ["Cancelled"]
    rules.resolve(dispute, "", None, OFFICER)
    assert list(held(cast)) == ["Cancelled"]


def test_a_hold_that_an_officer_changed_is_not_released_by_the_dispute(cast, visits):
    dispute = raised(key(visits["PS2"]), hold=True)
    wanted = holds.Wanted(client=cast.ann.id)
    shown = holds.find(cast.dapl, cast.periods[1], wanted).shown
    holds.hold(cast.dapl, cast.periods[1], wanted, ItemState.CANCELLED, "Not ours", shown, OFFICER)
    rules.resolve(dispute, "", None, OFFICER)
    assert list(held(cast)) == ["Cancelled"]


def test_the_officers_home_says_what_waits(officer, visits):
    dispute = raised(key(visits["PS2"]))
    rules.request_resolution(dispute, "Done", None, FINANCE, True)
    assert "dispute with a resolution requested" in text_of(officer.get("/authority/"))


def test_the_list_costs_the_same_at_ten_as_at_one(officer, cast, visits):
    raised(key(visits["PS2"]))
    officer.get("/authority/disputes")
    one, _ = queries(lambda: officer.get("/authority/disputes"))
    for n in range(9):
        Dispute.create(
            organisation=cast.oakfield, service=cast.north, client=cast.bob, client_words=f"Bob {n}", reason="Other",
            first=MONDAY, last=MONDAY, due=MONDAY,
        )  # fmt: skip
    assert queries(lambda: officer.get("/authority/disputes"))[0] <= one


def test_keys_that_are_none_are_passed_over():
    assert subjects.keys_of(["v1", "v", "vx", "a1-2026-10-05", "a1-2026-10-06", "a1", "", "v9999999999999"]) == (
        {1}, {(1, MONDAY)}
    )  # fmt: skip
