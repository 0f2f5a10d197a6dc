"""What people may attach: a short list of kinds of file, each judged by its content as well as by its name."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import BinaryIO, NamedTuple

from PIL import Image, UnidentifiedImageError

MOST_UNPACKED = 100 * 1024 * 1024  # bytes within one document, so that a small file cannot fill a memory
MOST_PARTS = 2_000
MOST_RATIO = 200  # of a part: text packs about tenfold, a bomb a thousandfold
MOST_PIXELS = 60_000_000
WHOLE = 1024 * 1024


class Unfit(ValueError):
    """A file that is not taken; the message says what to choose instead."""


class Kind(NamedTuple):
    """A kind of file: its name's ending, its type, what people call it, and what says whether the content is one."""

    ending: str
    content_type: str
    words: str
    is_one: Callable[[BinaryIO], bool]


def _pdf(stream: BinaryIO) -> bool:
    """Begins as a PDF and has an end."""
    if stream.read(5) != b"%PDF-":
        return False
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - 4096))
    return b"%%EOF" in stream.read()


def _picture(name: str) -> Callable[[BinaryIO], bool]:
    def is_one(stream: BinaryIO) -> bool:
        try:
            with Image.open(stream, formats=[name]) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Unfit("Choose a picture of at most 60 million pixels")
                picture.verify()
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            if isinstance(error, Unfit):
                raise
            return False
        return True

    return is_one


def _parts(stream: BinaryIO) -> list[zipfile.ZipInfo]:
    """The parts of a packed document by its own list of them; nothing is unpacked. Raises Unfit for a bomb."""
    try:
        with zipfile.ZipFile(stream) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return []
    if len(parts) > MOST_PARTS or sum(p.file_size for p in parts) > MOST_UNPACKED:
        raise Unfit("Choose a smaller document: unpacked, this one is larger than 100 MB or has too many parts")
    if any(p.file_size > MOST_RATIO * max(p.compress_size, 1024) for p in parts):
        raise Unfit("Choose another document: this one is packed in a way that documents are not")
    if any(p.flag_bits & 1 for p in parts):
        raise Unfit("Choose a document without a password: this one cannot be looked into")
    return parts


def _head(stream: BinaryIO, part: str) -> bytes:
    """The first of a part's bytes, at most a megabyte of them."""
    with zipfile.ZipFile(stream) as packed, packed.open(part) as inside:
        return inside.read(WHOLE)


def _office(main: str) -> Callable[[BinaryIO], bool]:
    """A document of the newer office formats, without macros."""

    def is_one(stream: BinaryIO) -> bool:
        names = {p.filename for p in _parts(stream)}
        if not {"[Content_Types].xml", main} <= names:
            return False
        macros = any(PurePosixPath(n).name.lower().startswith("vbaproject") for n in names)
        if macros or b"macroenabled" in _head(stream, "[Content_Types].xml").lower():
            raise Unfit("Choose a document without macros: save it as .docx or .xlsx")
        return True

    return is_one


def _open_document(kind: str) -> Callable[[BinaryIO], bool]:
    """A document of the open formats, without macros."""

    def is_one(stream: BinaryIO) -> bool:
        names = {p.filename for p in _parts(stream)}
        if (
            not {"mimetype", "content.xml"} <= names
            or _head(stream, "mimetype").strip().decode("ascii", "replace") != kind
        ):
            return False
        if any(n.startswith(("Basic/", "Scripts/")) for n in names):
            raise Unfit("Choose a document without macros")
        return True

    return is_one


def _text(stream: BinaryIO) -> bool:
    """Readable as text from its first to its last byte; UTF-16 only with its mark."""
    start = stream.read(4)
    stream.seek(0)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        reader = io.TextIOWrapper(stream, "utf-16")
        try:
            while piece := reader.read(WHOLE):
                if "\0" in piece:
                    return False
        except UnicodeError:
            return False
        finally:
            reader.detach()
        return True
    while piece := stream.read(WHOLE):
        if piece.translate(None, _PLAIN_BYTES):
            return False
    return not start.startswith((b"%PDF", b"PK\x03\x04", b"MZ"))


_PLAIN_BYTES = bytes({9, 10, 12, 13, *range(32, 127), *range(128, 256)})
_ODF = "application/vnd.oasis.opendocument."
_OOXML = "application/vnd.openxmlformats-officedocument."

KINDS: dict[str, Kind] = {
    kind.ending: kind
    for kind in (
        Kind("pdf", "application/pdf", "PDF", _pdf),
        Kind("docx", f"{_OOXML}wordprocessingml.document", "Word", _office("word/document.xml")),
        Kind("xlsx", f"{_OOXML}spreadsheetml.sheet", "Excel", _office("xl/workbook.xml")),
        Kind("odt", f"{_ODF}text", "OpenDocument text", _open_document(f"{_ODF}text")),
        Kind("ods", f"{_ODF}spreadsheet", "OpenDocument spreadsheet", _open_document(f"{_ODF}spreadsheet")),
        Kind("csv", "text/csv", "CSV", _text),
        Kind("txt", "text/plain", "text", _text),
        Kind("png", "image/png", "PNG picture", _picture("PNG")),
        Kind("jpg", "image/jpeg", "JPEG picture", _picture("JPEG")),
        Kind("jpeg", "image/jpeg", "JPEG picture", _picture("JPEG")),
    )
}


def listed(endings: Sequence[str]) -> str:
    """The allowed endings within a sentence: `.pdf, .docx or .png`."""
    names = [f".{e}" for e in endings]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def judged(stream: BinaryIO, name: str, allowed: Sequence[str]) -> Kind:
    """The kind of a file that may be attached: its name ends as one that is allowed, and its content is one.

    Raises Unfit. The stream stands at its start afterwards.
    """
    ending = PurePosixPath(name.lower()).suffix.removeprefix(".")
    kind = KINDS.get(ending) if ending in allowed else None
    if kind is None:
        raise Unfit(f"Choose a file whose name ends in {listed(allowed)}")
    stream.seek(0, io.SEEK_END)
    if not stream.tell():
        raise Unfit("Choose a file that is not empty")
    stream.seek(0)
    fits = kind.is_one(stream)
    stream.seek(0)
    if not fits:
        raise Unfit(f"Choose another file: the name ends in .{ending}, but the content is no {kind.words} file")
    return kind
