"""The virus scanner: a running clamd, if PORTAL_SCANNER_URL names one. Bytes in, words out. Knows no area and no table."""

from __future__ import annotations

import socket
import struct
from typing import BinaryIO, NamedTuple
from urllib.parse import urlsplit

TIMEOUT = 10  # seconds for each answer
PIECE = 64 * 1024


class BadAddress(ValueError):
    """PORTAL_SCANNER_URL cannot be understood; says what it must be."""


class Away(Exception):
    """The scanner does not answer, or not in words that it should use."""


class Place(NamedTuple):
    """Where the scanner listens: a path, or host and port."""

    path: str
    host: str = ""
    port: int = 0


def place_of(url: str) -> Place | None:
    """The scanner of `clamd://host:3310` or `clamd:///run/clamav/clamd.ctl`; None where there is none. Raises BadAddress."""
    if not url:
        return None
    parts = urlsplit(url)
    try:
        port = parts.port or 3310
    except ValueError:
        port = 0
    if parts.scheme != "clamd" or not port or bool(parts.hostname) == bool(parts.path.strip("/")):
        raise BadAddress("PORTAL_SCANNER_URL must be clamd://host:port or clamd:///path/of/socket")
    return Place("", parts.hostname, port) if parts.hostname else Place(parts.path)


_place: Place | None = None


def use(url: str) -> None:
    """Scan with this clamd from now on; empty: with none. Raises BadAddress."""
    global _place
    _place = place_of(url)


def is_set() -> bool:
    """There is a scanner."""
    return _place is not None


def harm_in(stream: BinaryIO) -> str:
    """What the scanner finds in a file from its start; empty where nothing, or where there is no scanner. Raises Away."""
    if _place is None:
        return ""
    stream.seek(0)
    try:
        with _opened(_place) as link:
            link.sendall(b"zINSTREAM\0")
            while piece := stream.read(PIECE):
                link.sendall(struct.pack("!I", len(piece)) + piece)
            link.sendall(struct.pack("!I", 0))
            answer = b""
            while not answer.endswith(b"\0") and (piece := link.recv(4096)):
                answer += piece
    except OSError as error:
        raise Away(f"The virus scanner cannot be reached ({type(error).__name__})") from None
    words = answer.rstrip(b"\0").decode("utf-8", "replace")
    if words.endswith(" FOUND"):
        return words.removeprefix("stream: ").removesuffix(" FOUND")
    if words == "stream: OK":
        return ""
    raise Away("The virus scanner could not look at the file")


def _opened(place: Place) -> socket.socket:
    if place.path:
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(TIMEOUT)
        link.connect(place.path)
        return link
    return socket.create_connection((place.host, place.port), TIMEOUT)
