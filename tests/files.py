"""What a file that leaves says, whatever its form: CSV, a workbook's sheets, PDF."""

from __future__ import annotations

import csv
import io

import pypdf
import python_calamine


def sheet_of(answer) -> list[list[str]]:
    """The rows of an answer's CSV or workbook, headings first; of a workbook every sheet's."""
    content = answer.get_data()
    if answer.mimetype == "text/csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    return [
        [str(cell) for cell in row] for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()
    ]


def pages_of(content: bytes) -> list[str]:
    """The words of each page of a PDF, as a reader finds them."""
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def words_of(answer) -> str:
    """All words of a file."""
    content = answer.get_data()
    if answer.mimetype == "application/pdf":
        try:
            return "\n".join(pages_of(content))
        except pypdf.errors.PyPdfError:
            return content.decode("latin-1")  # a test's upload may be no whole PDF
    if answer.mimetype == "text/csv" or "spreadsheet" in answer.mimetype:
        return "\n".join("\t".join(row) for row in sheet_of(answer))
    return answer.get_data(as_text=True)
