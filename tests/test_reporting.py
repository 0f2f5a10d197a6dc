"""The one pass over a report: groups, sums, pages, charts, and the editions that are made of it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
import tracemalloc
from typing import NamedTuple

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints import charts, editions, sheets
from blueprints.reporting import MOST_BARS, About, Chart, Column, Group, Kind, Report, Tally, lines_of, screen, walk
from blueprints.reports.rules import write
from tests.files import pages_of

WEEK = dt.date(2026, 10, 5)
COLUMNS = [
    Column("Provider", "Provider", in_heading=True),
    Column("Unit", "Unit", in_heading=True),
    Column("Client", "Client"),
    Column("WeekBeginning", "Week", Kind.DATE),
    Column("Generated", "Gen.", Kind.YES_NO),
    Column("Visits", "Visits", Kind.WHOLE),
    Column("Quantity", "Comm.", Kind.QUANTITY, "Quantity", summed=True),
    Column("Cost", "Comm.", Kind.MONEY, "Cost", summed=True),
]
ABOUT = About("Payments & more", [("Organisation", "Oakfield"), ("Date From", "05/10/2026")], dt.datetime(2026, 10, 14, 8, 30),
              "Westshire", "payments-2026-10-05")  # fmt: skip


class Row(NamedTuple):
    provider: str
    unit: str
    client: str
    week: dt.date
    generated: bool
    visits: int
    quantity: int | None
    cost: int


def row(provider="Oakfield", client="Archer, Ann", unit="Hours", week=WEEK, quantity=100, cost=2323) -> Row:
    return Row(provider, unit, client, week, True, 3, quantity, cost)


def report(rows, **changes) -> Report:
    facts = {
        "groups": (Group(("Provider",), lambda r: r.provider), Group(("Client",), lambda r: f"{r.client}!", lambda r: r.client)),
        "unit": "Unit",
        "notes": ("A note.",),
    }  # fmt: skip
    return Report(COLUMNS, iter(rows), **{**facts, **changes})


def drawn(made: Report, **options):
    return [
        (line.what, line.depth, line.cells[0], line.cells[-1]) for line in screen(made, **{"page": 1, **options}).lines
    ]


def test_groups_open_and_close_round_their_rows():
    rows = [row(), row(cost=1), row(client="Bell, Bo"), row("Other", "Bell, Bo", cost=-5)]
    assert drawn(report(rows)) == [
        ("heading", 0, "Oakfield", "Oakfield"),
        ("heading", 1, "Archer, Ann!", "Archer, Ann!"),
        ("row", 2, "Archer, Ann", "£23.23"), ("row", 2, "Archer, Ann", "£0.01"),
        ("sum", 1, "Total of Archer, Ann", "£23.24"),
        ("heading", 1, "Bell, Bo!", "Bell, Bo!"),
        ("row", 2, "Bell, Bo", "£23.23"),
        ("sum", 0, "Total of Oakfield", "£46.47"),
        ("heading", 0, "Other", "Other"), ("heading", 1, "Bell, Bo!", "Bell, Bo!"),
        ("row", 2, "Bell, Bo", "-£0.05"),
    ]  # fmt: skip
    assert screen(report(rows), 1).total[-1] == "£46.42"
    assert [line[0] for line in drawn(report(rows[:2]))] == ["heading", "heading", "row", "row"], "one total is enough"


def test_quantities_are_added_up_only_where_they_count_the_same():
    sums = list(walk(report([row(), row(unit="Nights"), row("Other", unit="Nights", quantity=None)])))
    totals = [part.sums.value(6) for part in sums if part.what in ("close", "total")]
    assert totals == [None, None, None, None, None]
    assert [part.sums.value(6) for part in walk(report([row(), row()])) if part.what == "total"] == [200]
    assert [part.sums.value(6) for part in walk(report([row(quantity=None)])) if part.what == "total"] == [None]


rows_of = st.lists(
    st.builds(
        row, provider=st.sampled_from("AB"), client=st.sampled_from("xyz"), cost=st.integers(-10**6, 10**6),
        quantity=st.none() | st.integers(0, 999), week=st.sampled_from([WEEK, WEEK + dt.timedelta(21)]),
    ),
    max_size=60,
).map(lambda found: sorted(found, key=lambda r: (r.provider, r.client)))  # fmt: skip


@settings(max_examples=100)
@given(rows_of, st.integers(1, 7))
def test_pages_hold_every_row_once_and_every_page_says_where_it_is(rows, size):
    listed, page = [], 1
    whole = screen(report(rows), 1, size=1000)
    while True:
        one = screen(report(rows), page, size)
        assert (one.page, one.rows, one.total) == (page, len(rows), whole.total)
        if rows:
            assert [line.what for line in one.lines][:2] == ["heading", "heading"]
        listed += one.lines
        page += 1
        if page > one.pages:
            break
    texts = [line for line in listed if line.what != "heading"]
    assert texts == [line for line in whole.lines if line.what != "heading"]
    again = screen(report(rows), one.pages + 5, size)
    assert (again.lines, again.page) == (one.lines, one.pages)
    assert sum(r.cost for r in rows) == next(p.sums.totals[7] for p in walk(report(rows)) if p.what == "total")


@settings(max_examples=60)
@given(rows_of)
def test_subtotals_add_up_to_the_total(rows):
    parts = list(
        walk(report(rows, groups=(Group(("Provider",), str), Group(("Client",), str), Group(("WeekBeginning",), str))))
    )
    total = parts[-1].sums
    for depth in (1, 2):
        closed = [part.sums for part in parts if part.what == "close" and part.depth == depth]
        if closed:  # the only group's sums are the total
            assert sum(one.totals[7] for one in closed) == total.totals[7]
            assert sum(one.rows for one in closed) == total.rows == len(rows)


def test_more_rows_than_a_piece_in_one_group_and_in_none():
    many = [row(cost=1)] * 2500
    for groups in ((), report([]).groups):
        parts = list(walk(report(many, groups=groups)))
        assert [len(part.rows) for part in parts if part.what == "rows"] == [1000, 1000, 500]
        assert parts[-1].sums.totals[7] == 2500
    assert screen(report(many), 25).lines[0].cells == ["Oakfield (continued)"]


# charts ----------------------------------------------------------------------------------------------------------------

CHART = Chart("Cost by week", "WeekBeginning", (("Cost", ("Cost",)), ("Twice", ("Cost", "Cost"))))


def tally(rows, chart=CHART):
    found = Tally(report([], chart=chart))
    found.add(rows)
    return found.drawn()


def test_a_chart_adds_up_by_week_and_leaves_no_week_out():
    found = tally([row(), row(cost=-100), row(week=WEEK + dt.timedelta(14), cost=7)])
    assert [(bar.label, bar.figures) for bar in found.bars] == [
        ("05/10/2026", [2223, 4446]), ("12/10/2026", [0, 0]), ("19/10/2026", [7, 14]),
    ]  # fmt: skip
    assert tally([row(), row()]) is None, "one bar says nothing"
    assert tally([], chart=None) is None


def test_very_many_weeks_are_drawn_by_month():
    found = tally([row(week=WEEK + dt.timedelta(7 * n), cost=1) for n in range(MOST_BARS + 1)])
    assert found.by == "Month" and found.bars[0].label == "October 2026" and len(found.bars) < 20
    assert sum(bar.figures[0] for bar in found.bars) == MOST_BARS + 1


@given(st.lists(st.integers(-(10**9), 10**9), min_size=2, max_size=30))
def test_marks_stay_within_the_drawing(figures):
    placed = charts.placed(tally([row(week=WEEK + dt.timedelta(7 * n), cost=v) for n, v in enumerate(figures)]))
    for _, marks, points in placed.series:
        for mark in marks:
            assert mark.x >= charts.LEFT and mark.x + mark.width <= charts.WIDTH
            assert mark.y >= charts.TOP - 0.1 and mark.y + mark.height <= charts.HEIGHT - charts.BOTTOM + 0.2
        assert len(points.split()) == len(marks) == len(figures)
    heights = [y for y, _ in placed.ticks]
    assert 2 <= len(heights) <= 12 and heights == sorted(heights, reverse=True)
    assert len(placed.labels) <= charts.MOST_LABELS and len(placed.rows) == len(figures)


def test_ticks_are_round():
    assert [words for _, words in charts.placed(tally([row(cost=0), row(week=WEEK + dt.timedelta(7), cost=870_000)])).ticks] == [
        "£0", "£5,000", "£10,000", "£15,000", "£20,000",
    ]  # fmt: skip


# editions --------------------------------------------------------------------------------------------------------------

NAMES = [
    "Siân Ŵyn-Llŷr",
    "Łucja Żółć-Śliwińska",
    "محمد علي",
    "שלמה",
    "Zoë 😀 O’Neill",
    "汉 字",
    "<b>Ann</b> & Co",
    "=1+1",
    "a\tb\x00c",
]


def test_the_csv_file_adds_up_by_itself_and_loads_again():
    content = b"".join(editions.csv(report([row(client=name) for name in NAMES]), ABOUT))
    found = list(csv.reader(io.StringIO(content.decode())))
    assert found[0] == [column.name for column in COLUMNS] and len(found) == 1 + len(NAMES)
    assert found[1] == ["Oakfield", "Hours", NAMES[0], "2026-10-05", "Y", "3", "1.00", "23.23"]
    assert sheets.restore(found[8][2]) == "=1+1"
    assert editions.file_name(ABOUT, "csv") == "payments-2026-10-05-made-2026-10-14-0930.csv"  # London time


def test_the_workbook_has_numbers_dates_and_a_sheet_about_itself():
    out = io.BytesIO()
    editions.xlsx(
        report([row(client=name) for name in NAMES] + [row("Other", cost=-5)], caution="Not final."), ABOUT, out
    )
    first, about = openpyxl.load_workbook(out).worksheets
    cells = list(first.iter_rows(min_row=2, max_row=2))[0]
    assert [cell.value for cell in cells] == ["Oakfield", "Hours", NAMES[0], dt.datetime(2026, 10, 5), "Y", 3, 1, 23.23]
    assert (cells[7].number_format, cells[3].number_format) == ("#,##0.00", "dd/mm/yyyy")
    assert first.freeze_panes == "A2" and first.title == "Payments & more"
    said = [[cell.value for cell in line] for line in about.iter_rows()]
    assert said[0][0] == "Payments & more" and said[1][:2] == ["Organisation", "Oakfield"]
    assert ["Made", "14 October 2026, 09:30"] in [line[:2] for line in said] and said[5][0] == "Not final."
    assert ["Sums", "Quantity: Comm.", "Cost: Comm."] in said and ["Other", 1, -0.05] in said
    assert said[-1] == ["Total", 10, pytest.approx(23.23 * len(NAMES) - 0.05)]


def test_the_pdf_repeats_groups_headings_parameters_and_time():
    rows = [row(client=name, cost=n) for n in range(60) for name in NAMES[:1]] + [row(client=name) for name in NAMES]
    content = editions.pdf(report(rows, caution="Not final."), ABOUT)
    pages = pages_of(content)
    assert len(pages) > 1
    for number, page in enumerate(pages, 1):
        for part in (
            "Payments & more",
            "Organisation: Oakfield",
            "Status: Not final.",
            "Printed 14 October 2026, 09:30",
            "Westshire",
        ):
            assert part in page, part
        assert f"Page {number} of {len(pages)}" in page and "Week" in page
    assert "Siân Ŵyn-Llŷr! (continued)" in pages[1] and "Oakfield (continued)" in pages[1]
    assert any(f"Total of {NAMES[0]}" in page for page in pages) and "A note." in pages[-1] and "£2,000" not in pages[0]


def test_names_with_every_kind_of_letter_are_shown_or_replaced():
    assert editions.pdf(report([row(client=name) for name in NAMES]), ABOUT).startswith(b"%PDF")
    assert editions.pdf(report([]), ABOUT).startswith(b"%PDF")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=4))
def test_no_name_breaks_an_edition(names):
    names = [name.encode("utf-8", "ignore").decode() for name in names]  # no database keeps half a character
    rows = [row(client=name) for name in names]
    assert editions.pdf(report(rows), ABOUT).startswith(b"%PDF")
    out = io.BytesIO()
    editions.xlsx(report(rows), ABOUT, out)
    assert openpyxl.load_workbook(out).worksheets[0].max_row == len(rows) + 1
    assert (
        len(list(csv.reader(io.StringIO(b"".join(editions.csv(report(rows), ABOUT)).decode(), newline=""))))
        == len(rows) + 1
    )


@pytest.mark.parametrize("form, few, many", [("csv", 2_000, 6_000), ("xlsx", 300, 900)])
def test_memory_stays_flat(form, few, many):
    """Three times the rows take as much at the height."""

    def height(count: int) -> int:
        made = report(row(client=f"Client {n // 50}", cost=n) for n in range(count))
        with tempfile.TemporaryFile() as out:
            tracemalloc.start()
            write(form, made, ABOUT, out)
            found = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return found

    height(few)
    assert height(many) < height(few) + 150_000


def test_lines_of_a_row():
    part = next(p for p in walk(report([row(quantity=None)])) if p.what == "rows")
    assert list(lines_of(report([]), part))[0].cells == ["Archer, Ann", "05/10/2026", "Y", "3", "", "£23.23"]
