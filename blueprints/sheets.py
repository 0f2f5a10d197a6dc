"""CSV and XLSX: bytes in, rows out; rows in, bytes out. Knows no area.

A file is read twice and never held: a first pass looks at size, content, encoding and line lengths, the second
decodes and parses as the caller asks for rows. Whatever is wrong with a file as a whole is a `SheetError`, whose
message is a sentence for the person who chose the file. What is wrong in a row is for the caller to say.
"""

import codecs
import csv
import datetime
import io
import re
import shutil
import tempfile
import zipfile
import zlib
from decimal import Decimal
from operator import itemgetter
from pathlib import Path

import python_calamine
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

MAX_BYTES = 200 * 1024 * 1024
MAX_ROWS = 600_000
MAX_LINE = 64 * 1024
MAX_COLUMNS = 500

_CHUNK = 1024 * 1024
_SAVE_AS_CSV = "Save the file as CSV and choose it again."
_QUOTES = "Check that every quotation mark that is opened is closed, and that the file is a CSV file."
_UNKNOWN_ENCODING = "The file is in an encoding that the portal cannot read. Save it as CSV UTF-8 and choose it again."


class SheetError(Exception):
    """A file that cannot be read. `message` is for the person who chose it; `line` is the file's line, or None."""

    def __init__(self, message, line=None):
        super().__init__(message)
        self.message = message
        self.line = line


# Text that a spreadsheet would take for a formula (interfaces.md, "Files that leave")

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


def neutralise(text):
    """`text` so that no spreadsheet takes it for a formula: one apostrophe before it where it needs one.

    A plain number such as -12.50 leaves as it is. Text that already has apostrophes before a sign gets one more,
    so that `restore` can always take exactly one away.
    """
    if _FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text):
        return "'" + text
    return text


def restore(text):
    """What `neutralise` was given: exactly one apostrophe less where one or more stand before a formula sign."""
    return text[1:] if _GUARDED.match(text) else text


# Reading


class Table:
    """A file's rows, read as they are asked for, once.

    Iterating gives `(line, cells)`. `line` is the physical line on which the record begins: the heading is line 1,
    blank lines and line breaks inside quotes count, as they do in an editor. `cells` is a list in the order of
    `columns`: outer spaces (and non-breaking ones) dropped, one neutralising apostrophe taken away, None for an
    optional column that the file does not have. A short row is filled up with "". A row with filled cells beyond
    the heading comes with those cells at its end, so `len(cells) > table.width` tells the caller to refuse it.
    Rows without any filled cell are passed over. Anything else raises `SheetError` on the way.
    """

    def __init__(self, layout, rows, encoding=None, delimiter=None):
        self.columns = layout.columns
        self.width = len(layout.columns)
        self.headings = layout.headings
        self.absent = [layout.columns[place] for place in layout.absent]
        self.encoding = encoding
        self.delimiter = delimiter
        self._rows = rows

    def __iter__(self):
        return self._rows

    def close(self):
        """Lets go of the file before its end; reading to the end does so by itself."""
        self._rows.close()


def read_table(
    source,
    columns,
    optional=(),
    ignored=(),
    *,
    max_bytes=MAX_BYTES,
    max_rows=MAX_ROWS,
    max_line=MAX_LINE,
    max_columns=MAX_COLUMNS,
):
    """Opens a CSV file as a `Table` with `columns` (all must be there) and `optional` ones; rules 5.1, 5.2, 5.6.

    `source` is a path, or a binary file that can seek and that stays the caller's to close. Headings are matched
    ignoring case and spaces; `ignored` ones may be there and are not read. Limits: `max_bytes` of the file,
    `max_rows` below the heading, `max_line` bytes of a line and characters of a record, `max_columns` of the
    heading. Raises `SheetError`; a limit is noticed at once, before what lies behind it is read.
    """
    own, stream = _opened(source)
    try:
        encoding = _examine(stream, max_bytes, max_line)
        delimiter = _delimiter(stream, encoding)
        rows = _rows(stream, own, encoding, delimiter, max_line, max_rows, (columns, optional, ignored, max_columns))
        layout = next(rows, None)
        if layout is None:  # lines of nothing but delimiters or quotation marks
            raise SheetError("The file is empty. Choose a file with a heading row.")
        return Table(layout, rows, encoding, delimiter)
    except BaseException:
        if own:
            stream.close()
        raise


def _opened(source):
    if isinstance(source, str | Path):
        return True, Path(source).open("rb")
    return False, source


def _examine(stream, max_bytes, max_line):
    """The first pass: the encoding of `stream`, or a SheetError for what is no CSV file or is over a limit."""
    size = stream.seek(0, io.SEEK_END)
    if size == 0:
        raise SheetError("The file is empty. Choose a file with a heading row.")
    if size > max_bytes:
        raise SheetError(f"The file is larger than {_megabytes(max_bytes)}. Split it into smaller files.")
    stream.seek(0)
    head = stream.read(4096)
    _refuse_other_kinds(head)
    encoding = _utf_16(head)
    if encoding:
        decode = codecs.getincrementaldecoder(encoding)().decode
        text, marks = decode, ("\n", "\r", "\0")
    else:
        encoding = "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
        decode = codecs.getincrementaldecoder("utf-8")().decode
        text, marks = None, (b"\n", b"\r", b"\0")

    stream.seek(0)
    newline, carriage, nul = marks
    begun = 0  # units of the line that is still open when a chunk ends
    chunks = 0

    def line_at(place):
        # Counting line ends would cost a good file as much as all the rest: only a refusal reads again to count.
        ends = 1
        stream.seek(0)
        again = codecs.getincrementaldecoder(encoding)().decode if text else bytes
        for _ in range(chunks - 1):
            ends += _line_ends(again(stream.read(_CHUNK)), newline, carriage)
        return ends + _line_ends(piece[:place], newline, carriage)

    while chunk := stream.read(_CHUNK):
        chunks += 1
        try:
            decoded = decode(chunk)
        except UnicodeDecodeError:
            if text:
                raise SheetError(f"The file is damaged or not whole. {_SAVE_AS_CSV}") from None
            encoding, decode = "cp1252", bytes
            decoded = None
        piece = decoded if text else chunk
        if nul in piece:
            line = line_at(piece.index(nul))
            raise SheetError(f"Line {line} contains characters that no text has (NUL). {_SAVE_AS_CSV}", line)
        # From the start of a line jump to the last line end within the limit: every line up to there is short
        # enough, and where there is none the line is too long. So a good file costs a search for each 64 kB.
        start, end = 0, len(piece)
        while end - start + begun > max_line:
            stop = start + max_line + 1 - begun
            last = max(piece.rfind(newline, start, stop), piece.rfind(carriage, start, stop))
            if last < 0:
                line = line_at(start)
                raise SheetError(f"Line {line} is longer than {max_line // 1024} kB. {_QUOTES}", line)
            start, begun = last + 1, 0
        last = max(piece.rfind(newline, start), piece.rfind(carriage, start))
        begun = begun + end - start if last < 0 else end - last - 1
    if encoding != "cp1252":
        try:
            decode(b"", True)
        except UnicodeDecodeError:
            if text:
                raise SheetError(f"The file is damaged or not whole. {_SAVE_AS_CSV}") from None
            encoding = "cp1252"
    return encoding


def _line_ends(piece, newline, carriage):
    # A CR LF split between two chunks counts twice: one in a million, and only in a number that helps to look.
    return piece.count(newline) + piece.count(carriage) - piece.count(carriage + newline)


def _utf_16(head):
    """ "utf-16" with a byte order mark, an explicit order where the NULs of Latin letters give it away, else None."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    first = head[:200]
    even, odd = first[::2].count(0), first[1::2].count(0)
    # One stray NUL is not an encoding: a heading is nearly all Latin letters, so one byte in two is NUL.
    if odd * 4 >= len(first) and not even:
        return "utf-16-le"
    if even * 4 >= len(first) and not odd:
        return "utf-16-be"
    return None


_KINDS = [
    (b"%PDF", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook or another Office document of the old kind"),
    (b"{\\rtf", "a word processor's document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"II*\0", "a picture"),
    (b"MM\0*", "a picture"),
    (b"\x1f\x8b", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"SQLite format 3", "a database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
]


def _refuse_other_kinds(head):
    """What a file is shows in its first bytes, whatever its name says."""
    kind = next((kind for start, kind in _KINDS if head.startswith(start)), None)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        if b"application/vnd.oasis" in head:
            kind = "an OpenDocument file"
        elif b"word/" in head:
            kind = "a Word document"
        elif b"[Content_Types].xml" in head or b"xl/" in head:
            kind = "an Excel workbook"
        else:
            kind = "a ZIP file"
        if kind == "a ZIP file":
            raise SheetError("This is a ZIP file and not a CSV file. Take the CSV file out of it and choose that.")
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:15].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<table")):
        kind = "a web page"
    elif start.startswith(b"<?xml"):
        kind = "an XML file"
    if kind:
        raise SheetError(f"This is {kind} and not a CSV file. {_SAVE_AS_CSV}")


class _Borrowed(io.BufferedIOBase):
    """A binary file that its text wrapper cannot close: it may be the caller's."""

    def __init__(self, stream):
        self.read = self.read1 = stream.read

    def readable(self):
        return True


def _text(stream, encoding):
    stream.seek(0)
    return io.TextIOWrapper(_Borrowed(stream), encoding, newline="")


def _delimiter(stream, encoding):
    """The candidate that stands most often in the first filled line, outside quotes."""
    try:
        for line in _text(stream, encoding):
            if line.strip():
                return max(",;\t", key="".join(line.split('"')[::2]).count)
    except UnicodeDecodeError:
        raise SheetError(_UNKNOWN_ENCODING)
    raise SheetError("The file is empty. Choose a file with a heading row.")


def _rows(stream, own, encoding, delimiter, max_line, max_rows, expected):
    """The second pass: yields the `_Layout`, then `(line, cells)` of every filled row. The hot loop of an import.

    A line without a quotation mark is split, which takes half the time of csv.reader and means the same; csv.reader
    gets the others, with as many further lines as an open quotation mark asks for.
    """
    text = _text(stream, encoding)
    strip = str.strip
    held = None
    number = line = size = 0

    def more():
        nonlocal held, number, size
        if held is not None:
            piece, held = held, None
            size = len(piece)
            return piece
        piece = next(text, None)
        if piece is None:
            raise SheetError(f"A quotation mark in the row that begins on line {line} is never closed.", line)
        number += 1
        size += len(piece)
        if size > max_line:
            kilobytes = max_line // 1024
            raise SheetError(f"The row that begins on line {line} is longer than {kilobytes} kB. {_QUOTES}", line)
        return piece

    reader = csv.reader(iter(more, None), delimiter=delimiter)
    layout = None
    count = 0
    try:
        for piece in text:
            number += 1
            line = number
            if '"' in piece:
                held = piece
                row = next(reader)
            else:
                row = piece.split(delimiter)
            if layout is None:
                if any(map(strip, row)):
                    layout = _Layout(row, *expected)
                    width, pick, absent = layout.width, layout.pick, layout.absent
                    yield layout
                continue
            if len(row) == width and line == number and "'" not in piece:
                cells = list(map(strip, pick(row) if pick else row))
                filled = any(cells) or any(map(strip, row))
                for at in absent:
                    cells.insert(at, None)
            else:
                cells, filled = layout.arrange(row)
            if filled:
                count += 1
                if count > max_rows:
                    raise _too_many_rows(max_rows, line)
                yield line, cells
    except csv.Error as error:
        raise SheetError(f"The row that begins on line {line} cannot be read: {error}. {_QUOTES}", line)
    except UnicodeDecodeError:
        raise SheetError(_UNKNOWN_ENCODING)
    finally:
        if own:
            stream.close()


def _too_many_rows(max_rows, line):
    return SheetError(f"The file has more than {max_rows:,} rows. Split it into smaller files.", line)


def _plain(heading):
    return "".join(heading.split()).casefold()


class _Layout:
    """Where in a row the wanted columns stand. Raises SheetError with everything that is wrong with the headings."""

    def __init__(self, found, columns, optional, ignored, max_columns):
        headings = [heading.strip() for heading in found]
        while headings and not headings[-1]:  # a spreadsheet leaves delimiters behind where a column was emptied
            headings.pop()
        if len(headings) > max_columns:
            raise SheetError(
                f"The heading row has {len(headings):,} columns; at most {max_columns:,} are read. {_SAVE_AS_CSV}", 1
            )
        places = {}
        for place, heading in enumerate(headings):
            places.setdefault(_plain(heading), []).append(place)
        self.headings = headings
        self.columns = [*columns, *optional]
        self.width = len(headings)
        _refuse_headings(headings, places, columns, {_plain(column) for column in (*self.columns, *ignored)})
        order = [places.get(_plain(column), [None])[0] for column in self.columns]
        self.absent = [at for at, place in enumerate(order) if place is None]
        present = [place for place in order if place is not None]
        if present == list(range(self.width)):
            self.pick = None
        elif len(present) == 1:
            self.pick = lambda row: (row[present[0]],)
        else:
            self.pick = itemgetter(*present)

    def arrange(self, row):
        """The wanted cells of a row of any length, and whether any cell of the row is filled."""
        row = list(map(str.strip, row))
        surplus = row[self.width :]
        cells = row[: self.width] + [""] * (self.width - len(row))
        cells = [restore(cell) if cell[:1] == "'" else cell for cell in (self.pick(cells) if self.pick else cells)]
        for at in self.absent:
            cells.insert(at, None)
        if any(surplus):
            cells += surplus
        return cells, any(row)


def _refuse_headings(headings, places, columns, known):
    faults = {
        "Missing": [column for column in columns if _plain(column) not in places],
        "There more than once": [headings[at[0]] for name, at in places.items() if name and len(at) > 1],
        "Not known": [headings[at[0]] for name, at in places.items() if name and name not in known],
        "Without a heading": [f"column {place + 1}" for place in places.get("", [])],
    }
    words = [f"{fault}: {_list(names)}." for fault, names in faults.items() if names]
    if words:
        raise SheetError("The headings are not those of this file. " + " ".join(words), 1)


def _list(names, most=30):
    shown = ", ".join(name if len(name) <= 50 else name[:50] + "…" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def _megabytes(size):
    return f"{size // (1024 * 1024)} MB" if size >= 1024 * 1024 else f"{size // 1024} kB"


def read_file(source, columns, optional=(), ignored=(), **limits):
    """Opens a CSV file, or by its first bytes an XLSX workbook, as a `Table`: see `read_table` and `read_xlsx`.

    `source` is a binary file; of a workbook a temporary copy is made, since its parts lie anywhere in it.
    """
    head = source.read(4)
    source.seek(0)
    if head != b"PK\x03\x04":
        return read_table(source, columns, optional, ignored, **limits)
    with tempfile.TemporaryFile() as whole:
        shutil.copyfileobj(source, whole, _CHUNK)
        return read_xlsx(whole, columns, optional, ignored, **limits)


# Reading XLSX


def read_xlsx(
    source,
    columns,
    optional=(),
    ignored=(),
    *,
    max_bytes=MAX_BYTES,
    max_rows=MAX_ROWS,
    max_line=MAX_LINE,
    max_columns=MAX_COLUMNS,
    max_unpacked=1024 * 1024 * 1024,
    max_ratio=200,
    max_entries=2_000,
):
    """Opens the first sheet of an XLSX workbook as a `Table`, like `read_table`; `line` is the sheet's row.

    Text cells stay as they are (leading zeros too), dates become YYYY-MM-DD, times HH:MM:SS, ticks 1 or 0.
    The archive is judged before it is opened: `max_unpacked` bytes in all, `max_ratio` of unpacked to packed,
    `max_entries`. Raises `SheetError`.
    """
    own, stream = _opened(source)
    try:
        if stream.seek(0, io.SEEK_END) > max_bytes:
            raise SheetError(f"The file is larger than {_megabytes(max_bytes)}. Split it into smaller files.")
        _judge_archive(stream, max_unpacked, max_ratio, max_entries)
        stream.seek(0)
        try:
            sheet = python_calamine.CalamineWorkbook.from_filelike(stream).get_sheet_by_index(0)
            if sheet.width and sheet.width * sheet.height > max_columns * max_rows:
                raise SheetError("The sheet is too large to be read. Delete its empty rows and columns.")
            sheet_rows = sheet.to_python(skip_empty_area=False)
        except (python_calamine.CalamineError, IndexError, OSError, ValueError):
            raise SheetError(f"The workbook cannot be read. {_SAVE_AS_CSV}") from None
    finally:
        if own:
            stream.close()
    records = _sheet_records(sheet_rows, max_line)
    first = next(records, None)
    if first is None:
        raise SheetError("The first sheet of the workbook is empty. Choose a file with a heading row.")
    layout = _Layout(first[1], columns, optional, ignored, max_columns)
    return Table(layout, _sheet_rows(records, layout, max_rows))


def _sheet_rows(records, layout, max_rows):
    for count, (line, row) in enumerate(records, 1):
        if count > max_rows:
            raise _too_many_rows(max_rows, line)
        yield line, layout.arrange(row)[0]


def _judge_archive(stream, max_unpacked, max_ratio, max_entries):
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise SheetError("This is not an Excel workbook (.xlsx). Save it as one, or as CSV.")
            packed = sum(entry.compress_size for entry in entries)
            unpacked = sum(entry.file_size for entry in entries)
            if len(entries) > max_entries or unpacked > max_unpacked or unpacked > max_ratio * max(packed, 1):
                raise SheetError(f"The workbook unpacks to too much to be read. {_SAVE_AS_CSV}")
            # What an archive declares can be a lie; this reads no more than declared and checks the sum.
            for entry in entries:
                with archive.open(entry) as part:
                    while part.read(_CHUNK):
                        pass
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error):
        raise SheetError("This is not an Excel workbook (.xlsx), or it is damaged. Save it as CSV.") from None


def _sheet_records(rows, max_line):
    for line, row in enumerate(rows, 1):
        cells = [value if type(value) is str else _as_text(value) for value in row]
        if sum(map(len, cells)) > max_line:
            raise SheetError(f"Row {line} is longer than {max_line // 1024} kB.", line)
        if any(cells):
            yield line, cells


def _as_text(value):
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case float():
            # repr is the shortest text of a double, so 0.1 stays 0.1; Decimal only writes it without an exponent
            return f"{value:.0f}" if value.is_integer() else format(Decimal(repr(value)), "f")
        case datetime.datetime() if value.time() == datetime.time():
            return value.date().isoformat()
        case datetime.timedelta():
            seconds = round(value.total_seconds())
            return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        case datetime.datetime() | datetime.date():
            return value.isoformat(" ") if isinstance(value, datetime.datetime) else value.isoformat()
        case datetime.time():
            return value.isoformat("seconds")
    return str(value)


# Writing


def write_csv(rows, headings):
    """Yields the chunks of a UTF-8 CSV file (no byte order mark, lines end in CR LF): `headings`, then `rows`.

    Text is neutralised, None is an empty cell, any other value is written as `str` gives it: format money, rates
    and dates before (`values.file_money` and its neighbours).
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headings)
    for row in rows:
        writer.writerow([_safe(cell) for cell in row])
        if out.tell() > 64 * 1024:
            yield out.getvalue().encode("utf-8", "replace")
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode("utf-8", "replace")


# A table lookup of the first character spares nearly every cell the pattern.
_SUSPECT = frozenset("=+-@\t\r'")


def _safe(cell):
    if type(cell) is str and cell and cell[0] in _SUSPECT:
        return neutralise(cell)
    return cell


_EPOCH = datetime.date(1899, 12, 30).toordinal()  # the day before a spreadsheet's first
_PLAIN_FIRST = _SUSPECT | {"#"}  # "#N/A" and its like would become errors


def write_xlsx(rows, headings, out, title="Sheet1", formats=(), widths=(), header="", about=None):
    """Writes an XLSX workbook to `out` (a path or a binary file): `headings` in bold, then `rows`, as they come.

    Numbers (int, Decimal) and dates become cells of their kind, shown by their column's of `formats` where it has one
    ("#,##0.00", "dd/mm/yyyy"). Text is neutralised as in CSV, so that importers treat both alike, and is always stored
    as text: openpyxl would make formulas and errors of some. `widths` are in letters; `header` and the page's number
    are printed on every page, below the headings. `about` is asked after the last row for those of a second sheet.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\\/*?:\[\]]", " ", title)[:31])
    sheet.freeze_panes = "A2"
    for place, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    if header:
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.print_title_rows = "1:1"
        sheet.HeaderFooter.oddHeader.left.text = ILLEGAL_CHARACTERS_RE.sub("", header.replace("&", "&&"))[:200]
        sheet.HeaderFooter.oddFooter.right.text = "Page &P of &N"
    cells = [_styled(sheet, format) if format else None for format in formats] or [None] * len(headings)
    sheet.append([_text_cell(sheet, heading, bold=True) for heading in headings])
    for row in rows:
        sheet.append([_cell(sheet, value, cell) for value, cell in zip(row, cells, strict=True)])
    if about:
        second = book.create_sheet("About")
        second.column_dimensions["A"].width = 40
        second.column_dimensions["B"].width = 60
        for row in about():
            second.append([_cell(second, value, None) for value in row])
    book.save(out)


def _styled(sheet, format):
    """One cell for all of a column: it is written before the next row takes it."""
    cell = WriteOnlyCell(sheet, 0)
    cell.number_format = format
    return cell


def _cell(sheet, value, styled):
    """What openpyxl is given for a value: as little as it takes, since most of the time goes into its cells."""
    if type(value) is str:
        if value and (value[0] in _PLAIN_FIRST or not value.isprintable() or len(value) > 32_000):
            return _text_cell(sheet, value)
        return value or None
    if styled is None or value is None:
        return value
    styled.value = value.toordinal() - _EPOCH if type(value) is datetime.date else value
    return styled


def _text_cell(sheet, value, bold=False):
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\ufffd", neutralise(value))[:32_767])
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell
