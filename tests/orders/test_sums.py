from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from blueprints.money import half_up
from blueprints.orders.sums import OrderLine, order_lines, order_value, year_days
from blueprints.packages.plan import cost_over, in_week, is_active, rate_on
from tests.plans import MONDAY, every_day, plan, plans


def test_we_06_an_order_of_282_days():
    (only,) = order_lines(plan(start=date(2019, 6, 24)), 2019)
    assert only == OrderLine(1, date(2019, 6, 24), date(2020, 3, 31), 1400, 161_600, 0, 911_424)
    assert order_lines(plan(start=date(2019, 6, 24)), 2018) == ()


def test_a_line_for_each_rate_row_within_the_year():
    rates = ((date(2026, 4, 1), 170_000), (date(2026, 10, 1), 180_000), (date(2027, 4, 1), 190_000))
    made = plan(start=date(2025, 1, 1), rates=rates, discount=250)
    first, second = order_lines(made, 2026)
    assert first[1:] == (date(2026, 4, 1), date(2026, 9, 30), 1400, 170_000, 250, half_up(23_800 * 183 * 975, 7_000))
    assert second[1:] == (date(2026, 10, 1), date(2027, 3, 31), 1400, 180_000, 250, half_up(25_200 * 182 * 975, 7_000))
    assert order_value((first, second)) == first.amount + second.amount


def test_every_two_weeks_counts_the_days_in_its_weeks():
    made = plan(frequency="2-Weekly", every=2, end=MONDAY + timedelta(16))
    assert [line.amount for line in order_lines(made, 2026)] == [half_up(22_624 * 10, 7)]


def test_a_one_off_stands_in_the_year_of_its_start():
    made = plan(start=date(2027, 3, 30), frequency="One-off", every=0, quantity=100, unit_cost=150_000)
    assert order_lines(made, 2026) == (OrderLine(1, made.start, made.start, 100, 150_000, 0, 1_500),)
    assert order_lines(made, 2027) == ()
    (ended,) = order_lines(made._replace(end=date(2027, 4, 9)), 2026)
    assert (ended.first, ended.last, ended.amount) == (made.start, made.start, 1_500), (
        "it costs on its day, not until its end"
    )


def test_a_one_off_that_starts_on_the_first_day_of_the_year():
    made = plan(start=date(2027, 4, 1), frequency="One-off", every=0, quantity=100, unit_cost=150_000)
    assert order_lines(made, 2026) == ()
    assert [line.amount for line in order_lines(made, 2027)] == [1_500]


def test_a_yearly_allocation_in_full_at_the_rate_of_its_first_active_day():
    made = plan(frequency="Yearly", every=0, quantity=2800, unit_cost=800_000, rates=((date(2027, 1, 1), 900_000),))
    (part,) = order_lines(made, 2026)
    assert part == OrderLine(1, MONDAY, date(2027, 3, 31), 2800, 800_000, 0, 224_000)
    (whole,) = order_lines(made, 2027)
    assert whole == OrderLine(1, date(2027, 4, 1), date(2028, 3, 31), 2800, 900_000, 0, 252_000)


def test_a_timetable_is_priced_by_its_minutes():
    made = plan(quantity=1, slots=every_day(8, 8 + 20 / 60), unit_cost=300_000, end=MONDAY + timedelta(6))
    (only,) = order_lines(made, 2026)
    assert (only.quantity, only.amount) == (233, 7_000)


def test_an_unauthorised_package_has_no_order():
    assert order_lines(plan(authorised=False), 2026) == ()


@given(plans(), st.sampled_from([2025, 2026, 2027]))
def test_lines_cover_the_active_days_of_the_year_once_at_their_rate(made, year):
    lines, (first, last) = order_lines(made, year), year_days(year)
    active = [d for d in (first + timedelta(n) for n in range((last - first).days + 1)) if is_active(made, d)]
    if made.every and made.authorised:
        covered = [
            (line.first + timedelta(n), line) for line in lines for n in range((line.last - line.first).days + 1)
        ]
        assert [d for d, _ in covered] == active
        assert all(line.unit_cost == rate_on(made, d) for d, line in covered)
        assert abs(order_value(lines) - cost_over(made, first, last, discounted=True)) <= len(lines)
        if not any(in_week(made, d - timedelta(d.weekday())) for d in active):
            assert order_value(lines) == 0
    else:
        assert len(lines) <= 1
        assert sum(len(order_lines(made, y)) for y in range(2020, 2035)) <= 1 or made.frequency == "Yearly"
