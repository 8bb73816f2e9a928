"""Sealing with a data key: AES-256-GCM whose associated data says where the value belongs.

A sealed value is `version (1 byte) | nonce (12 random bytes) | ciphertext and tag (16 bytes)`.
The associated data is `key id|table|column|row|version`, so a value copied to another case, table,
column or row does not open. NIST SP 800-38D allows 2**32 random nonces for one key; a data key
serves one case, which stays far below that.

Values of version 1 were not bound to their row. Nothing opens them, for whoever could put one back
could move it to another row.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from workflows.vault.models import DataKey

VERSION = 2
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


class Shredded(Exception):
    """The data key was destroyed: what it sealed can never be read again.

    A template shows nothing in its place, so `{{ person.name|default:erased }}` works.
    """

    silent_variable_failure = True


class DecryptionFailed(Exception):
    """The bytes were changed, cut, moved from another place, or sealed with another key."""


def encrypt(secret: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """Return `nonce | ciphertext and tag` under the 32-byte `secret` with a fresh random nonce."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(secret).encrypt(nonce, plaintext, associated)


def decrypt(secret: bytes, sealed: bytes, associated: bytes) -> bytes:
    """Undo `encrypt`; raise `DecryptionFailed` when anything differs."""
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise DecryptionFailed("The sealed value is too short.")
    try:
        return AESGCM(secret).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated)
    except InvalidTag:
        raise DecryptionFailed("The sealed value does not fit its key and place.") from None


@dataclass(frozen=True, slots=True)
class SealedPlace:
    """Where a sealed value belongs: table, column, and the primary key of the row as a text."""

    table: str
    column: str
    row: str


def seal(key: DataKey, plaintext: bytes, place: SealedPlace) -> bytes:
    """Seal `plaintext` for one column of one row; raise `Shredded` when the key is gone."""
    return bytes([VERSION]) + encrypt(key.secret(), plaintext, _associated_data(key, place))


def unseal(key: DataKey, sealed: bytes, place: SealedPlace) -> bytes:
    """Open what `seal` made for the same key and place.

    Raises `Shredded` when the key is gone, `DecryptionFailed` when the bytes or the place differ.
    """
    secret = key.secret()
    if sealed[:1] != bytes([VERSION]):
        raise DecryptionFailed("The sealed value has an unknown version.")
    return decrypt(secret, sealed[1:], _associated_data(key, place))


def _associated_data(key: DataKey, place: SealedPlace) -> bytes:
    return f"{key.pk}|{place.table}|{place.column}|{place.row}|{VERSION}".encode()
