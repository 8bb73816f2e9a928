"""The key of the log, from the settings LEDGER_KEY (base64 of a 32-byte seed) and LEDGER_ORIGIN."""

import base64
import binascii
import hmac
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from workflows.common.signed_note import NoteError, Signer, Verifier

SEED_SIZE = 32
# The purpose of the key that signs the receipts of people.
RECEIPTS = "receipts"


def log_signer() -> Signer:
    """Return the key that signs checkpoints. Raises ImproperlyConfigured."""
    return _signer(settings.LEDGER_ORIGIN, _seed())


def signer_for(purpose: str) -> Signer:
    """Return a key for something else than the log, derived from the log's and named after it.

    A key of its own, so that nothing signed for one purpose can be shown for another.
    """
    seed = hmac.digest(_seed(), f"signer|{purpose}".encode(), "sha256")
    return _signer(f"{settings.LEDGER_ORIGIN}/{purpose}", seed)


def _seed() -> bytes:
    try:
        seed = base64.b64decode(settings.LEDGER_KEY, validate=True)
    except binascii.Error as error:
        raise ImproperlyConfigured("LEDGER_KEY is not base64.") from error
    if len(seed) != SEED_SIZE:
        raise ImproperlyConfigured(f"LEDGER_KEY must be base64 of {SEED_SIZE} bytes.")
    return seed


def _signer(name: str, seed: bytes) -> Signer:
    try:
        return Signer(name, seed)
    except NoteError as error:
        raise ImproperlyConfigured(f"LEDGER_ORIGIN: {error}") from error


def log_verifier() -> Verifier:
    """Return the public key of the log."""
    return log_signer().verifier


def log_vkey() -> str:
    """Return the public key of the log as text, for those who verify."""
    return log_verifier().vkey


@register(Tags.security, deploy=True)
def check_origin(**_: Any) -> list[CheckMessage]:
    """Refuse a name below `localhost`, as the default is: two logs could not be told apart."""
    host = settings.LEDGER_ORIGIN.partition("/")[0]
    if not settings.PUBLIC_BASE_URL.startswith("https://") or host.split(".")[-1] != "localhost":
        return []
    return [
        Error(
            f"LEDGER_ORIGIN is {settings.LEDGER_ORIGIN}, a name that any other log may have too.",
            hint="Before the log begins, name it below a host name of yours, such as"
            " portal.example.org/log. A log that has begun keeps its name.",
            id="ledger.E001",
        )
    ]
