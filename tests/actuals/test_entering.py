"""Actuals by hand: what is saved, refused, priced, and told to a second saver (rules 4.1, 4.2, 4.6 to 4.8, 4.11)."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.actuals import entering, increases, posting, rules, several, sums, unplanned
from blueprints.actuals.entering import Clash, Closed, Figures, Seen
from blueprints.actuals.sums import DailyRow
from blueprints.facts import Faulty
from blueprints.history import Actor
from blueprints.settings import rules as settings
from models import Actual, ActualDay, Change, Due, Increase, Package, PackageRate, ServiceLevel, UnplannedActual
from tests.actuals import world
from tests.actuals.world import BY, EVERY_DAY, OFFICER, actual, facts, save, terms
from tests.cast import MONDAY
from tests.provider_world import add_visit, settle

SETTER = Actor(None, "officer")


@pytest.fixture
def lines(cast):
    return world.make(cast)


def due(package, week=MONDAY) -> int:
    """Pence due for a package and week."""
    row = Due.get_or_none((Due.package == package) & (Due.week == week))
    return row.cost if row else 0


# what is saved ---------------------------------------------------------------------------------------------------------


@pytest.mark.feature("M-16", "M-18", "M-21", "M-22")
def test_we_03_a_missed_hour_balances_and_is_paid_at_once(cast, lines):
    save(lines.ann, 1400, 0, 0, 0, 14)
    assert due(lines.ann) == 22_624
    save(lines.ann, 1300, 0, 100, 0, 14, "Carer ill")
    assert facts(actual(lines.ann)) == (1300, 0, 100, 0, 14, "Carer ill", "entered")
    assert due(lines.ann) == 21_008  # not £193.92, which counts missed twice (4.2)
    save(lines.ann, 1500, 0, 0, 100, 15, "Extra hour agreed, VC12")
    assert due(lines.ann) == 24_240


@pytest.mark.feature("M-14")
def test_frustrated_is_paid_unless_the_level_does_not_use_it(cast, lines):
    save(lines.ann, 1300, 100, 0, 0, 14, "Not at home")
    assert due(lines.ann) == 22_624
    ServiceLevel.update(frustrated_allowed=False).where(ServiceLevel.id == lines.domestic.id).execute()
    with pytest.raises(Faulty) as refused:
        save(lines.ann, 1200, 200, 0, 0, 14, "Not at home")
    assert refused.value.faults[0].field == "frustrated" and "Domestic Support" in refused.value.faults[0].message
    assert actual(lines.ann).frustrated == 100


@pytest.mark.feature("M-25")
def test_a_comment_is_wanted_on_every_change_away_from_plan(cast, lines):
    save(lines.ann, 1400)
    for figures in ((1300, 0, 100, 0), (1400, 100, 100, 0), (1400, 0, 0, 100), (1400, 0, 100, 0), (1500, 0, 0, 0)):
        with pytest.raises(Faulty) as refused:
            save(lines.ann, *figures)
        assert [f.field for f in refused.value.faults] == ["comments"]
        with pytest.raises(Faulty):
            save(lines.ann, *figures, 0, "  \n ")
    settings.change(SETTER, {"comments_on_change": False})
    assert save(lines.ann, 1300, 0, 100, 0).changed


def test_saving_the_same_twice_changes_nothing_and_needs_no_version(cast, lines):
    assert save(lines.ann, 1300, 0, 100, 0, 14, "Carer ill", version=0).changed
    entries = Change.select().count()
    assert not save(lines.ann, 1300, 0, 100, 0, 14, "Carer ill ", version=0).changed
    assert Change.select().count() == entries and actual(lines.ann).version == 1


def test_what_was_generated_and_saved_as_it_is_stays_generated(cast, lines):
    rules.generate(cast.north, [MONDAY], BY)
    assert not save(lines.ann, 1400).changed
    assert actual(lines.ann).source == "generated"


def test_a_week_with_two_rates_is_paid_at_their_mean(cast, lines):
    PackageRate.create(package=lines.ann, from_date=MONDAY + dt.timedelta(3), unit_cost=175_600)
    save(lines.ann, 700, 0, 700, 0, 7, "Half")
    assert due(lines.ann) == round(7 * (3 * 16.16 + 4 * 17.56) / 7 * 100)


@pytest.mark.feature("M-30")
def test_history_keeps_who_and_what(cast, lines):
    save(lines.ann, 1400)
    save(lines.ann, 1300, 0, 100, 0, 14, "Carer ill", by=Actor(None, "Owen Marsh"))
    row = actual(lines.ann)
    entries = list(Change.select().where((Change.thing == "actual") & (Change.thing_id == row.id)).order_by(Change.id))
    assert [(e.what, e.by) for e in entries] == [
        ("Entered an actual", "Greta Finch"),
        ("Changed an actual", "Owen Marsh"),
    ]
    assert '"actual": "14"' in entries[1].before and '"actual": "13"' in entries[1].after
    assert entries[1].organisation_id == cast.oakfield.id and row.changed_by == "Owen Marsh" and row.version == 2


def test_an_officer_enters_for_a_provider_and_the_row_says_so(cast, lines):
    save(lines.ann, 1300, 0, 100, 0, 0, "By telephone", by=OFFICER, officer=True)
    assert actual(lines.ann).by_officer
    save(lines.ann, 1400, 0, 0, 0, 0, "It was delivered after all")
    assert not actual(lines.ann).by_officer


# what is refused -------------------------------------------------------------------------------------------------------


@pytest.mark.feature("M-12")
def test_steps_of_a_quarter_and_whole_sessions(cast, lines):
    sessions = world.line(cast, 1010, cast.ann, lines.sessions, 300)
    settings.change(SETTER, {"quarter_steps": True})
    with pytest.raises(Faulty) as refused:
        save(lines.ann, 1310, 0, 90, 0, 0, "Late")
    assert {f.field for f in refused.value.faults} == {"actual", "missed"} and "0.25" in str(refused.value)
    assert save(lines.ann, 1325, 0, 75, 0, 0, "Late").changed
    settings.change(SETTER, {"whole_sessions": True})
    with pytest.raises(Faulty) as refused:
        save(sessions, 250, 0, 0, 0, 0, "Half a day")
    assert refused.value.faults[0].message == "Enter a whole number: 2.5 is not one"
    assert save(lines.ann, 1350, 0, 50, 0, 0, "Late").changed, "hours keep their quarters"


@pytest.mark.feature("M-41")
def test_what_comes_from_visits_is_not_entered(cast, lines):
    with pytest.raises(Closed, match="comes from visits"):
        save(cast.package, 700)
    add_visit(cast, "V1")
    settle(cast)
    with pytest.raises(Closed, match="correct the visits"):
        save(cast.package, 700, 0, 0, 0, 7, "By hand")
    assert actual(cast.package).source == "visits"


@pytest.mark.feature("M-36")
def test_a_locked_week_is_closed_to_the_provider_and_open_to_the_authority(cast, lines):
    save(lines.ann, 1400)
    assert posting.lock([cast.north], MONDAY, OFFICER) == 1
    assert posting.lock([cast.north], MONDAY, OFFICER) == 0
    with pytest.raises(Closed, match="locked"):
        save(lines.ann, 1300, 0, 100, 0, 0, "Late")
    assert actual(lines.ann).actual == 1400
    assert save(lines.ann, 1300, 0, 100, 0, 0, "Late", officer=True).changed
    assert posting.unlock([cast.north], MONDAY, OFFICER) == 1
    assert save(lines.ann, 1400, 0, 0, 0, 0, "It was").changed
    assert settings.stamp(f"locks:{cast.oakfield.id}").endswith("=2"), "the visits import reads it"


def test_only_in_weeks_of_an_authorised_active_package_and_not_far_ahead(cast, lines):
    Package.update(end_date=MONDAY - dt.timedelta(1)).where(Package.id == lines.ann.id).execute()
    with pytest.raises(Closed, match="not active on any day"):
        save(lines.ann, 1400)
    Package.update(end_date=None, authorised=False).where(Package.id == lines.ann.id).execute()
    with pytest.raises(Closed, match="not authorised"):
        save(lines.ann, 1400)
    Package.update(authorised=True).where(Package.id == lines.ann.id).execute()
    with pytest.raises(Closed, match="4 weeks ahead"):
        save(lines.ann, 1400, week=MONDAY + dt.timedelta(42))
    assert save(lines.ann, 1400, week=MONDAY + dt.timedelta(35)).changed
    with pytest.raises(Closed, match="No actuals"):
        save(world.line(cast, 1020, cast.ann, lines.domestic, 100, frequency="One-off"), 100)


# two people, and a plan that moves ---------------------------------------------------------------------------------------


@pytest.mark.feature("M-23")
def test_the_second_saver_is_told_both_values_and_loses_nothing(cast, lines):
    save(lines.ann, 1300, 0, 100, 0, 13, "Carer ill")
    save(lines.ann, 1200, 0, 200, 0, 12, "Ill twice", by=Actor(None, "Owen Marsh"))
    with pytest.raises(Clash) as clash:
        save(lines.ann, 1350, 0, 50, 0, 13, "Late", version=1)
    assert str(clash.value) == "Owen Marsh changed this row while you had it open"
    assert clash.value.theirs == Figures(1200, 0, 200, 0, 12, "Ill twice") and clash.value.version == 2
    assert actual(lines.ann).actual == 1200
    assert save(lines.ann, 1350, 0, 50, 0, 13, "Late", version=2).changed


def test_two_first_savers_and_generating_meanwhile(cast, lines):
    rules.generate(cast.north, [MONDAY], BY)
    with pytest.raises(Clash, match="Generate Actuals changed this row"):
        save(lines.ann, 1300, 0, 100, 0, 0, "Late", version=0)


def test_a_package_that_ends_meanwhile_is_told_before_anything_is_saved(cast, lines):
    Package.update(end_date=MONDAY + dt.timedelta(2)).where(Package.id == lines.ann.id).execute()
    with pytest.raises(Clash) as clash:
        save(lines.ann, 1400, planned=1400)
    assert "from 14 to 6" in str(clash.value) and clash.value.planned == 600
    assert actual(lines.ann) is None
    assert save(lines.ann, 600, planned=600).changed


def test_a_row_whose_package_ended_is_kept_and_costs_nothing(cast, lines):
    save(lines.ann, 1400)
    Package.update(end_date=MONDAY - dt.timedelta(1)).where(Package.id == lines.ann.id).execute()
    settle(cast, lines.ann)
    assert actual(lines.ann).actual == 1400 and due(lines.ann) == 0


# short breaks ------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("K-19", "M-28")
def test_a_short_break_is_taken_from_the_year_and_refused_beyond_it(cast, lines):
    breaks = world.line(cast, 1030, cast.ann, lines.breaks, 1000, 1_425_000)
    save(breaks, 700, 0, 0, 0, 1, "Seaside")
    assert due(breaks) == 99_750
    with pytest.raises(Faulty, match="3 of 10 Nights are left in 2026/2027"):
        save(breaks, 400, 0, 0, 0, 1, "Again", week=MONDAY - dt.timedelta(7))
    assert save(breaks, 300, 0, 0, 0, 1, "Again", week=MONDAY - dt.timedelta(7)).changed
    with pytest.raises(Faulty, match="None of 10 Nights are left"):
        save(breaks, 100, 0, 0, 0, 1, "More", week=MONDAY - dt.timedelta(14))
    with pytest.raises(Faulty, match="a week has 7 nights"):
        save(breaks, 800, 0, 0, 0, 1, "Eight")
    assert save(breaks, 500, 0, 0, 0, 1, "Came home early").changed, "its own nights are not counted twice"
    settings.change(SETTER, {"over_allocation": "warn"})
    assert save(breaks, 700, 0, 0, 0, 1, "More", week=MONDAY - dt.timedelta(14)).changed


@pytest.mark.feature("K-19")
@pytest.mark.parametrize("week, left", [(dt.date(2026, 3, 30), 0), (dt.date(2026, 4, 6), 1000)])
def test_the_allocation_turns_on_the_first_of_april(cast, lines, week, left):
    """The week of 30 March belongs to the year of its Monday."""
    breaks = world.line(cast, 1030, cast.ann, lines.breaks, 1000, 1, start=dt.date(2026, 1, 5))
    for monday in (dt.date(2026, 3, 16), dt.date(2026, 3, 23)):
        save(breaks, 500, 0, 0, 0, 1, "Seaside", week=monday)
    if left:
        assert save(breaks, 700, 0, 0, 0, 1, "New year", week=week).changed
    else:
        with pytest.raises(Faulty, match="2025/2026"):
            save(breaks, 100, 0, 0, 0, 1, "Old year", week=week)


# by the day --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def rounds(cast, lines):
    package = world.line(cast, 1040, cast.ann, lines.rounds, 525)
    world.timetable(package)
    rules.generate(cast.north, [MONDAY], BY)
    return package


def days_of(package):
    return [
        (d.quantity, d.ticks)
        for d in ActualDay.select().join(Actual).where(Actual.package == package).order_by(ActualDay.number)
    ]


@pytest.mark.feature("M-31", "M-32")
def test_we_38_an_unticked_sunday(cast, rounds):
    assert days_of(rounds) == [(75, 0b1111111)]
    save(rounds, 0, 0, 0, 0, 6, "Family came", days=(DailyRow(75, (*EVERY_DAY[:6], False)),))
    row = actual(rounds)
    assert (row.actual, row.missed, row.extra) == (450, 0, 0) and days_of(rounds) == [(75, 0b0111111)]
    assert sums.missed_and_extra(525, 450, 0) == (75, 0) and sums.colour(450, 525) == "red"
    save(rounds, 0, 0, 0, 0, 0, "In hospital", days=(DailyRow(0, EVERY_DAY),))
    assert actual(rounds).actual == 0 and due(rounds) == 0
    with pytest.raises(Faulty):
        save(rounds, 0, 0, 0, 0, 0, "", days=(DailyRow(0, EVERY_DAY),))


@pytest.mark.feature("M-33")
def test_we_39_added_rows(cast, rounds):
    plan = DailyRow(75, EVERY_DAY)
    monday, tuesday = (True, *(False,) * 6), (False, True, *(False,) * 5)
    save(rounds, 0, 0, 0, 0, 7, "More", days=(plan, DailyRow(50, (True, False, True, *(False,) * 4))))
    assert actual(rounds).actual == 625
    save(rounds, 0, 0, 0, 0, 7, "More", days=(plan, DailyRow(50, monday), DailyRow(100, tuesday)))
    assert actual(rounds).actual == 675 and sums.colour(675, 525) == "green"
    assert days_of(rounds) == [(75, 127), (50, 1), (100, 2)] and due(rounds) == 10_908


@pytest.mark.feature("M-34")
def test_one_of_a_double_handed_pair_is_noticed(cast, lines):
    package = world.line(cast, 1041, cast.bob, lines.rounds, 700)
    world.timetable(package, minutes=30, carers=2)
    rules.generate(cast.north, [MONDAY], BY)
    assert days_of(package) == [(100, 127)]
    six = (*EVERY_DAY[:6], False)
    alone = (DailyRow(50, EVERY_DAY), DailyRow(50, six))
    assert save(package, 0, 0, 0, 0, 13, "One carer on Sunday", days=alone).notes == (entering.ONE_OF_TWO,)
    assert save(package, 0, 0, 0, 0, 12, "Nobody on Sunday", days=(DailyRow(50, six),) * 2).notes == ()
    added = (DailyRow(100, EVERY_DAY), DailyRow(25, six), DailyRow(25, six))
    assert save(package, 0, 0, 0, 0, 12, "Longer, both of them", days=added).notes == ()


def test_days_without_the_package_are_not_ticked(cast, rounds):
    Package.update(start_date=MONDAY + dt.timedelta(5)).where(Package.id == rounds.id).execute()
    with pytest.raises(Faulty, match="Untick Mon, Tue, Wed, Thu, Fri: the package is not active then"):
        save(rounds, 0, 0, 0, 0, 0, "Early", days=(DailyRow(75, EVERY_DAY),))
    assert save(rounds, 0, 0, 0, 0, 0, "Late", days=(DailyRow(75, (False,) * 5 + (True, False)),)).changed


@pytest.mark.feature("M-35")
def test_sessions_are_one_figure(cast, lines):
    package = world.line(cast, 1042, cast.ann, lines.sessions, 300, 312_500)
    save(package, 200, 0, 0, 0, 0, "Ill on Thursday")
    row = actual(package)
    assert (row.actual, row.missed, row.extra) == (200, 0, 0) and not days_of(package)
    assert due(package) == 6_250


days = st.lists(st.tuples(st.integers(0, 2400), st.tuples(*[st.booleans()] * 7)), max_size=5)


@given(days)
def test_the_week_is_the_sum_of_its_days(rows):
    rows = [DailyRow(*row) for row in rows]
    total = sum(q * sum(ticks) for q, ticks in rows)
    assert sums.daily_actual(rows) == total
    assert [sums.row_of(r.quantity, sums.ticks_of(r)) for r in rows] == rows


# several at once ---------------------------------------------------------------------------------------------------------


def test_as_planned_for_all_and_leaving_what_was_typed(cast, lines, rounds):
    Actual.delete().where(Actual.package.in_([lines.bob.id, lines.bob_two.id])).execute()
    save(lines.ann, 1300, 0, 100, 0, 13, "Carer ill")
    idents = [lines.ann.id, lines.bob.id, lines.bob_two.id, rounds.id, cast.package.id]
    done = several.as_planned(idents, MONDAY, BY, terms(), untouched_only=True)
    assert (done.changed, done.same) == (2, 1) and len(done.left) == 2, "Ann's is left, the visits' too"
    assert actual(lines.ann).actual == 1300 and due(lines.bob) == 5_656
    done = several.as_planned([lines.ann.id], MONDAY, BY, terms())
    assert done.changed == 1 and facts(actual(lines.ann))[:6] == (1400, 0, 0, 0, 0, "")


def test_nothing_delivered_with_one_comment(cast, lines, rounds):
    idents = [lines.ann.id, lines.bob.id, rounds.id]
    with pytest.raises(Faulty):
        several.nothing_delivered(idents, MONDAY, " ", BY, terms())
    done = several.nothing_delivered(idents, MONDAY, "Centre closed by snow", BY, terms())
    assert done.changed == 3
    assert facts(actual(lines.ann))[:6] == (0, 0, 1400, 0, 0, "Centre closed by snow"), "it balances"
    assert actual(rounds).actual == 0 and days_of(rounds) == [(0, 127)] and due(rounds) == 0


def test_short_breaks_stay_as_they_are_when_all_is_as_planned(cast, lines):
    breaks = world.line(cast, 1030, cast.ann, lines.breaks, 1000)
    save(breaks, 300, 0, 0, 0, 1, "Seaside")
    assert several.as_planned([breaks.id], MONDAY, BY, terms()).changed == 0
    assert actual(breaks).actual == 300


# increases ---------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("M-37")
def test_an_increase_waits_for_an_officer_while_the_setting_is_on(cast, lines):
    save(lines.bob, 450, 0, 0, 100, 0, "Before the setting")
    settings.change(SETTER, {"authorise_increases": True})
    assert due(lines.bob) == 7_272 and not Increase.select().exists(), "what was paid is not asked about anew"
    save(lines.ann, 1600, 0, 0, 200, 0, "Two more, VC7")
    assert due(lines.ann) == 22_624
    (asked,) = increases.listed(Increase.state == "Pending")
    assert (asked.planned, asked.actual, asked.waits, asked.cost) == (1400, 1600, 200, 3_232)
    with pytest.raises(Faulty):
        increases.decide([asked.id], False, " ", OFFICER)
    assert increases.decide([asked.id], True, "", OFFICER) == 1
    assert due(lines.ann) == 25_856
    assert increases.decide([asked.id], True, "", OFFICER) == 0, "pressed twice it is decided once"
    save(lines.ann, 1700, 0, 0, 300, 0, "Three more")
    assert due(lines.ann) == 25_856, "up to what was agreed"
    (asked,) = increases.listed(Increase.state == "Pending")
    increases.decide([asked.id], False, "Only two were agreed", OFFICER)
    assert due(lines.ann) == 25_856
    save(lines.ann, 1300, 0, 100, 0, 0, "Late")
    assert due(lines.ann) == 21_008 and not Increase.select().exists()


def test_an_officer_s_own_increase_is_authorised_and_short_breaks_are_none(cast, lines):
    settings.change(SETTER, {"authorise_increases": True})
    save(lines.ann, 1600, 0, 0, 200, 0, "By telephone", by=OFFICER, officer=True)
    assert due(lines.ann) == 25_856
    breaks = world.line(cast, 1030, cast.ann, lines.breaks, 1000, 1_425_000)
    save(breaks, 200, 0, 0, 0, 1, "Seaside")
    assert due(breaks) == 28_500 and Increase.select().count() == 1


def test_a_plan_that_rises_pays_what_waited(cast, lines):
    settings.change(SETTER, {"authorise_increases": True})
    save(lines.ann, 1600, 0, 0, 200, 0, "Two more")
    Package.update(quantity=1600).where(Package.id == lines.ann.id).execute()
    settle(cast, lines.ann)
    assert due(lines.ann) == 25_856 and not increases.listed(Increase.state == "Pending")


# unplanned ---------------------------------------------------------------------------------------------------------------


@pytest.mark.feature("M-26")
def test_unplanned_actuals_wait_until_they_are_a_package_s(cast, lines):
    extra = world.level("EX", "Shopping")
    key = (cast.oakfield.id, cast.north.id, cast.ann.id, extra.id, MONDAY)
    asked = Figures(200, visits=2, comments="Asked for by the social worker")
    with pytest.raises(Closed, match="not used by this authority"):
        unplanned.save(*key, asked, Seen(0), BY, terms())
    settings.change(SETTER, {"unplanned_actuals": True})
    with pytest.raises(Faulty):
        unplanned.save(*key, Figures(200), Seen(0), BY, terms())
    assert unplanned.save(*key, asked, Seen(0), BY, terms())
    assert not unplanned.save(*key, asked, Seen(0), BY, terms())
    with pytest.raises(Clash):
        unplanned.save(*key, asked._replace(actual=300), Seen(0), BY, terms())
    row = UnplannedActual.get()
    assert not unplanned.waiting(UnplannedActual.state == "Pending")[0].packages
    package = world.line(cast, 1050, cast.ann, extra, 200)
    (waiting,) = unplanned.waiting(UnplannedActual.state == "Pending")
    assert [p.id for p in waiting.packages] == [package.id]
    with pytest.raises(Closed, match="not of this client"):
        unplanned.accept(row, lines.ann, OFFICER, terms(officer=True))
    unplanned.accept(row, package, OFFICER, terms(officer=True))
    assert due(package) == 3_232 and actual(package).comments == asked.comments
    with pytest.raises(Closed, match="accepted already"):
        unplanned.refuse(row, "No", OFFICER)


def test_a_refused_unplanned_actual_says_why_and_can_be_sent_again(cast, lines):
    settings.change(SETTER, {"unplanned_actuals": True})
    extra = world.level("EX", "Shopping")
    key = (cast.oakfield.id, cast.north.id, cast.ann.id, extra.id, MONDAY)
    unplanned.save(*key, Figures(200, comments="Asked for"), Seen(0), BY, terms())
    row = UnplannedActual.get()
    with pytest.raises(Faulty):
        unplanned.refuse(row, "", OFFICER)
    unplanned.refuse(row, "Direct payments", OFFICER)
    row = UnplannedActual.get()
    assert (row.state, row.reason, row.by) == ("Refused", "Direct payments", "Amir Khan")
    assert unplanned.save(*key, Figures(200, comments="Not paid otherwise"), Seen(row.version), BY, terms())
    assert UnplannedActual.get().state == "Pending"


# the week as a whole -------------------------------------------------------------------------------------------------------


@pytest.mark.feature("M-40")
def test_when_a_week_is_due():
    assert posting.due_on(MONDAY, [], 2) == dt.date(2026, 10, 13)
    assert posting.due_on(MONDAY, [None, dt.date(2026, 11, 3), dt.date(2026, 11, 10)], 2) == dt.date(2026, 11, 3)


def test_what_is_missing_is_confirmed_once(cast, lines):
    from blueprints.reach import Reach

    reach = Reach.of_organisation(cast.oakfield.id)
    today = dt.date(2026, 10, 14)
    weeks = [MONDAY - dt.timedelta(7 * n) for n in range(4, -1, -1)]
    found = posting.missing(reach, today, 2)
    assert [(m.week, m.clients) for m in found] == [(week, 2) for week in weeks], "from the first period on"
    assert found[-1].due == dt.date(2026, 11, 3)
    rules.generate(cast.north, [MONDAY], BY)
    assert posting.missing(reach, today, 2)[-1].clients == 0
    assert posting.without_actuals(reach, weeks[0], cast.north.id) == 2
    assert posting.confirm(cast.north, MONDAY, BY) and not posting.confirm(cast.north, MONDAY, OFFICER)
    assert posting.confirmed(cast.north.id, MONDAY).by == "Greta Finch"
    assert [m.week for m in posting.missing(reach, today, 2)] == weeks[:-1]
    assert posting.missing(Reach.of_organisation(cast.brookhouse.id), today, 2) == []
    assert posting.not_posted(today) == (4, weeks[0])


def test_reminders_stand_until_the_week_is_confirmed(cast, lines):
    from blueprints.reach import Reach

    reach = Reach.of_organisation(cast.oakfield.id)
    posting.remind([cast.north], MONDAY, "Please", OFFICER)
    posting.remind([cast.north], MONDAY, "Please now", OFFICER)
    assert [r.text for r in posting.reminders(reach)] == ["Please now"]
    assert not posting.reminders(Reach.of_organisation(cast.brookhouse.id))
    posting.confirm(cast.north, MONDAY, BY)
    assert not posting.reminders(reach)


@given(st.integers(0, 3000), st.integers(0, 500), st.integers(0, 500), st.integers(0, 3000), st.integers(0, 3000))
def test_unpaid_is_never_more_than_what_is_above_plan(planned, actual, agreed, more, frustrated):
    held = sums.unpaid(planned, actual, agreed)
    assert 0 <= held <= max(0, actual - planned)
    assert sums.unpaid(planned + more, actual, agreed) <= held
    assert sums.ActualFigures(actual, frustrated, unpaid=held).quantity == actual + frustrated - held
