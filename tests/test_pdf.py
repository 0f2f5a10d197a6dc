"""PDF: every letter is shown or replaced, and the same rows give the same bytes."""

from __future__ import annotations

import re

import pytest

from blueprints.pdf import Column, Section, table_pdf

COLUMNS = [Column("Client"), Column("Total", number=True)]


def made(rows, **kwargs) -> bytes:
    """A small document."""
    return table_pdf("Remittance Advice", [("Period", "7 September 2026")], COLUMNS, [Section(rows)], printed="now", **kwargs)


@pytest.mark.parametrize(
    "name",
    ["Siân Ŵyn-Ŷnys", "Zażółć Gęślą", "محمد علي", "Ann 😀 Lee", "<b>Bold</b> & Sons", "&nbsp;", "a" * 400, "", "नमस्ते", "\x00\x07"],
)
def test_every_kind_of_letter_comes_out(name):
    assert made([(name, "£1.00")]).startswith(b"%PDF")


def test_the_same_rows_give_the_same_bytes():
    assert made([("Ann", "£1.00")]) == made([("Ann", "£1.00")])


def test_pages_are_numbered():
    document = made([(f"Client {n}", "£1.00") for n in range(200)])
    assert len(re.findall(rb"/Type /Page\b", document)) > 2


def test_nothing_found_is_said():
    assert made([], nothing="Nothing was paid.").startswith(b"%PDF")


def test_compression_is_on():
    assert len(made([("Ann", "£1.00")] * 1000)) < 200_000
