"""Files kept as rows, in compressed pieces, so that one database is the whole state."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple

from PIL import Image, UnidentifiedImageError

from blueprints import scanner
from blueprints.attachments import kinds
from blueprints.attachments.kinds import Unfit
from models import File, FileChunk, Scan, db

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


class Upload(NamedTuple):
    """A file that was sent with a form: what it holds, and what it is called."""

    stream: Any
    filename: str


def check_document(upload, now) -> kinds.Kind:
    """The kind of a file that somebody attaches; its size and content are judged by the settings, nothing is kept.

    Raises Unfit, whose message says what to choose instead.
    """
    if upload.stream.seek(0, io.SEEK_END) > now.file_megabytes * PIECE:
        raise Unfit(f"Choose a file of at most {now.file_megabytes} MB")
    return kinds.judged(upload.stream, plain_name(upload.filename), list(now.file_types))


def keep_document(upload, kind: str, organisation, user, now) -> File:
    """Keep a file that somebody attaches, in the caller's transaction: an Upload, or a file of a form.

    `now` is the authority's settings, which say what kinds and how large (Z-13). Refused before it is stored: too large,
    of a kind that is not allowed, of other content than its name says, or found harmful by the scanner where there is
    one. Raises Unfit, whose message says what to choose instead.
    """
    found = check_document(upload, now)
    try:
        harm = scanner.harm_in(upload.stream)
        scan = Scan.CLEAN if scanner.is_set() else Scan.NONE
    except scanner.Away:
        harm, scan = "", Scan.WAITING  # kept and not handed out until it has been looked at
    if harm:
        raise Unfit("Choose another file: the virus scanner found something harmful in this one")
    upload.stream.seek(0)
    most = now.file_megabytes * PIECE
    file = keep(upload.stream, upload.filename, found.content_type, kind, organisation, user, most)
    if scan != Scan.NONE:
        file.scan = scan
        file.save()
    return file


def scan_waiting() -> int:
    """Let the scanner look at what waits for it; returns how many were looked at. What is harmful stays put away."""
    looked = 0
    if not scanner.is_set():
        return looked
    for file in list(File.select().where(File.scan == Scan.WAITING).order_by(File.id).limit(50)):
        try:
            harm = scanner.harm_in(open_file(file))
        except scanner.Away:
            break
        File.update(scan=Scan.HARMFUL if harm else Scan.CLEAN).where(File.id == file.id).execute()
        looked += 1
    return looked
