"""What a file that leaves says, whatever its form: CSV, a workbook's sheets, PDF."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess

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


def words_of(answer) -> str:
    """All words of a file; of a PDF nothing where pdftotext is not installed."""
    if answer.mimetype == "application/pdf":
        if not shutil.which("pdftotext"):
            return ""
        made = subprocess.run(["pdftotext", "-layout", "-", "-"], input=answer.get_data(), capture_output=True)
        return made.stdout.decode() or answer.get_data().decode("latin-1")  # a test's file may be no PDF
    if answer.mimetype == "text/csv" or "spreadsheet" in answer.mimetype:
        return "\n".join("\t".join(row) for row in sheet_of(answer))
    return answer.get_data(as_text=True)
