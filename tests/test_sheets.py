"""CSV and XLSX in and out: rules 5.1, 5.2, 5.6 and interfaces.md, "Files that leave"."""

import csv
import datetime
import io
import zipfile
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blueprints.sheets import SheetError, neutralise, read_table, read_xlsx, restore, write_csv, write_xlsx


def read(content, columns=("Ref", "Name"), optional=(), **rest):
    if isinstance(content, str):
        content = content.encode()
    return list(read_table(io.BytesIO(content), columns, optional, **rest))


def refusal(content, *args, **rest):
    with pytest.raises(SheetError) as caught:
        read(content, *args, **rest)
    return caught.value


# Encodings and delimiters


def test_reads_utf_8_with_and_without_a_mark():
    rows = [(2, ["1", "Siân Ŵyn"])]
    assert read("Ref,Name\r\n1,Siân Ŵyn\r\n") == rows
    assert read("\ufeffRef,Name\n1,Siân Ŵyn".encode()) == rows


def test_reads_windows_1252_with_semicolons():
    table = read_table(io.BytesIO("Ref;Name\r\n1;Zoë £5 – “so”\r\n".encode("cp1252")), ["Ref", "Name"])
    assert (table.encoding, table.delimiter) == ("cp1252", ";")
    assert list(table) == [(2, ["1", "Zoë £5 – “so”"])]


def test_a_letter_of_two_bytes_may_lie_across_two_chunks_or_be_cut_off():
    long = "Ref,Name\n" + "".join(f"{n},{'é' * 500}\n" for n in range(2100))
    assert read(long)[-1] == (2101, ["2099", "é" * 500])
    assert read("Ref,Name\n1,é".encode()[:-1])[0][1] == ["1", "Ã"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_reads_utf_16_with_a_mark_and_without(encoding):
    assert read("Ref\tName\r\n1\tŁucja\r\n".encode(encoding)) == [(2, ["1", "Łucja"])]


def test_half_a_letter_of_utf_16_is_refused():
    assert "damaged" in refusal("Ref,Name\n1,a".encode("utf-16")[:-1]).message


def test_bytes_that_are_neither_encoding_are_refused():
    assert "Save it as CSV UTF-8" in refusal(b"Ref,Name\n1,a\x81\n").message


def test_the_delimiter_is_counted_outside_quotes():
    assert read('"Ref";"Name, first, last, all";X\n1;2;3', ["Ref", "Name, first, last, all", "X"]) == [
        (2, ["1", "2", "3"])
    ]


# Rows


def test_line_ends_of_every_kind_and_quoted_ones_count_physical_lines():
    assert read("Ref,Name\r1,a\r2,b") == [(2, ["1", "a"]), (3, ["2", "b"])]
    assert read('Ref,Name\r\n1,"a\r\nb"\r\n\r\n , \r\n2,c\r\n') == [(2, ["1", "a\r\nb"]), (6, ["2", "c"])]


def test_blank_lines_above_the_heading_are_passed_over():
    assert read("\n\nRef,Name\n1,a\n") == [(4, ["1", "a"])]


def test_headings_match_ignoring_case_spaces_and_order():
    assert read("n a m e, ref \n a , 1 \n") == [(2, ["1", "a"])]


def test_outer_spaces_of_every_kind_are_dropped():
    assert read("Ref,Name\n\xa01\xa0,\u2003a b\t\n") == [(2, ["1", "a b"])]


def test_absent_optional_columns_are_none_wherever_they_stand():
    assert read("Name,Ref\na,1\nO'Neill\n", ["Ref"], ["Town", "Name", "County"]) == [
        (2, ["1", None, "a", None]),
        (3, ["", None, "O'Neill", None]),
    ]
    table = read_table(io.BytesIO(b"Ref\n1\n"), ["Ref"], ["Town"])
    assert table.absent == ["Town"] and list(table) == [(2, ["1", None])]


def test_short_rows_are_filled_up_and_long_ones_bring_their_surplus():
    table = read_table(io.BytesIO(b"Ref,Name\n1\n2,b,,\n3,c,,d\n"), ["Ref", "Name"])
    assert table.width == 2
    assert list(table) == [(2, ["1", ""]), (3, ["2", "b"]), (4, ["3", "c", "", "d"])]


def test_a_trailing_heading_without_a_name_is_no_column():
    assert read("Ref,Name,,\n1,a,,\n2,b,,x\n") == [(2, ["1", "a"]), (3, ["2", "b", "", "x"])]


def test_ignored_columns_may_be_there_and_are_not_read():
    assert read("Problem,Ref,Name\nbad,1,a\nbad,,\n", ignored=["Problem", "Expected"]) == [
        (2, ["1", "a"]),
        (3, ["", ""]),
    ]


def test_a_heading_alone_is_a_file_without_rows():
    assert read("Ref,Name") == []


def test_quotes_inside_cells_are_kept():
    assert read('Ref,Name\n1,"say ""hi"", O\'Neill"\n2,5" pipe\n') == [
        (2, ["1", 'say "hi", O\'Neill']),
        (3, ["2", '5" pipe']),
    ]


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=2, max_size=2)
    )
)
def test_reading_says_what_csv_reader_says(rows):
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["Ref", "Name"], *rows])
    out.seek(0)
    expected = [[restore(cell.strip()) for cell in row] for row in csv.reader(out)][1:]
    assert [cells for _line, cells in read(out.getvalue())] == [row for row in expected if any(row)]


def test_a_file_is_read_by_its_path_and_a_callers_file_stays_open(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"Ref,Name\n1,a\n")
    assert list(read_table(path, ["Ref", "Name"])) == [(2, ["1", "a"])]
    with path.open("rb") as stream:
        table = read_table(stream, ["Ref", "Name"])
        assert next(iter(table)) == (2, ["1", "a"])
        table.close()
        del table
        assert not stream.closed


# Refusals


def test_missing_doubled_and_unknown_headings_are_named_in_one_message():
    error = refusal("Name,name,Nmae\n", ["Ref", "Name", "Town"])
    assert error.line == 1
    assert "Missing: Ref, Town." in error.message
    assert "more than once: Name." in error.message
    assert "Not known: Nmae." in error.message


def test_a_column_without_a_heading_in_the_middle_is_named():
    assert "Without a heading: column 2" in refusal("Ref,,Name\n").message


@pytest.mark.parametrize("content", [b"", b"\n\r\n  \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused_with_a_sentence(content):
    assert refusal(content).message == "The file is empty. Choose a file with a heading row."


@pytest.mark.parametrize(
    "content, kind",
    [
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b'<?xml version="1.0"?>', "an XML file"),
        (b"PK\x03\x04....word/document.xml", "a Word document"),
    ],
)
def test_other_kinds_of_file_are_named_whatever_they_are_called(content, kind):
    message = refusal(content).message
    assert kind in message and "Save the file as CSV and choose it again." in message


def test_workbooks_and_archives_say_what_they_are():
    out = io.BytesIO()
    write_xlsx([], ["Ref"], out)
    assert "This is an Excel workbook and not a CSV file. Save the file as CSV" in refusal(out.getvalue()).message
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", "Ref")
    assert "Take the CSV file out" in refusal(out.getvalue()).message


@pytest.mark.parametrize("content", [b"Ref,Name\n1,\0a\n", b"Ref,Name\n1," + b"a\0" * 5, b"\0" * 5000])
def test_nul_bytes_are_refused(content):
    error = refusal(content)
    assert "NUL" in error.message or "damaged" in error.message


def test_a_nul_far_down_is_refused_with_its_line():
    assert refusal(b"Ref,Name\r\n" + b"1,a\r\n" * 500_000 + b"2,\0\r\n").line == 500_002


class Counting(io.BytesIO):
    most = 0

    def read(self, size=-1):
        data = super().read(size)
        self.most = max(self.most, self.tell())
        return data


def test_one_line_of_ten_megabytes_is_refused_before_it_is_read_on():
    stream = Counting(b"Ref,Name\n1,a\n2," + b"x" * 10_000_000 + b"\n3,c\n")
    with pytest.raises(SheetError, match="Line 3 is longer than 64 kB") as caught:
        read_table(stream, ["Ref", "Name"])
    assert caught.value.line == 3
    assert stream.most < 1_100_000


def test_a_line_of_exactly_the_limit_is_read_and_one_more_is_not():
    for place in (0, 1, 1024 * 1024 - 70_000, 1024 * 1024 - 30_000):
        lead = b"Ref,Name\n" + b"1,aaaaaaa\n" * (place // 10)
        assert len(read(lead + b"2," + b"x" * (64 * 1024 - 2) + b"\n3,c\n")) == place // 10 + 2
        assert refusal(lead + b"2," + b"x" * (64 * 1024 - 1) + b"\n3,c\n").line == place // 10 + 2


def test_a_long_line_is_refused_in_utf_16_too():
    assert refusal(("Ref,Name\n1," + "x" * 70_000).encode("utf-16")).line == 2


def test_a_record_of_many_short_lines_is_refused_where_it_begins():
    assert refusal('Ref,Name\n1,a\n2,"' + "b\n" * 100_000).line == 3
    assert refusal("Ref,Name\n1,a\n" + '"b\n",' * 100_000).line == 3


def test_a_quotation_mark_that_is_never_closed_is_refused():
    error = refusal('Ref,Name\n1,a\n2,"b\n3,c\n')
    assert error.line == 3 and "never closed" in error.message


def test_ten_thousand_columns_are_refused():
    assert "10,000 columns" in refusal(",".join(["a"] * 10_000)).message


def test_a_hundred_unknown_headings_stay_a_readable_message():
    assert len(refusal(",".join(f"{'h' * 90}{n}" for n in range(400))).message) < 2500


def test_limits_of_size_and_rows():
    assert "larger than 1 kB" in refusal("Ref,Name\n" + "1,a\n" * 1000, max_bytes=1024).message
    assert len(read("Ref,Name\n" + "1,a\n" * 10, max_rows=10)) == 10
    error = refusal("Ref,Name\n" + "1,a\n" * 11, max_rows=10)
    assert error.line == 12 and "more than 10 rows" in error.message


@given(st.binary(max_size=400))
def test_no_bytes_break_it(content):
    try:
        read(content)
    except SheetError as error:
        assert error.message


# Formulas


@pytest.mark.parametrize(
    "text, leaves",
    [
        ("=1+1", "'=1+1"),
        ("+44 20", "'+44 20"),
        ("-lunch", "'-lunch"),
        ("@home", "'@home"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("-12.50", "-12.50"),
        ("+5", "+5"),
        ("'-5", "''-5"),
        ("''=x", "'''=x"),
        ("'quoted'", "'quoted'"),
        ("-5\n", "'-5\n"),
        ("-", "'-"),
        ("-1,000", "'-1,000"),
        ("-٥", "'-٥"),
        ("", ""),
        ("a=b", "a=b"),
    ],
)
def test_text_that_looks_like_a_formula_leaves_behind_an_apostrophe(text, leaves):
    assert neutralise(text) == leaves
    assert restore(leaves) == text


formulas = st.text(st.sampled_from("'=+-@\t\r\n 15.a")) | st.text()


@given(formulas)
@example("'")
@example("''")
def test_restore_undoes_neutralise_and_nothing_starts_a_formula(text):
    leaves = neutralise(text)
    assert restore(leaves) == text
    if leaves[:1] in tuple("=+-@\t\r"):
        assert leaves[0] in "+-"
        assert Decimal(leaves).is_finite() and set(leaves[1:]) <= set("0123456789.")


stored = st.text(st.sampled_from("'=+-@\t\r\n 15.a\",;é")).map(str.strip)


@given(st.lists(st.tuples(st.just("x"), stored, stored)))
def test_what_leaves_as_csv_loads_again_unchanged(rows):
    content = b"".join(write_csv(rows, ["Ref", "Name", "Notes"]))
    assert [tuple(cells) for _line, cells in read(content, ["Ref", "Name", "Notes"])] == rows


def test_writing_csv():
    rows = [["=1", None, 5, Decimal("1.50"), datetime.date(2026, 10, 5), "Ŵyn, A"]]
    assert b"".join(write_csv(rows, list("abcdef"))) == 'a,b,c,d,e,f\r\n\'=1,,5,1.50,2026-10-05,"Ŵyn, A"\r\n'.encode()
    assert b"".join(write_csv([], ["a", "b"])) == b"a,b\r\n"


def test_writing_csv_comes_in_pieces():
    pieces = list(write_csv((["x" * 100] for _ in range(5000)), ["a"]))
    assert len(pieces) > 5 and max(map(len, pieces)) < 70_000


# Workbooks


def workbook(rows, headings):
    out = io.BytesIO()
    write_xlsx(rows, headings, out)
    return out.getvalue()


def test_a_workbook_has_no_formula_and_keeps_kinds_and_leading_zeros():
    content = workbook(
        [["=1+1", "00123", 5, Decimal("1.50"), datetime.date(2026, 10, 5), None, "#N/A", "a\x0bb"]], list("abcdefgh")
    )
    row = next(openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(min_row=2))
    assert [cell.data_type for cell in row] == ["s", "s", "n", "n", "d", "n", "s", "s"]
    assert row[0].value == "'=1+1"
    table = read_xlsx(io.BytesIO(content), list("abcdefgh"))
    assert list(table) == [(2, ["=1+1", "00123", "5", "1.5", "2026-10-05", "", "#N/A", "a\ufffdb"])]


def test_reading_a_workbook_gives_times_and_the_sheets_rows(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([])
    sheet.append(["b", "a"])
    sheet.append([])
    sheet.append([datetime.time(9, 5), datetime.datetime(2026, 10, 5, 9, 5)])
    sheet.append([True, 0.1])
    book.save(tmp_path / "a.xlsx")
    assert list(read_xlsx(tmp_path / "a.xlsx", ["a"], ["c", "b"])) == [
        (4, ["2026-10-05 09:05:00", None, "09:05:00"]),
        (5, ["0.1", None, "1"]),
    ]


def test_workbooks_are_judged_before_they_are_opened():
    for content in (b"PK\x03\x04junk", b"Ref,Name\n", b""):
        with pytest.raises(SheetError):
            read_xlsx(io.BytesIO(content), ["a"])
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 50_000_000)
    with pytest.raises(SheetError, match="unpacks to too much"):
        read_xlsx(bomb, ["a"])
    with pytest.raises(SheetError, match="unpacks to too much"):
        read_xlsx(io.BytesIO(workbook([], ["a"])), ["a"], max_entries=2)
    content = bytearray(workbook([["x"]], ["a"]))
    content[60] ^= 255
    with pytest.raises(SheetError):
        read_xlsx(io.BytesIO(bytes(content)), ["a"])


def test_a_workbook_has_the_limits_of_a_file():
    with pytest.raises(SheetError, match="Missing: c"):
        read_xlsx(io.BytesIO(workbook([], ["a"])), ["a", "c"])
    with pytest.raises(SheetError, match="more than 2 rows"):
        list(read_xlsx(io.BytesIO(workbook([["x"]] * 3, ["a"])), ["a"], max_rows=2))


@pytest.mark.parametrize("content", [b",,,\n,,\n", b'""\n', b'"",""\n"",""\n'])
def test_a_file_of_delimiters_alone_is_empty(content):
    with pytest.raises(SheetError, match="The file is empty"):
        read_table(io.BytesIO(content), ["A"])
