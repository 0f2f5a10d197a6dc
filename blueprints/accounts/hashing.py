"""Passwords as the database keeps them, and tokens as their digests."""

from __future__ import annotations

import hashlib
import secrets

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import hash_secret_raw

LONGEST = 256  # characters; nothing of a longer one is looked at

# 19 MiB and two passes: the least that OWASP's password storage guidance accepts for Argon2id; 20 ms on the reference box.
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Verified when the name is not known, so that both answers take the same time.
NOBODYS_HASH = HASHER.hash(secrets.token_hex(16))


def make(password: str) -> str:
    """What is kept of a password."""
    return HASHER.hash(password)


def fits(kept: str | None, password: str) -> bool:
    """Is this the password, exactly as typed? Takes as long where nothing is kept, or where it is too long to be one."""
    known = kept if len(password) <= LONGEST else None
    try:
        HASHER.verify(known or NOBODYS_HASH, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return known is not None


def is_weak(kept: str) -> bool:
    """It was made with less memory or fewer passes than are asked for now: made anew at the next sign-in."""
    return HASHER.check_needs_rehash(kept)


def slow_digest_of(code: str, salt: bytes) -> str:
    """What the database keeps of a code of few letters: as slow to try out as a password, with a salt (ASVS 6.5.2)."""
    cost = {"time_cost": HASHER.time_cost, "memory_cost": HASHER.memory_cost, "parallelism": HASHER.parallelism}
    return hash_secret_raw(code.encode(), salt, hash_len=32, type=Type.ID, **cost).hex()


def digest_of(token: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
