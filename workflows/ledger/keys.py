"""The key of the log, from the settings LEDGER_KEY (base64 of a 32-byte seed) and LEDGER_ORIGIN."""

import base64
import binascii

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from workflows.ledger.note import NoteError, Signer, Verifier

SEED_SIZE = 32


def log_signer() -> Signer:
    """Return the key that signs checkpoints. Raises ImproperlyConfigured."""
    try:
        seed = base64.b64decode(settings.LEDGER_KEY, validate=True)
    except binascii.Error as error:
        raise ImproperlyConfigured("LEDGER_KEY is not base64.") from error
    if len(seed) != SEED_SIZE:
        raise ImproperlyConfigured(f"LEDGER_KEY must be base64 of {SEED_SIZE} bytes.")
    try:
        return Signer(settings.LEDGER_ORIGIN, seed)
    except NoteError as error:
        raise ImproperlyConfigured(f"LEDGER_ORIGIN: {error}") from error


def log_verifier() -> Verifier:
    """Return the public key of the log."""
    return log_signer().verifier


def log_vkey() -> str:
    """Return the public key of the log as text, for those who verify."""
    return log_verifier().vkey
