"""Plans for tests: one to change, and strategies that make any that the rules allow."""

from datetime import date, timedelta

from hypothesis import strategies as st

from blueprints.packages.plan import Plan, Slot

MONDAY = date(2026, 10, 5)
HOUR = 3600


def plan(**changes) -> Plan:
    """14 hours a week at £16.16 from a Monday on, authorised, paid on actuals entered by the week."""
    facts = Plan(
        id=1,
        start=MONDAY,
        end=None,
        quantity=1400,
        frequency="Weekly",
        every=1,
        unit_cost=161_600,
        rates=(),
        discount=0,
        contribution=0,
        authorised=True,
        slots=(),
        paid_on="actuals",
        entry="weekly",
        intermittent=False,
        vat=0,
        invoiced=False,
    )
    return facts._replace(**changes)


def slot(weekday: int, entry: float, exit_: float, carers: int = 1) -> Slot:
    """A slot from hours of the day."""
    return Slot(weekday, int(entry * HOUR), int(exit_ * HOUR), carers)


def every_day(entry: float, exit_: float, carers: int = 1) -> tuple[Slot, ...]:
    return tuple(slot(day, entry, exit_, carers) for day in range(7))


def weeks(n: int) -> timedelta:
    return timedelta(7 * n)


days = st.integers(-40, 40).map(lambda n: MONDAY + timedelta(n))
mondays = st.integers(-7, 7).map(lambda n: MONDAY + weeks(n))
rate = st.integers(0, 2_000_000)
slots = st.lists(
    st.tuples(
        st.integers(0, 6), st.sampled_from([0, 25_200, 28_830, 79_200]), st.sampled_from([1_200, 32_400, 86_340])
    ),
    max_size=6,
    unique=True,
).flatmap(lambda found: st.tuples(*(st.integers(1, 3).map(lambda n, f=f: Slot(*f, n)) for f in found)))


@st.composite
def plans(draw, **fixed) -> Plan:
    """Any plan; keyword arguments fix facts."""
    start = draw(days)
    every = draw(st.sampled_from([1, 1, 2, 3, 0, 0]))
    frequency = {1: "Weekly", 0: draw(st.sampled_from(["One-off", "Yearly"]))}.get(every, f"{every}-Weekly")
    paid_on = (
        "one-off" if frequency == "One-off" and draw(st.booleans()) else draw(st.sampled_from(["actuals", "planned"]))
    )
    made = Plan(
        id=draw(st.integers(1, 99)),
        start=start,
        end=draw(st.none() | st.integers(0, 60).map(lambda n: start + timedelta(n))),
        quantity=draw(st.integers(0, 5_000)),
        frequency=frequency,
        every=every,
        unit_cost=draw(rate),
        rates=tuple(sorted(draw(st.dictionaries(days, rate, max_size=3)).items())),
        discount=draw(st.sampled_from([0, 0, 1, 250, 3_333, 10_000])),
        contribution=draw(st.sampled_from([0, 1, 1_000, 12_345])),
        authorised=draw(st.sampled_from([True, True, True, False])),
        slots=draw(st.just(()) | slots),
        paid_on=paid_on,
        entry=draw(st.sampled_from(["weekly", "daily", "visits"])),
        intermittent=frequency == "Yearly",
        vat=draw(st.sampled_from([0, 2_000, 500, 1])),
        invoiced=draw(st.sampled_from([False, False, False, True])),
    )
    return made._replace(**fixed)
