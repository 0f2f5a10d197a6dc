"""Files kept as rows, in compressed pieces, so that one database is the whole state."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath

from PIL import Image, UnidentifiedImageError

from models import File, FileChunk, db

PIECE = 1024 * 1024


class TooLarge(ValueError):
    """The file is larger than it may be; nothing of it is kept."""


def plain_name(name: str) -> str:
    """The file's own name, without folders, as text only."""
    name = PurePosixPath(PureWindowsPath(name or "").name).name
    return "".join(c for c in name if c.isprintable())[:200] or "file"


def keep(stream, name: str, content_type: str, kind: str, organisation, user, most_bytes: int) -> File:
    """Store a stream in pieces; memory stays at one piece. Raises TooLarge, and then nothing is kept."""
    digest, size, number = hashlib.sha256(), 0, 0
    with db.atomic():
        file = File.create(
            name=plain_name(name), content_type=content_type, kind=kind, organisation=organisation, uploaded_by=user
        )
        while piece := stream.read(PIECE):
            size += len(piece)
            if size > most_bytes:
                raise TooLarge(
                    f"The file is larger than {most_bytes // PIECE} MB. Split it and send the parts one after the other."
                )
            digest.update(piece)
            FileChunk.create(file=file, number=number, data=zlib.compress(piece, 1))
            number += 1
        file.size, file.sha256 = size, digest.hexdigest()
        file.save()
    return file


def pieces(file: File) -> Iterator[bytes]:
    """The file's bytes, a piece at a time."""
    numbers = [
        n
        for (n,) in FileChunk.select(FileChunk.number).where(FileChunk.file == file).order_by(FileChunk.number).tuples()
    ]
    for number in numbers:
        chunk = FileChunk.get((FileChunk.file == file) & (FileChunk.number == number))
        yield zlib.decompress(bytes(chunk.data))


class Reader(io.RawIOBase):
    """A stored file as a binary stream that can be read again from its start."""

    def __init__(self, file: File):
        self._file = file
        self._at = 0
        self._rest = b""
        self._pieces = pieces(file)

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """To the start, and to the end, which tells the size."""
        return True

    def tell(self) -> int:
        """How many bytes have been read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """To the start or the end, or nowhere. Raises OSError for any other place."""
        if whence == io.SEEK_CUR and not offset:
            return self._at
        if offset or whence == io.SEEK_CUR:
            raise OSError("a stored file is read from its start")
        if whence == io.SEEK_END:
            self._at, self._rest, self._pieces = self._file.size, b"", iter(())
        else:
            self._at, self._rest, self._pieces = 0, b"", pieces(self._file)
        return self._at

    def readinto(self, buffer) -> int:
        """The next bytes."""
        if not self._rest:
            self._rest = next(self._pieces, b"")
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        self._at += len(taken)
        return len(taken)


def open_file(file: File) -> io.BufferedReader:
    """A stored file as a buffered binary stream."""
    return io.BufferedReader(Reader(file), PIECE)


class NoPicture(ValueError):
    """A file that is no picture that may be shown; the message says what to choose instead."""


def keep_picture(stream, name: str, user) -> File:
    """Keep a PNG or JPEG, judged by its content and drawn anew as PNG, so that nothing else in the file survives.

    Raises NoPicture: another kind of file, over 1 MB, or over 2,000 pixels wide or high.
    """
    data = stream.read(PIECE + 1)
    if len(data) > PIECE:
        raise NoPicture("Choose a picture of at most 1 MB")
    try:
        picture = Image.open(io.BytesIO(data), formats=["PNG", "JPEG"])
        if max(picture.size) > 2000:
            raise NoPicture("Choose a picture of at most 2,000 pixels in width and height")
        drawn = io.BytesIO()
        picture.convert("RGBA").save(drawn, "PNG", optimize=True)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        raise NoPicture("Choose a PNG or JPEG picture") from None
    drawn.seek(0)
    return keep(drawn, f"{PurePosixPath(plain_name(name)).stem}.png", "image/png", "logo", None, user, 8 * PIECE)


# What people may send beside a record: extension, what the content must begin with, the type it is served as.
DOCUMENTS = {
    "pdf": (b"%PDF-", "application/pdf"),
    "png": (b"\x89PNG\r\n\x1a\n", "image/png"),
    "jpg": (b"\xff\xd8\xff", "image/jpeg"),
    "jpeg": (b"\xff\xd8\xff", "image/jpeg"),
    "docx": (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xlsx": (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "odt": (b"PK\x03\x04", "application/vnd.oasis.opendocument.text"),
    "csv": (b"", "text/csv"),
    "txt": (b"", "text/plain"),
}
MOST_DOCUMENT = 10 * PIECE


class NoDocument(ValueError):
    """A file of a kind that is not taken; the message says what to choose instead."""


def check_document(stream, name: str) -> str:
    """The type that a document is served as, judged by its extension and content; the stream is at its start again.

    Raises NoDocument: an extension that is not taken, a content that belies it, empty, or over 10 MB.
    """
    extension = plain_name(name).rpartition(".")[2].lower()
    allowed = "Choose a PDF, PNG, JPEG, DOCX, XLSX, ODT, CSV or TXT file"
    if extension not in DOCUMENTS:
        raise NoDocument(f"{allowed}: {plain_name(name)} is none")
    data = stream.read(MOST_DOCUMENT + 1)
    stream.seek(0)
    if not data:
        raise NoDocument(f"{plain_name(name)} is empty. Choose another file")
    if len(data) > MOST_DOCUMENT:
        raise NoDocument(f"{plain_name(name)} is larger than 10 MB. Choose a smaller file")
    begins, content_type = DOCUMENTS[extension]
    text = not begins
    if not data.startswith(begins) or (text and b"\0" in data) or (begins == b"PK\x03\x04" and b"vbaProject" in data):
        raise NoDocument(f"{plain_name(name)} is not what its name says. {allowed}")
    return content_type


def keep_document(stream, name: str, kind: str, organisation, user) -> File:
    """Keep a document that came with a record. Raises NoDocument."""
    return keep(stream, name, check_document(stream, name), kind, organisation, user, MOST_DOCUMENT)
