"""What stands as the receipt of an instruction that a manifest carried out.

In the log it is one fixed sentence; on a page it is told in the language of the reader.
"""

import re

from django.utils.translation import gettext as _

from workflows.corrections.models import Manifest

_SENTENCE = "Manifest %s: snapshot %s; the re-scan found nothing."
_SAID = re.compile(_SENTENCE % (r"(?P<manifest>[0-9a-f-]{36})", "(?P<snapshot>.+)"))


def applied_by_manifest(manifest: Manifest) -> str:
    """Return the receipt of an instruction that a manifest has carried out."""
    return _SENTENCE % (manifest.pk, manifest.result)


def receipt_in_words(receipt: str) -> str:
    """Return a receipt in the language of the reader; what a person wrote stays as it is."""
    said = _SAID.fullmatch(receipt)
    if said is None:
        return receipt
    return _("Manifest %(manifest)s: snapshot %(snapshot)s; the re-scan found nothing.") % (
        said.groupdict()
    )
