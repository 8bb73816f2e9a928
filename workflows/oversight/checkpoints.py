"""Checkpoints that somebody kept: what the log must still continue, whoever runs it now."""

from pathlib import Path

from django.utils.translation import gettext as _

from workflows.accounts.regulators import RegulatorScope
from workflows.common.errors import InvalidInput
from workflows.ledger import merkle
from workflows.ledger.checkpoints import CheckpointError, TreeHead, open_checkpoint
from workflows.ledger.keys import log_verifier
from workflows.ledger.models import Checkpoint
from workflows.ledger.selectors import consistency_proof, latest_checkpoint
from workflows.oversight.models import KeptCheckpoint

LONGEST_NOTE = 10_000
# With it a regulator can countersign the log: one file, which needs nothing but Python.
WITNESS_PROGRAM = Path(__file__).parent / "verifier" / "witness.py"


class CheckpointRefused(InvalidInput):
    """A kept checkpoint is not of this log, or the log does not continue it."""


def normalise_note(text: str) -> str:
    """Return a pasted checkpoint as it was signed: plain newlines, one at the end."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    return "\n".join(lines) + "\n" if lines else ""


def check_continues(note: str, checkpoint: Checkpoint) -> TreeHead:
    """Return the head of a kept checkpoint if the log up to `checkpoint` continues it.

    Raises `CheckpointRefused` with a sentence that names the fault: not signed by this log, larger
    than the log (which was then rolled back), or of another history.
    """
    try:
        head = open_checkpoint(note[:LONGEST_NOTE], log_verifier())
    except CheckpointError as error:
        raise CheckpointRefused(
            _(
                "The previous checkpoint is not one that this log signed. Paste the whole text of"
                " the file log/checkpoint of an earlier export."
            )
        ) from error
    if head.size > checkpoint.size:
        raise CheckpointRefused(
            _(
                "The log was rolled back: it has %(size)s entries, the previous checkpoint"
                " %(previous)s."
            )
            % {"size": checkpoint.size, "previous": head.size}
        )
    if head.size == 0:
        return head  # Every log continues the empty one.
    try:
        merkle.verify_consistency(
            head.size,
            checkpoint.size,
            head.root,
            bytes(checkpoint.root),
            consistency_proof(head.size, checkpoint.size),
        )
    except merkle.ProofError as error:
        raise CheckpointRefused(
            _(
                "The log was rewritten: its first %(previous)s entries are not those of the"
                " previous checkpoint."
            )
            % {"previous": head.size}
        ) from error
    return head


def check_previous(note: str) -> TreeHead:
    """Return the head of a kept checkpoint if the log as it is now continues it.

    Raises `CheckpointRefused`.
    """
    newest = latest_checkpoint()
    if newest is None:
        raise CheckpointRefused(_("The log has no checkpoint yet."))
    return check_continues(note, newest)


def keep_checkpoint(scope: RegulatorScope, note: str) -> KeptCheckpoint:
    """Remember a checkpoint for a regulator; each later export is proved to continue it.

    Raises `CheckpointRefused` for one that is not of this log or that the log does not continue.
    """
    note = normalise_note(note)
    kept, _created = KeptCheckpoint.objects.update_or_create(
        account=scope.account, size=check_previous(note).size, defaults={"note": note}
    )
    return kept
