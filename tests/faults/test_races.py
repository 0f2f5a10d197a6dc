"""Two processes at the same moment: exactly one wins, the other is told who, nothing is lost, the figures hold.

Each race is run several times; the second process begins a little later each time, so that it meets the first one at
different places.
"""

from __future__ import annotations

import itertools

import pytest

from tests.faults import ledger

# seconds by which the second one is late
WAITS = [0, *(pytest.param(wait, marks=pytest.mark.slow) for wait in (0.005, 0.02, 0.05, 0.1))]


def race(bench, first: str, second: str, wait: float, prepare: str = "") -> tuple[str, list[str]]:
    """Run two verbs at the same moment on a fresh copy; its URL, and what refused each."""
    url = bench.copy()
    if prepare:
        assert bench.processes.must("fast", url, verb=prepare) == ""
    ended = bench.processes.together(
        {"task": "fast", "url": url, "verb": first}, {"task": "fast", "url": url, "verb": second, "wait": wait}
    )
    for one in ended:
        assert not one["error"] and not one["killed"], one
    return url, [one["said"] for one in ended]


def settled(bench, url: str) -> None:
    """The worker has looked; nothing is left and everything holds."""
    bench.processes.must("work", url)
    assert ledger.faults(url) == []


def rows(url: str, statement: str):
    """Rows of a plain query."""
    connection = ledger.connect(url)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize("wait", WAITS)
def test_update_system_pressed_twice(bench, wait):
    url, refusals = race(bench, "press", "press", wait)
    assert refusals == ["", ""]
    assert rows(url, "SELECT COUNT(*) FROM job WHERE kind = 'import-take'") == [(2,)]  # the prepared database has one
    settled(bench, url)
    assert ledger.differing(ledger.outcome(url), bench.undisturbed("apply").outcome) == {}


@pytest.mark.parametrize("wait", WAITS)
def test_two_workers_and_one_job(bench, wait):
    url, refusals = race(bench, "work-take", "work-take", wait, prepare="press")
    assert refusals == ["", ""]
    settled(bench, url)
    assert rows(url, "SELECT tries FROM job WHERE kind = 'import-take'") == [(1,), (1,)]
    assert ledger.differing(ledger.outcome(url), bench.undisturbed("apply").outcome) == {}


@pytest.mark.parametrize("wait", WAITS)
def test_a_worker_whose_lease_ran_out_and_the_one_that_took_over(bench, wait):
    """Both believe that the import is theirs to take: it is taken once."""
    url, refusals = race(bench, "take-anyway", "take-anyway", wait, prepare="press")
    assert refusals == ["", ""]
    settled(bench, url)
    assert rows(url, "SELECT state FROM import WHERE file_name = 'second.csv'") == [("Done",)]
    assert ledger.differing(ledger.outcome(url), bench.undisturbed("apply").outcome) == {}


@pytest.mark.parametrize("wait", WAITS)
def test_two_people_finalise_one_period(bench, wait):
    url, refusals = race(bench, "finalise", "finalise", wait)
    assert all(not r or "has been finalised" in r for r in refusals), refusals
    settled(bench, url)
    assert ledger.differing(ledger.outcome(url), bench.undisturbed("finalise").outcome) == {}


@pytest.mark.parametrize("wait", WAITS)
def test_all_contracts_and_one_of_them_are_finalised(bench, wait):
    url, refusals = race(bench, "finalise", "finalise-last", wait)
    assert all(not r or "has been finalised" in r for r in refusals), refusals
    settled(bench, url)
    assert ledger.faults(url) == []
    assert rows(url, "SELECT COUNT(*) FROM finalisation") == [(4,)]


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("change", ["apply", "change-package", "settle"])
def test_finalising_while_something_changes(bench, change, wait):
    url, refusals = race(bench, "finalise", change, wait)
    assert all(not r or "still being worked out" in r for r in refusals), refusals
    settled(bench, url)
    bench.processes.must("fast", url, verb="finalise")
    settled(bench, url)
    anew = bench.processes.must("anew", url)
    assert anew == [], anew
    paid = "SELECT DISTINCT reason FROM payment_item WHERE kind = 'adjustment' AND state = 'Payable'"
    reasons = {reason for (reason,) in rows(url, paid)}
    assert reasons <= {"rate changed", "visits changed", "package changed"}, reasons


HELD = (
    "Refused: Rose",
    "Refused: Amir Khan",
    "Refused: command line",
    "Refused: The lines have changed",
    "Refused: The period",
)
BY_HAND = (*HELD, "Refused: This is not held any more", "Refused: Nothing is there", "Elsewhere: ")


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("act", ["hold", "release", "adjust", "hold-everything"])
def test_finalising_while_an_officer_holds_releases_or_adjusts(bench, act, wait):
    """Whoever comes second is told, or finds what the first left: what was paid is what the items say, once."""
    url, refusals = race(bench, "finalise", act, wait)
    assert not refusals[0] or "still being worked out" in refusals[0], refusals
    assert not refusals[1] or refusals[1].startswith(BY_HAND), refusals
    settled(bench, url)
    bench.processes.must("fast", url, verb="finalise")
    settled(bench, url)
    anew = bench.processes.must("anew", url)
    assert anew == [], anew


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize(
    "pair", [("hold", "hold"), ("hold-everything", "release"), ("release", "release"), ("adjust", "adjust")]
)
def test_two_officers_at_the_same_lines(bench, pair, wait):
    """One of two serial orders: the second sees what the first did, or is refused and told."""
    url, refusals = race(bench, *pair, wait)
    assert all(not r or r.startswith(BY_HAND) for r in refusals), refusals
    settled(bench, url)
    if pair == ("adjust", "adjust"):
        assert refusals == ["", ""]
        assert rows(url, "SELECT COUNT(*) FROM manual_adjustment WHERE key = 'sent'") == [(1,)]
    if pair == ("release", "release"):
        assert sorted(map(bool, refusals)) == [False, True], refusals


@pytest.mark.parametrize("wait", WAITS)
def test_two_files_of_one_organisation(bench, wait):
    url, refusals = race(bench, "check", "send-and-look", wait)
    told = [r for r in refusals if r]
    assert all(r.startswith("Refused") and ("Greta Finch is reading" in r or "at the same moment" in r) for r in told)
    if wait == 0:
        assert len(told) <= 1, told
    accepted = rows(url, "SELECT COUNT(*) FROM import")[0][0] - 2
    assert accepted == 2 - len(told)
    settled(bench, url)


@pytest.mark.parametrize("wait", WAITS)
def test_changes_noted_while_others_are_settled(bench, wait):
    """No note is lost: a change during settling is settled too, by a job that was queued for it."""
    url, refusals = race(bench, "settle", "change-package", wait)
    assert refusals == ["", ""]
    settled(bench, url)
    assert bench.processes.must("anew", url) == []


@pytest.mark.slow
@pytest.mark.parametrize("wait", [0, 0.02])
def test_every_pair_of_verbs_at_once(bench, wait):
    """Whatever meets whatever: nobody is answered by a failure, and what is left holds."""
    wrong = []
    for first, second in itertools.combinations(("apply", "load-packages", "generate", "change-package", "settle"), 2):
        url, refusals = race(bench, first, second, wait)
        for refusal in refusals:
            if refusal and not refusal.startswith(("Refused", "AssertionError: ('Checked'")):
                wrong.append((first, second, refusal))
        bench.processes.must("work", url)
        if left := ledger.faults(url) + bench.processes.must("anew", url):
            wrong.append((first, second, left))
    assert not wrong


STATE = "SELECT state, decided_by FROM claim"
PAID = "SELECT f.period_id, i.amount FROM payment_item i JOIN finalisation f ON f.id = i.finalisation_id WHERE i.kind = 'claim'"


@pytest.mark.parametrize("wait", WAITS)
def test_two_officers_decide_one_claim(bench, wait):
    url, refusals = race(bench, "accept-claim", "reject-claim", wait)
    ((state, _),) = rows(url, STATE)
    (told,) = [refusal for refusal in refusals if refusal]
    assert f"{state.lower()} this claim" in told and "Nothing was done twice" in told, refusals
    assert rows(url, "SELECT amount FROM claim_item") == [(1234,)]
    settled(bench, url)


@pytest.mark.parametrize("wait", WAITS)
def test_a_claim_taken_back_while_it_is_decided(bench, wait):
    url, refusals = race(bench, "accept-claim", "take-claim-back", wait)
    (told,) = [refusal for refusal in refusals if refusal]
    ((state, by),) = rows(url, STATE)
    assert (state, bool(by)) == (("Accepted", True) if "accepted this claim" in told else ("Unsubmitted", False)), told
    settled(bench, url)


@pytest.mark.parametrize("wait", WAITS)
def test_a_claim_accepted_while_its_period_is_finalised_is_paid_once(bench, wait):
    url, refusals = race(bench, "finalise", "accept-claim", wait)
    assert refusals[1] == "" and (not refusals[0] or "still being worked out" in refusals[0]), refusals
    settled(bench, url)
    for _ in range(2):
        bench.processes.must("fast", url, verb="finalise")
    paid = rows(url, PAID)
    assert [amount for _, amount in paid] in ([], [1234]), paid
    settled(bench, url)


@pytest.mark.parametrize("wait", WAITS)
def test_two_officers_dispute_one_visit(bench, wait):
    url, refusals = race(bench, "raise-dispute", "raise-dispute", wait)
    (told,) = [refusal for refusal in refusals if refusal]
    assert "in a dispute already" in told
    assert rows(url, "SELECT COUNT(*) FROM dispute") == [(1,)]
    assert rows(url, "SELECT state, reason FROM hold WHERE reason LIKE 'In dispute%'") == [
        ("Suspended", "In dispute: Other")
    ]
    settled(bench, url)


@pytest.mark.parametrize("wait", WAITS)
def test_a_dispute_resolved_while_its_period_is_finalised_is_paid_in_it_or_the_next(bench, wait):
    url, refusals = race(bench, "finalise", "resolve-dispute", wait, prepare="raise-dispute")
    assert refusals[1] == "" and (not refusals[0] or "still being worked out" in refusals[0]), refusals
    settled(bench, url)
    assert bench.processes.must("anew", url) == []


@pytest.mark.parametrize("wait", WAITS)
def test_init_twice_at_once(bench, wait):
    url = bench.copies.make("fresh")
    ended = bench.processes.together({"task": "init", "url": url}, {"task": "init", "url": url, "wait": wait})
    assert [one["error"] for one in ended] == [None, None], ended
    assert rows(url, "SELECT COUNT(*) FROM portal_user") == [(1,)]
    assert rows(url, "SELECT COUNT(*) FROM visit_type") == [(7,)]
    assert sum("/set-password/" in one["said"] for one in ended) == 1


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("other", ["accept-request", "reject-request", "withdraw-request"])
def test_a_change_request_is_decided_once(bench, other, wait):
    """Two officers, or an officer and the person who asked: the second is told who was faster (F-13, rule 9.2)."""
    url, refusals = race(bench, "accept-request", other, wait)
    assert sum(bool(r) for r in refusals) == 1 and "this request already" in "".join(refusals), refusals
    [(state,)] = rows(url, "SELECT state FROM change_request WHERE kind = 'contact-new'")
    made = rows(url, "SELECT COUNT(*) FROM contact WHERE surname = 'D’Arcy'")[0][0]
    assert made == (1 if state == "Approved" else 0)
    settled(bench, url)
    assert ledger.faults(url) == []
