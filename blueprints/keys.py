"""What is signed, sealed or derived under the portal's secret key, which is kept outside the database (rule 11.4).

A purpose is part of each: what was made for one is worth nothing for another. With another secret key nothing that was
signed or sealed before can be read: links are over, security codes and authenticator apps are set anew.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken
from itsdangerous import BadSignature, URLSafeSerializer

_secret = ""


class Unreadable(ValueError):
    """Sealed under another key, or tampered with."""


def use(secret_key: str) -> None:
    """Take this key; called once when the application is made."""
    global _secret
    _secret = secret_key


def derived(purpose: str, *parts: object) -> bytes:
    """32 bytes that only the holder of the key can work out, the same ones each time."""
    message = "\x1f".join((purpose, *map(str, parts))).encode()
    return hmac.new(_secret.encode(), message, hashlib.sha256).digest()


def digits(count: int, purpose: str, *parts: object) -> str:
    """So many decimal digits, as `derived`."""
    return str(int.from_bytes(derived(purpose, *parts), "big") % 10**count).rjust(count, "0")


def sign(purpose: str, *parts: str | int) -> str:
    """A word for an address that says the parts and cannot be made up."""
    return URLSafeSerializer(_secret, salt=f"portal {purpose}").dumps(list(parts))


def signed(purpose: str, word: str) -> list | None:
    """The parts that a word was signed for, or None where it was not signed here for this."""
    try:
        parts = URLSafeSerializer(_secret, salt=f"portal {purpose}").loads(word[:500])
    except BadSignature:
        return None
    return parts if isinstance(parts, list) else None


def seal(purpose: str, text: str) -> str:
    """A text encrypted (AES, with a digest), to be kept in the database."""
    return _box(purpose).encrypt(text.encode()).decode()


def unseal(purpose: str, sealed: str) -> str:
    """The text that was sealed. Raises Unreadable."""
    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable("This was sealed under another secret key")


def _box(purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derived("seal", purpose)))
