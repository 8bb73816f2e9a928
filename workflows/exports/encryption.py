"""Encrypts an export with age to a key that only the regulator has, and keeps that key.

The portal cannot open such a file again. It is encrypted while it is written, 64 kB at a time.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

import pyrage
from django.utils.translation import gettext as _

from workflows.accounts.models import RegulatorAccount
from workflows.common.errors import InvalidInput

LONGEST_RECIPIENT = 100


class Writable(Protocol):
    """Something that takes bytes, one piece after the other."""

    def write(self, data: bytes, /) -> object:
        """Take a piece."""

    def flush(self) -> object:
        """Pass on what was taken."""


def checked_recipient(text: str) -> str:
    """Return an age recipient as typed, in its one spelling; empty stays empty.

    Raises `InvalidInput` for anything but the public half (`age1…`) of an X25519 identity.
    """
    recipient = text.strip()
    if not recipient:
        return ""
    try:
        return str(pyrage.x25519.Recipient.from_str(recipient.lower()))
    except pyrage.RecipientError as error:
        raise InvalidInput(
            _(
                "This is not a public key of age. It begins with age1 and has 62 characters; the"
                " program age-keygen prints it."
            )
        ) from error


def encrypt(pieces: Iterable[bytes], target: Writable, recipient: str) -> None:
    """Write `pieces`, encrypted to `recipient`. What `pieces` raises is raised."""
    source = _Source(iter(pieces))
    try:
        pyrage.encrypt_io(source, target, [pyrage.x25519.Recipient.from_str(recipient)])
    except pyrage.EncryptError as error:
        # pyrage keeps only the text of what its source raised.
        raise source.failure or error from error


class _Source:
    """Pieces as a file that can be read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, memoryview(b"")
        self.failure: Exception | None = None

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes; none at the end."""
        try:
            while not self._left:
                self._left = memoryview(next(self._pieces))
        except StopIteration:
            return b""
        except Exception as error:
            self.failure = error
            raise
        piece, self._left = self._left[:size], self._left[size:]
        return bytes(piece)


def keep_recipient(account: RegulatorAccount, text: str) -> str:
    """Keep an age recipient for the next exports, or none for an empty text; return it.

    Raises `InvalidInput` for what is none.
    """
    account.age_recipient = checked_recipient(text)
    account.save(update_fields=["age_recipient"])
    return account.age_recipient
