"""Passwords as the database keeps them, and tokens as their digests."""

from __future__ import annotations

import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# 19 MiB and two passes: the least that OWASP's password storage guidance accepts for Argon2id; 20 ms on the reference box.
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Verified when the name is not known, so that both answers take the same time.
NOBODYS_HASH = HASHER.hash(secrets.token_hex(16))


def make(password: str) -> str:
    """What is kept of a password."""
    return HASHER.hash(password)


def fits(kept: str | None, password: str) -> bool:
    """Is this the password? Takes as long where nothing is kept."""
    try:
        HASHER.verify(kept or NOBODYS_HASH, password[:256])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def digest_of(token: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
