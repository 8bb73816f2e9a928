"""Passwords: Argon2id, as many at once as there is memory for.

Each hash takes 100 MB for a while, which is what makes guessing dear. Anybody can ask for one by
trying to sign in, so a few are made at a time in each process and a few wait; who comes then is
asked to come back.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

AT_ONCE = 2
WAITING = 2
LONGEST_WAIT = 5.0
# No person or program that we know uses a longer one.
LONGEST_PASSWORD = 1_000

_inside = BoundedSemaphore(AT_ONCE + WAITING)
_hashing = BoundedSemaphore(AT_ONCE)


class TooManyPasswords(Exception):
    """More passwords are being checked than this process has memory for."""


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for a turn; raise `TooManyPasswords` where too many wait, or it takes too long."""
    if not _inside.acquire(blocking=False):
        raise TooManyPasswords
    try:
        if not _hashing.acquire(timeout=LONGEST_WAIT):
            raise TooManyPasswords
        try:
            yield
        finally:
            _hashing.release()
    finally:
        _inside.release()


def _bounded(password: str) -> str:
    """Return a password; in the place of one that is too long, another that nobody knows.

    So the answer takes the same time, and is no.
    """
    return password if len(password) <= LONGEST_PASSWORD else secrets.token_urlsafe()


class BoundedArgon2PasswordHasher(Argon2PasswordHasher):
    """Django's Argon2id, bounded in number and in length."""

    def encode(self, password: str, salt: str) -> str:
        """Return the hash of a password."""
        with _turn():
            return str(super().encode(_bounded(password), salt))

    def verify(self, password: str, encoded: str) -> bool:
        """Return whether a password belongs to a hash."""
        with _turn():
            return bool(super().verify(_bounded(password), encoded))


class MaximumLengthValidator:
    """Refuses a new password that could not be used: it is too long."""

    def validate(self, password: str, user: object = None) -> None:
        """Raise `ValidationError` for a password that is too long."""
        if len(password) > LONGEST_PASSWORD:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        """Return what a password must be like."""
        return _("A password may have at most %(count)s characters.") % {"count": LONGEST_PASSWORD}
