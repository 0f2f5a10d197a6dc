"""Tables as PDF: every page says what it is, and no text breaks it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints import pdf
from blueprints.pdf import Column, Section, table_pdf
from tests.files import pages_of

COLUMNS = [Column("Client"), Column("Comments"), Column("Amount", number=True)]


def made(sections, total=None, columns=COLUMNS, title="Payments", parameters=(("Service", "Oakfield"),)):
    return table_pdf(title, parameters, columns, sections, total, printed="05/10/2026 09:30", footer="Westshire")


@pytest.fixture
def drawn(monkeypatch):
    """What each page holds, by the table that is drawn on it; needs no reader of PDF."""
    pages = []
    table = pdf._Grid._table

    def keep(grid, page):
        pages.append([(kind, cells) for kind, cells, _high in page])
        return table(grid, page)

    monkeypatch.setattr(pdf._Grid, "_table", keep)
    return pages


def rows(count):
    return [[f"Client {n}", "as planned", f"£{n}.00"] for n in range(count)]


def test_every_row_comes_once_and_in_order_and_headings_on_every_page(drawn):
    made(
        [Section(rows(400), "Home care", ["Subtotal", "", "£9.00"]), Section(rows(3), "Day care")], ["Total", "", "£9"]
    )
    assert len(drawn) > 5
    assert all(page[0] == ("columns", ["Client", "Comments", "Amount"]) for page in drawn)
    clients = [cells[0] for page in drawn for kind, cells in page if kind == "row"]
    assert clients == [f"Client {n}" for n in (*range(400), *range(3))]
    assert drawn[0][1][1][0] == "Home care" and drawn[1][1][1][0] == "Home care (continued)"
    assert drawn[-1][-1] == ("total", ["Total", "", "£9"])


def test_a_group_heading_never_stands_alone_at_the_end_of_a_page(drawn):
    for count in range(2, 80):
        made([Section(rows(count), "First"), Section(rows(2), "Second")])
    assert all(page[-1][0] != "heading" for page in drawn)


def test_nothing_found_is_said(drawn):
    made([])
    assert drawn == [[("columns", ["Client", "Comments", "Amount"]), ("heading", ["Nothing found.", "", ""])]]


def test_a_cell_longer_than_a_page_goes_on(drawn):
    made([Section([["A", "word " * 4000, "£1.00"], ["B", "x" * 5000, None]])])
    text = "".join(cells[1].replace("\n", " ") for page in drawn for kind, cells in page[1:])
    assert text.count("word") == 4000 and text.count("x") == 5000


def test_markup_is_text_and_letters_of_every_kind_come_out(drawn):
    made([Section([["<b>Siân</b> & Ŵyn", "Łucja Żółć", "😀"], ["a\tb\x00c\u200d", "汉", None]])])
    assert drawn[0][1][1] == ["<b>Siân</b> & Ŵyn", "Łucja Żółć", "😀"]
    assert drawn[0][2][1] == ["a b c", "\ufffd", ""]


def test_lines_of_a_right_to_left_script_are_drawn_from_their_end():
    assert pdf._visual("שלום") == "םולש"
    assert pdf._visual("Mr שלום 12") == "Mr םולש 12"
    # meem (initial), hah (medial), meem (medial), dal (final)
    assert pdf._visual("محمد") == "\ufeaa\ufee4\ufea4\ufee3"
    assert pdf._visual("لا") == "\ufefb"


def test_letters_that_the_font_lacks_become_their_parts():
    letters = pdf._Letters(pdf.PLAIN)
    assert letters.shown("ｗ①") == "w①"
    assert letters.shown("W\u0302") == "Ŵ"
    assert letters.shown(None) == "" and letters.shown(5) == "5"


def test_the_document_says_its_title_and_language_and_is_the_same_each_time():
    content = made([Section(rows(3))], title="Payments of Siân")
    assert content == made([Section(rows(3))], title="Payments of Siân")
    assert content.startswith(b"%PDF") and b"/Lang (en-GB)" in content
    assert b"Helvetica" not in content
    assert len(re.findall(rb"/Type /Page\b(?!s)", content)) == 1


def test_wide_tables_turn_the_page_and_very_wide_ones_still_come_out():
    assert b"841.8898 595.2756" in made([], columns=[Column(f"A longer heading {n}") for n in range(12)])
    assert made([Section([["some text"] * 150])], columns=[Column("Heading")] * 150)


def test_long_titles_and_parameters_leave_room_for_rows(drawn):
    made([Section(rows(50))], title="word " * 200, parameters=[(f"Name {n}", "value " * 20) for n in range(30)])
    assert len(drawn) < 6


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text(), st.text(), st.text()), max_size=4), st.text(), st.text())
def test_no_text_breaks_it(cells, heading, title):
    assert made([Section(cells, heading)], title=title, parameters=[(title, heading)]).startswith(b"%PDF")


def test_a_reader_finds_title_parameters_time_and_page_numbers_on_every_page():
    content = made([Section(rows(100), "Siân")], title="Payments <i>")
    pages = pages_of(content)
    for number, page in enumerate(pages, 1):
        for part in ("Payments <i>", "Service: Oakfield", "Printed 05/10/2026 09:30", "Westshire", "Amount"):
            assert part in page
        assert f"Page {number} of {len(pages)}" in page
    assert len(pages) > 1 and "Siân" in pages[0] and "£99.00" in pages[-1]
