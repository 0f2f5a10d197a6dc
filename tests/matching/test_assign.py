from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.matching.assign import Line, Visit, assign, candidates, used_up_at
from blueprints.money import hours
from blueprints.packages.plan import is_active, planned_quantity
from tests.plans import HOUR, MONDAY, every_day, plan, plans, slot, weeks

LEVEL, OTHER_LEVEL, SERVICE, OTHER_SERVICE = 1, 2, 10, 20


def line(id_=1, level=LEVEL, service=SERVICE, **facts):
    return Line(plan(id=id_, entry="visits", **facts), level, service)


def visit(id_=1, day=0, entry=8.0, exit_=9.0, *, ref=None, level=LEVEL, service=None, minutes=None):
    minutes = round((exit_ - entry) % 24 * 60) if minutes is None else minutes
    start, end = int(entry * HOUR), int(exit_ * HOUR)
    return Visit(id_, ref or f"V{id_}", MONDAY + timedelta(day), start, end, minutes, level, service)


def packages(visits, lines):
    return {id_: cpli for id_, (cpli, _) in assign(visits, lines).items()}


def why(one, lines):
    answer = assign([one], lines)[one.id]
    assert answer[0] is None
    return answer[1]


# Where they go (5.8)


def test_one_candidate_takes_them_all():
    lines = [line(quantity=0), line(2, level=OTHER_LEVEL), line(3, authorised=False), line(4, invoiced=True)]
    assert packages([visit(n, n % 7) for n in range(1, 20)], lines) == dict.fromkeys(range(1, 20), 1)


def test_we_17_two_carers_of_one_package():
    visits = [visit(n, (n - 1) // 2) for n in range(1, 15)]
    assert set(packages(visits, [line(slots=every_day(8, 9, 2))]).values()) == {1}


def test_we_18_a_line_for_the_morning_and_one_for_lunch():
    visits = [visit(n, n - 1) for n in range(1, 8)] + [visit(n, n - 8, 12, 12.5) for n in range(8, 15)]
    morning, lunch = line(7, slots=every_day(8, 9)), line(8, slots=every_day(12, 12.5))
    expected = {n: 7 if n < 8 else 8 for n in range(1, 15)}
    assert packages(visits, [morning, lunch]) == packages(visits, [lunch, morning]) == expected


def test_we_19_an_extra_visit_goes_by_quantity():
    slots, lunch = line(1, slots=every_day(8, 9)), line(2, quantity=75)
    visits = [visit(1, 0), visit(2, 1, 12, 12.75), visit(3, 1)]
    assert packages(visits, [slots, lunch]) == {1: 1, 2: 1, 3: 1}
    seven = [visit(n, n - 1) for n in range(1, 8)]
    assert packages([*seven, visit(8, 6, 12, 12.75)], [slots, lunch])[8] == 2


def test_a_slot_is_taken_by_as_many_as_its_carers():
    double, single = line(1, slots=(slot(0, 8, 9, 2),)), line(2, slots=(slot(0, 8, 9),), start=MONDAY - weeks(1))
    assert packages([visit(n) for n in (1, 2, 3)], [double, single]) == {1: 2, 2: 1, 3: 1}


def test_a_double_slot_takes_two_before_a_quantity_takes_one():
    double, plain = line(5, slots=(slot(0, 8, 9, 2),)), line(1, quantity=9999)
    assert packages([visit(n) for n in (1, 2, 3)], [double, plain]) == {1: 5, 2: 5, 3: 1}


@pytest.mark.parametrize("other", [{"day": 1}, {"entry": 8.5}, {"exit_": 9.5}])
def test_a_slot_has_the_same_weekday_entry_and_exit(other):
    assert packages([visit(1, **other)], [line(1, quantity=9999), line(2, slots=(slot(0, 8, 9),))]) == {1: 1}
    assert packages([visit(1)], [line(1, quantity=9999), line(2, slots=(slot(0, 8, 9),))]) == {1: 2}


def test_quantity_is_used_up_in_order_of_start_then_number():
    lines = [line(10, quantity=100), line(9, quantity=100), line(11, quantity=100, start=MONDAY - weeks(1))]
    assert packages([visit(n, n) for n in range(1, 6)], lines) == {1: 11, 2: 9, 3: 10, 4: 11, 5: 11}


def test_a_quantity_begun_is_not_used_up():
    lines = [line(1, quantity=150), line(2, quantity=150)]
    assert packages([visit(n, n) for n in range(1, 6)], lines) == {1: 1, 2: 1, 3: 2, 4: 2, 5: 1}


def test_visits_go_in_order_of_date_entry_and_ref():
    lines = [line(1, quantity=1), line(2)]
    assert packages([visit(1, 1), visit(2, 0, 9, 10), visit(3, 0)], lines) == {3: 1, 2: 2, 1: 2}
    assert packages([visit(1, ref="B"), visit(2, ref="A")], lines) == {2: 1, 1: 2}
    assert packages([visit(1, ref="V2"), visit(2, ref="V10")], lines) == {2: 1, 1: 2}


def test_part_weeks_and_off_weeks_plan_less():
    ended = line(1, quantity=700, end=MONDAY)
    assert packages([visit(1), visit(2)], [ended, line(2, quantity=100)]) == {1: 1, 2: 2}
    off = line(1, frequency="2-Weekly", every=2, start=MONDAY - weeks(1))
    assert packages([visit(1)], [off, line(2)]) == {1: 2}


def test_a_weeks_quantity_starts_anew_each_week_and_level():
    lines = [line(1, quantity=100), line(2, quantity=100), line(3, level=OTHER_LEVEL, quantity=100)]
    visits = [visit(1), visit(2), visit(3, 7), visit(4, level=OTHER_LEVEL)]
    assert packages(visits, lines) == {1: 1, 2: 2, 3: 1, 4: 3}


def test_a_service_given_narrows_and_its_minutes_count_for_the_others():
    lines = [line(1, quantity=100), line(2, quantity=100, service=OTHER_SERVICE)]
    visits = [visit(1, 0, service=SERVICE), visit(2, 1), visit(3, 2, service=SERVICE)]
    assert packages(visits, lines) == {1: 1, 2: 2, 3: 1}


def test_a_slot_taken_with_the_service_named_is_taken():
    lines = [line(1, slots=(slot(0, 8, 9),)), line(2, quantity=100, service=OTHER_SERVICE)]
    assert packages([visit(1, service=SERVICE), visit(2)], lines) == {1: 1, 2: 2}


def test_an_overnight_visit_belongs_to_its_planned_date():
    lines = [line(1, end=MONDAY + timedelta(6)), line(2, start=MONDAY + weeks(1))]
    assert packages([visit(1, 6, 22, 7)], lines) == {1: 1}
    assert packages([visit(1, 6, 22, 7)], [line(1), line(2, slots=(slot(6, 22, 7),))]) == {1: 2}


def test_candidates_are_in_order_of_start_then_number():
    lines = [line(10), line(9), line(8, start=MONDAY - weeks(1)), line(7, end=MONDAY), line(6, authorised=False)]
    assert [made.id for made in candidates(visit(1, 1), lines)] == [8, 9, 10]


@given(st.integers(0, 20_000))
def test_used_up_is_the_first_minute_whose_hours_reach_the_quantity(quantity):
    minutes = used_up_at(quantity)
    assert hours(minutes) >= quantity
    assert minutes == 0 or hours(minutes - 1) < quantity


# Why not (5.9)


def test_reasons_in_order():
    one = visit(service=SERVICE)
    ended, later = line(2, end=MONDAY - timedelta(1), start=MONDAY - weeks(2)), line(3, start=MONDAY + timedelta(1))
    draft = line(4, authorised=False)
    assert why(one, []) == "client not known"
    assert why(one, [line(level=OTHER_LEVEL)]) == "service level not in the client's packages"
    assert why(one, [line(service=OTHER_SERVICE), line(level=OTHER_LEVEL)]) == "service not in the client's packages"
    assert why(one, [line(invoiced=True), line(invoiced=True, authorised=False)]) == "package is invoiced"
    assert why(one, [line(invoiced=True), draft]) == "package not authorised"
    assert why(one, [ended, later, draft]) == "package not authorised"
    assert why(one, [draft._replace(plan=draft.plan._replace(end=MONDAY - timedelta(1)))]) == "package not authorised"
    assert why(one, [line(invoiced=True), ended, later]) == "before the package starts"
    assert why(one, [later]) == "before the package starts"
    assert why(one, [ended, draft._replace(plan=draft.plan._replace(start=MONDAY + weeks(1)))]) == "after it ends"


def test_a_visit_before_and_one_after():
    lines = [line(start=MONDAY + timedelta(1), end=MONDAY + timedelta(2))]
    answers = assign([visit(n, n) for n in range(4)], lines)
    assert answers == {0: (None, "before the package starts"), 1: (1, ""), 2: (1, ""), 3: (None, "after it ends")}


# Any visits, any packages

lines_of_a_client = st.lists(
    st.builds(Line, plans(), st.sampled_from([LEVEL, LEVEL, OTHER_LEVEL]), st.sampled_from([SERVICE, OTHER_SERVICE])),
    max_size=6,
    unique_by=lambda one: one.plan.id,
)
times = st.sampled_from([(0.0, 1 / 3), (7.0, 9.0), (22.0, 9.0)])
some_visits = st.lists(
    st.builds(
        lambda ref, day, time, level, service: visit(0, day, *time, ref=ref, level=level, service=service),
        st.text("AB1", min_size=1, max_size=3),
        st.integers(-10, 20),
        times,
        st.sampled_from([LEVEL, LEVEL, OTHER_LEVEL]),
        st.sampled_from([None, None, SERVICE, OTHER_SERVICE]),
    ),
    max_size=15,
).map(lambda found: [one._replace(id=n, ref=f"{one.ref}{n}") for n, one in enumerate(found)])


def by_the_words(visits: list[Visit], lines: list[Line]) -> dict:
    """5.8 as it reads, with nothing remembered but what was matched so far."""
    found: dict = {}
    matched: list[tuple[Visit, int]] = []
    for one in sorted(visits, key=lambda v: (v.day, v.entry, v.ref)):
        week = one.day - timedelta(one.day.weekday())
        able = [
            x.plan
            for x in sorted(lines, key=lambda x: (x.plan.start, x.plan.id))
            if x.level == one.level
            and (one.service is None or x.service == one.service)
            and x.plan.authorised
            and not x.plan.invoiced
            and is_active(x.plan, one.day)
        ]

        def free(made, one=one):
            there = [v for v, cpli in matched if cpli == made.id and v[2:5] == one[2:5]]
            return any(s[:3] == (one.day.weekday(), one.entry, one.exit) and len(there) < s.carers for s in made.slots)

        def left(made, week=week):
            used = sum(v.minutes for v, cpli in matched if cpli == made.id and week <= v.day < week + weeks(1))
            return hours(used) < planned_quantity(made, week)

        ways = [made for made in able if free(made)] + [made for made in able if left(made)] + able
        if ways:
            matched.append((one, ways[0].id))
        found[one.id] = ways[0].id if ways else None
    return found


@given(some_visits, lines_of_a_client)
def test_matching_is_what_the_words_say(visits, lines):
    assert packages(visits, lines) == by_the_words(visits, lines)


@given(st.data(), some_visits, lines_of_a_client)
def test_the_order_of_the_input_does_not_matter(data, visits, lines):
    mixed = assign(data.draw(st.permutations(visits)), data.draw(st.permutations(lines)))
    assert mixed == assign(visits, lines)


@given(some_visits, lines_of_a_client)
def test_every_visit_has_one_answer_and_only_where_it_may(visits, lines):
    answers, of = assign(visits, lines), {one.plan.id: one for one in lines}
    assert set(answers) == {one.id for one in visits}
    for one in visits:
        cpli, reason = answers[one.id]
        assert (cpli is None) == bool(reason) == (not candidates(one, lines))
        if cpli is not None:
            found = of[cpli]
            assert is_active(found.plan, one.day) and found.plan.authorised and not found.plan.invoiced
            assert found.level == one.level and one.service in (None, found.service)


@given(some_visits, lines_of_a_client)
def test_weeks_and_levels_do_not_touch_each_other(visits, lines):
    apart: dict = {}
    for key in {(v.level, v.day - timedelta(v.day.weekday())) for v in visits}:
        apart |= assign([v for v in visits if (v.level, v.day - timedelta(v.day.weekday())) == key], lines)
    assert assign(visits, lines) == apart
