"""What is signed, sealed or derived under the portal's secret key, which is kept outside the database (rule 11.4).

A purpose is part of each: what was made for one is worth nothing for another. With another secret key nothing that was
signed or sealed before can be read: links are over, security codes and authenticator apps are set anew.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from itsdangerous import BadSignature, Signer, URLSafeSerializer

# Everything that is signed is signed with HMAC-SHA-256; SHA-1, which itsdangerous would take, is for old signatures only.
Signer.default_digest_method = staticmethod(hashlib.sha256)
NONCE = 12  # bytes before what is sealed

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
    """A text encrypted (AES-256-GCM under a key of its purpose), to be kept in the database."""
    nonce = secrets.token_bytes(NONCE)
    return base64.urlsafe_b64encode(nonce + _box(purpose).encrypt(nonce, text.encode(), None)).decode()


def unseal(purpose: str, sealed: str) -> str:
    """The text that was sealed. Raises Unreadable."""
    try:
        kept = base64.urlsafe_b64decode(sealed.encode())
        return _box(purpose).decrypt(kept[:NONCE], kept[NONCE:], None).decode()
    except (InvalidTag, binascii.Error, ValueError):
        raise Unreadable("This was sealed under another secret key")


def _box(purpose: str) -> AESGCM:
    return AESGCM(derived("seal", purpose))
