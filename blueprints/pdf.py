"""PDF out. Knows no area.

Tables only, with one reportlab Table for each page. Cells are plain text that is wrapped here: a paragraph object for
each cell would take ten times as long, and would read a name such as <b> as markup. The pages are filled here too:
splitting one long table takes time by the square of its groups, 28 s for 5,000 rows in groups of three.
"""

import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Table

PLAIN, BOLD = "DejaVu", "DejaVu-Bold"
_FONTS = Path(__file__).resolve().parent.parent / "static" / "fonts"

_MARGIN = 36  # points, as all lengths here
_PADDING = 3
_MOST_LINES = 25  # of a cell in one row: a longer cell goes on in the next, which may stand on the next page
_MOST_HEADING_LINES = 6


@dataclass(frozen=True)
class Column:
    """A column of a table: numbers stand on the right."""

    heading: str
    number: bool = False


@dataclass(frozen=True)
class Section:
    """A group of rows, with a heading above it and a subtotal row below it where they are given.

    Groups within groups: the outer one's heading, and later its subtotal, are sections without rows of a smaller depth.
    """

    rows: Sequence
    heading: str = ""
    subtotal: Sequence | None = None
    depth: int = 0


def table_pdf(
    title, parameters, columns, sections, total=None, *, printed, footer="", nothing="Nothing found.", notes=()
):
    """The bytes of a PDF with one table over as many pages as it takes, A4, turned where it is wide.

    `parameters` are pairs of name and value, `printed` is the time to show: both stand with the title on every page,
    as do the headings and "Page 1 of N"; `footer` stands beside that. `sections` are `Section`s whose rows have a
    cell for each of `columns`, `total` is one more row, `notes` are lines of text at the end. Cells are shown as `str` gives them (format money and dates
    before, see `values`), None as nothing. Letters that the font lacks are replaced, none is left out in silence.
    The same input gives the same bytes.
    """
    text = {PLAIN: _Letters(PLAIN).shown, BOLD: _Letters(BOLD).shown}
    grid = _Grid(columns, sections, total, nothing, notes, text)
    width, height = grid.page[0] - 2 * _MARGIN, grid.page[1] - 2 * _MARGIN
    title_lines = _wrap(text[BOLD](title), width * 0.7, BOLD, 12)[:2]
    told = "   ".join(f"{name}: {value}" for name, value in parameters)
    told_lines = _wrap(text[PLAIN](told), width, PLAIN, 8) if told else []
    if len(told_lines) > 6:
        told_lines = [*told_lines[:5], told_lines[5] + " …"]
    head = 16 * len(title_lines) + 11 * len(told_lines) + 6

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=grid.page, lang="en-GB", invariant=1, initialFontName=PLAIN)
    canvas.setTitle(text[PLAIN](title))
    canvas.setAuthor(text[PLAIN](footer))
    canvas.setSubject(text[PLAIN](told))
    canvas.setCreator("")
    pages = grid.pages(height - head)
    for number, table in enumerate(pages, 1):
        top = _MARGIN + height
        canvas.setFont(PLAIN, 8)
        canvas.drawRightString(_MARGIN + width, top - 12, _visual(text[PLAIN](f"Printed {printed}")))
        canvas.drawString(_MARGIN, _MARGIN - 12, _visual(text[PLAIN](footer)))
        canvas.drawRightString(_MARGIN + width, _MARGIN - 12, f"Page {number} of {len(pages)}")
        canvas.setFont(BOLD, 12)
        for line in title_lines:
            canvas.drawString(_MARGIN, top - 12, _visual(line))
            top -= 16
        canvas.setFont(PLAIN, 8)
        for line in told_lines:
            canvas.drawString(_MARGIN, top - 9, _visual(line))
            top -= 11
        _wide, used = table.wrapOn(canvas, width, height)
        table.drawOn(canvas, _MARGIN, top - 6 - used)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


class _Grid:
    """The table: its text, its widths, and the page that it wants."""

    def __init__(self, columns, sections, total, nothing, notes, text):
        self._columns = columns
        plain, bold = text[PLAIN], text[BOLD]
        self._heading = [bold(column.heading) for column in columns]
        self._rows = []  # kind, cells, depth
        for section in sections:
            if section.heading:
                self._rows.append(("heading", [bold(section.heading)], section.depth))
            self._rows += [("row", [plain(cell) for cell in row], section.depth) for row in section.rows]
            if section.subtotal is not None:
                self._rows.append(("total", [bold(cell) for cell in section.subtotal], section.depth))
        if not self._rows:
            self._rows.append(("heading", [bold(nothing)], 0))
        if total is not None:
            self._rows.append(("total", [bold(cell) for cell in total], 0))
        self._rows += [("note", [plain(note)], 0) for note in notes]
        self._measure()

    def _measure(self):
        """Chooses page, size of letters and widths, so that as few cells as possible need a second line."""
        wanted, least = [], []
        for place, column in enumerate(self._columns):
            # The label of a sum goes over the empty cells beside it, as headings and notes go over all.
            cells = {cells[place] for kind, cells, _ in self._rows if kind == "row" or (kind == "total" and place)}
            lines = {line for cell in cells for line in cell.split("\n")}
            heading = self._heading[place].split("\n")
            lines = lines or {""}
            unbroken = lines if column.number else {word for line in lines for word in line.split(" ")}
            unbroken |= {word for line in heading for word in line.split(" ")}
            # One cell with a long text or word must not starve all other columns: it goes over more lines.
            # A number's heading may be three times as long as its figures before it makes the column wider.
            whole = max(_widest(unbroken), _widest(heading) / 3) if column.number else _widest(lines | set(heading))
            wanted.append(min(whole, 24))
            least.append(min(_widest(unbroken), 24 if column.number else 12))
        gaps = 2 * _PADDING * len(self._columns)
        for self.page, self._size in ((A4, 8), (landscape(A4), 8), (landscape(A4), 7), (landscape(A4), 6)):
            room = max(self.page[0] - 2 * _MARGIN - gaps, 4 * len(self._columns))
            if sum(wanted) * self._size <= room:
                break
            if self.page != A4 and sum(least) * self._size <= room:
                break
        wanted = [width * self._size for width in wanted]
        least = [width * self._size for width in least]
        if sum(least) > room:
            widths = [width * room / sum(least) for width in least]
        else:
            spare = [max(full - width, 0) for full, width in zip(wanted, least, strict=True)]
            if sum(spare) > room - sum(least):
                share = (room - sum(least)) / sum(spare)
                widths = [width + more * share for width, more in zip(least, spare, strict=True)]
            else:
                widths = [max(pair) for pair in zip(wanted, least, strict=True)]
                share = min((room - sum(widths)) / sum(widths), 0.5) if sum(widths) else 0
                widths = [width * (1 + share) for width in widths]
        self._inner = widths
        self._wrapped = [{} for _column in self._columns]
        self._room = room + gaps - 2 * _PADDING

    def pages(self, height):
        """A Table for each page of `height`. A group that goes on says so at the top of the next page."""
        heading = self._lines(self._heading, BOLD)
        heading = ("columns", *self._high([lines[:_MOST_HEADING_LINES] for lines in heading]))
        room = height - heading[2]
        pages, page, used = [], [heading], 0
        going = []  # the headings of the groups that go on, outermost first, each with its depth
        parts = list(self._parts())
        for place, (kind, cells, high, depth) in enumerate(parts):
            if used and used + high + _following(parts, place) > room:
                pages.append(page)
                page = [heading]
                if kind != "total":
                    page += [again for again, outer in going if kind == "row" or outer < depth]
                used = sum(again[2] for again in page[1:])
            page.append((kind, cells, high))
            used += high
            if kind in ("heading", "total"):
                going = [(again, outer) for again, outer in going if outer < depth]
            if kind == "heading":
                # Only its first line: what is long enough for two need not be said twice.
                again = ("heading", *self._high([[f"{cells[0].split(chr(10))[0]} (continued)"]]))
                going.append((again, depth))
        pages.append(page)
        return [self._table(page) for page in pages]

    def _parts(self):
        """(kind, cells, height, depth) of every row to be drawn; a row of more lines than fit goes on in further ones."""
        for kind, cells, depth in self._rows:
            if kind in ("heading", "note"):
                font = BOLD if kind == "heading" else PLAIN
                lines = [[_visual(line) for line in _wrap(cells[0], self._room, font, self._size)]]
            elif kind == "row":
                lines = self._lines(cells, PLAIN)
            else:
                following = next((at for at, cell in enumerate(cells) if at and cell), len(cells))
                room = sum(self._inner[:following]) + 2 * _PADDING * (following - 1)
                lines = self._lines(["", *cells[1:]], BOLD)
                lines[0] = [_visual(line) for line in _wrap(cells[0], room, BOLD, self._size)]
            while True:
                yield kind, *self._high([part[:_MOST_LINES] for part in lines]), depth
                if max(map(len, lines)) <= _MOST_LINES:
                    break
                lines = [part[_MOST_LINES:] for part in lines]

    def _lines(self, cells, font):
        found = []
        for cell, width, memory in zip(cells, self._inner, self._wrapped, strict=True):
            lines = memory.get((cell, font))
            if lines is None:
                lines = memory[cell, font] = [_visual(line) for line in _wrap(cell, width, font, self._size)]
            found.append(lines)
        return found

    def _high(self, lines):
        cells = ["\n".join(part) for part in lines]
        cells += [""] * (len(self._columns) - len(cells))
        return cells, max(1, *map(len, lines)) * self._size * 1.2 + 2 * _PADDING

    def _table(self, page):
        style = [
            ("FONT", (0, 0), (-1, -1), PLAIN, self._size, self._size * 1.2),
            ("BACKGROUND", (0, 0), (-1, 0), colors.Color(0.93, 0.93, 0.93)),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.Color(0.7, 0.7, 0.7)),
            ("LEFTPADDING", (0, 0), (-1, -1), _PADDING),
            ("RIGHTPADDING", (0, 0), (-1, -1), _PADDING),
            ("TOPPADDING", (0, 0), (-1, -1), _PADDING - 1),
            ("BOTTOMPADDING", (0, 0), (-1, -1), _PADDING),
        ]
        for place, column in enumerate(self._columns):
            if column.number:
                style.append(("ALIGN", (place, 0), (place, -1), "RIGHT"))
        for place, (kind, _cells, _high) in enumerate(page):
            if kind not in ("row", "note"):
                style.append(("FONTNAME", (0, place), (-1, place), BOLD))
            if kind in ("heading", "note"):
                style.append(("ALIGN", (0, place), (0, place), "LEFT"))
            elif kind == "total":
                style.append(("LINEABOVE", (0, place), (-1, place), 0.8, colors.black))
        return Table(
            [cells for _kind, cells, _high in page],
            colWidths=[width + 2 * _PADDING for width in self._inner],
            rowHeights=[high for _kind, _cells, high in page],
            style=style,
            hAlign="LEFT",
        )


def _following(parts, place):
    """The height of what must stand on the page of a heading: further headings and the first row."""
    height = 0
    while parts[place][0] == "heading" and place + 1 < len(parts):
        place += 1
        height += parts[place][2]
    return height


# Letters


def _font(name):
    if name not in pdfmetrics.getRegisteredFontNames():
        file = "dejavu-sans-2.37.ttf" if name == PLAIN else "dejavu-sans-bold-2.37.ttf"
        pdfmetrics.registerFont(TTFont(name, _FONTS / file))
    return pdfmetrics.getFont(name)


def _width(text, font, size):
    return _font(font).stringWidth(text, size)


def _widest(texts):
    """The width of the widest text in bold letters of one point."""
    # Half as many letters are nearly never wider: measuring the longer texts alone saves most of the time.
    longest = max(map(len, texts))
    return max(_width(text, BOLD, 1) for text in texts if 2 * len(text) >= longest)


class _Letters(dict):
    """What to show for a letter, as `str.translate` asks for it: itself, its parts, or a replacement mark."""

    def __init__(self, font):
        self._glyphs = _font(font).face.charToGlyph

    def __missing__(self, code):
        letter = chr(code)
        kind = unicodedata.category(letter)
        parts = unicodedata.normalize("NFKD", letter)
        if letter == "\n":
            shown = letter
        elif kind in ("Cc", "Zs", "Zl", "Zp"):
            shown = " "
        elif kind == "Cf" or "\ufe00" <= letter <= "\ufe0f":  # joiners and variants say how, not what
            shown = ""
        elif code in self._glyphs:
            shown = letter
        elif parts != letter and (known := [part for part in parts if ord(part) in self._glyphs]):
            shown = "".join(known)
        else:
            shown = "\ufffd"
        self[code] = shown
        return shown

    def shown(self, value):
        """`value` as text of letters that the font has; only line breaks are kept of what steers."""
        if value is None:
            return ""
        text = str(value)
        if text.isascii() and text.isprintable():
            return text
        return unicodedata.normalize("NFC", text.replace("\r\n", "\n")).translate(self)


def _wrap(text, width, font, size):
    """The lines of `text`, none wider than `width`: broken at spaces, and inside a word only where it must be."""
    lines = []
    for paragraph in text.split("\n"):
        if _width(paragraph, font, size) <= width:
            lines.append(paragraph)
            continue
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if _width(longer, font, size) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            while len(word) > 1 and _width(word, font, size) > width:
                fits = _fitting(word, width, font, size)
                lines.append(word[:fits])
                word = word[fits:]
            line = word
        lines.append(line)
    return lines


def _fitting(word, width, font, size):
    """How many letters of `word` fit, at least one."""
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        if _width(word[:middle], font, size) <= width:
            low = middle
        else:
            high = middle - 1
    return low


# A line of a right-to-left script has to be drawn from its end, and Arabic letters joined; reportlab draws letters as
# they come. The joined forms are characters of their own, and Unicode's data says which belongs to which.

_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_RUN = re.compile(f"[{_RIGHT_TO_LEFT}]+(?:[ .,'-]+[{_RIGHT_TO_LEFT}]+)*")
_FORMS: dict[str, dict[str, str]] = {}
for _code in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFEFD)):
    _how, *_parts = unicodedata.decomposition(chr(_code)).split() or [""]
    _base = "".join(chr(int(_part, 16)) for _part in _parts)
    if len(_base) == 1 or (len(_base) == 2 and _base[0] == "\u0644" and _base[1] in "\u0622\u0623\u0625\u0627"):
        _FORMS.setdefault(_base, {})[_how] = chr(_code)


def _visual(line):
    return line if line.isascii() else _RUN.sub(_draw_backwards, line)


def _draw_backwards(run):
    letters = []  # each with the marks that stand on it
    for letter in run[0]:
        if letters and unicodedata.combining(letter):
            letters[-1][1] += letter
        elif letters and letters[-1][0] + letter in _FORMS and not letters[-1][1]:
            letters[-1][0] += letter  # lam and alef are written as one
        else:
            letters.append([letter, ""])
    drawn = []
    for place, (letter, marks) in enumerate(letters):
        forms = _FORMS.get(letter, {})
        before = _FORMS.get(letters[place - 1][0], {}) if place else {}
        after = _FORMS.get(letters[place + 1][0], {}) if place + 1 < len(letters) else {}
        joined = "<initial>" in before and "<final>" in forms
        joins = "<initial>" in forms and "<final>" in after
        how = {(False, False): "<isolated>", (False, True): "<initial>", (True, True): "<medial>"}.get(
            (joined, joins), "<final>"
        )
        drawn.append(forms.get(how, letter) + marks)
    return "".join(reversed(drawn))
