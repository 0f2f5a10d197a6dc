"""A file kept in pieces reads like a file on disk, as far as the readers of tables ask."""

import io

import pytest

from blueprints import sheets
from blueprints.attachments import rules as attachments


def keep(content: bytes):
    return attachments.keep(io.BytesIO(content), "a.csv", "text/csv", "import", None, None, 10 * attachments.PIECE)


def test_a_stored_file_is_read_as_a_table(app):
    """The reader of tables asks for the size by going to the end, then reads twice."""
    rows = "".join(f"{n},row {n}\r\n" for n in range(200_000))
    file = keep(b"Number,Name\r\n" + rows.encode())
    assert file.chunks.count() > 1
    table = sheets.read_table(attachments.open_file(file), ["Number", "Name"])
    assert sum(int(cells[0]) for _, cells in table) == sum(range(200_000))


def test_a_stored_file_knows_where_it_is(app):
    stream = attachments.open_file(keep(b"0123456789"))
    assert stream.seek(0, io.SEEK_END) == 10
    assert stream.read() == b""
    assert stream.seek(0) == 0
    assert stream.read(4) == b"0123"
    assert stream.tell() == 4
    with pytest.raises(OSError):
        attachments.Reader(keep(b"0123456789")).seek(3)
