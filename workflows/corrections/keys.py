"""The key with which manifests are signed."""

from workflows.common.signed_note import Signer
from workflows.ledger.keys import signer_for


def manifest_signer() -> Signer:
    """Return the key that signs manifests. Raises ImproperlyConfigured."""
    return signer_for("manifests")
