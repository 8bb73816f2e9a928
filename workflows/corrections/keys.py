"""The keys with which manifests and the output suppression list are signed."""

from workflows.ledger.keys import signer_for
from workflows.ledger.note import Signer


def manifest_signer() -> Signer:
    """Return the key that signs manifests. Raises ImproperlyConfigured."""
    return signer_for("manifests")


def suppression_signer() -> Signer:
    """Return the key that signs the output suppression list. Raises ImproperlyConfigured."""
    return signer_for("suppression-list")
